//! Machines described by options: a new one from nothing, or a change to a known one.

use crate::catalog::Catalog;
use crate::hardware::{Accelerator, Backend, ENDLESS_DISK, Figure, Finding, Machine, Pool, PoolKind, Source};
use crate::units::{Bytes, BytesPerSecond, FlopsPerSecond, GIB};

use super::request::Request;

/// RAM of a described machine that does not say: an ordinary desktop's.
const ASSUMED_RAM: Bytes = Bytes::gib(64);
const ASSUMED_BANDWIDTH: f64 = 89.6e9;
const ASSUMED_DISK: f64 = 3.5e9;
const ASSUMED_CORES: u32 = 8;
const ASSUMED_SIMD: &str = "avx2";

/// A machine nothing is known of.
pub(super) fn blank() -> Machine {
    let mut machine = Machine::new("described", "Described machine");
    // An ordinary desktop's processor, until one is named: it matters to prompts and to attention on the CPU.
    machine.cpu.cores = ASSUMED_CORES;
    ASSUMED_SIMD.clone_into(&mut machine.cpu.simd);
    machine
}

/// Applies the options to a machine. In a new one what is missing is assumed and marked so.
///
/// # Errors
/// The sentence to show: a device that is not known, a size that makes no sense.
pub(super) fn apply(
    mut machine: Machine,
    request: &Request,
    catalog: &Catalog,
    new: bool,
    findings: &mut Vec<Finding>,
) -> Result<Machine, String> {
    let platform = match &request.cpu {
        Some(name) => Some(catalog.platform(name).ok_or_else(|| {
            format!("the platform '{}' is not known: see willitrun devices", crate::formats::shown(name, 60))
        })?),
        None => None,
    };
    if new && platform.is_none() {
        findings.push(Finding::note(
            format!("The processor is assumed: {ASSUMED_CORES} cores, {ASSUMED_SIMD}."),
            "Name it with --cpu.",
        ));
    }
    if let Some(platform) = platform {
        machine.cpu.name.clone_from(&platform.cpu);
        machine.cpu.sockets = platform.sockets;
        machine.cpu.cores = platform.cores.unwrap_or(machine.cpu.cores);
        machine.cpu.simd = platform.simd.to_ascii_lowercase().replace('-', "");
    }
    // What was measured holds for the hardware it was measured on.
    machine.runs.retain(|run| request.cpu.is_none() && (request.gpu.is_empty() || run.backend == Backend::Cpu));
    if !request.gpu.is_empty() {
        machine.pools.retain(|pool| !matches!(pool.kind, PoolKind::Vram | PoolKind::Unified));
        for spec in &request.gpu {
            add_gpu(&mut machine, spec, request, catalog, findings)?;
        }
    } else if let Some(bandwidth) = request.gpu_bandwidth {
        for pool in machine.pools.iter_mut().filter(|pool| pool.kind == PoolKind::Vram) {
            pool.read = rate(bandwidth).map(Figure::typed);
        }
    }
    let unified = machine.pools.iter().any(|pool| pool.kind == PoolKind::Unified);
    if !unified && !machine.pools.iter().any(|pool| pool.kind == PoolKind::Ram) {
        let capacity = match (request.ram, platform.and_then(|platform| platform.max_ram)) {
            (Some(_), _) => None,
            (None, Some(most)) => Some(Figure::new(most, Source::Assumed, "the most this platform takes")),
            (None, None) => Some(Figure::new(ASSUMED_RAM, Source::Assumed, "assumed")),
        };
        if let Some(capacity) = &capacity {
            findings.push(Finding::note(
                format!("RAM is assumed to be {}.", capacity.value.in_gib()),
                "Give it with --ram.",
            ));
        }
        machine.pools.push(Pool::new("ram", PoolKind::Ram, capacity.unwrap_or_else(|| Figure::typed(ASSUMED_RAM))));
    }
    let host = machine.pools.iter_mut().find(|pool| matches!(pool.kind, PoolKind::Ram | PoolKind::Unified));
    if let Some(host) = host {
        if let (Some(gib), PoolKind::Ram) = (request.ram, host.kind) {
            host.capacity = Figure::typed(size(gib)?);
            host.free_now = None;
        } else if let (Some(gib), false) = (request.ram, new) {
            host.capacity = Figure::typed(size(gib)?);
            host.gpu_limit = None;
        }
        if let Some(gib) = request.reserve {
            host.reserve = Some(Figure::typed(Bytes::saturating(gib * GIB as f64)));
        }
        if let Some(bandwidth) = request.ram_bandwidth {
            host.read = rate(bandwidth).map(Figure::typed);
            host.read_measured = None;
        } else if let (Some(bandwidth), PoolKind::Ram) = (platform.and_then(|row| row.bandwidth), host.kind) {
            host.read = Some(Figure::new(bandwidth, Source::DataSheet, "devices"));
        }
        if let Some(bandwidth) = request.ram_bandwidth_measured {
            host.read_measured = rate(bandwidth).map(Figure::typed);
        }
        if host.read.is_none() && host.read_measured.is_none() && host.kind == PoolKind::Ram {
            host.read =
                rate(ASSUMED_BANDWIDTH / 1e9).map(|rate| Figure::new(rate, Source::Assumed, "dual-channel DDR5-5600"));
            findings.push(Finding::note(
                "RAM bandwidth is assumed: dual-channel DDR5-5600, 89.6 GB/s.",
                "Give it with --ram-bandwidth.",
            ));
        }
    }
    if let Some(tera) = request.cpu_tflops {
        machine.cpu.flops = FlopsPerSecond::from_tera(tera).map(Figure::typed);
    }
    disk(&mut machine, request, new);
    Ok(machine)
}

