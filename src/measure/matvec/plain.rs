//! Multiplying in plain loops: what every processor does, and what the others are held to. It is slower than an engine,
//! so what it reaches is a lower bound.

use super::blocks::{Packing, Q4_BLOCK, Q8_BLOCK, Vector, half, six_bits};

/// The sum of all rows in these bytes times the vector.
pub(super) fn rows(packing: Packing, bytes: &[u8], vector: &Vector) -> f32 {
    let rows = bytes.chunks_exact(packing.row_bytes());
    match packing {
        Packing::Q8 => rows.map(|row| row_q8(row, vector)).sum(),
        Packing::Q4K => rows.map(|row| row_q4k(row, vector)).sum(),
    }
}

fn row_q8(row: &[u8], vector: &Vector) -> f32 {
    let mut total = 0.0;
    let (blocks, _) = row.as_chunks::<Q8_BLOCK>();
    for (blocks, four) in blocks.as_chunks::<4>().0.iter().zip(&vector.fours) {
        for ((block, values), scale) in blocks.iter().zip(&four.values).zip(four.scales) {
            let mut sum = 0_i32;
            for at in 0..32 {
                sum += i32::from(i16::from(block[2 + at].cast_signed()) * i16::from(values[at]));
            }
            total += half([block[0], block[1]]) * scale * sum as f32;
        }
    }
    total
}

fn row_q4k(row: &[u8], vector: &Vector) -> f32 {
    let mut total = 0.0;
    for (block, long) in row.as_chunks::<Q4_BLOCK>().0.iter().zip(&vector.longs) {
        let (scale, minimum) = (half([block[0], block[1]]), half([block[2], block[3]]));
        let [scales, minimums] = six_bits(block).map(|eight| eight.to_le_bytes().map(i32::from));
        let (mut products, mut offsets) = (0_i32, 0_i32);
        for quarter in 0..4 {
            let nibbles = &block[16 + quarter * 32..48 + quarter * 32];
            let (low, high) = long.values[quarter * 64..quarter * 64 + 64].split_at(32);
            let (mut low_sum, mut high_sum) = (0_i32, 0_i32);
            for at in 0..32 {
                low_sum += i32::from(i16::from(nibbles[at] & 15) * i16::from(low[at]));
                high_sum += i32::from(i16::from(nibbles[at] >> 4) * i16::from(high[at]));
            }
            products += low_sum * scales[quarter * 2] + high_sum * scales[quarter * 2 + 1];
        }
        for (sums, minimum) in long.sums.as_chunks::<2>().0.iter().zip(minimums) {
            offsets += i32::from(sums[0] + sums[1]) * minimum;
        }
        total += long.scale * (scale * products as f32 - minimum * offsets as f32);
    }
    total
}
