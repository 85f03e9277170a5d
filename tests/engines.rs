//! What other engines than llama.cpp allocate, and where they refuse to run.

use std::sync::Arc;

use willitrun::catalog::Catalog;
use willitrun::hardware::{Backend, PoolKind};
use willitrun::memory::{Buffers, RunOptions, WindowRule};
use willitrun::placement::{CpuExperts, Mode, Obstacle};
use willitrun::quant::{Format, Imatrix, Quant};
use willitrun::scenario::{Answer, Scenario, Subject, evaluate};
use willitrun::units::{Bytes, Tokens};
use willitrun::verdict::Level;

fn question(engine: &str, model: &str, machine: &str, context: u64) -> Scenario {
    let catalog = Catalog::builtin();
    let quant = Quant::parse("Q4_K_M", Imatrix::Without, None).expect("a mix");
    let model = catalog.model(model).expect(model);
    let subject = Arc::new(Subject::new(model.as_ref().clone(), quant, None));
    let machine = Arc::new(catalog.profile(machine).expect(machine).machine.clone());
    let engine = catalog.engine(engine).expect(engine).clone();
    let mut scenario = Scenario::new(subject, machine, engine, catalog.parameters.clone());
    scenario.run.context = Tokens::new(context);
    scenario
}

const DESKTOP: &str = "epyc-9654-12ch-4090";
const MAC: &str = "mac-studio-m3-ultra-512gb";

/// Keys and values of one token of Llama 3.1 8B in 16 bits: 32 layers, 8 heads, 128 and 128 values.
const LLAMA: u64 = 32 * 8 * 256 * 2;
/// The latent of one token of DeepSeek R1: 61 layers of 512 and 64 values.
const R1: u64 = 61 * 576 * 2;

#[test]
fn a_cache_grows_in_the_steps_of_its_engine() {
    for (engine, model, machine, context, cells, per_token) in [
        ("llama.cpp", "llama-3.1-8b", DESKTOP, 8193, 8448, LLAMA),
        ("ollama", "llama-3.1-8b", DESKTOP, 8193, 8448, LLAMA),
        ("ik_llama.cpp", "llama-3.1-8b", DESKTOP, 8193, 8448, LLAMA),
        ("vllm", "llama-3.1-8b", DESKTOP, 8193, 8208, LLAMA),
        ("ktransformers", "llama-3.1-8b", DESKTOP, 8193, 8193, LLAMA),
        ("mlx", "llama-3.1-8b", MAC, 8193, 8448, LLAMA),
        ("ideal", "llama-3.1-8b", DESKTOP, 8193, 8193, LLAMA),
        // The kernels for latent attention want blocks of 64, and each GPU of a tensor split keeps the latent whole.
        ("vllm", "deepseek-r1", "8x-h100-80gb", 8193, 8256, 8 * R1),
        ("ktransformers", "deepseek-r1", DESKTOP, 8193, 8193, R1),
    ] {
        let answer = evaluate(&question(engine, model, machine, context));
        assert_eq!(answer.plan.kv(), Bytes::new(cells * per_token), "{engine} {model}");
    }
}

#[test]
fn each_sequence_is_rounded_up_by_itself() {
    for (engine, cells) in [("vllm", 4 * 16), ("ideal", 4 * 2), ("llama.cpp", 4 * 256)] {
        let mut asked = question(engine, "llama-3.1-8b", DESKTOP, 10);
        asked.run.sequences = 4;
        assert_eq!(evaluate(&asked).plan.kv(), Bytes::new(cells * LLAMA), "{engine}");
    }
}

