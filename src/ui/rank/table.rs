//! The list: one control for the keyboard, rows drawn only where they are seen.
//!
//! The list has the focus and not its rows, so arrow keys walk ten thousand of them and Tab passes by.

use egui::{
    Align2, EventFilter, Id, Key, Painter, Pos2, Rangef, Rect, Response, Role, ScrollArea, Sense, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};

use crate::advice::Ranked;
use crate::ui::bench::{Workbench, glyph_of};
use crate::ui::focus;
use crate::ui::fonts::{self, Weight};
use crate::ui::paint::bar::share_bar;
use crate::ui::paint::line::{self, Dash};
use crate::ui::paint::verdict;
use crate::ui::plot::MemoryUnit;
use crate::ui::theme::{self, Palette, radius};
use crate::units::TokensPerSecond;

use super::filter::{Sort, Turn};
use super::{Pick, ROOMY, View};

const ROW: f32 = 27.0;
const HEADER: f32 = 30.0;
/// Left and right of what stands in a row.
const INSET: f32 = 8.0;
const SIDE: f32 = 6.0;

/// Where the list stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    offset: f32,
    height: f32,
    wants_focus: Wish,
}

/// Something to do in the next frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wish {
    #[default]
    Nothing,
    Focus,
}

impl Place {
    /// Gives the list the keyboard.
    pub fn take_focus(&mut self) {
        self.wants_focus = Wish::Focus;
    }

    /// The offset from which a row is seen whole.
    fn showing(&self, row: usize) -> f32 {
        let (top, bottom) = (row as f32 * ROW, (row + 1) as f32 * ROW);
        self.offset.min(top).max(bottom - self.height).max(0.0)
    }
}

/// Where the columns stand.
#[derive(Clone, Copy)]
struct Columns {
    name: Rangef,
    quant: Rangef,
    verdict: Rangef,
    rate: f32,
    rate_bar: Rangef,
    memory: f32,
    memory_bar: Rangef,
    context: Option<f32>,
}

impl Columns {
    /// Fixed but for the name, which takes what is left.
    fn new(x: Rangef, page: f32, has_contexts: bool) -> Self {
        let context = (has_contexts && page >= ROOMY).then_some(x.max - 4.0);
        let right = if context.is_some() { x.max - 92.0 } else { x.max - 10.0 };
        let spare = (x.span() - 560.0).max(0.0);
        let bar = 70.0 + (spare * 0.25).min(90.0);
        let memory_bar = Rangef::new(right - bar, right);
        let memory = memory_bar.min - 8.0;
        let rate_width = 42.0 + (spare * 0.15).min(60.0);
        let rate_right = memory - 58.0;
        let rate_bar = Rangef::new(rate_right - rate_width, rate_right);
        let rate = rate_bar.min - 8.0;
        let verdict = Rangef::new(rate - 146.0, rate - 38.0);
        let quant = Rangef::new(verdict.min - 80.0, verdict.min - 4.0);
        Self { name: Rangef::new(x.min, quant.min - 8.0), quant, verdict, rate, rate_bar, memory, memory_bar, context }
    }
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, view: &View<'_>) -> Option<Pick> {
    let palette = theme::palette(ui);
    let card = ui.available_rect_before_wrap();
    ui.painter().rect_filled(card, radius::CARD, palette.bg2);
    let page = ui.ctx().content_rect().width() - crate::ui::strip::WIDTH;
    let inside = card.x_range().shrink(SIDE);
    let columns = Columns::new(inside.shrink(INSET), page, bench.rank.quants.is_one_each());
    let header = Rect::from_x_y_ranges(inside, card.top() + 2.0..=card.top() + HEADER);
    head(ui, bench, view, header, &columns);

