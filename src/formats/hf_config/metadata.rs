//! A `config.json` told in the keys of a GGUF file, as a converter would write them.
//!
//! Both kinds of file are then read by the same rules (`gguf_shape`). Source: llama.cpp v0.5.0
//! `conversion/base.py` (`set_gguf_parameters`) and each family's file beside it.

use super::family::{Family, State};
use super::feed_forward::feed_forward;
use super::keys::{Config, MOST_LAYERS, Named, invalid};
use super::layers::{Kind, kinds};
use crate::formats::json::Json;
use crate::formats::{Metadata, Value};
use crate::model::Invalid;

/// The keys of a GGUF file, and which keys of the `config.json` each was told from.
pub(super) struct Told {
    pub arch: String,
    pub metadata: Metadata,
    pub layers: usize,
    pub kinds: Option<Vec<Kind>>,
    from: Vec<(&'static str, &'static str)>,
}

const LAYERS: &[&str] = &["num_hidden_layers", "n_layer", "n_layers", "num_layers"];
const HIDDEN: &[&str] = &["hidden_size", "n_embd", "d_model"];
const VOCAB: &[&str] = &["vocab_size", "padded_vocab_size"];
const CONTEXT: &[&str] = &["model_max_length", "max_position_embeddings", "n_positions", "max_sequence_length"];
const HEADS: &[&str] = &["num_attention_heads", "n_head", "num_heads", "n_heads"];
const KV_HEADS: &[&str] = &["num_key_value_heads", "num_kv_heads", "n_head_kv", "num_attention_groups"];
const HEAD: &[&str] = &["head_dim", "attention_head_dim", "kv_channels"];
pub(super) const EXPERTS: &[&str] = &["num_local_experts", "n_routed_experts", "num_experts", "moe_num_experts"];
const WINDOW: &[&str] = &["sliding_window", "sliding_window_size", "attention_chunk_size"];

/// Tells a configuration in GGUF keys.
///
/// # Errors
/// The key of the configuration that is missing or makes no sense.
pub(super) fn told(config: &Config, family: &Family) -> Result<Told, Invalid> {
    let listed = super::layers::listed(config);
    let layers = match config.number(LAYERS)?.or(listed) {
        Some(layers) => layers,
        None => config.needed(LAYERS)?,
    };
    if layers == 0 {
        return Err(invalid(LAYERS[0], "it is 0"));
    }
    if layers > MOST_LAYERS {
        return Err(Invalid { field: LAYERS[0], why: format!("{layers} layers are too many") });
    }
    let experts = config.named(EXPERTS)?.filter(|experts| experts.value > 0);
    let experts = experts.filter(|_| config.text.get("enable_moe_block") != Some(&Json::Bool(false)));
    let has_experts = experts.is_some();
    let arch = match (family.gguf, has_experts) {
        ("nemotron_h", true) => "nemotron_h_moe",
        (gguf, _) => gguf,
    };
    let layers = layers as usize;
    let mut told = Told {
        arch: arch.to_owned(),
        metadata: Metadata::new(),
        layers,
        kinds: kinds(config, family, layers)?,
        from: Vec::new(),
    };
    told.metadata.insert("general.architecture".to_owned(), Value::Str(arch.to_owned()));
    told.number("block_count", Named { value: layers as u64, key: LAYERS[0] });
    let hidden = config.needed(HIDDEN)?;
    told.number("embedding_length", Named { value: hidden, key: HIDDEN[0] });
    told.number("vocab_size", Named { value: config.needed(VOCAB)?, key: VOCAB[0] });
    if let Some(context) = config.named(CONTEXT)? {
        told.number("context_length", context);
    }
    attention(config, family, &mut told)?;
    latent(config, &mut told)?;
    windows(config, &mut told)?;
    feed_forward(config, family, &mut told, experts, hidden)?;
    super::state::state(config, family, &mut told, hidden)?;
    for (gguf, key) in [
        ("embedding_length_per_layer_input", "hidden_size_per_layer_input"),
        ("attention.shared_kv_layers", "num_kv_shared_layers"),
    ] {
        if let Some(number) = config.named(&[key])? {
            told.number(gguf, number);
        }
    }
    Ok(told)
}

