//! Prices and power as the user says them, over what stands where nothing was said.
//!
//! Everything is kept in US dollars, as presets are; another currency is shown at the rate the user types, and none is
//! looked up.

use crate::hardware::{Machine, Source};
use crate::units::{Tokens, TokensPerSecond};

use super::cost::{Billed, Costs, Own, Sold};

/// Hours in a year.
const YEAR: f64 = 8766.0;

/// What is said of prices and power.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// What the whole machine draws while it generates; none for what is known of one like it.
    pub watts: Option<Watts>,
    /// US dollars for a kWh; none for the first preset.
    pub tariff: Option<f64>,
    /// The id of the price of tokens compared with; empty for that of the model, else the first.
    pub api: String,
    /// Prices of tokens typed over that one.
    pub typed: Option<Prices>,
    /// The share of a prompt that was asked before, percent.
    pub cached: f64,
    /// What amounts are shown in.
    pub currency: Currency,
    /// US dollars the machine cost; 0 for one that is there anyway.
    pub price: f64,
    /// Years until it is replaced.
    pub years: f64,
    /// The share of that time it generates, percent.
    pub busy: f64,
    /// Watts while it waits; 0 for a machine that runs anyway.
    pub idle: f64,
}

impl Default for Terms {
    /// A machine that is there anyway and a prompt that is new; the share of time and the years are examples to type
    /// over.
    fn default() -> Self {
        Self {
            watts: None,
            tariff: None,
            api: String::new(),
            typed: None,
            cached: 0.0,
            currency: Currency::default(),
            price: 0.0,
            years: 4.0,
            busy: 10.0,
            idle: 0.0,
        }
    }
}

/// A power, and how far it can be trusted.
#[derive(Clone, Debug, PartialEq)]
pub struct Watts {
    /// Watts of the whole machine.
    pub value: f64,
    /// How it is known.
    pub source: Source,
    /// What stands behind it; may be empty.
    pub told: String,
}

impl Watts {
    /// With its source in words: `60 W, assumed`, `450 W, assumed (preset Desktop with one large GPU: a guess for the whole machine)`.
    #[must_use]
    pub fn words(&self) -> String {
        let told = if self.told.is_empty() { String::new() } else { format!(" ({})", self.told) };
        format!("{:.0} W, {}{told}", self.value, self.source.name())
    }
}

/// Prices of tokens in US dollars for a million, as typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Prices {
    /// Prompt tokens that were asked before.
    pub hit: f64,
    /// Prompt tokens.
    pub miss: f64,
    /// Tokens generated, thinking included.
    pub output: f64,
    /// When it is so, as typed.
    pub date: String,
}

impl Prices {
    /// Those of a preset.
    #[must_use]
    pub fn of(sold: &Sold) -> Self {
        Self { hit: sold.hit, miss: sold.miss, output: sold.output, date: sold.date.clone() }
    }
}

/// What amounts are shown in.
#[derive(Clone, Debug, PartialEq)]
pub struct Currency {
    /// Its code, such as `EUR`.
    pub code: String,
    /// What a US dollar is in it.
    pub per_dollar: f64,
}

/// The currency of every preset.
const DOLLAR: &str = "USD";

impl Default for Currency {
    fn default() -> Self {
        Self { code: DOLLAR.to_owned(), per_dollar: 1.0 }
    }
}

impl Currency {
    /// Whether amounts are shown as presets have them.
    #[must_use]
    pub fn is_dollar(&self) -> bool {
        self.code == DOLLAR && self.per_dollar.to_bits() == 1.0_f64.to_bits()
    }

    /// An amount of US dollars in it, to so many places: `$0.48`, `0.44 EUR`.
    #[must_use]
    pub fn money(&self, dollars: f64, places: usize) -> String {
        let amount = dollars * self.per_dollar;
        if self.code == DOLLAR { format!("${amount:.places$}") } else { format!("{amount:.places$} {}", self.code) }
    }

    /// A price as it was given, without places it has not: `$2.19`, `$0.3`.
    #[must_use]
    pub fn plain(&self, dollars: f64) -> String {
        let amount = (dollars * self.per_dollar * 1e6).round() / 1e6;
        if self.code == DOLLAR { format!("${amount}") } else { format!("{amount} {}", self.code) }
    }
}

impl Terms {
    /// What a machine draws while it generates: as said, else as one like it does.
    #[must_use]
    pub fn watts(&self, costs: &Costs, machine: &Machine) -> Option<Watts> {
        self.watts.clone().or_else(|| costs.draw_of(machine))
    }

    /// US dollars for a kWh.
    #[must_use]
    pub fn tariff(&self, costs: &Costs) -> Option<f64> {
        self.tariff.or_else(|| costs.tariffs.first().map(|tariff| tariff.dollars_per_kwh))
    }

