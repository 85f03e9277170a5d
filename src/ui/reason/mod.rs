//! Models that think long and servers of many requests, for the question on screen.
//!
//! The question is the bench's, with the same controls as on the page that runs one model; what stands here besides is
//! asked of [`reasoning`](crate::reasoning).

mod answer;
mod cache;
mod candidates;
mod claims;
mod compression;
mod cost;
mod cost_typed;
mod devices;
mod form;
mod grid;
mod hardware;
mod hardware_tables;
mod layouts;
mod memory;
mod offload;
mod pool;
mod questions;
mod quants;
mod quants_picture;
mod requests;
mod samples;
mod scale;
mod several_machines;
mod state;
mod timeline;

pub use form::{Form, Head, Motion, PerToken, Room};
pub use quants::Formula;
pub use state::{Inputs, Reason, Section, Smaller, WeightBits};

use egui::{Align, Label, Layout, Response, Role, Sense, Ui, UiBuilder, WidgetInfo, vec2};

use crate::catalog::Catalog;

use super::bench::Workbench;
use super::widget::scroll::scroll;
use super::widget::segmented::segmented;
use super::{Command, fonts, run, theme};

/// The least width for two cards side by side.
const BESIDE: f32 = 880.0;
const GAP: f32 = 12.0;

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) -> Option<Command> {
    let mut command = None;
    let height = ui.available_height();
    let section = bench.reason.section;
    // Each part keeps its own place in the page.
    scroll(ui, section.id(), height, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        command = run::controls(ui, bench, catalog);
        ui.add_space(8.0);
        segmented(ui, "Part of the page", &mut bench.reason.section, &Section::ALL);
        ui.add_space(8.0);
        let asked = match bench.reason.section {
            Section::Answer => answer::ui(ui, bench, catalog),
            Section::Memory => {
                memory::ui(ui, bench, catalog);
                None
            }
            Section::Cache => {
                cache::ui(ui, bench, catalog);
                None
            }
            Section::Requests => requests::ui(ui, bench),
            Section::Offload => {
                offload::ui(ui, bench);
                None
            }
            Section::Quants => {
                quants::ui(ui, bench, catalog);
                None
            }
            Section::Hardware => hardware::ui(ui, bench, catalog),
            Section::Questions => {
                questions::ui(ui, bench, catalog);
                None
            }
            Section::Claims => {
                claims::ui(ui, bench);
                None
            }
            Section::Cost => {
                cost::ui(ui, bench, catalog);
                None
            }
        };
        ui.add_space(8.0);
        command = command.take().or(asked);
    });
    command
}

/// The sentence that answers, first in its part.
fn heading(ui: &mut Ui, text: &str) -> Response {
    let response = ui.add(Label::new(fonts::verdict_text(text).color(theme::palette(ui).t1)).wrap());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, text));
    response
}

/// Words under it, in as many lines as they take.
fn said(ui: &mut Ui, text: &str) -> Response {
    ui.add_space(2.0);
    ui.add(Label::new(fonts::body(text).color(theme::palette(ui).t2)).wrap())
}

/// A remark in small type.
fn remark(ui: &mut Ui, text: &str) -> Response {
    ui.add(Label::new(fonts::caption(text).color(theme::palette(ui).t3)).wrap())
}

/// Two parts side by side where there is room, else one under the other; `share` is the width of the first. Both edit
/// what they are lent.
fn pair<S>(
    ui: &mut Ui,
    share: f32,
    state: &mut S,
    first: impl FnOnce(&mut Ui, &mut S),
    second: impl FnOnce(&mut Ui, &mut S),
) {
    let width = ui.available_width();
    if width < BESIDE {
        first(ui, state);
        ui.add_space(GAP);
        second(ui, state);
        return;
    }
    let left = ((width - GAP) * share).round();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        column(ui, left, |ui| first(ui, state));
        column(ui, width - GAP - left, |ui| second(ui, state));
    });
}

fn column(ui: &mut Ui, width: f32, contents: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
        ui.set_width(width);
        contents(ui);
    });
}

/// A small caption over a control `width` wide; in a wrapped row it goes to the next line where there is no room.
fn under(ui: &mut Ui, caption: &str, width: f32, contents: impl FnOnce(&mut Ui)) {
    // Of one size whatever stands in it, so that a row of them is even.
    let (rect, _) = ui.allocate_exact_size(vec2(width, 44.0), Sense::hover());
    let mut inner = ui.new_child(UiBuilder::new().max_rect(rect).layout(Layout::top_down(Align::Min)));
    inner.spacing_mut().item_spacing.y = 2.0;
    let ink = theme::palette(&inner).t3;
    inner.label(fonts::caption(caption).color(ink));
    contents(&mut inner);
}
