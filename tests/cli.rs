//! The headless commands, on the real binary: figures, lists, refusals, and no display.

mod gguf;
mod shelf;

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use willitrun::catalog::Catalog;
use willitrun::quant::{Format, Mix};

/// What a run of the program left.
struct Run {
    code: i32,
    out: String,
    err: String,
}

/// Runs the program with a data folder of its own and no display.
fn willitrun<S: AsRef<OsStr>>(args: &[S]) -> Run {
    let data = TempDir::new().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_willitrun"));
    command.args(args).env("WILLITRUN_DATA_DIR", data.path());
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "RUST_LOG"] {
        command.env_remove(name);
    }
    let output = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes text");
    let run = Run {
        code: output.status.code().expect("the program ends by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    };
    for text in [&run.out, &run.err] {
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "control characters are written: {text:?}");
    }
    run
}

/// Runs a command that has to answer.
#[track_caller]
fn answer(args: &str) -> String {
    let run = willitrun(&args.split_whitespace().collect::<Vec<_>>());
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{args}");
    run.out
}

/// Runs a command that has to answer with JSON of this schema.
#[track_caller]
fn answer_json(schema: &str, args: &str) -> Value {
    let value: Value = serde_json::from_str(&answer(&format!("{args} --json"))).expect("JSON");
    assert_eq!(value["schema"], format!("willitrun.{schema}/1"), "{args}");
    value
}

/// A figure of an answer, by its pointer such as `/memory/kv_bytes`.
#[track_caller]
fn figure(answer: &Value, at: &str) -> u64 {
    answer.pointer(at).and_then(Value::as_u64).unwrap_or_else(|| panic!("{at} of {answer:#}"))
}

/// A file of its own folder.
fn file(name: &str, text: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("it can be written");
    (folder, path)
}

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
    let known: Vec<(&str, u64)> =
        pools.iter().map(|pool| (pool["id"].as_str().expect("an id"), figure(pool, "/capacity_bytes") >> 30)).collect();
    assert!(known.starts_with(&[("gpu0", 24), ("gpu1", 24), ("ram", 64)]), "{known:?}");
    assert_eq!(answer["verdict"]["level"], "runs-well");
    let source = |figure: &str| {
        let sources = answer["sources"].as_array().expect("sources");
        sources.iter().find(|row| row["figure"] == figure).map_or("", |row| row["source"].as_str().expect("a source"))
    };
    assert!(source("ram capacity").starts_with("typed"), "{}", source("ram capacity"));
    assert!(source("ram read bandwidth").starts_with("assumed"), "{}", source("ram read bandwidth"));
    assert!(source("gpu0 read bandwidth").starts_with("data sheet"), "{}", source("gpu0 read bandwidth"));
    assert!(answer["findings"].to_string().contains("--ram-bandwidth"), "the assumption names its remedy");
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
        (vec!["models", "--no-such-option"], "--no-such-option", "willitrun --help"),
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

#[test]
fn a_published_file_answers_with_its_size_and_source() {
    let check = "check --machine epyc-9654-12ch-768gb --model deepseek-r1 --quant";
    let found = answer_json("check", &format!("{check} ud-q2_k_xl"));
    assert_eq!(figure(&found, "/memory/weights_bytes"), 226_591_737_119);
    assert_eq!(found["quant"]["id"], "UD-Q2_K_XL");
    assert_eq!(found["quant"]["label_bits"], 2);
    assert!((found["quant"]["bits_per_weight"].as_f64().expect("bits") - 2.701).abs() < 0.001);
    let sources = found["sources"].as_array().expect("sources");
    let weights = sources.iter().find(|row| row["figure"] == "weights").expect("the weights");
    assert!(weights["source"].as_str().is_some_and(|said| said.starts_with("published by unsloth")), "{weights}");
    // Routed experts as a load log lists them: 6.74 GB of them and 10.4 GB of the rest are read per token.
    let ceiling = answer_json("check", &format!("{check} UD-Q2_K_XL --engine ideal --cpu-experts all"));
    let rate = ceiling.pointer("/speed/decode_tps/expected").and_then(Value::as_f64).expect("a speed");
    assert!((460.8 / rate - 17.1).abs() < 0.1, "{} GB per token", 460.8 / rate);
    // The plain name is the rule; the file of January 2025 has a name of its own and the expanded cache.
    let rule = answer_json("check", &format!("{check} Q4_K_M"));
    let old = answer_json("check", &format!("{check} Q4_K_M@2025-01"));
    assert_eq!(figure(&rule, "/memory/weights_bytes"), 404_488_847_360);
    assert_eq!(figure(&old, "/memory/weights_bytes"), 404_424_858_010);
    assert_eq!(figure(&rule, "/memory/kv_bytes_per_token"), 70_272);
    assert_eq!(figure(&old, "/memory/kv_bytes_per_token"), 4_997_120);
    let text = answer(&format!("{check} Q4_K_M@2025-01"));
    assert!(text.contains("4.822 bits per weight (labelled 4); published by"), "{text}");
    let text = answer("quants --model deepseek-r1");
    assert!(text.contains("UD-IQ1_S") && text.contains("Q4_K_M@2025-01") && text.contains("by rule"), "{text}");
}

