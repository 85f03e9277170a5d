//! Ways to keep what attention needs of a token, each with its bytes: what every head needs, the latent vector once or
//! twice, and the same in fewer bits.
//!
//! Bytes of a token = layers x (bits of the latent x its values + bits of the rotary part x its values) / 8 + scales.

use crate::memory::{self, KvLayout, RunOptions};
use crate::model::{Architecture, Mixer};
use crate::quant::{Confidence, Format};
use crate::units::{Bytes, Tokens};

/// A latent cache of an engine with a format of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Special {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Bits of a value of the latent vector.
    pub latent_bits: u64,
    /// Bits of a value of the rotary part.
    pub rope_bits: u64,
    /// Bytes of scales for each token and layer.
    pub scale_bytes: u64,
    /// Where it was read.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
}

/// One way to keep a cache.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is: `latent, f16`.
    pub name: String,
    /// Bytes of a token over all layers.
    pub per_token: Bytes,
    /// The cache at each context asked.
    pub at: Vec<Bytes>,
    /// As a share of the first row.
    pub share: f64,
    /// Where its format was read; empty for what is computed from llama.cpp's own.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
}

/// The ways llama.cpp has kept a cache, and what each is called.
const WAYS: [(&str, KvLayout, Format); 5] = [
    ("every head, f16", KvLayout::Expanded, Format::F16),
    ("latent twice, f16", KvLayout::Split, Format::F16),
    ("latent, f16", KvLayout::Latent, Format::F16),
    ("latent, q8_0", KvLayout::Latent, Format::Q8_0),
    ("latent, q4_0", KvLayout::Latent, Format::Q4_0),
];
/// The same for models that keep keys and values of their heads.
const PLAIN: [(&str, KvLayout, Format); 3] = [
    ("f16", KvLayout::Auto, Format::F16),
    ("q8_0", KvLayout::Auto, Format::Q8_0),
    ("q4_0", KvLayout::Auto, Format::Q4_0),
];

/// Every way to keep a model's cache, largest first as they were invented, at each context.
#[must_use]
pub fn rows(model: &Architecture, specials: &[Special], contexts: &[Tokens]) -> Vec<Row> {
    let latent = model.layers.iter().any(|layer| matches!(layer.mixer, Mixer::Mla(_)));
    let ways: &[(&str, KvLayout, Format)] = if latent { &WAYS } else { &PLAIN };
    let mut rows: Vec<Row> = ways.iter().filter_map(|way| of_engine(model, *way, contexts)).collect();
    rows.extend(specials.iter().filter_map(|special| of_special(model, special, contexts)));
    let whole = rows.first().map_or(0.0, |row| row.per_token.as_f64()).max(1.0);
    for row in &mut rows {
        row.share = row.per_token.as_f64() / whole;
    }
    rows
}

fn of_engine(model: &Architecture, way: (&str, KvLayout, Format), contexts: &[Tokens]) -> Option<Row> {
    let (name, layout, format) = way;
    let at = |context: Tokens| {
        let options = RunOptions { layout, kv_k: format, kv_v: format, context, ..RunOptions::default() };
        memory::cache(model, &options).ok()
    };
    let per_token = at(Tokens::new(1))?.bytes_per_token();
    let at = contexts.iter().map(|context| at(*context).map(|cache| cache.kv())).collect::<Option<Vec<_>>>()?;
    Some(Row { name: name.to_owned(), per_token, at, share: 1.0, source: String::new(), confidence: Confidence::Read })
}

fn of_special(model: &Architecture, special: &Special, contexts: &[Tokens]) -> Option<Row> {
    let layer = |mixer: &Mixer| match mixer {
        Mixer::Mla(mla) => {
            let bits = mla.kv_rank * special.latent_bits + mla.rope * special.rope_bits;
            Some(Bytes::new(bits.div_ceil(8) + special.scale_bytes))
        }
        _ => None,
    };
    let per_token = model.layers.iter().map(|own| layer(&own.mixer)).sum::<Option<Bytes>>()?;
    Some(Row {
        name: special.name.clone(),
        per_token,
        at: contexts.iter().map(|context| per_token * context.get()).collect(),
        share: 1.0,
        source: special.source.clone(),
        confidence: special.confidence,
    })
}
