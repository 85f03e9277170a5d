//! What the questions share: models under quants, machines of a few pools, scenarios.

use std::sync::Arc;

use willitrun::catalog::Catalog;
use willitrun::hardware::{Figure, Machine, Pool, PoolKind};
use willitrun::model::Architecture;
use willitrun::scenario::{Scenario, Subject, evaluate_here};
use willitrun::units::{Bytes, BytesPerSecond, GIB, Tokens};

/// More than anything takes: where a ceiling is asked of bandwidth alone.
pub const ROOM: u64 = 1 << 20;

pub fn catalog() -> &'static Catalog {
    Catalog::builtin()
}

pub fn model(id: &str) -> &'static Arc<Architecture> {
    catalog().model(id).unwrap_or_else(|| panic!("{id}"))
}

pub fn subject(id: &str, quant: &str) -> Arc<Subject> {
    Arc::new(catalog().subject(model(id), quant).unwrap_or_else(|| panic!("{id} {quant}")))
}

pub fn r1(quant: &str) -> Arc<Subject> {
    subject("deepseek-r1", quant)
}

/// A published file of R1 as if its cache were kept latent.
pub fn r1_latent(quant: &str) -> Arc<Subject> {
    Arc::new(Subject { layout: None, ..Subject::clone(&r1(quant)) })
}

/// A pool of so many GiB and GB/s.
pub fn pool(id: &str, kind: PoolKind, gib: u64, gbs: f64) -> Pool {
    let mut pool = Pool::new(id, kind, Figure::typed(Bytes::gib(gib)));
    pool.read = BytesPerSecond::from_gb(gbs).map(Figure::typed);
    pool
}

pub fn ram(gib: u64, gbs: f64) -> Pool {
    pool("ram", PoolKind::Ram, gib, gbs)
}

pub fn gpu(gib: u64, gbs: f64) -> Pool {
    pool("gpu0", PoolKind::Vram, gib, gbs)
}

pub fn machine(pools: Vec<Pool>) -> Machine {
    let mut machine = Machine::new("asked", "The machine asked about");
    machine.pools = pools;
    machine
}

pub fn ask(engine: &str, subject: &Arc<Subject>, machine: Machine) -> Scenario {
    let engine = catalog().engine(engine).unwrap_or_else(|| panic!("{engine}")).clone();
    Scenario::new(subject.clone(), Arc::new(machine), engine, catalog().parameters.clone())
}

/// Tokens per second at most from memory of so many GB/s.
pub fn ceiling(subject: &Arc<Subject>, gbs: f64) -> f64 {
    rate(&ask("ideal", subject, machine(vec![ram(ROOM, gbs)])))
}

pub fn rate(scenario: &Scenario) -> f64 {
    evaluate_here(scenario).bill.expect("a speed").rate.expected
}

pub fn with_context(scenario: &Scenario, tokens: u64) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.run.context = Tokens::new(tokens);
    scenario
}

pub fn gb(bytes: Bytes) -> f64 {
    bytes.as_f64() / 1e9
}

pub fn gib(bytes: Bytes) -> f64 {
    bytes.as_f64() / GIB as f64
}

pub fn mib(bytes: Bytes) -> f64 {
    bytes.as_f64() / willitrun::units::MIB as f64
}
