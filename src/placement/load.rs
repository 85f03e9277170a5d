//! What is to be placed, and where it may lie.

use crate::hardware::{Backend, Machine, Pool, PoolKind};
use crate::memory::{Cache, RunOptions, Weights};
use crate::model::Architecture;
use crate::units::Bytes;

use super::Engine;

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

impl Load<'_> {
    /// What the engine's process takes on a GPU beside the model.
    pub(super) fn overhead(&self, pool: &Pool) -> Bytes {
        let backend = self.engine.backend_on(pool, self.backend);
        backend.and_then(|backend| self.engine.overhead_on(backend)).map_or(Bytes::ZERO, |row| row.bytes.value)
    }

    /// Layers with their weights and their cache.
    pub(super) fn layers(&self) -> usize {
        self.model.layers.len().min(self.weights.layers.len()).min(self.cache.layers.len())
    }
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

/// The pools a layout uses: the GPUs in order, and the one the CPU computes on.
#[derive(Clone, Debug)]
pub(super) struct Sites {
    pub gpus: Vec<usize>,
    pub host: Option<usize>,
}

impl Sites {
    pub fn of(machine: &Machine) -> Self {
        // The CPU that computes what no GPU does is that of the first machine.
        let first = |wanted: PoolKind| machine.pools.iter().position(|pool| pool.node.is_none() && pool.kind == wanted);
        Self {
            gpus: machine.gpu_places(),
            host: first(PoolKind::Ram).or_else(|| first(PoolKind::Unified)).or_else(|| first(PoolKind::Vram)),
        }
    }
}

/// Sums over the first so many layers, so that what a run of layers takes is a difference of two.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    /// Attention and feed-forward.
    pub dense: Vec<Bytes>,
    pub experts: Vec<Bytes>,
    pub kv: Vec<Bytes>,
    pub state: Vec<Bytes>,
    /// The largest matrix so far.
    pub largest: Vec<Bytes>,
    /// The same of routed experts.
    pub largest_experts: Vec<Bytes>,
}

impl Sums {
    pub fn of(load: &Load<'_>) -> Self {
        let layers = load.layers();
        let sums = || {
            let mut sums = Vec::with_capacity(layers + 1);
            sums.push(Bytes::ZERO);
            sums
        };
        let mut all = Self {
            dense: sums(),
            experts: sums(),
            kv: sums(),
            state: sums(),
            largest: sums(),
            largest_experts: sums(),
        };
        for (at, (weights, cache)) in load.weights.layers.iter().zip(&load.cache.layers).take(layers).enumerate() {
            all.dense.push(all.dense[at] + weights.dense());
            all.experts.push(all.experts[at] + weights.experts);
            all.kv.push(all.kv[at] + cache.bytes);
            all.state.push(all.state[at] + cache.state);
            all.largest.push(all.largest[at].max(weights.largest_dense).max(weights.largest_experts));
            all.largest_experts.push(all.largest_experts[at].max(weights.largest_experts));
        }
        all
    }

    /// How many layers are summed.
    pub fn layers(&self) -> usize {
        self.dense.len() - 1
    }

    /// A sum over the layers from `start` up to `end`.
    pub fn over(&self, sums: &[Bytes], start: usize, end: usize) -> Bytes {
        let last = self.layers();
        let (start, end) = (start.min(last), end.min(last));
        if start < end { sums[end] - sums[start] } else { Bytes::ZERO }
    }
}
