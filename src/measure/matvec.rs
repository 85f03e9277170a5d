//! What decoding really gets out of the RAM: rows of a quantized matrix times a vector, unpacking included.
//!
//! The rows have the width of R1's experts (7168 weights; an expert's matrix has 2048 of them) in blocks laid out as
//! `Q8_0`'s (32 weights, an f16 scale) and `Q4_K`'s (256 weights, an f16 scale and minimum, eight 6-bit pairs). The vector
//! is kept in 8 bit, as engines keep it. The loops are plain and compiled for each set of instructions, so a
//! tuned engine can be faster where arithmetic binds; where memory binds both get the same.

use super::buffer::Pages;
use super::crew::with_crew;
use super::kernel::{Kernel, LINE_BYTES, Line};
use super::ram::RamOptions;
use super::sizing::Sizes;
use super::worker::{Plan, Work};
use super::{Cancel, MeasureError, Progress, sample, stats};
use crate::hardware::{Meter, Series};

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
    let mut last = None;
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
                    let rate = crew.window(Work::Multiply(packing), seconds)?.bytes_per_second;
                    last = Some(sample(packing.series(), rate));
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
    Ok(KernelResult { q4_k, q8_0, threads, spread })
}

/// Weights of a row: R1's hidden size.
const ROW: usize = 7168;
const Q8_BLOCK: usize = 34;
const Q8_WEIGHTS: usize = 32;
const Q4_BLOCK: usize = 144;
const Q4_WEIGHTS: usize = 256;

/// How the weights are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// 8.5 bits a weight.
    Q8,
    /// 4.5 bits a weight.
    Q4K,
}

impl Packing {
    /// The format it is like.
    const fn name(self) -> &'static str {
        match self {
            Self::Q8 => "Q8_0",
            Self::Q4K => "Q4_K",
        }
    }

    /// Its curve.
    const fn series(self) -> Series {
        match self {
            Self::Q8 => Series::KernelQ8,
            Self::Q4K => Series::KernelQ4K,
        }
    }

    /// Bytes of a row.
    pub const fn row_bytes(self) -> usize {
        match self {
            Self::Q8 => ROW / Q8_WEIGHTS * Q8_BLOCK,
            Self::Q4K => ROW / Q4_WEIGHTS * Q4_BLOCK,
        }
    }
}

/// The vector, in 8 bit with a scale for each 32 numbers.
pub(super) struct Vector {
    values: Vec<i8>,
    scales: Vec<f32>,
    /// Sums of each 32 values: what a minimum is multiplied by.
    sums: Vec<i32>,
}

impl Vector {
    /// Some numbers.
    pub fn new() -> Self {
        let values: Vec<i8> = (0..ROW).map(|at| ((at * 37 + 11) % 255) as i8).collect();
        let sums = values.chunks_exact(32).map(|chunk| chunk.iter().map(|value| i32::from(*value)).sum()).collect();
        Self { values, scales: vec![0.01; ROW / 32], sums }
    }
}

/// Makes the scales in random bytes ordinary numbers: infinities and the smallest ones are slow on some processors.
pub(super) fn settle(packing: Packing, lines: &mut [Line]) {
    let bytes = bytes_mut(lines);
    for row in bytes.chunks_exact_mut(packing.row_bytes()) {
        match packing {
            Packing::Q8 => row.chunks_exact_mut(Q8_BLOCK).for_each(|block| block[1] = 0x2c | (block[1] & 0x83)),
            Packing::Q4K => row.chunks_exact_mut(Q4_BLOCK).for_each(|block| {
                block[1] = 0x2c | (block[1] & 0x83);
                block[3] = 0x2c | (block[3] & 0x83);
            }),
        }
    }
}

/// Multiplies the whole rows in these lines by the vector, and returns the sum of the products.
pub(super) fn multiply(packing: Packing, lines: &[Line], vector: &Vector) -> f32 {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl") {
            // SAFETY: both were detected just now; AVX2 and FMA come with every processor that has them.
            return unsafe { multiply_avx512(packing, lines, vector) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: both were detected just now.
            return unsafe { multiply_avx2(packing, lines, vector) };
        }
    }
    rows(packing, lines, vector)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bw,avx512vl,avx2,fma")]
