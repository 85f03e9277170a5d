//! What the command line refuses, what it says where it changes the question, and how it ends.

use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use super::program::{Run, command, willitrun};

const ASK: &[&str] = &["check", "--model", "llama-3.1-8b", "--quant", "Q4_K_M"];

fn ask(rest: &[&str]) -> Run {
    willitrun(&[ASK, rest].concat())
}

#[track_caller]
fn answer(rest: &[&str]) -> Value {
    let run = ask(&[rest, &["--json"]].concat());
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{rest:?}");
    serde_json::from_str(&run.out).expect("JSON")
}

#[track_caller]
fn refused(rest: &[&str], words: &[&str]) {
    let run = ask(rest);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{rest:?}: {}", run.err);
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    for word in words {
        assert!(run.err.contains(word), "{rest:?}: {}", run.err);
    }
}

fn findings(answer: &Value) -> String {
    answer["findings"].to_string()
}

const DESKTOP: [&str; 2] = ["--machine", "desktop-rtx-4090-64gb"];

#[test]
fn what_cannot_be_driven_will_not_run() {
    for (machine, rest, said) in [
        ("desktop-rx-7900-xtx", ["--backend", "cuda"], "CUDA does not drive AMD GPUs"),
        ("desktop-rtx-4090-64gb", ["--backend", "metal"], "Metal does not drive NVIDIA GPUs"),
        ("desktop-rtx-4090-64gb", ["--engine", "mlx"], "MLX does not drive NVIDIA GPUs"),
        ("desktop-rtx-4090-64gb", ["--backend", "mlx"], "MLX does not drive NVIDIA GPUs"),
        ("laptop-8gb-ddr4", ["--engine", "vllm"], "vLLM needs a GPU, and this machine has none"),
        ("laptop-8gb-ddr4", ["--engine", "ktransformers"], "KTransformers needs a GPU, and this machine has none"),
        ("mac-mini-m4-16gb", ["--backend", "rocm"], "ROCm does not drive Apple GPUs"),
    ] {
        let answer = answer(&[&["--machine", machine][..], &rest].concat());
        assert_eq!(answer["verdict"]["level"], "no", "{machine} {rest:?}");
        assert_eq!(answer["verdict"]["sentence"], format!("Will not run: {said}"));
        assert_eq!((&answer["placement"]["mode"], &answer["speed"]["decode_tps"]), (&"none".into(), &Value::Null));
        assert!(findings(&answer).contains(said), "{}", findings(&answer));
    }
}

#[test]
fn a_share_for_a_gpu_that_is_not_there_is_refused() {
    let both = ["--machine", "desktop-2x-rtx-3090", "--tensor-split"];
    refused(&[&both[..], &["1,1,1"]].concat(), &["--tensor-split", "3 of the GPUs", "this machine has 2"]);
    refused(&["--ram", "64", "--tensor-split", "1"], &["--tensor-split", "this machine has 0"]);
    assert_eq!(answer(&[&both[..], &["3,1"]].concat())["placement"]["tensor_split"], serde_json::json!([3.0, 1.0]));
}

#[test]
fn samples_are_sequences_of_their_own() {
    let kv = |rest: &[&str]| {
        let answer = answer(&[&DESKTOP[..], &["--context", "1030"], rest].concat());
        (answer["memory"]["kv_bytes"].as_u64().expect("bytes"), findings(&answer))
    };
    let (six, _) = kv(&["--sequences", "6"]);
    assert_eq!(kv(&["--samples", "6"]).0, six);
    let (both, said) = kv(&["--sequences", "2", "--samples", "3"]);
    assert_eq!(both, six);
    assert!(said.contains("2 sequences of 3 samples each are 6 sequences"), "{said}");
}

#[test]
fn layers_asked_for_on_a_gpu_beside_the_cpu_backend_are_named() {
    let answer = answer(&[&DESKTOP[..], &["--backend", "cpu", "--gpu-layers", "10"]].concat());
    assert_eq!((&answer["placement"]["mode"], &answer["placement"]["gpu_layers"]), (&"cpu".into(), &0.into()));
    assert!(findings(&answer).contains("On the CPU alone no layer goes to a GPU"), "{}", findings(&answer));
}

