//! The layers of a model and the facts about it.

use crate::quant::Confidence;
use crate::units::{Params, Tokens};

/// A model as an engine sees it. Build one through `formats`, which checks it.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Catalogue id, such as `deepseek-r1`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The GGUF architecture name, such as `deepseek2`: decides tensor names and the engine's rules.
    pub gguf: String,
    /// Width of the residual stream.
    pub hidden: u64,
    /// Rows of the embedding table.
    pub vocab: u64,
    /// Whether the head reuses the input embedding.
    pub tied_embeddings: bool,
    /// Longest context by the model's own configuration.
    pub max_context: Tokens,
    /// The main stack, first to last.
    pub layers: Vec<Layer>,
    /// Multi-token-prediction layers after it: in the file, not loaded by default.
    pub mtp_layers: u32,
    /// Particulars of its tensors that change neither the cache nor the arithmetic much.
    pub details: Details,
    /// What is known about it besides its shape.
    pub facts: Facts,
}

/// One layer: a mixer of tokens, then a feed-forward part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer {
    /// How tokens see one another.
    pub mixer: Mixer,
    /// What follows.
    pub ffn: FeedForward,
}

/// How tokens see one another in a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mixer {
    /// Multi-head, grouped-query or multi-query attention.
    Attention(Attention),
    /// Multi-head latent attention (DeepSeek).
    Mla(Mla),
    /// One shared key-value head, compressed along the tokens (DeepSeek V4).
    Compressed(Compressed),
    /// A state of fixed size instead of a cache.
    Recurrent(Recurrent),
    /// None at all.
    None,
}

/// Attention with a cache of keys and values per head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attention {
    /// Query heads.
    pub heads: u64,
    /// Key and value heads; equal to `heads` in multi-head attention.
    pub kv_heads: u64,
    /// Width of a key head.
    pub key: u64,
    /// Width of a value head.
    pub value: u64,
    /// The sliding window, if this layer has one.
    pub window: Option<Window>,
    /// Whether it reads an earlier layer's cache and keeps none of its own.
    pub borrows_cache: bool,
    /// Whether queries carry an output gate of their own width (Qwen3-Next, Qwen3.5).
    pub gated: bool,
}

/// How far back a layer looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Tokens seen.
    pub tokens: Tokens,
    /// Whether llama.cpp makes its cache smaller for it; it keeps the full cache for some models.
    pub shrinks_cache: bool,
}

/// Multi-head latent attention: keys and values are kept as one compressed vector per token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mla {
    /// Query heads.
    pub heads: u64,
    /// Rank of the compressed query; none where queries are not compressed.
    pub q_rank: Option<u64>,
    /// Rank of the compressed keys and values.
    pub kv_rank: u64,
    /// Rotary part of a key, shared by all heads.
    pub rope: u64,
    /// Position-free part of a key head.
    pub nope: u64,
    /// Width of a value head.
    pub value: u64,
    /// Width of the sparse-attention indexer's key (DSA), if there is one.
    pub indexer: Option<u64>,
}

/// Attention over tokens merged in groups: one head serves as key and value for all queries (DeepSeek V4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compressed {
    /// Query heads.
    pub heads: u64,
    /// Width of a query head and of the one key-value head.
    pub width: u64,
    /// Rank of the compressed query.
    pub q_rank: u64,
    /// Tokens merged into one cache entry; 0 where the layer has only its window.
    pub ratio: u64,
    /// The latest tokens, kept one by one.
    pub window: Tokens,
    /// Groups of the output projection.
    pub out_groups: u64,
    /// Rank of each group of the output projection.
    pub out_rank: u64,
}

/// A mixer with a state of fixed size per sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recurrent {
    /// Gated DeltaNet (Qwen3-Next, Qwen3.5).
    DeltaNet {
        /// Heads of queries and keys.
        key_heads: u64,
        /// Heads of values.
        value_heads: u64,
        /// Width of a key head.
        key: u64,
        /// Width of a value head.
        value: u64,
        /// Tokens under the short convolution.
        conv: u64,
    },
    /// Mamba 1.
    Mamba1 {
        /// Width inside.
        inner: u64,
        /// State of each channel.
        state: u64,
        /// Tokens under the convolution.
        conv: u64,
        /// Rank of the time step.
        time_rank: u64,
    },
    /// Mamba 2.
    Mamba2 {
        /// Width inside.
        inner: u64,
        /// State of each channel.
        state: u64,
        /// Tokens under the convolution.
        conv: u64,
        /// Groups that share their inputs and outputs.
        groups: u64,
        /// Heads; each has its own time step.
        heads: u64,
    },
    /// Short convolution (LFM2).
    ShortConv {
        /// Tokens under the convolution.
        conv: u64,
    },
    /// Lightning attention (MiniMax M1).
    Lightning {
        /// Heads.
        heads: u64,
        /// Width of a head.
        key: u64,
    },
    /// Kimi delta attention.
    Kda {
        /// Heads.
        heads: u64,
        /// Width of a head.
        key: u64,
        /// Tokens under the short convolutions.
        conv: u64,
    },
}

