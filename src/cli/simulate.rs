//! `willitrun simulate kv|blocks`: who gets room in a pool of caches.

use std::io::Write;

use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::formats::shown;
use crate::memory::{self, KvLayout, RunOptions};
use crate::quant::Format;
use crate::reasoning::blocks::BlockPool;
use crate::reasoning::requests::{MOST_EVENTS, Outcome, Policy, Preemption, Reserve, Setup, Trial, simulate};
use crate::units::{Bytes, MIB, MemoryUnit, Tokens, grouped};

use super::{Failure, Words, question};

/// More requests than anybody waits for.
const MOST_REQUESTS: u64 = 1_000_000;
/// Events shown as text.
const SHOWN: usize = 20;

pub(super) fn run(mut words: Words, out: &mut dyn Write) -> Result<(), Failure> {
    let json = words.flag("json");
    let what = words.next().unwrap_or_default();
    let (value, text) = match what.as_str() {
        "kv" => requests(&mut words)?,
        "blocks" => blocks(&mut words)?,
        other => {
            return Err(Failure::Request(format!(
                "'{}' cannot be simulated: write willitrun simulate kv or willitrun simulate blocks",
                shown(other, 40)
            )));
        }
    };
    words.done()?;
    let written = if json { writeln!(out, "{value:#}") } else { out.write_all(text.as_bytes()) };
    written.map_err(|error| Failure::Machine(format!("nothing can be written: {error}")))
}

/// A whole number of an option, within bounds.
fn number(words: &mut Words, key: &'static str, usual: u64, bounds: (u64, u64)) -> Result<u64, Failure> {
    let Some(text) = words.take(key) else { return Ok(usual) };
    let (low, high) = bounds;
    text.parse().ok().filter(|number| (low..=high).contains(number)).ok_or_else(|| {
        Failure::Request(format!("--{key} is '{}'; expected a whole number from {low} to {high}", shown(&text, 40)))
    })
}

/// What a token of one sequence takes: as typed, else the cache of a model.
fn per_token(words: &mut Words) -> Result<(Bytes, String), Failure> {
    let (name, format) = (words.take("model"), words.take("kv"));
    if let Some(text) = words.take("token-bytes") {
        let bytes = text.parse().ok().filter(|bytes| (1..=1 << 40).contains(bytes)).ok_or_else(|| {
            format!("--token-bytes is '{}'; expected bytes from 1 to {}", shown(&text, 40), 1_u64 << 40)
        })?;
        return Ok((Bytes::new(bytes), "typed".to_owned()));
    }
    let name = name.unwrap_or_else(|| "deepseek-r1".to_owned());
    let model = question::model(&name, Catalog::builtin(), &mut Vec::new())?;
    let format = match format {
        None => Format::F16,
        Some(word) => Format::parse(&word)
            .ok_or_else(|| format!("--kv is '{}'; expected f16, q8_0 and the like", shown(&word, 40)))?,
    };
    let options = RunOptions { kv_k: format, kv_v: format, layout: KvLayout::Latent, ..RunOptions::default() };
    let cache = memory::cache(&model, &options).map_err(|why| format!("{why}"))?;
    Ok((cache.bytes_per_token(), format!("{}, {}", model.name, format.name().to_ascii_lowercase())))
}

fn requests(words: &mut Words) -> Result<(Value, String), Failure> {
    let (per_token, of) = per_token(words)?;
    let pool = Bytes::new(MIB) * number(words, "pool-mib", 40_960, (1, 1 << 40))?;
    let count = number(words, "requests", 13, (1, MOST_REQUESTS))?;
    let gap = number(words, "gap", 0, (0, 1 << 40))?;
    let prompt = number(words, "prompt", 512, (0, 1 << 40))?;
    let answer = number(words, "answer", 32_256, (0, 1 << 40))?;
    let spread = number(words, "spread", 0, (0, 100))?;
    let seed = number(words, "seed", 0, (0, u64::MAX))?;
    let reserve = match words.take("block") {
        Some(text) => {
            let size = text.parse().ok().filter(|size| (1..=1 << 20).contains(size));
            let size =
                size.ok_or_else(|| format!("--block is '{}'; expected tokens from 1 to 1048576", shown(&text, 40)))?;
            Reserve::Blocks { size, most: number(words, "most-blocks", u64::from(u32::MAX), (1, u64::from(u32::MAX)))? }
        }
        None => Reserve::Whole { percent: number(words, "reserve-percent", 150, (100, 100_000))? },
    };
    let policy = words.take("policy").map_or(Ok(Policy::LeastRecent), |word| {
        let known = Policy::ALL.map(Policy::name).join(", ");
        Policy::parse(&word).ok_or_else(|| format!("--policy is '{}'; expected one of {known}", shown(&word, 40)))
    })?;
    let preemption = match words.take("preemption") {
        None => Preemption::Recompute,
        Some(word) => Preemption::ALL.into_iter().find(|way| way.name() == word).ok_or_else(|| {
            Failure::Request(format!("--preemption is '{}'; expected recompute or swap", shown(&word, 40)))
        })?,
    };
    let setup = Setup { pool, per_token, reserve, policy, preemption };
    let (prompt, answer) = (Tokens::new(prompt), Tokens::new(answer));
    let trial = Trial { setup, count, gap, prompt, answer, spread, seed };
    let outcome = simulate(&setup, &trial.requests());
    Ok((requests_json(&trial, &outcome), requests_text(&trial, &outcome, &of)))
}