#[test]
fn a_flag_may_be_given_a_value() {
    let size = |rest: &[&str]| {
        let with = [&["check", "--model", "llama-3.1-8b", "--quant", "IQ3_M"][..], &DESKTOP[..], &["--json"], rest];
        let run = willitrun(&with.concat());
        assert_eq!(run.code, 0, "{rest:?}: {}", run.err);
        let answer: Value = serde_json::from_str(&run.out).expect("JSON");
        answer["memory"]["weights_bytes"].as_u64().expect("bytes")
    };
    assert_eq!(size(&["--imatrix=false"]), size(&[]));
    assert_eq!(size(&["--imatrix=true"]), size(&["--imatrix"]));
    assert_eq!(size(&["--json=true"]), size(&[]));
    refused(&["--imatrix=perhaps"], &["imatrix", "true or false"]);
    assert!(ask(&[&DESKTOP[..], &["--json=false"]].concat()).out.starts_with("Llama 3.1 8B"));
}

#[test]
fn a_cache_an_engine_has_not_is_refused_with_what_it_has() {
    refused(&[&DESKTOP[..], &["--engine", "vllm", "--kv-k", "q4_0"]].concat(), &["vLLM", "f16, bf16, fp8"]);
    refused(&[&DESKTOP[..], &["--kv-v", "fp8"]].concat(), &["llama.cpp", "q8_0"]);
    let fp8 = answer(&[&DESKTOP[..], &["--engine", "vllm", "--kv-k", "fp8", "--kv-v", "fp8"]].concat());
    assert_eq!(fp8["memory"]["kv_bytes"], 32 * 8 * 256 * 8192);
    assert!(fp8["commands"]["vllm"].as_str().expect("a command").contains("--kv-cache-dtype fp8"));
}

#[test]
fn each_engine_has_its_own_command() {
    for (engine, machine, words) in [
        ("llama.cpp", "desktop-2x-rtx-3090", "llama-server -m Llama-3.1-8B-Q4_K_M.gguf -c 8192 -ngl 33"),
        ("ik_llama.cpp", "desktop-2x-rtx-3090", "-fa on -np 1"),
        ("ollama", "desktop-2x-rtx-3090", "'FROM ./Llama-3.1-8B-Q4_K_M.gguf' 'PARAMETER num_ctx 8192' > Modelfile"),
        (
            "vllm",
            "desktop-2x-rtx-3090",
            "--max-model-len 8192 --max-num-seqs 1 --max-num-batched-tokens 2048 --tensor-parallel-size 2",
        ),
        ("ktransformers", "desktop-2x-rtx-3090", "--kt-num-gpu-experts 0 --max-total-tokens 8192"),
        ("mlx", "mac-mini-m4-16gb", "mlx_lm.generate --model Llama-3.1-8B-Q4_K_M --max-tokens 512 --prompt -"),
    ] {
        let asked = ["--machine", machine, "--engine", engine, "--shell", "sh"];
        let answer = answer(&asked);
        let command = answer["commands"][engine].as_str().expect(engine);
        assert!(command.contains(words), "{engine}: {command}");
        assert!(answer["commands"]["llama.cpp"].is_string(), "{engine}");
        let text = ask(&asked).out;
        assert!(text.contains(command), "{engine}: {text}");
    }
}

#[test]
fn a_line_that_is_not_text_spoils_no_other() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("questions.jsonl");
    let good = b"{\"model\": \"llama-3.1-8b\", \"quant\": \"Q4_0\", \"ram\": 64}\r\n";
    let lines =
        [&b"\xef\xbb\xbf"[..], good, b"{\"model\": \"caf\xe9\"}\n\n", good, b"\xff\xfe\n", &good[..good.len() - 2]];
    std::fs::write(&path, lines.concat()).expect("it can be written");
    let run = willitrun(&["check".as_ref(), "--batch".as_ref(), path.as_os_str(), "--json".as_ref()]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let answers: Vec<Value> = run.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told: Vec<bool> = answers.iter().map(|answer| answer["error"].is_null()).collect();
    assert_eq!(told, [true, false, true, false, true]);
    assert!(
        answers[1]["error"].as_str().expect("a sentence").contains("not UTF-8 text from its byte 15"),
        "{}",
        answers[1]
    );
}

/// `willitrun models | head -1`: nobody reads on, and that is no failure.
#[test]
fn a_closed_pipe_ends_quietly() {
    let questions = TempDir::new().expect("a folder");
    let path = questions.path().join("many.jsonl");
    let line = "{\"model\": \"llama-3.1-8b\", \"quant\": \"Q4_0\", \"ram\": 64}\n";
    std::fs::write(&path, line.repeat(200)).expect("it can be written");
    let path = path.to_str().expect("text");
    for args in [&["models"][..], &["devices", "--json"], &["check", "--batch", path, "--json"]] {
        let data = TempDir::new().expect("a folder");
        let mut child = command(&data)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        // Closed before anything is read.
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!((output.status.code(), said.as_str()), (Some(0), ""), "{args:?}");
    }
}
