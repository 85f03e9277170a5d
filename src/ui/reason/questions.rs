//! Questions people ask, answered for the model and the machine on screen.

use std::sync::Arc;

use egui::{Align2, Label, TextEdit, Ui};

use crate::catalog::Catalog;
use crate::reasoning::faq::{Entry, search};
use crate::ui::bench::Workbench;
use crate::ui::widget::card::card_frame;
use crate::ui::{fonts, theme};

use super::{GAP, heading, remark, said};

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let entries = entries(ui, bench, catalog);
    let subject = &bench.scenario.subject;
    let (model, quant, machine) = (&subject.model.name, &subject.quant.id, &bench.scenario.machine.name);
    heading(ui, &format!("{} questions, answered for {model} in {quant}", entries.len()));
    said(ui, &format!("On {machine}; every answer is computed and changes with the selectors above."));
    ui.add_space(8.0);
    ui.add(
        TextEdit::singleline(&mut bench.reason.question)
            .hint_text("memory, context, laptop, distill…")
            .align(Align2::LEFT_CENTER)
            .desired_width(360.0),
    )
    .accessible_name("Search questions");
    ui.add_space(GAP);
    let found = search(&entries, &bench.reason.question);
    card_frame(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 3.0;
        if found.is_empty() {
            remark(ui, "No question or answer has all of these words.");
        }
        for (place, entry) in found.iter().enumerate() {
            if place > 0 {
                ui.add_space(8.0);
            }
            one(ui, entry);
        }
    });
}

fn one(ui: &mut Ui, entry: &Entry) {
    let palette = theme::palette(ui);
    ui.add(Label::new(fonts::title(&entry.question).color(palette.t1)).wrap());
    ui.add(Label::new(fonts::body(&entry.answer).color(palette.t2)).wrap());
    remark(ui, &entry.how);
}

/// The answers for the question on screen; while a hand holds something, those before.
fn entries(ui: &Ui, bench: &mut Workbench, catalog: &Catalog) -> Arc<Vec<Entry>> {
    if !crate::ui::resting(ui)
        && let Some(last) = bench.reason.entries.last()
    {
        return last.clone();
    }
    let answer = bench.answer().clone();
    let key = (bench.scenario.clone(), bench.reason.terms.clone());
    bench.reason.entries.get(key, |(scenario, terms)| Arc::new(catalog.faq_at(scenario, &answer, terms))).clone()
}
