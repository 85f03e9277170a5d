//! The page of one model on one machine: what is there, and what the hand and the keyboard change.

use egui::accesskit::{Role, Toggled};
use egui::{Key, Modifiers, Pos2, Rect, pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use willitrun::app::App;
use willitrun::catalog::Catalog;
use willitrun::quant::{Format, Mix};
use willitrun::scenario::evaluate;
use willitrun::ui::MemoryUnit;
use willitrun::units::Tokens;

use super::window::{
    DESKTOP, Harnessed, LAPTOP, MEMORY, SERVER, SPEED, bench, choose, click, click_role, detected, heading, machine,
    names, notice, send, text_on, type_over, window,
};

fn along(rect: Rect, share: f32) -> Pos2 {
    pos2(rect.left() + rect.width() * share, rect.top() + rect.height().min(26.0) / 2.0)
}

// What is there.

#[test]
fn the_answer_stands_first_with_its_figures() {
    let mut h = window(DESKTOP, "deepseek-r1");
    let answer = bench(&mut h).answer().clone();
    assert_eq!(heading(&h), answer.verdict.sentence());
    assert!(heading(&h).starts_with(answer.verdict.level.words()));
    for part in ["to the first token", "12,000-token answer", "largest context", "Between "] {
        assert!(text_on(&h, part), "{part}");
    }
    for pool in ["VRAM: ", "RAM: ", "Disk: "] {
        let bars = h.get_all_by_role(Role::Image).filter_map(|node| node.accesskit_node().label());
        assert_eq!(bars.filter(|name| name.starts_with(pool)).count(), 1, "{pool}");
    }
    for plot in [MEMORY, SPEED] {
        h.get_by_role_and_label(Role::Slider, plot);
    }
    for card in ["Why", "What would change it"] {
        h.get_by_label(card);
    }
    h.get_by_label_contains("llama-server -m DeepSeek-R1-Q4_K_M.gguf -c 8192");
}

#[test]
fn before_the_machine_is_read_it_says_so() {
    let mut h = window(LAPTOP, "llama-3.1-8b");
    let ctx = h.ctx.clone();
    h.state_mut().app = App::idle(&ctx, None);
    h.run();
    h.get_by_label("Reading this machine…");
    let event = detected(LAPTOP, "llama-3.1-8b");
    send(&mut h, event);
    assert!(h.query_by_label("Reading this machine…").is_none());
    h.get_by_role(Role::Heading);
}

#[test]
fn a_laptop_shows_no_pool_it_lacks() {
    let h = window(LAPTOP, "llama-3.1-8b");
    assert!(names(&h).iter().all(|name| !name.contains("VRAM")), "{:?}", names(&h));
    assert!(heading(&h).contains("of RAM left"), "{}", heading(&h));
}

// Context.

#[test]
fn dragging_the_context_changes_the_answer_in_the_same_frame() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let before = (heading(&h), names(&h));
    let rail = h.get_by_role_and_label(Role::Slider, "Context").rect();
    let to = |share| along(rail, share);
    h.drag_at(to(0.5));
    h.step();
    h.hover_at(to(0.9));
    h.step();
    let far = bench(&mut h).scenario.run.context;
    assert!(far > Tokens::new(16_384), "{far}");
    let answer = bench(&mut h).answer().clone();
    // No further frame: what is on screen is of this context already.
    assert_eq!(heading(&h), answer.verdict.sentence());
    h.get_by_label_contains(&format!("-c {} ", far.get()));
    assert_ne!((heading(&h), names(&h)), before);
    h.hover_at(to(-2.0));
    h.step();
    assert_eq!(bench(&mut h).scenario.run.context, Tokens::new(512));
    h.drop_at(to(-2.0));
    h.run();
    // One drag is one step.
    click(&mut h, "Undo");
    assert_eq!(bench(&mut h).scenario.run.context, Tokens::new(8192));
    assert!(!bench(&mut h).can_undo());
}

#[test]
fn keys_on_the_slider_walk_the_powers_of_two() {
    let mut h = window(DESKTOP, "qwen3-32b");
    h.get_by_role_and_label(Role::Slider, "Context").focus();
    h.run();
    for (key, expected) in [(Key::ArrowRight, 16_384), (Key::ArrowLeft, 8192), (Key::Home, 512), (Key::End, 40_960)] {
        h.key_press(key);
        h.run();
        assert_eq!(bench(&mut h).scenario.run.context.get(), expected, "after {key:?}");
    }
}

