//! The face words are set in: Inter, as in the window. How wide they are, and their outlines.
//!
//! Absent: kerning and scripts the face does not have; of those a picture of pixels shows boxes, and one of vectors
//! what the fonts of its reader have.

use std::sync::LazyLock;

use skrifa::instance::{Location, LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider as _};
use vello_cpu::kurbo::BezPath;

use super::picture::Weight;

const INTER: &[u8] = include_bytes!("../../../../assets/fonts/Inter-tnum.ttf");

static FACE: LazyLock<Option<FontRef<'static>>> = LazyLock::new(|| FontRef::new(INTER).ok());

fn location(face: &FontRef<'_>, weight: Weight) -> Location {
    face.axes().location([("wght", f32::from(weight.number()))])
}

/// The width of words in points.
#[must_use]
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    let Some(face) = &*FACE else { return 0.0 };
    let at = location(face, weight);
    let (chars, metrics) = (face.charmap(), face.glyph_metrics(Size::new(size as f32), &at));
    let glyph = |c: char| chars.map(c).unwrap_or(GlyphId::NOTDEF);
    text.chars().map(|c| f64::from(metrics.advance_width(glyph(c)).unwrap_or_default())).sum()
}

/// As much of a text as there is room for, with an ellipsis where some is left out.
#[must_use]
pub(super) fn fitted(text: &str, size: f64, weight: Weight, room: f64) -> String {
    let Some(face) = &*FACE else { return text.to_owned() };
    let at = location(face, weight);
    let (chars, metrics) = (face.charmap(), face.glyph_metrics(Size::new(size as f32), &at));
    let wide = |c: char| f64::from(metrics.advance_width(chars.map(c).unwrap_or(GlyphId::NOTDEF)).unwrap_or_default());
    let ellipsis = wide('…');
    let (mut taken, mut end) = (0.0, 0);
    for (at, c) in text.char_indices() {
        taken += wide(c);
        if taken > room {
            let cut = text[..end].trim_end();
            return if ellipsis > room { String::new() } else { format!("{cut}…") };
        }
        if taken + ellipsis <= room {
            end = at + c.len_utf8();
        }
    }
    text.to_owned()
}

/// A text on as many lines as are given, broken between words; the last is cut.
#[must_use]
pub(super) fn wrapped(text: &str, size: f64, weight: Weight, room: f64, lines: usize) -> Vec<String> {
    let mut all: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let full = all.len() >= lines;
        let Some(last) = all.last_mut() else { break };
        let longer = if last.is_empty() { word.to_owned() } else { format!("{last} {word}") };
        if full || last.is_empty() || width(&longer, size, weight) <= room {
            *last = longer;
        } else {
            all.push(word.to_owned());
        }
    }
    all.iter().map(|line| fitted(line, size, weight, room)).collect()
}

/// The outlines of words whose base line begins at a spot, everything `scale` times as large.
pub(super) fn outlines(text: &str, (x, y): (f64, f64), size: f64, weight: Weight, scale: f64) -> BezPath {
    let mut pen = Pen { path: BezPath::new(), x: x * scale, y: y * scale };
    let Some(face) = &*FACE else { return pen.path };
    let at = location(face, weight);
    let size = Size::new((size * scale) as f32);
    let (chars, metrics, glyphs) = (face.charmap(), face.glyph_metrics(size, &at), face.outline_glyphs());
    for c in text.chars() {
        let glyph = chars.map(c).unwrap_or(GlyphId::NOTDEF);
        if let Some(outline) = glyphs.get(glyph) {
            // What cannot be drawn leaves its room empty.
            let _ = outline.draw(DrawSettings::unhinted(size, LocationRef::from(&at)), &mut pen);
        }
        pen.x += f64::from(metrics.advance_width(glyph).unwrap_or_default());
    }
    pen.path
}

/// Puts outlines, whose y axis rises, on a page.
struct Pen {
    path: BezPath,
    x: f64,
    y: f64,
}

impl Pen {
    fn spot(&self, x: f32, y: f32) -> (f64, f64) {
        (self.x + f64::from(x), self.y - f64::from(y))
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.spot(x, y));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.spot(x, y));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.path.quad_to(self.spot(cx, cy), self.spot(x, y));
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        self.path.curve_to(self.spot(ax, ay), self.spot(bx, by), self.spot(x, y));
    }

    fn close(&mut self) {
        self.path.close_path();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_a_width_and_are_cut_to_it() {
        let wide = |text: &str| width(text, 12.0, Weight::Regular);
        assert!(wide("GiB") > 10.0 && wide("GiB") < 40.0, "{}", wide("GiB"));
        assert!((wide("11111") - wide("88888")).abs() < 1e-3, "figures are of one width");
        assert!(width("GiB", 12.0, Weight::Strong) > wide("GiB"));
        let long = "a rather long name of a machine";
        let cut = fitted(long, 12.0, Weight::Regular, 60.0);
        assert!(cut.ends_with('…') && wide(&cut) <= 60.0, "{cut}");
        assert_eq!(fitted(long, 12.0, Weight::Regular, 900.0), long);
        assert_eq!(fitted(long, 12.0, Weight::Regular, 1.0), "");
        let lines = wrapped(long, 12.0, Weight::Regular, 90.0, 2);
        assert!(lines.len() == 2 && lines.iter().all(|line| wide(line) <= 90.0), "{lines:?}");
    }

    #[test]
    fn every_sign_of_a_card_is_in_the_face() {
        let face = FACE.as_ref().expect("the font is built in");
        for c in ('!'..='~').chain("…×–·é".chars()) {
            assert!(face.charmap().map(c).is_some(), "{c}");
        }
    }
}
