//! This machine and the user's own profiles, for headless commands.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::detect::{Detected, HostFacts};
use crate::hardware::{Finding, Machine};
use crate::store::Store;

use super::question::Machines;

/// Detects once, when first asked.
#[derive(Default)]
pub struct ThisMachine {
    detected: OnceCell<((Machine, Vec<Finding>), HostFacts)>,
}

impl ThisMachine {
    /// This machine as detected, with what was measured on it before.
    pub fn get(&self) -> &(Machine, Vec<Finding>) {
        &self.all().0
    }

    /// What else is known of it.
    pub fn host(&self) -> &HostFacts {
        &self.all().1
    }

    fn all(&self) -> &((Machine, Vec<Finding>), HostFacts) {
        self.detected.get_or_init(|| {
            let Detected { mut machine, mut findings, host } = crate::detect::detected();
            if let Ok(store) = Store::open() {
                store.recall(&mut machine, &mut findings);
                compare(&store, &mut machine);
            }
            ((machine, findings), host)
        })
    }
}

impl Machines for ThisMachine {
    fn this(&self) -> (Machine, Vec<Finding>) {
        self.get().clone()
    }

    fn named(&self, id: &str) -> Option<Machine> {
        let store = Store::open().ok()?;
        let (entries, _) = store.profiles();
        let mut machine = entries.into_iter().find(|entry| entry.doc.machine.id == id)?.doc.machine;
        Catalog::builtin().resolve(&mut machine);
        compare(&store, &mut machine);
        Some(machine)
    }
}

/// Puts measured speeds beside what is predicted today.
fn compare(store: &Store, machine: &mut Machine) {
    if !machine.runs.is_empty() {
        let models: Vec<_> = store.models().0.into_iter().map(|entry| Arc::new(entry.doc)).collect();
        Catalog::builtin().compare_runs(machine, &models);
    }
}
