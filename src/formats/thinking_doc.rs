//! `assets/thinking.ron`: published lengths of answers, and how models want to be sampled.

use serde::Deserialize;

use crate::reasoning::thinking::{Length, Sampling, Thinking};
use crate::units::Tokens;

use super::document::{Refused, check_header, options};
use super::quant_doc::{confidence, once, refused};

const FORMAT: &str = "willitrun.thinking";
/// Nobody published a longer answer.
const MOST_TOKENS: u64 = 10_000_000;

/// Reads the document.
///
/// # Errors
/// Refuses numbers out of range, unknown words, and tasks that stand twice.
pub fn read(text: &str) -> Result<Thinking, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, 1)?;
    once(document.lengths.iter().chain(&document.caps).map(|row| row.task.as_str()))?;
    Ok(Thinking {
        lengths: document.lengths.into_iter().map(LengthRow::into_length).collect::<Result<_, _>>()?,
        caps: document.caps.into_iter().map(LengthRow::into_length).collect::<Result<_, _>>()?,
        sampling: document.sampling.into_iter().map(SamplingRow::into_sampling).collect::<Result<_, _>>()?,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    lengths: Vec<LengthRow>,
    caps: Vec<LengthRow>,
    sampling: Vec<SamplingRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LengthRow {
    task: String,
    tokens: u64,
    source: String,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SamplingRow {
    models: Vec<String>,
    temperature: f64,
    temperature_range: (f64, f64),
    top_p: f64,
    system_prompt: String,
    begins: String,
    why: String,
    source: String,
    confidence: String,
}

impl LengthRow {
    fn into_length(self) -> Result<Length, Refused> {
        let Self { task, tokens, source, confidence: word } = self;
        if !(1..=MOST_TOKENS).contains(&tokens) {
            return Err(refused(&task, "tokens", "expected 1 to 10,000,000"));
        }
        Ok(Length { tokens: Tokens::new(tokens), confidence: confidence(&task, &word)?, task, source })
    }
}

impl SamplingRow {
    fn into_sampling(self) -> Result<Sampling, Refused> {
        let id = self.models.first().cloned().unwrap_or_default();
        let (low, high) = self.temperature_range;
        let temperatures = (0.0..=self.temperature).contains(&low) && (self.temperature..=5.0).contains(&high);
        if !temperatures || !(0.0..=1.0).contains(&self.top_p) {
            return Err(refused(&id, "temperature", "expected it within its range, and top_p from 0 to 1"));
        }
        Ok(Sampling {
            confidence: confidence(&id, &self.confidence)?,
            models: self.models,
            temperature: self.temperature,
            temperature_range: self.temperature_range,
            top_p: self.top_p,
            system_prompt: self.system_prompt,
            begins: self.begins,
            why: self.why,
            source: self.source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../assets/thinking.ron");

    #[test]
    fn what_is_out_of_range_is_refused_by_its_row() {
        let thinking = read(GOOD).expect("built in");
        let line = thinking.sampling_of("deepseek-r1").map(Sampling::line).expect("R1's");
        assert!(line.contains("0.6") && line.contains("<think>"), "{line}");
        assert_eq!(thinking.sampling_of("nobody"), None);
        for (good, bad, said) in [
            ("tokens: 12000", "tokens: 0", "AIME, R1: tokens: expected 1 to"),
            ("top_p: 0.95", "top_p: 1.95", "deepseek-r1: temperature: expected it within"),
            ("temperature: 0.6", "temperature: 0.4", "deepseek-r1: temperature: expected it within"),
            ("confidence: \"read\"", "confidence: \"sure\"", "confidence: read, inferred or memory"),
            ("task: \"AIME, R1\"", "task: \"AIME, R1-0528\"", "it stands twice"),
            ("version: 1", "version: 2", "version 2 needs a newer app"),
        ] {
            assert!(GOOD.contains(good), "{good}");
            let error = read(&GOOD.replacen(good, bad, 1)).expect_err(bad).to_string();
            assert!(error.contains(said), "{bad}: {error}");
        }
    }
}
