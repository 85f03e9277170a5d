//! The tables of what a machine is for a model.

use egui::{Label, RichText, Ui};

use crate::advice::baseline::Here;
use crate::advice::first_check::{Cell, Light};
use crate::advice::kits::{self, Fit};
use crate::advice::least::one_card;
use crate::advice::parallel::Cached;
use crate::advice::transfer::{MemoryDisk, Room};
use crate::memory::KvLayout;
use crate::ui::bench::Workbench;
use crate::ui::paint::verdict::{self, Verdict};
use crate::ui::widget::card::{card, rows};
use crate::ui::widget::sheet::{Col, quiet, sheet, value, words};
use crate::ui::{MemoryUnit, fonts, theme};
use crate::units::{Bytes, GIB, Shortfall, TokensPerSecond, grouped};

use super::hardware::Looked;
use super::remark;

/// A few formats against the memory there is, before anything is placed.
pub(super) fn check(ui: &mut Ui, bench: &Workbench, looked: &Looked) {
    let unit = bench.unit;
    let title = format!("First check, {} tokens", bench.scenario.run.context);
    card(
        ui,
        [&title, unit.name()],
        |_| (),
        |ui| {
            let columns = [
                Col::rest("Format"),
                Col::number("With cache", 68.0),
                Col::number("VRAM", 84.0),
                Col::number("RAM", 84.0),
                Col::number("Both", 84.0),
            ];
            sheet(ui, "check", &columns, looked.check.len(), None, |ui, row, column| {
                let row = &looked.check[row];
                match column {
                    0 => _ = words(ui, &row.subject.quant.id),
                    1 => _ = quiet(ui, &unit.number(row.weights + row.cache)),
                    2 => light(ui, &row.vram, unit),
                    3 => light(ui, &row.ram, unit),
                    _ => light(ui, &row.both, unit),
                }
            });
            ui.add_space(4.0);
            remark(ui, "What is left, or short with a minus; buffers and what must stay free are not counted yet.");
        },
    );
}

/// What is left with its sign: shape and colour say how it fits.
fn light(ui: &mut Ui, cell: &Cell, unit: MemoryUnit) {
    if cell.has == Bytes::ZERO {
        quiet(ui, "none");
        return;
    }
    let glyph = match cell.light {
        Light::Green => Verdict::Well,
        Light::Amber => Verdict::Tight,
        Light::Red => Verdict::No,
    };
    value(ui, &left(cell.left, unit));
    verdict::glyph(ui, glyph, 12.0);
}

fn left(shortfall: Shortfall, unit: MemoryUnit) -> String {
    let number = unit.number(shortfall.size());
    if shortfall.fits() { number } else { format!("−{number}") }
}

/// What binds memory and speed, and what helps most.
pub(super) fn binds(ui: &mut Ui, looked: &Looked) {
    card(
        ui,
        ["What binds", ""],
        |_| (),
        |ui| {
            rows(ui, 18.0);
            ui.spacing_mut().item_spacing.y = 4.0;
            let ink = theme::palette(ui).t1;
            for line in &looked.binds {
                ui.add(Label::new(fonts::body(line).color(ink)).wrap());
            }
            let told: Vec<String> = looked
                .from_disk
                .iter()
                .filter_map(|(name, rate)| {
                    let rate = TokensPerSecond::saturating((*rate)?);
                    Some(format!("{name} {rate}"))
                })
                .collect();
            if !told.is_empty() {
                remark(ui, &format!("From this disk, tokens/s: {}.", told.join(", ")));
            }
        },
    );
}