fn disk(machine: &mut Machine, request: &Request, new: bool) {
    let typed = request.disk_bandwidth.and_then(rate).map(Figure::typed);
    if let Some(disk) = machine.pools.iter_mut().find(|pool| pool.kind == PoolKind::Disk) {
        if typed.is_some() {
            disk.read = typed;
            disk.read_measured = None;
        }
    } else if new || typed.is_some() {
        let mut disk = Pool::new("disk", PoolKind::Disk, Figure::new(ENDLESS_DISK, Source::Assumed, "large enough"));
        disk.read = typed
            .or_else(|| rate(ASSUMED_DISK / 1e9).map(|rate| Figure::new(rate, Source::Assumed, "NVMe, PCIe 3.0 x4")));
        machine.pools.push(disk);
    }
}

fn rate(gigabytes: f64) -> Option<BytesPerSecond> {
    BytesPerSecond::from_gb(gigabytes)
}

fn size(gib: f64) -> Result<Bytes, String> {
    Bytes::from_f64(gib * GIB as f64)
        .filter(|bytes| (1..=1 << 60).contains(&bytes.get()))
        .ok_or_else(|| format!("{gib} GiB is not a size of memory"))
}

/// `NAME[ (VARIANT)][:VRAM_GiB][*N]`.
struct Spec<'a> {
    name: &'a str,
    gib: Option<f64>,
    count: u32,
}

fn parse(spec: &str) -> Result<Spec<'_>, String> {
    let wrong = |what: &str| {
        format!("--gpu '{}': {what}; write NAME[ (VARIANT)][:VRAM_GiB][*N]", crate::formats::shown(spec, 80))
    };
    let (rest, count) = match spec.rsplit_once('*') {
        Some((rest, count)) => (
            rest,
            count
                .trim()
                .parse()
                .ok()
                .filter(|n| (1..=256).contains(n))
                .ok_or_else(|| wrong("the count has to be 1 to 256"))?,
        ),
        None => (spec, 1),
    };
    let (name, gib) = match rest.rsplit_once(':') {
        Some((name, gib)) => {
            let gib: f64 = gib.trim().parse().map_err(|_| wrong("the memory has to be a number of GiB"))?;
            if !(gib.is_finite() && gib > 0.0 && gib <= 1e6) {
                return Err(wrong("the memory has to be above 0 GiB"));
            }
            (name, Some(gib))
        }
        None => (rest, None),
    };
    Ok(Spec { name: name.trim(), gib, count })
}

