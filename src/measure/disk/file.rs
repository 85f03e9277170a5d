//! The file a disk is measured with: one that is there, or a temporary one that is always removed.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use super::aligned::Block;
use super::{DiskOptions, EXPERT};
use crate::measure::{Cancel, MeasureError};

/// The size of a file of which no disk keeps much in a cache of its own: the largest temporary one.
pub const ENOUGH: u64 = 1 << 30;
/// The least worth reading.
const LEAST: u64 = 64 << 20;
/// Of the free space one part in this many may be used.
const SHARE: u64 = 10;
const PREFIX: &str = "willitrun-disk-";
const SUFFIX: &str = ".tmp";
/// Tells apart the files of one process.
static NUMBER: AtomicU32 = AtomicU32::new(0);
/// Where the system does not say whether a file is in use: no measurement takes longer, what is older was left behind.
const LEFTOVER_AGE: Duration = Duration::from_mins(10);
/// Between being made and being locked a file is this young.
const MAKING: Duration = Duration::from_secs(10);

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// A file that was there.
    Existing,
    /// One made for the purpose.
    Temporary,
}

impl PathKind {
    /// The words in a result.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Existing => "existing file",
            Self::Temporary => "temporary file",
        }
    }
}

/// Whether the system's cache was passed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cached {
    /// It was: this is the disk.
    Past,
    /// The file system refused: this may be RAM.
    Through,
}

/// A file open for reading.
pub(super) struct Opened {
    file: File,
    pub(super) cached: Cached,
}

/// What is read.
pub(super) struct Target {
    pub(super) opened: Opened,
    /// The same through the cache.
    pub(super) buffered: Option<Opened>,
    pub(super) kind: PathKind,
    /// Whole pieces of the size of an expert.
    pub(super) bytes: u64,
}

impl Target {
    /// Opens the file that is there, or makes one.
    ///
    /// # Errors
    /// A sentence, or the cancel.
    pub(super) fn open(
        options: &DiskOptions,
        cancel: &Cancel,
        written: &mut dyn FnMut(f64),
    ) -> Result<Self, MeasureError> {
        if crate::detect::lies_in_memory(options.file.as_deref().unwrap_or(&options.folder)) {
            return Err(MeasureError::Disk(
                "This place lies in RAM, not on a disk; name a large file on a disk.".into(),
            ));
        }
        match &options.file {
            Some(path) => Self::existing(path),
            None => Self::temporary(options, cancel, written),
        }
    }

    fn existing(path: &Path) -> Result<Self, MeasureError> {
        let refused = |error: io::Error| MeasureError::Disk(format!("The file cannot be opened ({}).", error.kind()));
        // A pipe would be waited for, a device read without an end.
        if !std::fs::metadata(path).map_err(refused)?.is_file() {
            return Err(MeasureError::Disk("That is no file; take a model file of 1 GB or more.".into()));
        }
        let opened = Opened::past_the_cache(path).map_err(refused)?;
        let bytes = opened.file.metadata().map_err(refused)?.len() / EXPERT as u64 * EXPERT as u64;
        if bytes == 0 {
            return Err(MeasureError::Disk("The file is too small to measure with; take one of 1 GB or more.".into()));
        }
        Ok(Self { opened, buffered: Opened::plain(path).ok(), kind: PathKind::Existing, bytes })
    }

    fn temporary(options: &DiskOptions, cancel: &Cancel, written: &mut dyn FnMut(f64)) -> Result<Self, MeasureError> {
        let bytes = (options.free_bytes / SHARE).min(ENOUGH) / EXPERT as u64 * EXPERT as u64;
        if bytes < LEAST {
            return Err(MeasureError::Disk(format!(
                "Only {} MB are free on the disk, and a measurement takes at most a tenth; free some, or name a large file.",
                options.free_bytes / 1_000_000
            )));
        }
        let refused = |error: &io::Error| {
            MeasureError::Disk(format!("No file for the measurement can be written ({}).", error.kind()))
        };
        std::fs::create_dir_all(&options.folder).map_err(|error| refused(&error))?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = options.folder.join(format!("{PREFIX}{}-{number}{SUFFIX}", std::process::id()));
        let new = create(&path).map_err(|error| refused(&error))?;
        // Only what was made here is removed.
        let named = Named(&path);
        let opened = Opened::past_the_cache(&path).map_err(|error| refused(&error))?;
        let buffered = Opened::plain(&path).ok();
        // From here on it has no name where the system allows that: it ends with this process.
        if cfg!(unix) {
            drop(named);
        }
        fill(&new, bytes, cancel, written).map_err(|error| match error {
            Some(error) => refused(&error),
            None => MeasureError::Cancelled,
        })?;
        Ok(Self { opened, buffered, kind: PathKind::Temporary, bytes })
    }
}

/// A path that is removed when it goes out of scope.
struct Named<'a>(&'a Path);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        // One that is gone already is what was wanted.
        let _ = std::fs::remove_file(self.0);
    }
}

