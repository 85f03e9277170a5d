//! What is worth saying about an answer because of the CPU's memory.

use crate::hardware::Finding;
use crate::placement::{LayerHome, Plan};
use crate::speed::Filled;

use super::Scenario;

/// Channels that hold no module, and memory spread over sockets.
pub(super) fn findings(scenario: &Scenario, plan: &Plan) -> Vec<Finding> {
    let Scenario { engine, machine, parameters, .. } = scenario;
    let mut found = Vec::new();
    if !plan.layers.iter().any(LayerHome::on_cpu) {
        return found;
    }
    if let Some(filled) = machine.host().and_then(Filled::of) {
        found.push(Finding::warning(
            format!(
                "{} of {} memory channels hold a module, so RAM reads at {:.0} % of its data sheet.",
                filled.modules,
                filled.channels,
                filled.share() * 100.0
            ),
            "Fill the empty channels, one module in each.",
        ));
    }
    let share = parameters.over_sockets(&engine.id, &machine.cpu) * 100.0;
    if machine.cpu.sockets < 2 || engine.ideal {
        return found;
    }
    let name = &engine.name;
    if parameters.keeps_copies(&engine.id) {
        found.push(Finding::note(
            format!("{name} keeps a copy of the experts on each socket: {share:.0} % of the bandwidth of both counts."),
            "Leave room in RAM for the experts twice; the plan counts them once.",
        ));
    } else {
        found.push(Finding::note(
            format!("Threads of {name} read across sockets: {share:.0} % of the bandwidth of both counts."),
            "One socket alone has half of it: where the model fits its memory, bind it with numactl -N 0 -m 0.",
        ));
    }
    found
}
