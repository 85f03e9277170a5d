//! Every model on the machine on screen: the list, the picture of it, and a card of the one selected.

mod card;
mod chips;
mod controls;
mod filter;
mod list;
mod picture;
mod ranking;
mod scale;
mod table;

use std::sync::Arc;

use egui::{Align, Layout, Ui, vec2};

use crate::advice::{Loss, Ranked};
use crate::catalog::Catalog;
use crate::formats::ranking_csv;
use crate::model::Architecture;
use crate::scenario::{Answer, Scenario, evaluate};
use crate::units::Params;

use super::bench::{Workbench, Workspace};
use super::memo::Memo;
use super::{Command, fonts, theme};
use list::{Asked, Shown};
use scale::{Room, Scale};

pub use filter::{Filter, Kind, Order, Quants, SizeClass, Sort, Turn};
pub use ranking::{Contexts, Ranking};

/// The width below which list and picture share their place.
const SIDE_BY_SIDE: f32 = 900.0;
/// The width from which the list has room for the largest contexts.
const ROOMY: f32 = 1240.0;
const GAP: f32 = 12.0;

/// What the picture sets speed against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Against {
    /// The memory it takes.
    #[default]
    Memory,
    /// What its quant loses, where that is cited.
    Quality,
}

/// What a narrow window shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Half {
    /// The list.
    #[default]
    List,
    /// The picture and the card.
    Picture,
}

/// Whether the field to type in still has to be given the keyboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Search {
    #[default]
    Ready,
    Opened,
}

/// What the user chose on this page.
#[derive(Default)]
pub struct RankPage {
    /// Which rows.
    pub filter: Filter,
    /// Which quants of each model.
    pub quants: Quants,
    /// In which order.
    pub order: Order,
    /// What the picture shows.
    pub against: Against,
    /// What a narrow window shows.
    pub half: Half,
    /// Model and quant of the row selected; else the question on screen is.
    selected: Option<(String, String)>,
    /// The pass it was drawn in last, to know when it is opened.
    drawn: u64,
    search: Search,
    place: table::Place,
    shown: Memo<Asked, Shown>,
    spots: picture::Spots,
    answer: Memo<Scenario, Answer>,
    params: Memo<Arc<Architecture>, Params>,
}

impl RankPage {
    /// Selects a row.
    pub(super) fn select(&mut self, row: &Ranked) {
        self.selected = Some((row.model().to_owned(), row.quant().to_owned()));
    }

    /// The row selected, else the question on screen.
    fn selected(&self, shown: &Shown) -> Option<usize> {
        let own = self
            .selected
            .as_ref()
            .and_then(|(model, quant)| shown.rows.iter().position(|row| row.model() == model && row.quant() == quant));
        own.or(shown.current)
    }
}

/// What the views of this page read.
struct View<'a> {
    shown: &'a Shown,
    selected: Option<usize>,
    room: Room,
    memory: Scale,
    rate: Scale,
    catalog: &'a Catalog,
}

/// What a row was asked for.
enum Pick {
    /// To be selected.
    Select(usize),
    /// To be opened on the page of one model.
    Open(usize),
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) -> Option<Command> {
    let pass = ui.ctx().cumulative_pass_nr();
    if bench.rank.drawn == 0 || pass > bench.rank.drawn + 1 {
        bench.rank.search = Search::Opened;
    }
    bench.rank.drawn = pass;
    ui.spacing_mut().item_spacing.y = 0.0;
    controls::ui(ui, bench, catalog);
    let mut command = wanted(ui, bench);
    ui.add_space(12.0);

    // Lent to the views, so that they can borrow it beside the bench.
    let mut memo = std::mem::take(&mut bench.rank.shown);
    let asked = asked(bench, catalog);
    let empty = Shown::default();
    let shown = match &bench.ranking {
        Some(ranking) => memo.get(asked, |asked| Shown::new(ranking, asked)),
        None => &empty,
    };
    let machine = bench.scenario.seen().into_owned();
    let room = Room::of(&machine);
    let memory = Scale::memory(bench.unit.bytes(), shown.memory.unwrap_or([room.all; 2]), &room);
    let rate = Scale::rate(shown.rate.unwrap_or([1.0, 100.0]));
    let view = View { shown, selected: bench.rank.selected(shown), room, memory, rate, catalog };
    chips::title(ui, bench, &view);
    ui.add_space(8.0);
    command = chips::ui(ui, bench, &view).or(command);
    ui.add_space(10.0);
    let pick = halves(ui, bench, &view);
    let picked = pick.map(|pick| match pick {
        Pick::Select(at) => (shown.rows.get(at).cloned(), Workspace::Rank),
        Pick::Open(at) => (shown.rows.get(at).cloned(), Workspace::Run),
    });
    bench.rank.shown = memo;
    if let Some((Some(row), workspace)) = picked {
        bench.rank.select(&row);
        if workspace == Workspace::Run {
            bench.open_ranked(row.subject);
        }
    }
    command
}

