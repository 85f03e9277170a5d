//! The report as plain text, in the manner of disk benchmarks: units first, then the answer, then what was asked of
//! what machine.

use std::fmt::Write as _;

use crate::formats::commands::{self, Shell};
use crate::hardware::{Figure, Machine, Pool, Source};
use crate::placement::PoolUse;
use crate::speed::Bill;
use crate::units::Bytes;

use super::{Sheet, number, plain, pool_name, said};

const RULE: &str = "------------------------------------------------------------------------------";
/// The whole report. It ends with a line break.
#[must_use]
pub fn report(sheet: &Sheet, shell: Shell) -> String {
    let machine = sheet.machine();
    let mut lines = units();
    lines.extend(answer(sheet));
    lines.extend(memory(sheet, &machine));
    if let Some(bill) = &sheet.answer.bill {
        lines.extend(speed(sheet, bill, &machine));
    }
    lines.extend(by_context(sheet));
    lines.extend(question(sheet));
    lines.extend(told_of(sheet, &machine));
    if let Some(Ok(command)) = commands::of(&sheet.scenario, &sheet.answer.plan, shell) {
        lines.extend([String::new(), format!("[Command, {}]", shell.name()), format!("  {command}")]);
    }
    lines.push(RULE.to_owned());
    let mut text = String::new();
    for line in lines {
        let _ = writeln!(text, "{}", plain(line.trim_end()));
    }
    text
}

fn units() -> Vec<String> {
    vec![
        RULE.to_owned(),
        format!("willitrun {}", env!("CARGO_PKG_VERSION")),
        RULE.to_owned(),
        "* GiB = 1,073,741,824 bytes (memory), GB = 1,000,000,000 bytes (files, bandwidths)".to_owned(),
        "* tokens/s = tokens per second; speeds are estimates, <low to high> is their band".to_owned(),
        "* [M] measured on this machine, [R] reported by its system, its driver or the".to_owned(),
        "  author of its profile, [D] data sheet, [A] assumed, [T] typed".to_owned(),
    ]
}

fn answer(sheet: &Sheet) -> Vec<String> {
    let verdict = &sheet.answer.verdict;
    let mut lines = vec![String::new(), "[Answer]".to_owned()];
    lines.extend(wrapped(&format!("{} on {}", sheet.what(), sheet.scenario.machine.title())));
    lines.extend(wrapped(&verdict.sentence()));
    lines.extend(wrapped(&verdict.reason));
    let findings = sheet.answer.findings.iter().filter(|found| found.level == crate::hardware::Level::Warning);
    lines.extend(findings.flat_map(|found| wrapped(&format!("note: {} {}", found.what, found.remedy))));
    lines
}

/// A sentence on lines no wider than the rule, its further lines set in.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= RULE.len() => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("    {word}")),
            None => lines.push(format!("  {word}")),
        }
    }
    lines
}

fn memory(sheet: &Sheet, machine: &Machine) -> Vec<String> {
    let plan = &sheet.answer.plan;
    let row = |name: &str, cells: [String; 5]| {
        let [weights, kv, buffers, total, of] = cells;
        format!("  {name:<12} {weights:>11} {kv:>11} {buffers:>11} {total:>11} {of:>13}")
    };
    let head = ["weights", "KV cache", "buffers", "in all", "of"].map(str::to_owned);
    let mut lines = vec![String::new(), "[Memory]".to_owned(), row("", head)];
    for used in plan.pools.iter().filter(|used| used.total() > Bytes::ZERO) {
        let Some(pool) = used.of(machine) else { continue };
        let of = |bytes: Bytes| sheet.size(pool, bytes);
        let cells = [used.weights, used.kv, buffers(used), used.total(), pool.capacity.value].map(of);
        lines.push(row(&pool_name(machine, pool), cells));
    }
    let all = plan.compute() + plan.state() + plan.overhead();
    let [weights, kv, buffers, total] =
        [plan.weights(), plan.kv(), all, plan.total()].map(|bytes| sheet.unit.of(bytes));
    lines.push(row("in all", [weights, kv, buffers, total, String::new()]));
    let limit = sheet.scenario.subject.model.max_context;
    lines.push(match sheet.answer.fits_max {
        Some(context) => format!("  largest context that fits: {context} of {limit} tokens"),
        None => "  no context fits".to_owned(),
    });
    lines
}

/// Compute buffers, recurrent state and what a driver takes.
fn buffers(used: &PoolUse) -> Bytes {
    used.compute + used.state + used.overhead
}

fn speed(sheet: &Sheet, bill: &Bill, machine: &Machine) -> Vec<String> {
    let scenario = &sheet.scenario;
    let row = |what: &str, value: String, note: String| format!("  {what:<22} {value:>12}  {note}");
    let band = |rate: &crate::speed::Range| {
        if rate.is_exact() {
            "a ceiling".to_owned()
        } else {
            format!("<{} to {}>", number(rate.low), number(rate.high))
        }
    };
    let rate = |rate: f64| format!("{} tokens/s", number(rate));
    let mut lines = vec![String::new(), "[Speed]".to_owned()];
    let each = if bill.sequences > 1 { format!(", each of {}", bill.sequences) } else { String::new() };
    lines.push(row(
        "answer",
        rate(bill.rate.expected),
        format!("{} at depth {}{each}", band(&bill.rate), scenario.depth),
    ));
    if bill.sequences > 1 {
        let all = bill.throughput();
        lines.push(row("all sequences", rate(all.expected), band(&all)));
    }
    if let Some(prompt) = &sheet.answer.prefill {
        lines.push(row("prompt", rate(prompt.expected), band(prompt)));
    }
    if let Some(first) = sheet.answer.first_token {
        lines.push(row("first token after", first.to_string(), format!("prompt of {} tokens", scenario.prompt)));
    }
    if let Some(whole) = sheet.answer.whole_answer {
        let note = format!("answer of {} tokens, its prompt included", scenario.answer);
        lines.push(row("whole answer in", whole.to_string(), note));
    }
    lines.push(format!("  one token takes {}:", bill.total));
    lines.extend(bill.lines.iter().map(|line| {
        let share = line.time.get() / bill.total.get().max(f64::MIN_POSITIVE) * 100.0;
        format!("    {:<44} {:>10} {share:>5.1} %", line.label(machine), line.time.to_string())
    }));
    lines
}

