//! Ready-made machines and the user's own: pick one, save what is on screen, open a file.

use egui::{Align, Align2, Layout, TextEdit, Ui, vec2};

use super::bench::{Choice, Workbench, Workspace};
use super::paint::icon::Icon;
use super::share::Form;
use super::widget::button::Button;
use super::widget::card::{card, rows};
use super::widget::scroll::scroll;
use super::{Command, MachineChoice, fonts, measured, theme};

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let palette = theme::palette(ui);
    let mut command = None;
    ui.label(fonts::verdict_text("Machines").color(palette.t1));
    ui.label(
        fonts::body("Choose a machine to ask about, keep the one on screen with everything you typed, or drop a profile on the window.")
            .color(palette.t2),
    );
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        if ui.add(Button::new("Save the machine on screen").icon(Icon::Save).primary()).clicked() {
            command = Some(Command::SaveProfile);
        }
        if ui.add(Button::new("Write it to a file…").icon(Icon::Share)).clicked() {
            command = Some(Command::ExportProfile);
        }
        if ui.add(Button::new("Share…").icon(Icon::Copy)).clicked() {
            bench.share.form = Form::Machine;
            bench.workspace = Workspace::Share;
        }
        if ui.add(Button::new("Open a profile…").icon(Icon::Folder)).clicked() {
            command = Some(Command::OpenProfile);
        }
        if ui.add(Button::new("Read this machine again")).clicked() {
            command = Some(Command::Detect);
        }
    });
    ui.add_space(8.0);
    ui.add(
        TextEdit::singleline(&mut bench.search)
            .hint_text("name, GPU, memory…")
            .align(Align2::LEFT_CENTER)
            .desired_width(320.0),
    )
    .accessible_name("Search machines");
    ui.add_space(8.0);
    let wanted = bench.search.to_lowercase();
    let fits = |machine: &&Choice| {
        wanted
            .split_whitespace()
            .all(|word| format!("{} {}", machine.name, machine.summary).to_lowercase().contains(word))
    };
    let height = ui.available_height();
    scroll(ui, "machines", height, |ui| {
        command = command.take().or(measured::card(ui, bench));
        ui.add_space(12.0);
        for (title, own) in [("Yours", true), ("Ready-made", false)] {
            let list: Vec<&Choice> = bench
                .machines
                .iter()
                .filter(|machine| matches!(machine.choice, MachineChoice::Own(_)) == own)
                .filter(fits)
                .collect();
            let count = if list.len() == 1 { "1 machine".to_owned() } else { format!("{} machines", list.len()) };
            card(
                ui,
                [title, &count],
                |_| {},
                |ui| {
                    ui.set_width(ui.available_width());
                    rows(ui, theme::height::SMALL);
                    ui.spacing_mut().item_spacing.y = 0.0;
                    if list.is_empty() {
                        ui.label(fonts::small("None.").color(palette.t3));
                    }
                    for machine in list {
                        ui.horizontal(|ui| {
                            let chosen = bench.choice == machine.choice;
                            ui.allocate_ui_with_layout(vec2(380.0, 24.0), Layout::left_to_right(Align::Center), |ui| {
                                ui.set_min_width(380.0);
                                if ui.selectable_label(chosen, &machine.name).clicked() {
                                    command = Some(Command::PickMachine(machine.choice.clone()));
                                }
                            });
                            ui.add(egui::Label::new(fonts::small(&machine.summary).color(palette.t3)).truncate());
                        });
                    }
                },
            );
            ui.add_space(12.0);
        }
    });
    if matches!(command, Some(Command::PickMachine(_))) {
        bench.workspace = Workspace::Run;
        bench.search.clear();
    }
    command
}
