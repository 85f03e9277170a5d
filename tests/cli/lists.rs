//! Lists, published files, quality, the ranking; documents through share codes and back.

use std::ffi::OsStr;
use std::path::Path;

use serde_json::Value;
use willitrun::catalog::Catalog;
use willitrun::quant::{Format, Mix};

use super::program::{answer, answer_json, figure, file, willitrun};

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
fn every_file_of_a_model_has_its_ratios_bits_engines_and_cited_quality() {
    let list = answer_json("quants", "quants --model deepseek-r1");
    let rows = list["files"].as_array().expect("files");
    let row = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id}"));
    let number = |id: &str, key: &str| row(id)[key].as_f64().unwrap_or_else(|| panic!("{id} {key}"));
    let bytes = |id: &str| number(id, "bytes");
    for id in ["Q4_K_M", "UD-Q2_K_XL", "awq-int4-g128"] {
        assert!((number(id, "of_native") - bytes(id) / bytes("fp8-block-128")).abs() < 1e-12, "{id}");
        assert!((number(id, "of_bf16") - bytes(id) / bytes("BF16")).abs() < 1e-12, "{id}");
    }
    // The label of a format of another runtime is the bits of its weights; scales come on top: (S + Z) / g.
    for (id, label, scales) in [
        ("gptq-int8-g128", 8.0, 0.1875),
        ("awq-int4-g128", 4.0, 20.0 / 128.0),
        ("compressed-tensors-w4a16-sym-g128", 4.0, 16.0 / 128.0),
        ("mlx-4bit-g64", 4.0, 32.0 / 64.0),
        ("Q4_K_M", 4.0, 0.5),
        ("Q8_0", 8.0, 0.5),
    ] {
        assert_eq!((number(id, "label_bits"), number(id, "scale_bits_per_weight")), (label, scales), "{id}");
    }
    let nf4 = rows.iter().find(|row| row["id"].as_str().is_some_and(|id| id.contains("nf4"))).expect("bitsandbytes");
    assert_eq!(nf4["label_bits"], 4.0);
    assert_eq!(row("UD-IQ1_S")["scale_bits_per_weight"], Value::Null, "a mixture has no one group");
    let quality = &row("UD-Q2_K_XL")["quality"];
    assert_eq!((&quality["test"], &quality["model"]), (&"AIME 2024".into(), &"DeepSeek-R1 671B".into()));
    assert_eq!(row("Q1_0")["quality"], Value::Null);
    assert_eq!(row("IQ2_K_R4")["engines"], serde_json::json!(["ik_llama.cpp"]));
    assert!(row("awq-int4-g128")["engines"].as_array().is_some_and(|all| all.contains(&"vLLM".into())));
    let text = answer("quants --model deepseek-r1");
    let line = text.lines().find(|line| line.starts_with("Q4_K_M ")).expect("a line");
    for part in ["404.5 GB", "376.7 GiB", "4.822", "0.587", "0.301", "llama.cpp", "75.43 %", "DeepSeek-R1 671B"] {
        assert!(line.contains(part), "{part}: {line}");
    }
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
fn share_codes_come_as_json_too() {
    let quant = r#"(format: "willitrun.quant", version: 1, id: "small", name: "Small", base: "Q4_K_M")"#;
    let (_folder, mix) = file("small.ron", quant);
    for (name, kind, id) in [
        ("dgx-spark", "machine", "dgx-spark"),
        ("deepseek-r1", "model", "deepseek-r1"),
        (mix.to_str().expect("a path"), "quant", "small"),
    ] {
        let asked = |what: &str, name: &str| answer_json("profile", &format!("profile {what} {name}"));
        let encoded = asked("encode", name);
        let code = encoded["code"].as_str().expect("a code");
        assert_eq!(format!("{code}\n"), answer(&format!("profile encode {name}")));
        let decoded = asked("decode", code);
        let text = decoded["document"].as_str().expect("a document");
        assert_eq!(text.trim_end(), answer(&format!("profile decode {code}")).trim_end());
        for told in [&encoded, &decoded, &asked("validate", name)] {
            assert_eq!((&told["kind"], &told["id"]), (&kind.into(), &id.into()), "{told}");
            assert!(told["name"].as_str().is_some_and(|name| !name.is_empty()), "{told}");
        }
        if kind != "machine" {
            assert_eq!(asked("show", name)["document"], decoded["document"]);
        }
    }
    // What is refused is a sentence on standard error, with and without.
    for what in ["encode", "decode", "validate", "show"] {
        let run = willitrun(&["profile", what, "no-such-thing", "--json"]);
        assert_eq!((run.code, run.out.as_str(), run.err.lines().count()), (2, "", 1), "{what}: {}", run.err);
    }
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
