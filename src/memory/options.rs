//! How a model is run: what the engine is asked to keep, and what it refuses.

use std::fmt;

use crate::model::{Architecture, Mixer};
use crate::quant::Format;
use crate::units::{Bytes, Tokens};

use super::rules::{EightBit, Rules, WindowRule};

/// Far above every context and every number of sequences an engine takes.
const MOST_TOKENS: u64 = 1 << 30;
const MOST_SEQUENCES: u64 = 1 << 16;

/// How a model is run. The default is what the command line assumes.
///
/// ```
/// use willitrun::memory::RunOptions;
/// assert_eq!(RunOptions::default().cells(), 8192);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RunOptions {
    /// Tokens of context in total, as the engine's `-c`.
    pub context: Tokens,
    /// Sequences served side by side.
    pub sequences: u64,
    /// Whether they share one cache.
    pub streams: KvStreams,
    /// Format of cached keys.
    pub kv_k: Format,
    /// Format of cached values.
    pub kv_v: Format,
    /// What latent attention keeps.
    pub layout: KvLayout,
    /// Whether attention is fused.
    pub flash_attention: FlashAttention,
    /// What sliding-window layers keep.
    pub swa: SwaCache,
    /// Tokens handed to the engine at once.
    pub batch: u64,
    /// Tokens computed at once.
    pub ubatch: u64,
    /// Which positions of a batch may give logits.
    pub outputs: Outputs,
    /// Where the cache of layers on a device lies.
    pub kv_place: KvPlace,
    /// How the engine sizes it all; a question takes them from its engine.
    pub rules: Rules,
}

/// All that memory makes of a context: contexts with the same room take the same bytes, whatever the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    cells: u64,
    latent_cells: u64,
    /// Cells where sequences never share, whatever was asked.
    cells_apart: u64,
    ubatch: u64,
}

/// How sequences share the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KvStreams {
    /// Each sequence owns an equal part of the context.
    #[default]
    PerSequence,
    /// All sequences share the whole context.
    Unified,
}

/// What multi-head latent attention keeps for a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KvLayout {
    /// What the engine does of itself.
    #[default]
    Auto,
    /// The latent vector and the rotary part of the key, once.
    Latent,
    /// The latent vector twice, as key and as value.
    Split,
    /// Keys and values of every head.
    Expanded,
}

/// Whether scores and values are fused into one kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FlashAttention {
    /// Fused: the score matrix never exists.
    #[default]
    On,
    /// The score matrix of a batch is kept whole.
    Off,
}

/// What sliding-window layers keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SwaCache {
    /// The window and a batch.
    #[default]
    Window,
    /// The whole context.
    Full,
}

/// Which positions of a batch may give logits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Outputs {
    /// Every position, as llama-bench and perplexity need.
    All,
    /// The last of each sequence, as llama-server needs.
    #[default]
    Last,
}

/// Where the cache of layers on a device lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KvPlace {
    /// With its layer.
    #[default]
    Device,
    /// In host memory.
    Host,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            context: Tokens::new(8192),
            sequences: 1,
            streams: KvStreams::default(),
            kv_k: Format::F16,
            kv_v: Format::F16,
            layout: KvLayout::default(),
            flash_attention: FlashAttention::default(),
            swa: SwaCache::default(),
            batch: 2048,
            ubatch: 512,
            outputs: Outputs::default(),
            kv_place: KvPlace::default(),
            rules: Rules::default(),
        }
    }
}

impl RunOptions {
    /// The formats a cache may have.
    pub const KV_FORMATS: [Format; 9] = [
        Format::F32,
        Format::F16,
        Format::BF16,
        Format::Q8_0,
        Format::Q5_1,
        Format::Q5_0,
        Format::Q4_1,
        Format::Q4_0,
        Format::IQ4_NL,
    ];

    /// Sequences: at least one, and no more than keeps every product inside 64 bits.
    #[must_use]
    pub fn sequences(&self) -> u64 {
        self.sequences.clamp(1, MOST_SEQUENCES)
    }

    /// Caches laid side by side: one for each sequence, or one for all.
    #[must_use]
    pub fn streams(&self) -> u64 {
        match self.streams {
            KvStreams::PerSequence => self.sequences(),
            KvStreams::Unified => 1,
        }
    }

    /// Cells of one stream in a layer that keeps the whole context. llama.cpp rounds up to 256 before and
    /// after the division by streams.
    ///
    /// Source: llama.cpp v0.5.0 `llama-context.cpp`, the constructor of `llama_context`; other engines by
    /// their rules.
    #[must_use]
    pub fn cells(&self) -> u64 {
        self.cells_in(self.rules.cache.step)
    }

    /// The same for a layer with latent attention.
    #[must_use]
    pub fn latent_cells(&self) -> u64 {
        self.cells_in(self.rules.cache.latent_step)
    }

    /// What the context comes to. Windows follow from it, as they see no more of the context than its cells.
    #[must_use]
    pub fn room(&self) -> Room {
        let apart = Self { streams: KvStreams::PerSequence, ..*self };
        Room {
            cells: self.cells(),
            latent_cells: self.latent_cells(),
            cells_apart: apart.cells(),
            ubatch: self.ubatch(),
        }
    }

    fn cells_in(&self, step: u64) -> u64 {
        self.rules.cache.cells(self.context.get().clamp(1, MOST_TOKENS), self.streams(), step)
    }

