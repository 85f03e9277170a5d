//! The machine on screen, at the left: every figure with its source and a way to type another.

use egui::{Align, Layout, Ui};

use crate::hardware::{Figure, Level, Pool, PoolKind, Source};
use crate::units::{Bytes, BytesPerSecond, parse_bytes};

use super::bench::{Workbench, pool_title};
use super::figure_row::{Edited, Way, editable, told};
use super::paint::icon;
use super::paint::mark::{self, Mark};
use super::paint::verdict::{self, Verdict};
use super::widget::button::Button;
use super::widget::card::rows;
use super::widget::scroll::scroll;
use super::{Command, MachineChoice, fonts, theme};

/// The width of the strip.
pub(super) const WIDTH: f32 = 252.0;

/// Draws the strip.
pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let mut command = picker(ui, bench);
    ui.add_space(8.0);
    let foot = 118.0;
    let height = (ui.available_height() - foot).max(80.0);
    scroll(ui, "figures", height, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        rows(ui, super::figure_row::ROW);
        processor(ui, bench);
        for index in 0..bench.scenario.machine.pools.len() {
            separator(ui);
            ui.push_id(index, |ui| pool(ui, bench, index));
        }
        findings(ui, bench);
    });
    ui.spacing_mut().item_spacing.y = 4.0;
    command = command.take().or(measure(ui, bench));
    separator(ui);
    legend(ui);
    command
}

fn picker(ui: &mut Ui, bench: &Workbench) -> Option<Command> {
    let palette = theme::palette(ui);
    ui.label(fonts::caption("Machine").color(palette.t3));
    let mut picked = None;
    let name = if bench.is_edited() { format!("{}, changed", bench.base.name) } else { bench.base.name.clone() };
    egui::ComboBox::from_id_salt("machine")
        .icon(icon::combo)
        .width(ui.available_width())
        .truncate()
        .selected_text(fonts::medium(name))
        .height(480.0)
        .show_ui(ui, |ui| {
            rows(ui, theme::height::SMALL);
            if ui.selectable_label(bench.choice == MachineChoice::This, "This machine").clicked() {
                picked = Some(Command::PickMachine(MachineChoice::This));
            }
            for machine in &bench.machines {
                let label =
                    ui.selectable_label(bench.choice == machine.choice, &machine.name).on_hover_text(&machine.summary);
                if label.clicked() {
                    picked = Some(Command::PickMachine(machine.choice.clone()));
                }
            }
        })
        .response
        .accessible_name("Machine");
    picked
}

fn separator(ui: &mut Ui) {
    ui.add_space(6.0);
    let rect = ui.available_rect_before_wrap();
    let palette = theme::palette(ui);
    ui.painter().hline(rect.x_range(), rect.top(), egui::Stroke::new(1.0, palette.line));
    ui.add_space(7.0);
}

fn title(ui: &mut Ui, name: &str, size: &str) {
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(22.0);
        // The size first: a long name gives way to it.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(16.0);
            ui.label(fonts::title(size).color(palette.t1));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(fonts::title(name).color(palette.t1)).truncate());
            });
        });
    });
}

fn processor(ui: &mut Ui, bench: &Workbench) {
    let cpu = &bench.scenario.machine.cpu;
    title(ui, "Processor", "");
    let name = if cpu.name.is_empty() { "unknown" } else { &cpu.name };
    let source = if bench.choice == MachineChoice::This { Source::Reported } else { Source::DataSheet };
    let cores = format!("{} {}", cpu.cores, if cpu.cores == 1 { "core" } else { "cores" });
    told(ui, name, &cores, Some((source, "name and cores")));
}

/// The heading of a pool: what it is, or the card's own name.
fn heading(pool: &Pool, fallback: &str) -> String {
    match (&pool.device, pool.kind) {
        (Some(device), PoolKind::Vram) if !device.name.is_empty() => device.short_name().to_owned(),
        (Some(device), PoolKind::Unified) if !device.name.is_empty() => device.full_name(),
        (None, PoolKind::Vram) if !pool.name.is_empty() => pool.name.clone(),
        _ => fallback.to_owned(),
    }
}

