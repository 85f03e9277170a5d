//! The dials, side by side: what was reached, the tick of the data sheet, and what to know of it.

use egui::{Align, Label, Layout, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use crate::hardware::Meter;
use crate::ui::bench::Workbench;
use crate::ui::paint::{dial, mark};
use crate::ui::widget::card::longest;
use crate::ui::{fonts, theme};

use super::view::{Gauge, Stage};
use super::{GAP, is_live, words};

/// The least width of a dial.
const LEAST: f32 = 146.0;
const ROW: f32 = 17.0;
/// Lines below the arc.
const ROWS: usize = 4;
/// The height of the arc in a high window and in a low one.
const ARC: (f32, f32) = (112.0, 84.0);

/// Draws them; returns the one that was clicked, to be shown in the chart.
pub(super) fn dials(ui: &mut Ui, bench: &Workbench, all: &[Gauge]) -> Option<Meter> {
    let width = ui.available_width();
    let fit = (((width + GAP) / (LEAST + GAP)) as usize).clamp(1, all.len().max(1));
    // As many in each row as in the others.
    let columns = all.len().div_ceil(all.len().div_ceil(fit));
    let each = (width - GAP * (columns as f32 - 1.0)) / columns as f32;
    let arc = if ui.ctx().content_rect().height() < 720.0 { ARC.1 } else { ARC.0 };
    let mut clicked = None;
    for (row, gauges) in all.chunks(columns).enumerate() {
        if row > 0 {
            ui.add_space(GAP);
        }
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            for gauge in gauges {
                if card(ui, bench, gauge, each, arc) {
                    clicked = Some(gauge.meter);
                }
            }
        });
    }
    clicked
}

/// One of them; whether it was clicked.
fn card(ui: &mut Ui, bench: &Workbench, gauge: &Gauge, width: f32, arc: f32) -> bool {
    let palette = theme::palette(ui);
    let height = 10.0 + 18.0 + 6.0 + arc + 4.0 + ROW * ROWS as f32 + 8.0;
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    let said = name(gauge);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &said));
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    ui.painter().rect_filled(rect, theme::radius::CARD, palette.bg2);
    if is_live(gauge) {
        ui.painter().rect_stroke(rect, theme::radius::CARD, Stroke::new(1.0, palette.accent), StrokeKind::Inside);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_stroke(rect, theme::radius::CARD, Stroke::new(1.0, palette.line2), StrokeKind::Inside);
    }
    let mut inside = ui.new_child(
        egui::UiBuilder::new().max_rect(rect.shrink2(vec2(12.0, 10.0))).layout(Layout::top_down(Align::Min)),
    );
    let ui = &mut inside;
    ui.spacing_mut().item_spacing = vec2(6.0, 0.0);
    head(ui, gauge);
    ui.add_space(6.0);
    let (place, _) = ui.allocate_exact_size(vec2(ui.available_width(), arc), Sense::hover());
    draw(ui, gauge, place);
    ui.add_space(4.0);
    foot(ui, bench, gauge);
    response.clicked()
}

/// Its name, what it is about, and the mark of its source.
fn head(ui: &mut Ui, gauge: &Gauge) {
    let palette = theme::palette(ui);
    ui.allocate_ui_with_layout(vec2(ui.available_width(), 18.0), Layout::right_to_left(Align::Center), |ui| {
        if let Some(source) = gauge.mark.filter(|_| !gauge.old) {
            let (at, _) = ui.allocate_exact_size(vec2(10.0, 16.0), Sense::hover());
            mark::paint(ui.painter(), at.center(), source, palette);
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.add(Label::new(fonts::title(&gauge.title).color(palette.t1)).selectable(false));
            // The last part says what there is no better word for.
            let last = gauge.about.rsplit(", ").next().unwrap_or_default();
            let shown = longest(ui, [gauge.about.as_str(), last]);
            let about = fonts::small(if shown.is_empty() { last } else { shown }).color(palette.t3);
            ui.add(Label::new(about).truncate().selectable(false));
        });
    });
}

