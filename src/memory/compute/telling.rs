//! Which layers tell how large the buffers get, and which repeat what was found before.
//!
//! Layers of one kind on one place, or of a few kinds in turn, find the buffers as those before them left them, or
//! as those before these. Of such a run the first repetitions and the last are kept. That those between would do what
//! was done before is not taken for granted: the allocator compares, and where it is not so all layers are asked.

use super::allocate::Skipped;
use super::{LayerPlace, Places};
use crate::model::{Architecture, Layer, Mixer};

/// How a run is shortened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shortened {
    /// Repetitions before it settles; at least one.
    pub unsettled: usize,
    /// Repetitions after which everything is as it was before them.
    pub cycle: usize,
}

impl Shortened {
    /// What is tried, in order. Mostly nothing changes from one repetition to the next; some change two tensors'
    /// places and change them back.
    pub const TRIED: [Self; 3] =
        [Self { unsettled: 2, cycle: 1 }, Self { unsettled: 1, cycle: 2 }, Self { unsettled: 4, cycle: 2 }];

    /// Repetitions kept at the start.
    const fn first(self) -> usize {
        self.unsettled + self.cycle
    }
}
/// The most layers that take turns. Jamba has eight.
const LONGEST_TURN: usize = 8;

/// The layers to ask, and what stands for those left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Telling {
    pub layers: Vec<usize>,
    pub skipped: Vec<Skipped>,
}

/// For each layer the first of its kind.
pub(super) fn kinds(model: &Architecture) -> Vec<u32> {
    let mut firsts: Vec<usize> = Vec::new();
    let kind = |(at, layer): (usize, &Layer)| {
        // The latest kinds first: layers come in runs.
        let known = firsts.iter().rev().copied().find(|&first| model.layers[first] == *layer);
        let first = known.unwrap_or_else(|| {
            firsts.push(at);
            at
        });
        u32::try_from(first).unwrap_or(u32::MAX)
    };
    model.layers.iter().enumerate().map(kind).collect()
}

impl Telling {
    /// Every layer.
    pub fn all(model: &Architecture) -> Self {
        Self { layers: (0..model.layers.len()).collect(), skipped: Vec::new() }
    }

    /// The first repetitions and the last of every run.
    pub fn of(model: &Architecture, kinds: &[u32], places: &Places, by: Shortened) -> Self {
        if keeps_an_input_for_each_layer(model) {
            return Self::all(model);
        }
        let symbols: Vec<(u32, Option<LayerPlace>)> =
            kinds.iter().enumerate().map(|(layer, kind)| (*kind, places.layers.get(layer).copied())).collect();
        let mut telling = Self { layers: Vec::with_capacity(kinds.len()), skipped: Vec::new() };
        let mut at = 0;
        while at < symbols.len() {
            let Some((turn, left_out)) = run(&symbols[at..], by) else {
                telling.layers.push(at);
                at += 1;
                continue;
            };
            let kept = telling.layers.len();
            telling.layers.extend(at..at + by.first() * turn);
            let starts = [by.unsettled - 1, by.unsettled, by.first() - 1, by.first()];
            telling.skipped.push(Skipped { starts: starts.map(|repetition| kept + repetition * turn) });
            // What follows is a run again, of too few to leave any out, or something else.
            at += (by.first() + left_out) * turn;
            telling.layers.extend(at..at + turn);
            at += turn;
        }
        telling
    }
}

/// The run that begins here and leaves out most, whole cycles that leave at least one repetition at its end: of how
/// many layers a repetition is, and how many of them are left out.
fn run<T: PartialEq>(symbols: &[T], by: Shortened) -> Option<(usize, usize)> {
    let mut best = None;
    let mut most = 0;
    for turn in 1..=LONGEST_TURN.min(symbols.len()) {
        let same = symbols.iter().zip(&symbols[turn..]).take_while(|(this, next)| this == next).count();
        let times = 1 + same / turn;
        let left_out = times.saturating_sub(by.first() + 1) / by.cycle * by.cycle;
        if left_out * turn > most {
            (best, most) = (Some((turn, left_out)), left_out * turn);
        }
    }
    best
}

/// Whether each layer has an input of its own, which is given room for as long as the graph runs: layers left
/// out would be missed.
fn keeps_an_input_for_each_layer(model: &Architecture) -> bool {
    let sparse = |layer: &Layer| match layer.mixer {
        Mixer::Mla(mla) => mla.indexer.is_some() || model.details.indexer.is_some(),
        Mixer::Compressed(_) => true,
        Mixer::Attention(_) | Mixer::Recurrent(_) | Mixer::None => false,
    };
    model.layers.iter().any(sparse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_that_leaves_out_most_is_taken() {
        let by = Shortened { unsettled: 1, cycle: 2 };
        let check = |text: &str, expected| assert_eq!(run(text.as_bytes(), by), expected, "{text}");
        check("aaaaa", None);
        check("aaaaaa", Some((1, 2)));
        check("aaaaaaab", Some((1, 2)));
        check("aaaaaaaab", Some((1, 4)));
        check("abababababab", Some((2, 2)));
        check("aaaaabaaaaabaaaaabaaaaabaaaaabaaaaab", Some((6, 2)));
        check("abcdefghijkl", None);
        check("", None);
        assert_eq!(run(b"aaaaaaa", Shortened { unsettled: 2, cycle: 1 }), Some((1, 3)));
    }
}
