//! One figure of a machine: its name, its value with the mark of its source, and a way to type another.

use egui::{Align, Align2, Layout, Response, TextEdit, Ui, vec2};

use crate::hardware::{Figure, Source};

use super::bench::mark_of;
use super::fonts;
use super::paint::icon::Icon;
use super::paint::mark;
use super::theme;
use super::widget::button::small_icon_button;

/// The height of a row.
pub(super) const ROW: f32 = 20.0;

/// What became of a row in this frame.
pub(super) enum Edited<T> {
    /// The user typed a value.
    Typed(T),
    /// The user wants the machine's own value back.
    Reset,
}

/// How a figure is read from text and written.
pub(super) struct Way<'a, T> {
    /// The value as text.
    pub shown: &'a dyn Fn(T) -> String,
    /// Text as a value, or the sentence that says why not.
    pub read: &'a dyn Fn(&str) -> Result<T, String>,
    /// How a value was understood, shown while typing.
    pub echo: &'a dyn Fn(T) -> String,
}

/// A row the user may type over: the figure shown, and the machine's own to go back to. Where nothing is known a
/// dash stands.
pub(super) fn editable<T: Copy + PartialEq>(
    ui: &mut Ui,
    [name, note]: [&str; 2],
    [figure, own]: [Option<&Figure<T>>; 2],
    way: &Way<'_, T>,
) -> Option<Edited<T>> {
    let id = ui.make_persistent_id(("figure", name));
    let mut draft: Option<String> = ui.data(|data| data.get_temp(id));
    let mut edited = None;
    let palette = theme::palette(ui);
    let typed = figure != own;
    let row = ui.available_rect_before_wrap();
    if typed {
        let ground = egui::Rect::from_min_size(row.min - vec2(6.0, 0.0), vec2(row.width() + 12.0, ROW));
        ui.painter().rect_filled(ground, theme::radius::BAR, palette.bg3);
    }
    ui.horizontal(|ui| {
        ui.set_min_height(ROW);
        ui.label(fonts::small(name).color(palette.t2));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            source_mark(ui, name, figure);
            if let Some(text) = &mut draft {
                let field = ui.add(
                    TextEdit::singleline(text)
                        .desired_width(96.0)
                        .align(Align2::RIGHT_CENTER)
                        .font(fonts::font(12.0, fonts::Weight::Medium)),
                );
                field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, name));
                if !field.has_focus() && !field.lost_focus() {
                    field.request_focus();
                    select_all(ui, field.id, text.chars().count());
                }
                if field.lost_focus() {
                    let escaped = ui.input(|input| input.key_pressed(egui::Key::Escape));
                    // A figure that was only looked at stays what it is.
                    let touched = figure.is_none_or(|figure| (way.shown)(figure.value) != *text);
                    if let (false, true, Ok(value)) = (escaped, touched, (way.read)(text)) {
                        edited = Some(Edited::Typed(value));
                    }
                    ui.data_mut(|data| data.remove_temp::<String>(id));
                } else {
                    ui.data_mut(|data| data.insert_temp(id, text.clone()));
                }
            } else {
                let shown = figure.map_or_else(|| "—".to_owned(), |figure| (way.shown)(figure.value));
                let value = value_button(ui, name, &shown);
                if value.clicked() {
                    let start = figure.map_or_else(String::new, |figure| (way.shown)(figure.value));
                    ui.data_mut(|data| data.insert_temp(id, start));
                }
                if typed && small_icon_button(ui, Icon::Reset, &format!("Reset {name}")).clicked() {
                    edited = Some(Edited::Reset);
                }
            }
        });
    });
    match &draft {
        Some(text) => {
            let (said, ink) = match (way.read)(text) {
                Ok(value) => (format!("read as {}", (way.echo)(value)), palette.t3),
                Err(why) => (why, palette.verdict.no),
            };
            under(ui, &said, ink);
        }
        None if !note.is_empty() => under(ui, note, palette.t3),
        None => {}
    }
    edited
}

/// Selects the whole text of a field, so that typing replaces it.
fn select_all(ui: &Ui, field: egui::Id, length: usize) {
    let mut state = egui::text_edit::TextEditState::load(ui.ctx(), field).unwrap_or_default();
    let whole = egui::text::CCursorRange::two(egui::text::CCursor::new(0), egui::text::CCursor::new(length));
    state.cursor.set_char_range(Some(whole));
    state.store(ui.ctx(), field);
}

/// A row that only tells.
pub(super) fn told(ui: &mut Ui, name: &str, value: &str, mark: Option<(Source, &str)>) {
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(ROW);
        // The value first: a long name gives way to it.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            match mark {
                Some((source, origin)) => {
                    draw_mark(ui, name, source, origin);
                }
                None => {
                    ui.add_space(10.0);
                }
            }
            ui.add(egui::Label::new(fonts::medium(value).size(12.0).color(palette.t1)).truncate());
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(fonts::small(name).color(palette.t2)).truncate());
            });
        });
    });
}

/// A line under a row, at right.
fn under(ui: &mut Ui, text: &str, ink: egui::Color32) {
    ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
        ui.add_space(16.0);
        ui.add(egui::Label::new(fonts::caption(text).color(ink)).wrap());
    });
}

/// A value that can be clicked to type another.
fn value_button(ui: &mut Ui, name: &str, shown: &str) -> Response {
    let palette = theme::palette(ui);
    let text = ui.painter().layout_no_wrap(shown.to_owned(), fonts::font(12.0, fonts::Weight::Medium), palette.t1);
    let (rect, response) = ui.allocate_exact_size(vec2(text.size().x, ROW), egui::Sense::click());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), format!("{name}, {shown}, change"))
    });
    let at = egui::pos2(rect.left(), rect.center().y - text.size().y / 2.0);
    let bottom = at.y + text.size().y;
    ui.painter().galley(at, text, palette.t1);
    if response.hovered() || response.has_focus() {
        ui.painter().hline(rect.x_range(), bottom, egui::Stroke::new(1.0, palette.accent));
    }
    response.on_hover_text("Click to type your own value")
}

fn source_mark<T>(ui: &mut Ui, name: &str, figure: Option<&Figure<T>>) {
    match figure {
        Some(figure) => draw_mark(ui, name, figure.source, &figure.origin),
        None => {
            ui.add_space(10.0);
        }
    }
}

fn draw_mark(ui: &mut Ui, name: &str, source: Source, origin: &str) {
    let said = source.said_of(origin);
    mark::mark(ui, mark_of(source), &format!("{name} is {said}")).on_hover_text(said);
}
