//! GPUs by Windows' DXGI: creates no device, so it wakes no sleeping card (wgpu's DX12 list does,
//! wgpu #9932).
//!
//! [`read`] asks, [`parse`] judges what was answered. The registry's `HardwareInformation.qwMemorySize` is not asked: it
//! is the same size, written by the driver for those who had to live with the 4 GB of `Win32_VideoController.AdapterRAM`,
//! and has to be matched by name; `DedicatedVideoMemory` is as wide as a pointer and knows its adapter.

use crate::detect::text::clean_name;

use super::report::{Api, GpuKind, GpuReport};
#[cfg(windows)]
use super::report::{Line, Trouble};

/// Less than any card of its own has: what Windows sets aside for graphics on the processor.
const SMALLEST_CARD: u64 = 1 << 30;
/// `DXGI_ADAPTER_FLAG_SOFTWARE`.
const SOFTWARE: u32 = 2;

/// What DXGI answers of one adapter: fields of `DXGI_ADAPTER_DESC1`, and its budget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    /// The name, up to a zero.
    description: Vec<u16>,
    vendor: u32,
    device: u32,
    revision: u32,
    /// High and low half.
    luid: (i32, u32),
    flags: u32,
    /// Memory of its own, or set aside for it.
    dedicated: u64,
    /// System memory it may use too.
    shared: u64,
    /// What this process may take of its own memory, and what it has taken.
    budget: Option<(u64, u64)>,
}

/// What it amounts to.
#[must_use]
pub fn parse(raw: &Raw) -> GpuReport {
    let length = raw.description.iter().position(|c| *c == 0).unwrap_or(raw.description.len());
    let name = clean_name(&String::from_utf16_lossy(&raw.description[..length]));
    let kind = if raw.flags & SOFTWARE != 0 {
        GpuKind::Software
    } else if raw.dedicated < SMALLEST_CARD {
        GpuKind::Integrated
    } else {
        // A large carve-out looks like a card; Vulkan or the catalogue tells.
        GpuKind::Unknown
    };
    GpuReport {
        api: Api::Dxgi,
        name,
        kind,
        vendor: raw.vendor,
        device: raw.device,
        revision: Some(raw.revision),
        luid: Some((u64::from(raw.luid.0.cast_unsigned()) << 32) | u64::from(raw.luid.1)),
        memory: Some(raw.dedicated).filter(|memory| *memory > 0),
        // A budget may exceed the memory, or fall below the use.
        free: raw.budget.map(|(budget, used)| budget.saturating_sub(used).min(raw.dedicated)),
        shared: Some(raw.shared).filter(|shared| *shared > 0),
        ..GpuReport::default()
    }
}

/// Lists the adapters and tells what each says.
#[cfg(windows)]
pub fn probe(tell: &mut dyn FnMut(Line)) {
    let trouble = |error: &windows::core::Error| {
        let what = clean_name(&format!("error 0x{:08X} {}", error.code().0, error.message()));
        Line::Trouble(Trouble { api: Api::Dxgi, what })
    };
    if let Err(error) = read(&mut |raw| tell(Line::Gpu(parse(&raw)))) {
        tell(trouble(&error));
    }
}

/// Asks for every adapter in turn.
#[cfg(windows)]
fn read(take: &mut dyn FnMut(Raw)) -> windows::core::Result<()> {
    use windows::Win32::Graphics::Dxgi::{CreateDXGIFactory1, IDXGIFactory1};

    // SAFETY: no arguments; the result is reference-counted.
    let factory: IDXGIFactory1 = unsafe { CreateDXGIFactory1() }?;
    for index in 0..64 {
        // SAFETY: the factory is alive; an index too high is an error, not undefined.
        let Ok(adapter) = (unsafe { factory.EnumAdapters1(index) }) else { break };
        // SAFETY: the adapter is alive; the call fills and returns a plain structure.
        let Ok(desc) = (unsafe { adapter.GetDesc1() }) else { continue };
        take(Raw {
            description: desc.Description.to_vec(),
            vendor: desc.VendorId,
            device: desc.DeviceId,
            revision: desc.Revision,
            luid: (desc.AdapterLuid.HighPart, desc.AdapterLuid.LowPart),
            flags: desc.Flags,
            dedicated: desc.DedicatedVideoMemory as u64,
            shared: desc.SharedSystemMemory as u64,
            budget: budget(&adapter),
        });
    }
    Ok(())
}

