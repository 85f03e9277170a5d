//! What fills each pool of memory, and what is left of it or short.

use egui::{Align, Layout, Ui, vec2};

use crate::hardware::{Machine, PoolKind};
use crate::placement::{Plan, PoolUse};
use crate::ui::bench::{Workbench, pool_title};
use crate::ui::paint::bar::{Part, pool_bar};
use crate::ui::paint::swatch;
use crate::ui::widget::card::rows;
use crate::ui::{MemoryUnit, fonts, theme};
use crate::units::Bytes;

/// What one bar shows: a pool, or several alike as one.
struct Row {
    name: String,
    kind: PoolKind,
    capacity: Bytes,
    usable: Bytes,
    used: PoolUse,
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) {
    let unit = bench.unit;
    let machine = bench.scenario.seen().into_owned();
    let file = bench.scenario.subject.weights.file;
    let plan = bench.answer().plan.clone();
    let palette = theme::palette(ui);
    rows(ui, theme::height::BAR_ROW);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 14.0;
        ui.allocate_ui_with_layout(vec2(124.0, 18.0), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(124.0);
            ui.label(fonts::title("Memory").color(palette.t1));
        });
        for (color, name) in [
            (palette.part.weights, "weights"),
            (palette.part.kv, "KV cache"),
            (palette.part.buffers, "buffers"),
            (palette.line2, "in use, kept free"),
            (palette.bg3, "free"),
        ] {
            swatch(ui, color, name);
        }
        if plan.state() > Bytes::ZERO {
            swatch(ui, palette.part.state, "state");
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(fonts::caption(format!("total {}", unit.of(plan.total()))).color(palette.t3));
        });
    });
    // What is in use on this disk holds the file already, when it was read from there.
    let here = machine.is_this() && bench.scenario.subject.file.is_some();
    for mut row in collect(&machine, &plan) {
        if here && row.kind == PoolKind::Disk {
            row.usable = (row.usable + file).min(row.capacity);
        }
        bar(ui, &row, unit, file);
    }
}

/// The pools to show: those alike as one bar, the disk only when it matters.
fn collect(machine: &Machine, plan: &Plan) -> Vec<Row> {
    let count = |kind: PoolKind| machine.pools.iter().filter(|pool| pool.kind == kind).count();
    let mut rows: Vec<Row> = Vec::new();
    for used in &plan.pools {
        let pool = &machine.pools[used.pool];
        let alike = count(pool.kind);
        if alike > 2
            && pool.kind != PoolKind::Disk
            && let Some(row) = rows.iter_mut().find(|row| row.kind == pool.kind)
        {
            row.capacity += pool.capacity.value;
            row.usable += plan.usable(pool);
            row.used.weights += used.weights;
            row.used.kv += used.kv;
            row.used.state += used.state;
            row.used.compute += used.compute;
            row.used.overhead += used.overhead;
            continue;
        }
        let name = match pool.kind {
            PoolKind::Vram if alike > 2 => format!("{alike} × VRAM"),
            PoolKind::Unified if alike > 2 => format!("{alike} nodes"),
            PoolKind::Ram if alike > 2 => format!("{alike} × RAM"),
            _ => pool_title(machine, pool),
        };
        rows.push(Row {
            name,
            kind: pool.kind,
            capacity: pool.capacity.value,
            usable: plan.usable(pool),
            used: used.clone(),
        });
    }
    // Fastest first.
    let rank = |kind: PoolKind| match kind {
        PoolKind::Vram => 0,
        PoolKind::Unified | PoolKind::Ram => 1,
        PoolKind::Disk => 2,
    };
    rows.sort_by_key(|row| rank(row.kind));
    rows
}

fn bar(ui: &mut Ui, row: &Row, unit: MemoryUnit, file: Bytes) {
    let palette = theme::palette(ui);
    let disk = row.kind == PoolKind::Disk;
    let size = |bytes: Bytes| if disk { bytes.in_gb() } else { unit.of(bytes) };
    let used = &row.used;
    // On a disk the whole file lies, whether it is read from there again or not.
    // What a placement by hand takes of the reserve is kept no longer.
    let kept = row.capacity - row.usable;
    let (kept, weights) = if disk { (kept, file) } else { (kept.min(row.capacity - used.total()), used.weights) };
    let taken = if disk { kept + file } else { used.total() };
    let free = row.capacity.less(taken);
    let buffers = used.compute + used.overhead;
    let figures = [size(kept), size(weights), size(buffers), size(used.state), size(used.kv)];
    let parts: Vec<Part<'_>> = [
        (kept, palette.line2, "in use, kept free"),
        (weights, palette.part.weights, "weights"),
        (buffers, palette.part.buffers, "buffers"),
        (used.state, palette.part.state, "state"),
        (used.kv, palette.part.kv, "KV cache"),
    ]
    .into_iter()
    .zip(&figures)
    .filter(|((amount, ..), _)| amount.get() > 0)
    .map(|((amount, color, name), figure)| Part { amount: amount.as_f64(), color, name, figure })
    .collect();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        cell(ui, 74.0, |ui| {
            ui.add(egui::Label::new(fonts::medium(&row.name).size(12.0).color(palette.t1)).truncate());
        });
        cell(ui, 64.0, |ui| {
            ui.label(fonts::small(size(row.capacity)).color(palette.t2));
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.allocate_ui_with_layout(
                vec2(170.0, theme::height::BAR_ROW),
                Layout::right_to_left(Align::Center),
                |ui| {
                    ui.set_min_width(170.0);
                    ui.spacing_mut().item_spacing.x = 4.0;
                    if disk && free.fits() {
                        ui.label(fonts::small("with the file").color(palette.t3));
                    }
                    let (text, ink) = if free.fits() {
                        (format!("{} free", size(free.size())), palette.t1)
                    } else {
                        (format!("{} short", size(free.size())), palette.verdict.no)
                    };
                    ui.label(fonts::medium(text).size(12.0).color(ink));
                },
            );
            pool_bar(ui, &row.name, row.capacity.as_f64(), &parts);
        });
    });
}

fn cell(ui: &mut Ui, width: f32, contents: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, theme::height::BAR_ROW), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        contents(ui);
    });
}
