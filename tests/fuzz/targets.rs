//! What is done with each input: read it, and hold what was read to its promises. Nothing may panic.
//!
//! To add a target: a function here, its line in [`ALL`], its seeds in `seeds.rs`, and the three lines of
//! `fuzz_targets/` with their `[[bin]]`. `tests/fuzz_cases.rs` runs every target of [`ALL`] without a fuzzer.
#![allow(dead_code, reason = "each binary runs one of them")]

use std::sync::Arc;

use willitrun::catalog::Catalog;
use willitrun::catalog::bench_runs::Known;
use willitrun::formats::commands::{self, Shell};
use willitrun::formats::gguf::{self, Header, MOST_READ, Source, SplitName};
use willitrun::formats::gguf_model::GgufModel;
use willitrun::formats::machine_diff;
use willitrun::formats::machine_doc::{self, Origin};
use willitrun::formats::safetensors::{self, MOST_PARTS, SafetensorsModel};
use willitrun::formats::settings_doc::Settings;
use willitrun::formats::{
    hf_config, history_doc, llama_bench as bench, model_doc, ollama_manifest, quant_doc, share_code, tree,
};
use willitrun::memory::{FlashAttention, KvPlace, KvStreams, Outputs, RunOptions, SwaCache};
use willitrun::model::Architecture;
use willitrun::placement::{CpuExperts, GpuLayers, Policy, Split};
use willitrun::quant::{Imatrix, Mix, Quant};
use willitrun::scenario::{Scenario, Subject, evaluate_here};
use willitrun::units::{Tokens, parse_bytes, parse_tokens};

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const ALL: &[Target] = &[
    ("answer", answer),
    ("command", command),
    ("gguf", gguf),
    ("gguf_model", gguf_model),
    ("hf_config", hf_config),
    ("history", history),
    ("llama_bench", llama_bench),
    ("machine_doc", machine_doc),
    ("model_doc", model_doc),
    ("ollama_manifest", ollama_manifest),
    ("quant_doc", quant_doc),
    ("safetensors", safetensors),
    ("settings", settings),
    ("share_code", share_code),
    ("tree", tree),
    ("typed", typed),
];

/// Bytes, then nothing but zeros up to the file's length; counts what is read.
struct Front<'a> {
    bytes: &'a [u8],
    length: u64,
    read: u64,
}

impl Source for Front<'_> {
    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        let length = into.len().min(usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX));
        into[..length].fill(0);
        let rest = usize::try_from(offset).ok().and_then(|from| self.bytes.get(from..)).unwrap_or_default();
        let there = rest.len().min(length);
        into[..there].copy_from_slice(&rest[..there]);
        self.read += length as u64;
        Ok(length)
    }
}

/// The header of a file that ends with the input, or goes on for a terabyte.
fn header(data: &[u8]) -> Option<Header> {
    let (&first, bytes) = data.split_first()?;
    let length = if first & 1 == 0 { bytes.len() as u64 } else { 1 << 40 };
    let mut source = Front { bytes, length, read: 0 };
    let header = gguf::read(&mut source, length);
    assert!(source.read <= MOST_READ, "{} bytes read", source.read);
    if let Err(error) = &header {
        assert!(error.offset <= length, "{error}");
        assert_sentence(&error.to_string());
    }
    header.ok()
}

/// A header of a GGUF file: little is read, and no tensor lies outside the file.
pub fn gguf(data: &[u8]) {
    let Some(header) = header(data) else { return };
    for tensor in &header.tensors {
        let end = header.data_start.checked_add(tensor.offset).and_then(|at| at.checked_add(tensor.bytes.get()));
        assert!(end.is_some_and(|end| end <= header.file_size), "{tensor:?} of {}", header.file_size);
    }
    for text in [header.text("general.name"), header.text("general.architecture")].into_iter().flatten() {
        let _ = SplitName::parse(text).map(|name| name.of_part(name.count()));
    }
}

