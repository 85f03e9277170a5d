//! A picture as SVG. Words stay words; each says how wide it is, so that it keeps its room in every font.

use std::fmt::Write as _;

use crate::formats::text::is_unsafe;

use super::face;
use super::picture::{Anchor, Ink, Picture, Shape, Spot};

/// Writes a picture.
#[must_use]
pub fn svg(picture: &Picture) -> String {
    let Picture { width, height, told, shapes } = picture;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"Inter, Inter Variable, sans-serif\">\n<title>{}</title>\n",
        escaped(told)
    );
    for shape in shapes {
        write(&mut out, shape);
    }
    out.push_str("</svg>\n");
    out
}

fn write(out: &mut String, shape: &Shape) {
    // Writing to a string cannot fail.
    let _ = match shape {
        Shape::Rect { at, size, radius, ink } => {
            let round = if *radius > 0.0 { format!(" rx=\"{}\"", length(*radius)) } else { String::new() };
            let ([x, y], [width, height]) = (both(*at), both(*size));
            writeln!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{round}{}/>",
                paint("fill", *ink)
            )
        }
        Shape::Disc { at, radius, ink } => {
            let [x, y] = both(*at);
            writeln!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{}\"{}/>", length(*radius), paint("fill", *ink))
        }
        Shape::Area { spots, ink } => writeln!(out, "<polygon points=\"{}\"{}/>", list(spots), paint("fill", *ink)),
        Shape::Line { spots, width, dash, ink } => {
            let lengths: Vec<String> = dash.iter().map(|on| length(*on)).collect();
            let dash =
                if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", lengths.join(" ")) };
            writeln!(
                out,
                "<polyline points=\"{}\" fill=\"none\" stroke-width=\"{}\"{dash}{}/>",
                list(spots),
                length(*width),
                paint("stroke", *ink)
            )
        }
        Shape::Text { at, anchor, size, weight, ink, text } => {
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            };
            let ([x, y], wide) = (both(*at), length(face::width(text, *size, *weight)));
            writeln!(
                out,
                "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" font-weight=\"{}\" textLength=\"{wide}\" \
                 lengthAdjust=\"spacingAndGlyphs\"{anchor}{}>{}</text>",
                length(*size),
                weight.number(),
                paint("fill", *ink),
                escaped(text)
            )
        }
    };
}

fn paint(what: &str, ink: Ink) -> String {
    let [red, green, blue] = ink.rgb;
    let thin = if ink.opacity < 1.0 { format!(" {what}-opacity=\"{}\"", length(ink.opacity)) } else { String::new() };
    format!(" {what}=\"rgb({red},{green},{blue})\"{thin}")
}

fn list(spots: &[Spot]) -> String {
    let spots: Vec<String> = spots.iter().map(|spot| both(*spot).join(",")).collect();
    spots.join(" ")
}

fn both((x, y): Spot) -> [String; 2] {
    [length(x), length(y)]
}

/// A number with two digits at most; what is none is 0.
fn length(value: f64) -> String {
    let value = if value.is_finite() { value } else { 0.0 };
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text as XML may hold it, in an element and in an attribute: no control characters, nothing that ends its place.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_unsafe(*c) && !matches!(c, '\u{fffe}' | '\u{ffff}')) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::picture::Weight;
    use super::*;

    #[test]
    fn what_a_name_holds_is_text() {
        for (text, expected) in [
            ("a < b & \"c\"", "a &lt; b &amp; &quot;c&quot;"),
            ("</text><script>alert('x')</script>", "&lt;/text&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"),
            ("]]>", "]]&gt;"),
            ("a\u{0}b\u{1b}[31m\u{202e}c\u{ffff}", "ab[31mc"),
            ("é ×", "é ×"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn numbers_are_short_and_finite() {
        for (value, expected) in
            [(1.0, "1"), (0.126, "0.13"), (-0.001, "0"), (f64::NAN, "0"), (f64::INFINITY, "0"), (1234.5, "1234.5")]
        {
            assert_eq!(length(value), expected);
        }
    }

    #[test]
    fn a_picture_is_one_element_with_its_shapes() {
        let ink = Ink::thin([1, 2, 3], 0.5);
        let text = Shape::Text {
            at: (1.0, 2.0),
            anchor: Anchor::End,
            size: 11.0,
            weight: Weight::Strong,
            ink,
            text: "<b>".to_owned(),
        };
        let line = Shape::Line { spots: vec![(0.0, 0.0), (1.5, 2.0)], width: 2.0, dash: &[4.0, 3.0], ink };
        let picture = Picture { width: 10.0, height: 5.0, told: "x & y".to_owned(), shapes: vec![text, line] };
        let svg = svg(&picture);
        assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"), "{svg}");
        for part in [
            "<title>x &amp; y</title>",
            "text-anchor=\"end\" fill=\"rgb(1,2,3)\" fill-opacity=\"0.5\">&lt;b&gt;</text>",
            "points=\"0,0 1.5,2\"",
            "stroke-dasharray=\"4 3\" stroke=\"rgb(1,2,3)\"",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
    }
}
