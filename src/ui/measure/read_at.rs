//! Where the disk is read: a model that is there, or a file made for the purpose; chosen from a list.

use std::path::{Path, PathBuf};

use egui::{Align, ComboBox, Layout, Rect, Ui, UiBuilder};

use crate::ui::bench::Workbench;
use crate::ui::paint::icon;
use crate::ui::widget::card::rows;
use crate::ui::{fonts, theme};
use crate::units::Bytes;

use super::view::is_this;

/// A place the disk can be read at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadAt {
    /// Whose folder it is.
    pub whose: &'static str,
    /// The folder.
    pub folder: PathBuf,
    /// A model that is read; none for a file made for the purpose.
    pub file: Option<Large>,
    /// Bytes free on its disk.
    pub free: Bytes,
}

/// A model large enough to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Large {
    /// What it is called.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: Bytes,
}

impl ReadAt {
    /// What is read or written in.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.as_ref().map_or(&self.folder, |file| &file.path)
    }

    /// What is read, in a few words.
    fn words(&self) -> String {
        match &self.file {
            Some(file) => format!("{}, {}", file.name, file.bytes.in_gb()),
            None => format!("temporary file, {}", self.whose),
        }
    }

    /// What is to know of it.
    fn about(&self) -> String {
        let folder = crate::formats::shown(&self.folder.display().to_string(), 300);
        match &self.file {
            Some(_) => format!("A model of {} is read past the cache and left as it is: {folder}.", self.whose),
            None => format!(
                "Up to 1 GiB, at most a tenth of the {} free, is written to {folder}, read and removed.",
                self.free.in_gb()
            ),
        }
    }
}

/// The list, at the right of its room.
pub(super) fn list(ui: &mut Ui, bench: &mut Workbench, room: Rect) {
    if !is_this(bench) || room.width() < 120.0 {
        return;
    }
    let palette = theme::palette(ui);
    let page = &bench.measure;
    let now = page.read_at();
    let shown = now.map_or_else(|| "temporary file, this app".to_owned(), ReadAt::words);
    let about = now.map_or_else(String::new, ReadAt::about);
    let mut picked = None;
    let mut child = ui.new_child(UiBuilder::new().max_rect(room).layout(Layout::right_to_left(Align::Center)));
    let ui = &mut child;
    ui.spacing_mut().interact_size.y = theme::height::SMALL;
    ui.spacing_mut().button_padding.y = 2.0;
    ui.add_enabled_ui(bench.measuring.is_none() && page.places.len() > 1, |ui| {
        let width = (room.width() - 80.0).min(240.0);
        let response = ComboBox::from_id_salt("disk reads")
            .icon(icon::combo)
            .width(width)
            .truncate()
            .selected_text(fonts::small(shown))
            .show_ui(ui, |ui| {
                rows(ui, theme::height::SMALL);
                for at in &page.places {
                    let on = now.is_some_and(|now| now == at);
                    let words = format!("{}   {}", at.words(), at.file.as_ref().map_or("", |_| at.whose));
                    if ui.selectable_label(on, words.trim_end()).on_hover_text(at.about()).clicked() {
                        picked = Some(at.path().to_owned());
                    }
                }
            })
            .response
            .accessible_name("Disk reads");
        response.on_hover_text(about);
    });
    ui.label(fonts::caption("Disk reads").color(palette.t3));
    if picked.is_some() {
        bench.measure.read = picked;
    }
}
