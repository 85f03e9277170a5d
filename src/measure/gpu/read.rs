//! How fast a GPU reads its memory: a kernel that reads each word once, 128 bytes in flight per thread.

use std::time::{Duration, Instant};

use wgpu::{BindGroup, Buffer, BufferUsages, ComputePipeline};

use super::card::Card;
use super::timing::{Clock, Timed, settled};
use super::{Figures, Tell};
use crate::hardware::Series;
use crate::measure::stats;

const SOURCE: &str = include_str!("read.wgsl");
/// Threads of a workgroup, as in the source.
const WORKGROUP: u64 = 256;
/// Words of 16 bytes a thread reads in a round, as in the source.
const LOADS: u64 = 8;
const WORD: u64 = 16;
/// The most read, far beyond any cache (256 MiB on an MI300), and the least worth a figure.
const MOST: u64 = 1 << 30;
pub(super) const LEAST: u64 = 16 << 20;
/// Workgroups tried for the main figure: few that read long, and many that read once.
const GROUPS: [u64; 3] = [1024, 4096, 16_384];
/// Clocks of memory rise from idle within this time.
const WARM_UP: Duration = Duration::from_millis(300);
/// A submission is at most about this long: a desktop shares the GPU, and Windows resets it after two seconds.
const SUBMISSION: f64 = 0.03;
/// Windows: at least, however long they take, and at most.
const LEAST_WINDOWS: usize = 3;
const MOST_WINDOWS: usize = 64;
/// Sizes that show where the cache ends, MiB.
const SWEEP: [u64; 6] = [16, 32, 64, 128, 256, 512];

/// Memory with random words in it, and the kernel that reads it.
pub(super) struct Reader<'a> {
    card: &'a Card,
    memory: Buffer,
    sink: Buffer,
    pipeline: ComputePipeline,
}

/// One way to go over the memory.
struct Walk {
    group: BindGroup,
    workgroups: u32,
    bytes: u64,
}

impl<'a> Reader<'a> {
    /// Takes as much memory as the device binds at once, at most 1 GiB and at most `room`, and fills it.
    ///
    /// # Errors
    /// A sentence: no room, or what the driver said.
    pub(super) fn new(card: &'a Card, room: Option<u64>) -> Result<Self, String> {
        let limits = card.device.limits();
        let most =
            MOST.min(limits.max_buffer_size).min(limits.max_storage_buffer_binding_size).min(room.unwrap_or(MOST));
        // A power of two is a whole number of rounds of any walk.
        let most = if most >= LEAST { 1 << most.ilog2() } else { most };
        let memory = card
            .largest_buffer(most, LEAST, BufferUsages::STORAGE)
            .ok_or_else(|| "its memory has no room for a measurement; close what uses it".to_owned())?;
        let sink = card.try_buffer(16, BufferUsages::STORAGE).ok_or("it has no room for a result")?;
        let fill = card.pipeline(SOURCE, "fill");
        let pipeline = card.pipeline(SOURCE, "read_all");
        let reader = Self { card, memory, sink, pipeline };
        let (threads, rounds) = Self::shape(reader.size(), GROUPS[0]);
        let shape = card.uniform(&[threads, rounds, 1, 0, 0, 0x9e37_79b9, 0, 0]);
        let group = card.bind(&fill, &[(0, &reader.memory), (2, &shape)]);
        card.dispatch(&fill, &group, threads / WORKGROUP as u32, 1)?;
        Ok(reader)
    }

    /// Bytes of the memory that is read.
    pub(super) fn size(&self) -> u64 {
        self.memory.size()
    }

    /// Threads and rounds that go over the first `bytes` once: at most `groups` workgroups, fewer for a small part.
    fn shape(bytes: u64, groups: u64) -> (u32, u32) {
        let words = bytes / WORD;
        let threads = (groups * WORKGROUP).min(words / LOADS);
        (threads as u32, (words / LOADS / threads) as u32)
    }

