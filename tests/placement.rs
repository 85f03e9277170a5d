//! The automatic choice against placements made by hand, on the machines and models of the catalogue.

use std::sync::Arc;
use std::thread;

use willitrun::catalog::Catalog;
use willitrun::hardware::{Figure, Machine, PoolKind};
use willitrun::placement::{CpuExperts, GpuLayers, Mode, Plan, Policy, Split};
use willitrun::quant::{Imatrix, Mix, Quant};
use willitrun::scenario::{Answer, Scenario, Subject, evaluate, evaluate_here, optimum, sweep};
use willitrun::units::{Bytes, BytesPerSecond, Tokens};

/// A placement leaves the engine's own way where it is faster by more than this.
const TIE: f64 = 1.05;

fn question(engine: &str, model: &str, mix: Mix, machine: Machine, context: u64) -> Scenario {
    let catalog = Catalog::builtin();
    let model = catalog.model(model).expect(model);
    let subject = Arc::new(Subject::new((**model).clone(), Quant::mix(mix, Imatrix::Without), None));
    let engine = Arc::clone(catalog.engine(engine).expect(engine));
    let mut scenario = Scenario::new(subject, Arc::new(machine), engine, Arc::clone(&catalog.parameters));
    scenario.run.context = Tokens::new(context);
    scenario
}

fn machine(id: &str) -> Machine {
    Catalog::builtin().profile(id).expect(id).machine.clone()
}

fn rate(answer: &Answer) -> Option<f64> {
    answer.bill.as_ref().map(|bill| bill.rate.expected)
}

/// Whether a plan keeps everything in memory, margins included.
fn fits(plan: &Plan, machine: &Machine) -> bool {
    plan.keeps_reserves(machine) && plan.obstacle.is_none() && !matches!(plan.mode, Mode::None | Mode::Disk)
}

/// Whether a hand did what the automatic choice leaves alone for a reason of its own.
fn left_alone(hand: &Scenario, plan: &Plan, automatic: &Plan) -> bool {
    // Where CPU and GPU share one memory nobody measured the CPU to be the faster of the two.
    let on_cpu = |plan: &Plan| plan.layers.iter().filter(|home| home.on_cpu()).count();
    let shared = hand.machine.host().is_some_and(|host| host.kind == PoolKind::Unified);
    // Fewer cards than there are have to keep some room, so that the plan is not called tight for it.
    let tight = plan.pools.iter().any(|used| {
        let pool = &hand.machine.pools[used.pool];
        pool.kind == PoolKind::Vram && used.total().as_f64() > 0.9 * pool.usable().as_f64()
    });
    shared && on_cpu(plan) > on_cpu(automatic) || !hand.policy.tensor_split.is_empty() && tight
}

/// Placements a hand would try.
fn by_hand(scenario: &Scenario) -> Vec<Policy> {
    let layers = scenario.subject.model.layers.len() as u32;
    let routed = scenario.subject.model.experts() > 0;
    let experts: Vec<u32> = if routed { vec![0, 3, layers / 4, layers / 2, layers] } else { vec![0] };
    let gpu_layers = [0, layers / 4, layers / 2, 3 * layers / 4, layers, layers + 1];
    let mut all: Vec<Policy> = gpu_layers
        .iter()
        .flat_map(|count| {
            experts.iter().map(|first| Policy {
                gpu_layers: GpuLayers::Count(*count),
                cpu_experts: CpuExperts::First(*first),
                ..Policy::default()
            })
        })
        .collect();
    let gpus = scenario.machine.gpus().count();
    for alone in 0..gpus.min(3) {
        let share = |gpu: usize| if gpu == alone { 1.0 } else { 0.0 };
        all.push(Policy { tensor_split: (0..gpus).map(share).collect(), ..Policy::default() });
        all.push(Policy { tensor_split: (0..gpus).map(|gpu| 1.0 + share(gpu)).collect(), ..Policy::default() });
    }
    all
}

