//! What leaves, shown.

use std::sync::Arc;

use egui::{
    ColorImage, Image, Label, RichText, Sense, Stroke, StrokeKind, TextureHandle, TextureOptions, Ui, Vec2, vec2,
};

use crate::formats::sheet::card::Pixels;
use crate::ui::theme;
use crate::ui::widget::card::{card, card_frame};
use crate::ui::widget::scroll::scroll;

/// The picture that was shown last, where the window keeps it.
#[derive(Default)]
pub(super) struct Shown(Option<(Arc<Pixels>, TextureHandle)>);

/// Pixels for each point of a picture shown at its full size.
const DENSE: f32 = 2.0;

/// The picture, as large as there is room and no larger than it is; `told` is its name for a screen reader.
pub(super) fn picture(ui: &mut Ui, shown: &mut Shown, pixels: &Arc<Pixels>, told: &str) {
    let same = shown.0.as_ref().is_some_and(|(old, _)| Arc::ptr_eq(old, pixels));
    if !same {
        let image = ColorImage::from_rgba_unmultiplied([pixels.width, pixels.height], &pixels.rgba);
        let options = TextureOptions { mipmap_mode: Some(egui::TextureFilter::Linear), ..TextureOptions::LINEAR };
        shown.0 = Some((pixels.clone(), ui.ctx().load_texture("card", image, options)));
    }
    let Some((_, texture)) = &shown.0 else { return };
    let full = vec2(pixels.width as f32, pixels.height as f32) / DENSE * 1.2;
    let room = ui.available_size();
    let scale = (room.x / full.x).min(room.y.max(120.0) / full.y).min(1.0);
    let size: Vec2 = full * scale;
    let image = Image::from_texture((texture.id(), size)).sense(Sense::hover()).alt_text(told);
    let response = ui.add(image);
    let edge = Stroke::new(1.0, theme::palette(ui).line);
    ui.painter().rect_stroke(response.rect, 0.0, edge, StrokeKind::Outside);
}

/// Text as it is, every line whole.
pub(super) fn text(ui: &mut Ui, text: &str) {
    let height = ui.available_height();
    card_frame(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let room = (height - 24.0).max(80.0);
        egui::ScrollArea::both().auto_shrink([false, false]).max_height(room).min_scrolled_height(room).show(
            ui,
            |ui| {
                mono(ui, text, false);
            },
        );
    });
}

/// A share code, and what is in it.
pub(super) fn code(ui: &mut Ui, code: &str, document: &str) {
    let height = ui.available_height();
    scroll(ui, "shared machine", height, |ui| {
        let count = format!("{} characters, to paste anywhere in willitrun", code.len());
        card(ui, ["Share code", &count], |_| {}, |ui| mono(ui, code, true));
        ui.add_space(10.0);
        card(ui, ["What is in it", "the profile, word for word"], |_| {}, |ui| mono(ui, document, false));
    });
}

/// Words of a program; `wraps` where they are one long word.
fn mono(ui: &mut Ui, text: &str, wraps: bool) {
    let ink = theme::palette(ui).t2;
    ui.set_width(ui.available_width());
    let text = RichText::new(text).monospace().color(ink);
    let label = Label::new(text).selectable(true);
    ui.add(if wraps { label.wrap() } else { label.extend() });
}
