//! The slider for what is usually left to the engine: at rest it follows the automatic choice, moved it is the user's.
//!
//! A triangle marks the automatic choice. The hand snaps to it; a click on it, or Delete, gives the choice back.

use egui::accesskit::{Action, ActionData};
use egui::{
    Event, EventFilter, Key, Pos2, Rangef, Rect, Response, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::hand_scale::{Rail, Steps};
use crate::ui::focus;
use crate::ui::theme;

/// The height of the slider.
pub const HEIGHT: f32 = 22.0;
/// From its top to the middle of the rail.
const RAIL: f32 = 14.0;
const HANDLE: f32 = 12.0;
/// Within this many points the hand means the automatic choice.
const SNAP: f32 = 5.0;

/// Edits a number the engine would choose by itself; `None` is its choice.
#[must_use = "show it in a Ui"]
pub struct HandSlider<'a> {
    name: &'a str,
    value: &'a mut Option<u64>,
    /// What holds while the engine chooses.
    resting: u64,
    /// Where the automatic choice is marked.
    automatic: u64,
    range: [u64; 2],
    steps: Steps,
    said: &'a dyn Fn(u64) -> String,
}

impl<'a> HandSlider<'a> {
    /// `name` is for a screen reader, `automatic` what the engine chooses, `said` a number with its unit.
    pub fn new(
        name: &'a str,
        value: &'a mut Option<u64>,
        automatic: u64,
        range: [u64; 2],
        said: &'a dyn Fn(u64) -> String,
    ) -> Self {
        Self { name, value, resting: automatic, automatic, range, steps: Steps::Even, said }
    }

    /// Laid out by the logarithm.
    pub fn doubling(mut self) -> Self {
        self.steps = Steps::Doubling;
        self
    }

    /// What the engine chooses given the rest of what is set by hand, where that is something else.
    pub fn resting(mut self, value: u64) -> Self {
        self.resting = value;
        self
    }

    /// Draws it as wide as there is room and edits the number.
    pub fn show(self, ui: &mut Ui) -> Response {
        let size = vec2(ui.available_width().max(60.0), HEIGHT);
        let (rect, mut response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        let rail = Rail::new(self.range, self.steps, rect.x_range().shrink(HANDLE / 2.0));
        let before = *self.value;
        let mut value = before;

        // The mark lies over the slider: what is pressed there is not a drag of the handle.
        let tip = pos2(rail.x(self.automatic), rect.top() + RAIL - 7.0);
        let mark = Rect::from_center_size(tip - vec2(0.0, 3.0), vec2(16.0, 11.0));
        let marked = (before.is_some()).then(|| {
            let hit = ui.interact(mark, response.id.with("automatic"), Sense::CLICK);
            let said = format!("{}: back to automatic, {}", self.name, (self.said)(self.automatic));
            hit.widget_info(|| WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), &said));
            hit.on_hover_text(said)
        });
        let on_mark = marked.as_ref().is_some_and(|mark| mark.hovered() || mark.is_pointer_button_down_on());
        if marked.is_some_and(|mark| mark.clicked()) {
            value = None;
        } else if let Some(pointer) = response.interact_pointer_pos().filter(|_| !on_mark) {
            value = Some(rail.grasp(pointer.x, SNAP, self.automatic));
            response.request_focus();
        }
        // In a low window the page or the card scrolls to what the keyboard reaches.
        if response.gained_focus() && response.interact_pointer_pos().is_none() {
            response.scroll_to_me(None);
        }
        value = keys(ui, &response, &rail, value, self.resting);
        value = screen_reader(ui, &response, &rail, value, self.resting);
        if value != before {
            *self.value = value;
            response.mark_changed();
        }

