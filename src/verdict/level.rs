//! The five levels and the rule that picks one.

use crate::hardware::Machine;
use crate::placement::{Mode, Plan};
use crate::speed::Bill;

/// The share of the usable memory below which a plan is tight.
const TIGHT_SHARE: f64 = 0.10;
/// Tokens per second from which a model runs well.
pub(super) const WELL: f64 = 10.0;

/// How well a model runs. The order is from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It fits with room to spare and is quick.
    RunsWell,
    /// It fits and is slow.
    RunsSlowly,
    /// It fits with hardly any room.
    Tight,
    /// Weights are read again from disk for each token.
    Disk,
    /// It cannot run.
    No,
}

impl Level {
    /// Every level, best first.
    pub const ALL: [Self; 5] = [Self::RunsWell, Self::RunsSlowly, Self::Tight, Self::Disk, Self::No];

    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RunsWell => "runs-well",
            Self::RunsSlowly => "runs-slowly",
            Self::Tight => "tight",
            Self::Disk => "disk",
            Self::No => "no",
        }
    }

    /// The words for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::RunsWell => "Runs well",
            Self::RunsSlowly => "Runs slowly",
            Self::Tight => "Tight",
            Self::Disk => "Only from disk",
            Self::No => "Will not run",
        }
    }
}

/// The level of a plan. A speed that is not known is not promised to be quick.
#[must_use]
pub fn judge(plan: &Plan, machine: &Machine, bill: Option<&Bill>) -> Level {
    if plan.mode == Mode::None || !plan.within_capacity {
        return Level::No;
    }
    if plan.mode == Mode::Disk {
        return Level::Disk;
    }
    if let Some(last) = last_pool(plan, machine) {
        let pool = &machine.pools[last];
        let usable = plan.usable(pool);
        let left = usable.less(plan.pools[last].total()).get() as f64;
        if left < TIGHT_SHARE * usable.as_f64() {
            return Level::Tight;
        }
    }
    match bill {
        Some(bill) if bill.rate.expected >= WELL => Level::RunsWell,
        _ => Level::RunsSlowly,
    }
}

/// The pool a plan fills last: RAM when layers or experts lie there, else the last GPU with layers.
#[must_use]
pub(super) fn last_pool(plan: &Plan, machine: &Machine) -> Option<usize> {
    let host = machine.pools.iter().position(|pool| machine.host().is_some_and(|host| host.id == pool.id));
    match plan.mode {
        Mode::Gpu => {
            let gpus = machine.gpu_places();
            plan.layers
                .iter()
                .filter_map(|home| home.gpu)
                .chain(plan.head)
                .max()
                .and_then(|place| gpus.get(place).copied())
        }
        _ => host,
    }
}
