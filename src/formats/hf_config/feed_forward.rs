//! Feed-forward parts and experts of a `config.json`, told in the keys of a GGUF file.

use super::family::{Family, State};
use super::keys::{Config, Named, invalid};
use super::layers::{Kind, routed};
use super::metadata::{EXPERTS, Told};
use crate::formats::json::Json;
use crate::model::Invalid;

const EXPERT_WIDTH: &[&str] = &["moe_intermediate_size", "expert_intermediate_size", "intermediate_size"];
const DENSE_WIDTH: &[&str] =
    &["dense_intermediate_size", "intermediate_size_mlp", "intermediate_size", "ffn_hidden_size", "n_inner"];
#[rustfmt::skip]
const SHARED_WIDTH: &[&str] = &[
    "shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "shared_intermediate_size",
    "share_expert_dim",
];
const SHARED: &[&str] = &[
    "n_shared_experts",
    "num_shared_experts",
    "moe_num_shared_experts",
    "num_shared_expert",
    "num_shared_expert_total",
];
#[rustfmt::skip]
const USED: &[&str] = &[
    "num_experts_per_tok", "num_experts_per_token", "experts_per_token", "top_k_experts", "moe_topk", "moe_top_k", "moe_k",
];

/// Dense blocks and experts.
pub(super) fn feed_forward(
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
    let has_ffn = |i: usize| family.state != State::Nemotron || told.is(i, Kind::Dense);
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
