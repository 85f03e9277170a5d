//! One field of a draft: its name, its text, and where it was typed over the way back.

use egui::{Align, Align2, ComboBox, Layout, TextEdit, Ui, vec2};

use crate::formats::model_doc::{Field, Kind};
use crate::ui::paint::icon::{self, Icon};
use crate::ui::paint::mark::{Mark, mark};
use crate::ui::paint::verdict::{self, Verdict};
use crate::ui::widget::button::small_icon_button;
use crate::ui::widget::card::rows;
use crate::ui::{fonts, theme};

/// The height of a row.
const ROW: f32 = 26.0;
/// The width of a field for a number.
const NUMBER: f32 = 124.0;
/// The width left to the name before a field for text.
const NAME: f32 = 84.0;

/// Draws a row; returns the text it now has, where the user changed it. `name` is the field's for a screen
/// reader, `before` its text when the editor was opened, `wrong` a text that was not taken, `reason` why the field
/// is not good.
pub(super) fn ui(
    ui: &mut Ui,
    name: &str,
    field: &Field,
    before: &str,
    wrong: Option<&str>,
    reason: Option<&str>,
) -> Option<String> {
    let palette = theme::palette(ui);
    let typed = field.value != before || wrong.is_some();
    let shown = wrong.unwrap_or(&field.value);
    let row = ui.available_rect_before_wrap();
    if typed {
        let ground = egui::Rect::from_min_size(row.min - vec2(6.0, 0.0), vec2(row.width() + 12.0, ROW));
        ui.painter().rect_filled(ground, theme::radius::BAR, palette.bg3);
        ui.visuals_mut().text_edit_bg_color = Some(palette.bg4);
    }
    let mut edited = None;
    ui.horizontal(|ui| {
        rows(ui, theme::height::SMALL);
        ui.set_min_height(ROW);
        ui.spacing_mut().item_spacing.x = 6.0;
        let left = ui.cursor().left();
        let label = ui.label(fonts::small(field.label).color(palette.t2)).on_hover_text(field.help);
        let name_ends = (label.rect.right() + 6.0).max(left + NAME);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            // A field keeps the end its text stands at, so that it does not move under the hand.
            let is_text = matches!(field.kind, Kind::Text | Kind::Numbers | Kind::Widths);
            if typed && is_text && reset(ui, name) {
                edited = Some(before.to_owned());
            }
            let change = match field.kind {
                Kind::Flag(_) => flag(ui, name, shown),
                Kind::Presence => choice(ui, name, shown, &["usual", "yes", "no"]),
                Kind::Choice(words) => choice(ui, name, shown, words),
                Kind::Number | Kind::Count | Kind::Tokens => {
                    let room = ui.available_width();
                    text(ui, name, field, shown, NUMBER.min(room))
                }
                Kind::Text | Kind::Numbers | Kind::Widths => {
                    let room = ui.max_rect().right().min(ui.cursor().right()) - name_ends;
                    text(ui, name, field, shown, room.max(60.0))
                }
            };
            if typed && !is_text && reset(ui, name) {
                edited = Some(before.to_owned());
            }
            edited = edited.take().or(change);
        });
    });
    if typed {
        ui.visuals_mut().text_edit_bg_color = Some(palette.bg3);
    }
    if let Some(reason) = reason {
        fault(ui, reason);
    }
    edited
}

/// The mark of what was typed, and the way back; whether it was taken.
pub(super) fn reset(ui: &mut Ui, name: &str) -> bool {
    mark(ui, Mark::Typed, &format!("{name} is typed by you"));
    small_icon_button(ui, Icon::Reset, &format!("Reset {name}")).clicked()
}

/// Why something is not good: the glyph and the reason in the colour of no.
pub(super) fn fault(ui: &mut Ui, reason: &str) {
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        rows(ui, 18.0);
        ui.spacing_mut().item_spacing.x = 6.0;
        verdict::glyph(ui, Verdict::No, 12.0);
        ui.add(egui::Label::new(fonts::caption(reason).color(palette.verdict.no)).wrap());
    });
}

fn flag(ui: &mut Ui, name: &str, shown: &str) -> Option<String> {
    let mut on = shown == "yes";
    let response = ui.add(egui::Checkbox::without_text(&mut on));
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, name));
    response.changed().then(|| if on { "yes" } else { "no" }.to_owned())
}

/// A list of a few words; the one that was taken.
pub(super) fn choice(ui: &mut Ui, name: &str, shown: &str, words: &[&str]) -> Option<String> {
    let mut picked = None;
    ComboBox::from_id_salt(name)
        .icon(icon::combo)
        .width(NUMBER)
        .truncate()
        .selected_text(fonts::small(shown))
        .show_ui(ui, |ui| {
            rows(ui, theme::height::SMALL);
            for word in words {
                if ui.selectable_label(*word == shown, *word).clicked() && *word != shown {
                    picked = Some((*word).to_owned());
                }
            }
        })
        .response
        .accessible_name(name);
    picked
}

/// A line of text; while it is typed in, it shows what was typed, then the value as it is written.
fn text(ui: &mut Ui, name: &str, field: &Field, shown: &str, width: f32) -> Option<String> {
    let id = ui.make_persistent_id(("field", &field.path));
    let mut typed = ui.data(|data| data.get_temp::<String>(id)).unwrap_or_else(|| shown.to_owned());
    let number = matches!(field.kind, Kind::Number | Kind::Count | Kind::Tokens);
    let at = if number { Align2::RIGHT_CENTER } else { Align2::LEFT_CENTER };
    let response = ui
        .add(
            TextEdit::singleline(&mut typed)
                .id(id.with("text"))
                .desired_width(width)
                .align(at)
                .hint_text(if number { "—" } else { "" })
                .font(fonts::font(12.0, fonts::Weight::Medium)),
        )
        .accessible_name(name)
        .on_hover_text(field.help);
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, typed.clone()));
    } else {
        ui.data_mut(|data| data.remove_temp::<String>(id));
    }
    response.changed().then_some(typed)
}
