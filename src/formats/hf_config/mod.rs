//! `config.json` of Hugging Face repositories: the shape of a model and how its weights are kept.
//!
//! It is told in the keys of a GGUF file first, as a converter would (`metadata`), and then read by the rules for
//! those, so both kinds of file agree. Invariant: what is answered was checked like a document; a key that is
//! missing or makes no sense is named; unknown keys are ordinary.

mod compressed;
mod family;
mod feed_forward;
mod keys;
mod layers;
mod metadata;
mod quant;
mod state;

use std::collections::btree_map::Entry;

use super::document::{Refused, shown};
use super::gguf_shape::{self, Head};
use super::json::{self, Json};
use super::text::{clean, quoted};
use super::{Value, model_doc};
use crate::hardware::Finding;
use crate::model::{Architecture, Attention, Invalid, Mixer, Presence, RopeTable};
use crate::quant::Format;
use family::{Family, Mtp, QkNorm, State};
use keys::Config;
use layers::Kind;
use metadata::Told;
pub use quant::HfQuant;

/// The most text a configuration may have.
pub const MOST_BYTES: usize = 16 << 20;
/// What is said of a model of several parts.
pub(super) const NOT_COUNTED: &str = "Its parts for images or sound are not counted.";
/// The most values in it.
const MOST_VALUES: usize = 1 << 20;
/// The context of a model that has no limit of its own.
const UNLIMITED: i64 = 1 << 20;

/// What a `config.json` says.
#[derive(Clone, Debug, PartialEq)]
pub struct HfConfig {
    /// The model.
    pub architecture: Architecture,
    /// How its weights are quantized, if they are.
    pub quant: Option<HfQuant>,
    /// The format of weights that are not.
    pub dtype: Option<Format>,
    /// What is worth saying.
    pub findings: Vec<Finding>,
}

/// Reads a `config.json`.
///
/// ```
/// use willitrun::formats::hf_config::parse;
/// let config = parse(r#"{"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "hidden_size": 4096,
///     "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
///     "intermediate_size": 12288, "vocab_size": 151936, "max_position_embeddings": 40960}"#)?;
/// assert_eq!(config.architecture.params().get(), 8_190_735_360);
/// # Ok::<(), willitrun::formats::Refused>(())
/// ```
///
/// # Errors
/// The place of a syntax error; the key that is missing, out of range or contradicts another; families whose
/// layers cannot be said.
pub fn parse(text: &str) -> Result<HfConfig, Refused> {
    let whole = json::read(text, MOST_BYTES, MOST_VALUES)?;
    if !matches!(whole, Json::Table(_)) {
        return Err(Refused::Syntax { line: 1, column: 1, why: "a config.json is a table of keys".to_owned() });
    }
    let mut config = Config::new(&whole);
    let mut findings = Vec::new();
    let family = family(&config, &mut findings).map_err(refused)?;
    config.defaults = family.defaults;
    let architecture = architecture(&config, &family, &mut findings).map_err(refused)?;
    let architecture = model_doc::checked(architecture).map_err(by_key)?;
    if !architecture.tensors_known() && findings.is_empty() {
        findings.push(Finding::note(
            format!("The tensors of {} are not known one by one here.", quoted(&architecture.gguf)),
            "They are counted like Llama's: small ones may be missing from the sizes.",
        ));
    }
    if ["vision_config", "visual", "audio_config"].iter().any(|key| matches!(whole.get(key), Some(Json::Table(_)))) {
        findings.push(Finding::note(NOT_COUNTED, ""));
    }
    Ok(HfConfig { architecture, quant: quant::quant(&config), dtype: dtype(&config), findings })
}

/// Reads the `hf_quant_config.json` that `ModelOpt` writes beside a `config.json`.
///
/// # Errors
/// The place of a syntax error, and a document without a `quantization`.
pub fn parse_quant(text: &str) -> Result<HfQuant, Refused> {
    let whole = json::read(text, MOST_BYTES, MOST_VALUES)?;
    match whole.get("quantization") {
        Some(table @ Json::Table(_)) => Ok(quant::of(table)),
        _ => Err(refused(keys::invalid("quantization", "it is missing"))),
    }
}

impl HfConfig {
    /// The same under the name of its folder or file.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') { c } else { '-' };
        let id: String = clean(name, 120).chars().map(plain).collect();
        let id = id.trim_start_matches('.');
        if !id.is_empty() {
            id.clone_into(&mut self.architecture.id);
            self.architecture.name = clean(name, 120);
        }
        self
    }

    /// What to call its weights: the runtime format, the method, or the 16 bits they were trained in.
    #[must_use]
    pub fn quant_name(&self) -> Option<String> {
        match (&self.quant, self.dtype) {
            (Some(quant), _) => Some(quant.runtime.clone().unwrap_or_else(|| quant.method.clone())),
            (None, Some(format)) => Some(format.name().to_owned()),
            (None, None) => None,
        }
    }
}

