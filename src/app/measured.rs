//! Where the results of a measurement go: into this machine, and into the question when it is about this machine.

use std::sync::Arc;

use crate::hardware::{Fate, Finding, Machine, Meter, Pool, PoolKind, Reading, Source};
use crate::measure::{self, Applied, Outcome, Suite};
use crate::ui::bench::Workbench;

/// Keeps what was measured, and says it in a sentence; an error where nothing could be kept.
pub(super) fn apply(
    machine: &mut Machine,
    findings: &mut Vec<Finding>,
    suite: &Suite,
) -> (Applied, Result<String, String>) {
    let applied = measure::apply(machine, suite);
    let mut said: Vec<String> = applied
        .readings
        .iter()
        // What multiplying reaches is part of the RAM's measurement.
        .filter(|reading| reading.fate == Fate::Kept && reading.meter != Meter::Kernel)
        .map(|Reading { figure: measurement, .. }| {
            let pool = machine.pool(&measurement.what);
            let used = pool.and_then(|pool| measurement.used(pool.kind)).unwrap_or(measurement.best);
            match pool.map(|pool| pool.kind) {
                Some(PoolKind::Ram) => {
                    format!("RAM reads {used} with ordinary pages, {} with huge ones", measurement.best)
                }
                Some(PoolKind::Unified) => format!("the memory reads {used}"),
                Some(PoolKind::Vram) => format!("{} reads {used}", measurement.what),
                Some(PoolKind::Disk) => format!("the disk reads {used} in pieces, {} in order", measurement.best),
                None => format!("{} carries {used}", measurement.what),
            }
        })
        .collect();
    if let Some(first) = said.first_mut() {
        let mut letters = first.chars();
        *first = letters.next().map_or_else(String::new, |letter| letter.to_uppercase().chain(letters).collect());
    }
    let failed = failures(suite);
    let rest: Vec<String> = applied
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.what, finding.remedy).trim_end().to_owned())
        .chain(failed)
        .collect();
    // What asked for a measurement is answered.
    let measured = |kind: PoolKind| machine.pools.iter().any(|pool| pool.kind == kind && pool.read_measured.is_some());
    let (ram, disk) = (measured(PoolKind::Ram) || measured(PoolKind::Unified), measured(PoolKind::Disk));
    findings.retain(|finding| !(ram && finding.what.contains("RAM") || disk && finding.what.contains("disk's speed")));
    if said.is_empty() {
        let said = if rest.is_empty() { "There was nothing to measure.".to_owned() } else { rest.join(" ") };
        return (applied, Err(said));
    }
    let mut text = format!("{}.", said.join("; "));
    for sentence in rest {
        text = format!("{text} {sentence}");
    }
    (applied, Ok(text))
}

/// Sentences of parts that could not be measured.
fn failures(suite: &Suite) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(Outcome::Failed(why)) = &suite.ram {
        said.push(why.clone());
    }
    if let Some(Outcome::Failed(why)) = &suite.disk {
        said.push(why.clone());
    }
    if let Some(cards) = &suite.gpus {
        said.extend(cards.failed.iter().map(|(name, why)| format!("{name} was not measured: {why}.")));
        said.extend(cards.broken.iter().map(|how| format!("Measuring the GPUs broke off: it {how}.")));
    }
    said
}

/// Shows the figures of this machine in the question about it.
pub(super) fn show(bench: &mut Workbench, machine: &Machine) {
    let update = |target: &mut Machine| {
        target.measurements.clone_from(&machine.measurements);
        for own in &machine.pools {
            if let Some(pool) = target.pools.iter_mut().find(|pool| pool.id == own.id) {
                pool.read_measured.clone_from(&own.read_measured);
            }
        }
        for own in &machine.links {
            let measured = own.bandwidth.as_ref().filter(|bandwidth| bandwidth.source == Source::Measured);
            if let (Some(link), Some(bandwidth)) = (target.links.iter_mut().find(|link| link.id == own.id), measured) {
                link.bandwidth = Some(bandwidth.clone());
            }
        }
    };
    // A bandwidth the user typed stays; the measurement waits beneath it.
    let typed = |pool: &Pool| pool.read.as_ref().is_some_and(|read| read.source == Source::Typed);
    let in_base = |pool: &Pool| bench.base.pool(&pool.id).is_some_and(typed);
    let kept: Vec<Pool> =
        bench.scenario.machine.pools.iter().filter(|pool| typed(pool) && !in_base(pool)).cloned().collect();
    update(Arc::make_mut(&mut bench.base));
    bench.edit_machine(|target| {
        update(target);
        for old in kept {
            if let Some(pool) = target.pools.iter_mut().find(|pool| pool.id == old.id) {
                pool.read_measured = old.read_measured;
            }
        }
    });
}
