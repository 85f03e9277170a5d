//! A dial: an arc from seven to five o'clock, filled as far as a rate reaches, with a tick for what the data sheet says.

use egui::{Align2, Color32, Painter, Pos2, Rect, Stroke, pos2};

use super::arc;
use crate::ui::fonts::{self, Weight};
use crate::ui::theme::Palette;

/// Where the arc begins and ends, in turns: a fifth of the ring is open at the foot.
const FROM: f32 = 0.40;
const TO: f32 = 1.10;
const THICK: f32 = 10.0;

/// What a dial shows, as shares of its full arc.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dial<'a> {
    /// How far it is filled; nothing where nothing is known.
    pub filled: Option<f32>,
    /// Where the data sheet's tick stands.
    pub tick: Option<f32>,
    /// The number.
    pub figure: &'a str,
    /// Its unit.
    pub unit: &'a str,
    /// The fill.
    pub color: Color32,
}

/// Paints it in the middle of `rect`, as large as there is room.
pub fn paint(painter: &Painter, rect: Rect, dial: Dial<'_>, palette: &Palette) {
    // Above the middle there is the whole radius, below it three quarters.
    let radius = (rect.height() / 1.78).min(rect.width() / 2.0) - THICK / 2.0;
    let center = pos2(rect.center().x, rect.top() + THICK / 2.0 + radius);
    let ring = |from: f32, to: f32, color: Color32| {
        if to > from {
            painter.line(arc(center, radius, from, to), Stroke::new(THICK, color));
        }
    };
    ring(FROM, TO, palette.bg3);
    let at = |share: f32| FROM + (TO - FROM) * share.clamp(0.0, 1.0);
    if let Some(filled) = dial.filled {
        ring(FROM, at(filled), dial.color);
    }
    if let Some(tick) = dial.tick {
        let mark = |away: f32| arc(center, radius + away, at(tick), at(tick))[0];
        painter.line_segment([mark(-THICK / 2.0 - 3.0), mark(THICK / 2.0 + 3.0)], Stroke::new(2.0, palette.t1));
    }
    // The largest that stays clear of the ring.
    let room = 2.0 * (radius - THICK) - 4.0;
    let sizes = if radius > 46.0 { [32.0, 28.0, 24.0, 20.0] } else { [24.0, 22.0, 20.0, 18.0] };
    let fits = |size: &f32| {
        let font = fonts::font(*size, Weight::Strong);
        painter.layout_no_wrap(dial.figure.to_owned(), font, palette.t1).size().x <= room
    };
    let size = sizes.into_iter().find(fits).unwrap_or(16.0);
    let words = |at: Pos2, text: &str, font, ink| painter.text(at, Align2::CENTER_CENTER, text, font, ink);
    words(center, dial.figure, fonts::font(size, Weight::Strong), palette.t1);
    words(center + egui::vec2(0.0, size * 0.5 + 10.0), dial.unit, fonts::font(11.0, Weight::Regular), palette.t3);
}
