//! Amounts that grow with the cells of the cache, and the span of cells over which the allocator decides alike.
//!
//! A buffer is asked about at one number of cells, and most of what it holds does not depend on it. Where every
//! amount is a straight line and every comparison made between two of them comes out alike, the result is a
//! straight line too: one run of the allocator answers for all cells of the span.

/// An amount of bytes: so much at the cells asked about, and so much more for each further cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub here: u64,
    pub grows: i64,
}

impl Form {
    /// The amount at so many cells, where `at` is what [`Form::here`] stands for.
    pub fn with(self, cells: u64, at: u64) -> u64 {
        let further = i128::from(self.grows) * (i128::from(cells) - i128::from(at));
        u64::try_from(i128::from(self.here) + further).unwrap_or(0)
    }
}

impl std::ops::Add for Form {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { here: self.here + other.here, grows: self.grows.wrapping_add(other.grows) }
    }
}

impl std::ops::Sub for Form {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { here: self.here - other.here, grows: self.grows.wrapping_sub(other.grows) }
    }
}

/// The cells asked about, and how far from them every comparison so far comes out alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub at: u64,
    pub low: u64,
    pub high: u64,
}

impl Span {
    /// These cells and no others.
    pub fn point(at: u64) -> Self {
        Self { at, low: at, high: at }
    }

    /// Nothing is known beyond the cells asked about.
    pub fn end_here(&mut self) {
        (self.low, self.high) = (self.at, self.at);
    }

    /// Whether `a` is at least `b`; the span ends where that changes.
    pub fn at_least(&mut self, a: Form, b: Form) -> bool {
        let holds = a.here >= b.here;
        if a.grows != b.grows {
            let (more, less, spare) = if holds { (a, b, a.here - b.here) } else { (b, a, b.here - a.here - 1) };
            self.keep(spare, more.grows.wrapping_sub(less.grows));
        }
        holds
    }

    /// Whether the two are alike; the span ends where that changes.
    pub fn alike(&mut self, a: Form, b: Form) -> bool {
        if a.here == b.here {
            if a.grows != b.grows {
                self.end_here();
            }
            return true;
        }
        let (more, less) = if a.here > b.here { (a, b) } else { (b, a) };
        self.keep(more.here - less.here - 1, more.grows.wrapping_sub(less.grows));
        false
    }

    /// Ends the span where an amount that is `spare` here, and changes by `slope` with each cell, falls below zero.
    fn keep(&mut self, spare: u64, slope: i64) {
        let reach = spare.checked_div(slope.unsigned_abs());
        match reach {
            Some(reach) if slope > 0 => self.low = self.low.max(self.at.saturating_sub(reach)),
            Some(reach) => self.high = self.high.min(self.at.saturating_add(reach)),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_holds_over_its_span() {
        let constant = |here| Form { here, grows: 0 };
        let growing = Form { here: 1000, grows: 10 };
        for (here, other) in [(900, 100), (1000, 0), (1001, 1), (1100, 100), (1995, 995)] {
            let mut span = Span { at: 500, low: 1, high: 10_000 };
            let held = span.at_least(growing, constant(here));
            for cells in span.low..=span.high {
                assert_eq!(growing.with(cells, 500) >= here, held, "{here} at {cells}");
            }
            let beyond = if held { span.low - 1 } else { span.high + 1 };
            assert_ne!(growing.with(beyond, 500) >= here, held, "{here} at {beyond}, {other} further");
        }
    }

    #[test]
    fn what_is_alike_by_chance_is_alike_here_only() {
        let mut span = Span { at: 7, low: 0, high: 100 };
        assert!(span.alike(Form { here: 5, grows: 0 }, Form { here: 5, grows: 0 }));
        assert_eq!(span, Span { at: 7, low: 0, high: 100 });
        assert!(!span.alike(Form { here: 5, grows: 1 }, Form { here: 9, grows: 0 }));
        assert_eq!(span, Span { at: 7, low: 0, high: 10 });
        assert!(span.alike(Form { here: 5, grows: 1 }, Form { here: 5, grows: 0 }));
        assert_eq!(span, Span::point(7));
    }
}
