//! The list of quants: name, real bits per weight and size of the file, under the family of each.

use egui::{Align2, Button, ComboBox, PopupCloseBehavior, Role, ScrollArea, TextEdit, Ui, WidgetInfo, vec2};

use crate::catalog::Catalog;
use crate::quant::{Imatrix, Quant};

use super::source;
use crate::ui::bench::Workbench;
use crate::ui::offer::{Offer, for_engine};
use crate::ui::paint::icon;
use crate::ui::widget::card::rows;
use crate::ui::{fonts, theme};

/// Width of the list.
const WIDTH: f32 = 420.0;
/// From the right end of a row: to the end of the size, and to the end of the bits.
const COLUMNS: [f32; 2] = [10.0, 88.0];

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let chosen = bench.scenario.subject.quant.clone();
    let file = bench.scenario.subject.weights.file;
    let engine = bench.scenario.engine.clone();
    let own = bench.file_of_model().cloned();
    let is_file = bench.scenario.subject.file.is_some();
    let (mut picked, mut back) = (None, false);
    ComboBox::from_id_salt("quant")
        .icon(icon::combo)
        .width(168.0)
        .truncate()
        .selected_text(fonts::medium(format!("{}  {}", chosen.id, file.in_gb())))
        .height(480.0)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show_ui(ui, |ui| {
            rows(ui, theme::height::SMALL);
            ui.set_min_width(WIDTH);
            ui.add(
                TextEdit::singleline(&mut bench.quant_search)
                    .hint_text("quant, family, or a width such as 4.5bpw…")
                    .align(Align2::LEFT_CENTER)
                    .desired_width(f32::INFINITY),
            )
            .accessible_name("Search quants");
            let wanted = bench.quant_search.to_lowercase();
            let shown = |offer: &&Offer| {
                let text = format!("{} {} {}", offer.name, offer.group, offer.quant.id).to_lowercase();
                wanted.split_whitespace().all(|word| text.contains(word))
            };
            if let Some(file) = &own {
                let text = format!("{}  {}, the file", file.quant.id, file.weights.file.in_gb());
                back = ui.selectable_label(is_file, text).clicked();
                if back {
                    ui.close();
                }
            }
            if let Some(width) = width(&wanted)
                && ui
                    .selectable_label(
                        chosen.id == width.id,
                        format!("{}  every tensor at this width, textbook", width.id),
                    )
                    .on_hover_text("Arithmetic on the number of weights, as calculators do it; no file is made so")
                    .clicked()
            {
                picked = Some(width);
                ui.close();
            }
            ScrollArea::vertical().max_height(400.0).show(ui, |ui| {
                let named = |text: &str| wanted.split_whitespace().all(|word| text.to_lowercase().contains(word));
                let mut own = bench.own_quants.clone();
                own.retain(|mix| named(&format!("{} {}", mix.name, mix.id)));
                if !own.is_empty() {
                    ui.label(fonts::caption("Yours").color(theme::palette(ui).t3));
                }
                for mix in own {
                    if ui.selectable_label(chosen.id == mix.id, &mix.name).clicked() {
                        picked = Some(Quant::custom(mix));
                        ui.close();
                    }
                }
                let mut group = "";
                for offer in for_engine(bench.offers(catalog), &engine).into_iter().filter(shown) {
                    if offer.group != group {
                        group = &offer.group;
                        ui.label(fonts::caption(group).color(theme::palette(ui).t3));
                    }
                    if row(ui, offer, !is_file && offer.quant.id == chosen.id, catalog) {
                        picked = Some(offer.quant.clone());
                        ui.close();
                    }
                }
            });
        })
        .response
        .accessible_name("Quant");
    if let Some(file) = own.filter(|_| back) {
        bench.ask_file(file);
    }
    if let Some(quant) = picked {
        let model = bench.scenario.subject.model.id.clone();
        match catalog.published(&model, &quant.id).filter(|_| !quant.source.is_empty()) {
            Some(file) => bench.pick_published(file),
            None => bench.pick_quant(quant),
        }
        bench.quant_search.clear();
    }
}

/// The uniform width that was typed, if it is one: `4.5bpw`, or `4.5` for short.
fn width(typed: &str) -> Option<Quant> {
    let number = typed.trim().trim_end_matches("bpw").trim();
    let whole = number.parse::<f64>().is_ok_and(|_| !number.is_empty());
    whole.then(|| Quant::parse(&format!("{number}bpw"), Imatrix::Without, None).ok()).flatten()
}

/// One row; whether it was taken.
fn row(ui: &mut Ui, offer: &Offer, selected: bool, catalog: &Catalog) -> bool {
    let (bits, size) = (format!("{:.2} bit", offer.bits), offer.file.in_gb());
    let response = ui.add(Button::selectable(selected, &offer.name).truncate().min_size(vec2(WIDTH, 0.0)));
    let palette = theme::palette(ui);
    let font = fonts::font(12.0, fonts::Weight::Regular);
    for ((text, from_right), ink) in [&size, &bits].into_iter().zip(COLUMNS).zip([palette.t1, palette.t3]) {
        let end = response.rect.right_center() - vec2(from_right, 0.0);
        ui.painter().text(end, Align2::RIGHT_CENTER, text, font.clone(), ink);
    }
    let label = format!("{}  {bits}  {size}", offer.name);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, &label));
    response.on_hover_ui(|ui| _ = ui.label(source::quant(&offer.quant, false, catalog))).clicked()
}

#[cfg(test)]
mod tests {
    use super::width;

    #[test]
    fn a_width_is_typed_with_its_unit_or_without() {
        for (typed, id) in [
            ("4.5bpw", Some("4.5bpw")),
            ("4.5", Some("4.5bpw")),
            (" 3 bpw", Some("3bpw")),
            ("q4", None),
            ("", None),
            ("bpw", None),
            ("900bpw", None),
            ("nanbpw", None),
        ] {
            assert_eq!(width(typed).map(|quant| quant.id).as_deref(), id, "{typed:?}");
        }
    }
}
