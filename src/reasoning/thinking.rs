//! How long models think, as somebody published it, and how they want to be sampled.
//!
//! No length is estimated: where nobody published one for a task, there is none.

use crate::quant::Confidence;
use crate::units::Tokens;

/// What is published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thinking {
    /// Tokens of an answer, thinking included, by task and model.
    pub lengths: Vec<Length>,
    /// The most some service or test allowed.
    pub caps: Vec<Length>,
    /// How models want to be sampled.
    pub sampling: Vec<Sampling>,
}

/// Tokens of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Length {
    /// Task and model: `AIME, R1`.
    pub task: String,
    /// Tokens generated.
    pub tokens: Tokens,
    /// Where it was read.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
}

/// How a model wants to be sampled.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// The models, by id.
    pub models: Vec<String>,
    /// The temperature recommended.
    pub temperature: f64,
    /// The lowest and highest that work.
    pub temperature_range: (f64, f64),
    /// The share of probability to sample from.
    pub top_p: f64,
    /// What to do with a system prompt.
    pub system_prompt: String,
    /// What an answer has to begin with, as it is typed; empty where nothing.
    pub begins: String,
    /// What happens otherwise.
    pub why: String,
    /// Where it was read.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
}

impl Thinking {
    /// How a model wants to be sampled, where somebody published it.
    #[must_use]
    pub fn sampling_of(&self, model: &str) -> Option<&Sampling> {
        self.sampling.iter().find(|row| row.models.iter().any(|id| id == model))
    }
}

impl Sampling {
    /// In one line: `Temperature 0.6 (0.5 to 0.7), top-p 0.95, …`.
    #[must_use]
    pub fn line(&self) -> String {
        let (low, high) = self.temperature_range;
        let begins = match self.begins.as_str() {
            "" => String::new(),
            begins => format!(", output made to begin with {begins}"),
        };
        format!(
            "Temperature {} ({low} to {high}), top-p {}, system prompt {}{begins}.",
            self.temperature, self.top_p, self.system_prompt
        )
    }
}
