//! The graph of a feed-forward part.
//!
//! Source: llama.cpp v0.5.0 `llama-graph.cpp`, `build_ffn` and `build_moe_ffn`.

use super::graph::{I32, Id};
use super::stack::Stack;
use super::style::{ExpertInput, Gate, Order};
use crate::model::{FeedForward, Moe};

/// What follows the mixer of a layer, from what is read there.
pub(super) fn feed_forward(s: &mut Stack, read: Id, ffn: FeedForward) -> Id {
    if let (FeedForward::Moe(moe), ExpertInput::Apart) = (ffn, s.style.expert_input) {
        return apart(s, read, moe);
    }
    let input = if s.style.order == Order::PreNorm { s.norm(read, s.home()) } else { read };
    let out = match ffn {
        FeedForward::None => input,
        FeedForward::Dense { width } => dense(s, input, width),
        FeedForward::Moe(moe) => {
            let scores = s.matmul(input, moe.experts);
            let routed = experts(s, input, scores, moe);
            if moe.shared_width == 0 { routed } else { with_shared(s, input, routed, moe.shared_width) }
        }
    };
    if s.style.order == Order::PostNorm { s.norm(out, s.home()) } else { out }
}

/// Adds the shared expert.
fn with_shared(s: &mut Stack, input: Id, routed: Id, width: u64) -> Id {
    let mut shared = dense(s, input, width);
    if s.style.router.shared_gate {
        let gate = s.matmul(input, 1);
        let gate = s.graph.in_place(&[gate]);
        shared = s.graph.in_place(&[shared, gate]);
    }
    s.graph.in_place(&[routed, shared])
}

/// A dense block beside experts, each with norms of its own.
///
/// Source: llama.cpp v0.5.0 `src/models/gemma4.cpp`.
fn apart(s: &mut Stack, read: Id, moe: Moe) -> Id {
    let home = s.home();
    let input = s.norm(read, home);
    let shared = dense(s, input, moe.shared_width);
    let shared = s.norm(shared, home);
    let input = s.norm(read, home);
    let judged = s.norm(read, home);
    let judged = s.graph.in_place(&[judged]);
    let scores = s.matmul(judged, moe.experts);
    let routed = experts(s, input, scores, moe);
    let routed = s.norm(routed, home);
    let sum = s.graph.in_place(&[shared, routed]);
    s.norm(sum, home)
}

/// One dense block.
fn dense(s: &mut Stack, input: Id, width: u64) -> Id {
    let n = s.graph.shape(input)[1];
    let active = match s.style.gate {
        Gate::Beside => {
            let up = s.matmul(input, width);
            let gate = s.matmul(input, width);
            s.graph.fresh([width, n, 1, 1], &[gate, up])
        }
        Gate::Fused => {
            let both = s.matmul(input, 2 * width);
            s.graph.fresh([width, n, 1, 1], &[both])
        }
        Gate::None => {
            let up = s.matmul(input, width);
            s.graph.in_place(&[up])
        }
    };
    s.matmul(active, s.model.hidden)
}

