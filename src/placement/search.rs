//! What fits: so many layers on GPUs, so few with experts in RAM, shared out in the engine's own way or packed.

use crate::hardware::{Backend, Machine, PoolKind};
use crate::memory::{Known, KvPlace, RunOptions};
use crate::units::Bytes;

use super::lay::{Ground, Layout, Numbers, ends, slots};
use super::load::{Sites, Sums};
use super::{Load, Offload, Policy, Split};

/// A layout with the numbers that made it.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub numbers: Numbers,
    /// Shares to ask the engine for, where they differ from its own.
    pub asked: Vec<f64>,
    pub layout: Layout,
    /// Whether every GPU holds what it is given and keeps its reserve.
    pub holds: bool,
}

/// Which GPUs are used, the slowest of them last to be filled.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Team {
    pub gpus: Vec<usize>,
    /// The one that takes what is left over.
    pub slack: usize,
}

/// How a draft is shared out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way<'a> {
    pub team: &'a Team,
    pub sharing: Sharing,
    pub split: Split,
    pub kv: KvPlace,
}

/// How layers are shared out among the GPUs of a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// By the user's shares, else the engine's own, else packed.
    Usual,
    /// Every GPU is filled but the slowest, which takes what is left.
    Packed,
    /// Evenly over as few GPUs as leave some room.
    Fewest,
}

/// What a GPU that is used instead of more of its kind keeps free, as a share: below it a plan is called tight.
const ROOM_LEFT: f64 = 0.10;

pub(super) struct Search<'a> {
    pub ground: Ground<'a>,
    pub policy: &'a Policy,
    /// What each GPU may use: nothing where the engine does not drive it.
    pub usable: Vec<Bytes>,
    /// The reading speed of each GPU, zero where it is not known.
    speeds: Vec<f64>,
}

/// What does not change while one question is searched.
pub(super) struct Sheet<'a> {
    pub sums: Sums,
    pub on_host: RunOptions,
    pub load: &'a Load<'a>,
}

impl<'a> Sheet<'a> {
    pub fn new(load: &'a Load<'a>) -> Self {
        Self { sums: Sums::of(load), on_host: RunOptions { kv_place: KvPlace::Host, ..*load.options }, load }
    }
}

impl<'a> Search<'a> {
    pub fn new(sheet: &'a Sheet<'a>, known: &Known, machine: &'a Machine, policy: &'a Policy) -> Self {
        let load = sheet.load;
        let sites = Sites::of(machine);
        let drives = |pool: usize| load.engine.backend_on(&machine.pools[pool], load.backend).is_some();
        let usable = |&pool: &usize| if drives(pool) { machine.pools[pool].usable() } else { Bytes::ZERO };
        let speed = |&pool: &usize| machine.pools[pool].bandwidth().map_or(0.0, |(rate, _)| rate.get());
        let usable = sites.gpus.iter().map(usable).collect();
        let speeds = sites.gpus.iter().map(speed).collect();
        let overheads = sites.gpus.iter().map(|&pool| load.overhead(&machine.pools[pool])).collect();
        let buffered = [known.of(load.model, load.options), known.of(load.model, &sheet.on_host)];
        let slots = slots(load.model);
        let ground = Ground { load, machine, sites, sums: &sheet.sums, slots, overheads, buffered };
        Self { ground, policy, usable, speeds }
    }

    /// The layers, and the head.
    pub fn slots(&self) -> u32 {
        self.ground.slots
    }

    pub fn layers(&self) -> u32 {
        self.ground.slots - 1
    }

    /// Whether the engine drives a GPU of this machine.
    pub fn driven(&self) -> bool {
        let load = self.ground.load;
        let drives = |pool: &usize| load.engine.backend_on(&self.ground.machine.pools[*pool], load.backend).is_some();
        load.backend != Some(Backend::Cpu) && self.ground.sites.gpus.iter().any(drives)
    }