#[test]
fn a_shape_from_memory_is_said() {
    let model = Catalog::builtin().models.iter().find(|model| model.facts.doubt().is_some()).expect("one");
    let asked = format!("check --machine desktop-32gb-ddr4 --quant Q4_K_M --model {}", model.id);
    assert!(answer(&asked).contains("from memory, not read"));
    let found = answer_json("check", &asked);
    assert!(found["sources"][0]["source"].as_str().is_some_and(|said| said.contains("not read")), "{found:#}");
}

#[test]
fn quality_is_cited_or_absent() {
    let list = answer_json("quants", "quants");
    let row = |id: &str| {
        let rows = list["quants"].as_array().expect("quants");
        rows.iter().find(|row| row["id"] == id && row["kind"] == "file mix").cloned().expect("a mix")
    };
    assert_eq!(row("Q4_K_M")["quality"]["value"], 0.029_126);
    assert_eq!(row("Q4_K_M")["quality"]["model"], "Llama 3 8B");
    assert_eq!(row("NVFP4")["quality"], Value::Null);
    let figures = answer_json("quants", "quants Q4_K_M");
    let rows = figures["figures"].as_array().expect("figures");
    assert!(rows.len() >= 27, "{}", rows.len());
    assert!(rows.iter().all(|row| row["source"].as_str().is_some_and(|source| !source.is_empty())));
    assert!(answer("quants NVFP4").contains("no published figure"));
    let figures = answer("quants UD-Q2_K_XL");
    assert!(figures.contains("AIME 2024 on DeepSeek-R1 671B: 75.83 % ± 5.83, unquantised 77.53 %"), "{figures}");
}

#[test]
fn every_model_is_ranked_at_several_quants() {
    let ranked = answer_json("rank", "rank --machine desktop-rtx-3060-12gb --limit 200");
    let rows = ranked["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 200);
    let quants: std::collections::BTreeSet<&str> = rows.iter().filter_map(|row| row["quant"].as_str()).collect();
    assert!(quants.len() >= 3, "{quants:?}");
    let capped = |row: &Value| row["decode_tps"].as_f64().unwrap_or(0.0).min(20.0);
    for pair in rows.windows(2).filter(|pair| pair[0]["verdict"] == pair[1]["verdict"]) {
        assert!(capped(&pair[0]) >= capped(&pair[1]), "{pair:?}");
    }
    assert!(rows.iter().all(|row| row["context_max"].is_u64() || row["verdict"] == "no"), "{ranked:#}");
}

#[test]
fn lists_hold_the_whole_catalogue() {
    let catalog = Catalog::builtin();
    let ready = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles")).expect("profiles").count();
    assert_eq!(catalog.profiles.len(), ready, "a profile for each file of profiles/");
    let lists = [
        ("models", catalog.models.len(), 165),
        ("quants", Mix::ALL.len() + Format::ALL.len() + catalog.quants.runtimes.len(), 110),
        ("devices", catalog.accelerators.len() + catalog.platforms.len(), 370),
        ("profiles", ready, 60),
    ];
    for (list, count, least) in lists {
        let value = answer_json(list, list);
        let rows = value[list].as_array().expect("rows");
        assert_eq!(rows.len(), count, "{list}");
        assert!(count >= least, "{list}: {count}");
        let mut ids: Vec<String> = rows.iter().map(|row| format!("{} {}", row["id"], row["kind"])).collect();
        assert!(rows.iter().all(|row| row["id"].as_str().is_some_and(|id| !id.is_empty())), "{list}");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{list}: ids are unique");
        assert_eq!(answer(list).lines().count(), count, "{list} as text");
    }
}

#[test]
fn a_profile_goes_through_a_share_code_and_back() {
    for name in ["8x-h100-80gb", "mac-studio-m3-ultra-512gb", "raspberry-pi-4-8gb"] {
        assert!(answer(&format!("profile validate profiles/{name}.ron")).contains("good profile"));
        let code = answer(&format!("profile encode {name}"));
        assert!(code.starts_with("WIR1.") && code.lines().count() == 1, "{code}");
        let text = answer(&format!("profile decode {code}"));
        let (_folder, path) = file("back.ron", &text);
        let show = |name: &OsStr| {
            let run = willitrun(&["profile".as_ref(), "show".as_ref(), name, "--json".as_ref()]);
            assert_eq!(run.code, 0, "{}", run.err);
            serde_json::from_str::<Value>(&run.out).expect("JSON")
        };
        assert_eq!(show(path.as_os_str()), show(OsStr::new(name)), "{name}");
        // From a file, too, as a code is often kept.
        let (_folder, path) = file("code.txt", &code);
        let run = willitrun(&["profile".as_ref(), "decode".as_ref(), path.as_os_str()]);
        assert_eq!(run.out, text);
    }
}

#[test]
fn models_and_quants_go_the_same_way() {
    let code = answer("profile encode deepseek-r1");
    let text = answer(&format!("profile decode {code}"));
    let (_folder, path) = file("theirs.ron", &text.replacen("used: 8", "used: 4", 1));
    let path = path.to_str().expect("a path");
    assert!(answer(&format!("profile validate {path}")).contains("is a good model: DeepSeek-R1"));
    assert!(answer(&format!("profile show {path}")).contains("used: 4"));
    let quant = r#"(format: "willitrun.quant", version: 1, id: "small", name: "Small", base: "Q4_K_M",
        formats: [(tensors: "experts-down", format: "Q2_K")])"#;
    let (_folder, mix) = file("small.ron", quant);
    let mix = mix.to_str().expect("a path");
    assert!(answer(&format!("profile validate {mix}")).contains("is a good quant: Small"));
    let base = answer_json("check", &format!("check --machine dgx-spark --model {path} --quant Q4_K_M"));
    let small = answer_json("check", &format!("check --machine dgx-spark --model {path} --quant {mix}"));
    assert_eq!(small["quant"]["id"], "small");
    assert!(figure(&small, "/memory/weights_bytes") < figure(&base, "/memory/weights_bytes"));
    let (_folder, bad) = file("bad.ron", &text.replacen("used: 8", "used: 257", 1));
    let run = willitrun(&["profile".as_ref(), "validate".as_ref(), bad.as_os_str()]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("moe.used: it has to be between 1 and 256, not 257"), "{}", run.err);
}