/// The model of a header: its weights are the table's, and its shape is one a document can hold.
pub fn gguf_model(data: &[u8]) {
    let Some(header) = header(data) else { return };
    match GgufModel::new("id", vec![header]) {
        Err(why) => assert_sentence(&why),
        Ok(model) => {
            assert_eq!(model.weights(None).file, model.tensor_bytes);
            for finding in &model.findings {
                assert_sentence(&finding.what);
            }
            match &model.architecture {
                Err(why) => assert_sentence(why),
                Ok(shape) => assert_written(shape),
            }
            let subject = model.architecture.clone().map(|shape| {
                let weights = model.weights(None);
                Subject::of_file(shape, model.as_quant(), None, weights, model.layout)
            });
            if let Ok(subject) = subject {
                ask(subject, [0; 8]);
            }
        }
    }
}

/// A `config.json`: the shape is one a document can hold, and it can be asked about.
pub fn hf_config(data: &[u8]) {
    let Some(text) = text(data) else { return };
    match hf_config::parse(text) {
        Err(error) => assert_sentence(&error.to_string()),
        Ok(config) => {
            for finding in &config.findings {
                assert_sentence(&finding.what);
            }
            if let Some(name) = config.quant_name() {
                assert_sentence(&name);
            }
            let shape = config.named("a folder").architecture;
            assert_written(&shape);
            ask(Subject::new(shape, Quant::mix(Mix::BF16, Imatrix::Without), None), [0; 8]);
        }
    }
    if let Err(error) = hf_config::parse_quant(text) {
        assert_sentence(&error.to_string());
    }
}

/// A safetensors file: eight bytes with the length of its data, then its beginning; the tensors are all of the
/// data. Or an index: its files lie beside it.
pub fn safetensors(data: &[u8]) {
    let Some((length, begin)) = data.split_first_chunk::<8>() else { return };
    let length = u64::from_le_bytes(*length).saturating_add(begin.len() as u64);
    match safetensors::parse_header(begin, length) {
        Err(error) => assert_sentence(&error.to_string()),
        Ok(header) => {
            let bytes: u64 = header.tensors.iter().map(|tensor| tensor.bytes.get()).sum();
            assert_eq!(header.data_start + bytes, length);
            match SafetensorsModel::new(vec![header], Err("No config.json.".to_owned())) {
                Err(why) => assert_sentence(&why),
                Ok(model) => {
                    assert!((model.tensor_bytes + model.other_bytes).get() <= bytes);
                    assert!(model.bits_per_weight >= 0.0, "{}", model.bits_per_weight);
                    for finding in &model.findings {
                        assert_sentence(&finding.what);
                    }
                }
            }
        }
    }
    match text(begin).map(safetensors::parse_index) {
        Some(Ok(index)) => {
            assert!((1..=MOST_PARTS).contains(&index.parts.len()) && index.parts.len() <= index.tensors);
            assert!(index.parts.iter().all(|part| !part.contains(['/', '\\', ':', '\0']) && !part.starts_with('.')));
        }
        Some(Err(error)) => assert_sentence(&error.to_string()),
        None => {}
    }
}

