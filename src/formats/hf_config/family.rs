//! What each family of models calls itself in a `config.json`, and how it differs from the others: one row each.
//!
//! Source: llama.cpp v0.5.0 `conversion/*.py` (which classes become which GGUF architecture) and what the
//! configuration classes of transformers mean without a key (`configuration_*.py`).

/// One family.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    /// What `model_type` says, of the whole model or of its text part.
    pub types: &'static [&'static str],
    /// The GGUF architecture.
    pub gguf: &'static str,
    /// What `tie_word_embeddings` means where it is missing.
    pub head: Head,
    /// What else a missing key means.
    pub defaults: &'static [(&'static str, u64)],
    /// What its layers that do not attend are.
    pub state: State,
    /// Where norms on queries and keys depend on a key.
    pub qk_norm: QkNorm,
    /// Whether published GGUF files keep the multi-token-prediction layers.
    pub mtp: Mtp,
}

/// The output head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    Own,
    Tied,
}

/// Norms on queries and keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QkNorm {
    /// As the architecture has them.
    Usual,
    /// As `use_qk_norm` says.
    ByKey,
    /// Always.
    Always,
}

/// Multi-token-prediction layers in GGUF files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mtp {
    Dropped,
    Kept,
}

/// A mixer of fixed state, by the names its sizes have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    None,
    DeltaNet,
    Mamba1,
    Mamba2,
    /// Mamba 1 as Jamba names it.
    Jamba,
    /// Mamba 2 as Granite names it.
    Granite,
    /// Mamba 2 as Nemotron-H names it.
    Nemotron,
    ShortConv,
    Lightning,
    Kda,
}

/// Llama, and every family that differs from it in what its layers are and not in its keys.
const LLAMA: Family = Family {
    types: &[],
    gguf: "llama",
    head: Head::Own,
    defaults: &[],
    state: State::None,
    qk_norm: QkNorm::Usual,
    mtp: Mtp::Dropped,
};

const fn plain(types: &'static [&'static str], gguf: &'static str) -> Family {
    Family { types, gguf, ..LLAMA }
}

const fn tied(types: &'static [&'static str], gguf: &'static str) -> Family {
    Family { types, gguf, head: Head::Tied, ..LLAMA }
}

const fn hybrid(types: &'static [&'static str], gguf: &'static str, state: State) -> Family {
    Family { types, gguf, state, ..LLAMA }
}

/// `Gemma3TextConfig`: the published files of 4B and more name only what differs from it.
const GEMMA3: &[(&str, u64)] = &[
    ("vocab_size", 262_208),
    ("num_attention_heads", 8),
    ("num_key_value_heads", 4),
    ("head_dim", 256),
    ("max_position_embeddings", 131_072),
    ("sliding_window", 4096),
];
/// `Gemma3nTextConfig`.
const GEMMA3N: &[(&str, u64)] = &[
    ("vocab_size", 262_400),
    ("num_attention_heads", 8),
    ("num_key_value_heads", 2),
    ("head_dim", 256),
    ("hidden_size_per_layer_input", 256),
    ("num_kv_shared_layers", 15),
    ("max_position_embeddings", 32_768),
    ("sliding_window", 512),
];
/// `GemmaConfig` and `Gemma2Config`.
const GEMMA: &[(&str, u64)] = &[("vocab_size", 256_000), ("head_dim", 256), ("max_position_embeddings", 8192)];
const GEMMA2: &[(&str, u64)] =
    &[("vocab_size", 256_000), ("head_dim", 256), ("max_position_embeddings", 8192), ("sliding_window", 4096)];
/// Falcon's rotary positions have no table; its models were trained on 2,048 tokens.
const FALCON: &[(&str, u64)] = &[("max_position_embeddings", 2048)];
/// `Glm4MoeConfig`.
const GLM4_MOE: &[(&str, u64)] = &[("n_shared_experts", 1)];
/// `Lfm2Config`.
const LFM2: &[(&str, u64)] = &[("conv_L_cache", 3), ("max_position_embeddings", 128_000)];
/// `Cohere2Config`.
const COHERE2: &[(&str, u64)] = &[("sliding_window", 4096)];

