//! What limits the model on screen: its steps under the roofs of the machine, both scales logarithmic.

use egui::{Align2, Color32, Painter, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};

use crate::hardware::{Besides, Machine};
use crate::scenario::{Roofline, Step, roofline};
use crate::speed::{Roof, Site, Worked};
use crate::ui::bench::{Workbench, mark_of};
use crate::ui::fonts::{self, Weight};
use crate::ui::paint::line::{self, Dash};
use crate::ui::paint::mark;
use crate::ui::theme::{self, Palette};
use crate::ui::widget::card::card as framed;

use super::frame::{Plot, Scale, Span, number};
use super::view::is_this;
use super::words;

/// Operations for each byte of blocks like `Q4_K`'s: a multiply and an add for each of 256 weights in 144 bytes.
const Q4_K_INTENSITY: f64 = 2.0 * 256.0 / 144.0;

/// Draws it.
pub(super) fn card(ui: &mut Ui, bench: &mut Workbench, height: f32) {
    let scenario = bench.scenario.clone();
    let picture = bench.measure.roofline.get(scenario, roofline).clone();
    let kernel = kernel(bench);
    let machine = bench.scenario.seen().into_owned();
    let name = format!("What limits {}", bench.scenario.subject.model.name);
    let ink = theme::palette(ui).t3;
    framed(
        ui,
        [&name, ""],
        |ui| {
            ui.label(fonts::small("FLOP/s").color(ink));
        },
        |ui| {
            ui.set_width(ui.available_width());
            let size = vec2(ui.available_width(), height - 46.0);
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, said(&picture, &machine)));
            if ui.is_rect_visible(rect) {
                draw(ui, rect, &picture, &machine, kernel);
            }
        },
    );
}

/// What rows in blocks like `Q4_K`'s times a vector reached here, in operations per second.
fn kernel(bench: &Workbench) -> Option<f64> {
    let machine = &bench.scenario.machine;
    let host = machine.host().filter(|_| is_this(bench))?;
    let mut measured = machine.measurements.iter().rev().filter(|old| old.what == host.id);
    measured.find_map(|old| old.besides(Besides::KernelQ4K)).map(|rate| rate * Q4_K_INTENSITY)
}

/// Who computes, by name.
fn who(roof: &Roof, machine: &Machine) -> String {
    match (roof.site, roof.pool(machine)) {
        (Site::Gpu, Some(pool)) => match &pool.device {
            Some(device) if !device.name.is_empty() => device.short_name().to_owned(),
            _ if !pool.name.is_empty() => pool.name.clone(),
            _ => "GPU".to_owned(),
        },
        _ => "CPU".to_owned(),
    }
}

fn step_name(step: Step) -> String {
    match step {
        Step::Decode(1) => "decode".to_owned(),
        Step::Decode(count) => format!("{count} at once"),
        Step::Prompt(tokens) => format!("prompt of {tokens}"),
    }
}

/// The picture in a sentence.
fn said(picture: &Roofline, machine: &Machine) -> String {
    let roofs = picture.roofs.iter().map(|roof| {
        let flops = roof.flops.map_or_else(|| "unknown arithmetic".to_owned(), |flops| words::flops(flops.get()));
        format!("{} reads {} and computes {flops}", who(roof, machine), roof.bandwidth)
    });
    let points = picture.points.iter().map(|(step, worked)| {
        let site = if worked.site == Site::Gpu { "GPU" } else { "CPU" };
        format!(
            "{} on the {site} {:.1} operations for each byte, {}",
            step_name(*step),
            worked.intensity(),
            words::flops(worked.rate())
        )
    });
    let all: Vec<String> = roofs.chain(points).collect();
    if all.is_empty() { "Nothing to show: no speed is known".to_owned() } else { all.join("; ") }
}

