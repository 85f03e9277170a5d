//! Published measurements of speed, and the question each of them is an answer to.
#![allow(dead_code, reason = "the test and the fit each use their part")]

use willitrun::advice::accuracy::{Group, Measured, Off};
use willitrun::catalog::Catalog;

/// A name, what belongs to it, and the median and 90th percentile of the error in percent it may have.
pub type Bar = (&'static str, fn(&Measured) -> bool, f64, f64);

pub const BARS: [Bar; 8] = [
    ("all", |row| Group::All.holds(row), 10.0, 42.0),
    ("dense on one GPU", |row| Group::DenseOneGpu.holds(row), 9.0, 30.0),
    ("Apple", |row| Group::Apple.holds(row), 8.0, 22.0),
    ("several GPUs", |row| Group::SeveralGpus.holds(row), 8.0, 25.0),
    ("experts in RAM", |row| Group::ExpertsInRam.holds(row), 24.0, 42.0),
    ("CPU only", |row| Group::Cpu.holds(row), 27.0, 60.0),
    ("MoE on one GPU", |row| Group::SparseOneGpu.holds(row), 22.0, 48.0),
    ("depth 8k and more", |row| Group::Deep.holds(row), 22.0, 50.0),
];

/// Every measurement, in the order of the table.
pub fn measurements() -> Vec<Measured> {
    Catalog::builtin().measurements().unwrap_or_else(|error| panic!("{error}"))
}

/// Median and 90th percentile of the error in percent, and the median of predicted / measured.
pub fn error(pairs: &[(f64, f64)]) -> (f64, f64, f64) {
    let off = Off::of(pairs).expect("some pairs");
    (off.median, off.tail, off.bias)
}
