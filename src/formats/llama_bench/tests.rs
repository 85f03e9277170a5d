use super::*;
use crate::quant::Format;

const FLAGS: &str = include_str!("../../../tests/fixtures/llama-bench/2023-flags.json");
const BACKENDS: &str = include_str!("../../../tests/fixtures/llama-bench/2025-backends.json");
const LINES: &str = include_str!("../../../tests/fixtures/llama-bench/2025-backends.jsonl");
const CANN: &str = include_str!("../../../tests/fixtures/llama-bench/2025-cann.json");
const SYCL: &str = include_str!("../../../tests/fixtures/llama-bench/2026-sycl.json");
const H100: &str = include_str!("../../../tests/fixtures/llama-bench/2026-cuda-h100.json");
const EXPERTS: &str = include_str!("../../../tests/fixtures/llama-bench/2026-cuda-experts.json");

fn tests_of(text: &str) -> Vec<Test> {
    assert!(is_one(text));
    let bench = read(text).unwrap_or_else(|error| panic!("{error}"));
    assert!(bench.bad.is_empty(), "{:?}", bench.bad);
    bench.tests
}

#[test]
fn every_era_is_read() {
    for (text, build, backend, rates, fused) in [
        (FLAGS, "b1275 (3469684)", Backend::Cuda, [2_410.974_041, 132.052_051], false),
        (BACKENDS, "b5163 (8cf427ff)", Backend::Cuda, [7_100.002_165, 118.881_588], false),
        (LINES, "b5163 (8cf427ff)", Backend::Cuda, [7_263.609_157, 119.844_681], false),
        (SYCL, "b10700 (bebc9350e)", Backend::Sycl, [1_334.103_112, 101.152_055], true),
    ] {
        let tests = tests_of(text);
        assert_eq!(tests.len(), 2, "{build}");
        for ((test, rate), work) in tests.iter().zip(rates).zip([Work::Prompt, Work::Decode]) {
            assert_eq!((test.build.as_str(), &test.backend, test.work), (build, &Ok(backend), Some(work)));
            assert!((test.rate.get() - rate).abs() < 1e-9 && test.fork == Fork::Mainline && test.odd.is_empty());
            assert_eq!((test.setup.fused_attention, test.setup.gpu_layers), (fused, None));
            assert_eq!(test.tokens.get(), if work == Work::Prompt { 512 } else { 128 });
        }
    }
    let test = &tests_of(BACKENDS)[1];
    assert_eq!(
        (test.architecture.as_str(), test.bytes.get(), test.params.get()),
        ("qwen2", 4_677_120_000, 7_615_616_512)
    );
    assert_eq!((test.date.as_str(), test.repeats, test.gpus.len()), ("2025-04-24", 5, 1));
    assert!((test.spread - 1.041_811 / 118.881_588).abs() < 1e-9);
}

#[test]
fn a_run_at_several_depths_is_read() {
    let tests = tests_of(H100);
    let told: Vec<(u64, u64)> = tests.iter().map(|test| (test.tokens.get(), test.depth.get())).collect();
    let depths = [0, 8192, 32_768];
    assert_eq!(told, depths.map(|depth| [512, 2048, 128].map(|tokens| (tokens, depth))).concat());
    for test in &tests {
        assert_eq!((test.build.as_str(), &test.backend), ("b1 (release)", &Ok(Backend::Cuda)));
        assert_eq!((test.setup.fused_attention, test.setup.gpu_layers, test.repeats), (true, None, 3));
        assert_eq!((test.date.as_str(), test.odd.as_str()), ("2026-11-26", ""));
    }
    assert!((tests[8].rate.get() - 170.041_076).abs() < 1e-9 && tests[8].work == Some(Work::Decode));
}

#[test]
fn what_a_run_was_told_is_kept() {
    let test = &tests_of(EXPERTS)[0];
    assert_eq!((test.setup.cpu_expert_layers, test.depth.get()), (20, 4096));
    let check = |from: &str, to: &str| tests_of(&EXPERTS.replacen(from, to, 1)).remove(0);
    let quantized = check("\"type_k\": \"f16\"", "\"type_k\": \"q8_0\"");
    assert_eq!((quantized.setup.kv_k, quantized.odd.as_str()), (Format::Q8_0, ""));
    assert_eq!(check("\"n_gpu_layers\": -1", "\"n_gpu_layers\": 20").setup.gpu_layers, Some(20));
    assert_eq!(check("\"tensor_split\": \"0.00\"", "\"tensor_split\": \"3.00/1.00\"").setup.tensor_split, [3.0, 1.0]);
    for (from, to, odd) in [
        ("\"tensor_buft_overrides\": \"none\"", "\"tensor_buft_overrides\": \"exps=CPU\"", "placed by hand"),
        ("\"split_mode\": \"layer\"", "\"split_mode\": \"row\"", "split by row"),
        ("\"fit_target\": 0", "\"fit_target\": 1024", "fitted the placement"),
        ("\"type_v\": \"f16\"", "\"type_v\": \"zz\"", "type_v is 'zz'"),
    ] {
        assert!(check(from, to).odd.contains(odd), "{to}");
    }
    assert_eq!(check("\"n_prompt\": 0", "\"n_prompt\": 512").work, None, "a prompt and its answer in one");
    assert_eq!(check("\"no_host\"", "\"mla_attn\": 3, \"no_host\"").fork.engine(), "ik_llama.cpp");
}

