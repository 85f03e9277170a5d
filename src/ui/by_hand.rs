//! What of the question is set by hand, and what would be chosen instead.

use crate::memory::{KvPlace, RunOptions};
use crate::placement::{CpuExperts, GpuLayers, LayerHome, Plan, Policy};
use crate::scenario::{Point, Scenario, contexts, evaluate_here, sweep};
use crate::units::Tokens;

use super::bench::{Workbench, usual_answer, without_context};

/// What stands in the card at the lower right of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lower {
    /// What would change the answer.
    #[default]
    Changes,
    /// What is usually left to the engine.
    Hand,
    /// The bill of a token, where it has no card of its own.
    Why,
}

/// Which plot is shown where there is room for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plot {
    /// What lies in memory.
    #[default]
    Memory,
    /// How fast it runs.
    Speed,
}

/// The length of a prompt nobody has chosen.
pub(super) const USUAL_PROMPT: Tokens = Tokens::new(512);

impl Workbench {
    /// The placement the engine would choose for the question on screen with nothing placed by hand.
    pub(super) fn automatic(&mut self) -> Plan {
        let alone = left_to_the_engine(&self.scenario);
        if alone.policy == self.scenario.policy {
            return self.answer().plan.clone();
        }
        self.automatic.get(alone, |scenario| evaluate_here(scenario).plan).clone()
    }

    /// The question on screen at many contexts, and what it was before anything of the machine was measured.
    ///
    /// Made here, lent by [`Self::curves`].
    pub(super) fn make_points(&mut self) {
        self.points();
        if !self.is_measured() {
            return;
        }
        let scenario = before_measuring(without_context(&self.scenario));
        self.before.get(scenario, |scenario| sweep(scenario, &contexts(scenario.subject.model.max_context)));
    }

    /// The question at many contexts as it was made last, and what it was before measuring.
    pub(super) fn curves(&self) -> (&[Point], Option<&[Point]>) {
        let before = self.before.last().filter(|_| self.is_measured());
        (self.points.last().map_or(&[], Vec::as_slice), before.map(Vec::as_slice))
    }

    /// Whether anything of the machine on screen was measured.
    pub(super) fn is_measured(&self) -> bool {
        let machine = &self.scenario.machine;
        !machine.runs.is_empty() || machine.pools.iter().any(|pool| pool.read_measured.is_some())
    }

    /// How many settings are the user's own that are usually left alone.
    #[must_use]
    pub fn by_hand(&self) -> usize {
        let Scenario { policy, run, .. } = &self.scenario;
        [
            policy.gpu_layers != GpuLayers::Auto,
            policy.cpu_experts != CpuExperts::Auto,
            policy.split.is_some(),
            !policy.tensor_split.is_empty(),
            run.kv_place != KvPlace::default(),
            self.users() != 1,
            self.samples() != 1,
            self.scenario.subject.experts_used.is_some(),
            self.scenario.answer != usual_answer(&self.scenario.subject),
            self.scenario.prompt != USUAL_PROMPT,
            self.scenario.engine_date.is_some(),
            self.scenario.backend.is_some(),
        ]
        .into_iter()
        .filter(|by_hand| *by_hand)
        .count()
    }

    /// Answers drawn for each question side by side. What is served by other means is all users.
    pub(super) fn samples(&self) -> u64 {
        let all = self.scenario.run.sequences();
        if all.is_multiple_of(self.samples.max(1)) { self.samples.max(1) } else { 1 }
    }

    /// Users served side by side, each with its samples.
    pub(super) fn users(&self) -> u64 {
        self.scenario.run.sequences() / self.samples()
    }

    /// Serves so many users with so many samples each.
    pub fn serve(&mut self, users: u64, samples: u64) {
        self.samples = samples.max(1);
        self.scenario.run.sequences = users.max(1).saturating_mul(self.samples);
    }

    /// Gives all of it back.
    pub fn leave_to_the_engine(&mut self) {
        self.set_experts_used(None);
        let scenario = &mut self.scenario;
        scenario.policy = Policy::default();
        scenario.run = RunOptions { kv_place: KvPlace::default(), sequences: 1, ..scenario.run };
        scenario.answer = usual_answer(&scenario.subject);
        scenario.prompt = USUAL_PROMPT;
        scenario.engine_date = None;
        scenario.backend = None;
        self.samples = 1;
    }

