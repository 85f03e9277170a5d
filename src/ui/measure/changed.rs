//! What measuring changed for the model on screen: the band of its speed before and now.

use egui::{Align2, Label, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::scenario::{Scenario, evaluate_here};
use crate::speed::Range;
use crate::ui::bench::Workbench;
use crate::ui::by_hand::before_measuring;
use crate::ui::widget::card::card as framed;
use crate::ui::{fonts, theme};
use crate::units::TokensPerSecond;

use super::frame::{Scale, Span, number, round_up, steps};

const NAME: f32 = 46.0;
const ROW: f32 = 26.0;

fn rate(scenario: &Scenario) -> Option<Range> {
    evaluate_here(scenario).bill.map(|bill| bill.rate)
}

/// Draws it.
pub(super) fn card(ui: &mut Ui, bench: &mut Workbench, height: f32) {
    let measured = bench.is_measured();
    let here = super::is_this(bench);
    let scenario = bench.scenario.clone();
    let now = *bench.measure.now.get(scenario.clone(), rate);
    let before = if measured { *bench.measure.before.get(before_measuring(scenario), rate) } else { None };
    let subject = &bench.scenario.subject;
    let name = format!("{} {}, tokens/s", subject.model.name, subject.quant.id);
    let palette = theme::palette(ui);
    framed(
        ui,
        ["What it changed", ""],
        |_| {},
        |ui| {
            ui.set_width(ui.available_width());
            ui.set_min_height(height - 46.0);
            ui.spacing_mut().item_spacing.y = 4.0;
            ui.add(Label::new(fonts::small(&name).color(palette.t2)).truncate());
            draw(ui, before, now);
            ui.add(Label::new(fonts::small(said(measured, here, before, now)).color(palette.t2)).wrap());
        },
    );
}

/// The two bands on one scale.
fn draw(ui: &mut Ui, before: Option<Range>, now: Option<Range>) {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 2.0 * ROW + 16.0), Sense::hover());
    let words = |range: Option<Range>| {
        range.map_or_else(
            || "unknown".to_owned(),
            |range| {
                let [low, expected, high] = [range.low, range.expected, range.high].map(shown);
                format!("{expected}, from {low} to {high}")
            },
        )
    };
    response.widget_info(|| {
        let name = format!("Tokens per second before {}; now {}", words(before), words(now));
        WidgetInfo::labeled(Role::Image, true, name)
    });
    let most = before.iter().chain(now.iter()).map(|range| range.high).fold(0.0, f64::max);
    let scale = Span { low: 0.0, high: round_up(most.max(0.1)), scale: Scale::Straight };
    let room = Rect::from_min_max(rect.min + vec2(NAME, 0.0), rect.max - vec2(14.0, 0.0));
    let x = |value: f64| room.left() + room.width() * scale.share(value);
    let painter = ui.painter();
    let small = || fonts::font(11.0, fonts::Weight::Regular);
    for (place, (name, range)) in [("before", before), ("now", now)].into_iter().enumerate() {
        let y = rect.top() + ROW * (place as f32 + 0.5);
        let ink = if place == 1 { palette.t1 } else { palette.t2 };
        painter.text(pos2(rect.left(), y), Align2::LEFT_CENTER, name, small(), ink);
        let Some(range) = range else {
            painter.text(pos2(room.left(), y), Align2::LEFT_CENTER, "—", small(), palette.t3);
            continue;
        };
        let (fill, mark) = if place == 1 {
            (theme::mix(palette.accent, palette.bg2, 0.55), palette.accent)
        } else {
            (palette.line2, palette.t1)
        };
        let band =
            Rect::from_min_max(pos2(x(range.low), y - 5.0), pos2(x(range.high).max(x(range.low) + 2.0), y + 5.0));
        painter.rect_filled(band, theme::radius::SWATCH, fill);
        let at = x(range.expected);
        painter.rect_filled(Rect::from_min_max(pos2(at - 1.0, y - 8.0), pos2(at + 1.0, y + 8.0)), 0.0, mark);
    }
    let foot = rect.top() + 2.0 * ROW + 2.0;
    let mut free = f32::NEG_INFINITY;
    for value in steps(scale.high) {
        let text = painter.layout_no_wrap(number(value), small(), palette.t3);
        let left = x(value) - text.size().x / 2.0;
        if left > free {
            free = left + text.size().x + 6.0;
            painter.galley(pos2(left, foot), text, palette.t3);
        }
    }
}

/// What became of the band, in a sentence.
fn said(measured: bool, here: bool, before: Option<Range>, now: Option<Range>) -> String {
    let width = |range: Range| shown(range.high - range.low);
    match (before, now) {
        (_, None) => "It does not run here, or a bandwidth is unknown: there is no speed to compare.".to_owned(),
        (_, Some(now)) if !measured && !here => format!("{} wide by what is known of this machine.", width(now)),
        (_, Some(now)) if !measured => {
            format!("{} wide by what is known; measuring shows how wide it has to be.", width(now))
        }
        (None, Some(now)) => format!("Nothing could be said before; now {} to {}.", shown(now.low), shown(now.high)),
        (Some(before), Some(now)) => {
            let (old, new) = (width(before), width(now));
            let [wide, narrow] = [before.high - before.low, now.high - now.low];
            if old == new {
                format!("The range stays {new} tokens/s wide.")
            } else if narrow < wide {
                format!("Range cut from {old} to {new} tokens/s.")
            } else {
                format!("Range {new} tokens/s wide, before {old}: the machine does more than was known.")
            }
        }
    }
}

fn shown(rate: f64) -> String {
    TokensPerSecond::saturating(rate).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: f64, high: f64) -> Range {
        Range { low, expected: f64::midpoint(low, high), high }
    }

    #[test]
    fn the_sentence_says_what_became_of_the_band() {
        let check = |measured, before, now, expected: &str| {
            let found = said(measured, true, before, now);
            assert!(found.starts_with(expected), "{found}");
        };
        check(true, Some(range(8.0, 19.0)), Some(range(10.0, 16.0)), "Range cut from 11 to 6.0 tokens/s.");
        check(true, Some(range(8.0, 19.0)), Some(range(8.0, 19.0)), "The range stays 11");
        check(true, Some(range(8.0, 19.0)), Some(range(16.0, 38.0)), "Range 22 tokens/s wide, before 11");
        check(true, None, Some(range(1.0, 2.0)), "Nothing could be said before");
        check(false, None, Some(range(1.0, 2.0)), "1.0 wide by what is known");
        check(true, Some(range(1.0, 2.0)), None, "It does not run here");
        assert_eq!(said(false, false, None, Some(range(1.0, 2.0))), "1.0 wide by what is known of this machine.");
    }
}
