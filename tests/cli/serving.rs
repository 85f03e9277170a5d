//! `check` for several sequences, long answers and several machines.

use serde_json::Value;

use super::program::{answer, answer_json, willitrun};

const R1: &str = "check --model deepseek-r1";

fn rate(answer: &Value, key: &str) -> [f64; 3] {
    ["low", "expected", "high"].map(|bound| answer["speed"][key][bound].as_f64().expect("a rate"))
}

#[test]
fn one_user_sees_a_part_of_what_all_get() {
    let ask = |sequences: u32| {
        answer_json(
            "check",
            &format!("check --model llama-3.1-8b --quant Q4_K_M --machine desktop-rtx-3090 --sequences {sequences}"),
        )
    };
    let (one, eight) = (ask(1), ask(8));
    assert_eq!(one["speed"]["decode_tps"], one["speed"]["throughput_tps"]);
    let (each, all) = (rate(&eight, "decode_tps"), rate(&eight, "throughput_tps"));
    for (each, all) in each.iter().zip(all) {
        assert!((all / each / 8.0 - 1.0).abs() < 1e-9, "{each} and {all}");
    }
    assert!(all[1] > rate(&one, "decode_tps")[1]);
    let sentence = eight["verdict"]["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("tokens/s each, "), "{sentence}");
    let text = answer("check --model llama-3.1-8b --quant Q4_K_M --machine desktop-rtx-3090 --sequences 8");
    assert!(text.contains("for each of 8 sequences") && text.contains("\n  together "), "{text}");
}

#[test]
fn too_many_sequences_are_refused() {
    let asked = "check --model llama-3.1-8b --quant Q4_K_M --sequences 65536 --samples 2";
    let run = willitrun(&asked.split(' ').collect::<Vec<_>>());
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.contains("--sequences 65536 times --samples 2 is more than 65536"), "{}", run.err);
}

#[test]
fn an_answer_names_its_length_and_how_it_slows_down() {
    let text =
        answer(&format!("{R1} --quant Q4_K_M --machine mac-studio-m3-ultra-512gb --answer 12000 --context 16384"));
    let line = text.lines().find(|line| line.contains("12,000-token answer in ")).expect("its time");
    assert!(line.contains("min, at ") && line.ends_with("tokens/s in the end"), "{line}");
}

#[test]
fn a_cluster_counts_every_machine() {
    let asked = format!("{R1} --quant Q8_0 --machine 2x-mac-studio-m3-ultra-512gb");
    let value = answer_json("check", &asked);
    let ids: Vec<&str> =
        value["memory"]["pools"].as_array().expect("pools").iter().filter_map(|pool| pool["id"].as_str()).collect();
    assert_eq!(ids, ["unified", "disk", "node1.unified"]);
    let command = value["commands"]["llama.cpp"].as_str().expect("a command");
    assert!(command.contains("--rpc HOST-OF-NODE1:50052 -ngl 62 "), "{command}");
    let bill = value["speed"]["bill"].to_string();
    assert!(bill.contains("Passing over the network") && bill.contains("memory of 2 machines"), "{bill}");
    let sources = value["sources"].to_string();
    assert!(sources.contains("network to node1, latency") && sources.contains("node1.unified capacity"), "{sources}");
    let text = answer(&asked);
    assert!(text.contains("\n  node1.unified ") && text.contains("rpc-server"), "{text}");
}

/// Shares given by hand name the devices of nodes first; each engine starts the machines its own way.
#[test]
fn commands_name_the_machines_in_use() {
    let ask = |rest: &str| {
        let asked = format!("check --model qwen3-235b-a22b --quant Q4_K_M {rest}");
        let value = answer_json("check", &asked);
        let engine = rest.split("--engine ").nth(1).unwrap_or("llama.cpp");
        value["commands"][engine].as_str().expect("a command").to_owned()
    };
    let two = "--machine 2x-dgx-spark";
    assert!(ask(&format!("{two} --tensor-split 3,1")).contains("--rpc HOST-OF-NODE1:50052 -ngl 95 -ts 3,1"));
    let vllm = ask(&format!("{two} --engine vllm"));
    assert!(vllm.contains("--distributed-executor-backend ray --tensor-parallel-size 2"), "{vllm}");
    let mlx = ask("--machine 2x-mac-studio-m3-ultra-512gb --engine mlx");
    assert!(mlx.contains("mlx_lm.generate") && !mlx.contains("HOST"), "one Mac is enough: {mlx}");
    let mlx = answer_json(
        "check",
        "check --model deepseek-r1 --quant Q8_0 --machine 4x-mac-studio-m3-ultra-512gb --engine mlx",
    );
    let mlx = mlx["commands"]["mlx"].as_str().expect("a command");
    assert!(mlx.contains(" && mlx.launch --hosts HOST-OF-FIRST,HOST-OF-NODE1 sharded_generate.py --pipeline"), "{mlx}");
}
