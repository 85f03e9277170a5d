//! A speed measured by running an engine: a property of the machine it ran on.

use crate::quant::Format;
use crate::units::{Bytes, Params, Tokens, TokensPerSecond};

use super::{Backend, Source};

/// One test of `llama-bench`.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchRun {
    /// Measured on this very machine, or reported by the author of a foreign profile: only the first corrects
    /// predictions.
    pub source: Source,
    /// Catalogue id of the engine.
    pub engine: String,
    /// What drove the processor.
    pub backend: Backend,
    /// Catalogue id of the model.
    pub model: String,
    /// Its quant.
    pub quant: String,
    /// Weights in the file.
    pub params: Params,
    /// All tensors of the file.
    pub file: Bytes,
    /// What was timed.
    pub work: Work,
    /// Tokens generated, or of the prompt.
    pub tokens: Tokens,
    /// Tokens cached before.
    pub depth: Tokens,
    /// The mean over its repetitions.
    pub rate: TokensPerSecond,
    /// Standard deviation of the repetitions over their mean.
    pub spread: f64,
    /// How often it was repeated.
    pub repeats: u32,
    /// What was predicted without any measurement when it was taken in; none where nothing could be.
    pub predicted: Option<TokensPerSecond>,
    /// How it was run.
    pub setup: Setup,
    /// Number and commit of the engine's build.
    pub build: String,
    /// ISO 8601 day.
    pub date: String,
    /// What else the engine said of the run, such as its threads.
    pub conditions: String,
    /// How it stands to what is predicted with today's figures; worked out when a machine is read, never written.
    pub compared: Option<Compared>,
}

/// What a test times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// Generating tokens one by one.
    Decode,
    /// Reading a prompt.
    Prompt,
}

impl Work {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Decode, Self::Prompt];

    /// The word in a profile.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Prompt => "prompt",
        }
    }
}

/// How an engine was told to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// Layers on GPUs, the head counted as one; none is all.
    pub gpu_layers: Option<u32>,
    /// First layers whose routed experts stay in RAM.
    pub cpu_expert_layers: u32,
    /// Shares per GPU; empty for the engine's own.
    pub tensor_split: Vec<f64>,
    /// Format of cached keys.
    pub kv_k: Format,
    /// Format of cached values.
    pub kv_v: Format,
    /// Whether the cache stayed in RAM.
    pub kv_on_host: bool,
    /// Whether attention was fused.
    pub fused_attention: bool,
    /// Tokens handed over at once.
    pub batch: u64,
    /// Tokens computed at once.
    pub ubatch: u64,
}

impl Default for Setup {
    /// What `llama-bench` does of itself.
    fn default() -> Self {
        Self {
            gpu_layers: None,
            cpu_expert_layers: 0,
            tensor_split: Vec::new(),
            kv_k: Format::F16,
            kv_v: Format::F16,
            kv_on_host: false,
            fused_attention: true,
            batch: 2048,
            ubatch: 512,
        }
    }
}

/// A measurement beside its prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// What is predicted with today's figures and no measurement.
    pub predicted: f64,
    /// How the prediction stands.
    pub standing: Standing,
}

/// What a predicted speed rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Standard deviation of log(measured / predicted).
    pub spread: f64,
    /// The part of it that comes from a bandwidth that is only assumed.
    pub doubt: f64,
    /// Who takes part, by the share of the time.
    pub parts: Vec<(Part, f64)>,
    /// Layers on GPUs.
    pub gpu_layers: u32,
    /// Layers whose routed experts stay in RAM.
    pub cpu_expert_layers: u32,
    /// Formats of cached keys and values.
    pub kv: (Format, Format),
    /// Whether the cache stays in RAM.
    pub kv_on_host: bool,
    /// Whether attention is fused.
    pub fused_attention: bool,
    /// Sequences at once.
    pub sequences: u64,
}

/// Something whose speed is predicted by parameters of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A backend.
    On(Backend),
    /// A prompt that a backend and the CPU share.
    Beside(Backend),
}

impl BenchRun {
    /// The depth it stands for: a token in the middle of what was generated.
    #[must_use]
    pub fn middle(&self) -> Tokens {
        match self.work {
            Work::Decode => self.depth + self.tokens / 2,
            Work::Prompt => self.depth,
        }
    }

    /// In words: `128 tokens at depth 4,096` or `prompt of 512 tokens`.
    #[must_use]
    pub fn test(&self) -> String {
        let what = match self.work {
            Work::Decode => format!("{} tokens", self.tokens),
            Work::Prompt => format!("prompt of {}", self.tokens),
        };
        if self.depth == Tokens::ZERO { what } else { format!("{what} at depth {}", self.depth) }
    }
}
