//! What stands where on a card.

use super::Inks;
use super::chart::{self, Room};
use super::face;
use super::picture::{Anchor, Picture, Rgb, Shape, Spot, Weight};
use crate::formats::sheet::{Sheet, number, plain, pool_name, said};
use crate::hardware::PoolKind;
use crate::units::Bytes;
use crate::verdict::Level;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 450.0;
const MARGIN: f64 = 24.0;
/// The two cards with plots.
const PLOTS: f64 = 208.0;
const PLOT: f64 = 192.0;
const GAP: f64 = 12.0;

/// Draws the card of a sheet.
#[must_use]
pub fn draw(sheet: &Sheet, inks: &Inks) -> Picture {
    let mut shapes = vec![Shape::Rect { at: (0.0, 0.0), size: (WIDTH, HEIGHT), radius: 0.0, ink: inks.ground.into() }];
    shapes.extend(head(sheet, inks));
    shapes.extend(verdict(sheet, inks));
    shapes.extend(facts(sheet, inks));
    let width = (WIDTH - 2.0 * MARGIN - GAP) / 2.0;
    for (left, is_speed) in [(MARGIN, false), (MARGIN + width + GAP, true)] {
        shapes.push(Shape::Rect { at: (left, PLOTS), size: (width, PLOT), radius: 8.0, ink: inks.plot.into() });
        let room = Room { left: left + 8.0, top: PLOTS + 26.0, width: width - 20.0, height: PLOT - 30.0 };
        let title = if is_speed {
            ("Speed by context", "tokens/s, estimate")
        } else {
            ("Memory by context", sheet.unit.name())
        };
        shapes.extend(plot_title(inks, (left + 12.0, PLOTS + 18.0), title));
        if is_speed {
            shapes.extend(chart::speed(sheet, inks, room));
        } else {
            shapes.extend(legend(inks, (left + width - 12.0, PLOTS + 18.0)));
            shapes.extend(chart::memory(sheet, inks, room));
        }
    }
    shapes.extend(foot(sheet, inks));
    let verdict = sheet.answer.verdict.sentence();
    let told = plain(&format!("{} on {}: {verdict}", sheet.what(), sheet.scenario.machine.title()));
    Picture { width: WIDTH, height: HEIGHT, told, shapes }
}

fn text(text: &str, at: Spot, size: f64, weight: Weight, ink: Rgb) -> Shape {
    Shape::Text { at, anchor: Anchor::Start, size, weight, ink: ink.into(), text: plain(text) }
}

fn ended(mut shape: Shape) -> Shape {
    if let Shape::Text { anchor, .. } = &mut shape {
        *anchor = Anchor::End;
    }
    shape
}

fn head(sheet: &Sheet, inks: &Inks) -> Vec<Shape> {
    let machine = &sheet.scenario.machine;
    let own = "willitrun";
    let room = WIDTH - 2.0 * MARGIN - face::width(own, 13.0, Weight::Strong) - 20.0;
    let model = face::fitted(&sheet.what(), 22.0, Weight::Strong, room);
    let (title, summary) = (plain(&machine.title()), plain(&machine.summary()));
    let where_ = face::fitted(&format!("on {title}"), 13.0, Weight::Medium, WIDTH - 2.0 * MARGIN);
    let mut shapes = vec![
        text(&model, (MARGIN, 44.0), 22.0, Weight::Strong, inks.value),
        ended(text(own, (WIDTH - MARGIN, 42.0), 13.0, Weight::Strong, inks.sentence)),
        text(&where_, (MARGIN, 66.0), 13.0, Weight::Medium, inks.sentence),
    ];
    // The name made for the machine at hand says what is in it.
    if !machine.is_this() && summary != title {
        let summary = face::fitted(&summary, 11.0, Weight::Regular, WIDTH - 2.0 * MARGIN);
        shapes.push(text(&summary, (MARGIN, 83.0), 11.0, Weight::Regular, inks.caption));
    }
    shapes
}

fn verdict(sheet: &Sheet, inks: &Inks) -> Vec<Shape> {
    let verdict = &sheet.answer.verdict;
    let place = Level::ALL.iter().position(|level| *level == verdict.level).unwrap_or(4);
    let ink = inks.verdicts[place];
    let mut shapes = glyph(verdict.level, ink, inks.ground, (MARGIN + 11.0, 113.0));
    let word = format!("{}:", verdict.level.words());
    let left = MARGIN + 34.0;
    let room = WIDTH - MARGIN - left;
    let size = [18.0, 16.0, 14.0]
        .into_iter()
        .find(|size| face::width(&format!("{word} {}", verdict.rest), *size, Weight::Strong) <= room)
        .unwrap_or(14.0);
    let after = left + face::width(&format!("{word} "), size, Weight::Strong);
    shapes.push(text(&word, (left, 119.0), size, Weight::Strong, ink));
    let rest = face::fitted(&plain(&verdict.rest), size, Weight::Strong, WIDTH - MARGIN - after);
    shapes.push(text(&rest, (after, 119.0), size, Weight::Strong, inks.value));
    for (line, reason) in face::wrapped(&plain(&verdict.reason), 12.0, Weight::Regular, room, 2).iter().enumerate() {
        shapes.push(text(reason, (left, 137.0 + 15.0 * line as f64), 12.0, Weight::Regular, inks.sentence));
    }
    shapes
}

