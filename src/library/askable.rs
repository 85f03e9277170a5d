//! A model on a disk as something that can be asked about.

use std::path::Path;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::formats::gguf_model::GgufModel;
use crate::formats::hf_config::HfConfig;
use crate::formats::safetensors::SafetensorsModel;
use crate::formats::text::{clean, clean_name};
use crate::hardware::Finding;
use crate::quant::{Quant, Rule};
use crate::scenario::{FileKind, FromFile, Subject};
use crate::units::{Bytes, Params};

use super::{LibraryError, ModelFile, open_model};

/// The longest path kept for showing.
const PATH_CHARS: usize = 400;

/// What the headers of a model say, its own weights, and the cache layout it forces.
#[derive(Clone, Debug, PartialEq)]
pub struct Askable {
    /// The name it is shown by.
    pub name: String,
    /// What it comes as: `gguf`, `safetensors` or `config`.
    pub kind: &'static str,
    /// Its quant; none where a configuration names no format.
    pub quant: Option<String>,
    /// What the engine calls its architecture; empty where that is not known.
    pub architecture: String,
    /// All tensors together; none where they are not here.
    pub tensor_bytes: Option<Bytes>,
    /// Weights.
    pub params: Params,
    /// Real bits per weight, where the tensors are here.
    pub bits_per_weight: Option<f64>,
    /// What to ask about, or why nothing can be.
    pub subject: Result<Arc<Subject>, String>,
    /// What is worth saying of it.
    pub findings: Vec<Finding>,
}

impl Askable {
    /// Opens a model file or the folder of one. `name` is what people call it, where not as its file; `experts`
    /// overrides how many experts a token uses.
    ///
    /// # Errors
    /// As [`open_model`].
    pub fn open(path: &Path, name: Option<&str>, experts: Option<u64>) -> Result<Self, LibraryError> {
        open_model(path).map(|model| Self::of(model, path, name, experts))
    }

    /// A model that is open already.
    pub(super) fn of(model: ModelFile, path: &Path, name: Option<&str>, experts: Option<u64>) -> Self {
        let own = || path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = clean_name(&name.map_or_else(own, str::to_owned));
        let kind = match model {
            ModelFile::Gguf(_) => FileKind::Gguf,
            ModelFile::Safetensors(_) | ModelFile::Config(..) => FileKind::Safetensors,
        };
        let shown = clean(&path.display().to_string(), PATH_CHARS);
        let file = FromFile { name: name.clone(), path: shown, exact: path.to_str().map(str::to_owned), kind };
        let mut read = match model {
            ModelFile::Gguf(model) => Self::gguf(name, *model, experts),
            ModelFile::Safetensors(model) => Self::safetensors(name, *model, experts),
            ModelFile::Config(config, size) => return Self::config(name, *config, size, experts),
        };
        read.subject = read.subject.map(|subject| {
            let subject = Arc::unwrap_or_clone(subject);
            Arc::new(Subject { file: Some(file), ..subject })
        });
        read
    }

    fn gguf(name: String, file: GgufModel, experts: Option<u64>) -> Self {
        let weights = file.weights(experts);
        let subject = file
            .architecture
            .clone()
            .map(|model| Arc::new(Subject::of_file(model, file.as_quant(), experts, weights, file.layout)));
        Self {
            name,
            kind: "gguf",
            quant: Some(file.quant),
            architecture: file.gguf,
            tensor_bytes: Some(file.tensor_bytes),
            params: file.params,
            bits_per_weight: Some(file.bits_per_weight),
            subject,
            findings: file.findings,
        }
    }

    fn safetensors(name: String, file: SafetensorsModel, experts: Option<u64>) -> Self {
        let subject = file.architecture().map_err(String::clone).and_then(|model| {
            let weights = file.weights(experts).ok_or("the files have no shape")?;
            Ok(Arc::new(Subject::of_file(model.clone(), file.as_quant(), experts, weights, None)))
        });
        Self {
            name,
            kind: "safetensors",
            architecture: subject.as_ref().map(|subject| subject.model.gguf.clone()).unwrap_or_default(),
            tensor_bytes: Some(file.tensor_bytes),
            params: file.params,
            bits_per_weight: Some(file.bits_per_weight),
            subject,
            quant: Some(file.quant),
            findings: file.findings,
        }
    }

    /// A configuration without its weights has to name their format.
    fn config(name: String, config: HfConfig, size: Option<Bytes>, experts: Option<u64>) -> Self {
        let named = config.quant_name();
        let mut findings = config.findings;
        let quant = match (size, &named) {
            (Some(size), _) => {
                Ok(Quant { id: named.clone().unwrap_or_default(), rule: Rule::Sized(size), source: String::new() })
            }
            (None, None) => {
                Err("it does not say how its weights are kept: name a quant with --quant, such as Q4_K_M".to_owned())
            }
            (None, Some(named)) => Catalog::builtin().quant(named).ok_or_else(|| {
                format!("its weights are {named}, which has no rule here: name a quant with --quant, such as Q8_0")
            }),
        };
        if let (None, Ok(quant)) = (size, &quant) {
            let what = format!("No quant was named, so the weights are {}, as its configuration says.", quant.id);
            findings.push(Finding::note(what, "Name another with --quant."));
        }
        Self {
            name,
            kind: "config",
            quant: named,
            architecture: config.architecture.gguf.clone(),
            tensor_bytes: size,
            params: config.architecture.params(),
            bits_per_weight: None,
            subject: quant.map(|quant| Arc::new(Subject::new(config.architecture, quant, experts))),
            findings,
        }
    }

    /// What is known and what is not, where there is nothing to ask about.
    #[must_use]
    pub fn unknown(&self) -> Option<String> {
        let why = self.subject.as_ref().err()?;
        let (Some(bytes), Some(bits)) = (self.tensor_bytes, self.bits_per_weight) else {
            return Some(format!("{}: {why}", self.name));
        };
        Some(format!(
            "{}: its {} weights take {} at {bits:.2} bits each, but what else it needs cannot be told: {why}",
            self.name,
            self.params,
            bytes.in_gb(),
        ))
    }
}
