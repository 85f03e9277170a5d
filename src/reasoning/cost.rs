//! What a token costs on a machine of one's own, and what it costs where it is sold.
//!
//! Energy for a million tokens = watts / (3.6 x tokens per second), in kWh; electricity = that x tariff; the hardware's
//! share = price / (hours of its life x 3600 x tokens per second x the share of the time it works) x 10^6. The break-even
//! is price / (price of a token sold - electricity of one's own), and there is none where the latter is no less.
//! Absent: what a machine takes while it idles, unless it is given, and what one's own time is worth.
//!
//! Prices are data with a date (`assets/costs.ron`), typed over by the user; none of them is taken as current.

use crate::hardware::{Form, Machine, PoolKind, Source};
use crate::units::{Bytes, Seconds, Tokens, TokensPerSecond};

use super::terms::Watts;

/// Tokens a price is quoted for.
pub const MILLION: f64 = 1e6;
/// Memory from which a machine of unknown channels is taken for a server.
const SERVER: Bytes = Bytes::gib(192);
/// Channels of memory from which a machine is one: of the platforms in `devices.ron` desktops have 2, workstations 4,
/// servers 6 to 12.
const SERVER_CHANNELS: f64 = 6.0;
/// Cores and memory up to which a machine is taken for a small one, a board or a mini PC.
const SMALL: (u32, Bytes) = (4, Bytes::gib(8));

/// What is known of prices and power.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Costs {
    /// What electricity costs.
    pub tariffs: Vec<Tariff>,
    /// What tokens cost where they are sold.
    pub sold: Vec<Sold>,
    /// What machines draw.
    pub draws: Vec<Draw>,
}

/// A price of electricity.
#[derive(Clone, Debug, PartialEq)]
pub struct Tariff {
    /// Its name for people.
    pub name: String,
    /// US dollars for a kWh.
    pub dollars_per_kwh: f64,
    /// When it was so, `YYYY-MM`.
    pub date: String,
    /// Where it was read.
    pub source: String,
}

/// Prices of tokens, in US dollars for a million.
#[derive(Clone, Debug, PartialEq)]
pub struct Sold {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The catalogue's id of the model it is a price of; empty where that is none of them.
    pub model: String,
    /// Prompt tokens that were asked before.
    pub hit: f64,
    /// Prompt tokens.
    pub miss: f64,
    /// Tokens generated, thinking included.
    pub output: f64,
    /// When it was so, `YYYY-MM`.
    pub date: String,
    /// Where it was read.
    pub source: String,
    /// What else to know.
    pub note: String,
}

/// What a machine draws from the wall while it generates.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// The machine.
    pub name: String,
    /// Watts of the whole of it.
    pub watts: f64,
    /// How it is known.
    pub basis: Source,
    /// Where it was read, or how it was chosen.
    pub source: String,
}

/// A machine of one's own, as far as its costs go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Own {
    /// Watts of the whole machine while it generates.
    pub watts: f64,
    /// Tokens per second of all sequences together.
    pub rate: TokensPerSecond,
    /// US dollars for a kWh.
    pub dollars_per_kwh: f64,
    /// US dollars it cost; 0 for one that is there anyway.
    pub price: f64,
    /// Hours until it is replaced.
    pub lifetime_hours: f64,
    /// The share of that time it generates, above 0 and at most 1.
    pub utilisation: f64,
    /// Watts while it waits, where that is counted; 0 for a machine that runs anyway.
    pub idle_watts: f64,
}

/// What a million tokens cost, in US dollars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerMillion {
    /// Energy, kWh.
    pub kwh: f64,
    /// Its price.
    pub electricity: f64,
    /// What it draws while it waits, for each million it generates.
    pub idle: f64,
    /// The share of the machine's price.
    pub hardware: f64,
}

/// A question and its answer as it is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billed {
    /// Prompt tokens that were asked before.
    pub hit: Tokens,
    /// Other prompt tokens.
    pub miss: Tokens,
    /// Tokens of thinking.
    pub thinking: Tokens,
    /// Tokens of the answer.
    pub answer: Tokens,
}

impl Costs {
    /// What a machine draws while it generates, in watts, and where that comes from: of a server with one GPU the preset
    /// of such a one, else what its GPUs draw at most by data sheet, else the preset of the machine most like it.
    #[must_use]
    pub fn draw_of(&self, machine: &Machine) -> Option<Watts> {
        let gpus: f64 = machine.gpus().filter_map(|gpu| gpu.device.as_ref()?.watts).sum();
        let like = like(machine);
        let draw = self.draws.iter().find(|draw| like.is_some_and(|like| draw.name.starts_with(like)));
        // A preset of the whole that is less than its GPUs alone is of another.
        let draw = draw.filter(|draw| draw.watts > gpus);
        match draw {
            // Even where somebody measured that machine, this is another.
            Some(draw) => Some(Watts {
                value: draw.watts,
                source: Source::Assumed,
                told: format!("preset {}: {}", draw.name, draw.source),
            }),
            None if gpus > 0.0 => Some(Watts {
                value: gpus,
                source: Source::DataSheet,
                told: "what its GPUs draw at most, the rest not counted".to_owned(),
            }),
            None => None,
        }
    }
}

