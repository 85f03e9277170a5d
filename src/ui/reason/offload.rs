//! Classes of tensors and where they lie: a table to edit, placements people name, and what each costs.

use std::sync::Arc;

use egui::{ComboBox, Ui};

use crate::hardware::{Machine, PoolKind};
use crate::reasoning::offload::{Class, Home, Homes, Laid, Line, Parts, Preset};
use crate::scenario::{Answer, Scenario, evaluate_here};
use crate::ui::bench::Workbench;
use crate::ui::paint::icon;
use crate::ui::widget::button::Button;
use crate::ui::widget::card::{card, rows};
use crate::ui::widget::number_field::number_field;
use crate::ui::widget::sheet::{Col, pick, quiet, sheet, value, words};
use crate::ui::{MemoryUnit, fonts, theme};
use crate::units::{Bytes, Seconds, TokensPerSecond};

use super::devices::{Devices, bandwidths};
use super::{GAP, heading, pair, remark, said};

/// A placement people name: where it puts everything, and what the engine on screen would reach with it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    preset: Preset,
    homes: Homes,
    laid: Laid,
    /// None where the engine cannot be told.
    answer: Option<Answer>,
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) {
    let machine = bench.scenario.seen().into_owned();
    let devices = Devices::of(&machine);
    let key = Scenario { policy: crate::placement::Policy::default(), ..bench.scenario.clone() };
    let parts = bench.reason.parts.get(key.clone(), |scenario| Arc::new(Parts::of(scenario))).clone();
    if devices.room == Bytes::ZERO {
        alone(ui, &machine, &devices, &parts, bench.unit);
        return;
    }
    let count = bench.reason.layers.unwrap_or(parts.layers() / 2).min(parts.layers() + 1);
    let named = bench
        .reason
        .named
        .get((key, count), |(scenario, count)| Arc::new(name_all(scenario, &parts, devices.room, *count)));
    let named = named.clone();
    let whole = parts.lay(&Preset::Gpu.homes(&parts, devices.room)).on_gpu() <= devices.room;
    let usual = match (whole, parts.has_experts()) {
        (true, _) => Preset::Gpu,
        (false, true) => Preset::CpuExperts,
        (false, false) => Preset::GpuLayers(count),
    };
    let homes = bench.reason.homes.unwrap_or_else(|| usual.homes(&parts, devices.room));
    let laid = parts.lay(&homes);
    sentence(ui, &devices, &parts, &named, &homes, &laid);
    ui.add_space(GAP);
    let before = bench.reason.homes;
    pair(
        ui,
        0.5,
        bench,
        |ui, bench| presets(ui, bench, &devices, &named, &homes, [count, parts.layers()]),
        |ui, bench| table(ui, bench, &devices, (&homes, &laid), count),
    );
    if bench.reason.homes != before {
        ui.ctx().request_discard("another placement");
    }
}

/// Without a GPU of its own memory there is nothing to place.
fn alone(ui: &mut Ui, machine: &Machine, devices: &Devices, parts: &Parts, unit: MemoryUnit) {
    let laid = parts.lay(&Homes::all(Home::Ram));
    let lines = there(&laid);
    let shared = machine.host().is_some_and(|pool| pool.kind == PoolKind::Unified);
    let why = if shared { "One memory serves GPU and CPU" } else { "There is no GPU" };
    heading(ui, &format!("{why}: wherever a class lies, at most {}", rate(devices.time(&laid))));
    said(
        ui,
        "A ceiling: every byte a token reads over the bandwidth of the one memory. What is expected stands on the page Run.",
    );
    ui.add_space(GAP);
    card(
        ui,
        ["Classes of tensors", ""],
        |_| (),
        |ui| {
            let columns = [
                Col::rest("Class"),
                Col::number("Kept", 90.0),
                Col::number("Read a token", 90.0),
                Col::number("Takes", 70.0),
            ];
            sheet(ui, "classes", &columns, lines.len(), None, |ui, row, column| {
                let line = &lines[row];
                match column {
                    0 => _ = words(ui, line.class.name()),
                    1 => _ = quiet(ui, &unit.of(line.ram.held)),
                    2 => {
                        quiet(ui, &read_text(line.ram.read));
                    }
                    _ => {
                        let time = line.time(None, devices.ram.map(|found| found.0));
                        value(ui, &time.map_or_else(|| "—".to_owned(), |time| time.to_string()));
                    }
                }
            });
            ui.add_space(4.0);
            bandwidths(ui, devices);
        },
    );
}

/// What is read for a token; a dash for nothing.
fn read_text(read: Bytes) -> String {
    if read == Bytes::ZERO { "—".to_owned() } else { read.in_gb() }
}

fn name_all(scenario: &Scenario, parts: &Parts, room: Bytes, count: u32) -> Vec<Named> {
    let mut presets = vec![Preset::Gpu, Preset::GpuLayers(count)];
    if parts.has_experts() {
        presets.extend([Preset::CpuExperts, Preset::CpuExpertsOfFirst(count)]);
    }
    presets.extend([Preset::Course, Preset::Ram]);
    let name = |preset: Preset| {
        let homes = preset.homes(parts, room);
        let ask = |policy| evaluate_here(&Scenario { policy, ..scenario.clone() });
        Named { preset, homes, laid: parts.lay(&homes), answer: preset.policy().map(ask) }
    };
    presets.into_iter().map(name).collect()
}