fn draw(ui: &Ui, rect: Rect, picture: &Roofline, machine: &Machine, kernel: Option<f64>) {
    let palette = theme::palette(ui);
    let painter = ui.painter();
    if picture.roofs.is_empty() {
        let text = "It does not run here, or a bandwidth is unknown.";
        painter.text(rect.center(), Align2::CENTER_CENTER, text, fonts::font(12.0, Weight::Regular), palette.t3);
        return;
    }
    let plot = ground(rect, picture, kernel);
    let mut lines = powers(plot.y, 10.0);
    if lines.len() < 3 {
        // Within a decade or two the halves and fifths of each.
        let finer = powers(Span { low: plot.y.low / 10.0, ..plot.y }, 10.0);
        lines = finer.into_iter().flat_map(|ten| [ten, 2.0 * ten, 5.0 * ten]).collect();
        lines.retain(|value| (plot.y.low..=plot.y.high).contains(value));
    }
    let tens: Vec<(f64, String)> = lines.into_iter().map(|value| (value, scaled(value))).collect();
    plot.grid(painter, palette, &tens);
    let fours: Vec<(f64, String)> = powers(plot.x, 4.0).into_iter().map(|value| (value, number(value))).collect();
    plot.foot(painter, palette, &fours, "operations for each byte read");
    // Points are never written over.
    let spot = |(_, worked): &(Step, Worked)| {
        Rect::from_center_size(plot.at(worked.intensity(), worked.rate()), Vec2::splat(9.0))
    };
    let mut taken: Vec<Rect> = picture.points.iter().map(spot).collect();
    for roof in &picture.roofs {
        draw_roof(painter, &plot, roof, machine, palette, &mut taken);
    }
    let kernel = kernel.filter(|_| picture.roofs.iter().any(|roof| roof.site == Site::Cpu));
    let kernel = kernel.map(|rate| plot.at(Q4_K_INTENSITY, rate));
    if let Some(at) = kernel {
        mark::paint(painter, at, mark::Mark::Measured, palette);
        taken.push(Rect::from_center_size(at, Vec2::splat(8.0)));
    }
    for (step, worked) in &picture.points {
        let at = plot.at(worked.intensity(), worked.rate());
        point(painter, at, *step, color(worked.site, palette), palette);
    }
    let both = picture.roofs.len() > 1;
    // The token of one user first: where names would touch, the later gives way.
    for (step, worked) in &picture.points {
        let at = plot.at(worked.intensity(), worked.rate());
        let mut names = vec![step_name(*step)];
        if both && matches!(step, Step::Decode(1)) {
            let home = if worked.site == Site::Gpu { "in VRAM" } else { "in RAM" };
            names.insert(0, format!("{}, {home}", names[0]));
        }
        let ink = if both { color(worked.site, palette) } else { palette.t1 };
        // Above a prompt runs the level part of its roof.
        let side = if matches!(step, Step::Prompt(_)) { Site::Cpu } else { worked.site };
        // In fewer words where there is no room for all.
        let _ = names.iter().any(|name| place(painter, &plot, at, (name, ink), side, palette, &mut taken));
    }
    if let Some(at) = kernel {
        place(painter, &plot, at, ("kernel, measured", palette.accent), Site::Cpu, palette, &mut taken);
    }
}

fn color(site: Site, palette: &Palette) -> Color32 {
    match site {
        Site::Gpu => palette.pool.vram,
        Site::Cpu => palette.pool.ram,
    }
}

/// The ground, wide enough for every point and the ridges.
fn ground(rect: Rect, picture: &Roofline, kernel: Option<f64>) -> Plot {
    let points = || picture.points.iter().map(|(_, worked): &(Step, Worked)| worked);
    let ridges = || picture.roofs.iter().filter_map(Roof::ridge);
    let low = points().map(Worked::intensity).fold(1.0, f64::min) / 2.0;
    let high = points().map(Worked::intensity).chain(ridges()).fold(64.0, f64::max) * 2.5;
    let tops = picture.roofs.iter().map(|roof| roof.attainable(high));
    let top = tops.fold(0.0, f64::max) * 3.0;
    let starts = picture.roofs.iter().map(|roof| roof.attainable(low));
    let least = points().map(Worked::rate).chain(starts).chain(kernel).fold(top, f64::min) / 2.5;
    let x = Span { low, high, scale: Scale::Powers };
    Plot::new(rect, x, Span { low: least, high: top, scale: Scale::Powers }, 42.0)
}