/// Routed experts, by the router's scores.
fn experts(s: &mut Stack, input: Id, scores: Id, moe: Moe) -> Id {
    let router = s.style.router;
    let moe = Moe { used: moe.used.max(1), ..moe };
    let [hidden, n, ..] = s.graph.shape(input);
    let shares = if router.after_choice { scores } else { s.graph.in_place(&[scores]) };
    let choice = if router.bias { s.graph.in_place(&[shares]) } else { shares };
    let choice = if router.before { scores } else { choice };
    let choice = match (s.model.gguf.as_str(), moe.experts) {
        ("deepseek2" | "deepseek32", 256) => in_groups(s, choice, moe.experts, n),
        _ => choice,
    };
    let sorted = s.graph.fresh_of([moe.experts, n, 1, 1], I32, &[choice]);
    let chosen = s.graph.slice(sorted, [moe.used, n, 1, 1], n, moe.experts);
    let shares = s.graph.reshape(shares, [1, moe.experts, n, 1]);
    let mut weights = s.graph.fresh([1, moe.used, n, 1], &[shares, chosen]);
    if router.after_choice {
        let flat = s.graph.reshape(weights, [moe.used, n, 1, 1]);
        let flat = s.graph.in_place(&[flat]);
        weights = s.graph.reshape(flat, [1, moe.used, n, 1]);
    }
    if router.normed {
        let flat = s.graph.reshape(weights, [moe.used, n, 1, 1]);
        let sum = s.graph.fresh([1, n, 1, 1], &[flat]);
        let flat = s.graph.in_place(&[flat, sum]);
        weights = s.graph.reshape(flat, [1, moe.used, n, 1]);
    }
    if router.scaled {
        weights = s.graph.in_place(&[weights]);
    }
    s.graph.expand(weights);
    let width = moe.latent.unwrap_or(hidden);
    let input = if moe.latent.is_some() { s.matmul(input, width) } else { input };
    let mut input = s.graph.reshape(input, [width, 1, n, 1]);
    if router.before {
        let repeated = s.graph.fresh([width, moe.used, n, 1], &[input]);
        input = s.graph.in_place(&[repeated, weights]);
    }
    let home = s.experts_home();
    let shape = [moe.width, moe.used, n, 1];
    let multiply = |s: &mut Stack, width: u64| {
        let product = s.graph.fresh([width, moe.used, n, 1], &[input, chosen]);
        s.graph.at(product, home)
    };
    let active = match s.style.expert_gate {
        Gate::None => {
            let up = multiply(s, moe.width);
            s.graph.in_place(&[up])
        }
        Gate::Beside => {
            let up = multiply(s, moe.width);
            let gate = multiply(s, moe.width);
            s.graph.fresh(shape, &[gate, up])
        }
        Gate::Fused => {
            let both = multiply(s, 2 * moe.width);
            let gate = s.graph.slice(both, shape, moe.used * n, 2 * moe.width);
            let up = s.graph.slice(both, shape, moe.used * n, 2 * moe.width);
            s.graph.fresh(shape, &[gate, up])
        }
    };
    let mut out = s.graph.fresh([width, moe.used, n, 1], &[active, chosen]);
    s.graph.at(out, home);
    if s.style.expert_input == ExpertInput::Apart {
        // A scale of each expert, one for each token and expert used.
        let scales = s.graph.fresh([1, moe.experts, n, 1], &[]);
        s.graph.at(scales, home);
        let scales = s.graph.fresh([1, moe.used, n, 1], &[scales, chosen]);
        out = s.graph.in_place(&[out, scales]);
    }
    if !router.before {
        out = s.graph.in_place(&[out, weights]);
    }
    s.graph.expand(out);
    // Views first, then the sum of what the chosen experts say.
    let views: Vec<Id> = (0..moe.used)
        .map(|_| {
            let view = s.graph.slice(out, [width, n, 1, 1], n, width * moe.used);
            s.graph.expand(view);
            view
        })
        .collect();
    let mut sum = views[0];
    for &view in &views[1..] {
        sum = s.graph.in_place(&[sum, view]);
        s.graph.expand(sum);
    }
    if moe.used == 1 {
        sum = s.graph.fresh([width, n, 1, 1], &[sum]);
    }
    if moe.latent.is_some() { s.matmul(sum, hidden) } else { sum }
}

/// `DeepSeek` V3 and R1 choose among the experts of the best 4 of 8 groups only.
fn in_groups(s: &mut Stack, choice: Id, experts: u64, n: u64) -> Id {
    let (groups, best, judged) = (8, 4, 2);
    let each = experts / groups;
    let grouped = s.graph.reshape(choice, [each, groups, n, 1]);
    let sorted = s.graph.fresh_of([each, groups, n, 1], I32, &[grouped]);
    let first = s.graph.slice(sorted, [judged, groups, n, 1], groups * n, each);
    let apart = s.graph.reshape(grouped, [1, each, groups, n]);
    let scores = s.graph.fresh([1, judged, groups, n], &[apart, first]);
    let scores = s.graph.reshape(scores, [judged, groups, n, 1]);
    let sums = s.graph.fresh([1, groups, n, 1], &[scores]);
    let sums = s.graph.reshape(sums, [groups, n, 1, 1]);
    let sorted = s.graph.fresh_of([groups, n, 1, 1], I32, &[sums]);
    let chosen = s.graph.slice(sorted, [best, n, 1, 1], n, groups);
    let kept = s.graph.fresh([each, best, n, 1], &[grouped, chosen]);
    let masked = s.graph.in_place(&[grouped]);
    let masked = s.graph.write(masked, &[kept, chosen, masked]);
    s.graph.reshape(masked, [experts, n, 1, 1])
}
