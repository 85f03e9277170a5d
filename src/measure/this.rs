//! Between this machine and the tests: what they have to know, and where their results go.

use super::date::today;
use super::disk::{Cached, DiskResult};
use super::gpu::CardFigures;
use super::matvec::{Bound, KernelResult};
use super::numa::NumaResult;
use super::ram::{BUSY_BELOW, RamOptions, RamResult};
use super::suite::{Outcome, Suite};
use crate::detect::{power, topology};
use crate::hardware::{
    Besides, Fate, Figure, Finding, GPU_METHOD, Machine, Measurement, Meter, PoolKind, Reading, Source,
};
use crate::units::{Bytes, BytesPerSecond};

/// Method and version written beside a result.
const RAM_METHOD: &str = "read/1";
/// The first version multiplied in plain loops everywhere, several times slower than engines.
const KERNEL_METHOD: &str = "rows/2";
const LINK_METHOD: &str = "copy/1";
const DISK_METHOD: &str = "disk/1";
/// Measurements of one figure a profile keeps.
const LAST_FEW: usize = 16;
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

/// What came of putting results into a machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// What is to be said: what was not kept, and why.
    pub findings: Vec<Finding>,
    /// Every figure, kept or not.
    pub readings: Vec<Reading>,
}

impl Applied {
    fn refuse(&mut self, mut reading: Reading, why: String, remedy: &str) {
        reading.fate = Fate::Refused(why.clone());
        self.findings.push(Finding::warning(why, remedy));
        self.readings.push(reading);
    }
}

/// Puts what was measured into a machine; predictions use it from now on. What is not kept is said.
pub fn apply(machine: &mut Machine, suite: &Suite) -> Applied {
    let mut applied = Applied::default();
    if let Some(Outcome::Done(ram)) = &suite.ram {
        let kernel = match &suite.kernel {
            Some(Outcome::Done(kernel)) => Some(kernel),
            _ => None,
        };
        let numa = match &suite.numa {
            Some(Outcome::Done(numa)) => Some(numa),
            _ => None,
        };
        add_ram(machine, ram, (kernel, numa), &mut applied);
    }
    if let Some(cards) = &suite.gpus {
        let mut taken = Vec::new();
        for card in &cards.cards {
            add_card(machine, card, &mut taken, &mut applied);
        }
    }
    if let Some(Outcome::Done(disk)) = &suite.disk {
        add_disk(machine, disk, &mut applied);
    }
    applied
}

/// Puts the RAM's result into a machine, unless it is only a lower bound.
fn add_ram(
    machine: &mut Machine,
    result: &RamResult,
    (kernel, numa): (Option<&KernelResult>, Option<&NumaResult>),
    applied: &mut Applied,
) {
    let Some(host) = machine.host().map(|host| host.id.clone()) else { return };
    let busy = format!("{:.0} % of the time on a core", result.cpu_over_wall * 100.0);
    let mut besides = vec![(Besides::Median, result.median_bytes_per_second)];
    besides.extend(result.copy_bytes_per_second.map(|rate| (Besides::Copy, rate)));
    besides.extend(numa.map(|numa| (Besides::OneNode, numa.one_node())));
    besides.extend(numa.map(|numa| (Besides::OtherNode, numa.remote)));
    // A profile has no word for a lower bound, which a busy machine gives too: one stays in the history alone.
    let as_engines = kernel.filter(|kernel| kernel.bound == Bound::AsEngines && kernel.cpu_over_wall >= BUSY_BELOW);
    besides.extend(as_engines.map(|kernel| (Besides::KernelQ4K, kernel.q4_k)));
    besides.extend(as_engines.map(|kernel| (Besides::KernelQ8, kernel.q8_0)));
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
    let fate = if result.busy { Fate::LowerBound } else { Fate::Kept };
    if let Some(kernel) = kernel {
        let fate = if kernel.bound == Bound::Lower { &Fate::LowerBound } else { &fate };
        applied
            .readings
            .push(Reading { on_core: Some(kernel.cpu_over_wall), ..kernel_reading(kernel, &measurement, fate) });
        if kernel.bound == Bound::Lower {
            applied.findings.push(Finding::note(
                "This processor has none of the instructions engines multiply with, so what its rows reach is a lower bound.",
                "",
            ));
        }
    }
    let sweep = result.per_thread_count.iter().map(|(threads, rate)| (*threads as u64, *rate)).collect();
    let on_core = Some(result.cpu_over_wall);
    let reading = Reading { fate, on_core, sweep, ..Reading::kept(Meter::Ram, "", measurement.clone()) };
    applied.readings.insert(0, reading);
    if result.busy {
        applied.findings.push(Finding::warning(
            format!("Other work took {:.0} % of the time: RAM is a lower bound.", (1.0 - result.cpu_over_wall) * 100.0),
            "Close programs and measure again; a lower bound is not kept.",
        ));
        return;
    }
    keep(machine, measurement, &format!("{} threads, ordinary pages", result.threads));
}

