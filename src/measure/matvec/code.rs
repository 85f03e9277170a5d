//! Which instructions rows are multiplied with: the best this processor has.

use super::blocks::{Packing, Vector, bytes};
use super::{Bound, plain};
use crate::measure::kernel::Line;

/// Instructions this processor has: only [`Code::available`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::measure) struct Code(Instructions);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Sdot,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Plain,
}

impl Code {
    /// All that run on this processor, the fastest first; the last is always the plain loops.
    pub(super) fn available() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let avx2 =
            is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c");
        #[cfg(target_arch = "x86_64")]
        let avx512 = avx2
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni");
        [
            #[cfg(target_arch = "x86_64")]
            avx512.then_some(Instructions::Avx512Vnni),
            #[cfg(target_arch = "x86_64")]
            avx2.then_some(Instructions::Avx2),
            #[cfg(target_arch = "aarch64")]
            std::arch::is_aarch64_feature_detected!("dotprod").then_some(Instructions::Sdot),
            #[cfg(target_arch = "aarch64")]
            std::arch::is_aarch64_feature_detected!("neon").then_some(Instructions::Neon),
            Some(Instructions::Plain),
        ]
        .into_iter()
        .flatten()
        .map(Self)
        .collect()
    }

    /// The fastest that runs on this processor.
    pub(in crate::measure) fn fastest() -> Self {
        Self::available()[0]
    }

    /// Its name in a result.
    pub(super) const fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512Vnni => "avx512-vnni",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => "avx2",
            #[cfg(target_arch = "aarch64")]
            Instructions::Sdot => "neon-sdot",
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => "neon",
            Instructions::Plain => "plain",
        }
    }

    /// Whether engines have nothing faster.
    pub(super) const fn bound(self) -> Bound {
        match self.0 {
            Instructions::Plain => Bound::Lower,
            #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
            _ => Bound::AsEngines,
        }
    }

    /// Multiplies the whole rows in these lines by the vector, and returns the sum of the products.
    pub(in crate::measure) fn multiply(self, packing: Packing, lines: &[Line], vector: &Vector) -> f32 {
        let bytes = bytes(lines);
        match self.0 {
            // SAFETY: the variant exists only after all its instructions were detected.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512Vnni => unsafe { super::x86::rows_avx512(packing, bytes, vector) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { super::x86::rows_avx2(packing, bytes, vector) },
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            Instructions::Sdot => unsafe { super::arm::rows_sdot(packing, bytes, vector) },
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => unsafe { super::arm::rows_neon(packing, bytes, vector) },
            Instructions::Plain => plain::rows(packing, bytes, vector),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks::{Q4_BLOCK, Q8_BLOCK, ROW, bytes_mut, half, settle, six_bits};
    use super::*;
    use crate::measure::buffer::randomise;
    use crate::measure::kernel::LINE_BYTES;

    fn some(packing: Packing, seed: u64) -> Vec<Line> {
        let mut lines = vec![Line::default(); 3 * packing.row_bytes().div_ceil(LINE_BYTES)];
        randomise(&mut lines, seed);
        settle(packing, &mut lines);
        lines
    }

    /// Each weight by itself, in floating point, as the formats define it: the sum of the products, and of what they
    /// are without a sign, which bounds the rounding.
    fn by_definition(packing: Packing, lines: &[Line], vector: &Vector) -> [f64; 2] {
        let (mut total, mut size) = (0.0, 0.0);
        for row in bytes(lines).chunks_exact(packing.row_bytes()) {
            for at in 0..ROW {
                let (weight, number) = match packing {
                    Packing::Q8 => {
                        let block = &row[at / 32 * Q8_BLOCK..];
                        let (four, part) = (&vector.fours[at / 128], at % 128 / 32);
                        (
                            f64::from(half([block[0], block[1]])) * f64::from(block[2 + at % 32].cast_signed()),
                            f64::from(four.values[part][at % 32]) * f64::from(four.scales[part]),
                        )
                    }
                    Packing::Q4K => {
                        let block: &[u8; Q4_BLOCK] = row[at / 256 * Q4_BLOCK..].first_chunk().expect("a block");
                        let [scales, minimums] = six_bits(block).map(u64::to_le_bytes);
                        let (part, place) = (at % 256 / 32, at % 32);
                        let byte = block[16 + part / 2 * 32 + place];
                        let nibble = if part % 2 == 0 { byte & 15 } else { byte >> 4 };
                        let long = &vector.longs[at / 256];
                        (
                            f64::from(half([block[0], block[1]])) * f64::from(scales[part]) * f64::from(nibble)
                                - f64::from(half([block[2], block[3]])) * f64::from(minimums[part]),
                            f64::from(long.values[at % 256]) * f64::from(long.scale),
                        )
                    }
                };
                total += weight * number;
                size += (weight * number).abs();
            }
        }
        [total, size]
    }

    #[test]
    fn products_are_what_the_formats_define() {
        let vector = Vector::new();
        for (packing, seed) in [Packing::Q8, Packing::Q4K].into_iter().flat_map(|p| (1..9).map(move |seed| (p, seed))) {
            let lines = some(packing, seed);
            let [expected, size] = by_definition(packing, &lines, &vector);
            for code in Code::available() {
                let found = f64::from(code.multiply(packing, &lines, &vector));
                // A few hundred roundings of sums of that size, in 24 bits each.
                let off = (found - expected).abs() / size;
                assert!(off < 1e-6, "{packing:?}, {}, seed {seed}: {found} against {expected} of {size}", code.name());
            }
        }
    }

    /// Where all scales are one and the vector is zero but for one block, nothing is rounded: the integers show.
    #[test]
    fn every_code_adds_the_same_integers() {
        for (packing, block) in [(Packing::Q8, Q8_BLOCK), (Packing::Q4K, Q4_BLOCK)] {
            let weights = ROW / (packing.row_bytes() / block);
            for place in 0..ROW / weights {
                let mut row = some(packing, place as u64);
                row.truncate(packing.row_bytes() / LINE_BYTES);
                for block in bytes_mut(&mut row).chunks_exact_mut(block) {
                    (block[0], block[1]) = (0x00, 0x3c);
                    if packing == Packing::Q4K {
                        (block[2], block[3]) = (0x00, 0x3c);
                    }
                }
                let inside = |at: usize| at / weights == place;
                let number = |at: usize| if inside(at) { ((at * 97) % 255) as f32 - 127.0 } else { 0.0 };
                let mut vector = Vector::of(&(0..ROW).map(number).collect::<Vec<_>>());
                vector.fours.iter_mut().for_each(|four| four.scales = [1.0; 4]);
                vector.longs.iter_mut().for_each(|long| long.scale = 1.0);
                let [expected, _] = by_definition(packing, &row, &vector);
                assert!(expected.abs() < f64::from(1 << 24), "an f32 has each such integer");
                for code in Code::available() {
                    let found = code.multiply(packing, &row, &vector);
                    assert_eq!(
                        (found as i64, found.fract()),
                        (expected as i64, 0.0),
                        "{packing:?}, {}, block {place}",
                        code.name()
                    );
                }
            }
        }
    }

    #[test]
    fn the_plain_loops_are_always_there() {
        assert_eq!(Code::available().last().map(|code| code.name()), Some("plain"));
        assert_eq!(Code::available().first(), Some(&Code::fastest()));
    }
}
