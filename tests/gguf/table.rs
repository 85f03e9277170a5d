//! Files of the engine's own table of models.

use willitrun::formats::Value;
use willitrun::model::Architecture;
use willitrun::quant::{Format, Imatrix, Mix};

use super::{File, number};

const TABLE: &str = include_str!("../golden/models.jsonl");

/// Names in the table, with the ids of the catalogue.
pub fn names() -> Vec<(String, String)> {
    let rows = TABLE.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    rows.map(|row| (text(&row["model"]), text(&row["id"]))).collect()
}

/// The keys of a model of the table.
pub fn keys(model: &str) -> Vec<(String, Value)> {
    let mut rows = TABLE.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let row = rows.find(|row| row["model"] == model).expect(model);
    let mut keys = vec![("general.architecture".to_owned(), value(&row["arch"]))];
    keys.push(("general.name".to_owned(), Value::Str(model.to_owned())));
    keys.extend(row["metadata"].as_object().expect("keys").iter().map(|(key, json)| (key.clone(), value(json))));
    keys
}

fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().expect("finite")), Value::Int)
        }
        serde_json::Value::String(text) => Value::Str(text.clone()),
        serde_json::Value::Array(items) => Value::Array(items.iter().map(value).collect()),
        other => panic!("{other}"),
    }
}

/// A file of the table's model under a mix, and its length.
pub fn file(model: &str, shape: &Architecture, mix: Mix, file_type: i64) -> (File, u64) {
    let tensors = shape.tensors();
    let formats = mix.formats(&shape.traits(), &tensors, Imatrix::Without);
    let mut keys = keys(model);
    keys.push(("general.file_type".to_owned(), Value::Int(file_type)));
    keys.push(("tokenizer.ggml.tokens".to_owned(), Value::Unread(shape.vocab.min(2000))));
    let file = File::new(keys).with(&tensors, &formats);
    let length = length(&file);
    (file, length)
}

/// Header and tensors together.
pub fn length(file: &File) -> u64 {
    let last = file.tensors.iter().map(|row| {
        let weights: u64 = row.dims.iter().product();
        let format = Format::ALL.iter().copied().find(|format| number(*format) == row.number);
        row.offset + format.map_or(weights, |format| format.bytes(weights, 1).get())
    });
    file.header().len() as u64 + last.max().unwrap_or(0)
}

/// A file of over 400 GB as it would be published: 1,086 tensors and the whole vocabulary with types and merges.
pub fn large(shape: &Architecture) -> (File, u64) {
    let (mut large, _) = file("DeepSeek-R1", shape, Mix::Q4_K_M, 15);
    large.keys.retain(|(key, _)| key != "tokenizer.ggml.tokens");
    let tokens = i64::try_from(shape.vocab).expect("some 100,000");
    let types = (0..tokens).map(|token| Value::Int(token % 4)).collect();
    for (key, value) in [
        ("tokenizer.ggml.tokens", Value::Unread(shape.vocab)),
        ("tokenizer.ggml.token_type", Value::Array(types)),
        ("tokenizer.ggml.merges", Value::Unread(127_741)),
    ] {
        large.keys.push((key.to_owned(), value));
    }
    let length = length(&large);
    (large, length)
}
