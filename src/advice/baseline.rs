//! Whether to quantise, and against what to compare: the steps in order, each with its numbers.

use std::sync::Arc;

use crate::quant::Quality;
use crate::scenario::{Scenario, Subject, standing};
use crate::units::Bytes;
use crate::verdict::Level;

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What to do.
    pub what: String,
    /// Why, with its numbers.
    pub why: String,
    /// Whether it can be done on this machine.
    pub here: Here,
}

/// Whether a step can be done on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Here {
    /// In memory.
    Yes,
    /// It cannot, or only from disk.
    No,
    /// It is no question of this machine.
    Elsewhere,
}

/// The steps from the form a model was released in to the quant asked about.
#[must_use]
pub fn steps(scenario: &Scenario, native: &Arc<Subject>, eight_bit: &Arc<Subject>, quality: &Quality) -> Vec<Step> {
    let here = |subject: &Arc<Subject>| {
        let asked = Scenario { subject: subject.clone(), engine: scenario.engine.clone(), ..scenario.clone() };
        if standing(&asked).level <= Level::Tight { Here::Yes } else { Here::No }
    };
    // Room is what decides about the baseline: some engine reads any format.
    let need = native.weights.loaded() + Scenario { subject: native.clone(), ..scenario.clone() }.cache().kv();
    let room: Bytes = scenario
        .seen()
        .pools
        .iter()
        .filter(|pool| pool.kind != crate::hardware::PoolKind::Disk)
        .map(crate::hardware::Pool::usable)
        .sum();
    let fits = need <= room;
    let size =
        |subject: &Subject| format!("{} ({})", scenario.unit.of(subject.weights.file), subject.weights.file.in_gb());
    let mut steps = vec![Step {
        what: "Know what unquantised answers look like".to_owned(),
        why: format!(
            "As released it is {}; loaded with its cache it takes {}, and {} may be used here.",
            size(native),
            scenario.unit.of(need),
            scenario.unit.of(room)
        ),
        here: if fits { Here::Yes } else { Here::No },
    }];
    if !fits {
        steps.push(Step {
            what: "Use an API as the baseline".to_owned(),
            why: "Somebody else runs the unquantised model: ask it the same questions once and keep the answers."
                .to_owned(),
            here: Here::Elsewhere,
        });
    }
    steps.push(Step {
        what: format!("Try 8 bits first: {}", eight_bit.quant.id),
        why: match quality.headline(&eight_bit.quant.id) {
            Some(row) => format!("{}. Cited: {} ({}).", size(eight_bit), row.line(), row.source),
            None => format!("{}.", size(eight_bit)),
        },
        here: here(eight_bit),
    });
    let own = &scenario.subject;
    let cited = quality.of(&own.quant.id).find(|row| row.is_of(&own.model.name));
    let cited = cited.or_else(|| quality.headline(&own.quant.id));
    steps.push(Step {
        what: format!("Then {}, on the same questions", own.quant.id),
        why: match cited {
            Some(row) => format!("{}. Cited: {} ({}).", size(own), row.line(), row.source),
            None => format!("{}. No figure of its quality is cited here, so compare yourself.", size(own)),
        },
        here: here(own),
    });
    steps
}
