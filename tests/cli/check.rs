//! `check`: figures to the byte, described machines, batches, refusals.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::program::{answer, answer_json, figure, file, willitrun};

const R1: &str = "check --model deepseek-r1 --quant Q8_0";
const PARTS: [&str; 5] = ["weights", "kv", "state", "compute", "overhead"];

/// Every part summed over the pools is the part of the whole, and the parts are the total.
#[track_caller]
fn check_sums(answer: &Value) {
    let memory = &answer["memory"];
    let pools = memory["pools"].as_array().expect("pools");
    let mut total = 0;
    for part in PARTS {
        let whole = if part == "weights" { "/loaded_weights_bytes".to_owned() } else { format!("/{part}_bytes") };
        let sum: u64 = pools.iter().map(|pool| figure(pool, &format!("/{part}_bytes"))).sum();
        assert_eq!(sum, figure(memory, &whole), "{part}");
        total += sum;
    }
    assert_eq!(total, figure(memory, "/total_bytes"));
    for pool in pools {
        let used: u64 = PARTS.iter().map(|part| figure(pool, &format!("/{part}_bytes"))).sum();
        // Of a disk nobody named the size is not known: null, never a number, and so is what is free of it.
        if pool["capacity_bytes"].is_null() {
            assert_eq!(
                (&pool["kind"], &pool["usable_bytes"], &pool["free_bytes"]),
                (&"disk".into(), &Value::Null, &Value::Null)
            );
            continue;
        }
        let free = pool["free_bytes"].as_i64().expect("a number");
        assert_eq!(i128::from(free), i128::from(figure(pool, "/capacity_bytes")) - i128::from(used));
    }
}

#[test]
fn a_large_model_on_large_machines_to_the_byte() {
    for machine in ["8x-h100-80gb", "mac-studio-m3-ultra-512gb"] {
        let answer = answer_json("check", &format!("{R1} --machine {machine}"));
        assert_eq!(answer["model"]["id"], "deepseek-r1");
        assert_eq!(figure(&answer, "/model/params"), 671_026_419_200);
        assert_eq!(figure(&answer, "/model/active_params") / 10_000_000, 3_662, "36.63 B, cut");
        assert_eq!(figure(&answer, "/memory/weights_bytes"), 713_281_210_368);
        assert_eq!(figure(&answer, "/memory/kv_bytes"), 575_668_224);
        assert_eq!(figure(&answer, "/context/requested"), 8_192);
        check_sums(&answer);
        let tps = &answer["speed"]["decode_tps"];
        let [low, expected, high] = ["low", "expected", "high"].map(|key| tps[key].as_f64().expect("a rate"));
        assert!(0.0 < low && low <= expected && expected <= high, "{tps}");
        let bill = answer["speed"]["bill"].as_array().expect("a bill");
        let total: f64 = bill.iter().map(|line| line["seconds"].as_f64().expect("seconds")).sum();
        assert!((total * expected - 1.0).abs() < 0.01, "the lines of the bill are the time of a token");
    }
}

#[test]
fn older_engines_keep_the_expanded_cache() {
    for options in ["--engine-date 2025-01", "--kv-layout expanded"] {
        let answer = answer_json("check", &format!("{R1} --machine 8x-h100-80gb {options}"));
        assert_eq!(figure(&answer, "/memory/kv_bytes"), 39_040 << 20, "{options}");
        check_sums(&answer);
    }
}

#[test]
fn the_text_says_what_the_json_says() {
    for machine in ["8x-h100-80gb", "mac-studio-m3-ultra-512gb"] {
        let args = format!("{R1} --machine {machine}");
        let (text, value) = (answer(&args), answer_json("check", &args));
        let mut lines = text.lines();
        assert!(lines.next().is_some_and(|line| line.starts_with("DeepSeek-R1 Q8_0 on ")), "{text}");
        assert_eq!(lines.next(), value["verdict"]["sentence"].as_str());
        for said in
            ["Memory (GiB = 2^30 bytes)", "tokens/s", value["commands"]["llama.cpp"].as_str().expect("a command")]
        {
            assert!(text.contains(said), "{said} in {text}");
        }
    }
}

