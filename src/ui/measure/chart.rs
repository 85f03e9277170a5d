//! Rates as they are taken: a curve for each figure, told apart by colour, pattern and mark, named at its end.

use egui::{Align2, Color32, Painter, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};

use crate::hardware::{Meter, Sample, Series};
use crate::ui::fonts::{self, Weight};
use crate::ui::paint::line::{self, Dash};
use crate::ui::theme::{self, Palette};

use super::frame::{Plot, Scale, Span, number, round_up, steps};
use super::words;

/// A window this much below the middle of its curve met something else; as `hardware::OUTLIER` for runs.
const OFF: f64 = crate::hardware::OUTLIER;
/// Room at the right for the names of the curves.
const NAMES: f32 = 132.0;

/// A curve of the chart.
struct Curve {
    name: String,
    points: Vec<(f64, f64)>,
    median: f64,
    best: f64,
    /// Whether its windows are compared with each other: those taken while looking for the best count are not alike.
    alike: bool,
}

/// The curves of one dial.
fn curves(samples: &[Sample], meter: Meter) -> Vec<Curve> {
    let mut keys: Vec<(Series, u32)> = Vec::new();
    for sample in samples.iter().filter(|sample| sample.series.meter() == meter) {
        if !keys.contains(&(sample.series, sample.card)) {
            keys.push((sample.series, sample.card));
        }
    }
    let several = keys.iter().any(|(_, card)| *card > 0);
    let curve = |(series, card): (Series, u32)| {
        let own = samples.iter().filter(|sample| (sample.series, sample.card) == (series, card));
        let points: Vec<(f64, f64)> = own.map(|sample| (sample.seconds, sample.rate)).collect();
        let mut rates: Vec<f64> = points.iter().map(|(_, rate)| *rate).collect();
        rates.sort_by(f64::total_cmp);
        Curve {
            name: words::series(series, several.then_some(card)),
            median: rates[rates.len() / 2],
            best: rates[rates.len() - 1],
            alike: series != Series::Search,
            points,
        }
    };
    keys.into_iter().map(curve).collect()
}

/// How many windows of a dial lie far below the others of their curve, of how many.
pub(super) fn outliers(samples: &[Sample], meter: Meter) -> (usize, usize) {
    let curves = curves(samples, meter);
    let off = |curve: &Curve| curve.points.iter().filter(|(_, rate)| is_off(curve, *rate)).count();
    (curves.iter().map(off).sum(), curves.iter().map(|curve| curve.points.len()).sum())
}

fn is_off(curve: &Curve, rate: f64) -> bool {
    curve.alike && rate < curve.median * (1.0 - OFF)
}

/// Draws it; `sheet` is the dial's tick, `none` what is said where there is nothing.
pub(super) fn windows(
    ui: &mut Ui,
    samples: &[Sample],
    meter: Meter,
    (sheet, none): (Option<(&str, f64)>, &str),
    height: f32,
) {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let curves = curves(samples, meter);
    response.widget_info(|| {
        let ends: Vec<String> =
            curves.iter().map(|curve| format!("{} {}", curve.name, words::gb(curve.best))).collect();
        let name = format!("{} window by window in gigabytes per second: {}", words::meter(meter), ends.join(", "));
        WidgetInfo::labeled(Role::Image, true, name)
    });
    let times = || curves.iter().flat_map(|curve| curve.points.iter().map(|(seconds, _)| *seconds));
    let (first, last) = (times().fold(f64::INFINITY, f64::min), times().fold(0.0, f64::max));
    if curves.is_empty() || !ui.is_rect_visible(rect) {
        let font = fonts::font(12.0, Weight::Regular);
        if curves.is_empty() {
            ui.painter().text(rect.center(), Align2::CENTER_CENTER, none, font, palette.t3);
        }
        return;
    }
    let most = curves.iter().map(|curve| curve.best).fold(0.0, f64::max);
    // A data sheet far above would press the curves to the ground.
    let sheet = sheet.filter(|(_, rate)| *rate < most * 2.5);
    let top = round_up(most.max(sheet.map_or(0.0, |(_, rate)| rate)) / 1e9);
    let x = Span { low: first.min(last), high: last.max(first + 0.5), scale: Scale::Straight };
    let y = Span { low: 0.0, high: top, scale: Scale::Straight };
    let mut plot = Plot::new(rect, x, y, 38.0);
    plot.rect.max.x -= NAMES;
    let painter = ui.painter();
    let lines: Vec<(f64, String)> = steps(top).into_iter().map(|value| (value, number(value))).collect();
    plot.grid(painter, palette, &lines);
    let whole = x.high - x.low;
    let step = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0].into_iter().find(|step| whole / step <= 6.0).unwrap_or(20.0);
    let from = (x.low / step).ceil() as i64;
    let ticks: Vec<(f64, String)> = (from..from + 64)
        .map(|place| place as f64 * step)
        .take_while(|value| *value <= x.high)
        .map(|value| (value, number(value)))
        .collect();
    plot.foot(painter, palette, &ticks, "seconds since the start");
    if let Some((of, rate)) = sheet {
        let at = plot.at(x.high, rate / 1e9);
        let ends = [pos2(plot.rect.left(), at.y), pos2(plot.rect.right(), at.y)];
        line::path(painter, &ends, Stroke::new(1.0, palette.t3), Dash::Dotted);
        let said = format!("{} {}", of.to_lowercase(), words::gb(rate));
        let ink = [palette.t3, palette.bg2];
        let below = at.y < plot.rect.top() + 14.0;
        let (place, anchor) = (
            pos2(plot.rect.left() + 4.0, at.y),
            Align2([egui::Align::Min, if below { egui::Align::Min } else { egui::Align::Max }]),
        );
        line::label(
            painter,
            place + vec2(0.0, if below { 2.0 } else { -2.0 }),
            anchor,
            &said,
            fonts::font(11.0, Weight::Regular),
            ink,
        );
    }
    draw(painter, &plot, &curves, palette);
}

