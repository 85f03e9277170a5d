//! What limits a step: what a processor could do at most for each byte it reads, and what a step asks of it.
//!
//! Operations over bytes are the intensity of a step. Below the ridge of a processor reading binds it, above it arithmetic
//! (Williams, Waterman, Patterson, "Roofline", CACM 52 (4), 2009). Nothing is estimated here: bytes and times are those of
//! the bill, operations those its lines are made of.

use crate::hardware::{Basis, Machine, Pool, PoolKind, Source};
use crate::placement::{Load, Plan, Split};
use crate::units::{BytesPerSecond, FlopsPerSecond, Tokens};

use super::decode::read_where;
use super::prefill::{batch_work, cpu_flops};
use super::reads::Reads;
use super::{Bill, Parameters};

/// Who computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Site {
    /// GPUs, each on its memory.
    Gpu,
    /// The CPU on RAM, and what it reads again from the disk.
    Cpu,
}

impl Site {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Gpu, Self::Cpu];
}

/// The most a processor can do.
#[derive(Clone, Debug, PartialEq)]
pub struct Roof {
    /// Who.
    pub site: Site,
    /// The pools it reads, by their places.
    pub pools: Vec<usize>,
    /// What it reads in a second.
    pub bandwidth: BytesPerSecond,
    /// Where that figure comes from.
    pub basis: Basis,
    /// What it computes in a second, where that is known.
    pub flops: Option<FlopsPerSecond>,
    /// Where that comes from.
    pub flops_source: Source,
}

impl Roof {
    /// Operations per second that can be reached at so many operations for each byte.
    #[must_use]
    pub fn attainable(&self, intensity: f64) -> f64 {
        let reading = self.bandwidth.get() * intensity;
        self.flops.map_or(reading, |flops| reading.min(flops.get()))
    }

    /// Where reading stops binding: operations for each byte.
    #[must_use]
    pub fn ridge(&self) -> Option<f64> {
        self.flops.filter(|_| self.bandwidth.get() > 0.0).map(|flops| flops.get() / self.bandwidth.get())
    }
}

/// What a step computes and reads on one site, and how long that takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worked {
    /// Who.
    pub site: Site,
    /// Operations; a multiply-add is two.
    pub operations: f64,
    /// Bytes read.
    pub bytes: f64,
    /// Seconds.
    pub seconds: f64,
}

impl Worked {
    /// Operations for each byte.
    #[must_use]
    pub fn intensity(&self) -> f64 {
        self.operations / self.bytes
    }

    /// Operations per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.operations / self.seconds
    }

    fn is_something(&self) -> bool {
        [self.operations, self.bytes, self.seconds].into_iter().all(|part| part > 0.0)
    }
}

/// Who computes on a pool under a plan. Memory that CPU and GPU share is the GPU's.
fn site(machine: &Machine, pool: usize) -> Site {
    match machine.pools.get(pool).map(|pool| pool.kind) {
        Some(PoolKind::Vram | PoolKind::Unified) => Site::Gpu,
        _ => Site::Cpu,
    }
}

/// What one step of decoding asks of each site that takes part; its bill says what that takes.
#[must_use]
pub fn step(
    load: &Load<'_>,
    plan: &Plan,
    machine: &Machine,
    parameters: &Parameters,
    depth: Tokens,
    bill: &Bill,
) -> Vec<Worked> {
    let (reads, on_cpu) = read_where(load, plan, machine, &machine.gpu_places(), parameters, depth);
    let sequences = load.options.sequences() as f64;
    let operations = |read: &Reads| {
        2.0 * ((read.dense_count + read.experts_multiplied) * sequences + read.attention + read.mla_attention)
    };
    let host = machine.host().and_then(|host| machine.pools.iter().position(|pool| pool.id == host.id));
    let on_host = host.map_or(Site::Cpu, |host| site(machine, host));
    let of = |wanted: Site| {
        let pools = reads.iter().enumerate().filter(|(pool, _)| site(machine, *pool) == wanted);
        let own: f64 = pools.map(|(_, read)| operations(read)).sum();
        let beside = if on_host == wanted { operations(&on_cpu) } else { 0.0 };
        let lines = || bill.lines.iter().filter(move |line| site(machine, line.pool) == wanted);
        Worked {
            site: wanted,
            operations: own + beside,
            bytes: lines().map(|line| line.bytes.as_f64()).sum(),
            seconds: lines().map(|line| line.time.get()).sum(),
        }
    };
    Site::ALL.map(of).into_iter().filter(Worked::is_something).collect()
}

