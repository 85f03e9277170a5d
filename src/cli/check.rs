//! `willitrun check`: one question, or one for each line of a file.

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::advice;
use crate::advice::binding::{Binding, from_disk};
use crate::catalog::{Breadth, Catalog};
use crate::formats::answer_json::{self, Beside};
use crate::formats::commands::{self, Shell};
use crate::hardware::{Finding, Pool, PoolKind};
use crate::placement::Mode;
use crate::scenario::{Answer, Scenario, Subject, evaluate};
use crate::speed::{Bill, Range};
use crate::units::{Bytes, Shortfall, Tokens, TokensPerSecond};
use crate::verdict::Level;

use super::question::{Expanded, Machines, Question, question};
use super::request::Request;

/// What some editors put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The question of a request, with what a command sets over it.
///
/// # Errors
/// The sentence to show.
pub(super) fn asked(request: &Request, command: Option<&str>, machines: &dyn Machines) -> Result<Question, String> {
    let mut question = question(request, machines, &mut Expanded::default())?;
    if let Some(command) = command {
        let read = commands::read(command, &question.scenario).map_err(|why| format!("--command: {why}"))?;
        question.scenario = read.scenario;
        let left_out = read.left_out.iter().map(|option| {
            Finding::note(format!("Of the command {} was left out.", crate::formats::shown(option, 80)), "")
        });
        question.findings.extend(left_out);
        let uncounted = read.uncounted.iter().map(|option| {
            let option = crate::formats::shown(option, 80);
            let what = format!("The command's {option} is not counted here, whatever it changes.");
            Finding::warning(what, "")
        });
        question.findings.extend(uncounted);
        question.findings.extend(read.chosen.iter().map(|said| Finding::note(crate::formats::shown(said, 160), "")));
    }
    Ok(question)
}

/// Answers one question.
///
/// # Errors
/// The sentence to show.
pub(super) fn one(question: &Question, json: bool, out: &mut dyn Write) -> Result<(), String> {
    let answer = evaluate(&question.scenario);
    let advice = Advice::of(&question.scenario, &answer);
    let written = if json {
        writeln!(out, "{:#}", as_json(question, &answer, &advice))
    } else {
        write!(out, "{}", text(question, &answer, &advice))
    };
    written.map_err(|error| format!("the answer cannot be written: {error}"))
}

/// Answers one question per line, in the same order; a bad line is answered with its error.
///
/// # Errors
/// The sentence to show when the file itself cannot be read.
pub(super) fn batch(path: &Path, machines: &dyn Machines, out: &mut dyn Write) -> Result<(), String> {
    let bytes = super::files::batch(path)?;
    let mut expanded = Expanded::default();
    let lines = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes).split(|byte| *byte == b'\n');
    for line in lines.map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
        let line = std::str::from_utf8(line).map_err(|error| {
            format!("this line is not UTF-8 text from its byte {} on: save the file as UTF-8", error.valid_up_to() + 1)
        });
        let asked = line.and_then(Request::from_json).and_then(|request| question(&request, machines, &mut expanded));
        let value = match asked {
            Ok(question) => {
                let answer = evaluate(&question.scenario);
                as_json(&question, &answer, &Advice::of(&question.scenario, &answer))
            }
            Err(error) => json!({ "error": error }),
        };
        writeln!(out, "{value}").map_err(|error| format!("the answer cannot be written: {error}"))?;
    }
    Ok(())
}

/// What stands beside an answer.
struct Advice {
    next: Vec<advice::Change>,
    binding: Binding,
    from_disk: Vec<(String, Option<f64>)>,
}

impl Advice {
    fn of(scenario: &Scenario, answer: &Answer) -> Self {
        let (next, binding) = advice::next_and_binding(scenario, answer, &Catalog::builtin().engines);
        let forms = match answer.plan.mode {
            Mode::Disk => Catalog::builtin().forms(&scenario.subject.model, &scenario.engine),
            _ => Vec::new(),
        };
        Self { next, binding, from_disk: from_disk(scenario, &forms) }
    }
}

/// The answer for programs.
fn as_json(question: &Question, answer: &Answer, advice: &Advice) -> Value {
    let engines = &Catalog::builtin().engines;
    let Advice { next, binding, from_disk } = advice;
    let beside = Beside { next, binding, from_disk, findings: &question.findings, engines, shell: question.shell };
    answer_json::check(&question.scenario, answer, &beside)
}

