//! Multiplying with the integer dot products of x86-64: pairs of bytes into words (`maddubs`) on AVX2, and fours of bytes
//! into sums (VNNI) on AVX-512. Weights are unpacked in registers, so that memory is what binds.

#[allow(clippy::wildcard_imports, reason = "three dozen instructions, each named by what it does")]
use std::arch::x86_64::*;

use super::blocks::{Four, Long, Packing, Q4_BLOCK, Q8_BLOCK, Vector, six_bits};

/// The sum of all rows in these bytes times the vector.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn rows_avx2(packing: Packing, bytes: &[u8], vector: &Vector) -> f32 {
    let mut total = 0.0;
    for row in bytes.chunks_exact(packing.row_bytes()) {
        total += match packing {
            Packing::Q8 => row_q8_avx2(row, &vector.fours),
            Packing::Q4K => row_q4k_avx2(row, &vector.longs),
        };
    }
    total
}

/// The same, 64 bytes at a time.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
pub(super) fn rows_avx512(packing: Packing, bytes: &[u8], vector: &Vector) -> f32 {
    let mut total = 0.0;
    for row in bytes.chunks_exact(packing.row_bytes()) {
        total += match packing {
            Packing::Q8 => row_q8_avx512(row, &vector.fours),
            Packing::Q4K => row_q4k_avx512(row, &vector.longs),
        };
    }
    total
}

#[target_feature(enable = "avx2,fma,f16c")]
fn row_q8_avx2(row: &[u8], fours: &[Four]) -> f32 {
    let ones = _mm256_set1_epi16(1);
    let mut totals = [_mm256_setzero_ps(); 2];
    let (blocks, _) = row.as_chunks::<Q8_BLOCK>();
    for (blocks, four) in blocks.as_chunks::<4>().0.iter().zip(fours) {
        let scales = _mm256_castps128_ps256(scales_of_four(blocks, four));
        for (place, (block, values)) in (0_i32..).zip(blocks.iter().zip(&four.values)) {
            let (weights, values) = (load_256(&block[2..]), load_signed(values));
            // Unsigned times signed is what there is: the sign moves over. 2 x 128 x 127 is still a word.
            let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(values, weights));
            let sums = _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, ones));
            let scale = _mm256_permutevar8x32_ps(scales, _mm256_set1_epi32(place));
            totals.reverse();
            totals[0] = _mm256_fmadd_ps(scale, sums, totals[0]);
        }
    }
    sum_256(_mm256_add_ps(totals[0], totals[1]))
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
fn row_q8_avx512(row: &[u8], fours: &[Four]) -> f32 {
    let upper = _mm512_set1_epi8(-128);
    let spread = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    let mut totals = [_mm512_setzero_ps(); 2];
    let (blocks, _) = row.as_chunks::<Q8_BLOCK>();
    for (blocks, four) in blocks.as_chunks::<4>().0.iter().zip(fours) {
        let scales = _mm512_castps128_ps512(scales_of_four(blocks, four));
        for (pair, (place, total)) in [0_i32, 2].into_iter().zip(&mut totals).enumerate() {
            let (one, two) = (&blocks[pair * 2], &blocks[pair * 2 + 1]);
            let weights = join(load_256(&one[2..]), load_256(&two[2..]));
            let values = join(load_signed(&four.values[pair * 2]), load_signed(&four.values[pair * 2 + 1]));
            // Weights plus 128 are unsigned; the lift takes 128 times the values off again.
            let lift = join(load_sums(&four.lift[pair * 2]), load_sums(&four.lift[pair * 2 + 1]));
            let sums = _mm512_dpbusd_epi32(lift, _mm512_xor_si512(weights, upper), values);
            let place = _mm512_add_epi32(spread, _mm512_set1_epi32(place));
            *total = _mm512_fmadd_ps(_mm512_permutexvar_ps(place, scales), _mm512_cvtepi32_ps(sums), *total);
        }
    }
    _mm512_reduce_add_ps(_mm512_add_ps(totals[0], totals[1]))
}

