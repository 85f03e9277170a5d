//! Where the model lies: layers, experts, shares of the GPUs, the cache, and what drives it all.

use egui::{ComboBox, Ui};

use crate::hardware::{Backend, Pool, PoolKind};
use crate::memory::KvPlace;
use crate::placement::{CpuExperts, GpuLayers, Offload, Plan, Split};
use crate::ui::bench::Workbench;
use crate::ui::by_hand::{percent, slots_on, with_share};
use crate::ui::paint::icon;
use crate::ui::widget::card::rows;
use crate::ui::widget::hand_slider::HandSlider;
use crate::ui::widget::segmented::segmented;
use crate::ui::{fonts, theme};

use super::row::{self, CHOICE, SLIDER, Words};

/// What of it there is to decide on this machine with this engine and model.
#[derive(Clone, Copy)]
struct Offered {
    layers: bool,
    experts: bool,
    shares: usize,
    cache: bool,
}

impl Offered {
    fn of(bench: &Workbench) -> Self {
        let scenario = &bench.scenario;
        let (engine, backend) = (&scenario.engine, scenario.backend);
        let driven = |pool: &Pool| backend != Some(Backend::Cpu) && engine.backend_on(pool, backend).is_some();
        let gpus = scenario.machine.gpus().filter(|pool| driven(pool)).count();
        let routed = scenario.subject.weights.layers.iter().any(|layer| layer.experts.get() > 0);
        let apart = scenario.machine.gpus().any(|pool| pool.kind == PoolKind::Vram && driven(pool));
        Self {
            layers: gpus > 0 && engine.offload == Offload::Layers,
            experts: gpus > 0 && routed && engine.offload != Offload::Nothing,
            shares: if gpus > 1 { scenario.machine.gpus().count() } else { 0 },
            cache: apart && engine.offload == Offload::Layers,
        }
    }
}

/// The height of the column.
pub(super) fn height(bench: &Workbench) -> f32 {
    let offered = Offered::of(bench);
    let sliders = usize::from(offered.layers) + usize::from(offered.experts) + offered.shares;
    let choices = usize::from(offered.cache) + usize::from(offered.shares > 0);
    sliders as f32 * SLIDER + choices as f32 * CHOICE
}

/// The column.
pub(super) fn ui(ui: &mut Ui, bench: &mut Workbench) {
    let offered = Offered::of(bench);
    let automatic = bench.automatic();
    let plan = bench.answer().plan.clone();
    if offered.layers {
        layers(ui, bench, [&plan, &automatic]);
    }
    if offered.experts {
        experts(ui, bench, [&plan, &automatic]);
    }
    if offered.shares > 0 {
        shares(ui, bench, [&plan, &automatic]);
        split(ui, bench);
    }
    if offered.cache {
        cache(ui, bench);
    }
}

/// The height of what drives it.
pub(super) const ENGINE: f32 = 2.0 * CHOICE;

/// What drives it: the backend, and how old the engine is.
pub(super) fn engine(ui: &mut Ui, bench: &mut Workbench) {
    backend(ui, bench);
    date(ui, bench);
}

fn layers(ui: &mut Ui, bench: &mut Workbench, [plan, automatic]: [&Plan; 2]) {
    let slots = plan.layers.len() as u64 + 1;
    let policy = &mut bench.scenario.policy;
    let mut value = match policy.gpu_layers {
        GpuLayers::Auto => None,
        GpuLayers::Count(count) => Some(u64::from(count).min(slots)),
    };
    let by_hand = value.is_some();
    let said = |count: u64| format!("{count} of {slots}");
    let shown = said(value.unwrap_or(u64::from(plan.gpu_layers)));
    let words = Words { name: "Layers on GPUs", remark: "", value: &shown };
    let slider = HandSlider::new(words.name, &mut value, u64::from(automatic.gpu_layers), [0, slots], &said)
        .resting(u64::from(plan.gpu_layers));
    let row = row::slider(ui, &words, slider, by_hand);
    if row.moved || row.back {
        policy.gpu_layers = match value.filter(|_| !row.back) {
            Some(count) => GpuLayers::Count(u32::try_from(count).unwrap_or(u32::MAX)),
            None => GpuLayers::Auto,
        };
    }
}