/// A card beside another, with another bandwidth.
fn with_second_card(mut machine: Machine, bandwidth: f64) -> Machine {
    let at = machine.pools.iter().position(|pool| pool.kind == PoolKind::Vram).expect("a card");
    let mut second = machine.pools[at].clone();
    "gpu1".clone_into(&mut second.id);
    second.read = Some(Figure::typed(BytesPerSecond::saturating(bandwidth)));
    second.capacity = Figure::typed(Bytes::gib(12));
    machine.pools.insert(at + 1, second);
    machine
}

fn machines() -> Vec<Machine> {
    let mut all: Vec<Machine> = Catalog::builtin().profiles.iter().map(|doc| doc.machine.clone()).collect();
    all.push(with_second_card(machine("desktop-rtx-4090-64gb"), 360e9));
    all.push(with_second_card(machine("epyc-9654-12ch-4090"), 1008e9));
    all
}

#[test]
fn no_placement_by_hand_that_fits_is_clearly_faster() {
    let models = ["llama-3.1-8b", "llama-3.3-70b", "gpt-oss-20b", "qwen3-30b-a3b", "deepseek-r1", "gemma-3-27b"];
    let check = |model: &str| {
        let (mut compared, mut worst) = (0, 0.0_f64);
        for machine in machines() {
            for context in [4096, 65_536] {
                let scenario = question("llama.cpp", model, Mix::Q4_K_M, machine.clone(), context);
                let auto = evaluate_here(&scenario);
                let what = format!("{model} on {} with {context}: {:?}", machine.id, auto.plan.mode);
                for policy in by_hand(&scenario) {
                    let by_hand = Scenario { policy, ..scenario.clone() };
                    let hand = evaluate_here(&by_hand);
                    let Some(faster) = rate(&hand).filter(|_| fits(&hand.plan, &machine)) else { continue };
                    if left_alone(&by_hand, &hand.plan, &auto.plan) {
                        continue;
                    }
                    let policy = &by_hand.policy;
                    assert!(fits(&auto.plan, &machine), "{what}: {policy:?} fits");
                    let chosen = rate(&auto).expect("what fits has a speed");
                    assert!(faster <= chosen * TIE * 1.000_001, "{what} at {chosen}: {policy:?} reaches {faster}");
                    worst = worst.max(faster / chosen);
                    compared += 1;
                }
            }
        }
        (compared, worst)
    };
    let results: Vec<(i32, f64)> = thread::scope(|scope| {
        let runs = models.map(|model| scope.spawn(move || check(model)));
        runs.into_iter().map(|run| run.join().expect("a model is compared")).collect()
    });
    for (model, (compared, worst)) in models.iter().zip(&results) {
        println!("{model}: {compared} placements by hand, at best {worst:.3} of the automatic one");
        assert!(*compared > 100, "{model}");
    }
}

#[test]
fn a_slow_card_is_left_out_and_a_slower_one_not_used_at_all() {
    let two = with_second_card(machine("desktop-rtx-4090-64gb"), 200e9);
    let answer = evaluate_here(&question("llama.cpp", "llama-3.1-8b", Mix::Q4_K_M, two, 8192));
    assert!(answer.plan.layers.iter().all(|home| home.gpu == Some(0)), "{:?}", answer.plan.tensor_split);
    assert_eq!(answer.plan.mode, Mode::Gpu);

    let mut slow = machine("epyc-9654-12ch-4090");
    let card = slow.pools.iter_mut().find(|pool| pool.kind == PoolKind::Vram).expect("a card");
    card.read = Some(Figure::typed(BytesPerSecond::saturating(40e9)));
    let answer = evaluate_here(&question("llama.cpp", "llama-3.3-70b", Mix::Q4_K_M, slow, 8192));
    assert_eq!((answer.plan.mode, answer.plan.gpu_layers), (Mode::Cpu, 0));
    assert!(answer.findings.iter().any(|finding| finding.what.contains("the CPU alone")), "{:?}", answer.findings);
}

