//! What was chosen on the page of thinking and serving, kept from one start to the next.
//!
//! What is out of range, or no longer known, is as if nobody had chosen it.

use std::ops::RangeInclusive;

use crate::formats::reason_doc as doc;
use crate::formats::shown;
use crate::hardware::Source;
use crate::reasoning::claims::Topic;
use crate::reasoning::offload::{Class, Home, Homes};
use crate::reasoning::requests::{Policy, Preemption};
use crate::reasoning::strategy::Task;
use crate::reasoning::terms::{Currency, Prices, Terms, Watts};
use crate::ui::reason::{Form, Formula, Inputs, PerToken, Reason, Room, Section, Smaller, WeightBits};
use crate::units::{Bytes, Tokens};

/// Counts that are typed anywhere on the page.
const COUNTS: RangeInclusive<u64> = 0..=1 << 24;
/// Amounts of money and power.
const AMOUNTS: RangeInclusive<f64> = 0.0..=1e7;

/// What to keep.
pub(super) fn collect(reason: &Reason) -> doc::Reason {
    let Inputs { shown, bits, task, smaller, homes, layers, formula, topic, terms, form } = reason.inputs();
    doc::Reason {
        section: reason.section.id().to_owned(),
        shown: Some(shown.get()),
        bits: Some(bits.number() as u64),
        task: task.name().to_owned(),
        topic: topic.map_or_else(String::new, |topic| topic.name().to_owned()),
        smaller: Some(keep_smaller(smaller)),
        formula: Some(doc::Formula {
            bits: formula.bits,
            scale: formula.scale,
            zero: formula.zero,
            group: formula.group,
        }),
        homes: homes.map_or_else(Vec::new, |homes| Class::ALL.map(|class| home_word(homes.of(class))).to_vec()),
        layers,
        requests: Some(keep_form(form)),
        terms: Some(keep_terms(terms)),
    }
}

/// Puts it back.
pub(super) fn restore(kept: &doc::Reason, reason: &mut Reason) {
    if let Some((section, _)) = Section::ALL.into_iter().find(|(section, _)| section.id() == kept.section) {
        reason.section = section;
    }
    let mut inputs = reason.inputs();
    if let Some(shown) = kept.shown.filter(|shown| COUNTS.contains(shown)) {
        inputs.shown = Tokens::new(shown);
    }
    let bits = WeightBits::ALL.into_iter().find(|(bits, _)| Some(bits.number() as u64) == kept.bits);
    inputs.bits = bits.map_or(inputs.bits, |(bits, _)| bits);
    inputs.task = Task::ALL.into_iter().find(|task| task.name() == kept.task).unwrap_or(inputs.task);
    inputs.topic = Topic::ALL.into_iter().find(|topic| topic.name() == kept.topic);
    inputs.smaller = kept.smaller.as_ref().and_then(smaller).unwrap_or(inputs.smaller);
    inputs.formula = kept.formula.as_ref().and_then(formula).unwrap_or(inputs.formula);
    inputs.homes = homes(&kept.homes);
    inputs.layers = kept.layers.filter(|layers| COUNTS.contains(&u64::from(*layers)));
    inputs.form = kept.requests.as_ref().and_then(form).unwrap_or(inputs.form);
    inputs.terms = kept.terms.as_ref().and_then(terms).unwrap_or(inputs.terms);
    reason.put(inputs);
}

fn keep_smaller(from: Smaller) -> doc::Smaller {
    let Smaller { bits, group, zero, residual, budget, buffer, sinks, window, hitters } = from;
    doc::Smaller { bits, group, zero, residual, budget, buffer, sinks, window, hitters }
}

fn smaller(from: &doc::Smaller) -> Option<Smaller> {
    let &doc::Smaller { bits, group, zero, residual, budget, buffer, sinks, window, hitters } = from;
    let counts = [zero, residual, buffer, sinks].into_iter().all(|count| COUNTS.contains(&count));
    let positive = [bits, group, budget, window, hitters].into_iter().all(|count| count > 0 && COUNTS.contains(&count));
    let known = counts && positive && bits <= 16 && zero <= 32;
    known.then_some(Smaller { bits, group, zero, residual, budget, buffer, sinks, window, hitters })
}

