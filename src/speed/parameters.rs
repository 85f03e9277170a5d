//! What published measurements say about backends: data, read from `assets/speed.ron`.

use crate::hardware::{Accelerator, Backend};
use crate::units::Seconds;

use super::host::{CopyRule, CoreRates, HostRates, OnMeasured, Sockets};
use super::left_out::LeftOut;
use super::serving::Serving;

/// All fitted parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// One row for each engine family and backend.
    pub backends: Vec<BackendRates>,
    /// Generations of devices, and kinds of memory, that differ from the rest of their backend.
    pub classes: Vec<DeviceClass>,
    /// fp32 operations for one weight read: (bits below which the row holds, operations), rising.
    pub operations: Vec<(f64, f64)>,
    /// fp32 operations a GPU does for each byte it can read, where its rate is unknown.
    pub flops_per_byte: f64,
    /// How much slower attention computes where it is not fused.
    pub unfused_attention: f64,
    /// The same in a prompt.
    pub unfused_attention_prompt: f64,
    /// Builds before a date, oldest first.
    pub eras: Vec<Era>,
    /// A CPU that computes the routed experts or the first layers while a GPU does the rest.
    pub host: HostRates,
    /// What CPUs reach of a bandwidth that was measured.
    pub measured: OnMeasured,
    /// What cores do, by SIMD; the last row is for any other.
    pub cores: Vec<CoreRates>,
    /// What two sockets reach.
    pub sockets: Sockets,
    /// Passing from one GPU to the next.
    pub hand_over: Seconds,
    /// Joining the parts of one tensor-parallel product.
    pub all_reduce: Seconds,
    /// How the prompt of a sparse model slows down: (512 over the tokens that reach each expert)^-this.
    pub prefill_sparsity: f64,
    /// How much of what pipelining over GPUs could gain they gain: its logarithm times this.
    pub prefill_pipeline: f64,
    /// How attention of a prompt gains from heads that share keys and values: (heads for each)^this.
    pub prefill_grouping: f64,
    /// Operations for each value of a recurrent state and token of a prompt.
    pub prefill_recurrent: f64,
    /// What reading weights adds to a batch, as a share of reading them at full bandwidth.
    pub prefill_reading: f64,
    /// fp16 operations for one weight in a prompt, against the data sheet: (bits below, factor), rising.
    pub prefill_formats: Vec<(f64, f64)>,
    /// When weights in RAM are copied to a GPU for a prompt.
    pub copying: Vec<CopyRule>,
    /// Engines that attend over a prompt in the latent space too; others expand keys and values per head.
    pub latent_prompts: Vec<String>,
    /// Share of a link's bandwidth such copies reach.
    pub copy_share: f64,
    /// Standard deviation of log(predicted / measured) of prompts where the CPU takes part beside a GPU.
    pub prefill_host_spread: f64,
    /// Extra spread (log) where a bandwidth is only assumed.
    pub assumed_spread: f64,
    /// How far off predictions are of measurements left out of the fit.
    pub left_out: Vec<LeftOut>,
    /// Links between memories, and steps for several users.
    pub serving: Serving,
    /// Where the parameters come from.
    pub source: String,
}

/// One backend of one engine family, fitted on data-sheet bandwidth.
#[derive(Clone, Debug, PartialEq)]
pub struct BackendRates {
    /// Engine family: `llama.cpp` or `ik_llama.cpp`.
    pub family: String,
    /// The backend.
    pub backend: Backend,
    /// Share of the bandwidth reached on dense weights.
    pub weights: f64,
    /// The same on routed experts, as a factor on `weights`.
    pub experts: f64,
    /// A further factor for routed experts that are not quantised.
    pub wide_experts: f64,
    /// Share reached on the KV cache.
    pub cache: f64,
    /// Share reached on an MLA cache.
    pub mla_cache: f64,
    /// Attention as a share of the fp32 rate; on a CPU multiply-adds each core does in a second.
    pub attention: f64,
    /// MLA attention as a share of the fp16 rate: its heads share one key, so matrix units do it.
    pub mla_attention: f64,
    /// Factor on the operations for one weight.
    pub arithmetic: f64,
    /// Cost of launching one layer.
    pub layer: Seconds,
    /// Cost of each tensor outside the routed experts.
    pub tensor: Seconds,
    /// What a layer with routed experts costs on top.
    pub moe_layer: Seconds,
    /// What a recurrent layer costs on top.
    pub recurrent_layer: Seconds,
    /// Standard deviation of log(predicted / measured) on one device.
    pub spread: f64,
    /// The same on several.
    pub spread_several: f64,
    /// Prompt processing.
    pub prefill: Option<PrefillRates>,
}

