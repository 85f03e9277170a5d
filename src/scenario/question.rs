//! A question as it is worked on: what does not change with the context, and one context of it.

use std::borrow::Cow;

use crate::hardware::Machine;
use crate::memory::{self, Cache, KvLayout, KvPlace, RunOptions};
use crate::placement::{self, Load, Mode, Obstacle, Offer, Origin, Plan, Refusal, over_nodes};
use crate::quant::Format;
use crate::speed::Bill;
use crate::units::Tokens;

use super::{Scenario, evidence};

/// A placement leaves the engine's own way only where it is faster by more than this: published measurements of one
/// setup differ by 3 % (median), so less could not be told apart.
const CLEARLY_FASTER: f64 = 1.05;

/// What does not change with the context.
pub(super) struct Question<'a> {
    pub scenario: &'a Scenario,
    pub machine: Cow<'a, Machine>,
    pub layout: KvLayout,
    pub refusal: Option<Refusal>,
}

impl<'a> Question<'a> {
    pub fn new(scenario: &'a Scenario) -> Self {
        let layout = scenario.layout();
        Self { scenario, machine: scenario.seen(), layout, refusal: scenario.refusal() }
    }

    pub fn at(&'a self, context: Tokens) -> Evaluation<'a> {
        let scenario = self.scenario;
        let (run, cache, refused) = scenario.cache_at(context, self.layout);
        Evaluation { question: self, scenario, run, cache, refused }
    }
}

impl Scenario {
    /// The layout of a latent cache: as asked, else as its file forces, else as the engine does of itself.
    #[must_use]
    pub fn layout(&self) -> KvLayout {
        match self.run.layout {
            KvLayout::Auto => {
                let engine = || self.engine.mla_layout(self.engine_date.as_deref());
                self.subject.layout.unwrap_or_else(engine)
            }
            chosen => chosen,
        }
    }

    /// The cache of the context asked, as the engine sizes it.
    #[must_use]
    pub fn cache(&self) -> Cache {
        self.cache_at(self.run.context, self.layout()).1
    }

    /// What the engine refuses is answered with the plain cache it would take, and said.
    fn cache_at(&self, context: Tokens, layout: KvLayout) -> (RunOptions, Cache, Option<memory::Unsupported>) {
        let run = RunOptions { context, rules: self.engine.rules, layout, ..self.run };
        let model = &self.subject.model;
        match self.engine.takes_formats(&run).and_then(|()| memory::cache(model, &run)) {
            Ok(cache) => (run, cache, None),
            Err(refused) => {
                let run = RunOptions { kv_k: Format::F16, kv_v: Format::F16, ..run };
                (run, memory::cache(model, &run).unwrap_or_default(), Some(refused))
            }
        }
    }
}

/// One context of a question.
pub(super) struct Evaluation<'a> {
    pub question: &'a Question<'a>,
    pub scenario: &'a Scenario,
    pub run: RunOptions,
    pub cache: Cache,
    pub refused: Option<memory::Unsupported>,
}

impl Evaluation<'_> {
    pub fn load(&self) -> Load<'_> {
        Load {
            model: &self.scenario.subject.model,
            weights: &self.scenario.subject.weights,
            cache: &self.cache,
            options: &self.run,
            engine: &self.scenario.engine,
            backend: self.scenario.backend,
        }
    }

    /// The first placement offered, or one that is clearly faster; over as many machines as it takes.
    pub fn place(&self) -> Offer {
        let Scenario { engine, policy, depth, .. } = self.scenario;
        let rate = |plan: &Plan| self.bill(plan, *depth).map(|bill| bill.rate.expected);
        let mut offer = over_nodes(engine, &self.question.machine, policy, |machine| self.place_on(machine), rate);
        if self.question.refusal.is_some() {
            offer.plan.mode = Mode::None;
            offer.plan.obstacle = Some(Obstacle::EngineCannot);
        }
        offer
    }

    fn place_on(&self, machine: &Machine) -> Offer {
        let Scenario { subject, policy, depth, .. } = self.scenario;
        let mut offers = placement::offers(&self.load(), &subject.known, machine, policy);
        let rate = |offer: &Offer, depth: Tokens| self.bill(&offer.plan, depth).map(|bill| bill.rate.expected);
        let mut best = 0;
        let mut best_rate = if offers.len() > 1 { rate(&offers[0], *depth) } else { None };
        for (at, offer) in offers.iter().enumerate().skip(1) {
            let (Some(first), Some(other)) = (best_rate, rate(offer, *depth)) else { continue };
            // A cache in RAM costs the more the longer it gets: it has to be worth it when it is full, too.
            let full = |offer: &Offer| rate(offer, self.run.context);
            let moved = offer.plan.kv_place == KvPlace::Host && self.run.kv_place == KvPlace::Device;
            if other > first * CLEARLY_FASTER && (!moved || full(offer) >= full(&offers[best])) {
                (best, best_rate) = (at, Some(other));
            }
        }
        offers.swap_remove(best)
    }

    /// Whether further machines take part, or could.
    fn reaches(&self) -> bool {
        self.question.machine.pools.iter().any(|pool| pool.node.is_some())
    }

    /// The same placement as at another context, where it still fits in memory.
    pub fn again(&self, origin: Origin) -> Option<Offer> {
        let Scenario { subject, policy, .. } = self.scenario;
        if self.reaches() {
            return None;
        }
        placement::again(&self.load(), &subject.known, &self.question.machine, policy, origin)
    }

    /// Whether the question can be answered with yes at this context.
    pub fn fits(&self, how: Fits) -> bool {
        let Scenario { subject, policy, .. } = self.scenario;
        let machine = &*self.question.machine;
        if how == Fits::InMemory && policy.is_automatic() && !self.reaches() {
            return placement::fits(&self.load(), &subject.known, machine, policy);
        }
        how.holds(&self.place().plan, machine)
    }

    pub fn bill(&self, plan: &Plan, depth: Tokens) -> Option<Bill> {
        self.predicted_bill(plan, depth).map(|bill| evidence::on_bill(self, plan, depth, bill).0)
    }
}

/// What is asked of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fits {
    /// That everything is kept in memory, within what may be used.
    InMemory,
    /// That it works, if need be from disk.
    AtAll,
}

impl Fits {
    pub fn holds(self, plan: &Plan, machine: &Machine) -> bool {
        match self {
            Self::InMemory => in_memory(plan, machine),
            Self::AtAll => at_all(plan, machine),
        }
    }
}

/// Whether a plan keeps everything in memory within what may be used.
pub(super) fn in_memory(plan: &Plan, machine: &Machine) -> bool {
    at_all(plan, machine) && plan.mode != Mode::Disk
}

/// Whether a plan works, if need be from disk.
fn at_all(plan: &Plan, machine: &Machine) -> bool {
    plan.mode != Mode::None && plan.obstacle.is_none() && plan.keeps_reserves(machine)
}

/// Whether a plan can be asked for a speed.
pub(super) fn runs(plan: &Plan) -> bool {
    plan.mode != Mode::None && plan.within_capacity
}
