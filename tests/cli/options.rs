//! Options: slips of the pen, numbers no machine has, what a file says of itself, and the commands in the answer.

use serde_json::Value;
use willitrun::quant::Mix;

use super::program::{Run, answer_json, file, willitrun};
use crate::shelf;

const ASK: &[&str] = &["check", "--model", "llama-3.1-8b", "--quant", "Q4_K_M", "--ram", "64"];

#[track_caller]
fn refused(args: &[&str], said: &[&str]) {
    let Run { code, out, err } = willitrun(args);
    assert_eq!((code, out.as_str(), err.lines().count()), (2, "", 1), "{args:?}: {err}");
    for said in said {
        assert!(err.contains(said), "{args:?}: '{said}' in {err}");
    }
}

#[test]
fn a_slip_names_the_nearest_option() {
    for (args, near) in [
        (&[ASK, &["--contxt", "8"]].concat()[..], "'contxt' is not an option here; did you mean --context?"),
        (&[ASK, &["--gpu-layer", "8"]].concat(), "did you mean --gpu-layers?"),
        (&["rank", "--limti", "3"], "did you mean --limit?"),
        (&["files", "--foldr", "x"], "did you mean --folder?"),
        (&["models", "--jsn"], "did you mean --json?"),
        (&["quants", "--modle", "x"], "did you mean --model?"),
        (&["modles"], "'modles' is not a command; did you mean models?"),
        (&["--jsno"], "'--jsno' is not a command. See willitrun --help"),
        (&[ASK, &["--quite-another", "8"]].concat(), "'quite-another' is not an option here. See willitrun --help"),
    ] {
        refused(args, &[near]);
    }
    let (_folder, path) = file("slip.jsonl", "{\"model\": \"llama-3.1-8b\", \"quant\": \"Q4_0\", \"contxt\": 8}\n");
    let run = willitrun(&["check".as_ref(), "--batch".as_ref(), path.as_os_str(), "--json".as_ref()]);
    assert!(run.out.contains("'contxt' is not an option of check; did you mean context?"), "{}", run.out);
}

#[test]
fn an_option_of_another_command_is_refused() {
    refused(&["rank", "--model", "deepseek-r1"], &["--model does not belong here"]);
    refused(&["files", "--quant", "Q4_0"], &["--quant does not belong here"]);
    refused(&["models", "--context", "8"], &["--context does not belong here"]);
    refused(&["rank", "--limit", "3", "--context"], &["--context wants a value"]);
    refused(&["rank", "--limit"], &["--limit wants a value"]);
    refused(&["rank", "--json=perhaps"], &["--json cannot be 'perhaps'", "true or false"]);
    refused(&[ASK, &["--shell", "fish"]].concat(), &["--shell cannot be 'fish'", "sh, PowerShell, cmd"]);
}

#[test]
fn numbers_no_machine_has_are_refused_by_name() {
    for option in ["ram", "ram-bandwidth", "ram-bandwidth-measured", "disk-bandwidth", "cpu-tflops", "file-gib"] {
        for number in ["NaN", "inf", "-1", "0", "1e300", "1e12", "1e-9", "many"] {
            let name = format!("--{option}");
            let args = [ASK, &[&name, number]].concat();
            refused(&args, &[&format!("{option} cannot be \"{number}\""), "a number above 0, from 0.001 to 1000000"]);
        }
    }
    for (option, number) in [("reserve", "-1"), ("reserve", "1e12"), ("gpu-bandwidth", "NaN"), ("sequences", "0")] {
        refused(&[ASK, &[&format!("--{option}"), number]].concat(), &[option, number]);
    }
    for (option, number) in [
        ("context", "NaN"),
        ("context", "0"),
        ("context", "99999999999999999999"),
        ("depth", "-1"),
        ("prompt", "18446744073709551615"),
        ("gpu-layers", "99999999999"),
        ("cpu-experts", "-1"),
        ("batch-size", "1e9"),
        ("tensor-split", "NaN"),
        ("tensor-split", "-1,1"),
    ] {
        refused(&[ASK, &[&format!("--{option}"), number]].concat(), &[option]);
    }
    for (spec, why) in [("*0", "the count"), ("*-1", "the count"), (":NaN", "the memory"), (":0", "the memory")] {
        refused(&[ASK, &["--gpu", &format!("NVIDIA GeForce RTX 4090{spec}")]].concat(), &["--gpu", why]);
    }
    refused(&[ASK, &["--sequences", "65536", "--samples", "2"]].concat(), &["--sequences", "--samples", "65536"]);
    refused(&[ASK, &["--experts", "3"]].concat(), &["--experts", "Llama 3.1 8B", "no experts"]);
    refused(&["rank", "--limit", "0"], &["--limit", "'0'"]);
    refused(&["rank", "--limit", "-3"], &["--limit", "'-3'"]);
    refused(&["measure", "ram", "--seconds", "NaN"], &["--seconds", "0.5 to 60"]);
}

