//! How long an answer takes: DeepSeek R1 over RAM and GPUs, what a frame of the window asks for and a sweep;
//! and many requests that share a pool.

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use willitrun::catalog::Catalog;
use willitrun::memory::{Known, Places, cache, compute};
use willitrun::quant::{Imatrix, Mix, Quant};
use willitrun::reasoning::requests::{Policy, Preemption, Reserve, Setup, Trial, simulate};
use willitrun::scenario::{Scenario, Subject, evaluate, evaluate_here, largest_context, sweep};
use willitrun::units::{Bytes, MIB, Tokens};

fn question(model: &str, machine: &str, context: u64) -> Scenario {
    let catalog = Catalog::builtin();
    let model = catalog.model(model).expect("built in");
    let subject = Arc::new(Subject::new((**model).clone(), Quant::mix(Mix::Q4_K_M, Imatrix::Without), None));
    let machine = Arc::new(catalog.profile(machine).expect("built in").machine.clone());
    let engine = Arc::clone(&catalog.engines[0]);
    let mut scenario = Scenario::new(subject, machine, engine, Arc::clone(&catalog.parameters));
    scenario.run.context = Tokens::new(context);
    scenario
}

/// DeepSeek R1 on a server with a disk and two cards.
fn two_cards() -> Scenario {
    let mut scenario = question("deepseek-r1", "epyc-9654-12ch-4090", 8192);
    let machine = Arc::make_mut(&mut scenario.machine);
    let at = machine.pools.iter().position(|pool| pool.id == "gpu0").expect("a card");
    let mut second = machine.pools[at].clone();
    "gpu1".clone_into(&mut second.id);
    machine.pools.insert(at + 1, second);
    assert!(machine.disk().is_some() && machine.gpus().count() == 2);
    scenario
}

/// The same model as if it had never been asked about.
fn anew(scenario: &Scenario) -> Scenario {
    let old = &scenario.subject;
    let subject = Subject { known: Known::default(), ..Subject::clone(old) };
    Scenario { subject: Arc::new(subject), ..scenario.clone() }
}

/// Each iteration asks for another context, as a dragged slider does.
fn dragged(scenario: &mut Scenario) {
    let next = scenario.run.context.get() % 131_072 + 256;
    scenario.run.context = Tokens::new(next);
}

fn answers(criterion: &mut Criterion) {
    for (name, mut scenario) in [
        ("R1 on 2 GPUs, RAM and disk", two_cards()),
        ("R1 on 1 GPU, RAM and disk", question("deepseek-r1", "epyc-9654-12ch-4090", 8192)),
        ("Llama 8B on 1 GPU", question("llama-3.1-8b", "epyc-9654-12ch-4090", 8192)),
    ] {
        criterion.bench_function(&format!("evaluate, {name}"), |bench| {
            bench.iter(|| {
                dragged(&mut scenario);
                evaluate(black_box(&scenario))
            });
        });
        criterion.bench_function(&format!("evaluate the first time, {name}"), |bench| {
            bench.iter_batched_ref(|| anew(&scenario), |new| evaluate(new), criterion::BatchSize::SmallInput);
        });
        criterion.bench_function(&format!("evaluate_here, {name}"), |bench| {
            bench.iter(|| {
                dragged(&mut scenario);
                evaluate_here(black_box(&scenario))
            });
        });
        criterion.bench_function(&format!("largest_context, {name}"), |bench| {
            bench.iter(|| largest_context(black_box(&scenario)));
        });
        let contexts: Vec<Tokens> = (1..=512).map(|step| Tokens::new(131_072 * step / 512)).collect();
        criterion.bench_function(&format!("sweep of 512 contexts, {name}"), |bench| {
            bench.iter(|| sweep(black_box(&scenario), &contexts));
        });
    }
}

fn parts(criterion: &mut Criterion) {
    let Scenario { subject, run, .. } = question("deepseek-r1", "epyc-9654-12ch-4090", 8192);
    let places = Places::on_device(&subject.model);
    criterion.bench_function("cache, R1", |bench| bench.iter(|| cache(black_box(&subject.model), &run)));
    criterion.bench_function("compute, R1", |bench| bench.iter(|| compute(black_box(&subject.model), &run, &places)));
    criterion.bench_function("compute from the layers that tell, R1", |bench| {
        bench.iter(|| Known::default().of(black_box(&subject.model), &run).compute(1, &[], || places.clone()));
    });
    criterion.bench_function("compute from what is known, R1", |bench| {
        let known = Known::default();
        bench.iter(|| known.of(black_box(&subject.model), &run).compute(1, &[], || places.clone()));
    });
    criterion.bench_function("expand a subject, R1", |bench| {
        bench.iter(|| Subject::new(black_box(&subject.model).clone(), subject.quant.clone(), None));
    });
}

/// A hundred thousand requests at once: in a pool they all fit, and in one that puts out 180,000 times.
fn requests(criterion: &mut Criterion) {
    let all_fit = Trial {
        setup: Setup {
            pool: Bytes::gib(40),
            per_token: Bytes::new(1),
            reserve: Reserve::Whole { percent: 150 },
            policy: Policy::LeastRecent,
            preemption: Preemption::Recompute,
        },
        count: 100_000,
        gap: 0,
        prompt: Tokens::new(512),
        answer: Tokens::new(32_256),
        spread: 0,
        seed: 0,
    };
    let outgrown = Trial {
        setup: Setup {
            pool: Bytes::new(MIB) * 400_000,
            per_token: Bytes::new(70_272),
            reserve: Reserve::Blocks { size: 1, most: u64::from(u32::MAX) },
            policy: Policy::Largest,
            ..all_fit.setup
        },
        answer: Tokens::new(2000),
        spread: 100,
        ..all_fit
    };
    let mut group = criterion.benchmark_group("100,000 requests");
    group.sample_size(10);
    for (name, trial) in [("all fit, the longest ago goes", all_fit), ("token by token, the largest goes", outgrown)] {
        let list = trial.requests();
        group.bench_function(name, |bench| bench.iter(|| simulate(black_box(&trial.setup), &list)));
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    answers(&mut criterion);
    parts(&mut criterion);
    requests(&mut criterion);
    criterion.final_summary();
}
