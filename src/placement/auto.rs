//! The automatic choice: what is worth comparing, the engine's own way first.
//!
//! In kind this is what llama.cpp's own fit does: a margin per device, experts leave before dense layers. What it
//! would not come upon by itself is offered behind it: other shares, fewer GPUs, the cache in RAM, the CPU alone.
//! Which of them is taken is decided by their speed, above this room.

use std::ops::ControlFlow;

use crate::hardware::{Machine, PoolKind};
use crate::memory::{Known, KvPlace};
use crate::model::Mixer;
use crate::units::Bytes;

use super::search::{Draft, Search, Sharing, Sheet, Team, Way};
use super::{CpuExperts, GpuLayers, Load, MapsFromDisk, Mode, Obstacle, Offload, Plan, Policy, Split, TensorSplit};

/// The cache is worth moving where it takes at least this part of what lies in RAM, one in so many: about what
/// makes a placement clearly faster.
const GOOD_PART: u64 = 20;

/// A placement worth comparing.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Where everything would lie.
    pub plan: Plan,
    /// How it was come by.
    pub origin: Origin,
}

/// How a placement was come by: enough to lay the same out at another context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    team: usize,
    sharing: Sharing,
    split: Split,
    kv: KvPlace,
    gpu_layers: u32,
    expert_layers: u32,
}

/// Placements of a load on a machine, the engine's own first; at least one. Where some fit in memory with the
/// margin they are all, else those that can run from disk, else the one that comes nearest: [`Mode::None`] with its
/// obstacle. `known` belongs to the model of the load.
#[must_use]
pub fn offers(load: &Load<'_>, known: &Known, machine: &Machine, policy: &Policy) -> Vec<Offer> {
    let sheet = Sheet::new(load);
    let search = Search::new(&sheet, known, machine, policy);
    let mut drafts: Vec<(Draft, Origin)> = Vec::new();
    let _ = search.each(&mut |draft, origin| {
        if !drafts.iter().any(|(other, _)| other.numbers == draft.numbers) {
            drafts.push((draft, origin));
        }
        ControlFlow::Continue(())
    });
    if drafts.iter().any(|(draft, _)| search.works(draft)) {
        drafts.retain(|(draft, _)| search.works(draft));
    }
    let mut offers: Vec<Offer> =
        drafts.into_iter().map(|(draft, origin)| Offer { plan: search.finish(draft), origin }).collect();
    if offers.iter().any(|offer| offer.plan.obstacle.is_none()) {
        offers.retain(|offer| offer.plan.obstacle.is_none());
    } else {
        offers.truncate(1);
    }
    offers
}

/// The same placement for another load of the same model, such as a longer context, where it still fits in memory.
#[must_use]
pub fn again(load: &Load<'_>, known: &Known, machine: &Machine, policy: &Policy, origin: Origin) -> Option<Offer> {
    let sheet = Sheet::new(load);
    let search = Search::new(&sheet, known, machine, policy);
    let teams = search.teams();
    let team = teams.get(origin.team)?;
    let way = Way { team, sharing: origin.sharing, split: origin.split, kv: origin.kv };
    let draft = search.draft(way, origin.gpu_layers, origin.expert_layers);
    search.works(&draft).then(|| Offer { plan: search.finish(draft), origin })
}

/// Whether some placement fits in memory, margins kept.
#[must_use]
pub fn fits(load: &Load<'_>, known: &Known, machine: &Machine, policy: &Policy) -> bool {
    let sheet = Sheet::new(load);
    let search = Search::new(&sheet, known, machine, policy);
    let see =
        &mut |draft: Draft, _| if search.works(&draft) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    search.each(see).is_break()
}

/// What is done with a draft: going on, or being content with it.
type See<'s> = &'s mut dyn FnMut(Draft, Origin) -> ControlFlow<()>;

