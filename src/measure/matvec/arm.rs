//! Multiplying with the integer dot products of 64-bit Arm: `sdot`, four bytes at once into sums, where the processor has
//! it, else products of bytes widened to words.

use std::arch::aarch64::{
    int8x16_t, int32x4_t, vaddvq_f32, vandq_u8, vcreate_u64, vcvtq_f32_s32, vdupq_n_f32, vdupq_n_s32, vdupq_n_u8,
    vfmaq_n_f32, vget_low_s8, vget_low_s16, vld1q_s8, vld1q_s16, vld1q_u8, vmlal_high_s8, vmlal_high_s16, vmlaq_n_s32,
    vmovl_u8, vmull_s8, vmull_s16, vpadalq_s16, vpaddq_s16, vreinterpret_u8_u64, vreinterpretq_s8_u8,
    vreinterpretq_s16_u16, vshrq_n_u8,
};

use super::blocks::{Four, Long, Packing, Q4_BLOCK, Q8_BLOCK, Vector, half, six_bits};

/// The functions of one way to add 16 products to four sums.
macro_rules! ways {
    ($rows:ident, $row_q8:ident, $row_q4k:ident, $dot:ident, $features:literal) => {
        /// The sum of all rows in these bytes times the vector.
        #[target_feature(enable = $features)]
        pub(super) fn $rows(packing: Packing, bytes: &[u8], vector: &Vector) -> f32 {
            let mut total = 0.0;
            for row in bytes.chunks_exact(packing.row_bytes()) {
                total += match packing {
                    Packing::Q8 => $row_q8(row, &vector.fours),
                    Packing::Q4K => $row_q4k(row, &vector.longs),
                };
            }
            total
        }

        #[target_feature(enable = $features)]
        fn $row_q8(row: &[u8], fours: &[Four]) -> f32 {
            let mut totals = [vdupq_n_f32(0.0); 2];
            let (blocks, _) = row.as_chunks::<Q8_BLOCK>();
            for (blocks, four) in blocks.as_chunks::<4>().0.iter().zip(fours) {
                for (part, block) in blocks.iter().enumerate() {
                    let mut sums = vdupq_n_s32(0);
                    for at in [0, 16] {
                        let weights = vreinterpretq_s8_u8(load(&block[2 + at..]));
                        sums = $dot(sums, weights, load_signed(&four.values[part][at..]));
                    }
                    let scale = half([block[0], block[1]]) * four.scales[part];
                    totals[part % 2] = vfmaq_n_f32(totals[part % 2], vcvtq_f32_s32(sums), scale);
                }
            }
            vaddvq_f32(totals[0]) + vaddvq_f32(totals[1])
        }

        #[target_feature(enable = $features)]
        fn $row_q4k(row: &[u8], longs: &[Long]) -> f32 {
            let low_half = vdupq_n_u8(15);
            let (mut totals, mut offsets) = (vdupq_n_f32(0.0), vdupq_n_f32(0.0));
            for (block, long) in row.as_chunks::<Q4_BLOCK>().0.iter().zip(longs) {
                let [scales, minimums] = six_bits(block);
                let scales = scales.to_le_bytes();
                let mut sums = vdupq_n_s32(0);
                for quarter in 0..4 {
                    let place = quarter * 2;
                    let (mut low, mut high) = (vdupq_n_s32(0), vdupq_n_s32(0));
                    for at in [0, 16] {
                        let nibbles = load(&block[16 + quarter * 32 + at..]);
                        let values = |part: usize| load_signed(&long.values[(place + part) * 32 + at..]);
                        low = $dot(low, vreinterpretq_s8_u8(vandq_u8(nibbles, low_half)), values(0));
                        high = $dot(high, vreinterpretq_s8_u8(vshrq_n_u8::<4>(nibbles)), values(1));
                    }
                    sums = vmlaq_n_s32(sums, low, i32::from(scales[place]));
                    sums = vmlaq_n_s32(sums, high, i32::from(scales[place + 1]));
                }
                totals = vfmaq_n_f32(totals, vcvtq_f32_s32(sums), half([block[0], block[1]]) * long.scale);
                let minimum = half([block[2], block[3]]) * long.scale;
                offsets = vfmaq_n_f32(offsets, vcvtq_f32_s32(minimums_times_sums(minimums, long)), minimum);
            }
            vaddvq_f32(totals) - vaddvq_f32(offsets)
        }
    };
}

ways!(rows_sdot, row_q8_sdot, row_q4k_sdot, sdot, "neon,dotprod");
ways!(rows_neon, row_q8_neon, row_q4k_neon, widened, "neon");

/// Adds the products of each four bytes to one of four sums.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn sdot(mut sums: int32x4_t, weights: int8x16_t, values: int8x16_t) -> int32x4_t {
    // SAFETY: one instruction on three registers, which the features of this function allow; the standard library has
    // no stable name for it yet (rust-lang/rust #117224).
    unsafe {
        std::arch::asm!(
            "sdot {sums:v}.4s, {weights:v}.16b, {values:v}.16b",
            sums = inout(vreg) sums,
            weights = in(vreg) weights,
            values = in(vreg) values,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sums
}

/// The same without that instruction: two products of 128 and 127 are still a word.
#[inline]
#[target_feature(enable = "neon")]
fn widened(sums: int32x4_t, weights: int8x16_t, values: int8x16_t) -> int32x4_t {
    let low = vmull_s8(vget_low_s8(weights), vget_low_s8(values));
    vpadalq_s16(sums, vmlal_high_s8(low, weights, values))
}

/// Eight minimums times the sums of each 32 values, in four sums.
#[inline]
#[target_feature(enable = "neon")]
fn minimums_times_sums(minimums: u64, long: &Long) -> int32x4_t {
    let minimums = vreinterpretq_s16_u16(vmovl_u8(vreinterpret_u8_u64(vcreate_u64(minimums))));
    let sums = long.sums.as_ptr();
    // SAFETY: sixteen words are two times eight readable ones.
    let sums = unsafe { vpaddq_s16(vld1q_s16(sums), vld1q_s16(sums.add(8))) };
    vmlal_high_s16(vmull_s16(vget_low_s16(minimums), vget_low_s16(sums)), minimums, sums)
}

/// The first 16 bytes.
#[inline]
#[target_feature(enable = "neon")]
fn load(bytes: &[u8]) -> std::arch::aarch64::uint8x16_t {
    let bytes: &[u8; 16] = bytes.first_chunk().expect("16 bytes of a block");
    // SAFETY: as many readable bytes as the array has.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
fn load_signed(values: &[i8]) -> int8x16_t {
    let values: &[i8; 16] = values.first_chunk().expect("16 values of a block");
    // SAFETY: as many readable bytes as the array has.
    unsafe { vld1q_s8(values.as_ptr()) }
}
