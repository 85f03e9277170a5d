//! A machine as pools and links.

use crate::units::{Bytes, BytesPerSecond, FlopsPerSecond};

use super::{Accelerator, Basis, BenchRun, Figure, Form, Link, Measurement, Node, Source};

/// A whole machine, or several joined by a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// File name and handle, such as `8x-h100-80gb`; `this` for the machine at hand.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What it is built as, where it says so.
    pub form: Option<Form>,
    /// The processor that drives the RAM.
    pub cpu: Cpu,
    /// Memory pools: RAM or one unified pool, the VRAM of each GPU, a disk.
    pub pools: Vec<Pool>,
    /// Links between pools.
    pub links: Vec<Link>,
    /// Further machines reached over a network.
    pub nodes: Vec<Node>,
    /// What was measured, newest last.
    pub measurements: Vec<Measurement>,
    /// Speeds of engines measured on it, oldest first.
    pub runs: Vec<BenchRun>,
}

/// A processor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cpu {
    /// Its name as the vendor writes it; empty when unknown.
    pub name: String,
    /// Sockets; at least 1.
    pub sockets: u32,
    /// Physical cores over all sockets; at least 1.
    pub cores: u32,
    /// Widest SIMD: `avx512`, `avx2`, `neon`; empty when unknown.
    pub simd: String,
    /// Arithmetic rate, when known.
    pub flops: Option<Figure<FlopsPerSecond>>,
}

/// What a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PoolKind {
    /// System memory, computed on by the CPU.
    Ram,
    /// The memory of one discrete GPU.
    Vram,
    /// One memory for CPU and GPU.
    Unified,
    /// A disk that weights can be mapped from.
    Disk,
}

impl PoolKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Ram, Self::Vram, Self::Unified, Self::Disk];

    /// The word in a profile.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ram => "ram",
            Self::Vram => "vram",
            Self::Unified => "unified",
            Self::Disk => "disk",
        }
    }

    /// By its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }
}

/// A memory pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// `ram`, `gpu0`, `unified`, `disk`; unique in the machine.
    pub id: String,
    /// What it is.
    pub kind: PoolKind,
    /// The accelerator that computes on it, when it is known to the catalogue.
    pub device: Option<Accelerator>,
    /// Its name for people, such as the adapter's name; empty for RAM and disk.
    pub name: String,
    /// How much there is; never zero.
    pub capacity: Figure<Bytes>,
    /// How much is free at this moment, where the system says so.
    pub free_now: Option<Figure<Bytes>>,
    /// The user's own reserve, in place of the rule's.
    pub reserve: Option<Figure<Bytes>>,
    /// On unified memory, the share the GPU may use.
    pub gpu_limit: Option<Figure<Bytes>>,
    /// Sequential read bandwidth by data sheet, assumption or hand.
    pub read: Option<Figure<BytesPerSecond>>,
    /// Sequential read bandwidth measured on the machine, ordinary pages.
    pub read_measured: Option<Figure<BytesPerSecond>>,
    /// Memory modules, when known.
    pub dimms: Option<Dimms>,
    /// NUMA nodes; 1 when unknown.
    pub numa_nodes: u32,
    /// The link it hangs on, by id.
    pub link: Option<String>,
    /// Where its card is plugged in on this machine; never written down.
    pub slot: Option<Slot>,
    /// The node it belongs to, by its place among the machine's; none is the first machine itself.
    pub node: Option<usize>,
}

/// Where a card is plugged in: its PCI address as a number. Only good for telling cards of one machine apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot(u64);

impl Slot {
    /// From an address as systems write it, `0000:01:00.0`.
    #[must_use]
    pub fn parse(address: &str) -> Option<Self> {
        let mut number = 0_u64;
        for part in address.split([':', '.']) {
            number = (number << 16) | u64::from(u16::from_str_radix(part, 16).ok()?);
        }
        (address.split([':', '.']).count() == 4).then_some(Self(number))
    }
}

/// What a disk of which no size is known is taken for: large enough for any file.
pub const ENDLESS_DISK: Bytes = Bytes::new(1 << 50);
/// What the engine keeps clear in a discrete GPU, as llama.cpp's fit does.
const VRAM_RESERVE: Bytes = Bytes::gib(1);
/// The share of a unified pool a GPU may use where the system does not say: observed defaults
/// are 107.52 of 128 GiB and 11.84 of 16 GiB.
const UNIFIED_SHARE: (f64, f64) = (0.74, 0.84);

