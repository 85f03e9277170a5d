//! From a request to a scenario: names are looked up, what is missing is assumed and said.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::advice;
use crate::catalog::Catalog;
use crate::formats::commands::Shell;
use crate::formats::engine_doc::LAYOUTS;
use crate::formats::machine_doc::{self, Origin};
use crate::formats::{custom_quant_doc, model_doc};
use crate::hardware::{Backend, Finding, Machine};
use crate::memory::{FlashAttention, Known, KvPlace, KvStreams, Outputs, RunOptions, SwaCache};
use crate::model::Architecture;
use crate::placement::{CpuExperts, Engine, GpuLayers, Policy, Split};
use crate::quant::{Format, Imatrix, Mix, Quant, RuntimeFormat};
use crate::scenario::{Scenario, Subject};
use crate::store::Store;
use crate::units::{Bytes, GIB, Tokens};

use super::described;
use super::model_file;
use super::request::Request;

/// The quant that is the form a model was published in.
const NATIVE: &str = "native";

/// A question ready to be asked, with what had to be assumed for it.
pub(super) struct Question {
    pub scenario: Scenario,
    pub findings: Vec<Finding>,
    /// The shell its commands are written for.
    pub shell: Shell,
}

/// Where `this` and profile ids come from.
pub(super) trait Machines {
    /// This very machine.
    fn this(&self) -> (Machine, Vec<Finding>);
    /// A machine of the user's own, or a ready-made one.
    fn named(&self, id: &str) -> Option<Machine>;
}

/// Remembers what was expanded: a batch often asks the same model and quant again, or the model under another.
#[derive(Default)]
pub(super) struct Expanded {
    subjects: HashMap<(String, Option<u64>), Arc<Subject>>,
    known: HashMap<String, Known>,
}

/// The most that is remembered at a time.
const MOST_EXPANDED: usize = 1024;

/// Turns a request into a question.
///
/// # Errors
/// The sentence to show.
pub(super) fn question(
    request: &Request,
    machines: &dyn Machines,
    expanded: &mut Expanded,
) -> Result<Question, String> {
    let catalog = Catalog::builtin();
    let engine = match (&request.engine, request.backend.as_deref()) {
        // MLX is an engine and its backend alike.
        (None, Some("mlx")) => catalog.engine("mlx"),
        (None, _) => catalog.engines.first(),
        (Some(id), _) => catalog.engine(id),
    };
    let engine = engine.ok_or_else(|| {
        let known: Vec<&str> = catalog.engines.iter().map(|engine| engine.id.as_str()).collect();
        format!("the engine '{}' is not known: choose {}", shown(request.engine.as_deref()), known.join(", "))
    })?;
    let mut read = Vec::new();
    let subject = subject(request, catalog, expanded, &mut read)?;
    let (machine, mut findings) = machine(request, catalog, machines)?;
    findings.extend(read);
    let (run, policy) = (run(request, engine, &mut findings)?, policy(request)?);
    let seen = engine.sees(&machine);
    let (shares, gpus) = (policy.tensor_split.len(), seen.gpus().count());
    if shares > gpus {
        return Err(format!(
            "--tensor-split gives shares to {shares} of the GPUs, and this machine has {gpus}: give one for each at most"
        ));
    }
    run.check(&subject.model).map_err(|error| error.to_string())?;
    let backend = match request.backend.as_deref() {
        None | Some("auto") => None,
        Some(word) => Some(Backend::parse(word).ok_or_else(|| {
            format!(
                "the backend '{}' is not known: choose auto, cuda, rocm, vulkan, metal, sycl, cpu or mlx",
                shown(Some(word))
            )
        })?),
    };
    if request.gpu_layers.is_some() && gpus == 0 && policy.gpu_layers != GpuLayers::Count(0) {
        findings.push(Finding::note("This machine has no GPU, so layers stay on the CPU.", ""));
    }
    let usual = Scenario::new(subject, Arc::new(machine), engine.clone(), catalog.parameters.clone());
    let given = |tokens: Option<u64>, usual: Tokens| tokens.map_or(usual, Tokens::new);
    let scenario = Scenario {
        run,
        engine_date: request.engine_date.clone(),
        policy,
        backend,
        depth: given(request.depth, usual.depth),
        prompt: given(request.prompt, usual.prompt),
        answer: given(request.answer, usual.answer),
        ..usual
    };
    findings.extend(instead(&scenario, catalog));
    let shells = Shell::ALL.map(|shell| (shell.name(), shell));
    let shell = match &request.shell {
        None => Shell::HERE,
        word => one_of("shell", word.as_deref(), &shells)?,
    };
    Ok(Question { scenario, findings, shell })
}

