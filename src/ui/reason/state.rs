//! What the user chose on the page of thinking and serving. The question itself is the bench's.

use std::sync::Arc;

use crate::advice::Alternative;
use crate::model::Architecture;
use crate::reasoning::answer::Time;
use crate::reasoning::claims::Topic;
use crate::reasoning::equation::Equation;
use crate::reasoning::faq::Entry;
use crate::reasoning::layouts::Row;
use crate::reasoning::offload::{Homes, Parts};
use crate::reasoning::requests::{Played, Trial};
use crate::reasoning::strategy::Task;
use crate::reasoning::terms::Terms;
use crate::scenario::{Point, Scenario, Subject};
use crate::ui::memo::Memo;
use crate::units::{Bytes, Seconds, Tokens};

use super::answer::Other;
use super::claims::All;
use super::compression::Shown;
use super::form::{Form, Head};
use super::hardware::Looked;
use super::memory::TableRow;
use super::offload::Named;
use super::quants::Formula;
use super::samples::Drawn;

/// A part of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// How long an answer takes.
    #[default]
    Answer,
    /// Weights and cache by the study's equation, and what it found.
    Memory,
    /// How the cache is kept.
    Cache,
    /// Requests and their pool.
    Requests,
    /// Which tensors lie where.
    Offload,
    /// Every format of the model.
    Quants,
    /// What the machine is for the model.
    Hardware,
    /// Questions people ask.
    Questions,
    /// What other calculators say.
    Claims,
    /// What it costs.
    Cost,
}

impl Section {
    /// Every part with its title.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Answer, "Time to answer"),
        (Self::Memory, "Memory"),
        (Self::Cache, "KV cache"),
        (Self::Requests, "Requests"),
        (Self::Offload, "Offload"),
        (Self::Quants, "Quants"),
        (Self::Hardware, "Hardware"),
        (Self::Questions, "Questions"),
        (Self::Claims, "What others say"),
        (Self::Cost, "Cost"),
    ];

    /// Its id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Memory => "memory",
            Self::Cache => "cache",
            Self::Requests => "requests",
            Self::Offload => "offload",
            Self::Quants => "quants",
            Self::Hardware => "hardware",
            Self::Questions => "questions",
            Self::Claims => "claims",
            Self::Cost => "cost",
        }
    }
}

/// The state of the page.
pub struct Reason {
    /// The part that is open.
    pub section: Section,
    /// Tokens of an answer that are shown after the thought: assumed, nobody published it.
    pub shown: Tokens,
    /// Bits of a weight in the equation.
    pub bits: WeightBits,
    /// What the model is asked for.
    pub task: Task,
    /// How a cache is made smaller.
    pub smaller: Smaller,
    /// What of that is drawn.
    pub(super) shown_of_cache: Shown,
    /// Where classes of tensors lie, where the user chose it.
    pub homes: Option<Homes>,
    /// The N of placements by layers, where the user chose it.
    pub layers: Option<u32>,
    /// A format by its formula.
    pub formula: Formula,
    /// Text the questions are filtered by.
    pub question: String,
    /// The topic of published answers that is shown; none shows all.
    pub topic: Option<Topic>,
    /// Prices and power.
    pub terms: Terms,
    /// The pool and its requests.
    pub form: Form,
    /// Where in the run we look.
    pub head: Head,
    /// The run worked out last, where it was too long for a frame.
    pub played: Option<Arc<Played>>,
    /// The trial a job works on.
    pub(super) asked: Option<Trial>,
    pub(super) equation: Memo<(Arc<Architecture>, WeightBits), Option<Equation>>,
    pub(super) table: Memo<(), Vec<TableRow>>,
    pub(super) parts: Memo<Scenario, Arc<Parts>>,
    pub(super) named: Memo<(Scenario, u32), Arc<Vec<Named>>>,
    pub(super) looked: Memo<Scenario, Arc<Looked>>,
    pub(super) entries: Memo<(Scenario, Terms), Arc<Vec<Entry>>>,
    pub(super) told: Memo<(), Arc<All>>,
    pub(super) plain: Memo<Scenario, Arc<Vec<Point>>>,
    pub(super) plain_at: Memo<Scenario, (Bytes, Bytes)>,
    pub(super) layouts: Memo<(Arc<Architecture>, Vec<Tokens>), Vec<Row>>,
    pub(super) trial: Memo<Trial, Arc<Played>>,
    pub(super) time: Memo<(Scenario, Tokens), Option<Time>>,
    pub(super) lengths: Memo<Scenario, Vec<Option<Seconds>>>,
    pub(super) family: Memo<(Arc<Architecture>, String), Vec<Arc<Subject>>>,
    pub(super) others: Memo<Scenario, Arc<Vec<Other>>>,
    pub(super) alternatives: Memo<(Scenario, u64), Arc<Vec<Alternative>>>,
    pub(super) samples: Memo<Scenario, Arc<Vec<Drawn>>>,
}

