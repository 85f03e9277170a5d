//! Every model on the machine on screen, best first.

use egui::{Align, Align2, Layout, TextEdit, Ui};
use egui_extras::{Column, TableBuilder};

use crate::advice::Ranked;
use crate::catalog::Catalog;
use crate::units::TokensPerSecond;
use crate::verdict::Level;

use super::bench::{Workbench, Workspace, glyph_of};
use super::paint::verdict;
use super::{Command, fonts, theme};

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) -> Option<Command> {
    let palette = theme::palette(ui);
    let current = bench.ranking.as_ref().is_some_and(|ranking| ranking.answers(&bench.scenario));
    let command = (!current && super::resting(ui)).then_some(Command::Rank);
    let rows: Vec<Ranked> = bench.ranking.as_ref().map(|ranking| ranking.rows.clone()).unwrap_or_default();
    let well = rows.iter().filter(|row| row.level == Level::RunsWell).count();
    let runs = rows.iter().filter(|row| row.level < Level::Disk).count();
    let title = if rows.is_empty() {
        "Asking every model…".to_owned()
    } else {
        format!("{well} of {} models run well here", rows.len())
    };
    ui.label(fonts::verdict_text(title).color(palette.t1));
    let tried: Vec<&str> = catalog.quality.ranked.iter().map(|mix| mix.name()).collect();
    let tried = tried.join(", ");
    let said = format!(
        "Each at the best of {tried}, context {} or its limit; {runs} fit in memory. Best first: verdict, speed up to 20 tokens/s, cited quality, size.",
        bench.scenario.run.context
    );
    ui.label(fonts::body(said).color(palette.t2));
    ui.add_space(8.0);
    ui.add(TextEdit::singleline(&mut bench.search).hint_text("model…").align(Align2::LEFT_CENTER).desired_width(320.0))
        .accessible_name("Search ranked models");
    ui.add_space(8.0);
    let wanted = bench.search.to_lowercase();
    let own = bench.own_models.clone();
    let find = |id: &str| own.iter().find(|model| model.id == id).or_else(|| catalog.model(id));
    let named = |row: &&Ranked| {
        let model = find(&row.model);
        let text =
            model.map_or_else(String::new, |model| format!("{} {} {}", model.name, model.facts.family, model.id));
        wanted.split_whitespace().all(|word| text.to_lowercase().contains(word))
    };
    let shown: Vec<&Ranked> = rows.iter().filter(named).collect();
    let mut picked = None;
    let unit = bench.unit;
    super::widget::card::card_frame(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let header = |ui: &mut Ui, text: &str| {
            ui.label(fonts::caption(text).color(palette.t3));
        };
        TableBuilder::new(ui)
            .striped(false)
            .sense(egui::Sense::click())
            .cell_layout(Layout::left_to_right(Align::Center))
            .column(Column::exact(150.0))
            .column(Column::remainder().at_least(200.0))
            .column(Column::exact(110.0))
            .column(Column::exact(130.0))
            .column(Column::exact(130.0))
            .header(22.0, |mut row| {
                for text in ["Verdict", "Model", "tokens/s", "Memory", "Largest context"] {
                    row.col(|ui| header(ui, text));
                }
            })
            .body(|body| {
                body.rows(27.0, shown.len(), |mut row| {
                    let ranked = shown[row.index()];
                    row.col(|ui| {
                        verdict::glyph(ui, glyph_of(ranked.level), 14.0);
                        ui.label(fonts::small(ranked.level.words()).color(glyph_of(ranked.level).color(palette)));
                    });
                    row.col(|ui| {
                        let name = find(&ranked.model).map_or(ranked.model.as_str(), |model| model.name.as_str());
                        ui.label(fonts::medium(name).size(12.5).color(palette.t1));
                        ui.label(fonts::small(&ranked.quant.id).color(palette.t3));
                    });
                    row.col(|ui| {
                        let text = ranked
                            .rate
                            .map_or_else(|| "—".to_owned(), |rate| TokensPerSecond::saturating(rate).to_string());
                        ui.label(fonts::small(text).color(palette.t1));
                    });
                    row.col(|ui| {
                        ui.label(fonts::small(unit.of(ranked.memory)).color(palette.t2));
                    });
                    row.col(|ui| {
                        let text = ranked.context_max.map_or_else(|| "—".to_owned(), |tokens| tokens.to_string());
                        ui.label(fonts::small(text).color(palette.t2));
                    });
                    if row.response().clicked() {
                        picked = Some((ranked.model.clone(), ranked.quant.clone()));
                    }
                });
            });
    });
    if let Some((model, quant)) = picked.and_then(|(id, quant)| Some((find(&id)?.clone(), quant))) {
        bench.pick_model(&model);
        bench.pick_quant(quant);
        bench.workspace = Workspace::Run;
        bench.search.clear();
    }
    command
}
