//! Opening a model file: a GGUF with its siblings.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::formats::gguf::{self, Header, Source, SplitName};
use crate::formats::gguf_model::GgufModel;
use crate::formats::text::{clean, clean_name};

/// The longest path that is shown.
const PATH_CHARS: usize = 400;

/// Why a model file was not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryError {
    /// The file.
    pub path: PathBuf,
    /// Why, in words.
    pub why: String,
}

impl fmt::Display for LibraryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", clean(&self.path.display().to_string(), PATH_CHARS), self.why)
    }
}

impl std::error::Error for LibraryError {}

/// Reads a GGUF model from the headers of its files. Any part of a split model will do: the others are looked
/// for beside it, under the names that its own name implies.
///
/// # Errors
/// The file and the reason: no regular file, cut short, not GGUF, a part that is not there.
pub fn open_gguf(path: &Path) -> Result<GgufModel, LibraryError> {
    let file_name = path.file_name().and_then(|name| name.to_str());
    let split = file_name.and_then(SplitName::parse);
    let paths: Vec<PathBuf> = match &split {
        Some(name) => (1..=name.count()).map(|part| path.with_file_name(name.of_part(part))).collect(),
        None => vec![path.to_owned()],
    };
    let count = paths.len();
    let mut headers = Vec::new();
    for (at, part) in paths.iter().enumerate() {
        let header = header(part).map_err(|error| match count {
            1 => error,
            _ => LibraryError { why: format!("part {} of {count}: {}", at + 1, error.why), ..error },
        })?;
        headers.push(header);
    }
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let id = clean_name(split.as_ref().map_or(stem.as_str(), SplitName::stem));
    GgufModel::new(&id, headers).map_err(|why| LibraryError { path: path.to_owned(), why })
}

/// The header of one file.
fn header(path: &Path) -> Result<Header, LibraryError> {
    let (file, length) = regular(path)?;
    let mut source = FileSource { file };
    gguf::read(&mut source, length).map_err(|error| refused(path, error.to_string()))
}

/// A file read from any place.
struct FileSource {
    file: File,
}

impl Source for FileSource {
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        self.file.seek(SeekFrom::Start(offset)).map_err(|error| error.to_string())?;
        loop {
            match self.file.read(into) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return read.map_err(|error| error.to_string()),
            }
        }
    }
}

/// Opens a regular file without waiting, and says how long it is.
///
/// It is looked at before it is opened, because opening alone can act on a device; and again after, because the
/// name may mean another file by then.
pub(super) fn regular(path: &Path) -> Result<(File, u64), LibraryError> {
    let unread = |error: std::io::Error| refused(path, format!("it cannot be opened: {error}"));
    if !fs::metadata(path).map_err(unread)?.is_file() {
        return Err(refused(path, "it is not a regular file".to_owned()));
    }
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path).map_err(unread)?;
    let metadata = file.metadata().map_err(unread)?;
    if !metadata.is_file() {
        return Err(refused(path, "it is not a regular file".to_owned()));
    }
    Ok((file, metadata.len()))
}

pub(super) fn refused(path: &Path, why: String) -> LibraryError {
    LibraryError { path: path.to_owned(), why }
}
