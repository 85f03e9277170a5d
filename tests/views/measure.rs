//! The page of measurements: while a run goes on, after it, when it was stopped, and the runs before.

use egui::accesskit::Role;
use egui::{Key, Pos2, Rect, Theme, Vec2, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{SnapshotOptions, SnapshotResults};
use willitrun::app::Event;
use willitrun::hardware::{MeasuredRun, Sample, Series};
use willitrun::measure::disk::{Cached, DiskResult, PathKind};
use willitrun::measure::gpu::{CardFigures, Cards, Carried, Clock, Figures};
use willitrun::measure::matvec::{Bound, KernelResult};
use willitrun::measure::numa::NumaResult;
use willitrun::measure::ram::RamResult;
use willitrun::measure::{MeasureError, Outcome, Progress, Suite};
use willitrun::ui::MachineChoice;
use willitrun::ui::bench::{Measuring, Workspace};

use super::look::adapter;
use super::run::copied_by;
use super::window::{
    Harnessed, LAPTOP, SERVER, SIZE, bench, click, click_role, detected, heading, names, notice, open, send, text_on,
    until, window, window_in,
};

const FOUR: &str = "4x-rtx-3090";

/// What a server's RAM, GPU, link and disk gave.
fn suite(ram: f64) -> Suite {
    let ram = RamResult {
        best_bytes_per_second: ram,
        median_bytes_per_second: ram * 0.986,
        ordinary_pages_bytes_per_second: Some(ram * 0.95),
        copy_bytes_per_second: Some(ram * 1.1),
        spread: 0.014,
        threads: 48,
        per_thread_count: vec![(1, 28e9), (8, 190e9), (48, ram * 0.98), (96, ram)],
        cpu_over_wall: 0.98,
        busy: false,
        kernel: "avx512",
        huge_pages: true,
        working_set_bytes: 4 << 30,
        windows: vec![ram * 0.986, ram],
    };
    let card = CardFigures {
        name: "NVIDIA GeForce RTX 4090".into(),
        pci: None,
        driver: "NVIDIA 580.95".into(),
        vendor: 0x10de,
        device: 0x2684,
        read: Some(Figures {
            best: 927e9,
            median: 921e9,
            spread: 0.006,
            windows: vec![921e9, 927e9],
            clock: Clock::Timestamps,
            bytes: 1 << 30,
            sweep: vec![(16 << 20, 4.1e12), (64 << 20, 3.2e12), (256 << 20, 935e9)],
        }),
        f32_flops: Some(72e12),
        f16_flops: Some(74e12),
        link: Some(Carried { to_device: 25.1e9, from_device: 20.3e9 }),
    };
    let disk = DiskResult {
        path_kind: PathKind::Temporary,
        sequential: 6.9e9,
        random: 5.0e9,
        warm: Some(21e9),
        spread: 0.04,
        cached: Cached::Past,
        file_bytes: 1 << 30,
    };
    Suite {
        ram: Some(Outcome::Done(ram)),
        kernel: Some(Outcome::Done(KernelResult {
            q4_k: 210e9,
            q8_0: 260e9,
            threads: 96,
            spread: 0.03,
            cpu_over_wall: 1.0,
            code: "avx512-vnni",
            bound: Bound::AsEngines,
        })),
        numa: Some(Outcome::Done(NumaResult { local: vec![(0, 190e9), (1, 188e9)], remote: 71e9 })),
        gpus: Some(Cards { cards: vec![card], ..Cards::default() }),
        disk: Some(Outcome::Done(disk)),
    }
}

/// A machine with RAM and a disk alone.
fn without_gpu() -> Suite {
    Suite {
        gpus: Some(Cards { software: vec!["llvmpipe (LLVM 15.0.6, 256 bits)".into()], ..Cards::default() }),
        ..suite(40e9)
    }
}

fn sample(series: Series, seconds: f64, gb: f64) -> Progress {
    let sample = Some(Sample { series, card: 0, seconds, rate: gb * 1e9 });
    let done = (seconds / 10.0) as f32;
    let step = format!("{}, window", series.name());
    Progress { done, step, meter: series.meter(), bytes_per_second: Some(gb * 1e9), sample }
}

pub fn begin(h: &mut Harnessed) {
    bench(h).workspace = Workspace::Measure;
    bench(h).measuring = Some(Measuring::default());
    h.run();
}

/// A run as far as the link.
fn to_the_link(h: &mut Harnessed) {
    begin(h);
    let taken = [(Series::Search, 28.0), (Series::Search, 190.0), (Series::Search, 355.0)]
        .into_iter()
        .chain([366.0, 371.0, 310.0, 369.0].map(|gb| (Series::HugePages, gb)))
        .chain([345.0, 352.0].map(|gb| (Series::OrdinaryPages, gb)))
        .chain([205.0, 210.0].map(|gb| (Series::KernelQ4K, gb)))
        .chain([921.0, 925.0, 927.0].map(|gb| (Series::GpuRead, gb)))
        .chain([22.0, 24.3, 24.9, 25.0, 25.1].map(|gb| (Series::ToDevice, gb)))
        .chain([16.5, 19.0, 20.1, 20.3].map(|gb| (Series::FromDevice, gb)));
    for (place, (series, gb)) in taken.enumerate() {
        send(h, Event::Progress(sample(series, 0.4 + 0.3 * place as f64, gb)));
    }
}

fn end(h: &mut Harnessed, suite: Suite) {
    send(h, Event::Measured(Box::new(Ok(suite))));
    bench(h).notice = None;
    h.run();
}

/// The name of the dial that begins so.
#[track_caller]
fn dial(h: &Harnessed, begins: &str) -> String {
    let all = names(h);
    all.iter()
        .find(|name| {
            name.starts_with(begins) && name.contains("gigabytes")
                || name.starts_with(begins) && name.contains("not measured")
        })
        .unwrap_or_else(|| panic!("no dial {begins}: {all:?}"))
        .clone()
}

#[test]
fn a_run_is_followed_dial_by_dial() {
    let mut h = window(SERVER, "deepseek-r1");
    to_the_link(&mut h);
    assert!(heading(&h).starts_with("RAM reads 371 GB/s, 81 % of its data sheet"), "{}", heading(&h));
    assert!(dial(&h, "Link PCIe 4.0 ×16").contains("25.1 gigabytes per second, measured here, being measured"));
    assert!(dial(&h, "GPU RTX 4090").contains("927 gigabytes per second, measured here"));
    assert!(dial(&h, "Disk").ends_with("waits"));
    assert!(text_on(&h, "Link window by window in gigabytes per second: to the GPU 25.1, from the GPU 20.3"));
    assert!(text_on(&h, "Now from the GPU, window; then the disk."));
    h.get_by_role_and_label(Role::ProgressIndicator, "The whole measurement, 70 %");
    h.get_by_label("running");
    // An earlier dial can be looked at meanwhile; a window far below the others is pointed out.
    let ram = dial(&h, "RAM");
    click_role(&mut h, Role::Button, &ram);
    assert!(text_on(&h, "RAM window by window"));
    assert!(text_on(&h, "1 of 9 windows low (hollow)"), "{:?}", names(&h));
}

#[test]
fn a_run_ends_in_figures_history_and_a_smaller_band() {
    let mut h = window(SERVER, "deepseek-r1");
    to_the_link(&mut h);
    end(&mut h, suite(371e9));
    assert!(text_on(&h, "Measured ") && text_on(&h, "other work 2 %; predictions use it."));
    for (begins, part) in
        [("RAM", "371 gig"), ("Kernel", "210 gig"), ("GPU", "927 gig"), ("Link", "25.1 gig"), ("Disk", "5.0 gig")]
    {
        assert!(dial(&h, begins).contains(part), "{begins}: {}", dial(&h, begins));
    }
    for row in ["81 % of 461", "352, used", "366, 1.4 %", "92 % of 1,008", "80 % of 31.5", "21.0, RAM"] {
        assert!(text_on(&h, row), "{row} in {:?}", names(&h));
    }
    // The picture of the limits and the band stand on the measured figures.
    assert!(text_on(&h, "RTX 4090 reads 927 GB/s and computes"), "{:?}", names(&h));
    assert!(text_on(&h, "CPU reads 352 GB/s"));
    let changed = names(&h).into_iter().find(|name| name.starts_with("Tokens per second before")).expect("both bands");
    assert!(!changed.contains("unknown"), "{changed}");
    // Each tab of the chart has what the run said.
    for (tab, said) in [
        ("Threads", "use -t 48"),
        ("Pages", "used, as models are mapped"),
        ("Pages", "on its own memory"),
        ("GPU cache", "GPU by size read in turn"),
        ("Disk", "Read again it comes at 21.0 GB/s"),
    ] {
        click_role(&mut h, Role::Tab, tab);
        assert!(text_on(&h, said), "{tab}: {:?}", names(&h));
    }
    // It is kept for the next start.
    let file = h.state().folder.path().join("data/history.ron");
    until(&mut h, "kept run", |_| file.exists());
    assert_eq!(bench(&mut h).measure.runs.len(), 1);
}

#[test]
fn a_cancel_keeps_the_old_result_and_no_run() {
    let mut h = window(SERVER, "deepseek-r1");
    begin(&mut h);
    end(&mut h, suite(371e9));
    let (before, old) = (bench(&mut h).scenario.clone(), dial(&h, "RAM"));
    to_the_link(&mut h);
    click(&mut h, "Cancel");
    assert!(text_on(&h, "Now stopping"), "what was asked is seen at once");
    send(&mut h, Event::Measured(Box::new(Err(MeasureError::Cancelled))));
    assert!(notice(&mut h).expect("a notice").0.contains("the old result stays"));
    assert_eq!(bench(&mut h).scenario, before);
    assert_eq!((dial(&h, "RAM"), bench(&mut h).measure.runs.len()), (old, 1));
}

#[test]
fn without_a_gpu_what_is_left_out_is_said_in_words() {
    let mut h = window(LAPTOP, "qwen2.5-7b");
    let (machine, findings) = (bench(&mut h).base.as_ref().clone(), Vec::new());
    let mut machine = machine;
    machine.pools.retain(|pool| pool.kind != willitrun::hardware::PoolKind::Vram);
    let mut start = bench(&mut h).scenario.clone();
    start.machine = std::sync::Arc::new(machine.clone());
    send(&mut h, Event::Detected { machine: Box::new(machine), findings, start: Box::new(start) });
    bench(&mut h).workspace = Workspace::Measure;
    h.run();
    assert_eq!(heading(&h), "This machine was not measured yet");
    assert!(text_on(&h, "Without a GPU there is no link to measure."));
    begin(&mut h);
    end(&mut h, without_gpu());
    assert!(text_on(&h, "llvmpipe (LLVM 15.0.6, 256 bits) draws on the processor"), "{:?}", names(&h));
    assert!(dial(&h, "RAM").contains("40.0 gigabytes"));
}

#[test]
fn a_busy_machine_gives_a_lower_bound() {
    let mut h = window(SERVER, "deepseek-r1");
    let mut busy = suite(200e9);
    if let Some(Outcome::Done(ram)) = &mut busy.ram {
        (ram.busy, ram.cpu_over_wall) = (true, 0.55);
    }
    begin(&mut h);
    end(&mut h, busy);
    assert!(heading(&h).starts_with("RAM reads at least 200 GB/s"), "{}", heading(&h));
    assert!(text_on(&h, "other work 45 %; the RAM's figure is a lower bound, not used in predictions."));
    h.get_by_label("≥ 200");
    assert!(bench(&mut h).scenario.machine.host().expect("RAM").read_measured.is_none());
}

#[test]
fn every_gpu_has_a_dial_and_the_link_is_the_slowest() {
    let mut h = window(FOUR, "llama-3.3-70b");
    let mut four = suite(371e9);
    if let Some(cards) = &mut four.gpus {
        let card = CardFigures { name: "NVIDIA GeForce RTX 3090".into(), ..cards.cards[0].clone() };
        cards.cards = [25.1e9, 25.0e9, 6.4e9, 25.2e9]
            .map(|to_device| CardFigures {
                link: Some(Carried { to_device, from_device: to_device * 0.8 }),
                read: card.read.clone().map(|read| Figures { best: 870e9, ..read }),
                ..card.clone()
            })
            .to_vec();
    }
    begin(&mut h);
    end(&mut h, four);
    for card in 0..4 {
        assert!(dial(&h, &format!("GPU {card}")).contains("870 gig"), "{:?}", names(&h));
    }
    // One card in a slot of four lanes holds all of them up.
    assert!(dial(&h, "Link").contains("6.4 gig") && text_on(&h, "slowest of 4"), "{}", dial(&h, "Link"));
    h.set_size(vec2(900.0, 600.0));
    h.run();
    let right = names(&h).into_iter().filter(|name| name.contains("gigabytes per second, measured"));
    for name in right.collect::<Vec<_>>() {
        let rect = h.get_by_label(&name).rect();
        assert!(rect.left() >= 44.0 && rect.right() <= 900.0, "{name} at {rect}");
    }
}

#[test]
fn memory_that_is_shared_has_no_link() {
    let mut h = window("mac-studio-m3-ultra-512gb", "deepseek-r1");
    bench(&mut h).workspace = Workspace::Measure;
    h.run();
    assert!(text_on(&h, "CPU and GPU share one memory: nothing is carried."), "{:?}", names(&h));
    assert!(dial(&h, "Memory").contains("not measured") && dial(&h, "GPU").contains("not measured"));
    let mut shared = suite(240e9);
    if let Some(cards) = &mut shared.gpus {
        cards.cards[0].link = None;
        cards.cards[0].name = "Apple M3 Ultra".into();
        cards.cards[0].read.as_mut().expect("read").best = 700e9;
    }
    begin(&mut h);
    end(&mut h, shared);
    assert!(dial(&h, "Memory").contains("240 gig") && dial(&h, "GPU").contains("700 gig"), "{:?}", names(&h));
}

#[test]
fn results_are_copied_units_first() {
    let mut h = window(SERVER, "deepseek-r1");
    begin(&mut h);
    end(&mut h, suite(371e9));
    let copied = copied_by(&mut h, "Copy results");
    let lines: Vec<&str> = copied.lines().collect();
    assert_eq!(lines[0], "Measured by willitrun; GB/s = 10^9 bytes per second");
    for line in ["RAM read, 48 threads              371 GB/s", "GPU RTX 4090                     927 GB/s"] {
        let (name, figure) = line.rsplit_once("  ").expect("both");
        let found = lines.iter().any(|line| line.starts_with(name.trim()) && line.ends_with(figure.trim()));
        assert!(found, "{line} in\n{copied}");
    }
    let home = std::env::var("HOME").unwrap_or_else(|_| "/root".to_owned());
    assert!(!copied.contains(&home), "no path leaves");
}

/// Runs of the past on the processor at hand.
fn past(h: &mut Harnessed, rates: &[f64]) -> Vec<MeasuredRun> {
    if bench(h).measure.runs.is_empty() {
        begin(h);
        end(h, suite(371e9));
    }
    let newest = bench(h).measure.runs[0].clone();
    let run = |(day, rate): (usize, &f64)| {
        let mut run = newest.clone();
        run.at = format!("2026-11-{:02}T09:02Z", day + 10);
        run.readings[0].figure.best = willitrun::units::BytesPerSecond::saturating(rate * 1e9);
        run
    };
    rates.iter().enumerate().map(run).collect()
}

#[test]
fn the_history_lists_every_run_and_shows_the_one_that_is_chosen() {
    let mut h = window(SERVER, "deepseek-r1");
    let runs = past(&mut h, &[370.0, 371.0, 369.0, 218.0]);
    send(&mut h, Event::History(Ok(runs)));
    h.get_by_label("4 runs, GB/s, times in UTC");
    // Far from the usual: it is pointed out.
    h.get_by_label("−41 %");
    assert!(heading(&h).starts_with("RAM reads 218 GB/s"), "{}", heading(&h));
    click_role(&mut h, Role::Button, "Show the run of 11 Nov 09:02");
    assert!(heading(&h).starts_with("RAM reads 371 GB/s"), "{}", heading(&h));
    assert!(text_on(&h, "Measured 11 Nov 09:02 UTC"));
    // Looking at an old run changes no prediction.
    let used = bench(&mut h).scenario.machine.host().and_then(|host| host.read_measured.clone()).expect("a figure");
    assert!((used.value.get() - 371e9 * 0.95).abs() < 1.0);
}

#[test]
fn a_damaged_history_says_so_and_loses_nothing_else() {
    let mut h = open(detected(SERVER, "deepseek-r1"), Theme::Dark, SIZE, |app, folder| {
        let store = willitrun::store::Store::at(folder.join("data"));
        std::fs::create_dir_all(folder.join("data")).expect("a folder");
        std::fs::write(store.history_file(), "(format: \"willitrun.history\", version: 1, runs: [(at: 3)])")
            .expect("a file");
        app.handle(Event::History(store.history().map_err(|error| error.to_string())));
    });
    bench(&mut h).workspace = Workspace::Measure;
    h.run();
    assert!(text_on(&h, "Earlier runs are not shown: ") && text_on(&h, "history.ron, line 1"), "{:?}", names(&h));
    begin(&mut h);
    send(&mut h, Event::Measured(Box::new(Ok(suite(371e9)))));
    until(&mut h, "word of what was not kept", |bench| {
        bench.notice.as_ref().is_some_and(|notice| notice.text.contains("The run is shown but was not kept"))
    });
    assert!(dial(&h, "RAM").contains("371 gigabytes"));
    let profile = h.state().folder.path().join("data/profiles/this.ron");
    until(&mut h, "kept profile", |_| profile.exists());
    let left = std::fs::read_to_string(h.state().folder.path().join("data/history.ron")).expect("still there");
    assert!(left.contains("at: 3"), "{left}");
}

#[test]
fn another_machine_cannot_be_measured() {
    let mut h = window(SERVER, "deepseek-r1");
    begin(&mut h);
    end(&mut h, suite(371e9));
    let other = willitrun::catalog::Catalog::builtin().profile(LAPTOP).expect("a profile").machine.clone();
    bench(&mut h).set_machine(other, MachineChoice::BuiltIn(LAPTOP.to_owned()));
    h.run();
    assert_eq!(heading(&h), "Nothing was measured on this machine");
    assert!(text_on(&h, "Only the machine at hand can be measured: choose This machine."));
    assert!(h.get_by_role_and_label(Role::Button, "Measure").accesskit_node().is_disabled());
}

#[test]
fn keys_reach_all_of_it() {
    let mut h = window(SERVER, "deepseek-r1");
    let runs = past(&mut h, &[370.0, 371.0]);
    send(&mut h, Event::History(Ok(runs)));
    let mut reached = Vec::new();
    for _ in 0..90 {
        h.key_press(Key::Tab);
        h.run();
        let focused = h.root().children_recursive().find(|node| node.accesskit_node().is_focused());
        reached.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    let dials: Vec<String> = ["RAM", "Kernel", "GPU", "Link", "Disk"].map(|begins| dial(&h, begins)).to_vec();
    let fixed = ["quick", "10 s", "thorough", "Copy results", "Threads", "Show the run of 10 Nov 09:02", "Measure"];
    for name in fixed.map(str::to_owned).iter().chain(&dials) {
        assert!(reached.contains(name), "Tab does not reach {name}: {reached:?}");
    }
    h.get_by_role_and_label(Role::Button, "Show the run of 10 Nov 09:02").focus();
    h.run();
    h.key_press(Key::Enter);
    h.run();
    assert!(heading(&h).starts_with("RAM reads 370 GB/s"), "{}", heading(&h));
}

/// What must be seen without scrolling, and that nothing leaves the window sideways.
#[test]
fn the_page_keeps_to_its_window() {
    for size in [SIZE, vec2(900.0, 600.0), vec2(1600.0, 900.0)] {
        let mut h = window_in(SERVER, "deepseek-r1", Theme::Dark, size);
        to_the_link(&mut h);
        let screen = Rect::from_min_size(Pos2::ZERO, size);
        let seen = |h: &Harnessed, name: &str| {
            let node = h.get_all_by_label(name).next().expect("there");
            assert!(screen.expand(0.5).contains_rect(node.rect()), "{name} at {} in {size}", node.rect());
        };
        for begins in ["RAM", "Kernel", "GPU", "Link", "Disk"] {
            seen(&h, &dial(&h, begins));
        }
        seen(&h, "Copy results");
        seen(&h, "Cancel");
        end(&mut h, suite(371e9));
        let across = |h: &Harnessed, name: &str| {
            let rect = h.get_by_label_contains(name).rect();
            assert!(rect.left() >= 0.0 && rect.right() <= size.x + 0.5, "{name} at {rect} in {size}");
        };
        across(&h, "Tokens per second before");
        across(&h, "RTX 4090 reads");
    }
}

/// All tabs stand side by side in the top bar, and none touches another or what stands at the right.
#[test]
fn the_tabs_fit_the_bar() {
    for size in [vec2(900.0, 600.0), SIZE] {
        for page in [Workspace::Run, Workspace::Measure] {
            let mut h = window_in(SERVER, "deepseek-r1", Theme::Dark, size);
            bench(&mut h).workspace = page;
            h.run();
            let bar = |rect: &Rect| rect.center().y < 40.0;
            let tabs: Vec<Rect> = h.get_all_by_role(Role::Tab).map(|node| node.rect()).filter(bar).collect();
            assert!(tabs.len() >= 6, "{tabs:?}");
            for pair in tabs.windows(2) {
                assert!(pair[0].right() + 8.0 <= pair[1].left(), "{pair:?} in {size}");
            }
            let right = h.get_by_role_and_label(Role::RadioButton, "GiB").rect().left();
            let last = tabs.last().expect("tabs").right();
            assert!(last + 8.0 <= right, "{last} and {right} in {size}");
            let end = h.get_by_label("Light or dark").rect().right();
            assert!(end <= size.x, "{end} in {size}");
        }
    }
}

#[test]
fn it_looks_as_it_did() {
    if !adapter() {
        println!("skipped: there is no adapter to draw with (Mesa's software Vulkan is enough)");
        return;
    }
    let mut results = SnapshotResults::new();
    let mut picture = |name: &str, theme: Theme, size: Vec2, after: bool| {
        let mut h = window_in(SERVER, "deepseek-r1", theme, size);
        to_the_link(&mut h);
        if after {
            end(&mut h, suite(371e9));
            // The date in the strip is part of the picture.
            for measurement in &mut std::sync::Arc::make_mut(&mut bench(&mut h).base).measurements {
                measurement.date = "2026-11-22".to_owned();
            }
            let mut runs = past(&mut h, &[219.0, 151.0, 218.0, 369.0]);
            runs.last_mut().expect("four").samples = bench(&mut h).measure.runs[0].samples.clone();
            for run in &mut runs {
                run.power = "mains".to_owned();
            }
            send(&mut h, Event::History(Ok(runs)));
        }
        h.hover_at(Pos2::ZERO);
        h.run();
        h.snapshot_options(name, &SnapshotOptions::default());
        results.extend(h.take_snapshot_results());
    };
    picture("measure-running", Theme::Dark, SIZE, false);
    picture("measure-after", Theme::Light, SIZE, true);
    picture("measure-narrow", Theme::Dark, vec2(900.0, 600.0), true);
}
