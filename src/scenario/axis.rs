//! The contexts a curve is asked at.

use crate::units::Tokens;

/// Points of a sweep over context.
const POINTS: u32 = 96;
/// The shortest context asked.
const SHORTEST: u64 = 512;

/// Contexts evenly spread on a log scale up to a limit, ends included.
#[must_use]
pub fn contexts(limit: Tokens) -> Vec<Tokens> {
    let (low, high) = (SHORTEST.min(limit.get()).max(1) as f64, limit.as_f64().max(1.0));
    let mut all: Vec<Tokens> = (0..=POINTS)
        .map(|i| low * (high / low).powf(f64::from(i) / f64::from(POINTS)))
        .map(|context| Tokens::new(context.round() as u64))
        .collect();
    all.dedup();
    all
}
