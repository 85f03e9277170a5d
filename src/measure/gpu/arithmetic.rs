//! How fast a GPU multiplies and adds in its shaders. Matrix units are not reached from here, so a prompt can be
//! faster than this says.

use std::time::{Duration, Instant};

use wgpu::{BufferUsages, Features};

use super::card::Card;
use super::timing::{Clock, Timed};

const SOURCE: &str = include_str!("arithmetic.wgsl");
/// Operations of one thread in one round, as in the source: 16 multiply-adds on four numbers.
const OPERATIONS: f64 = 16.0 * 4.0 * 2.0;
/// Enough threads for any GPU to hide its latencies.
const WORKGROUPS: u32 = 8192;
const THREADS: f64 = WORKGROUPS as f64 * 256.0;
const SUBMISSION: f64 = 0.02;
/// Tries without any time after which there is none.
const MOST_TRIES: u32 = 16;
/// The most rounds in one go: a slow adapter is not to be held up for longer than a submission may last.
const MOST_ROUNDS: u32 = 1 << 16;

/// Numbers to compute in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    F32,
    F16,
}

/// Operations per second, the best within `seconds`; none where the device does not know such numbers.
///
/// # Errors
/// What the driver said.
pub(super) fn measure(card: &Card, number: Number, seconds: f64) -> Result<Option<f64>, String> {
    let source = match number {
        Number::F32 => SOURCE.replace("NUMBER", "f32"),
        Number::F16 if !card.features.contains(Features::SHADER_F16) => return Ok(None),
        Number::F16 => format!("enable f16;\n{}", SOURCE.replace("NUMBER", "f16")),
    };
    let pipeline = card.pipeline(&source, "multiply");
    card.check()?;
    let sink = card.try_buffer(16, BufferUsages::STORAGE).ok_or("it has no room for a result")?;
    let run = |rounds: u32| -> Result<Timed, String> {
        // Chains that settle at one: neither zero nor infinity, which some devices compute faster.
        let chain = card.uniform(&[0.75_f32.to_bits(), 0.25_f32.to_bits(), rounds, 0x5eed_1e55]);
        let group = card.bind(&pipeline, &[(0, &sink), (1, &chain)]);
        card.dispatch(&pipeline, &group, WORKGROUPS, 1)
    };
    let began = Instant::now();
    let mut rounds = 1;
    while run(rounds)?.wall * 3.0 < SUBMISSION && rounds < MOST_ROUNDS {
        rounds *= 2;
    }
    let clock = Clock::trusted(run(rounds)?, run(2 * rounds)?);
    let mut best = None;
    for tried in 1.. {
        let taken = clock.seconds(run(rounds)?, run(2 * rounds)?);
        let rate = taken.map(|taken| THREADS * f64::from(rounds) * OPERATIONS / taken);
        best = rate.into_iter().chain(best).reduce(f64::max);
        // A busy moment can swallow the difference of two clocks; a few more tries end that.
        let enough = best.is_some() || tried >= MOST_TRIES;
        if enough && began.elapsed() >= Duration::from_secs_f64(seconds.max(0.0)) {
            break;
        }
    }
    Ok(best)
}
