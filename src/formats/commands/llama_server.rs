//! `llama-server`, of llama.cpp and of `ik_llama.cpp`.

use crate::memory::{FlashAttention, KvPlace, KvStreams, SwaCache};
use crate::model::Mixer;
use crate::placement::{Mode, Plan, Setting, Split};
use crate::quant::Format;
use crate::scenario::Scenario;

use super::line::Step;
use super::shell::Unwritable;
use super::weights::{self, Gguf};
use super::{Words, nodes};

/// What is its default is left out, but for the number of slots: left alone the server of llama.cpp takes four.
pub(super) fn steps(scenario: &Scenario, plan: &Plan) -> Result<Vec<Step>, Unwritable> {
    let run = &scenario.run;
    let mut words = Words::new(&scenario.engine, "llama-server");
    match weights::gguf(scenario)? {
        Gguf::Published(name) if weights::fetches(scenario) => words.set(Setting::Repository, &name),
        Gguf::Published(_) => words.set(Setting::Model, &weights::gguf_file(scenario)?),
        Gguf::File(path) => words.set(Setting::Model, &path),
    }
    words.set(Setting::Context, &run.context.get());
    if let Some(servers) = nodes::rpc_servers(scenario, plan) {
        words.set(Setting::Servers, &servers);
    }
    if plan.gpu_layers > 0 || scenario.machine.gpus().next().is_some() {
        words.set(Setting::GpuLayers, &plan.gpu_layers);
    }
    if plan.cpu_expert_layers > 0 {
        words.set(Setting::CpuExperts, &plan.cpu_expert_layers);
    }
    let shares: Vec<String> = nodes::shares(scenario, plan).iter().map(f64::to_string).collect();
    if shares.len() > 1 {
        words.set(Setting::Shares, &shares.join(","));
    }
    for (sets, format) in [(Setting::KvK, run.kv_k), (Setting::KvV, run.kv_v)] {
        if format != Format::F16 {
            words.set(sets, &format.name().to_ascii_lowercase());
        }
    }
    let flash = run.flash_attention == FlashAttention::On;
    words.say(if flash { Setting::FlashOn } else { Setting::FlashOff });
    words.set(Setting::Sequences, &run.sequences);
    if run.ubatch != 512 {
        words.set(Setting::Ubatch, &run.ubatch);
    }
    if run.batch != 2048 {
        words.set(Setting::Batch, &run.batch);
    }
    if let Some(threads) = threads(scenario, plan) {
        words.set(Setting::Threads, &threads);
    }
    if let Some(used) = scenario.subject.experts_used {
        words.set(Setting::ExpertsUsed, &format!("{}.expert_used_count=int:{used}", scenario.subject.model.gguf));
    }
    let latent = scenario.subject.model.layers.iter().any(|layer| matches!(layer.mixer, Mixer::Mla(_)));
    for (asked, sets) in [
        (plan.kv_place == KvPlace::Host, Setting::KvOnHost),
        (plan.split == Split::Tensor && scenario.machine.gpus().count() > 1, Setting::SplitTensor),
        (run.streams == KvStreams::Unified && run.sequences > 1, Setting::Unified),
        (run.swa == SwaCache::Full, Setting::WindowsFull),
        (latent, Setting::LatentCache),
    ] {
        if asked {
            words.say(sets);
        }
    }
    Ok(vec![words.run()])
}

/// Threads matter where the CPU computes: the knee of a measurement, else the physical cores.
fn threads(scenario: &Scenario, plan: &Plan) -> Option<u32> {
    let on_cpu = plan.mode != Mode::Gpu;
    let measured = scenario.machine.measurements.iter().rev().find(|m| m.what == "ram").map(|m| m.threads);
    on_cpu.then(|| measured.unwrap_or(scenario.machine.cpu.cores)).filter(|threads| *threads > 0)
}
