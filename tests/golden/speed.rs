//! Published measurements of speed, and the question each of them is an answer to.
#![allow(dead_code, reason = "the test and the fit each use their part")]

#[path = "questions.rs"]
pub mod questions;

use std::collections::HashMap;
use std::sync::Arc;

use willitrun::catalog::Catalog;
use willitrun::hardware::{Backend, Figure, Machine, Pool, PoolKind, Source};
use willitrun::memory::{FlashAttention, RunOptions};
use willitrun::placement::{CpuExperts, GpuLayers, Policy, Split};
use willitrun::quant::{Format, Imatrix, Quant};
use willitrun::scenario::{Scenario, Subject};
use willitrun::units::{Bytes, BytesPerSecond, GIB, Tokens};

const TABLE: &str = include_str!("speed_measurements.csv");
const PAIRED: &str = include_str!("speed_paired.csv");
/// Room for anything: what was measured did fit.
const ENDLESS: Bytes = Bytes::new(1 << 50);

/// One measurement.
pub struct Measured {
    pub id: String,
    /// Device and model: rows of one group are not independent.
    pub group: String,
    /// Whoever measured, as far as the source tells: nor are theirs.
    pub author: String,
    pub class: Class,
    /// Hardware and build are stated.
    pub sound: bool,
    pub sparse: bool,
    pub scenario: Scenario,
    /// Tokens cached before the prompt.
    pub start: Tokens,
    pub decode: Option<f64>,
    pub prefill: Option<f64>,
}

/// Where a measurement belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    OneGpu,
    Apple,
    SeveralGpus,
    ExpertsInRam,
    Cpu,
    Partial,
    /// A CPU whose bandwidth was measured beside.
    MeasuredRam,
}

