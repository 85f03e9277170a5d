//! The application: state that is kept, commands that are carried out, events that come back from jobs.
//!
//! Invariant: one closed [`Event`] for all that can happen, handled in one place; a job owns its inputs,
//! sends finished values and asks for a repaint. Nothing waits inside `ui`.

mod bench_runs;
mod event;
mod exports;
mod files;
mod free;
mod job;
mod jobs;
mod measured;
mod own;
mod rank;
mod reason_settings;
mod settings;
mod spots;
mod window;

use std::path::PathBuf;
use std::sync::Arc;

use crate::advice;
use crate::catalog::Catalog;
use crate::detect::program::Program;
use crate::formats::any_doc::Document;
use crate::formats::reason_doc::Reason;
use crate::hardware::{Fate, Finding, Machine, MeasuredRun};
use crate::library::Place;
use crate::measure::{MeasureError, Suite};
use crate::scenario::Scenario;
use crate::store::{ProfileEntry, Store};
use crate::ui::bench::{Choice, Measuring, PathFor, Workbench, Workspace};
use crate::ui::{Command, MachineChoice, shell};

pub use event::{Event, More};
pub use free::{Asked, EVERY, Prober};
pub use job::Jobs;
pub use own::OwnDocuments;
pub use window::{WindowError, open};

use spots::At;

/// The whole application.
pub struct App {
    catalog: &'static Catalog,
    bench: Option<Workbench>,
    this: Option<(Machine, Vec<Finding>)>,
    own: Vec<ProfileEntry>,
    documents: OwnDocuments,
    store: Option<Store>,
    jobs: Jobs,
    /// The folders of the user's own, until there is a bench to hold them.
    folders: Vec<PathBuf>,
    /// What was chosen on the page of thinking and serving, until there is a bench to hold it.
    reason: Option<Box<Reason>>,
    /// Where the disk is to be read, until there is a bench that knows.
    read_at: Option<PathBuf>,
    /// The runs of measurements, until there is a bench to hold them.
    measured_runs: Result<Vec<MeasuredRun>, String>,
    /// Where programs keep models, where not as the environment says.
    places: Option<Vec<Place>>,
    fields: rank::Fields,
    free: free::FreeMemory,
    /// `llama-bench`, where PATH has it.
    program: Program,
}

impl App {
    /// An application that begins by reading this machine.
    #[must_use]
    pub fn new(ctx: &egui::Context, store: Option<Store>) -> Self {
        let mut app = Self::idle(ctx, store);
        app.watch_free(free::this_machine());
        app.jobs.detect(app.store.clone());
        app.tidy();
        app
    }

    /// An application that waits for its first event; tests send their own.
    #[must_use]
    pub fn idle(ctx: &egui::Context, store: Option<Store>) -> Self {
        Self {
            catalog: Catalog::builtin(),
            bench: None,
            this: None,
            own: Vec::new(),
            documents: OwnDocuments::default(),
            store,
            jobs: Jobs::new(ctx.clone()),
            folders: Vec::new(),
            read_at: None,
            reason: None,
            measured_runs: Ok(Vec::new()),
            places: None,
            fields: rank::Fields::default(),
            free: free::FreeMemory::default(),
            program: Program::Absent,
        }
    }

    /// The state on screen, once the machine has been read.
    pub fn bench(&mut self) -> Option<&mut Workbench> {
        self.bench.as_mut()
    }

    /// Draws a frame and carries out what was asked for.
    pub fn show(&mut self, ui: &mut egui::Ui) {
        self.drain();
        let dropped: Vec<_> = ui.input(|input| {
            input
                .raw
                .dropped_files
                .iter()
                .map(|file| file.path().to_path_buf())
                .filter(|path| !path.as_os_str().is_empty())
                .collect()
        });
        for path in dropped {
            self.carry_out(ui, Command::OpenPath(path));
        }
        if let Some(code) = own::pasted_code(ui) {
            self.carry_out(ui, Command::OpenCode(code));
        }
        self.show_bench();
        self.show_this();
        if let Some(command) = shell::ui(ui, self.bench.as_mut(), self.catalog) {
            self.carry_out(ui, command);
        }
        self.keep_runs();
        self.read_free(ui);
    }

    /// Lends the views this very machine as it is known now.
    fn show_this(&mut self) {
        if let (Some(bench), Some((machine, _))) = (&mut self.bench, &self.this)
            && bench.this.as_deref() != Some(machine)
        {
            bench.this = Some(Arc::new(machine.clone()));
        }
    }

    /// Takes in everything that jobs have sent.
    pub fn drain(&mut self) {
        while let Some(event) = self.jobs.take() {
            self.handle(event);
        }
    }

