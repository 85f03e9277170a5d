//! What is free right now, read again and again while somebody looks: RAM from the system, GPUs from whoever told of them
//! when the machine was read.
//!
//! It is light: files for RAM and AMD's cards, and a child that asks only the drivers that are needed. Where no GPU's
//! figure comes from a driver no child is started, and a card that sleeps is not woken to be asked.

use std::path::Path;

use crate::hardware::{Accelerator, Figure, Finding, Machine, Pool, PoolKind, Slot, Source};
use crate::units::Bytes;

use super::child::{Ended, PROBE_TIMEOUT, free_in_child};
use super::files::Files;
use super::gpu::{Api, Gpu, GpuReport, merge, parse_pci};
use super::machine::in_use;
use super::ram::{self, Ram};

const AMD: u32 = 0x1002;

/// What is free of a pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Fresh {
    /// Which, by its id.
    pub pool: String,
    /// How much, and who says so.
    pub free: Figure<Bytes>,
}

/// What is free of a machine's memories, as far as it was told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Now {
    /// Each pool of which somebody told.
    pub free: Vec<Fresh>,
    /// Who else holds memory of its GPUs; none where no driver was asked.
    pub held: Option<Vec<Finding>>,
    /// How asking the drivers broke off, if it did.
    pub broken: Option<Ended>,
}

/// Whom to ask beside the files of this system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drivers<'p> {
    /// This program, as a child.
    Child(&'p Path),
    /// Nobody this time.
    Leave,
}

/// Reads what is free of this machine, until `stop` says that it is no longer wanted.
#[must_use]
pub fn now(machine: &Machine, drivers: Drivers<'_>, stop: &dyn Fn() -> bool) -> Now {
    let files = &super::files::Live;
    let mut reports = parse_pci(files);
    let apis = apis(machine);
    let (mut broken, mut asked) = (None, false);
    if let Drivers::Child(exe) = drivers
        && !apis.is_empty()
        && !are_asleep(files, machine, &reports)
    {
        let (found, ended) = free_in_child(exe, &apis, PROBE_TIMEOUT, stop);
        reports.extend(found.reports);
        (broken, asked) = (ended, true);
    }
    let gpus = merge(reports);
    let held = (asked && broken.is_none()).then(|| held(machine, &gpus));
    Now { free: fresh(machine, ram::read(), &gpus), held, broken }
}

/// The drivers that told what is free of this machine's GPUs, files of the system aside.
fn apis(machine: &Machine) -> Vec<Api> {
    let told = |pool: &Pool| {
        let origin = reported(pool)?.origin.clone();
        let of_a_driver = |api: &Api| !matches!(api, Api::Sysfs | Api::Gl);
        Api::ALL.into_iter().filter(of_a_driver).find(|api| origin.starts_with(api.name()))
    };
    let mut apis: Vec<Api> = machine.gpus().filter_map(told).collect();
    apis.sort_unstable();
    apis.dedup();
    apis
}

/// What a pool of this machine was told to have free; a figure that was typed is no matter of the system.
fn reported(pool: &Pool) -> Option<&Figure<Bytes>> {
    pool.free_now.as_ref().filter(|free| free.source == Source::Reported && pool.node.is_none())
}

/// Whether every card that a driver would have to be asked for sleeps: asking would wake it.
fn are_asleep(files: &dyn Files, machine: &Machine, reports: &[GpuReport]) -> bool {
    let cards = machine.gpus().filter(|pool| pool.kind == PoolKind::Vram);
    let slots: Vec<Slot> = cards.filter_map(|pool| pool.slot).collect();
    let mut addresses = reports
        .iter()
        .filter_map(|report| report.pci.as_deref())
        .filter(|at| Slot::parse(at).is_some_and(|at| slots.contains(&at)))
        .peekable();
    addresses.peek().is_some()
        && addresses.all(|address| {
            let status = files.text(&format!("/sys/bus/pci/devices/{address}/power/runtime_status"));
            status.is_some_and(|status| status.trim() == "suspended")
        })
}

/// What is free of each pool that told of it before.
fn fresh(machine: &Machine, ram: Option<Ram>, gpus: &[Gpu]) -> Vec<Fresh> {
    let mut found = Vec::new();
    for pool in machine.pools.iter().filter(|pool| reported(pool).is_some()) {
        let free = match pool.kind {
            PoolKind::Ram => ram.map(|ram| Figure::new(ram.available, Source::Reported, ram.origin)),
            PoolKind::Unified => ram.map(|ram| {
                // What firmware set aside for the GPU belongs to the one memory, too.
                let of_amd = |gpu: &&Gpu| gpu.identity.vendor == AMD && gpu.memory.is_some() && is_of(gpu, pool);
                let aside = gpus.iter().find(of_amd).and_then(|gpu| gpu.free.as_ref());
                let more = aside.map_or(Bytes::ZERO, |free| free.value);
                Figure::new(ram.available + more, Source::Reported, ram.origin)
            }),
            PoolKind::Vram => card(machine, pool, gpus).and_then(|gpu| gpu.free.clone()),
            PoolKind::Disk => None,
        };
        found.extend(free.map(|mut free| {
            free.value = free.value.min(pool.capacity.value);
            Fresh { pool: pool.id.clone(), free }
        }));
    }
    found
}

