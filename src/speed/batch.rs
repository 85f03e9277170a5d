//! One step for several sequences: weights are read once, arithmetic and cache come for each.

use crate::hardware::Accelerator;

use super::reads::Reads;
use super::{BackendRates, Parameters};

/// The share of a layer's routed experts that a step touches, where each of so many sequences picks the share `used`.
/// With `apart` at 1 each picks at random; below it they pick alike, as sequences of published runs do
/// ([`Serving::routing`](super::Serving)).
///
/// ```
/// # use willitrun::speed::touched;
/// assert_eq!(touched(0.25, 1, 1.0), 0.25);
/// assert!((touched(8.0 / 256.0, 64, 1.0) - 0.869).abs() < 0.001);
/// assert!(touched(8.0 / 256.0, 64, 0.8) < 0.6);
/// ```
#[must_use]
pub fn touched(used: f64, sequences: u64, apart: f64) -> f64 {
    if sequences <= 1 { used } else { 1.0 - (1.0 - used).powf((sequences as f64).powf(apart)) }
}

/// Seconds of arithmetic in a step of several sequences, where `one` is what a step of one takes and `unpacking` what
/// unpacking every weight touched once takes. Engines multiply a few vectors one by one and turn to matrices when
/// that is less work, at the rates of a prompt.
pub(super) fn arithmetic(
    read: &Reads,
    rates: &BackendRates,
    (device, fastest): (Option<&Accelerator>, f64),
    parameters: &Parameters,
    (one, unpacking): (f64, f64),
    sequences: u64,
) -> f64 {
    if sequences <= 1 {
        return one;
    }
    let sequences = sequences as f64;
    let by_vectors = one * sequences;
    let Some(prompt) = rates.prefill.filter(|_| fastest > 0.0) else { return by_vectors };
    let share = prompt.weights * parameters.class(rates.backend, device).prefill;
    let multiplying = |count: f64, bytes: f64, share: f64| {
        let bits = if count > 0.0 { bytes * 8.0 / count } else { 0.0 };
        2.0 * count / (fastest * share * parameters.prefill_format(bits))
    };
    let each = multiplying(read.dense_count, read.dense.as_f64(), share)
        + multiplying(read.experts_multiplied, read.experts.as_f64() * read.experts_share(), share * prompt.experts);
    by_vectors.min(unpacking + each * sequences)
}

/// Seconds a CPU computes in a step of several sequences.
pub(super) fn on_cpu(read: &Reads, flops: f64, sequences: u64) -> f64 {
    if sequences <= 1 || flops <= 0.0 {
        return 0.0;
    }
    2.0 * (read.dense_count + read.experts_multiplied) * sequences as f64 / flops
}
