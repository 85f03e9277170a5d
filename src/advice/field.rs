//! Every model under every quant a list asks about: expanded once, then asked of one machine after another.

use std::sync::{Arc, OnceLock};

use crate::memory::{Known, KvLayout, compute_alike};
use crate::model::Architecture;
use crate::quant::{Mix, Quality, Quant};
use crate::scenario::{Release, Scenario, Subject, standing};
use crate::units::Params;

use super::Ranked;

/// What a quant loses, as far as somebody measured it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Nothing: it is the format the model was released in.
    AsReleased,
    /// The cited figure, the same test on the same model for all: less is better.
    Cited(f64),
    /// There is no figure.
    Unknown,
}

impl Loss {
    /// What is cited of a quant by its name or label.
    #[must_use]
    pub fn cited(quality: &Quality, quant: &str) -> Self {
        quality.headline(quant).map_or(Self::Unknown, |figure| Self::Cited(figure.value))
    }

    /// The figure, where there is one.
    #[must_use]
    pub const fn figure(self) -> Option<f64> {
        match self {
            Self::Cited(figure) => Some(figure),
            Self::AsReleased | Self::Unknown => None,
        }
    }

    /// A number to sort by: least is best, and what has no figure comes after what has.
    pub(super) const fn order(self) -> f64 {
        match self {
            Self::AsReleased => 0.0,
            Self::Cited(figure) => figure,
            Self::Unknown => f64::INFINITY,
        }
    }
}

/// A quant a model is asked under.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The quant.
    pub quant: Quant,
    /// The cache layout its file forces, if it does.
    pub layout: Option<KvLayout>,
    /// Where its file is published, if it is a certain one.
    pub release: Option<Release>,
    /// What it loses.
    pub loss: Loss,
}

impl Candidate {
    /// A quant by rule: no certain file.
    #[must_use]
    pub const fn new(quant: Quant, loss: Loss) -> Self {
        Self { quant, layout: None, release: None, loss }
    }

    /// A mix as it is usually made; the one a model was released in loses nothing.
    #[must_use]
    pub fn mix(model: &Architecture, mix: Mix, quality: &Quality) -> Self {
        let released = model.native_mix() == Some(mix);
        let loss = if released { Loss::AsReleased } else { Loss::cited(quality, mix.name()) };
        Self::new(Quant::mix(mix, mix.usual_imatrix()), loss)
    }
}

/// A model with the quants it is asked under.
#[derive(Debug)]
pub struct Entrant {
    /// The model.
    pub model: Arc<Architecture>,
    candidates: Vec<Candidate>,
    /// The place of its first row.
    first: usize,
    /// What is known of its buffers, and of those of models of the same shape.
    known: Known,
    expanded: OnceLock<Expanded>,
}

/// What does not depend on the machine: as much work as the rest, so it is done once.
#[derive(Debug)]
struct Expanded {
    params: Params,
    subjects: Vec<Arc<Subject>>,
}

impl Entrant {
    fn expanded(&self) -> &Expanded {
        self.expanded.get_or_init(|| {
            // All files of llama.cpp's kind hold the same tensors.
            let tensors = self.model.tensors();
            let known = &self.known;
            let subject = |candidate: &Candidate| {
                let quant = candidate.quant.clone();
                let subject = match quant.as_layout() {
                    None => Subject::with_tensors(&self.model, quant, &tensors),
                    Some(_) => Subject::new(self.model.clone(), quant, None),
                };
                let (layout, release) = (candidate.layout, candidate.release.clone());
                Arc::new(Subject { layout, release, known: known.clone(), ..subject })
            };
            Expanded { params: self.model.params(), subjects: self.candidates.iter().map(subject).collect() }
        })
    }

    /// The places of its rows.
    #[must_use]
    pub fn places(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.candidates.len()
    }

    /// Its rows on the machine of a scenario, in the order of its quants. The context stays within the model's limit.
    pub fn ask<'a>(&'a self, base: &'a Scenario) -> impl Iterator<Item = Ranked> + 'a {
        let Expanded { params, subjects } = self.expanded();
        let mut scenario = base.clone();
        scenario.run.context = scenario.run.context.min(self.model.max_context);
        subjects.iter().zip(&self.candidates).map(move |(subject, candidate)| {
            scenario.subject = subject.clone();
            let standing = standing(&scenario);
            Ranked {
                subject: subject.clone(),
                params: *params,
                level: standing.level,
                rate: standing.rate,
                memory: standing.memory,
                context_max: None,
                loss: candidate.loss,
            }
        })
    }
}

/// All that a list asks about.
#[derive(Debug, Default)]
pub struct Field {
    entrants: Vec<Entrant>,
}

impl Field {
    /// Models with their quants; a model without any is left out.
    #[must_use]
    pub fn new(models: impl IntoIterator<Item = (Arc<Architecture>, Vec<Candidate>)>) -> Self {
        let mut first = 0;
        let mut entrants: Vec<Entrant> = Vec::new();
        for (model, candidates) in models {
            let count = candidates.len();
            if count > 0 {
                let alike = entrants.iter().find(|other| compute_alike(&other.model, &model));
                let known = alike.map(|other| other.known.clone()).unwrap_or_default();
                entrants.push(Entrant { model, candidates, first, known, expanded: OnceLock::new() });
                first += count;
            }
        }
        Self { entrants }
    }

    /// The models.
    #[must_use]
    pub fn entrants(&self) -> &[Entrant] {
        &self.entrants
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.entrants.last().map_or(0, |last| last.places().end)
    }
}
