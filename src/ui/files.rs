//! The models on this disk, with what each does on the machine on screen.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Align, Align2, Label, Layout, TextEdit, Ui};
use egui_extras::{Column, TableBuilder, TableRow};

use crate::advice::Ranked;
use crate::hardware::Finding;
use crate::scenario::{Scenario, Subject};
use crate::units::{Bytes, TokensPerSecond};
use crate::verdict::Level;

use super::bench::{Workbench, glyph_of, is_same_but_for_the_model};
use super::paint::icon::Icon;
use super::paint::verdict;
use super::widget::button::{Button, small_icon_button};
use super::widget::card::{card_frame, rows};
use super::{Command, fonts, theme};

/// What is known of the models on this disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Files {
    /// Each model once.
    pub rows: Vec<FileRow>,
    /// Where they were looked for.
    pub looked: Vec<Looked>,
    /// What the search found worth saying.
    pub findings: Vec<Finding>,
    /// Folders of the user's own.
    pub folders: Vec<PathBuf>,
    /// A search under way.
    pub looking: Option<Looking>,
    /// Whether a search has ended since the start.
    pub looked_once: bool,
    /// Whether to look again once the search under way has ended.
    pub again: bool,
    /// The question the answers in the rows belong to.
    pub judged: Option<Judged>,
}

/// What a search brought.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// Each model once, with its answer.
    pub rows: Vec<FileRow>,
    /// Where they were looked for.
    pub looked: Vec<Looked>,
    /// What is worth saying.
    pub findings: Vec<Finding>,
    /// The question that was asked about each.
    pub asked: Scenario,
}

/// A model on this disk.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRow {
    /// Its name.
    pub name: String,
    /// Its quant; empty where it is not known.
    pub quant: String,
    /// Where it lies.
    pub path: String,
    /// What it takes on the disk.
    pub bytes: Bytes,
    /// Files it lies in.
    pub files: usize,
    /// Whose folder it is in.
    pub program: &'static str,
    /// What it is, where it cannot be asked about.
    pub kind: &'static str,
    /// Whether it is a whole model, of a known shape or not.
    pub is_model: bool,
    /// What to ask about, or why nothing can be.
    pub subject: Result<Arc<Subject>, String>,
    /// Its answer on the machine on screen.
    pub answer: Option<Ranked>,
}

/// A folder that was looked in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Whose it is.
    pub program: &'static str,
    /// Which.
    pub folder: PathBuf,
    /// What was in it.
    pub said: String,
    /// Whether it exists.
    pub is_there: bool,
}

/// How far a search is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looking {
    /// Names looked at.
    pub names: u64,
    /// Models found.
    pub models: usize,
    /// Where it is.
    pub folder: String,
}

/// A question asked about every file.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The machine and the run options.
    pub asked: Scenario,
    /// Whether new answers are on their way.
    pub running: bool,
}

impl Judged {
    /// Whether a question has the same answers: everything but the model counts.
    #[must_use]
    pub fn answers(&self, scenario: &Scenario) -> bool {
        is_same_but_for_the_model(&self.asked, scenario)
    }
}

impl Files {
    /// Takes in what a search brought.
    pub fn take(&mut self, search: Search) {
        self.rows = search.rows;
        self.looked = search.looked;
        self.findings = search.findings;
        self.judged = Some(Judged { asked: search.asked, running: false });
    }
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let files = &bench.files;
    let current = files.judged.as_ref().is_some_and(|judged| judged.answers(&bench.scenario));
    let mut command = match &files.looking {
        Some(_) => None,
        None if !files.looked_once => Some(Command::LookForFiles),
        // A drag is waited for: each judgement asks about every file.
        None => (!current && !files.rows.is_empty() && super::resting(ui)).then_some(Command::JudgeFiles),
    };
    title(ui, bench);
    ui.add_space(8.0);
    command = buttons(ui, bench).or(command);
    ui.add_space(8.0);
    if bench.files.rows.is_empty() {
        return looked_in(ui, bench).or(command);
    }
    ui.add(
        TextEdit::singleline(&mut bench.search)
            .hint_text("model, quant, program…")
            .align(Align2::LEFT_CENTER)
            .desired_width(320.0),
    )
    .accessible_name("Search files");
    ui.add_space(8.0);
    // The list of folders stands below the table, so its room is kept: its lines, and the card's frame and header.
    let lines = 18.0 * (bench.files.findings.len().min(2) + 2) as f32;
    let foot = lines + 26.0 * bench.files.folders.len().min(4) as f32 + 56.0;
    let height = (ui.available_height() - foot).max(120.0);
    let picked = card_frame(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        table(ui, bench, height)
    });
    if let Some(row) = picked.inner {
        match row.subject {
            Ok(subject) => bench.ask_file(subject),
            Err(why) => bench.tell(why),
        }
    }
    ui.add_space(8.0);
    looked_in(ui, bench).or(command)
}