    fn carry_out(&mut self, ui: &egui::Ui, command: Command) {
        let Some(bench) = &mut self.bench else { return };
        match command {
            Command::Measure => {
                bench.measuring = Some(Measuring::default());
                bench.notice = None;
                let (seconds, read_at) = (bench.measure.length.seconds(), bench.measure.read_at().cloned());
                let folders = bench.files.folders.clone();
                let at = read_at.map_or_else(|| At::Find(self.places(&folders)), At::Known);
                self.jobs.measure(self.store.clone(), seconds, at);
            }
            Command::CancelMeasuring => {
                if let Some(measuring) = &mut bench.measuring {
                    measuring.cancelled = true;
                }
                self.jobs.cancel();
            }
            Command::Detect => self.jobs.detect(self.store.clone()),
            Command::PickMachine(choice) => self.pick(choice),
            Command::SaveProfile => {
                let Some(store) = self.store.clone() else {
                    bench
                        .tell_failure("The system names no folder to keep profiles in; set WILLITRUN_DATA_DIR to one.");
                    return;
                };
                self.jobs.save(store, bench.machine_document());
            }
            Command::ExportProfile => self.jobs.ask_path(PathFor::Export, machine_on(bench)),
            Command::ExportTo(path) => self.jobs.export(path, bench.machine_document()),
            Command::OpenProfile => self.jobs.ask_path(PathFor::Open, machine_on(bench)),
            Command::OpenPath(path) => self.jobs.open(path, self.store.clone()),
            Command::Copy(text) => {
                ui.ctx().copy_text(text);
                bench.tell("Copied.");
            }
            Command::LookForFiles
            | Command::StopLooking
            | Command::JudgeFiles
            | Command::AddFolder
            | Command::AddFolderAt(_)
            | Command::RemoveFolder(_)
            | Command::OpenModel => self.carry_out_files(command),
            Command::RunBench | Command::CancelBench => self.carry_out_bench(&command),
            Command::SaveOwn(own) => self.save_own(own),
            Command::ExportOwn(own) => self.export_own(own, None),
            Command::ExportOwnTo(own, path) => self.export_own(own, Some(path)),
            Command::RemoveOwn(own) => self.remove_own(own),
            Command::OpenCode(code) => self.jobs.open_code(code, self.store.clone()),
            Command::Paste => ui.ctx().send_viewport_cmd(egui::ViewportCommand::RequestPaste),
            Command::Compare => {
                bench.accuracy.begin();
                self.jobs.compare();
            }
            Command::Simulate(trial) => self.jobs.simulate(trial),
            Command::Write(_) | Command::WriteTo(_) | Command::CopyPicture(_) => self.carry_out_export(ui, command),
            Command::Rank(_) | Command::FindContexts => self.carry_out_rank(&command),
        }
    }

    /// Takes in one event.
    pub fn handle(&mut self, event: Event) {
        match event {
            Event::Detected { machine, findings, start } => self.detected(*machine, findings, *start),
            Event::Profiles(entries, findings) => {
                self.own = entries;
                if let Some(bench) = &mut self.bench {
                    bench.machines = choices(self.catalog, &self.own);
                    if let Some(finding) = findings.first() {
                        bench.tell_failure(format!("{} {}", finding.what, finding.remedy));
                    }
                }
            }
            Event::Progress(progress) => {
                if let Some(measuring) = self.bench.as_mut().and_then(|bench| bench.measuring.as_mut()) {
                    measuring.take(progress);
                }
            }
            Event::Free(now) => self.take_free(*now),
            Event::History(history) => self.take_history(history),
            Event::Measured(result) => self.measured(*result),
            Event::Compared(rows, of) => {
                if let Some(bench) = &mut self.bench {
                    bench.accuracy.take(rows, of);
                }
            }
            Event::Simulated(played) => {
                if let Some(bench) = &mut self.bench {
                    bench.reason.take(played);
                }
            }
            Event::Ranked { .. } | Event::Contexts { .. } => self.handle_rank(event),
            Event::Folders(_)
            | Event::Folder(_)
            | Event::Looking(_)
            | Event::Found(_)
            | Event::Spots(_)
            | Event::Judged(..)
            | Event::ModelFile(..)
            | Event::Preset(..)
            | Event::Told(_) => self.handle_files(event),
            Event::LlamaBench(_) | Event::Bench(_) | Event::BenchTaken(_) => self.handle_bench(event),
            Event::Saved(said) => {
                if let Some(bench) = &mut self.bench {
                    bench.tell(said);
                }
                if let Some(store) = self.store.clone() {
                    self.jobs.list(store);
                }
            }
            Event::Taken(document, said) => {
                if let Some(bench) = &mut self.bench {
                    match document {
                        Document::Machine(doc) => {
                            let mut machine = doc.machine;
                            self.catalog.resolve(&mut machine);
                            let id = machine.id.clone();
                            bench.set_machine(machine, MachineChoice::Own(id));
                        }
                        document => bench.take_document(document),
                    }
                    bench.tell(said);
                }
                if let Some(store) = self.store.clone() {
                    self.jobs.list(store);
                }
            }
            Event::Tidied => {}
            // It comes before the machine does: a choice made since then stands.
            Event::ReadAt(path) => self.read_at = Some(path),
            Event::Own(own) => self.own_listed(own),
            Event::Reason(kept) => self.reason = Some(kept),
            Event::NoPath(purpose) => {
                if let Some(bench) = &mut self.bench {
                    bench.path_asked = Some(purpose);
                }
            }
            Event::Failed(sentence) => {
                if let Some(bench) = &mut self.bench {
                    bench.tell_failure(sentence);
                }
            }
        }
    }

