//! Steps as a tornado: what each gains in tokens per second.

use egui::{Align, Layout, Rect, Sense, Ui, vec2};

use crate::advice::buying::Step;
use crate::scenario::Scenario;
use crate::ui::bench::glyph_of;
use crate::ui::paint::bar::share_bar;
use crate::ui::paint::verdict;
use crate::ui::widget::button::Button;
use crate::ui::widget::card::{self, rows};
use crate::ui::widget::scroll::scroll;
use crate::ui::{fonts, theme};
use crate::units::TokensPerSecond;

/// What the title and the padding of a card take of its height.
const TITLE: f32 = 46.0;
const ROW: f32 = 26.0;
const NAME: f32 = 250.0;
const GAIN: f32 = 48.0;
const RATE: f32 = 64.0;

fn list(ui: &mut Ui, steps: &[Step], wish: TokensPerSecond) -> Option<Scenario> {
    let palette = theme::palette(ui);
    let mut tried = None;
    rows(ui, ROW);
    ui.spacing_mut().item_spacing = vec2(8.0, 0.0);
    ui.set_width(ui.available_width());
    if steps.is_empty() {
        let said = "Nothing that could be added helps.";
        ui.label(fonts::small(said).color(palette.t2));
    }
    let most = steps.iter().map(|step| step.gain).fold(0.0, f64::max);
    for (index, step) in steps.iter().enumerate() {
        ui.push_id(index, |ui| {
            let reaches = step.reaches(wish);
            let row = ui.horizontal(|ui| {
                verdict::glyph(ui, glyph_of(step.level), 12.0);
                let name = NAME.min(ui.available_width() * 0.45);
                ui.allocate_ui_with_layout(vec2(name, ROW), Layout::left_to_right(Align::Center), |ui| {
                    ui.set_min_width(name);
                    let ink = if reaches { palette.t1 } else { palette.t2 };
                    ui.add(egui::Label::new(fonts::medium(&step.what).size(12.0).color(ink)).truncate());
                });
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let button = ui.add(Button::new("Try").in_list());
                    button.widget_info(|| {
                        egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Try {}", step.what))
                    });
                    if button.on_hover_text("The answer for the machine with it; undo with Ctrl+Z").clicked() {
                        tried = Some(step.scenario.clone());
                    }
                    let rate = step
                        .rate
                        .map_or_else(|| "—".to_owned(), |rate| format!("{} t/s", TokensPerSecond::saturating(rate)));
                    right(ui, RATE, &rate, palette.t1);
                    right(ui, GAIN, &gained(step.gain), palette.t3);
                    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width().max(24.0), ROW), Sense::hover());
                    let bar = Rect::from_center_size(rect.center(), vec2(rect.width(), 10.0));
                    let share = if most > 0.0 { (step.gain / most).max(0.0) } else { 0.0 };
                    let fill = if reaches { palette.accent } else { palette.line2 };
                    share_bar(ui.painter(), bar, share, [fill, palette.bg2]);
                });
            });
            let mut hover = format!("{}, {}", step.what, step.note).trim_end_matches([',', ' ']).to_owned();
            for found in &step.findings {
                hover = format!("{hover}\n{} {}", found.what, found.remedy);
            }
            row.response.on_hover_text(hover.trim());
        });
    }
    tried
}

/// Draws them; returns the question with a step taken, when one is tried.
pub(super) fn card(ui: &mut Ui, steps: &[Step], wish: TokensPerSecond, height: Option<f32>) -> Option<Scenario> {
    let t3 = theme::palette(ui).t3;
    let readout = |ui: &mut Ui| {
        ui.label(fonts::small("blue reaches the wish; each line computed").color(t3));
    };
    framed(ui, ["Steps", "tokens/s gained"], readout, height, |ui| list(ui, steps, wish))
}

/// A card whose contents scroll where its height is given.
pub(super) fn framed<R>(
    ui: &mut Ui,
    title: [&str; 2],
    readout: impl FnOnce(&mut Ui),
    height: Option<f32>,
    contents: impl FnOnce(&mut Ui) -> R,
) -> R {
    let contents = |ui: &mut Ui| match height {
        Some(height) => scroll(ui, title[0], height - TITLE, contents),
        None => contents(ui),
    };
    card::card(ui, title, readout, contents).inner
}

pub(super) fn right(ui: &mut Ui, width: f32, text: &str, ink: egui::Color32) {
    ui.allocate_ui_with_layout(vec2(width, ROW), Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_width(width);
        ui.label(fonts::small(text).color(ink));
    });
}

/// `+8.6`; a step may fit more and be no faster.
fn gained(gain: f64) -> String {
    if gain.abs() < 0.05 {
        return "0".to_owned();
    }
    let sign = if gain < 0.0 { "−" } else { "+" };
    format!("{sign}{}", TokensPerSecond::saturating(gain.abs()))
}