/// How the name of the preset begins that is most like a machine, by its GPUs, channels, memory and cores; none where
/// its GPUs say more.
fn like(machine: &Machine) -> Option<&'static str> {
    let host = machine.host();
    let memory = host.map_or(Bytes::ZERO, |pool| pool.capacity.value);
    let channels = host.and_then(|pool| pool.dimms.as_ref()?.channels);
    let server = channels.map_or(memory >= SERVER, |channels| channels >= SERVER_CHANNELS);
    let watts = machine.gpus().filter(|gpu| gpu.device.as_ref().is_some_and(|device| device.watts.is_some())).count();
    let unified = host.is_some_and(|pool| pool.kind == PoolKind::Unified);
    // A processor without a name has a count of cores that is none.
    let few = !machine.cpu.name.is_empty() && machine.cpu.cores <= SMALL.0;
    let small = match machine.form {
        Some(Form::Laptop | Form::Mini | Form::Console | Form::SingleBoard) => true,
        Some(Form::Desktop | Form::Server) => false,
        Some(Form::Mac) | None => few || memory <= SMALL.1,
    };
    match watts {
        1 if server && !unified => Some("12-channel server"),
        1.. => None,
        0 if server && !unified => Some("8-channel server"),
        0 if host.is_some() && small => Some("Laptop"),
        0 if unified => Some("Mac"),
        0 => Some("Desktop without a GPU"),
    }
}

impl PerMillion {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.electricity + self.idle + self.hardware
    }
}

impl Own {
    /// kWh for a million tokens; none without a rate.
    #[must_use]
    pub fn kwh_per_million(&self) -> Option<f64> {
        finite(self.watts / (3.6 * self.rate.get()))
    }

    /// What a million tokens cost; none without a rate.
    #[must_use]
    pub fn per_million(&self) -> Option<PerMillion> {
        let kwh = self.kwh_per_million()?;
        let work = self.utilisation.clamp(0.0, 1.0);
        let tokens_per_hour = 3600.0 * self.rate.get() * work;
        let idle_kwh = self.idle_watts / 1000.0 * (1.0 - work) / tokens_per_hour * MILLION;
        let hardware = self.price / (self.lifetime_hours * tokens_per_hour) * MILLION;
        let counted = |share: f64, of: f64| if of > 0.0 { finite(share) } else { Some(0.0) };
        Some(PerMillion {
            kwh,
            electricity: kwh * self.dollars_per_kwh,
            idle: counted(idle_kwh * self.dollars_per_kwh, self.idle_watts)?,
            hardware: counted(hardware, self.price)?,
        })
    }

    /// Electricity of one answer that takes so long.
    #[must_use]
    pub fn electricity_for(&self, time: Seconds) -> f64 {
        self.watts * time.get() / 3.6e6 * self.dollars_per_kwh
    }

    /// Tokens from which the machine has paid for itself against a price for a million tokens; none where its
    /// electricity alone costs as much.
    #[must_use]
    pub fn break_even(&self, sold_per_million: f64) -> Option<Tokens> {
        let saved = (sold_per_million - self.kwh_per_million()? * self.dollars_per_kwh) / MILLION;
        (saved > 0.0).then(|| Tokens::new((self.price / saved).ceil() as u64))
    }
}