        let shown = value.unwrap_or(self.resting);
        describe(ui, &response, &rail, self.name, shown, &(self.said)(shown), value.is_none());
        if ui.is_rect_visible(rect) {
            let handle = pos2(rail.x(shown), rect.top() + RAIL);
            let lit = response.hovered() || response.dragged();
            paint(ui, &rail, handle, tip, Look { by_hand: value.is_some(), lit, mark_lit: on_mark });
            focus::shape(ui, response.id, Rect::from_center_size(handle, Vec2::splat(HANDLE)), HANDLE / 2.0);
        }
        response
    }
}

fn keys(ui: &Ui, response: &Response, rail: &Rail, value: Option<u64>, resting: u64) -> Option<u64> {
    if !response.has_focus() {
        return value;
    }
    let ours = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, ours));
    ui.input(|input| {
        input.events.iter().fold(value, |value, event| {
            let now = value.unwrap_or(resting);
            match *event {
                Event::Key { key, pressed: true, .. } => match key {
                    Key::ArrowRight | Key::ArrowUp => Some(rail.above(now)),
                    Key::ArrowLeft | Key::ArrowDown => Some(rail.below(now)),
                    Key::Home => Some(rail.min),
                    Key::End => Some(rail.max),
                    Key::Delete | Key::Backspace => None,
                    _ => value,
                },
                _ => value,
            }
        })
    })
}

fn screen_reader(ui: &Ui, response: &Response, rail: &Rail, value: Option<u64>, resting: u64) -> Option<u64> {
    ui.input(|input| {
        let asked = |action| input.accesskit_action_requests(response.id, action);
        let value = asked(Action::Increment).fold(value, |value, _| Some(rail.above(value.unwrap_or(resting))));
        let value = asked(Action::Decrement).fold(value, |value, _| Some(rail.below(value.unwrap_or(resting))));
        asked(Action::SetValue).fold(value, |value, request| match request.data {
            Some(ActionData::NumericValue(asked)) => Some(rail.nearest(asked)),
            _ => value,
        })
    })
}

#[expect(clippy::cast_precision_loss, reason = "a count is far below 2^52")]
fn describe(ui: &Ui, response: &Response, rail: &Rail, name: &str, shown: u64, said: &str, automatic: bool) {
    response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), shown as f64, name));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_min_numeric_value(rail.min as f64);
        node.set_max_numeric_value(rail.max as f64);
        node.set_value(if automatic { format!("{said}, automatic") } else { said.to_owned() });
        node.add_action(Action::SetValue);
        if shown < rail.max {
            node.add_action(Action::Increment);
        }
        if rail.min < shown {
            node.add_action(Action::Decrement);
        }
    });
}

/// How the slider is drawn in this frame.
#[derive(Clone, Copy)]
struct Look {
    by_hand: bool,
    lit: bool,
    mark_lit: bool,
}

/// Rail, mark and handle: a full handle is the user's, a hollow one follows the engine.
fn paint(ui: &Ui, rail: &Rail, handle: Pos2, tip: Pos2, look: Look) {
    let (palette, painter) = (theme::palette(ui), ui.painter());
    let Rangef { min, max } = rail.across;
    let piece = |from: f32, to: f32| Rect::from_x_y_ranges(from..=to, handle.y - 2.0..=handle.y + 2.0);
    painter.rect_filled(piece(min, max), 2.0, palette.bg4);
    let filled = if look.by_hand { palette.accent } else { palette.line2 };
    painter.rect_filled(piece(min, handle.x), 2.0, filled);
    let mark = if look.mark_lit { palette.focus } else { palette.accent };
    let corners = vec![tip, tip + vec2(-4.0, -5.0), tip + vec2(4.0, -5.0)];
    painter.add(Shape::convex_polygon(corners, mark, Stroke::NONE));
    let rim = if look.lit { palette.focus } else { filled };
    let core = if look.by_hand { palette.t1 } else { palette.bg2 };
    let rim = if look.by_hand || look.lit { rim } else { palette.t3 };
    painter.circle_filled(handle, HANDLE / 2.0, rim);
    painter.circle_filled(handle, HANDLE / 2.0 - 1.5, core);
}
