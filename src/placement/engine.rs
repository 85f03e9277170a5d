//! What an engine can do, as far as placement asks.

use std::borrow::Cow;

use crate::hardware::{Backend, Figure, Machine, NodePools, Pool, PoolKind, Source};
use crate::memory::{EightBit, KvLayout, Rules, RunOptions, Unsupported};
use crate::quant::Format;
use crate::units::Bytes;

use super::{Flag, Setting};

/// An inference engine as data from the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Engine {
    /// Its id, such as `llama.cpp`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Whether weights may stay on disk and be read when needed.
    pub disk: MapsFromDisk,
    /// Whether it is no engine but a ceiling: bytes over bandwidth, no efficiency, no overhead.
    pub ideal: bool,
    /// How it kept MLA caches, oldest era first.
    pub mla: Vec<KvEra>,
    /// How it sizes caches and working memory.
    pub rules: Rules,
    /// The formats its cache may have.
    pub kv_formats: Vec<Format>,
    /// What it can leave to the CPU beside a GPU.
    pub offload: Offload,
    /// When it gives each GPU a share of every layer.
    pub tensor_split: TensorSplit,
    /// The share of each GPU, above 0 and at most 1, it takes for itself whatever is needed, where it does so.
    pub takes: Option<f64>,
    /// How it takes in further nodes.
    pub network: OverNetwork,
    /// What it drives processors by, the best first.
    pub backends: Vec<Backend>,
    /// What is true of it elsewhere, said where it is refused; empty when nothing.
    pub elsewhere: String,
    /// What its process takes on a GPU beside the model: driver context and the like, by backend.
    pub overheads: Vec<Overhead>,
    /// The program whose command starts it.
    pub command: Launcher,
    /// What it can be told, each option with the document it was read in.
    pub flags: Vec<Flag>,
    /// Its own words for the forms weights may have, by id of the format; `GGUF` stands for those files.
    pub weight_forms: Vec<(String, String)>,
    /// What else to know of an answer for it; empty when nothing.
    pub note: String,
    /// What else to know where the weights are those of a GGUF file; empty when nothing.
    pub gguf_note: String,
    /// Where these facts were found.
    pub source: String,
}

/// Whether an engine can run a model that does not fit in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapsFromDisk {
    /// Pages of the file are read when a token needs them.
    Yes,
    /// Everything has to be loaded.
    Never,
}

/// What an engine can leave to the CPU beside a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offload {
    /// Whole layers, and routed experts by layers.
    Layers,
    /// Routed experts, and of itself it leaves them all.
    Experts,
    /// Nothing: a model lies on GPUs whole.
    Nothing,
}

/// How an engine runs over several machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverNetwork {
    /// Not at all: it sees the first machine.
    Alone,
    /// One process hands layers to servers on the other machines, their GPUs and their RAM, and fetches each result.
    Rpc,
    /// Each machine runs its own part and passes on to the next, GPUs alone.
    Peers,
}

impl OverNetwork {
    /// What of further nodes it uses; nothing where it runs alone.
    #[must_use]
    pub const fn takes(self) -> Option<NodePools> {
        match self {
            Self::Alone => None,
            Self::Rpc => Some(NodePools::All),
            Self::Peers => Some(NodePools::Gpus),
        }
    }
}

/// When an engine gives each GPU a share of every layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorSplit {
    /// Of itself: it is the usual way to use several GPUs.
    OfItself,
    /// When asked to, if it can: an experiment in llama.cpp, which its own fit leaves alone.
    WhenAsked,
}

/// What a process takes on a GPU beside the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Overhead {
    /// Driven by this.
    pub backend: Backend,
    /// So much.
    pub bytes: Figure<Bytes>,
}

/// The program whose command starts an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Launcher {
    /// `llama-server` of llama.cpp.
    LlamaServer,
    /// `llama-server` of `ik_llama.cpp`.
    IkLlamaServer,
    /// `ollama`.
    Ollama,
    /// `vllm serve`.
    Vllm,
    /// `mlx_lm`.
    Mlx,
    /// `SGLang` with `KTransformers`' kernels.
    KTransformers,
}

/// From a month on, how an engine keeps an MLA cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvEra {
    /// First month of the era, `YYYY-MM`; empty for the beginning.
    pub from: String,
    /// The layout.
    pub layout: KvLayout,
}

/// Why an engine cannot run on a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is so.
    pub what: String,
    /// What to do about it; empty when nothing.
    pub remedy: String,
}

impl Engine {
    /// The MLA layout at a date `YYYY` or `YYYY-MM`; none means the newest era.
    #[must_use]
    pub fn mla_layout(&self, date: Option<&str>) -> KvLayout {
        let era = match date {
            // A bare year means its end.
            Some(date) if date.len() == 4 => {
                let end = format!("{date}-12");
                self.mla.iter().rev().find(|era| era.from.as_str() <= end.as_str())
            }
            Some(date) => self.mla.iter().rev().find(|era| era.from.as_str() <= date),
            None => self.mla.last(),
        };
        era.or(self.mla.first()).map_or(KvLayout::Latent, |era| era.layout)
    }

