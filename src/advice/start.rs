//! The model to begin with.

use std::sync::Arc;

use crate::model::Architecture;
use crate::quant::{Mix, Quant};
use crate::scenario::{Scenario, Subject};
use crate::verdict::Level;

use super::{Candidate, Field, Loss, rank};

/// A model at the quant most people download.
#[must_use]
pub fn default_subject(model: &Architecture) -> Subject {
    Subject::new(model.clone(), Quant::mix(Mix::Q4_K_M, Mix::Q4_K_M.usual_imatrix()), None)
}

/// The largest model that runs well here at the quant most people download; where none does, the best ranked.
#[must_use]
pub fn start_model(base: &Scenario, models: &[Arc<Architecture>]) -> Option<Arc<Subject>> {
    let quant = || Quant::mix(Mix::Q4_K_M, Mix::Q4_K_M.usual_imatrix());
    let only = || vec![Candidate::new(quant(), Loss::Unknown)];
    let field = Field::new(models.iter().map(|model| (model.clone(), only())));
    let rows = rank(base, &field);
    let well = rows.iter().filter(|row| row.level == Level::RunsWell).max_by_key(|row| row.subject.weights.file);
    well.or(rows.first()).map(|row| row.subject.clone())
}
