//! A class of measurements: a shape and a colour, so that neither is needed alone.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Vec2, vec2};

use crate::advice::accuracy::{Class, Measured};
use crate::ui::theme::Palette;

/// How a measurement is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A dense model on one GPU: a disc.
    Dense,
    /// A mixture of experts on one GPU: a square.
    Sparse,
    /// Several GPUs: a triangle.
    Several,
    /// An Apple chip: a diamond.
    Apple,
    /// Experts in RAM, or layers on the CPU: a triangle on its tip.
    Experts,
    /// The CPU alone: a cross.
    Cpu,
}

impl Kind {
    /// The kind of a measurement.
    #[must_use]
    pub const fn of(row: &Measured) -> Self {
        match (row.class, row.sparse) {
            (Class::OneGpu, false) => Self::Dense,
            (Class::OneGpu, true) => Self::Sparse,
            (Class::Apple, _) => Self::Apple,
            (Class::SeveralGpus, _) => Self::Several,
            (Class::ExpertsInRam | Class::Partial, _) => Self::Experts,
            (Class::Cpu, _) => Self::Cpu,
        }
    }

    /// Its colour.
    #[must_use]
    pub const fn color(self, palette: &Palette) -> Color32 {
        let class = &palette.class;
        match self {
            Self::Dense => class.dense,
            Self::Sparse => class.sparse,
            Self::Several => class.several,
            Self::Apple => class.apple,
            Self::Experts => class.experts,
            Self::Cpu => class.cpu,
        }
    }
}

/// Paints it round `center`, about `size` wide.
pub fn paint(painter: &Painter, center: Pos2, kind: Kind, size: f32, color: Color32) {
    let half = size / 2.0;
    let corners = |places: &[Vec2]| {
        let points = places.iter().map(|place| center + *place * half).collect();
        painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
    };
    match kind {
        Kind::Dense => {
            painter.circle_filled(center, half, color);
        }
        Kind::Sparse => {
            painter.rect_filled(Rect::from_center_size(center, Vec2::splat(size * 0.88)), 0.0, color);
        }
        Kind::Several => corners(&[vec2(0.0, -1.1), vec2(1.1, 0.9), vec2(-1.1, 0.9)]),
        Kind::Apple => corners(&[vec2(0.0, -1.2), vec2(1.2, 0.0), vec2(0.0, 1.2), vec2(-1.2, 0.0)]),
        Kind::Experts => corners(&[vec2(-1.1, -0.9), vec2(1.1, -0.9), vec2(0.0, 1.1)]),
        Kind::Cpu => {
            let stroke = Stroke::new(size / 3.0, color);
            for arm in [vec2(1.1, 0.0), vec2(0.0, 1.1)] {
                painter.line_segment([center - arm * half, center + arm * half], stroke);
            }
        }
    }
}
