//! Published measurements, each with the question it is an answer to.

use crate::scenario::Scenario;
use crate::units::Tokens;

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
