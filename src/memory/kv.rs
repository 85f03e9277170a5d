//! What attention keeps for each token, layer by layer, and what it reads of it.

use super::options::{FlashAttention, KvLayout, KvStreams, RunOptions, SwaCache, Unsupported};
use super::rules::WindowRule;
use super::state::state_bytes;
use crate::model::{Architecture, Attention, Compressed, FeedForward, Indexer, Layer, Mixer};
use crate::quant::Format;
use crate::units::{Bytes, Tokens};

/// The cache of one layer, over all sequences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerCache {
    /// Keys and values it owns.
    pub bytes: Bytes,
    /// Recurrent state it owns.
    pub state: Bytes,
    /// Tokens one stream has room for, in the cache it reads; 0 without a cache.
    pub cells: u64,
    /// Bytes of one token in the cache it reads, its own or a borrowed one.
    pub per_token: Bytes,
    /// Whether it keeps every token of the context, so that it grows with it.
    pub growth: Growth,
}

/// Whether a layer's cache grows with the context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Growth {
    /// It owns room for every token.
    WithContext,
    /// It stops at a window, is a state of fixed size, or is another layer's.
    #[default]
    Bounded,
}

/// All a model keeps between tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cache {
    /// Layer by layer, so that it can be split over devices.
    pub layers: Vec<LayerCache>,
}

/// What each layer keeps under these options.
///
/// Source: llama.cpp v0.5.0 `llama-kv-cache.cpp` and `llama-kv-cache-iswa.cpp` (constructors),
/// `llama-model.cpp` `create_memory`.
///
/// # Errors
/// The reason the engine refuses the options, if it does.
pub fn cache(model: &Architecture, options: &RunOptions) -> Result<Cache, Unsupported> {
    options.check(model)?;
    let padded_value = padded_value(model, options);
    // Beside a state, layers that neither attend nor recur are left out; else they are padded like all.
    let hybrid = model.layers.iter().any(|layer| matches!(layer.mixer, Mixer::Recurrent(_)));
    let layers = model.layers.iter().map(|layer| match layer.mixer {
        Mixer::None if hybrid => LayerCache::default(),
        Mixer::Recurrent(mixer) => {
            LayerCache { state: state_bytes(mixer, model.hidden) * options.sequences(), ..LayerCache::default() }
        }
        Mixer::Compressed(mixer) => compressed_cache(mixer, model.details.indexer, options),
        mixer => with_indexer(attention_cache(mixer, padded_value, options), layer, model.details.indexer, options),
    });
    Ok(Cache { layers: layers.collect() })
}

impl Cache {
    /// Keys and values of all layers.
    #[must_use]
    pub fn kv(&self) -> Bytes {
        self.layers.iter().map(|layer| layer.bytes).sum()
    }

    /// Recurrent state of all layers and sequences.
    #[must_use]
    pub fn state(&self) -> Bytes {
        self.layers.iter().map(|layer| layer.state).sum()
    }

    /// What one more token of context costs, padding and windows aside.
    #[must_use]
    pub fn bytes_per_token(&self) -> Bytes {
        let grows = |layer: &&LayerCache| layer.growth == Growth::WithContext;
        self.layers.iter().filter(grows).map(|layer| layer.per_token).sum()
    }

    /// Bytes of cache read to compute one token of one sequence that has `depth` tokens behind it.
    ///
    /// A sliding-window layer reads at most the cells it has; a borrowing layer reads the cache it
    /// borrows. Recurrent state is not counted here: see [`Cache::state`].
    #[must_use]
    pub fn read_bytes_at(&self, depth: Tokens) -> Bytes {
        self.layers.iter().map(|layer| layer.read_bytes_at(depth)).sum()
    }
}

impl LayerCache {
    /// Bytes this layer reads for one token at a depth.
    #[must_use]
    pub fn read_bytes_at(&self, depth: Tokens) -> Bytes {
        self.per_token * depth.get().min(self.cells)
    }
}

/// One layer that attends.
fn attention_cache(mixer: Mixer, padded_value: Option<u64>, options: &RunOptions) -> LayerCache {
    let empty = padded_value.filter(|_| mixer == Mixer::None).map(|_| Widths::default());
    let Some(widths) = Widths::of(mixer, options.layout()).or(empty) else {
        return LayerCache::default();
    };
    let value = match (mixer, padded_value) {
        (Mixer::Attention(_) | Mixer::None, Some(widest)) => widest,
        _ => widths.value,
    };
    let row = |format: Format, width: u64| options.row(format, width);
    let per_token = row(options.kv_k, widths.key) + row(options.kv_k, widths.indexer) + row(options.kv_v, value);
    let window = shrinking_window(mixer);
    let whole_context = if matches!(mixer, Mixer::Mla(_)) { options.latent_cells() } else { options.cells() };
    let cells = window.map_or(whole_context, |window| options.window_cells(window));
    let borrows = matches!(mixer, Mixer::Attention(Attention { borrows_cache: true, .. }));
    let whole = window.is_none() || options.swa == SwaCache::Full || options.rules.cache.window == WindowRule::Full;
    LayerCache {
        bytes: if borrows { Bytes::ZERO } else { per_token * cells * options.streams() },
        state: Bytes::ZERO,
        cells,
        per_token,
        growth: if borrows || !whole { Growth::Bounded } else { Growth::WithContext },
    }
}

