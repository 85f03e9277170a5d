//! What a machine measured, as a correction of what is predicted for it.
//!
//! Measured over predicted is taken as log-normal: its logarithm spreads by what rows left out of the fit show. That
//! spread has parts: one that all models share on this machine and backend, one of the model, one of the file, and
//! the rest of the single question. A measurement speaks of each part as far as two questions share it, and is itself
//! uncertain by its own repetitions and by what one test differs from the next. The posterior mean moves the
//! prediction, the posterior spread is its band: one test of one model says much of that model and little of others.
//!
//! Invariant: without a measurement that shares a part nothing changes; a correction never passes the measurements
//! it comes from; a band never widens, and never gets narrower than a repetition differs.

use crate::hardware::{BenchRun, Part, Source, Standing, Work};
use crate::units::{Bytes, Params, Tokens};

/// Standard deviation of log between two people's tests of one thing: they differ by 3.2 % at the median (23 cells of
/// device, model, quant and depth in `tests/golden/speed_measurements.csv`), and by 1.2 % for one person.
pub const REPEAT: f64 = 0.03;
/// How much of the variance of the logarithm is shared: by all models of a machine and backend, further by all files
/// of a model there, and further by all depths of a file.
///
/// From products of residuals within one device, engine, backend and kind of placement, over the rows of
/// `tests/golden/speed_measurements.csv` that a fit had left out. With the device and model left out the three sums are
/// 0.00, 0.55 and 0.77 of the variance: what a device does is known from its other models. With the whole device left
/// out they are 0.58, 0.45 and 0.66. A machine may be of either kind, so variances and products of both are averaged;
/// prompts give 0.32, 0.43 and 0.67. Devices left out of a fit then gain by one test of theirs: at other depths of
/// the file the median error falls from 8.9 to 3.0 %, for other models from 12.4 to 10.8 %. For devices in the fit
/// `tests/evidence.rs` prints the same figures.
const SHARED: [f64; 3] = [0.35, 0.14, 0.21];
/// The newest measurements that count.
const MOST: usize = 32;
/// Two counts of one model's weights differ by no more: engines count small tensors differently.
const SAME_MODEL: f64 = 0.003;
/// Two sizes of one file differ by no more.
const SAME_FILE: f64 = 0.01;
/// Depths that are one question, in tokens or as a share of the deeper.
const SAME_DEPTH: (u64, f64) = (256, 0.1);

/// A question of speed.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Of what.
    pub work: Work,
    /// What the prediction rests on.
    pub standing: &'a Standing,
    /// Weights of the model.
    pub params: Params,
    /// All tensors of its file.
    pub file: Bytes,
    /// Tokens cached before.
    pub depth: Tokens,
}

/// What measurements change about a prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    /// On the speed.
    pub factor: f64,
    /// On the logarithm of the band's width; at most 1.
    pub narrowing: f64,
    /// Measurements that count.
    pub runs: usize,
    /// The newest one that answers this very question, by its place among those given.
    pub same: Option<usize>,
}

impl<'a> Asked<'a> {
    /// What a measurement answers; none where it cannot be compared.
    fn of(run: &'a BenchRun) -> Option<(Self, f64)> {
        let compared = run.compared.as_ref()?;
        let asked = Self {
            work: run.work,
            standing: &compared.standing,
            params: run.params,
            file: run.file,
            depth: run.middle(),
        };
        let off = (run.rate.get() / compared.predicted).ln();
        (run.source == Source::Measured && off.is_finite()).then_some((asked, off))
    }

    /// Whether both ask about one model, one file of it, and the same in every respect.
    fn shares(&self, other: &Self) -> [bool; 3] {
        let near = |a: f64, b: f64, share: f64| (a - b).abs() <= share * a.max(b);
        let model = near(self.params.as_f64(), other.params.as_f64(), SAME_MODEL);
        let file = model && near(self.file.as_f64(), other.file.as_f64(), SAME_FILE);
        let (low, high) = (self.depth.min(other.depth).get(), self.depth.max(other.depth).get());
        let deep = high - low <= SAME_DEPTH.0 || (high - low) as f64 <= SAME_DEPTH.1 * high as f64;
        let (a, b) = (self.standing, other.standing);
        let placed = (a.gpu_layers, a.cpu_expert_layers) == (b.gpu_layers, b.cpu_expert_layers);
        let told = (a.kv, a.kv_on_host, a.sequences) == (b.kv, b.kv_on_host, b.sequences);
        // Over a short cache attention costs next to nothing, fused or not.
        let attended = a.fused_attention == b.fused_attention || self.work == Work::Decode && high <= SAME_DEPTH.0;
        [model, file, file && deep && placed && told && attended]
    }

    /// The variance all models share, and the variance of the fit without that of a repetition.
    fn variances(&self) -> (f64, f64) {
        let Standing { spread, doubt, .. } = *self.standing;
        let own = (spread - doubt).max(0.0);
        let fit = (own * own - REPEAT * REPEAT).max(0.0);
        // A bandwidth that is only assumed is wrong for all models alike.
        (SHARED[0] * fit + (spread * spread - own * own).max(0.0), fit)
    }

