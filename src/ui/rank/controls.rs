//! What is looked for, at which context and quant, and in which order.

use std::collections::BTreeMap;

use egui::{Align2, ComboBox, Key, TextEdit, Ui};

use crate::catalog::Catalog;
use crate::model::Architecture;
use crate::quant::Mix;
use crate::ui::bench::Workbench;
use crate::ui::paint::icon;
use crate::ui::widget::card::rows;
use crate::ui::{fonts, theme};
use crate::units::{Tokens, grouped};

use super::filter::{Filter, Kind, Order, Quants, SizeClass, Sort};
use super::{Search, column};

/// The least width of the field to type in.
const SEARCH: f32 = 180.0;
const GAP: f32 = 10.0;
/// Widths of context, quant, family, size, kind, licence and order.
const WIDTHS: [f32; 7] = [84.0, 126.0, 100.0, 92.0, 94.0, 100.0, 98.0];
/// Contexts offered.
const CONTEXTS: [u64; 10] = [2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 262_144, 524_288, 1_048_576];

/// Draws the controls. When the page is opened the search is ready to be typed into.
pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let width = ui.available_width();
    let one_row = width - WIDTHS.iter().map(|width| width + GAP).sum::<f32>() >= SEARCH;
    let [context_width, quant_width, .., order_width] = WIDTHS;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        let others = if one_row { WIDTHS.to_vec() } else { vec![context_width, quant_width, order_width] };
        let left = width - others.iter().map(|width| width + GAP).sum::<f32>();
        search(ui, bench, left);
        column(ui, "Context", context_width, |ui| context(ui, bench, context_width));
        column(ui, "Quant", quant_width, |ui| quants(ui, bench, catalog, quant_width));
        if one_row {
            filters(ui, bench, catalog);
        }
        column(ui, "Sort by", order_width, |ui| order(ui, &mut bench.rank.order, order_width));
    });
    if !one_row {
        ui.add_space(6.0);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            filters(ui, bench, catalog);
        });
    }
}

fn search(ui: &mut Ui, bench: &mut Workbench, width: f32) {
    column(ui, "Search", width, |ui| {
        let field = TextEdit::singleline(&mut bench.search)
            .hint_text("model, family, licence, quant…")
            .align(Align2::LEFT_CENTER)
            .desired_width(width)
            .min_size(egui::vec2(width, theme::height::CONTROL));
        let response = ui.add(field).accessible_name("Search ranked models");
        // The click that opened the page takes the keyboard from all that it does not hit; that frame is waited for.
        let clicking = ui.input(|input| input.pointer.any_pressed() || input.pointer.any_released());
        match bench.rank.search {
            Search::Opened if clicking => ui.ctx().request_repaint(),
            Search::Opened => {
                response.request_focus();
                bench.rank.search = Search::Ready;
            }
            Search::Ready => {}
        }
        if response.has_focus() && ui.input(|input| input.key_pressed(Key::ArrowDown)) {
            bench.rank.place.take_focus();
        }
    });
}

fn context(ui: &mut Ui, bench: &mut Workbench, width: f32) {
    let now = bench.scenario.run.context.get();
    let mut choices: Vec<u64> = CONTEXTS.into_iter().chain([now]).collect();
    choices.sort_unstable();
    choices.dedup();
    let mut chosen = now;
    let choices = choices.into_iter().map(|tokens| (tokens, grouped(tokens)));
    list(ui, "Context of the ranking", width, &mut chosen, &grouped(now), choices);
    if chosen != now {
        bench.scenario.run.context = Tokens::new(chosen);
    }
}

fn quants(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog, width: f32) {
    let usual = catalog.quality.ranked.iter().copied();
    let more = [Mix::BF16, Mix::Q5_K_S, Mix::Q4_K_S, Mix::Q4_0, Mix::Q3_K_S, Mix::Q2_K];
    let mut mixes: Vec<Mix> = usual.chain(more).collect();
    mixes.sort_unstable();
    mixes.dedup();
    let all = [Quants::Best, Quants::Usual, Quants::Every].into_iter().chain(mixes.into_iter().map(Quants::One));
    let chosen = &mut bench.rank.quants;
    let shown = chosen.words();
    list(ui, "Quants of the ranking", width, chosen, shown, all.map(|quants| (quants, quants.words().to_owned())));
}

fn order(ui: &mut Ui, order: &mut Order, width: f32) {
    let (mut sort, shown) = (order.sort, order.sort.words());
    list(ui, "Order", width, &mut sort, shown, Sort::ALL.map(|sort| (sort, sort.words().to_owned())));
    if sort != order.sort {
        *order = Order { sort, ..Order::default() };
    }
}

fn filters(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) {
    let [_, _, family, size, kind, licence, _] = WIDTHS;
    let own = &bench.own_models;
    let models = || own.iter().chain(&catalog.models).map(|model| &**model);
    let Filter { family: of_family, size: of_size, kind: of_kind, licence: of_licence, .. } = &mut bench.rank.filter;
    column(ui, "Family", family, |ui| {
        named(ui, "Family", family, of_family, models().map(|model: &Architecture| &model.facts.family));
    });
    column(ui, "Size", size, |ui| {
        let choices = SizeClass::ALL.map(|class| (Some(class), class.words().to_owned()));
        let shown = of_size.map_or("any", SizeClass::words);
        list(ui, "Size", size, of_size, shown, [(None, "any".to_owned())].into_iter().chain(choices));
    });
    column(ui, "Kind", kind, |ui| {
        let choices = Kind::ALL.map(|kind| (Some(kind), kind.words().to_owned()));
        let shown = of_kind.map_or("any", Kind::words);
        list(ui, "Kind", kind, of_kind, shown, [(None, "any".to_owned())].into_iter().chain(choices));
    });
    column(ui, "Licence", licence, |ui| {
        named(ui, "Licence", licence, of_licence, models().map(|model: &Architecture| &model.facts.licence));
    });
}

/// One of the names that models have, with how many have it.
fn named<'a>(
    ui: &mut Ui,
    name: &str,
    width: f32,
    chosen: &mut Option<String>,
    names: impl Iterator<Item = &'a String>,
) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names.filter(|name| !name.is_empty()) {
        *counts.entry(name).or_default() += 1;
    }
    let all = format!("all {}", counts.len());
    let shown = chosen.clone().unwrap_or_else(|| all.clone());
    let each = counts.iter().map(|(name, count)| (Some((*name).to_owned()), format!("{name}   {count}")));
    list(ui, name, width, chosen, &shown, [(None, all.clone())].into_iter().chain(each));
}

/// A list to choose from.
fn list<T: PartialEq>(
    ui: &mut Ui,
    name: &str,
    width: f32,
    chosen: &mut T,
    shown: &str,
    choices: impl IntoIterator<Item = (T, String)>,
) {
    ComboBox::from_id_salt(name)
        .icon(icon::combo)
        .width(width)
        .truncate()
        .selected_text(fonts::medium(shown))
        .height(420.0)
        .show_ui(ui, |ui| {
            rows(ui, theme::height::SMALL);
            for (choice, words) in choices {
                if ui.selectable_label(*chosen == choice, words).clicked() {
                    *chosen = choice;
                }
            }
        })
        .response
        .accessible_name(name);
}