fn by_context(sheet: &Sheet) -> Vec<String> {
    let head = format!("  {:>12} {:>14} {:>10}   band", "context", "memory in all", "tokens/s");
    let mut lines = vec![String::new(), "[By context, filled]".to_owned(), head];
    lines.extend(sheet.told.iter().map(|point| {
        let rate = point.rate.as_ref().map_or_else(
            || format!("{:>10}", "-"),
            |rate| format!("{:>10}   <{} to {}>", number(rate.expected), number(rate.low), number(rate.high)),
        );
        format!("  {:>12} {:>14} {rate}", point.context.to_string(), sheet.unit.of(point.plan.total()))
    }));
    lines
}

fn question(sheet: &Sheet) -> Vec<String> {
    let scenario = &sheet.scenario;
    let (subject, model) = (&scenario.subject, &scenario.subject.model);
    let active = model.active_params(subject.experts_used);
    let active = if active == model.params() { String::new() } else { format!(", {active} active per token") };
    let mut lines = vec![
        String::new(),
        "[Question]".to_owned(),
        format!("    Model: {}, {} parameters{active}", model.name, model.params()),
        format!(
            "    Quant: {}, {}, {:.3} bits per weight",
            subject.quant.id,
            subject.weights.file.in_gb(),
            subject.weights.bits_per_weight
        ),
    ];
    lines.extend(model.facts.doubt().map(|doubt| format!("           shape: {doubt}")));
    lines.extend(subject.file.as_ref().map(|file| format!("     File: {}", file.name)));
    lines.push(format!("      Run: {}", sheet.run()));
    lines
}

fn told_of(sheet: &Sheet, machine: &Machine) -> Vec<String> {
    let mut lines = vec![String::new(), "[Machine]".to_owned(), format!("     Name: {}", machine.title())];
    let cpu = &machine.cpu;
    let sockets = if cpu.sockets > 1 { format!("{} sockets, ", cpu.sockets) } else { String::new() };
    let name = if cpu.name.is_empty() { "unknown" } else { &cpu.name };
    let simd = if cpu.simd.is_empty() { String::new() } else { format!(", {}", cpu.simd) };
    lines.push(format!("      CPU: {name}, {sockets}{} cores{simd}", cpu.cores));
    for pool in &machine.pools {
        let name = if pool.name.is_empty() { String::new() } else { format!("{}, ", pool.name) };
        let capacity = format!("{} {}", sheet.size(pool, pool.capacity.value), mark(&pool.capacity));
        lines.push(format!("  {:>7}: {name}{capacity}, reads {}", pool_name(machine, pool), read(pool)));
    }
    for link in &machine.links {
        let rate = link.bandwidth.as_ref().map_or_else(|| "unknown".to_owned(), |rate| figure(rate, rate.value));
        let width = match (link.generation, link.lanes) {
            (Some(generation), Some(wide)) => format!(" {generation}.0 x{wide}"),
            _ => String::new(),
        };
        lines.push(format!("  {:>7}: {}{width}, {rate}", "Link", link.kind.name()));
    }
    // Of a machine described by somebody else, what its author measured is what the author reports.
    let own = |pool: &Pool| pool.read_measured.as_ref().is_some_and(|read| read.source == Source::Measured);
    let word = if machine.is_this() || machine.pools.iter().any(own) { "Measured" } else { "Reported" };
    for done in &machine.measurements {
        let parts = [&done.method, &done.date, &done.conditions];
        let told: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        lines.push(format!(" {word}: {} best {}, {}", done.what, done.best, told.join(", ")));
    }
    lines
}

/// The bandwidth predictions use, and the published one beside a measured one.
fn read(pool: &Pool) -> String {
    match (&pool.read_measured, &pool.read) {
        (Some(measured), Some(sheet)) => {
            format!("{} (of {})", figure(measured, measured.value), figure(sheet, sheet.value))
        }
        (Some(one), None) | (None, Some(one)) => figure(one, one.value),
        (None, None) => "at an unknown rate".to_owned(),
    }
}

fn figure<T>(figure: &Figure<T>, value: impl std::fmt::Display) -> String {
    let said = said(figure);
    let said = said.split_once(": ").map_or_else(String::new, |(_, origin)| format!(" {origin}"));
    format!("{value} {}{said}", mark(figure))
}

fn mark<T>(figure: &Figure<T>) -> &'static str {
    match figure.source {
        Source::Measured => "[M]",
        Source::Reported => "[R]",
        Source::DataSheet => "[D]",
        Source::Assumed => "[A]",
        Source::Typed => "[T]",
    }
}
