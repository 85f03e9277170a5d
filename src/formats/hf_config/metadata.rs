//! A `config.json` told in the keys of a GGUF file, as a converter would write them.
//!
//! Both kinds of file are then read by the same rules (`gguf_shape`). Source: llama.cpp v0.5.0
//! `conversion/base.py` (`set_gguf_parameters`) and each family's file beside it.

use super::family::{Family, State};
use super::keys::{Config, MOST_LAYERS, Named, invalid};
use super::layers::{Kind, kinds, routed};
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
const EXPERTS: &[&str] = &["num_local_experts", "n_routed_experts", "num_experts", "moe_num_experts"];
#[rustfmt::skip]
const USED: &[&str] = &[
    "num_experts_per_tok", "num_experts_per_token", "experts_per_token", "top_k_experts", "moe_topk", "moe_top_k", "moe_k",
];
const EXPERT_WIDTH: &[&str] = &["moe_intermediate_size", "expert_intermediate_size", "intermediate_size"];
const DENSE_WIDTH: &[&str] =
    &["dense_intermediate_size", "intermediate_size_mlp", "intermediate_size", "ffn_hidden_size", "n_inner"];
#[rustfmt::skip]
const SHARED_WIDTH: &[&str] = &[
    "shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "shared_intermediate_size",
    "share_expert_dim",
];
const SHARED: &[&str] =
    &["n_shared_experts", "num_shared_experts", "moe_num_shared_experts", "num_shared_expert", "num_shared_expert_total"];
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
    let width = config.named(HEAD)?;
    let full = config.named(&["global_head_dim"])?.or(width);
    let value = config.named(&["v_head_dim"])?.or(full);
    for (gguf, width) in [("attention.key_length", full), ("attention.value_length", value)] {
        if let Some(width) = width {
            told.number(gguf, width);
        }
    }
    let sliding = config.named(&["swa_head_dim"])?.or(width);
    let sliding_value = config.named(&["swa_v_head_dim", "v_head_dim"])?.or(sliding);
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

/// Dense blocks and experts.
fn feed_forward(
    config: &Config,
    family: &Family,
    told: &mut Told,
    experts: Option<Named>,
    hidden: u64,
) -> Result<(), Invalid> {
    let layers = told.layers;
    let mut dense = dense_widths(config, family, told, hidden)?;
    let Some(experts) = experts else {
        told.list("feed_forward_length", "intermediate_size", dense);
        return Ok(());
    };
    told.number("expert_count", experts);
    let used = config.per_layer(USED, layers)?.ok_or_else(|| invalid(USED[0], "it is missing"))?;
    let width = config.per_layer(EXPERT_WIDTH, layers)?.ok_or_else(|| invalid(EXPERT_WIDTH[0], "it is missing"))?;
    let routed = routed(config, told.kinds.as_deref(), layers)?;
    let first = routed.iter().position(|routed| *routed).unwrap_or(0);
    if routed.contains(&true) && width[first] == 0 {
        return Err(invalid(EXPERT_WIDTH[0], "it is 0"));
    }
    for i in 0..layers {
        if told.is(i, Kind::Experts) {
            dense[i] = width[i];
        }
    }
    told.list("feed_forward_length", "intermediate_size", dense);
    told.list("expert_used_count", USED[0], used);
    told.list(
        "expert_feed_forward_length",
        EXPERT_WIDTH[0],
        width.iter().zip(&routed).map(|(width, routed)| if *routed { *width } else { 0 }),
    );
    if let Some(shared) = shared_width(config, width[first], layers)? {
        told.number("expert_shared_feed_forward_length", shared);
    }
    if let Some(latent) = config.named(&["moe_latent_size", "routed_expert_hidden_size"])? {
        told.number("moe_latent_size", latent);
    }
    // A router whose scores come from a sigmoid has a bias that balances it.
    let says = |key, word| config.text.get(key).and_then(Json::text) == Some(word);
    let sigmoid = says("scoring_func", "sigmoid") || says("topk_method", "noaux_tc");
    told.number("expert_gating_func", Named { value: 1 + u64::from(sigmoid), key: "scoring_func" });
    Ok(())
}

