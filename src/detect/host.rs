//! What is known of a machine beside what predictions use: told in a report, kept nowhere. Pure.

use crate::units::Bytes;

use super::dimms::{Modules, Summary};
use super::{FoundDisk, Host, Platforms, Power, Readings, machine};

/// What is known of a machine beside what predictions use.
#[derive(Clone, Debug, PartialEq)]
pub struct HostFacts {
    /// What stands between this system and the machine.
    pub system: Host,
    /// All RAM that is plugged in, also what the system does not see.
    pub installed: Option<Bytes>,
    /// Hardware threads.
    pub threads: u32,
    /// All last-level caches together; `None` where the system does not say.
    pub last_level_cache: Option<Bytes>,
    /// NUMA nodes with both processors and memory; at least 1.
    pub numa_nodes: u32,
    /// Where the power comes from; `None` where the system does not say.
    pub power: Option<Power>,
    /// The memory modules.
    pub modules: Modules,
    /// What they amount to; `None` when nobody tells of them.
    pub summary: Option<Summary>,
    /// Every disk with room for models.
    pub disks: Vec<FoundDisk>,
}

/// What these readings tell beside the machine.
#[must_use]
pub fn host(readings: &Readings, platforms: &Platforms<'_>) -> HostFacts {
    HostFacts {
        system: readings.ram.map_or(Host::Plain, |ram| ram.host),
        installed: readings.installed,
        threads: readings.cpu.threads.max(readings.cpu.cores).max(1),
        last_level_cache: readings.last_level_cache,
        numa_nodes: readings.cpu.numa_nodes.max(1),
        power: readings.power,
        modules: readings.modules.clone(),
        summary: machine::modules(readings, platforms),
        disks: readings.disks.clone(),
    }
}
