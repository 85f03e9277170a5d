//! Speeds measured on this machine: dropped, listed, removed, taken back, and `llama-bench` run by hand.

use std::path::{Path, PathBuf};

use egui::accesskit::Role;
use egui::vec2;
use egui_kittest::kittest::Queryable as _;
use willitrun::app::Event;
use willitrun::catalog::Catalog;
use willitrun::detect::program::Program;
use willitrun::quant::Mix;
use willitrun::ui::MachineChoice;
use willitrun::ui::bench::Workspace;
use willitrun::ui::measured::LlamaBench;

use super::window::{DESKTOP, Harnessed, bench, choose, click, drop_file, notice, send, text_on, until, window};
use crate::shelf;

const OUTPUT: &str = include_str!("../fixtures/llama-bench/2025-backends.json");

/// The output as the desktop of these tests would have printed it.
fn output() -> String {
    OUTPUT.replace("AMD Ryzen 7 7800X3D 8-Core", "AMD Ryzen 9 9950X 16-Core").replace("RTX 4080", "RTX 4090")
}

#[track_caller]
fn drop_text(h: &mut Harnessed, name: &str, text: &str) -> (String, bool) {
    let path = shelf::write(&h.state().folder.path().join(name), text.as_bytes());
    drop_file(h, &path)
}

/// Closes the message: what is below it moves up before the hand comes.
fn quiet(h: &mut Harnessed) {
    bench(h).notice = None;
    h.run();
}

fn machines(h: &mut Harnessed) {
    h.get_by_role_and_label(Role::Tab, "Machines").click();
    h.run();
}

fn rate(h: &mut Harnessed) -> f64 {
    bench(h).answer().bill.as_ref().expect("a speed").rate.expected
}

fn ask_about_it(h: &mut Harnessed) {
    bench(h).pick_model(Catalog::builtin().model("qwen2.5-7b").expect("a model"));
    h.run();
}

#[test]
fn a_dropped_output_is_a_measurement_that_can_be_removed_and_taken_back() {
    let mut h = window(DESKTOP, "qwen3-32b");
    ask_about_it(&mut h);
    let before = rate(&mut h);
    let (said, failed) = drop_text(&mut h, "results.txt", &output());
    assert_eq!((said.as_str(), failed), ("Took 2 tests of qwen2.5-7b Q4_K_M as measured here.", false));
    let after = rate(&mut h);
    assert!(after < before && after > 118.8, "{before} {after}");
    assert!(!bench(&mut h).is_edited(), "a measurement is no edit");
    assert!(text_on(&h, "Measured here on 2025-04-24: 119 tokens/s for this very question; predicted without it"));
    let file = h.state().folder.path().join("data/profiles/this.ron");
    let runs_in = |path: &Path| std::fs::read_to_string(path).map_or(0, |text| text.matches("llama-bench").count());
    until(&mut h, "kept measurements", |_| runs_in(&file) == 2);

    machines(&mut h);
    h.get_by_label("2 tests on this machine, tokens/s");
    for text in ["2025-04-24", "qwen2.5-7b Q4_K_M", "CUDA", "128 tokens", "prompt of 512", "119", "7,100"] {
        assert!(text_on(&h, text), "{text}");
    }
    click(&mut h, "Remove the measurement of qwen2.5-7b Q4_K_M, 128 tokens");
    assert_eq!(bench(&mut h).runs.len(), 1);
    assert!((rate(&mut h) - before).abs() < 1e-9, "without it the old answer is back");
    until(&mut h, "one kept measurement", |_| runs_in(&file) == 1);
    bench(&mut h).undo();
    h.run();
    assert_eq!(bench(&mut h).runs.len(), 2);
    assert!((rate(&mut h) - after).abs() < 1e-9);
    until(&mut h, "both kept again", |_| runs_in(&file) == 2);
    let (said, failed) = drop_text(&mut h, "again.json", &output());
    assert!(failed && said.contains("it is kept already"), "{said}");
}

