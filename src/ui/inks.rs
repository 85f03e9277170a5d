//! The colours of a card that leaves the window: those of the window.

use egui::{Color32, Theme};

use crate::formats::sheet::card::{Ground, Inks, Rgb};

use super::theme;

/// The colours of a card on this ground.
#[must_use]
pub fn of(ground: Ground) -> Inks {
    let palette = theme::of(match ground {
        Ground::Dark => Theme::Dark,
        Ground::Light => Theme::Light,
    });
    let rgb = |color: Color32| -> Rgb { [color.r(), color.g(), color.b()] };
    let (verdict, part) = (&palette.verdict, &palette.part);
    Inks {
        ground: rgb(palette.bg0),
        plot: rgb(palette.bg2),
        line: rgb(palette.line),
        value: rgb(palette.t1),
        sentence: rgb(palette.t2),
        caption: rgb(palette.t3),
        accent: rgb(palette.accent),
        verdicts: [verdict.well, verdict.slowly, verdict.tight, verdict.disk, verdict.no].map(rgb),
        parts: [part.weights, part.buffers, part.state, part.kv].map(rgb),
        vram: rgb(palette.pool.vram),
        ram: rgb(palette.pool.ram),
    }
}
