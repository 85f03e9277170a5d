//! From the fields of a document to a checked model.

use super::pattern;
use super::schema::{Attention, Hybrid, Model, Moe, RopeTable, Run, Window};
use crate::formats::document::{Refused, shown};
use crate::model::{
    self, Architecture, Compressed, Confidence, Details, Facts, FeedForward, Indexer, Invalid, Layer, Mixer, Mla,
    Presence, Recurrent,
};
use crate::units::{Params, Tokens};

/// Bounds within which products of sizes cannot overflow.
const MOST_LAYERS: u32 = 1024;
const MOST_WIDTH: u64 = 1 << 22;
const MOST_VOCAB: u64 = 1 << 24;
const MOST_HEADS: u64 = 1 << 12;
const MOST_HEAD: u64 = 1 << 14;
const MOST_EXPERTS: u64 = 1 << 14;
const MOST_CONTEXT: u64 = 1 << 30;
/// More than any model has: a quadrillion.
const MOST_PARAMS: u64 = 1_000_000_000_000_000;

type Checked<T> = Result<T, Invalid>;

/// A refusal of one field.
pub(super) fn refused(id: &str, field: &'static str, why: &str) -> Refused {
    Refused::Invalid { id: shown(id, 120), invalid: Invalid { field, why: why.to_owned() } }
}

/// The model of an entry.
pub(super) fn architecture(entry: &Model) -> Result<Architecture, Refused> {
    checked(entry).map_err(|invalid| Refused::Invalid { id: shown(&entry.id, 120), invalid })
}

fn checked(entry: &Model) -> Checked<Architecture> {
    let id_ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if entry.id.is_empty() || entry.id.len() > 120 || !entry.id.chars().all(id_ok) || entry.id.starts_with('.') {
        return Err(invalid("id", "only letters, digits, '-', '.' and '_', at most 120 of them"));
    }
    within("layers", u64::from(entry.layers), 1, u64::from(MOST_LAYERS))?;
    within("mtp_layers", u64::from(entry.mtp_layers), 0, 64)?;
    within("residual_streams", entry.residual_streams, 0, 64)?;
    let model = Architecture {
        id: entry.id.clone(),
        name: shown(&entry.name, 120),
        gguf: shown(&entry.arch, 60),
        hidden: within("hidden", entry.hidden, 1, MOST_WIDTH)?,
        vocab: within("vocab", entry.vocab, 1, MOST_VOCAB)?,
        tied_embeddings: entry.tied_embeddings,
        max_context: Tokens::new(within("max_context", entry.max_context, 1, MOST_CONTEXT)?),
        layers: layers(entry)?,
        mtp_layers: entry.mtp_layers,
        details: details(entry)?,
        facts: facts(entry),
    };
    if model.params() > Params::new(MOST_PARAMS) {
        return Err(invalid("layers", "together they have more than a quadrillion parameters"));
    }
    Ok(model)
}

fn layers(entry: &Model) -> Checked<Vec<Layer>> {
    let Some(stack) = &entry.stack else { return patterned(entry) };
    let mut layers = Vec::new();
    for run in stack {
        let layer = run_layer(entry, run)?;
        layers.extend(std::iter::repeat_n(layer, run.layers.min(MOST_LAYERS) as usize));
        if layers.len() > entry.layers as usize {
            break;
        }
    }
    if layers.len() != entry.layers as usize {
        return Err(invalid("stack", "its runs do not add up to 'layers'"));
    }
    Ok(layers)
}

fn run_layer(entry: &Model, run: &Run) -> Checked<Layer> {
    let mixer = match (&run.attention, &run.recurrent) {
        (Some(attention), _) => mixer(entry, attention, run.window.as_ref(), run.borrows_cache, run.indexed, 0)?,
        (None, Some(recurrent)) => Mixer::Recurrent(self::recurrent(recurrent)?),
        (None, None) => Mixer::None,
    };
    let ffn = match (&run.moe, run.dense) {
        (Some(moe), _) => FeedForward::Moe(experts(moe)?),
        (None, Some(width)) => FeedForward::Dense { width: within("stack.dense", width, 1, MOST_WIDTH)? },
        (None, None) => FeedForward::None,
    };
    Ok(Layer { mixer, ffn })
}

