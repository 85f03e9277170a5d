//! What of a ranking is shown, and in which order.

use std::cmp::Ordering;

use crate::advice::Ranked;
use crate::catalog::Breadth;
use crate::quant::Mix;
use crate::units::Params;
use crate::verdict::Level;

/// The quants a list shows of each model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quants {
    /// The one that ranks first here.
    #[default]
    Best,
    /// The few usual ones: the list of `willitrun rank`.
    Usual,
    /// All there are.
    Every,
    /// One mix.
    One(Mix),
}

impl Quants {
    /// What has to be ranked for it.
    #[must_use]
    pub const fn breadth(self) -> Breadth {
        match self {
            Self::Best | Self::Usual => Breadth::Usual,
            Self::Every => Breadth::Every,
            Self::One(mix) => Breadth::One(mix),
        }
    }

    /// Whether a model has one row at most.
    #[must_use]
    pub const fn is_one_each(self) -> bool {
        matches!(self, Self::Best | Self::One(_))
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Best => "best that fits",
            Self::Usual => "the usual ones",
            Self::Every => "every quant",
            Self::One(mix) => mix.name(),
        }
    }
}

/// Sizes people speak of, by all parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeClass {
    /// Up to 4 B.
    Tiny,
    /// Up to 15 B.
    Small,
    /// Up to 40 B.
    Medium,
    /// Up to 130 B.
    Large,
    /// More.
    Huge,
}

impl SizeClass {
    pub(super) const ALL: [Self; 5] = [Self::Tiny, Self::Small, Self::Medium, Self::Large, Self::Huge];

    /// The class of a model.
    #[must_use]
    pub fn of(params: Params) -> Self {
        match params.as_f64() / 1e9 {
            ..=4.0 => Self::Tiny,
            ..=15.0 => Self::Small,
            ..=40.0 => Self::Medium,
            ..=130.0 => Self::Large,
            _ => Self::Huge,
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Tiny => "to 4 B",
            Self::Small => "4 to 15 B",
            Self::Medium => "15 to 40 B",
            Self::Large => "40 to 130 B",
            Self::Huge => "over 130 B",
        }
    }
}

/// Whether a model thinks before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It does.
    Reasoning,
    /// It does not.
    Other,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::Reasoning, Self::Other];

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Reasoning => "reasoning",
            Self::Other => "other",
        }
    }
}

/// Which rows are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// One family.
    pub family: Option<String>,
    /// One class of size.
    pub size: Option<SizeClass>,
    /// Reasoning models or the others.
    pub kind: Option<Kind>,
    /// One licence.
    pub licence: Option<String>,
    /// Verdicts shown, best first.
    pub levels: [bool; Level::ALL.len()],
}

impl Default for Filter {
    /// All but what will not run.
    fn default() -> Self {
        let levels = Level::ALL.map(|level| level != Level::No);
        Self { family: None, size: None, kind: None, licence: None, levels }
    }
}

impl Filter {
    /// Whether rows of a verdict are shown.
    #[must_use]
    pub const fn shows(&self, level: Level) -> bool {
        self.levels[level as usize]
    }

    /// Whether a row is of the family, size, kind and licence asked for and has every word of the search.
    #[must_use]
    pub fn holds(&self, row: &Ranked, words: &[String]) -> bool {
        let facts = &row.subject.model.facts;
        let kind = if facts.reasoning { Kind::Reasoning } else { Kind::Other };
        self.family.as_ref().is_none_or(|family| *family == facts.family)
            && self.licence.as_ref().is_none_or(|licence| *licence == facts.licence)
            && self.kind.is_none_or(|wanted| wanted == kind)
            && self.size.is_none_or(|size| size == SizeClass::of(row.params))
            && has_words(row, words)
    }

    /// Whether anything but verdicts is left out.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        let all = Self { levels: self.levels, ..Self::default() };
        *self != all
    }
}

/// The words of a search.
pub(super) fn words(search: &str) -> Vec<String> {
    search.to_lowercase().split_whitespace().map(str::to_owned).collect()
}

