//! Caches of many requests and the memory equation, on the models of the catalogue and through the program.

use std::process::Command;
use std::sync::Arc;

use serde_json::Value;
use willitrun::advice::binding;
use willitrun::catalog::Catalog;
use willitrun::reasoning::compression::{Bits, Compression};
use willitrun::reasoning::equation::{Equation, Studied, studied};
use willitrun::reasoning::requests::{Policy, Preemption, Request, Reserve, Setup, made, simulate};
use willitrun::scenario::{Answer, Scenario, evaluate};
use willitrun::units::{Bytes, GIB, Tokens};

fn equation(model: &str, bits: f64, samples: u64) -> Equation {
    let model = Catalog::builtin().model(model).expect("built in");
    Equation::of(model, bits, Tokens::new(30_000), samples).expect("a cache that grows with its tokens")
}

fn gib(bytes: Bytes) -> f64 {
    bytes.as_f64() / GIB as f64
}

/// These two checkpoints hold their tied head a second time, in 16 bit, and the study counted the files.
fn head(id: &str) -> Bytes {
    let catalog = Catalog::builtin();
    let model = catalog.model(id).expect("built in");
    Bytes::new(2) * model.hidden * model.vocab
}

/// The table of the study, as far as it could be read, in GiB: weights at 4, 8 and 16 bits, cache of one sample and of
/// sixteen with 30,000 tokens. The figures it does not show were computed by its equation.
#[test]
fn the_study_s_table_is_reproduced() {
    for (model, weights, cache, sixteen) in [
        ("qwen3-0.6b", [0.50, 0.71, 1.40], 3.20, 51.27),
        ("qwen3-1.7b", [1.26, 1.93, 3.78], 3.20, 51.27),
        ("qwen3-4b", [2.49, 4.19, 7.49], 4.12, 65.91),
        ("qwen3-8b", [5.68, 8.94, 15.26], 4.12, 65.91),
        ("qwen3-14b", [9.29, 15.49, 27.51], 4.58, 73.24),
        ("qwen3-32b", [18.01, 32.66, 61.02], 7.32, 117.19),
    ] {
        for (bits, expected) in [4.0, 8.0, 16.0].into_iter().zip(weights) {
            let doubled = bits >= 16.0 && ["qwen3-0.6b", "qwen3-1.7b"].contains(&model);
            let found = gib(equation(model, bits, 1).weights() + if doubled { head(model) } else { Bytes::ZERO });
            println!("{model} at {bits} bits: {found:.2} GiB");
            assert!((found - expected).abs() <= 0.02, "{model} at {bits} bits: {found:.3} against {expected}");
        }
        for (samples, expected) in [(1, cache), (16, sixteen)] {
            let found = gib(equation(model, 4.0, samples).cache());
            assert!((found - expected).abs() <= 0.02, "{model}, {samples} samples: {found:.3} against {expected}");
        }
    }
}

#[test]
fn r1_is_not_what_the_study_looked_at() {
    let catalog = Catalog::builtin();
    let of = |id: &str| studied(catalog.model(id).expect("built in"));
    assert_eq!((of("qwen3-8b"), of("deepseek-r1"), of("qwen3-30b-a3b")), (Studied::Yes, Studied::No, Studied::No));
    let one = gib(equation("deepseek-r1", 4.0, 1).cache());
    let sixteen = gib(equation("deepseek-r1", 4.0, 16).cache());
    assert!((one - 1.96).abs() < 0.005 && (sixteen - 31.4).abs() < 0.05, "{one} {sixteen}");
}

#[test]
fn a_smaller_cache_shows_in_the_equation() {
    let mut smaller = equation("qwen3-4b", 4.0, 1);
    let full = smaller.cache();
    smaller.compression = Compression::Quantized(Bits::symmetric(4.0));
    assert!((smaller.cache().as_f64() / full.as_f64() - 0.2656).abs() < 1e-4);
    smaller.compression = Compression::Evicted { budget: Tokens::new(1024), buffer: Tokens::new(128) };
    smaller.tokens = Tokens::new(16_384);
    let at_16k = smaller.cache();
    smaller.tokens = Tokens::new(32_768);
    assert_eq!(smaller.cache(), at_16k, "it stops growing");
}

fn program(words: &[&str]) -> Value {
    let run = Command::new(env!("CARGO_BIN_EXE_willitrun")).args(words).arg("--json").output().expect("it starts");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout).expect("JSON")
}