/// What a batch of a prompt asks, at a rate of so many prompt tokens per second, behind so many tokens: all of it together, put down to the GPUs
/// where any takes part.
#[must_use]
pub fn batch(
    load: &Load<'_>,
    plan: &Plan,
    machine: &Machine,
    parameters: &Parameters,
    [depth, prompt]: [Tokens; 2],
    rate: f64,
) -> Option<Worked> {
    let (operations, bytes, tokens) = batch_work(load, plan, machine, parameters, depth, prompt);
    let site = if plan.layers.iter().any(|home| home.gpu.is_some()) { Site::Gpu } else { Site::Cpu };
    let worked = Worked { site, operations, bytes, seconds: tokens / rate };
    (rate > 0.0 && worked.is_something()).then_some(worked)
}

/// The most a site can do under a plan: of GPUs that take turns, one; of GPUs that share every layer, all.
#[must_use]
pub fn roof(plan: &Plan, machine: &Machine, parameters: &Parameters, of: Site) -> Option<Roof> {
    let pools: Vec<usize> = match of {
        Site::Gpu => machine.gpu_places().into_iter().filter(|pool| site(machine, *pool) == Site::Gpu).collect(),
        Site::Cpu => {
            let host = machine.pools.iter().position(|pool| pool.kind == PoolKind::Ram && pool.node.is_none());
            host.into_iter().collect()
        }
    };
    let first = machine.pools.get(*pools.first()?)?;
    let abreast = if plan.split == Split::Tensor { pools.len() as f64 } else { 1.0 };
    let (bandwidth, basis) = first.bandwidth()?;
    let (flops, flops_source) = match of {
        Site::Gpu => machine.gpu_flops(first).map_or((0.0, Source::DataSheet), |(rate, source)| (rate.get(), source)),
        Site::Cpu => (cpu_flops(machine, parameters), cpu_source(machine)),
    };
    let flops = (flops > 0.0).then(|| FlopsPerSecond::saturating(flops * abreast));
    Some(Roof { site: of, bandwidth: bandwidth * abreast, basis, flops, flops_source, pools })
}

fn cpu_source(machine: &Machine) -> Source {
    machine.cpu.flops.as_ref().map_or(Source::Assumed, |flops| flops.source)
}

impl Roof {
    /// The pool whose name it carries.
    #[must_use]
    pub fn pool<'m>(&self, machine: &'m Machine) -> Option<&'m Pool> {
        machine.pools.get(*self.pools.first()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roof_is_slanted_to_its_ridge_and_level_behind_it() {
        let roof = Roof {
            site: Site::Gpu,
            pools: vec![0],
            bandwidth: BytesPerSecond::saturating(1e12),
            basis: Basis::DataSheet,
            flops: FlopsPerSecond::new(1e14),
            flops_source: Source::DataSheet,
        };
        assert_eq!(roof.ridge(), Some(100.0));
        for (at, expected) in [(1.0, 1e12), (50.0, 5e13), (100.0, 1e14), (1000.0, 1e14)] {
            assert!((roof.attainable(at) / expected - 1.0).abs() < 1e-12, "{at}");
        }
        let unknown = Roof { flops: None, ..roof };
        assert_eq!((unknown.ridge(), unknown.attainable(1000.0)), (None, 1e15));
    }
}
