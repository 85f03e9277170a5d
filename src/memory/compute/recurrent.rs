//! The graph of mixers with a state.
//!
//! Source: llama.cpp v0.5.0 `src/models/delta-net-base.cpp`, `qwen3next.cpp`, `qwen35.cpp`,
//! `mamba-base.cpp`; `llama-graph.cpp`, `build_rs`.

use super::graph::{F32, Id};
use super::stack::Stack;
use crate::memory::state::numbers;
use crate::model::Recurrent;

/// A layer that keeps a state.
pub(super) fn recurrent(s: &mut Stack, input: Id, mixer: Recurrent) -> Id {
    match mixer {
        Recurrent::DeltaNet { key_heads, value_heads, key, value, conv } => {
            delta_net(s, input, mixer, &Delta { key_heads, value_heads, key, value, conv })
        }
        Recurrent::Mamba2 { inner, state, conv, groups, heads } => {
            mamba2(s, input, mixer, &Scan { inner, state, conv, groups, heads })
        }
        Recurrent::Mamba1 { inner, state, conv, time_rank } => mamba1(s, input, mixer, [inner, state, conv, time_rank]),
        Recurrent::ShortConv { conv } => short_convolution(s, input, mixer, conv),
        Recurrent::Lightning { heads, key } => {
            delta_net(s, input, mixer, &Delta { key_heads: heads, value_heads: heads, key, value: key, conv: 1 })
        }
        Recurrent::Kda { heads, key, conv } => {
            delta_net(s, input, mixer, &Delta { key_heads: heads, value_heads: heads, key, value: key, conv })
        }
    }
}

struct Delta {
    key_heads: u64,
    value_heads: u64,
    key: u64,
    value: u64,
    conv: u64,
}

/// Gated `DeltaNet`.
fn delta_net(s: &mut Stack, input: Id, mixer: Recurrent, d: &Delta) -> Id {
    s.graph.expand(input);
    let (seqs, n) = (s.sequences, s.tokens / s.sequences);
    let inner = d.value_heads * d.value;
    let keys = d.key_heads * d.key;
    let channels = inner + 2 * keys;
    let (mixed, z) = projections(s, input, d);
    let (beta, decay) = gates(s, input, d);
    let (conv_numbers, state_numbers) = numbers(mixer, s.model.hidden);
    let convolved = convolution(s, mixed, conv_numbers, channels, d.conv);
    let state = load(s, state_numbers);
    let state = s.graph.reshape(state, [d.value, d.value, d.value_heads, seqs]);
    let convolved = s.graph.fresh([channels, n, seqs, 1], &[convolved]);
    s.graph.at(convolved, s.home());
    let convolved = s.graph.in_place(&[convolved]);
    let mut part = |width, heads| s.graph.slice(convolved, [width, heads, n, seqs], n * seqs, channels);
    let (q, k) = (part(d.key, d.key_heads), part(d.key, d.key_heads));
    let v = part(d.value, d.value_heads);
    let q = normed_heads(s, q, d);
    let k = normed_heads(s, k, d);
    let rows = n * seqs + d.value * seqs;
    let result = s.graph.fresh([inner, rows, 1, 1], &[q, k, v, decay, beta, state]);
    let out = s.graph.slice(result, [d.value, d.value_heads, n, seqs], 1, 0);
    let new = s.graph.slice(result, [d.value, d.value, d.value_heads, seqs], 1, 0);
    store(s, new, state_numbers);
    let z = s.graph.reshape(z, [d.value, d.value_heads, n, seqs]);
    let out = s.norm(out, s.home());
    let z = s.graph.in_place(&[z]);
    let out = s.graph.in_place(&[out, z]);
    let out = s.graph.reshape(out, [inner, n, seqs, 1]);
    let out = s.matmul(out, s.model.hidden);
    // A view: what is added to it next is written over the residual.
    s.graph.reshape(out, [s.model.hidden, s.tokens, 1, 1])
}

