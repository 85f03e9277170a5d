//! Documents of one kind in a folder of the user's: machines, models, quants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::bounded::read_text;
use super::write::{Existing, Outcome, make_folder, place};
use super::{Store, StoreError, error::shown};
use crate::formats::machine_doc::DocError;
use crate::hardware::Finding;

/// More files than this in a folder are not looked at.
const MOST_FILES: usize = 4096;

/// What is kept as a document in a folder of its own, one file each.
pub(super) trait Kept: Clone {
    /// Its folder below the user's.
    const FOLDER: &'static str;
    /// What it is called in a sentence.
    const KIND: &'static str;
    /// Its id.
    fn id(&self) -> &str;
    /// Gives it another id.
    fn set_id(&mut self, id: String);
    /// Reads one of the user's own.
    fn read(text: &str) -> Result<Self, DocError>;
    /// Writes it so that it can be read again.
    fn write(&self) -> String;
    /// Whether no new document may take an id.
    fn is_taken(&self, id: &str) -> bool;
    /// Why it may not replace another of its id, if so.
    fn differs(&self, _other: &Self) -> Option<&'static str> {
        None
    }
}

/// A document in the user's folder.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    /// Its file.
    pub path: PathBuf,
    /// What is in it.
    pub doc: T,
}

/// What a save does about a document of the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveMode {
    /// Replaces it where both are the user's own, or both from elsewhere; else refuses.
    ReplaceOwn,
    /// Leaves it, and takes the next free id: `id-2`, `id-3`.
    NewName,
}

/// Where a document was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The id it now has.
    pub id: String,
    /// Its file.
    pub path: PathBuf,
}

impl Store {
    /// The folder documents of a kind lie in.
    pub(super) fn shelf<T: Kept>(&self) -> PathBuf {
        self.folder.join(T::FOLDER)
    }

    /// Every good document of a kind, by id, and a finding for every file that is none. No file is changed or
    /// moved.
    pub(super) fn list<T: Kept>(&self) -> (Vec<Entry<T>>, Vec<Finding>) {
        let (paths, mut findings) = self.files::<T>();
        let mut entries: BTreeMap<String, Entry<T>> = BTreeMap::new();
        for path in paths {
            let doc: T = match open_own(&path) {
                Ok(doc) => doc,
                Err(error) => {
                    findings.push(error.finding());
                    continue;
                }
            };
            let id = doc.id().to_owned();
            let Some(first) = entries.get(&id) else {
                entries.insert(id, Entry { path, doc });
                continue;
            };
            let (first, second) = (shown(&first.path), shown(&path));
            findings.push(Finding::warning(
                format!("{second} has the id '{id}' of {first} and is not used"),
                "give one of them another id",
            ));
        }
        (entries.into_values().collect(), findings)
    }

    /// Saves a document under its id, or under the next free one.
    pub(super) fn save<T: Kept>(&self, doc: &T, mode: SaveMode) -> Result<Saved, StoreError> {
        make_folder(&self.shelf::<T>())?;
        match mode {
            SaveMode::ReplaceOwn => self.replace(doc),
            SaveMode::NewName => self.add(doc),
        }
    }

    /// Removes the document of an id; whether there was one.
    pub(super) fn remove<T: Kept>(&self, id: &str) -> Result<bool, StoreError> {
        let (entries, _) = self.list::<T>();
        let Some(entry) = entries.into_iter().find(|entry| entry.doc.id() == id) else { return Ok(false) };
        fs::remove_file(&entry.path).map(|()| true).map_err(|error| StoreError::unremoved(&entry.path, &error))
    }