fn draw_roof(painter: &Painter, plot: &Plot, roof: &Roof, machine: &Machine, palette: &Palette, taken: &mut Vec<Rect>) {
    let ink = color(roof.site, palette);
    let dash = if roof.site == Site::Gpu { Dash::Solid } else { Dash::Long };
    let at = |intensity: f64| plot.at(intensity, roof.attainable(intensity));
    let mut path = vec![at(plot.x.low)];
    path.extend(roof.ridge().filter(|ridge| *ridge < plot.x.high).map(at));
    path.push(at(plot.x.high));
    line::path(painter, &path, Stroke::new(2.0, ink), dash);
    let font = || fonts::font(11.0, Weight::Regular);
    let names = match roof.flops {
        Some(flops) => {
            let rate = words::flops(flops.get());
            let short = format!("{}, {rate}", who(roof, machine));
            vec![format!("{short} ({})", roof.flops_source), short, rate]
        }
        None => vec![who(roof, machine)],
    };
    // Above its end, else below it, else in fewer words: where it touches no point.
    let end = at(plot.x.high);
    let ways = [(vec2(-2.0, -5.0), Align2::RIGHT_BOTTOM), (vec2(-2.0, 5.0), Align2::RIGHT_TOP)];
    let all = names.iter().flat_map(|name| ways.map(|(away, anchor)| (name, end + away, anchor)));
    let rect_of = |(name, end, anchor): &(&String, egui::Pos2, Align2)| {
        anchor.anchor_size(*end, painter.layout_no_wrap((*name).clone(), font(), ink).size())
    };
    let free = |way: &(&String, egui::Pos2, Align2)| taken.iter().all(|other| !other.intersects(rect_of(way)));
    let way = all.clone().find(free).unwrap_or((&names[0], end + ways[0].0, ways[0].1));
    taken.push(rect_of(&way));
    line::label(painter, way.1, way.2, way.0, font(), [ink, palette.bg2]);
    shaders(painter, plot, roof, machine, palette, taken);
    let source = roof.pool(machine).and_then(|pool| pool.read_measured.as_ref().or(pool.read.as_ref()));
    let said = roof.bandwidth.to_string();
    let size = painter.layout_no_wrap(said.clone(), font(), ink).size() + vec2(14.0, 0.0);
    // Above the line of a GPU, below that of the CPU; the first place along it that is free.
    let (away, anchor) = match roof.site {
        Site::Gpu => (vec2(-4.0, -4.0), Align2::RIGHT_BOTTOM),
        Site::Cpu => (vec2(6.0, 5.0), Align2::LEFT_TOP),
    };
    let bend = roof.ridge().unwrap_or(plot.x.high).min(plot.x.high);
    let along = (1..24_i32).map(|step| plot.x.low * (bend / plot.x.low).powf(f64::from(step) / 24.0));
    let mut places = along.map(|intensity| anchor.anchor_size(at(intensity) + away, size));
    let free = places.find(|rect| plot.rect.contains_rect(*rect) && taken.iter().all(|other| !other.intersects(*rect)));
    let Some(rect) = free else { return };
    taken.push(rect.expand(2.0));
    line::label(painter, rect.left_top() + vec2(14.0, 0.0), Align2::LEFT_TOP, &said, font(), [ink, palette.bg2]);
    if let Some(figure) = source {
        mark::paint(painter, rect.left_center() + vec2(5.0, 0.0), mark_of(figure.source), palette);
    }
}

/// What a GPU's shaders were measured to compute, below what its matrix units do by data sheet.
fn shaders(painter: &Painter, plot: &Plot, roof: &Roof, machine: &Machine, palette: &Palette, taken: &mut Vec<Rect>) {
    let Some(pool) = roof.pool(machine).filter(|_| roof.site == Site::Gpu) else { return };
    let measured =
        machine.measurements.iter().rev().find(|old| old.what == pool.id && old.besides(Besides::F32).is_some());
    let rates = [Besides::F16, Besides::F32].map(|which| measured.and_then(|old| old.besides(which)));
    let Some(rate) = rates.into_iter().flatten().max_by(f64::total_cmp) else { return };
    let (from, to) = (plot.at(rate / roof.bandwidth.get(), rate), plot.at(plot.x.high, rate));
    line::path(painter, &[from, to], Stroke::new(1.0, color(roof.site, palette)), Dash::Dotted);
    let (font, ink) = (fonts::font(11.0, Weight::Regular), color(roof.site, palette));
    let said = format!("shaders, {} (measured)", words::flops(rate));
    let size = painter.layout_no_wrap(said.clone(), font.clone(), ink).size();
    let rect = Align2::RIGHT_BOTTOM.anchor_size(to - vec2(2.0, 3.0), size);
    if taken.iter().all(|other| !other.intersects(rect)) {
        taken.push(rect);
        line::label(painter, rect.left_top(), Align2::LEFT_TOP, &said, font, [ink, palette.bg2]);
    }
}

