//! The bill of one token, line by line.

use crate::hardware::{LinkKind, Machine, PoolKind, Way};
use crate::units::{Bytes, BytesPerSecond, Seconds};

use super::Range;

/// What a line of the bill pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// Weights of attention, dense feed-forward and head.
    Weights,
    /// Routed experts.
    Experts,
    /// Weights that did not fit and are read again.
    FromDisk,
    /// Keys and values of the tokens before, and recurrent state.
    Cache,
    /// Unpacking and multiplying weights: arithmetic, not bytes.
    Arithmetic,
    /// Launching layers.
    Layers,
    /// Passing from one device to the next inside a machine.
    HandOver,
    /// Passing from one machine to the next.
    Network,
}

/// One line of the bill.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BillLine {
    /// What it pays for.
    pub item: Item,
    /// The pool it happens in, by its place in the machine.
    pub pool: usize,
    /// Bytes moved; zero for costs that move none.
    pub bytes: Bytes,
    /// How many pools of one kind are summed here.
    pub pools: u32,
    /// The bandwidth reached.
    pub reached: BytesPerSecond,
    /// How often it happens in a token: layers, hand-overs.
    pub times: u32,
    /// What it costs.
    pub time: Seconds,
}

/// The bill of one token; of one step, where several sequences get their next token together.
#[derive(Clone, Debug, PartialEq)]
pub struct Bill {
    /// Lines, in the order a token pays them.
    pub lines: Vec<BillLine>,
    /// Their sum.
    pub total: Seconds,
    /// Tokens per second that one sequence sees, with their band.
    pub rate: Range,
    /// Sequences in a step.
    pub sequences: u64,
}

impl Bill {
    /// Tokens per second of all sequences together.
    #[must_use]
    pub fn throughput(&self) -> Range {
        let all = |rate: f64| rate * self.sequences as f64;
        Range { low: all(self.rate.low), expected: all(self.rate.expected), high: all(self.rate.high) }
    }

    /// The largest line.
    #[must_use]
    pub fn bottleneck(&self) -> Option<&BillLine> {
        self.lines.iter().max_by(|a, b| a.time.get().total_cmp(&b.time.get()))
    }
}

impl BillLine {
    /// What it pays for, in words: `experts read from RAM`.
    #[must_use]
    pub fn label(&self, machine: &Machine) -> String {
        let place = machine.pools.get(self.pool).map_or_else(String::new, |pool| match pool.kind {
            PoolKind::Ram if pool.node.is_some() => format!("RAM, {}", pool.id),
            PoolKind::Ram => "RAM".to_owned(),
            PoolKind::Unified if self.pools > 1 => format!("memory of {} machines", self.pools),
            PoolKind::Unified if pool.node.is_some() => format!("memory, {}", pool.id),
            PoolKind::Unified => "unified memory".to_owned(),
            PoolKind::Disk => "disk".to_owned(),
            PoolKind::Vram if self.pools > 1 => format!("VRAM of {} GPUs", self.pools),
            PoolKind::Vram if machine.gpus().count() > 1 => format!("VRAM of {}", pool.id),
            PoolKind::Vram => "VRAM".to_owned(),
        });
        let layers = if self.times == 1 { "layer" } else { "layers" };
        match self.item {
            Item::Weights => format!("Weights read from {place}"),
            Item::Experts => format!("Experts read from {place}"),
            Item::FromDisk => "Weights read again from disk".to_owned(),
            Item::Cache => format!("Attention over the cache in {place}"),
            Item::Arithmetic => format!("Weights unpacked and multiplied, {place}"),
            Item::Layers => format!("{} {layers} started, {place}", self.times),
            Item::HandOver => format!("Passing between GPUs{}", over(machine)),
            Item::Network => "Passing over the network".to_owned(),
        }
    }
}

/// What GPUs of one machine pass on over, where it is a fabric of their own.
fn over(machine: &Machine) -> &'static str {
    let near: Vec<_> = machine.gpus().filter(|pool| pool.node.is_none()).take(2).collect();
    match near[..] {
        [one, other] => match machine.way(one, other) {
            Way::Fabric(link) if link.kind == LinkKind::Nvlink => " over NVLink",
            _ => "",
        },
        _ => "",
    }
}

/// Makes of devices that work on every layer at the same time one: the slowest sets the pace, and of each kind its line
/// stands for all, so that lines still sum to what a token takes.
pub(super) fn abreast(lines: &mut Vec<BillLine>, devices: &[usize]) {
    let on = |pool: usize| -> f64 { lines.iter().filter(|line| line.pool == pool).map(|line| line.time.get()).sum() };
    let Some(slowest) = devices.iter().copied().max_by(|a, b| on(*a).total_cmp(&on(*b))) else { return };
    let all = lines.clone();
    lines.retain(|line| line.pool == slowest || !devices.contains(&line.pool));
    for line in lines.iter_mut().filter(|line| line.pool == slowest) {
        let same = || all.iter().filter(|other| other.item == line.item && devices.contains(&other.pool));
        line.bytes = same().map(|other| other.bytes).sum();
        line.pools = same().count() as u32;
        line.reached = BytesPerSecond::saturating(line.bytes.as_f64() / line.time.get().max(f64::MIN_POSITIVE));
    }
}

/// Joins lines of one kind over several GPUs: a reader wants to know what costs, not where eight times over.
pub(super) fn merge(lines: &mut Vec<BillLine>, machine: &Machine) {
    let gpu = |line: &BillLine| {
        let pool = &machine.pools[line.pool];
        pool.kind == PoolKind::Vram || (pool.kind == PoolKind::Unified && machine.gpus().count() > 1)
    };
    let mut merged: Vec<BillLine> = Vec::with_capacity(lines.len());
    for line in lines.drain(..) {
        let twin = merged.iter_mut().find(|other| other.item == line.item && gpu(other) && gpu(&line));
        let Some(twin) = twin else {
            merged.push(line);
            continue;
        };
        twin.bytes += line.bytes;
        twin.time += line.time;
        twin.times += line.times;
        twin.pools += line.pools;
        twin.reached = BytesPerSecond::saturating(twin.bytes.as_f64() / twin.time.get().max(f64::MIN_POSITIVE));
    }
    *lines = merged;
}
