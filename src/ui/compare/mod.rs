//! Two to four machines side by side: the same question of each, its curves on the same plots, and in what they differ.

mod table;

use std::sync::Arc;

use egui::{Align, Key, Layout, Ui, vec2};

use crate::advice;
use crate::formats::sheet::{self, Sheet};
use crate::hardware::Machine;
use crate::scenario::{Answer, Point, Scenario, contexts, evaluate_here, largest_context, sweep};
use crate::units::Tokens;

use super::bench::{Workbench, Workspace, without_context};
use super::memo::Memo;
use super::paint::icon::Icon;
use super::plot::{self, Curves, MOST_MACHINES, Series};
use super::widget::button::Button;
use super::widget::scroll::scroll;
use super::{Command, Exported, FileKind, MachineChoice, fonts, theme};

/// The least number of machines that are compared.
pub const LEAST: usize = 2;
/// The width below which plots stand under each other.
const SIDE_BY_SIDE: f32 = 700.0;
const GAP: f32 = 12.0;

/// A machine that is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The one on screen, with all that is typed over it.
    OnScreen,
    /// One of the list, as it is there.
    Listed(MachineChoice),
}

/// What the user chose to compare, with the answers.
pub struct ComparePage {
    /// Which machines, in order.
    pub chosen: Vec<Compared>,
    lanes: [Lane; MOST_MACHINES],
}

impl Default for ComparePage {
    fn default() -> Self {
        Self { chosen: vec![Compared::OnScreen], lanes: Default::default() }
    }
}

/// The answers of one machine.
#[derive(Default)]
struct Lane {
    answer: Memo<Scenario, Answer>,
    fits_max: Memo<Scenario, Option<Tokens>>,
    points: Memo<Scenario, Arc<[Point]>>,
}

impl ComparePage {
    /// Whether one more may be taken in.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.chosen.len() < MOST_MACHINES
    }

    /// Takes a machine in or out.
    pub fn toggle(&mut self, one: Compared) {
        if self.chosen.contains(&one) {
            self.chosen.retain(|other| *other != one);
        } else if self.has_room() {
            self.chosen.push(one);
        }
    }
}

impl Workbench {
    /// A machine that is compared, if it is still there.
    fn compared(&self, one: &Compared) -> Option<Arc<Machine>> {
        match one {
            Compared::OnScreen => Some(self.scenario.machine.clone()),
            Compared::Listed(MachineChoice::This) => self.this.clone(),
            Compared::Listed(choice) => {
                let listed = self.machines.iter().find(|listed| listed.choice == *choice)?;
                Some(listed.machine.clone())
            }
        }
    }

    /// Leaves out what is no more, and the machine of the list that is the one on screen to the last figure.
    pub(super) fn settle_compared(&mut self) {
        let on_screen = self.compare.chosen.contains(&Compared::OnScreen) && !self.is_edited();
        let mut chosen = std::mem::take(&mut self.compare.chosen);
        chosen.retain(|one| match one {
            Compared::OnScreen => true,
            Compared::Listed(choice) => !(on_screen && *choice == self.choice) && self.compared(one).is_some(),
        });
        self.compare.chosen = chosen;
    }

    /// The question as it is asked of each machine.
    fn asked(&self) -> Vec<(Compared, Scenario)> {
        let of = |one: &Compared| {
            let machine = self.compared(one)?;
            let scenario = match one {
                Compared::OnScreen => self.scenario.clone(),
                Compared::Listed(_) => advice::asked_of(&self.scenario, machine),
            };
            Some((one.clone(), scenario))
        };
        self.compare.chosen.iter().filter_map(of).collect()
    }
}

/// A machine in its column.
struct Column {
    which: Compared,
    name: String,
    scenario: Scenario,
    answer: Answer,
    points: Arc<[Point]>,
}

