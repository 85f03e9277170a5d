//! What is worth saying of room for an answer, of several users, and of several machines.

use crate::hardware::{Finding, Machine};
use crate::placement::{Launcher, Mode, OverNetwork, Plan, Split};

use super::Scenario;

/// What the sequences and the nodes come to.
pub(super) fn findings(scenario: &Scenario, plan: &Plan, machine: &Machine) -> Vec<Finding> {
    [users(scenario, plan), cluster(scenario, plan, machine)].into_iter().flatten().collect()
}

/// Whether there is room for the whole of prompt and answer, of one sequence or of all that share a cache.
#[must_use]
pub fn room(scenario: &Scenario) -> Option<Finding> {
    let run = &scenario.run;
    let (streams, sequences) = (run.streams().max(1), run.sequences());
    let room = run.context / streams;
    let asked = (scenario.depth + scenario.prompt + scenario.answer) * (sequences / streams);
    if asked <= room {
        return None;
    }
    let answer = scenario.answer;
    let what = match (sequences, streams) {
        (1, _) => format!("The {answer}-token answer needs a context of {asked}; this one has {room}."),
        (_, 1) => format!("{sequences} answers of {answer} tokens need a context of {asked}; this one has {room}."),
        _ => format!("Each {answer}-token answer needs {asked} tokens of context; one sequence has {room}."),
    };
    Some(Finding::warning(
        what,
        format!("Its time is counted all the same; a context of {} holds it.", asked * streams),
    ))
}

/// What a step for several sequences rests on.
fn users(scenario: &Scenario, plan: &Plan) -> Option<Finding> {
    let sequences = scenario.run.sequences();
    if sequences <= 1 || plan.mode == Mode::None {
        return None;
    }
    let experts = scenario.subject.model.experts() > 0;
    let routed = match (experts, scenario.engine.ideal) {
        (false, _) => "",
        (true, true) => ", and experts are taken as picked at random for each",
        (true, false) => ", and experts are taken as picked about as much alike as in published runs",
    };
    Some(Finding::note(
        format!(
            "{sequences} sequences get their next token in one step: weights are read once, cache and arithmetic count for each{routed}. Most measurements behind the speed are of one sequence, so the band is wider."
        ),
        "",
    ))
}

/// Which machines of a cluster take part.
fn cluster(scenario: &Scenario, plan: &Plan, machine: &Machine) -> Option<Finding> {
    let nodes = &scenario.machine.nodes;
    if nodes.is_empty() || plan.mode == Mode::None {
        return None;
    }
    let name = &scenario.engine.name;
    let all = nodes.len() + 1;
    if scenario.engine.network == OverNetwork::Alone {
        return Some(Finding::warning(
            format!("{name} runs on one machine: only the first of these {all} is counted."),
            "llama.cpp, vLLM and MLX run over several.",
        ));
    }
    let used = plan.nodes(machine);
    if used.is_empty() {
        let why = match scenario.policy.split {
            Some(Split::Tensor) if scenario.engine.network == OverNetwork::Rpc => {
                "its servers of layers know no tensor split"
            }
            _ => "another would add room, and a way over the network to every token",
        };
        return Some(Finding::note(format!("One of the {all} machines is enough here: {why}."), ""));
    }
    let unknown = used.iter().any(|node| {
        let link = nodes.get(*node).and_then(|node| scenario.machine.link(node.link.as_deref()?));
        link.is_none_or(|link| link.bandwidth.is_none() || link.latency.is_none())
    });
    let told = if unknown { " What a network does not say of itself is assumed." } else { "" };
    let counted = used.len() + 1;
    let gain = match plan.split {
        Split::Layer => "layers are computed one machine after the other, so nodes add room, not speed for one user",
        Split::Tensor => "every layer is shared out, and joined over the network twice",
    };
    let who = if counted == all {
        format!("All {all} machines take part")
    } else {
        format!("{counted} of the {all} machines take part")
    };
    Some(Finding::note(format!("{who}: {gain}.{told}"), start(scenario.engine.command)))
}

/// What has to run on further machines first.
fn start(launcher: Launcher) -> &'static str {
    match launcher {
        Launcher::LlamaServer | Launcher::IkLlamaServer => {
            "Start rpc-server -H 0.0.0.0 on each of the others, in a network you trust: it has no lock. Where RAM is to be used beside a GPU, name both with --device."
        }
        Launcher::Vllm => {
            "Start Ray first: ray start --head here, ray start --address=HOST-OF-FIRST:6379 on each of the others."
        }
        Launcher::Mlx => "Each of the others needs the same Python environment and SSH without a password.",
        Launcher::Ollama | Launcher::KTransformers => "",
    }
}
