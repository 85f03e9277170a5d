//! Every size of RAM in the machine on screen.

use egui::{Align, Layout, Ui, vec2};

use crate::advice::buying::Row;
use crate::ui::bench::glyph_of;
use crate::ui::paint::verdict;
use crate::ui::widget::card::rows;
use crate::ui::{MemoryUnit, fonts, theme};
use crate::units::{GIB, TokensPerSecond};

use super::steps::{framed, right};

const ROW: f32 = 24.0;
const SIZE: f32 = 76.0;
const READS: f32 = 84.0;
const RATE: f32 = 64.0;

pub(super) fn card(ui: &mut Ui, kits: &[Row], unit: MemoryUnit, height: Option<f32>) {
    let t3 = theme::palette(ui).t3;
    let readout = |ui: &mut Ui| {
        ui.label(fonts::small("modules, what they read, tokens/s").color(t3));
    };
    framed(ui, ["RAM", ""], readout, height, |ui| {
        rows(ui, ROW);
        ui.spacing_mut().item_spacing = vec2(8.0, 0.0);
        ui.set_width(ui.available_width());
        for row in kits {
            ui.push_id(row.size.get(), |ui| line(ui, row, unit));
        }
    });
}

fn line(ui: &mut Ui, row: &Row, unit: MemoryUnit) {
    let palette = theme::palette(ui);
    let warned = row.findings.first();
    let ink = if warned.is_some() { palette.t3 } else { palette.t1 };
    let response = ui.horizontal(|ui| {
        let made = row.is_made();
        verdict::glyph(ui, if made { glyph_of(row.level) } else { verdict::Verdict::No }, 12.0);
        let size = if unit == MemoryUnit::Gb { row.size.in_gb() } else { crate::advice::kits::name(row.size) };
        ui.allocate_ui_with_layout(vec2(SIZE, ROW), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(SIZE);
            ui.label(fonts::medium(size).size(12.0).color(ink));
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let rate = row
                .rate
                .filter(|_| row.is_made())
                .map_or_else(|| "—".to_owned(), |rate| format!("{} t/s", TokensPerSecond::saturating(rate)));
            right(ui, RATE, &rate, palette.t1);
            let reads = row.bandwidth.map_or_else(|| "—".to_owned(), |rate| rate.to_string());
            right(ui, READS, &reads, palette.t2);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let modules = row.modules.map_or_else(String::new, |modules| {
                    format!("{} × {} GiB", modules.count, modules.each.get() / GIB)
                });
                ui.add(egui::Label::new(fonts::small(modules).color(palette.t2)).truncate());
            });
        });
    });
    if let Some(found) = warned {
        let said = format!("{} {}", found.what, found.remedy);
        ui.indent("warned", |ui| {
            ui.add(egui::Label::new(fonts::caption(said.trim()).color(palette.t3)).wrap());
        });
    }
    drop(response);
}
