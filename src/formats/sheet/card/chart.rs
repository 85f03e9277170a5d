//! The two plots of a card: what lies in memory and how fast it runs, by context.

use super::face;
use super::picture::{Anchor, Ink, Rgb, Shape, Spot, Weight};
use super::scale::{Across, Up, round_above};
use super::{Inks, Weight::Medium};
use crate::formats::sheet::{Sheet, number};
use crate::hardware::{Machine, PoolKind};
use crate::placement::Mode;
use crate::scenario::Point;
use crate::speed::Range;
use crate::units::{Bytes, MemoryUnit, Tokens};

/// Left of a plot, for the labels of its steps.
const GUTTER: f64 = 38.0;
/// Above a panel, for its capacity; below a plot, for its contexts.
const HEAD: f64 = 16.0;
const FOOT: f64 = 18.0;
/// The panel that is full first is so many times as tall as another.
const TALLEST: f64 = 3.0;
/// A panel keeps this many times its capacity in sight of what is asked of it.
const OVER: f64 = 1.4;
/// A stack below this share of its memory is not to be seen.
const SEEN: f64 = 0.01;
const SMALL: f64 = 10.0;

/// Where a plot stands.
#[derive(Clone, Copy)]
pub(super) struct Room {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Room {
    fn right(&self) -> f64 {
        self.left + self.width
    }

    fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// Memory of one kind over the curve.
struct Panel {
    name: &'static str,
    kind: PoolKind,
    pools: usize,
    capacity: f64,
    /// Weights, buffers, state and KV cache of each point.
    parts: Vec<[f64; 4]>,
    peak: f64,
}

impl Panel {
    fn new(sheet: &Sheet, machine: &Machine, kind: PoolKind, name: &'static str) -> Option<Self> {
        let of_kind = || machine.pools.iter().filter(|pool| pool.kind == kind);
        let capacity: Bytes = of_kind().map(|pool| pool.capacity.value).sum();
        let parts: Vec<[f64; 4]> = sheet.points.iter().map(|point| parts(point, machine, kind)).collect();
        let peak = parts.iter().map(|parts| parts.iter().sum()).fold(0.0, f64::max);
        let seen = capacity > Bytes::ZERO && peak >= SEEN * capacity.as_f64();
        seen.then(|| Self { name, kind, pools: of_kind().count(), capacity: capacity.as_f64(), parts, peak })
    }