fn pool(ui: &mut Ui, bench: &mut Workbench, index: usize) {
    let unit = bench.unit;
    let machine = bench.scenario.machine.clone();
    let pool = &machine.pools[index];
    let base = bench.base.pools.get(index).cloned();
    let disk = pool.kind == PoolKind::Disk;
    let size = |bytes: Bytes| if disk { bytes.in_gb() } else { unit.of(bytes) };
    title(ui, &heading(pool, &pool_title(&machine, pool)), &size(pool.capacity.value));

    let bytes = Way {
        shown: &|bytes| size(bytes),
        read: &|text| parse_bytes(text).map_err(|error| error.to_string()),
        echo: &|bytes| format!("{} = {}", bytes.in_gib(), bytes.in_gb()),
    };
    if let Some(dimms) = &pool.dimms {
        let mut parts = Vec::new();
        if let Some(count) = dimms.populated {
            parts.push(format!("{count} ×"));
        }
        parts.push(dimms.kind.clone());
        if let Some(speed) = dimms.mega_transfers {
            parts.push(format!("{speed} MT/s"));
        }
        told(ui, "Modules", &parts.join(" "), Some((pool.capacity.source, "modules")));
    }
    match editable(ui, ["Capacity", ""], [Some(&pool.capacity), base.as_ref().map(|base| &base.capacity)], &bytes) {
        Some(Edited::Typed(value)) => edit(bench, index, |pool| {
            pool.capacity = Figure::typed(value);
            pool.free_now = None;
            pool.gpu_limit = None;
        }),
        Some(Edited::Reset) => restore(bench, index, base.as_ref(), |pool, base| {
            pool.capacity.clone_from(&base.capacity);
            pool.free_now.clone_from(&base.free_now);
            pool.gpu_limit.clone_from(&base.gpu_limit);
        }),
        None => {}
    }
    if let Some(free) = &pool.free_now {
        if disk {
            told(ui, "Free", &free.value.in_gb(), Some((free.source, &free.origin)));
        } else {
            let used = pool.capacity.value - free.value;
            let origin = bench.free_origin(pool, free, ui.input(|input| input.time));
            told(ui, "In use now", &unit.of(used), Some((free.source, &origin)));
        }
    }
    if !disk {
        let kept = |pool: &Pool| {
            pool.reserve.clone().unwrap_or_else(|| {
                Figure::new(
                    pool.capacity.value - pool.usable(),
                    Source::Assumed,
                    "kept for the system and the engine's margin",
                )
            })
        };
        // What a rule keeps follows the capacity; only a reserve that was typed counts as changed.
        let shown = kept(pool);
        let own = if pool.reserve == base.as_ref().and_then(|base| base.reserve.clone()) {
            Some(shown.clone())
        } else {
            base.as_ref().map(kept)
        };
        match editable(ui, ["Keep free", ""], [Some(&shown), own.as_ref()], &bytes) {
            Some(Edited::Typed(value)) => edit(bench, index, |pool| pool.reserve = Some(Figure::typed(value))),
            Some(Edited::Reset) => {
                restore(bench, index, base.as_ref(), |pool, base| pool.reserve.clone_from(&base.reserve));
            }
            None => {}
        }
    }
    bandwidth(ui, bench, index, pool, base.as_ref());
}

fn bandwidth(ui: &mut Ui, bench: &mut Workbench, index: usize, pool: &Pool, base: Option<&Pool>) {
    let rate = Way {
        shown: &|rate: BytesPerSecond| rate.to_string(),
        read: &|text| parse_rate(text),
        echo: &|rate: BytesPerSecond| rate.to_string(),
    };
    let in_use = |pool: &Pool| pool.read_measured.clone().or(pool.read.clone());
    let (shown, own) = (in_use(pool), base.and_then(in_use));
    let note = match (&pool.read_measured, &pool.read) {
        (Some(measured), Some(read)) if read.value.get() > 0.0 => {
            format!("{:.0} % of {} by {}", measured.value.get() / read.value.get() * 100.0, read.value, read.source)
        }
        _ => String::new(),
    };
    match editable(ui, ["Read bandwidth", &note], [shown.as_ref(), own.as_ref()], &rate) {
        Some(Edited::Typed(value)) => edit(bench, index, |pool| {
            pool.read = Some(Figure::typed(value));
            pool.read_measured = None;
        }),
        Some(Edited::Reset) => restore(bench, index, base, |pool, base| {
            pool.read.clone_from(&base.read);
            pool.read_measured.clone_from(&base.read_measured);
        }),
        None => {}
    }
}

