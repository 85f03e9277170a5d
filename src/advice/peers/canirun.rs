//! canirun.ai's formula: `estimateTokensPerSecond` and `evaluateModelComplete` in `packages/compatibility`, with the
//! sizes `makeQuants` gives a model in `packages/models`.

use super::{Asked, Place};

/// Its constants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Canirun {
    /// Its quants by name and bits, fewest first, and the bytes it gives one parameter.
    pub quants: Vec<(String, u32, f64)>,
    /// What it adds to the weights, as a factor.
    pub growth: f64,
    /// What it adds besides, in GiB.
    pub overhead_gib: f64,
    /// The least a model takes, in GiB.
    pub least_gib: f64,
    /// Share of the bandwidth that is reached.
    pub efficiency: f64,
    /// The same on Apple's chips.
    pub apple: f64,
    /// GB/s of any RAM.
    pub ram_gbs: f64,
    /// Factor for what does not fit a card.
    pub offload: f64,
}

impl Canirun {
    pub(super) fn decode(&self, asked: &Asked<'_>) -> Option<f64> {
        let tenth = |gib: f64| (gib * 10.0).round() / 10.0;
        let size = asked.total * self.bytes(asked)? / crate::units::GIB as f64 * self.growth + self.overhead_gib;
        let size = tenth(size.max(self.least_gib));
        let read = if asked.active < asked.total { (size * asked.active / asked.total).max(0.5) } else { size };
        let efficiency = if asked.vendor() == "Apple" { self.apple } else { self.efficiency };
        if asked.place == Place::Cpu {
            return Some((self.ram_gbs / read * efficiency).round());
        }
        let bandwidth = asked.bandwidth()? / 1e9;
        // It has one GPU; the memory it can be told is that of all.
        match asked.vram().map(|vram| vram * asked.gpus as f64).filter(|vram| size > *vram) {
            Some(vram) => {
                let on_card = vram / size;
                let both = 1.0 / (on_card / bandwidth + (1.0 - on_card) / self.ram_gbs);
                Some((both / read * efficiency * self.offload).round().max(1.0))
            }
            None => Some((bandwidth / read * efficiency).round()),
        }
    }

    /// Bytes of one parameter by its quant of that name, else by the widest that is not wider, else by the narrowest.
    fn bytes(&self, asked: &Asked<'_>) -> Option<f64> {
        let bits = asked.scenario.subject.weights.bits_per_weight;
        let named = self.quants.iter().find(|(name, ..)| name.eq_ignore_ascii_case(asked.quant));
        let below = || self.quants.iter().rfind(|(_, own, _)| f64::from(*own) <= bits);
        named.or_else(below).or(self.quants.first()).map(|(.., bytes)| *bytes)
    }
}
