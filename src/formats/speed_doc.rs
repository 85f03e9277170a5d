//! `assets/speed.ron`: fitted parameters of the speed model.

use serde::Deserialize;

use crate::hardware::Backend;
use crate::speed::{
    BackendRates, CopyRule, CoreRates, Counted, DeviceClass, Era, HostRates, LeftOut, OnMeasured, Parameters,
    Predicted, PrefillRates, Serving, Sockets, Together,
};
use crate::units::Seconds;

use super::Refused;
use super::document::{check_header, options};
use crate::model::Invalid;

const FORMAT: &str = "willitrun.speed";

/// Reads the document.
///
/// # Errors
/// The place and the reason.
pub fn read(text: &str) -> Result<Parameters, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, 4)?;
    let prompt = document.prompt;
    Ok(Parameters {
        backends: document.backends.into_iter().map(Row::into_rates).collect::<Result<_, _>>()?,
        classes: document.classes.into_iter().map(ClassRow::into_class).collect::<Result<_, _>>()?,
        operations: document.operations,
        flops_per_byte: document.flops_per_byte,
        unfused_attention: document.unfused_attention,
        unfused_attention_prompt: prompt.unfused_attention,
        eras: document.eras.into_iter().map(EraRow::into_era).collect(),
        host: document.host.into_rates(),
        measured: document.measured.into_rates(),
        cores: document.cores.into_iter().map(CoreRow::into_rates).collect(),
        sockets: document.sockets.into_sockets(),
        hand_over: micro(document.hand_over_us),
        all_reduce: micro(document.all_reduce_us),
        prefill_sparsity: prompt.sparsity,
        prefill_pipeline: prompt.pipeline,
        prefill_reading: prompt.reading,
        prefill_formats: prompt.formats,
        prefill_grouping: prompt.grouping,
        prefill_recurrent: prompt.recurrent,
        copying: prompt.copying.into_iter().map(CopyRow::into_rule).collect::<Result<_, _>>()?,
        latent_prompts: prompt.latent.engines,
        copy_share: prompt.copy_share,
        prefill_host_spread: prompt.host_spread,
        assumed_spread: document.assumed_spread,
        left_out: document.left_out.into_iter().map(LeftOutRow::into_line).collect::<Result<_, _>>()?,
        serving: Serving::default(),
        source: document.source,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    source: String,
    backends: Vec<Row>,
    classes: Vec<ClassRow>,
    operations: Vec<(f64, f64)>,
    flops_per_byte: f64,
    unfused_attention: f64,
    eras: Vec<EraRow>,
    host: HostRow,
    measured: MeasuredRow,
    cores: Vec<CoreRow>,
    sockets: SocketsRow,
    hand_over_us: f64,
    all_reduce_us: f64,
    assumed_spread: f64,
    prompt: PromptRow,
    left_out: Vec<LeftOutRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    family: String,
    backend: String,
    weights: f64,
    experts: f64,
    #[serde(default = "one")]
    wide_experts: f64,
    #[serde(default = "one")]
    cache: f64,
    #[serde(default = "one")]
    mla_cache: f64,
    /// A share of the fp32 rate; of CPU rows `core_attention_g` counts.
    #[serde(default)]
    attention: f64,
    #[serde(default = "one")]
    mla_attention: f64,
    #[serde(default)]
    core_attention_g: f64,
    #[serde(default = "one")]
    arithmetic: f64,
    layer_us: f64,
    #[serde(default)]
    tensor_us: f64,
    moe_layer_us: f64,
    #[serde(default)]
    recurrent_layer_us: f64,
    spread: f64,
    #[serde(default)]
    spread_several: f64,
    #[serde(default)]
    prefill: Option<PrefillRow>,
}

impl Row {
    fn into_rates(self) -> Result<BackendRates, Refused> {
        let backend = backend(&self.backend)?;
        let on_cpu = backend == Backend::Cpu;
        Ok(BackendRates {
            backend,
            family: self.family,
            weights: self.weights,
            experts: self.experts,
            wide_experts: self.wide_experts,
            cache: self.cache,
            mla_cache: self.mla_cache,
            attention: if on_cpu { self.core_attention_g * 1e9 } else { self.attention },
            mla_attention: self.mla_attention,
            arithmetic: self.arithmetic,
            layer: micro(self.layer_us),
            tensor: micro(self.tensor_us),
            moe_layer: micro(self.moe_layer_us),
            recurrent_layer: micro(self.recurrent_layer_us),
            spread: self.spread,
            spread_several: self.spread_several,
            prefill: self.prefill.map(|p| PrefillRates {
                weights: p.weights,
                attention: p.attention,
                experts: p.experts,
                spread: p.spread,
                spread_several: p.spread_several,
            }),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrefillRow {
    weights: f64,
    attention: f64,
    experts: f64,
    spread: f64,
    spread_several: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassRow {
    backend: String,
    arch: String,
    #[serde(default)]
    memory: String,
    weights: f64,
    launch: f64,
    prefill: f64,
}

impl ClassRow {
    fn into_class(self) -> Result<DeviceClass, Refused> {
        Ok(DeviceClass {
            backend: backend(&self.backend)?,
            arch: self.arch,
            memory: self.memory,
            weights: self.weights,
            launch: self.launch,
            prefill: self.prefill,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EraRow {
    before: String,
    launch: f64,
    server_launch: f64,
    moe_launch: f64,
    arithmetic: f64,
    wide: f64,
    recurrent: f64,
    prompt: f64,
    recurrent_prompt: f64,
    unfused: bool,
}

impl EraRow {
    fn into_era(self) -> Era {
        Era {
            before: self.before,
            launch: self.launch,
            server_launch: self.server_launch,
            moe_launch: self.moe_launch,
            arithmetic: self.arithmetic,
            wide: self.wide,
            recurrent: self.recurrent,
            prompt: self.prompt,
            recurrent_prompt: self.recurrent_prompt,
            unfused: self.unfused,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostRow {
    weights: f64,
    experts: f64,
    core_attention_g: f64,
    layer_us: f64,
    moe_layer_us: f64,
    spread: f64,
}

impl HostRow {
    fn into_rates(self) -> HostRates {
        HostRates {
            weights: self.weights,
            experts: self.experts,
            attention: self.core_attention_g * 1e9,
            layer: micro(self.layer_us),
            moe_layer: micro(self.moe_layer_us),
            spread: self.spread,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasuredRow {
    weights: f64,
    experts: f64,
    share_of_sheet: f64,
    gpu_share_of_sheet: f64,
    spread: f64,
}

impl MeasuredRow {
    fn into_rates(self) -> OnMeasured {
        OnMeasured {
            weights: self.weights,
            experts: self.experts,
            share_of_sheet: self.share_of_sheet,
            gpu_share_of_sheet: self.gpu_share_of_sheet,
            spread: self.spread,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CoreRow {
    simd: String,
    weights_g: f64,
    prompt_g: f64,
}

impl CoreRow {
    fn into_rates(self) -> CoreRates {
        CoreRates { simd: self.simd, weights: self.weights_g * 1e9, prompt: self.prompt_g * 1e9 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SocketsRow {
    blind: f64,
    aware: f64,
    engines: Vec<String>,
    source: String,
}

impl SocketsRow {
    fn into_sockets(self) -> Sockets {
        Sockets { blind: self.blind, aware: self.aware, engines: self.engines, source: self.source }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CopyRow {
    family: String,
    from: f64,
    counted: String,
    /// Where the rule is written down; for readers of the file.
    #[serde(rename = "source")]
    _source: String,
}

impl CopyRow {
    fn into_rule(self) -> Result<CopyRule, Refused> {
        let counted = known("counted", &self.counted, &Counted::ALL, Counted::name)?;
        Ok(CopyRule { family: self.family, from: self.from, counted })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftOutRow {
    what: String,
    by: String,
    class: String,
    rows: u32,
    median: f64,
    tail: f64,
    bias: f64,
    held: f64,
}

impl LeftOutRow {
    fn into_line(self) -> Result<LeftOut, Refused> {
        Ok(LeftOut {
            what: known("what", &self.what, &Predicted::ALL, Predicted::name)?,
            by: known("by", &self.by, &Together::ALL, Together::name)?,
            class: self.class,
            rows: self.rows,
            median: self.median,
            tail: self.tail,
            bias: self.bias,
            held: self.held,
        })
    }
}

/// One of a closed list, by its word.
fn known<T: Copy>(field: &'static str, word: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, Refused> {
    all.iter().copied().find(|one| name(*one) == word).ok_or_else(|| Refused::Invalid {
        id: word.to_owned(),
        invalid: Invalid { field, why: "is not a word of this list".to_owned() },
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PromptRow {
    sparsity: f64,
    pipeline: f64,
    reading: f64,
    unfused_attention: f64,
    grouping: f64,
    recurrent: f64,
    formats: Vec<(f64, f64)>,
    copying: Vec<CopyRow>,
    latent: LatentRow,
    copy_share: f64,
    host_spread: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LatentRow {
    engines: Vec<String>,
    #[expect(dead_code, reason = "for readers of the file")]
    source: String,
}

fn backend(word: &str) -> Result<Backend, Refused> {
    Backend::parse(word).ok_or_else(|| Refused::Invalid {
        id: word.to_owned(),
        invalid: Invalid { field: "backend", why: "is not a backend".to_owned() },
    })
}

const fn one() -> f64 {
    1.0
}

fn micro(seconds: f64) -> Seconds {
    Seconds::saturating(seconds * 1e-6)
}
