//! The commands to copy: every option is one the engine's documentation has, and every word arrives unchanged.

use std::sync::Arc;

use willitrun::catalog::Catalog;
use willitrun::formats::commands::{OfEngine, Shell, of, of_each, read};
use willitrun::memory::{FlashAttention, KvPlace, Outputs, RunOptions};
use willitrun::placement::{CpuExperts, GpuLayers, Policy, Split};
use willitrun::quant::{Format, Imatrix, Quant};
use willitrun::scenario::{FileKind, FromFile, Scenario, Subject, evaluate, plan};
use willitrun::units::Tokens;

#[cfg(unix)]
mod in_a_shell;
mod windows;

const DESKTOP: &str = "epyc-9654-12ch-4090";
const PAIR: &str = "desktop-2x-rtx-3090";
const MAC: &str = "mac-studio-m3-ultra-512gb";
const SERVER: &str = "8x-h200-141gb";

fn subject(model: &str, quant: &str, experts: Option<u64>) -> Subject {
    let catalog = Catalog::builtin();
    let model = catalog.model(model).expect(model);
    if let Some(published) = catalog.published(&model.id, quant) {
        return published.subject(model, experts);
    }
    let quant = match catalog.runtime(quant) {
        Some(format) => format.quant(),
        None => Quant::parse(quant, Imatrix::Without, None).expect(quant),
    };
    Subject::new(model.as_ref().clone(), quant, experts)
}

fn ask(engine: &str, machine: &str, subject: Subject) -> Scenario {
    let catalog = Catalog::builtin();
    let machine = Arc::new(catalog.profile(machine).expect(machine).machine.clone());
    let engine = catalog.engine(engine).expect(engine).clone();
    Scenario::new(Arc::new(subject), machine, engine, catalog.parameters.clone())
}

fn in_sh(scenario: &Scenario) -> Option<String> {
    of(scenario, &plan(scenario), Shell::Sh).map(|command| command.expect("sh writes it"))
}

#[track_caller]
fn check(engine: &str, machine: &str, model: (&str, &str), expected: &str) {
    let command = in_sh(&ask(engine, machine, subject(model.0, model.1, None)));
    assert_eq!(command.as_deref(), Some(expected), "{engine} on {machine}");
}

#[test]
fn every_option_names_the_document_it_was_read_in() {
    for engine in Catalog::builtin().engines.iter().filter(|engine| !engine.ideal) {
        assert!(!engine.flags.is_empty(), "{}", engine.id);
        for flag in &engine.flags {
            let (place, read) = flag.source.rsplit_once(", read ").expect("a day");
            assert!(place.contains('/') && read.len() == 10, "{}: {}", flag.word, flag.source);
        }
    }
}

/// A question about a file that lies at this path.
fn at(engine: &str, path: &str) -> Scenario {
    let file =
        FromFile { name: "f".to_owned(), path: path.to_owned(), exact: Some(path.to_owned()), kind: FileKind::Gguf };
    ask(engine, PAIR, Subject { file: Some(file), ..subject("llama-3.1-8b", "Q4_K_M", None) })
}

#[test]
fn a_path_that_begins_like_an_option_is_marked_as_a_path() {
    for engine in ["llama.cpp", "ik_llama.cpp"] {
        let command = in_sh(&at(engine, "-ngl.gguf")).expect("a command");
        assert!(command.starts_with("llama-server -m ./-ngl.gguf -c 8192"), "{command}");
    }
    assert!(in_sh(&at("vllm", "-x.gguf")).expect("a command").starts_with("vllm serve ./-x.gguf --tokenizer "));
}

#[test]
fn what_no_shell_can_name_is_said() {
    let mut scenario = at("llama.cpp", "x");
    let mut changed = scenario.subject.as_ref().clone();
    changed.file.as_mut().expect("a file").exact = None;
    scenario.subject = Arc::new(changed);
    let error = of(&scenario, &plan(&scenario), Shell::Sh).expect("an answer").expect_err("no text");
    assert_eq!(error.to_string(), "The path 'x' is not text, so no command can name it.");
    let scenario = at("llama.cpp", "/a\nb.gguf");
    let each = Shell::ALL.map(|shell| of(&scenario, &plan(&scenario), shell).expect("an answer").is_ok());
    assert_eq!(each, [true, true, false], "sh and PowerShell can, cmd cannot");
}

