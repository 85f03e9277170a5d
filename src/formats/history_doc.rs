//! The runs of the measurements on this machine, newest last. Only this app writes it and nobody shares it, but a file is
//! a file: what is out of range is refused with its run.

use serde::{Deserialize, Serialize};

use super::Refused;
use super::document::{check_header, options, shown};
use crate::hardware::{Besides, Fate, MeasuredRun, Measurement, Meter, Reading, Sample, Series, Skipped};
use crate::model::Invalid;
use crate::units::BytesPerSecond;

const FORMAT: &str = "willitrun.history";
const VERSION: u32 = 1;

/// The most runs kept; older ones go.
pub const MOST_RUNS: usize = 50;
/// The most samples, readings and points of a sweep of a run: ten times what a run of 30 s takes.
const MOST_SAMPLES: usize = 4096;
const MOST_READINGS: usize = 128;
const MOST_SWEEP: usize = 64;
/// Characters of a name, and of a sentence.
const NAME: usize = 120;
const SENTENCE: usize = 400;
/// No memory is faster; a larger number is damage.
const FASTEST: f64 = 1e18;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Doc {
    format: String,
    version: u32,
    runs: Vec<RunDoc>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RunDoc {
    at: String,
    on: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    power: String,
    readings: Vec<ReadingDoc>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<(String, String)>,
    /// Series, card, seconds, bytes per second.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    samples: Vec<(String, u32, f64, f64)>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReadingDoc {
    meter: String,
    what: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    best_bytes_per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ordinary_pages_bytes_per_second: Option<f64>,
    spread: f64,
    threads: u32,
    date: String,
    method: String,
    conditions: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    besides: Vec<(String, f64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_core: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sweep: Vec<(u64, f64)>,
    #[serde(skip_serializing_if = "is_false")]
    lower_bound: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    refused: String,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Adds a run and lets the oldest go; samples are kept of the newest alone.
pub fn add(runs: &mut Vec<MeasuredRun>, run: MeasuredRun) {
    for old in runs.iter_mut() {
        old.samples.clear();
    }
    runs.push(run);
    let over = runs.len().saturating_sub(MOST_RUNS);
    runs.drain(..over);
}

/// As text.
#[must_use]
pub fn write(runs: &[MeasuredRun]) -> String {
    let doc = Doc { format: FORMAT.to_owned(), version: VERSION, runs: runs.iter().map(run_doc).collect() };
    let pretty = ron::ser::PrettyConfig::default().depth_limit(3);
    options().to_string_pretty(&doc, pretty).unwrap_or_default()
}

/// From text.
///
/// # Errors
/// The place and the reason.
pub fn read(text: &str) -> Result<Vec<MeasuredRun>, Refused> {
    let doc: Doc = options().from_str(text)?;
    check_header(&doc.format, doc.version, FORMAT, VERSION)?;
    if doc.runs.len() > MOST_RUNS {
        return Err(invalid("", "runs", format!("{} of them; the most is {MOST_RUNS}", doc.runs.len())));
    }
    doc.runs.into_iter().map(run).collect()
}

fn run_doc(run: &MeasuredRun) -> RunDoc {
    RunDoc {
        at: run.at.clone(),
        on: run.on.clone(),
        power: run.power.clone(),
        readings: run.readings.iter().map(reading_doc).collect(),
        skipped: run.skipped.iter().map(|skipped| (skipped.meter.name().to_owned(), skipped.why.clone())).collect(),
        samples: run
            .samples
            .iter()
            .take(MOST_SAMPLES)
            .map(|sample| (sample.series.name().to_owned(), sample.card, sample.seconds, sample.rate))
            .collect(),
    }
}

fn reading_doc(reading: &Reading) -> ReadingDoc {
    let figure = &reading.figure;
    ReadingDoc {
        meter: reading.meter.name().to_owned(),
        what: figure.what.clone(),
        name: reading.name.clone(),
        best_bytes_per_second: figure.best.get(),
        ordinary_pages_bytes_per_second: figure.ordinary_pages.map(BytesPerSecond::get),
        spread: figure.spread,
        threads: figure.threads,
        date: figure.date.clone(),
        method: figure.method.clone(),
        conditions: figure.conditions.clone(),
        besides: figure.besides.iter().map(|(which, value)| (which.name().to_owned(), *value)).collect(),
        on_core: reading.on_core,
        sweep: reading.sweep.clone(),
        lower_bound: reading.fate == Fate::LowerBound,
        refused: match &reading.fate {
            Fate::Refused(why) => why.clone(),
            Fate::Kept | Fate::LowerBound => String::new(),
        },
    }
}

fn run(doc: RunDoc) -> Result<MeasuredRun, Refused> {
    let at = shown(&doc.at, NAME);
    let counts = [
        ("readings", doc.readings.len(), MOST_READINGS),
        ("skipped", doc.skipped.len(), MOST_READINGS),
        ("samples", doc.samples.len(), MOST_SAMPLES),
    ];
    if let Some((field, count, most)) = counts.into_iter().find(|(_, count, most)| count > most) {
        return Err(invalid(&at, field, format!("{count} of them; the most is {most}")));
    }
    let sample = |(series, card, seconds, rate): (String, u32, f64, f64)| {
        let series = Series::parse(&series).ok_or_else(|| unknown(&at, "samples", &series))?;
        let seconds = number(&at, "samples", seconds, 1e6)?;
        Ok(Sample { series, card, seconds, rate: number(&at, "samples", rate, FASTEST)? })
    };
    let skipped = |(of, why): (String, String)| Ok(Skipped { meter: meter(&at, &of)?, why: shown(&why, SENTENCE) });
    Ok(MeasuredRun {
        on: shown(&doc.on, NAME),
        power: shown(&doc.power, NAME),
        readings: doc.readings.into_iter().map(|doc| reading(&at, doc)).collect::<Result<_, Refused>>()?,
        skipped: doc.skipped.into_iter().map(skipped).collect::<Result<_, Refused>>()?,
        samples: doc.samples.into_iter().map(sample).collect::<Result<_, Refused>>()?,
        at,
    })
}

fn reading(at: &str, doc: ReadingDoc) -> Result<Reading, Refused> {
    let rate = |field, value| Ok::<_, Refused>(BytesPerSecond::saturating(number(at, field, value, FASTEST)?));
    if doc.sweep.len() > MOST_SWEEP || doc.besides.len() > Besides::ALL.len() {
        return Err(invalid(at, "sweep", "too long".to_owned()));
    }
    let besides = |(name, value): (String, f64)| {
        let which = Besides::ALL.into_iter().find(|which| which.name() == name);
        let which = which.ok_or_else(|| unknown(at, "besides", &name))?;
        Ok((which, number(at, "besides", value, FASTEST)?))
    };
    let point = |(of, value)| Ok((of, number(at, "sweep", value, FASTEST)?));
    Ok(Reading {
        meter: meter(at, &doc.meter)?,
        name: shown(&doc.name, NAME),
        fate: match doc.refused.as_str() {
            "" if doc.lower_bound => Fate::LowerBound,
            "" => Fate::Kept,
            why => Fate::Refused(shown(why, SENTENCE)),
        },
        figure: Measurement {
            what: shown(&doc.what, NAME),
            best: rate("best_bytes_per_second", doc.best_bytes_per_second)?,
            ordinary_pages: doc
                .ordinary_pages_bytes_per_second
                .map(|value| rate("ordinary_pages_bytes_per_second", value))
                .transpose()?,
            spread: number(at, "spread", doc.spread, 1.0)?,
            threads: doc.threads,
            date: shown(&doc.date, NAME),
            method: shown(&doc.method, NAME),
            conditions: shown(&doc.conditions, SENTENCE),
            besides: doc
                .besides
                .into_iter()
                .filter(|(name, _)| !Besides::EARLIER.contains(&name.as_str()))
                .map(besides)
                .collect::<Result<_, Refused>>()?,
        },
        on_core: doc.on_core.map(|share| number(at, "on_core", share, 1e3)).transpose()?,
        sweep: doc.sweep.into_iter().map(point).collect::<Result<_, Refused>>()?,
    })
}

fn meter(at: &str, word: &str) -> Result<Meter, Refused> {
    Meter::parse(word).ok_or_else(|| unknown(at, "meter", word))
}

/// A number from 0 to `most`.
fn number(at: &str, field: &'static str, value: f64, most: f64) -> Result<f64, Refused> {
    let good = value.is_finite() && (0.0..=most).contains(&value);
    if good { Ok(value) } else { Err(invalid(at, field, format!("{value} is not from 0 to {most}"))) }
}

fn unknown(at: &str, field: &'static str, word: &str) -> Refused {
    invalid(at, field, format!("'{}' is not known", shown(word, 40)))
}

fn invalid(at: &str, field: &'static str, why: String) -> Refused {
    Refused::Invalid { id: at.to_owned(), invalid: Invalid { field, why } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seconds: f64) -> Sample {
        Sample { series: Series::HugePages, card: 0, seconds, rate: 3.5e10 }
    }

    fn some(at: &str) -> MeasuredRun {
        let figure = Measurement {
            what: "ram".into(),
            best: BytesPerSecond::saturating(3.7e10),
            ordinary_pages: Some(BytesPerSecond::saturating(3.1e10)),
            spread: 0.014,
            threads: 2,
            date: "2026-11-22".into(),
            method: "read/1".into(),
            conditions: "98 % of the time on a core, mains".into(),
            besides: vec![(Besides::Median, 3.6e10)],
        };
        let reading = |fate| Reading {
            meter: Meter::Ram,
            name: String::new(),
            fate,
            figure: figure.clone(),
            on_core: Some(0.98),
            sweep: vec![(1, 2.0e10), (2, 3.7e10)],
        };
        MeasuredRun {
            at: at.into(),
            on: "A processor".into(),
            power: "mains".into(),
            readings: [Fate::Kept, Fate::LowerBound, Fate::Refused("That was a cache.".into())].map(reading).to_vec(),
            skipped: vec![Skipped { meter: Meter::Gpu, why: "There is no GPU.".into() }],
            samples: vec![sample(0.25), sample(0.5)],
        }
    }

    #[test]
    fn runs_come_back() {
        let runs = vec![some("2026-11-22T13:20Z"), some("2026-11-23T09:02Z")];
        assert_eq!(read(&write(&runs)), Ok(runs));
        assert_eq!(read(&write(&[])), Ok(Vec::new()));
    }

    #[test]
    fn a_run_of_an_earlier_version_is_read_without_what_is_no_longer_meant() {
        let text = write(&[some("2026-11-22T13:20Z")]);
        let key = "\"median_bytes_per_second\"";
        for earlier in Besides::EARLIER {
            let runs = read(&text.replacen(key, &format!("\"{earlier}\""), 1)).expect("read");
            assert_eq!(runs[0].readings[0].figure.besides, []);
        }
        assert!(read(&text.replacen(key, "\"other\"", 1)).is_err());
    }

    #[test]
    fn the_oldest_goes_and_samples_stay_with_the_newest() {
        let mut runs = Vec::new();
        for number in 0..MOST_RUNS + 3 {
            add(&mut runs, some(&number.to_string()));
        }
        assert_eq!((runs.len(), runs[0].at.as_str()), (MOST_RUNS, "3"));
        assert!(runs[..MOST_RUNS - 1].iter().all(|run| run.samples.is_empty()));
        assert_eq!(runs[MOST_RUNS - 1].samples.len(), 2);
        // A full history of machines with 16 GPUs stays below what is read of a file.
        for run in &mut runs {
            run.readings = std::iter::repeat_n(run.readings[0].clone(), 36).collect();
        }
        let text = write(&runs);
        assert!(text.len() < crate::formats::tree::MOST_BYTES, "{}", text.len());
        assert_eq!(read(&text), Ok(runs));
    }

    #[test]
    fn damage_is_refused_with_its_place() {
        let text = write(&[some("2026-11-22T13:20Z")]);
        let check = |from: &str, to: &str, said: &str| {
            let damaged = text.replacen(from, to, 1);
            assert_ne!(damaged, text, "{from} is not there");
            let error = read(&damaged).expect_err(said).to_string();
            assert!(error.contains(said), "'{error}' does not say '{said}'");
        };
        check("version: 1", "version: 9", "version 9 needs a newer app");
        check("willitrun.history", "willitrun.machine", "expected 'willitrun.history'");
        check("37000000000.0", "-1.0", "2026-11-22T13:20Z: best_bytes_per_second: -1 is not from 0");
        check("0.014", "NaN", "spread: NaN is not from 0 to 1");
        check("\"ram\"", "\"rum\"", "meter: 'rum' is not known");
        check("\"huge pages\"", "\"pages\"", "samples: 'pages' is not known");
        check("runs:", "runs", "line ");
        assert!(read(&text[..text.len() / 2]).is_err());
        assert!(read("").is_err());
    }
}
