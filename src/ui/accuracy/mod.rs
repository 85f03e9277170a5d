//! How far off speeds are: what was predicted against what people measured, beside other calculators' formulas.

mod classes;
mod scatter;
mod state;
mod table;
mod words;

pub use state::{Accuracy, Rows};

use egui::{Label, Ui};

use crate::advice::accuracy::{Group, Rate};
use crate::advice::peers::{About, Peer};
use crate::catalog::Catalog;
use crate::speed::{LeftOut, Parameters, Predicted, Together};

use super::bench::Workbench;
use super::widget::scroll::scroll;
use super::widget::segmented::segmented;
use super::{Command, fonts, theme};
use scatter::{Whose, scatter};
use state::{Looked, View};

/// The page's least width for two plots beside the classes.
const BESIDE: f32 = 940.0;
/// The height of a plot, least and most.
const PLOT: (f32, f32) = (216.0, 420.0);
/// No plot is higher for its width than this.
const SQUARE: f32 = 1.1;
/// The least height of the list.
const LIST: f32 = 210.0;
const GAP: f32 = 12.0;

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) -> Option<Command> {
    let command = bench.accuracy.is_untouched().then_some(Command::Compare);
    let height = ui.available_height();
    scroll(ui, "accuracy", height, |ui| page(ui, &mut bench.accuracy, catalog, height));
    command
}

fn page(ui: &mut Ui, accuracy: &mut Accuracy, catalog: &Catalog, height: f32) {
    let top = ui.cursor().top();
    let view = accuracy.view();
    title(ui, accuracy, &view, &catalog.parameters);
    ui.add_space(8.0);
    switches(ui, &mut accuracy.looked, catalog);
    if let Some(about) = accuracy.looked.beside.and_then(|peer| catalog.peers.about(peer)) {
        read_at(ui, about, accuracy.looked.rate);
    }
    ui.add_space(8.0);
    // What was just chosen counts in this frame.
    let view = accuracy.view();
    let about = accuracy.beside().and_then(|peer| catalog.peers.about(peer));
    let left = height - (ui.cursor().top() - top);
    let chrome = 46.0 + GAP;
    let plot = (left - LIST - chrome).clamp(PLOT.0, PLOT.1);
    let name = about.map_or("", |about| about.name.as_str());
    pictures(ui, accuracy, &view, about, plot);
    ui.add_space(GAP);
    let left = height - (ui.cursor().top() - top);
    table::table(ui, accuracy, name, left.max(LIST));
}

/// The sentence that answers, and what it is worth.
fn title(ui: &mut Ui, accuracy: &Accuracy, view: &View, parameters: &Parameters) {
    let palette = theme::palette(ui);
    let Looked { rate, group, .. } = accuracy.looked;
    let what = match rate {
        Rate::Decode => "speeds",
        Rate::Prefill => "prompt speeds",
    };
    let of = if group == Group::All { String::new() } else { format!(" ({})", group.name()) };
    let fitted = view.here(group).and_then(|figures| figures.ours);
    let left_out = left_out(parameters, rate, group);
    let title = match (accuracy.is_complete(), fitted, left_out.first()) {
        (false, ..) => match accuracy.of() {
            Some(of) => format!("{} of {of} measurements predicted…", accuracy.rows().len()),
            None => "Predicting published measurements…".to_owned(),
        },
        (true, Some(_), Some(line)) => {
            format!("Half of {what} left out of the fit{of} {}", within(line.median, line.tail))
        }
        (true, Some(off), None) => format!("Half of fitted {what}{of} {}", within(off.median, off.tail)),
        (true, None, _) => "No measurements of this kind".to_owned(),
    };
    ui.label(fonts::verdict_text(title).color(palette.t1));
    let drawn = fitted.map_or_else(String::new, |off| {
        format!(", {} {what}, half {}", crate::units::grouped(off.rows as u64), within(off.median, off.tail))
    });
    let said = format!("Drawn are the published measurements that the model was fitted to{drawn}. Sources below.");
    ui.label(fonts::body(said).color(palette.t2));
    if let Some(first) = left_out.first() {
        let lines: Vec<String> = left_out.iter().map(|line| left_out_line(line)).collect();
        let said = format!("{} rows left out of the fit in turn, {}", first.rows, lines.join("; "));
        ui.label(fonts::body(said).color(palette.t2));
    }
}

