//! How the cache is kept: the layouts of the model on screen, and ways to keep it smaller.

use egui::Ui;

use crate::catalog::Catalog;
use crate::ui::bench::Workbench;

use super::{GAP, compression, heading, layouts, said};

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let unit = bench.unit;
    let context = bench.scenario.run.context;
    let per_token = bench.answer().kv_per_token;
    let kv = bench.answer().plan.kv();
    let kept = bench.scenario.engine.kv_word(bench.scenario.run.kv_k);
    heading(ui, &format!("A context of {context} tokens keeps {} of cache", unit.of(kv)));
    said(
        ui,
        &format!(
            "{} for each token in {kept}, over all layers, as {} keeps it.",
            per_token.fine(),
            bench.scenario.engine.name
        ),
    );
    ui.add_space(GAP);
    layouts::ui(ui, bench, catalog);
    ui.add_space(GAP);
    compression::ui(ui, bench);
    layouts::savings(ui, bench);
}
