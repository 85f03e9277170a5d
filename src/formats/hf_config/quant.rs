//! How the weights beside a `config.json` are quantized, as it says itself.
//!
//! Source: transformers `utils/quantization_config.py`, compressed-tensors `quant_config.py`, the
//! `hf_quant_config.json` of `ModelOpt`, the `config.json` of mlx-lm.

use super::keys::Config;
use crate::formats::json::Json;
use crate::formats::text::clean;

/// How weights are quantized.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HfQuant {
    /// The method as the file names it: `fp8`, `gptq`, `mlx`; `unnamed` where it names none.
    pub method: String,
    /// Bits of a weight, without scales.
    pub bits: Option<f64>,
    /// Weights that share a scale.
    pub group: Option<u64>,
    /// Modules that keep their 16 bits, as the file names them.
    pub kept: Vec<String>,
    /// The runtime format of `quants.ron` it is, if it is one of them.
    pub runtime: Option<String>,
}

/// The most modules listed.
const MOST_KEPT: usize = 1000;

/// Where methods list what they keep.
const KEPT: [&str; 5] =
    ["modules_to_not_convert", "ignore", "exclude_modules", "llm_int8_skip_modules", "modules_to_not_quantize"];

/// Formats told by method, bits and group alone; no group means any.
#[rustfmt::skip]
const FORMATS: &[(&str, f64, Option<u64>, &str)] = &[
    ("gptq", 4.0, Some(128), "gptq-int4-g128"),
    ("gptq", 8.0, Some(128), "gptq-int8-g128"),
    ("gptq", 3.0, Some(128), "gptq-int3-g128"),
    ("awq", 4.0, Some(128), "awq-int4-g128"),
    ("hqq", 4.0, Some(64), "hqq-4-g64"),
    ("mxfp4", 4.0, None, "mxfp4-experts"),
    ("fbgemm_fp8", 8.0, None, "fp8-tensor"),
    ("exl2", 2.25, None, "exl2-2.25-bpw"), ("exl2", 2.5, None, "exl2-2.5-bpw"), ("exl2", 3.0, None, "exl2-3.0-bpw"),
    ("exl2", 3.5, None, "exl2-3.5-bpw"), ("exl2", 4.0, None, "exl2-4.0-bpw"), ("exl2", 4.5, None, "exl2-4.5-bpw"),
    ("exl2", 5.0, None, "exl2-5.0-bpw"), ("exl2", 6.0, None, "exl2-6.0-bpw"), ("exl2", 8.0, None, "exl2-8.0-bpw"),
    ("exl3", 1.0, None, "exl3-1.0-bpw"), ("exl3", 1.5, None, "exl3-1.5-bpw"), ("exl3", 2.0, None, "exl3-2.0-bpw"),
    ("exl3", 2.5, None, "exl3-2.5-bpw"), ("exl3", 3.0, None, "exl3-3.0-bpw"), ("exl3", 3.5, None, "exl3-3.5-bpw"),
    ("exl3", 4.0, None, "exl3-4.0-bpw"), ("exl3", 5.0, None, "exl3-5.0-bpw"), ("exl3", 6.0, None, "exl3-6.0-bpw"),
    ("exl3", 8.0, None, "exl3-8.0-bpw"),
];

/// What a configuration says of its weights.
pub(super) fn quant(config: &Config) -> Option<HfQuant> {
    let own = config.anywhere("quantization_config");
    let mlx = config.anywhere("quantization");
    match (own, mlx) {
        (_, Some(mlx @ Json::Table(_))) if mlx.get("bits").is_some() => Some(of_mlx(mlx)),
        (Some(own @ Json::Table(_)), _) => {
            let mut quant = of(own);
            // Experts of another format than the rest (DeepSeek V4) are a mix without a name.
            if config.anywhere("expert_dtype").is_some() {
                quant.runtime = None;
            }
            Some(quant)
        }
        _ => None,
    }
}

/// What one table says.
pub(super) fn of(table: &Json) -> HfQuant {
    let method = table.get("quant_method").and_then(Json::text);
    let made_by = table.get("producer").and_then(|producer| producer.get("name")).and_then(Json::text);
    let method = match (method, made_by, table.get("quant_algo")) {
        (Some("modelopt" | "modelopt_fp4"), ..) | (None, Some("modelopt"), _) | (None, _, Some(_)) => "modelopt",
        (Some(method), ..) => method,
        (None, ..) if table.get("bits").is_some() => return of_mlx(table),
        (None, ..) => "",
    };
    let mut quant = match method {
        "modelopt" => of_modelopt(table),
        "compressed-tensors" => of_compressed(table),
        "bitsandbytes" => of_bitsandbytes(table),
        "fp8" => of_fp8(table),
        _ => of_other(method, table),
    };
    quant.kept = kept(table);
    if table.get("quant_algo").and_then(Json::text) == Some("MIXED_PRECISION") {
        quant.runtime = None;
    }
    quant.method = clean(method, 60);
    if quant.method.is_empty() {
        "unnamed".clone_into(&mut quant.method);
    }
    quant
}

fn kept(table: &Json) -> Vec<String> {
    let listed = KEPT.iter().find_map(|key| table.get(key)).and_then(Json::list).unwrap_or_default();
    listed.iter().filter_map(Json::text).take(MOST_KEPT).map(|module| clean(module, 200)).collect()
}

fn quant_of(bits: f64, group: Option<u64>, runtime: Option<&str>) -> HfQuant {
    HfQuant { bits: Some(bits), group, runtime: runtime.map(str::to_owned), ..HfQuant::default() }
}

