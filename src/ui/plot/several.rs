//! The curves of several machines on the same axes: the memory needed with what each has, and the speed.
//!
//! Colours mean what they mean elsewhere; machines are told apart by the pattern of their lines and by a mark.

use egui::{Align2, Color32, Painter, Pos2, Rangef, Rect, Sense, Stroke, Ui, pos2, vec2};

use super::axis::{Axis, Rise, Round};
use super::overlay::{FOOT, HEAD};
use super::sweep::{Blend, Standing};
use super::{Curves, MemoryUnit, caption, hand, readout, room, title};
use crate::hardware::PoolKind;
use crate::scenario::Point;
use crate::ui::fonts::Weight;
use crate::ui::paint::line::{self, Dash};
use crate::ui::paint::shape::{self, Kind};
use crate::ui::theme::{self, Palette};
use crate::ui::widget::card::card_under;
use crate::units::{Bytes, Tokens, TokensPerSecond};

/// The most machines on one plot.
pub const MOST: usize = 4;

/// The line and the mark of each, in order.
const LOOK: [(Dash, Kind); MOST] = [
    (Dash::Solid, Kind::Dense),
    (Dash::Short, Kind::Sparse),
    (Dash::Dotted, Kind::Several),
    (Dash::DashDot, Kind::Apple),
];

/// How strong a line is beyond what fits.
const BEYOND: f32 = 0.45;
/// A capacity so many times what is needed would flatten the rest.
const IN_SIGHT: f64 = 2.0;

/// A machine with its curves.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its curves; context, limit and unit are the same in all.
    pub curves: Curves<'a>,
}

/// A line and a mark as they stand for a machine, in a box of `size`.
pub fn sample(painter: &Painter, rect: Rect, place: usize, palette: &Palette) {
    let (dash, kind) = LOOK[place % MOST];
    let across = [rect.left_center(), rect.right_center()];
    line::path(painter, &across, Stroke::new(2.0, palette.accent), dash);
    mark(painter, rect.center(), kind, palette.accent, palette.bg2);
}

fn mark(painter: &Painter, at: Pos2, kind: Kind, ink: Color32, ground: Color32) {
    shape::paint(painter, at, kind, 13.0, ground);
    shape::paint(painter, at, kind, 9.0, ink);
}

/// The memory needed. Returns the context the user asked for.
pub fn memory_of(ui: &mut Ui, series: &[Series<'_>]) -> Option<Tokens> {
    let unit = series.first().map_or(MemoryUnit::Gib, |one| one.curves.unit);
    let name = "Memory needed by context";
    let read = |ui: &mut Ui| {
        said(ui, series, |curves, at| {
            let total = at.of(|point| curves.points[point].plan.total().as_f64());
            Some(unit.number(Bytes::saturating(total)))
        });
    };
    card_under(
        ui,
        |ui| title(ui, name, unit.name()),
        read,
        |ui| {
            let needed = |one: &Series<'_>| {
                let totals = one.curves.points.iter().map(|point| point.plan.total().as_f64());
                totals.fold(0.0, f64::max)
            };
            let peak = series.iter().map(needed).fold(0.0, f64::max);
            let sight = series.iter().map(capacity).filter(|most| *most <= IN_SIGHT * peak).fold(peak, f64::max);
            let round = if unit == MemoryUnit::Gib { Round::Binary } else { Round::Decimal };
            let top = if sight > 0.0 { sight * 1.15 } else { 1.0 };
            let scale = Scale { name, top, unit: unit.bytes() as f64, round };
            plot(ui, series, &scale, |over, one, place| {
                let needed = |point: &Point| Some(point.plan.total().as_f64());
                let at = over.curve(one, needed, over.palette.part.kv, place);
                over.capacity(one, capacity(one), place, unit);
                at
            })
        },
    )
    .inner
}