    /// Whether all GPUs of a team read equally fast.
    pub fn is_even(&self, team: &Team) -> bool {
        team.gpus.iter().all(|gpu| self.speeds[*gpu].total_cmp(&self.speeds[team.slack]).is_eq())
    }

    /// GPUs worth using together: all that are driven, then without the slowest, and so on to the fastest alone.
    pub fn teams(&self) -> Vec<Team> {
        let driven = (0..self.usable.len()).filter(|gpu| self.usable[*gpu] > Bytes::ZERO);
        let mut gpus: Vec<usize> = driven.collect();
        let mut teams = Vec::new();
        while let Some(slack) = gpus.iter().copied().rev().min_by(|a, b| self.speeds[*a].total_cmp(&self.speeds[*b])) {
            teams.push(Team { gpus: gpus.clone(), slack });
            gpus.retain(|gpu| self.speeds[*gpu] > self.speeds[slack]);
        }
        teams
    }

    /// The smallest number of layers with experts in RAM for which the GPUs hold the rest; else the draft with
    /// the experts of all layers there, which does not hold.
    pub fn fewest_experts(&self, way: Way<'_>, gpu_layers: u32) -> Draft {
        let none = self.draft(way, gpu_layers, 0);
        if none.holds {
            return none;
        }
        let layers = self.layers();
        let all = self.draft(way, gpu_layers, layers);
        if !all.holds {
            return all;
        }
        let fewest = |room: Bytes| {
            let within = |fewer: u32| {
                let numbers = Numbers { expert_layers: layers - fewer, ..none.numbers.clone() };
                self.run_bytes(&numbers, none.numbers.start, self.slots()) <= room
            };
            layers - last_within(0, layers - 1, within)
        };
        let [least, guess] = self.rooms(way.team, &all).map(fewest);
        let like = all.layout.clone();
        let mut best = all;
        first_good((least, layers), guess, |experts| {
            let found = self.near(way, gpu_layers, experts, &like);
            let holds = found.is_some();
            if let Some(draft) = found {
                best = draft;
            }
            holds
        });
        best
    }

    /// The largest number of slots that the GPUs hold.
    pub fn most_layers(&self, way: Way<'_>, expert_layers: u32) -> Draft {
        let all = self.draft(way, self.slots(), expert_layers);
        if all.holds {
            return all;
        }
        let (slots, numbers) = (self.slots(), all.numbers.clone());
        let fewest = |room: Bytes| {
            slots - last_within(0, self.layers(), |count| self.run_bytes(&numbers, slots - count, slots) <= room)
        };
        let [mut least, mut guess] = self.rooms(way.team, &all).map(fewest);
        let (mut like, mut best) = (all, None);
        if way.team.gpus.len() > 1 {
            // With everything on several GPUs they work on several batches at once and need far larger buffers.
            like = self.draft(way, slots - guess, expert_layers);
            [least, guess] = self.rooms(way.team, &like).map(fewest);
        }
        // Counted from the other end: so many slots stay on the CPU.
        first_good((least, slots), guess, |on_cpu| {
            let found = self.near(way, slots - on_cpu, expert_layers, &like.layout);
            let holds = found.is_some();
            best = found.or_else(|| best.take());
            holds
        });
        best.unwrap_or_else(|| self.draft(way, 0, expert_layers))
    }

    /// What GPUs have for layers and cache at the most, and about: their buffers vary by less than a quarter from
    /// one count of layers to the next, so what does not fit beside three quarters of them need not be laid out.
    fn rooms(&self, team: &Team, like: &Draft) -> [Bytes; 2] {
        let Ground { machine, sites, .. } = &self.ground;
        let own = team.gpus.iter().any(|&gpu| machine.pools[sites.gpus[gpu]].kind == PoolKind::Vram);
        let copied = if own { self.ground.copied(&like.numbers) } else { Bytes::ZERO };
        let compute = |gpu: usize| like.layout.compute.get(gpu).copied().unwrap_or_default();
        let all: Bytes = team.gpus.iter().map(|&gpu| self.usable[gpu] - self.ground.overheads[gpu]).sum();
        let buffers: Bytes = team.gpus.iter().map(|&gpu| compute(gpu)).sum();
        let about = all - copied - buffers;
        [about + buffers / 4, about]
    }

