//! Published measurements of speed, and the question each of them is an answer to.
#![allow(dead_code, reason = "the test and the fit each use their part")]

#[path = "questions.rs"]
pub mod questions;

use std::collections::HashMap;
use std::sync::Arc;

use willitrun::advice::accuracy::{Class, Group, Measured, Off};
use willitrun::catalog::Catalog;
use willitrun::hardware::{Backend, Besides, Figure, Link, LinkKind, Machine, Measurement, Pool, PoolKind, Source};
use willitrun::memory::FlashAttention;
use willitrun::placement::{CpuExperts, GpuLayers};
use willitrun::quant::{Imatrix, Quant};
use willitrun::scenario::{Scenario, Subject};
use willitrun::units::{Bytes, BytesPerSecond, Tokens};

const TABLE: &str = include_str!("speed_measurements.csv");
const PAIRED: &str = include_str!("speed_paired.csv");
/// Room for anything: what was measured did fit.
const ENDLESS: Bytes = Bytes::new(1 << 50);

/// A name, what belongs to it, and the median and 90th percentile of the error in percent it may have.
pub type Bar = (&'static str, fn(&Measured) -> bool, f64, f64);

pub const BARS: [Bar; 8] = [
    ("all", |row| Group::All.holds(row), 10.0, 42.0),
    ("dense on one GPU", |row| Group::DenseOneGpu.holds(row), 9.0, 30.0),
    ("Apple", |row| Group::Apple.holds(row), 8.0, 22.0),
    ("several GPUs", |row| Group::SeveralGpus.holds(row), 8.0, 25.0),
    ("experts in RAM", |row| Group::ExpertsInRam.holds(row), 14.0, 28.0),
    ("CPU only", |row| Group::Cpu.holds(row), 27.0, 60.0),
    ("MoE on one GPU", |row| Group::SparseOneGpu.holds(row), 22.0, 48.0),
    ("depth 8k and more", |row| Group::Deep.holds(row), 22.0, 50.0),
];

/// Every measurement, in the order of the table.
pub fn measurements() -> Vec<Measured> {
    Catalog::builtin().measurements().unwrap_or_else(|error| panic!("{error}"))
}

/// Every measurement of a CPU beside its bandwidth.
pub fn paired() -> Vec<Measured> {
    rows(PAIRED).enumerate().map(|(place, cells)| paired_row(place, &cells)).collect()
}

/// The rows of a table by the names of their columns.
fn rows(table: &'static str) -> impl Iterator<Item = HashMap<&'static str, &'static str>> {
    let mut lines = table.lines().filter(|line| !line.starts_with('#'));
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    lines.map(move |line| header.iter().copied().zip(line.split(',')).collect())
}

/// Whoever stands behind a source: the thread it was told in, else the owner of the repository, else the site.
pub fn author(source: &str) -> String {
    let address = source.split(' ').next().unwrap_or_default();
    let parts: Vec<&str> = address.trim_start_matches("https://").split('/').collect();
    match parts.as_slice() {
        ["github.com", owner, repository, "issues" | "discussions" | "pull", number, ..] => {
            let number = number.split('#').next().unwrap_or_default();
            format!("{owner}/{repository} #{number}")
        }
        ["github.com", owner, ..] => (*owner).to_owned(),
        [site, ..] => (*site).to_owned(),
        [] => String::new(),
    }
}

fn paired_row(place: usize, cells: &HashMap<&str, &str>) -> Measured {
    let number = |name: &str| cells[name].parse::<f64>().ok();
    let catalog = Catalog::builtin();
    let mut model = catalog.model(cells["model"]).expect("built in").as_ref().clone();
    if let Some(layers) = number("layers") {
        model.layers.truncate(layers as usize);
    }
    let quant = Quant::parse(cells["quant"], Imatrix::Without, None).expect("a quant");
    let mut machine = Machine::new("measured", "Measured machine");
    machine.cpu.cores = cells["threads"].parse().expect("threads");
    "avx512".clone_into(&mut machine.cpu.simd);
    let mut ram = Pool::new("ram", PoolKind::Ram, Figure::new(ENDLESS, Source::Assumed, "it did fit"));
    let rate = number("read_gbs").and_then(BytesPerSecond::from_gb).expect("a bandwidth");
    ram.read_measured = Some(Figure::new(rate, Source::Measured, "read beside it"));
    machine.pools.push(ram);
    machine.measurements.extend(number("q4_gbs").map(|rate| Measurement {
        what: "ram".to_owned(),
        best: BytesPerSecond::ZERO,
        ordinary_pages: number("read_gbs").and_then(BytesPerSecond::from_gb),
        spread: 0.0,
        threads: machine.cpu.cores,
        date: String::new(),
        method: String::new(),
        conditions: String::new(),
        besides: vec![(Besides::KernelQ4K, rate * 1e9)],
    }));
    let device = catalog.accelerators_named(cells["device"]).first().copied();
    if let Some(device) = device {
        let mut pool = Pool::new("gpu0", PoolKind::Vram, Figure::new(ENDLESS, Source::Assumed, "it did fit"));
        let rate = number("device_gbs").and_then(BytesPerSecond::from_gb).expect("its bandwidth");
        pool.read_measured = Some(Figure::new(rate, Source::Measured, "read on it"));
        pool.device = Some(device.clone());
        pool.link = Some("pcie0".to_owned());
        machine.pools.push(pool);
        let rate = number("link_gbs").and_then(BytesPerSecond::from_gb).expect("its link");
        machine.links.push(Link {
            id: "pcie0".to_owned(),
            kind: LinkKind::Pcie,
            generation: None,
            lanes: None,
            joins: Vec::new(),
            bandwidth: Some(Figure::new(rate, Source::Measured, "copied over it")),
            latency: None,
        });
    }
    let experts_on_cpu = cells["placement"] == "experts-on-cpu";
    let depth = Tokens::new(number("depth").unwrap_or_default() as u64);
    let subject = Arc::new(Subject::new(model, quant, None));
    let engine = catalog.engine("llama.cpp").expect("an engine").clone();
    let mut usual = Scenario::new(subject, Arc::new(machine), engine, catalog.parameters.clone());
    // As much room as the deepest row asks for.
    usual.run.context = Tokens::new((depth.get() + 1024).max(8192));
    if device.is_some() {
        usual.policy.gpu_layers = GpuLayers::Count(9999);
        usual.policy.cpu_experts = if experts_on_cpu { CpuExperts::All } else { CpuExperts::First(0) };
        usual.run.flash_attention = FlashAttention::On;
    }
    let tokens = |name: &str| number(name).map(|count| Tokens::new(count as u64));
    let (prefill, prompt) = (number("prefill_tps"), tokens("prompt"));
    Measured {
        id: format!("p{place:02}"),
        group: cells["model"].to_owned(),
        source: format!("https://measured-beside-its-bandwidth.{}", cells["device"]),
        class: match (device, experts_on_cpu) {
            (None, _) => Class::Cpu,
            (Some(_), true) => Class::ExpertsInRam,
            (Some(_), false) => Class::OneGpu,
        },
        sound: true,
        sparse: usual.subject.model.experts() > 0,
        scenario: Scenario {
            backend: device.is_none().then_some(Backend::Cpu),
            depth,
            prompt: prompt.or(prefill.map(|_| depth)).unwrap_or(usual.prompt),
            ..usual
        },
        start: tokens("start").unwrap_or_default(),
        decode: number("decode_tps"),
        prefill,
    }
}

/// Median and 90th percentile of the error in percent, and the median of predicted / measured.
pub fn error(pairs: &[(f64, f64)]) -> (f64, f64, f64) {
    let off = Off::of(pairs).expect("some pairs");
    (off.median, off.tail, off.bias)
}