impl Search<'_> {
    /// Shows every draft worth comparing, in order of preference.
    fn each(&self, see: See<'_>) -> ControlFlow<()> {
        let Self { policy, .. } = self;
        let Load { engine, options, weights, .. } = *self.ground.load;
        let (slots, layers) = (self.slots(), self.layers());
        let teams = self.teams();
        let nobody = Team { gpus: Vec::new(), slack: 0 };
        let all = teams.first().unwrap_or(&nobody);
        let split = policy.split.unwrap_or_default();
        let way = Way { team: all, sharing: Sharing::Usual, split, kv: options.kv_place };
        let mut show = |team: usize, way: Way<'_>, draft: Draft| {
            let gpu_layers = slots - draft.numbers.start;
            let expert_layers = draft.numbers.expert_layers;
            see(draft, Origin { team, sharing: way.sharing, split: way.split, kv: way.kv, gpu_layers, expert_layers })
        };
        let wide = policy.is_automatic() && policy.tensor_split.is_empty() && policy.split.is_none();
        if engine.offload != Offload::Layers && self.driven() {
            // The engine knows no layers on the CPU: all of it on GPUs, experts aside where it can.
            let kept = match (engine.offload, policy.cpu_experts) {
                (Offload::Nothing, _) => 0,
                (_, CpuExperts::First(count)) => count.min(layers),
                (_, CpuExperts::Auto | CpuExperts::All) => layers,
            };
            show(0, way, self.draft(way, slots, kept))?;
            if wide && self.shares_layers(all) {
                let way = Way { split: Split::Tensor, ..way };
                show(0, way, self.draft(way, slots, kept))?;
            }
            return ControlFlow::Continue(());
        }
        let routed = weights.layers.iter().any(|layer| layer.experts > Bytes::ZERO);
        let experts = match policy.cpu_experts {
            _ if !routed => Some(0),
            CpuExperts::Auto => None,
            CpuExperts::First(count) => Some(count.min(layers)),
            CpuExperts::All => Some(layers),
        };
        let forced = match policy.gpu_layers {
            _ if !self.driven() => Some(0),
            GpuLayers::Count(count) => Some(count.min(slots)),
            GpuLayers::Auto => None,
        };
        if let Some(gpu_layers) = forced {
            let draft = match experts {
                Some(experts) => self.draft(way, gpu_layers, experts),
                None => self.fewest_experts(way, gpu_layers),
            };
            return show(0, way, draft);
        }
        let (mut whole, mut cache_is_in_the_way) = (false, false);
        for draft in self.family(way, experts) {
            whole |= draft.numbers.start == 0 && draft.numbers.expert_layers == 0;
            cache_is_in_the_way |= self.cache_is_in_the_way(&draft);
            show(0, way, draft)?;
        }
        if !wide {
            return ControlFlow::Continue(());
        }
        let several = teams.iter().enumerate().filter(|(at, team)| *at > 0 || team.gpus.len() > 1);
        for (at, team) in several {
            if at == 0 && self.is_even(team) {
                // Among equals fewer save passing on, and nothing else.
                let way = Way { team, sharing: Sharing::Fewest, ..way };
                let draft = Some(way).filter(|_| whole).map(|way| self.draft(way, slots, 0));
                if let Some(draft) = draft.filter(|draft| draft.holds) {
                    show(at, way, draft)?;
                }
                continue;
            }
            let way = Way { team, sharing: Sharing::Packed, ..way };
            for draft in self.family(way, experts).into_iter().filter(|draft| draft.holds) {
                show(at, way, draft)?;
            }
        }
        if whole && self.shares_layers(all) {
            let way = Way { split: Split::Tensor, ..way };
            show(0, way, self.draft(way, slots, 0))?;
        }
        if !whole && cache_is_in_the_way && self.can_keep_cache_in_ram() {
            let way = Way { kv: KvPlace::Host, ..way };
            for draft in self.family(way, experts) {
                show(0, way, draft)?;
            }
        }
        // Where CPU and GPU share one memory nobody measured the CPU to be the faster of the two.
        let shared = self.ground.sites.gpus.iter().any(|gpu| Some(*gpu) == self.ground.sites.host);
        if shared { ControlFlow::Continue(()) } else { show(0, way, self.draft(way, 0, 0)) }
    }

    /// What a way comes to with experts in RAM, and with whole layers on the CPU.
    fn family(&self, way: Way<'_>, experts: Option<u32>) -> Vec<Draft> {
        if let Some(experts) = experts {
            return vec![self.most_layers(way, experts)];
        }
        let draft = self.fewest_experts(way, self.slots());
        match draft.holds {
            true if draft.numbers.expert_layers == 0 => vec![draft],
            true => vec![draft, self.most_layers(way, 0)],
            false => vec![self.most_layers(way, self.layers()), self.most_layers(way, 0)],
        }
    }

    /// Whether the engine splits every layer over these GPUs of its own: they have to be alike, and the heads to
    /// come out even.
    fn shares_layers(&self, team: &Team) -> bool {
        let Load { engine, model, .. } = self.ground.load;
        let count = team.gpus.len() as u64;
        let alike = team.gpus.iter().all(|gpu| self.usable[*gpu] == self.usable[team.slack]);
        let heads = model.layers.iter().all(|layer| match layer.mixer {
            Mixer::Attention(attention) => attention.heads.is_multiple_of(count),
            Mixer::Mla(mla) => mla.heads.is_multiple_of(count),
            Mixer::Compressed(mixer) => mixer.heads.is_multiple_of(count),
            Mixer::Recurrent(_) | Mixer::None => true,
        });
        engine.tensor_split == TensorSplit::OfItself && count > 1 && alike && heads
    }

    /// Whether the engine can leave the cache of layers on GPUs in RAM, and there is RAM beside.
    fn can_keep_cache_in_ram(&self) -> bool {
        let host = self.ground.sites.host.map(|host| self.ground.machine.pools[host].kind);
        let load = self.ground.load;
        load.engine.keeps_cache_in_ram() && host == Some(PoolKind::Ram) && load.options.kv_place == KvPlace::Device
    }

    /// Whether the cache on GPUs takes room that would hold a good part of the weights in RAM: else moving it is
    /// no clear gain.
    fn cache_is_in_the_way(&self, draft: &Draft) -> bool {
        let Some(host) = self.ground.sites.host else { return false };
        let pools = draft.layout.pools.iter().filter(|used| used.pool != host);
        let cache: Bytes = pools.map(|used| used.kv).sum();
        cache * GOOD_PART >= draft.layout.pools[host].weights
    }

    /// Whether a draft fits in memory, margins kept.
    fn works(&self, draft: &Draft) -> bool {
        let Some(host) = self.ground.sites.host else { return false };
        draft.holds && draft.layout.pools[host].total() <= self.host_usable(host)
    }

    /// What may be used of the memory the CPU computes on. A reserve steers the automatic choice; what was asked
    /// for by hand goes as far as there is memory.
    fn host_usable(&self, host: usize) -> Bytes {
        let pool = &self.ground.machine.pools[host];
        match (self.policy.is_automatic(), self.ground.load.engine.offload) {
            (false, _) => pool.capacity.value,
            (true, Offload::Layers) => pool.host_usable(),
            (true, Offload::Experts | Offload::Nothing) => pool.usable(),
        }
    }

    /// Sees whether the host holds the rest, and sends to disk what it cannot.
    fn finish(&self, draft: Draft) -> Plan {
        let crowded = self.ground.load.engine.offload != Offload::Layers && self.driven() && !draft.holds;
        let host_usable = self.ground.sites.host.map(|host| self.host_usable(host));
        let Draft { numbers, asked, layout, .. } = draft;
        let layers = numbers.homes(self.ground.load);
        let in_ram = layers.iter().filter(|home| home.experts_in_ram).count();
        let gpu_layers = self.slots() - numbers.start;
        let mut pools = layout.pools;
        let mut mode = if self.ground.sites.gpus.is_empty() || gpu_layers == 0 {
            Mode::Cpu
        } else if gpu_layers < self.slots() {
            Mode::Partial
        } else if in_ram > 0 {
            Mode::ExpertsInRam
        } else {
            Mode::Gpu
        };
        let mut on_disk = Bytes::ZERO;
        let mut obstacle = None;
        match self.ground.sites.host.zip(host_usable) {
            None => {
                mode = Mode::None;
                obstacle = Some(Obstacle::NoMemory);
            }
            Some((host, usable)) => {
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
        let machine = self.ground.machine;
        let within_capacity = pools.iter().all(|used| used.total() <= machine.pools[used.pool].capacity.value);
        Plan {
            mode,
            gpu_layers,
            cpu_expert_layers: if in_ram > 0 { numbers.expert_layers } else { 0 },
            tensor_split: asked,
            split: numbers.split,
            kv_place: numbers.kv,
            head: numbers.home(self.slots() - 1),
            layers,
            pools,
            gpu_share: layout.shared,
            on_disk,
            within_capacity,
            obstacle,
        }
    }

    /// The disk that can serve weights the host has no room for.
    fn spill(&self, over: Bytes, weights: Bytes) -> Result<usize, Obstacle> {
        let Load { engine, weights: all, .. } = self.ground.load;
        let pools = &self.ground.machine.pools;
        if over > weights {
            return Err(Obstacle::NoRoomForCache);
        }
        if engine.disk == MapsFromDisk::Never {
            return Err(Obstacle::EngineLoadsAll);
        }
        let disk = pools.iter().position(|pool| pool.kind == PoolKind::Disk).ok_or(Obstacle::NoDisk)?;
        if pools[disk].usable() < all.file {
            return Err(Obstacle::NoRoomOnDisk);
        }
        Ok(disk)
    }
}
