//! The answer on paper, as it is before it leaves: a card, a report, the curves as a table, the machine as a code.
//!
//! What is shown is what is written, to the pixel and to the letter.

mod preview;

use std::sync::Arc;

use egui::{Align, Key, Layout, Ui};

use crate::formats::machine_doc::{self, MachineDoc, Origin};
use crate::formats::share_code;
use crate::formats::sheet::card::{self, Ground, Pixels, SCALE};
use crate::formats::sheet::{self, Sheet};
use crate::hardware::{Machine, Source};
use crate::scenario::Scenario;

use super::bench::{Workbench, Workspace};
use super::memo::Memo;
use super::paint::icon::Icon;
use super::widget::button::Button;
use super::widget::segmented::segmented;
use super::{Command, Exported, FileKind, MachineChoice, MemoryUnit, fonts, inks, theme};

/// What an answer leaves the window as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A picture with the curves.
    #[default]
    Card,
    /// Plain text.
    Report,
    /// A table for other programs.
    Curves,
    /// The machine as a share code.
    Machine,
}

/// What the user chose on this page.
#[derive(Default)]
pub struct SharePage {
    /// As what.
    pub form: Form,
    /// Light or dark; none for what the window is.
    pub ground: Option<Ground>,
    sheet: Memo<(Scenario, MemoryUnit), Arc<Sheet>>,
    card: Memo<(Scenario, Ground), (String, Arc<Pixels>)>,
    machine: Memo<MachineDoc, Result<[String; 2], String>>,
    text: Memo<(Scenario, Form), Arc<str>>,
    shown: preview::Shown,
}

impl Workbench {
    /// The machine on screen as a profile for others. What somebody else measured stays theirs.
    #[must_use]
    pub fn machine_document(&self) -> MachineDoc {
        let machine = &*self.scenario.machine;
        let mut doc = MachineDoc::new(machine.for_others());
        if matches!(self.choice, MachineChoice::BuiltIn(_)) || is_measured_elsewhere(machine) {
            doc.origin = Origin::Foreign;
        }
        doc
    }

    fn sheet(&mut self) -> Arc<Sheet> {
        let (scenario, answer, points) = (self.scenario.clone(), self.answer().clone(), self.points().to_vec());
        let key = (scenario, self.unit);
        let make =
            |(scenario, unit): &(Scenario, MemoryUnit)| Arc::new(Sheet::of(scenario, answer, points).in_unit(*unit));
        self.share.sheet.get(key, make).clone()
    }
}

/// Whether a measured figure is its author's.
fn is_measured_elsewhere(machine: &Machine) -> bool {
    let mut measured = machine.pools.iter().filter_map(|pool| pool.read_measured.as_ref());
    !machine.is_this() && measured.any(|figure| figure.source == Source::Reported)
}

/// Draws the page.
pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let palette = theme::palette(ui);
    let mut command = None;
    let busy = egui::Popup::is_any_open(ui.ctx()) || ui.ctx().text_edit_focused();
    let mut done = !busy && ui.input(|input| input.key_pressed(Key::Escape));
    ui.horizontal(|ui| {
        ui.label(fonts::verdict_text("Share").color(palette.t1));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            done |= ui.add(Button::new("Done")).clicked();
        });
    });
    ui.label(
        fonts::body(
            "Exactly what is below leaves, and only when you say so: no path, no name of yours or of your computer.",
        )
        .color(palette.t2),
    );
    ui.add_space(8.0);
    let window = if ui.theme() == egui::Theme::Dark { Ground::Dark } else { Ground::Light };
    let mut ground = bench.share.ground.unwrap_or(window);
    ui.horizontal_wrapped(|ui| {
        let forms =
            [(Form::Card, "Card"), (Form::Report, "Report"), (Form::Curves, "Curves"), (Form::Machine, "Machine")];
        segmented(ui, "Share as", &mut bench.share.form, &forms);
        if bench.share.form == Form::Card {
            ui.add_space(4.0);
            let before = ground;
            segmented(ui, "Ground of the card", &mut ground, &Ground::ALL.map(|ground| (ground, ground.name())));
            if ground != before {
                bench.share.ground = Some(ground);
            }
        }
        ui.add_space(8.0);
        command = acts(ui, bench, ground);
    });
    ui.add_space(10.0);
    match bench.share.form {
        Form::Card => {
            let (told, pixels) = card(bench, ground);
            preview::picture(ui, &mut bench.share.shown, &pixels, &told);
        }
        Form::Report | Form::Curves => {
            let text = text(bench);
            preview::text(ui, &text);
        }
        Form::Machine => match machine(bench) {
            Ok([code, document]) => preview::code(ui, &code, &document),
            Err(error) => _ = ui.label(fonts::body(error).color(palette.verdict.no)),
        },
    }
    if done {
        bench.workspace = Workspace::Run;
    }
    command
}