#[test]
fn a_machine_without_cores_is_refused_by_name() {
    let profile = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/profiles/epyc-9654-12ch-4090.ron"));
    let profile = profile.expect("it is there");
    assert!(profile.contains("cores: 96"), "{profile}");
    for cores in ["0", "-1", "1e30", "nan"] {
        let (_folder, path) = file("no-cores.ron", &profile.replace("cores: 96", &format!("cores: {cores}")));
        let path = path.to_str().expect("text");
        refused(
            &["check", "--model", "llama-3.1-8b", "--quant", "Q4_0", "--machine", path],
            &["no-cores.ron", "cores"],
        );
    }
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing").display().to_string();
    refused(&["files", "--folder", &missing], &[&missing, "is not a folder", "--folder"]);
    let (_folder, path) = file("plain.txt", "text");
    refused(&["files", "--folder", path.to_str().expect("text")], &["plain.txt is not a folder"]);
}

#[test]
fn native_is_what_a_file_says_of_itself() {
    let config = |name: &str| format!("{}/tests/fixtures/config/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let named = answer_json("check", &format!("check --model {} --quant native --ram 64", config("qwen3.5-nested")));
    assert_eq!(named["quant"]["id"], "BF16");
    let r1 = answer_json("check", &format!("check --model {} --quant native --ram 64", config("deepseek-r1")));
    assert_eq!(r1["quant"]["id"], "fp8-block-128");
    let unheard = ["check", "--model", &config("unheard-of"), "--quant", "native", "--ram", "64"];
    refused(&unheard, &["does not say how its weights are kept", "--quant"]);
    refused(&["check", "--model", "llama-3.1-8b", "--quant", "native", "--ram", "64"], &["bf16-checkpoint"]);
}

#[test]
fn help_is_given_behind_any_command() {
    let help = willitrun(&["--help"]).out;
    assert!(help.contains("--shell sh|PowerShell|cmd"), "{help}");
    for args in [&["check", "--help"][..], &["rank", "--limit", "3", "--help"], &["import", "--help"]] {
        let run = willitrun(args);
        assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, help.as_str(), ""), "{args:?}");
    }
}

/// No number is left out because it was none: every figure is a finite number, or null where that is an answer.
#[track_caller]
fn check_numbers(value: &Value, at: &str) {
    match value {
        Value::Number(number) => assert!(number.as_f64().is_some_and(f64::is_finite), "{at}: {number}"),
        Value::Array(items) => items.iter().for_each(|item| check_numbers(item, at)),
        Value::Object(keys) => keys.iter().for_each(|(key, item)| check_numbers(item, &format!("{at}/{key}"))),
        _ => {}
    }
}

