//! Memory by context: one panel per kind of pool, each with its own scale, the one that binds first tallest.

use egui::emath::GuiRounding as _;
use egui::{Align2, Rangef, Rect, Sense, Ui, pos2};

use super::area;
use super::axis::{Axis, Rise, Round};
use super::capacity;
use super::overlay::{FOOT, HEAD, Overlay, Reach};
use super::stack::{Panel, panels};
use super::{Curves, MemoryUnit, caption, hand, readout, room, title};
use crate::placement::{Mode, Plan};
use crate::ui::fonts::Weight;
use crate::ui::theme;
use crate::ui::widget::card::card_under;
use crate::units::{Bytes, Tokens};

const NAME: &str = "Memory by context";
/// Above the capacity line, for its label.
const LABEL: f32 = 17.0;
const BETWEEN: f32 = 8.0;
/// The panel that binds first is so many times as tall as another.
const TALLEST: f32 = 3.0;
/// A panel keeps this many times its capacity in sight of what is asked of it.
const OVER: f64 = 1.4;

/// The memory card, as large as there is room. Returns the context the user asked for by click, drag or key.
pub fn memory(ui: &mut Ui, curves: &Curves<'_>) -> Option<Tokens> {
    memory_under(ui, curves, |ui| title(ui, NAME, curves.unit.name()))
}

/// The same under a title of another's making.
pub fn memory_under(ui: &mut Ui, curves: &Curves<'_>, title: impl FnOnce(&mut Ui)) -> Option<Tokens> {
    let hovered = hand::hovered(ui.ctx());
    card_under(ui, title, |ui| title_line(ui, curves, hovered), |ui| plot(ui, curves)).inner
}

fn title_line(ui: &mut Ui, curves: &Curves<'_>, hovered: Option<Tokens>) {
    let p = theme::palette(ui);
    if let Some((tokens, at)) = hovered.and_then(|tokens| Some((tokens, curves.at(tokens.get())?))) {
        let number = |figure: fn(&Plan) -> Bytes| {
            let bytes = at.of(|point| figure(&curves.points[point].plan).as_f64());
            Bytes::saturating(bytes)
        };
        let kv = curves.unit.number(number(Plan::kv));
        let total = curves.unit.text(number(Plan::total));
        let words = [
            (format!("at {tokens}:"), Weight::Regular, p.t3),
            ("KV".to_owned(), Weight::Regular, p.t2),
            (format!("{kv},"), Weight::Medium, p.t1),
            ("total".to_owned(), Weight::Regular, p.t2),
            (total, Weight::Medium, p.t1),
        ];
        return readout(ui, &words.each_ref().map(|(word, weight, color)| (word.as_str(), *weight, *color)));
    }
    let Some(fits) = curves.fits_max else {
        return readout(ui, &[("no context fits", Weight::Regular, p.t2)]);
    };
    let from_disk = curves.points.first().is_some_and(|point| point.plan.mode == Mode::Disk);
    let what = if from_disk { "largest from disk" } else { "largest that fits" };
    readout(ui, &[(what, Weight::Regular, p.t2), (&fits.to_string(), Weight::Medium, p.accent)]);
}

fn plot(ui: &mut Ui, curves: &Curves<'_>) -> Option<Tokens> {
    let (rect, response) = ui.allocate_exact_size(room(ui), Sense::click_and_drag());
    let (panels, tallest) = panels(curves);
    let drawn = layout(rect, panels, tallest, curves.unit, ui.pixels_per_point());
    let gutter = drawn.iter().map(|(_, rise)| rise.gutter(ui.painter())).fold(0.0, f32::max);
    let axis = Axis::new(curves.limit, Rangef::new(rect.left() + gutter, rect.right()));

    let asked = hand::asked(ui, &response, curves, &axis);
    let now = curves.at(curves.context.get());
    let words: Vec<String> = match now {
        Some(at) => drawn.iter().map(|(panel, _)| panel.words(at, curves.unit)).collect(),
        None => Vec::new(),
    };
    let value = format!("{} tokens: {}", curves.context, words.join(", "));
    hand::describe(ui, &response, NAME, value, curves, &axis);
    if ui.is_rect_visible(rect) {
        let pieces = curves.pieces(&axis);
        let palette = theme::palette(ui);
        let over = Overlay { painter: ui.painter(), palette, curves, axis: &axis, pieces: &pieces };
        paint(&over, &drawn, rect, hand::hovered(ui.ctx()).map(Tokens::get));
    }
    asked
}

