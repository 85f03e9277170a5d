//! Why it is as fast as it is: the bill of one token.

use egui::{Align, Color32, Layout, Ui};

use crate::hardware::{Basis, Machine, PoolKind, Source};
use crate::scenario::Scenario;
use crate::speed::{BillLine, Item};
use crate::units::{BytesPerSecond, Seconds};

use crate::ui::bench::Workbench;
use crate::ui::paint::bar::{Part, bill_bar};
use crate::ui::paint::swatch;
use crate::ui::theme::Palette;
use crate::ui::widget::card::{longest, rows};
use crate::ui::{fonts, theme};

/// The height of a line of the bill.
const LINE: f32 = 19.0;
/// The bar with the room under it.
const BAR: f32 = 18.0;

/// The height a bill of so many lines wants.
pub(super) fn height(lines: usize) -> f32 {
    BAR + LINE * lines as f32
}

/// What the title line says, at its right.
pub(super) fn readout(ui: &mut Ui, bench: &mut Workbench) {
    let palette = theme::palette(ui);
    let least = if bench.scenario.engine.ideal { "at least " } else { "" };
    let total = bench.answer().bill.as_ref().map_or_else(|| "—".to_owned(), |bill| format!("{least}{}", bill.total));
    ui.label(fonts::small("per token").color(palette.t3));
    ui.label(fonts::medium(total).color(palette.t1));
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, height: f32) {
    let bill = bench.answer().bill.clone();
    let palette = theme::palette(ui);
    let Some(bill) = &bill else {
        ui.label(
            fonts::small("There is no speed to explain: it does not run, or a bandwidth is unknown.").color(palette.t2),
        );
        return;
    };
    let machine = bench.scenario.seen().into_owned();
    let mut lines: Vec<&BillLine> = bill.lines.iter().collect();
    lines.sort_by(|a, b| b.time.get().total_cmp(&a.time.get()));
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
    rows(ui, LINE);
    ui.spacing_mut().item_spacing.y = 0.0;
    // What there is no line for is in the bar with its name, and in one last line together.
    let most = (((height - BAR) / LINE).floor() as usize).max(1);
    let shown = if lines.len() > most { most - 1 } else { lines.len() };
    for ((line, label), time) in lines.iter().zip(&labels).zip(&times).take(shown) {
        let row = ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            swatch(ui, color(palette, line, kind(line)), label);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                ui.label(fonts::medium(time).size(12.0).color(palette.t1));
                let ways = details(line, &machine);
                let detail = longest(ui, ways.iter().map(String::as_str));
                ui.add(egui::Label::new(fonts::small(detail).color(palette.t3)).truncate());
            });
        });
        row.response.on_hover_ui(|ui| {
            ui.label(fonts::small(told(&bench.scenario, &machine, line, label, bill.total)));
        });
    }
    if let Some(rest) = lines.get(shown..).filter(|rest| !rest.is_empty()) {
        let sum: Seconds = rest.iter().fold(Seconds::ZERO, |sum, line| sum + line.time);
        let names: Vec<String> =
            labels.iter().zip(&times).skip(shown).map(|(name, time)| format!("{name} {time}")).collect();
        let row = ui.horizontal(|ui| {
            ui.add_space(14.0);
            ui.label(fonts::small(format!("{} more", rest.len())).color(palette.t3));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(fonts::medium(sum.to_string()).size(12.0).color(palette.t1));
                ui.add(egui::Label::new(fonts::small(names.join(", ")).color(palette.t3)).truncate());
            });
        });
        row.response.on_hover_ui(|ui| _ = ui.label(fonts::small(names.join("\n"))));
    }
}

/// Bytes, the rate they are read at and the bandwidth there is, where anything is read: the longest way to say it
/// first, then what is left where there is less room.
fn details(line: &BillLine, machine: &Machine) -> Vec<String> {
    if matches!(line.item, Item::HandOver | Item::Network) {
        return vec![format!("{} {}", line.times, if line.times == 1 { "message" } else { "messages" }), String::new()];
    }
    if line.bytes.get() == 0 {
        return vec![String::new()];
    }
    let (bytes, reached) = (line.bytes.in_gb(), line.reached.to_string());
    let there = bandwidth(line, machine).map(|(there, _)| there.to_string());
    let both = there.map(|there| match reached.strip_suffix(" GB/s") {
        // One unit for both.
        Some(number) if there.ends_with(" GB/s") => format!("{bytes} at {number} of {there}"),
        _ => format!("{bytes} at {reached} of {there}"),
    });
    both.into_iter().chain([format!("{bytes} at {reached}"), bytes]).collect()
}

/// The bandwidth a line divides by, with its source; none where several pools are one line.
fn bandwidth(line: &BillLine, machine: &Machine) -> Option<(BytesPerSecond, Source)> {
    let pool = machine.pools.get(line.pool).filter(|_| line.pools <= 1)?;
    let (rate, basis) = pool.bandwidth()?;
    let figure = if basis == Basis::Measured { pool.read_measured.as_ref() } else { pool.read.as_ref() };
    Some((rate, figure.map_or(Source::Assumed, |figure| figure.source)))
}

/// All of a line for a hover: its share of the token, the share of the bandwidth, and where both come from.
fn told(scenario: &Scenario, machine: &Machine, line: &BillLine, label: &str, total: Seconds) -> String {
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole * 100.0 } else { 0.0 };
    let of_token = share(line.time.get(), total.get());
    let mut said = format!("{label}: {}, {of_token:.0} % of a token", line.time);
    if line.bytes.get() > 0 && !matches!(line.item, Item::HandOver | Item::Network) {
        said = format!("{said}\n{} at {}", line.bytes.in_gb(), line.reached);
        if let Some((there, source)) = bandwidth(line, machine) {
            let reached = share(line.reached.get(), there.get());
            said = format!("{said}: {reached:.0} % of {there} ({})", source.name());
        }
    }
    let why = if scenario.engine.ideal {
        "A ceiling: the whole bandwidth, and no other cost."
    } else {
        scenario.parameters.source.as_str()
    };
    format!("{said}\n{why}")
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
