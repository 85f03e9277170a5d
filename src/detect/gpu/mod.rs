//! The GPUs of this machine: what each interface reports, and what that amounts to.
//!
//! [`probe`] loads drivers, which crash and hang; it runs in a child process ([`super::child`]).
//! [`parse_pci`] reads files only and runs here, so that a crash leaves something.

#[cfg(any(windows, test))]
mod dxgi;
mod identity;
mod merge;
#[cfg(any(target_vendor = "apple", test))]
mod metal;
#[cfg(not(target_vendor = "apple"))]
mod nvml;
mod pci;
mod report;
mod vulkan;

pub use identity::{GpuIdentity, is_software};
pub use merge::{Gpu, merge};
pub use pci::parse as parse_pci;
pub use report::{Api, GpuKind, GpuReport, Line, Probe, Reach, Trouble, User, parse_lines, pci_address};
pub use vulkan::describe;

/// Asks every interface of this system in turn, the least dangerous first, and tells each answer as it
/// comes: a crash in a later one then loses nothing of the earlier.
pub fn probe(tell: &mut dyn FnMut(Line)) {
    #[cfg(target_vendor = "apple")]
    metal::probe(tell);
    #[cfg(not(target_vendor = "apple"))]
    {
        let mut hardware = false;
        let mut watch = |line: Line| {
            hardware |= matches!(line, Line::Gpu(_));
            tell(line);
        };
        nvml::probe(&mut watch);
        #[cfg(windows)]
        dxgi::probe(&mut watch);
        hardware |= vulkan::probe(tell);
        // Opening an OpenGL context for a name is worth it only when there is no other.
        #[cfg(target_os = "linux")]
        if !hardware {
            vulkan::probe_gl(tell);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = hardware;
    }
}

/// Asks only these interfaces, for what is free now.
pub fn probe_some(apis: &[Api], tell: &mut dyn FnMut(Line)) {
    #[cfg(target_vendor = "apple")]
    if apis.contains(&Api::Metal) {
        metal::probe(tell);
    }
    #[cfg(not(target_vendor = "apple"))]
    {
        if apis.contains(&Api::Nvml) {
            nvml::probe(tell);
        }
        #[cfg(windows)]
        if apis.contains(&Api::Dxgi) {
            dxgi::probe(tell);
        }
        if apis.contains(&Api::Vulkan) {
            vulkan::probe(tell);
        }
    }
}

/// The same in this process, for tests and where no child can be started.
#[must_use]
pub fn probe_here() -> Probe {
    let mut found = Probe::default();
    probe(&mut |line| match line {
        Line::Gpu(report) => found.reports.push(report),
        Line::Trouble(trouble) => found.troubles.push(trouble),
        Line::End => {}
    });
    found
}
