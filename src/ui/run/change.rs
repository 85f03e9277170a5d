//! What would change the answer, each line computed.

use egui::{Align, Layout, Ui, vec2};

use crate::units::TokensPerSecond;

use crate::ui::bench::{Workbench, glyph_of};
use crate::ui::paint::verdict;
use crate::ui::widget::button::Button;
use crate::ui::widget::card::{card, rows};
use crate::ui::{fonts, theme};

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, height: f32) {
    let changes = bench.changes().to_vec();
    let palette = theme::palette(ui);
    let readout = |ui: &mut Ui| {
        ui.label(fonts::small("each line computed, undo with Ctrl+Z").color(palette.t3));
    };
    let mut applied = None;
    card(ui, ["What would change it", ""], readout, |ui| {
        ui.set_min_size(vec2(ui.available_width(), height - 44.0));
        rows(ui, 23.0);
        ui.spacing_mut().item_spacing = vec2(8.0, 0.0);
        if changes.is_empty() {
            ui.label(fonts::small("Nothing near changes the answer.").color(palette.t2));
        }
        let name = (ui.available_width() * 0.36).clamp(150.0, 300.0);
        for (index, change) in changes.iter().enumerate() {
            ui.push_id(index, |ui| {
                ui.horizontal(|ui| {
                    verdict::glyph(ui, glyph_of(change.level), 12.0);
                    ui.allocate_ui_with_layout(vec2(name, 23.0), Layout::left_to_right(Align::Center), |ui| {
                        ui.set_min_width(name);
                        ui.add(egui::Label::new(fonts::medium(&change.what).size(12.0).color(palette.t1)).truncate());
                    });
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let apply = ui.add(Button::new("Apply").in_list());
                        apply.widget_info(|| {
                            egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Apply {}", change.what))
                        });
                        if apply.clicked() {
                            applied = Some(change.scenario.clone());
                        }
                        right(ui, 40.0, &gain(change.gain), palette.t3);
                        let rate = change.rate.map_or_else(
                            || "—".to_owned(),
                            |rate| format!("{} t/s", TokensPerSecond::saturating(rate)),
                        );
                        right(ui, 62.0, &rate, palette.t1);
                        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                            ui.add(egui::Label::new(fonts::small(&change.detail).color(palette.t3)).truncate());
                        });
                    });
                });
            });
        }
    });
    if let Some(scenario) = applied {
        bench.note();
        bench.scenario = scenario;
    }
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
