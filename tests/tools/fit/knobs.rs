//! The unknowns of the fit: what is expected of each before a measurement is seen, and how far off it may be.

use willitrun::hardware::Backend;
use willitrun::speed::{Parameters, PrefillRates};
use willitrun::units::Seconds;

/// Puts a value where it belongs.
type Setter = Box<dyn Fn(&mut Parameters, f64)>;

/// One unknown.
pub struct Knob {
    /// The value expected.
    pub start: f64,
    /// Standard deviation of its logarithm.
    pub sd: f64,
    pub set: Setter,
}

fn knob(start: f64, sd: f64, set: impl Fn(&mut Parameters, f64) + 'static) -> Knob {
    Knob { start, sd, set: Box::new(set) }
}

fn micro(value: f64) -> Seconds {
    Seconds::saturating(value * 1e-6)
}

/// Share of the bandwidth, and microseconds for a layer and a layer with experts: a first guess for each backend.
fn first_guess(family: &str, backend: Backend) -> (f64, f64, f64) {
    match (family, backend) {
        ("ik_llama.cpp", Backend::Cpu) => (0.55, 27.0, 50.0),
        (_, Backend::Cpu) => (0.52, 27.0, 40.0),
        ("ik_llama.cpp", _) => (0.75, 40.0, 70.0),
        (_, Backend::Cuda) => (0.85, 50.0, 45.0),
        (_, Backend::Rocm) => (0.85, 65.0, 70.0),
        (_, Backend::Vulkan) => (0.83, 45.0, 60.0),
        (_, Backend::Metal) => (0.90, 70.0, 45.0),
        (_, Backend::Mlx) => (0.88, 45.0, 45.0),
        (_, Backend::Sycl) => (0.65, 40.0, 50.0),
    }
}

/// The unknowns of one token.
pub fn decode(parameters: &Parameters) -> Vec<Knob> {
    let mut knobs = Vec::new();
    for (i, row) in parameters.backends.iter().enumerate() {
        let (share, layer, moe) = first_guess(&row.family, row.backend);
        let cpu = row.backend == Backend::Cpu;
        knobs.push(knob(share, 0.2, move |p, v| p.backends[i].weights = v));
        knobs.push(knob(if cpu { 0.85 } else { 1.0 }, 0.2, move |p, v| p.backends[i].experts = v));
        knobs.push(knob(layer, 0.5, move |p, v| p.backends[i].layer = micro(v)));
        knobs.push(knob(moe, 0.5, move |p, v| p.backends[i].moe_layer = micro(v)));
        if cpu {
            // Measured on two cores: 4.5 x 10^9 multiply-adds a second each.
            let attention = if row.family == "ik_llama.cpp" { 9.0 } else { 4.5 };
            knobs.push(knob(attention, 0.5, move |p, v| p.backends[i].attention = v * 1e9));
            continue;
        }
        knobs.push(knob(0.15, 0.8, move |p, v| p.backends[i].attention = v));
        knobs.push(knob(layer / 18.0, 0.5, move |p, v| p.backends[i].tensor = micro(v)));
        knobs.push(knob(100.0, 0.7, move |p, v| p.backends[i].recurrent_layer = micro(v)));
        knobs.push(knob(0.6, 0.4, move |p, v| p.backends[i].cache = v));
        knobs.push(knob(0.25, 0.6, move |p, v| p.backends[i].mla_cache = v));
        knobs.push(knob(0.1, 0.8, move |p, v| p.backends[i].mla_attention = v));
        knobs.push(knob(1.0, 0.25, move |p, v| p.backends[i].arithmetic = v));
        if row.backend == Backend::Vulkan {
            knobs.push(knob(1.0, 0.6, move |p, v| p.backends[i].wide_experts = v));
        }
    }
    for i in 0..parameters.classes.len() {
        knobs.push(knob(1.0, 0.15, move |p, v| p.classes[i].weights = v));
        knobs.push(knob(1.0, 0.3, move |p, v| p.classes[i].launch = v));
    }
    for (i, start) in [12.0, 5.5, 5.0, 5.0].into_iter().enumerate() {
        knobs.push(knob(start, 0.35, move |p, v| p.operations[i].1 = v));
    }
    knobs.push(knob(1.2, 0.3, |p, v| p.eras[0].launch = v));
    knobs.push(knob(1.2, 0.3, |p, v| p.eras[0].server_launch = v));
    knobs.push(knob(1.2, 0.3, |p, v| p.eras.iter_mut().for_each(|era| era.moe_launch = v)));
    knobs.push(knob(1.2, 0.3, |p, v| p.eras[0].arithmetic = v));
    knobs.push(knob(1.5, 0.5, |p, v| p.eras[0].wide = v));
    knobs.push(knob(3.0, 0.5, |p, v| p.eras.iter_mut().for_each(|era| era.recurrent = v)));
    knobs.push(knob(1.3, 0.3, |p, v| p.unfused_attention = v));
    knobs.push(knob(300.0, 0.7, |p, v| p.hand_over = micro(v)));
    knobs.push(knob(50.0, 0.7, |p, v| p.all_reduce = micro(v)));
    knobs.push(knob(0.5, 0.3, |p, v| p.host.weights = v));
    knobs.push(knob(140.0, 0.5, |p, v| p.host.layer = micro(v)));
    knobs.push(knob(0.5, 0.3, |p, v| p.sockets.blind = v));
    // Measured on two cores: 120 to 190 x 10^9 weights a second each.
    knobs.push(knob(150.0, 0.5, |p, v| {
        p.cores.iter_mut().zip(SIMD).for_each(|(core, (_, share, _))| core.weights = v * share * 1e9);
    }));
    // A usual share of data-sheet bandwidth over the usual share a read test finds of it.
    knobs.push(knob(0.72, 0.15, |p, v| p.measured.weights = v));
    knobs.push(knob(0.9, 0.2, |p, v| p.measured.experts = v));
    knobs
}

