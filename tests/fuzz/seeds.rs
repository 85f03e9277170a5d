//! First inputs of every target: the app's own documents, and headers written from its own tensor lists.

use std::fs;
use std::path::Path;

use willitrun::catalog::Catalog;
use willitrun::formats::settings_doc::Settings;
use willitrun::formats::{Value, history_doc, model_doc, share_code};
use willitrun::hardware::{Besides, Fate, MeasuredRun, Measurement, Meter, Reading, Sample, Series, Skipped};
use willitrun::model::Architecture;
use willitrun::quant::{Imatrix, Mix};
use willitrun::units::BytesPerSecond;

use super::gguf::{File, table};

/// Inputs to begin a target with; none for a name that is no target.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let documents = |folder: &str| texts(folder).into_iter().map(String::into_bytes).collect::<Vec<_>>();
    match target {
        "gguf" | "gguf_model" => headers(),
        "machine_doc" | "tree" => documents("profiles"),
        "model_doc" => single_models().into_iter().map(String::into_bytes).collect(),
        "answer" => single_models().into_iter().map(|text| [&[0; 8], text.as_bytes()].concat()).collect(),
        "quant_doc" => vec![text("assets/quants.ron").into_bytes()],
        "settings" => vec![settings()],
        "history" => vec![history()],
        "hf_config" => configs(),
        "llama_bench" => benches(),
        "ollama_manifest" => manifests(),
        "safetensors" => stored(),
        "share_code" => codes(),
        "command" => [
            "0llama-server -m a.gguf -c 8192 -ngl 99 --n-cpu-moe 12 -fa on -np 1",
            "1llama-server --ctx-size 32k --cpu-moe -ctk q8_0 -ctv q8_0 -ub 1024 -b 4096 --port 8080",
            "2./llama-server -hf 'a/b:Q4' -ts 3,1 -sm tensor -nkvo --override-kv deepseek2.expert_used_count=int:4",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec(),
        "typed" => ["24 GiB", "131,072", "32k", "4.822bpw", "Q4_K_M", "a-00001-of-00003.gguf"]
            .map(|text| text.as_bytes().to_vec())
            .to_vec(),
        _ => Vec::new(),
    }
}

fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The same file serves the app's own tests and the fuzz package, which stands in `tests/fuzz`.
    if here.ends_with("tests/fuzz") { here.ancestors().nth(2).unwrap_or(here) } else { here }
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a file of the repository")
}

fn texts(folder: &str) -> Vec<String> {
    let mut paths: Vec<_> =
        fs::read_dir(root().join(folder)).expect("a folder").map(|entry| entry.expect("listed").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).expect("text")).collect()
}

fn single_models() -> Vec<String> {
    Catalog::builtin().models.iter().map(|model| model_doc::write_model(model)).collect()
}

fn benches() -> Vec<Vec<u8>> {
    let mut all = texts("tests/fixtures/llama-bench");
    all.retain(|text| text.contains("\"avg_ts\""));
    all.into_iter().map(String::into_bytes).collect()
}

fn history() -> Vec<u8> {
    let figure = Measurement {
        what: "ram".into(),
        best: BytesPerSecond::saturating(3.7e10),
        ordinary_pages: Some(BytesPerSecond::saturating(3.1e10)),
        spread: 0.014,
        threads: 2,
        date: "2026-11-22".into(),
        method: "read/1".into(),
        conditions: "98 % of the time on a core, mains".into(),
        besides: Besides::ALL.map(|which| (which, 1.5e10)).to_vec(),
    };
    let fates = [Fate::Kept, Fate::LowerBound, Fate::Refused("That was a cache.".into())];
    let reading = |(meter, fate): (Meter, Fate)| Reading {
        fate,
        on_core: Some(0.98),
        sweep: vec![(1, 2e10), (2, 3.7e10)],
        ..Reading::kept(meter, "a card", figure.clone())
    };
    let sample = |series: Series| Sample { series, card: 1, seconds: 0.25, rate: 3.5e10 };
    let run = MeasuredRun {
        at: "2026-11-22T13:20Z".into(),
        on: "A processor".into(),
        power: "mains".into(),
        readings: Meter::ALL.into_iter().zip(fates.into_iter().cycle()).map(reading).collect(),
        skipped: vec![Skipped { meter: Meter::Gpu, why: "There is no GPU.".into() }],
        samples: Series::ALL.map(sample).to_vec(),
    };
    history_doc::write(&[run.clone(), run]).into_bytes()
}

