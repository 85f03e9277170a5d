//! Formats of other runtimes, configurations and checkpoints.

use serde_json::{Value, json};

use super::program::{answer, answer_json, figure, willitrun};
use crate::shelf;

#[test]
fn formats_of_other_runtimes_are_quants() {
    let check = |rest: &str| answer_json("check", &format!("check --machine 8x-h100-80gb {rest}"));
    let findings = |value: &Value| -> Vec<String> {
        let rows = value["findings"].as_array().expect("findings");
        rows.iter().map(|row| row["what"].as_str().expect("a sentence").to_owned()).collect()
    };
    // As it was published: the file holds the prediction layer, memory does not.
    let native = check("--model deepseek-r1 --quant native --engine vllm");
    assert_eq!(native["quant"]["id"], "fp8-block-128");
    assert_eq!(native["memory"]["weights_bytes"], 688_574_839_360_u64);
    assert_eq!(native["memory"]["loaded_weights_bytes"], 673_150_611_808_u64);
    let bits = native["quant"]["bits_per_weight"].as_f64().expect("bits");
    assert!((bits - 8.0477).abs() < 1e-4, "{bits}");
    assert!(!findings(&native).iter().any(|what| what.contains("does not read")));
    assert!(native["commands"]["llama.cpp"].is_null());

    // The same by alias, under an engine that cannot read it.
    let fp8 = check("--model deepseek-r1 --quant FP8");
    assert_eq!(fp8["quant"], native["quant"]);
    assert!(findings(&fp8).contains(&"llama.cpp does not read FP8 files.".to_owned()), "{:?}", findings(&fp8));
    // A ceiling reads everything; GGUF stays as it was.
    assert!(!findings(&check("--model llama-3.1-8b --quant gptq-4bit-g128 --engine ideal"))[0].contains("read"));
    assert!(check("--model llama-3.1-8b --quant Q4_K_M")["commands"]["llama.cpp"].is_string());
    // A size makes any name a file of that size.
    let sized = check("--model llama-3.1-8b --quant awq --file-gib 6");
    assert_eq!(sized["memory"]["weights_bytes"], 6_u64 << 30);

    let rows = answer_json("quants", "quants --model deepseek-r1");
    let rows = rows["files"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["id"] == "fp8-block-128").expect("FP8");
    assert_eq!(row["bytes"], 688_574_839_360_u64);
    assert!(rows.iter().all(|row| row["bytes"].as_u64().is_some_and(|bytes| bytes > 0)));
}

/// A configuration of R1, which is public, and of a model that does not say how its weights are kept.
fn config(name: &str) -> String {
    format!("{}/tests/fixtures/config/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_configuration_is_asked_like_a_preset() {
    let own = answer_json("check", &format!("check --model {} --quant Q4_K_M --ram 512", config("deepseek-r1")));
    let preset = answer_json("check", "check --model deepseek-r1 --quant Q4_K_M --ram 512");
    for at in ["/model/params", "/model/active_params", "/memory/weights_bytes", "/memory/kv_bytes"] {
        assert_eq!(figure(&own, at), figure(&preset, at), "{at}");
    }
    assert_eq!(figure(&own, "/memory/kv_bytes_per_token"), 70_272);
    let named = answer_json("check", &format!("check --model {} --ram 64", config("qwen3.5-nested")));
    assert_eq!(named["quant"]["id"], "BF16", "as its configuration says");
    let run = willitrun(&["check", "--model", &config("unheard-of"), "--ram", "64"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.contains("does not say how its weights are kept: name a quant with --quant"), "{}", run.err);
}

#[test]
fn a_configuration_becomes_a_preset() {
    let text = answer(&format!("import {}", config("deepseek-r1")));
    assert!(text.contains("arch: \"deepseek2\"") && text.contains("leading_dense: 3"), "{text}");
    let value = answer_json("import", &format!("import {}", config("gemma3-nested")));
    assert_eq!(
        (&value["architecture"], &value["tensor_bytes"], &value["quant"]),
        (&json!("gemma3"), &Value::Null, &Value::Null)
    );
    assert_eq!(value["findings"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_label_promises_bits_only_where_it_names_them() {
    let label = |quant: &str| {
        answer_json("check", &format!("check --model llama-3.1-8b --machine 8x-h100-80gb --quant {quant}"))["quant"]
            ["label_bits"]
            .clone()
    };
    assert_eq!(label("Q4_K_M"), 4);
    for quant in ["exl2-4.0-bpw", "gptq-int4-g128", "4.5bpw"] {
        assert_eq!(label(quant), Value::Null, "{quant}");
    }
    let none = answer_json("quants", "quants Q2_0");
    assert_eq!(none["figures"], json!([]), "no figure is no row");
}

#[test]
fn safetensors_get_no_command_of_an_engine_that_does_not_read_them() {
    let folder = tempfile::tempdir().expect("a folder");
    shelf::safetensors(&folder.path().join("config.json"), &folder.path().join("model.safetensors"), 4);
    let path = folder.path().display().to_string();
    let value = answer_json("check", &format!("check --model {path} --ram 64"));
    assert_eq!(value["commands"]["llama.cpp"], Value::Null);
    let findings = value["findings"].as_array().expect("findings");
    let said = |words: &str| findings.iter().any(|row| row["what"].as_str().is_some_and(|what| what.contains(words)));
    assert!(said("llama.cpp does not read safetensors files."), "{findings:?}");
    let sources = value["sources"].as_array().expect("sources");
    assert!(sources.iter().any(|row| row["source"] == "the headers of its files"), "{sources:?}");
}
