//! The frame of the window: the bar at the top, the machine at the left, the page.

use egui::{Align, Frame, Key, KeyboardShortcut, Layout, Margin, Modifiers, Panel, Ui};

use crate::catalog::Catalog;

use super::bench::{PathFor, Workbench, Workspace};
use super::paint::icon::Icon;
use super::paint::logo;
use super::widget::button::{Button, icon_button};
use super::widget::segmented::{segmented, tab};
use super::{
    Command, FileKind, MemoryUnit, accuracy, buy, compare, editor, files, fonts, measure, profiles, rail, rank, reason,
    run, share, strip, theme,
};

const UNDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Z);
const REDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
const REDO_TOO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Y);

/// The window's least width for the whole strip beside the page; below it the strip folds to a rail.
const STRIP_BESIDE: f32 = 1100.0;
/// The widest a page grows.
const PAGE: f32 = 2400.0;

/// Whether the strip is folded to a rail.
pub(super) fn is_folded(ctx: &egui::Context) -> bool {
    ctx.content_rect().width() < STRIP_BESIDE
}

/// Draws the window and returns what it wants done. `bench` is none until the machine has been read.
pub fn ui(ui: &mut Ui, bench: Option<&mut Workbench>, catalog: &Catalog) -> Option<Command> {
    let palette = theme::palette(ui);
    let Some(bench) = bench else {
        egui::CentralPanel::default().frame(Frame::new().fill(palette.bg0)).show(ui, |ui| {
            ui.centered_and_justified(|ui| ui.label(fonts::body("Reading this machine…").color(palette.t2)));
        });
        return None;
    };
    shortcuts(ui, bench);
    let mut command = None;
    let bar = Frame::new().fill(palette.bg0).inner_margin(Margin::symmetric(14, 0));
    Panel::top("bar").exact_size(theme::height::TOP_BAR).frame(bar).show(ui, |ui| {
        command = top_bar(ui, bench, catalog);
    });
    let side = Frame::new().fill(palette.bg1).inner_margin(Margin { left: 14, right: 14, top: 12, bottom: 10 });
    if is_folded(ui.ctx()) {
        command = command.take().or(rail::ui(ui, bench));
    } else {
        Panel::left("machine").exact_size(strip::WIDTH).resizable(false).frame(side).show(ui, |ui| {
            command = command.take().or(strip::ui(ui, bench));
        });
    }
    let page = Frame::new().fill(palette.bg0).inner_margin(Margin { left: 16, right: 16, top: 10, bottom: 12 });
    egui::CentralPanel::default().frame(page).show(ui, |ui| {
        ui.set_max_width(ui.available_width().min(PAGE));
        command = command.take().or(notice(ui, bench));
        // An id of its own: a message above that comes or goes must not take the focus from the page.
        let page = ui.push_id("page", |ui| match bench.workspace {
            Workspace::Run => run::ui(ui, bench, catalog),
            Workspace::Rank => rank::ui(ui, bench, catalog),
            Workspace::Reason => reason::ui(ui, bench, catalog),
            Workspace::Files => files::ui(ui, bench),
            Workspace::Profiles => profiles::ui(ui, bench),
            Workspace::Measure => measure::ui(ui, bench),
            Workspace::Accuracy => accuracy::ui(ui, bench, catalog),
            Workspace::Model => editor::model_ui(ui, bench),
            Workspace::Quant => editor::quant_ui(ui, bench),
            Workspace::Buy => buy::ui(ui, bench, catalog),
            Workspace::Share => share::ui(ui, bench),
            Workspace::Compare => compare::ui(ui, bench),
        });
        let asked = page.inner;
        command = command.take().or(asked);
    });
    // A drag is one step: it is noted when the hand rests. So is what is typed into a field of an editor.
    let editing = matches!(bench.workspace, Workspace::Model | Workspace::Quant) && ui.ctx().text_edit_focused();
    if !editing && super::resting(ui) {
        bench.note();
    }
    command
}

fn shortcuts(ui: &Ui, bench: &mut Workbench) {
    if ui.ctx().text_edit_focused() {
        return;
    }
    let pressed = |shortcut: &KeyboardShortcut| ui.input_mut(|input| input.consume_shortcut(shortcut));
    if pressed(&REDO) || pressed(&REDO_TOO) {
        bench.redo();
    } else if pressed(&UNDO) {
        bench.undo();
    }
}

/// Room before the tabs and between them. In the narrowest window seven of them stand beside all that is at the right.
const TABS: [f32; 2] = [20.0, 22.0];
const TABS_NARROW: [f32; 2] = [10.0, 12.0];

/// What the button for the famous model and all that stands at the right need.
const ROOM_FOR_FAMOUS: f32 = 430.0;