    fn label(&self, unit: MemoryUnit) -> String {
        let capacity = unit.of(Bytes::saturating(self.capacity));
        match self.pools {
            1 => format!("{} {capacity}", self.name),
            pools if self.kind == PoolKind::Vram => format!("{} of {pools} GPUs {capacity}", self.name),
            pools => format!("{} of {pools} machines {capacity}", self.name),
        }
    }
}

fn parts(point: &Point, machine: &Machine, kind: PoolKind) -> [f64; 4] {
    let mut sums = [0.0; 4];
    for used in point.plan.pools.iter().filter(|used| used.of(machine).is_some_and(|pool| pool.kind == kind)) {
        for (sum, part) in sums.iter_mut().zip([used.weights, used.compute + used.overhead, used.state, used.kv]) {
            *sum += part.as_f64();
        }
    }
    sums
}

/// Memory: a panel for each kind of it, with a scale of its own.
pub(super) fn memory(sheet: &Sheet, inks: &Inks, room: Room) -> Vec<Shape> {
    let machine = sheet.machine();
    let kinds = [(PoolKind::Vram, "VRAM"), (PoolKind::Unified, "memory"), (PoolKind::Ram, "RAM")];
    let panels: Vec<Panel> =
        kinds.into_iter().filter_map(|(kind, name)| Panel::new(sheet, &machine, kind, name)).collect();
    let plot = Plot::new(sheet, inks, room);
    let mut shapes = Vec::new();
    if panels.is_empty() {
        shapes.extend(plot.says("hardly any memory is taken"));
        return shapes;
    }
    let full = |panel: &Panel| panel.peak / panel.capacity;
    let first = (0..panels.len()).max_by(|a, b| full(&panels[*a]).total_cmp(&full(&panels[*b]))).unwrap_or(0);
    let count = panels.len() as f64;
    let share = (room.height - FOOT - count * HEAD).max(10.0) / (TALLEST - 1.0 + count);
    let mut y = room.top;
    for (at, panel) in panels.iter().enumerate() {
        let height = share * if at == first { TALLEST } else { 1.0 };
        let up = Up { top: panel.peak.clamp(panel.capacity, panel.capacity * OVER), above: y + HEAD, height };
        shapes.extend(plot.panel(panel, up));
        y += HEAD + height;
    }
    shapes.extend(plot.contexts());
    shapes
}

/// Speed: the estimate with its band, from 0.
pub(super) fn speed(sheet: &Sheet, inks: &Inks, room: Room) -> Vec<Shape> {
    let plot = Plot::new(sheet, inks, room);
    let rated: Vec<(usize, Range)> =
        sheet.points.iter().enumerate().filter_map(|(at, point)| Some((at, point.rate?))).collect();
    if rated.is_empty() {
        return plot.says(if sheet.answer.bill.is_none() { "no speed: see the verdict" } else { "speed unknown" });
    }
    let most = |part: fn(&Range) -> f64| rated.iter().map(|(_, rate)| part(rate)).fold(0.0, f64::max);
    let top = most(|rate| rate.high).min(1.6 * most(|rate| rate.expected)).max(1e-6);
    let rough = Up { top, above: room.top + HEAD, height: room.height - HEAD - FOOT };
    let step = round_above(top / 5.0);
    let up = Up { top: (top / step - 1e-9).ceil().max(1.0) * step, ..rough };
    let mut shapes = plot.grid(up, 1.0, f64::INFINITY);
    shapes.extend(plot.beyond(up));
    for run in rated.chunk_by(|a, b| a.0 + 1 == b.0) {
        let at = |part: fn(&Range) -> f64| {
            let heights: Vec<(usize, f64)> = run.iter().map(|(at, rate)| (*at, part(rate))).collect();
            plot.stepped(&heights, up)
        };
        let mut band = at(|rate| rate.high);
        band.extend(at(|rate| rate.low).into_iter().rev());
        shapes.push(Shape::Area { spots: band, ink: Ink::thin(inks.accent, 0.2) });
        let spots = at(|rate| rate.expected);
        shapes.push(Shape::Line { spots, width: 2.0, dash: &[], ink: inks.accent.into() });
    }
    let asked = sheet.scenario.run.context;
    let told = sheet.told.iter().find(|point| point.context == asked);
    if let Some(rate) = told.and_then(|point| point.rate) {
        let spot = (plot.across.x(asked), up.y(rate.expected));
        shapes.push(Shape::Disc { at: spot, radius: 5.5, ink: inks.plot.into() });
        shapes.push(Shape::Disc { at: spot, radius: 4.0, ink: inks.accent.into() });
        let right = spot.0 < room.right() - 110.0;
        let (anchor, x) = if right { (Anchor::Start, spot.0 + 8.0) } else { (Anchor::End, spot.0 - 8.0) };
        let text = format!("{} with {asked} filled", number(rate.expected));
        shapes.extend(plot.label(text, (x, spot.1 - 8.0), anchor, inks.value));
    }
    shapes.extend(plot.contexts());
    shapes
}

struct Plot<'a> {
    sheet: &'a Sheet,
    inks: &'a Inks,
    room: Room,
    across: Across,
}

impl<'a> Plot<'a> {
    fn new(sheet: &'a Sheet, inks: &'a Inks, room: Room) -> Self {
        let limit = sheet.scenario.subject.model.max_context;
        Self { sheet, inks, room, across: Across::new(limit, room.left + GUTTER, room.width - GUTTER) }
    }

    fn panel(&self, panel: &Panel, up: Up) -> Vec<Shape> {
        let capacity = up.y(panel.capacity);
        let mut shapes = self.grid(up, self.sheet.unit.bytes() as f64, capacity + 8.0);
        let mut below: Vec<f64> = vec![0.0; panel.parts.len()];
        for (part, fill) in self.inks.parts.into_iter().enumerate() {
            let tops: Vec<f64> = below.iter().zip(&panel.parts).map(|(below, parts)| below + parts[part]).collect();
            if panel.parts.iter().any(|parts| parts[part] > 0.0) {
                let edge = |heights: &[f64]| {
                    let heights: Vec<(usize, f64)> = heights.iter().copied().enumerate().collect();
                    self.stepped(&heights, up)
                };
                let mut spots = edge(&tops);
                spots.extend(edge(&below).into_iter().rev());
                shapes.push(Shape::Area { spots, ink: fill.into() });
            }
            below = tops;
        }
        shapes.extend(self.beyond(up));
        let (ink, dash): (Rgb, &'static [f64]) = match panel.kind {
            PoolKind::Vram => (self.inks.vram, &[]),
            _ => (self.inks.ram, &[7.0, 3.0]),
        };
        let spots = vec![(self.room.left + GUTTER, capacity), (self.room.right(), capacity)];
        shapes.push(Shape::Line { spots, width: 1.5, dash, ink: ink.into() });
        shapes.extend(self.label(
            panel.label(self.sheet.unit),
            (self.room.left + GUTTER + 4.0, capacity - 4.0),
            Anchor::Start,
            ink,
        ));
        shapes
    }

    /// A curve through points of the sweep: where a layer changes its place there is a step.
    fn stepped(&self, heights: &[(usize, f64)], up: Up) -> Vec<Spot> {
        let points = &self.sheet.points;
        let place = |at: usize| {
            let plan = &points[at].plan;
            (plan.mode, plan.gpu_layers, plan.cpu_expert_layers)
        };
        let mut spots: Vec<Spot> = Vec::with_capacity(heights.len());
        for (i, (at, height)) in heights.iter().enumerate() {
            let x = self.across.x(points[*at].context);
            if let Some((before, old)) = i.checked_sub(1).map(|before| heights[before])
                && place(before) != place(*at)
            {
                spots.push((x, up.y(old)));
            }
            spots.push((x, up.y(*height)));
        }
        // A curve of one point is as wide as the plot.
        if let [(_, y)] = spots[..] {
            spots = vec![(self.room.left + GUTTER, y), (self.room.right(), y)];
        }
        spots
    }

