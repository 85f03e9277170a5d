//! Every model of the catalogue against the engine's own counts, not only those of its published tables.
//!
//! The counts are llama.cpp v0.5.0's, taken from header-only files of the catalogue's shapes by
//! `tests/tools/engine_headers.rs` and `engine_counts.cpp`. That the engine loads them proves the names and shapes
//! of all tensors.

use std::collections::HashMap;

use super::report::Tally;
use willitrun::catalog::Catalog;
use willitrun::memory::{
    FlashAttention, KvStreams, Outputs, Places, RunOptions, SwaCache, cache, compute, is_simplified,
};
use willitrun::model::Architecture;
use willitrun::quant::{Imatrix, Mix};
use willitrun::units::{Bytes, Tokens};

/// Published nowhere, as the experts would have to be quantized twice.
const QUANTIZED_TWICE: &[&str] = &["gpt-oss-20b", "gpt-oss-120b"];

/// Files of every model under every mix.
pub fn sizes() -> Tally {
    let mut lines = include_str!("../golden/catalogue_sizes.csv").lines();
    let mixes: Vec<&str> = lines.next().expect("a header").split(',').skip(1).collect();
    let rows: HashMap<&str, Vec<&str>> = lines
        .map(|line| {
            let mut cells = line.split(',');
            (cells.next().expect("a model"), cells.collect())
        })
        .collect();
    let mut tally = Tally::default();
    for model in &Catalog::builtin().models {
        let row = rows.get(model.id.as_str()).unwrap_or_else(|| panic!("{} was not counted", model.id));
        let (traits, tensors) = (model.traits(), model.tensors());
        for (name, cell) in mixes.iter().zip(row) {
            let mix = Mix::parse(name).unwrap_or_else(|| panic!("{name} is no mix"));
            let (without, with) = cell.split_once('/').unwrap_or((cell, cell));
            for (imatrix, counted) in [(Imatrix::Without, without), (Imatrix::With, with)] {
                let counted: u64 = counted.parse().expect("a number");
                let formats = mix.formats(&traits, &tensors, imatrix);
                let sizes = tensors.iter().zip(&formats);
                let bytes: Bytes = sizes.map(|(t, format)| format.bytes(t.columns, t.rows * t.slices)).sum();
                tally.add(bytes.get(), counted, &format!("{} {name}", model.id));
                let made = !QUANTIZED_TWICE.contains(&model.id.as_str());
                assert!(bytes.get() == counted || !made, "{} {name}: {bytes:?}, {counted}", model.id);
            }
        }
    }
    tally
}

/// What every model keeps between tokens.
pub fn caches() -> Tally {
    let mut tally = Tally::default();
    for row in rows() {
        let cache = cache(row.model, &row.options).unwrap_or_else(|why| panic!("{}: {why}", row.line));
        tally.add((cache.kv() + cache.state()).get(), row.kept, row.line);
    }
    tally
}

/// Its compute buffer on the host: near for every model whose graph is not simplified.
pub fn buffers() -> Tally {
    let mut tally = Tally::default();
    for row in rows() {
        let near = tally.near;
        let got = compute(row.model, &row.options, &Places::on_host(row.model)).host.get();
        tally.add(got, row.buffers, row.line);
        assert!(tally.near > near || is_simplified(row.model), "{}: {got}", row.line);
    }
    tally
}

struct Row {
    line: &'static str,
    model: &'static Architecture,
    options: RunOptions,
    kept: u64,
    buffers: u64,
}

fn rows() -> impl Iterator<Item = Row> {
    include_str!("../golden/catalogue_memory.csv").lines().skip(1).map(|line| {
        let (id, cells) = line.split_once(',').expect("a model");
        let cells: Vec<u64> = cells.split(',').map(|cell| cell.parse().expect("a number")).collect();
        let [context, sequences, ubatch, flash, full, unified, all, kept, buffers] = cells[..] else {
            panic!("{line}: nine numbers are expected");
        };
        let model = Catalog::builtin().model(id).unwrap_or_else(|| panic!("{id} is not in the catalogue"));
        let options = RunOptions {
            context: Tokens::new(context),
            sequences,
            ubatch,
            flash_attention: if flash == 1 { FlashAttention::On } else { FlashAttention::Off },
            swa: if full == 1 { SwaCache::Full } else { SwaCache::Window },
            streams: if unified == 1 { KvStreams::Unified } else { KvStreams::PerSequence },
            outputs: if all == 1 { Outputs::All } else { Outputs::Last },
            ..RunOptions::default()
        };
        Row { line, model, options, kept, buffers }
    })
}
