//! A page or a list that scrolls, its bar in the margin at the right and never over what is shown.

use egui::{IdSalt, ScrollArea, Ui, UiBuilder, vec2};

/// What the bar takes of the margin.
const BAR: f32 = 12.0;

/// Shows `contents` as wide as there is room and `height` high; what is longer scrolls.
pub fn scroll<R>(ui: &mut Ui, id: &str, height: f32, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let mut room = ui.available_rect_before_wrap();
    let width = room.width();
    room.set_height(height);
    room.max.x += BAR;
    let mut beside = ui.new_child(UiBuilder::new().max_rect(room));
    let inner = ScrollArea::vertical().id_salt(IdSalt::new(id)).auto_shrink([false, false]).show(&mut beside, |ui| {
        ui.set_max_width(width);
        contents(ui)
    });
    ui.allocate_space(vec2(width, height));
    inner.inner
}
