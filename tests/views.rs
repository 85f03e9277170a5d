//! The whole window over pinned machines: what is there, what the hand and the keyboard change, what jobs send back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::accesskit::{Role, Toggled};
use egui::{Key, Modifiers, Pos2, Rect, Theme, Vec2, pos2, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node, SnapshotOptions, SnapshotResults};
use willitrun::app::{App, Event};
use willitrun::catalog::Catalog;
use willitrun::hardware::{Finding, Machine, PoolKind, Source};
use willitrun::measure::ram::RamResult;
use willitrun::measure::{MeasureError, Progress};
use willitrun::memory::RunOptions;
use willitrun::placement::Policy;
use willitrun::quant::{Format, Mix, Quant};
use willitrun::scenario::{Scenario, Subject, evaluate};
use willitrun::store::Store;
use willitrun::ui::bench::{Measuring, PathFor, Workbench, Workspace, usual_answer};
use willitrun::ui::{MachineChoice, MemoryUnit, focus, theme};
use willitrun::units::{Bytes, BytesPerSecond, Tokens, parse_bytes};

const DESKTOP: &str = "desktop-rtx-4090-96gb";
const LAPTOP: &str = "laptop-16gb";
const SERVER: &str = "epyc-9654-12ch-4090";
const SIZE: Vec2 = vec2(1280.0, 800.0);

/// The application with a folder of its own.
struct Window {
    app: App,
    folder: tempfile::TempDir,
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.app.show(ui);
    }
}

type Harnessed = Harness<'static, Window>;

fn machine(profile: &str) -> Machine {
    let machine = &Catalog::builtin().profile(profile).expect("a profile").machine;
    Machine { id: "this".to_owned(), ..machine.clone() }
}

fn question(machine: &Machine, model: &str) -> Scenario {
    let catalog = Catalog::builtin();
    let model = Clone::clone(catalog.model(model).expect("a model").as_ref());
    let quant = Quant::mix(Mix::Q4_K_M, Mix::Q4_K_M.usual_imatrix());
    let subject = Subject::new(model, quant, None);
    Scenario {
        answer: usual_answer(&subject),
        subject: Arc::new(subject),
        machine: Arc::new(machine.clone()),
        engine: catalog.engines[0].clone(),
        parameters: catalog.parameters.clone(),
        run: RunOptions::default(),
        engine_date: None,
        policy: Policy::default(),
        backend: None,
        depth: Tokens::ZERO,
        prompt: Tokens::new(512),
    }
}

fn detected(profile: &str, model: &str) -> Event {
    let machine = Box::new(machine(profile));
    let start = Box::new(question(&machine, model));
    let findings = vec![Finding::note("The RAM was never measured.", "Measure it.")];
    Event::Detected { machine, findings, start }
}

/// A window with a model on a machine.
fn window(profile: &str, model: &str) -> Harnessed {
    window_in(profile, model, Theme::Dark, SIZE)
}

fn window_in(profile: &str, model: &str, theme: Theme, size: Vec2) -> Harnessed {
    let mut h = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(32)
        .with_context_setup(|ctx| {
            theme::install(ctx);
            focus::install(ctx);
        })
        .build_eframe(|creation| {
            let folder = tempfile::tempdir().expect("a folder");
            let store = Store::at(folder.path().join("data"));
            let mut app = App::idle(&creation.egui_ctx, Some(store));
            app.handle(detected(profile, model));
            Window { app, folder }
        });
    h.run();
    h
}

fn bench(h: &mut Harnessed) -> &mut Workbench {
    h.state_mut().app.bench().expect("a bench")
}

fn send(h: &mut Harnessed, event: Event) {
    h.state_mut().app.handle(event);
    h.run();
}

fn click(h: &mut Harnessed, label: &str) {
    h.get_by_label(label).click();
    h.run();
}

fn click_role(h: &mut Harnessed, role: Role, label: &str) {
    h.get_by_role_and_label(role, label).click();
    h.run();
}

