//! What the machine itself measured, applied to an answer.

use std::sync::Arc;

use crate::hardware::{Backend, BenchRun, Compared, Finding, Machine, Part, PoolKind, Standing, Work};
use crate::memory::{FlashAttention, KvPlace};
use crate::placement::Plan;
use crate::speed::{Asked, Bill, Correction, Item, Range, correction, doubt};
use crate::units::{BytesPerSecond, Params, Seconds, Tokens, TokensPerSecond};

use super::{Evaluation, Question, Scenario, Subject, runs};

/// What measurements of the machine changed about an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// About which speed.
    pub work: Work,
    /// The prediction without them.
    pub before: Range,
    /// What they make of it.
    pub after: Range,
    /// Measurements that count.
    pub runs: usize,
    /// The newest one of this very question.
    pub same: Option<BenchRun>,
}

impl Evidence {
    /// It in a sentence, with what was predicted beside what was measured.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let what = match self.work {
            Work::Decode => "tokens/s",
            Work::Prompt => "prompt tokens/s",
        };
        let rate = |value: f64| TokensPerSecond::saturating(value);
        let (before, after) = (rate(self.before.expected), rate(self.after.expected));
        Finding::note(
            match &self.same {
                Some(run) => format!(
                    "Measured here{}: {} {what} for this very question; predicted without it {before}, answered {after}.",
                    if run.date.is_empty() { String::new() } else { format!(" on {}", run.date) },
                    run.rate
                ),
                None if self.runs == 1 => {
                    format!("One measurement of this machine makes {after} {what} of the {before} predicted.")
                }
                None => {
                    format!("{} measurements of this machine make {after} {what} of the {before} predicted.", self.runs)
                }
            },
            "",
        )
    }
}

/// What is predicted for a question of this machine without any measurement, for one kind of work; none where
/// there is no speed.
#[must_use]
pub fn predict(scenario: &Scenario, work: Work) -> Option<Compared> {
    let machine = Arc::new(Machine { runs: Vec::new(), ..Machine::clone(&scenario.machine) });
    let bare = Scenario { machine, ..scenario.clone() };
    let question = Question::new(&bare);
    let at = question.at(bare.run.context);
    let plan = at.place().plan;
    let (range, standing) = match work {
        Work::Decode => {
            let bill = at.predicted_bill(&plan, bare.depth)?;
            (bill.rate, decode_standing(&at, &plan, &bill))
        }
        Work::Prompt => {
            let range = at.predicted_prompt(&plan)?;
            (range, prompt_standing(&at, &plan, &range))
        }
    };
    (range.expected > 0.0).then_some(Compared { predicted: range.expected, standing })
}

/// A bill with what was measured taken into account.
pub(super) fn on_bill(at: &Evaluation<'_>, plan: &Plan, depth: Tokens, mut bill: Bill) -> (Bill, Option<Evidence>) {
    let Some(corrected) = corrected(at, Work::Decode, depth, || decode_standing(at, plan, &bill)) else {
        return (bill, None);
    };
    let before = bill.rate;
    bill.rate = before.corrected(corrected.factor, corrected.narrowing);
    bill.total = Seconds::saturating(bill.total.get() / corrected.factor);
    for line in &mut bill.lines {
        line.time = Seconds::saturating(line.time.get() / corrected.factor);
        line.reached = BytesPerSecond::saturating(line.reached.get() * corrected.factor);
    }
    let evidence = said(at, Work::Decode, (before, bill.rate), &corrected);
    (bill, Some(evidence))
}

/// The speed of a prompt with what was measured taken into account.
pub(super) fn on_prompt(at: &Evaluation<'_>, plan: &Plan, before: Range) -> (Range, Option<Evidence>) {
    let depth = at.scenario.depth;
    match corrected(at, Work::Prompt, depth, || prompt_standing(at, plan, &before)) {
        None => (before, None),
        Some(corrected) => {
            let after = before.corrected(corrected.factor, corrected.narrowing);
            (after, Some(said(at, Work::Prompt, (before, after), &corrected)))
        }
    }
}

fn corrected(
    at: &Evaluation<'_>,
    work: Work,
    depth: Tokens,
    standing: impl FnOnce() -> Standing,
) -> Option<Correction> {
    let Scenario { subject, engine, machine, .. } = at.scenario;
    if machine.runs.is_empty() || engine.ideal {
        return None;
    }
    let asked = Asked { work, standing: &standing(), params: weights_of(subject), file: subject.weights.file, depth };
    correction(&asked, counting(at))
}

/// All weights in the file of a subject.
fn weights_of(subject: &Subject) -> Params {
    let weights = &subject.weights;
    Params::new((weights.file.as_f64() * 8.0 / weights.bits_per_weight.max(f64::MIN_POSITIVE)).round() as u64)
}

