//! What is known about formats and mixes besides their geometry and rules, each with its source.

use super::{Format, Mix, Part};

/// How far a row of data is to be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Written down from memory; not checked.
    #[default]
    Memory,
    /// Derived from a close relative.
    Inferred,
    /// Read in the named source.
    Read,
}

impl Confidence {
    /// In a word or two: `from memory`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Memory => "from memory",
            Self::Inferred => "inferred",
            Self::Read => "read",
        }
    }
}

/// Everything known about quants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The block formats of ggml.
    pub blocks: Vec<BlockFact>,
    /// The file types of llama.cpp.
    pub mixes: Vec<MixFact>,
    /// The formats of other runtimes.
    pub runtimes: Vec<RuntimeFormat>,
}

/// A block format of ggml.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockFact {
    /// The format; its geometry is in the type.
    pub format: Format,
    /// Its number in a GGUF header.
    pub ggml_type: u32,
    /// What one block holds.
    pub layout: String,
    /// Where it was read.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
}

/// A file type of llama.cpp.
#[derive(Clone, Debug, PartialEq)]
pub struct MixFact {
    /// The mix; its rules are in the type.
    pub mix: Mix,
    /// Its number in a GGUF header (`general.file_type`).
    pub file_type: u32,
    /// Where it was read.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
}

/// A weight format of a runtime other than llama.cpp, by its layout.
#[derive(Clone, Debug, PartialEq)]
pub struct RuntimeFormat {
    /// Id, such as `gptq-int4-g128`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Family, such as `GPTQ`.
    pub family: String,
    /// Bits of a weight itself.
    pub bits: f64,
    /// Weights that share a scale; none where a whole tensor or row does.
    pub group: Option<u64>,
    /// Bits of the scale of a group.
    pub scale_bits: f64,
    /// Bits of the zero point or bias of a group.
    pub zero_bits: f64,
    /// Parts of the model that stay in 16 bit. Norms always do.
    pub kept: Vec<Part>,
    /// Where it was read.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
    /// What else to know.
    pub note: String,
}

impl RuntimeFormat {
    /// Average bits of a quantised weight, scales included: bits + (scale + zero) / group.
    #[must_use]
    pub fn bits_per_weight(&self) -> f64 {
        self.group.map_or(self.bits, |group| self.bits + (self.scale_bits + self.zero_bits) / group as f64)
    }
}