fn columns(bench: &mut Workbench) -> Vec<Column> {
    let asked = bench.asked();
    let edited = bench.is_edited();
    let lanes = &mut bench.compare.lanes;
    let column = |((which, scenario), lane): ((Compared, Scenario), &mut Lane)| {
        let points = lane.points.get(without_context(&scenario), |scenario| {
            let points = sweep(scenario, &contexts(scenario.subject.model.max_context));
            Arc::from(points)
        });
        let points = points.clone();
        // As on the page of one machine, a drag does not look for the largest context again.
        let fits_max = *lane.fits_max.get(without_context(&scenario), largest_context);
        let here = lane.answer.get(scenario.clone(), |scenario| Answer { fits_max, ..evaluate_here(scenario) });
        let answer = here.clone();
        let name = if scenario.machine.is_this() { "This machine" } else { &scenario.machine.name };
        let name = if edited && which == Compared::OnScreen { format!("{name}, changed") } else { name.to_owned() };
        Column { which, name, scenario, answer, points }
    };
    asked.into_iter().zip(lanes).map(column).collect()
}

/// Draws the page.
pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let palette = theme::palette(ui);
    let mut command = None;
    let mut done = !egui::Popup::is_any_open(ui.ctx()) && ui.input(|input| input.key_pressed(Key::Escape));
    bench.settle_compared();
    let columns = columns(bench);
    ui.horizontal(|ui| {
        ui.label(fonts::verdict_text("Compare").color(palette.t1));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            done |= ui.add(Button::new("Done")).clicked();
            if ui.add(Button::new("Save curves…").icon(Icon::Save)).clicked() {
                command = Some(export(&columns));
            }
        });
    });
    let scenario = &bench.scenario;
    let subject = &scenario.subject;
    let asked = format!(
        "{} {}, context {}, {}; click in a plot for another context.",
        subject.model.name, subject.quant.id, scenario.run.context, scenario.engine.name
    );
    ui.add(egui::Label::new(fonts::body(asked).color(palette.t2)).truncate());
    ui.add_space(8.0);
    let mut context = None;
    let mut out = None;
    if columns.len() >= LEAST {
        let height = ui.available_height();
        scroll(ui, "compare", height, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            context = plots(ui, bench, &columns, (height * 0.42).clamp(190.0, 420.0));
            ui.add_space(GAP);
            out = table::ui(ui, bench.unit, &columns);
        });
    } else {
        ui.label(fonts::body("Tick two to four machines on the page Machines.").color(palette.t2));
    }
    if let Some(context) = context {
        bench.scenario.run.context = context;
    }
    if let Some(out) = out {
        bench.compare.toggle(out);
    }
    if done {
        bench.workspace = Workspace::Profiles;
    }
    command
}

fn plots(ui: &mut Ui, bench: &Workbench, columns: &[Column], height: f32) -> Option<Tokens> {
    let seen: Vec<Machine> = columns.iter().map(|column| column.scenario.seen().into_owned()).collect();
    let limit = bench.scenario.subject.model.max_context;
    let series: Vec<Series<'_>> = columns
        .iter()
        .zip(&seen)
        .map(|(column, machine)| Series {
            name: &column.name,
            curves: Curves {
                points: &column.points,
                machine,
                context: bench.scenario.run.context,
                limit,
                fits_max: column.answer.fits_max,
                unit: bench.unit,
                before: None,
                ceiling: column.scenario.engine.ideal,
                anchors: &[],
            },
        })
        .collect();
    let width = ui.available_width();
    let mut asked = None;
    let mut place = |ui: &mut Ui, width: f32| {
        ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::Min), |ui| {
            ui.set_width(width);
            asked = asked.or(plot::memory_of(ui, &series));
        });
        ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::Min), |ui| {
            ui.set_width(width);
            asked = asked.or(plot::speed_of(ui, &series));
        });
    };
    if width >= SIDE_BY_SIDE {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            place(ui, (width - GAP) / 2.0);
        });
    } else {
        ui.spacing_mut().item_spacing.y = GAP;
        place(ui, width);
    }
    asked
}

/// The curves of all as one table.
fn export(columns: &[Column]) -> Command {
    let sheets: Vec<Sheet> = columns
        .iter()
        .map(|column| Sheet::of(&column.scenario, column.answer.clone(), column.points.to_vec()))
        .collect();
    let bytes = sheet::curves(&sheets).into_bytes().into();
    Command::Write(Exported { name: "willitrun-compared".to_owned(), kind: FileKind::Csv, bytes })
}
