//! Tokens per second of a prompt: arithmetic, or the weights each batch has to read, whichever is slower.
//!
//! Efficiencies are shares of the fp16 rate of the data sheet; where an arithmetic rate is unknown there
//! is no figure.

use crate::hardware::Machine;
use crate::model::{FeedForward, Mixer};
use crate::placement::{Load, Plan};
use crate::units::{FlopsPerSecond, Seconds, Tokens};

use super::{Parameters, Range};

/// PCIe in one direction where a machine does not say: generation 4, 16 lanes.
const PCIE: f64 = 25e9;
/// The batch the fitted efficiency of routed experts was measured at.
const FITTED_BATCH: f64 = 512.0;

/// Prompt tokens per second for a prompt of this length behind `depth` tokens.
#[must_use]
pub fn prefill(
    load: &Load<'_>,
    plan: &Plan,
    machine: &Machine,
    parameters: &Parameters,
    depth: Tokens,
    prompt: Tokens,
) -> Option<Range> {
    let gpus = machine.gpu_places();
    let host = machine.host();
    let batch = (load.options.ubatch().min(prompt.get().max(1))) as f64;
    let mut seconds = 0.0;
    let mut spread = 0.0_f64;
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
        let on_cpu = |flops: f64, bytes: f64| -> Option<f64> {
            let rate = cpu_flops(machine, parameters);
            let bandwidth = host?.bandwidth()?.0.get();
            (rate > 0.0).then(|| (flops / rate).max(bytes / bandwidth))
        };
        match home.gpu.and_then(|place| gpus.get(place)) {
            None => {
                seconds +=
                    on_cpu(dense_flops + experts_flops + attention_flops, weights.dense().as_f64() + experts_bytes)?;
                spread = spread.max(parameters.host.spread);
            }
            Some(&pool) => {
                let pool = &machine.pools[pool];
                let device = pool.device.as_ref()?;
                let backend = load.engine.backend_on(pool, load.backend)?;
                let rates = parameters.rates(&load.engine.id, backend)?.prefill?;
                // Cards without fast fp16 (Pascal) compute in fp32.
                let rate = |rate: Option<FlopsPerSecond>| rate.map_or(0.0, FlopsPerSecond::get);
                let fp16 = rate(device.fp16).max(rate(device.fp32));
                if fp16 <= 0.0 {
                    return None;
                }
                let bandwidth = pool.bandwidth()?.0.get();
                spread = spread.max(rates.spread);
                let (weights_share, attention_share, experts_share) = if load.engine.ideal {
                    (1.0, 1.0, 1.0)
                } else {
                    let sparsity = (experts / (experts * used * batch / FITTED_BATCH).max(1e-9)).max(1.0);
                    let moe = if width_experts { rates.experts * sparsity.powf(-0.20) } else { 1.0 };
                    (rates.weights * moe, rates.attention, rates.weights * moe)
                };
                let dense = (dense_flops / (fp16 * weights_share)).max(weights.dense().as_f64() / bandwidth);
                seconds += dense + attention_flops / (fp16 * attention_share);
                if home.experts_in_ram {
                    // The engine either copies the experts to the GPU for a large batch or computes them beside it.
                    let link =
                        machine.link_of(pool).and_then(|link| link.bandwidth.as_ref()).map_or(PCIE, |b| b.value.get());
                    let copied = experts_bytes / link + experts_flops / (fp16 * experts_share);
                    let beside = on_cpu(experts_flops, experts_bytes).unwrap_or(f64::INFINITY);
                    seconds += copied.min(beside);
                } else {
                    seconds += (experts_flops / (fp16 * experts_share)).max(experts_bytes / bandwidth);
                }
            }
        }
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
        Mixer::Mla(m) => 2.0 * m.heads as f64 * (2 * m.kv_rank + m.rope) as f64 * depth,
        Mixer::Compressed(c) => 4.0 * c.heads as f64 * c.width as f64 * depth / c.ratio.max(1) as f64,
        Mixer::Recurrent(_) | Mixer::None => 0.0,
    }
}

/// Arithmetic of the CPU: typed, else assumed from its cores and SIMD.
fn cpu_flops(machine: &Machine, parameters: &Parameters) -> f64 {
    machine.cpu.flops.as_ref().map_or_else(
        || f64::from(machine.cpu.cores.max(1)) * parameters.core_flops(&machine.cpu.simd),
        |flops| flops.value.get(),
    )
}
