//! Fits `assets/speed.ron` to the published measurements in `tests/golden/speed_measurements.csv`.
//!
//! `cargo run --example fit` prints the cross-validation (four folds, whole groups of device and model left out);
//! with `-- --write` it writes the parameters fitted to all rows. The time of a token and of a prompt is the
//! crate's own: there is one estimator.

mod asset;
mod knobs;
mod solve;
#[path = "../../golden/speed.rs"]
mod speed;

use std::cell::RefCell;
use std::collections::BTreeMap;

use knobs::Knob;
use solve::Problem;
use speed::{BARS, error, measurements};
use willitrun::advice::accuracy::{Class, Measured};
use willitrun::catalog::Catalog;
use willitrun::hardware::Backend;
use willitrun::memory::{self, Cache, Known, KvLayout, RunOptions};
use willitrun::placement::{Load, Plan, offers};
use willitrun::speed::{Parameters, decode, prefill};

const FOLDS: u64 = 4;
/// How often all groups are dealt to the folds anew: one deal may put all that is alike into one fold.
const DEALS: u64 = 3;
/// Half-width of an 80 % band in standard deviations, as in the crate.
const EIGHTY_PERCENT: f64 = 1.2816;
/// No band is taken narrower than what two people get from one measurement.
const NARROWEST: f64 = 0.03;

/// A measurement laid out once.
struct Case {
    row: Measured,
    run: RunOptions,
    cache: Cache,
    plan: Plan,
    weight: f64,
    /// Place of its group in the alphabet.
    place: u64,
}

impl Case {
    /// The fold of its group in a deal. Neighbours in the alphabet are one device: they are spread over the folds.
    fn fold(&self, deal: u64) -> u64 {
        // The finalizer of splitmix64.
        let mut mixed = (self.place + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(deal << 32);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % FOLDS
    }

    fn load(&self) -> Load<'_> {
        let scenario = &self.row.scenario;
        Load {
            model: &scenario.subject.model,
            weights: &scenario.subject.weights,
            cache: &self.cache,
            options: &self.run,
            engine: &scenario.engine,
            backend: scenario.backend,
        }
    }

    fn decode(&self, parameters: &Parameters) -> f64 {
        let s = &self.row.scenario;
        decode(&self.load(), &self.plan, &s.machine, parameters, s.engine_date.as_deref(), s.depth)
            .map_or_else(|| panic!("{} has no speed", self.row.id), |bill| bill.rate.expected)
    }

    fn prefill(&self, parameters: &Parameters) -> f64 {
        let s = &self.row.scenario;
        let built = s.engine_date.as_deref();
        prefill(&self.load(), &self.plan, &s.machine, parameters, built, self.row.start, s.prompt)
            .map_or_else(|| panic!("{} has no prompt speed", self.row.id), |rate| rate.expected)
    }
}

fn cases() -> Vec<Case> {
    let rows = measurements();
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for row in &rows {
        *groups.entry(row.group.clone()).or_default() += 1;
    }
    let order: Vec<String> = groups.keys().cloned().collect();
    rows.into_iter()
        .map(|row| {
            let scenario = &row.scenario;
            let mut run = RunOptions { rules: scenario.engine.rules, ..scenario.run };
            if run.layout == KvLayout::Auto {
                run.layout = scenario.engine.mla_layout(scenario.engine_date.as_deref());
            }
            let cache = memory::cache(&scenario.subject.model, &run).expect("a cache");
            let load = Load {
                model: &scenario.subject.model,
                weights: &scenario.subject.weights,
                cache: &cache,
                options: &run,
                engine: &scenario.engine,
                backend: scenario.backend,
            };
            let plan = offers(&load, &Known::default(), &scenario.machine, &scenario.policy).swap_remove(0).plan;
            let size = groups[&row.group] as f64;
            let place = order.binary_search(&row.group).expect("a group") as u64;
            let weight = size.powf(-0.25) * if row.sound { 1.0 } else { 0.4 };
            Case { row, run, cache, plan, weight, place }
        })
        .collect()
}

/// Rows with what is predicted for them.
type Predictions = Vec<(usize, f64)>;

/// One of the two fits: what is predicted, what was seen, and which rows take part.
struct Task {
    predict: fn(&Case, &Parameters) -> f64,
    seen: fn(&Case) -> Option<f64>,
    scale: f64,
}

const DECODE: Task = Task { predict: Case::decode, seen: |case| case.row.decode, scale: 0.15 };
const PREFILL: Task = Task {
    predict: Case::prefill,
    seen: |case| {
        let on_gpus = !matches!(case.row.class, Class::Cpu | Class::ExpertsInRam | Class::Partial);
        case.row.prefill.filter(|_| on_gpus)
    },
    scale: 0.25,
};

