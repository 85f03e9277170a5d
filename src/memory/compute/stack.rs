//! The graph of a whole model for one batch: embedding, layers, head.

use super::graph::{F16, F32, Graph, I32, I64, Id, Site};
use super::style::{Norm, Order, Pick, Style};
use super::{Places, attention, feed_forward, recurrent, residual, scores, sparse};
use crate::memory::kv::shrinking_window;
use crate::memory::options::{FlashAttention, KvPlace, Outputs, RunOptions};
use crate::model::{Architecture, FeedForward, Layer, Mixer};

/// A graph being built for one model, its options and its places.
pub(super) struct Stack<'a> {
    pub graph: Graph,
    pub model: &'a Architecture,
    pub options: &'a RunOptions,
    pub style: Style,
    /// Tokens in the batch, a multiple of the sequences.
    pub tokens: u64,
    pub sequences: u64,
    pub streams: u64,
    pub flash: bool,
    pub inputs: Inputs,
    places: &'a Places,
    /// The layer being built.
    pub layer: usize,
    /// What the latest indexer picked.
    pub picked: Option<Id>,
}

/// What the engine fills in before each batch.
pub(super) struct Inputs {
    pub positions: Id,
    /// For layers that keep the whole context.
    pub whole: CacheInputs,
    /// For layers with a window.
    pub window: CacheInputs,
    /// For the keys of an indexer.
    pub indexer: CacheInputs,
    /// What mixes the numbers of an indexer's queries and keys.
    pub indexer_rotation: Id,
    /// Which states belong to which sequence.
    pub states: Id,
    /// Which states belong to none.
    pub other_states: Id,
    /// A number for each token that scales queries far from the start (Llama 4).
    pub query_scale: Id,
    rows: Id,
}

/// What attention needs to know about one of the caches.
#[derive(Clone, Copy)]
pub(super) struct CacheInputs {
    pub key_rows: Id,
    pub value_rows: Id,
    pub mask: Id,
    /// Rotations for caches in blocks.
    pub rotate_keys: Option<Id>,
    pub rotate_values: Option<Id>,
    pub cells: u64,
}

impl<'a> Stack<'a> {
    /// Records the graph of the largest batch.
    pub fn build(
        model: &'a Architecture,
        options: &'a RunOptions,
        places: &'a Places,
        layers: &[usize],
    ) -> (Graph, u64) {
        let sequences = options.sequences();
        let largest = options.ubatch().min(options.cells() * options.streams());
        let tokens = largest.next_multiple_of(sequences);
        let rows = match options.outputs {
            Outputs::All => largest,
            Outputs::Last => sequences.min(largest),
        };
        let style = Style::of(model);
        let mut graph = Graph::with_room(layers.len());
        let ids = graph.input([tokens, 1, 1, 1], I32);
        let embedded = graph.input([model.hidden, tokens, 1, 1], F32);
        let inputs = inputs(&mut graph, model, options, style, tokens, rows);
        let flash = options.flash_attention == FlashAttention::On;
        let mut stack = Stack {
            graph,
            model,
            options,
            style,
            tokens,
            sequences,
            streams: options.streams(),
            flash,
            inputs,
            places,
            layer: 0,
            picked: None,
        };
        // The table is on the host. Room for embeddings given directly is kept all the time.
        let looked_up = stack.graph.fresh([model.hidden, tokens, 1, 1], &[ids]);
        stack.graph.at(looked_up, places.host());
        stack.graph.expand(looked_up);
        stack.graph.expand(embedded);
        let extra = residual::own_embeddings(&mut stack, looked_up);
        let mut hidden = residual::spread(&mut stack, looked_up);
        for &layer in layers {
            stack.layer = layer;
            stack.graph.begin_layer();
            hidden = stack.layer(hidden, layer + 1 == model.layers.len(), extra);
        }
        stack.head(hidden);
        (stack.graph, tokens)
    }

    /// One layer.
    fn layer(&mut self, input: Id, last: bool, extra: Option<Id>) -> Id {
        let layer = self.model.layers[self.layer];
        let picks = last && self.style.pick == Pick::LastLayer;
        if let Order::ResidualFirst | Order::ResidualLast { .. } = self.style.order {
            return self.parallel_layer(input, layer, picks);
        }
        let before = self.style.order == Order::PreNorm;
        let mut hidden = input;
        if layer.mixer != Mixer::None {
            let read = residual::read(self, input);
            let read = if before { self.norm(read, self.home()) } else { read };
            let mut mixed = self.mix(read, layer.mixer);
            let mut kept = input;
            if picks {
                mixed = self.pick(mixed);
                kept = self.pick(kept);
            }
            let mixed = if before { mixed } else { self.norm(mixed, self.home()) };
            hidden = residual::add(self, mixed, kept, self.style.mixer_sum);
        }
        if layer.ffn != FeedForward::None {
            let read = residual::read(self, hidden);
            let out = feed_forward::feed_forward(self, read, layer.ffn);
            hidden = residual::add(self, out, hidden, self.style.sum);
        }
        residual::finish(self, hidden, extra)
    }

    /// One layer whose parts both read what comes in.
    fn parallel_layer(&mut self, input: Id, layer: Layer, picks: bool) -> Id {
        let mut residual = input;
        let mut normed = self.norm(input, self.home());
        let read = match self.style.order {
            Order::ResidualLast { two_norms: true, .. } => self.norm(input, self.home()),
            _ => normed,
        };
        let mut mixed = self.mix(read, layer.mixer);
        if picks {
            mixed = self.pick(mixed);
            residual = self.pick(residual);
            normed = self.pick(normed);
        }
        let out = feed_forward::feed_forward(self, normed, layer.ffn);
        let (first, second) = match self.style.order {
            Order::ResidualLast { mixer_first: true, .. } => ([mixed, out], residual),
            Order::ResidualLast { .. } => ([out, mixed], residual),
            _ => ([out, residual], mixed),
        };
        let sum = self.graph.in_place(&first);
        self.graph.in_place(&[sum, second])
    }

