//! A file or folder somebody picked, told by what is in it and not by its name.

use std::io::Read;
use std::path::Path;

use crate::formats::model_doc;
use crate::formats::tree::{self, MOST_BYTES, Value};
use crate::measure::Cancel;
use crate::model::Architecture;

use super::open::regular;
use super::{Content, LibraryError, Limits, ModelFile, Place, scan};

/// What was picked.
#[derive(Clone, Debug, PartialEq)]
pub enum Opened {
    /// A model with its weights.
    File(Box<ModelFile>),
    /// The shape of a model.
    Preset(Box<Architecture>),
    /// A document that is no model: a machine profile, or a bad one.
    Document,
}

/// How deep a folder is searched for its one model.
const WITHIN: Limits = Limits { depth: 3, entries: 5000 };

/// Opens a model: a GGUF file, a preset in RON, or a folder with one model in it.
///
/// # Errors
/// The path and the reason.
pub fn open_any(path: &Path) -> Result<Opened, LibraryError> {
    if path.is_dir() {
        return folder(path);
    }
    let refused = |why: String| LibraryError { path: path.to_owned(), why };
    let (file, length) = regular(path)?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES as u64).read_to_end(&mut bytes).map_err(|error| refused(error.to_string()))?;
    if bytes.starts_with(b"GGUF") {
        return ModelFile::open(path, None).map(|file| Opened::File(Box::new(file)));
    }
    let is_json = |bytes: &[u8]| bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    if is_json(&bytes) || bytes.get(8..).is_some_and(is_json) {
        return Err(refused(SAFETENSORS.to_owned()));
    }
    match String::from_utf8(bytes) {
        Ok(text) if length <= MOST_BYTES as u64 => {
            if !is_preset(&text) {
                return Ok(Opened::Document);
            }
            let preset = model_doc::parse_model(&text).map_err(|error| refused(error.to_string()))?;
            Ok(Opened::Preset(Box::new(preset)))
        }
        _ => Err(refused("it is neither a GGUF file, nor a model or machine in RON".to_owned())),
    }
}

const SAFETENSORS: &str = "the shape of a safetensors model is not read: give a GGUF file of the same model";

/// Whether a document calls itself a model.
fn is_preset(text: &str) -> bool {
    let Ok(document) = tree::parse(text) else { return text.contains("\"willitrun.model\"") };
    let Value::Group(fields) = document.value else { return false };
    let format = fields.into_iter().find(|field| field.key == "format").map(|field| field.node.value);
    format == Some(Value::Text("willitrun.model".to_owned()))
}

/// The one model of a folder.
fn folder(path: &Path) -> Result<Opened, LibraryError> {
    let refused = |why: String| LibraryError { path: path.to_owned(), why };
    let listing = scan(&[Place::added(path)], WITHIN, &Cancel::new(), &mut |_| ()).unwrap_or_default();
    let mut models: Vec<_> = listing.models.into_iter().filter(|found| found.content != Content::Vision).collect();
    match models.len() {
        0 => Err(refused("there is no model in this folder".to_owned())),
        1 => {
            let found = models.remove(0);
            match found.content {
                Content::Gguf(file) => Ok(Opened::File(file)),
                Content::Safetensors => Err(refused(SAFETENSORS.to_owned())),
                _ => Err(refused(found.why().unwrap_or_default())),
            }
        }
        many => Err(refused(format!(
            "{many} models lie in this folder: open one of its files, or add the folder to the list of those on this disk"
        ))),
    }
}
