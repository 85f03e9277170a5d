//! Lays a model out for given numbers: so many layers on GPUs, so many with experts in RAM.
//!
//! The rules are llama.cpp's (`llama_model::load_tensors`): the input embedding stays on the CPU, the
//! last `gpu_layers` slots go to GPUs with the head as the very last slot, and each GPU takes the run
//! of slots its cumulated share covers.

use crate::hardware::{Machine, PoolKind};
use crate::memory::{Buffered, Buffers, ComputeBytes, HostWeights, KvPlace, LayerPlace, Places};
use crate::model::{Architecture, Mixer};
use crate::units::Bytes;

use super::load::{Sites, Sums};
use super::{LayerHome, Load, Offload, PoolUse, Split};

/// A layout by its numbers. Slots are the layers of a model, then its head.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Numbers {
    /// The first slot on a GPU: those before it stay on the CPU.
    pub start: u32,
    /// Of the first layers the experts stay in RAM.
    pub expert_layers: u32,
    /// For each GPU the slot after its last; its first is where the one before ends.
    pub ends: Vec<u32>,
    pub split: Split,
    /// The share of each GPU under a tensor split.
    pub shares: Vec<f64>,
    /// Where the cache of layers on GPUs lies.
    pub kv: KvPlace,
}

/// Slots of a model: its layers, then the head.
pub(super) fn slots(model: &Architecture) -> u32 {
    u32::try_from(model.layers.len()).unwrap_or(u32::MAX - 1) + 1
}

/// Where the run of each GPU ends when `gpu_layers` of so many slots go to GPUs in these shares: the engine takes
/// the first device whose cumulated share lies above the position of a slot.
pub(super) fn ends(slots: u32, gpu_layers: u32, shares: &[f64]) -> Vec<u32> {
    let on_gpu = gpu_layers.min(slots);
    let start = slots - on_gpu;
    let total: f64 = shares.iter().sum();
    let mut cumulated = 0.0;
    let mut ends: Vec<u32> = shares
        .iter()
        .map(|share| {
            cumulated += share;
            let bound = if total > 0.0 { cumulated / total } else { 1.0 };
            let below = |taken: u32| taken < on_gpu && f64::from(taken) / f64::from(on_gpu) < bound;
            let mut taken = (bound * f64::from(on_gpu)) as u32;
            while taken > 0 && !below(taken - 1) {
                taken -= 1;
            }
            while below(taken) {
                taken += 1;
            }
            start + taken
        })
        .collect();
    if let Some(last) = ends.last_mut() {
        *last = slots;
    }
    ends
}

impl Numbers {
    /// The slots of a GPU.
    pub fn run(&self, gpu: usize) -> (u32, u32) {
        let start = if gpu == 0 { self.start } else { self.ends[gpu - 1] };
        (start, self.ends[gpu].max(start))
    }

    /// The GPU of a slot; none is the CPU.
    pub fn home(&self, slot: u32) -> Option<usize> {
        (slot >= self.start).then(|| self.ends.iter().position(|end| slot < *end)).flatten()
    }

    /// Where each layer is computed.
    pub fn homes(&self, load: &Load<'_>) -> Vec<LayerHome> {
        let mut homes = Vec::with_capacity(load.layers());
        let mut gpu = 0;
        for (layer, weights) in (0_u32..).zip(load.weights.layers.iter().take(load.layers())) {
            while self.ends.get(gpu).is_some_and(|end| layer >= *end) {
                gpu += 1;
            }
            let on_gpu = layer >= self.start && gpu < self.ends.len();
            let experts_in_ram = on_gpu && layer < self.expert_layers && weights.experts > Bytes::ZERO;
            homes.push(LayerHome { gpu: on_gpu.then_some(gpu), experts_in_ram });
        }
        homes
    }

