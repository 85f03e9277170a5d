//! `willitrun buy`: what to add to a machine for a model, and what each step does.

use std::io::Write;

use serde_json::json;

use crate::advice::buying::{Kind, Row, Shop, Step, board, by_wish, left_out, ram, steps, with_modules};
use crate::advice::kits::name;
use crate::catalog::Catalog;
use crate::formats::modules;
use crate::hardware::Finding;
use crate::scenario::{Answer, Scenario, evaluate};
use crate::units::{BytesPerSecond, GIB, TokensPerSecond};

use super::question::{Expanded, question};
use super::{Failure, ThisMachine, Words, print};

/// No command is shown.
const FOREIGN: [&str; 1] = ["shell"];
/// Tokens per second wished for where nobody says: from here on it is read as fast as it comes.
const WISH: f64 = 10.0;
/// Beyond this nothing is faster.
const MOST_WISHED: f64 = 1e6;

pub(super) fn run(mut words: Words, out: &mut dyn Write) -> Result<(), Failure> {
    let json = words.flag("json");
    let wish = match words.take("tps") {
        None => WISH,
        Some(text) => {
            let wish = text.parse::<f64>().ok().filter(|wish| *wish > 0.0 && *wish <= MOST_WISHED);
            wish.ok_or_else(|| {
                format!("--tps cannot be '{}': expected tokens per second", crate::formats::shown(&text, 40))
            })?
        }
    };
    let wish = TokensPerSecond::saturating(wish);
    let named = words.take("modules");
    let request = words.request(&FOREIGN)?;
    let asked = question(&request, &ThisMachine::default(), &mut Expanded::default())?.scenario;
    let answer = evaluate(&asked);
    let shop = Catalog::builtin().shop();
    let mut steps = steps(&asked, &answer, &shop);
    by_wish(&mut steps, wish);
    let left_out = left_out(&asked.machine);
    let named = named.map(|text| modules_of(&text, &asked, &shop)).transpose()?;
    let found = Found { steps, kits: ram(&asked, &shop), answer, wish, left_out, named };
    print(out, &if json { found.as_json(&asked) } else { found.as_text(&asked) })
}

/// The machine with the modules somebody named.
fn modules_of(text: &str, asked: &Scenario, shop: &Shop) -> Result<(String, Row), String> {
    let board = board(&asked.machine, shop);
    let why = || format!("--modules: {} takes none", crate::formats::shown(&asked.machine.name, 60));
    let modules = modules::parse(text, &board.ok_or_else(why)?).map_err(|wrong| format!("--modules: {wrong}"))?;
    let row = with_modules(asked, &modules, shop).ok_or_else(why)?;
    Ok((crate::formats::shown(text, 80), row))
}

struct Found {
    answer: Answer,
    wish: TokensPerSecond,
    steps: Vec<Step>,
    kits: Vec<Row>,
    /// Modules as they were written, and what they do.
    named: Option<(String, Row)>,
    /// What the machine cannot take, in sentences.
    left_out: Vec<String>,
}

impl Found {
    fn rate(&self) -> Option<f64> {
        self.answer.bill.as_ref().map(|bill| bill.rate.expected)
    }

    fn as_json(&self, scenario: &Scenario) -> String {
        let step = |step: &Step| {
            json!({
                "kind": word(step.kind), "what": step.what, "note": step.note, "verdict": step.level.name(),
                "decode_tps": step.rate, "gain_tps": step.gain, "launch_usd": step.launch_usd, "reaches": step.reaches(self.wish),
                "findings": step.findings.iter().map(|found| found.what.as_str()).collect::<Vec<_>>(),
            })
        };
        // Of modules that do not run together nothing is told but why.
        let kit = |row: &Row| {
            json!({
                "capacity_bytes": row.size.get(),
                "modules": row.modules.map(|modules| json!({ "count": modules.count, "bytes": modules.each.get() })),
                "bytes_per_second": row.bandwidth.map(BytesPerSecond::get),
                "verdict": row.is_made().then(|| row.level.name()), "decode_tps": row.rate.filter(|_| row.is_made()),
                "findings": row.findings.iter().map(|found| found.what.as_str()).collect::<Vec<_>>(),
            })
        };
        let value = json!({
            "schema": "willitrun.buy/1", "model": scenario.subject.model.id, "quant": scenario.subject.quant.id,
            "machine": scenario.machine.id, "context": scenario.run.context.get(), "wished_tps": self.wish.get(),
            "verdict": self.answer.verdict.level.name(), "decode_tps": self.rate(),
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
            "ram": self.kits.iter().map(kit).collect::<Vec<_>>(),
            "modules": self.named.as_ref().map(|(_, row)| kit(row)),
            "left_out": self.left_out,
        });
        format!("{value:#}\n")
    }

    fn as_text(&self, scenario: &Scenario) -> String {
        let subject = &scenario.subject;
        let mut lines = vec![
            format!(
                "{} {} on {}, context {}: {}",
                subject.model.name,
                subject.quant.id,
                scenario.machine.name,
                scenario.run.context,
                standing(self.answer.verdict.level.words(), self.rate())
            ),
            format!("Wished for: {} tokens/s. Steps are not priced.", self.wish),
            String::new(),
        ];
        if self.steps.is_empty() {
            lines.push("Nothing that could be added to this machine helps.".to_owned());
        }
        for step in &self.steps {
            let mark = if step.reaches(self.wish) { "*" } else { " " };
            let told = standing(step.level.words(), step.rate);
            lines.push(format!("{mark} {:<42.42} {told:<32} {}", step.what, step.note).trim_end().to_owned());
            lines.extend(step.findings.iter().map(said));
        }
        if self.steps.iter().any(|step| step.reaches(self.wish)) {
            lines.extend([String::new(), "* reaches what was wished for".to_owned()]);
        }
        if !self.kits.is_empty() {
            lines.extend([String::new(), "RAM:".to_owned()]);
        }
        for row in &self.kits {
            let modules = row
                .modules
                .map_or_else(String::new, |modules| format!("{} × {} GiB", modules.count, modules.each.get() / GIB));
            let rate = row.bandwidth.map_or_else(|| "-".to_owned(), |rate| rate.to_string());
            let told = if row.is_made() { standing(row.level.words(), row.rate) } else { "cannot be had".to_owned() };
            lines.push(format!("  {:>9} {modules:<14} {rate:>10}  {told}", name(row.size)));
            lines.extend(row.findings.iter().map(said));
        }
        if let Some((text, row)) = &self.named {
            let rate = row.bandwidth.map_or_else(|| "-".to_owned(), |rate| rate.to_string());
            let told = if row.modules.is_some() {
                format!("reads {rate}, {}", standing(row.level.words(), row.rate))
            } else {
                "does not run".to_owned()
            };
            lines.extend([String::new(), format!("Modules {text}: {}, {told}", name(row.size))]);
            lines.extend(row.findings.iter().map(said));
        }
        if !self.left_out.is_empty() {
            lines.push(String::new());
            lines.extend(self.left_out.iter().cloned());
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

fn said(found: &Finding) -> String {
    format!("    {} {}", found.what, found.remedy).trim_end().to_owned()
}

fn standing(words: &str, rate: Option<f64>) -> String {
    match rate {
        Some(rate) => format!("{words}, {} tokens/s", TokensPerSecond::saturating(rate)),
        None => words.to_owned(),
    }
}

/// The word of a kind of step in JSON.
const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Channels => "channels",
        Kind::Ram => "ram",
        Kind::Slot => "slot",
        Kind::Drive => "drive",
        Kind::Card => "card",
        Kind::Board => "board",
    }
}
