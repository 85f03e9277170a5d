//! Tensors of layers that keep a state of fixed size.

use super::convention::Convention;
use super::list::List;
use crate::model::{Architecture, Recurrent};
use crate::quant::Part::Attention as MIX;

/// The mixer of a recurrent layer.
pub(super) fn recurrent(list: &mut List, model: &Architecture, convention: &Convention, layer: &Recurrent) {
    let hidden = model.hidden;
    match *layer {
        Recurrent::DeltaNet { key_heads, value_heads, key, value, conv } => {
            let values = value_heads * value;
            let mixed = 2 * key_heads * key + values;
            list.matrix(MIX, "attn_qkv.weight", hidden, mixed);
            list.matrix(MIX, "attn_gate.weight", hidden, values);
            list.matrix(MIX, "ssm_conv1d.weight", conv, mixed);
            list.vector(MIX, "ssm_dt.bias", value_heads);
            list.vector(MIX, "ssm_a", value_heads);
            if convention.fused_gates {
                list.matrix(MIX, "ssm_ba.weight", hidden, 2 * value_heads);
            } else {
                list.matrix(MIX, "ssm_alpha.weight", hidden, value_heads);
                list.matrix(MIX, "ssm_beta.weight", hidden, value_heads);
            }
            list.vector(MIX, "ssm_norm.weight", value);
            list.matrix(MIX, "ssm_out.weight", values, hidden);
        }
        Recurrent::Mamba1 { inner, state, conv, time_rank } => {
            list.matrix(MIX, "ssm_in.weight", hidden, 2 * inner);
            list.matrix(MIX, "ssm_conv1d.weight", conv, inner);
            list.vector(MIX, "ssm_conv1d.bias", inner);
            list.matrix(MIX, "ssm_x.weight", inner, time_rank + 2 * state);
            list.matrix(MIX, "ssm_dt.weight", time_rank, inner);
            list.vector(MIX, "ssm_dt.bias", inner);
            list.matrix(MIX, "ssm_a", state, inner);
            list.vector(MIX, "ssm_d", inner);
            list.matrix(MIX, "ssm_out.weight", inner, hidden);
            if convention.mamba_norms {
                list.vector(MIX, "ssm_dt_norm.weight", time_rank);
                list.vector(MIX, "ssm_b_norm.weight", state);
                list.vector(MIX, "ssm_c_norm.weight", state);
            }
        }
        Recurrent::Mamba2 { inner, state, conv, groups, heads } => {
            let mixed = inner + 2 * groups * state;
            list.matrix(MIX, "ssm_in.weight", hidden, inner + mixed + heads);
            list.matrix(MIX, "ssm_conv1d.weight", conv, mixed);
            list.vector(MIX, "ssm_conv1d.bias", mixed);
            list.vector(MIX, "ssm_dt.bias", heads);
            list.matrix(MIX, "ssm_a", 1, heads);
            list.matrix(MIX, "ssm_d", 1, heads);
            list.matrix(MIX, "ssm_norm.weight", inner / groups.max(1), groups);
            list.matrix(MIX, "ssm_out.weight", inner, hidden);
        }
        Recurrent::ShortConv { conv } => {
            list.matrix(MIX, "shortconv.conv.weight", conv, hidden);
            list.matrix(MIX, "shortconv.in_proj.weight", hidden, 3 * hidden);
            list.matrix(MIX, "shortconv.out_proj.weight", hidden, hidden);
        }
        Recurrent::Lightning { heads, key } => {
            let inner = heads * key;
            list.vector(MIX, "attn_norm_2.weight", inner);
            list.matrix(MIX, "attn_qkv.weight", hidden, 3 * inner);
            list.matrix(MIX, "attn_gate.weight", hidden, inner);
            list.matrix(MIX, "attn_output.weight", inner, hidden);
        }
        Recurrent::Kda { heads, key, conv } => {
            let inner = heads * key;
            for gguf in ["ssm_conv1d_q.weight", "ssm_conv1d_k.weight", "ssm_conv1d_v.weight"] {
                list.cube(MIX, gguf, conv, 1, inner);
            }
            for gguf in ["attn_q.weight", "attn_k.weight", "attn_v.weight"] {
                list.matrix(MIX, gguf, hidden, inner);
            }
            list.matrix(MIX, "ssm_f_a.weight", hidden, key);
            list.matrix(MIX, "ssm_f_b.weight", key, inner);
            list.matrix(MIX, "ssm_beta.weight", hidden, heads);
            list.vector(MIX, "ssm_a", heads);
            list.vector(MIX, "ssm_dt.bias", inner);
            if convention.full_kda_gate {
                list.matrix(MIX, "ssm_g.weight", hidden, inner);
            } else {
                list.matrix(MIX, "ssm_g_a.weight", hidden, key);
                list.matrix(MIX, "ssm_g_b.weight", key, inner);
            }
            list.vector(MIX, "ssm_norm.weight", key);
            list.matrix(MIX, "attn_output.weight", inner, hidden);
        }
    }
}
