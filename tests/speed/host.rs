//! What a CPU reaches: measured bandwidth against the data sheet's, sockets, and channels without a module.

use std::sync::Arc;

use willitrun::catalog::Catalog;
use willitrun::hardware::{
    Besides, Dimms, Figure, GPU_METHOD, Machine, Measurement, MemoryPlatform, Pool, PoolKind, Source,
};
use willitrun::placement::{CpuExperts, GpuLayers};
use willitrun::quant::{Imatrix, Quant};
use willitrun::scenario::{Answer, Scenario, Subject, evaluate_here};
use willitrun::speed::Item;
use willitrun::units::Bytes;

fn ask(machine: Machine, model: &str, engine: &str) -> Answer {
    evaluate_here(&scenario(machine, model, engine))
}

fn scenario(machine: Machine, model: &str, engine: &str) -> Scenario {
    let catalog = Catalog::builtin();
    let model = catalog.model(model).expect("built in").as_ref().clone();
    let quant = Quant::parse("Q4_K_M", Imatrix::Without, None).expect("a quant");
    let engine = catalog.engine(engine).expect("an engine").clone();
    let on_gpu = machine.gpus().next().is_some();
    let subject = Arc::new(Subject::new(model, quant, None));
    let mut scenario = Scenario::new(subject, Arc::new(machine), engine, catalog.parameters.clone());
    scenario.policy.gpu_layers = GpuLayers::Count(if on_gpu { 9999 } else { 0 });
    scenario.policy.cpu_experts = if on_gpu { CpuExperts::All } else { CpuExperts::Auto };
    scenario
}

fn rate(machine: Machine, model: &str, engine: &str) -> f64 {
    ask(machine, model, engine).bill.expect("a speed").rate.expected
}

/// A machine of a platform with room for anything.
fn of(platform: &MemoryPlatform, gpu: Option<&str>) -> Machine {
    let room = || Figure::new(Bytes::new(1 << 50), Source::Assumed, "room");
    let mut machine = Machine::new("platform", &platform.name);
    machine.cpu.sockets = platform.sockets;
    machine.cpu.cores = platform.cores.unwrap_or(8);
    machine.cpu.simd = platform.simd.to_ascii_lowercase().replace('-', "");
    if let Some(device) = gpu.and_then(|gpu| Catalog::builtin().accelerators_named(gpu).first().copied()) {
        let mut pool = Pool::new("gpu0", PoolKind::Vram, room());
        pool.read = device.bandwidth.map(|rate| Figure::new(rate, Source::DataSheet, "devices"));
        pool.device = Some(device.clone());
        machine.pools.push(pool);
    }
    let mut ram = Pool::new("ram", PoolKind::Ram, room());
    ram.read = platform.bandwidth.map(|rate| Figure::new(rate, Source::DataSheet, "devices"));
    machine.pools.push(ram);
    machine
}