fn experts(ui: &mut Ui, bench: &mut Workbench, [plan, automatic]: [&Plan; 2]) {
    let layers = plan.layers.len() as u64;
    let policy = &mut bench.scenario.policy;
    let mut value = match policy.cpu_experts {
        CpuExperts::Auto => None,
        CpuExperts::First(count) => Some(u64::from(count).min(layers)),
        CpuExperts::All => Some(layers),
    };
    let by_hand = value.is_some();
    let said = |count: u64| format!("{count} of {layers}");
    let shown = said(value.unwrap_or(u64::from(plan.cpu_expert_layers)));
    let words = Words { name: "Layers with experts in RAM", remark: "", value: &shown };
    let best = u64::from(automatic.cpu_expert_layers);
    let slider =
        HandSlider::new(words.name, &mut value, best, [0, layers], &said).resting(u64::from(plan.cpu_expert_layers));
    let row = row::slider(ui, &words, slider, by_hand);
    if row.moved || row.back {
        policy.cpu_experts = match value.filter(|_| !row.back) {
            Some(count) if count == layers => CpuExperts::All,
            Some(count) => CpuExperts::First(u32::try_from(count).unwrap_or(u32::MAX)),
            None => CpuExperts::Auto,
        };
    }
}

/// The share of each GPU in a plan, in percent: of its layers, or of each layer.
fn percents(bench: &Workbench, plan: &Plan, given: &[f64]) -> Vec<u64> {
    let gpus = bench.scenario.machine.gpus().count();
    if !given.is_empty() {
        let mut given = given.to_vec();
        given.resize(gpus, 0.0);
        return percent(&given);
    }
    let usable = || bench.scenario.machine.gpus().map(|pool| pool.usable().as_f64()).collect::<Vec<_>>();
    let counts: Vec<f64> = slots_on(plan, gpus).into_iter().map(|count| count as f64).collect();
    match plan.split {
        Split::Layer if counts.iter().sum::<f64>() > 0.0 => percent(&counts),
        _ if !plan.tensor_split.is_empty() => percent(&plan.tensor_split),
        _ => percent(&usable()),
    }
}

fn shares(ui: &mut Ui, bench: &mut Workbench, [plan, automatic]: [&Plan; 2]) {
    let given = bench.scenario.policy.tensor_split.clone();
    let now = percents(bench, plan, &given);
    let best = percents(bench, automatic, &[]);
    let machine = bench.scenario.machine.clone();
    let counts = slots_on(plan, now.len());
    let by_layer = plan.split == Split::Layer;
    let by_hand = !given.is_empty();
    for (at, pool) in machine.gpus().enumerate() {
        let mut value = by_hand.then(|| now[at]);
        let said = |share: u64| format!("{share} %");
        let device = pool.device.as_ref().map_or(pool.name.as_str(), |device| device.short_name());
        let name = format!("Share of {}", pool.id);
        let layers = format!(", {} {}", counts[at], if counts[at] == 1 { "layer" } else { "layers" });
        let shown = format!("{}{}", said(now[at]), if by_layer { layers.as_str() } else { "" });
        let words = Words { name: &name, remark: device, value: &shown };
        let slider = HandSlider::new(&name, &mut value, best[at], [0, 100], &said).resting(now[at]);
        let row = row::slider(ui, &words, slider, by_hand);
        if row.back || (row.moved && value.is_none()) {
            bench.scenario.policy.tensor_split.clear();
        } else if let (true, Some(share)) = (row.moved, value) {
            let shares = with_share(&now, at, share);
            bench.scenario.policy.tensor_split = shares.into_iter().map(|share| share as f64).collect();
        }
    }
}

fn split(ui: &mut Ui, bench: &mut Workbench) {
    let split = &mut bench.scenario.policy.split;
    let by_hand = split.is_some();
    let back = row::choice(ui, "Split over GPUs by", by_hand, |ui| {
        let choices = [(None, "auto"), (Some(Split::Layer), "layer"), (Some(Split::Tensor), "tensor")];
        segmented(ui, "Split over GPUs", split, &choices).on_hover_text(
            "By layer one GPU works after the other; by tensor all work on every layer and wait for each other",
        );
    });
    if back {
        *split = None;
    }
}

