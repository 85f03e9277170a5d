//! How fast this machine reads its memory.
//!
//! Decoding reads every weight once and writes next to nothing, so the anchor is a read-only rate. The
//! method: buffers beyond the last-level cache, one per thread and first touched by it, read over and over
//! in timed windows; first with 1, 2, 4, … threads to find where more stop helping, then at that count with
//! huge pages (what the hardware can do, comparable with `likwid-bench -t load_avx`), with ordinary pages
//! (what a program that maps its model file gets, so what predictions use), and a copy past the cache.

use super::buffer::Pages;
use super::crew::{Window, with_crew};
use super::kernel::Kernel;
use super::schedule::{self, Schedule};
use super::sizing::{Sizes, thread_counts};
use super::worker::Plan;
use super::{Cancel, MeasureError, Progress, stats};
use crate::hardware::Series;

/// A thread count this near to the best is as good, as a fraction.
const KNEE_TOLERANCE: f64 = 0.03;
/// Below this share of processor time other programs took too much for the figure to be kept.
pub(super) const BUSY_BELOW: f64 = 0.8;

/// What to measure with. The caller reads the machine; nothing is looked up here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RamOptions {
    /// All last-level caches together, bytes; more than 4 GiB counts as 4 GiB.
    pub last_level_cache_bytes: Option<u64>,
    /// Memory that is free now, or the room under a container's limit, bytes. At most a quarter is used.
    pub available_bytes: u64,
    /// Zero counts as one.
    pub physical_cores: usize,
    /// Fewer than the physical cores counts as those.
    pub logical_cores: usize,
    /// Time for everything, seconds: 0.5 to 60, not a number counts as 4. Filling a very large buffer, or a
    /// machine with very many cores, may take a little longer.
    pub seconds: f64,
}

impl RamOptions {
    /// Seconds that give a repeatable figure on a quiet machine.
    pub const DEFAULT_SECONDS: f64 = schedule::DEFAULT_SECONDS;
}

/// What came out. All rates in bytes per second, 10^9 to the GB.
#[derive(Clone, Debug, PartialEq)]
pub struct RamResult {
    /// Best window with huge pages where the system gives them: what the machine can do.
    pub best_bytes_per_second: f64,
    /// Median of the same windows: what it gives right now.
    pub median_bytes_per_second: f64,
    /// Best window with ordinary pages: what predictions use. Equal to the best where pages cannot be chosen;
    /// none if the memory for it was refused. On a busy machine noise can lift it above the best.
    pub ordinary_pages_bytes_per_second: Option<f64>,
    /// Best window of a copy with non-temporal stores, bytes read plus bytes written; none without such stores.
    pub copy_bytes_per_second: Option<f64>,
    /// (best - worst) / best of `windows`, a fraction.
    pub spread: f64,
    /// The fewest threads within 3 % of the best count.
    pub threads: usize,
    /// Thread count and its best short window, in the order tried.
    pub per_thread_count: Vec<(usize, f64)>,
    /// Processor time over wall time of the workers in `windows`, 0 to about 1; 1 where the system does not say.
    pub cpu_over_wall: f64,
    /// Others took more than a fifth of the processor: the rates are lower bounds, not to be stored.
    pub busy: bool,
    /// "avx512", "avx2" or "portable".
    pub kernel: &'static str,
    /// Whether huge pages really came.
    pub huge_pages: bool,
    /// Memory read in turn, all threads together, bytes.
    pub working_set_bytes: u64,
    /// The rates behind best, median and spread, in the order taken.
    pub windows: Vec<f64>,
}

