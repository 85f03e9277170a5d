//! A model file as something that can be asked about.

use std::path::Path;
use std::sync::Arc;

use crate::formats::gguf_model::GgufModel;
use crate::formats::text::{clean, clean_name};
use crate::hardware::Finding;
use crate::scenario::{FromFile, Subject};
use crate::units::{Bytes, Params};

use super::{LibraryError, open_gguf};

/// The longest path kept for showing.
const PATH_CHARS: usize = 400;

/// What the header of a model file says.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFile {
    /// The name it is shown by.
    pub name: String,
    /// Its quant.
    pub quant: String,
    /// What the file calls its architecture.
    pub architecture: String,
    /// All tensors together.
    pub tensor_bytes: Bytes,
    /// Weights.
    pub params: Params,
    /// Real bits per weight.
    pub bits_per_weight: f64,
    /// The model with the weights of its file, or why its shape cannot be told.
    pub subject: Result<Arc<Subject>, String>,
    /// What is worth saying of it.
    pub findings: Vec<Finding>,
}

impl ModelFile {
    /// Opens a GGUF file as it is: its own weights, and the cache layout it forces. `experts` overrides how many
    /// experts a token uses.
    ///
    /// # Errors
    /// As [`open_gguf`].
    pub fn open(path: &Path, experts: Option<u64>) -> Result<Self, LibraryError> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self::open_as(path, &name, experts)
    }

    /// Opens a file that people know by another name than its own.
    ///
    /// # Errors
    /// As [`open_gguf`].
    pub fn open_as(path: &Path, name: &str, experts: Option<u64>) -> Result<Self, LibraryError> {
        Ok(Self::new(open_gguf(path)?, path, name, experts))
    }

    fn new(file: GgufModel, path: &Path, name: &str, experts: Option<u64>) -> Self {
        let name = clean_name(name);
        let from = FromFile { name: name.clone(), path: clean(&path.display().to_string(), PATH_CHARS) };
        let subject = file.architecture.clone().map(|model| {
            let subject = Subject::of_file(model, file.as_quant(), experts, file.weights(experts), file.layout);
            Arc::new(Subject { file: Some(from), ..subject })
        });
        Self {
            name,
            quant: file.quant,
            architecture: file.gguf,
            tensor_bytes: file.tensor_bytes,
            params: file.params,
            bits_per_weight: file.bits_per_weight,
            subject,
            findings: file.findings,
        }
    }

    /// What is known and what is not, where there is no shape to ask about.
    #[must_use]
    pub fn unknown(&self) -> Option<String> {
        let why = self.subject.as_ref().err()?;
        Some(format!(
            "{}: its {} weights take {} at {:.2} bits each, but what else it needs cannot be told: {why}",
            self.name,
            self.params,
            self.tensor_bytes.in_gb(),
            self.bits_per_weight,
        ))
    }
}