    /// A draft that holds. What several GPUs have no room for beside most of the buffers of another one is not laid
    /// out, however it is shared.
    fn near(&self, way: Way<'_>, gpu_layers: u32, expert_layers: u32, like: &Layout) -> Option<Draft> {
        if way.team.gpus.len() > 1 && way.split == Split::Layer && self.by_hand().is_none() {
            let buffers = |gpu: usize| like.compute.get(gpu).copied().unwrap_or_default();
            self.filled(way.team, self.unshared(way, gpu_layers, expert_layers), |gpu| {
                buffers(gpu) - buffers(gpu) / 4
            })?;
        }
        Some(self.draft(way, gpu_layers, expert_layers)).filter(|draft| draft.holds)
    }

    /// One layout: by the user's shares, else the engine's own, else packed.
    pub fn draft(&self, way: Way<'_>, gpu_layers: u32, expert_layers: u32) -> Draft {
        let own = self.shares(way.split);
        let by_hand = self.by_hand();
        if way.sharing == Sharing::Usual || by_hand.is_some() {
            let asked = by_hand.clone().unwrap_or_default();
            let draft = self.shared(way, gpu_layers, expert_layers, by_hand.as_deref().unwrap_or(&own), asked);
            if draft.holds || by_hand.is_some() || way.team.gpus.len() < 2 {
                return draft;
            }
            return self.packed(way, gpu_layers, expert_layers, &draft.layout).unwrap_or(draft);
        }
        let guess = self.shared(way, gpu_layers, expert_layers, &own, Vec::new());
        let packed = self.packed(way, gpu_layers, expert_layers, &guess.layout);
        let draft = match way.sharing {
            Sharing::Fewest => packed.and_then(|packed| self.fewest_gpus(way, &packed.numbers)),
            Sharing::Usual | Sharing::Packed => packed,
        };
        draft.unwrap_or(Draft { holds: false, ..guess })
    }

    /// The same slots shared evenly over the first GPUs of a team, as few as it takes and not all of them.
    fn fewest_gpus(&self, way: Way<'_>, packed: &Numbers) -> Option<Draft> {
        let used = way.team.gpus.iter().filter(|gpu| packed.run(**gpu).0 < packed.run(**gpu).1).count();
        let slots = self.slots();
        (used..way.team.gpus.len()).find_map(|count| {
            let mut shares = vec![0.0; self.usable.len()];
            for &gpu in way.team.gpus.iter().take(count) {
                shares[gpu] = self.usable[gpu].as_f64();
            }
            let mut draft = self.shared(way, slots - packed.start, packed.expert_layers, &shares, Vec::new());
            let run = |gpu: usize| draft.numbers.run(gpu);
            let asked = (0..shares.len()).map(|gpu| f64::from(run(gpu).1 - run(gpu).0)).collect();
            let roomy = way.team.gpus.iter().all(|&gpu| {
                let used = draft.layout.pools[self.ground.sites.gpus[gpu]].total();
                used.as_f64() <= self.usable[gpu].as_f64() * (1.0 - ROOM_LEFT)
            });
            draft.asked = asked;
            (draft.holds && roomy).then_some(draft)
        })
    }

    /// The user's shares, where there are some that an engine can follow.
    fn by_hand(&self) -> Option<Vec<f64>> {
        let given = &self.policy.tensor_split;
        let share = |gpu: usize| {
            let driven = self.usable[gpu] > Bytes::ZERO || self.is_driven(gpu);
            if driven { given.get(gpu).copied().unwrap_or(0.0) } else { 0.0 }
        };
        let shares: Vec<f64> = (0..self.usable.len()).map(share).collect();
        (!given.is_empty() && shares.iter().sum::<f64>() > 0.0).then_some(shares)
    }

