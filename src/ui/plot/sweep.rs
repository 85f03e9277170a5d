//! What lies between the points of a sweep.
//!
//! Between two points of one placement everything is linear in the context, as a cache is. Where a layer changes its
//! place there is a step, and nothing is blended across it: the piece left of a step goes on to where the next begins.

use super::Curves;
use crate::placement::Mode;
use crate::scenario::Point;
use crate::speed::Range;

/// Two points and how far to go from one to the other: 0 is `a`, 1 is `b`, else it is beyond one of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Blend {
    pub a: usize,
    pub b: usize,
    pub t: f64,
}

impl Blend {
    const fn flat(point: usize) -> Self {
        Self { a: point, b: point, t: 0.0 }
    }

    /// Never below zero.
    pub fn of(self, figure: impl Fn(usize) -> f64) -> f64 {
        let (a, b) = (figure(self.a), figure(self.b));
        (a + (b - a) * self.t).max(0.0)
    }

    pub fn rate(self, points: &[Point]) -> Option<Range> {
        let rate = |point: usize| points.get(point).and_then(|point| point.rate);
        let (Some(_), Some(_)) = (rate(self.a), rate(self.b)) else {
            return rate(self.b);
        };
        let part = |part: fn(Range) -> f64| self.of(|point| rate(point).map_or(0.0, part));
        Some(Range { low: part(|rate| rate.low), expected: part(|rate| rate.expected), high: part(|rate| rate.high) })
    }
}

/// How a point stands to what fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In memory, with its reserve.
    Fits,
    /// In memory, but into the reserve: a placement by hand.
    Over,
    /// Part of it is read from disk for each token.
    Disk,
    /// Not at all.
    Cannot,
}

/// A stretch of the axis over which nothing changes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub first: usize,
    pub last: usize,
    /// Its ends in tokens; they touch those of its neighbours.
    pub from: u64,
    pub to: u64,
    pub standing: Standing,
}

impl Piece {
    /// The contexts it is drawn by, each with its blend.
    pub fn samples(self, points: &[Point]) -> impl Iterator<Item = (u64, Blend)> {
        let inner = (self.first..=self.last).map(|i| (points[i].context.get(), Blend::flat(i)));
        let inner = inner.filter(move |(tokens, _)| (self.from..=self.to).contains(tokens));
        let starts_before = self.from < points[self.first].context.get();
        let ends_after = self.to > points[self.last].context.get();
        let start = starts_before.then(|| (self.from, ahead(points, self.first, self.from)));
        let end = ends_after.then(|| (self.to, beyond(points, self.last, self.to)));
        start.into_iter().chain(inner).chain(end)
    }
}

impl Curves<'_> {
    /// What holds at a context; none without points.
    pub(super) fn at(&self, tokens: u64) -> Option<Blend> {
        let points = self.points;
        let after = points.partition_point(|point| point.context.get() <= tokens);
        let Some(i) = after.checked_sub(1) else {
            return (!points.is_empty()).then_some(Blend::flat(0));
        };
        if after == points.len() {
            return Some(beyond(points, i, tokens));
        }
        if same_place(&points[i], &points[after]) {
            return Some(between(points, [i, after], tokens));
        }
        let past = tokens > self.step_after(i);
        Some(if past { ahead(points, after, tokens) } else { beyond(points, i, tokens) })
    }

    pub(super) fn standing(&self, point: &Point) -> Standing {
        let plan = &point.plan;
        if plan.mode == Mode::None || !plan.within_capacity {
            Standing::Cannot
        } else if plan.mode == Mode::Disk {
            Standing::Disk
        } else if self.fits_max.is_some_and(|fits| point.context <= fits) {
            Standing::Fits
        } else {
            Standing::Over
        }
    }

    /// The axis from end to end, left to right; nothing without points.
    pub(super) fn pieces(&self, axis: &super::axis::Axis) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut from = axis.min;
        for (i, point) in self.points.iter().enumerate() {
            let ends = match self.points.get(i + 1) {
                None => Some(axis.max),
                Some(next) => (!self.continues(point, next)).then(|| self.step_after(i)),
            };
            if let Some(to) = ends {
                let to = to.clamp(from, axis.max);
                let first = pieces.last().map_or(0, |piece| piece.last + 1);
                pieces.push(Piece { first, last: i, from, to, standing: self.standing(point) });
                from = to;
            }
        }
        pieces
    }

    fn continues(&self, a: &Point, b: &Point) -> bool {
        same_place(a, b) && self.standing(a) == self.standing(b)
    }

    /// Where the step between a point and the next lies: at the largest that fits, if that is between them.
    fn step_after(&self, i: usize) -> u64 {
        let (a, b) = (self.points[i].context, self.points[i + 1].context);
        let fits = self.fits_max.filter(|fits| (a..b).contains(fits));
        fits.unwrap_or(b).get()
    }
}

