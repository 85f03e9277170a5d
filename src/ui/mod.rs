//! The window's views: they draw, edit what they are lent, and return what they cannot do themselves.
//!
//! Invariant: no threads, files, detection or measuring in here. Colours exist in [`theme`] only.

pub mod accuracy;
mod anchors;
pub mod bench;
pub mod by_hand;
#[cfg(test)]
mod contrast;
mod figure_row;
pub mod files;
pub mod focus;
pub mod fonts;
mod editor;
mod history;
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
pub mod shell;
mod step;
mod rail;
mod strip;
mod style;
pub mod theme;
pub mod widget;

use std::path::PathBuf;

use crate::catalog::Breadth;
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
    /// Write a ranking to a file chosen in a dialog.
    ExportRanking(String),
    /// Write the ranking last exported to this path.
    ExportRankingTo(PathBuf),
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
