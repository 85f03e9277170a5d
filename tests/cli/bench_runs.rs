//! Outputs of `llama-bench`: shown beside what is predicted, kept for this machine, run from PATH.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use willitrun::catalog::Catalog;
use willitrun::quant::{Mix, Quant};
use willitrun::scenario::Subject;

use super::program::{answer_json, command, file, willitrun};
use crate::shelf::{self, SMALL};

/// This machine as the program sees it: its processor, and whether a speed can be predicted at all.
fn here() -> Option<String> {
    let machine = answer_json("detect", "detect")["machine"].clone();
    let host = machine["pools"].as_array()?.iter().find(|pool| pool["kind"] == "ram" || pool["kind"] == "unified")?;
    let known = host.get("read_bytes_per_second").is_some() || host.get("measured_bytes_per_second").is_some();
    known.then(|| machine["cpu"]["name"].as_str().unwrap_or_default().to_owned())
}

/// What `llama-bench` of a CPU build prints for the small model, at this speed.
fn printed(cpu: &str, rate: f64) -> Value {
    let model = Catalog::builtin().model(SMALL.1).expect("built in").as_ref().clone();
    let params = model.params().get();
    let file = Subject::new(model, Quant::mix(Mix::Q8_0, Mix::Q8_0.usual_imatrix()), None).weights.file;
    json!([{
        "build_commit": "bebc9350e", "build_number": 10700, "cpu_info": cpu, "gpu_info": "", "backends": "CPU",
        "model_filename": "/somewhere/else/Qwen3-0.6B-Q8_0.gguf", "model_type": "qwen3 0.6B Q8_0",
        "model_size": file.get(), "model_n_params": params, "n_threads": 4096, "type_k": "f16", "type_v": "f16",
        "n_gpu_layers": -1, "flash_attn": -1, "n_prompt": 0, "n_gen": 128, "n_depth": 0,
        "test_time": "2026-09-01T10:00:00Z", "avg_ts": rate, "stddev_ts": rate / 100.0, "samples_ts": [rate, rate],
    }])
}

/// Runs the program with a folder that stays.
fn keep(data: &TempDir, args: &[&str]) -> (i32, String, String) {
    let output = command(data).args(args).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code().expect("it ends"), text(output.stdout), text(output.stderr))
}

const CHECK: [&str; 6] = ["check", "--model", "qwen3-0.6b", "--quant", "Q8_0", "--json"];

fn rate(data: &TempDir) -> (f64, Value) {
    let (code, out, err) = keep(data, &[&CHECK[..], &["--backend", "cpu"]].concat());
    assert_eq!(code, 0, "{err}");
    let value: Value = serde_json::from_str(&out).expect("JSON");
    (value["speed"]["decode_tps"]["expected"].as_f64().expect("a speed"), value)
}