    /// Hairlines with their labels, but for those above `from`.
    fn grid(&self, up: Up, unit: f64, from: f64) -> Vec<Shape> {
        let (left, right) = (self.room.left + GUTTER, self.room.right());
        let mut shapes = Vec::new();
        for (value, text) in up.steps(unit) {
            let y = up.y(value);
            if from.is_finite() && y < from {
                continue;
            }
            shapes.push(Shape::Line {
                spots: vec![(left, y), (right, y)],
                width: 1.0,
                dash: &[],
                ink: self.inks.line.into(),
            });
            shapes.push(small(text, (left - 6.0, y + 3.5), Anchor::End, self.inks.caption));
        }
        shapes
    }

    /// What lies beyond the largest context that fits.
    fn beyond(&self, up: Up) -> Vec<Shape> {
        let fits = self.sheet.answer.fits_max.unwrap_or(Tokens::ZERO);
        let points = &self.sheet.points;
        let Some(last) = points.last().filter(|last| last.context > fits || last.plan.mode == Mode::Disk) else {
            return Vec::new();
        };
        let all = points.first().is_some_and(|first| first.context > fits || first.plan.mode == Mode::Disk);
        let left = if all { self.room.left + GUTTER } else { self.across.x(fits) };
        let (ink, text) = match last.plan.mode {
            Mode::Disk => (self.inks.verdicts[3], "from disk"),
            Mode::None => (self.inks.verdicts[4], "will not run"),
            _ if last.plan.within_capacity => (self.inks.verdicts[2], "into the reserve"),
            _ => (self.inks.verdicts[4], "will not run"),
        };
        let size = (self.room.right() - left, up.height);
        let mut shapes = vec![Shape::Rect { at: (left, up.above), size, radius: 0.0, ink: Ink::thin(ink, 0.12) }];
        if !all {
            let spots = vec![(left, up.above - HEAD + 4.0), (left, up.bottom())];
            shapes.push(Shape::Line { spots, width: 2.0, dash: &[], ink: self.inks.accent.into() });
        }
        if face::width(text, SMALL, Medium) + 12.0 < size.0 {
            shapes.extend(self.label(text.to_owned(), (self.room.right() - 4.0, up.above + 12.0), Anchor::End, ink));
        }
        shapes
    }

    /// The contexts below the plot; labels that would touch give way.
    fn contexts(&self) -> Vec<Shape> {
        let y = self.room.bottom() - FOOT;
        let mut taken: Vec<[f64; 2]> = Vec::new();
        let mut shapes = Vec::new();
        for (at, (x, text)) in self.across.ticks().into_iter().enumerate() {
            shapes.push(Shape::Line {
                spots: vec![(x, y), (x, y + 3.0)],
                width: 1.0,
                dash: &[],
                ink: self.inks.caption.into(),
            });
            let wide = face::width(&text, SMALL, Weight::Regular);
            let (anchor, from) = if at == 0 { (Anchor::End, x - wide) } else { (Anchor::Middle, x - wide / 2.0) };
            let own = [from - 4.0, from + wide + 4.0];
            if taken.iter().all(|other| other[1] <= own[0] || own[1] <= other[0]) {
                taken.push(own);
                shapes.push(small(text, (x, y + 14.0), anchor, self.inks.caption));
            }
        }
        shapes
    }

    /// Words over lines, on a ground of their own.
    fn label(&self, text: String, at: Spot, anchor: Anchor, ink: Rgb) -> [Shape; 2] {
        let wide = face::width(&text, SMALL, Medium);
        let left = match anchor {
            Anchor::Start => at.0,
            Anchor::Middle => at.0 - wide / 2.0,
            Anchor::End => at.0 - wide,
        };
        let ground = Ink::thin(self.inks.plot, 0.85);
        let size = (wide + 4.0, SMALL + 3.0);
        [
            Shape::Rect { at: (left - 2.0, at.1 - SMALL + 0.5), size, radius: 2.0, ink: ground },
            Shape::Text { at, anchor, size: SMALL, weight: Medium, ink: ink.into(), text },
        ]
    }

    /// A word in the middle of an empty plot.
    fn says(&self, text: &str) -> Vec<Shape> {
        let at = (self.room.left + self.room.width / 2.0, self.room.top + self.room.height / 2.0);
        vec![small(text.to_owned(), at, Anchor::Middle, self.inks.caption)]
    }
}

/// A label beside a plot.
fn small(text: String, at: Spot, anchor: Anchor, ink: Rgb) -> Shape {
    Shape::Text { at, anchor, size: SMALL, weight: Weight::Regular, ink: ink.into(), text }
}
