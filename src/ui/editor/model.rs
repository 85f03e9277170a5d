//! The model on screen, field by field.

use egui::{Frame, Margin, Ui};

use crate::formats::model_doc::{Draft, Section};
use crate::ui::bench::Workbench;
use crate::ui::paint::icon::Icon;
use crate::ui::widget::button::{Button, small_icon_button};
use crate::ui::widget::card::card;
use crate::ui::widget::scroll::scroll;
use crate::ui::{Command, Own, fonts, theme};

use super::state::ModelEditor;
use super::{Card, columns, foot, head, row};

/// What the user did to the draft.
enum Edit {
    Type(String, String),
    Add(String),
    Remove(String),
    Repeat(usize),
    RunByRun,
    Undo,
}

pub(in crate::ui) fn ui(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let editor = bench.model.clone()?;
    let palette = theme::palette(ui);
    head(ui, bench);
    let command = foot::ui(ui, bench, Own::Model);
    ui.add_space(4.0);
    let said = format!("{}, {}", editor.draft.text("name"), editor.draft.text("source"));
    // One line high whatever it says, so that nothing below moves.
    ui.allocate_ui(egui::vec2(ui.available_width(), 18.0), |ui| {
        crate::ui::widget::card::rows(ui, 18.0);
        match (&editor.fault, editor.wrong.first_key_value()) {
            (Some(unfit), _) => row::fault(ui, &format!("{unfit}. The answer stays that of the last good shape.")),
            (None, Some((path, (_, why)))) => {
                row::fault(ui, &format!("{}: {why}. The field keeps its last good value.", path.replace('/', ".")));
            }
            (None, None) => {
                ui.add(egui::Label::new(fonts::small(&said).color(palette.t3)).truncate());
            }
        }
    });
    ui.add_space(8.0);
    let mut edit = None;
    let height = ui.available_height();
    scroll(ui, "model editor", height, |ui| edit = cards(ui, &editor));
    match edit {
        None => {}
        Some(Edit::Type(path, text)) => bench.type_field(&path, &text),
        Some(Edit::Add(path)) => bench.edit_draft(|draft| draft.add(&path)),
        Some(Edit::Remove(path)) => bench.edit_draft(|draft| draft.remove(&path)),
        Some(Edit::Repeat(number)) => bench.edit_draft(|draft| draft.repeat_run(number)),
        Some(Edit::RunByRun) => bench.edit_draft(|draft| {
            if let Ok(model) = draft.build() {
                *draft = Draft::run_by_run(&model);
            }
        }),
        Some(Edit::Undo) => {
            let before = editor.before.clone();
            bench.edit_draft(|draft| *draft = Draft::clone(&before));
        }
    }
    command
}

