//! Every measurement shown, with its source: a list that any column sorts.

use egui::{Align, Label, Layout, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_extras::{Column, TableBuilder, TableRow};

use super::state::{Accuracy, By, Order, Sort, error};
use super::words;
use crate::advice::accuracy::{Compared, Rate};
use crate::advice::peers::Peer;
use crate::ui::fonts;
use crate::ui::paint::shape::{self, Kind};
use crate::ui::theme;
use crate::ui::widget::card::card_frame;

const ROW: f32 = 24.0;

/// The list, so high; `peer` is the name of the formula beside ours.
pub(super) fn table(ui: &mut Ui, accuracy: &mut Accuracy, peer: &str, height: f32) {
    let order = accuracy.order();
    let beside = accuracy.beside();
    let rate = accuracy.looked.rate;
    // The column is narrow.
    let peer = if peer.len() > 10 { "naive" } else { peer };
    let theirs: &[(By, &str)] = if beside.is_some() { &[(By::Theirs, peer), (By::TheirsOff, "off")] } else { &[] };
    let columns: Vec<(By, &str)> = [
        (By::Machine, "Machine"),
        (By::Model, "Model"),
        (By::Quant, "Quant"),
        (By::Depth, "Depth"),
        (By::Measured, "Measured"),
        (By::Ours, "Predicted"),
        (By::Off, "off"),
    ]
    .into_iter()
    .chain(theirs.iter().copied())
    .chain([(By::Source, "Source")])
    .collect();
    let reveal = std::mem::take(&mut accuracy.reveal);
    let picked = accuracy.picked;
    let to = picked.filter(|_| reveal).and_then(|picked| order.iter().position(|place| *place == picked));
    card_frame(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let mut table = TableBuilder::new(ui)
            .id_salt("measurements")
            .striped(false)
            .sense(Sense::click())
            .min_scrolled_height(ROW * 3.0)
            .max_scroll_height(height - 42.0)
            .auto_shrink([false, false])
            .cell_layout(Layout::left_to_right(Align::Center))
            .column(Column::exact(14.0));
        for (by, _) in &columns {
            table = table.column(width(*by));
        }
        if let Some(row) = to {
            table = table.scroll_to_row(row, Some(Align::Center));
        }
        let mut sort = accuracy.sort;
        let mut clicked = None;
        table
            .header(22.0, |mut row| {
                row.col(|_| ());
                for (by, name) in &columns {
                    row.col(|ui| heading(ui, *by, name, &mut sort));
                }
            })
            .body(|body| {
                body.rows(ROW, order.len(), |mut line| {
                    let place = order[line.index()];
                    line.set_selected(picked == Some(place));
                    cells(&mut line, &accuracy.rows()[place], &columns, rate, beside);
                    if line.response().clicked() {
                        clicked = Some(place);
                    }
                });
            });
        accuracy.sort = sort;
        accuracy.picked = clicked.or(picked);
    });
}

fn width(by: By) -> Column {
    match by {
        By::Machine => Column::remainder().at_least(84.0).clip(true),
        By::Model => Column::exact(106.0).clip(true),
        By::Quant => Column::exact(76.0).clip(true),
        By::Depth => Column::exact(50.0),
        By::Measured | By::Ours | By::Theirs => Column::exact(66.0).clip(true),
        By::Off | By::TheirsOff => Column::exact(48.0),
        By::Source => Column::remainder().at_least(76.0).clip(true),
    }
}

fn cells(line: &mut TableRow<'_, '_>, row: &Compared, columns: &[(By, &str)], rate: Rate, beside: Option<Peer>) {
    line.col(|ui| {
        let kind = Kind::of(&row.measured);
        let at = ui.max_rect().left_center() + vec2(6.0, 0.0);
        shape::paint(ui.painter(), at, kind, 8.0, kind.color(theme::palette(ui)));
    });
    let ours = row.ours(rate).map(|range| range.expected);
    let theirs = beside.and_then(|peer| row.theirs(peer, rate));
    let dash = || "—".to_owned();
    let number = |value: Option<f64>| value.map_or_else(dash, words::rate);
    let off = |value: Option<f64>| error(row, rate, value).map_or_else(dash, words::off);
    for (by, _) in columns {
        let text = match by {
            By::Machine => words::machine(row).to_owned(),
            By::Model => words::model(row).to_owned(),
            By::Quant => words::quant(row).to_owned(),
            By::Source => words::source(row).trim_start_matches("https://").to_owned(),
            By::Depth => words::depth(row, rate).to_string(),
            By::Measured => number(row.seen(rate)),
            By::Ours => number(ours),
            By::Theirs => number(theirs),
            By::Off => off(ours),
            By::TheirsOff => off(theirs),
        };
        line.col(|ui| {
            let palette = theme::palette(ui);
            let ink = if matches!(by, By::Machine | By::Measured | By::Ours) { palette.t1 } else { palette.t2 };
            let label = Label::new(fonts::small(&text).color(ink));
            if is_text(*by) {
                ui.add(label.truncate());
            } else {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.add(label));
            }
        });
    }
}

const fn is_text(by: By) -> bool {
    matches!(by, By::Machine | By::Model | By::Quant | By::Source)
}

/// The name of a column; a click sorts by it, a second one the other way round.
fn heading(ui: &mut Ui, by: By, name: &str, sort: &mut Sort) {
    let palette = theme::palette(ui);
    let own = sort.by == by;
    let size = ui.available_size();
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let column = match by {
        By::TheirsOff => "their error",
        By::Off => "error",
        _ => name,
    };
    let said = match (own, sort.order) {
        (false, _) => format!("Sort by {column}"),
        (true, Order::Up) => format!("Sort by {column}, least first"),
        (true, Order::Down) => format!("Sort by {column}, largest first"),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &said));
    if response.clicked() {
        *sort = match (own, sort.order) {
            (true, Order::Up) => Sort { by, order: Order::Down },
            (true, Order::Down) => Sort { by, order: Order::Up },
            // Words begin with A, figures with the largest.
            (false, _) => Sort { by, order: if is_text(by) { Order::Up } else { Order::Down } },
        };
    }
    let ink = if own || response.hovered() { palette.t1 } else { palette.t3 };
    let text = ui.painter().layout_no_wrap(name.to_owned(), fonts::font(11.0, fonts::Weight::Regular), ink);
    let left = if is_text(by) { rect.left() } else { rect.right() - text.size().x };
    let painter = ui.painter().with_clip_rect(rect.expand2(vec2(8.0, 0.0)).intersect(ui.clip_rect()));
    let after = left + text.size().x;
    painter.galley(pos2(left, rect.center().y - text.size().y / 2.0), text, ink);
    if own {
        let x = if is_text(by) { after + 7.0 } else { left - 6.0 };
        let up = if sort.order == Order::Up { -1.0 } else { 1.0 };
        let corners = [vec2(-3.0, -1.5 * up), vec2(3.0, -1.5 * up), vec2(0.0, 2.5 * up)];
        let center = pos2(x, rect.center().y);
        painter.add(Shape::convex_polygon(corners.map(|corner| center + corner).to_vec(), ink, Stroke::NONE));
    }
}