/// GPTQ, AWQ, HQQ, EXL2, EXL3 and the like: bits and a group.
fn of_other(method: &str, table: &Json) -> HfQuant {
    let inner = table.get("quant_config").and_then(|inner| inner.get("weight_quant_params")).unwrap_or(table);
    let bits = ["bits", "w_bit", "nbits"].iter().find_map(|key| inner.get(key)).and_then(Json::float);
    let bits = bits.or(match method {
        "mxfp4" => Some(4.0),
        "fbgemm_fp8" => Some(8.0),
        _ => None,
    });
    let group = ["group_size", "q_group_size"].iter().find_map(|key| inner.get(key)).and_then(Json::count);
    let row = FORMATS.iter().find(|(own, width, size, _)| {
        *own == method && bits.is_some_and(|bits| (bits - width).abs() < 1e-9) && (size.is_none() || *size == group)
    });
    HfQuant { bits, group, runtime: row.map(|row| row.3.to_owned()), ..HfQuant::default() }
}

/// FP8: one scale per block of 128 x 128, or per tensor or channel.
fn of_fp8(table: &Json) -> HfQuant {
    let block = table.get("weight_block_size").and_then(Json::list);
    let sides: Option<Vec<u64>> = block.map(|block| block.iter().filter_map(Json::count).collect());
    match sides.as_deref() {
        None => quant_of(8.0, None, Some("fp8-tensor")),
        Some([128, 128]) => quant_of(8.0, Some(128 * 128), Some("fp8-block-128")),
        Some(sides) => quant_of(8.0, sides.iter().try_fold(1_u64, |all, side| all.checked_mul(*side)), None),
    }
}

fn of_bitsandbytes(table: &Json) -> HfQuant {
    let is = |key: &str| table.get(key).is_some_and(Json::is_true);
    if is("load_in_8bit") || is("_load_in_8bit") {
        return quant_of(8.0, None, Some("llm-int8"));
    }
    let nf4 = table.get("bnb_4bit_quant_type").and_then(Json::text) == Some("nf4");
    let runtime = match (nf4, is("bnb_4bit_use_double_quant")) {
        (true, true) => Some("nf4-double"),
        (true, false) => Some("nf4"),
        (false, _) => None,
    };
    quant_of(4.0, Some(64), runtime)
}

fn of_modelopt(table: &Json) -> HfQuant {
    match table.get("quant_algo").and_then(Json::text) {
        Some("NVFP4" | "W4A16_NVFP4") => quant_of(4.0, Some(16), Some("nvfp4-modelopt")),
        Some("FP8") => quant_of(8.0, None, Some("fp8-tensor")),
        _ => HfQuant::default(),
    }
}

/// compressed-tensors: the first group of its configuration. Several groups are a mix without a name.
fn of_compressed(table: &Json) -> HfQuant {
    let Some(Json::Table(groups)) = table.get("config_groups") else { return HfQuant::default() };
    let Some((_, first)) = groups.first() else { return HfQuant::default() };
    let Some(weights) = first.get("weights") else { return HfQuant::default() };
    let bits = weights.get("num_bits").and_then(Json::count);
    let group = weights.get("group_size").and_then(Json::count);
    let is_float = weights.get("type").and_then(Json::text) == Some("float");
    let symmetric = weights.get("symmetric").is_none_or(Json::is_true);
    let by_block = weights.get("strategy").and_then(Json::text) == Some("block");
    let experts_only = kept(table).iter().any(|module| module.contains("self_attn"));
    let activations = first.get("input_activations").and_then(|input| input.get("num_bits")).and_then(Json::count);
    let runtime = match (is_float, bits, group, activations) {
        _ if groups.len() > 1 => None,
        (true, Some(8), ..) if by_block => {
            let block = weights.get("block_structure").and_then(Json::list).map(<[Json]>::to_vec);
            let is_usual = block.is_none_or(|block| block.iter().all(|side| side.count() == Some(128)));
            is_usual.then_some("fp8-block-128")
        }
        (true, Some(8), ..) => Some("fp8-tensor"),
        (true, Some(4), Some(16), _) => Some("nvfp4-modelopt"),
        (true, Some(4), Some(32), _) if experts_only => Some("mxfp4-experts"),
        (false, Some(8), None, Some(8)) => Some("int8-w8a8"),
        (false, Some(4), Some(128), None) if symmetric => Some("compressed-tensors-w4a16-sym-g128"),
        (false, Some(4), Some(32), None) if symmetric && experts_only => Some("compressed-tensors-w4a16-g32-experts"),
        _ => None,
    };
    HfQuant { bits: bits.map(|bits| bits as f64), group, runtime: runtime.map(str::to_owned), ..HfQuant::default() }
}

/// MLX: affine unless it says another mode.
fn of_mlx(table: &Json) -> HfQuant {
    let bits = table.get("bits").and_then(Json::count);
    let group = table.get("group_size").and_then(Json::count);
    let mode = table.get("mode").and_then(Json::text).unwrap_or("affine");
    let runtime = match (mode, bits, group) {
        ("affine", Some(bits @ (2..=6 | 8)), Some(group @ (32 | 64 | 128))) => Some(format!("mlx-{bits}bit-g{group}")),
        ("mxfp4", Some(4), Some(32)) => Some("mlx-mxfp4-g32".to_owned()),
        ("nvfp4", Some(4), Some(16)) => Some("mlx-nvfp4-g16".to_owned()),
        ("mxfp8", Some(8), Some(32)) => Some("mlx-mxfp8-g32".to_owned()),
        _ => None,
    };
    HfQuant { method: "mlx".to_owned(), bits: bits.map(|bits| bits as f64), group, kept: Vec::new(), runtime }
}