#[test]
fn a_described_machine_holds_what_was_said_and_says_what_is_assumed() {
    let run = willitrun(&[
        "check",
        "--model",
        "llama-3.1-8b",
        "--quant",
        "Q4_K_M",
        "--json",
        "--gpu",
        "NVIDIA GeForce RTX 4090*2",
        "--ram",
        "64",
        "--disk-bandwidth",
        "7",
    ]);
    assert_eq!(run.code, 0, "{}", run.err);
    let answer: Value = serde_json::from_str(&run.out).expect("JSON");
    check_sums(&answer);
    let pools = answer["memory"]["pools"].as_array().expect("pools");
    let known: Vec<(&str, Option<u64>)> = pools
        .iter()
        .map(|pool| (pool["id"].as_str().expect("an id"), pool["capacity_bytes"].as_u64().map(|bytes| bytes >> 30)))
        .collect();
    let gib = |id: &'static str, size: u64| (id, Some(size));
    assert_eq!(known, [gib("gpu0", 24), gib("gpu1", 24), gib("ram", 64), ("disk", None)]);
    assert_eq!(answer["verdict"]["level"], "runs-well");
    let source = |figure: &str| {
        let sources = answer["sources"].as_array().expect("sources");
        sources.iter().find(|row| row["figure"] == figure).map_or("", |row| row["source"].as_str().expect("a source"))
    };
    assert!(source("ram capacity").starts_with("typed"), "{}", source("ram capacity"));
    assert!(source("ram read bandwidth").starts_with("assumed"), "{}", source("ram read bandwidth"));
    assert!(source("gpu0 read bandwidth").starts_with("data sheet"), "{}", source("gpu0 read bandwidth"));
    let disk = answer["sources"].as_array().expect("sources").iter().find(|row| row["figure"] == "disk capacity");
    assert_eq!(disk.map(|row| &row["value"]), Some(&Value::Null), "taken as large enough");
    assert!(answer["findings"].to_string().contains("--ram-bandwidth"), "the assumption names its remedy");
}

/// R1 on 96 GiB and a card: short by as much as the sentence says, and what helps; the same in both forms.
#[test]
fn what_binds_memory_and_speed_is_said() {
    let asked = "check --model deepseek-r1 --quant Q4_K_M --ram 96 --ram-bandwidth 96 --gpu rtx-4090:24 --gpu-bandwidth 1008 --disk-bandwidth 7";
    let (text, value) = (answer(asked), answer_json("check", asked));
    check_sums(&value);
    let binding = &value["verdict"]["binding"];
    let memory = &binding["memory"];
    let sentence = "Needs 377.2 GiB (weights 376.7 GiB + KV cache 549 MiB), has 120.0 GiB: 257.2 GiB short.";
    assert_eq!((&memory["limit"], &memory["sentence"]), (&"weights".into(), &sentence.into()));
    assert_eq!(memory["change"]["change"], "RAM 512 GiB");
    assert_eq!(binding["speed"]["limit"], "the disk");
    let forms = binding["from_disk"].as_array().expect("forms");
    assert!(forms.iter().any(|form| form["quant"] == "UD-IQ1_S" && form["decode_tps"].is_f64()), "{forms:?}");
    for bound in [memory, &binding["speed"]] {
        assert!(text.contains(bound["sentence"].as_str().expect("a sentence")), "{text}");
    }
    assert!(text.contains("What binds") && text.contains("UD-IQ1_S "), "{text}");
    let none = answer_json("check", "check --model llama-3.1-8b --quant Q8_0 --ram 1");
    assert_eq!(none["verdict"]["binding"]["speed"], Value::Null, "no speed, nothing that binds it");
    assert_eq!(none["verdict"]["binding"]["from_disk"], json!([]));
}

#[test]
fn a_no_is_an_answer() {
    let answer = answer_json("check", "check --model llama-3.1-8b --quant Q8_0 --ram 1");
    assert_eq!(answer["verdict"]["level"], "no");
    assert_eq!(answer["speed"]["decode_tps"], Value::Null);
    check_sums(&answer);
}