fn has_words(row: &Ranked, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let (model, quant) = (&row.subject.model, row.quant());
    let facts = &model.facts;
    let kind = if facts.reasoning { "reasoning" } else { "" };
    let text = format!("{} {} {} {} {quant} {kind}", model.name, model.id, facts.family, facts.licence).to_lowercase();
    words.iter().all(|word| text.contains(word))
}

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The ranking: verdict, speed up to 20 tokens per second, cited quality, size.
    #[default]
    Best,
    /// Fastest first.
    Speed,
    /// What takes least memory first.
    Memory,
    /// What loses least first, where that is cited.
    Quality,
    /// Most parameters first.
    Size,
    /// By name.
    Name,
}

impl Sort {
    pub(super) const ALL: [Self; 6] = [Self::Best, Self::Speed, Self::Memory, Self::Quality, Self::Size, Self::Name];

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Best => "best first",
            Self::Speed => "speed",
            Self::Memory => "memory",
            Self::Quality => "quality",
            Self::Size => "size",
            Self::Name => "name",
        }
    }

    fn compare(self, a: &Ranked, b: &Ranked) -> Ordering {
        let rate = |row: &Ranked| row.rate.unwrap_or(0.0);
        let loss = |row: &Ranked| row.loss.figure().unwrap_or(f64::INFINITY);
        let name = |row: &Ranked| row.subject.model.name.to_lowercase();
        match self {
            Self::Best => a.order(b),
            Self::Speed => rate(b).total_cmp(&rate(a)),
            Self::Memory => a.memory.cmp(&b.memory),
            Self::Quality => loss(a).total_cmp(&loss(b)),
            Self::Size => b.params.cmp(&a.params),
            Self::Name => name(a).cmp(&name(b)),
        }
    }
}

/// Forwards or backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// As the order says.
    #[default]
    Forwards,
    /// The other way round.
    Backwards,
}

/// An order of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// What by.
    pub sort: Sort,
    /// Which way.
    pub turn: Turn,
}

impl Order {
    /// This order, or the same turned round where it is this order already.
    #[must_use]
    pub fn by(self, sort: Sort) -> Self {
        let turn = match self {
            Self { sort: now, turn: Turn::Forwards } if now == sort => Turn::Backwards,
            _ => Turn::Forwards,
        };
        Self { sort, turn }
    }

    /// Sorts rows that are in the order of the ranking; equal ones keep it.
    pub(super) fn sort(self, rows: &mut [Ranked]) {
        match self.turn {
            Turn::Forwards => rows.sort_by(|a, b| self.sort.compare(a, b)),
            Turn::Backwards => rows.sort_by(|a, b| self.sort.compare(b, a)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_click_on_a_header_turns_the_order_round() {
        let order = Order::default().by(Sort::Speed);
        assert_eq!(order, Order { sort: Sort::Speed, turn: Turn::Forwards });
        assert_eq!(order.by(Sort::Speed).turn, Turn::Backwards);
        assert_eq!(order.by(Sort::Speed).by(Sort::Speed), order);
        assert_eq!(order.by(Sort::Speed).by(Sort::Name), Order { sort: Sort::Name, turn: Turn::Forwards });
    }

    #[test]
    fn every_size_has_one_class() {
        for (billions, class) in
            [(0.6, SizeClass::Tiny), (4.0, SizeClass::Tiny), (8.0, SizeClass::Small), (32.8, SizeClass::Medium)]
        {
            assert_eq!(SizeClass::of(Params::new((billions * 1e9) as u64)), class, "{billions} B");
        }
        assert_eq!(SizeClass::of(Params::new(120_000_000_000)), SizeClass::Large);
        assert_eq!(SizeClass::of(Params::new(671_000_000_000)), SizeClass::Huge);
    }

    #[test]
    fn what_will_not_run_is_hidden_at_first() {
        let filter = Filter::default();
        assert!(filter.shows(Level::Disk) && !filter.shows(Level::No) && !filter.is_narrow());
        assert!(Filter { kind: Some(Kind::Other), ..filter }.is_narrow());
    }
}