/// A step: a disc for one token, rings for several at once, a square for a prompt.
fn point(painter: &Painter, at: egui::Pos2, step: Step, color: Color32, palette: &Palette) {
    match step {
        Step::Decode(1) => {
            painter.circle(at, 4.2, color, Stroke::new(1.0, palette.bg2));
        }
        Step::Decode(_) => {
            painter.circle(at, 3.4, palette.bg2, Stroke::new(1.6, color));
        }
        Step::Prompt(_) => {
            painter.rect(
                Rect::from_center_size(at, Vec2::splat(7.0)),
                0.0,
                palette.bg2,
                Stroke::new(1.6, color),
                StrokeKind::Middle,
            );
        }
    }
}

/// A name beside its point, where it touches nothing; left out where it would. Whether it stands.
fn place(
    painter: &Painter,
    plot: &Plot,
    at: egui::Pos2,
    (name, ink): (&str, Color32),
    site: Site,
    palette: &Palette,
    taken: &mut Vec<Rect>,
) -> bool {
    let font = fonts::font(11.0, Weight::Regular);
    let room = painter.layout_no_wrap(name.to_owned(), font.clone(), ink).size();
    // Those of GPUs stand above, those of the CPU below: so a name is never nearer to another's point.
    let ways = match site {
        Site::Gpu => [
            (vec2(-7.0, -3.0), Align2::RIGHT_BOTTOM),
            (vec2(0.0, -8.0), Align2::CENTER_BOTTOM),
            (vec2(7.0, -3.0), Align2::LEFT_BOTTOM),
            (vec2(8.0, 0.0), Align2::LEFT_CENTER),
            (vec2(0.0, 8.0), Align2::CENTER_TOP),
            (vec2(-8.0, 0.0), Align2::RIGHT_CENTER),
            (vec2(7.0, -14.0), Align2::LEFT_BOTTOM),
        ],
        Site::Cpu => [
            (vec2(7.0, 3.0), Align2::LEFT_TOP),
            (vec2(0.0, 8.0), Align2::CENTER_TOP),
            (vec2(8.0, 0.0), Align2::LEFT_CENTER),
            (vec2(-7.0, 3.0), Align2::RIGHT_TOP),
            (vec2(7.0, 17.0), Align2::LEFT_TOP),
            (vec2(7.0, -3.0), Align2::LEFT_BOTTOM),
            (vec2(-7.0, 17.0), Align2::RIGHT_TOP),
        ],
    };
    let free = ways.into_iter().find(|(away, anchor)| {
        let rect = anchor.anchor_size(at + *away, room);
        plot.rect.expand(2.0).contains_rect(rect) && taken.iter().all(|other| !other.intersects(rect))
    });
    if let Some((away, anchor)) = free {
        taken.push(anchor.anchor_size(at + away, room));
        line::label(painter, at + away, anchor, name, font, [ink, palette.bg2]);
    }
    free.is_some()
}

/// Powers of `base` within a span.
fn powers(span: Span, base: f64) -> Vec<f64> {
    let first = (span.low.ln() / base.ln()).ceil() as i32;
    (first..first + 64).map(|power| base.powi(power)).take_while(|value| *value <= span.high).collect()
}

/// `10 G`, `1 T`.
fn scaled(rate: f64) -> String {
    let units = [(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M")];
    let (size, unit) = units.into_iter().find(|(size, _)| rate >= size * 0.999).unwrap_or((1.0, ""));
    format!("{} {unit}", number(rate / size)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_stand_at_powers() {
        let span = |low, high| Span { low, high, scale: Scale::Powers };
        assert_eq!(powers(span(0.6, 20.0), 4.0), [1.0, 4.0, 16.0]);
        assert_eq!([1e9, 1e10, 1e12, 1e14].map(scaled), ["1 G", "10 G", "1 T", "100 T"]);
    }
}