impl Sold {
    /// What one answer costs.
    #[must_use]
    pub fn answer(&self, billed: Billed) -> f64 {
        let Billed { hit, miss, thinking, answer } = billed;
        (hit.as_f64() * self.hit + miss.as_f64() * self.miss + (thinking + answer).as_f64() * self.output) / MILLION
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::{Accelerator, Dimms, Figure, Pool};

    fn own(watts: f64, rate: f64) -> Own {
        Own {
            watts,
            rate: TokensPerSecond::saturating(rate),
            dollars_per_kwh: 0.15,
            price: 0.0,
            lifetime_hours: 0.0,
            utilisation: 1.0,
            idle_watts: 0.0,
        }
    }

    fn check(found: f64, expected: f64) {
        assert!((found - expected).abs() < 0.005 * expected.max(1.0), "{found} against {expected}");
    }

    #[test]
    fn energy_and_its_price() {
        for (watts, rate, kwh, dollars) in
            [(200.0, 17.5, 3.17, 0.48), (600.0, 14.0, 11.9, 1.79), (400.0, 5.0, 22.2, 3.33), (350.0, 1.0, 97.2, 14.58)]
        {
            let cost = own(watts, rate).per_million().expect("a rate");
            check(cost.kwh, kwh);
            check(cost.electricity, dollars);
            check(cost.total(), cost.electricity);
        }
        // 12,000 tokens at 5 tokens/s: 40 minutes of 400 W.
        check(own(400.0, 5.0).electricity_for(Seconds::saturating(2400.0)), 0.04);
    }

    #[test]
    fn hardware_and_waiting_are_shared_out() {
        // 3,600 dollars over 10,000 hours at half the time, 10 tokens/s: 180 million tokens.
        let machine =
            Own { price: 3600.0, lifetime_hours: 10_000.0, utilisation: 0.5, idle_watts: 100.0, ..own(0.0, 10.0) };
        let cost = machine.per_million().expect("a rate");
        check(cost.hardware, 20.0);
        // 5,000 hours of waiting are 500 kWh.
        check(cost.idle, 500.0 * 0.15 / 180.0);
    }

    #[test]
    fn a_break_even_is_where_it_saves() {
        let machine = Own { price: 1000.0, ..own(200.0, 17.5) };
        let tokens = machine.break_even(2.19).expect("it saves").as_f64();
        check(tokens, 1000.0 / (2.19 - 0.476_19) * MILLION);
        assert_eq!(machine.break_even(0.40), None, "electricity alone costs more");
        assert_eq!(own(200.0, 0.0).per_million(), None);
        assert_eq!(own(200.0, 0.0).break_even(2.0), None);
        let endless = Own { price: 1.0, utilisation: 0.0, ..own(1.0, 1.0) };
        assert_eq!(endless.per_million(), None, "what never works costs without end");
    }

    #[test]
    fn a_machine_draws_what_one_like_it_does() {
        let names = ["Mac Studio", "12-channel server", "8-channel server", "Desktop without a GPU", "Laptop"];
        let draws = names.iter().zip([200.0, 600.0, 400.0, 150.0, 60.0]);
        let draws = draws.map(|(name, watts)| Draw {
            name: (*name).to_owned(),
            watts,
            basis: Source::Assumed,
            source: "a guess".to_owned(),
        });
        let costs = Costs { draws: draws.collect(), ..Costs::default() };
        let draw = |kind, gib, cores, channels: Option<f64>, gpus: &[f64]| {
            let mut machine = Machine::new("m", "m");
            (machine.cpu.name, machine.cpu.cores) = ("A processor".to_owned(), cores);
            let mut host = Pool::new("host", kind, Figure::typed(Bytes::gib(gib)));
            host.dimms = channels.map(|channels| Dimms { channels: Some(channels), ..Dimms::default() });
            machine.pools.push(host);
            for watts in gpus {
                let mut gpu = Pool::new("gpu", PoolKind::Vram, Figure::typed(Bytes::gib(24)));
                gpu.device = Some(Accelerator { watts: Some(*watts), ..Accelerator::default() });
                machine.pools.push(gpu);
            }
            costs.draw_of(&machine).map(|watts| watts.value)
        };
        let ram = PoolKind::Ram;
        assert_eq!(draw(ram, 16, 4, None, &[]), Some(60.0), "four cores");
        assert_eq!(draw(ram, 8, 8, Some(2.0), &[]), Some(60.0), "little memory");
        assert_eq!(draw(ram, 16, 8, Some(2.0), &[]), Some(150.0), "nothing tells it from a desktop");
        assert_eq!(draw(ram, 192, 16, Some(2.0), &[]), Some(150.0), "a desktop with much memory");
        assert_eq!(draw(ram, 128, 32, Some(8.0), &[]), Some(400.0));
        assert_eq!(draw(ram, 512, 32, None, &[]), Some(400.0), "channels unknown");
        assert_eq!(draw(ram, 768, 96, Some(12.0), &[450.0]), Some(600.0), "the whole of it");
        assert_eq!(draw(ram, 768, 96, Some(12.0), &[700.0]), Some(700.0), "no less than its GPU");
        assert_eq!(draw(ram, 768, 96, Some(12.0), &[350.0, 350.0]), Some(700.0));
        assert_eq!(draw(ram, 64, 16, Some(2.0), &[170.0]), Some(170.0));
        assert_eq!(draw(PoolKind::Unified, 512, 32, None, &[]), Some(200.0));
        assert_eq!(draw(PoolKind::Unified, 8, 8, None, &[]), Some(60.0));
    }

    #[test]
    fn thinking_is_billed_as_output() {
        let sold = Sold {
            id: String::new(),
            name: String::new(),
            model: String::new(),
            hit: 0.14,
            miss: 0.55,
            output: 2.19,
            date: String::new(),
            source: String::new(),
            note: String::new(),
        };
        let billed = |thinking| Billed {
            hit: Tokens::ZERO,
            miss: Tokens::ZERO,
            thinking: Tokens::new(thinking),
            answer: Tokens::ZERO,
        };
        check(sold.answer(billed(12_000)), 0.026_28);
        check(sold.answer(billed(23_000)), 0.050_37);
    }
}
