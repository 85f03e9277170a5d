//! How the model is used: experts for a token, users side by side, the lengths of prompt and answer.

use egui::Ui;

use crate::model::FeedForward;
use crate::ui::bench::{Workbench, usual_answer};
use crate::ui::by_hand::USUAL_PROMPT;
use crate::ui::widget::hand_slider::HandSlider;
use crate::units::{Tokens, grouped};

use super::row::{self, SLIDER, Words};

/// The most users and samples a slider offers.
const USERS: u64 = 256;
/// The shortest and the longest text a slider offers, in tokens.
const TEXT: [u64; 2] = [16, 131_072];

/// The height of the column.
pub(super) fn height(bench: &Workbench) -> f32 {
    let sliders = 4 + usize::from(trained_with(bench).is_some());
    sliders as f32 * SLIDER
}

/// The column.
pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) {
    if let Some((trained, experts)) = trained_with(bench) {
        experts_used(ui, bench, trained, experts);
    }
    users(ui, bench);
    samples(ui, bench);
    answer_length(ui, bench);
    prompt_length(ui, bench);
}

/// Routed experts the model was trained to use for a token, and those there are.
fn trained_with(bench: &Workbench) -> Option<(u64, u64)> {
    bench.scenario.subject.model.layers.iter().find_map(|layer| match layer.ffn {
        FeedForward::Moe(moe) if moe.experts > 0 => Some((moe.used, moe.experts)),
        _ => None,
    })
}

fn experts_used(ui: &mut Ui, bench: &mut Workbench, trained: u64, experts: u64) {
    let subject = bench.scenario.subject.clone();
    let mut value = subject.experts_used.map(|used| used.clamp(1, experts));
    let by_hand = value.is_some();
    let active = subject.model.active_params(subject.experts_used).as_f64() / 1e9;
    let remark = format!("{active:.2} B active");
    let said = |used: u64| format!("{used} of {experts}");
    let shown = said(value.unwrap_or(trained));
    let words = Words { name: "Experts used", remark: &remark, value: &shown };
    let most = (trained * 2).clamp(1, experts).max(value.unwrap_or(1));
    let row = row::slider(ui, &words, HandSlider::new(words.name, &mut value, trained, [1, most], &said), by_hand);
    if row.back || row.moved {
        bench.set_experts_used(value.filter(|used| !row.back && *used != trained));
    }
}

fn users(ui: &mut Ui, bench: &mut Workbench) {
    let run = bench.scenario.run;
    let each = run.context / run.streams();
    let remark = if run.sequences() > 1 { format!("{each} tokens each") } else { String::new() };
    let (users, samples) = (bench.users(), bench.samples());
    if let Some(users) = side_by_side(ui, "Users side by side", &remark, users) {
        bench.serve(users, samples);
    }
}

/// Answers drawn for each question.
pub(in crate::ui) fn samples(ui: &mut Ui, bench: &mut Workbench) {
    let (users, samples) = (bench.users(), bench.samples());
    if let Some(samples) = side_by_side(ui, "Samples of each answer", "", samples) {
        bench.serve(users, samples);
    }
}

/// A number of things served side by side, one of them at rest; the number asked for, where it was changed.
fn side_by_side(ui: &mut Ui, name: &str, remark: &str, now: u64) -> Option<u64> {
    let mut value = Some(now).filter(|now| *now != 1);
    let by_hand = value.is_some();
    let said = |count: u64| count.to_string();
    let shown = said(now);
    let words = Words { name, remark, value: &shown };
    let slider = HandSlider::new(name, &mut value, 1, [1, USERS.max(now)], &said).doubling();
    let row = row::slider(ui, &words, slider, by_hand);
    (row.back || row.moved).then(|| value.filter(|_| !row.back).unwrap_or(1))
}

/// The length of the answer, thinking included.
pub(in crate::ui) fn answer_length(ui: &mut Ui, bench: &mut Workbench) {
    let usual = usual_answer(&bench.scenario.subject);
    let thinks = bench.scenario.subject.model.facts.reasoning;
    let name = if thinks { "Thinking and answer" } else { "Length of the answer" };
    length(ui, name, &mut bench.scenario.answer, usual);
}

/// The length of the prompt.
pub(in crate::ui) fn prompt_length(ui: &mut Ui, bench: &mut Workbench) {
    length(ui, "Length of the prompt", &mut bench.scenario.prompt, USUAL_PROMPT);
}

fn length(ui: &mut Ui, name: &str, tokens: &mut Tokens, usual: Tokens) {
    let mut value = Some(tokens.get()).filter(|_| *tokens != usual);
    let by_hand = value.is_some();
    let said = |tokens: u64| format!("{} tokens", grouped(tokens));
    let shown = said(tokens.get());
    let words = Words { name, remark: "", value: &shown };
    let range = [TEXT[0], TEXT[1].max(tokens.get())];
    let slider = HandSlider::new(name, &mut value, usual.get(), range, &said).doubling();
    let row = row::slider(ui, &words, slider, by_hand);
    if row.back || row.moved {
        *tokens = value.filter(|_| !row.back).map_or(usual, Tokens::new);
    }
}
