//! What a million tokens and an answer cost here, beside what is or was sold.

use egui::{Label, Ui};

use crate::catalog::Catalog;
use crate::reasoning::cost::{Own, Sold};
use crate::reasoning::terms::{Currency, Watts, of_another};
use crate::ui::bench::Workbench;
use crate::ui::widget::card::card;
use crate::ui::widget::sheet::{Col, pick, quiet, sheet, value};
use crate::ui::{fonts, theme};
use crate::units::{Seconds, TokensPerSecond};

use super::{GAP, cost_typed, heading, pair, remark, said};

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let answer = bench.answer();
    let (rate, time) = (answer.bill.as_ref().map(|bill| bill.throughput().expected), answer.whole_answer);
    // Of a ceiling every cost is the least.
    let (least, known) = match &answer.bill {
        Some(bill) if bill.rate.is_exact() => (bill.rate.time_word(), "at most, a ceiling"),
        _ => ("", "estimated"),
    };
    let rate = rate.map(TokensPerSecond::saturating);
    let terms = &bench.reason.terms;
    let machine = &bench.scenario.machine;
    let watts = terms.watts(&catalog.costs, machine);
    let own = rate.and_then(|rate| terms.own(&catalog.costs, machine, rate));
    if let Some((own, each)) = own.and_then(|own| Some((own, own.per_million()?))) {
        let money = |dollars| terms.currency.money(dollars, 2);
        heading(ui, &format!("A million tokens cost {least}{} here, {:.2} kWh", money(each.total()), each.kwh));
        let words = watts.as_ref().map_or_else(String::new, Watts::words);
        let mut text =
            format!("{least}{} of electricity at {words} and {} tokens/s, {known}", money(each.electricity), own.rate);
        if each.hardware > 0.0 {
            text = format!("{text}; {} as a share of the machine", money(each.hardware));
        }
        if each.idle > 0.0 {
            text = format!("{text}; {} while it waits", money(each.idle));
        }
        said(ui, &format!("{text}. Prices are presets with a date, to be typed over; none is taken as current."));
    } else if rate.is_some() {
        heading(ui, "No cost: nothing is known of the power it draws");
        said(ui, "Type what the whole machine draws while it generates.");
    } else {
        heading(ui, "No cost: it has no speed here");
        said(ui, "What cannot run, or has no known bandwidth, cannot be priced.");
    }
    ui.add_space(GAP);
    pair(
        ui,
        0.5,
        bench,
        |ui, bench| cost_typed::machine(ui, bench, catalog),
        |ui, bench| cost_typed::api(ui, bench, catalog),
    );
    ui.add_space(GAP);
    sold(ui, bench, catalog, own.as_ref(), time.filter(|_| rate.is_some()));
}

/// That the price compared with is of another model than the one on screen, where it is.
pub(super) fn other_model(bench: &Workbench, catalog: &Catalog, sold: &Sold) -> Option<String> {
    let model = &bench.scenario.subject.model;
    let priced = catalog.models.iter().find(|other| other.id == sold.model).map(|model| model.name.as_str());
    of_another(sold, priced, [&model.id, &model.name])
}

/// A row of what is sold.
struct Row {
    sold: Sold,
    chosen: bool,
}

/// The price compared with, as typed, and every preset.
fn rows(bench: &Workbench, catalog: &Catalog) -> Vec<Row> {
    let (terms, model) = (&bench.reason.terms, &bench.scenario.subject.model.id);
    let typed = terms.typed.as_ref().and_then(|_| terms.sold(&catalog.costs, model));
    let preset = terms.preset(&catalog.costs, model).map(|sold| &sold.id).filter(|_| typed.is_none());
    let presets = catalog.costs.sold.iter().map(|sold| Row { sold: sold.clone(), chosen: preset == Some(&sold.id) });
    typed.into_iter().map(|sold| Row { sold, chosen: true }).chain(presets).collect()
}

/// What is or was sold, and where the machine pays for itself.
fn sold(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog, own: Option<&Own>, time: Option<Seconds>) {
    let scenario = &bench.scenario;
    let terms = &bench.reason.terms;
    let billed = terms.billed(scenario.prompt, scenario.answer, bench.reason.shown);
    let all = rows(bench, catalog);
    let title = format!("An answer of {} tokens, here and sold", scenario.answer);
    let currency = terms.currency.clone();
    let unit = if currency.is_dollar() { "US dollars".to_owned() } else { format!("{}, as typed", currency.code) };
    let mut chosen = None;
    card(
        ui,
        [&title, &unit],
        |_| (),
        |ui| {
            let columns = [
                Col::rest("Who"),
                Col::words("As of", 60.0),
                Col::number("Million in", 68.0),
                Col::number("cached", 60.0),
                Col::number("out", 60.0),
                Col::number("This answer", 84.0),
                Col::number("Pays for itself after", 128.0),
            ];
            let money = |dollars| currency.money(dollars, 2);
            sheet(ui, "sold", &columns, all.len() + 1, None, |ui, row, column| {
                let Some(Row { sold, chosen: is_chosen }) = row.checked_sub(1).map(|row| &all[row]) else {
                    value(ui, &here(column, own, time, &currency));
                    return;
                };
                match column {
                    0 => {
                        let response = pick(ui, &sold.name, *is_chosen);
                        let told = format!("{} {}", sold.source, sold.note);
                        if response.on_hover_text(told).clicked() && !is_chosen {
                            chosen = Some(sold.id.clone());
                        }
                    }
                    1 => _ = quiet(ui, &sold.date),
                    2 => _ = quiet(ui, &money(sold.miss)),
                    3 => _ = quiet(ui, &currency.plain(sold.hit)),
                    4 => _ = quiet(ui, &money(sold.output)),
                    5 => _ = quiet(ui, &currency.money(sold.answer(billed), 4)),
                    _ => _ = quiet(ui, &own.map_or_else(|| "—".to_owned(), |own| even(own, sold.output))),
                }
            });
            ui.add_space(4.0);
            ui.spacing_mut().item_spacing.y = 3.0;
            if let Some(text) = all.iter().find(|row| row.chosen).and_then(|row| other_model(bench, catalog, &row.sold))
            {
                ui.add(Label::new(fonts::body(&text).color(theme::palette(ui).t1)).wrap());
            }
            let prompt = match billed.hit.get() {
                0 => format!("a prompt of {} tokens, none of it cached", scenario.prompt),
                _ => format!("a prompt of {} tokens, {} of them cached", scenario.prompt, billed.hit),
            };
            remark(
                ui,
                &format!(
                    "With {prompt}. Thinking is billed as output. A machine pays for itself by the difference of the price sold and its own electricity; where that is none, never. Privacy, work without a network, and what is learnt have no price here."
                ),
            );
            for row in &all {
                remark(ui, &format!("{}: {}. {}", row.sold.name, row.sold.source, row.sold.note));
            }
        },
    );
    if let Some(id) = chosen {
        (bench.reason.terms.api, bench.reason.terms.typed) = (id, None);
        ui.ctx().request_discard("another price");
    }
}

/// The row of this machine.
fn here(column: usize, own: Option<&Own>, time: Option<Seconds>, currency: &Currency) -> String {
    let unknown = || "—".to_owned();
    match column {
        0 => "Here, electricity alone".to_owned(),
        4 => own.and_then(Own::per_million).map_or_else(unknown, |each| currency.money(each.electricity, 2)),
        5 => own.zip(time).map_or_else(unknown, |(own, time)| currency.money(own.electricity_for(time), 4)),
        _ => String::new(),
    }
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