fn draw(ui: &Ui, gauge: &Gauge, place: Rect) {
    let palette = theme::palette(ui);
    let sheet = gauge.sheet.map(|(_, rate)| rate);
    // The tick stands at nine tenths; without one the arc is full at a round number above.
    let full = match (sheet, gauge.rate) {
        (Some(sheet), rate) => (sheet / 0.9).max(rate.unwrap_or_default()),
        (None, Some(rate)) => super::frame::round_up(rate),
        (None, None) => 1.0,
    };
    let color = if gauge.old { palette.line2 } else { palette.accent };
    let figure = gauge.rate.map_or_else(|| "—".to_owned(), words::gb);
    let figure = if gauge.at_least { format!("≥ {figure}") } else { figure };
    let dial = dial::Dial {
        filled: gauge.rate.map(|rate| (rate / full) as f32),
        tick: sheet.map(|sheet| (sheet / full) as f32),
        figure: &figure,
        unit: "GB/s",
        color,
    };
    dial::paint(ui.painter(), place, dial, palette);
}

/// Its facts, a line each, or in a sentence why there are none.
fn foot(ui: &mut Ui, bench: &Workbench, gauge: &Gauge) {
    let palette = theme::palette(ui);
    let now = match gauge.stage {
        Stage::Runs => {
            Some(bench.measuring.as_ref().map_or("measuring", |m| if m.cancelled { "stopping" } else { "measuring" }))
        }
        Stage::Waits => Some("waits"),
        Stage::Rests | Stage::Done => None,
    };
    if let Some(why) = gauge.why.as_ref().filter(|_| now.is_none() || gauge.what.is_empty()) {
        let size = vec2(ui.available_width(), ROW * ROWS as f32);
        ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
            ui.add(Label::new(fonts::caption(why).color(palette.t2)).wrap().selectable(false));
        });
        return;
    }
    let mut rows = Vec::new();
    if let (Some((of, sheet)), Some(rate)) = (gauge.sheet, gauge.rate) {
        rows.push((of.to_owned(), format!("{} of {}", words::percent(rate / sheet), words::gb(sheet))));
    } else if let Some((of, sheet)) = gauge.sheet {
        rows.push((of.to_owned(), format!("{} GB/s", words::gb(sheet))));
    }
    rows.extend(gauge.rows.iter().cloned());
    rows.truncate(if now.is_some() { ROWS - 1 } else { ROWS });
    if gauge.rate.is_none() && now.is_none() {
        rows.push(("Now".to_owned(), "not measured".to_owned()));
    }
    rows.extend(now.map(|now| ("Now".to_owned(), now.to_owned())));
    for (what, value) in rows {
        line(ui, &what, &value);
    }
}

fn line(ui: &mut Ui, what: &str, value: &str) {
    let palette = theme::palette(ui);
    ui.allocate_ui_with_layout(vec2(ui.available_width(), ROW), Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.add(Label::new(fonts::caption(value).color(palette.t1)).truncate().selectable(false));
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let short = short(what);
            let shown = longest(ui, [what, short]);
            let shown = if shown.is_empty() { short } else { shown };
            ui.add(Label::new(fonts::caption(shown).color(palette.t3)).truncate().selectable(false));
        });
    });
}

/// What a fact is called where there is little room.
fn short(what: &str) -> &str {
    match what {
        "Data sheet" => "Sheet",
        "Ordinary pages" => "Ordinary",
        "Median, spread" => "Median",
        "f32 in shaders" => "f32",
        "f16 in shaders" => "f16",
        "From the cache" => "Cached",
        "From the GPU" => "Back",
        other => other,
    }
}

/// What a screen reader says of it.
fn name(gauge: &Gauge) -> String {
    let title = if gauge.about.is_empty() { gauge.title.clone() } else { format!("{} {}", gauge.title, gauge.about) };
    let figure = match gauge.rate {
        Some(rate) if gauge.at_least => format!("at least {} gigabytes per second", words::gb(rate)),
        Some(rate) => format!("{} gigabytes per second", words::gb(rate)),
        None => "not measured".to_owned(),
    };
    let stage = match gauge.stage {
        Stage::Runs => ", being measured",
        Stage::Waits => ", waits",
        Stage::Rests | Stage::Done => "",
    };
    let source = gauge.mark.map_or_else(String::new, |mark| format!(", {}", mark.phrase()));
    format!("{title}, {figure}{source}{stage}")
}
