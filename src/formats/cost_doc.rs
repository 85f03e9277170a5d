//! `assets/costs.ron`: prices of electricity and of tokens, each with its date, and what machines draw.

use serde::Deserialize;

use crate::hardware::Source;
use crate::reasoning::cost::{Costs, Draw, Sold, Tariff};

use super::document::{Refused, check_header, options, shown};
use super::quant_doc::{once, refused};

const FORMAT: &str = "willitrun.costs";
/// No price and no machine is larger.
const MOST: f64 = 1e6;

/// Reads the document.
///
/// # Errors
/// Refuses prices below nothing, dates that are none, and ids that stand twice.
pub fn read(text: &str) -> Result<Costs, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, 1)?;
    once(document.sold.iter().map(|row| row.id.as_str()))?;
    Ok(Costs {
        tariffs: document.tariffs.into_iter().map(TariffRow::into_tariff).collect::<Result<_, _>>()?,
        sold: document.sold.into_iter().map(SoldRow::into_sold).collect::<Result<_, _>>()?,
        draws: document.draws.into_iter().map(DrawRow::into_draw).collect::<Result<_, _>>()?,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    tariffs: Vec<TariffRow>,
    sold: Vec<SoldRow>,
    draws: Vec<DrawRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TariffRow {
    name: String,
    dollars_per_kwh: f64,
    date: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SoldRow {
    id: String,
    name: String,
    #[serde(default)]
    model: String,
    hit: f64,
    miss: f64,
    output: f64,
    date: String,
    source: String,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DrawRow {
    name: String,
    watts: f64,
    basis: String,
    source: String,
}

impl TariffRow {
    fn into_tariff(self) -> Result<Tariff, Refused> {
        Ok(Tariff {
            dollars_per_kwh: amount(&self.name, "dollars_per_kwh", self.dollars_per_kwh)?,
            date: month(&self.name, &self.date)?,
            name: shown(&self.name, 120),
            source: shown(&self.source, 200),
        })
    }
}

impl SoldRow {
    fn into_sold(self) -> Result<Sold, Refused> {
        Ok(Sold {
            hit: amount(&self.id, "hit", self.hit)?,
            miss: amount(&self.id, "miss", self.miss)?,
            output: amount(&self.id, "output", self.output)?,
            date: month(&self.id, &self.date)?,
            id: shown(&self.id, 60),
            name: shown(&self.name, 120),
            model: shown(&self.model, 120),
            source: shown(&self.source, 200),
            note: shown(&self.note, 200),
        })
    }
}

impl DrawRow {
    fn into_draw(self) -> Result<Draw, Refused> {
        let watts = amount(&self.name, "watts", self.watts)?;
        let expected = "expected measured, typed, reported, data sheet or assumed";
        let basis = Source::parse(&self.basis).ok_or_else(|| refused(&self.name, "basis", expected))?;
        Ok(Draw { name: shown(&self.name, 120), watts, basis, source: shown(&self.source, 200) })
    }
}

fn amount(id: &str, field: &'static str, value: f64) -> Result<f64, Refused> {
    let fits = (0.0..=MOST).contains(&value);
    fits.then_some(value).ok_or_else(|| refused(id, field, "expected a number from 0 to 1,000,000"))
}

/// `YYYY-MM`.
fn month(id: &str, date: &str) -> Result<String, Refused> {
    let good = date.split_once('-').is_some_and(|(year, month)| {
        year.len() == 4
            && year.parse::<u32>().is_ok()
            && month.parse().is_ok_and(|month: u32| (1..=12).contains(&month))
    });
    good.then(|| date.to_owned()).ok_or_else(|| refused(id, "date", "expected YYYY-MM"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../assets/costs.ron");

    #[test]
    fn what_is_out_of_range_is_refused_by_its_row() {
        let costs = read(GOOD).expect("built in");
        assert!(costs.sold.iter().all(|row| !row.date.is_empty() && !row.source.is_empty()));
        for (good, bad, said) in [
            ("output: 2.19", "output: -2.19", "r1-launch: output: expected a number from 0"),
            ("date: \"2025-01\"", "date: \"January\"", "r1-launch: date: expected YYYY-MM"),
            ("date: \"2025-01\"", "date: \"2025-13\"", "r1-launch: date: expected YYYY-MM"),
            ("watts: 200.0", "watts: inf", "watts"),
            ("basis: \"reported\"", "basis: \"sure\"", "basis: expected measured, typed"),
            ("id: \"v4-pro\"", "id: \"v4-flash\"", "v4-flash"),
            ("version: 1", "version: 2", "version 2 needs a newer app"),
            ("miss: 0.55", "mist: 0.55", "mist"),
        ] {
            assert!(GOOD.contains(good), "{good}");
            let error = read(&GOOD.replacen(good, bad, 1)).expect_err(bad).to_string();
            assert!(error.contains(said), "{bad}: {error}");
        }
    }
}
