//! Speeds measured on this machine, each beside what was predicted.

use egui::{Align, Label, Layout, Ui};
use egui_extras::{Column, TableBuilder};

use crate::hardware::{BenchRun, Source};
use crate::units::TokensPerSecond;

use super::bench::{Workbench, mark_of};
use super::paint::icon::Icon;
use super::paint::mark;
use super::widget::button::{Button, small_icon_button};
use super::widget::card::{card as framed, rows};
use super::{Command, fonts, theme};

/// Whether `llama-bench` can be run for the model on screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LlamaBench {
    /// Not now; why.
    Absent(String),
    /// With this command.
    Ready(String),
    /// It is running.
    Running(String),
}

impl Default for LlamaBench {
    fn default() -> Self {
        Self::Absent(String::new())
    }
}

/// The widths of the columns but the name's, which takes the rest: date, backend, test, predicted, measured, their
/// ratio, the button.
const COLUMNS: [f32; 7] = [82.0, 64.0, 184.0, 70.0, 84.0, 56.0, 30.0];
const HEADER: [&str; 8] = ["Date", "Model", "Backend", "Test", "Predicted", "Measured", "Ratio", ""];

/// Draws the card.
pub(super) fn card(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let mut command = None;
    let count = match bench.runs.len() {
        0 => String::new(),
        1 => "1 test on this machine, tokens/s".to_owned(),
        count => format!("{count} tests on this machine, tokens/s"),
    };
    framed(
        ui,
        ["Measured speeds", &count],
        |_| {},
        |ui| {
            ui.set_width(ui.available_width());
            rows(ui, theme::height::SMALL);
            let palette = theme::palette(ui);
            if bench.runs.is_empty() {
                let how = "None yet. Drop what llama-bench -o json prints on the window: it becomes a measurement of this machine and corrects what is predicted for it.";
                ui.add(Label::new(fonts::small(how).color(palette.t2)).wrap());
            } else if let Some(place) = table(ui, &bench.runs) {
                let mut runs = bench.runs.clone();
                runs.remove(place);
                bench.set_runs(runs);
                bench.tell("Removed the measurement; undo brings it back.");
            }
            ui.add_space(4.0);
            command = run(ui, &bench.llama_bench);
        },
    );
    command
}

/// What would be run, and the button for it.
fn run(ui: &mut Ui, state: &LlamaBench) -> Option<Command> {
    let palette = theme::palette(ui);
    let mut command = None;
    let (text, button) = match state {
        LlamaBench::Absent(why) => {
            ui.add(Label::new(fonts::small(why).color(palette.t3)).wrap());
            return None;
        }
        LlamaBench::Ready(text) => (text, ("Run llama-bench", Command::RunBench)),
        LlamaBench::Running(text) => (text, ("Cancel llama-bench", Command::CancelBench)),
    };
    ui.add(Label::new(fonts::small(text).color(palette.t1)).wrap());
    ui.horizontal(|ui| {
        let (label, asked) = button;
        if ui.add(Button::new(label)).clicked() {
            command = Some(asked);
        }
        let said = match state {
            LlamaBench::Running(_) => "Running; it is ended after 30 min at the latest.",
            _ => "Runs exactly the command above, for a minute or more; close what else needs the GPU.",
        };
        ui.label(fonts::small(said).color(palette.t3));
    });
    command
}

/// The list, newest first; returns the place of the one to remove.
fn table(ui: &mut Ui, runs: &[BenchRun]) -> Option<usize> {
    let palette = theme::palette(ui);
    let mut removed = None;
    let [date, rest @ ..] = COLUMNS;
    let mut builder = TableBuilder::new(ui)
        .id_salt("measured speeds")
        .striped(false)
        .vscroll(false)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(date))
        .column(Column::remainder().at_least(120.0).clip(true));
    for width in rest {
        builder = builder.column(Column::exact(width));
    }
    let table = builder.header(20.0, |mut row| {
        for text in HEADER {
            row.col(|ui| {
                ui.label(fonts::caption(text).color(palette.t3));
            });
        }
    });
    table.body(|body| {
        body.rows(24.0, runs.len(), |mut row| {
            let place = runs.len() - 1 - row.index();
            let run = &runs[place];
            let mut text = |text: &str, ink| {
                row.col(|ui| {
                    ui.add(Label::new(fonts::small(text).color(ink)).truncate());
                });
            };
            text(if run.date.is_empty() { "—" } else { &run.date }, palette.t2);
            text(&format!("{} {}", run.model, run.quant), palette.t1);
            text(run.backend.title(), palette.t2);
            text(&run.test(), palette.t2);
            let rate = |rate: Option<TokensPerSecond>| rate.map_or_else(|| "—".to_owned(), |rate| rate.to_string());
            text(&rate(run.predicted), palette.t2);
            row.col(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                mark::mark(ui, mark_of(run.source), &origin(run)).on_hover_text(origin(run));
                ui.label(fonts::medium(run.rate.to_string()).size(12.0).color(palette.t1));
            });
            row.col(|ui| {
                let counts = run.source == Source::Measured && run.compared.is_some();
                let ink = if counts { palette.t1 } else { palette.t3 };
                let label = ui.label(fonts::small(ratio_of(run)).color(ink));
                label.on_hover_text(if counts {
                    "Measured over predicted"
                } else {
                    "Corrects nothing: its model is not known here"
                });
            });
            row.col(|ui| {
                let name = format!("Remove the measurement of {} {}, {}", run.model, run.quant, run.test());
                if small_icon_button(ui, Icon::Close, &name).clicked() {
                    removed = Some(place);
                }
            });
        });
    });
    removed
}

/// Measured over predicted: `0.97`.
fn ratio_of(run: &BenchRun) -> String {
    match run.predicted {
        Some(predicted) if predicted.get() > 0.0 => format!("× {:.2}", run.rate.get() / predicted.get()),
        _ => "—".to_owned(),
    }
}

/// Where a measured speed comes from.
fn origin(run: &BenchRun) -> String {
    let spread = format!("±{:.1} % over {}", run.spread * 100.0, run.repeats);
    let parts =
        [run.rate.to_string() + " tokens/s", run.engine.clone() + " " + &run.build, run.conditions.clone(), spread];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    format!("{} {}", run.source, parts.join(", "))
}