fn formula(from: &doc::Formula) -> Option<Formula> {
    let &doc::Formula { bits, scale, zero, group } = from;
    let known = (0.1..=32.0).contains(&bits) && scale <= 64 && zero <= 64 && (1..=1 << 20).contains(&group);
    known.then_some(Formula { bits, scale, zero, group })
}

fn home_word(home: Home) -> String {
    match home {
        Home::Gpu => "gpu".to_owned(),
        Home::Ram => "ram".to_owned(),
        Home::First(layers) => format!("first {layers}"),
        Home::Last(layers) => format!("last {layers}"),
    }
}

fn home(word: &str) -> Option<Home> {
    match (word, word.split_once(' ')) {
        ("gpu", _) => Some(Home::Gpu),
        ("ram", _) => Some(Home::Ram),
        (_, Some(("first", layers))) => layers.parse().ok().map(Home::First),
        (_, Some(("last", layers))) => layers.parse().ok().map(Home::Last),
        _ => None,
    }
}

fn homes(words: &[String]) -> Option<Homes> {
    let all: Vec<Home> = words.iter().filter_map(|word| home(word)).collect();
    let whole = all.len() == Class::ALL.len() && words.len() == all.len();
    let put = |homes: Homes, (class, home)| homes.with(class, home);
    whole.then(|| Class::ALL.into_iter().zip(all).fold(Homes::all(Home::Ram), put))
}

fn keep_form(form: Form) -> doc::Requests {
    let Form { mib, percent, blocks, size, most, count, gap, prompt, answer, spread, seed, .. } = form;
    doc::Requests {
        room: room_word(form.room).to_owned(),
        policy: form.policy.name().to_owned(),
        preemption: form.preemption.name().to_owned(),
        token_bytes: match form.per_token {
            PerToken::OnScreen => None,
            PerToken::Of(bytes) => Some(bytes.get()),
        },
        mib,
        percent,
        blocks,
        size,
        most,
        count,
        gap,
        prompt,
        answer,
        spread,
        seed,
    }
}

const fn room_word(room: Room) -> &'static str {
    match room {
        Room::Whole => "whole",
        Room::Blocks => "blocks",
    }
}

fn form(from: &doc::Requests) -> Option<Form> {
    let &doc::Requests { mib, percent, blocks, size, most, count, gap, prompt, answer, spread, seed, .. } = from;
    let positive = [mib, blocks, size, most, count].into_iter().all(|number| number > 0 && COUNTS.contains(&number));
    let counts = [gap, prompt, answer].into_iter().all(|number| COUNTS.contains(&number));
    let known = (100..=1000).contains(&percent) && spread <= 100 && u32::try_from(seed).is_ok();
    let form = Form {
        room: [Room::Whole, Room::Blocks].into_iter().find(|room| room_word(*room) == from.room)?,
        policy: Policy::ALL.into_iter().find(|policy| policy.name() == from.policy)?,
        preemption: Preemption::ALL.into_iter().find(|way| way.name() == from.preemption)?,
        per_token: from.token_bytes.map_or(PerToken::OnScreen, |bytes| PerToken::Of(Bytes::new(bytes))),
        mib,
        percent,
        blocks,
        size,
        most,
        count,
        gap,
        prompt,
        answer,
        spread,
        seed,
    };
    (positive && counts && known).then_some(form)
}

fn keep_terms(terms: Terms) -> doc::Terms {
    let Terms { watts, tariff, api, typed, cached, currency, price, years, busy, idle } = terms;
    doc::Terms {
        watts: watts.map(|watts| (watts.value, watts.source.name().to_owned(), watts.told)),
        tariff,
        api,
        typed: typed.map(|typed| (typed.hit, typed.miss, typed.output, typed.date)),
        cached,
        currency: currency.code,
        per_dollar: currency.per_dollar,
        price,
        years,
        busy,
        idle,
    }
}

