//! In what machines differ: the answers first, then what they are made of.

use egui::{Align, Label, Layout, Rect, Sense, Ui, pos2, vec2};

use crate::hardware::{Machine, Source, Told, differences};
use crate::placement::Mode;
use crate::speed::Range;
use crate::units::{Seconds, TokensPerSecond};

use super::{Column, Compared};
use crate::ui::bench::{glyph_of, mark_of};
use crate::ui::fonts;
use crate::ui::paint::icon::Icon;
use crate::ui::paint::{mark, verdict};
use crate::ui::plot::{MemoryUnit, sample};
use crate::ui::theme;
use crate::ui::widget::button::small_icon_button;
use crate::ui::widget::card::{card, rows};

/// The width of the names of rows.
const WHAT: f32 = 176.0;
const ROW: f32 = 27.0;

/// What stands in a cell.
struct Cell {
    text: String,
    /// Beside it, smaller.
    note: String,
    source: Option<Source>,
    /// Whether it is what the first machine says.
    same: bool,
}

/// Draws the table; returns a machine that is to be taken out.
pub(super) fn ui(ui: &mut Ui, unit: MemoryUnit, columns: &[Column]) -> Option<Compared> {
    let machines: Vec<Machine> = columns.iter().map(|column| column.scenario.seen().into_owned()).collect();
    let made_of = differences(&machines.iter().collect::<Vec<_>>());
    let alike = made_of.iter().filter(|row| !row.differs()).count();
    let said = match alike {
        0 => String::new(),
        1 => "1 figure of the machines is alike and left out".to_owned(),
        count => format!("{count} figures of the machines are alike and left out"),
    };
    let mut out = None;
    let readout = |ui: &mut Ui| _ = ui.label(fonts::small(&said).color(theme::palette(ui).t3));
    card(ui, ["Differences", "estimates beside the figures they stand on"], readout, |ui| {
        ui.set_width(ui.available_width());
        rows(ui, ROW);
        ui.spacing_mut().item_spacing = vec2(8.0, 0.0);
        let each = ((ui.available_width() - WHAT) / columns.len().max(1) as f32 - 8.0).max(90.0);
        out = head(ui, each, columns);
        verdicts(ui, each, columns);
        for (what, cells) in answers(unit, columns) {
            row(ui, each, what, &cells);
        }
        for made in made_of.iter().filter(|row| row.differs()) {
            let first = made.values.first().and_then(Option::as_ref);
            let cells: Vec<Cell> = made.values.iter().map(|told| figure(told.as_ref(), first)).collect();
            row(ui, each, &made.what, &cells);
        }
    });
    out
}

fn head(ui: &mut Ui, each: f32, columns: &[Column]) -> Option<Compared> {
    let palette = theme::palette(ui);
    let mut out = None;
    line(ui, "", |ui| {
        for (place, column) in columns.iter().enumerate() {
            in_cell(ui, each, |ui| {
                let (rect, _) = ui.allocate_exact_size(vec2(34.0, 16.0), Sense::hover());
                sample(ui.painter(), rect, place, palette);
                let name = Label::new(fonts::strong(&column.name).color(palette.t1)).truncate();
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let close = small_icon_button(ui, Icon::Close, &format!("Take {} out", column.name));
                    if close.clicked() {
                        out = Some(column.which.clone());
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        ui.add(name).on_hover_text(column.scenario.machine.summary());
                    });
                });
            });
        }
    });
    out
}

fn verdicts(ui: &mut Ui, each: f32, columns: &[Column]) {
    let palette = theme::palette(ui);
    line(ui, "Verdict", |ui| {
        for column in columns {
            let said = &column.answer.verdict;
            in_cell(ui, each, |ui| {
                verdict::glyph(ui, glyph_of(said.level), 14.0);
                let words = Label::new(fonts::medium(said.level.words()).color(palette.t1)).truncate();
                ui.add(words).on_hover_text(format!("{}\n{}", said.sentence(), said.reason));
            });
        }
    });
}

/// The figures of each answer.
fn answers(unit: MemoryUnit, columns: &[Column]) -> Vec<(&'static str, Vec<Cell>)> {
    type Of<'a> = (&'static str, Box<dyn Fn(&Column) -> Option<Value> + 'a>);
    let all: [Of<'_>; 7] = [
        ("Tokens/s, empty cache", Box::new(|column| Some(Value::rate(&column.answer.bill.as_ref()?.rate)))),
        ("Prompt tokens/s", Box::new(|column| column.answer.prefill.as_ref().map(Value::rate))),
        ("First token after", Box::new(|column| column.answer.first_token.map(Value::time))),
        ("Whole answer in", Box::new(|column| column.answer.whole_answer.map(Value::time))),
        (
            "Memory needed",
            Box::new(|column| {
                let total = column.answer.plan.total();
                Some(Value::new(unit.of(total), total.as_f64()))
            }),
        ),
        (
            "Largest context",
            Box::new(|column| column.answer.fits_max.map(|most| Value::new(most.to_string(), most.as_f64()))),
        ),
        ("Placement", Box::new(|column| Some(Value::new(placement(column), f64::NAN)))),
    ];
    all.into_iter()
        .map(|(what, of)| {
            let values: Vec<_> = columns.iter().map(of).collect();
            let first = values.first().cloned().flatten();
            let cells = values.into_iter().enumerate().map(|(place, value)| told(place, value, first.as_ref()));
            (what, cells.collect())
        })
        .collect()
}

