//! The pool and its requests as they are typed, with examples to start from.

use egui::{ComboBox, Ui};

use crate::reasoning::requests::{Policy, Preemption};
use crate::ui::bench::Workbench;
use crate::ui::paint::icon;
use crate::ui::widget::button::Button;
use crate::ui::widget::card::{card, rows};
use crate::ui::widget::number_field::number_field;
use crate::ui::widget::segmented::segmented;
use crate::ui::{fonts, theme};
use crate::units::Bytes;

use super::form::{Form, Head, PerToken, Room};
use super::under;

/// The most requests of a run, and the longest of them.
const MOST_REQUESTS: u64 = 1_000_000;
const LONGEST: u64 = 1 << 20;

/// Examples, each a form.
const EXAMPLES: [(&str, Form, &str); 4] = [
    ("12 fit, the 13th", Form::TWELVE, "40 GiB, 13 requests of 32,768 tokens, each reserved one and a half times"),
    ("Answers in blocks", Form::SEVEN, "10,240 blocks of 16 tokens, 7 answers of 23,000 tokens"),
    ("A slip of units", Form::SLIP, "A course's code takes KB for MB: 30.5 MiB a token, and refuses the first request"),
    ("100,000 requests", Form::MANY, "900 and 7,000 tokens, 80 % around, one every 1,000 steps"),
];

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) {
    let before = bench.reason.form;
    let on_screen = bench.answer().kv_per_token;
    card(
        ui,
        ["Pool and requests", ""],
        |_| (),
        |ui| {
            rows(ui, theme::height::SMALL);
            ui.spacing_mut().item_spacing.y = 6.0;
            ui.horizontal_wrapped(|ui| {
                ui.label(fonts::caption("Start from").color(theme::palette(ui).t3));
                for (name, form, told) in EXAMPLES {
                    if ui.add(Button::new(name).small()).on_hover_text(told).clicked() {
                        bench.reason.form = form;
                    }
                }
                if ui.add(Button::new("As on screen").small()).on_hover_text(ON_SCREEN).clicked() {
                    as_on_screen(bench);
                }
            });
            let form = &mut bench.reason.form;
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 12.0;
                under(ui, "Room is given", 180.0, |ui| {
                    let rooms = [(Room::Whole, "Whole, at once"), (Room::Blocks, "In blocks")];
                    segmented(ui, "Room is given", &mut form.room, &rooms);
                });
                match form.room {
                    Room::Whole => {
                        let mut field = |name, value: &mut u64, range, unit| {
                            under(ui, name, 116.0, |ui| _ = number_field(ui, name, value, range, unit, 96.0));
                        };
                        field("Pool", &mut form.mib, 1..=1 << 24, "MiB");
                        field("Reserved of its length", &mut form.percent, 100..=1000, "%");
                    }
                    Room::Blocks => {
                        let mut field = |name, value: &mut u64, range| {
                            under(ui, name, 112.0, |ui| _ = number_field(ui, name, value, range, "", 84.0));
                        };
                        field("Blocks in the pool", &mut form.blocks, 1..=1 << 24);
                        field("Tokens in a block", &mut form.size, 1..=4096);
                        field("Blocks of a sequence", &mut form.most, 1..=1 << 24);
                    }
                }
                under(ui, "Who has to go", 178.0, |ui| policy(ui, &mut form.policy));
                under(ui, "Put out, it is", 220.0, |ui| {
                    let ways = [(Preemption::Recompute, "computed again"), (Preemption::Swap, "copied out and in")];
                    segmented(ui, "Put out, it is", &mut form.preemption, &ways);
                });
            });
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 12.0;
                let mut field = |name, value: &mut u64, range, unit, width| {
                    under(ui, name, width, |ui| _ = number_field(ui, name, value, range, unit, width));
                };
                field("Requests", &mut form.count, 1..=MOST_REQUESTS, "", 84.0);
                field("One every", &mut form.gap, 0..=LONGEST, "steps", 96.0);
                field("Prompt of each", &mut form.prompt, 0..=LONGEST, "tokens", 108.0);
                field("Answer of each", &mut form.answer, 0..=LONGEST, "tokens", 108.0);
                field("Lengths differ by", &mut form.spread, 0..=100, "%", 92.0);
                field("Seed", &mut form.seed, 0..=u64::from(u32::MAX), "", 72.0);
                under(ui, "A token takes", 160.0, |ui| per_token(ui, &mut form.per_token, on_screen));
            });
        },
    );
    if bench.reason.form != before {
        bench.reason.head = Head::default();
        ui.ctx().request_discard("another run");
    }
}

const ON_SCREEN: &str = "The cache the question on screen has, its prompt and its answer, without reserve";

/// Requests like the question on screen in the room its own cache has.
fn as_on_screen(bench: &mut Workbench) {
    let kv = bench.answer().plan.kv();
    let (prompt, answer) = (bench.scenario.prompt.get(), bench.scenario.answer.get());
    bench.reason.form = Form {
        mib: (kv.get() / crate::units::MIB).max(1),
        percent: 100,
        prompt,
        answer,
        per_token: PerToken::OnScreen,
        room: Room::Whole,
        ..bench.reason.form
    };
}

/// The words of a policy.
const fn words(policy: Policy) -> &'static str {
    match policy {
        Policy::LeastRecent => "let in longest ago (LRU)",
        Policy::FirstIn => "arrived first (FIFO)",
        Policy::Largest => "takes the most",
        Policy::Reject => "nobody: refuse the new one",
    }
}

fn policy(ui: &mut Ui, policy: &mut Policy) {
    ComboBox::from_id_salt("policy")
        .icon(icon::combo)
        .width(176.0)
        .selected_text(fonts::small(words(*policy)))
        .show_ui(ui, |ui| {
            rows(ui, theme::height::SMALL);
            for one in Policy::ALL {
                ui.selectable_value(policy, one, words(one));
            }
        })
        .response
        .accessible_name("Who has to go");
}

/// What a token takes: of the question on screen, or as it was typed with an example.
fn per_token(ui: &mut Ui, per_token: &mut PerToken, on_screen: Bytes) {
    let typed = match *per_token {
        PerToken::OnScreen => None,
        PerToken::Of(bytes) => Some(bytes),
    };
    let here = on_screen.fine();
    let mut choices = vec![(PerToken::OnScreen, here)];
    choices.extend(typed.map(|bytes| (PerToken::Of(bytes), bytes.fine())));
    let choices: Vec<(PerToken, &str)> = choices.iter().map(|(one, text)| (*one, text.as_str())).collect();
    segmented(ui, "A token takes", per_token, &choices).on_hover_text(
        "What one token takes in the cache of the model, the layout and the type on screen; beside it what an example says",
    );
}
