//! Prices and power as they are typed, each over its preset.

use egui::{Align2, DragValue, TextEdit, Ui, vec2};

use crate::catalog::Catalog;
use crate::hardware::Source;
use crate::reasoning::terms::{Currency, Prices, Terms, Watts};
use crate::ui::bench::{Workbench, mark_of};
use crate::ui::paint::mark::mark;
use crate::ui::widget::button::Button;
use crate::ui::widget::card::{card, rows};
use crate::ui::widget::segmented::segmented;
use crate::ui::{fonts, theme};

use super::{cost, remark, under};

/// The most of any amount, in dollars.
const MOST: f64 = 1e7;
/// The width of a field.
const FIELD: f32 = 104.0;

/// A number that is dragged or typed, under its caption; whether it changed.
fn field(ui: &mut Ui, name: &str, number: &mut f64, most: f64, unit: &str) -> bool {
    with_prefix(ui, name, number, most, ["", unit])
}

fn with_prefix(ui: &mut Ui, name: &str, number: &mut f64, most: f64, [prefix, unit]: [&str; 2]) -> bool {
    let old = *number;
    let speed = (number.abs() * 0.01).max(0.001);
    under(ui, name, FIELD + 10.0, |ui| {
        let drag = DragValue::new(number).range(0.0..=most).clamp_existing_to_range(false).speed(speed).max_decimals(3);
        let drag = drag.custom_formatter(|number, _| plain(number)).prefix(prefix).suffix(unit);
        ui.add_sized(vec2(FIELD, theme::height::SMALL), drag).accessible_name(name);
    });
    old.to_bits() != number.to_bits()
}

/// An amount kept in dollars and shown in the currency chosen; whether it changed.
fn amount(ui: &mut Ui, name: &str, dollars: &mut f64, currency: &Currency) -> bool {
    let mut shown = *dollars * currency.per_dollar;
    let unit = format!(" {}", currency.code);
    let signs = if currency.is_dollar() { ["$", ""] } else { ["", unit.as_str()] };
    let changed = with_prefix(ui, name, &mut shown, MOST * currency.per_dollar, signs);
    if changed {
        *dollars = shown / currency.per_dollar;
    }
    changed
}

/// To three places, without those that are nothing.
fn plain(number: f64) -> String {
    format!("{}", (number * 1000.0).round() / 1000.0)
}

/// Power, electricity, the machine's price.
pub(super) fn machine(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let machine = bench.scenario.machine.clone();
    let terms = &mut bench.reason.terms;
    let before = terms.clone();
    card(
        ui,
        ["This machine", ""],
        |_| (),
        |ui| {
            rows(ui, theme::height::SMALL);
            ui.spacing_mut().item_spacing.y = 6.0;
            let currency = terms.currency.clone();
            let watts = terms.watts(&catalog.costs, &machine);
            let mut tariff = terms.tariff(&catalog.costs).unwrap_or_default();
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 8.0;
                let mut draws = watts.as_ref().map_or(0.0, |watts| watts.value);
                if field(ui, "Draws", &mut draws, 100_000.0, " W") {
                    let source = terms.watts.as_ref().map(|own| own.source).filter(|own| *own == Source::Measured);
                    let source = source.unwrap_or(Source::Typed);
                    terms.watts = Some(Watts { value: draws, source, told: String::new() });
                }
                if amount(ui, "A kWh costs", &mut tariff, &currency) {
                    terms.tariff = Some(tariff);
                }
                amount(ui, "It cost", &mut terms.price, &currency);
                field(ui, "Kept for", &mut terms.years, 50.0, " years");
                field(ui, "Generates", &mut terms.busy, 100.0, " % of it");
                field(ui, "Waiting draws", &mut terms.idle, 100_000.0, " W");
            });
            if let Some(watts) = &watts {
                known(ui, watts, terms);
            }
            like(ui, terms, catalog);
        },
    );
    if *terms != before {
        ui.ctx().request_discard("another price");
    }
}

/// How the power is known, with its mark; what was typed may have been read from a meter.
fn known(ui: &mut Ui, watts: &Watts, terms: &mut Terms) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let words = watts.words();
        mark(ui, mark_of(watts.source), &format!("Power, {words}"));
        ui.label(fonts::small(&words).color(theme::palette(ui).t2));
        let own = terms.watts.as_mut().filter(|own| matches!(own.source, Source::Typed | Source::Measured));
        if let Some(own) = own {
            let ways = [(Source::Typed, "typed"), (Source::Measured, "measured at the wall")];
            segmented(ui, "How the power is known", &mut own.source, &ways);
        }
    });
}