impl Task {
    fn fit(&self, cases: &[Case], rows: &[usize], knobs: &[Knob], start: &Parameters) -> Parameters {
        let prior: Vec<(f64, f64)> = knobs.iter().map(|knob| (knob.start.ln(), knob.sd)).collect();
        let scratch = RefCell::new((start.clone(), vec![f64::NAN; knobs.len()]));
        let residual = |row: usize, at: &[f64]| {
            let (parameters, set) = &mut *scratch.borrow_mut();
            for ((knob, value), old) in knobs.iter().zip(at).zip(set.iter_mut()) {
                if value.to_bits() != old.to_bits() {
                    (knob.set)(parameters, value.exp());
                    *old = *value;
                }
            }
            let case = &cases[row];
            ((self.seen)(case).expect("a measured row") / (self.predict)(case, parameters)).ln()
        };
        let begin: Vec<f64> = prior.iter().map(|(mean, _)| *mean).collect();
        let still: Vec<f64> = rows.iter().map(|&row| residual(row, &begin)).collect();
        let touched: Vec<Vec<usize>> = (0..knobs.len())
            .map(|unknown| {
                let mut moved = begin.clone();
                // Far enough to leave a cap.
                moved[unknown] -= 0.3;
                let changes =
                    |(row, still): (&usize, &f64)| ((residual(*row, &moved) - still).abs() > 1e-9).then_some(*row);
                rows.iter().zip(&still).filter_map(changes).collect()
            })
            .collect();
        let weight = |row: usize| cases[row].weight;
        let problem = Problem {
            residual: &residual,
            rows,
            weight: &weight,
            touched: &touched,
            prior: &prior,
            scale: self.scale,
            pull: 0.1,
        };
        let found = problem.solve();
        let mut parameters = start.clone();
        for (knob, value) in knobs.iter().zip(found) {
            (knob.set)(&mut parameters, value.exp());
        }
        parameters
    }

    /// Predictions for rows left out, each row once for each deal.
    fn cross(&self, cases: &[Case], knobs: &[Knob], start: &Parameters) -> Predictions {
        let mut predicted = Vec::new();
        for (deal, fold) in (0..DEALS).flat_map(|deal| (0..FOLDS).map(move |fold| (deal, fold))) {
            let (held, kept): (Vec<usize>, Vec<usize>) =
                self.rows(cases).partition(|&row| cases[row].fold(deal) == fold);
            let parameters = self.fit(cases, &kept, knobs, start);
            predicted.extend(held.into_iter().map(|row| (row, (self.predict)(&cases[row], &parameters))));
        }
        predicted
    }

    fn rows<'a>(&'a self, cases: &'a [Case]) -> impl Iterator<Item = usize> + 'a {
        (0..cases.len()).filter(|&row| (self.seen)(&cases[row]).is_some())
    }

    fn report(&self, title: &str, cases: &[Case], predicted: &[(usize, f64)]) {
        println!("{title}: median / 90th percentile of the error in %, median of predicted / measured");
        for (name, of, ..) in BARS {
            let pairs: Vec<(f64, f64)> = predicted
                .iter()
                .filter(|(row, _)| cases[*row].row.sound && of(&cases[*row].row))
                .filter_map(|(row, rate)| Some((*rate, (self.seen)(&cases[*row])?)))
                .collect();
            if !pairs.is_empty() {
                let (median, tail, bias) = error(&pairs);
                println!("  {name:18} {:4} rows {median:6.1} / {tail:6.1}   {bias:.2}", pairs.len());
            }
        }
    }

    /// Standard deviation that makes the band hold 80 % of rows left out.
    fn spread(&self, cases: &[Case], predicted: &[(usize, f64)], of: impl Fn(&Case) -> bool) -> Option<f64> {
        let mut off: Vec<f64> = predicted
            .iter()
            .filter(|(row, _)| cases[*row].row.sound && of(&cases[*row]))
            .filter_map(|(row, rate)| Some((rate / (self.seen)(&cases[*row])?).ln().abs()))
            .collect();
        off.sort_by(f64::total_cmp);
        let place = (off.len() as f64 * 0.8).ceil() as usize;
        // Fewer rows say nothing about one in five.
        (off.len() >= 10).then(|| (off[place.clamp(1, off.len()) - 1] / EIGHTY_PERCENT).max(NARROWEST))
    }
}