    /// Cells of one stream in a layer that sees `window` tokens back, never more than the context.
    /// llama.cpp: the window of every sequence in the stream and one batch, rounded up to 256.
    ///
    /// Source: llama.cpp v0.5.0 `llama-kv-cache-iswa.cpp`, the constructor; other engines by their rules.
    #[must_use]
    pub fn window_cells(&self, window: Tokens) -> u64 {
        let sequences = match self.streams {
            KvStreams::PerSequence => 1,
            KvStreams::Unified => self.sequences(),
        };
        let all = self.cells();
        let rules = self.rules.cache;
        match (self.swa, rules.window) {
            (SwaCache::Full, _) | (_, WindowRule::Full) => all,
            (SwaCache::Window, WindowRule::Padded) => {
                let wanted = window.get().saturating_mul(sequences).saturating_add(self.ubatch());
                wanted.min(all).next_multiple_of(rules.step.max(1))
            }
            (SwaCache::Window, WindowRule::Batch { step, spare }) => {
                let step = step.max(1);
                let seen = window.get().saturating_sub(1).saturating_add(self.batch.clamp(1, MOST_TOKENS));
                let blocks = seen.min(all).div_ceil(step).saturating_add(spare);
                blocks.saturating_mul(step).saturating_mul(sequences).min(all.saturating_add(step * spare))
            }
            (SwaCache::Window, WindowRule::Exact) => window.get().saturating_mul(sequences).min(all),
        }
    }

    /// Bytes of so many cached values side by side.
    #[must_use]
    pub fn row(&self, format: Format, width: u64) -> Bytes {
        match (self.rules.cache.eight_bit, format) {
            (EightBit::Fp8, Format::Q8_0) => Bytes::new(width),
            _ => format.bytes(width, 1),
        }
    }

    /// Tokens computed at once: no more than a batch, and no more than the context.
    ///
    /// Source: llama.cpp v0.5.0 `llama-context.cpp`, the constructor of `llama_context`.
    #[must_use]
    pub fn ubatch(&self) -> u64 {
        self.ubatch.min(self.batch).min(self.context.get()).clamp(1, MOST_TOKENS)
    }

    /// The layout meant: `Auto` is the newest engine's, which keeps the latent once.
    #[must_use]
    pub fn layout(&self) -> KvLayout {
        match self.layout {
            KvLayout::Auto => KvLayout::Latent,
            chosen => chosen,
        }
    }

    /// Whether the engine takes this model with these options.
    ///
    /// Source: llama.cpp v0.5.0 `llama-context.cpp`, `llama_init_from_model`.
    ///
    /// # Errors
    /// The first reason it refuses them.
    pub fn check(&self, model: &Architecture) -> Result<(), Unsupported> {
        for format in [self.kv_k, self.kv_v] {
            if !Self::KV_FORMATS.contains(&format) {
                return Err(Unsupported::NotACacheFormat(format));
            }
        }
        // An 8-bit float is no block.
        let fp8 = |format: Format| format == Format::Q8_0 && self.rules.cache.eight_bit == EightBit::Fp8;
        let block = |format: Format| if fp8(format) { 1 } else { format.weights_per_block() };
        if block(self.kv_v) > 1 && self.flash_attention == FlashAttention::Off {
            return Err(Unsupported::ValuesNeedFlashAttention(self.kv_v));
        }
        let layout = self.layout();
        for layer in &model.layers {
            let (keys, values) = match layer.mixer {
                Mixer::Attention(a) => (a.key, a.value),
                Mixer::Mla(m) if layout == KvLayout::Expanded => (m.nope + m.rope, m.value),
                Mixer::Mla(m) => {
                    if layout == KvLayout::Latent && self.kv_k != self.kv_v {
                        return Err(Unsupported::FormatsDiffer(self.kv_k, self.kv_v));
                    }
                    (m.kv_rank + m.rope, m.kv_rank)
                }
                Mixer::Compressed(m) => {
                    if self.kv_k != self.kv_v {
                        return Err(Unsupported::FormatsDiffer(self.kv_k, self.kv_v));
                    }
                    (m.width, m.width)
                }
                Mixer::Recurrent(_) | Mixer::None => continue,
            };
            for (format, width) in [(self.kv_k, keys), (self.kv_v, values)] {
                if !width.is_multiple_of(block(format)) {
                    return Err(Unsupported::HeadIsNotWholeBlocks(format, width));
                }
            }
        }
        Ok(())
    }
}

/// Why the engine refuses the options for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// No cache has this format.
    NotACacheFormat(Format),
    /// The engine has no cache in this format.
    NotOfTheEngine(Format),
    /// Latent attention keeps one vector for both, so it has one format.
    FormatsDiffer(Format, Format),
    /// Values in blocks can be read by the fused kernel only.
    ValuesNeedFlashAttention(Format),
    /// A head of this width is no whole number of blocks.
    HeadIsNotWholeBlocks(Format, u64),
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACacheFormat(format) => {
                write!(f, "The cache cannot be {}; choose ", format.name())?;
                for (i, format) in RunOptions::KV_FORMATS.iter().enumerate() {
                    write!(f, "{}{}", if i > 0 { ", " } else { "" }, format.name())?;
                }
                f.write_str(".")
            }
            Self::NotOfTheEngine(format) => write!(f, "This engine has no cache in {}.", format.name()),
            Self::FormatsDiffer(k, v) => write!(
                f,
                "This model keeps keys and values as one vector, so the cache cannot be {} for keys and {} for values; choose one format for both.",
                k.name(),
                v.name()
            ),
            Self::ValuesNeedFlashAttention(v) => {
                write!(f, "Cached values in {} need flash attention; turn it on or keep values in F16.", v.name())
            }
            Self::HeadIsNotWholeBlocks(format, width) => write!(
                f,
                "A head of {width} values is no whole number of {} blocks; keep this cache in F16.",
                format.name()
            ),
        }
    }
}

impl std::error::Error for Unsupported {}
