//! What `llama-bench` printed, on the command line: shown beside what is predicted, and kept for this machine.

use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::catalog::bench_runs::{Known, Left, Taken, keep};
use crate::detect::child::BenchCommand;
use crate::detect::program::{self, Program};
use crate::formats::answer_json;
use crate::formats::llama_bench::{self, Bench};
use crate::hardware::{BenchRun, Finding, Machine};
use crate::library::Askable;
use crate::store::Store;
use crate::units::TokensPerSecond;

use super::question::named_machine;
use super::{Failure, ThisMachine, Words};

/// What is done with an output.
pub(super) struct Wanted {
    /// Whether to answer with JSON.
    pub json: bool,
    /// Whether to keep it for this machine.
    pub save: bool,
    /// The machine it is put beside, where not this one.
    pub machine: Option<String>,
    /// A model file it may have run, for a model the catalogue does not know.
    pub model: Option<String>,
}

/// Takes an output, and shows or keeps what became of it.
pub(super) fn take(bench: &Bench, wanted: &Wanted, out: &mut dyn Write) -> Result<(), Failure> {
    let catalog = Catalog::builtin();
    let here = ThisMachine::default();
    let machine = match wanted.machine.as_deref() {
        None | Some("this") => here.get().0.clone(),
        Some(_) if wanted.save => {
            return Err(Failure::Request("--save keeps it for this machine: leave out --machine".to_owned()));
        }
        Some(name) => named_machine(name, catalog, &here)?,
    };
    let store = Store::open();
    let models: Vec<_> = store.as_ref().map_or_else(
        |_| Vec::new(),
        |store| store.models().0.into_iter().map(|entry| std::sync::Arc::new(entry.doc)).collect(),
    );
    let files = match &wanted.model {
        None => Vec::new(),
        Some(path) => {
            let file = Askable::open(Path::new(path), None, None).map_err(|error| error.to_string())?;
            vec![file.subject.map_err(|why| format!("{path}: {why}"))?]
        }
    };
    let taken = catalog.take_bench(bench, &machine, Known { models: &models, files: &files });
    let stored = wanted.save && !taken.runs.is_empty();
    if stored {
        let mut machine: Machine = machine.clone();
        keep(&mut machine.runs, taken.runs.iter().cloned());
        let store = store.map_err(|error| Failure::Machine(error.to_string()))?;
        store.remember(&machine).map_err(|error| Failure::Machine(error.to_string()))?;
    }
    let text = if wanted.json { format!("{:#}\n", as_json(&taken, stored)) } else { text(&taken, stored) };
    out.write_all(text.as_bytes()).map_err(|error| Failure::Machine(format!("nothing can be written: {error}")))
}

fn as_json(taken: &Taken, stored: bool) -> Value {
    let row = |run: &BenchRun| {
        json!({
            "model": run.model, "quant": run.quant, "engine": run.engine, "backend": run.backend.name(),
            "test": run.work.name(), "tokens": run.tokens.get(), "depth": run.depth.get(),
            "measured_tps": run.rate.get(), "spread": run.spread, "repeats": run.repeats,
            "predicted_tps": run.predicted.map(TokensPerSecond::get),
            "build": run.build, "date": run.date, "conditions": run.conditions,
        })
    };
    let left = |left: &Left| json!({ "what": left.what, "why": left.why });
    let notes: Vec<Value> =
        taken.notes.iter().map(|note| answer_json::finding(&Finding::note(note.clone(), ""))).collect();
    json!({
        "schema": "willitrun.bench/1",
        "rows": taken.runs.iter().map(row).collect::<Vec<_>>(),
        "left_out": taken.left.iter().map(left).collect::<Vec<_>>(),
        "stored": stored,
        "findings": notes,
    })
}

fn text(taken: &Taken, stored: bool) -> String {
    let mut lines = Vec::new();
    if !taken.runs.is_empty() {
        lines.push(format!(
            "{:<34} {:<8} {:<26} {:>10} {:>10} {:>6}   tokens/s",
            "model", "backend", "test", "predicted", "measured", "ratio"
        ));
    }
    for run in &taken.runs {
        let predicted = run.predicted.map_or_else(|| "-".to_owned(), |rate| rate.to_string());
        let ratio = run.predicted.map_or_else(String::new, |rate| format!("{:.2}", run.rate.get() / rate.get()));
        lines.push(format!(
            "{:<34} {:<8} {:<26} {predicted:>10} {:>10} {ratio:>6}",
            format!("{} {}", run.model, run.quant),
            run.backend.title(),
            run.test(),
            run.rate.to_string(),
        ));
    }
    lines.extend(taken.left.iter().map(|left| format!("left out: {}: {}", left.what, left.why)));
    lines.extend(taken.notes.iter().map(|note| format!("note: {note}")));
    lines.push(match (stored, taken.runs.is_empty()) {
        (true, _) => "Kept for this machine; predictions use it from now on.".to_owned(),
        (false, false) => "Shown only; --save keeps it for this machine and corrects its predictions.".to_owned(),
        (false, true) => "Nothing of it is a measurement of this machine.".to_owned(),
    });
    lines.push(String::new());
    lines.join("\n")
}

/// `willitrun measure llama-bench --model FILE`: says the whole command, runs it, and takes what it prints.
pub(super) fn measure(mut words: Words, json: bool, save: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let model = words.take("model");
    let gpu_layers = words.take("gpu-layers");
    words.done()?;
    let Some(model) = model else {
        return Err(Failure::Request("write willitrun measure llama-bench --model FILE.gguf [--save]".to_owned()));
    };
    let gpu_layers = match gpu_layers.as_deref() {
        None | Some("auto") => None,
        Some(word) => Some(word.parse::<u32>().map_err(|_| {
            let word = crate::formats::shown(word, 40);
            format!("--gpu-layers cannot be '{word}': expected auto or a whole number")
        })?),
    };
    let path = std::fs::canonicalize(&model)
        .map_err(|error| format!("{}: it cannot be opened: {error}", crate::formats::shown(&model, 400)))?;
    let program = match program::find("llama-bench") {
        Program::Found(path) => path,
        Program::Refused(why) => return Err(Failure::Machine(why.trim_end_matches('.').to_owned())),
        Program::Absent => return Err(Failure::Machine("no llama-bench is on PATH".to_owned())),
    };
    let command = BenchCommand::new(&program, &path, gpu_layers, 0);
    // What is started is said before it is.
    let _ = writeln!(std::io::stderr(), "{}", command.shown());
    let printed = command.run(&|| false).map_err(|failure| Failure::Machine(failure.to_string()))?;
    let bench = llama_bench::read(&printed)
        .map_err(|error| Failure::Machine(format!("what llama-bench printed cannot be read: {error}")))?;
    take(&bench, &Wanted { json, save, machine: None, model: Some(model) }, out)
}