/// Queries, keys and values in one tensor, and the output gate.
fn projections(s: &mut Stack, input: Id, d: &Delta) -> (Id, Id) {
    let (seqs, n) = (s.sequences, s.tokens / s.sequences);
    let inner = d.value_heads * d.value;
    let channels = inner + 2 * d.key_heads * d.key;
    let mixed = s.matmul(input, channels);
    let mixed = s.graph.reshape(mixed, [channels, n, seqs, 1]);
    (mixed, s.matmul(input, inner))
}

/// How much is written and how much is forgotten, a number for each head and token.
fn gates(s: &mut Stack, input: Id, d: &Delta) -> (Id, Id) {
    let (seqs, n) = (s.sequences, s.tokens / s.sequences);
    let heads = d.value_heads;
    let (beta, alpha) = if s.model.gguf == "qwen3next" && d.key_heads > 0 {
        let both = s.matmul(input, 2 * heads);
        let each = heads / d.key_heads;
        let rows = d.key_heads * n * seqs;
        let beta = s.graph.slice(both, [each, d.key_heads, n, seqs], rows, 2 * each);
        let alpha = s.graph.slice(both, [each, d.key_heads, n, seqs], rows, 2 * each);
        let beta = s.graph.fresh([heads, n, seqs, 1], &[beta]);
        (s.graph.in_place(&[beta]), s.graph.fresh([heads, n, seqs, 1], &[alpha]))
    } else {
        let beta = s.matmul(input, heads);
        let beta = s.graph.reshape(beta, [1, heads, n, seqs]);
        let beta = s.graph.in_place(&[beta]);
        let alpha = s.matmul(input, heads);
        (beta, s.graph.reshape(alpha, [heads, n, seqs, 1]))
    };
    let home = s.home();
    let decay = s.graph.in_place(&[alpha]);
    s.graph.at(decay, home);
    (beta, decay)
}

/// Queries or keys of unit length; Qwen3-Next repeats them for every value head.
fn normed_heads(s: &mut Stack, heads: Id, d: &Delta) -> Id {
    let [width, count, n, seqs] = s.graph.shape(heads);
    let heads = s.graph.fresh([width, count, n, seqs], &[heads]);
    if s.model.gguf != "qwen3next" || d.value_heads == d.key_heads {
        return heads;
    }
    let apart = s.graph.reshape(heads, [width, 1, count, n * seqs]);
    let repeated = s.graph.fresh([width, d.value_heads / count, count, n * seqs], &[apart]);
    s.graph.reshape(repeated, [width, d.value_heads, n, seqs])
}

struct Scan {
    inner: u64,
    state: u64,
    conv: u64,
    groups: u64,
    heads: u64,
}

/// Mamba 2.
fn mamba2(s: &mut Stack, input: Id, mixer: Recurrent, m: &Scan) -> Id {
    let (seqs, n) = (s.sequences, s.tokens / s.sequences);
    let channels = m.inner + 2 * m.groups * m.state;
    let head = m.inner / m.heads.max(1);
    let (conv_numbers, state_numbers) = numbers(mixer, s.model.hidden);
    let loaded = load(s, conv_numbers);
    let width = m.inner + channels + m.heads;
    let all = s.matmul(input, width);
    let all = s.graph.reshape(all, [width, n, seqs, 1]);
    let z = s.graph.slice(all, [head, m.heads, n, seqs], n * seqs, width);
    let mixed = s.graph.slice(all, [channels, n, seqs, 1], n * seqs, width);
    let time = s.graph.slice(all, [m.heads, n, seqs, 1], n * seqs, width);
    let convolved = convolution_of(s, loaded, mixed, channels, m.conv);
    store_convolution(s, convolved, conv_numbers, channels, m.conv);
    let convolved = s.graph.fresh([channels, n, seqs, 1], &[convolved]);
    let home = s.home();
    s.graph.at(convolved, home);
    let convolved = s.graph.in_place(&[convolved]);
    s.graph.at(convolved, home);
    let mut part = |width, heads| s.graph.slice(convolved, [width, heads, n, seqs], n * seqs, channels);
    let x = part(head, m.heads);
    let (b, c) = (part(m.state, m.groups), part(m.state, m.groups));
    let time = s.graph.fresh([m.heads, n, seqs, 1], &[time]);
    let time = s.graph.in_place(&[time]);
    s.graph.at(time, home);
    let length = m.inner * n * seqs + state_numbers * seqs;
    let result = with_states(s, state_numbers, |s, all| {
        let states = s.inputs.states;
        let result = s.graph.fresh([length, 1, 1, 1], &[all, x, time, b, c, states]);
        s.graph.at(result, home)
    });
    let new = s.graph.slice(result, [state_numbers, seqs, 1, 1], 1, 0);
    store(s, new, state_numbers);
    let y = s.graph.slice(result, [head, m.heads, n, seqs], 1, 0);
    let skipped = s.graph.in_place(&[x]);
    s.graph.at(skipped, home);
    let y = s.graph.in_place(&[y, skipped]);
    let z = s.graph.fresh([head, m.heads, n, seqs], &[z]);
    let y = s.graph.fresh([head, m.heads, n, seqs], &[z, y]);
    let y = match m.inner.checked_div(m.groups) {
        Some(width) => {
            let grouped = s.graph.reshape(y, [width, m.groups, n, seqs]);
            s.norm(grouped, home)
        }
        None => y,
    };
    let y = s.graph.reshape(y, [m.inner, s.tokens, 1, 1]);
    s.matmul(y, s.model.hidden)
}

