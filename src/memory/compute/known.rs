//! What was worked out of a model's buffers, kept for the next question.
//!
//! Nothing here changes an answer: the same is kept that would be worked out again. Buffers depend on the shape of
//! a model, on how it is run and on where its layers lie; not on the quant. Over a span of contexts they are
//! straight lines.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::allocate::{ALIGNMENT, Skipped, buffer_sizes};
use super::form::{Form, Span};
use super::graph::Graph;
use super::schedule::{self, schedule};
use super::stack::Stack;
use super::telling::{Shortened, Telling, kinds};
use super::{ComputeBytes, Places, flat, with_streamed};
use crate::memory::kv::shrinking_window;
use crate::memory::options::{RunOptions, SwaCache};
use crate::memory::rules::{Buffers, WindowRule};
use crate::model::{Architecture, Mixer};
use crate::units::{Bytes, Tokens};

/// What is kept of one model at the most: ways to run it, and places in each of them.
const MOST_WAYS: usize = 24;
const MOST_PLACES: usize = 4096;

/// What is known of one model's buffers. It belongs to that model, and to those it is
/// [alike](super::compute_alike) in all that matters here: with another it would tell lies.
#[derive(Clone, Default)]
pub struct Known(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    kinds: Vec<u32>,
    ways: Vec<Arc<Way>>,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Known")
    }
}

/// What is remembered changes no answer, so it tells no two models apart.
impl PartialEq for Known {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// One way to run the model, at any context that leaves the batch as large.
struct Way {
    /// The options, their context set aside.
    options: RunOptions,
    ubatch: u64,
    kinds: Vec<u32>,
    /// From how many cells on something stops growing, or starts.
    bends: Option<Vec<u64>>,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    /// By the numbers that make a layout.
    by_numbers: HashMap<Vec<u32>, usize>,
    /// By the layers asked and where they lie.
    by_telling: HashMap<Told, usize>,
    lines: Vec<Vec<Line>>,
    /// The way of shortening that worked last.
    favourite: usize,
}

/// Whether a line is wanted for these cells alone.
#[derive(Clone, Copy)]
enum Reach {
    Here,
    Far,
}

/// All that buffers depend on beside the model and its options.
#[derive(PartialEq, Eq, Hash)]
struct Told {
    kinds: Vec<u32>,
    places: Places,
    /// Where layers were left out; how many does not matter.
    skipped: Vec<Skipped>,
}

/// Buffers over a span of cells.
struct Line {
    span: Span,
    host: Form,
    devices: Vec<Form>,
}

impl Known {
    /// Buffers of `model` run like this. The model has to be one this belongs to.
    #[must_use]
    pub fn of<'a>(&self, model: &'a Architecture, options: &'a RunOptions) -> Buffered<'a> {
        let way = matches!(options.rules.buffers, Buffers::Graph).then(|| self.way(model, options));
        Buffered { model, options, way, cells: options.cells() }
    }

    fn way(&self, model: &Architecture, options: &RunOptions) -> Arc<Way> {
        let (asked, ubatch) = (RunOptions { context: Tokens::ZERO, ..*options }, options.ubatch());
        let mut kept = lock(&self.0);
        if let Some(at) = kept.ways.iter().position(|way| way.ubatch == ubatch && way.options == asked) {
            return kept.ways[at].clone();
        }
        if kept.kinds.is_empty() {
            kept.kinds = kinds(model);
        }
        let way = Arc::new(Way {
            options: asked,
            ubatch,
            kinds: kept.kinds.clone(),
            bends: bends(model, options),
            found: Mutex::default(),
        });
        if kept.ways.len() >= MOST_WAYS {
            kept.ways.remove(0);
        }
        kept.ways.push(way.clone());
        way
    }
}

/// The buffers of one model run in one way.
pub struct Buffered<'a> {
    model: &'a Architecture,
    options: &'a RunOptions,
    way: Option<Arc<Way>>,
    cells: u64,
}

