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
mod files;
mod form;
pub mod gpu;
mod machine;
mod power;
pub mod program;
mod ram;
#[cfg(target_vendor = "apple")]
mod sysctl;
mod text;
mod topology;

use std::path::PathBuf;

use crate::hardware::{Accelerator, Finding, Form, Machine, MemoryPlatform};

pub use child::{PROBE_ARGUMENT, probe_gpus_main};
pub use cpu::CpuReading;
pub use dimms::Module;
pub use disk::{Disk, DiskKind, free_at, lies_in_memory};
pub use gpu::{Gpu, GpuIdentity};
pub use machine::assemble;
pub use power::{Power, power};

pub use ram::{Host, Ram};
pub use text::clean_name;
pub use topology::{NumaNode, Topology, numa, topology};

use child::{ChildFailure, PROBE_TIMEOUT, probe_gpus_in_child};
use gpu::Probe;

/// Looks a GPU up in the catalogue.
pub type Catalog<'a> = dyn Fn(&GpuIdentity) -> Option<Accelerator> + 'a;
/// Looks the memory platform of a processor up by the processor's name.
pub type Platforms<'a> = dyn Fn(&str) -> Option<MemoryPlatform> + 'a;

/// All that was read of a machine, before any judgement.
#[derive(Clone, Debug, PartialEq)]
pub struct Readings {
    /// What it is built as; `None` when the system does not say.
    pub form: Option<Form>,
    /// RAM; `None` when the system does not say.
    pub ram: Option<Ram>,
    /// The processor.
    pub cpu: CpuReading,
    /// Its widest SIMD.
    pub simd: &'static str,
    /// Memory modules; empty when the system does not say.
    pub modules: Vec<Module>,
    /// The disk that holds the models.
    pub disk: Option<Disk>,
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

/// This machine as far as it can be told, and what to know about it. `main` must hand over to
/// [`probe_gpus_main`] when its first argument is [`PROBE_ARGUMENT`].
#[must_use]
pub fn machine(catalog: &Catalog<'_>, platforms: &Platforms<'_>) -> (Machine, Vec<Finding>) {
    assemble(&read(&Probing::this_program(), &folders()), catalog, platforms)
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
    Readings {
        form: form::read(),
        ram: ram::read(),
        cpu: cpu::read(),
        simd: cpu::simd(),
        modules: dimms::read(),
        disk: disk::read(folders),
        probe,
        broken,
    }
}

/// Where models are likely to be kept: the home folder, else the current one.
#[must_use]
pub fn folders() -> Vec<PathBuf> {
    std::env::home_dir().into_iter().chain(std::env::current_dir()).collect()
}

/// This machine with the built-in catalogue behind it.
#[must_use]
pub fn this_machine() -> (Machine, Vec<Finding>) {
    let catalog = crate::catalog::Catalog::builtin();
    let accelerator = |gpu: &GpuIdentity| {
        let facts = crate::catalog::AdapterFacts {
            names: std::iter::once(gpu.name.as_str()).chain(gpu.names.iter().map(String::as_str)).collect(),
            pci_id: gpu.pci_id(),
            pci_revision: gpu.pci_revision(),
            memory: gpu.memory,
            cores: gpu.cores,
        };
        catalog.identify(&facts)
    };
    let platform = |cpu: &str| catalog.platform_of(cpu).cloned();
    machine(&accelerator, &platform)
}