/// The same with the cache of an indexer that picks blocks, where the layer has one: a key and a value of one
/// head, in every layer with experts (`MiniMax` M3).
///
/// Source: llama.cpp v0.5.0 `llama-kv-cache-msa.cpp`, the constructor; `llama-model.cpp`, `create_memory`.
fn with_indexer(cache: LayerCache, layer: &Layer, indexer: Option<Indexer>, options: &RunOptions) -> LayerCache {
    let (Mixer::Attention(attention), FeedForward::Moe(_), Some(indexer)) = (layer.mixer, layer.ffn, indexer) else {
        return cache;
    };
    let added = options.row(options.kv_k, indexer.key) + options.row(options.kv_v, attention.value);
    LayerCache {
        bytes: cache.bytes + added * options.cells() * options.streams(),
        per_token: cache.per_token + added,
        ..cache
    }
}

/// One layer of `DeepSeek` V4: the latest tokens one by one, all of them merged in groups, with the keys
/// of an indexer beside small groups, and the group being filled in 32-bit floats. Sequences never share.
///
/// Source: llama.cpp v0.5.0 `llama-kv-cache-dsv4.cpp`, the constructor. Read, not measured.
fn compressed_cache(mixer: Compressed, indexer: Option<Indexer>, options: &RunOptions) -> LayerCache {
    let row = |width: u64| options.row(options.kv_k, width);
    let sequences = options.sequences();
    let latest = CompressedCells::of(mixer, options);
    let raw = row(mixer.width) * latest.window * sequences;
    if mixer.ratio == 0 {
        return LayerCache { bytes: raw, cells: latest.window, per_token: row(mixer.width), ..LayerCache::default() };
    }
    let small = mixer.ratio <= SMALL_GROUP;
    let keys = indexer.filter(|_| small).map_or(0, |indexer| indexer.key);
    let merged = row(mixer.width) + row(keys);
    // Small groups overlap, so two of them are being filled, with twice the width.
    let filling = if small { 2 * mixer.ratio * 2 * (mixer.width + keys) } else { mixer.ratio * mixer.width };
    let (value_and_score, f32_bytes) = (2, 4);
    LayerCache {
        bytes: raw + merged * latest.merged * sequences,
        state: Bytes::new(value_and_score * f32_bytes) * filling * sequences,
        cells: options.cells(),
        per_token: merged / mixer.ratio,
        growth: Growth::WithContext,
    }
}

/// Tokens merged into one entry up to which a layer picks its entries with an indexer.
pub(super) const SMALL_GROUP: u64 = 4;

/// Cells of one sequence in a layer with merged tokens.
pub(super) struct CompressedCells {
    /// For the latest tokens.
    pub window: u64,
    /// For merged ones.
    pub merged: u64,
}

impl CompressedCells {
    pub(super) fn of(mixer: Compressed, options: &RunOptions) -> Self {
        let apart = RunOptions { streams: KvStreams::PerSequence, ..*options };
        let window = match options.swa {
            SwaCache::Full => options.cells(),
            SwaCache::Window => apart.window_cells(mixer.window).min(options.cells()),
        };
        let merged = match mixer.ratio {
            0 => 0,
            ratio => options.cells().div_ceil(ratio).next_multiple_of(options.rules.cache.step.max(1)),
        };
        Self { window, merged }
    }
}

/// Numbers a layer keeps for one token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Widths {
    pub key: u64,
    pub value: u64,
    /// Keys of a sparse-attention indexer: one head, in the format of keys.
    pub indexer: u64,
}

impl Widths {
    /// `None` for a mixer without a cache of tokens.
    pub(super) fn of(mixer: Mixer, layout: KvLayout) -> Option<Self> {
        Some(match mixer {
            Mixer::Attention(a) => Self { key: a.kv_heads * a.key, value: a.kv_heads * a.value, indexer: 0 },
            Mixer::Mla(m) => {
                let latent = m.kv_rank + m.rope;
                let indexer = m.indexer.unwrap_or(0);
                match layout {
                    KvLayout::Auto | KvLayout::Latent => Self { key: latent, value: 0, indexer },
                    KvLayout::Split => Self { key: latent, value: m.kv_rank, indexer },
                    KvLayout::Expanded => Self { key: m.heads * (m.nope + m.rope), value: m.heads * m.value, indexer },
                }
            }
            Mixer::Compressed(_) | Mixer::Recurrent(_) | Mixer::None => return None,
        })
    }
}

/// The window of a layer whose cache the engine makes smaller for it.
pub(super) fn shrinking_window(mixer: Mixer) -> Option<Tokens> {
    match mixer {
        Mixer::Attention(a) => a.window.filter(|window| window.shrinks_cache).map(|window| window.tokens),
        Mixer::Compressed(c) => Some(c.window),
        _ => None,
    }
}

/// Without flash attention values are kept transposed, and every layer's row is as wide as the
/// widest layer's. A real cost only where layers differ, as in Gemma 4.
///
/// Source: llama.cpp v0.5.0 `llama-kv-cache.cpp`, the constructor.
fn padded_value(model: &Architecture, options: &RunOptions) -> Option<u64> {
    if options.flash_attention == FlashAttention::On {
        return None;
    }
    let width = |mixer: Mixer| match mixer {
        Mixer::Attention(a) => Some(a.kv_heads * a.value),
        _ => None,
    };
    model.layers.iter().filter_map(|layer| width(layer.mixer)).max()
}