/// Mamba 1, with norms on the time step and on what goes in and out of the state, as Jamba has.
fn mamba1(s: &mut Stack, input: Id, mixer: Recurrent, [inner, state, conv, time_rank]: [u64; 4]) -> Id {
    let (seqs, n) = (s.sequences, s.tokens / s.sequences);
    let home = s.home();
    let (conv_numbers, state_numbers) = numbers(mixer, s.model.hidden);
    let loaded = load(s, conv_numbers);
    let input = s.graph.reshape(input, [s.model.hidden, n, seqs, 1]);
    let both = s.matmul(input, 2 * inner);
    let x = s.graph.slice(both, [inner, n, seqs, 1], n * seqs, 2 * inner);
    let z = s.graph.slice(both, [inner, n, seqs, 1], n * seqs, 2 * inner);
    let convolved = convolution_of(s, loaded, x, inner, conv);
    store_convolution(s, convolved, conv_numbers, inner, conv);
    let x = s.graph.fresh([inner, n, seqs, 1], &[convolved]);
    s.graph.at(x, home);
    let x = s.graph.in_place(&[x]);
    s.graph.at(x, home);
    let x = s.graph.in_place(&[x]);
    let width = time_rank + 2 * state;
    let all = s.matmul(x, width);
    let part = |s: &mut Stack, width_of: u64| {
        let part = s.graph.slice(all, [width_of, n, seqs, 1], n * seqs, width);
        s.norm(part, home)
    };
    let time = part(s, time_rank);
    let (b, c) = (part(s, state), part(s, state));
    let time = s.matmul(time, inner);
    let time = s.graph.in_place(&[time]);
    s.graph.at(time, home);
    let heads = s.graph.reshape(x, [1, inner, n, seqs]);
    let length = inner * n * seqs + state_numbers * seqs;
    let result = with_states(s, state_numbers, |s, all| {
        let states = s.inputs.states;
        let result = s.graph.fresh([length, 1, 1, 1], &[all, heads, time, b, c, states]);
        s.graph.at(result, home)
    });
    let new = s.graph.slice(result, [state_numbers, seqs, 1, 1], 1, 0);
    store(s, new, state_numbers);
    let y = s.graph.slice(result, [inner, n, seqs, 1], 1, 0);
    let skipped = s.graph.in_place(&[x]);
    s.graph.at(skipped, home);
    let y = s.graph.in_place(&[y, skipped]);
    let z = s.graph.fresh([inner, n, seqs, 1], &[z]);
    let y = s.graph.fresh([inner, n, seqs, 1], &[z, y]);
    let out = s.matmul(y, s.model.hidden);
    s.graph.reshape(out, [s.model.hidden, s.tokens, 1, 1])
}

