//! Why it is as fast as it is: the bill of one token.

use egui::{Align, Color32, Layout, Ui};

use crate::hardware::PoolKind;
use crate::speed::{BillLine, Item};

use crate::ui::bench::Workbench;
use crate::ui::paint::bar::{Part, bill_bar};
use crate::ui::paint::swatch;
use crate::ui::theme::Palette;
use crate::ui::widget::card::{card, rows};
use crate::ui::{fonts, theme};

/// The most lines shown; the smallest are left out and counted in the total.
const MOST: usize = 5;

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, height: f32) {
    let machine = bench.scenario.seen().into_owned();
    let bill = bench.answer().bill.clone();
    let palette = theme::palette(ui);
    let total = bill.as_ref().map_or_else(|| "—".to_owned(), |bill| bill.total.to_string());
    let readout = |ui: &mut Ui| {
        ui.label(fonts::small("per token").color(palette.t3));
        ui.label(fonts::medium(&total).color(palette.t1));
    };
    card(ui, ["Why", ""], readout, |ui| {
        ui.set_min_size(egui::vec2(ui.available_width(), height - 44.0));
        let Some(bill) = &bill else {
            ui.label(
                fonts::small("There is no speed to explain: it does not run, or a bandwidth is unknown.")
                    .color(palette.t2),
            );
            return;
        };
        let mut lines: Vec<&BillLine> = bill.lines.iter().collect();
        lines.sort_by(|a, b| b.time.get().total_cmp(&a.time.get()));
        lines.truncate(MOST);
        let labels: Vec<String> = lines.iter().map(|line| line.label(&machine)).collect();
        let times: Vec<String> = lines.iter().map(|line| line.time.to_string()).collect();
        let kind = |line: &BillLine| machine.pools.get(line.pool).map_or(PoolKind::Ram, |pool| pool.kind);
        let parts: Vec<Part<'_>> = lines
            .iter()
            .zip(&labels)
            .zip(&times)
            .map(|((line, name), figure)| Part {
                amount: line.time.get(),
                color: color(palette, line, kind(line)),
                name,
                figure,
            })
            .collect();
        bill_bar(ui, "Time of one token", &parts);
        ui.add_space(3.0);
        rows(ui, 19.0);
        ui.spacing_mut().item_spacing.y = 0.0;
        for ((line, label), time) in lines.iter().zip(&labels).zip(&times) {
            ui.horizontal(|ui| {
                swatch(ui, color(palette, line, kind(line)), label);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.label(fonts::medium(time).size(12.0).color(palette.t1));
                    let detail = detail(line);
                    ui.add(egui::Label::new(fonts::small(detail).color(palette.t3)).truncate());
                });
            });
        }
    });
}

/// Bytes and the rate they are read at, where there are any; of what is passed on, how often.
fn detail(line: &BillLine) -> String {
    if matches!(line.item, Item::HandOver | Item::Network) {
        return format!("{} {}", line.times, if line.times == 1 { "message" } else { "messages" });
    }
    if line.bytes.get() > 0 { format!("{} at {}", line.bytes.in_gb(), line.reached) } else { String::new() }
}

fn color(palette: &Palette, line: &BillLine, kind: PoolKind) -> Color32 {
    let bill = &palette.bill;
    match (line.item, kind) {
        (Item::Cache, _) => bill.attention,
        (Item::Layers, _) => bill.launch,
        (Item::HandOver | Item::Network, _) => bill.link,
        (Item::FromDisk, _) => palette.pool.disk,
        (_, PoolKind::Vram | PoolKind::Unified) => bill.gpu,
        _ => bill.ram,
    }
}