impl Pool {
    /// A pool of this size of which nothing else is known.
    #[must_use]
    pub fn new(id: &str, kind: PoolKind, capacity: Figure<Bytes>) -> Self {
        Self {
            id: id.to_owned(),
            kind,
            device: None,
            name: String::new(),
            capacity,
            free_now: None,
            reserve: None,
            gpu_limit: None,
            read: None,
            read_measured: None,
            dimms: None,
            numa_nodes: 1,
            link: None,
            slot: None,
            node: None,
        }
    }

    /// What a model may use: capacity less a reserve. RAM keeps 8 %, at least 1 and at most 4 GiB;
    /// a discrete GPU 1 GiB; unified memory ends at the GPU's working-set limit; a disk at what is free.
    #[must_use]
    pub fn usable(&self) -> Bytes {
        let capacity = self.capacity.value;
        if let Some(reserve) = &self.reserve {
            return capacity - reserve.value;
        }
        match self.kind {
            PoolKind::Ram => self.host_usable(),
            PoolKind::Vram => capacity - VRAM_RESERVE,
            PoolKind::Unified => self.gpu_limit.as_ref().map_or_else(
                || {
                    let share = if capacity < Bytes::gib(64) { UNIFIED_SHARE.0 } else { UNIFIED_SHARE.1 };
                    Bytes::from_f64(capacity.as_f64() * share).unwrap_or(capacity)
                },
                |limit| limit.value.min(capacity),
            ),
            PoolKind::Disk => self.free_now.as_ref().map_or(capacity, |free| free.value.min(capacity)),
        }
    }

    /// What may be used of memory the CPU computes on, its own or unified: the GPU's working-set limit
    /// does not bind it. RAM keeps 8 %, at least 1 and at most 4 GiB.
    #[must_use]
    pub fn host_usable(&self) -> Bytes {
        let capacity = self.capacity.value;
        match (&self.reserve, self.kind) {
            (None, PoolKind::Ram | PoolKind::Unified) => {
                let share = Bytes::new(capacity.get() / 100 * 8);
                // A limit raised by hand leaves the system less than the rule would.
                let limit = if self.kind == PoolKind::Unified { self.usable() } else { Bytes::ZERO };
                (capacity - share.clamp(Bytes::gib(1), Bytes::gib(4))).max(limit)
            }
            _ => self.usable(),
        }
    }

    /// Whether its size is known or at least a guess at what is there, and not only [taken as large
    /// enough](ENDLESS_DISK).
    #[must_use]
    pub fn size_is_known(&self) -> bool {
        let endless = self.kind == PoolKind::Disk && self.capacity.value >= ENDLESS_DISK;
        !(endless && self.capacity.source == Source::Assumed)
    }

    /// The bandwidth to predict with and the basis it stands on: a measurement replaces a data sheet.
    #[must_use]
    pub fn bandwidth(&self) -> Option<(BytesPerSecond, Basis)> {
        match (&self.read_measured, &self.read) {
            (Some(measured), _) => Some((measured.value, Basis::Measured)),
            (None, Some(read)) => Some((read.value, Basis::DataSheet)),
            (None, None) => None,
        }
    }
}

/// Memory modules as far as known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dimms {
    /// Modules present.
    pub populated: Option<u32>,
    /// Channels of 64 bit.
    pub channels: Option<f64>,
    /// Configured speed in MT/s.
    pub mega_transfers: Option<u32>,
    /// `DDR5`, `LPDDR5X`; empty when unknown.
    pub kind: String,
}

/// Something worth saying about a machine or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// What is so.
    pub what: String,
    /// What to do about it; empty when nothing.
    pub remedy: String,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Changes the answer.
    Warning,
}

impl Level {
    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }
}

impl Finding {
    /// Worth knowing.
    pub fn note(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Note, what: what.into(), remedy: remedy.into() }
    }

    /// Changes the answer.
    pub fn warning(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { level: Level::Warning, what: what.into(), remedy: remedy.into() }
    }

    /// As it should be.
    pub fn good(what: impl Into<String>) -> Self {
        Self { level: Level::Good, what: what.into(), remedy: String::new() }
    }
}

impl Machine {
    /// Whether it is the one this runs on, and not a description of another.
    #[must_use]
    pub fn is_this(&self) -> bool {
        self.id == "this"
    }

