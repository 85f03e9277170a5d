//! What sets the graphs of architectures apart, as far as memory shows it.

use crate::model::{Architecture, Mixer, Presence};

/// The parts of a graph that depend on the architecture and on nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// Where queries and keys are normalised.
    pub qk_norm: QkNorm,
    /// Whether one matrix makes queries, keys and values.
    pub qkv: Qkv,
    /// How a feed-forward block is gated.
    pub gate: Gate,
    /// How a routed expert is gated.
    pub expert_gate: Gate,
    /// How a layer with experts reads its input.
    pub expert_input: ExpertInput,
    /// Where the rows that give logits are picked.
    pub pick: Pick,
    /// How a router turns scores into shares.
    pub router: Router,
    /// Which layers rotate queries and keys.
    pub rope: Rope,
    /// Whether the residual is the first or the second summand after the feed-forward part: the first
    /// is the one written over.
    pub sum: Sum,
    /// The same after the mixer.
    pub mixer_sum: Sum,
    /// Positions kept for a token: 4 where images have rows and columns.
    pub positions: u64,
    /// What a norm is: one over the mean of squares works in place, one that also takes off the mean does not.
    pub norm: Norm,
    /// How mixer and feed-forward part of a layer follow one another.
    pub order: Order,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Norm {
    /// Over the root of the mean square.
    Rms,
    /// Over the standard deviation.
    Layer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Each reads the norm of what is there.
    PreNorm,
    /// Each reads what is there; its result is normed.
    PostNorm,
    /// Both read one norm; the feed-forward part is added to the residual, then the mixer.
    ResidualFirst,
    /// Both read one norm, or one each; both are added up, the mixer as this summand, then the residual.
    ResidualLast {
        /// Whether the feed-forward part has a norm of its own.
        two_norms: bool,
        /// Whether the mixer comes first.
        mixer_first: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QkNorm {
    /// Nowhere.
    None,
    /// Each head by itself, before the rotation.
    Heads,
    /// All heads together, before they are told apart.
    Whole,
    /// Each head by itself, after the rotation.
    Rotated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qkv {
    /// A matrix for each.
    Apart,
    /// One matrix; the three are views of its result.
    Fused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// A gate matrix beside the up matrix.
    Beside,
    /// One matrix of twice the width.
    Fused,
    /// None: the activation works in place.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExpertInput {
    /// Experts, router and shared expert read one norm.
    One,
    /// Each has a norm of its own, the results of both kinds of expert are normed too, and each expert's result
    /// is scaled (Gemma 4).
    Apart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pick {
    /// In the last layer, between attention and feed-forward.
    LastLayer,
    /// After the last layer, before the final norm.
    BeforeNorm,
    /// After the final norm.
    AfterNorm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rope {
    /// All.
    Everywhere,
    /// None: positions are not used.
    Nowhere,
    /// Those with a window.
    Windowed,
    /// Those with a window; in the others queries are scaled by their position.
    WindowedOrScaled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sum {
    /// The block's result comes first.
    ResultFirst,
    /// The residual comes first.
    ResidualFirst,
}

/// How a router turns scores into shares.
#[allow(clippy::struct_excessive_bools, reason = "a row of a table")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Router {
    /// Whether a bias steers the choice, so that the plain shares are kept beside.
    pub bias: bool,
    /// Whether shares are taken after the choice, among the chosen.
    pub after_choice: bool,
    /// Whether the chosen shares are made to sum to one.
    pub normed: bool,
    /// Whether the shares are multiplied by a number other than one.
    pub scaled: bool,
    /// Whether the share is applied to what goes into an expert.
    pub before: bool,
    /// Whether the shared expert has a gate of its own.
    pub shared_gate: bool,
}

impl Style {
    /// The style of a GGUF architecture; an unknown one is taken for a plain transformer.
    ///
    /// Source: llama.cpp v0.5.0 `src/models/*.cpp`, the constructors of the graphs.
    pub fn of(model: &Architecture) -> Self {
        let arch = model.gguf.as_str();
        let qk_norm = match arch {
            "qwen3" | "qwen3moe" | "qwen3vl" | "qwen3vlmoe" | "gemma3" | "gemma3n" | "gemma4" | "qwen3next"
            | "qwen35" | "qwen35moe" | "exaone4" | "exaone-moe" | "hunyuan-moe" | "dots1" | "lfm2" | "lfm2moe"
            | "minimax-m3" | "step35" => QkNorm::Heads,
            "olmoe" | "olmo2" | "minimax-m2" => QkNorm::Whole,
            "llama4" => QkNorm::Rotated,
            _ if model.details.qk_norm == Presence::Present => QkNorm::Heads,
            _ => QkNorm::None,
        };
        let qkv = match arch {
            "phi3" | "phi2" | "falcon" => Qkv::Fused,
            _ => Qkv::Apart,
        };
        let gate = match arch {
            "phi3" | "glm4" => Gate::Fused,
            "nemotron" | "nemotron_h" | "nemotron_h_moe" | "starcoder2" | "falcon" | "phi2" => Gate::None,
            _ => Gate::Beside,
        };
        let (expert_gate, expert_input) = match arch {
            "gemma4" => (Gate::Fused, ExpertInput::Apart),
            "nemotron_h_moe" => (Gate::None, ExpertInput::One),
            _ => (Gate::Beside, ExpertInput::One),
        };
        let pick = match arch {
            "gpt-oss" | "deepseek4" => Pick::BeforeNorm,
            "gemma4" | "qwen3next" | "qwen35" | "qwen35moe" | "nemotron_h" | "nemotron_h_moe" => Pick::AfterNorm,
            _ => Pick::LastLayer,
        };
        let bias = model.details.router_bias.or(has_router_bias(arch));
        let router = Router {
            bias,
            after_choice: arch == "gpt-oss",
            normed: !matches!(arch, "gpt-oss" | "olmoe" | "llama4"),
            scaled: bias && matches!(arch, "deepseek2" | "deepseek32" | "deepseek4" | "glm-dsa"),
            before: arch == "llama4",
            shared_gate: matches!(arch, "qwen3next" | "qwen35moe" | "qwen2moe"),
        };
        let rope = match arch {
            "llama4" => Rope::WindowedOrScaled,
            "cohere2" | "exaone4" | "exaone-moe" => Rope::Windowed,
            "jamba" | "nemotron_h" | "nemotron_h_moe" => Rope::Nowhere,
            _ => Rope::Everywhere,
        };
        let sum = match arch {
            "phi3" | "phimoe" | "jamba" | "lfm2" | "lfm2moe" => Sum::ResidualFirst,
            _ => Sum::ResultFirst,
        };
        let mixer_sum = match arch {
            "jamba" | "lfm2" | "lfm2moe" => Sum::ResidualFirst,
            _ => Sum::ResultFirst,
        };
        let positions = match arch {
            "qwen35" | "qwen35moe" | "qwen3vl" | "qwen3vlmoe" | "qwen2vl" => 4,
            _ => 1,
        };
        let norm = match arch {
            "command-r" | "cohere2" | "falcon" | "phi2" | "starcoder2" => Norm::Layer,
            _ => Norm::Rms,
        };
        let order = match arch {
            "olmo2" => Order::PostNorm,
            "command-r" | "cohere2" => Order::ResidualFirst,
            // Falcon 40B and 180B, unlike 7B, norm twice.
            "falcon" => Order::ResidualLast { two_norms: kv_heads(model) > 1, mixer_first: false },
            "phi2" => Order::ResidualLast { two_norms: false, mixer_first: true },
            _ => Order::PreNorm,
        };
        Self {
            qk_norm,
            qkv,
            gate,
            expert_gate,
            expert_input,
            pick,
            router,
            rope,
            sum,
            mixer_sum,
            positions,
            norm,
            order,
        }
    }
}

/// Whether routers of an architecture have a bias, where a model does not say.
fn has_router_bias(arch: &str) -> bool {
    matches!(
        arch,
        "deepseek2"
            | "deepseek32"
            | "deepseek4"
            | "glm-dsa"
            | "glm4moe"
            | "minimax-m2"
            | "minimax-m3"
            | "mimo2"
            | "step35"
            | "kimi-linear"
            | "kimi-k3"
            | "nemotron_h_moe"
            | "lfm2moe"
            | "dots1"
            | "exaone-moe"
            | "ernie4_5-moe"
    )
}

/// Key heads of the first layer that has some.
fn kv_heads(model: &Architecture) -> u64 {
    let heads = |mixer: Mixer| match mixer {
        Mixer::Attention(attention) => Some(attention.kv_heads),
        _ => None,
    };
    model.layers.iter().find_map(|layer| heads(layer.mixer)).unwrap_or(0)
}