fn rate(time: Option<Seconds>) -> String {
    let rate = time.and_then(Seconds::rate);
    rate.map_or_else(
        || "an unknown speed: a bandwidth is not known".to_owned(),
        |rate| format!("{} tokens/s", ceiling(rate)),
    )
}

/// Ceilings are exact, so they have three digits.
fn ceiling(rate: TokensPerSecond) -> String {
    let rate = rate.get();
    match rate {
        ..10.0 => format!("{rate:.2}"),
        ..1000.0 => format!("{rate:.1}"),
        _ => crate::units::grouped(rate.round() as u64),
    }
}

/// The ceiling of the table first, then what it is against everything in one place.
fn sentence(ui: &mut Ui, devices: &Devices, parts: &Parts, named: &[Named], homes: &Homes, laid: &Laid) {
    let time = devices.time(laid);
    let found = named.iter().find(|named| named.homes == *homes);
    let name = found.map_or_else(|| "This table".to_owned(), |named| named.preset.name());
    heading(ui, &format!("{name}: at most {}", rate(time)));
    let against = |homes: Homes| {
        let other = devices.time(&parts.lay(&homes))?.get();
        Some(time?.get() / other)
    };
    let slower = against(Preset::Gpu.homes(parts, devices.room));
    let faster = against(Homes::all(Home::Ram)).map(|ratio| 1.0 / ratio);
    let mut text = "A ceiling: bytes over bandwidth, GPU and RAM one after the other, nothing lost".to_owned();
    if let (Some(slower), Some(faster)) = (slower, faster) {
        text = format!(
            "{text}; {slower:.2} times as long a token as all on the GPU (by bandwidth alone, whether or not it fits), {faster:.2} times as fast as all in RAM"
        );
    }
    let expected = found.and_then(|named| named.answer.as_ref()?.bill.as_ref());
    let expected = expected.map_or_else(String::new, |bill| {
        format!(
            " Expected, with all that an engine loses: {} tokens/s.",
            TokensPerSecond::saturating(bill.rate.expected)
        )
    });
    said(ui, &format!("{text}.{expected}"));
}

/// Placements people name, each with its ceiling and, apart from it, what is expected.
fn presets(
    ui: &mut Ui,
    bench: &mut Workbench,
    devices: &Devices,
    named: &[Named],
    now: &Homes,
    [count, layers]: [u32; 2],
) {
    let unit = bench.unit;
    let mut apply = None;
    card(
        ui,
        ["Placements", "ceilings and speeds in tokens/s"],
        |_| (),
        |ui| {
            let columns = [
                Col::rest("llama.cpp is told"),
                Col::number("On the GPU", 72.0),
                Col::number("In RAM", 72.0),
                Col::number("Ceiling", 54.0),
                Col::number("Expected", 58.0),
                Col::words("", 50.0),
            ];
            sheet(ui, "placements", &columns, named.len(), None, |ui, row, column| {
                let Named { preset, homes, laid, answer } = &named[row];
                match column {
                    0 => {
                        if pick(ui, &preset.name(), homes == now).on_hover_text(told(*preset)).clicked() {
                            bench.reason.homes = Some(*homes);
                        }
                    }
                    1 => {
                        let over = laid.on_gpu() > devices.room;
                        let text = unit.of(laid.on_gpu());
                        if over {
                            let ink = theme::palette(ui).verdict.no;
                            let label = ui.label(fonts::small(format!("{text} !")).color(ink));
                            label.on_hover_text(format!("More than the {} the GPU may hold", unit.of(devices.room)));
                        } else {
                            quiet(ui, &text);
                        }
                    }
                    2 => _ = quiet(ui, &unit.of(laid.in_ram())),
                    3 => {
                        let rate = devices.time(laid).and_then(Seconds::rate);
                        value(ui, &rate.map_or_else(|| "—".to_owned(), ceiling));
                    }
                    4 => {
                        let bill = answer.as_ref().and_then(|answer| answer.bill.as_ref());
                        let text = bill.map(|bill| TokensPerSecond::saturating(bill.rate.expected).to_string());
                        value(ui, text.as_deref().unwrap_or("—"));
                    }
                    _ => {
                        let policy =
                            preset.policy().filter(|_| answer.as_ref().is_some_and(|answer| answer.bill.is_some()));
                        if let Some(policy) = policy {
                            let button = ui.add(Button::new("Take").in_list());
                            if button.on_hover_text(format!("Run with {}", preset.name())).clicked() {
                                apply = Some(policy);
                            }
                        }
                    }
                }
            });
            ui.add_space(2.0);
            ui.horizontal(|ui| {
                rows(ui, theme::height::SMALL);
                ui.label(fonts::small("N, slots or layers").color(theme::palette(ui).t2));
                let mut asked = u64::from(count);
                number_field(ui, "Layers N", &mut asked, 0..=u64::from(layers) + 1, "", 56.0);
                if asked != u64::from(count) {
                    bench.reason.layers = u32::try_from(asked).ok();
                    ui.ctx().request_discard("other layers");
                }
            });
            ui.add_space(2.0);
            remark(
                ui,
                "Without buffers; ! is more than the GPU may hold. The first layers on the GPU are a course's advice: llama.cpp takes the last ones, and experts of a large model go to RAM first. Take places the run on screen so.",
            );
            bandwidths(ui, devices);
        },
    );
    if let Some(policy) = apply {
        bench.scenario.policy = policy;
        ui.ctx().request_discard("another placement");
    }
}

