//! NVIDIA cards by NVIDIA's management library, loaded when it is there.
//!
//! Asks for sizes of the whole card over all processes, without a CUDA context. Unified chips (GB10,
//! Thor, Orin) answer "not supported" for memory; that is no failure. [`read`] asks, [`parse`] judges what was answered.

use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::Clock;
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::error::NvmlError;

use crate::detect::text::clean_name;

use super::report::{Api, GpuKind, GpuReport, Line, MOST_USERS, Trouble, User, pci_address};

/// Where WSL puts the library; it is not on the search path of every distribution.
#[cfg(target_os = "linux")]
const WSL_LIBRARY: &str = "/usr/lib/wsl/lib/libnvidia-ml.so.1";

/// Asks the library, if there is one, and tells what it says.
pub fn probe(tell: &mut dyn FnMut(Line)) {
    let nvml = match open() {
        Ok(nvml) => nvml,
        // No library, no NVIDIA driver: nothing to tell.
        Err(NvmlError::LibloadingError(_)) => return,
        Err(error) => return tell(trouble(&error)),
    };
    let driver = nvml.sys_driver_version().map(|version| format!("NVIDIA {version}")).unwrap_or_default();
    for index in 0..nvml.device_count().unwrap_or(0).min(64) {
        match nvml.device_by_index(index) {
            Ok(device) => card(&device, &driver, tell),
            Err(error) => tell(trouble(&error)),
        }
    }
}

fn open() -> Result<Nvml, NvmlError> {
    let found = Nvml::init();
    #[cfg(target_os = "linux")]
    if matches!(found, Err(NvmlError::LibloadingError(_))) {
        return Nvml::builder().lib_path(WSL_LIBRARY.as_ref()).init();
    }
    found
}

fn trouble(error: &NvmlError) -> Line {
    Line::Trouble(Trouble { api: Api::Nvml, what: error.to_string() })
}

/// What the library answers of a card; what it does not support is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Raw {
    name: Option<String>,
    driver: String,
    /// The device's id, whose low half is the vendor's, and its address.
    pci: Option<(u32, String)>,
    memory: Option<Room>,
    /// Bits.
    bus_width: Option<u32>,
    /// The highest clock of the memory in MHz.
    memory_clock: Option<u32>,
    generation_most: Option<u32>,
    generation_now: Option<u32>,
    lanes_most: Option<u32>,
    lanes_now: Option<u32>,
    /// Programs that compute on it, then those that draw.
    processes: Vec<Process>,
    /// Its slices, when it is cut up (MIG).
    slices: Option<Vec<Slice>>,
}

/// Memory in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Room {
    total: u64,
    free: u64,
}

/// A program that holds memory of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Process {
    id: u32,
    path: String,
    bytes: Option<u64>,
}

/// A slice of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Slice {
    name: Option<String>,
    memory: Room,
}

fn card(device: &nvml_wrapper::Device<'_>, driver: &str, tell: &mut dyn FnMut(Line)) {
    let raw = read(device, driver, tell);
    // This is the child; the window that asks holds a little of the card itself.
    for report in parse(&raw, &[std::process::id(), asked_by()]) {
        tell(Line::Gpu(report));
    }
}

/// The process that started this one and waits for its answer; this one where nobody says.
fn asked_by() -> u32 {
    let told = std::env::var(crate::detect::child::ASKED_BY).ok();
    told.and_then(|id| id.parse().ok()).unwrap_or_else(std::process::id)
}

fn read(device: &nvml_wrapper::Device<'_>, driver: &str, tell: &mut dyn FnMut(Line)) -> Raw {
    let room =
        |of: &nvml_wrapper::Device<'_>| of.memory_info().map(|memory| Room { total: memory.total, free: memory.free });
    let is_cut_up = device.mig_mode().is_ok_and(|mode| mode.current == 1);
    let mut slices = Vec::new();
    for index in 0..if is_cut_up { device.mig_device_count().unwrap_or(0).min(16) } else { 0 } {
        let Ok(slice) = device.mig_device_by_index(index) else { continue };
        match room(&slice) {
            Ok(memory) => slices.push(Slice { name: slice.name().ok(), memory }),
            Err(error) => tell(trouble(&error)),
        }
    }
    Raw {
        name: device.name().ok(),
        driver: driver.to_owned(),
        pci: device.pci_info().ok().map(|pci| (pci.pci_device_id, pci.bus_id)),
        memory: room(device).ok(),
        bus_width: device.memory_bus_width().ok(),
        memory_clock: device.max_clock_info(Clock::Memory).ok(),
        generation_most: device.max_pcie_link_gen().ok(),
        generation_now: device.current_pcie_link_gen().ok(),
        lanes_most: device.max_pcie_link_width().ok(),
        lanes_now: device.current_pcie_link_width().ok(),
        processes: processes(device),
        slices: is_cut_up.then_some(slices),
    }
}

