//! Classes of tensors and where they lie: what each costs of a token at the whole bandwidth.
//!
//! A ceiling, not an estimate: bytes over bandwidth, one pool after the other, nothing lost. For a placement that an
//! engine can be told it is what [`evaluate`](crate::scenario::evaluate) gives with the ideal engine; here a table may also
//! say what no engine can be told, or what no memory holds.

use crate::memory::Cache;
use crate::model::FeedForward;
use crate::placement::{CpuExperts, GpuLayers, Policy};
use crate::scenario::Scenario;
use crate::units::{Bytes, BytesPerSecond, Seconds, Tokens};

/// What is placed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The input embedding: one row is read for a token, which is not counted.
    Embedding,
    /// Attention with its norms.
    Attention,
    /// Feed-forward of layers without experts.
    Dense,
    /// Shared experts and routers.
    Shared,
    /// Routed experts: those used are read.
    Routed,
    /// The head.
    Head,
    /// Keys, values and recurrent state.
    Cache,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 7] =
        [Self::Embedding, Self::Attention, Self::Dense, Self::Shared, Self::Routed, Self::Head, Self::Cache];

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embedding => "Input embedding",
            Self::Attention => "Attention",
            Self::Dense => "Dense feed-forward",
            Self::Shared => "Shared experts, router",
            Self::Routed => "Routed experts",
            Self::Head => "Head",
            Self::Cache => "KV cache",
        }
    }

    /// Whether each layer has its own.
    #[must_use]
    pub const fn is_layered(self) -> bool {
        !matches!(self, Self::Embedding | Self::Head)
    }
}

/// Where a class lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Home {
    /// On the GPU.
    Gpu,
    /// In RAM.
    Ram,
    /// On the GPU for the first so many layers.
    First(u32),
    /// On the GPU for the last so many layers.
    Last(u32),
}

/// Where every class lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Homes([Home; 7]);

impl Homes {
    /// All of it in one place.
    #[must_use]
    pub const fn all(home: Home) -> Self {
        Self([home; 7])
    }

    /// Where a class lies.
    #[must_use]
    pub fn of(&self, class: Class) -> Home {
        self.0[class as usize]
    }

    /// The same with a class somewhere else.
    #[must_use]
    pub fn with(mut self, class: Class, home: Home) -> Self {
        self.0[class as usize] = home;
        self
    }
}

/// A placement people name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Preset {
    /// `-ngl 99`: all that is computed on the GPU.
    Gpu,
    /// `-ngl N`: the last N slots, the head the very last.
    GpuLayers(u32),
    /// `--cpu-moe`: routed experts in RAM.
    CpuExperts,
    /// `--n-cpu-moe N`: those of the first N layers.
    CpuExpertsOfFirst(u32),
    /// `-ngl 0`.
    Ram,
    /// A course's policy: embedding, head and the first layers with their experts on the GPU, as many as it has room
    /// for; the last ones under pressure in RAM.
    Course,
}

impl Preset {
    /// As it is told to llama.cpp, where it can be.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Gpu => "-ngl all".to_owned(),
            Self::GpuLayers(count) => format!("-ngl {count}"),
            Self::CpuExperts => "--cpu-moe".to_owned(),
            Self::CpuExpertsOfFirst(count) => format!("--n-cpu-moe {count}"),
            Self::Ram => "-ngl 0".to_owned(),
            Self::Course => "first layers on GPU".to_owned(),
        }
    }

    /// Where it puts every class of a model whose GPU has so much room.
    ///
    /// llama.cpp keeps the input embedding in RAM and takes layers from the end (`llama_model::load_tensors`).
    #[must_use]
    pub fn homes(self, parts: &Parts, room: Bytes) -> Homes {
        let gpu = Homes::all(Home::Gpu).with(Class::Embedding, Home::Ram);
        let count = parts.layers.len();
        let layers = u32::try_from(count).unwrap_or(u32::MAX);
        match self {
            Self::Gpu => gpu,
            Self::Ram | Self::GpuLayers(0) => Homes::all(Home::Ram),
            Self::CpuExperts => gpu.with(Class::Routed, Home::Ram),
            Self::CpuExpertsOfFirst(first) => gpu.with(Class::Routed, Home::Last(layers.saturating_sub(first))),
            Self::GpuLayers(slots) => {
                let last = Homes::all(Home::Last((slots - 1).min(layers)));
                last.with(Class::Embedding, Home::Ram).with(Class::Head, Home::Gpu)
            }
            Self::Course => {
                let of = |first: u32| {
                    let homes = Homes::all(Home::First(first));
                    homes.with(Class::Embedding, Home::Gpu).with(Class::Head, Home::Gpu)
                };
                let most = (0..=layers).rev().find(|first| parts.lay(&of(*first)).on_gpu() <= room);
                of(most.unwrap_or(0))
            }
        }
    }

    /// The same as an engine is told it; none where it cannot be.
    #[must_use]
    pub fn policy(self) -> Option<Policy> {
        let (gpu_layers, cpu_experts) = match self {
            Self::Gpu => (GpuLayers::Count(u32::MAX), CpuExperts::First(0)),
            Self::GpuLayers(count) => (GpuLayers::Count(count), CpuExperts::First(0)),
            Self::CpuExperts => (GpuLayers::Count(u32::MAX), CpuExperts::All),
            Self::CpuExpertsOfFirst(count) => (GpuLayers::Count(u32::MAX), CpuExperts::First(count)),
            Self::Ram => (GpuLayers::Count(0), CpuExperts::Auto),
            Self::Course => return None,
        };
        Some(Policy { gpu_layers, cpu_experts, ..Policy::default() })
    }
}

