//! The fields of a model document as a table: what each is called, what it means, how it is written.
//!
//! Invariant: every field of the schema stands here once; a test compares the two.

mod table;

pub(super) use table::*;

/// How the text of a field is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Number,
    /// A whole number of at most 32 bits.
    Count,
    /// Tokens: a whole number, or short as `128k`.
    Tokens,
    /// `yes` or `no`; the first that is meant when nothing is written.
    Flag(bool),
    /// `usual`, `yes` or `no`.
    Presence,
    /// One line of text.
    Text,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// Whole numbers with spaces or commas between.
    Numbers,
    /// Runs of layers with their width, such as `3 x 11,264, 2 x 14,336`.
    Widths,
}

/// A field of the document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    /// As in the document.
    pub key: &'static str,
    /// For people.
    pub label: &'static str,
    /// What it means, in a sentence.
    pub help: &'static str,
    /// How its text is read.
    pub kind: Kind,
    /// Whether the document needs it.
    pub required: bool,
    /// The kinds of its group that have it; all of them when empty.
    pub of: &'static [&'static str],
    /// Where it stands when the layers are written run by run.
    pub scope: Scope,
}

/// Where a field of a part stands when the layers are written run by run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// In each run.
    Run,
    /// Once for the whole model, as without runs.
    Whole,
    /// Nowhere: runs say it by themselves.
    Pattern,
}

impl Spec {
    const fn new(key: &'static str, label: &'static str, kind: Kind, help: &'static str) -> Self {
        Self { key, label, help, kind, required: false, of: &[], scope: Scope::Run }
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    const fn of(mut self, kinds: &'static [&'static str]) -> Self {
        self.of = kinds;
        self
    }

    const fn whole(mut self) -> Self {
        self.scope = Scope::Whole;
        self
    }

    const fn pattern(mut self) -> Self {
        self.scope = Scope::Pattern;
        self
    }
}

/// A group of fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    /// Its key in the document; empty for the document itself.
    pub key: &'static str,
    /// For people.
    pub title: &'static str,
    /// Its fields, in the order shown.
    pub fields: &'static [Spec],
}
