//! Measured quality of quants: what somebody published, on which model, by which test. Nothing is estimated.

use super::{Confidence, Imatrix, Mix};

/// Which way a test gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less is better: divergence, perplexity.
    Less,
    /// More is better: tasks solved.
    More,
}

/// One published figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The quant: a mix, the label of a published file, or the id of another runtime's format.
    pub quant: String,
    /// The test by id, such as `kld`.
    pub test: String,
    /// The test for people: `mean KL divergence from 16 bit`.
    pub test_name: String,
    /// Which way it gets better.
    pub better: Better,
    /// The model it was measured on.
    pub model: String,
    /// The figure as printed.
    pub value: f64,
    /// `%`, or empty for a bare number.
    pub unit: String,
    /// Plus or minus, as printed.
    pub spread: Option<f64>,
    /// The same test on the model before it was quantised, where that was printed.
    pub baseline: Option<f64>,
    /// Whether the quantizer had an importance matrix, where that is known.
    pub imatrix: Option<Imatrix>,
    /// Where it was read.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
    /// What else to know.
    pub note: String,
}

impl Measured {
    /// The figure with its unit, spread and baseline: `75.43 % ± 3.07, unquantised 77.53 %`.
    #[must_use]
    pub fn figure(&self) -> String {
        let unit = if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) };
        let spread = self.spread.map_or_else(String::new, |spread| format!(" ± {spread}"));
        let baseline = self.baseline.map_or_else(String::new, |baseline| format!(", unquantised {baseline}{unit}"));
        format!("{}{unit}{spread}{baseline}", self.value)
    }

    /// Whether it was measured on the model of this name, whose size may follow: not on one distilled from it.
    #[must_use]
    pub fn is_of(&self, model: &str) -> bool {
        self.model.strip_prefix(model).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    }

    /// The whole of it in one line: the test, the model, the figure.
    #[must_use]
    pub fn line(&self) -> String {
        let imatrix = match self.imatrix {
            Some(Imatrix::With) => ", importance matrix",
            Some(Imatrix::Without) => ", no importance matrix",
            None => "",
        };
        format!("{} on {}: {}{imatrix}", self.test_name, self.model, self.figure())
    }
}

/// Every published figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quality {
    /// The figures, in the order of the document.
    pub rows: Vec<Measured>,
    /// For each quant that has one, the place of the figure shown beside it: all of one test on one model.
    pub headlines: Vec<usize>,
    /// The mixes a ranking tries of each model, widest first.
    pub ranked: Vec<Mix>,
}

impl Quality {
    /// Every figure of a quant.
    pub fn of<'a>(&'a self, quant: &str) -> impl Iterator<Item = &'a Measured> {
        self.rows.iter().filter(move |row| row.quant.eq_ignore_ascii_case(quant))
    }

    /// The figure to show beside a quant, if there is one.
    #[must_use]
    pub fn headline(&self, quant: &str) -> Option<&Measured> {
        self.headlines.iter().map(|place| &self.rows[*place]).find(|row| row.quant.eq_ignore_ascii_case(quant))
    }
}

/// The bits a label promises: the number in it. The real ones are in the size of the file.
///
/// ```
/// use willitrun::quant::label_bits;
/// assert_eq!(label_bits("UD-Q2_K_XL"), Some(2));
/// assert_eq!(label_bits("BF16"), Some(16));
/// assert_eq!(label_bits("mixed"), None);
/// ```
#[must_use]
pub fn label_bits(label: &str) -> Option<u32> {
    let digits: String =
        label.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).take(3).collect();
    digits.parse().ok()
}
