//! A run with the requests it is made of, to be worked out in one go.

use super::{Outcome, Replay, Request, Reserve, Setup, What, made, simulate};
use crate::units::{Bytes, MemoryUnit, Tokens, grouped};

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

    /// Its requests.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        let like = Request { arrives: 0, prompt: self.prompt, answer: self.answer };
        made(usize::try_from(self.count).unwrap_or(usize::MAX), self.gap, like, self.spread, self.seed)
    }

    /// Runs it.
    #[must_use]
    pub fn play(&self) -> Played {
        let requests = self.requests();
        let outcome = simulate(&self.setup, &requests);
        let replay = Replay::of(&self.setup, &requests, &outcome);
        Played { trial: *self, requests, outcome, replay }
    }

    /// How many fit, and what happens to the first that does not.
    #[must_use]
    pub fn sentence(&self, outcome: &Outcome, unit: MemoryUnit) -> String {
        let (alone, counts) = (self.setup.at_once(self.length()), outcome.counts);
        if alone == 0 && counts.refused == self.count {
            let percent = match self.setup.reserve {
                Reserve::Whole { percent } => percent as f64,
                Reserve::Blocks { .. } => 100.0,
            };
            let need = Bytes::saturating(self.length().as_f64() * percent / 100.0 * self.setup.per_token.as_f64());
            return format!(
                "Refused: one request needs {}, the pool holds {}",
                unit.of(need),
                unit.of(self.setup.pool)
            );
        }
        let fits = match alone {
            0 => format!("No request of {} tokens fits", self.length()),
            1 => "1 request fits at once".to_owned(),
            _ => format!("{} requests fit at once", grouped(alone)),
        };
        let (all, times) = (grouped(self.count), grouped(counts.put_out));
        let rest = match (who_goes_first(outcome), counts.refused, counts.cut) {
            (Some(who), ..) => who,
            (None, 0, 0) if counts.put_out > 0 => format!("one is put out {times} times, later than the events kept"),
            (None, 0, 0) => format!("all {all} finish"),
            (None, 0, cut) => format!("{} of {all} are cut", grouped(cut)),
            (None, refused, _) => format!("{} of {all} are refused", grouped(refused)),
        };
        format!("{fits}; {rest}")
    }

    /// What the whole run came to.
    #[must_use]
    pub fn facts(&self, outcome: &Outcome, unit: MemoryUnit) -> String {
        let counts = outcome.counts;
        // The pool is typed in MiB, and is told to the MiB; in GB it is told as all else.
        let fine = |bytes: Bytes| if unit == MemoryUnit::Gib { bytes.in_mib() } else { unit.of(bytes) };
        let mut text = format!(
            "At most {} had room at once, {} of {}. {} finished, {} refused, {} put out",
            grouped(outcome.most_at_once),
            fine(outcome.most_bytes),
            fine(self.setup.pool),
            grouped(counts.finished),
            grouped(counts.refused),
            grouped(counts.put_out),
        );
        if counts.cut > 0 {
            text = format!("{text}, {} cut at the most a sequence may have", grouped(counts.cut));
        }
        if outcome.recomputed > Tokens::ZERO {
            text = format!("{text}; {} tokens computed again", outcome.recomputed);
        }
        if outcome.swapped > Bytes::ZERO {
            let swapped = outcome.swapped;
            let shown = if swapped < Bytes::gib(1) { fine(swapped) } else { unit.of(swapped) };
            text = format!("{text}; {shown} copied out and in");
        }
        format!("{text}.")
    }
}

/// Who is the first to be put out, and by whom, as far as the events kept tell.
fn who_goes_first(outcome: &Outcome) -> Option<String> {
    let at = outcome.events.iter().position(|event| event.what == What::PutOut)?;
    let out = outcome.events[at];
    // Who came in the same step took the room; where nobody came, those inside outgrew the pool.
    let mut together = outcome.events[at..].iter().take_while(|event| event.step == out.step);
    let number = |request: usize| grouped(request as u64 + 1);
    Some(match together.find(|event| event.what == What::LetIn) {
        Some(came) => format!("request {} puts request {} out", number(came.request), number(out.request)),
        None => format!("growing puts request {} out", number(out.request)),
    })
}
