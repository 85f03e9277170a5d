//! What the formats of other runtimes tell apart in a model: which tensors are linear layers, and of what kind.

use super::{Part, Tensor};

/// A class of weight tensors. Norms, biases, convolutions and other small things are in none: they stay in 16 bit
/// in every format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Input embedding tables.
    Embedding,
    /// The output head.
    Head,
    /// The router of a mixture of experts.
    Router,
    /// Linear layers of attention and recurrent mixing.
    Attention,
    /// Linear layers of dense blocks and shared experts.
    FeedForward,
    /// Routed experts.
    Experts,
    /// The projection of a multi-token-prediction layer; its attention and experts count as such.
    MtpProjection,
}

impl Class {
    /// Every class with its word in documents.
    pub const WORDS: [(&str, Self); 7] = [
        ("embedding", Self::Embedding),
        ("head", Self::Head),
        ("router", Self::Router),
        ("attention", Self::Attention),
        ("feed-forward", Self::FeedForward),
        ("experts", Self::Experts),
        ("mtp-projection", Self::MtpProjection),
    ];

    /// The class of a tensor; none for what is no linear layer and no table.
    #[must_use]
    pub fn of(tensor: &Tensor) -> Option<Self> {
        let gguf = tensor.role.gguf;
        let is_vector = tensor.rows <= 1 && tensor.slices <= 1;
        if is_vector || !gguf.ends_with(".weight") || gguf.ends_with("_norm.weight") || SMALL.iter().any(starts(gguf)) {
            return None;
        }
        Some(match tensor.role.part {
            _ if ROUTERS.iter().any(starts(gguf)) => Self::Router,
            Part::Embedding => Self::Embedding,
            Part::Head => Self::Head,
            Part::Attention => Self::Attention,
            Part::FeedForward => Self::FeedForward,
            Part::Experts => Self::Experts,
            Part::Mtp => match gguf {
                "nextn.embed_tokens.weight" => Self::Embedding,
                "nextn.shared_head_head.weight" => Self::Head,
                _ if gguf.starts_with("nextn.") => Self::MtpProjection,
                _ if gguf.ends_with("_exps.weight") => Self::Experts,
                _ if gguf.starts_with("ffn_") => Self::FeedForward,
                _ => Self::Attention,
            },
        })
    }
}

fn starts(gguf: &str) -> impl Fn(&&str) -> bool + '_ {
    move |name| gguf.starts_with(*name)
}

/// Matrices that are no linear layers: convolutions, positions, tables of numbers, mixing coefficients.
const SMALL: &[&str] = &[
    "ssm_conv1d",
    "shortconv.conv",
    "altup_correct",
    "altup_predict",
    "ffn_gate_tid2eid",
    "attn_compressor_ape",
    "indexer_compressor_ape",
    "hc_",
    "output_hc_",
];
const ROUTERS: &[&str] = &["ffn_gate_inp.", "altup_router."];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::Role;

    #[track_caller]
    fn check(gguf: &'static str, part: Part, shape: [u64; 3], expected: Option<Class>) {
        let [columns, rows, slices] = shape;
        let tensor = Tensor { role: Role { gguf, part }, layer: Some(0), columns, rows, slices, pinned: None };
        assert_eq!(Class::of(&tensor), expected, "{gguf}");
    }

    #[test]
    fn tensors_fall_into_classes_by_what_they_do() {
        check("token_embd.weight", Part::Embedding, [64, 1000, 1], Some(Class::Embedding));
        check("output.weight", Part::Head, [64, 1000, 1], Some(Class::Head));
        check("output_norm.weight", Part::Head, [64, 1, 1], None);
        check("attn_q_norm.weight", Part::Attention, [64, 8, 1], None);
        check("attn_q.bias", Part::Attention, [64, 1, 1], None);
        check("ssm_conv1d.weight", Part::Attention, [4, 64, 1], None);
        check("attn_kv_b.weight", Part::Attention, [64, 128, 1], Some(Class::Attention));
        check("ffn_gate_inp.weight", Part::FeedForward, [64, 8, 1], Some(Class::Router));
        check("ffn_gate_shexp.weight", Part::FeedForward, [64, 32, 1], Some(Class::FeedForward));
        check("ffn_down_exps.weight", Part::Experts, [32, 64, 8], Some(Class::Experts));
        check("ffn_down_exps.bias", Part::Experts, [64, 8, 1], None);
    }

    #[test]
    fn a_prediction_layer_is_told_apart_by_name() {
        check("ffn_gate_inp.weight", Part::Mtp, [64, 8, 1], Some(Class::Router));
        check("ffn_up_exps.weight", Part::Mtp, [64, 32, 8], Some(Class::Experts));
        check("ffn_up_shexp.weight", Part::Mtp, [64, 32, 1], Some(Class::FeedForward));
        check("attn_q_a.weight", Part::Mtp, [64, 32, 1], Some(Class::Attention));
        check("nextn.eh_proj.weight", Part::Mtp, [128, 64, 1], Some(Class::MtpProjection));
        check("nextn.embed_tokens.weight", Part::Mtp, [64, 1000, 1], Some(Class::Embedding));
        check("nextn.enorm.weight", Part::Mtp, [64, 1, 1], None);
    }
}