    /// The places of layers for the compute buffers.
    fn places(&self, load: &Load<'_>) -> Places {
        let device = |gpu: Option<usize>| gpu.and_then(|gpu| u8::try_from(gpu).ok());
        let homes = self.homes(load);
        let place = |home: &LayerHome| LayerPlace {
            device: device(home.gpu),
            experts: if home.experts_in_ram { None } else { device(home.gpu) },
        };
        Places {
            devices: devices(&self.ends),
            layers: homes.iter().map(place).collect(),
            head: device(self.home(slots(load.model) - 1)),
            host_weights: HostWeights::Stay,
        }
    }
}

/// What each pool would hold.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub pools: Vec<PoolUse>,
    /// What the GPU takes of the memory it shares with the CPU, where there is such.
    pub shared: Bytes,
    /// Compute buffers of each GPU.
    pub compute: Vec<Bytes>,
}

/// A load on a machine, with what every layout of it needs.
pub(super) struct Ground<'a> {
    pub load: &'a Load<'a>,
    pub machine: &'a Machine,
    pub sites: Sites,
    pub sums: &'a Sums,
    pub slots: u32,
    /// What the engine's process takes on each GPU.
    pub overheads: Vec<Bytes>,
    /// Compute buffers with the cache on GPUs, and with it in RAM.
    pub buffered: [Buffered<'a>; 2],
}