fn terms(from: &doc::Terms) -> Option<Terms> {
    let amount = |value: &f64| AMOUNTS.contains(value);
    let watts = match &from.watts {
        Some((value, source, told)) => {
            Some(Watts { value: *value, source: Source::parse(source)?, told: shown(told, 200) })
        }
        None => None,
    };
    let typed = from.typed.as_ref().map(|(hit, miss, output, date)| Prices {
        hit: *hit,
        miss: *miss,
        output: *output,
        date: shown(date, 20),
    });
    let prices = typed.iter().flat_map(|typed| [typed.hit, typed.miss, typed.output]);
    let all = [from.cached, from.price, from.years, from.busy, from.idle];
    let all = all.into_iter().chain(from.tariff).chain(watts.as_ref().map(|watts| watts.value)).chain(prices);
    let code = from.currency.chars().all(|letter| letter.is_ascii_uppercase()) && from.currency.len() <= 3;
    let known =
        all.into_iter().all(|value| amount(&value)) && code && from.per_dollar > 0.0 && amount(&from.per_dollar);
    known.then(|| Terms {
        watts,
        tariff: from.tariff,
        api: shown(&from.api, 60),
        typed,
        cached: from.cached.min(100.0),
        currency: Currency { code: from.currency.clone(), per_dollar: from.per_dollar },
        price: from.price,
        years: from.years,
        busy: from.busy.min(100.0),
        idle: from.idle,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen() -> Reason {
        let mut reason = Reason::default();
        reason.section = Section::Cost;
        reason.put(Inputs {
            shown: Tokens::new(700),
            bits: WeightBits::Eight,
            task: Task::Code,
            smaller: Smaller { bits: 8, residual: 128, ..Smaller::default() },
            homes: Some(Homes::all(Home::First(12)).with(Class::Head, Home::Gpu).with(Class::Cache, Home::Last(3))),
            layers: Some(30),
            formula: Formula { bits: 4.5, ..Formula::default() },
            topic: Some(Topic::Speed),
            terms: Terms {
                watts: Some(Watts { value: 45.0, source: Source::Measured, told: String::new() }),
                typed: Some(Prices { hit: 0.1, miss: 0.2, output: 0.3, date: "2026-11".to_owned() }),
                cached: 50.0,
                currency: Currency { code: "EUR".to_owned(), per_dollar: 0.9 },
                ..Terms::default()
            },
            form: Form { count: 99, per_token: PerToken::Of(Bytes::new(4096)), ..Form::SEVEN },
        });
        reason
    }

    #[test]
    fn everything_chosen_comes_back() {
        use crate::formats::settings_doc::Settings;
        let before = chosen();
        let mut settings = Settings::default();
        settings.reason = Some(collect(&before));
        let kept = Settings::read(&settings.write()).expect("just written").reason.expect("it was kept");
        let mut after = Reason::default();
        restore(&kept, &mut after);
        assert_eq!((after.section, after.inputs()), (before.section, before.inputs()));
        let old = Settings::read("(format: \"willitrun.settings\", version: 1)").expect("of a version before");
        assert_eq!(old.reason, None);
    }

    #[test]
    fn what_is_out_of_range_is_as_if_nobody_chose_it() {
        let spoilt: [fn(&mut doc::Reason); 8] = [
            |kept| kept.section = "elsewhere".to_owned(),
            |kept| kept.homes = vec!["gpu".to_owned(), "moon".to_owned()],
            |kept| kept.smaller.as_mut().expect("kept").group = 0,
            |kept| kept.formula.as_mut().expect("kept").bits = f64::NAN,
            |kept| kept.requests.as_mut().expect("kept").count = u64::MAX,
            |kept| kept.requests.as_mut().expect("kept").policy = "whim".to_owned(),
            |kept| kept.terms.as_mut().expect("kept").years = -1.0,
            |kept| kept.terms.as_mut().expect("kept").per_dollar = 0.0,
        ];
        for (place, spoil) in spoilt.into_iter().enumerate() {
            let mut kept = collect(&chosen());
            spoil(&mut kept);
            let mut after = Reason::default();
            restore(&kept, &mut after);
            let (found, default) = (after.inputs(), Reason::default().inputs());
            let as_default = after.section == Section::default()
                || found.homes == default.homes
                || found.smaller == default.smaller
                || found.formula == default.formula
                || found.form == default.form
                || found.terms == default.terms;
            assert!(as_default, "{place}");
            assert_eq!(found.task, Task::Code, "{place}: the rest is not lost with it");
        }
    }
}
