//! The largest context that fits: the next token does not, and where the question starts from changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use willitrun::catalog::Catalog;
use willitrun::memory::{KvStreams, Places, RunOptions, cache, compute};
use willitrun::placement::Mode;
use willitrun::quant::{Imatrix, Mix, Quant};
use willitrun::scenario::{Scenario, Subject, evaluate, evaluate_here, largest_context};
use willitrun::units::Tokens;

fn question(engine: &str, model: &str, mix: Mix, machine: &str) -> Scenario {
    let catalog = Catalog::builtin();
    let shape = (**catalog.model(model).expect(model)).clone();
    let subject = Arc::new(Subject::new(shape, Quant::mix(mix, Imatrix::Without), None));
    let machine = Arc::new(catalog.profile(machine).expect(machine).machine.clone());
    Scenario::new(subject, machine, Arc::clone(catalog.engine(engine).expect(engine)), Arc::clone(&catalog.parameters))
}

fn at(scenario: &Scenario, context: u64) -> Scenario {
    Scenario { run: RunOptions { context: Tokens::new(context), ..scenario.run }, ..scenario.clone() }
}

/// Whether it works within what may be used, and how.
fn works(scenario: &Scenario, context: u64) -> Option<Mode> {
    let plan = evaluate_here(&at(scenario, context)).plan;
    let machine = scenario.seen();
    let works = plan.mode != Mode::None
        && plan.obstacle.is_none()
        && plan.pools.iter().all(|used| used.total() <= plan.usable(&machine.pools[used.pool]));
    works.then_some(plan.mode)
}

#[test]
fn the_next_token_does_not_fit() {
    let mut bounded: BTreeMap<&str, usize> = BTreeMap::new();
    for (engine, model, mix, machine) in [
        ("llama.cpp", "deepseek-r1", Mix::Q8_0, "epyc-9654-12ch-4090"),
        ("llama.cpp", "llama-3.1-8b", Mix::Q8_0, "laptop-16gb"),
        ("llama.cpp", "gemma-3-27b", Mix::Q4_K_M, "desktop-32gb-ddr4"),
        ("ollama", "gpt-oss-20b", Mix::MXFP4_MOE, "laptop-16gb"),
        ("vllm", "llama-3.1-8b", Mix::BF16, "desktop-rtx-3090"),
        ("vllm", "gemma-3-27b", Mix::Q4_K_M, "desktop-rtx-3090"),
        ("vllm", "deepseek-r1", Mix::Q6_K, "8x-h100-80gb"),
        ("vllm", "glm-4.7-flash", Mix::Q4_K_M, "desktop-rtx-3090"),
        ("mlx", "llama-3.1-8b", Mix::Q8_0, "macbook-air-m2-16gb"),
        ("mlx", "gemma-3-27b", Mix::Q4_K_M, "macbook-air-m3-24gb"),
        ("mlx", "glm-4.7-flash", Mix::Q4_K_M, "macbook-air-m3-24gb"),
        ("ktransformers", "qwen3-30b-a3b", Mix::Q8_0, "laptop-64gb-rtx-4090"),
        ("ideal", "llama-3.1-8b", Mix::BF16, "laptop-16gb"),
    ] {
        // Several sequences divide the context, or share it in one cache.
        for (sequences, streams) in [(1, KvStreams::PerSequence), (3, KvStreams::PerSequence), (3, KvStreams::Unified)]
        {
            let mut scenario = question(engine, model, mix, machine);
            (scenario.run.sequences, scenario.run.streams) = (sequences, streams);
            let what = format!("{engine} {model} on {machine}, {sequences} {streams:?}");
            let largest = largest_context(&scenario).expect(&what).get();
            let limit = scenario.subject.model.max_context.get();
            let mode = works(&scenario, largest).expect("the largest works");
            if largest < limit {
                // From the disk alone it would go on; what fits in memory ends where the disk begins.
                let next = works(&scenario, largest + 1).filter(|next| mode == Mode::Disk || *next != Mode::Disk);
                assert_eq!(next, None, "{what}: {largest}");
                *bounded.entry(engine).or_default() += 1;
            }
            for own in [1, 300, 8192, largest.saturating_sub(1).max(1), largest, largest + 1, limit, limit + 1] {
                let answer = evaluate(&at(&scenario, own));
                assert_eq!(answer.fits_max, Some(Tokens::new(largest)), "{what}, asked at {own}");
            }
        }
    }
    for engine in ["llama.cpp", "vllm", "mlx", "ideal"] {
        assert!(bounded.contains_key(engine), "no machine was too small for {engine}: {bounded:?}");
    }
}

/// Contexts of one room take the same bytes: the search for the largest leaves out all but one of them.
#[test]
fn contexts_of_one_room_take_the_same() {
    let catalog = Catalog::builtin();
    let (mut same, mut steps) = (0, 0);
    for engine in &catalog.engines {
        for id in ["llama-3.1-8b", "gemma-3-27b", "deepseek-r1", "deepseek-v4-flash", "qwen3-next-80b-a3b"] {
            let model = catalog.model(id).expect(id);
            for (sequences, streams) in
                [(1, KvStreams::PerSequence), (3, KvStreams::PerSequence), (3, KvStreams::Unified)]
            {
                for first in [1, 250, 500, 770, 1020, 2040, 8180, 32_760] {
                    let asked = |context: u64| RunOptions {
                        context: Tokens::new(context),
                        sequences,
                        streams,
                        rules: engine.rules,
                        ..RunOptions::default()
                    };
                    let bytes = |context: u64| {
                        let options = asked(context);
                        let places = Places::on_device(model);
                        (cache(model, &options), compute(model, &options, &places))
                    };
                    let mut known = bytes(first);
                    for context in first + 1..first + 24 {
                        let next = bytes(context);
                        if asked(context).room() == asked(context - 1).room() {
                            assert_eq!(next, known, "{} {id}, {sequences} {streams:?}: {context}", engine.id);
                            same += 1;
                        } else {
                            steps += 1;
                        }
                        known = next;
                    }
                }
            }
        }
    }
    println!("{same} contexts take what the one before takes, {steps} have another room");
    assert!(same > 0 && steps > 0);
}
