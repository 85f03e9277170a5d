//! What the clocks of a GPU measurement say. Pure.
//!
//! The GPU's own timestamps are preferred and checked against the wall: Apple's are all zeros on macOS 26
//! (gfx-rs/wgpu #9414), others count an empty pass as nothing. What disagrees by more than a tenth is not used.

/// How far timestamps may be from the wall, as a fraction.
const AGREEMENT: f64 = 0.10;
/// The three best windows this near to one another end the search, as a fraction.
const SETTLED: f64 = 0.02;

/// Seconds of one submission.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timed {
    /// By the GPU's own clock; none where it has none.
    pub gpu: Option<f64>,
    /// From submission to the end, as this thread saw it.
    pub wall: f64,
}

/// Which clock a rate is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The GPU's timestamps.
    Timestamps,
    /// What a submission twice as long takes more by the wall: starting it cancels out.
    WallSlope,
}

impl Clock {
    /// The clock to trust after a submission and one twice as long.
    #[must_use]
    pub fn trusted(once: Timed, twice: Timed) -> Self {
        let slope = twice.wall - once.wall;
        let agrees = |(once, twice): (f64, f64)| {
            let own = twice - once;
            once > 0.0 && own > 0.0 && slope > 0.0 && (own / slope - 1.0).abs() <= AGREEMENT
        };
        if once.gpu.zip(twice.gpu).is_some_and(agrees) { Self::Timestamps } else { Self::WallSlope }
    }

    /// Its name in a result.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timestamps => "timestamps",
            Self::WallSlope => "wall",
        }
    }

    /// Seconds that the work of `once` takes; none where a clock gives none.
    #[must_use]
    pub fn seconds(self, once: Timed, twice: Timed) -> Option<f64> {
        let seconds = match self {
            Self::Timestamps => twice.gpu? / 2.0,
            Self::WallSlope => twice.wall - once.wall,
        };
        (seconds.is_finite() && seconds > 0.0).then_some(seconds)
    }
}

/// Whether the three best rates agree: more windows would say nothing new.
#[must_use]
pub fn settled(rates: &[f64]) -> bool {
    let mut sorted = rates.to_vec();
    sorted.sort_by(f64::total_cmp);
    let best = sorted.last().copied().unwrap_or_default();
    sorted.len() >= 3 && best > 0.0 && sorted[sorted.len() - 3] >= best * (1.0 - SETTLED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(gpu: Option<f64>, wall: f64) -> Timed {
        Timed { gpu, wall }
    }

    #[test]
    fn timestamps_are_used_where_they_agree_with_the_wall() {
        let check = |once, twice, expected| assert_eq!(Clock::trusted(once, twice), expected, "{once:?} {twice:?}");
        check(timed(Some(1.0), 1.2), timed(Some(2.0), 2.2), Clock::Timestamps);
        check(timed(Some(1.0), 1.2), timed(Some(2.0), 2.25), Clock::Timestamps);
        // All zeros, none, and a clock that runs at another pace.
        check(timed(Some(0.0), 1.2), timed(Some(0.0), 2.2), Clock::WallSlope);
        check(timed(None, 1.2), timed(None, 2.2), Clock::WallSlope);
        check(timed(Some(0.5), 1.2), timed(Some(1.0), 2.2), Clock::WallSlope);
        // A wall that stood still says nothing.
        check(timed(Some(1.0), 2.0), timed(Some(2.0), 2.0), Clock::WallSlope);
    }

    #[test]
    fn seconds_leave_out_what_starting_costs() {
        let (once, twice) = (timed(Some(1.0), 1.3), timed(Some(2.1), 2.3));
        assert_eq!(Clock::Timestamps.seconds(once, twice), Some(1.05));
        assert!(Clock::WallSlope.seconds(once, twice).is_some_and(|seconds| (seconds - 1.0).abs() < 1e-9));
        assert_eq!(Clock::WallSlope.seconds(twice, once), None);
        assert_eq!(Clock::Timestamps.seconds(timed(None, 1.0), timed(None, 2.0)), None);
    }

    #[test]
    fn three_alike_are_enough() {
        assert!(settled(&[50.0, 100.0, 99.0, 98.5]));
        assert!(!settled(&[50.0, 100.0, 99.0, 90.0]));
        assert!(!settled(&[100.0, 100.0]));
        assert!(!settled(&[0.0, 0.0, 0.0]));
    }
}
