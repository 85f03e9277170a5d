//! The window's views: they draw, edit what they are lent, and return what they cannot do themselves.
//!
//! Invariant: no threads, files, detection or measuring in here. Colours exist in [`theme`] only.

pub mod accuracy;
mod anchors;
pub mod bench;
pub mod buy;
pub mod compare;
pub mod by_hand;
#[cfg(test)]
mod contrast;
mod figure_row;
pub mod files;
pub mod focus;
mod free;
pub mod fonts;
mod editor;
mod history;
pub mod inks;
pub mod measure;
pub mod measured;
mod memo;
pub mod offer;
pub mod paint;
pub mod plot;
mod profiles;
pub mod rank;
pub mod reason;
mod run;
pub mod share;
pub mod shell;
mod step;
mod rail;
mod strip;
mod style;
pub mod theme;
pub mod widget;

use std::path::PathBuf;
use std::sync::Arc;

use crate::catalog::Breadth;
use crate::formats::sheet::card::Pixels;
use crate::reasoning::requests::Trial;

/// What a view wants done that it cannot do itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Measure this machine: RAM, GPUs, links and disk.
    Measure,
    /// Stop measuring; the old result stays.
    CancelMeasuring,
    /// Read this machine again.
    Detect,
    /// Choose another machine.
    PickMachine(MachineChoice),
    /// Keep the machine on screen as a profile of the user's own, under its name.
    SaveProfile,
    /// Write the machine on screen to a file chosen in a dialog.
    ExportProfile,
    /// Write it to this path.
    ExportTo(PathBuf),
    /// Open a profile chosen in a dialog.
    OpenProfile,
    /// Open the model or the profile at this path.
    OpenPath(PathBuf),
    /// Put a text on the clipboard.
    Copy(String),
    /// Rank every model on the machine on screen, at so many quants.
    Rank(Breadth),
    /// Look for the largest context of each model ranked.
    FindContexts,
    /// Put a picture on the clipboard.
    CopyPicture(Arc<Pixels>),
    /// Write a file where the user says in a dialog.
    Write(Exported),
    /// Write the file last exported to this path.
    WriteTo(PathBuf),
    /// Predict every published measurement.
    Compare,
    /// Work out a run of many requests.
    Simulate(Trial),
    /// Look for models on this disk.
    LookForFiles,
    /// Stop looking; the old list stays.
    StopLooking,
    /// Ask about every file found, on the machine on screen.
    JudgeFiles,
    /// Look in a folder chosen in a dialog, too.
    AddFolder,
    /// Look in this folder, too.
    AddFolderAt(PathBuf),
    /// Look in this folder no more.
    RemoveFolder(PathBuf),
    /// Open a model chosen in a dialog.
    OpenModel,
    /// Run `llama-bench` for the model on screen.
    RunBench,
    /// End it; nothing is taken from it.
    CancelBench,
    /// Keep what is edited among the user's own.
    SaveOwn(Own),
    /// Write what is edited to a file chosen in a dialog.
    ExportOwn(Own),
    /// Write it to this path.
    ExportOwnTo(Own, PathBuf),
    /// Remove what is edited from the user's own; it stays on screen.
    RemoveOwn(Own),
    /// Open the document in a share code.
    OpenCode(String),
    /// Ask the system for what was copied; a share code in it is opened.
    Paste,
}

/// A file that is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// The name to suggest, without its ending.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// What stands in it.
    pub bytes: Arc<[u8]>,
}

/// Kinds of files that are written for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A table.
    Csv,
    /// A report.
    Text,
    /// A picture in vectors.
    Svg,
    /// A picture in pixels.
    Png,
}

impl FileKind {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "table",
            Self::Text => "report",
            Self::Svg | Self::Png => "picture",
        }
    }

    /// How its name ends.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Text => "txt",
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }
}

/// What a user edits and keeps besides machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// A model.
    Model,
    /// A quant.
    Quant,
}

/// Which machine is on screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MachineChoice {
    /// The one at hand.
    #[default]
    This,
    /// A ready-made one, by id.
    BuiltIn(String),
    /// One of the user's own, by id.
    Own(String),
}

pub use plot::MemoryUnit;

/// Whether the hand holds nothing. While it does a drag goes on, and what costs more than a frame waits.
fn resting(ui: &egui::Ui) -> bool {
    !ui.input(|input| input.pointer.any_down())
}
