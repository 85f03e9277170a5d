//! Cards, the figures that stand in them, and the sentence that answers.

use egui::text::LayoutJob;
use egui::{
    Align, Align2, FontSelection, Frame, InnerResponse, Layout, Margin, Rect, Response, Role, Sense, Ui, WidgetInfo,
    pos2, vec2,
};

use crate::ui::fonts::{self, Weight};
use crate::ui::paint::verdict::{self, Verdict};
use crate::ui::theme::{self, radius};

/// The ground of a card: no outline, no shadow, never inside another.
pub fn card_frame(ui: &Ui) -> Frame {
    Frame::new().fill(theme::palette(ui).bg2).corner_radius(radius::CARD).inner_margin(Margin::symmetric(14, 10))
}

/// A card with its title line: the title, its unit, and at the right a readout (never a box over the curves).
pub fn card<R>(
    ui: &mut Ui,
    [title, unit]: [&str; 2],
    readout: impl FnOnce(&mut Ui),
    contents: impl FnOnce(&mut Ui) -> R,
) -> InnerResponse<R> {
    let title = |ui: &mut Ui| {
        ui.label(fonts::title(title).color(theme::palette(ui).t1));
        if !unit.is_empty() {
            ui.label(fonts::small(unit).color(theme::palette(ui).t3));
        }
    };
    card_under(ui, title, readout, contents)
}

/// A card with whatever stands in its title line at the left.
pub fn card_under<R>(
    ui: &mut Ui,
    title: impl FnOnce(&mut Ui),
    readout: impl FnOnce(&mut Ui),
    contents: impl FnOnce(&mut Ui) -> R,
) -> InnerResponse<R> {
    card_frame(ui).show(ui, |ui| {
        rows(ui, 18.0);
        ui.horizontal(|ui| {
            title(ui);
            ui.with_layout(Layout::right_to_left(Align::Center), readout);
        });
        ui.add_space(4.0);
        contents(ui)
    })
}

/// Titles of which one is open, each a tab hit on 24 points; whether another was asked for.
pub fn titles<T: PartialEq + Copy>(ui: &mut Ui, open: &mut T, all: &[(T, &str)]) -> bool {
    let palette = theme::palette(ui);
    let mut asked = false;
    ui.spacing_mut().item_spacing.x = 16.0;
    for &(tab, word) in all {
        let chosen = tab == *open;
        let text = ui.painter().layout_no_wrap(word.to_owned(), fonts::font(13.0, Weight::Strong), palette.t1);
        let (rect, _) = ui.allocate_exact_size(vec2(text.size().x, 18.0), Sense::hover());
        let hit = rect.expand2(vec2(6.0, 3.0));
        let response = ui.interact(hit, ui.make_persistent_id(("title", word)), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Tab, ui.is_enabled(), chosen, word));
        let ink = match chosen {
            true => palette.t1,
            false if response.hovered() || response.has_focus() => palette.t2,
            false => palette.t3,
        };
        let at = pos2(rect.left(), rect.center().y - text.size().y / 2.0);
        ui.painter().galley_with_override_text_color(at, text, ink);
        if chosen && all.len() > 1 {
            ui.painter().hline(rect.x_range(), rect.bottom() + 1.0, egui::Stroke::new(1.0, palette.line2));
        }
        if response.clicked() && !chosen {
            *open = tab;
            asked = true;
        }
    }
    ui.spacing_mut().item_spacing.x = 8.0;
    asked
}

/// From here on rows are `height` high instead of 30, as lists want them.
pub fn rows(ui: &mut Ui, height: f32) {
    ui.spacing_mut().interact_size.y = height;
}

/// One fact: a value and what it is, below it. Right of the verdict there are three.
pub fn figure(ui: &mut Ui, value: &str, what: &str, align: Align) -> Response {
    let (response, _) = fact(ui, value, what, align, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, format!("{value}, {what}")));
    response
}

/// The same as a button that opens what lies behind the fact; `name` is the button's.
pub fn figure_button(ui: &mut Ui, value: &str, what: &str, name: &str) -> Response {
    let palette = theme::palette(ui);
    let (response, what_right) = fact(ui, value, what, Align::Min, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), format!("{name}, {value}, {what}")));
    let ink = if response.hovered() || response.has_focus() { palette.t1 } else { palette.t3 };
    let tip = pos2(what_right + 8.0, response.rect.top() + 33.0);
    let stroke = egui::Stroke::new(1.2, ink);
    ui.painter().line(vec![tip + vec2(-3.0, -3.0), tip, tip + vec2(3.0, -3.0)], stroke);
    response
}

/// Draws a fact; returns where its lower line ends as well.
fn fact(ui: &mut Ui, value: &str, what: &str, align: Align, sense: Sense) -> (Response, f32) {
    let palette = theme::palette(ui);
    let lay = |text: &str, font, ink| ui.painter().layout_no_wrap(text.to_owned(), font, ink);
    let value_text = lay(value, fonts::font(18.0, Weight::Strong), palette.t1);
    let what_text = lay(what, fonts::font(11.0, Weight::Regular), palette.t3);
    // A button has an arrow after its words.
    let arrow = if sense.senses_click() { 12.0 } else { 0.0 };
    let width = value_text.size().x.max(what_text.size().x + arrow);
    let (rect, response) = ui.allocate_exact_size(vec2(width, 24.0 + 14.0), sense);
    let mut end = rect.right();
    for (text, middle) in [(value_text, 12.0), (what_text, 31.0)] {
        let line = Rect::from_center_size(pos2(rect.center().x, rect.top() + middle), vec2(width, text.size().y));
        let place = Align2([align, Align::Center]).align_size_within_rect(text.size(), line);
        ui.painter().galley(place.min, text, palette.t1);
        end = place.right();
    }
    (response, end)
}

/// The first sentence of a workspace: the glyph, the word in its colour, and the rest. A long one is set smaller, and
/// goes on in a second line before anything of it is lost.
pub fn headline(ui: &mut Ui, verdict: Verdict, rest: &str) -> Response {
    let palette = theme::palette(ui);
    let sized = |size: f32| {
        let mut job = LayoutJob::default();
        for (text, color) in [(verdict.word(), verdict.color(palette)), (rest, palette.t1)] {
            let text = fonts::verdict_text(text).size(size).color(color);
            text.append_to(&mut job, ui.style(), FontSelection::Default, Align::Center);
        }
        job
    };
    let room = ui.available_width() - 28.0 - 14.0;
    let fits = |size: &f32| ui.painter().layout_job(LayoutJob { wrap: endless(), ..sized(*size) }).size().x <= room;
    let size = [24.0, 21.0, 19.0].into_iter().find(fits).unwrap_or(17.0);
    let job = sized(size);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing = vec2(14.0, 0.0);
        verdict::glyph(ui, verdict, 28.0);
        let response = ui.add(egui::Label::new(job).wrap());
        let sentence = format!("{}{rest}", verdict.word());
        response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, &sentence));
        response
    })
    .inner
}

/// The first of several ways to say something in small type that has room; nothing where none has.
pub fn longest<'t>(ui: &Ui, ways: impl IntoIterator<Item = &'t str>) -> &'t str {
    let fits = |text: &&str| {
        let font = fonts::font(12.0, Weight::Regular);
        let width = ui.painter().layout_no_wrap((*text).to_owned(), font, theme::palette(ui).t3).size().x;
        width <= ui.available_width()
    };
    ways.into_iter().find(fits).unwrap_or_default()
}

/// One line, however long.
fn endless() -> egui::text::TextWrapping {
    egui::text::TextWrapping { max_width: f32::INFINITY, ..Default::default() }
}
