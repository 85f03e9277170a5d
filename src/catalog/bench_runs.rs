//! Which question a test of `llama-bench` answers, and how it stands to what is predicted for that.
//!
//! Invariant: a test is taken for a model only where architecture, count of weights and size agree and nothing else
//! fits as well; what is not taken is listed with the reason. A test of another machine is never taken.

mod alike;
mod matched;

use std::sync::Arc;

use crate::formats::llama_bench::Bench;
use crate::hardware::{Backend, BenchRun, Machine, Source, Work};
use crate::memory::{FlashAttention, KvPlace, Outputs, RunOptions};
use crate::model::Architecture;
use crate::placement::{CpuExperts, GpuLayers, Policy, Split};
use crate::quant::{Imatrix, Mix, Quant, Rule};
use crate::scenario::{Scenario, Subject, predict};
use crate::units::{Bytes, TokensPerSecond};

use super::Catalog;
use matched::Match;

/// Two sizes of one file differ by no more: the engine counts its tensors, a publisher the whole file.
const SAME_FILE: f64 = 0.01;

/// What is known besides the catalogue.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// Models of the user's own.
    pub models: &'a [Arc<Architecture>],
    /// Models found on this disk, or opened from it.
    pub files: &'a [Arc<Subject>],
}

/// What became of the tests of an output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// Measurements of the machine, each beside its prediction.
    pub runs: Vec<BenchRun>,
    /// What was not taken.
    pub left: Vec<Left>,
    /// What was decided on the way, in sentences.
    pub notes: Vec<String>,
}

/// A test that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Which.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Taken {
    /// In one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let count = |count: usize, one: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {one}s"),
        };
        let mut said = match self.runs.as_slice() {
            [] => "No test of this file became a measurement of this machine".to_owned(),
            runs => {
                let model = |run: &BenchRun| format!("{} {}", run.model, run.quant);
                let mut models: Vec<String> = runs.iter().map(model).collect();
                models.dedup();
                format!("Took {} of {} as measured here", count(runs.len(), "test"), models.join(", "))
            }
        };
        if let Some(first) = self.left.first() {
            said = format!("{said}; {} left out: {}, {}", self.left.len(), first.what, first.why);
        }
        said.push('.');
        self.notes.iter().for_each(|note| said = format!("{said} {note}"));
        said
    }
}

impl Catalog {
    /// Takes the tests of an output for measurements of a machine.
    #[must_use]
    pub fn take_bench(&self, bench: &Bench, machine: &Machine, known: Known<'_>) -> Taken {
        let mut taken = Taken::default();
        taken.left.extend(bench.bad.iter().map(|bad| {
            let (what, why) = bad.split_once(": ").unwrap_or((bad, ""));
            Left { what: what.to_owned(), why: why.to_owned() }
        }));
        let bare = Arc::new(Machine { runs: Vec::new(), ..machine.clone() });
        let mut last: Option<Match> = None;
        for test in &bench.tests {
            let what = format!("test {} ({})", test.number, test.model_type);
            let matched = match last.take().filter(|old| old.is_for(test)) {
                Some(old) => Ok(old),
                None => Match::find(self, test, known),
            };
            let run = matched.and_then(|matched| {
                let run = matched.run(test, machine)?;
                let run = self.beside(run, matched.subject(), &bare)?;
                taken.notes.extend(matched.note.clone().filter(|note| !taken.notes.contains(note)));
                last = Some(matched);
                Ok(run)
            });
            match run {
                Ok(run) => add(run, &what, machine, &mut taken),
                Err(why) => taken.left.push(Left { what, why }),
            }
        }
        taken
    }

    /// Works out how the measured speeds of a machine stand to what is predicted today. One whose model is no longer
    /// known does not count until it is again.
    pub fn compare_runs(&self, machine: &mut Machine, models: &[Arc<Architecture>]) {
        let mut runs = std::mem::take(&mut machine.runs);
        let bare = Arc::new(machine.clone());
        let mut last: Option<((String, String, Bytes), Arc<Subject>)> = None;
        for run in runs.iter_mut().filter(|run| run.source == Source::Measured) {
            let Some(model) = models.iter().find(|model| model.id == run.model).or_else(|| self.model(&run.model))
            else {
                continue;
            };
            let key = (run.model.clone(), run.quant.clone(), run.file);
            let subject = match last.take() {
                Some((old, subject)) if old == key => subject,
                _ => Arc::new(self.subject_of(model, &run.quant, run.file)),
            };
            run.compared =
                self.question_of(run, subject.clone(), bare.clone()).and_then(|asked| predict(&asked, run.work));
            last = Some((key, subject));
        }
        machine.runs = runs;
    }

