//! Prices and power from the options of a command.

use crate::catalog::Catalog;
use crate::hardware::Source;
use crate::reasoning::terms::{Currency, Prices, Terms, Watts};

use super::{Failure, Words, nearest};

/// The most of any amount.
const MOST: f64 = 1e7;

/// Takes them out; what is not said stays as presets have it. A price typed over is one of the model's preset.
pub(super) fn take(words: &mut Words, model: &str) -> Result<Terms, Failure> {
    let mut terms = Terms { currency: currency(words)?, ..Terms::default() };
    // What is typed is in the currency named.
    let rate = terms.currency.per_dollar;
    for (key, source) in [("watts", Source::Typed), ("watts-measured", Source::Measured)] {
        if let Some(value) = amount(words, key, MOST)? {
            terms.watts = Some(Watts { value, source, told: String::new() });
        }
    }
    terms.tariff = amount(words, "kwh-price", MOST)?.map(|price| price / rate);
    terms.price = amount(words, "machine-price", MOST)?.unwrap_or_default() / rate;
    for (key, place, most) in [
        ("years", &mut terms.years, 50.0),
        ("busy", &mut terms.busy, 100.0),
        ("idle-watts", &mut terms.idle, MOST),
        ("cached-input", &mut terms.cached, 100.0),
    ] {
        *place = amount(words, key, most)?.unwrap_or(*place);
    }
    let costs = &Catalog::builtin().costs;
    if let Some(id) = words.take("api") {
        let ids = || costs.sold.iter().map(|sold| sold.id.as_str());
        if !ids().any(|known| known == id) {
            let shown = crate::formats::shown(&id, 40);
            let hint = super::sentence(nearest::hint(&id, ids(), ""));
            let all = ids().collect::<Vec<_>>().join(", ");
            return Err(Failure::Request(format!("--api '{shown}' is no price that is known{hint} There are {all}.")));
        }
        terms.api = id;
    }
    let mut price = |key| Ok::<_, Failure>(amount(words, key, MOST)?.map(|price| price / rate));
    let [miss, hit, output] = [price("api-input")?, price("api-cached")?, price("api-output")?];
    let date = words.take("api-date");
    if let Some(preset) =
        terms.preset(costs, model).filter(|_| date.is_some() || [miss, hit, output].iter().any(Option::is_some))
    {
        let preset = Prices::of(preset);
        terms.typed = Some(Prices {
            hit: hit.unwrap_or(preset.hit),
            miss: miss.unwrap_or(preset.miss),
            output: output.unwrap_or(preset.output),
            date: date.map_or(preset.date, |date| crate::formats::shown(&date, 20)),
        });
    }
    Ok(terms)
}

/// US dollars, or a currency at the rate said.
fn currency(words: &mut Words) -> Result<Currency, Failure> {
    let (code, rate) = (words.take("currency"), amount(words, "per-dollar", MOST)?.filter(|rate| *rate > 0.0));
    match (code, rate) {
        (None, None) => Ok(Currency::default()),
        (Some(code), Some(rate)) if code == Currency::default().code && rate.to_bits() != 1.0_f64.to_bits() => Err(
            Failure::Request("a US dollar is 1 US dollar: leave --per-dollar out, or name another currency".to_owned()),
        ),
        (Some(code), Some(per_dollar)) if code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase()) => {
            Ok(Currency { code, per_dollar })
        }
        _ => Err(Failure::Request(
            "a currency is three letters and its rate: --currency EUR --per-dollar 0.9, where a US dollar is 0.9 EUR"
                .to_owned(),
        )),
    }
}

/// A number from 0 on.
fn amount(words: &mut Words, key: &'static str, most: f64) -> Result<Option<f64>, Failure> {
    let Some(text) = words.take(key) else { return Ok(None) };
    match text.parse::<f64>() {
        Ok(value) if (0.0..=most).contains(&value) => Ok(Some(value)),
        _ => {
            let shown = crate::formats::shown(&text, 40);
            Err(Failure::Request(format!("--{key} cannot be '{shown}': expected a number from 0 to {most}")))
        }
    }
}