fn processes(device: &nvml_wrapper::Device<'_>) -> Vec<Process> {
    let computing = device.running_compute_processes().unwrap_or_default();
    let drawing = device.running_graphics_processes().unwrap_or_default();
    let told = computing.into_iter().chain(drawing).map(|process| Process {
        id: process.pid,
        path: device.nvml().sys_process_name(process.pid, LONGEST_PATH).unwrap_or_default(),
        bytes: match process.used_gpu_memory {
            UsedGpuMemory::Used(bytes) => Some(bytes),
            UsedGpuMemory::Unavailable => None,
        },
    });
    told.collect()
}

/// What it amounts to: a card, or its slices: cut up it cannot be used whole. `own` is the id of this process, which is
/// no other program.
fn parse(raw: &Raw, own: &[u32]) -> Vec<GpuReport> {
    let (id, address) = raw.pci.as_ref().map_or((0, None), |(id, address)| (*id, pci_address(address)));
    let whole = GpuReport {
        api: Api::Nvml,
        name: clean_name(raw.name.as_deref().unwrap_or_default()),
        driver: raw.driver.clone(),
        kind: if raw.memory.is_some() { GpuKind::Discrete } else { GpuKind::Unknown },
        // The low half is the vendor's id.
        vendor: id & 0xffff,
        device: id >> 16,
        pci: address,
        memory: raw.memory.map(|memory| memory.total),
        free: raw.memory.map(|memory| memory.free),
        bandwidth: bandwidth(raw.bus_width, raw.memory_clock),
        pcie_generation: raw.generation_most,
        pcie_generation_now: raw.generation_now,
        pcie_lanes: raw.lanes_now.or(raw.lanes_most),
        pcie_lanes_most: raw.lanes_most,
        users: users(&raw.processes, own),
        ..GpuReport::default()
    };
    let Some(slices) = &raw.slices else { return vec![whole] };
    let of = |slice: &Slice| GpuReport {
        name: slice.name.as_ref().map_or_else(|| whole.name.clone(), |name| clean_name(name)),
        memory: Some(slice.memory.total),
        free: Some(slice.memory.free),
        slice_of: whole.memory,
        ..whole.clone()
    };
    slices.iter().map(of).collect()
}

/// Who else holds memory of a card; a program that draws and computes counts once.
fn users(processes: &[Process], own: &[u32]) -> Vec<User> {
    let mut seen: Vec<u32> = own.to_vec();
    let mut users = Vec::new();
    for process in processes {
        if !seen.contains(&process.id) {
            seen.push(process.id);
            users.push(User { name: program(&process.path), bytes: process.bytes });
        }
    }
    users.sort_by_key(|user| std::cmp::Reverse(user.bytes));
    users.truncate(MOST_USERS);
    users
}

/// The longest path of a program that is asked for.
const LONGEST_PATH: usize = 256;

/// The name of a program's file: a folder tells who the user is.
fn program(path: &str) -> String {
    let file = path.split([' ', '\0']).next().unwrap_or_default();
    let name = clean_name(file.rsplit(['/', '\\']).next().unwrap_or_default());
    if name.is_empty() { "a program".to_owned() } else { name }
}

