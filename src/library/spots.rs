//! Where a disk can be read to see how fast it is: the largest model of a folder, or a file made for the purpose.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::detect::{folders, free_at, lies_in_memory};
use crate::measure::disk::ENOUGH;
use crate::units::Bytes;

use super::{Content, Found, Listing, Program, Reached};

/// A place a disk can be read at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Whose folder it is; none for the one this app was given.
    pub program: Option<Program>,
    /// The folder.
    pub folder: PathBuf,
    /// What is read in it; none for a file that is made there for the purpose.
    pub file: Option<Large>,
    /// Bytes free on its disk.
    pub free: Bytes,
}

/// A file large enough that no cache of a disk holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Large {
    /// What the model is called.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: Bytes,
}

/// Entries of a folder looked through for its largest file.
const MOST_FILES: usize = 4096;

/// Where to read, the best first: models on the disk of the home folder, models on other disks, then a file of this
/// app's own in `own`, and on each disk that has neither. What lies in RAM is no disk.
#[must_use]
pub fn spots(listing: &Listing, own: &Path) -> Vec<Spot> {
    let home = folders().first().and_then(|home| disk_of(home));
    let read = listing.looked.iter().filter(|looked| matches!(looked.reached, Reached::Read(_)));
    let read: Vec<_> = read.map(|looked| &looked.place).filter(|place| !lies_in_memory(&place.folder)).collect();
    let mut all: Vec<Spot> = Vec::new();
    for place in &read {
        let inside = listing.models.iter().filter(|found| found.path.starts_with(&place.folder));
        let largest = inside.filter_map(large).max_by_key(|file| file.bytes);
        let known = largest.as_ref().is_some_and(|file| all.iter().any(|spot| spot.file.as_ref() == Some(file)));
        if largest.is_some() && !known {
            all.push(spot(Some(place.program), &place.folder, largest));
        }
    }
    all.sort_by_key(|spot| {
        let bytes = spot.file.as_ref().map(|file| file.bytes);
        (disk_of(&spot.folder) != home, std::cmp::Reverse(bytes))
    });
    // A disk with a model on it is measured by that; the app's own folder is offered all the same.
    let mut disks: HashSet<Option<String>> = all.iter().map(|spot| disk_of(&spot.folder)).collect();
    if !lies_in_memory(own) {
        disks.insert(disk_of(own));
        all.push(spot(None, own, None));
    }
    for place in read {
        if disks.insert(disk_of(&place.folder)) {
            all.push(spot(Some(place.program), &place.folder, None));
        }
    }
    all
}

fn spot(program: Option<Program>, folder: &Path, file: Option<Large>) -> Spot {
    Spot { program, folder: folder.to_owned(), file, free: free_at(folder).unwrap_or_default() }
}

/// The largest file of a model, where that is enough.
fn large(found: &Found) -> Option<Large> {
    if !matches!(found.content, Content::Model(_)) {
        return None;
    }
    let size = |path: &Path| std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|told| told.len());
    let (path, bytes) = match size(&found.path) {
        Some(bytes) => (found.path.clone(), bytes),
        None => std::fs::read_dir(&found.path)
            .ok()?
            .take(MOST_FILES)
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter_map(|path| size(&path).map(|bytes| (path, bytes)))
            .max_by_key(|(_, bytes)| *bytes)?,
    };
    (bytes >= ENOUGH).then(|| Large { name: found.name.clone(), path, bytes: Bytes::new(bytes) })
}

/// What tells one disk from another: the device of the nearest folder that exists.
fn disk_of(folder: &Path) -> Option<String> {
    let there = folder.ancestors().find_map(|above| std::fs::canonicalize(above).ok())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Some(std::fs::metadata(there).ok()?.dev().to_string())
    }
    #[cfg(not(unix))]
    {
        there.components().next().map(|drive| drive.as_os_str().to_string_lossy().into_owned())
    }
}
