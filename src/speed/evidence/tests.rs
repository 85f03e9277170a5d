use super::*;
use crate::hardware::{Backend, Compared, Setup};
use crate::quant::Format;
use crate::units::TokensPerSecond;

const CUDA: Part = Part::On(Backend::Cuda);

fn standing(part: Part, spread: f64) -> Standing {
    Standing {
        spread,
        doubt: 0.0,
        parts: vec![(part, 1.0)],
        gpu_layers: 33,
        cpu_expert_layers: 0,
        kv: (Format::F16, Format::F16),
        kv_on_host: false,
        fused_attention: true,
        sequences: 1,
    }
}

/// A test of a model of this many weights that came out at so many times what was predicted.
fn run(params: u64, ratio: f64) -> BenchRun {
    BenchRun {
        source: Source::Measured,
        engine: "llama.cpp".to_owned(),
        backend: Backend::Cuda,
        model: "m".to_owned(),
        quant: "Q4_K_M".to_owned(),
        params: Params::new(params),
        file: Bytes::new(params / 2),
        work: Work::Decode,
        tokens: Tokens::new(128),
        depth: Tokens::ZERO,
        rate: TokensPerSecond::saturating(50.0 * ratio),
        spread: 0.01,
        repeats: 5,
        predicted: None,
        setup: Setup::default(),
        build: String::new(),
        date: String::new(),
        conditions: String::new(),
        compared: Some(Compared { predicted: 50.0, standing: standing(CUDA, 0.2) }),
    }
}

const MODEL: u64 = 8_000_000_000;
const OTHER: u64 = 32_000_000_000;

fn ask(params: u64, standing: &Standing, runs: &[BenchRun]) -> Option<Correction> {
    let (params, file) = (Params::new(params), Bytes::new(params / 2));
    let asked = Asked { work: Work::Decode, standing, params, file, depth: Tokens::ZERO };
    correction(&asked, runs)
}

#[test]
fn a_test_moves_towards_what_it_measured_and_never_past_it() {
    for ratio in [0.5, 0.8, 1.0, 1.25, 3.0] {
        let said = ask(MODEL, &standing(CUDA, 0.2), &[run(MODEL, ratio)]).expect("the same question");
        let (low, high) = (ratio.min(1.0), ratio.max(1.0));
        assert!((low..=high).contains(&said.factor), "{ratio}: {said:?}");
        assert!((said.factor / ratio).ln().abs() <= 0.1 * ratio.ln().abs(), "nearly all of it: {said:?}");
        assert_eq!((said.runs, said.same), (1, Some(0)));
    }
}

#[test]
fn what_is_less_alike_is_moved_less_and_stays_less_certain() {
    let runs = [run(MODEL, 0.7)];
    let here = standing(CUDA, 0.2);
    let same = ask(MODEL, &here, &runs).expect("the same question");
    for change in [
        Standing { kv: (Format::Q8_0, Format::Q8_0), ..here.clone() },
        Standing { kv_on_host: true, ..here.clone() },
        Standing { sequences: 8, ..here.clone() },
    ] {
        assert_eq!(ask(MODEL, &change, &runs).and_then(|said| said.same), None, "{change:?}");
    }
    let placed = Standing { gpu_layers: 20, ..here.clone() };
    let elsewhere = ask(MODEL, &placed, &runs).expect("the same file, placed otherwise");
    let other = ask(OTHER, &here, &runs).expect("another model");
    assert!(same.factor < elsewhere.factor && elsewhere.factor < other.factor && other.factor < 1.0);
    assert!(same.narrowing < elsewhere.narrowing && elsewhere.narrowing < other.narrowing && other.narrowing < 1.0);
    assert_eq!((elsewhere.same, other.same), (None, None));
    // The band of the same question comes down to what tests differ by, not to nothing.
    let left = same.narrowing * 0.2;
    assert!((REPEAT..=2.0 * REPEAT).contains(&left), "{left}");
}

#[test]
fn more_evidence_narrows_more_and_a_noisy_test_less() {
    let here = standing(CUDA, 0.2);
    let one = ask(OTHER, &here, &[run(MODEL, 0.8)]).expect("one");
    let two = ask(OTHER, &here, &[run(MODEL, 0.8), run(14_000_000_000, 0.8)]).expect("two");
    assert!(two.narrowing < one.narrowing && two.factor < one.factor && two.factor > 0.8);
    let noisy = BenchRun { spread: 0.3, ..run(MODEL, 0.8) };
    let noisy = ask(MODEL, &here, &[noisy]).expect("noisy");
    let clean = ask(MODEL, &here, &[run(MODEL, 0.8)]).expect("clean");
    assert!(noisy.narrowing > clean.narrowing && noisy.factor > clean.factor);
    // Two that contradict each other leave the answer between them.
    let torn = ask(MODEL, &here, &[run(MODEL, 0.8), run(MODEL, 1.1)]).expect("both");
    assert!(torn.factor > 0.8 && torn.factor < 1.1);
}

#[test]
fn what_shares_nothing_changes_nothing() {
    let runs = [run(MODEL, 0.5)];
    assert_eq!(ask(MODEL, &standing(Part::On(Backend::Vulkan), 0.2), &runs), None);
    assert_eq!(ask(MODEL, &standing(Part::Beside(Backend::Cuda), 0.2), &runs), None);
    assert_eq!(ask(MODEL, &standing(CUDA, 0.2), &[]), None);
    assert_eq!(ask(MODEL, &standing(CUDA, 0.2), &[BenchRun { source: Source::Reported, ..run(MODEL, 0.5) }]), None);
    assert_eq!(ask(MODEL, &standing(CUDA, 0.2), &[BenchRun { compared: None, ..run(MODEL, 0.5) }]), None);
    assert_eq!(ask(MODEL, &standing(CUDA, 0.2), &[BenchRun { work: Work::Prompt, ..run(MODEL, 0.5) }]), None);
    assert_eq!(ask(MODEL, &standing(CUDA, 0.0), &runs), None, "a ceiling is no estimate");
    // Half the bill on the CPU: half of what the GPU's test says.
    let mixed = Standing { parts: vec![(CUDA, 0.5), (Part::On(Backend::Cpu), 0.5)], ..standing(CUDA, 0.2) };
    let mixed = ask(MODEL, &mixed, &runs).expect("half");
    let whole = ask(MODEL, &standing(CUDA, 0.2), &runs).expect("whole");
    assert!(mixed.factor > whole.factor && mixed.factor < 1.0);
}

#[test]
fn a_bandwidth_that_was_assumed_is_put_right_for_every_model() {
    let doubtful = Standing { doubt: 0.25, spread: 0.4, ..standing(CUDA, 0.4) };
    let mut one = run(MODEL, 0.6);
    one.compared = Some(Compared { predicted: 50.0, standing: doubtful.clone() });
    let said = ask(OTHER, &doubtful, std::slice::from_ref(&one)).expect("another model");
    let firm = ask(OTHER, &standing(CUDA, 0.4), &[run(MODEL, 0.6)]).expect("another model");
    assert!(said.factor < firm.factor, "{said:?} {firm:?}");
}

#[test]
fn many_tests_of_one_thing_are_no_harm() {
    let runs: Vec<BenchRun> = (0..300).map(|at| run(MODEL, 0.8 + f64::from(at % 7) * 0.001)).collect();
    let said = ask(MODEL, &standing(CUDA, 0.2), &runs).expect("many");
    assert_eq!((said.runs, said.same), (MOST, Some(299)));
    assert!((0.8..=0.81).contains(&said.factor), "{said:?}");
}