/// One click on Measure neither halves nor doubles a prediction on any platform whose bandwidth was published beside its
/// data sheet, and where a read test finds what it usually finds, it moves one by no more than the two bases differ
/// and a tenth.
#[test]
fn measuring_moves_a_prediction_little() {
    let mut asked = 0;
    for platform in &Catalog::builtin().platforms {
        let (Some(sheet), Some(typical)) = (platform.bandwidth, platform.typical) else { continue };
        let reached = typical.get() / sheet.get();
        // Where a CPU has half of what its memory feeds a GPU, the sheet is not about it.
        if reached < 0.55 {
            continue;
        }
        for (gpu, model) in
            [(None, "llama-3.1-8b"), (None, "qwen3-30b-a3b"), (Some("nvidia-geforce-rtx-4090"), "deepseek-r1")]
        {
            let assumed = rate(of(platform, gpu), model, "llama.cpp");
            let mut machine = of(platform, gpu);
            let ram = machine.pools.iter_mut().find(|pool| pool.kind == PoolKind::Ram).expect("RAM");
            ram.read_measured = Some(Figure::new(typical, Source::Measured, "as published"));
            let moved = rate(machine, model, "llama.cpp") / assumed;
            println!("{:48} {reached:.2} of its sheet: {model} x {moved:.2}", platform.name);
            assert!((0.62..1.6).contains(&moved), "{}, {model}: x {moved:.2}", platform.name);
            if (0.75..=0.87).contains(&reached) {
                let most = 1.0 - reached + 0.10;
                assert!((moved - 1.0).abs() <= most, "{}, {model}: x {moved:.2} for {reached:.2}", platform.name);
            }
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked} questions");
}

/// The same on GPUs, whose read tests come nearer to the data sheet.
#[test]
fn measuring_a_gpu_moves_a_prediction_little() {
    let platform = Catalog::builtin().platform("desktop-ddr5-5600-dual-raptor-lake").expect("built in");
    for gpu in ["nvidia-geforce-rtx-4090", "amd-radeon-rx-7900-xtx", "nvidia-h100-80gb-hbm3"] {
        let of_gpu = |reached: Option<f64>| {
            let mut machine = of(platform, Some(gpu));
            let pool = machine.pools.first_mut().expect("a GPU");
            let sheet = pool.read.as_ref().expect("a data sheet").value;
            pool.read_measured = reached.map(|share| Figure::new(sheet * share, Source::Measured, "here"));
            let mut scenario = scenario(machine, "llama-3.1-8b", "llama.cpp");
            scenario.policy.cpu_experts = CpuExperts::First(0);
            evaluate_here(&scenario).bill.expect("a speed").rate.expected
        };
        let assumed = of_gpu(None);
        for reached in [0.75, 0.80, 0.85, 0.90, 0.95, 1.0] {
            let moved = of_gpu(Some(reached)) / assumed;
            println!("{gpu}: {reached:.2} of its sheet measured: x {moved:.2}");
            assert!((moved - 1.0).abs() <= 1.0 - reached + 0.10, "{gpu}: x {moved:.2} for {reached:.2}");
        }
    }
}

/// What is measured is not doubted as what is assumed: the band narrows by the evidence.
#[test]
fn a_measured_bandwidth_has_no_doubt_of_an_assumed_one() {
    let platform = Catalog::builtin().platform("desktop-ddr5-5600-dual-raptor-lake").expect("built in");
    let band = |source: Source| {
        let mut machine = of(platform, None);
        let ram = machine.pools.first_mut().expect("RAM");
        let figure = Figure::new(platform.bandwidth.expect("known"), source, "said");
        if source == Source::Measured {
            ram.read_measured = Some(figure);
        } else {
            ram.read = Some(figure);
        }
        let rate = ask(machine, "llama-3.1-8b", "llama.cpp").bill.expect("a speed").rate;
        rate.high / rate.expected
    };
    assert!(band(Source::Assumed) > band(Source::DataSheet));
    assert!(band(Source::Assumed) > band(Source::Measured));
}

/// A card nobody has a data sheet of tells nothing about prompts until its arithmetic is measured; of one with a data
/// sheet the shaders tell nothing new, as they leave its matrix units alone.
#[test]
fn measured_arithmetic_counts_where_no_data_sheet_does() {
    let platform = Catalog::builtin().platform("desktop-ddr5-5600-dual-raptor-lake").expect("built in");
    let prompt = |known: bool, flops: Option<f64>| {
        let mut machine = of(platform, Some("nvidia-geforce-rtx-4090"));
        let pool = machine.pools.first_mut().expect("a GPU");
        let best = pool.read.as_ref().expect("a data sheet").value;
        if !known {
            pool.device = None;
        }
        machine.measurements.extend(flops.map(|flops| Measurement {
            what: "gpu0".to_owned(),
            best,
            ordinary_pages: None,
            spread: 0.0,
            threads: 0,
            date: String::new(),
            method: format!("{GPU_METHOD}1"),
            conditions: String::new(),
            besides: vec![(Besides::F32, flops / 2.0), (Besides::F16, flops)],
        }));
        evaluate_here(&scenario(machine, "llama-3.1-8b", "llama.cpp")).prefill.map(|rate| rate.expected)
    };
    assert_eq!(prompt(false, None), None);
    let (slow, fast) = (prompt(false, Some(1e13)).expect("measured"), prompt(false, Some(4e13)).expect("measured"));
    assert!(fast > 2.0 * slow && fast < 4.1 * slow, "{slow} and {fast} tokens/s of a prompt");
    assert_eq!(prompt(true, Some(1e13)), prompt(true, None));
}

/// Rows measured on slow cores bind what an engine reads of that memory, and say so by name; other memory put in its place
/// is not bound by them.
#[test]
fn rows_bind_only_the_memory_they_were_measured_on() {
    let platform = Catalog::builtin().platform("desktop-ddr5-5600-dual-raptor-lake").expect("built in");
    let read = platform.bandwidth.expect("known") * 0.8;
    let asked = |rows: Option<f64>, faster: f64| {
        let mut machine = of(platform, None);
        machine.measurements.extend(rows.map(|rows| Measurement {
            what: "ram".to_owned(),
            best: read,
            ordinary_pages: Some(read),
            spread: 0.0,
            threads: 8,
            date: String::new(),
            method: "read/1".to_owned(),
            conditions: String::new(),
            besides: vec![(Besides::KernelQ4K, rows)],
        }));
        machine.pools[0].read_measured = Some(Figure::new(read * faster, Source::Measured, "here"));
        ask(machine, "llama-3.1-8b", "llama.cpp").bill.expect("a speed")
    };
    let (free, bound) = (asked(None, 1.0), asked(Some(read.get() / 4.0), 1.0));
    assert!(bound.rate.expected < free.rate.expected / 2.0, "{:?} {:?}", bound.rate, free.rate);
    assert_eq!(bound.bottleneck().expect("a line").item, Item::Arithmetic);
    assert_eq!(asked(Some(read.get() * 9.0), 1.0).rate, free.rate, "faster rows bind nothing");
    assert_eq!(asked(Some(read.get() / 4.0), 4.0).rate, asked(None, 4.0).rate, "that is other memory");
}

/// Layers in RAM are copied for a prompt to a card of this machine, never to one of a machine further away.
#[test]
fn prompts_are_copied_to_a_card_at_hand() {
    let platform = Catalog::builtin().platform("desktop-ddr5-5600-dual-raptor-lake").expect("built in");
    let prompt = |far: bool| {
        let mut machine = of(platform, Some("nvidia-geforce-rtx-4090"));
        if far {
            let slow = Catalog::builtin().accelerators_named("nvidia-geforce-gtx-1080-ti")[0];
            let mut pool = machine.pools[0].clone();
            pool.id = "far0".to_owned();
            pool.node = Some(0);
            pool.read = slow.bandwidth.map(|rate| Figure::new(rate, Source::DataSheet, "devices"));
            pool.device = Some(slow.clone());
            machine.pools.push(pool);
        }
        let mut asked = scenario(machine, "llama-3.3-70b", "llama.cpp");
        asked.policy.gpu_layers = GpuLayers::Count(0);
        evaluate_here(&asked).prefill.expect("a speed").expected
    };
    let (alone, beside) = (prompt(false), prompt(true));
    assert!((beside / alone - 1.0).abs() < 0.01, "{alone} and {beside} tokens/s");
}

/// Two sockets read less than twice what one does, and an engine that keeps a copy on each more than one that does not.
#[test]
fn sockets_count_as_the_engine_uses_them() {
    let two = Catalog::builtin().platform("xeon-sapphire-rapids-8480-plus-2s").expect("built in");
    let gpu = Some("nvidia-geforce-rtx-4090");
    let one = Catalog::builtin().platform("xeon-sapphire-rapids-8480-plus-1s").expect("built in");
    let gain = |engine: &str| rate(of(two, gpu), "deepseek-r1", engine) / rate(of(one, gpu), "deepseek-r1", engine);
    let (blind, aware) = (gain("llama.cpp"), gain("ktransformers"));
    println!("two sockets against one: llama.cpp x {blind:.2}, KTransformers x {aware:.2}");
    // KTransformers' own: 12.208 against 8.73 tokens per second.
    assert!((1.2..1.6).contains(&aware), "{aware}");
    assert!(blind < 1.0 && blind < aware, "{blind}");
    let says = |engine: &str| {
        let found = ask(of(two, gpu), "deepseek-r1", engine).findings;
        found.into_iter().any(|finding| finding.what.contains("socket") && !finding.remedy.is_empty())
    };
    assert!(says("llama.cpp") && says("ktransformers"));
    assert!(ask(of(one, gpu), "deepseek-r1", "llama.cpp").findings.iter().all(|found| !found.what.contains("socket")));
}

/// A channel without a module reads nothing, and it is said; measured bandwidth knows already.
#[test]
fn empty_channels_read_nothing() {
    let platform = Catalog::builtin().platform("epyc-genoa-9654-1s").expect("built in");
    let filled = |modules: u32, measured: bool| {
        let mut machine = of(platform, None);
        let ram = machine.pools.first_mut().expect("RAM");
        ram.dimms = Some(Dimms { populated: Some(modules), channels: platform.channels, ..Dimms::default() });
        if measured {
            ram.read_measured = platform.bandwidth.map(|rate| Figure::new(rate, Source::Measured, "here"));
        }
        ask(machine, "llama-3.1-70b", "llama.cpp")
    };
    let speed = |answer: &Answer| answer.bill.as_ref().expect("a speed").rate.expected;
    let (full, half, more) = (filled(12, false), filled(6, false), filled(24, false));
    let lost = speed(&half) / speed(&full);
    assert!((0.5..0.6).contains(&lost), "{lost}");
    assert!(half.prefill.expect("prompts").expected <= full.prefill.expect("prompts").expected);
    assert!((speed(&more) / speed(&full) - 1.0).abs() < 1e-9);
    assert!((speed(&filled(6, true)) / speed(&filled(12, true)) - 1.0).abs() < 1e-9);
    let said = |answer: &Answer| answer.findings.iter().any(|found| found.what.starts_with("6 of 12 memory channels"));
    assert!(said(&half) && !said(&full) && !said(&filled(6, true)));
}
