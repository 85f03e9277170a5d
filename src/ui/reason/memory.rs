//! The memory equation of a study with the numbers of the question in it, and what it found memory is best spent on.

use egui::{Ui, vec2};

use crate::catalog::Catalog;
use crate::model::{Architecture, FeedForward, Mixer};
use crate::reasoning::equation::{Equation, Studied, studied};
use crate::reasoning::strategy::{self, CAVEAT, Strategy, Task, advise, better};
use crate::ui::bench::Workbench;
use crate::ui::fonts;
use crate::ui::run;
use crate::ui::theme;
use crate::ui::widget::card::{card, rows};
use crate::ui::widget::segmented::segmented;
use crate::ui::widget::sheet::{Col, quiet, sheet, value, words};
use crate::units::{Bytes, GIB, Tokens, grouped};

use super::state::WeightBits;
use super::{GAP, column, heading, pair, remark, said, scale};

/// The study, as it is cited.
const STUDY: &str =
    "Kim et al., Not All Bits Are Equal, arXiv 2510.10964, as read in its summaries and reviews; its GB are GiB.";
/// The answers of the study's table, tokens.
const TABLE: Tokens = Tokens::new(30_000);
/// Its models, by their id in the catalogue.
const MODELS: [(&str, &str); 6] = [
    ("qwen3-0.6b", "0.6B"),
    ("qwen3-1.7b", "1.7B"),
    ("qwen3-4b", "4B"),
    ("qwen3-8b", "8B"),
    ("qwen3-14b", "14B"),
    ("qwen3-32b", "32B"),
];

/// A row of the study's table, by the equation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TableRow {
    name: &'static str,
    /// At 4, 8 and 16 bits.
    weights: [Bytes; 3],
    /// Of one sample and of sixteen.
    cache: [Bytes; 2],
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let equation = equation(bench);
    if let Some(equation) = &equation {
        let text = format!(
            "{} of weights and {} of cache are {}",
            two(equation.weights()),
            two(equation.cache()),
            two(equation.total())
        );
        heading(ui, &text);
        said(ui, &beside(bench));
    } else {
        heading(ui, "The equation has no term for this cache");
        said(
            ui,
            "Its layers have windows or a recurrent state, so the cache does not grow by a fixed number for each token. What a run takes stands on the page Run.",
        );
    }
    ui.add_space(8.0);
    controls(ui, bench);
    ui.add_space(GAP);
    let table = bench.reason.table.get((), |()| table(catalog)).clone();
    pair(
        ui,
        0.5,
        bench,
        |ui, bench| {
            if let Some(equation) = &equation {
                terms(ui, &bench.scenario.subject.model, equation);
                ui.add_space(GAP);
            }
            printed(ui, &table);
        },
        |ui, bench| advice(ui, bench, equation.as_ref()),
    );
}

/// The equation of the question on screen.
fn equation(bench: &mut Workbench) -> Option<Equation> {
    let key = (bench.scenario.subject.model.clone(), bench.reason.bits);
    let made = *bench.reason.equation.get(key, |(model, bits)| Equation::of(model, bits.number(), Tokens::ZERO, 1));
    made.map(|made| Equation { tokens: bench.scenario.answer, samples: bench.samples(), ..made })
}

/// What the study says of several samples, with its caveat.
pub(super) fn of_samples(bench: &mut Workbench) -> Vec<String> {
    let Some(equation) = equation(bench) else { return Vec::new() };
    let model = &bench.scenario.subject.model;
    let strategy = advise(equation.weights(), bench.reason.task, equation.total());
    let bits = equation.bits;
    let study = format!("By a study's equation at {bits} bits: {}", samples(&strategy, &equation));
    match studied(model) {
        Studied::Yes => vec![study, CAVEAT.to_owned()],
        Studied::No => vec![format!("Not tested on such models: {}. {study}", untested(model)), CAVEAT.to_owned()],
    }
}

fn samples(strategy: &Strategy, equation: &Equation) -> String {
    match strategy.samples {
        1 => format!("several samples did not pay at {} in all.", two(equation.total())),
        count => format!("at {} in all, {count} samples and more paid, by majority vote.", two(equation.total())),
    }
}

/// To two places, as the study prints: `4.12 GiB`.
pub(super) fn two(bytes: Bytes) -> String {
    let gib = bytes.as_f64() / GIB as f64;
    if gib < 999.995 { format!("{gib:.2} GiB") } else { format!("{} GiB", grouped(gib.round() as u64)) }
}

/// The equation beside what a run on screen takes: it leaves out what the engine allocates.
fn beside(bench: &mut Workbench) -> String {
    let unit = bench.unit;
    let plan = &bench.answer().plan;
    let (total, weights, kv) = (unit.of(plan.total()), unit.of(plan.weights()), unit.of(plan.kv()));
    let quant = &bench.scenario.subject.quant.id;
    let context = bench.scenario.run.context;
    format!(
        "By the study's equation, which leaves out prompt and buffers. The run on screen takes {total}: {quant} {weights}, a cache for {context} tokens {kv}, and buffers."
    )
}

