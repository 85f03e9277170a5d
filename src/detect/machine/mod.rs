//! From readings to a machine: which pools there are, and what is missing. Pure.

mod card;
#[cfg(test)]
mod tests;

use crate::hardware::{Accelerator, Cpu, Figure, Finding, Machine, MemoryPlatform, Pool, PoolKind, Slot, Source};
use crate::units::{Bytes, BytesPerSecond};

use crate::detect::dimms;
use crate::detect::gpu::{Api, Gpu, Reach, merge};
use crate::detect::ram::Host;
use crate::detect::{Accelerators, DiskKind, Platforms, Readings};

pub(super) use card::in_use;
pub use card::is_in_use;

const MEASURE: &str = "Measure fills it in.";
const TYPE_IT: &str = "Type its memory under This machine.";
const NVIDIA: u32 = 0x10de;
const AMD: u32 = 0x1002;
/// RAM of which nothing is told: dual-channel DDR5-5600, as for a machine described by hand.
const ASSUMED_RAM: f64 = 89.6e9;

/// The machine these readings describe, and what to know about it.
#[must_use]
pub fn assemble(readings: &Readings, catalog: &Accelerators<'_>, platforms: &Platforms<'_>) -> (Machine, Vec<Finding>) {
    let mut machine = Machine::new("this", "This machine");
    let mut findings = Vec::new();
    machine.form = readings.form;
    let cpu = &readings.cpu;
    machine.cpu = Cpu {
        name: cpu.name.clone(),
        sockets: cpu.sockets.max(1),
        cores: cpu.cores.max(1),
        simd: readings.simd.to_owned(),
        flops: None,
    };
    let gpus: Vec<(Gpu, Option<Accelerator>)> = merge(readings.probe.reports.clone())
        .into_iter()
        .map(|gpu| {
            let known = catalog(&gpu.identity);
            (gpu, known)
        })
        .collect();
    let unified =
        gpus.iter().find(|(gpu, known)| gpu.reach == Reach::Open && known.as_ref().is_some_and(|known| known.unified));
    machine.pools.extend(host(readings, unified, platforms, &mut findings));
    for (gpu, known) in &gpus {
        if unified.is_none_or(|(other, _)| !std::ptr::eq(other, gpu)) {
            card::add(&mut machine, gpu, known.as_ref(), &mut findings);
        }
    }
    // A trouble matters when the card it is about is there.
    let nvidia = gpus.iter().any(|(gpu, _)| gpu.identity.vendor == NVIDIA);
    for trouble in &readings.probe.troubles {
        if trouble.api != Api::Nvml || nvidia {
            findings.push(Finding::warning(
                format!("{} does not answer: {}.", trouble.api.name(), trouble.what),
                "Restart after a driver update, or reinstall the graphics driver.",
            ));
        }
    }
    if let Some(how) = &readings.broken {
        findings.push(Finding::warning(
            format!("Asking the graphics drivers for GPUs broke off: it {how}."),
            "Update the graphics driver, or type the card under This machine.",
        ));
    } else if machine.gpus().next().is_none() && gpus.is_empty() {
        findings.push(if readings.ram.is_some_and(|ram| ram.host == Host::Wsl) {
            Finding::note(
                "No GPU is seen from inside WSL, where only NVIDIA's answer.",
                "Run the Windows version to see others.",
            )
        } else {
            Finding::good("No GPU here. Models run on the CPU and its RAM.")
        });
    }
    disk(readings, &mut machine, &mut findings);
    (machine, findings)
}

