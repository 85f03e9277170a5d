//! Exact quantities: bytes, tokens, parameters.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

macro_rules! counted {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// None of it.
            pub const ZERO: Self = Self(0);

            /// Exactly this many.
            #[must_use]
            pub const fn new(count: u64) -> Self {
                Self(count)
            }

            /// The bare number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// As a float, for rates and plots.
            #[must_use]
            pub const fn as_f64(self) -> f64 {
                self.0 as f64
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }

        /// What is left, never below zero. See [`Bytes::less`] for a signed difference.
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl Mul<u64> for $name {
            type Output = Self;
            fn mul(self, times: u64) -> Self {
                Self(self.0.saturating_mul(times))
            }
        }

        /// Rounds down; by zero gives zero.
        impl Div<u64> for $name {
            type Output = Self;
            fn div(self, parts: u64) -> Self {
                Self(self.0.checked_div(parts).unwrap_or(0))
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self::ZERO, Add::add)
            }
        }
    };
}

counted!(
    /// An exact number of bytes. Shown in GiB as memory and in GB as a file.
    ///
    /// ```
    /// use willitrun::units::Bytes;
    /// let file = Bytes::new(404_488_847_360);
    /// assert_eq!(file.in_gb(), "404.5 GB");
    /// assert_eq!(file.in_gib(), "376.7 GiB");
    /// ```
    Bytes
);
counted!(
    /// A number of tokens: a context length, a prompt, an answer.
    Tokens
);
counted!(
    /// A number of model parameters.
    Params
);

impl Bytes {
    /// Whole GiB.
    #[must_use]
    pub const fn gib(count: u64) -> Self {
        Self(count.saturating_mul(super::GIB))
    }

    /// A float number of bytes, rounded; `None` when it is negative, infinite or NaN.
    #[must_use]
    pub fn from_f64(bytes: f64) -> Option<Self> {
        (bytes.is_finite() && bytes >= 0.0 && bytes < u64::MAX as f64).then(|| Self(bytes.round() as u64))
    }

    /// The nearest number of bytes there is: NaN and negative become zero.
    #[must_use]
    pub fn saturating(bytes: f64) -> Self {
        Self(bytes.round() as u64)
    }

    /// Memory style: `376.7 GiB`, or MiB below one GiB.
    #[must_use]
    pub fn in_gib(self) -> String {
        if self.0 < super::GIB && self.0 > 0 {
            let mib = self.as_f64() / super::MIB as f64;
            return if mib < 10.0 { format!("{mib:.1} MiB") } else { format!("{mib:.0} MiB") };
        }
        format!("{} GiB", one_digit(self.as_f64() / super::GIB as f64))
    }

    /// A small amount: `68.6 KiB`, from one MiB on as [memory](Self::in_gib).
    #[must_use]
    pub fn in_kib(self) -> String {
        if self.0 < super::MIB { format!("{} KiB", one_digit(self.as_f64() / 1024.0)) } else { self.in_gib() }
    }

    /// What one token takes: `1,025 B`, `68.6 KiB`, `30.5 MiB`; to the byte below ten thousand, else to three digits or
    /// more.
    #[must_use]
    pub fn fine(self) -> String {
        let kib = self.as_f64() / 1024.0;
        match self.0 {
            0..10_000 => format!("{} B", super::grouped(self.0)),
            _ if kib < 9999.5 => format!("{kib:.1} KiB"),
            _ if kib < 9999.5 * 1024.0 => format!("{:.1} MiB", kib / 1024.0),
            _ => self.in_gib(),
        }
    }

    /// A pool of caches and what is given of it: `39,528 MiB`, whole ones that are full; [fine](Self::fine) below ten.
    #[must_use]
    pub fn in_mib(self) -> String {
        let mib = self.0 / super::MIB;
        if (1..10 * super::MIB).contains(&self.0) { self.fine() } else { format!("{} MiB", super::grouped(mib)) }
    }

    /// File style: `404.5 GB`, or MB below one GB.
    #[must_use]
    pub fn in_gb(self) -> String {
        if self.0 < super::GB && self.0 > 0 {
            return format!("{:.0} MB", self.as_f64() / 1e6);
        }
        format!("{} GB", one_digit(self.as_f64() / super::GB as f64))
    }

    /// The signed difference: what is left, or by how much it is short.
    #[must_use]
    pub fn less(self, other: Self) -> Shortfall {
        Shortfall(i64::try_from(i128::from(self.0) - i128::from(other.0)).unwrap_or(if self.0 > other.0 {
            i64::MAX
        } else {
            i64::MIN
        }))
    }

