//! How long an answer takes: the sentence, where the time goes, answers of published lengths, and what else would answer.

use std::sync::Arc;

use egui::{Layout, Ui};

use crate::catalog::Catalog;
use crate::model::Architecture;
use crate::placement::Policy;
use crate::quant::Confidence;
use crate::reasoning::answer::{Time, time, whole_answer};
use crate::reasoning::thinking::Length;
use crate::scenario::{Answer, Scenario, Subject, evaluate_here};
use crate::ui::bench::{Workbench, glyph_of};
use crate::ui::paint::bar::{Part, bill_bar};
use crate::ui::paint::{swatch, verdict};
use crate::ui::widget::card::{card, rows};
use crate::ui::widget::hand_slider::HandSlider;
use crate::ui::widget::sheet::{Col, pick, quiet, sheet, value, words};
use crate::ui::{Command, fonts, run, theme};
use crate::units::{Seconds, Tokens, TokensPerSecond, grouped};

use super::{GAP, candidates, heading, pair, remark, said, samples};

/// The model that answers at length, and those trained on its answers.
const FAMOUS: [&str; 2] = ["deepseek-r1", "deepseek-r1-0528"];
const DISTILLS: &str = "DeepSeek R1 distill";

/// Another model's answer to the same question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Other {
    subject: Arc<Subject>,
    answer: Answer,
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) -> Option<Command> {
    let answer = bench.answer().clone();
    let key = (bench.scenario.clone(), shown(bench));
    let split = *bench.reason.time.get(key, |(scenario, shown)| time(scenario, *shown));
    sentence(ui, bench, &answer, split.as_ref());
    ui.add_space(8.0);
    if let Some(split) = &split {
        bar(ui, bench, split);
        ui.add_space(4.0);
    }
    sliders(ui, bench);
    ui.add_space(8.0);
    pair(ui, 0.5, bench, |ui, bench| lengths(ui, bench, catalog), |ui, bench| others(ui, bench, catalog));
    ui.add_space(GAP);
    samples::ui(ui, bench);
    ui.add_space(GAP);
    candidates::ui(ui, bench)
}

/// The time first; where there is none, why.
fn sentence(ui: &mut Ui, bench: &mut Workbench, answer: &Answer, split: Option<&Time>) {
    let scenario = &bench.scenario;
    let least = least(scenario);
    let Some(split) = split else {
        heading(ui, &format!("No answer of {}: {}", scenario.subject.model.name, answer.verdict.rest));
        said(ui, &answer.verdict.reason);
        return;
    };
    heading(ui, &format!("A {}-token answer takes {least}{}", scenario.answer, split.whole));
    let most = if scenario.engine.ideal { "at most " } else { "" };
    let rate = |rate: f64| TokensPerSecond::saturating(rate).to_string();
    let mut text = format!("The first token comes after {least}{}", split.first_token);
    if let (Some(first), Some(last)) = (split.first_rate, split.last_rate) {
        let [start, end] = [rate(first), rate(last)];
        text = if start == end {
            format!("{text}, then {most}{start} tokens/s to the end")
        } else {
            format!(
                "{text}, then {most}{start} tokens/s, {most}{end} tokens/s at the end: the longer it gets, the more is read back"
            )
        };
    }
    let bill = answer.bill.as_ref();
    text = match bill.filter(|bill| !bill.rate.is_exact()) {
        Some(bill) => {
            let [low, high] = [bill.rate.low, bill.rate.high].map(rate);
            format!("{text}. Estimated; the first tokens may come at {low} to {high} tokens/s")
        }
        None if scenario.engine.ideal => format!("{text}. A ceiling: bytes over bandwidth, nothing lost"),
        None => text,
    };
    said(ui, &format!("{text}."));
    if let Some(room) = run::NoRoom::of(scenario) {
        ui.horizontal(|ui| room.ui(ui, bench));
    }
}

fn least(scenario: &Scenario) -> &'static str {
    if scenario.engine.ideal { "at least " } else { "" }
}

/// Prompt, thinking and answer as shares of the time.
fn bar(ui: &mut Ui, bench: &Workbench, split: &Time) {
    let palette = theme::palette(ui);
    let thinks = thinks(bench);
    let mut parts = vec![("Prompt", split.prompt, palette.bill.link)];
    if thinks {
        parts.push(("Thinking", split.thinking, palette.bill.ram));
    }
    parts.push((if thinks { "Answer shown" } else { "Answer" }, split.shown, palette.bill.gpu));
    let figures: Vec<String> = parts.iter().map(|(_, time, _)| time.to_string()).collect();
    let drawn: Vec<Part<'_>> = parts
        .iter()
        .zip(&figures)
        .map(|((name, time, color), figure)| Part { amount: time.get(), color: *color, name, figure })
        .collect();
    bill_bar(ui, "Time to the answer", &drawn);
    ui.horizontal_wrapped(|ui| {
        rows(ui, 18.0);
        ui.spacing_mut().item_spacing.x = 14.0;
        for ((name, _, color), figure) in parts.iter().zip(&figures) {
            swatch(ui, *color, &format!("{name} {figure}"));
        }
        if thinks {
            let least = least(&bench.scenario);
            let text = format!("first shown token after {least}{}", split.first_shown);
            ui.label(fonts::caption(text).color(palette.t3));
        }
    });
}

