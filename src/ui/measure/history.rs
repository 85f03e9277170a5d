//! Every run kept, newest first: when, under what, and what came out. A row shows its run above.

use egui::{Align, Label, Layout, RichText, Role, Sense, Ui, WidgetInfo, vec2};
use egui_extras::{Column, TableBuilder};

use crate::hardware::{Besides, Fate, MeasuredRun, Meter, outlier};
use crate::ui::bench::Workbench;
use crate::ui::widget::card::{card as framed, rows};
use crate::ui::{fonts, theme};

use super::words;

const ROW: f32 = 24.0;
/// The first has room for how far it is from the usual.
const FIGURES: [f32; 2] = [92.0, 64.0];
const WHEN: f32 = 96.0;
const COLUMNS: [Meter; 5] = [Meter::Ram, Meter::Kernel, Meter::Gpu, Meter::Link, Meter::Disk];

/// Draws it.
pub(super) fn card(ui: &mut Ui, bench: &mut Workbench, height: f32) {
    let palette = theme::palette(ui);
    let count = match bench.measure.runs.len() {
        0 => String::new(),
        1 => "1 run, GB/s, times in UTC".to_owned(),
        count => format!("{count} runs, GB/s, times in UTC"),
    };
    framed(
        ui,
        ["History", &count],
        |_| {},
        |ui| {
            ui.set_width(ui.available_width());
            ui.set_min_height(height - 46.0);
            rows(ui, ROW);
            ui.spacing_mut().item_spacing.y = 0.0;
            if let Some(why) = &bench.measure.trouble {
                let text = format!("Earlier runs are not shown: {why}. Runs of now are shown and not kept.");
                ui.add(Label::new(fonts::small(text).color(palette.verdict.no)).wrap());
                ui.add_space(4.0);
            }
            if bench.measure.runs.is_empty() && bench.measuring.is_none() {
                let text = "None yet. Each run is kept with its date and conditions, the last 50 of them.";
                ui.add(Label::new(fonts::small(text).color(palette.t2)).wrap());
                return;
            }
            let room = (height - 46.0 - 22.0).max(ROW * 2.0);
            if let Some(place) = table(ui, bench, room) {
                bench.measure.chosen = Some(place);
            }
        },
    );
}

/// The list; returns the place of a run that was chosen.
fn table(ui: &mut Ui, bench: &Workbench, height: f32) -> Option<usize> {
    let palette = theme::palette(ui);
    let (page, running) = (&bench.measure, usize::from(bench.measuring.is_some()));
    let mut chosen = None;
    ui.visuals_mut().selection.bg_fill = palette.bg3;
    // In a narrow card the rows of a matrix give way: they are in the dials of a run.
    let columns: &[Meter] =
        if ui.available_width() < 560.0 { &[Meter::Ram, Meter::Gpu, Meter::Link, Meter::Disk] } else { &COLUMNS };
    let mut builder = TableBuilder::new(ui)
        .id_salt("runs")
        .striped(false)
        .sense(Sense::click())
        .max_scroll_height(height)
        .min_scrolled_height(ROW * 2.0)
        .auto_shrink([false, true])
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(WHEN))
        .column(Column::remainder().at_least(60.0).clip(true));
    for meter in columns {
        builder = builder.column(Column::exact(FIGURES[usize::from(*meter != Meter::Ram)]));
    }
    let table = builder.header(20.0, |mut row| {
        for text in ["When", "Conditions"] {
            row.col(|ui| {
                ui.label(fonts::caption(text).color(palette.t3));
            });
        }
        for meter in columns {
            row.col(|ui| {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.label(fonts::caption(words::meter(*meter)).color(palette.t3));
                });
            });
        }
    });
    table.body(|body| {
        body.rows(ROW, page.runs.len() + running, |mut row| {
            let index = row.index();
            if index < running {
                row.set_selected(true);
                now(&mut row, bench, columns);
                return;
            }
            let place = page.runs.len() - 1 - (index - running);
            let run = &page.runs[place];
            row.set_selected(running == 0 && page.place() == Some(place));
            row.col(|ui| {
                let response = ui.add(
                    Label::new(fonts::medium(words::when(&run.at)).size(12.0).color(palette.t1)).sense(Sense::click()),
                );
                let name = format!("Show the run of {}", words::when(&run.at));
                response.widget_info(|| WidgetInfo::selected(Role::Button, true, page.place() == Some(place), &name));
                if response.clicked() {
                    chosen = Some(place);
                }
            });
            row.col(|ui| {
                let mut said = words::short_conditions(run);
                if run.on != bench.base.cpu.name && !run.on.is_empty() {
                    said = format!("on {}", run.on);
                }
                ui.add(Label::new(fonts::small(said).color(palette.t2)).truncate());
            });
            for meter in columns {
                row.col(|ui| figure(ui, &page.runs, place, *meter));
            }
            if row.response().clicked() {
                chosen = Some(place);
            }
        });
    });
    chosen
}