/// Two transfers a clock: NVML counts the memory clock of GDDR and HBM so (H100: 2619 MHz x 2 x 5120
/// bit = 3352 GB/s, its data sheet).
fn bandwidth(bits: Option<u32>, megahertz: Option<u32>) -> Option<u64> {
    let rate = u64::from(bits?) / 8 * u64::from(megahertz?) * 2 * 1_000_000;
    (rate > 0).then_some(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bus_and_clock_make_the_data_sheet() {
        assert_eq!(bandwidth(Some(5120), Some(2619)), Some(3_352_320_000_000));
        assert_eq!(bandwidth(Some(384), Some(10_501)), Some(1_008_096_000_000));
        assert_eq!(bandwidth(Some(0), Some(1)), None);
        assert_eq!(bandwidth(None, Some(1)), None);
    }

    /// An H100 as the library answers of one; its capture is `gpus-h100.txt`.
    fn h100() -> Raw {
        Raw {
            name: Some("NVIDIA H100 80GB HBM3".into()),
            driver: "NVIDIA 580.159.04".into(),
            pci: Some((0x2330_10de, "00000000:00:06.0".into())),
            memory: Some(Room { total: 85_520_809_984, free: 85_017_493_504 }),
            bus_width: Some(5120),
            memory_clock: Some(2619),
            generation_most: Some(5),
            generation_now: Some(5),
            lanes_most: Some(16),
            lanes_now: Some(16),
            ..Raw::default()
        }
    }

    #[test]
    fn what_the_library_answered_is_what_was_captured() {
        let capture = include_str!("../../../tests/captures/gpus-h100.txt");
        let (probe, _) = super::super::report::parse_lines(capture);
        // Taken before the generation in use was asked for.
        let captured = GpuReport { pcie_generation_now: Some(5), ..probe.reports[0].clone() };
        assert_eq!(parse(&h100(), &[1]), [captured]);
    }

    #[test]
    fn what_is_not_supported_is_absent() {
        // GB10 answers neither for memory nor for a link.
        let raw = Raw { name: Some("NVIDIA GB10".into()), pci: Some((0x2e12_10de, "x".into())), ..Raw::default() };
        let [report] = &parse(&raw, &[1])[..] else { panic!("one") };
        assert_eq!((report.kind, report.vendor, report.device), (GpuKind::Unknown, 0x10de, 0x2e12));
        assert_eq!((report.memory, report.free, report.bandwidth, report.pci.clone()), (None, None, None, None));
        assert_eq!(parse(&Raw::default(), &[1])[0].vendor, 0);
        let idle = Raw { generation_now: Some(1), lanes_now: None, ..h100() };
        let report = &parse(&idle, &[1])[0];
        assert_eq!(
            (report.pcie_generation, report.pcie_generation_now, report.pcie_lanes),
            (Some(5), Some(1), Some(16))
        );
    }

    #[test]
    fn a_card_that_is_cut_up_is_its_slices() {
        let slice = |name: Option<&str>| Slice {
            name: name.map(str::to_owned),
            memory: Room { total: 10 << 30, free: 9 << 30 },
        };
        let raw = Raw { slices: Some(vec![slice(Some("NVIDIA H100 80GB HBM3 MIG 1g.10gb")), slice(None)]), ..h100() };
        let reports = parse(&raw, &[1]);
        let told: Vec<_> = reports.iter().map(|r| (r.name.as_str(), r.memory, r.slice_of)).collect();
        let (memory, whole) = (Some(10 << 30), Some(85_520_809_984));
        assert_eq!(
            told,
            [("NVIDIA H100 80GB HBM3 MIG 1g.10gb", memory, whole), ("NVIDIA H100 80GB HBM3", memory, whole)]
        );
        assert_eq!(parse(&Raw { slices: Some(Vec::new()), ..h100() }, &[1]), [], "none can be used yet");
    }

    #[test]
    fn others_are_told_once_and_the_largest_first() {
        let process = |id, path: &str, bytes| Process { id, path: path.into(), bytes };
        let mut processes = vec![
            process(1, "/opt/willitrun", Some(5)),
            process(2, "/usr/bin/Xorg", None),
            process(3, "/usr/bin/python3 train.py", Some(7)),
            process(3, "/usr/bin/python3 train.py", Some(7)),
        ];
        let name = |user: &User| (user.name.clone(), user.bytes);
        let told: Vec<_> = users(&processes, &[1]).iter().map(name).collect();
        assert_eq!(told, [("python3".to_owned(), Some(7)), ("Xorg".to_owned(), None)]);
        processes.extend((10..100).map(|id| process(id, "many", Some(1))));
        assert_eq!(users(&processes, &[1]).len(), MOST_USERS);
    }

    #[test]
    fn a_program_is_told_without_its_folder() {
        for (path, name) in [
            ("/usr/lib/xorg/Xorg", "Xorg"),
            ("/home/somebody/venv/bin/python3 train.py", "python3"),
            (r"C:\Games\game.exe", "game.exe"),
            ("", "a program"),
        ] {
            assert_eq!(program(path), name, "{path}");
        }
    }

    #[test]
    fn without_the_library_there_is_nothing_to_tell() {
        if !std::path::Path::new("/dev/nvidiactl").exists() {
            let mut lines = 0;
            probe(&mut |line| lines += usize::from(matches!(line, Line::Gpu(_))));
            assert_eq!(lines, 0);
        }
    }
}
