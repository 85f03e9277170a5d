//! Who had room when: a row for each request, a bar for each stay.

use egui::{Align2, Painter, Rect, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::reasoning::requests::{Played, Stay, What};
use crate::ui::fonts::{self, Weight};
use crate::ui::paint::line::{self, Dash};
use crate::ui::theme::{self, Palette};
use crate::ui::widget::card::card;
use crate::units::grouped;

use super::grid::color;
use super::remark;

const ROW: f32 = 16.0;
/// Rows seen at once.
const SEEN: f32 = 10.0;
/// The width of the numbers at the left.
const NUMBERS: f32 = 52.0;

/// Requests up to which all of them are shown over the whole run.
const FEW: usize = 64;
/// Stays seen before and after the step, where a run has more.
const AROUND: u64 = 2;

/// What is seen of a run: from a step to a step, and the requests that have a part in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    from: u64,
    to: u64,
    requests: Vec<usize>,
}

impl Part {
    /// All of a short run; of a long one what lies around a step, a few stays long.
    fn of(played: &Played, step: u64) -> Self {
        let Played { requests, replay, .. } = played;
        if requests.len() <= FEW {
            return Self { from: 0, to: replay.end, requests: (0..requests.len()).collect() };
        }
        let stayed: u64 = replay.stays.iter().map(|stay| stay.until - stay.from).fold(0, u64::saturating_add);
        let mean = (stayed / replay.stays.len().max(1) as u64).max(1);
        let (from, to) = (step.saturating_sub(AROUND * mean), (step + AROUND * mean).min(replay.end));
        let within = |stay: &&Stay| stay.from <= to && stay.until >= from;
        let mut seen: Vec<usize> = replay.stays.iter().filter(within).map(|stay| stay.request).collect();
        let refused = replay.refused.iter().filter(|(at, _)| (from..=to).contains(at));
        seen.extend(refused.map(|(_, request)| *request));
        seen.sort_unstable();
        seen.dedup();
        Self { from, to, requests: seen }
    }

    /// Where a step lies, 0 to 1; what is beyond ends there.
    fn share(&self, step: u64) -> f32 {
        let whole = (self.to - self.from).max(1) as f64;
        (step.clamp(self.from, self.to).saturating_sub(self.from) as f64 / whole) as f32
    }
}

pub(super) fn ui(ui: &mut Ui, played: &Played, step: u64) {
    let part = Part::of(played, step);
    let readout = |ui: &mut Ui| {
        let (from, to) = (grouped(part.from), grouped(part.to));
        let text = format!("steps {from} to {to}");
        ui.add(egui::Label::new(fonts::small(text).color(theme::palette(ui).t3)).truncate());
    };
    card(ui, ["Requests over time", ""], readout, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let count = part.requests.len();
        let height = ROW * SEEN.min(count as f32);
        ScrollArea::vertical()
            .id_salt("timeline")
            .min_scrolled_height(height)
            .max_height(height)
            .auto_shrink([false, true])
            .show_rows(ui, ROW, count, |ui, seen| {
                for request in &part.requests[seen] {
                    row(ui, played, *request, &part, step);
                }
            });
        ui.add_space(4.0);
        remark(ui, "Bars have room, dots wait, a tick is a return, a cross a refusal.");
    });
}

fn row(ui: &mut Ui, played: &Played, request: usize, part: &Part, step: u64) {
    let size = vec2(ui.available_width() - 10.0, ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let stays: Vec<&Stay> = played.replay.of_request(request).collect();
    let refused = if stays.is_empty() { played.replay.refused_at(request) } else { None };
    let told = spoken(request, &stays, refused);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &told));
    if ui.is_rect_visible(rect) {
        let across = Rect::from_min_max(pos2(rect.left() + NUMBERS, rect.top()), rect.max);
        let palette = theme::palette(ui);
        let scale = |at: u64| across.left() + across.width() * part.share(at);
        let painter = ui.painter();
        let number = grouped(request as u64 + 1);
        let place = pos2(across.left() - 8.0, rect.center().y);
        painter.text(place, Align2::RIGHT_CENTER, number, fonts::font(11.0, Weight::Regular), palette.t3);
        painter.hline(across.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, palette.line));
        bars(painter, palette, across, &stays, scale);
        if let Some(at) = refused {
            cross(painter, palette, pos2(scale(at).clamp(across.left() + 5.0, across.right() - 5.0), rect.center().y));
        }
        painter.vline(scale(step), rect.y_range(), Stroke::new(1.0, palette.accent));
    }
    response.on_hover_text(told);
}

fn bars(painter: &Painter, palette: &Palette, across: Rect, stays: &[&Stay], scale: impl Fn(u64) -> f32) {
    let mut before: Option<&Stay> = None;
    for stay in stays {
        let fill = color(palette, stay.request);
        if let Some(out) = before.filter(|out| out.left == Some(What::PutOut)) {
            let y = across.center().y;
            let ends = [pos2(scale(out.until), y), pos2(scale(stay.from), y)];
            line::path(painter, &ends, Stroke::new(1.0, palette.t3), Dash::Dotted);
        }
        let (from, to) = (scale(stay.from), scale(stay.until));
        let bar = Rect::from_min_max(pos2(from, across.top() + 3.0), pos2(to.max(from + 1.0), across.bottom() - 3.0));
        painter.rect_filled(bar, 2.0, fill);
        if stay.came == What::Back {
            // What it had is computed again, or copied in.
            let tick = Rect::from_min_size(bar.min, vec2(2.0, bar.height()));
            painter.rect_filled(tick, 0.0, palette.t1);
        }
        before = Some(stay);
    }
    if let Some(out) = before.filter(|out| out.left == Some(What::PutOut)) {
        let y = across.center().y;
        let ends = [pos2(scale(out.until), y), pos2(across.right(), y)];
        line::path(painter, &ends, Stroke::new(1.0, palette.t3), Dash::Dotted);
    }
}

fn cross(painter: &Painter, palette: &Palette, at: egui::Pos2) {
    let stroke = Stroke::new(1.5, palette.verdict.no);
    for turn in [vec2(3.5, 3.5), vec2(3.5, -3.5)] {
        painter.line_segment([at - turn, at + turn], stroke);
    }
}

/// A row in words.
fn spoken(request: usize, stays: &[&Stay], refused: Option<u64>) -> String {
    let mut text = format!("Request {}", grouped(request as u64 + 1));
    for stay in stays {
        let left = stay.left.map_or("still there", What::word);
        text = format!("{text}, {} at {} and {left} at {}", stay.came.word(), grouped(stay.from), grouped(stay.until));
    }
    match refused {
        Some(step) => format!("{text}, refused at {}", grouped(step)),
        None if stays.is_empty() => format!("{text}, not among the events kept"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::form::Form;
    use super::*;
    use crate::units::Bytes;

    #[test]
    fn a_short_run_is_seen_whole_and_a_long_one_around_the_step() {
        let r1 = Bytes::new(70_272);
        let short = Form::TWELVE.trial(r1).play();
        let part = Part::of(&short, 5);
        assert_eq!((part.from, part.to, part.requests.len()), (0, short.replay.end, 13));
        let long = Form { count: 5000, ..Form::MANY }.trial(r1).play();
        let step = long.replay.end / 2;
        let part = Part::of(&long, step);
        let held = long.replay.at(&long.trial.setup, &long.requests, step);
        assert!(!held.is_empty() && held.iter().all(|held| part.requests.contains(&held.request)));
        assert!(part.requests.len() < 200, "{}", part.requests.len());
        assert!(part.share(part.from) < part.share(step) && part.share(step) < part.share(part.to));
    }
}
