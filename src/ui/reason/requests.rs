//! Many requests and the memory for their caches: who has room, who has to go, and how long it all takes.

use std::sync::Arc;

use egui::{Align, Layout, Ui};

use crate::reasoning::blocks::BlockPool;
use crate::reasoning::requests::{Event, MOST_EVENTS, Played, Preemption, Reserve, Trial, What};
use crate::ui::bench::Workbench;
use crate::ui::widget::button::Button;
use crate::ui::widget::card::{card, rows};
use crate::ui::widget::hand_slider::HandSlider;
use crate::ui::{Command, MemoryUnit, fonts, theme};
use crate::units::{MIB, Tokens, grouped};

use super::form::{Head, Motion, fullest};
use super::{GAP, grid, heading, pair, pool, remark, said, timeline};

/// Tokens and requests up to which a run is worked out within a frame; more is a job.
const IN_A_FRAME: (u64, u64) = (1_000_000, 256);
/// The most tokens of a run: what a second or a few are enough for.
const MOST: u64 = 4_000_000_000;
/// A run is played in so many seconds.
const PLAYED_IN: f64 = 20.0;
/// Events told below the timeline.
const TOLD: usize = 5;

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let on_screen = bench.answer().kv_per_token;
    let trial = bench.reason.form.trial(on_screen);
    if tokens_of(&trial) > MOST {
        heading(ui, "Too long a run to be worked out");
        let all = grouped(tokens_of(&trial));
        said(
            ui,
            &format!(
                "{all} tokens of all requests together; at most {} are. Take fewer or shorter ones.",
                grouped(MOST)
            ),
        );
        ui.add_space(8.0);
        pool::ui(ui, bench);
        return None;
    }
    let resting = crate::ui::resting(ui);
    let (played, command) = played(bench, trial, resting);
    let Some(played) = played else {
        heading(ui, &format!("Working out {} requests…", grouped(trial.count)));
        said(ui, "A run this long is worked out beside the window.");
        ui.add_space(8.0);
        pool::ui(ui, bench);
        return command;
    };
    heading(ui, &played.trial.sentence(&played.outcome, bench.unit));
    said(ui, &facts(&played, bench.unit));
    ui.add_space(8.0);
    pool::ui(ui, bench);
    ui.add_space(GAP);
    let unit = bench.unit;
    let head = &mut bench.reason.head;
    card(
        ui,
        ["Step by step", ""],
        |_| (),
        |ui| {
            player(ui, head, &played);
            ui.add_space(4.0);
            remark(ui, &now(&played, head.at(&played)));
            if played.replay.end < played.outcome.steps {
                let (kept, end) = (grouped(MOST_EVENTS as u64), grouped(played.replay.end));
                remark(
                    ui,
                    &format!("The first {kept} events are kept, up to step {end}; the counts above are of all."),
                );
            }
        },
    );
    ui.add_space(GAP);
    let step = head.at(&played);
    let draw_grid = |ui: &mut Ui, played: &mut &Played| grid::ui(ui, played, step, unit);
    pair(ui, 0.42, &mut &*played, draw_grid, |ui, played| {
        timeline::ui(ui, played, step);
        ui.add_space(GAP);
        events(ui, played, step, unit);
    });
    ui.add_space(8.0);
    remark(
        ui,
        "Putting a request out gives its whole room to others and loses nothing of theirs. Evicting tokens inside one cache (R-KV, H2O) and keeping a cache in fewer bits (q8_0) are other things: see KV cache.",
    );
    command
}

/// Tokens of all requests together.
fn tokens_of(trial: &Trial) -> u64 {
    trial.count.saturating_mul(trial.length().get())
}

/// The run of a trial: at once where it is short, else from a job.
fn played(bench: &mut Workbench, trial: Trial, resting: bool) -> (Option<Arc<Played>>, Option<Command>) {
    let (tokens, count) = IN_A_FRAME;
    let short = trial.count <= count && tokens_of(&trial) <= tokens;
    if short {
        bench.reason.asked = None;
        return (Some(bench.reason.trial.get(trial, |trial| Arc::new(trial.play())).clone()), None);
    }
    let done = bench.reason.played.clone().filter(|played| played.trial == trial);
    let waiting = bench.reason.asked == Some(trial);
    if done.is_none() && !waiting && resting {
        bench.reason.asked = Some(trial);
        return (None, Some(Command::Simulate(trial)));
    }
    (done, None)
}

/// What the whole run came to, and blocks beside a reservation in whole.
fn facts(played: &Played, unit: MemoryUnit) -> String {
    let trial = played.trial;
    let text = trial.facts(&played.outcome, unit);
    let Reserve::Blocks { size, most } = trial.setup.reserve else { return text };
    let pool = BlockPool { size, most, blocks: trial.setup.cells() };
    let length = trial.length();
    let (Some(filled), Some(whole)) = (pool.fill(length), pool.reserved(length)) else {
        return format!("{text} A sequence may have {} tokens: {length} are more.", pool.longest());
    };
    let waste = whole.waste.as_f64() / pool.longest().as_f64() * 100.0;
    format!(
        "{text} A sequence may have {} tokens, the pool holds {}. Of {length} tokens: {} blocks each, {} tokens unused in the last, {} at once, {} blocks left; reserved whole {} at once, {waste:.1} % of each unused.",
        pool.longest(),
        pool.tokens(),
        grouped(filled.each),
        filled.waste,
        filled.at_once,
        filled.left,
        whole.at_once,
    )
}