/// Tokens per second with the context filled. Returns the context the user asked for.
pub fn speed_of(ui: &mut Ui, series: &[Series<'_>]) -> Option<Tokens> {
    let name = "Speed by context";
    let read = |ui: &mut Ui| {
        said(ui, series, |curves, at| Some(TokensPerSecond::saturating(at.rate(curves.points)?.expected).to_string()));
    };
    card_under(
        ui,
        |ui| title(ui, name, "tokens/s, estimates"),
        read,
        |ui| {
            let rates = series.iter().flat_map(|one| one.curves.points).filter_map(|point| point.rate);
            let most = rates.map(|rate| rate.expected).filter(|rate| rate.is_finite()).fold(0.0, f64::max);
            let scale =
                Scale { name, top: if most > 0.0 { most * 1.05 } else { 10.0 }, unit: 1.0, round: Round::Decimal };
            plot(ui, series, &scale, |over, one, place| {
                let rate = |point: &Point| point.rate.map(|rate| rate.expected);
                over.name(one, one.curves.points.first().and_then(rate));
                over.curve(one, rate, over.palette.accent, place)
            })
        },
    )
    .inner
}

/// The figures of all under the pointer, else at the context asked, in the order of the machines.
fn said(ui: &mut Ui, series: &[Series<'_>], figure: impl Fn(&Curves<'_>, Blend) -> Option<String>) {
    let palette = theme::palette(ui);
    let Some(first) = series.first() else { return };
    let context = hand::hovered(ui.ctx()).unwrap_or(first.curves.context);
    let value = |one: &Series<'_>| {
        let at = one.curves.at(context.get())?;
        figure(&one.curves, at)
    };
    let values: Vec<String> = series.iter().map(|one| value(one).unwrap_or_else(|| "—".to_owned())).collect();
    let (at, values) = (format!("at {context}:"), values.join(", "));
    readout(ui, &[(&at, Weight::Regular, palette.t2), (&values, Weight::Medium, palette.t1)]);
}

/// All memory of a machine.
fn capacity(one: &Series<'_>) -> f64 {
    let pools = one.curves.machine.pools.iter().filter(|pool| pool.kind != PoolKind::Disk);
    pools.map(|pool| pool.capacity.value).sum::<Bytes>().as_f64()
}

struct Scale<'a> {
    name: &'a str,
    top: f64,
    unit: f64,
    round: Round,
}

fn plot(
    ui: &mut Ui,
    series: &[Series<'_>],
    scale: &Scale<'_>,
    mut draw: impl FnMut(&mut Over<'_>, &Series<'_>, usize) -> Option<f64>,
) -> Option<Tokens> {
    let first = series.first()?;
    let (rect, response) = ui.allocate_exact_size(room(ui), Sense::click_and_drag());
    let range = Rangef::new((rect.top() + HEAD).round(), (rect.bottom() - FOOT).max(rect.top() + HEAD + 1.0).round());
    let rise = Rise { top: scale.top, range, unit: scale.unit, round: scale.round };
    let axis = Axis::new(first.curves.limit, Rangef::new(rect.left() + rise.gutter(ui.painter()), rect.right()));
    let asked = hand::asked(ui, &response, &first.curves, &axis);
    let painter = ui.painter().with_clip_rect(rect.expand(1.0).intersect(ui.clip_rect()));
    let palette = theme::palette(ui);
    rise.paint(&painter, palette, axis.range, Rangef::NOTHING);
    axis.paint(&painter, palette, range.max);
    let context = first.curves.context;
    painter.vline(axis.x(context.get()), range, Stroke::new(1.0, palette.line2));
    let mut over =
        Over { painter: &painter, palette, axis: &axis, rise, taken: Vec::new(), above: Vec::new(), names: Vec::new() };
    let mut told = Vec::new();
    let mut marks = Vec::new();
    for (place, one) in series.iter().enumerate() {
        let value = draw(&mut over, one, place);
        told.push(format!("{} {}", one.name, value.map_or_else(|| "none".to_owned(), |value| number(value, scale))));
        marks.extend(value.map(|value| (value, place)));
    }
    over.tell_above();
    over.tell_names();
    for (value, place) in marks.into_iter().rev() {
        let at = pos2(axis.x(context.get()), rise.y(value.min(rise.top)));
        let ink = if scale.unit > 1.0 { palette.part.kv } else { palette.accent };
        mark(&painter, at, LOOK[place % MOST].1, ink, palette.bg2);
    }
    let value = format!("{context} tokens: {}", told.join(", "));
    hand::describe(ui, &response, scale.name, value, &first.curves, &axis);
    asked
}

fn number(value: f64, scale: &Scale<'_>) -> String {
    TokensPerSecond::saturating(value / scale.unit).to_string()
}

struct Over<'a> {
    painter: &'a Painter,
    palette: &'a Palette,
    axis: &'a Axis,
    rise: Rise,
    /// Where words stand already.
    taken: Vec<Rect>,
    /// What is too large to be in sight.
    above: Vec<String>,
    /// Machines with where their curves begin.
    names: Vec<(String, f64)>,
}