/// A manifest of Ollama: each file it names lies in the folder of blobs.
pub fn ollama_manifest(data: &[u8]) {
    let Some(text) = text(data) else { return };
    match ollama_manifest::read(text) {
        Err(why) => assert_sentence(&why),
        Ok(manifest) => {
            let model = match manifest.weights {
                ollama_manifest::Weights::Gguf(layer) => Some(layer),
                _ => None,
            };
            for layer in manifest.projectors.iter().chain(&model) {
                let name = layer.digest.file_name();
                let digits = name.strip_prefix("sha256-").expect(&name);
                assert!(digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{name}");
            }
        }
    }
}

/// A model's document, or a family's: what was read is written and read back the same.
pub fn model_doc(data: &[u8]) {
    let Some(text) = text(data) else { return };
    for model in [model_doc::parse_model(text).map(|model| vec![model]), model_doc::parse_models(text)] {
        match model {
            Ok(models) => models.iter().for_each(assert_written),
            Err(error) => assert_sentence(&error.to_string()),
        }
    }
}

fn assert_written(model: &Architecture) {
    let written = model_doc::write_model(model);
    assert_eq!(model_doc::parse_model(&written).as_ref(), Ok(model), "{written}");
}

/// The answer about any model that a document may describe, with any options: eight bytes, then the document.
pub fn answer(data: &[u8]) {
    let Some((choices, rest)) = data.split_first_chunk::<8>() else { return };
    let Some(model) = text(rest).and_then(|text| model_doc::parse_model(text).ok()) else { return };
    let mix = Mix::ALL[usize::from(choices[0]) % Mix::ALL.len()];
    let experts = (choices[1] & 64 != 0).then_some(u64::from(choices[1] & 63));
    ask(Subject::new(model, Quant::mix(mix, Imatrix::Without), experts), *choices);
}

/// Asks about a model; the choices say how and on which machine.
fn ask(subject: Subject, choices: [u8; 8]) {
    let catalog = Catalog::builtin();
    let pick = |at: usize, count: usize| usize::from(choices[at]) % count;
    let flag = |bit: u8| choices[2] & (1 << bit) != 0;
    let format = |at: usize| RunOptions::KV_FORMATS[pick(at, RunOptions::KV_FORMATS.len())];
    let context = Tokens::new((1 << pick(3, 31)) + u64::from(choices[4]));
    let run = RunOptions {
        context,
        sequences: u64::from(choices[4] >> 4),
        streams: if flag(0) { KvStreams::Unified } else { KvStreams::PerSequence },
        flash_attention: if flag(1) { FlashAttention::Off } else { FlashAttention::On },
        swa: if flag(2) { SwaCache::Full } else { SwaCache::Window },
        outputs: if flag(3) { Outputs::All } else { Outputs::Last },
        kv_place: if flag(4) { KvPlace::Host } else { KvPlace::Device },
        kv_k: format(5),
        kv_v: format(if flag(5) { 6 } else { 5 }),
        ..RunOptions::default()
    };
    let policy = Policy {
        gpu_layers: if flag(6) { GpuLayers::Count(u32::from(choices[6])) } else { GpuLayers::Auto },
        cpu_experts: if flag(7) { CpuExperts::First(u32::from(choices[7])) } else { CpuExperts::Auto },
        split: [None, Some(Split::Layer), None, Some(Split::Tensor)][usize::from(choices[1] >> 6)],
        tensor_split: Vec::new(),
    };
    let machine = &catalog.profiles[pick(7, catalog.profiles.len())].machine;
    let engine = Arc::clone(&catalog.engines[pick(5, catalog.engines.len())]);
    let usual = Scenario::new(Arc::new(subject), Arc::new(machine.clone()), engine, Arc::clone(&catalog.parameters));
    let answer = evaluate_here(&Scenario { run, policy, ..usual });
    let rate = answer.bill.map(|bill| bill.rate);
    assert!(
        rate.is_none_or(|rate| rate.low > 0.0 && rate.low <= rate.expected && rate.expected <= rate.high),
        "{rate:?}"
    );
}

/// A machine's document: what was read is written and read back the same.
pub fn machine_doc(data: &[u8]) {
    let Some(text) = text(data) else { return };
    for origin in [Origin::Own, Origin::Foreign] {
        match machine_doc::read(text, origin) {
            Err(error) => assert_sentence(&error.to_string()),
            Ok(doc) => {
                let written = machine_doc::write(&doc);
                match machine_doc::read(&written, origin) {
                    Ok(back) => assert_eq!(machine_doc::write(&back), written),
                    Err(error) => panic!("{error}: {written}"),
                }
                let said = machine_diff::text(&[&doc.machine, &doc.machine]);
                assert!(said.contains("They do not differ"), "{said}");
                assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
            }
        }
    }
}

/// The document of quants.
pub fn quant_doc(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Err(error) = quant_doc::parse_quants(text) {
        assert_sentence(&error.to_string());
    }
}

/// Settings: what was read is written and read back the same.
pub fn settings(data: &[u8]) {
    let Some(text) = text(data) else { return };
    match Settings::read(text) {
        Ok(settings) => assert_eq!(Settings::read(&settings.write()), Ok(settings)),
        Err(error) => assert_sentence(&error.to_string()),
    }
}

/// The history of measurements: what was read is written and read back the same, however many runs come on top.
pub fn history(data: &[u8]) {
    let Some(text) = text(data) else { return };
    match history_doc::read(text) {
        Ok(mut runs) => {
            assert_eq!(history_doc::read(&history_doc::write(&runs)).as_ref(), Ok(&runs));
            history_doc::add(&mut runs, willitrun::hardware::MeasuredRun::default());
            assert!(runs.len() <= history_doc::MOST_RUNS);
        }
        Err(error) => assert_sentence(&error.to_string()),
    }
}

/// Outputs of `llama-bench`: what is read is finite and named without a path, and is matched or left out with a reason.
pub fn llama_bench(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let read = match bench::read(text) {
        Ok(read) => read,
        Err(error) => return assert_sentence(&error.to_string()),
    };
    for test in &read.tests {
        assert!(test.rate.get() > 0.0 && (0.0..=1.0).contains(&test.spread) && test.params.get() > 0);
        assert!(!test.file_name.contains(['/', '\\', '\n']), "{}", test.file_name);
    }
    // Every model of the catalogue is compared with each test, so few tests will do.
    let few = bench::Bench { tests: read.tests.into_iter().take(3).collect(), bad: read.bad };
    let catalog = Catalog::builtin();
    let taken = catalog.take_bench(&few, &catalog.profiles[0].machine, Known::default());
    assert!(taken.runs.len() + taken.left.len() >= few.tests.len());
    taken.left.iter().for_each(|left| assert_sentence(&left.why));
}

/// Share codes both ways: an input is a code, the body of one with a right checksum, and a text to pack.
pub fn share_code(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let unpacked = |code: &str| match share_code::decode(code) {
        Ok(text) => assert!(text.len() <= share_code::MOST_TEXT),
        Err(error) => assert_sentence(&error.to_string()),
    };
    unpacked(text);
    unpacked(&format!("WIR1.{text}"));
    if let Ok(code) = share_code::encode(text) {
        assert_eq!(share_code::decode(&code).as_deref(), Ok(text), "{code}");
    }
}

/// A tree: what was read is printed and read back the same.
pub fn tree(data: &[u8]) {
    let Some(text) = text(data) else { return };
    match tree::parse(text) {
        Ok(node) => {
            let printed = tree::print(&node.value);
            assert_eq!(tree::parse(&printed).as_ref(), Ok(&node), "{printed}");
        }
        Err(fault) => {
            let (line, column) = fault.place(text);
            assert!(line >= 1 && column >= 1 && fault.at <= text.len(), "{fault:?}");
        }
    }
}

/// A command read over a question: refused in a sentence, or a question that has an answer and a command of its own.
pub fn command(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let Some(text) = text(rest) else { return };
    let catalog = Catalog::builtin();
    let machine = &catalog.profiles[usize::from(*choice) % catalog.profiles.len()].machine;
    let model = catalog.model("deepseek-v2-lite").expect("built in");
    let subject = Subject::new(Arc::clone(model), Quant::mix(Mix::Q4_K_M, Imatrix::Without), None);
    let engine = Arc::clone(&catalog.engines[0]);
    let usual = Scenario::new(Arc::new(subject), Arc::new(machine.clone()), engine, Arc::clone(&catalog.parameters));
    match commands::read(text, &usual) {
        Err(error) => assert_sentence(&error),
        Ok(read) => {
            let answer = evaluate_here(&read.scenario);
            if let Some(Ok(command)) = commands::of(&read.scenario, &answer.plan, Shell::Sh) {
                commands::read(&command, &usual).unwrap_or_else(|error| panic!("{command}: {error}"));
            }
        }
    }
}

/// What people type: sizes, contexts, quants, names of files.
pub fn typed(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let errors = [parse_bytes(text).err().map(|e| e.to_string()), parse_tokens(text).err().map(|e| e.to_string())];
    for error in errors.iter().flatten() {
        assert_sentence(error);
    }
    let _ = Quant::parse(text, Imatrix::Without, None);
    let _ = SplitName::parse(text).map(|name| name.of_part(1));
}

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// A refusal is words that can be shown: there are some, not endlessly many, and no control characters.
#[track_caller]
fn assert_sentence(text: &str) {
    assert!(!text.is_empty());
    assert!(text.len() < 4000, "{} bytes: {}", text.len(), &text[..text.floor_char_boundary(200)]);
    assert!(!text.chars().any(char::is_control), "{text:?}");
}