fn settings() -> Vec<u8> {
    let mut settings = Settings::default();
    "deepseek-r1".clone_into(&mut settings.model);
    "Q4_K_M".clone_into(&mut settings.quant);
    settings.context = 32_768;
    settings.write().into_bytes()
}

fn codes() -> Vec<Vec<u8>> {
    texts("profiles").iter().filter_map(|text| share_code::encode(text).ok()).map(String::into_bytes).collect()
}

/// A header per architecture of the catalogue that the engine's table has, of a few layers, with a byte in front
/// that says how long the file is.
fn headers() -> Vec<Vec<u8>> {
    let mut seen = Vec::new();
    let mut all = Vec::new();
    for (name, id) in table::names() {
        let Some(model) = Catalog::builtin().model(&id) else { continue };
        if !seen.contains(&model.gguf.as_str()) {
            all.push(header(&name, model));
            seen.push(model.gguf.as_str());
        }
    }
    all
}

fn header(name: &str, model: &Architecture) -> Vec<u8> {
    const LAYERS: u32 = 3;
    let tensors: Vec<_> =
        model.tensors().into_iter().filter(|tensor| tensor.layer.is_none_or(|layer| layer < LAYERS)).collect();
    let formats = Mix::Q4_K_M.formats(&model.traits(), &tensors, Imatrix::Without);
    let mut keys = table::keys(name);
    for (key, value) in &mut keys {
        match value {
            Value::Int(layers) if key.ends_with("block_count") => *layers = i64::from(LAYERS),
            Value::Array(items) => items.truncate(LAYERS as usize),
            _ => {}
        }
    }
    keys.push(("general.file_type".to_owned(), Value::Int(15)));
    keys.push(("tokenizer.ggml.tokens".to_owned(), Value::Unread(16)));
    // The tensors are not there: the file goes on for a terabyte.
    let mut bytes = vec![1];
    bytes.extend(File::new(keys).with(&tensors, &formats).header());
    bytes
}

fn configs() -> Vec<Vec<u8>> {
    let all = texts("tests/fixtures/config").into_iter().filter(|text| text.starts_with('{'));
    let quant = r#"{"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "NVFP4", "group_size": 16}}"#;
    all.chain([quant.to_owned()]).map(String::into_bytes).collect()
}

fn manifests() -> Vec<Vec<u8>> {
    let layer = |kind: &str, digit: &str| {
        let digest = format!("sha256:{}", digit.repeat(64));
        format!(r#"{{"mediaType": "application/vnd.ollama.image.{kind}", "digest": "{digest}", "size": 4096}}"#)
    };
    let manifest = |layers: &[String]| {
        format!(r#"{{"schemaVersion": 2, "config": {{}}, "layers": [{}]}}"#, layers.join(", ")).into_bytes()
    };
    vec![
        manifest(&[layer("model", "a"), layer("projector", "b"), layer("license", "c")]),
        manifest(&[layer("tensor; name=a", "d"), layer("tensor; name=b", "e")]),
        manifest(&[]),
    ]
}

/// Headers with the length of their data in front, and an index.
fn stored() -> Vec<Vec<u8>> {
    let file = |data: u64, text: &str| {
        let lengths = [data, text.len() as u64].map(u64::to_le_bytes).concat();
        [&lengths, text.as_bytes()].concat()
    };
    let index = r#"{"metadata": {"total_size": 224}, "weight_map": {"model.embed_tokens.weight":
        "model-00001-of-00002.safetensors", "lm_head.weight": "model-00002-of-00002.safetensors"}}"#;
    vec![
        file(0, "{}"),
        file(
            232,
            r#"{"__metadata__": {"format": "pt"},
            "model.embed_tokens.weight": {"dtype": "BF16", "shape": [10, 8], "data_offsets": [0, 160]},
            "model.layers.0.self_attn.q_proj.weight": {"dtype": "F8_E4M3", "shape": [8, 8], "data_offsets": [160, 224]},
            "model.layers.0.mlp.experts.0.up_proj.weight": {"dtype": "F4", "shape": [2, 8], "data_offsets": [224, 232]}}"#,
        ),
        [&[0; 8], index.as_bytes()].concat(),
    ]
}
