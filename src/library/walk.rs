//! Going through folders within limits.

use std::collections::HashSet;
use std::fs::{self, FileType, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::formats::text::clean;
use crate::hardware::Finding;
use crate::measure::Cancel;

/// How far a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Folders within folders, the first one not counted.
    pub depth: usize,
    /// Names looked at, all folders together.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 8, entries: 200_000 }
    }
}

/// How far a search is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looking {
    /// Names looked at so far.
    pub entries: u64,
    /// Models found so far.
    pub models: usize,
    /// Where it is, for people.
    pub folder: String,
}

/// The search was called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cancelled;

/// A regular file.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub path: PathBuf,
    pub name: String,
    pub bytes: u64,
    pub id: Id,
}

/// What a file or folder is, whatever name it goes by: device and inode, where there are such.
#[cfg(unix)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(u64, u64);

/// What a file or folder is, whatever name it goes by: its path with every link followed.
#[cfg(not(unix))]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(PathBuf);

impl Id {
    #[cfg(unix)]
    pub fn of(_: &Path, metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(metadata.dev(), metadata.ino())
    }

    #[cfg(not(unix))]
    pub fn of(path: &Path, _: &Metadata) -> Self {
        Self(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
    }
}

/// What of a folder is gone through.
pub(super) struct Scope<'a> {
    /// Whether a folder of this name, so deep below the first, is entered.
    pub enter: &'a dyn Fn(&str, usize) -> bool,
    /// Whether a file of this name is wanted.
    pub wanted: &'a dyn Fn(&str) -> bool,
    /// The folder that links may not lead out of, where there is one.
    pub within: Option<&'a Path>,
}

/// A search under way: its limits, and what it has seen.
pub(super) struct Walk<'a> {
    limits: Limits,
    cancel: &'a Cancel,
    tell: &'a mut dyn FnMut(Looking),
    told: Option<Instant>,
    at: Looking,
    folders: HashSet<Id>,
    pub findings: Vec<Finding>,
}

/// Progress is told so often at most.
const PAUSE: Duration = Duration::from_millis(100);

impl<'a> Walk<'a> {
    pub fn new(limits: Limits, cancel: &'a Cancel, tell: &'a mut dyn FnMut(Looking)) -> Self {
        let at = Looking::default();
        Self { limits, cancel, tell, told: None, at, folders: HashSet::new(), findings: Vec::new() }
    }

    /// The files below a folder that are wanted, by path. What cannot be read is a finding.
    pub fn files(&mut self, root: &Path, scope: &Scope<'_>) -> Result<Vec<Entry>, Cancelled> {
        let mut found = Vec::new();
        let mut open = vec![(root.to_owned(), 0)];
        let mut too_deep = false;
        while let Some((folder, depth)) = open.pop() {
            let Ok(metadata) = fs::metadata(&folder) else { continue };
            if !self.folders.insert(Id::of(&folder, &metadata)) {
                continue;
            }
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.unread(&folder, &error);
                    continue;
                }
            };
            for entry in entries.flatten() {
                if !self.count(&folder)? {
                    return Ok(sorted(found));
                }
                let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
                let Ok(kind) = entry.file_type() else { continue };
                let Some(metadata) = followed(&path, kind, scope.within) else { continue };
                if metadata.is_dir() && (scope.enter)(&name, depth + 1) {
                    if depth < self.limits.depth {
                        open.push((path, depth + 1));
                    } else {
                        too_deep = true;
                    }
                } else if metadata.is_file() && (scope.wanted)(&name) {
                    let id = Id::of(&path, &metadata);
                    found.push(Entry { path, name, bytes: metadata.len(), id });
                }
            }
        }
        if too_deep {
            let what = format!("Folders more than {} deep in {} were left out.", self.limits.depth, shown(root));
            self.findings.push(Finding::note(what, "Add the deeper folder itself."));
        }
        Ok(sorted(found))
    }

    /// Counts a name; false once the limit is met.
    fn count(&mut self, folder: &Path) -> Result<bool, Cancelled> {
        self.pause(folder)?;
        if self.at.entries >= self.limits.entries {
            let what = format!("The search ended after {} names, in {}.", self.limits.entries, shown(folder));
            if !self.findings.iter().any(|finding| finding.what == what) {
                self.findings.push(Finding::warning(what, "Add a folder with fewer files in it."));
            }
            return Ok(false);
        }
        self.at.entries += 1;
        Ok(true)
    }

    /// Tells where the search is, and ends it when it was called off.
    pub fn pause(&mut self, folder: &Path) -> Result<(), Cancelled> {
        if self.cancel.is_cancelled() {
            return Err(Cancelled);
        }
        if self.told.is_none_or(|told| told.elapsed() >= PAUSE) {
            self.told = Some(Instant::now());
            self.at.folder = shown(folder);
            (self.tell)(self.at.clone());
        }
        Ok(())
    }

    /// Counts a model.
    pub fn found_one(&mut self) {
        self.at.models += 1;
    }

    /// A folder that cannot be read.
    pub fn unread(&mut self, folder: &Path, error: &std::io::Error) {
        let what = format!("{} cannot be read: {error}.", shown(folder));
        self.findings.push(Finding::warning(what, "Ask for the right to read it, or leave it out."));
    }
}

/// What a name stands for; none when it is gone, or leads where it may not.
fn followed(path: &Path, kind: FileType, within: Option<&Path>) -> Option<Metadata> {
    if kind.is_symlink()
        && let Some(within) = within
        && !fs::canonicalize(path).ok()?.starts_with(within)
    {
        return None;
    }
    fs::metadata(path).ok()
}

fn sorted(mut found: Vec<Entry>) -> Vec<Entry> {
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// A path for a sentence.
pub(super) fn shown(path: &Path) -> String {
    clean(&path.display().to_string(), 300)
}
