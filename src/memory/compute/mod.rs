//! Compute buffers: the room for whatever lives between two operations of one batch.
//!
//! No formula is fitted here. The graph of the largest batch is recorded as the engine records it,
//! its operations are put on host and devices by the engine's rules, and the engine's allocator is run
//! on it without any memory. What the buffers come to is what the engine asks for.
#![allow(clippy::many_single_char_names, clippy::similar_names, reason = "q, k and v are the field's own")]

mod allocate;
mod attention;
mod feed_forward;
mod form;
mod graph;
mod known;
mod recurrent;
mod residual;
mod schedule;
mod scores;
mod sparse;
mod stack;
mod style;
mod telling;

pub use known::{Buffered, Known};

use super::options::{KvPlace, RunOptions};
use super::rules::Buffers;
use crate::model::Architecture;
use crate::units::Bytes;
use form::{Form, Span};
use graph::Site;
use stack::Stack;
use telling::Telling;

/// Tokens in a batch from which weights on the host are streamed.
///
/// Source: llama.cpp v0.5.0 `ggml-cuda.cu`, `ggml_backend_cuda_device_offload_op`.
const STREAMED_FROM: u64 = 32;

/// Where the layers of a model lie and run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Places {
    /// How many devices there are besides the host.
    pub devices: u8,
    /// Layer by layer.
    pub layers: Vec<LayerPlace>,
    /// The device of the output head; none for the host.
    pub head: Option<u8>,
    /// What happens to weights on the host in a large batch.
    pub host_weights: HostWeights,
}

/// Where one layer lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LayerPlace {
    /// Its device; none for the host.
    pub device: Option<u8>,
    /// The device of its routed experts; none for the host.
    pub experts: Option<u8>,
}

/// What happens to weights on the host in a batch of 32 tokens or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HostWeights {
    /// The host computes with them.
    #[default]
    Stay,
    /// They are copied to the first device one matrix at a time and computed with there, as CUDA,
    /// `ROCm`, Vulkan and SYCL do. The device needs room for the largest.
    Stream {
        /// The largest matrix on the host; all experts of a layer are one matrix.
        largest: Bytes,
    },
}

/// The compute buffers of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComputeBytes {
    /// On the host.
    pub host: Bytes,
    /// On each device.
    pub devices: Vec<Bytes>,
    /// Logits handed to the caller, on the host.
    pub output: Bytes,
}

impl Places {
    /// Everything on the host.
    #[must_use]
    pub fn on_host(model: &Architecture) -> Self {
        let layers = vec![LayerPlace::default(); model.layers.len()];
        Self { devices: 0, layers, head: None, host_weights: HostWeights::Stay }
    }

    /// Everything on one device.
    #[must_use]
    pub fn on_device(model: &Architecture) -> Self {
        let place = LayerPlace { device: Some(0), experts: Some(0) };
        let layers = vec![place; model.layers.len()];
        Self { devices: 1, layers, head: Some(0), host_weights: HostWeights::Stay }
    }

    fn host(&self) -> Site {
        self.devices
    }

    /// Where the operations of a layer run.
    fn layer(&self, layer: usize, tokens: u64) -> Site {
        self.at(layer, |place| place.device).unwrap_or_else(|| self.instead_of_host(tokens))
    }

    /// Where the routed experts of a layer run.
    fn experts(&self, layer: usize, tokens: u64) -> Site {
        self.at(layer, |place| place.experts).unwrap_or_else(|| self.instead_of_host(tokens))
    }

    /// Where the cache of a layer lies.
    fn cache(&self, layer: usize) -> Site {
        self.at(layer, |place| place.device).unwrap_or(self.devices)
    }

    fn head(&self, tokens: u64) -> Site {
        self.head.unwrap_or_else(|| self.instead_of_host(tokens))
    }

    fn at(&self, layer: usize, part: impl Fn(&LayerPlace) -> Option<u8>) -> Option<u8> {
        self.layers.get(layer).and_then(part).filter(|device| *device < self.devices)
    }

