//! GPUs as Linux lists them on the PCI bus, with what their kernel drivers tell in sysfs.
//!
//! Needs no GPU library and wakes nothing: `PCIe` registers are read only of a card that is awake. Files:
//! kernel documentation of amdgpu (`mem_info_*`), the kernel's xe driver (`physical_vram_size_bytes`), and Intel's own
//! i915 (`lmem_total_bytes`); the kernel's i915 tells no size, and Vulkan has to.

use crate::detect::cpu::is_numbered;
use crate::detect::files::{Files, parse_number};

use super::report::{Api, GpuKind, GpuReport, Reach, pci_address};

const DEVICES: &str = "/sys/bus/pci/devices";
const NVIDIA: u32 = 0x10de;
const AMD: u32 = 0x1002;
const INTEL: u32 = 0x8086;

/// The GPUs of NVIDIA, AMD and Intel on the bus. Display chips of servers and virtual machines (ASPEED,
/// Matrox, QXL, virtio) compute nothing and are left to Vulkan, which knows those that do.
#[must_use]
pub fn parse(files: &dyn Files) -> Vec<GpuReport> {
    files.names(DEVICES).iter().filter_map(|address| report(files, address)).collect()
}

fn report(files: &dyn Files, address: &str) -> Option<GpuReport> {
    let folder = format!("{DEVICES}/{address}");
    let number = |file: &str| files.number(&format!("{folder}/{file}"));
    let id = |file: &str| u32::try_from(number(file)?).ok();
    let vendor = id("vendor")?;
    let class = number("class")? >> 8;
    // Display controllers, and accelerators such as the Instinct cards. Intel's NPU is one of those too.
    let is_gpu = class >> 8 == 0x03 || class == 0x1200 && vendor != INTEL;
    let is_virtual_function = files.link(&format!("{folder}/physfn")).is_some();
    if !is_gpu || is_virtual_function || ![NVIDIA, AMD, INTEL].contains(&vendor) {
        return None;
    }
    let link = files.link(&format!("{folder}/driver")).unwrap_or_default();
    let driver = link.rsplit('/').next().unwrap_or_default().to_owned();
    let opened = files
        .names(&format!("{folder}/drm"))
        .iter()
        .filter(|node| is_numbered(node, "renderD"))
        .any(|node| files.names("/dev/dri").contains(node));
    let mut report = GpuReport {
        api: Api::Sysfs,
        vendor,
        device: id("device")?,
        revision: id("revision"),
        pci: pci_address(address),
        kind: match vendor {
            // Intel's own graphics sit on the root bus; its cards behind a bridge.
            INTEL if address.starts_with("0000:00:") => GpuKind::Integrated,
            INTEL | NVIDIA => GpuKind::Discrete,
            _ => GpuKind::Unknown,
        },
        // NVIDIA's driver is answered for by its own library.
        reach: if opened && driver != "nvidia" { Reach::Open } else { Reach::Listed },
        ..GpuReport::default()
    };
    match driver.as_str() {
        "amdgpu" => {
            report.memory = number("mem_info_vram_total");
            report.free = report.memory.zip(number("mem_info_vram_used")).map(|(all, used)| all.saturating_sub(used));
            report.shared = number("mem_info_gtt_total");
            report.window = number("mem_info_vis_vram_total");
        }
        "xe" if report.kind == GpuKind::Discrete => {
            let tiles = files.names(&folder);
            report.memory = tiles
                .iter()
                .filter(|name| is_numbered(name, "tile"))
                .map(|tile| number(&format!("{tile}/physical_vram_size_bytes")))
                .sum();
            report.window = window(files, &folder);
        }
        "i915" if report.kind == GpuKind::Discrete => {
            report.memory = files
                .names(&format!("{folder}/drm"))
                .iter()
                .filter(|name| is_numbered(name, "card"))
                .find_map(|card| number(&format!("drm/{card}/lmem_total_bytes")));
            report.window = window(files, &folder);
        }
        _ => {}
    }
    report.memory = report.memory.filter(|bytes| *bytes > 0);
    report.driver = driver;
    if report.kind != GpuKind::Integrated {
        let way = link_to_host(files, &folder, vendor);
        report.pcie_generation = way.generation;
        report.pcie_generation_now = way.generation_now;
        report.pcie_lanes = way.lanes;
        report.pcie_lanes_most = way.lanes_most;
    }
    Some(report)
}

