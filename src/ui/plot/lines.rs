//! Sizes by context as lines, both scales doubling: what grows is straight, what stops growing is level.

use egui::{Align2, Color32, Rangef, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::axis::Axis;
use super::{MemoryUnit, caption};
use crate::ui::fonts::Weight;
use crate::ui::paint::line::{self, Dash};
use crate::ui::theme;
use crate::units::{Bytes, Tokens};

/// Points of a line.
const POINTS: u32 = 64;
/// The width left for names at the right.
pub(super) const NAMES: f32 = 132.0;
/// The width left for sizes at the left.
pub(super) const GUTTER: f32 = 56.0;
/// Room for the ticks below.
pub(super) const FOOT: f32 = 22.0;
/// The least distance of two names.
const APART: f32 = 13.0;

/// A line: its name, how it is drawn, and its size at a number of tokens.
pub struct Line<'a> {
    /// What it is called at its end.
    pub name: &'a str,
    /// Its colour.
    pub color: Color32,
    /// Its pattern, so that it is told apart without the colour.
    pub dash: Dash,
    /// Its size.
    pub value: &'a dyn Fn(Tokens) -> Bytes,
}

/// Draws lines up to a limit, with a cursor; `name` is the plot's.
pub fn lines(ui: &mut Ui, name: &str, lines: &[Line<'_>], [limit, at]: [Tokens; 2], unit: MemoryUnit, height: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| {
        let sizes: Vec<String> =
            lines.iter().map(|line| format!("{} {}", line.name, unit.of((line.value)(at)))).collect();
        WidgetInfo::labeled(Role::Image, true, format!("{name}, at {at} tokens: {}", sizes.join(", ")))
    });
    if !ui.is_rect_visible(rect) {
        return;
    }
    let palette = theme::palette(ui);
    let painter = ui.painter();
    let across = Rangef::new(rect.left() + GUTTER, (rect.right() - NAMES).max(rect.left() + GUTTER + 40.0));
    let axis = Axis::new(limit, across);
    let upward = Rangef::new(rect.top() + 6.0, rect.bottom() - FOOT);
    let sizes = |tokens: Tokens| lines.iter().map(move |line| (line.value)(tokens).as_f64().max(1.0));
    let least = sizes(Tokens::new(axis.min)).fold(f64::INFINITY, f64::min);
    let most = sizes(Tokens::new(axis.max)).fold(1.0, f64::max);
    let scale = Doubling::new(least, most, upward);
    for (y, bytes) in scale.steps() {
        painter.hline(across, y, Stroke::new(1.0, palette.line));
        let place = pos2(across.min - 6.0, y);
        painter.text(place, Align2::RIGHT_CENTER, unit.of(bytes), caption(Weight::Regular), palette.t3);
    }
    axis.paint(painter, palette, upward.max);
    let x = axis.x(at.get());
    painter.vline(x, upward, Stroke::new(1.0, palette.t3));
    let inside =
        painter.with_clip_rect(Rect::from_x_y_ranges(across, upward.expand(2.0)).intersect(painter.clip_rect()));
    let mut ends: Vec<(f32, &Line<'_>)> = Vec::with_capacity(lines.len());
    for one in lines {
        let points: Vec<_> = (0..=POINTS)
            .map(|i| {
                let share = f64::from(i) / f64::from(POINTS) * axis.octaves();
                let tokens = Tokens::new((axis.min as f64 * share.exp2()).round() as u64);
                pos2(axis.x(tokens.get()), scale.y((one.value)(tokens).as_f64()))
            })
            .collect();
        ends.extend(points.last().map(|end| (end.y, one)));
        line::path(&inside, &points, Stroke::new(2.0, one.color), one.dash);
        inside.circle_filled(pos2(x, scale.y((one.value)(at).as_f64())), 3.0, one.color);
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (y, one) in spread(&ends, upward) {
        painter.text(pos2(across.max + 6.0, y), Align2::LEFT_CENTER, one.name, caption(Weight::Medium), palette.t2);
        painter.hline(across.max + 1.0..=across.max + 4.0, y, Stroke::new(2.0, one.color));
    }
}

/// Names moved apart so that none stands on another; the uppermost first.
pub(super) fn spread<T: Copy>(ends: &[(f32, T)], within: Rangef) -> Vec<(f32, T)> {
    let mut placed: Vec<(f32, T)> = Vec::with_capacity(ends.len());
    for &(y, one) in ends {
        let above = placed.last().map_or(f32::NEG_INFINITY, |(above, _)| above + APART);
        placed.push((y.max(above), one));
    }
    // What went below the plot is pushed up again.
    let mut below = within.max;
    for (y, _) in placed.iter_mut().rev() {
        *y = y.min(below);
        below = *y - APART;
    }
    placed
}

/// A scale of bytes by their logarithm.
#[derive(Clone, Copy, Debug)]
struct Doubling {
    low: f64,
    octaves: f64,
    range: Rangef,
}

impl Doubling {
    fn new(least: f64, most: f64, range: Rangef) -> Self {
        let low = least.max(1.0).log2().floor();
        let high = most.max(2.0).log2().ceil().max(low + 1.0);
        Self { low, octaves: high - low, range }
    }

    fn y(&self, bytes: f64) -> f32 {
        let share = (bytes.max(1.0).log2() - self.low) / self.octaves;
        self.range.max - self.range.span() * share as f32
    }

    /// Powers of two far enough apart for their labels.
    fn steps(&self) -> impl Iterator<Item = (f32, Bytes)> {
        let most = f64::from((self.range.span() / 26.0).max(1.0));
        let step = (self.octaves / most).ceil().max(1.0);
        let (low, octaves) = (self.low, self.octaves);
        let scale = *self;
        (0..64).map(f64::from).map(move |i| i * step).take_while(move |up| *up <= octaves).map(move |up| {
            let bytes = (low + up).exp2();
            (scale.y(bytes), Bytes::saturating(bytes))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_doubles_rises_by_as_much() {
        let scale = Doubling::new(1000.0, 1e9, Rangef::new(0.0, 200.0));
        let rise = |bytes: f64| scale.y(bytes) - scale.y(2.0 * bytes);
        assert!((rise(4096.0) - rise(1e8)).abs() < 1e-3);
        assert!(scale.y(1000.0) <= 200.0 && scale.y(1e9) >= 0.0);
        assert!(scale.steps().count() <= 9);
    }
}
