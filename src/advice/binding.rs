//! What binds: of memory, the largest part; of speed, the largest line of the bill; and the one change that helps most.

use std::sync::Arc;

use crate::hardware::{LinkKind, Machine, Pool, PoolKind, Way};
use crate::scenario::{Answer, Scenario, Subject, evaluate_here, plan};
use crate::speed::{Bill, BillLine, Item};
use crate::units::{Bytes, TokensPerSecond};
use crate::verdict::Level;

use super::changes::{Change, all};

/// Times the speed from which a change is worth naming: less is lost in what an estimate leaves open.
const FASTER: f64 = 1.05;

/// What binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// The size of the weights.
    Weights,
    /// The size of the cache.
    Cache,
    /// The size of buffers.
    Buffers,
    /// The bandwidth of RAM.
    Ram,
    /// The bandwidth of a GPU's memory.
    Vram,
    /// The bandwidth of unified memory.
    Unified,
    /// Passing between GPUs, over the kind of link that joins them where the machine says it.
    Link(Option<LinkKind>),
    /// The bandwidth of the disk.
    Disk,
    /// Arithmetic.
    Arithmetic,
    /// Starting layers.
    Launching,
    /// The network.
    Network,
}

impl Limit {
    /// What it is called in a sentence.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Cache => "KV cache",
            Self::Buffers => "buffers",
            Self::Ram => "RAM bandwidth",
            Self::Vram => "VRAM bandwidth",
            Self::Unified => "memory bandwidth",
            Self::Link(None) => "passing between GPUs",
            Self::Link(Some(LinkKind::Pcie)) => "PCIe",
            Self::Link(Some(LinkKind::Nvlink)) => "NVLink",
            Self::Disk => "the disk",
            Self::Arithmetic => "arithmetic",
            Self::Launching => "starting layers",
            Self::Link(Some(LinkKind::Network)) | Self::Network => "the network",
        }
    }
}

/// What binds, and what helps.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// What binds.
    pub limit: Limit,
    /// Its share of the memory or of the time.
    pub share: f64,
    /// In one sentence.
    pub sentence: String,
    /// The change that helps most, where one does.
    pub change: Option<Change>,
}

impl Bound {
    /// It, and what helps, in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let helps = self.change.as_ref().map_or_else(String::new, |change| {
            let rate = change
                .rate
                .map_or_else(String::new, |rate| format!(" ({} tokens/s)", TokensPerSecond::saturating(rate)));
            format!(" What helps most: {}{rate}.", change.what)
        });
        format!("{}{helps}", self.sentence)
    }
}

/// What binds memory and speed.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// Of memory.
    pub memory: Bound,
    /// Of speed; none where there is no speed.
    pub speed: Option<Bound>,
}

/// Finds what binds an answer.
#[must_use]
pub fn find(scenario: &Scenario, answer: &Answer) -> Binding {
    among(scenario, answer, &all(scenario, answer))
}

/// The same where every change has been asked already.
pub(super) fn among(scenario: &Scenario, answer: &Answer, changes: &[Change]) -> Binding {
    let speed = answer.bill.as_ref().and_then(|bill| speed(scenario, bill, changes));
    Binding { memory: memory(scenario, answer, changes), speed }
}

/// Tokens per second from disk of other forms of the model on the same machine, each with its name.
#[must_use]
pub fn from_disk(scenario: &Scenario, forms: &[Arc<Subject>]) -> Vec<(String, Option<f64>)> {
    let rate = |subject: &Arc<Subject>| {
        let asked = Scenario { subject: subject.clone(), ..scenario.clone() };
        (subject.quant.id.clone(), evaluate_here(&asked).bill.map(|bill| bill.rate.expected))
    };
    forms.iter().map(rate).collect()
}

/// The largest part of what it takes, before buffers unless those are it.
fn memory(scenario: &Scenario, answer: &Answer, changes: &[Change]) -> Bound {
    let plan = &answer.plan;
    let (weights, cache) = (plan.weights(), plan.kv());
    let buffers = plan.compute() + plan.state() + plan.overhead();
    let need = weights + cache;
    let part = |bytes: Bytes, of: Bytes| bytes.as_f64() / of.as_f64().max(1.0);
    let (limit, share) = if buffers > weights.max(cache) {
        (Limit::Buffers, part(buffers, plan.total()))
    } else if cache > weights {
        (Limit::Cache, part(cache, need))
    } else {
        (Limit::Weights, part(weights, need))
    };
    let machine = scenario.seen();
    let has: Bytes =
        machine.pools.iter().filter(|pool| pool.kind != PoolKind::Disk).map(|pool| pool.capacity.value).sum();
    let left = has.less(need);
    let parts = format!("weights {} + KV cache {}", scenario.unit.of(weights), scenario.unit.of(cache));
    let what = match limit {
        Limit::Weights => String::new(),
        Limit::Cache => format!(" The KV cache is {}, {:.0} % of it.", scenario.unit.of(cache), share * 100.0),
        _ => format!(" Buffers are {}, {:.0} % of all.", scenario.unit.of(buffers), share * 100.0),
    };
    let end = if left.fits() { "left" } else { "short" };
    let sentence = format!(
        "Needs {} ({parts}), has {}: {} {end}.{what}",
        scenario.unit.of(need),
        scenario.unit.of(has),
        scenario.unit.of(left.size())
    );
    Bound { limit, share, sentence, change: for_memory(limit, answer, changes).cloned() }
}