    /// A walk over the first `bytes`, `repeats` times in one go.
    fn walk(&self, bytes: u64, groups: u64, repeats: u32) -> Walk {
        let (threads, rounds) = Self::shape(bytes, groups);
        let workgroups = threads / WORKGROUP as u32;
        // About a third of the way on, and odd: each repeat reads what another workgroup read before.
        let shift = ((workgroups / 3) | 1) % workgroups.max(2) * WORKGROUP as u32;
        let shape = self.card.uniform(&[threads, rounds, repeats, shift, 0x5eed_1e55, 0, 0, 0]);
        let group = self.card.bind(&self.pipeline, &[(1, &self.sink), (2, &shape), (3, &self.memory)]);
        Walk { group, workgroups, bytes: bytes * u64::from(repeats) }
    }

    fn run(&self, walk: &Walk, times: u32) -> Result<Timed, String> {
        self.card.dispatch(&self.pipeline, &walk.group, walk.workgroups, times)
    }

    /// Dispatches that last about as long as a submission may; found by doubling.
    fn times(&self, walk: &Walk) -> Result<u32, String> {
        let mut times = 1;
        loop {
            let seconds = self.run(walk, times)?.wall;
            if seconds * 4.0 > SUBMISSION || times >= 1 << 12 {
                return Ok(times);
            }
            times *= 2;
        }
    }

    /// The bandwidth, for about `seconds`.
    ///
    /// # Errors
    /// What the driver said, or that its clocks give no time.
    pub(super) fn measure(&self, seconds: f64, tell: &mut Tell<'_>) -> Result<Figures, String> {
        let began = Instant::now();
        let walks: Vec<Walk> = GROUPS.iter().map(|groups| self.walk(self.size(), *groups, 1)).collect();
        while began.elapsed() < WARM_UP {
            self.run(&walks[1], 1)?;
        }
        let times = self.times(&walks[1])?;
        let clock = Clock::trusted(self.run(&walks[1], times)?, self.run(&walks[1], 2 * times)?);
        let rate = |walk: &Walk| -> Result<Option<f64>, String> {
            let once = match clock {
                // Only the longer one is read off the GPU's clock.
                Clock::Timestamps => Timed { gpu: None, wall: 0.0 },
                Clock::WallSlope => self.run(walk, times)?,
            };
            let taken = clock.seconds(once, self.run(walk, 2 * times)?);
            Ok(taken.map(|taken| walk.bytes as f64 * f64::from(times) / taken))
        };
        let mut best = (0.0, 0);
        for (place, walk) in walks.iter().enumerate() {
            let found = rate(walk)?.unwrap_or_default().max(rate(walk)?.unwrap_or_default());
            if found > best.0 {
                best = (found, place);
            }
        }
        let mut windows: Vec<f64> = Vec::new();
        let deadline = Duration::from_secs_f64(seconds.max(0.1));
        for taken in 1..=MOST_WINDOWS {
            // A window whose clock gave no time is none.
            if let Some(found) = rate(&walks[best.1])? {
                windows.push(found);
                tell.window(Series::GpuRead, found);
            }
            let enough = taken >= 8 && settled(&windows);
            if enough || taken >= LEAST_WINDOWS && began.elapsed() >= deadline {
                break;
            }
        }
        let figures = || {
            Some(Figures {
                best: stats::best(&windows)?,
                median: stats::median(&windows)?,
                spread: stats::spread(&windows)?,
                windows: windows.clone(),
                clock,
                bytes: self.size(),
                sweep: Vec::new(),
            })
        };
        figures().ok_or_else(|| "its clocks give no time".to_owned())
    }

    /// Rates at smaller sizes, read over and over: bytes and the best of three. They show where the cache ends.
    ///
    /// # Errors
    /// What the driver said.
    pub(super) fn sweep(&self, clock: Clock) -> Result<Vec<(u64, f64)>, String> {
        let mut found = Vec::new();
        for bytes in SWEEP.iter().map(|size| size << 20).filter(|bytes| *bytes < self.size()) {
            let walk = self.walk(bytes, GROUPS[1], 16);
            let times = self.times(&walk)?;
            let mut best = 0.0_f64;
            for _ in 0..3 {
                let seconds = clock.seconds(self.run(&walk, times)?, self.run(&walk, 2 * times)?);
                best = best.max(seconds.map_or(0.0, |seconds| walk.bytes as f64 * f64::from(times) / seconds));
            }
            if best > 0.0 {
                found.push((bytes, best));
            }
        }
        Ok(found)
    }
}
