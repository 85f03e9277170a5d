//! Every layer shared out over several GPUs: which numbers of GPUs a model can be shared over, and what each holds.
//!
//! Weights are shared out evenly. Keys and values are shared out by their heads; a latent cache has none, so each GPU
//! keeps all of it. After attention and after the feed-forward part the halves are joined: two passes a layer.

use crate::hardware::{Link, Machine};
use crate::model::{Architecture, Mixer};
use crate::scenario::Scenario;
use crate::units::{Bytes, Seconds, Shortfall};

/// Numbers of GPUs that are built into machines.
pub const DEGREES: [u64; 4] = [2, 4, 8, 16];
/// Joins of a layer: after attention, after the feed-forward part.
const JOINS: u64 = 2;
/// Bytes of a value that is passed on.
const PASSED: u64 = 2;

/// What becomes of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cached {
    /// Each GPU keeps the heads it computes.
    Divided,
    /// Each keeps all of it.
    Whole,
}

/// A number of GPUs.
#[derive(Clone, Debug, PartialEq)]
pub struct Degree {
    /// How many.
    pub gpus: u64,
    /// Why a model cannot be shared over so many; empty where it can.
    pub refused: String,
    /// Weights of each.
    pub weights: Bytes,
    /// Cache of each.
    pub cache: Bytes,
    /// What becomes of the cache.
    pub cached: Cached,
    /// What is left on the smallest GPU of the machine, or missing; none without a GPU.
    pub left: Option<Shortfall>,
    /// Bytes each passes on for a token.
    pub passed: Bytes,
    /// How long that takes on the link of the GPUs, where it is known: for one token, all joins.
    pub time: Option<Seconds>,
}

/// Every number of GPUs for the scenario's model, quant and context.
#[must_use]
pub fn degrees(scenario: &Scenario) -> Vec<Degree> {
    DEGREES.into_iter().map(|gpus| degree(scenario, gpus)).collect()
}

fn degree(scenario: &Scenario, gpus: u64) -> Degree {
    let (model, machine) = (&*scenario.subject.model, &*scenario.machine);
    let weights = Bytes::new(scenario.subject.weights.loaded().get().div_ceil(gpus));
    let layers = scenario.cache().layers;
    let share = |mixer: &Mixer| match mixer {
        // Fewer heads than GPUs: some GPUs keep the same head.
        Mixer::Attention(attention) => gpus.min(attention.kv_heads.max(1)),
        _ => 1,
    };
    let cache = layers.iter().zip(&model.layers).map(|(cache, layer)| cache.bytes / share(&layer.mixer)).sum();
    let latent = model.layers.iter().any(|layer| matches!(layer.mixer, Mixer::Mla(_) | Mixer::Compressed(_)));
    let passed = Bytes::new(model.layers.len() as u64 * JOINS * model.hidden * PASSED);
    let smallest = machine.gpus().map(crate::hardware::Pool::usable).min();
    let rate = link(machine).and_then(|link| link.bandwidth.as_ref());
    Degree {
        gpus,
        refused: refused(model, gpus),
        weights,
        cache,
        cached: if latent { Cached::Whole } else { Cached::Divided },
        left: smallest.map(|room| room.less(weights + cache)),
        passed,
        time: rate.and_then(|rate| rate.value.time_for(passed)),
    }
}

/// Why heads do not come out even.
fn refused(model: &Architecture, gpus: u64) -> String {
    let heads = |mixer: &Mixer| match mixer {
        Mixer::Attention(attention) => Some(attention.heads),
        Mixer::Mla(mla) => Some(mla.heads),
        Mixer::Compressed(mixer) => Some(mixer.heads),
        Mixer::Recurrent(_) | Mixer::None => None,
    };
    let uneven = model.layers.iter().filter_map(|layer| heads(&layer.mixer)).find(|heads| !heads.is_multiple_of(gpus));
    uneven.map_or_else(String::new, |heads| format!("{heads} heads cannot be shared over {gpus} GPUs"))
}

/// What the GPUs of a machine are joined by: a fabric of their own, else the slot of the first.
fn link(machine: &Machine) -> Option<&Link> {
    let fabric = machine.links.iter().find(|link| link.joins.len() > 1);
    fabric.or_else(|| machine.gpus().next().and_then(|gpu| machine.link_of(gpu)))
}
