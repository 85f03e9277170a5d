//! How long the ranking takes on one core: the catalogue at its usual quants, for the first time and on another
//! machine, and every quant there is.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion};
use willitrun::advice::{Field, default_subject, find_context, rank};
use willitrun::catalog::{Breadth, Catalog};
use willitrun::model::Architecture;
use willitrun::scenario::Scenario;

fn question(machine: &str) -> Scenario {
    let catalog = Catalog::builtin();
    let subject = Arc::new(default_subject(catalog.model("deepseek-r1").expect("built in")));
    let machine = Arc::new(catalog.profile(machine).expect("built in").machine.clone());
    Scenario::new(subject, machine, catalog.engines[0].clone(), catalog.parameters.clone())
}

fn field(breadth: Breadth) -> Field {
    let catalog = Catalog::builtin();
    catalog.field(breadth, &catalog.engines[0], &[], &[])
}

fn ranking(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rank");
    group.sample_size(10);
    for machine in ["desktop-rtx-4090-96gb", "epyc-9654-12ch-4090", "desktop-2x-rtx-3090", "4x-rtx-3090", "laptop-16gb"]
    {
        let base = question(machine);
        let usual = field(Breadth::Usual);
        println!("{machine}: {} rows of the usual quants", usual.rows());
        group.bench_function(format!("usual quants, first time, {machine}"), |bench| {
            bench.iter_batched(
                || field(Breadth::Usual),
                |field| rank(black_box(&base), &field),
                BatchSize::PerIteration,
            );
        });
        black_box(rank(&base, &usual));
        group.bench_function(format!("usual quants, again, {machine}"), |bench| {
            bench.iter(|| rank(black_box(&base), &usual));
        });
    }
    // Twice the catalogue at every quant: more than ten thousand rows.
    let catalog = Catalog::builtin();
    let copy = |model: &Arc<Architecture>| {
        Arc::new(Architecture { id: format!("{}-copy", model.id), ..Architecture::clone(model) })
    };
    let copies: Vec<_> = catalog.models.iter().map(copy).collect();
    let every = || catalog.field(Breadth::Every, &catalog.engines[0], &copies, &[]);
    let base = question("desktop-rtx-4090-96gb");
    let field = every();
    println!("{} rows of every quant", field.rows());
    group.bench_function("every quant, first time", |bench| {
        bench.iter_batched(every, |field| rank(black_box(&base), &field), BatchSize::PerIteration);
    });
    let rows = rank(&base, &field);
    group.bench_function("every quant, again", |bench| bench.iter(|| rank(black_box(&base), &field)));
    group.bench_function("largest contexts of 20 rows", |bench| {
        bench.iter(|| rows.iter().take(20).filter_map(|row| find_context(black_box(&base), row)).count());
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    ranking(&mut criterion);
    criterion.final_summary();
}
