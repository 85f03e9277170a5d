//! Ready-made machines and the user's own: pick one, save what is on screen, open a file.

use egui::{Align, Align2, Checkbox, Layout, TextEdit, Ui, vec2};

use super::bench::{Choice, Workbench, Workspace};
use super::compare::{Compared, LEAST};
use super::paint::icon::Icon;
use super::share::Form;
use super::widget::button::Button;
use super::widget::card::{card, rows};
use super::widget::scroll::scroll;
use super::{Command, MachineChoice, fonts, measured, theme};

/// A row as high as the name in it.
const TICK: f32 = 28.0;

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let palette = theme::palette(ui);
    bench.settle_compared();
    ui.label(fonts::verdict_text("Machines").color(palette.t1));
    ui.label(
        fonts::body("Choose a machine to ask about, keep the one on screen with everything you typed, drop a profile on the window or paste its share code.")
            .color(palette.t2),
    );
    ui.add_space(8.0);
    let mut command = acts(ui, bench);
    ui.add_space(8.0);
    search(ui, bench);
    ui.add_space(8.0);
    let mut toggled = None;
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
        let at_hand = at_hand(bench);
        for (title, own) in [("Yours", true), ("Ready-made", false)] {
            let list: Vec<&Choice> = at_hand
                .iter()
                .filter(|_| own)
                .chain(bench.machines.iter().filter(|machine| matches!(machine.choice, MachineChoice::Own(_)) == own))
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
                            toggled = toggled.take().or(tick(ui, bench, machine));
                            let chosen = bench.choice == machine.choice;
                            ui.allocate_ui_with_layout(vec2(360.0, 24.0), Layout::left_to_right(Align::Center), |ui| {
                                ui.set_min_width(360.0);
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
    if let Some(one) = toggled {
        bench.compare.toggle(one);
    }
    if matches!(command, Some(Command::PickMachine(_))) {
        bench.workspace = Workspace::Run;
        bench.search.clear();
    }
    command
}

/// What can be done with the machine on screen.
fn acts(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let mut command = None;
    ui.horizontal(|ui| {
        if ui.add(Button::new("Save the machine on screen").icon(Icon::Save).primary()).clicked() {
            command = Some(Command::SaveProfile);
        }
        if ui.add(Button::new("Write it to a file…")).clicked() {
            command = Some(Command::ExportProfile);
        }
        if ui.add(Button::new("Share…").icon(Icon::Share)).clicked() {
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
    command
}

/// What the lists are filtered by, and the way to what is ticked in them.
fn search(ui: &mut Ui, bench: &mut Workbench) {
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        ui.add(
            TextEdit::singleline(&mut bench.search)
                .hint_text("name, GPU, memory…")
                .align(Align2::LEFT_CENTER)
                .desired_width(320.0),
        )
        .accessible_name("Search machines");
        let count = bench.compare.chosen.len();
        let words = if count < LEAST { "Compare".to_owned() } else { format!("Compare {count} machines") };
        if ui.add_enabled(count >= LEAST, Button::new(&words)).clicked() {
            bench.workspace = Workspace::Compare;
        }
        let hint = if bench.compare.has_room() { "Tick two to four." } else { "Four is the most." };
        ui.label(fonts::small(hint).color(palette.t3));
    });
}

/// This machine as a row of the list.
fn at_hand(bench: &Workbench) -> Option<Choice> {
    let machine = bench.this.clone()?;
    let name = "This machine".to_owned();
    Some(Choice { choice: MachineChoice::This, name, summary: machine.summary(), machine })
}

/// Takes a machine into the comparison or out of it. The one on screen is compared with all that is typed over it.
fn tick(ui: &mut Ui, bench: &Workbench, machine: &Choice) -> Option<Compared> {
    let one =
        if bench.choice == machine.choice { Compared::OnScreen } else { Compared::Listed(machine.choice.clone()) };
    let mut ticked = bench.compare.chosen.contains(&one);
    let enabled = ticked || bench.compare.has_room();
    let row = Layout::left_to_right(Align::Center);
    let tick = ui.allocate_ui_with_layout(vec2(24.0, TICK), row, |ui| {
        ui.set_min_size(vec2(24.0, TICK));
        ui.add_enabled(enabled, Checkbox::without_text(&mut ticked))
    });
    tick.inner.accessible_name(format!("Compare {}", machine.name)).clicked().then_some(one)
}
