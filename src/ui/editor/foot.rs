//! The acts of an editor: keep it, share it, open another, go back.

use egui::Ui;

use crate::formats::share_code;
use crate::ui::bench::{Workbench, Workspace};
use crate::ui::paint::icon::Icon;
use crate::ui::widget::button::Button;
use crate::ui::{Command, Own};

/// The width below which buttons are small and without icons.
const NARROW: f32 = 860.0;

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, own: Own) -> Option<Command> {
    let document = bench.own_document(own);
    let kept = bench.is_kept(own);
    let mut command = None;
    let narrow = ui.available_width() < NARROW;
    let plain = |text| if narrow { Button::new(text).small() } else { Button::new(text) };
    let button = |text, icon| if narrow { plain(text) } else { plain(text).icon(icon) };
    ui.horizontal_wrapped(|ui| {
        ui.add_enabled_ui(document.is_some(), |ui| {
            let save = ui.add(button("Save", Icon::Save).primary());
            if save.on_hover_text("Keep it among yours; presets stay as they are").clicked() {
                command = Some(Command::SaveOwn(own));
            }
            if ui.add(button("Copy share code", Icon::Copy)).clicked()
                && let Some(document) = &document
            {
                match share_code::encode(&document.write()) {
                    Ok(code) => command = Some(Command::Copy(code)),
                    Err(error) => bench.tell_failure(format!("No share code was made: {error}.")),
                }
            }
            if ui.add(button("Write to a file…", Icon::Share)).clicked() {
                command = Some(Command::ExportOwn(own));
            }
        });
        if ui.add(button("Open…", Icon::Folder)).on_hover_text("A file, or a share code").clicked() {
            command = Some(Command::OpenProfile);
        }
        if ui.add(plain("Paste code")).on_hover_text("Open the share code that was copied").clicked() {
            command = Some(Command::Paste);
        }
        if kept && ui.add(plain("Remove")).on_hover_text("It stays on screen until another is chosen").clicked() {
            command = Some(Command::RemoveOwn(own));
        }
        if ui.add(plain("Done")).clicked() {
            bench.workspace = Workspace::Run;
        }
    });
    command
}
