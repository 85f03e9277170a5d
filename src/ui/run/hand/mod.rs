//! Placement and use by hand: what is usually left to the engine, each with the automatic choice marked.
//!
//! At rest every control follows the engine; what is moved is the user's until it is given back.

mod lengths;
mod place;
mod row;

pub(in crate::ui) use lengths::{answer_length, prompt_length, samples};
pub(in crate::ui) use row::{Moved, slider_row};

use egui::{Align, Layout, Ui, vec2};

use crate::ui::bench::Workbench;
use crate::ui::paint::verdict::{self, Verdict};
use crate::ui::widget::button::Button;
use crate::ui::widget::card::longest;
use crate::ui::widget::scroll::scroll;
use crate::ui::{fonts, theme};

/// The distance of the two columns.
const BETWEEN: f32 = 24.0;
/// The least width of a column.
const COLUMN: f32 = 230.0;

/// The height the controls want, in a card this wide.
pub(super) fn height(bench: &Workbench, width: f32) -> f32 {
    let [left, right] = columns(bench).map(|column| column.iter().map(|part| part.height(bench)).sum::<f32>());
    if two_columns(width) { left.max(right) } else { left + right }
}

/// What stands together.
#[derive(Clone, Copy)]
enum Part {
    Place,
    Use,
    Engine,
}

impl Part {
    fn height(self, bench: &Workbench) -> f32 {
        match self {
            Self::Place => place::height(bench),
            Self::Use => lengths::height(bench),
            Self::Engine => place::ENGINE,
        }
    }

    fn ui(self, ui: &mut Ui, bench: &mut Workbench) {
        match self {
            Self::Place => place::ui(ui, bench),
            Self::Use => lengths::ui(ui, bench),
            Self::Engine => place::engine(ui, bench),
        }
    }
}

/// The two columns; what drives the engine goes under the shorter.
fn columns(bench: &Workbench) -> [Vec<Part>; 2] {
    if Part::Place.height(bench) <= Part::Use.height(bench) {
        [vec![Part::Place, Part::Engine], vec![Part::Use]]
    } else {
        [vec![Part::Place], vec![Part::Use, Part::Engine]]
    }
}

fn two_columns(width: f32) -> bool {
    width >= 2.0 * COLUMN + BETWEEN
}

/// The controls, in a room of this height.
pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, height: f32) {
    let before = bench.scenario.clone();
    let width = ui.available_width();
    scroll(ui, "by hand", height, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let columns = columns(bench);
        if !two_columns(width) {
            for part in columns.iter().flatten() {
                part.ui(ui, bench);
            }
            return;
        }
        let column = ((width - BETWEEN) / 2.0).floor();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = BETWEEN;
            for parts in &columns {
                ui.allocate_ui_with_layout(vec2(column, height), Layout::top_down(Align::Min), |ui| {
                    ui.set_width(column);
                    for part in parts {
                        part.ui(ui, bench);
                    }
                });
            }
        });
    });
    if bench.scenario != before {
        // The answer stands above: it is drawn again in this very frame.
        ui.ctx().request_discard("set by hand");
    }
}

/// What the title line says of it, at its right: a warning, and the way back.
pub(super) fn readout(ui: &mut Ui, bench: &mut Workbench) {
    let palette = theme::palette(ui);
    if bench.by_hand() == 0 {
        let text = longest(ui, ["left to the engine; move one to try", "left to the engine"]);
        ui.label(fonts::small(text).color(palette.t3));
        return;
    }
    let back = ui.add(Button::new("All automatic").in_list());
    if back.on_hover_text("Leave everything here to the engine and the model again").clicked() {
        bench.leave_to_the_engine();
        ui.ctx().request_discard("left to the engine");
    }
    if bench.scenario.subject.experts_used.is_some() {
        let text = longest(ui, ["fewer or more experts: quality changes", "quality changes"]);
        ui.label(fonts::small(text).color(palette.t2))
            .on_hover_text("The model was trained with its own number; what another does to answers was not measured");
        verdict::glyph(ui, Verdict::Tight, 12.0);
    }
}