    /// How the engine drives the GPU of a pool: as chosen, else the device's own way, else the best it
    /// has; none when it cannot. A GPU whose vendor is not known is given the benefit of the doubt.
    #[must_use]
    pub fn backend_on(&self, pool: &Pool, chosen: Option<Backend>) -> Option<Backend> {
        if pool.kind == PoolKind::Ram {
            return Some(Backend::Cpu).filter(|cpu| self.backends.contains(cpu));
        }
        let vendor = pool.device.as_ref().map_or("", |device| device.vendor.as_str());
        let drives = |backend: &Backend| *backend != Backend::Cpu && backend.drives(vendor);
        // On the CPU alone a GPU is not driven; where it is all the same, it is driven its own way.
        if let Some(chosen) = chosen.filter(|chosen| *chosen != Backend::Cpu) {
            return Some(chosen).filter(|chosen| self.backends.contains(chosen)).filter(drives);
        }
        let own = pool.device.as_ref().map_or(Backend::Vulkan, crate::hardware::Accelerator::backend);
        if self.backends.contains(&own) {
            return Some(own);
        }
        self.backends.iter().copied().find(drives)
    }

    /// Why the engine cannot run on this machine, driven like this; none when it can.
    #[must_use]
    pub fn refusal(&self, machine: &Machine, chosen: Option<Backend>) -> Option<Refusal> {
        let refusal = |what: String, remedy: &str| Some(Refusal { what, remedy: remedy.to_owned() });
        let name = &self.name;
        if let Some(backend) = chosen
            && !self.backends.contains(&backend)
        {
            return refusal(format!("{name} has no {} backend", backend.title()), "Leave the backend to the engine.");
        }
        let on_cpu = self.backends.contains(&Backend::Cpu);
        if chosen == Some(Backend::Cpu) || machine.gpus().any(|pool| self.backend_on(pool, chosen).is_some()) {
            return None;
        }
        let gpu = machine.gpus().next().map(|pool| {
            let vendor = pool.device.as_ref().map_or("this", |device| device.vendor.as_str());
            format!("{vendor} GPUs")
        });
        match (gpu, chosen) {
            (Some(gpu), Some(backend)) => refusal(
                format!("{} does not drive {gpu}", backend.title()),
                "Leave the backend to the engine, or name another.",
            ),
            (None, Some(backend)) => {
                refusal(format!("{} needs a GPU, and this machine has none", backend.title()), "Leave out the backend.")
            }
            (_, None) if on_cpu => None,
            (Some(gpu), None) => refusal(format!("{name} does not drive {gpu}"), &self.elsewhere),
            (None, None) => refusal(format!("{name} needs a GPU, and this machine has none"), &self.elsewhere),
        }
    }

    /// The machine as this engine may use it: with the nodes it reaches; an engine that takes a share of each GPU ends
    /// at that share, unless a reserve was typed.
    #[must_use]
    pub fn sees<'m>(&self, machine: &'m Machine) -> Cow<'m, Machine> {
        let whole = match self.network.takes().filter(|_| !machine.nodes.is_empty()) {
            Some(pools) => Cow::Owned(machine.joined(pools)),
            None => Cow::Borrowed(machine),
        };
        let Some(share) = self.takes else { return whole };
        let mut own = whole.into_owned();
        for pool in own.pools.iter_mut().filter(|pool| matches!(pool.kind, PoolKind::Vram | PoolKind::Unified)) {
            if pool.reserve.is_none() {
                let capacity = pool.capacity.value;
                let usable = Bytes::saturating((capacity.as_f64() * share).floor());
                pool.reserve = Some(Figure::new(capacity - usable, Source::Assumed, "the engine's own share"));
            }
        }
        Cow::Owned(own)
    }

    /// How it is told something, where it can be.
    #[must_use]
    pub fn flag(&self, sets: Setting) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.sets == sets)
    }

    /// What its process takes on a GPU beside the model.
    #[must_use]
    pub fn overhead_on(&self, backend: Backend) -> Option<&Overhead> {
        self.overheads.iter().find(|row| row.backend == backend)
    }

    /// Whether it can keep the cache of layers on GPUs in RAM.
    #[must_use]
    pub fn keeps_cache_in_ram(&self) -> bool {
        self.flag(Setting::KvOnHost).is_some()
    }

    /// Whether the engine has the cache formats of these options.
    ///
    /// # Errors
    /// The first that it has not.
    pub fn takes_formats(&self, options: &RunOptions) -> Result<(), Unsupported> {
        let missing = [options.kv_k, options.kv_v].into_iter().find(|format| !self.kv_formats.contains(format));
        missing.map_or(Ok(()), |format| Err(Unsupported::NotOfTheEngine(format)))
    }

    /// What the engine calls a cache format.
    #[must_use]
    pub fn kv_word(&self, format: Format) -> String {
        match (self.rules.cache.eight_bit, format) {
            (EightBit::Fp8, Format::Q8_0) => "fp8".to_owned(),
            _ => format.name().to_ascii_lowercase(),
        }
    }

    /// The cache format of this name, where the engine has it.
    #[must_use]
    pub fn kv_format(&self, word: &str) -> Option<Format> {
        self.kv_formats.iter().copied().find(|format| self.kv_word(*format).eq_ignore_ascii_case(word))
    }
}
