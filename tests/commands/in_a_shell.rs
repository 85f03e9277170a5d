//! Commands run by real shells, with programs that only say what they were called with.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

use willitrun::catalog::Catalog;
use willitrun::formats::commands::{Shell, of};
use willitrun::memory::{FlashAttention, KvPlace, KvStreams, RunOptions, SwaCache};
use willitrun::placement::{CpuExperts, Engine, GpuLayers, Policy, Split, Way};
use willitrun::quant::Format;
use willitrun::scenario::{Scenario, plan};

use super::{DESKTOP, MAC, PAIR, SERVER, ask, at, in_sh, subject};

/// Questions that need every option there is.
fn variants(base: &Scenario) -> Vec<Scenario> {
    let run = base.run;
    let runs = [
        run,
        RunOptions { kv_k: Format::Q8_0, kv_v: Format::Q8_0, ..run },
        RunOptions { kv_k: Format::Q4_0, kv_v: Format::Q4_0, ..run },
        RunOptions { kv_k: Format::BF16, kv_v: Format::BF16, ..run },
        RunOptions { sequences: 4, streams: KvStreams::Unified, ..run },
        RunOptions { flash_attention: FlashAttention::Off, swa: SwaCache::Full, ..run },
        RunOptions { kv_place: KvPlace::Host, batch: 4096, ubatch: 1024, ..run },
    ];
    let by_hand = [
        Policy::default(),
        Policy { gpu_layers: GpuLayers::Count(9), ..Policy::default() },
        Policy { gpu_layers: GpuLayers::Count(0), ..Policy::default() },
        Policy { cpu_experts: CpuExperts::First(7), ..Policy::default() },
        Policy { cpu_experts: CpuExperts::All, ..Policy::default() },
        Policy { split: Some(Split::Tensor), ..Policy::default() },
        Policy { tensor_split: vec![3.0, 1.0], ..Policy::default() },
    ];
    let runs = runs.map(|run| Scenario { run, ..base.clone() });
    runs.into_iter().chain(by_hand.map(|policy| Scenario { policy, ..base.clone() })).collect()
}

/// Words that are programs and their own words, no options of an engine.
const PROGRAMS: [&str; 12] = [
    "mlx.launch",
    "llama-server",
    "ollama create",
    "ollama run",
    "ollama serve",
    "ollama ls",
    "vllm serve",
    "mlx_lm.generate",
    "mlx_lm.server",
    "mlx_lm.convert",
    "python -m sglang.launch_server",
    "huggingface-cli download",
];

/// The words of a call behind the program's own.
fn behind_the_program<'a>(program: &str, words: &'a [String]) -> Option<&'a [String]> {
    let rests = PROGRAMS.iter().filter_map(|own| {
        let mut own = own.split(' ');
        let own: Vec<&str> = (own.next() == Some(program)).then(|| own.collect())?;
        words.iter().zip(&own).all(|(word, own)| word == own).then(|| &words[own.len()..])
    });
    rests.min_by_key(|rest| rest.len())
}

/// Whether an option is one of the engine's, fixed value included.
fn is_listed(engine: &Engine, words: &[String]) -> bool {
    engine.flags.iter().filter(|flag| flag.way == Way::Argument).any(|flag| {
        let own: Vec<&str> = flag.word.split(' ').collect();
        own.len() <= words.len() && own.iter().zip(words).all(|(own, word)| own == word)
    })
}

#[test]
fn every_option_in_a_command_stands_in_the_engine_s_list() {
    let catalog = Catalog::builtin();
    for engine in catalog.engines.iter().filter(|engine| !engine.ideal) {
        let mut commands = BTreeSet::new();
        for (model, quant, machine) in [
            ("llama-3.1-8b", "Q4_K_M", PAIR),
            ("llama-3.1-8b", "Q4_K_L", MAC),
            ("llama-3.1-8b", "mlx-mxfp4-g32", MAC),
            ("qwen3-30b-a3b", "Q4_K_M", PAIR),
            ("qwen3-30b-a3b", "bf16-checkpoint", SERVER),
            ("deepseek-r1", "Q4_K_M", DESKTOP),
            ("qwen3-235b-a22b", "Q4_K_M", "2x-dgx-spark"),
            ("deepseek-r1", "Q8_0", "4x-mac-studio-m3-ultra-512gb"),
        ] {
            let base = ask(&engine.id, machine, subject(model, quant, (model != "llama-3.1-8b").then_some(6)));
            commands.extend(variants(&base).iter().filter_map(in_sh));
        }
        let mut printed = BTreeSet::new();
        for command in &commands {
            for (program, words) in run(command) {
                let rest = behind_the_program(&program, &words).unwrap_or_else(|| panic!("{program}: {command}"));
                for (at, word) in rest.iter().enumerate().filter(|(_, word)| word.starts_with('-') && *word != "-") {
                    assert!(is_listed(engine, &rest[at..]), "{word} is no option of {}: {command}", engine.id);
                    printed.insert(word.clone());
                }
            }
        }
        // What is listed is used.
        for flag in engine.flags.iter().filter(|flag| flag.way == Way::Argument) {
            let word = flag.word.split(' ').next().expect("a word");
            assert!(printed.contains(word), "{word} of {} is in no command: {commands:#?}", engine.id);
        }
        for flag in engine.flags.iter().filter(|flag| flag.way != Way::Argument) {
            assert!(commands.iter().any(|command| command.contains(&flag.word)), "{} is in no command", flag.word);
        }
    }
}

