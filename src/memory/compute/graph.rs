//! A computation graph as far as memory is concerned: which tensors there are, how large they are,
//! what they are made from, and in which order.
//!
//! Weights are no tensors here: an operation only says where its weight lies.

use super::form::{Form, Span};

/// A tensor of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(u32);

impl Id {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where something lies or runs: devices count from 0, the host comes last.
pub(super) type Site = u8;

/// Length along each dimension, innermost first.
pub(super) type Shape = [u64; 4];

/// What a tensor is to the allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Filled by the engine before each batch.
    Input,
    /// Memory of its own, outside the compute buffers: a cache or a state.
    Outside,
    /// An operation that needs room for its result.
    Fresh,
    /// An operation that may write over its operand.
    InPlace,
    /// Another look at a tensor; nothing is computed.
    View,
    /// An operation that writes into another tensor.
    Write,
}

/// One tensor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tensor {
    pub shape: Shape,
    pub bytes: u64,
    pub kind: Kind,
    /// The tensor whose memory it is; itself unless it is a view.
    pub root: Id,
    /// Where it has to be: a cache, or an operation pinned by hand or by its weight.
    pub site: Option<Site>,
    /// Whether its elements lie without gaps and in order.
    pub plain: bool,
    /// Whether it is kept until the graph is done.
    pub output: bool,
    sources: (u32, u32),
    seen: bool,
    /// Bytes more for each further cell of the cache.
    grows: i64,
    /// Which lengths of the shape change with the cells, a bit each.
    grown: u8,
}

/// A graph being recorded.
#[derive(Debug, Default)]
pub(super) struct Graph {
    tensors: Vec<Tensor>,
    sources: Vec<Id>,
    /// Operations and views in the order they run.
    pub nodes: Vec<Id>,
    /// Inputs in the order they were met.
    pub inputs: Vec<Id>,
    /// How many nodes there were when each layer was begun.
    pub layers: Vec<usize>,
}

/// Bytes of one number, by type.
pub(super) const F32: u64 = 4;
pub(super) const F16: u64 = 2;
pub(super) const I32: u64 = 4;
pub(super) const I64: u64 = 8;

/// Above every tensor there is; keeps the sum of all of them inside 64 bits.
const MOST_BYTES: u64 = 1 << 48;

/// Elements of a shape.
pub(super) fn count(shape: Shape) -> u64 {
    shape.iter().fold(1, |product, length| product.saturating_mul(*length))
}

/// About what a layer of routed experts takes.
const TENSORS_OF_A_LAYER: usize = 100;

impl Graph {
    /// An empty graph with room for so many layers.
    pub fn with_room(layers: usize) -> Self {
        let tensors = (layers + 1) * TENSORS_OF_A_LAYER;
        Self {
            tensors: Vec::with_capacity(tensors),
            sources: Vec::with_capacity(2 * tensors),
            nodes: Vec::with_capacity(tensors),
            inputs: Vec::new(),
            layers: Vec::with_capacity(layers),
        }
    }

    /// Notes that a layer begins here.
    pub fn begin_layer(&mut self) {
        self.layers.push(self.nodes.len());
    }

    /// Learns how tensors grow from the same graph with `more` cells. Returns whether they do so evenly, and by
    /// whole multiples of `unit` over `step` cells.
    pub fn compare(&mut self, longer: &Self, more: i64, step: i64, unit: i64) -> bool {
        if self.tensors.len() != longer.tensors.len() || self.nodes != longer.nodes || more == 0 {
            return false;
        }
        for (tensor, longer) in self.tensors.iter_mut().zip(&longer.tensors) {
            if tensor.bytes == longer.bytes && tensor.shape == longer.shape {
                continue;
            }
            let difference = longer.bytes.cast_signed() - tensor.bytes.cast_signed();
            let grows = difference / more;
            let even = grows * more == difference && tensor.kind == longer.kind;
            if !even || (grows * step) % unit != 0 || tensor.bytes.max(longer.bytes) >= MOST_BYTES {
                return false;
            }
            tensor.grows = grows;
            for (at, (here, there)) in tensor.shape.iter().zip(longer.shape).enumerate() {
                tensor.grown |= u8::from(*here != there) << at;
            }
        }
        true
    }

    /// What a tensor takes.
    pub fn form(&self, id: Id) -> Form {
        let tensor = self.tensor(id);
        Form { here: tensor.bytes, grows: tensor.grows }
    }

    /// Whether two tensors have the same shape and size; the span ends where that may change.
    pub fn same_layout(&self, a: Id, b: Id, span: &mut Span) -> bool {
        let (a, b) = (self.tensor(a), self.tensor(b));
        let alike = a.shape == b.shape && a.bytes == b.bytes;
        if a.grown != b.grown || a.grows != b.grows {
            let fixed = |at: &usize| (a.grown | b.grown) >> at & 1 == 0;
            let never = (0..a.shape.len()).filter(fixed).any(|at| a.shape[at] != b.shape[at]);
            if alike || !never {
                span.end_here();
            }
        }
        alike
    }

    pub fn tensor(&self, id: Id) -> &Tensor {
        &self.tensors[id.index()]
    }

    pub fn at_index(&self, index: usize) -> &Tensor {
        &self.tensors[index]
    }