/// The part of an answer that is shown, where nobody typed it.
const SHOWN: Tokens = Tokens::new(500);

impl Default for Reason {
    fn default() -> Self {
        Self {
            section: Section::default(),
            shown: SHOWN,
            bits: WeightBits::default(),
            task: Task::Math,
            smaller: Smaller::default(),
            shown_of_cache: Shown::default(),
            homes: None,
            layers: None,
            formula: Formula::default(),
            question: String::new(),
            topic: None,
            terms: Terms::default(),
            form: Form::default(),
            head: Head::default(),
            played: None,
            asked: None,
            equation: Memo::default(),
            table: Memo::default(),
            parts: Memo::default(),
            named: Memo::default(),
            looked: Memo::default(),
            entries: Memo::default(),
            told: Memo::default(),
            plain: Memo::default(),
            plain_at: Memo::default(),
            layouts: Memo::default(),
            trial: Memo::default(),
            time: Memo::default(),
            lengths: Memo::default(),
            family: Memo::default(),
            others: Memo::default(),
            alternatives: Memo::default(),
            samples: Memo::default(),
        }
    }
}

/// What the user chose or typed, as undo and the settings keep it.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "as in the page")]
pub struct Inputs {
    pub shown: Tokens,
    pub bits: WeightBits,
    pub task: Task,
    pub smaller: Smaller,
    pub homes: Option<Homes>,
    pub layers: Option<u32>,
    pub formula: Formula,
    pub topic: Option<Topic>,
    pub terms: Terms,
    pub form: Form,
}

impl Reason {
    /// What was chosen or typed.
    #[must_use]
    pub fn inputs(&self) -> Inputs {
        Inputs {
            shown: self.shown,
            bits: self.bits,
            task: self.task,
            smaller: self.smaller,
            homes: self.homes,
            layers: self.layers,
            formula: self.formula,
            topic: self.topic,
            terms: self.terms.clone(),
            form: self.form,
        }
    }

    /// Puts it back.
    pub fn put(&mut self, inputs: Inputs) {
        let Inputs { shown, bits, task, smaller, homes, layers, formula, topic, terms, form } = inputs;
        if form != self.form {
            self.head = Head::default();
        }
        (self.shown, self.bits, self.task, self.smaller) = (shown, bits, task, smaller);
        (self.homes, self.layers, self.formula, self.topic) = (homes, layers, formula, topic);
        (self.terms, self.form) = (terms, form);
    }

    /// Takes in a run that a job worked out, where it is still the one that is wanted.
    pub fn take(&mut self, played: Arc<Played>) {
        if self.asked == Some(played.trial) {
            self.asked = None;
            self.played = Some(played);
        }
    }
}

/// Bits of a weight that the study looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightBits {
    /// 4.
    #[default]
    Four,
    /// 8.
    Eight,
    /// 16.
    Sixteen,
}

impl WeightBits {
    /// Each with its word.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::Four, "4 bit"), (Self::Eight, "8 bit"), (Self::Sixteen, "16 bit")];

    /// The number.
    #[must_use]
    pub const fn number(self) -> f64 {
        match self {
            Self::Four => 4.0,
            Self::Eight => 8.0,
            Self::Sixteen => 16.0,
        }
    }
}

/// What is typed of the ways to keep a cache smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Smaller {
    /// Bits of a value.
    pub bits: u64,
    /// Values that share a scale.
    pub group: u64,
    /// Bits of a zero point beside the scale; 0 for none.
    pub zero: u64,
    /// The last tokens, which stay in 16 bit.
    pub residual: u64,
    /// Tokens that R-KV keeps.
    pub budget: u64,
    /// Tokens that may come until its next pruning.
    pub buffer: u64,
    /// First tokens that `StreamingLLM` keeps.
    pub sinks: u64,
    /// Last tokens it keeps.
    pub window: u64,
    /// Tokens that H2O keeps.
    pub hitters: u64,
}

impl Default for Smaller {
    /// HQQ's cache of the study; R-KV's README; 4 sinks are from memory, not read; the lengths of the last
    /// two are examples.
    fn default() -> Self {
        Self {
            bits: 4,
            group: 64,
            zero: 0,
            residual: 0,
            budget: 1024,
            buffer: 128,
            sinks: 4,
            window: 2044,
            hitters: 4096,
        }
    }
}
