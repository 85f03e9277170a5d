//! What is worth saying about an answer because of its engine.

use crate::hardware::{Backend, Finding, PoolKind, Source};
use crate::memory::{FlashAttention, KvPlace, KvStreams, RunOptions, SwaCache, WindowRule};
use crate::placement::{CpuExperts, GpuLayers, Offload, Plan, Setting, Split, Way};
use crate::quant::Format;

use super::Scenario;

/// What the engine changes, leaves aside, or is only taken to do.
pub(super) fn findings(scenario: &Scenario, plan: &Plan) -> Vec<Finding> {
    let Scenario { engine, policy, backend, .. } = scenario;
    let machine = &*scenario.seen();
    if let Some(why) = scenario.refusal() {
        return vec![Finding::warning(format!("{}.", why.what), why.remedy)];
    }
    let mut found = Vec::new();
    let name = &engine.name;
    let asked = matches!(policy.gpu_layers, GpuLayers::Count(1..));
    if *backend == Some(Backend::Cpu) && asked {
        found.push(Finding::warning("On the CPU alone no layer goes to a GPU.", "Leave out the CPU backend."));
    }
    let idle = machine.gpus().filter(|pool| engine.backend_on(pool, *backend).is_none());
    let idle: Vec<&str> = idle.map(|pool| pool.id.as_str()).collect();
    if !idle.is_empty() && *backend != Some(Backend::Cpu) {
        found.push(Finding::warning(
            format!("{name} does not drive {} here, so nothing is put there.", idle.join(", ")),
            "Choose another backend or engine.",
        ));
    }
    let experts = engine.offload == Offload::Nothing && policy.cpu_experts != CpuExperts::Auto;
    if engine.offload != Offload::Layers && (experts || policy.gpu_layers != GpuLayers::Auto) {
        found.push(Finding::warning(
            format!("{name} cannot leave that to the CPU: it is counted on GPUs."),
            "Leave the placement to the engine.",
        ));
    }
    if let Some(share) = engine.takes {
        let gpus = machine.gpus().map(|pool| pool.capacity.value);
        let taken = gpus.max().map_or_else(String::new, |gpu| {
            format!(
                ": {} of {}",
                scenario.unit.of(crate::units::Bytes::saturating(gpu.as_f64() * share)),
                scenario.unit.of(gpu)
            )
        });
        found.push(Finding::note(
            format!("{name} reserves {:.0} % of each GPU whatever is needed{taken}.", share * 100.0),
            "What is not weights or buffers becomes room for more context or requests.",
        ));
    }
    found.extend(beyond_the_limit(scenario, plan));
    found.extend(unusual(scenario, plan));
    if !engine.ideal
        && let Some(other) = borrowed(scenario, plan)
    {
        found.push(Finding::note(
            format!("The speed of {name} on {} is taken as llama.cpp's: it was not measured.", other.title()),
            "",
        ));
    }
    if !engine.note.is_empty() {
        found.push(Finding::note(engine.note.clone(), ""));
    }
    if !engine.gguf_note.is_empty() && scenario.subject.is_gguf() {
        found.push(Finding::note(engine.gguf_note.clone(), ""));
    }
    found.extend(left_out(scenario, plan));
    if needs_environment(scenario) {
        found.push(Finding::note(
            format!("A server of {name} that runs already keeps its own environment."),
            "Stop it before the command, or set the variables where it is started.",
        ));
    }
    let assumed = plan.pools.iter().filter(|used| used.overhead.get() > 0).find_map(|used| {
        let pool = used.of(machine).filter(|pool| pool.kind != PoolKind::Ram)?;
        engine.overhead_on(engine.backend_on(pool, *backend)?).filter(|row| row.bytes.source == Source::Assumed)
    });
    if let Some(row) = assumed {
        found.push(Finding::note(
            format!(
                "What {} takes of a GPU for itself is assumed: {}.",
                row.backend.title(),
                scenario.unit.of(row.bytes.value)
            ),
            "",
        ));
    }
    found
}

/// What a command of the engine leaves out of what was asked, because it has no option for it.
#[must_use]
pub fn left_out(scenario: &Scenario, plan: &Plan) -> Option<Finding> {
    let engine = &scenario.engine;
    let unsaid: Vec<&str> = unsaid(scenario, plan).into_iter().map(Setting::words).collect();
    let (name, all) = (&engine.name, unsaid.join(", "));
    let what = format!("No option of {name} was found for this, so its command leaves it out: {all}.");
    (!all.is_empty() && !engine.flags.is_empty()).then(|| Finding::note(what, ""))
}

