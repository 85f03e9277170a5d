//! A measurement in words and as JSON.

use serde_json::{Value, json};

use crate::hardware::{Finding, Machine};
use crate::measure::disk::{Cached, DiskResult};
use crate::measure::gpu::{CardFigures, Cards};
use crate::measure::matvec::Bound;
use crate::measure::ram::RamResult;
use crate::measure::{Outcome, Suite};
use crate::units::{Bytes, BytesPerSecond};

use super::Kept;

/// The sentence of the only part asked for, if it failed.
pub(super) fn failure_of_all(suite: &Suite) -> Option<String> {
    match (&suite.ram, &suite.gpus, &suite.disk) {
        (Some(Outcome::Failed(why)), None, None) | (None, None, Some(Outcome::Failed(why))) => Some(why.clone()),
        _ => None,
    }
}

/// What is to be said beside the figures.
pub(super) fn findings(suite: &Suite) -> Vec<Finding> {
    let mut found = Vec::new();
    let failures = [
        failed(suite.ram.as_ref()),
        failed(suite.numa.as_ref()),
        failed(suite.kernel.as_ref()),
        failed(suite.disk.as_ref()),
    ];
    for why in failures {
        found.extend(why.map(|why| Finding::warning(why, "")));
    }
    if let Some(ram) = done(suite.ram.as_ref())
        && !ram.huge_pages
    {
        found.push(Finding::note("The system gave no huge pages, so both figures are with ordinary ones.", ""));
    }
    if let Some(cards) = &suite.gpus {
        found.extend(
            cards.failed.iter().map(|(name, why)| Finding::warning(format!("{name} was not measured: {why}."), "")),
        );
        if let Some(how) = &cards.broken {
            found.push(Finding::warning(
                format!("Measuring the GPUs broke off: it {how}."),
                "Update the graphics driver and try again.",
            ));
        } else if cards.cards.is_empty() && cards.failed.is_empty() {
            found.push(Finding::note("There is no GPU here to measure.", ""));
            found.extend(cards.software.iter().map(|name| {
                Finding::note(format!("{name} draws on the processor: its figures would be the RAM's."), "")
            }));
        }
        for card in cards.cards.iter().filter(|card| card.link.is_none()) {
            found.push(Finding::note(
                format!("{} shares memory with the CPU, or its driver shows no link to time.", card.name),
                "",
            ));
        }
    }
    found
}

fn done<T>(outcome: Option<&Outcome<T>>) -> Option<&T> {
    match outcome {
        Some(Outcome::Done(done)) => Some(done),
        _ => None,
    }
}

fn failed<T>(outcome: Option<&Outcome<T>>) -> Option<String> {
    match outcome {
        Some(Outcome::Failed(why)) => Some(why.clone()),
        _ => None,
    }
}

/// The pool a card's figures went to, by the measurement that carries them.
fn pool_of<'m>(machine: &'m Machine, card: &CardFigures) -> Option<&'m str> {
    let slot = machine.gpus().find(|pool| pool.slot.is_some() && pool.slot == card.slot());
    slot.or_else(|| machine.gpus().find(|pool| pool.name == card.name)).map(|pool| pool.id.as_str())
}

pub(super) fn json(suite: &Suite, kept: &Kept) -> Value {
    let cards = suite.gpus.as_ref().map_or(&[][..], |cards| cards.cards.as_slice());
    let link_id = |card: &CardFigures| -> Option<String> {
        kept.machine.pool(pool_of(&kept.machine, card)?).and_then(|pool| pool.link.clone())
    };
    let gpus = cards.iter().filter(|card| card.read.is_some()).map(|card| {
        json!({
            "id": pool_of(&kept.machine, card), "name": card.name,
            "best_bytes_per_second": card.read.as_ref().map(|read| read.best),
            "f32_flops": card.f32_flops, "f16_flops": card.f16_flops,
            "spread": card.read.as_ref().map(|read| read.spread),
            "sweep": card.read.as_ref().map(|read| &read.sweep),
        })
    });
    let links = cards.iter().filter_map(|card| Some((card, card.link?))).map(|(card, link)| {
        json!({
            "id": link_id(card),
            "to_device_bytes_per_second": link.to_device, "from_device_bytes_per_second": link.from_device,
        })
    });
    json!({
        "schema": "willitrun.measure/1",
        "ram": done(suite.ram.as_ref()).map(|ram| ram_json(ram, suite, kept.stored)),
        "gpu": gpus.collect::<Vec<_>>(),
        "link": links.collect::<Vec<_>>(),
        "disk": done(suite.disk.as_ref()).map(|disk| json!({
            "path_kind": disk.path_kind.words(),
            "sequential_bytes_per_second": disk.sequential,
            "random_bytes_per_second": disk.random,
            "warm_bytes_per_second": disk.warm,
        })),
        "findings": kept.findings.iter().map(crate::formats::answer_json::finding).collect::<Vec<_>>(),
    })
}

