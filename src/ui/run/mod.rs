//! One model on one machine: the controls, the answer, the curves, why, and what would change it.

pub(super) use answer::verdict;
pub(super) use controls::famous;

mod answer;
mod change;
mod command_line;
mod controls;
mod quant_list;
mod source;
mod why;

use egui::{Align, Layout, Ui, vec2};

use crate::catalog::Catalog;

use super::Command;
use super::bench::Workbench;
use super::plot::{self, Curves};
use super::widget::scroll::scroll;

/// The width below which plots and cards stand one below the other.
const SIDE_BY_SIDE: f32 = 760.0;
/// The height of the cards below the plots.
const CARDS: f32 = 158.0;

/// Draws the workspace.
pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) -> Option<Command> {
    let mut command = None;
    let height = ui.available_height();
    scroll(ui, "run", height, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        command = controls::ui(ui, bench, catalog);
        ui.add_space(8.0);
        answer::verdict(ui, bench);
        ui.add_space(6.0);
        answer::pools(ui, bench);
        ui.add_space(8.0);
        plots(ui, bench);
        ui.add_space(10.0);
        cards(ui, bench);
        ui.add_space(10.0);
        command = command.take().or(command_line::ui(ui, bench));
    });
    command
}

fn plots(ui: &mut Ui, bench: &mut Workbench) {
    let fits_max = bench.answer().fits_max;
    bench.points();
    let machine = bench.scenario.seen().into_owned();
    let (context, limit, unit) = (bench.scenario.run.context, bench.scenario.subject.model.max_context, bench.unit);
    let width = ui.available_width();
    let spare = ui.available_height() - CARDS - 60.0;
    let height = spare.clamp(210.0, 420.0);
    let curves = Curves { points: bench.points(), machine: &machine, context, limit, fits_max, unit };
    let mut asked = None;
    if width >= SIDE_BY_SIDE {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            let left = ((width - 12.0) * 0.51).round();
            room(ui, left, height, |ui| asked = plot::memory(ui, &curves));
            room(ui, width - 12.0 - left, height, |ui| asked = asked.or(plot::speed(ui, &curves)));
        });
    } else {
        room(ui, width, height, |ui| asked = plot::memory(ui, &curves));
        ui.add_space(10.0);
        room(ui, width, height, |ui| asked = asked.or(plot::speed(ui, &curves)));
    }
    if let Some(context) = asked {
        bench.scenario.run.context = context;
    }
}

fn cards(ui: &mut Ui, bench: &mut Workbench) {
    let width = ui.available_width();
    if width >= SIDE_BY_SIDE {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            let left = ((width - 12.0) * 0.40).round();
            room(ui, left, CARDS, |ui| why::ui(ui, bench, CARDS));
            room(ui, width - 12.0 - left, CARDS, |ui| change::ui(ui, bench, CARDS));
        });
    } else {
        room(ui, width, CARDS, |ui| why::ui(ui, bench, CARDS));
        ui.add_space(10.0);
        room(ui, width, CARDS, |ui| change::ui(ui, bench, CARDS));
    }
}

/// A part of the page of this size, filled from the top.
fn room(ui: &mut Ui, width: f32, height: f32, contents: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::Min), |ui| {
        ui.set_width(width);
        contents(ui);
    });
}