fn refused(invalid: Invalid) -> Refused {
    Refused::Invalid { id: String::new(), invalid }
}

/// A refusal by the key of the configuration instead of the field of a model document.
fn by_key(error: Refused) -> Refused {
    const KEYS: &[(&str, &str)] = &[
        ("layers", "num_hidden_layers"),
        ("hidden", "hidden_size"),
        ("vocab", "vocab_size"),
        ("max_context", "max_position_embeddings"),
        ("attention.heads", "num_attention_heads"),
        ("attention.kv_heads", "num_key_value_heads"),
        ("attention.key", "head_dim"),
        ("attention.q_rank", "q_lora_rank"),
        ("attention.kv_rank", "kv_lora_rank"),
        ("attention.rope", "qk_rope_head_dim"),
        ("attention.nope", "qk_nope_head_dim"),
        ("attention.value", "v_head_dim"),
        ("window.tokens", "sliding_window"),
        ("moe.experts", "num_experts"),
        ("moe.used", "num_experts_per_tok"),
        ("moe.width", "moe_intermediate_size"),
        ("ffn.width", "intermediate_size"),
        ("mtp_layers", "num_nextn_predict_layers"),
    ];
    match error {
        Refused::Invalid { invalid, .. } => {
            let key = KEYS.iter().find(|(field, _)| *field == invalid.field).map(|(_, key)| *key);
            refused(Invalid { field: key.unwrap_or(invalid.field), ..invalid })
        }
        other => other,
    }
}

/// What classes of decoders end with.
const ENDS: [&str; 3] = ["ForCausalLM", "ForConditionalGeneration", "LMHeadModel"];

/// The family by `model_type` of the whole, of the text part, or by the name of the class.
fn family(config: &Config, findings: &mut Vec<Finding>) -> Result<Family, Invalid> {
    let kind = |part: &Json| part.get("model_type").and_then(Json::text).map(str::to_owned);
    let class = |part: &Json| {
        let first = part.get("architectures").and_then(Json::list).and_then(|list| list.first());
        first.and_then(Json::text).map(str::to_owned)
    };
    let (whole, text) = (config.whole, config.text);
    let classes: Vec<String> = [class(text), class(whole)].into_iter().flatten().collect();
    let stems = classes.iter().filter_map(|class| ENDS.iter().find_map(|end| class.strip_suffix(end)));
    let names: Vec<String> = [kind(whole), kind(text)].into_iter().flatten().chain(stems.map(str::to_owned)).collect();
    for name in &names {
        if let Some(why) = family::refused(name) {
            return Err(Invalid { field: "model_type", why: format!("{} is not supported: {why}", quoted(name)) });
        }
        if let Some(family) = Family::named(name) {
            return Ok(family);
        }
    }
    let name = names.first().map_or_else(|| "none".to_owned(), |name| quoted(name));
    if let Some(why) = unlike_llama(config, &classes) {
        let why = format!("{name} is not known here, and it is no plain decoder: {why}. Describe it in a .ron model");
        return Err(Invalid { field: "model_type", why });
    }
    findings.push(Finding::warning(
        format!("The model type {name} is not known here, so it is read like Llama."),
        "Norms, biases and windows of its own are not counted; its sizes are those it names.",
    ));
    Ok(Family::unknown())
}

/// Why a configuration is not that of a decoder like Llama, if it is not.
fn unlike_llama(config: &Config, classes: &[String]) -> Option<String> {
    let is_causal = |class: &String| class.ends_with("ForCausalLM") || class.ends_with("ForConditionalGeneration");
    if !classes.is_empty() && !classes.iter().any(is_causal) {
        return Some(format!("its class is {}", quoted(&classes[0])));
    }
    if config.whole.get("is_encoder_decoder").is_some_and(Json::is_true) {
        return Some("it has an encoder".to_owned());
    }
    let needed = ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"];
    if let Some(key) = needed.iter().find(|key| config.text.get(key).is_none()) {
        return Some(format!("it has no {key}"));
    }
    let act = ["hidden_act", "hidden_activation", "activation_function"].iter().find_map(|key| config.text.get(key));
    if let Some(act) = act.and_then(Json::text).filter(|act| !matches!(*act, "silu" | "swiglu" | "swish")) {
        return Some(format!("its activation is {}", quoted(act)));
    }
    let recurs = ["ssm_state_size", "state_size", "mamba_d_state", "conv_kernel", "linear_attn_config", "kv_lora_rank"];
    let recurs = recurs.iter().find(|key| config.text.get(key).is_some());
    recurs.map(|key| format!("it names {key}"))
}