/// The runs whose engine is predicted by the very parameters this one is: an engine without its own takes llama.cpp's,
/// and with them what corrects them.
fn counting<'s>(at: &Evaluation<'s>) -> impl Iterator<Item = &'s BenchRun> {
    let Scenario { engine, machine, parameters, .. } = at.scenario;
    let same = |run: &BenchRun| {
        let row = |engine: &str| parameters.rates(engine, run.backend).map(std::ptr::from_ref);
        row(&run.engine) == row(&engine.id)
    };
    machine.runs.iter().filter(move |run| same(run))
}

fn said(at: &Evaluation<'_>, work: Work, (before, after): (Range, Range), corrected: &Correction) -> Evidence {
    let same = corrected.same.and_then(|place| counting(at).nth(place)).cloned();
    Evidence { work, before, after, runs: corrected.runs, same }
}

/// What the prediction of a token rests on: each line of its bill belongs to a backend, what is read from disk to none.
fn decode_standing(at: &Evaluation<'_>, plan: &Plan, bill: &Bill) -> Standing {
    let mut parts: Vec<(Part, f64)> = Vec::new();
    let mut widest = 0.0_f64;
    for line in bill.lines.iter().filter(|line| line.item != Item::FromDisk) {
        let Some(backend) = backend_of(at, plan, line.pool) else { continue };
        let (part, seconds) = (Part::On(backend), line.time.get());
        match parts.iter_mut().find(|(own, _)| *own == part) {
            Some((_, sum)) => *sum += seconds,
            None => parts.push((part, seconds)),
        }
        widest = widest.max(doubt(&at.question.machine, line.pool, &at.scenario.parameters));
    }
    let all: f64 = parts.iter().map(|(_, seconds)| seconds).sum();
    for (_, seconds) in &mut parts {
        *seconds /= all.max(f64::MIN_POSITIVE);
    }
    standing(at, plan, &bill.rate, widest, parts)
}

/// What the prediction of a prompt rests on: one backend, or one with the CPU beside it.
fn prompt_standing(at: &Evaluation<'_>, plan: &Plan, range: &Range) -> Standing {
    let gpus: Vec<_> = at.question.machine.gpus().collect();
    let used = plan.layers.iter().find_map(|home| gpus.get(home.gpu?));
    let driven = used.and_then(|pool| at.scenario.engine.backend_on(pool, at.scenario.backend));
    let shared = plan.layers.iter().any(crate::placement::LayerHome::on_cpu);
    let part = match driven {
        None => Part::On(Backend::Cpu),
        Some(backend) if shared => Part::Beside(backend),
        Some(backend) => Part::On(backend),
    };
    standing(at, plan, range, 0.0, vec![(part, 1.0)])
}

fn standing(at: &Evaluation<'_>, plan: &Plan, range: &Range, doubt: f64, parts: Vec<(Part, f64)>) -> Standing {
    let (spread, run) = (range.spread(), &at.run);
    Standing {
        spread,
        doubt: doubt.min(spread),
        parts,
        gpu_layers: plan.gpu_layers,
        cpu_expert_layers: plan.cpu_expert_layers,
        kv: (run.kv_k, run.kv_v),
        kv_on_host: run.kv_place == KvPlace::Host,
        fused_attention: run.flash_attention == FlashAttention::On,
        sequences: run.sequences(),
    }
}

/// What computes on a pool under a plan.
fn backend_of(at: &Evaluation<'_>, plan: &Plan, pool: usize) -> Option<Backend> {
    let pool = at.question.machine.pools.get(pool)?;
    match pool.kind {
        PoolKind::Disk => None,
        PoolKind::Ram => Some(Backend::Cpu),
        PoolKind::Unified if plan.gpu_layers == 0 => Some(Backend::Cpu),
        PoolKind::Unified | PoolKind::Vram => at.scenario.engine.backend_on(pool, at.scenario.backend),
    }
}

impl Evaluation<'_> {
    /// The bill of a token before anything measured counts.
    pub(super) fn predicted_bill(&self, plan: &Plan, depth: Tokens) -> Option<Bill> {
        if !runs(plan) {
            return None;
        }
        let Scenario { parameters, engine_date, .. } = self.scenario;
        crate::speed::decode(&self.load(), plan, &self.question.machine, parameters, engine_date.as_deref(), depth)
    }

    /// The speed of the prompt before anything measured counts.
    pub(super) fn predicted_prompt(&self, plan: &Plan) -> Option<Range> {
        if !runs(plan) {
            return None;
        }
        let Scenario { parameters, engine_date, depth, prompt, .. } = self.scenario;
        let built = engine_date.as_deref();
        crate::speed::prefill(&self.load(), plan, &self.question.machine, parameters, built, *depth, *prompt)
    }
}