/// Opens a list and takes a row of it.
fn choose(h: &mut Harnessed, list: &str, row: &str) {
    click_role(h, Role::ComboBox, list);
    // A long list may stand anywhere.
    h.get_by_label(row).scroll_to_me();
    h.run();
    click(h, row);
}

fn type_over(h: &mut Harnessed, role: Role, label: &str, text: &str) {
    h.get_by_role_and_label(role, label).focus();
    h.run();
    h.key_press_modifiers(Modifiers::COMMAND, Key::A);
    h.run();
    h.get_by_role_and_label(role, label).type_text(text);
    h.run();
}

/// Runs until something a job does has come, ninety seconds at most: other work may share the machine.
fn until(h: &mut Harnessed, what: &str, mut there: impl FnMut(&mut Workbench) -> bool) {
    let end = Instant::now() + Duration::from_secs(90);
    while !there(bench(h)) {
        assert!(Instant::now() < end, "no {what} after 90 s");
        std::thread::sleep(Duration::from_millis(20));
        h.run();
    }
    h.run();
}

fn heading(h: &Harnessed) -> String {
    h.get_by_role(Role::Heading).accesskit_node().label().expect("a verdict")
}

fn notice(h: &mut Harnessed) -> Option<(String, bool)> {
    bench(h).notice.clone().map(|notice| (notice.text, notice.failed))
}

/// Every name on screen.
fn names(h: &Harnessed) -> Vec<String> {
    h.root().children_recursive().filter_map(|node| node.accesskit_node().label()).collect()
}

fn along(rect: Rect, share: f32) -> Pos2 {
    pos2(rect.left() + rect.width() * share, rect.top() + rect.height().min(26.0) / 2.0)
}

fn text_on(h: &Harnessed, part: &str) -> bool {
    h.query_all_by_label_contains(part).next().is_some()
}

const MEMORY: &str = "Memory by context";
const SPEED: &str = "Speed by context";

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

// The strip.

/// Opens a figure for typing, types over it and leaves it with a key.
#[test]
fn a_published_file_is_picked_and_left_again() {
    let mut h = window("epyc-9654-12ch-768gb", "deepseek-r1");
    choose(&mut h, "Quant", "UD-Q2_K_XL  2.70 bit  226.6 GB");
    let weights = bench(&mut h).scenario.subject.weights.file;
    assert_eq!(weights.in_gb(), "226.6 GB");
    // Its tensors are those of January 2025: the cache is kept expanded, and that is said.
    assert!(text_on(&h, "made before April 2025"));
    assert!(text_on(&h, "Quant  published") && text_on(&h, "made before April 2025"));
    bench(&mut h).undo();
    h.run();
    assert_eq!(bench(&mut h).scenario.subject.quant.id, "Q4_K_M");
    bench(&mut h).redo();
    h.run();
    // The size belongs to this model's file: another model comes at a quant by rule.
    choose(&mut h, "Model", "DeepSeek-V3   671 B");
    assert_eq!(bench(&mut h).scenario.subject.quant.id, "Q4_K_M");
}

#[test]
fn a_shape_from_memory_is_marked() {
    let mut h = window("desktop-rtx-3060-12gb", "qwen3-32b");
    assert!(!text_on(&h, "not read"));
    let catalog = Catalog::builtin();
    let model = catalog.models.iter().find(|model| model.facts.doubt().is_some()).expect("one from memory");
    bench(&mut h).pick_model(model);
    h.run();
    assert!(text_on(&h, model.facts.doubt().expect("a doubt")));
}

fn override_figure(h: &mut Harnessed, button: &str, field: &str, text: &str, leave: Key) {
    click(h, button);
    type_over(h, Role::TextInput, field, text);
    h.key_press(leave);
    h.run();
}

