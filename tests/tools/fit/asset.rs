//! The parameters as `assets/speed.ron` holds them.

use std::fmt::Write as _;

use willitrun::hardware::Backend;
use willitrun::speed::{BackendRates, Parameters};
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
        "(\n    format: \"willitrun.speed\", version: 2,\n    source: \"Fitted by tests/tools/fit over the published measurements in tests/golden/speed_measurements.csv; cross-validated by groups of device and model.\",\n    // Shares of data-sheet bandwidth; attention as a share of the fp32 rate (on a CPU: multiply-adds for each byte of bandwidth);\n    // microseconds per layer, per tensor outside the routed experts, on top for a layer with experts or a recurrent one;\n    // spread = standard deviation of log(predicted / measured) of rows left out, on one device and on several.\n    backends: [\n",
    );
    for row in &p.backends {
        backend(&mut out, row);
    }
    out.push_str("    ],\n    // Generations of devices as factors on their backend; the first that fits counts.\n    classes: [\n");
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
            "        (before: \"{}\", launch: {}, arithmetic: {}, recurrent: {}, unfused: {}),",
            era.before,
            n(era.launch),
            n(era.arithmetic),
            n(era.recurrent),
            era.unfused
        );
    }
    let _ = writeln!(
        out,
        "    ],\n    // Experts or first layers on the CPU beside a GPU, on data-sheet bandwidth.\n    host: (weights: {}, experts: {}, attention: {}, layer_us: {}, moe_layer_us: {}, spread: {}),\n    // What two sockets reach of the bandwidth of both, against one of its own.\n    two_sockets: {},\n    // What a bandwidth test usually reaches of the data sheet: the median of the cited platform figures (devices.ron).\n    measured_share: {},\n    // Between neighbours of a layer split; each joining of a tensor split.\n    hand_over_us: {}, all_reduce_us: {},\n    // Wider band where a bandwidth is only assumed (assumed).\n    assumed_spread: {},",
        n(p.host.weights),
        n(p.host.experts),
        n(p.host.attention),
        us(p.host.layer),
        us(p.host.moe_layer),
        n(p.host.spread),
        n(p.two_sockets),
        n(p.measured_share),
        us(p.hand_over),
        us(p.all_reduce),
        n(p.assumed_spread)
    );
    let cores: Vec<String> =
        p.core_flops.iter().map(|(simd, flops)| format!("(\"{simd}\", {})", n(flops / 1e9))).collect();
    let _ = writeln!(
        out,
        "    // Prompts: shares of the fp16 rate are in the rows above; (bits below, factor) here.\n    // Arithmetic of one core in 10^9 operations per second, from published prompt rates: Xeon 8480 127, Ryzen AI Max 248,\n    // i7-1185G7 88 (AVX-512); EPYC 7773X 46, i5-4278U 57, i3-1315U 30 (AVX2); M2 100 (NEON); the last is for any other.\n    prompt: (\n        sparsity: {}, pipeline: {}, reading: {}, unfused_attention: {},\n        formats: [{}],\n        core_gflops: [{}],\n        host_spread: {},\n    ),\n)",
        n(p.prefill_sparsity),
        n(p.prefill_pipeline),
        n(p.prefill_reading),
        n(p.unfused_attention_prompt),
        pairs(&p.prefill_formats),
        cores.join(", "),
        n(p.prefill_host_spread)
    );
    out
}

fn backend(out: &mut String, row: &BackendRates) {
    let _ = write!(
        out,
        "        (family: \"{}\", backend: \"{}\", weights: {}, experts: {}, attention: {}, layer_us: {}, moe_layer_us: {}, spread: {}",
        row.family,
        row.backend.name(),
        n(row.weights),
        n(row.experts),
        n(row.attention),
        us(row.layer),
        us(row.moe_layer),
        n(row.spread)
    );
    if row.backend != Backend::Cpu {
        let _ = write!(
            out,
            ",\n         wide_experts: {}, cache: {}, mla_cache: {}, arithmetic: {}, tensor_us: {}, recurrent_layer_us: {}, spread_several: {}",
            n(row.wide_experts),
            n(row.cache),
            n(row.mla_cache),
            n(row.arithmetic),
            us(row.tensor),
            us(row.recurrent_layer),
            n(row.spread_several)
        );
    }
    if let Some(rates) = &row.prefill {
        let _ = write!(
            out,
            ",\n         prefill: (weights: {}, attention: {}, experts: {}, spread: {})",
            n(rates.weights),
            n(rates.attention),
            n(rates.experts),
            n(rates.spread)
        );
    }
    out.push_str("),\n");
}
