//! The search: folders in, each model once out.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::formats::gguf::SplitName;
use crate::formats::text::clean_name;
use crate::measure::Cancel;
use crate::units::Bytes;

use super::unit::{Unit, is_wanted, units};
use super::walk::{Cancelled, Entry, Id, Limits, Looking, Scope, Walk};
use super::{Askable, Content, Found, Listing, Looked, Place, Program, Reached, ollama};

/// What GGUF files of vision parts call their architecture (llama.cpp `gguf-py/gguf/constants.py`, `MMPROJ`).
const VISION: &str = "clip";

/// Looks for models in folders, in this order: a model that lies in two of them, or goes by two names, is listed
/// where it was found first. None when it was called off.
pub fn scan(places: &[Place], limits: Limits, cancel: &Cancel, tell: &mut dyn FnMut(Looking)) -> Option<Listing> {
    let mut walk = Walk::new(limits, cancel, tell);
    let mut all = Gathered::default();
    let mut looked = Vec::new();
    for place in places {
        let before = all.models.len();
        let reached = match std::fs::read_dir(&place.folder) {
            Ok(_) => {
                gather(place, &mut walk, &mut all).ok()?;
                Reached::Read(all.models.len() - before)
            }
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                Reached::Absent
            }
            Err(error) => {
                walk.unread(&place.folder, &error);
                Reached::Refused
            }
        };
        looked.push(Looked { place: place.clone(), reached });
    }
    let findings = walk.findings;
    let mut models = all.models;
    models.sort_by_key(|found| (found.subject().is_none(), found.name.to_lowercase(), found.path.clone()));
    Some(Listing { models, looked, findings })
}

/// What has been found, each file once.
#[derive(Default)]
pub(super) struct Gathered {
    models: Vec<Found>,
    listed: HashSet<Id>,
}

impl Gathered {
    /// Whether a file was not listed before; it is from now on.
    pub fn is_new(&mut self, id: Id) -> bool {
        self.listed.insert(id)
    }

    /// Adds a model.
    pub fn list(&mut self, walk: &mut Walk<'_>, found: Found) {
        walk.found_one();
        self.models.push(found);
    }
}

fn gather(place: &Place, walk: &mut Walk<'_>, all: &mut Gathered) -> Result<(), Cancelled> {
    let folder = &place.folder;
    let is_ollama = |folder: &Path| folder.join("manifests").is_dir() && folder.join("blobs").is_dir();
    if place.program == Program::Ollama || place.program == Program::Added && is_ollama(folder) {
        return ollama::gather(folder, walk, all);
    }
    // Links of the hub's cache lead to its own blobs; one that leads elsewhere was not made by it.
    let within = (place.program == Program::HuggingFace).then(|| std::fs::canonicalize(folder).ok()).flatten();
    let enter = |name: &str, depth: usize| within.is_none() || depth > 1 || name.starts_with(REPOSITORY);
    let scope = Scope { enter: &enter, wanted: &is_wanted, within: within.as_deref() };
    let entries = walk.files(folder, &scope)?;
    for unit in units(entries) {
        walk.pause(folder)?;
        if let Some(found) = found(place, unit, all) {
            all.list(walk, found);
        }
    }
    Ok(())
}

/// The model of some files; none when it was listed before.
fn found(place: &Place, unit: Unit, all: &mut Gathered) -> Option<Found> {
    let is_folder = matches!(unit, Unit::Folder(..));
    let (path, files, content) = match unit {
        Unit::Gguf(files) => (files.first()?.path.clone(), files, None),
        Unit::Parts(files, said) => (files.first()?.path.clone(), files, Some(Content::Incomplete(said))),
        Unit::Folder(folder, files) => (folder, files, None),
        Unit::Download(file) => {
            let why = "This download has not finished: let it finish, or delete the file.".to_owned();
            (file.path.clone(), vec![file], Some(Content::Incomplete(why)))
        }
    };
    let seen: Vec<bool> = files.iter().map(|file| all.is_new(file.id.clone())).collect();
    if seen.first() != Some(&true) {
        return None;
    }
    let name = name(place, &path, is_folder, files.first()?);
    let content = content.unwrap_or_else(|| self::content(&path, &name));
    let bytes = files.iter().fold(0_u64, |all, file| all.saturating_add(file.bytes));
    let program = place.program;
    Some(Found { name, path, files: files.len(), bytes: Bytes::new(bytes), program, content })
}

/// What a file or a folder of files is.
pub(super) fn content(path: &Path, name: &str) -> Content {
    match Askable::open(path, Some(name), None) {
        Ok(file) if file.architecture == VISION => Content::Vision,
        Ok(file) => Content::Model(Box::new(file)),
        Err(error) => Content::Unread(format!("It cannot be read as a model: {}.", error.why)),
    }
}

/// How folders of models begin in the cache of the hub, with dashes in place of slashes.
const REPOSITORY: &str = "models--";

/// What to call a model: a folder by its repository, a file by its name.
fn name(place: &Place, path: &Path, is_folder: bool, first: &Entry) -> String {
    let inside = path.strip_prefix(&place.folder).unwrap_or(path);
    let repository = inside.iter().next().and_then(|part| part.to_str()?.strip_prefix(REPOSITORY));
    let unnamed = !first.name.contains(".gguf") && !first.name.contains(".safetensors");
    let plain = match repository {
        Some(repository) if is_folder || unnamed => repository.replacen("--", "/", 1),
        _ if is_folder => {
            let last: Vec<PathBuf> = inside.iter().rev().take(2).map(PathBuf::from).collect();
            let parts: Vec<String> = last.iter().rev().map(|part| part.display().to_string()).collect();
            if parts.is_empty() { path.display().to_string() } else { parts.join("/") }
        }
        _ => match SplitName::parse(&first.name) {
            Some(split) => split.stem().to_owned(),
            None => first.name.strip_suffix(".gguf").unwrap_or(&first.name).to_owned(),
        },
    };
    clean_name(&plain)
}