#[test]
fn an_output_is_shown_then_kept_and_corrects_what_follows() {
    let Some(cpu) = here() else { return eprintln!("skipped: no bandwidth is known here") };
    let data = TempDir::new().expect("a folder");
    let (before, _) = rate(&data);
    let measured = before * 0.6;
    let (_folder, path) = file("bench.json", &printed(&cpu, measured).to_string());
    let path = path.to_str().expect("text");
    let (code, out, err) = keep(&data, &["import", path]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("qwen3-0.6b Q8_0") && out.contains("Shown only; --save keeps it"), "{out}");
    assert!((rate(&data).0 - before).abs() < 1e-9, "what is shown changes nothing");

    let (code, out, err) = keep(&data, &["import", path, "--save", "--json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let value: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&value["schema"], &value["stored"]), (&json!("willitrun.bench/1"), &json!(true)));
    assert_eq!((&value["rows"][0]["model"], &value["rows"][0]["backend"]), (&json!("qwen3-0.6b"), &json!("cpu")));
    let (after, answer) = rate(&data);
    assert!(after < 0.75 * before && after >= measured, "{before} {measured} {after}");
    let sources = answer["sources"].as_array().expect("sources");
    let source =
        |figure: &str| sources.iter().find(|row| row["figure"] == figure).unwrap_or_else(|| panic!("{figure}"));
    assert!((source("decode tokens/s without measurements")["value"].as_f64().expect("a rate") - before).abs() < 1e-9);
    let same = source("decode tokens/s, measured for this question");
    assert!((same["value"].as_f64().expect("a rate") - measured).abs() < 1e-6);
    assert!(
        same["source"]
            .as_str()
            .is_some_and(|said| said.starts_with("measured: llama.cpp, b10700 (bebc9350e), 2026-09-01"))
    );
    let kept = std::fs::read_to_string(data.path().join("profiles/this.ron")).expect("kept");
    assert!(kept.contains("what: \"llama-bench\"") && !kept.contains("somewhere"), "{kept}");
    // Twice is once.
    let (_, out, _) = keep(&data, &["import", path, "--save"]);
    assert!(out.contains("it is kept already") && out.contains("Nothing of it is a measurement"), "{out}");
}

#[test]
fn what_is_none_of_this_machine_says_so() {
    let (_folder, path) = file("bench.json", &printed("Zilog Z80", 1.0).to_string());
    let path = path.to_str().expect("text");
    let run = willitrun(&["import", path, "--machine", "laptop-16gb"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("it ran on Zilog Z80, and this machine has "), "{}", run.out);
    for (args, words) in [
        (vec!["import", path, "--out", "x.ron"], "is an output of llama-bench and no model"),
        (vec!["import", path, "--save", "--machine", "laptop-16gb"], "--save keeps it for this machine"),
        (vec!["import", "assets/speed.ron", "--save"], "is no output of llama-bench"),
        (vec!["measure", "llama-bench"], "willitrun measure llama-bench --model FILE.gguf"),
        (vec!["measure", "llama-bench", "--model", "/nowhere.gguf"], "cannot be opened"),
    ] {
        let run = willitrun(&args);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{args:?}");
        assert!(run.err.contains(words), "{args:?}: {}", run.err);
    }
    let cut = &printed("Zilog Z80", 1.0).to_string();
    for (text, words) in
        [(cut[..cut.len() - 9].to_owned(), "it ends in the middle"), (cut.replace("1.0,", "-1.0,"), "avg_ts is -1.0")]
    {
        let (_folder, path) = file("bench.json", &text);
        let run = willitrun(&["import", path.to_str().expect("text")]);
        assert_eq!((run.code, run.out.as_str()), (2, ""));
        assert!(run.err.contains(words), "{}", run.err);
    }
}

/// Puts a program called `llama-bench` into a folder.
#[cfg(unix)]
fn program(folder: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = shelf::write(&folder.join("llama-bench"), format!("#!/bin/sh\n{script}\n").as_bytes());
    for path in [folder, &path] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("set");
    }
}

#[test]
#[cfg(unix)]
fn llama_bench_is_run_from_path_and_from_nowhere_else() {
    let Some(cpu) = here() else { return eprintln!("skipped: no bandwidth is known here") };
    let (data, bin, here) =
        (TempDir::new().expect("made"), TempDir::new().expect("made"), TempDir::new().expect("made"));
    let model = here.path().join("m/Qwen3-0.6B-Q8_0.gguf");
    shelf::model(&model, SMALL, Mix::Q8_0);
    std::fs::write(bin.path().join("out.json"), printed(&cpu, 7.0).to_string()).expect("written");
    let ask = |path: &Path, script: Option<&str>| {
        if let Some(script) = script {
            program(path, script);
        }
        let mut command = command(&data);
        command.env("PATH", path).current_dir(here.path());
        let output =
            command.args(["measure", "llama-bench", "--model", "m/Qwen3-0.6B-Q8_0.gguf"]).output().expect("starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.code().expect("it ends"), text(output.stdout), text(output.stderr))
    };
    let (code, out, err) = ask(bin.path(), Some("echo a driver speaks; exec /bin/cat out.json"));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("qwen3-0.6b Q8_0") && out.contains("7.0"), "{out}");
    // The whole command was said first.
    assert!(err.contains("/llama-bench -m /") && err.trim_end().ends_with("-p 512 -n 128 -r 5 -o json"), "{err}");
    let (code, _, err) = ask(bin.path(), Some("exit 3"));
    assert!(code == 1 && err.contains("llama-bench failed with exit code 3"), "{err}");
    let (code, _, err) = ask(bin.path(), Some("exec /usr/bin/yes '[{\"n_gen\": 128, \"avg_ts\": 1}]'"));
    assert!(code == 1 && err.contains("llama-bench printed more than 1 MiB"), "{err}");
    let (code, _, err) = ask(bin.path(), Some("echo hello"));
    assert!(code == 1 && err.contains("what llama-bench printed cannot be read: "), "{err}");
    // One in the current folder is not taken, however PATH names it.
    program(here.path(), "echo never > taken");
    for path in [here.path(), Path::new("."), Path::new("")] {
        let (code, _, err) = ask(path, None);
        assert!(code == 1 && (err.contains("is not run: it") || err.contains("no llama-bench is on PATH")), "{err}");
    }
    assert!(!here.path().join("taken").exists());
}
