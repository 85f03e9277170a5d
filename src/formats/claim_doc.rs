//! `assets/claims.ron`: published answers with the formulas behind them, and where they contradict one another.

use serde::Deserialize;

use crate::quant::Format;
use crate::reasoning::claims::{
    Claim, Claims, Contradiction, Form, Formula, Gives, Ours, Place, Product, Term, Topic, Truth,
};
use crate::units::Tokens;

use super::document::{Refused, check_header, options};
use super::engine_doc::LAYOUTS;
use super::quant_doc::{once, refused};

const FORMAT: &str = "willitrun.claims";
/// Decimals are printed up to here; tens at the other end.
const DIGITS: std::ops::RangeInclusive<i32> = -1..=6;

/// Reads the document.
///
/// # Errors
/// Refuses unknown words, formulas that do not give the printed digits, and ids that stand twice.
pub fn read(text: &str) -> Result<Claims, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, 1)?;
    once(document.places.iter().map(|row| row.id.as_str()))?;
    let ids = document.answers.iter().map(|row| row.id.as_str());
    once(ids.chain(document.contradictions.iter().map(|row| row.id.as_str())))?;
    let places: Vec<Place> = document.places.into_iter().map(PlaceRow::into_place).collect();
    Ok(Claims {
        model: document.model,
        answers: document.answers.into_iter().map(|row| row.into_claim(&places)).collect::<Result<_, _>>()?,
        contradictions: document
            .contradictions
            .into_iter()
            .map(|row| row.into_contradiction(&places))
            .collect::<Result<_, _>>()?,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    model: String,
    places: Vec<PlaceRow>,
    answers: Vec<AnswerRow>,
    contradictions: Vec<ContradictionRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceRow {
    id: String,
    name: String,
    source: String,
}

impl PlaceRow {
    fn into_place(self) -> Place {
        Place { id: self.id, name: self.name, source: self.source }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerRow {
    id: String,
    topic: String,
    by: String,
    asks: String,
    says: String,
    #[serde(default)]
    formula: Option<FormulaRow>,
    truth: String,
    why: String,
    ours: Vec<OursRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContradictionRow {
    id: String,
    question: String,
    says: Vec<(String, String)>,
    why: String,
    ours: Vec<OursRow>,
    words: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormulaRow {
    #[serde(default)]
    form: Option<String>,
    sum: Vec<ProductRow>,
    #[serde(default)]
    unit: String,
    /// The digits it gives.
    printed: String,
    /// Digits after the point; those of what was printed where it is missing.
    #[serde(default)]
    digits: Option<i32>,
    #[serde(default)]
    gives: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductRow {
    over: Vec<(f64, String)>,
    #[serde(default)]
    under: Vec<(f64, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OursRow {
    kind: String,
    #[serde(default)]
    quant: String,
    #[serde(default)]
    other: String,
    #[serde(default)]
    layout: String,
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    tokens: u64,
    #[serde(default)]
    gbs: f64,
    #[serde(default)]
    place: usize,
}

fn place(id: &str, by: &str, places: &[Place]) -> Result<Place, Refused> {
    let found = places.iter().find(|place| place.id == by).cloned();
    found.ok_or_else(|| refused(id, "by", "it is not one of the places"))
}

impl AnswerRow {
    fn into_claim(self, places: &[Place]) -> Result<Claim, Refused> {
        let id = self.id;
        let gives = match self.formula.as_ref().and_then(|formula| formula.gives.as_deref()) {
            None | Some("printed") => Gives::Printed,
            Some("implied") => Gives::Implied,
            Some(_) => return Err(refused(&id, "gives", "printed or implied")),
        };
        let formula = self.formula.map(|formula| formula.into_formula(&id)).transpose()?;
        Ok(Claim {
            topic: Topic::parse(&self.topic).ok_or_else(|| refused(&id, "topic", "not a topic"))?,
            by: place(&id, &self.by, places)?,
            truth: Truth::parse(&self.truth).ok_or_else(|| refused(&id, "truth", "not a verdict"))?,
            ours: self.ours.into_iter().map(|ours| ours.into_ours(&id)).collect::<Result<_, _>>()?,
            asks: self.asks,
            says: self.says,
            why: self.why,
            formula,
            gives,
            id,
        })
    }
}

impl ContradictionRow {
    fn into_contradiction(self, places: &[Place]) -> Result<Contradiction, Refused> {
        let id = self.id;
        let says = |(by, said): (String, String)| Ok((place(&id, &by, places)?, said));
        let says = self.says.into_iter().map(says).collect::<Result<_, Refused>>()?;
        let ours: Vec<Ours> = self.ours.into_iter().map(|ours| ours.into_ours(&id)).collect::<Result<_, _>>()?;
        for place in 0..ours.len() {
            if !self.words.contains(&format!("{{{place}}}")) {
                return Err(refused(&id, "words", "something asked is not said"));
            }
        }
        if self.words.matches('{').count() != ours.len() {
            return Err(refused(&id, "words", "something said is not asked"));
        }
        Ok(Contradiction { question: self.question, says, why: self.why, ours, words: self.words, id })
    }
}

impl FormulaRow {
    fn into_formula(self, id: &str) -> Result<Formula, Refused> {
        let form = match self.form.as_deref() {
            None | Some("sum") => Form::Sum,
            Some("left of one") => Form::LeftOfOne,
            Some(_) => return Err(refused(id, "form", "sum or left of one")),
        };
        let after = self.printed.split_once('.').map_or(0, |(_, after)| after.len());
        let digits = self.digits.unwrap_or_else(|| i32::try_from(after).unwrap_or(i32::MAX));
        if !DIGITS.contains(&digits) {
            return Err(refused(id, "digits", "expected -1 to 6"));
        }
        let terms = |row: Vec<(f64, String)>| row.into_iter().map(|(value, what)| Term { value, what }).collect();
        let product = |row: ProductRow| Product { over: terms(row.over), under: terms(row.under) };
        let sum: Vec<Product> = self.sum.into_iter().map(product).collect();
        let formula = Formula { form, sum, unit: self.unit, printed: self.printed, digits };
        if !formula.gives_what_was_printed() {
            let why = format!("it gives {}, not {}", formula.rounded(), formula.printed);
            return Err(refused(id, "formula", &why));
        }
        Ok(formula)
    }
}

impl OursRow {
    fn into_ours(self, id: &str) -> Result<Ours, Refused> {
        let layout = || match LAYOUTS.iter().find(|(word, _)| *word == self.layout) {
            Some((_, layout)) => Ok(*layout),
            None => Err(refused(id, "layout", "latent, split or expanded")),
        };
        let format = || match self.format.as_deref() {
            None => Ok(Format::F16),
            Some(word) => Format::parse(word).ok_or_else(|| refused(id, "format", "not a cache format")),
        };
        let named = |name: &str| match name {
            "" => Err(refused(id, "quant", "it is missing")),
            name => Ok(name.to_owned()),
        };
        let tokens = || match self.tokens {
            0 => Err(refused(id, "tokens", "it is missing")),
            tokens => Ok(Tokens::new(tokens)),
        };
        let gbs = || match self.gbs {
            gbs if gbs > 0.0 && gbs.is_finite() => Ok(gbs),
            _ => Err(refused(id, "gbs", "expected GB/s above 0")),
        };
        Ok(match self.kind.as_str() {
            "params" => Ours::Params,
            "active" => Ours::Active,
            "active share" => Ours::ActiveShare,
            "file" => Ours::File(named(&self.quant)?),
            "against" => Ours::Against(named(&self.quant)?, named(&self.other)?),
            "cache" => Ours::Cache(layout()?, format()?, tokens()?),
            "token" => Ours::PerToken(layout()?, format()?),
            "saved" => Ours::Saved,
            "kit" => Ours::Kit(named(&self.quant)?, tokens()?),
            "ceiling" => Ours::Ceiling(named(&self.quant)?, gbs()?),
            "longest context" => Ours::LongestContext,
            "mark" => Ours::Mark(self.place),
            "kept" => Ours::Kept(named(&self.quant)?, named(&self.other)?),
            _ => return Err(refused(id, "ours", "not something that can be asked")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../assets/claims.ron");

    #[test]
    fn what_cannot_be_is_refused_by_its_row() {
        let claims = read(GOOD).expect("built in");
        assert_eq!(claims.contradictions.len(), 16);
        for (good, bad, said) in [
            ("printed: \"1.65\"", "printed: \"1.66\"", "ram-kv-8192: formula: it gives 1.65, not 1.66"),
            ("by: \"ram-page\"", "by: \"somebody\"", "by: it is not one of the places"),
            ("truth: \"wrong\"", "truth: \"bad\"", "truth: not a verdict"),
            ("topic: \"cache\"", "topic: \"cash\"", "topic: not a topic"),
            ("kind: \"saved\"", "kind: \"lost\"", "not something that can be asked"),
            ("layout: \"latent\"", "layout: \"late\"", "layout: latent, split or expanded"),
            ("{1}", "", "words: something asked is not said"),
            ("{0}", "{0} {9}", "words: something said is not asked"),
            ("id: \"C2\"", "id: \"C1\"", "C1: name: it stands twice"),
            ("version: 1", "version: 2", "version 2 needs a newer app"),
        ] {
            assert!(GOOD.contains(good), "{good}");
            let error = read(&GOOD.replacen(good, bad, 1)).expect_err(bad).to_string();
            assert!(error.contains(said), "{bad}: {error}");
        }
    }
}
