//! How many run and how well: the sentence, and a switch for each verdict.

use egui::{Align, Label, Layout, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::ui::bench::{Workbench, glyph_of};
use crate::ui::fonts::{self, Weight};
use crate::ui::paint::icon::Icon;
use crate::ui::paint::verdict;
use crate::ui::theme::{self, radius};
use crate::ui::widget::button::Button;
use crate::ui::widget::segmented::segmented;
use crate::ui::{Command, Exported, FileKind};
use crate::units::grouped;
use crate::verdict::Level;

use super::filter::Quants;
use super::{Half, SIDE_BY_SIDE, View};

const HEIGHT: f32 = 26.0;

pub(super) fn title(ui: &mut Ui, bench: &mut Workbench, view: &View<'_>) {
    let palette = theme::palette(ui);
    let narrow = ui.available_width() < SIDE_BY_SIDE;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if narrow {
                let choices = [(Half::List, "list"), (Half::Picture, "picture")];
                segmented(ui, "Show as", &mut bench.rank.half, &choices);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = headline(bench, view);
                let response = ui.add(Label::new(fonts::verdict_text(&text).color(palette.t1)).truncate());
                response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, &text));
            });
        });
    });
    ui.add_space(2.0);
    ui.add(Label::new(fonts::body(sentence(bench, view)).color(palette.t2)).truncate());
}

fn headline(bench: &Workbench, view: &View<'_>) -> String {
    let shown = view.shown;
    let (run, all, well) = (shown.run(), shown.counted(), shown.counts[Level::RunsWell as usize]);
    let rows = match bench.rank.quants {
        Quants::Best | Quants::One(_) if all == 1 => "model",
        Quants::Best | Quants::One(_) => "models",
        Quants::Usual | Quants::Every => "quants",
    };
    match (all, shown.all) {
        (0, 0) => "Asking every model…".to_owned(),
        (0, _) => "No model is like that".to_owned(),
        _ => {
            let verb = if run == 1 { "runs" } else { "run" };
            let (run, all, well) = (grouped(run as u64), grouped(all as u64), grouped(well as u64));
            format!("{run} of {all} {rows} {verb} here, {well} of them well")
        }
    }
}

fn sentence(bench: &Workbench, view: &View<'_>) -> String {
    let shown = view.shown;
    let context = bench.scenario.run.context;
    let each = match bench.rank.quants {
        Quants::Best => "Each at its best quant".to_owned(),
        Quants::Usual => format!("{} models at the usual quants", shown.models),
        Quants::Every => format!("{} models at every quant", shown.models),
        Quants::One(mix) => format!("Each in {}", mix.name()),
    };
    let mut text = format!("{each} for {context} tokens of context.");
    if bench.rank.filter.is_narrow() || !bench.search.trim().is_empty() {
        let left = grouped((shown.all - shown.counted()) as u64);
        text = format!("{text} Filters leave {left} out.");
    }
    match &shown.largest {
        Some(row) => {
            let (name, quant) = (&row.subject.model.name, row.quant());
            format!("{text} The largest that runs well is {name} in {quant}.")
        }
        None if shown.counted() > 0 => format!("{text} None of them runs well."),
        None => text,
    }
}

/// The switches, how long it took, and the way out.
pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, view: &View<'_>) -> Option<Command> {
    let palette = theme::palette(ui);
    let mut command = None;
    ui.horizontal(|ui| {
        ui.set_height(HEIGHT);
        ui.spacing_mut().item_spacing.x = 8.0;
        for level in Level::ALL {
            let on = &mut bench.rank.filter.levels[level as usize];
            if chip(ui, level, view.shown.counts[level as usize], *on).clicked() {
                *on = !*on;
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 14.0;
            let export = ui.add_enabled(!view.shown.rows.is_empty(), Button::new("Export…").icon(Icon::Share).small());
            if export.on_hover_text("The rows on screen as a table (CSV)").clicked() {
                command = Some(Command::Write(Exported {
                    name: "ranking".to_owned(),
                    kind: FileKind::Csv,
                    bytes: super::export(bench, view).into_bytes().into(),
                }));
            }
            if let Some(ranking) = &bench.ranking {
                let said = if let Some(took) = ranking.took {
                    format!("ranked in {} ms", grouped(took.as_millis() as u64))
                } else {
                    let (there, all) = ranking.progress();
                    format!("{} of {}", grouped(there as u64), grouped(all as u64))
                };
                if ui.available_width() > 90.0 {
                    ui.label(fonts::small(said).color(palette.t3));
                }
            }
        });
    });
    command
}

/// A verdict with its number of rows, switched on or off.
fn chip(ui: &mut Ui, level: Level, count: usize, on: bool) -> Response {
    let palette = theme::palette(ui);
    let glyph = glyph_of(level);
    let ink = if on { palette.t1 } else { palette.t3 };
    let lay = |text: String, weight, ink| ui.painter().layout_no_wrap(text, fonts::font(12.0, weight), ink);
    let word = lay(level.words().to_owned(), Weight::Medium, ink);
    let number = lay(grouped(count as u64), Weight::Regular, palette.t3);
    let (padding, gap) = (11.0, 7.0);
    let width = padding * 2.0 + 13.0 + gap * 2.0 + word.size().x + number.size().x;
    let (rect, response) = ui.allocate_exact_size(vec2(width.ceil(), HEIGHT), Sense::click());
    let name = format!("{} {}", level.words(), grouped(count as u64));
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), on, &name));
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        match (on, response.hovered()) {
            (_, true) => _ = painter.rect_filled(rect, radius::CONTROL, palette.bg4),
            (true, false) => _ = painter.rect_filled(rect, radius::CONTROL, palette.bg3),
            (false, false) => {
                let edge = Stroke::new(1.0, palette.line);
                painter.rect_stroke(rect, radius::CONTROL, edge, StrokeKind::Inside);
            }
        }
        let y = rect.center().y;
        let color = glyph.color(palette);
        let color = if on { color } else { theme::mix(color, palette.bg0, 0.4) };
        verdict::paint(painter, pos2(rect.left() + padding + 6.5, y), 13.0, glyph, color);
        let left = rect.left() + padding + 13.0 + gap;
        let middle = |galley: &egui::Galley| y - galley.size().y / 2.0;
        let number_left = left + word.size().x + gap;
        painter.galley(pos2(left, middle(&word)), word.clone(), ink);
        painter.galley(pos2(number_left, middle(&number)), number.clone(), palette.t3);
    }
    let hides = if on { "Leave them out" } else { "Show them" };
    response.on_hover_text(hides)
}
