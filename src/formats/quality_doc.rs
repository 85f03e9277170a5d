//! `assets/quality.ron`: published measurements of quants, each with its citation.

use serde::Deserialize;

use super::document::{Refused, check_header, options, shown};
use super::quant_doc::{confidence, once, refused};
use crate::quant::{Better, Imatrix, Measured, Mix, Quality};

/// The newest version of this document.
pub const VERSION: u32 = 1;
const FORMAT: &str = "willitrun.quality";
/// No figure of any test is larger.
const MOST: f64 = 1e6;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    headline: Headline,
    ranked: Vec<String>,
    tests: Vec<Test>,
    sources: Vec<Source>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Headline {
    test: String,
    model: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    id: String,
    name: String,
    #[serde(default)]
    unit: String,
    better: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    id: String,
    cite: String,
    confidence: String,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    quant: String,
    test: String,
    model: String,
    value: f64,
    #[serde(default)]
    baseline: Option<f64>,
    #[serde(default)]
    spread: Option<f64>,
    #[serde(default)]
    imatrix: Option<String>,
    source: String,
    #[serde(default)]
    note: String,
}

/// Reads the document.
///
/// # Errors
/// Refuses a figure without a known test or source, numbers out of range, unknown words, and ids that stand twice.
pub fn read(text: &str) -> Result<Quality, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, VERSION)?;
    once(document.tests.iter().map(|test| test.id.as_str()))?;
    once(document.sources.iter().map(|source| source.id.as_str()))?;
    let rows = document.rows.iter().map(|row| measured(row, &document)).collect::<Result<Vec<_>, _>>()?;
    let mix = |name: &String| Mix::parse(name).ok_or_else(|| refused(name, "ranked", "not a file type"));
    let ranked = document.ranked.iter().map(mix).collect::<Result<_, _>>()?;
    Ok(Quality { headlines: headlines(&document), ranked, rows })
}

fn measured(row: &Row, document: &Document) -> Result<Measured, Refused> {
    let within = |field, value: f64| match value {
        value if value.is_finite() && value.abs() <= MOST => Ok(value),
        _ => Err(refused(&row.quant, field, "out of range")),
    };
    let test = document.tests.iter().find(|test| test.id == row.test);
    let test = test.ok_or_else(|| refused(&row.quant, "test", "it is not one of the tests"))?;
    let source = document.sources.iter().find(|source| source.id == row.source);
    let source = source.ok_or_else(|| refused(&row.quant, "source", "it is not one of the sources"))?;
    let imatrix = match row.imatrix.as_deref() {
        None => None,
        Some("with") => Some(Imatrix::With),
        Some("without") => Some(Imatrix::Without),
        Some(_) => return Err(refused(&row.quant, "imatrix", "with or without")),
    };
    let better = match test.better.as_str() {
        "less" => Better::Less,
        "more" => Better::More,
        _ => return Err(refused(&test.id, "better", "less or more")),
    };
    let notes: Vec<&str> =
        [&row.note, &source.note].into_iter().map(String::as_str).filter(|n| !n.is_empty()).collect();
    Ok(Measured {
        quant: shown(&row.quant, 120),
        test: shown(&test.id, 120),
        test_name: shown(&test.name, 120),
        better,
        model: shown(&row.model, 120),
        value: within("value", row.value)?,
        unit: shown(&test.unit, 20),
        spread: row.spread.map(|spread| within("spread", spread)).transpose()?,
        baseline: row.baseline.map(|baseline| within("baseline", baseline)).transpose()?,
        imatrix,
        source: shown(&source.cite, 400),
        confidence: confidence(&source.id, &source.confidence)?,
        note: shown(&notes.join("; "), 400),
    })
}

/// The places of the figures to show: one for each quant, that with an importance matrix first.
fn headlines(document: &Document) -> Vec<usize> {
    let wanted = &document.headline;
    let fits = |row: &Row| row.test == wanted.test && row.model == wanted.model && row.source == wanted.source;
    let mut places: Vec<usize> = (0..document.rows.len()).filter(|place| fits(&document.rows[*place])).collect();
    places.sort_by_key(|place| document.rows[*place].imatrix.as_deref() != Some("with"));
    let mut kept: Vec<usize> = Vec::new();
    for place in places {
        if !kept.iter().any(|own| document.rows[*own].quant == document.rows[place].quant) {
            kept.push(place);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"(format: "willitrun.quality", version: 1,
        headline: (test: "kld", model: "M", source: "s"), ranked: ["Q4_0"],
        tests: [(id: "kld", name: "mean divergence", better: "less"), (id: "gpqa", name: "GPQA", unit: "%", better: "more")],
        sources: [(id: "s", cite: "a README", confidence: "read"), (id: "t", cite: "a paper", confidence: "memory", note: "old")],
        rows: [
            (quant: "Q4_0", test: "kld", model: "M", value: 0.2, imatrix: "without", source: "s"),
            (quant: "Q4_0", test: "kld", model: "M", value: 0.1, imatrix: "with", source: "s"),
            (quant: "Q4_0", test: "gpqa", model: "N", value: 70.0, baseline: 71.5, spread: 1.5, source: "t"),
        ])"#;

    fn check(from: &str, to: &str, message: &str) {
        let text = SMALL.replacen(from, to, 1);
        assert_ne!(text, SMALL, "{from}");
        let error = read(&text).expect_err(message).to_string();
        assert!(error.contains(message), "'{error}' does not say '{message}'");
    }

    #[test]
    fn the_figure_with_an_importance_matrix_is_shown() {
        let quality = read(SMALL).expect("small");
        assert_eq!(quality.headline("q4_0").map(|row| row.value), Some(0.1));
        assert_eq!(quality.headline("Q8_0"), None);
        assert_eq!(quality.of("Q4_0").count(), 3);
        let last = quality.of("Q4_0").last().expect("three");
        assert_eq!(last.line(), "GPQA on N: 70 % ± 1.5, unquantised 71.5 %");
        assert_eq!((last.source.as_str(), last.note.as_str()), ("a paper", "old"));
    }

    #[test]
    fn a_figure_without_its_source_is_refused() {
        check("source: \"t\"", "source: \"u\"", "Q4_0: source: it is not one of the sources");
        check("test: \"gpqa\"", "test: \"arc\"", "Q4_0: test: it is not one of the tests");
        check("value: 70.0", "value: inf", "Q4_0: value: out of range");
        check("imatrix: \"with\"", "imatrix: \"yes\"", "with or without");
        check("better: \"more\"", "better: \"high\"", "gpqa: better: less or more");
        check("ranked: [\"Q4_0\"]", "ranked: [\"Q4\"]", "Q4: ranked: not a file type");
        check("id: \"gpqa\"", "id: \"kld\"", "it stands twice");
        check("confidence: \"memory\"", "confidence: \"sure\"", "t: confidence");
        check("willitrun.quality", "willitrun.quants", "expected 'willitrun.quality'");
    }
}
