//! Bytes an engine needs, part by part: weights, KV cache, recurrent state, compute buffers.
//!
//! Invariant: this room knows no hardware; it answers for a model, a quant and run options alone.

mod compute;
mod kv;
mod options;
mod state;
mod weights;

pub use compute::{ComputeBytes, HostWeights, LayerPlace, Places, Quickly, compute, compute_quickly};
pub use kv::{Cache, Growth, LayerCache, cache};
pub use options::{FlashAttention, KvLayout, KvPlace, KvStreams, Outputs, RunOptions, SwaCache, Unsupported};
pub use weights::{Embedding, LayerWeights, Placed, Weights, shares_used};