fn requests_json(trial: &Trial, outcome: &Outcome) -> Value {
    let setup = &trial.setup;
    let events = outcome
        .events
        .iter()
        .map(|event| json!({ "step": event.step, "request": event.request + 1, "what": event.what.word() }));
    json!({
        "schema": "willitrun.simulate.kv/1",
        "pool_bytes": setup.pool.get(), "bytes_per_token": setup.per_token.get(), "policy": setup.policy.name(),
        "at_once": setup.at_once(trial.length()), "most_at_once": outcome.most_at_once, "most_bytes": outcome.most_bytes.get(),
        "finished": outcome.counts.finished, "cut": outcome.counts.cut, "refused": outcome.counts.refused,
        "put_out": outcome.counts.put_out, "recomputed_tokens": outcome.recomputed.get(),
        "swapped_bytes": outcome.swapped.get(), "generated_tokens": outcome.generated.get(), "steps": outcome.steps,
        "events_truncated": outcome.events_left_out > 0, "events": events.collect::<Vec<_>>(),
    })
}

fn requests_text(trial: &Trial, outcome: &Outcome, of: &str) -> String {
    let mut lines = vec![
        trial.sentence(outcome, MemoryUnit::Gib),
        format!("A token takes {} ({of}). {}", trial.setup.per_token.fine(), trial.facts(outcome, MemoryUnit::Gib)),
    ];
    lines.extend(outcome.events.iter().take(SHOWN).map(|event| {
        let (step, request) = (grouped(event.step), grouped(event.request as u64 + 1));
        format!("{step:>12}  request {request:<7} {}", event.what.word())
    }));
    let more = outcome.events.len().saturating_sub(SHOWN) as u64 + outcome.events_left_out;
    if more > 0 {
        let kept = match outcome.events_left_out {
            0 => "--json has them".to_owned(),
            _ => format!("--json has the first {} events", grouped(MOST_EVENTS as u64)),
        };
        lines.push(format!("{:>12}  and {} more; {kept}", "", grouped(more)));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn blocks(words: &mut Words) -> Result<(Value, String), Failure> {
    let (per_token, of) = per_token(words)?;
    let pool = BlockPool {
        size: number(words, "block", 16, (1, 1 << 20))?,
        most: number(words, "most-blocks", 4096, (1, u64::from(u32::MAX)))?,
        blocks: number(words, "blocks", 10_240, (1, 1 << 40))?,
    };
    let length = Tokens::new(number(words, "tokens", 23_000, (1, 1 << 40))?);
    let (filled, whole) = pool.fill(length).zip(pool.reserved(length)).ok_or_else(|| {
        format!("{length} tokens are more than the {} a sequence may have: raise --most-blocks", pool.longest())
    })?;
    let waste = whole.waste.as_f64() / pool.longest().as_f64();
    let value = json!({
        "schema": "willitrun.simulate.blocks/1",
        "longest_tokens": pool.longest().get(), "pool_tokens": pool.tokens().get(), "pool_bytes": pool.bytes(per_token).get(),
        "bytes_per_token": per_token.get(),
        "paged": { "blocks_each": filled.each, "waste_tokens": filled.waste.get(), "at_once": filled.at_once, "blocks_left": filled.left },
        "reserved": { "blocks_each": whole.each, "waste_share": waste, "at_once": whole.at_once, "blocks_left": whole.left },
    });
    let text = format!(
        "A pool of {} tokens, {} at {} a token ({of}); a sequence has at most {}.\n\
         In blocks: {} each, {} tokens unused in the last, {} at once, {} blocks left.\n\
         Reserved whole: {} at once, {:.1} % of each unused.\n",
        pool.tokens(),
        pool.bytes(per_token).in_mib(),
        per_token.fine(),
        pool.longest(),
        grouped(filled.each),
        filled.waste,
        grouped(filled.at_once),
        grouped(filled.left),
        grouped(whole.at_once),
        waste * 100.0
    );
    Ok((value, text))
}
