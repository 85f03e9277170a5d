//! The table itself, part by part in the order shown.

use super::{Group, Kind, Spec};

const GQA: &[&str] = &["gqa"];
const MLA: &[&str] = &["mla"];
const COMPRESSED: &[&str] = &["compressed"];

pub(in super::super) const IDENTITY: Group = Group {
    key: "",
    title: "Name and source",
    fields: &[
        Spec::new("name", "Name", Kind::Text, "The name in lists and on the command line.").required(),
        Spec::new("id", "Id", Kind::Text, "Letters, digits, '-', '.' and '_': the name of its file.").required(),
        Spec::new("family", "Family", Kind::Text, "The family it is listed under, such as Qwen3."),
        Spec::new(
            "arch",
            "Architecture",
            Kind::Text,
            "The GGUF architecture: decides tensor names and the engine's rules.",
        )
        .required(),
        Spec::new("repo", "Repository", Kind::Text, "Its repository on Hugging Face."),
        Spec::new("released", "Released", Kind::Text, "The date of release as published, such as 2025-01-20."),
        Spec::new("licence", "Licence", Kind::Text, "Its licence."),
        Spec::new(
            "reasoning",
            "Thinks first",
            Kind::Flag(false),
            "Whether it thinks before it answers: sets the usual length of an answer.",
        ),
        Spec::new(
            "published_params",
            "Published parameters",
            Kind::Number,
            "Parameters as its authors state them, to compare with the count.",
        ),
        Spec::new("source", "Source", Kind::Text, "Where the shape was read."),
        Spec::new(
            "confidence",
            "Confidence",
            Kind::Choice(&["read", "inferred", "memory", "typed"]),
            "How far to trust the shape: read in the source, inferred from a relative, from memory, or typed by hand.",
        ),
        Spec::new("note", "Note", Kind::Text, "What else to know."),
    ],
};

pub(in super::super) const SHAPE: Group = Group {
    key: "",
    title: "Shape",
    fields: &[
        Spec::new("layers", "Layers", Kind::Count, "Layers of the main stack.").required(),
        Spec::new("hidden", "Hidden size", Kind::Number, "Width of the residual stream.").required(),
        Spec::new("vocab", "Vocabulary", Kind::Number, "Rows of the embedding table.").required(),
        Spec::new(
            "max_context",
            "Longest context",
            Kind::Tokens,
            "Longest context by the model's own configuration, in tokens.",
        )
        .required(),
        Spec::new(
            "tied_embeddings",
            "Tied embeddings",
            Kind::Flag(false),
            "Whether the head reuses the input embedding.",
        ),
    ],
};

pub(in super::super) const OTHERS: Group = Group {
    key: "",
    title: "Others",
    fields: &[
        Spec::new(
            "per_layer_embedding",
            "Per-layer embedding",
            Kind::Number,
            "Width of the embedding that each layer adds for itself (Gemma 3n, Gemma 4 E).",
        ),
        Spec::new(
            "residual_streams",
            "Residual streams",
            Kind::Number,
            "Parallel residual streams (DeepSeek V4); none for the usual one.",
        ),
        Spec::new("mtp_layers", "MTP layers", Kind::Count, "Multi-token-prediction layers: in the file, not loaded."),
        Spec::new(
            "mtp_in_file",
            "MTP in the file",
            Kind::Flag(false),
            "Whether the published file holds the MTP layers.",
        ),
        Spec::new(
            "mtp_ends",
            "MTP has its own ends",
            Kind::Flag(false),
            "Whether the MTP layers have an embedding and a head of their own.",
        ),
    ],
};

