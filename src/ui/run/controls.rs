//! The row of controls: model, quant, context, KV cache, engine.

use egui::text::LayoutJob;
use egui::{Align, Align2, Button, ComboBox, FontSelection, ScrollArea, TextEdit, Ui};

use crate::catalog::Catalog;
use crate::formats::file_doc::Published;
use crate::memory::RunOptions;
use crate::quant::Quant;
use crate::units::Tokens;

use crate::ui::bench::Workbench;
use crate::ui::paint::icon;
use crate::ui::widget::card::rows;
use crate::ui::widget::context_field::context_field;
use crate::ui::widget::context_slider::ContextSlider;
use crate::ui::{fonts, theme};

use super::source;

/// The model that is one click away.
const FAMOUS: &str = "deepseek-r1";

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let fits = bench.answer().fits_max;
    let width = ui.available_width();
    let narrow = width < ONE_ROW;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        let subject = bench.scenario.subject.clone();
        let doubt = subject.model.facts.doubt();
        column_of(ui, "Model", doubt, &source::model(&subject.model), 176.0, |ui| model(ui, bench, catalog));
        let published = !subject.quant.source.is_empty();
        let published = published.then(|| format!("published, {}", subject.weights.file.in_gb()));
        let said = source::quant(&subject.quant, catalog);
        column_of(ui, "Quant", published.as_deref(), &said, 168.0, |ui| quant(ui, bench, catalog));
        if !narrow {
            context(ui, bench, fits, width - 670.0);
        }
        column(ui, "KV cache", 78.0, |ui| kv(ui, bench));
        column(ui, "Engine", 116.0, |ui| engine(ui, bench, catalog));
    });
    if narrow {
        ui.add_space(4.0);
        ui.horizontal_top(|ui| context(ui, bench, fits, width - 92.0));
    }
}

/// The width below which the context takes a row of its own.
const ONE_ROW: f32 = 860.0;

fn context(ui: &mut Ui, bench: &mut Workbench, fits: Option<Tokens>, width: f32) {
    let limit = bench.scenario.subject.model.max_context.get();
    let mut tokens = bench.scenario.run.context.get();
    column(ui, "Context", 72.0, |ui| {
        context_field(ui, &mut tokens, limit);
    });
    ui.vertical(|ui| {
        ui.add_space(18.0);
        ui.add(ContextSlider::new(&mut tokens, limit).fits(fits.map(Tokens::get)).width(width.clamp(160.0, 720.0)));
    });
    if tokens != bench.scenario.run.context.get() {
        bench.scenario.run.context = Tokens::new(tokens);
    }
}

fn column(ui: &mut Ui, name: &str, width: f32, contents: impl FnOnce(&mut Ui)) {
    column_of(ui, name, None, "", width, contents);
}

/// A control under its name, a remark on what stands in it, and where that comes from on hover.
fn column_of(ui: &mut Ui, name: &str, remark: Option<&str>, source: &str, width: f32, contents: impl FnOnce(&mut Ui)) {
    let palette = theme::palette(ui);
    ui.vertical(|ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 2.0;
        let mut text = LayoutJob::default();
        for (part, ink) in [(name, palette.t3), ("  ", palette.t3), (remark.unwrap_or_default(), palette.t2)] {
            fonts::caption(part).color(ink).append_to(&mut text, ui.style(), FontSelection::Default, Align::Center);
        }
        let caption = if remark.is_some() { ui.label(text) } else { ui.label(fonts::caption(name).color(palette.t3)) };
        if !source.is_empty() {
            caption.on_hover_text(source);
        }
        contents(ui);
    });
}

fn model(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let chosen = bench.scenario.subject.model.clone();
    let mut picked = None;
    ComboBox::from_id_salt("model")
        .icon(icon::combo)
        .width(176.0)
        .truncate()
        .selected_text(fonts::medium(format!("{}  {}", chosen.name, chosen.params())))
        .height(460.0)
        .show_ui(ui, |ui| {
            rows(ui, theme::height::SMALL);
            ui.set_min_width(340.0);
            ui.add(
                TextEdit::singleline(&mut bench.model_search)
                    .hint_text("model or family…")
                    .align(Align2::LEFT_CENTER)
                    .desired_width(f32::INFINITY),
            )
            .accessible_name("Search models");
            let wanted = bench.model_search.to_lowercase();
            let shown = |name: &str, family: &str| {
                wanted
                    .split_whitespace()
                    .all(|word| name.to_lowercase().contains(word) || family.to_lowercase().contains(word))
            };
            ScrollArea::vertical().max_height(400.0).show(ui, |ui| {
                let mut family = "";
                for model in catalog.models.iter().filter(|model| shown(&model.name, &model.facts.family)) {
                    if model.facts.family != family {
                        family = &model.facts.family;
                        ui.label(fonts::caption(family).color(theme::palette(ui).t3));
                    }
                    let text = format!("{}   {}", model.name, model.params());
                    let mut row = Button::selectable(model.id == chosen.id, text);
                    if model.facts.doubt().is_some() {
                        row =
                            row.right_text(fonts::caption(model.facts.confidence.word()).color(theme::palette(ui).t3));
                    }
                    let row = ui.add(row);
                    if row.on_hover_text(source::model(model)).clicked() {
                        picked = Some(model.clone());
                    }
                }
            });
        })
        .response
        .accessible_name("Model");
    if let Some(model) = picked {
        bench.pick_model(&model);
        bench.model_search.clear();
    }
}

