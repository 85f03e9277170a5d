//! Models opened from safetensors files, a `config.json`, an index or their folder: exact, or refused in words.

mod stored;

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use stored::{header, table};
use willitrun::formats::hf_config;
use willitrun::formats::safetensors::SafetensorsModel;
use willitrun::library::{ModelFile, open_model};
use willitrun::memory::Weights;
use willitrun::model::Architecture;
use willitrun::quant::{Imatrix, Quant};
use willitrun::units::Bytes;

/// A small mixture of experts, its configuration, and its tensors as transformers names them.
const CONFIG: &str = r#"{"model_type": "qwen3_moe", "architectures": ["Qwen3MoeForCausalLM"], "hidden_size": 64,
    "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "vocab_size": 100,
    "intermediate_size": 96, "moe_intermediate_size": 32, "num_experts": 8, "num_experts_per_tok": 2,
    "mlp_only_layers": [0], "max_position_embeddings": 4096, "num_nextn_predict_layers": 1, "dtype": "bfloat16"}"#;

fn shape() -> Architecture {
    hf_config::parse(CONFIG).expect("the small one").architecture
}

fn named_tensors(dtype: &'static str, bits: u64) -> Vec<(String, &'static str, u64, Vec<u64>)> {
    let mut rows = Vec::new();
    let mut add = |name: String, shape: &[u64]| rows.push((name, dtype, bits, shape.to_vec()));
    add("model.embed_tokens.weight".to_owned(), &[100, 64]);
    for layer in 0..3 {
        let mut within = |name: &str, shape: &[u64]| add(format!("model.layers.{layer}.{name}.weight"), shape);
        within("input_layernorm", &[64]);
        within("self_attn.q_proj", &[128, 64]);
        within("self_attn.k_proj", &[64, 64]);
        within("self_attn.v_proj", &[64, 64]);
        within("self_attn.o_proj", &[64, 128]);
        within("self_attn.q_norm", &[32]);
        within("self_attn.k_norm", &[32]);
        within("post_attention_layernorm", &[64]);
        if layer == 0 {
            within("mlp.gate_proj", &[96, 64]);
            within("mlp.up_proj", &[96, 64]);
            within("mlp.down_proj", &[64, 96]);
            continue;
        }
        within("mlp.gate", &[8, 64]);
        for expert in 0..8 {
            within(&format!("mlp.experts.{expert}.gate_proj"), &[32, 64]);
            within(&format!("mlp.experts.{expert}.up_proj"), &[32, 64]);
            within(&format!("mlp.experts.{expert}.down_proj"), &[64, 32]);
        }
    }
    add("model.layers.3.self_attn.q_proj.weight".to_owned(), &[128, 64]);
    add("model.norm.weight".to_owned(), &[64]);
    add("lm_head.weight".to_owned(), &[100, 64]);
    add("model.visual.blocks.0.attn.qkv.weight".to_owned(), &[50, 2]);
    rows
}

