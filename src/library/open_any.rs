//! A file or folder somebody picked, told by what is in it and not by its name.

use std::io::Read;
use std::path::Path;

use crate::formats::llama_bench::{self, Bench};
use crate::formats::tree::MOST_BYTES;
use crate::measure::Cancel;
use crate::model::Architecture;

use super::open::{refused, regular};
use super::{Askable, Content, LibraryError, Limits, ModelFile, Place, open_model, scan};

/// What was picked.
#[derive(Clone, Debug, PartialEq)]
pub enum Opened {
    /// A model as its files hold it.
    Model(Box<Askable>),
    /// The shape of a model.
    Preset(Box<Architecture>),
    /// A document in RON: a machine, a model, a quant, or a bad one.
    Document,
    /// What `llama-bench` printed.
    Bench(Box<Bench>),
}

/// What a file is shows in so many bytes.
const ENOUGH: u64 = 64 << 10;
/// How deep a folder is searched for its one model.
const WITHIN: Limits = Limits { depth: 3, entries: 5000 };

/// Opens a model: a file of any kind [`open_model`] knows, or a folder with one model in it; or what `llama-bench`
/// printed. A document in RON is only recognised.
///
/// # Errors
/// The path and the reason.
pub fn open_any(path: &Path) -> Result<Opened, LibraryError> {
    if path.is_dir() {
        return folder(path);
    }
    if let Some(bench) = open_bench(path) {
        return bench.map(|bench| Opened::Bench(Box::new(bench)));
    }
    match text(path)? {
        Some(text) if begins_a_document(&text) => Ok(Opened::Document),
        None if beginning(path).is_ok_and(|text| begins_a_document(&text) && !text.contains('\0')) => {
            let most = MOST_BYTES >> 20;
            Err(refused(
                path,
                format!("a machine, a model or a quant in RON is at most {most} MiB long, and this is longer"),
            ))
        }
        _ => model(path),
    }
}

/// A group in RON, or a comment before it.
fn begins_a_document(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['(', '/', '#'])
}

/// A model; a configuration without weights is a shape alone.
fn model(path: &Path) -> Result<Opened, LibraryError> {
    Ok(match open_model(path)? {
        ModelFile::Config(config, None) => Opened::Preset(Box::new(config.architecture)),
        model => Opened::Model(Box::new(Askable::of(model, path, None, None))),
    })
}

/// The text of a file, where it is one and no longer than a document may be.
fn text(path: &Path) -> Result<Option<String>, LibraryError> {
    let (file, length) = regular(path)?;
    if length > MOST_BYTES as u64 {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let read = file.take(MOST_BYTES as u64).read_to_end(&mut bytes);
    read.map_err(|error| refused(path, format!("it cannot be read: {error}")))?;
    Ok(String::from_utf8(bytes).ok())
}

/// Reads what `llama-bench` printed; none for anything else, a bad one included that no longer looks like it.
#[must_use]
pub fn open_bench(path: &Path) -> Option<Result<Bench, LibraryError>> {
    if !beginning(path).is_ok_and(|text| llama_bench::is_one(&text)) {
        return None;
    }
    let too_long = || {
        let most = MOST_BYTES >> 20;
        refused(path, format!("it is an output of llama-bench, of which at most {most} MiB of text are read"))
    };
    let text = text(path).and_then(|text| text.ok_or_else(too_long));
    Some(text.and_then(|text| llama_bench::read(&text).map_err(|error| refused(path, error.to_string()))))
}

/// The first part of a file as text, for telling what it is.
fn beginning(path: &Path) -> Result<String, LibraryError> {
    let (file, _) = regular(path)?;
    let mut bytes = Vec::new();
    let read = file.take(ENOUGH).read_to_end(&mut bytes);
    read.map_err(|error| refused(path, format!("it cannot be read: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The one model of a folder.
fn folder(path: &Path) -> Result<Opened, LibraryError> {
    let listing = scan(&[Place::added(path)], WITHIN, &Cancel::new(), &mut |_| ()).unwrap_or_default();
    let mut models: Vec<_> = listing.models.into_iter().filter(|found| found.content != Content::Vision).collect();
    match (models.len(), models.pop()) {
        (1, Some(found)) => match found.content {
            Content::Model(file) => Ok(Opened::Model(file)),
            _ => Err(refused(path, found.why().unwrap_or_default())),
        },
        // A configuration without weights is no model on a disk, yet it can be asked about.
        (0, _) => model(path),
        (many, _) => Err(refused(
            path,
            format!("{many} models lie in it: open one of its files, or add the folder to those looked in"),
        )),
    }
}
