//! What was measured on a machine: a property of it, with method, spread and conditions.

use crate::units::{BytesPerSecond, FlopsPerSecond};

use super::{Accelerator, Machine, Pool, PoolKind, Source};

/// What was measured on a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// Pool or link id.
    pub what: String,
    /// Best window: of RAM with huge pages, of a disk in order, of a link to the device.
    pub best: BytesPerSecond,
    /// RAM's best window with ordinary pages: what predictions use.
    pub ordinary_pages: Option<BytesPerSecond>,
    /// (best - worst) / best of the windows.
    pub spread: f64,
    /// Threads at the knee; 0 where there are none.
    pub threads: u32,
    /// ISO 8601 date.
    pub date: String,
    /// Method and version, such as `read/1`.
    pub method: String,
    /// Load and power.
    pub conditions: String,
    /// Further figures of the same run, in SI units.
    pub besides: Vec<(Besides, f64)>,
}

/// A further figure of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Besides {
    /// The middle window of reading, bytes per second.
    Median,
    /// A copy past the cache, bytes read and written per second.
    Copy,
    /// The slowest NUMA node on its own memory, bytes per second.
    OneNode,
    /// A node on the memory of another.
    OtherNode,
    /// Rows in blocks like `Q4_K`'s times a vector, bytes of weights per second.
    KernelQ4K,
    /// The same in blocks like `Q8_0`'s.
    KernelQ8,
    /// A disk in pieces the size of an expert, bytes per second.
    Random,
    /// A disk's file from the system's cache, bytes per second.
    Warm,
    /// A link from the device, bytes per second.
    FromDevice,
    /// 32-bit operations of a GPU's shaders per second.
    F32,
    /// 16-bit operations of a GPU's shaders per second.
    F16,
}

impl Besides {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::Median,
        Self::Copy,
        Self::OneNode,
        Self::OtherNode,
        Self::KernelQ4K,
        Self::KernelQ8,
        Self::Random,
        Self::Warm,
        Self::FromDevice,
        Self::F32,
        Self::F16,
    ];

    /// Keys of earlier versions. What was kept under them came of plain loops, several times slower than an engine.
    pub const EARLIER: [&'static str; 2] = ["q4_k_bytes_per_second", "q8_0_bytes_per_second"];

    /// The key in a profile.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Median => "median_bytes_per_second",
            Self::Copy => "copy_bytes_per_second",
            Self::OneNode => "one_node_bytes_per_second",
            Self::OtherNode => "other_node_bytes_per_second",
            Self::KernelQ4K => "rows_q4_k_bytes_per_second",
            Self::KernelQ8 => "rows_q8_0_bytes_per_second",
            Self::Random => "random_bytes_per_second",
            Self::Warm => "warm_bytes_per_second",
            Self::FromDevice => "from_device_bytes_per_second",
            Self::F32 => "f32_flops",
            Self::F16 => "f16_flops",
        }
    }
}

/// Bits of a weight in blocks like `Q4_K`'s and `Q8_0`'s, scales included.
const Q4_K_BITS: f64 = 4.5;
const Q8_0_BITS: f64 = 8.5;

/// How the methods of GPUs begin: on unified memory they are told from the CPU's by it.
pub const GPU_METHOD: &str = "gpu-read/";

impl Machine {
    /// Arithmetic of the GPU of a pool, operations per second, and where it comes from: the data sheet's fp16, or fp32
    /// where that is more (Pascal); of a card no sheet is known of, what its shaders did when measured. Shaders leave
    /// matrix units alone, so that is the least such a card does.
    #[must_use]
    pub fn gpu_flops(&self, pool: &Pool) -> Option<(FlopsPerSecond, Source)> {
        let more = |one: Option<FlopsPerSecond>, other: Option<FlopsPerSecond>| {
            let rates = [one, other].into_iter().flatten().filter(|rate| rate.get() > 0.0);
            rates.max_by(|a, b| a.get().total_cmp(&b.get()))
        };
        let sheet = pool.device.as_ref().and_then(|device| more(device.fp16, device.fp32));
        let measured = || more(self.in_shaders(pool, Besides::F16), self.in_shaders(pool, Besides::F32));
        let sheet = sheet.map(|rate| (rate, Source::DataSheet));
        sheet.or_else(|| measured().map(|rate| (rate, Source::Measured)))
    }

    /// The same without matrix units: what unpacking runs on.
    #[must_use]
    pub fn gpu_fp32(&self, pool: &Pool) -> Option<FlopsPerSecond> {
        let sheet = pool.device.as_ref().and_then(|device: &Accelerator| device.fp32);
        sheet.or_else(|| self.in_shaders(pool, Besides::F32)).filter(|rate| rate.get() > 0.0)
    }

    /// Weights of so many bits that the CPU of a pool multiplied by a vector in a second, unpacking included, where that
    /// was measured in the run its bandwidth is of: other memory or another CPU has another. None for weights that need
    /// no unpacking.
    #[must_use]
    pub fn weights_per_second(&self, pool: &Pool, bits: f64) -> Option<f64> {
        let (which, packed) = match bits {
            bits if bits < 7.0 => (Besides::KernelQ4K, Q4_K_BITS),
            bits if bits < 12.0 => (Besides::KernelQ8, Q8_0_BITS),
            _ => return None,
        };
        self.run_of(pool)?.besides(which).map(|rate| rate * 8.0 / packed).filter(|rate| rate.is_finite() && *rate > 0.0)
    }

    /// The run the measured bandwidth of a pool is of.
    #[must_use]
    pub fn run_of(&self, pool: &Pool) -> Option<&Measurement> {
        let measured = pool.read_measured.as_ref()?.value;
        let of_it = |run: &&Measurement| run.what == pool.id && run.used(pool.kind) == Some(measured);
        self.measurements.iter().rev().find(of_it)
    }

    fn in_shaders(&self, pool: &Pool, which: Besides) -> Option<FlopsPerSecond> {
        let of_pool = |run: &&Measurement| run.what == pool.id && run.method.starts_with(GPU_METHOD);
        let rate = self.measurements.iter().rev().filter(of_pool).find_map(|run| run.besides(which))?;
        FlopsPerSecond::new(rate)
    }
}

impl Measurement {
    /// A further figure.
    #[must_use]
    pub fn besides(&self, which: Besides) -> Option<f64> {
        self.besides.iter().find(|(other, _)| *other == which).map(|(_, value)| *value)
    }

    /// The figure predictions use of a pool of this kind: RAM as programs map it, a GPU as it reads itself, a disk
    /// expert by expert. Of unified memory only the GPU's own reading counts: its cores reach another share of it
    /// than the CPU's.
    #[must_use]
    pub fn used(&self, kind: PoolKind) -> Option<BytesPerSecond> {
        match kind {
            PoolKind::Ram => self.ordinary_pages,
            PoolKind::Vram => Some(self.best),
            PoolKind::Unified => self.method.starts_with(GPU_METHOD).then_some(self.best),
            PoolKind::Disk => Some(self.besides(Besides::Random).map_or(self.best, BytesPerSecond::saturating)),
        }
    }
}