/// Bytes of an Intel card's memory that the CPU sees at once: the third region of its PCI resources, each line of which
/// tells its first and last address and its flags (`Documentation/PCI/sysfs-pci.rst`).
fn window(files: &dyn Files, folder: &str) -> Option<u64> {
    let regions = files.text(&format!("{folder}/resource"))?;
    let mut region = regions.lines().nth(2)?.split_whitespace();
    let (first, last) = (parse_number(region.next()?)?, parse_number(region.next()?)?);
    (last > first).then(|| (last - first).saturating_add(1))
}

/// The way from a card to the processor.
#[derive(Default)]
struct Way {
    /// What all of it does at most.
    generation: Option<u32>,
    /// What it does now.
    generation_now: Option<u32>,
    /// Lanes in use, where they are fewest.
    lanes: Option<u32>,
    /// Lanes the card has.
    lanes_most: Option<u32>,
}

/// The narrowest part of the way to the processor. An AMD card sits behind a switch of its own and always tells the
/// full width to that; the slot shows further up. Intel's cards do too, and they and the port above them say 2.5 GT/s
/// x1 of themselves, which no card is (nvtop pull request 344): these are passed over.
fn link_to_host(files: &dyn Files, folder: &str, vendor: u32) -> Way {
    let awake = files.text(&format!("{folder}/power/runtime_status")).is_none_or(|status| status != "suspended");
    let mut way = Way::default();
    let Some(mut path) = files.link(folder).filter(|_| awake) else {
        return way;
    };
    let least = |a: Option<u32>, b: Option<u32>| a.into_iter().chain(b).min();
    let mut inside_the_card = vendor == INTEL;
    while let Some((parent, name)) = path.rsplit_once('/') {
        if pci_address(name).is_none() {
            break;
        }
        let speed = |file: &str| files.text(&format!("{path}/{file}")).and_then(|speed| pcie_generation(&speed));
        let width = |file: &str| {
            let width = u32::try_from(files.number(&format!("{path}/{file}"))?).ok()?;
            Some(width).filter(|width| (1..=32).contains(width))
        };
        let (most, lanes_most) = (speed("max_link_speed"), width("max_link_width"));
        inside_the_card &= (most, lanes_most) == (Some(1), Some(1));
        if !inside_the_card {
            way.generation = least(way.generation, most);
            way.generation_now = least(way.generation_now, speed("current_link_speed"));
            way.lanes = least(way.lanes, width("current_link_width"));
            way.lanes_most = way.lanes_most.or(lanes_most);
        }
        path = parent.to_owned();
    }
    way
}

