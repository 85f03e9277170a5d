//! A model as its safetensors files hold it: exact bytes, part by part, in the shape its `config.json` tells.
//!
//! Invariant: bytes come from the headers alone. Weights are counted by the shape, because packed types hide how
//! many there are; without a shape they are counted as they are packed, and that is said.

use std::collections::BTreeMap;

use super::parts::{self, Belongs};
use super::{Header, Index};
use crate::formats::hf_config::HfConfig;
use crate::hardware::Finding;
use crate::memory::{Embedding, Placed, Weights, shares_used};
use crate::model::Architecture;
use crate::quant::{Imatrix, Mix, Part, Quant, Rule};
use crate::units::{Bytes, Params};

/// A model read from the headers of its files.
#[derive(Clone, Debug, PartialEq)]
pub struct SafetensorsModel {
    /// What its `config.json` says, or why that cannot be told.
    pub config: Result<HfConfig, String>,
    /// What to call its weights.
    pub quant: String,
    /// The tensors of the model, multi-token prediction included, parts for images and sound not.
    pub tensor_bytes: Bytes,
    /// Parts for images and sound.
    pub other_bytes: Bytes,
    /// Weights: by the shape, else as they are packed.
    pub params: Params,
    /// Real bits per weight.
    pub bits_per_weight: f64,
    /// Bytes by type, the most first.
    pub types: Vec<(String, Bytes)>,
    /// Files it lies in.
    pub files: usize,
    /// What is worth saying.
    pub findings: Vec<Finding>,
    tied: bool,
    tensors: BTreeMap<(Option<u32>, Group), Sum>,
}

/// Tensors that are one in the engine: a matrix of all experts of a layer, or one tensor.
type Group = (Part, String);

/// Their elements and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    elements: u64,
    bytes: Bytes,
}

/// Types that hold several weights in one element, or none at all.
const PACKED: [&str; 6] = ["I32", "U32", "U8", "I8", "I64", "U64"];

impl SafetensorsModel {
    /// Puts together the headers of a model's files.
    ///
    /// # Errors
    /// The sentence to show: no tensors, or one in two files.
    pub fn new(headers: Vec<Header>, config: Result<HfConfig, String>) -> Result<Self, String> {
        let files = headers.len();
        let all: Vec<super::Tensor> = headers.into_iter().flat_map(|header| header.tensors).collect();
        if all.is_empty() {
            return Err("the files hold no tensors".to_owned());
        }
        let mut seen = std::collections::HashSet::with_capacity(all.len());
        if let Some(twice) = all.iter().find(|tensor| !seen.insert(tensor.name.as_str())) {
            return Err(format!("the tensor {} is in two files", crate::formats::text::quoted(&twice.name)));
        }
        let shape = config.as_ref().ok().map(|config| &config.architecture);
        let names = || all.iter().map(|tensor| tensor.name.as_str());
        let depth = shape.map_or_else(|| parts::depth(names()), |shape| shape.layers.len() as u32);
        let mut tensors: BTreeMap<(Option<u32>, Group), Sum> = BTreeMap::new();
        let mut types: BTreeMap<&str, Bytes> = BTreeMap::new();
        let mut other_bytes = Bytes::ZERO;
        for tensor in &all {
            match parts::belongs(&tensor.name, depth) {
                Belongs::Apart => other_bytes += tensor.bytes,
                Belongs::Here { part, layer, name } => {
                    let sum = tensors.entry((layer, (part, name))).or_default();
                    sum.elements = sum.elements.saturating_add(tensor.elements);
                    sum.bytes += tensor.bytes;
                    *types.entry(&tensor.dtype).or_insert(Bytes::ZERO) += tensor.bytes;
                }
            }
        }
        let mut types: Vec<(String, Bytes)> = types.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
        types.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        let own_head = names().any(|name| name.split('.').any(|word| word == "lm_head"));
        let tied = shape.is_some_and(|shape| shape.tied_embeddings) && !own_head;
        let mut model = Self {
            quant: String::new(),
            tensor_bytes: tensors.values().map(|sum| sum.bytes).sum(),
            other_bytes,
            params: Params::new(0),
            bits_per_weight: 0.0,
            types,
            files,
            findings: Vec::new(),
            tied,
            tensors,
            config,
        };
        model.count();
        Ok(model)
    }

