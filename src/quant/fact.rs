//! What is known about formats and mixes besides their geometry and rules, each with its source.

use std::sync::Arc;

use super::{Format, Layout, Mix, Quant, Rule};

/// How far a row of data is to be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Written down from memory; not checked.
    #[default]
    Memory,
    /// Typed by a user over a preset.
    Typed,
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
            Self::Typed => "typed",
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
    /// What else it is called.
    pub aliases: Vec<String>,
    /// How it turns tensors into bytes.
    pub layout: Arc<Layout>,
    /// Models whose publisher released them in this format, by catalogue id.
    pub native: Vec<String>,
    /// Where it was read.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
    /// What else to know.
    pub note: String,
}

impl RuntimeFormat {
    /// Whether it is called so, in any case.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        [&self.id, &self.name].into_iter().chain(&self.aliases).any(|own| own.eq_ignore_ascii_case(name.trim()))
    }

    /// It as a choice.
    #[must_use]
    pub fn quant(&self) -> Quant {
        Quant { id: self.id.clone(), rule: Rule::Layout(self.layout.clone()), source: String::new() }
    }
}
