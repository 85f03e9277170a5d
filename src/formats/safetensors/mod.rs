//! The safetensors format: the header of one file, and the index of a model in several.
//!
//! A file is eight bytes with the length of its header, the header, and the data. The header is JSON: a table of
//! tensors with type, shape and place. Source: the format's own description (`huggingface/safetensors`,
//! README.md). Its crate (0.8) reads a header only with the whole file in memory, and of two tensors of one name
//! it keeps one, so the header is read here.

mod model;
mod parts;

use std::collections::HashSet;

use super::document::Refused;
use super::json::{self, Json};
use super::text::{clean, quoted};
use crate::model::Invalid;
use crate::units::{Bytes, grouped};

pub use model::SafetensorsModel;

/// The longest header, as the format has it.
pub const MOST_HEADER: u64 = 100_000_000;
/// The largest index.
pub const MOST_INDEX: usize = 64 << 20;
/// The most files a model may have.
pub const MOST_PARTS: usize = 1000;
/// The most values in a header or an index: about 250,000 tensors in a file, two million in an index.
const MOST_VALUES: usize = 1 << 21;
/// Bytes before the header.
const LENGTH: u64 = 8;
/// No tensor has more.
const MOST_DIMS: usize = 8;

/// Bits of one element by its type.
#[rustfmt::skip]
const TYPES: &[(&str, u64)] = &[
    ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("BOOL", 8), ("U8", 8), ("I8", 8), ("F8_E5M2", 8), ("F8_E4M3", 8),
    ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8), ("I16", 16), ("U16", 16), ("F16", 16), ("BF16", 16),
    ("I32", 32), ("U32", 32), ("F32", 32), ("C64", 64), ("F64", 64), ("I64", 64), ("U64", 64),
];

/// The header of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Its tensors, in the order of the header.
    pub tensors: Vec<Tensor>,
    /// Where the data begin.
    pub data_start: u64,
}

/// One tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its type as the file names it, such as `BF16`.
    pub dtype: String,
    /// Its elements. Types that pack several weights into one count as they are packed.
    pub elements: u64,
    /// Its size.
    pub bytes: Bytes,
}

/// The files of a model and what they hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// The files, by name.
    pub parts: Vec<String>,
    /// Tensors in all of them.
    pub tensors: usize,
    /// Bytes of all tensors, where the index says so.
    pub total: Option<Bytes>,
}

/// Where the header ends, from the first eight bytes of a file of this length.
///
/// # Errors
/// A sentence: shorter than a header, or no file of this kind.
pub fn header_end(first: [u8; 8], file_len: u64) -> Result<u64, Refused> {
    let length = u64::from_le_bytes(first);
    if length > MOST_HEADER {
        return Err(header(format!("it would be {} bytes long: this is no safetensors file", grouped(length))));
    }
    if LENGTH + length > file_len {
        let why = format!("it is {} bytes long, the file has {}: it is cut short", grouped(length), grouped(file_len));
        return Err(header(why));
    }
    Ok(LENGTH + length)
}

/// Reads the header of a file of this length; the bytes are its beginning, at least to the end of the header.
///
/// # Errors
/// A sentence: cut short, no JSON, a tensor named twice, one whose size does not follow from its shape, data that
/// overlap, leave holes or end anywhere but at the end of the file.
pub fn parse_header(bytes: &[u8], file_len: u64) -> Result<Header, Refused> {
    let Some(first) = bytes.first_chunk::<8>() else {
        return Err(header("the file has no eight bytes: it is cut short".to_owned()));
    };
    let end = header_end(*first, file_len)?;
    let Some(text) = usize::try_from(end).ok().and_then(|end| bytes.get(8..end)) else {
        return Err(header("it is cut short".to_owned()));
    };
    let text = std::str::from_utf8(text)
        .map_err(|error| header(format!("it is no text at byte {}", grouped(LENGTH + error.valid_up_to() as u64))))?;
    let Json::Table(entries) = json::read(text, usize::MAX, MOST_VALUES)? else {
        return Err(header("it is no table of tensors".to_owned()));
    };
    let mut names = HashSet::with_capacity(entries.len());
    let mut placed = Vec::with_capacity(entries.len());
    for (name, value) in &entries {
        if !names.insert(name.as_str()) {
            return Err(tensor(name, "is there twice"));
        }
        if name != "__metadata__" {
            placed.push(stored(name, value)?);
        }
    }
    check_places(&placed, file_len - end)?;
    Ok(Header { tensors: placed.into_iter().map(|(tensor, _)| tensor).collect(), data_start: end })
}

/// Where the data of a tensor begin and end.
type Place = [u64; 2];

