//! The acts of an editor: keep it, share it, open another, go back.

use egui::Ui;

use crate::formats::share_code;
use crate::ui::bench::{Workbench, Workspace};
use crate::ui::paint::icon::Icon;
use crate::ui::widget::button::Button;
use crate::ui::{Command, Own};

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, own: Own) -> Option<Command> {
    let document = bench.own_document(own);
    let kept = document.as_ref().is_some_and(|document| bench.is_own(own, document.id()));
    let mut command = None;
    ui.horizontal_wrapped(|ui| {
        ui.add_enabled_ui(document.is_some(), |ui| {
            let save = if kept { "Save" } else { "Save among yours" };
            if ui.add(Button::new(save).icon(Icon::Save).primary()).clicked() {
                command = Some(Command::SaveOwn(own));
            }
            if ui.add(Button::new("Copy share code").icon(Icon::Copy)).clicked()
                && let Some(document) = &document
            {
                match share_code::encode(&document.write()) {
                    Ok(code) => command = Some(Command::Copy(code)),
                    Err(error) => bench.tell_failure(format!("No share code was made: {error}.")),
                }
            }
            if ui.add(Button::new("Write to a file…").icon(Icon::Share)).clicked() {
                command = Some(Command::ExportOwn(own));
            }
        });
        if ui.add(Button::new("Open…").icon(Icon::Folder)).on_hover_text("A file, or a share code").clicked() {
            command = Some(Command::OpenProfile);
        }
        if ui.add(Button::new("Paste a share code")).clicked() {
            command = Some(Command::Paste);
        }
        if kept && ui.add(Button::new("Remove")).on_hover_text("It stays on screen until another is chosen").clicked() {
            command = Some(Command::RemoveOwn(own));
        }
        if ui.add(Button::new("Done")).clicked() {
            bench.workspace = Workspace::Run;
        }
    });
    command
}
