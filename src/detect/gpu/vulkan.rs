//! GPUs by Vulkan, and by OpenGL where there is nothing better, through an instance of wgpu of our own.
//!
//! Lists adapters and asks for their heaps; creates no device.

use super::identity::is_software;
use super::report::{Api, GpuKind, GpuReport, Line, pci_address};
use crate::detect::text::clean_name;

/// Lists Vulkan's adapters and tells what each says. Returns whether one of them is no software renderer.
#[cfg(not(target_vendor = "apple"))]
pub fn probe(tell: &mut dyn FnMut(Line)) -> bool {
    list(wgpu::Backends::VULKAN, tell)
}

/// The same by OpenGL: a name only, and it opens a context for that.
#[cfg(target_os = "linux")]
pub fn probe_gl(tell: &mut dyn FnMut(Line)) {
    list(wgpu::Backends::GL, tell);
}

/// Lists the adapters of these backends.
pub(super) fn list(backends: wgpu::Backends, tell: &mut dyn FnMut(Line)) -> bool {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = backends;
    // Debug builds would load validation layers.
    descriptor.flags = wgpu::InstanceFlags::empty();
    let instance = wgpu::Instance::new(descriptor);
    let mut hardware = false;
    for adapter in pollster::block_on(instance.enumerate_adapters(backends)) {
        let report = describe(&adapter);
        hardware |= !is_software(&report);
        tell(Line::Gpu(report));
    }
    hardware
}

/// What an adapter says of itself.
#[must_use]
pub fn describe(adapter: &wgpu::Adapter) -> GpuReport {
    let info = adapter.get_info();
    let mut report = GpuReport {
        api: match info.backend {
            wgpu::Backend::Gl => Api::Gl,
            wgpu::Backend::Metal => Api::Metal,
            _ => Api::Vulkan,
        },
        name: clean_name(&info.name),
        driver: clean_name(&info.driver),
        kind: match info.device_type {
            wgpu::DeviceType::DiscreteGpu => GpuKind::Discrete,
            wgpu::DeviceType::IntegratedGpu => GpuKind::Integrated,
            wgpu::DeviceType::VirtualGpu => GpuKind::Virtual,
            wgpu::DeviceType::Cpu => GpuKind::Software,
            wgpu::DeviceType::Other => GpuKind::Unknown,
        },
        vendor: info.vendor,
        device: info.device,
        pci: pci_address(&info.device_pci_bus_id),
        ..GpuReport::default()
    };
    #[cfg(not(target_vendor = "apple"))]
    if report.api == Api::Vulkan {
        vulkan(adapter, &mut report);
    }
    #[cfg(target_vendor = "apple")]
    if report.api == Api::Metal {
        super::metal::describe(adapter, &mut report);
    }
    report
}

/// A memory heap as Vulkan tells it.
#[cfg(any(not(target_vendor = "apple"), test))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heap {
    /// Its size.
    pub size: u64,
    /// Whether it is the GPU's own, or on its side.
    pub local: bool,
    /// What this process may take, and what it has taken, where `VK_EXT_memory_budget` says.
    pub budget: Option<(u64, u64)>,
}

/// Fills in what the heaps amount to. A card's memory is its largest local heap: with resizable BAR the
/// others are windows on the same. A GPU on the processor's memory has none of its own; all its local
/// heaps are shares of the RAM (AMD splits a large carve-out in two, llama.cpp #16832).
#[cfg(any(not(target_vendor = "apple"), test))]
pub fn describe_heaps(heaps: &[Heap], report: &mut GpuReport) {
    let local = || heaps.iter().filter(|heap| heap.local);
    if report.kind == GpuKind::Integrated {
        report.limit = Some(local().map(|heap| heap.size).fold(0, u64::saturating_add)).filter(|size| *size > 0);
        return;
    }
    let Some(largest) = local().max_by_key(|heap| heap.size) else {
        return;
    };
    report.memory = Some(largest.size);
    // A budget may exceed the heap or fall below the use (node-llama-cpp #653, llama.cpp #29277).
    report.free = largest.budget.map(|(budget, used)| budget.min(largest.size).saturating_sub(used));
}

