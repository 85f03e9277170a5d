//! The card with the chart: windows as they are taken, and what a run says of threads, pages, caches and the disk.

use egui::{Align2, Label, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::hardware::{Besides, Fate, Meter, Reading, Sample};
use crate::ui::bench::Workbench;
use crate::ui::paint::line::{self, Dash};
use crate::ui::widget::card::{card_under, longest, titles};
use crate::ui::{fonts, theme};

use super::bars::{Bar, bars};
use super::frame::{Plot, Scale, Span, number, round_up, steps};
use super::state::Detail;
use super::view::{Gauge, gauges, run_here};
use super::{chart, words};

/// What the title and the margins of a card take.
const CHROME: f32 = 46.0;
/// Room for two lines below the bars.
const NOTE: f32 = 36.0;

/// What the chart is drawn from: the run under way, else the one looked at.
struct Seen {
    samples: Vec<Sample>,
    ram: Option<Reading>,
    kernel: Option<Reading>,
    gpus: Vec<Reading>,
    disk: Option<Reading>,
    meter: Meter,
}

fn seen(bench: &Workbench) -> Seen {
    let page = &bench.measure;
    if let Some(measuring) = &bench.measuring {
        let meter = page.meter.filter(|meter| measuring.samples.iter().any(|s| s.series.meter() == *meter));
        let meter = meter.unwrap_or_else(|| measuring.meter());
        let samples = measuring.samples.clone();
        return Seen { samples, ram: None, kernel: None, gpus: Vec::new(), disk: None, meter };
    }
    let run = run_here(bench);
    let first = |meter: Meter| run.and_then(|run| run.readings.iter().find(|reading| reading.meter == meter)).cloned();
    let gpus = run.map(|run| run.readings.iter().filter(|reading| reading.meter == Meter::Gpu).cloned().collect());
    Seen {
        samples: run.map(|run| run.samples.clone()).unwrap_or_default(),
        ram: first(Meter::Ram),
        kernel: first(Meter::Kernel),
        gpus: gpus.unwrap_or_default(),
        disk: first(Meter::Disk),
        meter: page.meter.unwrap_or(Meter::Ram),
    }
}

/// Draws it.
pub(super) fn card(ui: &mut Ui, bench: &mut Workbench, height: f32) {
    let seen = seen(bench);
    let gauges = gauges(bench);
    let windows = format!("{} by window", words::meter(seen.meter));
    let mut tabs: Vec<(Detail, &str)> = vec![(Detail::Windows, &windows)];
    if seen.ram.as_ref().is_some_and(|ram| !ram.sweep.is_empty()) {
        tabs.push((Detail::Threads, "Threads"));
    }
    if seen.ram.is_some() {
        tabs.push((Detail::Pages, "Pages"));
    }
    if seen.gpus.iter().any(|gpu| gpu.sweep.len() > 1) {
        tabs.push((Detail::Cache, "GPU cache"));
    }
    if seen.disk.is_some() {
        tabs.push((Detail::Disk, "Disk"));
    }
    let mut open = bench.measure.detail;
    if !tabs.iter().any(|(tab, _)| *tab == open) {
        open = Detail::Windows;
    }
    let shown = open;
    let none = match (&bench.measuring, run_here(bench)) {
        (Some(_), _) => "The first window comes in a moment.",
        (None, None) => "Each window is drawn here as it is taken.",
        (None, Some(run)) if run.samples.is_empty() => "Windows are kept of the newest run alone.",
        (None, Some(_)) => "Nothing was taken of this dial in this run.",
    };
    let said = readout(&seen, shown);
    let short = said.rsplit(", ").next().unwrap_or_default().to_owned();
    let ink = theme::palette(ui).t3;
    let inner = height - CHROME;
    card_under(
        ui,
        |ui| {
            titles(ui, &mut open, &tabs);
        },
        |ui| {
            ui.label(fonts::small(longest(ui, [said.as_str(), &short])).color(ink));
        },
        |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.allocate_ui(vec2(ui.available_width(), inner), |ui| {
                ui.set_min_height(inner);
                match shown {
                    Detail::Windows => {
                        let sheet = sheet(&gauges, seen.meter);
                        chart::windows(ui, &seen.samples, seen.meter, (sheet, none), inner);
                    }
                    Detail::Threads => threads(ui, &seen, inner),
                    Detail::Pages => pages(ui, &seen, inner),
                    Detail::Cache => cache(ui, &seen, inner),
                    Detail::Disk => disk(ui, &seen, inner),
                }
            });
        },
    );
    // A run that ends brings its other tabs back: what was looked at stays wanted.
    if bench.measuring.is_none() || open != Detail::Windows {
        bench.measure.detail = open;
    }
}