#[test]
fn sizes_are_the_quantizer_s_own() {
    let golden = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tensor_bytes.csv"));
    let golden = golden.expect("the golden table is there");
    let mut asked = String::new();
    let mut expected = Vec::new();
    for model in ["llama-3.1-8b", "qwen3-30b-a3b", "deepseek-r1"] {
        for quant in ["Q4_0", "Q8_0", "BF16", "F16"] {
            let row = golden.lines().find_map(|line| line.strip_prefix(&format!("{model},{quant},0,")));
            expected.push((model, quant, row.and_then(|bytes| bytes.parse().ok()).expect("a row of the table")));
            let _ = writeln!(asked, "{}", json!({ "model": model, "quant": quant, "ram": 64 }));
        }
    }
    let answers = batch(&asked);
    let told = answers
        .iter()
        .zip(&expected)
        .map(|(answer, (model, quant, _))| (*model, *quant, figure(answer, "/memory/weights_bytes")));
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

/// The answers to a batch, one per line.
#[track_caller]
fn batch(text: &str) -> Vec<Value> {
    let (_folder, path) = file("questions.jsonl", text);
    let run = willitrun(&["check".as_ref(), "--batch".as_ref(), path.as_os_str(), "--json".as_ref()]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    run.out.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn a_batch_is_answered_in_order_and_bad_lines_too() {
    let answers = batch(concat!(
        "{\"model\": \"deepseek-r1\", \"quant\": \"Q8_0\", \"machine\": \"8x-h100-80gb\", \"context\": \"32k\"}\n",
        "{\"model\": \n",
        "\n",
        "{\"model\": \"no such model\", \"quant\": \"Q8_0\", \"ram\": 64}\n",
        "{\"model\": \"llama-3.1-8b\", \"quant\": \"Q4_0\", \"ram\": 64, \"gpu\": [\"NVIDIA GeForce RTX 3090\"], \"depth\": null}\n",
        "{\"modle\": \"llama-3.1-8b\"}\n",
        "{\"model\": \"llama-3.1-8b\", \"quant\": \"Q8_0\", \"machine\": \"8x-h100-80gb\", \"kv-on-host\": true}\n",
    ));
    let said: Vec<String> = answers
        .iter()
        .map(|answer| match answer["error"].as_str() {
            Some(error) => error.to_owned(),
            None => format!("{} {} {}", answer["model"]["id"], answer["quant"]["id"], answer["context"]["requested"]),
        })
        .collect();
    let expected = [
        "\"deepseek-r1\" \"Q8_0\" 32768",
        "not JSON",
        "'no such model' is not known",
        "\"llama-3.1-8b\" \"Q4_0\" 8192",
        "'modle' is not an option",
        "\"llama-3.1-8b\" \"Q8_0\" 8192",
    ];
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.contains(expected), "{said}: {expected}");
    }
}

#[test]
fn refusals_are_one_sentence_with_a_remedy() {
    let on = |rest: &'static str| {
        [
            &["check", "--model", "llama-3.1-8b", "--quant", "Q4_0", "--ram", "64"][..],
            &rest.split(' ').collect::<Vec<_>>(),
        ]
        .concat()
    };
    let cases: [(Vec<&str>, &str, &str); 18] = [
        (vec!["check", "--model", "no-such-model", "--quant", "Q4_0"], "'no-such-model'", "willitrun models"),
        (vec!["check", "--model", "llama-3.1-8b", "--quant", "Q9_Z"], "'Q9_Z'", "willitrun quants"),
        (vec!["check", "--model", "llama-3.1-8b"], "--quant", "willitrun quants"),
        (vec!["check", "--model", "llama-3.1-8b", "--quant", "native"], "Llama 3.1 8B", "bf16-checkpoint"),
        (vec!["check"], "--model", "willitrun models"),
        (on("--gpu RTX-9999"), "'RTX-9999'", "willitrun devices"),
        (on("--machine no-such-machine"), "'no-such-machine'", "willitrun profiles"),
        (on("--no-such-option 1"), "'no-such-option'", "willitrun --help"),
        (on("--context"), "--context", "willitrun --help"),
        (on("--context -1"), "-1", "8192"),
        (on("--engine no-such-engine"), "'no-such-engine'", "llama.cpp"),
        (on("--backend no-such-backend"), "'no-such-backend'", "cuda"),
        (on("--kv-k q2_k"), "'q2_k'", "q8_0"),
        (on("--engine-date soon"), "soon", "2025-03"),
        (on("--tensor-split 0,0"), "tensor-split", "3,1"),
        (vec!["no-such-command"], "'no-such-command'", "willitrun --help"),
        (vec!["measure", "ram", "--seconds", "0"], "--seconds", "0.5 to 60"),
        (vec!["models", "--no-such-option"], "'no-such-option'", "willitrun --help"),
    ];
    for (args, named, remedy) in cases {
        let run = willitrun(&args);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{args:?}: {}", run.err);
        assert_eq!(run.err.lines().count(), 1, "{args:?}: {}", run.err);
        assert!(run.err.starts_with("willitrun: "), "{args:?}: {}", run.err);
        assert!(run.err.contains(named) && run.err.contains(remedy), "{args:?}: {}", run.err);
    }
}

