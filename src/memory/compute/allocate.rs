//! How large the compute buffers get: the engine's allocator, run without memory.
//!
//! Tensors are placed in the order they run, into the smallest free block that takes them, and their
//! room is free again after their last use. The size of a buffer is the highest byte ever used.
//!
//! Source: llama.cpp v0.5.0 `ggml/src/ggml-alloc.c` (`ggml_gallocr_alloc_graph_impl`,
//! `ggml_dyn_tallocr_alloc`).

use super::form::{Form, Span};
use super::graph::{Graph, Id, Kind, Site};
use super::schedule::{Schedule, Step};

/// Every tensor starts at a multiple of this.
///
/// Source: llama.cpp v0.5.0 `ggml-impl.h`, `TENSOR_ALIGNMENT`. Devices align to 128 or 256 bytes.
pub(super) const ALIGNMENT: u64 = 32;

/// What is known about a tensor while the graph runs.
#[derive(Clone, Copy, Default)]
struct State {
    /// Uses still to come.
    uses: u32,
    /// Views still alive.
    views: u32,
    /// Where its memory starts, and in which buffer, while it has any of its own.
    held: Option<(Site, Form)>,
}

/// Layers that were left out because they do what a cycle of layers before them did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Skipped {
    /// The start of the layers before the cycle, of the cycle, of its second half, and of what follows what was left
    /// out, by their place among the layers of the graph.
    pub starts: [usize; 4],
}

/// The sizes of the buffers, one for each site; the span they hold for narrows. None when a layer that was left
/// out would have made a difference.
pub(super) fn buffer_sizes(
    graph: &Graph,
    schedule: &Schedule,
    sites: usize,
    skipped: &[Skipped],
    span: &mut Span,
) -> Option<Vec<Form>> {
    let buffers = vec![Buffer::default(); sites];
    let mut run = Run { graph, states: vec![State::default(); graph.len()], buffers, span: *span, placed: Vec::new() };
    for &(tensor, site) in &schedule.upfront {
        run.place(tensor, site);
    }
    for step in &schedule.steps {
        run.count(step);
    }
    let mut done = 0;
    for Skipped { starts } in skipped {
        let [before, cycle, middle, after] = starts.map(|layer| schedule.layers.get(layer).copied());
        let (before, cycle, middle, after) = (before?, cycle?, middle?, after?);
        run.steps(schedule.steps.get(done..before)?);
        run.placed.clear();
        run.steps(&schedule.steps[before..cycle]);
        let found = run.found();
        run.steps(&schedule.steps[cycle..middle]);
        run.placed.clear();
        run.steps(&schedule.steps[middle..after]);
        // Another round would begin as this one did, and so go the same way.
        if run.found() != found {
            return None;
        }
        done = after;
    }
    run.steps(schedule.steps.get(done..)?);
    *span = run.span;
    Some(run.buffers.iter().map(|buffer| buffer.highest).collect())
}

struct Run<'a> {
    graph: &'a Graph,
    states: Vec<State>,
    buffers: Vec<Buffer>,
    span: Span,
    /// Tensors that were given room, in order.
    placed: Vec<Id>,
}

/// All that decides what the next layer does: the free room, and what is still held of the layer before, each with
/// how many tensors before it were given room.
#[derive(PartialEq)]
struct Found {
    room: Vec<(Vec<(Form, Form)>, Form)>,
    held: Vec<(usize, Site, Form)>,
}