#[test]
fn a_published_file_is_named_by_its_repository() {
    let r1 = in_sh(&ask("llama.cpp", DESKTOP, subject("deepseek-r1", "UD-IQ1_S", None))).expect("a command");
    assert!(r1.starts_with("llama-server -hf unsloth/DeepSeek-R1-GGUF:UD-IQ1_S -c 8192 -ngl "), "{r1}");
    check(
        "vllm",
        DESKTOP,
        ("llama-3.1-8b", "Q4_K_L"),
        "vllm serve bartowski/Meta-Llama-3.1-8B-Instruct-GGUF:Q4_K_L --tokenizer meta-llama/Llama-3.1-8B \
         --max-model-len 8192 --max-num-seqs 1 --max-num-batched-tokens 2048 --gpu-memory-utilization 0.92",
    );
    // A rule is nobody's file; an engine without the option has to be given one.
    for (engine, quant) in [("llama.cpp", "Q4_K_M"), ("ik_llama.cpp", "Q4_K_L")] {
        let command = in_sh(&ask(engine, DESKTOP, subject("llama-3.1-8b", quant, None))).expect("a command");
        assert!(command.starts_with(&format!("llama-server -m Llama-3.1-8B-{quant}.gguf -c 8192")), "{command}");
    }
}

#[test]
fn other_weights_come_from_where_they_were_published() {
    check(
        "vllm",
        SERVER,
        ("deepseek-r1", "fp8-block-128"),
        "vllm serve deepseek-ai/DeepSeek-R1 --max-model-len 8192 --max-num-seqs 1 --max-num-batched-tokens 2048 \
         --tensor-parallel-size 8 --gpu-memory-utilization 0.92",
    );
    check(
        "mlx",
        MAC,
        ("llama-3.1-8b", "mlx-4bit-g64"),
        "mlx_lm.convert --hf-path meta-llama/Llama-3.1-8B -q --q-bits 4 --q-group-size 64 \
         --mlx-path Llama-3.1-8B-mlx-4bit-g64 && \
         mlx_lm.generate --model Llama-3.1-8B-mlx-4bit-g64 --max-tokens 512 --prompt -",
    );
    let kt = in_sh(&ask("ktransformers", SERVER, subject("deepseek-r1", "fp8-block-128", None))).expect("a command");
    assert!(kt.starts_with("huggingface-cli download deepseek-ai/DeepSeek-R1 --local-dir ./DeepSeek-R1 && "), "{kt}");
    assert!(kt.contains("--model ./DeepSeek-R1 --kt-method FP8 --kt-weight-path ./DeepSeek-R1 "), "{kt}");
    // A form nobody is known to have published has a place to fill in, and nothing invented.
    let unknown = in_sh(&ask("vllm", DESKTOP, subject("llama-3.1-8b", "gptq-int4-g128", None))).expect("a command");
    assert!(unknown.starts_with("vllm serve '<folder of Llama 3.1 8B gptq-int4-g128>' --max-model-len"), "{unknown}");
}

#[test]
fn notes_speak_of_gguf_weights_only_where_there_are_some() {
    let said = |engine: &str, machine: &str, model: &str, quant: &str| {
        let answer = evaluate(&ask(engine, machine, subject(model, quant, None)));
        let findings: Vec<String> = answer.findings.iter().map(|f| format!("{} {}", f.what, f.remedy)).collect();
        findings.join("\n")
    };
    for (engine, machine) in [("vllm", SERVER), ("mlx", MAC)] {
        assert!(said(engine, machine, "llama-3.1-8b", "Q4_K_M").contains("Weights are counted as in the GGUF file"));
        assert!(!said(engine, machine, "llama-3.1-8b", "bf16-checkpoint").contains("GGUF"), "{engine}");
    }
    assert!(!said("ktransformers", SERVER, "deepseek-r1", "fp8-block-128").contains("GGUF"));
}

