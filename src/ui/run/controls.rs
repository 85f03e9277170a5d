//! The row of controls: model, quant, context, KV cache, engine.

use egui::text::LayoutJob;
use egui::{Align, Align2, ComboBox, FontSelection, PopupCloseBehavior, ScrollArea, TextEdit, Ui};

use crate::catalog::Catalog;
use crate::units::Tokens;

use super::quant_list;
use crate::ui::bench::Workbench;
use crate::ui::paint::icon::{self, Icon};
use crate::ui::widget::button::Button;
use crate::ui::widget::card::rows;
use crate::ui::widget::context_field::context_field;
use crate::ui::widget::context_slider::ContextSlider;
use crate::ui::{Command, fonts, theme};

use super::source;

/// The model that is one click away.
const FAMOUS: &str = "deepseek-r1";

pub(in crate::ui) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) -> Option<Command> {
    let mut command = None;
    let fits = bench.answer().fits_max;
    let width = ui.available_width();
    let narrow = width < ONE_ROW;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        let subject = bench.scenario.subject.clone();
        let edit = ["Edit…", "Edit a copy of the model"];
        let caption = ["Model", subject.model.facts.doubt().unwrap_or_default()];
        let said = || source::model(&subject.model);
        if column_with(ui, caption, said, edit, 176.0, |ui| command = model(ui, bench, catalog)) {
            bench.edit_model();
        }
        let edit = ["Edit…", "Edit a copy of the quant"];
        let remark = if subject.quant.source.is_empty() { "" } else { "published" };
        let said = || source::quant(&subject.quant, subject.file.is_some(), catalog);
        if column_with(ui, ["Quant", remark], said, edit, 168.0, |ui| quant_list::ui(ui, bench, catalog)) {
            bench.edit_quant();
        }
        if narrow {
            context(ui, bench, fits, width - 536.0);
            column(ui, "KV, engine", 64.0, |ui| more(ui, bench));
        } else {
            context(ui, bench, fits, width - 670.0);
            column(ui, "KV cache", 78.0, |ui| kv(ui, bench));
            column(ui, "Engine", 116.0, |ui| engine(ui, bench, catalog));
        }
    });
    if narrow && bench.more {
        ui.add_space(4.0);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            column(ui, "KV cache", 176.0, |ui| kv(ui, bench));
            column(ui, "Engine", 168.0, |ui| engine(ui, bench, catalog));
        });
    }
    command
}

/// The width below which KV cache and engine are folded in.
const ONE_ROW: f32 = 880.0;

/// Folds KV cache and engine out and in.
fn more(ui: &mut Ui, bench: &mut Workbench) {
    let word = if bench.more { "Less" } else { "More" };
    let run = &bench.scenario.run;
    let said = format!("{}, {}", bench.scenario.engine.kv_word(run.kv_k), bench.scenario.engine.name);
    if ui.add(Button::new(word)).on_hover_text(said).clicked() {
        bench.more = !bench.more;
        ui.ctx().request_discard("folded");
    }
}

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
    ui.vertical(|ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.label(fonts::caption(name).color(theme::palette(ui).t3));
        contents(ui);
    });
}

/// A column with a remark after its name, what the name tells on hover, and an act at the right; whether the act was
/// asked for.
fn column_with(
    ui: &mut Ui,
    [name, remark]: [&str; 2],
    source: impl FnOnce() -> String,
    [act, said]: [&str; 2],
    width: f32,
    contents: impl FnOnce(&mut Ui),
) -> bool {
    let palette = theme::palette(ui);
    ui.vertical(|ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 2.0;
        let mut text = LayoutJob::default();
        for (part, ink) in [(name, palette.t3), ("  ", palette.t3), (remark, palette.t2)] {
            fonts::caption(part).color(ink).append_to(&mut text, ui.style(), FontSelection::Default, Align::Center);
        }
        let caption = if remark.is_empty() { ui.label(fonts::caption(name).color(palette.t3)) } else { ui.label(text) };
        let line = caption.rect;
        caption.on_hover_ui(|ui| _ = ui.label(source()));
        let asked = caption_link(ui, egui::pos2(line.left() + width, line.center().y), act, said);
        contents(ui);
        asked
    })
    .inner
}

