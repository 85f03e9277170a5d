//! What limits the model on screen: its steps under the roofs of the machine.

use super::question::{Question, runs};
use super::{Scenario, evidence, settled};
use crate::speed::{self, Roof, Site, Worked};
use crate::units::Tokens;

/// Sequences at once that are shown: one user, a few, a small service.
pub const AT_ONCE: [u64; 3] = [1, 8, 32];

/// What a point of the picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One token for each of so many sequences.
    Decode(u64),
    /// A prompt of so many tokens.
    Prompt(Tokens),
}

/// The picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roofline {
    /// What the processors can do at most.
    pub roofs: Vec<Roof>,
    /// What the model asks of them; a step is there once for each site that takes part.
    pub points: Vec<(Step, Worked)>,
}

/// The steps of a question under the roofs of its machine: the token and the prompt of [`evaluate`](super::evaluate), and
/// the token for several sequences in the same context.
#[must_use]
pub fn roofline(scenario: &Scenario) -> Roofline {
    let scenario = &*settled(scenario);
    let mut found = Roofline::default();
    for sequences in AT_ONCE {
        let mut asked = scenario.clone();
        asked.run.sequences = sequences;
        let question = Question::new(&asked);
        let at = question.at(asked.run.context);
        let plan = at.place().plan;
        if question.refusal.is_some() || !runs(&plan) {
            continue;
        }
        let (load, machine, parameters) = (at.load(), &question.machine, &asked.parameters);
        if found.roofs.is_empty() {
            found.roofs =
                Site::ALL.into_iter().filter_map(|site| speed::roof(&plan, machine, parameters, site)).collect();
        }
        if let Some(bill) = at.bill(&plan, asked.depth) {
            let steps = speed::step(&load, &plan, machine, parameters, asked.depth, &bill);
            found.points.extend(steps.into_iter().map(|worked| (Step::Decode(sequences), worked)));
        }
        if sequences == 1
            && let Some(rate) = at.predicted_prompt(&plan)
        {
            let rate = evidence::on_prompt(&at, &plan, rate).0.expected;
            let worked = speed::batch(&load, &plan, machine, parameters, [asked.depth, asked.prompt], rate);
            found.points.extend(worked.map(|worked| (Step::Prompt(asked.prompt), worked)));
        }
    }
    // A roof nobody works under says nothing.
    found.roofs.retain(|roof| found.points.iter().any(|(_, worked)| worked.site == roof.site));
    found
}