/// What to write where the engine cannot run what was asked: the engines that can, else a quant most can.
fn instead(scenario: &Scenario, catalog: &Catalog) -> Option<Finding> {
    scenario.refusal()?;
    let able: Vec<(String, String)> = advice::able(scenario, &catalog.engines)
        .map(|able| (able.engine.name.clone(), format!("--engine {}", able.engine.id)))
        .collect();
    let (names, words): (Vec<String>, Vec<String>) = able.into_iter().unzip();
    Some(if names.is_empty() {
        let other = advice::default_subject(&scenario.subject.model).quant.id;
        Finding::note(
            format!("No engine known here runs {} on this machine.", scenario.subject.quant.id),
            format!("Write another quant, such as --quant {other}."),
        )
    } else {
        Finding::note(
            format!("On this machine it runs with {}.", names.join(", ")),
            format!("Write {}.", words.join(" or ")),
        )
    })
}

fn shown(text: Option<&str>) -> String {
    crate::formats::shown(text.unwrap_or_default(), 60)
}

fn subject(
    request: &Request,
    catalog: &Catalog,
    expanded: &mut Expanded,
    findings: &mut Vec<Finding>,
) -> Result<Arc<Subject>, String> {
    let name = request.model.as_deref().ok_or("name a model with --model: see willitrun models")?;
    let path = Path::new(name);
    // A file says itself how its weights are kept.
    let own = |quant: &str| quant.trim().eq_ignore_ascii_case(NATIVE) && request.file_gib.is_none();
    if request.quant.as_deref().is_none_or(own) && catalog.model(name).is_none() && model_file::is_path(path) {
        return model_file::subject(path, request, findings);
    }
    let model = model(name, catalog, findings)?;
    let quant = request.quant.as_deref().ok_or("name a quant with --quant, such as Q4_K_M: see willitrun quants")?;
    let own = own_quant(quant)?;
    let published = catalog.published(&model.id, quant).filter(|_| request.file_gib.is_none() && own.is_none());
    let quant = match (own, published) {
        (Some(own), _) if request.file_gib.is_none() => own,
        (_, Some(published)) => published.quant(),
        _ => self::quant(quant, request, &model, catalog).map_err(|error| unknown_quant(error, &model, catalog))?,
    };
    if request.experts.is_some() && model.experts() == 0 {
        return Err(format!("--experts does not belong to {}: it has no experts", model.name));
    }
    if let Some(used) = request.experts
        && used > model.experts()
    {
        return Err(format!("--experts {used} is more than the {} experts of {}", model.experts(), model.name));
    }
    let key = format!("{name}\n{quant:?}");
    let key = (key, request.experts);
    if let Some(subject) = expanded.subjects.get(&key) {
        return Ok(subject.clone());
    }
    if expanded.subjects.len() >= MOST_EXPANDED {
        *expanded = Expanded::default();
    }
    let subject = match published {
        Some(published) => published.subject(&model, request.experts),
        None => Subject::new(Architecture::clone(&model), quant, request.experts),
    };
    let known = expanded.known.entry(name.to_owned()).or_default().clone();
    let subject = Arc::new(Subject { known, ..subject });
    expanded.subjects.insert(key, subject.clone());
    Ok(subject)
}

