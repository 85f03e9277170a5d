//! A pool and its requests as they are typed, and where in their run we look.

use crate::reasoning::requests::{Played, Policy, Preemption, Reserve, Setup, Trial, What};
use crate::units::{Bytes, MIB, Tokens};

/// How room is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// At once.
    Whole,
    /// Block by block.
    Blocks,
}

/// What a token takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerToken {
    /// What the cache of the question on screen takes.
    OnScreen,
    /// So much, whatever is on screen.
    Of(Bytes),
}

/// A pool and its requests, as they are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// How room is given.
    pub room: Room,
    /// Memory for caches, MiB, where it is reserved in whole.
    pub mib: u64,
    /// What a request reserves of its length, percent.
    pub percent: u64,
    /// Blocks in the pool.
    pub blocks: u64,
    /// Tokens in a block.
    pub size: u64,
    /// The most blocks of a sequence.
    pub most: u64,
    /// Who has to go.
    pub policy: Policy,
    /// What becomes of them.
    pub preemption: Preemption,
    /// Requests.
    pub count: u64,
    /// Steps from one arrival to the next.
    pub gap: u64,
    /// Tokens of a prompt.
    pub prompt: u64,
    /// Tokens of an answer.
    pub answer: u64,
    /// How far lengths lie around these, percent.
    pub spread: u64,
    /// What they are drawn from.
    pub seed: u64,
    /// What a token takes.
    pub per_token: PerToken,
}

impl Default for Form {
    fn default() -> Self {
        Self::TWELVE
    }
}

impl Form {
    /// Thirteen requests of 32,768 tokens, each reserved one and a half times, in 40 GiB.
    pub const TWELVE: Self = Self {
        room: Room::Whole,
        mib: 40_960,
        percent: 150,
        blocks: 10_240,
        size: 16,
        most: 4096,
        policy: Policy::LeastRecent,
        preemption: Preemption::Recompute,
        count: 13,
        gap: 1024,
        prompt: 512,
        answer: 32_256,
        spread: 0,
        seed: 0,
        per_token: PerToken::OnScreen,
    };
    /// Seven answers of 23,000 tokens in blocks.
    pub const SEVEN: Self = Self { room: Room::Blocks, count: 7, gap: 0, answer: 22_488, ..Self::TWELVE };
    /// One of the thirteen with a token of 30.5 MiB: a published slip of KB and MB.
    pub const SLIP: Self = Self { count: 1, per_token: PerToken::Of(Bytes::new(31_981_568)), ..Self::TWELVE };
    /// A server's day in one run.
    pub const MANY: Self = Self {
        room: Room::Blocks,
        count: 100_000,
        gap: 1000,
        prompt: 900,
        answer: 7000,
        spread: 80,
        seed: 1,
        ..Self::TWELVE
    };

    /// The trial this asks for, where a token of the question on screen takes so much.
    pub(super) fn trial(&self, on_screen: Bytes) -> Trial {
        let per_token = match self.per_token {
            PerToken::OnScreen => on_screen,
            PerToken::Of(bytes) => bytes,
        };
        let (pool, reserve) = match self.room {
            Room::Whole => (Bytes::new(MIB) * self.mib, Reserve::Whole { percent: self.percent }),
            Room::Blocks => (per_token * self.size * self.blocks, Reserve::Blocks { size: self.size, most: self.most }),
        };
        let setup = Setup { pool, per_token, reserve, policy: self.policy, preemption: self.preemption };
        let (prompt, answer) = (Tokens::new(self.prompt), Tokens::new(self.answer));
        Trial { setup, count: self.count, gap: self.gap, prompt, answer, spread: self.spread, seed: self.seed }
    }
}

/// Whether the run is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Motion {
    /// It stands.
    #[default]
    Rests,
    /// Steps pass.
    Plays,
}

/// Where in a run we look.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Head {
    /// The step, with the part of the next that has passed; none is the step that tells most.
    pub step: Option<f64>,
    /// Whether it moves.
    pub motion: Motion,
}

impl Head {
    /// The step of a run. Where none was chosen it is the first that puts somebody out, else the fullest.
    pub(super) fn at(&self, played: &Played) -> u64 {
        let steps = played.replay.end;
        let Some(step) = self.step else {
            let first = played.outcome.events.iter().find(|event| event.what == What::PutOut);
            return first.map_or_else(|| fullest(played), |event| event.step);
        };
        (step.max(0.0) as u64).min(steps)
    }
}

/// The step before the first request finishes: until then each holds more with every step.
pub(super) fn fullest(played: &Played) -> u64 {
    let end = played.outcome.events.iter().find(|event| matches!(event.what, What::Finished | What::Cut));
    end.map_or(played.replay.end, |event| event.step.saturating_sub(1))
}
