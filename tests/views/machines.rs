//! Measuring, machines and profiles: what jobs send back.

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use willitrun::app::Event;
use willitrun::catalog::Catalog;
use willitrun::hardware::{Meter, PoolKind, Source};
use willitrun::measure::ram::RamResult;
use willitrun::measure::{MeasureError, Progress};
use willitrun::measure::{Outcome, Suite};
use willitrun::store::Store;
use willitrun::ui::MachineChoice;
use willitrun::ui::bench::{Measuring, PathFor, Workspace};
use willitrun::units::Bytes;

use super::window::{
    DESKTOP, Harnessed, LAPTOP, bench, choose, click, click_role, machine, names, notice, override_figure, send,
    text_on, type_over, until, window,
};

fn measured(busy: bool) -> Suite {
    let ram = RamResult {
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
    };
    Suite { ram: Some(Outcome::Done(ram)), ..Suite::default() }
}

fn read_measured(h: &mut Harnessed) -> Option<(f64, Source)> {
    let host = bench(h).scenario.machine.host()?.clone();
    host.read_measured.map(|figure| (figure.value.get(), figure.source))
}

fn measuring(h: &mut Harnessed) {
    bench(h).measuring = Some(Measuring::default());
    let step = "8 threads, window 2 of 3".to_owned();
    send(
        h,
        Event::Progress(Progress { done: 0.4, step, meter: Meter::Ram, bytes_per_second: Some(79.5e9), sample: None }),
    );
}

#[test]
fn a_measurement_shows_how_far_it_is_and_ends_in_a_figure() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let before = bench(&mut h).scenario.machine.clone();
    measuring(&mut h);
    h.get_by_role_and_label(Role::ProgressIndicator, "Measuring, 40 %");
    h.get_by_label("8 threads, window 2 of 3, 79.5 GB/s");
    h.get_by_label("Cancel");
    assert!(h.query_by_role_and_label(Role::Button, "Measure").is_none());
    send(&mut h, Event::Measured(Box::new(Ok(measured(false)))));
    assert_eq!(read_measured(&mut h), Some((72e9, Source::Measured)));
    h.get_by_label("Read bandwidth, 72.0 GB/s, change");
    h.get_by_label("75 % of 96.0 GB/s by data sheet");
    h.get_by_label_contains("Measured 2");
    h.get_by_role_and_label(Role::Button, "Measure");
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
    h.get_by_role_and_label(Role::Button, "Measure");
    assert!(!h.state().folder.path().join("data/profiles/this.ron").exists());
}

#[test]
fn measuring_is_started_and_stopped_by_hand() {
    let mut h = window(DESKTOP, "qwen3-32b");
    let before = bench(&mut h).scenario.clone();
    h.get_by_role_and_label(Role::Button, "Measure").click();
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
    assert!(
        h.get_by_role_and_label(Role::Button, "Measure").accesskit_node().is_disabled(),
        "only what is at hand is measured"
    );
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
