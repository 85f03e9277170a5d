//! The keyboard, the sizes, the look.

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Key, Pos2, Rect, Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Node, SnapshotOptions, SnapshotResults};
use willitrun::hardware::PoolKind;
use willitrun::placement::GpuLayers;
use willitrun::quant::{Mix, Quant};
use willitrun::scenario::Subject;
use willitrun::ui::MachineChoice;
use willitrun::ui::bench::Workspace;

use super::window::{
    DESKTOP, LAPTOP, MEMORY, SERVER, SIZE, SPEED, bench, choose, click, click_role, heading, names, text_on, window,
    window_in,
};

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
        "Measure",
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
        "Measure",
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
    for page in [Workspace::Run, Workspace::Rank, Workspace::Profiles, Workspace::Measure] {
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
        let strip = ["Machine", "Measure"].into_iter().filter(|_| size.x >= 1100.0);
        // Below 900 points of page KV cache and engine are folded in, and plots share a card.
        let narrow = size.x < 1000.0;
        let folded: &[&str] = if narrow { &["More"] } else { &["KV cache", "Engine"] };
        let always = ["Model", "Quant", "Context", "Light or dark"];
        for name in always.into_iter().chain(folded.iter().copied()).chain(strip) {
            let role = |node: &Node<'_>| ![Role::Label, Role::Tab].contains(&node.accesskit_node().role());
            let rect = h.get_all_by_label(name).find(role).expect(name).rect();
            assert!(screen.expand(0.5).contains_rect(rect), "{name} at {rect} in {size}");
        }
        for plot in [MEMORY, SPEED] {
            if narrow {
                click_role(&mut h, Role::Tab, plot);
            }
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
    assert!(h.query_by_role_and_label(Role::Button, "Measure").is_none());
    let icon = names(&h).into_iter().find(|name| name.starts_with("RAM, ")).expect("the RAM with its mark");
    click(&mut h, &icon);
    let button = h.get_by_role_and_label(Role::Button, "Measure").rect();
    assert!(Rect::from_min_size(Pos2::ZERO, vec2(900.0, 600.0)).contains_rect(button), "{button}");
    choose(&mut h, "Machine", "Mac Studio M3 Ultra, 512 GB");
    assert_eq!(bench(&mut h).choice, MachineChoice::BuiltIn("mac-studio-m3-ultra-512gb".to_owned()));
    h.key_press(Key::Escape);
    h.run();
    assert!(h.query_by_role_and_label(Role::Button, "Measure").is_none());
}

/// Whether anything can draw here.
pub fn adapter() -> bool {
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
    for (name, theme, part) in
        [("reason-dark", Theme::Dark, "Time to answer"), ("reason-light", Theme::Light, "Requests")]
    {
        let mut h = window_in(SERVER, "deepseek-r1", theme, SIZE);
        click_role(&mut h, Role::Tab, "Reason");
        click_role(&mut h, Role::RadioButton, part);
        h.hover_at(Pos2::ZERO);
        h.run();
        h.snapshot_options(name, &SnapshotOptions::default());
        results.extend(h.take_snapshot_results());
    }
    let mut h = window_in(SERVER, "deepseek-r1", Theme::Dark, SIZE);
    click_role(&mut h, Role::Tab, "By hand");
    bench(&mut h).scenario.policy.gpu_layers = GpuLayers::Count(40);
    // The pointer is part of the picture.
    h.hover_at(Pos2::ZERO);
    h.run();
    h.snapshot_options("by-hand", &SnapshotOptions::default());
    results.extend(h.take_snapshot_results());
}

/// A cluster shows the memory of each machine that takes part, and the way between them.
#[test]
fn a_cluster_shows_its_machines() {
    let mut h = window("2x-mac-studio-m3-ultra-512gb", "deepseek-r1");
    let model = bench(&mut h).scenario.subject.model.clone();
    let subject = Subject::new(model, Quant::mix(Mix::Q8_0, Mix::Q8_0.usual_imatrix()), None);
    bench(&mut h).scenario.subject = Arc::new(subject);
    h.run();
    let scenario = bench(&mut h).scenario.clone();
    let answer = willitrun::scenario::evaluate(&scenario);
    assert_eq!(heading(&h), answer.verdict.sentence());
    let names = names(&h);
    for name in ["Memory", "node1"] {
        assert!(names.iter().any(|shown| shown.starts_with(name)), "{name} in {names:?}");
    }
    assert!(text_on(&h, "Passing over the network") && text_on(&h, "--rpc HOST-OF-NODE1:50052"), "{names:?}");
}
