//! The verdict first, then what fills each pool.

use egui::{Align, Layout, Ui, vec2};

use crate::hardware::{Level, Machine, PoolKind};
use crate::placement::{Plan, PoolUse};
use crate::scenario::Answer;
use crate::units::{Bytes, Seconds, Tokens, TokensPerSecond};

use crate::ui::bench::{Workbench, glyph_of, pool_title};
use crate::ui::paint::bar::{Part, pool_bar};
use crate::ui::paint::swatch;
use crate::ui::widget::card::{figure, headline, rows};
use crate::ui::{MemoryUnit, fonts, theme};

/// The width of the three facts right of the verdict.
const FACTS: f32 = 330.0;
/// The width below which they stand under it.
const FACTS_BESIDE: f32 = 860.0;

pub(in crate::ui) fn verdict(ui: &mut Ui, bench: &mut Workbench) {
    let depth = bench.scenario.depth;
    let (asked, prompt) = (bench.scenario.answer, bench.scenario.prompt);
    let full = full_context_rate(bench);
    let answer = bench.answer().clone();
    let width = ui.available_width();
    let palette = theme::palette(ui);
    let level = answer.verdict.level;
    let narrow = width < FACTS_BESIDE;
    let text = if narrow { width } else { width - FACTS - 12.0 };
    ui.horizontal_top(|ui| {
        ui.allocate_ui(vec2(text, 76.0), |ui| {
            ui.vertical(|ui| {
                ui.set_width(text);
                ui.set_min_height(76.0);
                ui.spacing_mut().item_spacing.y = 0.0;
                rows(ui, 18.0);
                headline(ui, glyph_of(level), &format!(": {}", answer.verdict.rest));
                let mut said = String::new();
                if let Some(bill) = &answer.bill {
                    let rate = |value: f64| TokensPerSecond::saturating(value).to_string();
                    let at = if depth.get() == 0 { String::new() } else { format!(" at depth {depth}") };
                    said = format!("Between {} and {}{at}", rate(bill.rate.low), rate(bill.rate.high));
                    if let Some(full) = full {
                        said = format!("{said}, {} with the context full", rate(full));
                    }
                    if bill.sequences > 1 {
                        let all = bill.throughput();
                        said = format!(
                            "{said}; {} sequences together {}, between {} and {}",
                            bill.sequences,
                            rate(all.expected),
                            rate(all.low),
                            rate(all.high)
                        );
                    }
                    said.push_str(". ");
                }
                said.push_str(&answer.verdict.reason);
                let worst = answer.findings.iter().find(|finding| finding.level == Level::Warning);
                let finding = worst.map_or_else(String::new, |finding| format!("{} {}", finding.what, finding.remedy));
                let measured = answer.evidence.first().map_or_else(String::new, |found| found.finding().what);
                let finding = if finding.is_empty() { measured } else { finding };
                let extra = if answer.verdict.now.is_empty() { finding } else { answer.verdict.now.clone() };
                let rows = if extra.is_empty() { 2 } else { 1 };
                caption(ui, &said, rows, palette.t2);
                caption(ui, &extra, 1, palette.t1);
            });
        });
        if narrow {
            return;
        }
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| facts(ui, &answer, asked, prompt, Align::Max));
    });
    if narrow {
        ui.horizontal(|ui| {
            ui.add_space(42.0);
            facts(ui, &answer, asked, prompt, Align::Min);
        });
    }
}

/// Three facts: the time to a whole answer, to the first token, and the largest context.
fn facts(ui: &mut Ui, answer: &Answer, asked: Tokens, prompt: Tokens, last: Align) {
    ui.spacing_mut().item_spacing.x = 22.0;
    let dash = || "—".to_owned();
    let context = answer.fits_max.map_or_else(dash, |tokens| tokens.to_string());
    figure(ui, &context, "largest context", last).on_hover_text("The largest context that fits under this placement");
    let time = |time: Option<Seconds>| time.map_or_else(dash, |time| time.to_string());
    figure(ui, &time(answer.first_token), "to the first token", Align::Min)
        .on_hover_text(format!("Reading a {prompt}-token prompt, then one token"));
    let slower = answer.last_rate.map_or_else(String::new, |last| {
        format!("; the last token comes at {} tokens/s", TokensPerSecond::saturating(last))
    });
    figure(ui, &time(answer.whole_answer), &format!("{asked}-token answer"), Align::Min).on_hover_text(format!(
        "Reading a {prompt}-token prompt, then {asked} tokens, thinking included, each at its own depth{slower}"
    ));
}

/// Text under the sentence, at most so many rows; the whole of it on hover.
fn caption(ui: &mut Ui, text: &str, rows: usize, ink: egui::Color32) {
    if text.is_empty() {
        return;
    }
    ui.horizontal(|ui| {
        ui.set_min_height(18.0);
        ui.add_space(42.0);
        let mut job = egui::text::LayoutJob::default();
        fonts::body(text).color(ink).append_to(&mut job, ui.style(), egui::FontSelection::Default, Align::Center);
        job.wrap = egui::text::TextWrapping { max_width: ui.available_width(), max_rows: rows, ..Default::default() };
        let galley = ui.painter().layout_job(job);
        ui.label(galley).on_hover_text(text);
    });
}

/// Tokens per second with the context on screen full.
fn full_context_rate(bench: &mut Workbench) -> Option<f64> {
    let context = bench.scenario.run.context;
    if context > bench.scenario.subject.model.max_context {
        return None;
    }
    let points = bench.points();
    let at = points.iter().min_by_key(|point| point.context.get().abs_diff(context.get()))?;
    at.rate.map(|rate| rate.expected)
}

