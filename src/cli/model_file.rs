//! A model named by a path: its shape, and its weights as the files hold them.

use std::path::{MAIN_SEPARATOR, Path};
use std::sync::Arc;

use crate::hardware::Finding;
use crate::library::{self, Askable, ModelFile};
use crate::model::Architecture;
use crate::scenario::Subject;

use super::request::Request;

/// Ends of names that only files have.
const ENDS: [&str; 3] = ["gguf", "safetensors", "json"];

/// Whether a model is named by the path of a file or a folder. A `.ron` is a document and not meant here.
pub(super) fn is_path(path: &Path) -> bool {
    let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let name = path.as_os_str().to_string_lossy();
    end != "ron" && (ENDS.contains(&end.as_str()) || name.contains([MAIN_SEPARATOR, '/']) || path.exists())
}

/// A model as its files hold it. Without weights its configuration has to name their format.
///
/// # Errors
/// The sentence to show.
pub(super) fn subject(path: &Path, request: &Request, findings: &mut Vec<Finding>) -> Result<Arc<Subject>, String> {
    let name = path.display().to_string();
    let file = Askable::open(path, None, request.experts).map_err(|error| error.to_string())?;
    if file.subject.is_err() {
        return Err(Askable { name, ..file }.unknown().unwrap_or_default());
    }
    findings.extend(file.findings);
    file.subject
}

/// The shape of a model named by a path.
///
/// # Errors
/// The sentence to show.
pub(super) fn architecture(path: &Path, findings: &mut Vec<Finding>) -> Result<Architecture, String> {
    let shape = match library::open_model(path).map_err(|error| error.to_string())? {
        ModelFile::Gguf(file) => file.architecture,
        ModelFile::Safetensors(file) => {
            findings.extend(file.config.iter().flat_map(|config| config.findings.iter().cloned()));
            file.config.map(|config| config.architecture)
        }
        ModelFile::Config(config, _) => {
            findings.extend(config.findings);
            Ok(config.architecture)
        }
    };
    shape.map_err(|why| format!("{}: {why}", path.display()))
}
