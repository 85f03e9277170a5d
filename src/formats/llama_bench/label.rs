//! The engine's names of file types.

use crate::quant::Mix;

/// What the engine writes for each type.
///
/// Source: llama.cpp v0.5.0 `src/llama-model-loader.cpp` (`llama_model_ftype_name`).
#[rustfmt::skip]
const LABELS: &[(&str, Mix)] = &[
    ("all F32", Mix::F32), ("F16", Mix::F16), ("BF16", Mix::BF16), ("Q8_0", Mix::Q8_0), ("Q6_K", Mix::Q6_K),
    ("Q5_K - Medium", Mix::Q5_K_M), ("Q5_K - Small", Mix::Q5_K_S), ("Q5_1", Mix::Q5_1), ("Q5_0", Mix::Q5_0),
    ("Q4_K - Medium", Mix::Q4_K_M), ("Q4_K - Small", Mix::Q4_K_S), ("Q4_1", Mix::Q4_1), ("Q4_0", Mix::Q4_0),
    ("IQ4_NL - 4.5 bpw", Mix::IQ4_NL), ("IQ4_XS - 4.25 bpw", Mix::IQ4_XS), ("MXFP4 MoE", Mix::MXFP4_MOE),
    ("NVFP4", Mix::NVFP4), ("Q3_K - Large", Mix::Q3_K_L), ("Q3_K - Medium", Mix::Q3_K_M),
    ("Q3_K - Small", Mix::Q3_K_S), ("IQ3_S mix - 3.66 bpw", Mix::IQ3_M), ("IQ3_S - 3.4375 bpw", Mix::IQ3_S),
    ("IQ3_XS - 3.3 bpw", Mix::IQ3_XS), ("IQ3_XXS - 3.0625 bpw", Mix::IQ3_XXS), ("Q2_K - Medium", Mix::Q2_K),
    ("Q2_K - Small", Mix::Q2_K_S), ("IQ2_M - 2.7 bpw", Mix::IQ2_M), ("IQ2_S - 2.5 bpw", Mix::IQ2_S),
    ("IQ2_XS - 2.3125 bpw", Mix::IQ2_XS), ("IQ2_XXS - 2.0625 bpw", Mix::IQ2_XXS),
    ("IQ1_M - 1.75 bpw", Mix::IQ1_M), ("IQ1_S - 1.5625 bpw", Mix::IQ1_S), ("TQ1_0 - 1.69 bpw ternary", Mix::TQ1_0),
    ("TQ2_0 - 2.06 bpw ternary", Mix::TQ2_0), ("Q1_0", Mix::Q1_0), ("Q2_0", Mix::Q2_0),
];

/// The mix at the end of a model type: `qwen2 7B Q4_K - Medium`, `llama 7B mostly Q4_0`, `… (guessed)`. An unknown
/// name is none, never a neighbour.
///
/// ```
/// use willitrun::{formats::llama_bench::mix_of, quant::Mix};
/// assert_eq!(mix_of("qwen2 7B Q4_K - Medium"), Some(Mix::Q4_K_M));
/// assert_eq!(mix_of("llama 7B mostly Q4_0"), Some(Mix::Q4_0));
/// assert_eq!(mix_of("qwen35 27B PQ2_0 - 2.13 bpw (group 128)"), None);
/// ```
#[must_use]
pub fn mix_of(model_type: &str) -> Option<Mix> {
    let text = model_type.trim().trim_end_matches("(guessed)").trim_end();
    let ends = |label: &str| text.strip_suffix(label).is_some_and(|before| before.ends_with(' '));
    let found = LABELS.iter().filter(|(label, _)| ends(label)).max_by_key(|(label, _)| label.len());
    found.map(|(_, mix)| *mix)
}
