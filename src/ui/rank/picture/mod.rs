//! The picture: how fast each model runs against the memory it takes, or against what its quant loses.

mod spots;

use egui::{Align, Align2, Color32, FontId, Painter, Pos2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::advice::Ranked;
use crate::ui::bench::{Workbench, glyph_of};
use crate::ui::fonts::{self, Weight};
use crate::ui::memo::Memo;
use crate::ui::paint::line::{self, Dash};
use crate::ui::paint::{ring, verdict};
use crate::ui::plot::MemoryUnit;
use crate::ui::theme::{self, Palette, radius};
use crate::ui::widget::segmented::segmented;
use crate::units::grouped;

use super::filter::Quants;
use super::scale::{Scale, step_label};
use super::{Against, Pick, View, table};
use spots::Spot;

/// Left of the plot stand the labels of the rate, below it those of the other axis.
const LEFT: f32 = 42.0;
const FOOT: f32 = 40.0;
const TITLE: f32 = 42.0;
/// Tokens per second from which a model runs well.
const WELL: f64 = 10.0;
/// The most rows a hover names.
const MOST_NAMED: usize = 8;

/// The spots of the picture drawn last.
pub(super) type Spots = Memo<Drawn, Vec<Spot>>;

/// What spots are made from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drawn {
    job: u64,
    revision: u64,
    /// Where every point lies.
    points: Vec<(usize, Pos2, usize)>,
    plot: Rect,
    against: Against,
    selected: Option<usize>,
    names: Names,
}

/// What a name has to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Models,
    Quants,
}

/// The picture being drawn.
struct Picture<'a> {
    painter: &'a Painter,
    palette: &'a Palette,
    view: &'a View<'a>,
    unit: MemoryUnit,
    against: Against,
    plot: Rect,
    across: Scale,
    names: Names,
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, view: &View<'_>) -> Option<Pick> {
    let palette = theme::palette(ui);
    let card = ui.available_rect_before_wrap();
    ui.painter().rect_filled(card, radius::CARD, palette.bg2);
    title(ui, bench, Rect::from_min_size(card.min, vec2(card.width(), TITLE)));
    let losses = view.shown.rows.iter().filter_map(|row| row.loss.figure());
    let least_and_most = losses.fold([f64::INFINITY, 0.0], |[least, most], loss| [loss.min(least), loss.max(most)]);
    let against = bench.rank.against;
    let plot = Rect::from_min_max(
        pos2(card.left() + LEFT, card.top() + TITLE),
        pos2(card.right() - 14.0, card.bottom() - FOOT),
    );
    let names = if bench.rank.quants.is_one_each() { Names::Models } else { Names::Quants };
    let picture = Picture {
        painter: &ui.painter().with_clip_rect(card),
        palette,
        view,
        unit: bench.unit,
        against,
        plot,
        across: match against {
            Against::Memory => view.memory,
            Against::Quality if least_and_most[0].is_finite() => Scale::loss(least_and_most),
            Against::Quality => Scale::loss([0.001, 1.0]),
        },
        names,
    };
    let mut taken = Vec::new();
    if against == Against::Memory {
        picture.beyond();
    }
    picture.grid();
    if against == Against::Memory {
        taken = picture.room();
    }
    picture.guide(&mut taken);
    let points = picture.points();
    picture.foot(points.len(), card, view.catalog, bench.rank.quants);
    let name = format!("Speed against {}, {} points", words(against), points.len());
    let whole = ui.interact(plot, ui.scope_id().with("picture"), Sense::hover());
    whole.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &name));

    let (job, revision) = bench.ranking.as_ref().map_or((0, 0), |ranking| (ranking.job, ranking.revision()));
    let drawn = Drawn { job, revision, points, plot, against, selected: view.selected, names };
    let mut memo = std::mem::take(&mut bench.rank.spots);
    let spots = memo.get(drawn, |drawn| {
        let mut spots = spots::gather(drawn.points.iter().copied());
        let marked = |row: Option<usize>| row.and_then(|row| spots.iter().position(|spot| spot.rows.contains(&row)));
        let first = marked(view.selected);
        let turns: Vec<usize> = marked(view.shown.current).into_iter().chain(0..spots.len()).collect();
        spots::name(&mut spots, first, turns, plot, taken, |spot| picture.galley(spot).size());
        spots
    });
    let pick = picture.spots(ui, bench, spots);
    bench.rank.spots = memo;
    ui.advance_cursor_after_rect(card);
    pick
}

