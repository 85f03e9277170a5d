//! Sentences: word, number, reason.

use crate::hardware::{Machine, Pool, PoolKind};
use crate::placement::{Mode, Obstacle, Plan, PoolUse, Refusal};
use crate::speed::{Bill, Item};
use crate::units::{Bytes, MemoryUnit, Seconds, Tokens, TokensPerSecond};

use super::Level;
use super::level::{judge, last_pool};

/// The rate below which a sentence speaks of minutes instead of tokens per second.
const MINUTES_BELOW: f64 = 2.0;

/// The answer in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// How well it runs.
    pub level: Level,
    /// What follows the level's words in the sentence: `about 13 tokens/s, 14.6 GiB of RAM left`.
    pub rest: String,
    /// Why, in one sentence.
    pub reason: String,
    /// What is free at this moment and what would have to be closed; empty when it does not matter.
    pub now: String,
}

impl Verdict {
    /// The whole sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("{}: {}", self.level.words(), self.rest)
    }
}

/// Judges a plan and says so. `answer` is the length the sentence speaks of when a model is slow, `unit` what sizes of
/// memory are written in.
#[must_use]
pub fn phrase(
    plan: &Plan,
    machine: &Machine,
    bill: Option<&Bill>,
    answer: Tokens,
    answer_time: Option<Seconds>,
    unit: MemoryUnit,
) -> Verdict {
    let level = judge(plan, machine, bill);
    let rest = match level {
        Level::No => cannot(plan, machine, unit),
        Level::Disk => format!("{}, {}", pace(bill, answer, answer_time), from_disk(plan)),
        _ => {
            let room = room_left(plan, machine, unit);
            let pace = pace(bill, answer, answer_time);
            if room.is_empty() { pace } else { format!("{pace}, {room}") }
        }
    };
    Verdict { level, rest, reason: reason(plan, machine, bill, unit), now: now(plan, machine, unit) }
}

impl Verdict {
    /// What an engine that does not run here comes to.
    #[must_use]
    pub fn refused(why: &Refusal) -> Self {
        Self { level: Level::No, rest: why.what.clone(), reason: why.remedy.clone(), now: String::new() }
    }
}

fn pace(bill: Option<&Bill>, answer: Tokens, answer_time: Option<Seconds>) -> String {
    match (bill, answer_time) {
        (Some(bill), Some(time)) if bill.rate.expected < MINUTES_BELOW => {
            let word = if bill.rate.is_exact() { "at least" } else { "about" };
            format!("{word} {time} for a {answer}-token answer{}", each(bill))
        }
        // What has no band is a ceiling.
        (Some(bill), _) if bill.rate.is_exact() => {
            format!("at most {} tokens/s{}", TokensPerSecond::saturating(bill.rate.expected), each(bill))
        }
        // Rounding must not lift a rate over the line between slowly and well.
        (Some(bill), _) if (9.9..10.0).contains(&bill.rate.expected) => format!("about 9.9 tokens/s{}", each(bill)),
        (Some(bill), _) => {
            format!("about {} tokens/s{}", TokensPerSecond::saturating(bill.rate.expected), each(bill))
        }
        (None, _) => "speed unknown until a bandwidth is measured or typed".to_owned(),
    }
}

/// Whose rate it is, where several are served at once.
const fn each(bill: &Bill) -> &'static str {
    if bill.sequences > 1 { " each" } else { "" }
}

/// What people call a pool in a sentence.
pub(crate) fn pool_name(machine: &Machine, pool: usize) -> String {
    let Some(pool) = machine.pools.get(pool) else { return String::new() };
    match pool.kind {
        PoolKind::Ram if pool.node.is_some() => format!("RAM of {}", pool.id),
        PoolKind::Ram => "RAM".to_owned(),
        PoolKind::Unified if pool.node.is_some() => format!("memory of {}", pool.id),
        PoolKind::Unified => "memory".to_owned(),
        PoolKind::Disk => "disk".to_owned(),
        PoolKind::Vram if machine.gpus().count() > 1 => format!("VRAM of {}", pool.id),
        PoolKind::Vram => "VRAM".to_owned(),
    }
}

/// Capacity less weights less KV, of the pool that fills last.
fn room_left(plan: &Plan, machine: &Machine, unit: MemoryUnit) -> String {
    let Some(last) = last_pool(plan, machine) else { return String::new() };
    let nodes = plan.nodes(machine);
    let takes_part = |pool: &Pool| pool.node.is_none_or(|node| nodes.contains(&node));
    let places: Vec<usize> =
        machine.gpu_places().into_iter().filter(|&place| takes_part(&machine.pools[place])).collect();
    let gpus = places.len();
    let together = plan.mode == Mode::Gpu && gpus > 1;
    let counted = |pool: usize| if together { places.contains(&pool) } else { pool == last };
    let (mut capacity, mut taken) = (Bytes::ZERO, Bytes::ZERO);
    for used in plan.pools.iter().filter(|used| counted(used.pool)) {
        capacity += machine.pools[used.pool].capacity.value;
        taken += used.weights + used.kv;
    }
    let left = capacity.less(taken);
    let of = match machine.pools[last].kind {
        PoolKind::Unified => String::new(),
        _ if together => format!(" of {gpus} GPUs"),
        _ => format!(" of {}", pool_name(machine, last)),
    };
    let word = if left.fits() { "left" } else { "missing" };
    format!("{}{of} {word}", unit.of(left.size()))
}