fn patterned(entry: &Model) -> Checked<Vec<Layer>> {
    let flags = |field, text: &str, absent: bool| {
        if text.is_empty() {
            return Ok(vec![absent; entry.layers as usize]);
        }
        pattern::special(text, entry.layers).ok_or_else(|| invalid(field, "write runs such as 5:1, or all"))
    };
    let window = entry.window.as_ref();
    let windowed = flags("window.pattern", window.map_or("", |window| &window.pattern), window.is_some())?;
    let hybrid = entry.hybrid.as_ref();
    let recurring = flags("hybrid.pattern", hybrid.map_or("", |hybrid| &hybrid.pattern), false)?;
    let shares_index = flags("indexer.pattern", entry.indexer.as_ref().map_or("", |indexer| &indexer.pattern), false)?;
    let blocks: Vec<char> = hybrid.map_or("", |hybrid| &hybrid.blocks).chars().collect();
    if !blocks.is_empty() && (blocks.len() != entry.layers as usize || blocks.iter().any(|c| !"M*-E".contains(*c))) {
        return Err(invalid("hybrid.blocks", "one of M, *, - and E for each layer"));
    }
    let borrowing = entry.attention.as_ref().map_or(0, |attention| attention.borrowing_layers);
    (0..entry.layers)
        .map(|number| {
            let at = number as usize;
            let block = blocks.get(at);
            let is_recurrent = block.map_or(recurring[at], |block| *block == 'M');
            let mixer = match (&entry.attention, hybrid) {
                (_, _) if matches!(block, Some('-' | 'E')) => Mixer::None,
                (_, Some(hybrid)) if is_recurrent => Mixer::Recurrent(recurrent(hybrid)?),
                (Some(attention), _) => {
                    let window = window.filter(|_| windowed[at]);
                    let borrows = number >= entry.layers.saturating_sub(borrowing);
                    mixer(entry, attention, window, borrows, entry.indexer.is_some() && !shares_index[at], at)?
                }
                (None, _) => return Err(invalid("attention", "it is missing")),
            };
            let ffn = match block {
                Some('M' | '*') => FeedForward::None,
                Some('E') => FeedForward::Moe(experts(entry.moe.as_ref().ok_or_else(|| missing("moe"))?)?),
                Some(_) => FeedForward::Dense { width: dense_width(entry, number)? },
                None => feed_forward(entry, number)?,
            };
            Ok(Layer { mixer, ffn })
        })
        .collect()
}

fn feed_forward(entry: &Model, number: u32) -> Checked<FeedForward> {
    let leading = entry.ffn.as_ref().map_or(0, |ffn| ffn.leading_dense);
    match &entry.moe {
        Some(moe) if number >= leading && (number + 1).is_multiple_of(moe.every.unwrap_or(1).max(1)) => {
            experts(moe).map(FeedForward::Moe)
        }
        None if entry.ffn.is_none() => Ok(FeedForward::None),
        _ => Ok(FeedForward::Dense { width: dense_width(entry, number)? }),
    }
}

fn dense_width(entry: &Model, number: u32) -> Checked<u64> {
    let Some(ffn) = &entry.ffn else { return Err(missing("ffn.width")) };
    let Some(runs) = &ffn.widths else {
        return within("ffn.width", ffn.width.ok_or_else(|| missing("ffn.width"))?, 1, MOST_WIDTH);
    };
    let mut end = 0_u32;
    for (layers, width) in runs {
        end = end.saturating_add(*layers);
        if number < end {
            return within("ffn.widths", *width, 1, MOST_WIDTH);
        }
    }
    Err(invalid("ffn.widths", "the runs end before the last layer"))
}

