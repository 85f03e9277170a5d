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
            knobs.push(knob(1.3, 1.0, move |p, v| p.backends[i].attention = v));
            continue;
        }
        knobs.push(knob(0.15, 0.8, move |p, v| p.backends[i].attention = v));
        knobs.push(knob(layer / 18.0, 0.5, move |p, v| p.backends[i].tensor = micro(v)));
        knobs.push(knob(60.0, 0.7, move |p, v| p.backends[i].recurrent_layer = micro(v)));
        knobs.push(knob(0.6, 0.4, move |p, v| p.backends[i].cache = v));
        knobs.push(knob(0.25, 0.6, move |p, v| p.backends[i].mla_cache = v));
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
    knobs.push(knob(1.2, 0.3, |p, v| p.eras[0].arithmetic = v));
    knobs.push(knob(1.5, 0.5, |p, v| p.eras.iter_mut().for_each(|era| era.recurrent = v)));
    knobs.push(knob(1.3, 0.3, |p, v| p.unfused_attention = v));
    knobs.push(knob(300.0, 0.7, |p, v| p.hand_over = micro(v)));
    knobs.push(knob(50.0, 0.7, |p, v| p.all_reduce = micro(v)));
    knobs.push(knob(0.45, 0.3, |p, v| p.host.weights = v));
    knobs.push(knob(140.0, 0.5, |p, v| p.host.layer = micro(v)));
    knobs.push(knob(0.5, 0.3, |p, v| p.two_sockets = v));
    knobs
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
        knobs.push(knob(share, 0.3, move |p, v| of(p, |rates, v| rates.weights = v, v)));
        knobs.push(knob(0.2, 0.7, move |p, v| of(p, |rates, v| rates.attention = v, v)));
        knobs.push(knob(0.8, 0.4, move |p, v| of(p, |rates, v| rates.experts = v, v)));
    }
    for i in 0..parameters.classes.len() {
        knobs.push(knob(1.0, 0.25, move |p, v| p.classes[i].prefill = v));
    }
    for i in 0..parameters.prefill_formats.len() {
        knobs.push(knob(1.0, 0.15, move |p, v| p.prefill_formats[i].1 = v));
    }
    knobs.push(knob(0.2, 0.5, |p, v| p.prefill_sparsity = v));
    knobs.push(knob(0.44, 0.3, |p, v| p.prefill_pipeline = v));
    knobs.push(knob(1.2, 0.2, |p, v| p.prefill_reading = v));
    knobs.push(knob(1.2, 0.3, |p, v| p.unfused_attention_prompt = v));
    knobs
}
