//! The fields of a model document. Names here are a format: change them with a new version only.

use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Family {
    pub format: String,
    pub version: u32,
    pub models: Vec<Model>,
}

#[allow(clippy::struct_excessive_bools, reason = "the fields of a document")]
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub format: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub version: u32,
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub family: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub repo: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub released: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub licence: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub reasoning: bool,
    pub arch: String,
    pub layers: u32,
    pub hidden: u64,
    pub vocab: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub tied_embeddings: bool,
    pub max_context: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hybrid: Option<Hybrid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ffn: Option<Ffn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moe: Option<Moe>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<Vec<Run>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_table: Option<RopeTable>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexer: Option<Indexer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_layer_embedding: Option<u64>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub residual_streams: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub mtp_layers: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub mtp_in_file: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub mtp_ends: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_params: Option<u64>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub confidence: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Kinds: `gqa` (also one or all heads), `mla`, `compressed`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attention {
    pub kind: String,
    pub heads: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kv_heads: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub gated: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q_rank: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kv_rank: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nope: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratios: Option<Vec<u64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_groups: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_rank: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qk_norm: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qkv_bias: Option<bool>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub values_are_keys: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub borrowing_layers: u32,
}

/// Sliding windows: which layers have one, and what else is different there.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Window {
    pub tokens: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pattern: String,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub shrinks_cache: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heads: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kv_heads: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
}

/// Layers that are not attention. Kinds: `deltanet`, `mamba1`, `mamba2`, `shortconv`, `lightning`, `kda`.
///
/// Either a pattern, or blocks: one letter per layer, `M` recurrent, `*` attention, `-` dense, `E` experts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hybrid {
    pub kind: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pattern: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub blocks: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heads: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_heads: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_heads: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_rank: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conv: Option<u64>,
}

/// Dense blocks: one width, or runs of (layers, width).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ffn {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub widths: Option<Vec<(u32, u64)>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub leading_dense: u32,
}

/// Experts, in every `every`-th layer after the leading dense ones.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Moe {
    pub experts: u64,
    pub used: u64,
    pub width: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub shared_width: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latent: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub router_bias: Option<bool>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub hash_layers: u32,
}

/// So many equal layers, where no pattern fits.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    pub layers: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub borrows_cache: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub indexed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrent: Option<Hybrid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dense: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moe: Option<Moe>,
}

/// Kinds: `freqs`, `long_short`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RopeTable {
    pub kind: String,
    pub factors: u64,
}

/// The sparse-attention indexer; the pattern says which layers do without one of their own.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Indexer {
    pub heads: u64,
    pub key: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub top: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pattern: String,
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
