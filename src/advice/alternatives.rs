//! Other models within the same memory, with the time they take for the same answer.

use crate::scenario::{Scenario, evaluate_here};
use crate::units::Seconds;
use crate::verdict::Level;

use super::rank::in_place;
use super::{Ranked, best_of_each};

/// Another model in place of the one asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// Its row in the ranking.
    pub row: Ranked,
    /// The time of the whole answer asked about, prompt included.
    pub answer: Option<Seconds>,
}

/// The best of other models that run in memory on the scenario's machine, best first; never the model against itself.
/// `rows` is the ranking of the same machine.
#[must_use]
pub fn alternatives(scenario: &Scenario, rows: &[Ranked], most: usize) -> Vec<Alternative> {
    let own = &scenario.subject.model.id;
    let others = rows.iter().filter(|row| row.model() != own && row.level <= Level::Tight).cloned().collect();
    let rows = best_of_each(others).into_iter().take(most);
    let asked = |row: Ranked| {
        let answer = evaluate_here(&in_place(scenario, &row.subject)).whole_answer;
        Alternative { row, answer }
    };
    rows.map(asked).collect()
}
