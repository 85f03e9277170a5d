//! An answer on paper, for others: a text report, a table of its curves, a card as a picture.
//!
//! Invariant: what stands in a sheet is the answer, the question and the machine. No path is in it, of a file only its
//! name; nor a host name, a user or a serial number, which no machine carries. Every figure of the machine says where
//! it comes from.

pub mod card;
mod curves;
mod report;

pub use curves::curves;
pub use report::report;

use crate::hardware::{Figure, Machine, Pool, PoolKind, Source};
use crate::scenario::{Answer, Point, Scenario, contexts, evaluate, sweep};
use crate::units::{Bytes, MemoryUnit, Tokens, TokensPerSecond};

use super::text::{clean, is_unsafe};

/// A question with its answer, and the same at many contexts.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    scenario: Scenario,
    answer: Answer,
    points: Vec<Point>,
    /// What sizes of memory are written in; a disk is in GB.
    unit: MemoryUnit,
    /// At round contexts, and at the one asked.
    told: Vec<Point>,
}

/// The contexts a report tells of.
const TOLD: [u64; 10] = [512, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072, 262_144, 1_048_576];

impl Sheet {
    /// Answers a question for paper.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let points = sweep(scenario, &contexts(scenario.subject.model.max_context));
        Self::of(scenario, evaluate(scenario), points)
    }

    /// The same where it is answered already.
    #[must_use]
    pub fn of(scenario: &Scenario, answer: Answer, points: Vec<Point>) -> Self {
        let (limit, own) = (scenario.subject.model.max_context, scenario.run.context);
        let round = TOLD.map(Tokens::new).into_iter().chain([own, limit]);
        let mut told: Vec<Tokens> = round.filter(|context| *context <= limit).collect();
        told.sort_unstable();
        told.dedup();
        let (told, unit) = (sweep(scenario, &told), MemoryUnit::default());
        Self { told, scenario: without_paths(scenario), answer, points, unit }
    }

    /// The same with sizes of memory in a unit.
    #[must_use]
    pub fn in_unit(self, unit: MemoryUnit) -> Self {
        if self.scenario.unit == unit {
            return Self { unit, ..self };
        }
        let scenario = Scenario { unit, ..self.scenario };
        Self { unit, answer: evaluate(&scenario), scenario, ..self }
    }

    /// A size as people read it: a disk in GB, memory in the unit chosen.
    fn size(&self, pool: &Pool, bytes: Bytes) -> String {
        if pool.kind == PoolKind::Disk { bytes.in_gb() } else { self.unit.of(bytes) }
    }

    /// A name for a file, without its ending: `willitrun-deepseek-r1-q4-k-m-epyc-9654-12ch-4090`.
    #[must_use]
    pub fn file_name(&self) -> String {
        let subject = &self.scenario.subject;
        let words = format!("willitrun {} {} {}", subject.model.id, subject.quant.id, self.scenario.machine.title());
        let mut name = String::new();
        for c in words.to_lowercase().chars() {
            match c {
                _ if c.is_ascii_alphanumeric() => name.push(c),
                _ if name.ends_with('-') => {}
                _ => name.push('-'),
            }
        }
        let name: String = name.chars().take(100).collect();
        name.trim_matches('-').to_owned()
    }

    fn machine(&self) -> Machine {
        self.scenario.seen().into_owned()
    }

    /// The model with its quant: `DeepSeek R1, Q4_K_M`.
    fn what(&self) -> String {
        let subject = &self.scenario.subject;
        plain(&format!("{}, {}", subject.model.name, subject.quant.id))
    }

    fn rate(&self) -> Option<crate::speed::Range> {
        self.answer.bill.as_ref().map(|bill| bill.rate)
    }

    /// How it is run, in a line: what differs from the usual is said.
    fn run(&self) -> String {
        let Scenario { run, engine, engine_date, depth, .. } = &self.scenario;
        let mut words = vec![format!("context {}", run.context)];
        let kv = [run.kv_k, run.kv_v].map(|format| format.name().to_lowercase());
        words.push(if kv[0] == kv[1] {
            format!("KV cache {}", kv[0])
        } else {
            format!("KV cache {}/{}", kv[0], kv[1])
        });
        if run.sequences() > 1 {
            words.push(format!("{} sequences", run.sequences()));
        }
        if depth.get() > 0 {
            words.push(format!("{depth} tokens cached"));
        }
        words.push(match engine_date {
            Some(date) => format!("{} of {date}", engine.name),
            None => engine.name.clone(),
        });
        plain(&words.join(", "))
    }
}

/// The question with the name of a file for its path.
fn without_paths(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    if scenario.subject.file.is_some() {
        let subject = std::sync::Arc::make_mut(&mut scenario.subject);
        if let Some(file) = &mut subject.file {
            file.path = last_name(&file.path).to_owned();
            file.exact = file.exact.as_deref().map(|path| last_name(path).to_owned());
            file.name = last_name(&file.name).to_owned();
        }
    }
    scenario
}

/// What follows the last separator of a path, whichever system wrote it.
fn last_name(path: &str) -> &str {
    let path = path.trim_end_matches(['/', '\\']);
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The longest line; a command is the longest there is.
const LINE: usize = 2_000;

/// Text without what could fool a reader, on one line.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !is_unsafe(*c)).take(LINE).collect()
}

/// The name of a pool for people: `RAM`, `VRAM gpu0` where there are several.
fn pool_name(machine: &Machine, pool: &Pool) -> String {
    let kind = match pool.kind {
        PoolKind::Ram => "RAM",
        PoolKind::Unified => "Memory",
        PoolKind::Disk => "Disk",
        PoolKind::Vram => "VRAM",
    };
    let several = machine.pools.iter().filter(|other| other.kind == pool.kind).count() > 1;
    if several { format!("{kind} {}", pool.id) } else { kind.to_owned() }
}

/// A rate as in a list: `12.9`, `0.45`, `140`.
fn number(rate: f64) -> String {
    if (9.95..99.95).contains(&rate) { format!("{rate:.1}") } else { TokensPerSecond::saturating(rate).to_string() }
}

/// Where a figure comes from, in words: `data sheet: 12 x 4800 MT/s x 8 B`.
fn said<T>(figure: &Figure<T>) -> String {
    let origin = clean(&figure.origin, 80);
    // Of a device's data sheet the catalogue says no more.
    let says_nothing = ["", "devices", figure.source.name()].contains(&origin.as_str());
    let bare = figure.source == Source::Typed || says_nothing;
    if bare { figure.source.name().to_owned() } else { format!("{}: {origin}", figure.source) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_path_the_name_is_left() {
        for (path, name) in [
            ("/home/alice/My Models/x.gguf", "x.gguf"),
            ("C:\\Users\\alice\\x.gguf", "x.gguf"),
            ("\\\\host\\share\\x.gguf", "x.gguf"),
            ("x.gguf", "x.gguf"),
            ("/home/alice/folder/", "folder"),
            ("", ""),
        ] {
            assert_eq!(last_name(path), name, "{path}");
        }
    }
}
