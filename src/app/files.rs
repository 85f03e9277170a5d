//! The models on this disk: commands and events of their own, and the jobs behind them.

use std::path::PathBuf;
use std::sync::Arc;

use crate::advice;
use crate::library::{self, Content, Found, Limits, Listing, Place, Reached};
use crate::measure::Cancel;
use crate::scenario::Scenario;
use crate::store::Store;
use crate::ui::Command;
use crate::ui::bench::{PathFor, Workspace};
use crate::ui::files::{FileRow, Judged, Looked, Looking, Search};

use super::{App, Event, Jobs, jobs, spots};

impl App {
    /// Looks for models in these folders instead of those that programs of this system use.
    pub fn look_in(&mut self, places: Vec<Place>) {
        self.places = Some(places);
    }

    /// Every folder to look for models in, with those of the user's own.
    pub(super) fn places(&self, own: &[PathBuf]) -> Vec<Place> {
        let mut places = self.places.clone().unwrap_or_else(library::places);
        places.extend(own.iter().map(Place::added));
        places
    }

    pub(super) fn carry_out_files(&mut self, command: Command) {
        let Some(bench) = &mut self.bench else { return };
        let files = &mut bench.files;
        match command {
            Command::LookForFiles if files.looking.is_none() => {
                files.looking = Some(Looking::default());
                let (folders, asked) = (files.folders.clone(), bench.scenario.clone());
                self.jobs.look(self.places(&folders), asked, spots::own_folder(self.store.as_ref()));
            }
            Command::StopLooking => self.jobs.looking.cancel(),
            Command::JudgeFiles => {
                let asked = bench.scenario.clone();
                let running = files.judged.as_ref().is_some_and(|judged| judged.running && judged.answers(&asked));
                if !running {
                    files.judged = Some(Judged { asked: asked.clone(), running: true });
                    self.jobs.judge(asked, files.rows.clone());
                }
            }
            Command::AddFolder => self.jobs.pick(PathFor::Folder, self.store.clone()),
            Command::OpenModel => self.jobs.pick(PathFor::Model, self.store.clone()),
            Command::AddFolderAt(folder) => self.handle_files(Event::Folder(folder)),
            Command::RemoveFolder(folder) => {
                files.folders.retain(|own| *own != folder);
                self.look_again();
            }
            _ => {}
        }
    }

    pub(super) fn handle_files(&mut self, event: Event) {
        let Some(bench) = &mut self.bench else {
            if let Event::Folders(folders) = event {
                self.folders = folders;
            }
            return;
        };
        match event {
            Event::Folder(folder) => {
                if !bench.files.folders.contains(&folder) {
                    bench.files.folders.push(folder);
                }
                bench.workspace = Workspace::Files;
                self.look_again();
            }
            Event::Looking(looking) if bench.files.looking.is_some() => bench.files.looking = Some(looking),
            Event::Found(search) => {
                let again = std::mem::take(&mut bench.files.again);
                bench.files.looking = None;
                match search {
                    Some(search) => bench.files.take(*search),
                    None if again => {}
                    None => bench.tell("The search was stopped; the old list stays."),
                }
                bench.files.looked_once = true;
                if again {
                    self.carry_out_files(Command::LookForFiles);
                }
            }
            Event::Spots(places) => bench.measure.places = places,
            Event::Judged(asked, rows) => {
                let files = &mut bench.files;
                if files.judged.as_ref().is_some_and(|judged| judged.running && judged.asked == *asked) {
                    files.rows = rows;
                    files.judged = Some(Judged { asked: *asked, running: false });
                }
            }
            Event::ModelFile(subject, said) => {
                bench.ask_file(subject);
                bench.tell(said);
            }
            Event::Preset(model, said) => {
                bench.pick_model(&model);
                bench.workspace = Workspace::Run;
                bench.tell(said);
            }
            Event::Told(said) => bench.tell(said),
            _ => {}
        }
    }

    /// Looks again, after the search under way where there is one.
    fn look_again(&mut self) {
        let Some(bench) = &mut self.bench else { return };
        if bench.files.looking.is_some() {
            bench.files.again = true;
            self.jobs.looking.cancel();
        } else {
            self.carry_out_files(Command::LookForFiles);
        }
    }
}

impl Jobs {
    /// Looks for models, and asks about each.
    fn look(&mut self, places: Vec<Place>, asked: Scenario, own: PathBuf) {
        self.looking = Cancel::new();
        let cancel = self.looking.clone();
        self.spawn("files", move |outbox| {
            let listing = library::scan(&places, Limits::default(), &cancel, &mut |at| {
                outbox.offer(Event::Looking(Looking { names: at.entries, models: at.models, folder: at.folder }));
            });
            let Some(listing) = listing else { return Event::Found(None) };
            outbox.send(Event::Spots(spots::of(&listing, &own)));
            let Listing { models, looked, findings } = listing;
            let rows = models.into_iter().map(|found| judged(row(found), &asked)).collect();
            let looked = looked.into_iter().map(seen).collect();
            Event::Found(Some(Box::new(Search { rows, looked, findings, asked })))
        });
    }

    /// Asks about each file again.
    fn judge(&self, asked: Scenario, rows: Vec<FileRow>) {
        self.spawn("judge", move |_| {
            let rows = rows.into_iter().map(|row| judged(row, &asked)).collect();
            Event::Judged(Box::new(asked), rows)
        });
    }

    /// Asks for a model or a folder in the system's dialog. Where there is none, or it is closed, a path may be typed.
    fn pick(&self, purpose: PathFor, store: Option<Store>) {
        self.spawn("dialog", move |_| {
            let dialog = rfd::AsyncFileDialog::new();
            if purpose == PathFor::Folder {
                return match pollster::block_on(dialog.pick_folder()) {
                    Some(folder) => Event::Folder(folder.path().to_owned()),
                    None => Event::NoPath(purpose),
                };
            }
            let dialog =
                dialog.add_filter("model", &["gguf", "safetensors", "json", "ron"]).add_filter("any file", &["*"]);
            match pollster::block_on(dialog.pick_file()) {
                Some(file) => jobs::any(file.path(), store.as_ref()),
                None => Event::NoPath(purpose),
            }
        });
    }
}

/// A model found, as a row to draw.
fn row(found: Found) -> FileRow {
    let why = found.why().unwrap_or_default();
    FileRow {
        kind: found.words(),
        is_model: matches!(found.content, Content::Model(_)),
        quant: found.quant().unwrap_or_default().to_owned(),
        subject: found.subject().cloned().ok_or(why),
        path: crate::formats::shown(&found.path.display().to_string(), 300),
        name: found.name,
        bytes: found.bytes,
        files: found.files,
        program: found.program.name(),
        answer: None,
    }
}

fn judged(row: FileRow, asked: &Scenario) -> FileRow {
    let answer = row.subject.as_ref().ok().map(|subject: &Arc<_>| advice::judge(asked, subject));
    FileRow { answer, ..row }
}

/// A folder looked in, as a line to draw.
fn seen(looked: library::Looked) -> Looked {
    let said = match looked.reached {
        Reached::Read(0) => "nothing".to_owned(),
        Reached::Read(1) => "1 model".to_owned(),
        Reached::Read(count) => format!("{count} models"),
        Reached::Absent => "not there".to_owned(),
        Reached::Refused => "cannot be read".to_owned(),
    };
    let folder: PathBuf = looked.place.folder;
    Looked { program: looked.place.program.name(), folder, said, is_there: looked.reached != Reached::Absent }
}