impl Ground<'_> {
    /// Lays everything out.
    pub fn lay(&self, numbers: &Numbers) -> Layout {
        let pools = (0..self.machine.pools.len()).map(|pool| PoolUse { pool, ..PoolUse::default() }).collect();
        let mut layout = Layout { pools, shared: Bytes::ZERO, compute: Vec::new() };
        let Some(host) = self.sites.host else { return layout };
        let tensor = numbers.split == Split::Tensor && self.sites.gpus.len() > 1;
        let sums = self.sums;
        let cpu = &mut layout.pools[host];
        let start = numbers.start as usize;
        cpu.weights += sums.over(&sums.dense, 0, start) + sums.over(&sums.experts, 0, start);
        cpu.kv += sums.over(&sums.kv, 0, start);
        cpu.state += sums.over(&sums.state, 0, start);
        if tensor {
            self.lay_shares(numbers, host, &mut layout);
        } else {
            for gpu in 0..self.sites.gpus.len() {
                self.lay_run(numbers, gpu, host, &mut layout);
            }
        }
        self.lay_ends(numbers, tensor, host, &mut layout);
        self.lay_buffers(numbers, host, &mut layout);
        layout
    }

    /// The layers of one GPU.
    fn lay_run(&self, numbers: &Numbers, gpu: usize, host: usize, layout: &mut Layout) {
        let sums = self.sums;
        let (start, end) = numbers.run(gpu);
        let (start, end) = (start as usize, end as usize);
        // Up to here experts stay in RAM.
        let kept = (numbers.expert_layers as usize).clamp(start, end);
        let dense = sums.over(&sums.dense, start, end);
        let experts = sums.over(&sums.experts, kept, end);
        let kv = sums.over(&sums.kv, start, end);
        let state = sums.over(&sums.state, start, end);
        let kv_on_host = numbers.kv == KvPlace::Host;
        let pool = self.sites.gpus[gpu];
        let home = &mut layout.pools[pool];
        home.weights += dense + experts;
        home.state += state;
        if !kv_on_host {
            home.kv += kv;
        }
        let cpu = &mut layout.pools[host];
        cpu.weights += sums.over(&sums.experts, start, kept);
        if kv_on_host {
            cpu.kv += kv;
        }
        if pool == host {
            layout.shared += dense + experts + state + if kv_on_host { Bytes::ZERO } else { kv };
        }
    }

    /// A share of every layer on each GPU.
    fn lay_shares(&self, numbers: &Numbers, host: usize, layout: &mut Layout) {
        let load = self.load;
        let layers = load.model.layers.iter().zip(&load.weights.layers).zip(&load.cache.layers).enumerate();
        for (index, ((layer, weights), cache)) in layers.skip(numbers.start as usize) {
            let experts_in_ram = index < numbers.expert_layers as usize;
            for (place, &pool) in self.sites.gpus.iter().enumerate() {
                let share = share_of(&numbers.shares, place);
                let used = &mut layout.pools[pool];
                used.weights += part(weights.dense(), share);
                if !experts_in_ram {
                    used.weights += part(weights.experts, share);
                }
                if numbers.kv == KvPlace::Device && share > 0.0 {
                    // A latent cache has no heads to share out: each rank keeps it whole.
                    let whole = matches!(layer.mixer, Mixer::Mla(_));
                    used.kv += if whole { cache.bytes } else { part(cache.bytes, share) };
                }
                used.state += part(cache.state, share);
            }
            let cpu = &mut layout.pools[host];
            if experts_in_ram {
                cpu.weights += weights.experts;
            }
            if numbers.kv == KvPlace::Host {
                cpu.kv += cache.bytes;
            }
        }
    }

    /// The embedding and the head.
    fn lay_ends(&self, numbers: &Numbers, tensor: bool, host: usize, layout: &mut Layout) {
        let weights = self.load.weights;
        let head = numbers.home(self.slots - 1);
        let whole = self.load.engine.offload == Offload::Nothing;
        if whole && tensor && head.is_some() {
            // Embedding and head are shared out as the layers are; tied ones are one matrix.
            for (place, &pool) in self.sites.gpus.iter().enumerate() {
                layout.pools[pool].weights += part(weights.embedding + weights.head, share_of(&numbers.shares, place));
            }
            return;
        }
        // The input embedding stays on the CPU, unless the engine leaves nothing there.
        let first = numbers.home(0).filter(|_| whole);
        let embedding = first.map_or(host, |place| self.sites.gpus[place]);
        layout.pools[embedding].weights += weights.embedding;
        if first.is_some() && embedding == host {
            layout.shared += weights.embedding;
        }
        let Some(place) = head else {
            layout.pools[host].weights += weights.head;
            return;
        };
        let pool = self.sites.gpus[place];
        layout.pools[pool].weights += weights.head;
        // A tied embedding is looked up in one memory and multiplied in another: it is there twice,
        // unless both are the same.
        if pool != embedding {
            layout.pools[pool].weights += weights.tied_head;
        }
        if pool == host {
            // Where the embedding lies on the GPU already it is counted.
            layout.shared += weights.head + if first.is_some() { Bytes::ZERO } else { weights.tied_head };
        }
    }

    /// Compute buffers, driver contexts and the room for weights copied from RAM.
    fn lay_buffers(&self, numbers: &Numbers, host: usize, layout: &mut Layout) {
        let needed = self.compute(numbers);
        layout.pools[host].compute += needed.host + needed.output;
        let mut copied = self.copied(numbers);
        for (place, &pool) in self.sites.gpus.iter().enumerate() {
            let (start, end) = numbers.run(place);
            if start == end {
                continue;
            }
            let compute = needed.devices.get(place).copied().unwrap_or_default();
            let mut overhead = self.overheads[place];
            if self.machine.pools[pool].kind == PoolKind::Vram {
                overhead += std::mem::take(&mut copied);
            }
            layout.pools[pool].compute += compute;
            layout.pools[pool].overhead += overhead;
            if pool == host {
                layout.shared += compute + overhead;
            }
        }
        layout.compute = needed.devices;
    }

    fn compute(&self, numbers: &Numbers) -> ComputeBytes {
        let buffered = &self.buffered[usize::from(numbers.kv == KvPlace::Host)];
        let mut key = Vec::with_capacity(numbers.ends.len() + 2);
        key.extend([numbers.start, numbers.expert_layers.min(self.slots - 1).max(numbers.start)]);
        key.extend(&numbers.ends);
        buffered.compute(devices(&numbers.ends), &key, || numbers.places(self.load))
    }

    /// Large batches copy weights that lie in RAM to the first GPU, one matrix at a time, and compute there:
    /// it needs room for the largest. All experts of a layer are one matrix.
    ///
    /// Source: llama.cpp `ggml-cuda.cu`, `ggml_backend_cuda_device_offload_op` (32 tokens or more).
    pub fn copied(&self, numbers: &Numbers) -> Bytes {
        let options = self.load.options;
        if options.ubatch() < COPIED_FROM || options.rules.buffers != Buffers::Graph {
            return Bytes::ZERO;
        }
        let last = self.sums.layers();
        let (start, kept) = (numbers.start as usize, numbers.expert_layers as usize);
        // Experts of layers on the CPU are among the matrices there.
        self.sums.largest[start.min(last)].max(self.sums.largest_experts[kept.min(last)])
    }
}

