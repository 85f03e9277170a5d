//! Several memories and several users: what passing between memories costs, and what is known of batches. Data, read
//! from `assets/serving.ron`.

use crate::hardware::{Figure, Link, LinkKind, Machine, Pool, Way};
use crate::units::{Bytes, BytesPerSecond, Seconds};

/// Figures for links of which a machine says less, and for what was published of batches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Serving {
    /// One lane of `PCIe` 4.0 in one direction; each generation doubles it.
    pub pcie_lane: BytesPerSecond,
    /// A network of which no bandwidth is known.
    pub network: BytesPerSecond,
    /// One message over a network of which no latency is known.
    pub network_latency: Seconds,
    /// What a server of layers costs for each step beside the network: its commands, and waiting for it.
    pub rpc_call: Seconds,
    /// Extra spread (log) where layers are reached over a network.
    pub network_spread: f64,
    /// How far sequences pick experts apart: so many touch as many as (sequences)^this picking at random would.
    pub routing: f64,
    /// Extra spread (log) of a step for several sequences.
    pub batch_spread: f64,
    /// Where the figures come from.
    pub source: String,
}

/// Lanes and generation of a slot of which nothing is known.
const USUAL_LANES: u32 = 16;
const USUAL_GENERATION: u32 = 4;

/// One message between two pools.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Path {
    pub latency: Seconds,
    pub bandwidth: BytesPerSecond,
}

impl Path {
    /// The time of so many bytes.
    pub fn time(self, bytes: Bytes) -> Seconds {
        self.latency + self.bandwidth.time_for(bytes).unwrap_or_default()
    }

    /// Both at once: the longer latency, the smaller bandwidth.
    fn slower(self, other: Self) -> Self {
        Self {
            latency: if self.latency > other.latency { self.latency } else { other.latency },
            bandwidth: if self.bandwidth < other.bandwidth { self.bandwidth } else { other.bandwidth },
        }
    }
}

impl Serving {
    /// A bus between host and device in one direction.
    #[must_use]
    pub fn bus(&self, link: Option<&Link>) -> BytesPerSecond {
        let told = link.and_then(|link| link.bandwidth.as_ref()).map(|figure| figure.value);
        told.filter(|rate| rate.get() > 0.0).unwrap_or_else(|| {
            let lanes = link.and_then(|link| link.lanes).unwrap_or(USUAL_LANES);
            let generation = link.and_then(|link| link.generation).unwrap_or(USUAL_GENERATION);
            self.pcie_lane * f64::from(lanes) * 2_f64.powf(f64::from(generation) - f64::from(USUAL_GENERATION))
        })
    }

    /// A network as far as the machine describes it.
    pub(super) fn network(&self, link: Option<&Link>) -> Path {
        let link = link.filter(|link| link.kind == LinkKind::Network);
        let bandwidth = link.and_then(|link| link.bandwidth.as_ref()).map(|figure| figure.value);
        let latency = link.and_then(|link| link.latency.as_ref()).map(|figure: &Figure<Seconds>| figure.value);
        Path {
            latency: latency.unwrap_or(self.network_latency),
            bandwidth: bandwidth.filter(|rate| rate.get() > 0.0).unwrap_or(self.network),
        }
    }

    /// One message straight from one pool to another. The latency inside a machine is part of what the fit found.
    pub(super) fn path(&self, machine: &Machine, from: &Pool, to: &Pool) -> Path {
        let within = |bandwidth| Path { latency: Seconds::ZERO, bandwidth };
        match machine.way(from, to) {
            Way::Fabric(link) => within(self.bus(Some(link))),
            Way::Buses(one, other) => within(self.bus(one)).slower(within(self.bus(other))),
            Way::Network(one, other) => match (from.node, to.node) {
                (Some(_), Some(_)) => self.network(one).slower(self.network(other)),
                (Some(_), None) => self.network(one),
                _ => self.network(other),
            },
        }
    }
}
