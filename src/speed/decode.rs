//! Seconds of one token.
//!
//! Form, for each pool: bytes / (bandwidth x share reached) + weights x operations / fp32 rate (on a CPU: weights /
//! what its cores unpack) + attention + layers and tensors x launch; then hand-overs, and what is read from disk.
//! Parameters: `assets/speed.ron`, fitted over published measurements by `tests/tools/fit`.

use crate::hardware::{Accelerator, Backend, Machine, PoolKind, Source};
use crate::memory::FlashAttention;
use crate::placement::{Load, Plan, Split};
use crate::units::{Bytes, BytesPerSecond, FlopsPerSecond, Seconds, Tokens};

use super::batch::{arithmetic, on_cpu as computing};
use super::bill::{Bill, BillLine, Item, abreast, merge};
use super::passing::{Passing, passings};
use super::prefill::cpu_flops;
use super::reads::{Reads, gather, spill};
use super::{BackendRates, Filled, Parameters, Range};

/// Bits per weight from which weights are not quantised.
const WIDE_BITS: f64 = 12.0;

/// When the engine was built; none is today.
pub type Built<'a> = Option<&'a str>;

/// The bill of a token with `depth` tokens behind it; none when a bandwidth is unknown or zero.
#[must_use]
pub fn decode(
    load: &Load<'_>,
    plan: &Plan,
    machine: &Machine,
    parameters: &Parameters,
    built: Built<'_>,
    depth: Tokens,
) -> Option<Bill> {
    let gpus = machine.gpu_places();
    let host =
        machine.pools.iter().position(|pool| Some(pool.id.as_str()) == machine.host().map(|host| host.id.as_str()));
    let host = host.or(gpus.first().copied())?;
    let (mut reads, mut on_cpu) = read_where(load, plan, machine, &gpus, parameters, depth);
    // Memory that CPU and GPU share spills as one.
    let shared = gpus.contains(&host) && on_cpu.layers == 0;
    let from_disk = spill(load, plan, if shared { &mut reads[host] } else { &mut on_cpu }, |home| {
        shared || home.gpu.is_none() || home.experts_in_ram
    });
    let asked = Asked { load, machine, parameters, built };

    let mut lines = Vec::new();
    let mut spread = 0.0_f64;
    let mut used = Vec::new();
    for &pool in &gpus {
        let read = &reads[pool];
        if read.layers > 0 || read.dense > Bytes::ZERO || read.experts > Bytes::ZERO {
            let rates =
                parameters.rates(&load.engine.id, load.engine.backend_on(&machine.pools[pool], load.backend)?)?;
            if machine.pools[pool].kind == PoolKind::Ram {
                spread = spread.max(asked.host(pool, read, false, &mut lines)?);
            } else {
                asked.gpu(pool, read, rates, &mut lines)?;
            }
            used.push((pool, rates));
        }
    }
    for &(pool, rates) in &used {
        let own = if used.len() > 1 { rates.spread_several } else { rates.spread };
        spread = spread.max(own + doubt(machine, pool, parameters));
    }
    let devices: Vec<usize> = used.iter().map(|(pool, _)| *pool).collect();
    if plan.split == Split::Tensor && devices.len() > 1 {
        abreast(&mut lines, &devices);
    }
    merge(&mut lines, machine);
    if on_cpu.layers > 0 || on_cpu.dense > Bytes::ZERO || on_cpu.experts > Bytes::ZERO {
        let own = asked.host(host, &on_cpu, !used.is_empty(), &mut lines)?;
        spread = if used.is_empty() { own } else { spread.max(own) } + doubt(machine, host, parameters);
    }
    if from_disk > Bytes::ZERO {
        let disk = machine.pools.iter().position(|pool| pool.kind == PoolKind::Disk)?;
        let (rate, _) = machine.pools[disk].bandwidth()?;
        push_read(&mut lines, Item::FromDisk, disk, from_disk, rate)?;
        spread = spread.max(doubt(machine, disk, parameters) + parameters.host.spread);
    }
    let sequences = load.options.sequences();
    let passed = passings(load, plan, machine, parameters, &devices, sequences);
    for (item, passing) in [(Item::HandOver, passed.near), (Item::Network, passed.far)] {
        if passing.times > 0 && passing.time > Seconds::ZERO {
            lines.push(passed_on(item, devices[0], passing));
        }
    }
    if passed.far.times > 0 {
        spread += parameters.serving.network_spread;
    }
    if sequences > 1 {
        spread += parameters.serving.batch_spread;
    }
    let total: Seconds = lines.iter().map(|line| line.time).sum();
    let expected = total.rate()?.get();
    let rate = if load.engine.ideal { Range::exact(expected) } else { Range::around(expected, spread) };
    Some(Bill { lines, total, rate, sequences })
}

