//! Measurements as questions laid out once, and what is predicted for them.

use std::collections::BTreeMap;

use willitrun::hardware::Basis;
use willitrun::memory::Known;
use willitrun::memory::{self, Cache, KvLayout, RunOptions};
use willitrun::placement::{Load, Plan, offers};
use willitrun::speed::{Parameters, Range, Together, decode, prefill};

use willitrun::advice::accuracy::Measured;

use crate::speed::{author, measurements, paired};

const FOLDS: u64 = 4;
/// How often all groups are dealt to the folds anew: one deal may put all that is alike into one fold.
const DEALS: u64 = 3;

/// A measurement laid out once.
pub struct Case {
    pub row: Measured,
    run: RunOptions,
    cache: Cache,
    plan: Plan,
    pub basis: Basis,
    pub weight: f64,
    /// Place of its group and of its author in the alphabet.
    places: [u64; 2],
}

/// A deal and a fold of it.
pub type Fold = (u64, u64);

/// Every deal and fold.
pub fn folds() -> impl Iterator<Item = Fold> {
    (0..DEALS).flat_map(|deal| (0..FOLDS).map(move |fold| (deal, fold)))
}

impl Case {
    /// Whether it is left out of this fold.
    pub fn is_in(&self, by: Together, (deal, fold): Fold) -> bool {
        let place = self.places[usize::from(by == Together::Author)];
        // The finalizer of splitmix64: neighbours in the alphabet are one device, and are spread over the folds.
        let mut mixed = (place + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(deal << 32);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % FOLDS == fold
    }

    /// Whether it was published, with hardware and build.
    pub fn is_published(&self) -> bool {
        self.row.sound && self.basis == Basis::DataSheet
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

    pub fn decode(&self, parameters: &Parameters) -> Range {
        let s = &self.row.scenario;
        decode(&self.load(), &self.plan, &s.machine, parameters, s.engine_date.as_deref(), s.depth)
            .map_or_else(|| panic!("{} has no speed", self.row.id), |bill| bill.rate)
    }

    pub fn prefill(&self, parameters: &Parameters) -> Range {
        let s = &self.row.scenario;
        let built = s.engine_date.as_deref();
        prefill(&self.load(), &self.plan, &s.machine, parameters, built, self.row.start, s.prompt)
            .unwrap_or_else(|| panic!("{} has no prompt speed", self.row.id))
    }
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let rows: Vec<(Measured, Basis)> = (measurements().into_iter().map(|row| (row, Basis::DataSheet)))
        .chain(paired().into_iter().map(|row| (row, Basis::Measured)))
        .collect();
    let (mut groups, mut authors) = (BTreeMap::<String, usize>::new(), BTreeMap::<String, usize>::new());
    for (row, _) in &rows {
        *groups.entry(row.group.clone()).or_default() += 1;
        *authors.entry(author(&row.source)).or_default() += 1;
    }
    let place_in = |all: &BTreeMap<String, usize>, key: &str| all.keys().position(|known| known == key).expect("known");
    rows.into_iter()
        .map(|(row, basis)| {
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
            let author = author(&row.source);
            let places = [place_in(&groups, &row.group) as u64, place_in(&authors, &author) as u64];
            let weight = match basis {
                // One machine, however often it was asked: all its rows count as one.
                Basis::Measured => (authors[&author] as f64).powf(-0.5),
                Basis::DataSheet => size.powf(-0.25) * if row.sound { 1.0 } else { 0.4 },
            };
            Case { row, run, cache, plan, basis, weight, places }
        })
        .collect()
}
