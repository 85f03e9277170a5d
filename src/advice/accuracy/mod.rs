//! Published measurements, each with the question it is an answer to, and how far off answers are.

mod off;

pub use off::Off;

use crate::scenario::{Scenario, evaluate_here};
use crate::speed::Range;
use crate::units::Tokens;

use super::peers::{Peer, Peers};

/// One measurement.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Handle in the table, such as `m0005`.
    pub id: String,
    /// Where it was read.
    pub source: String,
    /// Device and model: rows of one group are not independent.
    pub group: String,
    /// Where it belongs.
    pub class: Class,
    /// Hardware and build are stated.
    pub sound: bool,
    /// A mixture of experts.
    pub sparse: bool,
    /// The question.
    pub scenario: Scenario,
    /// Tokens cached before the prompt.
    pub start: Tokens,
    /// Tokens per second.
    pub decode: Option<f64>,
    /// Prompt tokens per second.
    pub prefill: Option<f64>,
}

/// Where a measurement belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// On one GPU that is not Apple's.
    OneGpu,
    /// On an Apple chip.
    Apple,
    /// On several GPUs.
    SeveralGpus,
    /// On GPUs, routed experts in RAM.
    ExpertsInRam,
    /// On the CPU.
    Cpu,
    /// Some layers on the GPU, the rest on the CPU.
    Partial,
}

/// Measurements that figures are given for together. The first holds all; the last crosses the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Group {
    /// Every one.
    #[default]
    All,
    /// Dense models on one GPU.
    DenseOneGpu,
    /// Mixtures of experts on one GPU.
    SparseOneGpu,
    /// Several GPUs.
    SeveralGpus,
    /// Apple chips.
    Apple,
    /// Routed experts in RAM.
    ExpertsInRam,
    /// The CPU alone.
    Cpu,
    /// 8,000 tokens and more in the cache.
    Deep,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 8] = [
        Self::All,
        Self::DenseOneGpu,
        Self::SparseOneGpu,
        Self::SeveralGpus,
        Self::Apple,
        Self::ExpertsInRam,
        Self::Cpu,
        Self::Deep,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::DenseOneGpu => "dense on one GPU",
            Self::SparseOneGpu => "MoE on one GPU",
            Self::SeveralGpus => "several GPUs",
            Self::Apple => "Apple",
            Self::ExpertsInRam => "experts in RAM",
            Self::Cpu => "CPU only",
            Self::Deep => "depth 8k and more",
        }
    }

    /// Whether a measurement belongs to it.
    #[must_use]
    pub fn holds(self, row: &Measured) -> bool {
        match self {
            Self::All => true,
            Self::DenseOneGpu => row.class == Class::OneGpu && !row.sparse,
            Self::SparseOneGpu => row.class == Class::OneGpu && row.sparse,
            Self::SeveralGpus => row.class == Class::SeveralGpus,
            Self::Apple => row.class == Class::Apple,
            Self::ExpertsInRam => row.class == Class::ExpertsInRam,
            Self::Cpu => row.class == Class::Cpu,
            Self::Deep => row.scenario.depth.get() >= 8000,
        }
    }
}

/// Which of its two rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rate {
    /// Tokens of the answer.
    #[default]
    Decode,
    /// Tokens of the prompt.
    Prefill,
}

/// A measurement beside what is predicted for it.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The measurement.
    pub measured: Measured,
    /// Tokens per second, by us.
    pub decode: Option<Range>,
    /// Prompt tokens per second, by us.
    pub prefill: Option<Range>,
    /// Tokens per second by each peer's formula, in the order of [`Peer::ALL`]. None of them knows prompts.
    pub peers: [Option<f64>; Peer::ALL.len()],
}

impl Compared {
    /// Asks for both rates, and every peer's formula for the first.
    #[must_use]
    pub fn of(measured: Measured, peers: &Peers) -> Self {
        let answer = evaluate_here(&measured.scenario);
        let scenario = &measured.scenario;
        // A prompt begins where its row says, not at the mean depth of the tokens after it.
        let prefill = if measured.start == scenario.depth || measured.prefill.is_none() {
            answer.prefill
        } else {
            evaluate_here(&Scenario { depth: measured.start, ..scenario.clone() }).prefill
        };
        let peers = Peer::ALL.map(|peer| peers.decode(peer, scenario, &answer.plan));
        Self { decode: answer.bill.map(|bill| bill.rate), prefill, peers, measured }
    }

    /// What was measured.
    #[must_use]
    pub fn seen(&self, rate: Rate) -> Option<f64> {
        match rate {
            Rate::Decode => self.measured.decode,
            Rate::Prefill => self.measured.prefill,
        }
    }

    /// What we predict.
    #[must_use]
    pub fn ours(&self, rate: Rate) -> Option<Range> {
        match rate {
            Rate::Decode => self.decode,
            Rate::Prefill => self.prefill,
        }
    }

    /// What a peer's formula gives.
    #[must_use]
    pub fn theirs(&self, peer: Peer, rate: Rate) -> Option<f64> {
        let place = Peer::ALL.iter().position(|own| *own == peer)?;
        self.peers[place].filter(|_| rate == Rate::Decode)
    }
}