fn is_of(gpu: &Gpu, pool: &Pool) -> bool {
    match (&pool.slot, gpu.address.as_deref().and_then(Slot::parse)) {
        (Some(slot), Some(own)) => *slot == own,
        _ => pool.name == gpu.identity.name,
    }
}

/// The card of a pool. Slices share a slot, and cards without one a name: the n-th of those is the n-th.
fn card<'g>(machine: &Machine, pool: &Pool, gpus: &'g [Gpu]) -> Option<&'g Gpu> {
    let alike = |other: &&Pool| other.kind == PoolKind::Vram && (&other.slot, &other.name) == (&pool.slot, &pool.name);
    let place = machine.pools.iter().filter(alike).position(|other| other.id == pool.id)?;
    gpus.iter().filter(|gpu| gpu.free.is_some() && is_of(gpu, pool)).nth(place)
}

/// Who else holds memory of the cards.
fn held(machine: &Machine, gpus: &[Gpu]) -> Vec<Finding> {
    let of = |pool: &Pool| {
        let name = pool.device.as_ref().map_or_else(|| pool.name.clone(), Accelerator::full_name);
        in_use(&name, card(machine, pool, gpus)?)
    };
    machine.gpus().filter(|pool| pool.kind == PoolKind::Vram).filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::super::gpu::{GpuIdentity, User, parse_lines};
    use super::super::ram::Host;
    use super::*;

    const GIB: u64 = 1 << 30;

    fn ram(available: u64) -> Ram {
        let total = Bytes::gib(64);
        Ram { total, available: Bytes::gib(available), limit: None, host: Host::Plain, origin: "/proc/meminfo" }
    }

    fn pool(id: &str, kind: PoolKind, slot: Option<&str>, origin: &str) -> Pool {
        let mut pool = Pool::new(id, kind, Figure::new(Bytes::gib(24), Source::Reported, origin));
        pool.name = "NVIDIA GeForce RTX 3090".into();
        pool.slot = slot.and_then(Slot::parse);
        pool.free_now = Some(Figure::new(Bytes::gib(20), Source::Reported, format!("{origin} free memory")));
        pool
    }

    fn machine(pools: Vec<Pool>) -> Machine {
        Machine { pools, ..Machine::new("this", "This machine") }
    }

    fn report(slot: Option<&str>, free: u64) -> GpuReport {
        GpuReport {
            api: Api::Nvml,
            name: "NVIDIA GeForce RTX 3090".into(),
            vendor: 0x10de,
            device: 0x2204,
            pci: slot.map(str::to_owned),
            memory: Some(24 * GIB),
            free: Some(free * GIB),
            ..GpuReport::default()
        }
    }

    fn told(found: &[Fresh]) -> Vec<(&str, u64)> {
        found.iter().map(|fresh| (fresh.pool.as_str(), fresh.free.value.get() / GIB)).collect()
    }

    #[test]
    fn each_card_gets_its_own_figure() {
        let (one, two) = ("0000:01:00.0", "0000:02:00.0");
        let here = machine(vec![
            pool("ram", PoolKind::Ram, None, "/proc/meminfo"),
            pool("gpu0", PoolKind::Vram, Some(one), "NVML"),
            pool("gpu1", PoolKind::Vram, Some(two), "NVML"),
        ]);
        let gpus = merge(vec![report(Some(two), 3), report(Some(one), 7)]);
        assert_eq!(told(&fresh(&here, Some(ram(9)), &gpus)), [("ram", 9), ("gpu0", 7), ("gpu1", 3)]);
        // One whose driver says nothing is left as it was.
        assert_eq!(told(&fresh(&here, None, &merge(vec![report(Some(two), 3)]))), [("gpu1", 3)]);
        // Without slots the order counts; what was typed stays typed.
        let mut here = machine(vec![
            pool("gpu0", PoolKind::Vram, None, "DXGI"),
            pool("gpu1", PoolKind::Vram, None, "DXGI"),
            pool("ram", PoolKind::Ram, None, ""),
        ]);
        here.pools[2].free_now = Some(Figure::typed(Bytes::gib(1)));
        let gpus = merge(vec![report(None, 5), report(None, 6)]);
        assert_eq!(told(&fresh(&here, Some(ram(9)), &gpus)), [("gpu0", 5), ("gpu1", 6)]);
    }

    #[test]
    fn slices_of_one_card_are_told_apart() {
        let slot = "0000:01:00.0";
        let slices = ["gpu0", "gpu1"].map(|id| pool(id, PoolKind::Vram, Some(slot), "NVML"));
        let part = |free| GpuReport { slice_of: Some(80 * GIB), ..report(Some(slot), free) };
        let gpus = merge(vec![part(4), part(5)]);
        assert_eq!(told(&fresh(&machine(slices.to_vec()), None, &gpus)), [("gpu0", 4), ("gpu1", 5)]);
    }

    #[test]
    fn memory_set_aside_belongs_to_the_one_memory() {
        let here = machine(vec![pool("unified", PoolKind::Unified, Some("0000:c1:00.0"), "/proc/meminfo")]);
        let aside = |vendor| {
            let report = GpuReport { vendor, api: Api::Sysfs, ..report(Some("0000:c1:00.0"), 3) };
            told(&fresh(&here, Some(ram(9)), &merge(vec![report])))[0].1
        };
        assert_eq!((aside(AMD), aside(0x10de)), (12, 9));
    }

    #[test]
    fn only_drivers_that_told_are_asked() {
        let cards = |origins: &[&str]| {
            machine(origins.iter().map(|origin| pool("gpu0", PoolKind::Vram, None, origin)).collect())
        };
        assert_eq!(apis(&cards(&["Vulkan", "NVML", "NVML"])), [Api::Nvml, Api::Vulkan]);
        assert_eq!(apis(&cards(&["sysfs"])), []);
        assert_eq!(apis(&machine(vec![pool("ram", PoolKind::Ram, None, "/proc/meminfo")])), []);
        // Without any there is no child: this program could not be started.
        let nobody = machine(vec![pool("ram", PoolKind::Ram, None, "/proc/meminfo")]);
        let found = now(&nobody, Drivers::Child(Path::new("/nonexistent")), &|| false);
        assert_eq!((found.broken, found.held), (None, None));
        // One that cannot answer is told, and what the system says is there all the same.
        let found = now(&cards(&["NVML"]), Drivers::Child(Path::new("/nonexistent")), &|| false);
        assert!(matches!(found.broken, Some(Ended::NotStarted(_))) && found.held.is_none() && found.free.is_empty());
        assert_eq!(now(&cards(&["NVML"]), Drivers::Leave, &|| false), Now::default());
    }

    #[test]
    fn who_holds_memory_is_told_by_the_card() {
        let slot = "0000:01:00.0";
        let mut used = report(Some(slot), 3);
        used.users = vec![User { name: "python3".into(), bytes: Some(20 * GIB) }];
        let here = machine(vec![pool("gpu0", PoolKind::Vram, Some(slot), "NVML")]);
        let found = held(&here, &merge(vec![used]));
        assert_eq!(found[0].what, "Memory of NVIDIA GeForce RTX 3090 is held by python3 20.0 GiB.");
        assert!(super::super::is_in_use(&found[0]));
        assert_eq!(held(&here, &merge(vec![report(Some(slot), 3)])), []);
    }

    #[test]
    fn a_card_that_sleeps_is_not_woken() {
        struct Status(&'static str);
        impl Files for Status {
            fn text(&self, path: &str) -> Option<String> {
                path.ends_with("0000:01:00.0/power/runtime_status").then(|| self.0.to_owned())
            }
            fn names(&self, _folder: &str) -> Vec<String> {
                Vec::new()
            }
            fn link(&self, _path: &str) -> Option<String> {
                None
            }
        }
        let card = pool("gpu0", PoolKind::Vram, Some("0000:01:00.0"), "NVML");
        let other = pool("gpu1", PoolKind::Vram, Some("0000:02:00.0"), "NVML");
        let reports = [report(Some("0000:01:00.0"), 1), report(Some("0000:02:00.0"), 1)];
        let one = machine(vec![card.clone()]);
        assert!(are_asleep(&Status("suspended\n"), &one, &reports));
        assert!(!are_asleep(&Status("active\n"), &one, &reports));
        // Another that is awake has to be asked.
        assert!(!are_asleep(&Status("suspended"), &machine(vec![card, other]), &reports));
        assert!(!are_asleep(&Status("suspended"), &one, &[]));
    }

    #[test]
    fn a_probe_as_it_comes_from_a_child_is_read() {
        let capture = include_str!("../../tests/captures/gpus-linux-4090-and-igpu.txt");
        let gpus = merge(parse_lines(capture).0.reports);
        let gpu = gpus.iter().find(|gpu| gpu.free.is_some()).expect("a card that tells");
        let mut card = pool("gpu0", PoolKind::Vram, gpu.address.as_deref(), "NVML");
        card.name = GpuIdentity::clone(&gpu.identity).name;
        assert_eq!(fresh(&machine(vec![card]), None, &gpus)[0].free, gpu.free.clone().expect("told"));
    }
}