#[test]
fn a_backend_is_known_or_said_to_be_none() {
    let why = tests_of(CANN)[0].backend.clone();
    assert_eq!(why, Err("its backend 'CANN' is not known here".to_owned()));
    let of = |words: &str| tests_of(&BACKENDS.replace("\"CUDA\"", &format!("\"{words}\"")))[0].backend.clone();
    assert_eq!(of("BLAS"), Ok(Backend::Cpu));
    assert_eq!(of("Metal,BLAS"), Ok(Backend::Metal));
    assert_eq!(of("MTL,BLAS"), Ok(Backend::Metal));
    assert_eq!(of("ROCm"), Ok(Backend::Rocm));
    for words in ["CUDA,Vulkan", "CUDA,RPC", "MLX"] {
        assert!(of(words).is_err(), "{words}");
    }
}

#[test]
fn no_path_is_kept() {
    for path in ["/home/jane/models/a.gguf", "C:\\\\Users\\\\jane\\\\a.gguf", "C:/Users/jane/a.gguf"] {
        let test = tests_of(&BACKENDS.replace("Qwen2.5-7B-Instruct-Q4_K_M.gguf", path)).remove(0);
        assert_eq!(test.file_name, "a.gguf");
        assert!(!format!("{test:?}").contains("jane"));
    }
}

#[test]
fn what_drivers_print_around_it_is_passed_over() {
    let noise = "ggml_vulkan: Found 1 Vulkan devices:\n[1]    13557 segmentation fault (core dumped)\n";
    assert_eq!(tests_of(&format!("{noise}{BACKENDS}")), tests_of(BACKENDS));
    assert_eq!(tests_of(&format!("\u{feff}{BACKENDS}")), tests_of(BACKENDS));
    assert_eq!(tests_of(&format!("{noise}{LINES}")), tests_of(LINES));
    assert_eq!(tests_of(LINES.lines().next().expect("a line")).len(), 1);
}

#[test]
fn bad_outputs_give_one_sentence() {
    let check = |text: &str, words: &str| {
        let error = read(text).expect_err(words).to_string();
        assert!(error.contains(words) && !error.contains('\n'), "{words}: {error}");
    };
    check("", "it holds no test");
    check("llama-bench: error while loading shared libraries\n", "it holds no test");
    check("[]", "it holds no test");
    check("[\n", "it ends in the middle");
    check("{\"a\": 7} x", "trailing characters");
    check("{\"a\": 1}", "avg_ts is missing");
    check("[1, 2]", "it is 1; expected a table");
    check(&BACKENDS[..BACKENDS.len() / 2], "it ends in the middle");
    check(
        &BACKENDS.replace("\"avg_ts\": 7100.002165", "\"avg_ts\": NaN").replace("118.881588", "-1"),
        "avg_ts is 'NaN'",
    );
    check(&" ".repeat(100_000_000), "it is 100.0 MB long");
    // One bad test among good ones is left out and said.
    let bench = read(&BACKENDS.replace("7100.002165", "NaN")).expect("the other is good");
    assert_eq!((bench.tests.len(), bench.bad.len()), (1, 1));
    assert_eq!(bench.bad[0], "test 1: avg_ts is 'NaN'; expected tokens per second above 0");
    for (from, to) in
        [("4677120000", "0"), ("7615616512", "-3"), ("\"n_gen\": 128", "\"n_gen\": 0"), ("1.041811", "1e9")]
    {
        assert_eq!(
            read(&BACKENDS.replace(from, to)).map_or(0, |bench| bench.tests.len()),
            usize::from(!from.starts_with(['4', '7'])),
            "{to}"
        );
    }
}

/// Cut anywhere, or one byte changed anywhere: read or refused, never a panic.
#[test]
fn any_output_is_answered() {
    for end in (0..BACKENDS.len()).step_by(7) {
        let _ = read(&BACKENDS[..end]);
        let _ = read(&LINES[..end.min(LINES.len())]);
    }
    for at in (0..BACKENDS.len()).step_by(11) {
        for byte in [b'[', b'"', b'-', b'9', b'e', b'\n', 0x7f] {
            let mut bytes = BACKENDS.as_bytes().to_vec();
            bytes[at] = byte;
            if let Ok(bench) = String::from_utf8(bytes).map_err(|_| ()).and_then(|text| read(&text).map_err(|_| ())) {
                assert!(bench.tests.iter().all(|test| test.rate.get() > 0.0 && test.spread.is_finite()));
            }
        }
    }
}
