//! A picture as pixels, and those as PNG: the image and nothing about it.

use vello_cpu::color::{AlphaColor, Srgb};
use vello_cpu::kurbo::{BezPath, Circle, Rect, RoundedRect, Shape as _, Stroke};
use vello_cpu::{Pixmap, RenderContext, Resources};

use super::face;
use super::picture::{Anchor, Ink, Picture, Shape, Spot};

/// How far curves may be off their true place, in pixels.
const TOLERANCE: f64 = 0.1;
/// The longest side of a picture, in pixels.
const MOST: f64 = 8_192.0;

/// An image: red, green, blue and opacity of each pixel, line by line from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Pixels in a line.
    pub width: usize,
    /// Lines.
    pub height: usize,
    /// Four bytes for each pixel.
    pub rgba: Vec<u8>,
}

/// Draws a picture with so many pixels for each point.
#[must_use]
pub fn pixels(picture: &Picture, scale: f64) -> Pixels {
    let side = |length: f64| (length * scale).round().clamp(1.0, MOST) as u16;
    let (width, height) = (side(picture.width), side(picture.height));
    let mut context = RenderContext::new(width, height);
    for shape in &picture.shapes {
        draw(&mut context, shape, scale);
    }
    context.flush();
    let mut target = Pixmap::new(width, height);
    context.render(&mut target, &mut Resources::new());
    let rgba = target.take_unpremultiplied().into_iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b, pixel.a]);
    Pixels { width: usize::from(width), height: usize::from(height), rgba: rgba.collect() }
}

/// The image as a PNG file, with no chunk besides those that hold it.
///
/// # Errors
/// The encoder's word: an image without pixels.
pub fn png(pixels: &Pixels) -> Result<Vec<u8>, String> {
    let side = |length: usize| u32::try_from(length).unwrap_or(0);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side(pixels.width), side(pixels.height));
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&pixels.rgba)?;
        writer.finish()
    });
    written.map(|()| file).map_err(|error| format!("the picture cannot be written: {error}"))
}

fn draw(context: &mut RenderContext, shape: &Shape, scale: f64) {
    let (ink, path) = match shape {
        Shape::Rect { at, size, radius, ink } => {
            let rect = Rect::new(at.0, at.1, at.0 + size.0, at.1 + size.1).scale_from_origin(scale);
            (*ink, RoundedRect::from_rect(rect, radius * scale).to_path(TOLERANCE))
        }
        Shape::Disc { at, radius, ink } => {
            (*ink, Circle::new((at.0 * scale, at.1 * scale), radius * scale).to_path(TOLERANCE))
        }
        Shape::Area { spots, ink } => {
            let mut path = through(spots, scale);
            path.close_path();
            (*ink, path)
        }
        Shape::Line { spots, width, dash, ink } => {
            context.set_paint(color(*ink));
            let stroke = Stroke::new(width * scale).with_caps(vello_cpu::kurbo::Cap::Butt);
            let stroke = match dash {
                [] => stroke,
                dash => stroke.with_dashes(0.0, dash.iter().map(|on| on * scale)),
            };
            context.set_stroke(stroke);
            context.stroke_path(&through(spots, scale));
            return;
        }
        Shape::Text { at, anchor, size, weight, ink, text } => {
            let wide = face::width(text, *size, *weight);
            let left = match anchor {
                Anchor::Start => at.0,
                Anchor::Middle => at.0 - wide / 2.0,
                Anchor::End => at.0 - wide,
            };
            (*ink, face::outlines(text, (left, at.1), *size, *weight, scale))
        }
    };
    if !path.elements().is_empty() {
        context.set_paint(color(ink));
        context.fill_path(&path);
    }
}

fn through(spots: &[Spot], scale: f64) -> BezPath {
    let mut path = BezPath::new();
    for (at, (x, y)) in spots.iter().enumerate() {
        let spot = (x * scale, y * scale);
        if at == 0 {
            path.move_to(spot);
        } else {
            path.line_to(spot);
        }
    }
    path
}

