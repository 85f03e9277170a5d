//! `llama-server` and `llama-cli`, which share their options.

use std::sync::Arc;

use crate::formats::text::quoted;
use crate::memory::{FlashAttention, KvPlace, KvStreams, SwaCache};
use crate::placement::{CpuExperts, GpuLayers, Setting, Split};
use crate::scenario::Scenario;
use crate::units::{Tokens, parse_tokens};

use super::line::Line;
use super::{Read, format, names, number, one_gpu, shares};

/// How the GPUs share the work.
pub(super) enum Mode {
    /// One of them does it.
    One,
    /// They take layers, or a part of each.
    Several(Split),
}

/// Reads what is left of the line.
pub(super) fn take(line: &mut Line, read: &mut Read) -> Result<(), String> {
    let (mut one, mut main) = (false, None);
    while let Some(option) = line.option() {
        let option = option?;
        match names::own(&option) {
            "-sm" => match split_mode("-sm", &line.value(&option)?)? {
                Mode::One => one = true,
                Mode::Several(split) => read.scenario.policy.split = Some(split),
            },
            "-mg" => main = Some(number("-mg", &line.value(&option)?)?),
            own => read.option(own, line)?,
        }
    }
    let gpus = read.scenario.engine.sees(&read.scenario.machine).gpus().count();
    match main {
        _ if one => read.scenario.policy.tensor_split = one_gpu(main, gpus)?,
        // Otherwise it is the one with what is not split.
        Some(main) => read.uncounted.push(format!("-mg {main}")),
        None => {}
    }
    Ok(())
}

impl Read {
    fn option(&mut self, word: &str, line: &mut Line) -> Result<(), String> {
        let scenario = &mut self.scenario;
        let engine = scenario.engine.clone();
        let (policy, run) = (&mut scenario.policy, &mut scenario.run);
        // An option with a fixed value is known by its first word: `-fa on`, `-sm tensor`, `-mla 3`.
        let is = |sets: Setting| engine.flag(sets).is_some_and(|flag| flag.word.split(' ').next() == Some(word));
        if is(Setting::Context) {
            run.context = match line.value(word)?.as_str() {
                "0" => scenario.subject.model.max_context,
                text => parse_tokens(text).map_err(|error| format!("{word}: {error}"))?,
            };
        } else if is(Setting::GpuLayers) {
            policy.gpu_layers = gpu_layers(word, &line.value(word)?)?;
        } else if is(Setting::CpuExperts) {
            policy.cpu_experts =
                CpuExperts::First(u32::try_from(number(word, &line.value(word)?)?).unwrap_or(u32::MAX));
        } else if word == "--cpu-moe" {
            policy.cpu_experts = CpuExperts::All;
        } else if word == "-ot" {
            policy.cpu_experts = experts_by_pattern(&line.value(word)?)?;
        } else if is(Setting::Shares) {
            policy.tensor_split = shares(word, &line.value(word)?, engine.sees(&scenario.machine).gpus().count())?;
        } else if is(Setting::KvK) {
            run.kv_k = format(&line.value(word)?)?;
        } else if is(Setting::KvV) {
            run.kv_v = format(&line.value(word)?)?;
        } else if is(Setting::KvOnHost) {
            run.kv_place = KvPlace::Host;
        } else if word == "-kvo" {
            run.kv_place = KvPlace::Device;
        } else if is(Setting::FlashOn) || is(Setting::FlashOff) {
            run.flash_attention = flash(line);
        } else if is(Setting::Sequences) {
            run.sequences = number(word, &line.value(word)?)?.max(1);
        } else if is(Setting::Unified) {
            run.streams = KvStreams::Unified;
        } else if word == "--no-kv-unified" {
            run.streams = KvStreams::PerSequence;
        } else if is(Setting::WindowsFull) {
            run.swa = SwaCache::Full;
        } else if is(Setting::Batch) {
            run.batch = number(word, &line.value(word)?)?.max(1);
        } else if is(Setting::Ubatch) {
            run.ubatch = number(word, &line.value(word)?)?.max(1);
        } else if word == "-n" {
            let value = line.value(word)?;
            // Less than nothing is as long as it likes.
            match value.parse::<i64>() {
                Ok(count @ 1..) => scenario.answer = Tokens::new(count.unsigned_abs()),
                Ok(_) => self.left_out.push(format!("{word} {value}")),
                Err(_) => return Err(format!("{word} is {}: expected a whole number", quoted(&value))),
            }
        } else if is(Setting::ExpertsUsed) {
            let count = used(&line.value(word)?, scenario)?;
            scenario.subject = Arc::new(scenario.subject.with_experts(Some(count)));
        } else if [Setting::Model, Setting::Repository, Setting::Threads, Setting::Servers, Setting::LatentCache]
            .into_iter()
            .any(is)
            || matches!(word, "-p" | "--prompt" | "-f" | "--file")
        {
            self.left_out.push(format!("{word} {}", line.value(word)?));
        } else {
            self.beside(word, &names::FLAGS, line)?;
        }
        Ok(())
    }
}

/// A number, `auto` or -1, `all` or less.
pub(super) fn gpu_layers(word: &str, value: &str) -> Result<GpuLayers, String> {
    match value {
        "auto" | "-1" => Ok(GpuLayers::Auto),
        "all" => Ok(GpuLayers::Count(u32::MAX)),
        negative if negative.parse::<i64>().is_ok_and(|count| count < 0) => Ok(GpuLayers::Count(u32::MAX)),
        count => Ok(GpuLayers::Count(u32::try_from(number(word, count)?).unwrap_or(u32::MAX))),
    }
}

/// Of patterns of tensors the one that means all experts is read: another would place what is not known here.
pub(super) fn experts_by_pattern(pattern: &str) -> Result<CpuExperts, String> {
    if ["exps=CPU", "exps.=CPU"].iter().any(|all| pattern.ends_with(all)) {
        Ok(CpuExperts::All)
    } else {
        Err(format!("of -ot only exps=CPU is read, not {}", quoted(pattern)))
    }
}

/// On without a word, as it once was.
pub(super) fn flash(line: &mut Line) -> FlashAttention {
    match line.value_of(&["on", "off", "auto", "1", "0"]).as_deref() {
        Some("off" | "0") => FlashAttention::Off,
        _ => FlashAttention::On,
    }
}

pub(super) fn split_mode(word: &str, value: &str) -> Result<Mode, String> {
    match value {
        "none" => Ok(Mode::One),
        "layer" => Ok(Mode::Several(Split::Layer)),
        "tensor" | "graph" | "row" => Ok(Mode::Several(Split::Tensor)),
        other => Err(format!("{word} is {}: expected none, layer, row or tensor", quoted(other))),
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
