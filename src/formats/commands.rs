//! The plan as a command to copy.

use crate::memory::{FlashAttention, KvPlace, KvStreams, SwaCache};
use crate::model::Mixer;
use crate::placement::{Launcher, Mode, Plan, Split};
use crate::quant::Format;
use crate::scenario::Scenario;

use super::commands_nodes as nodes;

/// The command that starts the engine asked about; none where it does not read such files
/// or cannot run here. Where its flags were
/// read stands in `engines.ron`.
#[must_use]
pub fn of(scenario: &Scenario, plan: &Plan) -> Option<String> {
    let engine = &scenario.engine;
    if scenario.refusal().is_some() {
        return None;
    }
    Some(match engine.command {
        Launcher::LlamaServer => llama_server(scenario, plan),
        Launcher::IkLlamaServer => ik_llama_server(scenario, plan),
        Launcher::Ollama => ollama(scenario, plan),
        Launcher::Vllm => vllm(scenario, plan),
        Launcher::Mlx => mlx(scenario, plan),
        Launcher::KTransformers => ktransformers(scenario, plan),
    })
}

/// The `llama-server` command of a plan. Flags as in llama.cpp's `tools/server/README.md`.
#[must_use]
pub fn llama_server(scenario: &Scenario, plan: &Plan) -> String {
    let run = &scenario.run;
    let mut words = server(scenario, plan);
    if plan.split == Split::Tensor {
        words.push("-sm tensor".to_owned());
    }
    if run.streams == KvStreams::Unified && run.sequences > 1 {
        words.push("--kv-unified".to_owned());
    }
    if run.swa == SwaCache::Full {
        words.push("--swa-full".to_owned());
    }
    words.join(" ")
}

/// The same of `ik_llama.cpp`, which knows no unified cache and keeps the full context for windows anyway.
fn ik_llama_server(scenario: &Scenario, plan: &Plan) -> String {
    let mut words = server(scenario, plan);
    if scenario.subject.model.layers.iter().any(|layer| matches!(layer.mixer, Mixer::Mla(_))) {
        words.push("-mla 3".to_owned());
    }
    words.join(" ")
}

/// What both servers share.
fn server(scenario: &Scenario, plan: &Plan) -> Vec<String> {
    let run = &scenario.run;
    let mut words = vec![
        "llama-server".to_owned(),
        "-m".to_owned(),
        file(scenario),
        "-c".to_owned(),
        run.context.get().to_string(),
    ];
    let mut flag = |name: &str, value: String| words.extend([name.to_owned(), value]);
    if let Some(servers) = nodes::rpc_servers(scenario, plan) {
        flag("--rpc", servers);
    }
    if plan.gpu_layers > 0 || scenario.machine.gpus().next().is_some() {
        flag("-ngl", plan.gpu_layers.to_string());
    }
    if plan.cpu_expert_layers > 0 {
        flag("--n-cpu-moe", plan.cpu_expert_layers.to_string());
    }
    let shares: Vec<String> = nodes::shares(scenario, plan).iter().map(f64::to_string).collect();
    if shares.len() > 1 {
        flag("-ts", shares.join(","));
    }
    for (name, format) in [("-ctk", run.kv_k), ("-ctv", run.kv_v)] {
        if format != Format::F16 {
            flag(name, format.name().to_ascii_lowercase());
        }
    }
    flag("-fa", if run.flash_attention == FlashAttention::On { "on" } else { "off" }.to_owned());
    // Left alone the server takes four slots in one cache.
    flag("-np", run.sequences.to_string());
    if run.ubatch != 512 {
        flag("-ub", run.ubatch.to_string());
    }
    if run.batch != 2048 {
        flag("-b", run.batch.to_string());
    }
    if let Some(threads) = threads(scenario, plan) {
        flag("-t", threads.to_string());
    }
    if let Some(used) = scenario.subject.experts_used {
        flag("--override-kv", format!("{}.expert_used_count=int:{used}", scenario.subject.model.gguf));
    }
    if run.kv_place == KvPlace::Host {
        words.push("-nkvo".to_owned());
    }
    words
}

/// Ollama takes its settings from a file and from the environment of its server.
fn ollama(scenario: &Scenario, plan: &Plan) -> String {
    let run = &scenario.run;
    let name = scenario.subject.model.name.split_whitespace().collect::<Vec<_>>().join("-").to_ascii_lowercase();
    let name = quoted(&name);
    let mut settings = format!("PARAMETER num_ctx {}", each_sequence(scenario));
    if plan.gpu_layers > 0 && plan.mode != Mode::Gpu && plan.cpu_expert_layers == 0 {
        settings = format!("{settings}\\nPARAMETER num_gpu {}", plan.gpu_layers);
    }
    let file = path(scenario);
    let create = format!("printf 'FROM %s\\n{settings}\\n' {file} > Modelfile && ollama create {name} -f Modelfile");
    let mut serve = Vec::new();
    if run.sequences > 1 {
        serve.push(format!("OLLAMA_NUM_PARALLEL={}", run.sequences));
    }
    if run.kv_k != Format::F16 {
        serve.push(format!("OLLAMA_KV_CACHE_TYPE={}", scenario.engine.kv_word(run.kv_k)));
    }
    if serve.is_empty() {
        return format!("{create} && ollama run {name}");
    }
    format!("{} ollama serve & {create} && ollama run {name}", serve.join(" "))
}

