//! What a machine is for a model: the widest form of it that fits, and the class that makes it.
//!
//! Which form it is goes by weights: they are held against what may be used of all pools together, and a tenth of that is
//! left to cache and buffers. Speed and the longest context of that form are asked of the estimator, which counts both.

use std::sync::Arc;

use crate::hardware::{Machine, Pool, PoolKind};
use crate::scenario::{Answer, Scenario, Subject, evaluate};
use crate::units::{Bytes, TokensPerSecond};

/// The share of what may be used that weights may take; the rest is for cache and buffers.
const EDGE: f64 = 0.9;
/// Bits per weight from which a form counts as eight bits, and as four.
const EIGHT: f64 = 7.5;
const FOUR: f64 = 4.0;

/// What a machine is for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It holds the form the model was released in, or one as wide.
    Native,
    /// It holds about eight bits a weight.
    EightBit,
    /// It holds about four bits a weight.
    FourBit,
    /// It holds fewer.
    LowBit,
    /// It holds no form of it: a smaller model, such as a distill.
    Distill,
}

impl Class {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Native => "unquantised class",
            Self::EightBit => "8-bit class",
            Self::FourBit => "4-bit class",
            Self::LowBit => "low-bit class",
            Self::Distill => "distill class",
        }
    }
}

/// How one form fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fit {
    /// With room for a cache.
    Fits,
    /// With hardly any.
    Edge,
    /// Only if the GPU may use more of unified memory than it does of itself.
    Raised,
    /// Not.
    No,
}

/// One form of the model on the machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// The form.
    pub subject: Arc<Subject>,
    /// How it fits.
    pub fit: Fit,
}

/// What a machine is for a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Tier {
    /// The class.
    pub class: Class,
    /// Every form, as given.
    pub forms: Vec<Form>,
    /// The widest that fits, answered.
    pub best: Option<(Form, Answer)>,
    /// In one sentence.
    pub words: String,
}

/// Classifies the scenario's machine for forms of its model, widest first. `native` is the form it was released in.
#[must_use]
pub fn classify(scenario: &Scenario, forms: &[Arc<Subject>], native: &str) -> Tier {
    let machine = &*scenario.seen();
    let usable = room(machine, Pool::usable);
    let raised = room(machine, |pool| if pool.kind == PoolKind::Unified { pool.host_usable() } else { pool.usable() });
    let fit = |subject: &Subject| {
        let weights = subject.weights.loaded();
        if weights.as_f64() <= usable.as_f64() * EDGE {
            Fit::Fits
        } else if weights <= usable {
            Fit::Edge
        } else if weights <= raised {
            Fit::Raised
        } else {
            Fit::No
        }
    };
    let forms: Vec<Form> = forms.iter().map(|subject| Form { subject: subject.clone(), fit: fit(subject) }).collect();
    // What the engine does not read is no form to run here.
    let is_read = |form: &&Form| Scenario { subject: form.subject.clone(), ..scenario.clone() }.engine_reads_files();
    let widest = |fit: Fit| forms.iter().filter(is_read).find(|form| form.fit == fit);
    let best = widest(Fit::Fits).or_else(|| widest(Fit::Edge)).cloned();
    let class = best.as_ref().map_or(Class::Distill, |form| {
        let weights = &form.subject.weights;
        match weights.bits_per_weight {
            _ if form.subject.quant.id == native => Class::Native,
            bits if bits >= EIGHT => Class::EightBit,
            bits if bits >= FOUR => Class::FourBit,
            _ => Class::LowBit,
        }
    });
    let best = best.map(|form| {
        let answer = evaluate(&Scenario { subject: form.subject.clone(), ..scenario.clone() });
        (form, answer)
    });
    let words = words(class, &forms, best.as_ref(), scenario);
    Tier { class, forms, best, words }
}

fn room(machine: &Machine, of: impl Fn(&Pool) -> Bytes) -> Bytes {
    machine.pools.iter().filter(|pool| pool.kind != PoolKind::Disk).map(of).sum()
}

fn words(class: Class, forms: &[Form], best: Option<&(Form, Answer)>, scenario: &Scenario) -> String {
    let (model, limit) = (&scenario.subject.model.name, scenario.subject.model.max_context);
    let said = |form: &Form| format!("{} ({:.2} bits)", form.subject.quant.id, form.subject.weights.bits_per_weight);
    let widest = |fit: Fit| forms.iter().find(|form| form.fit == fit);
    let Some((form, answer)) = best else {
        let smallest = forms.iter().map(|form| form.subject.weights.file).min();
        let smallest = smallest
            .map_or_else(String::new, |size| format!(", the smallest known here being {}", scenario.unit.of(size)));
        return format!("{}: no form of {model} fits in memory{smallest}.", first_upper(class.words()));
    };
    let speed = answer.bill.as_ref().map_or_else(String::new, |bill| {
        let rate = |value: f64| TokensPerSecond::saturating(value);
        if bill.rate.is_exact() {
            return format!(", at most {} tokens/s", rate(bill.rate.high));
        }
        format!(", {} to {} tokens/s", rate(bill.rate.low), rate(bill.rate.high))
    });
    let context = match answer.fits_max {
        Some(fits) if fits == limit => ", full context".to_owned(),
        Some(fits) => format!(", context up to {fits}"),
        None => String::new(),
    };
    let mut sentence = format!("{}: {model} {} fits{speed}{context}", first_upper(class.words()), said(form));
    if form.fit == Fit::Fits
        && let Some(edge) = widest(Fit::Edge)
    {
        sentence = format!("{sentence}; {} at its edge", said(edge));
    }
    if let Some(raised) = widest(Fit::Raised) {
        sentence = format!("{sentence}; {} only with the GPU's share raised", said(raised));
    }
    format!("{sentence}.")
}

fn first_upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