#[test]
fn a_file_of_one_engine_is_refused_by_the_others() {
    for quant in ["IQ2_K_R4", "Q2_K_R4"] {
        let catalog = Catalog::builtin();
        for engine in &catalog.engines {
            let scenario = ask(&engine.id, DESKTOP, subject("deepseek-r1", quant, None));
            let reads = engine.id == "ik_llama.cpp" || engine.ideal;
            assert_eq!(scenario.engine_reads_files(), reads, "{} {quant}", engine.id);
            if engine.id == "llama.cpp" {
                let sentence = evaluate(&scenario).verdict.sentence();
                assert_eq!(sentence, format!("Will not run: llama.cpp does not read {quant} files"));
            }
        }
        let command = in_sh(&ask("ik_llama.cpp", DESKTOP, subject("deepseek-r1", quant, None))).expect("a command");
        assert!(command.contains("-mla 3") && command.contains(&format!("-m DeepSeek-R1-{quant}.gguf")), "{command}");
    }
}

#[test]
fn what_was_decided_by_hand_is_in_the_command() {
    let mut scenario = ask("llama.cpp", PAIR, subject("deepseek-r1", "Q4_K_M", Some(6)));
    scenario.policy = Policy {
        gpu_layers: GpuLayers::Count(40),
        cpu_experts: CpuExperts::First(30),
        split: Some(Split::Tensor),
        tensor_split: vec![3.0, 1.5],
    };
    scenario.run = RunOptions {
        context: Tokens::new(32_768),
        kv_place: KvPlace::Host,
        sequences: 2,
        ubatch: 1024,
        ..scenario.run
    };
    scenario.run.kv_k = Format::Q8_0;
    let command = in_sh(&scenario).expect("a command");
    for words in [
        "-c 32768 ",
        "-ngl 40 ",
        "--n-cpu-moe 30 ",
        "-ts 3,1.5 ",
        "-ctk q8_0 ",
        "-np 2 ",
        "-ub 1024 ",
        "--override-kv deepseek2.expert_used_count=int:6 ",
        "-nkvo",
        "-sm tensor",
    ] {
        assert!(command.contains(words), "{words}: {command}");
    }
    assert!(!command.contains("-ctv"), "{command}");
}

#[test]
fn what_an_engine_cannot_be_told_is_said() {
    let told = |engine: &str, machine: &str| {
        let mut scenario = ask(engine, machine, subject("qwen3-30b-a3b", "Q4_K_M", Some(4)));
        scenario.policy.tensor_split = vec![1.0];
        let answer = evaluate(&scenario);
        let said = answer.findings.into_iter().map(|finding| finding.what);
        said.filter_map(|what| what.split_once("leaves it out: ").map(|(_, rest)| rest.to_owned())).collect::<Vec<_>>()
    };
    assert!(told("llama.cpp", DESKTOP).is_empty() && told("ik_llama.cpp", DESKTOP).is_empty());
    for (engine, machine) in [("ollama", DESKTOP), ("vllm", SERVER), ("mlx", MAC), ("ktransformers", DESKTOP)] {
        assert_eq!(told(engine, machine), ["shares of the GPUs, experts per token."], "{engine}");
    }
}

#[test]
fn ollama_is_given_its_environment_in_each_shell() {
    let mut scenario = ask("ollama", DESKTOP, subject("llama-3.1-8b", "Q4_K_M", None));
    scenario.run.sequences = 4;
    (scenario.run.kv_k, scenario.run.kv_v) = (Format::Q8_0, Format::Q8_0);
    let [sh, powershell, cmd] =
        Shell::ALL.map(|shell| of(&scenario, &plan(&scenario), shell).expect("an answer").expect("a command"));
    assert!(sh.starts_with("OLLAMA_NUM_PARALLEL=4 OLLAMA_KV_CACHE_TYPE=q8_0 OLLAMA_FLASH_ATTENTION=1 ollama serve & "));
    assert!(powershell.starts_with("$env:OLLAMA_NUM_PARALLEL='4'; $env:OLLAMA_KV_CACHE_TYPE='q8_0'; "), "{powershell}");
    assert!(cmd.starts_with("set OLLAMA_NUM_PARALLEL=4&& set OLLAMA_KV_CACHE_TYPE=q8_0&& "), "{cmd}");
    for command in [sh, powershell, cmd] {
        assert!(
            command.contains("PARAMETER num_ctx 2048") && command.ends_with("ollama run llama-3.1-8b"),
            "{command}"
        );
    }
}