/// RAM, or the one memory that processor and GPU share.
fn host(
    readings: &Readings,
    unified: Option<&(Gpu, Option<Accelerator>)>,
    platforms: &Platforms<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Pool> {
    let Some(ram) = readings.ram else {
        findings.push(Finding::warning("The system does not say how much RAM there is.", TYPE_IT));
        return None;
    };
    let (capacity, origin) = match ram.limit {
        Some(limit) => {
            findings.push(Finding::note(
                format!("A container limit of {} stands below the machine's {}.", limit.in_gib(), ram.total.in_gib()),
                "Raise the limit of the container to use more.",
            ));
            (limit, "cgroup memory limit")
        }
        None => (ram.total, ram.origin),
    };
    if ram.host == Host::Wsl {
        findings.push(Finding::note(
            format!("WSL hands Linux {} of the RAM, half of it unless told otherwise.", ram.total.in_gib()),
            "Set memory= in .wslconfig and run wsl --shutdown.",
        ));
    }
    let reported = |value: Bytes, origin: &str| Figure::new(value, Source::Reported, origin);
    let mut pool = Pool::new("ram", PoolKind::Ram, reported(capacity, origin));
    pool.free_now = Some(reported(ram.available, ram.origin));
    pool.numa_nodes = readings.cpu.numa_nodes.max(1);
    if let Some(told) = modules(readings, platforms) {
        pool.dimms = Some(told.dimms);
        pool.read = told.read;
    }
    findings.extend(readings.modules.trouble.map(|trouble| Finding::note(trouble, "A firmware update may mend it.")));
    // What is plugged in and yet not seen; a little is always missing.
    let hidden = readings.installed.map(|installed| installed - ram.total);
    if let Some((gpu, Some(known))) = unified {
        unify(&mut pool, gpu, known, hidden);
    } else {
        findings.extend(kept_back(readings.installed, hidden).filter(|_| ram.host == Host::Plain));
    }
    match &pool.read {
        None => {
            let (read, finding) = assumed_ram(readings, ram.host, platforms);
            pool.read = Some(read);
            findings.push(finding);
        }
        Some(read) if read.source == Source::Assumed => findings
            .push(Finding::note(format!("The RAM speed is partly assumed ({}).", read.origin), "Measure replaces it.")),
        Some(_) => {}
    }
    Some(pool)
}

/// RAM of whose speed nothing is told, and the words for it: what the catalogue has beside this processor, else
/// dual-channel DDR5. Of a virtual machine's host nothing can be concluded from the processor's name.
fn assumed_ram(readings: &Readings, host: Host, platforms: &Platforms<'_>) -> (Figure<BytesPerSecond>, Finding) {
    let platform = platform(readings, platforms).filter(|_| host == Host::Plain);
    if let Some(platform) = platform
        && let Some(rate) = platform.bandwidth
    {
        let what = format!("{} in all channels of {}", platform.memory, platform.cpu);
        let finding = format!("The RAM speed is not reported here; {what}, {rate}, is assumed.");
        return (Figure::new(rate, Source::Assumed, what), Finding::note(finding, MEASURE));
    }
    let what = match host {
        Host::Virtual => {
            "A virtual machine is not told what RAM its host has. Dual-channel DDR5-5600 is assumed; a server has more \
             channels, of which this machine gets a share nobody states."
        }
        Host::Plain | Host::Wsl => "The RAM speed is not reported here; dual-channel DDR5-5600 is assumed.",
    };
    let rate = BytesPerSecond::saturating(ASSUMED_RAM);
    (Figure::new(rate, Source::Assumed, "dual-channel DDR5-5600"), Finding::note(what, MEASURE))
}

/// The catalogue's word on this processor, all its sockets counted.
fn platform(readings: &Readings, platforms: &Platforms<'_>) -> Option<MemoryPlatform> {
    let cpu = &readings.cpu;
    if cpu.sockets > 1 { platforms(&format!("{}x {}", cpu.sockets, cpu.name)) } else { platforms(&cpu.name) }
}

/// What the modules amount to; the catalogue's word on channels is asked for only where the slots say nothing.
pub(super) fn modules(readings: &Readings, platforms: &Platforms<'_>) -> Option<dimms::Summary> {
    let plain = dimms::summarize(&readings.modules, None)?;
    let platform = (plain.counted == dimms::Channels::Assumed).then(|| platform(readings, platforms)).flatten();
    // A row of several sockets counts the channels of one.
    let channels = platform.and_then(|row| Some(row.channels? * f64::from(row.sockets.max(1))));
    channels.and_then(|_| dimms::summarize(&readings.modules, channels)).or(Some(plain))
}

/// RAM that is plugged in and that the system does not see, when it is much: firmware and kernel take a few per cent for
/// themselves, graphics on the processor may be given half of it.
fn kept_back(installed: Option<Bytes>, hidden: Option<Bytes>) -> Option<Finding> {
    let (installed, hidden) = installed.zip(hidden)?;
    (hidden * 8 > installed && hidden >= Bytes::gib(2)).then(|| {
        Finding::note(
            format!("{} of the {} plugged in are not handed to the system.", hidden.in_gib(), installed.in_gib()),
            "Graphics on the processor may hold it: its share is set in the firmware.",
        )
    })
}

/// Makes the RAM pool the one pool of a unified machine. What firmware set aside for the GPU is not in
/// the RAM the system sees, and belongs to it again here; a GPU never gets more than is left after the
/// reserve RAM keeps (`memtest_vulkan` #66: 135 GB reported, 94 to be had).
fn unify(pool: &mut Pool, gpu: &Gpu, known: &Accelerator, hidden: Option<Bytes>) {
    let reserve = pool.capacity.value - pool.usable();
    // Only AMD's firmware sets memory aside; what others report is the shared memory once more.
    let (own, limit) = if gpu.identity.vendor == AMD { (&gpu.memory, &None) } else { (&None, &gpu.memory) };
    let carve_out = own.as_ref().map_or(Bytes::ZERO, |memory| memory.value);
    // More than is plugged in cannot be there, whatever the driver says.
    let carve_out = hidden.map_or(carve_out, |hidden| carve_out.min(hidden));
    "unified".clone_into(&mut pool.id);
    pool.kind = PoolKind::Unified;
    pool.name.clone_from(&gpu.identity.name);
    pool.slot = gpu.address.as_deref().and_then(Slot::parse);
    pool.device = Some(known.clone());
    if carve_out > Bytes::ZERO {
        pool.capacity.value += carve_out;
        pool.capacity.origin = format!("{} + the GPU's {}", pool.capacity.origin, carve_out.in_gib());
        if let (Some(free), Some(more)) = (&mut pool.free_now, &gpu.free) {
            free.value += more.value;
        }
    }
    let shared = gpu.shared.as_ref().map(|shared| Figure {
        value: shared.value + carve_out,
        origin: format!("{} + its own memory", shared.origin),
        ..shared.clone()
    });
    pool.gpu_limit =
        gpu.limit.iter().chain(limit).chain(&shared).max_by_key(|limit| limit.value).cloned().map(|mut limit| {
            limit.value = limit.value.min(pool.capacity.value - reserve);
            limit
        });
    if let Some(rate) = known.bandwidth {
        pool.read = Some(Figure::new(rate, Source::DataSheet, format!("device catalogue: {}", known.id)));
    }
}

fn disk(readings: &Readings, machine: &mut Machine, findings: &mut Vec<Finding>) {
    let Some(disk) = readings.disk.as_ref().filter(|disk| disk.total > Bytes::ZERO) else {
        return findings
            .push(Finding::note("No disk was found under the home folder.", "Type one under This machine."));
    };
    let capacity = Figure::new(disk.total, Source::Reported, "file system size");
    let mut pool = Pool::new("disk", PoolKind::Disk, capacity);
    pool.free_now = Some(Figure::new(disk.free, Source::Reported, "file system free space"));
    let read = disk.kind.assumed_read();
    let remedy = match disk.kind {
        DiskKind::Virtual | DiskKind::Network | DiskKind::Unknown => "Measure it.",
        _ => MEASURE,
    };
    let what = disk.kind.words();
    findings
        .push(Finding::note(format!("The disk's speed is not reported; {} is assumed ({what}).", read.value), remedy));
    pool.read = Some(read);
    machine.pools.push(pool);
}
