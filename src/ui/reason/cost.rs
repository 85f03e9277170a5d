//! What a million tokens and an answer cost here, beside what is or was sold.

use egui::{DragValue, Ui, vec2};

use crate::catalog::Catalog;
use crate::reasoning::cost::{Billed, Own};
use crate::ui::bench::Workbench;
use crate::ui::widget::button::Button;
use crate::ui::widget::card::{card, rows};
use crate::ui::widget::sheet::{Col, quiet, sheet, value, words};
use crate::ui::{fonts, theme};
use crate::units::{Seconds, Tokens, TokensPerSecond};

use super::{GAP, heading, remark, said, under};

/// Hours in a year.
const YEAR: f64 = 8766.0;

/// Prices and power as they are typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Money {
    /// Watts of the whole machine while it generates; none for what the machine's GPUs draw, or an assumed one.
    pub watts: Option<f64>,
    /// US dollars for a kWh.
    pub tariff: Option<f64>,
    /// US dollars the machine cost.
    pub price: f64,
    /// Years until it is replaced.
    pub years: f64,
    /// The share of that time it generates, percent.
    pub busy: f64,
    /// Watts while it waits.
    pub idle: f64,
}

impl Default for Money {
    /// A machine that is there anyway; the share of time and the years are examples to type over.
    fn default() -> Self {
        Self { watts: None, tariff: None, price: 0.0, years: 4.0, busy: 10.0, idle: 0.0 }
    }
}

/// Watts, and where they come from.
fn watts(bench: &Workbench, catalog: &Catalog) -> (f64, String) {
    if let Some(watts) = bench.reason.money.watts {
        return (watts, "typed".to_owned());
    }
    catalog.costs.draw_of(&bench.scenario.machine).unwrap_or_default()
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let answer = bench.answer();
    let (rate, time) = (answer.bill.as_ref().map(|bill| bill.throughput().expected), answer.whole_answer);
    let (watts, of) = watts(bench, catalog);
    let money = &bench.reason.money;
    let tariff = catalog.costs.tariffs.first();
    let dollars = money.tariff.or(tariff.map(|tariff| tariff.dollars_per_kwh)).unwrap_or_default();
    let own = Own {
        watts,
        rate: TokensPerSecond::saturating(rate.unwrap_or_default()),
        dollars_per_kwh: dollars,
        price: money.price,
        lifetime_hours: money.years * YEAR,
        utilisation: money.busy / 100.0,
        idle_watts: money.idle,
    };
    if let Some(each) = own.per_million().filter(|_| rate.is_some()) {
        heading(ui, &format!("A million tokens cost ${:.2} here, {:.2} kWh", each.total(), each.kwh));
        let mut text = format!(
            "${:.2} of electricity at {:.0} W ({of}) and {} tokens/s, estimated",
            each.electricity, watts, own.rate
        );
        if each.hardware > 0.0 {
            text = format!("{text}; ${:.2} as a share of the machine", each.hardware);
        }
        if each.idle > 0.0 {
            text = format!("{text}; ${:.2} while it waits", each.idle);
        }
        said(ui, &format!("{text}. Prices are presets with a date, to be typed over; none is taken as current."));
    } else {
        heading(ui, "No cost: it has no speed here");
        said(ui, "What cannot run, or has no known bandwidth, cannot be priced.");
    }
    ui.add_space(GAP);
    typed(ui, bench, catalog, [watts, dollars]);
    ui.add_space(GAP);
    sold(ui, bench, catalog, &own, time.filter(|_| rate.is_some()));
}

