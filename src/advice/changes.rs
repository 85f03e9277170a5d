//! The nearest changes and what each would do.

use std::sync::Arc;

use crate::hardware::{Figure, Form, Machine, PoolKind, Source};
use crate::memory::{KvLayout, RunOptions, Weights};
use crate::model::{Layer, Mixer};
use crate::placement::{Engine, Offload, Policy};
use crate::quant::{Format, Mix, Quant, Rule};
use crate::scenario::{Answer, Scenario, Subject, evaluate_here};
use crate::units::{Bytes, Tokens, TokensPerSecond};
use crate::verdict::Level;

use super::binding::{self, Binding};
use super::buying::{is_on_a_full_board, is_soldered};
use super::kits;

/// The most lines shown.
const MOST: usize = 5;

/// A change to a scenario with what it would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What to change: `Quant IQ4_XS`.
    pub what: String,
    /// What it does: `44.0 GiB less, runs well at 13 tokens/s`.
    pub effect: String,
    /// What it does besides the speed: `44.0 GiB less, runs well`.
    pub detail: String,
    /// The level it leads to.
    pub level: Level,
    /// Tokens per second it leads to.
    pub rate: Option<f64>,
    /// The difference in tokens per second, where both are known.
    pub gain: Option<f64>,
    /// Whether the change is one of settings, not of hardware.
    pub settings: bool,
    /// The scenario with the change made.
    pub scenario: Scenario,
}

/// The changes worth naming, best first; of `engines` those that can run what this one cannot.
#[must_use]
pub fn next(scenario: &Scenario, answer: &Answer, engines: &[Arc<Engine>]) -> Vec<Change> {
    worth_naming(scenario, answer, all(scenario, answer), engines)
}

/// The same, and what binds: every change is asked once.
#[must_use]
pub fn next_and_binding(scenario: &Scenario, answer: &Answer, engines: &[Arc<Engine>]) -> (Vec<Change>, Binding) {
    let changes = all(scenario, answer);
    let binding = binding::among(scenario, answer, &changes);
    (worth_naming(scenario, answer, changes, engines), binding)
}

fn worth_naming(
    scenario: &Scenario,
    answer: &Answer,
    mut changes: Vec<Change>,
    engines: &[Arc<Engine>],
) -> Vec<Change> {
    changes.extend(able(scenario, engines).map(|changed| {
        let what = format!("Engine {}", changed.engine.name);
        describe(scenario, answer, what, true, changed)
    }));
    // A change that helps comes first: by level, then by speed; a change to settings before one to hardware.
    changes.sort_by(|a, b| {
        let rate = |change: &Change| change.rate.unwrap_or(0.0);
        a.level.cmp(&b.level).then(b.settings.cmp(&a.settings)).then(rate(b).total_cmp(&rate(a)))
    });
    // A purchase has to help: a better level or more speed.
    changes.retain(|change| {
        let faster = change.gain.is_some_and(|gain| gain > 0.01 * change.rate.unwrap_or(0.0));
        change.settings || change.level < answer.verdict.level || faster
    });
    // Where it cannot run, what still cannot is no help.
    if answer.verdict.level == Level::No {
        changes.retain(|change| change.level != Level::No);
    }
    changes.truncate(MOST);
    changes
}

/// The question under each engine that can run it, where its own cannot: none where it can.
pub fn able<'a>(scenario: &'a Scenario, engines: &'a [Arc<Engine>]) -> impl Iterator<Item = Scenario> + 'a {
    let others = engines.iter().filter(|engine| scenario.refusal().is_some() && !engine.ideal);
    // A backend that was asked for stays, where the engine has it.
    let under = |engine: &Arc<Engine>| {
        let backends = [scenario.backend, None].into_iter();
        let mut asked = backends.map(|backend| Scenario { engine: engine.clone(), backend, ..scenario.clone() });
        asked.find(|changed| changed.refusal().is_none())
    };
    others.filter_map(under)
}

/// Every change there is to name, in no order.
pub(super) fn all(scenario: &Scenario, answer: &Answer) -> Vec<Change> {
    let all = candidates(scenario, answer).into_iter();
    all.map(|(what, settings, changed)| describe(scenario, answer, what, settings, changed)).collect()
}

