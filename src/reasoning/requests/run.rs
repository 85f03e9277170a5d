//! The run itself.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

use super::{Event, MOST_EVENTS, MOST_TOKENS, Outcome, Policy, Preemption, Request, Reserve, Setup, What};
use crate::units::Tokens;

/// What is kept of each request.
#[derive(Clone, Copy, Default)]
struct Kept {
    /// The step it was let in, or back in.
    since: u64,
    /// Tokens in its cache then; of one that was put out, those it had when it left.
    length: u64,
    /// How often it had been let in: tells its entry in the heap of ends from older ones.
    turn: u32,
    resident: bool,
}

pub(super) struct Run<'a> {
    setup: &'a Setup,
    requests: &'a [Request],
    /// Requests by the step they arrive in.
    order: Vec<usize>,
    arrived: usize,
    now: u64,
    free: u64,
    /// Those with room, in the order they have to go: what the policy goes by, then the request. What it goes by stays
    /// the same while a request has room, so that nobody moves here as time passes.
    residents: BTreeSet<(u64, usize)>,
    kept: Vec<Kept>,
    /// When residents end: step, request, turn.
    ends: BinaryHeap<Reverse<(u64, usize, u32)>>,
    waiting: VecDeque<usize>,
    /// Residents that need a new block when the step leaves this remainder.
    phases: Vec<u64>,
    outcome: Outcome,
}

impl<'a> Run<'a> {
    pub(super) fn new(setup: &'a Setup, requests: &'a [Request]) -> Self {
        let mut order: Vec<usize> = (0..requests.len()).collect();
        order.sort_by_key(|place| requests[*place].arrives);
        let phases = match setup.reserve {
            // A block longer than any sequence is never full.
            Reserve::Blocks { size, .. } => vec![0; usize::try_from(size.clamp(1, 1 << 20)).unwrap_or(1)],
            Reserve::Whole { .. } => Vec::new(),
        };
        Self {
            setup,
            requests,
            order,
            arrived: 0,
            now: 0,
            free: setup.cells(),
            residents: BTreeSet::new(),
            kept: vec![Kept::default(); requests.len()],
            ends: BinaryHeap::new(),
            waiting: VecDeque::new(),
            phases,
            outcome: Outcome::default(),
        }
    }

    pub(super) fn finished(mut self) -> Outcome {
        loop {
            self.finish_due();
            self.let_back();
            self.arrive_due();
            let Some(next) = self.next_event() else { break };
            self.grow_until(next);
        }
        self.outcome.steps = self.now;
        self.outcome
    }

    /// The step of the next arrival or end; none when nothing is left to happen.
    fn next_event(&self) -> Option<u64> {
        let arrival = self.order.get(self.arrived).map(|place| self.arrival(*place));
        let end = self.ends.peek().map(|Reverse((step, ..))| *step);
        arrival.into_iter().chain(end).min().map(|step| step.max(self.now))
    }

    fn arrival(&self, request: usize) -> u64 {
        self.requests[request].arrives.min(MOST_TOKENS)
    }

    fn note(&mut self, request: usize, what: What) {
        match what {
            What::Finished => self.outcome.counts.finished += 1,
            What::Cut => self.outcome.counts.cut += 1,
            What::Refused => self.outcome.counts.refused += 1,
            What::PutOut => self.outcome.counts.put_out += 1,
            What::LetIn | What::Back => {}
        }
        if self.outcome.events.len() < MOST_EVENTS {
            self.outcome.events.push(Event { step: self.now, request, what });
        } else {
            self.outcome.events_left_out += 1;
        }
    }

    /// Tokens a request ends with, and whether that is less than it wanted.
    fn target(&self, request: usize) -> (u64, bool) {
        self.setup.target(&self.requests[request])
    }

    /// Pieces a request holds with so many tokens in its cache.
    fn cells(&self, request: usize, length: u64) -> u64 {
        self.setup.held(&self.requests[request], length)
    }

    /// The remainder of the steps in which a resident begins a block.
    fn phase(&self, resident: Kept) -> usize {
        let size = self.phases.len() as u64;
        let (since, length) = (resident.since % size, resident.length % size);
        ((since + size - length) % size) as usize
    }

    /// What the policy goes by: the least has to go first.
    fn turn_to_go(&self, request: usize) -> u64 {
        let Kept { since, length, .. } = self.kept[request];
        match (self.setup.policy, self.setup.reserve) {
            (Policy::LeastRecent | Policy::Reject, _) => since,
            (Policy::FirstIn, _) => self.arrival(request),
            (Policy::Largest, Reserve::Whole { .. }) => u64::MAX - self.cells(request, length),
            // All grow alike: who is longest stays so. No cache is longer than what is added here.
            (Policy::Largest, Reserve::Blocks { .. }) => since + 2 * MOST_TOKENS - length,
        }
    }

