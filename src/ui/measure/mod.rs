//! What this machine really does: the dials, the chart while they move, what limits the model on screen, every run
//! before, and what measuring changed.

mod bars;
mod changed;
mod chart;
mod detail;
mod dials;
mod frame;
mod history;
mod read_at;
mod report;
mod roofline;
mod state;
mod view;
mod words;

pub use read_at::{Large, ReadAt};
pub use state::{Length, MeasurePage, Measuring};

use egui::{Align, Label, Layout, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::hardware::{Fate, Meter};

use super::bench::Workbench;
use super::paint::bar::share_bar;
use super::paint::icon::Icon;
use super::widget::button::Button;
use super::widget::card::longest;
use super::widget::scroll::scroll;
use super::widget::segmented::segmented;
use super::{Command, fonts, shell, theme};
use state::Detail;
use view::{Gauge, Stage, gauges, is_this, run_here};

const GAP: f32 = 12.0;
/// The height of the charts with their titles, least and most.
const CHART: (f32, f32) = (216.0, 400.0);
/// The least height of the row at the foot.
const FOOT: f32 = 168.0;
/// From this share on a data sheet was read wrong, or a cache was measured.
const MORE: f64 = 1.02;
/// The page's least width for two cards side by side.
const BESIDE: f32 = 720.0;

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let height = ui.available_height();
    scroll(ui, "measure", height, |ui| page(ui, bench, height))
}

fn page(ui: &mut Ui, bench: &mut Workbench, height: f32) -> Option<Command> {
    let top = ui.cursor().top();
    ui.spacing_mut().item_spacing.y = 0.0;
    let all = gauges(bench);
    let mut command = title(ui, bench, &all);
    let files = &bench.files;
    if command.is_none() && is_this(bench) && bench.measuring.is_none() && files.looking.is_none() && !files.looked_once
    {
        // A model that is there is read in place of a file to be written.
        command = Some(Command::LookForFiles);
    }
    ui.add_space(2.0);
    progress(ui, bench);
    ui.add_space(8.0);
    if let Some(meter) = dials::dials(ui, bench, &all) {
        bench.measure.meter = Some(meter);
        bench.measure.detail = Detail::Windows;
    }
    ui.add_space(GAP);
    let left = height - (ui.cursor().top() - top);
    let chart = (left - FOOT - GAP).clamp(CHART.0, CHART.1);
    let width = ui.available_width();
    let beside = width >= BESIDE;
    pair(ui, bench, chart, if beside { 0.56 } else { 1.0 }, [detail::card, roofline::card]);
    ui.add_space(GAP);
    let left = height - (ui.cursor().top() - top);
    pair(ui, bench, left.max(FOOT), if beside { 0.70 } else { 1.0 }, [history::card, changed::card]);
    command
}

/// A card that is so high.
type Card = fn(&mut Ui, &mut Workbench, f32);

/// Two cards of one height, the first with its share of the width; the second below it where that is all.
fn pair(ui: &mut Ui, bench: &mut Workbench, height: f32, share: f32, [first, second]: [Card; 2]) {
    let width = ui.available_width();
    if share >= 1.0 {
        room(ui, width, height, |ui| first(ui, bench, height));
        ui.add_space(GAP);
        room(ui, width, height, |ui| second(ui, bench, height));
        return;
    }
    let left = ((width - GAP) * share).floor();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        room(ui, left, height, |ui| first(ui, bench, height));
        room(ui, width - GAP - left, height, |ui| second(ui, bench, height));
    });
}

fn room(ui: &mut Ui, width: f32, height: f32, contents: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::Min), |ui| {
        ui.set_min_size(vec2(width, height));
        ui.set_max_width(width);
        contents(ui);
    });
}

/// The sentence that answers, and at the right what can be done.
fn title(ui: &mut Ui, bench: &mut Workbench, all: &[Gauge]) -> Option<Command> {
    let palette = theme::palette(ui);
    let mut command = None;
    let text = sentence(bench, all);
    let below = below(bench);
    let mut left = ui.max_rect().right();
    let row = ui.horizontal_top(|ui| {
        ui.set_min_height(56.0);
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            if ui.add(Button::new("Copy results").icon(Icon::Copy)).clicked() {
                command = Some(Command::Copy(report::text(bench, all)));
            }
            if shell::is_folded(ui.ctx()) {
                command = command.take().or(button(ui, bench));
            }
            let resting = bench.measuring.is_none() && is_this(bench);
            ui.add_enabled_ui(resting, |ui| {
                segmented(ui, "How long to measure", &mut bench.measure.length, &Length::ALL)
                    .on_hover_text("About 5, 10 or 30 seconds for everything on a machine with one GPU.");
            });
            left = ui.available_rect_before_wrap().right();
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                let sized = |size: f32| fonts::verdict_text(&text).size(size).color(palette.t1);
                let fits = |size: &f32| {
                    let font = fonts::font(*size, fonts::Weight::Strong);
                    ui.painter().layout_no_wrap(text.clone(), font, palette.t1).size().x <= ui.available_width()
                };
                let size = [24.0, 21.0, 18.0].into_iter().find(fits).unwrap_or(16.0);
                let heading = ui.add(Label::new(sized(size)).truncate());
                heading.widget_info(|| WidgetInfo::labeled(Role::Heading, true, &text));
                ui.add_space(2.0);
                let line = longest(ui, below.iter().map(String::as_str));
                let line = if line.is_empty() { below.last().map_or("", String::as_str) } else { line };
                ui.add(Label::new(fonts::small(line).color(palette.t2)).truncate());
            });
        });
    });
    // Below what starts it: what of it can be chosen.
    let row = row.response.rect;
    let room = Rect::from_min_max(pos2(left, row.top() + 32.0), row.right_bottom());
    read_at::list(ui, bench, room);
    command
}