impl Told {
    /// Sets a number.
    pub fn number(&mut self, gguf: &'static str, number: Named) {
        self.set(gguf, number.key, Value::Int(i64::try_from(number.value).unwrap_or(i64::MAX)));
    }

    /// Sets a number for each layer.
    pub fn list(&mut self, gguf: &'static str, key: &'static str, numbers: impl IntoIterator<Item = u64>) {
        let values = numbers.into_iter().map(|number| Value::Int(i64::try_from(number).unwrap_or(i64::MAX)));
        self.set(gguf, key, Value::Array(values.collect()));
    }

    fn set(&mut self, gguf: &'static str, key: &'static str, value: Value) {
        self.metadata.insert(format!("{}.{gguf}", self.arch), value);
        self.from.push((gguf, key));
    }

    /// The same refusal by the key of the configuration.
    pub fn named(&self, refused: Invalid) -> Invalid {
        let key = self.from.iter().find(|(gguf, _)| *gguf == refused.field).map(|(_, key)| *key);
        Invalid { field: key.unwrap_or(refused.field), ..refused }
    }

    /// Whether a layer is of this kind by what the file says.
    pub fn is(&self, layer: usize, kind: Kind) -> bool {
        self.kinds.as_ref().is_some_and(|kinds| kinds.get(layer) == Some(&kind))
    }
}

/// Heads of each layer and their widths.
fn attention(config: &Config, family: &Family, told: &mut Told) -> Result<(), Invalid> {
    if matches!(family.state, State::Mamba1 | State::Mamba2) {
        return Ok(());
    }
    let layers = told.layers;
    let heads = config.per_layer(HEADS, layers)?.ok_or_else(|| invalid(HEADS[0], "it is missing"))?;
    if heads.contains(&0) {
        return Err(invalid(HEADS[0], "it is 0"));
    }
    let kv_heads = match config.per_layer(KV_HEADS, layers)? {
        Some(kv_heads) if config.find(&["num_kv_heads"]).is_none() || is_new_falcon(config) => kv_heads,
        _ if config.is_true("multi_query") && !is_new_falcon(config) => vec![1; layers],
        Some(kv_heads) => kv_heads,
        None => heads.clone(),
    };
    let block = |layer: usize| config.text.get("block_configs").and_then(Json::list).and_then(|list| list.get(layer));
    let other = config.text.get("attention_other_setting");
    let windowed = |key: &'static str, inner: &str| match other.and_then(|other| other.get(inner)) {
        Some(value) => super::keys::number(key, value).map(Some),
        None => config.number(&[key]),
    };
    let windowed_heads = windowed("swa_num_attention_heads", "num_attention_heads")?;
    let windowed_kv = windowed("swa_num_key_value_heads", "num_attention_groups")?;
    let full_kv = config.number(&["num_global_key_value_heads"])?;
    let (mut all, mut all_kv) = (Vec::with_capacity(layers), Vec::with_capacity(layers));
    for i in 0..layers {
        let (mut own, mut kv) = (heads[i], kv_heads[i]);
        if told.is(i, Kind::Windowed) {
            (own, kv) = (windowed_heads.unwrap_or(own), windowed_kv.unwrap_or(kv));
        } else if told.is(i, Kind::Full) {
            kv = full_kv.unwrap_or(kv);
        } else if told.kinds.is_some() {
            kv = 0;
        }
        if let Some(block) = block(i) {
            (own, kv) = block_heads(block, own)?;
        }
        if kv == 0 && (told.kinds.is_none() || told.is(i, Kind::Full)) && block(i).is_none() {
            return Err(invalid(KV_HEADS[0], "it is 0"));
        }
        all.push(own);
        all_kv.push(kv);
    }
    told.list("attention.head_count", HEADS[0], all);
    told.list("attention.head_count_kv", KV_HEADS[0], all_kv);
    // Some files write 0 for what they have not.
    let width_of = |keys: &[&'static str]| Ok(config.named(keys)?.filter(|width| width.value > 0));
    let width = width_of(HEAD)?;
    let full = width_of(&["global_head_dim"])?.or(width);
    let value = width_of(&["v_head_dim"])?.or(full);
    for (gguf, width) in [("attention.key_length", full), ("attention.value_length", value)] {
        if let Some(width) = width {
            told.number(gguf, width);
        }
    }
    let sliding = width_of(&["swa_head_dim"])?.or(width);
    let sliding_value = width_of(&["swa_v_head_dim", "v_head_dim"])?.or(sliding);
    for (gguf, width) in [("attention.key_length_swa", sliding), ("attention.value_length_swa", sliding_value)] {
        if let Some(width) = width {
            told.number(gguf, width);
        }
    }
    Ok(())
}

