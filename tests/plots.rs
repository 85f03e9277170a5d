//! Both plots over real sweeps: found by role and name, moved by hand and by key, and drawn.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Pos2, Theme, Ui, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use willitrun::catalog::Catalog;
use willitrun::hardware::{Figure, Machine, Pool, PoolKind};
use willitrun::quant::{Imatrix, Quant};
use willitrun::scenario::{Point, Scenario, Subject, largest_context, sweep};
use willitrun::ui::plot::{Curves, MemoryUnit, memory, speed};
use willitrun::ui::theme;
use willitrun::units::{Bytes, Tokens};

/// One question with its sweep, and what is asked of the plots.
struct Case {
    points: Vec<Point>,
    machine: Arc<Machine>,
    limit: Tokens,
    fits_max: Option<Tokens>,
    unit: MemoryUnit,
    context: Tokens,
    asked: Vec<u64>,
}

impl Case {
    fn new(model: &str, quant: &str, profile: &str) -> Self {
        let catalog = Catalog::builtin();
        let machine = catalog.profile(profile).expect("a profile").machine.clone();
        Self::on(model, quant, machine)
    }

    fn on(model: &str, quant: &str, machine: Machine) -> Self {
        let catalog = Catalog::builtin();
        let model = catalog.model(model).expect("a model").as_ref().clone();
        let limit = model.max_context;
        let quant = Quant::parse(quant, Imatrix::Without, None).expect("a quant");
        let subject = Arc::new(Subject::new(model, quant, None));
        let engine = catalog.engines[0].clone();
        let scenario = Scenario::new(subject, Arc::new(machine), engine, catalog.parameters.clone());
        Self {
            points: sweep(&scenario, &contexts(512, limit.get())),
            machine: scenario.machine.clone(),
            limit,
            fits_max: largest_context(&scenario),
            unit: MemoryUnit::Gib,
            context: Tokens::new(8192.min(limit.get())),
            asked: Vec::new(),
        }
    }

    fn curves(&self) -> Curves<'_> {
        Curves {
            points: &self.points,
            machine: &self.machine,
            context: self.context,
            limit: self.limit,
            fits_max: self.fits_max,
            unit: self.unit,
            before: None,
            ceiling: false,
            anchors: &[],
        }
    }
}

/// 96 contexts at even steps of the logarithm.
fn contexts(min: u64, max: u64) -> Vec<Tokens> {
    let octaves = (max as f64 / min as f64).log2();
    let mut all: Vec<u64> =
        (0..96).map(|i| (min as f64 * (octaves * f64::from(i) / 95.0).exp2()).round() as u64).collect();
    all.dedup();
    all.into_iter().map(Tokens::new).collect()
}

const MEMORY: (Role, &str) = (Role::Slider, "Memory by context");
const SPEED: (Role, &str) = (Role::Slider, "Speed by context");

fn both(ui: &mut Ui, case: &mut Case, sizes: [[f32; 2]; 2]) {
    let ground = ui.clip_rect();
    ui.painter().rect_filled(ground, 0.0, theme::palette(ui).bg0);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        let [left, right] = sizes.map(|[x, y]| vec2(x, y));
        let layout = egui::Layout::top_down(egui::Align::Min);
        let first = ui.allocate_ui_with_layout(left, layout, |ui| memory(ui, &case.curves())).inner;
        let second = ui.allocate_ui_with_layout(right, layout, |ui| speed(ui, &case.curves())).inner;
        for asked in [first, second].into_iter().flatten() {
            case.context = asked;
            case.asked.push(asked.get());
        }
    });
}

fn harness(case: Case, theme: Theme, sizes: [[f32; 2]; 2], scale: f32) -> Harness<'static, Case> {
    Harness::builder()
        .with_size([sizes[0][0] + sizes[1][0] + 28.0, sizes[0][1].max(sizes[1][1]) + 16.0])
        .with_pixels_per_point(scale)
        .with_theme(theme)
        .with_context_setup(theme::install)
        .wgpu()
        .build_ui_state(move |ui, case| both(ui, case, sizes), case)
}

const CARDS: [[f32; 2]; 2] = [[504.0, 290.0], [480.0, 290.0]];

fn r1() -> Harness<'static, Case> {
    harness(Case::new("deepseek-r1", "Q4_K_M", "epyc-9654-12ch-4090"), Theme::Dark, CARDS, 1.0)
}

fn inside(h: &Harness<'_, Case>, (role, name): (Role, &str), share: f32) -> Pos2 {
    let rect = h.get_by_role_and_label(role, name).rect();
    pos2(rect.left() + rect.width() * share, rect.center().y)
}