fn top_bar(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) -> Option<Command> {
    let palette = theme::palette(ui);
    let mut command = None;
    super::widget::card::rows(ui, theme::height::TOP_BAR);
    ui.horizontal_centered(|ui| {
        logo::logo(ui, 15.0);
        ui.label(fonts::strong("willitrun").size(14.0).color(palette.t1));
        let [before, between] = if is_folded(ui.ctx()) { TABS_NARROW } else { TABS };
        ui.add_space(before);
        ui.spacing_mut().item_spacing.x = between;
        let inside = matches!(bench.workspace, Workspace::Model | Workspace::Quant | Workspace::Share | Workspace::Buy);
        for (workspace, name) in [
            (Workspace::Run, "Run"),
            (Workspace::Rank, "What runs here"),
            (Workspace::Reason, "Reason"),
            (Workspace::Files, "On this disk"),
            (Workspace::Profiles, "Machines"),
            (Workspace::Measure, "Measure"),
            (Workspace::Accuracy, "Accuracy"),
        ] {
            let within = match workspace {
                Workspace::Run => inside,
                Workspace::Profiles => bench.workspace == Workspace::Compare,
                _ => false,
            };
            if tab(ui, name, bench.workspace == workspace || within).clicked() {
                bench.workspace = workspace;
                bench.search.clear();
            }
        }
        if bench.workspace == Workspace::Run && ui.available_width() > ROOM_FOR_FAMOUS {
            run::famous(ui, bench, catalog);
        }
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, Icon::Contrast, "Light or dark").clicked() {
                let dark = ui.theme() == egui::Theme::Dark;
                ui.ctx().set_theme(if dark { egui::Theme::Light } else { egui::Theme::Dark });
                // What stands above was drawn in the other one.
                ui.ctx().request_repaint();
            }
            if icon_button(ui, Icon::Folder, "Open a machine profile…").clicked() {
                command = Some(Command::OpenProfile);
            }
            if icon_button(ui, Icon::Save, "Save this machine as a profile").clicked() {
                command = Some(Command::SaveProfile);
            }
            let redo = ui.add_enabled_ui(bench.can_redo(), |ui| icon_button(ui, Icon::Redo, "Redo")).inner;
            let undo = ui.add_enabled_ui(bench.can_undo(), |ui| icon_button(ui, Icon::Undo, "Undo")).inner;
            if redo.clicked() {
                bench.redo();
            }
            if undo.clicked() {
                bench.undo();
            }
            ui.add_space(12.0);
            segmented(ui, "Memory in", &mut bench.unit, &[(MemoryUnit::Gib, "GiB"), (MemoryUnit::Gb, "GB")])
                .on_hover_text("GiB = 2^30 bytes for memory. Files and bandwidths are always in GB = 10^9 bytes.");
            bench.scenario.unit = bench.unit;
            ui.add_space(8.0);
            // In a narrow window the words give way; the control has its name.
            if ui.available_width() > 64.0 {
                ui.label(fonts::caption("Memory in").color(palette.t3));
            }
        });
    });
    command
}

/// What has to be told, and the path field where no dialog is to be had.
fn notice(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let palette = theme::palette(ui);
    let mut command = None;
    if let Some(notice) = bench.notice.clone() {
        Frame::new()
            .fill(palette.bg3)
            .corner_radius(theme::radius::CONTROL)
            .inner_margin(Margin::symmetric(12, 4))
            .show(ui, |ui| {
                ui.horizontal(|ui| {
                    let ink = if notice.failed { palette.verdict.no } else { palette.t1 };
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        if super::widget::button::small_icon_button(ui, Icon::Close, "Close this message").clicked() {
                            bench.notice = None;
                        }
                        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                            ui.add(egui::Label::new(fonts::body(&notice.text).color(ink)).wrap());
                        });
                    });
                });
            });
        ui.add_space(8.0);
    }
    if let Some(purpose) = bench.path_asked {
        let (hint, act) = match purpose {
            PathFor::Open => ("Path of a file to open, or a share code…", "Open"),
            PathFor::Export => ("Path to write this machine to…", "Write"),
            PathFor::Model => ("Path of a model file to open…", "Open"),
            PathFor::Folder => ("Path of a folder with models…", "Add"),
            PathFor::ExportOwn(_) => ("Path to write it to…", "Write"),
            PathFor::Write(FileKind::Csv) => ("Path of a table (.csv) to write…", "Write"),
            PathFor::Write(FileKind::Text) => ("Path of a report (.txt) to write…", "Write"),
            PathFor::Write(FileKind::Svg) => ("Path of a picture (.svg) to write…", "Write"),
            PathFor::Write(FileKind::Png) => ("Path of a picture (.png) to write…", "Write"),
        };
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.add(Button::new("Cancel")).clicked() {
                    bench.path_asked = None;
                }
                let go = ui.add(Button::new(act).primary()).clicked();
                let field = egui::TextEdit::singleline(&mut bench.path)
                    .id_salt("path")
                    .hint_text(hint)
                    .desired_width(ui.available_width())
                    .align(egui::Align2::LEFT_CENTER);
                let field = ui.add(field).accessible_name(hint);
                let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                if (go || entered) && !bench.path.trim().is_empty() {
                    let path = std::path::PathBuf::from(bench.path.trim());
                    bench.path_asked = None;
                    command = Some(match purpose {
                        PathFor::Open if bench.path.trim().starts_with("WIR") => {
                            Command::OpenCode(bench.path.trim().to_owned())
                        }
                        PathFor::ExportOwn(own) => Command::ExportOwnTo(own, path),
                        PathFor::Write(_) => Command::WriteTo(path),
                        PathFor::Open | PathFor::Model => Command::OpenPath(path),
                        PathFor::Folder => Command::AddFolderAt(path),
                        PathFor::Export => Command::ExportTo(path),
                    });
                }
            });
        });
        ui.add_space(8.0);
    }
    command
}
