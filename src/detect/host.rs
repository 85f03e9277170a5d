//! What is known of a machine beside what predictions use: told in a report, kept nowhere. Pure.

use crate::hardware::{Machine, Slot};
use crate::units::Bytes;

use super::dimms::{Modules, Summary};
use super::gpu::merge;
use super::machine::modules;
use super::{FoundDisk, Host, Platforms, Power, Readings};

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
    /// The slots of the cards that are counted.
    pub links: Vec<LinkFacts>,
    /// Every disk with room for models.
    pub disks: Vec<FoundDisk>,
}

/// The link of a card, as it is now and as it could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFacts {
    /// The link's id in the machine.
    pub id: String,
    /// The best `PCIe` generation that card and slot both do: predictions use it.
    pub generation_most: Option<u32>,
    /// The one in use; a card with nothing to do goes down, and up again under load.
    pub generation_now: Option<u32>,
    /// Lanes the card has.
    pub lanes_most: Option<u32>,
    /// Lanes in use.
    pub lanes_now: Option<u32>,
}

/// What these readings tell beside the machine they were assembled to.
#[must_use]
pub fn host(readings: &Readings, machine: &Machine, platforms: &Platforms<'_>) -> HostFacts {
    HostFacts {
        system: readings.ram.map_or(Host::Plain, |ram| ram.host),
        installed: readings.installed,
        threads: readings.cpu.threads.max(readings.cpu.cores).max(1),
        last_level_cache: readings.last_level_cache,
        numa_nodes: readings.cpu.numa_nodes.max(1),
        power: readings.power,
        modules: readings.modules.clone(),
        summary: modules(readings, platforms),
        links: links(readings, machine),
        disks: readings.disks.clone(),
    }
}

fn links(readings: &Readings, machine: &Machine) -> Vec<LinkFacts> {
    let gpus = merge(readings.probe.reports.clone());
    let of = |id: &String, slot: Slot| {
        let gpu = gpus.iter().find(|gpu| gpu.address.as_deref().and_then(Slot::parse) == Some(slot))?;
        Some(LinkFacts {
            id: id.clone(),
            generation_most: gpu.pcie_generation,
            generation_now: gpu.pcie_generation_now,
            lanes_most: gpu.pcie_lanes_most,
            lanes_now: gpu.pcie_lanes,
        })
    };
    machine.pools.iter().filter_map(|pool| of(pool.link.as_ref()?, pool.slot?)).collect()
}