/// DeepSeek R1, one click away, for whoever looks at something else.
pub(in crate::ui) fn famous(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    if bench.scenario.subject.model.id == FAMOUS {
        return;
    }
    if let Some(model) = catalog.model(FAMOUS) {
        let button = crate::ui::widget::button::Button::new("Try DeepSeek R1").small();
        if ui.add(button).on_hover_text("671 B parameters, mixture of experts, MLA").clicked() {
            bench.pick_model(model);
        }
    }
}

fn quant(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let chosen = bench.scenario.subject.quant.clone();
    let file = bench.scenario.subject.weights.file;
    let sizes = bench.sizes().to_vec();
    // The size of a published file stands above, with its name in the whole width.
    let shown = if chosen.source.is_empty() { format!("{}  {}", chosen.id, file.in_gb()) } else { chosen.id.clone() };
    let (mut picked, mut file_picked) = (None, None);
    ComboBox::from_id_salt("quant")
        .icon(icon::combo)
        .width(168.0)
        .truncate()
        .selected_text(fonts::medium(shown))
        .height(480.0)
        .show_ui(ui, |ui| {
            rows(ui, theme::height::SMALL);
            ui.set_min_width(220.0);
            for (mix, bytes) in sizes {
                let text = format!("{:<10}  {}", mix.name(), bytes.in_gb());
                let row = ui.selectable_label(chosen.as_mix() == Some(mix), text);
                if row.on_hover_ui(|ui| cited(ui, mix.name(), catalog)).clicked() {
                    picked = Some(mix);
                }
            }
            file_picked = published(ui, bench, catalog);
        })
        .response
        .accessible_name("Quant");
    if let Some(mix) = picked {
        bench.pick_quant(Quant::mix(mix, mix.usual_imatrix()));
    }
    if let Some(file) = file_picked {
        bench.pick_published(file);
    }
}

/// The published files of the model on screen; the one that was clicked.
fn published<'a>(ui: &mut Ui, bench: &Workbench, catalog: &'a Catalog) -> Option<&'a Published> {
    let subject = &bench.scenario.subject;
    let weights = subject.model.tensors().iter().map(crate::quant::Tensor::weights).sum::<u64>();
    let mut picked = None;
    for (place, file) in catalog.published_of(&subject.model.id).enumerate() {
        if place == 0 {
            ui.label(fonts::caption("Published files").color(theme::palette(ui).t3));
        }
        let bits = file.bytes.as_f64() * 8.0 / weights.max(1) as f64;
        let text = format!("{:<10}  {}, {bits:.2} bits", file.id, file.bytes.in_gb());
        let row = ui.selectable_label(subject.quant.id == file.id, text);
        let hover = |ui: &mut Ui| {
            ui.label(file.said());
            if !file.note.is_empty() {
                ui.label(&file.note);
            }
            cited(ui, &file.label, catalog);
        };
        if row.on_hover_ui(hover).clicked() {
            picked = Some(file);
        }
    }
    picked
}

/// The quality somebody measured of a quant, or that nobody did.
fn cited(ui: &mut Ui, quant: &str, catalog: &Catalog) {
    ui.label(source::quality(quant, catalog));
}

fn kv(ui: &mut Ui, bench: &mut Workbench) {
    let run = &mut bench.scenario.run;
    let name = |format: crate::quant::Format| format.name().to_ascii_lowercase();
    ComboBox::from_id_salt("kv")
        .icon(icon::combo)
        .width(78.0)
        .selected_text(fonts::medium(name(run.kv_k)))
        .show_ui(ui, |ui| {
            rows(ui, theme::height::SMALL);
            for format in RunOptions::KV_FORMATS {
                if ui.selectable_label(run.kv_k == format, name(format)).clicked() {
                    (run.kv_k, run.kv_v) = (format, format);
                }
            }
        })
        .response
        .accessible_name("KV cache");
}

fn engine(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let chosen = bench.scenario.engine.clone();
    ComboBox::from_id_salt("engine")
        .icon(icon::combo)
        .width(116.0)
        .truncate()
        .selected_text(fonts::medium(&chosen.name))
        .show_ui(ui, |ui| {
            rows(ui, theme::height::SMALL);
            for engine in &catalog.engines {
                if ui.selectable_label(engine.id == chosen.id, &engine.name).on_hover_text(&engine.source).clicked() {
                    bench.scenario.engine = engine.clone();
                }
            }
        })
        .response
        .accessible_name("Engine");
}