fn sheet(gauges: &[Gauge], meter: Meter) -> Option<(&'static str, f64)> {
    gauges.iter().find(|gauge| gauge.meter == meter).and_then(|gauge| gauge.sheet)
}

/// What the title line says at its right.
fn readout(seen: &Seen, open: Detail) -> String {
    match open {
        Detail::Windows => match chart::outliers(&seen.samples, seen.meter) {
            (_, 0) => "GB/s".to_owned(),
            (0, all) => format!("GB/s, {all} windows"),
            (off, all) => format!("GB/s, {off} of {all} windows low (hollow)"),
        },
        Detail::Threads => seen.ram.as_ref().map_or_else(String::new, |ram| {
            if ram.fate == Fate::LowerBound {
                return "taken beside other work, no advice".to_owned();
            }
            format!("more than {} do not help, use -t {}", ram.figure.threads, ram.figure.threads)
        }),
        Detail::Pages | Detail::Disk => "GB/s".to_owned(),
        Detail::Cache => "GB/s by size read in turn".to_owned(),
    }
}

/// The RAM by count of threads.
fn threads(ui: &mut Ui, seen: &Seen, height: f32) {
    let Some(ram) = &seen.ram else { return };
    let points: Vec<(f64, f64)> = ram.sweep.iter().map(|(count, rate)| (*count as f64, rate / 1e9)).collect();
    let ticks: Vec<(f64, String)> = ram.sweep.iter().map(|(count, _)| (*count as f64, count.to_string())).collect();
    let knee = f64::from(ram.figure.threads);
    let advice = (ram.fate == Fate::Kept).then(|| (knee, format!("-t {}", ram.figure.threads)));
    let name = format!("RAM by count of threads; the best is reached with {}", ram.figure.threads);
    let curve = [(String::new(), points)];
    sweep(ui, &name, &curve, &ticks, "threads", advice, height);
}

/// GPUs by bytes read in turn: where a curve falls its cache ends.
fn cache(ui: &mut Ui, seen: &Seen, height: f32) {
    let several = seen.gpus.len() > 1;
    let curves: Vec<(String, Vec<(f64, f64)>)> = seen
        .gpus
        .iter()
        .filter(|gpu| gpu.sweep.len() > 1)
        .map(|gpu| {
            let points = gpu.sweep.iter().map(|(bytes, rate)| (*bytes as f64 / 1_048_576.0, rate / 1e9)).collect();
            (if several { gpu.figure.what.clone() } else { String::new() }, points)
        })
        .collect();
    let mut sizes: Vec<f64> = curves.iter().flat_map(|(_, points)| points.iter().map(|(size, _)| *size)).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    let ticks: Vec<(f64, String)> = sizes.into_iter().map(|size| (size, number(size))).collect();
    sweep(ui, "GPU by size read in turn", &curves, &ticks, "MiB read in turn", None, height);
}

/// Rates over a scale of powers, with a line where it bends.
fn sweep(
    ui: &mut Ui,
    name: &str,
    curves: &[(String, Vec<(f64, f64)>)],
    ticks: &[(f64, String)],
    what: &str,
    knee: Option<(f64, String)>,
    height: f32,
) {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    let points = || curves.iter().flat_map(|(_, points)| points);
    let low = points().map(|(x, _)| *x).fold(f64::INFINITY, f64::min);
    let high = points().map(|(x, _)| *x).fold(0.0, f64::max);
    if !(low > 0.0 && low.is_finite()) {
        return;
    }
    // One count alone stands in the middle.
    let (low, high) = if low < high { (low * 0.9, high * 1.1) } else { (low * 0.5, high * 2.0) };
    let top = round_up(points().map(|(_, y)| *y).fold(0.0, f64::max));
    let x = Span { low, high, scale: Scale::Powers };
    let plot = Plot::new(rect, x, Span { low: 0.0, high: top, scale: Scale::Straight }, 44.0);
    let painter = ui.painter();
    let lines: Vec<(f64, String)> = steps(top).into_iter().map(|value| (value, number(value))).collect();
    plot.grid(painter, palette, &lines);
    plot.foot(painter, palette, ticks, what);
    if let Some((at, said)) = knee {
        let foot = plot.at(at, 0.0);
        let ends = [foot, pos2(foot.x, plot.rect.top())];
        line::path(painter, &ends, Stroke::new(1.0, palette.t3), Dash::Dotted);
        let right = foot.x > plot.rect.center().x;
        let anchor = if right { Align2::RIGHT_BOTTOM } else { Align2::LEFT_BOTTOM };
        let place = foot + vec2(if right { -5.0 } else { 5.0 }, -4.0);
        line::label(painter, place, anchor, &said, fonts::font(11.0, fonts::Weight::Strong), [palette.t1, palette.bg2]);
    }
    let dashes = [Dash::Solid, Dash::Short, Dash::Long, Dash::DashDot];
    for (place, (name, points)) in curves.iter().enumerate() {
        let at: Vec<_> = points.iter().map(|(x, y)| plot.at(*x, *y)).collect();
        line::path(painter, &at, Stroke::new(2.0, palette.accent), dashes[place % dashes.len()]);
        let mut free = f32::NEG_INFINITY;
        for (at, (_, rate)) in at.iter().zip(points) {
            painter.circle_filled(*at, 3.2, palette.accent);
            if curves.len() == 1 && at.x > free {
                let text = number((rate * 10.0).round() / 10.0);
                let inside = at.x.clamp(plot.rect.left() + 12.0, plot.rect.right() - 16.0);
                let place = pos2(inside, at.y + if at.y < plot.rect.top() + 18.0 { 16.0 } else { -6.0 });
                let font = fonts::font(11.0, fonts::Weight::Regular);
                line::label(painter, place, Align2::CENTER_BOTTOM, &text, font, [palette.t1, palette.bg2]);
                free = at.x + 26.0;
            }
        }
        if let (Some(end), false) = (at.last(), name.is_empty()) {
            let font = fonts::font(11.0, fonts::Weight::Regular);
            let ink = [palette.t2, palette.bg2];
            line::label(painter, *end + vec2(-6.0, -6.0), Align2::RIGHT_BOTTOM, name, font, ink);
        }
    }
}

