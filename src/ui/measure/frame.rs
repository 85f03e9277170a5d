//! The ground of a chart: a rectangle with an axis below and one at the left, straight or by powers of two or ten.

use egui::{Align2, Painter, Pos2, Rangef, Rect, Stroke, pos2, vec2};

use crate::ui::fonts::{self, Weight};
use crate::ui::theme::Palette;

/// An axis from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub low: f64,
    pub high: f64,
    pub scale: Scale,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Straight,
    /// Both ends above zero.
    Powers,
}

impl Span {
    pub fn share(self, value: f64) -> f32 {
        let (low, high, value) = match self.scale {
            Scale::Straight => (self.low, self.high, value),
            Scale::Powers => (self.low.ln(), self.high.ln(), value.max(f64::MIN_POSITIVE).ln()),
        };
        if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) as f32 } else { 0.5 }
    }
}

/// A chart's ground.
pub(super) struct Plot {
    pub rect: Rect,
    pub x: Span,
    pub y: Span,
}

impl Plot {
    /// With room for labels left of it and below.
    pub fn new(outer: Rect, x: Span, y: Span, gutter: f32) -> Self {
        let rect = Rect::from_min_max(outer.min + vec2(gutter, 6.0), outer.max - vec2(4.0, 32.0));
        Self { rect, x, y }
    }

    pub fn at(&self, x: f64, y: f64) -> Pos2 {
        let rect = self.rect;
        pos2(rect.left() + rect.width() * self.x.share(x), rect.bottom() - rect.height() * self.y.share(y))
    }

    /// Horizontal lines with their words at the left.
    pub fn grid(&self, painter: &Painter, palette: &Palette, lines: &[(f64, String)]) {
        for (value, text) in lines {
            let y = self.at(self.x.low, *value).y;
            painter.hline(self.rect.x_range(), y, Stroke::new(1.0, palette.line));
            let at = pos2(self.rect.left() - 6.0, y);
            painter.text(at, Align2::RIGHT_CENTER, text, fonts::font(11.0, Weight::Regular), palette.t3);
        }
    }

    /// Ticks with their words below, and what they count.
    pub fn foot(&self, painter: &Painter, palette: &Palette, ticks: &[(f64, String)], what: &str) {
        let font = || fonts::font(11.0, Weight::Regular);
        let bottom = self.rect.bottom();
        let mut free = f32::NEG_INFINITY;
        for (value, text) in ticks {
            let x = self.at(*value, self.y.low).x;
            painter.vline(x, Rangef::new(bottom, bottom + 3.0), Stroke::new(1.0, palette.line2));
            let galley = painter.layout_no_wrap(text.clone(), font(), palette.t3);
            let left = x - galley.size().x / 2.0;
            // A label that would touch the one before gives way.
            if left > free {
                free = left + galley.size().x + 6.0;
                painter.galley(pos2(left, bottom + 4.0), galley, palette.t3);
            }
        }
        let at = pos2(self.rect.center().x, bottom + 31.0);
        painter.text(at, Align2::CENTER_BOTTOM, what, font(), palette.t3);
    }
}

/// Steps of a straight axis from 0: 3 to 5 of them, each 1, 2, 4 or 5 times a power of ten.
pub(super) fn steps(high: f64) -> Vec<f64> {
    let step = step(high);
    (0..=8_u8).map(|number| f64::from(number) * step).take_while(|value| *value <= high * 1.0001).collect()
}

fn step(high: f64) -> f64 {
    let magnitude = 10_f64.powf((high / 5.0).max(1e-12).log10().floor());
    let choices = [1.0, 2.0, 4.0, 5.0, 10.0].map(|factor| factor * magnitude);
    choices.into_iter().find(|step| high / step <= 5.0).unwrap_or(high)
}

/// The next round number above a value, with a little room.
pub(super) fn round_up(value: f64) -> f64 {
    let wanted = (value * 1.08).max(1e-9);
    let step = step(wanted);
    (wanted / step).ceil() * step
}

/// A number of an axis without needless zeros.
pub(super) fn number(value: f64) -> String {
    if value >= 1000.0 {
        crate::units::grouped(value.round() as u64)
    } else {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_few_round_steps() {
        assert_eq!(steps(32.0), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(steps(20.0), [0.0, 4.0, 8.0, 12.0, 16.0, 20.0]);
        assert_eq!(steps(0.9).len(), 5);
        for high in [1e-3, 0.7, 3.0, 47.0, 999.0, 5e6] {
            let count = steps(high).len();
            assert!((3..=6).contains(&count), "{high}: {count}");
            assert!(round_up(high) > high && round_up(high) < high * 1.7, "{high}: {}", round_up(high));
        }
        assert_eq!([0.5, 8.0, 1200.0].map(number), ["0.5", "8", "1,200"]);
    }

    #[test]
    fn powers_are_apart_by_as_much() {
        let span = Span { low: 1.0, high: 100.0, scale: Scale::Powers };
        assert!((span.share(10.0) - 0.5).abs() < 1e-6 && span.share(0.0) <= 0.0 && span.share(1e9) >= 1.0);
        let none = Span { low: 3.0, high: 3.0, scale: Scale::Straight };
        assert!((none.share(3.0) - 0.5).abs() < 1e-6);
    }
}