fn add_gpu(
    machine: &mut Machine,
    spec: &str,
    request: &Request,
    catalog: &Catalog,
    findings: &mut Vec<Finding>,
) -> Result<(), String> {
    let spec = parse(spec)?;
    let device = pick(&spec, catalog, findings);
    let Some(mut device) = device else {
        let (Some(gib), Some(bandwidth)) = (spec.gib, request.gpu_bandwidth) else {
            return Err(format!(
                "the GPU '{}' is not known: see willitrun devices, or give its memory and --gpu-bandwidth",
                crate::formats::shown(spec.name, 60)
            ));
        };
        let device = Accelerator {
            name: crate::formats::shown(spec.name, 120),
            bandwidth: rate(bandwidth),
            ..Accelerator::default()
        };
        return push_gpus(machine, &device, &Figure::typed(size(gib)?), spec.count, rate(bandwidth));
    };
    if let Some(bandwidth) = request.gpu_bandwidth {
        device.bandwidth = rate(bandwidth);
    }
    let capacity = match (spec.gib, device.vram, device.unified, request.ram) {
        (Some(gib), ..) => Figure::typed(size(gib)?),
        (None, _, true, Some(ram)) => Figure::typed(size(ram)?),
        (None, Some(vram), ..) => Figure::new(vram, Source::DataSheet, "devices"),
        (None, None, ..) => {
            return Err(format!(
                "{} comes with more than one size of memory: give it as '{}:GiB' or with --ram",
                device.name, device.name
            ));
        }
    };
    push_gpus(machine, &device, &capacity, spec.count, request.gpu_bandwidth.and_then(rate))
}

fn push_gpus(
    machine: &mut Machine,
    device: &Accelerator,
    capacity: &Figure<Bytes>,
    count: u32,
    typed: Option<BytesPerSecond>,
) -> Result<(), String> {
    for _ in 0..count {
        let place = machine.gpus().count();
        if device.unified && place > 0 {
            return Err(format!("{} computes on the system's own memory: a machine has one", device.name));
        }
        let (id, kind) = if device.unified {
            ("unified".to_owned(), PoolKind::Unified)
        } else {
            (format!("gpu{place}"), PoolKind::Vram)
        };
        if device.unified {
            machine.pools.retain(|pool| pool.kind != PoolKind::Ram);
        }
        let mut pool = Pool::new(&id, kind, capacity.clone());
        pool.read = match typed {
            Some(rate) => Some(Figure::typed(rate)),
            None => device.bandwidth.map(|rate| Figure::new(rate, Source::DataSheet, "devices")),
        };
        pool.name.clone_from(&device.name);
        pool.device = Some(device.clone());
        machine.pools.insert(place, pool);
    }
    Ok(())
}