fn color(ink: Ink) -> AlphaColor<Srgb> {
    let [red, green, blue] = ink.rgb;
    AlphaColor::from_rgba8(red, green, blue, (ink.opacity.clamp(0.0, 1.0) * 255.0).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::super::picture::Weight;
    use super::*;

    fn picture(shapes: Vec<Shape>) -> Picture {
        let ground = Shape::Rect { at: (0.0, 0.0), size: (20.0, 10.0), radius: 0.0, ink: [10, 20, 30].into() };
        Picture { width: 20.0, height: 10.0, told: String::new(), shapes: [vec![ground], shapes].concat() }
    }

    fn at(pixels: &Pixels, x: usize, y: usize) -> [u8; 4] {
        let from = (y * pixels.width + x) * 4;
        pixels.rgba[from..from + 4].try_into().expect("four")
    }

    #[test]
    fn shapes_are_where_they_were_put() {
        let ink = Ink::from([200, 100, 50]);
        let drawn = pixels(
            &picture(vec![
                Shape::Rect { at: (2.0, 2.0), size: (4.0, 4.0), radius: 0.0, ink },
                Shape::Disc { at: (15.0, 5.0), radius: 3.0, ink },
                Shape::Line { spots: vec![(0.0, 8.5), (20.0, 8.5)], width: 1.0, dash: &[], ink },
            ]),
            2.0,
        );
        assert_eq!((drawn.width, drawn.height, drawn.rgba.len()), (40, 20, 3200));
        for (x, y, filled) in
            [(6, 6, true), (30, 10, true), (20, 16, true), (1, 1, false), (14, 6, false), (38, 2, false)]
        {
            let expected = if filled { [200, 100, 50, 255] } else { [10, 20, 30, 255] };
            assert_eq!(at(&drawn, x, y), expected, "{x} {y}");
        }
    }

    #[test]
    fn words_leave_ink_inside_their_width() {
        let text = |text: &str| {
            let (at, size) = ((1.0, 9.0), 9.0);
            let words = Shape::Text {
                at,
                anchor: Anchor::Start,
                size,
                weight: Weight::Strong,
                ink: [255, 255, 255].into(),
                text: text.to_owned(),
            };
            pixels(&picture(vec![words]), 4.0)
        };
        let inked = |pixels: &Pixels| -> Vec<usize> {
            let bright = |x: &usize| (0..pixels.height).any(|y| at(pixels, *x, y)[0] > 200);
            (0..pixels.width).filter(bright).collect()
        };
        assert_eq!(inked(&text("")), Vec::<usize>::new());
        let columns = inked(&text("H"));
        let end = 4.0 * (1.0 + face::width("H", 9.0, Weight::Strong));
        assert!(columns.len() > 8 && columns.iter().all(|x| (4..=end as usize).contains(x)), "{columns:?}");
    }

    #[test]
    fn a_file_holds_the_image_and_nothing_else() {
        let drawn = pixels(&picture(Vec::new()), 1.0);
        let file = png(&drawn).expect("an image");
        let mut chunks = Vec::new();
        let mut rest = &file[8..];
        while rest.len() >= 12 {
            let length = u32::from_be_bytes(rest[..4].try_into().expect("four")) as usize;
            chunks.push(String::from_utf8_lossy(&rest[4..8]).into_owned());
            rest = &rest[12 + length..];
        }
        chunks.dedup();
        assert_eq!((chunks, rest.len()), (vec!["IHDR".to_owned(), "IDAT".to_owned(), "IEND".to_owned()], 0));
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().expect("a PNG");
        let mut back = vec![0; reader.output_buffer_size().expect("small")];
        reader.next_frame(&mut back).expect("an image");
        assert_eq!(back, drawn.rgba);
    }
}
