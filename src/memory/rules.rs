//! How an engine sizes what it keeps: the words its row of data is written in.
//!
//! The default is llama.cpp. The other engines differ in the steps a cache grows by, in what a layer
//! with a sliding window keeps, and in whether the working memory is known from the graph.

use crate::units::Bytes;

/// What an engine allocates beside the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Its cache.
    pub cache: CacheRules,
    /// Its working memory.
    pub buffers: Buffers,
}

/// How a cache is sized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CacheRules {
    /// Tokens a cache grows by; at least 1.
    pub step: u64,
    /// The same for latent attention, whose kernels may want larger blocks; at least 1.
    pub latent_step: u64,
    /// When a context is rounded up.
    pub rounding: Rounding,
    /// What a layer with a sliding window keeps.
    pub window: WindowRule,
    /// What a cache of 8 bits is.
    pub eight_bit: EightBit,
}

/// When a context is rounded up to whole steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// The whole of it, then each sequence's part once more, as llama.cpp does.
    #[default]
    WholeThenParts,
    /// Each sequence's part.
    Parts,
}

/// What a layer with a sliding window keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WindowRule {
    /// The window and the tokens computed at once, rounded up to a step, as llama.cpp does.
    #[default]
    Padded,
    /// The window less one token and a batch of the prompt, in blocks, and so many blocks more
    /// because a window begins in the middle of one.
    Batch {
        /// Tokens in a block; at least 1.
        step: u64,
        /// Further blocks.
        spare: u64,
    },
    /// The window and no more.
    Exact,
    /// Every token of the context.
    Full,
}

/// What a cache of 8 bits is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EightBit {
    /// `Q8_0`: 32 values and a scale in 34 bytes.
    #[default]
    Blocks,
    /// fp8: a byte for each value.
    Fp8,
}

/// What an engine needs to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Buffers {
    /// What llama.cpp's allocator gives for the graph of the largest batch.
    #[default]
    Graph,
    /// So much on each device, whatever the model; nothing on the host.
    PerDevice(Bytes),
}

/// The multiple of cells llama.cpp rounds a cache up to.
///
/// Source: llama.cpp v0.5.0 `llama-context.cpp`, the constructor of `llama_context`.
const CELL_STEP: u64 = 256;

impl Default for CacheRules {
    fn default() -> Self {
        Self {
            step: CELL_STEP,
            latent_step: CELL_STEP,
            rounding: Rounding::default(),
            window: WindowRule::default(),
            eight_bit: EightBit::default(),
        }
    }
}

impl CacheRules {
    /// Cells of one of `streams` parts of a context.
    #[must_use]
    pub(super) fn cells(&self, context: u64, streams: u64, step: u64) -> u64 {
        let step = step.max(1);
        let whole = match self.rounding {
            Rounding::WholeThenParts => context.next_multiple_of(step),
            Rounding::Parts => context,
        };
        (whole / streams.max(1)).max(1).next_multiple_of(step)
    }
}