/// What one bar shows: a pool, or several alike as one.
struct Row {
    name: String,
    kind: PoolKind,
    capacity: Bytes,
    usable: Bytes,
    used: PoolUse,
}

pub(super) fn pools(ui: &mut Ui, bench: &mut Workbench) {
    let unit = bench.unit;
    let machine = bench.scenario.seen().into_owned();
    let file = bench.scenario.subject.weights.file;
    let plan = bench.answer().plan.clone();
    let palette = theme::palette(ui);
    rows(ui, theme::height::BAR_ROW);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 14.0;
        ui.allocate_ui_with_layout(vec2(124.0, 18.0), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(124.0);
            ui.label(fonts::title("Memory").color(palette.t1));
        });
        for (color, name) in [
            (palette.part.weights, "weights"),
            (palette.part.kv, "KV cache"),
            (palette.part.buffers, "buffers"),
            (palette.line2, "in use, kept free"),
            (palette.bg3, "free"),
        ] {
            swatch(ui, color, name);
        }
        if plan.state() > Bytes::ZERO {
            swatch(ui, palette.part.state, "state");
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(fonts::caption(format!("total {}", unit.of(plan.total()))).color(palette.t3));
        });
    });
    // What is in use on this disk holds the file already, when it was read from there.
    let here = machine.is_this() && bench.scenario.subject.file.is_some();
    for mut row in collect(&machine, &plan) {
        if here && row.kind == PoolKind::Disk {
            row.usable = (row.usable + file).min(row.capacity);
        }
        bar(ui, &row, unit, file);
    }
}

/// The pools to show: GPUs alike as one bar, the disk only when it matters.
fn collect(machine: &Machine, plan: &Plan) -> Vec<Row> {
    let count = |kind: PoolKind| machine.pools.iter().filter(|pool| pool.kind == kind).count();
    let mut rows: Vec<Row> = Vec::new();
    for used in &plan.pools {
        let pool = &machine.pools[used.pool];
        let alike = count(pool.kind);
        if alike > 2
            && pool.kind != PoolKind::Disk
            && let Some(row) = rows.iter_mut().find(|row| row.kind == pool.kind)
        {
            row.capacity += pool.capacity.value;
            row.usable += plan.usable(pool);
            row.used.weights += used.weights;
            row.used.kv += used.kv;
            row.used.state += used.state;
            row.used.compute += used.compute;
            row.used.overhead += used.overhead;
            continue;
        }
        let name = match pool.kind {
            PoolKind::Vram if alike > 2 => format!("{alike} × VRAM"),
            PoolKind::Unified if alike > 2 => format!("{alike} nodes"),
            PoolKind::Ram if alike > 2 => format!("{alike} × RAM"),
            _ => pool_title(machine, pool),
        };
        rows.push(Row {
            name,
            kind: pool.kind,
            capacity: pool.capacity.value,
            usable: plan.usable(pool),
            used: used.clone(),
        });
    }
    // Fastest first.
    let rank = |kind: PoolKind| match kind {
        PoolKind::Vram => 0,
        PoolKind::Unified | PoolKind::Ram => 1,
        PoolKind::Disk => 2,
    };
    rows.sort_by_key(|row| rank(row.kind));
    rows
}

fn bar(ui: &mut Ui, row: &Row, unit: MemoryUnit, file: Bytes) {
    let palette = theme::palette(ui);
    let disk = row.kind == PoolKind::Disk;
    let size = |bytes: Bytes| if disk { bytes.in_gb() } else { unit.of(bytes) };
    let used = &row.used;
    // On a disk the whole file lies, whether it is read from there again or not.
    let (kept, weights) =
        if disk { (row.capacity - row.usable, file) } else { (row.capacity - row.usable, used.weights) };
    let taken = if disk { kept + file } else { used.total() };
    let free = row.capacity.less(taken);
    let buffers = used.compute + used.overhead;
    let figures = [size(kept), size(weights), size(buffers), size(used.state), size(used.kv)];
    let parts: Vec<Part<'_>> = [
        (kept, palette.line2, "in use, kept free"),
        (weights, palette.part.weights, "weights"),
        (buffers, palette.part.buffers, "buffers"),
        (used.state, palette.part.state, "state"),
        (used.kv, palette.part.kv, "KV cache"),
    ]
    .into_iter()
    .zip(&figures)
    .filter(|((amount, ..), _)| amount.get() > 0)
    .map(|((amount, color, name), figure)| Part { amount: amount.as_f64(), color, name, figure })
    .collect();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        cell(ui, 60.0, |ui| {
            ui.add(egui::Label::new(fonts::medium(&row.name).size(12.0).color(palette.t1)).truncate());
        });
        cell(ui, 78.0, |ui| {
            ui.label(fonts::small(size(row.capacity)).color(palette.t2));
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.allocate_ui_with_layout(
                vec2(170.0, theme::height::BAR_ROW),
                Layout::right_to_left(Align::Center),
                |ui| {
                    ui.set_min_width(170.0);
                    ui.spacing_mut().item_spacing.x = 4.0;
                    if disk && free.fits() {
                        ui.label(fonts::small("with the file").color(palette.t3));
                    }
                    let (text, ink) = if free.fits() {
                        (format!("{} free", size(free.size())), palette.t1)
                    } else {
                        (format!("{} missing", size(free.size())), palette.verdict.no)
                    };
                    ui.label(fonts::medium(text).size(12.0).color(ink));
                },
            );
            pool_bar(ui, &row.name, row.capacity.as_f64(), &parts);
        });
    });
}

fn cell(ui: &mut Ui, width: f32, contents: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, theme::height::BAR_ROW), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        contents(ui);
    });
}
