//! Every model on one machine, and the one to begin with.

use std::sync::Arc;

use crate::model::Architecture;
use crate::quant::{Mix, Quant};
use crate::scenario::{Scenario, Subject, evaluate};
use crate::units::{Bytes, Tokens};
use crate::verdict::Level;

/// Speed beyond this many tokens per second does not rank a model higher: nobody reads faster.
const FAST_ENOUGH: f64 = 20.0;

/// One model under one quant on the machine of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Catalogue id.
    pub model: String,
    /// The quant.
    pub quant: String,
    /// The verdict.
    pub level: Level,
    /// Expected tokens per second.
    pub rate: Option<f64>,
    /// Everything the engine takes.
    pub memory: Bytes,
    /// Largest context that fits.
    pub context_max: Option<Tokens>,
    /// Size of the file: of equals the larger model comes first.
    size: Bytes,
}

/// Every model at `Q4_K_M`, best first: by verdict, then by speed up to 20 tokens per second, then by size.
#[must_use]
pub fn rank(base: &Scenario, models: &[Arc<Architecture>]) -> Vec<Ranked> {
    let mut rows: Vec<Ranked> = models.iter().map(|model| judge(base, &Arc::new(default_subject(model)))).collect();
    let capped = |row: &Ranked| row.rate.unwrap_or(0.0).min(FAST_ENOUGH);
    rows.sort_by(|a, b| a.level.cmp(&b.level).then(capped(b).total_cmp(&capped(a))).then(b.size.cmp(&a.size)));
    rows
}

/// One model in place of a scenario's, its context cut to the model's limit.
#[must_use]
pub fn judge(base: &Scenario, subject: &Arc<Subject>) -> Ranked {
    let mut scenario = Scenario { subject: subject.clone(), ..base.clone() };
    scenario.run.context = scenario.run.context.min(subject.model.max_context);
    let answer = evaluate(&scenario);
    Ranked {
        model: subject.model.id.clone(),
        quant: subject.quant.id.clone(),
        level: answer.verdict.level,
        rate: answer.bill.as_ref().map(|bill| bill.rate.expected),
        memory: answer.plan.total(),
        context_max: answer.fits_max,
        size: subject.weights.file,
    }
}

/// A model at the quant most people download.
#[must_use]
pub fn default_subject(model: &Architecture) -> Subject {
    Subject::new(model.clone(), Quant::mix(Mix::Q4_K_M, Mix::Q4_K_M.usual_imatrix()), None)
}

/// The largest model that runs well here; where none does, the best ranked.
#[must_use]
pub fn start_model(base: &Scenario, models: &[Arc<Architecture>]) -> Option<Arc<Subject>> {
    let rows = rank(base, models);
    let well = rows.iter().filter(|row| row.level == Level::RunsWell).max_by_key(|row| row.size);
    let id = &well.or(rows.first())?.model;
    models.iter().find(|model| &model.id == id).map(|model| Arc::new(default_subject(model)))
}
