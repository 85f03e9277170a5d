//! A number and how far to trust it.

use std::fmt;

/// Where a figure comes from. The order is the order of trust, most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Measured on this very machine by this app.
    Measured,
    /// Typed by the user.
    Typed,
    /// Reported by the driver or the operating system, or by the author of a foreign profile.
    Reported,
    /// Published by the vendor.
    DataSheet,
    /// Assumed because nothing better is known.
    Assumed,
}

impl Source {
    /// Every source, most trusted first.
    pub const ALL: [Self; 5] = [Self::Measured, Self::Typed, Self::Reported, Self::DataSheet, Self::Assumed];

    /// The word shown and written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Typed => "typed",
            Self::Reported => "reported",
            Self::DataSheet => "data sheet",
            Self::Assumed => "assumed",
        }
    }

    /// By its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == word)
    }

    /// The word and where exactly the figure was found, neither twice: `assumed: dual-channel DDR5-5600`, `typed by you`.
    #[must_use]
    pub fn said_of(self, origin: &str) -> String {
        let word = self.name();
        let after = origin.strip_prefix(word);
        match after {
            _ if origin.is_empty() => word.to_owned(),
            // The origin begins with the word itself.
            Some(after) if !after.starts_with(char::is_alphanumeric) => origin.to_owned(),
            _ => format!("{word}: {origin}"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a bandwidth was divided by: an efficiency belongs to its basis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The theoretical figure of the data sheet (or an assumed one of that kind).
    DataSheet,
    /// A read test on the machine, with ordinary pages.
    Measured,
}

/// A value with its source and a word on where exactly it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure<T> {
    /// The value.
    pub value: T,
    /// How far to trust it.
    pub source: Source,
    /// Document, file, date or method; shown on hover.
    pub origin: String,
}

impl<T> Figure<T> {
    /// A value from a source.
    pub fn new(value: T, source: Source, origin: impl Into<String>) -> Self {
        Self { value, source, origin: origin.into() }
    }

    /// How far to trust it and where it was found: `data sheet: 12 x 4800 MT/s`.
    #[must_use]
    pub fn said(&self) -> String {
        self.source.said_of(&self.origin)
    }

    /// Typed by the user.
    pub fn typed(value: T) -> Self {
        Self::new(value, Source::Typed, "typed by you")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_named_once() {
        for (source, origin, said) in [
            (Source::Assumed, "dual-channel DDR5-5600", "assumed: dual-channel DDR5-5600"),
            (Source::Assumed, "assumed: dual-channel DDR5-5600", "assumed: dual-channel DDR5-5600"),
            (Source::Assumed, "assumed", "assumed"),
            (Source::Typed, "typed by you", "typed by you"),
            (Source::Reported, "", "reported"),
            (Source::Reported, "/proc/meminfo", "reported: /proc/meminfo"),
            (Source::Typed, "typedef.h", "typed: typedef.h"),
        ] {
            assert_eq!(source.said_of(origin), said);
        }
    }
}
