//! Predicted against measured, both on a logarithmic scale: what lies on the diagonal was met.

use egui::{
    Align2, Color32, EventFilter, Key, Painter, PopupAnchor, Pos2, Rangef, Rect, Response, Role, Sense, Stroke,
    Tooltip, Ui, WidgetInfo, pos2, vec2,
};

use super::state::{Accuracy, View, error};
use super::words;
use crate::advice::accuracy::{Compared, Rate};
use crate::advice::peers::Peer;
use crate::ui::fonts::{self, Weight};
use crate::ui::paint::line::{self, Dash};
use crate::ui::paint::shape::{self, Kind};
use crate::ui::theme::{self, Palette};
use crate::ui::widget::card::card;

/// How near the pointer has to be to a point.
const NEAR: f32 = 12.0;
const POINT: f32 = 6.0;
/// The least width of a plot for all that can be said in it.
const WIDE: f32 = 300.0;

/// Whose predictions a plot shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Ours,
    Theirs(Peer),
}

impl Whose {
    fn predicts(self, row: &Compared, rate: Rate) -> Option<f64> {
        match self {
            Self::Ours => row.ours(rate).map(|range| range.expected),
            Self::Theirs(peer) => row.theirs(peer, rate),
        }
    }
}

/// A card with one plot. `name` is whose predictions they are.
pub(super) fn scatter(ui: &mut Ui, accuracy: &mut Accuracy, view: &View, whose: Whose, name: &str, height: f32) {
    let figures = view.here(accuracy.looked.group);
    let off = figures.and_then(|figures| if whose == Whose::Ours { figures.ours } else { figures.theirs });
    let said = off.map_or_else(String::new, |off| words::errors(off.median, off.tail));
    let full = match whose {
        Whose::Ours => name.to_owned(),
        Whose::Theirs(_) => format!("{name}, re-computed"),
    };
    let readout = |ui: &mut Ui| {
        ui.label(fonts::medium(&said).size(12.0).color(theme::palette(ui).t1));
    };
    // In a narrow card the figures say what counts, and the plot that it is re-computed.
    let title = if ui.available_width() > WIDE { [full.as_str(), "tokens/s"] } else { [name, ""] };
    card(ui, title, readout, |ui| plot(ui, accuracy, view, whose, &full, height));
}

fn plot(ui: &mut Ui, accuracy: &mut Accuracy, view: &View, whose: Whose, name: &str, height: f32) {
    let rate = accuracy.looked.rate;
    let size = vec2(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let scale = Scale::new(rect, view.range);
    let rows = accuracy.rows();
    let points: Vec<(usize, Pos2)> = view
        .shown
        .iter()
        .filter_map(|&place| {
            let row = &rows[place];
            Some((place, scale.at(row.seen(rate)?, whose.predicts(row, rate)?)))
        })
        .collect();
    let near = response.hover_pos().and_then(|pointer| {
        let far = |point: &(usize, Pos2)| point.1.distance(pointer);
        points.iter().min_by(|a, b| far(a).total_cmp(&far(b))).filter(|point| far(point) <= NEAR).map(|point| point.0)
    });
    let picked = accuracy.picked;
    let described = picked.filter(|place| view.shown.contains(place)).map(|place| sentence(&rows[place], rate, whose));
    let label = format!("{name}, predicted against measured, {} measurements", points.len());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, ui.is_enabled(), &label));
    if let Some(described) = described {
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_value(described));
    }
    if ui.is_rect_visible(rect) {
        let palette = theme::palette(ui);
        let painter = ui.painter().with_clip_rect(rect.expand(8.0).intersect(ui.clip_rect()));
        scale.paint(&painter, palette, view.band, whose);
        let mut lit = None;
        for &(place, at) in &points {
            let kind = Kind::of(&rows[place].measured);
            if Some(place) == near || Some(place) == picked {
                lit = Some((at, kind)).filter(|_| Some(place) == near || near.is_none()).or(lit);
            }
            shape::paint(&painter, at, kind, POINT, kind.color(palette).gamma_multiply(0.85));
        }
        if let Some((at, kind)) = lit {
            painter.circle(at, POINT, palette.bg2, Stroke::new(2.0, palette.t1));
            shape::paint(&painter, at, kind, POINT + 1.0, kind.color(palette));
        }
    }
    if let Some(place) = near {
        // At once: the pointer reads point after point.
        Tooltip::always_open(ui.ctx().clone(), response.layer_id, response.id, PopupAnchor::Pointer)
            .gap(12.0)
            .show(|ui| hover(ui, &rows[place], rate, whose, name));
    }
    pick(ui, &response, accuracy, view, near);
}

