//! The jobs of the window: reading the machine, measuring, profiles, ranking.

use std::path::{Path, PathBuf};

use crate::advice;
use crate::catalog::Catalog;
use crate::formats::machine_doc::{self, MachineDoc, Origin};
use crate::hardware::Machine;
use crate::measure::{Cancel, ram};
use crate::scenario::Scenario;
use crate::store::{SaveMode, Store, atomic_write, open_profile};
use crate::ui::bench::PathFor;

use super::{Event, Jobs, first_question, settings};

impl Jobs {
    /// Reads this machine, what is remembered of it, and the user's profiles.
    pub(super) fn detect(&self, store: Option<Store>) {
        self.spawn("detect", move |outbox| {
            let catalog = Catalog::builtin();
            let (mut machine, mut findings) = crate::detect::this_machine();
            if let Some(store) = &store {
                store.recall(&mut machine, &mut findings);
                let (entries, bad) = store.profiles();
                outbox.send(Event::Profiles(entries, bad.clone()));
                findings.extend(bad);
            }
            let Some(mut start) = first_question(catalog, machine.clone()) else {
                return Event::Failed("The built-in catalogue is empty.".to_owned());
            };
            if let Some(store) = &store {
                settings::restore(store, catalog, &mut start);
            }
            Event::Detected { machine: Box::new(machine), findings, start: Box::new(start) }
        });
    }

    /// Lists the user's profiles again.
    pub(super) fn list(&self, store: Store) {
        self.spawn("profiles", move |_| {
            let (entries, findings) = store.profiles();
            Event::Profiles(entries, findings)
        });
    }

    /// Measures the RAM.
    pub(super) fn measure(&mut self) {
        self.cancel = Cancel::new();
        let cancel = self.cancel.clone();
        self.spawn("measure", move |outbox| {
            let options = crate::measure::ram_options(ram::RamOptions::DEFAULT_SECONDS);
            let result = ram::measure(&options, &cancel, &mut |progress| outbox.offer(Event::Progress(progress)));
            Event::Measured(Box::new(result))
        });
    }

    /// Stops the measurement under way.
    pub(super) fn cancel(&self) {
        self.cancel.cancel();
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
        self.spawn("export", move |_| write(&path, &doc));
    }

    /// Opens a profile and keeps a copy among the user's own, never over another.
    pub(super) fn open(&self, path: PathBuf, store: Option<Store>) {
        self.spawn("open", move |_| open(&path, store.as_ref()));
    }

    /// Asks for a path in the system's dialog. Where there is none, or it is closed, a path may be typed.
    pub(super) fn ask_path(&self, purpose: PathFor, doc: MachineDoc) {
        self.spawn("dialog", move |_| {
            let dialog = rfd::AsyncFileDialog::new().add_filter("machine profile", &["ron"]);
            match purpose {
                PathFor::Open => match pollster::block_on(dialog.pick_file()) {
                    Some(file) => open(file.path(), Store::open().ok().as_ref()),
                    None => Event::NoPath(purpose),
                },
                PathFor::Export => {
                    let dialog = dialog.set_file_name(format!("{}.ron", doc.machine.id));
                    match pollster::block_on(dialog.save_file()) {
                        Some(file) => write(file.path(), &doc),
                        None => Event::NoPath(purpose),
                    }
                }
            }
        });
    }

    /// Asks every model.
    pub(super) fn rank(&self, asked: Scenario) {
        self.spawn("rank", move |_| {
            let catalog = Catalog::builtin();
            let mut rows = advice::best_of_each(advice::rank(&asked, &catalog.models, &catalog.quality));
            advice::find_contexts(&asked, &catalog.models, &mut rows);
            Event::Ranked(Box::new(asked), rows)
        });
    }
}

fn write(path: &Path, doc: &MachineDoc) -> Event {
    match atomic_write(path, machine_doc::write(doc).as_bytes()) {
        Ok(()) => Event::Saved(format!("Written to {}.", shown(path))),
        Err(error) => Event::Failed(error.to_string()),
    }
}

fn open(path: &Path, store: Option<&Store>) -> Event {
    let doc = match open_profile(path, Origin::Foreign) {
        Ok(doc) => doc,
        Err(error) => return Event::Failed(error.to_string()),
    };
    let Some(store) = store else {
        return Event::Opened(Box::new(doc), "Opened; it is not kept, as there is no folder to keep it in.".to_owned());
    };
    match store.save_profile(&doc, SaveMode::NewName) {
        Ok(saved) => {
            let said = format!("Opened {}; kept among yours as {}.", doc.machine.name, saved.id);
            let mut doc = doc;
            doc.machine.id = saved.id;
            Event::Opened(Box::new(doc), said)
        }
        Err(error) => Event::Opened(Box::new(doc), format!("Opened, but not kept: {error}")),
    }
}

fn shown(path: &Path) -> String {
    crate::formats::shown(&path.display().to_string(), 300)
}
