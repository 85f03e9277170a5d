//! A run looked at again: who had room when, and what each held at a step.

use std::collections::BTreeMap;

use super::{Event, MOST_EVENTS, Outcome, Request, Setup, What};
use crate::units::Tokens;

/// One stay of a request in the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// The request, by its place in the list.
    pub request: usize,
    /// The step it got room in.
    pub from: u64,
    /// The step it left in; the last that is known where its leaving is not among the events kept.
    pub until: u64,
    /// Tokens in its cache when it came.
    pub tokens: Tokens,
    /// Why it left; none where that is not among the events kept.
    pub left: Option<What>,
    /// Whether it had been put out before.
    pub came: What,
}

/// What a request holds at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The request, by its place in the list.
    pub request: usize,
    /// Tokens in its cache.
    pub tokens: Tokens,
    /// Pieces of the pool it was given: tokens, or blocks.
    pub cells: u64,
}

/// A run as its events tell it: exact as far as they were kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Stays, in the order they began.
    pub stays: Vec<Stay>,
    /// Requests that never got room, with the step they were refused in.
    pub refused: Vec<(u64, usize)>,
    /// Steps in which something happened, each once, in order.
    pub moments: Vec<u64>,
    /// The last step that is known: of a run with more events than are kept, that of the last one kept.
    pub end: u64,
    /// Places of the stays, by request, then as they began.
    by_request: Vec<usize>,
}

impl Replay {
    /// Reads the events of a run.
    #[must_use]
    pub fn of(setup: &Setup, requests: &[Request], outcome: &Outcome) -> Self {
        let last = outcome.events.last().map_or(0, |event| event.step);
        let end = if outcome.events.len() < MOST_EVENTS { outcome.steps } else { last };
        let mut replay = Self { end, ..Self::default() };
        // The stay a request is in, and the tokens it had when it was put out last.
        let mut inside: BTreeMap<usize, usize> = BTreeMap::new();
        let mut kept: BTreeMap<usize, Tokens> = BTreeMap::new();
        for &Event { step, request, what } in &outcome.events {
            if replay.moments.last() != Some(&step) {
                replay.moments.push(step);
            }
            match what {
                What::LetIn | What::Back => {
                    let Some(asked) = requests.get(request) else { continue };
                    let first = Tokens::new(asked.prompt.get().min(setup.target(asked).0));
                    let tokens = kept.get(&request).copied().unwrap_or(first);
                    inside.insert(request, replay.stays.len());
                    let until = end;
                    replay.stays.push(Stay { request, from: step, until, tokens, left: None, came: what });
                }
                What::PutOut | What::Finished | What::Cut => {
                    let Some(stay) = inside.remove(&request).and_then(|place| replay.stays.get_mut(place)) else {
                        continue;
                    };
                    stay.until = step;
                    stay.left = Some(what);
                    kept.insert(request, stay.tokens + Tokens::new(step - stay.from));
                }
                What::Refused => replay.refused.push((step, request)),
            }
        }
        let Self { stays, by_request, .. } = &mut replay;
        *by_request = (0..stays.len()).collect();
        by_request.sort_by_key(|place| stays[*place].request);
        replay
    }

    /// The stays of a request, as they began.
    pub fn of_request(&self, request: usize) -> impl Iterator<Item = &Stay> {
        let at = self.by_request.partition_point(|place| self.stays[*place].request < request);
        self.by_request[at..].iter().map(|place| &self.stays[*place]).take_while(move |stay| stay.request == request)
    }

    /// The step in which a request was refused, if it was.
    #[must_use]
    pub fn refused_at(&self, request: usize) -> Option<u64> {
        self.refused.iter().find(|(_, refused)| *refused == request).map(|(step, _)| *step)
    }

    /// What each request with room holds at a step, after all that happened in it, in the order they came.
    #[must_use]
    pub fn at(&self, setup: &Setup, requests: &[Request], step: u64) -> Vec<Held> {
        let there = self.stays.iter().filter(|stay| stay.from <= step && step < stay.until);
        there
            .filter_map(|stay| {
                let tokens = stay.tokens.get() + (step - stay.from);
                let cells = setup.held(requests.get(stay.request)?, tokens);
                Some(Held { request: stay.request, tokens: Tokens::new(tokens), cells })
            })
            .collect()
    }

    /// Requests that were put out and wait for room at a step.
    #[must_use]
    pub fn waiting(&self, step: u64) -> Vec<usize> {
        let mut last: BTreeMap<usize, &Stay> = BTreeMap::new();
        for stay in self.stays.iter().filter(|stay| stay.from <= step) {
            last.insert(stay.request, stay);
        }
        let out = |stay: &&&Stay| stay.until <= step && stay.left == Some(What::PutOut);
        last.values().filter(out).map(|stay| stay.request).collect()
    }

    /// The next step after one in which something happens.
    #[must_use]
    pub fn after(&self, step: u64) -> Option<u64> {
        self.moments.get(self.moments.partition_point(|moment| *moment <= step)).copied()
    }

    /// The last step before one in which something happened.
    #[must_use]
    pub fn before(&self, step: u64) -> Option<u64> {
        self.moments.partition_point(|moment| *moment < step).checked_sub(1).map(|place| self.moments[place])
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Policy, Preemption, Reserve, made, simulate};
    use super::*;
    use crate::units::Bytes;

