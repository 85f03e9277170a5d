//! Formulas behind published numbers: sums of products, as data.

/// A number in a formula, with what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The number.
    pub value: f64,
    /// What it is: `billion parameters`.
    pub what: String,
}

/// Some terms over others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Product {
    /// Multiplied.
    pub over: Vec<Term>,
    /// Divided by.
    pub under: Vec<Term>,
}

/// What is made of the sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// It as it is.
    Sum,
    /// What it leaves of one, in percent.
    LeftOfOne,
}

/// A sum of products, rounded as it was printed.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    /// What is made of the sum.
    pub form: Form,
    /// Its parts.
    pub sum: Vec<Product>,
    /// The unit of the result.
    pub unit: String,
    /// The result as printed, without the unit: `1.65`.
    pub printed: String,
    /// Digits after the point that were printed; -1 for tens.
    pub digits: i32,
}

impl Product {
    /// Its value; of no terms it is 1.
    #[must_use]
    pub fn value(&self) -> f64 {
        let product = |terms: &[Term]| terms.iter().map(|term| term.value).product::<f64>();
        product(&self.over) / product(&self.under)
    }

    fn text(&self) -> String {
        let factors = |terms: &[Term]| terms.iter().map(Term::text).collect::<Vec<_>>().join(" × ");
        let over = factors(&self.over);
        match self.under.len() {
            0 => over,
            1 => format!("{over} / {}", factors(&self.under)),
            _ => format!("{over} / ({})", factors(&self.under)),
        }
    }
}

impl Term {
    fn text(&self) -> String {
        if self.what.is_empty() { plain(self.value) } else { format!("{} {}", plain(self.value), self.what) }
    }
}

impl Formula {
    /// Its value, not rounded.
    #[must_use]
    pub fn value(&self) -> f64 {
        let sum: f64 = self.sum.iter().map(Product::value).sum();
        match self.form {
            Form::Sum => sum,
            Form::LeftOfOne => (1.0 - sum) * 100.0,
        }
    }

    /// Its value with the digits that were printed.
    #[must_use]
    pub fn rounded(&self) -> String {
        let scale = 10_f64.powi(self.digits);
        let rounded = (self.value() * scale).round() / scale;
        format!("{rounded:.*}", usize::try_from(self.digits).unwrap_or(0))
    }

    /// Whether it gives the printed digits.
    #[must_use]
    pub fn gives_what_was_printed(&self) -> bool {
        self.rounded() == self.printed
    }

    /// Its value with three digits, or as many as were printed where those are more; a whole one as it is.
    #[must_use]
    pub fn result(&self) -> String {
        let value = self.value();
        let printed = self.rounded();
        if printed.parse::<f64>().is_ok_and(|printed| (printed - value).abs() <= 1e-9 * value.abs()) {
            return printed;
        }
        let whole = value.abs().max(f64::MIN_POSITIVE).log10().floor() as i32 + 1;
        let digits = (3 - whole).clamp(0, 12).max(self.digits);
        format!("{value:.*}", usize::try_from(digits).unwrap_or(0))
    }

    /// What was printed, where that is not [what comes out](Self::result).
    #[must_use]
    pub fn printed_otherwise(&self) -> Option<&str> {
        (self.result() != self.printed).then_some(self.printed.as_str())
    }

    /// It with its result: `671 billion parameters × 4.5 bits / 8 = 377.4 GB`.
    #[must_use]
    pub fn text(&self) -> String {
        let sum = self.sum.iter().map(Product::text).collect::<Vec<_>>().join(" + ");
        let unit = if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) };
        match self.form {
            Form::Sum => format!("{sum} = {}{unit}", self.result()),
            Form::LeftOfOne => format!("1 − {sum} = {}{unit}", self.result()),
        }
    }
}

/// A number as people write it: whole ones with commas.
fn plain(value: f64) -> String {
    if value.fract() == 0.0 && (0.0..1e15).contains(&value) {
        return crate::units::grouped(value as u64);
    }
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(value: f64, what: &str) -> Term {
        Term { value, what: what.to_owned() }
    }

    fn formula(form: Form, over: Vec<Term>, under: Vec<Term>, printed: &str, digits: i32) -> Formula {
        let sum = vec![Product { over, under }];
        Formula { form, sum, unit: "GB".to_owned(), printed: printed.to_owned(), digits }
    }

    #[test]
    fn a_formula_is_told_with_its_numbers() {
        let over = || vec![term(671.0, "billion parameters"), term(4.5, "bits")];
        let width = formula(Form::Sum, over(), vec![term(8.0, "bits in a byte")], "377.4", 1);
        assert_eq!(width.text(), "671 billion parameters × 4.5 bits / 8 bits in a byte = 377.4 GB");
        assert!(width.gives_what_was_printed());
        assert!(!formula(Form::Sum, over(), Vec::new(), "377.4", 1).gives_what_was_printed());
    }

    #[test]
    fn digits_are_those_that_were_printed() {
        let left =
            |printed, digits| formula(Form::LeftOfOne, vec![term(0.5, "")], vec![term(1.2, "")], printed, digits);
        assert_eq!(left("60", -1).rounded(), "60");
        assert_eq!(left("58", 0).rounded(), "58");
        assert_eq!(left("60", -1).text(), "1 − 0.5 / 1.2 = 58.3 GB");
        assert_eq!(left("60", -1).printed_otherwise(), Some("60"));
        assert_eq!(left("58.3", 1).printed_otherwise(), None);
        let times = formula(Form::Sum, vec![term(1008.0, "")], vec![term(96.0, "")], "10", -1);
        assert_eq!((times.text().as_str(), times.printed_otherwise()), ("1,008 / 96 = 10.5 GB", Some("10")));
        let whole = formula(Form::Sum, vec![term(45.0, "")], vec![term(0.5, "")], "90", 0);
        assert_eq!((whole.text().as_str(), whole.printed_otherwise()), ("45 / 0.5 = 90 GB", None));
        assert_eq!(left("58.3", 1).text(), "1 − 0.5 / 1.2 = 58.3 GB");
        let mut sum = formula(Form::Sum, vec![term(1e6, "")], Vec::new(), "1000012", 0);
        sum.sum.push(Product { over: vec![term(12.0, "more")], under: Vec::new() });
        assert!(sum.gives_what_was_printed());
        assert!(sum.text().starts_with("1,000,000 + 12 more = "));
    }
}