    fn is_driven(&self, gpu: usize) -> bool {
        let Ground { load, machine, sites, .. } = &self.ground;
        load.engine.backend_on(&machine.pools[sites.gpus[gpu]], load.backend).is_some()
    }

    /// The engine's own shares: by what each GPU may use, or alike where each layer is split.
    ///
    /// Source: llama.cpp, docs/multi-gpu.md, `--tensor-split`.
    fn shares(&self, split: Split) -> Vec<f64> {
        let share = |usable: &Bytes| match split {
            Split::Layer => usable.as_f64(),
            Split::Tensor => f64::from(u8::from(*usable > Bytes::ZERO)),
        };
        self.usable.iter().map(share).collect()
    }

    fn shared(&self, way: Way<'_>, gpu_layers: u32, expert_layers: u32, shares: &[f64], asked: Vec<f64>) -> Draft {
        let ends = ends(self.slots(), gpu_layers, shares);
        let shares = if way.split == Split::Tensor { shares.to_vec() } else { Vec::new() };
        self.drawn(Numbers { ends, shares, ..self.unshared(way, gpu_layers, expert_layers) }, asked)
    }

    fn drawn(&self, numbers: Numbers, asked: Vec<f64>) -> Draft {
        let layout = self.ground.lay(&numbers);
        let holds = self.devices_hold(&layout);
        Draft { numbers, asked, layout, holds }
    }

    /// Every GPU of the team filled but the slowest, which takes what is left; none when it does not fit like that.
    fn packed(&self, way: Way<'_>, gpu_layers: u32, expert_layers: u32, like: &Layout) -> Option<Draft> {
        if way.split == Split::Tensor {
            let shares: Vec<f64> = self.usable.iter().map(|usable| usable.as_f64()).collect();
            let draft = self.shared(way, gpu_layers, expert_layers, &shares, shares.clone());
            return draft.holds.then_some(draft);
        }
        let numbers = self.unshared(way, gpu_layers, expert_layers);
        // A GPU that is empty in the draft will need what the others do.
        let most = like.compute.iter().copied().max().unwrap_or_default();
        let guessed = self.fill(way.team, numbers.clone(), |_| most);
        if let Some(draft) = guessed.filter(|draft| draft.holds) {
            return Some(draft);
        }
        let of_like = |gpu: usize| like.compute.get(gpu).copied().filter(|bytes| *bytes > Bytes::ZERO).unwrap_or(most);
        self.fill(way.team, numbers, of_like).filter(|draft| draft.holds)
    }

    /// So many slots, shared out to nobody yet.
    fn unshared(&self, way: Way<'_>, gpu_layers: u32, expert_layers: u32) -> Numbers {
        let start = self.slots() - gpu_layers.min(self.slots());
        let ends = vec![start; self.usable.len()];
        Numbers { start, expert_layers, ends, split: way.split, shares: Vec::new(), kv: way.kv }
    }

    /// Fills GPUs one after the other, each with so much set aside for its compute buffers.
    fn fill(&self, team: &Team, numbers: Numbers, compute: impl Fn(usize) -> Bytes) -> Option<Draft> {
        let (numbers, counts) = self.filled(team, numbers, compute)?;
        Some(self.drawn(numbers, counts.into_iter().map(f64::from).collect()))
    }

