//! One run of the measurements, as it is shown and kept: every figure with its conditions, what was left out and why, and
//! the samples it was drawn from.

use super::Measurement;

/// What a dial shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meter {
    /// Reading the RAM.
    Ram,
    /// A quantized matrix times a vector, on the CPU.
    Kernel,
    /// Reading the memory of a GPU.
    Gpu,
    /// Between the system's memory and a GPU's.
    Link,
    /// Reading the disk.
    Disk,
}

impl Meter {
    /// Every one, in the order they are measured and shown.
    pub const ALL: [Self; 5] = [Self::Ram, Self::Kernel, Self::Gpu, Self::Link, Self::Disk];

    /// The word in a document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ram => "ram",
            Self::Kernel => "kernel",
            Self::Gpu => "gpu",
            Self::Link => "link",
            Self::Disk => "disk",
        }
    }

    /// By its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|meter| meter.name() == word)
    }
}

/// What a sample is of: a curve of the chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Series {
    /// RAM, while the best count of threads is looked for.
    Search,
    /// RAM on huge pages.
    HugePages,
    /// RAM on ordinary pages.
    OrdinaryPages,
    /// RAM copied past the cache, bytes read and written.
    Copy,
    /// A NUMA node on its own memory; the card is the node's place.
    OneNode,
    /// A node on the memory of another.
    OtherNode,
    /// Rows in blocks like `Q4_K`'s times a vector.
    KernelQ4K,
    /// Rows in blocks like `Q8_0`'s.
    KernelQ8,
    /// A GPU reading its memory.
    GpuRead,
    /// To a GPU.
    ToDevice,
    /// From a GPU.
    FromDevice,
    /// The disk in order.
    InOrder,
    /// The disk in pieces the size of an expert.
    AtRandom,
}

impl Series {
    /// Every one, in the order they are taken.
    pub const ALL: [Self; 13] = [
        Self::Search,
        Self::HugePages,
        Self::Copy,
        Self::OrdinaryPages,
        Self::OneNode,
        Self::OtherNode,
        Self::KernelQ4K,
        Self::KernelQ8,
        Self::GpuRead,
        Self::ToDevice,
        Self::FromDevice,
        Self::InOrder,
        Self::AtRandom,
    ];

    /// The word in a document and between processes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Search => "threads",
            Self::HugePages => "huge pages",
            Self::OrdinaryPages => "ordinary pages",
            Self::Copy => "copy",
            Self::OneNode => "one node",
            Self::OtherNode => "other node",
            Self::KernelQ4K => "Q4_K",
            Self::KernelQ8 => "Q8_0",
            Self::GpuRead => "read",
            Self::ToDevice => "to the GPU",
            Self::FromDevice => "from the GPU",
            Self::InOrder => "in order",
            Self::AtRandom => "at random",
        }
    }

    /// By its word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|series| series.name() == word)
    }

    /// The dial it belongs to.
    #[must_use]
    pub const fn meter(self) -> Meter {
        match self {
            Self::Search | Self::HugePages | Self::OrdinaryPages | Self::Copy | Self::OneNode | Self::OtherNode => {
                Meter::Ram
            }
            Self::KernelQ4K | Self::KernelQ8 => Meter::Kernel,
            Self::GpuRead => Meter::Gpu,
            Self::ToDevice | Self::FromDevice => Meter::Link,
            Self::InOrder | Self::AtRandom => Meter::Disk,
        }
    }
}

/// One timed window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// What it is of.
    pub series: Series,
    /// Which card, counted from 0; 0 where there is none.
    pub card: u32,
    /// Seconds since the run began.
    pub seconds: f64,
    /// Bytes per second.
    pub rate: f64,
}

/// What became of a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Predictions use it.
    Kept,
    /// Other work took too much of the processor, or what measured is slower than an engine: the machine does at least
    /// this.
    LowerBound,
    /// It is not what it should be; why, in a sentence.
    Refused(String),
}

/// One figure of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Its dial.
    pub meter: Meter,
    /// The card's name, or what of the disk was read; empty for the RAM.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
    /// The figure with method, spread and conditions. Of the kernel, `best` is that of `Q4_K`.
    pub figure: Measurement,
    /// Share of the time its threads really ran, where the system says.
    pub on_core: Option<f64>,
    /// Rate by count of threads (RAM), or by bytes read in turn (GPU).
    pub sweep: Vec<(u64, f64)>,
}

impl Reading {
    /// A figure that predictions use, with nothing told beside it.
    #[must_use]
    pub fn kept(meter: Meter, name: &str, figure: Measurement) -> Self {
        Self { meter, name: name.to_owned(), fate: Fate::Kept, figure, on_core: None, sweep: Vec::new() }
    }
}

/// What was not measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its dial.
    pub meter: Meter,
    /// Why, in a sentence.
    pub why: String,
}

