//! What stands on the dials as text, units first.

use std::fmt::Write as _;

use crate::ui::bench::Workbench;

use super::view::{Gauge, run_here};
use super::words;

/// The text that is copied.
pub(super) fn text(bench: &Workbench, all: &[Gauge]) -> String {
    let mut out = String::from("Measured by willitrun; GB/s = 10^9 bytes per second\n");
    let machine = &bench.base;
    if !machine.cpu.name.is_empty() {
        let _ = writeln!(out, "{}", machine.cpu.name);
    }
    if let Some(run) = run_here(bench) {
        let conditions = words::conditions(run);
        let rest = if conditions.is_empty() { String::new() } else { format!(", {conditions}") };
        let _ = writeln!(out, "{} UTC{rest}", words::when(&run.at));
    }
    for gauge in all {
        let title = format!("{} {}", gauge.title, gauge.about);
        let figure = match (gauge.rate, &gauge.why) {
            (Some(rate), _) => format!("{}{} GB/s", if gauge.at_least { "at least " } else { "" }, words::gb(rate)),
            (None, Some(why)) => why.clone(),
            (None, None) => "not measured".to_owned(),
        };
        let _ = writeln!(out, "{:<32} {figure}", title.trim());
        if gauge.rate.is_some() {
            if let Some((of, sheet)) = gauge.sheet {
                let _ = writeln!(out, "  {of:<30} {} GB/s", words::gb(sheet));
            }
            for (what, value) in &gauge.rows {
                let _ = writeln!(out, "  {what:<30} {value}");
            }
        }
    }
    out
}
