//! All that can happen beside what the user does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::advice::Ranked;
use crate::advice::accuracy::Compared;
use crate::catalog::bench_runs::Taken;
use crate::detect::live::Now;
use crate::detect::program::Program;
use crate::formats::any_doc::Document;
use crate::formats::llama_bench::Bench;
use crate::formats::reason_doc::Reason;
use crate::hardware::{Finding, Machine, MeasuredRun};
use crate::measure::{MeasureError, Progress, Suite};
use crate::model::Architecture;
use crate::reasoning::requests::Played;
use crate::scenario::{Scenario, Subject};
use crate::store::ProfileEntry;
use crate::ui::bench::PathFor;
use crate::ui::files::{FileRow, Looking, Search};
use crate::ui::measure::ReadAt;
use crate::units::Tokens;

use super::own::OwnDocuments;

/// Whether a job has sent all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    /// There is more to come.
    Coming,
    /// That was all.
    None,
}

/// What a job sends.
#[derive(Debug)]
pub enum Event {
    /// This machine was read; with the question to begin with.
    Detected {
        /// The machine.
        machine: Box<Machine>,
        /// What is worth saying about it.
        findings: Vec<Finding>,
        /// The question to begin with.
        start: Box<Scenario>,
    },
    /// The user's own profiles, and the files that are none.
    Profiles(Vec<ProfileEntry>, Vec<Finding>),
    /// What is free of this machine's memories now.
    Free(Box<Now>),
    /// A measurement is so far.
    Progress(Progress),
    /// The runs of measurements kept, or why they cannot be read.
    History(Result<Vec<MeasuredRun>, String>),
    /// A measurement ended.
    Measured(Box<Result<Suite, MeasureError>>),
    /// Some more measurements were predicted, of so many in all.
    Compared(Vec<Compared>, usize),
    /// A run of many requests was worked out.
    Simulated(Arc<Played>),
    /// Rows of a ranking, each batch from a place on.
    Ranked {
        /// The ranking they belong to.
        job: u64,
        /// The rows.
        rows: Vec<(usize, Vec<Ranked>)>,
        /// How long it took, with the last of them.
        took: Option<Duration>,
    },
    /// Largest contexts of rows of a ranking.
    Contexts {
        /// The ranking they belong to.
        job: u64,
        /// Places and what fits there.
        found: Vec<(usize, Option<Tokens>)>,
        /// Whether more will come.
        more: More,
    },
    /// The folders of the user's own to look for models in, as they were kept.
    Folders(Vec<PathBuf>),
    /// What was chosen on the page of thinking and serving, as it was kept.
    Reason(Box<Reason>),
    /// Where the disk is to be read, as it was kept.
    ReadAt(PathBuf),
    /// A folder was chosen to look in.
    Folder(PathBuf),
    /// The search for models is so far.
    Looking(Looking),
    /// The search ended; nothing where it was stopped.
    Found(Option<Box<Search>>),
    /// What was left behind is gone.
    Tidied,
    /// Where the disk can be read to measure it, the best first.
    Spots(Vec<ReadAt>),
    /// Every file was asked about.
    Judged(Box<Scenario>, Vec<FileRow>),
    /// A model was opened from its file; with what to say.
    ModelFile(Arc<Subject>, String),
    /// The shape of a model was opened.
    Preset(Box<Architecture>, String),
    /// Whether PATH has `llama-bench`.
    LlamaBench(Program),
    /// An output of `llama-bench` was opened.
    Bench(Box<Bench>),
    /// Its tests were taken for measurements of this machine; or why it brought nothing.
    BenchTaken(Box<Result<Taken, String>>),
    /// Something to say.
    Told(String),
    /// A file was written.
    Saved(String),
    /// A document was opened, or saved under the id it has now.
    Taken(Document, String),
    /// The user's own models and quants.
    Own(OwnDocuments),
    /// No dialog was to be had, or it was closed: a path may be typed.
    NoPath(PathFor),
    /// A job failed; the sentence to show.
    Failed(String),
}
