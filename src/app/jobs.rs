//! The jobs of the window: reading the machine, measuring, profiles, ranking.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::advice::accuracy::Compared;
use crate::catalog::Catalog;
use crate::formats::any_doc::Document;
use crate::formats::machine_doc::MachineDoc;
use crate::hardware::{Machine, MeasuredRun};
use crate::library::{self, Askable, Opened};
use crate::measure::{Cancel, Wanted, suite};
use crate::reasoning::requests::Trial;
use crate::store::{SaveMode, Store};
use crate::ui::bench::PathFor;

use super::own::{self, OwnDocuments};
use super::spots::{self, At};
use super::{Event, Jobs, first_question, settings};

/// Measurements shown in one step.
const AT_ONCE: usize = 48;

impl Jobs {
    /// Reads this machine, what is remembered of it, and the user's profiles.
    pub(super) fn detect(&self, store: Option<Store>) {
        self.spawn("detect", move |outbox| {
            let catalog = Catalog::builtin();
            outbox.send(Event::LlamaBench(crate::detect::program::find("llama-bench")));
            let (mut machine, mut findings) = crate::detect::this_machine();
            let mut own = OwnDocuments::default();
            if let Some(store) = &store {
                store.recall(&mut machine, &mut findings);
                outbox.send(Event::History(store.history().map_err(|error| error.to_string())));
                let (entries, bad) = store.profiles();
                outbox.send(Event::Profiles(entries, bad.clone()));
                findings.extend(bad);
                own = OwnDocuments::list(store);
                outbox.send(Event::Own(own.clone()));
                catalog.compare_runs(&mut machine, &own.models);
            }
            let Some(mut start) = first_question(catalog, machine.clone()) else {
                return Event::Failed("The built-in catalogue is empty.".to_owned());
            };
            if let Some(kept) = store.as_ref().and_then(settings::load) {
                outbox.send(Event::Folders(kept.folders.iter().map(PathBuf::from).collect()));
                if !kept.disk_read.is_empty() {
                    outbox.send(Event::ReadAt(PathBuf::from(&kept.disk_read)));
                }
                settings::restore(&kept, &own, catalog, &mut start);
                if let Some(reason) = kept.reason {
                    outbox.send(Event::Reason(Box::new(reason)));
                }
            }
            Event::Detected { machine: Box::new(machine), findings, start: Box::new(start) }
        });
    }

    /// Lists the user's profiles, models and quants again.
    pub(super) fn list(&self, store: Store) {
        self.spawn("profiles", move |outbox| {
            outbox.send(Event::Own(OwnDocuments::list(&store)));
            let (entries, findings) = store.profiles();
            Event::Profiles(entries, findings)
        });
    }

    /// Measures this machine: RAM, GPUs, links and the disk at a place, in about so many seconds.
    pub(super) fn measure(&mut self, store: Option<Store>, seconds: f64, at: At) {
        self.cancel = Cancel::new();
        let cancel = self.cancel.clone();
        self.spawn("measure", move |outbox| {
            let places = spots::places(at, &spots::own_folder(store.as_ref()), outbox, &cancel);
            let mut tell = |progress| outbox.offer_calmly(Event::Progress(progress));
            Event::Measured(Box::new(suite(&Wanted::ALL, seconds, &places, &cancel, &mut tell)))
        });
    }

    /// Stops the measurement under way.
    pub(super) fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Keeps a run of the measurements.
    pub(super) fn add_to_history(&self, store: Store, run: MeasuredRun) {
        self.spawn("history", move |_| match store.add_to_history(run) {
            Ok(runs) => Event::History(Ok(runs)),
            Err(error) => Event::Failed(format!("The run is shown but was not kept: {error}")),
        });
    }

    /// Keeps what was measured on this machine.
    pub(super) fn remember(&self, store: Store, machine: Machine) {
        self.spawn("remember", move |_| match store.remember(&machine) {
            Ok(()) => {
                let (entries, findings) = store.profiles();
                Event::Profiles(entries, findings)
            }
            Err(error) => Event::Failed(format!("The measurement is used but was not kept: {error}")),
        });
    }