/// Gemma 3 27B: 52 of 62 layers see 1024 tokens back; 16 heads of 128 and 128 values.
#[test]
fn windows_are_kept_as_the_engine_keeps_them() {
    let per_token = 16 * 256 * 2;
    let context = 32_768;
    for (engine, machine, window) in [
        ("llama.cpp", DESKTOP, 1024 + 512),
        ("ik_llama.cpp", DESKTOP, context),
        // 1023 tokens and a batch of 2048 are 192 blocks of 16, and one to spare.
        ("vllm", DESKTOP, 193 * 16),
        ("mlx", MAC, 1023 + 2048),
        ("ideal", DESKTOP, 1024),
    ] {
        let asked = question(engine, "gemma-3-27b", machine, context);
        let layers = asked.subject.model.layers.len() as u64;
        let full = layers / 6;
        let expected = per_token * (full * context + (layers - full) * window);
        assert_eq!(evaluate(&asked).plan.kv(), Bytes::new(expected), "{engine}");
    }
}

#[test]
fn an_8_bit_cache_is_what_the_engine_calls_one() {
    for (engine, machine, bytes) in
        [("llama.cpp", DESKTOP, 34 * 4), ("vllm", DESKTOP, 128), ("mlx", MAC, 34 * 4), ("ktransformers", DESKTOP, 128)]
    {
        let mut asked = question(engine, "llama-3.1-8b", machine, 8192);
        (asked.run.kv_k, asked.run.kv_v) = (Format::Q8_0, Format::Q8_0);
        assert_eq!(evaluate(&asked).plan.kv(), Bytes::new(32 * 8 * 2 * bytes * 8192), "{engine}");
    }
    let catalog = Catalog::builtin();
    let vllm = catalog.engine("vllm").expect("an engine");
    assert_eq!(vllm.kv_format("FP8"), Some(Format::Q8_0));
    assert_eq!(vllm.kv_format("q8_0"), None);
    assert_eq!(catalog.engines[0].kv_format("fp8"), None);
}

#[test]
fn a_cache_the_engine_has_not_is_said_and_answered_plain() {
    let plain = question("vllm", "llama-3.1-8b", DESKTOP, 8192);
    let mut asked = plain.clone();
    (asked.run.kv_k, asked.run.kv_v) = (Format::Q4_0, Format::Q4_0);
    let answer = evaluate(&asked);
    assert_eq!(answer.plan.kv(), evaluate(&plain).plan.kv());
    assert!(says(&answer, "no cache in Q4_0"), "{:?}", answer.findings);
}

fn says(answer: &Answer, words: &str) -> bool {
    answer.findings.iter().any(|finding| finding.what.contains(words))
}

#[test]
fn working_memory_is_a_figure_where_there_is_no_graph() {
    for engine in &Catalog::builtin().engines {
        let machine = if engine.id == "mlx" { MAC } else { DESKTOP };
        let answer = evaluate(&question(&engine.id, "llama-3.1-8b", machine, 8192));
        match engine.rules.buffers {
            Buffers::Graph => assert!(answer.plan.compute() > Bytes::ZERO, "{}", engine.id),
            Buffers::PerDevice(each) => assert_eq!(answer.plan.compute(), each, "{}", engine.id),
        }
    }
}

#[test]
fn the_driver_takes_what_was_seen_for_its_backend() {
    let mib = |count: u64| Bytes::new(count << 20);
    for (machine, backend, expected) in [
        (DESKTOP, None, mib(456)),
        (DESKTOP, Some(Backend::Vulkan), mib(450)),
        ("desktop-rx-7900-xtx", None, mib(253)),
        ("desktop-arc-b580", None, mib(450)),
        ("desktop-2x-rtx-3090", None, mib(2 * 456)),
        (MAC, None, Bytes::ZERO),
    ] {
        let mut asked = question("llama.cpp", "llama-3.1-8b", machine, 8192);
        asked.backend = backend;
        let answer = evaluate(&asked);
        assert_eq!(answer.plan.mode, Mode::Gpu, "{machine}");
        assert_eq!(answer.plan.overhead(), expected, "{machine} {backend:?}");
        assert_eq!(says(&answer, "for itself is assumed"), expected == mib(450), "{machine}: {:?}", answer.findings);
    }
}

