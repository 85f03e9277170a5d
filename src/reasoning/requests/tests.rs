use super::run::accounted;
use super::*;
use crate::units::MemoryUnit;

const MIB: u64 = 1 << 20;
/// The latent cache of R1, f16.
const R1: Bytes = Bytes::new(70_272);

fn setup(reserve: Reserve, policy: Policy) -> Setup {
    Setup { pool: Bytes::new(40_960 * MIB), per_token: R1, reserve, policy, preemption: Preemption::Recompute }
}

/// All there from the start: a cache of so many tokens, and one to go.
fn full(tokens: u64, count: usize) -> Vec<Request> {
    let like = Request { arrives: 0, prompt: Tokens::new(tokens - 1), answer: Tokens::new(1) };
    made(count, 0, like, 0, 0)
}

const HALF_AGAIN: Reserve = Reserve::Whole { percent: 150 };

#[test]
fn twelve_reservations_of_r1_fit_and_the_thirteenth_puts_the_first_out() {
    let rules = setup(HALF_AGAIN, Policy::LeastRecent);
    assert_eq!(rules.at_once(Tokens::new(32_768)), 12);
    let outcome = simulate(&rules, &full(32_768, 13));
    assert_eq!(outcome.most_at_once, 12);
    assert_eq!(outcome.most_bytes, R1 * (12 * 49_152));
    assert_eq!(outcome.most_bytes.get() / MIB, 39_528);
    assert_eq!(outcome.events[12], Event { step: 0, request: 0, what: What::PutOut });
    assert_eq!(outcome.events[13], Event { step: 0, request: 12, what: What::LetIn });
    assert_eq!(outcome.counts, Counts { finished: 13, cut: 0, refused: 0, put_out: 1 });
    assert_eq!(outcome.recomputed, Tokens::new(32_767));
}

#[test]
fn who_has_to_go_is_the_policys_choice() {
    let first_out = |policy| {
        let mut requests = full(32_768, 13);
        requests[4].prompt = Tokens::new(33_000);
        // The first two come last, though they were let in first.
        requests[0].arrives = 0;
        let outcome = simulate(&setup(HALF_AGAIN, policy), &requests);
        assert!(accounted(&outcome, &requests), "{policy:?}");
        outcome.events.iter().find(|event| matches!(event.what, What::PutOut | What::Refused)).copied()
    };
    let event = |request, what| Some(Event { step: 0, request, what });
    assert_eq!(first_out(Policy::LeastRecent), event(0, What::PutOut));
    assert_eq!(first_out(Policy::FirstIn), event(0, What::PutOut));
    assert_eq!(first_out(Policy::Largest), event(4, What::PutOut));
    assert_eq!(first_out(Policy::Reject), event(12, What::Refused));
}

#[test]
fn a_request_above_the_pool_is_refused_and_never_looped() {
    for policy in Policy::ALL {
        for reserve in [HALF_AGAIN, Reserve::Blocks { size: 16, most: 1 << 20 }] {
            let rules = setup(reserve, policy);
            let mut requests = full(32_768, 3);
            requests[1].answer = Tokens::new(1_000_000);
            let outcome = simulate(&rules, &requests);
            assert_eq!(outcome.counts, Counts { finished: 2, refused: 1, ..Counts::default() }, "{policy:?}");
        }
    }
    // A megabyte for each token where a kilobyte was meant: not even the first has room.
    let slip = Setup { per_token: Bytes::new(30 * MIB + MIB / 2), ..setup(HALF_AGAIN, Policy::LeastRecent) };
    assert_eq!(simulate(&slip, &full(32_768, 1)).counts.refused, 1);
}

#[test]
fn blocks_hold_more_and_put_out_what_outgrows_them() {
    let pool = R1 * (16 * 10_240);
    let rules = Setup { pool, ..setup(Reserve::Blocks { size: 16, most: 4096 }, Policy::LeastRecent) };
    let like = Request { arrives: 0, prompt: Tokens::new(100), answer: Tokens::new(22_900) };
    let outcome = simulate(&rules, &made(7, 0, like, 0, 0));
    assert_eq!((outcome.counts.finished, outcome.counts.put_out), (7, 0));
    assert_eq!(outcome.most_bytes, R1 * (16 * 7 * 1438));
    assert_eq!(outcome.steps, 22_900);
    // The eighth is let in, since its prompt has room, and somebody pays for it later.
    let requests = made(8, 0, like, 0, 0);
    let outcome = simulate(&rules, &requests);
    assert!(outcome.counts.put_out > 0 && accounted(&outcome, &requests));
    assert!(outcome.recomputed > Tokens::ZERO && outcome.most_bytes <= pool);
    let swapped = simulate(&Setup { preemption: Preemption::Swap, ..rules }, &requests);
    assert_eq!(swapped.swapped, R1 * (2 * outcome.recomputed.get()), "out and back in");
    // One that is longer than may be ends there.
    let long = Request { answer: Tokens::new(100_000), ..like };
    let outcome = simulate(&rules, &[long]);
    assert_eq!((outcome.counts.cut, outcome.generated), (1, Tokens::new(65_536 - 100)));
}

