//! The page of prices: power, electricity and tokens, each typed over its preset.

use std::path::Path;

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use willitrun::app::{App, Event};
use willitrun::formats::reason_doc::Reason;
use willitrun::hardware::Source;
use willitrun::reasoning::strategy::Task;
use willitrun::reasoning::terms::Terms;
use willitrun::ui::reason::Section;
use willitrun::units::Tokens;

use super::reason::page;
use super::window::{DESKTOP, Harnessed, SERVER, SIZE, bench, click_role, detected, heading, open, text_on, type_over};

#[test]
fn a_million_tokens_have_a_price() {
    let mut h = page(SERVER, "deepseek-r1", "Cost");
    let rate = bench(&mut h).answer().bill.as_ref().expect("it runs").throughput().expected;
    let kwh = |watts: f64| watts / (3.6 * rate);
    click_role(&mut h, Role::Button, "12-channel server and a GPU");
    assert_eq!(heading(&h), format!("A million tokens cost ${:.2} here, {:.2} kWh", kwh(600.0) * 0.15, kwh(600.0)));
    h.get_by_role_and_label(Role::Button, "high, $0.3").click();
    h.run();
    assert!(heading(&h).starts_with(&format!("A million tokens cost ${:.2} here", kwh(600.0) * 0.30)));
    assert!(text_on(&h, "$2.19"), "what R1 was sold for");
    assert!(text_on(&h, "type what it cost"));
    bench(&mut h).reason.terms.price = 8000.0;
    h.run();
    assert!(text_on(&h, "never") || text_on(&h, "million tokens"));
    let saved = 2.19 - kwh(600.0) * 0.30;
    let even = if saved > 0.0 { format!("{:.1} million tokens", 8000.0 / saved) } else { "never".to_owned() };
    assert!(text_on(&h, &even), "{even}");
    click_role(&mut h, Role::Button, "Reset");
    assert!(bench(&mut h).reason.terms.watts.is_none());
}

fn typed(h: &mut Harnessed, name: &str, text: &str) {
    type_over(h, Role::SpinButton, name, text);
    h.key_press(egui::Key::Enter);
    h.run();
}

#[test]
fn prices_of_tokens_are_typed_over_their_preset_and_reset() {
    let mut h = page(SERVER, "deepseek-r1", "Cost");
    assert!(!text_on(&h, "That is the price of"), "R1 has its own price");
    bench(&mut h).scenario.prompt = Tokens::new(1_000_000);
    bench(&mut h).scenario.answer = Tokens::new(10_000);
    h.run();
    let answer = |hit: f64, miss: f64| format!("${:.4}", hit * 0.14 + miss * 0.55 + 0.01 * 2.19);
    assert!(text_on(&h, &answer(0.0, 1.0)));
    typed(&mut h, "Share cached", "75");
    assert!(text_on(&h, &answer(0.75, 0.25)), "a cached prompt is cheaper");
    assert!(text_on(&h, "750,000 of them cached"));
    typed(&mut h, "Output", "4.5");
    assert!(text_on(&h, "Typed prices") && text_on(&h, "$4.50"));
    assert!(text_on(&h, "typed over deepseek-reasoner (R1) at launch, as of 2025-01"));
    click_role(&mut h, Role::Button, "Reset to preset");
    assert!(!text_on(&h, "Typed prices"));
    assert_eq!(bench(&mut h).reason.terms, Terms { cached: 75.0, ..Terms::default() });
}

#[test]
fn the_price_of_another_model_is_said_to_be_that() {
    let mut h = page(DESKTOP, "qwen3-8b", "Cost");
    assert!(text_on(&h, "That is the price of DeepSeek-R1, not of Qwen3 8B."));
    click_role(&mut h, Role::Button, "DeepSeek V4-Pro, off-peak");
    assert_eq!(bench(&mut h).reason.terms.api, "v4-pro");
    assert!(text_on(&h, "That is the price of DeepSeek V4-Pro, off-peak, not of Qwen3 8B."));
    typed(&mut h, "Output", "1");
    assert!(!text_on(&h, "That is the price of"), "typed ones are whatever they were typed for");
}

#[test]
fn power_says_how_it_is_known() {
    let mut h = page("laptop-16gb", "qwen3-8b", "Cost");
    assert!(text_on(&h, "60 W, assumed (preset Laptop"), "{}", heading(&h));
    typed(&mut h, "Draws", "45");
    assert!(text_on(&h, "electricity at 45 W, typed and"));
    click_role(&mut h, Role::RadioButton, "measured at the wall");
    assert!(text_on(&h, "electricity at 45 W, measured and"));
    typed(&mut h, "Draws", "50");
    let watts = bench(&mut h).reason.terms.watts.clone().expect("typed");
    assert_eq!((watts.value, watts.source), (50.0, Source::Measured));
    click_role(&mut h, Role::Button, "Desktop with one large GPU");
    assert!(text_on(&h, "450 W, assumed (Desktop with one large GPU"));
    click_role(&mut h, Role::Button, "Reset");
    assert!(text_on(&h, "60 W, assumed"));
}

#[test]
fn amounts_are_in_the_currency_typed() {
    let mut h = page(SERVER, "deepseek-r1", "Cost");
    let dollars = heading(&h);
    type_over(&mut h, Role::TextInput, "Currency", "eur");
    typed(&mut h, "For a US dollar", "0.5");
    assert!(text_on(&h, "1.09 EUR") || text_on(&h, "1.10 EUR"), "half of $2.19");
    assert_ne!(heading(&h), dollars);
    assert!(text_on(&h, "Presets are in US dollars; the rate is the one typed"));
    typed(&mut h, "It cost", "1000");
    assert!((bench(&mut h).reason.terms.price - 2000.0).abs() < 1e-9, "kept in dollars");
}

#[test]
fn what_was_typed_is_taken_back_and_done_again() {
    let mut h = page(SERVER, "deepseek-r1", "Cost");
    typed(&mut h, "Draws", "333");
    click_role(&mut h, Role::RadioButton, "KV cache");
    typed(&mut h, "Budget", "2048");
    assert_eq!(bench(&mut h).reason.smaller.budget, 2048);
    click_role(&mut h, Role::Button, "Undo");
    assert_eq!(bench(&mut h).reason.smaller.budget, 1024);
    click_role(&mut h, Role::Button, "Undo");
    assert_eq!(bench(&mut h).reason.terms, Terms::default());
    click_role(&mut h, Role::Button, "Redo");
    assert_eq!(bench(&mut h).reason.terms.watts.as_ref().map(|watts| watts.value), Some(333.0));
}

/// What was kept is there when the machine has been read, and undo goes no further back than that.
#[test]
fn what_was_kept_is_there_after_a_restart() {
    let kept = Reason { section: "cost".to_owned(), task: "code".to_owned(), layers: Some(7), ..Reason::default() };
    let prepare = |app: &mut App, _: &Path| app.handle(detected(SERVER, "deepseek-r1"));
    let mut h = open(Event::Reason(Box::new(kept)), egui::Theme::Dark, SIZE, prepare);
    let bench = bench(&mut h);
    assert_eq!((bench.reason.section, bench.reason.task, bench.reason.layers), (Section::Cost, Task::Code, Some(7)));
    assert!(!bench.can_undo());
}
