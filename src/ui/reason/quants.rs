//! Every format of the model on screen: what its label says, what it really takes, and what was measured of it.

use egui::{DragValue, Ui, vec2};

use crate::catalog::Catalog;
use crate::quant::{Imatrix, Quant};
use crate::ui::bench::Workbench;
use crate::ui::fonts;
use crate::ui::offer::Offer;
use crate::ui::theme;
use crate::ui::widget::button::Button;
use crate::ui::widget::card::{card, rows};
use crate::ui::widget::number_field::number_field;
use crate::ui::widget::sheet::{Col, height, pick, quiet, sheet, value};
use crate::units::{Bytes, GB, GIB, grouped};

use super::{GAP, heading, pair, quants_picture, remark, said, under};

/// The most rows of the table seen at once.
const SEEN: usize = 14;

/// A format by its formula: bits, and what shares a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Formula {
    /// Bits of a weight.
    pub bits: f64,
    /// Bits of a scale.
    pub scale: u64,
    /// Bits of a zero point.
    pub zero: u64,
    /// Weights that share both.
    pub group: u64,
}

impl Default for Formula {
    /// Symmetric 4 bit with a 16-bit scale for 128 weights.
    fn default() -> Self {
        Self { bits: 4.0, scale: 16, zero: 0, group: 128 }
    }
}

impl Formula {
    /// Real bits of a weight.
    fn real(&self) -> f64 {
        self.bits + (self.scale + self.zero) as f64 / self.group.max(1) as f64
    }

    fn quant(&self) -> Option<Quant> {
        Quant::parse(&format!("{}bpw", self.real()), Imatrix::Without, None).ok()
    }
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let all = bench.offers(catalog).to_vec();
    sentence(ui, bench, &all);
    ui.add_space(GAP);
    let mut picked = quants_picture::picture(ui, bench, &all);
    ui.add_space(GAP);
    picked = table(ui, bench, catalog, &all).or(picked);
    ui.add_space(GAP);
    pair(
        ui,
        0.5,
        bench,
        |ui, bench| cited(ui, bench, catalog),
        |ui, bench| {
            let asked = formula(ui, bench);
            picked = asked.or(picked.take());
            ui.add_space(GAP);
            traps(ui, bench);
        },
    );
    if let Some(quant) = picked {
        take(bench, catalog, quant);
        ui.ctx().request_discard("another quant");
    }
}

/// A published file is taken with all that is known of it.
fn take(bench: &mut Workbench, catalog: &Catalog, quant: Quant) {
    let model = bench.scenario.subject.model.id.clone();
    match catalog.published(&model, &quant.id).filter(|_| !quant.source.is_empty()) {
        Some(file) => bench.pick_published(file),
        None => bench.pick_quant(quant),
    }
}

fn native(all: &[Offer]) -> Option<&Offer> {
    all.iter().find(|offer| offer.group == "As published")
}

fn sixteen(all: &[Offer]) -> Option<&Offer> {
    all.iter().find(|offer| offer.name == "BF16")
}

/// What the quant on screen takes, its label against its real bits.
fn sentence(ui: &mut Ui, bench: &Workbench, all: &[Offer]) {
    let subject = &bench.scenario.subject;
    let file = subject.weights.file;
    let gib = file.as_f64() / GIB as f64;
    heading(ui, &format!("{} in {} is {}, {gib:.1} GiB", subject.model.name, subject.quant.id, file.in_gb()));
    let mut text = format!("{:.3} real bits for each weight", subject.weights.bits_per_weight);
    if let Some(label) = subject.quant.label_bits() {
        text = format!("{text}, its label says {label}");
    }
    let ratio = |other: &Offer| other.file.as_f64() / file.as_f64().max(1.0);
    if let Some(native) = native(all) {
        text = format!(
            "{text}; {:.2} times smaller than {} as published ({})",
            ratio(native),
            native.name,
            native.file.in_gb()
        );
    }
    if let Some(sixteen) = sixteen(all) {
        text = format!("{text}, {:.2} times smaller than 16 bit", ratio(sixteen));
    }
    if subject.weights.mtp > Bytes::ZERO {
        text = format!("{text}. {} of the file predict further tokens and are not loaded", subject.weights.mtp.in_gb());
    }
    said(ui, &format!("{text}."));
}