#[test]
fn each_engine_has_the_command_of_its_own_plan() {
    let catalog = Catalog::builtin();
    let asked = ask("mlx", MAC, subject("llama-3.1-8b", "Q4_K_M", None));
    let each = of_each(&asked, &plan(&asked), &catalog.engines, Shell::Sh);
    let named: Vec<(&str, bool)> = each.iter().map(|own| (own.engine.as_str(), own.command.is_some())).collect();
    let expected = [
        ("llama.cpp", true),
        ("ik_llama.cpp", true),
        ("ktransformers", false),
        ("ollama", true),
        ("vllm", false),
        ("mlx", true),
    ];
    assert_eq!(named, expected);
    for own in each {
        let alone = in_sh(&ask(&own.engine, MAC, subject("llama-3.1-8b", "Q4_K_M", None)));
        assert_eq!(own.command.map(|command| command.expect("sh writes it")), alone, "{}", own.engine);
        assert_eq!(own.left_out, None, "{}", own.engine);
    }
    // What another engine's command leaves out is said beside it.
    let asked = ask("llama.cpp", DESKTOP, subject("qwen3-30b-a3b", "Q4_K_M", Some(4)));
    let each = of_each(&asked, &plan(&asked), &catalog.engines, Shell::Sh);
    let told = |own: &OfEngine| own.left_out.as_ref().is_some_and(|left| left.what.ends_with("experts per token."));
    let leaves: Vec<&str> = each.iter().filter(|own| told(own)).map(|own| own.engine.as_str()).collect();
    assert_eq!(leaves, ["ktransformers", "ollama", "vllm"]);
}

/// What a command says comes back as the question it was written for: the same command, the same plan.
#[test]
fn a_command_read_back_is_the_same_question() {
    let r1 = |experts| subject("deepseek-r1", "Q4_K_M", experts);
    let mut many = ask("llama.cpp", PAIR, subject("llama-3.3-70b", "Q4_K_M", None));
    many.policy.split = Some(Split::Tensor);
    many.policy.tensor_split = vec![3.0, 1.5];
    many.run = RunOptions { kv_place: KvPlace::Host, sequences: 2, ubatch: 1024, batch: 4096, ..many.run };
    (many.run.kv_k, many.run.kv_v) = (Format::Q8_0, Format::Q4_0);
    let mut experts = ask("llama.cpp", DESKTOP, r1(Some(6)));
    experts.policy.cpu_experts = CpuExperts::All;
    experts.run.context = Tokens::new(32_768);
    (experts.run.kv_k, experts.run.kv_v) = (Format::Q8_0, Format::Q8_0);
    let old = ask("ik_llama.cpp", DESKTOP, r1(None));
    for scenario in [many, experts, old, ask("llama.cpp", DESKTOP, subject("gemma-3-27b", "Q4_K_M", None))] {
        let command = in_sh(&scenario).expect("a command");
        // Read over the usual question about the same model on the same machine.
        let model = Subject::clone(&scenario.subject).with_experts(None);
        let usual = Scenario {
            run: RunOptions::default(),
            policy: Policy::default(),
            subject: Arc::new(model),
            ..scenario.clone()
        };
        let back = read(&command, &usual).unwrap_or_else(|why| panic!("{command}: {why}"));
        assert_eq!(in_sh(&back.scenario).as_deref(), Some(command.as_str()));
        assert_eq!(plan(&back.scenario).pools, plan(&scenario).pools, "{command}");
    }
}

