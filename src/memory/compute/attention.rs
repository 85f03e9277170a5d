//! The graph of attention, up to queries, keys and values.
//!
//! Source: llama.cpp v0.5.0 `llama-graph.cpp` (`build_qkv`), `src/models/deepseek2.cpp`.

use super::graph::Id;
use super::scores::{Heads, Parts, attend};
use super::sparse;
use super::stack::Stack;
use super::style::{QkNorm, Qkv, Rope};
use crate::memory::kv::shrinking_window;
use crate::memory::options::KvLayout;
use crate::model::{Attention, Mixer, Mla};

/// A layer with keys and values per head.
pub(super) fn attention(s: &mut Stack, input: Id, a: Attention) -> Id {
    let n = s.tokens;
    let heads = Heads { heads: a.heads, kv_heads: a.kv_heads, key: a.key, value: a.value };
    let (q_width, k_width, v_width) = (a.heads * a.key, a.kv_heads * a.key, a.kv_heads * a.value);
    let cache = if shrinking_window(Mixer::Attention(a)).is_some() { s.inputs.window } else { s.inputs.whole };
    let (mut query, mut gate) = (None, None);
    if a.gated {
        // Queries and their gates come from one matrix.
        let both = s.matmul(input, 2 * q_width);
        query = Some(s.graph.slice(both, [a.key, a.heads, n, 1], a.heads * n, 2 * a.key));
        gate = Some(s.graph.slice(both, [a.key, a.heads, n, 1], a.heads * n, 2 * a.key));
    }
    let (q, k, v) = match s.style.qkv {
        Qkv::Fused => {
            let all = q_width + k_width + v_width;
            let fused = s.matmul(input, all);
            let mut part = |width, heads| s.graph.slice(fused, [width, heads, n, 1], n, all);
            (part(a.key, a.heads), part(a.key, a.kv_heads), Some(part(a.value, a.kv_heads)))
        }
        Qkv::Apart => {
            let q = query.unwrap_or_else(|| {
                let q = s.matmul(input, q_width);
                by_head(s, q, a.key, a.heads)
            });
            let k = s.matmul(input, k_width);
            let k = by_head(s, k, a.key, a.kv_heads);
            // Gemma 4 has no value matrix where it sees everything: values are the raw keys.
            let shared = s.model.details.values_are_keys && a.window.is_none() && !a.borrows_cache;
            let v = (!shared).then(|| {
                let v = s.matmul(input, v_width);
                s.graph.reshape(v, [a.value, a.kv_heads, n, 1])
            });
            (q, k, v)
        }
    };
    let rotates = s.style.rope == Rope::Everywhere || shrinking_window(Mixer::Attention(a)).is_some();
    let q = if rotates { s.rotated(q) } else { s.scaled(q) };
    let (mut keys, mut values) = (None, None);
    if !a.borrows_cache {
        let raw = s.graph.sources(k).first().copied();
        keys = Some(if rotates { s.rotated(k) } else { k });
        values = Some(match v {
            Some(v) if s.model.gguf == "gemma4" => s.graph.in_place(&[v]),
            Some(v) => v,
            None => {
                let v = s.graph.reshape(raw.unwrap_or(k), [a.value, a.kv_heads, n, 1]);
                s.graph.in_place(&[v])
            }
        });
    }
    let out = attend(s, Parts { q, keys, values, heads, decompress: None }, cache);
    let out = match gate {
        Some(gate) => {
            let gate = s.graph.fresh([q_width, n, 1, 1], &[gate]);
            let gate = s.graph.in_place(&[gate]);
            s.graph.in_place(&[out, gate])
        }
        None => out,
    };
    s.matmul(out, s.model.hidden)
}

/// Tells heads apart; with them normalised together, that comes first.
fn by_head(s: &mut Stack, flat: Id, width: u64, heads: u64) -> Id {
    let flat = if s.style.qk_norm == QkNorm::Whole { s.norm(flat, s.home()) } else { flat };
    s.graph.reshape(flat, [width, heads, s.tokens, 1])
}

