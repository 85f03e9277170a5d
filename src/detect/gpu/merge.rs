//! From what several interfaces say to the GPUs there are.
//!
//! Rules, each paid for by someone (see `shared/reference/detecting.md`): software renderers are dropped;
//! one card is one PCI address or one LUID, and without those the n-th of its ids within one interface
//! and driver, never a name (two equal cards are two; llama.cpp #7997, #16689, #19058); OpenGL counts
//! only when nothing else lists anything.

use crate::hardware::{Figure, Source};
use crate::units::{Bytes, BytesPerSecond};

use super::identity::{GpuIdentity, is_software, plain_name};
use super::report::{Api, GpuKind, GpuReport, Reach, User};

/// A GPU, with the source of each figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Gpu {
    /// What to look it up by.
    pub identity: GpuIdentity,
    /// Its PCI address, where one interface tells.
    pub address: Option<String>,
    /// What it is.
    pub kind: GpuKind,
    /// Whether a program could compute on it.
    pub reach: Reach,
    /// The kernel or user driver; may be empty.
    pub driver: String,
    /// Memory of its own.
    pub memory: Option<Figure<Bytes>>,
    /// What of it is free now.
    pub free: Option<Figure<Bytes>>,
    /// System memory it may use too.
    pub shared: Option<Figure<Bytes>>,
    /// What it may use in all of unified memory.
    pub limit: Option<Figure<Bytes>>,
    /// What of its memory the CPU sees at once.
    pub window: Option<Bytes>,
    /// Theoretical bandwidth of its memory.
    pub bandwidth: Option<Figure<BytesPerSecond>>,
    /// `PCIe` generation of card and slot.
    pub pcie_generation: Option<u32>,
    /// `PCIe` generation in use: it falls when there is nothing to do.
    pub pcie_generation_now: Option<u32>,
    /// `PCIe` lanes.
    pub pcie_lanes: Option<u32>,
    /// `PCIe` lanes the card has.
    pub pcie_lanes_most: Option<u32>,
    /// Other programs that hold its memory, most first.
    pub users: Vec<User>,
    /// For a slice of a card, its share of the card's memory.
    pub slice: Option<f64>,
}

const NVIDIA: u32 = 0x10de;

/// The GPUs behind the reports.
#[must_use]
pub fn merge(mut reports: Vec<GpuReport>) -> Vec<Gpu> {
    reports.retain(|report| !is_software(report));
    reports.sort_by_key(|report| report.api);
    let mut groups: Vec<Vec<GpuReport>> = Vec::new();
    for report in reports {
        match home(&groups, &report) {
            Some(at) => groups[at].push(report),
            None => groups.push(vec![report]),
        }
    }
    let better = groups.iter().any(|group| group[0].api != Api::Gl);
    let managed = groups.iter().any(|group| group[0].api == Api::Nvml);
    groups.retain(|group| {
        // DXGI lists a card once more for a remote or virtual display; NVML knows how many there are.
        let phantom = managed
            && group[0].vendor == NVIDIA
            && group.iter().all(|report| !matches!(report.api, Api::Nvml | Api::Sysfs));
        !(phantom || better && group[0].api == Api::Gl)
    });
    let mut gpus: Vec<Gpu> = groups.iter().map(|group| gpu(group)).collect();
    gpus.sort_by(|a, b| a.address.cmp(&b.address));
    gpus
}

/// The group this report belongs to, if it is there already.
fn home(groups: &[Vec<GpuReport>], report: &GpuReport) -> Option<usize> {
    if report.slice_of.is_some() {
        return None;
    }
    let same = |a: &GpuReport| {
        let pci = a.pci.is_some() && a.pci == report.pci;
        let luid = a.luid.is_some() && a.luid == report.luid;
        pci || luid
    };
    if let Some(at) = groups.iter().position(|group| group.iter().any(same)) {
        return Some(at);
    }
    if report.vendor == 0 || report.device == 0 {
        return None;
    }
    groups.iter().position(|group| {
        let alike = (group[0].vendor, group[0].device) == (report.vendor, report.device);
        // Already spoken for by this interface and driver: the next of its kind.
        let taken = group.iter().any(|other| other.api == report.api && other.driver == report.driver);
        let apart = |key: fn(&GpuReport) -> bool| key(report) && group.iter().any(key);
        let elsewhere = apart(|r| r.pci.is_some()) || apart(|r| r.luid.is_some());
        alike && !taken && !elsewhere
    })
}