    /// How the errors of two predictions go together.
    fn covariance(&self, other: &Self) -> f64 {
        let ((shared, fit), (shared_too, fit_too)) = (self.variances(), other.variances());
        let fit = fit.min(fit_too);
        let rest = 1.0 - SHARED.iter().sum::<f64>();
        let parts = [SHARED[1], SHARED[2], rest];
        let own: f64 =
            self.shares(other).iter().zip(parts).filter(|(same, _)| **same).map(|(_, part)| part * fit).sum();
        alike(&self.standing.parts, &other.standing.parts) * (shared.min(shared_too) + own)
    }
}

/// How far two bills are paid to the same: 1 where to the same alone, 0 where they have nothing in common.
fn alike(a: &[(Part, f64)], b: &[(Part, f64)]) -> f64 {
    let product = |a: &[(Part, f64)], b: &[(Part, f64)]| -> f64 {
        a.iter().flat_map(|(part, x)| b.iter().filter(move |(other, _)| other == part).map(move |(_, y)| x * y)).sum()
    };
    let length = (product(a, a) * product(b, b)).sqrt();
    if length > 0.0 { (product(a, b) / length).clamp(0.0, 1.0) } else { 0.0 }
}

/// A measurement beside the question it is to speak of.
struct Witness<'r> {
    /// Its place among those given.
    place: usize,
    /// The question it answers.
    answered: Asked<'r>,
    /// Logarithm of measured over predicted.
    off: f64,
    /// How its error goes together with that of the question.
    covariance: f64,
    /// The variance of the test itself.
    noise: f64,
}

impl<'r> Witness<'r> {
    fn of(place: usize, run: &'r BenchRun, asked: &Asked<'_>) -> Option<Self> {
        let (answered, off) = Asked::of(run).filter(|(answered, _)| answered.work == asked.work)?;
        let covariance = asked.covariance(&answered);
        let noise = REPEAT * REPEAT + run.spread * run.spread;
        (covariance > 0.0).then_some(Self { place, answered, off, covariance, noise })
    }
}

/// What these measurements say of a question; none where they say nothing of it.
#[must_use]
pub fn correction<'r>(asked: &Asked<'_>, runs: impl IntoIterator<Item = &'r BenchRun>) -> Option<Correction> {
    let runs = runs.into_iter().enumerate();
    let mut heard: Vec<Witness<'r>> = runs.filter_map(|(place, run)| Witness::of(place, run, asked)).collect();
    heard.drain(..heard.len().saturating_sub(MOST));
    let (shared, fit) = asked.variances();
    let prior = shared + (1.0 - SHARED[0]) * fit;
    if heard.is_empty() || prior <= 0.0 {
        return None;
    }
    let mut matrix = Vec::with_capacity(heard.len() * heard.len());
    for (row, one) in heard.iter().enumerate() {
        for (column, other) in heard.iter().enumerate() {
            let noise = if row == column { one.noise } else { 0.0 };
            matrix.push(one.answered.covariance(&other.answered) + noise);
        }
    }
    let weights = solve(matrix, heard.iter().map(|one| one.covariance).collect())?;
    let weighed = |value: fn(&Witness<'r>) -> f64| -> f64 {
        weights.iter().zip(&heard).map(|(weight, one)| weight * value(one)).sum()
    };
    let bound = |pick: fn(f64, f64) -> f64| heard.iter().map(|one| one.off).fold(0.0, pick);
    let shift = weighed(|one| one.off).clamp(bound(f64::min), bound(f64::max));
    let left = (prior - weighed(|one| one.covariance)).clamp(0.0, prior);
    let repeat = REPEAT * REPEAT;
    Some(Correction {
        factor: shift.exp(),
        narrowing: ((left + repeat) / (prior + repeat)).sqrt(),
        runs: heard.len(),
        same: heard.iter().rev().find(|one| asked.shares(&one.answered)[2]).map(|one| one.place),
    })
}

/// Solves a symmetric positive definite system by Cholesky's method; none where it is not one.
fn solve(mut matrix: Vec<f64>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    for column in 0..n {
        for row in column..n {
            let sum: f64 = (0..column).map(|k| matrix[row * n + k] * matrix[column * n + k]).sum();
            let left = matrix[row * n + column] - sum;
            matrix[row * n + column] = match row == column {
                true if left > 0.0 => left.sqrt(),
                true => return None,
                false => left / matrix[column * n + column],
            };
        }
    }
    for row in 0..n {
        let sum: f64 = (0..row).map(|k| matrix[row * n + k] * right[k]).sum();
        right[row] = (right[row] - sum) / matrix[row * n + row];
    }
    for row in (0..n).rev() {
        let sum: f64 = (row + 1..n).map(|k| matrix[k * n + row] * right[k]).sum();
        right[row] = (right[row] - sum) / matrix[row * n + row];
    }
    Some(right)
}

#[cfg(test)]
mod tests;