/// What programs of these names are called with, in order, when `sh` runs the command in a folder where they only
/// say so.
fn run(command: &str) -> Vec<(String, Vec<String>)> {
    run_in(&tempfile::tempdir().expect("a folder"), "sh", command)
}

fn run_in(folder: &tempfile::TempDir, shell: &str, command: &str) -> Vec<(String, Vec<String>)> {
    let heard = folder.path().join("heard");
    let tools = folder.path().join("tools");
    std::fs::create_dir_all(&tools).expect("a folder");
    for name in PROGRAMS.map(|program| program.split(' ').next().expect("a name")) {
        let tool = tools.join(name);
        let text = format!("#!/bin/sh\nprintf '%s\\0' {name} \"$@\" ';' >> {}\n", heard.display());
        std::fs::write(&tool, text).expect("it can be written");
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
    }
    let path = format!("{}:/usr/bin:/bin", tools.display());
    let done = std::process::Command::new(shell)
        .args(["-c", command])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("PRECIOUS", "expanded")
        .output()
        .expect("the shell starts");
    assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
    let heard = String::from_utf8(std::fs::read(&heard).expect("something ran")).expect("text");
    let mut calls = Vec::new();
    let mut words = Vec::new();
    for word in heard.split_terminator('\0') {
        if word == ";" {
            let call: Vec<String> = std::mem::take(&mut words);
            calls.push((call[0].clone(), call[1..].to_vec()));
        } else {
            words.push(word.to_owned());
        }
    }
    calls
}

const NASTY: [&str; 18] = [
    "/models/plain.gguf",
    "/models/two  words .gguf",
    "/it's/a \"model\".gguf",
    "/$PRECIOUS/${PRECIOUS}/$(touch pwned)/`touch pwned`.gguf",
    "/100%/%s/%n.gguf",
    "/!!/!$/a!b.gguf",
    "/^a/b&c;d|e<f>g.gguf",
    "/*/?/[a]/{b,c}/~/#x.gguf",
    "C:\\my models\\a.gguf",
    "/back\\slash\\.gguf",
    "/line\nend's %d \\.gguf",
    "/tab\tescape\u{1b}[31m!.gguf",
    "/right\u{202e}to left.gguf",
    "/größe 模型 🦙.gguf",
    "/a=b.gguf",
    "./-m.gguf",
    "a'; touch pwned; '.gguf",
    "~/x.gguf",
];

#[test]
fn a_name_arrives_unchanged_through_real_shells() {
    for shell in ["sh", "bash", "dash", "zsh"] {
        let there = std::process::Command::new(shell).args(["-c", ":"]).output().is_ok();
        assert!(there || shell != "sh", "sh is everywhere");
        for path in NASTY.iter().filter(|_| there) {
            let command = in_sh(&at("llama.cpp", path)).expect("a command");
            assert!(!command.contains(char::is_control), "{command:?}");
            let folder = tempfile::tempdir().expect("a folder");
            let calls = run_in(&folder, shell, &command);
            assert_eq!((calls.len(), calls[0].0.as_str()), (1, "llama-server"), "{command}");
            let model = calls[0].1.iter().position(|word| word == "-m").expect("a model");
            assert_eq!(calls[0].1[model + 1], *path, "{shell}: {command}");
            assert!(!folder.path().join("pwned").exists(), "{command}");
        }
    }
}

#[test]
fn a_modelfile_holds_the_name_unchanged_or_says_why_not() {
    for path in NASTY {
        let scenario = at("ollama", path);
        let Some(Ok(command)) = of(&scenario, &plan(&scenario), Shell::Sh) else {
            assert!(path.contains(|c: char| c.is_control() || c == '\u{202e}'), "{path:?}");
            continue;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let calls = run_in(&folder, "sh", &command);
        assert_eq!(calls[0].1, ["create", "llama-3.1-8b", "-f", "Modelfile"], "{command}");
        assert_eq!(calls[1].1, ["run", "llama-3.1-8b"]);
        let text = std::fs::read_to_string(folder.path().join("Modelfile")).expect("it was written");
        let from = if path.contains(['/', '\\']) { path.to_owned() } else { format!("./{path}") };
        assert_eq!(text, format!("FROM {from}\nPARAMETER num_ctx 8192\n"));
        assert!(!folder.path().join("pwned").exists(), "{command}");
    }
}