fn from_disk(plan: &Plan) -> String {
    let weights = plan.weights().as_f64().max(1.0);
    format!("{:.0} % of the weights stay on disk", (plan.on_disk.as_f64() / weights * 100.0).max(1.0))
}

fn cannot(plan: &Plan, machine: &Machine, unit: MemoryUnit) -> String {
    if plan.obstacle == Some(Obstacle::NoMemory) {
        return "no memory is known for this machine".to_owned();
    }
    if plan.obstacle == Some(Obstacle::GpusTooSmall) {
        return crowded(plan, machine, unit);
    }
    let need = plan.weights() + plan.kv();
    let has: Bytes =
        machine.pools.iter().filter(|pool| pool.kind != PoolKind::Disk).map(|pool| pool.capacity.value).sum();
    let short = has.less(need);
    if !short.fits() {
        return format!("{} short", unit.of(short.size()));
    }
    if plan.mode == Mode::None {
        return "what must stay free leaves too little".to_owned();
    }
    // Enough in sum, but one pool of a forced placement is over.
    let worst = plan
        .pools
        .iter()
        .filter(|used| machine.pools[used.pool].kind != PoolKind::Disk)
        .min_by_key(|used| used.free(&machine.pools[used.pool]));
    worst.map_or_else(String::new, |used| {
        let short = used.free(&machine.pools[used.pool]).size();
        format!("{} is {} short", first_upper(&pool_name(machine, used.pool)), unit.of(short))
    })
}

/// How much the GPUs lack that have to hold everything.
fn crowded(plan: &Plan, machine: &Machine, unit: MemoryUnit) -> String {
    let over = |used: &&PoolUse| machine.pools[used.pool].usable().less(used.total());
    let gpus = machine.gpu_places();
    let worst = plan.pools.iter().filter(|used| gpus.contains(&used.pool)).min_by_key(over);
    worst.map_or_else(String::new, |used| {
        format!("{} is {} short", first_upper(&pool_name(machine, used.pool)), unit.of(over(&used).size()))
    })
}

/// Why it is as it is.
fn reason(plan: &Plan, machine: &Machine, bill: Option<&Bill>, unit: MemoryUnit) -> String {
    let buffers = plan.compute() + plan.state() + plan.overhead();
    let parts =
        format!("weights {}, KV cache {}, buffers {}", unit.of(plan.weights()), unit.of(plan.kv()), unit.of(buffers));
    let has: Bytes =
        machine.pools.iter().filter(|pool| pool.kind != PoolKind::Disk).map(|pool| pool.capacity.value).sum();
    let needs = format!("Needs {} ({parts}), this machine has {}", unit.of(plan.total()), unit.of(has));
    if plan.mode == Mode::None {
        match plan.obstacle {
            Some(Obstacle::NoRoomForCache) => {
                return format!("{needs}. KV cache and buffers alone are more than may be used.");
            }
            Some(Obstacle::NoRoomOnDisk) => {
                let free = machine.disk().map_or_else(String::new, |disk| disk.usable().in_gb());
                return format!("{needs}, and of the disk only {free} are free for the file.");
            }
            Some(Obstacle::NoDisk) => return format!("{needs}, and there is no disk to read from."),
            Some(Obstacle::EngineLoadsAll) => return format!("{needs}, and this engine has to load everything."),
            Some(Obstacle::GpusTooSmall) => return format!("{needs}. This engine keeps it all on GPUs."),
            Some(Obstacle::EngineCannot | Obstacle::NoMemory) | None => {}
        }
    }
    let Some(line) = bill.and_then(Bill::bottleneck) else {
        if !plan.within_capacity {
            return format!("{needs}, but not where this placement wants it.");
        }
        return format!("It takes {parts}.");
    };
    let several = |pool: &Pool| if pool.kind == PoolKind::Unified { "memory" } else { "VRAM" };
    let pool = match machine.pools.get(line.pool) {
        Some(pool) if line.pools > 1 => several(pool).to_owned(),
        _ => pool_name(machine, line.pool),
    };
    match line.item {
        Item::Weights => {
            format!("{} bandwidth sets the pace: {} are read for every token.", first_upper(&pool), line.bytes.in_gb())
        }
        Item::Experts => format!(
            "{} bandwidth sets the pace: {} of experts are read for every token.",
            first_upper(&pool),
            line.bytes.in_gb()
        ),
        Item::FromDisk => format!("The disk sets the pace: {} are read again for every token.", line.bytes.in_gb()),
        Item::Cache => format!("Attention sets the pace: {} of cache are read for every token.", line.bytes.in_gb()),
        Item::Arithmetic => "Unpacking the weights takes longer than reading them.".to_owned(),
        Item::Layers => format!("Launching {} layers takes longer than reading the weights.", line.times),
        Item::HandOver => "Passing from one GPU to the next takes longest.".to_owned(),
        Item::Network => "Passing from one machine to the next takes longest.".to_owned(),
    }
}

/// With a capital at the beginning of a sentence.
fn first_upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// For a machine that tells what is free at this moment: what has to be closed first.
fn now(plan: &Plan, machine: &Machine, unit: MemoryUnit) -> String {
    for used in &plan.pools {
        let pool = &machine.pools[used.pool];
        if pool.kind == PoolKind::Disk {
            continue;
        }
        if let Some(free) = &pool.free_now {
            let missing = free.value.less(used.total());
            if !missing.fits() && used.total() <= plan.usable(pool) {
                return format!(
                    "Right now {} of {} is free: close programs that hold {}.",
                    unit.of(free.value),
                    pool_name(machine, used.pool),
                    unit.of(missing.size())
                );
            }
        }
    }
    String::new()
}