fn told(preset: Preset) -> &'static str {
    match preset {
        Preset::Gpu => "Every layer and the head on the GPU; the input embedding stays in RAM",
        Preset::GpuLayers(_) => "The last N slots on the GPU, the head the very last of them",
        Preset::CpuExperts => "Routed experts in RAM, everything else on the GPU",
        Preset::CpuExpertsOfFirst(_) => "Routed experts of the first N layers in RAM",
        Preset::Ram => "Everything in RAM",
        Preset::Course => "Embedding, head and as many of the first layers, experts included, as the GPU may hold",
    }
}

/// The table: every class, what it keeps and reads, where it lies, and the time that costs.
fn table(ui: &mut Ui, bench: &mut Workbench, devices: &Devices, (homes, laid): (&Homes, &Laid), count: u32) {
    let unit = bench.unit;
    let readout = |ui: &mut Ui| {
        if bench.reason.homes.is_some() && ui.add(Button::new("Reset").in_list()).clicked() {
            bench.reason.homes = None;
        }
    };
    let mut edit: Option<(Class, Home)> = None;
    let lines = there(laid);
    card(ui, ["Classes of tensors and where they lie", ""], readout, |ui| {
        let columns = [
            Col::rest("Class"),
            Col::number("Kept", 64.0),
            Col::number("Read a token", 74.0),
            Col::words("Lies", 108.0),
            Col::number("Takes", 50.0),
        ];
        sheet(ui, "classes", &columns, lines.len(), None, |ui, row, column| {
            let line = &lines[row];
            let (held, read) = (line.gpu.held + line.ram.held, line.gpu.read + line.ram.read);
            match column {
                0 => _ = words(ui, line.class.name()),
                1 => _ = quiet(ui, &unit.of(held)),
                2 => _ = quiet(ui, &read_text(read)),
                3 => {
                    let home = self::home(ui, line.class, homes.of(line.class), count);
                    edit = edit.or(home.map(|home| (line.class, home)));
                }
                _ => {
                    let time = line.time(devices.gpu.map(|found| found.0), devices.ram.map(|found| found.0));
                    value(ui, &time.map_or_else(|| "—".to_owned(), |time| time.to_string()));
                }
            }
        });
        ui.add_space(4.0);
        let (gpu, ram) = (laid.on_gpu(), laid.in_ram());
        let fits = |there: Bytes, room: Bytes| if there <= room { "" } else { ", more than there is" };
        remark(
            ui,
            &format!(
                "On the GPU {} of {} it may hold{}; in RAM {} of {}{}. Of the embedding one row is read, which is not counted.",
                unit.of(gpu),
                unit.of(devices.room),
                fits(gpu, devices.room),
                unit.of(ram),
                unit.of(devices.host),
                fits(ram, devices.host),
            ),
        );
    });
    if let Some((class, home)) = edit {
        bench.reason.homes = Some(homes.with(class, home));
    }
}

fn said_home(home: Home) -> String {
    match home {
        Home::Gpu => "GPU".to_owned(),
        Home::Ram => "RAM".to_owned(),
        Home::First(count) => format!("first {count} on GPU"),
        Home::Last(count) => format!("last {count} on GPU"),
    }
}

/// A list of places; the one that was taken.
fn home(ui: &mut Ui, class: Class, now: Home, count: u32) -> Option<Home> {
    let mut picked = None;
    rows(ui, theme::height::LIST);
    ui.spacing_mut().button_padding.y = 2.0;
    ComboBox::from_id_salt(("home", class.name()))
        .icon(icon::combo)
        .width(100.0)
        .truncate()
        .selected_text(fonts::small(said_home(now)))
        .show_ui(ui, |ui| {
            rows(ui, theme::height::SMALL);
            let mut places = vec![Home::Gpu, Home::Ram];
            if class.is_layered() {
                places.extend([Home::First(count), Home::Last(count)]);
            }
            for place in places {
                if ui.selectable_label(place == now, said_home(place)).clicked() && place != now {
                    picked = Some(place);
                }
            }
        })
        .response
        .accessible_name(format!("{} lies", class.name()));
    picked
}

/// The classes a model has.
fn there(laid: &Laid) -> Vec<Line> {
    laid.lines.iter().filter(|line| line.gpu.held + line.ram.held > Bytes::ZERO).copied().collect()
}
