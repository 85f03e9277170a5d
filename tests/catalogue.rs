//! Every model of the catalogue against the engine's own counts, not only those of its published tables.
//!
//! The counts are llama.cpp v0.5.0's, taken from header-only files of the catalogue's shapes by
//! `tests/tools/engine_headers.rs` and `engine_counts.cpp`. That the engine loads them proves the names and shapes
//! of all tensors.

use std::collections::HashMap;

use willitrun::catalog::Catalog;
use willitrun::memory::{
    FlashAttention, KvStreams, Outputs, Places, RunOptions, SwaCache, cache, compute, is_simplified,
};
use willitrun::quant::{Imatrix, Mix};
use willitrun::units::{Bytes, Tokens};

/// Published nowhere, as the experts would have to be quantized twice.
const QUANTIZED_TWICE: &[&str] = &["gpt-oss-20b", "gpt-oss-120b"];

fn golden(name: &str) -> String {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn files_of_every_model_have_the_bytes_the_engine_counts() {
    let text = golden("catalogue_sizes.csv");
    let mut lines = text.lines();
    let mixes: Vec<&str> = lines.next().expect("a header").split(',').skip(1).collect();
    let rows: HashMap<&str, Vec<&str>> = lines
        .map(|line| {
            let mut cells = line.split(',');
            (cells.next().expect("a model"), cells.collect())
        })
        .collect();
    let (mut exact, mut apart) = (0, 0);
    for model in &Catalog::builtin().models {
        let row = rows.get(model.id.as_str()).unwrap_or_else(|| panic!("{} was not counted", model.id));
        let (traits, tensors) = (model.traits(), model.tensors());
        for (name, cell) in mixes.iter().zip(row) {
            let mix = Mix::parse(name).unwrap_or_else(|| panic!("{name} is no mix"));
            let (without, with) = cell.split_once('/').unwrap_or((cell, cell));
            for (imatrix, counted) in [(Imatrix::Without, without), (Imatrix::With, with)] {
                let formats = mix.formats(&traits, &tensors, imatrix);
                let sizes = tensors.iter().zip(&formats);
                let bytes: Bytes = sizes.map(|(t, format)| format.bytes(t.columns, t.rows * t.slices)).sum();
                if bytes.get().to_string() == counted {
                    exact += 1;
                } else {
                    assert!(QUANTIZED_TWICE.contains(&model.id.as_str()), "{} {name}: {bytes:?}, {counted}", model.id);
                    apart += 1;
                }
            }
        }
    }
    println!("file sizes: {exact} exact, {apart} of files nobody makes");
    assert!(exact >= 10_500, "{exact} of the sizes are exact");
}

#[test]
fn caches_of_every_model_are_exact_and_buffers_near() {
    let text = golden("catalogue_memory.csv");
    let (mut rows, mut exact, mut near) = (0, 0, 0);
    let mut worst: Option<(f64, &str)> = None;
    for line in text.lines().skip(1) {
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
        let cache = cache(model, &options).unwrap_or_else(|why| panic!("{line}: {why}"));
        assert_eq!((cache.kv() + cache.state()).get(), kept, "{line}");
        let got = compute(model, &options, &Places::on_host(model)).host.get();
        rows += 1;
        exact += usize::from(got == buffers);
        let off = got.abs_diff(buffers) as f64 / buffers as f64;
        if off <= 0.05 || got.abs_diff(buffers) <= 16 << 20 {
            near += 1;
        } else {
            assert!(is_simplified(model), "{line}: {got}");
        }
        if worst.is_none_or(|(most, _)| off > most) {
            worst = Some((off, line));
        }
    }
    let (off, line) = worst.expect("rows");
    println!("caches: {rows} of {rows} exact; buffers: {exact} exact, {near} within 5 % or 16 MiB of {rows}");
    println!("worst buffers, {:.0} % off: {line}", off * 100.0);
    assert!(exact >= 1_097 && near * 100 >= rows * 95, "{exact} exact, {near} near of {rows}");
}