    pub fn shape(&self, id: Id) -> Shape {
        self.tensor(id).shape
    }

    pub fn sources(&self, id: Id) -> &[Id] {
        let (start, end) = self.tensor(id).sources;
        &self.sources[start as usize..end as usize]
    }

    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    fn add(&mut self, shape: Shape, bytes: u64, kind: Kind, root: Option<Id>, sources: &[Id]) -> Id {
        let id = Id(self.tensors.len() as u32);
        let start = self.sources.len() as u32;
        self.sources.extend_from_slice(sources);
        let sources = (start, self.sources.len() as u32);
        let root = root.unwrap_or(id);
        let bytes = bytes.min(MOST_BYTES);
        self.tensors.push(Tensor {
            shape,
            bytes,
            kind,
            root,
            site: None,
            plain: true,
            output: false,
            sources,
            seen: false,
            grows: 0,
            grown: 0,
        });
        id
    }

    /// Something filled by the engine before each batch.
    pub fn input(&mut self, shape: Shape, element: u64) -> Id {
        self.add(shape, count(shape).saturating_mul(element), Kind::Input, None, &[])
    }

    /// A cache or a state: memory that is counted elsewhere.
    pub fn outside(&mut self, bytes: u64, site: Site) -> Id {
        let id = self.add([bytes, 1, 1, 1], bytes, Kind::Outside, None, &[]);
        self.tensors[id.index()].site = Some(site);
        id
    }

    /// An operation with a result of its own, in 32-bit floats.
    pub fn fresh(&mut self, shape: Shape, sources: &[Id]) -> Id {
        self.fresh_of(shape, F32, sources)
    }

    /// An operation with a result of its own.
    pub fn fresh_of(&mut self, shape: Shape, element: u64, sources: &[Id]) -> Id {
        self.add(shape, count(shape).saturating_mul(element), Kind::Fresh, None, sources)
    }

    /// An operation that may write over one of its sources; as large as the first.
    pub fn in_place(&mut self, sources: &[Id]) -> Id {
        let shape = self.shape(sources[0]);
        self.add(shape, count(shape).saturating_mul(F32), Kind::InPlace, None, sources)
    }

    /// Another shape for the same elements in the same order.
    pub fn reshape(&mut self, source: Id, shape: Shape) -> Id {
        let (root, bytes) = (self.tensor(source).root, self.tensor(source).bytes);
        self.add(shape, bytes, Kind::View, Some(root), &[source])
    }

    /// The same elements in another order.
    pub fn turn(&mut self, source: Id, shape: Shape) -> Id {
        let bytes = self.tensor(source).bytes;
        self.view(source, shape, bytes)
    }

    /// A part of each of `rows` rows that start `pitch` numbers apart. A copy of it keeps the gaps.
    pub fn slice(&mut self, source: Id, shape: Shape, rows: u64, pitch: u64) -> Id {
        let width = count(shape) / rows.max(1);
        let gaps = rows.saturating_sub(1).saturating_mul(pitch);
        self.view(source, shape, gaps.saturating_add(width).saturating_mul(F32))
    }

    /// A look at a tensor that takes so many bytes as a copy.
    pub fn view(&mut self, source: Id, shape: Shape, bytes: u64) -> Id {
        let root = self.tensor(source).root;
        let id = self.add(shape, bytes, Kind::View, Some(root), &[source]);
        self.tensors[id.index()].plain = false;
        id
    }

    /// An operation that writes into the memory of `target`.
    pub fn write(&mut self, target: Id, sources: &[Id]) -> Id {
        let Tensor { root, shape, bytes, .. } = *self.tensor(target);
        self.add(shape, bytes, Kind::Write, Some(root), sources)
    }

    /// Pins an operation to where its weight lies, or where the engine insists.
    pub fn at(&mut self, id: Id, site: Site) -> Id {
        self.tensors[id.index()].site = Some(site);
        id
    }

    /// Keeps a tensor until the graph is done.
    pub fn keep(&mut self, id: Id) {
        self.tensors[id.index()].output = true;
    }

    /// Appends a tensor and whatever it needs that is not there yet, sources first.
    ///
    /// Source: ggml.c v0.5.0, `ggml_build_forward_expand`.
    pub fn expand(&mut self, id: Id) {
        if std::mem::replace(&mut self.tensors[id.index()].seen, true) {
            return;
        }
        let (start, end) = self.tensor(id).sources;
        for source in start..end {
            self.expand(self.sources[source as usize]);
        }
        match self.tensor(id).kind {
            Kind::Input => self.inputs.push(id),
            Kind::Outside => {}
            _ => self.nodes.push(id),
        }
    }

    /// A new tensor laid out as another, for a copy on another site.
    pub fn copy(&mut self, of: Id) -> Id {
        let Tensor { shape, bytes, plain, grows, grown, .. } = *self.tensor(of);
        let id = self.add(shape, bytes, Kind::Fresh, None, &[]);
        let copy = &mut self.tensors[id.index()];
        (copy.plain, copy.grows, copy.grown) = (plain, grows, grown);
        id
    }

    /// Lets an operation read a copy instead.
    pub fn replace_source(&mut self, node: Id, at: usize, with: Id) {
        let (start, _) = self.tensor(node).sources;
        self.sources[start as usize + at] = with;
    }
}
