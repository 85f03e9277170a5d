//! What is taken back and done again: the question with the machine it is asked of, what is being edited, and what was
//! typed on the page of thinking and serving.

use std::sync::Arc;

use crate::hardware::{BenchRun, Machine};
use crate::scenario::Scenario;
use crate::units::MemoryUnit;

use super::MachineChoice;
use super::bench::{Workbench, Workspace};
use super::editor::{ModelEditor, QuantEditor};
use super::history::History;
use super::reason::{Inputs, Reason};

/// A state to go back to: the question, and the machine it is asked of without what was typed over it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    scenario: Scenario,
    base: Arc<Machine>,
    choice: MachineChoice,
    runs: Vec<BenchRun>,
    model: Option<ModelEditor>,
    quant: Option<QuantEditor>,
    samples: u64,
    reason: Inputs,
}

impl Step {
    /// Where a bench with this question begins.
    pub(super) fn first(scenario: &Scenario) -> Self {
        Self {
            scenario: scenario.clone(),
            base: scenario.machine.clone(),
            choice: MachineChoice::This,
            runs: scenario.machine.runs.clone(),
            model: None,
            quant: None,
            samples: 1,
            reason: Reason::default().inputs(),
        }
    }
}

impl Workbench {
    /// Notes the question for undo once the hand rests.
    pub fn note(&mut self) {
        let step = self.step();
        self.history.note(&step);
    }

    /// Whether there is something to take back.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        self.history.can_undo()
    }

    /// Whether there is something to do again.
    #[must_use]
    pub fn can_redo(&self) -> bool {
        self.history.can_redo()
    }

    /// Takes the last change back.
    pub fn undo(&mut self) {
        self.note();
        if let Some(step) = self.history.undo() {
            self.return_to(step);
        }
    }

    /// Does the last change again.
    pub fn redo(&mut self) {
        if let Some(step) = self.history.redo() {
            self.return_to(step);
        }
    }

    /// Forgets what was before: undo goes no further back than this.
    pub(crate) fn begin_here(&mut self) {
        self.history = History::new(self.step());
    }

    pub(super) fn step(&self) -> Step {
        Step {
            // How sizes are written is no step.
            scenario: Scenario { unit: MemoryUnit::default(), ..self.scenario.clone() },
            base: self.base.clone(),
            choice: self.choice.clone(),
            runs: self.runs.clone(),
            model: self.model.clone(),
            quant: self.quant.clone(),
            samples: self.samples,
            reason: self.reason.inputs(),
        }
    }

    fn return_to(&mut self, step: Step) {
        self.scenario = Scenario { unit: self.unit, ..step.scenario };
        self.base = step.base;
        self.choice = step.choice;
        self.set_runs(step.runs);
        self.model = step.model;
        self.quant = step.quant;
        self.samples = step.samples;
        self.reason.put(step.reason);
        let gone = match self.workspace {
            Workspace::Model => self.model.is_none(),
            Workspace::Quant => self.quant.is_none(),
            _ => false,
        };
        if gone {
            self.workspace = Workspace::Run;
        }
    }
}
