//! What to add to the machine on screen: each step with what it does, and every size of RAM.

mod kits;
mod steps;

use std::sync::Arc;

use egui::{Align, DragValue, Layout, Ui, vec2};

use crate::advice::buying::{self, Row, Shop, Step};
use crate::catalog::Catalog;
use crate::scenario::Scenario;
use crate::units::TokensPerSecond;

use super::bench::{Workbench, Workspace};
use super::memo::Memo;
use super::widget::button::Button;
use super::widget::scroll::scroll;
use super::{Command, fonts, theme};

/// Tokens per second from which an answer comes as fast as it is read.
const WISH: f64 = 10.0;
/// The most that can be wished for.
const MOST: f64 = 1000.0;
/// The width from which sizes of RAM stand beside the steps.
const BESIDE: f32 = 880.0;
/// The share of the width the steps take.
const STEPS: f32 = 0.58;
const GAP: f32 = 12.0;

/// What the page keeps.
#[derive(Debug)]
pub(super) struct Buying {
    wish: f64,
    shop: Option<Arc<Shop>>,
    found: Memo<Scenario, Arc<Found>>,
    named: kits::Named,
}

impl Default for Buying {
    fn default() -> Self {
        Self { wish: WISH, shop: None, found: Memo::default(), named: kits::Named::default() }
    }
}

/// What was found for one question.
#[derive(Debug)]
struct Found {
    steps: Vec<Step>,
    kits: Vec<Row>,
    left_out: Vec<String>,
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench, catalog: &Catalog) -> Option<Command> {
    let palette = theme::palette(ui);
    let answer = bench.answer().clone();
    let shop = bench.buying.shop.get_or_insert_with(|| Arc::new(catalog.shop())).clone();
    let found = bench.buying.found.get(bench.scenario.clone(), |scenario| {
        let steps = buying::steps(scenario, &answer, &shop);
        let left_out = buying::left_out(&scenario.machine);
        Arc::new(Found { steps, kits: buying::ram(scenario, &shop), left_out })
    });
    let found = found.clone();
    head(ui, bench);
    let wish = TokensPerSecond::saturating(bench.buying.wish);
    let mut sorted = found.steps.clone();
    buying::by_wish(&mut sorted, wish);
    let now = answer.bill.as_ref().map(|bill| bill.rate.expected);
    let sentence = sentence(&sorted, buying::reaches(answer.verdict.level, now, wish), now, wish);
    let heading = ui.add(egui::Label::new(fonts::verdict_text(&sentence).size(21.0).color(palette.t1)).wrap());
    heading.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Heading, true, &sentence));
    let subject = &bench.scenario.subject;
    let asked = format!(
        "{} {} on {}, {} tokens of context. Nothing is priced: of steps that reach the wish those come first that \
         usually cost least.",
        subject.model.name, subject.quant.id, bench.scenario.machine.name, bench.scenario.run.context
    );
    ui.add(egui::Label::new(fonts::small(asked).color(palette.t2)).wrap());
    if !found.left_out.is_empty() {
        ui.add(egui::Label::new(fonts::small(found.left_out.join(" ")).color(palette.t3)).wrap());
    }
    ui.add_space(10.0);
    let mut tried = None;
    // Lent to the card, which reads the question beside it.
    let mut named = std::mem::take(&mut bench.buying.named);
    let asked_here = kits::Asked { scenario: &bench.scenario, shop: &shop };
    let height = ui.available_height();
    if ui.available_width() >= BESIDE && !found.kits.is_empty() {
        let width = ui.available_width();
        let left = ((width - GAP) * STEPS).floor();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            column(ui, left, height, |ui| tried = steps::card(ui, &sorted, wish, Some(height)));
            column(ui, width - left - GAP, height, |ui| {
                kits::card(ui, &mut named, &found.kits, &asked_here, bench.unit, Some(height));
            });
        });
    } else {
        scroll(ui, "buy", height, |ui| {
            tried = steps::card(ui, &sorted, wish, None);
            if !found.kits.is_empty() {
                ui.add_space(GAP);
                kits::card(ui, &mut named, &found.kits, &asked_here, bench.unit, None);
            }
        });
    }
    bench.buying.named = named;
    if let Some(scenario) = tried {
        bench.note();
        bench.scenario = scenario;
        bench.workspace = Workspace::Run;
    }
    None
}

fn column(ui: &mut Ui, width: f32, height: f32, contents: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(vec2(width, height), Layout::top_down(Align::Min), |ui| {
        ui.set_width(width);
        contents(ui);
    });
}

/// The way back, and what is wished for.
fn head(ui: &mut Ui, bench: &mut Workbench) {
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        if ui.add(Button::new("Back to the answer")).clicked() {
            bench.workspace = Workspace::Run;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let field =
                DragValue::new(&mut bench.buying.wish).range(0.1..=MOST).speed(0.1).max_decimals(1).suffix(" tokens/s");
            ui.add_sized(vec2(120.0, 30.0), field).accessible_name("Tokens per second wished for");
            ui.label(fonts::body("Wished for").color(palette.t3));
        });
    });
    ui.add_space(8.0);
}

/// The answer of the page.
fn sentence(sorted: &[Step], enough: bool, now: Option<f64>, wish: TokensPerSecond) -> String {
    let rate = |rate: Option<f64>| TokensPerSecond::saturating(rate.unwrap_or(0.0));
    match sorted.first() {
        _ if enough => format!("It reaches {wish} tokens/s already: nothing needs to be bought."),
        Some(step) if step.reaches(wish) => {
            format!("{} is enough: {} tokens/s.", step.what, rate(step.rate))
        }
        Some(step) => {
            let best = sorted.iter().max_by(|a, b| a.gain.total_cmp(&b.gain)).unwrap_or(step);
            format!("No single step reaches {wish} tokens/s; {} comes nearest with {}.", best.what, rate(best.rate))
        }
        None if now.is_some() => "Nothing that could be added makes it faster.".to_owned(),
        None => "Nothing that could be added makes it run.".to_owned(),
    }
}
