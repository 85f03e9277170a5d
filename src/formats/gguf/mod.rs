//! The header of a GGUF file: metadata and the table of tensors, never a tensor itself.
//!
//! Invariant: at most [`MOST_READ`] bytes are read and memory stays in proportion to them, whatever a file
//! says; what is refused is refused with the byte where it stands.
//!
//! Source: llama.cpp v0.5.0 `ggml/include/gguf.h` (the format) and `ggml/src/gguf.cpp` (what the engine refuses).

mod metadata;
mod scan;
mod split;
mod tensors;

use std::fmt;

use super::{Metadata, Value};
use scan::Scan;
pub use split::{MOST_PARTS, SplitName};
pub use tensors::TensorInfo;

/// The most read of a file. The longest vocabulary there is (Gemma 4) takes 13 MiB.
pub const MOST_READ: u64 = 16 << 20;

/// Keys of metadata; a real file has some dozens.
const MOST_KEYS: u64 = 65_536;
/// Tensors; a file of experts kept one by one has some ten thousand.
const MOST_TENSORS: u64 = 200_000;

/// Where a header is read from: a file, or bytes in memory.
pub trait Source {
    /// Reads from a place on and says how many bytes it got; 0 at the end.
    ///
    /// # Errors
    /// Why it cannot be read, in words.
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String>;
}

impl Source for &[u8] {
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        let start = usize::try_from(offset).map_or(self.len(), |start| start.min(self.len()));
        let length = into.len().min(self.len() - start);
        into[..length].copy_from_slice(&self[start..start + length]);
        Ok(length)
    }
}

/// The order of bytes in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ByteOrder {
    /// Lowest byte first: nearly every file.
    #[default]
    Little,
    /// Highest byte first: files for s390x.
    Big,
}

/// What a GGUF file says before its tensors begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Version of the format, 2 or 3.
    pub version: u32,
    /// Order of bytes, of the tensors too.
    pub order: ByteOrder,
    /// Its keys; long arrays only by their length.
    pub metadata: Metadata,
    /// Its tensors, as they are listed.
    pub tensors: Vec<TensorInfo>,
    /// What tensors are aligned to.
    pub alignment: u64,
    /// Where the tensors begin; their offsets count from here.
    pub data_start: u64,
    /// Length of the file.
    pub file_size: u64,
}

/// Why a file was refused: where, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GgufError {
    /// The byte where it stands, from 0.
    pub offset: u64,
    /// What is wrong, ready to show.
    pub what: String,
}

impl fmt::Display for GgufError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", crate::units::grouped(self.offset), self.what)
    }
}

impl std::error::Error for GgufError {}

/// Reads the header of a file of this length.
///
/// ```
/// use willitrun::formats::gguf::read;
/// let bytes: &[u8] = b"GGML, an older format";
/// let error = read(&mut &*bytes, bytes.len() as u64).unwrap_err();
/// assert_eq!(error.to_string(), "at byte 0: this is no GGUF file: it begins with 'GGML'");
/// ```
///
/// # Errors
/// Says where and why: not GGUF, an unknown version, cut short, sizes that cannot be, tensors that overlap or
/// lie past the end.
pub fn read(source: &mut impl Source, file_size: u64) -> Result<Header, GgufError> {
    let mut scan = Scan::new(source, file_size);
    let (version, order) = version(&mut scan)?;
    let tensor_count = count(&mut scan, "tensors", MOST_TENSORS)?;
    let key_count = count(&mut scan, "keys", MOST_KEYS)?;
    let (metadata, alignment) = metadata::read(&mut scan, key_count)?;
    let (tensors, data_start) = tensors::read(&mut scan, tensor_count, alignment)?;
    Ok(Header { version, order, metadata, tensors, alignment, data_start, file_size })
}

fn version<S: Source>(scan: &mut Scan<'_, S>) -> Result<(u32, ByteOrder), GgufError> {
    let magic = scan.array::<4>("the mark 'GGUF'")?;
    if magic != *b"GGUF" {
        let shown = super::text::quoted(&magic.escape_ascii().to_string());
        return Err(GgufError { offset: 0, what: format!("this is no GGUF file: it begins with {shown}") });
    }
    let bytes = scan.array::<4>("the version")?;
    let little = u32::from_le_bytes(bytes);
    // A number below 65,536 written by a machine of the other order has its low half empty.
    let (version, order) = if little.trailing_zeros() >= 16 {
        (u32::from_be_bytes(bytes), ByteOrder::Big)
    } else {
        (little, ByteOrder::Little)
    };
    scan.order = order;
    let what = match version {
        2 | 3 => return Ok((version, order)),
        0 => "version 0 does not exist".to_owned(),
        1 => "version 1 of GGUF is no longer read by engines: convert the model again".to_owned(),
        _ => format!("version {version} of GGUF is newer than this app, which reads 2 and 3"),
    };
    Err(GgufError { offset: 4, what })
}

fn count<S: Source>(scan: &mut Scan<'_, S>, of: &str, most: u64) -> Result<u64, GgufError> {
    let offset = scan.at();
    let count = scan.u64(&format!("the number of {of}"))?;
    if count > most {
        let (count, most) = (crate::units::grouped(count), crate::units::grouped(most));
        return Err(GgufError { offset, what: format!("{count} {of} are more than the {most} a file may have") });
    }
    Ok(count)
}

impl Header {
    /// A whole number of the metadata, if it is there and not negative.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<u64> {
        match self.metadata.get(key) {
            Some(Value::Int(number)) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    /// A text of the metadata.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.metadata.get(key) {
            Some(Value::Str(text)) => Some(text),
            _ => None,
        }
    }
}