#[test]
fn the_program_simulates_a_pool() {
    let value =
        program(&["simulate", "kv", "--pool-mib", "40960", "--prompt", "32767", "--answer", "1", "--requests", "13"]);
    assert_eq!(value["at_once"], 12);
    assert_eq!(value["most_bytes"].as_u64().map(|bytes| bytes >> 20), Some(39_528));
    assert_eq!((&value["events"][12]["request"], &value["events"][12]["what"]), (&1.into(), &"put out".into()));
    let slip = program(&["simulate", "kv", "--token-bytes", "31981568", "--requests", "1", "--prompt", "32767"]);
    assert_eq!(slip["refused"], 1);
}

#[test]
fn a_simulated_pool_is_told_as_in_the_window() {
    let told = |words: &[&str]| {
        let run = Command::new(env!("CARGO_BIN_EXE_willitrun")).args(["simulate", "kv"]).args(words).output();
        String::from_utf8(run.expect("it starts").stdout).expect("text")
    };
    let text = told(&["--prompt", "32767", "--answer", "1"]);
    assert!(text.starts_with("12 requests fit at once; request 13 puts request 1 out\n"), "{text}");
    for part in ["68.6 KiB (DeepSeek-R1, f16)", "39,528 MiB of 40,960 MiB", "and 8 more; --json has them"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("copied"), "{text}");
    let slip = told(&["--token-bytes", "31981568", "--requests", "1"]);
    assert!(slip.starts_with("Refused: one request needs 1,464 GiB") && slip.contains("takes 30.5 MiB"), "{slip}");
    let many = ["--requests", "20000", "--token-bytes", "1", "--answer", "9"];
    let text = told(&many);
    assert!(text.contains("takes 1 B (typed)") && text.contains("20,000 finished"), "{text}");
    assert!(text.contains("and 39,980 more; --json has the first 20,000 events"), "{text}");
    let value = program(&[&["simulate", "kv"][..], &many].concat());
    assert_eq!((&value["events_truncated"], value["events"].as_array().map(Vec::len)), (&true.into(), Some(20_000)));
    assert_eq!(program(&["simulate", "kv"])["events_truncated"], false);
}

#[test]
fn the_program_fills_blocks() {
    let value = program(&["simulate", "blocks"]);
    assert_eq!(value["longest_tokens"], 65_536);
    assert_eq!(value["paged"]["at_once"], 7);
    assert_eq!(value["paged"]["blocks_left"], 174);
    assert_eq!(value["reserved"]["at_once"], 2);
}

#[test]
fn bad_requests_are_refused_with_their_place() {
    for (words, part) in [
        (vec!["simulate"], "simulate kv or"),
        (vec!["simulate", "kv", "--policy", "best"], "--policy is 'best'; expected one of lru, fifo, largest, reject"),
        (vec!["simulate", "kv", "--requests", "0"], "--requests is '0'"),
        (vec!["simulate", "kv", "--token-bytes", "-1"], "--token-bytes"),
        (vec!["simulate", "kv", "--model", "no-such-model"], "no-such-model"),
        (vec!["simulate", "blocks", "--tokens", "70000"], "raise --most-blocks"),
        (vec!["simulate", "blocks", "--colour", "red"], "'colour'"),
    ] {
        let run = Command::new(env!("CARGO_BIN_EXE_willitrun")).args(&words).output().expect("it starts");
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(2), "{words:?}: {said}");
        assert!(said.contains(part), "{words:?}: {said}");
    }
}

/// Bounds on counts, not on time: a hundred thousand requests are worked through to the last.
#[test]
fn a_hundred_thousand_requests_are_worked_through() {
    let per_token = Bytes::new(70_272);
    let setup = Setup {
        pool: per_token * 163_840,
        per_token,
        reserve: Reserve::Blocks { size: 16, most: 4096 },
        policy: Policy::LeastRecent,
        preemption: Preemption::Recompute,
    };
    let like = Request { arrives: 0, prompt: Tokens::new(900), answer: Tokens::new(7000) };
    let outcome = simulate(&setup, &made(100_000, 1000, like, 80, 1));
    assert_eq!(outcome.counts.finished, 100_000);
}

mod offload {
    use std::sync::Arc;

