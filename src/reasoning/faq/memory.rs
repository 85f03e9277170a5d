//! How much memory, and how it changes.

use crate::advice::{kits, least, tier};
use crate::hardware::PoolKind;
use crate::memory::{self as cache_room, Growth, KvLayout, RunOptions};
use crate::model::{Attention, Mixer};
use crate::scenario::Scenario;
use crate::units::{Bytes, Tokens};
use crate::verdict::Level;

use super::{Asked, Entry};

pub(super) fn will_it_run(asked: &Asked<'_>) -> Entry {
    let verdict = &asked.answer.verdict;
    let now = if verdict.now.is_empty() { String::new() } else { format!(" {}", verdict.now) };
    Entry {
        id: "will-it-run",
        question: format!("Will {} run on {}?", asked.subject(), asked.scenario.machine.name),
        answer: format!("{}. {}{now}", verdict.sentence(), verdict.reason),
        how: format!("Everything is placed as {} would, and each token billed line by line.", asked.engine()),
    }
}

pub(super) fn how_much(asked: &Asked<'_>) -> Entry {
    let plan = &asked.answer.plan;
    let buffers = plan.compute() + plan.state() + plan.overhead();
    let need = plan.weights() + plan.kv();
    let kits = kits::kits(plan.total(), kits::RESERVE);
    let kit = kits.iter().find(|kit| kit.fit == kits::Fit::Fits);
    let tight = kits.first().filter(|kit| kit.fit == kits::Fit::Tight);
    let kit = match (tight, kit) {
        (Some(tight), Some(kit)) => format!(
            " A kit of {} holds it tightly, one of {} with room for the system.",
            kits::name(tight.size),
            kits::name(kit.size)
        ),
        (None, Some(kit)) => format!(" A kit of {} holds it with room for the system.", kits::name(kit.size)),
        _ => " No single kit of RAM holds it.".to_owned(),
    };
    let left = has(asked.scenario).less(need);
    let end = if left.fits() { "to spare" } else { "short" };
    Entry {
        id: "how-much-memory",
        question: format!("How much RAM or VRAM does {} need?", asked.subject()),
        answer: format!(
            "{} with a context of {}: weights {}, KV cache {}, buffers {}.{kit} This machine has {}: {} {end} before buffers and what must stay free.",
            asked.scenario.unit.of(plan.total()),
            asked.scenario.run.context,
            asked.scenario.unit.of(plan.weights()),
            asked.scenario.unit.of(plan.kv()),
            asked.scenario.unit.of(buffers),
            asked.scenario.unit.of(has(asked.scenario)),
            asked.scenario.unit.of(left.size())
        ),
        how: format!("Every tensor of the file summed; cache and buffers as {} sizes them.", asked.engine()),
    }
}

fn has(scenario: &Scenario) -> Bytes {
    let machine = scenario.seen();
    machine.pools.iter().filter(|pool| pool.kind != PoolKind::Disk).map(|pool| pool.capacity.value).sum()
}

pub(super) fn this_machine(asked: &Asked<'_>) -> Entry {
    let native = asked.shelf.native.as_ref().map_or("", |native| native.quant.id.as_str());
    let tier = tier::classify(asked.scenario, &asked.shelf.forms, native);
    let disk = asked.shelf.forms.last().filter(|_| tier.best.is_none()).and_then(|smallest| {
        let answer = asked.if_it_were(|scenario| scenario.subject = smallest.clone());
        let range = answer.bill?.rate;
        let about = if range.is_exact() { "at most" } else { "about" };
        let rate = crate::units::TokensPerSecond::saturating(range.expected);
        Some(format!(" From disk {} would reach {about} {rate} tokens/s.", smallest.quant.id))
    });
    Entry {
        id: "this-machine",
        question: format!(
            "Can {} run {}, in any form?",
            asked.scenario.machine.name, asked.scenario.subject.model.name
        ),
        answer: format!("{}{}", tier.words, disk.unwrap_or_default()),
        how: "The weights of each form against all memory that may be used, widest first: up to nine tenths of it a form \
              fits, above it is at its edge. Cache and buffers count in the speed and the longest context of the one \
              named, not in which form it is."
            .to_owned(),
    }
}

