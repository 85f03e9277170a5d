//! The attention of DeepSeek V4, which GGUF keys are not read for here.
//!
//! Source: `config.json` and `configuration_deepseek_v4.py` of the published repositories.

use super::keys::{Config, invalid, number};
use crate::formats::json::Json;
use crate::model::{Architecture, Compressed, Invalid, Mixer};
use crate::units::Tokens;

/// Puts compressed attention into each layer.
pub(super) fn compressed(config: &Config, model: &mut Architecture) -> Result<(), Invalid> {
    let key = "compress_ratios";
    let ratios = config.text.get(key).and_then(Json::list).ok_or_else(|| invalid(key, "it is missing"))?;
    if ratios.len() < model.layers.len() {
        let why = format!("{} values for {} layers", ratios.len(), model.layers.len());
        return Err(Invalid { field: key, why });
    }
    let shape = Compressed {
        heads: config.needed(&["num_attention_heads"])?,
        width: config.needed(&["head_dim"])?,
        q_rank: config.needed(&["q_lora_rank"])?,
        ratio: 0,
        window: Tokens::new(config.needed(&["sliding_window"])?),
        out_groups: config.needed(&["o_groups"])?,
        out_rank: config.needed(&["o_lora_rank"])?,
    };
    for (layer, ratio) in model.layers.iter_mut().zip(ratios) {
        layer.mixer = Mixer::Compressed(Compressed { ratio: number(key, ratio)?, ..shape });
    }
    model.details.residual_streams = config.number(&["hc_mult"])?.unwrap_or(0);
    let hashed = config.number(&["num_hash_layers"])?.unwrap_or(0);
    model.details.hash_layers = u32::try_from(hashed).unwrap_or(u32::MAX);
    Ok(())
}