    /// How many routed experts a token uses; none for as many as the model was trained with.
    pub fn set_experts_used(&mut self, used: Option<u64>) {
        if used != self.scenario.subject.experts_used {
            self.scenario.subject = std::sync::Arc::new(self.scenario.subject.with_experts(used));
        }
    }
}

/// The question as it was before anything of its machine was measured.
pub(super) fn before_measuring(mut scenario: Scenario) -> Scenario {
    let machine = std::sync::Arc::make_mut(&mut scenario.machine);
    machine.runs.clear();
    machine.measurements.clear();
    for pool in &mut machine.pools {
        pool.read_measured = None;
    }
    scenario
}

/// The question with its layers, experts and shares left to the engine.
fn left_to_the_engine(scenario: &Scenario) -> Scenario {
    let policy = Policy { split: scenario.policy.split, ..Policy::default() };
    Scenario { policy, ..scenario.clone() }
}

/// How many slots of a plan, the head counted as one, lie on each of `gpus` GPUs.
pub(super) fn slots_on(plan: &Plan, gpus: usize) -> Vec<u64> {
    let mut counts = vec![0; gpus];
    for gpu in plan.layers.iter().filter_map(|home: &LayerHome| home.gpu).chain(plan.head) {
        if let Some(count) = counts.get_mut(gpu) {
            *count += 1;
        }
    }
    counts
}

/// Shares as whole percent that come to a hundred; alike where there is nothing to go by.
pub(super) fn percent(parts: &[f64]) -> Vec<u64> {
    let total: f64 = parts.iter().sum();
    let exact: Vec<f64> = parts
        .iter()
        .map(|part| if total > 0.0 { part / total * 100.0 } else { 100.0 / parts.len().max(1) as f64 })
        .collect();
    let mut whole: Vec<u64> = exact.iter().map(|share| share.floor() as u64).collect();
    // What rounding down left over goes where it was cut off most.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()));
    let left = 100_u64.saturating_sub(whole.iter().sum());
    for &at in order.iter().take(usize::try_from(left).unwrap_or(0)) {
        whole[at] += 1;
    }
    whole
}

/// The shares with one of them changed: the others keep their proportions.
pub(super) fn with_share(shares: &[u64], at: usize, share: u64) -> Vec<u64> {
    let share = share.min(100);
    let others: Vec<f64> = shares.iter().enumerate().map(|(i, old)| if i == at { 0.0 } else { *old as f64 }).collect();
    let sum: f64 = others.iter().sum();
    let alike = 1.0 / (shares.len().max(2) - 1) as f64;
    let rest = (100 - share) as f64;
    let parts: Vec<f64> = others
        .iter()
        .enumerate()
        .map(|(i, old)| match () {
            () if i == at => share as f64,
            () if sum > 0.0 => old / sum * rest,
            () => alike * rest,
        })
        .collect();
    let mut whole = percent(&parts);
    // Rounding must not move what the hand holds.
    if let Some(off) = whole.get(at).map(|now| share.abs_diff(*now)).filter(|off| *off > 0) {
        whole[at] = share;
        if let Some(other) = (0..whole.len()).filter(|i| *i != at).max_by_key(|i| whole[*i]) {
            whole[other] = whole[other].saturating_sub(off);
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_come_to_a_hundred() {
        for (parts, expected) in [
            (vec![1.0, 1.0], vec![50, 50]),
            (vec![23.0, 11.0], vec![68, 32]),
            (vec![1.0, 1.0, 1.0], vec![34, 33, 33]),
            (vec![0.0, 0.0], vec![50, 50]),
            (vec![5.0], vec![100]),
        ] {
            assert_eq!(percent(&parts), expected, "{parts:?}");
        }
        assert!(percent(&[]).is_empty());
    }

    #[test]
    fn the_share_in_the_hand_is_kept_and_the_others_keep_their_proportions() {
        for (shares, at, share, expected) in [
            (vec![50, 50], 0, 70, vec![70, 30]),
            (vec![50, 50], 1, 100, vec![0, 100]),
            (vec![0, 100], 1, 40, vec![60, 40]),
            (vec![40, 40, 20], 2, 50, vec![25, 25, 50]),
            (vec![34, 33, 33], 0, 1, vec![1, 50, 49]),
            (vec![50, 50], 0, 900, vec![100, 0]),
        ] {
            let now = with_share(&shares, at, share);
            assert_eq!(now, expected, "{shares:?}");
            assert_eq!(now.iter().sum::<u64>(), 100);
        }
    }
}
