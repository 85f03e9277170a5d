//! Writes every model of the catalogue as a GGUF file that is all header: true keys, names, shapes and types, and
//! a hole instead of weights. What an engine says of such files is in `tests/golden/catalogue_*.csv`; how it was
//! asked is in `engine_counts.cpp` beside this file.
//!
//! `cargo run --example engine_headers -- FOLDER`

#[path = "../gguf/mod.rs"]
mod gguf;

use std::collections::HashSet;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use gguf::File;
use willitrun::catalog::Catalog;
use willitrun::formats::Value;
use willitrun::model::{Architecture, Attention, Compressed, FeedForward, Layer, Mixer, Mla, Moe, Presence, Recurrent};
use willitrun::quant::Format;

/// ggml's number of 32-bit integers, in which the table of hashed experts is kept.
const I32: u32 = 26;
/// Longer contexts are cut here.
const LONGEST: u64 = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("give the folder to write to")?);
    fs::create_dir_all(&folder)?;
    for model in &Catalog::builtin().models {
        let tensors = model.tensors();
        let kept = |pinned: Option<Format>| pinned.filter(|format| *format == Format::F32).unwrap_or(Format::BF16);
        let formats: Vec<Format> = tensors.iter().map(|tensor| kept(tensor.pinned)).collect();
        let mut file = File::new(keys(model)).with(&tensors, &formats);
        for row in file.tensors.iter_mut().filter(|row| row.name.contains("tid2eid")) {
            row.number = I32;
        }
        let ends = file.tensors.iter().zip(tensors.iter().zip(&formats)).map(|(row, (tensor, format))| {
            row.offset + format.bytes(tensor.columns, tensor.rows * tensor.slices).get()
        });
        let length = ends.max().unwrap_or(0).next_multiple_of(gguf::ALIGNMENT);
        let header = file.header();
        let mut out = fs::File::create(folder.join(format!("{}.gguf", model.id)))?;
        out.write_all(&header)?;
        out.set_len(header.len() as u64 + length)?;
    }
    Ok(())
}

/// Keys being collected. The first of a name counts.
struct Keys {
    arch: String,
    all: Vec<(String, Value)>,
}

impl Keys {
    fn put(&mut self, key: &str, value: Value) {
        self.all.push((format!("{}.{key}", self.arch), value));
    }

    fn int(&mut self, key: &str, value: u64) {
        self.put(key, int(value));
    }

    fn float(&mut self, key: &str, value: f64) {
        self.put(key, Value::Float(value));
    }

    fn is(&self, archs: &[&str]) -> bool {
        archs.contains(&self.arch.as_str())
    }
}

