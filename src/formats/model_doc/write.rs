//! From a model to the fields of a document: by pattern where one fits, run by run where none does.

use super::schema::{Attention, Ffn, Hybrid, Indexer, Model, Moe, RopeTable, Run, Window};
use super::{pattern, read};
use crate::model::{self, Architecture, Confidence, FeedForward, Layer, Mixer, Presence, Recurrent};

/// The entry of a model. Reading it back gives the same model.
pub(super) fn entry(model: &Architecture) -> Model {
    let compact = patterned(model);
    match read::architecture(&compact) {
        Ok(read) if read == *model => compact,
        _ => run_by_run(model),
    }
}

fn common(model: &Architecture) -> Model {
    let facts = &model.facts;
    Model {
        id: model.id.clone(),
        name: model.name.clone(),
        family: facts.family.clone(),
        repo: facts.repo.clone(),
        released: facts.released.clone(),
        licence: facts.licence.clone(),
        reasoning: facts.reasoning,
        arch: model.gguf.clone(),
        layers: model.layers.len() as u32,
        hidden: model.hidden,
        vocab: model.vocab,
        tied_embeddings: model.tied_embeddings,
        max_context: model.max_context.get(),
        rope_table: match model.details.rope_table {
            model::RopeTable::None => None,
            model::RopeTable::Freqs(factors) => Some(RopeTable { kind: "freqs".to_owned(), factors }),
            model::RopeTable::LongShort(factors) => Some(RopeTable { kind: "long_short".to_owned(), factors }),
        },
        indexer: model.details.indexer.map(|indexer| Indexer {
            heads: indexer.heads,
            key: indexer.key,
            top: indexer.top,
            pattern: String::new(),
        }),
        per_layer_embedding: model.details.per_layer_embedding,
        residual_streams: model.details.residual_streams,
        mtp_layers: model.mtp_layers,
        mtp_in_file: model.details.mtp_in_file,
        mtp_ends: model.details.mtp_ends,
        published_params: facts.published.map(crate::units::Params::get),
        source: facts.source.clone(),
        confidence: match facts.confidence {
            Confidence::Read => "read",
            Confidence::Inferred => "inferred",
            Confidence::Memory => "memory",
            Confidence::Typed => "typed",
        }
        .to_owned(),
        note: facts.note.clone(),
        ..Model::default()
    }
}

fn patterned(model: &Architecture) -> Model {
    let mut entry = common(model);
    let full = |layer: &&Layer| matches!(layer.mixer, Mixer::Attention(attention) if attention.window.is_none());
    let attends = |layer: &&Layer| !matches!(layer.mixer, Mixer::Recurrent(_) | Mixer::None);
    let base = model.layers.iter().find(full).or_else(|| model.layers.iter().find(attends));
    entry.attention = base.and_then(|layer| attention(model, &layer.mixer));
    if let Some(attention) = &mut entry.attention {
        let borrows = |layer: &&Layer| matches!(layer.mixer, Mixer::Attention(a) if a.borrows_cache);
        attention.borrowing_layers = model.layers.iter().filter(borrows).count() as u32;
        if attention.kind == "compressed" {
            let ratio = |layer: &Layer| match layer.mixer {
                Mixer::Compressed(compressed) => compressed.ratio,
                _ => 0,
            };
            attention.ratios = Some(model.layers.iter().map(ratio).collect());
        }
    }
    entry.window = windows(model, entry.attention.as_ref());
    entry.hybrid = hybrid(model);
    if let Some(indexer) = &mut entry.indexer {
        let shares: Vec<bool> =
            model.layers.iter().map(|layer| matches!(layer.mixer, Mixer::Mla(mla) if mla.indexer.is_none())).collect();
        if shares.contains(&true) {
            indexer.pattern = pattern::of(&shares);
        }
    }
    feed_forward(model, &mut entry);
    entry
}