fn vllm(scenario: &Scenario, plan: &Plan) -> String {
    let mut words = vec![format!("vllm serve {}", path(scenario))];
    words.extend(repository(scenario).map(|repository| format!("--tokenizer {repository}")));
    words.push(format!("--max-model-len {}", each_sequence(scenario)));
    words.push(format!("--max-num-seqs {}", scenario.run.sequences));
    words.push(format!("--max-num-batched-tokens {}", scenario.run.batch));
    let gpus = nodes::gpus(scenario, plan);
    if !nodes::hosts(scenario, plan).is_empty() {
        words.push("--distributed-executor-backend ray".to_owned());
    }
    if gpus > 1 {
        let way = if plan.split == Split::Tensor { "tensor" } else { "pipeline" };
        words.push(format!("--{way}-parallel-size {gpus}"));
    }
    if scenario.run.kv_k == Format::Q8_0 {
        words.push("--kv-cache-dtype fp8".to_owned());
    }
    words.join(" ")
}

fn mlx(scenario: &Scenario, plan: &Plan) -> String {
    let model = file_name(&scenario.subject.model.name, &scenario.subject.quant.id);
    let hosts = nodes::hosts(scenario, plan);
    let program = match (hosts.is_empty(), plan.split) {
        (true, _) => "mlx_lm.generate".to_owned(),
        // mlx_lm/examples/sharded_generate.py, under mlx.launch.
        (false, split) => {
            let way = if split == Split::Tensor { "" } else { " --pipeline" };
            format!("mlx.launch --hosts HOST-OF-FIRST,{} sharded_generate.py{way}", hosts.join(","))
        }
    };
    let mut words = vec![format!("{program} --model {}", quoted(model.trim_end_matches(".gguf")))];
    match scenario.run.kv_k {
        Format::Q8_0 => words.push("--kv-bits 8 --kv-group-size 64".to_owned()),
        Format::Q4_0 => words.push("--kv-bits 4 --kv-group-size 64".to_owned()),
        _ => {}
    }
    words.push(format!("--max-tokens {} --prompt -", scenario.answer.get()));
    words.join(" ")
}

fn ktransformers(scenario: &Scenario, plan: &Plan) -> String {
    let cpu = &scenario.machine.cpu;
    let mut words = vec!["python -m sglang.launch_server".to_owned()];
    words.push(format!("--model {}", repository(scenario).unwrap_or_else(|| file(scenario))));
    words.push(format!("--kt-method LLAMAFILE --kt-weight-path {}", path(scenario)));
    words.push(format!("--kt-cpuinfer {} --kt-threadpool-count {}", cpu.cores.max(1), cpu.sockets.max(1)));
    words.push("--kt-num-gpu-experts 0".to_owned());
    words.push(format!("--max-total-tokens {}", scenario.run.context.get()));
    let gpus = plan.layers.iter().filter_map(|home| home.gpu).max().map_or(1, |last| last + 1);
    if gpus > 1 {
        words.push(format!("--tensor-parallel-size {gpus}"));
    }
    if scenario.run.kv_k == Format::Q8_0 {
        words.push("--kv-cache-dtype fp8_e4m3".to_owned());
    }
    words.join(" ")
}

/// Tokens of context one sequence has.
fn each_sequence(scenario: &Scenario) -> u64 {
    (scenario.run.context.get() / scenario.run.streams()).max(1)
}

/// The file of the model as one word, the folder of a checkpoint: where it lies, if that is known and can be quoted
/// unchanged, else a name such as a converter would give.
fn file(scenario: &Scenario) -> String {
    let subject = &scenario.subject;
    let path = subject.file.as_ref().map(|file| file.path.replace('\\', "/"));
    let kept = path.as_deref().map(quoted).filter(|word| Some(word.trim_matches('"')) == path.as_deref());
    let name = file_name(&subject.model.name, &subject.quant.id);
    kept.unwrap_or_else(|| match subject.quant.as_layout() {
        Some(_) => quoted(name.trim_end_matches(".gguf")),
        None => quoted(&name),
    })
}

/// The same, marked as a path where it is a plain name.
fn path(scenario: &Scenario) -> String {
    let file = file(scenario);
    if file.contains('/') { file } else { format!("./{file}") }
}

/// The repository of the model, where it is known.
fn repository(scenario: &Scenario) -> Option<String> {
    let repository = &scenario.subject.model.facts.repo;
    (!repository.is_empty()).then(|| quoted(repository))
}

/// Threads matter where the CPU computes: the knee of a measurement, else the physical cores.
fn threads(scenario: &Scenario, plan: &Plan) -> Option<u32> {
    let on_cpu = plan.mode != Mode::Gpu;
    let measured = scenario.machine.measurements.iter().rev().find(|m| m.what == "ram").map(|m| m.threads);
    on_cpu.then(|| measured.unwrap_or(scenario.machine.cpu.cores)).filter(|threads| *threads > 0)
}

/// A file name such as a converter would give.
fn file_name(model: &str, quant: &str) -> String {
    let word = |text: &str| text.split_whitespace().collect::<Vec<_>>().join("-");
    format!("{}-{}.gguf", word(model), word(quant))
}

/// A word a POSIX shell, PowerShell and cmd all take as one, with nothing expanded. What cannot be quoted
/// alike in all three is dropped: quotes, dollar, backtick, percent, exclamation mark, caret, line ends.
fn quoted(word: &str) -> String {
    let clean: String = word
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '"' | '\'' | '$' | '`' | '%' | '!' | '^' | '\\'))
        .collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | ':');
    if clean.chars().all(plain) { clean } else { format!("\"{clean}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_data_is_expanded_by_a_shell() {
        assert_eq!(quoted("DeepSeek-R1-Q4_K_M.gguf"), "DeepSeek-R1-Q4_K_M.gguf");
        assert_eq!(quoted("a; rm -rf /\n$(x)`y`"), "\"a; rm -rf /(x)y\"");
        assert_eq!(quoted("%PATH%\"'!^"), "PATH");
    }
}