    /// A machine with nothing in it yet.
    #[must_use]
    pub fn new(id: &str, name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            form: None,
            cpu: Cpu { sockets: 1, cores: 1, ..Cpu::default() },
            pools: Vec::new(),
            links: Vec::new(),
            nodes: Vec::new(),
            measurements: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// This machine without what other programs leave of its memories: that changes by the minute, the machine does not.
    #[must_use]
    pub fn without_free_memory(&self) -> Self {
        let mut machine = self.clone();
        for pool in machine.pools.iter_mut().filter(|pool| pool.kind != PoolKind::Disk) {
            pool.free_now = None;
        }
        machine
    }

    /// The pool of this id.
    #[must_use]
    pub fn pool(&self, id: &str) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.id == id)
    }

    /// The pool the CPU of the first machine computes on: RAM, else unified memory.
    #[must_use]
    pub fn host(&self) -> Option<&Pool> {
        let here = |kind: PoolKind| self.pools.iter().find(move |pool| pool.kind == kind && pool.node.is_none());
        here(PoolKind::Ram).or_else(|| here(PoolKind::Unified))
    }

    /// The pools layers can be given to beside the host, in [the order](Self::gpu_places) engines list them.
    pub fn gpus(&self) -> impl Iterator<Item = &Pool> {
        self.gpu_places().into_iter().map(|place| &self.pools[place])
    }

    /// The places of those pools among all: GPUs, and the RAM of further nodes. Those of further nodes come first, as
    /// llama.cpp lists them (`llama_prepare_model_devices`), so that the head lies near at hand.
    #[must_use]
    pub fn gpu_places(&self) -> Vec<usize> {
        let takes = |pool: &Pool| match pool.kind {
            PoolKind::Vram | PoolKind::Unified => true,
            PoolKind::Ram => pool.node.is_some(),
            PoolKind::Disk => false,
        };
        let of = |far: bool| {
            let pools = self.pools.iter().enumerate();
            pools.filter(move |(_, pool)| pool.node.is_some() == far && takes(pool)).map(|(place, _)| place)
        };
        of(true).chain(of(false)).collect()
    }

    /// The disk, if there is one.
    #[must_use]
    pub fn disk(&self) -> Option<&Pool> {
        self.pools.iter().find(|pool| pool.kind == PoolKind::Disk)
    }

    /// The link a pool hangs on.
    #[must_use]
    pub fn link_of(&self, pool: &Pool) -> Option<&Link> {
        self.link(pool.link.as_deref()?)
    }

    /// The link of this id.
    #[must_use]
    pub fn link(&self, id: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(kind: PoolKind, gib: u64) -> Pool {
        Pool::new("p", kind, Figure::typed(Bytes::gib(gib)))
    }

    #[test]
    fn a_reserve_is_kept_by_the_rule_of_the_pool() {
        assert_eq!(pool(PoolKind::Ram, 8).usable(), Bytes::gib(7));
        assert_eq!(pool(PoolKind::Ram, 384).usable(), Bytes::gib(380));
        assert_eq!(pool(PoolKind::Vram, 24).usable(), Bytes::gib(23));
        let mut mac = pool(PoolKind::Unified, 128);
        assert!(mac.usable() < Bytes::gib(108));
        mac.gpu_limit = Some(Figure::typed(Bytes::gib(120)));
        assert_eq!(mac.usable(), Bytes::gib(120));
        assert_eq!(mac.host_usable(), Bytes::gib(124));
        let mut ram = pool(PoolKind::Ram, 64);
        ram.reserve = Some(Figure::typed(Bytes::gib(10)));
        assert_eq!(ram.usable(), Bytes::gib(54));
    }

    #[test]
    fn a_pool_smaller_than_its_reserve_has_nothing_usable() {
        assert_eq!(Pool::new("p", PoolKind::Ram, Figure::typed(Bytes::new(1))).usable(), Bytes::ZERO);
    }

    #[test]
    fn a_measurement_replaces_the_data_sheet_on_its_own_basis() {
        let mut ram = pool(PoolKind::Ram, 64);
        assert_eq!(ram.bandwidth(), None);
        ram.read = Some(Figure::new(BytesPerSecond::saturating(89.6e9), Source::DataSheet, ""));
        assert_eq!(ram.bandwidth().map(|(_, basis)| basis), Some(Basis::DataSheet));
        ram.read_measured = Some(Figure::new(BytesPerSecond::saturating(70e9), Source::Measured, ""));
        assert_eq!(ram.bandwidth(), Some((BytesPerSecond::saturating(70e9), Basis::Measured)));
    }
}