fn cards(ui: &mut Ui, editor: &ModelEditor) -> Option<Edit> {
    let edit = std::cell::RefCell::new(None);
    let mut sections = editor.draft.sections();
    let at = sections.iter().position(|section| section.path.starts_with("stack/")).unwrap_or(sections.len());
    let runs = sections.split_off(at);
    let whole: Vec<(usize, Card<'_>)> = sections
        .iter()
        .map(|section| {
            let draw = |ui: &mut Ui| {
                if let Some(asked) = part(ui, editor, section) {
                    edit.replace(Some(asked));
                }
            };
            (section.fields.len(), Box::new(draw) as Card<'_>)
        })
        .collect();
    columns(ui, whole);
    ui.add_space(12.0);
    if let Some(asked) = additions(ui, editor) {
        edit.replace(Some(asked));
    }
    ui.add_space(12.0);
    // A run and its parts are one card.
    let mut groups: Vec<&[Section]> = Vec::new();
    let mut rest = runs.as_slice();
    while let Some(first) = rest.first() {
        let inner = format!("{}/", first.path);
        let count = 1 + rest[1..].iter().take_while(|section| section.path.starts_with(&inner)).count();
        groups.push(&rest[..count]);
        rest = &rest[count..];
    }
    let runs: Vec<(usize, Card<'_>)> = groups
        .into_iter()
        .map(|group| {
            let draw = |ui: &mut Ui| {
                if let Some(asked) = run(ui, editor, group) {
                    edit.replace(Some(asked));
                }
            };
            let rows = group.iter().map(|section| section.fields.len() + 1).sum();
            (rows, Box::new(draw) as Card<'_>)
        })
        .collect();
    columns(ui, runs);
    ui.add_space(8.0);
    edit.into_inner()
}

/// A card of the whole model.
fn part(ui: &mut Ui, editor: &ModelEditor, section: &Section) -> Option<Edit> {
    let mut edit = None;
    let mut asked = None;
    let readout = |ui: &mut Ui| {
        if section.optional
            && small_icon_button(ui, Icon::Close, &format!("Take out {}", section.title.to_lowercase())).clicked()
        {
            asked = Some(Edit::Remove(section.path.clone()));
        }
    };
    card(ui, [&section.title, ""], readout, |ui| {
        ui.set_width(ui.available_width());
        edit = fields(ui, editor, section, &section.title);
    });
    asked.or(edit)
}

/// A run of layers with its parts.
fn run(ui: &mut Ui, editor: &ModelEditor, group: &[Section]) -> Option<Edit> {
    let first = &group[0];
    let number = first.path.strip_prefix("stack/").and_then(|number| number.parse().ok()).unwrap_or(0);
    let mut edit = None;
    let mut asked = None;
    let readout = |ui: &mut Ui| {
        if editor.draft.runs() > 1
            && small_icon_button(ui, Icon::Close, &format!("Take out {}", first.title.to_lowercase())).clicked()
        {
            asked = Some(Edit::Remove(first.path.clone()));
        }
        if small_icon_button(ui, Icon::Copy, &format!("Repeat {}", first.title.to_lowercase())).clicked() {
            asked = Some(Edit::Repeat(number));
        }
    };
    card(ui, [&first.title, ""], readout, |ui| {
        ui.set_width(ui.available_width());
        edit = fields(ui, editor, first, &first.title);
        for section in &group[1..] {
            let name = format!("{}, {}", first.title, section.title.to_lowercase());
            ui.horizontal(|ui| {
                ui.label(fonts::title(&section.title).size(12.0).color(theme::palette(ui).t1));
                if small_icon_button(ui, Icon::Close, &format!("Take out {name}")).clicked() {
                    edit = Some(Edit::Remove(section.path.clone()));
                }
            });
            edit = edit.take().or(fields(ui, editor, section, &name));
        }
        ui.horizontal_wrapped(|ui| {
            for absent in editor.draft.absent(Some(&first.path)) {
                if ui.add(Button::new(absent.title).icon(Icon::Plus).small()).clicked() {
                    edit = Some(Edit::Add(absent.path));
                }
            }
        });
    });
    asked.or(edit)
}

fn fields(ui: &mut Ui, editor: &ModelEditor, section: &Section, title: &str) -> Option<Edit> {
    let mut edit = None;
    ui.spacing_mut().item_spacing.y = 2.0;
    for field in &section.fields {
        let name = format!("{title}, {}", field.label.to_lowercase());
        let before = editor.before.text(&field.path);
        let wrong = editor.wrong.get(&field.path).map(|(text, _)| text.as_str());
        ui.push_id(&field.path, |ui| {
            if let Some(text) = row::ui(ui, &name, field, &before, wrong, editor.reason(&field.path)) {
                edit = Some(Edit::Type(field.path.clone(), text));
            }
        });
    }
    edit
}

/// What could be added, and the way to write layers run by run.
fn additions(ui: &mut Ui, editor: &ModelEditor) -> Option<Edit> {
    let palette = theme::palette(ui);
    let mut edit = None;
    let absent = editor.draft.absent(None);
    Frame::new().inner_margin(Margin::symmetric(14, 0)).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            if !absent.is_empty() {
                ui.label(fonts::small("Add").color(palette.t3));
            }
            for part in absent {
                if ui.add(Button::new(part.title).icon(Icon::Plus).small()).clicked() {
                    edit = Some(Edit::Add(part.path));
                }
            }
            if !editor.draft.has_runs() && editor.fault.is_none() {
                let button = ui.add(Button::new("Write the layers run by run").small());
                if button
                    .on_hover_text("For a stack no pattern describes: each run of equal layers gets fields of its own")
                    .clicked()
                {
                    edit = Some(Edit::RunByRun);
                }
            }
            if editor.draft != editor.before
                && ui.add(Button::new("Back to the start").icon(Icon::Reset).small()).clicked()
            {
                edit = Some(Edit::Undo);
            }
        });
    });
    edit
}