/// What this process may take of the adapter's own memory, and what it has taken.
#[cfg(windows)]
fn budget(adapter: &windows::Win32::Graphics::Dxgi::IDXGIAdapter1) -> Option<(u64, u64)> {
    use windows::Win32::Graphics::Dxgi::{
        DXGI_MEMORY_SEGMENT_GROUP_LOCAL, DXGI_QUERY_VIDEO_MEMORY_INFO, IDXGIAdapter3,
    };
    use windows::core::Interface as _;

    let adapter: IDXGIAdapter3 = adapter.cast().ok()?;
    let mut info = DXGI_QUERY_VIDEO_MEMORY_INFO::default();
    // SAFETY: the adapter is alive and `info` is writable.
    unsafe { adapter.QueryVideoMemoryInfo(0, DXGI_MEMORY_SEGMENT_GROUP_LOCAL, &raw mut info) }.ok()?;
    Some((info.Budget, info.CurrentUsage))
}

#[cfg(test)]
mod tests {
    use super::super::identity::is_software;
    use super::*;

    const MIB: u64 = 1 << 20;

    /// An adapter of this name, whose field of 128 characters is filled up with zeros.
    fn raw(name: &str, ids: (u32, u32), dedicated_mib: u64) -> Raw {
        let mut description: Vec<u16> = name.encode_utf16().collect();
        description.resize(128, 0);
        let (vendor, device) = ids;
        Raw { description, vendor, device, dedicated: dedicated_mib * MIB, ..Raw::default() }
    }

    #[test]
    fn a_card_is_read_whole() {
        let report = parse(&Raw {
            revision: 0xa1,
            luid: (-1, 0x1234_5678),
            shared: 16_000 * MIB,
            budget: Some((7400 * MIB, 200 * MIB)),
            ..raw("NVIDIA GeForce RTX 4070 Laptop GPU", (0x10de, 0x2860), 8188)
        });
        assert_eq!(report.name, "NVIDIA GeForce RTX 4070 Laptop GPU");
        // Only Vulkan or the catalogue tells a card from a large carve-out.
        assert_eq!((report.kind, report.api), (GpuKind::Unknown, Api::Dxgi));
        assert_eq!((report.vendor, report.device, report.revision), (0x10de, 0x2860, Some(0xa1)));
        assert_eq!((report.memory, report.free), (Some(8188 * MIB), Some(7200 * MIB)));
        assert_eq!(report.shared, Some(16_000 * MIB));
        assert_eq!(report.luid, Some(0xffff_ffff_1234_5678));
    }

    #[test]
    fn more_than_four_gigabytes_are_told_whole() {
        assert_eq!(parse(&raw("Card", (0x1002, 0x744c), 96 << 10)).memory, Some(96 << 30));
    }

    #[test]
    fn graphics_on_the_processor_have_little_and_software_is_none() {
        let report = parse(&raw("Intel(R) Iris(R) Xe Graphics", (0x8086, 0x9a49), 128));
        assert_eq!(report.kind, GpuKind::Integrated);
        let nothing = parse(&raw("Some Graphics", (0x8086, 0x9a49), 0));
        assert_eq!((nothing.memory, nothing.shared, nothing.free), (None, None, None));
        let warp = parse(&Raw { flags: SOFTWARE, ..raw("Microsoft Basic Render Driver", (0x1414, 0x8c), 0) });
        assert!(warp.kind == GpuKind::Software && is_software(&warp));
    }

    #[test]
    fn budgets_that_lie_stay_within_the_memory() {
        let free = |budget| parse(&Raw { budget: Some(budget), ..raw("Card", (1, 2), 4096) }).free;
        assert_eq!(free((9000 * MIB, 0)), Some(4096 * MIB));
        assert_eq!(free((100, 200)), Some(0));
        assert_eq!(free((u64::MAX, 0)), Some(4096 * MIB));
    }

    #[test]
    fn a_name_without_end_is_taken_whole_and_cleaned() {
        let mut odd = raw("", (1, 2), 2048);
        odd.description = "a\u{202e}b\u{1b}[0m".encode_utf16().chain([0xd800]).collect();
        assert_eq!(parse(&odd).name, "ab[0m\u{fffd}");
        odd.description = Vec::new();
        assert_eq!(parse(&odd).name, "");
    }
}