/// Words of the accent in a line of captions, ending at a place; hit on 24 points.
fn caption_link(ui: &mut Ui, end: egui::Pos2, word: &str, said: &str) -> bool {
    let palette = theme::palette(ui);
    let text = ui.painter().layout_no_wrap(word.to_owned(), fonts::font(11.0, fonts::Weight::Medium), palette.accent);
    let rect = egui::Rect::from_min_size(end - egui::vec2(text.size().x, text.size().y / 2.0), text.size());
    let hit = egui::Rect::from_center_size(rect.center(), egui::vec2(rect.width() + 12.0, theme::height::SMALL));
    let response = ui.interact(hit, ui.make_persistent_id(said), egui::Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), said));
    if response.hovered() {
        ui.painter().hline(rect.x_range(), rect.bottom(), egui::Stroke::new(1.0, palette.accent));
    }
    ui.painter().galley(rect.min, text, palette.accent);
    response.on_hover_text(said).clicked()
}

fn model(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) -> Option<Command> {
    let chosen = bench.scenario.subject.model.clone();
    let shown = match &bench.scenario.subject.file {
        Some(file) => file.name.clone(),
        None => format!("{}  {}", chosen.name, chosen.params()),
    };
    let (mut picked, mut file, mut command) = (None, None, None);
    ComboBox::from_id_salt("model")
        .icon(icon::combo)
        .width(176.0)
        .truncate()
        .selected_text(fonts::medium(shown))
        .height(460.0)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
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
            let open = Button::new("Open a model file…").icon(Icon::Folder).small();
            if ui
                .add(open)
                .on_hover_text(
                    "GGUF, safetensors, a config.json, or a model in RON; you can drop it on the window as well",
                )
                .clicked()
            {
                command = Some(Command::OpenModel);
                ui.close();
            }
            if let Some(opened) = &bench.opened
                && let Some(from) = &opened.file
            {
                let on = bench.scenario.subject.file.as_ref() == Some(from);
                if ui.selectable_label(on, &from.name).on_hover_text(&from.path).clicked() {
                    file = Some(opened.clone());
                    ui.close();
                }
            }
            let wanted = bench.model_search.to_lowercase();
            let shown = |name: &str, family: &str| {
                wanted
                    .split_whitespace()
                    .all(|word| name.to_lowercase().contains(word) || family.to_lowercase().contains(word))
            };
            ScrollArea::vertical().max_height(400.0).show(ui, |ui| {
                let own = bench.own_models.clone();
                for (at, model) in own.iter().filter(|model| shown(&model.name, &model.facts.family)).enumerate() {
                    if at == 0 {
                        ui.label(fonts::caption("Yours").color(theme::palette(ui).t3));
                    }
                    let text = format!("{}   {}", model.name, model.params());
                    if ui.selectable_label(model.id == chosen.id, text).clicked() {
                        picked = Some(model.clone());
                        ui.close();
                    }
                }
                let mut family = "";
                for model in catalog.models.iter().filter(|model| shown(&model.name, &model.facts.family)) {
                    if model.facts.family != family {
                        family = &model.facts.family;
                        ui.label(fonts::caption(family).color(theme::palette(ui).t3));
                    }
                    let text = format!("{}   {}", model.name, model.params());
                    let mut row = egui::Button::selectable(model.id == chosen.id, text);
                    if model.facts.doubt().is_some() {
                        row =
                            row.right_text(fonts::caption(model.facts.confidence.word()).color(theme::palette(ui).t3));
                    }
                    let row = ui.add(row);
                    if row.on_hover_text(source::model(model)).clicked() {
                        picked = Some(model.clone());
                        ui.close();
                    }
                }
            });
        })
        .response
        .accessible_name("Model");
    if let Some(file) = file {
        bench.ask_file(file);
    }
    if let Some(model) = picked {
        bench.pick_model(&model);
        bench.model_search.clear();
    }
    command
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

fn kv(ui: &mut Ui, bench: &mut Workbench) {
    let engine = bench.scenario.engine.clone();
    let run = &mut bench.scenario.run;
    let name = |format: crate::quant::Format| engine.kv_word(format);
    ComboBox::from_id_salt("kv")
        .icon(icon::combo)
        .width(78.0)
        .selected_text(fonts::medium(name(run.kv_k)))
        .show_ui(ui, |ui| {
            rows(ui, theme::height::SMALL);
            for format in engine.kv_formats.iter().copied() {
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
                // What cannot run here is there to be seen, and says why.
                let why = engine.refusal(&engine.sees(&bench.scenario.machine), bench.scenario.backend);
                let label = egui::Button::selectable(engine.id == chosen.id, &engine.name);
                let row = ui.add_enabled(why.is_none(), label).on_hover_text(&engine.source);
                let row = row.on_disabled_hover_ui(|ui| {
                    if let Some(why) = &why {
                        ui.label(format!("{}. {}", why.what, why.remedy));
                    }
                });
                if row.clicked() {
                    bench.scenario.engine = engine.clone();
                }
            }
        })
        .response
        .accessible_name("Engine");
}
