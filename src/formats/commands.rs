//! The plan as a command to copy.

use crate::memory::{FlashAttention, KvPlace, KvStreams, SwaCache};
use crate::placement::{Mode, Plan, Split};
use crate::quant::Format;
use crate::scenario::{Scenario, Subject};

/// The `llama-server` command of a plan. Flags as in llama.cpp's `tools/server/README.md`.
#[must_use]
pub fn llama_server(scenario: &Scenario, plan: &Plan) -> String {
    let run = &scenario.run;
    let mut words = vec![
        "llama-server".to_owned(),
        "-m".to_owned(),
        model_file(&scenario.subject),
        "-c".to_owned(),
        run.context.get().to_string(),
    ];
    let mut flag = |name: &str, value: String| words.extend([name.to_owned(), value]);
    if plan.gpu_layers > 0 || scenario.machine.gpus().next().is_some() {
        flag("-ngl", plan.gpu_layers.to_string());
    }
    if plan.cpu_expert_layers > 0 {
        flag("--n-cpu-moe", plan.cpu_expert_layers.to_string());
    }
    if plan.split == Split::Tensor {
        flag("-sm", "row".to_owned());
    }
    if !plan.tensor_split.is_empty() {
        let shares: Vec<String> = plan.tensor_split.iter().map(f64::to_string).collect();
        flag("-ts", shares.join(","));
    }
    for (name, format) in [("-ctk", run.kv_k), ("-ctv", run.kv_v)] {
        if format != Format::F16 {
            flag(name, format.name().to_ascii_lowercase());
        }
    }
    flag("-fa", if run.flash_attention == FlashAttention::On { "on" } else { "off" }.to_owned());
    if run.sequences > 1 {
        flag("-np", run.sequences.to_string());
    }
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
    if run.streams == KvStreams::Unified && run.sequences > 1 {
        words.push("--kv-unified".to_owned());
    }
    if run.swa == SwaCache::Full {
        words.push("--swa-full".to_owned());
    }
    words.join(" ")
}

/// Threads matter where the CPU computes: the knee of a measurement, else the physical cores.
fn threads(scenario: &Scenario, plan: &Plan) -> Option<u32> {
    let on_cpu = plan.mode != Mode::Gpu;
    let measured = scenario.machine.measurements.iter().rev().find(|m| m.what == "ram").map(|m| m.threads);
    on_cpu.then(|| measured.unwrap_or(scenario.machine.cpu.cores)).filter(|threads| *threads > 0)
}

/// The file a model was read from, where its path survives every shell; else a name such as a converter gives.
fn model_file(subject: &Subject) -> String {
    let path = subject.file.as_ref().map(|file| file.path.replace('\\', "/"));
    let kept = path.as_deref().map(quoted).filter(|word| Some(word.trim_matches('"')) == path.as_deref());
    kept.unwrap_or_else(|| quoted(&file_name(&subject.model.name, &subject.quant.id)))
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