#[test]
fn a_typed_context_is_taken_or_left() {
    let mut h = window(DESKTOP, "deepseek-r1");
    for (text, expected, echo) in [
        ("32k", 32_768, "32,768"),
        ("131,072", 131_072, "131,072"),
        ("1.5k", 1536, "1,536"),
        ("eight", 1536, "1,536"),
        ("-5", 1536, "1,536"),
        ("", 1536, "1,536"),
        // More than the model was made for is a question like any other.
        ("1M", 1_048_576, "1,048,576"),
    ] {
        click(&mut h, "Context in tokens");
        h.key_press_modifiers(Modifiers::COMMAND, Key::A);
        h.run();
        h.get_by_label("Context in tokens").type_text(text);
        h.run();
        h.key_press(Key::Enter);
        h.run();
        assert_eq!(bench(&mut h).scenario.run.context.get(), expected, "{text:?}");
        assert_eq!(h.get_by_label("Context in tokens").value().as_deref(), Some(echo), "{text:?}");
        assert_eq!(heading(&h), bench(&mut h).answer().verdict.sentence());
    }
}

#[test]
fn a_plot_is_a_control_for_the_context() {
    let mut h = window(DESKTOP, "qwen3-32b");
    for (plot, share) in [(MEMORY, 0.9), (SPEED, 0.3)] {
        let before = bench(&mut h).scenario.run.context;
        let rect = h.get_by_role_and_label(Role::Slider, plot).rect();
        let at = pos2(rect.left() + rect.width() * share, rect.center().y);
        h.drag_at(at);
        h.run();
        h.drop_at(at);
        h.run();
        let after = bench(&mut h).scenario.run.context;
        assert_ne!(before, after, "{plot}");
        assert_eq!(h.get_by_label("Context in tokens").value(), Some(after.to_string()));
    }
}

#[test]
fn published_speeds_of_the_very_question_stand_in_the_plot() {
    let value = |h: &Harnessed| h.get_by_role_and_label(Role::Slider, SPEED).value().expect("a value");
    let mut h = window(SERVER, "deepseek-r1");
    // Two rows of the table are of this model, card, processor and quant.
    assert!(value(&h).contains("; published, KTransformers 14.0 at 1,000"), "{}", value(&h));
    let rows = Catalog::builtin().published_speeds("deepseek-r1");
    let row = rows.iter().find(|row| row.engine == "ktransformers" && row.decode == Some(14.0)).expect("the row");
    let rect = h.get_by_role_and_label(Role::Slider, SPEED).rect();
    let mut told = false;
    // The mark is found by feeling for it.
    for step in 0..rect.height() as u32 / 6 {
        let column =
            rect.left() + 20.0 + (rect.width() - 20.0) * ((1000_f32 / 512.0).log2() / (163_840_f32 / 512.0).log2());
        h.hover_at(pos2(column, rect.top() + step as f32 * 6.0));
        for _ in 0..3 {
            h.step();
        }
        told |= text_on(&h, row.source);
    }
    assert!(told, "{} is not told", row.source);
    // Another quant, and it is another question.
    click_role(&mut h, Role::ComboBox, "Quant");
    let q8 = names(&h).into_iter().find(|name| name.starts_with("Q8_0 ")).expect("a row");
    click(&mut h, &q8);
    assert!(!value(&h).contains("published"), "{}", value(&h));
}

// Model, quant, KV cache, engine.

#[test]
fn a_model_is_found_by_typing() {
    let mut h = window(DESKTOP, "qwen3-32b");
    click_role(&mut h, Role::ComboBox, "Model");
    type_over(&mut h, Role::TextInput, "Search models", "gpt-oss 120");
    assert!(h.query_by_label("Qwen3 32B   32.8 B").is_none(), "the list is filtered");
    let row = names(&h).into_iter().find(|name| name.starts_with("gpt-oss-120b")).expect("a row");
    click(&mut h, &row);
    assert_eq!(bench(&mut h).scenario.subject.model.id, "gpt-oss-120b");
    assert_eq!(bench(&mut h).search, "");
    assert_eq!(heading(&h), bench(&mut h).answer().verdict.sentence());
    h.get_by_label_contains("llama-server -m gpt-oss-120b");
}