fn title(ui: &mut Ui, bench: &Workbench) {
    let palette = theme::palette(ui);
    let files = &bench.files;
    let answers = || files.rows.iter().filter_map(|row| row.answer.as_ref());
    let whole = files.rows.iter().filter(|row| row.is_model).count();
    let well = answers().filter(|answer| answer.level == Level::RunsWell).count();
    let bytes: Bytes = files.rows.iter().map(|row| row.bytes).sum();
    let (title, said) = match (files.rows.len(), &files.looking) {
        (0, Some(_)) => ("Looking for models…".to_owned(), String::new()),
        (0, None) if !files.looked_once => ("Models on this disk".to_owned(), String::new()),
        (0, None) => ("No models found on this disk".to_owned(), String::new()),
        _ => (
            if whole == 1 { "1 model on this disk".to_owned() } else { format!("{whole} models on this disk") },
            format!(
                "{} in all; {well} run well on {} at a context of {}, or the model's limit. Click one to ask about it.",
                bytes.in_gb(),
                bench.base.name,
                bench.scenario.run.context
            ),
        ),
    };
    ui.label(fonts::verdict_text(title).color(palette.t1));
    let said = match &files.looking {
        Some(at) => format!("{} names, {} models, in {}", at.names, at.models, at.folder),
        None => said,
    };
    if said.is_empty() {
        ui.label(
            fonts::body(
                "Files of Ollama, LM Studio, llama.cpp, the Hugging Face cache, Jan, GPT4All and your own folders.",
            )
            .color(palette.t2),
        );
    } else {
        ui.add(Label::new(fonts::body(said).color(palette.t2)).truncate());
    }
}

fn buttons(ui: &mut Ui, bench: &Workbench) -> Option<Command> {
    let mut command = None;
    ui.horizontal(|ui| {
        if ui.add(Button::new("Open a model file…").icon(Icon::Folder).primary()).clicked() {
            command = Some(Command::OpenModel);
        }
        if ui.add(Button::new("Add a folder…").icon(Icon::Plus)).clicked() {
            command = Some(Command::AddFolder);
        }
        if bench.files.looking.is_some() {
            if ui.add(Button::new("Stop")).clicked() {
                command = Some(Command::StopLooking);
            }
        } else if ui.add(Button::new("Scan again").icon(Icon::Reset)).clicked() {
            command = Some(Command::LookForFiles);
        }
    });
    command
}

/// The table; gives the row that was clicked.
fn table(ui: &mut Ui, bench: &Workbench, height: f32) -> Option<FileRow> {
    let palette = theme::palette(ui);
    let wanted = bench.search.to_lowercase();
    let fits = |row: &&FileRow| {
        let text = format!("{} {} {} {}", row.name, row.quant, row.program, row.kind).to_lowercase();
        wanted.split_whitespace().all(|word| text.contains(word))
    };
    let shown: Vec<&FileRow> = bench.files.rows.iter().filter(fits).collect();
    let mut picked = None;
    TableBuilder::new(ui)
        .striped(false)
        .sense(egui::Sense::click())
        .max_scroll_height(height)
        .auto_shrink([false, true])
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(118.0))
        .column(Column::remainder().at_least(110.0).clip(true))
        .column(Column::exact(68.0).clip(true))
        .column(Column::exact(66.0))
        .column(Column::exact(50.0))
        .column(Column::exact(86.0).clip(true))
        .header(22.0, |mut row| {
            for text in ["Verdict", "Model", "Quant", "Size", "tokens/s", "Found in"] {
                row.col(|ui| {
                    ui.label(fonts::caption(text).color(palette.t3));
                });
            }
        })
        .body(|body| {
            body.rows(27.0, shown.len(), |mut row| {
                let file = shown[row.index()];
                cells(&mut row, file);
                if row.response().clicked() {
                    picked = Some(file.clone());
                }
            });
        });
    picked
}