    let body = Rect::from_x_y_ranges(inside, card.top() + HEADER + 1.0..=card.bottom() - SIDE);
    let id = Id::unique("ranked models");
    let list = ui.interact(body, id, Sense::focusable_noninteractive());
    if std::mem::take(&mut bench.rank.place.wants_focus) == Wish::Focus {
        list.request_focus();
    }
    describe(ui, &list, bench.unit, view);
    let mut pick = keys(ui, &list, view);
    let place = bench.rank.place;
    let reveal = match pick {
        Some(Pick::Select(row)) => Some(place.showing(row)),
        _ => None,
    };
    let selected = match pick {
        Some(Pick::Select(row)) => Some(row),
        _ => view.selected,
    };
    let mut area = ui.new_child(egui::UiBuilder::new().max_rect(body).id_salt("rows"));
    area.set_clip_rect(body.intersect(ui.clip_rect()));
    area.spacing_mut().item_spacing.y = 0.0;
    let mut scroll = ScrollArea::vertical().auto_shrink([false, false]);
    if let Some(offset) = reveal {
        scroll = scroll.vertical_scroll_offset(offset);
    }
    let output = scroll.show_rows(&mut area, ROW, view.shown.rows.len(), |ui, range| {
        let mut picked = None;
        for at in range {
            let row = &view.shown.rows[at];
            let (_, rect) = ui.allocate_space(vec2(ui.available_width(), ROW));
            let rect = Rect::from_x_y_ranges(inside, rect.y_range());
            let response = ui.interact(rect, id.with(("row", row.model(), row.quant())), Sense::CLICK);
            let is_selected = selected == Some(at);
            let name = name_of(row, bench.unit);
            response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_selected, &name));
            let look = Look { is_selected, is_current: view.shown.current == Some(at), is_hovered: response.hovered() };
            cells(ui.painter(), palette, rect, row, &columns, look, view, bench.unit);
            if is_selected {
                focus::shape(ui, id, rect.shrink(2.0), radius::CONTROL);
            }
            if response.clicked() {
                list.request_focus();
                // A second click opens what the first one selected.
                let chosen = bench.rank.selected.is_some() && view.selected == Some(at);
                picked = Some(if chosen || response.double_clicked() { Pick::Open(at) } else { Pick::Select(at) });
            }
            // The name may be cut; nothing else is told here alone.
            response.on_hover_text(name);
        }
        picked
    });
    bench.rank.place.offset = output.state.unclamped_offset().y;
    bench.rank.place.height = output.inner_rect.height();
    pick = output.inner.or(pick);
    ui.advance_cursor_after_rect(card);
    pick
}

/// How a row is drawn.
#[derive(Clone, Copy)]
struct Look {
    is_selected: bool,
    is_current: bool,
    is_hovered: bool,
}

fn describe(ui: &Ui, list: &Response, unit: MemoryUnit, view: &View<'_>) {
    let count = view.shown.rows.len();
    list.widget_info(|| WidgetInfo::labeled(Role::ListBox, ui.is_enabled(), format!("{count} ranked models")));
    if let Some(row) = view.selected.and_then(|at| view.shown.rows.get(at)) {
        let name = name_of(row, unit);
        ui.ctx().accesskit_node_builder(list.id, |node| node.set_value(name));
    }
}

/// A row in words.
pub(super) fn name_of(row: &Ranked, unit: MemoryUnit) -> String {
    let rate = row.rate.map_or_else(String::new, |rate| format!(", {} tokens/s", TokensPerSecond::saturating(rate)));
    let (name, quant, level) = (&row.subject.model.name, row.quant(), row.level.words());
    format!("{name} {quant}, {level}{rate}, {}", unit.of(row.memory))
}

