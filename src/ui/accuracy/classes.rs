//! The classes with their figures: a legend, a filter and a table in one.

use egui::{Align2, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::state::{Figures, Looked, View};
use super::words;
use crate::advice::accuracy::{Group, Off};
use crate::advice::peers::About;
use crate::ui::fonts::{self, Weight};
use crate::ui::paint::shape::{self, Kind};
use crate::ui::theme::{self, radius};
use crate::ui::widget::card::card_frame;

/// What the card takes without a formula beside ours, and with one.
pub(super) const WIDTHS: [f32; 2] = [370.0, 506.0];
const ROW: f32 = 24.0;
const NAME: f32 = 118.0;
/// Widths of the columns after the name.
const COLUMNS: [f32; 6] = [32.0, 88.0, 44.0, 44.0, 92.0, 42.0];

/// The card; a click on a class chooses it.
pub(super) fn classes(ui: &mut Ui, looked: &mut Looked, view: &View, peer: Option<&About>) {
    let peer = peer.map(|about| about.name.as_str());
    card_frame(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 0.0;
        header(ui, peer);
        for figures in &view.figures {
            row(ui, looked, figures, peer);
        }
    });
}

fn header(ui: &mut Ui, peer: Option<&str>) {
    let palette = theme::palette(ui);
    let two = peer.is_some();
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), header_height(two)), Sense::hover());
    let font = fonts::font(11.0, Weight::Regular);
    let put = |right: f32, row: f32, text: &str| {
        let at = pos2(rect.left() + right, rect.bottom() - row);
        ui.painter().text(at, Align2::RIGHT_BOTTOM, text, font.clone(), palette.t3);
    };
    let rights = rights();
    for (right, text) in rights.iter().zip(["rows", "median / 90 %", "bias", "in band", "median / 90 %", "bias"]) {
        if two || *right < rights[4] {
            put(*right, 4.0, text);
        }
    }
    if let Some(peer) = peer {
        put(rights[3], 18.0, "willitrun");
        put(rights[5], 18.0, peer);
    }
}

/// Two lines where there are two calculators.
const fn header_height(two: bool) -> f32 {
    if two { 34.0 } else { 20.0 }
}

/// Right ends of the columns from the left of the row.
fn rights() -> [f32; 6] {
    let mut right = 20.0 + NAME;
    COLUMNS.map(|width| {
        right += width;
        right
    })
}

fn row(ui: &mut Ui, looked: &mut Looked, figures: &Figures, peer: Option<&str>) {
    let palette = theme::palette(ui);
    let Figures { group, ours, held, theirs } = figures;
    let chosen = looked.group == *group;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let spoken = spoken(figures, peer);
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), chosen, &spoken));
    if response.clicked() {
        looked.group = *group;
    }
    if !ui.is_rect_visible(rect) {
        return;
    }
    let painter = ui.painter();
    let fill = if chosen { Some(palette.bg4) } else { response.hovered().then_some(palette.bg3) };
    if let Some(fill) = fill {
        painter.rect_filled(rect.expand2(vec2(6.0, 0.0)), radius::CONTROL, fill);
    }
    if let Some(kind) = kind(*group) {
        shape::paint(painter, rect.left_center() + vec2(6.0, 0.0), kind, 9.0, kind.color(palette));
    }
    let put = |at: f32, anchor: Align2, text: &str, weight: Weight, ink| {
        let place = pos2(rect.left() + at, rect.center().y);
        painter.text(place, anchor, text, fonts::font(12.0, weight), ink);
    };
    let weight = if chosen { Weight::Medium } else { Weight::Regular };
    put(20.0, Align2::LEFT_CENTER, group.name(), weight, palette.t1);
    let rights = rights();
    let right = |column: usize, text: &str, weight, ink| put(rights[column], Align2::RIGHT_CENTER, text, weight, ink);
    match ours {
        Some(off) => {
            right(0, &crate::units::grouped(off.rows as u64), Weight::Regular, palette.t2);
            right(1, &words::errors(off.median, off.tail), Weight::Medium, palette.t1);
            right(2, &format!("×{:.2}", off.bias), Weight::Regular, palette.t2);
            right(3, &format!("{:.0} %", held * 100.0), Weight::Regular, palette.t2);
        }
        None => right(0, "0", Weight::Regular, palette.t3),
    }
    if peer.is_some() {
        match theirs {
            Some(off) => {
                right(4, &words::errors(off.median, off.tail), Weight::Regular, palette.t2);
                right(5, &format!("×{:.2}", off.bias), Weight::Regular, palette.t2);
            }
            None => right(4, "—", Weight::Regular, palette.t3),
        }
    }
}

/// The shape of a group whose measurements all have one.
const fn kind(group: Group) -> Option<Kind> {
    match group {
        Group::All | Group::Deep => None,
        Group::DenseOneGpu => Some(Kind::Dense),
        Group::SparseOneGpu => Some(Kind::Sparse),
        Group::SeveralGpus => Some(Kind::Several),
        Group::Apple => Some(Kind::Apple),
        Group::ExpertsInRam => Some(Kind::Experts),
        Group::Cpu => Some(Kind::Cpu),
    }
}

/// A row for a screen reader.
fn spoken(figures: &Figures, peer: Option<&str>) -> String {
    let name = figures.group.name();
    let Some(ours) = figures.ours else { return format!("{name}, no measurements") };
    let errors = |off: &Off| format!("half within {:.1} %, nine in ten within {:.1} %", off.median, off.tail);
    let mut text =
        format!("{name}, {} measurements, {}, {:.0} % in the band", ours.rows, errors(&ours), figures.held * 100.0);
    if let Some(peer) = peer {
        let theirs = figures.theirs.as_ref().map_or_else(|| "no answer".to_owned(), errors);
        text = format!("{text}; {peer} {theirs}");
    }
    text
}

/// The height of the card, `two` where a formula stands beside ours.
pub(super) fn height(two: bool) -> f32 {
    header_height(two) + ROW * Group::ALL.len() as f32 + 20.0
}
