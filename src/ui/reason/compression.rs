//! Ways to keep a cache smaller: fewer bits for each value, or fewer tokens; as lines over the context, on all the memory a run takes.

use std::sync::Arc;

use egui::{Color32, Label, Ui};

use crate::memory::{self, Growth, RunOptions};
use crate::quant::Format;
use crate::reasoning::compression::{Bits, Compression};
use crate::scenario::{Point, Scenario, contexts, evaluate_here, sweep};
use crate::ui::bench::{Workbench, without_context};
use crate::ui::fonts;
use crate::ui::paint::line::Dash;
use crate::ui::plot::Curves;
use crate::ui::plot::lines::{Line, lines};
use crate::ui::plot::ways::{Way, ways};
use crate::ui::theme;
use crate::ui::widget::card::{card, card_under, rows, titles};
use crate::ui::widget::number_field::number_field;
use crate::ui::widget::sheet::{Col, quiet, sheet, value, words};
use crate::units::{Bytes, Tokens};

use super::state::Smaller;
use super::{pair, remark, under};

/// The height of the plot.
const PLOT: f32 = 260.0;

/// What is drawn of the ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shown {
    /// All memory a run takes.
    #[default]
    All,
    /// The cache of one sequence, both scales doubling.
    Cache,
}

impl Shown {
    const ALL: [(Self, &'static str); 2] =
        [(Self::All, "Memory by context"), (Self::Cache, "One sequence's cache alone")];
}

impl Smaller {
    /// Every way with what is typed of it, the plain cache first.
    fn ways(&self) -> [Compression; 5] {
        let Self { bits, group, zero, residual, budget, buffer, sinks, window, hitters } = *self;
        let residual = Tokens::new(residual);
        [
            Compression::None,
            Compression::Quantized(Bits { bits: bits as f64, group, scale: 16, zero, residual }),
            Compression::Evicted { budget: Tokens::new(budget), buffer: Tokens::new(buffer) },
            Compression::Window { sinks: Tokens::new(sinks), window: Tokens::new(window) },
            Compression::HeavyHitters { budget: Tokens::new(hitters) },
        ]
    }
}

/// What was read of each way, and from whom; in the order of the ways.
const READ: [&str; 5] = [
    "",
    "The study: 8 bit stays competitive, 4 bit drops clearly, 2 bit worse (arXiv 2510.10964, in summaries). KIVI: 2 bit, 2.6 times less peak memory with the weights (arXiv 2402.02750, abstract).",
    "Its README: about all of the full accuracy at a tenth of the cache, lossless at 1,024 tokens for R1-Llama-8B on MATH, 1,536 on AIME; 1,536 and 3,072 for R1-Qwen-14B. It counts the budget alone.",
    "Forgets the middle. 4 sinks are from memory, not read; no figure for reasoning was found.",
    "Half by the attention it received, half the latest; near full quality at a fifth of the cache, on older models.",
];
/// What each way is called at its line.
const NAMES: [&str; 5] = ["16 bit, all tokens", "fewer bits", "R-KV", "StreamingLLM", "H2O"];

/// What a token of one sequence takes in 16 bit; none where the cache does not grow so.
fn per_token(bench: &Workbench) -> Option<Bytes> {
    let scenario = &bench.scenario;
    let run = RunOptions { kv_k: Format::F16, kv_v: Format::F16, ..scenario.run };
    let cache = memory::cache(&scenario.subject.model, &run).ok()?;
    Some(cache.bytes_per_token()).filter(|bytes| bytes.get() > 0)
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) {
    let Some(per_token) = per_token(bench) else {
        remark(ui, "This cache does not grow with its tokens, so nothing would make it smaller.");
        return;
    };
    let before = bench.reason.smaller;
    pair(ui, 0.52, bench, |ui, bench| plot(ui, bench, per_token), |ui, bench| typed(ui, &mut bench.reason.smaller));
    ui.add_space(super::GAP);
    shares(ui, bench, per_token);
    if bench.reason.smaller != before {
        ui.ctx().request_discard("another cache");
    }
}

/// Whether part of the cache stops growing by itself.
fn windows(bench: &Workbench) -> bool {
    let cache = bench.scenario.cache();
    cache.layers.iter().any(|layer| layer.growth == Growth::Bounded && layer.bytes + layer.state > Bytes::ZERO)
}

/// Tokens the sizes are read at: prompt and answer of the question.
fn at(bench: &Workbench) -> Tokens {
    let scenario = &bench.scenario;
    Tokens::new((scenario.depth + scenario.prompt + scenario.answer).get().max(1))
}

fn plot(ui: &mut Ui, bench: &mut Workbench, per_token: Bytes) {
    let at = at(bench);
    let points = in_sixteen(bench);
    let shown_now = bench.reason.shown_of_cache;
    let mut shown = shown_now;
    card_under(
        ui,
        |ui| _ = titles(ui, &mut shown, &Shown::ALL),
        |ui| {
            let unit = if shown_now == Shown::All { bench.unit.name() } else { "bytes, both scales double" };
            let text = format!("{unit}, at {at} tokens");
            ui.add(Label::new(fonts::small(text).color(theme::palette(ui).t3)).truncate());
        },
        |ui| {
            match shown_now {
                Shown::All => in_all(ui, bench, per_token, &points),
                Shown::Cache => alone(ui, bench, per_token),
            }
            if windows(bench) {
                remark(
                    ui,
                    "Only what grows with every token is made smaller: layers with a window, and recurrent state, stop by themselves.",
                );
            }
            remark(
                ui,
                "A cache in fewer bits rises less; one that evicts tokens stops growing. Sizes only: no curve of accuracy was published that could be drawn.",
            );
        },
    );
    bench.reason.shown_of_cache = shown;
}

/// The question asked at many contexts with its cache in 16 bit.
fn in_sixteen(bench: &mut Workbench) -> Arc<Vec<Point>> {
    let mut key = without_context(&bench.scenario);
    (key.run.kv_k, key.run.kv_v) = (Format::F16, Format::F16);
    let points = bench
        .reason
        .plain
        .get(key, |scenario| Arc::new(sweep(scenario, &contexts(scenario.subject.model.max_context))));
    points.clone()
}

/// What a sequence holds of a context.
fn each(scenario: &Scenario, context: Tokens) -> Tokens {
    Tokens::new(context.get().div_ceil(scenario.run.sequences.max(1)))
}

/// Weights, buffers and cache by context, each way a line, with the room there is.
fn in_all(ui: &mut Ui, bench: &Workbench, per_token: Bytes, points: &[Point]) {
    let scenario = &bench.scenario;
    let values = bench.reason.smaller.ways().map(|way| {
        move |point: &Point| {
            let grows = (per_token * point.context.get()).min(point.plan.kv());
            way.in_all(point.plan.total(), grows, each(scenario, point.context))
        }
    });
    let (colors, dashes) = look(ui);
    let drawn: Vec<Way<'_>> = values
        .iter()
        .enumerate()
        .map(|(i, value)| Way { name: NAMES[i], color: colors[i], dash: dashes[i], value })
        .collect();
    let machine = scenario.seen();
    let at = at(bench);
    let curves = Curves {
        points,
        machine: &machine,
        context: at,
        limit: scenario.subject.model.max_context.max(at),
        fits_max: None,
        unit: bench.unit,
        before: None,
        ceiling: false,
        anchors: &[],
    };
    ways(ui, &curves, &drawn, PLOT);
}

fn look(ui: &Ui) -> ([Color32; 5], [Dash; 5]) {
    let palette = theme::palette(ui);
    (
        [palette.t1, palette.class.dense, palette.class.experts, palette.class.sparse, palette.class.cpu],
        [Dash::Solid, Dash::Long, Dash::Solid, Dash::Short, Dash::DashDot],
    )
}

/// The cache of one sequence alone.
fn alone(ui: &mut Ui, bench: &Workbench, per_token: Bytes) {
    let (colors, dashes) = look(ui);
    let values = bench.reason.smaller.ways().map(|way| move |tokens: Tokens| way.bytes(tokens, per_token));
    let drawn: Vec<Line<'_>> = values
        .iter()
        .enumerate()
        .map(|(i, value)| Line { name: NAMES[i], color: colors[i], dash: dashes[i], value })
        .collect();
    let at = at(bench);
    let limit = bench.scenario.subject.model.max_context.max(at);
    lines(ui, "Cache by tokens", &drawn, [limit, at], bench.unit, PLOT);
}

fn typed(ui: &mut Ui, smaller: &mut Smaller) {
    card(
        ui,
        ["What is kept", ""],
        |_| (),
        |ui| {
            rows(ui, theme::height::SMALL);
            ui.spacing_mut().item_spacing.y = 6.0;
            let palette = theme::palette(ui);
            let group = |ui: &mut Ui, title: &str, fields: &mut [Field<'_>]| {
                ui.label(fonts::medium(title).size(12.0).color(palette.t1));
                ui.horizontal_wrapped(|ui| {
                    ui.spacing_mut().item_spacing.x = 10.0;
                    for (name, value, range, unit) in fields {
                        under(ui, name, 112.0, |ui| _ = number_field(ui, name, value, range.clone(), unit, 104.0));
                    }
                });
            };
            let Smaller { bits, group: values, zero, residual, budget, buffer, sinks, window, hitters } = smaller;
            let long = 1..=1 << 20;
            group(
                ui,
                "Every token in fewer bits (quantization)",
                &mut [
                    ("Bits of a value", bits, 1..=16, ""),
                    ("Values to a scale", values, 1..=4096, ""),
                    ("Zero point", zero, 0..=32, "bits"),
                    ("Last in 16 bit", residual, 0..=1 << 20, "tokens"),
                ],
            );
            group(
                ui,
                "Fewer tokens by score (token eviction), R-KV",
                &mut [("Budget", budget, long.clone(), "tokens"), ("Buffer", buffer, 0..=1 << 20, "tokens")],
            );
            group(
                ui,
                "First and last tokens, StreamingLLM",
                &mut [("Sinks", sinks, 0..=1 << 20, "tokens"), ("Window", window, long.clone(), "tokens")],
            );
            group(ui, "Half by attention, half the last, H2O", &mut [("H2O budget", hitters, long, "tokens")]);
        },
    );
}

type Field<'a> = (&'static str, &'a mut u64, std::ops::RangeInclusive<u64>, &'static str);

/// The sizes at the tokens of the question, as shares of the plain cache, with what was read of each way.
fn shares(ui: &mut Ui, bench: &mut Workbench, per_token: Bytes) {
    let at = at(bench);
    let mut asked = bench.scenario.clone();
    (asked.run.kv_k, asked.run.kv_v, asked.run.context) = (Format::F16, Format::F16, at);
    let sequence = each(&asked, at);
    let (total, kv) = *bench.reason.plain_at.get(asked, |scenario| {
        let plan = evaluate_here(scenario).plan;
        (plan.total(), plan.kv())
    });
    let grows = (per_token * at.get()).min(kv);
    let ways = bench.reason.smaller.ways();
    let title = format!("At {at} tokens, prompt and answer");
    let unit = bench.unit;
    card(
        ui,
        [&title, ""],
        |_| (),
        |ui| {
            let columns = [
                Col::rest("How"),
                Col::number("Cache", 90.0),
                Col::number("of 16 bit", 80.0),
                Col::number("Tokens kept", 90.0),
                Col::number("Memory in all", 100.0),
            ];
            sheet(ui, "ways", &columns, ways.len(), None, |ui, row, column| {
                let way = &ways[row];
                match column {
                    0 => _ = words(ui, &name(way)),
                    1 => _ = value(ui, &unit.of(way.bytes(at, per_token))),
                    2 => _ = quiet(ui, &format!("{:.4}", way.share(at))),
                    3 => _ = quiet(ui, &way.kept(at).to_string()),
                    _ => _ = value(ui, &unit.of(way.in_all(total, grows, sequence))),
                }
            });
            ui.add_space(4.0);
            ui.spacing_mut().item_spacing.y = 3.0;
            for (name, read) in NAMES.iter().zip(READ).skip(1) {
                remark(ui, &format!("{}: {read}", capital(name)));
            }
            remark(ui, WORDS);
        },
    );
}

/// Three things that share no word here.
const WORDS: &str = "Quantization keeps every token in fewer bits. Token eviction forgets tokens of one sequence. Putting a request out, under Requests, gives the room of a whole request to others; it comes back and has lost nothing.";

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn name(way: &Compression) -> String {
    match way {
        Compression::Quantized(bits) => format!("quantized, {:.4} bits with scales", bits.real()),
        other => other.name().to_owned(),
    }
}