/// The row the keyboard goes to, or opens.
fn keys(ui: &Ui, list: &Response, view: &View<'_>) -> Option<Pick> {
    if !list.has_focus() || view.shown.rows.is_empty() {
        return None;
    }
    let ours = EventFilter { vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(list.id, ours));
    let end = view.shown.rows.len() - 1;
    let page = 12;
    let mut pick = None;
    ui.input(|input| {
        for event in &input.events {
            let egui::Event::Key { key, pressed: true, .. } = event else { continue };
            let at = match pick {
                Some(Pick::Select(at)) => Some(at),
                _ => view.selected,
            };
            let step = |down: usize, up: usize| at.map_or(0, |at| (at + down).saturating_sub(up).min(end));
            pick = match key {
                Key::ArrowDown => Some(Pick::Select(step(1, 0))),
                Key::ArrowUp => Some(Pick::Select(step(0, 1))),
                Key::PageDown => Some(Pick::Select(step(page, 0))),
                Key::PageUp => Some(Pick::Select(step(0, page))),
                Key::Home => Some(Pick::Select(0)),
                Key::End => Some(Pick::Select(end)),
                Key::Enter => at.map(Pick::Open),
                _ => continue,
            };
        }
    });
    pick
}

/// The line of headers; those that sort are buttons.
fn head(ui: &mut Ui, bench: &mut Workbench, view: &View<'_>, rect: Rect, columns: &Columns) {
    let palette = theme::palette(ui);
    let y = rect.center().y;
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette.line));
    let order = bench.rank.order;
    let mut title = |at: Pos2, anchor: Align2, word: &str, sort: Option<Sort>| {
        let sorted = sort == Some(order.sort);
        let (ink, weight) = if sorted { (palette.t1, Weight::Medium) } else { (palette.t3, Weight::Regular) };
        let arrow = match order.turn {
            _ if !sorted => "",
            Turn::Forwards => " ↓",
            Turn::Backwards => " ↑",
        };
        let galley = ui.painter().layout_no_wrap(format!("{word}{arrow}"), fonts::font(11.0, weight), ink);
        let place = anchor.anchor_size(at, galley.size());
        if let Some(sort) = sort {
            let hit = place.expand2(vec2(4.0, 6.0));
            let response = ui.interact(hit, ui.scope_id().with(("sort by", word)), Sense::click());
            let name = format!("Sort by {}", sort.words());
            response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), sorted, &name));
            if response.hovered() {
                ui.painter().hline(place.x_range(), place.bottom(), Stroke::new(1.0, palette.t3));
            }
            if response.on_hover_text(name).clicked() {
                bench.rank.order = order.by(sort);
            }
        }
        ui.painter().galley(place.min, galley, ink);
        place
    };
    title(pos2(columns.name.min, y), Align2::LEFT_CENTER, "Model", Some(Sort::Name));
    title(pos2(columns.quant.min, y), Align2::LEFT_CENTER, "Quant", Some(Sort::Quality));
    title(pos2(columns.verdict.min, y), Align2::LEFT_CENTER, "Verdict", Some(Sort::Best));
    title(pos2(columns.rate, y), Align2::RIGHT_CENTER, "Tokens/s", Some(Sort::Speed));
    let memory = format!("Memory, {}", bench.unit.name());
    let memory = title(pos2(columns.memory, y), Align2::RIGHT_CENTER, &memory, Some(Sort::Memory));
    if let Some(right) = columns.context {
        title(pos2(right, y), Align2::RIGHT_CENTER, "Largest context", None);
    }
    // The marks on the bars, named.
    let room = &view.room;
    let mut x = memory.right().max(columns.memory_bar.min) + 1.0;
    let named = [(room.fast.map(|_| room.fast_name), Dash::Solid, palette.pool.vram)];
    let whole = if room.fast.is_some() { "all" } else { room.all_name };
    for (name, dash, color) in named.into_iter().chain([(Some(whole), Dash::Dotted, palette.pool.ram)]) {
        let Some(name) = name else { continue };
        let ends = [pos2(x, y - 6.0), pos2(x, y + 6.0)];
        line::path(ui.painter(), &ends, Stroke::new(2.0, color), dash);
        let font = fonts::font(11.0, Weight::Regular);
        let galley = ui.painter().layout_no_wrap(name.to_owned(), font, palette.t3);
        let width = galley.size().x;
        ui.painter().galley(pos2(x + 5.0, y - galley.size().y / 2.0), galley, palette.t3);
        x += width + 14.0;
    }
}

