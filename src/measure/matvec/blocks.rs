//! How weights and the vector are packed: the geometry of the blocks, and what every way of multiplying shares.

use crate::measure::kernel::{LINE_BYTES, Line};

/// Weights of a row: R1's hidden size.
pub(super) const ROW: usize = 7168;
pub(super) const Q8_BLOCK: usize = 34;
const Q8_WEIGHTS: usize = 32;
pub(super) const Q4_BLOCK: usize = 144;
const Q4_WEIGHTS: usize = 256;

/// How the weights are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::measure) enum Packing {
    /// 8.5 bits a weight: 32 signed bytes and an f16 scale.
    Q8,
    /// 4.5 bits a weight: 256 nibbles, eight 6-bit scales and minimums, an f16 scale of either.
    Q4K,
}

impl Packing {
    /// The format it is like.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Q8 => "Q8_0",
            Self::Q4K => "Q4_K",
        }
    }

    /// Bytes of a row.
    pub(in crate::measure) const fn row_bytes(self) -> usize {
        match self {
            Self::Q8 => ROW / Q8_WEIGHTS * Q8_BLOCK,
            Self::Q4K => ROW / Q4_WEIGHTS * Q4_BLOCK,
        }
    }
}

/// A part of the vector as it meets a block of `Q4_K`: 256 numbers in 8 bit.
#[repr(C, align(64))]
pub(super) struct Long {
    pub values: [i8; Q4_WEIGHTS],
    /// Sums of each 16 values: what a minimum is multiplied by.
    pub sums: [i16; Q4_WEIGHTS / 16],
    pub scale: f32,
}

/// A part of the vector as it meets four blocks of `Q8_0`: 4 x 32 numbers in 8 bit.
#[repr(C, align(64))]
pub(super) struct Four {
    pub values: [[i8; Q8_WEIGHTS]; 4],
    /// -128 times the sum of each four values: where a kernel's weights are unsigned, what takes the difference off.
    pub lift: [[i32; Q8_WEIGHTS / 4]; 4],
    pub scales: [f32; 4],
}

/// The vector in 8 bit, with a scale for each 32 numbers and with one for each 256, as engines round it for either packing.
pub(in crate::measure) struct Vector {
    pub(super) fours: Vec<Four>,
    pub(super) longs: Vec<Long>,
}

impl Vector {
    /// Some numbers between -1 and 1.
    pub(in crate::measure) fn new() -> Self {
        let number = |at: usize| ((at * 2_654_435_761) % 65_521) as f32 / 32_760.5 - 1.0;
        Self::of(&(0..ROW).map(number).collect::<Vec<_>>())
    }

    /// Rounds a row of numbers.
    pub(super) fn of(numbers: &[f32]) -> Self {
        let four = |numbers: &[f32; 4 * Q8_WEIGHTS]| {
            let parts = numbers.as_chunks::<Q8_WEIGHTS>().0;
            let rounded: [_; 4] = std::array::from_fn(|part| round(&parts[part]));
            let lift = rounded.map(|(values, _)| sums::<4, 8>(&values).map(|sum| -128 * i32::from(sum)));
            Four { values: rounded.map(|(values, _)| values), lift, scales: rounded.map(|(_, scale)| scale) }
        };
        let long = |numbers: &[f32; Q4_WEIGHTS]| {
            let (values, scale) = round(numbers);
            Long { sums: sums::<16, 16>(&values), values, scale }
        };
        Self {
            fours: numbers.as_chunks().0.iter().map(four).collect(),
            longs: numbers.as_chunks().0.iter().map(long).collect(),
        }
    }
}

/// Numbers in steps of their largest over 127, and the step.
fn round<const N: usize>(numbers: &[f32; N]) -> ([i8; N], f32) {
    let largest = numbers.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
    let step = largest / 127.0;
    let times = if step > 0.0 { 1.0 / step } else { 0.0 };
    (numbers.map(|number| (number * times).round() as i8), step)
}

