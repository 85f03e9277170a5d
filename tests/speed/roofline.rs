//! The picture of what limits a model: its times are those of the answer, and no point stands above its roof.

use std::sync::Arc;

use willitrun::catalog::Catalog;
use willitrun::quant::{Imatrix, Quant};
use willitrun::scenario::{AT_ONCE, Scenario, Step, Subject, evaluate_here, roofline};
use willitrun::speed::Site;

fn asked(profile: &str, model: &str, quant: &str) -> Scenario {
    let catalog = Catalog::builtin();
    let model = catalog.model(model).expect("a model").as_ref().clone();
    let quant = Quant::parse(quant, Imatrix::Without, None).expect("a quant");
    let machine = catalog.profile(profile).expect("a profile").machine.clone();
    let subject = Arc::new(Subject::new(model, quant, None));
    Scenario::new(subject, Arc::new(machine), catalog.engines[0].clone(), catalog.parameters.clone())
}

#[test]
fn times_are_those_of_the_answer() {
    for (profile, model) in [
        ("epyc-9654-12ch-4090", "deepseek-r1"),
        ("desktop-rtx-4090-96gb", "qwen3-32b"),
        ("laptop-16gb", "qwen2.5-7b"),
        ("mac-studio-m3-ultra-512gb", "deepseek-r1"),
    ] {
        let scenario = asked(profile, model, "Q4_K_M");
        let (picture, answer) = (roofline(&scenario), evaluate_here(&scenario));
        let bill = answer.bill.expect("a speed");
        let one: f64 =
            picture.points.iter().filter(|(step, _)| *step == Step::Decode(1)).map(|(_, at)| at.seconds).sum();
        assert!((one / bill.total.get() - 1.0).abs() < 1e-9, "{model} on {profile}: {one} and {}", bill.total);
        let prompt = picture.points.iter().find(|(step, _)| matches!(step, Step::Prompt(_))).expect("a prompt").1;
        let rate = answer.prefill.expect("a rate").expected;
        assert!((512.0 / prompt.seconds / rate - 1.0).abs() < 1e-9, "{model} on {profile}");
    }
}

#[test]
fn a_dense_token_has_two_operations_for_each_weight() {
    // 8.5 bits a weight, every one read once and multiplied once; an empty cache.
    let picture = roofline(&asked("desktop-rtx-4090-96gb", "llama-3.1-8b", "Q8_0"));
    let (_, token) = picture.points.iter().find(|(step, _)| *step == Step::Decode(1)).expect("a token");
    assert_eq!(token.site, Site::Gpu);
    assert!((token.intensity() / (2.0 / (8.5 / 8.0)) - 1.0).abs() < 0.02, "{}", token.intensity());
    // Weights are read once for all of a step: intensity grows with it, and so does what is reached.
    let of = |count| picture.points.iter().find(|(step, _)| *step == Step::Decode(count)).expect("a step").1;
    for pair in AT_ONCE.windows(2) {
        assert!(of(pair[1]).intensity() > of(pair[0]).intensity() && of(pair[1]).rate() > of(pair[0]).rate());
    }
}

#[test]
fn no_point_stands_above_its_roof() {
    let (mut above, mut seen) = (Vec::new(), 0);
    for profile in &Catalog::builtin().profiles {
        for model in ["deepseek-r1", "qwen3-32b", "qwen3-30b-a3b", "llama-3.1-8b"] {
            let picture = roofline(&asked(&profile.machine.id, model, "Q4_K_M"));
            for (step, worked) in &picture.points {
                let roof = picture.roofs.iter().find(|roof| roof.site == worked.site);
                let Some(roof) = roof else { continue };
                seen += 1;
                let share = worked.rate() / roof.attainable(worked.intensity());
                if share > 1.0 + 1e-9 {
                    above.push(format!(
                        "{model} on {}: {step:?} at {share:.2} of {:?}",
                        profile.machine.id, worked.site
                    ));
                }
            }
        }
    }
    assert!(seen > 200, "{seen} points");
    assert!(above.is_empty(), "{} points:\n{}", above.len(), above.join("\n"));
}

#[test]
fn what_cannot_run_has_no_picture() {
    let picture = roofline(&asked("laptop-16gb", "deepseek-r1", "BF16"));
    assert!(picture.points.iter().all(|(_, worked)| worked.rate().is_finite()));
    let mut unknown = asked("laptop-16gb", "qwen2.5-7b", "Q4_K_M");
    for pool in &mut Arc::make_mut(&mut unknown.machine).pools {
        (pool.read, pool.read_measured) = (None, None);
    }
    assert_eq!(roofline(&unknown), willitrun::scenario::Roofline::default());
}