#[test]
fn it_is_this_machine_s_whichever_is_on_screen() {
    let mut h = window(DESKTOP, "qwen3-32b");
    ask_about_it(&mut h);
    let before = rate(&mut h);
    choose(&mut h, "Machine", "Mac Studio M3 Ultra, 512 GB");
    let mac = rate(&mut h);
    let (said, failed) = drop_text(&mut h, "a.json", &output());
    assert!(!failed && said.starts_with("Took 2 tests"), "{said}");
    assert!((rate(&mut h) - mac).abs() < 1e-9, "another machine is not corrected");
    assert_eq!(bench(&mut h).runs.len(), 2);
    // Undo takes the measurements back, and then the machine.
    bench(&mut h).undo();
    h.run();
    assert_eq!((bench(&mut h).runs.len(), rate(&mut h)), (0, mac));
    bench(&mut h).redo();
    bench(&mut h).undo();
    bench(&mut h).undo();
    h.run();
    assert_eq!((bench(&mut h).choice.clone(), rate(&mut h)), (MachineChoice::This, before));
}

#[test]
fn what_is_none_says_why_in_the_window() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let (said, failed) = drop_text(&mut h, "other.json", OUTPUT);
    assert!(failed && said.contains("it ran on AMD Ryzen 7 7800X3D 8-Core Processor, and this machine has"), "{said}");
    let (said, failed) = drop_text(&mut h, "cut.json", &OUTPUT[..OUTPUT.len() - 40]);
    assert!(failed && said.contains("cut.json: line ") && said.contains("it ends in the middle"), "{said}");
    let long = format!("{}{}", OUTPUT, " ".repeat(2 << 20));
    let (said, failed) = drop_text(&mut h, "long.json", &long);
    assert!(failed && said.contains("it is an output of llama-bench, of which at most 1 MiB"), "{said}");
    assert!(bench(&mut h).runs.is_empty());
    machines(&mut h);
    h.get_by_label_contains("None yet. Drop what llama-bench -o json prints");
    h.get_by_label("No llama-bench is on PATH.");
}

/// A program called `llama-bench` that prints this file.
#[cfg(unix)]
fn program(h: &Harnessed, script: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = h.state().folder.path().join("bin/llama-bench");
    shelf::write(&path, format!("#!/bin/sh\n{script}\n").as_bytes());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
    path
}

#[test]
#[cfg(unix)]
fn llama_bench_is_shown_before_it_runs_and_can_be_stopped() {
    let mut h = window(DESKTOP, "qwen3-32b");
    shelf::write(&h.state().folder.path().join("bin/out.json"), output().as_bytes());
    let path = program(&h, "exec /bin/cat out.json");
    send(&mut h, Event::LlamaBench(Program::Found(path.clone())));
    machines(&mut h);
    h.get_by_label_contains("To run llama-bench from here, choose this machine and open a GGUF file");
    let model = h.state().folder.path().join("m/Qwen3-0.6B-Q8_0.gguf");
    shelf::model(&model, shelf::SMALL, Mix::Q8_0);
    drop_file(&mut h, &model);
    assert_eq!(bench(&mut h).workspace, Workspace::Run);
    machines(&mut h);
    h.get_by_label(&format!("{} -m {} -p 512 -n 128 -r 5 -o json -ngl 99", path.display(), model.display()));
    quiet(&mut h);
    click(&mut h, "Run llama-bench");
    until(&mut h, "the end of the run", |bench| bench.notice.is_some());
    assert_eq!(notice(&mut h), Some(("Took 2 tests of qwen2.5-7b Q4_K_M as measured here.".to_owned(), false)));

    program(&h, "echo hanging; exec sleep 600");
    quiet(&mut h);
    h.get_by_label("Run llama-bench").click();
    h.step();
    h.step();
    h.step();
    assert!(matches!(bench(&mut h).llama_bench, LlamaBench::Running(_)));
    h.get_by_label("Cancel llama-bench").click();
    h.step();
    until(&mut h, "the end of the run", |bench| bench.notice.is_some());
    let (said, failed) = notice(&mut h).expect("a notice");
    assert!(failed && said == "llama-bench was stopped; nothing was taken from it.", "{said}");
    assert_eq!(bench(&mut h).runs.len(), 2);
    h.get_by_label("Run llama-bench");
}

#[test]
fn the_card_has_room_at_every_size() {
    let mut h = window(DESKTOP, "qwen3-32b");
    drop_text(&mut h, "a.json", &output());
    machines(&mut h);
    for (width, height) in [(900.0, 600.0), (1280.0, 800.0), (1920.0, 1080.0)] {
        h.set_size(vec2(width, height));
        h.run();
        let button = h.get_by_label("Remove the measurement of qwen2.5-7b Q4_K_M, 128 tokens").rect();
        assert!(button.right() <= width, "{button} in {width} x {height}");
        let ratio = h.get_by_label("Ratio").rect();
        assert!(ratio.right() <= button.right(), "{ratio} {button}");
    }
}