/// Every format with its numbers; one is taken by a click.
fn table(ui: &mut Ui, bench: &Workbench, catalog: &Catalog, all: &[Offer]) -> Option<Quant> {
    let mut picked = None;
    let native = native(all).map(|offer| offer.file.as_f64());
    let sixteen = sixteen(all).map(|offer| offer.file.as_f64());
    let wide = ui.available_width() >= super::BESIDE;
    let readout = |ui: &mut Ui| {
        ui.label(fonts::small(format!("{} formats", all.len())).color(theme::palette(ui).t3));
    };
    card(ui, ["All formats", ""], readout, |ui| {
        let mut columns = vec![
            Col::words("Format", if wide { 176.0 } else { 150.0 }),
            Col::number("Label", 40.0),
            Col::number("Real bits", 56.0),
            Col::number("Over label", 62.0),
            Col::number("Scales", 46.0),
            Col::number("GB", 58.0),
            Col::number("GiB", 58.0),
            Col::number("of native", 56.0),
            Col::number("of BF16", 52.0),
        ];
        columns.push(Col::rest("Measured quality, by whom"));
        if wide {
            columns.push(Col::words("Read by", 120.0));
        }
        let room = height(all.len().min(SEEN));
        sheet(ui, "formats", &columns, all.len(), Some(room), |ui, row, column| {
            let offer = &all[row];
            let share = |whole: Option<f64>| {
                whole.map_or_else(|| "—".to_owned(), |whole| format!("{:.3}", offer.file.as_f64() / whole.max(1.0)))
            };
            let label = offer.quant.stated_bits();
            match column {
                0 => {
                    let chosen = offer.quant == bench.scenario.subject.quant;
                    if pick(ui, &offer.name, chosen).on_hover_text(&offer.group).clicked() {
                        picked = Some(offer.quant.clone());
                    }
                }
                1 => _ = quiet(ui, &label.map_or_else(|| "—".to_owned(), |bits| format!("{bits}"))),
                2 => _ = value(ui, &format!("{:.3}", offer.bits)),
                3 => {
                    let over = label.map(|label| (offer.bits / label - 1.0) * 100.0);
                    quiet(ui, &over.map_or_else(|| "—".to_owned(), |over| format!("{over:+.1} %")));
                }
                4 => {
                    let scales = offer.quant.overhead_bits();
                    quiet(ui, &scales.map_or_else(|| "—".to_owned(), |bits| format!("{bits:.3}")));
                }
                5 => _ = value(ui, &two(offer.file.as_f64() / GB as f64)),
                6 => _ = value(ui, &two(offer.file.as_f64() / GIB as f64)),
                7 => _ = quiet(ui, &share(native)),
                8 => _ = quiet(ui, &share(sixteen)),
                9 => _ = quality(ui, catalog, bench, offer),
                _ => {
                    let engines = engines(catalog, bench, offer);
                    quiet(ui, &engines).on_hover_text(&engines);
                }
            }
        });
        ui.add_space(4.0);
        remark(
            ui,
            "Real bits count scales, and what stays wider such as embedding, head and norms; over label is what that adds to the number in the name. Scales: bits that scales and zero points add to each weight of most tensors, (S + Z) / g. Quality only where somebody measured it.",
        );
    });
    picked
}

fn two(amount: f64) -> String {
    if amount < 999.995 { format!("{amount:.2}") } else { grouped(amount.round() as u64) }
}

/// What was measured of a format: on this very model where somebody did, else the figure all are compared by.
fn quality(ui: &mut Ui, catalog: &Catalog, bench: &Workbench, offer: &Offer) -> egui::Response {
    match catalog.cited(&offer.quant.id, &bench.scenario.subject.model) {
        Some(figure) => {
            // The number first: it is what there is room for.
            let text = format!("{}: {}, {}", figure.figure(), figure.test_name, figure.model);
            quiet(ui, &text).on_hover_text(format!("{}\n{}", figure.line(), figure.source))
        }
        None => quiet(ui, "—"),
    }
}

fn engines(catalog: &Catalog, bench: &Workbench, offer: &Offer) -> String {
    let readers = catalog.readers(&bench.scenario.subject.model, &offer.quant);
    if readers.is_empty() { "not documented".to_owned() } else { readers.join(", ") }
}

