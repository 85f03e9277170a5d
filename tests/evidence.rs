//! What a machine measured about itself: which question it answers, what it corrects, and what it leaves alone.

#[path = "golden/speed.rs"]
mod golden;

use std::collections::BTreeMap;
use std::sync::Arc;

use golden::measurements;
use willitrun::catalog::Catalog;
use willitrun::catalog::bench_runs::{Known, Taken, keep};
use willitrun::formats::llama_bench::{Bench, read};
use willitrun::formats::machine_doc::{self, MachineDoc, Origin};
use willitrun::hardware::{
    Accelerator, Backend, BenchRun, Compared, Figure, Machine, Pool, PoolKind, Setup, Source, Work,
};
use willitrun::quant::{Imatrix, Mix, Quant};
use willitrun::scenario::{Answer, Scenario, Subject, evaluate_here, predict, sweep};
use willitrun::store::Store;
use willitrun::units::{Bytes, BytesPerSecond, Params, Tokens, TokensPerSecond};

const CUDA: &str = include_str!("fixtures/llama-bench/2025-backends.json");
const FLAGS: &str = include_str!("fixtures/llama-bench/2023-flags.json");
const SYCL: &str = include_str!("fixtures/llama-bench/2026-sycl.json");
const EXPERTS: &str = include_str!("fixtures/llama-bench/2026-cuda-experts.json");

