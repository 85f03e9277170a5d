//! One test from its JSON.

use super::{Fork, Test};
use crate::formats::json::Json;
use crate::formats::text::{clean_name, quoted};
use crate::hardware::{Backend, Setup, Work};
use crate::quant::Format;
use crate::units::{Bytes, Params, Tokens, TokensPerSecond};

/// Speeds that make sense, in tokens per second.
const RATES: std::ops::RangeInclusive<f64> = 1e-6..=1e9;
/// More tokens than any context.
const MOST_TOKENS: u64 = 1 << 40;
/// More bytes, and more weights, than any model.
const MOST_SIZE: u64 = 1 << 50;

/// Reads a test.
///
/// # Errors
/// What is missing or makes no sense.
pub(super) fn read(json: &Json, number: usize) -> Result<Test, String> {
    if !matches!(json, Json::Table(_)) {
        return Err(format!("it is {json}; expected a table such as {{\"n_gen\": 128, …}}"));
    }
    let count = |key: &str| json.get(key).and_then(Json::count);
    let need = |key: &str, most: u64| match json.get(key) {
        None => Err(format!("{key} is missing")),
        Some(value) => value
            .count()
            .filter(|count| (1..=most).contains(count))
            .ok_or_else(|| format!("{key} is {value}; expected a whole number from 1")),
    };
    let name = |key: &str| json.get(key).and_then(Json::text).map(clean_name).unwrap_or_default();

    let rate = match json.get("avg_ts") {
        None => return Err("avg_ts is missing".to_owned()),
        Some(value) => value
            .float()
            .filter(|rate| RATES.contains(rate))
            .ok_or_else(|| format!("avg_ts is {value}; expected tokens per second above 0"))?,
    };
    let spread = json.get("stddev_ts").and_then(Json::float).unwrap_or(0.0) / rate;
    if !(0.0..=1.0).contains(&spread) {
        return Err(format!("its repetitions differ by {:.0} % of their mean", spread.abs().min(1e6) * 100.0));
    }
    let (bytes, params) = (need("model_size", MOST_SIZE)?, need("model_n_params", MOST_SIZE)?);
    let tokens = |key: &str| count(key).unwrap_or(0).min(MOST_TOKENS);
    let (prompt, answer) = (tokens("n_prompt"), tokens("n_gen"));
    let embeddings = truth(json.get("embeddings")) == Some(true);
    let work = match (prompt, answer) {
        (0, 0) => return Err("it has neither a prompt nor an answer".to_owned()),
        _ if embeddings => None,
        (0, _) => Some(Work::Decode),
        (_, 0) => Some(Work::Prompt),
        _ => None,
    };
    let ik = json.get("mla_attn").is_some() || json.get("fused_moe").is_some();
    let model_type = name("model_type");
    let gpus = name("gpu_info").split(',').map(|gpu| gpu.trim().to_owned()).filter(|gpu| !gpu.is_empty()).collect();
    let (setup, odd) = setup(json);
    Ok(Test {
        number,
        build: match (count("build_number"), name("build_commit")) {
            (Some(number), commit) if !commit.is_empty() => format!("b{number} ({commit})"),
            (Some(number), _) => format!("b{number}"),
            (None, commit) => commit,
        },
        fork: if ik { Fork::Ik } else { Fork::Mainline },
        cpu: name("cpu_info"),
        backend: backend(json),
        gpus,
        file_name: file_name(json),
        architecture: model_type.split(' ').next().unwrap_or_default().to_owned(),
        model_type,
        bytes: Bytes::new(bytes),
        params: Params::new(params),
        threads: count("n_threads").unwrap_or(0),
        setup,
        odd,
        work,
        tokens: Tokens::new(if work == Some(Work::Decode) { answer } else { prompt }),
        depth: Tokens::new(tokens("n_depth")),
        date: day(json.get("test_time").and_then(Json::text).unwrap_or_default()),
        rate: TokensPerSecond::saturating(rate),
        spread,
        repeats: json
            .get("samples_ts")
            .and_then(Json::list)
            .map_or(1, |list| u32::try_from(list.len().max(1)).unwrap_or(u32::MAX)),
    })
}

/// The name of the model file: folders name people and projects, so they are left out.
fn file_name(json: &Json) -> String {
    let path = json.get("model_filename").and_then(Json::text).unwrap_or_default();
    clean_name(path.rsplit(['/', '\\']).next().unwrap_or_default())
}

/// `true`, `false`, or a number for them.
fn truth(value: Option<&Json>) -> Option<bool> {
    match value? {
        Json::Bool(flag) => Some(*flag),
        Json::Number(number) => number.as_f64().map(|number| number != 0.0),
        _ => None,
    }
}