#[test]
fn a_damaged_code_or_profile_is_refused() {
    let mut code = answer("profile encode dgx-spark").trim().to_owned();
    let middle = code.len() / 2;
    let other = if code.as_bytes()[middle] == b'A' { "B" } else { "A" };
    code.replace_range(middle..=middle, other);
    let run = willitrun(&["profile", "decode", &code]);
    assert_eq!((run.code, run.out.as_str(), run.err.lines().count()), (2, "", 1), "{}", run.err);
    assert!(run.err.contains("damaged"), "{}", run.err);
    let (_folder, path) = file("bad.ron", "(\n    format: \"willitrun.machine\", version: 1,\n    id: 7,\n)\n");
    let run = willitrun(&["profile".as_ref(), "validate".as_ref(), path.as_os_str()]);
    assert_eq!((run.code, run.out.as_str(), run.err.lines().count()), (2, "", 1), "{}", run.err);
    assert!(run.err.contains("bad.ron") && run.err.contains("line 3"), "file and line: {}", run.err);
}

#[test]
fn this_machine_is_read_and_every_figure_has_a_source() {
    let value = answer_json("detect", "detect");
    assert_eq!(value["machine"]["format"], "willitrun.machine");
    let pools = value["machine"]["pools"].as_array().expect("pools");
    assert!(!pools.is_empty());
    for pool in pools {
        assert!(figure(pool, "/capacity_bytes/value") > 0, "{pool}");
        for figure in pool.as_object().expect("a pool").values().filter(|value| value.get("value").is_some()) {
            assert!(figure["source"].as_str().is_some_and(|source| !source.is_empty()), "{pool}");
        }
    }
    assert!(value["findings"].as_array().is_some_and(|found| found.iter().all(|finding| finding["what"].is_string())));
}

#[test]
fn ram_is_measured() {
    let run = willitrun(&["measure", "ram", "--seconds", "0.5", "--json"]);
    if run.code == 1 && run.err.contains("Measuring memory needs") {
        eprintln!("skipped: {}", run.err.trim());
        return;
    }
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let value: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(value["schema"], "willitrun.measure/1");
    for figure in [
        "best_bytes_per_second",
        "median_bytes_per_second",
        "ordinary_pages_bytes_per_second",
        "threads",
        "cpu_over_wall",
    ] {
        assert!(value["ram"][figure].as_f64().is_some_and(|figure| figure > 0.0), "{figure}: {value}");
    }
    assert!(value["ram"]["spread"].as_f64().is_some_and(|spread| (0.0..=1.0).contains(&spread)), "{value}");
    assert_eq!(value["ram"]["stored"], false);
}

#[test]
#[cfg(all(unix, not(target_vendor = "apple")))]
fn without_a_display_the_answer_comes_as_text() {
    let run = willitrun::<&str>(&[]);
    assert!(matches!(run.code, 0 | 1), "{}: {}", run.code, run.err);
    let said: Vec<&str> = run.err.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(said.len(), 1, "one sentence: {}", run.err);
    assert!(said[0].contains("display") && !said[0].contains("panicked"), "{}", run.err);
    assert!(run.out.contains("Memory (GiB = 2^30 bytes)") && run.out.contains("Best here"), "{}", run.out);
}

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