    fn finish_due(&mut self) {
        while let Some(Reverse((step, request, turn))) = self.ends.peek().copied() {
            if step > self.now {
                break;
            }
            self.ends.pop();
            if self.kept[request].turn != turn || !self.kept[request].resident {
                continue;
            }
            let cut = self.target(request).1;
            self.leave(request);
            self.note(request, if cut { What::Cut } else { What::Finished });
        }
    }

    /// Takes a resident's room back, and returns the tokens it had.
    fn leave(&mut self, request: usize) -> u64 {
        self.residents.remove(&(self.turn_to_go(request), request));
        let resident = self.kept[request];
        let length = resident.length + (self.now - resident.since);
        self.free += self.cells(request, length);
        if !self.phases.is_empty() {
            let phase = self.phase(resident);
            self.phases[phase] -= 1;
        }
        self.kept[request] = Kept { length, resident: false, ..resident };
        self.outcome.generated += Tokens::new(length - resident.length);
        length
    }

    /// Those that were put out come back in their order, as far as there is room.
    fn let_back(&mut self) {
        while let Some(request) = self.waiting.front().copied() {
            let length = self.kept[request].length;
            // With the block it begins next, or it would be put out again at once.
            if self.cells(request, length + 1) > self.free {
                break;
            }
            self.waiting.pop_front();
            match self.setup.preemption {
                Preemption::Recompute => self.outcome.recomputed += Tokens::new(length),
                Preemption::Swap => self.outcome.swapped += self.setup.per_token * length,
            }
            self.enter(request, length, What::Back);
        }
    }

    fn arrive_due(&mut self) {
        while let Some(request) = self.order.get(self.arrived).copied() {
            if self.arrival(request) > self.now {
                break;
            }
            self.arrived += 1;
            let prompt = self.requests[request].prompt.get().min(self.target(request).0);
            let need = self.cells(request, prompt);
            // What it will hold in the end has to fit when it is alone.
            let most = self.cells(request, self.target(request).0);
            if most > self.setup.cells() {
                self.note(request, What::Refused);
                continue;
            }
            while self.free < need && self.setup.policy != Policy::Reject {
                let Some(victim) = self.victim() else { break };
                self.put_out(victim);
            }
            if self.free < need {
                self.note(request, What::Refused);
                continue;
            }
            self.enter(request, prompt, What::LetIn);
        }
    }

    fn enter(&mut self, request: usize, length: u64, what: What) {
        self.free -= self.cells(request, length);
        let resident = Kept { since: self.now, length, turn: self.kept[request].turn + 1, resident: true };
        self.kept[request] = resident;
        if !self.phases.is_empty() {
            let phase = self.phase(resident);
            self.phases[phase] += 1;
        }
        self.residents.insert((self.turn_to_go(request), request));
        self.ends.push(Reverse((self.now + (self.target(request).0 - length), request, resident.turn)));
        self.note(request, what);
        self.outcome.most_at_once = self.outcome.most_at_once.max(self.residents.len() as u64);
        self.note_bytes();
    }

    fn note_bytes(&mut self) {
        let given = self.setup.cell() * (self.setup.cells() - self.free);
        self.outcome.most_bytes = self.outcome.most_bytes.max(given);
    }

    /// Who has to go.
    fn victim(&self) -> Option<usize> {
        self.residents.first().map(|(_, request)| *request)
    }

    fn put_out(&mut self, request: usize) {
        let length = self.leave(request);
        if self.setup.preemption == Preemption::Swap {
            self.outcome.swapped += self.setup.per_token * length;
        }
        self.waiting.push_back(request);
        self.note(request, What::PutOut);
    }

    /// Lets time pass until a step; blocks are given on the way, and where there are none somebody is put out and the
    /// time stops.
    fn grow_until(&mut self, step: u64) {
        let size = self.phases.len() as u64;
        while self.now < step {
            let residents = self.residents.len() as u64;
            if size == 0 || residents == 0 {
                self.now = step;
                return;
            }
            // In as many steps as a block has tokens, each resident begins one.
            let rounds = ((step - self.now) / size).min(self.free / residents);
            if rounds > 0 {
                self.free -= rounds * residents;
                self.now += rounds * size;
                self.note_bytes();
                continue;
            }
            let need = self.phases[(self.now % size) as usize];
            if need > self.free {
                // A policy that puts nobody out for a newcomer still has to when those inside outgrow the pool.
                let Some(victim) = self.victim() else { return };
                self.put_out(victim);
                if self.residents.is_empty() {
                    return;
                }
                continue;
            }
            self.free -= need;
            self.now += 1;
            if need > 0 {
                self.note_bytes();
            }
        }
    }
}

/// Nothing is lost on the way: what a run was given is finished, cut or refused.
#[cfg(test)]
pub(super) fn accounted(outcome: &Outcome, requests: &[Request]) -> bool {
    let counts = outcome.counts;
    counts.finished + counts.cut + counts.refused == requests.len() as u64
}
