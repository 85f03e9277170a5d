//! The least and the recommended hardware for weights and a cache: whole cards, and kits of RAM.
//!
//! Rules, from a FAQ on R1 whose table they give: VRAM in whole cards, RAM as the smallest kit; recommended are the next
//! full node of cards and the next kit. Before buffers and what must stay free.

use crate::units::Bytes;

use super::kits;

/// Cards are built into machines in these numbers.
const NODES: [u64; 5] = [1, 2, 4, 8, 16];
/// A card as it is labelled: 80 GB of 10^9 bytes.
pub const LABELLED_80: Bytes = Bytes::new(80_000_000_000);
/// The same as it is built: 80 GiB.
pub const REAL_80: Bytes = Bytes::gib(80);

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

#[cfg(test)]
mod tests {
    use super::*;

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
