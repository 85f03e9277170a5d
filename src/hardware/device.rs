//! Accelerators and memory platforms as the catalogue knows them.

use std::cmp::Ordering;

use crate::units::{Bytes, BytesPerSecond, FlopsPerSecond};

use super::processor;

/// An accelerator by its vendor's figures. Absent means unknown, never zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accelerator {
    /// Catalogue id, such as `nvidia-geforce-rtx-4090`.
    pub id: String,
    /// The name its driver reports.
    pub name: String,
    /// What tells it from others of the same name, such as `30-core GPU`.
    pub variant: String,
    /// `NVIDIA`, `AMD`, `Intel`, `Apple`, `Qualcomm`.
    pub vendor: String,
    /// Where it is sold: `desktop`, `workstation`, `laptop`, `datacenter`, `igpu`, `soc`; empty when unknown.
    pub segment: String,
    /// The generation, such as `Ada Lovelace`.
    pub arch: String,
    /// The kind of its memory, such as `GDDR6X` or `LPDDR5-6400`.
    pub memory: String,
    /// PCI vendor and device ids, `10DE:2684`.
    pub pci_ids: Vec<String>,
    /// PCI revisions, where one id covers several products.
    pub pci_revisions: Vec<String>,
    /// Other names a driver may report.
    pub aliases: Vec<String>,
    /// Memory, where the model has one size.
    pub vram: Option<Bytes>,
    /// Whether it computes on the system's own memory.
    pub unified: bool,
    /// Memory bandwidth by data sheet.
    pub bandwidth: Option<BytesPerSecond>,
    /// Dense fp16 arithmetic.
    pub fp16: Option<FlopsPerSecond>,
    /// Ordinary (not matrix unit) fp32 arithmetic: what dequantisation runs on.
    pub fp32: Option<FlopsPerSecond>,
    /// Board power in watts.
    pub watts: Option<f64>,
    /// What it was launched at, in US dollars; not what it costs today.
    pub launch_usd: Option<f64>,
    /// Where these figures were found.
    pub source: String,
    /// Whether the row was written from memory and not checked.
    pub from_memory: bool,
    /// What else to know.
    pub note: String,
}

/// A CPU with the memory it drives, by its vendor's figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemoryPlatform {
    /// Catalogue id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The processor.
    pub cpu: String,
    /// Physical cores.
    pub cores: Option<u32>,
    /// SIMD extensions.
    pub simd: String,
    /// Memory kind and speed, such as `DDR5-5600`.
    pub memory: String,
    /// Speed in MT/s.
    pub mega_transfers: Option<u32>,
    /// Channels of 64 bit.
    pub channels: Option<f64>,
    /// Theoretical bandwidth.
    pub bandwidth: Option<BytesPerSecond>,
    /// What STREAM or a read test typically gives, with its source.
    pub typical: Option<BytesPerSecond>,
    /// Where the typical figure was found; says "from memory" where it was not read.
    pub typical_source: String,
    /// Most RAM it takes.
    pub max_ram: Option<Bytes>,
    /// Sockets.
    pub sockets: u32,
    /// What else to know.
    pub note: String,
}

/// The platform of this processor, by its whole name as systems or data sheets write it; `2x` before it counts sockets.
/// Where several rows have it, they must agree on the channels, and the slowest is meant.
#[must_use]
pub fn platform_of<'a>(platforms: &'a [MemoryPlatform], cpu: &str) -> Option<&'a MemoryPlatform> {
    let rows: Vec<&MemoryPlatform> = platforms.iter().filter(|row| processor::means(&row.cpu, cpu)).collect();
    let first = rows.first()?;
    let agree = rows.iter().all(|row| (row.channels, row.sockets) == (first.channels, first.sockets));
    let slowest = || rows.iter().min_by(|a, b| a.bandwidth.partial_cmp(&b.bandwidth).unwrap_or(Ordering::Equal));
    agree.then(slowest).flatten().copied()
}

/// The way an engine drives a processor; efficiencies belong to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Backend {
    /// NVIDIA CUDA.
    Cuda,
    /// AMD ROCm.
    Rocm,
    /// Vulkan on any card.
    Vulkan,
    /// Apple Metal.
    Metal,
    /// Intel SYCL.
    Sycl,
    /// Apple MLX.
    Mlx,
    /// The CPU.
    Cpu,
}

impl Backend {
    /// Every backend.
    pub const ALL: [Self; 7] = [Self::Cuda, Self::Rocm, Self::Vulkan, Self::Metal, Self::Sycl, Self::Mlx, Self::Cpu];

    /// The word on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cuda => "cuda",
            Self::Rocm => "rocm",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
            Self::Sycl => "sycl",
            Self::Mlx => "mlx",
            Self::Cpu => "cpu",
        }
    }

    /// Its name in a sentence.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cuda => "CUDA",
            Self::Rocm => "ROCm",
            Self::Vulkan => "Vulkan",
            Self::Metal => "Metal",
            Self::Sycl => "SYCL",
            Self::Mlx => "MLX",
            Self::Cpu => "CPU",
        }
    }

    /// Whether it drives GPUs of a vendor; one that is not known may be any.
    #[must_use]
    pub fn drives(self, vendor: &str) -> bool {
        vendor.is_empty()
            || match self {
                Self::Cuda => vendor == "NVIDIA",
                Self::Rocm => vendor == "AMD",
                Self::Metal | Self::Mlx => vendor == "Apple",
                Self::Sycl => vendor == "Intel",
                Self::Vulkan => true,
                Self::Cpu => false,
            }
    }

    /// By its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|backend| backend.name() == word)
    }
}

impl Accelerator {
    /// The backend llama.cpp would use for it by default.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match self.vendor.as_str() {
            "NVIDIA" => Backend::Cuda,
            "AMD" => Backend::Rocm,
            "Apple" => Backend::Metal,
            "Intel" => Backend::Sycl,
            _ => Backend::Vulkan,
        }
    }

    /// Whether it is sold for servers.
    #[must_use]
    pub fn is_for_servers(&self) -> bool {
        self.segment == "datacenter"
    }

    /// Name and variant together.
    #[must_use]
    pub fn full_name(&self) -> String {
        if self.variant.is_empty() { self.name.clone() } else { format!("{} ({})", self.name, self.variant) }
    }

    /// The name without the vendor's, for narrow places.
    #[must_use]
    pub fn short_name(&self) -> &str {
        let name = self.name.as_str();
        ["NVIDIA GeForce ", "NVIDIA ", "AMD Radeon ", "AMD ", "Intel(R) ", "Intel "]
            .iter()
            .find_map(|vendor| name.strip_prefix(vendor))
            .unwrap_or(name)
    }
}