#[test]
fn both_are_sliders_with_a_value() {
    let h = r1();
    for ((role, name), words) in [(MEMORY, ["8,192 tokens: ", "GiB RAM"]), (SPEED, ["8,192 tokens: ", "per second"])] {
        let node = h.get_by_role_and_label(role, name);
        let value = node.value().expect("a value");
        assert!(value.starts_with(words[0]) && value.contains(words[1]), "{value}");
        assert_eq!(node.accesskit_node().min_numeric_value(), Some(512.0));
        assert_eq!(node.accesskit_node().max_numeric_value(), Some(163_840.0));
        assert_eq!(node.accesskit_node().numeric_value(), Some(8192.0));
    }
    let value = h.get_by_role_and_label(MEMORY.0, MEMORY.1).value().expect("a value");
    assert!(value.contains("GiB of 24.0 GiB VRAM, ") && value.ends_with("GiB of 768.0 GiB RAM"), "{value}");
    h.get_by_label_contains("largest that fits");
    h.get_by_label_contains("at 8,192 ");
}

#[test]
fn a_click_asks_for_a_context() {
    let mut h = r1();
    for (place, share) in [(MEMORY, 0.3), (SPEED, 0.8)] {
        let at = inside(&h, place, share);
        h.drag_at(at);
        h.run();
        h.drop_at(at);
        h.run();
        let asked = *h.state().asked.last().expect("something was asked");
        assert!(asked.is_power_of_two() || asked.is_multiple_of(256), "{asked}");
        assert_eq!(h.state().context.get(), asked);
    }
    let [low, high] = h.state().asked[..] else { panic!("two clicks, {:?}", h.state().asked) };
    assert!(low < 8192 && 8192 < high, "{low} and {high}");
}

#[test]
fn a_drag_follows_the_hand_and_ends_at_the_ends() {
    let mut h = r1();
    h.drag_at(inside(&h, MEMORY, 0.5));
    h.run();
    h.hover_at(inside(&h, MEMORY, 1.5));
    h.run();
    assert_eq!(h.state().context, Tokens::new(163_840));
    h.hover_at(inside(&h, MEMORY, -0.5));
    h.run();
    assert_eq!(h.state().context, Tokens::new(512));
    h.drop_at(inside(&h, MEMORY, -0.5));
    h.run();
    let asked = h.state().asked.len();
    h.hover_at(inside(&h, MEMORY, 0.5));
    h.run();
    assert_eq!(h.state().asked.len(), asked, "hovering asks for nothing");
}

#[test]
fn keys_walk_the_powers_of_two() {
    let mut h = r1();
    for place in [MEMORY, SPEED] {
        h.get_by_role_and_label(place.0, place.1).focus();
        h.run();
        for (key, expected) in [
            (Key::ArrowRight, 16_384),
            (Key::ArrowUp, 32_768),
            (Key::End, 163_840),
            (Key::ArrowLeft, 131_072),
            (Key::Home, 512),
            (Key::ArrowDown, 512),
            (Key::ArrowRight, 1024),
            (Key::ArrowRight, 2048),
            (Key::ArrowRight, 4096),
            (Key::ArrowRight, 8192),
        ] {
            h.key_press(key);
            h.run();
            assert_eq!(h.state().context.get(), expected, "after {key:?}");
        }
    }
}

#[test]
fn a_screen_reader_sets_the_context() {
    let mut h = r1();
    h.get_by_role_and_label(SPEED.0, SPEED.1).set_value_accesskit(20_000.0);
    h.run();
    assert_eq!(h.state().context.get(), 20_000);
    h.get_by_role_and_label(MEMORY.0, MEMORY.1).increment_accesskit();
    h.run();
    assert_eq!(h.state().context.get(), 32_768);
}

#[test]
fn hovering_one_is_read_in_both() {
    let mut h = r1();
    h.hover_at(inside(&h, SPEED, 0.75));
    h.run();
    h.get_by_label_contains(": KV ");
    assert!(h.query_by_label_contains("at 8,192 ").is_none());
    assert!(h.query_by_label_contains("largest that fits").is_none());
    h.hover_at(pos2(2.0, 2.0));
    h.run();
    h.get_by_label_contains("largest that fits");
    h.get_by_label_contains("at 8,192 ");
}