#[test]
fn memory_beyond_the_limit_of_a_gpu_serves_the_cpu_before_the_disk() {
    let mut seen = 0;
    for doc in &Catalog::builtin().profiles {
        let Some(host) = doc.machine.host().filter(|host| host.kind == PoolKind::Unified) else { continue };
        for model in ["llama-3.3-70b", "gpt-oss-120b", "qwen3-235b-a22b", "deepseek-r1", "gemma-3-27b", "gpt-oss-20b"] {
            for mix in [Mix::Q8_0, Mix::Q4_K_M, Mix::Q2_K] {
                let scenario = question("llama.cpp", model, mix, doc.machine.clone(), 4096);
                let plan = evaluate_here(&scenario).plan;
                let spare = Bytes::gib(2);
                if plan.total() > host.usable() && plan.total() + spare < host.host_usable() {
                    assert_eq!(plan.on_disk, Bytes::ZERO, "{model} on {}", doc.machine.id);
                    assert!(fits(&plan, &doc.machine), "{model} on {}: {:?}", doc.machine.id, plan.mode);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 0, "no model lies between the limit and the memory");
}

/// A kept placement is the one that would have been found again.
#[test]
fn a_sweep_says_what_each_context_says_alone() {
    let mut searched = 0;
    for (model, machine) in [
        ("deepseek-r1", with_second_card(machine("epyc-9654-12ch-4090"), 1008e9)),
        ("deepseek-r1", with_second_card(machine("epyc-9654-12ch-4090"), 360e9)),
        ("llama-3.3-70b", machine("desktop-2x-rtx-3090")),
        ("llama-3.1-8b", machine("4x-rtx-3090")),
        ("gemma-3-27b", machine("macbook-air-m3-24gb")),
        ("qwen3-30b-a3b", machine("laptop-16gb")),
    ] {
        let scenario = question("llama.cpp", model, Mix::Q4_K_M, machine, 8192);
        let limit = scenario.subject.model.max_context.get();
        let mut contexts: Vec<Tokens> = (1..=24).map(|step| Tokens::new(limit * step / 24)).collect();
        contexts.extend([300, 100_000, 5000].map(|context| Tokens::new(context.min(limit))));
        let mut plans = 0;
        let mut last = None;
        for point in sweep(&scenario, &contexts) {
            let mut alone = scenario.clone();
            alone.run.context = point.context;
            let answer = evaluate_here(&alone);
            assert_eq!(point.plan, answer.plan, "{model} on {} at {}", scenario.machine.id, point.context);
            let numbers = (point.plan.gpu_layers, point.plan.cpu_expert_layers, point.plan.tensor_split);
            plans += usize::from(last.as_ref() != Some(&numbers));
            last = Some(numbers);
        }
        searched += usize::from(plans > 1);
    }
    assert!(searched > 2, "placements hardly ever changed");
}

#[test]
fn the_optimum_is_what_the_automatic_choice_takes() {
    let automatic = question("llama.cpp", "deepseek-r1", Mix::Q4_K_M, machine("epyc-9654-12ch-4090"), 32_768);
    let policy = Policy { gpu_layers: GpuLayers::Count(7), ..Policy::default() };
    let by_hand = Scenario { policy, ..automatic.clone() };
    assert_eq!(optimum(&by_hand), evaluate(&automatic).plan);
    assert_ne!(optimum(&by_hand), evaluate(&by_hand).plan);
}

#[test]
fn layers_are_split_where_the_engine_does_so_of_itself() {
    let split = |engine: &str, asked: Option<Split>| {
        let mut scenario = question(engine, "llama-3.3-70b", Mix::BF16, machine("8x-h100-80gb"), 8192);
        scenario.policy.split = asked;
        evaluate_here(&scenario).plan.split
    };
    assert_eq!(split("vllm", None), Split::Tensor);
    assert_eq!(split("vllm", Some(Split::Layer)), Split::Layer);
    assert_eq!(split("llama.cpp", None), Split::Layer, "experimental there");
    assert_eq!(split("llama.cpp", Some(Split::Tensor)), Split::Tensor);
}
