//! The quant on screen, tensor by tensor.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Align, Align2, ComboBox, Layout, TextEdit, Ui, vec2};

use crate::quant::{CustomMix, Format, Imatrix, Mix, Quant, Rule, Tensors};
use crate::ui::bench::{Workbench, Workspace};
use crate::ui::paint::icon::{self, Icon};
use crate::ui::paint::mark::{Mark, mark};
use crate::ui::widget::button::{Button, small_icon_button};
use crate::ui::widget::card::{card, rows};
use crate::ui::widget::scroll::scroll;
use crate::ui::{Command, Own, fonts, theme};
use crate::units::{Bytes, parse_bytes};

use super::{foot, head, row};

/// One kind of tensors of the model on screen.
struct Share {
    kind: Tensors,
    formats: BTreeSet<Format>,
    bytes: Bytes,
    weights: u64,
}

pub(in crate::ui) fn ui(ui: &mut Ui, bench: &mut Workbench) -> Option<Command> {
    let editor = bench.quant.clone()?;
    head(ui, bench);
    let command = foot::ui(ui, bench, Own::Quant);
    ui.add_space(4.0);
    let said = format!("{}, on {}", editor.mix.name, bench.scenario.subject.model.name);
    ui.add(egui::Label::new(fonts::small(said).color(theme::palette(ui).t3)).truncate());
    ui.add_space(8.0);
    let height = ui.available_height();
    scroll(ui, "quant editor", height, |ui| {
        name(ui, bench, &editor.mix, &editor.before);
        ui.add_space(12.0);
        formats(ui, bench, &editor.mix);
        ui.add_space(12.0);
        sized(ui, bench);
        ui.add_space(8.0);
    });
    command
}

/// Name, id and base.
fn name(ui: &mut Ui, bench: &mut Workbench, mix: &CustomMix, before: &CustomMix) {
    let palette = theme::palette(ui);
    let mut next = mix.clone();
    card(
        ui,
        ["Name and base", ""],
        |_| {},
        |ui| {
            ui.set_width(ui.available_width());
            rows(ui, theme::height::SMALL);
            ui.horizontal_wrapped(|ui| {
                for (label, text) in [("Name", &mut next.name), ("Id", &mut next.id)] {
                    ui.label(fonts::small(label).color(palette.t2));
                    let field =
                        TextEdit::singleline(text).desired_width(200.0).align(Align2::LEFT_CENTER).char_limit(120);
                    ui.add(field).accessible_name(format!("Quant {}", label.to_lowercase()));
                }
                ui.label(fonts::small("Base").color(palette.t2));
                let bases: Vec<&str> = Mix::ALL.iter().map(|mix| mix.name()).collect();
                if let Some(base) = row::choice(ui, "Base", mix.base.name(), &bases).and_then(|name| Mix::parse(&name))
                {
                    (next.base, next.imatrix) = (base, base.usual_imatrix());
                }
                let mut with = mix.imatrix == Imatrix::With;
                if ui.checkbox(&mut with, "Importance matrix").changed() {
                    next.imatrix = if with { Imatrix::With } else { Imatrix::Without };
                }
            });
            if mix.base != before.base {
                ui.label(fonts::caption(format!("It was {}.", before.base.name())).color(palette.t3));
            }
        },
    );
    if next != *mix {
        next.id.retain(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
        bench.edit_mix(|mix| *mix = next);
    }
}

/// Each kind of tensors the model has, with its format.
fn formats(ui: &mut Ui, bench: &mut Workbench, mix: &CustomMix) {
    let palette = theme::palette(ui);
    let takes = CustomMix::takes_formats(mix.base);
    let shares = shares(bench, mix);
    let all: Bytes = bench.scenario.subject.weights.file;
    let mut chosen = None;
    card(
        ui,
        ["Formats", "by kind of tensor"],
        |_| {},
        |ui| {
            ui.set_width(ui.available_width());
            rows(ui, theme::height::SMALL);
            ui.spacing_mut().item_spacing.y = 2.0;
            if !takes {
                row::fault(
                    ui,
                    &format!("A file of {} has one format throughout; choose another base.", mix.base.name()),
                );
            }
            for share in &shares {
                let own = mix.format(share.kind);
                let row = ui.available_rect_before_wrap();
                if own.is_some() {
                    let ground = egui::Rect::from_min_size(row.min - vec2(6.0, 0.0), vec2(row.width() + 12.0, 26.0));
                    ui.painter().rect_filled(ground, theme::radius::BAR, palette.bg3);
                }
                ui.horizontal(|ui| {
                    ui.set_min_height(26.0);
                    cell(ui, 170.0, share.kind.label(), palette.t2, Align::Min);
                    ui.add_enabled_ui(takes || own.is_some(), |ui| {
                        let mut format = own;
                        format_choice(ui, share.kind, &mut format);
                        if format != own {
                            chosen = Some((share.kind, format));
                        }
                    });
                    let is: Vec<&str> = share.formats.iter().map(|format| format.name()).collect();
                    let part = share.bytes.as_f64() / all.as_f64().max(1.0) * 100.0;
                    let part = if part < 1.0 { "under 1 %".to_owned() } else { format!("{part:.0} %") };
                    let bits = share.bytes.as_f64() * 8.0 / (share.weights.max(1)) as f64;
                    cell(ui, 66.0, &share.bytes.in_gb(), palette.t1, Align::Max);
                    cell(ui, 62.0, &part, palette.t2, Align::Max);
                    cell(ui, 66.0, &format!("{bits:.2} bits"), palette.t2, Align::Max);
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        if own.is_some() {
                            let name = share.kind.label().to_lowercase();
                            mark(ui, Mark::Typed, &format!("Format of {name} is typed by you"));
                            if small_icon_button(ui, Icon::Reset, &format!("Reset {name}")).clicked() {
                                chosen = Some((share.kind, None));
                            }
                        }
                        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                            ui.add(egui::Label::new(fonts::small(is.join(", ")).color(palette.t3)).truncate());
                        });
                    });
                });
            }
        },
    );
    if let Some((kind, format)) = chosen {
        bench.edit_mix(|mix| mix.set(kind, format));
    }
}

