//! Ways to keep a cache smaller than it is in 16 bit: fewer bits for each value, or fewer tokens.
//!
//! Three things that are often mixed up: *quantization* keeps every token in fewer bits; *token eviction* forgets tokens
//! of one sequence and stops growing; putting a whole *request* out (see [`requests`](super::requests)) takes nothing
//! from the others. Sizes only: what a method costs in quality is said where somebody measured it, and nowhere else.

use crate::units::{Bytes, Tokens};

/// Bits of a value without compression.
const NATIVE: f64 = 16.0;

/// How a cache is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Compression {
    /// In 16 bit, every token.
    None,
    /// In fewer bits, every token.
    Quantized(Bits),
    /// By score, never more than a budget and the tokens since the last pruning: R-KV
    /// (github.com/Zefan-Cai/R-KV: buffer 128).
    Evicted {
        /// Tokens that stay.
        budget: Tokens,
        /// Tokens that may come until the next pruning.
        buffer: Tokens,
    },
    /// The first tokens and the last: `StreamingLLM` (Xiao et al., 2023; 4 sinks, from memory).
    Window {
        /// First tokens.
        sinks: Tokens,
        /// Last tokens.
        window: Tokens,
    },
    /// Half by attention received, half the last: H2O (Zhang et al., 2023).
    HeavyHitters {
        /// Tokens that stay.
        budget: Tokens,
    },
}

/// A cache in fewer bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bits {
    /// Bits of a value.
    pub bits: f64,
    /// Values that share a scale; at least 1.
    pub group: u64,
    /// Bits of a scale.
    pub scale: u64,
    /// Bits of a zero point beside it; 0 for none.
    pub zero: u64,
    /// The last tokens, which stay in 16 bit.
    pub residual: Tokens,
}

impl Bits {
    /// Symmetric, a 16-bit scale for 64 values, as HQQ's cache in the study of memory and answers.
    #[must_use]
    pub const fn symmetric(bits: f64) -> Self {
        Self { bits, group: 64, scale: 16, zero: 0, residual: Tokens::ZERO }
    }

    /// Bits of a value with its share of scale and zero point.
    #[must_use]
    pub fn real(&self) -> f64 {
        self.bits + (self.scale + self.zero) as f64 / self.group.max(1) as f64
    }

    /// As a share of 16 bit.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.real() / NATIVE
    }
}

impl Compression {
    /// What a cache of one sequence takes, of so many bytes a token in 16 bit.
    #[must_use]
    pub fn bytes(&self, tokens: Tokens, per_token: Bytes) -> Bytes {
        let full = |tokens: Tokens| per_token * tokens.get();
        match self {
            Self::Quantized(bits) => {
                let residual = tokens.min(bits.residual);
                full(residual) + Bytes::saturating(full(tokens - residual).as_f64() * bits.share())
            }
            _ => full(self.kept(tokens)),
        }
    }

    /// What a run takes in all, of what it takes in 16 bit: `grows` of that is the cache that grows with its tokens, so
    /// many in each sequence. Layers with a window, and recurrent state, are left as they are.
    #[must_use]
    pub fn in_all(&self, total: Bytes, grows: Bytes, tokens: Tokens) -> Bytes {
        let kept = Bytes::saturating(grows.as_f64() * self.share(tokens));
        total - grows.min(total) + kept
    }

    /// Tokens that are still there after so many.
    #[must_use]
    pub fn kept(&self, tokens: Tokens) -> Tokens {
        match self {
            Self::None | Self::Quantized(_) => tokens,
            Self::Evicted { budget, buffer } => tokens.min(*budget + *buffer),
            Self::Window { sinks, window } => tokens.min(*sinks + *window),
            Self::HeavyHitters { budget } => tokens.min(*budget),
        }
    }

    /// As a share of the same cache in 16 bit with every token; 1 of nothing.
    #[must_use]
    pub fn share(&self, tokens: Tokens) -> f64 {
        let unit = Bytes::new(1 << 20);
        let full = (unit * tokens.get()).as_f64();
        if full > 0.0 { self.bytes(tokens, unit).as_f64() / full } else { 1.0 }
    }

    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::None => "16 bit, every token",
            Self::Quantized(_) => "quantized",
            Self::Evicted { .. } => "tokens evicted (R-KV)",
            Self::Window { .. } => "first and last tokens (StreamingLLM)",
            Self::HeavyHitters { .. } => "tokens evicted (H2O)",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(how: Compression, tokens: u64, expected: f64) {
        let share = how.share(Tokens::new(tokens));
        assert!((share - expected).abs() < 5e-5, "{how:?} at {tokens}: {share}");
    }

    #[test]
    fn fewer_bits_take_their_scales_along() {
        let four = Bits::symmetric(4.0);
        check(Compression::Quantized(four), 30_000, 0.2656);
        check(Compression::Quantized(Bits { zero: 16, ..four }), 30_000, 0.281_25);
        check(Compression::Quantized(Bits::symmetric(8.0)), 30_000, 0.5156);
        check(Compression::Quantized(Bits::symmetric(2.0)), 30_000, 0.1406);
        // KIVI: two bits, scale and zero for 32, the last 128 tokens in full.
        let kivi = Bits { bits: 2.0, group: 32, scale: 16, zero: 16, residual: Tokens::new(128) };
        check(Compression::Quantized(Bits { residual: Tokens::ZERO, ..kivi }), 30_000, 0.1875);
        check(Compression::Quantized(kivi), 128, 1.0);
        check(Compression::Quantized(kivi), 256, f64::midpoint(1.0, 0.1875));
        check(Compression::Quantized(Bits { group: 0, ..four }), 100, 20.0 / 16.0);
    }

    #[test]
    fn weights_and_buffers_stay_whatever_the_cache_does() {
        let (weights, each) = (Bytes::gib(5), Bytes::new(147_456));
        let rkv = Compression::Evicted { budget: Tokens::new(1024), buffer: Tokens::new(128) };
        let four = Compression::Quantized(Bits::symmetric(4.0));
        for tokens in [512, 1152, 16_384, 131_072] {
            let (grows, tokens) = (each * tokens, Tokens::new(tokens));
            let all = |way: Compression| way.in_all(weights + grows, grows, tokens).get();
            assert_eq!(all(Compression::None), (weights + grows).get());
            assert_eq!(all(rkv), (weights + each * tokens.get().min(1152)).get());
            assert_eq!(all(four), (weights + Bytes::new(grows.get() / 64 * 17)).get());
        }
    }

    #[test]
    fn fewer_tokens_stop_the_growth() {
        let rkv = Compression::Evicted { budget: Tokens::new(1024), buffer: Tokens::new(128) };
        check(rkv, 16_384, 0.0703);
        check(rkv, 1000, 1.0);
        assert_eq!(rkv.bytes(Tokens::new(16_384), Bytes::new(7)), rkv.bytes(Tokens::new(160_000), Bytes::new(7)));
        check(Compression::Window { sinks: Tokens::new(4), window: Tokens::new(2044) }, 20_480, 0.1);
        check(Compression::HeavyHitters { budget: Tokens::new(4096) }, 20_480, 0.2);
        check(Compression::None, 0, 1.0);
    }
}