/// What a step reads and computes in each pool by its GPU, and on the CPU.
pub(super) fn read_where(
    load: &Load<'_>,
    plan: &Plan,
    machine: &Machine,
    gpus: &[usize],
    parameters: &Parameters,
    depth: Tokens,
) -> (Vec<Reads>, Reads) {
    let mut reads = vec![Reads::default(); machine.pools.len()];
    let mut on_cpu = Reads::default();
    // A ceiling takes experts as picked at random.
    let apart = if load.engine.ideal { 1.0 } else { parameters.serving.routing };
    gather(load, plan, gpus, depth, apart, &mut reads, &mut on_cpu);
    (reads, on_cpu)
}

/// What a line of the bill is worked out from.
struct Asked<'a> {
    load: &'a Load<'a>,
    machine: &'a Machine,
    parameters: &'a Parameters,
    built: Built<'a>,
}

impl Asked<'_> {
    /// What one GPU costs.
    fn gpu(&self, pool: usize, read: &Reads, rates: &BackendRates, lines: &mut Vec<BillLine>) -> Option<()> {
        let found = self.machine.pools[pool].bandwidth()?;
        if self.load.engine.ideal {
            let bandwidth = found.0;
            push_read(lines, Item::Weights, pool, read.dense, bandwidth)?;
            push_read(lines, Item::Experts, pool, read.experts, bandwidth)?;
            return push_read(lines, Item::Cache, pool, read.cache + read.mla_cache, bandwidth);
        }
        let parameters = self.parameters;
        let (bandwidth, most) = parameters.of_sheet(found);
        let reached = |share: f64| {
            let reached = bandwidth * share;
            if reached.get() > most.get() { most } else { reached }
        };
        let device = self.machine.pools[pool].device.as_ref();
        let class = parameters.class(rates.backend, device);
        let share = rates.weights * class.weights;
        let wide = bits(read.experts, read.experts_count) >= WIDE_BITS;
        let experts = share * rates.experts * if wide { rates.wide_experts } else { 1.0 };
        push_read(lines, Item::Weights, pool, read.dense, reached(below_sheet(share)))?;
        push_read(lines, Item::Experts, pool, read.experts, reached(below_sheet(experts)))?;

        let era = parameters.era(self.built);
        // Where nothing says, what is usual beside its bandwidth.
        let fp32 = self.machine.gpu_fp32(&self.machine.pools[pool]);
        let fp32 = fp32.map_or(bandwidth.get() * parameters.flops_per_byte, FlopsPerSecond::get);
        // Builds of that time multiplied what is not quantised by other kernels.
        let old = if rates.backend == Backend::Cuda { era.wide } else { 1.0 };
        let each = |bytes: Bytes, count: f64| {
            let bits = bits(bytes, count);
            parameters.operations(bits) * if bits >= WIDE_BITS { old } else { 1.0 }
        };
        let dense = each(read.dense, read.dense_count) * read.dense_count;
        let expert = each(read.experts, read.experts_count);
        let time = |operations: f64| operations * rates.arithmetic * era.arithmetic / fp32;
        let one = time(dense + expert * read.experts_multiplied);
        let unpacking = time(dense + expert * read.experts_count);
        let sequences = self.load.options.sequences();
        let fastest = self.machine.gpu_flops(&self.machine.pools[pool]).map_or(0.0, |(rate, _)| rate.get());
        let time = arithmetic(read, rates, (device, fastest), parameters, (one, unpacking), sequences);
        lines.push(line(Item::Arithmetic, pool, 0, Seconds::saturating(time)));

        let cache = read.cache + read.mla_cache;
        if cache > Bytes::ZERO {
            let unfused = self.load.options.flash_attention == FlashAttention::Off || era.unfused;
            let matrix = if fastest > 0.0 { fastest } else { fp32 };
            let computing = (2.0 * read.attention / (fp32 * rates.attention)
                + 2.0 * read.mla_attention / (matrix * rates.mla_attention))
                * if unfused { parameters.unfused_attention } else { 1.0 };
            let reading =
                reached(rates.cache).time_for(read.cache)? + reached(rates.mla_cache).time_for(read.mla_cache)?;
            push_cache(lines, pool, cache, reading + Seconds::saturating(computing));
        }

        let count = |count: u32, each: Seconds| each * f64::from(count);
        let launch = count(read.layers, rates.layer)
            + count(read.tensors, rates.tensor)
            + count(read.moe_layers, rates.moe_layer)
                * if rates.backend == Backend::Cuda { era.moe_launch } else { 1.0 }
            + count(read.recurrent_layers, rates.recurrent_layer) * era.recurrent;
        let server = if device.is_some_and(Accelerator::is_for_servers) { era.server_launch } else { 1.0 };
        if read.layers > 0 {
            lines.push(line(Item::Layers, pool, read.layers, launch * (class.launch * era.launch * server)));
        }
        Some(())
    }

    /// What the CPU costs; returns how far off it may be.
    fn host(&self, host: usize, read: &Reads, beside_gpu: bool, lines: &mut Vec<BillLine>) -> Option<f64> {
        let pool = &self.machine.pools[host];
        let (bandwidth, basis) = pool.bandwidth()?;
        let bandwidth = bandwidth * Filled::of(pool).map_or(1.0, Filled::share);
        if self.load.engine.ideal {
            push_read(lines, Item::Weights, host, read.dense, bandwidth)?;
            push_read(lines, Item::Experts, host, read.experts, bandwidth)?;
            push_read(lines, Item::Cache, host, read.cache + read.mla_cache, bandwidth)?;
            return Some(0.0);
        }
        let (parameters, cpu, family) = (self.parameters, &self.machine.cpu, &self.load.engine.id);
        let rates = if beside_gpu { parameters.cpu_beside(basis) } else { parameters.cpu_alone(family, basis) };
        let share = rates.weights * parameters.over_sockets(family, cpu);
        let before = lines.len();
        push_read(lines, Item::Weights, host, read.dense, bandwidth * below_sheet(share))?;
        push_read(lines, Item::Experts, host, read.experts, bandwidth * below_sheet(share * rates.experts))?;
        let reading: f64 = lines[before..].iter().map(|line| line.time.get()).sum();
        // Weights are unpacked once for all sequences, and multiplied for each. Where rows were measured on these cores,
        // reading and unpacking together take at least as long.
        let rows = |bytes: Bytes, count: f64| {
            self.machine.weights_per_second(pool, bits(bytes, count)).map_or(0.0, |rate| count / rate)
        };
        let rows = rows(read.dense, read.dense_count) + rows(read.experts, read.experts_count);
        let unpacking = (read.dense_count + read.experts_count) / parameters.unpacks(cpu);
        let unpacking = unpacking.max(rows - reading);
        let multiplying = computing(read, cpu_flops(self.machine, parameters), self.load.options.sequences());
        let arithmetic = unpacking + (multiplying - reading - unpacking).max(0.0);
        lines.push(line(Item::Arithmetic, host, 0, Seconds::saturating(arithmetic)));
        // Attention on a CPU is bound by arithmetic more than by the bytes of its cache: it grows with the cores.
        let cache = read.cache + read.mla_cache;
        if cache > Bytes::ZERO {
            let attention = read.attention + read.mla_attention;
            let computing = attention / (f64::from(cpu.cores.max(1)) * rates.attention);
            let reading = (bandwidth * share).time_for(cache)?;
            push_cache(lines, host, cache, reading + Seconds::saturating(computing));
        }
        if read.layers > 0 {
            let launch = rates.layer * f64::from(read.layers) + rates.moe_layer * f64::from(read.moe_layers);
            lines.push(line(Item::Layers, host, read.layers, launch));
        }
        Some(rates.spread)
    }
}