impl Buffered<'_> {
    /// What [`super::compute`] says of these places on so many devices. `numbers` tell them apart from all other
    /// places this model is asked about, the number of devices included.
    #[must_use]
    pub fn compute(&self, devices: u8, numbers: &[u32], places: impl FnOnce() -> Places) -> ComputeBytes {
        let Some(way) = &self.way else {
            let Buffers::PerDevice(each) = self.options.rules.buffers else { return ComputeBytes::default() };
            return flat(devices, each);
        };
        let mut found = lock(&way.found);
        if let Some(line) = found.by_numbers.get(numbers).and_then(|at| line_at(&found.lines[*at], self.cells)) {
            return self.bytes(line);
        }
        self.look(&mut found, way, numbers, &places())
    }

    /// Works out what is not known yet.
    fn look(&self, found: &mut Found, way: &Way, numbers: &[u32], places: &Places) -> ComputeBytes {
        if found.by_numbers.len() > MOST_PLACES {
            *found = Found::default();
        }
        let telling = Telling::of(self.model, &way.kinds, places, Shortened::TRIED[0]);
        let told = Told {
            kinds: telling.layers.iter().map(|&layer| way.kinds[layer]).collect(),
            places: Places {
                layers: telling.layers.iter().filter_map(|&layer| places.layers.get(layer).copied()).collect(),
                ..*places
            },
            skipped: telling.skipped.clone(),
        };
        let next = found.lines.len();
        let at = *found.by_telling.entry(told).or_insert(next);
        if at == next {
            found.lines.push(Vec::new());
        }
        found.by_numbers.insert(numbers.to_vec(), at);
        if line_at(&found.lines[at], self.cells).is_none() {
            // One context is answered for itself; who asks about a second will ask about more.
            let reach = if found.lines[at].is_empty() { Reach::Here } else { Reach::Far };
            let line = self.line(way, places, reach, &mut found.favourite);
            found.lines[at].push(line);
        }
        line_at(&found.lines[at], self.cells).map_or_else(ComputeBytes::default, |line| self.bytes(line))
    }

    /// Runs the engine's allocator on the layers that tell, else on all.
    fn line(&self, way: &Way, places: &Places, reach: Reach, favourite: &mut usize) -> Line {
        let tried = Shortened::TRIED.len();
        let told = (0..tried).map(|turn| (*favourite + turn) % tried).find_map(|at| {
            let telling = Telling::of(self.model, &way.kinds, places, Shortened::TRIED[at]);
            Some((at, self.run(way, places, &telling, reach)?))
        });
        let told = told.map(|(at, line)| {
            *favourite = at;
            line
        });
        told.or_else(|| self.run(way, places, &Telling::all(self.model), reach)).unwrap_or_else(|| Line {
            span: Span::point(self.cells),
            host: Form::default(),
            devices: Vec::new(),
        })
    }

    fn run(&self, way: &Way, places: &Places, telling: &Telling, reach: Reach) -> Option<Line> {
        let (mut graph, tokens) = Stack::build(self.model, self.options, places, &telling.layers);
        let span = match reach {
            Reach::Here => None,
            Reach::Far => self.span(way, &mut graph, places, &telling.layers),
        };
        let mut span = span.unwrap_or(Span::point(self.cells));
        let sites = usize::from(places.devices) + 1;
        let batches = if places.pipelined(self.options) { schedule::BATCHES_IN_FLIGHT } else { 1 };
        let schedule = schedule(&mut graph, sites, batches);
        let mut sizes = buffer_sizes(&graph, &schedule, sites, &telling.skipped, &mut span)?;
        let host = sizes.pop().unwrap_or_default();
        let devices = with_streamed(sizes, places, tokens);
        Some(Line { span, host, devices })
    }

    /// The span over which every tensor grows evenly, which the graph learns from another with more cells, or fewer.
    fn span(&self, way: &Way, graph: &mut Graph, places: &Places, layers: &[usize]) -> Option<Span> {
        let (low, high) = even(way.bends.as_ref()?, self.cells);
        let streams = self.options.streams();
        let step = self.options.rules.cache.step.max(1);
        let with = |cells: u64| RunOptions { context: Tokens::new(cells.saturating_mul(streams)), ..*self.options };
        let fits = |options: &RunOptions| {
            (low..=high).contains(&options.cells()) && options.cells() != self.cells && options.ubatch() == way.ubatch
        };
        let longer = [self.cells.saturating_add(step), self.cells.saturating_sub(step)].map(with);
        let longer = longer.into_iter().find(fits)?;
        let more = i64::try_from(longer.cells()).ok()? - i64::try_from(self.cells).ok()?;
        let (other, _) = Stack::build(self.model, &longer, places, layers);
        let step = i64::try_from(step).ok()?;
        graph.compare(&other, more, step, ALIGNMENT.cast_signed()).then_some(Span { at: self.cells, low, high })
    }

    fn bytes(&self, line: &Line) -> ComputeBytes {
        let at = |form: &Form| Bytes::new(form.with(self.cells, line.span.at));
        ComputeBytes {
            host: at(&line.host),
            devices: line.devices.iter().map(at).collect(),
            output: super::output(self.model, self.options),
        }
    }
}

fn line_at(lines: &[Line], cells: u64) -> Option<&Line> {
    lines.iter().find(|line| (line.span.low..=line.span.high).contains(&cells))
}

/// The cells around these between two bends.
fn even(bends: &[u64], cells: u64) -> (u64, u64) {
    let low = bends.iter().copied().filter(|bend| *bend <= cells).max().unwrap_or(1);
    let high = bends.iter().copied().filter(|bend| *bend > cells).min().map_or(MOST_CELLS, |bend| bend - 1);
    (low, high)
}

/// Above every context an engine takes.
const MOST_CELLS: u64 = 1 << 30;

/// The numbers of cells from which on a graph grows in another way: where a window is full, and where an indexer
/// has more tokens than it picks. None where it grows in steps of its own.
fn bends(model: &Architecture, options: &RunOptions) -> Option<Vec<u64>> {
    let merges = model.layers.iter().any(|layer| matches!(layer.mixer, Mixer::Compressed(_)));
    if merges || options.cells() * options.streams() < options.ubatch() {
        return None;
    }
    let mut bends = vec![1];
    let endless = RunOptions { context: Tokens::new(MOST_CELLS), ..*options };
    if options.swa == SwaCache::Window && options.rules.cache.window != WindowRule::Full {
        let windows = model.layers.iter().filter_map(|layer| shrinking_window(layer.mixer));
        bends.extend(windows.map(|window| endless.window_cells(window)));
    }
    bends.extend(model.details.indexer.map(|indexer| indexer.top));
    bends.sort_unstable();
    bends.dedup();
    Some(bends)
}

/// What is behind a lock is whole at any time, so a thread that died while it held it does no harm.
fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