#[test]
fn nothing_of_it_panics() {
    let r1 = || Case::new("deepseek-r1", "Q4_K_M", "epyc-9654-12ch-4090");
    let huge = |kind| Pool::new("ram", kind, Figure::typed(Bytes::gib(1 << 20)));
    let with = |pools: Vec<Pool>| Machine { pools, ..Machine::new("m", "M") };
    let mut cases = vec![
        Case { points: Vec::new(), fits_max: None, ..r1() },
        Case::on("deepseek-r1", "Q4_K_M", with(Vec::new())),
        Case::on("deepseek-r1", "Q4_K_M", with(vec![huge(PoolKind::Ram)])),
        Case::on("deepseek-r1", "Q4_K_M", with(vec![huge(PoolKind::Unified)])),
        Case { limit: Tokens::new(300), ..r1() },
        Case { limit: Tokens::ZERO, ..r1() },
        Case { limit: Tokens::new(u64::MAX), ..r1() },
        Case { context: Tokens::new(u64::MAX), fits_max: Some(Tokens::ZERO), ..r1() },
        Case { machine: Arc::new(with(Vec::new())), ..r1() },
    ];
    let mut one = r1();
    one.points.truncate(1);
    cases.push(one);
    let mut same = r1();
    same.points = vec![same.points[3].clone(); 4];
    cases.push(same);
    let mut unknown = r1();
    unknown.points.iter_mut().for_each(|point| point.rate = None);
    cases.push(unknown);
    for case in cases {
        for sizes in [CARDS, [[30.0, 20.0], [30.0, 20.0]]] {
            let case = Case { points: case.points.clone(), machine: case.machine.clone(), asked: Vec::new(), ..case };
            let mut h = harness(case, Theme::Dark, sizes, 1.0);
            h.run();
            h.hover_at(inside(&h, MEMORY, 0.5));
            h.run();
            h.drag_at(inside(&h, SPEED, 0.4));
            h.run();
            h.drop_at(inside(&h, SPEED, 0.4));
            h.run();
        }
    }
}

/// Draws every case where `PLOTS` says.
#[test]
fn pictures() {
    let Some(folder) = std::env::var_os("PLOTS").map(std::path::PathBuf::from) else {
        return;
    };
    let scale = std::env::var("SCALE").ok().and_then(|scale| scale.parse().ok()).unwrap_or(1.0);
    let large = [[800.0, 420.0], [800.0, 420.0]];
    for (name, model, quant, profile, sizes) in [
        ("r1-epyc", "deepseek-r1", "Q4_K_M", "epyc-9654-12ch-4090", CARDS),
        ("r1-epyc-large", "deepseek-r1", "Q4_K_M", "epyc-9654-12ch-4090", large),
        ("laptop", "llama-3.1-8b", "Q4_K_M", "laptop-16gb", CARDS),
        ("h100", "deepseek-r1", "Q4_K_M", "8x-h100-80gb", CARDS),
        ("r1-384", "deepseek-r1", "Q4_K_M", "epyc-9654-12ch-4090", CARDS),
        ("qwen-3060", "qwen3-30b-a3b", "Q4_K_M", "desktop-rtx-3060-12gb", CARDS),
        ("mac-hover", "qwen3-next-80b-a3b", "Q4_K_M", "mac-studio-m3-ultra-96gb", CARDS),
        ("cannot", "deepseek-r1", "Q4_K_M", "laptop-16gb", CARDS),
        ("no-disk cannot", "llama-3.1-8b", "Q4_K_M", "laptop-16gb", CARDS),
        ("disk", "deepseek-r1", "Q4_K_M", "desktop-rtx-4090-96gb", CARDS),
    ] {
        for (theme, shade) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
            let mut case = Case::new(model, quant, profile);
            if name.contains("384") {
                let mut machine = case.machine.as_ref().clone();
                machine.pools[0].capacity = Figure::typed(Bytes::gib(384));
                machine.pools[0].free_now = Some(Figure::typed(Bytes::gib(378)));
                machine.pools[0].reserve = Some(Figure::typed(Bytes::gib(9)));
                case = Case::on(model, quant, machine);
            }
            if name.contains("cannot") {
                let mut machine = case.machine.as_ref().clone();
                machine.pools.retain(|pool| pool.kind != PoolKind::Disk);
                case = Case::on(model, quant, machine);
            }
            if name.contains("large") {
                case.unit = MemoryUnit::Gb;
            }
            let mut h = harness(case, theme, sizes, scale);
            h.run();
            if name.contains("hover") {
                h.hover_at(inside(&h, SPEED, 0.75));
                h.run();
            }
            h.render().expect("a picture").save(folder.join(format!("{name}-{shade}.png"))).expect("saved");
        }
    }
}