/// The ranking to be made, or the contexts to be looked for. A drag is waited for.
fn wanted(ui: &Ui, bench: &Workbench) -> Option<Command> {
    let quants = bench.rank.quants;
    let current = bench.ranking.as_ref().filter(|ranking| ranking.answers(&bench.scenario, quants.breadth()));
    match current {
        _ if !super::resting(ui) => None,
        None => Some(Command::Rank(quants.breadth())),
        Some(ranking) if ranking.is_running() || ranking.contexts != Contexts::Unasked => None,
        Some(_) => (quants.is_one_each() && ui.available_width() >= ROOMY).then_some(Command::FindContexts),
    }
}

fn asked(bench: &mut Workbench, catalog: &Catalog) -> Asked {
    let (job, revision) = bench.ranking.as_ref().map_or((0, 0), |ranking| (ranking.job, ranking.revision()));
    let page = &bench.rank;
    let (quants, filter, order) = (page.quants, page.filter.clone(), page.order);
    Asked { job, revision, quants, filter, search: bench.search.clone(), order, current: current(bench, catalog) }
}

/// The question on screen as a row.
fn current(bench: &mut Workbench, catalog: &Catalog) -> Ranked {
    let subject = bench.scenario.subject.clone();
    let params = *bench.rank.params.get(subject.model.clone(), |model| model.params());
    let answer = bench.answer();
    let mix = subject.quant.as_mix();
    let released = mix.is_some() && mix == subject.model.native_mix();
    let label = subject.quant.id.split('@').next().unwrap_or_default();
    Ranked {
        level: answer.verdict.level,
        rate: answer.bill.as_ref().map(|bill| bill.rate.expected),
        memory: answer.plan.total(),
        context_max: answer.fits_max,
        loss: if released { Loss::AsReleased } else { Loss::cited(&catalog.quality, label) },
        params,
        subject,
    }
}

/// The list and the picture, side by side or one of them.
fn halves(ui: &mut Ui, bench: &mut Workbench, view: &View<'_>) -> Option<Pick> {
    let size = ui.available_size();
    if size.x >= SIDE_BY_SIDE {
        let right = (size.x * 0.39).round().clamp(388.0, 720.0);
        let left = size.x - right - GAP;
        return ui
            .horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = GAP;
                let picked = part(ui, left, size.y, |ui| table::ui(ui, bench, view));
                let shown = part(ui, right, size.y, |ui| {
                    let drawn = part(ui, right, size.y - GAP - card::HEIGHT, |ui| picture::ui(ui, bench, view));
                    ui.add_space(GAP);
                    drawn.or(card::ui(ui, bench, view))
                });
                picked.or(shown)
            })
            .inner;
    }
    match bench.rank.half {
        Half::List => part(ui, size.x, size.y, |ui| table::ui(ui, bench, view)),
        Half::Picture => {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = GAP;
                let right = 300.0;
                let drawn = part(ui, size.x - right - GAP, size.y, |ui| picture::ui(ui, bench, view));
                drawn.or(part(ui, right, size.y, |ui| card::ui(ui, bench, view)))
            })
            .inner
        }
    }
}

/// A part of the page of this size, filled from the top.
fn part<R>(ui: &mut Ui, width: f32, height: f32, contents: impl FnOnce(&mut Ui) -> R) -> R {
    ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::Min), |ui| {
        ui.set_width(width);
        contents(ui)
    })
    .inner
}

/// The answer about a row, kept while it is the same.
fn answer_about(bench: &mut Workbench, row: &Ranked) -> Answer {
    if *row.subject == *bench.scenario.subject {
        return bench.answer().clone();
    }
    let mut scenario = Ranking::question(&bench.scenario);
    scenario.run.context = scenario.run.context.min(row.subject.model.max_context);
    scenario.answer = super::bench::usual_answer(&row.subject);
    scenario.subject = row.subject.clone();
    bench.rank.answer.get(scenario, evaluate).clone()
}

/// The rows on screen as a table for other programs.
fn export(bench: &Workbench, view: &View<'_>) -> String {
    let figure = view.catalog.quality.headlines.first().map(|place| &view.catalog.quality.rows[*place]);
    let test = figure.map_or_else(String::new, |figure| format!("{}, {}", figure.test_name, figure.model));
    ranking_csv::write(&view.shown.rows, &bench.scenario.machine.name, bench.scenario.run.context, &test)
}

/// A caption over a control.
fn column<R>(ui: &mut Ui, name: &str, width: f32, contents: impl FnOnce(&mut Ui) -> R) -> R {
    ui.vertical(|ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.label(fonts::caption(name).color(theme::palette(ui).t3));
        contents(ui)
    })
    .inner
}
