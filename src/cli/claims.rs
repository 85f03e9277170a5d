//! `willitrun claims`: what pages and guides answer, and why they differ.

use std::io::Write;

use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::formats::shown;
use crate::reasoning::claims::{Amount, Gives, Settled, Told, Topic};

use super::{Failure, Words, print};

pub(super) fn run(mut words: Words, out: &mut dyn Write) -> Result<(), Failure> {
    let json = words.flag("json");
    let topic = words.take("topic").map(|word| topic(&word)).transpose()?;
    words.done()?;
    let (told, settled) = Catalog::builtin().told();
    let told: Vec<Told<'_>> =
        told.into_iter().filter(|told| topic.is_none_or(|topic| told.claim.topic == topic)).collect();
    // Contradictions are of no one topic.
    let settled = if topic.is_some() { Vec::new() } else { settled };
    let text = if json { format!("{:#}\n", as_json(&told, &settled)) } else { as_text(&told, &settled) };
    print(out, &text)
}

fn topic(word: &str) -> Result<Topic, Failure> {
    let known = Topic::ALL.map(Topic::name).join(", ");
    Topic::parse(word)
        .ok_or_else(|| Failure::Request(format!("--topic is '{}'; expected one of {known}", shown(word, 40))))
}

fn as_json(told: &[Told<'_>], settled: &[Settled<'_>]) -> Value {
    let answers = told.iter().map(|told| {
        let claim = told.claim;
        let formula = claim.formula.as_ref();
        json!({
            "id": claim.id, "topic": claim.topic.name(), "by": claim.by.name, "source": claim.by.source,
            "asks": claim.asks, "says": claim.says, "truth": claim.truth.name(), "why": claim.why,
            "formula": formula.map(|_| told.formula()),
            "recomputed": told.recomputed,
            "recomputed_unit": formula.map(|formula| formula.unit.as_str()),
            "printed": formula.map(|formula| formula.printed.as_str()),
            "gives": formula.map(|_| match claim.gives { Gives::Printed => "printed", Gives::Implied => "implied" }),
            "ours": ours(&told.ours),
        })
    });
    let contradictions = settled.iter().map(|settled| {
        let asked = settled.contradiction;
        let says = asked.says.iter().map(|(by, said)| json!({ "by": by.name, "says": said }));
        json!({
            "id": asked.id, "question": asked.question, "says": says.collect::<Vec<_>>(), "why": asked.why,
            "answer": settled.answer, "ours": ours(&settled.ours),
        })
    });
    json!({
        "schema": "willitrun.claims/1",
        "model": Catalog::builtin().claims.model,
        "answers": answers.collect::<Vec<_>>(),
        "contradictions": contradictions.collect::<Vec<_>>(),
    })
}

/// Bytes, parameters, tokens, tokens per second or a share: what each is stands in its unit.
fn ours(ours: &[(String, Amount)]) -> Vec<Value> {
    let unit = |amount: &Amount| match amount {
        Amount::File(_) | Amount::Memory(_) => "bytes",
        Amount::Mark(_) => "GiB",
        Amount::Params(_) => "parameters",
        Amount::Tokens(_) => "tokens",
        Amount::Rate(_) => "tokens/s",
        Amount::Share(_) => "share",
        Amount::Times(_) => "times",
        Amount::Unknown => "unknown",
    };
    ours.iter().map(|(what, amount)| json!({ "what": what, "value": amount.number(), "unit": unit(amount) })).collect()
}

fn as_text(told: &[Told<'_>], settled: &[Settled<'_>]) -> String {
    let mut lines = Vec::new();
    for told in told {
        let claim = told.claim;
        lines.push(format!("{}: {} ({})", claim.asks, claim.says, claim.truth.name()));
        lines.push(format!("  by       {}, {}", claim.by.name, claim.by.source));
        match (claim.formula.as_ref(), claim.gives) {
            (None, _) => {}
            (Some(_), Gives::Printed) => lines.push(format!("  formula  {}", told.formula())),
            (Some(_), Gives::Implied) => lines.push(format!("  implies  {}", told.formula())),
        }
        if !told.ours.is_empty() {
            lines.push(format!("  here     {}", told.ours_in_words()));
        }
        lines.push(format!("  why      {}", claim.why));
        lines.push(String::new());
    }
    if !settled.is_empty() {
        lines.push("Where they contradict one another".to_owned());
        lines.push(String::new());
    }
    for settled in settled {
        let asked = settled.contradiction;
        lines.push(format!("{} {}", asked.id, asked.question));
        lines.extend(asked.says.iter().map(|(by, said)| format!("  {}: {said}", by.name)));
        lines.push(format!("  why      {}", asked.why));
        lines.push(format!("  here     {}", settled.answer));
        lines.push(String::new());
    }
    lines.join("\n")
}