fn ram_json(ram: &RamResult, suite: &Suite, stored: bool) -> Value {
    let (kernel, numa) = (done(suite.kernel.as_ref()), done(suite.numa.as_ref()));
    json!({
        "best_bytes_per_second": ram.best_bytes_per_second,
        "median_bytes_per_second": ram.median_bytes_per_second,
        "ordinary_pages_bytes_per_second": ram.ordinary_pages_bytes_per_second,
        "copy_bytes_per_second": ram.copy_bytes_per_second,
        "q4_k_bytes_per_second": kernel.map(|kernel| kernel.q4_k),
        "q8_0_bytes_per_second": kernel.map(|kernel| kernel.q8_0),
        "rows_kernel": kernel.map(|kernel| kernel.code),
        "rows_lower_bound": kernel.map(|kernel| kernel.bound == Bound::Lower),
        "nodes": numa.map(|numa| numa.local.iter().map(|(node, rate)| json!({
            "node": node, "own_memory_bytes_per_second": rate,
        })).collect::<Vec<_>>()),
        "other_node_bytes_per_second": numa.map(|numa| numa.remote),
        "spread": ram.spread,
        "threads": ram.threads,
        "cpu_over_wall": ram.cpu_over_wall,
        "busy": ram.busy,
        "stored": stored && !ram.busy,
    })
}

pub(super) fn text(suite: &Suite, kept: &Kept) -> String {
    let mut lines = Vec::new();
    if let Some(ram) = done(suite.ram.as_ref()) {
        ram_lines(ram, &mut lines);
    }
    if let Some(numa) = done(suite.numa.as_ref()) {
        lines.push("NUMA nodes, ordinary pages".to_owned());
        for (node, rate) in &numa.local {
            lines.push(format!("  node {node:<10} {}  (its own memory)", shown(*rate)));
        }
        lines.push(format!("  other node      {}  (the first on the second's memory)", shown(numa.remote)));
    }
    if let Some(kernel) = done(suite.kernel.as_ref()) {
        let bound = if kernel.bound == Bound::Lower { "at least, " } else { "" };
        lines.push(format!("Rows of R1's experts times a vector, {bound}{} threads, {}", kernel.threads, kernel.code));
        lines.push(format!("  like Q4_K       {}  (bytes of weights, unpacking included)", shown(kernel.q4_k)));
        lines.push(format!("  like Q8_0       {}", shown(kernel.q8_0)));
    }
    if let Some(cards) = &suite.gpus {
        card_lines(cards, &mut lines);
    }
    if let Some(disk) = done(suite.disk.as_ref()) {
        disk_lines(disk, &mut lines);
    }
    lines.extend(
        kept.findings.iter().map(|finding| format!("{} {}", finding.what, finding.remedy).trim_end().to_owned()),
    );
    if kept.stored {
        lines.push("Kept for this machine; predictions use it from now on.".to_owned());
    }
    lines.push(String::new());
    lines.join("\n")
}

fn shown(rate: f64) -> BytesPerSecond {
    BytesPerSecond::saturating(rate)
}

fn ram_lines(ram: &RamResult, lines: &mut Vec<String>) {
    let bound = if ram.busy { "at least, " } else { "" };
    lines.push(format!("RAM read, {bound}{} threads, {} (GB = 10^9 bytes)", ram.threads, ram.kernel));
    lines.push(format!("  best            {}", shown(ram.best_bytes_per_second)));
    lines.push(format!("  median          {}", shown(ram.median_bytes_per_second)));
    if let Some(ordinary) = ram.ordinary_pages_bytes_per_second {
        lines.push(format!("  ordinary pages  {}  (what predictions use)", shown(ordinary)));
    }
    if let Some(copy) = ram.copy_bytes_per_second {
        lines.push(format!("  copy            {}  (read and written bytes, past the cache)", shown(copy)));
    }
    lines.push(format!("  spread          {:.1} %", ram.spread * 100.0));
    for (threads, bytes) in &ram.per_thread_count {
        lines.push(format!("  {threads:>3} threads     {}", shown(*bytes)));
    }
}

fn card_lines(cards: &Cards, lines: &mut Vec<String>) {
    for card in &cards.cards {
        lines.push(card.name.clone());
        if let Some(read) = &card.read {
            let size = Bytes::new(read.bytes).in_gib();
            lines.push(format!("  memory read     {}  ({size}, {})", shown(read.best), read.clock.name()));
            lines.push(format!("  median          {}", shown(read.median)));
            for (bytes, rate) in &read.sweep {
                lines.push(format!("  {:>4} MiB        {}", bytes >> 20, shown(*rate)));
            }
        }
        for (number, rate) in [("f32", card.f32_flops), ("f16", card.f16_flops)] {
            lines.extend(rate.map(|rate| format!("  {number} in shaders  {:.1} TFLOP/s", rate / 1e12)));
        }
        if let Some(link) = card.link {
            lines.push(format!("  to the card     {}", shown(link.to_device)));
            lines.push(format!("  from the card   {}", shown(link.from_device)));
        }
    }
}

fn disk_lines(disk: &DiskResult, lines: &mut Vec<String>) {
    let past = if disk.cached == Cached::Past { "past the cache" } else { "through the cache" };
    lines.push(format!("Disk read, {} of {}, {past}", disk.path_kind.words(), Bytes::new(disk.file_bytes).in_gb()));
    lines.push(format!("  in order        {}", shown(disk.sequential)));
    lines.push(format!("  4 MiB at random {}  (what predictions use)", shown(disk.random)));
    if let Some(warm) = disk.warm {
        lines.push(format!("  from the cache  {}  (RAM, not the disk)", shown(warm)));
    }
}
