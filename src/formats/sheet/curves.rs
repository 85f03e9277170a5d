//! The curves of one or more answers as a table for other programs: a row for each context, units in the header.

use crate::formats::csv::line;
use crate::hardware::PoolKind;
use crate::placement::Mode;
use crate::scenario::Point;

use super::Sheet;

const HEAD: [&str; 21] = [
    "machine",
    "model",
    "quant",
    "engine",
    "KV cache",
    "context (tokens)",
    "fits",
    "placement",
    "layers on GPUs",
    "expert layers in RAM",
    "weights (bytes)",
    "KV cache (bytes)",
    "state (bytes)",
    "buffers (bytes)",
    "overhead (bytes)",
    "memory in all (bytes)",
    "read from disk (bytes)",
    "memory of the machine (bytes)",
    "speed (tokens per second)",
    "speed low (tokens per second)",
    "speed high (tokens per second)",
];

/// The points of each sheet, sheet after sheet. Speeds are with the whole context filled; an unknown one is empty.
#[must_use]
pub fn curves(sheets: &[Sheet]) -> String {
    let mut lines = line(&HEAD);
    for sheet in sheets {
        for point in &sheet.points {
            lines.push_str(&row(sheet, point));
        }
    }
    lines
}

fn row(sheet: &Sheet, point: &Point) -> String {
    let scenario = &sheet.scenario;
    let (subject, run, plan) = (&scenario.subject, &scenario.run, &point.plan);
    let kv = format!("{}/{}", run.kv_k.name(), run.kv_v.name()).to_lowercase();
    let memory: crate::units::Bytes =
        scenario.machine.pools.iter().filter(|pool| pool.kind != PoolKind::Disk).map(|pool| pool.capacity.value).sum();
    let fits = match plan.mode {
        Mode::None => "no",
        _ if !plan.within_capacity => "no",
        Mode::Disk => "from disk",
        _ if sheet.answer.fits_max.is_some_and(|most| point.context <= most) => "yes",
        _ => "into the reserve",
    };
    let rate = |part: fn(&crate::speed::Range) -> f64| {
        point.rate.as_ref().map_or_else(String::new, |rate| format!("{:.3}", part(rate)))
    };
    line(&[
        &scenario.machine.title(),
        &subject.model.name,
        &subject.quant.id,
        &scenario.engine.name,
        &kv,
        &point.context.get().to_string(),
        fits,
        plan.mode.name(),
        &plan.gpu_layers.to_string(),
        &plan.cpu_expert_layers.to_string(),
        &plan.weights().get().to_string(),
        &plan.kv().get().to_string(),
        &plan.state().get().to_string(),
        &plan.compute().get().to_string(),
        &plan.overhead().get().to_string(),
        &plan.total().get().to_string(),
        &plan.on_disk.get().to_string(),
        &memory.get().to_string(),
        &rate(|rate| rate.expected),
        &rate(|rate| rate.low),
        &rate(|rate| rate.high),
    ])
}