fn cache(ui: &mut Ui, bench: &mut Workbench) {
    let place = &mut bench.scenario.run.kv_place;
    let by_hand = *place != KvPlace::default();
    let back = row::choice(ui, "KV cache in", by_hand, |ui| {
        segmented(ui, "KV cache in", place, &[(KvPlace::Device, "VRAM"), (KvPlace::Host, "RAM")])
            .on_hover_text("In RAM it leaves VRAM to weights, and attention is computed there");
    });
    if back {
        *place = KvPlace::default();
    }
}

fn backend(ui: &mut Ui, bench: &mut Workbench) {
    let engine = bench.scenario.engine.clone();
    let machine = bench.scenario.machine.clone();
    let chosen = bench.scenario.backend;
    let name = |backend: Option<Backend>| backend.map_or("auto", Backend::title).to_owned();
    let mut picked = chosen;
    let back = row::choice(ui, "Backend", chosen.is_some(), |ui| {
        combo(ui, "Backend", name(chosen), |ui| {
            for backend in [None].into_iter().chain(engine.backends.iter().copied().map(Some)) {
                let why = engine.refusal(&machine, backend);
                let row = ui.add_enabled(why.is_none(), egui::Button::selectable(backend == chosen, name(backend)));
                let row = row.on_disabled_hover_ui(|ui| {
                    if let Some(why) = &why {
                        ui.label(format!("{}. {}", why.what, why.remedy));
                    }
                });
                if row.clicked() {
                    picked = backend;
                }
            }
        });
    });
    bench.scenario.backend = if back { None } else { picked };
}

/// Months after which something changed in how an engine keeps its cache or how fast it was, newest first: the last
/// month before each.
fn months(bench: &Workbench) -> Vec<String> {
    let kept = bench.scenario.engine.mla.iter().map(|era| era.from.as_str());
    let built = bench.scenario.parameters.eras.iter().map(|era| era.before.as_str());
    let mut months: Vec<String> = kept.chain(built).filter_map(month_before).collect();
    months.sort_by(|a, b| b.cmp(a));
    months.dedup();
    months
}

/// `2024-12` before `2025-01`; none of what is no month.
fn month_before(month: &str) -> Option<String> {
    let (year, month) = month.split_once('-')?;
    let (year, month): (u32, u32) = (year.parse().ok()?, month.parse().ok()?);
    let (year, month) = if month > 1 { (year, month - 1) } else { (year.checked_sub(1)?, 12) };
    Some(format!("{year:04}-{month:02}"))
}

fn date(ui: &mut Ui, bench: &mut Workbench) {
    let months = months(bench);
    let chosen = bench.scenario.engine_date.clone();
    let name = |date: Option<&str>| date.unwrap_or("newest").to_owned();
    let mut picked = chosen.clone();
    let back = row::choice(ui, "Engine as of", chosen.is_some(), |ui| {
        combo(ui, "Engine as of", name(chosen.as_deref()), |ui| {
            for date in [None].into_iter().chain(months.iter().map(|month| Some(month.as_str()))) {
                if ui.selectable_label(date == chosen.as_deref(), name(date)).clicked() {
                    picked = date.map(str::to_owned);
                }
            }
        });
    });
    bench.scenario.engine_date = picked.filter(|_| !back);
}

fn combo(ui: &mut Ui, name: &str, shown: String, contents: impl FnOnce(&mut Ui)) {
    ui.scope(|ui| {
        rows(ui, 24.0);
        ui.spacing_mut().button_padding.y = 2.0;
        ComboBox::from_id_salt(name)
            .icon(icon::combo)
            .width(104.0)
            .selected_text(fonts::medium(shown).size(12.0).color(theme::palette(ui).t1))
            .show_ui(ui, |ui| {
                rows(ui, theme::height::SMALL);
                contents(ui);
            })
            .response
            .accessible_name(name);
    });
}

#[cfg(test)]
mod tests {
    use super::month_before;

    #[test]
    fn the_month_before_an_era_still_has_the_old_way() {
        for (month, before) in [("2025-01", Some("2024-12")), ("2025-04", Some("2025-03")), ("", None), ("2025", None)]
        {
            assert_eq!(month_before(month).as_deref(), before, "{month:?}");
        }
    }
}
