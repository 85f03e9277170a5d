//! A model as its GGUF file holds it: exact bytes, part by part, and its shape as far as it can be told.
//!
//! Invariant: the weights come from the table of tensors alone, so they are exact for architectures nobody
//! here has heard of; what cannot be told is said as a finding or as the reason there is no shape.

mod label;
mod parts;
mod shape;

use super::gguf::{Header, TensorInfo};
use super::text::{clean, clean_name, quoted};
use crate::hardware::Finding;
use crate::memory::{Embedding, KvLayout, Placed, Weights, shares_used};
use crate::model::Architecture;
use crate::quant::{Imatrix, Mix, Part, Quant, Rule};
use crate::units::{Bytes, Params};
use parts::Belongs;

/// A model read from the headers of its files.
#[derive(Clone, Debug, PartialEq)]
pub struct GgufModel {
    /// Its name for people, from the file.
    pub name: String,
    /// What the file calls its architecture.
    pub gguf: String,
    /// Its shape, or why it cannot be told.
    pub architecture: Result<Architecture, String>,
    /// The layout the file forces on the cache of latent attention.
    pub layout: Option<KvLayout>,
    /// Name of its quant: the file's own type, or the format most bytes have.
    pub quant: String,
    /// The mix whose rules give exactly these bytes, if one does.
    pub mix: Option<(Mix, Imatrix)>,
    /// All tensors together, as they lie in the files, without headers and padding.
    pub tensor_bytes: Bytes,
    /// Weights, multi-token prediction not counted.
    pub params: Params,
    /// Real bits per weight.
    pub bits_per_weight: f64,
    /// Files it lies in.
    pub files: usize,
    /// What is worth saying.
    pub findings: Vec<Finding>,
    embedding: Embedding,
    /// Share of the experts used, for a model without a shape.
    used: Vec<f64>,
    tensors: Vec<(TensorInfo, Belongs)>,
}

impl GgufModel {
    /// Puts together the headers of a model's files, in order. The id is the name of the file.
    ///
    /// # Errors
    /// The sentence to show: a part is missing or another's, or there are no tensors.
    pub fn new(id: &str, headers: Vec<Header>) -> Result<Self, String> {
        let files = headers.len();
        let (first, tensors) = joined(headers)?;
        let id = plain_id(id);
        let name = first.text("general.name").map(clean_name).filter(|name| !name.is_empty());
        let shape = shape::Shape::read(&id, &first, &tensors);
        let mut findings = shape.findings;
        let mut architecture = shape.architecture;
        let key = first.text("general.architecture").unwrap_or_default();
        let gguf = clean_name(key);
        if let Ok(shape) = &mut architecture {
            shape.name = name.clone().unwrap_or_else(|| id.clone());
            shape.gguf.clone_from(&gguf);
        }
        let depth = shape.depth;
        let roles = parts::roles(architecture.as_ref().ok());
        let tensors: Vec<(TensorInfo, Belongs)> = tensors
            .into_iter()
            .map(|tensor| {
                let belongs = parts::belongs(&tensor.name, depth, &roles);
                (tensor, belongs)
            })
            .collect();
        let tensor_bytes: Bytes = tensors.iter().map(|(tensor, _)| tensor.bytes).sum();
        let count = |tensors: &mut dyn Iterator<Item = &(TensorInfo, Belongs)>| {
            tensors.fold(0_u64, |all, (tensor, _)| all.saturating_add(tensor.weights()))
        };
        let all = count(&mut tensors.iter());
        let params = count(&mut tensors.iter().filter(|(_, belongs)| belongs.part != Part::Mtp));
        let label = label::read(&first, &tensors, architecture.as_ref().ok(), shape.projection);
        findings.extend(label.findings);
        let used = match &architecture {
            Ok(shape) => shares_used(shape, None),
            Err(_) => parts::shares(&first, key, depth),
        };
        let tied = !tensors.iter().any(|(tensor, _)| tensor.name == "output.weight");
        Ok(Self {
            name: name.unwrap_or(id),
            gguf,
            architecture,
            layout: shape.layout,
            quant: label.quant,
            mix: label.mix,
            tensor_bytes,
            params: Params::new(params),
            bits_per_weight: tensor_bytes.as_f64() * 8.0 / all.max(1) as f64,
            files,
            findings,
            embedding: if tied { Embedding::AlsoHead } else { Embedding::InputOnly },
            used,
            tensors,
        })
    }

