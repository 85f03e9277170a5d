//! Ways to keep a cache smaller: fewer bits for each value, or fewer tokens; as lines over the context.

use egui::Ui;

use crate::memory::{self, Growth, RunOptions};
use crate::quant::Format;
use crate::reasoning::compression::{Bits, Compression};
use crate::ui::bench::Workbench;
use crate::ui::fonts;
use crate::ui::paint::line::Dash;
use crate::ui::plot::lines::{Line, lines};
use crate::ui::theme;
use crate::ui::widget::card::{card, rows};
use crate::ui::widget::number_field::number_field;
use crate::ui::widget::sheet::{Col, quiet, sheet, value, words};
use crate::units::{Bytes, Tokens};

use super::state::Smaller;
use super::{pair, remark, under};

/// The height of the plot.
const PLOT: f32 = 230.0;

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

fn plot(ui: &mut Ui, bench: &Workbench, per_token: Bytes) {
    let palette = theme::palette(ui);
    let ways = bench.reason.smaller.ways();
    let colors = [palette.t1, palette.class.dense, palette.class.experts, palette.class.sparse, palette.class.cpu];
    let dashes = [Dash::Solid, Dash::Long, Dash::Solid, Dash::Short, Dash::DashDot];
    let values = ways.map(|way| move |tokens: Tokens| way.bytes(tokens, per_token));
    let drawn: Vec<Line<'_>> = values
        .iter()
        .enumerate()
        .map(|(i, value)| Line { name: NAMES[i], color: colors[i], dash: dashes[i], value })
        .collect();
    let at = at(bench);
    let limit = bench.scenario.subject.model.max_context.max(at);
    let readout = |ui: &mut Ui| {
        ui.label(fonts::small(format!("at {at} tokens")).color(palette.t3));
    };
    card(ui, ["One sequence's cache by its tokens", ""], readout, |ui| {
        lines(ui, "Cache by tokens", &drawn, [limit, at], bench.unit, PLOT);
        if windows(bench) {
            remark(
                ui,
                "Only what grows with every token is counted: layers with a window, and recurrent state, stop by themselves.",
            );
        }
        remark(
            ui,
            "Both scales double. A cache in fewer bits lies lower all the way; one that evicts tokens stops growing. Sizes only: no curve of accuracy was published that could be drawn.",
        );
    });
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
fn shares(ui: &mut Ui, bench: &Workbench, per_token: Bytes) {
    let at = at(bench);
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
            ];
            sheet(ui, "ways", &columns, ways.len(), None, |ui, row, column| {
                let way = &ways[row];
                match column {
                    0 => _ = words(ui, &name(way)),
                    1 => _ = value(ui, &unit.of(way.bytes(at, per_token))),
                    2 => _ = quiet(ui, &format!("{:.4}", way.share(at))),
                    _ => _ = quiet(ui, &way.kept(at).to_string()),
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