#[test]
fn a_figure_typed_over_counts_until_it_is_reset() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let gpu = |h: &mut Harnessed| bench(h).scenario.machine.gpus().next().expect("a GPU").clone();
    let before = heading(&h);
    override_figure(&mut h, "Capacity, 24.0 GiB, change", "Capacity", "16 GB", Key::Enter);
    assert_eq!(gpu(&mut h).capacity.value, Bytes::new(16_000_000_000));
    assert_eq!(gpu(&mut h).capacity.source, Source::Typed);
    assert_ne!(heading(&h), before);
    assert!(bench(&mut h).is_edited());
    let shown = h.get_by_role_and_label(Role::ComboBox, "Machine").value().expect("a value");
    assert!(shown.ends_with(", changed"), "{shown}");
    h.get_all_by_label("Reset Capacity").last().expect("a way back").click();
    h.run();
    assert_eq!(gpu(&mut h).capacity.value, Bytes::gib(24));
    assert!(!bench(&mut h).is_edited());
    assert_eq!(heading(&h), before);
}

#[test]
fn what_is_typed_is_read_back_or_refused_while_typing() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let before = bench(&mut h).scenario.machine.clone();
    click(&mut h, "Capacity, 96.0 GiB, change");
    type_over(&mut h, Role::TextInput, "Capacity", "24 GB");
    h.get_by_label("read as 22.4 GiB = 24.0 GB");
    type_over(&mut h, Role::TextInput, "Capacity", "a lot");
    assert!(!text_on(&h, "read as"));
    h.get_by_label(&parse_bytes("a lot").expect_err("no size").to_string());
    assert_eq!(bench(&mut h).scenario.machine, before);
    h.key_press(Key::Enter);
    h.run();
    assert_eq!(bench(&mut h).scenario.machine, before);
    h.get_by_label("Capacity, 96.0 GiB, change");
    override_figure(&mut h, "Capacity, 96.0 GiB, change", "Capacity", "64 GiB", Key::Escape);
    assert_eq!(bench(&mut h).scenario.machine, before, "Escape leaves it");
}

#[test]
fn a_bandwidth_and_what_is_kept_free_can_be_typed() {
    let mut h = window(DESKTOP, "qwen3-32b");
    override_figure(&mut h, "Read bandwidth, 1,008 GB/s, change", "Read bandwidth", "504", Key::Enter);
    override_figure(&mut h, "Keep free, 1.0 GiB, change", "Keep free", "2 GiB", Key::Enter);
    let gpu = bench(&mut h).scenario.machine.gpus().next().expect("a GPU").clone();
    let (read, kept) = (gpu.read.expect("a bandwidth"), gpu.reserve.expect("a reserve"));
    assert_eq!((read.value.get(), read.source), (504e9, Source::Typed));
    assert_eq!((kept.value, kept.source), (Bytes::gib(2), Source::Typed));
    override_figure(&mut h, "Read bandwidth, 96.0 GB/s, change", "Read bandwidth", "fast", Key::Enter);
    let read = bench(&mut h).scenario.machine.host().and_then(|ram| ram.read.clone());
    assert_eq!(read.map(|read| read.value), BytesPerSecond::from_gb(96.0));
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

#[test]
fn the_command_is_copied() {
    let mut h = window(DESKTOP, "qwen3-32b");
    h.get_by_label("Copy").click();
    h.step();
    h.step();
    let copied = |h: &Harnessed| {
        h.output().platform_output.commands.iter().find_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        })
    };
    let text = copied(&h).or_else(|| {
        h.step();
        copied(&h)
    });
    if let Some(text) = text {
        assert!(text.starts_with("llama-server -m Qwen3-32B-Q4_K_M.gguf"), "{text}");
    }
    h.run();
    assert_eq!(notice(&mut h), Some(("Copied.".to_owned(), false)));
    click(&mut h, "Close this message");
    assert_eq!(notice(&mut h), None);
}

// Measuring.

