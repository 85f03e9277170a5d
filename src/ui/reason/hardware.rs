//! What the machine on screen is for the model, what binds, and what other memory would give.

use std::sync::Arc;

use crate::advice::first_check;
use crate::advice::kits::Fit;
use crate::advice::least;
use crate::advice::memories::{self, Memory};
use crate::advice::nodes::{self, Group};
use crate::advice::parallel::{self, Degree};
use crate::advice::transfer::{self, Transfer};
use crate::advice::{baseline, binding, tier};
use crate::catalog::Catalog;
use crate::placement::Mode;
use crate::scenario::{Answer, Scenario};
use crate::speed::Range;
use crate::ui::Command;
use crate::ui::bench::Workbench;
use crate::units::TokensPerSecond;

use super::{GAP, hardware_tables as tables, heading, pair, said, several_machines};

/// A kind of memory with what the model does on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kind {
    pub name: String,
    pub bandwidth: String,
    /// Where the bandwidth comes from.
    pub origin: String,
    pub ceiling: Option<TokensPerSecond>,
    pub dense: Option<TokensPerSecond>,
    pub expected: Option<Range>,
    /// Whether it fits, where it is known how much there is.
    pub fits: Option<Fit>,
    /// What somebody measured or expected of this very model and quant.
    pub cited: String,
}

/// All of it, worked out for one question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Looked {
    pub tier: tier::Tier,
    pub check: Vec<first_check::Row>,
    pub binds: Vec<String>,
    pub from_disk: Vec<(String, Option<f64>)>,
    pub kinds: Vec<Kind>,
    /// Least and recommended hardware, each with a ready-made machine that has it.
    pub least: Vec<(least::Row, String)>,
    pub degrees: Vec<Degree>,
    /// The machine alone, with others, and ready-made clusters.
    pub groups: Vec<Group>,
    pub transfer: Transfer,
    pub steps: Vec<baseline::Step>,
}

pub(super) fn ui(ui: &mut egui::Ui, bench: &mut Workbench, catalog: &Catalog) -> Option<Command> {
    let looked = looked(ui, bench, catalog);
    heading(ui, looked.tier.words.trim_end_matches('.'));
    said(
        ui,
        "The widest form of the model whose weights take at most nine tenths of all memory that may be used; above that it is at its edge. Which form fits is by its weights; cache and buffers count in its speed and its longest context. What others would give stands below.",
    );
    ui.add_space(GAP);
    pair(ui, 0.5, bench, |ui, bench| tables::check(ui, bench, &looked), |ui, _| tables::binds(ui, &looked));
    ui.add_space(GAP);
    tables::kinds(ui, bench, &looked);
    ui.add_space(GAP);
    tables::least(ui, bench, &looked);
    ui.add_space(GAP);
    let command = several_machines::ui(ui, bench, &looked.groups);
    ui.add_space(GAP);
    pair(
        ui,
        0.5,
        bench,
        |ui, bench| {
            tables::degrees(ui, bench, &looked);
            ui.add_space(GAP);
            tables::transfer(ui, bench, &looked);
        },
        |ui, _| tables::steps(ui, &looked),
    );
    command
}

/// What is known for the question on screen; while a hand holds something, what was known before.
fn looked(ui: &egui::Ui, bench: &mut Workbench, catalog: &Catalog) -> Arc<Looked> {
    if !crate::ui::resting(ui)
        && let Some(last) = bench.reason.looked.last()
    {
        return last.clone();
    }
    let answer = bench.answer().clone();
    bench.reason.looked.get(bench.scenario.clone(), |scenario| Arc::new(look(scenario, &answer, catalog))).clone()
}

fn look(scenario: &Scenario, answer: &Answer, catalog: &Catalog) -> Looked {
    let model = &scenario.subject.model;
    let forms = catalog.forms(model, &scenario.engine);
    let subject = |name: &str| catalog.subject(model, name).map(Arc::new);
    let (native, eight) = (subject("native"), subject("Q8_0"));
    let id = native.as_ref().map_or_else(String::new, |native| native.quant.id.clone());
    let steps = native.as_ref().zip(eight.as_ref());
    let steps = steps.map(|(native, eight)| baseline::steps(scenario, native, eight, &catalog.quality));
    let least_of = [Some(scenario.subject.clone()), eight.clone(), native.clone()];
    let example = |row: least::Row| {
        let machines = catalog.profiles.iter().map(|profile| &profile.machine);
        let name = least::example(machines, row.least.need).map_or_else(String::new, |machine| machine.name.clone());
        (row, name)
    };
    let least = least::table(scenario, &least_of.into_iter().flatten().collect::<Vec<_>>());
    Looked {
        tier: tier::classify(scenario, &forms, &id),
        check: catalog.first_check(scenario),
        binds: binding::find(scenario, answer).lines(),
        from_disk: match answer.plan.mode {
            Mode::Disk => binding::from_disk(scenario, &forms),
            _ => Vec::new(),
        },
        kinds: kinds(scenario, catalog),
        least: least.into_iter().map(example).collect(),
        degrees: parallel::degrees(scenario),
        groups: groups(scenario, catalog),
        transfer: transfer::transfer(scenario.subject.weights.file, &scenario.machine),
        steps: steps.unwrap_or_default(),
    }
}

fn groups(scenario: &Scenario, catalog: &Catalog) -> Vec<Group> {
    let ceiling = catalog.engines.iter().find(|engine| engine.ideal);
    ceiling.map_or_else(Vec::new, |ceiling| nodes::groups(scenario, ceiling, &catalog.clusters()))
}

/// The memory of this machine first, then kinds to be had.
fn kinds(scenario: &Scenario, catalog: &Catalog) -> Vec<Kind> {
    let Some(ceiling) = catalog.engines.iter().find(|engine| engine.ideal) else { return Vec::new() };
    let own = memories::of_machine(&scenario.machine);
    let rows =
        |all: &[Memory]| memories::rows(scenario, ceiling, all).into_iter().map(|row| kind(&row)).collect::<Vec<_>>();
    let mut all = rows(&own);
    for kind in &mut all {
        kind.name = format!("{}, this machine", kind.name);
    }
    all.extend(rows(&catalog.memories));
    all
}

fn kind(row: &memories::Row<'_>) -> Kind {
    let bandwidth = &row.memory.bandwidth;
    let cited = row.cited.as_ref().map_or_else(String::new, |(cited, low, high)| {
        let range =
            if cited.low < cited.high { format!("{} to {}", cited.low, cited.high) } else { format!("{}", cited.low) };
        let share = if low < high {
            format!("{:.0} to {:.0} %", low * 100.0, high * 100.0)
        } else {
            format!("{:.0} %", low * 100.0)
        };
        format!("{range}, {share} of it ({})", cited.source)
    });
    Kind {
        name: row.memory.name.clone(),
        bandwidth: bandwidth.value.to_string(),
        origin: bandwidth.source.said_of(&bandwidth.origin),
        ceiling: row.ceiling,
        dense: row.dense,
        expected: row.expected,
        fits: row.fit,
        cited,
    }
}