#[expect(clippy::too_many_arguments, reason = "a row is drawn from what the list lends it")]
fn cells(
    painter: &Painter,
    palette: &Palette,
    rect: Rect,
    row: &Ranked,
    columns: &Columns,
    look: Look,
    view: &View<'_>,
    unit: MemoryUnit,
) {
    let y = rect.center().y;
    if look.is_selected {
        painter.rect_filled(rect, radius::CONTROL, palette.bg3);
    } else if look.is_hovered {
        painter.rect_filled(rect, radius::CONTROL, theme::mix(palette.bg2, palette.bg3, 0.55));
    }
    if look.is_current {
        let mark = Rect::from_x_y_ranges(rect.left() + 1.0..=rect.left() + 3.0, rect.y_range().shrink(6.0));
        painter.rect_filled(mark, 1.0, palette.accent);
    }
    let small = |weight| fonts::font(12.0, weight);
    text(painter, columns.name, y, &row.subject.model.name, (fonts::font(12.5, Weight::Medium), palette.t1));
    text(painter, columns.quant, y, row.quant(), (small(Weight::Regular), palette.t3));
    let glyph = glyph_of(row.level);
    let color = glyph.color(palette);
    verdict::paint(painter, pos2(columns.verdict.min + 6.5, y), 13.0, glyph, color);
    let word = Rangef::new(columns.verdict.min + 20.0, columns.verdict.max);
    text(painter, word, y, row.level.words(), (small(Weight::Regular), palette.t2));
    let right = |x: f32, text: &str, ink| {
        painter.text(pos2(x, y), Align2::RIGHT_CENTER, text, small(Weight::Medium), ink);
    };
    let rate = row.rate.map_or_else(|| "—".to_owned(), |rate| TokensPerSecond::saturating(rate).to_string());
    right(columns.rate, &rate, if row.rate.is_some() { palette.t1 } else { palette.t3 });
    let bar = |x: Rangef| Rect::from_x_y_ranges(x, rect.y_range());
    share_bar(painter, bar(columns.rate_bar), row.rate.map_or(0.0, |rate| view.rate.share(rate)), [color, palette.bg3]);
    right(columns.memory, &unit.number(row.memory), palette.t1);
    let share = |bytes: crate::units::Bytes| view.memory.share(bytes.as_f64() / unit.bytes() as f64);
    share_bar(painter, bar(columns.memory_bar), share(row.memory), [palette.part.weights, palette.bg3]);
    let whole = (Some(view.room.all), Dash::Dotted, palette.pool.ram);
    for (bytes, dash, ink) in [(view.room.fast, Dash::Solid, palette.pool.vram), whole] {
        let Some(bytes) = bytes else { continue };
        let x = (columns.memory_bar.min + columns.memory_bar.span() * share(bytes) as f32).round();
        line::path(painter, &[pos2(x, y - 6.5), pos2(x, y + 6.5)], Stroke::new(1.5, ink), dash);
    }
    if let Some(x) = columns.context {
        let text = row.context_max.map_or_else(|| "—".to_owned(), |tokens| tokens.to_string());
        right(x, &text, palette.t2);
    }
}

/// Words in a column, cut with an ellipsis where they are longer.
fn text(painter: &Painter, x: Rangef, y: f32, words: &str, (font, ink): (egui::FontId, egui::Color32)) {
    let mut job = egui::text::LayoutJob::simple_singleline(words.to_owned(), font, ink);
    job.wrap = egui::text::TextWrapping::truncate_at_width(x.span());
    let galley = painter.layout_job(job);
    painter.galley(pos2(x.min, y - galley.size().y / 2.0), galley, ink);
}
