//! Published measurements of speed, and the question each of them is an answer to.
#![allow(dead_code, reason = "the test and the fit each use their part")]

use willitrun::advice::accuracy::{Class, Measured};
use willitrun::catalog::Catalog;

/// A name, what belongs to it, and the median and 90th percentile of the error in percent it may have.
pub type Bar = (&'static str, fn(&Measured) -> bool, f64, f64);

pub const BARS: [Bar; 8] = [
    ("all", |_| true, 10.0, 42.0),
    ("dense on one GPU", |row| row.class == Class::OneGpu && !row.sparse, 9.0, 30.0),
    ("Apple", |row| row.class == Class::Apple, 8.0, 22.0),
    ("several GPUs", |row| row.class == Class::SeveralGpus, 8.0, 25.0),
    ("experts in RAM", |row| row.class == Class::ExpertsInRam, 24.0, 42.0),
    ("CPU only", |row| row.class == Class::Cpu, 27.0, 60.0),
    ("MoE on one GPU", |row| row.class == Class::OneGpu && row.sparse, 22.0, 48.0),
    ("depth 8k and more", |row| row.scenario.depth.get() >= 8000, 22.0, 50.0),
];

/// Every measurement, in the order of the table.
pub fn measurements() -> Vec<Measured> {
    Catalog::builtin().measurements().unwrap_or_else(|error| panic!("{error}"))
}

/// Median and 90th percentile of the error in percent, and the median of predicted / measured.
pub fn error(pairs: &[(f64, f64)]) -> (f64, f64, f64) {
    let at = |mut values: Vec<f64>, share: f64| {
        values.sort_by(f64::total_cmp);
        let place = share * (values.len() as f64 - 1.0);
        let (low, high) = (place.floor() as usize, place.ceil() as usize);
        values[low] + (values[high] - values[low]) * place.fract()
    };
    let errors =
        |share| at(pairs.iter().map(|(predicted, seen)| (predicted / seen - 1.0).abs() * 100.0).collect(), share);
    (errors(0.5), errors(0.9), at(pairs.iter().map(|(predicted, seen)| predicted / seen).collect(), 0.5))
}
