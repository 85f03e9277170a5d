//! How long a thinking model takes to answer: where the time goes, and how long answers are that somebody counted.
//!
//! The times are [`evaluate_here`]'s. How much of an answer is thought before the part that is shown is not known of any
//! model: it is asked.

use crate::quant::Confidence;
use crate::scenario::{Scenario, evaluate_here};
use crate::units::{Seconds, Tokens};

/// A length of answers that was published, thinking included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// Who answered.
    pub who: &'static str,
    /// What was asked.
    pub what: &'static str,
    /// Tokens of one answer.
    pub tokens: Tokens,
    /// What the number is: a mean, about, a limit.
    pub kind: Kind,
    /// Where it was read.
    pub source: &'static str,
    /// How far to trust it.
    pub confidence: Confidence,
}

/// What a published length is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A mean over questions.
    Mean,
    /// A round number of the publisher's.
    About,
    /// The most that was allowed.
    Limit,
}

impl Kind {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::About => "about",
            Self::Limit => "at most",
        }
    }
}

const fn read(who: &'static str, what: &'static str, tokens: u64, kind: Kind, source: &'static str) -> Length {
    Length { who, what, tokens: Tokens::new(tokens), kind, source, confidence: Confidence::Read }
}

/// Every one of them, shortest first. None was found for GPQA or for programs.
pub const LENGTHS: [Length; 7] = [
    read("R1 distills 8B, 14B", "MATH-500", 2979, Kind::Mean, "R-KV, README of github.com/Zefan-Cai/R-KV"),
    read("DeepSeek-R1", "30 hard MATH questions", 4717, Kind::Mean, "arXiv 2501.18576, read in a summary: 4,717.5"),
    read("DeepSeek-R1", "AIME", 12_000, Kind::About, "Model card of DeepSeek-R1-0528: 12K"),
    read("R1 distills 8B, 14B", "AIME 2024", 15_536, Kind::Mean, "R-KV, README of github.com/Zefan-Cai/R-KV"),
    read("DeepSeek-R1-0528", "AIME", 23_000, Kind::About, "Model card of DeepSeek-R1-0528: 23K"),
    read("DeepSeek API of 2025", "thought and answer", 40_960, Kind::Limit, "API documentation of early 2025: 32K and 8K"),
    read("DeepSeek-R1-0528", "its evaluation", 65_536, Kind::Limit, "Model card of DeepSeek-R1-0528: 64K generated"),
];

/// Where the time of an answer goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Time {
    /// Reading the prompt.
    pub prompt: Seconds,
    /// Thinking.
    pub thinking: Seconds,
    /// Writing what is shown.
    pub shown: Seconds,
    /// All of it.
    pub whole: Seconds,
    /// From the question to the first token.
    pub first_token: Seconds,
    /// From the question to the first token that is shown.
    pub first_shown: Seconds,
    /// Tokens per second of the first token.
    pub first_rate: Option<f64>,
    /// Tokens per second of the last token.
    pub last_rate: Option<f64>,
}

/// The time of a question whose answer ends with so many tokens that are shown; none where it has no speed.
///
/// With a thought of no length the answer is shown from its first token on.
#[must_use]
pub fn time(scenario: &Scenario, shown: Tokens) -> Option<Time> {
    let all = evaluate_here(scenario);
    let (whole, first_token) = (all.whole_answer?, all.first_token?);
    let prompt = Seconds::new(scenario.prompt.as_f64() / all.prefill?.expected)?;
    let thought = scenario.answer - shown;
    let until = match thought.get() {
        0 => prompt,
        _ => whole_answer(scenario, thought)?,
    };
    let between = |from: Seconds, to: Seconds| Seconds::saturating(to.get() - from.get());
    Some(Time {
        prompt,
        thinking: between(prompt, until),
        shown: between(until, whole),
        whole,
        first_token,
        first_shown: if thought.get() == 0 { first_token } else { until },
        first_rate: between(prompt, first_token).rate().map(crate::units::TokensPerSecond::get),
        last_rate: all.last_rate,
    })
}

/// The time of the same question with an answer of another length.
#[must_use]
pub fn whole_answer(scenario: &Scenario, answer: Tokens) -> Option<Seconds> {
    evaluate_here(&Scenario { answer, ..scenario.clone() }).whole_answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_rise_and_each_says_where_it_was_read() {
        assert!(LENGTHS.is_sorted_by_key(|length| length.tokens));
        assert!(LENGTHS.iter().all(|length| !length.source.is_empty() && length.tokens.get() > 0));
    }
}