fn cells(row: &mut TableRow<'_, '_>, file: &FileRow) {
    row.col(|ui| {
        let palette = theme::palette(ui);
        if let Some(answer) = &file.answer {
            verdict::glyph(ui, glyph_of(answer.level), 14.0);
            ui.label(fonts::small(answer.level.words()).color(glyph_of(answer.level).color(palette)));
        } else {
            ui.label(fonts::small(file.kind).color(palette.t3));
        }
    });
    row.col(|ui| {
        let palette = theme::palette(ui);
        let ink = if file.subject.is_ok() { palette.t1 } else { palette.t2 };
        ui.add(Label::new(fonts::medium(&file.name).size(12.5).color(ink)).truncate()).on_hover_text(&file.path);
    });
    let mut text = |text: String| {
        row.col(|ui| {
            ui.label(fonts::small(text).color(theme::palette(ui).t2));
        });
    };
    let dash = || "—".to_owned();
    text(if file.quant.is_empty() { dash() } else { file.quant.clone() });
    text(file.bytes.in_gb());
    let rate = file.answer.as_ref().and_then(|answer| answer.rate);
    text(rate.map_or_else(dash, |rate| TokensPerSecond::saturating(rate).to_string()));
    text(file.program.to_owned());
}

/// Where the models were looked for, what is worth saying, and the user's own folders.
fn looked_in(ui: &mut Ui, bench: &Workbench) -> Option<Command> {
    let palette = theme::palette(ui);
    let files = &bench.files;
    let mut command = None;
    rows(ui, 18.0);
    ui.spacing_mut().item_spacing.y = 2.0;
    for finding in files.findings.iter().take(2) {
        let text = format!("{} {}", finding.what, finding.remedy);
        ui.add(Label::new(fonts::small(&text).color(palette.t1)).truncate()).on_hover_text(text);
    }
    let list = |there: bool| {
        let own =
            files.looked.iter().filter(|looked| looked.is_there == there && !files.folders.contains(&looked.folder));
        let one = |looked: &Looked| {
            let name = format!("{} {}", looked.program, looked.folder.display());
            if there { format!("{name} ({})", looked.said) } else { name }
        };
        own.map(one).collect::<Vec<_>>().join(", ")
    };
    for (what, there) in [("Looked in", true), ("Not there", false)] {
        let folders = list(there);
        if !folders.is_empty() {
            let text = format!("{what}: {folders}");
            let label = Label::new(fonts::caption(&text).color(palette.t3));
            if files.rows.is_empty() {
                ui.add(label.wrap())
            } else {
                ui.add(label.truncate())
            };
        }
    }
    if files.rows.is_empty() && files.looked_once && files.looking.is_none() {
        ui.add_space(6.0);
        let remedy = "Add the folder your models are in, open a file, or drop one on the window.";
        ui.label(fonts::body(remedy).color(palette.t1));
    }
    for folder in &files.folders {
        ui.horizontal(|ui| {
            let name = folder.display().to_string();
            if small_icon_button(ui, Icon::Close, &format!("Remove the folder {name}")).clicked() {
                command = Some(Command::RemoveFolder(folder.clone()));
            }
            let said = files.looked.iter().find(|looked| looked.folder == *folder);
            let said = said.map_or_else(String::new, |looked| format!(" ({})", looked.said));
            ui.add(Label::new(fonts::caption(format!("Your folder {name}{said}")).color(palette.t2)).truncate());
        });
    }
    command
}