    /// Where operations with weights on the host run.
    fn instead_of_host(&self, tokens: u64) -> Site {
        let stream = matches!(self.host_weights, HostWeights::Stream { .. });
        if stream && self.devices > 0 && tokens >= STREAMED_FROM { 0 } else { self.devices }
    }

    /// Whether several devices work on several batches at once: only with everything on devices, the
    /// cache included.
    ///
    /// Source: llama.cpp v0.5.0 `llama-context.cpp`, the constructor of `llama_context`.
    fn pipelined(&self, options: &RunOptions) -> bool {
        let moved = self.layers.iter().any(|place| place.experts != place.device);
        self.devices > 1 && self.whole_on_devices() && options.kv_place == KvPlace::Device && !moved
    }

    /// Whether every layer and the head are on devices.
    fn whole_on_devices(&self) -> bool {
        self.head.is_some() && self.layers.iter().all(|place| place.device.is_some())
    }
}

/// Architectures whose graphs are simplified here. Against the engine's counts their buffers are off by up to ten
/// times at long contexts (`tests/memory/catalogue.rs`); all others of the catalogue are within 2 %.
const SIMPLIFIED: [&str; 5] = ["deepseek4", "gemma3n", "kimi-k3", "minimax-01", "minimax-m3"];

/// Whether two models have the same buffers wherever they run: another name for the same shape, as a model and what
/// was distilled into it have.
#[must_use]
pub fn compute_alike(one: &Architecture, other: &Architecture) -> bool {
    let shape = |model: &Architecture| (model.hidden, model.vocab, model.layers.len());
    shape(one) == shape(other) && one.gguf == other.gguf && one.details == other.details && one.layers == other.layers
}

/// Whether the buffers of a model come from a simplified graph, so that they are an estimate and not exact.
#[must_use]
pub fn is_simplified(model: &Architecture) -> bool {
    SIMPLIFIED.contains(&model.gguf.as_str())
}

/// The compute buffers for a batch of the options' size, as the engine asks for them, from all layers. What is asked
/// more than once is asked of [`Known`].
#[must_use]
pub fn compute(model: &Architecture, options: &RunOptions, places: &Places) -> ComputeBytes {
    if let Buffers::PerDevice(each) = options.rules.buffers {
        return flat(places.devices, each);
    }
    let sites = usize::from(places.devices) + 1;
    let (mut graph, tokens) = Stack::build(model, options, places, &Telling::all(model).layers);
    let batches = if places.pipelined(options) { schedule::BATCHES_IN_FLIGHT } else { 1 };
    let schedule = schedule::schedule(&mut graph, sites, batches);
    let sizes = allocate::buffer_sizes(&graph, &schedule, sites, &[], &mut Span::point(options.cells()));
    let mut sizes = sizes.unwrap_or_default();
    let host = sizes.pop().unwrap_or_default();
    let bytes = |form: Form| Bytes::new(form.here);
    let devices = with_streamed(sizes, places, tokens).into_iter().map(bytes).collect();
    ComputeBytes { host: bytes(host), devices, output: output(model, options) }
}

/// The same on each device, nothing on the host.
fn flat(devices: u8, each: Bytes) -> ComputeBytes {
    ComputeBytes { devices: vec![each; usize::from(devices)], ..ComputeBytes::default() }
}

/// Logits handed to the caller.
fn output(model: &Architecture, options: &RunOptions) -> Bytes {
    Bytes::new(4) * model.vocab * options.sequences()
}

/// Adds the room for weights that are streamed to the first device.
fn with_streamed(mut devices: Vec<Form>, places: &Places, tokens: u64) -> Vec<Form> {
    if let (HostWeights::Stream { largest }, Some(first)) = (places.host_weights, devices.first_mut())
        && tokens >= STREAMED_FROM
    {
        first.here = first.here.saturating_add(largest.get());
    }
    devices
}
