//! Between this machine and the tests: what they have to know, and where their results go.

use super::date::today;
use super::disk::{Cached, DiskResult};
use super::gpu::CardFigures;
use super::matvec::KernelResult;
use super::ram::{RamOptions, RamResult};
use super::suite::{Outcome, Suite};
use crate::detect::{power, topology};
use crate::hardware::{Besides, Figure, Finding, GPU_METHOD, Machine, Measurement, PoolKind, Source};
use crate::units::{Bytes, BytesPerSecond};

/// Method and version written beside a result.
const RAM_METHOD: &str = "read/1";
const LINK_METHOD: &str = "copy/1";
const DISK_METHOD: &str = "disk/1";
/// A card that reads faster than this much of its data sheet was not measured but its cache.
const ABOVE_SHEET: f64 = 1.02;

/// What the bandwidth test has to know of this machine.
#[must_use]
pub fn ram_options(seconds: f64) -> RamOptions {
    let here = topology();
    RamOptions {
        last_level_cache_bytes: here.last_level_cache.map(Bytes::get),
        available_bytes: here.available.get(),
        physical_cores: here.physical_cores as usize,
        logical_cores: here.logical_cores as usize,
        seconds,
    }
}

/// Puts what was measured into a machine; predictions use it from now on. What is not kept is said.
pub fn apply(machine: &mut Machine, suite: &Suite) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(Outcome::Done(ram)) = &suite.ram {
        let kernel = match &suite.kernel {
            Some(Outcome::Done(kernel)) => Some(kernel),
            _ => None,
        };
        findings.extend(add_ram(machine, ram, kernel));
    }
    if let Some(cards) = &suite.gpus {
        let mut taken = Vec::new();
        for card in &cards.cards {
            findings.extend(add_card(machine, card, &mut taken));
        }
    }
    if let Some(Outcome::Done(disk)) = &suite.disk {
        findings.extend(add_disk(machine, disk));
    }
    findings
}

/// Puts the RAM's result into a machine, unless it is only a lower bound.
fn add_ram(machine: &mut Machine, result: &RamResult, kernel: Option<&KernelResult>) -> Option<Finding> {
    let host = machine.host()?.id.clone();
    let busy = format!("{:.0} % of the time on a core", result.cpu_over_wall * 100.0);
    if result.busy {
        return Some(Finding::warning(
            format!("Other work took {:.0} % of the time: RAM is a lower bound.", (1.0 - result.cpu_over_wall) * 100.0),
            "Close programs and measure again; a lower bound is not kept.",
        ));
    }
    let mut besides = vec![(Besides::Median, result.median_bytes_per_second)];
    besides.extend(result.copy_bytes_per_second.map(|rate| (Besides::Copy, rate)));
    besides.extend(kernel.map(|kernel| (Besides::KernelQ4K, kernel.q4_k)));
    besides.extend(kernel.map(|kernel| (Besides::KernelQ8, kernel.q8_0)));
    let measurement = Measurement {
        what: host,
        best: BytesPerSecond::saturating(result.best_bytes_per_second),
        ordinary_pages: result.ordinary_pages_bytes_per_second.map(BytesPerSecond::saturating),
        spread: result.spread,
        threads: u32::try_from(result.threads).unwrap_or(u32::MAX),
        date: today(),
        method: RAM_METHOD.to_owned(),
        conditions: conditions(&busy),
        besides,
    };
    keep(machine, measurement, &format!("{} threads, ordinary pages", result.threads));
    None
}

