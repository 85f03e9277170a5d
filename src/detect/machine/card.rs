//! A card: a pool of its own with its link, or the reason why it is none.

use crate::detect::gpu::{Gpu, GpuKind, Reach, User};
use crate::hardware::{Accelerator, Figure, Finding, Level, Link, LinkKind, Machine, Pool, PoolKind, Slot, Source};
use crate::units::{Bytes, BytesPerSecond};

use super::TYPE_IT;

/// A GPU that is not the unified one: a pool of its own, or the reason why it is none.
pub(super) fn add(machine: &mut Machine, gpu: &Gpu, known: Option<&Accelerator>, findings: &mut Vec<Finding>) {
    let name = known.map_or_else(|| gpu.identity.name.clone(), Accelerator::full_name);
    if gpu.reach == Reach::Listed {
        return findings.push(Finding::note(
            format!("{name} is on the bus, but no driver of it answers; it is not counted."),
            "Install or load its driver; in a container, hand the device in.",
        ));
    }
    let integrated = gpu.kind == GpuKind::Integrated || known.is_some_and(|known| known.unified);
    if integrated {
        let what = format!("{name} is part of the processor and shares the RAM; it is not counted.");
        return findings.push(Finding { level: Level::Note, what, remedy: String::new() });
    }
    let catalogued = known.and_then(|known| known.vram).filter(|_| gpu.slice.is_none());
    let memory = gpu
        .memory
        .clone()
        // Unless something says it is a card, its memory may be a share of the RAM.
        .filter(|_| gpu.kind != GpuKind::Unknown || known.is_some())
        .or_else(|| catalogued.map(|size| Figure::new(size, Source::DataSheet, "device catalogue")));
    let Some(memory) = memory else {
        if gpu.memory.is_some() {
            let what = format!("{name} is here, but nothing tells whether its memory is its own; it is not counted.");
            return findings
                .push(Finding::note(what, "Install its Vulkan driver, or type its memory under This machine."));
        }
        return findings.push(Finding::warning(
            format!("{name} is here, but its driver does not say how much memory of its own it has."),
            TYPE_IT,
        ));
    };
    let number = machine.gpus().filter(|pool| pool.kind == PoolKind::Vram).count();
    let mut pool = Pool::new(&format!("gpu{number}"), PoolKind::Vram, memory);
    pool.name.clone_from(&gpu.identity.name);
    pool.free_now.clone_from(&gpu.free);
    pool.slot = gpu.address.as_deref().and_then(Slot::parse);
    pool.device = known.map(|known| slice_of(known, gpu));
    pool.read = pool
        .device
        .as_ref()
        .and_then(|device| device.bandwidth)
        .map(|rate| match gpu.slice {
            Some(_) => Figure::new(rate, Source::Assumed, "the slice's share of the card's data sheet"),
            None => Figure::new(rate, Source::DataSheet, "device catalogue"),
        })
        .or_else(|| gpu.bandwidth.clone().filter(|_| gpu.slice.is_none()));
    if known.is_none() {
        findings.push(Finding::note(
            format!("{name} is not in the catalogue; its arithmetic rate is unknown."),
            if pool.read.is_some() { "Measure fills it in." } else { "Measure fills in both that and its bandwidth." },
        ));
    }
    if known.is_some() && pool.read.is_none() {
        let what =
            format!("{name} is made with memories of different speeds, and its driver does not say which it has.");
        findings.push(Finding::note(what, "Measure fills in its bandwidth."));
    }
    // A card with resizable BAR shows all its memory; 256 MiB is the old window. llama.cpp #27097 lost
    // 2.65 times to it.
    if gpu.window.is_some_and(|window| window * 2 < pool.capacity.value) {
        findings.push(Finding::note(
            format!("Resizable BAR is off for {name}: the CPU reaches its memory through a small window."),
            "Turn on Resizable BAR and Above 4G Decoding in the firmware.",
        ));
    }
    findings.extend(in_use(&name, gpu));
    findings.extend(narrow(&name, gpu));
    let link = link(&format!("pcie{number}"), gpu);
    pool.link = Some(link.id.clone());
    machine.pools.push(pool);
    machine.links.push(link);
}

/// Whether a finding tells who holds memory of a card.
#[must_use]
pub fn is_in_use(finding: &Finding) -> bool {
    finding.what.starts_with(IN_USE.0) && finding.what.contains(IN_USE.1)
}

const IN_USE: (&str, &str) = ("Memory of ", " is held by ");

/// Other programs that hold its memory.
pub(in crate::detect) fn in_use(name: &str, gpu: &Gpu) -> Option<Finding> {
    let user = |user: &User| match user.bytes {
        Some(bytes) => format!("{} {}", user.name, Bytes::new(bytes).in_gib()),
        None => user.name.clone(),
    };
    let users: Vec<String> = gpu.users.iter().map(user).collect();
    (!users.is_empty()).then(|| {
        Finding::note(
            format!("{}{name}{}{}.", IN_USE.0, IN_USE.1, users.join(", ")),
            "Close what is not needed to free it.",
        )
    })
}

/// A slot with half its lanes or fewer.
fn narrow(name: &str, gpu: &Gpu) -> Option<Finding> {
    let (lanes, most) = (gpu.pcie_lanes?, gpu.pcie_lanes_most?);
    (lanes > 0 && lanes * 2 <= most).then(|| {
        Finding::note(
            format!("{name} runs on {lanes} of its {most} PCIe lanes."),
            "Prompts and whatever passes between memories are faster in a full slot.",
        )
    })
}

/// A slice has the card's rates by its share of the memory.
fn slice_of(known: &Accelerator, gpu: &Gpu) -> Accelerator {
    let mut device = known.clone();
    if let Some(share) = gpu.slice {
        device.vram = None;
        device.bandwidth = device.bandwidth.map(|rate| rate * share);
        device.fp16 = device.fp16.map(|rate| rate * share);
        device.fp32 = device.fp32.map(|rate| rate * share);
    }
    device
}

/// The slot: 25 GB/s is what `PCIe` 4.0 x16 carries in practice; each generation doubles the one before.
fn link(id: &str, gpu: &Gpu) -> Link {
    const GENERATION_4_LANE: f64 = 25e9 / 16.0;
    let told = gpu.pcie_generation.zip(gpu.pcie_lanes).filter(|(g, l)| (1..=8).contains(g) && (1..=32).contains(l));
    let (generation, lanes) = told.unwrap_or((4, 16));
    let rate = GENERATION_4_LANE * f64::from(lanes) * 2_f64.powf(f64::from(generation) - 4.0);
    let what = format!("pcie {generation}.0 x{lanes}");
    let what = if told.is_some() { what } else { format!("its slot is not told, {what}") };
    Link {
        id: id.to_owned(),
        kind: LinkKind::Pcie,
        generation: told.map(|(generation, _)| generation),
        lanes: told.map(|(_, lanes)| lanes),
        joins: Vec::new(),
        bandwidth: Some(Figure::new(BytesPerSecond::saturating(rate), Source::Assumed, what)),
        latency: None,
    }
}
