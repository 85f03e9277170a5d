//! The bill of one token, line by line.

use crate::hardware::{Machine, PoolKind};
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
    /// Passing from one device to the next.
    HandOver,
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

/// The bill of one token.
#[derive(Clone, Debug, PartialEq)]
pub struct Bill {
    /// Lines, in the order a token pays them.
    pub lines: Vec<BillLine>,
    /// Their sum.
    pub total: Seconds,
    /// Tokens per second with their band.
    pub rate: Range,
}

impl Bill {
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
            PoolKind::Ram => "RAM".to_owned(),
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
            Item::HandOver => "Passing between GPUs".to_owned(),
        }
    }
}

/// Joins lines of one kind over several GPUs: a reader wants to know what costs, not where eight times over.
pub(super) fn merge(lines: &mut Vec<BillLine>, machine: &Machine) {
    let gpu = |line: &BillLine| machine.pools[line.pool].kind == PoolKind::Vram;
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
        twin.pools += 1;
        twin.reached = BytesPerSecond::saturating(twin.bytes.as_f64() / twin.time.get().max(f64::MIN_POSITIVE));
    }
    *lines = merged;
}