/// A click points a measurement out, arrows walk from one to the next by what was measured.
fn pick(ui: &Ui, response: &Response, accuracy: &mut Accuracy, view: &View, near: Option<usize>) {
    if response.clicked() {
        response.request_focus();
        if near.is_some() {
            (accuracy.picked, accuracy.reveal) = (near, true);
        }
    }
    if !response.has_focus() || view.shown.is_empty() {
        return;
    }
    let ours = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, ours));
    let last = view.shown.len() - 1;
    let at = accuracy.picked.and_then(|picked| view.shown.iter().position(|place| *place == picked));
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    let next = if pressed(Key::ArrowRight) || pressed(Key::ArrowUp) {
        Some(at.map_or(0, |at| (at + 1).min(last)))
    } else if pressed(Key::ArrowLeft) || pressed(Key::ArrowDown) {
        Some(at.map_or(last, |at| at.saturating_sub(1)))
    } else if pressed(Key::Home) {
        Some(0)
    } else if pressed(Key::End) {
        Some(last)
    } else {
        None
    };
    if let Some(next) = next {
        (accuracy.picked, accuracy.reveal) = (Some(view.shown[next]), true);
        ui.ctx().request_repaint();
    }
}

/// A measurement in one sentence.
fn sentence(row: &Compared, rate: Rate, whose: Whose) -> String {
    let seen = row.seen(rate).unwrap_or_default();
    let predicted = whose.predicts(row, rate);
    let predicted =
        predicted.map_or_else(|| "not predicted".to_owned(), |value| format!("predicted {}", words::rate(value)));
    format!(
        "{}, {} {}: measured {} tokens per second, {predicted}",
        words::machine(row),
        words::model(row),
        words::quant(row),
        words::rate(seen)
    )
}

/// All that is known of a point.
fn hover(ui: &mut Ui, row: &Compared, rate: Rate, whose: Whose, name: &str) {
    let palette = theme::palette(ui);
    let seen = row.seen(rate).unwrap_or_default();
    ui.label(fonts::medium(words::machine(row)).color(palette.t1));
    ui.label(fonts::small(format!("{}, {}", words::model(row), words::quant(row))).color(palette.t1));
    let depth = words::depth(row, rate);
    ui.label(fonts::small(format!("{} tokens deep, {}", depth, words::engine(row))).color(palette.t2));
    let mut said = format!("measured {} tokens/s", words::rate(seen));
    if let Some(predicted) = whose.predicts(row, rate) {
        let off = words::off(predicted / seen - 1.0);
        said = format!("{said}, {name} {} ({off})", words::rate(predicted));
    }
    ui.label(fonts::small(said).color(palette.t1));
    if whose == Whose::Ours
        && let Some(range) = row.ours(rate)
    {
        let band = format!("band {} to {}", words::rate(range.low), words::rate(range.high));
        ui.label(fonts::small(band).color(palette.t2));
    }
    if whose != Whose::Ours
        && let Some(off) = error(row, rate, row.ours(rate).map(|range| range.expected))
    {
        ui.label(fonts::small(format!("willitrun {}", words::off(off))).color(palette.t2));
    }
    ui.label(fonts::small(words::source(row)).color(palette.t2));
    if !row.measured.sound {
        ui.label(fonts::small("Hardware or build are not fully stated.").color(palette.t2));
    }
}

/// One scale for both directions.
struct Scale {
    rect: Rect,
    low: f64,
    high: f64,
}

