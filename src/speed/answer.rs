//! The time of a whole answer: every token at its own depth.

use crate::memory::Cache;
use crate::placement::Split;
use crate::units::{Seconds, Tokens};

/// Pieces in which a bill is taken as straight where devices that work at once may overtake one another.
const PIECES: u64 = 16;

/// What the tokens of an answer take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spent {
    /// All of them.
    pub all: Seconds,
    /// The first.
    pub first: Seconds,
    /// The last.
    pub last: Seconds,
}

/// Sums the times of `count` tokens, the first with `start` tokens behind it. A bill grows straight with depth but at
/// its `kinks`, so a straight piece is summed by its two ends: exact where the bill is straight between them.
///
/// ```
/// use willitrun::speed::time_of_tokens;
/// use willitrun::units::{Seconds, Tokens};
/// // 12,000 tokens at 5 tokens/s are 40 minutes.
/// let flat = |_| Seconds::new(1.0 / 5.0);
/// let spent = time_of_tokens(flat, Tokens::new(512), Tokens::new(12_000), &[]).unwrap();
/// assert_eq!(spent.all.get(), 2400.0);
/// ```
pub fn time_of_tokens(
    time: impl Fn(Tokens) -> Option<Seconds>,
    start: Tokens,
    count: Tokens,
    kinks: &[u64],
) -> Option<Spent> {
    let (start, end) = (start.get(), start.get().saturating_add(count.get()));
    let mut bounds: Vec<u64> = kinks.iter().copied().filter(|kink| (start + 1..end).contains(kink)).collect();
    bounds.extend([start, end]);
    bounds.sort_unstable();
    bounds.dedup();
    let first = time(Tokens::new(start))?;
    let mut spent = Spent { all: Seconds::ZERO, first, last: first };
    for piece in bounds.windows(2) {
        let tokens = piece[1] - piece[0];
        let first = if piece[0] == start { first } else { time(Tokens::new(piece[0]))? };
        spent.last = if tokens > 1 { time(Tokens::new(piece[1] - 1))? } else { first };
        spent.all += (first + spent.last) * (tokens as f64 / 2.0);
    }
    Some(spent)
}

/// Depths at which the bill of a token changes its slope between `start` and `start + count`: where a window or the
/// room of a sequence is full, and, where devices work at once, some steps between.
#[must_use]
pub fn kinks(cache: &Cache, split: Split, start: Tokens, count: Tokens) -> Vec<u64> {
    let mut kinks: Vec<u64> = cache.layers.iter().map(|layer| layer.cells).collect();
    kinks.sort_unstable();
    kinks.dedup();
    if split == Split::Tensor {
        kinks.extend((1..PIECES).map(|piece| start.get() + count.get() / PIECES * piece));
    }
    kinks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bill of 10 ms and 1 us for each token behind, up to a window.
    fn bill(window: u64) -> impl Fn(Tokens) -> Option<Seconds> {
        move |depth| Seconds::new(0.010 + 1e-6 * depth.get().min(window) as f64)
    }

    fn summed(window: u64, start: u64, count: u64) -> f64 {
        (start..start + count).filter_map(|depth| bill(window)(Tokens::new(depth))).map(Seconds::get).sum()
    }

    #[test]
    fn straight_pieces_are_summed_exactly() {
        for (window, start, count) in
            [(u64::MAX, 0, 1), (u64::MAX, 512, 12_000), (4096, 0, 8192), (4096, 4096, 100), (4096, 4095, 3), (7, 3, 9)]
        {
            let (from, tokens) = (Tokens::new(start), Tokens::new(count));
            let spent = time_of_tokens(bill(window), from, tokens, &[window, 99_999_999]).expect("a time");
            let (whole, ends) = (spent.all.get(), [from, Tokens::new(start + count - 1)].map(bill(window)));
            assert_eq!(ends, [Some(spent.first), Some(spent.last)]);
            let expected = summed(window, start, count);
            assert!((whole / expected - 1.0).abs() < 1e-12, "{window} {start} {count}: {whole} and {expected}");
        }
    }

    #[test]
    fn no_token_takes_no_time_and_an_unknown_time_is_none() {
        let none = time_of_tokens(bill(1), Tokens::new(9), Tokens::ZERO, &[]).expect("a time");
        assert_eq!(none.all, Seconds::ZERO);
        assert_eq!(time_of_tokens(|_| None, Tokens::ZERO, Tokens::new(1), &[]), None);
    }
}