/// One run of the measurements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeasuredRun {
    /// When it ended, in UTC: `2026-11-22T13:20Z`.
    pub at: String,
    /// On which processor, so that runs of other hardware can be told.
    pub on: String,
    /// `mains`, `battery`; empty where the system does not say.
    pub power: String,
    /// What was measured.
    pub readings: Vec<Reading>,
    /// What was not.
    pub skipped: Vec<Skipped>,
    /// The windows, in the order taken.
    pub samples: Vec<Sample>,
}

/// A figure this much from the usual one of its history is pointed out: twice the spread a quiet machine keeps to.
pub const OUTLIER: f64 = 0.10;
/// Runs there have to be to say what is usual.
const USUAL_OF: usize = 3;

impl MeasuredRun {
    /// The reading of a dial of this pool or link.
    #[must_use]
    pub fn reading(&self, meter: Meter, what: &str) -> Option<&Reading> {
        self.readings.iter().find(|reading| reading.meter == meter && reading.figure.what == what)
    }

    /// The slowest reading of a dial: what several cards together can be relied on for.
    #[must_use]
    pub fn slowest(&self, meter: Meter) -> Option<&Reading> {
        let of = self.readings.iter().filter(|reading| reading.meter == meter);
        of.min_by(|one, other| one.figure.best.get().total_cmp(&other.figure.best.get()))
    }

    /// Why a dial was not measured.
    #[must_use]
    pub fn why_skipped(&self, meter: Meter) -> Option<&str> {
        self.skipped.iter().find(|skipped| skipped.meter == meter).map(|skipped| skipped.why.as_str())
    }
}

/// How far the figure of a dial in one run lies from the median of the other runs on the same processor by the same
/// method, as a fraction; none where it is within [`OUTLIER`], or fewer than three others are known.
#[must_use]
pub fn outlier(runs: &[MeasuredRun], place: usize, meter: Meter) -> Option<f64> {
    let run = runs.get(place)?;
    let figure = &run.slowest(meter)?.figure;
    let own = figure.best.get();
    let others = runs.iter().enumerate().filter(|(other, old)| *other != place && old.on == run.on);
    let mut rates: Vec<f64> = others
        .filter_map(|(_, old)| old.slowest(meter))
        .filter(|reading| reading.fate == Fate::Kept && reading.figure.method == figure.method)
        .map(|reading| reading.figure.best.get())
        .collect();
    if rates.len() < USUAL_OF {
        return None;
    }
    rates.sort_by(f64::total_cmp);
    let usual = rates[(rates.len() - 1) / 2].midpoint(rates[rates.len() / 2]);
    let off = own / usual - 1.0;
    (usual > 0.0 && off.abs() > OUTLIER).then_some(off)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::BytesPerSecond;

    fn run(gb: f64) -> MeasuredRun {
        let figure = Measurement {
            what: "ram".into(),
            best: BytesPerSecond::saturating(gb * 1e9),
            ordinary_pages: None,
            spread: 0.0,
            threads: 2,
            date: String::new(),
            method: String::new(),
            conditions: String::new(),
            besides: Vec::new(),
        };
        MeasuredRun { readings: vec![Reading::kept(Meter::Ram, "", figure)], ..MeasuredRun::default() }
    }

    #[test]
    fn a_figure_far_from_the_usual_is_an_outlier() {
        let check = |rates: &[f64], place: usize, expected: Option<f64>| {
            let runs: Vec<MeasuredRun> = rates.iter().map(|gb| run(*gb)).collect();
            let found = outlier(&runs, place, Meter::Ram);
            assert_eq!(found.map(|off| (off * 100.0).round()), expected, "{rates:?} at {place}");
        };
        check(&[100.0, 100.0, 102.0, 60.0], 3, Some(-40.0));
        check(&[100.0, 100.0, 102.0, 95.0], 3, None);
        check(&[100.0, 100.0, 102.0, 60.0], 0, None);
        check(&[100.0, 60.0], 1, None);
        check(&[], 0, None);
    }

    #[test]
    fn what_was_measured_on_other_hardware_or_beside_other_work_is_not_usual() {
        let mut runs: Vec<MeasuredRun> = [100.0, 100.0, 100.0, 60.0].map(run).to_vec();
        runs[0].on = "another".into();
        assert_eq!(outlier(&runs, 3, Meter::Ram), None);
        runs[0].on = String::new();
        runs[0].readings[0].figure.method = "read/0".into();
        assert_eq!(outlier(&runs, 3, Meter::Ram), None);
        runs[0].readings[0].figure.method = String::new();
        assert!(outlier(&runs, 3, Meter::Ram).is_some());
        runs[1].readings[0].fate = Fate::LowerBound;
        assert_eq!(outlier(&runs, 3, Meter::Ram), None);
    }

    #[test]
    fn words_are_read_back() {
        assert!(Meter::ALL.into_iter().all(|meter| Meter::parse(meter.name()) == Some(meter)));
        assert!(Series::ALL.into_iter().all(|series| Series::parse(series.name()) == Some(series)));
    }
}
