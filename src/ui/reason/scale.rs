//! The weights of a model between the two marks of a study.

use egui::{Align2, Stroke, Ui, pos2, vec2};

use crate::reasoning::strategy::{EIGHT_BILLION, FOUR_BILLION};
use crate::ui::fonts::{self, Weight};
use crate::ui::paint::image;
use crate::ui::theme;
use crate::units::{Bytes, GIB};

use super::memory::two;

/// Weights on a logarithmic scale with the study's two marks: regions, not points.
pub(super) fn scale(ui: &mut Ui, weights: Bytes) {
    const HEIGHT: f32 = 62.0;
    let gib = weights.as_f64() / GIB as f64;
    let name = format!("Weights of {}, marks at 4.19 and 8.94 GiB", two(weights));
    let (low, high) = (0.25_f64, (gib * 1.5).max(64.0));
    image(ui, vec2(ui.available_width(), HEIGHT), &name, |painter, rect| {
        let palette = theme::palette(painter.ctx());
        let across = rect.shrink2(vec2(8.0, 0.0));
        let x = |gib: f64| across.left() + across.width() * ((gib.max(low) / low).ln() / (high / low).ln()) as f32;
        let y = rect.top() + 34.0;
        let regions = [
            (low, FOUR_BILLION, "weights"),
            (FOUR_BILLION, EIGHT_BILLION, "tokens"),
            (EIGHT_BILLION, high, "tokens, then samples"),
        ];
        for ((from, to, word), fill) in regions.into_iter().zip([palette.bg3, palette.bg4, palette.bg3]) {
            let area = egui::Rect::from_x_y_ranges(x(from)..=x(to), y - 9.0..=y + 9.0);
            painter.rect_filled(area, 0.0, fill);
            let font = fonts::font(11.0, Weight::Regular);
            let galley = painter.layout_no_wrap(word.to_owned(), font, palette.t2);
            if galley.size().x + 6.0 < area.width() {
                painter.galley(area.center() - galley.size() / 2.0, galley, palette.t2);
            }
        }
        for mark in [FOUR_BILLION, EIGHT_BILLION] {
            painter.vline(x(mark), y - 12.0..=y + 12.0, Stroke::new(1.5, palette.t3));
            let place = pos2(x(mark), y + 13.0);
            let align = if mark < 5.0 { Align2::RIGHT_TOP } else { Align2::LEFT_TOP };
            painter.text(place, align, format!("{mark} GiB"), fonts::font(11.0, Weight::Regular), palette.t3);
        }
        let at = x(gib);
        painter.vline(at, y - 13.0..=y + 13.0, Stroke::new(2.0, palette.accent));
        let text = painter.layout_no_wrap(two(weights), fonts::font(12.0, Weight::Strong), palette.accent);
        let left = (at - text.size().x / 2.0).clamp(rect.left(), rect.right() - text.size().x);
        painter.galley(pos2(left, rect.top() + 2.0), text, palette.accent);
    });
}