fn bench(text: &str) -> Bench {
    read(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A desktop with this processor, and a card of the catalogue where one is named.
fn desktop(cpu: &str, card: Option<&str>) -> Machine {
    let catalog = Catalog::builtin();
    let mut machine = Machine::new("this", "This machine");
    cpu.clone_into(&mut machine.cpu.name);
    machine.cpu.cores = 8;
    "avx2".clone_into(&mut machine.cpu.simd);
    let mut ram = Pool::new("ram", PoolKind::Ram, Figure::typed(Bytes::gib(64)));
    ram.read = BytesPerSecond::from_gb(89.6).map(|rate| Figure::new(rate, Source::DataSheet, "2 x 5600 MT/s"));
    machine.pools.push(ram);
    if let Some(id) = card {
        let device: &Accelerator = catalog.accelerators.iter().find(|row| row.id == id).expect("a card");
        let size = device.vram.unwrap_or(Bytes::gib(24));
        let mut pool = Pool::new("gpu0", PoolKind::Vram, Figure::new(size, Source::Reported, ""));
        pool.name.clone_from(&device.name);
        pool.read = device.bandwidth.map(|rate| Figure::new(rate, Source::DataSheet, "devices"));
        pool.device = Some(device.clone());
        machine.pools.push(pool);
    }
    machine
}

fn rtx_4080() -> Machine {
    desktop("AMD Ryzen 7 7800X3D 8-Core Processor", Some("nvidia-geforce-rtx-4080"))
}

fn taken(text: &str, machine: &Machine) -> Taken {
    Catalog::builtin().take_bench(&bench(text), machine, Known::default())
}

/// The same machine with what an output says of it.
fn with(text: &str, machine: &Machine) -> Machine {
    let runs = taken(text, machine).runs;
    let mut machine = machine.clone();
    keep(&mut machine.runs, runs);
    machine
}

fn ask(model: &str, mix: Mix, machine: &Machine) -> Scenario {
    let catalog = Catalog::builtin();
    let model = catalog.model(model).expect("built in").as_ref().clone();
    let subject = Arc::new(Subject::new(model, Quant::mix(mix, Imatrix::Without), None));
    let engine = catalog.engines[0].clone();
    Scenario::new(subject, Arc::new(machine.clone()), engine, catalog.parameters.clone())
}

fn answer(scenario: &Scenario) -> Answer {
    evaluate_here(scenario)
}

fn decode(scenario: &Scenario) -> (f64, f64) {
    let rate = answer(scenario).bill.expect("a speed").rate;
    (rate.expected, rate.high / rate.low)
}

#[test]
fn each_test_is_matched_to_its_question() {
    let machine = rtx_4080();
    let runs = taken(CUDA, &machine).runs;
    let said: Vec<_> = runs.iter().map(|run| (run.model.as_str(), run.quant.as_str(), run.backend, run.work)).collect();
    let model = "qwen2.5-7b";
    assert_eq!(said, [(model, "Q4_K_M", Backend::Cuda, Work::Prompt), (model, "Q4_K_M", Backend::Cuda, Work::Decode)]);
    for run in &runs {
        let compared = run.compared.as_ref().expect("a prediction");
        assert_eq!(run.predicted.map(TokensPerSecond::get), Some(compared.predicted));
        let off = run.rate.get() / compared.predicted;
        println!("{} {}: measured {} of {:.1} predicted", run.model, run.test(), run.rate, compared.predicted);
        assert!((0.4..2.5).contains(&off), "{off}");
    }
    // Three eras of the format, dense and sparse, by name of the file and by size.
    let old = desktop("13th Gen Intel(R) Core(TM) i9-13900K", Some("nvidia-geforce-rtx-3090-ti"));
    let runs = taken(FLAGS, &old).runs;
    assert_eq!((runs.len(), runs[0].model.as_str(), runs[0].quant.as_str()), (2, "llama-2-7b", "Q4_0"));
    let arc = desktop("AMD Ryzen 9 7900X3D", Some("intel-arc-pro-b70-graphics"));
    let runs = taken(SYCL, &arc).runs;
    assert_eq!((runs.len(), runs[0].model.as_str(), runs[0].backend), (2, "qwen3.6-35b-a3b", Backend::Sycl));
    let mixed = desktop("AMD Ryzen 9 7950X", Some("nvidia-geforce-rtx-4090"));
    let run = &taken(EXPERTS, &mixed).runs[0];
    let standing = &run.compared.as_ref().expect("a prediction").standing;
    assert_eq!((run.setup.cpu_expert_layers, standing.cpu_expert_layers, standing.parts.len()), (20, 20, 2));
}

#[test]
fn what_is_no_measurement_of_this_machine_is_left_out_with_the_reason() {
    let check = |text: &str, machine: &Machine, why: &str| {
        let taken = taken(text, machine);
        assert!(taken.runs.is_empty() && !taken.left.is_empty(), "{why}: {taken:?}");
        assert!(taken.left.iter().any(|left| left.why.contains(why)), "{why}: {:?}", taken.left);
        assert!(taken.sentence().starts_with("No test of this file became a measurement of this machine; "));
    };
    let machine = rtx_4080();
    check(CUDA, &desktop("Intel Core i5-8400", Some("nvidia-geforce-rtx-4080")), "this machine has Intel Core i5-8400");
    let other = desktop("AMD Ryzen 7 7800X3D", Some("nvidia-geforce-rtx-4080-super"));
    check(CUDA, &other, "it ran on NVIDIA GeForce RTX 4080, and this machine has NVIDIA GeForce RTX 4080 SUPER");
    check(CUDA, &desktop("AMD Ryzen 7 7800X3D", None), "this machine has no GPU");
    check(&CUDA.replace("\"CUDA\"", "\"CUDA,RPC\""), &machine, "which of them ran it is not said");
    check(&CUDA.replace("7615616512", "7000000000"), &machine, "no model of architecture 'qwen2' with 7.0 B weights");
    check(&CUDA.replace("\"embeddings\": false", "\"embeddings\": true"), &machine, "or an embedding");
    check(&CUDA.replace("\"split_mode\": \"layer\"", "\"split_mode\": \"row\""), &machine, "it was split by row");
    // On the CPU: a share of its cores is no measure of it, and a GPU takes part in prompts.
    let on_cpu = CUDA.replace("\"n_gpu_layers\": 99", "\"n_gpu_layers\": 0");
    let mut taken_cpu = taken(&on_cpu, &machine);
    assert_eq!((taken_cpu.runs.len(), taken_cpu.runs.remove(0).backend), (1, Backend::Cpu));
    assert!(taken_cpu.left[0].why.contains("hands parts of a prompt to the GPU"));
    check(&on_cpu.replace("\"n_threads\": 8", "\"n_threads\": 2"), &machine, "it ran on 2 threads of 8 cores");
    // Twice the same is once.
    let kept = with(CUDA, &machine);
    check(CUDA, &kept, "it is kept already");
}

#[test]
fn a_model_of_several_is_told_by_its_file_or_said_to_be_open() {
    let machine = rtx_4080();
    let catalog = Catalog::builtin();
    let shape = |id: &str| catalog.model(id).expect("built in");
    let (model, params) = (shape("llama-3.1-8b"), shape("llama-3.1-8b").params().get());
    let file = Subject::new(model.as_ref().clone(), Quant::mix(Mix::Q4_K_M, Imatrix::Without), None).weights.file;
    let text = |name: &str| {
        CUDA.replace("qwen2 7B", "llama 8B")
            .replace("7615616512", &params.to_string())
            .replace("4677120000", &file.get().to_string())
            .replace("Qwen2.5-7B-Instruct-Q4_K_M.gguf", name)
    };
    let named = taken(&text("Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf"), &machine);
    assert_eq!((named.runs[0].model.as_str(), named.notes.len()), ("llama-3.1-8b", 0));
    let unnamed = taken(&text("model.gguf"), &machine);
    match unnamed.runs.first() {
        Some(_) => assert!(unnamed.notes[0].contains("taken as "), "{:?}", unnamed.notes),
        None => assert!(unnamed.left[0].why.starts_with("it could be "), "{:?}", unnamed.left),
    }
}

#[test]
fn a_correction_moves_to_the_measurement_narrows_the_band_and_goes_with_it() {
    let bare = rtx_4080();
    let machine = with(CUDA, &bare);
    let run = machine.runs.iter().find(|run| run.work == Work::Decode).expect("a run").clone();
    let asked = |machine: &Machine| {
        let mut asked = ask("qwen2.5-7b", Mix::Q4_K_M, machine);
        asked.run.flash_attention = willitrun::memory::FlashAttention::Off;
        asked
    };
    let ((before, wide), (after, narrow)) = (decode(&asked(&bare)), decode(&asked(&machine)));
    let measured = run.rate.get();
    assert!((after / measured).ln().abs() < (before / measured).ln().abs(), "{before} {after} {measured}");
    let ratio = measured / run.predicted.expect("a prediction").get();
    assert!((after / before).ln().abs() <= ratio.ln().abs() + 1e-12, "it passes no measurement");
    assert!(narrow < wide && narrow > (2.0 * 1.28 * 0.03_f64).exp() * 0.999, "{wide} {narrow}");
    // What was predicted and what was measured stand side by side.
    let found = &answer(&asked(&machine)).evidence;
    assert_eq!(found.iter().map(|found| found.work).collect::<Vec<_>>(), [Work::Decode, Work::Prompt]);
    assert!((found[0].before.expected - before).abs() < 1e-9 && found[0].same.as_ref() == Some(&run));
    assert!(answer(&asked(&machine)).findings.iter().any(|finding| {
        finding
            .what
            .starts_with("Measured here on 2025-04-24: 119 tokens/s for this very question; predicted without it")
    }));
    // The bill still adds up.
    let bill = answer(&asked(&machine)).bill.expect("a bill");
    let sum: f64 = bill.lines.iter().map(|line| line.time.get()).sum();
    assert!((sum / bill.total.get() - 1.0).abs() < 1e-9 && (bill.rate.expected * bill.total.get() - 1.0).abs() < 1e-9);
    // A sweep says the same, and without the measurement the old answer is back.
    let point = &sweep(&asked(&machine), &[Tokens::new(512)])[0];
    assert!(
        point.rate.expect("a speed").expected
            / sweep(&asked(&bare), &[Tokens::new(512)])[0].rate.expect("a speed").expected
            - after / before
            < 0.02
    );
    let removed = Machine { runs: Vec::new(), ..machine };
    assert_eq!(answer(&asked(&removed)), answer(&asked(&bare)));
}

#[test]
fn other_backends_engines_and_ceilings_are_left_alone() {
    let bare = rtx_4080();
    let machine = with(CUDA, &bare);
    let catalog = Catalog::builtin();
    let same = |change: &dyn Fn(&mut Scenario)| {
        let of = |machine: &Machine| {
            let mut asked = ask("qwen2.5-7b", Mix::Q4_K_M, machine);
            change(&mut asked);
            let answer = answer(&asked);
            (answer.bill, answer.prefill, answer.evidence.len())
        };
        of(&bare) == of(&machine)
    };
    assert!(!same(&|_| ()), "llama.cpp on CUDA is corrected");
    assert!(
        !same(&|asked| asked.engine = catalog.engine("ollama").expect("built in").clone()),
        "Ollama is built on it"
    );
    for backend in [Backend::Vulkan, Backend::Cpu] {
        assert!(same(&|asked| asked.backend = Some(backend)), "{backend:?}");
    }
    for engine in ["ik_llama.cpp", "ideal"] {
        assert!(same(&|asked| asked.engine = catalog.engine(engine).expect("built in").clone()), "{engine}");
    }
}

#[test]
fn measured_elsewhere_never_calibrates() {
    let machine = with(CUDA, &rtx_4080());
    let text = machine_doc::write(&MachineDoc::new(Machine { id: "mine".to_owned(), ..machine.clone() }));
    assert!(text.contains("what: \"llama-bench\""), "{text}");
    for secret in ["7800X3D-Host", "/home", "Instruct"] {
        assert!(!text.contains(secret), "{secret}\n{text}");
    }
    let read = |text: &str, origin| {
        let mut machine = machine_doc::read(text, origin).unwrap_or_else(|error| panic!("{error}\n{text}")).machine;
        Catalog::builtin().resolve(&mut machine);
        Catalog::builtin().compare_runs(&mut machine, &[]);
        machine
    };
    let own = read(&text, Origin::Own);
    assert_eq!(own.runs, machine.runs, "kept and compared anew, all is as before");
    let foreign = read(&text, Origin::Foreign);
    assert!(foreign.runs.iter().all(|run| run.source == Source::Reported && run.compared.is_none()));
    let asked = |machine: &Machine| answer(&ask("qwen2.5-7b", Mix::Q4_K_M, machine));
    assert!(asked(&foreign).evidence.is_empty() && !asked(&own).evidence.is_empty());
    // Written again as the user's own it stays what it is; keys not known here survive.
    let again = machine_doc::write(&MachineDoc::new(foreign));
    assert!(again.contains("source: \"reported\""), "{again}");
    assert!(read(&again, Origin::Own).runs.iter().all(|run| run.source == Source::Reported));
    let newer = text.replace("test: \"decode\",", "test: \"decode\", watts: 320,");
    let doc = machine_doc::read(&newer, Origin::Own).expect("a good document");
    assert!(machine_doc::write(&doc).contains("watts: 320"));
    for (from, to, words) in [
        ("test: \"decode\"", "test: \"both\"", "test is 'both'; expected one of decode, prompt"),
        ("backend: \"cuda\"", "backend: \"abacus\"", "backend is 'abacus'"),
        (
            "tokens_per_second: 118.88",
            "tokens_per_second: -118.88",
            "tokens_per_second of a measurement of 'llama-bench'",
        ),
        ("params: 7615616512,", "", "params of a measurement of 'llama-bench' is missing"),
    ] {
        assert!(text.contains(from), "{from}\n{text}");
        let error = machine_doc::read(&text.replace(from, to), Origin::Own).expect_err(to).to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn what_was_measured_on_other_gpus_is_not_remembered() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::at(folder.path());
    let machine = with(CUDA, &rtx_4080());
    store.remember(&machine).expect("kept");
    let recalled = |mut fresh: Machine| {
        let mut findings = Vec::new();
        store.recall(&mut fresh, &mut findings);
        Catalog::builtin().compare_runs(&mut fresh, &[]);
        (fresh.runs, findings.iter().map(|finding| finding.what.clone()).collect::<Vec<_>>())
    };
    assert_eq!(recalled(rtx_4080()), (machine.runs.clone(), Vec::new()));
    let (runs, said) = recalled(desktop("AMD Ryzen 7 7800X3D 8-Core Processor", Some("nvidia-geforce-rtx-4090")));
    assert_eq!((runs, said), (Vec::new(), vec!["Speeds measured before were on other GPUs.".to_owned()]));
    let (runs, said) = recalled(desktop("Intel Core i5-8400", Some("nvidia-geforce-rtx-4080")));
    assert_eq!((runs, said), (Vec::new(), vec!["What was measured before was on other hardware.".to_owned()]));
}

/// A bandwidth measured later replaces what both the prediction and the comparison stood on: the answer stays near what
/// was measured, and is neither halved nor doubled.
#[test]
fn measure_does_not_halve_or_double_what_a_test_put_right() {
    let mut machine = desktop("AMD Ryzen 7 7800X3D", None);
    let text = CUDA.replace("\"CUDA\"", "\"CPU\"").replace("118.881588", "5.1").replace("1.041811", "0.05");
    let text = text.replace("NVIDIA GeForce RTX 4080", "");
    let runs = taken(&text, &machine).runs;
    keep(&mut machine.runs, runs);
    let rate = |machine: &Machine| decode(&ask("qwen2.5-7b", Mix::Q4_K_M, machine)).0;
    let tested = rate(&machine);
    // The test came out at about half of what the data sheet promised; so does the read test.
    let bare = rate(&Machine { runs: Vec::new(), ..machine.clone() });
    assert!(tested < 0.7 * bare, "{tested} of {bare}");
    machine.pools[0].read_measured =
        BytesPerSecond::from_gb(89.6 * tested / bare).map(|rate| Figure::new(rate, Source::Measured, "read/1"));
    Catalog::builtin().compare_runs(&mut machine, &[]);
    let measured = rate(&machine);
    assert!((0.9..1.1).contains(&(measured / tested)), "{tested} -> {measured}");
}

/// Published measurements, one of each file on each device taken as measured here: what is said of the same file at
/// other depths gets better by far. Other models cannot gain here, as these devices are in the fit; they lose little.
#[test]
fn one_test_helps_its_own_file_and_costs_other_models_little() {
    let rows: Vec<_> = measurements().into_iter().filter(|row| row.sound && row.decode.is_some()).collect();
    let mut machines: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let device = row.group.split('|').next().unwrap_or_default();
        let key =
            format!("{device} {:?} {} {:?} {}", row.class, row.scenario.engine.id, row.scenario.backend, row.id.len());
        machines.entry(key).or_default().push(at);
    }
    let file = |at: usize| {
        let subject = &rows[at].scenario.subject;
        (subject.model.id.clone(), subject.quant.id.clone())
    };
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for list in machines.values().filter(|list| list.len() > 1) {
        let mut files: Vec<_> = list.iter().map(|at| file(*at)).collect();
        files.sort();
        files.dedup();
        for tested in files.iter().filter_map(|wanted| list.iter().copied().find(|at| file(*at) == *wanted)).take(3) {
            let run = as_run(&rows[tested].scenario, rows[tested].decode.expect("measured"));
            for &at in list.iter().filter(|at| **at != tested) {
                let seen = rows[at].decode.expect("measured");
                let scenario = &rows[at].scenario;
                let plain = decode_near(scenario);
                let machine = Machine { runs: vec![run.clone()], ..Machine::clone(&scenario.machine) };
                let helped = decode_near(&Scenario { machine: Arc::new(machine), ..scenario.clone() });
                let pair = ((plain / seen).ln().abs(), (helped / seen).ln().abs());
                if file(at) == file(tested) { own.push(pair) } else { others.push(pair) }
            }
        }
    }
    let median = |pairs: &[(f64, f64)]| {
        let middle = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            (values[values.len() / 2].exp() - 1.0) * 100.0
        };
        (middle(pairs.iter().map(|pair| pair.0).collect()), middle(pairs.iter().map(|pair| pair.1).collect()))
    };
    let ((plain, helped), (before, after)) = (median(&own), median(&others));
    println!("the same file at other depths: {} rows, median error {plain:.1} % -> {helped:.1} %", own.len());
    println!("other models of the device: {} rows, median error {before:.1} % -> {after:.1} %", others.len());
    assert!(own.len() > 100 && others.len() > 100);
    assert!(helped < 0.8 * plain, "{plain} -> {helped}");
    assert!(after < before + 2.0, "{before} -> {after}");
}

fn decode_near(scenario: &Scenario) -> f64 {
    evaluate_here(scenario).bill.expect("a speed").rate.expected
}

/// A published measurement as if it had been measured on this machine.
fn as_run(scenario: &Scenario, rate: f64) -> BenchRun {
    let compared: Compared = predict(scenario, Work::Decode).expect("a prediction");
    let weights = &scenario.subject.weights;
    BenchRun {
        source: Source::Measured,
        engine: scenario.engine.id.clone(),
        backend: scenario.backend.unwrap_or(Backend::Cpu),
        model: scenario.subject.model.id.clone(),
        quant: scenario.subject.quant.id.clone(),
        params: Params::new((weights.file.as_f64() * 8.0 / weights.bits_per_weight).round() as u64),
        file: weights.file,
        work: Work::Decode,
        tokens: Tokens::new(1),
        depth: scenario.depth,
        rate: TokensPerSecond::saturating(rate),
        spread: 0.01,
        repeats: 5,
        predicted: None,
        setup: Setup::default(),
        build: String::new(),
        date: String::new(),
        conditions: String::new(),
        compared: Some(compared),
    }
}
