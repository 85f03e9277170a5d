//! The measurements with their predictions, what of them is looked at, and the figures over it.

use std::sync::Arc;

use crate::advice::accuracy::{Compared, Group, Off, Rate};
use crate::advice::peers::Peer;

use super::words;
use crate::ui::memo::Memo;

/// What the page works on.
#[derive(Default)]
pub struct Accuracy {
    rows: Vec<Compared>,
    /// How many there will be; none before the first is there.
    of: Option<usize>,
    running: bool,
    /// What is looked at.
    pub(super) looked: Looked,
    /// The order of the list.
    pub(super) sort: Sort,
    /// The measurement that is pointed out, by its place among all.
    pub(super) picked: Option<usize>,
    /// Whether the list has still to show it.
    pub(super) reveal: bool,
    view: Memo<(usize, Looked), Arc<View>>,
    order: Memo<(usize, Looked, Sort), Arc<Vec<usize>>>,
}

/// Which measurements, which of their rates, and whose formula beside ours.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Looked {
    pub(super) rate: Rate,
    pub(super) beside: Option<Peer>,
    pub(super) group: Group,
    pub(super) rows: Rows,
}

/// Which rows of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rows {
    /// Those whose hardware and build are stated: the ones figures are given for elsewhere.
    #[default]
    Stated,
    /// The doubtful ones, too.
    All,
}

/// The order of the list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sort {
    pub(super) by: By,
    pub(super) order: Order,
}

impl Default for Sort {
    fn default() -> Self {
        Self { by: By::Off, order: Order::Down }
    }
}

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Machine,
    Model,
    Quant,
    Depth,
    Measured,
    Ours,
    Off,
    Theirs,
    TheirsOff,
    Source,
}

/// Up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Up,
    Down,
}

/// Figures over one group.
pub(super) struct Figures {
    pub group: Group,
    /// Ours, where there are measurements.
    pub ours: Option<Off>,
    /// The share of measurements inside our band.
    pub held: f64,
    /// Those of the formula beside ours.
    pub theirs: Option<Off>,
}

/// What follows from what is looked at.
pub(super) struct View {
    /// Places of the measurements shown, by what was measured, least first.
    pub shown: Vec<usize>,
    /// One for each group.
    pub figures: Vec<Figures>,
    /// The band most predictions have, as a factor.
    pub band: f64,
    /// Least and largest rate of all that can be shown.
    pub range: (f64, f64),
}

impl View {
    /// The figures over the group that is looked at.
    pub fn here(&self, group: Group) -> Option<&Figures> {
        self.figures.iter().find(|figures| figures.group == group)
    }
}

impl Accuracy {
    /// Measurements with their predictions, as far as they have come.
    #[must_use]
    pub fn rows(&self) -> &[Compared] {
        &self.rows
    }

    /// Whether every measurement has been asked about.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.of == Some(self.rows.len())
    }

    /// How many there will be, once that is known.
    #[must_use]
    pub const fn of(&self) -> Option<usize> {
        self.of
    }

    /// Whether nothing was asked yet.
    pub(super) fn is_untouched(&self) -> bool {
        !self.running && self.of.is_none()
    }

    /// Waits for the first.
    pub fn begin(&mut self) {
        self.rows.clear();
        (self.running, self.of, self.picked) = (true, None, None);
    }

    /// Takes in some more.
    pub fn take(&mut self, rows: Vec<Compared>, of: usize) {
        self.rows.extend(rows);
        self.of = Some(of);
        self.running = !self.is_complete();
    }

    /// The formula beside ours, where it has an answer.
    pub(super) fn beside(&self) -> Option<Peer> {
        self.looked.beside.filter(|_| self.looked.rate == Rate::Decode)
    }

    /// What follows from what is looked at.
    pub(super) fn view(&mut self) -> Arc<View> {
        let Self { rows, looked, view, .. } = self;
        view.get((rows.len(), *looked), |(_, looked)| Arc::new(look(rows, *looked))).clone()
    }

    /// Places of the measurements shown, in the order of the list.
    pub(super) fn order(&mut self) -> Arc<Vec<usize>> {
        let shown = self.view();
        let Self { rows, looked, sort, order, .. } = self;
        order
            .get((rows.len(), *looked, *sort), |(_, looked, sort)| {
                let mut places = shown.shown.clone();
                sorted(&mut places, rows, *looked, *sort);
                Arc::new(places)
            })
            .clone()
    }
}