fn mixer(
    entry: &Model,
    attention: &Attention,
    window: Option<&Window>,
    borrows_cache: bool,
    indexed: bool,
    at: usize,
) -> Checked<Mixer> {
    let other = |pick: fn(&Window) -> Option<u64>| window.and_then(pick);
    let heads = within("attention.heads", other(|w| w.heads).unwrap_or(attention.heads), 1, MOST_HEADS)?;
    let head = |field, width: Option<u64>| within(field, width.ok_or_else(|| missing(field))?, 1, MOST_HEAD);
    let rank = |field, rank: Option<u64>| within(field, rank.ok_or_else(|| missing(field))?, 1, MOST_WIDTH);
    let tokens = window.map(|window| within("window.tokens", window.tokens, 1, MOST_CONTEXT)).transpose()?;
    match attention.kind.as_str() {
        "gqa" => {
            let kv_heads = other(|w| w.kv_heads).or(attention.kv_heads).unwrap_or(heads);
            within("attention.kv_heads", kv_heads, 1, MOST_HEADS)?;
            if !heads.is_multiple_of(kv_heads) {
                return Err(invalid("attention.kv_heads", &format!("{kv_heads} does not divide {heads} heads")));
            }
            let key = other(|w| w.key).or(attention.key).unwrap_or(entry.hidden / heads);
            let value = other(|w| w.value).or(other(|w| w.key)).or(attention.value).unwrap_or(key);
            Ok(Mixer::Attention(model::Attention {
                heads,
                kv_heads,
                key: within("attention.key", key, 1, MOST_HEAD)?,
                value: within("attention.value", value, 1, MOST_HEAD)?,
                window: window.zip(tokens).map(|(window, tokens)| model::Window {
                    tokens: Tokens::new(tokens),
                    shrinks_cache: window.shrinks_cache,
                }),
                borrows_cache,
                gated: attention.gated,
            }))
        }
        "mla" => Ok(Mixer::Mla(Mla {
            heads,
            q_rank: attention.q_rank.map(|rank| within("attention.q_rank", rank, 1, MOST_WIDTH)).transpose()?,
            kv_rank: rank("attention.kv_rank", attention.kv_rank)?,
            rope: within("attention.rope", attention.rope.unwrap_or(0), 0, MOST_HEAD)?,
            nope: head("attention.nope", attention.nope)?,
            value: head("attention.value", attention.value)?,
            indexer: entry.indexer.as_ref().filter(|_| indexed).map(|indexer| indexer.key),
        })),
        "compressed" => {
            let ratios = attention.ratios.as_deref().unwrap_or_default();
            let ratio = *ratios.get(at).or(ratios.first()).ok_or_else(|| missing("attention.ratios"))?;
            Ok(Mixer::Compressed(Compressed {
                heads,
                width: head("attention.key", attention.key)?,
                q_rank: rank("attention.q_rank", attention.q_rank)?,
                ratio: within("attention.ratios", ratio, 0, MOST_WIDTH)?,
                window: Tokens::new(tokens.ok_or_else(|| missing("window.tokens"))?),
                out_groups: within("attention.out_groups", attention.out_groups.unwrap_or(1), 1, heads)?,
                out_rank: rank("attention.out_rank", attention.out_rank)?,
            }))
        }
        other => {
            Err(invalid("attention.kind", &format!("'{}' is not known: gqa, mla or compressed", shown(other, 40))))
        }
    }
}

fn recurrent(hybrid: &Hybrid) -> Checked<Recurrent> {
    let field = |field, value: Option<u64>, most| within(field, value.ok_or_else(|| missing(field))?, 1, most);
    let heads = || field("hybrid.heads", hybrid.heads, MOST_HEADS);
    let key = || field("hybrid.key", hybrid.key, MOST_HEAD);
    let conv = || field("hybrid.conv", hybrid.conv, 64);
    let inner = || field("hybrid.inner", hybrid.inner, MOST_WIDTH);
    let state = || field("hybrid.state", hybrid.state, MOST_HEAD);
    match hybrid.kind.as_str() {
        "deltanet" => Ok(Recurrent::DeltaNet {
            key_heads: field("hybrid.key_heads", hybrid.key_heads, MOST_HEADS)?,
            value_heads: field("hybrid.value_heads", hybrid.value_heads, MOST_HEADS)?,
            key: key()?,
            value: field("hybrid.value", hybrid.value, MOST_HEAD)?,
            conv: conv()?,
        }),
        "mamba1" => Ok(Recurrent::Mamba1 {
            inner: inner()?,
            state: state()?,
            conv: conv()?,
            time_rank: field("hybrid.time_rank", hybrid.time_rank, MOST_WIDTH)?,
        }),
        "mamba2" => {
            let (inner, groups) = (inner()?, field("hybrid.groups", hybrid.groups, MOST_HEADS)?);
            if !inner.is_multiple_of(groups) {
                return Err(invalid("hybrid.groups", &format!("{groups} does not divide an inner width of {inner}")));
            }
            Ok(Recurrent::Mamba2 { inner, state: state()?, conv: conv()?, groups, heads: heads()? })
        }
        "shortconv" => Ok(Recurrent::ShortConv { conv: conv()? }),
        "lightning" => Ok(Recurrent::Lightning { heads: heads()?, key: key()? }),
        "kda" => Ok(Recurrent::Kda { heads: heads()?, key: key()?, conv: conv()? }),
        other => Err(invalid(
            "hybrid.kind",
            &format!("'{}' is not known: deltanet, mamba1, mamba2, shortconv, lightning or kda", shown(other, 40)),
        )),
    }
}

