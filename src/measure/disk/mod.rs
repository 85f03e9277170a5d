//! How fast this machine reads a disk, past the cache: in order, and in pieces of the size of an expert.
//!
//! A model that does not fit is read again for each token, from the disk and not from what the system kept of it in
//! RAM: an unguarded test is 10 to 30 times too fast. So the file is opened past the cache (`O_DIRECT`, `F_NOCACHE`,
//! `FILE_FLAG_NO_BUFFERING`), and where that is refused the figure says so and is not kept. A temporary file has no
//! name once it is open, or is deleted by the system when it is closed: a killed measurement leaves nothing.

mod aligned;
mod file;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use self::aligned::Block;
use self::file::{Opened, Target};
use super::apart::{WAKE, apart};
use super::{Cancel, MeasureError, Progress, sample, stats};
use crate::hardware::{Meter, Series};

pub use file::{Cached, ENOUGH, PathKind, remove_leftovers};

/// A piece read in order.
const PIECE: usize = 1 << 20;
/// A piece read at random: about one expert's matrix of R1 (7168 x 2048) at four bits.
pub const EXPERT: usize = 4 << 20;
/// Pieces under way at once, in order and at random.
const READERS: usize = 8;
const RANDOM_READERS: usize = 4;
/// A window of the figure.
const WINDOW: Duration = Duration::from_millis(250);
/// Read twice to show what the cache gives.
const WARM: u64 = 256 << 20;

/// What is read, and how long.
#[derive(Clone, Debug, PartialEq)]
pub struct DiskOptions {
    /// A large file that is there already, such as a model.
    pub file: Option<PathBuf>,
    /// Where a temporary file may be made when there is none.
    pub folder: PathBuf,
    /// Bytes free on the disk of that folder: at most a tenth is taken, and at most 1 GiB.
    pub free_bytes: u64,
    /// Seconds of reading, 0.5 to 60; writing the file comes on top.
    pub seconds: f64,
}

impl DiskOptions {
    /// Seconds that give a repeatable figure.
    pub const DEFAULT_SECONDS: f64 = 3.0;
}

/// What came out, in bytes per second.
#[derive(Clone, Debug, PartialEq)]
pub struct DiskResult {
    /// What was read.
    pub path_kind: PathKind,
    /// In order, eight pieces of 1 MiB under way: the middle window.
    pub sequential: f64,
    /// At random, four pieces of 4 MiB under way: the middle window. What predictions use.
    pub random: f64,
    /// What the system kept in RAM, read again; none where it keeps nothing.
    pub warm: Option<f64>,
    /// (best - worst) / best of the windows at random.
    pub spread: f64,
    /// Whether the cache was passed by. If not, the rates may be the RAM's and are not kept.
    pub cached: Cached,
    /// Bytes of the file.
    pub file_bytes: u64,
}

