//! The row selected: its figures, and the way to the page of one model.

use egui::{Align, Label, Layout, Rect, Ui, pos2, vec2};

use crate::advice::{Loss, Ranked};
use crate::hardware::{Machine, PoolKind};
use crate::placement::{Mode, Plan};
use crate::scenario::Answer;
use crate::speed::Range;
use crate::ui::bench::{Workbench, glyph_of, usual_answer};
use crate::ui::fonts;
use crate::ui::paint::verdict;
use crate::ui::theme::{self, radius};
use crate::ui::widget::button::Button;
use crate::units::{Bytes, TokensPerSecond};

use super::{Pick, View, answer_about};

/// The height of the card.
pub(super) const HEIGHT: f32 = 152.0;
const LINE: f32 = 21.0;

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, view: &View<'_>) -> Option<Pick> {
    let palette = theme::palette(ui);
    let card = ui.available_rect_before_wrap();
    ui.painter().rect_filled(card, radius::CARD, palette.bg2);
    let inside = card.shrink2(vec2(14.0, 10.0));
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(inside).id_salt("selected row"));
    ui.advance_cursor_after_rect(card);
    let ui = &mut child;
    ui.spacing_mut().item_spacing.y = 0.0;
    let selected = view.selected.and_then(|at| Some((at, view.shown.rows.get(at)?)));
    let Some((at, row)) = selected else {
        ui.label(fonts::body("Select a row or a point to see more of it here.").color(palette.t2));
        return None;
    };
    let mut pick = None;
    ui.horizontal(|ui| {
        ui.set_height(24.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.add(Button::new("Open in Run").primary().small()).clicked() {
                pick = Some(Pick::Open(at));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                verdict::glyph(ui, glyph_of(row.level), 14.0);
                let name = format!("{} {}", row.subject.model.name, row.quant());
                ui.add(Label::new(fonts::title(name).color(palette.t1)).truncate());
            });
        });
    });
    ui.add_space(6.0);
    let answer = answer_about(bench, row);
    let facts = facts(bench, row, &answer);
    let columns = if inside.width() < 320.0 { 1 } else { 2 };
    let gap = 26.0;
    let width = (inside.width() - gap * (columns - 1) as f32) / columns as f32;
    let top = ui.cursor().top();
    for (place, (what, value)) in facts.iter().enumerate() {
        let at = pos2(inside.left() + (place % columns) as f32 * (width + gap), top + (place / columns) as f32 * LINE);
        fact(ui, Rect::from_min_size(at, vec2(width, LINE)), what, value);
    }
    let below = top + facts.len().div_ceil(columns) as f32 * LINE;
    let (loss, test) = quality(row, view);
    let line = |top: f32| Rect::from_min_size(pos2(inside.left(), top), vec2(inside.width(), LINE));
    fact(ui, line(below), "Quality of the quant", &loss);
    let mut cited = ui.new_child(egui::UiBuilder::new().max_rect(line(below + LINE - 3.0)).id_salt("test"));
    cited.with_layout(Layout::right_to_left(Align::Min), |ui| {
        ui.add(Label::new(fonts::caption(test).color(palette.t3)).truncate());
    });
    pick
}

/// A line: what it is, and its value at the right.
fn fact(ui: &mut Ui, line: Rect, what: &str, value: &str) {
    let palette = theme::palette(ui);
    let mut child =
        ui.new_child(egui::UiBuilder::new().max_rect(line).id_salt(what).layout(Layout::left_to_right(Align::Center)));
    child.label(fonts::small(what).color(palette.t2));
    child.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.add(Label::new(fonts::medium(value).size(12.0).color(palette.t1)).truncate()).on_hover_text(value);
    });
}

fn facts(bench: &Workbench, row: &Ranked, answer: &Answer) -> Vec<(String, String)> {
    let dash = || "—".to_owned();
    let rate = |rate: f64| TokensPerSecond::saturating(rate).to_string();
    let speed = |range: Range| match (rate(range.low), rate(range.high)) {
        (low, high) if low == high => format!("{low} t/s"),
        (low, high) => format!("{low} to {high} t/s"),
    };
    let subject = &row.subject;
    let tokens = usual_answer(subject);
    let (left_name, left) = left(&bench.scenario.machine, &answer.plan);
    let licence = &subject.model.facts.licence;
    vec![
        ("Speed".to_owned(), answer.bill.as_ref().map_or_else(dash, |bill| speed(bill.rate))),
        ("Largest context".to_owned(), answer.fits_max.map_or_else(dash, |tokens| tokens.to_string())),
        (format!("{tokens} tokens"), answer.whole_answer.map_or_else(dash, |time| time.to_string())),
        (left_name.to_owned(), left.map_or_else(dash, |left| bench.unit.of(left))),
        ("File".to_owned(), subject.weights.file.in_gb()),
        ("Licence".to_owned(), if licence.is_empty() { dash() } else { licence.clone() }),
    ]
}

/// Capacity less weights less KV of where the model lies: all GPUs, or the RAM.
fn left(machine: &Machine, plan: &Plan) -> (&'static str, Option<Bytes>) {
    let kind = match (plan.mode, machine.host().map(|host| host.kind)) {
        (_, Some(PoolKind::Unified)) => PoolKind::Unified,
        (Mode::Gpu, _) => PoolKind::Vram,
        _ => PoolKind::Ram,
    };
    let name = match kind {
        PoolKind::Vram => "VRAM left",
        PoolKind::Unified => "Memory left",
        PoolKind::Ram | PoolKind::Disk => "RAM left",
    };
    let (mut capacity, mut taken) = (Bytes::ZERO, Bytes::ZERO);
    for used in &plan.pools {
        if let Some(pool) = used.of(machine).filter(|pool| pool.kind == kind) {
            capacity += pool.capacity.value;
            taken += used.weights + used.kv;
        }
    }
    let left = capacity.less(taken);
    let runs = plan.mode != Mode::None && left.fits();
    (name, runs.then(|| left.size()))
}

/// What the quant loses, as far as it is cited, and the test.
fn quality(row: &Ranked, view: &View<'_>) -> (String, String) {
    match row.loss {
        Loss::AsReleased => ("as it was released".to_owned(), String::new()),
        Loss::Unknown => ("no cited figure".to_owned(), String::new()),
        Loss::Cited(figure) => {
            let label = row.quant().split('@').next().unwrap_or_default();
            let cited = view.catalog.quality.headline(label);
            let test =
                cited.map_or_else(String::new, |cited| format!("{}, {}, less is better", cited.test_name, cited.model));
            (figure.to_string(), test)
        }
    }
}
