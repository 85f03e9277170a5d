//! Tokens per second of a prompt: arithmetic, and the weights each batch has to read.
//!
//! Form: operations / (fp16 rate x share reached) on GPUs, / (cores x what one does) on the CPU, beside the bytes each
//! batch reads; experts in RAM are computed there, or copied to the GPU from the batch on that their engine does so.
//! Shares are fitted over published measurements by `tests/tools/fit`; where a rate is unknown there is no figure.

use crate::hardware::{Backend, Machine, Pool, PoolKind};
use crate::memory::{FlashAttention, KvLayout, LayerWeights};
use crate::model::{FeedForward, Layer, Mixer};
use crate::placement::{Load, Plan, Split};
use crate::units::{Bytes, FlopsPerSecond, Params, Seconds, Tokens, TokensPerSecond};

use super::parameters::Era;
use super::passing::passings;
use super::{Built, Filled, Parameters, PrefillRates, Range};

/// The batch the fitted efficiency of routed experts was measured at.
const FITTED_BATCH: f64 = 512.0;
/// Heads for each key and value of a usual model: where their grouping is fitted from.
const USUAL_GROUP: f64 = 4.0;
/// Bytes of one value of a recurrent state.
const STATE_VALUE: f64 = 4.0;

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
    let era = parameters.era(built);
    let batch = load.options.ubatch().min(prompt.get().max(1)) as f64;
    let unfused = load.options.flash_attention == FlashAttention::Off || era.unfused;
    let unfused = if unfused { parameters.unfused_attention_prompt } else { 1.0 };
    let asked = Asked { load, machine, parameters, era, batch, unfused, depth: depth.as_f64() + prompt.as_f64() / 2.0 };
    let gpus = machine.gpu_places();
    let copying_to = asked.copying_to();
    // On GPUs, on the CPU.
    let (mut seconds, mut beside) = (0.0, 0.0);
    let mut spread = 0.0_f64;
    let mut used = vec![false; gpus.len()];
    let mut on_cpu = false;
    let layers = plan.layers.iter().zip(&load.model.layers).zip(&load.weights.layers).zip(&load.cache.layers);
    for (((home, layer), weights), cache) in layers {
        let work = asked.work(layer, weights, cache.state);
        match home.gpu.and_then(|place| Some((place, *gpus.get(place)?))) {
            None => {
                beside += asked.layer_in_ram(&work, copying_to.as_ref())?;
                on_cpu = true;
            }
            // The CPU of a further node.
            Some((place, pool)) if machine.pools[pool].kind == PoolKind::Ram => {
                seconds += asked.on_cpu(&machine.pools[pool], &work, Part::Layer)?;
                used[place] = true;
                on_cpu = true;
            }
            Some((place, pool)) => {
                let gpu = asked.gpu(&machine.pools[pool])?;
                used[place] = true;
                spread = spread.max(if gpus.len() > 1 { gpu.rates.spread_several } else { gpu.rates.spread });
                seconds += asked.dense(&work, &gpu);
                if home.experts_in_ram {
                    beside += asked.experts_in_ram(&work, &gpu)?;
                    on_cpu = true;
                } else {
                    seconds += asked.experts(&work, &gpu);
                }
            }
        }
    }
    let count = used.iter().filter(|used| **used).count();
    let together = if plan.split == Split::Tensor { gpus.len() as f64 } else { asked.pipelined(count as f64, prompt) };
    seconds /= together.powf(if load.engine.ideal { 1.0 } else { parameters.prefill_pipeline.min(1.0) });
    if on_cpu {
        spread = asked.host_spread(count > 0 || copying_to.is_some()).max(spread);
    }
    seconds += beside;
    let devices: Vec<usize> = gpus.iter().zip(&used).filter(|(_, used)| **used).map(|(place, _)| *place).collect();
    let passed = passings(load, plan, machine, parameters, &devices, batch as u64).far;
    seconds += passed.time.get();
    if passed.times > 0 {
        spread += parameters.serving.network_spread;
    }
    if plan.on_disk > Bytes::ZERO {
        seconds += plan.on_disk.as_f64() / machine.disk()?.bandwidth()?.0.get();
    }
    let rate = Seconds::new(seconds)?.rate()?.get() * batch;
    Some(if load.engine.ideal { Range::exact(rate) } else { Range::around(rate, spread) })
}