fn candidates(scenario: &Scenario, answer: &Answer) -> Vec<(String, bool, Scenario)> {
    let mut all = Vec::new();
    all.extend(latent_cache(scenario).map(|(what, changed)| (what, true, changed)));
    for quant in quants(scenario, answer) {
        let subject = scenario.subject.under(quant.clone());
        all.push((format!("Quant {}", quant.id), true, Scenario { subject: Arc::new(subject), ..scenario.clone() }));
    }
    if scenario.policy != Policy::default() {
        all.push(("Automatic placement".to_owned(), true, Scenario { policy: Policy::default(), ..scenario.clone() }));
    }
    if scenario.run.kv_k == Format::F16 && scenario.run.kv_v == Format::F16 {
        let run = RunOptions { kv_k: Format::Q8_0, kv_v: Format::Q8_0, ..scenario.run };
        if run.check(&scenario.subject.model).is_ok() {
            all.push((
                format!("KV cache {}", scenario.engine.kv_word(Format::Q8_0)),
                true,
                Scenario { run, ..scenario.clone() },
            ));
        }
    }
    if let Some(fits) = answer.fits_max.filter(|fits| *fits < scenario.run.context) {
        let run = RunOptions { context: fits, ..scenario.run };
        all.push((format!("Context {fits}"), true, Scenario { run, ..scenario.clone() }));
    } else if answer.verdict.level == Level::Tight && scenario.run.context.get() > 1024 {
        let run = RunOptions { context: Tokens::new(scenario.run.context.get() / 2), ..scenario.run };
        all.push((format!("Context {}", run.context), true, Scenario { run, ..scenario.clone() }));
    }
    if let Some((what, machine)) = more_ram(scenario, answer) {
        all.push((what, false, Scenario { machine: Arc::new(machine), ..scenario.clone() }));
    }
    if let Some((what, machine)) = another_gpu(&scenario.machine) {
        all.push((what, false, Scenario { machine: Arc::new(machine), ..scenario.clone() }));
    }
    all
}

/// The cache kept latent, where it is expanded: by an option, or by a file made before engines could do better.
fn latent_cache(scenario: &Scenario) -> Option<(String, Scenario)> {
    let latent = |layer: &Layer| matches!(layer.mixer, Mixer::Mla(_));
    if scenario.layout() != KvLayout::Expanded || !scenario.subject.model.layers.iter().any(latent) {
        return None;
    }
    let run = RunOptions { layout: KvLayout::Auto, ..scenario.run };
    if scenario.subject.layout != Some(KvLayout::Expanded) {
        return Some(("Cache kept latent".to_owned(), Scenario { run, ..scenario.clone() }));
    }
    let subject = Arc::new(Subject { layout: None, ..Subject::clone(&scenario.subject) });
    Some(("A file converted since April 2025".to_owned(), Scenario { subject, run, ..scenario.clone() }))
}

/// The next smaller mixes, and the next larger one where there is room.
fn quants(scenario: &Scenario, answer: &Answer) -> Vec<Quant> {
    const LADDER: [Mix; 11] = [
        Mix::Q8_0,
        Mix::Q6_K,
        Mix::Q5_K_M,
        Mix::Q4_K_M,
        Mix::Q4_K_S,
        Mix::IQ4_XS,
        Mix::Q3_K_M,
        Mix::IQ3_XXS,
        Mix::Q2_K,
        Mix::IQ2_XXS,
        Mix::IQ1_S,
    ];
    let Rule::Mix(mix, imatrix) = scenario.subject.quant.rule.clone() else { return Vec::new() };
    let bits = |mix: Mix| mix.base().bits_per_weight();
    let place = LADDER
        .iter()
        .position(|step| *step == mix)
        .unwrap_or_else(|| LADDER.iter().position(|step| bits(*step) < bits(mix)).unwrap_or(LADDER.len()));
    let down = LADDER.iter().skip(place).filter(|step| **step != mix).copied();
    let up = LADDER[..place.min(LADDER.len())].iter().rev().find(|step| **step != mix).copied();
    let wanted: Vec<Mix> = match answer.verdict.level {
        Level::No | Level::Disk => down.collect(),
        Level::RunsWell => up.into_iter().chain(down.take(1)).collect(),
        _ => down.take(2).collect(),
    };
    let wanted = wanted.into_iter().map(|mix| Quant::mix(mix, imatrix.max(mix.usual_imatrix())));
    match answer.verdict.level {
        // Of all smaller ones the first that fits is enough.
        Level::No | Level::Disk => {
            let whole = scenario.engine.offload == Offload::Nothing;
            let room: Bytes = scenario
                .seen()
                .pools
                .iter()
                .filter(|pool| pool.kind != PoolKind::Disk && !(whole && pool.kind == PoolKind::Ram))
                .map(crate::hardware::Pool::usable)
                .sum();
            let other = answer.plan.total() - answer.plan.weights();
            wanted
                .filter(|quant| Weights::new(&scenario.subject.model, quant, None).loaded() + other <= room)
                .take(1)
                .collect()
        }
        _ => wanted.collect(),
    }
}

