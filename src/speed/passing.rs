//! Passing from one device to the next, inside a machine and over a network.
//!
//! A layer split passes the activations of a token between neighbours; a tensor split joins the parts of every product,
//! twice in a layer. What waiting for one another costs inside a machine was fitted; bytes and networks come on top.

use crate::hardware::{Machine, Pool};
use crate::memory::Buffers;
use crate::placement::{Load, OverNetwork, Plan, Split};
use crate::units::{Bytes, Seconds};

use super::Parameters;

/// Messages of one kind in one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Passing {
    pub times: u32,
    pub bytes: Bytes,
    pub time: Seconds,
}

impl Passing {
    fn add(&mut self, bytes: Bytes, time: Seconds) {
        self.times += 1;
        self.bytes += bytes;
        self.time += time;
    }
}

/// What a step passes on inside machines, and between them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Passings {
    pub near: Passing,
    pub far: Passing,
}

/// One step of so many tokens over the devices used, in their order.
pub(super) fn passings(
    load: &Load<'_>,
    plan: &Plan,
    machine: &Machine,
    parameters: &Parameters,
    used: &[usize],
    tokens: u64,
) -> Passings {
    let route = Route { load, plan, machine, parameters, tokens };
    let passed = if plan.split == Split::Tensor && used.len() > 1 { route.tensor(used) } else { route.layer(used) };
    // A ceiling knows no overhead inside a machine.
    if load.engine.ideal { Passings { near: Passing::default(), ..passed } } else { passed }
}

struct Route<'a> {
    load: &'a Load<'a>,
    plan: &'a Plan,
    machine: &'a Machine,
    parameters: &'a Parameters,
    tokens: u64,
}

impl Route<'_> {
    /// Whole layers, one device after the other, and the result back to the first machine.
    fn layer(&self, used: &[usize]) -> Passings {
        let mut passings = Passings::default();
        let mut at: Option<&Pool> = None;
        for &place in used {
            let pool = &self.machine.pools[place];
            match at {
                Some(from) if from.node == pool.node => {
                    let time = self.waiting() + self.carried(from, pool, self.activations());
                    let passing = if pool.node.is_none() { &mut passings.near } else { &mut passings.far };
                    passing.add(self.activations(), time);
                }
                None if pool.node.is_none() => {}
                from => self.cross(from.and_then(|from| from.node), pool.node, self.activations(), &mut passings.far),
            }
            if pool.node.is_some() && self.rpc() {
                passings.far.time += self.call();
            }
            at = Some(pool);
        }
        if let Some(node) = at.and_then(|pool| pool.node) {
            let head_there = self.plan.head.is_some();
            let back = match self.load.engine.network {
                OverNetwork::Rpc if head_there => Bytes::new(self.load.model.vocab * 4 * self.load.options.sequences()),
                OverNetwork::Rpc => self.activations(),
                // The next token's number.
                _ => Bytes::new(4 * self.tokens),
            };
            self.cross(Some(node), None, back, &mut passings.far);
        }
        passings
    }

    /// One message between two nodes; a server of layers answers to the first machine, which sends on.
    fn cross(&self, from: Option<usize>, to: Option<usize>, bytes: Bytes, passing: &mut Passing) {
        let link = |node: usize| self.machine.nodes.get(node).and_then(|node| self.machine.link(node.link.as_deref()?));
        let paths: Vec<_> =
            [from, to].into_iter().flatten().map(|n| self.parameters.serving.network(link(n))).collect();
        if self.rpc() || paths.len() < 2 {
            for path in &paths {
                passing.add(bytes, path.time(bytes));
            }
        } else {
            let longest = paths.iter().map(|path| path.time(bytes)).fold(Seconds::ZERO, later);
            passing.add(bytes, longest);
        }
        if !self.rpc() {
            passing.time += self.waiting();
        }
    }

    /// A share of every layer on each device: each joining sends and fetches all but the own share.
    ///
    /// A ring moves 2 (n - 1) / n of the activations through each device; over a network a message goes down and up a
    /// tree of the nodes (NCCL's algorithms, assumed for every engine).
    fn tensor(&self, used: &[usize]) -> Passings {
        let ranks = used.len() as f64;
        let pools: Vec<&Pool> = used.iter().map(|&place| &self.machine.pools[place]).collect();
        let around = pools.iter().zip(pools.iter().cycle().skip(1));
        let each = self.activations().as_f64() * 2.0 * (ranks - 1.0) / ranks;
        let bytes = Bytes::saturating(each);
        let slowest = around.map(|(from, to)| self.carried(from, to, bytes)).fold(Seconds::ZERO, later);
        let mut nodes: Vec<Option<usize>> = pools.iter().map(|pool| pool.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let joinings = 2 * self.plan.layers.len() as u32;
        let mut each = slowest + if self.load.engine.ideal { Seconds::ZERO } else { self.parameters.all_reduce };
        if nodes.len() > 1 {
            // One message is in `slowest` already.
            let levels = (nodes.len() as f64).log2().ceil();
            let of = |node: &Option<usize>| {
                let node = self.machine.nodes.get((*node)?)?;
                Some(self.parameters.serving.network(self.machine.link(node.link.as_deref()?)).latency)
            };
            let latency = nodes.iter().filter_map(of).fold(Seconds::ZERO, later);
            each += latency * (2.0 * levels - 1.0);
        }
        let all = Passing { times: joinings, bytes: bytes * u64::from(joinings), time: each * f64::from(joinings) };
        if nodes.len() > 1 {
            Passings { far: all, ..Passings::default() }
        } else {
            Passings { near: all, ..Passings::default() }
        }
    }

    /// What bytes take from one pool to another.
    fn carried(&self, from: &Pool, to: &Pool, bytes: Bytes) -> Seconds {
        self.parameters.serving.path(self.machine, from, to).time(bytes)
    }

    /// The state of the tokens between two layers: llama.cpp keeps it in 32 bits, others in 16.
    fn activations(&self) -> Bytes {
        let width = if self.load.options.rules.buffers == Buffers::Graph { 4 } else { 2 };
        Bytes::new(self.load.model.hidden * width) * self.tokens
    }

    fn rpc(&self) -> bool {
        self.load.engine.network == OverNetwork::Rpc
    }

    /// Waiting for a neighbour; a ceiling does not wait.
    fn waiting(&self) -> Seconds {
        if self.load.engine.ideal { Seconds::ZERO } else { self.parameters.hand_over }
    }

    fn call(&self) -> Seconds {
        if self.load.engine.ideal { Seconds::ZERO } else { self.parameters.serving.rpc_call }
    }
}

fn later(one: Seconds, other: Seconds) -> Seconds {
    if one > other { one } else { other }
}