/// Writes rows into a file of that name; the data are a hole.
fn write(folder: &Path, name: &str, rows: &[(String, &'static str, u64, Vec<u64>)]) {
    let (table, data) = table(rows);
    let bytes = header(&Value::Object(table).to_string());
    let path = folder.join(name);
    fs::write(&path, &bytes).expect("the folder is writable");
    let file = fs::OpenOptions::new().write(true).open(&path).expect("it was just written");
    file.set_len(bytes.len() as u64 + data).expect("a sparse file");
}

fn opened(path: &Path) -> SafetensorsModel {
    match open_model(path) {
        Ok(ModelFile::Safetensors(model)) => *model,
        other => panic!("{other:?}"),
    }
}

fn refused(path: &Path) -> String {
    open_model(path).expect_err("refused").to_string()
}

/// The folder `Little-MoE` with a configuration, two files and their index.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("Little-MoE").tempdir().expect("a folder");
    let rows = named_tensors("BF16", 16);
    let (first, second) = rows.split_at(20);
    let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    let mut map = Map::new();
    for (name, rows) in names.iter().zip([first, second]) {
        write(folder.path(), name, rows);
        map.extend(rows.iter().map(|row| (row.0.clone(), json!(name))));
    }
    let total: u64 = rows.iter().map(|row| row.3.iter().product::<u64>() * 2).sum();
    let index = json!({"metadata": {"total_size": total}, "weight_map": map}).to_string();
    fs::write(folder.path().join("model.safetensors.index.json"), index).expect("writable");
    fs::write(folder.path().join("config.json"), CONFIG).expect("writable");
    folder
}

#[test]
fn a_folder_is_a_model_to_the_byte() {
    let folder = folder();
    let model = opened(folder.path());
    let shape = shape();
    let textbook = Quant::parse("16bpw", Imatrix::Without, None).expect("a width");
    let expected = Weights::new(&shape, &textbook, None);
    let weights = model.weights(None).expect("a shape");
    assert_eq!(weights.layers.len(), 3);
    for (own, meant) in weights.layers.iter().zip(&expected.layers) {
        assert_eq!((own.attention, own.ffn, own.experts), (meant.attention, meant.ffn, meant.experts));
        assert_eq!((own.dense_count, own.experts_count), (meant.dense_count, meant.experts_count));
        assert!((own.used - meant.used).abs() < 1e-12);
        assert_eq!((own.largest_dense, own.largest_experts), (meant.largest_dense, meant.largest_experts));
    }
    assert_eq!((weights.embedding, weights.head), (expected.embedding, expected.head));
    assert_eq!(weights.mtp, Bytes::new(128 * 64 * 2), "the layer after the last is not loaded");
    assert_eq!(weights.loaded(), expected.file);
    assert_eq!(model.tensor_bytes, expected.file + weights.mtp);
    assert_eq!((model.params, model.other_bytes), (shape.params(), Bytes::new(200)));
    assert!((model.bits_per_weight - 16.0).abs() < 1e-9);
    assert_eq!((model.quant.as_str(), model.files), ("BF16", 2));
    assert_eq!(model.types, [("BF16".to_owned(), model.tensor_bytes)]);
    assert_eq!(
        model.findings.iter().map(|finding| finding.what.as_str()).collect::<Vec<_>>(),
        ["Parts for images or sound take 0 MB more and are not counted."]
    );
    assert!(model.architecture().is_ok_and(|shape| shape.id.starts_with("Little-MoE")));
    for name in ["model.safetensors.index.json", "model-00002-of-00002.safetensors"] {
        assert_eq!(opened(&folder.path().join(name)).weights(None), Some(weights.clone()), "{name}");
    }
    let all = model.weights(Some(8)).expect("a shape");
    assert!((all.layers[1].used - 1.0).abs() < 1e-12);
}

#[test]
fn packed_weights_are_counted_by_the_shape() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = CONFIG.replace("\"dtype\"", "\"quantization\": {\"group_size\": 64, \"bits\": 4}, \"dtype\"");
    fs::write(folder.path().join("config.json"), config).expect("writable");
    // Eight weights of four bits in each number, with a scale and a bias for 64 of them.
    let mut rows = Vec::new();
    for (name, _, _, shape) in named_tensors("BF16", 16) {
        let all: u64 = shape.iter().product();
        if shape.len() == 1 {
            rows.push((name, "BF16", 16, shape));
            continue;
        }
        let stem = name.trim_end_matches(".weight").to_owned();
        rows.push((name, "U32", 32, vec![all / 8]));
        rows.push((format!("{stem}.scales"), "BF16", 16, vec![all.div_ceil(64)]));
        rows.push((format!("{stem}.biases"), "BF16", 16, vec![all.div_ceil(64)]));
    }
    write(folder.path(), "model.safetensors", &rows);
    let model = opened(&folder.path().join("model.safetensors"));
    let weights = model.weights(None).expect("a shape");
    assert_eq!((model.quant.as_str(), model.params), ("mlx-4bit-g64", shape().params()));
    assert!((4.5..4.6).contains(&model.bits_per_weight), "{}", model.bits_per_weight);
    let counted = Weights::new(&shape(), &Quant::parse("16bpw", Imatrix::Without, None).expect("a width"), None);
    assert!((weights.active_count() - counted.active_count()).abs() < 1e-6);
    assert_eq!(model.types[0].0, "U32");
    // Without the configuration there is no shape, but the bytes are the same.
    fs::remove_file(folder.path().join("config.json")).expect("it was there");
    let bare = opened(&folder.path().join("model.safetensors"));
    assert_eq!(bare.tensor_bytes, model.tensor_bytes);
    assert_eq!(bare.architecture(), Err(&"there is no config.json beside it".to_owned()));
    assert_eq!(bare.weights(None), None);
    assert!(bare.findings[0].what.contains("counted as packed"));
}

#[test]
fn a_tied_head_is_the_embedding() {
    let folder = tempfile::tempdir().expect("a folder");
    let tied = CONFIG.replace("\"dtype\"", "\"tie_word_embeddings\": true, \"dtype\"");
    fs::write(folder.path().join("config.json"), tied).expect("writable");
    let rows: Vec<_> = named_tensors("BF16", 16).into_iter().filter(|row| row.0 != "lm_head.weight").collect();
    write(folder.path(), "model.safetensors", &rows);
    let weights = opened(folder.path()).weights(None).expect("a shape");
    assert_eq!(weights.tied_head, Bytes::new(100 * 64 * 2));
    assert_eq!(weights.embedding, weights.tied_head);
}