/// The device meant. Of several of one name the size decides, else the larger is taken and said.
fn pick(spec: &Spec<'_>, catalog: &Catalog, findings: &mut Vec<Finding>) -> Option<Accelerator> {
    let mut rows = catalog.accelerators_named(spec.name);
    if let Some(gib) = spec.gib {
        let same: Vec<&Accelerator> = rows
            .iter()
            .copied()
            .filter(|row| row.vram.is_some_and(|vram| (vram.as_f64() / GIB as f64 - gib).abs() < 0.5))
            .collect();
        if !same.is_empty() {
            rows = same;
        }
    }
    // A plain name is the plain product, where there is one, and not a variant of it.
    if rows.iter().any(|row| row.variant.is_empty()) {
        rows.retain(|row| row.variant.is_empty());
    }
    let largest = rows.iter().copied().max_by(|a, b| {
        let key = |row: &Accelerator| (row.vram.unwrap_or_default(), row.bandwidth.map_or(0.0, BytesPerSecond::get));
        key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal)
    })?;
    if rows.len() > 1 {
        let names: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        findings.push(Finding::note(
            format!(
                "'{}' is more than one product ({}); the larger was taken.",
                crate::formats::shown(spec.name, 60),
                names.join(", ")
            ),
            "Name it by its id.",
        ));
    }
    Some(largest.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(gpu: &[&str], ram: Option<f64>) -> Result<(Machine, Vec<Finding>), String> {
        let request = Request { gpu: gpu.iter().map(|&text| text.to_owned()).collect(), ram, ..Request::default() };
        let mut findings = Vec::new();
        apply(blank(), &request, Catalog::builtin(), true, &mut findings).map(|machine| (machine, findings))
    }

    #[test]
    fn several_of_one_card_are_several_pools() {
        let (machine, _) = described(&["NVIDIA GeForce RTX 3090*4"], Some(64.0)).expect("known");
        let ids: Vec<&str> = machine.pools.iter().map(|pool| pool.id.as_str()).collect();
        assert_eq!(ids, ["gpu0", "gpu1", "gpu2", "gpu3", "ram", "disk"]);
    }

    #[test]
    fn a_unified_device_is_the_one_pool() {
        let (machine, findings) = described(&["Apple M3 Max (40-core GPU):128"], None).expect("known");
        let ids: Vec<&str> = machine.pools.iter().map(|pool| pool.id.as_str()).collect();
        assert_eq!(ids, ["unified", "disk"]);
        assert!(findings.iter().all(|finding| finding.what.contains("processor")), "{findings:?}");
        let (machine, _) = described(&["Apple M4"], Some(16.0)).expect("known");
        assert_eq!(machine.pools[0].capacity.value, Bytes::gib(16));
    }

    #[test]
    fn of_several_products_the_larger_is_taken_and_said() {
        let (machine, findings) = described(&["NVIDIA GeForce RTX 3060"], None).expect("known");
        assert_eq!(machine.pools[0].capacity.value, Bytes::gib(12));
        assert!(findings.iter().any(|finding| finding.what.contains("more than one product")));
        let (machine, _) = described(&["NVIDIA GeForce RTX 3060:8"], None).expect("known");
        assert_eq!(machine.pools[0].read.as_ref().map(|read| read.value.get()), Some(240e9));
    }

    #[test]
    fn a_variant_is_meant_only_where_it_is_named_or_has_that_size() {
        for (spec, gb) in [
            ("NVIDIA GeForce GTX 1650", 128.1),
            ("NVIDIA GeForce GTX 1650 (GDDR6)", 192.0),
            ("NVIDIA GeForce RTX 4070", 504.2),
            ("Intel(R) Arc(TM) A770 Graphics", 560.0),
            ("Intel(R) Arc(TM) A770 Graphics:8", 512.0),
        ] {
            let (machine, findings) = described(&[spec], None).expect(spec);
            let read = machine.pools[0].read.as_ref().map(|read| read.value.get() / 1e9);
            assert_eq!(read, Some(gb), "{spec}");
            assert!(findings.iter().all(|finding| !finding.what.contains("more than one")), "{spec}: {findings:?}");
        }
    }

    #[test]
    fn an_unknown_card_is_refused() {
        for spec in ["RTX 9999", "4090", "NVIDIA GeForce RTX 4090*0", "NVIDIA GeForce RTX 4090:-1", "x:y"] {
            let error = described(&[spec], None).expect_err(spec);
            assert!(error.contains("GPU") || error.contains("--gpu"), "{error}");
        }
    }
}
