//! `willitrun rank`: every model for one machine, best first.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::advice::{self, Ranked};
use crate::catalog::{Breadth, Catalog};
use crate::scenario::Scenario;
use crate::store::Store;
use crate::units::{Tokens, TokensPerSecond};

use super::question::{Expanded, question};
use super::{Failure, ThisMachine, Words};

/// Every model is asked about at its own quants.
const FOREIGN: [&str; 6] = ["model", "quant", "imatrix", "file-gib", "experts", "shell"];

pub(super) fn run(mut words: Words, out: &mut dyn Write) -> Result<(), Failure> {
    let json = words.flag("json");
    let limit = match words.take("limit") {
        None => usize::MAX,
        Some(text) => {
            let rows = text.parse().ok().filter(|rows| *rows > 0);
            rows.ok_or_else(|| {
                format!("--limit cannot be '{}': expected a whole number", crate::formats::shown(&text, 40))
            })?
        }
    };
    let catalog = Catalog::builtin();
    let mut request = words.request(&FOREIGN)?;
    request.model = catalog.models.first().map(|model| model.id.clone());
    request.quant = Some("Q4_K_M".to_owned());
    let base = question(&request, &ThisMachine::default(), &mut Expanded::default())?.scenario;
    let own = Store::open().map(|store| store.models().0).unwrap_or_default();
    let own: Vec<_> = own.into_iter().map(|entry| Arc::new(entry.doc)).collect();
    let mut rows = advice::rank(&base, &catalog.field(Breadth::Usual, &base.engine, &own, &[]));
    rows.truncate(limit);
    let text = if json { as_json(&base, &rows) } else { as_text(&rows) };
    super::print(out, &text)
}

fn as_json(base: &Scenario, rows: &[Ranked]) -> String {
    let contexts = contexts(base, rows);
    let rows: Vec<_> = rows
        .iter()
        .zip(contexts)
        .map(|(row, context_max)| {
            json!({
                "model": row.model(), "quant": row.quant(), "verdict": row.level.name(),
                "decode_tps": row.rate, "memory_bytes": row.memory.get(),
                "context_max": context_max.map(Tokens::get),
            })
        })
        .collect();
    let value = json!({ "schema": "willitrun.rank/1", "machine": base.machine.id, "context": base.run.context.get(), "rows": rows });
    format!("{value:#}\n")
}

/// One line of at most 80 columns for each row, under a line that names them.
fn as_text(rows: &[Ranked]) -> String {
    let head = format!("{:<14} {:<31} {:<9} {:>10} {:>11}\n", "Verdict", "Model", "Quant", "Speed", "Memory");
    let line = |row: &Ranked| {
        let rate = row.rate.map_or_else(|| "-".to_owned(), |rate| TokensPerSecond::saturating(rate).to_string());
        let (model, quant, memory) = (row.model(), row.quant(), row.memory.in_gib());
        format!("{:<14} {model:<31.31} {quant:<9.9} {rate:>6} t/s {memory:>11}\n", row.level.words())
    };
    std::iter::once(head).chain(rows.iter().map(line)).collect()
}

/// The largest context that fits of each row. Each is a search of its own, so every core looks for some.
fn contexts(base: &Scenario, rows: &[Ranked]) -> Vec<Option<Tokens>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(row) = rows.get(place) else { return found };
            found.push((place, advice::find_context(base, row)));
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(rows.len().max(1));
    let mut contexts = vec![None; rows.len()];
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let own = work();
        let theirs = others.into_iter().flat_map(|worker| worker.join().unwrap_or_default());
        for (place, context) in theirs.chain(own) {
            contexts[place] = context;
        }
    });
    contexts
}
