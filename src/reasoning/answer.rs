//! How long a thinking model takes to answer, and where the time goes.
//!
//! The times are [`evaluate_here`]'s. How much of an answer is thought before the part that is shown is not known of any
//! model: it is asked.

use crate::scenario::{Scenario, evaluate_here};
use crate::units::{Seconds, Tokens};

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