/// The model in the family's own terms.
fn architecture(config: &Config, family: &Family, findings: &mut Vec<Finding>) -> Result<Architecture, Invalid> {
    let mut told = metadata::told(config, family)?;
    if let Entry::Vacant(context) = told.metadata.entry(format!("{}.context_length", told.arch)) {
        if !matches!(family.state, State::Mamba1 | State::Mamba2) {
            return Err(keys::invalid("max_position_embeddings", "it is missing"));
        }
        context.insert(Value::Int(UNLIMITED));
        findings.push(Finding::note("The file names no longest context, so it is taken as 1,048,576 tokens.", ""));
    }
    let ties = config.anywhere("tie_word_embeddings").map(Json::is_true);
    let head = if ties.unwrap_or(family.head == family::Head::Tied) { Head::Tied } else { Head::Own };
    let name = config.whole.get("model_type").and_then(Json::text).unwrap_or(family.gguf);
    let id: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(60).collect();
    let id = if id.is_empty() { "model".to_owned() } else { id };
    let read = gguf_shape::shape(&id, &told.metadata, head);
    let mut model = read.map_err(|invalid| told.named(invalid))?;
    model.name = shown(name, 120);
    "config.json".clone_into(&mut model.facts.source);
    if model.gguf == "deepseek4" {
        compressed::compressed(config, &mut model)?;
    }
    unshrunk_windows(&mut model, &told);
    details(config, family, &mut model)?;
    Ok(model)
}

/// A window that the engine ignores in some layers is not there in those that see everything.
fn unshrunk_windows(model: &mut Architecture, told: &Told) {
    for (i, layer) in model.layers.iter_mut().enumerate() {
        if let Mixer::Attention(Attention { window, .. }) = &mut layer.mixer
            && told.is(i, Kind::Full)
        {
            *window = None;
        }
    }
}

/// What the tensors of the file depend on besides its layers.
fn details(config: &Config, family: &Family, model: &mut Architecture) -> Result<(), Invalid> {
    const MTP: [&str; 3] = ["num_nextn_predict_layers", "mtp_num_hidden_layers", "mtp_num_layers"];
    model.mtp_layers = u32::try_from(config.number(&MTP)?.unwrap_or(0)).unwrap_or(u32::MAX);
    let rope_table = rope_table(config, model);
    let details = &mut model.details;
    details.mtp_in_file = family.mtp == Mtp::Kept && model.mtp_layers > 0;
    // DeepSeek's prediction layer has an embedding and a head of its own.
    details.mtp_ends = matches!(model.gguf.as_str(), "deepseek2" | "deepseek32") && model.mtp_layers > 0;
    details.qk_norm = match (family.qk_norm, config.text.get("use_qk_norm").map(Json::is_true)) {
        (QkNorm::Always, _) | (QkNorm::ByKey, Some(true)) => Presence::Present,
        (QkNorm::ByKey, Some(false)) => Presence::Absent,
        (QkNorm::Usual | QkNorm::ByKey, _) => Presence::Usual,
    };
    let bias = ["attention_bias", "qkv_bias", "add_qkv_bias"].iter().find_map(|key| config.text.get(key));
    details.rope_table = rope_table;
    let said = match bias.map(Json::is_true) {
        Some(true) => Presence::Present,
        Some(false) => Presence::Absent,
        None => return Ok(()),
    };
    // What is usual for the architecture need not be said.
    let usual = model.params();
    model.details.qkv_bias = said;
    if model.params() == usual {
        model.details.qkv_bias = Presence::Usual;
    }
    Ok(())
}

/// The table of rotary factors that a converter writes.
fn rope_table(config: &Config, model: &Architecture) -> RopeTable {
    let scaling = config.text.get("rope_scaling").or_else(|| config.text.get("rope_parameters"));
    let Some(scaling) = scaling else { return RopeTable::None };
    let kind = |table: &Json| ["rope_type", "type"].iter().find_map(|key| table.get(key)?.text().map(str::to_owned));
    if let Some(factors) = scaling.get("long_factor").and_then(Json::list).filter(|list| !list.is_empty()) {
        return RopeTable::LongShort(factors.len() as u64);
    }
    let kinds = [kind(scaling), scaling.get("full_attention").and_then(kind)];
    let has = |name: &str| kinds.iter().flatten().any(|kind| kind == name);
    if !has("llama3") && !has("proportional") {
        return RopeTable::None;
    }
    let widest = model.layers.iter().filter_map(|layer| match layer.mixer {
        Mixer::Attention(attention) => Some(attention.key / 2),
        _ => None,
    });
    widest.max().filter(|factors| *factors > 0).map_or(RopeTable::None, RopeTable::Freqs)
}

/// The format of weights that are not quantized.
fn dtype(config: &Config) -> Option<Format> {
    let name = config.anywhere("dtype").or_else(|| config.anywhere("torch_dtype"))?.text()?;
    match name.strip_prefix("torch.").unwrap_or(name) {
        "bfloat16" => Some(Format::BF16),
        "float16" | "half" => Some(Format::F16),
        "float32" | "float" => Some(Format::F32),
        _ => None,
    }
}