    fn mix(&mut self, input: Id, mixer: Mixer) -> Id {
        match mixer {
            Mixer::Attention(attention) => attention::attention(self, input, attention),
            Mixer::Mla(mla) => attention::latent(self, input, mla),
            Mixer::Compressed(mixer) => sparse::compressed(self, input, mixer),
            Mixer::Recurrent(mixer) => recurrent::recurrent(self, input, mixer),
            Mixer::None => input,
        }
    }

    /// The final norm and the head.
    fn head(&mut self, hidden: Id) {
        let head = self.places.head(self.tokens);
        let mut hidden = residual::read(self, hidden);
        if self.style.pick == Pick::BeforeNorm {
            self.graph.keep(hidden);
            hidden = self.pick(hidden);
        }
        let mut normed = self.norm(hidden, head);
        self.graph.keep(normed);
        if self.style.pick == Pick::AfterNorm {
            normed = self.pick(normed);
            self.graph.keep(normed);
        }
        let logits = self.multiply(normed, self.model.vocab, head);
        self.graph.keep(logits);
        self.graph.expand(logits);
    }

    /// The rows that give logits.
    fn pick(&mut self, from: Id) -> Id {
        let [width, ..] = self.graph.shape(from);
        let [rows, ..] = self.graph.shape(self.inputs.rows);
        self.graph.fresh([width, rows, 1, 1], &[from, self.inputs.rows])
    }

    /// A norm with a weight.
    ///
    /// The engine pins norms to their layer's device, but not where it measures without allocating,
    /// which is what its own fit tool shows and what this follows. It matters where one device hands
    /// over to the next: pinned, one tensor of the batch less is copied.
    pub fn norm(&mut self, input: Id, site: Site) -> Id {
        let normed = match self.style.norm {
            Norm::Rms => self.graph.in_place(&[input]),
            Norm::Layer => {
                let shape = self.graph.shape(input);
                self.graph.fresh(shape, &[input])
            }
        };
        let scaled = self.graph.in_place(&[normed]);
        self.graph.at(scaled, site)
    }

    /// A weight of this layer times a tensor.
    pub fn matmul(&mut self, input: Id, rows: u64) -> Id {
        let home = self.home();
        self.multiply(input, rows, home)
    }

    /// A weight times a tensor.
    pub fn multiply(&mut self, input: Id, rows: u64, site: Site) -> Id {
        let [_, a, b, c] = self.graph.shape(input);
        let product = self.graph.fresh([rows, a, b, c], &[input]);
        self.graph.at(product, site)
    }

    /// Where this layer's weights lie.
    pub fn home(&self) -> Site {
        self.places.layer(self.layer, self.tokens)
    }

    /// Where this layer's routed experts lie.
    pub fn experts_home(&self) -> Site {
        self.places.experts(self.layer, self.tokens)
    }

    /// The host.
    pub fn host(&self) -> Site {
        self.places.host()
    }

    /// Where this layer's cache lies.
    pub fn cache_home(&self) -> Site {
        match self.options.kv_place {
            KvPlace::Device => self.places.cache(self.layer),
            KvPlace::Host => self.places.host(),
        }
    }
}

/// The inputs, none of them in the graph yet.
fn inputs(
    graph: &mut Graph,
    model: &Architecture,
    options: &RunOptions,
    style: Style,
    tokens: u64,
    rows: u64,
) -> Inputs {
    let window = model.layers.iter().find_map(|layer| shrinking_window(layer.mixer));
    let whole = cache_inputs(graph, model, options, tokens, options.cells(), false);
    let window_cells = window.map_or(options.cells(), |window| options.window_cells(window));
    let states = graph.input([options.sequences(), 1, 1, 1], I32);
    let indexer = model.details.indexer.map_or(0, |indexer| indexer.key);
    Inputs {
        positions: graph.input([tokens * style.positions, 1, 1, 1], I32),
        whole,
        window: cache_inputs(graph, model, options, tokens, window_cells, true),
        indexer: cache_inputs(graph, model, options, tokens, options.cells(), false),
        indexer_rotation: graph.input([indexer, indexer, 1, 1], F32),
        states: graph.turn(states, [options.sequences(), 1, 1, 1]),
        other_states: graph.view(states, [0, 1, 1, 1], 0),
        query_scale: graph.input([1, 1, tokens, 1], F32),
        rows: graph.input([rows, 1, 1, 1], I32),
    }
}

/// The inputs that belong to one cache.
///
/// Source: llama.cpp v0.5.0 `llama-kv-cache.cpp`, `build_input_*`; `llama-graph.cpp`,
/// `build_attn_inp_kq_mask`.
fn cache_inputs(
    graph: &mut Graph,
    model: &Architecture,
    options: &RunOptions,
    tokens: u64,
    cells: u64,
    windowed: bool,
) -> CacheInputs {
    let flash = options.flash_attention == FlashAttention::On;
    let streams = options.streams();
    let widest = scores::widest_value(model, options);
    let mask = graph.input([cells, tokens / streams, 1, streams], if flash { F16 } else { F32 });
    let (keys, values) = scores::rotations(model, options, windowed);
    CacheInputs {
        key_rows: graph.input([tokens, 1, 1, 1], I64),
        value_rows: graph.input([if flash { tokens } else { tokens * widest }, 1, 1, 1], I64),
        mask,
        rotate_keys: keys.map(|width| graph.input([width, width, 1, 1], F32)),
        rotate_values: values.map(|width| graph.input([width, width, 1, 1], F32)),
        cells,
    }
}
