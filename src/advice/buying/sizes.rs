//! Sizes of RAM in a machine: which modules make them, what those read, and what the model does then.

use std::sync::Arc;

use crate::hardware::{self, Figure, Finding, Form, Machine, MemoryPlatform, Pool, Source};
use crate::placement::Policy;
use crate::scenario::{Scenario, evaluate_here};
use crate::speed::Filled;
use crate::units::{Bytes, BytesPerSecond};
use crate::verdict::Level;

use super::{Shop, host, kits, rate_of};
use kits::{Build, Modules, REGISTERED_FROM};

/// Slots of a channel on a board of which nothing else is known.
pub(super) const MODULES_A_CHANNEL: u32 = 2;

/// A size of RAM in this machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The size.
    pub size: Bytes,
    /// Its modules, where the channels are known.
    pub modules: Option<Modules>,
    /// What it reads.
    pub bandwidth: Option<BytesPerSecond>,
    /// The verdict with it.
    pub level: Level,
    /// Tokens per second with it.
    pub rate: Option<f64>,
    /// What does not go together.
    pub findings: Vec<Finding>,
}

impl Row {
    /// Whether there are modules for it, as far as is known.
    #[must_use]
    pub fn is_made(&self) -> bool {
        self.modules.is_some() || self.findings.is_empty()
    }
}

/// Every size RAM is sold in from 16 GiB on, in this machine: modules, channels, and what the model does.
#[must_use]
pub fn ram(scenario: &Scenario, shop: &Shop) -> Vec<Row> {
    let asked = Scenario { policy: Policy::default(), ..scenario.clone() };
    let sizes = kits::SIZES.iter().filter(|gib| **gib >= 16).map(|gib| Bytes::gib(*gib));
    let row = |size: Bytes| {
        let (machine, modules, findings) = with_ram(&asked.machine, size, shop)?;
        let bandwidth = machine.host().and_then(read_by);
        let after = evaluate_here(&Scenario { machine: Arc::new(machine), ..asked.clone() });
        Some(Row { size, modules, bandwidth, level: after.verdict.level, rate: rate_of(&after), findings })
    };
    sizes.filter_map(row).collect()
}

/// What a pool reads with the modules it has.
pub(super) fn read_by(pool: &Pool) -> Option<BytesPerSecond> {
    let (rate, _) = pool.bandwidth()?;
    Some(Filled::of(pool).map_or(rate, |filled| rate * filled.share()))
}

/// The machine with RAM of a size: as many modules as there are channels, where such modules are made.
pub(super) fn with_ram(
    machine: &Machine,
    size: Bytes,
    shop: &Shop,
) -> Option<(Machine, Option<Modules>, Vec<Finding>)> {
    let mut machine = machine.clone();
    let at = host(&machine)?;
    let cpu = machine.cpu.name.clone();
    let slots = machine.built().map_or(MODULES_A_CHANNEL, Form::modules_a_channel);
    let pool = &mut machine.pools[at];
    pool.capacity = Figure::new(size, Source::Assumed, "what if");
    pool.free_now = None;
    let most = hardware::platform_of(&shop.platforms, &cpu).and_then(|platform| platform.max_ram);
    if let Some(most) = most.filter(|most| size > *most) {
        let what = format!("{cpu} takes at most {}.", kits::name(most));
        return Some((machine, None, vec![Finding::warning(what, "")]));
    }
    let known = pool.dimms.as_ref().and_then(|dimms| Some((dimms.channels?, dimms.mega_transfers)));
    let Some((channels, mega_transfers)) = known else { return Some((machine, None, Vec::new())) };
    let build = if channels < REGISTERED_FROM { Build::Unbuffered } else { Build::Registered };
    let sizes = shop.modules.of(build);
    let Some((count, each)) = modules(size, channels as u32, slots, sizes) else {
        let most = sizes.last().map_or(Bytes::ZERO, |each| *each * (u64::from(slots) * channels as u64));
        let what = if size > most {
            format!("A board with {channels} channels cannot take it: at most {}.", kits::name(most))
        } else {
            format!("No equal modules make {} in {channels} channels.", kits::name(size))
        };
        return Some((machine, None, vec![Finding::warning(what, "")]));
    };
    let modules = Modules { count, each, mega_transfers: mega_transfers.map_or(0.0, f64::from), build };
    if let Some(dimms) = &mut pool.dimms {
        let before = dimms.populated.map_or(channels, f64::from).min(channels);
        let ratio = f64::from(count).min(channels) / before.max(1.0);
        dimms.populated = Some(count);
        if let Some(measured) = pool.read_measured.take() {
            pool.read_measured =
                Some(Figure::new(measured.value * ratio, Source::Assumed, "measured, by the channels filled"));
        }
    }
    let board = MemoryPlatform {
        name: if cpu.is_empty() { "this board".to_owned() } else { cpu },
        channels: Some(channels),
        mega_transfers,
        ..MemoryPlatform::default()
    };
    let mut findings = kits::warnings(&[modules], &board);
    if !sizes.contains(&Bytes::new(size.get() / (channels as u64).max(1))) {
        // One for each channel would have to be of a size nobody makes.
        for finding in &mut findings {
            finding.remedy.clear();
        }
    }
    Some((machine, Some(modules), findings))
}

/// Equal modules for a size: one for each channel if such are made, else as many as there are slots, else as many
/// channels as can be.
fn modules(size: Bytes, channels: u32, slots: u32, sizes: &[Bytes]) -> Option<(u32, Bytes)> {
    let fewer = (1..channels).rev();
    let counts = [channels, slots * channels].into_iter().chain(fewer);
    counts.filter(|count| *count > 0).find_map(|count| {
        let each = Bytes::new(size.get() / u64::from(count));
        (each * u64::from(count) == size && sizes.contains(&each)).then_some((count, each))
    })
}