#[test]
fn deepseek_r1_is_one_click_away() {
    let mut h = window(DESKTOP, "qwen3-32b");
    click(&mut h, "Try DeepSeek R1");
    assert_eq!(bench(&mut h).scenario.subject.model.id, "deepseek-r1");
    assert!(h.query_by_label("Try DeepSeek R1").is_none(), "it is there now");
    assert!(heading(&h).starts_with("Only from disk") || heading(&h).starts_with("Will not run"), "{}", heading(&h));
}

#[test]
fn a_context_beyond_the_next_model_is_cut_to_its_limit() {
    let mut h = window(DESKTOP, "deepseek-r1");
    bench(&mut h).scenario.run.context = Tokens::new(131_072);
    h.run();
    choose(&mut h, "Model", "Qwen3 32B   32.8 B");
    assert_eq!(bench(&mut h).scenario.run.context, Tokens::new(40_960));
}

#[test]
fn quant_kv_cache_and_engine_are_chosen_from_lists() {
    let mut h = window(DESKTOP, "qwen3-32b");
    click_role(&mut h, Role::ComboBox, "Quant");
    let row = names(&h).into_iter().find(|name| name.starts_with("Q8_0 ")).expect("a row");
    click(&mut h, &row);
    assert_eq!(bench(&mut h).scenario.subject.quant.as_mix(), Some(Mix::Q8_0));
    let size = bench(&mut h).scenario.subject.weights.file.in_gb();
    let shown = h.get_by_role_and_label(Role::ComboBox, "Quant").value().expect("a value");
    assert_eq!(shown, format!("Q8_0  {size}"));
    assert!(row.ends_with(&size), "{row} and {size}");

    choose(&mut h, "KV cache", "q8_0");
    let run = bench(&mut h).scenario.run;
    assert_eq!((run.kv_k, run.kv_v), (Format::Q8_0, Format::Q8_0));
    h.get_by_label_contains("q8_0");

    choose(&mut h, "Engine", "Ollama");
    assert_eq!(bench(&mut h).scenario.engine.id, "ollama");
    assert_eq!(heading(&h), evaluate(&bench(&mut h).scenario).verdict.sentence());

    // What cannot run on this machine is there, and cannot be chosen.
    click_role(&mut h, Role::ComboBox, "Engine");
    let disabled = |h: &Harnessed, name: &str| h.get_by_label(name).accesskit_node().is_disabled();
    assert!(disabled(&h, "MLX") && !disabled(&h, "vLLM"));
    click(&mut h, "MLX");
    assert_eq!(bench(&mut h).scenario.engine.id, "ollama");
    // A format of another runtime: what the engine cannot read is said, and its command is gone.
    assert!(text_on(&h, "ollama create"));
    let offered = bench(&mut h).offers(Catalog::builtin()).to_vec();
    let awq = offered.iter().find(|offer| offer.quant.id == "awq-int4-g128").expect("AWQ");
    let row = format!("{}  {:.2} bit  {}", awq.name, awq.bits, awq.file.in_gb());
    click_role(&mut h, Role::ComboBox, "Quant");
    // A click into the search keeps the list open.
    click_role(&mut h, Role::TextInput, "Search quants");
    type_over(&mut h, Role::TextInput, "Search quants", "awq");
    assert!(!names(&h).iter().any(|name| name.starts_with("Q8_0 ")), "the list is filtered");
    click(&mut h, &row);
    assert!(!text_on(&h, &row), "the list is closed");
    assert_eq!(bench(&mut h).scenario.subject.weights.file, awq.file);
    h.get_by_label_contains("Ollama does not read AWQ files.");
    assert!(!text_on(&h, "ollama create"));
}

// Units, undo, changes.

#[test]
fn memory_is_shown_in_the_unit_of_choice() {
    let mut h = window(DESKTOP, "qwen3-32b");
    h.get_by_label("Capacity, 96.0 GiB, change");
    click(&mut h, "GB");
    assert_eq!(bench(&mut h).unit, MemoryUnit::Gb);
    h.get_by_label("Capacity, 103.1 GB, change");
    assert!(names(&h).iter().any(|name| name.starts_with("VRAM: ") && name.contains(" GB,")), "the bar");
    assert!(names(&h).iter().all(|name| !name.starts_with("VRAM: ") || !name.contains("GiB")), "the bar");
    let value = h.get_by_role_and_label(Role::Slider, MEMORY).value().expect("a value");
    assert!(value.contains("25.8 GB VRAM"), "{value}");
    let node = h.get_by_role_and_label(Role::RadioButton, "GB");
    assert_eq!(node.accesskit_node().toggled(), Some(Toggled::True));
    let others: Vec<String> = names(&h).into_iter().filter(|name| name.contains("GiB") && name != "GiB").collect();
    assert_eq!(others, [""; 0], "sentences follow, too");
    assert!(h.get_by_label("Undo").accesskit_node().is_disabled(), "how sizes are written is no step");
    click(&mut h, "GiB");
    h.get_by_label("Capacity, 96.0 GiB, change");
}

