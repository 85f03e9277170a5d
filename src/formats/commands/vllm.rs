//! `vllm serve`.

use crate::hardware::PoolKind;
use crate::placement::{Plan, Setting, Split};
use crate::quant::Format;
use crate::scenario::Scenario;

use super::line::Step;
use super::shell::Unwritable;
use super::weights::{self, Gguf};
use super::{Words, nodes};

/// GGUF files go through a plug-in, which wants the tokenizer of the model; other weights come with theirs.
pub(super) fn steps(scenario: &Scenario, plan: &Plan) -> Result<Vec<Step>, Unwritable> {
    let run = &scenario.run;
    let mut words = Words::new(&scenario.engine, "vllm serve");
    if scenario.subject.is_gguf() {
        words.word(match weights::gguf(scenario)? {
            Gguf::Published(name) => name,
            Gguf::File(path) => weights::as_path(&path),
        });
        if let Some(repository) = weights::repository(scenario) {
            words.set(Setting::Tokenizer, &repository);
        }
    } else {
        words.word(weights::folder(scenario)?.unwrap_or_else(|| weights::unknown_folder(&scenario.subject)));
    }
    words.set(Setting::OneContext, &weights::each_sequence(scenario));
    words.set(Setting::Sequences, &run.sequences);
    words.set(Setting::Batch, &run.batch);
    let gpus = nodes::gpus(scenario, plan);
    if !nodes::hosts(scenario, plan).is_empty() {
        words.say(Setting::Together);
    }
    if gpus > 1 {
        let tensor = plan.split == Split::Tensor;
        words.set(if tensor { Setting::TensorParallel } else { Setting::PipelineParallel }, &gpus);
    }
    if let Some(share) = share(scenario) {
        words.set(Setting::GpuShare, &share);
    }
    // Sixteen bits are the model's own, which it takes by itself.
    if run.kv_k == Format::Q8_0 {
        words.set(Setting::Kv, &scenario.engine.kv_word(run.kv_k));
    }
    Ok(vec![words.run()])
}

/// The share of the tightest GPU that may be used, which is the engine's own unless a reserve was typed.
fn share(scenario: &Scenario) -> Option<String> {
    let machine = scenario.seen();
    let gpus = machine.pools.iter().filter(|pool| matches!(pool.kind, PoolKind::Vram | PoolKind::Unified));
    let shares = gpus.map(|pool| pool.usable().as_f64() / pool.capacity.value.as_f64().max(1.0));
    let least = shares.fold(None, |least: Option<f64>, share| Some(least.map_or(share, |least| least.min(share))));
    least.filter(|share| (0.01..=1.0).contains(share)).map(|share| format!("{share:.2}"))
}