pub(in super::super) const ATTENTION: Group = Group {
    key: "attention",
    title: "Attention",
    fields: &[
        Spec::new(
            "kind",
            "Kind",
            Kind::Choice(&["gqa", "mla", "compressed"]),
            "gqa: keys and values per head, also with one or all heads; mla: one compressed vector per token; compressed: tokens merged in groups.",
        )
        .required(),
        Spec::new("heads", "Heads", Kind::Number, "Query heads.").required(),
        Spec::new("kv_heads", "KV heads", Kind::Number, "Key and value heads; they have to divide the heads. All heads when empty.").of(GQA),
        Spec::new("key", "Key width", Kind::Number, "Width of a key head; hidden size over heads when empty.").of(&["gqa", "compressed"]),
        Spec::new("value", "Value width", Kind::Number, "Width of a value head; the key's when empty.").of(&["gqa", "mla"]),
        Spec::new("gated", "Output gate", Kind::Flag(false), "Whether queries carry an output gate of their own width (Qwen3-Next, Qwen3.5).").of(GQA),
        Spec::new("q_rank", "Query rank", Kind::Number, "Rank of the compressed query; not compressed when empty.").of(&["mla", "compressed"]),
        Spec::new("kv_rank", "KV rank", Kind::Number, "Rank of the compressed keys and values: what the cache keeps.").of(MLA),
        Spec::new("rope", "Rotary width", Kind::Number, "Rotary part of a key, shared by all heads: kept in the cache, too.").of(MLA),
        Spec::new("nope", "Position-free width", Kind::Number, "Position-free part of a key head.").of(MLA),
        Spec::new("ratios", "Merge ratios", Kind::Numbers, "Tokens merged into one cache entry, layer by layer; 0 for the window only.").of(COMPRESSED),
        Spec::new("out_groups", "Output groups", Kind::Number, "Groups of the output projection.").of(COMPRESSED),
        Spec::new("out_rank", "Output rank", Kind::Number, "Rank of each group of the output projection.").of(COMPRESSED),
        Spec::new("qk_norm", "Query and key norms", Kind::Presence, "Norms on queries and keys, where the architecture leaves it open.").whole(),
        Spec::new("qkv_bias", "QKV biases", Kind::Presence, "Biases on queries, keys and values, where the architecture leaves it open.").whole(),
        Spec::new("values_are_keys", "Values are keys", Kind::Flag(false), "Whether layers without a window use their keys as values (Gemma 4 from 26B).").whole(),
        Spec::new("borrowing_layers", "Layers that share KV", Kind::Count, "Last layers that read an earlier layer's cache and keep none.").of(GQA).pattern(),
    ],
};

pub(in super::super) const WINDOW: Group = Group {
    key: "window",
    title: "Sliding window",
    fields: &[
        Spec::new("tokens", "Tokens", Kind::Tokens, "Tokens a layer with a window sees.").required(),
        Spec::new(
            "pattern",
            "Pattern",
            Kind::Text,
            "Which layers have it: 5:1 is five with, then one without, over and over; all, or empty, is every layer.",
        )
        .pattern(),
        Spec::new(
            "shrinks_cache",
            "Shrinks the cache",
            Kind::Flag(true),
            "Whether llama.cpp makes the cache smaller for it.",
        ),
        Spec::new("heads", "Heads there", Kind::Number, "Query heads of layers with a window, where they differ."),
        Spec::new("kv_heads", "KV heads there", Kind::Number, "KV heads of layers with a window, where they differ."),
        Spec::new("key", "Key width there", Kind::Number, "Key width of layers with a window, where it differs."),
        Spec::new("value", "Value width there", Kind::Number, "Value width of layers with a window, where it differs."),
    ],
};

const RECURRENT_KINDS: &[&str] = &["deltanet", "mamba1", "mamba2", "shortconv", "lightning", "kda"];

pub(in super::super) const HYBRID: Group = Group {
    key: "hybrid",
    title: "Recurrent layers",
    fields: &[
        Spec::new(
            "kind",
            "Kind",
            Kind::Choice(RECURRENT_KINDS),
            "The mixer of the layers that keep a state instead of a cache.",
        )
        .required(),
        Spec::new(
            "pattern",
            "Pattern",
            Kind::Text,
            "Which layers are recurrent: 3:1 is three recurrent, then one of attention, over and over.",
        )
        .pattern(),
        Spec::new(
            "blocks",
            "Blocks",
            Kind::Text,
            "In place of a pattern, one letter per layer: M recurrent, * attention, - dense, E experts.",
        )
        .pattern(),
        Spec::new("heads", "Heads", Kind::Number, "Heads of the state.").of(&["mamba2", "lightning", "kda"]),
        Spec::new("key_heads", "Key heads", Kind::Number, "Heads of queries and keys.").of(&["deltanet"]),
        Spec::new("value_heads", "Value heads", Kind::Number, "Heads of values.").of(&["deltanet"]),
        Spec::new("key", "Key width", Kind::Number, "Width of a key head.").of(&["deltanet", "lightning", "kda"]),
        Spec::new("value", "Value width", Kind::Number, "Width of a value head.").of(&["deltanet"]),
        Spec::new("inner", "Inner width", Kind::Number, "Width inside the mixer.").of(&["mamba1", "mamba2"]),
        Spec::new("state", "State", Kind::Number, "State of each channel.").of(&["mamba1", "mamba2"]),
        Spec::new(
            "groups",
            "Groups",
            Kind::Number,
            "Groups that share their inputs and outputs; they have to divide the inner width.",
        )
        .of(&["mamba2"]),
        Spec::new("time_rank", "Time rank", Kind::Number, "Rank of the time step.").of(&["mamba1"]),
        Spec::new("conv", "Convolution", Kind::Number, "Tokens under the short convolution.").of(&[
            "deltanet",
            "mamba1",
            "mamba2",
            "shortconv",
            "kda",
        ]),
    ],
};

