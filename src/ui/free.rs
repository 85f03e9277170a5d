//! What is free of this machine's memories, told again while the window is open: it changes figures, and is no step that
//! could be taken back.

use std::sync::Arc;

use crate::hardware::{Figure, Machine, Pool};
use crate::units::Bytes;

use super::MachineChoice;
use super::bench::Workbench;

/// A figure older than this tells its age, in seconds.
const OLD: f64 = 30.0;

/// When each pool's figure was told last.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Vec<(String, f64)>);

impl Workbench {
    /// Takes note that what is free of these pools was told, at a time of the window's clock in seconds.
    pub fn note_free<'p>(&mut self, pools: impl IntoIterator<Item = &'p str>, at: f64) {
        for id in pools {
            self.told.0.retain(|(other, _)| other != id);
            self.told.0.push((id.to_owned(), at));
        }
    }

    /// Takes in what is free now of pools of this machine.
    pub fn take_free(&mut self, free: &[(&str, &Figure<Bytes>)]) {
        if free.is_empty() || self.choice != MachineChoice::This {
            return;
        }
        // What the hand did until now is a step; this is none.
        self.note();
        let typed = self.scenario.machine != self.base;
        put(Arc::make_mut(&mut self.base), free);
        if typed {
            put(Arc::make_mut(&mut self.scenario.machine), free);
        } else {
            self.scenario.machine = self.base.clone();
        }
        let step = self.step();
        self.history.amend(step);
    }

    /// Who told what is free of a pool; with how long ago where that is not just now.
    pub(super) fn free_origin(&self, pool: &Pool, free: &Figure<Bytes>, now: f64) -> String {
        let told = self.told.0.iter().find(|(id, _)| *id == pool.id && self.choice == MachineChoice::This);
        match told.map(|(_, at)| now - at).filter(|age| *age > OLD) {
            Some(age) => format!("{}, {}", free.origin, ago(age)),
            None => free.origin.clone(),
        }
    }
}

/// Where a figure was typed over, or taken away with a capacity, it stays so.
fn put(machine: &mut Machine, free: &[(&str, &Figure<Bytes>)]) {
    for (id, free) in free {
        let pool = machine.pools.iter_mut().find(|pool| pool.id == *id);
        if let Some(old) = pool.and_then(|pool| pool.free_now.as_mut()).filter(|old| old.source == free.source) {
            old.clone_from(free);
        }
    }
}

fn ago(seconds: f64) -> String {
    match seconds as u64 {
        seconds @ ..120 => format!("{seconds} s ago"),
        seconds @ ..7200 => format!("{} min ago", seconds / 60),
        seconds => format!("{} h ago", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::hardware::{PoolKind, Source};
    use crate::scenario::Scenario;

    fn told(gib: u64) -> Figure<Bytes> {
        Figure::new(Bytes::gib(gib), Source::Reported, "NVML free memory")
    }

    /// A bench of this machine whose card has 20 GiB free.
    fn bench() -> Workbench {
        let catalog = Catalog::builtin();
        let mut machine = catalog.profile("desktop-rtx-4090-96gb").expect("a profile").machine.clone();
        machine.pools.iter_mut().find(|pool| pool.kind == PoolKind::Vram).expect("a card").free_now = Some(told(20));
        let subject = crate::advice::default_subject(&catalog.models[0]);
        let (engine, parameters) = (catalog.engines[0].clone(), catalog.parameters.clone());
        Workbench::new(Scenario::new(Arc::new(subject), Arc::new(machine), engine, parameters))
    }

    fn free(machine: &Machine) -> Option<u64> {
        machine.pool("gpu0")?.free_now.as_ref().map(|free| free.value.get() >> 30)
    }

    #[test]
    fn a_new_figure_is_no_step() {
        let mut bench = bench();
        bench.take_free(&[("gpu0", &told(12))]);
        assert_eq!((free(&bench.base), free(&bench.scenario.machine)), (Some(12), Some(12)));
        bench.note();
        assert!(!bench.can_undo() && !bench.is_edited());
        // A step before it is taken back as ever.
        let before = bench.scenario.run.context;
        bench.scenario.run.context = crate::units::Tokens::new(before.get() / 2);
        bench.take_free(&[("gpu0", &told(9))]);
        bench.note();
        bench.undo();
        assert_eq!((bench.scenario.run.context, bench.can_undo()), (before, false));
    }

    #[test]
    fn what_was_typed_stays() {
        let mut bench = bench();
        bench.edit_machine(|machine| {
            let pool = machine.pools.iter_mut().find(|pool| pool.id == "gpu0").expect("a card");
            (pool.capacity, pool.free_now) = (Figure::typed(Bytes::gib(48)), None);
        });
        bench.take_free(&[("gpu0", &told(12)), ("none", &told(1))]);
        assert_eq!((free(&bench.base), free(&bench.scenario.machine)), (Some(12), None));
        assert_eq!(bench.scenario.machine.pool("gpu0").map(|pool| pool.capacity.value), Some(Bytes::gib(48)));
        // Another machine is none of its business.
        let mut other = self::bench();
        other.choice = MachineChoice::BuiltIn("desktop-rtx-4090-96gb".into());
        other.take_free(&[("gpu0", &told(12))]);
        assert_eq!(free(&other.base), Some(20));
    }

    #[test]
    fn an_old_figure_tells_its_age() {
        let mut bench = bench();
        let pool = bench.base.pool("gpu0").expect("a card").clone();
        let origin = |bench: &Workbench, now| bench.free_origin(&pool, &told(20), now);
        assert_eq!(origin(&bench, 9000.0), "NVML free memory");
        bench.note_free(["gpu0"], 100.0);
        assert_eq!(origin(&bench, 125.0), "NVML free memory");
        assert_eq!(origin(&bench, 140.0), "NVML free memory, 40 s ago");
        assert_eq!(origin(&bench, 700.0), "NVML free memory, 10 min ago");
        assert_eq!(origin(&bench, 10_000.0), "NVML free memory, 2 h ago");
        bench.note_free(["gpu0"], 9_999.0);
        assert_eq!(origin(&bench, 10_000.0), "NVML free memory");
    }

    #[test]
    fn a_ranking_outlives_what_is_free() {
        let mut bench = bench();
        let asked = bench.scenario.clone();
        bench.take_free(&[("gpu0", &told(3))]);
        assert_ne!(asked, bench.scenario);
        assert!(crate::ui::bench::is_same_but_for_the_model(&asked, &bench.scenario));
        bench.edit_machine(|machine| machine.pools[0].reserve = Some(Figure::typed(Bytes::gib(9))));
        assert!(!crate::ui::bench::is_same_but_for_the_model(&asked, &bench.scenario));
    }
}