/// The run under way.
fn now(row: &mut egui_extras::TableRow<'_, '_>, bench: &Workbench, columns: &[Meter]) {
    let Some(measuring) = &bench.measuring else { return };
    let text = |row: &mut egui_extras::TableRow<'_, '_>, text: &str, strong: bool| {
        row.col(|ui| {
            let palette = theme::palette(ui);
            let text = if strong {
                fonts::medium(text).size(12.0).color(palette.t1)
            } else {
                fonts::small(text).color(palette.t2)
            };
            ui.add(Label::new(text).truncate());
        });
    };
    text(row, "now", true);
    text(row, if measuring.cancelled { "stopping" } else { "running" }, false);
    for meter in columns {
        let best = measuring.headline(*meter, None);
        row.col(|ui| {
            let palette = theme::palette(ui);
            let shown = best.map_or_else(|| "—".to_owned(), words::gb);
            right(ui, fonts::small(shown).color(palette.t1), None);
        });
    }
}

/// A figure of a run, with how far it is from the others where that is far.
fn figure(ui: &mut Ui, runs: &[MeasuredRun], place: usize, meter: Meter) {
    let palette = theme::palette(ui);
    let run = &runs[place];
    let Some(reading) = run.slowest(meter) else {
        let response = right(ui, fonts::small("—").color(palette.t3), None);
        if let Some(why) = run.why_skipped(meter) {
            response.on_hover_text(why);
        }
        return;
    };
    let rate = reading.figure.besides(Besides::Random).unwrap_or(reading.figure.best.get());
    let (text, hover) = match &reading.fate {
        Fate::Kept => (words::gb(rate), reading.figure.conditions.clone()),
        Fate::LowerBound if was_busy(run) => {
            (format!("≥ {}", words::gb(rate)), "Other work ran: a lower bound, not kept.".to_owned())
        }
        Fate::LowerBound => {
            (format!("≥ {}", words::gb(rate)), format!("A lower bound: {}.", reading.figure.conditions))
        }
        Fate::Refused(why) => (format!("{} not kept", words::gb(rate)), why.clone()),
    };
    let off = outlier(runs, place, meter);
    let said = off.map(|off| format!("{:+.0} %", off * 100.0).replace('-', "−"));
    let response = right(ui, fonts::small(text).color(palette.t1), said.as_deref());
    match off {
        Some(_) => response.on_hover_text(format!("More than 10 % from the usual of the other runs. {hover}")),
        None => response.on_hover_text(hover),
    };
}

/// Whether other work took too much of the processor.
fn was_busy(run: &MeasuredRun) -> bool {
    run.slowest(Meter::Ram).is_some_and(|ram| ram.fate == Fate::LowerBound)
}

/// A number at the right of its cell, with a remark before it.
fn right(ui: &mut Ui, text: RichText, remark: Option<&str>) -> egui::Response {
    let palette = theme::palette(ui);
    ui.allocate_ui_with_layout(vec2(ui.available_width(), ROW), Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        let response = ui.label(text);
        if let Some(remark) = remark {
            ui.label(fonts::caption(remark).color(palette.verdict.disk));
        }
        response
    })
    .inner
}