#[test]
fn what_cannot_run_says_why_and_is_still_measured_out() {
    for (engine, machine, backend, said) in [
        ("llama.cpp", DESKTOP, None, ""),
        ("llama.cpp", DESKTOP, Some(Backend::Cuda), ""),
        ("llama.cpp", DESKTOP, Some(Backend::Vulkan), ""),
        ("llama.cpp", DESKTOP, Some(Backend::Cpu), ""),
        ("llama.cpp", DESKTOP, Some(Backend::Metal), "Metal does not drive NVIDIA GPUs"),
        ("llama.cpp", DESKTOP, Some(Backend::Rocm), "ROCm does not drive NVIDIA GPUs"),
        ("llama.cpp", DESKTOP, Some(Backend::Mlx), "llama.cpp has no MLX backend"),
        ("llama.cpp", MAC, Some(Backend::Cuda), "CUDA does not drive Apple GPUs"),
        ("llama.cpp", "raspberry-pi-4-8gb", Some(Backend::Cuda), "CUDA needs a GPU, and this machine has none"),
        ("llama.cpp", "raspberry-pi-4-8gb", None, ""),
        ("vllm", "raspberry-pi-4-8gb", None, "vLLM needs a GPU, and this machine has none"),
        ("vllm", MAC, None, "vLLM does not drive Apple GPUs"),
        ("vllm", DESKTOP, Some(Backend::Cpu), "vLLM has no CPU backend"),
        ("ktransformers", "raspberry-pi-4-8gb", None, "KTransformers needs a GPU, and this machine has none"),
        ("mlx", DESKTOP, None, "MLX does not drive NVIDIA GPUs"),
        ("mlx", "raspberry-pi-4-8gb", None, "MLX needs a GPU, and this machine has none"),
        ("mlx", MAC, None, ""),
        ("ideal", "raspberry-pi-4-8gb", None, ""),
    ] {
        let mut asked = question(engine, "qwen3-0.6b", machine, 2048);
        asked.backend = backend;
        let answer = evaluate(&asked);
        assert!(answer.plan.weights() > Bytes::ZERO, "memory is answered all the same");
        if said.is_empty() {
            assert_ne!(answer.verdict.level, Level::No, "{engine} on {machine}: {}", answer.verdict.sentence());
        } else {
            assert_eq!(answer.verdict.sentence(), format!("Will not run: {said}"));
            assert!(says(&answer, said), "{engine} on {machine}");
            assert_eq!(answer.plan.obstacle, Some(Obstacle::EngineCannot));
            assert_eq!((answer.bill, answer.fits_max), (None, None), "{engine} on {machine}");
        }
    }
}

#[test]
fn an_engine_that_takes_a_share_of_each_gpu_ends_there() {
    let asked = question("vllm", "llama-3.1-8b", DESKTOP, 8192);
    let share = asked.engine.takes.expect("it takes a share");
    let capacity = |kind| asked.machine.pools.iter().find(|pool| pool.kind == kind).expect("a pool").capacity.value;
    let usable = capacity(PoolKind::Vram).as_f64() * share;
    for (pool, seen) in asked.machine.pools.iter().zip(&asked.seen().pools) {
        let expected = if pool.kind == PoolKind::Vram { usable.floor() } else { pool.usable().as_f64() };
        assert!((seen.usable().as_f64() - expected).abs() <= 1.0, "{}", pool.id);
    }
    let answer = evaluate(&asked);
    assert!(says(&answer, "reserves 92 % of each GPU"), "{:?}", answer.findings);
    let fits = answer.fits_max.expect("it fits");
    let at = |context: u64| {
        let run = RunOptions { context: Tokens::new(context), ..asked.run };
        evaluate(&Scenario { run, ..asked.clone() })
    };
    let (last, over) = (at(fits.get()), at(fits.get() + 1));
    assert!(last.plan.total().as_f64() <= usable && last.plan.mode == Mode::Gpu);
    assert!(over.plan.total().as_f64() > usable, "one token more is a block too many");
    assert_eq!(over.plan.obstacle, Some(Obstacle::GpusTooSmall));
    assert_eq!(over.verdict.level, Level::No);
    assert!(over.verdict.rest.contains("VRAM"), "{}", over.verdict.sentence());
}

