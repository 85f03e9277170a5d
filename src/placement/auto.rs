//! The automatic choice: everything on GPUs if it fits, then experts to RAM, then whole layers, then disk.
//!
//! In kind this is what llama.cpp's own fit does: a margin per device, experts leave before dense layers.

use crate::hardware::{Backend, Machine, Pool};
use crate::memory::{self, Places, Quickly};
use crate::units::Bytes;

use super::lay::{Layout, Orders, Sites, assign, lay_out, slots};
use super::plan::Obstacle;
use super::{CpuExperts, GpuLayers, LayerHome, Load, MapsFromDisk, Mode, Offload, Plan, Policy, PoolUse, Precision};

/// Places a load on a machine. Always answers; what cannot be is [`Mode::None`] with its obstacle.
#[must_use]
pub fn place(load: &Load<'_>, machine: &Machine, policy: &Policy, precision: Precision) -> Plan {
    let quickly = Quickly::new(load.model, load.options);
    let search = Search { load, machine, policy, sites: Sites::of(machine), slots: slots(load.model), quickly };
    let mut choice = search.choose();
    if precision == Precision::Exact {
        // The search is near enough to choose by; what was chosen is worked out exactly.
        let shares = if choice.shares.is_empty() { search.usable_shares() } else { choice.shares.clone() };
        choice.layout = search.lay(choice.gpu_layers, choice.expert_layers, &shares, precision);
    }
    search.finish(choice)
}

/// A layout with the numbers that made it.
struct Choice {
    gpu_layers: u32,
    expert_layers: u32,
    /// Shares that differ from the engine's own.
    shares: Vec<f64>,
    layout: Layout,
}

struct Search<'a> {
    load: &'a Load<'a>,
    machine: &'a Machine,
    policy: &'a Policy,
    sites: Sites,
    slots: u32,
    quickly: Quickly<'a>,
}

