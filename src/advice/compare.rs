//! The same question of another machine.

use std::sync::Arc;

use crate::hardware::Machine;
use crate::placement::Policy;
use crate::scenario::Scenario;

/// The question asked of another machine. What was placed by hand was placed on the one before and stays behind, as
/// does the backend.
#[must_use]
pub fn asked_of(scenario: &Scenario, machine: Arc<Machine>) -> Scenario {
    Scenario { machine, policy: Policy::default(), backend: None, ..scenario.clone() }
}
