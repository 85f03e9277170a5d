//! The pool as a grid of squares, each of one request or free.

use egui::{Align2, Color32, Painter, Rect, Stroke, Ui, pos2, vec2};

use crate::reasoning::requests::{Held, Played, Reserve};
use crate::ui::MemoryUnit;
use crate::ui::fonts::{self, Weight};
use crate::ui::paint::{image, line, swatch};
use crate::ui::theme::{self, Palette};
use crate::ui::widget::card::card;
use crate::units::grouped;

use super::remark;

const HEIGHT: f32 = 264.0;
/// Sides of a square that are tried, largest first.
const SIDES: [f32; 7] = [20.0, 16.0, 13.0, 11.0, 9.0, 7.0, 6.0];
/// Requests named below the grid and to a screen reader.
const NAMED: usize = 24;

/// The colour of a request: six in turn, always with its number.
pub(super) const fn color(palette: &Palette, request: usize) -> Color32 {
    let class = &palette.class;
    match request % 6 {
        0 => class.dense,
        1 => class.experts,
        2 => class.sparse,
        3 => class.cpu,
        4 => class.several,
        _ => class.apple,
    }
}

/// How the pool is laid out in squares.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Squares {
    side: f32,
    columns: u64,
    /// Pieces of the pool in a square.
    each: u64,
}

impl Squares {
    fn new(room: egui::Vec2, cells: u64) -> Self {
        let fit = |side: f32| ((room.x / side) as u64).max(1) * ((room.y / side) as u64).max(1);
        let side = SIDES.into_iter().find(|side| fit(*side) >= cells).unwrap_or(SIDES[SIDES.len() - 1]);
        Self { side, columns: ((room.x / side) as u64).max(1), each: cells.div_ceil(fit(side)).max(1) }
    }

    /// The rectangles of squares from one to another: at most three.
    fn rects(&self, origin: egui::Pos2, from: u64, to: u64) -> Vec<Rect> {
        let square = |at: u64| origin + vec2((at % self.columns) as f32, (at / self.columns) as f32) * self.side;
        let mut rects = Vec::new();
        let mut at = from;
        while at < to {
            let row_end = (at / self.columns + 1) * self.columns;
            let whole_rows = if at.is_multiple_of(self.columns) { (to - at) / self.columns } else { 0 };
            let end = if whole_rows > 0 { at + whole_rows * self.columns } else { row_end.min(to) };
            let last = square(end - 1) + vec2(self.side, self.side);
            rects.push(Rect::from_min_max(square(at), last));
            at = end;
        }
        rects
    }
}

pub(super) fn ui(ui: &mut Ui, played: &Played, step: u64, unit: MemoryUnit) {
    let Played { trial, requests, replay, .. } = played;
    let held = replay.at(&trial.setup, requests, step);
    let cells = trial.setup.cells();
    let blocks = matches!(trial.setup.reserve, Reserve::Blocks { .. });
    let readout = |ui: &mut Ui| {
        ui.label(fonts::small(unit.of(trial.setup.pool)).color(theme::palette(ui).t3));
    };
    card(ui, ["The pool", if blocks { "blocks" } else { "tokens" }], readout, |ui| {
        let room = vec2(ui.available_width(), HEIGHT);
        let squares = Squares::new(room, cells);
        let name = name(&held, cells, blocks);
        image(ui, room, &name, |painter, rect| paint(painter, rect, &held, cells, squares));
        ui.add_space(4.0);
        numbers(ui, &held);
        remark(ui, &legend(trial.setup.reserve, squares.each));
    });
}

/// Who has room, in the colours of the squares: of the first, where they are many.
fn numbers(ui: &mut Ui, held: &[Held]) {
    let palette = theme::palette(ui);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.spacing_mut().interact_size.y = 16.0;
        for one in held.iter().take(NAMED) {
            swatch(ui, color(palette, one.request), &grouped(one.request as u64 + 1));
        }
        if held.len() > NAMED {
            ui.label(fonts::caption(format!("and {} more", held.len() - NAMED)).color(palette.t3));
        }
    });
}

fn legend(reserve: Reserve, each: u64) -> String {
    match reserve {
        Reserve::Blocks { size, .. } => format!(
            "One square is {} of {size} tokens; numbers are requests. The blocks of a request stand together here; in memory they lie where there was room.",
            if each == 1 { "a block".to_owned() } else { format!("{} blocks", grouped(each)) }
        ),
        Reserve::Whole { .. } => format!(
            "One square is {}; numbers are requests. Pale is reserved and not yet used.",
            if each == 1 { "a token".to_owned() } else { format!("{} tokens", grouped(each)) }
        ),
    }
}

