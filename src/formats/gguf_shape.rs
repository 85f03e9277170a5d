//! GGUF metadata read as the shape of a model.
//!
//! The rules are the engine's own: which key means what for which architecture, and what stands in
//! for a key that is missing. Source: llama.cpp v0.5.0 `llama-model.cpp` (`load_hparams`),
//! `src/models/*.cpp` (`load_arch_hparams`), `llama-arch.cpp` (key names).

use super::gguf_ffn::feed_forwards;
use super::gguf_value::{Keys, Metadata, Value};
use super::gguf_windows::windows;
use crate::memory::KvLayout;
use crate::model::{
    Architecture, Attention, Confidence, Details, Facts, Indexer, Invalid, Layer, Mixer, Mla, Presence, Recurrent,
    Window,
};
use crate::units::Tokens;

/// Whether the file has an output head of its own. Only its list of tensors tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// There is an `output.weight`.
    Own,
    /// The input embedding serves as the head.
    Tied,
}

/// Architectures whose layers this vocabulary cannot say, and why.
const REFUSED: &[(&str, &str)] = &[
    ("deepseek4", "its compressed attention is not known here"),
    ("falcon-h1", "its layers attend and recur at once"),
    ("plamo2", "its recurrent layers are not known here"),
    ("qwen4exp", "its sparse attention is not known here"),
    ("minimax-m3", "its sparse attention is not known here"),
    ("rwkv6", "its recurrent layers are not known here"),
    ("rwkv6qwen2", "its recurrent layers are not known here"),
    ("rwkv7", "its recurrent layers are not known here"),
    ("arwkv7", "its recurrent layers are not known here"),
    ("t5", "it has an encoder"),
    ("t5encoder", "it is an encoder"),
    ("clip", "it is the vision part of another model"),
];

/// Builds the shape of a model from GGUF metadata.
///
/// # Errors
/// Names the key that is missing or makes no sense, and architectures that cannot be said.
pub fn architecture(id: &str, metadata: &Metadata, head: Head) -> Result<Architecture, Invalid> {
    let Some(Value::Str(arch)) = metadata.get("general.architecture") else {
        return Err(Invalid { field: "general.architecture", why: "it is missing".into() });
    };
    if let Some((_, why)) = REFUSED.iter().find(|(name, _)| name == arch) {
        return Err(Invalid { field: "general.architecture", why: format!("{arch} is not supported: {why}") });
    }
    shape(id, metadata, head)
}

/// The same without a word about which architectures can be said: what calls it knows more of them.
pub(super) fn shape(id: &str, metadata: &Metadata, head: Head) -> Result<Architecture, Invalid> {
    let Some(Value::Str(arch)) = metadata.get("general.architecture") else {
        return Err(Invalid { field: "general.architecture", why: "it is missing".into() });
    };
    let keys = Keys { arch, metadata };
    let all = keys.layers()?;
    let mtp = keys.number("nextn_predict_layers")?.unwrap_or(0);
    if mtp >= all {
        return Err(Invalid { field: "nextn_predict_layers", why: format!("{mtp} of {all} layers") });
    }
    let hidden = keys.needed("embedding_length")?;
    let mixers = mixers(&keys, all, all - mtp, hidden)?;
    let ffns = feed_forwards(&keys, all, &mixers)?;
    let layers = mixers.into_iter().zip(ffns).map(|(mixer, ffn)| Layer { mixer, ffn });
    let name = match metadata.get("general.name") {
        Some(Value::Str(name)) => name.chars().filter(|c| !c.is_control()).take(120).collect(),
        _ => id.to_owned(),
    };
    Ok(Architecture {
        id: id.to_owned(),
        name,
        gguf: arch.clone(),
        hidden,
        vocab: keys.vocab()?,
        tied_embeddings: head == Head::Tied,
        max_context: Tokens::new(keys.needed("context_length")?),
        layers: layers.take((all - mtp) as usize).collect(),
        mtp_layers: mtp as u32,
        details: details(&keys)?,
        facts: Facts { source: "GGUF header".into(), confidence: Confidence::Read, ..Facts::default() },
    })
}