fn words(against: Against) -> &'static str {
    match against {
        Against::Memory => "memory",
        Against::Quality => "quality",
    }
}

fn title(ui: &mut Ui, bench: &mut Workbench, line: Rect) {
    let palette = theme::palette(ui);
    let inside = line.shrink2(vec2(14.0, 7.0));
    let mut child =
        ui.new_child(egui::UiBuilder::new().max_rect(inside).layout(egui::Layout::left_to_right(Align::Center)));
    child.label(fonts::title(format!("Speed against {}", words(bench.rank.against))).color(palette.t1));
    child.label(fonts::small("tokens/s").color(palette.t3));
    child.with_layout(egui::Layout::right_to_left(Align::Center), |ui| {
        let choices = [(Against::Memory, "memory"), (Against::Quality, "quality")];
        segmented(ui, "Speed against", &mut bench.rank.against, &choices);
    });
}

impl Picture<'_> {
    fn x(&self, value: f64) -> f32 {
        self.across.at(value, self.plot.x_range())
    }

    fn y(&self, rate: f64) -> f32 {
        self.plot.bottom() - self.plot.height() * self.view.rate.share(rate) as f32
    }

    fn memory(&self, bytes: crate::units::Bytes) -> f32 {
        self.x(bytes.as_f64() / self.unit.bytes() as f64)
    }

    /// Where each row lies that has a place, best first as the rows are.
    fn points(&self) -> Vec<(usize, Pos2, usize)> {
        let place = |row: &Ranked| {
            let rate = row.rate.filter(|rate| *rate > 0.0)?;
            let x = match self.against {
                Against::Memory => self.memory(row.memory),
                Against::Quality => self.x(row.loss.figure()?),
            };
            Some(pos2(x, self.y(rate)))
        };
        let rows = self.view.shown.rows.iter().enumerate();
        rows.filter_map(|(at, row)| Some((at, place(row)?, row.level as usize))).collect()
    }

    fn small(weight: Weight) -> FontId {
        fonts::font(11.0, weight)
    }

    fn grid(&self) {
        let Self { painter, palette, plot, .. } = self;
        for rate in self.view.rate.steps() {
            let y = self.y(rate);
            painter.hline(plot.x_range(), y, Stroke::new(1.0, palette.line));
            let at = pos2(plot.left() - 6.0, y);
            painter.text(at, Align2::RIGHT_CENTER, step_label(rate), Self::small(Weight::Regular), palette.t3);
        }
        let steps: Vec<f64> = match self.against {
            Against::Memory => self.across.powers().collect(),
            Against::Quality => self.across.steps().collect(),
        };
        let mut free = f32::NEG_INFINITY;
        let mut marks: Vec<(f32, f64)> = steps.into_iter().map(|step| (self.x(step), step)).collect();
        marks.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (x, step) in marks {
            painter.vline(x, plot.bottom()..=plot.bottom() + 3.0, Stroke::new(1.0, palette.line2));
            let text = painter.layout_no_wrap(step_label(step), Self::small(Weight::Regular), palette.t3);
            let place = Align2::CENTER_TOP.anchor_size(pos2(x, plot.bottom() + 5.0), text.size());
            if place.left() > free && place.right() <= plot.right() + 8.0 {
                free = place.right() + 6.0;
                painter.galley(place.min, text, palette.t3);
            }
        }
    }

    /// The region in which weights are read from disk.
    fn beyond(&self) {
        let left = self.memory(self.view.room.all);
        let rect = Rect::from_x_y_ranges(left..=self.plot.right(), self.plot.y_range());
        if rect.width() > 1.0 {
            let color = self.palette.verdict.disk;
            self.painter.rect_filled(rect, 0.0, color.gamma_multiply(0.08));
            line::hatch(self.painter, rect, color.gamma_multiply(0.25));
        }
    }

    /// The lines at which memory ends, with their names; returns what these take.
    fn room(&self) -> Vec<Rect> {
        let (room, plot, palette) = (&self.view.room, self.plot, self.palette);
        let mut taken = Vec::new();
        let mut label = |at: Pos2, anchor: Align2, text: String, ink: Color32| {
            let galley = self.painter.layout_no_wrap(text, Self::small(Weight::Medium), ink);
            let place = anchor.anchor_size(at, galley.size());
            self.painter.rect_filled(place.expand2(vec2(2.0, 0.0)), 0.0, palette.bg2);
            self.painter.galley(place.min, galley, ink);
            taken.push(place.expand(2.0));
        };
        let line = |x: f32, color: Color32, dash: Dash| {
            line::path(self.painter, &[pos2(x, plot.top()), pos2(x, plot.bottom())], Stroke::new(1.5, color), dash);
        };
        let whole = self.memory(room.all);
        line(whole, palette.pool.ram, Dash::Long);
        let name = |name: &str, bytes| format!("{name} {}", self.unit.number(bytes));
        // Left of its line at the top; where the line is too far left for that, right of it.
        let all = name(room.all_name, room.all);
        if whole - plot.left() > 110.0 {
            label(pos2(whole - 6.0, plot.top() + 10.0), Align2::RIGHT_CENTER, all, palette.pool.ram);
        } else {
            label(pos2(whole + 6.0, plot.top() + 26.0), Align2::LEFT_CENTER, all, palette.pool.ram);
        }
        if plot.right() - whole > 62.0 {
            label(
                pos2(whole + 8.0, plot.top() + 10.0),
                Align2::LEFT_CENTER,
                "from disk".to_owned(),
                palette.verdict.disk,
            );
        }
        if let Some(fast) = room.fast {
            let x = self.memory(fast);
            line(x, palette.pool.vram, Dash::Solid);
            let text = name(room.fast_name, fast);
            if whole - x > 84.0 || x - plot.left() < 84.0 {
                label(pos2(x + 6.0, plot.bottom() - 11.0), Align2::LEFT_CENTER, text, palette.pool.vram);
            } else {
                label(pos2(x - 6.0, plot.bottom() - 11.0), Align2::RIGHT_CENTER, text, palette.pool.vram);
            }
        }
        let lines = [Some(room.all), room.fast].into_iter().flatten().map(|bytes| self.memory(bytes));
        taken.extend(lines.map(|x| Rect::from_x_y_ranges(x - 1.0..=x + 1.0, plot.y_range())));
        taken
    }

    fn guide(&self, taken: &mut Vec<Rect>) {
        let y = self.y(WELL);
        let ends = [pos2(self.plot.left(), y), pos2(self.plot.right(), y)];
        line::path(self.painter, &ends, Stroke::new(1.0, self.palette.verdict.well), Dash::Dotted);
        let text = "runs well above";
        let galley = self.painter.layout_no_wrap(text.to_owned(), Self::small(Weight::Regular), self.palette.t3);
        let place = Align2::LEFT_BOTTOM.anchor_size(pos2(self.plot.left() + 4.0, y - 1.0), galley.size());
        self.painter.galley(place.min, galley, self.palette.t3);
        taken.push(place);
    }

    /// The name of the axis, and how many rows have no place in the picture.
    fn foot(&self, placed: usize, card: Rect, catalog: &crate::catalog::Catalog, quants: Quants) {
        let rows = self.view.shown.rows.len();
        let axis = match self.against {
            Against::Memory => format!("memory needed, {}", self.unit.name()),
            Against::Quality => {
                let quality = &catalog.quality;
                let figure = quality.headlines.first().map(|place| &quality.rows[*place]);
                figure.map_or_else(String::new, |figure| {
                    format!("{} (less is better), {}", figure.test_name, figure.model)
                })
            }
        };
        let left = rows - placed;
        let what = if quants.is_one_each() { "models" } else { "quants" };
        let why = match self.against {
            Against::Memory => "without a speed",
            Against::Quality => "without a cited figure",
        };
        let text = if left == 0 { axis } else { format!("{axis} · {} {what} {why} not drawn", grouped(left as u64)) };
        let mut job = egui::text::LayoutJob::simple_singleline(text, Self::small(Weight::Regular), self.palette.t3);
        job.wrap = egui::text::TextWrapping::truncate_at_width(card.width() - 28.0);
        let galley = self.painter.layout_job(job);
        let x = self.plot.center().x.min(card.right() - 14.0 - galley.size().x / 2.0);
        let x = x.max(card.left() + 14.0 + galley.size().x / 2.0);
        let at = pos2(x - galley.size().x / 2.0, card.bottom() - 8.0 - galley.size().y);
        self.painter.galley(at, galley, self.palette.t3);
    }

    /// The name of a spot: its row, or how many there are.
    fn galley(&self, spot: &Spot) -> std::sync::Arc<egui::Galley> {
        let row = |at: usize| &self.view.shown.rows[at];
        let is_marked = [self.view.selected, self.view.shown.current].iter().flatten().any(|at| spot.rows.contains(at));
        let shown = self.view.selected.filter(|at| spot.rows.contains(at)).unwrap_or(spot.rows[0]);
        let first = row(shown);
        let others = spot.rows.iter().filter(|at| row(**at).model() != first.model()).count();
        let text = match (spot.rows.len(), others) {
            (1, _) if self.names == Names::Quants => format!("{} {}", first.subject.model.name, first.quant()),
            (1, _) => first.subject.model.name.clone(),
            (_, _) if is_marked => first.subject.model.name.clone(),
            (count, 0) => format!("{}, {count} quants", first.subject.model.name),
            (count, _) if self.names == Names::Quants => format!("{count} quants"),
            (count, _) => format!("{count} models"),
        };
        let (weight, ink) =
            if is_marked { (Weight::Strong, self.palette.t1) } else { (Weight::Regular, self.palette.t2) };
        self.painter.layout_no_wrap(text, Self::small(weight), ink)
    }

    /// Signs, names, and what the hand does with them.
    fn spots(&self, ui: &Ui, bench: &Workbench, spots: &[Spot]) -> Option<Pick> {
        let (palette, rows) = (self.palette, &self.view.shown.rows);
        for spot in spots {
            if let Some(place) = spot.name {
                let galley = self.galley(spot);
                let ground = self.ground(place);
                self.painter.rect_filled(place.expand2(vec2(2.0, -1.0)), 0.0, ground);
                self.painter.galley(place.min, galley, palette.t2);
            }
        }
        let mut pick = None;
        // The best are drawn last and lie on top.
        for spot in spots.iter().rev() {
            let row = &rows[spot.rows[0]];
            let is_selected = self.view.selected.is_some_and(|at| spot.rows.contains(&at));
            let glyph = glyph_of(row.level);
            if is_selected {
                ring(self.painter, spot.at, 12.0, Stroke::new(2.0, palette.accent));
            }
            let size = if is_selected { 15.0 } else { 12.0 };
            verdict::paint(self.painter, spot.at, size, glyph, glyph.color(palette));
            let hit = Rect::from_center_size(spot.at, vec2(18.0, 18.0));
            let response = ui.interact(hit, ui.scope_id().with(("spot", row.model(), row.quant())), Sense::CLICK);
            let name = match spot.rows.len() {
                1 => table::name_of(row, self.unit),
                count => format!("{} and {} more", table::name_of(row, self.unit), count - 1),
            };
            response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_selected, format!("Point {name}")));
            if response.hovered() {
                ring(self.painter, spot.at, 10.0, Stroke::new(1.0, palette.t1));
            }
            if response.clicked() {
                pick = Some(next(bench, self.view, spot));
            }
            response.on_hover_ui(|ui| {
                for at in spot.rows.iter().take(MOST_NAMED) {
                    ui.label(fonts::small(table::name_of(&rows[*at], self.unit)).color(palette.t1));
                }
                if let Some(more) = spot.rows.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
                    ui.label(fonts::small(format!("and {more} more")).color(palette.t3));
                }
                let said = if is_selected { "Click again to open it in Run." } else { "Click to select it." };
                ui.label(fonts::caption(said).color(palette.t3));
            });
        }
        pick
    }

    /// What lies under a name.
    fn ground(&self, place: Rect) -> Color32 {
        let beyond = self.against == Against::Memory && place.center().x > self.memory(self.view.room.all);
        if beyond { theme::mix(self.palette.bg2, self.palette.verdict.disk, 0.08) } else { self.palette.bg2 }
    }
}

/// What a click on a spot means: its first row, the next of several, or to open the one that is selected.
fn next(bench: &Workbench, view: &View<'_>, spot: &Spot) -> Pick {
    let chosen = view.selected.filter(|_| bench.rank.selected.is_some());
    let Some(at) = chosen.and_then(|chosen| spot.rows.iter().position(|row| *row == chosen)) else {
        return Pick::Select(spot.rows[0]);
    };
    match spot.rows.len() {
        1 => Pick::Open(spot.rows[0]),
        count => Pick::Select(spot.rows[(at + 1) % count]),
    }
}