/// The button of the strip, where the strip is folded away.
fn button(ui: &mut Ui, bench: &Workbench) -> Option<Command> {
    if bench.measuring.is_some() {
        return ui.add(Button::new("Cancel")).clicked().then_some(Command::CancelMeasuring);
    }
    let button = ui.add_enabled(is_this(bench), Button::new("Measure").primary());
    button.clicked().then_some(Command::Measure)
}

fn sentence(bench: &Workbench, all: &[Gauge]) -> String {
    let Some(ram) = all.iter().find(|gauge| gauge.meter == Meter::Ram) else {
        return "This machine has no memory that could be measured".to_owned();
    };
    let Some(rate) = ram.rate else {
        return match bench.measuring {
            Some(_) => "Measuring this machine".to_owned(),
            None if is_this(bench) => "This machine was not measured yet".to_owned(),
            None => "Nothing was measured on this machine".to_owned(),
        };
    };
    let least = if ram.at_least { "at least " } else { "" };
    // Of a lower bound a share says nothing.
    let of = ram.sheet.filter(|_| !ram.at_least).map_or_else(String::new, |(of, sheet)| match of {
        "Data sheet" if rate > sheet * MORE => format!(", more than the {} of its data sheet", words::gb(sheet)),
        "Data sheet" => format!(", {} of its data sheet", words::percent(rate / sheet)),
        of => format!(", {} of the {} {}", words::percent(rate / sheet), words::gb(sheet), of.to_lowercase()),
    });
    format!("{} reads {least}{} GB/s{of}", ram.title, words::gb(rate))
}

/// What is being done, or when and how it was done: the longest that has room is shown.
fn below(bench: &Workbench) -> Vec<String> {
    if let Some(measuring) = &bench.measuring {
        let next = Meter::ALL.iter().skip_while(|meter| **meter != measuring.meter()).nth(1);
        let step = measuring.step();
        let then = next.map_or_else(String::new, |next| format!("; then {}", in_words(*next)));
        return vec![format!("Now {step}{then}. Predictions use it when all is done."), format!("Now {step}.")];
    }
    let Some(run) = run_here(bench) else {
        let (all, short) = if is_this(bench) {
            (
                "Measure reads RAM, GPUs, links and the disk for about 10 s; predictions use what comes out.",
                "RAM, GPUs, links and the disk, about 10 s.",
            )
        } else {
            ("Only the machine at hand can be measured: choose This machine.", "Choose This machine.")
        };
        return vec![all.to_owned(), short.to_owned()];
    };
    let when = format!("Measured {} UTC", words::when(&run.at));
    let conditions = words::conditions(run);
    let short = if conditions.is_empty() { when.clone() } else { format!("{when}, {conditions}") };
    let bound = run.slowest(Meter::Ram).is_some_and(|ram| ram.fate == Fate::LowerBound);
    let rest = match bench.measure.chosen {
        Some(place) if place + 1 < bench.measure.runs.len() => "; an earlier run",
        _ if bound => "; the RAM's figure is a lower bound, not used in predictions",
        _ => "; predictions use it",
    };
    vec![format!("{short}{rest}."), format!("{short}."), format!("{when}.")]
}

fn in_words(meter: Meter) -> &'static str {
    match meter {
        Meter::Ram => "the RAM",
        Meter::Kernel => "rows times a vector",
        Meter::Gpu => "the GPU",
        Meter::Link => "the link",
        Meter::Disk => "the disk",
    }
}

/// How far the run is; its room is there when nothing runs, too.
fn progress(ui: &mut Ui, bench: &Workbench) {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 5.0), Sense::hover());
    let Some(measuring) = &bench.measuring else { return };
    let done = measuring.done();
    share_bar(ui.painter(), rect, f64::from(done), [palette.accent, palette.bg4]);
    response.widget_info(|| {
        let name = format!("The whole measurement, {:.0} %", done * 100.0);
        WidgetInfo::labeled(Role::ProgressIndicator, true, name)
    });
}

/// Whether a gauge's figures are being taken now.
fn is_live(gauge: &Gauge) -> bool {
    gauge.stage == Stage::Runs
}
