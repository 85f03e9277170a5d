//! A model named by a path: its shape, and its weights as the files hold them.

use std::path::{MAIN_SEPARATOR, Path};
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::formats::hf_config::HfConfig;
use crate::hardware::Finding;
use crate::library::{self, ModelFile};
use crate::model::Architecture;
use crate::quant::{Quant, Rule};
use crate::scenario::Subject;
use crate::units::Bytes;

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
    let experts = request.experts;
    let untold = |bytes: Bytes, why: &String| {
        let bytes = bytes.in_gb();
        format!("{}: its weights take {bytes}, but what else it needs cannot be told: {why}", path.display())
    };
    let subject = match library::open_model(path).map_err(|error| error.to_string())? {
        ModelFile::Gguf(file) => {
            findings.extend(file.findings.iter().cloned());
            let model = file.architecture.clone().map_err(|why| untold(file.tensor_bytes, &why))?;
            Subject::of_file(model, file.as_quant(), experts, file.weights(experts), file.layout)
        }
        ModelFile::Safetensors(file) => {
            findings.extend(file.findings.iter().cloned());
            let model = file.architecture().map_err(|why| untold(file.tensor_bytes, why))?.clone();
            let weights = file.weights(experts).ok_or("the files have no shape")?;
            Subject::of_file(model, file.as_quant(), experts, weights, None)
        }
        ModelFile::Config(config, size) => {
            findings.extend(config.findings.iter().cloned());
            let quant = quant(&config, size, path, findings)?;
            Subject::new(config.architecture, quant, experts)
        }
    };
    Ok(Arc::new(subject))
}

/// The quant a configuration names.
fn quant(config: &HfConfig, size: Option<Bytes>, path: &Path, findings: &mut Vec<Finding>) -> Result<Quant, String> {
    let named = config.quant_name();
    if let Some(size) = size {
        return Ok(Quant { id: named.unwrap_or_default(), rule: Rule::Sized(size) });
    }
    let path = path.display();
    let Some(named) = named else {
        return Err(format!("{path} does not say how its weights are kept: name a quant with --quant, such as Q4_K_M"));
    };
    let quant = Catalog::builtin().quant(&named).ok_or_else(|| {
        format!("{path} says its weights are {named}, which has no rule here: name a quant with --quant, such as Q8_0")
    })?;
    findings.push(Finding::note(
        format!("No quant was named, so the weights are {named}, as its configuration says."),
        "Name another with --quant.",
    ));
    Ok(quant)
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
