//! What a command says of further machines. Their addresses are words to fill in: `HOST-OF-NODE1`.

use crate::hardware::PoolKind;
use crate::placement::{OverNetwork, Plan};
use crate::scenario::Scenario;

/// The port llama.cpp's `rpc-server` listens on unless told otherwise (tools/rpc/README.md).
const RPC_PORT: u16 = 50052;

/// The servers of layers a plan hands to, as `--rpc` takes them; none where it stays on the first machine.
pub(super) fn rpc_servers(scenario: &Scenario, plan: &Plan) -> Option<String> {
    if scenario.engine.network != OverNetwork::Rpc {
        return None;
    }
    let hosts: Vec<String> = hosts(scenario, plan).iter().map(|host| format!("{host}:{RPC_PORT}")).collect();
    (!hosts.is_empty()).then(|| hosts.join(","))
}

/// The words for the addresses of the nodes a plan uses.
pub(super) fn hosts(scenario: &Scenario, plan: &Plan) -> Vec<String> {
    let machine = &*scenario.seen();
    let names = plan.nodes(machine).into_iter().filter_map(|node| machine.nodes.get(node));
    names.map(|node| format!("HOST-OF-{}", node.id.to_ascii_uppercase())).collect()
}

/// The shares of a plan as `-ts` takes them: of the devices the engine will see, in its order.
pub(super) fn shares(scenario: &Scenario, plan: &Plan) -> Vec<f64> {
    let machine = &*scenario.seen();
    let holds = |place: usize| plan.pools.get(place).is_some_and(|used| used.total().get() > 0);
    let listed = machine.gpu_places().into_iter().zip(&plan.tensor_split);
    let seen = listed.filter(|(place, _)| machine.pools[*place].node.is_none() || holds(*place));
    seen.map(|(_, share)| *share).collect()
}

/// GPUs the plan's machines have together.
pub(super) fn gpus(scenario: &Scenario, plan: &Plan) -> usize {
    let machine = &*scenario.seen();
    let nodes = plan.nodes(machine);
    let takes_part = |node: Option<usize>| node.is_none_or(|node| nodes.contains(&node));
    machine.gpus().filter(|pool| pool.kind != PoolKind::Ram && takes_part(pool.node)).count()
}