/// The textbook's rate of a prompt: two operations for each parameter a token uses, the head counted, over the
/// arithmetic there is. A ceiling: attention and the passes over the weights come on top.
///
/// ```
/// use willitrun::speed::textbook_prompt;
/// use willitrun::units::{FlopsPerSecond, Params};
/// let rate = textbook_prompt(Params::new(36_630_000_000), FlopsPerSecond::from_tera(2.0).unwrap()).unwrap();
/// assert_eq!(format!("{:.1}", rate.get()), "27.3");
/// ```
#[must_use]
pub fn textbook_prompt(active: Params, arithmetic: FlopsPerSecond) -> Option<TokensPerSecond> {
    TokensPerSecond::new(arithmetic.get() / (2.0 * active.as_f64()))
}

/// Operations and bytes of the first batch of a prompt, over all layers.
pub(super) fn batch_work(
    load: &Load<'_>,
    plan: &Plan,
    machine: &Machine,
    parameters: &Parameters,
    depth: Tokens,
    prompt: Tokens,
) -> (f64, f64, f64) {
    let batch = load.options.ubatch().min(prompt.get().max(1)) as f64;
    let (era, depth) = (parameters.era(None), depth.as_f64() + prompt.as_f64() / 2.0);
    let asked = Asked { load, machine, parameters, era, batch, unfused: 1.0, depth };
    let layers = plan.layers.iter().zip(&load.model.layers).zip(&load.weights.layers).zip(&load.cache.layers);
    let (mut operations, mut bytes) = (0.0, 0.0);
    for (((_, layer), weights), cache) in layers {
        let work = asked.work(layer, weights, cache.state);
        operations += work.dense + work.experts + work.attention;
        bytes += work.dense_bytes + work.experts_bytes;
    }
    (operations, bytes, batch)
}

/// What a batch asks of one layer: operations and bytes.
struct Work {
    dense: f64,
    dense_bytes: f64,
    dense_bits: f64,
    experts: f64,
    /// Of many experts a batch touches most, of few all.
    experts_bytes: f64,
    experts_bits: f64,
    /// Tokens that reach each expert on average.
    for_expert: f64,
    attention: f64,
    /// Heads that share each key and value.
    group: f64,
    recurrent: f64,
}

/// What the CPU computes of a layer.
#[derive(Clone, Copy)]
enum Part {
    Layer,
    Attention,
    Experts,
}

/// A GPU as its layers see it.
struct Gpu<'a> {
    pool: &'a Pool,
    rates: PrefillRates,
    /// fp16 operations per second, or fp32 where those are faster.
    rate: f64,
    bandwidth: f64,
    /// Factor of its generation.
    class: f64,
}

/// The question.
struct Asked<'a> {
    load: &'a Load<'a>,
    machine: &'a Machine,
    parameters: &'a Parameters,
    era: Era,
    batch: f64,
    unfused: f64,
    depth: f64,
}

