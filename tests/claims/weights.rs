//! F1, F2, F21, F22, F33, F34: what files hold, what they take, and how they are named.

use willitrun::formats::commands::{Shell, of, read};
use willitrun::formats::hf_config;
use willitrun::memory::{self, KvLayout, RunOptions};
use willitrun::placement::CpuExperts;
use willitrun::quant::{Coding, Format, Shared};
use willitrun::reasoning::claims::{Amount, Ours};
use willitrun::scenario::{Scenario, evaluate_here, plan};

use crate::Asked;
use crate::ask::{ask as question, catalog, gb, gib, gpu, machine, mib, r1, ram};

const R1_CONFIG: &str = include_str!("../fixtures/config/deepseek-r1.json");

pub fn ask(asked: &mut Asked) {
    formats(asked);
    total(asked);
    commands(asked);
    quality(asked);
    imports(asked);
    units(asked);
}

fn formats(asked: &mut Asked) {
    for (key, quant) in [("bf16", "BF16"), ("fp8", "native"), ("q8", "Q8_0"), ("q4km", "Q4_K_M"), ("q4ks", "Q4_K_S")] {
        let weights = &r1(quant).weights;
        asked.number("F1", &format!("{key}-gb"), gb(weights.file));
        asked.number("F1", &format!("{key}-gib"), gib(weights.file));
        if key.starts_with('q') {
            asked.number("F1", &format!("{key}-bpw"), weights.bits_per_weight);
        }
        if ["bf16", "q4km"].contains(&key) {
            asked.count("F1", &format!("{key}-bytes"), weights.file.get());
        }
    }
    let native = r1("native");
    asked.number("F1", "fp8-main-gb", gb(native.weights.loaded()));
    asked.number("F1", "fp8-main-gib", gib(native.weights.loaded()));
    let old = r1("Q4_K_M@2025-01");
    asked.number("F1", "q4km-old-gb", gb(old.weights.file));
    asked.number("F1", "q4km-old-gib", gib(old.weights.file));
    asked.number("F1", "against-native", native.weights.file.as_f64() / old.weights.file.as_f64());
    for bits in ["4.5", "4.125", "4.15625", "4"] {
        asked.number("F1", &format!("plain-{bits}"), gb(r1(&format!("{bits}bpw")).weights.file));
    }
    let group = Coding { shared: Shared::Group(128), scale_bits: 16, ..Coding::plain(4.0) };
    asked.number("F1", "bits-g128", group.bits_per_weight());
    asked.number("F1", "bits-g128-z4", Coding { zero_bits: 4, ..group }.bits_per_weight());
}

fn total(asked: &mut Asked) {
    let scenario = question("llama.cpp", &r1("Q4_K_M"), machine(vec![ram(768, 307.2)]));
    let latent = evaluate_here(&scenario).plan;
    asked.number("F2", "weights-gib", gib(latent.weights()));
    asked.number("F2", "kv-gib", gib(latent.kv()));
    // The engine's own buffer; the logits it hands out, half a MiB, are another.
    let places = memory::Places::on_host(&scenario.subject.model);
    let run = RunOptions { rules: scenario.engine.rules, ..scenario.run };
    asked.number("F2", "compute-mib", mib(memory::compute(&scenario.subject.model, &run, &places).host));
    asked.number("F2", "total-gib", gib(latent.total()));
    let run = RunOptions { layout: KvLayout::Expanded, ..scenario.run };
    let expanded = evaluate_here(&Scenario { run, ..scenario.clone() }).plan;
    asked.number("F2", "expanded-adds", gib(expanded.kv() - latent.kv()));
    let old = evaluate_here(&Scenario { subject: r1("Q4_K_M@2025-01"), ..scenario }).plan;
    asked.number("F2", "unsplit-adds", gib(old.kv() - latent.kv()));
}

fn commands(asked: &mut Asked) {
    let mut scenario = question("llama.cpp", &r1("Q4_K_M"), machine(vec![ram(768, 460.8), gpu(24, 1008.0)]));
    scenario.policy.cpu_experts = CpuExperts::All;
    (scenario.run.kv_k, scenario.run.kv_v) = (Format::Q8_0, Format::Q8_0);
    scenario.subject = std::sync::Arc::new(scenario.subject.with_experts(Some(6)));
    let command = |scenario: &Scenario| match of(scenario, &plan(scenario), Shell::Sh) {
        Some(Ok(command)) => command,
        other => format!("no command: {other:?}"),
    };
    for key in ["experts", "context", "keys", "used"] {
        asked.text("F21", key, command(&scenario));
    }
    let usual = question("llama.cpp", &r1("Q4_K_M"), willitrun::hardware::Machine::clone(&scenario.machine));
    let back = read(&command(&scenario), &usual).expect("a command").scenario;
    asked.holds("F21", "round-trip", command(&back) == command(&scenario) && plan(&back) == plan(&scenario));
    let engine = |id: &str| catalog().engine(id).expect("an engine").clone();
    asked.text("F21", "ollama", command(&Scenario { engine: engine("ollama"), ..scenario.clone() }));
    let large = machine((0..8).map(|_| gpu(192, 4800.0)).collect());
    asked.text("F21", "vllm", command(&question("vllm", &r1("native"), large)));
}

fn quality(asked: &mut Asked) {
    let quality = &catalog().quality;
    asked.count("F22", "uncited", quality.rows.iter().filter(|row| row.source.is_empty()).count() as u64);
    let average = |quant: &str| {
        let mut rows = quality.of(quant).filter(|row| row.test == "study-average");
        rows.find(|row| row.model.starts_with("DeepSeek-R1 ")).expect("a figure").clone()
    };
    asked.number("F22", "r1-q4", average("Q4_K_M").value);
    let claims = willitrun::reasoning::claims::Asked {
        model: crate::ask::model("deepseek-r1"),
        subject: &|quant| Some(r1(quant)),
        ceiling: catalog().engine("ideal").expect("an engine"),
        parameters: &catalog().parameters,
        quality,
    };
    for (key, quant) in [("r1-q4-kept", "Q4_K_M"), ("r1-q3-kept", "Q3_K_M"), ("r1-q2-kept", "UD-Q2_K_XL")] {
        let kept = Ours::Kept(quant.to_owned(), "study-average".to_owned()).amount(&claims);
        asked.number("F22", key, kept.number().expect("a figure"));
    }
}

fn imports(asked: &mut Asked) {
    let model = hf_config::parse(R1_CONFIG).expect("R1's config").architecture;
    asked.number("F33", "params", model.params().as_f64() / 1e9);
    asked.number("F33", "active", model.active_params(None).as_f64() / 1e9);
    let cache = memory::cache(&model, &RunOptions::default()).expect("supported");
    asked.count("F33", "token", cache.bytes_per_token().get());
    asked.count("F33", "experts", model.experts());
    let old = question("llama.cpp", &r1("Q4_K_M@2025-01"), machine(vec![ram(1024, 307.2)]));
    asked.count("F33", "unsplit", evaluate_here(&old).kv_per_token.get());
}

fn units(asked: &mut Asked) {
    let file = r1("Q4_K_M").weights.file;
    asked.number("F34", "gb", gb(file));
    asked.number("F34", "gib", gib(file));
    asked.text("F34", "text-gb", Amount::File(file).text());
    asked.text("F34", "dimms", willitrun::advice::kits::label_against_file(willitrun::units::Bytes::gib(512)));
}