/// Kinds of memory beside one another; a speed of what does not fit is struck out.
pub(super) fn kinds(ui: &mut Ui, bench: &Workbench, looked: &Looked) {
    let subject = &bench.scenario.subject;
    let title = format!("{} in {} by kind of memory", subject.model.name, subject.quant.id);
    let wide = ui.available_width() >= super::BESIDE;
    card(
        ui,
        [&title, "tokens/s"],
        |_| (),
        |ui| {
            let mut columns = vec![
                Col::words("Memory", if wide { 260.0 } else { 220.0 }),
                Col::number("Bandwidth", 80.0),
                Col::number("At most", 62.0),
                Col::number("If dense", 62.0),
                Col::number("Expected", 92.0),
                Col::words("Fits", 70.0),
            ];
            columns.push(Col::rest("Cited for it"));
            sheet(ui, "kinds", &columns, looked.kinds.len(), None, |ui, row, column| {
                let kind = &looked.kinds[row];
                let short = kind.fits == Some(Fit::Short);
                match column {
                    0 => _ = words(ui, &kind.name),
                    1 => _ = quiet(ui, &kind.bandwidth).on_hover_text(&kind.origin),
                    2 => struck(ui, kind.ceiling.map(exact), short),
                    3 => struck(ui, kind.dense.map(exact), short),
                    4 => {
                        let rate = |rate: f64| TokensPerSecond::saturating(rate).to_string();
                        struck(
                            ui,
                            kind.expected.map(|range| format!("{} to {}", rate(range.low), rate(range.high))),
                            short,
                        );
                    }
                    5 => {
                        let (glyph, word) = match kind.fits {
                            Some(Fit::Fits) => (Verdict::Well, "yes"),
                            Some(Fit::Tight) => (Verdict::Tight, "tight"),
                            Some(Fit::Short) => (Verdict::No, "no"),
                            None => {
                                quiet(ui, "if bought");
                                return;
                            }
                        };
                        verdict::glyph(ui, glyph, 12.0);
                        quiet(ui, word);
                    }
                    _ => _ = quiet(ui, &kind.cited).on_hover_text(&kind.cited),
                }
            });
            ui.add_space(4.0);
            remark(
                ui,
                "At most is a ceiling: bytes over bandwidth. If dense is the same with every weight read for every token. A speed of what does not fit is struck out.",
            );
        },
    );
}

/// Ceilings have three digits.
fn exact(rate: TokensPerSecond) -> String {
    let rate = rate.get();
    match rate {
        ..1.0 => format!("{rate:.3}"),
        ..10.0 => format!("{rate:.2}"),
        ..1000.0 => format!("{rate:.1}"),
        _ => grouped(rate.round() as u64),
    }
}

fn struck(ui: &mut Ui, text: Option<String>, short: bool) {
    let palette = theme::palette(ui);
    let text = text.unwrap_or_else(|| "—".to_owned());
    let said: RichText = fonts::medium(&text).size(12.0);
    let said = if short { said.strikethrough().color(palette.t3) } else { said.color(palette.t1) };
    ui.label(said);
}

/// Every layer shared over several GPUs.
pub(super) fn degrees(ui: &mut Ui, bench: &Workbench, looked: &Looked) {
    let unit = bench.unit;
    card(
        ui,
        ["Every layer shared over GPUs", ""],
        |_| (),
        |ui| {
            let columns = [
                Col::number("GPUs", 40.0),
                Col::number("Weights each", 86.0),
                Col::number("KV cache each", 90.0),
                Col::number("Left here", 72.0),
                Col::rest("Passing on, a token"),
            ];
            sheet(ui, "degrees", &columns, looked.degrees.len(), None, |ui, row, column| {
                let degree = &looked.degrees[row];
                let refused = !degree.refused.is_empty();
                match column {
                    0 => _ = words(ui, &degree.gpus.to_string()),
                    1 | 2 if refused => _ = quiet(ui, "—"),
                    1 => _ = value(ui, &unit.of(degree.weights)),
                    2 => {
                        let whole = if degree.cached == Cached::Whole { " whole" } else { "" };
                        quiet(ui, &format!("{}{whole}", unit.of(degree.cache)));
                    }
                    3 => {
                        let own = degree.left.filter(|_| !refused);
                        quiet(ui, &own.map_or_else(|| "—".to_owned(), |own| left(own, unit)));
                    }
                    _ if refused => _ = quiet(ui, &degree.refused).on_hover_text(&degree.refused),
                    _ => {
                        let time = degree.time.map_or_else(|| "link unknown".to_owned(), |time| time.to_string());
                        quiet(ui, &format!("{}, {time}", unit.of(degree.passed)));
                    }
                }
            });
            ui.add_space(4.0);
            remark(
                ui,
                "Heads are shared out; a latent cache has none, so each GPU keeps the whole. Left on the smallest GPU here.",
            );
        },
    );
}

/// Whether to quantise, step by step.
pub(super) fn steps(ui: &mut Ui, looked: &Looked) {
    if looked.steps.is_empty() {
        return;
    }
    card(
        ui,
        ["When to quantise", ""],
        |_| (),
        |ui| {
            rows(ui, 18.0);
            ui.spacing_mut().item_spacing.y = 3.0;
            let palette = theme::palette(ui);
            for (place, step) in looked.steps.iter().enumerate() {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 6.0;
                    let (glyph, word) = match step.here {
                        Here::Yes => (Verdict::Well, "here"),
                        Here::No => (Verdict::No, "not here"),
                        Here::Elsewhere => (Verdict::Slowly, "elsewhere"),
                    };
                    verdict::glyph(ui, glyph, 12.0);
                    ui.label(fonts::small(word).color(palette.t3));
                    ui.add(
                        Label::new(fonts::medium(format!("{}. {}", place + 1, step.what)).size(12.0).color(palette.t1))
                            .wrap(),
                    );
                });
                remark(ui, &step.why);
            }
        },
    );
}

