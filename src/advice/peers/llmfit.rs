//! llmfit's formula: `estimate_tps` in `llmfit-core/src/fit.rs`, `moe_bandwidth_decomposition` in `models.rs`.

use super::{Asked, ByName, Place};
use crate::hardware::{Backend, Pool};
use crate::model::{FeedForward, Mixer, Moe};

/// Its constants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Llmfit {
    /// Bytes of one parameter, for mixtures.
    pub bytes: ByName,
    /// Bytes of one parameter by its second table, for all else.
    pub speed_bytes: ByName,
    /// Factor of a quant where no bandwidth is used.
    pub speed_factor: ByName,
    /// Share of the bandwidth that is reached.
    pub efficiency: f64,
    /// Factor with experts in RAM.
    pub experts_in_ram: f64,
    /// Factor with layers on the CPU.
    pub partial: f64,
    /// Factor with everything on the CPU.
    pub cpu: f64,
    /// GB/s of a RAM that was not measured.
    pub ram_gbs: f64,
    /// Bytes of one parameter outside the routed experts of a mixture, whatever its quant.
    pub fixed_bytes: f64,
    /// Use of one card's memory above which a mixture slows down.
    pub pressure_above: f64,
    /// The least it slows down to.
    pub pressure_floor: f64,
    /// Billions of parameters per second where a device's bandwidth is not known.
    pub backends: Vec<(Backend, f64)>,
    /// The same of a CPU.
    pub cpu_x86: f64,
    /// The same of an ARM CPU.
    pub cpu_arm: f64,
    /// Cores from which it adds.
    pub many_cores: u32,
    /// What it adds then.
    pub many_cores_factor: f64,
}

impl Llmfit {
    pub(super) fn decode(&self, asked: &Asked<'_>) -> Option<f64> {
        // Nothing is slower than this, by its last line.
        const LEAST: f64 = 0.1;
        let billions = (asked.active / 1e9).max(0.1);
        let read = billions * self.speed_bytes.of(asked.quant);
        let bandwidth = asked.gpu.and_then(Pool::bandwidth).map(|(rate, _)| rate.get() / 1e9);
        let rate = match (asked.place, bandwidth) {
            (Place::Cpu, _) => self.constant(asked, self.cpu_constant(asked), billions) * self.cpu,
            (Place::ExpertsInRam, bandwidth) => {
                let gpu = match bandwidth {
                    Some(bandwidth) => bandwidth * self.efficiency,
                    None => self.of_backend(asked)? * self.speed_bytes.of(asked.quant),
                };
                let ram = asked.ram().map_or(self.ram_gbs, |rate| rate / 1e9);
                self.experts_in_ram / (read / ram + read / gpu)
            }
            (Place::Gpu, Some(bandwidth)) if asked.experts() > 0 => {
                bandwidth / self.mixture_read(asked) * self.pressure(asked)
            }
            (Place::Gpu, Some(bandwidth)) => bandwidth / read * self.efficiency,
            (Place::Partial, Some(bandwidth)) => bandwidth / read * self.efficiency * self.partial,
            (place, None) => {
                let factor = if place == Place::Partial { self.partial } else { 1.0 };
                self.constant(asked, self.of_backend(asked)?, billions) * factor
            }
        };
        Some(rate.max(LEAST))
    }

    /// Its fallback: a constant over the parameters.
    fn constant(&self, asked: &Asked<'_>, constant: f64, billions: f64) -> f64 {
        let cores = if asked.machine.cpu.cores >= self.many_cores { self.many_cores_factor } else { 1.0 };
        constant / billions * self.speed_factor.of(asked.quant) * cores
    }

    fn cpu_constant(&self, asked: &Asked<'_>) -> f64 {
        let arm = asked.machine.cpu.simd.contains("neon") || asked.machine.cpu.simd.contains("sve");
        if arm { self.cpu_arm } else { self.cpu_x86 }
    }

    fn of_backend(&self, asked: &Asked<'_>) -> Option<f64> {
        let backend = asked.scenario.engine.backend_on(asked.gpu?, asked.scenario.backend)?;
        self.backends.iter().find(|(own, _)| *own == backend).map(|(_, constant)| *constant)
    }

    /// GB that one token of a mixture reads: active experts at their quant, all else at one figure.
    fn mixture_read(&self, asked: &Asked<'_>) -> f64 {
        let model = &asked.scenario.subject.model;
        let moe = |layer: &crate::model::Layer| match layer.ffn {
            FeedForward::Moe(moe) => Some(moe),
            FeedForward::Dense { .. } | FeedForward::None => None,
        };
        let Some(moe) = model.layers.iter().find_map(moe) else { return f64::INFINITY };
        let Moe { experts, used, width, shared_width, .. } = moe;
        let (layers, hidden) = (model.layers.len() as f64, model.hidden as f64);
        // All layers count as alike. Where the configuration has no head size it takes the width over the heads.
        let attention = model.layers.iter().find_map(|layer| match layer.mixer {
            Mixer::Attention(a) => Some((a.heads as f64 * a.key as f64, a.kv_heads as f64 * a.key as f64)),
            Mixer::Mla(_) => Some((hidden, hidden)),
            Mixer::Compressed(c) => Some((c.heads as f64 * c.width as f64, c.width as f64)),
            Mixer::Recurrent(_) | Mixer::None => None,
        });
        let (queries, keys) = attention.unwrap_or_default();
        let routed = layers * used as f64 * 3.0 * hidden * width as f64;
        let fixed = layers * (2.0 * queries * hidden + 2.0 * keys * hidden)
            + layers * 3.0 * hidden * shared_width as f64
            + layers * experts as f64 * hidden
            + 2.0 * model.vocab as f64 * hidden;
        (routed * self.bytes.of(asked.quant) + fixed * self.fixed_bytes) / 1e9
    }

    /// How a mixture slows down as it fills one card.
    fn pressure(&self, asked: &Asked<'_>) -> f64 {
        let Some(vram) = asked.vram() else { return 1.0 };
        let used = asked.total / 1e9 * self.bytes.of(asked.quant) / vram;
        if !(self.pressure_above..=1.0).contains(&used) {
            return 1.0;
        }
        let model = &asked.scenario.subject.model;
        let share = model.layers.iter().find_map(|layer| match layer.ffn {
            FeedForward::Moe(moe) => Some(moe.used as f64 / moe.experts.max(1) as f64),
            FeedForward::Dense { .. } | FeedForward::None => None,
        });
        (1.0 - (used - self.pressure_above) * (1.0 - share.unwrap_or(1.0))).max(self.pressure_floor)
    }
}