/// Who has room at a step.
pub(super) fn now(played: &Played, step: u64) -> String {
    let Played { trial, requests, outcome, replay } = played;
    let held = replay.at(&trial.setup, requests, step);
    let cells: u64 = held.iter().map(|held| held.cells).sum();
    let given = trial.setup.cell() * cells;
    let all = trial.setup.cells();
    let share = cells as f64 / all.max(1) as f64 * 100.0;
    let mut text = format!(
        "Step {} of {}: {} with room, {} waiting, {} of {} MiB given ({share:.1} %)",
        grouped(step),
        grouped(outcome.steps),
        held.len(),
        replay.waiting(step).len(),
        grouped(given.get() / MIB),
        grouped(trial.setup.pool.get() / MIB),
    );
    if let Reserve::Blocks { .. } = trial.setup.reserve {
        text = format!("{text}, {} blocks free", grouped(all - cells));
    }
    text
}

/// Play and pause, one event back and on, and the step by hand.
fn player(ui: &mut Ui, head: &mut Head, played: &Played) {
    let steps = played.replay.end;
    let mut step = head.at(played);
    let mut before = step;
    ui.horizontal(|ui| {
        rows(ui, theme::height::SMALL);
        let plays = head.motion == Motion::Plays;
        if ui.add(Button::new(if plays { "Pause" } else { "Play" }).small()).clicked() {
            head.motion = if plays { Motion::Rests } else { Motion::Plays };
            if !plays && step >= steps {
                *head = Head { step: Some(0.0), motion: Motion::Plays };
                step = 0;
            }
        }
        if ui.add(Button::new("Start").small()).clicked() {
            step = 0;
        }
        let back = ui.add(Button::new("Back").small()).on_hover_text("To the event before");
        if back.clicked() {
            step = played.replay.before(step).unwrap_or(0);
        }
        if ui.add(Button::new("Next").small()).on_hover_text("To the next event").clicked() {
            step = played.replay.after(step).unwrap_or(steps);
        }
        if ui.add(Button::new("Fullest").small()).on_hover_text("The step before the first finishes").clicked() {
            step = fullest(played);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(fonts::medium(format!("step {}", grouped(step))).size(12.0).color(theme::palette(ui).t1));
            ui.add_space(8.0);
            // At rest it stands at the step that tells most.
            let said = |step: u64| format!("step {}", grouped(step));
            let mut value = head.step.map(|_| step);
            let slider = HandSlider::new("Step", &mut value, Head::default().at(played), [0, steps.max(1)], &said);
            if slider.show(ui).changed() {
                step = value.unwrap_or_else(|| Head::default().at(played));
                *head = Head { step: value.map(|step| step as f64), motion: Motion::Rests };
                before = step;
            }
        });
    });
    if step != before {
        *head = Head { step: Some(step as f64), motion: Motion::Rests };
    }
    if head.motion == Motion::Plays {
        let passed = f64::from(ui.input(|input| input.stable_dt).min(0.1));
        let next = head.step.unwrap_or(step as f64) + passed * (steps as f64 / PLAYED_IN).max(1.0);
        head.step = Some(next);
        if next >= steps as f64 {
            *head = Head { step: Some(steps as f64), motion: Motion::Rests };
        } else {
            ui.ctx().request_repaint();
        }
    }
}

/// The tokens a request comes back with.
fn again(played: &Played, step: u64, request: usize) -> Option<Tokens> {
    played.replay.of_request(request).find(|stay| stay.from == step).map(|stay| stay.tokens)
}

/// What happened last.
fn events(ui: &mut Ui, played: &Played, step: u64, unit: MemoryUnit) {
    let all = &played.outcome.events;
    let end = all.partition_point(|event| event.step <= step);
    let readout = |ui: &mut Ui| {
        let kept = if all.len() == MOST_EVENTS { ", the first of the run" } else { "" };
        let text = format!("{} of {} events{kept}", grouped(end as u64), grouped(all.len() as u64));
        ui.label(fonts::small(text).color(theme::palette(ui).t3));
    };
    card(ui, ["What happened", ""], readout, |ui| {
        rows(ui, 18.0);
        ui.set_min_height(18.0 * TOLD as f32);
        for Event { step, request, what } in all[..end].iter().rev().take(TOLD) {
            let mut text = format!("step {}: request {} {}", grouped(*step), grouped(*request as u64 + 1), what.word());
            if let Some(tokens) = again(played, *step, *request).filter(|_| *what == What::Back) {
                text = match played.trial.setup.preemption {
                    Preemption::Recompute => format!("{text}, {tokens} tokens computed again"),
                    Preemption::Swap => {
                        format!("{text}, {} copied in", unit.of(played.trial.setup.per_token * tokens.get()))
                    }
                };
            }
            ui.label(fonts::small(text).color(theme::palette(ui).t2));
        }
    });
}