/// Load and power, where the system says.
fn conditions(load: &str) -> String {
    let power = power().map(crate::detect::Power::name);
    [Some(load), power].into_iter().flatten().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Adds a measurement and puts what predictions use of it into its pool.
fn keep(machine: &mut Machine, measurement: Measurement, how: &str) {
    if let Some(pool) = machine.pools.iter_mut().find(|pool| pool.id == measurement.what)
        && let Some(rate) = measurement.used(pool.kind)
    {
        let origin = format!("{}, {}, {how}", measurement.date, measurement.method);
        pool.read_measured = Some(Figure::new(rate, Source::Measured, origin));
    }
    machine.measurements.push(measurement);
}

/// The pool of a card: that in its slot, else the next of its name, else the only one.
fn pool_of(machine: &Machine, card: &CardFigures, taken: &[String]) -> Option<String> {
    let free = || machine.gpus().filter(|pool| !taken.contains(&pool.id));
    let own = card.slot();
    let slot = free().find(|pool| pool.slot.is_some() && pool.slot == own);
    let unplaced = |name: &str| free().find(|pool| pool.slot.is_none() && pool.name == name);
    let only = || free().next().filter(|_| machine.gpus().count() == 1);
    slot.or_else(|| unplaced(&card.name)).or_else(only).map(|pool| pool.id.clone())
}

fn add_card(machine: &mut Machine, card: &CardFigures, taken: &mut Vec<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(id) = pool_of(machine, card, taken) else {
        findings.push(Finding::note(
            format!("{} was measured, but it is no pool of this machine; its figures are not kept.", card.name),
            "",
        ));
        return findings;
    };
    taken.push(id.clone());
    let Some(pool) = machine.pool(&id) else { return findings };
    let (sheet, link) = (pool.read.clone(), pool.link.clone());
    let pool_kind = pool.kind;
    if let Some(read) = &card.read {
        let most = sheet.filter(|sheet| sheet.source == Source::DataSheet).map(|sheet| sheet.value.get() * ABOVE_SHEET);
        if most.is_some_and(|most| read.best > most) {
            findings.push(Finding::warning(
                format!(
                    "{} read {}, more than its data sheet allows: that was a cache, and is not kept.",
                    card.name,
                    BytesPerSecond::saturating(read.best)
                ),
                "Free some of its memory and measure again.",
            ));
        } else {
            let besides = [
                Some((Besides::Median, read.median)),
                card.f32_flops.map(|rate| (Besides::F32, rate)),
                card.f16_flops.map(|rate| (Besides::F16, rate)),
            ];
            let measurement = Measurement {
                what: id,
                best: BytesPerSecond::saturating(read.best),
                ordinary_pages: None,
                spread: read.spread,
                threads: 0,
                date: today(),
                method: format!("{GPU_METHOD}1"),
                conditions: conditions(&card.driver),
                besides: besides.into_iter().flatten().collect(),
            };
            keep(machine, measurement, &format!("{} MiB, {}", read.bytes >> 20, read.clock.name()));
        }
    }
    if let (Some(carried), Some(link), PoolKind::Vram) = (card.link, link, pool_kind) {
        let rate = BytesPerSecond::saturating(carried.to_device);
        let measurement = Measurement {
            what: link.clone(),
            best: rate,
            ordinary_pages: None,
            spread: 0.0,
            threads: 0,
            date: today(),
            method: LINK_METHOD.to_owned(),
            conditions: conditions(&card.driver),
            besides: vec![(Besides::FromDevice, carried.from_device)],
        };
        if let Some(link) = machine.links.iter_mut().find(|other| other.id == link) {
            let origin = format!("{}, {}", measurement.date, measurement.method);
            link.bandwidth = Some(Figure::new(rate, Source::Measured, origin));
        }
        machine.measurements.push(measurement);
    }
    findings
}

fn add_disk(machine: &mut Machine, result: &DiskResult) -> Option<Finding> {
    let disk = machine.disk()?.id.clone();
    if result.cached == Cached::Through {
        return Some(Finding::warning(
            "The file system does not read past its cache, so the disk's figure may be the RAM's and is not kept.",
            "Name a large file on the disk that holds the models with --file.",
        ));
    }
    let mut besides = vec![(Besides::Random, result.random)];
    besides.extend(result.warm.map(|rate| (Besides::Warm, rate)));
    let measurement = Measurement {
        what: disk,
        best: BytesPerSecond::saturating(result.sequential),
        ordinary_pages: None,
        spread: result.spread,
        threads: 0,
        date: today(),
        method: DISK_METHOD.to_owned(),
        conditions: conditions(result.path_kind.words()),
        besides,
    };
    keep(machine, measurement, "in pieces of 4 MiB");
    None
}

#[cfg(test)]
mod tests {
    use super::super::disk::PathKind;
    use super::super::gpu::{Cards, Carried, Clock, Figures};
    use super::*;
    use crate::hardware::{Link, LinkKind, Pool};

    fn rate(gb: f64) -> BytesPerSecond {
        BytesPerSecond::saturating(gb * 1e9)
    }

    fn machine() -> Machine {
        let mut machine = Machine::new("this", "This machine");
        machine.pools.push(Pool::new("ram", PoolKind::Ram, Figure::typed(Bytes::gib(64))));
        for (number, slot) in ["0000:01:00.0", "0000:02:00.0"].into_iter().enumerate() {
            let mut gpu = Pool::new(&format!("gpu{number}"), PoolKind::Vram, Figure::typed(Bytes::gib(24)));
            gpu.name = "NVIDIA GeForce RTX 4090".into();
            gpu.slot = crate::hardware::Slot::parse(slot);
            gpu.read = Some(Figure::new(rate(1008.0), Source::DataSheet, ""));
            gpu.link = Some(format!("pcie{number}"));
            machine.pools.push(gpu);
            machine.links.push(Link {
                id: format!("pcie{number}"),
                kind: LinkKind::Pcie,
                generation: Some(4),
                lanes: Some(16),
                joins: Vec::new(),
                bandwidth: None,
                latency: None,
            });
        }
        machine.pools.push(Pool::new("disk", PoolKind::Disk, Figure::typed(Bytes::gib(2000))));
        machine
    }

    fn card(pci: &str, best: f64) -> CardFigures {
        CardFigures {
            name: "NVIDIA GeForce RTX 4090".into(),
            pci: Some(pci.into()),
            driver: String::new(),
            vendor: 0x10de,
            device: 0x2684,
            read: Some(Figures {
                best,
                median: best,
                spread: 0.0,
                windows: vec![best],
                clock: Clock::Timestamps,
                bytes: 1 << 30,
                sweep: Vec::new(),
            }),
            f32_flops: Some(8e13),
            f16_flops: None,
            link: Some(Carried { to_device: 2.5e10, from_device: 2.6e10 }),
        }
    }

    fn suite_of(cards: Vec<CardFigures>) -> Suite {
        Suite { gpus: Some(Cards { cards, ..Cards::default() }), ..Suite::default() }
    }

    #[test]
    fn a_card_is_found_by_its_slot() {
        let mut machine = machine();
        let findings = apply(&mut machine, &suite_of(vec![card("0000:02:00.0", 9.3e11), card("0000:01:00.0", 9.1e11)]));
        assert_eq!(findings, []);
        let measured = |id: &str| machine.pool(id).and_then(|pool| pool.read_measured.as_ref()).map(|rate| rate.value);
        assert_eq!([measured("gpu0"), measured("gpu1")], [Some(rate(910.0)), Some(rate(930.0))]);
        assert!(machine.links.iter().all(|link| link.bandwidth.as_ref().is_some_and(|b| b.source == Source::Measured)));
        assert_eq!(machine.measurements.len(), 4);
    }

    #[test]
    fn more_than_the_data_sheet_is_a_cache() {
        let mut machine = machine();
        let findings = apply(&mut machine, &suite_of(vec![card("0000:01:00.0", 1.1e12), card("0000:09:00.0", 9e11)]));
        assert!(findings[0].what.contains("that was a cache"), "{findings:?}");
        assert!(findings[1].what.contains("no pool of this machine"), "{findings:?}");
        assert!(machine.gpus().all(|gpu| gpu.read_measured.is_none()));
    }

    #[test]
    fn a_disk_counts_expert_by_expert_and_past_the_cache_only() {
        let result = DiskResult {
            path_kind: PathKind::Temporary,
            sequential: 3e9,
            random: 2e9,
            warm: Some(9e9),
            spread: 0.1,
            cached: Cached::Past,
            file_bytes: 1 << 30,
        };
        let with = |cached| {
            let mut machine = machine();
            let disk = Some(Outcome::Done(DiskResult { cached, ..result.clone() }));
            let findings = apply(&mut machine, &Suite { disk, ..Suite::default() });
            (machine.disk().and_then(|disk| disk.read_measured.clone()).map(|rate| rate.value), findings.len())
        };
        assert_eq!(with(Cached::Past), (Some(rate(2.0)), 0));
        assert_eq!(with(Cached::Through), (None, 1));
    }
}