/// What was asked for that the engine cannot be told.
fn unsaid(scenario: &Scenario, plan: &Plan) -> Vec<Setting> {
    let Scenario { engine, policy, run, subject, .. } = scenario;
    let usual = RunOptions::default();
    let experts_by_layer = policy.cpu_experts != CpuExperts::Auto && plan.cpu_expert_layers > 0;
    let all_in_ram = engine.flag(Setting::GpuExperts).is_some() && policy.cpu_experts == CpuExperts::All;
    let window = engine.rules.cache.window == WindowRule::Full;
    let parts = policy.gpu_layers != GpuLayers::Auto && engine.offload == Offload::Layers;
    let asked: [(bool, &[Setting]); 12] = [
        (parts, &[Setting::GpuLayers]),
        (experts_by_layer && !all_in_ram, &[Setting::CpuExperts]),
        (!policy.tensor_split.is_empty(), &[Setting::Shares]),
        (policy.split == Some(Split::Tensor), &[Setting::SplitTensor, Setting::TensorParallel]),
        (run.kv_k != run.kv_v, &[Setting::KvV]),
        (run.kv_place == KvPlace::Host, &[Setting::KvOnHost]),
        (run.flash_attention == FlashAttention::Off, &[Setting::FlashOff]),
        (run.swa == SwaCache::Full && !window, &[Setting::WindowsFull]),
        (run.streams == KvStreams::Unified && run.sequences > 1, &[Setting::Unified]),
        (run.batch != usual.batch, &[Setting::Batch]),
        (run.ubatch != usual.ubatch, &[Setting::Ubatch]),
        (subject.experts_used.is_some(), &[Setting::ExpertsUsed]),
    ];
    let untold = |(_, ways): &&(bool, &[Setting])| ways.iter().all(|sets| engine.flag(*sets).is_none());
    asked.iter().filter(|(asked, _)| *asked).filter(untold).map(|(_, ways)| ways[0]).collect()
}

/// Whether something is asked for that the engine takes from the environment of its server.
fn needs_environment(scenario: &Scenario) -> bool {
    let Scenario { engine, run, .. } = scenario;
    let asked = [
        (run.sequences > 1, Setting::Sequences),
        (run.kv_k != Format::F16, Setting::Kv),
        (run.flash_attention == FlashAttention::Off, Setting::FlashOff),
    ];
    let by_environment = |sets: Setting| engine.flag(sets).is_some_and(|flag| flag.way == Way::Environment);
    asked.into_iter().any(|(asked, sets)| asked && by_environment(sets))
}

/// Says what the automatic choice does that the engine would not do by itself.
fn unusual(scenario: &Scenario, plan: &Plan) -> Option<Finding> {
    let Scenario { machine, policy, run, engine, .. } = scenario;
    let (gpu, cache) = (machine.gpus().next()?, KvPlace::Host);
    if plan.kv_place == cache && run.kv_place != cache {
        return Some(Finding::note(
            "The cache stays in RAM, so that more layers fit on the GPU: that is faster here.",
            "",
        ));
    }
    let alone = plan.gpu_layers == 0 && policy.is_automatic() && plan.mode != crate::placement::Mode::None;
    let driven = engine.backend_on(gpu, scenario.backend).is_some() && scenario.backend != Some(Backend::Cpu);
    (alone && driven && gpu.kind == PoolKind::Vram)
        .then(|| Finding::note("Nothing goes to the GPU: the CPU alone is expected to be no slower.", ""))
}

/// Says that layers went to the CPU because a GPU may use only part of unified memory.
fn beyond_the_limit(scenario: &Scenario, plan: &Plan) -> Option<Finding> {
    let pool = scenario.machine.host().filter(|pool| pool.kind == PoolKind::Unified)?;
    let moved = plan.layers.iter().any(crate::placement::LayerHome::on_cpu) && plan.gpu_layers > 0;
    if !moved || !scenario.policy.is_automatic() {
        return None;
    }
    // The setting is from memory; ggml-org/llama.cpp discussion #2182 is where it is named.
    let apple = pool.device.as_ref().is_some_and(|device| device.vendor == "Apple");
    let remedy = if apple { "sudo sysctl iogpu.wired_limit_mb=… raises the limit until the next start." } else { "" };
    let (limit, all) = (scenario.unit.of(pool.usable()), scenario.unit.of(pool.capacity.value));
    Some(Finding::note(format!("The GPU may use {limit} of {all}; what is beyond goes to the CPU."), remedy))
}

/// The first backend in use on which the engine itself was not measured.
fn borrowed(scenario: &Scenario, plan: &Plan) -> Option<Backend> {
    let Scenario { engine, backend, parameters, .. } = scenario;
    let machine = scenario.seen();
    let gpus: Vec<_> = machine.gpus().collect();
    let places = plan.layers.iter().filter_map(|home| home.gpu).chain(plan.head);
    let used = places.filter_map(|place| engine.backend_on(gpus.get(place)?, *backend));
    let host = plan.layers.iter().any(crate::placement::LayerHome::on_cpu).then_some(Backend::Cpu);
    used.chain(host).find(|backend| !parameters.measured(&engine.id, *backend))
}