/// What is predicted over what was measured, less one.
pub(super) fn error(row: &Compared, rate: Rate, predicted: Option<f64>) -> Option<f64> {
    Some(predicted? / row.seen(rate)? - 1.0)
}

fn look(rows: &[Compared], looked: Looked) -> View {
    let rate = looked.rate;
    let counts = |row: &Compared| looked.rows == Rows::All || row.measured.sound;
    let all: Vec<usize> = (0..rows.len())
        .filter(|place| counts(&rows[*place]) && rows[*place].seen(rate).zip(rows[*place].ours(rate)).is_some())
        .collect();
    let figures = Group::ALL.into_iter().map(|group| {
        let within = || all.iter().map(|place| &rows[*place]).filter(|row| group.holds(&row.measured));
        let pairs = |of: &dyn Fn(&Compared) -> Option<f64>| -> Vec<(f64, f64)> {
            within().filter_map(|row| Some((of(row)?, row.seen(rate)?))).collect()
        };
        let held = within().filter(|row| {
            row.ours(rate).zip(row.seen(rate)).is_some_and(|(range, seen)| (range.low..=range.high).contains(&seen))
        });
        Figures {
            group,
            held: held.count() as f64 / within().count().max(1) as f64,
            ours: Off::of(&pairs(&|row| row.ours(rate).map(|range| range.expected))),
            theirs: looked.beside.and_then(|peer| Off::of(&pairs(&|row| row.theirs(peer, rate)))),
        }
    });
    let figures = figures.collect();
    let values = all.iter().map(|place| &rows[*place]).flat_map(|row| {
        let theirs = looked.beside.and_then(|peer| row.theirs(peer, rate));
        [row.seen(rate), row.ours(rate).map(|ours| ours.expected), theirs]
    });
    let range = values.flatten().fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let mut shown = all;
    shown.retain(|place| looked.group.holds(&rows[*place].measured));
    let seen = |place: &usize| rows[*place].seen(rate).unwrap_or_default();
    shown.sort_by(|a, b| seen(a).total_cmp(&seen(b)));
    let mut bands: Vec<f64> =
        shown.iter().filter_map(|place| rows[*place].ours(rate)).map(|range| range.high / range.expected).collect();
    bands.sort_by(f64::total_cmp);
    View { band: bands.get(bands.len() / 2).copied().unwrap_or(1.0), shown, figures, range }
}

fn sorted(places: &mut [usize], rows: &[Compared], looked: Looked, sort: Sort) {
    let rate = looked.rate;
    let row = |place: usize| &rows[place];
    let ours = |place: usize| row(place).ours(rate).map(|range| range.expected);
    let theirs = |place: usize| looked.beside.and_then(|peer| row(place).theirs(peer, rate));
    // What is not there comes last when the largest come first.
    let number = |value: Option<f64>| value.unwrap_or(f64::NEG_INFINITY);
    let off = |place: usize, predicted: Option<f64>| {
        number(error(row(place), rate, predicted).map(|error| error.ln_1p().abs()))
    };
    let text = |of: fn(&Compared) -> &str| move |a: usize, b: usize| of(row(a)).cmp(of(row(b)));
    places.sort_by(|&a, &b| {
        let compared = match sort.by {
            By::Machine => text(words::machine)(a, b),
            By::Model => text(words::model)(a, b),
            By::Quant => text(words::quant)(a, b),
            By::Source => text(words::source)(a, b),
            By::Depth => words::depth(row(a), rate).cmp(&words::depth(row(b), rate)),
            By::Measured => number(row(a).seen(rate)).total_cmp(&number(row(b).seen(rate))),
            By::Ours => number(ours(a)).total_cmp(&number(ours(b))),
            By::Theirs => number(theirs(a)).total_cmp(&number(theirs(b))),
            By::Off => off(a, ours(a)).total_cmp(&off(b, ours(b))),
            By::TheirsOff => off(a, theirs(a)).total_cmp(&off(b, theirs(b))),
        };
        if sort.order == Order::Up { compared } else { compared.reverse() }
    });
}