impl Asked<'_> {
    fn work(&self, layer: &Layer, weights: &LayerWeights, state: Bytes) -> Work {
        let sparse = matches!(layer.ffn, FeedForward::Moe(_));
        let used = if sparse { weights.used } else { 0.0 };
        let bits = |bytes: Bytes, count: u64| if count > 0 { bytes.as_f64() * 8.0 / count as f64 } else { 0.0 };
        let recurrent = if matches!(layer.mixer, Mixer::Recurrent(_)) { state.as_f64() / STATE_VALUE } else { 0.0 };
        Work {
            dense: 2.0 * weights.dense_count as f64 * self.batch,
            dense_bytes: weights.dense().as_f64(),
            dense_bits: bits(weights.dense(), weights.dense_count),
            experts: 2.0 * weights.experts_count as f64 * used * self.batch,
            experts_bytes: weights.experts.as_f64() * (1.0 - (1.0 - used).powf(self.batch)),
            experts_bits: bits(weights.experts, weights.experts_count),
            for_expert: used * self.batch,
            attention: self.attention(layer.mixer) * self.batch,
            group: match layer.mixer {
                Mixer::Attention(a) => a.heads as f64 / a.kv_heads.max(1) as f64,
                _ => USUAL_GROUP,
            },
            recurrent: recurrent * self.batch,
        }
    }

    fn gpu<'m>(&self, pool: &'m Pool) -> Option<Gpu<'m>> {
        let backend = self.load.engine.backend_on(pool, self.load.backend)?;
        let row = self.parameters.rates(&self.load.engine.id, backend)?;
        let rate = self.machine.gpu_flops(pool)?.0.get();
        let class = self.parameters.class(row.backend, pool.device.as_ref()).prefill;
        let bandwidth = pool.bandwidth()?.0.get();
        Some(Gpu { pool, rates: row.prefill?, rate, bandwidth, class })
    }

    /// Arithmetic against reading: a ceiling does both at once, an engine one after the other.
    fn beside_reading(&self, computing: f64, bytes: f64, gpu: &Gpu<'_>) -> f64 {
        let reading = bytes / gpu.bandwidth;
        if self.load.engine.ideal {
            computing.max(reading)
        } else {
            computing * self.era.prompt + reading * self.parameters.prefill_reading.max(1.0)
        }
    }

    /// All of a layer but its routed experts, on a GPU.
    fn dense(&self, work: &Work, gpu: &Gpu<'_>) -> f64 {
        let parameters = self.parameters;
        let computing = if self.load.engine.ideal {
            (work.dense + work.attention) / gpu.rate
        } else {
            let share = gpu.rates.weights * gpu.class * parameters.prefill_format(work.dense_bits);
            let grouping = (work.group / USUAL_GROUP).powf(parameters.prefill_grouping);
            let attention = gpu.rates.attention * gpu.class * grouping / self.unfused;
            let recurrent = work.recurrent * parameters.prefill_recurrent * self.era.recurrent_prompt;
            (work.dense / share.min(1.0) + work.attention / attention.min(1.0) + recurrent) / gpu.rate
        };
        self.beside_reading(computing, work.dense_bytes, gpu)
    }

    /// Arithmetic of routed experts on a GPU.
    fn experts_computing(&self, work: &Work, gpu: &Gpu<'_>) -> f64 {
        if self.load.engine.ideal {
            return work.experts / gpu.rate;
        }
        let sparsity = (FITTED_BATCH / work.for_expert.max(1e-9)).max(1.0);
        let share = gpu.rates.weights
            * gpu.class
            * self.parameters.prefill_format(work.experts_bits)
            * gpu.rates.experts
            * sparsity.powf(-self.parameters.prefill_sparsity);
        work.experts / (gpu.rate * share.min(1.0))
    }

    fn experts(&self, work: &Work, gpu: &Gpu<'_>) -> f64 {
        self.beside_reading(self.experts_computing(work, gpu), work.experts_bytes, gpu)
    }

    /// The GPU of this machine that weights in RAM are copied to for a batch, where the engine does so.
    fn copying_to(&self) -> Option<Gpu<'_>> {
        let drives = !self.load.engine.ideal && self.load.backend != Some(Backend::Cpu);
        let copies = drives && self.parameters.copies_dense(&self.load.engine.id, self.batch);
        let near = |pool: &&Pool| pool.kind == PoolKind::Vram && pool.node.is_none();
        self.gpu(self.machine.pools.iter().find(near).filter(|_| copies)?)
    }

    /// A whole layer that lies in RAM. What is copied is computed on the GPU; attention stays where the cache is.
    fn layer_in_ram(&self, work: &Work, copying_to: Option<&Gpu<'_>>) -> Option<f64> {
        let host = self.machine.host()?;
        let Some(gpu) = copying_to else { return self.on_cpu(host, work, Part::Layer) };
        let link = self.parameters.serving.bus(self.machine.link_of(gpu.pool)).get();
        let copying = work.dense_bytes / (link * self.parameters.copy_share.min(1.0));
        let dense = self.dense(&Work { attention: 0.0, recurrent: 0.0, ..*work }, gpu);
        Some(copying + dense + self.experts_in_ram(work, gpu)? + self.on_cpu(host, work, Part::Attention)?)
    }

    /// Routed experts that lie in RAM, for a layer whose rest lies on a GPU.
    fn experts_in_ram(&self, work: &Work, gpu: &Gpu<'_>) -> Option<f64> {
        if work.experts <= 0.0 {
            return Some(0.0);
        }
        let link = self.parameters.serving.bus(self.machine.link_of(gpu.pool)).get();
        let beside = self.machine.host().and_then(|host| self.on_cpu(host, work, Part::Experts));
        let computing = self.experts_computing(work, gpu);
        if self.load.engine.ideal {
            let copied = computing.max(work.experts_bytes / link);
            return Some(beside.map_or(copied, |beside| beside.min(copied)));
        }
        if self.parameters.copies(&self.load.engine.id, self.batch, work.for_expert) {
            return Some(
                computing * self.era.prompt + work.experts_bytes / (link * self.parameters.copy_share.min(1.0)),
            );
        }
        beside
    }

    /// Arithmetic of the CPU beside what it reads; none where either is unknown.
    fn on_cpu(&self, pool: &Pool, work: &Work, part: Part) -> Option<f64> {
        let (parameters, cpu) = (self.parameters, &self.machine.cpu);
        let bandwidth = pool.bandwidth()?.0.get() * Filled::of(pool).map_or(1.0, Filled::share);
        let rate = cpu_flops(self.machine, parameters);
        if rate <= 0.0 || bandwidth <= 0.0 {
            return None;
        }
        let family = &self.load.engine.id;
        let (shares, sockets) = if self.load.engine.ideal {
            (PrefillRates { weights: 1.0, attention: 1.0, experts: 1.0, spread: 0.0, spread_several: 0.0 }, 1.0)
        } else {
            let row = parameters.rates(family, Backend::Cpu)?;
            (row.prefill?, parameters.over_sockets(family, cpu))
        };
        let experts = work.experts / (shares.weights * shares.experts).min(1.0);
        let (operations, bytes) = match part {
            Part::Experts => (experts, work.experts_bytes),
            Part::Attention => (work.attention / shares.attention.min(1.0), 0.0),
            Part::Layer => (
                work.dense / shares.weights.min(1.0) + work.attention / shares.attention.min(1.0) + experts,
                work.dense_bytes + work.experts_bytes,
            ),
        };
        Some((operations / (rate * sockets)).max(bytes / (bandwidth * sockets)))
    }

    /// Operations of attention for one token of a prompt, at its mean depth. Most engines expand MLA's keys and values
    /// per head, which is less to compute.
    fn attention(&self, mixer: Mixer) -> f64 {
        let depth = self.depth;
        let options = self.load.options;
        match mixer {
            Mixer::Attention(a) => {
                let seen = a.window.map_or(depth, |window| depth.min(window.tokens.as_f64()));
                2.0 * a.heads as f64 * (a.key + a.value) as f64 * seen
            }
            Mixer::Mla(m) => {
                let latent =
                    options.layout != KvLayout::Expanded && self.parameters.latent_prompts(&self.load.engine.id);
                let width = if latent { 2 * m.kv_rank + m.rope } else { m.nope + m.rope + m.value };
                2.0 * m.heads as f64 * width as f64 * depth
            }
            Mixer::Compressed(c) => 4.0 * c.heads as f64 * c.width as f64 * depth / c.ratio.max(1) as f64,
            Mixer::Recurrent(_) | Mixer::None => 0.0,
        }
    }

    /// How many times faster GPUs in a row are together: with m batches on their way, n GPUs need m + n - 1 steps for
    /// what one does in m n. The engine has as many on their way as a batch is cut into.
    fn pipelined(&self, gpus: f64, prompt: Tokens) -> f64 {
        let on_their_way = (prompt.as_f64().min(self.load.options.batch.max(1) as f64) / self.batch).max(1.0);
        if gpus > 1.0 { on_their_way * gpus / (on_their_way + gpus - 1.0) } else { 1.0 }
    }

    fn host_spread(&self, beside_gpu: bool) -> f64 {
        let row = self.parameters.rates(&self.load.engine.id, Backend::Cpu);
        let alone = row.and_then(|row| row.prefill).map(|rates| rates.spread);
        alone.filter(|_| !beside_gpu).unwrap_or(self.parameters.prefill_host_spread)
    }
}

/// Arithmetic of the CPU: typed, else what its cores do together.
pub(super) fn cpu_flops(machine: &Machine, parameters: &Parameters) -> f64 {
    let cpu = &machine.cpu;
    let whole = || f64::from(cpu.cores.max(1)) * parameters.core(&cpu.simd).map_or(0.0, |core| core.prompt);
    cpu.flops.as_ref().map_or_else(whole, |flops| flops.value.get())
}
