//! Getting a file here: room on the disk, time on a line, and a memory disk to run from.
//!
//! Time = 8 x bytes / bits per second, with nothing lost on the way. A memory disk (`tmpfs`, `/dev/shm`) holds half the
//! RAM unless it is told otherwise (tmpfs(5)); its pages are the model, so they are not counted twice.

use crate::hardware::{Machine, PoolKind};
use crate::units::{Bytes, Seconds, Shortfall};

/// Lines to tell times for, in bits per second: of 10^6 and 10^9.
pub const LINES: [(&str, f64); 4] = [("50 Mb/s", 50e6), ("100 Mb/s", 100e6), ("1 Gb/s", 1e9), ("10 Gb/s", 10e9)];
/// The share of the RAM a memory disk may take of itself.
const SHARED_SHARE: u64 = 2;

/// What it takes to get a file here.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// The file.
    pub file: Bytes,
    /// What is left of the disk, or missing; none where no disk is known.
    pub disk: Option<Shortfall>,
    /// The time on each of [`LINES`].
    pub times: Vec<(&'static str, Seconds)>,
    /// The RAM whose memory disk holds the file without being told to.
    pub shared_memory: Bytes,
    /// Whether the RAM there is holds the file at all, if the limit is raised.
    pub in_ram: Option<Shortfall>,
}

/// What it takes to get a file to a machine.
#[must_use]
pub fn transfer(file: Bytes, machine: &Machine) -> Transfer {
    let ram = machine.host().filter(|pool| pool.kind != PoolKind::Disk);
    Transfer {
        file,
        disk: machine.disk().map(|disk| disk.usable().less(file)),
        times: LINES.iter().filter_map(|(name, bits)| Some((*name, time(file, *bits)?))).collect(),
        shared_memory: shared_memory(file),
        in_ram: ram.map(|pool| pool.host_usable().less(file)),
    }
}

/// The time for a file on a line; none on a line that moves nothing.
///
/// ```
/// use willitrun::advice::transfer::time;
/// use willitrun::units::Bytes;
/// let hours = time(Bytes::new(404_488_847_360), 100e6).unwrap().get() / 3600.0;
/// assert!((hours - 9.0).abs() < 0.02);
/// ```
#[must_use]
pub fn time(file: Bytes, bits_per_second: f64) -> Option<Seconds> {
    (bits_per_second > 0.0).then(|| Seconds::saturating(file.as_f64() * 8.0 / bits_per_second))
}

/// The RAM whose memory disk holds a file without being told to.
#[must_use]
pub fn shared_memory(file: Bytes) -> Bytes {
    file * SHARED_SHARE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::{Figure, Pool};

    #[test]
    fn a_file_is_told_against_disk_and_ram() {
        let mut machine = Machine::new("m", "m");
        assert_eq!(transfer(Bytes::gib(10), &machine).disk, None);
        machine.pools.push(Pool::new("ram", PoolKind::Ram, Figure::typed(Bytes::gib(64))));
        machine.pools.push(Pool::new("disk", PoolKind::Disk, Figure::typed(Bytes::gib(5))));
        let told = transfer(Bytes::gib(10), &machine);
        assert_eq!(told.disk.map(Shortfall::get), Some(-5 << 30));
        assert_eq!(told.in_ram.map(Shortfall::get), Some(50 << 30));
        assert_eq!(told.shared_memory, Bytes::gib(20));
        assert_eq!(told.times.len(), LINES.len());
        assert_eq!(time(Bytes::gib(1), 0.0), None);
    }
}
