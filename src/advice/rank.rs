//! The ranking: one list, one order, for the window and the command line.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::scenario::{Scenario, Subject, evaluate, largest_context};
use crate::units::{Bytes, Params, Tokens};
use crate::verdict::Level;

use super::{Field, Loss};

/// Speed beyond this many tokens per second does not rank a model higher: nobody reads faster.
const FAST_ENOUGH: f64 = 20.0;

/// One model under one quant on the machine of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// The model under its quant.
    pub subject: Arc<Subject>,
    /// Its parameters.
    pub params: Params,
    /// The verdict.
    pub level: Level,
    /// Expected tokens per second.
    pub rate: Option<f64>,
    /// Everything the engine takes.
    pub memory: Bytes,
    /// Largest context that fits, where it was looked for with [`find_context`].
    pub context_max: Option<Tokens>,
    /// What the quant loses, as far as it is cited.
    pub loss: Loss,
}

impl Ranked {
    /// Best first: by verdict, then by speed up to 20 tokens per second, then by cited quality (what has no figure
    /// after what has), then by size of the file, the larger first.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        let capped = |row: &Self| row.rate.unwrap_or(0.0).min(FAST_ENOUGH);
        let size = |row: &Self| row.subject.weights.file;
        let faster = capped(other).total_cmp(&capped(self));
        let better = self.loss.order().total_cmp(&other.loss.order());
        self.level.cmp(&other.level).then(faster).then(better).then(size(other).cmp(&size(self)))
    }

    /// The quant's name as it is told apart.
    #[must_use]
    pub fn quant(&self) -> &str {
        &self.subject.quant.id
    }

    /// The model's id.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.subject.model.id
    }
}

/// Every row of a field, best first. Rows of equal rank keep the order of the field.
#[must_use]
pub fn rank(base: &Scenario, field: &Field) -> Vec<Ranked> {
    let mut rows: Vec<Ranked> = field.entrants().iter().flat_map(|entrant| entrant.ask(base)).collect();
    rows.sort_by(Ranked::order);
    rows
}

/// The best row of each model, in the same order.
#[must_use]
pub fn best_of_each(mut rows: Vec<Ranked>) -> Vec<Ranked> {
    let mut seen = std::collections::HashSet::new();
    rows.retain(|row| seen.insert(row.subject.model.id.clone()));
    rows
}

/// The largest context that fits: more work than the ranking, so for rows that are shown.
#[must_use]
pub fn find_context(base: &Scenario, row: &Ranked) -> Option<Tokens> {
    largest_context(&in_place(base, &row.subject))
}

/// One model in place of a scenario's, its context cut to the model's limit.
#[must_use]
pub fn judge(base: &Scenario, subject: &Arc<Subject>) -> Ranked {
    let answer = evaluate(&in_place(base, subject));
    Ranked {
        subject: subject.clone(),
        params: subject.model.params(),
        level: answer.verdict.level,
        rate: answer.bill.as_ref().map(|bill| bill.rate.expected),
        memory: answer.plan.total(),
        context_max: answer.fits_max,
        loss: Loss::Unknown,
    }
}

/// The same question about another model; the context stays within the model's limit.
pub(super) fn in_place(base: &Scenario, subject: &Arc<Subject>) -> Scenario {
    let mut scenario = Scenario { subject: subject.clone(), ..base.clone() };
    scenario.run.context = scenario.run.context.min(subject.model.max_context);
    scenario
}
