//! Getting a file here: room on the disk, time on a line, and a memory disk to run from.
//!
//! Time = 8 x bytes / bits per second, with nothing lost on the way. A memory disk (`tmpfs`, `/dev/shm`) holds half the
//! RAM unless it is told otherwise (tmpfs(5)); its pages are the model, so they are not counted twice.

use crate::hardware::{Machine, Pool, PoolKind, Source};
use crate::units::{Bytes, Seconds, Shortfall};

/// Lines to tell times for, in bits per second: of 10^6 and 10^9.
pub const LINES: [(&str, f64); 4] = [("50 Mb/s", 50e6), ("100 Mb/s", 100e6), ("1 Gb/s", 1e9), ("10 Gb/s", 10e9)];
/// The share of the RAM a memory disk may take of itself.
const SHARED_SHARE: u64 = 2;

/// What is left of a disk, or missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Its size is not known and was taken as large enough.
    Unknown,
    /// Of a size that was assumed.
    Assumed(Shortfall),
    /// Of a size that is known.
    Known(Shortfall),
}

/// Whether a memory disk in the RAM there is holds a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryDisk {
    /// At its usual limit.
    AsItIs,
    /// If the limit is raised.
    IfRaised,
    /// Not at all.
    No,
}

/// What it takes to get a file here.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// The file.
    pub file: Bytes,
    /// What is left of the disk; none where no disk is known.
    pub disk: Option<Room>,
    /// The time on each of [`LINES`].
    pub times: Vec<(&'static str, Seconds)>,
    /// The RAM whose memory disk holds the file without being told to.
    pub shared_memory: Bytes,
    /// Whether the RAM there is does; none where no RAM is known.
    pub memory_disk: Option<MemoryDisk>,
}

impl Transfer {
    /// Each time in words with its line: `54 min at 1 Gb/s`. Arithmetic, no estimate: of few minutes a tenth counts.
    #[must_use]
    pub fn words(&self) -> String {
        let word = |time: Seconds| match time.get() {
            seconds @ 90.0..600.0 => format!("{:.1} min", seconds / 60.0),
            _ => time.to_string(),
        };
        let each: Vec<String> = self.times.iter().map(|(line, time)| format!("{} at {line}", word(*time))).collect();
        each.join(", ")
    }
}

/// What it takes to get a file to a machine.
#[must_use]
pub fn transfer(file: Bytes, machine: &Machine) -> Transfer {
    let ram = machine.host().filter(|pool| pool.kind != PoolKind::Disk);
    Transfer {
        file,
        disk: machine.disk().map(|disk| room(file, disk)),
        times: LINES.iter().filter_map(|(name, bits)| Some((*name, time(file, *bits)?))).collect(),
        shared_memory: shared_memory(file),
        memory_disk: ram.map(|pool| memory_disk(file, pool)),
    }
}

fn room(file: Bytes, disk: &Pool) -> Room {
    let left = disk.usable().less(file);
    match disk.capacity.source {
        _ if !disk.size_is_known() => Room::Unknown,
        Source::Assumed => Room::Assumed(left),
        _ => Room::Known(left),
    }
}

/// The usual limit is a share of all the RAM, and what the system needs is there beside it.
fn memory_disk(file: Bytes, ram: &Pool) -> MemoryDisk {
    if !ram.host_usable().less(file).fits() {
        MemoryDisk::No
    } else if ram.capacity.value.less(shared_memory(file)).fits() {
        MemoryDisk::AsItIs
    } else {
        MemoryDisk::IfRaised
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
    use crate::hardware::{ENDLESS_DISK, Figure};

    #[test]
    fn a_file_is_told_against_disk_and_ram() {
        let mut machine = Machine::new("m", "m");
        assert_eq!(transfer(Bytes::gib(10), &machine).disk, None);
        machine.pools.push(Pool::new("ram", PoolKind::Ram, Figure::typed(Bytes::gib(64))));
        machine.pools.push(Pool::new("disk", PoolKind::Disk, Figure::typed(Bytes::gib(5))));
        let told = transfer(Bytes::gib(10), &machine);
        assert_eq!(told.disk, Some(Room::Known(Bytes::gib(5).less(Bytes::gib(10)))));
        assert_eq!(told.memory_disk, Some(MemoryDisk::AsItIs));
        assert_eq!(told.shared_memory, Bytes::gib(20));
        assert_eq!(told.times.len(), LINES.len());
        assert_eq!(time(Bytes::gib(1), 0.0), None);
    }

    #[test]
    fn half_the_ram_is_a_memory_disk_as_it_is() {
        let ram = Pool::new("ram", PoolKind::Ram, Figure::typed(Bytes::gib(16)));
        let held = [2, 8, 9, 14, 15].map(|gib| memory_disk(Bytes::gib(gib), &ram));
        let [as_it_is, raised, no] = [MemoryDisk::AsItIs, MemoryDisk::IfRaised, MemoryDisk::No];
        assert_eq!(held, [as_it_is, as_it_is, raised, raised, no]);
    }

    #[test]
    fn a_disk_of_no_known_size_has_nothing_left() {
        let of = |bytes, source| room(Bytes::gib(4), &Pool::new("d", PoolKind::Disk, Figure::new(bytes, source, "")));
        assert_eq!(of(ENDLESS_DISK, Source::Assumed), Room::Unknown);
        assert_eq!(of(ENDLESS_DISK, Source::Typed), Room::Known(ENDLESS_DISK.less(Bytes::gib(4))));
        assert_eq!(of(Bytes::gib(5), Source::Assumed), Room::Assumed(Bytes::gib(5).less(Bytes::gib(4))));
    }
}
