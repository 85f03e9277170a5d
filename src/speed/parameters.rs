//! What published measurements say about backends: data, read from `assets/speed.ron`.

use crate::hardware::{Accelerator, Backend, Basis};
use crate::units::Seconds;

use super::Serving;
use super::left_out::LeftOut;

/// All fitted parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// One row for each engine family and backend.
    pub backends: Vec<BackendRates>,
    /// Generations of devices that differ from the rest of their backend; the first that fits counts.
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
    /// What a machine of two sockets reaches of the bandwidth of both, as a factor.
    pub two_sockets: f64,
    /// What a read test usually reaches of the data sheet: ties efficiencies on the two bases together.
    pub measured_share: f64,
    /// Passing from one GPU to the next.
    pub hand_over: Seconds,
    /// Joining the parts of one tensor-parallel product.
    pub all_reduce: Seconds,
    /// How the prompt of a sparse model slows down: (experts over experts used)^-this.
    pub prefill_sparsity: f64,
    /// How several GPUs share a prompt: (GPUs, at most batches)^this.
    pub prefill_pipeline: f64,
    /// What reading weights adds to a batch, as a share of reading them at full bandwidth.
    pub prefill_reading: f64,
    /// fp16 operations for one weight in a prompt, against the data sheet: (bits below, factor), rising.
    pub prefill_formats: Vec<(f64, f64)>,
    /// Arithmetic of one CPU core at prompt processing, by SIMD: (`avx512`, operations per second).
    pub core_flops: Vec<(String, f64)>,
    /// Standard deviation of log(predicted / measured) of prompts where the CPU takes part.
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
    /// Attention as a share of the fp32 rate; on a CPU multiply-adds for each byte of bandwidth.
    pub attention: f64,
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
    /// The generation, as in `devices.ron`.
    pub arch: String,
    /// How its kind of memory begins; empty for any.
    pub memory: String,
    /// On the share of the bandwidth.
    pub weights: f64,
    /// On the cost of launching.
    pub launch: f64,
    /// On the share of the fp16 rate in a prompt.
    pub prefill: f64,
}

/// What is different in builds before a date, as factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Era {
    /// Builds before this `YYYY-MM`.
    pub before: String,
    /// On the cost of launching.
    pub launch: f64,
    /// On the operations for one weight.
    pub arithmetic: f64,
    /// On the cost of a recurrent layer.
    pub recurrent: f64,
    /// Whether attention was not fused unless asked for.
    pub unfused: bool,
}

/// Prompt processing as shares of the fp16 rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrefillRates {
    /// On dense weights.
    pub weights: f64,
    /// On attention.
    pub attention: f64,
    /// Factor for routed experts.
    pub experts: f64,
    /// Standard deviation of log(predicted / measured).
    pub spread: f64,
}

/// A CPU beside or instead of a GPU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HostRates {
    /// Share of the bandwidth reached on dense weights.
    pub weights: f64,
    /// The same on routed experts, as a factor on `weights`.
    pub experts: f64,
    /// Multiply-adds of attention for each byte of bandwidth.
    pub attention: f64,
    /// Cost of one layer there.
    pub layer: Seconds,
    /// What a layer with routed experts costs on top.
    pub moe_layer: Seconds,
    /// Standard deviation of log(predicted / measured).
    pub spread: f64,
}

/// A build of today.
const TODAY: Era = Era { before: String::new(), launch: 1.0, arithmetic: 1.0, recurrent: 1.0, unfused: false };

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

    /// The class of a device on a backend; one of factors 1 where none is known.
    #[must_use]
    pub fn class(&self, backend: Backend, device: Option<&Accelerator>) -> DeviceClass {
        let fits = |class: &&DeviceClass| {
            class.backend == backend
                && device
                    .is_some_and(|device| class.arch == device.arch && device.memory.starts_with(class.memory.as_str()))
        };
        self.classes.iter().find(fits).cloned().unwrap_or(DeviceClass {
            backend,
            arch: String::new(),
            memory: String::new(),
            weights: 1.0,
            launch: 1.0,
            prefill: 1.0,
        })
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

    /// Arithmetic of one core at prompt processing; the last row is for any other SIMD.
    #[must_use]
    pub fn core_flops(&self, simd: &str) -> f64 {
        self.core_flops
            .iter()
            .find(|(name, _)| !name.is_empty() && simd.contains(name.as_str()))
            .or(self.core_flops.last())
            .map_or(0.0, |(_, flops)| *flops)
    }

    /// The CPU alone, on the basis its bandwidth stands on.
    #[must_use]
    pub fn cpu_alone(&self, family: &str, basis: Basis) -> HostRates {
        let rates = self.rates(family, Backend::Cpu).map_or(self.host, |row| HostRates {
            weights: row.weights,
            experts: row.experts,
            attention: row.attention,
            layer: row.layer,
            moe_layer: row.moe_layer,
            spread: row.spread,
        });
        self.on(basis, rates)
    }

    /// The CPU beside a GPU, on the basis its bandwidth stands on.
    #[must_use]
    pub fn cpu_beside(&self, basis: Basis) -> HostRates {
        self.on(basis, self.host)
    }

    /// An efficiency against a data sheet, on another basis: a share of a smaller figure is a larger share.
    fn on(&self, basis: Basis, rates: HostRates) -> HostRates {
        match basis {
            Basis::DataSheet => rates,
            Basis::Measured => HostRates {
                weights: (rates.weights / self.measured_share).min(1.0),
                attention: rates.attention / self.measured_share,
                ..rates
            },
        }
    }
}

/// The value of the first band that holds this many bits; the last holds all above.
fn banded(bands: &[(f64, f64)], bits: f64) -> f64 {
    bands.iter().find(|(below, _)| bits < *below).or(bands.last()).map_or(0.0, |(_, value)| *value)
}
