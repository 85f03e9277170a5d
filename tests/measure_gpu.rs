//! GPUs are measured in a process of their own: the program itself, a driver that crashes, one that hangs. Where there
//! is only a software renderer it proves the code, not the numbers.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use willitrun::measure::gpu::{self, Adapters, Cards, GpuOptions, Wanted};
use willitrun::measure::{Cancel, MeasureError};

const PROGRAM: &str = env!("CARGO_BIN_EXE_willitrun");

fn options() -> GpuOptions {
    GpuOptions { adapters: Adapters::SoftwareToo, ..GpuOptions::all(0.5) }
}

fn measure(program: &Path, cancel: &Cancel) -> (Result<Cards, MeasureError>, Vec<f32>) {
    let mut shares = Vec::new();
    let result = gpu::measure(program, &options(), cancel, &mut |progress| shares.push(progress.done));
    (result, shares)
}

#[test]
fn an_adapter_is_measured_from_end_to_end() {
    let (result, shares) = measure(Path::new(PROGRAM), &Cancel::new());
    let found = result.expect("not cancelled");
    assert_eq!((found.broken, found.failed), (None, Vec::new()));
    let Some(card) = found.cards.first() else {
        assert!(std::env::var_os("WILLITRUN_REQUIRE_ADAPTER").is_none(), "an adapter is required here");
        println!("skipped: no graphics adapter here");
        return;
    };
    let read = card.read.as_ref().expect("its memory is read");
    assert!(read.best >= read.median && read.median > 0.0 && (0.0..=1.0).contains(&read.spread));
    assert!(read.windows.len() >= 3 && read.bytes >= 16 << 20);
    assert!(card.f32_flops.is_some_and(|rate| rate > 1e6));
    assert!(card.link.is_none_or(|link| link.to_device > 0.0 && link.from_device > 0.0));
    assert!(shares.is_sorted(), "{shares:?}");
}

#[test]
fn real_cards_alone_count_where_nothing_else_is_asked() {
    let options = GpuOptions { adapters: Adapters::Hardware, figures: Wanted::Link, ..GpuOptions::all(0.2) };
    let found = gpu::measure(Path::new(PROGRAM), &options, &Cancel::new(), &mut |_| {}).expect("not cancelled");
    assert!(found.cards.iter().all(|card| !card.name.contains("llvmpipe") && card.read.is_none()), "{found:?}");
}

/// A program that stands in for this one.
#[cfg(unix)]
fn child(folder: &Path, script: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("child");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a script");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("its mode");
    path
}

#[cfg(unix)]
#[test]
fn a_driver_that_crashes_leaves_what_was_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let card = r#"{"card":{"name":"A card","vendor":4318,"device":9860,"f32":8e13}}"#;
    let program = child(folder.path(), &format!("printf '%s\\n' '{card}'; kill -ABRT $$"));
    let found = measure(&program, &Cancel::new()).0.expect("not cancelled");
    assert_eq!(found.cards.len(), 1);
    assert_eq!(found.broken.map(|how| how.to_string()).as_deref(), Some("crashed (signal 6, abort)"));
    // After the last word a crash changes nothing.
    let program = child(folder.path(), "echo '{\"end\":true}'; kill -SEGV $$");
    let found = measure(&program, &Cancel::new()).0.expect("not cancelled");
    assert_eq!(found, Cards::default());
}

#[cfg(unix)]
#[test]
fn a_driver_that_hangs_is_left_within_a_tenth_of_a_second() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = child(folder.path(), "echo '{\"window\":\"read\",\"rate\":1e12}'; sleep 60");
    let cancel = Cancel::new();
    let (stop, mut asked) = (cancel.clone(), None);
    let result = gpu::measure(&program, &options(), &cancel, &mut |_| {
        stop.cancel();
        asked.get_or_insert_with(Instant::now);
    });
    assert!(matches!(result, Err(MeasureError::Cancelled)));
    // The limit is generous for a busy machine; what is promised is a tenth of it.
    assert!(asked.is_some_and(|asked| asked.elapsed() < Duration::from_secs(1)));
}

#[cfg(unix)]
#[test]
fn a_driver_that_floods_or_says_nothing_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let how = |script: &str| {
        let program = child(folder.path(), script);
        measure(&program, &Cancel::new()).0.expect("not cancelled").broken.map(|how| how.to_string())
    };
    assert_eq!(how("yes").as_deref(), Some("printed more than 1 MiB"));
    assert_eq!(how("true").as_deref(), Some("ended without an answer"));
    assert_eq!(how("exit 3").as_deref(), Some("failed with exit code 3"));
}
