//! What would change the answer, each line computed.

use egui::{Align, Layout, Ui, vec2};

use crate::advice::Change;
use crate::units::TokensPerSecond;

use crate::ui::bench::{Workbench, Workspace, glyph_of};
use crate::ui::paint::verdict;
use crate::ui::widget::button::Button;
use crate::ui::widget::card::{longest, rows};
use crate::ui::{fonts, theme};

/// The columns of the rate and of the gain.
const RATE: f32 = 56.0;
const GAIN: f32 = 34.0;
/// What stands in the title line, at its right.
pub(super) fn readout(ui: &mut Ui, bench: &mut Workbench) {
    let button = ui.add(Button::new("What to buy…").in_list());
    if button.on_hover_text("RAM, cards, drives and boards, each with what it does").clicked() {
        bench.workspace = Workspace::Buy;
    }
    let text = longest(ui, ["each line computed, undo with Ctrl+Z", "undo with Ctrl+Z", ""]);
    ui.label(fonts::small(text).color(theme::palette(ui).t3));
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) {
    let changes = bench.changes().to_vec();
    let palette = theme::palette(ui);
    let mut applied = None;
    rows(ui, 23.0);
    ui.spacing_mut().item_spacing = vec2(8.0, 0.0);
    if changes.is_empty() {
        ui.label(fonts::small("Nothing near changes the answer.").color(palette.t2));
    }
    let name = name_width(ui, &changes);
    for (index, change) in changes.iter().enumerate() {
        ui.push_id(index, |ui| {
            ui.horizontal(|ui| {
                verdict::glyph(ui, glyph_of(change.level), 12.0);
                ui.allocate_ui_with_layout(vec2(name, 23.0), Layout::left_to_right(Align::Center), |ui| {
                    ui.set_min_width(name);
                    ui.add(egui::Label::new(fonts::medium(&change.what).size(12.0).color(palette.t1)).truncate())
                        .on_hover_text(&change.effect);
                });
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let apply = ui.add(Button::new("Apply").in_list());
                    apply.widget_info(|| {
                        egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Apply {}", change.what))
                    });
                    if apply.clicked() {
                        applied = Some(change.scenario.clone());
                    }
                    right(ui, GAIN, &gain(change.gain), palette.t3);
                    let rate = change
                        .rate
                        .map_or_else(|| "—".to_owned(), |rate| format!("{} t/s", TokensPerSecond::saturating(rate)));
                    right(ui, RATE, &rate, palette.t1);
                    // Where there is no room for it, the hover over the name has it.
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        let first = change.detail.split(',').next().unwrap_or_default();
                        let detail = longest(ui, [change.detail.as_str(), first]);
                        ui.label(fonts::small(detail).color(palette.t3));
                    });
                });
            });
        });
    }
    if let Some(scenario) = applied {
        bench.note();
        bench.scenario = scenario;
    }
}

/// The width of the longest name, and no less than lets the details stand in one place; the details give way to it.
fn name_width(ui: &Ui, changes: &[Change]) -> f32 {
    /// Glyph, rate, gain and button with their gaps.
    const REST: f32 = 12.0 + RATE + GAIN + 62.0 + 5.0 * 8.0;
    let font = fonts::font(12.0, fonts::Weight::Medium);
    let ink = theme::palette(ui).t1;
    let width = |change: &Change| ui.painter().layout_no_wrap(change.what.clone(), font.clone(), ink).size().x.ceil();
    let longest_name = changes.iter().map(width).fold(0.0, f32::max) + 8.0;
    // In a narrow card the details need the room.
    let least = ((ui.available_width() - 300.0) * 0.6).clamp(0.0, 190.0);
    longest_name.max(least).min((ui.available_width() - REST).max(80.0))
}

fn right(ui: &mut Ui, width: f32, text: &str, ink: egui::Color32) {
    ui.allocate_ui_with_layout(vec2(width, 23.0), Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_width(width);
        ui.label(fonts::small(text).color(ink));
    });
}

/// `+2.6`, `−0.2`, `0` when it does nothing.
fn gain(gain: Option<f64>) -> String {
    match gain {
        None => String::new(),
        Some(gain) if gain.abs() < 0.05 => "0".to_owned(),
        Some(gain) if gain < 0.0 => format!("−{:.1}", -gain),
        Some(gain) => format!("+{gain:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::gain;

    #[test]
    fn a_change_that_does_nothing_says_so() {
        for (value, text) in [(Some(2.64), "+2.6"), (Some(-0.2), "−0.2"), (Some(0.01), "0"), (None, "")] {
            assert_eq!(gain(value), text);
        }
    }
}