/// What the keys tell of the particulars; the rest is for the tensor list of the file to say.
fn details(keys: &Keys) -> Result<Details, Invalid> {
    let mut details = Details { mtp_in_file: true, ..Details::default() };
    let per_layer = keys.number("embedding_length_per_layer_input")?.filter(|width| *width > 0);
    details.per_layer_embedding = per_layer;
    // Gemma 4 without embeddings for each layer (26B and 31B) has no values where it sees everything.
    details.values_are_keys = keys.arch == "gemma4" && per_layer.is_none();
    // DeepSeek's router has a bias since its shares come from a sigmoid.
    if keys.arch == "deepseek2" && keys.number("expert_gating_func")?.unwrap_or(1) == 1 {
        details.router_bias = Presence::Absent;
    }
    let head_count = keys.number("attention.indexer.head_count")?;
    let key = keys.number("attention.indexer.key_length")?;
    let top = keys.number("attention.indexer.top_k")?;
    if let (Some(heads), Some(key), Some(top)) = (head_count, key, top) {
        details.indexer = Some(Indexer { heads, key, top });
    }
    Ok(details)
}

/// The layout a file forces on the cache of latent attention: one written before April 2025 has no
/// split `kv_b`, and every engine keeps its keys and values expanded.
#[must_use]
pub fn forced_layout(metadata: &Metadata) -> Option<KvLayout> {
    let Some(Value::Str(arch)) = metadata.get("general.architecture") else {
        return None;
    };
    let keys = Keys { arch, metadata };
    let compressed = keys.value("attention.kv_lora_rank").is_some();
    (compressed && keys.value("attention.key_length_mla").is_none()).then_some(KvLayout::Expanded)
}

/// How each layer of the file mixes tokens.
fn mixers(keys: &Keys, all: u64, main: u64, hidden: u64) -> Result<Vec<Mixer>, Invalid> {
    if matches!(keys.arch, "mamba" | "mamba2") {
        return Ok(vec![Mixer::Recurrent(recurrent(keys, 0)?); all as usize]);
    }
    let heads = keys
        .per_layer("attention.head_count", all)?
        .ok_or_else(|| Invalid { field: "attention.head_count", why: "it is missing".into() })?;
    let kv_heads = keys.per_layer("attention.head_count_kv", all)?.unwrap_or_else(|| heads.clone());
    let windows = windows(keys, all)?;
    let recurrent_layers = recurrent_layers(keys, all, main, &kv_heads)?;
    let dense = keys.per_layer("feed_forward_length", all)?.unwrap_or_default();
    let owners = cache_owners(keys, all)?;
    let mut mixers = Vec::with_capacity(all as usize);
    for i in 0..all as usize {
        let attends = heads[i] > 0 && kv_heads[i] > 0;
        mixers.push(if recurrent_layers[i] {
            Mixer::Recurrent(recurrent(keys, heads[i])?)
        } else if !attends || (is_nemotron(keys.arch) && dense.get(i).is_some_and(|w| *w > 0)) {
            Mixer::None
        } else if keys.value("attention.kv_lora_rank").is_some() {
            Mixer::Mla(latent(keys, heads[i], i)?)
        } else {
            let borrows_cache = i as u64 >= owners;
            let shape = Heads { heads: heads[i], kv_heads: kv_heads[i], hidden };
            Mixer::Attention(attention(keys, shape, windows[i], borrows_cache)?)
        });
    }
    Ok(mixers)
}

/// Heads of one layer and the width they share.
#[derive(Clone, Copy)]
#[allow(clippy::struct_field_names, reason = "heads are counted")]
struct Heads {
    heads: u64,
    kv_heads: u64,
    hidden: u64,
}

/// A layer with keys and values per head. Window layers may have heads of another width.
fn attention(keys: &Keys, shape: Heads, window: Option<Window>, borrows_cache: bool) -> Result<Attention, Invalid> {
    let Heads { heads, kv_heads, hidden } = shape;
    if !heads.is_multiple_of(kv_heads) {
        let why = format!("{kv_heads} key heads do not divide {heads} heads");
        return Err(Invalid { field: "attention.head_count_kv", why });
    }
    let slides = window.is_some_and(|window| window.shrinks_cache);
    let width = |full: &'static str, sliding: &'static str| -> Result<u64, Invalid> {
        let own = if slides { keys.number(sliding)? } else { None };
        Ok(own.or(keys.number(full)?).unwrap_or(hidden / heads))
    };
    Ok(Attention {
        heads,
        kv_heads,
        key: width("attention.key_length", "attention.key_length_swa")?,
        value: width("attention.value_length", "attention.value_length_swa")?,
        window,
        borrows_cache,
        gated: matches!(keys.arch, "qwen3next" | "qwen35" | "qwen35moe"),
    })
}