fn pages(ui: &mut Ui, seen: &Seen, height: f32) {
    let Some(ram) = &seen.ram else { return };
    let kept = ram.fate == Fate::Kept;
    let bar = |name: &str, rate: f64, about, used| Bar { name: name.to_owned(), rate, about, used };
    let used = if kept { "used, as models are mapped" } else { "a lower bound, not used" };
    let mut all = vec![bar("Huge pages", ram.figure.best.get(), "what the machine can do", false)];
    all.extend(ram.figure.ordinary_pages.map(|rate| bar("Ordinary pages", rate.get(), used, kept)));
    let copy = ram.figure.besides(Besides::Copy);
    all.extend(copy.map(|rate| bar("Copy", rate, "bytes read and written", false)));
    let node = ram.figure.besides(Besides::OneNode);
    all.extend(node.map(|rate| bar("One NUMA node", rate, "on its own memory", false)));
    let other = ram.figure.besides(Besides::OtherNode);
    all.extend(other.map(|rate| bar("Another node's", rate, "read by one node", false)));
    if let Some(kernel) = &seen.kernel {
        let how = if kernel.fate == Fate::LowerBound { "multiplied; at least" } else { "unpacked and multiplied" };
        all.push(bar("Rows like Q4_K", kernel.figure.best.get(), how, false));
        let q8 = kernel.figure.besides(Besides::KernelQ8);
        all.extend(q8.map(|rate| bar("Rows like Q8_0", rate, how, false)));
    }
    bars(ui, &all, height - NOTE);
    note(ui, &told(ram));
}

fn disk(ui: &mut Ui, seen: &Seen, height: f32) {
    let Some(disk) = &seen.disk else { return };
    let bar = |name: &str, rate: f64, about, used| Bar { name: name.to_owned(), rate, about, used };
    let used = if disk.fate == Fate::Kept { "used, 4 pieces of 4 MiB" } else { "not kept, 4 pieces of 4 MiB" };
    let mut all = vec![bar("In order", disk.figure.best.get(), "8 pieces of 1 MiB under way", false)];
    let random = disk.figure.besides(Besides::Random);
    all.extend(random.map(|rate| bar("At random", rate, used, disk.fate == Fate::Kept)));
    bars(ui, &all, height - NOTE);
    if let Some(warm) = disk.figure.besides(Besides::Warm) {
        ui.add_space(6.0);
        let said = format!(
            "Read again it comes at {} GB/s: that is what the system keeps of it in RAM, not the disk.",
            words::gb(warm)
        );
        note(ui, &said);
    }
    note(ui, &told(disk));
}

/// How a figure was taken.
fn told(reading: &Reading) -> String {
    let figure = &reading.figure;
    let parts = [
        reading.name.clone(),
        format!("method {}", figure.method),
        format!("spread {}", words::spread(figure.spread)),
        figure.conditions.clone(),
        figure.date.clone(),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let mut text = parts.join("; ");
    if let Some(first) = text.get(..1).map(str::to_uppercase) {
        text.replace_range(..1, &first);
    }
    format!("{text}.")
}

fn note(ui: &mut Ui, text: &str) {
    ui.add_space(4.0);
    ui.add(Label::new(fonts::caption(text).color(theme::palette(ui).t3)).wrap());
}
