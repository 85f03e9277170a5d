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
use crate::reasoning::requests::{Played, Policy, Preemption, Reserve, Setup, Trial, What};
use crate::reasoning::strategy::Task;
use crate::scenario::{Scenario, Subject};
use crate::ui::memo::Memo;
use crate::units::{Bytes, MIB, Seconds, Tokens};

use super::answer::Other;
use super::claims::All;
use super::cost::Money;
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
    pub money: Money,
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
    pub(super) entries: Memo<Scenario, Arc<Vec<Entry>>>,
    pub(super) told: Memo<(), Arc<All>>,
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
            homes: None,
            layers: None,
            formula: Formula::default(),
            question: String::new(),
            topic: None,
            money: Money::default(),
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

impl Reason {
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

/// How room is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// At once.
    Whole,
    /// Block by block.
    Blocks,
}

/// What a token takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerToken {
    /// What the cache of the question on screen takes.
    OnScreen,
    /// So much, whatever is on screen.
    Of(Bytes),
}

/// A pool and its requests, as they are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// How room is given.
    pub room: Room,
    /// Memory for caches, MiB, where it is reserved in whole.
    pub mib: u64,
    /// What a request reserves of its length, percent.
    pub percent: u64,
    /// Blocks in the pool.
    pub blocks: u64,
    /// Tokens in a block.
    pub size: u64,
    /// The most blocks of a sequence.
    pub most: u64,
    /// Who has to go.
    pub policy: Policy,
    /// What becomes of them.
    pub preemption: Preemption,
    /// Requests.
    pub count: u64,
    /// Steps from one arrival to the next.
    pub gap: u64,
    /// Tokens of a prompt.
    pub prompt: u64,
    /// Tokens of an answer.
    pub answer: u64,
    /// How far lengths lie around these, percent.
    pub spread: u64,
    /// What they are drawn from.
    pub seed: u64,
    /// What a token takes.
    pub per_token: PerToken,
}

impl Default for Form {
    fn default() -> Self {
        Self::TWELVE
    }
}

impl Form {
    /// Thirteen requests of 32,768 tokens, each reserved one and a half times, in 40 GiB.
    pub const TWELVE: Self = Self {
        room: Room::Whole,
        mib: 40_960,
        percent: 150,
        blocks: 10_240,
        size: 16,
        most: 4096,
        policy: Policy::LeastRecent,
        preemption: Preemption::Recompute,
        count: 13,
        gap: 1024,
        prompt: 512,
        answer: 32_256,
        spread: 0,
        seed: 0,
        per_token: PerToken::OnScreen,
    };
    /// Seven answers of 23,000 tokens in blocks.
    pub const SEVEN: Self = Self { room: Room::Blocks, count: 7, gap: 0, answer: 22_488, ..Self::TWELVE };
    /// One of the thirteen with a token of 30.5 MiB: a published slip of KB and MB.
    pub const SLIP: Self = Self { count: 1, per_token: PerToken::Of(Bytes::new(31_981_568)), ..Self::TWELVE };
    /// A server's day in one run.
    pub const MANY: Self = Self {
        room: Room::Blocks,
        count: 100_000,
        gap: 1000,
        prompt: 900,
        answer: 7000,
        spread: 80,
        seed: 1,
        ..Self::TWELVE
    };

    /// The trial this asks for, where a token of the question on screen takes so much.
    pub(super) fn trial(&self, on_screen: Bytes) -> Trial {
        let per_token = match self.per_token {
            PerToken::OnScreen => on_screen,
            PerToken::Of(bytes) => bytes,
        };
        let (pool, reserve) = match self.room {
            Room::Whole => (Bytes::new(MIB) * self.mib, Reserve::Whole { percent: self.percent }),
            Room::Blocks => (per_token * self.size * self.blocks, Reserve::Blocks { size: self.size, most: self.most }),
        };
        let setup = Setup { pool, per_token, reserve, policy: self.policy, preemption: self.preemption };
        let (prompt, answer) = (Tokens::new(self.prompt), Tokens::new(self.answer));
        Trial { setup, count: self.count, gap: self.gap, prompt, answer, spread: self.spread, seed: self.seed }
    }
}

/// Whether the run is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Motion {
    /// It stands.
    #[default]
    Rests,
    /// Steps pass.
    Plays,
}

/// Where in a run we look.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Head {
    /// The step, with the part of the next that has passed; none is the step that tells most.
    pub step: Option<f64>,
    /// Whether it moves.
    pub motion: Motion,
}

impl Head {
    /// The step of a run. Where none was chosen it is the first that puts somebody out, else the fullest.
    pub(super) fn at(&self, played: &Played) -> u64 {
        let steps = played.replay.end;
        let Some(step) = self.step else {
            let first = played.outcome.events.iter().find(|event| event.what == What::PutOut);
            return first.map_or_else(|| fullest(played), |event| event.step);
        };
        (step.max(0.0) as u64).min(steps)
    }
}

/// The step before the first request finishes: until then each holds more with every step.
pub(super) fn fullest(played: &Played) -> u64 {
    let end = played.outcome.events.iter().find(|event| matches!(event.what, What::Finished | What::Cut));
    end.map_or(played.replay.end, |event| event.step.saturating_sub(1))
}
