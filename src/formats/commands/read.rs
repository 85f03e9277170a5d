//! A command of `llama-server` read back: what its options set, over a question.
//!
//! Read are the options this app writes and their long names, in the words of a POSIX shell. The model and the machine
//! are those of the question: a path says nothing about either. What is no matter of memory or speed is left out and
//! named; what cannot be understood is refused.

use std::sync::Arc;

use crate::memory::{FlashAttention, KvPlace, KvStreams, SwaCache};
use crate::placement::{CpuExperts, GpuLayers, Launcher, Setting, Split};
use crate::quant::Format;
use crate::scenario::Scenario;
use crate::units::parse_tokens;

use super::super::text::quoted;

/// Other names of options, as `llama-server --help` lists them beside those of `engines.ron`
/// (ggml-org/llama.cpp, tools/server/README.md).
const ALIASES: [(&str, &str); 21] = [
    ("--model", "-m"),
    ("--hf-repo", "-hf"),
    ("--ctx-size", "-c"),
    ("--gpu-layers", "-ngl"),
    ("--n-gpu-layers", "-ngl"),
    ("-ncmoe", "--n-cpu-moe"),
    ("--split-mode", "-sm"),
    ("--tensor-split", "-ts"),
    ("--cache-type-k", "-ctk"),
    ("--cache-type-v", "-ctv"),
    ("--no-kv-offload", "-nkvo"),
    ("--flash-attn", "-fa"),
    ("--parallel", "-np"),
    ("-kvu", "--kv-unified"),
    ("--batch-size", "-b"),
    ("--ubatch-size", "-ub"),
    ("--threads", "-t"),
    ("--override-tensor", "-ot"),
    ("-cmoe", "--cpu-moe"),
    ("--host", "--host"),
    ("--port", "--port"),
];
/// Options that take a value and say nothing about memory or speed.
const BESIDE: [&str; 4] = ["--host", "--port", "--alias", "--api-key"];
/// Longer commands are none.
const MOST_BYTES: usize = 16_384;

/// A command as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The question with what the command sets.
    pub scenario: Scenario,
    /// Options that were left out: they say nothing about memory or speed, or something about the model.
    pub left_out: Vec<String>,
}

/// Reads a command over a question.
///
/// # Errors
/// The sentence to show: another program, an unknown option, a value that cannot be.
pub fn read(command: &str, scenario: &Scenario) -> Result<Read, String> {
    if !matches!(scenario.engine.command, Launcher::LlamaServer | Launcher::IkLlamaServer) || scenario.engine.ideal {
        return Err(format!("only commands of llama-server can be read, and {} has another", scenario.engine.name));
    }
    let words = split(command)?;
    let mut words = words.iter().map(String::as_str);
    let program = words.next().unwrap_or_default();
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    if name.trim_end_matches(".exe") != "llama-server" {
        return Err(format!("the command begins with {}, not with llama-server", quoted(program)));
    }
    let mut read = Read { scenario: scenario.clone(), left_out: Vec::new() };
    while let Some(word) = words.next() {
        let (word, joined) = match word.split_once('=') {
            Some((word, value)) if word.starts_with("--") => (word, Some(value)),
            _ => (word, None),
        };
        let word = ALIASES.iter().find(|(other, _)| *other == word).map_or(word, |(_, own)| own);
        let mut value = || joined.or_else(|| words.next()).ok_or_else(|| format!("{} wants a value", quoted(word)));
        read.option(word, &mut value)?;
    }
    read.scenario.run.check(&read.scenario.subject.model).map_err(|error| error.to_string())?;
    Ok(read)
}

