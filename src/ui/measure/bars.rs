//! A few rates beside each other: a bar each, with its number and a word on what it is.

use egui::{Align, Label, Layout, Sense, Ui, Vec2, vec2};

use crate::ui::paint::bar::share_bar;
use crate::ui::{fonts, theme};

use super::words;

/// A rate to compare.
pub(super) struct Bar {
    pub name: String,
    /// Bytes per second.
    pub rate: f64,
    pub about: &'static str,
    /// Whether it is the one predictions use.
    pub used: bool,
}

const NAME: f32 = 118.0;
const FIGURE: f32 = 76.0;
/// The height of a row, least and most.
const ROW: (f32, f32) = (16.0, 22.0);

/// Draws them on one scale, the longest as wide as there is room; many share the height there is.
pub(super) fn bars(ui: &mut Ui, all: &[Bar], height: f32) {
    let row = (height / all.len().max(1) as f32 - ui.spacing().item_spacing.y).clamp(ROW.0, ROW.1);
    let palette = theme::palette(ui);
    let most = all.iter().map(|bar| bar.rate).fold(0.0, f64::max);
    let about = ui.available_width() > 420.0;
    let width = (ui.available_width() - NAME - FIGURE - if about { 190.0 } else { 16.0 }).max(60.0);
    for bar in all {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            ui.set_min_height(row);
            cell(ui, vec2(NAME, row), fonts::small(&bar.name).color(palette.t2), Align::Min);
            let (rect, _) = ui.allocate_exact_size(vec2(width, row), Sense::hover());
            let fill = if bar.used { palette.accent } else { palette.line2 };
            share_bar(ui.painter(), rect, if most > 0.0 { bar.rate / most } else { 0.0 }, [fill, palette.bg3]);
            cell(
                ui,
                vec2(FIGURE, row),
                fonts::medium(format!("{} GB/s", words::gb(bar.rate))).size(12.0).color(palette.t1),
                Align::Max,
            );
            if about {
                ui.add(Label::new(fonts::caption(bar.about).color(palette.t3)).truncate());
            }
        });
    }
}

fn cell(ui: &mut Ui, size: Vec2, text: egui::RichText, align: Align) {
    let layout =
        if align == Align::Min { Layout::left_to_right(Align::Center) } else { Layout::right_to_left(Align::Center) };
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_width(size.x);
        ui.add(Label::new(text).truncate());
    });
}