/// What multiplying reached, as a figure of its own.
fn kernel_reading(kernel: &KernelResult, ram: &Measurement, fate: &Fate) -> Reading {
    let figure = Measurement {
        best: BytesPerSecond::saturating(kernel.q4_k),
        ordinary_pages: None,
        spread: kernel.spread,
        threads: u32::try_from(kernel.threads).unwrap_or(u32::MAX),
        method: KERNEL_METHOD.to_owned(),
        conditions: format!("{}, {}", kernel.code, ram.conditions),
        besides: vec![(Besides::KernelQ8, kernel.q8_0)],
        ..ram.clone()
    };
    Reading { fate: fate.clone(), ..Reading::kept(Meter::Kernel, "", figure) }
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
    note(machine, measurement);
}

/// Adds a measurement to the profile, which keeps the last few of each figure; the history has them all.
fn note(machine: &mut Machine, measurement: Measurement) {
    let same = |old: &Measurement| (&old.what, &old.method) == (&measurement.what, &measurement.method);
    let mut over = (machine.measurements.iter().filter(|old| same(old)).count() + 1).saturating_sub(LAST_FEW);
    machine.measurements.retain(|old| {
        let goes = over > 0 && same(old);
        over -= usize::from(goes);
        !goes
    });
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

fn add_card(machine: &mut Machine, card: &CardFigures, taken: &mut Vec<String>, applied: &mut Applied) {
    let Some(id) = pool_of(machine, card, taken) else {
        applied.findings.push(Finding::note(
            format!("{} was measured, but it is no pool of this machine; its figures are not kept.", card.name),
            "",
        ));
        return;
    };
    taken.push(id.clone());
    let Some(pool) = machine.pool(&id) else { return };
    let (sheet, link) = (pool.read.clone(), pool.link.clone());
    let pool_kind = pool.kind;
    if let Some(read) = &card.read {
        let most = sheet.filter(|sheet| sheet.source == Source::DataSheet).map(|sheet| sheet.value.get() * ABOVE_SHEET);
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
        let mut sweep = read.sweep.clone();
        sweep.push((read.bytes, read.best));
        let reading = Reading { sweep, ..Reading::kept(Meter::Gpu, &card.name, measurement.clone()) };
        if most.is_some_and(|most| read.best > most) {
            let why = format!(
                "{} read {}, more than its data sheet allows: that was a cache, and is not kept.",
                card.name,
                BytesPerSecond::saturating(read.best)
            );
            applied.refuse(reading, why, "Free some of its memory and measure again.");
        } else {
            applied.readings.push(reading);
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
        applied.readings.push(Reading::kept(Meter::Link, &card.name, measurement.clone()));
        note(machine, measurement);
    }
}

fn add_disk(machine: &mut Machine, result: &DiskResult, applied: &mut Applied) {
    let Some(disk) = machine.disk().map(|disk| disk.id.clone()) else { return };
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
    let name = format!("{}, {}", result.path_kind.words(), Bytes::new(result.file_bytes).in_gb());
    let reading = Reading::kept(Meter::Disk, &name, measurement.clone());
    if result.cached == Cached::Through {
        let why =
            "The file system does not read past its cache, so the disk's figure may be the RAM's and is not kept.";
        let remedy = "Name a large file on the disk that holds the models with --file.";
        applied.refuse(reading, why.to_owned(), remedy);
        return;
    }
    applied.readings.push(reading);
    keep(machine, measurement, "in pieces of 4 MiB");
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
        let applied = apply(&mut machine, &suite_of(vec![card("0000:02:00.0", 9.3e11), card("0000:01:00.0", 9.1e11)]));
        assert_eq!(applied.findings, []);
        assert_eq!(applied.readings.len(), 4);
        let measured = |id: &str| machine.pool(id).and_then(|pool| pool.read_measured.as_ref()).map(|rate| rate.value);
        assert_eq!([measured("gpu0"), measured("gpu1")], [Some(rate(910.0)), Some(rate(930.0))]);
        assert!(machine.links.iter().all(|link| link.bandwidth.as_ref().is_some_and(|b| b.source == Source::Measured)));
        assert_eq!(machine.measurements.len(), 4);
    }

    #[test]
    fn a_profile_keeps_the_last_few_of_each_figure() {
        let mut machine = machine();
        for number in 1..=LAST_FEW as u32 + 3 {
            apply(&mut machine, &suite_of(vec![card("0000:01:00.0", f64::from(number) * 1e9)]));
        }
        let of = |what: &str| machine.measurements.iter().filter(|old| old.what == what).collect::<Vec<_>>();
        assert_eq!((of("gpu0").len(), of("pcie0").len()), (LAST_FEW, LAST_FEW));
        assert_eq!((of("gpu0")[0].best, of("gpu0")[LAST_FEW - 1].best), (rate(4.0), rate(19.0)));
    }

    #[test]
    fn more_than_the_data_sheet_is_a_cache() {
        let mut machine = machine();
        let Applied { findings, readings } =
            apply(&mut machine, &suite_of(vec![card("0000:01:00.0", 1.1e12), card("0000:09:00.0", 9e11)]));
        assert!(matches!(&readings[0].fate, Fate::Refused(why) if why.contains("cache")), "{readings:?}");
        assert!(findings[0].what.contains("that was a cache"), "{findings:?}");
        assert!(findings[1].what.contains("no pool of this machine"), "{findings:?}");
        assert!(machine.gpus().all(|gpu| gpu.read_measured.is_none()));
    }

    #[test]
    fn rows_in_plain_loops_are_a_lower_bound() {
        let with = |bound| {
            let mut machine = machine();
            let kernel = KernelResult {
                q4_k: 2e10,
                q8_0: 3e10,
                threads: 8,
                spread: 0.0,
                cpu_over_wall: 1.0,
                code: "plain",
                bound,
            };
            let suite =
                Suite { ram: Some(Outcome::Done(ram())), kernel: Some(Outcome::Done(kernel)), ..Suite::default() };
            let applied = apply(&mut machine, &suite);
            let besides = machine.measurements[0].besides(Besides::KernelQ4K);
            (applied.readings[1].fate.clone(), applied.findings.len(), besides)
        };
        assert_eq!(with(Bound::AsEngines), (Fate::Kept, 0, Some(2e10)));
        assert_eq!(with(Bound::Lower), (Fate::LowerBound, 1, None));
    }

    fn ram() -> RamResult {
        RamResult {
            best_bytes_per_second: 5e10,
            median_bytes_per_second: 5e10,
            ordinary_pages_bytes_per_second: Some(4.5e10),
            copy_bytes_per_second: None,
            spread: 0.0,
            threads: 8,
            per_thread_count: vec![(8, 5e10)],
            cpu_over_wall: 1.0,
            busy: false,
            kernel: "portable",
            huge_pages: true,
            working_set_bytes: 1 << 28,
            windows: vec![5e10],
        }
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
            let findings = apply(&mut machine, &Suite { disk, ..Suite::default() }).findings;
            (machine.disk().and_then(|disk| disk.read_measured.clone()).map(|rate| rate.value), findings.len())
        };
        assert_eq!(with(Cached::Past), (Some(rate(2.0)), 0));
        assert_eq!(with(Cached::Through), (None, 1));
    }
}
