//! Files for others: written where the user says, as a whole or not at all.

use std::path::{Path, PathBuf};

use crate::store::atomic_write;
use crate::ui::bench::PathFor;
use crate::ui::{Command, Exported};

use super::{App, Event, Jobs, jobs};

impl App {
    pub(super) fn carry_out_export(&mut self, ui: &egui::Ui, command: Command) {
        let Some(bench) = &mut self.bench else { return };
        match command {
            Command::Write(file) => {
                bench.exported = Some(file.clone());
                self.jobs.ask_where(file);
            }
            Command::WriteTo(path) => {
                if let Some(file) = bench.exported.take() {
                    self.jobs.write_file(path, file);
                }
            }
            Command::CopyPicture(pixels) => {
                let size = [pixels.width, pixels.height];
                ui.ctx().copy_image(egui::ColorImage::from_rgba_unmultiplied(size, &pixels.rgba));
                bench.tell("Copied the picture.");
            }
            _ => {}
        }
    }
}

impl Jobs {
    /// Writes a file where the user says. Where there is no dialog, or it is closed, a path may be typed.
    fn ask_where(&self, file: Exported) {
        self.spawn("dialog", move |_| {
            let ending = file.kind.ending();
            let dialog = rfd::AsyncFileDialog::new()
                .add_filter(file.kind.name(), &[ending])
                .set_file_name(format!("{}.{ending}", file.name));
            match pollster::block_on(dialog.save_file()) {
                Some(chosen) => write(chosen.path(), &file),
                None => Event::NoPath(PathFor::Write(file.kind)),
            }
        });
    }

    fn write_file(&self, path: PathBuf, file: Exported) {
        self.spawn("export", move |_| write(&path, &file));
    }
}

fn write(path: &Path, file: &Exported) -> Event {
    match atomic_write(path, &file.bytes) {
        Ok(()) => Event::Told(format!("Written to {}.", jobs::shown(path))),
        Err(error) => Event::Failed(error.to_string()),
    }
}
