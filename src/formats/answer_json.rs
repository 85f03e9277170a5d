//! The JSON of an answer: `willitrun.check/1`. Plain SI; unknown is null, never 0.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::advice::Change;
use crate::advice::binding::{Binding, Bound};
use crate::hardware::{Besides, Finding, Machine};
use crate::placement::{Engine, Plan, PoolUse};
use crate::quant::{Quant, Rule};
use crate::scenario::{Answer, Evidence, Scenario};
use crate::speed::{Bill, Range};

use super::commands::{self, Shell};

/// What stands in the JSON beside the answer itself.
pub struct Beside<'a> {
    /// What would change the answer.
    pub next: &'a [Change],
    /// What binds memory and speed.
    pub binding: &'a Binding,
    /// Other forms of the model with their tokens per second, where weights are read from disk.
    pub from_disk: &'a [(String, Option<f64>)],
    /// What had to be assumed for the question.
    pub findings: &'a [Finding],
    /// The engines whose commands are given.
    pub engines: &'a [Arc<Engine>],
    /// The shell they are written for.
    pub shell: Shell,
}

/// The answer as JSON.
#[must_use]
pub fn check(scenario: &Scenario, answer: &Answer, beside: &Beside<'_>) -> Value {
    let subject = &scenario.subject;
    let (model, weights, plan) = (&subject.model, &subject.weights, &answer.plan);
    let machine = &*scenario.seen();
    let (commands, said) = commands(scenario, plan, beside);
    let findings = beside.findings.iter().chain(&answer.findings).chain(&said);
    json!({
        "schema": "willitrun.check/1",
        "model": {
            "id": model.id,
            "params": model.params().get(),
            "active_params": model.active_params(subject.experts_used).get(),
            "weights_read_per_token_params": weights.active_count().round(),
            "source": model.facts.source,
        },
        "quant": {
            "id": subject.quant.id, "bits_per_weight": weights.bits_per_weight, "label_bits": subject.quant.label_bits(),
        },
        "memory": {
            "weights_bytes": weights.file.get(),
            "loaded_weights_bytes": plan.weights().get(),
            "kv_bytes": plan.kv().get(),
            "state_bytes": plan.state().get(),
            "compute_bytes": plan.compute().get(),
            "overhead_bytes": plan.overhead().get(),
            "total_bytes": plan.total().get(),
            "kv_bytes_per_token": answer.kv_per_token.get(),
            "pools": plan.pools.iter().map(|used| pool(used, machine)).collect::<Vec<_>>(),
        },
        "context": {
            "requested": scenario.run.context.get(),
            "model_max": model.max_context.get(),
            "fits_max": answer.fits_max.map(crate::units::Tokens::get),
        },
        "placement": {
            "mode": plan.mode.name(),
            "gpu_layers": plan.gpu_layers,
            "cpu_expert_layers": plan.cpu_expert_layers,
            "tensor_split": plan.tensor_split,
            "disk_bytes": plan.on_disk.get(),
        },
        "speed": {
            "decode_tps": answer.bill.as_ref().map(|bill| range(&bill.rate)),
            "throughput_tps": answer.bill.as_ref().map(|bill| range(&bill.throughput())),
            "prefill_tps": answer.prefill.as_ref().map(range),
            "ttft_s": answer.first_token.map(crate::units::Seconds::get),
            "answer_s": answer.whole_answer.map(crate::units::Seconds::get),
            "bill": answer.bill.as_ref().map_or_else(Vec::new, |bill| {
                bill.lines
                    .iter()
                    .map(|line| json!({ "what": line.label(machine), "seconds": line.time.get() }))
                    .collect::<Vec<_>>()
            }),
            "bottleneck": answer.bill.as_ref().and_then(Bill::bottleneck).map(|line| line.label(machine)),
        },
        "verdict": {
            "level": answer.verdict.level.name(),
            "sentence": answer.verdict.sentence(),
            "next": beside
                .next
                .iter()
                .map(|change| json!({ "change": change.what, "effect": change.effect }))
                .collect::<Vec<_>>(),
            "binding": {
                "memory": bound(&beside.binding.memory), "speed": beside.binding.speed.as_ref().map(bound),
                "from_disk": beside.from_disk.iter().map(|(quant, rate)| json!({ "quant": quant, "decode_tps": rate })).collect::<Vec<_>>(),
            },
        },
        "commands": commands,
        "findings": findings.map(finding).collect::<Vec<_>>(),
        "sources": sources(scenario, answer),
    })
}

/// What binds, in one sentence, and the change that helps most.
fn bound(bound: &Bound) -> Value {
    let change = |change: &Change| json!({ "change": change.what, "effect": change.effect });
    json!({
        "limit": bound.limit.name(), "share": bound.share, "sentence": bound.sentence,
        "change": bound.change.as_ref().map(change),
    })
}

/// What to type, by engine, each for its own plan; null where it cannot run this. What the shell cannot write is null
/// and said, and so is what a command leaves out.
fn commands(scenario: &Scenario, plan: &Plan, beside: &Beside<'_>) -> (Value, Vec<Finding>) {
    let mut said = Vec::new();
    let mut all = serde_json::Map::new();
    for own in commands::of_each(scenario, plan, beside.engines, beside.shell) {
        let written = own.command.transpose();
        said.extend(own.left_out);
        said.extend(written.as_ref().err().map(|error| Finding::warning(error.to_string(), "")));
        all.insert(own.engine, written.ok().flatten().into());
    }
    said.dedup();
    (Value::Object(all), said)
}

/// A finding as JSON.
#[must_use]
pub fn finding(finding: &Finding) -> Value {
    json!({ "level": finding.level.name(), "what": finding.what, "remedy": finding.remedy })
}