/// Whether the model thinks before it answers.
fn thinks(bench: &Workbench) -> bool {
    bench.scenario.subject.model.facts.reasoning
}

/// How much of the answer is shown: all of it where nothing is thought before.
fn shown(bench: &Workbench) -> Tokens {
    let answer = bench.scenario.answer;
    if thinks(bench) { bench.reason.shown.min(answer) } else { answer }
}

/// Lengths of prompt, thought and answer, and how many samples.
fn sliders(ui: &mut Ui, bench: &mut Workbench) {
    let before = (bench.scenario.clone(), bench.reason.shown);
    let width = ui.available_width();
    let wide = width >= super::BESIDE;
    let each = if wide { (width - 3.0 * 24.0) / 4.0 } else { (width - 24.0) / 2.0 };
    let column = |ui: &mut Ui, draw: &mut dyn FnMut(&mut Ui)| {
        ui.allocate_ui_with_layout(egui::vec2(each, 42.0), Layout::top_down(egui::Align::Min), |ui| {
            ui.set_width(each);
            draw(ui);
        });
    };
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 24.0;
        column(ui, &mut |ui| run::answer_length(ui, bench));
        if thinks(bench) {
            column(ui, &mut |ui| shown_length(ui, bench));
        }
        if wide {
            column(ui, &mut |ui| run::prompt_length(ui, bench));
            column(ui, &mut |ui| run::samples(ui, bench));
        }
    });
    if !wide {
        ui.add_space(4.0);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 24.0;
            column(ui, &mut |ui| run::prompt_length(ui, bench));
            column(ui, &mut |ui| run::samples(ui, bench));
        });
    }
    if before != (bench.scenario.clone(), bench.reason.shown) {
        // The sentence stands above: it is drawn again in this very frame.
        ui.ctx().request_discard("another length");
    }
}

/// How much of the answer is shown after the thought: assumed until it is moved.
fn shown_length(ui: &mut Ui, bench: &mut Workbench) {
    let usual = super::Reason::default().shown;
    let mut value = Some(bench.reason.shown.get()).filter(|_| bench.reason.shown != usual);
    let text = |tokens: u64| format!("{} tokens", grouped(tokens));
    let now = bench.reason.shown.get();
    let most = bench.scenario.answer.get().max(now).max(32);
    let slider = HandSlider::new("Of it shown", &mut value, usual.get(), [16, most], &text).doubling();
    match run::slider_row(ui, ["Of it shown", "assumed"], &text(now), slider, now != usual.get()) {
        run::Moved::No => {}
        run::Moved::Here => bench.reason.shown = value.map_or(usual, Tokens::new),
        run::Moved::Back => bench.reason.shown = usual,
    }
}

/// Answers of published lengths, at the speed of the question; one is taken by a click.
fn lengths(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let all = published(catalog);
    let key = Scenario { answer: Tokens::ZERO, ..bench.scenario.clone() };
    let times = bench
        .reason
        .lengths
        .get(key, |scenario| all.iter().map(|(length, _)| whole_answer(scenario, length.tokens)).collect());
    let times = times.clone();
    let least = if bench.scenario.engine.ideal { "≥ " } else { "" };
    let mut taken = None;
    card(
        ui,
        ["Published lengths, here", ""],
        |_| (),
        |ui| {
            let columns = [Col::rest("Asked, of whom"), Col::number("Tokens", 112.0), Col::number("Takes here", 78.0)];
            sheet(ui, "lengths", &columns, all.len(), None, |ui, row, column| {
                let (length, bound) = &all[row];
                match column {
                    0 => _ = words(ui, &length.task).on_hover_text(&length.source),
                    1 => {
                        let chosen = bench.scenario.answer == length.tokens;
                        let text = match bound {
                            Bound::Limit => format!("at most {}", length.tokens),
                            Bound::Usual if length.confidence == Confidence::Read => length.tokens.to_string(),
                            Bound::Usual => format!("assumed {}", length.tokens),
                        };
                        if pick(ui, &text, chosen)
                            .on_hover_text(format!("{}. Click to ask for it.", length.source))
                            .clicked()
                        {
                            taken = Some(length.tokens);
                        }
                    }
                    _ => _ = value(ui, &time_text(least, times[row])),
                }
            });
            ui.add_space(4.0);
            remark(ui, "Tokens as published, thinking included; hover for the source. A click asks for that length.");
            if let Some(sampling) = catalog.thinking.sampling_of(&bench.scenario.subject.model.id) {
                ui.add_space(4.0);
                remark(
                    ui,
                    &format!("How it wants to be sampled: {} {} ({})", sampling.line(), sampling.why, sampling.source),
                );
            }
        },
    );
    if let Some(tokens) = taken {
        bench.scenario.answer = tokens;
        ui.ctx().request_discard("another length");
    }
}

