//! The bill of one token.
//!
//! Form: bytes per pool / (bandwidth x efficiency) + cost per layer + cache at depth + hand-overs.
//! Parameters: the few-parameter fit over published measurements (`assets/speed.ron`).

use crate::hardware::{Basis, Machine, PoolKind, Source};
use crate::memory::KvPlace;
use crate::model::{FeedForward, Mixer};
use crate::placement::{LayerHome, Load, Plan, Split};
use crate::units::{Bytes, BytesPerSecond, Seconds, Tokens};

use super::{HostRates, Parameters, Range};

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

/// Bytes read in one pool for one token.
#[derive(Clone, Copy, Debug, Default)]
struct Reads {
    dense: Bytes,
    experts: Bytes,
    cache: Bytes,
    mla_cache: Bytes,
    /// Multiply-adds of attention.
    attention: f64,
    layers: u32,
    moe_layers: u32,
}

/// The bill of a token with `depth` tokens behind it; none when a bandwidth is unknown or zero.
#[must_use]
pub fn decode(load: &Load<'_>, plan: &Plan, machine: &Machine, parameters: &Parameters, depth: Tokens) -> Option<Bill> {
    let gpus = machine.gpu_places();
    let host =
        machine.pools.iter().position(|pool| Some(pool.id.as_str()) == machine.host().map(|host| host.id.as_str()));
    let host = host.or(gpus.first().copied())?;
    let mut reads = vec![Reads::default(); machine.pools.len()];
    let mut on_cpu = Reads::default();
    gather(load, plan, &gpus, depth, &mut reads, &mut on_cpu);
    // Memory that CPU and GPU share spills as one.
    let shared = gpus.contains(&host) && on_cpu.layers == 0;
    let from_disk = spill(load, plan, if shared { &mut reads[host] } else { &mut on_cpu }, |home| {
        shared || home.gpu.is_none() || home.experts_in_ram
    });

    let mut spread = 0.0_f64;
    let mut lines = Vec::new();
    let mut used_gpus = 0_u32;
    for &pool in &gpus {
        let read = reads[pool];
        if read.layers == 0 && read.dense == Bytes::ZERO && read.experts == Bytes::ZERO {
            continue;
        }
        used_gpus += 1;
        let (bandwidth, _) = machine.pools[pool].bandwidth()?;
        let gpu_backend = load.engine.backend_on(&machine.pools[pool], load.backend)?;
        let rates = parameters.rates(&load.engine.id, gpu_backend)?;
        let ideal = load.engine.ideal;
        let share = |efficiency: f64| if ideal { 1.0 } else { efficiency };
        push_read(&mut lines, Item::Weights, pool, read.dense, bandwidth * share(rates.weights))?;
        push_read(
            &mut lines,
            Item::Experts,
            pool,
            read.experts,
            bandwidth * share((rates.weights * rates.experts).min(1.05)),
        )?;
        push_cache(&mut lines, pool, &read, bandwidth, share(rates.cache), share(rates.mla_cache))?;
        if !ideal {
            push_layers(
                &mut lines,
                pool,
                read.layers,
                rates.layer * f64::from(read.layers) + rates.moe_layer * f64::from(read.moe_layers),
            );
        }
        spread = spread.max(rates.spread + doubt(machine, pool, parameters));
    }
    if on_cpu.layers > 0 || on_cpu.dense > Bytes::ZERO || on_cpu.experts > Bytes::ZERO {
        let (bandwidth, basis) = machine.pools[host].bandwidth()?;
        let rates = host_rates(load, parameters, basis, used_gpus > 0);
        push_host(load, machine, host, &on_cpu, bandwidth, rates, parameters.core_attention, &mut lines)?;
        spread = spread.max(rates.spread + doubt(machine, host, parameters));
    }
    if from_disk > Bytes::ZERO {
        let disk = machine.pools.iter().position(|pool| pool.kind == PoolKind::Disk)?;
        let (rate, _) = machine.pools[disk].bandwidth()?;
        push_read(&mut lines, Item::FromDisk, disk, from_disk, rate)?;
        spread = spread.max(doubt(machine, disk, parameters) + parameters.host.spread);
    }
    if used_gpus > 1 && !load.engine.ideal {
        let times = used_gpus - 1;
        lines.push(BillLine {
            item: Item::HandOver,
            pool: gpus[0],
            pools: 1,
            bytes: Bytes::ZERO,
            reached: BytesPerSecond::ZERO,
            times,
            time: parameters.hand_over * f64::from(times),
        });
    }
    let total = if plan.split == Split::Tensor && used_gpus > 1 {
        parallel_time(&lines, &gpus)
    } else {
        lines.iter().map(|line| line.time).sum()
    };
    merge(&mut lines, machine);
    let expected = total.rate()?.get();
    let rate = if load.engine.ideal { Range::exact(expected) } else { Range::around(expected, spread) };
    Some(Bill { lines, total, rate })
}