/// The commands of the help, each with the words that make it answer something.
#[test]
fn every_command_answers_in_json_that_can_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = format!("{}/tests/fixtures/config/deepseek-r1.json", env!("CARGO_MANIFEST_DIR"));
    let mut asked = std::collections::BTreeSet::new();
    for args in [
        vec!["models"],
        vec!["devices"],
        vec!["profiles"],
        vec!["quants"],
        vec!["quants", "Q4_K_M"],
        vec!["quants", "--model", "llama-3.1-8b"],
        vec!["detect"],
        vec!["profile", "show", "dgx-spark"],
        vec!["profile", "show", "deepseek-r1"],
        vec!["profile", "encode", "dgx-spark"],
        vec!["profile", "validate", "dgx-spark"],
        vec!["profile", "diff", "dgx-spark", "laptop-16gb"],
        vec!["rank", "--machine", "laptop-16gb", "--limit", "2"],
        vec!["buy", "--model", "llama-3.1-8b", "--quant", "Q4_K_M", "--machine", "laptop-16gb"],
        vec!["claims"],
        vec!["claims", "--topic", "memory"],
        vec!["faq", "--machine", "laptop-16gb"],
        vec!["simulate", "kv", "--token-bytes", "1000", "--requests", "20"],
        vec!["simulate", "blocks", "--token-bytes", "1000"],
        vec!["measure", "ram", "--seconds", "1"],
        vec!["import", &config],
        vec!["files", "--folder", folder.path().to_str().expect("text"), "--ram", "64"],
        [ASK, &["--ram-bandwidth", "1000000", "--disk-bandwidth", "0.001"]].concat(),
        [ASK, &["--ram-bandwidth", "0.001"]].concat(),
        vec!["check", "--model", "deepseek-r1", "--quant", "Q8_0", "--ram", "0.001"],
    ] {
        let run = willitrun(&[&args[..], &["--json"]].concat());
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{args:?}");
        let value: Value = serde_json::from_str(&run.out).expect("JSON");
        check_numbers(&value, args[0]);
        asked.insert(args[0]);
    }
    // A command that is told of and not tried here would go unseen.
    let help = willitrun(&["--help"]).out;
    let told = help.lines().filter_map(|line| line.strip_prefix("  willitrun ")).flat_map(|line| {
        let words = line.split("  ").next().unwrap_or_default();
        words.split(" | ").filter_map(|words| words.split_whitespace().next()).collect::<Vec<_>>()
    });
    for command in told.filter(|command| command.chars().all(|c| c.is_ascii_lowercase())) {
        assert!(asked.contains(command), "{command} is told of and not tried");
    }
}