fn windows(model: &Architecture, base: Option<&Attention>) -> Option<Window> {
    let windowed = |layer: &Layer| matches!(layer.mixer, Mixer::Attention(a) if a.window.is_some());
    let flags: Vec<bool> = model.layers.iter().map(windowed).collect();
    let pattern = if flags.iter().all(|flag| *flag) { String::new() } else { pattern::of(&flags) };
    model.layers.iter().find_map(|layer| match layer.mixer {
        Mixer::Attention(attention) => attention.window.map(|window| {
            let differs = |here: u64, base: Option<u64>| Some(here).filter(|here| Some(*here) != base);
            Window {
                tokens: window.tokens.get(),
                pattern: pattern.clone(),
                shrinks_cache: window.shrinks_cache,
                heads: differs(attention.heads, base.map(|base| base.heads)),
                kv_heads: differs(attention.kv_heads, base.and_then(|base| base.kv_heads)),
                key: differs(attention.key, base.and_then(|base| base.key)),
                value: differs(attention.value, base.and_then(|base| base.value)),
            }
        }),
        Mixer::Compressed(compressed) => {
            Some(Window { tokens: compressed.window.get(), shrinks_cache: true, ..Window::default() })
        }
        _ => None,
    })
}

fn hybrid(model: &Architecture) -> Option<Hybrid> {
    let first = model.layers.iter().find_map(|layer| match layer.mixer {
        Mixer::Recurrent(recurrent) => Some(recurrent),
        _ => None,
    })?;
    let mut hybrid = recurrent(&first);
    if model.layers.iter().any(|layer| layer.mixer == Mixer::None) {
        let letter = |layer: &Layer| match (layer.mixer, layer.ffn) {
            (Mixer::Recurrent(_), _) => 'M',
            (Mixer::None, FeedForward::Moe(_)) => 'E',
            (Mixer::None, _) => '-',
            _ => '*',
        };
        hybrid.blocks = model.layers.iter().map(letter).collect();
    } else {
        let flags: Vec<bool> = model.layers.iter().map(|layer| matches!(layer.mixer, Mixer::Recurrent(_))).collect();
        hybrid.pattern = pattern::of(&flags);
    }
    Some(hybrid)
}

fn feed_forward(model: &Architecture, entry: &mut Model) {
    let width = |layer: &Layer| match layer.ffn {
        FeedForward::Dense { width } => Some(width),
        _ => None,
    };
    let widths: Vec<u64> = model.layers.iter().filter_map(width).collect();
    let moe = model.layers.iter().position(|layer| matches!(layer.ffn, FeedForward::Moe(_)));
    if let Some(FeedForward::Moe(first)) = moe.map(|at| model.layers[at].ffn) {
        entry.moe = Some(experts(model, &first));
    }
    let Some(first) = widths.first() else { return };
    let mut ffn = Ffn { width: Some(*first), ..Ffn::default() };
    if let (Some(at), Some(moe)) = (moe, &mut entry.moe) {
        let next = model.layers[at + 1..].iter().position(|layer| matches!(layer.ffn, FeedForward::Moe(_)));
        match next {
            Some(gap) if gap > 0 && entry.hybrid.as_ref().is_none_or(|hybrid| hybrid.blocks.is_empty()) => {
                moe.every = Some(gap as u32 + 1);
            }
            _ => ffn.leading_dense = at as u32,
        }
        if entry.hybrid.as_ref().is_some_and(|hybrid| !hybrid.blocks.is_empty()) {
            ffn.leading_dense = 0;
        }
    } else if widths.iter().any(|width| width != first) {
        let mut runs: Vec<(u32, u64)> = Vec::new();
        for width in &widths {
            match runs.last_mut() {
                Some((layers, last)) if last == width => *layers += 1,
                _ => runs.push((1, *width)),
            }
        }
        ffn = Ffn { widths: Some(runs), ..Ffn::default() };
    }
    entry.ffn = Some(ffn);
}

pub(super) fn run_by_run(model: &Architecture) -> Model {
    let mut entry = common(model);
    let mut stack: Vec<Run> = Vec::new();
    let mut last: Option<&Layer> = None;
    for layer in &model.layers {
        if let (Some(run), true) = (stack.last_mut(), last == Some(layer)) {
            run.layers += 1;
        } else {
            stack.push(run(model, layer));
        }
        last = Some(layer);
    }
    entry.stack = Some(stack);
    // Particulars of the whole model are read from these two.
    let of_stack = |stack: &Vec<Run>, pick: fn(&Run) -> bool| stack.iter().find(|run| pick(run)).cloned();
    let runs = entry.stack.as_ref();
    entry.attention =
        runs.and_then(|stack| of_stack(stack, |run| run.attention.is_some())).and_then(|run| run.attention);
    entry.moe = runs.and_then(|stack| of_stack(stack, |run| run.moe.is_some())).and_then(|run| run.moe);
    entry
}

