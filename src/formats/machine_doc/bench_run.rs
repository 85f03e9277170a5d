//! A measured speed in a profile: an item of `measurements` whose `what` is `llama-bench`.

use std::collections::BTreeMap;

use super::group::Group;
use super::read::{Reader, date};
use super::write::{Fields, Writer};
use super::{Fault, Origin, REMARK_CHARS, Value};
use crate::formats::text::quoted;
use crate::formats::tree::Number;
use crate::hardware::{Backend, BenchRun, Setup, Source, Work};
use crate::quant::Format;
use crate::units::{Bytes, Params, Tokens, TokensPerSecond};

/// The value of `what`.
const WHAT: &str = "llama-bench";
const RATES: (f64, f64) = (1e-6, 1e9);
const MOST_TOKENS: u64 = 1 << 40;
const MOST_SIZE: u64 = 1 << 50;
const MOST_BATCH: u64 = 1 << 24;
const MOST_LAYERS: u32 = 10_000;
const MOST_SHARES: usize = 64;

/// Whether an item is one.
pub(super) fn is_one(group: &Group) -> bool {
    matches!(group.peek("what"), Some(Value::Text(what)) if what == WHAT)
}

impl Reader {
    pub(super) fn bench_run(
        &mut self,
        mut group: Group,
        seen: &mut BTreeMap<String, usize>,
    ) -> Result<BenchRun, Fault> {
        group.take("what");
        group.of = format!(" of a measurement of '{WHAT}'");
        let reported = group.has("source") && {
            let sources = [Source::Measured, Source::Reported];
            group.word("source", &sources, Source::name)? == Source::Reported
        };
        let foreign = self.origin == Origin::Foreign;
        let rate =
            |group: &mut Group, key: &str| group.number(key, RATES).map(|rate| rate.map(TokensPerSecond::saturating));
        let run = BenchRun {
            source: if foreign || reported { Source::Reported } else { Source::Measured },
            engine: need_name(&mut group, "engine", "the id of an engine")?,
            backend: group.word("backend", &Backend::ALL, Backend::name)?,
            model: need_name(&mut group, "model", "the id of a model")?,
            quant: need_name(&mut group, "quant", "the name of a quant")?,
            params: need(&mut group, "params", (1, MOST_SIZE)).map(Params::new)?,
            file: need(&mut group, "file_bytes", (1, MOST_SIZE)).map(Bytes::new)?,
            work: group.word("test", &Work::ALL, Work::name)?,
            tokens: need(&mut group, "tokens", (1, MOST_TOKENS)).map(Tokens::new)?,
            depth: Tokens::new(group.whole("depth", (0, MOST_TOKENS))?.unwrap_or(0)),
            rate: rate(&mut group, "tokens_per_second")?
                .ok_or_else(|| group.missing("tokens_per_second", "a number above 0"))?,
            spread: group.number("spread", (0.0, 1.0))?.unwrap_or(0.0),
            repeats: group.count("repeats", (1, 1 << 20))?.unwrap_or(1),
            predicted: rate(&mut group, "predicted_tokens_per_second")?,
            setup: setup(&mut group)?,
            build: group.name("build")?,
            date: date(&mut group)?,
            conditions: group.text("conditions", REMARK_CHARS)?,
            compared: None,
        };
        self.keep(path(&run, seen), group);
        Ok(run)
    }
}