    /// The latent cache of R1, f16.
    const R1: Bytes = Bytes::new(70_272);

    fn setup(pool: Bytes, reserve: Reserve) -> Setup {
        Setup { pool, per_token: R1, reserve, policy: Policy::LeastRecent, preemption: Preemption::Recompute }
    }

    fn run(setup: &Setup, requests: &[Request]) -> Replay {
        Replay::of(setup, requests, &simulate(setup, requests))
    }

    const LONG: Request = Request { arrives: 0, prompt: Tokens::new(512), answer: Tokens::new(32_256) };

    #[test]
    fn the_thirteenth_puts_the_first_out() {
        let setup = setup(Bytes::new(40_960 << 20), Reserve::Whole { percent: 150 });
        let requests = made(13, 1, LONG, 0, 0);
        let replay = run(&setup, &requests);
        let before = replay.at(&setup, &requests, 11);
        assert_eq!(before.iter().map(|held| held.request).collect::<Vec<_>>(), (0..12).collect::<Vec<_>>());
        assert_eq!((before.iter().map(|held| held.cells).sum::<u64>() * R1.get()) >> 20, 39_528);
        let after = replay.at(&setup, &requests, 12);
        assert_eq!(after.iter().map(|held| held.request).collect::<Vec<_>>(), (1..13).collect::<Vec<_>>());
        assert_eq!((replay.waiting(11), replay.waiting(12)), (vec![], vec![0]));
        assert_eq!(after[0].tokens, Tokens::new(512 + 11));
    }

    #[test]
    fn seven_long_answers_leave_174_blocks() {
        let setup = setup(R1 * 163_840, Reserve::Blocks { size: 16, most: 4096 });
        let requests = made(7, 0, Request { answer: Tokens::new(22_488), ..LONG }, 0, 0);
        let outcome = simulate(&setup, &requests);
        let replay = Replay::of(&setup, &requests, &outcome);
        let last = replay.at(&setup, &requests, outcome.steps - 1);
        assert_eq!((last.len(), last[0].cells), (7, 1438));
        assert_eq!(setup.cells() - last.iter().map(|held| held.cells).sum::<u64>(), 174);
        assert_eq!(replay.at(&setup, &requests, outcome.steps), vec![]);
    }

    /// At every step what is held is within the pool, grows by one token a step, and is there once.
    #[test]
    fn what_is_held_is_within_the_pool() {
        for reserve in [Reserve::Whole { percent: 120 }, Reserve::Blocks { size: 16, most: 64 }] {
            let setup = setup(R1 * 2000, reserve);
            let like = Request { arrives: 0, prompt: Tokens::new(100), answer: Tokens::new(400) };
            let requests = made(30, 40, like, 60, 7);
            let outcome = simulate(&setup, &requests);
            let replay = Replay::of(&setup, &requests, &outcome);
            for step in 0..outcome.steps {
                let held = replay.at(&setup, &requests, step);
                assert!(held.iter().map(|held| held.cells).sum::<u64>() <= setup.cells(), "{reserve:?} {step}");
                let mut who: Vec<usize> = held.iter().map(|held| held.request).chain(replay.waiting(step)).collect();
                let all = who.len();
                who.sort_unstable();
                who.dedup();
                assert_eq!(who.len(), all, "{reserve:?} {step}");
            }
            assert!(outcome.counts.put_out > 0, "{reserve:?} puts some out");
        }
    }

    #[test]
    fn moments_are_walked_both_ways() {
        let setup = setup(R1 * 40_000, Reserve::Whole { percent: 100 });
        let replay = run(&setup, &made(3, 10, Request { answer: Tokens::new(88), ..LONG }, 0, 0));
        assert_eq!(replay.moments, [0, 10, 20, 88, 98, 108]);
        assert_eq!((replay.after(0), replay.after(15), replay.after(108)), (Some(10), Some(20), None));
        assert_eq!((replay.before(0), replay.before(10), replay.before(11)), (None, Some(0), Some(10)));
    }

    #[test]
    fn a_run_of_more_events_than_are_kept_is_known_up_to_the_last() {
        let setup = setup(R1 * 163_840, Reserve::Blocks { size: 16, most: 4096 });
        let like = Request { arrives: 0, prompt: Tokens::new(10), answer: Tokens::new(90) };
        let requests = made(20_000, 50, like, 0, 0);
        let outcome = simulate(&setup, &requests);
        assert_eq!(outcome.events.len(), MOST_EVENTS);
        let replay = Replay::of(&setup, &requests, &outcome);
        assert!(replay.end < outcome.steps);
        assert!(replay.stays.iter().all(|stay| stay.until <= replay.end));
    }

    #[test]
    fn who_is_refused_has_no_stay() {
        let setup = Setup {
            per_token: Bytes::new(31_981_568),
            ..setup(Bytes::new(40_960 << 20), Reserve::Whole { percent: 150 })
        };
        let replay = run(&setup, &made(1, 0, LONG, 0, 0));
        assert_eq!((replay.stays.len(), replay.refused), (0, vec![(0, 0)]));
    }
}
