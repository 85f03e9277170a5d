//! whichllm's formula: `estimate_tok_per_sec` in `engine/performance.py`, and what `ranker.py` makes of several GPUs.

use super::{Asked, ByName, Place};

/// Its constants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Whichllm {
    /// Share of the bandwidth that a quant reaches.
    pub efficiency: ByName,
    /// Factor of a vendor.
    pub vendors: ByName,
    /// Factor with part of the model in RAM beside a card.
    pub partial: f64,
    /// The same on unified memory.
    pub partial_unified: f64,
    /// Factor with several GPUs.
    pub several: f64,
    /// Least share of a mixture's weights that counts as read.
    pub least_share: f64,
    /// The bandwidth in GB/s up to which that holds; above it the share grows alike.
    pub least_share_gbs: f64,
    /// What it grows to at most.
    pub most_least_share: f64,
    /// Billions of parameters per second on a CPU, whatever its memory.
    pub cpu: f64,
    /// The least it answers for a CPU.
    pub cpu_least: f64,
    /// Billions of parameters under which no model is smaller.
    pub cpu_smallest: f64,
}

impl Whichllm {
    pub(super) fn decode(&self, asked: &Asked<'_>) -> Option<f64> {
        let efficiency = self.efficiency.of(asked.quant);
        if asked.place == Place::Cpu {
            let billions = (asked.active / 1e9).max(self.cpu_smallest);
            return Some((self.cpu / billions * efficiency / self.efficiency.other).max(self.cpu_least));
        }
        let bandwidth = asked.bandwidth()?;
        let share = if asked.experts() > 0 {
            let least = self.least_share * (bandwidth / 1e9 / self.least_share_gbs).max(1.0);
            (asked.active / asked.total).max(least.min(self.most_least_share)).min(1.0)
        } else {
            1.0
        };
        let partial = match asked.place {
            Place::Gpu | Place::Cpu => 1.0,
            Place::ExpertsInRam | Place::Partial if asked.unified() => self.partial_unified,
            Place::ExpertsInRam | Place::Partial => self.partial,
        };
        let several = if asked.gpus > 1 && !asked.unified() { self.several } else { 1.0 };
        Some(bandwidth / (asked.file * share) * efficiency * self.vendors.of(asked.vendor()) * partial * several)
    }
}
