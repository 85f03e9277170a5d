//! Where a whole number lies on a rail, and which numbers a hand can mean.

use egui::Rangef;

/// How numbers are laid out over a rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// At even distances, as layers are counted.
    Even,
    /// By their logarithm, as lengths are felt.
    Doubling,
}

/// Whole numbers from `min` to `max` over a rail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rail {
    pub min: u64,
    pub max: u64,
    pub steps: Steps,
    pub across: Rangef,
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between pixels and counts; a count is far below 2^52 and never negative"
)]
impl Rail {
    pub fn new([min, max]: [u64; 2], steps: Steps, across: Rangef) -> Self {
        let min = if steps == Steps::Doubling { min.max(1) } else { min };
        Self { min, max: max.max(min), steps, across }
    }

    pub fn x(&self, value: u64) -> f32 {
        let (min, max) = (self.min as f64, self.max as f64);
        let value = value.clamp(self.min, self.max) as f64;
        let share = match self.steps {
            _ if self.max == self.min => 0.0,
            Steps::Even => (value - min) / (max - min),
            Steps::Doubling => (value / min).log2() / (max / min).log2(),
        };
        self.across.min + self.across.span() * share as f32
    }

    /// What the hand means at `x`: `mark` within `snap` points of it, else the nearest number, of long ones a round one.
    pub fn grasp(&self, x: f32, snap: f32, mark: u64) -> u64 {
        if (self.x(mark) - x).abs() <= snap.min(self.reach()) {
            return mark.clamp(self.min, self.max);
        }
        let share = f64::from(((x - self.across.min) / self.across.span().max(1.0)).clamp(0.0, 1.0));
        let (min, max) = (self.min as f64, self.max as f64);
        match self.steps {
            Steps::Even => self.nearest(min + share * (max - min)),
            Steps::Doubling if share <= 0.0 => self.min,
            Steps::Doubling if share >= 1.0 => self.max,
            Steps::Doubling => {
                let value = min * (share * (max / min).log2()).exp2();
                // Two digits are as fine as the hand is.
                let step = 10_f64.powf((value.log10() - 1.0).floor()).max(1.0);
                self.nearest((value / step).round() * step)
            }
        }
    }

    /// The next number the keys go to.
    pub fn above(&self, value: u64) -> u64 {
        let next = match self.steps {
            Steps::Even => value.saturating_add(1),
            Steps::Doubling => (value.saturating_add(1)).checked_next_power_of_two().unwrap_or(self.max),
        };
        next.clamp(self.min, self.max)
    }

    /// The number before it.
    pub fn below(&self, value: u64) -> u64 {
        let next = match self.steps {
            Steps::Even => value.saturating_sub(1),
            Steps::Doubling => value.max(2).div_ceil(2).checked_next_power_of_two().unwrap_or(self.min),
        };
        next.clamp(self.min, self.max)
    }

    /// A value from outside, brought into range.
    pub fn nearest(&self, value: f64) -> u64 {
        if value.is_nan() { self.min } else { (value.round() as u64).clamp(self.min, self.max) }
    }

    /// Half the distance of two numbers: a mark must not swallow its neighbours.
    fn reach(&self) -> f32 {
        match self.steps {
            Steps::Even => self.across.span() / (self.max - self.min).max(1) as f32 / 2.0,
            Steps::Doubling => f32::INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_can_be_meant() {
        let rail = Rail::new([0, 61], Steps::Even, Rangef::new(0.0, 244.0));
        for layers in [0, 1, 30, 60, 61] {
            for mark in [0, 31, 61] {
                assert_eq!(rail.grasp(rail.x(layers), 5.0, mark), layers, "with the mark at {mark}");
            }
        }
        assert_eq!((rail.grasp(-9.0, 5.0, 30), rail.grasp(900.0, 5.0, 30)), (0, 61));
        assert_eq!((rail.above(61), rail.below(0), rail.above(7), rail.below(7)), (61, 0, 8, 6));
    }

    #[test]
    fn lengths_are_round_and_walk_by_doubling() {
        let rail = Rail::new([64, 131_072], Steps::Doubling, Rangef::new(0.0, 220.0));
        assert_eq!(rail.grasp(rail.x(12_000) + 3.0, 5.0, 12_000), 12_000);
        let meant = rail.grasp(rail.x(3_333), 5.0, 12_000);
        assert!(meant.is_multiple_of(100) && (3_200..3_500).contains(&meant), "{meant}");
        assert_eq!((rail.above(12_000), rail.below(12_000)), (16_384, 8192));
        assert_eq!((rail.below(64), rail.above(131_072)), (64, 131_072));
        assert_eq!((rail.nearest(f64::NAN), rail.nearest(1e30)), (64, 131_072));
    }

    #[test]
    fn a_rail_of_one_number_holds_still() {
        for steps in [Steps::Even, Steps::Doubling] {
            let rail = Rail::new([3, 3], steps, Rangef::new(0.0, 100.0));
            assert_eq!((rail.grasp(70.0, 5.0, 3), rail.x(3).to_bits()), (3, 0_f32.to_bits()));
        }
    }
}
