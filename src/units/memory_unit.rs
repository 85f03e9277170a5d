//! Which of two units sizes of memory are written in.

use super::{Bytes, GB, GIB, grouped};

/// The unit memory is shown in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MemoryUnit {
    /// 2^30 bytes.
    #[default]
    Gib,
    /// 10^9 bytes.
    Gb,
}

impl MemoryUnit {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gib => "GiB",
            Self::Gb => "GB",
        }
    }

    /// An amount as people read it, in MiB or MB where it is small: `24.0 GiB`, `549 MiB`.
    #[must_use]
    pub fn of(self, bytes: Bytes) -> String {
        match self {
            Self::Gib => bytes.in_gib(),
            Self::Gb => bytes.in_gb(),
        }
    }

    /// Its size.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Gib => GIB,
            Self::Gb => GB,
        }
    }

    /// A number of bytes in it, without its name: `24.0`, `1,536`.
    ///
    /// ```
    /// use willitrun::units::{Bytes, MemoryUnit};
    /// assert_eq!(MemoryUnit::Gib.number(Bytes::gib(24)), "24.0");
    /// assert_eq!(MemoryUnit::Gb.number(Bytes::gib(1536)), "1,649");
    /// ```
    #[must_use]
    pub fn number(self, bytes: Bytes) -> String {
        let value = bytes.as_f64() / self.bytes() as f64;
        if value < 999.95 { format!("{value:.1}") } else { grouped(value.round() as u64) }
    }

    /// A number of bytes with the unit's name: `24.0 GiB`.
    #[must_use]
    pub fn text(self, bytes: Bytes) -> String {
        format!("{} {}", self.number(bytes), self.name())
    }
}
