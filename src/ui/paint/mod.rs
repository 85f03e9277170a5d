//! Marks drawn with the painter, never with a font: one small function each.
//!
//! A function that takes a `Painter` only paints; one that takes a `Ui` takes its place in the layout, answers hover,
//! and has a name for a screen reader. Nothing in here reacts to a click: that is [`widget`](super::widget).

pub mod bar;
pub mod dial;
pub mod icon;
pub mod line;
pub mod logo;
pub mod mark;
pub mod shape;
pub mod verdict;

use std::f32::consts::TAU;

use egui::emath::GuiRounding as _;
use egui::{Color32, Painter, Pos2, Rect, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, vec2};

use super::fonts::{self, Weight};
use super::theme;

/// Points of the arc round `center` from one angle to another, in turns: 0 is right, 0.25 is down.
#[must_use]
pub fn arc(center: Pos2, radius: f32, from: f32, to: f32) -> Vec<Pos2> {
    const POINTS: u8 = 48;
    (0..=POINTS)
        .map(|i| {
            let turn = from + (to - from) * f32::from(i) / f32::from(POINTS);
            center + radius * Vec2::angled(turn * TAU)
        })
        .collect()
}

/// Takes `size`, calls it an image named `name`, and paints it.
pub fn image(ui: &mut Ui, size: Vec2, name: &str, paint: impl FnOnce(&Painter, Rect)) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    if ui.is_rect_visible(rect) {
        paint(ui.painter(), rect.round_to_pixels(ui.pixels_per_point()));
    }
    response
}

/// A circle whose line lies half inside and half outside of `radius`. egui's own lies outside of it.
pub fn ring(painter: &Painter, center: Pos2, radius: f32, stroke: Stroke) {
    painter.circle_stroke(center, radius - stroke.width / 2.0, stroke);
}

/// A filled square and a caption: one entry of a legend.
pub fn swatch(ui: &mut Ui, color: Color32, name: &str) -> Response {
    legend_entry(ui, name, |painter, center| {
        let square = Rect::from_center_size(center, Vec2::splat(9.0));
        painter.rect_filled(square, theme::radius::SWATCH, color);
    })
}

/// A sign in a box of 10 points and a caption right of it, as one thing.
fn legend_entry(ui: &mut Ui, name: &str, paint: impl FnOnce(&Painter, Pos2)) -> Response {
    const BOX: f32 = 10.0;
    const GAP: f32 = 6.0;
    let ink = theme::palette(ui).t2;
    let font = fonts::font(11.0, Weight::Regular);
    let text = ui.painter().layout_no_wrap(name.to_owned(), font, ink);
    let size = vec2(BOX + GAP + text.size().x, 16.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
    if ui.is_rect_visible(rect) {
        let rect = rect.round_to_pixels(ui.pixels_per_point());
        paint(ui.painter(), rect.left_center() + vec2(BOX / 2.0, 0.0));
        let left = rect.left_center() + vec2(BOX + GAP, -text.size().y / 2.0);
        ui.painter().galley(left, text, ink);
    }
    response
}
