//! Ways engines keep the cache of the model on screen, each with its bytes.

use egui::Ui;

use crate::catalog::Catalog;
use crate::model::{Architecture, Mixer};
use crate::quant::Confidence;
use crate::ui::bench::Workbench;
use crate::ui::widget::card::card;
use crate::ui::widget::sheet::{Col, quiet, sheet, value, words};
use crate::units::{Tokens, grouped};

use super::{GAP, claims, remark};

/// Contexts shown besides the one on screen and the model's limit.
const CONTEXTS: [u64; 2] = [8192, 32_768];
/// The saving of a latent cache, as three places state it.
const SAVINGS: [&str; 3] = ["course-60", "v2-93", "config-98"];

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let model = bench.scenario.subject.model.clone();
    let mut contexts: Vec<Tokens> = CONTEXTS.map(Tokens::new).to_vec();
    contexts.extend([bench.scenario.run.context, model.max_context]);
    contexts.sort_unstable();
    contexts.dedup();
    let key = (model.clone(), contexts.clone());
    let rows = bench
        .reason
        .layouts
        .get(key, |(model, contexts)| crate::reasoning::layouts::rows(model, &catalog.cache_layouts, contexts));
    let (rows, unit) = (rows.clone(), bench.unit);
    let latent = is_latent(&model);
    card(
        ui,
        ["Ways to keep it", ""],
        |_| (),
        |ui| {
            let titles: Vec<String> = contexts.iter().map(|context| format!("at {context}")).collect();
            let mut columns = vec![
                Col::rest("Layout and type"),
                Col::number("Bytes a token", 92.0),
                Col::number("of the first", 70.0),
            ];
            columns.extend(titles.iter().map(|title| Col::number(title, 80.0)));
            sheet(ui, "layouts", &columns, rows.len(), None, |ui, row, column| {
                let row = &rows[row];
                match column {
                    0 => {
                        let label = words(ui, &row.name);
                        if !row.source.is_empty() {
                            label.on_hover_text(format!("{} ({})", row.source, row.confidence.word()));
                        }
                    }
                    1 => _ = value(ui, &grouped(row.per_token.get())),
                    2 => _ = quiet(ui, &format!("{:.2} %", row.share * 100.0)),
                    _ => _ = quiet(ui, &unit.of(row.at[column - 3])),
                }
            });
            ui.add_space(4.0);
            ui.spacing_mut().item_spacing.y = 3.0;
            for row in rows.iter().filter(|row| !row.source.is_empty()) {
                let doubt = if row.confidence == Confidence::Read {
                    String::new()
                } else {
                    format!(", {}", row.confidence.word())
                };
                remark(ui, &format!("{}: {}{doubt}.", row.name, row.source));
            }
            if latent {
                remark(
                    ui,
                    "Every head is what llama.cpp kept before April 2025, and keeps for files whose kv_b is not split; the others are for files made since. FP8 and NVFP4 are other engines' formats.",
                );
            }
        },
    );
}

fn is_latent(model: &Architecture) -> bool {
    model.layers.iter().any(|layer| matches!(layer.mixer, Mixer::Mla(_)))
}

/// What a latent cache saves, where the model has one.
pub(super) fn savings(ui: &mut Ui, bench: &mut Workbench) {
    if is_latent(&bench.scenario.subject.model) {
        ui.add_space(GAP);
        card(
            ui,
            ["What a latent cache saves, in three places", ""],
            |_| (),
            |ui| claims::of_topic(ui, bench, &SAVINGS),
        );
    }
}