/// `16.0 GT/s PCIe` is generation 4.
fn pcie_generation(speed: &str) -> Option<u32> {
    let gigatransfers: f64 = speed.split(' ').next()?.parse().ok()?;
    [(60.0, 6), (30.0, 5), (15.0, 4), (7.5, 3), (4.5, 2), (2.0, 1)]
        .into_iter()
        .find(|(least, _)| gigatransfers >= *least)
        .map(|(_, generation)| generation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::files::Capture;

    fn check(capture: &str) -> Vec<GpuReport> {
        parse(&Capture::parse(capture))
    }

    #[test]
    fn an_amd_card_is_read_through_its_own_switch() {
        let gpus = check(include_str!("../../../tests/captures/desktop-7950x-7900xtx.txt"));
        let [card, integrated] = &gpus[..] else { panic!("{gpus:?}") };
        assert_eq!((card.device, card.revision), (0x744c, Some(0xc8)));
        assert_eq!((card.memory, card.free), (Some(25_753_026_560), Some(25_753_026_560 - 1_073_741_824)));
        assert_eq!(card.window, Some(268_435_456));
        // The card itself says x16 at 16 GT/s; the slot has 8 lanes.
        assert_eq!((card.pcie_generation, card.pcie_lanes, card.pcie_lanes_most), (Some(4), Some(8), Some(16)));
        // With nothing to do the slot is at its slowest.
        assert_eq!(card.pcie_generation_now, Some(1));
        assert_eq!(card.reach, Reach::Open);
        assert_eq!((integrated.memory, integrated.shared), (Some(536_870_912), Some(67_108_864_000)));
    }

    #[test]
    fn an_nvidia_card_is_only_listed_and_an_intel_npu_is_no_gpu() {
        let gpus = check(include_str!("../../../tests/captures/laptop-intel-nvidia-suspended.txt"));
        let [intel, nvidia] = &gpus[..] else { panic!("{gpus:?}") };
        assert_eq!((intel.kind, intel.reach), (GpuKind::Integrated, Reach::Open));
        assert_eq!((nvidia.kind, nvidia.reach), (GpuKind::Discrete, Reach::Listed));
        assert_eq!(nvidia.pcie_lanes, None, "a sleeping card is left asleep");
    }

    const B580: &str = include_str!("../../../tests/captures/desktop-arc-b580-xe.txt");
    const A770: &str = include_str!("../../../tests/captures/desktop-arc-a770-i915.txt");

    /// Generation and lanes, now and at most.
    fn link(report: &GpuReport) -> [Option<u32>; 4] {
        [report.pcie_generation_now, report.pcie_generation, report.pcie_lanes, report.pcie_lanes_most]
    }

    #[test]
    fn an_intel_card_under_xe_has_the_memory_of_its_tiles() {
        let gpus = check(B580);
        let [card] = &gpus[..] else { panic!("{gpus:?}") };
        assert_eq!((card.kind, card.reach, card.driver.as_str()), (GpuKind::Discrete, Reach::Open, "xe"));
        assert_eq!((card.memory, card.window), (Some(12 << 30), Some(256 << 20)));
        // Card and inner port say 2.5 GT/s x1; the outer port is what stands in the slot, which has 16 lanes.
        assert_eq!(link(card), [Some(4), Some(4), Some(8), Some(8)]);
        // Two tiles are one memory (Ponte Vecchio).
        let two =
            format!("{B580}\n=== /sys/bus/pci/devices/0000:03:00.0/tile1/physical_vram_size_bytes\n12884901888\n");
        assert_eq!(check(&two)[0].memory, Some(24 << 30));
    }

    #[test]
    fn an_intel_card_under_i915_tells_its_memory_where_intels_own_driver_is() {
        let gpus = check(A770);
        let [integrated, card] = &gpus[..] else { panic!("{gpus:?}") };
        assert_eq!((integrated.kind, integrated.memory), (GpuKind::Integrated, None));
        assert_eq!((card.kind, card.reach, card.memory), (GpuKind::Discrete, Reach::Open, Some(16 << 30)));
        assert_eq!(card.window, Some(16 << 30));
        assert_eq!(link(card), [Some(4), Some(4), Some(16), Some(16)]);
        let kernels_own = A770.replace("lmem_total_bytes", "gt_cur_freq_mhz");
        assert_eq!(check(&kernels_own)[1].memory, None);
    }

    #[test]
    fn an_intel_card_handed_into_a_virtual_machine_has_no_link_that_means_anything() {
        let alone = B580.replace("0000:00:01.0/0000:01:00.0/0000:02:01.0/", "");
        assert_eq!(link(&check(&alone)[0]), [None; 4]);
    }

    #[test]
    fn regions_that_make_no_sense_are_no_window() {
        for lines in ["", "x\ny\nz", "0 0\n0 0\n0x0 0x0 0x0", "0 0\n0 0\n0x9 0x5 0x0", "0 0\n0 0\n0x1"] {
            let capture = format!("\n=== /d/resource\n{lines}\n");
            assert_eq!(window(&Capture::parse(&capture), "/d"), None, "{lines}");
        }
        let all = "\n=== /d/resource\n0 0\n0 0\n0x0 0xffffffffffffffff 0x0\n";
        assert_eq!(window(&Capture::parse(all), "/d"), Some(u64::MAX));
    }

    #[test]
    fn virtual_machines_without_a_gpu_have_none() {
        assert_eq!(check(include_str!("../../../tests/captures/vm-epyc-cgroup1.txt")), []);
        assert_eq!(check(""), []);
    }

    #[test]
    fn generations_by_speed() {
        for (speed, generation) in
            [("2.5 GT/s PCIe", Some(1)), ("16.0 GT/s PCIe", Some(4)), ("32.0 GT/s PCIe", Some(5)), ("Unknown", None)]
        {
            assert_eq!(pcie_generation(speed), generation);
        }
    }
}
