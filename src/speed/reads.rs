//! What one token reads and computes, pool by pool.

use crate::memory::{KvLayout, KvPlace};
use crate::model::{FeedForward, Mixer};
use crate::placement::{LayerHome, Load, Plan, Split};
use crate::units::{Bytes, Tokens};

use super::batch::touched;

/// Bytes read in one pool for one token.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reads {
    pub dense: Bytes,
    pub experts: Bytes,
    pub cache: Bytes,
    pub mla_cache: Bytes,
    /// Multiply-adds of attention.
    pub attention: f64,
    /// Those of MLA in its latent space.
    pub mla_attention: f64,
    pub layers: u32,
    pub moe_layers: u32,
    pub recurrent_layers: u32,
    /// Tensors outside the routed experts: each is at least one kernel.
    pub tensors: u32,
    /// Weights multiplied outside the routed experts.
    pub dense_count: f64,
    /// Weights of routed experts read.
    pub experts_count: f64,
    /// Of those, what one sequence multiplies.
    pub experts_multiplied: f64,
}

impl Reads {
    /// The share of the experts read that one sequence uses.
    pub fn experts_share(&self) -> f64 {
        if self.experts_count > 0.0 { self.experts_multiplied / self.experts_count } else { 1.0 }
    }
}

/// Sums what is read where.
#[allow(clippy::too_many_arguments, reason = "one sum, all of it needed")]
pub(super) fn gather(
    load: &Load<'_>,
    plan: &Plan,
    gpus: &[usize],
    depth: Tokens,
    apart: f64,
    reads: &mut [Reads],
    on_cpu: &mut Reads,
) {
    let tensor = plan.split == Split::Tensor && gpus.len() > 1;
    let shares: f64 = plan.tensor_split.iter().sum();
    // Where no shares were given, those the weights were laid out by.
    let lies =
        |pool: &usize| plan.pools.iter().find(|used| used.pool == *pool).map_or(0.0, |used| used.weights.as_f64());
    let all: f64 = gpus.iter().map(lies).sum();
    let laid: Vec<f64> =
        gpus.iter().map(|pool| if all > 0.0 { lies(pool) / all } else { 1.0 / gpus.len() as f64 }).collect();
    let sequences = load.options.sequences();
    let on_host = plan.kv_place == KvPlace::Host;
    for (((home, layer), weights), cache) in
        plan.layers.iter().zip(&load.model.layers).zip(&load.weights.layers).zip(&load.cache.layers)
    {
        // The state of a layer is that of all sequences already; it is read and written.
        let cache_bytes = cache.read_bytes_at(depth) * sequences + cache.state * 2;
        let latent = matches!(layer.mixer, Mixer::Mla(_)) && load.options.layout != KvLayout::Expanded;
        let attention = multiply_adds(layer.mixer, latent, depth.get().min(cache.cells)) * sequences as f64;
        let touched = touched(weights.used, sequences, apart);
        let experts_read =
            if sequences > 1 { Bytes::saturating(weights.experts.as_f64() * touched) } else { weights.experts_read() };
        let moe = matches!(layer.ffn, FeedForward::Moe(_));
        let recurrent = matches!(layer.mixer, Mixer::Recurrent(_));
        let add = |read: &mut Reads, share: f64, experts: bool, cached: bool| {
            let part = |bytes: Bytes| Bytes::saturating(bytes.as_f64() * share);
            read.dense += part(weights.dense());
            read.dense_count += weights.dense_count as f64 * share;
            if experts {
                read.experts += part(experts_read);
                read.experts_count += weights.experts_count as f64 * touched * share;
                read.experts_multiplied += weights.experts_count as f64 * weights.used * share;
            }
            if cached {
                if latent {
                    read.mla_cache += cache_bytes;
                    read.mla_attention += attention * share;
                } else {
                    read.cache += part(cache_bytes);
                    read.attention += attention * share;
                }
            }
            read.layers += 1;
            read.moe_layers += u32::from(moe);
            read.recurrent_layers += u32::from(recurrent);
            read.tensors += weights.tensors;
        };
        match home.gpu {
            None => add(on_cpu, 1.0, true, true),
            Some(_) if tensor => {
                for (place, &pool) in gpus.iter().enumerate() {
                    let share = if shares > 0.0 {
                        plan.tensor_split.get(place).copied().unwrap_or(0.0) / shares
                    } else {
                        laid.get(place).copied().unwrap_or(0.0)
                    };
                    if share <= 0.0 {
                        continue;
                    }
                    add(&mut reads[pool], share, !home.experts_in_ram, !on_host);
                }
            }
            Some(place) => {
                if let Some(&pool) = gpus.get(place) {
                    add(&mut reads[pool], 1.0, !home.experts_in_ram, !on_host);
                }
            }
        }
        if on_host && home.gpu.is_some() {
            // Attention follows its cache: the engine computes it where the cache lies.
            on_cpu.cache += cache_bytes;
            on_cpu.attention += attention;
            on_cpu.layers += u32::from(!home.experts_in_ram);
        }
        if home.experts_in_ram {
            on_cpu.experts += experts_read;
            on_cpu.experts_count += weights.experts_count as f64 * touched;
            on_cpu.experts_multiplied += weights.experts_count as f64 * weights.used;
            on_cpu.layers += 1;
            on_cpu.moe_layers += 1;
        }
    }
    let head = load.weights.head_read();
    let with_head = match plan.head.and_then(|place| gpus.get(place)) {
        Some(&pool) => &mut reads[pool],
        None => on_cpu,
    };
    with_head.dense += head;
    with_head.dense_count += load.weights.head_count as f64;
}

/// Takes out of a pool's reads what lies on disk instead, and returns those bytes. Experts leave memory
/// first; which of them a token needs is taken as uniform, so the share missed is the share missing.
pub(super) fn spill(load: &Load<'_>, plan: &Plan, read: &mut Reads, here: impl Fn(&LayerHome) -> bool) -> Bytes {
    if plan.on_disk == Bytes::ZERO {
        return Bytes::ZERO;
    }
    let experts: Bytes = plan
        .layers
        .iter()
        .zip(&load.weights.layers)
        .filter(|(home, _)| here(home))
        .map(|(_, weights)| weights.experts)
        .sum();
    let missing = plan.on_disk;
    let of_experts = missing.min(experts);
    let missed = if experts > Bytes::ZERO { of_experts.as_f64() / experts.as_f64() } else { 0.0 };
    let dense_missing = (missing - of_experts).min(read.dense);
    let experts_missing = Bytes::saturating(read.experts.as_f64() * missed);
    read.dense = read.dense - dense_missing;
    read.experts = read.experts - experts_missing;
    dense_missing + experts_missing
}

/// Multiply-adds of attention over so many tokens; MLA in its latent space or expanded per head.
fn multiply_adds(mixer: Mixer, latent: bool, seen: u64) -> f64 {
    let per_token = match mixer {
        Mixer::Attention(a) => a.heads * (a.key + a.value),
        Mixer::Mla(m) if latent => m.heads * (2 * m.kv_rank + m.rope),
        Mixer::Mla(m) => m.heads * (m.nope + m.rope + m.value),
        Mixer::Compressed(c) => 2 * c.heads * c.width / c.ratio.max(1),
        Mixer::Recurrent(_) | Mixer::None => 0,
    };
    per_token as f64 * seen as f64
}
