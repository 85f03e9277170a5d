//! Reading this machine: RAM, processor, modules, disk and GPUs, each figure with its source.
//!
//! Each part has a `read` that does I/O and a pure `parse` tested on captures (`tests/captures`).
//! [`read`] gathers, [`assemble`] judges without I/O; [`machine`] is both. Invariants: what is missing
//! is a finding, never a failure or a zero; child processes start in [`child`] only; no host name, user
//! name, serial number or path leaves this room.

pub mod child;
mod cpu;
mod dimms;
mod disk;
mod disks;
mod files;
mod form;
pub mod gpu;
mod host;
pub mod live;
mod machine;
mod power;
#[cfg(any(windows, test))]
mod processors;
pub mod program;
mod ram;
#[cfg_attr(target_vendor = "apple", allow(dead_code, reason = "its chips tell their memory; tested everywhere"))]
mod smbios;
#[cfg(target_vendor = "apple")]
mod sysctl;
mod text;
mod topology;
#[cfg(any(windows, test))]
mod volume;

use std::path::PathBuf;

use crate::catalog::{AdapterFacts, Catalog};
use crate::hardware::{Accelerator, Finding, Form, Machine, MemoryPlatform};
use crate::units::Bytes;

pub use child::{FREE_ARGUMENT, PROBE_ARGUMENT, free_main, probe_gpus_main};
pub use cpu::CpuReading;
pub use dimms::{Channels, Module, Modules, Summary};
pub use disk::{Disk, DiskKind, free_at, lies_in_memory};
pub use disks::FoundDisk;
pub use gpu::{Gpu, GpuIdentity};
pub use host::{HostFacts, LinkFacts, host};
pub use machine::{assemble, is_in_use};
pub use power::{Power, power};

pub use ram::{Host, Ram};
pub use text::clean_name;
pub use topology::{NumaNode, Topology, numa, topology};

use child::{ChildFailure, PROBE_TIMEOUT, probe_gpus_in_child};
use gpu::Probe;

/// Looks a GPU up in the catalogue.
pub type Accelerators<'a> = dyn Fn(&GpuIdentity) -> Option<Accelerator> + 'a;
/// Looks the memory platform of a processor up by the processor's name.
pub type Platforms<'a> = dyn Fn(&str) -> Option<MemoryPlatform> + 'a;

/// All that was read of a machine, before any judgement.
#[derive(Clone, Debug, PartialEq)]
pub struct Readings {
    /// What it is built as; `None` when the system does not say.
    pub form: Option<Form>,
    /// RAM; `None` when the system does not say.
    pub ram: Option<Ram>,
    /// All that is plugged in, also what the system does not see; `None` when nobody says.
    pub installed: Option<Bytes>,
    /// The processor.
    pub cpu: CpuReading,
    /// Its widest SIMD.
    pub simd: &'static str,
    /// All last-level caches together; `None` when the system does not say.
    pub last_level_cache: Option<Bytes>,
    /// Where the power comes from; `None` when the system does not say.
    pub power: Option<Power>,
    /// Memory modules; none when the system does not say.
    pub modules: Modules,
    /// The disk that holds the models.
    pub disk: Option<Disk>,
    /// Every disk with room for models.
    pub disks: Vec<FoundDisk>,
    /// What the bus and the drivers report.
    pub probe: Probe,
    /// How the probing of drivers broke off, if it did.
    pub broken: Option<child::Ended>,
}

/// How the drivers are asked for GPUs.
#[derive(Clone, Debug)]
pub enum Probing {
    /// In a child process, this program: a driver may crash or hang.
    Child(PathBuf),
    /// In this process.
    Here,
    /// Not at all; the bus alone is read.
    Skip,
}

impl Probing {
    /// In a child that is this very program.
    #[must_use]
    pub fn this_program() -> Self {
        std::env::current_exe().map_or(Self::Here, Self::Child)
    }
}

/// A machine as far as it can be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Detected {
    /// What predictions use of it.
    pub machine: Machine,
    /// What to know about it.
    pub findings: Vec<Finding>,
    /// What else is known of it.
    pub host: HostFacts,
}

/// This machine as far as it can be told, and what to know about it. `main` must hand over to
/// [`probe_gpus_main`] when its first argument is [`PROBE_ARGUMENT`].
#[must_use]
pub fn machine(catalog: &Accelerators<'_>, platforms: &Platforms<'_>) -> Detected {
    let readings = read(&Probing::this_program(), &folders());
    let (machine, findings) = assemble(&readings, catalog, platforms);
    let host = host(&readings, &machine, platforms);
    Detected { machine, findings, host }
}

/// Reads everything. The disk is that of the first of `folders` that lies on one.
#[must_use]
pub fn read(probing: &Probing, folders: &[PathBuf]) -> Readings {
    let mut probe = Probe { reports: gpu::parse_pci(&files::Live), troubles: Vec::new() };
    let (found, broken) = match probing {
        Probing::Child(exe) => match probe_gpus_in_child(exe, PROBE_TIMEOUT) {
            Ok(found) => (found, None),
            Err(ChildFailure { how, partial }) => (partial, Some(how)),
        },
        Probing::Here => (gpu::probe_here(), None),
        Probing::Skip => (Probe::default(), None),
    };
    probe.reports.extend(found.reports);
    probe.troubles.extend(found.troubles);
    let modules = dimms::read();
    Readings {
        form: form::read(),
        ram: ram::read(),
        installed: ram::installed(&modules),
        cpu: cpu::read(),
        simd: cpu::simd(),
        last_level_cache: topology::last_level_cache(),
        power: power(),
        modules,
        disk: disk::read(folders),
        disks: disks::read(),
        probe,
        broken,
    }
}

/// Where models are likely to be kept: the home folder, else the current one.
#[must_use]
pub fn folders() -> Vec<PathBuf> {
    std::env::home_dir().into_iter().chain(std::env::current_dir()).collect()
}

/// This machine with the built-in catalogue behind it, and what to know about it.
#[must_use]
pub fn this_machine() -> (Machine, Vec<Finding>) {
    let Detected { machine, findings, .. } = detected();
    (machine, findings)
}

/// All that is told of this machine, with the built-in catalogue behind it.
#[must_use]
pub fn detected() -> Detected {
    machine(&known_gpu, &known_platform)
}

/// A GPU in the built-in catalogue.
fn known_gpu(gpu: &GpuIdentity) -> Option<Accelerator> {
    let facts = AdapterFacts {
        names: std::iter::once(gpu.name.as_str()).chain(gpu.names.iter().map(String::as_str)).collect(),
        pci_id: gpu.pci_id(),
        pci_revision: gpu.pci_revision(),
        memory: gpu.memory,
        cores: gpu.cores,
    };
    Catalog::builtin().identify(&facts)
}

/// The memory platform of a processor in the built-in catalogue.
fn known_platform(cpu: &str) -> Option<MemoryPlatform> {
    Catalog::builtin().platform_of(cpu).cloned()
}
