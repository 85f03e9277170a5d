//! The plan as a command to copy.

use egui::{Align, Layout, Margin, Ui};

use crate::formats::commands::{self, Shell};
use crate::placement::Engine;

use crate::ui::bench::{Workbench, Workspace};
use crate::ui::paint::icon::Icon;
use crate::ui::widget::button::Button;
use crate::ui::widget::card::rows;
use crate::ui::widget::segmented::segmented;
use crate::ui::{Command, fonts, theme};

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let plan = bench.answer().plan.clone();
    let engine = bench.scenario.engine.clone();
    let written = match commands::of(&bench.scenario, &plan, bench.shell) {
        Some(written) => written.map_err(|error| error.to_string()),
        None if engine.ideal => Err("No command: a ceiling is no engine.".to_owned()),
        None => Err(format!("No command: {} does not run this here.", engine.name)),
    };
    let palette = theme::palette(ui);
    let mut command = None;
    let frame = egui::Frame::new()
        .fill(palette.bg1)
        .stroke(egui::Stroke::new(1.0, palette.line))
        .corner_radius(theme::radius::CONTROL)
        .inner_margin(Margin::symmetric(12, 2));
    frame.show(ui, |ui| {
        rows(ui, 24.0);
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let share = ui.add(Button::new("Share…").icon(Icon::Share).small());
                if share.on_hover_text("The answer as a card, a report or a table; the machine as a code").clicked() {
                    bench.workspace = Workspace::Share;
                }
                let copy = ui.add_enabled(written.is_ok(), Button::new("Copy").icon(Icon::Copy).small());
                if let (true, Ok(line)) = (copy.clicked(), &written) {
                    command = Some(Command::Copy(line.clone()));
                }
                segmented(ui, "Shell", &mut bench.shell, &Shell::ALL.map(|shell| (shell, shell.name())));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| match &written {
                    Ok(line) => {
                        let text = egui::RichText::new(line).monospace().color(palette.t2);
                        ui.add(egui::Label::new(text).truncate()).on_hover_text(fonts::small(told(line, &engine)));
                    }
                    Err(error) => {
                        let text = egui::RichText::new(error).color(palette.t2);
                        ui.add(egui::Label::new(text).truncate()).on_hover_text(fonts::small(error));
                    }
                });
            });
        });
    });
    command
}

/// The command whole, and the documents its options were read in.
fn told(line: &str, engine: &Engine) -> String {
    let mut sources: Vec<&str> = engine.flags.iter().map(|flag| flag.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    format!("{line}\n\nOptions of {} by {}.", engine.name, sources.join("; "))
}
