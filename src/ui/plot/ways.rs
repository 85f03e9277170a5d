//! All memory by context with its cache kept in several ways: what lies below it as areas, a line for each way, and the
//! room the machine has.
//!
//! The scale begins at 0, or where the cache would else be a hair upon its weights, a little below them: then it says so.

use egui::text::LayoutJob;
use egui::{Align2, Color32, Mesh, Painter, Rangef, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::axis::{Axis, Round};
use super::lines::{FOOT, GUTTER, NAMES, spread};
use super::stack::Panel;
use super::{Curves, MemoryUnit, caption};
use crate::hardware::PoolKind;
use crate::scenario::Point;
use crate::ui::fonts::Weight;
use crate::ui::paint::line::{self, Dash};
use crate::ui::theme::{self, Palette};
use crate::units::Bytes;

/// Above the plot, for what lies out of sight.
const HEAD: f32 = 16.0;
/// A cache that takes less than this share of all is shown from a little below its weights on.
const HAIR: f64 = 0.25;
/// A capacity so many times as far as what is needed would flatten the rest.
const IN_SIGHT: f64 = 2.0;

/// A way to keep the cache.
pub struct Way<'a> {
    /// What it is called at its end.
    pub name: &'a str,
    /// Its colour.
    pub color: Color32,
    /// Its pattern, so that it is told apart without the colour.
    pub dash: Dash,
    /// All memory a run then takes, at a point of the sweep.
    pub value: &'a dyn Fn(&Point) -> Bytes,
}

/// Draws the ways over the sweep, with a cursor.
pub fn ways(ui: &mut Ui, curves: &Curves<'_>, ways: &[Way<'_>], height: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let rooms = rooms(curves);
    response.widget_info(|| {
        let unit = curves.unit;
        let sizes = ways.iter().map(|way| format!("{} {}", way.name, unit.of(Bytes::saturating(at(curves, way)))));
        let sizes: Vec<String> = sizes.collect();
        let has: Vec<String> = rooms.iter().map(|room| format!("{} {}", room.name, unit.text(room.size))).collect();
        let text = format!(
            "Memory by context, at {} tokens: {}; there is {}",
            curves.context,
            sizes.join(", "),
            has.join(", ")
        );
        WidgetInfo::labeled(Role::Image, true, text)
    });
    if !ui.is_rect_visible(rect) || curves.points.is_empty() {
        return;
    }
    let across = Rangef::new(rect.left() + GUTTER, (rect.right() - NAMES).max(rect.left() + GUTTER + 40.0));
    let upward = Rangef::new(rect.top() + HEAD, rect.bottom() - FOOT);
    let scale = Scale::new(curves, ways, &rooms, upward);
    let drawn = Drawn {
        painter: ui.painter(),
        palette: theme::palette(ui),
        curves,
        axis: Axis::new(curves.limit, across),
        scale,
    };
    drawn.grid();
    let weights = |point: &Point| point.plan.weights();
    let below = |point: &Point| point.plan.total() - point.plan.kv();
    let part = &drawn.palette.part;
    drawn.area(&|_| Bytes::ZERO, &weights, part.weights, "weights");
    drawn.area(&weights, &below, part.buffers, "buffers");
    drawn.rooms(&rooms);
    drawn.ways(ways);
}

/// What a way takes at the context asked, in bytes.
fn at(curves: &Curves<'_>, way: &Way<'_>) -> f64 {
    let at = curves.at(curves.context.get());
    at.map_or(0.0, |at| at.of(|point| (way.value)(&curves.points[point]).as_f64()))
}

/// Memory a machine has, named.
struct Room {
    name: String,
    size: Bytes,
    kind: PoolKind,
}

/// The memory of GPUs, and all of it.
fn rooms(curves: &Curves<'_>) -> Vec<Room> {
    let kinds = [PoolKind::Vram, PoolKind::Unified, PoolKind::Ram];
    let mut rooms: Vec<Room> = Vec::new();
    for panel in kinds.into_iter().filter_map(|kind| Panel::new(curves, kind)) {
        let (name, size) = match rooms.last() {
            Some(faster) => (format!("{} and {}", faster.name, panel.name()), faster.size + panel.capacity),
            None => (panel.name(), panel.capacity),
        };
        rooms.push(Room { name, size, kind: panel.kind });
    }
    rooms
}

/// Bytes upwards, from where it begins.
#[derive(Clone, Copy, Debug)]
struct Scale {
    floor: f64,
    top: f64,
    range: Rangef,
    unit: MemoryUnit,
}