/// Latent attention. Files from before the split of `kv_b` name the expanded widths.
fn latent(keys: &Keys, heads: u64, layer: usize) -> Result<Mla, Invalid> {
    let rope = keys.needed("rope.dimension_count")?;
    let key = match keys.number("attention.key_length_mla")? {
        Some(width) => width,
        None => keys.needed("attention.key_length")?,
    };
    let value = match keys.number("attention.value_length_mla")? {
        Some(width) => width,
        None => keys.needed("attention.value_length")?,
    };
    let nope = key.checked_sub(rope).ok_or_else(|| Invalid {
        field: "attention.key_length_mla",
        why: format!("{key} is less than its rotary part of {rope}"),
    })?;
    let types = keys.value("attention.indexer.types");
    let has_indexer = match types {
        Some(Value::Array(types)) => !matches!(types.get(layer), Some(Value::Int(0) | Value::Bool(false))),
        _ => true,
    };
    let indexer = keys.number("attention.indexer.key_length")?.filter(|_| has_indexer);
    Ok(Mla {
        heads,
        q_rank: keys.number("attention.q_lora_rank")?.filter(|rank| *rank > 0),
        kv_rank: keys.needed("attention.kv_lora_rank")?,
        rope,
        nope,
        value,
        indexer,
    })
}

/// Which layers keep a state instead of a cache.
fn recurrent_layers(keys: &Keys, all: u64, main: u64, kv_heads: &[u64]) -> Result<Vec<bool>, Invalid> {
    let every = match keys.arch {
        "qwen3next" | "qwen35" | "qwen35moe" => 4,
        "minimax-01" => 8,
        "jamba" | "granitehybrid" | "nemotron_h" | "nemotron_h_moe" | "lfm2" | "lfm2moe" | "kimi-linear"
        | "kimi-k3" => {
            let dense = keys.per_layer("feed_forward_length", all)?.unwrap_or_default();
            let only_ffn = |i: usize| is_nemotron(keys.arch) && dense.get(i).is_some_and(|width| *width > 0);
            return Ok(kv_heads.iter().enumerate().map(|(i, heads)| *heads == 0 && !only_ffn(i)).collect());
        }
        _ => return Ok(vec![false; all as usize]),
    };
    if let Some(listed) = keys.per_layer("attention.recurrent_layers", all)? {
        return Ok(listed.iter().map(|flag| *flag != 0).collect());
    }
    let every = keys.number("full_attention_interval")?.unwrap_or(every).max(1);
    Ok((0..all).map(|i| i < main && !(i + 1).is_multiple_of(every)).collect())
}

/// The recurrent mixer of an architecture.
fn recurrent(keys: &Keys, heads: u64) -> Result<Recurrent, Invalid> {
    if matches!(keys.arch, "lfm2" | "lfm2moe") {
        return Ok(Recurrent::ShortConv { conv: keys.needed("shortconv.l_cache")? });
    }
    if keys.arch == "minimax-01" {
        return Ok(Recurrent::Lightning { heads, key: keys.needed("attention.key_length")? });
    }
    let conv = keys.needed("ssm.conv_kernel")?;
    if matches!(keys.arch, "kimi-linear" | "kimi-k3") {
        return Ok(Recurrent::Kda { heads, key: keys.needed("kda.head_dim")?, conv });
    }
    let (inner, state) = (keys.needed("ssm.inner_size")?, keys.needed("ssm.state_size")?);
    let rank = keys.needed("ssm.time_step_rank")?;
    let groups = keys.number("ssm.group_count")?.unwrap_or(0);
    Ok(match keys.arch {
        "qwen3next" | "qwen35" | "qwen35moe" => {
            Recurrent::DeltaNet { key_heads: groups, value_heads: rank, key: state, value: inner / rank, conv }
        }
        "mamba" | "jamba" => Recurrent::Mamba1 { inner, state, conv, time_rank: rank },
        _ => Recurrent::Mamba2 { inner, state, conv, groups, heads: rank },
    })
}

/// Layers that own a cache; those after them borrow one.
fn cache_owners(keys: &Keys, all: u64) -> Result<u64, Invalid> {
    Ok(match keys.arch {
        "gemma3n" => 20,
        _ => all.saturating_sub(keys.number("attention.shared_kv_layers")?.unwrap_or(0)),
    })
}

/// Layers of these are a mixer or a feed-forward part, never both.
pub(super) fn is_nemotron(arch: &str) -> bool {
    matches!(arch, "nemotron_h" | "nemotron_h_moe")
}
