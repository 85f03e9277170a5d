//! Speeds measured by `llama-bench`: files dropped, runs started here, and what is kept of them.

use std::path::Path;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::catalog::bench_runs::{Known, keep};
use crate::detect::child::BenchCommand;
use crate::detect::program::Program;
use crate::formats::llama_bench::{self, Bench};
use crate::hardware::{Backend, Machine};
use crate::measure::Cancel;
use crate::model::Architecture;
use crate::scenario::{FileKind, Subject};
use crate::ui::bench::{Workbench, Workspace};
use crate::ui::measured::LlamaBench;
use crate::ui::{Command, MachineChoice};

use super::{App, Event, Jobs};

/// What a test is looked up in besides the catalogue.
struct Lookup {
    machine: Machine,
    models: Vec<Arc<Architecture>>,
    files: Vec<Arc<Subject>>,
}

impl App {
    pub(super) fn carry_out_bench(&mut self, command: &Command) {
        match command {
            Command::RunBench => {
                let (Some(lookup), Some(asked)) = (self.lookup(), self.bench_command()) else { return };
                if let Some(bench) = &mut self.bench
                    && !matches!(bench.llama_bench, LlamaBench::Running(_))
                {
                    bench.llama_bench = LlamaBench::Running(asked.shown());
                    self.jobs.bench(asked, lookup);
                }
            }
            Command::CancelBench => self.jobs.benching.cancel(),
            _ => {}
        }
    }

    pub(super) fn handle_bench(&mut self, event: Event) {
        match event {
            Event::LlamaBench(program) => self.program = program,
            Event::Bench(output) => {
                if let Some(lookup) = self.lookup() {
                    self.jobs.take_bench(*output, lookup);
                }
            }
            Event::BenchTaken(result) => {
                let Some(bench) = &mut self.bench else { return };
                bench.llama_bench = LlamaBench::Absent(String::new());
                match *result {
                    Ok(taken) => {
                        let said = taken.sentence();
                        if taken.runs.is_empty() {
                            bench.tell_failure(said);
                        } else {
                            let mut runs = bench.runs.clone();
                            keep(&mut runs, taken.runs);
                            bench.set_runs(runs);
                            bench.tell(said);
                        }
                    }
                    Err(why) => bench.tell_failure(why),
                }
                self.keep_runs();
            }
            _ => {}
        }
    }

    /// This machine and all that is known of models; none until it was read.
    fn lookup(&self) -> Option<Lookup> {
        let ((machine, _), bench) = (self.this.as_ref()?, self.bench.as_ref()?);
        let found = bench.files.rows.iter().filter_map(|row| row.subject.as_ref().ok());
        Some(Lookup {
            machine: machine.clone(),
            models: self.documents.models.clone(),
            files: bench.opened.iter().chain(found).cloned().collect(),
        })
    }

    /// Keeps the measured speeds on screen for this machine, whatever was added, removed or taken back.
    pub(super) fn keep_runs(&mut self) {
        let (Some(bench), Some((machine, _))) = (&self.bench, &mut self.this) else { return };
        if machine.runs == bench.runs {
            return;
        }
        machine.runs.clone_from(&bench.runs);
        if let Some(store) = self.store.clone() {
            self.jobs.remember(store, machine.clone());
        }
    }

    /// Compares the measured speeds anew, after a figure of this machine was measured.
    pub(super) fn compare_runs(&mut self) {
        let (Some(bench), Some((machine, _))) = (&mut self.bench, &mut self.this) else { return };
        self.catalog.compare_runs(machine, &self.documents.models);
        bench.set_runs(machine.runs.clone());
    }

    /// Says what would be run for the model on screen, or why nothing can be.
    pub(super) fn show_bench(&mut self) {
        let wanted = |bench: &Workbench| {
            bench.workspace == Workspace::Profiles && !matches!(bench.llama_bench, LlamaBench::Running(_))
        };
        if !self.bench.as_ref().is_some_and(wanted) {
            return;
        }
        let command = self.bench_command().map(|command| command.shown());
        let Some(bench) = &mut self.bench else { return };
        bench.llama_bench = match (command, &self.program) {
            (Some(command), _) => LlamaBench::Ready(command),
            (None, Program::Found(_)) => LlamaBench::Absent(
                "To run llama-bench from here, choose this machine and open a GGUF file that fits on it.".to_owned(),
            ),
            (None, Program::Refused(why)) => LlamaBench::Absent(why.clone()),
            (None, Program::Absent) => LlamaBench::Absent("No llama-bench is on PATH.".to_owned()),
        };
    }

    /// What would be run for the model on screen as it is placed.
    fn bench_command(&mut self) -> Option<BenchCommand> {
        let program = self.program.path()?.to_owned();
        let bench = self.bench.as_mut().filter(|bench| bench.choice == MachineChoice::This)?;
        let scenario = &bench.scenario;
        let file = scenario.subject.file.clone().filter(|file| file.kind == FileKind::Gguf)?;
        let (layers, gpus) = (scenario.subject.model.layers.len() as u32, scenario.machine.gpus().next().is_some());
        let on_cpu = scenario.backend == Some(Backend::Cpu);
        let answer = bench.answer();
        answer.bill.as_ref()?;
        // Above every count is all, as people write it.
        let all = if answer.plan.gpu_layers > layers { 99 } else { answer.plan.gpu_layers };
        let gpu_layers = gpus.then_some(if on_cpu { 0 } else { all });
        let path = Path::new(&file.path).to_owned();
        path.is_absolute().then(|| BenchCommand::new(&program, &path, gpu_layers, answer.plan.cpu_expert_layers))
    }
}

impl Jobs {
    /// Runs `llama-bench` and takes what it printed.
    fn bench(&mut self, command: BenchCommand, lookup: Lookup) {
        self.benching = Cancel::new();
        let cancel = self.benching.clone();
        self.spawn("llama-bench", move |_| {
            let printed = command.run(&|| cancel.is_cancelled()).map_err(|failure| failure.to_string());
            let bench = printed.and_then(|text| {
                llama_bench::read(&text).map_err(|error| format!("What llama-bench printed cannot be read: {error}."))
            });
            Event::BenchTaken(Box::new(bench.map(|bench| lookup.take(&bench))))
        });
    }

    /// Takes an output for measurements of this machine.
    fn take_bench(&self, bench: Bench, lookup: Lookup) {
        self.spawn("bench-file", move |_| Event::BenchTaken(Box::new(Ok(lookup.take(&bench)))));
    }
}

impl Lookup {
    fn take(&self, bench: &Bench) -> crate::catalog::bench_runs::Taken {
        Catalog::builtin().take_bench(bench, &self.machine, Known { models: &self.models, files: &self.files })
    }
}