/// What a screen reader hears.
fn name(held: &[Held], cells: u64, blocks: bool) -> String {
    let piece = if blocks { "blocks" } else { "tokens" };
    let taken: u64 = held.iter().map(|held| held.cells).sum();
    let mut parts: Vec<String> = held
        .iter()
        .take(NAMED)
        .map(|held| format!("request {} has {} {piece}", held.request + 1, grouped(held.cells)))
        .collect();
    if held.len() > NAMED {
        parts.push(format!("and {} more", held.len() - NAMED));
    }
    parts.push(format!("{} {piece} free", grouped(cells.saturating_sub(taken))));
    format!("Pool: {}", parts.join(", "))
}

fn paint(painter: &Painter, rect: Rect, held: &[Held], cells: u64, squares: Squares) {
    let palette = theme::palette(painter.ctx());
    let origin = rect.min;
    let all = cells.div_ceil(squares.each);
    for free in squares.rects(origin, 0, all) {
        painter.rect_filled(free, 0.0, palette.bg3);
    }
    let mut start = 0_u64;
    let mut labels = Vec::new();
    for one in held {
        let end = start + one.cells;
        // Rounded, so that neighbours meet and none is drawn over another.
        let [from, to] = [start, end].map(|at| (at + squares.each / 2) / squares.each);
        let used = (start + used(one) + squares.each / 2) / squares.each;
        let fill = color(palette, one.request);
        for area in squares.rects(origin, from, to.min(all)) {
            painter.rect_filled(area, 0.0, theme::mix(palette.bg2, fill, 0.4));
        }
        for area in squares.rects(origin, from, used.min(to).min(all)) {
            painter.rect_filled(area, 0.0, fill);
        }
        let largest = squares.rects(origin, from, to.min(all)).into_iter().max_by(|a, b| a.area().total_cmp(&b.area()));
        labels.extend(largest.map(|area| (area, one.request)));
        start = end;
    }
    lines(painter, rect, all, squares, palette.bg2);
    for (area, request) in labels {
        let text = grouped(request as u64 + 1);
        let size = painter.layout_no_wrap(text.clone(), fonts::font(11.0, Weight::Strong), palette.t1).size();
        if area.width() >= size.x + 4.0 && area.height() >= 10.0 {
            let inks = [palette.t1, palette.bg2];
            line::label(painter, area.center(), Align2::CENTER_CENTER, &text, fonts::font(11.0, Weight::Strong), inks);
        }
    }
}

/// Pieces that hold tokens: of what is reserved in whole, those generated so far.
fn used(held: &Held) -> u64 {
    held.cells.min(held.tokens.get())
}

/// The gaps between squares.
fn lines(painter: &Painter, rect: Rect, all: u64, squares: Squares, ground: Color32) {
    let rows = all.div_ceil(squares.columns);
    let (width, height) = (squares.columns as f32 * squares.side, rows as f32 * squares.side);
    let stroke = Stroke::new(1.0, ground);
    for column in 1..=squares.columns {
        let x = rect.left() + column as f32 * squares.side - 0.5;
        painter.vline(x, rect.top()..=rect.top() + height, stroke);
    }
    for row in 1..=rows {
        let y = rect.top() + row as f32 * squares.side - 0.5;
        painter.line_segment([pos2(rect.left(), y), pos2(rect.left() + width, y)], stroke);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_hold_the_whole_pool() {
        for cells in [1, 7, 100, 10_240, 611_191, 1 << 40] {
            let squares = Squares::new(vec2(400.0, 264.0), cells);
            let rows = cells.div_ceil(squares.each).div_ceil(squares.columns);
            assert!(rows as f32 * squares.side <= 264.0, "{cells}: {squares:?}");
        }
    }

    #[test]
    fn a_run_of_squares_is_covered_once() {
        let squares = Squares { side: 10.0, columns: 7, each: 1 };
        for (from, to) in [(0, 7), (3, 5), (3, 12), (3, 40), (7, 21), (6, 8), (5, 5)] {
            let rects = squares.rects(pos2(0.0, 0.0), from, to);
            let area: f32 = rects.iter().map(Rect::area).sum();
            assert!((area - (to - from) as f32 * 100.0).abs() < 0.1, "{from} to {to}: {rects:?}");
            assert!(rects.len() <= 3);
        }
    }
}
