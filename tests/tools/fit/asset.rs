//! The parameters as `assets/speed.ron` holds them.

use std::fmt::Write as _;

use willitrun::hardware::Backend;
use willitrun::speed::{BackendRates, CopyRule, Counted, Parameters};
use willitrun::units::Seconds;

/// Four digits: more would be noise.
fn n(value: f64) -> String {
    if value == 0.0 {
        return "0.0".to_owned();
    }
    let digits = (3 - value.abs().log10().floor() as i32).clamp(0, 8) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text } else { format!("{text}.0") }
}

fn us(seconds: Seconds) -> String {
    n(seconds.get() * 1e6)
}

fn pairs(rows: &[(f64, f64)]) -> String {
    rows.iter().map(|(below, value)| format!("({}, {})", n(*below), n(*value))).collect::<Vec<_>>().join(", ")
}

/// The document.
pub fn text(p: &Parameters) -> String {
    let mut out = String::from(
        "(\n    format: \"willitrun.speed\", version: 4,\n    source: \"Fitted by tests/tools/fit over the published measurements in tests/golden/speed_measurements.csv; cross-validated by groups of device and model and by author.\",\n    // Shares of data-sheet bandwidth; attention as a share of the fp32 rate (on a CPU: 10^9 multiply-adds a second of each core), mla_attention of the fp16 rate;\n    // microseconds per layer, per tensor outside the routed experts, on top for a layer with experts or a recurrent one;\n    // spread = standard deviation of log(predicted / measured) of rows left out, on one device and on several.\n    // Prompts as shares of the fp16 rate; on a CPU as shares of what the cores below do.\n    backends: [\n",
    );
    for row in &p.backends {
        backend(&mut out, row);
    }
    out.push_str("    ],\n    // Generations of devices as factors on their backend, the first that fits; times a kind of memory in any generation.\n    classes: [\n");
    for class in &p.classes {
        let memory = if class.memory.is_empty() { String::new() } else { format!(", memory: \"{}\"", class.memory) };
        let _ = writeln!(
            out,
            "        (backend: \"{}\", arch: \"{}\"{memory}, weights: {}, launch: {}, prefill: {}),",
            class.backend.name(),
            class.arch,
            n(class.weights),
            n(class.launch),
            n(class.prefill)
        );
    }
    let _ = writeln!(
        out,
        "    ],\n    // fp32 operations for one weight of fewer bits than this.\n    operations: [{}],\n    // Where a device's fp32 rate is unknown: operations for each byte of bandwidth, a usual card's (assumed).\n    flops_per_byte: {},\n    // Attention without flash attention takes this much longer to compute.\n    unfused_attention: {},",
        pairs(&p.operations),
        n(p.flops_per_byte),
        n(p.unfused_attention)
    );
    out.push_str("    // Builds before a month, as factors on their cost.\n    eras: [\n");
    for era in &p.eras {
        let _ = writeln!(
            out,
            "        (before: \"{}\", launch: {}, server_launch: {}, moe_launch: {}, arithmetic: {}, wide: {}, recurrent: {}, prompt: {}, recurrent_prompt: {}, unfused: {}),",
            era.before,
            n(era.launch),
            n(era.server_launch),
            n(era.moe_launch),
            n(era.arithmetic),
            n(era.wide),
            n(era.recurrent),
            n(era.prompt),
            n(era.recurrent_prompt),
            era.unfused
        );
    }
    host(&mut out, p);
    prompt(&mut out, p);
    left_out(&mut out, p);
    out.push_str(")\n");
    out
}