fn measured(busy: bool) -> RamResult {
    RamResult {
        best_bytes_per_second: 80e9,
        median_bytes_per_second: 78e9,
        ordinary_pages_bytes_per_second: Some(72e9),
        copy_bytes_per_second: Some(60e9),
        spread: 0.02,
        threads: 8,
        per_thread_count: vec![(1, 30e9), (8, 80e9)],
        cpu_over_wall: if busy { 0.5 } else { 0.99 },
        busy,
        kernel: "avx2",
        huge_pages: true,
        working_set_bytes: 1 << 30,
        windows: vec![78e9, 80e9],
    }
}

fn read_measured(h: &mut Harnessed) -> Option<(f64, Source)> {
    let host = bench(h).scenario.machine.host()?.clone();
    host.read_measured.map(|figure| (figure.value.get(), figure.source))
}

fn measuring(h: &mut Harnessed) {
    bench(h).measuring = Some(Measuring::default());
    let step = "8 threads, window 2 of 3".to_owned();
    send(h, Event::Progress(Progress { done: 0.4, step, bytes_per_second: Some(79.5e9) }));
}

#[test]
fn a_measurement_shows_how_far_it_is_and_ends_in_a_figure() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let before = bench(&mut h).scenario.machine.clone();
    measuring(&mut h);
    h.get_by_role_and_label(Role::ProgressIndicator, "Measuring, 40 %");
    h.get_by_label("8 threads, window 2 of 3, 79.5 GB/s");
    h.get_by_label("Cancel");
    assert!(h.query_by_label("Measure RAM").is_none());
    send(&mut h, Event::Measured(Box::new(Ok(measured(false)))));
    assert_eq!(read_measured(&mut h), Some((72e9, Source::Measured)));
    h.get_by_label("Read bandwidth, 72.0 GB/s, change");
    h.get_by_label("75 % of 96.0 GB/s by data sheet");
    h.get_by_label_contains("RAM measured 2");
    h.get_by_label("Measure RAM");
    assert!(!text_on(&h, "never measured"), "what it asked for is done");
    assert!(!notice(&mut h).expect("a notice").1);
    assert_ne!(bench(&mut h).scenario.machine, before);
    assert!(!bench(&mut h).is_edited(), "a measurement is no edit");
    // It is kept for the next start.
    let file = h.state().folder.path().join("data/profiles/this.ron");
    until(&mut h, "kept measurement", |_| file.exists());
}

#[test]
fn a_busy_or_cancelled_measurement_leaves_the_old_figure() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let before = bench(&mut h).scenario.clone();
    measuring(&mut h);
    send(&mut h, Event::Measured(Box::new(Ok(measured(true)))));
    let (said, failed) = notice(&mut h).expect("a notice");
    assert!(failed && said.contains("not kept"), "{said}");
    measuring(&mut h);
    send(&mut h, Event::Measured(Box::new(Err(MeasureError::Cancelled))));
    let (said, failed) = notice(&mut h).expect("a notice");
    assert!(!failed && said.contains("cancelled"), "{said}");
    measuring(&mut h);
    send(&mut h, Event::Measured(Box::new(Err(MeasureError::WorkerLost))));
    assert!(notice(&mut h).expect("a notice").1);
    assert_eq!(bench(&mut h).scenario, before);
    assert_eq!(bench(&mut h).measuring, None);
    h.get_by_label("Measure RAM");
    assert!(!h.state().folder.path().join("data/profiles/this.ron").exists());
}

#[test]
fn measuring_is_started_and_stopped_by_hand() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let before = bench(&mut h).scenario.clone();
    h.get_by_label("Measure RAM").click();
    h.step();
    h.step();
    assert!(bench(&mut h).measuring.is_some());
    h.step();
    h.get_by_label("Cancel").click();
    h.step();
    until(&mut h, "end of the measurement", |bench| bench.measuring.is_none());
    let said = notice(&mut h).expect("a notice").0;
    // A machine with too little memory ends it before the hand does.
    assert!(said.contains("cancelled") || said.contains("MiB"), "{said}");
    assert_eq!(bench(&mut h).scenario, before);
}

// Machines and profiles.