fn stored(name: &str, value: &Json) -> Result<(Tensor, Place), Refused> {
    let dtype = value.get("dtype").and_then(Json::text).ok_or_else(|| tensor(name, "has no dtype"))?;
    let counts = |key: &str| {
        let list = value.get(key).and_then(Json::list).filter(|list| list.len() <= MOST_DIMS)?;
        list.iter().map(Json::count).collect::<Option<Vec<u64>>>()
    };
    let shape = counts("shape").ok_or_else(|| tensor(name, "has no shape of at most 8 whole numbers"))?;
    let place = counts("data_offsets").and_then(|place| Place::try_from(place).ok());
    let place = place.ok_or_else(|| tensor(name, "has no data_offsets of two whole numbers"))?;
    let bytes = place[1].checked_sub(place[0]).ok_or_else(|| tensor(name, "ends before it begins"))?;
    let elements = shape.iter().try_fold(1_u64, |all, side| all.checked_mul(*side));
    let elements = elements.ok_or_else(|| tensor(name, "has a shape too large to be one"))?;
    // Of a type not known here the place alone says the size.
    if let Some((_, bits)) = TYPES.iter().find(|(own, _)| *own == dtype) {
        let size = elements.checked_mul(*bits).filter(|bits| bits.is_multiple_of(8)).map(|bits| bits / 8);
        if size != Some(bytes) {
            let why = format!("has {} elements of {dtype} in {} bytes", grouped(elements), grouped(bytes));
            return Err(tensor(name, &why));
        }
    }
    Ok((Tensor { name: name.to_owned(), dtype: clean(dtype, 20), elements, bytes: Bytes::new(bytes) }, place))
}

/// The data are one piece: no overlap, no hole, and they end with the file.
fn check_places(placed: &[(Tensor, Place)], data: u64) -> Result<(), Refused> {
    let mut order: Vec<&(Tensor, Place)> = placed.iter().collect();
    order.sort_unstable_by_key(|(_, place)| *place);
    let mut end = 0;
    for (own, [begins, ends]) in order {
        if *ends > data {
            let why = format!("ends at byte {} of {}: the file is cut short", grouped(*ends), grouped(data));
            return Err(tensor(&own.name, &why));
        }
        if *begins != end {
            let why = if *begins < end { "overlaps the one before it" } else { "leaves a hole before it" };
            return Err(tensor(&own.name, why));
        }
        end = *ends;
    }
    if end != data {
        return Err(header(format!("its tensors end at byte {} of {} of the data", grouped(end), grouped(data))));
    }
    Ok(())
}

/// Reads `model.safetensors.index.json`.
///
/// # Errors
/// A sentence: no JSON, no `weight_map`, too many files, or a file that is no plain neighbour of the index.
pub fn parse_index(text: &str) -> Result<Index, Refused> {
    let whole = json::read(text, MOST_INDEX, MOST_VALUES)?;
    let Some(Json::Table(map)) = whole.get("weight_map") else {
        return Err(index("weight_map", "it is missing: this is no index of a model".to_owned()));
    };
    let mut parts: Vec<&str> = Vec::new();
    let mut known = HashSet::new();
    for (name, part) in map {
        let Some(part) = part.text() else {
            return Err(index("weight_map", format!("{} is in no file", quoted(name))));
        };
        if known.insert(part) {
            if !is_neighbour(part) {
                return Err(index("weight_map", format!("{} is no file beside the index", quoted(part))));
            }
            if parts.len() == MOST_PARTS {
                return Err(index("weight_map", format!("more than {} files", grouped(MOST_PARTS as u64))));
            }
            parts.push(part);
        }
    }
    if parts.is_empty() {
        return Err(index("weight_map", "it is empty".to_owned()));
    }
    parts.sort_unstable();
    let total = whole.get("metadata").and_then(|metadata| metadata.get("total_size")).and_then(Json::count);
    Ok(Index {
        parts: parts.into_iter().map(str::to_owned).collect(),
        tensors: map.len(),
        total: total.map(Bytes::new),
    })
}

/// Whether a name is that of a file in the same folder, and nothing else on any system.
fn is_neighbour(name: &str) -> bool {
    let plain = |c: char| !c.is_control() && !matches!(c, '/' | '\\' | ':');
    name.len() <= 255 && !name.starts_with('.') && name.ends_with(".safetensors") && name.chars().all(plain)
}

fn header(why: String) -> Refused {
    index("safetensors header", why)
}

fn tensor(name: &str, why: &str) -> Refused {
    header(format!("the tensor {} {why}", quoted(name)))
}

fn index(field: &'static str, why: String) -> Refused {
    Refused::Invalid { id: String::new(), invalid: Invalid { field, why } }
}