/// Bands from rows left out.
fn bands(parameters: &mut Parameters, cases: &[Case], decoded: &[(usize, f64)], prompts: &[(usize, f64)]) {
    let any = DECODE.spread(cases, decoded, |_| true).unwrap_or(0.2);
    let on = |case: &Case, family: &str, backend: Backend, classes: &[Class]| {
        let own = case.row.scenario.engine.id == "ik_llama.cpp";
        classes.contains(&case.row.class)
            && case.row.scenario.backend == Some(backend)
            && own == (family == "ik_llama.cpp")
    };
    let single = [Class::OneGpu, Class::Apple];
    for row in &mut parameters.backends {
        let (family, backend) = (row.family.clone(), row.backend);
        let of = |classes: &[Class]| DECODE.spread(cases, decoded, |case| on(case, &family, backend, classes));
        let wide = any * 1.5;
        row.spread = of(if backend == Backend::Cpu { &[Class::Cpu] } else { &single }).unwrap_or(wide);
        row.spread_several = of(&[Class::SeveralGpus]).unwrap_or(row.spread.max(any));
        let classes = [Class::OneGpu, Class::Apple, Class::SeveralGpus];
        let prompt = PREFILL.spread(cases, prompts, |case| on(case, &family, backend, &classes));
        if let Some(rates) = &mut row.prefill {
            rates.spread = prompt.unwrap_or(0.5);
        }
    }
    parameters.host.spread =
        DECODE.spread(cases, decoded, |case| case.row.class == Class::ExpertsInRam).unwrap_or(any * 1.5);
    let prompt = |case: &Case| {
        let off = (case.prefill(parameters) / case.row.prefill?).ln().abs();
        (case.row.sound && matches!(case.row.class, Class::Cpu | Class::ExpertsInRam)).then_some(off)
    };
    let mut off: Vec<f64> = cases.iter().filter_map(prompt).collect();
    off.sort_by(f64::total_cmp);
    if let Some(at) = off.get(off.len() * 4 / 5) {
        parameters.prefill_host_spread = at / EIGHTY_PERCENT;
    }
}

/// How many of the rows left out the band would have held.
fn coverage(parameters: &Parameters, cases: &[Case], decoded: &[(usize, f64)]) {
    println!("80 % band, rows left out that it holds");
    for (name, of, ..) in BARS {
        let held: Vec<bool> = decoded
            .iter()
            .filter(|(row, _)| cases[*row].row.sound && of(&cases[*row].row))
            .map(|(row, rate)| {
                let case = &cases[*row];
                let s = &case.row.scenario;
                let built = s.engine_date.as_deref();
                let bill = decode(&case.load(), &case.plan, &s.machine, parameters, built, s.depth).expect("a bill");
                let half = bill.rate.high / bill.rate.expected;
                (rate / case.row.decode.expect("measured")).ln().abs() <= half.ln()
            })
            .collect();
        println!("  {name:18} {:.0} %", held.iter().filter(|held| **held).count() as f64 / held.len() as f64 * 100.0);
    }
}

fn main() {
    let cases = cases();
    let start = Parameters::clone(&Catalog::builtin().parameters);
    let (decoding, prompting) = (knobs::decode(&start), knobs::prefill(&start));
    println!("{} rows, {} + {} unknowns", cases.len(), decoding.len(), prompting.len());
    let all = |task: &Task| task.rows(&cases).collect::<Vec<usize>>();
    let seen = |task: &Task, p: &Parameters| -> Predictions {
        task.rows(&cases).map(|row| (row, (task.predict)(&cases[row], p))).collect()
    };
    let mut fitted = DECODE.fit(&cases, &all(&DECODE), &decoding, &start);
    DECODE.report("tokens, rows fitted", &cases, &seen(&DECODE, &fitted));
    let decoded = DECODE.cross(&cases, &decoding, &start);
    DECODE.report("tokens, rows left out", &cases, &decoded);
    fitted = PREFILL.fit(&cases, &all(&PREFILL), &prompting, &fitted);
    PREFILL.report("prompts, rows fitted", &cases, &seen(&PREFILL, &fitted));
    let prompts = PREFILL.cross(&cases, &prompting, &fitted);
    PREFILL.report("prompts, rows left out", &cases, &prompts);
    bands(&mut fitted, &cases, &decoded, &prompts);
    coverage(&fitted, &cases, &decoded);
    if std::env::args().any(|argument| argument == "--write") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/speed.ron");
        std::fs::write(path, asset::text(&fitted)).expect("assets/speed.ron can be written");
        println!("written to {path}");
    }
}