#[cfg(not(target_vendor = "apple"))]
fn vulkan(adapter: &wgpu::Adapter, report: &mut GpuReport) {
    use ash::vk;

    // SAFETY: the guard keeps the adapter alive and nothing of it is destroyed here.
    let Some(hal) = (unsafe { adapter.as_hal::<wgpu::hal::api::Vulkan>() }) else {
        return;
    };
    let shared = hal.shared_instance();
    let capabilities = hal.physical_device_capabilities();
    let has_budget = capabilities.supports_extension(ash::ext::memory_budget::NAME);
    let is_v11 = capabilities.properties().api_version >= vk::API_VERSION_1_1
        && shared.instance_api_version() >= vk::API_VERSION_1_1;
    let (instance, device) = (shared.raw_instance(), hal.raw_physical_device());
    let mut budget = vk::PhysicalDeviceMemoryBudgetPropertiesEXT::default();
    let mut ids = vk::PhysicalDeviceIDProperties::default();
    let memory = if is_v11 {
        let mut memory = vk::PhysicalDeviceMemoryProperties2::default();
        if has_budget {
            memory = memory.push_next(&mut budget);
        }
        let mut properties = vk::PhysicalDeviceProperties2::default().push_next(&mut ids);
        // SAFETY: `device` belongs to `instance`, both alive through `hal`; the functions are core since
        // 1.1, and the budget is chained only where its extension is there.
        unsafe {
            instance.get_physical_device_memory_properties2(device, &mut memory);
            instance.get_physical_device_properties2(device, &mut properties);
        }
        memory.memory_properties
    } else {
        // SAFETY: `device` belongs to `instance`, both alive through `hal`.
        unsafe { instance.get_physical_device_memory_properties(device) }
    };
    let heaps: Vec<Heap> = memory
        .memory_heaps_as_slice()
        .iter()
        .zip(budget.heap_budget.iter().zip(&budget.heap_usage))
        .map(|(heap, (allowed, used))| Heap {
            size: heap.size,
            local: heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL),
            budget: (has_budget && is_v11).then_some((*allowed, *used)),
        })
        .collect();
    report.luid = (ids.device_luid_valid == vk::TRUE).then(|| u64::from_le_bytes(ids.device_luid));
    describe_heaps(&heaps, report);
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// Size in MiB, whether local, budget and use in MiB.
    type Mib = (u64, bool, Option<(u64, u64)>);

    fn check(kind: GpuKind, heaps: &[Mib], expected: [Option<u64>; 3]) {
        let heaps: Vec<Heap> = heaps
            .iter()
            .map(|(size, local, budget)| Heap {
                size: size * MIB,
                local: *local,
                budget: budget.map(|(budget, used)| (budget * MIB, used * MIB)),
            })
            .collect();
        let mut report = GpuReport { kind, ..GpuReport::default() };
        describe_heaps(&heaps, &mut report);
        assert_eq!([report.memory, report.free, report.limit], expected.map(|mib| mib.map(|mib| mib * MIB)));
    }

    #[test]
    fn a_cards_memory_is_its_largest_local_heap() {
        use GpuKind::{Discrete, Integrated};
        // VRAM, its 256 MiB window, and system memory.
        check(
            Discrete,
            &[(24_320, true, Some((23_000, 100))), (48_000, false, None), (256, true, Some((250, 0)))],
            [Some(24_320), Some(22_900), None],
        );
        // A budget above the heap, and one below the use.
        check(Discrete, &[(8192, true, Some((9000, 0)))], [Some(8192), Some(8192), None]);
        check(Discrete, &[(8192, true, Some((100, 200)))], [Some(8192), Some(0), None]);
        check(Discrete, &[(8192, false, None)], [None, None, None]);
        // A large carve-out in two heaps.
        check(
            Integrated,
            &[(32_768, true, None), (65_536, true, None), (16_000, false, None)],
            [None, None, Some(98_304)],
        );
        check(Integrated, &[], [None, None, None]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn listing_here_finds_software_at_most_or_a_card_with_memory() {
        let mut reports = Vec::new();
        probe(&mut |line| {
            if let Line::Gpu(report) = line {
                reports.push(report);
            }
        });
        for report in reports.iter().filter(|report| report.kind == GpuKind::Discrete) {
            assert!(report.memory.is_some(), "{report:?}");
        }
    }
}
