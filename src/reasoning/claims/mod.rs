//! What pages and guides answer about a model, each number computed anew from the formula behind it, beside what is
//! computed here and the reason why they differ.
//!
//! The answers are data (`assets/claims.ron`), with who gave them. A formula is reconstructed: it gives the printed
//! digits, which a test holds, and nobody says that its author used it. Ours is asked of the model's tensors, its cache
//! and the one estimator, never written down.

mod formula;
mod ours;

pub use formula::{Form, Formula, Product, Term};
pub use ours::{Amount, Asked, Ours};

/// Everything published that is answered here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// The model all of it is about, by id.
    pub model: String,
    /// What single places answer.
    pub answers: Vec<Claim>,
    /// Questions they answer differently.
    pub contradictions: Vec<Contradiction>,
}

/// Where an answer was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its id.
    pub id: String,
    /// What it is, for people.
    pub name: String,
    /// Where it was read.
    pub source: String,
}

/// A published answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub topic: Topic,
    /// Who gave it.
    pub by: Place,
    /// What was asked.
    pub asks: String,
    /// The answer as printed.
    pub says: String,
    /// The formula behind it, where one gives the printed digits.
    pub formula: Option<Formula>,
    /// What the formula gives.
    pub gives: Gives,
    /// Whether it is right.
    pub truth: Truth,
    /// Why it differs from ours, or why it does not.
    pub why: String,
    /// What is asked here instead.
    pub ours: Vec<Ours>,
}

/// A question several places answer differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Contradiction {
    /// `C1`.
    pub id: String,
    /// The question.
    pub question: String,
    /// Who says what.
    pub says: Vec<(Place, String)>,
    /// Why they differ.
    pub why: String,
    /// What is asked here instead.
    pub ours: Vec<Ours>,
    /// Our answer, with `{0}` and so on for what was asked.
    pub words: String,
}

/// What an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// The shape of the model.
    Model,
    /// The size of its weights.
    Weights,
    /// The size of its cache.
    Cache,
    /// How much memory to buy.
    Memory,
    /// Tokens per second.
    Speed,
    /// Where parts of it should lie.
    Placement,
    /// What a quant loses.
    Quality,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 7] =
        [Self::Model, Self::Weights, Self::Cache, Self::Memory, Self::Speed, Self::Placement, Self::Quality];

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Weights => "weights",
            Self::Cache => "cache",
            Self::Memory => "memory",
            Self::Speed => "speed",
            Self::Placement => "placement",
            Self::Quality => "quality",
        }
    }

    /// By its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == word)
    }
}

/// What a formula gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gives {
    /// The digits that were printed.
    Printed,
    /// What the printed digits would mean: there is no formula for them.
    Implied,
}

/// Whether an answer is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    /// Right.
    Right,
    /// Right in part, or only as arithmetic.
    Partly,
    /// Right when it was written.
    Dated,
    /// Nothing to derive it from.
    Unsourced,
    /// Wrong.
    Wrong,
}

impl Truth {
    /// Every verdict.
    pub const ALL: [Self; 5] = [Self::Right, Self::Partly, Self::Dated, Self::Unsourced, Self::Wrong];

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Partly => "partly",
            Self::Dated => "dated",
            Self::Unsourced => "unsourced",
            Self::Wrong => "wrong",
        }
    }

    /// By its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|truth| truth.name() == word)
    }
}

/// A published answer beside ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Told<'a> {
    /// The answer.
    pub claim: &'a Claim,
    /// What its formula gives, computed now.
    pub recomputed: Option<f64>,
    /// What is computed here: what of, and how much; none of it is written down.
    pub ours: Vec<(String, Amount)>,
}

/// A contradiction with our answer to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled<'a> {
    /// The question and who says what.
    pub contradiction: &'a Contradiction,
    /// What is computed here.
    pub ours: Vec<(String, Amount)>,
    /// Our answer in words.
    pub answer: String,
}

impl Told<'_> {
    /// The formula with its result: `1 − 0.5 / 1.2 = 58.3 %, printed as 60`; empty where there is none.
    #[must_use]
    pub fn formula(&self) -> String {
        let Some(formula) = &self.claim.formula else { return String::new() };
        let text = formula.text();
        match formula.printed_otherwise().filter(|_| self.claim.gives == Gives::Printed) {
            Some(printed) => format!("{text}, printed as {printed}"),
            None => text,
        }
    }

    /// What is computed here, in one line: `latent cache of 8,192 tokens 549 MiB`.
    #[must_use]
    pub fn ours_in_words(&self) -> String {
        let said: Vec<String> = self.ours.iter().map(|(what, amount)| format!("{what} {}", amount.text())).collect();
        said.join("; ")
    }
}

impl Claims {
    /// Every published answer beside ours, in the order of the document.
    #[must_use]
    pub fn told(&self, asked: &Asked<'_>) -> Vec<Told<'_>> {
        let told = |claim| Told { claim, recomputed: recomputed(claim), ours: amounts(&claim.ours, asked) };
        self.answers.iter().map(told).collect()
    }

    /// Every contradiction with our answer.
    #[must_use]
    pub fn settled(&self, asked: &Asked<'_>) -> Vec<Settled<'_>> {
        let settled = |contradiction: &'_ Contradiction| amounts(&contradiction.ours, asked);
        self.contradictions
            .iter()
            .map(|contradiction| {
                let ours = settled(contradiction);
                let fill = |words: String, (place, (_, amount)): (usize, &(String, Amount))| {
                    words.replace(&format!("{{{place}}}"), &amount.text())
                };
                let answer = ours.iter().enumerate().fold(contradiction.words.clone(), fill);
                Settled { contradiction, ours, answer }
            })
            .collect()
    }
}

fn recomputed(claim: &Claim) -> Option<f64> {
    claim.formula.as_ref().map(Formula::value)
}

fn amounts(ours: &[Ours], asked: &Asked<'_>) -> Vec<(String, Amount)> {
    ours.iter().map(|ours| (ours.name(), ours.amount(asked))).collect()
}
