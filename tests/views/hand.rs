//! What is set by hand: every slider moves the answer in the same frame, the mark gives it back, and undo knows it.

use egui::accesskit::Role;
use egui::{Key, Modifiers, Theme, pos2, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use willitrun::catalog::Catalog;
use willitrun::hardware::Backend;
use willitrun::memory::KvPlace;
use willitrun::placement::{CpuExperts, GpuLayers, Policy, Split};
use willitrun::quant::{Mix, Quant};
use willitrun::scenario::{Scenario, Subject, evaluate};
use willitrun::units::Tokens;

use super::window::{
    DESKTOP, Harnessed, LAPTOP, SERVER, SIZE, bench, choose, click, click_role, heading, names, text_on, window,
    window_in,
};

const TWO_GPUS: &str = "desktop-2x-rtx-3090";

fn opened(profile: &str, model: &str) -> Harnessed {
    let mut h = window(profile, model);
    click_role(&mut h, Role::Tab, "By hand");
    h
}

/// Drags the handle of a slider to a share of its rail; what is on screen is of this frame.
fn drag(h: &mut Harnessed, slider: &str, share: f32) {
    let rect = h.get_by_role_and_label(Role::Slider, slider).rect();
    let y = rect.top() + 14.0;
    let to = pos2(rect.left() + 6.0 + (rect.width() - 12.0) * share, y);
    h.drag_at(pos2(rect.center().x, y));
    h.step();
    h.hover_at(to);
    h.step();
    h.drop_at(to);
    h.step();
}

fn value(h: &Harnessed, slider: &str) -> String {
    h.get_by_role_and_label(Role::Slider, slider).value().unwrap_or_default()
}

#[track_caller]
fn answers_what_is_asked(h: &mut Harnessed) {
    let answer = evaluate(&bench(h).scenario.clone());
    assert_eq!(heading(h), answer.verdict.sentence());
    assert_eq!(bench(h).answer().plan, answer.plan);
}

/// Moves a slider; the question, the answer and the page follow at once, undo and the mark take it back.
fn check(profile: &str, model: &str, slider: &str, share: f32, expected: impl Fn(&Scenario) -> bool) {
    let mut h = opened(profile, model);
    let before = bench(&mut h).scenario.clone();
    let resting = value(&h, slider);
    assert!(resting.ends_with(", automatic"), "{slider}: {resting}");
    let answered = bench(&mut h).answer().clone();

    drag(&mut h, slider, share);
    let moved = bench(&mut h).scenario.clone();
    assert!(expected(&moved), "{slider} at {share}: {}", value(&h, slider));
    assert_ne!(*bench(&mut h).answer(), answered, "{slider} changes nothing");
    answers_what_is_asked(&mut h);
    assert!(!value(&h, slider).ends_with(", automatic"), "{slider}");
    h.run();
    h.get_by_role_and_label(Role::Tab, "By hand, 1 set");

    // A drag is one step.
    click(&mut h, "Undo");
    assert_eq!(bench(&mut h).scenario, before, "{slider}");
    click(&mut h, "Redo");
    assert_eq!(bench(&mut h).scenario, moved, "{slider}");

    // The mark gives it back.
    let mark =
        names(&h).into_iter().find(|name| name.starts_with(&format!("{slider}: back to automatic"))).expect(slider);
    click_role(&mut h, Role::Button, &mark);
    assert_eq!(bench(&mut h).scenario, before, "the mark of {slider}");
    assert_eq!(value(&h, slider), resting);
    answers_what_is_asked(&mut h);

    // So do the arrow of the row, and the key.
    drag(&mut h, slider, share);
    h.run();
    click_role(&mut h, Role::Button, &format!("Reset {slider}"));
    assert_eq!(bench(&mut h).scenario, before, "the arrow of {slider}");
    h.get_by_role_and_label(Role::Slider, slider).focus();
    h.run();
    h.key_press(Key::ArrowLeft);
    h.run();
    h.key_press(Key::ArrowRight);
    h.run();
    h.key_press(Key::Delete);
    h.run();
    assert_eq!(bench(&mut h).scenario, before, "Delete on {slider}");
}

#[test]
fn layers_on_gpus_are_moved_and_given_back() {
    check(DESKTOP, "qwen3-32b", "Layers on GPUs", 0.5, |scenario| {
        matches!(scenario.policy.gpu_layers, GpuLayers::Count(30..=35))
    });
}

#[test]
fn layers_with_experts_in_ram_are_moved_and_given_back() {
    check(SERVER, "deepseek-r1", "Layers with experts in RAM", 1.0, |scenario| {
        scenario.policy.cpu_experts == CpuExperts::All
    });
    check(SERVER, "qwen3-30b-a3b", "Layers with experts in RAM", 0.5, |scenario| {
        scenario.policy.cpu_experts == CpuExperts::First(24)
    });
}

#[test]
fn shares_of_gpus_are_moved_and_given_back() {
    check(TWO_GPUS, "qwen3-32b", "Share of gpu0", 0.8, |scenario| scenario.policy.tensor_split == [80.0, 20.0]);
    let mut h = opened(TWO_GPUS, "qwen3-32b");
    drag(&mut h, "Share of gpu0", 0.8);
    h.run();
    assert!(value(&h, "Share of gpu1").starts_with("20 %"), "{}", value(&h, "Share of gpu1"));
    let plan = bench(&mut h).answer().plan.clone();
    let on = |gpu: usize| plan.layers.iter().filter(|home| home.gpu == Some(gpu)).count();
    assert!(on(0) > 3 * on(1), "{} and {}", on(0), on(1));
    h.get_by_label_contains("-ts 80,20");
    click(&mut h, "tensor");
    assert_eq!(bench(&mut h).scenario.policy.split, Some(Split::Tensor));
    h.get_by_label_contains("-sm tensor");
    click(&mut h, "All automatic");
    assert_eq!(bench(&mut h).scenario.policy, Policy::default());
}

#[test]
fn experts_for_a_token_are_moved_and_given_back() {
    check(SERVER, "deepseek-r1", "Experts used", 5.0 / 15.0, |scenario| scenario.subject.experts_used == Some(6));
    let mut h = opened(SERVER, "deepseek-r1");
    assert!(!text_on(&h, "quality changes"));
    h.get_by_role_and_label(Role::Slider, "Experts used").focus();
    h.run();
    // The parameters published for R1 at 8 experts down to 1.
    for (experts, billions) in
        (1..=8).rev().zip(["36.63", "34.07", "31.52", "28.96", "26.41", "23.85", "21.30", "18.75"])
    {
        h.get_by_label(&format!("{billions} B active"));
        assert!(value(&h, "Experts used").starts_with(&format!("{experts} of 256")));
        assert_eq!(text_on(&h, "quality changes"), experts != 8);
        h.key_press(Key::ArrowLeft);
        h.run();
    }
}

#[test]
fn other_experts_are_as_if_the_model_were_expanded_anew() {
    let model = Catalog::builtin().model("deepseek-r1").expect("R1");
    let quant = Quant::mix(Mix::Q4_K_M, Mix::Q4_K_M.usual_imatrix());
    let new = |used| Subject::new(model.as_ref().clone(), quant.clone(), used);
    for (from, to) in [(None, Some(4)), (Some(2), Some(8)), (Some(4), None), (None, Some(999))] {
        assert_eq!(new(from).with_experts(to), new(to), "{from:?} to {to:?}");
    }
}

#[test]
fn users_and_lengths_are_moved_and_given_back() {
    check(DESKTOP, "qwen3-32b", "Users side by side", 0.5, |scenario| scenario.run.sequences == 16);
    check(DESKTOP, "qwen3-32b", "Samples of each answer", 0.25, |scenario| scenario.run.sequences == 4);
    check(SERVER, "deepseek-r1", "Thinking and answer", 0.3, |scenario| scenario.answer < Tokens::new(1000));
    check(DESKTOP, "llama-3.3-70b", "Length of the answer", 0.3, |scenario| scenario.answer < Tokens::new(1000));
    check(DESKTOP, "qwen3-32b", "Length of the prompt", 0.9, |scenario| scenario.prompt > Tokens::new(20_000));
}

#[test]
fn users_and_samples_are_sequences_together() {
    let mut h = opened(DESKTOP, "qwen3-32b");
    drag(&mut h, "Users side by side", 0.25);
    drag(&mut h, "Samples of each answer", 0.5);
    h.run();
    assert_eq!(bench(&mut h).scenario.run.sequences, 64);
    assert_eq!((value(&h, "Users side by side"), value(&h, "Samples of each answer")), ("4".into(), "16".into()));
    click(&mut h, "Undo");
    assert_eq!(bench(&mut h).scenario.run.sequences, 4);
    assert_eq!(value(&h, "Samples of each answer"), "1, automatic");
    click(&mut h, "Redo");
    click_role(&mut h, Role::Button, "Reset Users side by side");
    assert_eq!(bench(&mut h).scenario.run.sequences, 16);
    h.get_by_label_contains("-np 16");
}

#[test]
fn the_cache_the_backend_and_the_date_are_chosen() {
    let mut h = opened(DESKTOP, "qwen3-32b");
    let vram = |h: &mut Harnessed| bench(h).answer().plan.pools.clone();
    let before = vram(&mut h);
    h.get_all_by_label("RAM").find(|node| node.accesskit_node().role() == Role::RadioButton).expect("RAM").click();
    h.run();
    assert_eq!(bench(&mut h).scenario.run.kv_place, KvPlace::Host);
    assert_ne!(vram(&mut h), before);
    h.get_by_label_contains("-nkvo");
    answers_what_is_asked(&mut h);

    choose(&mut h, "Backend", "Vulkan");
    assert_eq!(bench(&mut h).scenario.backend, Some(Backend::Vulkan));
    answers_what_is_asked(&mut h);
    click_role(&mut h, Role::ComboBox, "Backend");
    assert!(h.get_by_label("ROCm").accesskit_node().is_disabled(), "an RTX is not driven so");
    h.key_press(Key::Escape);
    h.run();

    choose(&mut h, "Engine as of", "2024-12");
    assert_eq!(bench(&mut h).scenario.engine_date.as_deref(), Some("2024-12"));
    answers_what_is_asked(&mut h);
    h.get_by_role_and_label(Role::Tab, "By hand, 3 set");
    click(&mut h, "All automatic");
    assert_eq!(bench(&mut h).by_hand(), 0);
    assert_eq!(vram(&mut h), before);
}

#[test]
fn what_does_not_fit_is_answered_and_says_by_how_much() {
    let mut h = opened(SERVER, "deepseek-r1");
    drag(&mut h, "Layers with experts in RAM", 0.0);
    // Layers alone follow: as many as fit whole.
    assert!(value(&h, "Layers on GPUs").starts_with("3 of 62"), "{}", value(&h, "Layers on GPUs"));
    drag(&mut h, "Layers on GPUs", 1.0);
    assert_eq!(bench(&mut h).scenario.policy.cpu_experts, CpuExperts::First(0));
    let plan = bench(&mut h).answer().plan.clone();
    let machine = bench(&mut h).scenario.machine.clone();
    let vram = plan.pools.iter().find(|used| machine.pools[used.pool].id == "gpu0").expect("a GPU");
    let short = vram.free(&machine.pools[vram.pool]);
    assert!(!short.fits(), "{plan:?}");
    let short = format!("{} short", short.size().in_gib());
    assert_eq!(heading(&h), format!("Will not run: VRAM is {short}"));
    h.get_by_label(&short);
    // The way out is one click away.
    h.run();
    click_role(&mut h, Role::Tab, "What would change it");
    click(&mut h, "Apply Automatic placement");
    assert_eq!(bench(&mut h).scenario.policy, Policy::default());
}

#[test]
fn there_is_nothing_to_place_without_a_gpu() {
    let h = opened(LAPTOP, "llama-3.1-8b");
    for slider in ["Layers on GPUs", "Layers with experts in RAM", "Share of gpu0", "Experts used"] {
        assert!(h.query_by_role_and_label(Role::Slider, slider).is_none(), "{slider}");
    }
    h.get_by_role_and_label(Role::Slider, "Users side by side");
}

#[test]
fn what_was_placed_stays_with_its_model_and_machine() {
    let mut h = opened(SERVER, "qwen3-30b-a3b");
    drag(&mut h, "Layers on GPUs", 0.3);
    h.run();
    assert_ne!(bench(&mut h).scenario.policy.gpu_layers, GpuLayers::Auto);
    click(&mut h, "Try DeepSeek R1");
    assert_eq!(bench(&mut h).scenario.policy, Policy::default());
    drag(&mut h, "Layers on GPUs", 0.3);
    h.run();
    choose(&mut h, "Machine", "Mac Studio M3 Ultra, 512 GB");
    assert_eq!(bench(&mut h).scenario.policy, Policy::default());
}

#[test]
fn escape_folds_it_in() {
    let mut h = opened(SERVER, "deepseek-r1");
    h.get_by_role_and_label(Role::Slider, "Layers on GPUs");
    h.key_press(Key::Escape);
    h.run();
    assert!(h.query_by_role_and_label(Role::Slider, "Layers on GPUs").is_none());
    assert!(text_on(&h, "Apply "));
}

#[test]
fn tab_reaches_what_is_set_by_hand() {
    let mut h = opened(TWO_GPUS, "qwen3-30b-a3b");
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..70 {
        h.key_press(Key::Tab);
        h.run();
        let focused = h.root().children_recursive().find(egui_kittest::Node::is_focused);
        reached.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    for name in [
        "What would change it",
        "By hand",
        "Layers on GPUs",
        "Layers with experts in RAM",
        "Share of gpu0",
        "Share of gpu1",
        "layer",
        "tensor",
        "VRAM",
        "RAM",
        "Backend",
        "Engine as of",
        "Experts used",
        "Users side by side",
        "Length of the prompt",
    ] {
        assert!(reached.contains(name), "Tab does not reach {name}: {reached:?}");
    }
}

#[test]
fn the_time_to_an_answer_tells_its_parts_and_takes_a_length() {
    let mut h = window(SERVER, "deepseek-r1");
    let fact = names(&h).into_iter().find(|name| name.starts_with("Time to an answer, ")).expect("the fact");
    click_role(&mut h, Role::Button, &fact);
    for part in ["Prompt, 512 tokens", "Thinking and answer, 12,000 tokens", "Altogether"] {
        h.get_by_label(part);
    }
    let before = bench(&mut h).answer().whole_answer.expect("a time");
    drag(&mut h, "Thinking and answer", 0.4);
    let shorter = bench(&mut h).scenario.answer;
    assert!(shorter < Tokens::new(12_000), "{shorter}");
    assert!(bench(&mut h).answer().whole_answer.expect("a time") < before);
    h.get_by_label_contains(&format!("{shorter}-token answer"));
    h.run();
    h.key_press(Key::Escape);
    h.run();
    assert!(h.query_by_label("Altogether").is_none());
}

#[test]
fn an_answer_without_room_says_so_and_takes_it() {
    let mut h = window(SERVER, "deepseek-r1");
    assert!(text_on(&h, "Prompt and answer need 12,512 tokens of context, 8,192 are there."));
    click(&mut h, "Take 12,512");
    assert_eq!(bench(&mut h).scenario.run.context, Tokens::new(12_512));
    assert!(!text_on(&h, "Prompt and answer need"));
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run();
    assert_eq!(bench(&mut h).scenario.run.context, Tokens::new(8192));
    // Each of several users has a part.
    bench(&mut h).scenario.run.sequences = 4;
    h.run();
    assert!(text_on(&h, "each user has 2,048."));
    h.get_by_label("Take 50,048");
}

#[test]
fn a_ceiling_is_called_one() {
    let mut h = window(DESKTOP, "qwen3-32b");
    choose(&mut h, "Engine", "Ceiling");
    assert!(heading(&h).contains("at most "), "{}", heading(&h));
    for part in ["A ceiling no engine reaches", "tokens/s, ceiling", "at least ", "≥ "] {
        assert!(text_on(&h, part), "{part}: {:?}", names(&h));
    }
    assert!(!text_on(&h, "Between "));
    // A width no file has is chosen by typing it.
    click_role(&mut h, Role::ComboBox, "Quant");
    super::window::type_over(&mut h, Role::TextInput, "Search quants", "4.5bpw");
    click(&mut h, "4.5bpw  every tensor at this width, textbook");
    let subject = bench(&mut h).scenario.subject.clone();
    assert_eq!(subject.quant.id, "4.5bpw");
    assert!((subject.weights.bits_per_weight - 4.5).abs() < 0.01, "{}", subject.weights.bits_per_weight);
    let engine = Catalog::builtin().engine("ideal").expect("the ceiling");
    assert_eq!(bench(&mut h).scenario.engine, *engine);
    answers_what_is_asked(&mut h);
}

#[test]
fn a_narrow_window_shares_cards_and_loses_nothing() {
    let mut h = window_in(SERVER, "deepseek-r1", Theme::Dark, vec2(900.0, 600.0));
    assert!(h.query_by_role_and_label(Role::ComboBox, "Engine").is_none());
    click(&mut h, "More");
    h.get_by_role_and_label(Role::ComboBox, "KV cache");
    choose(&mut h, "Engine", "Ollama");
    assert_eq!(bench(&mut h).scenario.engine.id, "ollama");
    click(&mut h, "Less");
    assert!(h.query_by_role_and_label(Role::ComboBox, "Engine").is_none());
    click_role(&mut h, Role::Tab, "Speed by context");
    h.get_by_role_and_label(Role::Slider, "Speed by context");
    click_role(&mut h, Role::Tab, "Why");
    h.get_by_label_contains("per token");
    click_role(&mut h, Role::Tab, "By hand");
    h.get_by_role_and_label(Role::Slider, "Layers on GPUs");
    // In a wide window the bill has a card of its own again.
    h.set_size(SIZE);
    h.run();
    assert!(h.query_by_role_and_label(Role::Tab, "Why").is_none());
    for plot in ["Memory by context", "Speed by context"] {
        h.get_by_role_and_label(Role::Slider, plot);
    }
}
