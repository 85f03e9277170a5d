//! Speed by context: the estimate with its band, from 0, and the two speeds people feel.

use egui::{Align, Align2, Rangef, Rect, Sense, Stroke, Ui, pos2};

use super::axis::{Axis, Rise, Round};
use super::estimate::{Run, draw, runs};
use super::overlay::{FOOT, HEAD, Overlay, Reach};
use super::sweep::Standing;
use super::{Anchor, Curves, caption, hand, readout, room, title};
use crate::scenario::Point;
use crate::speed::Range;
use crate::ui::fonts::Weight;
use crate::ui::paint::line::{self, Dash};
use crate::ui::theme;
use crate::ui::widget::card::card_under;
use crate::units::{Tokens, TokensPerSecond};

const NAME: &str = "Speed by context";
/// Tokens per second from which reading along is comfortable, as in the verdict.
const WELL: f64 = 10.0;
/// Tokens per second below which one waits.
const HARDLY: f64 = 2.0;

/// The speed card, as large as there is room. Returns the context the user asked for by click, drag or key.
pub fn speed(ui: &mut Ui, curves: &Curves<'_>) -> Option<Tokens> {
    speed_under(ui, curves, |ui| title(ui, NAME, if curves.ceiling { "tokens/s, ceiling" } else { "tokens/s" }))
}

/// The same under a title of another's making.
pub fn speed_under(ui: &mut Ui, curves: &Curves<'_>, title: impl FnOnce(&mut Ui)) -> Option<Tokens> {
    let hovered = hand::hovered(ui.ctx());
    let at = hovered.unwrap_or(curves.context);
    card_under(ui, title, |ui| title_line(ui, curves, at), |ui| plot(ui, curves)).inner
}

fn title_line(ui: &mut Ui, curves: &Curves<'_>, tokens: Tokens) {
    let p = theme::palette(ui);
    let at = if curves.ceiling { format!("at {tokens} at most") } else { format!("at {tokens}") };
    match rate(curves, tokens) {
        Ok(rate) => {
            let [low, expected, high] = [rate.low, rate.expected, rate.high].map(number);
            let band = format!("({low} to {high})");
            let words = [
                (at.as_str(), Weight::Regular, p.t2),
                (&expected, Weight::Medium, p.accent),
                (&band, Weight::Regular, p.t2),
            ];
            // A ceiling has no band.
            readout(ui, if rate.low < rate.high { &words } else { &words[..2] });
        }
        Err(why) => readout(ui, &[(&at, Weight::Regular, p.t2), (why, Weight::Regular, p.t3)]),
    }
}