/// Each step by itself, as the rules say it; slow and plain.
fn by_steps(setup: &Setup, requests: &[Request]) -> u64 {
    let Reserve::Blocks { size, .. } = setup.reserve else { panic!("blocks") };
    let ends: Vec<u64> = requests.iter().map(|request| (request.prompt + request.answer).get()).collect();
    let mut lengths: Vec<u64> = requests.iter().map(|request| request.prompt.get()).collect();
    let mut most: u64 = lengths.iter().map(|length| length.div_ceil(size)).sum();
    while lengths.iter().zip(&ends).any(|(length, end)| length < end) {
        let growing = lengths.iter_mut().zip(&ends).filter(|(length, end)| **length < **end);
        let given: u64 = growing
            .map(|(length, _)| {
                *length += 1;
                length.div_ceil(size)
            })
            .sum();
        // What ends in a step still has its room in it.
        most = most.max(given);
    }
    most
}

#[test]
fn jumping_from_event_to_event_is_the_same_as_walking() {
    for seed in 0..20 {
        let rules = setup(Reserve::Blocks { size: 7 + seed, most: 1 << 20 }, Policy::LeastRecent);
        let like = Request { arrives: 0, prompt: Tokens::new(50), answer: Tokens::new(300) };
        let requests = made(20, 0, like, 90, seed);
        let outcome = simulate(&rules, &requests);
        assert_eq!(outcome.most_bytes, rules.cell() * by_steps(&rules, &requests), "seed {seed}");
        assert!(accounted(&outcome, &requests));
        assert_eq!(outcome, simulate(&rules, &requests), "the same twice gives the same twice");
    }
}

#[test]
fn every_run_ends_with_every_request_accounted_for() {
    for policy in Policy::ALL {
        for (seed, reserve) in [HALF_AGAIN, Reserve::Blocks { size: 16, most: 4096 }].into_iter().enumerate() {
            let rules = Setup { pool: R1 * 60_000, ..setup(reserve, policy) };
            let like = Request { arrives: 3, prompt: Tokens::new(900), answer: Tokens::new(7000) };
            let requests = made(3000, 150, like, 80, seed as u64);
            let outcome = simulate(&rules, &requests);
            assert!(accounted(&outcome, &requests), "{policy:?} {reserve:?}: {:?}", outcome.counts);
            assert!(outcome.most_bytes <= rules.pool);
        }
    }
}

/// Of those with equally many blocks the one with the most tokens goes, then the first in the list.
#[test]
fn the_largest_is_the_longest_of_those_with_equal_blocks() {
    let rules = Setup { pool: R1 * 64, ..setup(Reserve::Blocks { size: 16, most: 64 }, Policy::Largest) };
    let mut requests = full(20, 3);
    requests[1].prompt = Tokens::new(24);
    requests[2].prompt = Tokens::new(24);
    let out = |requests: &[Request]| {
        let outcome = simulate(&rules, requests);
        outcome.events.iter().find(|event| event.what == What::PutOut).map(|event| event.request)
    };
    assert_eq!(out(&requests), Some(1));
    requests[0].prompt = Tokens::new(25);
    assert_eq!(out(&requests), Some(0));
}

/// What is said of a run holds for it, also where the events kept do not reach.
#[test]
fn a_run_is_told_in_a_sentence() {
    let blocks = Reserve::Blocks { size: 16, most: 4096 };
    let (prompt, answer) = (Tokens::new(100), Tokens::new(10));
    let trial =
        Trial { setup: setup(blocks, Policy::LeastRecent), count: 3, gap: 0, prompt, answer, spread: 0, seed: 0 };
    let told = |trial: Trial| trial.sentence(&simulate(&trial.setup, &trial.requests()), MemoryUnit::Gib);
    assert!(told(trial).ends_with("requests fit at once; all 3 finish"), "{}", told(trial));
    let long = Trial { answer: Tokens::new(100_000), ..trial };
    assert!(told(long).ends_with("3 of 3 are cut"), "{}", told(long));
    let small = Trial { setup: Setup { pool: R1 * 64, ..trial.setup }, spread: 90, count: 9, ..trial };
    assert!(told(small).starts_with("No request of 110 tokens fits; "), "{}", told(small));
    let late = Outcome { counts: Counts { put_out: 1000, finished: 3, ..Counts::default() }, ..Outcome::default() };
    assert!(trial.sentence(&late, MemoryUnit::Gib).ends_with("one is put out 1,000 times, later than the events kept"));
}

#[test]
fn absurd_setups_end_too() {
    let like = Request { arrives: u64::MAX, prompt: Tokens::new(u64::MAX), answer: Tokens::new(u64::MAX) };
    for reserve in [
        Reserve::Whole { percent: 0 },
        Reserve::Whole { percent: u64::MAX },
        Reserve::Blocks { size: 0, most: 0 },
        Reserve::Blocks { size: u64::MAX, most: u64::MAX },
    ] {
        for (pool, per_token) in [(0, 0), (u64::MAX, 0), (0, u64::MAX), (u64::MAX, 1)] {
            let rules = Setup {
                pool: Bytes::new(pool),
                per_token: Bytes::new(per_token),
                ..setup(reserve, Policy::LeastRecent)
            };
            let requests = [like, Request { arrives: 0, prompt: Tokens::ZERO, answer: Tokens::ZERO }];
            let outcome = simulate(&rules, &requests);
            assert!(accounted(&outcome, &requests), "{rules:?}: {:?}", outcome.counts);
        }
    }
    assert_eq!(simulate(&setup(HALF_AGAIN, Policy::Largest), &[]), Outcome::default());
}