#[test]
fn commands_of_others_are_read_and_bad_ones_refused() {
    let usual = ask("llama.cpp", DESKTOP, subject("deepseek-r1", "Q4_K_M", None));
    let command = "./build/bin/llama-server --model /m/r1.gguf --ctx-size 16384 --n-gpu-layers 99 \
                   -ot \".ffn_.*_exps.=CPU\" --cache-type-k q4_0 --cache-type-v q4_0 --port 8080 --flash-attn on";
    let read_back = read(command, &usual).expect("a command");
    assert_eq!(read_back.scenario.run.context, Tokens::new(16_384));
    assert_eq!(read_back.scenario.policy.cpu_experts, CpuExperts::All);
    assert_eq!(read_back.left_out, ["-m /m/r1.gguf", "--port 8080"]);
    assert!(read_back.uncounted.is_empty() && read_back.chosen.is_empty());
    let max = usual.subject.model.max_context;
    assert_eq!(read("llama-server -c 0", &usual).expect("all of it").scenario.run.context, max);
    for (command, why) in [
        ("", "not with llama-server"),
        ("vllm serve x", "begins with 'vllm'"),
        ("llama-server -c", "'-c' wants a value"),
        ("llama-server -c many", "-c: "),
        ("llama-server -ts 1,1,1", "gives shares to 3 GPUs, and this machine has 1"),
        ("llama-server -ts 0", "expected shares"),
        ("llama-server -ngl many", "-ngl is 'many': expected a whole number"),
        ("llama-server here.gguf", "'here.gguf' is out of place"),
        ("llama-server --swa-full=yes", "'yes' is the value of an option that takes none"),
        ("llama-server -sm both", "-sm is 'both': expected none, layer, row or tensor"),
        ("llama-server -sm none -mg 3", "-mg is 3, and this machine has 1 GPUs"),
        ("llama-server -n many", "-n is 'many': expected a whole number"),
        ("ollama run deepseek-r1", "not with llama-server, llama-cli or llama-bench"),
        ("llama-server -ctk q8_0 -ctv f16", "one format"),
        ("llama-server -ctk q9", "no format of a cache"),
        ("llama-server --override-kv deepseek2.expert_used_count=int:999", "with a number of its experts"),
        ("llama-server -m a; rm b", "';' is no part"),
        ("llama-server -ts 1,x", "expected shares"),
    ] {
        let error = read(command, &usual).expect_err(command);
        assert!(error.contains(why), "{command}: {error}");
    }
    let other = Scenario { engine: Catalog::builtin().engine("vllm").expect("an engine").clone(), ..usual };
    assert!(read("llama-server", &other).expect_err("another engine").contains("vLLM has another"));
}

#[test]
fn every_name_of_an_option_is_read() {
    let usual = ask("llama.cpp", PAIR, subject("qwen3-30b-a3b", "Q4_K_M", None));
    let same = |one: &str, other: &str| {
        let scenario = |command: &str| {
            let read = read(command, &usual).unwrap_or_else(|why| panic!("{command}: {why}"));
            assert!(read.uncounted.is_empty(), "{command}: {:?}", read.uncounted);
            read.scenario
        };
        let (one, other) = (scenario(&format!("llama-server {one}")), scenario(&format!("llama-cli {other}")));
        assert_eq!(one, other);
        assert_ne!(one, usual);
    };
    for (one, other) in [
        ("-c 4096", "--ctx-size 4096"),
        ("-ngl 20", "--gpu-layers 20"),
        ("-ngl 20", "--n-gpu-layers=20"),
        ("-ngl 999", "-ngl 999"),
        ("-ncmoe 4", "--n-cpu-moe 4"),
        ("-cmoe", "--cpu-moe"),
        ("-sm row", "--split-mode tensor"),
        ("-sm none -mg 1", "--tensor-split 0,1"),
        ("-ts 3,1", "--tensor-split 3,1"),
        ("-ctk q8_0 -ctv q8_0", "--cache-type-k q8_0 --cache-type-v q8_0"),
        ("-nkvo", "--no-kv-offload"),
        ("-fa off", "--flash-attn=off"),
        ("-np 4", "--parallel 4"),
        ("-kvu -np 2", "--kv-unified -np 2"),
        ("-b 1024", "--batch-size 1024"),
        ("-ub 256", "--ubatch-size 256"),
        ("-n 77", "--n-predict 77"),
        ("-n 77", "--predict 77"),
        ("-ot exps=CPU", "--override-tensor \\.ffn_.*_exps.=CPU"),
    ] {
        same(one, other);
    }
    // What is the default sets nothing, with its word and without.
    for usually in ["-fa", "-fa on --port 1", "-fa auto", "-ngl auto", "-ngl -1", "-kvo", "-no-kvu", "-n -1"] {
        assert_eq!(read(&format!("llama-server {usually}"), &usual).expect(usually).scenario, usual, "{usually}");
    }
    let all = read("llama-server -ngl all", &usual).expect("all").scenario.policy.gpu_layers;
    assert_eq!(all, GpuLayers::Count(u32::MAX));
}

