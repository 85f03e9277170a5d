//! `llama-bench`: tests of one prompt and one answer, each option with the values of several tests. The first of them is
//! taken, and said.

use crate::formats::text::quoted;
use crate::memory::{FlashAttention, KvPlace, Outputs};
use crate::placement::{CpuExperts, GpuLayers, Split};
use crate::quant::Format;
use crate::units::Tokens;

use super::line::Line;
use super::server::{Mode, experts_by_pattern, flash, gpu_layers, split_mode};
use super::{Read, format, names, number, one_gpu, shares};

/// What stands in its documentation for options that are not given.
const PROMPT: u64 = 512;
const ANSWER: u64 = 128;
const BATCH: u64 = 2048;
const UBATCH: u64 = 512;

/// The test that is asked about.
struct Test {
    prompt: u64,
    answer: u64,
    depth: u64,
    one: bool,
    main: Option<u64>,
    /// Options whose first value was taken already.
    seen: Vec<String>,
}

/// Reads what is left of the line.
pub(super) fn take(line: &mut Line, read: &mut Read) -> Result<(), String> {
    let mut test = Test { prompt: PROMPT, answer: ANSWER, depth: 0, one: false, main: None, seen: Vec::new() };
    let (run, policy) = (&mut read.scenario.run, &mut read.scenario.policy);
    (run.batch, run.ubatch, run.sequences) = (BATCH, UBATCH, 1);
    (run.kv_k, run.kv_v, run.kv_place) = (Format::F16, Format::F16, KvPlace::Device);
    // Its batches give logits at every place.
    (run.flash_attention, run.outputs) = (FlashAttention::On, Outputs::All);
    (policy.gpu_layers, policy.cpu_experts) = (GpuLayers::Count(u32::MAX), CpuExperts::First(0));
    (policy.split, policy.tensor_split) = (Some(Split::Layer), Vec::new());
    while let Some(option) = line.option() {
        let option = option?;
        read.bench_option(names::own(&option), line, &mut test)?;
    }
    let scenario = &mut read.scenario;
    let gpus = scenario.engine.sees(&scenario.machine).gpus().count();
    match test.main {
        _ if test.one => scenario.policy.tensor_split = one_gpu(test.main, gpus)?,
        Some(main) => read.uncounted.push(format!("-mg {main}")),
        None => {}
    }
    // Each test has a context of its own, as long as it needs; the longer of the two is taken.
    let context = test.depth.saturating_add(test.prompt.max(test.answer));
    let most = scenario.subject.model.max_context.get();
    if context > most {
        let limit = scenario.subject.model.max_context;
        return Err(format!("-d, -p and -n come to {context} tokens, and the model takes {limit}"));
    }
    (scenario.run.context, scenario.depth) = (Tokens::new(context.max(1)), Tokens::new(test.depth));
    // A test of length 0 is none: the question keeps its own.
    if test.prompt > 0 {
        scenario.prompt = Tokens::new(test.prompt);
    }
    if test.answer > 0 {
        scenario.answer = Tokens::new(test.answer);
    }
    Ok(())
}

impl Read {
    fn bench_option(&mut self, word: &str, line: &mut Line, test: &mut Test) -> Result<(), String> {
        if word == "-fa" {
            // `-fa 0,1` and `-fa on`, and `-fa` alone as it once was.
            let value = line.value_if_any().unwrap_or_else(|| "on".to_owned());
            if let Some(first) = self.first(word, &value, ',', test) {
                self.scenario.run.flash_attention = flash(&mut Line::new(&first)?);
            }
            return Ok(());
        }
        let value = match word {
            "-p" | "-n" | "-d" | "-b" | "-ub" | "-ctk" | "-ctv" | "-ngl" | "--n-cpu-moe" | "-sm" | "-mg" | "-nkvo"
            | "-ts" | "-ot" | "-pg" => line.value(word)?,
            "-m" | "-hf" | "-t" | "-o" | "-oe" | "-r" | "--delay" => {
                let value = line.value(word)?;
                self.left_out.push(format!("{word} {value}"));
                return Ok(());
            }
            "--progress" | "--list-devices" => {
                self.left_out.push(word.to_owned());
                return Ok(());
            }
            other => return self.beside(other, &[], line),
        };
        // Patterns of tensors stand apart by semicolons, and a comma is part of one.
        let Some(first) = self.first(word, &value, if word == "-ot" { ';' } else { ',' }, test) else {
            return Ok(());
        };
        let (run, policy) = (&mut self.scenario.run, &mut self.scenario.policy);
        match word {
            "-p" => test.prompt = number(word, &first)?,
            "-n" => test.answer = number(word, &first)?,
            "-d" => test.depth = number(word, &first)?,
            "-b" => run.batch = number(word, &first)?.max(1),
            "-ub" => run.ubatch = number(word, &first)?.max(1),
            "-ctk" => run.kv_k = format(&first)?,
            "-ctv" => run.kv_v = format(&first)?,
            // Less than nothing means all, and nothing is chosen automatically.
            "-ngl" => {
                policy.gpu_layers = match gpu_layers(word, &first)? {
                    GpuLayers::Auto => GpuLayers::Count(u32::MAX),
                    count @ GpuLayers::Count(_) => count,
                }
            }
            "--n-cpu-moe" => {
                policy.cpu_experts = CpuExperts::First(u32::try_from(number(word, &first)?).unwrap_or(u32::MAX));
            }
            "-sm" => match split_mode(word, &first)? {
                Mode::One => test.one = true,
                Mode::Several(split) => policy.split = Some(split),
            },
            "-mg" => test.main = Some(number(word, &first)?),
            "-nkvo" => {
                run.kv_place = match first.as_str() {
                    "0" => KvPlace::Device,
                    "1" => KvPlace::Host,
                    other => return Err(format!("{word} is {}: expected 0 or 1", quoted(other))),
                }
            }
            "-ts" => {
                let gpus = self.scenario.engine.sees(&self.scenario.machine).gpus().count();
                // 0 is its word for none.
                self.scenario.policy.tensor_split = if first == "0" { Vec::new() } else { shares(word, &first, gpus)? };
            }
            "-ot" => policy.cpu_experts = experts_by_pattern(&first)?,
            // A prompt and its answer in one test: the length of both is the context, and their speeds are two.
            _ => self.uncounted.push(format!("{word} {value}")),
        }
        Ok(())
    }

    /// The first value of an option; none where one was taken before. Of several tests, the first.
    fn first(&mut self, word: &str, value: &str, between: char, test: &mut Test) -> Option<String> {
        if word == "-pg" {
            return Some(value.to_owned());
        }
        let again = test.seen.iter().any(|seen| seen == word);
        if again {
            self.chosen.push(format!("Of several {word} the first was taken, not {}.", quoted(value)));
            return None;
        }
        test.seen.push(word.to_owned());
        let mut values = value.split(between);
        // A length of 0 is no test; what stands behind it is one.
        let lengths = matches!(word, "-p" | "-n");
        let own = values.clone().find(|text| !lengths || *text != "0").or_else(|| values.next())?;
        // `512-4096*2` is a range of values.
        let mut first = own;
        if matches!(word, "-p" | "-n" | "-d" | "-b" | "-ub" | "-ngl" | "--n-cpu-moe")
            && let Some((low, _)) = own.split_once('-').filter(|(low, _)| !low.is_empty())
        {
            first = low;
        }
        if first != value {
            self.chosen.push(format!("Of {word} {value} the first was taken: {first}."));
        }
        Some(first.to_owned())
    }
}
