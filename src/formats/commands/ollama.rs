//! Ollama takes its settings from a Modelfile and from the environment of its server.

use crate::formats::text::is_unsafe;
use crate::memory::FlashAttention;
use crate::placement::{Flag, Mode, Plan, Setting, Way};
use crate::quant::Format;
use crate::scenario::Scenario;

use super::line::Step;
use super::shell::Unwritable;
use super::{Words, weights};

const MODELFILE: &str = "Modelfile";

/// The server is started where it needs an environment of its own. One that runs already keeps its own: stop it first.
pub(super) fn steps(scenario: &Scenario, plan: &Plan) -> Result<Vec<Step>, Unwritable> {
    let engine = &scenario.engine;
    let lines = modelfile(scenario, plan)?;
    let environment = environment(scenario);
    let name = model_name(&scenario.subject.model.name);
    let words = |text: &str| text.split(' ').map(str::to_owned).collect();
    let mut steps = Vec::new();
    if !environment.is_empty() {
        steps.push(Step::Serve { environment, words: words("ollama serve"), ready: words("ollama ls") });
    }
    steps.push(Step::Write { file: MODELFILE, lines });
    let mut create = Words::new(engine, "ollama create");
    create.word(&name);
    create.set(Setting::SettingsFile, &MODELFILE);
    steps.push(create.run());
    let mut run = Words::new(engine, "ollama run");
    run.word(name);
    steps.push(run.run());
    Ok(steps)
}

fn modelfile(scenario: &Scenario, plan: &Plan) -> Result<Vec<String>, Unwritable> {
    let mut lines = vec![format!("FROM {}", from(&weights::as_path(&weights::gguf_file(scenario)?))?)];
    let mut parameter = |sets: Setting, value: u64| {
        let flag = scenario.engine.flag(sets).filter(|flag| flag.way == Way::File);
        lines.extend(flag.map(|flag| format!("PARAMETER {} {value}", flag.word)));
    };
    parameter(Setting::OneContext, weights::each_sequence(scenario));
    // Left alone it puts as many layers on GPUs as fit; experts it cannot be told about.
    if plan.gpu_layers > 0 && plan.mode != Mode::Gpu && plan.cpu_expert_layers == 0 {
        parameter(Setting::GpuLayers, plan.gpu_layers.into());
    }
    if plan.gpu_layers == 0 && scenario.machine.gpus().next().is_some() {
        parameter(Setting::GpuLayers, 0);
    }
    Ok(lines)
}

/// A path as the value of `FROM`: spaces at the ends need quotes, and what cannot be printed is read over.
fn from(path: &str) -> Result<String, Unwritable> {
    let unread = |c: char| is_unsafe(c) || c.is_whitespace() && c != ' ';
    if path.contains(unread) {
        return Err(Unwritable::Setting(path.to_owned()));
    }
    Ok(if path.trim() == path { path.to_owned() } else { format!("\"{path}\"") })
}

fn environment(scenario: &Scenario) -> Vec<(String, String)> {
    let run = &scenario.run;
    let flag = |sets: Setting| scenario.engine.flag(sets).filter(|flag| flag.way == Way::Environment);
    let mut set = Vec::new();
    let mut add = |flag: Option<&Flag>, value: String| set.extend(flag.map(|flag| (flag.word.clone(), value)));
    if run.sequences > 1 {
        add(flag(Setting::Sequences), run.sequences.to_string());
    }
    let small = run.kv_k != Format::F16;
    if small {
        add(flag(Setting::Kv), scenario.engine.kv_word(run.kv_k));
    }
    let flash = match run.flash_attention {
        FlashAttention::Off => flag(Setting::FlashOff),
        // It is on by itself where it works; a small cache needs it.
        FlashAttention::On => flag(Setting::FlashOn).filter(|_| small),
    };
    set.extend(
        flash.and_then(|flag| flag.word.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    set
}

/// A name Ollama takes: letters, digits, dots, dashes and underscores, a letter or a digit first.
fn model_name(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let words: String = name.chars().map(kept).collect();
    let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").trim_start_matches('.').chars().take(80).collect();
    if name.is_empty() { "model".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_ollama_takes() {
        for (name, expected) in [
            ("Llama 3.1 8B", "llama-3.1-8b"),
            ("DeepSeek-R1 (0528)", "deepseek-r1-0528"),
            ("..x", "x"),
            ("é", "model"),
            ("", "model"),
        ] {
            assert_eq!(model_name(name), expected);
        }
    }

    #[test]
    fn a_path_is_quoted_where_it_has_to_be() {
        assert_eq!(from("./a b.gguf").as_deref(), Ok("./a b.gguf"));
        assert_eq!(from("./a b ").as_deref(), Ok("\"./a b \""));
        assert!(from("./a\u{a0}b").is_err() && from("./a\nb").is_err());
    }
}
