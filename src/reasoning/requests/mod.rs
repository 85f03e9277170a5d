//! Requests that arrive, grow and leave, and a pool that holds what it can.
//!
//! Time runs in steps: in each, every resident request gains one token. Nothing is done step by step where nothing
//! happens: the run jumps from one event to the next, so a hundred thousand requests take well under a second.
//!
//! A new request may put others out, as the policy says; one that was put out waits for room and puts nobody out, so
//! every run ends. One that could never fit is refused when it arrives.

mod replay;
mod run;
#[cfg(test)]
mod tests;
mod trial;

use crate::units::{Bytes, Tokens};

pub use replay::{Held, Replay, Stay};
pub use trial::{Played, Trial};

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The step it arrives in.
    pub arrives: u64,
    /// Tokens of its prompt; its cache holds them from the start.
    pub prompt: Tokens,
    /// Tokens it will generate.
    pub answer: Tokens,
}

/// How room is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserve {
    /// At once, for all of its tokens times a factor in percent.
    Whole {
        /// 150 for half as much again; less than 100 counts as 100.
        percent: u64,
    },
    /// Block by block as it grows; a sequence that fills the most it may have ends there.
    Blocks {
        /// Tokens in a block; at least 1.
        size: u64,
        /// The most blocks of one sequence.
        most: u64,
    },
}

/// Who has to go when there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    /// The one that was let in, or back in, the longest ago.
    LeastRecent,
    /// The one that arrived first.
    FirstIn,
    /// The one that takes the most; of those with equally many blocks the one with the most tokens, then the first in
    /// the list.
    Largest,
    /// Nobody: a new request without room is refused.
    Reject,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 4] = [Self::LeastRecent, Self::FirstIn, Self::Largest, Self::Reject];

    /// Its word on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeastRecent => "lru",
            Self::FirstIn => "fifo",
            Self::Largest => "largest",
            Self::Reject => "reject",
        }
    }

    /// By its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == word)
    }
}

/// What becomes of the cache of a request that is put out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Preemption {
    /// It is dropped, and computed again when the request comes back.
    Recompute,
    /// It is copied out, and back in.
    Swap,
}

impl Preemption {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Recompute, Self::Swap];

    /// Its word on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recompute => "recompute",
            Self::Swap => "swap",
        }
    }
}

/// The pool and its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Memory for caches.
    pub pool: Bytes,
    /// Cache of one token; none is as good as a byte.
    pub per_token: Bytes,
    /// How room is given.
    pub reserve: Reserve,
    /// Who has to go.
    pub policy: Policy,
    /// What becomes of them.
    pub preemption: Preemption,
}

/// What happened to a request in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The step.
    pub step: u64,
    /// The request, by its place in the list.
    pub request: usize,
    /// What happened.
    pub what: What,
}

/// What can happen to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// It has room from now on.
    LetIn,
    /// It was put out.
    PutOut,
    /// It came back.
    Back,
    /// It is done.
    Finished,
    /// It reached the most it may have.
    Cut,
    /// It never got room.
    Refused,
}

impl What {
    /// It in words, after the request: `put out`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::LetIn => "let in",
            Self::PutOut => "put out",
            Self::Back => "back",
            Self::Finished => "finished",
            Self::Cut => "cut",
            Self::Refused => "refused",
        }
    }
}

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What happened, in order; at most [`MOST_EVENTS`] of them.
    pub events: Vec<Event>,
    /// How many more there were.
    pub events_left_out: u64,
    /// How often each thing happened, all of it.
    pub counts: Counts,
    /// The step after the last.
    pub steps: u64,
    /// The most requests with room at once.
    pub most_at_once: u64,
    /// The most bytes given at once.
    pub most_bytes: Bytes,
    /// Tokens computed again.
    pub recomputed: Tokens,
    /// Bytes copied out and back in.
    pub swapped: Bytes,
    /// Tokens generated.
    pub generated: Tokens,
}

/// How often each thing happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that finished.
    pub finished: u64,
    /// Requests that were cut at the most they may have.
    pub cut: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// Times one was put out.
    pub put_out: u64,
}

/// More events than anybody looks at.
pub const MOST_EVENTS: usize = 20_000;
/// Longer sequences and later arrivals are not simulated; nothing real comes near.
pub const MOST_TOKENS: u64 = 1 << 40;

impl Setup {
    /// Bytes given in one piece: a token, or a block.
    #[must_use]
    pub fn cell(&self) -> Bytes {
        let per_token = Bytes::new(self.per_token.get().max(1));
        match self.reserve {
            Reserve::Whole { .. } => per_token,
            Reserve::Blocks { size, .. } => per_token * size.max(1),
        }
    }

    /// Pieces the pool holds.
    #[must_use]
    pub fn cells(&self) -> u64 {
        self.pool.get() / self.cell().get()
    }

    /// Requests of one length that fit at once, each with what it reserves or fills.
    #[must_use]
    pub fn at_once(&self, length: Tokens) -> u64 {
        let each = match self.reserve {
            Reserve::Whole { percent } => whole(length.get(), percent),
            Reserve::Blocks { size, .. } => length.get().div_ceil(size.max(1)),
        };
        self.cells() / each.max(1)
    }

    /// Tokens a request ends with, and whether that is less than it wanted.
    fn target(&self, request: &Request) -> (u64, bool) {
        let wanted = request.prompt.get().min(MOST_TOKENS) + request.answer.get().min(MOST_TOKENS);
        match self.reserve {
            Reserve::Whole { .. } => (wanted, false),
            Reserve::Blocks { size, most } => {
                let most = size.max(1).saturating_mul(most);
                (wanted.min(most), wanted > most)
            }
        }
    }

    /// Pieces a request holds with so many tokens in its cache.
    fn held(&self, request: &Request, length: u64) -> u64 {
        match self.reserve {
            Reserve::Whole { percent } => whole(self.target(request).0, percent),
            Reserve::Blocks { size, .. } => length.div_ceil(size.max(1)),
        }
    }
}

/// Runs the requests, in the order they arrive.
#[must_use]
pub fn simulate(setup: &Setup, requests: &[Request]) -> Outcome {
    run::Run::new(setup, requests).finished()
}

/// Tokens reserved for so many.
fn whole(tokens: u64, percent: u64) -> u64 {
    let share = u128::from(tokens) * u128::from(percent.max(100));
    u64::try_from(share.div_ceil(100)).unwrap_or(u64::MAX)
}

/// Requests for a run: `count` of them, one every `gap` steps, with lengths spread evenly by at most a share in percent
/// around the given ones. The same seed gives the same requests.
#[must_use]
pub fn made(count: usize, gap: u64, like: Request, spread_percent: u64, seed: u64) -> Vec<Request> {
    let mut word = seed;
    let mut around = |tokens: Tokens| {
        // The finalizer of splitmix64.
        word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = word;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let half = tokens.get().min(MOST_TOKENS) / 100 * spread_percent.min(100)
            + tokens.get().min(MOST_TOKENS) % 100 * spread_percent.min(100) / 100;
        let low = tokens.get().min(MOST_TOKENS) - half;
        Tokens::new(low + if half == 0 { 0 } else { mixed % (2 * half + 1) })
    };
    (0..count as u64)
        .map(|number| Request {
            arrives: like.arrives.saturating_add(number.saturating_mul(gap)),
            prompt: around(like.prompt),
            answer: around(like.answer),
        })
        .collect()
}