#[test]
fn another_machine_is_chosen_from_the_list() {
    let mut h = window(DESKTOP, "qwen3-32b");
    choose(&mut h, "Machine", "Mac Studio M3 Ultra, 512 GB");
    assert_eq!(bench(&mut h).choice, MachineChoice::BuiltIn("mac-studio-m3-ultra-512gb".to_owned()));
    assert_eq!(bench(&mut h).scenario.machine.pools[0].kind, PoolKind::Unified);
    assert!(names(&h).iter().any(|name| name.starts_with("Memory: ")), "one pool for all");
    assert!(names(&h).iter().all(|name| !name.starts_with("VRAM: ")));
    assert!(h.get_by_label("Measure RAM").accesskit_node().is_disabled(), "only what is at hand is measured");
    choose(&mut h, "Machine", "This machine");
    assert_eq!(*bench(&mut h).scenario.machine, machine(DESKTOP));
}

#[test]
fn ready_made_machines_are_listed_and_searched() {
    let mut h = window(DESKTOP, "qwen3-32b");
    click_role(&mut h, Role::Tab, "Machines");
    let all = Catalog::builtin().profiles.len();
    h.get_by_label(&format!("{all} machines"));
    type_over(&mut h, Role::TextInput, "Search machines", "mac 512");
    h.get_by_label("Mac Studio M3 Ultra, 512 GB");
    assert!(h.query_by_label("Laptop, 16 GB DDR5, no graphics card").is_none());
    type_over(&mut h, Role::TextInput, "Search machines", "abacus");
    assert_eq!(h.get_all_by_label("0 machines").count(), 2);
    type_over(&mut h, Role::TextInput, "Search machines", "laptop 16 gb ddr5");
    click(&mut h, "Laptop, 16 GB DDR5, no graphics card");
    assert_eq!(bench(&mut h).choice, MachineChoice::BuiltIn(LAPTOP.to_owned()));
    assert_eq!(bench(&mut h).workspace, Workspace::Run);
    h.get_by_role(Role::Heading);
}

/// Types a path where a dialog would be and waits for what comes of it.
fn type_path(h: &mut Harnessed, purpose: PathFor, field: &str, path: &std::path::Path) {
    send(h, Event::NoPath(purpose));
    bench(h).notice = None;
    h.run();
    type_over(h, Role::TextInput, field, path.to_str().expect("a path"));
    h.key_press(Key::Enter);
    h.run();
    until(h, "answer", |bench| bench.notice.is_some());
}

const OPEN: &str = "Path of a file to open, or a share code…";
const WRITE: &str = "Path to write this machine to…";

#[test]
fn a_bad_profile_is_refused_with_file_and_line() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let before = bench(&mut h).scenario.clone();
    let path = h.state().folder.path().join("bad.ron");
    std::fs::write(&path, "(\n    format: \"willitrun.machine\", version: 1,\n    id: 7,\n)\n").expect("written");
    type_path(&mut h, PathFor::Open, OPEN, &path);
    let (said, failed) = notice(&mut h).expect("a notice");
    assert!(failed && said.contains("bad.ron") && said.contains("line 3") && said.contains("column"), "{said}");
    h.get_by_label(&said);
    type_path(&mut h, PathFor::Open, OPEN, &path.with_file_name("none.ron"));
    let (said, failed) = notice(&mut h).expect("a notice");
    assert!(failed && said.contains("none.ron"), "{said}");
    assert_eq!(bench(&mut h).scenario, before);
    send(&mut h, Event::Failed("Something else went wrong.".to_owned()));
    h.get_by_label("Something else went wrong.");
}

