//! What other calculators, guides and pages say of a famous model, each recomputed, beside ours and why they differ.

use std::sync::Arc;

use egui::{Color32, Label, Ui};

use crate::catalog::Catalog;
use crate::reasoning::claims::{Gives, Settled, Told, Topic, Truth};
use crate::ui::bench::Workbench;
use crate::ui::paint::verdict::{self, Verdict};
use crate::ui::theme::Palette;
use crate::ui::widget::card::{card, rows};
use crate::ui::widget::segmented::segmented;
use crate::ui::{fonts, theme};

use super::{GAP, heading, remark, said};

/// What is said, and what contradicts what: of the built-in catalogue, once.
pub(super) type All = (Vec<Told<'static>>, Vec<Settled<'static>>);

/// Everything, worked out when it is first looked at.
fn all(bench: &mut Workbench) -> &Arc<All> {
    bench.reason.told.get((), |()| Arc::new(Catalog::builtin().told()))
}

pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) {
    let all = all(bench).clone();
    let (told, settled) = &*all;
    let wrong = told.iter().filter(|told| told.claim.truth == Truth::Wrong).count();
    heading(ui, &format!("What others say of DeepSeek-R1: {} of {} answers are wrong", wrong, told.len()));
    said(
        ui,
        "Each with the formula its digits come from, computed again, and what is computed here; these do not change with the selectors.",
    );
    ui.add_space(8.0);
    let mut choices: Vec<(Option<Topic>, &str)> = vec![(None, "all")];
    choices.extend(Topic::ALL.map(|topic| (Some(topic), topic.name())));
    segmented(ui, "Topic", &mut bench.reason.topic, &choices);
    ui.add_space(GAP);
    let topic = bench.reason.topic;
    card(
        ui,
        ["Published answers", ""],
        |_| (),
        |ui| {
            list(ui, told.iter().filter(|told| topic.is_none_or(|topic| told.claim.topic == topic)));
        },
    );
    if topic.is_some() {
        return;
    }
    ui.add_space(GAP);
    card(
        ui,
        ["Where they contradict each other", ""],
        |_| (),
        |ui| {
            rows(ui, 18.0);
            ui.spacing_mut().item_spacing.y = 3.0;
            for (place, settled) in settled.iter().enumerate() {
                if place > 0 {
                    ui.add_space(8.0);
                }
                contradiction(ui, settled);
            }
        },
    );
}

/// The answers of one topic, as they stand where it is looked at.
pub(super) fn of_topic(ui: &mut Ui, bench: &mut Workbench, ids: &[&str]) {
    let all = all(bench).clone();
    list(ui, all.0.iter().filter(|told| ids.contains(&told.claim.id.as_str())));
}

fn list<'t>(ui: &mut Ui, told: impl Iterator<Item = &'t Told<'static>>) {
    rows(ui, 18.0);
    ui.spacing_mut().item_spacing.y = 3.0;
    for (place, told) in told.enumerate() {
        if place > 0 {
            ui.add_space(8.0);
        }
        claim(ui, told);
    }
}

/// The sign and the colour of a verdict on an answer; the word stands beside it.
fn sign(truth: Truth, palette: &Palette) -> (Verdict, Color32) {
    let glyph = match truth {
        Truth::Right => Verdict::Well,
        Truth::Partly => Verdict::Slowly,
        Truth::Dated => Verdict::Tight,
        Truth::Unsourced => Verdict::Disk,
        Truth::Wrong => Verdict::No,
    };
    (glyph, glyph.color(palette))
}

fn claim(ui: &mut Ui, told: &Told<'_>) {
    let palette = theme::palette(ui);
    let claim = told.claim;
    let (glyph, ink) = sign(claim.truth, palette);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        verdict::glyph(ui, glyph, 12.0);
        ui.label(fonts::medium(claim.truth.name()).size(12.0).color(ink));
        ui.label(fonts::medium(&claim.asks).size(13.0).color(palette.t1));
        ui.label(fonts::body(format!("{}: {}", claim.by.name, claim.says)).color(palette.t2))
            .on_hover_text(&claim.by.source);
    });
    let line = |ui: &mut Ui, text: String| _ = ui.add(Label::new(fonts::small(text).color(palette.t2)).wrap());
    let formula = told.formula();
    if !formula.is_empty() {
        let what = match claim.gives {
            Gives::Printed => "Its formula",
            Gives::Implied => "It would mean",
        };
        line(ui, format!("{what}: {formula}"));
    }
    let ours = told.ours_in_words();
    if !ours.is_empty() {
        ui.add(Label::new(fonts::medium(format!("Here: {ours}")).size(12.0).color(palette.t1)).wrap());
    }
    remark(ui, &claim.why);
}

fn contradiction(ui: &mut Ui, settled: &Settled<'_>) {
    let palette = theme::palette(ui);
    let contradiction = settled.contradiction;
    let title = format!("{}  {}", contradiction.id, contradiction.question);
    ui.add(Label::new(fonts::medium(title).size(13.0).color(palette.t1)).wrap());
    for (place, says) in &contradiction.says {
        let label = ui.add(Label::new(fonts::small(format!("{}: {says}", place.name)).color(palette.t2)).wrap());
        label.on_hover_text(&place.source);
    }
    ui.add(Label::new(fonts::medium(format!("Here: {}", settled.answer)).size(12.0).color(palette.t1)).wrap());
    remark(ui, &contradiction.why);
}