/// Measures. Calls `progress` on this thread.
///
/// # Errors
/// [`MeasureError::Cancelled`] within 100 ms of the cancel, however slow the disk; [`MeasureError::Disk`] when no file can be read or
/// made.
pub fn measure(
    options: &DiskOptions,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<DiskResult, MeasureError> {
    let seconds =
        if options.seconds.is_finite() { options.seconds.clamp(0.5, 60.0) } else { DiskOptions::DEFAULT_SECONDS };
    // What predictions use is read at random: the dial begins again with it.
    let mut best: Option<(Series, f64)> = None;
    let mut tell = |done: f64, step: &str, taken: Option<(Series, f64)>| {
        if let Some((series, rate)) = taken {
            let so_far = best.filter(|(other, _)| *other == series).map_or(rate, |(_, best)| best.max(rate));
            best = Some((series, so_far));
        }
        progress(Progress {
            done: done as f32,
            step: step.to_owned(),
            meter: Meter::Disk,
            bytes_per_second: best.map(|(_, rate)| rate),
            sample: taken.map(|(series, rate)| sample(series, rate)),
        });
    };
    tell(0.0, "opening a file", None);
    let (asked, flag) = (options.clone(), cancel.clone());
    let open = move |written: &mut dyn FnMut(f64)| Target::open(&asked, &flag, written);
    let Target { opened, buffered, kind, bytes } =
        apart(cancel, open, &mut |share| tell(0.3 * share, "writing a file to read", None))??;
    let cached = opened.cached;
    let opened = Arc::new(opened);
    let read_of = |opened: &Arc<Opened>| {
        let opened = opened.clone();
        move |into: &mut [u8], at: u64| opened.read_at(into, at)
    };
    let half = Duration::from_secs_f64(seconds * 0.4);
    let pieces = bytes / PIECE as u64;
    let in_order = Pieces::new(read_of(&opened), PIECE, move |turn| (turn % pieces) * PIECE as u64);
    let sequential = windows(&in_order, READERS, half, cancel, &mut |share, rate| {
        tell(0.3 + 0.3 * share, "disk, in order", Some((Series::InOrder, rate)));
    })?;
    let experts = bytes / EXPERT as u64;
    let anywhere = Pieces::new(read_of(&opened), EXPERT, move |turn| (scattered(turn) % experts) * EXPERT as u64);
    let random = windows(&anywhere, RANDOM_READERS, half, cancel, &mut |share, rate| {
        tell(0.6 + 0.3 * share, "disk, expert by expert", Some((Series::AtRandom, rate)));
    })?;
    tell(0.9, "disk, from the cache", None);
    let warm = match buffered {
        Some(buffered) => {
            let flag = cancel.clone();
            apart(cancel, move |_: &mut dyn FnMut(())| warm(&buffered, bytes, &flag), &mut |()| {})??
        }
        None => None,
    };
    let figures = (stats::median(&sequential), stats::median(&random), stats::spread(&random));
    let (Some(sequential), Some(random), Some(spread)) = figures else {
        return Err(MeasureError::Disk(
            "The disk gave nothing in the time there was; try again with --seconds 20.".into(),
        ));
    };
    tell(1.0, "Done", None);
    Ok(DiskResult { path_kind: kind, sequential, random, warm, spread, cached, file_bytes: bytes })
}

/// How pieces of a file are read: so large, each where its turn has it, by whoever comes next.
struct Pieces {
    read: Box<Read>,
    place: Box<dyn Fn(u64) -> u64 + Send + Sync>,
    piece: usize,
    turn: AtomicU64,
    taken: AtomicU64,
    stop: AtomicBool,
}

/// Reads bytes at a place.
type Read = dyn Fn(&mut [u8], u64) -> io::Result<usize> + Send + Sync;

impl Pieces {
    fn new(
        read: impl Fn(&mut [u8], u64) -> io::Result<usize> + Send + Sync + 'static,
        piece: usize,
        place: impl Fn(u64) -> u64 + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            read: Box::new(read),
            place: Box::new(place),
            piece,
            turn: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        })
    }

    /// One reader's work, until it is told to stop.
    fn read_on(&self) -> io::Result<()> {
        let mut block = Block::new(self.piece)?;
        while !self.stop.load(Ordering::Relaxed) {
            let at = (self.place)(self.turn.fetch_add(1, Ordering::Relaxed));
            let bytes = (self.read)(block.bytes_mut(), at)?;
            self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Reads pieces by several readers for so long, and returns the rate of each window. After a cancel nobody waits for a
/// reader: it ends with the piece it is at, however long that takes its disk.
fn windows(
    pieces: &Arc<Pieces>,
    readers: usize,
    time: Duration,
    cancel: &Cancel,
    tell: &mut dyn FnMut(f64, f64),
) -> Result<Vec<f64>, MeasureError> {
    let (end, ended) = mpsc::channel();
    let result = (0..readers).try_for_each(|_| {
        let (pieces, end) = (pieces.clone(), end.clone());
        // A word nobody waits for any more is no loss.
        let reader = move || drop(end.send(pieces.read_on()));
        std::thread::Builder::new().name("measure-disk".to_owned()).spawn(reader).map(drop)
    });
    drop(end);
    let rates = result.map_err(MeasureError::Thread).and_then(|()| watch(pieces, &ended, time, cancel, tell));
    pieces.stop.store(true, Ordering::Relaxed);
    let rates = rates?;
    // What is still under way would slow what comes next.
    let mut left = readers;
    while left > 0 {
        left -= usize::from(heard(&ended, cancel)?);
    }
    Ok(rates)
}

/// Notes what the readers take until the time is over.
fn watch(
    pieces: &Pieces,
    ended: &Receiver<io::Result<()>>,
    time: Duration,
    cancel: &Cancel,
    tell: &mut dyn FnMut(f64, f64),
) -> Result<Vec<f64>, MeasureError> {
    let mut rates = Vec::new();
    let began = Instant::now();
    let (mut opened_at, mut before) = (began, 0);
    while began.elapsed() < time {
        if heard(ended, cancel)? {
            return Err(MeasureError::WorkerLost);
        }
        let passed = opened_at.elapsed();
        if passed >= WINDOW.min(time / 2) {
            let now = pieces.taken.load(Ordering::Relaxed);
            let rate = (now - before) as f64 / passed.as_secs_f64();
            (opened_at, before) = (Instant::now(), now);
            rates.push(rate);
            tell((began.elapsed().as_secs_f64() / time.as_secs_f64()).min(1.0), rate);
        }
    }
    Ok(rates)
}

/// Waits a moment for a reader to end; whether one did.
fn heard(ended: &Receiver<io::Result<()>>, cancel: &Cancel) -> Result<bool, MeasureError> {
    let heard = ended.recv_timeout(WAKE);
    if cancel.is_cancelled() {
        return Err(MeasureError::Cancelled);
    }
    match heard {
        Ok(Ok(())) => Ok(true),
        Ok(Err(error)) => Err(MeasureError::Disk(format!("The file cannot be read ({}).", error.kind()))),
        Err(RecvTimeoutError::Timeout) => Ok(false),
        Err(RecvTimeoutError::Disconnected) => Err(MeasureError::WorkerLost),
    }
}

/// The second reading of what the system keeps; none where it is no faster to be had.
fn warm(buffered: &Opened, bytes: u64, cancel: &Cancel) -> Result<Option<f64>, MeasureError> {
    let mut block = Block::new(PIECE).map_err(|error| MeasureError::Disk(error.to_string()))?;
    let pieces = bytes.min(WARM) / PIECE as u64;
    let mut rate = None;
    for _ in 0..2 {
        let began = Instant::now();
        for piece in 0..pieces {
            if cancel.is_cancelled() {
                return Err(MeasureError::Cancelled);
            }
            if buffered.read_at(block.bytes_mut(), piece * PIECE as u64).is_err() {
                return Ok(None);
            }
        }
        rate = Some((pieces * PIECE as u64) as f64 / began.elapsed().as_secs_f64().max(1e-9));
    }
    Ok(rate)
}

/// A number that looks like chance and is the same each time (splitmix64).
fn scattered(turn: u64) -> u64 {
    let mut word = turn.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(folder: &std::path::Path) -> DiskOptions {
        DiskOptions { file: None, folder: folder.to_owned(), free_bytes: 1 << 30, seconds: 0.5 }
    }

    fn left_in(folder: &std::path::Path) -> usize {
        std::fs::read_dir(folder).expect("a folder").count()
    }

    #[test]
    fn a_temporary_file_is_measured_and_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut shares = Vec::new();
        let result = measure(&options(folder.path()), &Cancel::new(), &mut |progress| shares.push(progress.done));
        let result = result.expect("a measurement");
        assert_eq!(result.path_kind, PathKind::Temporary);
        assert!(result.sequential > 0.0 && result.random > 0.0 && (0.0..=1.0).contains(&result.spread));
        assert_eq!(result.file_bytes, (1 << 30) / 10 / EXPERT as u64 * EXPERT as u64);
        assert!(shares.is_sorted() && shares.last() == Some(&1.0), "{shares:?}");
        assert_eq!(left_in(folder.path()), 0);
    }

    #[test]
    fn a_cancel_leaves_no_figure_and_no_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let cancel = Cancel::new();
        let mut long = options(folder.path());
        long.seconds = 60.0;
        let stop = cancel.clone();
        let result = measure(&long, &cancel, &mut |progress| {
            if progress.step == "disk, in order" {
                stop.cancel();
            }
        });
        assert!(matches!(result, Err(MeasureError::Cancelled)), "{result:?}");
        assert_eq!(left_in(folder.path()), 0);
    }

    /// Reads that end only after the cancel was answered.
    #[test]
    fn a_cancel_waits_for_no_disk() {
        let (word, wait) = mpsc::channel::<()>();
        let (wait, cancel) = (std::sync::Mutex::new(wait), Cancel::new());
        let flag = cancel.clone();
        let read = move |_: &mut [u8], _| {
            flag.cancel();
            let _ = wait.lock().map(|wait| wait.recv());
            Ok(0)
        };
        let pieces = Pieces::new(read, PIECE, |_| 0);
        let result = windows(&pieces, READERS, Duration::from_hours(1), &cancel, &mut |_, _| {});
        assert!(matches!(result, Err(MeasureError::Cancelled)), "{result:?}");
        assert!(pieces.stop.load(Ordering::Relaxed), "the readers end with their pieces");
        drop(word);
    }

    #[test]
    fn a_reader_that_fails_ends_it_with_a_sentence() {
        let pieces = Pieces::new(|_: &mut [u8], _| Err(io::ErrorKind::PermissionDenied.into()), PIECE, |_| 0);
        let result = windows(&pieces, 2, Duration::from_hours(1), &Cancel::new(), &mut |_, _| {});
        assert!(matches!(&result, Err(MeasureError::Disk(why)) if why.contains("permission denied")), "{result:?}");
    }

    #[test]
    fn a_file_that_is_there_is_read_and_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model.gguf");
        std::fs::write(&path, vec![7; 3 * EXPERT + 100]).expect("a file");
        let result =
            measure(&DiskOptions { file: Some(path.clone()), ..options(folder.path()) }, &Cancel::new(), &mut |_| {});
        let result = result.expect("a measurement");
        assert_eq!((result.path_kind, result.file_bytes), (PathKind::Existing, 3 * EXPERT as u64));
        assert!(path.exists());
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused =
            |options: &DiskOptions| measure(options, &Cancel::new(), &mut |_| {}).expect_err("refused").to_string();
        let missing = refused(&DiskOptions { file: Some(folder.path().join("none")), ..options(folder.path()) });
        assert!(missing.starts_with("The file cannot be opened"), "{missing}");
        let full = refused(&DiskOptions { free_bytes: 100 << 20, ..options(folder.path()) });
        assert!(full.starts_with("Only 105 MB are free") || full.contains("free on the disk"), "{full}");
        let small = folder.path().join("small");
        std::fs::write(&small, [0; 100]).expect("a file");
        let small = refused(&DiskOptions { file: Some(small), ..options(folder.path()) });
        assert!(small.contains("too small"), "{small}");
    }
}