    /// Saves a profile in the user's folder, beside any other of the same id.
    pub(super) fn save(&self, store: Store, doc: MachineDoc) {
        self.spawn("save", move |_| match store.save_profile(&doc, SaveMode::NewName) {
            Ok(saved) => Event::Saved(format!("Saved as {} in {}.", saved.id, shown(&saved.path))),
            Err(error) => Event::Failed(error.to_string()),
        });
    }

    /// Writes a profile to a path of the user's choice.
    pub(super) fn export(&self, path: PathBuf, doc: MachineDoc) {
        self.spawn("export", move |_| own::write(&path, &Document::Machine(Box::new(doc))));
    }

    /// Opens a model file; a profile, a model or a quant in RON is also kept among the user's own, never over another.
    pub(super) fn open(&self, path: PathBuf, store: Option<Store>) {
        self.spawn("open", move |_| any(&path, store.as_ref()));
    }

    /// Asks for a path in the system's dialog. Where there is none, or it is closed, a path may be typed.
    pub(super) fn ask_path(&self, purpose: PathFor, document: Document) {
        self.spawn("dialog", move |_| {
            let dialog = rfd::AsyncFileDialog::new().add_filter("machine, model or quant", &["ron"]);
            match purpose {
                PathFor::Model | PathFor::Folder | PathFor::Write(_) => Event::NoPath(purpose),
                PathFor::Open => match pollster::block_on(dialog.pick_file()) {
                    Some(file) => own::open(file.path(), Store::open().ok().as_ref()),
                    None => Event::NoPath(purpose),
                },
                PathFor::Export | PathFor::ExportOwn(_) => {
                    let dialog = dialog.set_file_name(format!("{}.ron", document.id()));
                    match pollster::block_on(dialog.save_file()) {
                        Some(file) => own::write(file.path(), &document),
                        None => Event::NoPath(purpose),
                    }
                }
            }
        });
    }

    /// Works out a run of many requests.
    pub(super) fn simulate(&self, trial: Trial) {
        self.spawn("simulate", move |_| Event::Simulated(Arc::new(trial.play())));
    }

    /// Predicts every published measurement; they come as they are answered.
    pub(super) fn compare(&self) {
        self.spawn("compare", move |outbox| {
            let catalog = Catalog::builtin();
            let rows = match catalog.measurements() {
                Ok(rows) => rows,
                Err(error) => return Event::Failed(format!("The measurements cannot be read: {error}")),
            };
            let of = rows.len();
            let mut done = Vec::new();
            for row in rows {
                done.push(Compared::of(row, &catalog.peers));
                if done.len() == AT_ONCE {
                    outbox.send(Event::Compared(std::mem::take(&mut done), of));
                }
            }
            Event::Compared(done, of)
        });
    }
}

/// Opens what somebody picked or dropped.
pub(super) fn any(path: &Path, store: Option<&Store>) -> Event {
    match library::open_any(path) {
        Ok(Opened::Document) => own::open(path, store),
        Ok(Opened::Model(file)) => match (file.unknown(), &file.subject) {
            (None, Ok(subject)) => Event::ModelFile(subject.clone(), said_of(&file)),
            (unknown, _) => Event::Told(unknown.unwrap_or_default()),
        },
        Ok(Opened::Bench(bench)) => Event::Bench(bench),
        Ok(Opened::Preset(model)) => {
            let said = format!("Opened the model {}.", model.name);
            Event::Preset(model, said)
        }
        Err(error) => Event::Failed(error.to_string()),
    }
}

/// What to say of a model that was opened.
fn said_of(file: &Askable) -> String {
    let mut said = format!("Opened {}", file.name);
    if let Some(quant) = &file.quant {
        said = format!("{said}: {quant}");
    }
    if let (Some(bytes), Some(bits)) = (file.tensor_bytes, file.bits_per_weight) {
        said = format!("{said}, {} at {bits:.2} bits per weight", bytes.in_gb());
    }
    said.push('.');
    if let Some(finding) = file.findings.first() {
        said = format!("{said} {} {}", finding.what, finding.remedy);
    }
    said.trim_end().to_owned()
}

pub(super) fn shown(path: &Path) -> String {
    crate::formats::shown(&path.display().to_string(), 300)
}
