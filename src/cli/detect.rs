//! `willitrun detect`: this machine, with the source of every figure.

use std::io::Write;

use serde_json::json;

use crate::formats::answer_json;
use crate::formats::machine_doc::{self, Live, MachineDoc};
use crate::hardware::Machine;

use super::{Failure, ThisMachine, Words, host};

pub(super) fn run(mut words: Words, out: &mut dyn Write) -> Result<(), Failure> {
    let json = words.flag("json");
    words.done()?;
    let this = ThisMachine::default();
    let (machine, findings) = this.get();
    let written = if json {
        let tree = machine_doc::tree(&MachineDoc::new(machine.clone()), Live::Shown);
        let machine = serde_json::to_value(&tree).map_err(|error| Failure::Machine(error.to_string()))?;
        let findings: Vec<_> = findings.iter().map(answer_json::finding).collect();
        let (facts, disks) = host::json(this.host());
        let all = json!({
            "schema": "willitrun.detect/1", "machine": machine, "host": facts, "disks": disks, "findings": findings,
        });
        writeln!(out, "{all:#}")
    } else {
        let mut lines = vec![text(machine)];
        lines.extend(host::lines(this.host()));
        lines.extend(findings.iter().map(|finding| {
            format!("{}: {} {}", finding.level.name(), finding.what, finding.remedy).trim_end().to_owned()
        }));
        writeln!(out, "{}", lines.join("\n"))
    };
    written.map_err(|error| Failure::Machine(format!("nothing can be written: {error}")))
}

/// A machine for people.
pub(super) fn text(machine: &Machine) -> String {
    let mut lines = vec![machine.name.clone()];
    let cpu = &machine.cpu;
    lines.push(format!("  processor  {}, {} cores, {}", or_unknown(&cpu.name), cpu.cores, or_unknown(&cpu.simd)));
    for pool in &machine.pools {
        let size = |bytes: crate::units::Bytes| {
            if pool.kind == crate::hardware::PoolKind::Disk { bytes.in_gb() } else { bytes.in_gib() }
        };
        let mut parts = vec![format!("{} ({})", size(pool.capacity.value), pool.capacity.said())];
        if let Some(free) = &pool.free_now {
            parts.push(format!("{} free now", size(free.value)));
        }
        if let Some(read) = &pool.read_measured {
            parts.push(format!("reads {} ({})", read.value, read.said()));
        }
        if let Some(read) = &pool.read {
            parts.push(format!("{} ({})", read.value, read.said()));
        }
        if pool.read.is_none() && pool.read_measured.is_none() {
            parts.push("bandwidth unknown".to_owned());
        }
        let name = if pool.name.is_empty() { String::new() } else { format!("{}, ", pool.name) };
        lines.push(format!("  {:<10} {name}{}", pool.id, parts.join(", ")));
    }
    lines.join("\n")
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}
