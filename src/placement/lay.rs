//! Lays a model out for given numbers: so many layers on GPUs, so many with experts in RAM.
//!
//! The rules are llama.cpp's (`llama_model::load_tensors`): the input embedding stays on the CPU, the
//! last `gpu_layers` slots go to GPUs with the head as the very last slot, and each GPU takes the run
//! of slots its cumulated share covers.

use crate::hardware::{Backend, Machine, Pool, PoolKind};
use crate::memory::{Buffers, Cache, ComputeBytes, HostWeights, KvPlace, LayerPlace, Places, RunOptions, Weights};
use crate::model::{Architecture, Mixer};
use crate::units::Bytes;

use super::{Engine, LayerHome, Offload, PoolUse};

/// What is to be placed.
#[derive(Clone, Copy, Debug)]
pub struct Load<'a> {
    /// The model.
    pub model: &'a Architecture,
    /// Its weights under the quant.
    pub weights: &'a Weights,
    /// Its cache at the context asked.
    pub cache: &'a Cache,
    /// How it is run.
    pub options: &'a RunOptions,
    /// By which engine.
    pub engine: &'a Engine,
    /// How it drives GPUs, where the user chose.
    pub backend: Option<Backend>,
}

/// How layers are shared among GPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Split {
    /// Whole layers, one GPU after the other.
    #[default]
    Layer,
    /// A share of every layer on each GPU.
    Tensor,
}

impl Split {
    /// The word on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Layer => "layer",
            Self::Tensor => "tensor",
        }
    }
}

/// A layout with what each pool would hold.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub pools: Vec<PoolUse>,
    pub layers: Vec<LayerHome>,
    pub head: Option<usize>,
    /// What the GPU takes of the memory it shares with the CPU, where there is such.
    pub shared: Bytes,
}

/// The pools a layout uses: the GPUs in order, and the one the CPU computes on.
#[derive(Clone, Debug)]
pub(super) struct Sites {
    pub gpus: Vec<usize>,
    pub host: Option<usize>,
}

impl Sites {
    pub fn of(machine: &Machine) -> Self {
        let place = |wanted: fn(PoolKind) -> bool| {
            let here = move |pool: &Pool| pool.node.is_none() && wanted(pool.kind);
            machine.pools.iter().enumerate().filter(move |(_, pool)| here(pool)).map(|(index, _)| index)
        };
        Self {
            gpus: machine.gpu_places(),
            host: place(|kind| kind == PoolKind::Ram)
                .next()
                .or_else(|| place(|kind| kind == PoolKind::Unified).next())
                .or_else(|| place(|kind| kind == PoolKind::Vram).next()),
        }
    }
}

/// Slots of a model: its layers, then the head.
pub(super) fn slots(model: &Architecture) -> u32 {
    u32::try_from(model.layers.len()).unwrap_or(u32::MAX - 1) + 1
}

/// Which GPU takes which slot when `gpu_layers` of them go to GPUs in these shares.
pub(super) fn assign(slots: u32, gpu_layers: u32, shares: &[f64]) -> Vec<Option<usize>> {
    let on_gpu = gpu_layers.min(slots);
    let start = slots - on_gpu;
    let total: f64 = shares.iter().sum();
    let mut bounds = Vec::with_capacity(shares.len());
    let mut cumulated = 0.0;
    for share in shares {
        cumulated += share;
        bounds.push(if total > 0.0 { cumulated / total } else { 1.0 });
    }
    (0..slots)
        .map(|slot| {
            if slot < start || shares.is_empty() {
                return None;
            }
            let position = f64::from(slot - start) / f64::from(on_gpu);
            // The engine takes the first device whose cumulated share lies above the position.
            let gpu = bounds.iter().position(|&bound| bound > position);
            Some(gpu.unwrap_or(shares.len() - 1))
        })
        .collect()
}

/// What a layout is made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Orders<'a> {
    /// The GPU of each slot; none stays on the CPU.
    pub homes: &'a [Option<usize>],
    /// Of the first layers the experts stay in RAM.
    pub expert_layers_in_ram: u32,
    pub split: Split,
    /// The share of each GPU; matters under a tensor split.
    pub shares: &'a [f64],
}

