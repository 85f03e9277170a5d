//! Folders as other programs leave them, with model files that have a true header and nothing behind it.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::gguf;
use willitrun::catalog::Catalog;
use willitrun::formats::Value;
use willitrun::quant::Mix;

/// A small model of the engine's table, and its catalogue id.
pub const SMALL: (&str, &str) = ("Qwen3-0.6B", "qwen3-0.6b");

/// Writes bytes, and the folders above.
pub fn write(path: &Path, bytes: &[u8]) -> PathBuf {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, bytes).expect("written");
    path.to_owned()
}

/// Writes a model file as long as the real one; behind the header the disk holds nothing. Returns its length.
pub fn model(path: &Path, (name, id): (&str, &str), mix: Mix) -> u64 {
    let shape = Catalog::builtin().model(id).expect("a model");
    let number = if mix == Mix::Q8_0 { 7 } else { 15 };
    let (file, length) = gguf::table::file(name, shape, mix, number);
    sparse(path, &file.header(), length);
    length
}

/// A file of this length that begins with these bytes.
pub fn sparse(path: &Path, bytes: &[u8], length: u64) {
    write(path, bytes);
    File::options().write(true).open(path).and_then(|file| file.set_len(length)).expect("made long");
}

/// A file of one small tensor that calls itself of this architecture.
pub fn stray(path: &Path, architecture: &str) {
    let keys = vec![
        ("general.architecture".to_owned(), Value::Str(architecture.to_owned())),
        ("general.name".to_owned(), Value::Str("Stray\u{1b}[31m".to_owned())),
    ];
    let mut file = gguf::File::new(keys);
    file.tensors.push(gguf::Row {
        name: "v.patch_embd.weight".to_owned(),
        dims: vec![4096, 4096],
        number: 0,
        offset: 0,
    });
    let header = file.header();
    let length = header.len() as u64 + 4096 * 4096 * 4;
    sparse(path, &header, length);
}

/// A model in several parts, as llama.cpp splits it.
pub fn split(folder: &Path, stem: &str, parts: usize) {
    let shape = Catalog::builtin().model(SMALL.1).expect("a model");
    let (whole, _) = gguf::table::file(SMALL.0, shape, Mix::Q8_0, 7);
    let each = whole.tensors.len().div_ceil(parts);
    let total = whole.tensors.len();
    for (at, rows) in whole.tensors.chunks(each).enumerate() {
        let mut keys = if at == 0 { whole.keys.clone() } else { Vec::new() };
        for (key, number) in [("no", at), ("count", parts), ("tensors.count", total)] {
            keys.push((format!("split.{key}"), Value::Int(i64::try_from(number).expect("a small number"))));
        }
        let mut part = gguf::File::new(keys);
        let first = rows[0].offset;
        part.tensors = rows.iter().map(|row| gguf::Row { offset: row.offset - first, ..row.clone() }).collect();
        let path = folder.join(format!("{stem}-{:05}-of-{parts:05}.gguf", at + 1));
        sparse(&path, &part.header(), gguf::table::length(&part));
    }
}

/// A blob of Ollama and a manifest that names it; the file is moved into its place.
pub fn ollama(root: &Path, name: &str, tag: &str, digit: char, mix: Mix) -> PathBuf {
    let digest = digit.to_string().repeat(64);
    let blob = root.join("blobs").join(format!("sha256-{digest}"));
    let length = model(&blob, SMALL, mix);
    manifest(root, name, tag, &format!("sha256:{digest}"), length);
    blob
}

/// A manifest of Ollama.
pub fn manifest(root: &Path, name: &str, tag: &str, digest: &str, size: u64) {
    let text = format!(
        r#"{{"schemaVersion": 2, "layers": [{{"mediaType": "application/vnd.ollama.image.model", "digest": "{digest}", "size": {size}}}]}}"#
    );
    write(&root.join("manifests/registry.ollama.ai/library").join(name).join(tag), text.as_bytes());
}

/// A snapshot of the Hugging Face cache: the file is a link to a blob.
#[cfg(unix)]
pub fn hub(root: &Path, repository: &str, revision: &str, name: &str, blob: &str) -> PathBuf {
    let folder = root.join(format!("models--{}", repository.replace('/', "--")));
    let link = folder.join("snapshots").join(revision).join(name);
    fs::create_dir_all(link.parent().expect("a folder")).expect("made");
    std::os::unix::fs::symlink(Path::new("../../blobs").join(blob), &link).expect("linked");
    folder.join("blobs").join(blob)
}

/// The configuration and the one file of a model in safetensors, as the hub keeps them; where each is to be written.
/// Returns the length of the file.
pub fn safetensors(config: &Path, weights: &Path, layers: u64) -> u64 {
    let (hidden, width, vocab) = (4096, 14336, 128_256);
    let text = format!(
        r#"{{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": {hidden},
        "num_hidden_layers": {layers}, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
        "intermediate_size": {width}, "vocab_size": {vocab}, "max_position_embeddings": 131072,
        "rms_norm_eps": 1e-05, "tie_word_embeddings": false, "torch_dtype": "bfloat16"}}"#
    );
    write(config, text.as_bytes());
    let mut tensors = vec![
        ("model.embed_tokens.weight".to_owned(), vec![vocab, hidden]),
        ("model.norm.weight".to_owned(), vec![hidden]),
        ("lm_head.weight".to_owned(), vec![vocab, hidden]),
    ];
    for layer in 0..layers {
        for (name, dims) in [
            ("self_attn.q_proj", vec![hidden, hidden]),
            ("self_attn.k_proj", vec![1024, hidden]),
            ("self_attn.v_proj", vec![1024, hidden]),
            ("self_attn.o_proj", vec![hidden, hidden]),
            ("mlp.gate_proj", vec![width, hidden]),
            ("mlp.up_proj", vec![width, hidden]),
            ("mlp.down_proj", vec![hidden, width]),
            ("input_layernorm", vec![hidden]),
            ("post_attention_layernorm", vec![hidden]),
        ] {
            tensors.push((format!("model.layers.{layer}.{name}.weight"), dims));
        }
    }
    let mut offset = 0;
    let rows = tensors.iter().map(|(name, dims)| {
        let begin = offset;
        offset += dims.iter().product::<u64>() * 2;
        format!(r#""{name}":{{"dtype":"BF16","shape":{dims:?},"data_offsets":[{begin},{offset}]}}"#)
    });
    let header = format!("{{{}}}", rows.collect::<Vec<_>>().join(","));
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
    let length = bytes.len() as u64 + offset;
    sparse(weights, &bytes, length);
    length
}