#[target_feature(enable = "avx2,fma,f16c")]
fn row_q4k_avx2(row: &[u8], longs: &[Long]) -> f32 {
    let low_half = _mm256_set1_epi8(15);
    let (mut totals, mut offsets) = (_mm256_setzero_ps(), _mm_setzero_ps());
    for (block, long) in row.as_chunks::<Q4_BLOCK>().0.iter().zip(longs) {
        let [factor, minimum] = scales_of_long(block, long);
        let [scales, lows] = six_bits(block).map(|eight| words(eight));
        offsets = _mm_fmadd_ps(minimum, _mm_cvtepi32_ps(_mm_madd_epi16(lows, sums_of_32(long))), offsets);
        let scales = _mm256_broadcastsi128_si256(scales);
        let mut sums = [_mm256_setzero_si256(); 2];
        for quarter in 0..4 {
            let nibbles = load_256(&block[16 + quarter * 32..]);
            let parts =
                [_mm256_and_si256(nibbles, low_half), _mm256_and_si256(_mm256_srli_epi16::<4>(nibbles), low_half)];
            for (half, part) in parts.into_iter().enumerate() {
                let place = quarter * 2 + half;
                let pairs = _mm256_maddubs_epi16(part, load_signed(&long.values[place * 32..]));
                let weighed = _mm256_madd_epi16(pairs, _mm256_shuffle_epi8(scales, everywhere(place)));
                sums[half] = _mm256_add_epi32(sums[half], weighed);
            }
        }
        let sums = _mm256_cvtepi32_ps(_mm256_add_epi32(sums[0], sums[1]));
        totals = _mm256_fmadd_ps(_mm256_broadcastss_ps(factor), sums, totals);
    }
    sum_256(totals) - sum_128(offsets)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
fn row_q4k_avx512(row: &[u8], longs: &[Long]) -> f32 {
    let low_half = _mm512_set1_epi8(15);
    let (mut totals, mut offsets) = (_mm512_setzero_ps(), _mm_setzero_ps());
    for (block, long) in row.as_chunks::<Q4_BLOCK>().0.iter().zip(longs) {
        let [factor, minimum] = scales_of_long(block, long);
        let [scales, lows] = six_bits(block).map(|eight| words(eight));
        offsets = _mm_fmadd_ps(minimum, _mm_cvtepi32_ps(_mm_madd_epi16(lows, sums_of_32(long))), offsets);
        let scales = _mm512_broadcast_i32x4(scales);
        let mut sums = [_mm512_setzero_si512(); 2];
        for half in 0..2 {
            let nibbles = load_512(&block[16 + half * 64..]);
            let values: [__m512i; 2] =
                std::array::from_fn(|part| load_512_signed(&long.values[half * 128 + part * 64..]));
            // The low nibbles of 64 bytes are the first and the third 32 weights, the high ones the others.
            let low = _mm512_maddubs_epi16(
                _mm512_and_si512(nibbles, low_half),
                _mm512_shuffle_i64x2::<0b01_00_01_00>(values[0], values[1]),
            );
            let high = _mm512_maddubs_epi16(
                _mm512_and_si512(_mm512_srli_epi16::<4>(nibbles), low_half),
                _mm512_shuffle_i64x2::<0b11_10_11_10>(values[0], values[1]),
            );
            let first = half * 4;
            sums[0] = _mm512_dpwssd_epi32(sums[0], low, _mm512_shuffle_epi8(scales, halves(first, first + 2)));
            sums[1] = _mm512_dpwssd_epi32(sums[1], high, _mm512_shuffle_epi8(scales, halves(first + 1, first + 3)));
        }
        let sums = _mm512_cvtepi32_ps(_mm512_add_epi32(sums[0], sums[1]));
        totals = _mm512_fmadd_ps(_mm512_broadcastss_ps(factor), sums, totals);
    }
    _mm512_reduce_add_ps(totals) - sum_128(offsets)
}

/// What a shuffle takes to have one word everywhere.
#[target_feature(enable = "avx2")]
fn everywhere(word: usize) -> __m256i {
    let byte = word as u8 * 2;
    _mm256_set1_epi16(i16::from_le_bytes([byte, byte + 1]))
}

/// What a shuffle takes to have one word in the lower half, and another in the upper one.
#[target_feature(enable = "avx512f,avx2")]
fn halves(lower: usize, upper: usize) -> __m512i {
    join(everywhere(lower), everywhere(upper))
}

/// The scales of four blocks of `Q8_0`, times those of the vector.
#[target_feature(enable = "f16c,avx")]
fn scales_of_four(blocks: &[[u8; Q8_BLOCK]; 4], four: &Four) -> __m128 {
    let half = |block: &[u8; Q8_BLOCK]| u64::from(u16::from_le_bytes([block[0], block[1]]));
    let [one, two, three, last] = blocks;
    let halves = half(one) | half(two) << 16 | half(three) << 32 | half(last) << 48;
    // SAFETY: four numbers of 32 bits are read from an array of as many.
    let own = unsafe { _mm_loadu_ps(four.scales.as_ptr()) };
    _mm_mul_ps(_mm_cvtph_ps(_mm_cvtsi64_si128(halves.cast_signed())), own)
}

/// The scale of a block of `Q4_K` times that of the vector in the first lane, and its minimum's in each of four.
#[target_feature(enable = "f16c,avx")]
fn scales_of_long(block: &[u8; Q4_BLOCK], long: &Long) -> [__m128; 2] {
    let both = i32::from_le_bytes([block[0], block[1], block[2], block[3]]);
    let both = _mm_mul_ps(_mm_cvtph_ps(_mm_cvtsi32_si128(both)), _mm_set1_ps(long.scale));
    [both, _mm_shuffle_ps::<0b01_01_01_01>(both, both)]
}

/// Eight bytes as words.
#[target_feature(enable = "avx2")]
fn words(eight: u64) -> __m128i {
    _mm_cvtepu8_epi16(_mm_cvtsi64_si128(eight.cast_signed()))
}

/// Sums of each 32 values.
#[target_feature(enable = "avx2")]
fn sums_of_32(long: &Long) -> __m128i {
    let [first, last] = [&long.sums[..8], &long.sums[8..]];
    // SAFETY: eight words are 16 readable bytes.
    unsafe { _mm_hadd_epi16(_mm_loadu_si128(first.as_ptr().cast()), _mm_loadu_si128(last.as_ptr().cast())) }
}

#[target_feature(enable = "avx2")]
fn sum_256(lanes: __m256) -> f32 {
    sum_128(_mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps::<1>(lanes)))
}