/// Lays everything out; `compute` says what compute buffers take.
pub(super) fn lay_out(
    load: &Load<'_>,
    machine: &Machine,
    sites: &Sites,
    orders: Orders<'_>,
    compute: &dyn Fn(&Places) -> ComputeBytes,
) -> Layout {
    let Orders { homes, expert_layers_in_ram, split, shares } = orders;
    let mut pools: Vec<PoolUse> = (0..machine.pools.len()).map(|pool| PoolUse { pool, ..PoolUse::default() }).collect();
    let Some(host) = sites.host else {
        return Layout { pools, layers: Vec::new(), head: None, shared: Bytes::ZERO };
    };
    let tensor = split == Split::Tensor && sites.gpus.len() > 1;
    let mut layers = Vec::with_capacity(load.model.layers.len());
    let kv_on_host = load.options.kv_place == KvPlace::Host;
    let mut shared = Bytes::ZERO;

    for (index, ((layer, weights), cache)) in
        load.model.layers.iter().zip(&load.weights.layers).zip(&load.cache.layers).enumerate()
    {
        let gpu = homes.get(index).copied().flatten();
        let experts_in_ram = (index as u64) < u64::from(expert_layers_in_ram) && weights.experts > Bytes::ZERO;
        layers.push(LayerHome { gpu, experts_in_ram: experts_in_ram && gpu.is_some() });
        let experts_home = if experts_in_ram { None } else { gpu };
        match gpu {
            Some(_) if tensor => {
                for (place, &pool) in sites.gpus.iter().enumerate() {
                    let share = share_of(shares, place);
                    pools[pool].weights += part(weights.dense(), share);
                    if !experts_in_ram {
                        pools[pool].weights += part(weights.experts, share);
                    }
                    if !kv_on_host {
                        // A latent cache has no heads to share out: each rank keeps it whole.
                        let whole = matches!(layer.mixer, Mixer::Mla(_));
                        pools[pool].kv += if whole { cache.bytes } else { part(cache.bytes, share) };
                    }
                    pools[pool].state += part(cache.state, share);
                }
                if experts_in_ram {
                    pools[host].weights += weights.experts;
                }
                if kv_on_host {
                    pools[host].kv += cache.bytes;
                }
            }
            _ => {
                let home = gpu.map_or(host, |place| sites.gpus[place]);
                pools[home].weights += weights.dense();
                pools[experts_home.map_or(host, |place| sites.gpus[place])].weights += weights.experts;
                pools[if kv_on_host { host } else { home }].kv += cache.bytes;
                pools[home].state += cache.state;
                if gpu.is_some() && home == host {
                    shared += weights.dense() + cache.state;
                    shared += if experts_in_ram { Bytes::ZERO } else { weights.experts };
                    shared += if kv_on_host { Bytes::ZERO } else { cache.bytes };
                }
            }
        }
    }

    let head = homes.last().copied().flatten();
    let whole = load.engine.offload == Offload::Nothing;
    let first = homes.first().copied().flatten().filter(|_| whole);
    if whole && tensor && head.is_some() {
        // Embedding and head are shared out as the layers are; tied ones are one matrix.
        for (place, &pool) in sites.gpus.iter().enumerate() {
            pools[pool].weights += part(load.weights.embedding + load.weights.head, share_of(shares, place));
        }
        shared += buffers(load, machine, sites, &layers, head, compute, &mut pools);
        return Layout { pools, layers, head, shared };
    }
    // The input embedding stays on the CPU, unless the engine leaves nothing there.
    let embedding = first.map_or(host, |place| sites.gpus[place]);
    pools[embedding].weights += load.weights.embedding;
    match head {
        Some(place) => {
            let pool = sites.gpus[place];
            pools[pool].weights += load.weights.head;
            // A tied embedding is looked up in one memory and multiplied in another: it is there twice,
            // unless both are the same.
            if pool != embedding {
                pools[pool].weights += load.weights.tied_head;
            }
            if pool == host {
                shared += load.weights.head + load.weights.tied_head;
            }
        }
        None => pools[host].weights += load.weights.head,
    }

    shared += buffers(load, machine, sites, &layers, head, compute, &mut pools);
    Layout { pools, layers, head, shared }
}