/// All families by their names.
#[rustfmt::skip]
const FAMILIES: &[Family] = &[
    plain(&["llama", "mistral", "mixtral", "yi", "aquila"], "llama"),
    plain(&["ministral3"], "mistral3"),
    plain(&["llama4", "llama4_text"], "llama4"),
    plain(&["nemotron-nas", "deci", "DeciLM"], "deci"),
    plain(&["qwen2", "mimo"], "qwen2"),
    plain(&["qwen2_vl", "qwen2_5_vl", "qwen2_vl_text", "qwen2_5_vl_text"], "qwen2vl"),
    plain(&["qwen2_moe"], "qwen2moe"),
    plain(&["qwen3"], "qwen3"),
    plain(&["qwen3_moe", "qwen3_omni_moe_text"], "qwen3moe"),
    plain(&["qwen3_vl", "qwen3_vl_text"], "qwen3vl"),
    plain(&["qwen3_vl_moe", "qwen3_vl_moe_text"], "qwen3vlmoe"),
    hybrid(&["qwen3_next"], "qwen3next", State::DeltaNet),
    hybrid(&["qwen3_5", "qwen3_5_text"], "qwen35", State::DeltaNet),
    hybrid(&["qwen3_5_moe", "qwen3_5_moe_text"], "qwen35moe", State::DeltaNet),
    Family { defaults: GEMMA, ..tied(&["gemma"], "gemma") },
    Family { defaults: GEMMA2, ..tied(&["gemma2"], "gemma2") },
    Family { defaults: GEMMA3, ..tied(&["gemma3", "gemma3_text"], "gemma3") },
    Family { defaults: GEMMA3N, ..tied(&["gemma3n", "gemma3n_text"], "gemma3n") },
    tied(&["gemma4", "gemma4_text"], "gemma4"),
    plain(&["phi"], "phi2"),
    plain(&["phi3", "phi4"], "phi3"),
    plain(&["phimoe"], "phimoe"),
    tied(&["starcoder2"], "starcoder2"),
    Family { defaults: FALCON, ..tied(&["falcon", "RefinedWeb", "RefinedWebModel"], "falcon") },
    tied(&["cohere"], "command-r"),
    Family { defaults: COHERE2, ..tied(&["cohere2"], "cohere2") },
    plain(&["olmo2", "olmo3"], "olmo2"),
    plain(&["olmoe"], "olmoe"),
    plain(&["exaone4"], "exaone4"),
    plain(&["exaone_moe"], "exaone-moe"),
    plain(&["glm4", "glm4v_text"], "glm4"),
    Family { qk_norm: QkNorm::ByKey, mtp: Mtp::Kept, defaults: GLM4_MOE, ..plain(&["glm4_moe", "glm4v_moe_text"], "glm4moe") },
    plain(&["seed_oss"], "seed_oss"),
    plain(&["gpt_oss"], "gpt-oss"),
    plain(&["minimax_m2"], "minimax-m2"),
    plain(&["minimax_m3", "minimax_m3_vl"], "minimax-m3"),
    hybrid(&["minimax_m1", "minimax_text_01", "minimax"], "minimax-01", State::Lightning),
    plain(&["mimo_v2_flash"], "mimo2"),
    plain(&["step3p5", "step3p7"], "step35"),
    plain(&["deepseek"], "deepseek"),
    plain(&["deepseek_v2", "deepseek_v3", "kimi_k2", "glm4_moe_lite"], "deepseek2"),
    plain(&["deepseek_v32"], "deepseek32"),
    plain(&["deepseek_v4"], "deepseek4"),
    Family { mtp: Mtp::Kept, ..plain(&["glm_moe_dsa"], "glm-dsa") },
    hybrid(&["kimi_k3"], "kimi-k3", State::Kda),
    hybrid(&["kimi_linear"], "kimi-linear", State::Kda),
    Family { head: Head::Tied, ..hybrid(&["mamba", "falcon_mamba"], "mamba", State::Mamba1) },
    hybrid(&["mamba2"], "mamba2", State::Mamba2),
    hybrid(&["jamba"], "jamba", State::Jamba),
    plain(&["granite"], "granite"),
    plain(&["granitemoe", "granitemoeshared"], "granitemoe"),
    hybrid(&["granitemoehybrid"], "granitehybrid", State::Granite),
    hybrid(&["nemotron_h"], "nemotron_h", State::Nemotron),
    Family { head: Head::Tied, defaults: LFM2, ..hybrid(&["lfm2"], "lfm2", State::ShortConv) },
    Family { head: Head::Tied, defaults: LFM2, ..hybrid(&["lfm2_moe"], "lfm2moe", State::ShortConv) },
    plain(&["hunyuan_v1_moe", "hunyuan"], "hunyuan-moe"),
    Family { qk_norm: QkNorm::Always, ..plain(&["hunyuan_v1_dense"], "hunyuan-dense") },
    tied(&["ernie4_5"], "ernie4_5"),
    tied(&["ernie4_5_moe"], "ernie4_5-moe"),
    tied(&["smollm3"], "smollm3"),
    plain(&["arcee"], "arcee"),
    plain(&["internlm2"], "internlm2"),
    plain(&["internlm", "internlm3"], "llama"),
    plain(&["dots1"], "dots1"),
    plain(&["minicpm3"], "minicpm3"),
    plain(&["exaone"], "exaone"),
];