#[test]
fn a_machine_is_written_to_a_path_and_opened_from_it() {
    let mut h = window(DESKTOP, "qwen3-32b");
    override_figure(&mut h, "Capacity, 96.0 GiB, change", "Capacity", "192 GiB", Key::Enter);
    let path = h.state().folder.path().join("mine.ron");
    type_path(&mut h, PathFor::Export, WRITE, &path);
    assert!(path.exists());
    choose(&mut h, "Machine", "This machine");
    type_path(&mut h, PathFor::Open, OPEN, &path);
    let (said, failed) = notice(&mut h).expect("a notice");
    assert!(!failed && said.starts_with("Opened "), "{said}");
    let choice = bench(&mut h).choice.clone();
    assert!(matches!(choice, MachineChoice::Own(_)), "{choice:?}");
    let host = bench(&mut h).scenario.machine.host().expect("RAM").capacity.clone();
    assert_eq!(host.value, Bytes::gib(192));
    until(&mut h, "list", |bench| bench.machines.iter().any(|machine| machine.choice == choice));
}

#[test]
fn a_saved_profile_lies_in_the_folder_and_opens_again() {
    let mut h = window(DESKTOP, "qwen3-32b");
    click(&mut h, "Save this machine as a profile");
    until(&mut h, "word of the save", |bench| bench.notice.is_some());
    let (said, failed) = notice(&mut h).expect("a notice");
    assert!(!failed && said.starts_with("Saved as "), "{said}");
    let store = Store::at(h.state().folder.path().join("data"));
    let (entries, findings) = store.profiles();
    assert!(findings.is_empty() && entries.len() == 1, "{findings:?}");
    let mut kept = entries[0].doc.machine.clone();
    Catalog::builtin().resolve(&mut kept);
    assert_eq!(kept.pools, bench(&mut h).scenario.machine.pools);
    let id = entries[0].doc.machine.id.clone();
    until(&mut h, "list", |bench| {
        bench.machines.iter().any(|machine| machine.choice == MachineChoice::Own(id.clone()))
    });
    let name = entries[0].doc.machine.name.clone();
    choose(&mut h, "Machine", &name);
    assert_eq!(bench(&mut h).choice, MachineChoice::Own(id));
}

// What runs here.

#[test]
fn every_model_is_ranked_and_a_row_opens_it() {
    let mut h = window(DESKTOP, "qwen3-32b");
    h.get_by_role_and_label(Role::Tab, "What runs here").click();
    h.step();
    until(&mut h, "ranking", |bench| bench.ranking.as_ref().is_some_and(|ranking| !ranking.running));
    h.get_by_label_contains(" models run well here");
    let rows = bench(&mut h).ranking.clone().map(|ranking| ranking.rows).expect("rows");
    assert_eq!(rows.len(), Catalog::builtin().models.len());
    type_over(&mut h, Role::TextInput, "Search ranked models", "deepseek-r1");
    click(&mut h, "DeepSeek-R1");
    assert_eq!(bench(&mut h).scenario.subject.model.id, "deepseek-r1");
    assert_eq!(bench(&mut h).workspace, Workspace::Run);
    h.get_by_role(Role::Heading);
}

// The keyboard, the sizes, the look.

