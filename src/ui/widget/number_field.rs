//! A whole number that is dragged or typed.

use std::ops::RangeInclusive;

use egui::{Align, DragValue, Layout, Response, Ui, vec2};

use crate::ui::theme::height;
use crate::units::{Tokens, grouped, parse_tokens};

/// A field `width` wide, its number at the right with its unit after it; `name` is for a screen reader. Takes
/// `32k` and `131,072`, too.
pub fn number_field(
    ui: &mut Ui,
    name: &str,
    value: &mut u64,
    range: RangeInclusive<u64>,
    unit: &str,
    width: f32,
) -> Response {
    let speed = (*value as f64 * 0.005).max(0.2);
    let at_right = Layout::top_down_justified(Align::Max);
    let unit = unit.to_owned();
    ui.allocate_ui_with_layout(vec2(width, height::SMALL), at_right, |ui| {
        ui.spacing_mut().interact_size.y = height::SMALL;
        let field = DragValue::new(value)
            .range(range)
            .speed(speed)
            .custom_formatter(move |number, _| {
                let number = grouped(number.round() as u64);
                if unit.is_empty() { number } else { format!("{number} {unit}") }
            })
            .custom_parser(|text| {
                let digits: String =
                    text.trim().trim_end_matches(|c: char| !c.is_ascii_digit() && !"kKmM".contains(c)).to_owned();
                parse_tokens(&digits).ok().map(Tokens::as_f64)
            });
        ui.add(field).accessible_name(name)
    })
    .inner
}