    use willitrun::catalog::Catalog;
    use willitrun::hardware::PoolKind;
    use willitrun::quant::{Mix, Quant};
    use willitrun::reasoning::offload::{Class, Home, Homes, Parts, Preset};
    use willitrun::scenario::{Scenario, Subject, evaluate_here};
    use willitrun::units::{Bytes, BytesPerSecond};

    const SERVER: &str = "epyc-9654-12ch-4090";
    const ROOM: Bytes = Bytes::gib(23);

    fn question(machine: &str, engine: &str) -> Scenario {
        let catalog = Catalog::builtin();
        let model = catalog.model("deepseek-r1").expect("built in");
        let quant = Quant::mix(Mix::Q4_K_M, Mix::Q4_K_M.usual_imatrix());
        let subject = Arc::new(Subject::new(model.clone(), quant, None));
        let machine = Arc::new(catalog.profile(machine).expect("built in").machine.clone());
        let engine = catalog.engine(engine).expect("built in").clone();
        Scenario::new(subject, machine, engine, catalog.parameters.clone())
    }

    fn ceiling(parts: &Parts, homes: &Homes, ram: f64) -> f64 {
        let rate = |gb| BytesPerSecond::from_gb(gb);
        1.0 / parts.lay(homes).time(rate(1008.0), rate(ram)).expect("a time").get()
    }

    #[test]
    fn ceilings_of_a_4090_and_ram_of_96_gb_s() {
        let parts = Parts::of(&question(SERVER, "llama.cpp"));
        let of = |preset: Preset, ram| ceiling(&parts, &preset.homes(&parts, ROOM), ram);
        for (preset, ram, expected) in [
            (Preset::CpuExperts, 96.0, 7.24),
            (Preset::Gpu, 96.0, 45.2),
            (Preset::Ram, 96.0, 4.31),
            (Preset::CpuExperts, 460.8, 27.3),
        ] {
            let found = of(preset, ram);
            println!("{} with {ram} GB/s: {found:.3} tokens/s", preset.name());
            assert!((found / expected - 1.0).abs() < 2e-3, "{preset:?}: {found}");
        }
        assert!((of(Preset::Gpu, 96.0) / of(Preset::CpuExperts, 96.0) - 6.25).abs() < 0.01);
        assert!((of(Preset::CpuExperts, 96.0) / of(Preset::Ram, 96.0) - 1.68).abs() < 0.005);
    }

    #[test]
    fn bytes_are_those_of_the_engine() {
        let parts = Parts::of(&question(SERVER, "llama.cpp"));
        let weights = |preset: Preset| -> (u64, u64) {
            let laid = parts.lay(&preset.homes(&parts, ROOM));
            let lines = laid.lines.iter().filter(|line| line.class != Class::Cache);
            lines.fold((0, 0), |(gpu, ram), line| (gpu + line.gpu.held.get(), ram + line.ram.held.get()))
        };
        assert_eq!(weights(Preset::CpuExperts).0, 9_984_032_768);
        assert_eq!(weights(Preset::GpuLayers(30)).0, 203_277_831_168);
        let laid = parts.lay(&Preset::GpuLayers(30).homes(&parts, ROOM));
        let cache = laid.lines[Class::Cache as usize];
        assert_eq!(cache.gpu.held.get() * 61, (cache.gpu.held + cache.ram.held).get() * 29, "KV of 29 layers");
        let embedding = parts.lay(&Preset::CpuExperts.homes(&parts, ROOM)).lines[Class::Embedding as usize];
        assert_eq!((embedding.ram.held.get(), embedding.gpu.held.get()), (521_256_960, 0));
        assert_eq!(weights(Preset::CpuExpertsOfFirst(61)), weights(Preset::CpuExperts));
    }

    /// What an engine can be told has one ceiling, here and by the ideal engine.
    #[test]
    fn the_ideal_engine_agrees() {
        for depth in [0, 8000] {
            let mut scenario = question(SERVER, "ideal");
            scenario.depth = willitrun::units::Tokens::new(depth);
            let parts = Parts::of(&scenario);
            let rate = |kind| {
                let machine = &scenario.machine;
                machine
                    .pools
                    .iter()
                    .find(|pool| pool.kind == kind)
                    .and_then(willitrun::hardware::Pool::bandwidth)
                    .map(|found| found.0)
            };
            for preset in [Preset::CpuExperts, Preset::Ram, Preset::GpuLayers(2)] {
                let asked = Scenario { policy: preset.policy().expect("an engine can"), ..scenario.clone() };
                let ideal = evaluate_here(&asked).bill.expect("a bill").total.get();
                let laid = parts.lay(&preset.homes(&parts, ROOM));
                let here = laid.time(rate(PoolKind::Vram), rate(PoolKind::Ram)).expect("a time").get();
                assert!((here / ideal - 1.0).abs() < 1e-9, "{preset:?} at {depth}: {here} and {ideal}");
            }
        }
    }

