//! Compute buffers: the room for whatever lives between two operations of one batch.
//!
//! No formula is fitted here. The graph of the largest batch is recorded as the engine records it,
//! its operations are put on host and devices by the engine's rules, and the engine's allocator is run
//! on it without any memory. What the buffers come to is what the engine asks for.
#![allow(clippy::many_single_char_names, clippy::similar_names, reason = "q, k and v are the field's own")]

mod allocate;
mod attention;
mod feed_forward;
mod graph;
mod recurrent;
mod residual;
mod schedule;
mod scores;
mod sparse;
mod stack;
mod style;

use std::cell::RefCell;

use super::options::{KvPlace, RunOptions};
use super::rules::Buffers;
use crate::model::{Architecture, Layer};
use crate::units::Bytes;
use graph::Site;
use stack::Stack;

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

/// Whether the buffers of a model come from a simplified graph, so that they are an estimate and not exact.
#[must_use]
pub fn is_simplified(model: &Architecture) -> bool {
    SIMPLIFIED.contains(&model.gguf.as_str())
}

/// The compute buffers for a batch of the options' size, as the engine asks for them: a fifth of a
/// millisecond for the largest models.
#[must_use]
pub fn compute(model: &Architecture, options: &RunOptions, places: &Places) -> ComputeBytes {
    match options.rules.buffers {
        Buffers::Graph => buffers(model, options, places, &(0..model.layers.len()).collect::<Vec<_>>()),
        Buffers::PerDevice(each) => flat(places, each),
    }
}

/// The same from the layers that tell most: eight times faster, nearly always within 5 % or 16 MiB.
/// For rankings and searches; what is shown comes from [`compute`].
#[must_use]
pub fn compute_quickly(model: &Architecture, options: &RunOptions, places: &Places) -> ComputeBytes {
    match options.rules.buffers {
        Buffers::Graph => buffers(model, options, places, &telling_layers(&kinds(model), places)),
        Buffers::PerDevice(each) => flat(places, each),
    }
}

/// The same on each device, nothing on the host.
fn flat(places: &Places, each: Bytes) -> ComputeBytes {
    ComputeBytes { devices: vec![each; usize::from(places.devices)], ..ComputeBytes::default() }
}

/// [`compute_quickly`] for one model and its options in many places: those that tell the same are worked out once.
#[derive(Debug)]
pub struct Quickly<'a> {
    model: &'a Architecture,
    options: &'a RunOptions,
    kinds: Vec<usize>,
    known: RefCell<Vec<(Told, ComputeBytes)>>,
}

/// All that [`compute_quickly`] makes of places: which kinds of layers it looks at, and where those lie.
#[derive(Debug, PartialEq)]
struct Told {
    kinds: Vec<usize>,
    places: Places,
}

impl<'a> Quickly<'a> {
    /// Nothing is worked out yet.
    #[must_use]
    pub fn new(model: &'a Architecture, options: &'a RunOptions) -> Self {
        Self { model, options, kinds: kinds(model), known: RefCell::default() }
    }

    /// What [`compute_quickly`] says.
    #[must_use]
    pub fn compute(&self, places: &Places) -> ComputeBytes {
        if let Buffers::PerDevice(each) = self.options.rules.buffers {
            return flat(places, each);
        }
        let layers = telling_layers(&self.kinds, places);
        let told = Told {
            kinds: layers.iter().map(|&layer| self.kinds[layer]).collect(),
            places: Places {
                layers: layers.iter().filter_map(|&layer| places.layers.get(layer).copied()).collect(),
                ..*places
            },
        };
        if let Some((_, bytes)) = self.known.borrow().iter().find(|(known, _)| *known == told) {
            return bytes.clone();
        }
        let bytes = buffers(self.model, self.options, places, &layers);
        self.known.borrow_mut().push((told, bytes.clone()));
        bytes
    }
}

fn buffers(model: &Architecture, options: &RunOptions, places: &Places, layers: &[usize]) -> ComputeBytes {
    let sites = usize::from(places.devices) + 1;
    let (mut graph, tokens) = Stack::build(model, options, places, layers);
    let batches = if places.pipelined(options) { schedule::BATCHES_IN_FLIGHT } else { 1 };
    let schedule = schedule::schedule(&mut graph, sites, batches);
    let mut sizes = allocate::buffer_sizes(&graph, &schedule, sites);
    let host = sizes.pop().unwrap_or(0);
    let mut devices: Vec<Bytes> = sizes.into_iter().map(Bytes::new).collect();
    if let (HostWeights::Stream { largest }, Some(first)) = (places.host_weights, devices.first_mut())
        && tokens >= STREAMED_FROM
    {
        *first += largest;
    }
    ComputeBytes { host: Bytes::new(host), devices, output: Bytes::new(4) * model.vocab * options.sequences() }
}

/// For each layer the first of its kind.
fn kinds(model: &Architecture) -> Vec<usize> {
    let mut firsts: Vec<usize> = Vec::new();
    let kind = |(at, layer): (usize, &Layer)| {
        let known = firsts.iter().copied().find(|&first| model.layers[first] == *layer);
        known.unwrap_or_else(|| {
            firsts.push(at);
            at
        })
    };
    model.layers.iter().enumerate().map(kind).collect()
}

/// The layers that can make a difference: of the layers of one kind on one place, the first two and
/// the last. Those between find the buffers as the second left them.
fn telling_layers(kinds: &[usize], places: &Places) -> Vec<usize> {
    // Each group with how many it has so far, and the latest of them.
    let mut groups: Vec<((usize, Option<LayerPlace>), usize, usize)> = Vec::new();
    let mut telling = Vec::new();
    for (layer, &kind) in kinds.iter().enumerate() {
        let group = (kind, places.layers.get(layer).copied());
        let at = groups.iter().position(|(known, ..)| *known == group).unwrap_or_else(|| {
            groups.push((group, 0, layer));
            groups.len() - 1
        });
        let (_, count, latest) = &mut groups[at];
        if *count < 2 {
            telling.push(layer);
        }
        (*count, *latest) = (*count + 1, layer);
    }
    telling.extend(groups.iter().map(|(.., latest)| *latest));
    telling.sort_unstable();
    telling.dedup();
    telling
}