/// Adds compute buffers, driver contexts and the room for weights copied from RAM. Returns what of it lies
/// in memory that a GPU shares with the CPU.
fn buffers(
    load: &Load<'_>,
    machine: &Machine,
    sites: &Sites,
    layers: &[LayerHome],
    head: Option<usize>,
    compute: &dyn Fn(&Places) -> ComputeBytes,
    pools: &mut [PoolUse],
) -> Bytes {
    let Some(host) = sites.host else { return Bytes::ZERO };
    let device = |gpu: Option<usize>| gpu.and_then(|gpu| u8::try_from(gpu).ok());
    let places = Places {
        devices: u8::try_from(sites.gpus.len()).unwrap_or(u8::MAX),
        layers: layers
            .iter()
            .map(|home| LayerPlace {
                device: device(home.gpu),
                experts: if home.experts_in_ram { None } else { device(home.gpu) },
            })
            .collect(),
        head: device(head),
        host_weights: HostWeights::Stay,
    };
    let needed = compute(&places);
    pools[host].compute += needed.host + needed.output;
    let mut first = true;
    let mut shared = Bytes::ZERO;
    for (place, &pool) in sites.gpus.iter().enumerate() {
        let used = head == Some(place) || layers.iter().any(|home| home.gpu == Some(place));
        if !used {
            continue;
        }
        let compute = needed.devices.get(place).copied().unwrap_or_default();
        let mut overhead = load.overhead(&machine.pools[pool]);
        if machine.pools[pool].kind == PoolKind::Vram && first {
            overhead += copied(load, layers);
            first = false;
        }
        pools[pool].compute += compute;
        pools[pool].overhead += overhead;
        if pool == host {
            shared += compute + overhead;
        }
    }
    shared
}

impl Load<'_> {
    /// What the engine's process takes on a GPU beside the model.
    pub(super) fn overhead(&self, pool: &Pool) -> Bytes {
        let backend = self.engine.backend_on(pool, self.backend);
        backend.and_then(|backend| self.engine.overhead_on(backend)).map_or(Bytes::ZERO, |row| row.bytes.value)
    }
}

/// Large batches copy weights that lie in RAM to the first GPU, one matrix at a time, and compute there:
/// it needs room for the largest. All experts of a layer are one matrix.
///
/// Source: llama.cpp `ggml-cuda.cu`, `ggml_backend_cuda_device_offload_op` (32 tokens or more).
fn copied(load: &Load<'_>, layers: &[LayerHome]) -> Bytes {
    if load.options.ubatch() < COPIED_FROM || load.options.rules.buffers != Buffers::Graph {
        return Bytes::ZERO;
    }
    let in_ram =
        layers.iter().zip(&load.weights.layers).filter_map(|(home, weights)| match (home.gpu, home.experts_in_ram) {
            (None, _) => Some(weights.largest_dense.max(weights.largest_experts)),
            (Some(_), true) => Some(weights.largest_experts),
            (Some(_), false) => None,
        });
    in_ram.max().unwrap_or_default()
}

/// Tokens in a batch from which weights in RAM are copied to a GPU.
const COPIED_FROM: u64 = 32;

/// How exactly compute buffers are worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Within a few percent, for searches and curves.
    Near,
    /// As the engine's allocator would.
    Exact,
}

/// The share of one GPU, all alike when none are given.
fn share_of(shares: &[f64], place: usize) -> f64 {
    let total: f64 = shares.iter().sum();
    if total > 0.0 { shares.get(place).copied().unwrap_or(0.0) / total } else { 1.0 / shares.len().max(1) as f64 }
}

/// A share of an amount, rounded up to whole bytes.
fn part(bytes: Bytes, share: f64) -> Bytes {
    Bytes::saturating((bytes.as_f64() * share).ceil())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(slots: u32, gpu_layers: u32, shares: &[f64]) -> Vec<usize> {
        let homes = assign(slots, gpu_layers, shares);
        (0..shares.len()).map(|gpu| homes.iter().filter(|home| **home == Some(gpu)).count()).collect()
    }

    #[test]
    fn the_last_layers_go_to_the_gpu_and_the_head_is_the_very_last() {
        let homes = assign(5, 2, &[1.0]);
        assert_eq!(homes, [None, None, None, Some(0), Some(0)]);
        assert_eq!(assign(5, 99, &[1.0]), [Some(0); 5]);
        assert_eq!(assign(5, 0, &[1.0]), [None; 5]);
    }

    #[test]
    fn shares_are_cumulated_over_slots() {
        assert_eq!(counts(33, 99, &[1.0, 1.0]), [17, 16]);
        assert_eq!(counts(33, 99, &[3.0, 1.0]), [25, 8]);
        assert_eq!(counts(33, 99, &[0.0, 1.0]), [0, 33]);
    }
}