/// The rate at a context, or why there is none.
fn rate(curves: &Curves<'_>, tokens: Tokens) -> Result<Range, &'static str> {
    let at = curves.at(tokens.get()).ok_or("no answer yet")?;
    at.rate(curves.points).ok_or_else(|| match curves.standing(&curves.points[at.b]) {
        Standing::Cannot => "will not run",
        _ => "speed unknown",
    })
}

/// One decimal where it can be read, as in a list: `0.45`, `12.9`, `140`.
fn number(rate: f64) -> String {
    if (9.95..99.95).contains(&rate) { format!("{rate:.1}") } else { TokensPerSecond::saturating(rate).to_string() }
}

fn plot(ui: &mut Ui, curves: &Curves<'_>) -> Option<Tokens> {
    let (rect, response) = ui.allocate_exact_size(room(ui), Sense::click_and_drag());
    let range = Rangef::new(rect.top() + HEAD, (rect.bottom() - FOOT).max(rect.top() + HEAD + 1.0));
    let range = Rangef::new(range.min.round(), range.max.round());
    let rise = rise(curves, range);
    let axis = Axis::new(curves.limit, Rangef::new(rect.left() + rise.gutter(ui.painter()), rect.right()));

    let asked = hand::asked(ui, &response, curves, &axis);
    let words = match rate(curves, curves.context) {
        Ok(rate) => {
            format!("{} tokens per second, {} to {}", number(rate.expected), number(rate.low), number(rate.high))
        }
        Err(why) => why.to_owned(),
    };
    let published: Vec<String> = curves
        .anchors
        .iter()
        .map(|anchor| format!("; {} {} at {}", anchor.name, number(anchor.rate), anchor.context))
        .collect();
    let value = format!("{} tokens: {words}{}", curves.context, published.concat());
    hand::describe(ui, &response, NAME, value, curves, &axis);
    let at = response.hover_pos();
    let under = |anchor: &&Anchor| at.is_some_and(|at| mark_of(anchor, &axis, rise).distance(at) <= REACH);
    let told: Vec<&str> = curves.anchors.iter().filter(under).map(|anchor| anchor.told.as_str()).take(3).collect();
    let response = if told.is_empty() { response } else { response.on_hover_text_at_pointer(told.join("\n\n")) };
    if ui.is_rect_visible(rect) {
        let pieces = curves.pieces(&axis);
        let runs = runs(curves, &pieces, &axis);
        let painter = ui.painter().clone();
        let over = Overlay { painter: &painter, palette: theme::palette(ui), curves, axis: &axis, pieces: &pieces };
        let hovered = hand::hovered(ui.ctx()).map(Tokens::get);
        rise.paint(&painter, over.palette, axis.range, Rangef::NOTHING);
        over.regions(rise.range, Reach::Whole);
        over.regions(rise.range, Reach::Part);
        draw(ui, &over, rise, &runs, response.id);
        before(&over, rise);
        if !runs.is_empty() {
            guides(&over, rise, &runs);
        }
        anchors(&over, rise);
        over.cursor(rise.range, hovered);
        axis.paint(&painter, over.palette, rise.range.max);
        over.limit(rect.top(), rise.range.max);
        let named = over.name_regions(rise.range.min + 16.0).is_finite();
        match rate(curves, curves.context) {
            Ok(rate) => {
                let at = pos2(axis.x(curves.context.get()), rise.y(rate.expected.min(rise.top)));
                over.dot(at, 4.5, over.palette.accent);
            }
            Err(why) if runs.is_empty() && !named => {
                let center = Rect::from_x_y_ranges(axis.range, rise.range).center();
                let ink = [over.palette.t2, over.palette.bg2];
                line::label(&painter, center, Align2::CENTER_CENTER, why, caption(Weight::Regular), ink);
            }
            Err(_) => {}
        }
    }
    asked
}

/// From 0 to the next line above the band; a band much taller than its estimate is cut off.
fn rise(curves: &Curves<'_>, range: Rangef) -> Rise {
    let fold = |part: fn(Range) -> f64| {
        curves
            .points
            .iter()
            .filter_map(|point| point.rate)
            .map(part)
            .filter(|rate| rate.is_finite())
            .fold(0.0, f64::max)
    };
    let (expected, high) = (fold(|rate| rate.expected), fold(|rate| rate.high));
    let before = curves.before.unwrap_or_default().iter().filter_map(|point| point.rate.map(|rate| rate.high));
    let high = before.filter(|rate| rate.is_finite()).fold(high, f64::max);
    let published = curves.anchors.iter().map(|anchor| anchor.rate).fold(0.0, f64::max);
    // One that is far off stands at the edge.
    let high = high.max(published.min(1.6 * expected));
    let top = high.min(1.6 * expected).max(expected * 1.05);
    let rough = Rise { top: if top > 0.0 { top } else { WELL }, range, unit: 1.0, round: Round::Decimal };
    let step = rough.step();
    Rise { top: (rough.top / step - 1e-9).ceil().max(1.0) * step, ..rough }
}

/// The band before the machine was measured: two dotted lines, named where they are furthest from the rest.
fn before(over: &Overlay<'_>, rise: Rise) {
    let Some(points) = over.curves.before else { return };
    let ink = over.palette.t3;
    let across = Rect::from_x_y_ranges(over.axis.range, rise.range);
    let painter = over.painter.with_clip_rect(across.intersect(over.painter.clip_rect()));
    for part in [|rate: Range| rate.low, |rate: Range| rate.high] {
        for run in points.chunk_by(|a, b| a.rate.is_some() == b.rate.is_some()) {
            let at = |point: &Point| Some(pos2(over.axis.x(point.context.get()), rise.y(part(point.rate?))));
            let path: Vec<_> = run.iter().filter_map(at).collect();
            if path.len() > 1 {
                line::path(&painter, &path, Stroke::new(1.0, ink), Dash::Dotted);
            }
        }
    }
    // The curve falls to the right: above it there is room.
    let named = points.get(points.len() * 3 / 5).and_then(|point| Some((point.context, point.rate?.high)));
    if let Some((context, high)) = named {
        let at = pos2(over.axis.x(context.get()), rise.y(high.min(rise.top)) - 4.0);
        let ink = [ink, over.palette.bg2];
        line::label(&painter, at, Align2::LEFT_BOTTOM, "before measuring", caption(Weight::Regular), ink);
    }
}

/// Within this many points of its middle the pointer means a published speed.
const REACH: f32 = 8.0;

/// Where a published speed stands; what lies outside the plot, at its edge.
fn mark_of(anchor: &Anchor, axis: &Axis, rise: Rise) -> egui::Pos2 {
    pos2(axis.x(anchor.context.get()), rise.y(anchor.rate.min(rise.top)))
}

/// Published speeds as hollow squares, the last of each name named where there is room.
fn anchors(over: &Overlay<'_>, rise: Rise) {
    let palette = over.palette;
    let mut taken: Vec<Rect> = Vec::new();
    for anchor in over.curves.anchors {
        let square = Rect::from_center_size(mark_of(anchor, over.axis, rise), egui::Vec2::splat(7.0));
        over.painter.rect(square, 0.0, palette.bg2, Stroke::new(1.5, palette.t1), egui::StrokeKind::Middle);
        taken.push(square.expand(2.0));
    }
    for (at, anchor) in over.curves.anchors.iter().enumerate() {
        if over.curves.anchors[at + 1..].iter().any(|later| later.name == anchor.name) {
            continue;
        }
        let middle = mark_of(anchor, over.axis, rise);
        let text = over.painter.layout_no_wrap(anchor.name.clone(), caption(Weight::Regular), palette.t2);
        let places = [
            Align2::LEFT_BOTTOM.anchor_size(middle + egui::vec2(7.0, -3.0), text.size()),
            Align2::LEFT_TOP.anchor_size(middle + egui::vec2(7.0, 3.0), text.size()),
            Align2::RIGHT_BOTTOM.anchor_size(middle + egui::vec2(-7.0, -3.0), text.size()),
        ];
        let inside = Rect::from_x_y_ranges(over.axis.range, rise.range);
        let free = |place: &Rect| inside.contains_rect(*place) && !taken.iter().any(|other| other.intersects(*place));
        if let Some(place) = places.into_iter().find(free) {
            over.painter.rect_filled(place.expand2(egui::vec2(2.0, 0.0)), 0.0, palette.bg2);
            over.painter.galley(place.min, text, palette.t2);
            taken.push(place);
        }
    }
}

/// The two speeds people feel, each where it is in sight and apart from the bottom; named where there is room.
fn guides(over: &Overlay<'_>, rise: Rise, runs: &[Run]) {
    let verdict = &over.palette.verdict;
    let mut named = Rect::NOTHING;
    for (value, text, color, dash, sides) in [
        (
            HARDLY,
            "hardly usable below 2",
            verdict.slowly,
            Dash::DashDot,
            &[Align2::LEFT_BOTTOM, Align2::RIGHT_BOTTOM][..],
        ),
        (
            WELL,
            "runs well above 10",
            verdict.well,
            Dash::Dotted,
            &[Align2::LEFT_TOP, Align2::LEFT_BOTTOM, Align2::RIGHT_BOTTOM, Align2::RIGHT_TOP],
        ),
    ] {
        let y = rise.y(value);
        if value > rise.top || rise.range.max - y < 8.0 {
            continue;
        }
        let across = [pos2(over.axis.range.min, y), pos2(over.axis.range.max, y)];
        line::path(over.painter, &across, Stroke::new(1.0, color), dash);
        let galley = over.painter.layout_no_wrap(text.to_owned(), caption(Weight::Regular), color);
        let edge = |side: Align2| if side.x() == Align::Min { across[0].x + 4.0 } else { across[1].x - 4.0 };
        let place = |side: Align2| side.anchor_size(pos2(edge(side), y), galley.size());
        let fits = |place: &Rect| rise.range.contains(place.top()) && rise.range.contains(place.bottom());
        let places = || sides.iter().copied().map(place).filter(|place| fits(place) && !place.intersects(named));
        let clear = |place: &Rect| !runs.iter().any(|run| run.crosses(over, rise, *place));
        if let Some(place) = places().find(clear).or_else(|| places().next()) {
            over.painter.galley(place.min, galley, color);
            named = place;
        }
    }
}