/// A value of an answer.
#[derive(Clone, Debug)]
struct Value {
    text: String,
    number: f64,
    /// The band of an estimate; empty where there is none.
    band: String,
}

impl Value {
    fn new(text: String, number: f64) -> Self {
        Self { text, number, band: String::new() }
    }

    fn rate(rate: &Range) -> Self {
        let text = |rate: f64| TokensPerSecond::saturating(rate).to_string();
        let band = if rate.is_exact() { String::new() } else { format!("{} to {}", text(rate.low), text(rate.high)) };
        Self { text: text(rate.expected), number: rate.expected, band }
    }

    fn time(time: Seconds) -> Self {
        Self::new(time.to_string(), time.get())
    }
}

fn told(place: usize, value: Option<Value>, first: Option<&Value>) -> Cell {
    let same = place > 0 && value.as_ref().map(|value| &value.text) == first.map(|value| &value.text);
    let share = match (&value, first) {
        (Some(own), Some(other)) if place > 0 && !same => times(own.number, other.number),
        _ => String::new(),
    };
    let band = value.as_ref().map_or_else(String::new, |value| value.band.clone());
    let note = [band, share].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    Cell { text: value.map_or_else(|| "—".to_owned(), |value| value.text), note, source: None, same }
}

fn figure(told: Option<&Told>, first: Option<&Told>) -> Cell {
    let Some(told) = told else {
        return Cell { text: "—".to_owned(), note: String::new(), source: None, same: first.is_none() };
    };
    let same = first.is_some_and(|first| first.text == told.text);
    let note = match (told.number, first.and_then(|first| first.number)) {
        (Some(own), Some(other)) if !same => times(own, other),
        _ => String::new(),
    };
    Cell { text: told.text.clone(), note, source: told.source, same }
}

/// How many times the first it is: `× 1.9`.
fn times(own: f64, first: f64) -> String {
    let share = own / first;
    match share {
        share if !share.is_finite() || share <= 0.0 || (0.95..1.05).contains(&share) => String::new(),
        share if share < 0.095 => format!("× {share:.2}"),
        share if share < 9.95 => format!("× {share:.1}"),
        share => format!("× {share:.0}"),
    }
}

/// How a model lies, in a few words.
fn placement(column: &Column) -> String {
    let plan = &column.answer.plan;
    match plan.mode {
        Mode::Gpu => "all on GPUs".to_owned(),
        Mode::Partial => format!("{} layers on GPUs", plan.gpu_layers),
        Mode::ExpertsInRam => format!("experts of {} layers in RAM", plan.cpu_expert_layers),
        Mode::Cpu => "all on the CPU".to_owned(),
        Mode::Disk => "partly on the disk".to_owned(),
        Mode::None => "—".to_owned(),
    }
}

fn row(ui: &mut Ui, each: f32, what: &str, cells: &[Cell]) {
    let palette = theme::palette(ui);
    line(ui, what, |ui| {
        for (place, cell) in cells.iter().enumerate() {
            in_cell(ui, each, |ui| {
                if let Some(source) = cell.source {
                    mark::mark(ui, mark_of(source), source.name());
                }
                // What is as in the first column steps back.
                let ink = if cell.same && place > 0 { palette.t3 } else { palette.t1 };
                let text = Label::new(fonts::body(&cell.text).color(ink)).truncate();
                ui.add(text);
                if !cell.note.is_empty() {
                    ui.label(fonts::small(&cell.note).color(palette.t3));
                }
            });
        }
    });
}

/// A line of the table under a hairline, its name at the left.
fn line(ui: &mut Ui, what: &str, cells: impl FnOnce(&mut Ui)) {
    let palette = theme::palette(ui);
    let top = ui.cursor().top();
    let across = ui.max_rect().x_range();
    if !what.is_empty() {
        ui.painter().hline(across, top, egui::Stroke::new(1.0, palette.line));
    }
    ui.horizontal(|ui| {
        ui.set_min_height(ROW);
        in_cell(ui, WHAT - 8.0, |ui| {
            ui.add(Label::new(fonts::small(what).color(palette.t2)).truncate());
        });
        cells(ui);
    });
}

/// A cell of this width.
fn in_cell(ui: &mut Ui, width: f32, contents: impl FnOnce(&mut Ui)) {
    let place = Rect::from_min_size(pos2(ui.cursor().left(), ui.cursor().top()), vec2(width, ROW));
    let layout = Layout::left_to_right(Align::Center);
    let mut cell = ui.new_child(egui::UiBuilder::new().max_rect(place).layout(layout));
    cell.set_clip_rect(place.intersect(ui.clip_rect()));
    cell.spacing_mut().item_spacing.x = 6.0;
    contents(&mut cell);
    ui.advance_cursor_after_rect(place);
}