    /// The question a measured speed answers.
    #[must_use]
    pub fn question_of(&self, run: &BenchRun, subject: Arc<Subject>, machine: Arc<Machine>) -> Option<Scenario> {
        let engine = self.engine(&run.engine)?.clone();
        let setup = &run.setup;
        let options = RunOptions {
            context: run.depth + run.tokens,
            kv_k: setup.kv_k,
            kv_v: setup.kv_v,
            flash_attention: if setup.fused_attention { FlashAttention::On } else { FlashAttention::Off },
            batch: setup.batch,
            ubatch: setup.ubatch,
            outputs: Outputs::All,
            kv_place: if setup.kv_on_host { KvPlace::Host } else { KvPlace::Device },
            rules: engine.rules,
            ..RunOptions::default()
        };
        options.check(&subject.model).ok()?;
        let all = GpuLayers::Count(u32::MAX);
        let policy = Policy {
            gpu_layers: match run.backend {
                Backend::Cpu => GpuLayers::Count(0),
                _ => setup.gpu_layers.map_or(all, GpuLayers::Count),
            },
            cpu_experts: CpuExperts::First(setup.cpu_expert_layers),
            split: Some(Split::Layer),
            tensor_split: setup.tensor_split.clone(),
        };
        let usual = Scenario::new(subject, machine, engine, self.parameters.clone());
        Some(Scenario {
            run: options,
            policy,
            backend: Some(run.backend),
            engine_date: run.date.get(..7).map(str::to_owned),
            depth: run.middle(),
            prompt: if run.work == Work::Prompt { run.tokens } else { usual.prompt },
            answer: run.tokens,
            ..usual
        })
    }

    /// A run with its prediction.
    fn beside(&self, run: BenchRun, subject: Arc<Subject>, machine: &Arc<Machine>) -> Result<BenchRun, String> {
        let asked =
            self.question_of(&run, subject, machine.clone()).ok_or("the engine here does not take these options")?;
        let compared = predict(&asked, run.work).ok_or(
            "nothing is predicted for it on this machine: it should not fit there, or a bandwidth is not known",
        )?;
        let predicted = Some(TokensPerSecond::saturating(compared.predicted));
        Ok(BenchRun { predicted, compared: Some(compared), ..run })
    }

    /// A model under the quant of this name whose file has this size: the rule where it gives the size, else a
    /// published file of it, else the size spread over the tensors.
    #[must_use]
    pub fn subject_of(&self, model: &Architecture, quant: &str, file: Bytes) -> Subject {
        if let Some(subject) = Mix::parse(quant).and_then(|mix| by_rule(model, mix, file)) {
            return subject;
        }
        if let Some(published) = self.published(&model.id, quant).filter(|row| is_near(row.bytes, file)) {
            return published.subject(model, None);
        }
        let sized = Quant { id: quant.to_owned(), rule: Rule::Sized(file), source: String::new() };
        Subject::new(model.clone(), sized, None)
    }
}

/// A model under a mix, where its rules give a file of this size, with an importance matrix or without.
fn by_rule(model: &Architecture, mix: Mix, file: Bytes) -> Option<Subject> {
    let made = [mix.usual_imatrix(), Imatrix::With, Imatrix::Without];
    let mut subjects = made.iter().map(|imatrix| Subject::new(model.clone(), Quant::mix(mix, *imatrix), None));
    subjects.find(|subject| is_near(subject.weights.file, file))
}

fn is_near(a: Bytes, b: Bytes) -> bool {
    (a.as_f64() - b.as_f64()).abs() <= SAME_FILE * a.as_f64().max(b.as_f64())
}

/// Adds a run, unless it is kept already or another test of the same question was faster: nobody runs on fewer
/// threads than are best.
fn add(run: BenchRun, what: &str, machine: &Machine, taken: &mut Taken) {
    let mut left = |why: &str| taken.left.push(Left { what: what.to_owned(), why: why.to_owned() });
    let same = |old: &BenchRun| {
        let key = |run: &BenchRun| {
            let BenchRun { engine, backend, model, quant, work, tokens, depth, .. } = run.clone();
            (engine, backend, model, quant, work, tokens, depth)
        };
        key(old) == key(&run) && old.setup == run.setup
    };
    let kept = |old: &BenchRun| same(old) && (&old.date, &old.build, old.rate) == (&run.date, &run.build, run.rate);
    if machine.runs.iter().any(kept) {
        return left("it is kept already");
    }
    match taken.runs.iter_mut().find(|old| same(old)) {
        None => taken.runs.push(run),
        Some(old) if old.rate.get() < run.rate.get() => {
            *old = run;
            left("of several tests that differ in threads the fastest counts");
        }
        Some(_) => left("of several tests that differ in threads the fastest counts"),
    }
}

/// The most measured speeds kept of a machine; the oldest go first.
const MOST_RUNS: usize = 200;

/// Adds measured speeds to a machine's.
pub fn keep(runs: &mut Vec<BenchRun>, more: impl IntoIterator<Item = BenchRun>) {
    runs.extend(more);
    let _ = runs.drain(..runs.len().saturating_sub(MOST_RUNS));
}