/// One GPU from all that is said of it; reports come most trusted first.
fn gpu(group: &[GpuReport]) -> Gpu {
    let figure = |field: fn(&GpuReport) -> Option<u64>, word: &str| {
        group.iter().find_map(|report| {
            let value = field(report).filter(|value| *value > 0)?;
            let origin = format!("{} {word}", report.api.name());
            Some(Figure::new(Bytes::new(value), Source::Reported, origin))
        })
    };
    let first = |field: fn(&GpuReport) -> Option<u32>| group.iter().find_map(field);
    let memory = figure(|r| r.memory, "memory size");
    let slice_of = group.iter().find_map(|report| report.slice_of).filter(|whole| *whole > 0);
    let mut names: Vec<String> = Vec::new();
    for report in group {
        if !report.name.is_empty() && !names.contains(&report.name) {
            names.push(report.name.clone());
        }
    }
    let id = |field: fn(&GpuReport) -> u32| group.iter().map(field).find(|id| *id != 0).unwrap_or(0);
    let mut identity = GpuIdentity {
        name: names.first().map(|name| plain_name(name)).unwrap_or_default(),
        names,
        vendor: id(|r| r.vendor),
        device: id(|r| r.device),
        revision: first(|r| r.revision),
        memory: slice_of.map(Bytes::new).or(memory.as_ref().map(|memory| memory.value)),
        cores: first(|r| r.cores),
    };
    if identity.name.is_empty() {
        identity.name = identity.pci_id().map_or("GPU".to_owned(), |id| format!("GPU {id}"));
    }
    let free = figure_of_free(group).map(|mut free| {
        if let Some(memory) = &memory {
            free.value = free.value.min(memory.value);
        }
        free
    });
    let bandwidth = group.iter().find_map(|report| {
        let rate = BytesPerSecond::new(report.bandwidth.filter(|rate| *rate > 0)? as f64)?;
        let origin = format!("{} bus width x memory clock", report.api.name());
        Some(Figure::new(rate, Source::Reported, origin))
    });
    Gpu {
        address: group.iter().find_map(|report| report.pci.clone()),
        kind: kind(group),
        reach: if group.iter().any(|r| r.reach == Reach::Open) { Reach::Open } else { Reach::Listed },
        driver: group.iter().map(|r| &r.driver).find(|d| !d.is_empty()).cloned().unwrap_or_default(),
        free,
        shared: figure(|r| r.shared, "shared memory"),
        limit: group
            .iter()
            .filter_map(|report| Some((report.api, report.limit.filter(|limit| *limit > 0)?)))
            .max_by_key(|(_, limit)| *limit)
            .map(|(api, limit)| Figure::new(Bytes::new(limit), Source::Reported, format!("{} limit", api.name()))),
        window: group.iter().find_map(|report| report.window).map(Bytes::new),
        bandwidth,
        pcie_generation: first(|r| r.pcie_generation),
        pcie_generation_now: first(|r| r.pcie_generation_now),
        pcie_lanes: first(|r| r.pcie_lanes),
        pcie_lanes_most: group.iter().filter_map(|report| report.pcie_lanes_most).max(),
        users: group.iter().map(|report| &report.users).find(|users| !users.is_empty()).cloned().unwrap_or_default(),
        slice: slice_of.and_then(|whole| {
            let share = memory.as_ref()?.value.as_f64() / whole as f64;
            (share <= 1.0).then_some(share)
        }),
        memory,
        identity,
    }
}

/// NVML takes every device for a card; whoever tells kinds apart is asked first.
fn kind(group: &[GpuReport]) -> GpuKind {
    [Api::Vulkan, Api::Metal, Api::Gl, Api::Dxgi, Api::Sysfs, Api::Nvml]
        .into_iter()
        .flat_map(|api| group.iter().filter(move |report| report.api == api))
        .map(|report| report.kind)
        .find(|kind| *kind != GpuKind::Unknown)
        .unwrap_or_default()
}

