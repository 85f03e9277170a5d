//! How fast bytes pass between the system's memory and a GPU's, each way.

use std::time::{Duration, Instant};

use wgpu::{Buffer, BufferUsages, CommandEncoderDescriptor, Features};

use super::Tell;
use super::card::Card;
use crate::hardware::Series;

/// Large enough for a link to reach its rate (a V100's curve is flat from 16 MiB, gpu-benches).
const SIZE: u64 = 64 << 20;
const LEAST: u64 = 4 << 20;
/// Copies back to back in the shorter of two submissions.
const COPIES: u32 = 4;

/// What a link carries, bytes per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Carried {
    /// From the system's memory to the GPU's.
    pub to_device: f64,
    /// Back.
    pub from_device: f64,
}

/// Measures both directions for about `seconds`; none where the driver gives no buffer that surely lies in the
/// system's memory.
///
/// # Errors
/// What the driver said.
pub(super) fn measure(card: &Card, seconds: f64, tell: &mut Tell<'_>) -> Result<Option<Carried>, String> {
    // A buffer to be written by the CPU may lie in the GPU's memory (resizable BAR); one to be read by it does not.
    if !card.features.contains(Features::MAPPABLE_PRIMARY_BUFFERS) {
        return Ok(None);
    }
    let both = BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
    let own = card.largest_buffer(SIZE, LEAST, both).ok_or("it has no room for a copy")?;
    let Some(host) = card.try_buffer(own.size(), both | BufferUsages::MAP_READ) else { return Ok(None) };
    let half = Duration::from_secs_f64((seconds / 2.0).max(0.0));
    let to_device = direction(card, &host, &own, half, &mut |rate| tell.window(Series::ToDevice, rate))?;
    let from_device = direction(card, &own, &host, half, &mut |rate| tell.window(Series::FromDevice, rate))?;
    Ok(to_device.zip(from_device).map(|(to_device, from_device)| Carried { to_device, from_device }))
}

/// The best of what passes one way, by how much longer twice as many copies take.
fn direction(
    card: &Card,
    from: &Buffer,
    to: &Buffer,
    time: Duration,
    tell: &mut dyn FnMut(f64),
) -> Result<Option<f64>, String> {
    let copy = |times: u32| {
        let mut encoder = card.device.create_command_encoder(&CommandEncoderDescriptor::default());
        for _ in 0..times {
            encoder.copy_buffer_to_buffer(from, 0, to, 0, from.size());
        }
        card.run(encoder)
    };
    // An idle link sleeps at a lower generation.
    copy(COPIES)?;
    let began = Instant::now();
    let mut rates: Vec<f64> = Vec::new();
    loop {
        let taken = copy(2 * COPIES)? - copy(COPIES)?;
        if taken > 0.0 {
            let rate = from.size() as f64 * f64::from(COPIES) / taken;
            tell(rate);
            rates.push(rate);
        }
        if began.elapsed() >= time {
            // The best of a difference of two noisy times is too good: the middle is taken.
            return Ok(crate::measure::stats::median(&rates));
        }
    }
}