#[test]
fn vllm_keeps_even_the_embedding_on_gpus() {
    let asked = question("vllm", "llama-3.1-8b", DESKTOP, 8192);
    let answer = evaluate(&asked);
    for used in &answer.plan.pools {
        let gpu = asked.machine.pools[used.pool].kind == PoolKind::Vram;
        assert!(gpu || used.total() == Bytes::ZERO, "{used:?}");
    }
    assert_eq!(answer.plan.weights(), asked.subject.weights.loaded());
}

#[test]
fn ktransformers_leaves_experts_in_ram_and_nothing_else() {
    let mut asked = question("ktransformers", "qwen3-30b-a3b", DESKTOP, 8192);
    let answer = evaluate(&asked);
    assert_eq!((answer.plan.mode, answer.plan.gpu_layers), (Mode::ExpertsInRam, 49));
    assert_eq!(answer.plan.cpu_expert_layers, 48);
    asked.policy.cpu_experts = CpuExperts::First(7);
    assert_eq!(evaluate(&asked).plan.cpu_expert_layers, 7);
}

#[test]
fn a_speed_that_was_not_measured_names_whose_it_is() {
    for (engine, machine, said) in [
        ("llama.cpp", DESKTOP, false),
        ("ik_llama.cpp", DESKTOP, false),
        ("ik_llama.cpp", MAC, true),
        ("ollama", DESKTOP, true),
        ("vllm", DESKTOP, true),
        ("mlx", MAC, false),
        ("ideal", DESKTOP, false),
    ] {
        let answer = evaluate(&question(engine, "llama-3.1-8b", machine, 8192));
        assert_eq!(says(&answer, "is taken as llama.cpp's"), said, "{engine} on {machine}: {:?}", answer.findings);
    }
}

/// Memory beyond what a GPU may use of it serves the CPU before the disk does.
#[test]
fn layers_beyond_the_gpu_s_share_of_unified_memory_go_to_the_cpu() {
    let mut asked = question("llama.cpp", "llama-3.3-70b", "mac-studio-m3-ultra-96gb", 8192);
    let mut machine = asked.machine.as_ref().clone();
    let place = machine.pools.iter().position(|pool| pool.kind == PoolKind::Unified).expect("unified memory");
    let capacity = |gib| willitrun::hardware::Figure::typed(Bytes::gib(gib));
    // 43 GB of weights and 2.5 GiB of cache: more than 40 GiB, less than 60 less the system's reserve.
    machine.pools[place].capacity = capacity(60);
    machine.pools[place].gpu_limit = Some(capacity(40));
    asked.machine = Arc::new(machine.clone());
    let answer = evaluate(&asked);
    assert_eq!(answer.plan.mode, Mode::Partial, "{}", answer.verdict.sentence());
    assert_eq!(answer.plan.on_disk, Bytes::ZERO);
    let on_gpu = answer.plan.layers.iter().filter(|home| home.gpu.is_some()).count();
    assert!(on_gpu > 60 && on_gpu < 80, "{on_gpu} of 80 layers");
    // With the limit out of the way all of it goes to the GPU; with less memory part of it to the disk.
    machine.pools[place].gpu_limit = Some(capacity(56));
    asked.machine = Arc::new(machine.clone());
    assert_eq!(evaluate(&asked).plan.mode, Mode::Gpu);
    machine.pools[place].capacity = capacity(36);
    machine.pools[place].gpu_limit = Some(capacity(30));
    asked.machine = Arc::new(machine);
    assert_eq!(evaluate(&asked).plan.mode, Mode::Disk);
}

#[test]
fn every_engine_names_its_source_and_can_be_asked() {
    for engine in &Catalog::builtin().engines {
        assert!(!engine.source.is_empty() && !engine.backends.is_empty() && !engine.mla.is_empty(), "{}", engine.id);
        assert!(engine.kv_formats.contains(&Format::F16), "{}: the default cache", engine.id);
        assert!(engine.ideal || engine.overheads.iter().all(|row| !row.bytes.origin.is_empty()), "{}", engine.id);
        if let WindowRule::Batch { step, .. } = engine.rules.cache.window {
            assert!(step > 0);
        }
    }
}
