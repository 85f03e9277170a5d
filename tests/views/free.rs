//! What is free of the machine's memories, told while the window is open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use egui::Theme;
use egui_kittest::kittest::Queryable as _;
use willitrun::app::Asked;
use willitrun::detect::child::Ended;
use willitrun::detect::live::{Fresh, Now};
use willitrun::hardware::{Figure, Finding, PoolKind, Source};
use willitrun::ui::bench::Measuring;
use willitrun::units::Bytes;

use super::window::{DESKTOP, Harnessed, SIZE, asked, bench, machine, open, question, text_on, until};

fn told(gib: u64) -> Figure<Bytes> {
    Figure::new(Bytes::gib(gib), Source::Reported, "NVML free memory")
}

fn held(by: &str) -> Finding {
    Finding::note(format!("Memory of NVIDIA GeForce RTX 4090 is held by {by}."), "Close what is not needed to free it.")
}

/// A window of a machine whose card has 23 GiB free, watched by a prober that answers so; how often it was asked.
fn watched(answer: impl Fn(Asked) -> Now + Send + Sync + 'static) -> (Harnessed, Arc<AtomicUsize>) {
    let mut here = machine(DESKTOP);
    let card = here.pools.iter_mut().find(|pool| pool.kind == PoolKind::Vram).expect("a card");
    card.free_now = Some(told(23));
    let times = Arc::new(AtomicUsize::new(0));
    let count = times.clone();
    let findings = vec![held("Xorg 0.5 GiB"), Finding::note("Another thing.", "")];
    let h = open(asked(question(&here, "qwen3-32b"), findings), Theme::Dark, SIZE, move |app, _| {
        app.watch_free(Arc::new(move |machine, asked, _| {
            assert_eq!(machine.id, "this");
            count.fetch_add(1, Ordering::Relaxed);
            answer(asked)
        }));
    });
    (h, times)
}

fn free(h: &mut Harnessed) -> Option<u64> {
    let machine = bench(h).scenario.machine.clone();
    machine.gpus().next()?.free_now.as_ref().map(|free| free.value.get() >> 30)
}

#[test]
fn a_program_that_takes_memory_is_seen() {
    let taken = || Now {
        free: vec![Fresh { pool: "gpu0".into(), free: told(2) }],
        held: Some(vec![held("python3 21.0 GiB")]),
        broken: None,
    };
    let (mut h, times) = watched(move |_| taken());
    until(&mut h, "a new figure", |bench| {
        bench
            .scenario
            .machine
            .gpus()
            .next()
            .and_then(|gpu| gpu.free_now.as_ref())
            .is_some_and(|free| free.value == Bytes::gib(2))
    });
    h.run();
    // The figure, the sentence and who it is; in the place where it stood.
    assert!(text_on(&h, "22.0 GiB") && text_on(&h, "Right now 2.0 GiB of"), "the strip and the verdict");
    let findings = bench(&mut h).findings.clone();
    assert_eq!((findings[0].clone(), findings.len()), (held("python3 21.0 GiB"), 2));
    assert!(!bench(&mut h).can_undo() && !bench(&mut h).is_edited(), "it is no step of the user's");
    // It is not asked with each frame.
    (0..20).for_each(|_| h.step());
    assert_eq!(times.load(Ordering::Relaxed), 1);
}

#[test]
fn nothing_moves_for_what_comes_and_goes() {
    let a_little = told(23).value - Bytes::new(100 << 20);
    let (mut h, times) = watched(move |_| Now {
        free: vec![Fresh { pool: "gpu0".into(), free: Figure { value: a_little, ..told(0) } }],
        ..Now::default()
    });
    let before = bench(&mut h).scenario.clone();
    until(&mut h, "a reading", move |_| times.load(Ordering::Relaxed) == 1);
    (0..5).for_each(|_| h.step());
    assert_eq!(bench(&mut h).scenario, before);
    h.get_by_label("Another thing.");
}

#[test]
fn a_driver_that_breaks_off_leaves_the_old_figure() {
    let (mut h, times) = watched(|_| Now { broken: Some(Ended::Failed(3)), ..Now::default() });
    until(&mut h, "a reading", move |_| times.load(Ordering::Relaxed) == 1);
    (0..5).for_each(|_| h.step());
    assert_eq!(free(&mut h), Some(23));
    assert_eq!(bench(&mut h).findings[0], held("Xorg 0.5 GiB"));
    assert!(bench(&mut h).notice.is_none(), "it is nothing to interrupt anybody for");
}

#[test]
fn nothing_is_read_while_something_is_measured() {
    let mut here = machine(DESKTOP);
    here.pools[0].free_now = Some(told(60));
    let times = Arc::new(AtomicUsize::new(0));
    let count = times.clone();
    let mut h = open(asked(question(&here, "qwen3-32b"), Vec::new()), Theme::Dark, SIZE, move |app, _| {
        app.bench().expect("a bench").measuring = Some(Measuring::default());
        app.watch_free(Arc::new(move |_, _, _| {
            count.fetch_add(1, Ordering::Relaxed);
            Now::default()
        }));
    });
    (0..20).for_each(|_| h.step());
    assert_eq!(times.load(Ordering::Relaxed), 0);
    bench(&mut h).measuring = None;
    until(&mut h, "a reading", move |_| times.load(Ordering::Relaxed) == 1);
}