/// A generation of devices, as factors on its backend.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceClass {
    /// The backend.
    pub backend: Backend,
    /// The generation, as in `devices.ron`; empty for a kind of memory in any.
    pub arch: String,
    /// How its kind of memory begins; empty for any.
    pub memory: String,
    /// On the share of the bandwidth.
    pub weights: f64,
    /// On the cost of launching.
    pub launch: f64,
    /// On the shares of the fp16 rate in a prompt.
    pub prefill: f64,
}

/// What is different in builds before a date, as factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Era {
    /// Builds before this `YYYY-MM`.
    pub before: String,
    /// On the cost of launching.
    pub launch: f64,
    /// On top, on that of data-centre cards: every kernel was started by the CPU, and those of their servers are slow at
    /// one thing at a time.
    pub server_launch: f64,
    /// On what a layer with routed experts costs on top, with CUDA: choosing and multiplying them took more kernels.
    pub moe_launch: f64,
    /// On the operations for one weight.
    pub arithmetic: f64,
    /// On top, on those for one that is not quantised, with CUDA.
    pub wide: f64,
    /// On the cost of a recurrent layer.
    pub recurrent: f64,
    /// On the arithmetic of a prompt.
    pub prompt: f64,
    /// On what a recurrent layer costs in a prompt.
    pub recurrent_prompt: f64,
    /// Whether attention was not fused unless asked for.
    pub unfused: bool,
}

/// Prompt processing as shares of the fp16 rate; on a CPU of what its cores do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrefillRates {
    /// On dense weights.
    pub weights: f64,
    /// On attention.
    pub attention: f64,
    /// Factor for routed experts.
    pub experts: f64,
    /// Standard deviation of log(predicted / measured) on one device.
    pub spread: f64,
    /// The same on several.
    pub spread_several: f64,
}

/// A build of today.
const TODAY: Era = Era {
    before: String::new(),
    launch: 1.0,
    server_launch: 1.0,
    moe_launch: 1.0,
    arithmetic: 1.0,
    wide: 1.0,
    recurrent: 1.0,
    prompt: 1.0,
    recurrent_prompt: 1.0,
    unfused: false,
};

impl Parameters {
    /// The row of a backend; a family without its own uses llama.cpp's.
    #[must_use]
    pub fn rates(&self, family: &str, backend: Backend) -> Option<&BackendRates> {
        let row = |family: &str| self.backends.iter().find(|row| row.backend == backend && row.family == family);
        row(family).or_else(|| row("llama.cpp"))
    }

    /// Whether an engine was measured itself on a backend. MLX is an engine and its backend alike.
    #[must_use]
    pub fn measured(&self, family: &str, backend: Backend) -> bool {
        backend == Backend::Mlx || self.backends.iter().any(|row| row.backend == backend && row.family == family)
    }

    /// The class of a device on a backend: the first row of its generation, times the first of its kind of memory
    /// whatever its generation; factors 1 where none is known.
    #[must_use]
    pub fn class(&self, backend: Backend, device: Option<&Accelerator>) -> DeviceClass {
        let none = DeviceClass {
            backend,
            arch: String::new(),
            memory: String::new(),
            weights: 1.0,
            launch: 1.0,
            prefill: 1.0,
        };
        let Some(device) = device else { return none };
        let row = |arch: &str| {
            let fits = |class: &&DeviceClass| {
                class.backend == backend && class.arch == arch && device.memory.starts_with(class.memory.as_str())
            };
            self.classes.iter().find(fits).unwrap_or(&none)
        };
        let (own, kind) = (row(&device.arch), row(""));
        DeviceClass {
            weights: own.weights * kind.weights,
            launch: own.launch * kind.launch,
            prefill: own.prefill * kind.prefill,
            ..own.clone()
        }
    }

    /// fp32 operations for one weight of this many bits.
    #[must_use]
    pub fn operations(&self, bits: f64) -> f64 {
        banded(&self.operations, bits)
    }

    /// Factor on the fp16 rate in a prompt for weights of this many bits.
    #[must_use]
    pub fn prefill_format(&self, bits: f64) -> f64 {
        banded(&self.prefill_formats, bits)
    }

    /// What was different in a build of this `YYYY` or `YYYY-MM`; a bare year means its end.
    #[must_use]
    pub fn era(&self, built: Option<&str>) -> Era {
        let date = match built {
            None => return TODAY,
            Some(year) if year.len() == 4 => format!("{year}-12"),
            Some(month) => month.to_owned(),
        };
        self.eras.iter().find(|era| date < era.before).cloned().unwrap_or(TODAY)
    }
}

/// The value of the first band that holds this many bits; the last holds all above.
fn banded(bands: &[(f64, f64)], bits: f64) -> f64 {
    bands.iter().find(|(below, _)| bits < *below).or(bands.last()).map_or(0.0, |(_, value)| *value)
}