    fn detected(&mut self, machine: Machine, findings: Vec<Finding>, start: Scenario) {
        self.this = Some((machine.clone(), findings.clone()));
        if let Some(bench) = &mut self.bench {
            bench.findings = findings;
            bench.runs.clone_from(&machine.runs);
            if bench.choice == MachineChoice::This {
                bench.set_machine(machine, MachineChoice::This);
            }
        } else {
            let mut bench = Workbench::new(start);
            bench.measure.take(std::mem::replace(&mut self.measured_runs, Ok(Vec::new())));
            if let Some(path) = self.read_at.take() {
                bench.measure.choose_read(path);
            }
            bench.findings = findings;
            bench.machines = choices(self.catalog, &self.own);
            bench.files.folders = std::mem::take(&mut self.folders);
            bench.own_models.clone_from(&self.documents.models);
            bench.own_quants.clone_from(&self.documents.quants);
            if let Some(kept) = self.reason.take() {
                reason_settings::restore(&kept, &mut bench.reason);
                bench.begin_here();
            }
            self.bench = Some(bench);
        }
    }

    fn measured(&mut self, result: Result<Suite, MeasureError>) {
        let Some(bench) = &mut self.bench else { return };
        let samples = bench.measuring.take().map(|measuring| measuring.samples).unwrap_or_default();
        let suite = match result {
            Ok(suite) => suite,
            Err(MeasureError::Cancelled) => {
                bench.tell("Measuring was cancelled; the old result stays.");
                return;
            }
            Err(error) => {
                bench.tell_failure(error.to_string());
                return;
            }
        };
        let Some((machine, findings)) = &mut self.this else { return };
        let (applied, said) = measured::apply(machine, findings, &suite);
        let run = crate::measure::record(machine, &suite, &applied, samples);
        bench.measure.add(run.clone());
        bench.findings.clone_from(findings);
        if bench.choice == MachineChoice::This {
            measured::show(bench, machine);
        }
        match said {
            // Its own page says it all.
            Ok(_) if bench.workspace == Workspace::Measure => {}
            Ok(said) => bench.tell(said),
            Err(said) => bench.tell_failure(said),
        }
        let new = applied.readings.iter().any(|reading| reading.fate == Fate::Kept);
        self.compare_runs();
        if let (Some(store), Some((machine, _))) = (self.store.clone(), &self.this) {
            self.jobs.add_to_history(store.clone(), run);
            if new {
                self.jobs.remember(store, machine.clone());
            }
        }
    }

    fn take_history(&mut self, history: Result<Vec<MeasuredRun>, String>) {
        match &mut self.bench {
            Some(bench) => bench.measure.take(history),
            None => self.measured_runs = history,
        }
    }

    fn pick(&mut self, choice: MachineChoice) {
        let machine = match &choice {
            MachineChoice::This => self.this.as_ref().map(|(machine, _)| machine.clone()),
            MachineChoice::BuiltIn(id) => self.catalog.profile(id).map(|doc| doc.machine.clone()),
            MachineChoice::Own(id) => self.own.iter().find(|entry| &entry.doc.machine.id == id).map(|entry| {
                let mut machine = entry.doc.machine.clone();
                self.catalog.resolve(&mut machine);
                self.catalog.compare_runs(&mut machine, &self.documents.models);
                machine
            }),
        };
        if let (Some(bench), Some(machine)) = (&mut self.bench, machine) {
            bench.set_machine(machine, choice);
        }
    }
}

fn machine_on(bench: &Workbench) -> Document {
    Document::Machine(Box::new(bench.machine_document()))
}

/// Every machine that can be chosen: the user's own first.
fn choices(catalog: &Catalog, own: &[ProfileEntry]) -> Vec<Choice> {
    let own = own.iter().filter(|entry| entry.doc.machine.id != crate::store::THIS).map(|entry| {
        let mut machine = entry.doc.machine.clone();
        catalog.resolve(&mut machine);
        choice(MachineChoice::Own(machine.id.clone()), &machine)
    });
    let ready = catalog.profiles.iter().map(|doc| choice(MachineChoice::BuiltIn(doc.machine.id.clone()), &doc.machine));
    own.chain(ready).collect()
}

fn choice(choice: MachineChoice, machine: &Machine) -> Choice {
    Choice { choice, name: machine.name.clone(), summary: machine.summary(), machine: Arc::new(machine.clone()) }
}

/// The first question on a machine: the largest model that runs well there.
pub(crate) fn first_question(catalog: &Catalog, machine: Machine) -> Option<Scenario> {
    let model = catalog.models.first()?;
    let (subject, engine) = (Arc::new(advice::default_subject(model)), catalog.engines.first()?.clone());
    let mut scenario = Scenario::new(subject, Arc::new(machine), engine, catalog.parameters.clone());
    if let Some(subject) = advice::start_model(&scenario, &catalog.models) {
        scenario.answer = crate::ui::bench::usual_answer(&subject);
        scenario.subject = subject;
    }
    Some(scenario)
}