/// The width of the dense block of each layer, 0 for none.
fn dense_widths(config: &Config, family: &Family, told: &Told, hidden: u64) -> Result<Vec<u64>, Invalid> {
    let layers = told.layers;
    if let Some(blocks) = config.text.get("block_configs").and_then(Json::list) {
        if blocks.len() < layers {
            let why = format!("{} blocks for {layers} layers", blocks.len());
            return Err(Invalid { field: "block_configs", why });
        }
        return blocks.iter().take(layers).map(|block| block_width(block, hidden)).collect();
    }
    if matches!(family.state, State::Mamba1 | State::Mamba2) {
        return Ok(vec![0; layers]);
    }
    let mut widths = match config.per_layer(DENSE_WIDTH, layers)? {
        Some(widths) => widths,
        None if family.gguf == "falcon" => vec![4 * hidden; layers],
        None if config.number(EXPERTS)?.unwrap_or(0) > 0 => vec![0; layers],
        None => return Err(invalid("intermediate_size", "it is missing")),
    };
    if family.state == State::ShortConv {
        let asked = config.number(&["block_ff_dim"])?;
        let adjust = config.text.get("block_auto_adjust_ff_dim") != Some(&Json::Bool(false)) && family.gguf == "lfm2";
        let multiple = config.number(&["block_multiple_of"])?.unwrap_or(256).max(1);
        for width in &mut widths {
            *width = asked.unwrap_or(*width);
            if adjust {
                *width = (2 * *width / 3).next_multiple_of(multiple);
            }
        }
    }
    if config.is_true("use_double_wide_mlp") {
        let shared = config.number(&["num_kv_shared_layers"])?.unwrap_or(0) as usize;
        for width in widths.iter_mut().skip(layers.saturating_sub(shared)) {
            *width *= 2;
        }
    }
    let has_ffn = |i: usize| !(family.state == State::Nemotron && !told.is(i, Kind::Dense));
    Ok((0..layers).map(|i| if has_ffn(i) { widths[i] } else { 0 }).collect())
}

/// The width of one block of a model found by search: two thirds of a multiple, in whole 256s.
fn block_width(block: &Json, hidden: u64) -> Result<u64, Invalid> {
    let ffn = block.get("ffn");
    let says = |flag: &str| ffn.and_then(|ffn| ffn.get(flag)).is_some_and(Json::is_true);
    if says("no_op") {
        return Ok(0);
    }
    if let Some(width) = ffn.and_then(|ffn| ffn.get("intermediate_size")).and_then(Json::count) {
        return Ok(width);
    }
    let multiple = ffn.and_then(|ffn| ffn.get("ffn_mult")).and_then(Json::float);
    let multiple = multiple.filter(|multiple| (0.0..=64.0).contains(multiple));
    let multiple = multiple.ok_or_else(|| invalid("block_configs", "ffn_mult has to be a number from 0 to 64"))?;
    Ok(((2.0 * multiple * hidden as f64 / 3.0) as u64).next_multiple_of(256))
}

/// Width of all shared experts together, where the file says something of them.
fn shared_width(config: &Config, expert: u64, layers: usize) -> Result<Option<Named>, Invalid> {
    if let Some(width) = config.named(SHARED_WIDTH)? {
        return Ok(Some(width));
    }
    let Some(counts) = config.per_layer(SHARED, layers)? else { return Ok(None) };
    let count = counts.first().copied().unwrap_or(0);
    if counts.iter().any(|other| *other != count) {
        return Err(invalid(SHARED[0], "it differs from layer to layer, which is not known here"));
    }
    let value = count.checked_mul(expert).ok_or_else(|| invalid(SHARED[0], "they are too wide"))?;
    Ok(Some(Named { value, key: SHARED[0] }))
}
