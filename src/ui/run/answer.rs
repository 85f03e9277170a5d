//! The verdict first, with its reason and the three facts right of it.

use egui::{Align, Layout, Popup, PopupCloseBehavior, Response, Ui, vec2};

use crate::hardware::Level;
use crate::scenario::{self, Answer, Scenario};
use crate::units::{Seconds, Tokens, TokensPerSecond};

use super::hand::{answer_length, prompt_length};
use crate::ui::bench::{Workbench, glyph_of};
use crate::ui::widget::card::{figure, figure_button, headline, rows};
use crate::ui::{fonts, theme};

/// The width of the three facts right of the verdict.
const FACTS: f32 = 330.0;
/// The width below which they stand under it.
const FACTS_BESIDE: f32 = 880.0;
/// A line of the reason.
const LINE: f32 = 18.0;
/// The sentence, and the lines kept under it so that nothing moves when one more is needed.
const SENTENCE: f32 = 30.0;

pub(in crate::ui) fn verdict(ui: &mut Ui, bench: &mut Workbench) {
    let full = full_context_rate(bench);
    let answer = bench.answer().clone();
    let width = ui.available_width();
    let narrow = width < FACTS_BESIDE;
    let text = if narrow { width } else { width - FACTS - 12.0 };
    let lines = if narrow { 2.0 } else { 3.0 };
    ui.horizontal_top(|ui| {
        ui.allocate_ui(vec2(text, SENTENCE + lines * LINE), |ui| {
            ui.vertical(|ui| {
                ui.set_width(text);
                ui.set_min_height(SENTENCE + lines * LINE);
                ui.spacing_mut().item_spacing.y = 0.0;
                rows(ui, LINE);
                headline(ui, glyph_of(answer.verdict.level), &format!(": {}", answer.verdict.rest));
                reasons(ui, bench, &answer, full);
            });
        });
        if narrow {
            return;
        }
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| facts(ui, bench, &answer, Align::Max));
    });
    if narrow {
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            ui.add_space(42.0);
            facts(ui, bench, &answer, Align::Min);
        });
    }
}

/// The band and what sets the pace, then what else has to be known.
fn reasons(ui: &mut Ui, bench: &mut Workbench, answer: &Answer, full: Option<f64>) {
    let palette = theme::palette(ui);
    let depth = bench.scenario.depth;
    let mut said = String::new();
    if let Some(bill) = &answer.bill {
        let rate = |value: f64| TokensPerSecond::saturating(value).to_string();
        let at = if depth.get() == 0 { String::new() } else { format!(" at depth {depth}") };
        said = if bench.scenario.engine.ideal {
            format!("A ceiling no engine reaches{at}: bytes over bandwidth, nothing lost")
        } else {
            format!("Between {} and {}{at}", rate(bill.rate.low), rate(bill.rate.high))
        };
        if let Some(full) = full {
            said = format!("{said}, {} with the context full", rate(full));
        }
        if bill.sequences > 1 {
            let all = bill.throughput();
            // A ceiling has no band.
            let bounds = format!(", between {} and {}", rate(all.low), rate(all.high));
            let bounds = if all.is_exact() { "" } else { bounds.as_str() };
            said = format!("{said}; {} sequences together {}{bounds}", bill.sequences, rate(all.expected));
        }
        said.push_str(". ");
    }
    said.push_str(&answer.verdict.reason);
    caption(ui, &said, palette.t2);
    // That an answer has no room is said last, with the way to give it room.
    let room = scenario::room(&bench.scenario);
    let warnings = answer.findings.iter().filter(|finding| finding.level == Level::Warning);
    let worst = warnings.into_iter().find(|finding| room.as_ref() != Some(*finding));
    let finding = worst.map_or_else(String::new, |finding| format!("{} {}", finding.what, finding.remedy));
    let measured = answer.evidence.first().map_or_else(String::new, |found| found.finding().what);
    let finding = if finding.is_empty() { measured } else { finding };
    let extra = if answer.verdict.now.is_empty() { finding } else { answer.verdict.now.clone() };
    if !extra.is_empty() {
        caption(ui, &extra, palette.t1);
    } else if let Some(room) = NoRoom::of(&bench.scenario).filter(|_| answer.bill.is_some()) {
        ui.horizontal(|ui| {
            ui.add_space(42.0);
            room.ui(ui, bench);
        });
    }
}

/// What prompt and answer need of the context, where that is more than there is.
pub(in crate::ui) struct NoRoom {
    needed: Tokens,
    there: Tokens,
    /// The context that would do, where the model takes it.
    remedy: Option<Tokens>,
}

