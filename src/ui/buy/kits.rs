//! Every size of RAM in the machine on screen, and modules somebody names.

use std::sync::Arc;

use egui::{Align, Align2, Layout, TextEdit, Ui, vec2};

use crate::advice::buying::{Row, Shop, board, with_modules};
use crate::formats::modules;
use crate::scenario::Scenario;
use crate::ui::bench::glyph_of;
use crate::ui::memo::Memo;
use crate::ui::paint::verdict;
use crate::ui::widget::card::rows;
use crate::ui::{MemoryUnit, fonts, theme};
use crate::units::{GIB, TokensPerSecond};

use super::steps::{framed, right};

const ROW: f32 = 24.0;
const SIZE: f32 = 76.0;
const READS: f32 = 84.0;
const RATE: f32 = 64.0;
/// Between the field and what stands under it.
const GAP: f32 = 6.0;

/// Longer lists of modules are none.
const MOST_TYPED: usize = 120;

/// What is asked, and what can be bought for it.
pub(super) struct Asked<'a> {
    pub scenario: &'a Scenario,
    pub shop: &'a Arc<Shop>,
}

/// The field for modules, and what those in it do.
#[derive(Debug, Default)]
pub(super) struct Named {
    text: String,
    found: Memo<(Scenario, String), Option<Result<Row, String>>>,
}

impl Named {
    fn row(&mut self, scenario: &Scenario, shop: &Shop) -> Option<&Result<Row, String>> {
        let key = (scenario.clone(), self.text.trim().to_owned());
        let judge = |(scenario, text): &(Scenario, String)| {
            let board = board(&scenario.machine, shop).filter(|_| !text.is_empty())?;
            match modules::parse(text, &board) {
                Ok(modules) => with_modules(scenario, &modules, shop).map(Ok),
                Err(wrong) => Some(Err(wrong)),
            }
        };
        self.found.get(key, judge).as_ref()
    }
}

pub(super) fn card(
    ui: &mut Ui,
    named: &mut Named,
    kits: &[Row],
    asked: &Asked<'_>,
    unit: MemoryUnit,
    height: Option<f32>,
) {
    let t3 = theme::palette(ui).t3;
    let readout = |ui: &mut Ui| {
        ui.label(fonts::small("modules, what they read, tokens/s").color(t3));
    };
    framed(ui, ["RAM", ""], readout, height, |ui| {
        rows(ui, ROW);
        ui.spacing_mut().item_spacing = vec2(8.0, 0.0);
        ui.set_width(ui.available_width());
        typed(ui, named, asked, unit);
        for row in kits {
            ui.push_id(row.size.get(), |ui| line(ui, row, unit));
        }
    });
}

/// Where modules are typed, and what they do in the next line.
fn typed(ui: &mut Ui, named: &mut Named, asked: &Asked<'_>, unit: MemoryUnit) {
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        ui.label(fonts::small("Modules you have or mean").color(palette.t2));
        let field = TextEdit::singleline(&mut named.text)
            .hint_text("2x32, or 8x64 RDIMM")
            .align(Align2::LEFT_CENTER)
            .char_limit(MOST_TYPED)
            .desired_width(ui.available_width());
        ui.add(field).accessible_name("Modules you have or mean");
    });
    ui.add_space(GAP);
    match named.row(asked.scenario, asked.shop) {
        Some(Ok(row)) => {
            let row = row.clone();
            ui.push_id("named", |ui| line(ui, &row, unit));
            ui.separator();
        }
        Some(Err(wrong)) => {
            ui.add(egui::Label::new(fonts::caption(wrong.as_str()).color(palette.t3)).wrap());
        }
        None => {}
    }
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