#[test]
fn tab_reaches_every_control() {
    let mut h = window(DESKTOP, "qwen3-32b");
    choose(&mut h, "KV cache", "q8_0");
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..80 {
        h.key_press(Key::Tab);
        h.run();
        let focused = h.root().children_recursive().find(Node::is_focused);
        reached.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    let applied = format!("Apply {}", bench(&mut h).changes()[0].what);
    for name in [
        "Run",
        "What runs here",
        "Machines",
        "Try DeepSeek R1",
        "GiB",
        "GB",
        "Undo",
        "Save this machine as a profile",
        "Open a machine profile…",
        "Light or dark",
        "Machine",
        "Capacity, 96.0 GiB, change",
        "Keep free, 4.0 GiB, change",
        "Read bandwidth, 96.0 GB/s, change",
        "Measure RAM",
        "Model",
        "Quant",
        "Context in tokens",
        "Context",
        "KV cache",
        "Engine",
        MEMORY,
        SPEED,
        &applied,
        "Copy",
    ] {
        assert!(reached.contains(name), "Tab does not reach {name}: {reached:?}");
    }
}

#[test]
fn every_page_is_drawn_at_every_size() {
    let mut h = window(SERVER, "deepseek-r1");
    for page in [Workspace::Run, Workspace::Rank, Workspace::Profiles] {
        bench(&mut h).workspace = page;
        for width in [900.0, 1024.0, 1280.0, 1600.0, 1920.0] {
            for height in [600.0, 720.0, 900.0, 1080.0] {
                h.set_size(vec2(width, height));
                h.run_ok();
            }
        }
    }
}

#[test]
fn what_matters_stays_in_the_window() {
    let mut h = window(SERVER, "deepseek-r1");
    for (size, reached) in [(SIZE, true), (vec2(1024.0, 720.0), false), (vec2(900.0, 600.0), false)] {
        h.set_size(size);
        h.run();
        let screen = Rect::from_min_size(Pos2::ZERO, size);
        let heading = h.get_by_role(Role::Heading).rect();
        assert!(screen.contains_rect(heading), "{heading} in {size}");
        let strip = ["Machine", "Measure RAM"].into_iter().filter(|_| size.x >= 1100.0);
        for name in ["Model", "Quant", "Context", "KV cache", "Engine", "Light or dark"].into_iter().chain(strip) {
            let role = |node: &Node<'_>| node.accesskit_node().role() != Role::Label;
            let rect = h.get_all_by_label(name).find(role).expect(name).rect();
            assert!(screen.expand(0.5).contains_rect(rect), "{name} at {rect} in {size}");
        }
        for plot in [MEMORY, SPEED] {
            let rect = h.get_by_role_and_label(Role::Slider, plot).rect();
            assert!(
                screen.x_range().contains(rect.left()) && screen.x_range().contains(rect.right()),
                "{plot} at {rect} in {size}"
            );
            // In a low window the page scrolls.
            assert!(!reached || screen.contains_rect(rect), "{plot} at {rect} in {size}");
        }
    }
}

#[test]
fn a_narrow_window_folds_the_machine_to_a_rail() {
    let mut h = window_in(SERVER, "deepseek-r1", Theme::Dark, vec2(900.0, 600.0));
    assert!(h.query_by_label("Measure RAM").is_none());
    let icon = names(&h).into_iter().find(|name| name.starts_with("RAM, ")).expect("the RAM with its mark");
    click(&mut h, &icon);
    let button = h.get_by_label("Measure RAM").rect();
    assert!(Rect::from_min_size(Pos2::ZERO, vec2(900.0, 600.0)).contains_rect(button), "{button}");
    choose(&mut h, "Machine", "Mac Studio M3 Ultra, 512 GB");
    assert_eq!(bench(&mut h).choice, MachineChoice::BuiltIn("mac-studio-m3-ultra-512gb".to_owned()));
    h.key_press(Key::Escape);
    h.run();
    assert!(h.query_by_label("Measure RAM").is_none());
}

/// Whether anything can draw here.
fn adapter() -> bool {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    !pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all())).is_empty()
}

#[test]
fn it_looks_as_it_did() {
    if !adapter() {
        assert!(std::env::var_os("WILLITRUN_REQUIRE_ADAPTER").is_none(), "there is no adapter to draw with");
        println!("skipped: there is no adapter to draw with (Mesa's software Vulkan is enough)");
        return;
    }
    let mut results = SnapshotResults::new();
    for (name, profile, theme, free) in [
        ("run-dark", SERVER, Theme::Dark, None),
        ("run-light", SERVER, Theme::Light, None),
        ("will-not-run", LAPTOP, Theme::Dark, Some(PoolKind::Disk)),
    ] {
        let mut h = window_in(profile, "deepseek-r1", theme, SIZE);
        if let Some(kind) = free {
            bench(&mut h).edit_machine(|machine| machine.pools.retain(|pool| pool.kind != kind));
            h.run();
            assert!(heading(&h).starts_with("Will not run"), "{}", heading(&h));
        }
        h.snapshot_options(name, &SnapshotOptions::default());
        results.extend(h.take_snapshot_results());
    }
}