/// What cores of less SIMD unpack beside those of the widest, and what each does in a prompt (10^9 operations). Half as
/// wide a register and no instruction for products of eight bits make less than half.
const SIMD: [(&str, f64, f64); 5] =
    [("neon", 0.4, 60.0), ("amx", 1.0, 100.0), ("avx512", 1.0, 100.0), ("avx2", 0.4, 46.0), ("", 0.2, 20.0)];

/// Rows of cores in the order their unknowns are set in.
pub fn cores() -> Vec<willitrun::speed::CoreRates> {
    SIMD.iter()
        .map(|(simd, share, prompt)| willitrun::speed::CoreRates {
            simd: (*simd).to_owned(),
            weights: share * 150e9,
            prompt: prompt * 1e9,
        })
        .collect()
}

/// The unknowns of a prompt.
pub fn prefill(parameters: &Parameters) -> Vec<Knob> {
    let mut knobs = Vec::new();
    for (i, row) in parameters.backends.iter().enumerate() {
        if row.prefill.is_none() {
            continue;
        }
        let share = match row.backend {
            Backend::Metal => 0.65,
            Backend::Mlx => 0.6,
            Backend::Vulkan => 0.25,
            Backend::Sycl => 0.28,
            _ => 0.4,
        };
        let of = move |p: &mut Parameters, set: fn(&mut PrefillRates, f64), v: f64| {
            if let Some(rates) = &mut p.backends[i].prefill {
                set(rates, v);
            }
        };
        if row.backend == Backend::Cpu {
            // What cores do is counted as ik_llama.cpp's, the faster.
            if row.family != "ik_llama.cpp" {
                knobs.push(knob(0.7, 0.3, move |p, v| of(p, |rates, v| rates.weights = v, v)));
            }
            knobs.push(knob(0.6, 0.5, move |p, v| of(p, |rates, v| rates.attention = v, v)));
            knobs.push(knob(0.9, 0.3, move |p, v| of(p, |rates, v| rates.experts = v, v)));
            continue;
        }
        knobs.push(knob(share, 0.3, move |p, v| of(p, |rates, v| rates.weights = v, v)));
        knobs.push(knob(0.2, 0.7, move |p, v| of(p, |rates, v| rates.attention = v, v)));
        knobs.push(knob(0.8, 0.4, move |p, v| of(p, |rates, v| rates.experts = v, v)));
    }
    for (i, class) in parameters.classes.iter().enumerate().filter(|(_, class)| !class.arch.is_empty()) {
        // Engines here multiply with mma, which reaches about five eighths of what Hopper's data sheet has for wgmma
        // (arXiv 2402.13499, from memory).
        let share = if class.arch == "Hopper" { 0.62 } else { 1.0 };
        knobs.push(knob(share, 0.25, move |p, v| p.classes[i].prefill = v));
    }
    for i in 0..parameters.prefill_formats.len() {
        knobs.push(knob(1.0, 0.15, move |p, v| p.prefill_formats[i].1 = v));
    }
    for (i, (simd, _, prompt)) in SIMD.into_iter().enumerate() {
        if !simd.is_empty() {
            knobs.push(knob(prompt, 0.4, move |p, v| p.cores[i].prompt = v * 1e9));
        }
    }
    knobs.push(knob(1.1, 0.2, |p, v| p.eras[0].prompt = v));
    knobs.push(knob(30.0, 2.0, |p, v| p.eras.iter_mut().for_each(|era| era.recurrent_prompt = v)));
    knobs.push(knob(20.0, 1.0, |p, v| p.prefill_recurrent = v));
    knobs.push(knob(0.3, 1.0, |p, v| p.prefill_grouping = v));
    knobs.push(knob(0.7, 0.3, |p, v| p.copy_share = v));
    knobs.push(knob(0.2, 0.5, |p, v| p.prefill_sparsity = v));
    knobs.push(knob(0.8, 0.3, |p, v| p.prefill_pipeline = v));
    knobs.push(knob(1.2, 0.2, |p, v| p.prefill_reading = v));
    knobs.push(knob(1.2, 0.3, |p, v| p.unfused_attention_prompt = v));
    knobs
}
