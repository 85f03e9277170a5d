//! Models and quants of the user's own: kept, opened, shared, removed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::formats::any_doc::Document;
use crate::hardware::Finding;
use crate::model::Architecture;
use crate::quant::CustomMix;
use crate::store::{SaveMode, Saved, Store, StoreError, atomic_write, open_document};
use crate::ui::Own;
use crate::ui::bench::PathFor;

use super::jobs::shown;
use super::{App, Event, Jobs};

/// The models and quants of the user's own.
#[derive(Clone, Debug, Default)]
pub struct OwnDocuments {
    /// Models, by id.
    pub models: Vec<Arc<Architecture>>,
    /// Quants, by id.
    pub quants: Vec<Arc<CustomMix>>,
    /// The files that are none.
    pub findings: Vec<Finding>,
}

impl OwnDocuments {
    /// What lies in the user's folder.
    pub(super) fn list(store: &Store) -> Self {
        let (models, mut findings) = store.models();
        let (quants, bad) = store.quants();
        findings.extend(bad);
        Self {
            models: models.into_iter().map(|entry| Arc::new(entry.doc)).collect(),
            quants: quants.into_iter().map(|entry| Arc::new(entry.doc)).collect(),
            findings,
        }
    }
}

impl App {
    pub(super) fn save_own(&mut self, own: Own) {
        let Some(bench) = &mut self.bench else { return };
        let Some(store) = self.store.clone() else {
            bench.tell_failure("The system names no folder to keep it in; set WILLITRUN_DATA_DIR to one.");
            return;
        };
        let Some(document) = bench.own_document(own) else { return };
        let mode = if bench.is_kept(own) { SaveMode::ReplaceOwn } else { SaveMode::NewName };
        self.jobs.save_own(store, document, mode);
    }

    pub(super) fn export_own(&self, own: Own, path: Option<PathBuf>) {
        let Some(document) = self.bench.as_ref().and_then(|bench| bench.own_document(own)) else { return };
        match path {
            Some(path) => self.jobs.write(path, document),
            None => self.jobs.ask_path(PathFor::ExportOwn(own), document),
        }
    }

    pub(super) fn remove_own(&self, own: Own) {
        let document = self.bench.as_ref().and_then(|bench| bench.own_document(own));
        if let (Some(document), Some(store)) = (document, self.store.clone()) {
            self.jobs.remove_own(store, document);
        }
    }

    pub(super) fn own_listed(&mut self, own: OwnDocuments) {
        if let Some(bench) = &mut self.bench {
            // What was told once does not hide what is told now.
            if let Some(finding) = own.findings.iter().find(|finding| !self.documents.findings.contains(finding)) {
                bench.tell_failure(format!("{} {}", finding.what, finding.remedy));
            }
            bench.own_models.clone_from(&own.models);
            bench.own_quants.clone_from(&own.quants);
        }
        self.documents = own;
        self.fields.clear();
    }
}

impl Jobs {
    /// Opens the document in a share code and keeps a copy among the user's own.
    pub(super) fn open_code(&self, code: String, store: Option<Store>) {
        self.spawn("code", move |_| match Document::read(&code) {
            Ok(document) => take(document, store.as_ref()),
            Err(error) => Event::Failed(error.to_string()),
        });
    }

    fn save_own(&self, store: Store, document: Document, mode: SaveMode) {
        self.spawn("save", move |_| match keep(document, &store, mode) {
            Ok((document, saved)) => {
                let said = format!("Saved as {} in {}.", saved.id, shown(&saved.path));
                Event::Taken(document, said)
            }
            Err(error) => Event::Failed(error.to_string()),
        });
    }

    fn write(&self, path: PathBuf, document: Document) {
        self.spawn("export", move |_| write(&path, &document));
    }

    fn remove_own(&self, store: Store, document: Document) {
        self.spawn("remove", move |_| {
            let removed = match &document {
                Document::Machine(_) => Ok(false),
                Document::Model(model) => store.remove_model(&model.id),
                Document::Quant(mix) => store.remove_quant(&mix.id),
            };
            match removed {
                Ok(_) => Event::Saved(format!(
                    "Removed {} from yours. It stays on screen: save it to have it back.",
                    document.name()
                )),
                Err(error) => Event::Failed(error.to_string()),
            }
        });
    }
}

/// Writes a document to a path.
pub(super) fn write(path: &Path, document: &Document) -> Event {
    match atomic_write(path, document.write().as_bytes()) {
        Ok(()) => Event::Saved(format!("Written to {}.", shown(path))),
        Err(error) => Event::Failed(error.to_string()),
    }
}

/// Opens a file and keeps a copy among the user's own, never over another.
pub(super) fn open(path: &Path, store: Option<&Store>) -> Event {
    match open_document(path) {
        Ok(document) => take(document, store),
        Err(error) => Event::Failed(error.to_string()),
    }
}

fn take(document: Document, store: Option<&Store>) -> Event {
    let Some(store) = store else {
        return Event::Taken(document, "Opened; it is not kept, as there is no folder to keep it in.".to_owned());
    };
    if is_kept(&document, store) {
        let said = format!("Opened {}, which is among yours already.", document.name());
        return Event::Taken(document, said);
    }
    match keep(document.clone(), store, SaveMode::NewName) {
        Ok((document, saved)) => {
            let said = format!("Opened {}; kept among yours as {}.", document.name(), saved.id);
            Event::Taken(document, said)
        }
        Err(error) => Event::Taken(document, format!("Opened, but not kept: {error}")),
    }
}

/// Whether the very same model or quant is among the user's own.
fn is_kept(document: &Document, store: &Store) -> bool {
    match document {
        Document::Machine(_) => false,
        Document::Model(model) => store.models().0.iter().any(|entry| entry.doc == **model),
        Document::Quant(mix) => store.quants().0.iter().any(|entry| entry.doc == **mix),
    }
}

/// Saves a document; it comes back with the id it now has.
fn keep(mut document: Document, store: &Store, mode: SaveMode) -> Result<(Document, Saved), StoreError> {
    let saved = match &mut document {
        Document::Machine(doc) => {
            let saved = store.save_profile(doc, mode)?;
            doc.machine.id.clone_from(&saved.id);
            saved
        }
        Document::Model(model) => {
            let saved = store.save_model(model, mode)?;
            model.id.clone_from(&saved.id);
            saved
        }
        Document::Quant(mix) => {
            let saved = store.save_quant(mix, mode)?;
            mix.id.clone_from(&saved.id);
            saved
        }
    };
    Ok((document, saved))
}

/// A share code that was pasted, unless it was into a field.
pub(super) fn pasted_code(ui: &egui::Ui) -> Option<String> {
    if ui.ctx().text_edit_focused() {
        return None;
    }
    ui.input(|input| {
        input.events.iter().find_map(|event| match event {
            egui::Event::Paste(text) if text.trim_start().starts_with("WIR") => Some(text.clone()),
            _ => None,
        })
    })
}
