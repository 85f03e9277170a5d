//! Two plots of one sweep over the context: what lies in memory, and how fast it runs.
//!
//! Each is a card that borrows its curves, draws them, and returns the context the user asked for. Both share the
//! axis, the cursor and the pointer: what is hovered in one is read in the other.
//!
//! Absent: zooming, and the evaluation itself. A plot draws the points it is lent and what lies between them.

mod area;
mod axis;
mod capacity;
mod estimate;
mod hand;
pub mod lines;
mod memory;
mod overlay;
mod several;
mod speed;
mod stack;
mod sweep;
pub mod ways;

use egui::text::LayoutJob;
use egui::{Align, Color32, FontId, Label, TextFormat, Ui, Vec2, vec2};

use super::fonts::{self, Weight};
use crate::hardware::Machine;
use crate::scenario::Point;
use crate::units::Tokens;

pub use crate::units::MemoryUnit;
pub use memory::{memory, memory_under};
pub use several::{MOST as MOST_MACHINES, Series, memory_of, sample, speed_of};
pub use speed::{speed, speed_under};

/// What both plots draw, borrowed from a memo.
#[derive(Clone, Copy, Debug)]
pub struct Curves<'a> {
    /// The sweep, by ascending context; about 96 of them at even steps of the logarithm. The readouts are exact at
    /// these contexts and linear between them, so a sweep that holds [`Self::context`] itself reads exactly there.
    pub points: &'a [Point],
    /// The machine the points were placed on.
    pub machine: &'a Machine,
    /// The cursor.
    pub context: Tokens,
    /// The model's largest context, the right end of the axis.
    pub limit: Tokens,
    /// The largest context that fits, if any does.
    pub fits_max: Option<Tokens>,
    /// The unit of memory.
    pub unit: MemoryUnit,
    /// The sweep as it was before the machine was measured, where it was.
    pub before: Option<&'a [Point]>,
    /// Whether this is no estimate but a ceiling.
    pub ceiling: bool,
    /// What others measured of this very question.
    pub anchors: &'a [Anchor],
}

/// A speed that was published for the model and the devices on screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Anchor {
    /// Tokens cached while it was measured.
    pub context: Tokens,
    /// Tokens per second.
    pub rate: f64,
    /// What it is called beside its mark: `published`, or with the engine where that is another.
    pub name: String,
    /// All of it, with its source, for a hover.
    pub told: String,
}

/// Labels on lines, ticks, names in areas.
fn caption(weight: Weight) -> FontId {
    fonts::font(11.0, weight)
}

/// One line of a readout in several colours, at the right end of a card's title.
fn readout(ui: &mut Ui, words: &[(&str, Weight, Color32)]) {
    let mut job = LayoutJob::default();
    for (i, (word, weight, color)) in words.iter().enumerate() {
        let font_id = fonts::font(12.0, *weight);
        let format = TextFormat { font_id, color: *color, valign: Align::Center, ..TextFormat::default() };
        if i > 0 {
            job.append(" ", 0.0, format.clone());
        }
        job.append(word, 0.0, format);
    }
    ui.add(Label::new(job).truncate());
}

/// The title of a plot with its unit.
fn title(ui: &mut Ui, name: &str, unit: &str) {
    ui.label(fonts::title(name).color(super::theme::palette(ui).t1));
    ui.label(fonts::small(unit).color(super::theme::palette(ui).t3));
}

/// Everything that is left of a card, with a floor under it and a ceiling where the layout has none.
fn room(ui: &Ui) -> Vec2 {
    let available = ui.available_size();
    let side = |length: f32, endless: f32| {
        if length.is_finite() { length.max(80.0) } else { endless }
    };
    vec2(side(available.x, 480.0), side(available.y, 250.0))
}