impl Run<'_> {
    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            self.step(step);
        }
    }

    fn found(&self) -> Found {
        let held = |(at, id): (usize, &Id)| self.states[id.index()].held.map(|(site, start)| (at, site, start));
        let room = self.buffers.iter().map(|buffer| (buffer.free.clone(), buffer.top)).collect();
        Found { room, held: self.placed.iter().enumerate().filter_map(held).collect() }
    }

    /// Counts the uses of what a step reads.
    fn count(&mut self, step: &Step) {
        match *step {
            Step::Fetch { source, .. } => self.states[source.index()].uses += 1,
            Step::Compute { node, .. } => {
                let tensor = self.graph.tensor(node);
                if tensor.root != node {
                    self.states[tensor.root.index()].views += 1;
                }
                for source in self.graph.sources(node) {
                    self.states[source.index()].uses += 1;
                }
            }
        }
    }

    /// Runs a step: makes room for its result, then frees what it was the last to use.
    fn step(&mut self, step: &Step) {
        match *step {
            Step::Fetch { source, copy, site } => {
                self.place(copy, site);
                self.used(source);
            }
            Step::Compute { node, site } => {
                self.place(node, site);
                let graph = self.graph;
                for &source in graph.sources(node) {
                    self.used(source);
                }
            }
        }
    }

    /// Gives a tensor room, in place of a source it may overwrite if there is one.
    fn place(&mut self, id: Id, site: Site) {
        let tensor = self.graph.tensor(id);
        if self.states[id.index()].held.is_some() || tensor.root != id || tensor.kind == Kind::Outside {
            return;
        }
        let held = match tensor.kind {
            Kind::InPlace => self.take_over(id),
            _ => None,
        };
        let held = held.unwrap_or_else(|| {
            let bytes = aligned(self.graph.form(id));
            (site, self.buffers[usize::from(site)].take(bytes, &mut self.span))
        });
        self.states[id.index()].held = Some(held);
        self.placed.push(id);
    }

    /// The room of a source that nothing else will use and that has the same layout. A source that is
    /// a view of another tensor is never overwritten.
    fn take_over(&mut self, id: Id) -> Option<(Site, Form)> {
        let graph = self.graph;
        for &source in graph.sources(id) {
            let operand = graph.tensor(source);
            let state = &self.states[source.index()];
            let free = operand.plain && !operand.output && state.uses == 1 && state.views == 0 && state.held.is_some();
            if free && graph.same_layout(source, id, &mut self.span) {
                return self.states[source.index()].held.take();
            }
        }
        None
    }

    /// One use less; after the last its room is free.
    fn used(&mut self, id: Id) {
        let root = self.graph.tensor(id).root;
        let state = &mut self.states[id.index()];
        state.uses -= 1;
        if state.uses > 0 || state.views > 0 {
            return;
        }
        if root != id {
            let owner = &mut self.states[root.index()];
            owner.views -= 1;
            if owner.views > 0 || owner.uses > 0 {
                return;
            }
        }
        if self.graph.tensor(root).output {
            return;
        }
        if let Some((site, start)) = self.states[root.index()].held.take() {
            let bytes = aligned(self.graph.form(root));
            self.buffers[usize::from(site)].give(start, bytes, &mut self.span);
        }
    }
}

/// One buffer: the free blocks below the highest byte used, and all the room above.
#[derive(Clone, Default)]
struct Buffer {
    /// Free blocks as (start, size), by start; the room above everything is not listed.
    free: Vec<(Form, Form)>,
    /// Where the room above starts.
    top: Form,
    /// The highest byte ever used.
    highest: Form,
}

impl Buffer {
    /// The start of a block: the smallest free one that is large enough (the last among equals),
    /// else the room above.
    fn take(&mut self, bytes: Form, span: &mut Span) -> Form {
        let mut best: Option<usize> = None;
        for (at, block) in self.free.iter().enumerate() {
            if span.at_least(block.1, bytes) && best.is_none_or(|best| span.at_least(self.free[best].1, block.1)) {
                best = Some(at);
            }
        }
        let start = if let Some(at) = best {
            let (start, room) = self.free[at];
            self.free[at] = (start + bytes, room - bytes);
            if span.alike(room, bytes) {
                self.free.remove(at);
            }
            start
        } else {
            let start = self.top;
            self.top = start + bytes;
            start
        };
        if !span.at_least(self.highest, start + bytes) {
            self.highest = start + bytes;
        }
        start
    }