pub(in super::super) const FFN: Group = Group {
    key: "ffn",
    title: "Feed-forward",
    fields: &[
        Spec::new("width", "Width", Kind::Number, "Width of a dense block."),
        Spec::new(
            "widths",
            "Widths by layer",
            Kind::Widths,
            "In place of one width, runs of layers with their width, such as 3 x 11,264, 2 x 14,336.",
        ),
        Spec::new(
            "leading_dense",
            "Leading dense layers",
            Kind::Count,
            "First layers that are dense in a model of experts.",
        ),
    ],
};

pub(in super::super) const MOE: Group = Group {
    key: "moe",
    title: "Experts",
    fields: &[
        Spec::new("experts", "Experts", Kind::Number, "Routed experts of a layer.").required(),
        Spec::new("used", "Experts used", Kind::Number, "Routed experts used for a token; at most those there are.")
            .required(),
        Spec::new("width", "Expert width", Kind::Number, "Width of one routed expert.").required(),
        Spec::new("shared_width", "Shared width", Kind::Number, "Width of all shared experts together."),
        Spec::new(
            "latent",
            "Latent width",
            Kind::Number,
            "Width the residual is projected to before the experts, where it is.",
        ),
        Spec::new(
            "every",
            "Every so many layers",
            Kind::Count,
            "Which layers have experts: 2 is every second; every layer when empty.",
        )
        .pattern(),
        Spec::new(
            "router_bias",
            "Router bias",
            Kind::Presence,
            "The bias that balances the router, where the architecture leaves it open.",
        )
        .whole(),
        Spec::new(
            "hash_layers",
            "Layers chosen by table",
            Kind::Count,
            "First layers whose experts are chosen by a table of tokens (DeepSeek V4).",
        )
        .whole(),
    ],
};

pub(in super::super) const INDEXER: Group = Group {
    key: "indexer",
    title: "Sparse-attention indexer",
    fields: &[
        Spec::new("heads", "Heads", Kind::Number, "Query heads of the indexer.").required().whole(),
        Spec::new("key", "Key width", Kind::Number, "Width of its keys, kept in the cache.").required().whole(),
        Spec::new("top", "Tokens picked", Kind::Number, "Tokens, or blocks, it picks.").whole(),
        Spec::new(
            "pattern",
            "Layers without",
            Kind::Text,
            "Which layers do without an indexer of their own, such as 3:1; none when empty.",
        )
        .pattern(),
    ],
};

pub(in super::super) const ROPE: Group = Group {
    key: "rope_table",
    title: "Rotary table",
    fields: &[
        Spec::new(
            "kind",
            "Kind",
            Kind::Choice(&["freqs", "long_short"]),
            "freqs: one table; long_short: two, for long and short contexts.",
        )
        .required()
        .whole(),
        Spec::new("factors", "Factors", Kind::Number, "Factors in a table.").required().whole(),
    ],
};

pub(in super::super) const RUN: Group = Group {
    key: "stack",
    title: "Run of layers",
    fields: &[
        Spec::new("layers", "Layers", Kind::Count, "Equal layers in this run.").required(),
        Spec::new("dense", "Dense width", Kind::Number, "Width of a dense block; none when empty."),
        Spec::new(
            "borrows_cache",
            "Shares KV",
            Kind::Flag(false),
            "Whether these layers read an earlier layer's cache and keep none.",
        ),
        Spec::new(
            "indexed",
            "Has an indexer",
            Kind::Flag(false),
            "Whether these layers own a sparse-attention indexer.",
        ),
    ],
};

/// The recurrent part of a run: as [`HYBRID`], under the key a run has for it.
pub(in super::super) const RECURRENT: Group = Group { key: "recurrent", ..HYBRID };

/// Parts of the document that may be there or not, in the order shown.
pub(in super::super) const PARTS: [Group; 7] = [ATTENTION, WINDOW, HYBRID, FFN, MOE, INDEXER, ROPE];
/// Parts of a run that may be there or not.
pub(in super::super) const RUN_PARTS: [Group; 4] = [ATTENTION, WINDOW, RECURRENT, MOE];