#[test]
fn names_from_outside_bring_no_escape_into_a_terminal() {
    // `willitrun` looks for control characters in all that is written.
    let run = willitrun(&["check", "--model", "\u{1b}[31mred\u{202e}", "--quant", "Q4_0"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("red") && !run.err.contains('\u{202e}'), "{}", run.err);
    let profile = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/dgx-spark.ron"))
        .expect("it is there");
    let name = profile.find("name: \"").expect("a name") + "name: \"".len();
    let (_folder, path) = file("red.ron", &format!("{}\\u{{1b}}[31mred {}", &profile[..name], &profile[name..]));
    let args = ["check", "--model", "llama-3.1-8b", "--quant", "Q4_0", "--machine"].map(OsStr::new);
    let run = willitrun(&[&args[..], &[path.as_os_str()]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("red"), "{}", run.out);
}

/// What would change the answer is nothing the machine cannot take.
#[test]
fn no_line_adds_what_the_machine_does_not_take() {
    let changes = |machine: &str, model: &str| -> Vec<String> {
        let value = answer_json("check", &format!("check --model {model} --quant Q4_K_M --machine {machine}"));
        let lines = value["verdict"]["next"].as_array().expect("changes");
        lines.iter().map(|line| line["change"].as_str().expect("a change").to_owned()).collect()
    };
    for (machine, model) in [("laptop-64gb-rtx-4090", "llama-3.3-70b"), ("8x-h100-80gb", "deepseek-r1")] {
        let lines = changes(machine, model);
        assert!(lines.iter().all(|line| !line.starts_with("Second ") && !line.starts_with("One more ")), "{lines:?}");
    }
    let lines = changes("macbook-air-m2-16gb", "llama-3.3-70b");
    assert!(lines.iter().any(|line| line == "A machine with 64 GiB"), "{lines:?}");
    assert!(lines.iter().all(|line| !line.starts_with("RAM ")), "{lines:?}");
    let lines = changes("desktop-rtx-3090", "llama-3.3-70b");
    assert!(lines.iter().any(|line| line == "Second RTX 3090"), "{lines:?}");
}

/// Where the engine cannot, what is to be written instead is named, and it works.
#[test]
fn a_pair_that_does_not_work_names_one_that_does() {
    let asked = |quant: &str, engine: &str, machine: &str| {
        answer_json(
            "check",
            &format!("check --model llama-3.1-8b --quant {quant} --engine {engine} --machine {machine}"),
        )
    };
    for (quant, engine, machine) in [
        ("mlx-4bit", "llama.cpp", "macbook-pro-m3-max-128gb"),
        ("mlx-4bit", "ollama", "macbook-pro-m3-max-128gb"),
        ("gptq", "llama.cpp", "desktop-rtx-3090"),
        ("awq", "ik_llama.cpp", "desktop-rtx-3090"),
        ("fp8", "llama.cpp", "8x-h100-80gb"),
        ("Q4_K_M", "vllm", "macbook-pro-m3-max-128gb"),
        ("Q4_K_M", "mlx", "desktop-rtx-3090"),
    ] {
        let refused = asked(quant, engine, machine);
        assert_eq!(refused["verdict"]["level"], "no", "{quant} {engine} {machine}");
        let remedy = refused["findings"].as_array().expect("findings").iter().find_map(|found| {
            let remedy = found["remedy"].as_str()?;
            remedy.strip_prefix("Write --engine ").map(str::to_owned)
        });
        let remedy = remedy.unwrap_or_else(|| panic!("{quant} {engine} {machine}: {:#}", refused["findings"]));
        for other in remedy.trim_end_matches('.').split(" or ") {
            let other = other.trim_start_matches("--engine ");
            let works = asked(quant, other, machine);
            let reason = works["verdict"]["sentence"].as_str().expect("a sentence");
            assert!(!reason.contains("does not"), "{quant} {other} {machine}: {reason}");
        }
        let next = refused["verdict"]["next"].as_array().expect("changes");
        assert!(
            next.iter().any(|line| line["change"].as_str().is_some_and(|what| what.starts_with("Engine "))),
            "{next:?}"
        );
    }
    let mlx = asked("mlx-4bit", "llama.cpp", "macbook-pro-m3-max-128gb");
    assert!(mlx["findings"].to_string().contains("--engine mlx"), "{:#}", mlx["findings"]);
    // Where no engine can, another quant is named.
    let nowhere = asked("mlx-4bit", "llama.cpp", "desktop-rtx-3090");
    assert!(nowhere["findings"].to_string().contains("such as --quant Q4_K_M"), "{:#}", nowhere["findings"]);
}
