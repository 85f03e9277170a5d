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

/// What a lane of each PCIe generation carries one way in bytes per second: transfers per second by their coding (PCI
/// Express Base Specification: 8b/10b up to 2.0, 128b/130b up to 5.0, flits of 242 in 256 bytes in 6.0).
const LANE: [f64; 6] = [
    2.5e9 * 8.0 / 10.0 / 8.0,
    5e9 * 8.0 / 10.0 / 8.0,
    8e9 * 128.0 / 130.0 / 8.0,
    16e9 * 128.0 / 130.0 / 8.0,
    32e9 * 128.0 / 130.0 / 8.0,
    64e9 * 242.0 / 256.0 / 8.0,
];

impl Link {
    /// What a PCIe link of its generation and width carries one way by the standard, before the headers of packets.
    #[must_use]
    pub fn line_rate(&self) -> Option<BytesPerSecond> {
        let generation = self.generation.filter(|_| self.kind == LinkKind::Pcie)?;
        let lane = LANE.get(usize::try_from(generation).ok()?.checked_sub(1)?)?;
        Some(BytesPerSecond::saturating(lane * f64::from(self.lanes?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_rate_is_that_of_the_standard() {
        let link = |generation, lanes| Link {
            id: "pcie0".into(),
            kind: LinkKind::Pcie,
            generation: Some(generation),
            lanes: Some(lanes),
            joins: Vec::new(),
            bandwidth: None,
            latency: None,
        };
        let rate = |generation, lanes| link(generation, lanes).line_rate().map(|rate| rate.to_string());
        assert_eq!(rate(3, 16).as_deref(), Some("15.8 GB/s"));
        assert_eq!(rate(4, 16).as_deref(), Some("31.5 GB/s"));
        assert_eq!(rate(5, 8).as_deref(), Some("31.5 GB/s"));
        assert_eq!(rate(1, 1).as_deref(), Some("0.25 GB/s"));
        assert_eq!((rate(0, 16), rate(9, 16)), (None, None));
        assert_eq!(Link { kind: LinkKind::Network, ..link(4, 16) }.line_rate(), None);
    }
}
