//! What published measurements say about backends: data, read from `assets/speed.ron`.

use crate::hardware::{Backend, Basis};
use crate::units::Seconds;

/// All fitted parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// One row for each engine family and backend.
    pub backends: Vec<BackendRates>,
    /// A CPU that computes the routed experts or the first layers while a GPU does the rest.
    pub host: HostRates,
    /// What a read test usually reaches of the data sheet: ties efficiencies on the two bases together.
    pub measured_share: f64,
    /// Passing from one GPU to the next.
    pub hand_over: Seconds,
    /// Arithmetic of one CPU core at prompt processing, by SIMD: (`avx512`, operations per second).
    pub core_flops: Vec<(String, f64)>,
    /// Multiply-adds per second of one CPU core at attention.
    pub core_attention: f64,
    /// Extra spread (log) where a bandwidth is only assumed.
    pub assumed_spread: f64,
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
    /// Share reached on the KV cache.
    pub cache: f64,
    /// Share reached on an MLA cache.
    pub mla_cache: f64,
    /// Cost of launching one layer.
    pub layer: Seconds,
    /// What a layer with routed experts costs on top.
    pub moe_layer: Seconds,
    /// Standard deviation of log(predicted / measured).
    pub spread: f64,
    /// Prompt processing.
    pub prefill: Option<PrefillRates>,
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
    /// Cost of one layer there.
    pub layer: Seconds,
    /// Standard deviation of log(predicted / measured).
    pub spread: f64,
}

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
            layer: row.layer,
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
            Basis::Measured => HostRates { weights: (rates.weights / self.measured_share).min(1.0), ..rates },
        }
    }
}