#[test]
fn changes_are_taken_back_and_done_again() {
    let mut h = window(DESKTOP, "qwen3-32b");
    for name in ["Undo", "Redo"] {
        assert!(h.get_by_label(name).accesskit_node().is_disabled(), "{name}");
    }
    choose(&mut h, "KV cache", "q8_0");
    click(&mut h, "Try DeepSeek R1");
    let model = |h: &mut Harnessed| bench(h).scenario.subject.model.id.clone();
    click(&mut h, "Undo");
    assert_eq!(model(&mut h), "qwen3-32b");
    assert_eq!(bench(&mut h).scenario.run.kv_k, Format::Q8_0);
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run();
    assert_eq!(bench(&mut h).scenario.run.kv_k, Format::F16);
    assert!(h.get_by_label("Undo").accesskit_node().is_disabled());
    h.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    h.run();
    assert_eq!(bench(&mut h).scenario.run.kv_k, Format::Q8_0);
    h.key_press_modifiers(Modifiers::COMMAND, Key::Y);
    h.run();
    assert_eq!(model(&mut h), "deepseek-r1");
    assert!(h.get_by_label("Redo").accesskit_node().is_disabled());
}

#[test]
fn a_line_of_what_would_change_it_is_applied() {
    for (profile, model) in [(DESKTOP, "qwen3-32b"), (LAPTOP, "qwen3-32b")] {
        let mut h = window(profile, model);
        let changes = bench(&mut h).changes().to_vec();
        assert!(!changes.is_empty());
        for change in &changes {
            assert!(text_on(&h, &change.what), "{}", change.what);
        }
        let first = &changes[0];
        click(&mut h, &format!("Apply {}", first.what));
        assert_eq!(bench(&mut h).scenario, first.scenario);
        assert_eq!(heading(&h), evaluate(&first.scenario).verdict.sentence());
        h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        h.run();
        assert_eq!(bench(&mut h).scenario.subject.model.id, model);
        assert_eq!(*bench(&mut h).scenario.machine, machine(profile));
    }
}

/// What a click on Copy puts on the clipboard.
#[track_caller]
fn copied(h: &mut Harnessed) -> String {
    copied_by(h, "Copy")
}

/// What a click on a button puts on the clipboard.
#[track_caller]
pub fn copied_by(h: &mut Harnessed, button: &str) -> String {
    h.get_by_label(button).click();
    for _ in 0..6 {
        h.step();
        let text = h.output().platform_output.commands.iter().find_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        });
        if let Some(text) = text {
            return text;
        }
    }
    panic!("nothing was copied");
}

#[test]
fn the_command_is_copied() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let text = copied(&mut h);
    assert!(text.starts_with("llama-server -m Qwen3-32B-Q4_K_M.gguf"), "{text}");
    h.run();
    assert_eq!(notice(&mut h), Some(("Copied.".to_owned(), false)));
    click(&mut h, "Close this message");
    assert_eq!(notice(&mut h), None);
}

#[test]
fn the_command_is_written_for_the_shell_chosen() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let engine = Catalog::builtin().engine("ollama").expect("an engine").clone();
    bench(&mut h).scenario.engine = engine;
    h.run();
    for (shell, begins) in [
        ("PowerShell", "Set-Content Modelfile -Encoding utf8 -Value 'FROM ./Qwen3-32B-Q4_K_M.gguf',"),
        ("cmd", "(echo FROM ./Qwen3-32B-Q4_K_M.gguf&& echo PARAMETER num_ctx "),
        ("sh", "printf '%s\\n' 'FROM ./Qwen3-32B-Q4_K_M.gguf' "),
    ] {
        click(&mut h, shell);
        let text = copied(&mut h);
        assert!(text.starts_with(begins), "{shell}: {text}");
    }
}