    /// The weights of the file, to the byte. `experts_used` overrides how many experts a token uses.
    #[must_use]
    pub fn weights(&self, experts_used: Option<u64>) -> Weights {
        let used = match &self.architecture {
            Ok(shape) => shares_used(shape, experts_used),
            Err(_) => self.used.clone(),
        };
        let placed = self.tensors.iter().map(|(tensor, belongs)| Placed {
            name: parts::within_layer(&tensor.name).1,
            part: belongs.part,
            layer: belongs.layer,
            weights: tensor.weights(),
            bytes: tensor.bytes,
        });
        Weights::gather(used, self.embedding, placed)
    }

    /// The file as a quant: the mix it follows, or a file of its size.
    #[must_use]
    pub fn as_quant(&self) -> Quant {
        let rule = match self.mix {
            Some((mix, imatrix)) => Rule::Mix(mix, imatrix),
            None => Rule::Sized(self.tensor_bytes),
        };
        Quant { id: self.quant.clone(), rule, source: String::new() }
    }

    /// The tensors of the file, in its order.
    pub fn tensors(&self) -> impl Iterator<Item = &TensorInfo> {
        self.tensors.iter().map(|(tensor, _)| tensor)
    }
}

/// The tensors of all parts, after checking that they are all parts of one model. The keys are in the first.
fn joined(headers: Vec<Header>) -> Result<(Header, Vec<TensorInfo>), String> {
    let count = headers.len();
    for (at, header) in headers.iter().enumerate() {
        let of = header.number("split.count").unwrap_or(1).max(1);
        let own = header.number("split.no").unwrap_or(0);
        if count > 1 && (of, own) != (count as u64, at as u64) {
            return Err(format!("part {} of {count} says it is part {} of {of}", at + 1, own.saturating_add(1)));
        }
        if count == 1 && of > 1 {
            return Err(format!(
                "this is part {} of {of}, but its name does not say so: parts are found by names such as NAME-00001-of-{of:05}.gguf",
                own.saturating_add(1)
            ));
        }
    }
    let mut headers = headers.into_iter();
    let mut first = headers.next().ok_or("there is no file")?;
    let mut tensors = std::mem::take(&mut first.tensors);
    tensors.extend(headers.flat_map(|header| header.tensors));
    if tensors.is_empty() {
        return Err("the file has no tensors: it is a vocabulary, or the first part of a split model".to_owned());
    }
    if count > 1 {
        let expected = first.number("split.tensors.count");
        if let Some(expected) = expected.filter(|expected| *expected != tensors.len() as u64) {
            return Err(format!("the parts hold {} tensors, the first says {expected}", tensors.len()));
        }
        let mut seen = std::collections::HashSet::with_capacity(tensors.len());
        if let Some(tensor) = tensors.iter().find(|tensor| !seen.insert(tensor.name.as_str())) {
            return Err(format!("the tensor {} is in two parts", quoted(&tensor.name)));
        }
    }
    Ok((first, tensors))
}

/// An id as documents have it: letters, digits, `-`, `.` and `_`.
fn plain_id(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let id: String = name.trim().chars().map(|c| if plain(c) { c } else { '-' }).take(120).collect();
    let id = id.trim_start_matches('.');
    if id.is_empty() { "model".to_owned() } else { id.to_owned() }
}

/// Names for a sentence: the first few.
fn some(names: &[&str]) -> String {
    let mut shown: Vec<String> = names.iter().take(3).map(|name| clean(name, 60)).collect();
    if names.len() > shown.len() {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}
