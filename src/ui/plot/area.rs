//! The stacked areas of one panel, and their names in them.

use egui::{Align2, Color32, Mesh, Painter, Pos2, Shape, Stroke, pos2, vec2};

use super::axis::Rise;
use super::caption;
use super::overlay::Overlay;
use super::stack::{PARTS, Panel, Sample};
use super::sweep::{Piece, Standing};
use crate::ui::fonts::Weight;
use crate::ui::theme::{self, Palette};

/// The room a name needs in its area, and left and right of it.
const HEIGHT: f32 = 14.0;
const MARGIN: f32 = 5.0;
/// The first of the parts that may grow with the context: their names stand where they are tallest.
const GROWS: usize = 2;

/// The stack of one piece. Parts that touch are parted by a line of the ground.
pub(super) fn fill(painter: &Painter, palette: &Palette, rise: Rise, samples: &[Sample]) {
    for (part, (_, fill)) in parts(palette).into_iter().enumerate() {
        let mut mesh = Mesh::default();
        mesh.reserve_vertices(samples.len() * 2);
        mesh.reserve_triangles(samples.len() * 2);
        let mut tallest = 0.0_f32;
        for (i, sample) in (0_u32..).zip(samples) {
            let [low, high] = sample.span(part).map(|value| rise.y(value));
            tallest = tallest.max(low - high);
            mesh.colored_vertex(pos2(sample.x, low), fill);
            mesh.colored_vertex(pos2(sample.x, high), fill);
            if let Some(left) = i.checked_sub(1) {
                mesh.add_triangle(2 * left, 2 * left + 1, 2 * i);
                mesh.add_triangle(2 * left + 1, 2 * i, 2 * i + 1);
            }
        }
        if tallest <= 0.0 {
            continue;
        }
        painter.add(Shape::mesh(mesh));
        let edge = |end: usize| -> Vec<Pos2> {
            samples.iter().map(|sample| pos2(sample.x, rise.y(sample.span(part)[end]))).collect()
        };
        // The upper edge is a line as well, for a mesh has no soft edges.
        painter.line(edge(1), Stroke::new(1.0, fill));
        if part > 0 && tallest >= 2.0 {
            painter.line(edge(0), Stroke::new(1.0, palette.bg2));
        }
    }
}

/// Marks where stacks go on beyond the top of their panel: a torn edge, and how far they reach.
pub(super) fn broken(over: &Overlay<'_>, panel: &Panel, rise: Rise, samples: &mut Vec<Sample>) {
    const TOOTH: f32 = 6.0;
    const HIGH: f32 = 4.0;
    let (mut from, mut to) = (f32::INFINITY, f32::NEG_INFINITY);
    for piece in over.pieces {
        panel.samples(over.curves, over.axis, *piece, samples);
        for sample in samples.iter().filter(|sample| sample.total() > rise.top) {
            (from, to) = (from.min(sample.x), to.max(sample.x));
        }
    }
    if from > to {
        return;
    }
    let y = rise.range.min + 7.0;
    let teeth = ((to - from) / TOOTH).ceil() as usize;
    let edge = |lift: f32| -> Vec<Pos2> {
        let tooth = |i: usize| {
            let x = (from + TOOTH * i as f32).min(to);
            pos2(x, y + lift + if i.is_multiple_of(2) { 0.0 } else { -HIGH })
        };
        (0..=teeth).map(tooth).collect()
    };
    over.painter.line(edge(0.0), Stroke::new(3.0, over.palette.bg2));
    for lift in [-1.5, 1.5] {
        over.painter.line(edge(lift), Stroke::new(1.0, over.palette.t3));
    }
    // The largest stack is at the right, and its figure as well.
    let figure = over.curves.unit.text(crate::units::Bytes::saturating(panel.peak));
    let text = over.painter.layout_no_wrap(format!("up to {figure}"), caption(Weight::Medium), over.palette.t1);
    let place = Align2::RIGHT_CENTER.anchor_size(pos2(to - 8.0, y - HIGH / 2.0), text.size());
    if place.left() > from {
        over.painter.rect_filled(place.expand2(vec2(4.0, 1.0)), 2.0, over.palette.bg2);
        over.painter.galley(place.min, text, over.palette.t1);
    }
}

/// The name of each part where its area has room for it: weights at the left, what grows at its tallest, and rather
/// where it fits than under the hatch. A figure is named with the weights.
pub(super) fn names(over: &Overlay<'_>, panel: &Panel, rise: Rise, figure: Option<&str>, samples: &mut Vec<Sample>) {
    let parts = parts(over.palette);
    let galleys = parts.map(|(name, fill)| {
        let text = match figure {
            Some(figure) if name == "weights" => format!("{name} {figure}"),
            _ => name.to_owned(),
        };
        over.painter.layout_no_wrap(text, caption(Weight::Medium), theme::text_on(fill))
    });
    let mut best: [Option<(f32, Pos2)>; PARTS] = [None; PARTS];
    let fits = |piece: &&Piece| piece.standing == Standing::Fits;
    let beyond = over.pieces.iter().filter(|piece| !fits(piece));
    for piece in over.pieces.iter().filter(fits).chain(beyond) {
        panel.samples(over.curves, over.axis, *piece, samples);
        let chooses = |best: Option<(f32, Pos2)>| best.is_none() || fits(&piece);
        for ((part, galley), best) in galleys.iter().enumerate().zip(&mut best) {
            let width = galley.size().x + 2.0 * MARGIN;
            let mut rooms = (0..samples.len()).filter_map(|i| room(&samples[i..], rise, part, width));
            if part < GROWS {
                *best = best.or_else(|| rooms.next());
            } else if chooses(*best) {
                *best = rooms.chain(*best).max_by(|a, b| a.0.total_cmp(&b.0));
            }
        }
    }
    for ((galley, (_, fill)), best) in galleys.into_iter().zip(parts).zip(best) {
        if let Some((_, at)) = best {
            let place = Align2::LEFT_CENTER.anchor_size(at + vec2(MARGIN, 0.0), galley.size());
            over.painter.rect_filled(place.expand2(vec2(2.0, -1.0)), 0.0, fill);
            over.painter.galley(place.min, galley, theme::text_on(fill));
        }
    }
}

/// From below, as in [`Sample::tops`].
fn parts(palette: &Palette) -> [(&'static str, Color32); PARTS] {
    let part = &palette.part;
    [
        ("in use", palette.line2),
        ("weights", part.weights),
        ("buffers", part.buffers),
        ("state", part.state),
        ("KV", part.kv),
    ]
}

/// The room for a name `width` wide from the first sample on: its height, and the middle of its left end.
fn room(samples: &[Sample], rise: Rise, part: usize, width: f32) -> Option<(f32, Pos2)> {
    let left = samples.first()?.x;
    let (mut top, mut bottom) = (rise.range.min, rise.range.max);
    for sample in samples {
        let [low, high] = sample.span(part).map(|value| rise.y(value));
        (top, bottom) = (top.max(high), bottom.min(low));
        if bottom - top < HEIGHT {
            return None;
        }
        if sample.x >= left + width {
            return Some((bottom - top, pos2(left, top.midpoint(bottom))));
        }
    }
    None
}
