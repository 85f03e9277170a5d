//! A figure with its band.

use crate::units::TokensPerSecond;

/// Half-width of an 80 % band in standard deviations of a normal spread.
const EIGHTY_PERCENT: f64 = 1.2816;

/// An estimate between two bounds that hold it in about 80 % of cases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lower bound.
    pub low: f64,
    /// The estimate.
    pub expected: f64,
    /// Upper bound.
    pub high: f64,
}

impl Range {
    /// The band around an estimate whose log spreads by `spread`.
    #[must_use]
    pub fn around(expected: f64, spread: f64) -> Self {
        let factor = (EIGHTY_PERCENT * spread.max(0.0)).exp();
        Self { low: expected / factor, expected, high: expected * factor }
    }

    /// Standard deviation of its log; 0 for a ceiling.
    #[must_use]
    pub fn spread(&self) -> f64 {
        let spread = (self.high / self.low).ln() / (2.0 * EIGHTY_PERCENT);
        if spread.is_finite() { spread.max(0.0) } else { 0.0 }
    }

    /// Moved by a factor, its bounds drawn together in log.
    #[must_use]
    pub fn corrected(&self, factor: f64, narrowing: f64) -> Self {
        let expected = self.expected * factor;
        let bound = |bound: f64| expected * (bound / self.expected).powf(narrowing);
        Self { low: bound(self.low), expected, high: bound(self.high) }
    }

    /// Whether it has no band: a ceiling.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.low >= self.high
    }

    /// Tokens per second in words; what has no band is called a ceiling.
    ///
    /// ```
    /// use willitrun::speed::Range;
    /// assert_eq!(Range::exact(4.0).in_words(), "at most 4.0 tokens/s (a ceiling)");
    /// let range = Range { low: 3.0, expected: 4.0, high: 5.0 };
    /// assert_eq!(range.in_words(), "about 4.0 tokens/s (between 3.0 and 5.0)");
    /// ```
    #[must_use]
    pub fn in_words(&self) -> String {
        let [low, expected, high] = [self.low, self.expected, self.high].map(TokensPerSecond::saturating);
        if self.is_exact() {
            format!("at most {expected} tokens/s (a ceiling)")
        } else {
            format!("about {expected} tokens/s (between {low} and {high})")
        }
    }

    /// What a time of it is: of a ceiling the least, `at least `; else nothing.
    #[must_use]
    pub fn time_word(&self) -> &'static str {
        if self.is_exact() { "at least " } else { "" }
    }

    /// No band: a ceiling.
    #[must_use]
    pub const fn exact(expected: f64) -> Self {
        Self { low: expected, expected, high: expected }
    }
}
