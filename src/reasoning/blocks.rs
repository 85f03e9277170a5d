//! A cache kept in blocks, as paged attention keeps it, beside one reserved in whole.
//!
//! Source of the scheme: Kwon et al., "Efficient Memory Management for Large Language Model Serving with
//! `PagedAttention`", 2023.

use crate::units::{Bytes, Tokens};

/// A pool of equal blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockPool {
    /// Tokens in a block; none of a pool without is of any use, so at least 1 counts.
    pub size: u64,
    /// The most blocks of one sequence.
    pub most: u64,
    /// Blocks in the pool.
    pub blocks: u64,
}

/// How sequences of one length fill a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filling {
    /// Blocks of one sequence.
    pub each: u64,
    /// Tokens of room in its last block that it does not use.
    pub waste: Tokens,
    /// Sequences that fit at once.
    pub at_once: u64,
    /// Blocks left over.
    pub left: u64,
}

impl BlockPool {
    /// The longest sequence.
    #[must_use]
    pub const fn longest(&self) -> Tokens {
        Tokens::new(self.size().saturating_mul(self.most))
    }

    /// Tokens the pool holds in all.
    #[must_use]
    pub const fn tokens(&self) -> Tokens {
        Tokens::new(self.size().saturating_mul(self.blocks))
    }

    /// Bytes it takes at so many for each token.
    #[must_use]
    pub fn bytes(&self, per_token: Bytes) -> Bytes {
        per_token * self.tokens().get()
    }

    /// Blocks that hold so many tokens.
    #[must_use]
    pub const fn holding(&self, tokens: Tokens) -> u64 {
        tokens.get().div_ceil(self.size())
    }

    /// How sequences of one length fill it; `None` where one is longer than may be.
    #[must_use]
    pub fn fill(&self, length: Tokens) -> Option<Filling> {
        let each = self.holding(length).max(1);
        (each <= self.most).then(|| Filling {
            each,
            waste: Tokens::new(each * self.size()) - length,
            at_once: self.blocks / each,
            left: self.blocks % each,
        })
    }

    /// How they fill it when each reserves the longest sequence whole; the waste is what one does not use.
    #[must_use]
    pub fn reserved(&self, length: Tokens) -> Option<Filling> {
        (length <= self.longest() && self.most > 0).then(|| Filling {
            each: self.most,
            waste: self.longest() - length,
            at_once: self.blocks / self.most,
            left: self.blocks % self.most,
        })
    }

    const fn size(&self) -> u64 {
        if self.size == 0 { 1 } else { self.size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: BlockPool = BlockPool { size: 16, most: 4096, blocks: 10_240 };
    /// The latent cache of R1, f16.
    const R1: Bytes = Bytes::new(70_272);

    #[test]
    fn long_answers_of_r1_fill_a_pool() {
        assert_eq!(POOL.longest(), Tokens::new(65_536));
        assert_eq!(POOL.tokens(), Tokens::new(163_840));
        assert!((POOL.bytes(R1).as_f64() / crate::units::GIB as f64 - 10.72).abs() < 0.005);
        let answer = Tokens::new(23_000);
        let filling = Filling { each: 1438, waste: Tokens::new(8), at_once: 7, left: 174 };
        assert_eq!(POOL.fill(answer), Some(filling));
        let coarse = BlockPool { size: 64, most: 1024, blocks: 2560 };
        assert_eq!(coarse.fill(answer), Some(Filling { each: 360, waste: Tokens::new(40), at_once: 7, left: 40 }));
        let whole = POOL.reserved(answer).expect("within the longest");
        assert_eq!(whole.at_once, 2);
        assert!((whole.waste.as_f64() / 65_536.0 - 0.649).abs() < 0.0005);
    }

    #[test]
    fn what_is_too_long_is_refused_and_nothing_divides_by_zero() {
        assert_eq!(POOL.fill(Tokens::new(65_537)), None);
        assert_eq!(POOL.reserved(Tokens::new(65_537)), None);
        let empty = BlockPool { size: 0, most: 0, blocks: 0 };
        assert_eq!(empty.fill(Tokens::new(1)), None);
        assert_eq!(empty.reserved(Tokens::ZERO), None);
    }
}
