//! The largest context that fits: the next token does not, and where the question starts from changes nothing.

use std::sync::Arc;

use willitrun::catalog::Catalog;
use willitrun::memory::{HostWeights, LayerPlace, Places, Quickly, RunOptions, compute_quickly};
use willitrun::placement::{Mode, Policy, Precision};
use willitrun::quant::{Imatrix, Mix, Quant};
use willitrun::scenario::{Scenario, Subject, evaluate, evaluate_here, largest_context};
use willitrun::units::Tokens;

fn question(model: &str, mix: Mix, machine: &str) -> Scenario {
    let catalog = Catalog::builtin();
    let shape = (**catalog.model(model).expect(model)).clone();
    Scenario {
        subject: Arc::new(Subject::new(shape, Quant::mix(mix, Imatrix::Without), None)),
        machine: Arc::new(catalog.profile(machine).expect(machine).machine.clone()),
        engine: Arc::clone(&catalog.engines[0]),
        parameters: Arc::clone(&catalog.parameters),
        run: RunOptions::default(),
        engine_date: None,
        policy: Policy::default(),
        backend: None,
        depth: Tokens::ZERO,
        prompt: Tokens::new(512),
        answer: Tokens::new(512),
    }
}

fn at(scenario: &Scenario, context: u64) -> Scenario {
    Scenario { run: RunOptions { context: Tokens::new(context), ..scenario.run }, ..scenario.clone() }
}

/// Whether everything is in memory, within what may be used.
fn fits(scenario: &Scenario, context: u64) -> bool {
    let plan = evaluate_here(&at(scenario, context), Precision::Exact).plan;
    !matches!(plan.mode, Mode::None | Mode::Disk)
        && plan.obstacle.is_none()
        && plan.pools.iter().all(|used| used.total() <= scenario.machine.pools[used.pool].usable())
}

#[test]
fn the_next_token_does_not_fit() {
    let mut bounded = 0;
    for (model, mix, machine) in [
        ("deepseek-r1", Mix::Q4_K_M, "epyc-9654-12ch-4090"),
        ("deepseek-r1", Mix::Q8_0, "epyc-9654-12ch-4090"),
        ("llama-3.1-8b", Mix::Q8_0, "laptop-16gb"),
        ("qwen3-30b-a3b", Mix::Q4_K_M, "laptop-16gb"),
        ("gemma-3-27b", Mix::Q4_K_M, "epyc-9654-12ch-4090"),
    ] {
        let scenario = question(model, mix, machine);
        let Some(largest) = largest_context(&scenario).map(Tokens::get) else { continue };
        let limit = scenario.subject.model.max_context.get();
        let in_memory = fits(&scenario, largest);
        if in_memory && largest < limit {
            assert!(!fits(&scenario, largest + 1), "{model} on {machine}: {largest}");
            bounded += 1;
        }
        for own in [1, 300, 8192, largest.saturating_sub(1).max(1), largest, largest + 1, limit, limit + 1] {
            let answer = evaluate(&at(&scenario, own));
            assert_eq!(answer.fits_max, Some(Tokens::new(largest)), "{model} on {machine} asked at {own}");
        }
    }
    assert!(bounded > 0, "no machine was too small");
}

/// What is remembered is what would have been worked out.
#[test]
fn what_is_worked_out_once_is_the_same() {
    let options = RunOptions::default();
    for (name, model) in super::golden::models() {
        let quickly = Quickly::new(&model, &options);
        let count = model.layers.len();
        for first in (0..=count).step_by(count.div_ceil(6).max(1)) {
            for experts in [None, Some(0)] {
                let place = |layer: usize| LayerPlace {
                    device: (layer >= first).then_some(0),
                    experts: experts.filter(|_| layer >= first),
                };
                let places = Places {
                    devices: 1,
                    layers: (0..count).map(place).collect(),
                    head: (first < count).then_some(0),
                    host_weights: HostWeights::Stay,
                };
                assert_eq!(quickly.compute(&places), compute_quickly(&model, &options, &places), "{name} {first}");
            }
        }
    }
}