/// The sentence for a quant that is not known, with the published files of the model.
fn unknown_quant(error: String, model: &Architecture, catalog: &Catalog) -> String {
    let ids: Vec<&str> = catalog.published_of(&model.id).take(12).map(|file| file.id.as_str()).collect();
    if ids.is_empty() { error } else { format!("{error}; published for {}: {}", model.id, ids.join(", ")) }
}

/// A quant by name: `native` is the form the model was published in; then the formats of other runtimes, then mixes
/// and widths.
fn quant(name: &str, request: &Request, model: &Architecture, catalog: &Catalog) -> Result<Quant, String> {
    let imatrix = if request.imatrix { Imatrix::With } else { Imatrix::Without };
    let file = request.file_gib.map(|gib| Bytes::saturating(gib * GIB as f64));
    if file.is_none() && name.trim().eq_ignore_ascii_case(NATIVE) {
        let missing = || {
            format!(
                "the form {} was published in is not in the catalogue: choose a quant, or bf16-checkpoint for 16 bit",
                model.name
            )
        };
        return catalog.native(model).map(RuntimeFormat::quant).ok_or_else(missing);
    }
    match catalog.runtime(name) {
        Some(format) if file.is_none() => Ok(format.quant()),
        _ => Quant::parse(name, imatrix, file),
    }
}

/// A quant of the user's own, by id or from a file.
fn own_quant(name: &str) -> Result<Option<Quant>, String> {
    let path = Path::new(name);
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("ron")) {
        let text = super::files::text(path)?;
        let mix = custom_quant_doc::parse(&text).map_err(|error| format!("{}, {error}", path.display()))?;
        return Ok(Some(Quant::custom(Arc::new(mix))));
    }
    if Mix::parse(name).is_some() {
        return Ok(None);
    }
    let own = Store::open().ok().and_then(|store| store.quants().0.into_iter().find(|entry| entry.doc.id == name));
    Ok(own.map(|entry| Quant::custom(Arc::new(entry.doc))))
}

/// A built-in model, one of the user's own, or one from a file.
pub(super) fn model(name: &str, catalog: &Catalog, findings: &mut Vec<Finding>) -> Result<Arc<Architecture>, String> {
    if let Some(model) = catalog.model(name) {
        return Ok(model.clone());
    }
    let own = Store::open().ok().and_then(|store| store.models().0.into_iter().find(|entry| entry.doc.id == name));
    if let Some(entry) = own {
        return Ok(Arc::new(entry.doc));
    }
    let path = Path::new(name);
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("ron")) {
        let text = super::files::text(path)?;
        return model_doc::parse_model(&text).map(Arc::new).map_err(|error| format!("{}, {error}", path.display()));
    }
    if model_file::is_path(path) {
        return model_file::architecture(path, findings).map(Arc::new);
    }
    Err(format!(
        "the model '{}' is not known: see willitrun models, or give the path of a model file (.gguf, .safetensors, config.json, .ron)",
        shown(Some(name))
    ))
}

fn machine(request: &Request, catalog: &Catalog, machines: &dyn Machines) -> Result<(Machine, Vec<Finding>), String> {
    let described = !request.gpu.is_empty()
        || request.ram.is_some()
        || request.cpu.is_some()
        || request.ram_bandwidth.is_some()
        || request.ram_bandwidth_measured.is_some()
        || request.disk_bandwidth.is_some();
    let (machine, mut findings) = match request.machine.as_deref() {
        None if described => (described::blank(), Vec::new()),
        None | Some("this") => machines.this(),
        Some(name) => (named_machine(name, catalog, machines)?, Vec::new()),
    };
    let machine = described::apply(machine, request, catalog, request.machine.is_none() && described, &mut findings)?;
    Ok((machine, findings))
}

/// A profile by id, or by path.
pub(super) fn named_machine(name: &str, catalog: &Catalog, machines: &dyn Machines) -> Result<Machine, String> {
    if let Some(machine) = machines.named(name) {
        return Ok(machine);
    }
    if let Some(doc) = catalog.profile(name) {
        return Ok(doc.machine.clone());
    }
    let path = Path::new(name);
    if path.extension().is_none() && !path.exists() {
        return Err(format!(
            "the machine '{}' is not known: see willitrun profiles, or give the path of a profile",
            shown(Some(name))
        ));
    }
    let text = super::files::text(path)?;
    let mut doc = machine_doc::read(&text, Origin::Foreign).map_err(|error| format!("{}, {error}", path.display()))?;
    catalog.resolve(&mut doc.machine);
    Ok(doc.machine)
}

