//! One control: its name, a remark, its value, and the way back to automatic.

use egui::{Align, Layout, Rect, Response, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::ui::paint::icon::{self, Icon};
use crate::ui::widget::card::rows;
use crate::ui::widget::hand_slider::{self, HandSlider};
use crate::ui::{fonts, theme};

/// The height of a slider with its line of words.
pub(super) const SLIDER: f32 = 16.0 + hand_slider::HEIGHT + 2.0;
/// The height of a choice.
pub(super) const CHOICE: f32 = 28.0;
/// Kept at the right for the arrow back, so that nothing moves when it comes.
const BACK: f32 = 18.0;

/// Between it and the value.
const GAP: f32 = 4.0;

/// What a slider says of itself.
pub(super) struct Words<'a> {
    pub name: &'a str,
    /// After the name, in the colour of a caption.
    pub remark: &'a str,
    /// The value as it is read.
    pub value: &'a str,
}

/// A slider under its words.
pub(super) fn slider(ui: &mut Ui, words: &Words<'_>, slider: HandSlider<'_>, by_hand: bool) -> Row {
    framed(ui, SLIDER, by_hand, |ui| {
        let back = line(ui, words, by_hand);
        let width = ui.available_width() - BACK - GAP;
        let room = Layout::top_down(Align::Min);
        let moved = ui.allocate_ui_with_layout(vec2(width, hand_slider::HEIGHT), room, |ui| slider.show(ui).changed());
        Row { back, moved: moved.inner }
    })
}

/// The same for a number that is no setting of the engine; whether it was moved or given back. The slider's own
/// number is none where it was given back.
pub(in crate::ui) fn slider_row(
    ui: &mut Ui,
    [name, remark]: [&str; 2],
    value: &str,
    slider: HandSlider<'_>,
    by_hand: bool,
) -> Moved {
    let row = self::slider(ui, &Words { name, remark, value }, slider, by_hand);
    match row {
        Row { back: true, .. } => Moved::Back,
        Row { moved: true, .. } => Moved::Here,
        Row { .. } => Moved::No,
    }
}

/// What became of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum Moved {
    /// Nothing.
    No,
    /// It was moved.
    Here,
    /// It was given back.
    Back,
}

/// What became of a row.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// The way back was taken.
    pub back: bool,
    /// The slider was moved.
    pub moved: bool,
}

/// A choice on one line: its name, and the control at the right.
pub(super) fn choice(ui: &mut Ui, name: &str, by_hand: bool, control: impl FnOnce(&mut Ui)) -> bool {
    framed(ui, CHOICE, by_hand, |ui| {
        rows(ui, 24.0);
        let palette = theme::palette(ui);
        let mut back = false;
        ui.allocate_ui_with_layout(vec2(ui.available_width(), CHOICE), Layout::left_to_right(Align::Center), |ui| {
            ui.label(fonts::small(name).color(palette.t2));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = GAP;
                back = way_back(ui, name, by_hand);
                control(ui);
            });
        });
        back
    })
}

fn line(ui: &mut Ui, words: &Words<'_>, by_hand: bool) -> bool {
    let palette = theme::palette(ui);
    let mut back = false;
    ui.allocate_ui_with_layout(vec2(ui.available_width(), 16.0), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_height(16.0);
        rows(ui, 16.0);
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(fonts::small(words.name).color(palette.t2));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            back = way_back(ui, words.name, by_hand);
            let ink = if by_hand { palette.t1 } else { palette.t2 };
            ui.label(fonts::medium(words.value).size(12.0).color(ink));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(fonts::caption(words.remark).color(palette.t3)).truncate());
            });
        });
    });
    back
}

/// The ground of a row that is the user's.
fn framed<R>(ui: &mut Ui, height: f32, by_hand: bool, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let width = ui.available_width();
    let room = Rect::from_min_size(ui.cursor().min, vec2(width, height));
    if by_hand {
        ui.painter().rect_filled(room.expand2(vec2(6.0, 0.0)), theme::radius::BAR, theme::palette(ui).bg3);
    }
    ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::Min), |ui| {
        ui.set_min_size(vec2(width, height));
        ui.spacing_mut().item_spacing.y = 0.0;
        contents(ui)
    })
    .inner
}

/// An arrow back, where there is something to give back; hit on 24 points.
fn way_back(ui: &mut Ui, name: &str, by_hand: bool) -> bool {
    let (rect, _) = ui.allocate_exact_size(vec2(BACK, 16.0), Sense::hover());
    if !by_hand {
        return false;
    }
    let said = format!("Reset {name}");
    let hit = Rect::from_center_size(rect.center(), vec2(24.0, 24.0));
    let response: Response = ui.interact(hit, ui.make_persistent_id(("way back", name)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), &said));
    let palette = theme::palette(ui);
    let ink = if response.hovered() || response.has_focus() { palette.t1 } else { palette.t3 };
    icon::paint_sized(ui.painter(), pos2(rect.center().x, rect.center().y), 13.0, Icon::Reset, ink);
    response.on_hover_text("Back to automatic").clicked()
}