/// Gives every panel its scale. The head of the first is left to the grip.
fn layout(
    rect: Rect,
    panels: Vec<Panel>,
    tallest: usize,
    unit: MemoryUnit,
    pixels_per_point: f32,
) -> Vec<(Panel, Rise)> {
    let count = panels.len() as f32;
    let left_over = rect.height() - HEAD - FOOT - count * LABEL - (count - 1.0).max(0.0) * BETWEEN;
    let share = left_over.max(0.0) / (TALLEST - 1.0 + count);
    let round = if unit == MemoryUnit::Gib { Round::Binary } else { Round::Decimal };
    let mut y = rect.top() + HEAD;
    let mut drawn = Vec::with_capacity(panels.len());
    for (i, panel) in panels.into_iter().enumerate() {
        let height = if i == tallest { share * TALLEST } else { share };
        let [above, below] = [y + LABEL, y + LABEL + height].map(|y| y.round_to_pixels(pixels_per_point));
        let capacity = panel.capacity.as_f64();
        let top = panel.peak.clamp(capacity, capacity * OVER);
        drawn.push((panel, Rise { top, range: Rangef::new(above, below), unit: unit.bytes() as f64, round }));
        y += LABEL + height + BETWEEN;
    }
    drawn
}

fn paint(over: &Overlay<'_>, drawn: &[(Panel, Rise)], rect: Rect, hovered: Option<u64>) {
    let Overlay { painter, palette, curves, axis, pieces } = *over;
    let bottom = drawn.last().map_or(rect.bottom() - FOOT, |(_, rise)| rise.range.max);
    let mut samples = Vec::new();
    let now = curves.at(curves.context.get());
    for (i, (panel, rise)) in drawn.iter().enumerate() {
        let head = if i == 0 { rise.range.min - LABEL } else { rise.range.min };
        let ground = Rect::from_x_y_ranges(axis.range, rise.range);
        let full = Rangef::new(head, rise.range.max);
        // At the capacity stands its own label.
        let capacity = rise.y(panel.capacity.as_f64());
        rise.paint(painter, palette, axis.range, Rangef::new(f32::NEG_INFINITY, capacity + 8.0));
        over.regions(full, Reach::Whole);
        for piece in pieces {
            panel.samples(curves, axis, *piece, &mut samples);
            area::fill(&painter.with_clip_rect(ground.intersect(painter.clip_rect())), palette, *rise, &samples);
        }
        over.regions(full, Reach::Part);
        capacity::lines(over, panel, *rise);
        over.cursor(full, hovered);
    }
    axis.paint(painter, palette, bottom);
    over.limit(rect.top(), bottom);
    for (i, (panel, rise)) in drawn.iter().enumerate() {
        let end = capacity::labels(over, panel, *rise);
        if i == 0 {
            let begins = over.name_regions(rise.range.min - 2.0);
            capacity::steps(over, panel, *rise, Rangef::new(end + 12.0, begins - 12.0));
        }
        // The first panel shows what changes; of the others the figure is enough.
        let figure = now.filter(|_| i > 0).map(|at| curves.unit.text(Bytes::saturating(panel.part(at, 0))));
        area::names(over, panel, *rise, figure.as_deref(), &mut samples);
        if panel.peak > rise.top {
            area::broken(over, panel, *rise, &mut samples);
        }
    }
    if let (Some((panel, rise)), Some(at)) = (drawn.first(), now) {
        let top = panel.sample(axis.x(curves.context.get()), at);
        // Beyond the break there is no height to stand at.
        if top.total() <= rise.top {
            over.dot(pos2(top.x, rise.y(top.total())), 3.5, palette.t1);
        }
    }
    if drawn.is_empty() {
        let center = Rect::from_x_y_ranges(axis.range, rect.y_range()).center();
        let text = if curves.points.is_empty() { "no answer yet" } else { "no memory is known for this machine" };
        painter.text(center, Align2::CENTER_CENTER, text, caption(Weight::Regular), palette.t3);
    }
}
