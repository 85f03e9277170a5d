//! What other calculators' formulas give for the same question: computed anew from their published code, not run.
//!
//! Each is told what it asks for and what we know: the device's bandwidth by data sheet, the parameters, the size of
//! the file, where the layers are. Absent: their own catalogues, their detection, and their choice of a quant.

mod canirun;
mod llmfit;
mod whichllm;

pub use canirun::Canirun;
pub use llmfit::Llmfit;
pub use whichllm::Whichllm;

use crate::hardware::{Machine, Pool, PoolKind};
use crate::placement::{Mode, Plan};
use crate::scenario::Scenario;

/// A calculator whose formula for tokens per second is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// llmfit.
    Llmfit,
    /// whichllm.
    Whichllm,
    /// canirun.ai.
    Canirun,
    /// Bandwidth over the bytes one token reads.
    Active,
    /// Bandwidth over the whole file.
    Whole,
}

impl Peer {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Llmfit, Self::Whichllm, Self::Canirun, Self::Active, Self::Whole];

    /// The word in `peers.ron`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Llmfit => "llmfit",
            Self::Whichllm => "whichllm",
            Self::Canirun => "canirun",
            Self::Active => "active",
            Self::Whole => "whole",
        }
    }
}

/// Where a formula was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Whose it is.
    pub peer: Peer,
    /// Its name.
    pub name: String,
    /// The commit of its code; empty for a textbook's.
    pub commit: String,
    /// The files.
    pub read: String,
    /// The repository; empty for a textbook's.
    pub source: String,
    /// What it was told, and what it leaves out.
    pub note: String,
}

/// The constants of all formulas.
#[derive(Clone, Debug, PartialEq)]
pub struct Peers {
    /// Where each was read.
    pub about: Vec<About>,
    /// llmfit's.
    pub llmfit: Llmfit,
    /// whichllm's.
    pub whichllm: Whichllm,
    /// canirun.ai's.
    pub canirun: Canirun,
}

impl Peers {
    /// Tokens per second by a peer's formula; none where it has no answer.
    #[must_use]
    pub fn decode(&self, peer: Peer, scenario: &Scenario, plan: &Plan) -> Option<f64> {
        let asked = Asked::of(scenario, plan)?;
        let rate = match peer {
            Peer::Llmfit => self.llmfit.decode(&asked),
            Peer::Whichllm => self.whichllm.decode(&asked),
            Peer::Canirun => self.canirun.decode(&asked),
            Peer::Active => Some(asked.bandwidth()? / scenario.subject.weights.read_per_token().as_f64()),
            Peer::Whole => Some(asked.bandwidth()? / asked.file),
        };
        rate.filter(|rate| rate.is_finite() && *rate > 0.0)
    }

    /// Where a peer's formula was read.
    #[must_use]
    pub fn about(&self, peer: Peer) -> Option<&About> {
        self.about.iter().find(|about| about.peer == peer)
    }
}

/// A figure for each name, and one for all others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ByName {
    /// Names and their figure.
    pub rows: Vec<(Vec<String>, f64)>,
    /// For a name that is not there.
    pub other: f64,
}

impl ByName {
    fn of(&self, name: &str) -> f64 {
        let row = self.rows.iter().find(|(names, _)| names.iter().any(|own| own.eq_ignore_ascii_case(name)));
        row.map_or(self.other, |(_, figure)| *figure)
    }
}

/// Where the layers are, as far as these formulas tell places apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Gpu,
    ExpertsInRam,
    Partial,
    Cpu,
}

/// What the formulas are told.
struct Asked<'a> {
    scenario: &'a Scenario,
    machine: &'a Machine,
    place: Place,
    /// The first GPU that is used: none of them counts a second one's bandwidth.
    gpu: Option<&'a Pool>,
    gpus: usize,
    /// The quant's name.
    quant: &'a str,
    /// Parameters.
    total: f64,
    /// Parameters that take part in one token: of a dense model all, as these formulas have it.
    active: f64,
    /// Bytes of the file.
    file: f64,
}

impl<'a> Asked<'a> {
    fn of(scenario: &'a Scenario, plan: &Plan) -> Option<Self> {
        let place = match plan.mode {
            Mode::Gpu => Place::Gpu,
            Mode::ExpertsInRam => Place::ExpertsInRam,
            Mode::Partial => Place::Partial,
            Mode::Cpu => Place::Cpu,
            Mode::Disk | Mode::None => return None,
        };
        let subject = &*scenario.subject;
        let machine = &*scenario.machine;
        Some(Self {
            scenario,
            machine,
            place,
            gpu: machine.gpus().next().filter(|_| place != Place::Cpu),
            gpus: machine.gpus().count(),
            quant: &subject.quant.id,
            total: subject.model.params().as_f64(),
            active: if subject.model.experts() > 0 {
                subject.model.active_params(subject.experts_used).as_f64()
            } else {
                subject.model.params().as_f64()
            },
            file: subject.weights.file.as_f64(),
        })
    }

    /// Bytes per second of the pool that holds the layers.
    fn bandwidth(&self) -> Option<f64> {
        let pool = if self.place == Place::Cpu { self.machine.host() } else { self.gpu };
        Some(pool?.bandwidth()?.0.get())
    }

    /// Bytes per second of the RAM.
    fn ram(&self) -> Option<f64> {
        Some(self.machine.host()?.bandwidth()?.0.get())
    }

    /// Whether the GPU has no memory of its own.
    fn unified(&self) -> bool {
        self.gpu.is_some_and(|pool| pool.kind == PoolKind::Unified)
    }

    /// GiB of one card by its data sheet, else as the pool says.
    fn vram(&self) -> Option<f64> {
        let pool = self.gpu.filter(|pool| pool.kind == PoolKind::Vram)?;
        let size = pool.device.as_ref().and_then(|device| device.vram).unwrap_or(pool.capacity.value);
        Some(size.as_f64() / crate::units::GIB as f64)
    }

    fn vendor(&self) -> &str {
        self.gpu.and_then(|pool| pool.device.as_ref()).map_or("", |device| device.vendor.as_str())
    }

    fn experts(&self) -> u64 {
        self.scenario.subject.model.experts()
    }
}