fn devices(ends: &[u32]) -> u8 {
    u8::try_from(ends.len()).unwrap_or(u8::MAX)
}

/// Tokens in a batch from which weights in RAM are copied to a GPU.
const COPIED_FROM: u64 = 32;

/// The share of one GPU, all alike when none are given.
pub(super) fn share_of(shares: &[f64], place: usize) -> f64 {
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

    /// The engine's own rule, slot by slot.
    fn assign(slots: u32, gpu_layers: u32, shares: &[f64]) -> Vec<Option<usize>> {
        let on_gpu = gpu_layers.min(slots);
        let start = slots - on_gpu;
        let total: f64 = shares.iter().sum();
        let mut cumulated = 0.0;
        let bounds: Vec<f64> = shares
            .iter()
            .map(|share| {
                cumulated += share;
                if total > 0.0 { cumulated / total } else { 1.0 }
            })
            .collect();
        let home = |slot: u32| {
            let position = f64::from(slot - start) / f64::from(on_gpu);
            bounds.iter().position(|bound| *bound > position).unwrap_or(shares.len() - 1)
        };
        (0..slots).map(|slot| (slot >= start && !shares.is_empty()).then(|| home(slot))).collect()
    }

    fn numbers(slots: u32, gpu_layers: u32, shares: &[f64]) -> Numbers {
        Numbers {
            start: slots - gpu_layers.min(slots),
            expert_layers: 0,
            ends: ends(slots, gpu_layers, shares),
            split: Split::Layer,
            shares: Vec::new(),
            kv: KvPlace::Device,
        }
    }

    #[test]
    fn each_gpu_takes_the_slots_the_engine_gives_it() {
        let all = [
            vec![1.0],
            vec![1.0, 1.0],
            vec![3.0, 1.0],
            vec![0.0, 1.0],
            vec![1.0, 0.0],
            vec![24_685_568_000.0, 11_811_160_064.0, 0.0, 1e9],
            vec![1.0 / 3.0; 3],
            vec![0.1, 0.2, 0.7],
            vec![17.0, 0.0, 16.0],
            vec![0.0, 0.0],
            Vec::new(),
        ];
        for shares in &all {
            for slots in [1, 2, 5, 33, 62, 81] {
                for gpu_layers in [0, 1, 2, 5, 17, 33, 61, 62, 99] {
                    let numbers = numbers(slots, gpu_layers, shares);
                    let got: Vec<Option<usize>> = (0..slots).map(|slot| numbers.home(slot)).collect();
                    assert_eq!(got, assign(slots, gpu_layers, shares), "{gpu_layers} of {slots} by {shares:?}");
                }
            }
        }
    }

    #[test]
    fn the_last_layers_go_to_the_gpu_and_the_head_is_the_very_last() {
        let homes = |gpu_layers| {
            let numbers = numbers(5, gpu_layers, &[1.0]);
            (0..5).map(|slot| numbers.home(slot)).collect::<Vec<_>>()
        };
        assert_eq!(homes(2), [None, None, None, Some(0), Some(0)]);
        assert_eq!(homes(99), [Some(0); 5]);
        assert_eq!(homes(0), [None; 5]);
    }
}
