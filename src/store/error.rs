//! Why something was not read or saved.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::formats::machine_doc::DocError;
use crate::formats::text::is_unsafe;
use crate::hardware::Finding;

/// Why something was not read or saved: one sentence that names the file, the place and the remedy.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// The system names no home folder.
    NoFolder,
    /// There is no such file.
    Missing {
        /// As given.
        path: PathBuf,
    },
    /// It was not read, whatever is in it.
    Unread {
        /// As given.
        path: PathBuf,
        /// What the system says, or what is wrong with the file.
        why: String,
    },
    /// It was read and is not a good document.
    Refused {
        /// As given.
        path: PathBuf,
        /// Line, column and sentence.
        error: DocError,
    },
    /// It was not written; what was there before is still there.
    Unsaved {
        /// As given.
        path: PathBuf,
        /// What the system says, or what is wrong with the target.
        why: String,
        /// What to do.
        remedy: &'static str,
    },
    /// It was not removed; it is still there.
    Unremoved {
        /// As given.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
}

impl StoreError {
    /// The file that is meant, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::NoFolder => None,
            Self::Missing { path }
            | Self::Unread { path, .. }
            | Self::Refused { path, .. }
            | Self::Unremoved { path, .. }
            | Self::Unsaved { path, .. } => Some(path),
        }
    }

    /// What is so, with the file and the place.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::NoFolder => "the system names no home folder to keep profiles in".to_owned(),
            Self::Missing { path } => format!("{} is not there", shown(path)),
            Self::Unread { path, why } => format!("{} was not read: {why}", shown(path)),
            Self::Refused { path, error } => format!("{}, {error}", shown(path)),
            Self::Unremoved { path, why } => format!("{} was not removed: {why}", shown(path)),
            Self::Unsaved { path, why, .. } => format!("{} was not saved: {why}", shown(path)),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &str {
        match self {
            Self::NoFolder => "set WILLITRUN_DATA_DIR to a folder",
            Self::Missing { .. } => "check the path",
            Self::Unread { .. } => "make it a readable file of at most 1 MiB",
            Self::Refused { error, .. } if error.needs_newer_app() => "update willitrun",
            Self::Refused { .. } => "correct it there, or move the file away",
            Self::Unremoved { .. } => "allow changing the folder",
            Self::Unsaved { remedy, .. } => remedy,
        }
    }

    /// For a list of findings.
    #[must_use]
    pub fn finding(&self) -> Finding {
        Finding::warning(self.what(), self.remedy())
    }

    pub(super) fn unread(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::Unread { path, why: plain(error) },
        }
    }

    pub(super) fn unremoved(path: &Path, error: &io::Error) -> Self {
        Self::Unremoved { path: path.to_owned(), why: plain(error) }
    }

    pub(super) fn unsaved(path: &Path, error: &io::Error) -> Self {
        use io::ErrorKind::{
            FileTooLarge, NotADirectory, NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
        };
        let remedy = match error.kind() {
            StorageFull | QuotaExceeded => "free some space and save again",
            FileTooLarge => "raise the limit on file sizes or choose another disk",
            PermissionDenied => "allow writing to the folder or choose another one",
            ReadOnlyFilesystem => "choose a folder that can be written to",
            NotFound | NotADirectory => "choose a folder that is there",
            _ => "save again or choose another folder",
        };
        Self::Unsaved { path: path.to_owned(), why: plain(error), remedy }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what(), self.remedy())
    }
}

impl std::error::Error for StoreError {}

/// The system's words without their number.
fn plain(error: &io::Error) -> String {
    // tempfile adds its own path behind the system's words; the number stands before it.
    let text = error.to_string();
    let end = text.find(" (os error").or_else(|| text.find(" at path")).unwrap_or(text.len());
    text[..end].to_lowercase()
}

/// A path as given, except that no control or bidirectional character of it reaches a terminal.
pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy().chars().map(|c| if is_unsafe(c) { '\u{fffd}' } else { c }).collect()
}
