//! Reading a file that may be anything: huge, a pipe, a device, not text.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::Path;

use super::StoreError;
use crate::formats::any_doc::Document;
use crate::formats::machine_doc::{self, MachineDoc, Origin};
use crate::formats::tree::MOST_BYTES;

/// Reads a profile from anywhere; the user's own folder is not touched.
///
/// # Errors
/// Refuses what is no regular file (without waiting for a pipe), is longer than 1 MiB (without reading it),
/// is not UTF-8, or is not a good profile, the last with line and column.
pub fn open_profile(path: &Path, origin: Origin) -> Result<MachineDoc, StoreError> {
    let text = read_text(path)?;
    machine_doc::read(&text, origin).map_err(|error| StoreError::Refused { path: path.to_owned(), error })
}

/// Reads a document of any kind that users share, or the share code of one.
///
/// # Errors
/// As [`open_profile`].
pub fn open_document(path: &Path) -> Result<Document, StoreError> {
    let text = read_text(path)?;
    Document::read(&text).map_err(|error| StoreError::Refused { path: path.to_owned(), error })
}

/// The text of a regular file of at most 1 MiB.
pub(super) fn read_text(path: &Path) -> Result<String, StoreError> {
    let refuse = |why: String| StoreError::Unread { path: path.to_owned(), why };
    let too_long = |length: u64| {
        let megabytes = length as f64 / 1e6;
        refuse(format!("it is {megabytes:.1} MB long; the most is 1 MiB"))
    };
    // Looked at before it is opened, because opening alone can act on a device; and again after, because
    // the name may mean another file by then.
    let unread = |error| StoreError::unread(path, &error);
    let before = fs::metadata(path).map_err(unread)?;
    if !before.is_file() {
        return Err(refuse("it is not a regular file".to_owned()));
    }
    let file = without_waiting(path).map_err(unread)?;
    let metadata = file.metadata().map_err(unread)?;
    if !metadata.is_file() {
        return Err(refuse("it is not a regular file".to_owned()));
    }
    if metadata.len() > MOST_BYTES as u64 {
        return Err(too_long(metadata.len()));
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() > MOST_BYTES {
        return Err(too_long(bytes.len() as u64));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].split(|b| *b == b'\n').count();
        refuse(format!("line {line} is not UTF-8 text"))
    })
}

/// Opens for reading; a pipe that took the file's place does not block.
fn without_waiting(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK);
    }
    options.open(path)
}
