//! How many machines of a cluster take part: as few as it takes to be fastest.

use crate::hardware::{Machine, NodePools, PoolKind};
use crate::units::Bytes;

use super::{Engine, Mode, Offer, OverNetwork, Plan, Policy, Split};

/// A plan that leaves a pool less than this of what may be used is worth this much less: a verdict calls it tight.
const TIGHT: f64 = 0.10;

/// Chooses how many machines take part. `place` lays everything out on a machine; `rate` says how fast a plan is.
///
/// Tried are the first machine alone, then all of them, and the fewest whose GPUs hold everything; where not even all
/// do, the RAM of nodes as well. A node adds room and a way over the network. Shares given by hand speak of every device
/// there is. Always answers, as [`offers`](super::offers) does.
#[must_use]
pub fn over_nodes(
    engine: &Engine,
    machine: &Machine,
    policy: &Policy,
    place: impl Fn(&Machine) -> Offer,
    rate: impl Fn(&Plan) -> Option<f64>,
) -> Offer {
    let reaches = machine.pools.iter().any(|pool| pool.node.is_some());
    if !reaches {
        return place(machine);
    }
    let whole = |on: &Machine| {
        let offer = place(on);
        Offer { plan: named(offer.plan, machine), ..offer }
    };
    if !policy.tensor_split.is_empty() {
        return whole(machine);
    }
    // llama.cpp's servers of layers know no tensor split.
    let alone = policy.split == Some(Split::Tensor) && engine.network == OverNetwork::Rpc;
    let most = if alone { 0 } else { machine.nodes.len() };
    let mut tried: Vec<(usize, Offer)> = Vec::new();
    let mut ask = |nodes: usize, taking: NodePools| {
        let offer = whole(&machine.narrowed(nodes, taking));
        let plan = &offer.plan;
        let held = match plan.mode {
            Mode::Gpu if plan.obstacle.is_some() => Held::Not,
            Mode::Gpu if tight(plan, machine) => Held::Tightly,
            Mode::Gpu => Held::WithRoom,
            _ => Held::Not,
        };
        tried.push((nodes, offer));
        held
    };
    if ask(0, NodePools::Gpus) < Held::WithRoom && most > 0 {
        let all = ask(most, NodePools::Gpus);
        if all > Held::Not {
            // The fewest that hold everything as well as all of them: what so many hold, more hold.
            let (mut short, mut enough) = (0, most);
            while enough - short > 1 {
                let middle = short.midpoint(enough);
                if ask(middle, NodePools::Gpus) >= all { enough = middle } else { short = middle }
            }
        } else if machine.pools.iter().any(|pool| pool.node.is_some() && pool.kind == PoolKind::Ram) {
            ask(most, NodePools::All);
        }
    }
    // Of equals the one with fewer machines comes first.
    tried.sort_by_key(|(nodes, _)| *nodes);
    let worth = |plan: &Plan| {
        let runs = plan.mode != Mode::None && plan.obstacle.is_none() && plan.within_capacity;
        let rate = rate(plan).unwrap_or_default() * if tight(plan, machine) { 1.0 - TIGHT } else { 1.0 };
        (runs, runs && plan.mode != Mode::Disk, rate)
    };
    let best = tried.into_iter().reduce(|best, next| {
        let (one, other) = (worth(&best.1.plan), worth(&next.1.plan));
        // Where nothing runs, the answer is that of the whole cluster.
        let better = (other.0, other.1).cmp(&(one.0, one.1)).then(other.2.total_cmp(&one.2));
        if better.is_gt() || !one.0 { next } else { best }
    });
    best.map_or_else(|| whole(machine), |(_, offer)| offer)
}

/// Whether GPUs hold everything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Not,
    Tightly,
    WithRoom,
}

/// Whether a pool in use is nearly full.
fn tight(plan: &Plan, machine: &Machine) -> bool {
    plan.pools.iter().filter(|used| used.weights > Bytes::ZERO).any(|used| {
        let pool = &machine.pools[used.pool];
        let usable = plan.usable(pool);
        pool.kind != PoolKind::Disk && (usable.less(used.total()).get() as f64) < TIGHT * usable.as_f64()
    })
}

/// Names a plan by what computes: RAM of a further node is given layers as a GPU is, and is none.
fn named(mut plan: Plan, machine: &Machine) -> Plan {
    let devices = machine.gpu_places();
    let used = || plan.layers.iter().filter_map(|home| home.gpu).chain(plan.head);
    let on_cpu =
        used().filter(|device| devices.get(*device).is_some_and(|&at| machine.pools[at].kind == PoolKind::Ram));
    let (cpus, all) = (on_cpu.count(), used().count());
    plan.mode = match plan.mode {
        Mode::Gpu | Mode::Partial | Mode::ExpertsInRam if all > 0 && cpus == all => Mode::Cpu,
        Mode::Gpu if cpus > 0 => Mode::Partial,
        mode => mode,
    };
    plan
}
