//! What decoding really gets out of the RAM: rows of a quantized matrix times a vector, unpacking included.
//!
//! The rows have the width of R1's experts (7168 weights; an expert's matrix has 2048 of them) in blocks laid out as
//! `Q8_0`'s (32 weights, an f16 scale) and `Q4_K`'s (256 weights, an f16 scale and minimum, eight 6-bit pairs). The vector
//! is kept in 8 bit and multiplied with the integer dot products of AVX2, AVX-512 and NEON, as engines do it. Where a
//! processor has none of these the loops are plain: an engine may be faster, and the figures are lower bounds.

#[cfg(target_arch = "aarch64")]
mod arm;
mod blocks;
mod code;
mod plain;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::buffer::Pages;
use super::crew::with_crew;
use super::kernel::Kernel;
use super::ram::{RamOptions, cpu_over_wall};
use super::sizing::Sizes;
use super::worker::{Plan, Work};
use super::{Cancel, MeasureError, Progress, sample, stats};
use crate::hardware::{Meter, Series};

pub(super) use blocks::{Packing, Vector, settle};
pub(super) use code::Code;

/// Windows of each packing that count.
const WINDOWS: usize = 3;
/// Seconds of the first window of a packing, which does not: the blocks are prepared in it.
const FIRST: f64 = 0.02;

/// What multiplying reaches, in bytes of packed weights per second: the best window at the better count of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelResult {
    /// In blocks like `Q4_K`'s.
    pub q4_k: f64,
    /// In blocks like `Q8_0`'s.
    pub q8_0: f64,
    /// Threads of the faster `Q4_K`.
    pub threads: usize,
    /// (best - worst) / best of its windows of `Q4_K`.
    pub spread: f64,
    /// Seconds on a core for each second that passed: below 0.8 other work was in the way.
    pub cpu_over_wall: f64,
    /// With which instructions.
    pub code: &'static str,
    /// How near that comes to an engine.
    pub bound: Bound,
}

/// How near a figure comes to what an engine reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// It was taken with the instructions engines use.
    AsEngines,
    /// It was taken in plain loops: an engine may be faster.
    Lower,
}

/// Measures with as many threads as cores, and as hardware threads, in about [`RamOptions::seconds`]. Calls `progress`
/// on this thread.
///
/// # Errors
/// As [`ram::measure`](super::ram::measure).
pub fn measure(
    options: &RamOptions,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<KernelResult, MeasureError> {
    let sizes = Sizes::choose(options.last_level_cache_bytes, options.available_bytes)?;
    let cores = options.physical_cores.clamp(1, sizes.most_threads());
    let mut counts = vec![cores, options.logical_cores.clamp(cores, sizes.most_threads())];
    counts.dedup();
    let packings = [Packing::Q4K, Packing::Q8];
    let steps = counts.len() * packings.len() * WINDOWS;
    let seconds = if options.seconds.is_nan() { 1.0 } else { options.seconds.clamp(0.2, 60.0) } / steps as f64;
    let (mut best, mut threads, mut spread, mut done) = ([0.0_f64; 2], cores, 0.0, 0);
    let (code, mut last) = (Code::fastest(), None);
    let mut windows = Vec::with_capacity(steps);
    for count in counts {
        let plan = Plan {
            threads: count,
            bytes_per_thread: sizes.per_thread(count),
            pages: Pages::Ordinary,
            kernel: Kernel::widest(),
            place: None,
        };
        with_crew(plan, cancel, |crew| {
            for (place, packing) in packings.into_iter().enumerate() {
                crew.window(Work::Multiply(packing), FIRST)?;
                let mut rates: Vec<f64> = Vec::new();
                for _ in 0..WINDOWS {
                    let step = format!("{} rows times a vector, {count} threads", packing.name());
                    let share = done as f32 / steps as f32;
                    let best = (best[0] > 0.0).then_some(best[0]);
                    let so_far = if packing == Packing::Q4K { stats::best(&rates).or(best) } else { best };
                    progress(Progress {
                        done: share,
                        step,
                        meter: Meter::Kernel,
                        bytes_per_second: so_far,
                        sample: last.take(),
                    });
                    let window = crew.window(Work::Multiply(packing), seconds)?;
                    let rate = window.bytes_per_second;
                    windows.push(window);
                    last = Some(sample(series(packing), rate));
                    rates.push(rate);
                    done += 1;
                }
                let rate = stats::best(&rates).ok_or(MeasureError::WorkerLost)?;
                if place == 0 && rate > best[0] {
                    threads = count;
                    spread = stats::spread(&rates).unwrap_or_default();
                }
                best[place] = best[place].max(rate);
            }
            Ok(())
        })?;
    }
    let [q4_k, q8_0] = best;
    progress(Progress {
        done: 1.0,
        step: "Done".to_owned(),
        meter: Meter::Kernel,
        bytes_per_second: Some(q4_k),
        sample: last,
    });
    let cpu_over_wall = cpu_over_wall(&windows);
    Ok(KernelResult { q4_k, q8_0, threads, spread, cpu_over_wall, code: code.name(), bound: code.bound() })
}

/// The curve of a packing.
const fn series(packing: Packing) -> Series {
    match packing {
        Packing::Q8 => Series::KernelQ8,
        Packing::Q4K => Series::KernelQ4K,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_is_finite_and_can_be_cancelled() {
        let options = RamOptions {
            last_level_cache_bytes: Some(16 << 20),
            available_bytes: 256 << 20,
            physical_cores: 2,
            logical_cores: 2,
            seconds: 0.2,
        };
        let result = measure(&options, &Cancel::new(), &mut |_| {}).expect("a measurement");
        assert!(result.q4_k.is_finite() && result.q4_k > 0.0 && result.q8_0.is_finite() && result.q8_0 > 0.0);
        let cancel = Cancel::new();
        cancel.cancel();
        assert!(matches!(measure(&options, &cancel, &mut |_| {}), Err(MeasureError::Cancelled)));
    }
}