/// Bytes kept, and bytes read for a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// Kept.
    pub held: Bytes,
    /// Read.
    pub read: Bytes,
}

impl Piece {
    fn add(&mut self, other: Self) {
        self.held += other.held;
        self.read += other.read;
    }
}

/// A model as it is placed: every class layer by layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    embedding: Bytes,
    head: Bytes,
    /// Attention, dense, shared, routed and cache of each layer.
    layers: Vec<[Piece; 7]>,
}

/// A class as it was laid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The class.
    pub class: Class,
    /// What of it is on the GPU.
    pub gpu: Piece,
    /// What of it is in RAM.
    pub ram: Piece,
}

/// Every class as it was laid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laid {
    /// The classes, in their order.
    pub lines: Vec<Line>,
}

impl Parts {
    /// The parts of a question, its cache read at the depth asked.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let Scenario { subject, depth, .. } = scenario;
        let cache = scenario.cache();
        let weights = &subject.weights;
        let layers = subject.model.layers.iter().zip(&weights.layers).enumerate().map(|(at, (layer, own))| {
            let whole = |bytes: Bytes| Piece { held: bytes, read: bytes };
            let sparse = matches!(layer.ffn, FeedForward::Moe(_));
            let mut pieces = [Piece::default(); 7];
            pieces[Class::Attention as usize] = whole(own.attention);
            pieces[if sparse { Class::Shared } else { Class::Dense } as usize] = whole(own.ffn);
            pieces[Class::Routed as usize] = Piece { held: own.experts, read: own.experts_read() };
            pieces[Class::Cache as usize] = cached(&cache, at, *depth);
            pieces
        });
        Self { embedding: weights.embedding, head: weights.head_read(), layers: layers.collect() }
    }

    /// Layers.
    #[must_use]
    pub fn layers(&self) -> u32 {
        u32::try_from(self.layers.len()).unwrap_or(u32::MAX)
    }

    /// Whether it has routed experts.
    #[must_use]
    pub fn has_experts(&self) -> bool {
        self.layers.iter().any(|layer| layer[Class::Routed as usize].held > Bytes::ZERO)
    }

    /// Lays every class where it is told to.
    #[must_use]
    pub fn lay(&self, homes: &Homes) -> Laid {
        let layers = self.layers.len();
        let lines = Class::ALL.map(|class| {
            let home = homes.of(class);
            let mut line = Line { class, gpu: Piece::default(), ram: Piece::default() };
            let mut put = |piece: Piece, on_gpu: bool| if on_gpu { line.gpu.add(piece) } else { line.ram.add(piece) };
            match class {
                Class::Embedding => put(Piece { held: self.embedding, read: Bytes::ZERO }, home == Home::Gpu),
                Class::Head => put(Piece { held: self.head, read: self.head }, home == Home::Gpu),
                _ => {
                    for (at, layer) in self.layers.iter().enumerate() {
                        let on_gpu = match home {
                            Home::Gpu => true,
                            Home::Ram => false,
                            Home::First(count) => at < count as usize,
                            Home::Last(count) => at + count as usize >= layers,
                        };
                        put(layer[class as usize], on_gpu);
                    }
                }
            }
            line
        });
        Laid { lines: lines.to_vec() }
    }
}

fn cached(cache: &Cache, layer: usize, depth: Tokens) -> Piece {
    let own = cache.layers.get(layer).copied().unwrap_or_default();
    Piece { held: own.bytes + own.state, read: own.read_bytes_at(depth) + own.state }
}

impl Laid {
    /// Bytes on the GPU, the cache among them, buffers not.
    #[must_use]
    pub fn on_gpu(&self) -> Bytes {
        self.lines.iter().map(|line| line.gpu.held).sum()
    }

    /// Bytes in RAM.
    #[must_use]
    pub fn in_ram(&self) -> Bytes {
        self.lines.iter().map(|line| line.ram.held).sum()
    }

    /// The time of a token at the whole bandwidth of both; none where what is read has no bandwidth.
    #[must_use]
    pub fn time(&self, gpu: Option<BytesPerSecond>, ram: Option<BytesPerSecond>) -> Option<Seconds> {
        self.lines.iter().map(|line| line.time(gpu, ram)).sum()
    }
}

impl Line {
    /// The time of its reading.
    #[must_use]
    pub fn time(&self, gpu: Option<BytesPerSecond>, ram: Option<BytesPerSecond>) -> Option<Seconds> {
        let of = |read: Bytes, rate: Option<BytesPerSecond>| match read.get() {
            0 => Some(Seconds::ZERO),
            _ => rate?.time_for(read),
        };
        Some(of(self.gpu.read, gpu)? + of(self.ram.read, ram)?)
    }
}