impl Over<'_> {
    /// A curve over the sweep, weaker beyond what fits; its value at the context asked.
    fn curve(
        &mut self,
        one: &Series<'_>,
        value: impl Fn(&Point) -> Option<f64>,
        ink: Color32,
        place: usize,
    ) -> Option<f64> {
        let curves = &one.curves;
        let (dash, _) = LOOK[place % MOST];
        let pieces = curves.pieces(self.axis);
        for piece in &pieces {
            let fits = piece.standing == Standing::Fits;
            let path: Vec<Pos2> = piece
                .samples(curves.points)
                .filter_map(|(tokens, at)| {
                    let (from, to) = (value(&curves.points[at.a])?, value(&curves.points[at.b])?);
                    let height = (from + (to - from) * at.t).max(0.0).min(self.rise.top);
                    Some(pos2(self.axis.x(tokens), self.rise.y(height)))
                })
                .collect();
            let ink = if fits { ink } else { ink.gamma_multiply(BEYOND) };
            line::path(self.painter, &path, Stroke::new(2.0, ink), dash);
        }
        let at = curves.at(curves.context.get())?;
        let (from, to) = (value(&curves.points[at.a])?, value(&curves.points[at.b])?);
        Some((from + (to - from) * at.t).max(0.0))
    }

    /// A line at all a machine has, named where there is room.
    fn capacity(&mut self, one: &Series<'_>, capacity: f64, place: usize, unit: MemoryUnit) {
        let text = format!("{} {}", short(one.name), unit.text(Bytes::saturating(capacity)));
        if capacity > self.rise.top {
            self.above.push(text);
            return;
        }
        let y = self.rise.y(capacity);
        let across = [pos2(self.axis.range.min, y), pos2(self.axis.range.max, y)];
        line::path(self.painter, &across, Stroke::new(1.0, self.palette.pool.ram), LOOK[place % MOST].0);
        let at = pos2(self.axis.range.min + 4.0, y);
        self.label(&text, [Align2::LEFT_BOTTOM; 2], at, self.palette.pool.ram);
    }

    /// Notes the name of a machine, to stand where its curve begins.
    fn name(&mut self, one: &Series<'_>, begins: Option<f64>) {
        self.names.extend(begins.filter(|value| value.is_finite()).map(|value| (short(one.name), value)));
    }

    /// The names, each above its curve or below, over what the others have drawn.
    fn tell_names(&mut self) {
        for (name, value) in std::mem::take(&mut self.names) {
            let at = pos2(self.axis.range.min + 4.0, self.rise.y(value.min(self.rise.top)));
            self.label(&name, [Align2::LEFT_BOTTOM, Align2::LEFT_TOP], at, self.palette.t2);
        }
    }

    /// What lies above the plot, in words at its upper edge.
    fn tell_above(&mut self) {
        if !self.above.is_empty() {
            let text = format!("above: {}", self.above.join(", "));
            let at = pos2(self.axis.range.max - 2.0, self.rise.range.min - 4.0);
            self.label(&text, [Align2::RIGHT_BOTTOM; 2], at, self.palette.pool.ram);
        }
    }

    /// Words at the first place where none stand yet and there is room. A line is two points wide, and words do not
    /// stand on it.
    fn label(&mut self, text: &str, anchors: [Align2; 2], at: Pos2, ink: Color32) {
        let galley = self.painter.layout_no_wrap(text.to_owned(), caption(Weight::Medium), ink);
        let place = |anchor: Align2| {
            let off = if anchor.y() == egui::Align::Min { 2.0 } else { -2.0 };
            anchor.anchor_size(at + vec2(0.0, off), galley.size())
        };
        let free = |place: &Rect| {
            place.bottom() <= self.rise.range.max && !self.taken.iter().any(|other| other.intersects(*place))
        };
        if let Some(place) = anchors.map(place).into_iter().find(free) {
            self.painter.rect_filled(place.expand2(vec2(2.0, -1.0)), 0.0, self.palette.bg2);
            self.painter.galley(place.min, galley, ink);
            self.taken.push(place);
        }
    }
}

/// A name that has room on a line.
fn short(name: &str) -> String {
    const MOST_CHARS: usize = 28;
    if name.chars().count() <= MOST_CHARS {
        return name.to_owned();
    }
    let kept: String = name.chars().take(MOST_CHARS - 1).collect();
    format!("{}…", kept.trim_end())
}
