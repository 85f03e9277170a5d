//! The pool of requests: what fits, who has to go, and the run step by step.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use willitrun::ui::reason::{Form, Motion};

use super::reason::page;
use super::window::{Harnessed, SERVER, bench, choose, click_role, heading, names, text_on, type_over, until};

#[test]
fn twelve_requests_fit_and_the_thirteenth_puts_the_first_out() {
    let mut h = page(SERVER, "deepseek-r1", "Requests");
    assert_eq!(heading(&h), "12 requests fit at once; request 13 puts request 1 out");
    assert!(text_on(&h, "At most 12 had room at once, 39,528 MiB of 40,960 MiB."));
    assert!(text_on(&h, "Step 12,288 of"), "the step that tells most");
    click_role(&mut h, Role::Button, "Start");
    assert!(text_on(&h, "Step 0 of"));
    for _ in 0..12 {
        click_role(&mut h, Role::Button, "Next");
    }
    assert!(text_on(&h, "Step 12,288 of"), "{:?}", names(&h));
    assert!(text_on(&h, "12 with room, 1 waiting, 39,528 of 40,960 MiB given"));
    assert!(text_on(&h, "step 12,288: request 1 put out"));
    click_role(&mut h, Role::Button, "Back");
    assert!(text_on(&h, "Step 11,264 of"));
    assert!(text_on(&h, "12 with room, 0 waiting"));
    assert!(text_on(&h, "Request 1, let in at 0 and put out at 12,288"));
    while !text_on(&h, "request 1 back") {
        click_role(&mut h, Role::Button, "Next");
    }
    assert!(text_on(&h, "request 1 back, 12,800 tokens computed again"));
}

#[test]
fn blocks_hold_seven_answers_where_a_reservation_holds_two() {
    let mut h = page(SERVER, "deepseek-r1", "Requests");
    click_role(&mut h, Role::Button, "Answers in blocks");
    assert_eq!(heading(&h), "7 requests fit at once; all 7 finish");
    assert!(text_on(&h, "A sequence may have 65,536 tokens, the pool holds 163,840."));
    assert!(text_on(&h, "1,438 blocks each, 8 tokens unused in the last, 7 at once, 174 blocks left"));
    assert!(text_on(&h, "reserved whole 2 at once, 64.9 % of each unused"));
    click_role(&mut h, Role::Button, "Fullest");
    assert!(text_on(&h, "7 with room, 0 waiting"));
    assert!(text_on(&h, "174 blocks free"));
    let pool = names(&h).into_iter().find(|name| name.starts_with("Pool: ")).expect("the grid");
    assert!(pool.contains("request 7 has 1,438 blocks") && pool.ends_with("174 blocks free"), "{pool}");
}

#[test]
fn a_request_above_the_pool_is_refused_in_words() {
    let mut h = page(SERVER, "deepseek-r1", "Requests");
    click_role(&mut h, Role::Button, "A slip of units");
    assert_eq!(heading(&h), "Refused: one request needs 1,464 GiB, the pool holds 40.0 GiB");
    assert!(text_on(&h, "0 finished, 1 refused"));
    assert!(text_on(&h, "Request 1, refused at 0"));
}

#[test]
fn the_form_is_typed_and_chosen() {
    let mut h = page(SERVER, "deepseek-r1", "Requests");
    type_over(&mut h, Role::SpinButton, "Pool", "20480");
    h.key_press(egui::Key::Enter);
    h.run();
    assert_eq!(bench(&mut h).reason.form.mib, 20_480);
    assert!(heading(&h).starts_with("6 requests fit at once"), "{}", heading(&h));
    choose(&mut h, "Who has to go", "nobody: refuse the new one");
    assert_eq!(heading(&h), "6 requests fit at once; 7 of 13 are refused");
    // What the cache on screen takes changes with the question.
    bench(&mut h).scenario.run.kv_k = willitrun::quant::Format::Q8_0;
    bench(&mut h).scenario.run.kv_v = willitrun::quant::Format::Q8_0;
    h.run();
    assert!(heading(&h).starts_with("11 requests fit at once"), "{}", heading(&h));
}

#[test]
fn a_run_plays_and_rests() {
    let mut h = page(SERVER, "deepseek-r1", "Requests");
    click_to(&mut h, "Play");
    assert_eq!(bench(&mut h).reason.head.motion, Motion::Plays);
    let before = bench(&mut h).reason.head.step;
    h.step();
    h.step();
    assert!(bench(&mut h).reason.head.step > before);
    click_to(&mut h, "Pause");
    assert_eq!(bench(&mut h).reason.head.motion, Motion::Rests);
    let stands = bench(&mut h).reason.head.step;
    h.run();
    assert_eq!(bench(&mut h).reason.head.step, stands);
}

/// A click while frames follow one another.
fn click_to(h: &mut Harnessed, label: &str) {
    h.get_by_role_and_label(Role::Button, label).click();
    h.step();
    h.step();
}

#[test]
fn a_long_run_is_a_job() {
    let mut h = page(SERVER, "deepseek-r1", "Requests");
    h.get_by_role_and_label(Role::Button, "100,000 requests").click();
    h.step();
    assert_eq!(bench(&mut h).reason.form, Form::MANY);
    until(&mut h, "run", |bench| bench.reason.played.is_some());
    let played = bench(&mut h).reason.played.clone().expect("a run");
    assert_eq!(played.outcome.counts.finished, 100_000);
    assert!(text_on(&h, "100,000 finished, 0 refused"), "{}", heading(&h));
}

#[test]
fn a_run_nobody_waits_for_is_refused_in_words() {
    let mut h = page(SERVER, "deepseek-r1", "Requests");
    bench(&mut h).reason.form = Form { count: 1_000_000, answer: 1 << 20, ..Form::MANY };
    h.run();
    assert_eq!(heading(&h), "Too long a run to be worked out");
    assert!(text_on(&h, "at most 4,000,000,000 are. Take fewer or shorter ones."));
    assert!(bench(&mut h).reason.played.is_none());
}
