//! What is asked here in place of a published number.

use std::sync::Arc;

use crate::advice::kits;
use crate::hardware::{Figure, Machine, Pool, PoolKind, Source};
use crate::memory::{self, KvLayout, RunOptions};
use crate::model::Architecture;
use crate::placement::Engine;
use crate::quant::{Format, Quality};
use crate::scenario::{Scenario, Subject, evaluate_here};
use crate::speed::Parameters;
use crate::units::{Bytes, BytesPerSecond, Params, Tokens, TokensPerSecond, grouped};

use super::super::strategy;

/// More memory than anything takes: a ceiling asks about speed alone.
const ROOM: Bytes = Bytes::new(1 << 50);

/// Something computed here.
#[derive(Clone, Debug, PartialEq)]
pub enum Ours {
    /// The parameters of the model.
    Params,
    /// Those a token uses.
    Active,
    /// Their share.
    ActiveShare,
    /// The file of the model under a quant, by name.
    File(String),
    /// A file of another size than the model's own: what stands between the two.
    Against(String, String),
    /// The cache of so many tokens.
    Cache(KvLayout, Format, Tokens),
    /// The cache of one token.
    PerToken(KvLayout, Format),
    /// What a latent cache leaves out of the expanded one.
    Saved,
    /// The smallest kit of RAM for weights under a quant and the cache of so many tokens.
    Kit(String, Tokens),
    /// Tokens per second at most from memory of so many GB/s, by what each token reads.
    Ceiling(String, f64),
    /// The longest context of the model.
    LongestContext,
    /// The two marks of the study, by their order.
    Mark(usize),
    /// A cited score as a share of the unquantised model's, by quant and test.
    Kept(String, String),
}

/// A number with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// A file or what is read of it.
    File(Bytes),
    /// Memory.
    Memory(Bytes),
    /// Memory as a study printed it, GiB.
    Mark(f64),
    /// Parameters.
    Params(Params),
    /// Tokens.
    Tokens(Tokens),
    /// A rate.
    Rate(TokensPerSecond),
    /// A share of one.
    Share(f64),
    /// A ratio.
    Times(f64),
    /// Not known for this model.
    Unknown,
}

/// What it is asked of.
pub struct Asked<'a> {
    /// The model.
    pub model: &'a Arc<Architecture>,
    /// The model under a quant, by name.
    pub subject: &'a dyn Fn(&str) -> Option<Arc<Subject>>,
    /// The engine without overhead.
    pub ceiling: &'a Arc<Engine>,
    /// What is known about speeds.
    pub parameters: &'a Arc<Parameters>,
    /// What is cited of quants.
    pub quality: &'a Quality,
}

impl Amount {
    /// With its unit: `404.49 GB (376.71 GiB)`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::File(bytes) => {
                let (gb, gib) = (bytes.as_f64() / 1e9, bytes.as_f64() / crate::units::GIB as f64);
                format!("{gb:.2} GB ({gib:.2} GiB)")
            }
            Self::Memory(bytes) => bytes.in_kib(),
            Self::Mark(gib) => format!("{gib} GiB"),
            Self::Params(params) => format!("{:.2} B", params.as_f64() / 1e9),
            Self::Tokens(tokens) => format!("{tokens} tokens"),
            Self::Rate(rate) => format!("{rate} tokens/s"),
            Self::Share(share) => format!("{:.2} %", share * 100.0),
            Self::Times(times) => format!("{times:.2} times"),
            Self::Unknown => "unknown".to_owned(),
        }
    }

    /// The bare number, in bytes, parameters, tokens, tokens per second as a share or GiB.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::File(bytes) | Self::Memory(bytes) => Some(bytes.as_f64()),
            Self::Params(params) => Some(params.as_f64()),
            Self::Tokens(tokens) => Some(tokens.as_f64()),
            Self::Rate(rate) => Some(rate.get()),
            Self::Share(share) | Self::Times(share) | Self::Mark(share) => Some(*share),
            Self::Unknown => None,
        }
    }
}