impl Stack<'_> {
    /// Queries or keys, normalised and rotated as the architecture does.
    fn rotated(&mut self, heads: Id) -> Id {
        let heads = match self.style.qk_norm {
            QkNorm::Heads => self.norm(heads, self.home()),
            _ => heads,
        };
        let positions = self.inputs.positions;
        self.graph.in_place(&[heads, positions])
    }

    /// Queries of a layer without rotation.
    fn scaled(&mut self, heads: Id) -> Id {
        match self.style.rope {
            Rope::WindowedOrScaled => self.graph.in_place(&[heads, self.inputs.query_scale]),
            Rope::Everywhere | Rope::Windowed | Rope::Nowhere => heads,
        }
    }
}

/// Latent attention.
pub(super) fn latent(s: &mut Stack, input: Id, m: Mla) -> Id {
    let n = s.tokens;
    let key = m.nope + m.rope;
    let query = match m.q_rank {
        Some(rank) => {
            let compressed = s.matmul(input, rank);
            s.norm(compressed, s.home())
        }
        None => input,
    };
    if let (Some(_), Some(indexer)) = (m.indexer, s.model.details.indexer) {
        let keys = s.inputs.indexer;
        s.picked = Some(sparse::picked(s, input, query, indexer, keys));
    }
    let q = s.matmul(query, m.heads * key);
    let q = s.graph.reshape(q, [key, m.heads, n, 1]);
    let compressed = s.matmul(input, m.kv_rank + m.rope);
    let latent = s.graph.slice(compressed, [m.kv_rank, n, 1, 1], n, m.kv_rank + m.rope);
    let k_rope = s.graph.slice(compressed, [m.rope, 1, n, 1], n, m.kv_rank + m.rope);
    let positions = s.inputs.positions;
    let k_rope = s.graph.in_place(&[k_rope, positions]);
    let latent = s.norm(latent, s.home());
    let mut cache = s.inputs.whole;
    if let Some(picked) = s.picked {
        cache.mask = sparse::narrowed(s, cache.mask, picked);
    }
    let parts = if s.options.layout() == KvLayout::Expanded {
        let both = s.matmul(latent, m.heads * (m.nope + m.value));
        let k_nope = s.graph.slice(both, [m.nope, m.heads, n, 1], m.heads * n, m.nope + m.value);
        let v = s.graph.slice(both, [m.value, m.heads, n, 1], m.heads * n, m.nope + m.value);
        let v = s.graph.fresh([m.value, m.heads, n, 1], &[v]);
        let q = s.graph.in_place(&[q, positions]);
        let repeated = s.graph.fresh([m.rope, m.heads, n, 1], &[k_rope]);
        let k = s.graph.fresh([key, m.heads, n, 1], &[k_nope, repeated]);
        let heads = Heads { heads: m.heads, kv_heads: m.heads, key, value: m.value };
        Parts { q, keys: Some(k), values: Some(v), heads, decompress: None }
    } else {
        let q_nope = s.graph.slice(q, [m.nope, m.heads, n, 1], m.heads * n, key);
        let q_rope = s.graph.slice(q, [m.rope, m.heads, n, 1], m.heads * n, key);
        let q_rope = s.graph.in_place(&[q_rope, positions]);
        let q_nope = s.graph.turn(q_nope, [m.nope, n, m.heads, 1]);
        let absorbed = s.matmul(q_nope, m.kv_rank);
        let absorbed = s.graph.turn(absorbed, [m.kv_rank, m.heads, n, 1]);
        let q = s.graph.fresh([m.kv_rank + m.rope, m.heads, n, 1], &[absorbed, q_rope]);
        let latent = s.graph.reshape(latent, [m.kv_rank, 1, n, 1]);
        let k = s.graph.fresh([m.kv_rank + m.rope, 1, n, 1], &[latent, k_rope]);
        let heads = Heads { heads: m.heads, kv_heads: 1, key: m.kv_rank + m.rope, value: m.kv_rank };
        Parts { q, keys: Some(k), values: Some(latent), heads, decompress: Some(m.value) }
    };
    let out = attend(s, parts, cache);
    s.matmul(out, s.model.hidden)
}