    /// Frees a block and joins it with its neighbours. Blocks never overlap, so their order is the same over a
    /// span, and so is which of them touch.
    fn give(&mut self, start: Form, bytes: Form, span: &mut Span) {
        if span.alike(bytes, Form::default()) {
            return;
        }
        let at = self.free.partition_point(|block| block.0.here < start.here);
        self.free.insert(at, (start, bytes));
        if self.free.get(at + 1).is_some_and(|next| span.alike(start + bytes, next.0)) {
            self.free[at].1 = self.free[at].1 + self.free.remove(at + 1).1;
        }
        if at > 0 && span.alike(self.free[at - 1].0 + self.free[at - 1].1, start) {
            self.free[at - 1].1 = self.free[at - 1].1 + self.free.remove(at).1;
        }
        if self.free.last().is_some_and(|last| span.alike(last.0 + last.1, self.top)) {
            self.top = self.free.pop().map_or(self.top, |last| last.0);
        }
    }
}

/// Rounded up to the alignment. What grows does so by whole multiples over the steps a cache grows by, or the span
/// is a point.
const fn aligned(bytes: Form) -> Form {
    Form { here: bytes.here.next_multiple_of(ALIGNMENT), grows: bytes.grows }
}

#[cfg(test)]
mod tests {
    use super::super::schedule::schedule;
    use super::*;

    fn sizes(graph: &Graph, plan: &Schedule, sites: usize) -> Vec<u64> {
        let sizes = buffer_sizes(graph, plan, sites, &[], &mut Span::point(1)).expect("nothing is left out");
        sizes.iter().map(|size| size.here).collect()
    }

    #[test]
    fn the_smallest_hole_that_fits_is_taken() {
        let fixed = |here| Form { here, grows: 0 };
        let span = &mut Span::point(256);
        let mut buffer = Buffer::default();
        let blocks: Vec<u64> = [64, 96, 32, 64, 32].iter().map(|bytes| buffer.take(fixed(*bytes), span).here).collect();
        assert_eq!(blocks, [0, 64, 160, 192, 256]);
        buffer.give(fixed(0), fixed(64), span);
        buffer.give(fixed(64), fixed(96), span);
        buffer.give(fixed(192), fixed(64), span);
        let free: Vec<(u64, u64)> = buffer.free.iter().map(|(start, size)| (start.here, size.here)).collect();
        assert_eq!(free, [(0, 160), (192, 64)], "neighbours are joined");
        assert_eq!(buffer.take(aligned(fixed(33)), span).here, 192, "33 bytes take 64");
        buffer.give(fixed(256), fixed(32), span);
        assert_eq!(buffer.top.here, 256, "the room above grows downwards");
        assert_eq!((buffer.take(aligned(fixed(200)), span).here, buffer.highest.here), (256, 480));
    }

    /// A product, scaled in place, added to what it came from.
    #[test]
    fn an_operand_used_once_is_written_over() {
        let mut graph = Graph::default();
        let input = graph.input([256, 1, 1, 1], 4);
        let product = graph.fresh([256, 1, 1, 1], &[input]);
        let scaled = graph.in_place(&[product]);
        let sum = graph.in_place(&[scaled, input]);
        graph.keep(sum);
        graph.expand(sum);
        let plan = schedule(&mut graph, 1, 1);
        assert_eq!(sizes(&graph, &plan, 1), [2 * 1024]);
    }

    /// Between two devices the input crosses once to each, and the result of the first to the second.
    #[test]
    fn what_crosses_is_kept_on_both_sides() {
        let mut graph = Graph::default();
        let input = graph.input([256, 1, 1, 1], 4);
        let first = graph.fresh([256, 1, 1, 1], &[input]);
        graph.at(first, 0);
        let second = graph.fresh([256, 1, 1, 1], &[first]);
        graph.at(second, 1);
        graph.keep(second);
        graph.expand(second);
        let plan = schedule(&mut graph, 3, 1);
        assert_eq!(sizes(&graph, &plan, 3), [2 * 1024, 2 * 1024, 1024]);
    }
}