/// The day of `2025-04-24T11:58:50Z`; empty where it is none.
fn day(text: &str) -> String {
    let day = text.get(..10).unwrap_or_default();
    let shape = |(at, b): (usize, u8)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() };
    if day.len() == 10 && day.bytes().enumerate().all(shape) { day.to_owned() } else { String::new() }
}

/// What drove the processor.
fn backend(json: &Json) -> Result<Backend, String> {
    let amd =
        json.get("gpu_info").and_then(Json::text).is_some_and(|gpu| gpu.contains("AMD") || gpu.contains("Radeon"));
    let words: Vec<String> = match json.get("backends").and_then(Json::text) {
        Some(text) => text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect(),
        // Builds of 2023 and 2024, and ik_llama.cpp to this day.
        None => ["cuda", "vulkan", "metal", "sycl", "opencl", "kompute", "rpc"]
            .into_iter()
            .filter(|flag| truth(json.get(flag)) == Some(true))
            .map(|flag| if flag == "cuda" && amd { "rocm".to_owned() } else { flag.to_owned() })
            .collect(),
    };
    // Libraries that only help the CPU.
    let helpers = ["BLAS", "CPU", "AMX", "KleidiAI"];
    let mut drivers = words.iter().filter(|word| !helpers.iter().any(|helper| word.eq_ignore_ascii_case(helper)));
    let Some(first) = drivers.next() else { return Ok(Backend::Cpu) };
    if let Some(second) = drivers.next() {
        return Err(format!("it was built for {first} and {second}, and which of them ran it is not said"));
    }
    match first.to_ascii_lowercase().as_str() {
        "hip" => Ok(Backend::Rocm),
        "mtl" => Ok(Backend::Metal),
        // MLX is no backend of this engine.
        "mlx" => Err("its backend MLX is not one of llama.cpp's".to_owned()),
        word => Backend::parse(word).ok_or_else(|| format!("its backend {} is not known here", quoted(first))),
    }
}

/// How it was run, and what of that is not understood.
fn setup(json: &Json) -> (Setup, String) {
    let usual = Setup::default();
    let text = |key: &str| json.get(key).and_then(Json::text).unwrap_or_default();
    let count = |key: &str, usual: u64| json.get(key).and_then(Json::count).unwrap_or(usual).clamp(1, 1 << 24);
    let mut odd = Vec::new();
    let mut format = |key: &str| match text(key) {
        "" => Format::F16,
        word => Format::parse(word).unwrap_or_else(|| {
            odd.push(format!("{key} is {}", quoted(word)));
            Format::F16
        }),
    };
    let (kv_k, kv_v) = (format("type_k"), format("type_v"));
    let layers = json.get("n_gpu_layers").and_then(Json::float).unwrap_or(-1.0);
    // A layer count of any model stays below; 99 and -1 are how people say all.
    let gpu_layers = (0.0..99.0).contains(&layers).then_some(layers as u32);
    let tensor_split: Vec<f64> = text("tensor_split")
        .split('/')
        .filter_map(|share| share.trim().parse().ok())
        .filter(|s: &f64| s.is_finite() && *s >= 0.0)
        .take(64)
        .collect();
    let any = tensor_split.iter().any(|share| *share > 0.0);
    for key in ["override_tensor", "tensor_buft_overrides"] {
        if !matches!(text(key), "" | "none") {
            odd.push("single tensors were placed by hand".to_owned());
        }
    }
    if matches!(text("split_mode"), "row" | "tensor" | "graph") {
        odd.push(format!("it was split by {}", text("split_mode")));
    }
    if !matches!(text("devices"), "" | "auto") {
        odd.push("its devices were chosen by hand".to_owned());
    }
    if json.get("fit_target").and_then(Json::count).is_some_and(|target| target > 0) {
        odd.push("the engine fitted the placement by itself, and which it chose is not said".to_owned());
    }
    let fused = match json.get("flash_attn") {
        Some(Json::Text(word)) => word != "off",
        // By itself where the build can; before it could, it was left out.
        value => truth(value).unwrap_or(false),
    };
    let setup = Setup {
        gpu_layers,
        cpu_expert_layers: json.get("n_cpu_moe").and_then(Json::count).unwrap_or(0).min(10_000) as u32,
        tensor_split: if any { tensor_split } else { Vec::new() },
        kv_k,
        kv_v,
        kv_on_host: truth(json.get("no_kv_offload")) == Some(true),
        fused_attention: fused,
        batch: count("n_batch", usual.batch),
        ubatch: count("n_ubatch", usual.ubatch),
    };
    (setup, odd.join("; "))
}