/// The least and the recommended hardware, by form and by how the cache is kept.
pub(super) fn least(ui: &mut Ui, bench: &Workbench, looked: &Looked) {
    let unit = bench.unit;
    let title = format!("Least and recommended, {} tokens", bench.scenario.run.context);
    card(
        ui,
        [&title, unit.name()],
        |_| (),
        |ui| {
            let columns = [
                Col::words("Format", 130.0),
                Col::words("Cache kept", 84.0),
                Col::number("Weights", 62.0),
                Col::number("KV", 62.0),
                Col::number("Cards", 124.0),
                Col::number("RAM", 110.0),
                Col::rest("Such a machine"),
            ];
            let count = |count: Option<u64>| count.map_or_else(|| "over 16".to_owned(), |count| count.to_string());
            let kit = |kit: Option<Bytes>| kit.map_or_else(|| "—".to_owned(), |kit| grouped(kit.get() / GIB));
            sheet(ui, "least", &columns, looked.least.len(), None, |ui, row, column| {
                let (row, example) = &looked.least[row];
                match column {
                    0 => _ = words(ui, &row.quant),
                    1 => _ = quiet(ui, layout_name(row.layout)),
                    2 => _ = quiet(ui, &unit.number(row.weights)),
                    3 => _ = quiet(ui, &unit.number(row.cache)),
                    4 => {
                        let told = match one_card(row.least.need) {
                            Some(card) => format!("1 × {}", kits::name(card)),
                            None => format!("{}, {} × 80 GiB", count(row.least.cards), count(row.least.node)),
                        };
                        value(ui, &told);
                    }
                    5 => {
                        let told = format!("{}, {} GiB", kit(row.least.ram), kit(row.least.more_ram));
                        value(ui, &told);
                    }
                    _ => _ = words(ui, if example.is_empty() { "none ready-made" } else { example }),
                }
            });
            ui.add_space(4.0);
            remark(
                ui,
                "Least, then recommended: whole cards as they are built and the next full machine; kits of RAM and the next kit. Weights and cache, before buffers and what must stay free. The machine is the smallest ready-made one whose memory together holds it.",
            );
        },
    );
}

const fn layout_name(layout: Option<KvLayout>) -> &'static str {
    match layout {
        Some(KvLayout::Latent) => "latent",
        Some(KvLayout::Split) => "key and value",
        Some(KvLayout::Expanded) => "expanded",
        Some(KvLayout::Auto) | None => "as it is",
    }
}

/// Getting the file here.
pub(super) fn transfer(ui: &mut Ui, bench: &Workbench, looked: &Looked) {
    let transfer = &looked.transfer;
    let title = format!("Getting {} here", transfer.file.in_gb());
    card(
        ui,
        [&title, ""],
        |_| (),
        |ui| {
            rows(ui, 18.0);
            ui.spacing_mut().item_spacing.y = 4.0;
            let ink = theme::palette(ui).t1;
            let left = |own: Shortfall, of: &str| {
                if own.fits() {
                    format!("The disk{of} has {} left after it.", own.size().in_gb())
                } else {
                    format!("The disk{of} is short by {}.", own.size().in_gb())
                }
            };
            let disk = match transfer.disk {
                Some(Room::Known(own)) => left(own, ""),
                Some(Room::Assumed(own)) => left(own, ", its size assumed,"),
                Some(Room::Unknown) => "The disk size is not known, taken as large enough.".to_owned(),
                None => "No disk is known.".to_owned(),
            };
            let here = match transfer.memory_disk {
                Some(MemoryDisk::AsItIs) => ", which this RAM has",
                Some(MemoryDisk::IfRaised) => ", or a raised limit here",
                Some(MemoryDisk::No) => "; this RAM does not hold the file",
                None => "",
            };
            let half = bench.unit.of(transfer.shared_memory);
            let memory = format!("From a memory disk: it takes {half} of RAM for its usual limit of half{here}.");
            for line in [format!("{}.", transfer.words()), disk, memory] {
                ui.add(Label::new(fonts::body(line).color(ink)).wrap());
            }
            remark(
                ui,
                "Nothing lost on the way. The pages of a memory disk are the model: they are not counted twice.",
            );
        },
    );
}
