//! `claims` and `faq`.

use serde_json::Value;

use super::program::willitrun;

fn text(words: &[&str]) -> String {
    let run = willitrun(words);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{words:?}");
    run.out
}

fn json(words: &[&str]) -> Value {
    serde_json::from_str(&text(&[words, &["--json"]].concat())).expect("JSON")
}

fn refused(words: &[&str]) -> String {
    let run = willitrun(words);
    assert_eq!((run.code, run.out.as_str(), run.err.lines().count()), (2, "", 1), "{words:?}: {}", run.err);
    run.err
}

#[test]
fn published_answers_stand_beside_ours() {
    let value = json(&["claims"]);
    assert_eq!(value["schema"], "willitrun.claims/1");
    let answers = value["answers"].as_array().expect("answers");
    let by_id = |id: &str| answers.iter().find(|answer| answer["id"] == id).unwrap_or_else(|| panic!("{id}"));
    let kv = by_id("ram-kv-8192");
    assert_eq!((&kv["truth"], &kv["printed"], &kv["gives"]), (&"wrong".into(), &"1.65".into(), &"printed".into()));
    assert!((kv["recomputed"].as_f64().expect("a number") - 1.649).abs() < 0.001);
    assert_eq!((&kv["ours"][0]["value"], &kv["ours"][0]["unit"]), (&575_668_224.0.into(), &"bytes".into()));
    assert_eq!(by_id("ram-dense")["formula"], Value::Null, "unknown is null");
    assert_eq!(by_id("ram-t45")["gives"], "implied");
    assert_eq!(value["contradictions"].as_array().map(Vec::len), Some(16));
    assert_eq!(json(&["claims", "--topic", "cache"])["contradictions"].as_array().map(Vec::len), Some(0));
    let said = text(&["claims"]);
    for part in ["= 377.4 GB", "C16 ", "implies  45 GB/s / 0.5 tokens/s = 90 GB a token"] {
        assert!(said.contains(part), "{part}");
    }
}

#[test]
fn questions_are_answered_for_the_machine_asked() {
    let ask = |machine: &str| json(&["faq", "--machine", machine]);
    let (large, small) = (ask("epyc-9654-12ch-4090"), ask("laptop-16gb"));
    assert_eq!((&large["schema"], &large["model"]), (&"willitrun.faq/1".into(), &"deepseek-r1".into()));
    let answer = |value: &Value, id: &str| {
        let entries = value["entries"].as_array().expect("entries");
        let entry = entries.iter().find(|entry| entry["id"] == id).unwrap_or_else(|| panic!("{id}"));
        assert!(entry["how"].as_str().is_some_and(|how| !how.is_empty()), "{id}");
        entry["answer"].as_str().expect("a text").to_owned()
    };
    assert!(answer(&large, "will-it-run").starts_with("Runs well"));
    assert!(answer(&small, "this-machine").starts_with("Distill class"));
    assert_ne!(answer(&large, "how-much-memory"), answer(&small, "how-much-memory"));
    assert_eq!(answer(&large, "sampling"), answer(&small, "sampling"));
}

#[test]
fn questions_are_found_by_their_words() {
    let found = |words: &str| {
        let value = json(&["faq", "--machine", "laptop-16gb", "--search", words]);
        value["entries"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(found("TEMPERATURE top-p"), 1);
    assert!(found("") > 15);
    assert_eq!(found("no such thing"), 0);
    let said = text(&["faq", "--machine", "laptop-16gb", "--search", "no such thing"]);
    assert!(said.contains("Nothing here answers that"), "{said}");
    let alone = json(&["faq", "--model", "qwen3-8b", "--machine", "laptop-16gb"]);
    assert_eq!((&alone["model"], &alone["quant"]), (&"qwen3-8b".into(), &"Q4_K_M".into()));
    let other = json(&["faq", "--model", "qwen3-8b", "--quant", "Q8_0", "--machine", "laptop-16gb"]);
    assert_eq!((&other["model"], &other["quant"]), (&"qwen3-8b".into(), &"Q8_0".into()));
}

#[test]
fn prices_and_power_are_said_on_the_command_line() {
    let ask = |more: &[&str]| {
        let fixed = ["faq", "--machine", "laptop-16gb", "--model", "qwen3-8b", "--search", "cheaper"];
        let value = json(&[&fixed[..], more].concat());
        let entry = &value["entries"][0];
        [entry["answer"].as_str().expect("a text").to_owned(), entry["how"].as_str().expect("a text").to_owned()]
    };
    let [plain, how] = ask(&[]);
    assert!(plain.contains("That is the price of DeepSeek-R1, not of Qwen3 8B."), "{plain}");
    assert!(how.starts_with("60 W, assumed (preset Laptop"), "{how}");
    let [said, how] =
        ask(&["--watts-measured", "45", "--kwh-price", "0.4", "--api-output", "1.5", "--api-date", "2026-11"]);
    assert!(
        said.contains("at $0.4 a kWh") && said.contains("Typed prices took $1.5 for a million (2026-11)"),
        "{said}"
    );
    assert!(how.starts_with("45 W, measured; over"), "{how}");
    let [half, _] = ask(&["--prompt", "10000", "--cached-input", "50", "--api", "v4-flash"]);
    assert!(half.contains("5,000 of its prompt cached"), "{half}");
    let [euro, _] = ask(&["--currency", "EUR", "--per-dollar", "0.5", "--kwh-price", "0.3"]);
    assert!(euro.contains("at 0.3 EUR a kWh") && euro.contains("took 1.095 EUR for a million"), "{euro}");
    for (words, part) in [
        (["--watts", "lots"], "--watts cannot be 'lots': expected a number"),
        (["--api", "v4-pr"], "v4-pro"),
        (["--currency", "EUR"], "--per-dollar 0.9"),
        (["--cached-input", "101"], "from 0 to 100"),
    ] {
        let said = refused(&[&["faq"][..], &words].concat());
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_command_is_read_over_the_question() {
    let ask = ["check", "--model", "deepseek-r1", "--quant", "Q4_K_M", "--machine", "epyc-9654-12ch-4090"];
    let with = |command: &str| json(&[&ask[..], &["--command", command]].concat());
    let value = with("llama-server -m r1.gguf -c 32768 --cpu-moe -ctk q8_0 -ctv q8_0");
    assert_eq!(value["context"]["requested"], 32_768);
    assert_eq!(value["placement"]["cpu_expert_layers"], 61);
    assert!(value["findings"].to_string().contains("Of the command -m r1.gguf was left out."));
    let back = with(value["commands"]["llama.cpp"].as_str().expect("a command"));
    assert_eq!((&back["memory"], &back["placement"]), (&value["memory"], &value["placement"]));
    let said = refused(&[&ask[..], &["--command", "rm -rf x"]].concat());
    assert!(said.contains("--command: the command begins with 'rm'"), "{said}");
}

#[test]
fn what_does_not_belong_is_refused() {
    for (words, part) in [
        (vec!["claims", "--topic", "cash"], "--topic is 'cash'; expected one of model, weights, cache"),
        (vec!["claims", "--topics", "cache"], "'topics'"),
        (vec!["faq", "--model", "no-such-model"], "no-such-model"),
        (vec!["faq", "--shell", "sh"], "--shell does not belong here"),
        (vec!["faqs"], "faq"),
    ] {
        let said = refused(&words);
        assert!(said.contains(part), "{words:?}: {said}");
    }
}