fn host(out: &mut String, p: &Parameters) {
    let _ = writeln!(
        out,
        "    ],\n    // Experts or first layers on the CPU beside a GPU, on data-sheet bandwidth; attention as llama.cpp's on a CPU.\n    host: (weights: {}, experts: {}, core_attention_g: {}, layer_us: {}, moe_layer_us: {}, spread: {}),",
        n(p.host.weights),
        n(p.host.experts),
        n(p.host.attention / 1e9),
        us(p.host.layer),
        us(p.host.moe_layer),
        n(p.host.spread),
    );
    let _ = writeln!(
        out,
        "    // The CPU alone on bandwidth measured beside it, fitted over tests/golden/speed_paired.csv; share_of_sheet: what a bandwidth test\n    // usually reaches of the data sheet, the median of the cited platform figures (devices.ron), for rates known on data sheets alone; and of GPUs: GB10 0.85, Strix Halo 0.83,\n    // M1 0.88, M2 0.89, M3 0.90 there.\n    measured: (weights: {}, experts: {}, share_of_sheet: {}, gpu_share_of_sheet: {}, spread: {}),",
        n(p.measured.weights),
        n(p.measured.experts),
        n(p.measured.share_of_sheet),
        n(p.measured.gpu_share_of_sheet),
        n(p.measured.spread),
    );
    out.push_str("    // What one core does: 10^9 weights unpacked and multiplied in a second of generation (several add up by their square root; the ratio\n    // between rows is a choice, their scale is fitted), and 10^9 operations in a second of a prompt. The first that fits counts.\n    cores: [\n");
    for core in &p.cores {
        let _ = writeln!(
            out,
            "        (simd: \"{}\", weights_g: {}, prompt_g: {}),",
            core.simd,
            n(core.weights / 1e9),
            n(core.prompt / 1e9)
        );
    }
    let engines: Vec<String> = p.sockets.engines.iter().map(|engine| format!("\"{engine}\"")).collect();
    let _ = writeln!(
        out,
        "    ],\n    // Two sockets, of the bandwidth of both: blind = threads read what lies on the other socket (fitted), aware = each reads a copy of its own (published).\n    sockets: (blind: {}, aware: {}, engines: [{}],\n              source: \"{}\"),\n    // Between neighbours of a layer split; each joining of a tensor split.\n    hand_over_us: {}, all_reduce_us: {},\n    // Wider band where a bandwidth is only assumed (assumed).\n    assumed_spread: {},",
        n(p.sockets.blind),
        n(p.sockets.aware),
        engines.join(", "),
        SOCKETS,
        us(p.hand_over),
        us(p.all_reduce),
        n(p.assumed_spread)
    );
}

/// Where the factors of two sockets come from.
const SOCKETS: &str = "blind: fitted; ggml-org/llama.cpp #11744 has 2.4 tokens per second against 4.31 with pages placed well on two EPYC 9175F, mozilla-ai/llamafile #765 half of what one socket alone reaches. aware: KTransformers 12.208 against 8.73 tokens per second on two Xeon Gold 6454S and one (kvcache-ai/ktransformers doc/en/DeepseekR1_V3_tutorial.md), a copy of the experts on each";

/// From which batch on an engine copies experts from RAM to a GPU, and where it says so.
const COPYING: [(&str, Counted, &str); 3] = [
    (
        "llama.cpp",
        Counted::Batch,
        "batches from 32 tokens on: the rule of its CUDA backend as told in ikawrakow/ik_llama.cpp #520; only experts in use are copied: ggml-org/llama.cpp #15346",
    ),
    ("ollama", Counted::Batch, "as llama.cpp, which it runs on"),
    ("ik_llama.cpp", Counted::Expert, "32 tokens for each expert: ikawrakow/ik_llama.cpp #520"),
];

/// Engines that attend over a prompt in MLA's latent space, and where that is told.
const LATENT: [&str; 2] = ["llama.cpp", "ollama"];
const LATENT_SOURCE: &str = "llama.cpp since it keeps the cache latent (ggml-org/llama.cpp #12801; src/models/deepseek2.cpp has one graph for prompts and tokens); ollama runs on it";

/// Those engines as a parameter.
pub fn latent_prompts() -> Vec<String> {
    LATENT.map(str::to_owned).to_vec()
}