fn edit(bench: &mut Workbench, index: usize, change: impl FnOnce(&mut Pool)) {
    bench.edit_machine(|machine| {
        if let Some(pool) = machine.pools.get_mut(index) {
            change(pool);
        }
    });
}

fn restore(bench: &mut Workbench, index: usize, base: Option<&Pool>, change: impl FnOnce(&mut Pool, &Pool)) {
    if let Some(base) = base {
        edit(bench, index, |pool| change(pool, base));
    }
}

/// A bandwidth as people type it, in GB/s.
fn parse_rate(text: &str) -> Result<BytesPerSecond, String> {
    let number = text.trim().trim_end_matches("GB/s").trim_end_matches("gb/s").replace(',', "");
    number
        .trim()
        .parse::<f64>()
        .ok()
        .filter(|gb| *gb >= 0.001 && *gb <= 1e6)
        .and_then(BytesPerSecond::from_gb)
        .ok_or_else(|| "write a number of GB/s, such as 89.6".to_owned())
}

fn findings(ui: &mut Ui, bench: &Workbench) {
    if bench.choice != MachineChoice::This || bench.findings.is_empty() {
        return;
    }
    separator(ui);
    title(ui, "Findings", "");
    let palette = theme::palette(ui);
    for finding in &bench.findings {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            ui.vertical(|ui| {
                ui.add_space(2.0);
                match finding.level {
                    Level::Good => verdict::glyph(ui, Verdict::Well, 12.0),
                    Level::Note => mark::mark(ui, Mark::Assumed, "note"),
                    Level::Warning => verdict::glyph(ui, Verdict::Tight, 12.0),
                };
            });
            let text = if finding.remedy.is_empty() {
                finding.what.clone()
            } else {
                format!("{} {}", finding.what, finding.remedy)
            };
            ui.add(egui::Label::new(fonts::small(text).color(palette.t2)).wrap());
        });
        ui.add_space(4.0);
    }
}

/// The one button of the strip, with how far a measurement is.
fn measure(ui: &mut Ui, bench: &Workbench) -> Option<Command> {
    let palette = theme::palette(ui);
    let Some(measuring) = &bench.measuring else {
        let last = bench.base.measurements.last();
        let said = match (bench.choice == MachineChoice::This, last) {
            (false, _) => "Choose this machine to measure it.".to_owned(),
            (true, None) => "RAM, GPUs and disk, about 10 s".to_owned(),
            (true, Some(last)) => format!("Measured {}", last.date),
        };
        let enabled = bench.choice == MachineChoice::This;
        let button = ui.add_enabled(enabled, Button::new("Measure").primary().wide());
        ui.vertical_centered(|ui| ui.label(fonts::caption(said).color(palette.t3)));
        return button.clicked().then_some(Command::Measure);
    };
    let (done, step) = measuring.progress.as_ref().map_or((0.0, "starting".to_owned()), |progress| {
        let best = progress
            .bytes_per_second
            .map_or_else(String::new, |best| format!(", {}", BytesPerSecond::saturating(best)));
        (progress.done, format!("{}{best}", progress.step))
    });
    ui.vertical_centered(|ui| ui.label(fonts::caption(step).color(palette.t3)));
    let (rect, response) = ui.allocate_exact_size(egui::vec2(ui.available_width(), 6.0), egui::Sense::hover());
    super::paint::bar::share_bar(ui.painter(), rect, f64::from(done), [palette.accent, palette.bg4]);
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, format!("Measuring, {:.0} %", done * 100.0))
    });
    ui.add(Button::new("Cancel").wide()).clicked().then_some(Command::CancelMeasuring)
}

fn legend(ui: &mut Ui) {
    rows(ui, 16.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        for which in Mark::ALL {
            mark::legend(ui, which);
        }
    });
}
