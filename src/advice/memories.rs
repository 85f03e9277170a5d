//! Kinds of memory beside one another: what a model reaches on each at most, what it is expected to, and whether it fits.
//!
//! Each is asked as a machine of that one memory. A speed of something that does not fit is told, to be struck out.

use std::sync::Arc;

use crate::hardware::{Figure, Machine, Pool, PoolKind, Source};
use crate::placement::Engine;
use crate::scenario::{Scenario, evaluate_here};
use crate::speed::Range;
use crate::units::{Bytes, BytesPerSecond, TokensPerSecond};

use super::kits::{self, Fit};

/// More than anything takes: speed is asked apart from room.
const ROOM: Bytes = Bytes::new(1 << 50);

/// A kind of memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// What it is: `8 channels of DDR5-4800`.
    pub name: String,
    /// What it reads.
    pub bandwidth: Figure<BytesPerSecond>,
    /// The most there is of it in one machine, where that is known.
    pub most: Option<Bytes>,
    /// Cores and instructions of the processor it usually stands beside.
    pub cpu: Option<(u32, String)>,
    /// Sockets its channels hang on.
    pub sockets: u32,
    /// What somebody expected or measured of one model under one quant.
    pub cited: Option<Cited>,
}

/// Tokens per second somebody gave for a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Cited {
    /// The model, by id.
    pub model: String,
    /// Its quant.
    pub quant: String,
    /// From here.
    pub low: f64,
    /// To here; the same where only a least was given.
    pub high: f64,
    /// Who.
    pub source: String,
}

/// A kind of memory with what a model does on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// The memory.
    pub memory: &'a Memory,
    /// Tokens per second at most, for what a token reads.
    pub ceiling: Option<TokensPerSecond>,
    /// The same if every token read the whole file, as of a dense model.
    pub dense: Option<TokensPerSecond>,
    /// What the engine asked about is expected to reach.
    pub expected: Option<Range>,
    /// Weights and cache.
    pub need: Bytes,
    /// Whether they fit, where it is known how much there is.
    pub fit: Option<Fit>,
    /// What somebody gave for this very model and quant, with its share of the ceiling.
    pub cited: Option<(&'a Cited, f64, f64)>,
}

/// Each memory with what the scenario's model does on it.
#[must_use]
pub fn rows<'a>(scenario: &Scenario, ceiling: &Arc<Engine>, memories: &'a [Memory]) -> Vec<Row<'a>> {
    let weights = scenario.subject.weights.loaded();
    let need = weights + scenario.cache().kv();
    let row = |memory: &'a Memory| {
        let own = alone(scenario, memory);
        let rate = |engine: &Arc<Engine>| {
            let asked = Scenario { engine: engine.clone(), ..own.clone() };
            evaluate_here(&asked).bill.map(|bill| bill.rate)
        };
        let most = rate(ceiling).map(|rate| TokensPerSecond::saturating(rate.expected));
        let all = scenario.subject.weights.file;
        let cited = memory.cited.as_ref().filter(|cited| {
            let quant = scenario.subject.quant.id.eq_ignore_ascii_case(&cited.quant);
            quant && scenario.subject.model.id == cited.model
        });
        Row {
            memory,
            ceiling: most,
            dense: memory.bandwidth.value.time_for(all).and_then(crate::units::Seconds::rate),
            expected: rate(&scenario.engine),
            need,
            fit: memory.most.map(|most| Fit::of(need, most, kits::RESERVE)),
            cited: cited.zip(most).map(|(cited, most)| (cited, cited.low / most.get(), cited.high / most.get())),
        }
    };
    memories.iter().map(row).collect()
}

/// The memories of a machine, as kinds: measured where they were.
#[must_use]
pub fn of_machine(machine: &Machine) -> Vec<Memory> {
    let memory = |pool: &Pool| {
        let bandwidth = pool.read_measured.as_ref().or(pool.read.as_ref())?.clone();
        let name = if pool.name.is_empty() { pool.id.clone() } else { pool.name.clone() };
        Some(Memory {
            name,
            bandwidth,
            most: Some(pool.capacity.value),
            cpu: None,
            sockets: machine.cpu.sockets,
            cited: None,
        })
    };
    machine.pools.iter().filter(|pool| pool.kind != PoolKind::Disk).filter_map(memory).collect()
}

/// The question on a machine of that memory alone, as large as it takes.
fn alone(scenario: &Scenario, memory: &Memory) -> Scenario {
    let mut machine = Machine::new("memory", &memory.name);
    machine.cpu = scenario.machine.cpu.clone();
    if let Some((cores, simd)) = &memory.cpu {
        machine.cpu.cores = *cores;
        machine.cpu.simd.clone_from(simd);
        machine.cpu.flops = None;
    }
    machine.cpu.sockets = memory.sockets;
    let mut pool = Pool::new("ram", PoolKind::Ram, Figure::new(ROOM, Source::Assumed, "large enough"));
    match memory.bandwidth.source {
        Source::Measured => pool.read_measured = Some(memory.bandwidth.clone()),
        _ => pool.read = Some(memory.bandwidth.clone()),
    }
    machine.pools.push(pool);
    let policy = crate::placement::Policy::default();
    Scenario { machine: Arc::new(machine), policy, backend: None, ..scenario.clone() }
}