/// Presets of power and of electricity.
fn like(ui: &mut Ui, terms: &mut Terms, catalog: &Catalog) {
    ui.horizontal_wrapped(|ui| {
        ui.label(fonts::caption("Power like").color(theme::palette(ui).t3));
        for draw in &catalog.costs.draws {
            let button = ui.add(Button::new(&draw.name).small());
            let told = format!("{:.0} W, {}: {}", draw.watts, draw.basis.name(), draw.source);
            if button.on_hover_text(told).clicked() {
                let told = format!("{}: {}", draw.name, draw.source);
                terms.watts = Some(Watts { value: draw.watts, source: draw.basis, told });
            }
        }
    });
    ui.horizontal_wrapped(|ui| {
        ui.label(fonts::caption("A kWh like").color(theme::palette(ui).t3));
        for tariff in &catalog.costs.tariffs {
            let name = format!("{}, ${}", tariff.name, tariff.dollars_per_kwh);
            let button = ui.add(Button::new(&name).small());
            if button.on_hover_text(format!("{} ({})", tariff.source, tariff.date)).clicked() {
                terms.tariff = Some(tariff.dollars_per_kwh);
            }
        }
        let Terms { api, typed, cached, currency, .. } = terms.clone();
        let reset = Terms { api, typed, cached, currency, ..Terms::default() };
        if *terms != reset && ui.add(Button::new("Reset").small()).on_hover_text("As nobody typed it").clicked() {
            *terms = reset;
        }
    });
}

/// What tokens cost where they are sold.
pub(super) fn api(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let model = bench.scenario.subject.model.id.clone();
    let Some(sold) = bench.reason.terms.sold(&catalog.costs, &model) else { return };
    let told = cost::other_model(bench, catalog, &sold);
    let terms = &mut bench.reason.terms;
    let before = terms.clone();
    card(
        ui,
        ["A million tokens, sold", ""],
        |_| (),
        |ui| {
            rows(ui, theme::height::SMALL);
            ui.spacing_mut().item_spacing.y = 6.0;
            let mut prices = Prices::of(&sold);
            let currency = terms.currency.clone();
            let mut changed = false;
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 8.0;
                changed |= amount(ui, "Prompt", &mut prices.miss, &currency);
                changed |= amount(ui, "Prompt, cached", &mut prices.hit, &currency);
                changed |= amount(ui, "Output", &mut prices.output, &currency);
                changed |= text(ui, "As of", &mut prices.date);
                field(ui, "Share cached", &mut terms.cached, 100.0, " %");
                money(ui, &mut terms.currency);
            });
            if changed {
                terms.typed = Some(prices);
            }
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                let source = if terms.typed.is_some() { Source::Typed } else { Source::Reported };
                let words = match terms.typed {
                    Some(_) => format!("{}, as of {}", sold.source, sold.date),
                    None => format!("{}, preset as of {}", sold.name, sold.date),
                };
                mark(ui, mark_of(source), &format!("Prices, {words}"));
                ui.label(fonts::small(&words).color(theme::palette(ui).t2));
                if terms.typed.is_some() && ui.add(Button::new("Reset to preset").small()).clicked() {
                    terms.typed = None;
                }
            });
            if let Some(told) = &told {
                ui.add(egui::Label::new(fonts::medium(told).size(12.0).color(theme::palette(ui).t1)).wrap());
            }
            if !terms.currency.is_dollar() {
                remark(ui, "Presets are in US dollars; the rate is the one typed, none is looked up.");
            }
        },
    );
    if *terms != before {
        ui.ctx().request_discard("another price");
    }
}

fn text(ui: &mut Ui, name: &str, text: &mut String) -> bool {
    let old = text.clone();
    under(ui, name, FIELD + 10.0, |ui| {
        let edit = TextEdit::singleline(text).char_limit(20).align(Align2::RIGHT_CENTER).desired_width(FIELD - 16.0);
        ui.add_sized(vec2(FIELD, theme::height::SMALL), edit).accessible_name(name);
    });
    old != *text
}

/// The code of the currency, and its rate where it is not that of the presets.
fn money(ui: &mut Ui, currency: &mut Currency) {
    if text(ui, "Currency", &mut currency.code) {
        currency.code.retain(|letter| letter.is_ascii_alphabetic());
        currency.code.make_ascii_uppercase();
        currency.code.truncate(3);
    }
    if currency.code != Currency::default().code {
        let mut rate = currency.per_dollar;
        if field(ui, "For a US dollar", &mut rate, 1e6, "") && rate > 0.0 {
            currency.per_dollar = rate;
        }
    } else if !currency.is_dollar() {
        *currency = Currency::default();
    }
}
