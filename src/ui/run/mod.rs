//! One model on one machine: the controls, the answer, the curves, why, and what would change it.

pub(super) use answer::{NoRoom, verdict};
pub(super) use controls::{famous, ui as controls};
pub(super) use hand::{Moved, answer_length, prompt_length, samples, slider_row};

mod answer;
mod change;
mod command_line;
mod controls;
mod hand;
mod pools;
mod quant_list;
mod source;
mod why;

use egui::{Align, Layout, Sense, Ui, UiBuilder, vec2};

use crate::catalog::Catalog;

use super::bench::Workbench;
use super::by_hand::{Lower, Plot};
use super::plot::{self, Curves};
use super::widget::card::{self, card_frame, rows, titles};
use super::widget::scroll::scroll;
use super::{Command, fonts, theme};

/// The width below which plots share a card, and the cards below them another.
const SIDE_BY_SIDE: f32 = 880.0;
/// The height of the cards below the plots.
const CARDS: f32 = 158.0;
/// The most they grow for what is set by hand; what is longer scrolls.
const MOST_CARDS: f32 = 264.0;
/// What a card takes of its height besides its contents.
const TITLE: f32 = 44.0;
/// What a card takes of its width.
const PADDING: f32 = 28.0;
/// The share of the width that the bill takes beside what would change it.
const WHY: f32 = 0.42;

/// The titles of the cards.
const BILL: &str = "Why";
const CHANGES: &str = "What would change it";
const HAND: &str = "By hand";
/// The width from which the cards stand in a column right of the plots.
const COLUMN_BESIDE: f32 = 1290.0;
/// That column.
const COLUMN: f32 = 420.0;
/// The least height for what is set by hand in a card of its own.
const HAND_ALONE: f32 = 240.0;
/// What stands below the plots besides cards.
const FOOT: f32 = 60.0;

/// Draws the workspace.
pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) -> Option<Command> {
    let mut command = None;
    let height = ui.available_height();
    close_on_escape(ui, bench);
    scroll(ui, "run", height, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        command = controls::ui(ui, bench, catalog);
        ui.add_space(8.0);
        answer::verdict(ui, bench);
        ui.add_space(6.0);
        let width = ui.available_width();
        if width >= COLUMN_BESIDE {
            command = command.take().or(beside(ui, bench, catalog));
            return;
        }
        pools::ui(ui, bench);
        ui.add_space(8.0);
        let least = if bench.lower == Lower::Hand { 188.0 } else { 210.0 };
        let least = if width >= SIDE_BY_SIDE { least } else { 190.0 };
        let spare = ui.available_height() - cards_height(bench, width) - FOOT;
        plots(ui, bench, catalog, spare.clamp(least, 420.0));
        ui.add_space(10.0);
        cards(ui, bench);
        ui.add_space(10.0);
        command = command.take().or(command_line::ui(ui, bench));
    });
    command
}

/// In a wide window the plots take the height there is, and the cards stand at their right.
fn beside(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) -> Option<Command> {
    let (width, height) = (ui.available_width() - 12.0 - COLUMN, ui.available_height());
    let mut command = None;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        room(ui, width, height, |ui| {
            pools::ui(ui, bench);
            ui.add_space(8.0);
            let spare = ui.available_height() - FOOT + 10.0;
            plots(ui, bench, catalog, spare.max(210.0));
            ui.add_space(10.0);
            command = command_line::ui(ui, bench);
        });
        // The column ends where the plots do.
        room(ui, COLUMN, height, |ui| column(ui, bench, height - FOOT + 18.0));
    });
    command
}

/// Bill, changes, and what is set by hand, each in a card of its own where there is room for all.
fn column(ui: &mut Ui, bench: &mut Workbench, height: f32) {
    let lines = bench.answer().bill.as_ref().map_or(0, |bill| bill.lines.len());
    let bill = (why::height(lines) + TITLE).clamp(CARDS, 250.0);
    let mut card = |ui: &mut Ui, height: f32, titles: &[(Lower, &str)]| {
        room(ui, COLUMN, height, |ui| lower(ui, bench, height, titles));
    };
    card(ui, bill, &[(Lower::Why, BILL)]);
    ui.add_space(10.0);
    let rest = height - bill - 10.0;
    let hand = rest - CARDS - 10.0;
    if hand < HAND_ALONE {
        let by_hand = hand_title(bench);
        let others = [(Lower::Changes, CHANGES), (Lower::Hand, by_hand.as_str())];
        let rest = rest.max(CARDS);
        return room(ui, COLUMN, rest, |ui| lower(ui, bench, rest, &others));
    }
    card(ui, CARDS, &[(Lower::Changes, CHANGES)]);
    ui.add_space(10.0);
    card(ui, hand, &[(Lower::Hand, HAND)]);
}

/// The title of what is set by hand, with how much of it is.
fn hand_title(bench: &Workbench) -> String {
    match bench.by_hand() {
        0 => HAND.to_owned(),
        count => format!("{HAND}, {count} set"),
    }
}