/// What is free may well be nothing, so 0 is kept here.
fn figure_of_free(group: &[GpuReport]) -> Option<Figure<Bytes>> {
    group.iter().find_map(|report| {
        let origin = format!("{} free memory", report.api.name());
        Some(Figure::new(Bytes::new(report.free?), Source::Reported, origin))
    })
}

#[cfg(test)]
mod tests {
    use super::super::report::parse_lines;
    use super::*;

    /// Names, kinds and memory in MiB of what the lines of a capture amount to.
    fn check(capture: &str, expected: &[(&str, GpuKind, Option<u64>)]) -> Vec<Gpu> {
        let gpus = merge(parse_lines(capture).0.reports);
        let found: Vec<_> = gpus
            .iter()
            .map(|gpu| {
                let mib = gpu.memory.as_ref().map(|memory| memory.value.get() >> 20);
                (gpu.identity.name.as_str(), gpu.kind, mib)
            })
            .collect();
        assert_eq!(found, expected);
        gpus
    }

    #[test]
    fn a_software_renderer_is_no_gpu() {
        check(include_str!("../../../tests/captures/gpus-lavapipe.txt"), &[]);
    }

    #[test]
    fn one_card_seen_by_four_interfaces_is_one_card() {
        let gpus = check(
            include_str!("../../../tests/captures/gpus-linux-4090-and-igpu.txt"),
            &[
                ("NVIDIA GeForce RTX 4090", GpuKind::Discrete, Some(24564)),
                ("AMD Ryzen 9 7950X 16-Core Processor", GpuKind::Integrated, Some(512)),
            ],
        );
        let card = &gpus[0];
        assert_eq!(card.identity.pci_id().as_deref(), Some("10DE:2684"));
        assert_eq!(card.memory.as_ref().map(|m| m.origin.as_str()), Some("NVML memory size"));
        assert_eq!((card.pcie_generation, card.pcie_lanes), (Some(4), Some(16)));
        assert_eq!(card.bandwidth.as_ref().map(|b| b.value.to_string()).as_deref(), Some("1,008 GB/s"));
        assert_eq!(gpus[1].identity.pci_revision().as_deref(), Some("C1"));
    }

    #[test]
    fn two_equal_cards_are_two_and_two_drivers_of_one_are_one() {
        check(
            include_str!("../../../tests/captures/gpus-two-r9700-two-drivers.txt"),
            &[
                ("AMD Radeon AI PRO R9700", GpuKind::Discrete, Some(32624)),
                ("AMD Radeon AI PRO R9700", GpuKind::Discrete, Some(32624)),
            ],
        );
    }

    #[test]
    fn windows_phantoms_and_shared_memory_do_not_count() {
        check(
            include_str!("../../../tests/captures/gpus-windows-laptop.txt"),
            &[
                ("Intel(R) Iris(R) Xe Graphics", GpuKind::Integrated, Some(128)),
                ("NVIDIA GeForce RTX 4070 Laptop GPU", GpuKind::Discrete, Some(8188)),
            ],
        );
    }

    #[test]
    fn slices_of_one_card_are_several_and_know_their_share() {
        let gpus = check(
            include_str!("../../../tests/captures/gpus-h200-mig.txt"),
            &[
                ("NVIDIA H200 MIG 1g.18gb", GpuKind::Discrete, Some(16384)),
                ("NVIDIA H200 MIG 1g.18gb", GpuKind::Discrete, Some(16384)),
            ],
        );
        assert_eq!(gpus[0].identity.memory, Some(Bytes::new(143_771 << 20)));
        assert!(gpus[0].slice.is_some_and(|share| (share - 0.114).abs() < 0.001));
    }

    #[test]
    fn opengl_counts_only_alone() {
        let gl = GpuReport {
            api: Api::Gl,
            name: "NVIDIA GeForce GTX 750/PCIe/SSE2".into(),
            kind: GpuKind::Discrete,
            ..GpuReport::default()
        };
        let alone = merge(vec![gl.clone()]);
        assert_eq!(alone[0].identity.name, "NVIDIA GeForce GTX 750");
        let other = GpuReport { name: "Card".into(), vendor: 1, device: 2, ..GpuReport::default() };
        assert_eq!(merge(vec![gl, other]).len(), 1);
    }
}