    /// The slots of each GPU when they are filled like that. Where this finds none, no other shares hold either.
    fn filled(
        &self,
        team: &Team,
        mut numbers: Numbers,
        compute: impl Fn(usize) -> Bytes,
    ) -> Option<(Numbers, Vec<u32>)> {
        let Ground { machine, sites, .. } = &self.ground;
        let mut copied = self.ground.copied(&numbers);
        let mut room = vec![Bytes::ZERO; self.usable.len()];
        for &gpu in &team.gpus {
            let mut taken = compute(gpu) + self.ground.overheads[gpu];
            if machine.pools[sites.gpus[gpu]].kind == PoolKind::Vram {
                taken += std::mem::take(&mut copied);
            }
            room[gpu] = self.usable[gpu] - taken;
        }
        let (mut low, mut high) = (numbers.start, self.slots());
        let mut counts = vec![0_u32; room.len()];
        for &gpu in team.gpus.iter().filter(|gpu| **gpu < team.slack) {
            let end = last_within(low, high, |end| self.run_bytes(&numbers, low, end) <= room[gpu]);
            counts[gpu] = end - low;
            low = end;
        }
        for &gpu in team.gpus.iter().rev().filter(|gpu| **gpu > team.slack) {
            let taken = last_within(0, high - low, |taken| self.run_bytes(&numbers, high - taken, high) <= room[gpu]);
            counts[gpu] = taken;
            high -= taken;
        }
        if self.run_bytes(&numbers, low, high) > room[team.slack] {
            return None;
        }
        counts[team.slack] = high - low;
        let mut end = numbers.start;
        for (ends, count) in numbers.ends.iter_mut().zip(&counts) {
            end += count;
            *ends = end;
        }
        Some((numbers, counts))
    }

    /// What a run of slots takes on a GPU.
    fn run_bytes(&self, numbers: &Numbers, start: u32, end: u32) -> Bytes {
        let sums = self.ground.sums;
        let (first, last) = (start as usize, end as usize);
        let kept = (numbers.expert_layers as usize).clamp(first, last);
        let mut bytes = sums.over(&sums.dense, first, last)
            + sums.over(&sums.experts, kept, last)
            + sums.over(&sums.state, first, last);
        if numbers.kv == KvPlace::Device {
            bytes += sums.over(&sums.kv, first, last);
        }
        if start < end && end == self.slots() {
            bytes += self.ground.load.weights.head_read();
        }
        bytes
    }

    /// Whether every GPU holds what it is given and keeps its reserve. Of memory it shares with the CPU a
    /// GPU may use a part; the rest serves the CPU.
    fn devices_hold(&self, layout: &Layout) -> bool {
        let Ground { load, machine, sites, .. } = &self.ground;
        sites.gpus.iter().all(|&pool| {
            let shared = Some(pool) == sites.host && load.engine.offload == Offload::Layers;
            let taken = if shared { layout.shared } else { layout.pools[pool].total() };
            taken <= machine.pools[pool].usable()
        })
    }
}

/// The smallest number from `low` on that is good, where all above it are, too, and `high` is taken for good. Those near
/// the guess are asked first.
fn first_good((low, high): (u32, u32), guess: u32, mut good: impl FnMut(u32) -> bool) -> u32 {
    let (mut low, mut high, mut at, mut step) = (low, high, guess, 1);
    while low < high {
        let asked = at.clamp(low, high - 1);
        if good(asked) {
            high = asked;
        } else {
            low = asked + 1;
        }
        at = match () {
            () if step >= (high - low) / 2 => low.midpoint(high),
            () if high == asked => asked.saturating_sub(step),
            () => asked + step,
        };
        step *= 2;
    }
    low
}

/// The largest number from `low` to `high` that is within, where smaller ones are; `low` is taken for granted.
fn last_within(low: u32, high: u32, within: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (low, high);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if within(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_good_is_found_from_any_guess() {
        for first in 3..=40 {
            for guess in 0..50 {
                let mut asked = 0;
                let found = first_good((3, 40), guess, |n| {
                    asked += 1;
                    n >= first
                });
                assert_eq!(found, first, "guessed {guess}");
                assert!(asked <= 12, "{asked} questions for {first} from {guess}");
                assert!(guess.abs_diff(first) > 1 || asked <= 4, "{asked} questions for {first} from {guess}");
            }
        }
    }

    #[test]
    fn the_last_that_is_within() {
        for most in 3..9 {
            assert_eq!(last_within(3, 8, |n| n <= most), most.min(8));
        }
        assert_eq!(last_within(5, 5, |_| false), 5);
        assert_eq!(last_within(5, 9, |_| false), 5);
    }
}
