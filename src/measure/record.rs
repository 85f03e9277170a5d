//! A finished run as it is shown and kept.

use super::date::this_minute;
use super::{Applied, Outcome, Suite};
use crate::detect::power;
use crate::hardware::{Machine, MeasuredRun, Meter, PoolKind, Sample, Skipped};

/// The run behind results that were put into a machine, with the samples taken on the way.
#[must_use]
pub fn record(machine: &Machine, suite: &Suite, applied: &Applied, samples: Vec<Sample>) -> MeasuredRun {
    MeasuredRun {
        at: this_minute(),
        on: machine.cpu.name.clone(),
        power: power().map_or_else(String::new, |power| power.name().to_owned()),
        readings: applied.readings.clone(),
        skipped: skipped(machine, suite),
        samples,
    }
}

/// What was not measured and why, in sentences.
fn skipped(machine: &Machine, suite: &Suite) -> Vec<Skipped> {
    let mut found = Vec::new();
    let mut skip = |meter: Meter, why: String| found.push(Skipped { meter, why });
    if let Some(Outcome::Failed(why)) = &suite.ram {
        skip(Meter::Ram, why.clone());
    }
    if let Some(Outcome::Failed(why)) = &suite.kernel {
        skip(Meter::Kernel, why.clone());
    }
    if let Some(cards) = &suite.gpus {
        let broken = cards.broken.as_ref().map(|how| format!("Measuring the GPUs broke off: it {how}."));
        let failed: Vec<String> =
            cards.failed.iter().map(|(name, why)| format!("{name} was not measured: {why}.")).collect();
        let software = cards.software.first().map(|name| {
            format!("There is no GPU here: {name} draws on the processor, so its figures would be the RAM's.")
        });
        let why = broken.into_iter().chain(failed).next().or(software);
        let why = why.unwrap_or_else(|| "There is no GPU here to measure.".to_owned());
        if cards.cards.iter().all(|card| card.read.is_none()) {
            skip(Meter::Gpu, why.clone());
        }
        if cards.cards.iter().all(|card| card.link.is_none()) {
            let shared = machine.pools.iter().any(|pool| pool.kind == PoolKind::Unified);
            let hidden = cards.cards.first().map(|card| {
                if shared {
                    format!("{} shares its memory with the processor: nothing is carried.", card.name)
                } else {
                    format!("The driver of {} gives no memory whose link could be timed.", card.name)
                }
            });
            skip(Meter::Link, hidden.unwrap_or(why));
        }
    }
    if let Some(Outcome::Failed(why)) = &suite.disk {
        skip(Meter::Disk, why.clone());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::gpu::{CardFigures, Cards};
    use super::*;
    use crate::hardware::{Figure, Pool};
    use crate::units::Bytes;

    fn why(machine: &Machine, cards: Cards, meter: Meter) -> String {
        let suite = Suite { gpus: Some(cards), ..Suite::default() };
        let run = record(machine, &suite, &Applied::default(), Vec::new());
        run.why_skipped(meter).unwrap_or_default().to_owned()
    }

    fn on(kind: PoolKind) -> Machine {
        let mut machine = Machine::new("this", "This machine");
        machine.pools.push(Pool::new("memory", kind, Figure::typed(Bytes::gib(16))));
        machine
    }

    #[test]
    fn what_is_left_out_is_said_in_words() {
        let plain = on(PoolKind::Ram);
        assert_eq!(why(&plain, Cards::default(), Meter::Gpu), "There is no GPU here to measure.");
        let software = Cards { software: vec!["llvmpipe".into()], ..Cards::default() };
        assert!(why(&plain, software, Meter::Link).starts_with("There is no GPU here: llvmpipe draws on the"));
        let failed = Cards { failed: vec![("A card".into(), "it has no room".into())], ..Cards::default() };
        assert_eq!(why(&plain, failed, Meter::Gpu), "A card was not measured: it has no room.");
        let card = CardFigures {
            name: "A chip".into(),
            pci: None,
            driver: String::new(),
            vendor: 0,
            device: 0,
            read: None,
            f32_flops: None,
            f16_flops: None,
            link: None,
        };
        let cards = Cards { cards: vec![card], ..Cards::default() };
        assert!(why(&on(PoolKind::Unified), cards.clone(), Meter::Link).contains("shares its memory"));
        assert!(why(&plain, cards, Meter::Link).contains("no memory whose link"));
        let refused = Suite { disk: Some(Outcome::Failed("No room.".into())), ..Suite::default() };
        let run = record(&plain, &refused, &Applied::default(), Vec::new());
        assert_eq!(run.why_skipped(Meter::Disk), Some("No room."));
        assert_eq!(run.why_skipped(Meter::Ram), None, "what was not asked for is not missing");
    }
}