impl Scale {
    fn new(curves: &Curves<'_>, ways: &[Way<'_>], rooms: &[Room], range: Rangef) -> Self {
        let sizes = || curves.points.iter().flat_map(|point| ways.iter().map(|way| (way.value)(point).as_f64()));
        let (least, most) = (sizes().fold(f64::INFINITY, f64::min), sizes().fold(1.0, f64::max));
        let rooms: Vec<f64> = rooms.iter().map(|room| room.size.as_f64()).collect();
        Self::of([least, most], &rooms, range, curves.unit)
    }

    fn of([least, most]: [f64; 2], rooms: &[f64], range: Rangef, unit: MemoryUnit) -> Self {
        let span = most - least;
        let floor = if span > 0.0 && span < HAIR * most { (least - 0.5 * span).max(0.0) } else { 0.0 };
        let far = floor + (most - floor) * IN_SIGHT;
        let seen = rooms.iter().copied().filter(|room| *room <= far).fold(most, f64::max);
        Self { floor, top: floor + (seen - floor) * 1.08, range, unit }
    }

    fn y(&self, bytes: f64) -> f32 {
        let share = (bytes - self.floor) / (self.top - self.floor).max(1.0);
        self.range.max - self.range.span() * share.clamp(-0.5, 1.5) as f32
    }

    /// Round numbers far enough apart for their labels.
    fn steps(&self) -> impl Iterator<Item = (f32, String)> {
        let unit = self.unit.bytes() as f64;
        let most = f64::from((self.range.span() / 30.0).clamp(1.0, 6.0));
        let step = Round::Decimal.above((self.top - self.floor) / unit / most);
        let first = (self.floor / unit / step).ceil();
        let places = usize::from(step < 1.0);
        let scale = *self;
        (0..12)
            .map(move |i| (first + f64::from(i)) * step)
            .take_while(move |value| value * unit <= scale.top)
            .map(move |value| (scale.y(value * unit), format!("{value:.places$}")))
    }

    fn holds(&self, bytes: f64) -> bool {
        (self.floor..=self.top).contains(&bytes)
    }
}

/// What the parts of the plot are painted with.
struct Drawn<'a> {
    painter: &'a Painter,
    palette: &'a Palette,
    curves: &'a Curves<'a>,
    axis: Axis,
    scale: Scale,
}