fn controls(ui: &mut Ui, bench: &mut Workbench) {
    let before = (bench.reason.bits, bench.scenario.clone());
    let width = ((ui.available_width() - 2.0 * 24.0) / 3.0).min(320.0);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 24.0;
        column(ui, width, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.label(fonts::small("Bits of a weight").color(theme::palette(ui).t2));
            segmented(ui, "Bits of a weight", &mut bench.reason.bits, &WeightBits::ALL);
        });
        column(ui, width, |ui| run::answer_length(ui, bench));
        column(ui, width, |ui| run::samples(ui, bench));
    });
    if before != (bench.reason.bits, bench.scenario.clone()) {
        ui.ctx().request_discard("another equation");
    }
}

/// Both terms with their numbers.
fn terms(ui: &mut Ui, model: &Architecture, equation: &Equation) {
    card(
        ui,
        ["The equation", ""],
        |_| (),
        |ui| {
            rows(ui, 18.0);
            ui.spacing_mut().item_spacing.y = 3.0;
            let bits = equation.bits;
            let quantized = grouped(equation.quantized.get());
            let kept = grouped(equation.kept.get());
            line(ui, "weights", "= N × bits / 8 + N / 128 × (16 + bits) / 8 + kept × 16 / 8");
            if bits < 16.0 {
                line(
                    ui,
                    "",
                    &format!("= {quantized} × {bits} / 8 + {quantized} / 128 × {} / 8 + {kept} × 2", 16.0 + bits),
                );
            } else {
                line(ui, "", &format!("= {quantized} × 2 + {kept} × 2"));
            }
            result(ui, &two(equation.weights()));
            line(ui, "cache", "= samples × tokens × numbers of a token × 16 / 8");
            let (samples, tokens, values) = (equation.samples, equation.tokens, grouped(equation.values));
            line(ui, "", &format!("= {samples} × {tokens} × {values} × 2"));
            if let Some(shape) = shape(model) {
                line(ui, "", &format!("   {values} = {shape}"));
            }
            result(ui, &two(equation.cache()));
            ui.add_space(2.0);
            remark(
                ui,
                &format!(
                    "Embedding, norms and head are kept in 16 bit; scales of 16 bit for 128 weights, zero points as wide as a weight. {STUDY}"
                ),
            );
        },
    );
}

/// Where the numbers of a token come from, where every layer is alike.
fn shape(model: &Architecture) -> Option<String> {
    let first = model.layers.first()?.mixer;
    if model.layers.iter().any(|layer| layer.mixer != first) {
        return None;
    }
    let layers = model.layers.len();
    match first {
        Mixer::Attention(a) if a.key == a.value => {
            Some(format!("{layers} layers × {} KV heads × {} × 2", a.kv_heads, a.key))
        }
        Mixer::Attention(a) => Some(format!("{layers} layers × {} KV heads × ({} + {})", a.kv_heads, a.key, a.value)),
        Mixer::Mla(m) => Some(format!("{layers} layers × ({} + {}), the latent once", m.kv_rank, m.rope)),
        _ => None,
    }
}

fn line(ui: &mut Ui, name: &str, text: &str) {
    let palette = theme::palette(ui);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.allocate_ui(vec2(52.0, 16.0), |ui| {
            ui.set_min_width(52.0);
            ui.label(fonts::small(name).color(palette.t2));
        });
        ui.add(egui::Label::new(fonts::small(text).color(palette.t2)).wrap());
    });
}

fn result(ui: &mut Ui, text: &str) {
    ui.horizontal(|ui| {
        ui.add_space(60.0);
        ui.label(fonts::medium(format!("= {text}")).size(12.0).color(theme::palette(ui).t1));
    });
}

fn table(catalog: &Catalog) -> Vec<TableRow> {
    let row = |(id, name): (&str, &'static str)| {
        let model = catalog.model(id)?;
        let at = |bits: f64, samples: u64| Equation::of(model, bits, TABLE, samples);
        Some(TableRow {
            name,
            weights: [at(4.0, 1)?.weights(), at(8.0, 1)?.weights(), at(16.0, 1)?.weights()],
            cache: [at(4.0, 1)?.cache(), at(4.0, 16)?.cache()],
        })
    };
    MODELS.into_iter().filter_map(row).collect()
}