#[target_feature(enable = "avx2")]
fn sum_128(lanes: __m128) -> f32 {
    let pairs = _mm_add_ps(lanes, _mm_movehdup_ps(lanes));
    _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehl_ps(pairs, pairs)))
}

#[target_feature(enable = "avx512f")]
fn join(lower: __m256i, upper: __m256i) -> __m512i {
    _mm512_inserti64x4::<1>(_mm512_castsi256_si512(lower), upper)
}

/// The first 32 bytes.
#[target_feature(enable = "avx2")]
fn load_256(bytes: &[u8]) -> __m256i {
    let bytes: &[u8; 32] = bytes.first_chunk().expect("32 bytes of a block");
    // SAFETY: as many readable bytes as the array has.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn load_signed(values: &[i8]) -> __m256i {
    let values: &[i8; 32] = values.first_chunk().expect("32 values of a block");
    // SAFETY: as many readable bytes as the array has.
    unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn load_sums(sums: &[i32; 8]) -> __m256i {
    // SAFETY: as many readable bytes as the array has.
    unsafe { _mm256_loadu_si256(sums.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
fn load_512(bytes: &[u8]) -> __m512i {
    let bytes: &[u8; 64] = bytes.first_chunk().expect("64 bytes of a block");
    // SAFETY: as many readable bytes as the array has.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
fn load_512_signed(values: &[i8]) -> __m512i {
    let values: &[i8; 64] = values.first_chunk().expect("64 values of a block");
    // SAFETY: as many readable bytes as the array has.
    unsafe { _mm512_loadu_si512(values.as_ptr().cast()) }
}
