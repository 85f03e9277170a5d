//! One measurement in words.

use crate::advice::accuracy::{Compared, Rate};
use crate::units::{Tokens, TokensPerSecond};

pub(super) fn machine(row: &Compared) -> &str {
    &row.measured.scenario.machine.name
}

pub(super) fn model(row: &Compared) -> &str {
    &row.measured.scenario.subject.model.name
}

pub(super) fn quant(row: &Compared) -> &str {
    &row.measured.scenario.subject.quant.id
}

pub(super) fn source(row: &Compared) -> &str {
    &row.measured.source
}

/// Tokens in the cache while the rate was measured.
pub(super) fn depth(row: &Compared, rate: Rate) -> Tokens {
    match rate {
        Rate::Decode => row.measured.scenario.depth,
        Rate::Prefill => row.measured.start,
    }
}

/// The engine, its backend and its age: `llama.cpp, CUDA, 2024-05`.
pub(super) fn engine(row: &Compared) -> String {
    let scenario = &row.measured.scenario;
    let backend = scenario.backend.map(|backend| backend.title().to_owned());
    let parts = [Some(scenario.engine.name.clone()), backend, scenario.engine_date.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Tokens per second, three digits where they can be told apart.
pub(super) fn rate(rate: f64) -> String {
    if (9.95..99.95).contains(&rate) { format!("{rate:.1}") } else { TokensPerSecond::saturating(rate).to_string() }
}

/// How far off: `+12 %`, `−4 %`; what is more than twice or less than half as a factor: `×3.1`, `÷2.4`.
pub(super) fn off(error: f64) -> String {
    let ratio = 1.0 + error;
    if ratio >= 2.0 {
        format!("×{ratio:.1}")
    } else if ratio <= 0.5 {
        format!("÷{:.1}", 1.0 / ratio)
    } else if error.abs() < 0.0005 {
        "0 %".to_owned()
    } else {
        let digits = usize::from(error.abs() < 0.0995);
        let sign = if error < 0.0 { '−' } else { '+' };
        format!("{sign}{:.digits$} %", error.abs() * 100.0)
    }
}

/// Median and 90th percentile: `5.4 / 16.5 %`.
pub(super) fn errors(median: f64, tail: f64) -> String {
    let number = |value: f64| if value < 99.95 { format!("{value:.1}") } else { format!("{value:.0}") };
    format!("{} / {} %", number(median), number(tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_read_as_people_say_them() {
        for (error, expected) in
            [(0.12, "+12 %"), (-0.043, "−4.3 %"), (2.1, "×3.1"), (-0.58, "÷2.4"), (0.0, "0 %"), (0.996, "+100 %")]
        {
            assert_eq!(off(error), expected);
        }
        assert_eq!(errors(5.42, 116.5), "5.4 / 116 %");
        assert_eq!((rate(0.45), rate(12.94), rate(140.2)), ("0.45".to_owned(), "12.9".to_owned(), "140".to_owned()));
    }
}
