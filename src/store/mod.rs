//! Where profiles, models, quants and settings live, and how they get there without ever being half written.
//!
//! Invariant: no save overwrites a document it was not asked to replace, nor a file it cannot read; a save
//! that fails, or is killed, leaves the old file whole. Nothing is created until something is saved.

mod bounded;
mod error;
mod history;
mod own;
mod profiles;
mod shelf;
mod this;
mod write;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::formats::machine_doc::MachineDoc;
use crate::model::Architecture;
use crate::quant::CustomMix;

pub use bounded::{open_document, open_profile};
pub use error::StoreError;
pub use profiles::ProfileEntry;
pub use shelf::{Entry, SaveMode, Saved};
pub use this::THIS;
pub use write::atomic_write;

/// Names a folder to use in place of the system's, for tests and for a stick that carries its own data.
pub const FOLDER_VARIABLE: &str = "WILLITRUN_DATA_DIR";

const SETTINGS: &str = "settings.ron";
/// How long a file that a killed save left behind is kept: longer than any save takes.
const LEFTOVER_AGE: Duration = Duration::from_hours(24);

/// The user's folder of profiles and settings.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The folder that `WILLITRUN_DATA_DIR` names, else the system's for this app
    /// (`~/.local/share/willitrun`, `%APPDATA%\willitrun\data`, `~/Library/Application Support/willitrun`).
    ///
    /// # Errors
    /// [`StoreError::NoFolder`] when the variable is not set and the system names no home folder.
    pub fn open() -> Result<Self, StoreError> {
        if let Some(folder) = std::env::var_os(FOLDER_VARIABLE).filter(|value| !value.is_empty()) {
            return Ok(Self::at(folder));
        }
        directories::ProjectDirs::from("", "", "willitrun")
            .map(|folders| Self::at(folders.data_dir()))
            .ok_or(StoreError::NoFolder)
    }

    /// This very folder, which need not exist yet. What killed saves left in it long ago is removed.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        let store = Self { folder: folder.into() };
        remove_leftovers(&store.folder);
        remove_leftovers(&store.profiles_folder());
        remove_leftovers(&store.shelf::<Architecture>());
        remove_leftovers(&store.shelf::<CustomMix>());
        store
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where files for a moment may lie: the system's folder for that, or one within a folder that was named.
    #[must_use]
    pub fn cache_folder(&self) -> PathBuf {
        let system = directories::ProjectDirs::from("", "", "willitrun");
        match system.filter(|system| system.data_dir() == self.folder) {
            Some(system) => system.cache_dir().to_owned(),
            None => self.folder.join("cache"),
        }
    }

    /// The folder the profiles lie in.
    #[must_use]
    pub fn profiles_folder(&self) -> PathBuf {
        self.shelf::<MachineDoc>()
    }

    /// The text last given to [`save_settings`](Self::save_settings); `None` when nothing was saved yet.
    ///
    /// # Errors
    /// Refuses a file that cannot be read, is longer than 1 MiB, or is not UTF-8.
    pub fn load_settings(&self) -> Result<Option<String>, StoreError> {
        let path = self.folder.join(SETTINGS);
        match bounded::read_text(&path) {
            Ok(text) => Ok(Some(text)),
            Err(StoreError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps a text, in place of the last one.
    ///
    /// # Errors
    /// When the folder cannot be made or the file not written; the old settings are then still there.
    pub fn save_settings(&self, text: &str) -> Result<(), StoreError> {
        let path = self.folder.join(SETTINGS);
        write::make_folder(&self.folder)?;
        atomic_write(&path, text.as_bytes())
    }
}

/// Removes what saves that were killed left in a folder. One younger than a day may still be in use.
fn remove_leftovers(folder: &Path) {
    let Ok(files) = fs::read_dir(folder) else {
        return;
    };
    for file in files.flatten() {
        let name = file.file_name();
        let ours = name
            .to_str()
            .is_some_and(|name| name.starts_with(write::TEMPORARY.0) && name.ends_with(write::TEMPORARY.1));
        let old = || {
            let made = file.metadata().ok().filter(fs::Metadata::is_file)?.modified().ok()?;
            SystemTime::now().duration_since(made).ok()
        };
        if ours
            && old().is_some_and(|age| age > LEFTOVER_AGE)
            && let Err(error) = fs::remove_file(file.path())
        {
            log::warn!("{} was not removed: {error}", error::shown(&file.path()));
        }
    }
}