/// Writes words that no disk packs, and has them reach the disk.
fn fill(file: &File, bytes: u64, cancel: &Cancel, written: &mut dyn FnMut(f64)) -> Result<(), Option<io::Error>> {
    let mut block = Block::new(EXPERT).map_err(Some)?;
    let mut word = 0x9E37_79B9_7F4A_7C15_u64;
    let mut at = 0;
    while at < bytes {
        if cancel.is_cancelled() {
            return Err(None);
        }
        for eight in block.bytes_mut().chunks_exact_mut(8) {
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            eight.copy_from_slice(&word.to_le_bytes());
        }
        write_at(file, block.bytes_mut(), at).map_err(Some)?;
        at += EXPERT as u64;
        // Piece by piece, so that a cancel never waits for a long one.
        if at % (8 * EXPERT as u64) == 0 {
            file.sync_data().map_err(Some)?;
        }
        written(at as f64 / bytes as f64);
    }
    file.sync_all().map_err(Some)
}

impl Opened {
    fn plain(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, cached: Cached::Through })
    }

    /// Bytes at a place; short only at the end.
    pub(super) fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        read_at(&self.file, into, at)
    }
}

/// Removes what a measurement that was killed left in a folder.
pub fn remove_leftovers(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        // Of a link only the link is asked.
        let told = entry.metadata().ok().filter(std::fs::Metadata::is_file);
        let age = told.and_then(|told| SystemTime::now().duration_since(told.modified().ok()?).ok());
        if ours && age.is_some_and(|age| age > MAKING && (age > LEFTOVER_AGE || is_unused(&entry.path()))) {
            // One in use stays where the system keeps it.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether surely no measurement has this file: it would hold a lock on it.
#[cfg(unix)]
fn is_unused(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Windows has the file itself go with the process that made it; a lock would keep that process from reading it.
#[cfg(not(unix))]
fn is_unused(_path: &Path) -> bool {
    false
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    // Tells another start of this program that it is in use; where there are no locks its age has to.
    let _ = file.try_lock();
    // What is written through the cache would be read from it.
    #[cfg(target_vendor = "apple")]
    past_the_cache(&file);
    Ok(file)
}

/// Whether what is read and written by this file passes the cache by from now on.
#[cfg(target_vendor = "apple")]
fn past_the_cache(file: &File) -> bool {
    use std::os::fd::AsRawFd as _;
    // SAFETY: the descriptor is open as long as `file`; the call changes its mode only.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_NOCACHE, 1) != -1 }
}

/// Deleted by the system when its last handle is closed, also after a kill.
#[cfg(windows)]
fn create(path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt as _;
    const SHARE_ALL: u32 = 7;
    const DELETE_ON_CLOSE: u32 = 0x0400_0000;
    const DELETE_AND_WRITE: u32 = 0x0001_0000 | 0x4000_0000;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .access_mode(DELETE_AND_WRITE)
        .share_mode(SHARE_ALL)
        .custom_flags(DELETE_ON_CLOSE)
        .open(path)
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, at)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(windows)]
fn read_at(file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, at)
}

#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    let written = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
    if written == bytes.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
}

impl Opened {
    /// By `O_DIRECT`; a file system without it (tmpfs, some overlays) is read through the cache.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn past_the_cache(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;
        match OpenOptions::new().read(true).custom_flags(libc::O_DIRECT).open(path) {
            Ok(file) => Ok(Self { file, cached: Cached::Past }),
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Self::plain(path),
            Err(error) => Err(error),
        }
    }

    /// By `F_NOCACHE`; what the cache holds already is still read from it, so a file just written was written so too.
    #[cfg(target_vendor = "apple")]
    fn past_the_cache(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let cached = if past_the_cache(&file) { Cached::Past } else { Cached::Through };
        Ok(Self { file, cached })
    }

    /// By `FILE_FLAG_NO_BUFFERING`, which wants whole sectors: every piece here is.
    #[cfg(windows)]
    fn past_the_cache(path: &Path) -> io::Result<Self> {
        use std::os::windows::fs::OpenOptionsExt as _;
        const SHARE_ALL: u32 = 7;
        const NO_BUFFERING: u32 = 0x2000_0000;
        let file = OpenOptions::new().read(true).share_mode(SHARE_ALL).custom_flags(NO_BUFFERING).open(path)?;
        Ok(Self { file, cached: Cached::Past })
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple", windows)))]
    fn past_the_cache(path: &Path) -> io::Result<Self> {
        Self::plain(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_measurement_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = |name: &str, age: Duration| {
            let file = File::create(folder.path().join(name)).expect("a file");
            file.set_modified(SystemTime::now() - age).expect("an age");
            file
        };
        let name = |number: u32| format!("{PREFIX}{number}{SUFFIX}");
        drop(made(&name(1), Duration::from_hours(1)));
        drop(made(&name(2), Duration::from_mins(1)));
        drop(made(&name(3), Duration::ZERO));
        drop(made("willitrun-disk-notes.txt", Duration::from_hours(1)));
        drop(made("model.gguf", Duration::from_hours(1)));
        let used = made(&name(4), Duration::from_mins(1));
        used.try_lock().expect("nobody else has it");
        std::fs::create_dir(folder.path().join(name(5))).expect("a folder");
        remove_leftovers(folder.path());
        let left = |name: &str| folder.path().join(name).exists();
        assert!(!left(&name(1)), "long ago");
        assert_eq!(left(&name(2)), cfg!(not(unix)), "a minute ago, in nobody's use");
        assert!(left(&name(3)) && left(&name(4)) && left(&name(5)), "just made, in use, no file");
        assert!(left("willitrun-disk-notes.txt") && left("model.gguf"), "not ours");
        // A folder that is not there is no trouble.
        remove_leftovers(&folder.path().join("none"));
    }
}
