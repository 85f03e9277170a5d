//! Quantities with their unit in the type, so that bytes and seconds, GB and GiB cannot mix.
//!
//! Invariant: a quantity is finite and never negative; NaN has no representation.
//! Exact things (bytes, tokens, parameters) are integers and saturate instead of wrapping.

mod count;
mod memory_unit;
mod parse;
mod rate;

pub use count::{Bytes, Params, Shortfall, Tokens};
pub use memory_unit::MemoryUnit;
pub use parse::{ParseError, parse_bytes, parse_tokens};
pub use rate::{BytesPerSecond, Flops, FlopsPerSecond, Fraction, Seconds, TokensPerSecond};

/// Bytes in one GiB, the unit of memory.
pub const GIB: u64 = 1 << 30;
/// Bytes in one MiB.
pub const MIB: u64 = 1 << 20;
/// Bytes in one GB, the unit of files and bandwidths.
pub const GB: u64 = 1_000_000_000;

/// An integer with thousands separated by commas: `163,840`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(671_026_419_200), "671,026,419,200");
    }
}
