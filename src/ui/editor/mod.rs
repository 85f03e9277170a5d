//! Models and quants under the hand: duplicate a preset, change any field, see everything follow.

mod foot;
mod model;
mod quant;
mod row;
mod state;

pub(super) use state::{ModelEditor, QuantEditor};

pub(super) use model::ui as model_ui;
pub(super) use quant::ui as quant_ui;

use egui::{Align, Layout, Ui, vec2};

use crate::units::Bytes;

use super::bench::Workbench;
use super::widget::card::figure;

/// The width of a column of cards.
const COLUMN: f32 = 300.0;
const GAP: f32 = 12.0;

/// What draws a card.
type Card<'a> = Box<dyn FnOnce(&mut Ui) + 'a>;

/// The head of both pages: the answer, and what the model is made of, as they follow every change.
fn head(ui: &mut Ui, bench: &mut Workbench) {
    super::run::verdict(ui, bench);
    ui.add_space(4.0);
    let per_token = bench.answer().kv_per_token;
    let total: Bytes = bench.answer().plan.pools.iter().map(crate::placement::PoolUse::total).sum();
    let subject = bench.scenario.subject.clone();
    let size = |bytes: Bytes| bench.unit.of(bytes);
    let active = subject.model.active_params(subject.experts_used);
    let per_token = match per_token.get() {
        0 => "—".to_owned(),
        bytes => format!("{:.1} KiB", bytes as f64 / 1024.0),
    };
    let facts = [
        (subject.model.params().to_string(), "parameters"),
        (active.to_string(), "active per token"),
        (subject.weights.file.in_gb(), "file"),
        (format!("{:.2}", subject.weights.bits_per_weight), "bits per weight"),
        (per_token, "KV per token"),
        (size(total), "memory in all"),
    ];
    ui.horizontal(|ui| {
        ui.add_space(42.0);
        ui.spacing_mut().item_spacing.x = 22.0;
        for (value, what) in facts {
            figure(ui, &value, what, Align::Min);
        }
    });
    ui.add_space(8.0);
}

/// As many columns as there is room for; each card goes where there is least so far. A card is given with about
/// how many rows it has.
fn columns(ui: &mut Ui, cards: Vec<(usize, Card<'_>)>) {
    let width = ui.available_width();
    let count = ((width + GAP) / (COLUMN + GAP)).floor().clamp(1.0, 4.0) as usize;
    let each = (width - GAP * (count as f32 - 1.0)) / count as f32;
    let mut heights = vec![0_usize; count];
    let mut filled: Vec<Vec<Card<'_>>> = (0..count).map(|_| Vec::new()).collect();
    for (rows, card) in cards {
        let least = heights.iter().enumerate().min_by_key(|(_, height)| **height).map_or(0, |(at, _)| at);
        heights[least] += rows + 2;
        filled[least].push(card);
    }
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing = vec2(GAP, GAP);
        for cards in filled {
            ui.allocate_ui_with_layout(vec2(each, 0.0), Layout::top_down(Align::Min), |ui| {
                ui.set_width(each);
                for card in cards {
                    ui.scope(|ui| {
                        ui.spacing_mut().item_spacing = vec2(8.0, 4.0);
                        card(ui);
                    });
                }
            });
        }
    });
}