fn multiply_avx512(packing: Packing, lines: &[Line], vector: &Vector) -> f32 {
    rows(packing, lines, vector)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn multiply_avx2(packing: Packing, lines: &[Line], vector: &Vector) -> f32 {
    rows(packing, lines, vector)
}

/// Compiled once for each set of instructions that calls it.
#[inline(always)]
#[allow(clippy::inline_always, reason = "it takes the instructions of its caller")]
fn rows(packing: Packing, lines: &[Line], vector: &Vector) -> f32 {
    let bytes = bytes(lines);
    let rows = bytes.chunks_exact(packing.row_bytes());
    match packing {
        Packing::Q8 => rows.map(|row| row_q8(row, vector)).sum(),
        Packing::Q4K => rows.map(|row| row_q4k(row, vector)).sum(),
    }
}

#[inline(always)]
#[allow(clippy::inline_always, reason = "as above")]
fn row_q8(row: &[u8], vector: &Vector) -> f32 {
    let mut total = 0.0;
    let blocks = row.as_chunks::<Q8_BLOCK>().0;
    for ((block, values), scale) in blocks.iter().zip(vector.values.as_chunks::<32>().0).zip(&vector.scales) {
        let mut sum = 0_i32;
        for at in 0..32 {
            sum += i32::from(i16::from(block[2 + at].cast_signed()) * i16::from(values[at]));
        }
        total += half([block[0], block[1]]) * scale * sum as f32;
    }
    total
}

#[inline(always)]
#[allow(clippy::inline_always, reason = "as above")]
fn row_q4k(row: &[u8], vector: &Vector) -> f32 {
    let mut total = 0.0;
    let blocks = row.as_chunks::<Q4_BLOCK>().0;
    for (place, (block, values)) in blocks.iter().zip(vector.values.as_chunks::<Q4_WEIGHTS>().0).enumerate() {
        let (scale, minimum) = (half([block[0], block[1]]), half([block[2], block[3]]));
        let (scales, minimums) = six_bits(&block[4..16]);
        let (mut products, mut offsets) = (0_i32, 0_i32);
        for quarter in 0..4 {
            let nibbles = &block[16 + quarter * 32..48 + quarter * 32];
            let (low, high) = (&values[quarter * 64..quarter * 64 + 32], &values[quarter * 64 + 32..quarter * 64 + 64]);
            let (mut low_sum, mut high_sum) = (0_i32, 0_i32);
            for at in 0..32 {
                low_sum += i32::from(i16::from(nibbles[at] & 15) * i16::from(low[at]));
                high_sum += i32::from(i16::from(nibbles[at] >> 4) * i16::from(high[at]));
            }
            products += low_sum * i32::from(scales[quarter * 2]) + high_sum * i32::from(scales[quarter * 2 + 1]);
            let sums = &vector.sums[place * 8 + quarter * 2..];
            offsets += sums[0] * i32::from(minimums[quarter * 2]) + sums[1] * i32::from(minimums[quarter * 2 + 1]);
        }
        let step = vector.scales[place * 8];
        total += step * (scale * products as f32 - minimum * offsets as f32);
    }
    total
}

/// Eight scales and eight minimums of six bits from twelve bytes, as `Q4_K` keeps them.
#[inline(always)]
#[allow(clippy::inline_always, reason = "as above")]
fn six_bits(bytes: &[u8]) -> ([u8; 8], [u8; 8]) {
    let (mut scales, mut minimums) = ([0; 8], [0; 8]);
    for at in 0..4 {
        scales[at] = bytes[at] & 63;
        minimums[at] = bytes[at + 4] & 63;
        scales[at + 4] = (bytes[at + 8] & 15) | ((bytes[at] >> 6) << 4);
        minimums[at + 4] = (bytes[at + 8] >> 4) | ((bytes[at + 4] >> 6) << 4);
    }
    (scales, minimums)
}

/// An ordinary f16 number; not for zeros, infinities and the smallest.
#[inline(always)]
#[allow(clippy::inline_always, reason = "as above")]
fn half(bytes: [u8; 2]) -> f32 {
    let word = u32::from(u16::from_le_bytes(bytes));
    f32::from_bits(((word & 0x8000) << 16) | (((word & 0x7fff) << 13) + 0x3800_0000))
}

fn bytes(lines: &[Line]) -> &[u8] {
    // SAFETY: a Line is 64 plain bytes; the slice borrows the same memory, no longer.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), lines.len() * LINE_BYTES) }
}

fn bytes_mut(lines: &mut [Line]) -> &mut [u8] {
    // SAFETY: as above, borrowed alone; any bytes are a Line.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * LINE_BYTES) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::buffer::randomise;

    fn some(packing: Packing) -> Vec<Line> {
        let mut lines = vec![Line::default(); 3 * packing.row_bytes().div_ceil(LINE_BYTES)];
        randomise(&mut lines, 7);
        settle(packing, &mut lines);
        lines
    }

    /// Each weight by itself, in floating point, as the formats define it.
    fn by_definition(packing: Packing, lines: &[Line], vector: &Vector) -> f64 {
        let number = |at: usize| f64::from(vector.values[at]) * f64::from(vector.scales[at / 32]);
        let mut total = 0.0;
        for row in bytes(lines).chunks_exact(packing.row_bytes()) {
            for at in 0..ROW {
                let weight = match packing {
                    Packing::Q8 => {
                        let block = &row[at / 32 * Q8_BLOCK..];
                        f64::from(half([block[0], block[1]])) * f64::from(block[2 + at % 32].cast_signed())
                    }
                    Packing::Q4K => {
                        let block = &row[at / 256 * Q4_BLOCK..];
                        let (scales, minimums) = six_bits(&block[4..16]);
                        let (part, place) = (at % 256 / 32, at % 32);
                        let byte = block[16 + part / 2 * 32 + place];
                        let nibble = if part % 2 == 0 { byte & 15 } else { byte >> 4 };
                        f64::from(half([block[0], block[1]])) * f64::from(scales[part]) * f64::from(nibble)
                            - f64::from(half([block[2], block[3]])) * f64::from(minimums[part])
                    }
                };
                total += weight * number(at);
            }
        }
        total
    }

    #[test]
    fn products_are_what_the_formats_define() {
        let vector = Vector::new();
        for packing in [Packing::Q8, Packing::Q4K] {
            let lines = some(packing);
            let expected = by_definition(packing, &lines, &vector);
            for found in [multiply(packing, &lines, &vector), rows(packing, &lines, &vector)] {
                let off = (f64::from(found) - expected).abs() / expected.abs().max(1.0);
                assert!(off < 1e-3, "{packing:?}: {found} against {expected}");
            }
        }
    }

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

    #[test]
    fn rows_have_the_size_of_the_formats() {
        assert_eq!(Packing::Q8.row_bytes() * 8, ROW * 17 / 2);
        assert_eq!(Packing::Q4K.row_bytes() * 8, ROW * 9 / 2);
    }
}