/// `within 5.4 %, nine in ten within 16.5 %`.
fn within(median: f64, tail: f64) -> String {
    format!("within {median:.1} %, nine in ten within {tail:.1} %")
}

/// What cross-validation found for a group, where it was asked: by device and model first.
fn left_out(parameters: &Parameters, rate: Rate, group: Group) -> Vec<&LeftOut> {
    let what = match rate {
        Rate::Decode => Predicted::Tokens,
        Rate::Prefill => Predicted::Prompts,
    };
    let lines = parameters.left_out.iter().filter(|line| line.what == what && line.class == group.name());
    let mut lines: Vec<&LeftOut> = lines.collect();
    lines.sort_by_key(|line| line.by != Together::DeviceAndModel);
    lines
}

fn left_out_line(line: &LeftOut) -> String {
    let errors = words::errors(line.median, line.tail);
    let held = line.held * 100.0;
    format!("by {} {errors}, bias ×{:.2}, band holds {held:.0} %", line.by.name(), line.bias)
}

fn switches(ui: &mut Ui, looked: &mut Looked, catalog: &Catalog) {
    let palette = theme::palette(ui);
    ui.horizontal_wrapped(|ui| {
        segmented(ui, "Rate", &mut looked.rate, &[(Rate::Decode, "Tokens"), (Rate::Prefill, "Prompts")]);
        ui.add_space(6.0);
        ui.label(fonts::caption("Beside ours").color(palette.t3));
        let name = |peer: Peer| catalog.peers.about(peer).map_or(peer.id(), |about| about.name.as_str());
        let mut choices: Vec<(Option<Peer>, &str)> = vec![(None, "none")];
        choices.extend(Peer::ALL.map(|peer| (Some(peer), name(peer))));
        segmented(ui, "Formula beside ours", &mut looked.beside, &choices);
        ui.add_space(6.0);
        segmented(ui, "Rows", &mut looked.rows, &[(Rows::Stated, "Hardware stated"), (Rows::All, "All rows")])
            .on_hover_text("Of some rows the hardware, the build or the placement is not fully stated.");
    });
}

/// Where a formula was read, and what it was told.
fn read_at(ui: &mut Ui, about: &About, rate: Rate) {
    let palette = theme::palette(ui);
    let commit = about.commit.get(..7).unwrap_or_default();
    let mut text = if commit.is_empty() {
        format!("{}: {}", about.name, about.note)
    } else {
        format!(
            "{} is re-computed from its code ({}, commit {commit}), not run. {}",
            about.name, about.read, about.note
        )
    };
    if rate == Rate::Prefill {
        text = format!("{} has no formula for prompts.", about.name);
    }
    let label = ui.add(Label::new(fonts::small(&text).color(palette.t2)).wrap());
    if !about.source.is_empty() {
        label.on_hover_text(&about.source);
    }
}

/// The plots and the classes, side by side where there is room.
fn pictures(ui: &mut Ui, accuracy: &mut Accuracy, view: &View, about: Option<&About>, plot: f32) {
    let width = ui.available_width();
    let table = classes::WIDTHS[usize::from(about.is_some())];
    let beside = about.is_none() || width >= BESIDE;
    let plot = if beside { plot.max(classes::height(about.is_some()) - 46.0) } else { plot };
    let plots = if beside { width - table - GAP } else { width };
    let each = if about.is_some() { (plots - GAP) / 2.0 } else { plots };
    let plot = plot.min((each * SQUARE).max(PLOT.0));
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        let part = |ui: &mut Ui, width: f32, draw: &mut dyn FnMut(&mut Ui)| {
            ui.allocate_ui(egui::vec2(width, plot + 42.0), |ui| {
                ui.vertical(|ui| {
                    ui.set_width(width);
                    draw(ui);
                });
            });
        };
        part(ui, each, &mut |ui| scatter(ui, accuracy, view, Whose::Ours, "willitrun", plot));
        if let Some(about) = about {
            part(ui, each, &mut |ui| scatter(ui, accuracy, view, Whose::Theirs(about.peer), &about.name, plot));
        }
        if beside {
            part(ui, table, &mut |ui| classes::classes(ui, &mut accuracy.looked, view, about));
        }
    });
    if !beside {
        ui.add_space(GAP);
        classes::classes(ui, &mut accuracy.looked, view, about);
    }
}
