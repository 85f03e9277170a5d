//! `willitrun measure`: what this machine's RAM, GPUs, links and disk really do; `llama-bench` is run elsewhere.

mod report;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use crate::hardware::{Fate, Finding, Machine, Sample};
use crate::measure::{self, Cancel, Part, Places, Progress, Suite, Wanted, gpu};
use crate::store::Store;

use super::{Failure, ThisMachine, Words};

/// What a word asks to be measured, and the seconds that takes when none are given.
const PARTS: [(&str, Wanted, f64); 5] = [
    ("ram", Wanted::RAM, 5.0),
    (
        "gpu",
        Wanted { ram: Part::Left, gpus: Some(gpu::Wanted::All), disk: Part::Left },
        gpu::GpuOptions::DEFAULT_SECONDS,
    ),
    ("link", Wanted { ram: Part::Left, gpus: Some(gpu::Wanted::Link), disk: Part::Left }, 1.0),
    ("disk", Wanted { ram: Part::Left, gpus: None, disk: Part::Measured }, measure::disk::DiskOptions::DEFAULT_SECONDS),
    ("all", Wanted::ALL, Wanted::SECONDS),
];

pub(super) fn run(mut words: Words, out: &mut dyn Write) -> Result<(), Failure> {
    let (json, save) = (words.flag("json"), words.flag("save"));
    let word = words.next().unwrap_or_else(|| "ram".to_owned());
    if word == "llama-bench" {
        return super::bench_file::measure(words, json, save, out);
    }
    let seconds = words.take("seconds");
    let file = words.take("file").map(PathBuf::from);
    let Some((_, wanted, usual)) = PARTS.iter().find(|(name, ..)| *name == word) else {
        let known = PARTS.map(|(name, ..)| name).join(", ");
        return Err(Failure::Request(format!(
            "'{}' cannot be measured; choose one of {known}, llama-bench",
            crate::formats::shown(&word, 40)
        )));
    };
    words.done()?;
    if file.is_some() && wanted.disk == Part::Left {
        return Err(Failure::Request("--file names what a disk is measured with; ask for disk or all".to_owned()));
    }
    let seconds = match seconds {
        None => *usual,
        Some(text) => text
            .parse::<f64>()
            .ok()
            .filter(|s| s.is_finite() && (0.5..=60.0).contains(s))
            .ok_or_else(|| "--seconds wants a number from 0.5 to 60".to_owned())?,
    };
    if let Some(path) = &file {
        let shown = crate::formats::shown(&path.to_string_lossy(), 300);
        match std::fs::metadata(path) {
            Err(error) => return Err(Failure::Request(format!("--file {shown} cannot be opened ({})", error.kind()))),
            Ok(told) if !told.is_file() => {
                return Err(Failure::Request(format!("--file {shown} is no file: name a model file of 1 GB or more")));
            }
            Ok(told) if told.len() < measure::disk::EXPERT as u64 => {
                return Err(Failure::Request(format!(
                    "--file {shown} is too small to measure with: take 1 GB or more"
                )));
            }
            Ok(_) => {}
        }
    }
    let folder = Store::open().map_or_else(|_| std::env::temp_dir(), |store| store.cache_folder());
    let places = Places::new(folder, file);
    let mut samples = Vec::new();
    let mut tell = |progress: Progress| {
        show(&progress);
        samples.extend(progress.sample);
    };
    let suite = measure::suite(wanted, seconds, &places, &Cancel::new(), &mut tell)
        .map_err(|error| Failure::Machine(error.to_string()))?;
    clear();
    if let Some(why) = report::failure_of_all(&suite) {
        return Err(Failure::Machine(why));
    }
    let kept = keep(&suite, samples, save)?;
    let written = if json {
        writeln!(out, "{:#}", report::json(&suite, &kept))
    } else {
        write!(out, "{}", report::text(&suite, &kept))
    };
    written.map_err(|error| Failure::Machine(format!("nothing can be written: {error}")))
}

/// What became of a measurement: this machine with it, what was kept, and what is to be said.
struct Kept {
    machine: Machine,
    stored: bool,
    findings: Vec<Finding>,
}

/// Puts the results into this machine, and remembers it and the run if that was asked for.
fn keep(suite: &Suite, samples: Vec<Sample>, save: bool) -> Result<Kept, Failure> {
    let mut machine: Machine = ThisMachine::default().get().0.clone();
    let applied = measure::apply(&mut machine, suite);
    let mut findings = applied.findings.clone();
    findings.extend(report::findings(suite));
    let new = applied.readings.iter().any(|reading| reading.fate == Fate::Kept);
    if save {
        let store = Store::open().map_err(|error| Failure::Machine(error.to_string()))?;
        if new {
            store.remember(&machine).map_err(|error| Failure::Machine(error.to_string()))?;
        }
        // A run without a figure to keep is history, too; a history that cannot be kept spoils no figure.
        let run = measure::record(&machine, suite, &applied, samples);
        if let Err(error) = store.add_to_history(run) {
            findings.push(error.finding());
        }
    }
    Ok(Kept { machine, stored: save && new, findings })
}

/// A progress line on a terminal only.
fn show(progress: &Progress) {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        let _ = write!(err, "\r{:>3.0} % {:<60.60}", progress.done * 100.0, progress.step);
        let _ = err.flush();
    }
}

fn clear() {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        let _ = write!(err, "\r{:<70}\r", "");
    }
}
