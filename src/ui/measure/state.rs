//! What is measured now, the runs before, and what of them is looked at.

use std::path::{Path, PathBuf};

use crate::formats::history_doc;
use crate::hardware::{MeasuredRun, Meter, Sample, Series};
use crate::measure::Progress;
use crate::scenario::{Roofline, Scenario};
use crate::speed::Range;
use crate::ui::memo::Memo;

use super::in_words;
use super::read_at::ReadAt;

/// A measurement under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measuring {
    /// How far it is; none before the first step.
    pub progress: Option<Progress>,
    /// The windows taken so far.
    pub samples: Vec<Sample>,
    /// Whether it was told to stop.
    pub cancelled: bool,
}

/// More windows of a run are not drawn.
const MOST_SAMPLES: usize = 4096;

impl Measuring {
    /// Takes in a step.
    pub fn take(&mut self, progress: Progress) {
        self.samples.extend(progress.sample.filter(|_| self.samples.len() < MOST_SAMPLES));
        self.progress = Some(progress);
    }

    /// The best window of a curve so far, of one card or of any.
    pub(super) fn best(&self, series: Series, card: Option<u32>) -> Option<f64> {
        let of = |sample: &&Sample| sample.series == series && card.is_none_or(|card| card == sample.card);
        self.samples.iter().filter(of).map(|sample| sample.rate).max_by(f64::total_cmp)
    }

    /// What stands on a dial so far.
    pub(super) fn headline(&self, meter: Meter, card: Option<u32>) -> Option<f64> {
        let own = self.best(headline(meter), card);
        // While the best count of threads is looked for, what it reached counts.
        own.or_else(|| self.best(Series::Search, card).filter(|_| meter == Meter::Ram))
    }

    /// Median, (best - worst) / best, and count of the windows behind it.
    pub(super) fn spread(&self, meter: Meter, card: Option<u32>) -> Option<(f64, f64, usize)> {
        let of = |sample: &&Sample| sample.series == headline(meter) && card.is_none_or(|card| card == sample.card);
        let mut rates: Vec<f64> = self.samples.iter().filter(of).map(|sample| sample.rate).collect();
        rates.sort_by(f64::total_cmp);
        let (worst, best) = (rates.first()?, rates.last()?);
        let median = rates[(rates.len() - 1) / 2].midpoint(rates[rates.len() / 2]);
        (*best > 0.0).then(|| (median, (best - worst) / best, rates.len()))
    }

    /// The dial that is measured now.
    pub(super) fn meter(&self) -> Meter {
        self.progress.as_ref().map_or(Meter::Ram, |progress| progress.meter)
    }

    /// Share done.
    pub(super) fn done(&self) -> f32 {
        self.progress.as_ref().map_or(0.0, |progress| progress.done)
    }

    /// What happens now, in words.
    pub(super) fn step(&self) -> String {
        match &self.progress {
            _ if self.cancelled => "stopping".to_owned(),
            // The last word of a part, until the next begins.
            Some(progress) if progress.step == "Done" => format!("{} is done", in_words(progress.meter)),
            Some(progress) => progress.step.clone(),
            None => "starting".to_owned(),
        }
    }
}

/// The curve whose best window stands on a dial.
const fn headline(meter: Meter) -> Series {
    match meter {
        Meter::Ram => Series::HugePages,
        Meter::Kernel => Series::KernelQ4K,
        Meter::Gpu => Series::GpuRead,
        Meter::Link => Series::ToDevice,
        Meter::Disk => Series::AtRandom,
    }
}

/// How long a run takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Length {
    /// For a look.
    Quick,
    /// Enough for a repeatable figure on a quiet machine.
    #[default]
    Usual,
    /// More windows of each kind, for a machine that is not quiet.
    Thorough,
}

impl Length {
    /// Each with its name.
    pub(super) const ALL: [(Self, &'static str); 3] =
        [(Self::Quick, "quick"), (Self::Usual, "10 s"), (Self::Thorough, "thorough")];

    /// Seconds for everything on a machine with one GPU.
    #[must_use]
    pub const fn seconds(self) -> f64 {
        match self {
            Self::Quick => 5.0,
            Self::Usual => 10.0,
            Self::Thorough => 30.0,
        }
    }
}

/// What the card with the chart shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Detail {
    /// Rates as they were taken.
    #[default]
    Windows,
    /// RAM by count of threads.
    Threads,
    /// RAM on huge and ordinary pages, copied, and multiplied out of.
    Pages,
    /// A GPU by bytes read in turn.
    Cache,
    /// The disk in order, at random, and from the cache.
    Disk,
}

/// The runs of measurements, and what of them is looked at.
#[derive(Default)]
pub struct MeasurePage {
    /// Every run kept, oldest first.
    pub runs: Vec<MeasuredRun>,
    /// Why earlier runs cannot be shown, where they cannot.
    pub trouble: Option<String>,
    /// How long the next run takes.
    pub length: Length,
    /// Where the disk can be read, the best first; empty until models were looked for.
    pub places: Vec<ReadAt>,
    /// Where it was chosen to be read; the best place where none was.
    pub(super) read: Option<PathBuf>,
    /// The run looked at, by its place; the newest where none was chosen.
    pub(super) chosen: Option<usize>,
    /// The dial the chart shows; the one measured last where none was chosen.
    pub(super) meter: Option<Meter>,
    pub(super) detail: Detail,
    pub(super) roofline: Memo<Scenario, Roofline>,
    pub(super) now: Memo<Scenario, Option<Range>>,
    pub(super) before: Memo<Scenario, Option<Range>>,
}

impl MeasurePage {
    /// Where it was chosen to be read, whether or not that is there.
    #[must_use]
    pub fn chosen_read(&self) -> Option<&Path> {
        self.read.as_deref()
    }

    /// Has the disk read there: a file of a place, or its folder.
    pub fn choose_read(&mut self, path: PathBuf) {
        self.read = Some(path);
    }

    /// Where the disk is read: the place that was chosen, as long as it is there, else the best.
    #[must_use]
    pub fn read_at(&self) -> Option<&ReadAt> {
        let chosen = self.read.as_deref();
        self.places.iter().find(|at| Some(at.path()) == chosen).or(self.places.first())
    }

    /// Takes the runs that were kept, or why they cannot be read.
    pub fn take(&mut self, history: Result<Vec<MeasuredRun>, String>) {
        match history {
            Ok(runs) => (self.runs, self.trouble) = (runs, None),
            Err(why) => self.trouble = Some(why),
        }
        self.chosen = self.chosen.filter(|place| *place < self.runs.len());
    }

    /// Adds the run that just ended and shows it.
    pub fn add(&mut self, run: MeasuredRun) {
        history_doc::add(&mut self.runs, run);
        self.chosen = None;
    }

    /// The place of the run looked at.
    pub(super) fn place(&self) -> Option<usize> {
        self.chosen.or_else(|| self.runs.len().checked_sub(1))
    }

    /// The run looked at.
    pub(super) fn run(&self) -> Option<&MeasuredRun> {
        self.runs.get(self.place()?)
    }
}
