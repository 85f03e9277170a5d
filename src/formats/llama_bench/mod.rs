//! What `llama-bench -o json` and `-o jsonl` print: how fast an engine ran, test by test.
//!
//! Fields by the source of llama.cpp, `tools/llama-bench/llama-bench.cpp` (`test::get_fields`): builds of 2023 name
//! their backend by flags (`cuda`, `metal`), later ones by `backends`; `flash_attn` was a truth value and is now
//! -1 (by itself), 0 or 1; `n_depth` came in 2025 and `n_cpu_moe` soon after. `ik_llama.cpp` has fields of its own
//! beside them (`mla_attn`, `fused_moe`). What is printed around the JSON, as by drivers, is passed over.
//!
//! Invariant: every figure read is finite and in range, names are safe to show, and no path is kept.

mod label;
mod row;

use super::document::{MOST_REASON, Refused, shown};
use super::json::{self, Json};
use crate::hardware::{Backend, Setup, Work};
use crate::units::{Bytes, Params, Tokens, TokensPerSecond};

pub use label::mix_of;

/// The longest output read: some 700 tests.
pub const MOST_BYTES: usize = 1 << 20;
/// The most values in it.
const MOST_VALUES: usize = 200_000;

/// An output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bench {
    /// Its tests, in order.
    pub tests: Vec<Test>,
    /// Tests that say nothing, each with the reason.
    pub bad: Vec<String>,
}

/// One test.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Its place among the tests, from 1.
    pub number: usize,
    /// Number and commit of the build.
    pub build: String,
    /// Whether fields of `ik_llama.cpp` are in it.
    pub fork: Fork,
    /// The processor.
    pub cpu: String,
    /// The devices, by name.
    pub gpus: Vec<String>,
    /// What drove them, or why that cannot be told.
    pub backend: Result<Backend, String>,
    /// The name of the file, without its folder.
    pub file_name: String,
    /// The engine's name of the architecture, such as `qwen2`.
    pub architecture: String,
    /// What the engine calls architecture, size and type, such as `qwen2 7B Q4_K - Medium`.
    pub model_type: String,
    /// All tensors.
    pub bytes: Bytes,
    /// Their weights.
    pub params: Params,
    /// Threads of the CPU.
    pub threads: u64,
    /// How it was run.
    pub setup: Setup,
    /// What of that is not understood, in words; empty where nothing.
    pub odd: String,
    /// What was timed; none for a prompt and its answer in one, or an embedding.
    pub work: Option<Work>,
    /// Tokens generated, or of the prompt.
    pub tokens: Tokens,
    /// Tokens cached before.
    pub depth: Tokens,
    /// Day of the test, ISO 8601; empty where it does not say.
    pub date: String,
    /// Mean speed.
    pub rate: TokensPerSecond,
    /// Standard deviation over the mean.
    pub spread: f64,
    /// Repetitions.
    pub repeats: u32,
}

/// Which program printed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// llama.cpp.
    Mainline,
    /// `ik_llama.cpp`.
    Ik,
}

impl Fork {
    /// Its id in the catalogue.
    #[must_use]
    pub const fn engine(self) -> &'static str {
        match self {
            Self::Mainline => "llama.cpp",
            Self::Ik => "ik_llama.cpp",
        }
    }
}

/// Whether a text looks like such an output: two of its keys are in it.
#[must_use]
pub fn is_one(text: &str) -> bool {
    text.contains("\"avg_ts\"") && text.contains("\"n_gen\"")
}

/// Reads an output.
///
/// ```
/// use willitrun::formats::llama_bench::read;
/// let text = r#"[{"build_commit": "8cf427ff", "build_number": 5163, "backends": "CUDA", "gpu_info": "NVIDIA GeForce RTX 4080",
///     "model_type": "qwen2 7B Q4_K - Medium", "model_size": 4677120000, "model_n_params": 7615616512,
///     "n_prompt": 0, "n_gen": 128, "avg_ts": 118.88, "stddev_ts": 1.04}]"#;
/// let test = &read(text)?.tests[0];
/// assert_eq!((test.architecture.as_str(), test.build.as_str()), ("qwen2", "b5163 (8cf427ff)"));
/// assert!(read(&text[..200]).unwrap_err().to_string().contains("ends in the middle"));
/// # Ok::<(), willitrun::formats::Refused>(())
/// ```
///
/// # Errors
/// Refuses what is longer than 1 MiB, is no JSON, is cut short, or holds no test that says anything; with the place
/// where there is one.
pub fn read(text: &str) -> Result<Bench, Refused> {
    if text.len() > MOST_BYTES {
        let why = format!(
            "it is {:.1} MB long; the output of llama-bench read here is at most 1 MiB",
            text.len() as f64 / 1e6
        );
        return Err(Refused::Syntax { line: 1, column: 1, why });
    }
    let mut bench = Bench::default();
    for (at, json) in tests(text)?.iter().enumerate() {
        match row::read(json, at + 1) {
            Ok(read) => bench.tests.push(read),
            Err(why) => bench.bad.push(format!("test {}: {why}", at + 1)),
        }
    }
    match (bench.tests.is_empty(), bench.bad.first()) {
        (false, _) => Ok(bench),
        (true, Some(why)) => Err(Refused::Syntax { line: 1, column: 1, why: shown(why, MOST_REASON) }),
        (true, None) => {
            Err(Refused::Syntax { line: 1, column: 1, why: "it holds no test: llama-bench may have failed".to_owned() })
        }
    }
}

/// The tests of a list, of a single table, or of one table on each line.
fn tests(text: &str) -> Result<Vec<Json>, Refused> {
    let start = |line: &&str| {
        line.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
            && !line.trim_start().starts_with(|c: char| c == '[' && is_job_number(line))
    };
    let before = text.lines().take_while(|line| !start(line)).count();
    // Lines passed over stay as empty ones, so that places are those of the whole file.
    let body: String = std::iter::repeat_n("\n", before)
        .chain(text.split_inclusive('\n').skip(before))
        .map(|line| line.trim_start_matches('\u{feff}'))
        .collect();
    if body.trim().is_empty() {
        return Ok(Vec::new());
    }
    let lines: Vec<&str> = body.lines().filter(|line| line.trim_start().starts_with('{')).collect();
    let whole = json::read(&body, MOST_BYTES, MOST_VALUES);
    match whole {
        Ok(Json::List(list)) => Ok(list),
        Ok(table @ Json::Table(_)) => Ok(vec![table]),
        Ok(other) => {
            Err(Refused::Syntax { line: 1, column: 1, why: format!("it is {other}; expected a list of tests") })
        }
        Err(_) if lines.len() > 1 && lines.iter().all(|line| line.trim_end().ends_with('}')) => {
            let read = |line: &&str| json::read(line, MOST_BYTES, MOST_VALUES / lines.len());
            lines.iter().map(read).collect()
        }
        Err(Refused::Syntax { line, column, why }) if why.starts_with("EOF") => {
            Err(Refused::Syntax { line, column, why: "it ends in the middle: llama-bench did not finish".to_owned() })
        }
        Err(Refused::Syntax { line, column, why }) => {
            Err(Refused::Syntax { line, column, why: shown(&why, MOST_REASON) })
        }
        Err(error) => Err(error),
    }
}

/// Whether a line begins as `[1]    13557 segmentation fault` of a shell.
fn is_job_number(line: &str) -> bool {
    let inside = line.trim_start().trim_start_matches('[');
    inside.split(']').next().is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