#[test]
fn what_does_not_belong_together_is_said() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("config.json"), CONFIG.replace("\"num_experts\": 8", "\"num_experts\": 4")).expect("writable");
    let what: Vec<String> = opened(folder.path()).findings.into_iter().map(|finding| finding.what).collect();
    assert!(what.iter().any(|what| what.contains("weights, but the config.json describes")), "{what:?}");
    fs::write(at("config.json"), "{").expect("writable");
    let model = opened(folder.path());
    assert!(model.architecture().is_err_and(|why| why.starts_with("config.json, line 1")), "{:?}", model.config);
    fs::write(at("config.json"), CONFIG).expect("writable");
    fs::copy(at("model-00001-of-00002.safetensors"), at("model-00002-of-00002.safetensors")).expect("writable");
    assert!(refused(folder.path()).contains("is in two files"));
    fs::remove_file(at("model-00002-of-00002.safetensors")).expect("it was there");
    let why = refused(folder.path());
    assert!(why.contains("model-00002-of-00002.safetensors: file 2 of 2: it cannot be opened"), "{why}");
    fs::remove_file(at("model.safetensors.index.json")).expect("it was there");
    let why = refused(&at("model-00001-of-00002.safetensors"));
    assert!(why.contains("it is one of 2 files, and model.safetensors.index.json"), "{why}");
}

#[test]
fn an_index_without_its_files_still_says_how_large_they_are() {
    let folder = folder();
    for part in ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] {
        fs::remove_file(folder.path().join(part)).expect("it was there");
    }
    let Ok(ModelFile::Config(config, Some(size))) = open_model(folder.path()) else { panic!("a configuration") };
    assert_eq!(config.architecture.params(), shape().params());
    let rows = named_tensors("BF16", 16);
    assert_eq!(size.get(), rows.iter().map(|row| row.3.iter().product::<u64>() * 2).sum::<u64>());
    assert!(config.findings.iter().any(|finding| finding.what.contains("are not here")));
    fs::remove_file(folder.path().join("config.json")).expect("it was there");
    assert!(refused(folder.path()).contains("none of its files are here, and there is no config.json beside it"));
}

#[test]
fn a_quant_beside_the_configuration_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.json");
    fs::write(&path, CONFIG).expect("writable");
    let quant = || match open_model(folder.path()) {
        Ok(ModelFile::Config(config, None)) => config.quant_name(),
        other => panic!("{other:?}"),
    };
    assert_eq!(quant().as_deref(), Some("BF16"));
    let text = r#"{"quantization": {"quant_algo": "FP8"}}"#;
    fs::write(folder.path().join("hf_quant_config.json"), text).expect("writable");
    assert_eq!(quant().as_deref(), Some("fp8-tensor"));
}

#[test]
fn what_is_no_model_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |name: &str, bytes: &[u8], words: &str| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("writable");
        let why = refused(&path);
        assert!(why.contains(words), "{name}: '{why}' does not say '{words}'");
    };
    check("a.bin", b"PK\x03\x04 a pickle in a zip", "no model file of a kind known here");
    check("a.safetensors", b"PK\x03\x04 a pickle in a zip", "this is no safetensors file");
    check("b.safetensors", b"", "no model file of a kind known here");
    check("b.safetensors", b"\x05\0\0\0\0\0\0\0hello", "its header is no JSON");
    check("b.gguf", b"GGUF", "the file");
    check("renamed", b"GGUF\x03\0\0\0", "the file");
    check("c.json", b"{\"hidden_size\": 7}", "model_type");
    check("c.json", b"{\"hidden_size\": \xff}", "it is no text at byte 16, after '{\"hidden_size\":'");
    check("c.json", b"{\"weight_map\": {\"a\": \"../x.safetensors\"}}", "is no file beside the index");
    assert!(refused(&folder.path().join("nowhere.json")).contains("it cannot be opened"));
    fs::create_dir(folder.path().join("empty")).expect("writable");
    assert!(refused(&folder.path().join("empty")).contains("the folder holds no config.json"));
    fs::create_dir(folder.path().join("config.json")).expect("writable");
    assert!(refused(folder.path()).contains("it is not a regular file"));
    // An index of one byte more than is read; all but its first are a hole.
    let large = folder.path().join("d.json");
    fs::write(&large, b"{").expect("writable");
    let file = fs::OpenOptions::new().write(true).open(&large).expect("it was just written");
    file.set_len((64 << 20) + 1).expect("a sparse file");
    assert!(refused(&large).contains("larger than 64 MiB"));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["config.json", "model.safetensors", "model.safetensors.index.json"] {
        let path = folder.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().is_ok_and(|status| status.success()));
        assert!(refused(&path).contains("it is not a regular file"), "{name}");
        assert!(refused(folder.path()).contains("it is not a regular file"), "{name}");
    }
    let part = folder.path().join("part.safetensors");
    write(folder.path(), "part.safetensors", &named_tensors("BF16", 16));
    assert!(refused(&part).contains("index.json: it is not a regular file"), "the index beside it is a pipe");
}