/// The study's own table, computed again.
fn printed(ui: &mut Ui, table: &[TableRow]) {
    card(
        ui,
        ["The study's table, computed again", "GiB"],
        |_| (),
        |ui| {
            let columns = [
                Col::rest("Qwen3"),
                Col::number("4 bit", 54.0),
                Col::number("8 bit", 54.0),
                Col::number("16 bit", 54.0),
                Col::number("KV of 30,000", 78.0),
                Col::number("of 16 samples", 82.0),
            ];
            let gib = |bytes: Bytes| format!("{:.2}", bytes.as_f64() / GIB as f64);
            sheet(ui, "study", &columns, table.len(), None, |ui, row, column| {
                let row = &table[row];
                match column {
                    0 => _ = words(ui, row.name),
                    1..=3 => _ = value(ui, &gib(row.weights[column - 1])),
                    _ => _ = quiet(ui, &gib(row.cache[column - 4])),
                }
            });
            ui.add_space(4.0);
            remark(
                ui,
                "Within 0.02 GiB of what was printed. The 16-bit checkpoints of 0.6B and 1.7B hold their head twice: 1.40 and 3.78 in print.",
            );
        },
    );
}

/// What the study would say, with its limits; of other models with the word that they were not tested.
fn advice(ui: &mut Ui, bench: &mut Workbench, equation: Option<&Equation>) {
    let model = bench.scenario.subject.model.clone();
    let tested = studied(&model) == Studied::Yes;
    let title = if tested { "What memory is best spent on" } else { "What memory is best spent on: not tested" };
    card(
        ui,
        [title, ""],
        |_| (),
        |ui| {
            rows(ui, 18.0);
            ui.spacing_mut().item_spacing.y = 4.0;
            let tasks = Task::ALL.map(|task| (task, task.name()));
            segmented(ui, "Task", &mut bench.reason.task, &tasks);
            let task = bench.reason.task;
            let palette = theme::palette(ui);
            if let Some(equation) = equation {
                scale::scale(ui, equation.weights());
                if !tested {
                    let why = untested(&model);
                    let text =
                        format!("Not tested: {why}. For a dense model with weights of this size the study says:");
                    ui.add(egui::Label::new(fonts::body(text).color(palette.t1)).wrap());
                }
                let strategy = advise(equation.weights(), task, equation.total());
                let ink = if tested { palette.t1 } else { palette.t3 };
                for text in lines(&strategy, equation, task) {
                    ui.add(egui::Label::new(fonts::body(text).color(ink)).wrap());
                }
                for text in beaten(&model, bench.reason.bits, task) {
                    ui.add(egui::Label::new(fonts::body(text).color(palette.t1)).wrap());
                }
            } else {
                ui.add(
                    egui::Label::new(fonts::body(format!("Not tested: {}.", untested(&model))).color(palette.t1))
                        .wrap(),
                );
            }
            remark(ui, CAVEAT);
            remark(
                ui,
                "Answers were lengthened and cut by force, 30 questions of AIME among them; no curve of accuracy can be drawn from what was read, so none is.",
            );
        },
    );
}

fn lines(strategy: &Strategy, equation: &Equation, task: Task) -> Vec<String> {
    let weights = two(equation.weights());
    vec![
        format!("Weights of {weights}: {}.", strategy.spend.words()),
        format!("For {}, {}.", task.name(), strategy.four_bit.words()),
        format!("Cache: {}.", strategy.cache.words()),
        format!("Samples: {}", samples(strategy, equation)),
    ]
}

/// What did better than this very model at these bits.
fn beaten(model: &Architecture, bits: WeightBits, task: Task) -> Vec<String> {
    let catalog = Catalog::builtin();
    let found = better(&model.id, bits.number() as u64, task);
    let say = |one: &strategy::Sized| {
        let other = catalog.model(one.model)?;
        let size = Equation::of(other, one.bits as f64, Tokens::ZERO, 1)?.weights();
        Some(format!("{}-bit {} has {} of weights and did better at {}.", one.bits, one.name, two(size), task.name()))
    };
    found.iter().filter_map(say).collect()
}

/// Why the study says nothing of a model.
fn untested(model: &Architecture) -> &'static str {
    let experts = model.layers.iter().any(|layer| matches!(layer.ffn, FeedForward::Moe(_)));
    let latent = model.layers.iter().any(|layer| matches!(layer.mixer, Mixer::Mla(_)));
    match (experts, latent) {
        (true, true) => "the study had no mixture of experts and no latent cache",
        (true, false) => "the study had no mixture of experts",
        (false, true) => "the study had no latent cache",
        (false, false) => "the study had no windows and no recurrent layers",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::MIB;

    #[test]
    fn the_table_is_that_of_the_study() {
        let table = table(Catalog::builtin());
        assert_eq!(table.len(), MODELS.len());
        let four = table[2];
        assert_eq!(four.cache.map(|bytes| bytes.get() / MIB), [4218, 67_500]);
        assert_eq!(two(four.weights[1]), "4.19 GiB");
    }

    #[test]
    fn sizes_have_the_study_s_two_places() {
        assert_eq!(two(Bytes::new(4_423_680_000)), "4.12 GiB");
        assert_eq!(two(Bytes::gib(2000)), "2,000 GiB");
    }
}
