//! A table that is read: a line of captions, then rows of words and numbers.

use egui::{Align, Label, Layout, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use egui_extras::{Column, TableBuilder};

use crate::ui::{fonts, theme};
use fonts::Weight;

const HEADER: f32 = 20.0;
const ROW: f32 = 24.0;

/// A column: its caption, its width, and the side its text stands at.
#[derive(Clone, Copy, Debug)]
pub struct Col<'a> {
    caption: &'a str,
    width: Option<f32>,
    side: Align,
}

impl<'a> Col<'a> {
    /// Words, as wide as there is room.
    #[must_use]
    pub const fn rest(caption: &'a str) -> Self {
        Self { caption, width: None, side: Align::Min }
    }

    /// Words.
    #[must_use]
    pub const fn words(caption: &'a str, width: f32) -> Self {
        Self { caption, width: Some(width), side: Align::Min }
    }

    /// Numbers, at the right.
    #[must_use]
    pub const fn number(caption: &'a str, width: f32) -> Self {
        Self { caption, width: Some(width), side: Align::Max }
    }

    fn layout(self) -> Layout {
        match self.side {
            Align::Max => Layout::right_to_left(Align::Center),
            _ => Layout::left_to_right(Align::Center),
        }
    }
}

/// How high a sheet is with so many rows.
#[must_use]
pub const fn height(rows: usize) -> f32 {
    HEADER + 4.0 + rows as f32 * (ROW + 1.0)
}

/// Draws a table of `rows` rows as high as they are, or within `room` where that is less and then it scrolls; `cell`
/// draws the contents of a row's column.
pub fn sheet(
    ui: &mut Ui,
    id: &str,
    columns: &[Col<'_>],
    rows: usize,
    room: Option<f32>,
    mut cell: impl FnMut(&mut Ui, usize, usize),
) {
    ui.push_id(id, |ui| {
        ui.spacing_mut().item_spacing = egui::vec2(8.0, 1.0);
        ui.spacing_mut().interact_size.y = ROW;
        let mut table = TableBuilder::new(ui)
            .id_salt(id)
            .striped(false)
            .vscroll(room.is_some())
            .auto_shrink([false, true])
            .cell_layout(Layout::left_to_right(Align::Center));
        if let Some(room) = room {
            table = table.min_scrolled_height(ROW * 2.0).max_scroll_height(room - HEADER);
        }
        for column in columns {
            table = table.column(match column.width {
                Some(width) => Column::exact(width).clip(true),
                None => Column::remainder().at_least(60.0).clip(true),
            });
        }
        let header = table.header(HEADER, |mut row| {
            for column in columns {
                row.col(|ui| {
                    ui.with_layout(column.layout(), |ui| {
                        ui.label(fonts::caption(column.caption).color(theme::palette(ui).t3));
                    });
                });
            }
        });
        header.body(|body| {
            body.rows(ROW, rows, |mut row| {
                let at = row.index();
                for (place, column) in columns.iter().enumerate() {
                    row.col(|ui| {
                        ui.with_layout(column.layout(), |ui| cell(ui, at, place));
                    });
                }
            });
        });
    });
}

/// Words of a row, cut where they have no room; the hover has all of them.
pub fn words(ui: &mut Ui, text: &str) -> Response {
    let ink = theme::palette(ui).t1;
    ui.add(Label::new(fonts::small(text).color(ink)).truncate())
}

/// The same, quieter.
pub fn quiet(ui: &mut Ui, text: &str) -> Response {
    let ink = theme::palette(ui).t2;
    ui.add(Label::new(fonts::small(text).color(ink)).truncate())
}

/// The value a row is read for.
pub fn value(ui: &mut Ui, text: &str) -> Response {
    let ink = theme::palette(ui).t1;
    ui.add(Label::new(fonts::medium(text).size(12.0).color(ink)).truncate())
}

/// Words of a row that can be taken: lit under the pointer, on the ground of what is chosen where it is.
pub fn pick(ui: &mut Ui, text: &str, chosen: bool) -> Response {
    const INSET: f32 = 6.0;
    let palette = theme::palette(ui);
    let weight = if chosen { Weight::Medium } else { Weight::Regular };
    let galley = ui.painter().layout_no_wrap(text.to_owned(), fonts::font(12.0, weight), palette.t1);
    let size = vec2((galley.size().x + 2.0 * INSET).min(ui.available_width()), ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), chosen, text));
    if ui.is_rect_visible(rect) {
        let lit = response.hovered() || response.has_focus();
        if chosen || lit {
            let fill = if chosen { palette.bg4 } else { palette.bg3 };
            ui.painter().rect_filled(rect.shrink2(vec2(0.0, 1.0)), theme::radius::CONTROL, fill);
        }
        let place = pos2(rect.left() + INSET, rect.center().y - galley.size().y / 2.0);
        let ink = if chosen { palette.t1 } else { palette.accent };
        ui.painter().with_clip_rect(rect).galley_with_override_text_color(place, galley, ink);
    }
    response
}