fn experts(moe: &Moe) -> Checked<model::Moe> {
    let experts = within("moe.experts", moe.experts, 1, MOST_EXPERTS)?;
    Ok(model::Moe {
        experts,
        used: within("moe.used", moe.used, 1, experts)?,
        width: within("moe.width", moe.width, 1, MOST_WIDTH)?,
        shared_width: within("moe.shared_width", moe.shared_width, 0, MOST_WIDTH)?,
        latent: moe.latent.map(|latent| within("moe.latent", latent, 1, MOST_WIDTH)).transpose()?,
    })
}

fn details(entry: &Model) -> Checked<Details> {
    let attention = entry.attention.as_ref();
    let moe = entry.moe.as_ref();
    Ok(Details {
        rope_table: entry.rope_table.as_ref().map_or(Ok(model::RopeTable::None), rope_table)?,
        qk_norm: presence(attention.and_then(|attention| attention.qk_norm)),
        qkv_bias: presence(attention.and_then(|attention| attention.qkv_bias)),
        router_bias: presence(moe.and_then(|moe| moe.router_bias)),
        values_are_keys: attention.is_some_and(|attention| attention.values_are_keys),
        per_layer_embedding: entry
            .per_layer_embedding
            .map(|width| within("per_layer_embedding", width, 1, MOST_HEAD))
            .transpose()?,
        indexer: entry.indexer.as_ref().map(indexer).transpose()?,
        residual_streams: entry.residual_streams,
        hash_layers: moe.map_or(0, |moe| moe.hash_layers),
        mtp_in_file: entry.mtp_in_file,
        mtp_ends: entry.mtp_ends,
    })
}

fn rope_table(table: &RopeTable) -> Checked<model::RopeTable> {
    let factors = within("rope_table.factors", table.factors, 1, MOST_HEAD)?;
    match table.kind.as_str() {
        "freqs" => Ok(model::RopeTable::Freqs(factors)),
        "long_short" => Ok(model::RopeTable::LongShort(factors)),
        other => Err(invalid("rope_table.kind", &format!("'{}' is not known: freqs or long_short", shown(other, 40)))),
    }
}

fn indexer(indexer: &super::schema::Indexer) -> Checked<Indexer> {
    Ok(Indexer {
        heads: within("indexer.heads", indexer.heads, 1, MOST_HEADS)?,
        key: within("indexer.key", indexer.key, 1, MOST_HEAD)?,
        top: within("indexer.top", indexer.top, 0, MOST_CONTEXT)?,
    })
}

fn facts(entry: &Model) -> Facts {
    Facts {
        family: shown(&entry.family, 120),
        repo: shown(&entry.repo, 120),
        released: shown(&entry.released, 20),
        licence: shown(&entry.licence, 120),
        reasoning: entry.reasoning,
        published: entry.published_params.map(Params::new),
        source: shown(&entry.source, 400),
        confidence: match entry.confidence.as_str() {
            "read" => Confidence::Read,
            "inferred" => Confidence::Inferred,
            "typed" => Confidence::Typed,
            _ => Confidence::Memory,
        },
        note: shown(&entry.note, 600),
    }
}

fn presence(value: Option<bool>) -> Presence {
    match value {
        None => Presence::Usual,
        Some(true) => Presence::Present,
        Some(false) => Presence::Absent,
    }
}

fn within(field: &'static str, value: u64, least: u64, most: u64) -> Checked<u64> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(invalid(field, &format!("it has to be between {least} and {most}, not {value}")))
}

fn missing(field: &'static str) -> Invalid {
    invalid(field, "it is missing")
}

fn invalid(field: &'static str, why: &str) -> Invalid {
    Invalid { field, why: why.to_owned() }
}
