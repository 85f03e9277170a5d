//! What lies in the pools of one kind, over the sweep: a panel of the memory plot before it is drawn.
//!
//! Several pools of a kind are one sum. What others use stands at the bottom as far as it is known and reserved; the
//! rest of the reserve is kept free below the capacity. So a stack that reaches [`Panel::limit`] is one that is full.

use super::axis::Axis;
use super::sweep::{Blend, Piece};
use super::{Curves, MemoryUnit};
use crate::hardware::{Machine, Pool, PoolKind};
use crate::placement::Plan;
use crate::units::Bytes;

/// From below: in use, weights, buffers, state, KV cache.
pub(super) const PARTS: usize = 5;
/// A stack below this share of its pool is not to be seen.
const SEEN: f64 = 0.01;
/// A pool nearly as full as the fullest binds as well; the faster one is shown large.
const NEARLY: f64 = 0.9;

/// The pools of one kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Panel {
    pub kind: PoolKind,
    pub pools: usize,
    pub capacity: Bytes,
    /// What others use, at the bottom of the stack.
    pub in_use: Bytes,
    /// Where the stack is full.
    pub limit: Bytes,
    /// Weights, buffers, state and KV cache of each point.
    pub parts: Vec<[f64; PARTS - 1]>,
    /// The tallest stack, what others use included.
    pub peak: f64,
}

/// The stack at one context.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    pub x: f32,
    /// Upper ends of the parts, in bytes.
    pub tops: [f64; PARTS],
}

impl Sample {
    /// Lower and upper end of a part.
    pub fn span(&self, part: usize) -> [f64; 2] {
        [part.checked_sub(1).map_or(0.0, |below| self.tops[below]), self.tops[part]]
    }

    pub fn total(&self) -> f64 {
        self.tops[PARTS - 1]
    }
}

/// The panels worth showing, the fastest memory first, and which of them binds first.
pub(super) fn panels(curves: &Curves<'_>) -> (Vec<Panel>, usize) {
    const FROM_ABOVE: [PoolKind; 4] = [PoolKind::Vram, PoolKind::Unified, PoolKind::Ram, PoolKind::Disk];
    let mut panels: Vec<Panel> = FROM_ABOVE.into_iter().filter_map(|kind| Panel::new(curves, kind)).collect();
    let fill = |panel: &Panel| panel.peak / panel.limit.as_f64().max(1.0);
    let seen = |panel: &Panel| {
        let taken = panel.peak - panel.in_use.as_f64();
        taken > 0.0 && (panel.kind == PoolKind::Disk || taken >= SEEN * panel.capacity.as_f64())
    };
    if panels.iter().any(seen) {
        panels.retain(seen);
    } else {
        // A tiny model on a large machine: its panel is empty, and that is the answer.
        panels.retain(|panel| panel.kind != PoolKind::Disk);
        panels.truncate(1);
    }
    let in_memory = |panel: &&Panel| panel.kind != PoolKind::Disk;
    let fullest = panels.iter().filter(in_memory).map(fill).fold(0.0, f64::max);
    let binds = panels.iter().position(|panel| in_memory(&panel) && fill(panel) >= NEARLY * fullest);
    (panels, binds.unwrap_or(0))
}

impl Panel {
    pub fn new(curves: &Curves<'_>, kind: PoolKind) -> Option<Self> {
        let pools = || curves.machine.pools.iter().filter(move |pool| pool.kind == kind);
        let capacity: Bytes = pools().map(|pool| pool.capacity.value).sum();
        if capacity == Bytes::ZERO {
            return None;
        }
        let in_use: Bytes = pools().map(in_use).sum();
        let usable: Bytes = pools().map(Pool::usable).sum();
        let parts: Vec<_> = curves.points.iter().map(|point| parts(&point.plan, curves.machine, kind)).collect();
        let peak = parts.iter().map(|parts| parts.iter().sum()).fold(0.0, f64::max) + in_use.as_f64();
        Some(Self { kind, pools: pools().count(), capacity, in_use, limit: usable + in_use, parts, peak })
    }

