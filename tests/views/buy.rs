//! What to buy: found from the answer, sorted by a wish, tried and undone.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use willitrun::ui::bench::Workspace;
use willitrun::units::Bytes;

use super::window::{Harnessed, LAPTOP, bench, click, heading, type_over, window};

fn opened(model: &str) -> Harnessed {
    let mut h = window(LAPTOP, model);
    click(&mut h, "What to buy…");
    assert_eq!(bench(&mut h).workspace, Workspace::Buy);
    h
}

#[test]
fn a_step_is_tried_and_taken_back() {
    let mut h = opened("qwen3-30b-a3b");
    assert!(heading(&h).contains("is enough"), "the page answers first");
    h.get_by_label("Try RAM 32 GiB");
    let before = bench(&mut h).scenario.clone();
    click(&mut h, "Try RAM 32 GiB");
    let after = bench(&mut h).scenario.clone();
    assert_eq!(bench(&mut h).workspace, Workspace::Run);
    let ram = |scenario: &willitrun::scenario::Scenario| scenario.machine.host().map(|pool| pool.capacity.value);
    assert_eq!(ram(&after), Some(Bytes::gib(32)));
    bench(&mut h).undo();
    h.run();
    assert_eq!(bench(&mut h).scenario, before, "trying is one step to take back");
}

#[test]
fn a_wish_beyond_every_step_is_told() {
    let mut h = opened("llama-3.3-70b");
    type_over(&mut h, Role::SpinButton, "Tokens per second wished for", "900");
    assert!(heading(&h).contains("No single step reaches 900 tokens/s"), "{}", heading(&h));
    click(&mut h, "Back to the answer");
    assert_eq!(bench(&mut h).workspace, Workspace::Run);
}

#[test]
fn what_a_laptop_does_not_take_is_said_and_not_offered() {
    let h = opened("llama-3.3-70b");
    assert!(h.query_by_label_contains("a laptop takes none").is_some());
    assert!(h.query_by_label_contains("Try RTX").is_none(), "no card is put into a laptop");
    let mut h = window("desktop-32gb-ddr4", "llama-3.3-70b");
    click(&mut h, "What to buy…");
    assert!(h.query_by_label_contains("Left out").is_none());
    assert!(h.query_by_label("Try RTX 5090").is_some());
}

#[test]
fn modules_somebody_has_are_judged_on_the_page() {
    let mut h = window("server-8ch-ddr5-512gb", "deepseek-r1");
    click(&mut h, "What to buy…");
    type_over(&mut h, Role::TextInput, "Modules you have or mean", "4x64 RDIMM, 4x64 LRDIMM");
    assert!(h.query_by_label_contains("RDIMM and LRDIMM do not work in one board").is_some());
    type_over(&mut h, Role::TextInput, "Modules you have or mean", "5x16");
    assert!(h.query_by_label_contains("5 of the 8 channels: 62 %").is_some());
    assert!(h.query_by_label_contains("do not work in one board").is_none());
    type_over(&mut h, Role::TextInput, "Modules you have or mean", "many");
    assert!(h.query_by_label_contains("'many' is no kind of modules").is_some());
}
