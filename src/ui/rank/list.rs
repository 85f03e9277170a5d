//! The rows on screen, made from a ranking when something changed and not in every frame.

use crate::advice::{Ranked, best_of_each};
use crate::units::Bytes;
use crate::verdict::Level;

use super::filter::{Filter, Order, Quants, words};
use super::ranking::Ranking;

/// What the rows on screen are made from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    pub job: u64,
    pub revision: u64,
    pub quants: Quants,
    pub filter: Filter,
    pub search: String,
    pub order: Order,
    /// The question on screen, which stands among the rows where its quant is not theirs.
    pub current: Ranked,
}

/// The rows on screen.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    /// In order.
    pub rows: Vec<Ranked>,
    /// The question on screen.
    pub current: Option<usize>,
    /// Rows of each verdict, whatever verdicts are shown; the question on screen is counted with its model only.
    pub counts: [usize; Level::ALL.len()],
    /// Rows whatever is asked for.
    pub all: usize,
    /// Models among the rows counted.
    pub models: usize,
    /// The largest that runs well.
    pub largest: Option<Ranked>,
    /// Least and most memory of all rows, whatever is asked for, so that scales stay while filters change.
    pub memory: Option<[Bytes; 2]>,
    /// The same of tokens per second.
    pub rate: Option<[f64; 2]>,
}

impl Shown {
    pub fn new(ranking: &Ranking, asked: &Asked) -> Self {
        let mut rows: Vec<Ranked> = ranking.rows().map(|(_, row)| row.clone()).collect();
        let rates = || rows.iter().filter_map(|row| row.rate).filter(|rate| *rate > 0.0);
        let memory = rows.iter().map(|row| row.memory).min().zip(rows.iter().map(|row| row.memory).max());
        let rate = rates().min_by(f64::total_cmp).zip(rates().max_by(f64::total_cmp));
        rows.sort_by(Ranked::order);
        if asked.quants == Quants::Best {
            rows = best_of_each(rows);
        }
        let all = rows.len();
        let words = words(&asked.search);
        rows.retain(|row| asked.filter.holds(row, &words));
        let mut counts = [0; Level::ALL.len()];
        for row in &rows {
            counts[row.level as usize] += 1;
        }
        let well = rows.iter().filter(|row| row.level == Level::RunsWell);
        let largest = well.max_by_key(|row| row.params).cloned();
        let models = {
            let mut ids: Vec<&str> = rows.iter().map(Ranked::model).collect();
            ids.sort_unstable();
            ids.dedup();
            ids.len()
        };
        let current = &asked.current;
        if !rows.iter().any(|row| is_same(row, current)) && asked.filter.holds(current, &words) {
            let place = rows.partition_point(|row| row.order(current).is_le());
            rows.insert(place, current.clone());
        }
        rows.retain(|row| asked.filter.shows(row.level));
        asked.order.sort(&mut rows);
        let current = rows.iter().position(|row| is_same(row, current));
        Self {
            rows,
            current,
            counts,
            all,
            models,
            largest,
            memory: memory.map(|(least, most)| [least, most]),
            rate: rate.map(|(least, most)| [least, most]),
        }
    }

    /// Rows whatever verdicts are shown.
    pub fn counted(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Rows that run, if only from disk.
    pub fn run(&self) -> usize {
        self.counted() - self.counts[Level::No as usize]
    }
}

/// Whether two rows are of one model and quant.
pub(super) fn is_same(row: &Ranked, other: &Ranked) -> bool {
    row.model() == other.model() && row.quant() == other.quant()
}
