//! Which part of a model lies in which pool: the engine's own rules, the automatic choice, the user's hand.
//!
//! Invariant: memory is answered for every placement, fitting or not. Reserves steer the automatic
//! choice; they never change what a given placement needs.

mod auto;
mod engine;
mod flag;
mod lay;
mod load;
mod nodes;
mod plan;
mod search;

pub use auto::{Offer, Origin, again, fits, offers};
pub use engine::{Engine, KvEra, Launcher, MapsFromDisk, Offload, OverNetwork, Overhead, Refusal, TensorSplit};
pub use flag::{Flag, Setting, Way};
pub use load::{Load, Split};
pub use nodes::over_nodes;
pub use plan::{CpuExperts, GpuLayers, LayerHome, Mode, Obstacle, Plan, Policy, PoolUse};