/// Whether a length is what was used, or the most that was allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Usual,
    Limit,
}

/// Lengths that were published, shortest first.
fn published(catalog: &Catalog) -> Vec<(&Length, Bound)> {
    let thinking = &catalog.thinking;
    let usual = thinking.lengths.iter().map(|length| (length, Bound::Usual));
    let mut all: Vec<_> = usual.chain(thinking.caps.iter().map(|length| (length, Bound::Limit))).collect();
    all.sort_by_key(|(length, _)| length.tokens);
    all
}

pub(super) fn time_text(least: &str, time: Option<Seconds>) -> String {
    time.map_or_else(|| "—".to_owned(), |time| format!("{least}{time}"))
}

/// The same question asked of R1 and of those distilled from it, on the same machine.
fn others(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let family = family(bench, catalog);
    let others = bench.reason.others.get(bench.scenario.clone(), |scenario| {
        let policy = Policy { split: scenario.policy.split, ..Policy::default() };
        let ask = |subject: &Arc<Subject>| {
            let scenario = Scenario { subject: subject.clone(), policy: policy.clone(), ..scenario.clone() };
            Other { subject: subject.clone(), answer: evaluate_here(&scenario) }
        };
        Arc::new(family.iter().map(ask).collect())
    });
    let others = others.clone();
    let on_screen = bench.scenario.subject.model.clone();
    let least = if bench.scenario.engine.ideal { "≥ " } else { "" };
    let mut picked = None;
    card(
        ui,
        ["R1 and its distills, here", ""],
        |_| (),
        |ui| {
            let columns = [
                Col::rest("Model"),
                Col::number("File", 68.0),
                Col::words("", 112.0),
                Col::number("tokens/s", 54.0),
                Col::number("Answer", 66.0),
            ];
            sheet(ui, "others", &columns, others.len(), None, |ui, row, column| {
                let Other { subject, answer } = &others[row];
                match column {
                    0 => {
                        let name = short(&subject.model.name);
                        if pick(ui, name, subject.model.id == on_screen.id)
                            .on_hover_text(format!("Put {} on screen", subject.model.name))
                            .clicked()
                        {
                            picked = Some(subject.model.clone());
                        }
                    }
                    1 => _ = quiet(ui, &subject.weights.file.in_gb()),
                    2 => {
                        let glyph = glyph_of(answer.verdict.level);
                        verdict::glyph(ui, glyph, 12.0);
                        quiet(ui, glyph.word());
                    }
                    3 => {
                        let rate = answer.bill.as_ref().map(|bill| bill.rate.expected);
                        quiet(
                            ui,
                            &rate.map_or_else(|| "—".to_owned(), |rate| TokensPerSecond::saturating(rate).to_string()),
                        );
                    }
                    _ => _ = value(ui, &time_text(least, answer.whole_answer)),
                }
            });
            ui.add_space(4.0);
            let quant = others.last().map_or_else(String::new, |other| other.subject.quant.id.clone());
            let tokens = bench.scenario.answer;
            remark(
                ui,
                &format!(
                    "At {quant}, placed by the engine, each with an answer of {tokens} tokens. Distills are Qwen and Llama models trained on R1's answers: other models, not R1 made small."
                ),
            );
        },
    );
    if let Some(model) = picked {
        let answer = bench.scenario.answer;
        bench.pick_model(&model);
        // The same question of another model.
        bench.scenario.answer = answer;
        ui.ctx().request_discard("another model");
    }
}

fn short(name: &str) -> &str {
    name.strip_prefix("DeepSeek-").unwrap_or(name)
}

/// R1 and its distills under the quant on screen, expanded once.
fn family(bench: &mut Workbench, catalog: &Catalog) -> Vec<Arc<Subject>> {
    let on_screen = bench.scenario.subject.model.clone();
    let in_family = |model: &&Arc<Architecture>| FAMOUS.contains(&model.id.as_str()) || model.facts.family == DISTILLS;
    let under = |model: &Arc<Architecture>| Arc::new(bench.under_this_quant(model, None));
    let key = (on_screen.clone(), bench.scenario.subject.quant.id.clone());
    if let Some(made) = bench.reason.family.kept(&key) {
        return made.clone();
    }
    let mut all: Vec<Arc<Subject>> = catalog.models.iter().filter(in_family).map(under).collect();
    if !all.iter().any(|subject| subject.model.id == on_screen.id) {
        all.insert(0, bench.scenario.subject.clone());
    }
    bench.reason.family.get(key, |_| all).clone()
}