/// Falcon from 40B counts its key-value heads; before, `multi_query` means one.
fn is_new_falcon(config: &Config) -> bool {
    config.is_true("new_decoder_architecture")
}

/// Heads of one block of a model found by search (Nemotron Super): none where it does not attend.
fn block_heads(block: &Json, heads: u64) -> Result<(u64, u64), Invalid> {
    let key = "block_configs";
    let attention = block.get("attention");
    let says = |flag: &str| attention.and_then(|attention| attention.get(flag)).is_some_and(Json::is_true);
    if says("no_op") || says("replace_with_linear") {
        return Ok((0, 0));
    }
    let group = attention.and_then(|attention| attention.get("n_heads_in_group")).and_then(Json::count);
    match group {
        Some(group) if group > 0 && heads.is_multiple_of(group) => Ok((heads, heads / group)),
        _ => Err(invalid(key, "n_heads_in_group has to divide the heads")),
    }
}

/// Latent attention and its indexer.
fn latent(config: &Config, told: &mut Told) -> Result<(), Invalid> {
    if let Some(rank) = config.named(&["kv_lora_rank"])? {
        told.number("attention.kv_lora_rank", rank);
        let rope = config.needed(&["qk_rope_head_dim"])?;
        let nope = config.needed(&["qk_nope_head_dim"])?;
        told.number("rope.dimension_count", Named { value: rope, key: "qk_rope_head_dim" });
        told.number("attention.key_length_mla", Named { value: rope + nope, key: "qk_nope_head_dim" });
        let value = config.needed(&["v_head_dim"])?;
        told.number("attention.value_length_mla", Named { value, key: "v_head_dim" });
        if let Some(rank) = config.named(&["q_lora_rank"])? {
            told.number("attention.q_lora_rank", rank);
        }
    }
    if let Some(sparse) = config.text.get("sparse_attention_config") {
        for (gguf, key, inner) in [
            ("attention.indexer.head_count", "sparse_num_index_heads", "sparse_num_index_heads"),
            ("attention.indexer.key_length", "sparse_index_dim", "sparse_index_dim"),
            ("attention.indexer.top_k", "sparse_topk_blocks", "sparse_topk_blocks"),
        ] {
            if let Some(value) = sparse.get(inner) {
                told.number(gguf, Named { value: super::keys::number(key, value)?, key });
            }
        }
    }
    for (gguf, key) in [
        ("attention.indexer.head_count", "index_n_heads"),
        ("attention.indexer.key_length", "index_head_dim"),
        ("attention.indexer.top_k", "index_topk"),
    ] {
        if let Some(number) = config.named(&[key])? {
            told.number(gguf, number);
        }
    }
    if let Some((key, words)) = config.words(&["indexer_types"], told.layers)? {
        told.list("attention.indexer.types", key, words.into_iter().map(|word| u64::from(word != "shared")));
    }
    Ok(())
}

/// Sliding windows.
fn windows(config: &Config, told: &mut Told) -> Result<(), Invalid> {
    let off = config.text.get("use_sliding_window") == Some(&Json::Bool(false));
    let Some(tokens) = config.named(WINDOW)?.filter(|tokens| tokens.value > 0 && !off) else { return Ok(()) };
    let key = "attention.sliding_window_pattern";
    if let Some(kinds) = told.kinds.clone() {
        if kinds.contains(&Kind::Windowed) {
            told.number("attention.sliding_window", tokens);
            told.list(key, "layer_types", kinds.iter().map(|kind| u64::from(*kind == Kind::Windowed)));
        }
        return Ok(());
    }
    told.number("attention.sliding_window", tokens);
    if let Some(period) = config.named(&["sliding_window_pattern", "_sliding_window_pattern"])? {
        told.number(key, period);
    }
    Ok(())
}