impl Read {
    fn option<'a>(&mut self, word: &str, value: &mut dyn FnMut() -> Result<&'a str, String>) -> Result<(), String> {
        let Self { scenario, left_out } = self;
        let engine = scenario.engine.clone();
        let policy = &mut scenario.policy;
        // An option with a fixed value is known by its first word: `-fa on`, `-sm tensor`, `-mla 3`.
        let is = |sets: Setting| engine.flag(sets).is_some_and(|flag| flag.word.split(' ').next() == Some(word));
        if is(Setting::Context) {
            scenario.run.context = parse_tokens(value()?).map_err(|error| format!("{word}: {error}"))?;
        } else if is(Setting::GpuLayers) {
            let count = u32::try_from(number(word, value()?)?).unwrap_or(u32::MAX);
            policy.gpu_layers = GpuLayers::Count(count);
        } else if is(Setting::CpuExperts) {
            policy.cpu_experts = CpuExperts::First(u32::try_from(number(word, value()?)?).unwrap_or(u32::MAX));
        } else if word == "--cpu-moe" {
            policy.cpu_experts = CpuExperts::All;
        } else if word == "-ot" {
            match value()? {
                pattern if ["exps=CPU", "exps.=CPU"].iter().any(|all| pattern.ends_with(all)) => {
                    policy.cpu_experts = CpuExperts::All;
                }
                pattern => return Err(format!("of -ot only exps=CPU is read, not {}", quoted(pattern))),
            }
        } else if is(Setting::SplitTensor) {
            policy.split = Some(split_mode(value()?)?);
        } else if is(Setting::Shares) {
            policy.tensor_split = shares(word, value()?, engine.sees(&scenario.machine).gpus().count())?;
        } else if is(Setting::KvK) {
            scenario.run.kv_k = format(value()?)?;
        } else if is(Setting::KvV) {
            scenario.run.kv_v = format(value()?)?;
        } else if is(Setting::KvOnHost) {
            scenario.run.kv_place = KvPlace::Host;
        } else if is(Setting::FlashOn) || is(Setting::FlashOff) {
            scenario.run.flash_attention = match value()? {
                "on" | "auto" | "1" => FlashAttention::On,
                "off" | "0" => FlashAttention::Off,
                other => return Err(format!("{word} is {}: expected on or off", quoted(other))),
            };
        } else if is(Setting::Sequences) {
            scenario.run.sequences = number(word, value()?)?.max(1);
        } else if is(Setting::Unified) {
            scenario.run.streams = KvStreams::Unified;
        } else if is(Setting::WindowsFull) {
            scenario.run.swa = SwaCache::Full;
        } else if is(Setting::Batch) {
            scenario.run.batch = number(word, value()?)?.max(1);
        } else if is(Setting::Ubatch) {
            scenario.run.ubatch = number(word, value()?)?.max(1);
        } else if is(Setting::ExpertsUsed) {
            let count = used(value()?, scenario)?;
            scenario.subject = Arc::new(scenario.subject.with_experts(Some(count)));
        } else if [Setting::Model, Setting::Repository, Setting::Threads, Setting::Servers, Setting::LatentCache]
            .into_iter()
            .any(is)
            || BESIDE.contains(&word)
        {
            left_out.push(format!("{word} {}", value()?));
        } else {
            return Err(format!("{} is no option that can be read here", quoted(word)));
        }
        Ok(())
    }
}

fn number(word: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("{word} is {}: expected a whole number", quoted(value)))
}

/// Shares of the GPUs: no more than there are, and not all nothing.
fn shares(word: &str, value: &str, gpus: usize) -> Result<Vec<f64>, String> {
    let share = |text: &str| text.parse().ok().filter(|share: &f64| share.is_finite() && *share >= 0.0);
    let shares: Option<Vec<f64>> = value.split([',', '/']).map(share).collect();
    let shares = shares.filter(|shares| shares.iter().sum::<f64>() > 0.0);
    let shares = shares.ok_or_else(|| format!("{word} has {}: expected shares such as 3,1", quoted(value)))?;
    if shares.len() > gpus {
        return Err(format!("{word} gives shares to {} GPUs, and this machine has {gpus}", shares.len()));
    }
    Ok(shares)
}

fn format(value: &str) -> Result<Format, String> {
    Format::parse(value).ok_or_else(|| format!("{} is no format of a cache", quoted(value)))
}

fn split_mode(value: &str) -> Result<Split, String> {
    match value {
        "layer" => Ok(Split::Layer),
        "tensor" | "graph" | "row" => Ok(Split::Tensor),
        other => Err(format!("-sm is {}: expected layer or tensor", quoted(other))),
    }
}

/// `deepseek2.expert_used_count=int:6`
fn used(value: &str, scenario: &Scenario) -> Result<u64, String> {
    let model = &scenario.subject.model;
    let key = format!("{}.expert_used_count=int:", model.gguf);
    let count = value.strip_prefix(&key).and_then(|count| count.parse().ok());
    let count = count.filter(|count| (1..=model.experts()).contains(count));
    count.ok_or_else(|| format!("--override-kv is {}: expected {key}N with a number of its experts", quoted(value)))
}

/// The words of a line as a POSIX shell splits them; nothing is expanded.
fn split(command: &str) -> Result<Vec<String>, String> {
    if command.len() > MOST_BYTES {
        return Err("the command is longer than any that was written here".to_owned());
    }
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' | '"' => {
                let own = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' => own.extend(chars.next()),
                        Some(other) => own.push(other),
                        None => return Err("a quote in the command is not closed".to_owned()),
                    }
                }
            }
            '\\' => match chars.next() {
                None | Some('\n') => {}
                Some('\r') => {
                    chars.next();
                }
                Some(other) => word.get_or_insert_default().push(other),
            },
            ';' | '|' | '&' | '<' | '>' | '`' | '$' => {
                return Err(format!("'{c}' is no part of one plain command: leave out what stands around it"));
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_does() {
        let words = |line: &str| split(line).expect("words");
        assert_eq!(words("a  'b c' \"d \\\" e\" f\\ g"), ["a", "b c", "d \" e", "f g"]);
        assert_eq!(words("a \\\n  -c 8"), ["a", "-c", "8"]);
        assert_eq!(words("'' x"), ["", "x"]);
        assert!(words("").is_empty());
        for bad in ["'a", "a; rm", "a && b", "$HOME", "a > b", &"x".repeat(MOST_BYTES + 1)] {
            assert!(split(bad).is_err(), "{bad}");
        }
    }
}
