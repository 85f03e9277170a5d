//! The machine folded to a rail of icons, for a narrow window: one icon for each group of figures, with the mark
//! of the figure there that can be trusted least. A click lays the whole strip over the page.

use egui::{Area, Frame, Key, Margin, Order, Panel, Rect, Sense, Stroke, Ui, pos2, vec2};

use crate::hardware::{Figure, Level, Machine, Pool, PoolKind, Source};

use super::bench::{Workbench, mark_of, pool_title};
use super::paint::icon::{self, Icon};
use super::paint::mark::{self, Mark};
use super::{Command, MachineChoice, fonts, strip, theme};

/// The width of the rail.
const WIDTH: f32 = 44.0;
/// The height of an icon with its mark.
const CELL: f32 = 52.0;

/// One icon of the rail.
struct Group {
    icon: Icon,
    name: String,
    mark: Option<Mark>,
}

/// Draws the rail, and the strip over the page while it is open.
pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let palette = theme::palette(ui);
    let id = egui::Id::unique("machine strip open");
    let mut open = ui.data(|data| data.get_temp::<bool>(id)).unwrap_or(false);
    let frame = Frame::new().fill(palette.bg1).inner_margin(Margin::symmetric(0, 8));
    let rail = Panel::left("rail").exact_size(WIDTH).resizable(false).frame(frame).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for group in groups(bench) {
            if cell(ui, &group, open) {
                open = !open;
            }
        }
    });
    let mut command = None;
    if open {
        let rail = rail.response.rect;
        let (at, height) = (pos2(rail.right(), rail.top()), rail.height());
        let area =
            Area::new(egui::Id::unique("machine strip")).order(Order::Middle).fixed_pos(at).show(ui.ctx(), |ui| {
                let margin = Margin { left: 14, right: 14, top: 12, bottom: 10 };
                let edge = Stroke::new(1.0, palette.line);
                Frame::new().fill(palette.bg1).stroke(edge).inner_margin(margin).show(ui, |ui| {
                    ui.set_width(strip::WIDTH - 28.0);
                    ui.set_height(height - 22.0);
                    command = strip::ui(ui, bench);
                });
            });
        let (strip, popup) = (area.response.rect, egui::Popup::is_any_open(ui.ctx()));
        let away = |at: egui::Pos2| !strip.contains(at) && !rail.contains(at);
        let left = ui.input(|input| {
            input.key_pressed(Key::Escape)
                || (input.pointer.any_pressed() && input.pointer.interact_pos().is_some_and(away))
        });
        open &= popup || !left;
    }
    ui.data_mut(|data| data.insert_temp(id, open));
    command
}

/// An icon over its mark; true when it was clicked.
fn cell(ui: &mut Ui, group: &Group, open: bool) -> bool {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(WIDTH, CELL), Sense::click());
    let said = match group.mark {
        Some(mark) => format!("{}, {}", group.name, mark.phrase()),
        None => group.name.clone(),
    };
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, ui.is_enabled(), open, &said));
    let ground = Rect::from_center_size(rect.center(), vec2(36.0, CELL - 6.0));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(ground, theme::radius::CONTROL, palette.bg3);
    }
    let center = rect.center();
    icon::paint_sized(ui.painter(), center - vec2(0.0, 8.0), 16.0, group.icon, palette.t2);
    if let Some(mark) = group.mark {
        mark::paint(ui.painter(), center + vec2(0.0, 11.0), mark, palette);
    }
    response
        .on_hover_ui(|ui| {
            ui.label(fonts::small(said));
        })
        .clicked()
}

/// The groups of the strip: processor, memory of each kind, disk, findings.
fn groups(bench: &Workbench) -> Vec<Group> {
    let machine = &bench.scenario.machine;
    let cpu = if machine.cpu.name.is_empty() { "Processor".to_owned() } else { machine.cpu.name.clone() };
    let told = if bench.choice == MachineChoice::This { Source::Reported } else { Source::DataSheet };
    let mut groups = vec![Group { icon: Icon::Processor, name: cpu, mark: Some(mark_of(told)) }];
    for (kind, icon) in [
        (PoolKind::Ram, Icon::Memory),
        (PoolKind::Unified, Icon::Memory),
        (PoolKind::Vram, Icon::Graphics),
        (PoolKind::Disk, Icon::Disk),
    ] {
        let pools: Vec<&Pool> = machine.pools.iter().filter(|pool| pool.kind == kind).collect();
        let Some(first) = pools.first() else { continue };
        let name = group_name(machine, first, pools.len());
        groups.push(Group {
            icon,
            name,
            mark: pools.iter().filter_map(|pool| worst(pool)).max_by_key(|source| doubt(*source)).map(mark_of),
        });
    }
    let warned = bench.findings.iter().any(|finding| finding.level != Level::Good);
    if warned {
        let count = bench.findings.len();
        let name = format!("{count} {}", if count == 1 { "finding" } else { "findings" });
        groups.push(Group { icon: Icon::Findings, name, mark: None });
    }
    groups
}

fn group_name(machine: &Machine, pool: &Pool, count: usize) -> String {
    let name = match &pool.device {
        Some(device) if !device.name.is_empty() => device.short_name().to_owned(),
        _ => pool_title(machine, pool),
    };
    if count > 1 { format!("{count} × {name}") } else { name }
}

/// The source of a pool's figures that can be trusted least.
fn worst(pool: &Pool) -> Option<Source> {
    let capacity = Some(pool.capacity.source);
    let read = pool.read_measured.as_ref().or(pool.read.as_ref()).map(|read: &Figure<_>| read.source);
    capacity.into_iter().chain(read).max_by_key(|source| doubt(*source))
}

/// How little a source can be trusted, in the order of the legend.
fn doubt(source: Source) -> usize {
    Mark::ALL.iter().position(|mark| *mark == mark_of(source)).unwrap_or_default()
}