/// A gated convolution over a few tokens (LFM2).
///
/// Source: llama.cpp v0.5.0 `src/models/lfm2.cpp`.
fn short_convolution(s: &mut Stack, input: Id, mixer: Recurrent, conv: u64) -> Id {
    let (seqs, n) = (s.sequences, s.tokens / s.sequences);
    let hidden = s.model.hidden;
    let input = s.graph.reshape(input, [hidden, n, seqs, 1]);
    let all = s.matmul(input, 3 * hidden);
    let part = |s: &mut Stack| s.graph.slice(all, [hidden, n, seqs, 1], n * seqs, 3 * hidden);
    let (b, c, x) = (part(s), part(s), part(s));
    let gated = s.graph.in_place(&[b, x]);
    let (conv_numbers, _) = numbers(mixer, hidden);
    let loaded = load(s, conv_numbers);
    let joined = convolution_of(s, loaded, gated, hidden, conv);
    store_convolution(s, joined, conv_numbers, hidden, conv);
    let out = s.graph.fresh([hidden, n, seqs, 1], &[joined]);
    s.graph.at(out, s.home());
    let out = s.graph.in_place(&[c, out]);
    let out = s.matmul(out, hidden);
    s.graph.reshape(out, [hidden, s.tokens, 1, 1])
}

/// The last inputs of the convolution before the new ones.
fn convolution(s: &mut Stack, mixed: Id, conv_numbers: u64, channels: u64, conv: u64) -> Id {
    let loaded = load(s, conv_numbers);
    let joined = convolution_of(s, loaded, mixed, channels, conv);
    store_convolution(s, joined, conv_numbers, channels, conv);
    joined
}

fn convolution_of(s: &mut Stack, loaded: Id, mixed: Id, channels: u64, conv: u64) -> Id {
    let (seqs, n) = (s.sequences, s.tokens / s.sequences);
    let before = conv.saturating_sub(1);
    let loaded = s.graph.reshape(loaded, [before, channels, seqs, 1]);
    let turned = s.graph.turn(mixed, [n, channels, seqs, 1]);
    s.graph.fresh([before + n, channels, seqs, 1], &[loaded, turned])
}

fn store_convolution(s: &mut Stack, joined: Id, conv_numbers: u64, channels: u64, conv: u64) {
    let before = conv.saturating_sub(1);
    let rows = channels * s.sequences;
    let [pitch, ..] = s.graph.shape(joined);
    let last = s.graph.slice(joined, [before, channels, s.sequences, 1], rows, pitch);
    store(s, last, conv_numbers);
}

/// The states of the sequences in the batch.
fn load(s: &mut Stack, numbers: u64) -> Id {
    with_states(s, numbers, |s, all| {
        let states = s.inputs.states;
        s.graph.fresh([numbers, s.sequences, 1, 1], &[all, states])
    })
}

/// Clears one state, reads those of the batch, and moves the others: the first and the last take no
/// room, but they tie what is between them to where the states lie.
///
/// Source: llama.cpp v0.5.0 `llama-graph.cpp`, `build_rs`.
fn with_states(s: &mut Stack, numbers: u64, read: impl FnOnce(&mut Stack, Id) -> Id) -> Id {
    let home = s.cache_home();
    let memory = s.graph.outside(numbers * s.sequences * F32, home);
    let all = s.graph.turn(memory, [numbers, s.sequences, 1, 1]);
    let cleared = s.graph.write(memory, &[all]);
    s.graph.expand(cleared);
    let result = read(s, all);
    s.graph.expand(result);
    let others = s.inputs.other_states;
    let moved = s.graph.fresh([numbers, 0, 1, 1], &[all, others]);
    let moved = s.graph.write(memory, &[moved]);
    s.graph.expand(moved);
    result
}

/// Writes the states back.
fn store(s: &mut Stack, new: Id, numbers: u64) {
    let home = s.cache_home();
    let memory = s.graph.outside(numbers * s.sequences * F32, home);
    let write = s.graph.write(memory, &[new]);
    s.graph.expand(write);
}
