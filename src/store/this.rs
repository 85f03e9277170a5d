//! What is remembered of this machine between runs: its measurements and the user's own figures.

use crate::formats::machine_doc::MachineDoc;
use crate::hardware::{Backend, BenchRun, Figure, Finding, Machine, Source};

use super::{SaveMode, Store, StoreError};
use crate::units::BytesPerSecond;

/// The id this machine is kept under.
pub const THIS: &str = "this";

impl Store {
    /// Keeps a machine as this one.
    ///
    /// # Errors
    /// When the file cannot be written; what was kept before is then still there.
    pub fn remember(&self, machine: &Machine) -> Result<(), StoreError> {
        let doc = MachineDoc::new(Machine { id: THIS.to_owned(), ..machine.clone() });
        self.save_profile(&doc, SaveMode::ReplaceOwn).map(|_| ())
    }

    /// Adds to a machine just detected what is remembered of it. What was measured on other hardware is
    /// left out and said.
    pub fn recall(&self, machine: &mut Machine, findings: &mut Vec<Finding>) {
        let (entries, _) = self.profiles();
        let Some(kept) = entries.into_iter().find(|entry| entry.doc.machine.id == THIS) else { return };
        let kept = kept.doc.machine;
        let ram = |machine: &Machine| machine.host().map(|host| host.capacity.value);
        let typed = |machine: &Machine| machine.host().is_some_and(|host| host.capacity.source == Source::Typed);
        if kept.cpu.name != machine.cpu.name || (ram(&kept) != ram(machine) && !typed(&kept)) {
            if !kept.measurements.is_empty() || !kept.runs.is_empty() {
                findings.push(Finding::note("What was measured before was on other hardware.", "Measure again."));
            }
            return;
        }
        machine.measurements.clone_from(&kept.measurements);
        recall_runs(machine, &kept, findings);
        for link in &mut machine.links {
            let measured = |old: &&Figure<BytesPerSecond>| old.source == Source::Measured;
            let old = kept.links.iter().find(|old| old.id == link.id).and_then(|old| old.bandwidth.as_ref());
            if let Some(old) = old.filter(measured) {
                link.bandwidth = Some(old.clone());
            }
        }
        for pool in &mut machine.pools {
            let Some(old) = kept.pool(&pool.id) else { continue };
            pool.read_measured.clone_from(&old.read_measured);
            pool.reserve.clone_from(&old.reserve);
            let typed = |source: Source| source == Source::Typed;
            if typed(old.capacity.source) {
                pool.capacity.clone_from(&old.capacity);
            }
            if old.read.as_ref().is_some_and(|read| typed(read.source)) {
                pool.read.clone_from(&old.read);
            }
        }
    }
}

/// Takes over measured speeds; those on GPUs only while the GPUs are the same.
fn recall_runs(machine: &mut Machine, kept: &Machine, findings: &mut Vec<Finding>) {
    let gpus = |machine: &Machine| -> Vec<String> { machine.gpus().map(|pool| pool.name.clone()).collect() };
    let same = gpus(machine) == gpus(kept);
    let counts = |run: &&BenchRun| same || run.backend == Backend::Cpu;
    machine.runs = kept.runs.iter().filter(counts).cloned().collect();
    if machine.runs.len() < kept.runs.len() {
        findings.push(Finding::note("Speeds measured before were on other GPUs.", "Run llama-bench again."));
    }
}
