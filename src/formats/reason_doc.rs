//! What was chosen on the page of thinking and serving, as the settings keep it. Choices are words, so that what a
//! version does not know is passed over and nothing else is lost with it.

use serde::{Deserialize, Serialize};

/// The page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reason {
    /// The part that is open.
    pub section: String,
    /// Tokens of an answer that are shown after the thought.
    pub shown: Option<u64>,
    /// Bits of a weight in the equation.
    pub bits: Option<u64>,
    /// What the model is asked for.
    pub task: String,
    /// The topic of published answers; empty for all.
    pub topic: String,
    /// How a cache is made smaller.
    pub smaller: Option<Smaller>,
    /// A format by its formula.
    pub formula: Option<Formula>,
    /// Where classes of tensors lie, `gpu`, `ram`, `first 12` or `last 29`; empty where nobody chose.
    pub homes: Vec<String>,
    /// The N of placements by layers.
    pub layers: Option<u32>,
    /// The pool and its requests.
    pub requests: Option<Requests>,
    /// Prices and power.
    pub terms: Option<Terms>,
}

/// Ways to keep a cache smaller, in bits and tokens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are those of the page")]
pub struct Smaller {
    pub bits: u64,
    pub group: u64,
    pub zero: u64,
    pub residual: u64,
    pub budget: u64,
    pub buffer: u64,
    pub sinks: u64,
    pub window: u64,
    pub hitters: u64,
}

/// Bits of a weight, a scale, a zero point, and what shares them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are those of the page")]
pub struct Formula {
    pub bits: f64,
    pub scale: u64,
    pub zero: u64,
    pub group: u64,
}

/// A pool and its requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are those of the page")]
pub struct Requests {
    /// `whole` or `blocks`.
    pub room: String,
    pub mib: u64,
    pub percent: u64,
    pub blocks: u64,
    pub size: u64,
    pub most: u64,
    /// As on the command line.
    pub policy: String,
    /// As on the command line.
    pub preemption: String,
    pub count: u64,
    pub gap: u64,
    pub prompt: u64,
    pub answer: u64,
    pub spread: u64,
    pub seed: u64,
    /// Bytes of a token; none for what the question on screen takes.
    pub token_bytes: Option<u64>,
}

/// Prices in US dollars, and power.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are those of the page")]
pub struct Terms {
    /// Watts, how they are known, and what stands behind them.
    pub watts: Option<(f64, String, String)>,
    pub tariff: Option<f64>,
    pub api: String,
    /// Of a million tokens of a cached prompt, of a prompt, of output; with a date.
    pub typed: Option<(f64, f64, f64, String)>,
    pub cached: f64,
    pub currency: String,
    pub per_dollar: f64,
    pub price: f64,
    pub years: f64,
    pub busy: f64,
    pub idle: f64,
}