impl Search<'_> {
    fn choose(&self) -> Choice {
        let layers = self.slots - 1;
        if self.load.engine.offload != Offload::Layers && self.driven() {
            // The engine knows no layers on the CPU: all of it on GPUs, experts aside where it can.
            let kept = match (self.load.engine.offload, self.policy.cpu_experts) {
                (Offload::Nothing, _) => 0,
                (_, CpuExperts::First(count)) => count.min(layers),
                (_, CpuExperts::Auto | CpuExperts::All) => layers,
            };
            return self.draft(self.slots, kept);
        }
        let routed = self.load.weights.layers.iter().any(|layer| layer.experts > Bytes::ZERO);
        let experts = match self.policy.cpu_experts {
            _ if !routed => Some(0),
            CpuExperts::Auto => None,
            CpuExperts::First(count) => Some(count.min(layers)),
            CpuExperts::All => Some(layers),
        };
        let forced = match self.policy.gpu_layers {
            _ if !self.driven() => Some(0),
            GpuLayers::Count(count) => Some(count.min(self.slots)),
            GpuLayers::Auto => None,
        };
        match (forced, experts) {
            (Some(gpu_layers), Some(experts)) => self.draft(gpu_layers, experts),
            (Some(gpu_layers), None) => self.fewest_experts(gpu_layers).unwrap_or_else(|draft| draft),
            (None, Some(experts)) => self.most_layers(experts),
            (None, None) => self.fewest_experts(self.slots).unwrap_or_else(|_| self.most_layers(layers)),
        }
    }

    /// Whether the engine drives a GPU of this machine.
    fn driven(&self) -> bool {
        self.load.backend != Some(Backend::Cpu)
            && self.sites.gpus.iter().any(|&pool| self.drives(&self.machine.pools[pool]))
    }

    fn drives(&self, pool: &Pool) -> bool {
        self.load.engine.backend_on(pool, self.load.backend).is_some()
    }

    /// What a GPU may use of its memory: nothing where the engine does not drive it.
    fn usable(&self, pool: usize) -> Bytes {
        let pool = &self.machine.pools[pool];
        if self.drives(pool) { pool.usable() } else { Bytes::ZERO }
    }

    /// The smallest number of layers with experts in RAM for which the GPUs hold the rest.
    fn fewest_experts(&self, gpu_layers: u32) -> Result<Choice, Choice> {
        let layers = self.slots - 1;
        let all = self.draft(gpu_layers, layers);
        if !self.devices_hold(&all.layout) {
            return Err(all);
        }
        let (mut low, mut high, mut best) = (0, layers, all);
        while low < high {
            let middle = low.midpoint(high);
            let draft = self.draft(gpu_layers, middle);
            if self.devices_hold(&draft.layout) {
                high = middle;
                best = draft;
            } else {
                low = middle + 1;
            }
        }
        Ok(best)
    }

    /// The largest number of layers that the GPUs hold.
    fn most_layers(&self, experts: u32) -> Choice {
        let (mut low, mut high, mut best) = (0, self.slots, None);
        while low < high {
            let middle = (low + high).div_ceil(2);
            let draft = self.draft(middle, experts);
            if self.devices_hold(&draft.layout) {
                low = middle;
                best = Some(draft);
            } else {
                high = middle - 1;
            }
        }
        best.unwrap_or_else(|| self.draft(0, experts))
    }

    /// One layout: by the user's shares, else the engine's own (by usable memory), else packed one GPU after the other.
    fn draft(&self, gpu_layers: u32, expert_layers: u32) -> Choice {
        let by_hand = !self.policy.tensor_split.is_empty();
        let given = |gpu: usize| {
            let driven = self.drives(&self.machine.pools[self.sites.gpus[gpu]]);
            if driven { self.policy.tensor_split.get(gpu).copied().unwrap_or(0.0) } else { 0.0 }
        };
        let mut shares: Vec<f64> = (0..self.sites.gpus.len()).map(given).collect();
        if !by_hand || shares.iter().sum::<f64>() <= 0.0 {
            shares = self.usable_shares();
        }
        let layout = self.lay(gpu_layers, expert_layers, &shares, Precision::Near);
        if !by_hand
            && self.sites.gpus.len() > 1
            && !self.devices_hold(&layout)
            && let Some(packed) = self.pack(gpu_layers, expert_layers, &layout)
        {
            let layout = self.lay(gpu_layers, expert_layers, &packed, Precision::Near);
            if self.devices_hold(&layout) {
                return Choice { gpu_layers, expert_layers, shares: packed, layout };
            }
        }
        Choice { gpu_layers, expert_layers, shares: if by_hand { shares } else { Vec::new() }, layout }
    }

    /// The engine's own shares: by what each GPU may use.
    fn usable_shares(&self) -> Vec<f64> {
        self.sites.gpus.iter().map(|&pool| self.usable(pool).as_f64()).collect()
    }

    fn lay(&self, gpu_layers: u32, expert_layers: u32, shares: &[f64], precision: Precision) -> Layout {
        let homes = assign(self.slots, gpu_layers, shares);
        let orders = Orders { homes: &homes, expert_layers_in_ram: expert_layers, split: self.policy.split, shares };
        let compute = |places: &Places| match precision {
            Precision::Near => self.quickly.compute(places),
            Precision::Exact => memory::compute(self.load.model, self.load.options, places),
        };
        lay_out(self.load, self.machine, &self.sites, orders, &compute)
    }

    /// Slots per GPU when each is filled before the next is begun; none when they do not suffice.
    fn pack(&self, gpu_layers: u32, expert_layers: u32, like: &Layout) -> Option<Vec<f64>> {
        let most = |part: fn(&PoolUse) -> Bytes| {
            self.sites.gpus.iter().map(|&pool| part(&like.pools[pool])).max().unwrap_or_default()
        };
        let room: Vec<Bytes> = self
            .sites
            .gpus
            .iter()
            .enumerate()
            .map(|(place, &pool)| {
                // A GPU that is empty in the draft will need what the others do.
                let own = self.load.overhead(&self.machine.pools[pool]);
                let copies = if place == 0 { most(|used| used.overhead) } else { own };
                self.usable(pool) - most(|used| used.compute) - copies
            })
            .collect();
        let mut counts = vec![0_u32; room.len()];
        let (mut gpu, mut filled) = (0, Bytes::ZERO);
        for slot in (self.slots - gpu_layers.min(self.slots))..self.slots {
            let need = self.slot_bytes(slot, expert_layers);
            while filled + need > *room.get(gpu)? {
                gpu += 1;
                filled = Bytes::ZERO;
            }
            filled += need;
            counts[gpu] += 1;
        }
        Some(counts.into_iter().map(f64::from).collect())
    }

    fn slot_bytes(&self, slot: u32, expert_layers: u32) -> Bytes {
        let index = slot as usize;
        let (Some(weights), Some(cache)) = (self.load.weights.layers.get(index), self.load.cache.layers.get(index))
        else {
            return self.load.weights.head_read();
        };
        let experts = if slot < expert_layers { Bytes::ZERO } else { weights.experts };
        weights.dense() + experts + cache.bytes + cache.state
    }

    /// Whether every GPU holds what it is given and keeps its reserve. Of memory it shares with the CPU a
    /// GPU may use a part; the rest serves the CPU.
    fn devices_hold(&self, layout: &Layout) -> bool {
        self.sites.gpus.iter().all(|&pool| {
            let shared = Some(pool) == self.sites.host && self.load.engine.offload == Offload::Layers;
            let taken = if shared { layout.shared } else { layout.pools[pool].total() };
            taken <= self.machine.pools[pool].usable()
        })
    }

    /// Sees whether the host holds the rest, and sends to disk what it cannot.
    fn finish(&self, choice: Choice) -> Plan {
        let Choice { gpu_layers, expert_layers, shares, layout } = choice;
        let crowded = self.load.engine.offload != Offload::Layers && self.driven() && !self.devices_hold(&layout);
        let Layout { mut pools, layers, head, .. } = layout;
        let in_ram = layers.iter().filter(|home| home.experts_in_ram).count() as u32;
        let mut mode = if self.sites.gpus.is_empty() || gpu_layers == 0 {
            Mode::Cpu
        } else if gpu_layers < self.slots {
            Mode::Partial
        } else if in_ram > 0 {
            Mode::ExpertsInRam
        } else {
            Mode::Gpu
        };
        let mut on_disk = Bytes::ZERO;
        let mut obstacle = None;
        match self.sites.host {
            None => {
                mode = Mode::None;
                obstacle = Some(Obstacle::NoMemory);
            }
            Some(host) => {
                // A reserve steers the automatic choice; what was asked for by hand goes as far as there is memory.
                let pool = &self.machine.pools[host];
                let on_cpu = head.is_none() || layers.iter().any(LayerHome::on_cpu);
                let usable = match self.policy.is_automatic() {
                    true if on_cpu => pool.host_usable(),
                    true => pool.usable(),
                    false => pool.capacity.value,
                };
                let over = pools[host].total() - usable;
                if over > Bytes::ZERO {
                    match self.spill(over, pools[host].weights) {
                        Ok(disk) => {
                            mode = Mode::Disk;
                            on_disk = over;
                            pools[host].weights = pools[host].weights - over;
                            pools[disk].weights += over;
                        }
                        Err(why) => {
                            obstacle = Some(why);
                            if self.policy.is_automatic() {
                                mode = Mode::None;
                            }
                        }
                    }
                }
            }
        }
        if crowded && obstacle.is_none() {
            obstacle = Some(Obstacle::GpusTooSmall);
            mode = Mode::None;
        }
        let within_capacity = pools.iter().all(|used| used.total() <= self.machine.pools[used.pool].capacity.value);
        Plan {
            mode,
            gpu_layers,
            cpu_expert_layers: if in_ram > 0 { expert_layers } else { 0 },
            tensor_split: shares,
            split: self.policy.split,
            layers,
            head,
            pools,
            on_disk,
            within_capacity,
            obstacle,
        }
    }

    /// The disk that can serve weights the host has no room for.
    fn spill(&self, over: Bytes, weights: Bytes) -> Result<usize, Obstacle> {
        if over > weights {
            return Err(Obstacle::NoRoomForCache);
        }
        if self.load.engine.disk == MapsFromDisk::Never {
            return Err(Obstacle::EngineLoadsAll);
        }
        let disk = self
            .machine
            .pools
            .iter()
            .position(|pool| pool.kind == crate::hardware::PoolKind::Disk)
            .ok_or(Obstacle::NoDisk)?;
        if self.machine.pools[disk].usable() < self.load.weights.file {
            return Err(Obstacle::NoRoomOnDisk);
        }
        Ok(disk)
    }
}