/// The rules as parameters.
pub fn copying() -> Vec<CopyRule> {
    let rule =
        |(family, counted, _): (&str, Counted, &str)| CopyRule { family: family.to_owned(), from: 32.0, counted };
    COPYING.into_iter().map(rule).collect()
}

fn prompt(out: &mut String, p: &Parameters) {
    let _ = writeln!(
        out,
        "    // Prompts: (bits below, factor) on the share of the fp16 rate; reading beside computing; pipeline: how much of (m n) / (m + n - 1) is gained by\n    // n GPUs with m batches on their way; grouping: attention by (heads for each key and value / 4)^this; recurrent: operations for each value of a state.\n    prompt: (\n        sparsity: {}, pipeline: {}, reading: {}, unfused_attention: {}, grouping: {}, recurrent: {},\n        formats: [{}],\n        // From which batch on experts in RAM are copied to the GPU, and the share of the link those copies reach.\n        copying: [",
        n(p.prefill_sparsity),
        n(p.prefill_pipeline),
        n(p.prefill_reading),
        n(p.unfused_attention_prompt),
        n(p.prefill_grouping),
        n(p.prefill_recurrent),
        pairs(&p.prefill_formats),
    );
    for (family, counted, source) in COPYING {
        let _ = writeln!(
            out,
            "            (family: \"{family}\", from: 32, counted: \"{}\", source: \"{source}\"),",
            counted.name()
        );
    }
    let _ = writeln!(
        out,
        "        ],\n        // Engines that attend over a prompt in MLA's latent space; others expand it per head.\n        latent: (engines: [{}], source: \"{}\"),\n        copy_share: {},\n        host_spread: {},\n    ),",
        LATENT.iter().map(|engine| format!("\"{engine}\"")).collect::<Vec<_>>().join(", "),
        LATENT_SOURCE,
        n(p.copy_share),
        n(p.prefill_host_spread)
    );
}

fn left_out(out: &mut String, p: &Parameters) {
    out.push_str("    // Measurements left out of the fit, by what was left out together: errors in percent, median of predicted / measured, share the 80 % band holds.\n    left_out: [\n");
    for line in &p.left_out {
        let _ = writeln!(
            out,
            "        (what: \"{}\", by: \"{}\", class: \"{}\", rows: {}, median: {:.1}, tail: {:.1}, bias: {:.2}, held: {:.2}),",
            line.what.name(),
            line.by.name(),
            line.class,
            line.rows,
            line.median,
            line.tail,
            line.bias,
            line.held
        );
    }
    out.push_str("    ],\n");
}

fn backend(out: &mut String, row: &BackendRates) {
    let _ = write!(
        out,
        "        (family: \"{}\", backend: \"{}\", weights: {}, experts: {}, {}, layer_us: {}, moe_layer_us: {}, spread: {}",
        row.family,
        row.backend.name(),
        n(row.weights),
        n(row.experts),
        if row.backend == Backend::Cpu {
            format!("core_attention_g: {}", n(row.attention / 1e9))
        } else {
            format!("attention: {}", n(row.attention))
        },
        us(row.layer),
        us(row.moe_layer),
        n(row.spread)
    );
    if row.backend != Backend::Cpu {
        let _ = write!(
            out,
            ",\n         wide_experts: {}, cache: {}, mla_cache: {}, mla_attention: {}, arithmetic: {}, tensor_us: {}, recurrent_layer_us: {}, spread_several: {}",
            n(row.wide_experts),
            n(row.cache),
            n(row.mla_cache),
            n(row.mla_attention),
            n(row.arithmetic),
            us(row.tensor),
            us(row.recurrent_layer),
            n(row.spread_several)
        );
    }
    if let Some(rates) = &row.prefill {
        let _ = write!(
            out,
            ",\n         prefill: (weights: {}, attention: {}, experts: {}, spread: {}, spread_several: {})",
            n(rates.weights),
            n(rates.attention),
            n(rates.experts),
            n(rates.spread),
            n(rates.spread_several)
        );
    }
    out.push_str("),\n");
}
