//! What a CPU reaches: of its bandwidth, by its cores, over its sockets, and when it leaves work to a GPU.

use crate::hardware::{Backend, Basis, Cpu, Pool, Source};
use crate::units::{BytesPerSecond, Seconds};

use super::Parameters;

/// A CPU beside or instead of a GPU, on one basis of its bandwidth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HostRates {
    /// Share of the bandwidth reached on dense weights.
    pub weights: f64,
    /// The same on routed experts, as a factor on `weights`.
    pub experts: f64,
    /// Multiply-adds of attention each core does in a second.
    pub attention: f64,
    /// Cost of one layer there.
    pub layer: Seconds,
    /// What a layer with routed experts costs on top.
    pub moe_layer: Seconds,
    /// Standard deviation of log(predicted / measured).
    pub spread: f64,
}

/// What one core does, by the widest SIMD it has.
#[derive(Clone, Debug, PartialEq)]
pub struct CoreRates {
    /// `avx512`, `neon`; empty for any other.
    pub simd: String,
    /// Weights it unpacks and multiplies in a second of generation; of several cores together the square root counts.
    pub weights: f64,
    /// Operations in a second of a prompt.
    pub prompt: f64,
}

/// What two sockets reach together of the bandwidth of both, as a factor on what one reaches of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Sockets {
    /// Where threads read what lies on the other socket.
    pub blind: f64,
    /// Where each socket reads a copy of its own.
    pub aware: f64,
    /// Engines that keep such copies.
    pub engines: Vec<String>,
    /// Where these factors come from.
    pub source: String,
}

/// From which batch on an engine computes weights that lie in RAM on a GPU, copying them there.
#[derive(Clone, Debug, PartialEq)]
pub struct CopyRule {
    /// The engine.
    pub family: String,
    /// Tokens.
    pub from: f64,
    /// What they are counted over.
    pub counted: Counted,
}

/// What the tokens of a batch are counted over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// The batch as it is.
    Batch,
    /// Those that reach one expert on average.
    Expert,
}

impl Counted {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Batch, Self::Expert];

    /// The word in `speed.ron`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Expert => "expert",
        }
    }
}

/// What is reached of a bandwidth that was measured on the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnMeasured {
    /// Share reached on dense weights.
    pub weights: f64,
    /// The same on routed experts, as a factor on `weights`.
    pub experts: f64,
    /// What a read test of RAM usually reaches of the data sheet: ties what was fitted on data sheets alone to measurements.
    pub share_of_sheet: f64,
    /// The same of a GPU's memory.
    pub gpu_share_of_sheet: f64,
    /// Standard deviation of log(predicted / measured).
    pub spread: f64,
}

/// How a machine's modules fill its channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filled {
    /// Modules present.
    pub modules: u32,
    /// Channels.
    pub channels: f64,
}

impl Filled {
    /// Where the bandwidth is the data sheet's for all channels and fewer modules than channels are present.
    /// A channel without a module adds nothing; more modules than channels add room, not speed.
    #[must_use]
    pub fn of(pool: &Pool) -> Option<Self> {
        let sheet = pool.read_measured.is_none() && pool.read.as_ref()?.source == Source::DataSheet;
        let dimms = pool.dimms.as_ref()?;
        let (modules, channels) = (dimms.populated?, dimms.channels?);
        (sheet && modules > 0 && f64::from(modules) < channels).then_some(Self { modules, channels })
    }

    /// The share of the bandwidth that is left.
    #[must_use]
    pub fn share(self) -> f64 {
        f64::from(self.modules) / self.channels
    }
}

impl Parameters {
    /// A GPU's bandwidth as a data sheet would have it, and the most it was seen to reach: shares were fitted on data
    /// sheets, and nothing reads faster than a read test.
    pub(super) fn of_sheet(&self, found: (BytesPerSecond, Basis)) -> (BytesPerSecond, BytesPerSecond) {
        match found {
            (sheet, Basis::DataSheet) => (sheet, sheet),
            (measured, Basis::Measured) => (measured * (1.0 / self.measured.gpu_share_of_sheet), measured),
        }
    }

