//! The answer as a card: model, machine, verdict, figures and both curves in one picture, as SVG or as PNG.
//!
//! Invariant: the picture that is shown is the one that is written, and it holds nothing that is not seen in it.

mod chart;
mod face;
mod layout;
mod picture;
mod png;
mod scale;
mod svg;

pub use layout::draw;
pub use picture::{Anchor, Ink, Picture, Rgb, Shape, Spot, Weight};
pub use png::{Pixels, pixels, png};
pub use svg::svg;

/// Pixels for each point of a card written as PNG.
pub const SCALE: f64 = 2.0;

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
}

impl Ground {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Dark, Self::Light];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }
}

/// The colours of a card. They have their one home beside those of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inks {
    /// Behind everything.
    pub ground: Rgb,
    /// Behind a plot.
    pub plot: Rgb,
    /// Grid.
    pub line: Rgb,
    /// Values.
    pub value: Rgb,
    /// Sentences.
    pub sentence: Rgb,
    /// Captions, units, axes.
    pub caption: Rgb,
    /// The estimate.
    pub accent: Rgb,
    /// Verdicts, best first.
    pub verdicts: [Rgb; 5],
    /// Weights, buffers, state and KV cache.
    pub parts: [Rgb; 4],
    /// Capacity of VRAM.
    pub vram: Rgb,
    /// Capacity of other memory.
    pub ram: Rgb,
}