fn run(request: &Request, engine: &Engine, findings: &mut Vec<Finding>) -> Result<RunOptions, String> {
    let default = RunOptions::default();
    // Each sample is a sequence of its own.
    let (sequences, samples) = (request.sequences.unwrap_or(1), request.samples.unwrap_or(1));
    let most = super::request::MOST_SEQUENCES;
    if sequences * samples > most {
        return Err(format!("--sequences {sequences} times --samples {samples} is more than {most}: ask for fewer"));
    }
    if sequences > 1 && samples > 1 {
        findings.push(Finding::note(
            format!("{sequences} sequences of {samples} samples each are {} sequences.", sequences * samples),
            "What samples share of their prompt is counted for each of them.",
        ));
    }
    Ok(RunOptions {
        context: request.context.map_or(default.context, Tokens::new),
        sequences: sequences * samples,
        streams: if request.kv_unified { KvStreams::Unified } else { KvStreams::PerSequence },
        kv_k: kv_format("kv-k", request.kv_k.as_deref(), engine)?,
        kv_v: kv_format("kv-v", request.kv_v.as_deref(), engine)?,
        layout: one_of("kv-layout", request.kv_layout.as_deref(), &LAYOUTS)?,
        flash_attention: one_of(
            "flash-attn",
            request.flash_attn.as_deref(),
            &[("on", FlashAttention::On), ("off", FlashAttention::Off)],
        )?,
        swa: if request.swa_full { SwaCache::Full } else { SwaCache::Window },
        batch: request.batch_size.unwrap_or(default.batch),
        ubatch: request.ubatch.unwrap_or(default.ubatch),
        outputs: one_of("outputs", request.outputs.as_deref(), &[("last", Outputs::Last), ("all", Outputs::All)])?,
        kv_place: if request.kv_on_host { KvPlace::Host } else { KvPlace::Device },
        rules: engine.rules,
    })
}

fn policy(request: &Request) -> Result<Policy, String> {
    let whole = |key: &str, word: &str| {
        word.parse::<u32>()
            .map_err(|_| format!("--{key} cannot be '{}': expected auto or a whole number", shown(Some(word))))
    };
    Ok(Policy {
        gpu_layers: match request.gpu_layers.as_deref() {
            None | Some("auto") => GpuLayers::Auto,
            Some(word) => GpuLayers::Count(whole("gpu-layers", word)?),
        },
        cpu_experts: match request.cpu_experts.as_deref() {
            None | Some("auto") => CpuExperts::Auto,
            Some("all") => CpuExperts::All,
            Some(word) => CpuExperts::First(whole("cpu-experts", word)?),
        },
        split: request
            .split
            .as_deref()
            .map(|word| one_of("split", Some(word), &[("layer", Split::Layer), ("tensor", Split::Tensor)]))
            .transpose()?,
        tensor_split: request.tensor_split.clone(),
    })
}

/// One of a few words; the first is the default.
fn one_of<T: Copy>(key: &str, word: Option<&str>, choices: &[(&str, T)]) -> Result<T, String> {
    let Some(word) = word else { return Ok(choices[0].1) };
    choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, choice)| *choice).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        format!("--{key} cannot be '{}': expected {}", shown(Some(word)), names.join(", "))
    })
}

fn kv_format(key: &str, word: Option<&str>, engine: &Engine) -> Result<Format, String> {
    let Some(word) = word else { return Ok(Format::F16) };
    engine.kv_format(word).ok_or_else(|| {
        let names: Vec<String> = engine.kv_formats.iter().map(|format| engine.kv_word(*format)).collect();
        format!("--{key} cannot be '{}' for {}: expected {}", shown(Some(word)), engine.name, names.join(", "))
    })
}
