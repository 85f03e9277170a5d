//! Several machines as one: what they hold together, and that one sequence gets no faster by them.
//!
//! Layers lie on one machine after the other and take turns, so a token reads the same bytes at the same bandwidth and
//! pays for passing over the network besides. Everything is asked of the estimator; a network of which nothing is known
//! is taken as `assets/serving.ron` says.

use std::sync::Arc;

use crate::hardware::{Machine, NodePools, Pool, PoolKind};
use crate::placement::{Engine, Mode, OverNetwork, Policy, Split};
use crate::scenario::{Scenario, evaluate_here};
use crate::speed::{Bill, Item, Range};
use crate::units::{Bytes, Seconds, TokensPerSecond};
use crate::verdict::Level;

/// Machines that answer together, or one of them alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What they are.
    pub machine: Arc<Machine>,
    /// How many.
    pub count: u64,
    /// Their memory together, the disk not counted.
    pub memory: Bytes,
    /// How the question fares on them.
    pub level: Level,
    /// Tokens per second at most, layers one after the other.
    pub ceiling: Option<TokensPerSecond>,
    /// The same of a single one of them with as much memory as all.
    pub as_one: Option<TokensPerSecond>,
    /// The same with a share of the layers on the GPUs of each, where those hold the model.
    pub shared: Option<Shared>,
    /// What the engine asked about is expected to reach.
    pub expected: Option<Range>,
}

/// Layers shared out over machines, each with its turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shared {
    /// Tokens per second at most.
    pub ceiling: TokensPerSecond,
    /// What a token spends on the network of it.
    pub passing: Seconds,
}

/// The machine on screen alone, then with another of its kind or with those it has, then each cluster that is ready-made.
#[must_use]
pub fn groups(scenario: &Scenario, ceiling: &Arc<Engine>, ready: &[&Machine]) -> Vec<Group> {
    let machine = &scenario.machine;
    let together = if machine.nodes.is_empty() { machine.twice() } else { Machine::clone(machine) };
    let own = [machine.alone(), together].into_iter();
    let others = ready.iter().filter(|other| other.id != machine.id).map(|other| Machine::clone(other));
    own.chain(others).map(|machine| group(scenario, ceiling, machine)).collect()
}

fn group(scenario: &Scenario, ceiling: &Arc<Engine>, machine: Machine) -> Group {
    let asked = |engine: &Arc<Engine>, machine: &Machine, policy: Policy| {
        let machine = Arc::new(machine.clone());
        evaluate_here(&Scenario { machine, engine: engine.clone(), policy, backend: None, ..scenario.clone() })
    };
    let layers = |tensor_split: Vec<f64>| Policy { split: Some(Split::Layer), tensor_split, ..Policy::default() };
    let rate = |bill: &Bill| TokensPerSecond::saturating(bill.rate.expected);
    let count = 1 + machine.nodes.len() as u64;
    let answer = asked(&scenario.engine, &machine, Policy::default());
    let most = asked(ceiling, &machine, layers(Vec::new())).bill;
    let one = asked(ceiling, &roomier(&machine.alone(), count), layers(Vec::new())).bill;
    let on_all = (count > 1).then(|| asked(ceiling, &machine, layers(shares(&machine))));
    let on_all = on_all.filter(|answer| answer.plan.mode == Mode::Gpu).and_then(|answer| answer.bill);
    let shared = on_all.map(|bill| Shared {
        ceiling: rate(&bill),
        passing: bill.lines.iter().filter(|line| line.item == Item::Network).map(|line| line.time).sum(),
    });
    let memory = memory(&machine);
    Group {
        machine: Arc::new(machine),
        count,
        memory,
        level: answer.verdict.level,
        ceiling: most.as_ref().map(rate),
        as_one: one.as_ref().map(rate),
        shared,
        expected: answer.bill.map(|bill| bill.rate),
    }
}

/// The share of each device by its memory; the RAM of nodes takes none.
fn shares(machine: &Machine) -> Vec<f64> {
    let whole = machine.joined(NodePools::All);
    let share = |pool: &Pool| if pool.kind == PoolKind::Ram { 0.0 } else { pool.usable().as_f64() };
    whole.gpus().map(share).collect()
}

/// All memory of machines together.
fn memory(machine: &Machine) -> Bytes {
    let all = machine.joined(NodePools::All);
    all.pools.iter().filter(|pool| pool.kind != PoolKind::Disk).map(|pool| pool.capacity.value).sum()
}

/// The same machine with so many times its memory, as fast as it is.
fn roomier(machine: &Machine, times: u64) -> Machine {
    let mut large = machine.clone();
    for pool in large.pools.iter_mut().filter(|pool| pool.kind != PoolKind::Disk) {
        pool.capacity.value = pool.capacity.value * times;
        for figure in [&mut pool.reserve, &mut pool.gpu_limit, &mut pool.free_now].into_iter().flatten() {
            figure.value = figure.value * times;
        }
    }
    large
}

/// Whether an engine takes in further machines at all.
#[must_use]
pub fn takes_several(engine: &Engine) -> bool {
    engine.network != OverNetwork::Alone
}