fn pool(used: &PoolUse, machine: &Machine) -> Value {
    let pool = &machine.pools[used.pool];
    // A disk taken as large enough has no size that anybody knows.
    let known = pool.size_is_known();
    json!({
        "id": pool.id,
        "kind": pool.kind.name(),
        "capacity_bytes": known.then(|| pool.capacity.value.get()),
        "usable_bytes": known.then(|| pool.usable().get()),
        "weights_bytes": used.weights.get(),
        "kv_bytes": used.kv.get(),
        "state_bytes": used.state.get(),
        "compute_bytes": used.compute.get(),
        "overhead_bytes": used.overhead.get(),
        "free_bytes": known.then(|| used.free(pool).get()),
    })
}

fn range(range: &Range) -> Value {
    json!({ "low": range.low, "expected": range.expected, "high": range.high })
}

/// Where the figures come from that the answer rests on.
fn sources(scenario: &Scenario, answer: &Answer) -> Vec<Value> {
    let model = &scenario.subject.model;
    let shape = match model.facts.doubt() {
        Some(doubt) => format!("{doubt}: {}", model.facts.source),
        None => model.facts.source.clone(),
    };
    let mut rows = vec![json!({ "figure": "model shape", "value": model.id, "source": shape })];
    let quant: &Quant = &scenario.subject.quant;
    let rule = match &quant.rule {
        _ if scenario.subject.file.is_some() => "the headers of its files".to_owned(),
        Rule::Mix(..) => "llama.cpp's quantizer, tensor by tensor".to_owned(),
        Rule::Layout(layout) => format!("the layout of {} files, tensor by tensor", layout.family),
        Rule::Uniform(_) => "typed: every tensor at this width".to_owned(),
        Rule::Sized(_) | Rule::Parts { .. } if !quant.source.is_empty() => quant.source.clone(),
        Rule::Sized(_) | Rule::Parts { .. } => "typed: the size of the file, spread over the tensors".to_owned(),
        Rule::Custom(_) => "llama.cpp's quantizer with typed formats, tensor by tensor".to_owned(),
    };
    rows.push(json!({ "figure": "weights", "value": scenario.subject.weights.file.get(), "source": rule }));
    let machine = &*scenario.seen();
    for pool in &machine.pools {
        rows.push(json!({
            "figure": format!("{} capacity", pool.id),
            "value": pool.size_is_known().then(|| pool.capacity.value.get()),
            "source": pool.capacity.said(),
        }));
        if let Some(read) = pool.read_measured.as_ref().or(pool.read.as_ref()) {
            rows.push(json!({
                "figure": format!("{} read bandwidth", pool.id),
                "value": read.value.get(),
                "source": read.said(),
            }));
        }
    }
    for node in machine.nodes.iter().filter(|_| machine.pools.iter().any(|pool| pool.node.is_some())) {
        let link = node.link.as_deref().and_then(|id| machine.link(id));
        let serving = &scenario.parameters.serving;
        let rate = link.and_then(|link| link.bandwidth.as_ref());
        let rate = rate.map(|figure| (figure.value.get(), figure.said()));
        let latency = link.and_then(|link| link.latency.as_ref());
        let latency = latency.map(|figure| (figure.value.get(), figure.said()));
        let assumed = |value: f64| (value, format!("assumed, {}", serving.source));
        for (what, (value, source)) in [
            ("bandwidth", rate.unwrap_or_else(|| assumed(serving.network.get()))),
            ("latency", latency.unwrap_or_else(|| assumed(serving.network_latency.get()))),
        ] {
            rows.push(json!({ "figure": format!("network to {}, {what}", node.id), "value": value, "source": source }));
        }
    }
    if let Some(pool) = machine.host() {
        let figure = pool.read_measured.as_ref();
        for (which, name) in [(Besides::KernelQ4K, "Q4_K"), (Besides::KernelQ8, "Q8_0")] {
            let Some((rate, figure)) = machine.run_of(pool).and_then(|run| run.besides(which)).zip(figure) else {
                continue;
            };
            let what = format!("{} rows like {name} times a vector", pool.id);
            rows.push(json!({ "figure": what, "value": rate, "source": figure.said() }));
        }
    }
    for pool in machine.gpus() {
        let row = scenario.engine.backend_on(pool, scenario.backend);
        if let Some(row) = row.and_then(|backend| scenario.engine.overhead_on(backend)) {
            rows.push(json!({
                "figure": format!("{} driver context, {}", pool.id, row.backend.title()),
                "value": row.bytes.value.get(),
                "source": row.bytes.said(),
            }));
        }
    }
    rows.push(json!({ "figure": "engine", "value": scenario.engine.id, "source": scenario.engine.source }));
    rows.push(json!({ "figure": "speed", "value": null, "source": scenario.parameters.source }));
    rows.extend(answer.evidence.iter().flat_map(measured));
    rows
}

/// What was predicted and what was measured, side by side.
fn measured(found: &Evidence) -> Vec<Value> {
    let what = found.work.name();
    let count = if found.runs == 1 { "1 measurement".to_owned() } else { format!("{} measurements", found.runs) };
    let mut rows = vec![
        json!({
            "figure": format!("{what} tokens/s without measurements"), "value": found.before.expected,
            "source": "predicted from bandwidths and published measurements",
        }),
        json!({
            "figure": format!("{what} tokens/s"), "value": found.after.expected,
            "source": format!("the same, corrected by {count} of this machine"),
        }),
    ];
    rows.extend(found.same.as_ref().map(|run| {
        let from: Vec<&str> = [run.engine.as_str(), &run.build, &run.date, &run.conditions]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        json!({
            "figure": format!("{what} tokens/s, measured for this question"), "value": run.rate.get(),
            "source": format!("{}: {}", run.source, from.join(", ")),
        })
    }));
    rows
}