/// A name, what belongs to it, and the median and 90th percentile of the error in percent it may have.
pub type Bar = (&'static str, fn(&Measured) -> bool, f64, f64);

pub const BARS: [Bar; 8] = [
    ("all", |row| row.class != Class::MeasuredRam, 10.0, 42.0),
    ("dense on one GPU", |row| row.class == Class::OneGpu && !row.sparse, 9.0, 30.0),
    ("Apple", |row| row.class == Class::Apple, 8.0, 22.0),
    ("several GPUs", |row| row.class == Class::SeveralGpus, 8.0, 25.0),
    ("experts in RAM", |row| row.class == Class::ExpertsInRam, 14.0, 28.0),
    ("CPU only", |row| row.class == Class::Cpu, 27.0, 60.0),
    ("MoE on one GPU", |row| row.class == Class::OneGpu && row.sparse, 22.0, 48.0),
    ("depth 8k and more", |row| row.scenario.depth.get() >= 8000, 22.0, 50.0),
];

/// Every published measurement, in the order of the table.
pub fn measurements() -> Vec<Measured> {
    let mut subjects = HashMap::new();
    rows(TABLE).map(|cells| row(&cells, &mut subjects)).collect()
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
fn author(source: &str) -> String {
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
    let depth = Tokens::new(number("depth").unwrap_or_default() as u64);
    let subject = Arc::new(Subject::new(model, quant, None));
    let engine = catalog.engine("llama.cpp").expect("an engine").clone();
    let usual = Scenario::new(subject, Arc::new(machine), engine, catalog.parameters.clone());
    let prefill = number("prefill_tps");
    Measured {
        id: format!("p{place:02}"),
        group: cells["model"].to_owned(),
        author: "measured beside its bandwidth".to_owned(),
        class: Class::MeasuredRam,
        sound: true,
        sparse: usual.subject.model.experts() > 0,
        scenario: Scenario {
            backend: Some(Backend::Cpu),
            depth,
            prompt: if prefill.is_some() { depth } else { usual.prompt },
            ..usual
        },
        start: Tokens::ZERO,
        decode: number("decode_tps"),
        prefill,
    }
}

fn row(cells: &HashMap<&str, &str>, subjects: &mut HashMap<String, Arc<Subject>>) -> Measured {
    let cell = |name: &str| cells[name];
    let text = |name: &str| Some(cell(name)).filter(|text| !text.is_empty());
    let number = |name: &str| text(name).map(|text| text.parse::<f64>().unwrap_or_else(|_| panic!("{name} {text}")));
    let tokens = |name: &str| Tokens::new(number(name).unwrap_or_default() as u64);
    let catalog = Catalog::builtin();
    let model = catalog.model(cell("model")).unwrap_or_else(|| panic!("model {}", cell("model")));
    let subject = subjects
        .entry(format!("{} {} {}", cell("model"), cell("quant"), cell("file_gib")))
        .or_insert_with(|| {
            let file = number("file_gib").map(|gib| Bytes::saturating(gib * GIB as f64));
            let quant = Quant::parse(cell("quant"), Imatrix::Without, file).expect("a quant");
            Arc::new(Subject::new(model.as_ref().clone(), quant, None))
        })
        .clone();
    let depth = tokens("depth");
    let format = Format::parse(cell("kv")).expect("a format");
    let usual = RunOptions::default();
    let ubatch = number("ubatch").map_or(usual.ubatch, |tokens| tokens as u64);
    let run = RunOptions {
        batch: usual.batch.max(ubatch),
        ubatch,
        context: Tokens::new((depth.get() + 1024).max(8192)).max(Tokens::new(ubatch)),
        kv_k: format,
        kv_v: format,
        flash_attention: if cell("flash") == "off" { FlashAttention::Off } else { FlashAttention::On },
        ..usual
    };
    let all = GpuLayers::Count(9999);
    let (gpu_layers, cpu_experts) = match cell("placement") {
        "gpu" => (all, CpuExperts::First(0)),
        "experts-on-cpu" => (all, CpuExperts::All),
        "cpu" => (GpuLayers::Count(0), CpuExperts::Auto),
        some if some.starts_with("experts-on-cpu=") => {
            (all, CpuExperts::First(some.trim_start_matches("experts-on-cpu=").parse().expect("layers")))
        }
        other => (GpuLayers::Count(other.trim_start_matches("ngl=").parse().expect("layers")), CpuExperts::Auto),
    };
    let split = if cell("split") == "tensor" { Split::Tensor } else { Split::Layer };
    let count = number("count").unwrap_or_default();
    let class = match cell("placement") {
        "cpu" => Class::Cpu,
        some if some.starts_with("experts-on-cpu") => Class::ExpertsInRam,
        "gpu" if cell("kind") == "apple" => Class::Apple,
        "gpu" if count > 1.0 => Class::SeveralGpus,
        "gpu" => Class::OneGpu,
        _ => Class::Partial,
    };
    Measured {
        id: cell("id").to_owned(),
        group: cell("group").to_owned(),
        author: author(cell("source")),
        class,
        sound: cell("quality") != "C",
        sparse: subject.model.experts() > 0,
        scenario: Scenario {
            subject,
            machine: Arc::new(machine(catalog, cells)),
            engine: catalog.engine(cell("engine")).expect("an engine").clone(),
            parameters: catalog.parameters.clone(),
            run,
            engine_date: text("built").map(str::to_owned),
            policy: Policy { gpu_layers, cpu_experts, split, tensor_split: Vec::new() },
            backend: Backend::parse(cell("backend")),
            depth,
            prompt: Tokens::new(number("prompt").unwrap_or(512.0) as u64),
            answer: Tokens::new(128),
        },
        start: tokens("start"),
        decode: number("decode_tps"),
        prefill: number("prefill_tps"),
    }
}

fn machine(catalog: &Catalog, cells: &HashMap<&str, &str>) -> Machine {
    let mut machine = Machine::new("measured", "Measured machine");
    machine.cpu.sockets = cells["sockets"].parse().expect("sockets");
    machine.cpu.cores = 8;
    "avx2".clone_into(&mut machine.cpu.simd);
    if let Some(platform) = catalog.platform(cells["cpu"]) {
        machine.cpu.cores = platform.cores.unwrap_or(8);
        machine.cpu.simd = platform.simd.to_ascii_lowercase().replace('-', "");
    }
    if let Ok(cores) = cells["cores"].parse() {
        machine.cpu.cores = cores;
        cells["simd"].clone_into(&mut machine.cpu.simd);
    }
    let room = || Figure::new(ENDLESS, Source::Assumed, "it did fit");
    let count: usize = cells["count"].parse().expect("a count");
    let mut unified = false;
    for place in 0..count {
        let device = catalog.accelerators_named(cells["device"]).first().copied().expect("a device").clone();
        unified = device.unified;
        let (id, kind) =
            if unified { ("unified".to_owned(), PoolKind::Unified) } else { (format!("gpu{place}"), PoolKind::Vram) };
        let mut pool = Pool::new(&id, kind, room());
        pool.read = device.bandwidth.map(|rate| Figure::new(rate, Source::DataSheet, "devices"));
        pool.device = Some(device);
        machine.pools.push(pool);
    }
    if !unified {
        let mut ram = Pool::new("ram", PoolKind::Ram, room());
        let rate = cells["ram_gbs"].parse().ok().and_then(BytesPerSecond::from_gb);
        ram.read = rate.map(|rate| Figure::new(rate, Source::DataSheet, "its source"));
        machine.pools.push(ram);
    }
    machine
}

/// Median and 90th percentile of the error in percent, and the median of predicted / measured.
pub fn error(pairs: &[(f64, f64)]) -> (f64, f64, f64) {
    let at = |mut values: Vec<f64>, share: f64| {
        values.sort_by(f64::total_cmp);
        let place = share * (values.len() as f64 - 1.0);
        let (low, high) = (place.floor() as usize, place.ceil() as usize);
        values[low] + (values[high] - values[low]) * place.fract()
    };
    let errors =
        |share| at(pairs.iter().map(|(predicted, seen)| (predicted / seen - 1.0).abs() * 100.0).collect(), share);
    (errors(0.5), errors(0.9), at(pairs.iter().map(|(predicted, seen)| predicted / seen).collect(), 0.5))
}
