//! The machine at the left: figures typed over, taken back, refused.

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use willitrun::catalog::Catalog;
use willitrun::hardware::Source;
use willitrun::units::{Bytes, BytesPerSecond, parse_bytes};

use super::window::{DESKTOP, Harnessed, bench, choose, click, heading, override_figure, text_on, type_over, window};

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
