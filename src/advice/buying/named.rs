//! Modules somebody names, such as those they have: whether they go together in this machine, and what they do.

use std::sync::Arc;

use crate::hardware::{Figure, Finding, Form, Machine, MemoryPlatform, Source, platform_of};
use crate::placement::Policy;
use crate::scenario::{Scenario, evaluate_here};
use crate::units::Bytes;

use super::sizes::{MODULES_A_CHANNEL, Row, read_by};
use super::{Shop, host, rate_of};
use crate::advice::kits::{self, Modules};

/// The board of a machine as far as modules go; none where it takes none.
#[must_use]
pub fn board(machine: &Machine, shop: &Shop) -> Option<MemoryPlatform> {
    let dimms = machine.pools[host(machine)?].dimms.as_ref();
    let cpu = &machine.cpu.name;
    Some(MemoryPlatform {
        name: if cpu.is_empty() { "this board".to_owned() } else { cpu.clone() },
        channels: dimms.and_then(|dimms| dimms.channels),
        mega_transfers: dimms.and_then(|dimms| dimms.mega_transfers),
        max_ram: platform_of(&shop.platforms, cpu).and_then(|platform| platform.max_ram),
        ..MemoryPlatform::default()
    })
}

/// The machine with these modules in place of its own: what they read, and what the model does then. What does not go
/// together is said, and has no speed where it does not run. None where the machine takes no modules.
#[must_use]
pub fn with_modules(scenario: &Scenario, modules: &[Modules], shop: &Shop) -> Option<Row> {
    let asked = Scenario { policy: Policy::default(), ..scenario.clone() };
    let mut machine = Machine::clone(&asked.machine);
    let board = board(&machine, shop)?;
    let at = host(&machine)?;
    let slots = machine.built().map_or(MODULES_A_CHANNEL, Form::modules_a_channel);
    let (count, size): (u32, Bytes) =
        (modules.iter().map(|kind| kind.count).sum(), modules.iter().map(Modules::capacity).sum());
    let mut findings = kits::warnings(modules, &board);
    let most = board.channels.map(|channels| (channels * f64::from(slots)) as u32);
    let too_many = most.filter(|most| count > *most);
    findings.extend(too_many.map(|most| {
        let channels = board.channels.unwrap_or_default();
        Finding::warning(format!("{count} modules are more than the {most} slots of {channels} channels."), "")
    }));
    let runs = kits::goes_together(modules, &board) && too_many.is_none();
    let slowest = modules.iter().map(|kind| kind.mega_transfers).filter(|speed| *speed > 0.0).fold(f64::MAX, f64::min);
    let pool = &mut machine.pools[at];
    pool.capacity = Figure::new(size, Source::Typed, "modules as typed");
    pool.free_now = None;
    if let Some(dimms) = &mut pool.dimms {
        let filled = |count: u32, channels: f64| f64::from(count).min(channels).max(1.0);
        let (own, channels) = (dimms.mega_transfers.map_or(slowest, f64::from), dimms.channels.unwrap_or(1.0));
        // The slowest sets the speed of all, and no board runs them faster than it does its own.
        let speed = slowest.min(own) / own;
        let before = dimms.populated.unwrap_or(count);
        dimms.populated = Some(count);
        if let Some(read) = &mut pool.read {
            // A data sheet's figure is of all channels, and the empty ones are counted off it; others are of what is in.
            let by = match read.source {
                Source::DataSheet => speed,
                _ => speed * filled(count, channels) / filled(before, channels),
            };
            read.value = read.value * by;
        }
        if let Some(measured) = pool.read_measured.take() {
            let by = speed * filled(count, channels) / filled(before, channels);
            pool.read_measured = Some(Figure::new(measured.value * by, Source::Assumed, "measured, by the modules"));
        }
    }
    let bandwidth = machine.host().and_then(read_by);
    let after = evaluate_here(&Scenario { machine: Arc::new(machine), ..asked });
    let modules = modules.first().copied().filter(|_| runs);
    Some(Row { size, modules, bandwidth, level: after.verdict.level, rate: rate_of(&after), findings })
}
