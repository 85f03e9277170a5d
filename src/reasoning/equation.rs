//! The memory equation of a study of reasoning models: weights and cache against bits, tokens and samples.
//!
//! Kim et al., "Not All Bits Are Equal" (arXiv 2510.10964), appendix B as quoted by its reviews:
//! weights = quantized x bits / 8 + quantized / group x (scale + zero) / 8 + kept x 16 / 8, where embedding, norms and head
//! are kept; cache = samples x tokens x layers x KV heads x head size x 2 x 16 / 8. Its table was recomputed with groups
//! of 128, 16-bit scales and zero points as wide as a weight. Prompt and buffers are left out, so this is no answer of
//! whether a model runs here: that is [`scenario::evaluate`](crate::scenario::evaluate).

use super::compression::Compression;
use crate::model::{Architecture, FeedForward, Mixer};
use crate::quant::{Part, Tensor};
use crate::units::{Bytes, Params, Tokens};

/// Weights that share a scale, and bits of the scale.
const GROUP: u64 = 128;
const SCALE: f64 = 16.0;
/// Bytes of a number that is kept.
const NATIVE: u64 = 2;

/// The equation with a model's numbers in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equation {
    /// Weights that are quantized.
    pub quantized: Params,
    /// Weights that stay in 16 bit: embedding, norms, head.
    pub kept: Params,
    /// Bits of a quantized weight; 16 leaves all of them as they are.
    pub bits: f64,
    /// Numbers in the cache for each token of one sample.
    pub values: u64,
    /// Tokens generated.
    pub tokens: Tokens,
    /// Samples generated side by side.
    pub samples: u64,
    /// How the cache is kept.
    pub compression: Compression,
}

/// Whether the study looked at such a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Studied {
    /// Dense, with keys and values per head.
    Yes,
    /// A mixture of experts, a latent cache, windows or recurrent layers: not tested there.
    No,
}

impl Equation {
    /// With a model's numbers; `None` for a cache that does not grow by a fixed number for each token.
    #[must_use]
    pub fn of(model: &Architecture, bits: f64, tokens: Tokens, samples: u64) -> Option<Self> {
        let tensors = model.tensors();
        let kept: u64 = tensors.iter().filter(|tensor| is_kept(tensor)).map(Tensor::weights).sum();
        let all: u64 = tensors.iter().filter(|tensor| tensor.role.part != Part::Mtp).map(Tensor::weights).sum();
        Some(Self {
            quantized: Params::new(all - kept),
            kept: Params::new(kept),
            bits,
            values: values(model)?,
            tokens,
            samples,
            compression: Compression::None,
        })
    }

    /// Bytes of the weights.
    #[must_use]
    pub fn weights(&self) -> Bytes {
        let overhead = if self.bits < 16.0 { (SCALE + self.bits) / GROUP as f64 } else { 0.0 };
        let quantized = self.quantized.as_f64() * (self.bits + overhead) / 8.0;
        Bytes::saturating(quantized) + Bytes::new(NATIVE) * self.kept.get()
    }

    /// Bytes of the cache of every sample.
    #[must_use]
    pub fn cache(&self) -> Bytes {
        self.compression.bytes(self.tokens, Bytes::new(NATIVE) * self.values) * self.samples
    }

    /// Both.
    #[must_use]
    pub fn total(&self) -> Bytes {
        self.weights() + self.cache()
    }
}

/// Whether the study quantizes a tensor.
fn is_kept(tensor: &Tensor) -> bool {
    let vector = tensor.rows == 1 && tensor.slices == 1;
    matches!(tensor.role.part, Part::Embedding | Part::Head) || (vector && tensor.role.part != Part::Mtp)
}

/// Numbers kept for each token, over all layers.
fn values(model: &Architecture) -> Option<u64> {
    model
        .layers
        .iter()
        .map(|layer| match layer.mixer {
            Mixer::Attention(a) if a.window.is_none() && !a.borrows_cache => Some(a.kv_heads * (a.key + a.value)),
            Mixer::Mla(m) => Some(m.kv_rank + m.rope),
            _ => None,
        })
        .sum()
}

/// Whether what the study found was found on such models.
#[must_use]
pub fn studied(model: &Architecture) -> Studied {
    let plain = |layer: &crate::model::Layer| {
        let attention = matches!(layer.mixer, Mixer::Attention(a) if a.window.is_none());
        attention && !matches!(layer.ffn, FeedForward::Moe(_))
    };
    if model.layers.iter().all(plain) { Studied::Yes } else { Studied::No }
}
