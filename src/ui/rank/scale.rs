//! Logarithmic scales of the list and the picture, and the room that memory is measured against.

use egui::Rangef;

use crate::hardware::{Machine, Pool, PoolKind};
use crate::units::Bytes;

/// A logarithmic scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub low: f64,
    pub high: f64,
}

impl Scale {
    /// Over memory in a unit: whole powers of two round what there is and what is asked for.
    pub fn memory(unit: u64, [least, most]: [Bytes; 2], room: &Room) -> Self {
        let unit = unit as f64;
        let least = least.as_f64().min(room.all.as_f64()) / unit;
        let most = most.as_f64().max(room.all.as_f64() * 1.3) / unit;
        let low = least.max(0.125).log2().floor().exp2();
        Self { low, high: most.max(low * 2.0).log2().ceil().exp2() }
    }

    /// Over tokens per second: the guide at 10 is always on it.
    pub fn rate([least, most]: [f64; 2]) -> Self {
        let low = STEPS.into_iter().rev().find(|step| *step <= least.min(5.0)).unwrap_or(STEPS[0]);
        let high = most.max(20.0) * 1.25;
        Self { low, high }
    }

    /// Over a divergence, where less is better and stands at the right.
    pub fn loss([least, most]: [f64; 2]) -> Self {
        Self { low: most.max(1e-6) * 1.4, high: least.max(1e-7) / 1.4 }
    }

    /// Where a value lies, 0 to 1; what is beyond an end lies there.
    pub fn share(&self, value: f64) -> f64 {
        if value <= 0.0 || !value.is_finite() {
            return 0.0;
        }
        ((value / self.low).ln() / (self.high / self.low).ln()).clamp(0.0, 1.0)
    }

    pub fn at(&self, value: f64, range: Rangef) -> f32 {
        range.min + range.span() * self.share(value) as f32
    }

    pub fn holds(&self, value: f64) -> bool {
        let (low, high) = (self.low.min(self.high), self.low.max(self.high));
        (low * 0.999..=high * 1.001).contains(&value)
    }

    /// One, two and five times powers of ten on the scale.
    pub fn steps(&self) -> impl Iterator<Item = f64> {
        let scale = *self;
        STEPS.into_iter().filter(move |step| scale.holds(*step))
    }

    /// Powers of two on the scale.
    pub fn powers(&self) -> impl Iterator<Item = f64> {
        let scale = *self;
        (-3..=20).map(|power: i32| f64::from(power).exp2()).filter(move |power| scale.holds(*power))
    }
}

/// Round numbers of tokens per second and of divergences.
const STEPS: [f64; 31] = [
    1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0,
    20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5,
];

/// A number as an axis writes it: `200`, `0.5`.
pub(super) fn step_label(step: f64) -> String {
    if step >= 1.0 { crate::units::grouped(step.round() as u64) } else { format!("{step}") }
}

/// The memory a machine has for models.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Room {
    /// What is fastest, where that is less than all of it.
    pub fast: Option<Bytes>,
    /// All but the disk.
    pub all: Bytes,
    /// What people call the first.
    pub fast_name: &'static str,
    /// What people call the whole.
    pub all_name: &'static str,
}

impl Room {
    /// What may be used of each pool; of a cluster that of its first machine, as everywhere.
    pub fn of(machine: &Machine) -> Self {
        let host = machine.host().map_or(Bytes::ZERO, Pool::host_usable);
        let unified = machine.host().filter(|host| host.kind == PoolKind::Unified);
        let vram: Bytes = machine.pools.iter().filter(|pool| pool.kind == PoolKind::Vram).map(Pool::usable).sum();
        match unified {
            Some(pool) => {
                let fast = Some(pool.usable()).filter(|limit| *limit < host);
                Self { fast, all: host, fast_name: "GPU limit", all_name: "memory" }
            }
            None if vram > Bytes::ZERO => {
                Self { fast: Some(vram), all: vram + host, fast_name: "VRAM", all_name: "VRAM + RAM" }
            }
            None => Self { fast: None, all: host, fast_name: "", all_name: "RAM" },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn a_scale_holds_what_there_is_and_what_is_asked() {
        let room = Room { fast: None, all: Bytes::gib(12), fast_name: "", all_name: "RAM" };
        let scale = Scale::memory(1 << 30, [Bytes::gib(3), Bytes::gib(700)], &room);
        assert_eq!(scale, Scale { low: 2.0, high: 1024.0 });
        assert_eq!(scale.powers().collect::<Vec<_>>(), [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0]);
        let small = Scale::memory(1 << 30, [Bytes::ZERO, Bytes::ZERO], &room);
        assert!(small.low > 0.0 && small.high >= 16.0);
        let rate = Scale::rate([0.3, 190.0]);
        assert_eq!(rate.low.to_bits(), 0.2_f64.to_bits());
        assert!(rate.holds(10.0) && rate.share(190.0) < 1.0);
        assert!((rate.share(0.2), rate.share(-1.0)) == (0.0, 0.0));
    }

    #[test]
    fn less_loss_stands_at_the_right() {
        let scale = Scale::loss([0.001, 0.5]);
        assert!(scale.share(0.001) > scale.share(0.03) && scale.share(0.03) > scale.share(0.5));
        assert!(scale.steps().count() >= 5);
    }

    #[test]
    fn the_room_is_what_may_be_used() {
        let room = |profile: &str| Room::of(&Catalog::builtin().profile(profile).expect(profile).machine);
        let desktop = room("desktop-rtx-4090-96gb");
        assert_eq!((desktop.fast, desktop.all_name), (Some(Bytes::gib(23)), "VRAM + RAM"));
        assert!(desktop.all > Bytes::gib(110) && desktop.all < Bytes::gib(120));
        assert_eq!((room("laptop-16gb").fast, room("laptop-16gb").all_name), (None, "RAM"));
    }
}