    /// Rounded up to a multiple.
    #[must_use]
    pub const fn padded(self, to: u64) -> Self {
        Self(self.0.div_ceil(to).saturating_mul(to))
    }
}

/// One digit after the point, none from a thousand on: `376.7`, `2,048`.
fn one_digit(amount: f64) -> String {
    if amount < 999.95 { format!("{amount:.1}") } else { super::grouped(amount.round() as u64) }
}

impl Tokens {
    /// Rounded up to a multiple, as engines pad their caches.
    #[must_use]
    pub const fn padded(self, to: u64) -> Self {
        Self(self.0.div_ceil(to).saturating_mul(to))
    }
}

impl fmt::Display for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::grouped(self.0))
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.as_f64();
        if count >= 1e12 {
            write!(f, "{:.2} T", count / 1e12)
        } else if count >= 1e11 {
            write!(f, "{:.0} B", count / 1e9)
        } else if count >= 1e9 {
            write!(f, "{:.1} B", count / 1e9)
        } else {
            write!(f, "{:.0} M", count / 1e6)
        }
    }
}

/// A signed difference of bytes: positive is left over, negative is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shortfall(i64);

impl Shortfall {
    /// The signed number of bytes.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether nothing is missing.
    #[must_use]
    pub const fn fits(self) -> bool {
        self.0 >= 0
    }

    /// The size of the difference without its sign.
    #[must_use]
    pub const fn size(self) -> Bytes {
        Bytes(self.0.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_saturate_instead_of_wrapping() {
        assert_eq!(Bytes::new(u64::MAX) + Bytes::new(1), Bytes::new(u64::MAX));
        assert_eq!(Bytes::new(u64::MAX) * 2, Bytes::new(u64::MAX));
        assert_eq!(Bytes::new(3) - Bytes::new(5), Bytes::ZERO);
        assert_eq!(Bytes::new(3) / 0, Bytes::ZERO);
    }

    #[test]
    fn a_difference_keeps_its_sign() {
        assert_eq!(Bytes::new(3).less(Bytes::new(5)).get(), -2);
        assert_eq!(Bytes::new(0).less(Bytes::new(u64::MAX)).get(), i64::MIN);
        assert_eq!(Bytes::new(5).less(Bytes::new(3)).size(), Bytes::new(2));
    }

    #[test]
    fn memory_is_gib_and_files_are_gb() {
        assert_eq!(Bytes::gib(24).in_gib(), "24.0 GiB");
        assert_eq!(Bytes::new(713_281_210_368).in_gb(), "713.3 GB");
        assert_eq!(Bytes::new(549 << 20).in_gib(), "549 MiB");
        assert_eq!(
            (Bytes::new(70_272).in_kib(), Bytes::new(549 << 20).in_kib()),
            ("68.6 KiB".into(), "549 MiB".into())
        );
        assert_eq!(Bytes::ZERO.in_gib(), "0.0 GiB");
        assert_eq!(Bytes::gib(2048).in_gib(), "2,048 GiB");
        assert_eq!(Bytes::new(2_000_000_000_000).in_gb(), "2,000 GB");
    }

    #[test]
    fn what_a_token_takes_is_not_rounded_away() {
        let fine = [1, 1025, 70_272, 9 << 20, 31_981_568, 20 << 30].map(|bytes| Bytes::new(bytes).fine());
        assert_eq!(fine, ["1 B", "1,025 B", "68.6 KiB", "9216.0 KiB", "30.5 MiB", "20.0 GiB"]);
        let pools = [0, 1, 70_272, 41_448_112_128].map(|bytes| Bytes::new(bytes).in_mib());
        assert_eq!(pools, ["0 MiB", "1 B", "68.6 KiB", "39,528 MiB"]);
    }

    #[test]
    fn floats_out_of_range_are_refused() {
        for bad in [f64::NAN, f64::INFINITY, -1.0, 1e30] {
            assert_eq!(Bytes::from_f64(bad), None);
        }
        assert_eq!(Bytes::from_f64(1.5), Some(Bytes::new(2)));
    }

    #[test]
    fn parameters_read_as_people_say_them() {
        assert_eq!(Params::new(671_026_419_200).to_string(), "671 B");
        assert_eq!(Params::new(8_030_261_248).to_string(), "8.0 B");
        assert_eq!(Params::new(596_049_920).to_string(), "596 M");
        assert_eq!(Params::new(1_026_408_232_448).to_string(), "1.03 T");
    }
}