/// What is folded out over the page is folded in again by the key for it.
fn close_on_escape(ui: &Ui, bench: &mut Workbench) {
    let busy = egui::Popup::is_any_open(ui.ctx()) || ui.ctx().text_edit_focused();
    if bench.lower == Lower::Hand && !busy && ui.input(|input| input.key_pressed(egui::Key::Escape)) {
        bench.lower = Lower::Changes;
    }
}

fn plots(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog, height: f32) {
    let fits_max = bench.answer().fits_max;
    bench.make_points();
    let machine = bench.scenario.seen().into_owned();
    let (context, limit, unit) = (bench.scenario.run.context, bench.scenario.subject.model.max_context, bench.unit);
    let ceiling = bench.scenario.engine.ideal;
    let width = ui.available_width();
    let beside = width >= SIDE_BY_SIDE;
    let mut open = bench.plot;
    let shown = bench.plot;
    let anchors = bench.anchors(catalog);
    let (points, before) = bench.curves();
    let curves =
        Curves { points, before, machine: &machine, context, limit, fits_max, unit, ceiling, anchors: &anchors };
    let mut asked = None;
    if beside {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            let left = ((width - 12.0) * 0.51).round();
            room(ui, left, height, |ui| asked = plot::memory(ui, &curves));
            room(ui, width - 12.0 - left, height, |ui| asked = asked.or(plot::speed(ui, &curves)));
        });
    } else {
        let both = [(Plot::Memory, "Memory by context"), (Plot::Speed, "Speed by context")];
        let title = |ui: &mut Ui| _ = titles(ui, &mut open, &both);
        room(ui, width, height, |ui| {
            asked = match shown {
                Plot::Memory => plot::memory_under(ui, &curves, title),
                Plot::Speed => plot::speed_under(ui, &curves, title),
            };
        });
    }
    bench.plot = open;
    if let Some(context) = asked {
        bench.scenario.run.context = context;
    }
}

/// The card at the lower right, as it is beside the bill.
fn right_width(width: f32) -> f32 {
    width - 12.0 - ((width - 12.0) * WHY).round()
}

fn cards_height(bench: &Workbench, width: f32) -> f32 {
    let card = if width >= SIDE_BY_SIDE { right_width(width) } else { width };
    match bench.lower {
        Lower::Hand => (hand::height(bench, card - PADDING) + TITLE).clamp(CARDS, MOST_CARDS),
        Lower::Changes | Lower::Why => CARDS,
    }
}

fn cards(ui: &mut Ui, bench: &mut Workbench) {
    let width = ui.available_width();
    let height = cards_height(bench, width);
    let by_hand = hand_title(bench);
    let why = [(Lower::Why, BILL)];
    let others = [(Lower::Changes, CHANGES), (Lower::Hand, by_hand.as_str())];
    if width >= SIDE_BY_SIDE {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            let right = right_width(width);
            room(ui, width - 12.0 - right, height, |ui| lower(ui, bench, height, &why));
            room(ui, right, height, |ui| lower(ui, bench, height, &others));
        });
    } else {
        let all = [why[0], others[0], others[1]];
        room(ui, width, height, |ui| lower(ui, bench, height, &all));
    }
}

/// A card with titles to choose from.
fn lower(ui: &mut Ui, bench: &mut Workbench, height: f32, titles: &[(Lower, &str)]) {
    let shown = titles.iter().find(|(title, _)| *title == bench.lower).unwrap_or(&titles[0]).0;
    let mut next = shown;
    card_frame(ui).show(ui, |ui| {
        rows(ui, 18.0);
        // A button in the title line is higher than the line, and moves nothing.
        let (line, _) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
        let words = Layout::left_to_right(Align::Center);
        let mut left = ui.new_child(UiBuilder::new().max_rect(line).layout(words));
        match titles {
            [(_, only)] => _ = left.label(fonts::title(*only).color(theme::palette(&left).t1)),
            _ => _ = card::titles(&mut left, &mut next, titles),
        }
        let rest = line.with_min_x(left.min_rect().right() + 16.0);
        let words = Layout::right_to_left(Align::Center);
        let mut right = ui.new_child(UiBuilder::new().max_rect(rest).layout(words));
        match shown {
            Lower::Why => why::readout(&mut right, bench),
            Lower::Changes => change::readout(&mut right, bench),
            Lower::Hand => hand::readout(&mut right, bench),
        }
        ui.add_space(4.0);
        let room = height - TITLE;
        ui.set_min_size(vec2(ui.available_width(), room));
        match shown {
            Lower::Why => why::ui(ui, bench, room),
            Lower::Changes => change::ui(ui, bench),
            Lower::Hand => hand::ui(ui, bench, room),
        }
    });
    if next != shown {
        bench.lower = next;
    }
}

/// A part of the page of this size, filled from the top.
fn room(ui: &mut Ui, width: f32, height: f32, contents: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::Min), |ui| {
        ui.set_width(width);
        contents(ui);
    });
}