/// Every option of the help is taken by a command that answers.
#[test]
fn every_option_of_the_help_is_taken() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let batch = path("batch.jsonl");
    std::fs::write(&batch, "{\"model\": \"llama-3.1-8b\", \"quant\": \"Q4_K_M\", \"ram\": 32}\n").expect("written");
    let weights = path("weights.bin");
    std::fs::write(&weights, vec![1_u8; 8 << 20]).expect("written");
    let config = format!("{}/tests/fixtures/config/deepseek-r1.json", env!("CARGO_MANIFEST_DIR"));
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let gpu = ["--gpu".to_owned(), "NVIDIA GeForce RTX 3090:24*2".to_owned()];
    let command = ["--command".to_owned(), "llama-server -c 4096".to_owned()];
    let lines = [
        [
            words("check --json --model qwen3-30b-a3b --quant Q4_K_M --imatrix --ram 64 --ram-bandwidth 80"),
            words("--cpu desktop-ddr5-5600-dual-raptor-lake --disk-bandwidth 3.5 --reserve 4 --cpu-tflops 1.5"),
            words("--context 32k --depth 100 --prompt 256 --answer 128 --kv-k q8_0 --kv-v q8_0 --kv-layout auto"),
            words("--flash-attn on --sequences 2 --kv-unified --swa-full --batch-size 1024 --ubatch 256"),
            words("--outputs all --gpu-layers 20 --cpu-experts 4 --kv-on-host --split layer --tensor-split 3,1"),
            words("--experts 4 --samples 2 --engine llama.cpp --engine-date 2025-06 --backend cuda --shell sh"),
            gpu.to_vec(),
            command.to_vec(),
        ]
        .concat(),
        words("check --model llama-3.1-8b --quant odd --file-gib 4.5 --gpu x:24 --gpu-bandwidth 900 --ram 32"),
        words("check --model llama-3.1-8b --quant Q4_K_M --ram 32 --ram-bandwidth-measured 60"),
        words(&format!("check --batch {batch} --json")),
        words(&format!(
            "check --model llama-3.1-8b --quant Q4_K_M --ram 32 --report svg --theme dark --out {}",
            path("card.svg")
        )),
        words("rank --machine laptop-16gb --context 4096 --limit 1"),
        words(&format!("files --machine laptop-16gb --folder {}", folder.path().display())),
        words("measure ram --seconds 1 --save"),
        words(&format!("measure disk --seconds 1 --file {weights}")),
        words("buy --machine laptop-16gb --model llama-3.1-8b --quant Q4_K_M --tps 5 --modules 2x16"),
        words(
            "simulate kv --model llama-3.1-8b --kv q8_0 --pool-mib 4096 --requests 9 --gap 3 --prompt 100 --answer 50",
        ),
        words("simulate kv --token-bytes 9 --spread 20 --seed 3 --policy lru --preemption swap --reserve-percent 105"),
        words("simulate kv --token-bytes 9 --requests 9 --block 16 --most-blocks 20"),
        words("simulate blocks --token-bytes 9 --block 4 --most-blocks 5 --blocks 10 --tokens 18"),
        words("claims --topic memory"),
        words("faq --machine laptop-16gb --model llama-3.1-8b --quant Q4_K_M --search RAM"),
        words(
            "faq --machine laptop-16gb --watts 45 --kwh-price 0.3 --machine-price 900 --years 3 --busy 20 --idle-watts 5",
        ),
        words(
            "faq --machine laptop-16gb --watts-measured 40 --api v4-pro --api-input 0.5 --api-cached 0.1 --api-output 2",
        ),
        words("faq --machine laptop-16gb --api-date 2026-11 --cached-input 50 --currency EUR --per-dollar 0.9"),
        words("quants --model llama-3.1-8b"),
        words(&format!("import {config} --out {}", path("model.ron"))),
    ];
    let mut taken = std::collections::BTreeSet::new();
    for line in &lines {
        let run = willitrun(line);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{line:?}");
        taken.extend(line.iter().filter(|word| word.starts_with("--")).cloned());
    }
    let help = willitrun(&["--help"]).out;
    let told = help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|word| word.starts_with("--"));
    for option in told {
        assert!(taken.contains(option), "{option} is told of and not tried");
    }
}