/// What can be done with what is shown.
fn acts(ui: &mut Ui, bench: &mut Workbench, ground: Ground) -> Option<Command> {
    let form = bench.share.form;
    let copy = ui.add(Button::new("Copy").icon(Icon::Copy).primary()).clicked();
    let file = |bench: &mut Workbench, kind: FileKind, bytes: Vec<u8>| {
        Some(Command::Write(Exported { name: bench.sheet().file_name(), kind, bytes: bytes.into() }))
    };
    match form {
        Form::Card => {
            if ui.add(Button::new("Save PNG…").icon(Icon::Save)).clicked() {
                let (_, pixels) = card(bench, ground);
                return match card::png(&pixels) {
                    Ok(bytes) => file(bench, FileKind::Png, bytes),
                    Err(error) => {
                        bench.tell_failure(error);
                        None
                    }
                };
            }
            let svg = ui.add(Button::new("Save SVG…").icon(Icon::Save));
            if svg.on_hover_text("Lines and words; set in Inter where its reader has it").clicked() {
                let picture = card::draw(&bench.sheet(), &inks::of(ground));
                return file(bench, FileKind::Svg, card::svg(&picture).into_bytes());
            }
            copy.then(|| Command::CopyPicture(card(bench, ground).1))
        }
        Form::Report | Form::Curves => {
            let kind = if form == Form::Report { FileKind::Text } else { FileKind::Csv };
            if ui.add(Button::new("Save…").icon(Icon::Save)).clicked() {
                let text = text(bench);
                return file(bench, kind, text.as_bytes().to_vec());
            }
            copy.then(|| Command::Copy(text(bench).to_string()))
        }
        Form::Machine => {
            if ui.add(Button::new("Save profile…").icon(Icon::Save)).clicked() {
                return Some(Command::ExportProfile);
            }
            match (copy, machine(bench)) {
                (true, Ok([code, _])) => Some(Command::Copy(code)),
                _ => None,
            }
        }
    }
}

/// The card as it is written, and what it says in a sentence.
fn card(bench: &mut Workbench, ground: Ground) -> (String, Arc<Pixels>) {
    let sheet = bench.sheet();
    let key = (bench.scenario.clone(), ground);
    let drawn = bench.share.card.get(key, |_| {
        let picture = card::draw(&sheet, &inks::of(ground));
        let pixels = Arc::new(card::pixels(&picture, SCALE));
        (picture.told, pixels)
    });
    drawn.clone()
}

/// The report or the table as it is written.
fn text(bench: &mut Workbench) -> Arc<str> {
    let (sheet, shell, form) = (bench.sheet(), bench.shell, bench.share.form);
    let key = (bench.scenario.clone(), form);
    let text = bench.share.text.get(key, |_| match form {
        Form::Curves => sheet::curves(std::slice::from_ref(&sheet)).into(),
        _ => sheet::report(&sheet, shell).into(),
    });
    text.clone()
}

/// The machine's share code, and the document that is in it.
fn machine(bench: &mut Workbench) -> Result<[String; 2], String> {
    let doc = bench.machine_document();
    let made = bench.share.machine.get(doc, |doc| {
        let text = machine_doc::write(doc);
        let code = share_code::encode(&text).map_err(|error| format!("No share code was made: {error}."))?;
        Ok([code, text])
    });
    made.clone()
}
