//! Apple's GPUs by Metal, and their number of cores by the I/O registry.
//!
//! `recommendedMaxWorkingSetSize` is the one source for the share the GPU may use: it follows
//! `iogpu.wired_limit_mb` both ways (llmfit #754). [`describe`] asks, [`parse`] judges what was answered.

#[cfg(target_vendor = "apple")]
use super::report::Line;
use super::report::{GpuKind, GpuReport};

/// The vendor Apple's own chips have no PCI id to tell.
const APPLE: u32 = 0x106b;

/// Whose memory a device works on, as `hasUnifiedMemory` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The processor's.
    Unified,
    /// Its own: a card in an Intel Mac.
    Own,
}

/// What Metal answers of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw {
    memory: Memory,
    /// `recommendedMaxWorkingSetSize`.
    working_set: u64,
    /// `gpu-core-count` of the I/O registry.
    cores: Option<u32>,
}

/// Fills in what it amounts to.
pub fn parse(raw: &Raw, report: &mut GpuReport) {
    let working_set = Some(raw.working_set).filter(|size| *size > 0);
    match raw.memory {
        Memory::Unified => {
            report.kind = GpuKind::Integrated;
            report.limit = working_set;
            // Intel's graphics share memory too, and are no chip of Apple's.
            if is_apple(report) {
                report.vendor = APPLE;
                report.cores = raw.cores;
            }
        }
        Memory::Own => {
            report.kind = GpuKind::Discrete;
            report.memory = working_set;
        }
    }
}

fn is_apple(report: &GpuReport) -> bool {
    report.name.starts_with("Apple ")
}

/// Lists the devices and tells what each says.
#[cfg(target_vendor = "apple")]
pub fn probe(tell: &mut dyn FnMut(Line)) {
    super::vulkan::list(wgpu::Backends::METAL, tell);
}

/// Fills in what Metal says of an adapter.
#[cfg(target_vendor = "apple")]
pub(super) fn describe(adapter: &wgpu::Adapter, report: &mut GpuReport) {
    use objc2_metal::MTLDevice as _;

    // SAFETY: the guard keeps the adapter alive and nothing of it is destroyed here.
    let Some(hal) = (unsafe { adapter.as_hal::<wgpu::hal::api::Metal>() }) else {
        return;
    };
    let device = hal.raw_device();
    let raw = Raw {
        memory: if device.hasUnifiedMemory() { Memory::Unified } else { Memory::Own },
        working_set: device.recommendedMaxWorkingSetSize(),
        cores: if is_apple(report) { cores() } else { None },
    };
    parse(&raw, report);
}

/// Metal does not tell how many cores there are, and bins of one name differ in bandwidth.
#[cfg(target_vendor = "apple")]
fn cores() -> Option<u32> {
    parse_cores(&crate::detect::child::io_registry("AGXAccelerator")?)
}

/// `"gpu-core-count" = 38` in what `ioreg -rd1 -c AGXAccelerator` prints.
fn parse_cores(registry: &str) -> Option<u32> {
    let (_, after) = registry.split_once("\"gpu-core-count\"")?;
    let number = after.trim_start().strip_prefix('=')?.trim_start();
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..end].parse().ok().filter(|cores| (1..=1024).contains(cores))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, raw: &Raw, expected: &GpuReport) {
        let mut report = GpuReport { name: name.into(), ..GpuReport::default() };
        parse(raw, &mut report);
        assert_eq!(report, GpuReport { name: name.into(), ..expected.clone() });
    }

    #[test]
    fn a_chip_has_a_limit_and_cores_and_no_memory_of_its_own() {
        // 107.52 GiB of 128 is what an M3 Max hands its GPU (antirez/ds4 #893).
        let limit = 115_448_725_504;
        let raw = Raw { memory: Memory::Unified, working_set: limit, cores: Some(40) };
        let chip = GpuReport {
            kind: GpuKind::Integrated,
            limit: Some(limit),
            vendor: APPLE,
            cores: Some(40),
            ..GpuReport::default()
        };
        check("Apple M3 Max", &raw, &chip);
        // Intel's graphics beside it are no chip of Apple's.
        let intel = GpuReport { kind: GpuKind::Integrated, limit: Some(limit), ..GpuReport::default() };
        check("Intel(R) Iris(TM) Plus Graphics", &Raw { cores: None, ..raw }, &intel);
    }

    #[test]
    fn a_card_in_an_intel_mac_has_memory_of_its_own() {
        let raw = Raw { memory: Memory::Own, working_set: 8 << 30, cores: None };
        let card = GpuReport { kind: GpuKind::Discrete, memory: Some(8 << 30), ..GpuReport::default() };
        check("AMD Radeon Pro 5500M", &raw, &card);
        let silent = GpuReport { kind: GpuKind::Discrete, ..GpuReport::default() };
        check("AMD Radeon Pro 5500M", &Raw { working_set: 0, ..raw }, &silent);
    }

    #[test]
    fn cores_are_read_from_the_registry() {
        let capture = include_str!("../../../tests/captures/ioreg-m2-max.txt");
        assert_eq!(parse_cores(capture), Some(38));
        assert_eq!(parse_cores("\"gpu-core-count\" = none"), None);
        assert_eq!(parse_cores(""), None);
    }
}
