//! Tokens per second of a prompt: arithmetic, and the weights each batch has to read.
//!
//! Efficiencies are shares of the fp16 rate of the data sheet, fitted over published measurements by
//! `tests/tools/fit`; where an arithmetic rate is unknown there is no figure.

use crate::hardware::{Machine, Pool, PoolKind};
use crate::memory::FlashAttention;
use crate::model::{FeedForward, Mixer};
use crate::placement::{Load, Plan};
use crate::units::{FlopsPerSecond, Seconds, Tokens};

use super::passing::passings;
use super::{Built, Parameters, Range};

/// The batch the fitted efficiency of routed experts was measured at.
const FITTED_BATCH: f64 = 512.0;

/// Prompt tokens per second for a prompt of this length behind `depth` tokens.
#[must_use]
#[allow(clippy::too_many_arguments, reason = "one question, all of it needed")]
pub fn prefill(
    load: &Load<'_>,
    plan: &Plan,
    machine: &Machine,
    parameters: &Parameters,
    built: Built<'_>,
    depth: Tokens,
    prompt: Tokens,
) -> Option<Range> {
    let gpus = machine.gpu_places();
    let host = machine.host();
    let batch = (load.options.ubatch().min(prompt.get().max(1))) as f64;
    let era = parameters.era(built);
    let unfused = load.options.flash_attention == FlashAttention::Off || era.unfused;
    let unfused = if unfused { parameters.unfused_attention_prompt } else { 1.0 };
    // On GPUs, on the CPU.
    let (mut seconds, mut beside_seconds) = (0.0, 0.0);
    let mut spread = 0.0_f64;
    let mut used_gpus = vec![false; gpus.len()];
    for ((home, layer), weights) in plan.layers.iter().zip(&load.model.layers).zip(&load.weights.layers) {
        let (used, experts, width_experts) = match layer.ffn {
            FeedForward::Moe(moe) => (weights.used, moe.experts as f64, true),
            _ => (1.0, 1.0, false),
        };
        let experts_flops = 2.0 * weights.experts_count as f64 * used * batch;
        let dense_flops = 2.0 * weights.dense_count as f64 * batch;
        let attention_flops = attention_flops(layer.mixer, depth, prompt) * batch;
        // Of many experts a batch touches most, of few all.
        let touched = 1.0 - (1.0 - used).powf(batch);
        let experts_bytes = weights.experts.as_f64() * touched;
        let computed = |pool: Option<&Pool>, flops: f64, bytes: f64| -> Option<f64> {
            let rate = cpu_flops(machine, parameters);
            let bandwidth = pool?.bandwidth()?.0.get();
            (rate > 0.0).then(|| (flops / rate).max(bytes / bandwidth))
        };
        let on_cpu = |flops: f64, bytes: f64| computed(host, flops, bytes);
        if let Some(used) = home.gpu.and_then(|place| used_gpus.get_mut(place)) {
            *used = true;
        }
        match home.gpu.and_then(|place| gpus.get(place)) {
            None => {
                beside_seconds +=
                    on_cpu(dense_flops + experts_flops + attention_flops, weights.dense().as_f64() + experts_bytes)?;
                spread = spread.max(parameters.prefill_host_spread);
            }
            // The CPU of a further node.
            Some(&place) if machine.pools[place].kind == PoolKind::Ram => {
                let flops = dense_flops + experts_flops + attention_flops;
                seconds += computed(machine.pools.get(place), flops, weights.dense().as_f64() + experts_bytes)?;
                spread = spread.max(parameters.prefill_host_spread);
            }
            Some(&pool) => {
                let pool = &machine.pools[pool];
                let device = pool.device.as_ref()?;
                let backend = load.engine.backend_on(pool, load.backend)?;
                let rates_row = parameters.rates(&load.engine.id, backend)?;
                let rates = rates_row.prefill?;
                // Cards without fast fp16 (Pascal) compute in fp32.
                let rate = |rate: Option<FlopsPerSecond>| rate.map_or(0.0, FlopsPerSecond::get);
                let fp16 = rate(device.fp16).max(rate(device.fp32));
                if fp16 <= 0.0 {
                    return None;
                }
                let bandwidth = pool.bandwidth()?.0.get();
                spread = spread.max(rates.spread);
                let bits = |bytes: f64, count: u64| if count > 0 { bytes * 8.0 / count as f64 } else { 0.0 };
                let (dense_share, attention_share, experts_share) = if load.engine.ideal {
                    (1.0, 1.0, 1.0)
                } else {
                    let sparsity = (experts / (experts * used * batch / FITTED_BATCH).max(1e-9)).max(1.0);
                    let moe =
                        if width_experts { rates.experts * sparsity.powf(-parameters.prefill_sparsity) } else { 1.0 };
                    let share = rates.weights * parameters.class(rates_row.backend, Some(device)).prefill;
                    let of = |bits: f64| share * parameters.prefill_format(bits);
                    (
                        of(bits(weights.dense().as_f64(), weights.dense_count)),
                        rates.attention / unfused,
                        of(bits(weights.experts.as_f64(), weights.experts_count)) * moe,
                    )
                };
                let reading = |bytes: f64| bytes / bandwidth * parameters.prefill_reading;
                seconds += dense_flops / (fp16 * dense_share) + reading(weights.dense().as_f64());
                seconds += attention_flops / (fp16 * attention_share);
                if home.experts_in_ram {
                    // The engine either copies the experts to the GPU for a large batch or computes them beside it.
                    let link = parameters.serving.bus(machine.link_of(pool)).get();
                    let copied = experts_bytes / link + experts_flops / (fp16 * experts_share);
                    let beside = on_cpu(experts_flops, experts_bytes).unwrap_or(f64::INFINITY);
                    beside_seconds += copied.min(beside);
                    spread = spread.max(parameters.prefill_host_spread);
                } else {
                    seconds += experts_flops / (fp16 * experts_share) + reading(experts_bytes);
                }
            }
        }
    }
    // Neighbours work on different batches of one prompt at the same time.
    let used = used_gpus.iter().filter(|used| **used).count();
    if used > 1 {
        let together = (used as f64).min(prompt.as_f64() / FITTED_BATCH).max(1.0);
        seconds /= if load.engine.ideal { together } else { together.powf(parameters.prefill_pipeline) };
    }
    seconds += beside_seconds;
    let devices: Vec<usize> = gpus.iter().zip(&used_gpus).filter(|(_, used)| **used).map(|(place, _)| *place).collect();
    let passed = passings(load, plan, machine, parameters, &devices, batch as u64).far;
    seconds += passed.time.get();
    if passed.times > 0 {
        spread += parameters.serving.network_spread;
    }
    if plan.on_disk.get() > 0 {
        let disk = machine.disk()?.bandwidth()?.0.get();
        seconds += plan.on_disk.as_f64() / disk;
    }
    let rate = Seconds::new(seconds)?.rate()?.get() * batch;
    Some(if load.engine.ideal { Range::exact(rate) } else { Range::around(rate, spread) })
}

/// Operations of attention for one token of a prompt, at its mean depth.
fn attention_flops(mixer: Mixer, depth: Tokens, prompt: Tokens) -> f64 {
    let depth = depth.as_f64() + prompt.as_f64() / 2.0;
    match mixer {
        Mixer::Attention(a) => {
            let seen = a.window.map_or(depth, |window| depth.min(window.tokens.as_f64()));
            2.0 * a.heads as f64 * (a.key + a.value) as f64 * seen
        }
        // A prompt is computed with keys and values expanded per head.
        Mixer::Mla(m) => 2.0 * m.heads as f64 * (m.nope + m.rope + m.value) as f64 * depth,
        Mixer::Compressed(c) => 4.0 * c.heads as f64 * c.width as f64 * depth / c.ratio.max(1) as f64,
        Mixer::Recurrent(_) | Mixer::None => 0.0,
    }
}

/// Arithmetic of the CPU: typed, else assumed from its cores and SIMD.
pub(super) fn cpu_flops(machine: &Machine, parameters: &Parameters) -> f64 {
    machine.cpu.flops.as_ref().map_or_else(
        || f64::from(machine.cpu.cores.max(1)) * parameters.core_flops(&machine.cpu.simd),
        |flops| flops.value.get(),
    )
}