impl Scale {
    /// Room for labels below the plot.
    const FOOT: f32 = 20.0;

    fn new(outer: Rect, (low, high): (f64, f64)) -> Self {
        // Room for the longest label left of it.
        let gutter = if high >= 1e4 { 48.0 } else { 34.0 };
        let rect = Rect::from_min_max(outer.min + vec2(gutter, 4.0), outer.max - vec2(12.0, Self::FOOT));
        let (low, high) = if low < high { (low / 1.4, high * 1.4) } else { (1.0, 100.0) };
        Self { rect, low: low.log10(), high: high.log10() }
    }

    fn share(&self, value: f64) -> f32 {
        ((value.log10() - self.low) / (self.high - self.low)).clamp(0.0, 1.0) as f32
    }

    /// What lies beyond the plot is drawn at its edge.
    fn at(&self, seen: f64, predicted: f64) -> Pos2 {
        let rect = self.rect;
        pos2(rect.left() + rect.width() * self.share(seen), rect.bottom() - rect.height() * self.share(predicted))
    }

    fn paint(&self, painter: &Painter, palette: &Palette, band: f64, whose: Whose) {
        let rect = self.rect;
        let font = fonts::font(11.0, Weight::Regular);
        for power in self.low.ceil() as i32..=self.high.floor() as i32 {
            let value = 10_f64.powi(power);
            let at = self.at(value, value);
            painter.hline(rect.x_range(), at.y, Stroke::new(1.0, palette.line));
            painter.vline(at.x, Rangef::new(rect.bottom(), rect.bottom() + 3.0), Stroke::new(1.0, palette.line2));
            let text = tick(power);
            painter.text(pos2(rect.left() - 6.0, at.y), Align2::RIGHT_CENTER, &text, font.clone(), palette.t3);
            painter.text(pos2(at.x, rect.bottom() + 5.0), Align2::CENTER_TOP, &text, font.clone(), palette.t3);
        }
        let (low, high) = (10_f64.powf(self.low), 10_f64.powf(self.high));
        let along = |factor: f64, dash: Dash, stroke: Stroke| {
            // Within the plot in both directions.
            let (from, to) = (low.max(low / factor), high.min(high / factor));
            line::path(painter, &[self.at(from, from * factor), self.at(to, to * factor)], stroke, dash);
        };
        along(1.0, Dash::Solid, Stroke::new(1.0, palette.t3));
        let width = if whose == Whose::Ours { band } else { 2.0 };
        if width > 1.0 {
            along(width, Dash::Short, Stroke::new(1.0, palette.t3));
            along(1.0 / width, Dash::Short, Stroke::new(1.0, palette.t3));
        }
        let ink = [palette.t3, palette.bg2];
        let label = |at: Pos2, anchor: Align2, text: &str, ink: [Color32; 2]| {
            line::label(painter, at, anchor, text, fonts::font(11.0, Weight::Regular), ink);
        };
        label(rect.right_bottom() - vec2(2.0, 2.0), Align2::RIGHT_BOTTOM, "measured", ink);
        let predicted = if whose == Whose::Ours { "predicted" } else { "re-computed" };
        let said = match whose {
            Whose::Ours if rect.width() < WIDE => format!("80 % band × or ÷ {band:.2}"),
            Whose::Ours => format!("dashed: the 80 % band, usually × or ÷ {band:.2}"),
            Whose::Theirs(_) => "dashed: × or ÷ 2".to_owned(),
        };
        label(rect.left_top() + vec2(4.0, 2.0), Align2::LEFT_TOP, predicted, ink);
        label(rect.left_top() + vec2(4.0, 16.0), Align2::LEFT_TOP, &said, ink);
    }
}

/// `0.1`, `1`, `1,000`.
fn tick(power: i32) -> String {
    if power < 0 {
        return format!("{:.*}", power.unsigned_abs() as usize, 10_f64.powi(power));
    }
    crate::units::grouped(10_u64.pow(power.unsigned_abs()))
}