fn setup(group: &mut Group) -> Result<Setup, Fault> {
    let usual = Setup::default();
    let mut format = |key: &str| -> Result<Format, Fault> {
        let at = group.at_of(key);
        match group.name(key)? {
            word if word.is_empty() => Ok(Format::F16),
            word => Format::parse(&word)
                .ok_or_else(|| Fault::new(at, format!("{key} is {}; expected a format such as f16", quoted(&word)))),
        }
    };
    let (kv_k, kv_v) = (format("kv_k")?, format("kv_v")?);
    let mut tensor_split = Vec::new();
    for node in group.list("tensor_split", MOST_SHARES)? {
        let share = match &node.value {
            Value::Number(number) => Some(number.as_f64()).filter(|share| (0.0..=1e9).contains(share)),
            _ => None,
        };
        tensor_split.push(share.ok_or_else(|| Fault::new(node.at, "a share of tensor_split is no number from 0"))?);
    }
    Ok(Setup {
        gpu_layers: group.count("gpu_layers", (0, MOST_LAYERS))?,
        cpu_expert_layers: group.count("cpu_expert_layers", (0, MOST_LAYERS))?.unwrap_or(0),
        tensor_split,
        kv_k,
        kv_v,
        kv_on_host: group.truth("kv_on_host")?.unwrap_or(false),
        fused_attention: group.truth("flash_attention")?.unwrap_or(usual.fused_attention),
        batch: group.whole("batch", (1, MOST_BATCH))?.unwrap_or(usual.batch),
        ubatch: group.whole("ubatch", (1, MOST_BATCH))?.unwrap_or(usual.ubatch),
    })
}

fn need(group: &mut Group, key: &str, range: (u64, u64)) -> Result<u64, Fault> {
    group.whole(key, range)?.ok_or_else(|| group.missing(key, "a whole number"))
}

fn need_name(group: &mut Group, key: &str, expected: &str) -> Result<String, Fault> {
    let name = group.name(key)?;
    if name.is_empty() { Err(group.missing(key, expected)) } else { Ok(name) }
}

/// Where its unknown keys are kept: by what it says, so that they survive others' removal.
fn path(run: &BenchRun, seen: &mut BTreeMap<String, usize>) -> String {
    let BenchRun { model, quant, work, tokens, depth, date, .. } = run;
    let name = format!("run {model} {quant} {} {tokens} {depth} {date}", work.name());
    let count = seen.entry(name.clone()).or_default();
    *count += 1;
    format!("{name} {count}")
}

pub(super) fn put(writer: &Writer<'_>, run: &BenchRun, seen: &mut BTreeMap<String, usize>) -> Value {
    let (setup, usual) = (&run.setup, Setup::default());
    let mut fields = Fields::default();
    fields.text("what", WHAT);
    if run.source != Source::Measured {
        fields.text("source", Source::Reported.name());
    }
    fields.text("engine", &run.engine);
    fields.text("backend", run.backend.name());
    fields.text("model", &run.model);
    fields.text("quant", &run.quant);
    fields.whole("params", run.params.get());
    fields.whole("file_bytes", run.file.get());
    fields.text("test", run.work.name());
    fields.whole("tokens", run.tokens.get());
    fields.whole("depth", run.depth.get());
    fields.float("tokens_per_second", Some(run.rate.get()), 0);
    fields.float("spread", Some(run.spread), 0);
    fields.count("repeats", Some(run.repeats));
    fields.float("predicted_tokens_per_second", run.predicted.map(TokensPerSecond::get), 0);
    fields.count("gpu_layers", setup.gpu_layers);
    if setup.cpu_expert_layers > 0 {
        fields.count("cpu_expert_layers", Some(setup.cpu_expert_layers));
    }
    if !setup.tensor_split.is_empty() {
        let shares = setup.tensor_split.iter().filter_map(|share| Number::float(*share));
        fields.put("tensor_split", Value::List(shares.map(|share| Value::Number(share).into()).collect()));
    }
    for (key, format) in [("kv_k", setup.kv_k), ("kv_v", setup.kv_v)] {
        if format != Format::F16 {
            fields.text(key, format.name());
        }
    }
    if setup.kv_on_host {
        fields.put("kv_on_host", Value::Truth(true));
    }
    if setup.fused_attention != usual.fused_attention {
        fields.put("flash_attention", Value::Truth(setup.fused_attention));
    }
    if setup.batch != usual.batch {
        fields.whole("batch", setup.batch);
    }
    if setup.ubatch != usual.ubatch {
        fields.whole("ubatch", setup.ubatch);
    }
    fields.text_if_any("build", &run.build);
    fields.text_if_any("date", &run.date);
    fields.text_if_any("conditions", &run.conditions);
    writer.close(fields, &path(run, seen))
}
