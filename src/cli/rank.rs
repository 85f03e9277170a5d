//! `willitrun rank`: every model for one machine, best first.

use std::io::Write;

use serde_json::json;

use crate::advice;
use crate::catalog::Catalog;
use crate::units::TokensPerSecond;

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
    let mut rows = advice::rank(&base, &catalog.models, &catalog.quality);
    rows.truncate(limit);
    if json {
        advice::find_contexts(&base, &catalog.models, &mut rows);
    }
    let shown = rows.iter();
    let written = if json {
        let rows: Vec<_> = shown
            .map(|row| {
                json!({
                    "model": row.model, "quant": row.quant.id, "verdict": row.level.name(),
                    "decode_tps": row.rate, "memory_bytes": row.memory.get(),
                    "context_max": row.context_max.map(crate::units::Tokens::get),
                })
            })
            .collect();
        let value = json!({ "schema": "willitrun.rank/1", "machine": base.machine.id, "context": base.run.context.get(), "rows": rows });
        writeln!(out, "{value:#}")
    } else {
        shown
            .map(|row| {
                let rate =
                    row.rate.map_or_else(|| "-".to_owned(), |rate| TokensPerSecond::saturating(rate).to_string());
                format!(
                    "{:<15} {:<34} {:<9} {rate:>6} t/s {:>11}",
                    row.level.words(),
                    row.model,
                    row.quant.id,
                    row.memory.in_gib()
                )
            })
            .try_for_each(|line| writeln!(out, "{line}"))
    };
    written.map_err(|error| Failure::Machine(format!("nothing can be written: {error}")))
}