fn same_place(a: &Point, b: &Point) -> bool {
    let key = |point: &Point| {
        let plan = &point.plan;
        (plan.mode, plan.gpu_layers, plan.cpu_expert_layers)
    };
    key(a) == key(b)
}

fn between(points: &[Point], [a, b]: [usize; 2], tokens: u64) -> Blend {
    let [from, to] = [a, b].map(|i| points[i].context.as_f64());
    let t = if to > from { (tokens as f64 - from) / (to - from) } else { 0.0 };
    Blend { a, b, t }
}

/// Comes from where the first two points of the same placement come from.
fn ahead(points: &[Point], first: usize, tokens: u64) -> Blend {
    match points.get(first + 1) {
        Some(next) if first > 0 && same_place(&points[first], next) => between(points, [first, first + 1], tokens),
        _ => Blend::flat(first),
    }
}

/// Goes on as the last two points of the same placement went.
fn beyond(points: &[Point], last: usize, tokens: u64) -> Blend {
    match last.checked_sub(1) {
        Some(before) if same_place(&points[before], &points[last]) => between(points, [before, last], tokens),
        _ => Blend::flat(last),
    }
}

#[cfg(test)]
mod tests {
    use egui::Rangef;

    use super::super::MemoryUnit;
    use super::super::axis::Axis;
    use super::*;
    use crate::hardware::Machine;
    use crate::memory::KvPlace;
    use crate::placement::{Plan, Split};
    use crate::units::{Bytes, Tokens};

    fn point(context: u64, mode: Mode, rate: f64) -> Point {
        let plan = Plan {
            mode,
            gpu_layers: 0,
            cpu_expert_layers: 0,
            tensor_split: Vec::new(),
            split: Split::Layer,
            kv_place: KvPlace::Device,
            gpu_share: Bytes::ZERO,
            layers: Vec::new(),
            head: None,
            pools: Vec::new(),
            on_disk: Bytes::ZERO,
            within_capacity: mode != Mode::None,
            obstacle: None,
        };
        let rate = (mode != Mode::None).then(|| Range::exact(rate));
        Point { context: Tokens::new(context), plan, rate }
    }

    fn check(points: &[Point], fits: u64, test: impl FnOnce(&Curves<'_>, &Axis)) {
        let machine = Machine::new("m", "M");
        let limit = points.last().map_or(Tokens::ZERO, |point| point.context);
        let curves = Curves {
            points,
            machine: &machine,
            context: limit,
            limit,
            fits_max: Some(Tokens::new(fits)),
            unit: MemoryUnit::Gib,
            before: None,
            ceiling: false,
            anchors: &[],
        };
        test(&curves, &Axis::new(limit, Rangef::new(0.0, 100.0)));
    }

    #[test]
    fn it_is_linear_between_points_and_steps_where_something_moves() {
        let points = [
            point(1024, Mode::Cpu, 10.0),
            point(2048, Mode::Cpu, 8.0),
            point(4096, Mode::Disk, 1.0),
            point(8192, Mode::Disk, 0.5),
        ];
        check(&points, 3000, |curves, axis| {
            let rate = |tokens| curves.at(tokens).and_then(|at| at.rate(curves.points)).map(|rate| rate.expected);
            for (tokens, expected) in [(512, 10.0), (1024, 10.0), (1536, 9.0), (2560, 7.0), (4096, 1.0), (6144, 0.75)] {
                assert_eq!(rate(tokens), Some(expected), "at {tokens}");
            }
            let pieces: Vec<_> =
                curves.pieces(axis).iter().map(|piece| (piece.from, piece.to, piece.standing)).collect();
            assert_eq!(pieces, [(512, 3000, Standing::Fits), (3000, 8192, Standing::Disk)]);
        });
    }

    #[test]
    fn what_cannot_run_has_no_rate() {
        check(&[point(512, Mode::Cpu, 5.0), point(1024, Mode::None, 0.0)], 700, |curves, axis| {
            let rate = |tokens| curves.at(tokens).and_then(|at| at.rate(curves.points));
            assert_eq!(rate(700), Some(Range::exact(5.0)));
            assert_eq!(rate(701), None);
            assert_eq!(curves.pieces(axis).last().map(|piece| piece.standing), Some(Standing::Cannot));
        });
    }

    #[test]
    fn nothing_comes_of_nothing() {
        check(&[], 0, |curves, axis| {
            assert_eq!(curves.at(512), None);
            assert_eq!(curves.pieces(axis), []);
        });
    }
}
