//! Bytes an engine needs, part by part: weights, KV cache, recurrent state, compute buffers.
//!
//! Invariant: this room knows no hardware; it answers for a model, a quant and run options alone.

mod compute;
mod kv;
mod options;
mod rules;
mod state;
mod weights;

pub use compute::{
    Buffered, ComputeBytes, HostWeights, Known, LayerPlace, Places, compute, compute_alike, is_simplified,
};
pub use kv::{Cache, Growth, LayerCache, cache};
pub use options::{FlashAttention, KvLayout, KvPlace, KvStreams, Outputs, Room, RunOptions, SwaCache, Unsupported};
pub use rules::{Buffers, CacheRules, EightBit, Rounding, Rules, WindowRule};
pub use weights::{Embedding, LayerWeights, Placed, Weights, shares_used};