fn run(model: &Architecture, layer: &Layer) -> Run {
    let mut attention = attention(model, &layer.mixer);
    if let (Some(attention), Mixer::Compressed(compressed)) = (&mut attention, layer.mixer) {
        attention.ratios = Some(vec![compressed.ratio]);
    }
    let window = |tokens: u64, shrinks_cache| Window { tokens, shrinks_cache, ..Window::default() };
    Run {
        layers: 1,
        attention,
        window: match layer.mixer {
            Mixer::Attention(attention) => attention.window.map(|w| window(w.tokens.get(), w.shrinks_cache)),
            Mixer::Compressed(compressed) => Some(window(compressed.window.get(), true)),
            _ => None,
        },
        borrows_cache: matches!(layer.mixer, Mixer::Attention(attention) if attention.borrows_cache),
        indexed: matches!(layer.mixer, Mixer::Mla(mla) if mla.indexer.is_some()),
        recurrent: match &layer.mixer {
            Mixer::Recurrent(recurrent) => Some(self::recurrent(recurrent)),
            _ => None,
        },
        dense: match layer.ffn {
            FeedForward::Dense { width } => Some(width),
            _ => None,
        },
        moe: match &layer.ffn {
            FeedForward::Moe(moe) => Some(experts(model, moe)),
            _ => None,
        },
    }
}

fn attention(model: &Architecture, mixer: &Mixer) -> Option<Attention> {
    let details = &model.details;
    let mut entry = Attention {
        qk_norm: presence(details.qk_norm),
        qkv_bias: presence(details.qkv_bias),
        values_are_keys: details.values_are_keys,
        ..Attention::default()
    };
    match *mixer {
        Mixer::Attention(attention) => {
            "gqa".clone_into(&mut entry.kind);
            entry.heads = attention.heads;
            entry.kv_heads = Some(attention.kv_heads);
            entry.key = Some(attention.key);
            entry.value = Some(attention.value);
            entry.gated = attention.gated;
        }
        Mixer::Mla(mla) => {
            "mla".clone_into(&mut entry.kind);
            entry.heads = mla.heads;
            entry.q_rank = mla.q_rank;
            entry.kv_rank = Some(mla.kv_rank);
            entry.rope = Some(mla.rope);
            entry.nope = Some(mla.nope);
            entry.value = Some(mla.value);
        }
        Mixer::Compressed(compressed) => {
            "compressed".clone_into(&mut entry.kind);
            entry.heads = compressed.heads;
            entry.key = Some(compressed.width);
            entry.q_rank = Some(compressed.q_rank);
            entry.out_groups = Some(compressed.out_groups);
            entry.out_rank = Some(compressed.out_rank);
        }
        Mixer::Recurrent(_) | Mixer::None => return None,
    }
    Some(entry)
}

fn recurrent(recurrent: &Recurrent) -> Hybrid {
    let mut entry = Hybrid { kind: recurrent.name().to_owned(), ..Hybrid::default() };
    match *recurrent {
        Recurrent::DeltaNet { key_heads, value_heads, key, value, conv } => {
            (entry.key_heads, entry.value_heads) = (Some(key_heads), Some(value_heads));
            (entry.key, entry.value, entry.conv) = (Some(key), Some(value), Some(conv));
        }
        Recurrent::Mamba1 { inner, state, conv, time_rank } => {
            (entry.inner, entry.state) = (Some(inner), Some(state));
            (entry.conv, entry.time_rank) = (Some(conv), Some(time_rank));
        }
        Recurrent::Mamba2 { inner, state, conv, groups, heads } => {
            (entry.inner, entry.state, entry.conv) = (Some(inner), Some(state), Some(conv));
            (entry.groups, entry.heads) = (Some(groups), Some(heads));
        }
        Recurrent::ShortConv { conv } => entry.conv = Some(conv),
        Recurrent::Lightning { heads, key } => (entry.heads, entry.key) = (Some(heads), Some(key)),
        Recurrent::Kda { heads, key, conv } => {
            (entry.heads, entry.key, entry.conv) = (Some(heads), Some(key), Some(conv));
        }
    }
    entry
}

fn experts(model: &Architecture, moe: &model::Moe) -> Moe {
    Moe {
        experts: moe.experts,
        used: moe.used,
        width: moe.width,
        shared_width: moe.shared_width,
        latent: moe.latent,
        every: None,
        router_bias: presence(model.details.router_bias),
        hash_layers: model.details.hash_layers,
    }
}

fn presence(presence: Presence) -> Option<bool> {
    match presence {
        Presence::Usual => None,
        Presence::Present => Some(true),
        Presence::Absent => Some(false),
    }
}
