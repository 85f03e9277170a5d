//! NVIDIA cards by NVIDIA's management library, loaded when it is there.
//!
//! Asks for sizes of the whole card over all processes, without a CUDA context. Unified chips (GB10,
//! Thor, Orin) answer "not supported" for memory; that is no failure.

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

fn card(device: &nvml_wrapper::Device<'_>, driver: &str, tell: &mut dyn FnMut(Line)) {
    let pci = device.pci_info().ok();
    let memory = device.memory_info().ok();
    // The low half is the vendor's id.
    let id = pci.as_ref().map_or(0, |pci| pci.pci_device_id);
    let report = GpuReport {
        api: Api::Nvml,
        name: device.name().map(|name| clean_name(&name)).unwrap_or_default(),
        driver: driver.to_owned(),
        kind: if memory.is_some() { GpuKind::Discrete } else { GpuKind::Unknown },
        vendor: id & 0xffff,
        device: id >> 16,
        pci: pci.and_then(|pci| pci_address(&pci.bus_id)),
        memory: memory.as_ref().map(|memory| memory.total),
        free: memory.as_ref().map(|memory| memory.free),
        bandwidth: bandwidth(device.memory_bus_width().ok(), device.max_clock_info(Clock::Memory).ok()),
        pcie_generation: device.max_pcie_link_gen().ok(),
        pcie_generation_now: device.current_pcie_link_gen().ok(),
        pcie_lanes: device.current_pcie_link_width().or_else(|_| device.max_pcie_link_width()).ok(),
        pcie_lanes_most: device.max_pcie_link_width().ok(),
        users: users(device),
        ..GpuReport::default()
    };
    if device.mig_mode().is_ok_and(|mode| mode.current == 1) {
        return slices(device, &report, tell);
    }
    tell(Line::Gpu(report));
}

/// A card in MIG mode cannot be used whole: its slices are what there is.
fn slices(card: &nvml_wrapper::Device<'_>, whole: &GpuReport, tell: &mut dyn FnMut(Line)) {
    for index in 0..card.mig_device_count().unwrap_or(0).min(16) {
        let Ok(slice) = card.mig_device_by_index(index) else {
            continue;
        };
        let memory = match slice.memory_info() {
            Ok(memory) => memory,
            Err(error) => {
                tell(trouble(&error));
                continue;
            }
        };
        tell(Line::Gpu(GpuReport {
            name: slice.name().map_or_else(|_| whole.name.clone(), |name| clean_name(&name)),
            memory: Some(memory.total),
            free: Some(memory.free),
            slice_of: whole.memory,
            ..whole.clone()
        }));
    }
}

/// Who else holds memory of a card; a program that draws and computes counts once.
fn users(device: &nvml_wrapper::Device<'_>) -> Vec<User> {
    let computing = device.running_compute_processes().unwrap_or_default();
    let drawing = device.running_graphics_processes().unwrap_or_default();
    let mut seen: Vec<u32> = vec![std::process::id()];
    let mut users = Vec::new();
    for process in computing.iter().chain(&drawing) {
        if seen.contains(&process.pid) {
            continue;
        }
        seen.push(process.pid);
        let path = device.nvml().sys_process_name(process.pid, LONGEST_PATH).unwrap_or_default();
        let bytes = match process.used_gpu_memory {
            UsedGpuMemory::Used(bytes) => Some(bytes),
            UsedGpuMemory::Unavailable => None,
        };
        users.push(User { name: program(&path), bytes });
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