    /// What a core of this SIMD does; the last row is for any other.
    #[must_use]
    pub fn core(&self, simd: &str) -> Option<&CoreRates> {
        self.cores.iter().find(|row| !row.simd.is_empty() && simd.contains(row.simd.as_str())).or(self.cores.last())
    }

    /// Weights a CPU unpacks and multiplies in a second. Threads wait for one another and share one fabric, so that
    /// cores add up by their square root: fitted for 2 to 128 of them.
    #[must_use]
    pub(super) fn unpacks(&self, cpu: &Cpu) -> f64 {
        self.core(&cpu.simd).map_or(0.0, |core| core.weights) * f64::from(cpu.cores.max(1)).sqrt()
    }

    /// What the sockets of a machine reach together under an engine, against one alone.
    #[must_use]
    pub fn over_sockets(&self, family: &str, cpu: &Cpu) -> f64 {
        match (cpu.sockets, self.keeps_copies(family)) {
            (0 | 1, _) => 1.0,
            (_, true) => self.sockets.aware,
            (_, false) => self.sockets.blind,
        }
    }

    /// Whether an engine keeps what it reads on each socket.
    #[must_use]
    pub fn keeps_copies(&self, family: &str) -> bool {
        self.sockets.engines.iter().any(|engine| engine == family)
    }

    /// Whether an engine copies weights from RAM to a GPU for a batch of so many tokens, of which so many reach each
    /// expert.
    #[must_use]
    pub(super) fn copies(&self, family: &str, batch: f64, for_expert: f64) -> bool {
        self.copying.iter().find(|rule| rule.family == family).is_some_and(|rule| match rule.counted {
            Counted::Batch => batch >= rule.from,
            Counted::Expert => for_expert >= rule.from,
        })
    }

    /// Whether it does so with weights that every token of the batch is multiplied by.
    #[must_use]
    pub(super) fn copies_dense(&self, family: &str, batch: f64) -> bool {
        self.copying.iter().any(|rule| rule.family == family && batch >= rule.from)
    }

    /// Whether an engine attends over a prompt in MLA's latent space.
    #[must_use]
    pub(super) fn latent_prompts(&self, family: &str) -> bool {
        self.latent_prompts.iter().any(|engine| engine == family)
    }

    /// The CPU alone, on the basis its bandwidth stands on.
    #[must_use]
    pub fn cpu_alone(&self, family: &str, basis: Basis) -> HostRates {
        let Some(row) = self.rates(family, Backend::Cpu) else { return self.cpu_beside(basis) };
        let rates = HostRates {
            weights: row.weights,
            experts: row.experts,
            attention: row.attention,
            layer: row.layer,
            moe_layer: row.moe_layer,
            spread: row.spread,
        };
        match basis {
            Basis::DataSheet => rates,
            // What was measured was llama.cpp; an engine of its own is as much faster or slower as on data sheets.
            Basis::Measured => {
                let base = self.rates("llama.cpp", Backend::Cpu).map_or(row, |base| base);
                let measured = &self.measured;
                HostRates {
                    weights: (measured.weights * row.weights / base.weights).min(1.0),
                    experts: measured.experts * row.experts / base.experts,
                    spread: if row.family == base.family { measured.spread } else { rates.spread },
                    ..rates
                }
            }
        }
    }

    /// The CPU beside a GPU, on the basis its bandwidth stands on.
    #[must_use]
    pub fn cpu_beside(&self, basis: Basis) -> HostRates {
        match basis {
            Basis::DataSheet => self.host,
            // A share of a smaller figure is a larger share.
            Basis::Measured => {
                HostRates { weights: (self.host.weights / self.measured.share_of_sheet).min(1.0), ..self.host }
            }
        }
    }
}