    /// Names the quant, counts the weights and says what is odd.
    fn count(&mut self) {
        let loaded = |(_, (part, _)): &&(Option<u32>, Group)| *part != Part::Mtp;
        let sums = || self.tensors.iter().filter(|(key, _)| loaded(key)).map(|(_, sum)| *sum);
        let elements = sums().fold(0_u64, |all, sum| all.saturating_add(sum.elements));
        let bytes: Bytes = sums().map(|sum| sum.bytes).sum();
        let packed = self.types.iter().any(|(name, _)| PACKED.contains(&name.as_str()));
        let shape = self.config.as_ref().ok();
        let params = shape.map_or(elements, |config| config.architecture.params().get());
        let most = self.types.first().map_or_else(String::new, |(name, _)| name.clone());
        let quantized = shape.filter(|config| config.quant.is_some());
        self.quant = quantized.and_then(HfConfig::quant_name).filter(|name| !name.is_empty()).unwrap_or(most);
        self.params = Params::new(params);
        self.bits_per_weight = bytes.as_f64() * 8.0 / params.max(1) as f64;
        let mut findings = shape.map_or_else(Vec::new, |config| config.findings.clone());
        if shape.is_none() && packed {
            findings.push(Finding::note(
                "Some of its types pack several weights into one number, and are counted as packed.",
                "With the config.json beside it the weights are counted by the shape.",
            ));
        }
        if self.other_bytes > Bytes::ZERO {
            let what = format!("Parts for images or sound take {} more and are not counted.", self.other_bytes.in_gb());
            findings.retain(|finding| finding.what != crate::formats::hf_config::NOT_COUNTED);
            findings.push(Finding::note(what, ""));
        }
        if shape.is_some() && !packed && self.types.iter().all(|(name, _)| !name.starts_with("F8")) {
            let twice = shape.is_some_and(|config| config.architecture.tied_embeddings) && !self.tied;
            let apart = elements.abs_diff(params) as f64 / params.max(1) as f64;
            if apart > 0.01 && !twice {
                let [held, told] = [elements, params].map(|count| format!("{:.3} B", count as f64 / 1e9));
                findings.push(Finding::warning(
                    format!("The files hold {held} weights, but the config.json describes {told}."),
                    "The bytes are those of the files.",
                ));
            }
        }
        self.findings = findings;
    }

    /// The shape, or why it cannot be told.
    ///
    /// # Errors
    /// The reason as a sentence.
    pub fn architecture(&self) -> Result<&Architecture, &String> {
        self.config.as_ref().map(|config| &config.architecture)
    }

    /// The weights of the files, to the byte; none without a shape. `experts_used` overrides how many experts a
    /// token uses.
    #[must_use]
    pub fn weights(&self, experts_used: Option<u64>) -> Option<Weights> {
        let shape = self.architecture().ok()?;
        let placed = self.tensors.iter().map(|((layer, (part, name)), sum)| Placed {
            name,
            part: *part,
            layer: *layer,
            weights: sum.elements,
            bytes: sum.bytes,
        });
        let embedding = if self.tied { Embedding::AlsoHead } else { Embedding::InputOnly };
        let mut weights = Weights::gather(shares_used(shape, experts_used), embedding, placed);
        // What is multiplied follows from the shape: packed types hide how many weights they hold.
        let counted = Weights::new(shape, &Quant::mix(Mix::BF16, Imatrix::Without), experts_used);
        for (own, counted) in weights.layers.iter_mut().zip(&counted.layers) {
            own.dense_count = counted.dense_count;
            own.experts_count = counted.experts_count;
        }
        weights.head_count = counted.head_count;
        weights.bits_per_weight = self.bits_per_weight;
        Some(weights)
    }

    /// The files as a quant: a file of their size.
    #[must_use]
    pub fn as_quant(&self) -> Quant {
        Quant { id: self.quant.clone(), rule: Rule::Sized(self.tensor_bytes), source: String::new() }
    }

    /// Compares what the index says with what the files hold.
    #[must_use]
    pub fn checked_by(mut self, index: &Index, held: usize) -> Self {
        let all = self.tensor_bytes + self.other_bytes;
        let said = if held == index.tensors {
            let other = index.total.filter(|total| *total != all);
            other.map(|total| format!("The index says {} in all, the files hold {}.", total.in_gb(), all.in_gb()))
        } else {
            Some(format!("The index lists {} tensors, the files hold {held}.", index.tensors))
        };
        self.findings.extend(said.map(|said| Finding::note(said, "What the files hold counts.")));
        self
    }
}
