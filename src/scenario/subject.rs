//! What is run: a model under a quant, from a file or by rule.

use std::sync::Arc;

use crate::memory::{Known, KvLayout, Weights, shares_used};
use crate::model::Architecture;
use crate::quant::{Quant, Tensor};

/// A model under a quant, expanded once.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The model, shared by all that ask about it under another quant.
    pub model: Arc<Architecture>,
    /// The quant.
    pub quant: Quant,
    /// Routed experts used per token, where the user changed it.
    pub experts_used: Option<u64>,
    /// Its weights.
    pub weights: Weights,
    /// The cache layout its file forces, if it does.
    pub layout: Option<KvLayout>,
    /// The file its weights were read from.
    pub file: Option<FromFile>,
    /// Where its file is published, if it is one the catalogue knows.
    pub release: Option<Release>,
    /// What is known of the compute buffers of this very model: another model needs a new one.
    pub known: Known,
}

/// A published file, as far as a run asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its repository, `owner/name`; empty where unknown.
    pub repo: String,
    /// What its publisher calls it.
    pub label: String,
    /// The engines that read it, by id; empty where every engine that reads such files does.
    pub engines: Vec<String>,
}

/// A file on a disk, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromFile {
    /// What people call it.
    pub name: String,
    /// Where it lies, to be shown.
    pub path: String,
    /// The same to the letter, as a command needs it; none where it is not text.
    pub exact: Option<String>,
    /// What kind of file it is.
    pub kind: FileKind,
}

/// Kinds of model files, which engines read or do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Read by llama.cpp and what is built on it.
    Gguf,
    /// Read by the others.
    Safetensors,
}

impl Subject {
    /// Expands a model under a quant.
    #[must_use]
    pub fn new(model: impl Into<Arc<Architecture>>, quant: Quant, experts_used: Option<u64>) -> Self {
        let model = model.into();
        let weights = Weights::new(&model, &quant, experts_used);
        Self { model, quant, experts_used, weights, layout: None, file: None, release: None, known: Known::default() }
    }

    /// The same model under another quant, with what is known of its buffers: they do not depend on the quant.
    #[must_use]
    pub fn under(&self, quant: Quant) -> Self {
        Self { known: self.known.clone(), ..Self::new(self.model.clone(), quant, self.experts_used) }
    }

    /// The same where the tensors of the quant's file are known already ([`Architecture::tensors_under`]): many
    /// quants of a model share them.
    #[must_use]
    pub fn with_tensors(model: &Arc<Architecture>, quant: Quant, tensors: &[Tensor]) -> Self {
        let weights = Weights::of_tensors(model, &quant, None, tensors);
        Self {
            model: model.clone(),
            quant,
            experts_used: None,
            weights,
            layout: None,
            file: None,
            release: None,
            known: Known::default(),
        }
    }

    /// The same weights with another number of routed experts used per token; none for the model's own.
    #[must_use]
    pub fn with_experts(&self, experts_used: Option<u64>) -> Self {
        let mut subject = Self { experts_used, ..self.clone() };
        let shares = shares_used(&subject.model, experts_used);
        for (layer, used) in subject.weights.layers.iter_mut().zip(shares) {
            layer.used = used;
        }
        subject
    }

    /// The engines its published file is made for, by id; empty where every engine that reads such files does.
    #[must_use]
    pub fn only_for(&self) -> &[String] {
        self.release.as_ref().map_or(&[], |release| &release.engines)
    }

    /// Whether its weights are those of a GGUF file, read or by rule.
    #[must_use]
    pub fn is_gguf(&self) -> bool {
        let safetensors = self.file.as_ref().is_some_and(|file| file.kind == FileKind::Safetensors);
        self.quant.as_layout().is_none() && !safetensors
    }

    /// A model whose weights were read from its file.
    #[must_use]
    pub fn of_file(
        model: impl Into<Arc<Architecture>>,
        quant: Quant,
        experts_used: Option<u64>,
        weights: Weights,
        layout: Option<KvLayout>,
    ) -> Self {
        Self {
            model: model.into(),
            quant,
            experts_used,
            weights,
            layout,
            file: None,
            release: None,
            known: Known::default(),
        }
    }
}