#[test]
fn what_is_not_counted_is_named() {
    let usual = ask("llama.cpp", PAIR, subject("qwen3-30b-a3b", "Q4_K_M", None));
    let command = "llama-cli -m a.gguf -p \"Hello there\" --temp 0.7 --jinja -c 4096 --no-mmap --frobnicate 3 -md d.gguf \
                   --mlock -dev CUDA0 --seed -1 -v";
    let back = read(command, &usual).expect("a command");
    assert_eq!(back.scenario.run.context, Tokens::new(4096));
    assert_eq!(back.left_out, ["-m a.gguf", "-p Hello there", "--temp 0.7", "--jinja", "--seed -1", "-v"]);
    assert_eq!(back.uncounted, ["--no-mmap", "--frobnicate 3", "-md d.gguf", "--mlock", "-dev CUDA0"]);
    let main = read("llama-server -mg 1", &usual).expect("a command");
    assert_eq!((&main.scenario, &main.uncounted[..]), (&usual, &["-mg 1".to_owned()][..]));
}

#[test]
fn a_bench_is_its_first_test() {
    let usual = ask("llama.cpp", PAIR, subject("qwen3-30b-a3b", "Q4_K_M", None));
    let plain = read("llama-bench -m a.gguf", &usual).expect("a command");
    assert_eq!(plain.left_out, ["-m a.gguf"]);
    let Scenario { run, policy, depth, prompt, answer, .. } = &plain.scenario;
    assert_eq!((run.context.get(), depth.get(), prompt.get(), answer.get()), (512, 0, 512, 128));
    assert_eq!((run.batch, run.ubatch, run.outputs), (2048, 512, Outputs::All));
    assert_eq!((policy.gpu_layers, policy.cpu_experts), (GpuLayers::Count(u32::MAX), CpuExperts::First(0)));
    let command = "./llama-bench -p 0 -n 64,256 -d 0,512 -ngl 20,30 -fa 0,1 -b 256,512 -ub 128 -mmp 0 -sm none -ts 1/3 \
                   -ncmoe 4-8+2 -nkvo 1 -r 3 -o json -t 8";
    let back = read(command, &usual).expect("a command");
    let Scenario { run, policy, depth, prompt, answer, .. } = &back.scenario;
    assert_eq!((run.context.get(), depth.get(), answer.get()), (64, 0, 64));
    assert_eq!(*prompt, usual.prompt, "no prompt is tested");
    assert_eq!((run.batch, run.ubatch, run.kv_place), (256, 128, KvPlace::Host));
    assert_eq!(run.flash_attention, FlashAttention::Off);
    assert_eq!((policy.gpu_layers, policy.cpu_experts), (GpuLayers::Count(20), CpuExperts::First(4)));
    assert_eq!(policy.tensor_split, [1.0, 0.0], "none of the split is one GPU");
    assert_eq!(back.uncounted, ["-mmp 0"]);
    assert_eq!(back.left_out, ["-r 3", "-o json", "-t 8"]);
    let chosen = back.chosen.join(" ");
    for said in ["-n 64,256 the first was taken: 64", "-d 0,512", "-ngl 20,30", "-fa 0,1", "-b 256,512", "4-8+2"] {
        assert!(chosen.contains(said), "{said}: {chosen}");
    }
    assert!(!chosen.contains("-ub"), "{chosen}");
    let deep = read("llama-bench -d 8192 -n 32 -p 2048 -ts 3/1 -sm row -ctk q8_0 -ctv q8_0 -fa", &usual).expect("deep");
    assert_eq!((deep.scenario.run.context.get(), deep.scenario.depth.get()), (10_240, 8192));
    assert_eq!(
        (&deep.scenario.policy.tensor_split[..], deep.scenario.policy.split),
        (&[3.0, 1.0][..], Some(Split::Tensor))
    );
    assert_eq!(deep.scenario.run.kv_k, Format::Q8_0);
    let again = read("llama-bench -n 32 -n 64", &usual).expect("twice");
    assert_eq!((again.scenario.answer.get(), again.chosen.len()), (32, 1));
    for (command, why) in [
        ("llama-bench -d 9999999", "the model takes"),
        ("llama-bench -nkvo 2", "expected 0 or 1"),
        ("llama-bench -p many", "-p is 'many'"),
        ("llama-bench -ts 1/1/1", "gives shares to 3 GPUs"),
    ] {
        let error = read(command, &usual).expect_err(command);
        assert!(error.contains(why), "{command}: {error}");
    }
}
