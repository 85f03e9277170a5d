//! The least and the recommended hardware for weights and a cache: whole cards, and kits of RAM.
//!
//! Rules, from a FAQ on R1 whose table they give: VRAM in whole cards, RAM as the smallest kit; recommended are the next
//! full node of cards and the next kit. Before buffers and what must stay free.

use std::sync::Arc;

use crate::hardware::{Machine, Pool, PoolKind};
use crate::memory::{KvLayout, RunOptions};
use crate::model::Mixer;
use crate::scenario::{Scenario, Subject};
use crate::units::Bytes;

use super::kits;

/// Cards are built into machines in these numbers.
const NODES: [u64; 5] = [1, 2, 4, 8, 16];
/// A card as it is labelled: 80 GB of 10^9 bytes.
pub const LABELLED_80: Bytes = Bytes::new(80_000_000_000);
/// The same as it is built: 80 GiB.
pub const REAL_80: Bytes = Bytes::gib(80);

/// Memory of cards as they are built, GiB.
const CARDS: [u64; 9] = [8, 12, 16, 24, 32, 48, 80, 96, 141];

/// What it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Least {
    /// Weights and cache.
    pub need: Bytes,
    /// Whole cards that hold them; none where it would take more than 16.
    pub cards: Option<u64>,
    /// Cards of the next full node.
    pub node: Option<u64>,
    /// The smallest kit of RAM; none where no kit does.
    pub ram: Option<Bytes>,
    /// The next kit.
    pub more_ram: Option<Bytes>,
}

/// For weights and cache, with cards of a size.
#[must_use]
pub fn least(weights: Bytes, cache: Bytes, card: Bytes) -> Least {
    let need = weights + cache;
    let most = NODES.last().copied().unwrap_or(1);
    let cards = Some(need.get().div_ceil(card.get().max(1)).max(1)).filter(|cards| *cards <= most);
    let ram = kits::smallest(need);
    Least {
        need,
        cards,
        node: cards.and_then(|cards| NODES.into_iter().find(|node| cards <= *node)),
        ram,
        more_ram: ram.and_then(kits::next),
    }
}

/// One line of the table of least and recommended hardware.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The form of the model.
    pub quant: String,
    /// How its cache is kept, where there is more than one way.
    pub layout: Option<KvLayout>,
    /// Its weights, as they are loaded.
    pub weights: Bytes,
    /// Its cache.
    pub cache: Bytes,
    /// With cards as they are built.
    pub least: Least,
}

/// Each form at the scenario's context, a latent cache beside the expanded one of early files where the model has one.
#[must_use]
pub fn table(scenario: &Scenario, forms: &[Arc<Subject>]) -> Vec<Row> {
    let latent = scenario.subject.model.layers.iter().any(|layer| matches!(layer.mixer, Mixer::Mla(_)));
    let layouts: &[Option<KvLayout>] =
        if latent { &[Some(KvLayout::Latent), Some(KvLayout::Expanded)] } else { &[None] };
    let mut rows: Vec<Row> = Vec::new();
    for form in forms {
        for &layout in layouts {
            let run = RunOptions { layout: layout.unwrap_or(scenario.run.layout), ..scenario.run };
            let asked = Scenario { subject: form.clone(), run, ..scenario.clone() };
            let (weights, cache) = (form.weights.loaded(), asked.cache().kv());
            let row =
                Row { quant: form.quant.id.clone(), layout, weights, cache, least: least(weights, cache, REAL_80) };
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    rows
}

/// The smallest card that holds so much alone, as cards are built; none where it takes several.
#[must_use]
pub fn one_card(need: Bytes) -> Option<Bytes> {
    CARDS.iter().map(|gib| Bytes::gib(*gib)).find(|card| need <= *card)
}

/// Of machines the one with the least memory that holds so much.
#[must_use]
pub fn example<'a>(machines: impl Iterator<Item = &'a Machine>, need: Bytes) -> Option<&'a Machine> {
    let room = |machine: &Machine| -> Bytes {
        machine.pools.iter().filter(|pool| pool.kind != PoolKind::Disk).map(Pool::usable).sum()
    };
    machines.filter(|machine| need <= room(machine)).min_by_key(|machine| room(machine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_card_is_as_small_as_it_may_be() {
        assert_eq!(one_card(Bytes::gib(5)), Some(Bytes::gib(8)));
        assert_eq!(one_card(Bytes::gib(24)), Some(Bytes::gib(24)));
        assert_eq!(one_card(Bytes::gib(377)), None);
    }

    #[test]
    fn whole_cards_and_kits() {
        let told = least(Bytes::new(404_430_000_000), Bytes::new(10_233_000_000), LABELLED_80);
        assert_eq!((told.cards, told.node), (Some(6), Some(8)));
        assert_eq!((told.ram, told.more_ram), (Some(Bytes::gib(512)), Some(Bytes::gib(768))));
        assert_eq!(least(Bytes::new(404_430_000_000), Bytes::new(10_233_000_000), REAL_80).cards, Some(5));
        let none = least(Bytes::new(1 << 50), Bytes::ZERO, Bytes::ZERO);
        assert_eq!((none.cards, none.node, none.ram, none.more_ram), (None, None, None, None));
        assert_eq!(least(Bytes::ZERO, Bytes::ZERO, REAL_80).cards, Some(1));
    }
}
