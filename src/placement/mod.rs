//! Which part of a model lies in which pool: the engine's own rules, the automatic choice, the user's hand.
//!
//! Invariant: memory is answered for every placement, fitting or not. Reserves steer the automatic
//! choice; they never change what a given placement needs.

mod auto;
mod engine;
mod flag;
mod lay;
mod nodes;
mod plan;

pub use auto::place;
pub use engine::{Engine, KvEra, Launcher, MapsFromDisk, Offload, OverNetwork, Overhead, Refusal};
pub use flag::{Flag, Setting, Way};
pub use lay::{Load, Precision, Split};
pub use nodes::place_over_nodes;
pub use plan::{CpuExperts, GpuLayers, LayerHome, Mode, Obstacle, Plan, Policy, PoolUse};