fn typed(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog, [watts, dollars]: [f64; 2]) {
    let money = &mut bench.reason.money;
    let before = money.clone();
    card(
        ui,
        ["This machine", ""],
        |_| (),
        |ui| {
            rows(ui, theme::height::SMALL);
            ui.spacing_mut().item_spacing.y = 6.0;
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 12.0;
                let mut field = |name: &str, number: &mut f64, most: f64, speed: f64, unit: &str| {
                    let old = *number;
                    under(ui, name, 118.0, |ui| {
                        let drag = DragValue::new(number).range(0.0..=most).speed(speed).max_decimals(3);
                        let drag = if unit == "$" { drag.prefix("$") } else { drag.suffix(format!(" {unit}")) };
                        ui.add_sized(vec2(104.0, theme::height::SMALL), drag).accessible_name(name);
                    });
                    old.to_bits() != number.to_bits()
                };
                let mut now = watts;
                if field("Draws", &mut now, 100_000.0, 1.0, "W") {
                    money.watts = Some(now);
                }
                let mut now = dollars;
                if field("A kWh costs", &mut now, 100.0, 0.005, "$") {
                    money.tariff = Some(now);
                }
                field("It cost", &mut money.price, 1e7, 10.0, "$");
                field("Kept for", &mut money.years, 50.0, 0.1, "years");
                field("Generates", &mut money.busy, 100.0, 0.5, "% of it");
                field("Waiting draws", &mut money.idle, 100_000.0, 1.0, "W");
            });
            ui.horizontal_wrapped(|ui| {
                ui.label(fonts::caption("Power like").color(theme::palette(ui).t3));
                for draw in &catalog.costs.draws {
                    let button = ui.add(Button::new(&draw.name).small());
                    if button.on_hover_text(format!("{:.0} W: {}", draw.watts, draw.source)).clicked() {
                        money.watts = Some(draw.watts);
                    }
                }
            });
            ui.horizontal_wrapped(|ui| {
                ui.label(fonts::caption("A kWh like").color(theme::palette(ui).t3));
                for tariff in &catalog.costs.tariffs {
                    let name = format!("{}, ${}", tariff.name, tariff.dollars_per_kwh);
                    let button = ui.add(Button::new(&name).small());
                    if button.on_hover_text(format!("{} ({})", tariff.source, tariff.date)).clicked() {
                        money.tariff = Some(tariff.dollars_per_kwh);
                    }
                }
                if *money != Money::default() && ui.add(Button::new("Reset").small()).clicked() {
                    *money = Money::default();
                }
            });
        },
    );
    if *money != before {
        ui.ctx().request_discard("another price");
    }
}

/// What is or was sold, and where the machine pays for itself.
fn sold(ui: &mut Ui, bench: &Workbench, catalog: &Catalog, own: &Own, time: Option<Seconds>) {
    let scenario = &bench.scenario;
    let billed = Billed {
        hit: Tokens::ZERO,
        miss: scenario.prompt,
        thinking: scenario.answer - bench.reason.shown,
        answer: scenario.answer.min(bench.reason.shown),
    };
    let all = &catalog.costs.sold;
    let title = format!("An answer of {} tokens, here and sold", scenario.answer);
    card(
        ui,
        [&title, "US dollars"],
        |_| (),
        |ui| {
            let columns = [
                Col::rest("Who"),
                Col::words("As of", 64.0),
                Col::number("Million out", 84.0),
                Col::number("This answer", 88.0),
                Col::number("Pays for itself after", 128.0),
            ];
            sheet(ui, "sold", &columns, all.len() + 1, None, |ui, row, column| {
                let Some(sold) = row.checked_sub(1).map(|row| &all[row]) else {
                    let text = match column {
                        0 => "Here, electricity alone".to_owned(),
                        2 => {
                            own.per_million().map_or_else(|| "—".to_owned(), |each| format!("${:.2}", each.electricity))
                        }
                        3 => time.map_or_else(|| "—".to_owned(), |time| format!("${:.4}", own.electricity_for(time))),
                        _ => String::new(),
                    };
                    value(ui, &text);
                    return;
                };
                match column {
                    0 => _ = words(ui, &sold.name).on_hover_text(format!("{} {}", sold.source, sold.note)),
                    1 => _ = quiet(ui, &sold.date),
                    2 => _ = quiet(ui, &format!("${:.2}", sold.output)),
                    3 => _ = quiet(ui, &format!("${:.4}", sold.answer(billed))),
                    _ => _ = quiet(ui, &even(own, sold.output)),
                }
            });
            ui.add_space(4.0);
            ui.spacing_mut().item_spacing.y = 3.0;
            remark(
                ui,
                "Thinking is billed as output. A machine pays for itself by the difference of the price sold and its own electricity; where that is none, never. Privacy, work without a network, and what is learnt have no price here.",
            );
            for sold in all {
                remark(ui, &format!("{}: {}. {}", sold.name, sold.source, sold.note));
            }
        },
    );
}

fn even(own: &Own, output: f64) -> String {
    if own.price <= 0.0 {
        return "type what it cost".to_owned();
    }
    match own.break_even(output) {
        Some(tokens) => format!("{:.1} million tokens", tokens.as_f64() / 1e6),
        None => "never".to_owned(),
    }
}
