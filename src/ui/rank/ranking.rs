//! The rows of a ranking as they come in, and the question they answer.

use std::sync::Arc;
use std::time::Duration;

use crate::advice::{Field, Ranked};
use crate::catalog::Breadth;
use crate::placement::{CpuExperts, GpuLayers, Policy};
use crate::scenario::Scenario;
use crate::ui::bench::is_same_but_for_the_model;
use crate::units::Tokens;

/// A ranking and what it was made for. Rows of the last question stay until those of this one take their places.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// The machine and run options.
    pub asked: Scenario,
    /// How many quants of each model.
    pub breadth: Breadth,
    /// What is asked about.
    pub field: Arc<Field>,
    /// The job that answers it.
    pub job: u64,
    /// How long it took; none while it is under way.
    pub took: Option<Duration>,
    /// Whether the largest contexts were looked for.
    pub contexts: Contexts,
    rows: Vec<Option<Ranked>>,
    answered: usize,
    revision: u64,
}

/// How far the search for the largest context of each row is: it is more work than the ranking, so it comes after it
/// and only where it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contexts {
    /// Nobody asked.
    Unasked,
    /// They come in.
    Coming,
    /// They are there.
    Found,
}

impl Ranking {
    /// A ranking whose rows are on their way. Those of the one before stay where both ask about the same.
    #[must_use]
    pub fn begin(before: Option<Self>, asked: Scenario, breadth: Breadth, field: Arc<Field>, job: u64) -> Self {
        let count = field.rows();
        let revision = before.as_ref().map_or(0, |before| before.revision + 1);
        let same = before.filter(|before| Arc::ptr_eq(&before.field, &field));
        let rows = same.map_or_else(|| vec![None; count], |before| before.rows);
        let contexts = Contexts::Unasked;
        Self { asked, breadth, field, job, took: None, contexts, rows, answered: 0, revision }
    }

    /// What a ranking asks on behalf of the question on screen: where layers lie is decided for each model anew.
    #[must_use]
    pub fn question(scenario: &Scenario) -> Scenario {
        let policy = Policy { gpu_layers: GpuLayers::Auto, cpu_experts: CpuExperts::Auto, ..scenario.policy.clone() };
        Scenario { policy, ..scenario.clone() }
    }

    /// Whether it answers this question about so many quants: everything but the model counts.
    #[must_use]
    pub fn answers(&self, scenario: &Scenario, breadth: Breadth) -> bool {
        self.breadth == breadth && is_same_but_for_the_model(&self.asked, &Self::question(scenario))
    }

    /// Whether rows are still on their way.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.took.is_none()
    }

    /// Takes in rows from a place on.
    pub fn take(&mut self, first: usize, rows: Vec<Ranked>) {
        self.revision += 1;
        for (place, row) in self.rows.iter_mut().skip(first).zip(rows) {
            *place = Some(row);
            self.answered += 1;
        }
    }

    /// Takes in the largest contexts of some rows.
    pub fn take_contexts(&mut self, found: Vec<(usize, Option<Tokens>)>) {
        self.revision += 1;
        for (place, context) in found {
            if let Some(Some(row)) = self.rows.get_mut(place) {
                row.context_max = context;
            }
        }
    }

    /// How many rows are there, of how many.
    #[must_use]
    pub const fn progress(&self) -> (usize, usize) {
        (self.answered, self.rows.len())
    }

    /// A number that changes with every row.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// The rows that are there with their places, in the order of the field.
    pub fn rows(&self) -> impl Iterator<Item = (usize, &Ranked)> {
        self.rows.iter().enumerate().filter_map(|(place, row)| Some((place, row.as_ref()?)))
    }
}