    /// Where the price of a kWh comes from.
    #[must_use]
    pub fn tariff_source<'a>(&self, costs: &'a Costs) -> &'a str {
        match self.tariff {
            Some(_) => "typed",
            None => costs.tariffs.first().map_or("", |tariff| &tariff.source),
        }
    }

    /// The preset a price is compared with: the one chosen, else that of the model, else the first.
    #[must_use]
    pub fn preset<'a>(&self, costs: &'a Costs, model: &str) -> Option<&'a Sold> {
        let find = |is: &dyn Fn(&Sold) -> bool| costs.sold.iter().find(|sold| is(sold));
        find(&|sold| sold.id == self.api)
            .or_else(|| find(&|sold| !sold.model.is_empty() && sold.model == model))
            .or_else(|| costs.sold.first())
    }

    /// The price of tokens compared with, as typed over its preset.
    #[must_use]
    pub fn sold(&self, costs: &Costs, model: &str) -> Option<Sold> {
        let preset = self.preset(costs, model)?.clone();
        let Some(Prices { hit, miss, output, date }) = self.typed.clone() else { return Some(preset) };
        let source = format!("typed over {}", preset.name);
        Some(Sold {
            name: "Typed prices".to_owned(),
            model: String::new(),
            hit,
            miss,
            output,
            date,
            source,
            note: String::new(),
            ..preset
        })
    }

    /// A machine of one's own at these terms; none without its power.
    #[must_use]
    pub fn own(&self, costs: &Costs, machine: &Machine, rate: TokensPerSecond) -> Option<Own> {
        Some(Own {
            watts: self.watts(costs, machine)?.value,
            rate,
            dollars_per_kwh: self.tariff(costs)?,
            price: self.price,
            lifetime_hours: self.years * YEAR,
            utilisation: self.busy / 100.0,
            idle_watts: self.idle,
        })
    }

    /// A prompt and an answer as they are billed; `shown` of the answer is not thinking.
    #[must_use]
    pub fn billed(&self, prompt: Tokens, answer: Tokens, shown: Tokens) -> Billed {
        let share = (self.cached / 100.0).clamp(0.0, 1.0);
        let hit = Tokens::new((prompt.as_f64() * share).round() as u64);
        let answer_shown = answer.min(shown);
        Billed { hit, miss: prompt - hit, thinking: answer - answer_shown, answer: answer_shown }
    }
}

/// That a preset is the price of another model, where it is: of which, and that it is not of the one on screen.
#[must_use]
pub fn of_another(sold: &Sold, priced: Option<&str>, model: [&str; 2]) -> Option<String> {
    let [id, name] = model;
    if sold.source.starts_with("typed") || sold.model == id {
        return None;
    }
    let of = priced.unwrap_or(&sold.name);
    Some(format!("That is the price of {of}, not of {name}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reasoning::cost::Tariff;

    fn costs() -> Costs {
        let sold = |id: &str, model: &str, output| Sold {
            id: id.to_owned(),
            name: id.to_owned(),
            model: model.to_owned(),
            hit: 0.14,
            miss: 0.55,
            output,
            date: "2025-01".to_owned(),
            source: "read".to_owned(),
            note: String::new(),
        };
        let tariff =
            Tariff { name: "low".to_owned(), dollars_per_kwh: 0.15, date: String::new(), source: "assumed".to_owned() };
        Costs {
            tariffs: vec![tariff],
            sold: vec![sold("first", "r1", 2.19), sold("other", "", 0.6)],
            draws: Vec::new(),
        }
    }

    #[test]
    fn what_is_typed_goes_over_the_preset_and_comes_off_again() {
        let (costs, mut terms) = (costs(), Terms::default());
        assert_eq!(terms.sold(&costs, "r1"), Some(costs.sold[0].clone()));
        assert_eq!(terms.tariff(&costs), Some(0.15));
        terms.api = "other".to_owned();
        assert_eq!(terms.sold(&costs, "r1").map(|sold| sold.output), Some(0.6));
        terms.typed = Some(Prices { output: 1.5, date: "2026-11".to_owned(), ..Prices::of(&costs.sold[1]) });
        let sold = terms.sold(&costs, "r1").expect("a price");
        assert_eq!((sold.output, sold.date.as_str(), sold.source.as_str()), (1.5, "2026-11", "typed over other"));
        terms.typed = None;
        assert_eq!(terms.sold(&costs, "r1"), Some(costs.sold[1].clone()));
    }

    #[test]
    fn a_price_of_another_model_is_said_to_be_so() {
        let costs = costs();
        assert_eq!(of_another(&costs.sold[0], Some("R1"), ["r1", "R1"]), None);
        let said = of_another(&costs.sold[0], Some("R1"), ["qwen", "Qwen"]);
        assert_eq!(said.as_deref(), Some("That is the price of R1, not of Qwen."));
        let said = of_another(&costs.sold[1], None, ["r1", "R1"]);
        assert_eq!(said.as_deref(), Some("That is the price of other, not of R1."));
    }

    #[test]
    fn part_of_a_prompt_was_asked_before() {
        let terms = Terms { cached: 75.0, ..Terms::default() };
        let billed = terms.billed(Tokens::new(1000), Tokens::new(12_000), Tokens::new(500));
        let counts = [billed.hit, billed.miss, billed.thinking, billed.answer].map(Tokens::get);
        assert_eq!(counts, [750, 250, 11_500, 500]);
        let costs = costs();
        let dollars = costs.sold[0].answer(billed);
        assert!((dollars - (750.0 * 0.14 + 250.0 * 0.55 + 12_000.0 * 2.19) / 1e6).abs() < 1e-12);
    }

    #[test]
    fn amounts_are_shown_in_the_currency_typed() {
        let euro = Currency { code: "EUR".to_owned(), per_dollar: 0.9 };
        assert_eq!([Currency::default().money(0.476, 2), euro.money(0.476, 2)], ["$0.48", "0.43 EUR"]);
        assert_eq!([Currency::default().plain(0.3), euro.plain(2.19)], ["$0.3", "1.971 EUR"]);
        assert!(Currency::default().is_dollar() && !euro.is_dollar());
    }
}