/// The mark of a verdict: each has a shape of its own.
fn glyph(level: Level, ink: Rgb, ground: Rgb, (x, y): Spot) -> Vec<Shape> {
    let line = |spots: Vec<Spot>, ink: Rgb| Shape::Line {
        spots: spots.into_iter().map(|(a, b)| (x + a, y + b)).collect(),
        width: 2.2,
        dash: &[],
        ink: ink.into(),
    };
    let area = |spots: &[Spot], ink: Rgb| Shape::Area {
        spots: spots.iter().map(|(a, b)| (x + a, y + b)).collect(),
        ink: ink.into(),
    };
    let disc = |radius: f64, ink: Rgb| Shape::Disc { at: (x, y), radius, ink: ink.into() };
    match level {
        Level::RunsWell => vec![disc(10.0, ink), line(vec![(-4.5, 0.0), (-1.0, 3.8), (5.0, -3.8)], ground)],
        Level::RunsSlowly => {
            let half: Vec<Spot> = (0..=24)
                .map(|step| (90.0 + 180.0 * f64::from(step) / 24.0).to_radians())
                .map(|angle| (7.0 * angle.cos(), 7.0 * angle.sin()))
                .collect();
            vec![disc(10.0, ink), disc(8.0, ground), area(&half, ink)]
        }
        Level::Tight => vec![
            area(&[(0.0, -10.0), (10.5, 8.5), (-10.5, 8.5)], ink),
            line(vec![(0.0, -4.0), (0.0, 2.6)], ground),
            line(vec![(0.0, 4.4), (0.0, 6.6)], ground),
        ],
        Level::Disk => {
            let diamond = |r: f64| [(0.0, -r), (r, 0.0), (0.0, r), (-r, 0.0)];
            vec![area(&diamond(11.0), ink), area(&diamond(8.0), ground), disc(2.6, ink)]
        }
        Level::No => vec![
            area(&[(-9.0, -9.0), (9.0, -9.0), (9.0, 9.0), (-9.0, 9.0)], ink),
            line(vec![(-4.5, -4.5), (4.5, 4.5)], ground),
            line(vec![(-4.5, 4.5), (4.5, -4.5)], ground),
        ],
    }
}

fn facts(sheet: &Sheet, inks: &Inks) -> Vec<Shape> {
    let (answer, scenario) = (&sheet.answer, &sheet.scenario);
    let unknown = || "-".to_owned();
    let rate = sheet.rate();
    let band = rate.as_ref().map_or_else(
        || "speed".to_owned(),
        |rate| {
            if rate.is_exact() {
                "a ceiling no engine reaches".to_owned()
            } else {
                format!("estimate, {} to {}", number(rate.low), number(rate.high))
            }
        },
    );
    let facts = [
        (rate.map_or_else(unknown, |rate| format!("{} tokens/s", number(rate.expected))), band),
        (
            answer.first_token.map_or_else(unknown, |time| time.to_string()),
            format!("first token, prompt {}", scenario.prompt),
        ),
        (
            answer.whole_answer.map_or_else(unknown, |time| time.to_string()),
            format!("answer of {} tokens", scenario.answer),
        ),
        (sheet.unit.of(answer.plan.total()), format!("needed, context {}", scenario.run.context)),
        (answer.fits_max.map_or_else(unknown, |most| most.to_string()), "largest context, tokens".to_owned()),
    ];
    let each = (WIDTH - 2.0 * MARGIN) / facts.len() as f64;
    facts
        .iter()
        .enumerate()
        .flat_map(|(at, (value, what))| {
            let left = MARGIN + each * at as f64;
            let what = face::fitted(what, 11.0, Weight::Regular, each - 8.0);
            [
                text(value, (left, 180.0), 16.0, Weight::Strong, inks.value),
                text(&what, (left, 196.0), 11.0, Weight::Regular, inks.caption),
            ]
        })
        .collect()
}

fn plot_title(inks: &Inks, at: Spot, (title, unit): (&str, &str)) -> [Shape; 2] {
    let after = at.0 + face::width(title, 12.0, Weight::Strong) + 8.0;
    [text(title, at, 12.0, Weight::Strong, inks.value), text(unit, (after, at.1), 11.0, Weight::Regular, inks.caption)]
}

/// What the colours of a stack stand for, ending at a spot.
fn legend(inks: &Inks, (mut right, y): Spot) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for (name, ink) in ["weights", "buffers", "state", "KV"].into_iter().zip(inks.parts).rev() {
        shapes.push(ended(text(name, (right, y), 10.0, Weight::Regular, inks.caption)));
        right -= face::width(name, 10.0, Weight::Regular) + 12.0;
        shapes.push(Shape::Rect { at: (right, y - 8.0), size: (8.0, 8.0), radius: 2.0, ink: ink.into() });
        right -= 8.0;
    }
    shapes
}

/// How it is run, and where the bandwidths come from that the estimate stands on.
fn foot(sheet: &Sheet, inks: &Inks) -> Vec<Shape> {
    let machine = sheet.machine();
    let room = WIDTH - 2.0 * MARGIN;
    let mut rates: Vec<String> = Vec::new();
    for used in sheet.answer.plan.pools.iter().filter(|used| used.total() > Bytes::ZERO) {
        let Some(pool) = used.of(&machine) else { continue };
        let Some(read) = pool.read_measured.as_ref().or(pool.read.as_ref()) else { continue };
        let kind = match pool.kind {
            PoolKind::Vram => "VRAM".to_owned(),
            _ => pool_name(&machine, pool),
        };
        let rate = format!("{kind} {} ({})", read.value, said(read));
        if !rates.contains(&rate) {
            rates.push(rate);
        }
    }
    let lines = [plain(&sheet.run()), plain(&rates.join(", "))];
    lines
        .iter()
        .enumerate()
        .map(|(line, words)| {
            let words = face::fitted(words, 11.0, Weight::Regular, room);
            text(&words, (MARGIN, 420.0 + 15.0 * line as f64), 11.0, Weight::Regular, inks.caption)
        })
        .collect()
}
