//! One of the two fits: what is predicted, what was seen, which rows take part, and how far off rows left out are.

use std::cell::RefCell;
use std::thread;

use willitrun::advice::accuracy::Class;
use willitrun::speed::{LeftOut, Parameters, Predicted, Range, Together};

use crate::case::{Case, folds};
use crate::knobs::Knob;
use crate::solve::Problem;
use crate::speed::{BARS, error};

/// Half-width of an 80 % band in standard deviations, as in the crate.
const EIGHTY_PERCENT: f64 = 1.2816;
/// No band is taken narrower than what two people get from one measurement.
const NARROWEST: f64 = 0.03;

/// Rows with what is predicted for them.
pub type Predictions = Vec<(usize, f64)>;

/// A fit.
pub struct Task {
    pub what: Predicted,
    predict: fn(&Case, &Parameters) -> Range,
    seen: fn(&Case) -> Option<f64>,
    /// From this residual on, errors count linearly.
    scale: f64,
    knobs: fn(&Parameters) -> Vec<Knob>,
}

pub const DECODE: Task = Task {
    what: Predicted::Tokens,
    predict: Case::decode,
    seen: |case| case.row.decode,
    scale: 0.15,
    knobs: crate::knobs::decode,
};
pub const PREFILL: Task = Task {
    what: Predicted::Prompts,
    predict: Case::prefill,
    seen: |case| case.row.prefill.filter(|_| case.row.class != Class::Partial),
    scale: 0.25,
    knobs: crate::knobs::prefill,
};

impl Task {
    pub fn unknowns(&self, start: &Parameters) -> usize {
        (self.knobs)(start).len()
    }

    /// Rows that have what is fitted.
    pub fn rows(&self, cases: &[Case]) -> Vec<usize> {
        (0..cases.len()).filter(|&row| (self.seen)(&cases[row]).is_some()).collect()
    }

    /// What is predicted for every row.
    pub fn all(&self, cases: &[Case], parameters: &Parameters) -> Predictions {
        self.rows(cases).into_iter().map(|row| (row, (self.predict)(&cases[row], parameters).expected)).collect()
    }

    /// The parameters fitted to some rows.
    pub fn fit(&self, cases: &[Case], rows: &[usize], start: &Parameters) -> Parameters {
        let knobs = (self.knobs)(start);
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
            ((self.seen)(case).expect("a measured row") / (self.predict)(case, parameters).expected).ln()
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
    pub fn cross(&self, cases: &[Case], by: Together, start: &Parameters) -> Predictions {
        let one = |fold| {
            let (held, kept): (Vec<usize>, Vec<usize>) =
                self.rows(cases).into_iter().partition(|&row| cases[row].is_in(by, fold));
            let parameters = self.fit(cases, &kept, start);
            held.into_iter().map(|row| (row, (self.predict)(&cases[row], &parameters).expected)).collect()
        };
        let all: Vec<_> = folds().collect();
        // Folds do not know of one another: who computes them changes nothing.
        thread::scope(|scope| {
            let workers: Vec<_> = all.into_iter().map(|fold| scope.spawn(move || one(fold))).collect();
            workers
                .into_iter()
                .flat_map(|worker: thread::ScopedJoinHandle<'_, Predictions>| worker.join().expect("a fold"))
                .collect()
        })
    }

    /// How far off sound rows are, class by class, and how many of them a band holds.
    pub fn lines(
        &self,
        cases: &[Case],
        predicted: &Predictions,
        by: Together,
        parameters: &Parameters,
    ) -> Vec<LeftOut> {
        BARS.iter()
            .filter_map(|(class, of, ..)| {
                let rows: Vec<&(usize, f64)> =
                    predicted.iter().filter(|(row, _)| cases[*row].is_published() && of(&cases[*row].row)).collect();
                let seen = |row: usize| (self.seen)(&cases[row]).expect("measured");
                let pairs: Vec<(f64, f64)> = rows.iter().map(|(row, rate)| (*rate, seen(*row))).collect();
                if pairs.is_empty() {
                    return None;
                }
                let (median, tail, bias) = error(&pairs);
                let held = rows.iter().filter(|(row, rate)| {
                    let band = (self.predict)(&cases[*row], parameters);
                    (rate / seen(*row)).ln().abs() <= (band.high / band.expected).ln() + 1e-9
                });
                let mut distinct: Vec<usize> = rows.iter().map(|(row, _)| *row).collect();
                distinct.sort_unstable();
                distinct.dedup();
                Some(LeftOut {
                    what: self.what,
                    by,
                    class: (*class).to_owned(),
                    rows: distinct.len() as u32,
                    median,
                    tail,
                    bias,
                    held: held.count() as f64 / rows.len() as f64,
                })
            })
            .collect()
    }

    /// Standard deviation that makes the band hold 80 % of rows left out.
    pub fn spread(&self, cases: &[Case], predicted: &Predictions, of: impl Fn(&Case) -> bool) -> Option<f64> {
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

/// A table for people.
pub fn print(title: &str, lines: &[LeftOut]) {
    println!(
        "{title}: median / 90th percentile of the error in %, median of predicted / measured, share in the 80 % band"
    );
    for line in lines {
        println!(
            "  {:18} {:4} rows {:6.1} / {:6.1}   {:.2}   {:.0} %",
            line.class,
            line.rows,
            line.median,
            line.tail,
            line.bias,
            line.held * 100.0
        );
    }
}