/// Joins lines of one kind over several GPUs: a reader wants to know what costs, not where eight times over.
fn merge(lines: &mut Vec<BillLine>, machine: &Machine) {
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

/// Devices that share every layer work at the same time: the slowest sets the pace.
fn parallel_time(lines: &[BillLine], gpus: &[usize]) -> Seconds {
    let on = |pool: usize| -> f64 {
        lines.iter().filter(|line| line.pool == pool && line.item != Item::HandOver).map(|line| line.time.get()).sum()
    };
    let slowest = gpus.iter().map(|&pool| on(pool)).fold(0.0, f64::max);
    let rest: f64 = lines
        .iter()
        .filter(|line| !gpus.contains(&line.pool) || line.item == Item::HandOver)
        .map(|line| line.time.get())
        .sum();
    Seconds::saturating(slowest + rest)
}

fn host_rates(load: &Load<'_>, parameters: &Parameters, basis: Basis, beside_gpu: bool) -> HostRates {
    if load.engine.ideal {
        HostRates { weights: 1.0, experts: 1.0, layer: Seconds::ZERO, spread: 0.0 }
    } else if beside_gpu {
        parameters.cpu_beside(basis)
    } else {
        parameters.cpu_alone(&load.engine.id, basis)
    }
}

/// Sums what is read where.
fn gather(load: &Load<'_>, plan: &Plan, gpus: &[usize], depth: Tokens, reads: &mut [Reads], on_cpu: &mut Reads) {
    let tensor = plan.split == Split::Tensor && gpus.len() > 1;
    let shares: f64 = plan.tensor_split.iter().sum();
    let on_host = load.options.kv_place == KvPlace::Host;
    for (((home, layer), weights), cache) in
        plan.layers.iter().zip(&load.model.layers).zip(&load.weights.layers).zip(&load.cache.layers)
    {
        let cache_bytes = cache.read_bytes_at(depth) + cache.state * 2;
        let latent = matches!(layer.mixer, Mixer::Mla(_));
        let attention = multiply_adds(layer.mixer, depth.get().min(cache.cells));
        let moe = matches!(layer.ffn, FeedForward::Moe(_));
        let add = |read: &mut Reads, share: f64, experts: bool, cached: bool| {
            let part = |bytes: Bytes| Bytes::saturating(bytes.as_f64() * share);
            read.dense += part(weights.dense());
            if experts {
                read.experts += part(weights.experts_read());
            }
            if cached {
                if latent {
                    read.mla_cache += cache_bytes;
                } else {
                    read.cache += part(cache_bytes);
                }
                read.attention += attention * share;
            }
            read.layers += 1;
            read.moe_layers += u32::from(moe);
        };
        match home.gpu {
            None => add(on_cpu, 1.0, true, true),
            Some(_) if tensor => {
                for (place, &pool) in gpus.iter().enumerate() {
                    let share = if shares > 0.0 {
                        plan.tensor_split.get(place).copied().unwrap_or(0.0) / shares
                    } else {
                        1.0 / gpus.len() as f64
                    };
                    add(&mut reads[pool], share, !home.experts_in_ram, !on_host);
                }
            }
            Some(place) => {
                if let Some(&pool) = gpus.get(place) {
                    add(&mut reads[pool], 1.0, !home.experts_in_ram, !on_host);
                }
            }
        }
        if on_host && home.gpu.is_some() {
            // Attention follows its cache: the engine computes it where the cache lies.
            on_cpu.cache += cache_bytes;
            on_cpu.attention += attention;
            on_cpu.layers += u32::from(!home.experts_in_ram);
        }
        if home.experts_in_ram {
            on_cpu.experts += weights.experts_read();
            on_cpu.layers += 1;
        }
    }
    let head = load.weights.head_read();
    match plan.head.and_then(|place| gpus.get(place)) {
        Some(&pool) => reads[pool].dense += head,
        None => on_cpu.dense += head,
    }
}

/// Takes out of a pool's reads what lies on disk instead, and returns those bytes. Experts leave memory
/// first; which of them a token needs is taken as uniform, so the share missed is the share missing.
fn spill(load: &Load<'_>, plan: &Plan, read: &mut Reads, here: impl Fn(&LayerHome) -> bool) -> Bytes {
    if plan.on_disk == Bytes::ZERO {
        return Bytes::ZERO;
    }
    let experts: Bytes = plan
        .layers
        .iter()
        .zip(&load.weights.layers)
        .filter(|(home, _)| here(home))
        .map(|(_, weights)| weights.experts)
        .sum();
    let missing = plan.on_disk;
    let of_experts = missing.min(experts);
    let missed = if experts > Bytes::ZERO { of_experts.as_f64() / experts.as_f64() } else { 0.0 };
    let dense_missing = (missing - of_experts).min(read.dense);
    let experts_missing = Bytes::saturating(read.experts.as_f64() * missed);
    read.dense = read.dense - dense_missing;
    read.experts = read.experts - experts_missing;
    dense_missing + experts_missing
}

/// What the CPU reads and computes.
#[allow(clippy::too_many_arguments, reason = "one place, all of it needed")]
fn push_host(
    load: &Load<'_>,
    machine: &Machine,
    host: usize,
    read: &Reads,
    bandwidth: BytesPerSecond,
    rates: HostRates,
    core_attention: f64,
    lines: &mut Vec<BillLine>,
) -> Option<()> {
    push_read(lines, Item::Weights, host, read.dense, bandwidth * rates.weights)?;
    push_read(lines, Item::Experts, host, read.experts, bandwidth * (rates.weights * rates.experts).min(1.05))?;
    // Attention on a CPU is bound by arithmetic, not by the bytes of its cache.
    let cache = read.cache + read.mla_cache;
    if cache > Bytes::ZERO {
        let reading = (bandwidth * rates.weights).time_for(cache)?;
        let cores = f64::from(machine.cpu.cores.max(1));
        let computing =
            Seconds::saturating(if load.engine.ideal { 0.0 } else { read.attention / (cores * core_attention) });
        let time = if computing > reading { computing } else { reading };
        let reached = BytesPerSecond::saturating(cache.as_f64() / time.get().max(f64::MIN_POSITIVE));
        lines.push(BillLine { item: Item::Cache, pool: host, pools: 1, bytes: cache, reached, times: 0, time });
    }
    push_layers(lines, host, read.layers, rates.layer * f64::from(read.layers));
    Some(())
}

/// Multiply-adds of attention over so many tokens.
fn multiply_adds(mixer: Mixer, seen: u64) -> f64 {
    let per_token = match mixer {
        Mixer::Attention(a) => a.heads * (a.key + a.value),
        Mixer::Mla(m) => m.heads * (2 * m.kv_rank + m.rope),
        Mixer::Compressed(c) => 2 * c.heads * c.width / c.ratio.max(1),
        Mixer::Recurrent(_) | Mixer::None => 0,
    };
    per_token as f64 * seen as f64
}

fn push_read(lines: &mut Vec<BillLine>, item: Item, pool: usize, bytes: Bytes, reached: BytesPerSecond) -> Option<()> {
    if bytes > Bytes::ZERO {
        lines.push(BillLine { item, pool, pools: 1, bytes, reached, times: 0, time: reached.time_for(bytes)? });
    }
    Some(())
}

fn push_cache(
    lines: &mut Vec<BillLine>,
    pool: usize,
    read: &Reads,
    bandwidth: BytesPerSecond,
    plain: f64,
    latent: f64,
) -> Option<()> {
    let bytes = read.cache + read.mla_cache;
    if bytes > Bytes::ZERO {
        let time = (bandwidth * plain).time_for(read.cache)? + (bandwidth * latent).time_for(read.mla_cache)?;
        let reached = BytesPerSecond::saturating(bytes.as_f64() / time.get().max(f64::MIN_POSITIVE));
        lines.push(BillLine { item: Item::Cache, pool, pools: 1, bytes, reached, times: 0, time });
    }
    Some(())
}

fn push_layers(lines: &mut Vec<BillLine>, pool: usize, times: u32, time: Seconds) {
    if time > Seconds::ZERO {
        lines.push(BillLine {
            item: Item::Layers,
            pool,
            pools: 1,
            bytes: Bytes::ZERO,
            reached: BytesPerSecond::ZERO,
            times,
            time,
        });
    }
}

/// How much wider the band is where the bandwidth is only assumed.
fn doubt(machine: &Machine, pool: usize, parameters: &Parameters) -> f64 {
    let pool = &machine.pools[pool];
    match (&pool.read_measured, &pool.read) {
        (None, Some(read)) if read.source == Source::Assumed => parameters.assumed_spread,
        _ => 0.0,
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
            Item::Layers => format!("{} {layers} started, {place}", self.times),
            Item::HandOver => "Passing between GPUs".to_owned(),
        }
    }
}