fn draw(painter: &Painter, plot: &Plot, curves: &[Curve], palette: &Palette) {
    let mut names: Vec<(f32, usize)> = Vec::new();
    for (place, curve) in curves.iter().enumerate() {
        let (color, dash) = look(place, palette);
        let points: Vec<Pos2> = curve.points.iter().map(|(seconds, rate)| plot.at(*seconds, rate / 1e9)).collect();
        line::path(painter, &points, Stroke::new(2.0, color), dash);
        for (at, (_, rate)) in points.iter().zip(&curve.points) {
            dot(painter, *at, place, if is_off(curve, *rate) { palette.bg2 } else { color }, color);
        }
        names.push((plot.at(plot.x.high, curve.median / 1e9).y, place));
    }
    // Names stand beside their curves, none over another.
    names.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut free = plot.rect.top();
    for (y, place) in names {
        let at = pos2(plot.rect.right() + 10.0, y.max(free + 7.0));
        free = at.y + 8.0;
        let color = look(place, palette).0;
        let curve = &curves[place];
        let name = format!("{} ", curve.name);
        let galley = painter.layout_no_wrap(name, fonts::font(11.0, Weight::Regular), color);
        let width = galley.size().x;
        painter.galley(at - vec2(0.0, galley.size().y / 2.0), galley, color);
        let figure = words::gb(curve.best);
        painter.text(at + vec2(width, 0.0), Align2::LEFT_CENTER, figure, fonts::font(11.0, Weight::Strong), color);
    }
}

/// The look of a curve by its place.
fn look(place: usize, palette: &Palette) -> (Color32, Dash) {
    let all = [
        (palette.accent, Dash::Solid),
        (palette.part.kv, Dash::Short),
        (palette.part.state, Dash::Long),
        (palette.part.buffers, Dash::DashDot),
    ];
    all[place % all.len()]
}

/// A window: a disc, a square, a triangle or a diamond; hollow where it is far below the others.
fn dot(painter: &Painter, at: Pos2, place: usize, fill: Color32, color: Color32) {
    let stroke = Stroke::new(1.4, color);
    match place % 4 {
        0 => {
            painter.circle(at, 2.8, fill, stroke);
        }
        1 => {
            let square = Rect::from_center_size(at, Vec2::splat(5.2));
            painter.rect(square, 0.0, fill, stroke, StrokeKind::Middle);
        }
        shape => {
            let corners: &[Vec2] = if shape == 2 {
                &[vec2(0.0, -3.6), vec2(3.4, 2.6), vec2(-3.4, 2.6)]
            } else {
                &[vec2(0.0, -3.8), vec2(3.8, 0.0), vec2(0.0, 3.8), vec2(-3.8, 0.0)]
            };
            let points = corners.iter().map(|corner| at + *corner).collect();
            painter.add(egui::Shape::convex_polygon(points, fill, stroke));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(series: Series, rates: &[f64]) -> Vec<Sample> {
        let sample = |(place, rate): (usize, &f64)| Sample { series, card: 0, seconds: place as f64, rate: *rate };
        rates.iter().enumerate().map(sample).collect()
    }

    #[test]
    fn a_window_far_below_the_others_is_an_outlier() {
        let mut all = samples(Series::HugePages, &[100.0, 99.0, 70.0, 101.0, 98.0]);
        assert_eq!(outliers(&all, Meter::Ram), (1, 5));
        all.extend(samples(Series::Search, &[20.0, 40.0, 80.0]));
        assert_eq!(outliers(&all, Meter::Ram), (1, 8), "counts of threads are not alike");
        assert_eq!(outliers(&all, Meter::Disk), (0, 0));
    }
}
