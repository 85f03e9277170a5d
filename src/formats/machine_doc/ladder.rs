//! How a document of an older version becomes one of the newest: step by step, on its fields, before anything is read.
//!
//! Invariant: a step knows two versions and nothing else; keys it does not name pass through as they are. A change that
//! old readers misunderstand gets a new version and a step here; a key they may pass over does not.

use super::{Field, VERSION};

/// Brings the fields of one version to the shape of the next.
pub(super) type Step = fn(&mut Vec<Field>);

/// The steps from the oldest version that is read to the newest, each one version up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ladder {
    /// The oldest version that is read.
    pub oldest: u32,
    /// The first step takes a document of the oldest version.
    pub steps: &'static [Step],
}

/// The versions there have been.
pub(super) const LADDER: Ladder = Ladder { oldest: 1, steps: &[] };

const _: () = assert!(LADDER.newest() == VERSION, "one step for each version after the oldest");

impl Ladder {
    /// The version at its top.
    pub(super) const fn newest(&self) -> u32 {
        self.oldest + self.steps.len() as u32
    }

    /// Takes the fields of a version to the top.
    pub(super) fn climb(&self, fields: &mut Vec<Field>, from: u32) {
        for step in self.steps.iter().skip(from.saturating_sub(self.oldest) as usize) {
            step(fields);
        }
    }
}