    fn replace<T: Kept>(&self, doc: &T) -> Result<Saved, StoreError> {
        let id = doc.id();
        let file = self.file_of::<T>(id);
        let (entries, _) = self.list::<T>();
        let same_id = entries.iter().find(|entry| entry.doc.id() == id);
        let path = same_id.map_or(&file, |entry| &entry.path);
        let refuse = |why: &str| StoreError::Unsaved {
            path: path.clone(),
            why: why.to_owned(),
            remedy: "save under a new name",
        };
        let not_this = || refuse(&format!("a file that is not this {} has that name", T::KIND));
        match same_id {
            Some(entry) => {
                if let Some(why) = doc.differs(&entry.doc) {
                    return Err(refuse(why));
                }
            }
            None if fs::symlink_metadata(path).is_ok() => return Err(not_this()),
            None => {}
        }
        let text = checked(doc, path)?;
        let existing = same_id.map_or(Existing::Kept, |_| Existing::Replaced);
        if place(path, text.as_bytes(), existing)? == Outcome::Occupied {
            return Err(not_this());
        }
        Ok(Saved { id: id.to_owned(), path: path.clone() })
    }

    fn add<T: Kept>(&self, doc: &T) -> Result<Saved, StoreError> {
        let (entries, _) = self.list::<T>();
        let taken: BTreeSet<&str> = entries.iter().map(|entry| entry.doc.id()).collect();
        let mut doc = doc.clone();
        let wanted = doc.id().to_owned();
        let mut number = 1_u32;
        loop {
            doc.set_id(numbered(&wanted, number));
            number += 1;
            let path = self.file_of::<T>(doc.id());
            if taken.contains(doc.id()) || doc.is_taken(doc.id()) || fs::symlink_metadata(&path).is_ok() {
                continue;
            }
            let text = checked(&doc, &path)?;
            // Another process may have taken the name since; then the next one is tried.
            if place(&path, text.as_bytes(), Existing::Kept)? == Outcome::Written {
                return Ok(Saved { id: doc.id().to_owned(), path });
            }
        }
    }

    /// The file a new document of this id gets.
    fn file_of<T: Kept>(&self, id: &str) -> PathBuf {
        let reserved = if is_reserved(id) { "-" } else { "" };
        self.shelf::<T>().join(format!("{id}{reserved}.ron"))
    }

    /// The files of the folder that should be documents, by name. A folder that is not there is empty.
    fn files<T: Kept>(&self) -> (Vec<PathBuf>, Vec<Finding>) {
        let folder = self.shelf::<T>();
        let mut findings = Vec::new();
        let mut paths = Vec::new();
        match fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(files) => paths.extend(files.iter().map(fs::DirEntry::path)),
            Err(error) => match StoreError::unread(&folder, &error) {
                StoreError::Missing { .. } => {}
                error => findings.push(Finding::warning(error.what(), "make the folder readable")),
            },
        }
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "ron"));
        paths.sort();
        if paths.len() > MOST_FILES {
            findings.push(Finding::warning(
                format!("{} has {} files; the first {MOST_FILES} are used", shown(&folder), paths.len()),
                "move some of them away",
            ));
            paths.truncate(MOST_FILES);
        }
        (paths, findings)
    }
}

/// The text of a document, once it is sure that it will be read again.
fn checked<T: Kept>(doc: &T, path: &Path) -> Result<String, StoreError> {
    let text = doc.write();
    match T::read(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(StoreError::Unsaved {
            path: path.to_owned(),
            why: format!("it could not be read again ({})", error.what),
            remedy: "correct that and save again",
        }),
    }
}

/// One of the user's own files.
fn open_own<T: Kept>(path: &Path) -> Result<T, StoreError> {
    T::read(&read_text(path)?).map_err(|error| StoreError::Refused { path: path.to_owned(), error })
}

/// `id`, `id-2`, `id-3`, never longer than an id may be.
fn numbered(id: &str, number: u32) -> String {
    if number < 2 {
        return id.to_owned();
    }
    let ending = format!("-{number}");
    let stem: String = id.chars().take(64 - ending.len()).collect();
    stem + &ending
}

/// Names that mean a device on Windows, whatever their ending.
fn is_reserved(id: &str) -> bool {
    let numbered = |stem: &str| {
        id.strip_prefix(stem).is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(id, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}
