//! The sizes of mixers that keep a state, told in the keys of a GGUF file.
//!
//! Source: llama.cpp v0.5.0 `conversion/{mamba,jamba,granite,nemotron,lfm2,qwen,kimi_linear,minimax}.py`.

use super::family::{Family, State};
use super::keys::{Config, Named, invalid, number};
use super::layers::Kind;
use super::metadata::Told;
use crate::model::Invalid;

/// Tells what the recurrent layers of a family are made of.
pub(super) fn state(config: &Config, family: &Family, told: &mut Told, hidden: u64) -> Result<(), Invalid> {
    let needed = |key: &'static str| config.needed(&[key]).map(|value| Named { value, key });
    let product = |a: Named, b: Named| match a.value.checked_mul(b.value) {
        Some(value) => Ok(Named { value, key: a.key }),
        None => Err(invalid(a.key, "it is too large")),
    };
    let inner = |keys: &[&'static str]| -> Result<Named, Invalid> {
        let expand = config.named(keys)?.unwrap_or(Named { value: 2, key: "expand" });
        product(expand, Named { value: hidden, key: "hidden_size" })
    };
    match family.state {
        State::None => return Ok(()),
        State::DeltaNet => {
            let values = product(needed("linear_num_value_heads")?, needed("linear_value_head_dim")?)?;
            told.number("ssm.inner_size", values);
            told.number("ssm.time_step_rank", needed("linear_num_value_heads")?);
            told.number("ssm.group_count", needed("linear_num_key_heads")?);
            told.number("ssm.state_size", needed("linear_key_head_dim")?);
            told.number("ssm.conv_kernel", needed("linear_conv_kernel_dim")?);
            listed(told);
        }
        State::Mamba1 => {
            let own = config.named(&["intermediate_size", "d_inner"])?.filter(|own| own.value > 0);
            let width = match own {
                Some(own) => own,
                None => inner(&["expand"])?,
            };
            told.number("ssm.inner_size", width);
            told.number("ssm.state_size", named(config, &["state_size", "d_state"], 16)?);
            told.number("ssm.conv_kernel", named(config, &["conv_kernel", "d_conv"], 4)?);
            told.number("ssm.time_step_rank", rank(config, "time_step_rank", hidden)?);
        }
        State::Mamba2 => {
            let heads = named(config, &["num_heads"], 128)?;
            told.number("ssm.inner_size", product(heads, named(config, &["head_dim"], 64)?)?);
            told.number("ssm.time_step_rank", heads);
            told.number("ssm.state_size", named(config, &["state_size", "d_state"], 128)?);
            told.number("ssm.conv_kernel", named(config, &["conv_kernel", "d_conv"], 4)?);
            told.number("ssm.group_count", named(config, &["n_groups"], 8)?);
        }
        State::Jamba => {
            told.number("ssm.inner_size", inner(&["mamba_expand"])?);
            told.number("ssm.state_size", named(config, &["mamba_d_state"], 16)?);
            told.number("ssm.conv_kernel", named(config, &["mamba_d_conv"], 4)?);
            told.number("ssm.time_step_rank", rank(config, "mamba_dt_rank", hidden)?);
        }
        State::Granite => {
            told.number("ssm.inner_size", inner(&["mamba_expand"])?);
            told.number("ssm.time_step_rank", named(config, &["mamba_n_heads"], 128)?);
            told.number("ssm.state_size", named(config, &["mamba_d_state"], 256)?);
            told.number("ssm.conv_kernel", named(config, &["mamba_d_conv"], 4)?);
            told.number("ssm.group_count", named(config, &["mamba_n_groups"], 1)?);
        }
        State::Nemotron => {
            let heads = needed("mamba_num_heads")?;
            told.number("ssm.inner_size", product(heads, needed("mamba_head_dim")?)?);
            told.number("ssm.time_step_rank", heads);
            told.number("ssm.state_size", needed("ssm_state_size")?);
            told.number("ssm.conv_kernel", named(config, &["conv_kernel"], 4)?);
            told.number("ssm.group_count", named(config, &["n_groups", "mamba_n_groups"], 8)?);
        }
        State::ShortConv => told.number("shortconv.l_cache", needed("conv_L_cache")?),
        State::Lightning => listed(told),
        State::Kda => {
            let linear = config.text.get("linear_attn_config");
            let of = |key: &'static str| -> Result<Named, Invalid> {
                let value = linear.and_then(|linear| linear.get(key)).ok_or_else(|| invalid(key, "it is missing"))?;
                Ok(Named { value: number(key, value)?, key })
            };
            told.number("kda.head_dim", of("head_dim")?);
            told.number("ssm.conv_kernel", of("short_conv_kernel_size")?);
        }
    }
    if told.kinds.is_none() {
        return Err(invalid("layer_types", "it is missing: it says which layers attend"));
    }
    Ok(())
}

/// A number, or what the family's configuration class means without it.
fn named(config: &Config, keys: &[&'static str], usual: u64) -> Result<Named, Invalid> {
    let found = config.named(keys)?;
    Ok(found.unwrap_or(Named { value: usual, key: keys.first().copied().unwrap_or_default() }))
}

/// The rank of the time step: a number, or a sixteenth of the width.
fn rank(config: &Config, key: &'static str, hidden: u64) -> Result<Named, Invalid> {
    match config.text.get(key) {
        None => Ok(Named { value: hidden.div_ceil(16), key }),
        Some(value) if value.text() == Some("auto") => Ok(Named { value: hidden.div_ceil(16), key }),
        Some(value) => Ok(Named { value: number(key, value)?, key }),
    }
}

/// Lists the layers that keep a state, for architectures that tell them apart by a list.
fn listed(told: &mut Told) {
    if let Some(kinds) = told.kinds.clone() {
        let flags = kinds.into_iter().map(|kind| u64::from(kind == Kind::Recurrent));
        told.list("attention.recurrent_layers", "layer_types", flags);
    }
}
