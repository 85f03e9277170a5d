//! Other models for the same question on the same machine, with the time each takes to answer.

use std::sync::Arc;

use egui::Ui;

use crate::advice::{Alternative, alternatives};
use crate::ui::Command;
use crate::ui::bench::{Workbench, glyph_of};
use crate::ui::paint::verdict;
use crate::ui::rank::Ranking;
use crate::ui::widget::button::Button;
use crate::ui::widget::card::card;
use crate::ui::widget::sheet::{Col, pick, quiet, sheet, value};
use crate::units::TokensPerSecond;

use super::remark;

/// The most models shown.
const MOST: usize = 8;

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let breadth = bench.rank.quants.breadth();
    let ranking = bench.ranking.as_ref().filter(|ranking| ranking.answers(&bench.scenario, breadth));
    let known = ranking.map(|ranking| (ranking.is_running(), ranking.revision()));
    let mut command = None;
    let mut picked = None;
    card(
        ui,
        ["Other models, here", ""],
        |_| (),
        |ui| match known {
            None => {
                if ui.add(Button::new("Compare with every model").small()).clicked() {
                    command = Some(Command::Rank(breadth));
                }
                ui.add_space(4.0);
                remark(ui, "Asks the same of every model of the catalogue on this machine.");
            }
            Some((true, _)) => _ = remark(ui, "Asking every model…"),
            Some((false, revision)) => picked = table(ui, bench, revision),
        },
    );
    if let Some(row) = picked {
        let answer = bench.scenario.answer;
        bench.open_ranked(row);
        bench.workspace = crate::ui::bench::Workspace::Reason;
        // The same question of another model.
        bench.scenario.answer = answer;
        ui.ctx().request_discard("another model");
    }
    command
}

fn found(bench: &mut Workbench, revision: u64) -> Arc<Vec<Alternative>> {
    let key = (bench.scenario.clone(), revision);
    let ranking = bench.ranking.as_ref();
    let make = |(scenario, _): &(_, u64)| {
        let rows: Vec<_> = ranking.into_iter().flat_map(Ranking::rows).map(|(_, row)| row.clone()).collect();
        Arc::new(alternatives(scenario, &rows, MOST))
    };
    bench.reason.alternatives.get(key, make).clone()
}

/// The best of other models that run in memory; the row that was taken.
fn table(ui: &mut Ui, bench: &mut Workbench, revision: u64) -> Option<Arc<crate::scenario::Subject>> {
    let found = found(bench, revision);
    let unit = bench.unit;
    let least = if bench.scenario.engine.ideal { "≥ " } else { "" };
    let mut picked = None;
    if found.is_empty() {
        remark(ui, "No other model of the catalogue runs in the memory of this machine.");
        return None;
    }
    let columns = [
        Col::rest("Model"),
        Col::words("Quant", 84.0),
        Col::words("", 96.0),
        Col::number("Memory", 76.0),
        Col::number("tokens/s", 60.0),
        Col::number("Answer", 70.0),
    ];
    sheet(ui, "alternatives", &columns, found.len(), None, |ui, row, column| {
        let Alternative { row, answer } = &found[row];
        match column {
            0 => {
                let name = &row.subject.model.name;
                if pick(ui, name, false).on_hover_text(format!("Put {name} on screen")).clicked() {
                    picked = Some(row.subject.clone());
                }
            }
            1 => _ = quiet(ui, &row.subject.quant.id),
            2 => {
                let glyph = glyph_of(row.level);
                verdict::glyph(ui, glyph, 12.0);
                quiet(ui, glyph.word());
            }
            3 => _ = quiet(ui, &unit.of(row.memory)),
            4 => {
                let rate = row.rate.map(|rate| TokensPerSecond::saturating(rate).to_string());
                quiet(ui, rate.as_deref().unwrap_or("—"));
            }
            _ => {
                let time = answer.map(|time| format!("{least}{time}"));
                value(ui, time.as_deref().unwrap_or("—"));
            }
        }
    });
    ui.add_space(4.0);
    remark(
        ui,
        &format!(
            "Best first, each at its best quant, for an answer of {} tokens; never the model against itself.",
            bench.scenario.answer
        ),
    );
    picked
}