fn int(value: u64) -> Value {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

/// One number where all layers agree, else one for each.
fn each(values: &[u64]) -> Value {
    match values {
        [first, rest @ ..] if rest.iter().all(|value| value == first) => int(*first),
        _ => Value::Array(values.iter().copied().map(int).collect()),
    }
}

fn flags(values: impl Iterator<Item = bool>) -> Value {
    Value::Array(values.map(Value::Bool).collect())
}

/// All that any architecture asks for; the engine overlooks what it does not need.
fn keys(model: &Architecture) -> Vec<(String, Value)> {
    let text = |key: &str, value: &str| (key.to_owned(), Value::Str(value.to_owned()));
    let all = vec![
        text("general.architecture", &model.gguf),
        text("general.name", &model.id),
        text("tokenizer.ggml.model", "no_vocab"),
    ];
    let mut keys = Keys { arch: model.gguf.clone(), all };
    let mtp = if model.details.mtp_in_file { model.mtp_layers as usize } else { 0 };
    let last = model.layers.last().copied();
    let layers: Vec<Layer> = model.layers.iter().copied().chain(last.into_iter().cycle().take(mtp)).collect();
    keys.int("vocab_size", model.vocab);
    keys.int("context_length", model.max_context.get().min(LONGEST));
    keys.int("embedding_length", model.hidden);
    keys.int("block_count", layers.len() as u64);
    if mtp > 0 {
        keys.int("nextn_predict_layers", mtp as u64);
    }
    special(&mut keys, model);
    compressed(&mut keys, model, &layers);
    latent(&mut keys, model);
    recurrent(&mut keys, model, &layers);
    attention(&mut keys, model, &layers);
    experts(&mut keys, model);
    for key in ["attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon"] {
        keys.float(key, 1e-5);
    }
    keys.float("rope.freq_base", 10_000.0);
    keys.float("rope.freq_base_swa", 10_000.0);
    keys.int("rope.scaling.original_context_length", 4096);
    let mut seen = HashSet::new();
    keys.all.retain(|(key, _)| seen.insert(key.clone()));
    keys.all
}

/// What a few architectures ask for and no other.
fn special(keys: &mut Keys, model: &Architecture) {
    if keys.is(&["granite", "granitehybrid"]) {
        for key in ["logit_scale", "attention.scale", "residual_scale", "embedding_scale"] {
            keys.float(key, 0.22);
        }
    }
    if keys.is(&["command-r", "cohere2"]) {
        keys.float("logit_scale", 0.25);
    }
    if keys.is(&["gemma2"]) {
        keys.float("attention.logit_softcapping", 50.0);
    }
    if keys.is(&["gemma2", "gemma4", "gemma3n"]) {
        keys.float("final_logit_softcapping", 30.0);
    }
    if keys.is(&["minimax-01"]) {
        keys.float("residual_scale", 3.0);
    }
    if keys.is(&["minimax-m3"]) {
        keys.int("attention.indexer.block_size", 128);
        keys.int("attention.indexer.local_blocks", 1);
    }
    if keys.is(&["kimi-k3"]) {
        keys.int("attn_res.block_size", 12);
        keys.float("activation.situ_beta", 1.0);
        keys.float("activation.situ_linear_beta", 1.0);
    }
    if model.id == "phi-4-mini" {
        keys.int("rope.dimension_count", 96);
    }
    if keys.is(&["phi2"]) {
        keys.int("rope.dimension_count", 32);
    }
    if keys.is(&["qwen3next", "qwen35", "qwen35moe"]) {
        keys.int("rope.dimension_count", 64);
    }
    if keys.is(&["qwen35", "qwen35moe", "qwen3vl"]) {
        keys.put("rope.dimension_sections", Value::Array([11, 11, 10, 0].map(Value::Int).to_vec()));
    }
    if let Some(indexer) = model.details.indexer {
        keys.int("attention.indexer.head_count", indexer.heads);
        keys.int("attention.indexer.key_length", indexer.key);
        keys.int("attention.indexer.top_k", indexer.top);
    }
}

fn first<T>(model: &Architecture, pick: impl Fn(&Mixer) -> Option<T>) -> Option<T> {
    model.layers.iter().find_map(|layer| pick(&layer.mixer))
}

fn compressed(keys: &mut Keys, model: &Architecture, layers: &[Layer]) {
    let of = |mixer: &Mixer| match mixer {
        Mixer::Compressed(mixer) => Some(*mixer),
        _ => None,
    };
    let Some(Compressed { q_rank, window, out_groups, out_rank, width, .. }) = first(model, of) else { return };
    keys.int("attention.q_lora_rank", q_rank);
    keys.int("attention.sliding_window", window.get());
    keys.int("attention.output_group_count", out_groups);
    keys.int("attention.output_lora_rank", out_rank);
    keys.float("attention.compress_rope_freq_base", 160_000.0);
    keys.int("hyper_connection.count", model.details.residual_streams);
    keys.int("hyper_connection.sinkhorn_iterations", 20);
    keys.float("hyper_connection.epsilon", 1e-6);
    keys.int("hash_layer_count", u64::from(model.details.hash_layers));
    keys.put("swiglu_clamp_exp", Value::Array(vec![Value::Float(10.0); layers.len()]));
    keys.int("attention.key_length", width);
    keys.int("attention.value_length", width);
    keys.int("rope.dimension_count", 64);
    let ratios = layers.iter().map(|layer| int(of(&layer.mixer).map_or(0, |mixer| mixer.ratio)));
    keys.put("attention.compress_ratios", Value::Array(ratios.collect()));
    keys.int("expert_gating_func", 4);
}

fn latent(keys: &mut Keys, model: &Architecture) {
    let of = |mixer: &Mixer| match mixer {
        Mixer::Mla(mixer) => Some(*mixer),
        _ => None,
    };
    let Some(Mla { q_rank, kv_rank, rope, nope, value, .. }) = first(model, of) else { return };
    if let Some(rank) = q_rank {
        keys.int("attention.q_lora_rank", rank);
    }
    keys.int("attention.kv_lora_rank", kv_rank);
    keys.int("attention.key_length", kv_rank + rope);
    keys.int("attention.value_length", kv_rank);
    keys.int("attention.key_length_mla", nope + rope);
    keys.int("attention.value_length_mla", value);
    keys.int("rope.dimension_count", rope);
}

fn recurrent(keys: &mut Keys, model: &Architecture, layers: &[Layer]) {
    let of = |mixer: &Mixer| match mixer {
        Mixer::Recurrent(mixer) => Some(*mixer),
        _ => None,
    };
    let Some(mixer) = first(model, of) else { return };
    let mut ssm = |conv, state, inner, rank, groups: Option<u64>| {
        keys.int("ssm.conv_kernel", conv);
        keys.int("ssm.state_size", state);
        keys.int("ssm.inner_size", inner);
        keys.int("ssm.time_step_rank", rank);
        if let Some(groups) = groups {
            keys.int("ssm.group_count", groups);
        }
    };
    match mixer {
        Recurrent::DeltaNet { key_heads, value_heads, key, value, conv } => {
            ssm(conv, key, value_heads * value, value_heads, Some(key_heads));
        }
        Recurrent::Mamba1 { inner, state, conv, time_rank } => ssm(conv, state, inner, time_rank, None),
        Recurrent::Mamba2 { inner, state, conv, groups, heads } => ssm(conv, state, inner, heads, Some(groups)),
        Recurrent::ShortConv { conv } => keys.int("shortconv.l_cache", conv),
        Recurrent::Lightning { key, .. } => keys.int("attention.key_length", key),
        Recurrent::Kda { key, conv, .. } => {
            keys.int("ssm.conv_kernel", conv);
            keys.int("kda.head_dim", key);
        }
    }
    if !counts_key_heads(keys) {
        keys.put("attention.recurrent_layers", flags(layers.iter().map(|layer| of(&layer.mixer).is_some())));
    }
}

/// Whether layers without key heads are the ones that recur.
fn counts_key_heads(keys: &Keys) -> bool {
    keys.is(&["jamba", "granitehybrid", "nemotron_h", "nemotron_h_moe", "lfm2", "lfm2moe", "kimi-k3"])
}

fn attention(keys: &mut Keys, model: &Architecture, layers: &[Layer]) {
    let of = |mixer: &Mixer| match mixer {
        Mixer::Attention(mixer) => Some(*mixer),
        _ => None,
    };
    let counts = |mixer: &Mixer| match mixer {
        Mixer::Attention(mixer) => Some((mixer.heads, mixer.kv_heads)),
        Mixer::Mla(Mla { heads, .. }) | Mixer::Compressed(Compressed { heads, .. }) => Some((*heads, 1)),
        Mixer::Recurrent(_) | Mixer::None => None,
    };
    let (some_heads, some_kv) = first(model, counts).unwrap_or_default();
    let zero = counts_key_heads(keys);
    let none_has_heads = keys.is(&["nemotron_h", "nemotron_h_moe"]);
    let heads = |mixer: &Mixer| match (counts(mixer), mixer) {
        (Some(counts), _) => counts,
        (None, Mixer::Recurrent(_)) => (some_heads, if zero { 0 } else { some_kv }),
        (None, _) => (if none_has_heads { some_heads } else { 0 }, 0),
    };
    let (heads, kv_heads): (Vec<u64>, Vec<u64>) = layers.iter().map(|layer| heads(&layer.mixer)).unzip();
    keys.put("attention.head_count", each(&heads));
    keys.put("attention.head_count_kv", each(&kv_heads));
    let slides = |a: &Attention| a.window.is_some_and(|window| window.shrinks_cache);
    let whole = first(model, |mixer| of(mixer).filter(|a| !slides(a))).or_else(|| first(model, of));
    if let Some(a) = whole {
        keys.int("attention.key_length", a.key);
        keys.int("attention.value_length", a.value);
        keys.int("rope.dimension_count", a.key);
    }
    if let Some(a) = first(model, |mixer| of(mixer).filter(slides)) {
        keys.int("attention.key_length_swa", a.key);
        keys.int("attention.value_length_swa", a.value);
        keys.int("rope.dimension_count_swa", a.key);
        keys.int("attention.sliding_window", a.window.map_or(0, |window| window.tokens.get()));
        let sliding = layers.iter().map(|layer| of(&layer.mixer).is_some_and(|a| slides(&a)));
        keys.put("attention.sliding_window_pattern", flags(sliding));
    }
    let borrowing = layers.iter().filter(|layer| of(&layer.mixer).is_some_and(|a| a.borrows_cache)).count();
    keys.int("attention.shared_kv_layers", borrowing as u64);
    keys.int("embedding_length_per_layer_input", model.details.per_layer_embedding.unwrap_or(0));
}

fn experts(keys: &mut Keys, model: &Architecture) {
    let dense = model.layers.iter().find_map(|layer| match layer.ffn {
        FeedForward::Dense { width } => Some(width),
        _ => None,
    });
    let width = |layer: &Layer| match layer.ffn {
        FeedForward::Dense { width } => width,
        FeedForward::Moe(moe) if keys.is(&["gemma4"]) => moe.shared_width,
        FeedForward::Moe(moe) if keys.is(&["nemotron_h_moe"]) => moe.width,
        FeedForward::Moe(moe) => dense.unwrap_or(moe.width),
        FeedForward::None => 0,
    };
    let widths: Vec<u64> = model.layers.iter().map(width).collect();
    let mtp = if model.details.mtp_in_file { model.mtp_layers as usize } else { 0 };
    let last = widths.last().copied();
    let widths: Vec<u64> = widths.into_iter().chain(last.into_iter().cycle().take(mtp)).collect();
    keys.put("feed_forward_length", each(&widths));
    let routed = |layer: &Layer| match layer.ffn {
        FeedForward::Moe(moe) => Some(moe),
        _ => None,
    };
    let Some(moe) = model.layers.iter().find_map(routed) else { return };
    let Moe { experts, used, width, shared_width, latent } = moe;
    keys.int("expert_count", experts);
    keys.int("expert_used_count", used);
    keys.int("expert_feed_forward_length", width);
    keys.int("expert_shared_feed_forward_length", shared_width);
    keys.int("expert_shared_count", if shared_width > 0 { (shared_width / width.max(1)).max(1) } else { 0 });
    keys.float("expert_weights_scale", 1.0);
    keys.put("expert_weights_norm", Value::Bool(true));
    keys.int("expert_gating_func", if model.details.router_bias == Presence::Absent { 1 } else { 2 });
    let leading = model.layers.iter().take_while(|layer| routed(layer).is_none()).count();
    let every = model.layers.iter().skip(leading).take(2).all(|layer| routed(layer).is_some());
    keys.int("leading_dense_block_count", if every { leading as u64 } else { 0 });
    keys.int("interleave_moe_layer_step", if every { 1 } else { 2 });
    if let Some(width) = latent {
        keys.int("moe_latent_size", width);
        keys.int("expert_latent_length", width);
    }
}
