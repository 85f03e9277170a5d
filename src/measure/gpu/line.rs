//! What a measuring process tells the one that started it, a line of JSON each.

use serde_json::{Value, json};

use super::{CardFigures, Carried, Clock, Figures};
use crate::detect::clean_name;
use crate::hardware::Series;

/// One line from the measuring process.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// How far it is: share done and what runs.
    Progress {
        /// Share done, 0 to 1.
        done: f32,
        /// What runs now.
        step: String,
    },
    /// A window was taken: of what on which card, and its rate in bytes per second.
    Window {
        /// Its curve.
        series: Series,
        /// The card, counted from 0.
        card: u32,
        /// Bytes per second.
        rate: f64,
    },
    /// A card is measured.
    Card(Box<CardFigures>),
    /// A card could not be measured.
    Failed {
        /// Its name.
        name: String,
        /// Why.
        what: String,
    },
    /// A renderer on the CPU, which is not measured.
    Software {
        /// Its name.
        name: String,
    },
    /// All is done.
    End,
}

/// More windows and sizes than a measurement takes.
const MOST: usize = 256;

impl Line {
    /// As one line of JSON.
    #[must_use]
    pub fn write(&self) -> String {
        match self {
            Self::Progress { done, step } => json!({ "progress": done, "step": step }),
            Self::Window { series, card, rate } => {
                json!({ "window": series.name(), "card": card, "rate": rate })
            }
            Self::Software { name } => json!({ "software": name }),
            Self::Card(card) => json!({ "card": {
                "name": card.name, "pci": card.pci, "driver": card.driver, "vendor": card.vendor, "device": card.device,
                "read": card.read.as_ref().map(|read| json!({
                    "best": read.best, "median": read.median, "spread": read.spread, "windows": read.windows,
                    "clock": read.clock.name(), "bytes": read.bytes, "sweep": read.sweep,
                })),
                "f32": card.f32_flops, "f16": card.f16_flops,
                "link": card.link.map(|link| [link.to_device, link.from_device]),
            }}),
            Self::Failed { name, what } => json!({ "failed": name, "what": what }),
            Self::End => json!({ "end": true }),
        }
        .to_string()
    }

    /// Back from a line; `None` for anything else a driver may have printed, and for numbers that are no rates.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line.trim()).ok()?;
        let text = |of: &Value| of.as_str().map(clean_name);
        if value["end"].as_bool() == Some(true) {
            return Some(Self::End);
        }
        if let Some(done) = value["progress"].as_f64() {
            return Some(Self::Progress { done: done.clamp(0.0, 1.0) as f32, step: text(&value["step"])? });
        }
        if let Some(series) = value["window"].as_str() {
            let card = value["card"].as_u64().and_then(|card| u32::try_from(card).ok()).unwrap_or_default();
            return Some(Self::Window { series: Series::parse(series)?, card, rate: rate(&value["rate"])? });
        }
        if let Some(name) = text(&value["software"]) {
            return Some(Self::Software { name });
        }
        if let Some(name) = text(&value["failed"]) {
            return Some(Self::Failed { name, what: text(&value["what"])? });
        }
        let card = value.get("card")?;
        let id = |key: &str| card[key].as_u64().and_then(|id| u32::try_from(id).ok()).unwrap_or_default();
        let carried = card["link"]
            .as_array()
            .and_then(|both| Some(Carried { to_device: rate(both.first()?)?, from_device: rate(both.get(1)?)? }));
        Some(Self::Card(Box::new(CardFigures {
            name: text(&card["name"])?,
            pci: card["pci"].as_str().and_then(crate::detect::gpu::pci_address),
            driver: text(&card["driver"]).unwrap_or_default(),
            vendor: id("vendor"),
            device: id("device"),
            read: figures(&card["read"]),
            f32_flops: rate(&card["f32"]),
            f16_flops: rate(&card["f16"]),
            link: carried,
        })))
    }
}

fn figures(value: &Value) -> Option<Figures> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    Some(Figures {
        best: rate(&value["best"])?,
        median: rate(&value["median"])?,
        spread: value["spread"].as_f64().filter(|spread| (0.0..=1.0).contains(spread))?,
        windows: list(&value["windows"]).iter().take(MOST).filter_map(rate).collect(),
        clock: [Clock::Timestamps, Clock::WallSlope]
            .into_iter()
            .find(|clock| value["clock"].as_str() == Some(clock.name()))?,
        bytes: value["bytes"].as_u64()?,
        sweep: list(&value["sweep"])
            .iter()
            .take(MOST)
            .filter_map(|pair| Some((pair.get(0)?.as_u64()?, rate(pair.get(1)?)?)))
            .collect(),
    })
}

/// A rate is above zero and below what any machine will do for a while.
fn rate(value: &Value) -> Option<f64> {
    value.as_f64().filter(|rate| rate.is_finite() && (1.0..1e18).contains(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_survives_its_line() {
        let card = CardFigures {
            name: "NVIDIA GeForce RTX 4090".into(),
            pci: Some("0000:01:00.0".into()),
            driver: "NVIDIA 580.95".into(),
            vendor: 0x10de,
            device: 0x2684,
            read: Some(Figures {
                best: 9.3e11,
                median: 9.2e11,
                spread: 0.02,
                windows: vec![9.3e11, 9.2e11],
                clock: Clock::Timestamps,
                bytes: 1 << 30,
                sweep: vec![(16 << 20, 4e12)],
            }),
            f32_flops: Some(8e13),
            f16_flops: None,
            link: Some(Carried { to_device: 2.5e10, from_device: 2.6e10 }),
        };
        for line in [
            Line::Card(Box::new(card)),
            Line::Progress { done: 0.5, step: "reading".into() },
            Line::Window { series: Series::ToDevice, card: 1, rate: 1e12 },
            Line::Software { name: "llvmpipe".into() },
            Line::Failed { name: "a card".into(), what: "no room".into() },
            Line::End,
        ] {
            let written = line.write();
            assert_eq!(written.lines().count(), 1);
            assert_eq!(Line::parse(&written), Some(line));
        }
    }

    #[test]
    fn what_is_no_rate_is_not_taken() {
        for line in [
            "",
            "{}",
            "MESA: warning",
            "[1]",
            r#"{"window":"read","rate":-1}"#,
            r#"{"window":"read","rate":1e300}"#,
            r#"{"window":"rum","rate":1e9}"#,
        ] {
            assert_eq!(Line::parse(line), None, "{line}");
        }
        let card = Line::parse(r#"{"card":{"name":"x\u0007","read":{"best":0},"f32":null,"link":[1e9]}}"#);
        let Some(Line::Card(card)) = card else { panic!("{card:?}") };
        assert_eq!((card.name.as_str(), card.read, card.link), ("x", None, None));
    }
}
