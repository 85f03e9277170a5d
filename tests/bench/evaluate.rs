//! How long an answer takes: DeepSeek R1 over RAM and one GPU, and what a frame of the window asks for.

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use willitrun::catalog::Catalog;
use willitrun::memory::{Places, cache, compute, compute_quickly};
use willitrun::placement::Precision;
use willitrun::quant::{Imatrix, Mix, Quant};
use willitrun::scenario::{Scenario, Subject, evaluate, evaluate_here, sweep};
use willitrun::units::Tokens;

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

/// Each iteration asks for another context, as a dragged slider does.
fn dragged(scenario: &mut Scenario) {
    let next = scenario.run.context.get() % 131_072 + 256;
    scenario.run.context = Tokens::new(next);
}

fn answers(criterion: &mut Criterion) {
    let mut r1 = question("deepseek-r1", "epyc-9654-12ch-4090", 8192);
    criterion.bench_function("evaluate, R1 over two pools", |bench| {
        bench.iter(|| {
            dragged(&mut r1);
            evaluate(black_box(&r1))
        });
    });
    for (name, precision) in [("exact", Precision::Exact), ("near", Precision::Near)] {
        criterion.bench_function(&format!("evaluate_here {name}, R1 over two pools"), |bench| {
            bench.iter(|| {
                dragged(&mut r1);
                evaluate_here(black_box(&r1), precision)
            });
        });
    }
    let contexts: Vec<Tokens> = (1..=96).map(|step| Tokens::new(163_840 * step / 96)).collect();
    criterion.bench_function("sweep of 96 contexts, R1 over two pools", |bench| {
        bench.iter(|| sweep(black_box(&r1), &contexts));
    });
    let mut small = question("llama-3.1-8b", "epyc-9654-12ch-4090", 8192);
    criterion.bench_function("evaluate, Llama 8B on one GPU", |bench| {
        bench.iter(|| {
            dragged(&mut small);
            evaluate(black_box(&small))
        });
    });
}

fn parts(criterion: &mut Criterion) {
    let Scenario { subject, run, .. } = question("deepseek-r1", "epyc-9654-12ch-4090", 8192);
    let places = Places::on_device(&subject.model);
    criterion.bench_function("cache, R1", |bench| bench.iter(|| cache(black_box(&subject.model), &run)));
    criterion.bench_function("compute, R1", |bench| bench.iter(|| compute(black_box(&subject.model), &run, &places)));
    criterion.bench_function("compute_quickly, R1", |bench| {
        bench.iter(|| compute_quickly(black_box(&subject.model), &run, &places));
    });
    criterion.bench_function("expand a subject, R1", |bench| {
        bench.iter(|| Subject::new(black_box(&subject.model).clone(), subject.quant.clone(), None));
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    answers(&mut criterion);
    parts(&mut criterion);
    criterion.final_summary();
}
