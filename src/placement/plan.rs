//! A placement: what was asked, and where everything lies.

use crate::hardware::{Machine, Pool, PoolKind};
use crate::memory::KvPlace;
use crate::units::{Bytes, Shortfall};

use super::Split;

/// What the user decides about placement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// Layers on GPUs.
    pub gpu_layers: GpuLayers,
    /// Layers whose routed experts stay in RAM.
    pub cpu_experts: CpuExperts,
    /// How layers are shared among GPUs; none leaves it to the engine.
    pub split: Option<Split>,
    /// The user's shares per GPU; empty for the engine's own.
    pub tensor_split: Vec<f64>,
}

impl Policy {
    /// Whether nothing is decided by hand.
    #[must_use]
    pub fn is_automatic(&self) -> bool {
        self.gpu_layers == GpuLayers::Auto && self.cpu_experts == CpuExperts::Auto
    }
}

/// How many of the last layers, the head counted as one, go to GPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GpuLayers {
    /// As many as fit.
    #[default]
    Auto,
    /// This many; above the count means all.
    Count(u32),
}

/// How many of the first layers keep their routed experts in RAM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CpuExperts {
    /// As few as fit.
    #[default]
    Auto,
    /// The first so many.
    First(u32),
    /// All.
    All,
}

/// What kind of placement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything that is computed lies on GPUs.
    Gpu,
    /// Some layers on GPUs, the rest on the CPU.
    Partial,
    /// All layers on GPUs but for routed experts in RAM.
    ExpertsInRam,
    /// Everything on the CPU.
    Cpu,
    /// Part of the weights is read again from disk for each token.
    Disk,
    /// There is no room.
    None,
}

impl Mode {
    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gpu => "gpu",
            Self::Partial => "partial",
            Self::ExpertsInRam => "experts-in-ram",
            Self::Cpu => "cpu",
            Self::Disk => "disk",
            Self::None => "none",
        }
    }
}

/// Where one layer is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerHome {
    /// The GPU by its place among the machine's GPUs; none is the CPU.
    pub gpu: Option<usize>,
    /// Whether its routed experts lie in RAM all the same.
    pub experts_in_ram: bool,
}

impl LayerHome {
    /// Whether the CPU computes any of it.
    #[must_use]
    pub fn on_cpu(&self) -> bool {
        self.gpu.is_none() || self.experts_in_ram
    }
}

/// What one pool holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolUse {
    /// The pool's place in the machine.
    pub pool: usize,
    /// Weights.
    pub weights: Bytes,
    /// KV cache.
    pub kv: Bytes,
    /// Recurrent state.
    pub state: Bytes,
    /// Compute buffers.
    pub compute: Bytes,
    /// Driver context and the like.
    pub overhead: Bytes,
}

impl PoolUse {
    /// Everything in it.
    #[must_use]
    pub fn total(&self) -> Bytes {
        self.weights + self.kv + self.state + self.compute + self.overhead
    }

    /// The pool in its machine. A plan and its machine belong together.
    #[must_use]
    pub fn of<'m>(&self, machine: &'m Machine) -> Option<&'m Pool> {
        machine.pools.get(self.pool)
    }

    /// What is left of the capacity; negative when short.
    #[must_use]
    pub fn free(&self, pool: &Pool) -> Shortfall {
        pool.capacity.value.less(self.total())
    }
}

/// A placement.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What kind it is.
    pub mode: Mode,
    /// Layers on GPUs, the head counted as one.
    pub gpu_layers: u32,
    /// Layers whose routed experts stay in RAM.
    pub cpu_expert_layers: u32,
    /// Shares per GPU, where they differ from what the engine would choose by itself.
    pub tensor_split: Vec<f64>,
    /// How layers are shared among GPUs.
    pub split: Split,
    /// Where the cache of layers on GPUs lies.
    pub kv_place: KvPlace,
    /// Where each layer of the main stack is computed.
    pub layers: Vec<LayerHome>,
    /// The GPU that holds the head; none is the CPU.
    pub head: Option<usize>,
    /// What each pool holds, in the machine's order.
    pub pools: Vec<PoolUse>,
    /// What the GPU takes of memory it shares with the CPU.
    pub gpu_share: Bytes,
    /// Weights that stay on disk.
    pub on_disk: Bytes,
    /// Whether every pool holds what it is given, by capacity.
    pub within_capacity: bool,
    /// Why nothing can be done, when the mode is none.
    pub obstacle: Option<Obstacle>,
}

impl Plan {
    /// What this plan may use of a pool: unified memory is bound by the GPU's limit only where the GPU
    /// computes everything.
    #[must_use]
    pub fn usable(&self, pool: &Pool) -> Bytes {
        let on_cpu = self.head.is_none() || self.layers.iter().any(LayerHome::on_cpu);
        if on_cpu { pool.host_usable() } else { pool.usable() }
    }

    /// The further nodes that hold a part, each once, in order.
    #[must_use]
    pub fn nodes(&self, machine: &Machine) -> Vec<usize> {
        let holds = |used: &&PoolUse| used.total() > Bytes::ZERO;
        let mut nodes: Vec<usize> = self.pools.iter().filter(holds).filter_map(|used| used.of(machine)?.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// Whether every pool keeps its reserve. Of unified memory the GPU's limit binds what the GPU takes; the rest
    /// serves the CPU.
    #[must_use]
    pub fn keeps_reserves(&self, machine: &Machine) -> bool {
        self.pools.iter().all(|used| {
            let Some(pool) = used.of(machine) else { return false };
            match pool.kind {
                PoolKind::Unified => self.gpu_share <= pool.usable() && used.total() <= pool.host_usable(),
                PoolKind::Ram | PoolKind::Vram | PoolKind::Disk => used.total() <= self.usable(pool),
            }
        })
    }

    /// Everything the engine takes, the part on disk included.
    #[must_use]
    pub fn total(&self) -> Bytes {
        self.pools.iter().map(PoolUse::total).sum()
    }

    /// Weights over all pools: what the engine loads.
    #[must_use]
    pub fn weights(&self) -> Bytes {
        self.pools.iter().map(|pool| pool.weights).sum()
    }

    /// KV cache over all pools.
    #[must_use]
    pub fn kv(&self) -> Bytes {
        self.pools.iter().map(|pool| pool.kv).sum()
    }

    /// Recurrent state over all pools.
    #[must_use]
    pub fn state(&self) -> Bytes {
        self.pools.iter().map(|pool| pool.state).sum()
    }

    /// Compute buffers over all pools.
    #[must_use]
    pub fn compute(&self) -> Bytes {
        self.pools.iter().map(|pool| pool.compute).sum()
    }

    /// Driver contexts and the like over all pools.
    #[must_use]
    pub fn overhead(&self) -> Bytes {
        self.pools.iter().map(|pool| pool.overhead).sum()
    }
}

/// Why a model cannot run at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// KV cache and buffers alone are more than the memory there is.
    NoRoomForCache,
    /// Weights exceed memory and the disk has no room for the file.
    NoRoomOnDisk,
    /// Weights exceed memory and there is no disk to read from.
    NoDisk,
    /// Weights exceed memory and the engine has to load everything.
    EngineLoadsAll,
    /// The engine keeps on GPUs what does not fit there.
    GpusTooSmall,
    /// The engine does not run on this machine.
    EngineCannot,
    /// There is no memory pool at all.
    NoMemory,
}