/// The feed-forward part of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FeedForward {
    /// One dense block.
    Dense {
        /// Its width.
        width: u64,
    },
    /// Routed experts.
    Moe(Moe),
    /// None at all.
    None,
}

/// A mixture of experts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moe {
    /// Routed experts present.
    pub experts: u64,
    /// Routed experts used for a token.
    pub used: u64,
    /// Width of one routed expert.
    pub width: u64,
    /// Width of all shared experts together; 0 for none.
    pub shared_width: u64,
    /// Width the residual is projected to before the experts, where it is.
    pub latent: Option<u64>,
}

/// What the tensor list of a file needs to know beyond the layers. The default is right for most models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The table of rotary factors, if the file has one.
    pub rope_table: RopeTable,
    /// Norms on queries and keys, where the architecture leaves it open.
    pub qk_norm: Presence,
    /// Biases on queries, keys and values, where the architecture leaves it open.
    pub qkv_bias: Presence,
    /// The bias that balances the router, where the architecture leaves it open.
    pub router_bias: Presence,
    /// Whether layers without a window use their keys as values (Gemma 4 from 26B).
    pub values_are_keys: bool,
    /// Width of the embedding that each layer adds for itself (Gemma 3n, Gemma 4 E).
    pub per_layer_embedding: Option<u64>,
    /// The sparse-attention indexer of the layers that own one.
    pub indexer: Option<Indexer>,
    /// Parallel residual streams (DeepSeek V4); 0 for the usual one.
    pub residual_streams: u64,
    /// First layers whose experts are chosen by a table of tokens (DeepSeek V4).
    pub hash_layers: u32,
    /// Whether the published file holds the multi-token-prediction layers.
    pub mtp_in_file: bool,
    /// Whether these layers have an embedding and a head of their own in it.
    pub mtp_ends: bool,
}

/// A table of rotary factors in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RopeTable {
    /// None: the rotation follows from the base frequency.
    #[default]
    None,
    /// One table of this many factors (Llama 3.1 and later).
    Freqs(u64),
    /// Two tables of this many factors, for long and short contexts (Phi with 128k).
    LongShort(u64),
}

/// Whether a model has something its architecture leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// As most models of the architecture.
    #[default]
    Usual,
    /// It has it.
    Present,
    /// It has not.
    Absent,
}

impl Presence {
    /// Whether it is there, given what is usual.
    #[must_use]
    pub const fn or(self, usual: bool) -> bool {
        match self {
            Self::Usual => usual,
            Self::Present => true,
            Self::Absent => false,
        }
    }
}

/// What picks the tokens that sparse attention looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indexer {
    /// Its query heads.
    pub heads: u64,
    /// Width of its keys.
    pub key: u64,
    /// Tokens (or blocks) it picks.
    pub top: u64,
}

/// What is known about a model besides its shape.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Family, such as `Qwen3`.
    pub family: String,
    /// Repository on Hugging Face.
    pub repo: String,
    /// Release date as published, ISO 8601, possibly only the month.
    pub released: String,
    /// Licence.
    pub licence: String,
    /// Whether it thinks before it answers.
    pub reasoning: bool,
    /// Parameters as published, where they were.
    pub published: Option<Params>,
    /// Where the shape was read.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
    /// What else to know.
    pub note: String,
}

impl Facts {
    /// Why the shape is not certain; none where it was read.
    #[must_use]
    pub const fn doubt(&self) -> Option<&'static str> {
        match self.confidence {
            Confidence::Read => None,
            Confidence::Inferred => Some("inferred, not read"),
            Confidence::Memory => Some("from memory, not read"),
            Confidence::Typed => Some("typed"),
        }
    }
}

/// Why a shape is not a model: the field and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The field as named in a model file.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: String,
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.why)
    }
}

impl std::error::Error for Invalid {}