pub(super) fn context(asked: &Asked<'_>) -> Entry {
    let limit = asked.scenario.subject.model.max_context;
    let at = |tokens: u64| {
        let run = RunOptions { context: Tokens::new(tokens), ..asked.scenario.run };
        asked.scenario.unit.of(Scenario { run, ..asked.scenario.clone() }.cache().kv())
    };
    let marks = [2048, 8192, 32_768, limit.get()].into_iter().filter(|tokens| *tokens <= limit.get());
    let marks: Vec<String> = marks.map(|tokens| format!("{} at {}", at(tokens), Tokens::new(tokens))).collect();
    let disk = only_from_disk(asked);
    let fits = match asked.answer.fits_max {
        Some(fits) if fits == limit => format!(" Here the whole {limit} fit{disk}."),
        Some(fits) => format!(" Here at most {fits} of {limit} fit{disk}."),
        None => String::new(),
    };
    Entry {
        id: "context",
        question: "How does a longer context change it?".to_owned(),
        answer: format!(
            "Each further token takes {}. The KV cache is {}.{fits}",
            asked.answer.kv_per_token.in_kib(),
            marks.join(", ")
        ),
        how: format!("Layer by layer as {} sizes it, padding included.", asked.engine()),
    }
}

/// What has to be said of the largest context where it is one of weights read from disk: where this one runs from
/// disk and no smaller one is told.
fn only_from_disk(asked: &Asked<'_>) -> &'static str {
    let longer = asked.answer.fits_max.is_some_and(|fits| fits >= asked.scenario.run.context);
    if asked.answer.verdict.level == Level::Disk && longer { ", with weights read from disk" } else { "" }
}

/// What layers of attention keep, told apart by whether they keep every token.
fn of_attention(asked: &Asked<'_>) -> Option<String> {
    let cached = asked.scenario.cache();
    let layers = &asked.scenario.subject.model.layers;
    let attending: Vec<(Attention, Growth)> = layers
        .iter()
        .zip(&cached.layers)
        .filter_map(|(layer, cached)| match layer.mixer {
            Mixer::Attention(attention) => Some((attention, cached.growth)),
            _ => None,
        })
        .collect();
    let borrows = attending.iter().filter(|(attention, _)| attention.borrows_cache).count();
    let whole: Vec<Attention> = attending
        .iter()
        .filter(|(_, growth)| *growth == Growth::WithContext)
        .map(|(attention, _)| *attention)
        .collect();
    let bounded = attending.iter().find(|(own, growth)| !own.borrows_cache && *growth == Growth::Bounded);
    let windowed = attending.len() - whole.len() - borrows;
    let kept = whole.first().or(attending.first().map(|(attention, _)| attention))?;
    let who = if whole.len() == layers.len() {
        format!("Each of {} layers keeps", layers.len())
    } else {
        format!("{} of {} layers keep every token:", whole.len(), layers.len())
    };
    let mut text = format!(
        "{who} keys and values of {} heads, {} values a token: {} over all layers that grow with the context.",
        kept.kv_heads,
        crate::units::grouped(kept.kv_heads * (kept.key + kept.value)),
        asked.answer.kv_per_token.in_kib()
    );
    if let Some(window) = bounded.and_then(|(attention, _)| attention.window) {
        text = format!("{text} {windowed} keep only their window of {} tokens.", window.tokens);
    }
    if borrows > 0 {
        text = format!("{text} {borrows} read the cache of another layer.");
    }
    Some(text)
}

pub(super) fn cache(asked: &Asked<'_>) -> Option<Entry> {
    let model = &asked.scenario.subject.model;
    let per_token = |layout| {
        let options = RunOptions { layout, ..asked.scenario.run };
        cache_room::cache(model, &options).ok().map(|cache| cache.bytes_per_token())
    };
    let answer = match model.layers.iter().map(|layer| layer.mixer).find(|mixer| *mixer != Mixer::None)? {
        Mixer::Mla(mla) => {
            let (whole, latent) = (per_token(KvLayout::Expanded)?, per_token(KvLayout::Latent)?);
            let saved = 100.0 * (1.0 - latent.as_f64() / whole.as_f64());
            let heads = mla.heads * (mla.nope + mla.rope + mla.value);
            format!(
                "It need not be. Kept for every head it is {} values a layer, {} a token; kept latent it is {} values, {}, {saved:.1} % less. Here it is kept {}. Files made before April 2025 keep llama.cpp to the large one.",
                crate::units::grouped(heads),
                whole.in_kib(),
                mla.kv_rank + mla.rope,
                latent.in_kib(),
                match asked.scenario.layout() {
                    KvLayout::Expanded => "expanded",
                    KvLayout::Split => "latent twice",
                    KvLayout::Auto | KvLayout::Latent => "latent",
                }
            )
        }
        Mixer::Attention(_) => of_attention(asked)?,
        Mixer::Recurrent(_) | Mixer::Compressed(_) | Mixer::None => {
            format!("Few layers keep every token: {} a token over all of them.", asked.answer.kv_per_token.in_kib())
        }
    };
    Some(Entry {
        id: "why-is-the-cache-so-big",
        question: "Why is the KV cache so big?".to_owned(),
        answer,
        how: "Values that attention keeps for a token, times the bytes of their format.".to_owned(),
    })
}

pub(super) fn least(asked: &Asked<'_>) -> Option<Entry> {
    let plan = &asked.answer.plan;
    let told = |card| least::least(plan.weights(), plan.kv(), card);
    let (labelled, real) = (told(least::LABELLED_80), told(least::REAL_80));
    let (ram, more) = (labelled.ram?, labelled.more_ram?);
    let cards = labelled.cards.zip(labelled.node).map_or_else(
        || "More than 16 cards of 80 GB".to_owned(),
        |(cards, node)| {
            if let Some(card) = least::one_card(labelled.need).filter(|_| cards == 1) {
                return format!("One card of {}", kits::name(card));
            }
            let built = real.cards.filter(|own| *own < cards);
            let built = built.map_or_else(String::new, |own| format!(" ({own} of 80 GiB, as they are built)"));
            format!("At least {cards} cards of 80 GB{built}, recommended a machine of {node}")
        },
    );
    Some(Entry {
        id: "least",
        question: "What are minimum and recommended hardware?".to_owned(),
        answer: format!("{cards}; or {} of RAM, recommended {}.", kits::name(ram), kits::name(more)),
        how: "Whole cards and kits for weights and cache, before buffers; recommended are the next full machine and the next kit."
            .to_owned(),
    })
}

/// How many cards of the kind there is hold all of it; of a machine without one nothing is asked.
pub(super) fn gpus(asked: &Asked<'_>) -> Option<Entry> {
    let machine = asked.scenario.seen();
    let card = machine.pools.iter().find(|pool| pool.kind == PoolKind::Vram && pool.node.is_none())?;
    let name = card.device.as_ref().map_or(card.id.as_str(), |device| device.short_name());
    let need = asked.answer.plan.total();
    let count = need.get().div_ceil(card.usable().get().max(1)).max(1);
    let there = machine.pools.iter().filter(|pool| pool.kind == PoolKind::Vram && pool.node.is_none()).count();
    Some(Entry {
        id: "how-many-gpus",
        question: format!("How many {name} would hold all of it?"),
        answer: format!(
            "{count}, for {} with {} to use of each; there {} {there} here. That many take a board with as many lanes, and power for each.",
            asked.scenario.unit.of(need),
            asked.scenario.unit.of(card.usable()),
            if there == 1 { "is" } else { "are" }
        ),
        how: "Weights, cache and buffers over what may be used of one card, rounded up; each further card adds buffers of its own."
            .to_owned(),
    })
}
