//! The same answer drawn several times side by side.

use std::sync::Arc;

use egui::Ui;

use crate::scenario::{Answer, evaluate_here};
use crate::ui::bench::{Workbench, glyph_of};
use crate::ui::paint::verdict;
use crate::ui::widget::card::card;
use crate::ui::widget::sheet::{Col, quiet, sheet, value, words};
use crate::ui::{fonts, theme};
use crate::units::{Bytes, Tokens, TokensPerSecond};

use super::answer::time_text;
use super::{memory, remark};

/// Samples of an answer that are compared.
const SAMPLES: [u64; 4] = [1, 4, 8, 16];

/// An answer drawn so many times side by side.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drawn {
    count: u64,
    answer: Answer,
}

/// The same answer drawn several times side by side: what it takes, and what the study said of it.
pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) {
    let unit = bench.unit;
    let drawn = bench.reason.samples.get(bench.scenario.clone(), |scenario| {
        let each = scenario.depth + scenario.prompt + scenario.answer;
        let draw = |count: u64| {
            let mut asked = scenario.clone();
            asked.run.sequences = count;
            asked.run.context = Tokens::new(each.get().saturating_mul(count));
            Drawn { count, answer: evaluate_here(&asked) }
        };
        Arc::new(SAMPLES.map(draw).to_vec())
    });
    let drawn = drawn.clone();
    let advice = memory::of_samples(bench);
    let least = if bench.scenario.engine.ideal { "≥ " } else { "" };
    card(
        ui,
        ["Several samples of each answer", ""],
        |_| (),
        |ui| {
            let columns = [
                Col::number("Samples", 60.0),
                Col::number("KV cache", 90.0),
                Col::words("", 100.0),
                Col::number("tokens/s each", 92.0),
                Col::number("together", 70.0),
                Col::number("All done after", 100.0),
                Col::rest(""),
            ];
            sheet(ui, "samples", &columns, drawn.len(), None, |ui, row, column| {
                let Drawn { count, answer } = &drawn[row];
                let rate = |rate: Option<f64>| {
                    rate.map_or_else(|| "—".to_owned(), |rate| TokensPerSecond::saturating(rate).to_string())
                };
                let bill = answer.bill.as_ref();
                match column {
                    0 => _ = words(ui, &count.to_string()),
                    1 => _ = value(ui, &unit.of(cache(answer))),
                    2 => {
                        let glyph = glyph_of(answer.verdict.level);
                        verdict::glyph(ui, glyph, 12.0);
                        quiet(ui, glyph.word());
                    }
                    3 => _ = quiet(ui, &rate(bill.map(|bill| bill.rate.expected))),
                    4 => _ = quiet(ui, &rate(bill.map(|bill| bill.throughput().expected))),
                    5 => _ = value(ui, &time_text(least, answer.whole_answer)),
                    _ => {}
                }
            });
            ui.add_space(4.0);
            remark(
                ui,
                "Each with a context that holds prompt and answer of every sample; of the answers the one most agree on is taken.",
            );
            ui.spacing_mut().item_spacing.y = 3.0;
            for text in &advice {
                ui.add(egui::Label::new(fonts::small(text).color(theme::palette(ui).t2)).wrap());
            }
        },
    );
}

fn cache(answer: &Answer) -> Bytes {
    answer.plan.kv() + answer.plan.state()
}