/// The next kit of RAM that would do, if RAM is what is missing.
fn more_ram(scenario: &Scenario, answer: &Answer) -> Option<(String, Machine)> {
    if !matches!(answer.verdict.level, Level::No | Level::Disk | Level::Tight) {
        return None;
    }
    let place =
        scenario.machine.pools.iter().position(|pool| matches!(pool.kind, PoolKind::Ram | PoolKind::Unified))?;
    let used = &answer.plan.pools[place];
    let need = used.total() + answer.plan.on_disk;
    // Where none can be added it is another machine.
    let own = &scenario.machine.pools[place];
    let takes_modules = scenario.machine.built().is_none_or(Form::takes_modules);
    let added = own.kind == PoolKind::Ram && takes_modules && !is_soldered(own);
    kits::SIZES.iter().map(|gib| Bytes::gib(*gib)).find_map(|size| {
        let mut machine = Machine::clone(&scenario.machine);
        let pool = &mut machine.pools[place];
        if size <= pool.capacity.value {
            return None;
        }
        pool.capacity = Figure::new(size, Source::Assumed, "what if");
        pool.free_now = None;
        pool.gpu_limit = None;
        let enough = Bytes::saturating(pool.usable().as_f64() * 0.9);
        let what = if added { "RAM" } else { "A machine with" };
        (need <= enough).then(|| (format!("{what} {}", kits::name(size)), machine))
    })
}

/// A second card of the kind there is, where one more can be put in.
fn another_gpu(machine: &Machine) -> Option<(String, Machine)> {
    let last = machine.pools.iter().rposition(|pool| pool.kind == PoolKind::Vram)?;
    let takes_cards = machine.built().is_none_or(Form::takes_cards);
    if !takes_cards || is_on_a_full_board(machine, &machine.pools[last]) {
        return None;
    }
    let count = machine.pools.iter().filter(|pool| pool.kind == PoolKind::Vram).count();
    let mut pool = machine.pools[last].clone();
    pool.id = format!("gpu{count}");
    let name = pool.device.as_ref().map_or("GPU", |device| device.short_name()).to_owned();
    let mut machine = machine.clone();
    machine.pools.insert(last + 1, pool);
    let what = if count == 1 { format!("Second {name}") } else { format!("One more {name}") };
    Some((what, machine))
}

fn describe(before: &Scenario, answer: &Answer, what: String, settings: bool, scenario: Scenario) -> Change {
    let after = evaluate_here(&scenario);
    let rate = after.bill.as_ref().map(|bill| bill.rate.expected);
    let gain = rate.zip(answer.bill.as_ref()).map(|(rate, bill)| rate - bill.rate.expected);
    let saved = answer.plan.total().less(after.plan.total());
    let mut parts = Vec::new();
    if before.machine == scenario.machine && saved.get() != 0 {
        parts.push(format!("{} {}", before.unit.of(saved.size()), if saved.fits() { "less" } else { "more" }));
    }
    if after.verdict.level != answer.verdict.level {
        parts.push(after.verdict.level.words().to_lowercase());
    }
    let detail = parts.join(", ");
    match rate {
        Some(rate) => parts.push(format!("{} tokens/s", TokensPerSecond::saturating(rate))),
        None => parts.push("no speed".to_owned()),
    }
    Change { what, effect: parts.join(", "), detail, level: after.verdict.level, rate, gain, settings, scenario }
}