    /// "VRAM", "VRAM, 8 GPUs", "RAM", "Memory", "Disk".
    pub fn name(&self) -> String {
        match (self.kind, self.pools) {
            (PoolKind::Vram, 1) => "VRAM".to_owned(),
            (PoolKind::Vram, gpus) => format!("VRAM, {gpus} GPUs"),
            (PoolKind::Ram, _) => "RAM".to_owned(),
            (PoolKind::Unified, _) => "Memory".to_owned(),
            (PoolKind::Disk, _) => "Disk".to_owned(),
        }
    }

    /// What the model takes at a context.
    pub fn taken(&self, at: Blend) -> Bytes {
        Bytes::saturating((0..PARTS - 1).map(|part| self.part(at, part)).sum())
    }

    /// "18.9 GiB of 24.0 GiB VRAM"
    pub fn words(&self, at: Blend, unit: MemoryUnit) -> String {
        format!("{} of {} {}", unit.text(self.taken(at)), unit.text(self.capacity), self.name())
    }

    /// The stack at a context.
    pub fn sample(&self, x: f32, at: Blend) -> Sample {
        let mut tops = [self.in_use.as_f64(); PARTS];
        for part in 1..PARTS {
            tops[part] = tops[part - 1] + self.part(at, part - 1);
        }
        // What fits at a point must not seem to stop fitting on the way to the next.
        let limit = self.limit.as_f64();
        let fitted =
            self.parts.get(at.b).is_some_and(|parts| self.in_use.as_f64() + parts.iter().sum::<f64>() <= limit);
        if fitted && at.t > 1.0 {
            tops = tops.map(|top| top.min(limit));
        }
        Sample { x, tops }
    }

    /// The stacks of a piece, left to right.
    pub fn samples(&self, curves: &Curves<'_>, axis: &Axis, piece: Piece, into: &mut Vec<Sample>) {
        into.clear();
        into.extend(piece.samples(curves.points).map(|(tokens, at)| self.sample(axis.x(tokens), at)));
        // An axis of one point is as wide as the plot.
        if let (true, Some(last)) = (axis.octaves() <= 0.0, into.last().copied()) {
            into.clear();
            into.push(Sample { x: axis.range.min, ..last });
            into.push(Sample { x: axis.range.max, ..last });
        }
    }

    /// One of [`Self::parts`] at a context, in bytes.
    pub fn part(&self, at: Blend, part: usize) -> f64 {
        at.of(|point| self.parts.get(point).map_or(0.0, |parts| parts[part]))
    }
}

/// What others use, as far as the reserve is kept for them.
fn in_use(pool: &Pool) -> Bytes {
    let reserve = pool.capacity.value - pool.usable();
    pool.free_now.as_ref().map_or(Bytes::ZERO, |free| (pool.capacity.value - free.value).min(reserve))
}

fn parts(plan: &Plan, machine: &Machine, kind: PoolKind) -> [f64; PARTS - 1] {
    let mut sum = [Bytes::ZERO; PARTS - 1];
    for used in plan.pools.iter().filter(|used| used.of(machine).is_some_and(|pool| pool.kind == kind)) {
        for (sum, part) in sum.iter_mut().zip([used.weights, used.compute + used.overhead, used.state, used.kv]) {
            *sum += part;
        }
    }
    sum.map(Bytes::as_f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Figure;

    #[test]
    fn a_stack_is_full_where_the_model_may_take_no_more() {
        // Reserve 4 of 64 GiB: in use is shown as far as the reserve is kept for it.
        for (free, in_use) in [(None, 0), (Some(63), 1), (Some(60), 4), (Some(20), 4)] {
            let mut ram = Pool::new("ram", PoolKind::Ram, Figure::typed(Bytes::gib(64)));
            ram.free_now = free.map(|free| Figure::typed(Bytes::gib(free)));
            let machine = Machine { pools: vec![ram], ..Machine::new("m", "M") };
            let curves = Curves {
                points: &[],
                machine: &machine,
                context: crate::units::Tokens::ZERO,
                limit: crate::units::Tokens::ZERO,
                fits_max: None,
                unit: MemoryUnit::Gib,
                before: None,
                ceiling: false,
                anchors: &[],
            };
            let (panels, _) = panels(&curves);
            let panel = &panels[0];
            assert_eq!(panel.in_use, Bytes::gib(in_use), "{free:?}");
            assert_eq!(panel.limit - panel.in_use, Bytes::gib(60), "{free:?}");
        }
    }
}
