//! `willitrun models | devices | profiles`: what is built in.

use std::io::Write;

use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::store::Store;
use crate::units::BytesPerSecond;

/// Prints one list.
///
/// # Errors
/// When nothing can be written.
pub(super) fn run(what: &str, json: bool, out: &mut dyn Write) -> Result<(), String> {
    let rows = match what {
        "models" => models(),
        "devices" => devices(),
        _ => profiles(),
    };
    let written = if json {
        let rows: Vec<Value> = rows.into_iter().map(|(value, _)| value).collect();
        writeln!(out, "{:#}", json!({ "schema": format!("willitrun.{what}/1"), what: rows }))
    } else {
        rows.iter().try_for_each(|(_, text)| writeln!(out, "{text}"))
    };
    written.map_err(|error| format!("nothing can be written: {error}"))
}

type Row = (Value, String);

fn models() -> Vec<Row> {
    Catalog::builtin()
        .models
        .iter()
        .map(|model| {
            let facts = &model.facts;
            let (params, active) = (model.params(), model.active_params(None));
            let confidence = facts.confidence.word();
            let value = json!({
                "id": model.id, "name": model.name, "family": facts.family, "params": params.get(),
                "active_params": active.get(), "context_max": model.max_context.get(), "reasoning": facts.reasoning,
                "licence": facts.licence, "released": facts.released, "repo": facts.repo,
                "source": facts.source, "confidence": confidence, "note": facts.note,
            });
            let active = if active < params { format!("{active} active") } else { String::new() };
            (
                value,
                format!(
                    "{:<34} {:>8} {:<16} context {:>10}  shape {confidence}",
                    model.id,
                    params.to_string(),
                    active,
                    model.max_context.to_string()
                ),
            )
        })
        .collect()
}

fn devices() -> Vec<Row> {
    let catalog = Catalog::builtin();
    let rate =
        |rate: Option<BytesPerSecond>| rate.map_or_else(|| "bandwidth unknown".to_owned(), |rate| rate.to_string());
    let accelerators = catalog.accelerators.iter().map(|row| {
        let memory = row.vram.map_or_else(|| "shared memory".to_owned(), crate::units::Bytes::in_gib);
        (
            json!({
                "id": row.id, "kind": "accelerator", "name": row.name, "variant": row.variant, "vendor": row.vendor, "arch": row.arch,
                "vram_bytes": row.vram.map(crate::units::Bytes::get), "unified": row.unified,
                "bytes_per_second": row.bandwidth.map(BytesPerSecond::get),
                "fp16_flops": row.fp16.map(crate::units::FlopsPerSecond::get),
                "fp32_flops": row.fp32.map(crate::units::FlopsPerSecond::get),
                "source": row.source, "confidence": if row.from_memory { "from memory" } else { "published" },
            }),
            format!("{:<46} {memory:>14} {:>12}{}", row.id, rate(row.bandwidth), if row.from_memory { "  (from memory)" } else { "" }),
        )
    });
    let platforms = catalog.platforms.iter().map(|row| {
        (
            json!({
                "id": row.id, "kind": "platform", "name": row.name, "cpu": row.cpu, "cores": row.cores, "memory": row.memory,
                "bytes_per_second": row.bandwidth.map(BytesPerSecond::get),
                "typical_bytes_per_second": row.typical.map(BytesPerSecond::get), "typical_source": row.typical_source,
            }),
            format!("{:<46} {:>14} {:>12}", row.id, row.memory, rate(row.bandwidth)),
        )
    });
    accelerators.chain(platforms).collect()
}

fn profiles() -> Vec<Row> {
    let ready = Catalog::builtin().profiles.iter().map(|doc| (doc.machine.clone(), "built in"));
    let own = Store::open().map(|store| store.profiles().0).unwrap_or_default();
    let own = own.into_iter().map(|entry| (entry.doc.machine, "yours"));
    ready
        .chain(own)
        .map(|(machine, whose)| {
            let pools: Vec<String> = machine
                .pools
                .iter()
                .filter(|pool| pool.kind != crate::hardware::PoolKind::Disk)
                .map(|pool| format!("{} {}", pool.id, pool.capacity.value.in_gib()))
                .collect();
            (
                json!({ "id": machine.id, "name": machine.name, "whose": whose }),
                format!("{:<34} {:<9} {}", machine.id, whose, machine.name),
            )
                .also(&pools)
        })
        .collect()
}

/// Adds the pools to a row's JSON.
trait Also {
    fn also(self, pools: &[String]) -> Self;
}

impl Also for Row {
    fn also(mut self, pools: &[String]) -> Self {
        self.0["pools"] = json!(pools);
        self
    }
}
