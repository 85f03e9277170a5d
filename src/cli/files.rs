//! Files named on the command line: bounded, regular, with the path in every error.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::Path;

/// The most a document on the command line may hold.
const MOST: u64 = 1 << 20;
/// The most a batch file may hold.
const MOST_BATCH: u64 = 64 << 20;

/// The text of a document.
///
/// # Errors
/// A sentence with the path: not there, not a file, too large, not text.
pub(super) fn text(path: &Path) -> Result<String, String> {
    String::from_utf8(bounded(path, MOST)?).map_err(|_| format!("{} is not text", path.display()))
}

/// The bytes of a batch file: a line that is not text spoils no other.
///
/// # Errors
/// As [`text`], but for what is not text.
pub(super) fn batch(path: &Path) -> Result<Vec<u8>, String> {
    bounded(path, MOST_BATCH)
}

fn bounded(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let name = path.display();
    let mut file = open(path).map_err(|error| format!("{name} cannot be opened: {error}"))?;
    let meta = file.metadata().map_err(|error| format!("{name} cannot be read: {error}"))?;
    if !meta.is_file() {
        return Err(format!("{name} is not a regular file"));
    }
    if meta.len() > most {
        return Err(format!("{name} is larger than {} MiB: it is not a file of this kind", most >> 20));
    }
    let mut bytes = Vec::new();
    file.by_ref().take(most).read_to_end(&mut bytes).map_err(|error| format!("{name} cannot be read: {error}"))?;
    Ok(bytes)
}

/// Opens without waiting for a writer, should the path be a pipe.
fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path)
}