impl NoRoom {
    /// What is missing for a question, if anything.
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let streams = scenario.run.streams().max(1);
        let there = scenario.run.context / streams;
        let needed = scenario.depth + scenario.prompt + scenario.answer;
        let whole = Tokens::new(needed.get().saturating_mul(streams));
        let remedy = Some(whole).filter(|whole| *whole <= scenario.subject.model.max_context);
        (needed > there).then_some(Self { needed, there, remedy })
    }

    /// Says it, with the way to take it.
    pub fn ui(&self, ui: &mut Ui, bench: &mut Workbench) {
        let palette = theme::palette(ui);
        ui.spacing_mut().item_spacing.x = 6.0;
        let said = match bench.scenario.run.streams() {
            1 => format!("Prompt and answer need {} tokens of context, {} are there.", self.needed, self.there),
            _ => format!("Prompt and answer need {} tokens of context, each user has {}.", self.needed, self.there),
        };
        ui.label(fonts::body(said).color(palette.t2));
        if let Some(context) = self.remedy
            && ui.link(fonts::body(format!("Take {context}"))).clicked()
        {
            bench.scenario.run.context = context;
            ui.ctx().request_discard("another context");
        }
    }
}

/// Three facts: the time to a whole answer, to the first token, and the largest context.
fn facts(ui: &mut Ui, bench: &mut Workbench, answer: &Answer, last: Align) {
    ui.spacing_mut().item_spacing.x = 22.0;
    let dash = || "—".to_owned();
    // A ceiling of speed is a floor of time.
    let sign = if bench.scenario.engine.ideal { "≥ " } else { "" };
    let time = |time: Option<Seconds>| time.map_or_else(dash, |time| format!("{sign}{time}"));
    let context = answer.fits_max.map_or_else(dash, |tokens| tokens.to_string());
    let largest = |ui: &mut Ui| {
        figure(ui, &context, "largest context", last)
            .on_hover_text("The largest context that fits under this placement");
    };
    let first = |ui: &mut Ui, prompt: Tokens| {
        figure(ui, &time(answer.first_token), "to the first token", Align::Min)
            .on_hover_text(format!("Reading a {prompt}-token prompt, then one token"));
    };
    // In a row from the right the last comes first.
    let from_the_right = last == Align::Max;
    let prompt = bench.scenario.prompt;
    if from_the_right {
        largest(ui);
        first(ui, prompt);
    }
    let what = format!("{}-token answer", bench.scenario.answer);
    let whole = figure_button(ui, &time(answer.whole_answer), &what, "Time to an answer");
    time_to_answer(&whole, bench, answer);
    if !from_the_right {
        first(ui, prompt);
        largest(ui);
    }
}

/// Where the time to an answer goes, and how long prompt and answer are, in a popup under the fact.
fn time_to_answer(fact: &Response, bench: &mut Workbench, answer: &Answer) {
    let popup =
        Popup::from_toggle_button_response(fact).close_behavior(PopupCloseBehavior::CloseOnClickOutside).width(300.0);
    popup.show(|ui| {
        ui.set_min_width(300.0);
        rows(ui, LINE);
        ui.spacing_mut().item_spacing.y = 2.0;
        let palette = theme::palette(ui);
        let before = bench.scenario.clone();
        let scenario = &bench.scenario;
        let prompt = answer.prefill.and_then(|rate| Seconds::new(scenario.prompt.as_f64() / rate.expected));
        let rest = answer.whole_answer.zip(prompt).and_then(|(all, prompt)| Seconds::new(all.get() - prompt.get()));
        let writes = if scenario.subject.model.facts.reasoning { "Thinking and answer" } else { "Answer" };
        let least = if scenario.engine.ideal { "at least " } else { "" };
        for (what, time) in [
            (format!("Prompt, {} tokens", scenario.prompt), prompt),
            (format!("{writes}, {} tokens", scenario.answer), rest),
            ("Altogether".to_owned(), answer.whole_answer),
        ] {
            ui.horizontal(|ui| {
                ui.label(fonts::small(what).color(palette.t2));
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.add_space(18.0);
                    let time = time.map_or_else(|| "—".to_owned(), |time| format!("{least}{time}"));
                    ui.label(fonts::medium(time).size(12.0).color(palette.t1));
                });
            });
        }
        if let Some(last) = answer.last_rate.filter(|_| !bench.scenario.engine.ideal) {
            let said = format!("The last token comes at {} tokens/s.", TokensPerSecond::saturating(last));
            ui.label(fonts::small(said).color(palette.t3));
        }
        ui.add_space(6.0);
        answer_length(ui, bench);
        prompt_length(ui, bench);
        if let Some(room) = NoRoom::of(&bench.scenario) {
            ui.horizontal_wrapped(|ui| room.ui(ui, bench));
        }
        if bench.scenario != before {
            // The answer stands above: it is drawn again in this very frame.
            ui.ctx().request_discard("another length");
        }
    });
}

/// Text under the sentence, in as many lines as it takes.
fn caption(ui: &mut Ui, text: &str, ink: egui::Color32) {
    if text.is_empty() {
        return;
    }
    ui.horizontal(|ui| {
        ui.set_min_height(LINE);
        ui.add_space(42.0);
        ui.add(egui::Label::new(fonts::body(text).color(ink)).wrap());
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