    #[test]
    fn the_course_s_policy_takes_what_fits_and_a_table_may_say_anything() {
        let parts = Parts::of(&question(SERVER, "llama.cpp"));
        let homes = Preset::Course.homes(&parts, ROOM);
        let laid = parts.lay(&homes);
        assert!(laid.on_gpu() <= ROOM);
        let Home::First(first) = homes.of(Class::Attention) else { panic!("{homes:?}") };
        let next = Homes::all(Home::First(first + 1)).with(Class::Embedding, Home::Gpu).with(Class::Head, Home::Gpu);
        assert!(parts.lay(&next).on_gpu() > ROOM);
        assert!(ceiling(&parts, &homes, 96.0) < ceiling(&parts, &Preset::CpuExperts.homes(&parts, ROOM), 96.0));
        // Every byte is somewhere, wherever a class is put.
        let all = parts.lay(&Homes::all(Home::Ram)).in_ram();
        for class in Class::ALL {
            let laid = parts.lay(&homes.with(class, Home::Last(7)));
            assert_eq!(laid.on_gpu() + laid.in_ram(), all, "{class:?}");
        }
    }
}

fn asked(model: &str, machine: &str, engine: &str) -> (Scenario, Answer) {
    let catalog = Catalog::builtin();
    let subject = catalog.subject(catalog.model(model).expect("built in"), "Q4_K_M").expect("a mix");
    let machine = catalog.profile(machine).expect("a profile").machine.clone();
    let engine = catalog.engine(engine).expect("an engine").clone();
    let scenario = Scenario::new(Arc::new(subject), Arc::new(machine), engine, catalog.parameters.clone());
    let answer = evaluate(&scenario);
    (scenario, answer)
}

fn told(question: &(Scenario, Answer), id: &str) -> String {
    let entries = Catalog::builtin().faq(&question.0, &question.1);
    entries.iter().find(|entry| entry.id == id).unwrap_or_else(|| panic!("{id}")).answer.clone()
}

#[test]
fn a_small_model_is_told_what_is_so() {
    let small = asked("qwen3-4b", "laptop-16gb", "llama.cpp");
    assert_eq!(binding::find(&small.0, &small.1).memory.change, None, "nothing binds");
    let disk = told(&small, "disk");
    assert!(disk.contains("This RAM holds it as it is.") && disk.contains("left, its size assumed"), "{disk}");
    let cost = told(&small, "cost");
    assert!(cost.contains("That is the price of DeepSeek-R1, not of Qwen3"), "{cost}");
    let ceiling = asked("qwen3-4b", "laptop-16gb", "ideal");
    let time = told(&ceiling, "answer-time");
    assert!(time.starts_with("At most ") && time.contains("(a ceiling)") && time.contains("take at least "), "{time}");
    assert!(!told(&ceiling, "channels").contains(" to "), "a ceiling has no band");
    assert!(told(&ceiling, "cost").starts_with("A million tokens take at least "));
}

#[test]
fn windows_and_the_disk_are_told_beside_the_cache() {
    let cache = |model: &str| told(&asked(model, "desktop-rtx-4090-64gb", "llama.cpp"), "why-is-the-cache-so-big");
    let gemma = cache("gemma-3-27b");
    let parts = ["10 of 62 layers keep every token", "52 keep only their window of 1,024 tokens"];
    assert!(parts.iter().all(|part| gemma.contains(part)), "{gemma}");
    assert!(cache("qwen3-32b").starts_with("Each of 64 layers keeps"));
    let large = asked("deepseek-r1", "laptop-16gb", "llama.cpp");
    assert_eq!(large.1.verdict.level, willitrun::verdict::Level::Disk);
    assert!(told(&large, "context").contains("fit, with weights read from disk."));
    assert!(!told(&large, "cost").contains("not of"));
}
