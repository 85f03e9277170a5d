//! The first look at a model: a few formats against the memory there is, before anything is placed.
//!
//! Weights are those of the whole file and the cache is that of the context asked; buffers and what must stay free come
//! later, in the answer itself.

use std::sync::Arc;

use crate::hardware::{Machine, Pool, PoolKind};
use crate::scenario::{Scenario, Subject};
use crate::units::{Bytes, Shortfall};

/// The share of what may be used above which there is hardly room left for buffers.
const TIGHT: f64 = 0.9;

/// How one format compares with one kind of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Light {
    /// It fits with room for buffers.
    Green,
    /// It fits with hardly any room.
    Amber,
    /// It does not fit.
    Red,
}

/// One format against one kind of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What there is, nothing kept free.
    pub has: Bytes,
    /// What is left of it, or missing.
    pub left: Shortfall,
    /// How it compares.
    pub light: Light,
}

/// One format against the memory there is.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The format.
    pub subject: Arc<Subject>,
    /// Its file.
    pub weights: Bytes,
    /// The cache of the context asked.
    pub cache: Bytes,
    /// Against the memory of GPUs, unified memory counted.
    pub vram: Cell,
    /// Against memory the CPU computes on, unified memory counted.
    pub ram: Cell,
    /// Against all of it.
    pub both: Cell,
}

/// Each format against the memory of the scenario's machine.
#[must_use]
pub fn rows(scenario: &Scenario, formats: &[Arc<Subject>]) -> Vec<Row> {
    let machine = &*scenario.seen();
    let row = |subject: &Arc<Subject>| {
        let cache = Scenario { subject: subject.clone(), ..scenario.clone() }.cache().kv();
        let weights = subject.weights.file;
        let cell = |kinds: &[PoolKind]| cell(machine, kinds, weights + cache);
        Row {
            subject: subject.clone(),
            weights,
            cache,
            vram: cell(&[PoolKind::Vram, PoolKind::Unified]),
            ram: cell(&[PoolKind::Ram, PoolKind::Unified]),
            both: cell(&[PoolKind::Vram, PoolKind::Ram, PoolKind::Unified]),
        }
    };
    formats.iter().map(row).collect()
}

fn cell(machine: &Machine, kinds: &[PoolKind], need: Bytes) -> Cell {
    let pools = || machine.pools.iter().filter(|pool| kinds.contains(&pool.kind));
    let has: Bytes = pools().map(|pool| pool.capacity.value).sum();
    let usable: Bytes = pools().map(Pool::usable).sum();
    let light = if need > has {
        Light::Red
    } else if need.as_f64() > usable.as_f64() * TIGHT {
        Light::Amber
    } else {
        Light::Green
    };
    Cell { has, left: has.less(need), light }
}