/// Families whose layers cannot be said here, and why.
const REFUSED: &[(&[&str], &str)] = &[
    (&["falcon_h1"], "its layers attend and recur at once"),
    (&["rwkv", "rwkv5", "rwkv6", "rwkv7"], "its recurrent layers are not known here"),
    (&["plamo2", "recurrent_gemma", "zamba", "zamba2", "bamba"], "its recurrent layers are not known here"),
    (&["t5", "mt5", "umt5", "bart", "whisper", "t5gemma"], "it has an encoder"),
    (&["bert", "roberta", "xlm-roberta", "modernbert", "distilbert", "deberta-v2"], "it is an encoder"),
    (&["clip", "siglip", "vit"], "it is the vision part of another model"),
    (&["gpt2", "gpt_neox", "gptj", "gpt_bigcode", "opt", "bloom", "mpt"], "its kind of layers is not known here"),
];

impl Family {
    /// The family of this name, if it is known.
    pub fn named(name: &str) -> Option<Self> {
        let name = plain_name(name);
        FAMILIES.iter().find(|family| family.types.iter().any(|own| plain_name(own) == name)).copied()
    }

    /// A family nobody here has heard of, read like Llama.
    pub const fn unknown() -> Self {
        LLAMA
    }
}

/// Why a family of this name is refused, if it is.
pub(super) fn refused(name: &str) -> Option<&'static str> {
    let name = plain_name(name);
    REFUSED.iter().find(|(types, _)| types.iter().any(|own| plain_name(own) == name)).map(|(_, why)| *why)
}

/// A name as it is compared: `DeepseekV3` of an architecture is `deepseek_v3` of a model type.
fn plain_name(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_names_of_its_own() {
        let mut names: Vec<String> = FAMILIES.iter().flat_map(|row| row.types).map(|name| plain_name(name)).collect();
        names.extend(REFUSED.iter().flat_map(|(types, _)| *types).map(|name| plain_name(name)));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_class_names_its_family_too() {
        for (class, gguf) in [("DeepseekV3", "deepseek2"), ("MiniMaxM2", "minimax-m2"), ("NemotronH", "nemotron_h")] {
            assert_eq!(Family::named(class).map(|family| family.gguf), Some(gguf), "{class}");
        }
        assert!(Family::named("Bert").is_none() && refused("Bert").is_some());
    }
}