/// Sums of each `OF` values.
fn sums<const OF: usize, const COUNT: usize>(values: &[i8]) -> [i16; COUNT] {
    std::array::from_fn(|part| values[part * OF..(part + 1) * OF].iter().map(|value| i16::from(*value)).sum())
}

/// Makes the scales in random bytes ordinary numbers: infinities and the smallest ones are slow on some processors.
pub(in crate::measure) fn settle(packing: Packing, lines: &mut [Line]) {
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

/// Eight scales and eight minimums of six bits from the twelve bytes in which `Q4_K` keeps them, eight bytes each in
/// the order of memory: the low four of each kind in the low six bits of a byte, the high four in a nibble and two bits.
#[inline]
pub(super) fn six_bits(block: &[u8; Q4_BLOCK]) -> [u64; 2] {
    let word = |at: usize| u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
    let (scales, minimums, high) = (word(4), word(8), word(12));
    let join = |low: u32, nibbles: u32| {
        let top = (nibbles & 0x0f0f_0f0f) | ((low >> 2) & 0x3030_3030);
        u64::from(low & 0x3f3f_3f3f) | (u64::from(top) << 32)
    };
    [join(scales, high), join(minimums, high >> 4)]
}

/// An ordinary f16 number; not for zeros, infinities and the smallest.
#[inline]
pub(super) fn half(bytes: [u8; 2]) -> f32 {
    let word = u32::from(u16::from_le_bytes(bytes));
    f32::from_bits(((word & 0x8000) << 16) | (((word & 0x7fff) << 13) + 0x3800_0000))
}

pub(super) fn bytes(lines: &[Line]) -> &[u8] {
    // SAFETY: a Line is 64 plain bytes; the slice borrows the same memory, no longer.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), lines.len() * LINE_BYTES) }
}

pub(super) fn bytes_mut(lines: &mut [Line]) -> &mut [u8] {
    // SAFETY: as above, borrowed alone; any bytes are a Line.
    unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * LINE_BYTES) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_the_size_of_the_formats() {
        assert_eq!(Packing::Q8.row_bytes() * 8, ROW * 17 / 2);
        assert_eq!(Packing::Q4K.row_bytes() * 8, ROW * 9 / 2);
    }

    #[test]
    fn six_bits_are_where_the_format_keeps_them() {
        let mut block = [0; Q4_BLOCK];
        let (scales, minimums): ([u8; 8], [u8; 8]) =
            (std::array::from_fn(|at| (at * 9 + 1) as u8 & 63), std::array::from_fn(|at| (at * 7 + 40) as u8 & 63));
        // As `Q4_K` is written: 0 to 3 in bytes of their own, 4 to 7 in a nibble there and two bits above those.
        for at in 0..4 {
            block[4 + at] = scales[at] | (scales[at + 4] >> 4) << 6;
            block[8 + at] = minimums[at] | (minimums[at + 4] >> 4) << 6;
            block[12 + at] = (scales[at + 4] & 15) | (minimums[at + 4] & 15) << 4;
        }
        assert_eq!(six_bits(&block).map(u64::to_le_bytes), [scales, minimums]);
    }

    #[test]
    fn the_vector_is_rounded_to_half_a_step() {
        let numbers: Vec<f32> = (0..ROW).map(|at| (at as f32 * 0.7).sin() * (1 + at / 100) as f32).collect();
        let vector = Vector::of(&numbers);
        for (at, number) in numbers.iter().enumerate() {
            let (four, long) = (&vector.fours[at / 128], &vector.longs[at / 256]);
            let (fine, coarse) = (four.scales[at % 128 / 32], long.scale);
            assert!((f32::from(four.values[at % 128 / 32][at % 32]) * fine - number).abs() <= fine * 0.5001);
            assert!((f32::from(long.values[at % 256]) * coarse - number).abs() <= coarse * 0.5001);
        }
        let silent = Vector::of(&vec![0.0; ROW]);
        assert!(silent.longs.iter().all(|long| long.scale == 0.0 && long.values == [0; 256]));
    }
}