fn cell(ui: &mut Ui, width: f32, text: &str, ink: egui::Color32, align: Align) {
    let layout = match align {
        Align::Max => Layout::right_to_left(Align::Center),
        _ => Layout::left_to_right(Align::Center),
    };
    ui.allocate_ui_with_layout(vec2(width, 20.0), layout, |ui| {
        ui.set_width(width);
        ui.add(egui::Label::new(fonts::small(text).color(ink)).truncate());
    });
}

fn format_choice(ui: &mut Ui, kind: Tensors, own: &mut Option<Format>) {
    ComboBox::from_id_salt(kind.id())
        .icon(icon::combo)
        .width(130.0)
        .selected_text(fonts::small(own.map_or("as the base", Format::name)))
        .height(400.0)
        .show_ui(ui, |ui| {
            rows(ui, theme::height::SMALL);
            ui.selectable_value(own, None, "as the base");
            for format in Format::ALL {
                let text = format!("{}   {:.2} bits", format.name(), format.bits_per_weight());
                ui.selectable_value(own, Some(*format), text);
            }
        })
        .response
        .accessible_name(format!("Format of {}", kind.label().to_lowercase()));
}

fn shares(bench: &Workbench, mix: &CustomMix) -> Vec<Share> {
    let model = &bench.scenario.subject.model;
    let (tensors, traits) = (model.tensors(), model.traits());
    let formats = mix.formats(&traits, &tensors);
    let bytes = Quant::custom(Arc::new(mix.clone())).bytes(&traits, &tensors);
    Tensors::ALL
        .iter()
        .filter_map(|kind| {
            let mut share = Share { kind: *kind, formats: BTreeSet::new(), bytes: Bytes::ZERO, weights: 0 };
            for ((tensor, format), bytes) in tensors.iter().zip(&formats).zip(&bytes) {
                if Tensors::of(tensor.role.gguf) == Some(*kind) {
                    share.formats.insert(*format);
                    share.bytes += *bytes;
                    share.weights += tensor.weights();
                }
            }
            (share.weights > 0 || mix.format(*kind).is_some()).then_some(share)
        })
        .collect()
}

/// A file of known size, whose recipe is no rule.
fn sized(ui: &mut Ui, bench: &mut Workbench) {
    let palette = theme::palette(ui);
    let Some(mut editor) = bench.quant.clone() else { return };
    let mut taken = None;
    card(
        ui,
        ["A file of known size", "when its recipe is no rule"],
        |_| {},
        |ui| {
            ui.set_width(ui.available_width());
            rows(ui, theme::height::SMALL);
            ui.horizontal_wrapped(|ui| {
                let (name, size) = (&mut editor.sized.0, &mut editor.sized.1);
                ui.label(fonts::small("Name").color(palette.t2));
                let field = TextEdit::singleline(name).desired_width(160.0).hint_text("UD-Q2_K_XL").char_limit(60);
                ui.add(field.align(Align2::LEFT_CENTER)).accessible_name("Name of the file");
                ui.label(fonts::small("Size").color(palette.t2));
                let field = TextEdit::singleline(size).desired_width(100.0).hint_text("226.5 GB").char_limit(40);
                ui.add(field.align(Align2::LEFT_CENTER)).accessible_name("Size of the file");
                let bytes = parse_bytes(size);
                let go = ui.add_enabled_ui(bytes.is_ok(), |ui| ui.add(Button::new("Use this size").small())).inner;
                match bytes {
                    Ok(bytes) if go.clicked() => taken = Some(bytes),
                    Err(why) if !size.trim().is_empty() => row::fault(ui, &why.to_string()),
                    _ => {}
                }
            });
            ui.label(
                fonts::caption("Its bytes are spread over the tensors like the mix of the nearest size.")
                    .color(palette.t3),
            );
        },
    );
    if let Some(bytes) = taken {
        let id = match editor.sized.0.trim() {
            "" => "file".to_owned(),
            name => crate::formats::shown(name, 60),
        };
        bench.pick_quant(Quant { id, rule: Rule::Sized(bytes), source: String::new() });
        bench.workspace = Workspace::Run;
    }
    bench.quant = Some(editor);
}