/// Measures, in about [`RamOptions::seconds`]. Calls `progress` on this thread, before each window.
///
/// # Errors
/// [`MeasureError::Cancelled`] within 100 ms of the cancel (giving ordinary pages back takes Linux another
/// 0.1 s for each GiB, which only very large caches need); [`MeasureError::TooLittleMemory`] when a quarter
/// of the free memory cannot hold twice the cache; [`MeasureError::Allocation`] and [`MeasureError::Thread`]
/// when the system refuses even one worker.
pub fn measure(
    options: &RamOptions,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<RamResult, MeasureError> {
    let sizes = Sizes::choose(options.last_level_cache_bytes, options.available_bytes)?;
    let kernel = Kernel::widest();
    let counts = thread_counts(options.physical_cores, options.logical_cores, sizes.most_threads());
    let plan =
        |threads, pages| Plan { threads, bytes_per_thread: sizes.per_thread(threads), pages, kernel, place: None };
    let mut run = Schedule::new(options.seconds, counts.len(), cancel, progress);

    let (mut per_thread_count, mut fill_seconds) = (Vec::new(), Vec::new());
    for threads in counts {
        match run.try_count(plan(threads, Pages::Huge)) {
            Ok((rate, fill)) => {
                per_thread_count.push((threads, rate));
                fill_seconds.push((threads, fill));
            }
            Err(MeasureError::Cancelled) => return Err(MeasureError::Cancelled),
            // A limit on threads or memory ends the search, not the measurement.
            Err(_) if !per_thread_count.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    let threads = stats::knee(&per_thread_count, KNEE_TOLERANCE).ok_or(MeasureError::WorkerLost)?;

    let fill = fill_seconds.iter().find(|(count, _)| *count == threads).map_or(0.0, |(_, seconds)| *seconds);
    run.spread_over_the_rest(kernel.streams(), fill);
    let (taken, copy_bytes_per_second, huge_pages) = with_crew(plan(threads, Pages::Huge), cancel, |crew| {
        let taken = run.windows(crew, threads, Series::HugePages)?;
        let copies = if kernel.streams() { run.windows(crew, threads, Series::Copy)? } else { Vec::new() };
        Ok((taken, stats::best(&rates(&copies)), crew.huge_pages()))
    })?;
    let windows = rates(&taken);
    let [Some(best), Some(median), Some(spread)] =
        [stats::best(&windows), stats::median(&windows), stats::spread(&windows)]
    else {
        return Err(MeasureError::WorkerLost);
    };

    let ordinary_pages_bytes_per_second = if Pages::CAN_CHOOSE {
        let ordinary =
            with_crew(plan(threads, Pages::Ordinary), cancel, |crew| run.windows(crew, threads, Series::OrdinaryPages));
        match ordinary {
            Ok(windows) => stats::best(&rates(&windows)),
            Err(MeasureError::Cancelled) => return Err(MeasureError::Cancelled),
            Err(_) => None,
        }
    } else {
        Some(best)
    };
    if cancel.is_cancelled() {
        return Err(MeasureError::Cancelled);
    }
    run.finish();

    let cpu_over_wall = cpu_over_wall(&taken);
    Ok(RamResult {
        best_bytes_per_second: best,
        median_bytes_per_second: median,
        ordinary_pages_bytes_per_second,
        copy_bytes_per_second,
        spread,
        threads,
        per_thread_count,
        cpu_over_wall,
        busy: cpu_over_wall < BUSY_BELOW,
        kernel: kernel.name(),
        huge_pages,
        working_set_bytes: sizes.per_thread(threads) as u64 * threads as u64,
        windows,
    })
}

fn rates(windows: &[Window]) -> Vec<f64> {
    windows.iter().map(|window| window.bytes_per_second).collect()
}

pub(super) fn cpu_over_wall(windows: &[Window]) -> f64 {
    let cpu: Option<f64> = windows.iter().map(|window| window.cpu_seconds).sum();
    let wall: f64 = windows.iter().map(|window| window.wall_seconds).sum();
    cpu.filter(|_| wall > 0.0).map_or(1.0, |cpu| cpu / wall)
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    const MIB: u64 = 1 << 20;

    const SMALL: RamOptions = RamOptions {
        last_level_cache_bytes: Some(16 * MIB),
        available_bytes: 256 * MIB,
        physical_cores: 2,
        logical_cores: 2,
        seconds: 0.5,
    };

    #[test]
    fn too_little_memory_is_refused_and_says_how_much() {
        let result = measure(&RamOptions { available_bytes: 0, ..SMALL }, &Cancel::new(), &mut |_| {});
        assert!(
            matches!(result, Err(MeasureError::TooLittleMemory { available_bytes: 0, needed_bytes }) if needed_bytes == 256 * MIB)
        );
    }

    #[test]
    fn a_short_measurement_is_finite_and_its_progress_never_falls() {
        let mut shares = Vec::new();
        let result = measure(&SMALL, &Cancel::new(), &mut |progress| {
            shares.push(progress.done);
        })
        .unwrap();
        for rate in [result.best_bytes_per_second, result.median_bytes_per_second] {
            assert!(rate.is_finite() && rate > 0.0);
        }
        assert!(result.ordinary_pages_bytes_per_second.is_some_and(|rate| rate.is_finite() && rate > 0.0));
        assert!((0.0..1.0).contains(&result.spread));
        assert!(result.cpu_over_wall.is_finite() && result.cpu_over_wall > 0.0);
        assert!(result.windows.len() >= 3);
        assert_eq!(result.working_set_bytes, 64 * MIB);
        assert!(shares.is_sorted() && shares.last() == Some(&1.0), "{shares:?}");
    }

    #[test]
    fn absurd_options_are_clamped() {
        let options = RamOptions { physical_cores: 0, logical_cores: 0, seconds: f64::NEG_INFINITY, ..SMALL };
        let result = measure(&options, &Cancel::new(), &mut |_| {}).unwrap();
        assert_eq!(result.per_thread_count.len(), 1);
        assert_eq!(result.threads, 1);
    }

    #[test]
    fn a_cancel_is_obeyed_at_once_and_leaves_no_figure() {
        // Before, during the fill, and during a window; the limit is generous for a busy test machine.
        for delay_ms in [0, 5, 400] {
            let cancel = Cancel::new();
            let (result, asked) = thread::scope(|scope| {
                let asked = scope.spawn(|| {
                    thread::sleep(Duration::from_millis(delay_ms));
                    cancel.cancel();
                    Instant::now()
                });
                let options = RamOptions { seconds: 60.0, ..SMALL };
                (measure(&options, &cancel, &mut |_| {}), asked.join())
            });
            assert!(matches!(result, Err(MeasureError::Cancelled)));
            assert!(asked.is_ok_and(|asked| asked.elapsed() < Duration::from_secs(2)));
        }
    }
}
