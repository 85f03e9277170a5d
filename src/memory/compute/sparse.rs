//! The graph of sparse attention: an indexer picks tokens, the mask hides the others.
//!
//! Source: llama.cpp v0.5.0 `src/models/deepseek32.cpp`, `deepseek4.cpp`; `llama-graph.cpp`, `build_attn`
//! with `llm_graph_input_attn_k_dsa`. The indexer is taken to be fused, as on every backend that can.

use super::graph::{F16, F32, I32, Id};
use super::scores::{Heads, fused, scored};
use super::stack::{CacheInputs, Stack};
use crate::memory::kv::{CompressedCells, SMALL_GROUP};
use crate::model::{Compressed, Indexer};

/// The tokens (or groups) the indexer picks, for each token of the batch.
pub(super) fn picked(s: &mut Stack, input: Id, query: Id, indexer: Indexer, cache: CacheInputs) -> Id {
    let n = s.tokens;
    let positions = s.inputs.positions;
    let q = s.matmul(query, indexer.heads * indexer.key);
    let q = s.graph.reshape(q, [indexer.key, indexer.heads, n, 1]);
    let q = s.graph.in_place(&[q, positions]);
    let rotation = s.inputs.indexer_rotation;
    let q = s.graph.fresh([indexer.key, indexer.heads, n, 1], &[rotation, q]);
    let home = s.cache_home();
    let memory = s.graph.outside(s.options.kv_k.bytes(indexer.key, cache.cells * s.streams).get(), home);
    let k = s.matmul(input, indexer.key);
    let k = s.graph.fresh([indexer.key, n, 1, 1], &[k]);
    let k = s.graph.in_place(&[k]);
    s.graph.at(k, s.home());
    let k = s.graph.in_place(&[k, positions]);
    let k = s.graph.fresh([indexer.key, n, 1, 1], &[rotation, k]);
    let write = s.graph.write(memory, &[k, cache.key_rows]);
    s.graph.expand(write);
    let weights = s.matmul(input, indexer.heads);
    let weights = s.graph.in_place(&[weights]);
    let all = s.graph.turn(memory, [indexer.key, 1, cache.cells, s.streams]);
    let shape = [cache.cells, n / s.streams, 1, s.streams];
    let scores = s.graph.fresh(shape, &[q, all, weights, cache.mask]);
    let [_, rows, ..] = shape;
    let top = [indexer.top.min(cache.cells), rows, 1, s.streams];
    let sorted = s.graph.fresh_of(top, I32, &[scores]);
    s.graph.fresh_of(top, I32, &[sorted])
}

/// The mask with everything hidden that was not picked.
pub(super) fn narrowed(s: &mut Stack, mask: Id, picked: Id) -> Id {
    let element = if s.flash { F16 } else { F32 };
    let (shape, top) = (s.graph.shape(mask), s.graph.shape(picked));
    let hidden = s.graph.fresh_of(shape, element, &[mask]);
    // A tensor nothing fills beforehand: the engine gives it room in every layer for as long as the graph runs.
    let zeros = s.graph.input(top, F32);
    let zeros = s.graph.in_place(&[zeros]);
    let shown = s.graph.write(hidden, &[zeros, picked, hidden]);
    s.graph.fresh_of(shape, element, &[shown, mask])
}

/// Attention over the latest tokens and merged older ones (`DeepSeek` V4). The merging itself is taken
/// for two projections of twice the width.
pub(super) fn compressed(s: &mut Stack, input: Id, c: Compressed) -> Id {
    let n = s.tokens;
    let heads = Heads { heads: c.heads, kv_heads: 1, key: c.width, value: c.width };
    let compressed_query = s.matmul(input, c.q_rank);
    let compressed_query = s.norm(compressed_query, s.home());
    let q = s.matmul(compressed_query, c.heads * c.width);
    let q = s.graph.reshape(q, [c.width, c.heads, n, 1]);
    let q = s.norm(q, s.home());
    let kv = s.matmul(input, c.width);
    let kv = s.norm(kv, s.home());
    let cells = CompressedCells::of(c, s.options);
    let window = s.inputs.window;
    let mut cache = CacheInputs { cells: cells.window + cells.merged, ..window };
    let home = s.cache_home();
    let memory = s.graph.outside(s.options.kv_k.bytes(c.width, cache.cells * s.streams).get(), home);
    if c.ratio > 0 {
        let values = s.matmul(input, 2 * c.width);
        let scores = s.matmul(input, 2 * c.width);
        let merged = s.graph.in_place(&[values, scores]);
        let write = s.graph.write(memory, &[merged]);
        s.graph.expand(write);
        let element = if s.flash { F16 } else { F32 };
        let per_stream = n / s.streams;
        let merged_shape = [cells.merged, per_stream, 1, s.streams];
        let mut mask = s.graph.input(merged_shape, element);
        if let Some(indexer) = s.model.details.indexer.filter(|_| c.ratio <= SMALL_GROUP) {
            let merged = CacheInputs { mask, cells: cells.merged, ..window };
            let picked = picked(s, input, compressed_query, indexer, merged);
            mask = narrowed(s, mask, picked);
        }
        cache.mask = s.graph.fresh_of([cache.cells, per_stream, 1, s.streams], element, &[cache.mask, mask]);
    }
    s.graph.expand(q);
    let write = s.graph.write(memory, &[kv, window.key_rows]);
    s.graph.expand(write);
    let all = [c.width, 1, cache.cells, s.streams];
    let stored = s.graph.turn(memory, all);
    // Latest and merged tokens are joined for the kernel.
    let k = match c.ratio {
        0 => stored,
        _ => s.graph.fresh_of(all, F16, &[stored]),
    };
    let parts = [q, k, k];
    let out = if s.flash { fused(s, parts, &heads, cache, None) } else { scored(s, parts, &heads, cache, None, true) };
    let out = s.matmul(out, c.out_groups * c.out_rank);
    s.matmul(out, s.model.hidden)
}