impl Drawn<'_> {
    fn grid(&self) {
        let across = self.axis.range;
        for (y, text) in self.scale.steps() {
            self.painter.hline(across, y, Stroke::new(1.0, self.palette.line));
            let place = pos2(across.min - 6.0, y);
            self.painter.text(place, Align2::RIGHT_CENTER, text, caption(Weight::Regular), self.palette.t3);
        }
        self.axis.paint(self.painter, self.palette, self.scale.range.max);
    }

    /// What lies between two sizes, named with the upper where there is room.
    fn area(&self, from: &dyn Fn(&Point) -> Bytes, to: &dyn Fn(&Point) -> Bytes, fill: Color32, name: &str) {
        let mut mesh = Mesh::default();
        let y = |bytes: Bytes| self.scale.y(bytes.as_f64()).clamp(self.scale.range.min, self.scale.range.max);
        let points = self.curves.points;
        for (i, point) in (0_u32..).zip(points) {
            let x = self.axis.x(point.context.get());
            mesh.colored_vertex(pos2(x, y(from(point))), fill);
            mesh.colored_vertex(pos2(x, y(to(point))), fill);
            if let Some(left) = i.checked_sub(1) {
                mesh.add_triangle(2 * left, 2 * left + 1, 2 * i);
                mesh.add_triangle(2 * left + 1, 2 * i, 2 * i + 1);
            }
        }
        self.painter.add(Shape::mesh(mesh));
        let Some(first) = points.first() else { return };
        let (low, high) = (y(from(first)), y(to(first)));
        if low - high >= 14.0 {
            let size = self.curves.unit.of(to(first) - from(first));
            let place = pos2(self.axis.range.min + 6.0, low.midpoint(high));
            let ink = theme::text_on(fill);
            self.painter.text(place, Align2::LEFT_CENTER, format!("{name} {size}"), caption(Weight::Medium), ink);
        }
    }

    /// A line at each capacity; of what is out of sight the words alone.
    fn rooms(&self, rooms: &[Room]) {
        let across = self.axis.range;
        let mut unseen = Vec::new();
        for room in rooms {
            let (color, dash) = match room.kind {
                PoolKind::Vram => (self.palette.pool.vram, Dash::Solid),
                _ => (self.palette.pool.ram, Dash::Long),
            };
            let text = format!("{} {}", room.name, self.curves.unit.text(room.size));
            let size = room.size.as_f64();
            if self.scale.holds(size) {
                let y = self.scale.y(size);
                line::path(self.painter, &[pos2(across.min, y), pos2(across.max, y)], Stroke::new(1.5, color), dash);
                let ground = self.palette.bg2;
                let place = pos2(across.max - 4.0, y - 2.0);
                line::label(self.painter, place, Align2::RIGHT_BOTTOM, &text, caption(Weight::Medium), [color, ground]);
            } else {
                unseen.push(format!("{text} {}", if size < self.scale.floor { "below" } else { "above" }));
            }
        }
        let begins = (self.scale.floor > 0.0).then(|| {
            let floor = Bytes::saturating(self.scale.floor);
            format!("from {} up", self.curves.unit.text(floor))
        });
        let told: Vec<String> = begins.into_iter().chain(unseen).collect();
        let place = pos2(across.min - GUTTER, self.scale.range.min - 3.0);
        let mut words = LayoutJob::simple(
            told.join("; "),
            caption(Weight::Regular),
            self.palette.t3,
            across.span() + GUTTER + NAMES,
        );
        words.wrap.max_rows = 1;
        let words = self.painter.layout_job(words);
        self.painter.galley(place - vec2(0.0, words.size().y), words, self.palette.t3);
    }

    fn ways(&self, ways: &[Way<'_>]) {
        let upward = self.scale.range;
        let x = self.axis.x(self.curves.context.get());
        self.painter.vline(x, upward, Stroke::new(1.0, self.palette.t3));
        let ground = Rect::from_x_y_ranges(self.axis.range, upward.expand(2.0));
        let inside = self.painter.with_clip_rect(ground.intersect(self.painter.clip_rect()));
        let mut ends: Vec<(f32, &Way<'_>)> = Vec::with_capacity(ways.len());
        for way in ways {
            let place =
                |point: &Point| pos2(self.axis.x(point.context.get()), self.scale.y((way.value)(point).as_f64()));
            let path: Vec<_> = self.curves.points.iter().map(place).collect();
            ends.extend(path.last().map(|end| (end.y, way)));
            line::path(&inside, &path, Stroke::new(2.0, way.color), way.dash);
            inside.circle_filled(pos2(x, self.scale.y(at(self.curves, way))), 3.0, way.color);
        }
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let right = self.axis.range.max;
        for (y, way) in spread(&ends, upward) {
            let font = caption(Weight::Medium);
            self.painter.text(pos2(right + 6.0, y), Align2::LEFT_CENTER, way.name, font, self.palette.t2);
            self.painter.hline(right + 1.0..=right + 4.0, y, Stroke::new(2.0, way.color));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::GIB;

    fn scale(sizes: [f64; 2], rooms: &[f64]) -> Scale {
        let gib = GIB as f64;
        let rooms: Vec<f64> = rooms.iter().map(|room| room * gib).collect();
        Scale::of(sizes.map(|size| size * gib), &rooms, Rangef::new(0.0, 200.0), MemoryUnit::Gib)
    }

    #[test]
    fn a_cache_upon_large_weights_is_not_a_hair() {
        let large = scale([377.0, 388.0], &[24.0, 408.0, 792.0]);
        assert!(large.floor > 300.0 * GIB as f64, "it begins below the weights");
        let rise = large.y(377.0 * GIB as f64) - large.y(388.0 * GIB as f64);
        assert!(rise > 60.0, "{rise}");
        assert!(!large.holds(24.0 * GIB as f64) && !large.holds(408.0 * GIB as f64));
        let small = scale([5.5, 10.0], &[12.0, 64.0]);
        assert!(small.floor.abs() < 1.0);
        assert!(small.holds(12.0 * GIB as f64) && !small.holds(64.0 * GIB as f64));
        for scale in [large, small, scale([3.0, 3.0], &[])] {
            let steps: Vec<_> = scale.steps().collect();
            assert!((2..=8).contains(&steps.len()), "{steps:?}");
            assert!(steps.iter().all(|(y, _)| (0.0..=200.0).contains(y)), "{steps:?}");
        }
    }
}
