//! Which operation runs where, and what is copied for it.
//!
//! An operation runs where its weight or its cache lies; the others follow their neighbours, devices
//! first. What an operation reads from another site is copied once, before the run of operations
//! that needs it.
//!
//! Source: llama.cpp v0.5.0 `ggml/src/ggml-backend.cpp`, `ggml_backend_sched_split_graph`.

use super::graph::{Graph, Id, Kind, Site};

/// One thing the engine does, in order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Copies a tensor from another site.
    Fetch { source: Id, copy: Id, site: Site },
    /// Computes a tensor, or looks at one in another way.
    Compute { node: Id, site: Site },
}

/// A graph in running order.
#[derive(Debug)]
pub(super) struct Schedule {
    /// What is given room before anything runs, and where.
    pub upfront: Vec<(Id, Site)>,
    /// What runs, in order.
    pub steps: Vec<Step>,
    /// With which step each layer of the graph begins.
    pub layers: Vec<usize>,
}

/// Batches in flight when devices work on several at once.
///
/// Source: llama.cpp v0.5.0 `ggml-backend.cpp`, `GGML_SCHED_MAX_COPIES`.
pub(super) const BATCHES_IN_FLIGHT: usize = 4;

/// Assigns every operation to one of `sites` sites, the last being the host. With several batches in
/// flight, inputs and whatever crosses from one site to another are kept once for each.
pub(super) fn schedule(graph: &mut Graph, sites: usize, batches: usize) -> Schedule {
    let host = (sites - 1) as Site;
    let places = places(graph, host);
    let nodes = std::mem::take(&mut graph.nodes);
    let mut plan = Plan { batches, sites, copies: vec![None; graph.len() * sites], ..Plan::default() };
    let mut layers = Vec::with_capacity(graph.layers.len());
    let mut start = 0;
    while start < nodes.len() {
        // A run of operations on one site, and the views between them.
        let real = |node: &&Id| graph.tensor(**node).kind != Kind::View;
        let first = nodes[start..].iter().find(real).unwrap_or(&nodes[start]);
        let site = places[first.index()];
        let next = nodes[start..].iter().position(|node| real(&node) && places[node.index()] != site);
        let end = next.map_or(nodes.len(), |offset| start + offset);
        for &node in &nodes[start..end] {
            if graph.tensor(node).kind != Kind::View {
                plan.fetch(graph, &places, node, site);
            }
        }
        let begun = graph.layers[layers.len()..].iter().take_while(|layer| **layer < end);
        layers.extend(begun.map(|layer| plan.steps.len() + layer - start));
        let compute = |node: &Id| Step::Compute { node: *node, site: places[node.index()] };
        plan.steps.extend(nodes[start..end].iter().map(compute));
        start = end;
    }
    let mut upfront = plan.inputs;
    upfront.extend(plan.fetched);
    upfront.extend(graph.inputs.iter().map(|&input| (input, host)));
    Schedule { upfront, steps: plan.steps, layers }
}

/// A schedule being made.
#[derive(Default)]
struct Plan {
    batches: usize,
    sites: usize,
    /// The copy of each tensor on each site.
    copies: Vec<Option<Id>>,
    /// Inputs kept once for each batch in flight.
    inputs: Vec<(Id, Site)>,
    /// Copies kept once for each batch in flight.
    fetched: Vec<(Id, Site)>,
    steps: Vec<Step>,
}

impl Plan {
    /// Brings what an operation reads to its site.
    fn fetch(&mut self, graph: &mut Graph, places: &[Site], node: Id, site: Site) {
        for at in 0..graph.sources(node).len() {
            let source = graph.sources(node)[at];
            let from = places[source.index()];
            let own = source.index() * self.sites + usize::from(from);
            if self.batches > 1 && graph.tensor(source).kind == Kind::Input && self.copies[own].is_none() {
                self.copies[own] = Some(source);
                let kept = kept_copies(graph, source, self.batches - 1, from);
                graph.keep(source);
                self.inputs.push((source, from));
                self.inputs.extend(kept);
            }
            if from == site {
                continue;
            }
            let there = source.index() * self.sites + usize::from(site);
            let copy = match self.copies[there] {
                Some(copy) => copy,
                None if self.batches > 1 => {
                    let kept = kept_copies(graph, source, self.batches, site);
                    self.fetched.extend(&kept);
                    kept[0].0
                }
                None => graph.copy(source),
            };
            if self.copies[there].is_none() {
                self.copies[there] = Some(copy);
                self.steps.push(Step::Fetch { source, copy, site });
            }
            graph.replace_source(node, at, copy);
        }
    }
}

/// Copies that are never freed.
fn kept_copies(graph: &mut Graph, of: Id, count: usize, site: Site) -> Vec<(Id, Site)> {
    let copies = (0..count).map(|_| {
        let copy = graph.copy(of);
        graph.keep(copy);
        (copy, site)
    });
    copies.collect()
}

/// The site of every tensor.
fn places(graph: &Graph, host: Site) -> Vec<Site> {
    let mut places: Vec<Option<Site>> = vec![None; graph.len()];
    for (index, place) in places.iter_mut().enumerate() {
        let tensor = graph.at_index(index);
        *place = match tensor.kind {
            Kind::Input => Some(host),
            _ => tensor
                .site
                .or(graph.tensor(tensor.root).site.filter(|_| graph.tensor(tensor.root).kind == Kind::Outside)),
        };
    }
    let real: Vec<Id> = graph.nodes.iter().copied().filter(|node| graph.tensor(*node).kind != Kind::View).collect();
    spread(&mut places, real.iter(), Some(host));
    spread(&mut places, real.iter().rev(), Some(host));
    spread(&mut places, real.iter(), None);
    spread(&mut places, real.iter().rev(), None);
    // Views lie where their tensor lies.
    (0..places.len())
        .map(|index| places[index].or(places[graph.at_index(index).root.index()]).unwrap_or(host))
        .collect()
}

/// Lets operations without a site follow the one before them, unless that one runs on `except`.
fn spread<'a>(places: &mut [Option<Site>], nodes: impl Iterator<Item = &'a Id>, except: Option<Site>) {
    let mut current = None;
    for node in nodes {
        match places[node.index()] {
            Some(site) => current = Some(site).filter(|site| Some(*site) != except),
            None => places[node.index()] = current,
        }
    }
}
