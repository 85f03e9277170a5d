//! Bands from rows left out.

use willitrun::advice::accuracy::Class;
use willitrun::hardware::{Backend, Basis};
use willitrun::speed::Parameters;

use crate::case::Case;
use crate::task::{DECODE, PREFILL, Predictions, Task};

/// Rows left out, by device and model and by author.
pub struct Crossed {
    pub groups: Predictions,
    pub authors: Predictions,
}

impl Crossed {
    /// The spread between those the two ask for, a sixth of the way to the second on a logarithm's scale. Leaving out
    /// a device and a model alone is a little easy, their author measured others; leaving out an author is too hard,
    /// since some are the only ones with a generation of devices. The sixth is a choice; what the band holds of either
    /// is printed and kept.
    fn spread(&self, task: &Task, cases: &[Case], of: impl Fn(&Case) -> bool) -> Option<f64> {
        let groups = task.spread(cases, &self.groups, &of)?;
        let authors = task.spread(cases, &self.authors, &of)?;
        Some(groups * (authors / groups).max(1.0).powf(1.0 / 6.0))
    }
}

/// Sets every spread.
pub fn set(parameters: &mut Parameters, cases: &[Case], decoded: &Crossed, prompts: &Crossed) {
    let any = decoded.spread(&DECODE, cases, |case| case.basis == Basis::DataSheet).unwrap_or(0.2);
    let any_prompt = prompts.spread(&PREFILL, cases, |case| case.basis == Basis::DataSheet).unwrap_or(0.5);
    let on = |case: &Case, family: &str, backend: Backend, classes: &[Class]| {
        let own = case.row.scenario.engine.id == "ik_llama.cpp";
        case.basis == Basis::DataSheet
            && classes.contains(&case.row.class)
            && case.row.scenario.backend == Some(backend)
            && own == (family == "ik_llama.cpp")
    };
    for row in &mut parameters.backends {
        let (family, backend) = (row.family.clone(), row.backend);
        let single: &[Class] = if backend == Backend::Cpu { &[Class::Cpu] } else { &[Class::OneGpu, Class::Apple] };
        let tokens = |classes: &[Class]| decoded.spread(&DECODE, cases, |case| on(case, &family, backend, classes));
        row.spread = tokens(single).unwrap_or(any * 1.5);
        row.spread_several = tokens(&[Class::SeveralGpus]).unwrap_or(row.spread.max(any));
        let prompt = |classes: &[Class]| prompts.spread(&PREFILL, cases, |case| on(case, &family, backend, classes));
        if let Some(rates) = &mut row.prefill {
            rates.spread = prompt(single).unwrap_or(any_prompt);
            rates.spread_several = prompt(&[Class::SeveralGpus]).unwrap_or(rates.spread.max(any_prompt));
        }
    }
    let in_ram = |case: &Case| case.row.class == Class::ExpertsInRam;
    parameters.host.spread = decoded.spread(&DECODE, cases, in_ram).unwrap_or(any * 1.5);
    parameters.prefill_host_spread = prompts.spread(&PREFILL, cases, in_ram).unwrap_or(any_prompt);
    let measured = |case: &Case| case.basis == Basis::Measured && case.row.class == Class::Cpu;
    parameters.measured.spread = decoded.spread(&DECODE, cases, measured).unwrap_or(any);
}
