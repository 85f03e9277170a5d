//! How far off predictions are, in the figures people quote.

/// Figures over some predictions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Off {
    /// How many.
    pub rows: usize,
    /// Median of the error in percent.
    pub median: f64,
    /// 90th percentile of the error in percent.
    pub tail: f64,
    /// Median of predicted over measured.
    pub bias: f64,
}

impl Off {
    /// Of pairs of predicted and measured; none of no pairs.
    ///
    /// ```
    /// use willitrun::advice::accuracy::Off;
    /// let off = Off::of(&[(11.0, 10.0), (8.0, 10.0), (10.0, 10.0)]).unwrap();
    /// assert_eq!((off.rows, off.median.round(), off.tail.round(), off.bias), (3, 10.0, 18.0, 1.0));
    /// assert_eq!(Off::of(&[]), None);
    /// ```
    #[must_use]
    pub fn of(pairs: &[(f64, f64)]) -> Option<Self> {
        if pairs.is_empty() {
            return None;
        }
        let sorted = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values
        };
        let errors = sorted(pairs.iter().map(|(predicted, seen)| (predicted / seen - 1.0).abs() * 100.0).collect());
        let ratios = sorted(pairs.iter().map(|(predicted, seen)| predicted / seen).collect());
        Some(Self { rows: pairs.len(), median: at(&errors, 0.5), tail: at(&errors, 0.9), bias: at(&ratios, 0.5) })
    }
}

/// The value below which a share of sorted values lies, linear between two of them.
fn at(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() as f64 - 1.0);
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * place.fract()
}