/// The change that helps memory most: settings before hardware. None where it runs in memory with room left, a tenth
/// of what may be used.
fn for_memory<'a>(limit: Limit, answer: &Answer, changes: &'a [Change]) -> Option<&'a Change> {
    if answer.verdict.level < Level::Tight {
        return None;
    }
    let of = |plan: &crate::placement::Plan| match limit {
        Limit::Cache => plan.kv(),
        Limit::Buffers => plan.compute() + plan.state() + plan.overhead(),
        _ => plan.weights(),
    };
    let before = of(&answer.plan);
    let saved: Vec<(&Change, i64)> =
        changes.iter().map(|change| (change, before.less(of(&plan(&change.scenario))).get())).collect();
    let fits = |change: &Change| change.level <= Level::Tight;
    let in_memory = answer.verdict.level <= Level::Tight;
    let helps = |(change, saved): &&(&Change, i64)| *saved > 0 || (!in_memory && fits(change));
    let order = |(change, saved): &&(&'a Change, i64)| {
        // A setting that makes it better by bringing down what binds; then whatever gets it into memory, giving up
        // the least; then what saves most.
        let better = change.level < answer.verdict.level;
        let rescues = !in_memory && fits(change);
        (better && change.settings && *saved > 0, rescues, *saved > 0, if rescues { -*saved } else { *saved })
    };
    saved.iter().filter(helps).max_by_key(order).map(|(change, _)| *change)
}

fn speed(scenario: &Scenario, bill: &Bill, changes: &[Change]) -> Option<Bound> {
    let machine = scenario.seen();
    let line = bill.bottleneck()?;
    let kind = machine.pools.get(line.pool).map(|pool| pool.kind);
    let share = line.time.get() / bill.total.get().max(f64::MIN_POSITIVE);
    let limit = limit(line, kind, &machine);
    let sentence = format!(
        "{}: {}, {:.0} % of a token's time.",
        first_upper(limit.name()),
        first_lower(&line.label(&machine)),
        share * 100.0
    );
    let faster = changes.iter().filter(|change| change.rate.is_some_and(|rate| rate >= bill.rate.expected * FASTER));
    let change = faster.max_by(|a, b| a.rate.unwrap_or(0.0).total_cmp(&b.rate.unwrap_or(0.0))).cloned();
    Some(Bound { limit, share, sentence, change })
}

/// The kind of link that joins each GPU of the first machine to the next; none where they differ or it is not said.
fn link_kind(machine: &Machine) -> Option<LinkKind> {
    let near: Vec<&Pool> = machine.gpus().filter(|pool| pool.node.is_none()).collect();
    let mut kinds = near.windows(2).map(|pair| match machine.way(pair[0], pair[1]) {
        Way::Fabric(link) => Some(link.kind),
        Way::Buses(Some(one), Some(other)) | Way::Network(Some(one), Some(other)) => {
            (one.kind == other.kind).then_some(one.kind)
        }
        Way::Buses(..) | Way::Network(..) => None,
    });
    let first = kinds.next()??;
    kinds.all(|kind| kind == Some(first)).then_some(first)
}

fn limit(line: &BillLine, kind: Option<PoolKind>, machine: &Machine) -> Limit {
    match (line.item, kind) {
        (Item::FromDisk, _) | (Item::Weights | Item::Experts | Item::Cache, Some(PoolKind::Disk)) => Limit::Disk,
        (Item::Arithmetic, _) => Limit::Arithmetic,
        (Item::Layers, _) => Limit::Launching,
        (Item::HandOver, _) => Limit::Link(link_kind(machine)),
        (Item::Network, _) => Limit::Network,
        (Item::Weights | Item::Experts | Item::Cache, Some(PoolKind::Vram)) => Limit::Vram,
        (Item::Weights | Item::Experts | Item::Cache, Some(PoolKind::Unified)) => Limit::Unified,
        (Item::Weights | Item::Experts | Item::Cache, Some(PoolKind::Ram) | None) => Limit::Ram,
    }
}

impl Binding {
    /// Both, and what helps, in a few lines.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        std::iter::once(&self.memory).chain(&self.speed).map(Bound::line).collect()
    }
}

pub(crate) fn first_lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

pub(crate) fn first_upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::{Figure, Link};

    fn joined(kinds: &[LinkKind]) -> Machine {
        let mut machine = Machine::new("m", "m");
        for (place, kind) in kinds.iter().enumerate() {
            let mut pool = Pool::new(&format!("gpu{place}"), PoolKind::Vram, Figure::typed(Bytes::gib(24)));
            pool.link = Some(format!("link{place}"));
            machine.pools.push(pool);
            machine.links.push(Link {
                id: format!("link{place}"),
                kind: *kind,
                generation: None,
                lanes: None,
                joins: Vec::new(),
                bandwidth: None,
                latency: None,
            });
        }
        machine
    }

    #[test]
    fn a_link_is_named_by_its_kind_where_all_are_of_one() {
        let name = |machine: &Machine| Limit::Link(link_kind(machine)).name();
        let mut two = joined(&[LinkKind::Pcie, LinkKind::Pcie]);
        assert_eq!(name(&two), "PCIe");
        two.links[0].kind = LinkKind::Nvlink;
        assert_eq!(name(&two), "passing between GPUs", "two kinds of bus");
        two.links[0].joins = vec!["gpu0".to_owned(), "gpu1".to_owned()];
        assert_eq!(name(&two), "NVLink");
        two.pools.push(Pool::new("gpu2", PoolKind::Vram, Figure::typed(Bytes::gib(24))));
        assert_eq!(name(&two), "passing between GPUs", "a third of which nothing is said");
        assert_eq!(name(&joined(&[LinkKind::Pcie])), "passing between GPUs");
    }
}