impl Ours {
    /// What it is: `latent cache of 8,192 tokens`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Params => "parameters".to_owned(),
            Self::Active => "parameters a token uses".to_owned(),
            Self::ActiveShare => "the share a token uses".to_owned(),
            Self::File(quant) => format!("{quant} file"),
            Self::Against(quant, other) => format!("{quant} against {other}"),
            Self::Cache(layout, format, tokens) => format!("{} cache of {tokens} tokens", kept(*layout, *format)),
            Self::PerToken(layout, format) => format!("{} cache of a token", kept(*layout, *format)),
            Self::Saved => "saved against its own expanded cache".to_owned(),
            Self::Kit(quant, tokens) => format!("kit for {quant} and {tokens} tokens"),
            Self::Ceiling(quant, gbs) => format!("{quant} at {} GB/s, at most", plain(*gbs)),
            Self::LongestContext => "longest context".to_owned(),
            Self::Mark(place) => format!("mark {}", place + 1),
            Self::Kept(quant, test) => format!("{quant}, {test}, of the unquantised score"),
        }
    }

    /// How much it is.
    #[must_use]
    pub fn amount(&self, asked: &Asked<'_>) -> Amount {
        self.known(asked).unwrap_or(Amount::Unknown)
    }

    fn known(&self, asked: &Asked<'_>) -> Option<Amount> {
        let model = asked.model;
        let file = |quant: &str| (asked.subject)(quant).map(|subject| subject.weights.file);
        Some(match self {
            Self::Params => Amount::Params(model.params()),
            Self::Active => Amount::Params(model.active_params(None)),
            Self::ActiveShare => Amount::Share(model.active_params(None).as_f64() / model.params().as_f64()),
            Self::File(quant) => Amount::File(file(quant)?),
            Self::Against(quant, other) => Amount::Times(file(other)?.as_f64() / file(quant)?.as_f64()),
            Self::Cache(layout, format, tokens) => Amount::Memory(cache(model, *layout, *format, *tokens)?),
            Self::PerToken(layout, format) => Amount::Memory(per_token(model, *layout, *format)?),
            Self::Saved => {
                let whole = per_token(model, KvLayout::Expanded, Format::F16)?.as_f64();
                Amount::Share(1.0 - per_token(model, KvLayout::Latent, Format::F16)?.as_f64() / whole)
            }
            Self::Kit(quant, tokens) => {
                let need = file(quant)? + cache(model, KvLayout::Latent, Format::F16, *tokens)?;
                Amount::Memory(kits::smallest(need)?)
            }
            Self::Ceiling(quant, gbs) => Amount::Rate(asked.ceiling(quant, *gbs)?),
            Self::LongestContext => Amount::Tokens(model.max_context),
            Self::Mark(0) => Amount::Mark(strategy::FOUR_BILLION),
            Self::Mark(_) => Amount::Mark(strategy::EIGHT_BILLION),
            Self::Kept(quant, test) => {
                let mut rows = asked.quality.of(quant).filter(|row| row.test == *test);
                let row = rows.find(|row| row.is_of(&model.name) && row.baseline.is_some())?;
                Amount::Share(row.value / row.baseline?)
            }
        })
    }
}

impl Asked<'_> {
    /// Tokens per second at most from one memory of so many GB/s.
    fn ceiling(&self, quant: &str, gbs: f64) -> Option<TokensPerSecond> {
        let mut machine = Machine::new("memory", "One memory");
        let mut pool = Pool::new("ram", PoolKind::Ram, Figure::new(ROOM, Source::Assumed, "large enough"));
        pool.read = BytesPerSecond::from_gb(gbs).map(|rate| Figure::new(rate, Source::DataSheet, "as published"));
        machine.pools.push(pool);
        let (engine, parameters) = (self.ceiling.clone(), self.parameters.clone());
        let scenario = Scenario::new((self.subject)(quant)?, Arc::new(machine), engine, parameters);
        Some(TokensPerSecond::saturating(evaluate_here(&scenario).bill?.rate.expected))
    }
}

fn options(layout: KvLayout, format: Format) -> RunOptions {
    RunOptions { layout, kv_k: format, kv_v: format, ..RunOptions::default() }
}

fn cache(model: &Architecture, layout: KvLayout, format: Format, tokens: Tokens) -> Option<Bytes> {
    memory::cache(model, &RunOptions { context: tokens, ..options(layout, format) }).ok().map(|cache| cache.kv())
}

fn per_token(model: &Architecture, layout: KvLayout, format: Format) -> Option<Bytes> {
    memory::cache(model, &options(layout, format)).ok().map(|cache| cache.bytes_per_token())
}

/// How a cache is kept, in words: `latent f16`.
fn kept(layout: KvLayout, format: Format) -> String {
    let layout = match layout {
        KvLayout::Auto | KvLayout::Latent => "latent",
        KvLayout::Split => "latent, twice,",
        KvLayout::Expanded => "expanded",
    };
    format!("{layout} {}", format.name().to_ascii_lowercase())
}

fn plain(value: f64) -> String {
    if value.fract() == 0.0 { grouped(value as u64) } else { format!("{value}") }
}