/// The answer for people.
fn text(question: &Question, answer: &Answer, advice: &Advice) -> String {
    let Advice { next, binding, from_disk } = advice;
    let Scenario { subject, run, .. } = &question.scenario;
    let machine = &*question.scenario.seen();
    let mut lines = vec![
        format!("{} {} on {}, context {}", subject.model.name, subject.quant.id, machine.name, run.context),
        answer.verdict.sentence(),
        answer.verdict.reason.clone(),
    ];
    if !answer.verdict.now.is_empty() {
        lines.push(answer.verdict.now.clone());
    }
    lines.push(String::new());
    lines.push(weights(subject));
    if let Some(doubt) = subject.model.facts.doubt() {
        lines.push(format!("Model shape: {doubt} ({})", subject.model.facts.source));
    }
    lines.push(String::new());
    lines.push("Memory (GiB = 2^30 bytes)".to_owned());
    let width = answer.plan.pools.iter().filter(|used| used.total().get() > 0);
    let width = width.filter_map(|used| used.of(machine)).map(|pool| pool.id.len()).max().unwrap_or_default().max(8);
    for used in &answer.plan.pools {
        let pool = &machine.pools[used.pool];
        if used.total().get() == 0 {
            continue;
        }
        let [size, free] = size_and_free(pool, used.free(pool));
        lines.push(format!(
            "  {:<width$} {size:>11}  weights {:>10}  KV {:>9}  buffers {:>9}  {free}",
            pool.id,
            used.weights.in_gib(),
            used.kv.in_gib(),
            (used.compute + used.state + used.overhead).in_gib(),
        ));
    }
    if let Some(context) = answer.fits_max {
        let from_disk = answer.verdict.level == Level::Disk && context >= run.context;
        let disk = if from_disk { ", with weights read from disk" } else { "" };
        lines.push(format!("  largest context that fits: {context} of {}{disk}", subject.model.max_context));
    }
    if let Some(bill) = &answer.bill {
        lines.push(String::new());
        lines.extend(speed(bill, question.scenario.depth));
        for line in &bill.lines {
            lines.push(format!("  {:<44} {:>10}", line.label(machine), line.time.to_string()));
        }
        if let Some(first) = answer.first_token {
            let least = answer.prefill.as_ref().map_or("", Range::time_word);
            lines.push(format!("  first token after {least}{first} ({}-token prompt)", question.scenario.prompt));
        }
        if let Some(whole) = answer.whole_answer {
            let at = if bill.rate.is_exact() { "at most" } else { "at" };
            let slower = answer.last_rate.map_or_else(String::new, |last| {
                format!(", {at} {} tokens/s in the end", TokensPerSecond::saturating(last))
            });
            let least = bill.rate.time_word();
            lines.push(format!("  {}-token answer in {least}{whole}{slower}", question.scenario.answer));
        }
    }
    lines.push(String::new());
    lines.push("What binds".to_owned());
    lines.extend(binding.lines().iter().map(|line| format!("  {line}")));
    let told = from_disk.iter().filter_map(|(name, rate)| {
        let rate = TokensPerSecond::saturating((*rate)?);
        Some(format!("{name} {rate}"))
    });
    let told: Vec<String> = told.collect();
    if !told.is_empty() {
        lines.push(format!("  Forms of the model from this disk, tokens/s: {}", told.join(", ")));
    }
    if !next.is_empty() {
        lines.push(String::new());
        lines.push("What would change it".to_owned());
        lines.extend(next.iter().map(|change| format!("  {:<28} {}", change.what, change.effect)));
    }
    lines.push(String::new());
    match commands::of(&question.scenario, &answer.plan, question.shell) {
        Some(Ok(command)) => lines.push(command),
        Some(Err(error)) => lines.push(format!("note: {error}")),
        None => {}
    }
    for finding in question.findings.iter().chain(&answer.findings) {
        lines.push(format!("note: {} {}", finding.what, finding.remedy));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The size of a pool and what is free of it: of a disk in GB.
fn size_and_free(pool: &Pool, free: Shortfall) -> [String; 2] {
    if !pool.size_is_known() {
        return ["-".to_owned(), "disk size not known, taken as large enough".to_owned()];
    }
    let in_unit = |bytes: Bytes| if pool.kind == PoolKind::Disk { bytes.in_gb() } else { bytes.in_gib() };
    let end = if free.fits() { "free" } else { "missing" };
    [in_unit(pool.capacity.value), format!("{} {end}", in_unit(free.size()))]
}

/// The speed of a token; of all sequences together where there are several.
fn speed(bill: &Bill, depth: Tokens) -> Vec<String> {
    // An estimate needs no word beside its band.
    let between = |range: Range| range.in_words().trim_start_matches("about ").to_owned();
    let (one, total) = (between(bill.rate), format!("{}{}", bill.rate.time_word(), bill.total));
    if bill.sequences <= 1 {
        return vec![format!("Speed at depth {depth}: {one}, {total} per token")];
    }
    let sequences = bill.sequences;
    vec![
        format!("Speed at depth {depth}: {one} for each of {sequences} sequences, {total} for a token of each"),
        format!("  together {}", between(bill.throughput())),
    ]
}

/// The file: its size, the bits its label promises and the real ones, and where a published size was read.
fn weights(subject: &Subject) -> String {
    let Subject { quant, weights, .. } = subject;
    let label = quant.label_bits().map_or_else(String::new, |bits| format!(" (labelled {bits})"));
    let source = if quant.source.is_empty() { String::new() } else { format!("; {}", quant.source) };
    format!("Weights: {}, {:.3} bits per weight{label}{source}", weights.file.in_gb(), weights.bits_per_weight)
}

/// The answer for a machine nobody asked about yet: the model to begin with, and a few more.
///
/// # Errors
/// When nothing can be written.
pub(super) fn here(
    machine: crate::hardware::Machine,
    findings: &[crate::hardware::Finding],
    out: &mut dyn Write,
) -> Result<(), String> {
    let catalog = Catalog::builtin();
    let scenario = crate::app::first_question(catalog, machine).ok_or("the built-in catalogue is empty")?;
    let field = catalog.field(Breadth::Usual, &scenario.engine, &[], &[]);
    let rows = advice::best_of_each(advice::rank(&scenario, &field));
    let answer = evaluate(&scenario);
    let advice = Advice::of(&scenario, &answer);
    let question = Question { scenario, findings: findings.to_vec(), shell: Shell::HERE };
    let mut lines = text(&question, &answer, &advice);
    lines.push_str("\nBest here, each model at the quant that ranks first:\n");
    for row in rows.iter().take(10) {
        let rate = row.rate.map_or_else(|| "-".to_owned(), |rate| TokensPerSecond::saturating(rate).to_string());
        let _ = writeln!(
            lines,
            "  {:<15} {:<34} {:<9} {rate:>6} tokens/s {:>11}",
            row.level.words(),
            row.model(),
            row.quant(),
            row.memory.in_gib()
        );
    }
    lines.push_str("\nAsk about another: willitrun check --model ID --quant Q4_K_M; see willitrun --help.\n");
    write!(out, "{lines}").map_err(|error| format!("the answer cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::{ENDLESS_DISK, Figure, Source};
    use crate::units::Seconds;

    #[test]
    fn a_ceiling_is_called_one() {
        let bill = |rate: Range| Bill { lines: Vec::new(), total: Seconds::saturating(1.0), rate, sequences: 1 };
        let said = |rate| speed(&bill(rate), Tokens::new(8)).join("\n");
        let ceiling = said(Range::exact(1.0));
        assert!(ceiling.contains("at most 1.0 tokens/s (a ceiling), at least 1.0 s per token"), "{ceiling}");
        let estimate = said(Range { low: 0.9, expected: 1.0, high: 1.1 });
        assert!(estimate.contains(": 1.0 tokens/s (between 0.90 and 1.1), 1.0 s per token"), "{estimate}");
    }

    #[test]
    fn a_disk_of_no_known_size_has_no_number() {
        let told = |bytes, source| {
            let disk = Pool::new("disk", PoolKind::Disk, Figure::new(bytes, source, ""));
            size_and_free(&disk, disk.usable().less(Bytes::new(1_000_000_000)))
        };
        assert_eq!(told(ENDLESS_DISK, Source::Assumed), ["-", "disk size not known, taken as large enough"]);
        assert_eq!(told(Bytes::new(512_000_000_000), Source::Assumed)[1], "511.0 GB free");
    }
}
