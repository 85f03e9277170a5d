//! The sizes of all formats as a picture, with the memory of the machine.

use egui::{Align2, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::hardware::PoolKind;
use crate::quant::Quant;
use crate::ui::bench::Workbench;
use crate::ui::fonts::{self, Weight};
use crate::ui::offer::Offer;
use crate::ui::paint::line::{self, Dash};
use crate::ui::theme;
use crate::ui::widget::card::card;
use crate::units::{Bytes, GB, grouped};

/// A row of the picture.
const LANE: f32 = 17.0;
/// Names at its left.
const NAMES: f32 = 112.0;
/// Labels above it, and the scale below.
const HEAD: f32 = 18.0;
const FOOT: f32 = 20.0;

/// The groups in the order of the list, each once.
fn groups(all: &[Offer]) -> Vec<&str> {
    let mut groups: Vec<&str> = Vec::new();
    for offer in all {
        if !groups.contains(&offer.group.as_str()) {
            groups.push(&offer.group);
        }
    }
    groups
}

/// What memory there is, named, ascending.
fn memories(bench: &Workbench) -> Vec<(&'static str, Bytes)> {
    let machine = bench.scenario.seen();
    let vram: Bytes = machine.gpus().filter(|pool| pool.kind == PoolKind::Vram).map(|pool| pool.capacity.value).sum();
    let host = machine.host();
    let ram = host.map_or(Bytes::ZERO, |pool| pool.capacity.value);
    let shared = host.is_some_and(|pool| pool.kind == PoolKind::Unified);
    let mut all = vec![("VRAM", vram), (if shared { "memory" } else { "RAM" }, ram), ("both", vram + ram)];
    if vram == Bytes::ZERO {
        all.truncate(2);
    }
    all.retain(|(_, bytes)| *bytes > Bytes::ZERO);
    all.sort_by_key(|(_, bytes)| *bytes);
    all
}

/// Sizes of all formats, a row for each kind, with the memory of the machine; a click takes one.
pub(super) fn picture(ui: &mut Ui, bench: &Workbench, all: &[Offer]) -> Option<Quant> {
    let groups = groups(all);
    let memories = memories(bench);
    let file = bench.scenario.subject.weights.file;
    let mut picked = None;
    let readout = |ui: &mut Ui| {
        ui.label(
            fonts::small("the ring is on screen, lines are the memory of this machine").color(theme::palette(ui).t3),
        );
    };
    card(ui, ["File size of every format", "GB, doubling"], readout, |ui| {
        let size = vec2(ui.available_width(), HEAD + LANE * groups.len() as f32 + FOOT);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        response.widget_info(|| {
            let name = format!("File size of {} formats", all.len());
            WidgetInfo::labeled(Role::Image, ui.is_enabled(), name)
        });
        let sizes = || all.iter().map(|offer| offer.file).chain(memories.iter().map(|memory| memory.1)).chain([file]);
        let low = sizes().min().unwrap_or_default().as_f64().max(1.0) * 0.9;
        let high = sizes().max().unwrap_or_default().as_f64().max(low * 2.0) * 1.1;
        let across = egui::Rangef::new(rect.left() + NAMES, rect.right() - 8.0);
        let x = |bytes: f64| across.min + across.span() * ((bytes / low).ln() / (high / low).ln()) as f32;
        let lane = |group: &str| {
            let at = groups.iter().position(|own| *own == group).unwrap_or(0);
            rect.top() + HEAD + LANE * (at as f32 + 0.5)
        };
        let place = |offer: &Offer| pos2(x(offer.file.as_f64()), lane(&offer.group));
        let near = response.hover_pos().and_then(|pointer| {
            let far = |offer: &&Offer| place(offer).distance(pointer);
            all.iter().min_by(|a, b| far(a).total_cmp(&far(b))).filter(|offer| far(offer) < 12.0)
        });
        if ui.is_rect_visible(rect) {
            let (palette, painter) = (theme::palette(ui), ui.painter());
            let small = || fonts::font(11.0, Weight::Regular);
            for group in &groups {
                let y = lane(group);
                painter.hline(across, y, Stroke::new(1.0, palette.line));
                painter.text(pos2(across.min - 10.0, y), Align2::RIGHT_CENTER, group, small(), palette.t2);
            }
            let bottom = rect.bottom() - FOOT;
            ticks(painter, [low, high], &x, bottom);
            let dashes = [Dash::Solid, Dash::Long, Dash::DashDot];
            let mut taken = f32::NEG_INFINITY;
            for ((name, bytes), dash) in memories.iter().zip(dashes) {
                let at = x(bytes.as_f64());
                line::path(
                    painter,
                    &[pos2(at, rect.top() + 12.0), pos2(at, bottom)],
                    Stroke::new(1.5, palette.t3),
                    dash,
                );
                let text = painter.layout_no_wrap((*name).to_owned(), small(), palette.t2);
                let left = (at - text.size().x / 2.0).max(taken).min(rect.right() - text.size().x);
                taken = left + text.size().x + 6.0;
                painter.galley(pos2(left, rect.top() - 1.0), text, palette.t2);
            }
            for offer in all {
                let ink = if near == Some(offer) { palette.accent } else { palette.class.dense };
                painter.circle_filled(place(offer), 3.5, theme::mix(palette.bg2, ink, 0.85));
            }
            let on_screen = all.iter().find(|offer| offer.quant == bench.scenario.subject.quant);
            if let Some(offer) = on_screen {
                crate::ui::paint::ring(painter, place(offer), 7.0, Stroke::new(2.0, palette.accent));
            }
        }
        if response.clicked() {
            picked = near.map(|offer| offer.quant.clone());
        }
        if let Some(offer) = near {
            let text = format!("{}, {}, {:.2} real bits", offer.name, offer.file.in_gb(), offer.bits);
            response.on_hover_text_at_pointer(text);
        }
    });
    picked
}

fn ticks(painter: &egui::Painter, [low, high]: [f64; 2], x: &impl Fn(f64) -> f32, y: f32) {
    let palette = theme::palette(painter.ctx());
    let first = (low / GB as f64).log2().ceil() as i32;
    let mut taken = f32::NEG_INFINITY;
    for power in first..first + 24 {
        let gb = f64::from(power).exp2();
        if gb * GB as f64 > high {
            break;
        }
        let at = x(gb * GB as f64);
        let text = if gb < 1.0 { format!("{gb}") } else { grouped(gb as u64) };
        let galley = painter.layout_no_wrap(text, fonts::font(11.0, Weight::Regular), palette.t3);
        painter.vline(at, y..=y + 3.0, Stroke::new(1.0, palette.line2));
        let left = at - galley.size().x / 2.0;
        if left > taken {
            taken = left + galley.size().x + 8.0;
            painter.galley(pos2(left, y + 5.0), galley, palette.t3);
        }
    }
}
