//! What joins memories: a bus, a fabric between devices, a network.

use crate::units::{BytesPerSecond, Seconds};

use super::Figure;

/// How two pools are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// PCI Express between host and device.
    Pcie,
    /// NVLink or another device fabric.
    Nvlink,
    /// A network between machines.
    Network,
}

impl LinkKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Pcie, Self::Nvlink, Self::Network];

    /// The word in a profile.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcie => "pcie",
            Self::Nvlink => "nvlink",
            Self::Network => "network",
        }
    }

    /// By its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }
}

/// A link.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Unique in the machine.
    pub id: String,
    /// What it is.
    pub kind: LinkKind,
    /// PCIe generation.
    pub generation: Option<u32>,
    /// PCIe lanes.
    pub lanes: Option<u32>,
    /// The pools it joins directly, by id, where it does so beside the host: an `NVLink` names its GPUs.
    pub joins: Vec<String>,
    /// Bandwidth in one direction.
    pub bandwidth: Option<Figure<BytesPerSecond>>,
    /// Latency of one message.
    pub latency: Option<Figure<Seconds>>,
}
