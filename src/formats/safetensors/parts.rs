//! Where a tensor of a Hugging Face repository belongs, told by its name.
//!
//! Source: `modeling_*.py` of transformers and of the published repositories.

use crate::quant::Part;

/// Where a tensor belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    /// To the model, under this name and in this group.
    Here {
        part: Part,
        layer: Option<u32>,
        /// Its name without the layer and without the number of its expert; the token table is named as in GGUF.
        name: String,
    },
    /// To a part for images or sound.
    Apart,
}

/// No model has more layers; a number above is no layer.
const MOST_LAYERS: u32 = 1024;
/// What numbered layers stand in.
const STACKS: [&str; 5] = ["layers", "blocks", "h", "layer", "block"];
/// What parts for images and sound begin with.
#[rustfmt::skip]
const APART: [&str; 9] = [
    "vision", "visual", "audio", "speech", "multi_modal_projector", "mm_projector", "embed_vision", "embed_audio",
    "patch_merge",
];
/// The tables of tokens.
const EMBEDDINGS: [&str; 8] =
    ["embed_tokens", "wte", "word_embeddings", "tok_embeddings", "embeddings", "embedding", "embed", "embed_in"];
/// Feed-forward parts.
#[rustfmt::skip]
const FEED_FORWARD: [&str; 14] = [
    "mlp", "feed_forward", "ffn", "block_sparse_moe", "moe", "router", "shared_mlp", "share_expert", "fc1", "fc2",
    "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm", "ffn_norm",
];
/// Feed-forward parts of layers that call everything a mixer (Nemotron-H).
const MIXER_FEED_FORWARD: [&str; 6] =
    ["up_proj", "down_proj", "gate", "shared_experts", "fc1_latent_proj", "fc2_latent_proj"];
/// Experts in one tensor that is not named so (Granite, Step).
const EXPERT_STACKS: [[&str; 2]; 5] = [
    ["block_sparse_moe", "input_linear"],
    ["block_sparse_moe", "output_linear"],
    ["moe", "gate_proj"],
    ["moe", "up_proj"],
    ["moe", "down_proj"],
];

/// Where a tensor belongs in a model of this many layers.
pub(super) fn belongs(name: &str, depth: u32) -> Belongs {
    let words: Vec<&str> = name.split('.').collect();
    if words.iter().any(|word| APART.iter().any(|apart| word.starts_with(apart))) {
        return Belongs::Apart;
    }
    let is_mtp = words.contains(&"mtp");
    let number = |at: usize| words.get(at + 1).and_then(|word| word.parse::<u32>().ok()).filter(|n| *n < MOST_LAYERS);
    let found = (0..words.len()).find_map(|at| STACKS.contains(&words[at]).then(|| number(at))?.map(|n| (at + 2, n)));
    let (part, layer, rest) = match found {
        Some((_, layer)) if is_mtp || layer >= depth => (Part::Mtp, Some(layer), &words[..]),
        Some((at, layer)) => (within_layer(&words[at..]), Some(layer), &words[at..]),
        None if is_mtp => (Part::Mtp, None, &words[..]),
        None if words.iter().any(|word| EMBEDDINGS.contains(word)) => {
            return Belongs::Here { part: Part::Embedding, layer: None, name: "token_embd.weight".to_owned() };
        }
        None if words.contains(&"embed_tokens_per_layer") => (Part::Embedding, None, &words[..]),
        None => (Part::Head, None, &words[..]),
    };
    let name = match part {
        Part::Experts => rest.iter().filter(|word| word.parse::<u32>().is_err()).copied().collect::<Vec<_>>().join("."),
        _ => rest.join("."),
    };
    Belongs::Here { part, layer, name }
}

fn within_layer(words: &[&str]) -> Part {
    let pairs = || words.windows(2).map(|pair| [pair[0], pair[1]]);
    let has = |names: &[&str]| words.iter().any(|word| names.contains(word));
    if words.contains(&"experts") || pairs().any(|pair| EXPERT_STACKS.contains(&pair)) {
        Part::Experts
    } else if has(&FEED_FORWARD)
        || pairs().any(|[first, second]| first == "mixer" && MIXER_FEED_FORWARD.contains(&second))
    {
        Part::FeedForward
    } else {
        Part::Attention
    }
}

/// Layers as far as the names count.
pub(super) fn depth<'a>(names: impl Iterator<Item = &'a str>) -> u32 {
    let last = names.filter_map(|name| match belongs(name, MOST_LAYERS) {
        Belongs::Here { layer, part, .. } if part != Part::Mtp => layer,
        _ => None,
    });
    last.max().map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_where_tensors_belong() {
        let check = |name: &str, part: Part, layer: Option<u32>| match belongs(name, 4) {
            Belongs::Here { part: own, layer: at, .. } => assert_eq!((own, at), (part, layer), "{name}"),
            Belongs::Apart => panic!("{name}"),
        };
        check("model.layers.3.self_attn.q_proj.weight", Part::Attention, Some(3));
        check("model.layers.3.input_layernorm.weight", Part::Attention, Some(3));
        check("model.layers.3.mlp.experts.17.down_proj.weight_scale_inv", Part::Experts, Some(3));
        check("model.layers.3.mlp.shared_experts.down_proj.weight", Part::FeedForward, Some(3));
        check("model.layers.3.mlp.gate.weight", Part::FeedForward, Some(3));
        check("model.layers.4.self_attn.q_proj.weight", Part::Mtp, Some(4));
        check("mtp.layers.0.mlp.down_proj.weight", Part::Mtp, Some(0));
        check("mtp.fc.weight", Part::Mtp, None);
        check("language_model.model.layers.0.block_sparse_moe.experts.1.w2.qweight", Part::Experts, Some(0));
        check("model.layers.1.block_sparse_moe.input_linear.weight", Part::Experts, Some(1));
        check("backbone.layers.2.mixer.in_proj.weight", Part::Attention, Some(2));
        check("backbone.layers.2.mixer.up_proj.weight", Part::FeedForward, Some(2));
        check("transformer.h.2.self_attention.query_key_value.weight", Part::Attention, Some(2));
        check("transformer.word_embeddings.weight", Part::Embedding, None);
        check("model.embed_tokens.scales", Part::Embedding, None);
        check("model.embed_tokens_per_layer.weight", Part::Embedding, None);
        check("lm_head.weight", Part::Head, None);
        check("model.norm.weight", Part::Head, None);
        check("model.layers.99999999999.x", Part::Head, None);
        check("", Part::Head, None);
        assert_eq!(belongs("model.vision_tower.encoder.layers.1.mlp.fc1.weight", 4), Belongs::Apart);
    }

    #[test]
    fn experts_of_a_layer_share_a_name() {
        let name = |name: &str| match belongs(name, 4) {
            Belongs::Here { name, .. } => name,
            Belongs::Apart => panic!(),
        };
        assert_eq!(name("model.layers.3.mlp.experts.17.up_proj.weight"), "mlp.experts.up_proj.weight");
        assert_eq!(name("model.layers.3.mlp.experts.8.up_proj.weight"), "mlp.experts.up_proj.weight");
    }
}