/// Every figure of the quant on screen, with its source.
fn cited(ui: &mut Ui, bench: &Workbench, catalog: &Catalog) {
    let id = &bench.scenario.subject.quant.id;
    let model = &bench.scenario.subject.model.name;
    let mut figures: Vec<_> = catalog.quality(id).collect();
    // What was measured of this very model first.
    figures.sort_by_key(|figure| !figure.is_of(model));
    let title = format!("What was measured of {id}");
    card(
        ui,
        [&title, ""],
        |_| (),
        |ui| {
            rows(ui, 16.0);
            ui.spacing_mut().item_spacing.y = 3.0;
            if figures.is_empty() {
                remark(ui, "Nothing was found, so nothing is shown.");
            }
            for figure in figures.iter().take(12) {
                let text = format!("{}. {}", figure.line(), figure.source);
                ui.add(egui::Label::new(fonts::small(text).color(theme::palette(ui).t2)).wrap());
            }
            if figures.len() > 12 {
                remark(ui, &format!("And {} more: willitrun quants {id}", figures.len() - 12));
            }
        },
    );
}

/// A format that is not on the list, by its formula.
fn formula(ui: &mut Ui, bench: &mut Workbench) -> Option<Quant> {
    let mut asked = None;
    let weights: u64 = {
        let subject = &bench.scenario.subject;
        (subject.weights.file.as_f64() * 8.0 / subject.weights.bits_per_weight.max(0.01)).round() as u64
    };
    card(
        ui,
        ["A format by its formula", ""],
        |_| (),
        |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            let form = &mut bench.reason.formula;
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 10.0;
                under(ui, "Bits b", 68.0, |ui| {
                    let field = DragValue::new(&mut form.bits).range(0.1..=32.0).speed(0.01).max_decimals(3);
                    ui.add_sized(vec2(60.0, theme::height::SMALL), field).accessible_name("Bits of a weight");
                });
                under(ui, "Scale S", 76.0, |ui| {
                    number_field(ui, "Scale bits", &mut form.scale, 0..=64, "bits", 68.0);
                });
                under(ui, "Zero Z", 76.0, |ui| _ = number_field(ui, "Zero bits", &mut form.zero, 0..=64, "bits", 68.0));
                under(ui, "Group g", 68.0, |ui| _ = number_field(ui, "Group", &mut form.group, 1..=1 << 20, "", 60.0));
            });
            let bits = form.real();
            let file = Bytes::saturating(weights as f64 * bits / 8.0);
            let text = format!(
                "b + (S + Z) / g = {bits:.3} bits: {} GB, {} GiB",
                two(file.as_f64() / GB as f64),
                two(file.as_f64() / GIB as f64)
            );
            ui.label(fonts::medium(text).size(12.0).color(theme::palette(ui).t1));
            ui.horizontal(|ui| {
                if ui.add(Button::new("Ask for it").small()).on_hover_text("Every page and plot then has it").clicked()
                {
                    asked = form.quant();
                }
                remark(ui, "All weights alike: arithmetic, no real file.");
            });
        },
    );
    asked
}

/// The two decimal traps, once.
fn traps(ui: &mut Ui, bench: &Workbench) {
    card(
        ui,
        ["Two traps", ""],
        |_| (),
        |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            let file = bench.scenario.subject.weights.file;
            remark(
                ui,
                &format!(
                    "A GB is 10^9 bytes, a GiB 2^30. This file is {} GB and {} GiB, the same bytes; \"512 GB\" of memory modules are 512 GiB, {:.1} GB.",
                    two(file.as_f64() / GB as f64),
                    two(file.as_f64() / GIB as f64),
                    Bytes::gib(512).as_f64() / GB as f64
                ),
            );
            let bits = bench.scenario.subject.weights.bits_per_weight;
            remark(
                ui,
                &format!(
                    "The bits in a name are those of most weights. Scales, and tensors kept wider, make {bits:.3} of them here."
                ),
            );
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_shared_by_a_group() {
        let real = |bits, scale, zero, group| Formula { bits, scale, zero, group }.real();
        assert!((real(4.0, 16, 0, 128) - 4.125).abs() < 1e-12);
        assert!((real(4.0, 16, 4, 128) - 4.156_25).abs() < 1e-12);
        assert!((real(4.5, 0, 0, 1) - 4.5).abs() < 1e-12);
        assert_eq!(Formula::default().quant().map(|quant| quant.id).as_deref(), Some("4.125bpw"));
    }
}