/// `rank --json` is what contract and scripts expect.
#[test]
fn the_ranking_as_json_has_every_figure() {
    let ranked = answer_json("rank", "rank --machine desktop-rtx-3060-12gb --context 4096 --limit 40");
    assert_eq!((&ranked["machine"], &ranked["context"]), (&"desktop-rtx-3060-12gb".into(), &4096.into()));
    let rows = ranked["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 40);
    for row in rows {
        let keys: Vec<&str> = row.as_object().expect("a row").keys().map(String::as_str).collect();
        for key in ["model", "quant", "verdict", "decode_tps", "memory_bytes", "context_max"] {
            assert!(keys.contains(&key), "{key}: {row}");
        }
        assert!(row["model"].is_string() && row["quant"].is_string() && row["memory_bytes"].is_u64(), "{row}");
        let level = row["verdict"].as_str().expect("a verdict");
        assert!(["runs-well", "runs-slowly", "tight", "disk", "no"].contains(&level), "{row}");
        assert!(row["decode_tps"].is_null() || row["decode_tps"].as_f64().is_some_and(|rate| rate > 0.0), "{row}");
        assert!(row["context_max"].is_null() == (level == "no"), "{row}");
    }
}

#[test]
fn speeds_taken_from_llama_cpp_are_said() {
    for (engine, machine) in [
        ("ollama", "desktop-2x-rtx-3090"),
        ("vllm", "desktop-2x-rtx-3090"),
        ("ktransformers", "desktop-2x-rtx-3090"),
        ("ik_llama.cpp", "mac-mini-m4-16gb"),
    ] {
        let answer = answer_json(
            "check",
            &format!("check --model llama-3.1-8b --quant Q4_K_M --machine {machine} --engine {engine}"),
        );
        let said = answer["findings"].to_string();
        assert!(said.contains("is taken as llama.cpp's: it was not measured"), "{engine}: {said}");
    }
}

#[test]
fn the_answer_holds_the_command_of_every_engine_that_can_run_it() {
    let commands = |rest: &str| {
        let asked = format!("check --model llama-3.1-8b --quant Q4_K_M --shell sh {rest}");
        answer_json("check", &asked)["commands"].as_object().expect("commands").clone()
    };
    let given = |rest: &str| {
        let all = commands(rest);
        let mut given: Vec<String> =
            all.iter().filter(|(_, text)| text.is_string()).map(|(id, _)| id.clone()).collect();
        given.sort_unstable();
        given.join(" ")
    };
    let everywhere = "--machine desktop-2x-rtx-3090";
    assert_eq!(given(everywhere), "ik_llama.cpp ktransformers llama.cpp ollama vllm");
    assert_eq!(given(&format!("{everywhere} --engine ideal")), "ik_llama.cpp ktransformers llama.cpp ollama vllm");
    assert_eq!(given("--machine mac-mini-m4-16gb --backend mlx"), "ik_llama.cpp llama.cpp mlx ollama");
    assert_eq!(given("--ram 64"), "ik_llama.cpp llama.cpp ollama");
    assert_eq!(given("--ram 1"), "", "what does not run has no command");
    // A cache only some have.
    let small = format!("{everywhere} --kv-k q5_1 --kv-v q5_1");
    assert_eq!(given(&small), "ik_llama.cpp llama.cpp");
    // The one asked about does not change the others.
    let [one, other] = ["llama.cpp", "vllm"].map(|engine| commands(&format!("{everywhere} --engine {engine}")));
    assert_eq!(one, other);
}

#[test]
fn the_command_is_written_for_the_shell_that_was_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("it's 100% a model.gguf");
    shelf::model(&path, ("Qwen3-0.6B", "qwen3-0.6b"), Mix::Q8_0);
    let path = path.to_str().expect("text");
    for (shell, quoted) in [
        ("sh", format!("-m '{}'", path.replace('\'', "'\\''"))),
        ("powershell", format!("-m '{}'", path.replace('\'', "''"))),
        ("CMD", format!("-m ^\"{}^\"", path.replace('%', "^%"))),
    ] {
        let run = willitrun(&["check", "--model", path, "--ram", "64", "--shell", shell, "--json"]);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{shell}");
        let answer: Value = serde_json::from_str(&run.out).expect("JSON");
        let command = answer["commands"]["llama.cpp"].as_str().expect("a command");
        assert!(command.contains(&quoted), "{shell}: {command}");
    }
}

#[cfg(unix)]
#[test]
fn a_name_the_shell_cannot_write_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("two\nlines.gguf");
    shelf::model(&path, ("Qwen3-0.6B", "qwen3-0.6b"), Mix::Q8_0);
    let path = path.to_str().expect("text");
    let ask = |rest: &[&str]| willitrun(&[&["check", "--model", path, "--ram", "64"][..], rest].concat());
    let answer: Value = serde_json::from_str(&ask(&["--shell", "cmd", "--json"]).out).expect("JSON");
    assert_eq!(answer["commands"]["llama.cpp"], Value::Null);
    assert!(answer["findings"].to_string().contains("cmd cannot write a control character"), "{}", answer["findings"]);
    assert!(ask(&["--shell", "cmd"]).out.contains("note: cmd cannot write a control character"));
    assert!(ask(&["--shell", "sh"]).out.contains("two\\012lines.gguf"));
}
