//! A run with the requests it is made of, to be worked out in one go.

use super::{Outcome, Replay, Request, Setup, made, simulate};
use crate::units::Tokens;

/// A pool and the requests that come to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The pool and its rules.
    pub setup: Setup,
    /// Requests.
    pub count: u64,
    /// Steps from one arrival to the next.
    pub gap: u64,
    /// Tokens of a prompt.
    pub prompt: Tokens,
    /// Tokens of an answer.
    pub answer: Tokens,
    /// How far lengths lie around these, percent.
    pub spread: u64,
    /// What the lengths are drawn from.
    pub seed: u64,
}

/// A trial that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// The trial.
    pub trial: Trial,
    /// Its requests.
    pub requests: Vec<Request>,
    /// How it went.
    pub outcome: Outcome,
    /// The same, to be looked at step by step.
    pub replay: Replay,
}

impl Trial {
    /// The length of a request that lies in the middle.
    #[must_use]
    pub fn length(&self) -> Tokens {
        self.prompt + self.answer
    }

    /// Runs it.
    #[must_use]
    pub fn play(&self) -> Played {
        let like = Request { arrives: 0, prompt: self.prompt, answer: self.answer };
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        let requests = made(count, self.gap, like, self.spread, self.seed);
        let outcome = simulate(&self.setup, &requests);
        let replay = Replay::of(&self.setup, &requests, &outcome);
        Played { trial: *self, requests, outcome, replay }
    }
}
