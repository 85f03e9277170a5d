//! Every model and quant on one machine, and the model to begin with.

use std::sync::Arc;

use crate::model::Architecture;
use crate::placement::Precision;
use crate::quant::{Mix, Quality, Quant};
use crate::scenario::{Scenario, Subject, evaluate, evaluate_here, largest_context};
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
    pub quant: Quant,
    /// The verdict.
    pub level: Level,
    /// Expected tokens per second.
    pub rate: Option<f64>,
    /// Everything the engine takes.
    pub memory: Bytes,
    /// Largest context that fits, where it was looked for with [`find_contexts`].
    pub context_max: Option<Tokens>,
    /// The cited figure of the quant: less is better. A model in the format it was released in loses nothing.
    pub divergence: Option<f64>,
    /// Size of the file: of equals the larger model comes first.
    size: Bytes,
}

/// Every model at every quant of the list, best first: by verdict, then by speed up to 20 tokens per second,
/// then by cited quality (what has no figure after what has), then by size.
#[must_use]
pub fn rank(base: &Scenario, models: &[Arc<Architecture>], quality: &Quality) -> Vec<Ranked> {
    let mut rows: Vec<Ranked> = Vec::with_capacity(models.len() * quality.ranked.len());
    for model in models {
        match model.native_mix() {
            Some(mix) => rows.push(row(base, model, mix, Some(0.0))),
            None => rows.extend(
                quality
                    .ranked
                    .iter()
                    .map(|mix| row(base, model, *mix, quality.headline(mix.name()).map(|figure| figure.value))),
            ),
        }
    }
    sort(&mut rows);
    rows
}

/// The best row of each model, in the same order.
#[must_use]
pub fn best_of_each(mut rows: Vec<Ranked>) -> Vec<Ranked> {
    let mut seen = std::collections::HashSet::new();
    rows.retain(|row| seen.insert(row.model.clone()));
    rows
}

/// Looks for the largest context that fits of each row: as much work as the ranking, so for rows that are shown.
pub fn find_contexts(base: &Scenario, models: &[Arc<Architecture>], rows: &mut [Ranked]) {
    for row in rows {
        let model = models.iter().find(|model| model.id == row.model);
        row.context_max = model.and_then(|model| largest_context(&of(base, model, row.quant.clone())));
    }
}

fn row(base: &Scenario, model: &Architecture, mix: Mix, divergence: Option<f64>) -> Ranked {
    let scenario = of(base, model, Quant::mix(mix, mix.usual_imatrix()));
    let answer = evaluate_here(&scenario, Precision::Near);
    Ranked {
        model: model.id.clone(),
        quant: scenario.subject.quant.clone(),
        level: answer.verdict.level,
        rate: answer.bill.as_ref().map(|bill| bill.rate.expected),
        memory: answer.plan.total(),
        context_max: None,
        divergence,
        size: scenario.subject.weights.file,
    }
}

/// The same question about a model under a quant; the context stays within the model's limit.
fn of(base: &Scenario, model: &Architecture, quant: Quant) -> Scenario {
    let mut scenario = Scenario { subject: Arc::new(Subject::new(model.clone(), quant, None)), ..base.clone() };
    scenario.run.context = scenario.run.context.min(model.max_context);
    scenario
}

fn sort(rows: &mut [Ranked]) {
    let capped = |row: &Ranked| row.rate.unwrap_or(0.0).min(FAST_ENOUGH);
    let lost = |row: &Ranked| row.divergence.unwrap_or(f64::INFINITY);
    rows.sort_by(|a, b| {
        let faster = capped(b).total_cmp(&capped(a));
        a.level.cmp(&b.level).then(faster).then(lost(a).total_cmp(&lost(b))).then(b.size.cmp(&a.size))
    });
}

/// One model in place of a scenario's, its context cut to the model's limit.
#[must_use]
pub fn judge(base: &Scenario, subject: &Arc<Subject>) -> Ranked {
    let mut scenario = Scenario { subject: subject.clone(), ..base.clone() };
    scenario.run.context = scenario.run.context.min(subject.model.max_context);
    let answer = evaluate(&scenario);
    Ranked {
        model: subject.model.id.clone(),
        quant: subject.quant.clone(),
        level: answer.verdict.level,
        rate: answer.bill.as_ref().map(|bill| bill.rate.expected),
        memory: answer.plan.total(),
        context_max: answer.fits_max,
        divergence: None,
        size: subject.weights.file,
    }
}

/// A model at the quant most people download.
#[must_use]
pub fn default_subject(model: &Architecture) -> Subject {
    Subject::new(model.clone(), Quant::mix(Mix::Q4_K_M, Mix::Q4_K_M.usual_imatrix()), None)
}

/// The largest model that runs well here at the quant most people download; where none does, the best ranked.
#[must_use]
pub fn start_model(base: &Scenario, models: &[Arc<Architecture>]) -> Option<Arc<Subject>> {
    let mut rows: Vec<Ranked> = models.iter().map(|model| row(base, model, Mix::Q4_K_M, None)).collect();
    sort(&mut rows);
    let well = rows.iter().filter(|row| row.level == Level::RunsWell).max_by_key(|row| row.size);
    let id = &well.or(rows.first())?.model;
    models.iter().find(|model| &model.id == id).map(|model| Arc::new(default_subject(model)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::Imatrix;

    fn row(model: &str, mix: Mix, level: Level, rate: f64, divergence: Option<f64>, gb: u64) -> Ranked {
        Ranked {
            model: model.to_owned(),
            quant: Quant::mix(mix, Imatrix::Without),
            level,
            rate: Some(rate),
            memory: Bytes::ZERO,
            context_max: None,
            divergence,
            size: Bytes::new(gb),
        }
    }

    #[test]
    fn verdict_then_speed_to_twenty_then_cited_quality_then_size() {
        let mut rows = vec![
            row("slow", Mix::Q8_0, Level::RunsSlowly, 9.0, Some(0.001), 9),
            row("no figure", Mix::NVFP4, Level::RunsWell, 30.0, None, 9),
            row("four bits", Mix::Q4_K_M, Level::RunsWell, 90.0, Some(0.03), 5),
            row("eight bits", Mix::Q8_0, Level::RunsWell, 25.0, Some(0.001), 8),
            row("larger", Mix::Q8_0, Level::RunsWell, 21.0, Some(0.001), 9),
            row("below twenty", Mix::Q8_0, Level::RunsWell, 19.0, Some(0.001), 9),
            row("larger", Mix::Q4_K_M, Level::RunsWell, 40.0, Some(0.03), 4),
        ];
        sort(&mut rows);
        let order: Vec<&str> = rows.iter().map(|row| row.model.as_str()).collect();
        assert_eq!(order, ["larger", "eight bits", "four bits", "larger", "no figure", "below twenty", "slow"]);
        assert_eq!(best_of_each(rows).len(), 6);
    }
}
