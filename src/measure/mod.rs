//! Bandwidth of this machine, measured: RAM, GPUs, links and disk, and the statistics all measurements share.
//!
//! `measure` starts its own worker threads and frees what it allocated before it returns; after a cancel what waits for a
//! device is left to end by itself. It opens no
//! file but in [`disk`] and reads no clock but the monotonic one, the thread's CPU time and today's date: what must be known about the
//! machine (cache size, free memory, cores) comes in with the options. Rates are bytes per second, 10^9 to
//! the GB; a measurement that was cancelled gives no figure at all.

mod affinity;
mod apart;
mod buffer;
mod cancel;
mod cpu_time;
mod crew;
mod date;
pub mod disk;
pub mod gpu;
mod kernel;
pub mod matvec;
pub mod numa;
pub mod ram;
mod record;
mod schedule;
mod sizing;

pub mod stats;
mod suite;
mod this;
mod worker;

use std::{fmt, io};

use crate::hardware::{Meter, Sample, Series};

pub use cancel::Cancel;
pub use record::record;
pub use suite::{Outcome, Part, Places, Suite, Wanted, suite};
pub use this::{Applied, apply, ram_options};

/// How far a measurement is, sent from the thread that called it, after each step.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Share done, 0 to 1; it never falls.
    pub done: f32,
    /// What runs now, for example "2 threads, window 3 of 3".
    pub step: String,
    /// The dial this is about.
    pub meter: Meter,
    /// The best rate of it seen so far, bytes per second; none before the first window.
    pub bytes_per_second: Option<f64>,
    /// The window just taken, for a chart.
    pub sample: Option<Sample>,
}

/// A window just taken; [`suite`] knows when the run began and puts the time in.
fn sample(series: Series, rate: f64) -> Sample {
    Sample { series, card: 0, seconds: 0.0, rate }
}

/// Why there is no figure. `Display` is one sentence that says what to do next.
#[derive(Debug)]
pub enum MeasureError {
    /// [`Cancel::cancel`] was called.
    Cancelled,
    /// A buffer that is large enough to defeat the cache would not fit beside what runs now.
    TooLittleMemory {
        /// Free memory the caller reported, bytes.
        available_bytes: u64,
        /// Free memory the measurement wants, bytes (four times its smallest buffer).
        needed_bytes: u64,
    },
    /// The operating system refused a buffer.
    Allocation {
        /// Its size.
        bytes: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The operating system refused a worker thread.
    Thread(io::Error),
    /// A worker ended before it reported.
    WorkerLost,
    /// There is nothing to read, or no room to write it; a sentence.
    Disk(String),
}

impl fmt::Display for MeasureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => write!(f, "The measurement was cancelled; start it again for a figure."),
            Self::TooLittleMemory { available_bytes, needed_bytes } => write!(
                f,
                "Measuring memory needs {} MiB free and {} MiB are; close some programs and try again.",
                needed_bytes.div_ceil(1 << 20),
                available_bytes >> 20
            ),
            Self::Allocation { bytes, source } => write!(
                f,
                "The system refused {} MiB for the measurement ({source}); close some programs or raise the memory limit, then try again.",
                bytes.div_ceil(1 << 20)
            ),
            Self::Thread(source) => write!(
                f,
                "The system refused a thread for the measurement ({source}); close some programs or raise the process limit, then try again."
            ),
            Self::WorkerLost => {
                write!(f, "A measuring thread stopped unexpectedly; please try again and report it if it recurs.")
            }
            Self::Disk(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for MeasureError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Allocation { source, .. } | Self::Thread(source) => Some(source),
            Self::Cancelled | Self::TooLittleMemory { .. } | Self::WorkerLost | Self::Disk(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_to_do() {
        let check = |error: MeasureError, expected: &str| assert_eq!(error.to_string(), expected);
        check(
            MeasureError::TooLittleMemory { available_bytes: 100 << 20, needed_bytes: 256 << 20 },
            "Measuring memory needs 256 MiB free and 100 MiB are; close some programs and try again.",
        );
        check(MeasureError::Cancelled, "The measurement was cancelled; start it again for a figure.");
    }
}