/// A share of the data sheet's bandwidth that nears the whole of it and never passes: nothing reads faster. Up to
/// eight tenths it is hardly changed. The eighth power is a choice; the shares were fitted through it.
fn below_sheet(share: f64) -> f64 {
    share / (1.0 + share.powi(8)).powf(0.125)
}

/// Bits of one weight.
fn bits(bytes: Bytes, count: f64) -> f64 {
    if count > 0.0 { bytes.as_f64() * 8.0 / count } else { 0.0 }
}

fn push_read(lines: &mut Vec<BillLine>, item: Item, pool: usize, bytes: Bytes, reached: BytesPerSecond) -> Option<()> {
    if bytes > Bytes::ZERO {
        lines.push(BillLine { item, pool, pools: 1, bytes, reached, times: 0, time: reached.time_for(bytes)? });
    }
    Some(())
}

fn push_cache(lines: &mut Vec<BillLine>, pool: usize, bytes: Bytes, time: Seconds) {
    let reached = BytesPerSecond::saturating(bytes.as_f64() / time.get().max(f64::MIN_POSITIVE));
    lines.push(BillLine { item: Item::Cache, pool, pools: 1, bytes, reached, times: 0, time });
}

/// What passing on costs.
fn passed_on(item: Item, pool: usize, passing: Passing) -> BillLine {
    let reached = BytesPerSecond::saturating(passing.bytes.as_f64() / passing.time.get().max(f64::MIN_POSITIVE));
    BillLine { item, pool, pools: 1, bytes: passing.bytes, reached, times: passing.times, time: passing.time }
}

/// A line that moves no bytes.
fn line(item: Item, pool: usize, times: u32, time: Seconds) -> BillLine {
    BillLine { item, pool, pools: 1, bytes: Bytes::ZERO, reached: BytesPerSecond::ZERO, times, time }
}

/// How much wider the band is where the bandwidth of a pool, by its place, is only assumed.
#[must_use]
pub fn doubt(machine: &Machine, pool: usize, parameters: &Parameters) -> f64 {
    let pool = &machine.pools[pool];
    match (&pool.read_measured, &pool.read) {
        (None, Some(read)) if read.source == Source::Assumed => parameters.assumed_spread,
        _ => 0.0,
    }
}
