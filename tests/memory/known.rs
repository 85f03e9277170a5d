//! What is remembered of buffers is what would have been worked out from all layers, at every context.

use std::collections::BTreeMap;

use willitrun::catalog::Catalog;
use willitrun::memory::{
    FlashAttention, HostWeights, Known, KvPlace, KvStreams, LayerPlace, Outputs, Places, RunOptions, SwaCache, compute,
    compute_alike,
};
use willitrun::model::Architecture;
use willitrun::quant::Format;
use willitrun::units::Tokens;

/// Layers from `first` on over so many devices, those below `experts` with their experts on the host.
fn places(model: &Architecture, devices: u8, first: usize, experts: usize) -> Places {
    let count = model.layers.len();
    let device =
        |layer: usize| (layer >= first).then(|| ((layer - first) * usize::from(devices) / (count + 1 - first)) as u8);
    let place =
        |layer: usize| LayerPlace { device: device(layer), experts: device(layer).filter(|_| layer >= experts) };
    Places { devices, layers: (0..count).map(place).collect(), head: device(count), host_weights: HostWeights::Stay }
}

/// Layouts of one model, each with the numbers that tell it apart.
fn layouts(model: &Architecture) -> Vec<(Vec<u32>, Places)> {
    let count = model.layers.len();
    let mut all = vec![(vec![0], Places::on_host(model))];
    for devices in [1, 2, 5] {
        for (first, experts) in [(0, 0), (0, count), (0, count / 3), (0, 3), (count / 2, 0), (count - 1, count)] {
            let numbers = vec![devices, first as u32, experts as u32];
            all.push((numbers, places(model, devices as u8, first, experts)));
        }
    }
    all
}

fn ways() -> Vec<RunOptions> {
    let plain = RunOptions::default();
    vec![
        plain,
        RunOptions { flash_attention: FlashAttention::Off, ..plain },
        RunOptions { kv_k: Format::Q8_0, kv_v: Format::Q8_0, outputs: Outputs::All, ..plain },
        RunOptions { sequences: 4, swa: SwaCache::Full, ..plain },
        RunOptions { sequences: 4, streams: KvStreams::Unified, kv_place: KvPlace::Host, ubatch: 2048, ..plain },
        RunOptions { kv_k: Format::F32, kv_v: Format::F32, ubatch: 64, ..plain },
    ]
}

/// Contexts in no order: what is known from one answers for others.
const CONTEXTS: [u64; 9] = [8192, 131_072, 1, 700, 4096, 32_768, 40_000, 1_000_000, 2048];

#[test]
fn what_is_remembered_is_what_all_layers_say() {
    let catalog = Catalog::builtin();
    let mut checked: BTreeMap<&str, usize> = BTreeMap::new();
    // Of models with the same kinds of layers the first stands for all; plain ones are many.
    for (at, model) in catalog.models.iter().enumerate() {
        let known = Known::default();
        let ways = ways();
        // Every model in the plain way and in one more, so that all ways meet all kinds of models.
        for options in [ways[0], ways[1 + at % (ways.len() - 1)]] {
            for (numbers, places) in layouts(model).into_iter().skip(at % 3).step_by(3) {
                for context in CONTEXTS.into_iter().skip(at % 2).step_by(2) {
                    let options = RunOptions { context: Tokens::new(context), ..options };
                    let got = known.of(model, &options).compute(places.devices, &numbers, || places.clone());
                    let truth = compute(model, &options, &places);
                    assert_eq!(got, truth, "{} at {context}, {numbers:?}, {options:?}", model.id);
                    *checked.entry(&model.gguf).or_default() += 1;
                }
            }
        }
    }
    println!("{} layouts of {} architectures", checked.values().sum::<usize>(), checked.len());
}

#[test]
fn what_is_remembered_of_one_model_answers_for_those_alike() {
    let catalog = Catalog::builtin();
    let options = RunOptions::default();
    let mut alike = 0;
    for (at, model) in catalog.models.iter().enumerate() {
        let Some(first) = catalog.models[..at].iter().find(|first| compute_alike(first, model)) else { continue };
        let known = Known::default();
        for (numbers, places) in layouts(first) {
            let told = known.of(first, &options).compute(places.devices, &numbers, || places.clone());
            let asked = known.of(model, &options).compute(places.devices, &numbers, || places.clone());
            assert_eq!(told, asked, "{} and {}", first.id, model.id);
            assert_eq!(asked, compute(model, &options, &places), "{} by {}", model.id, first.id);
        }
        alike += 1;
    }
    assert!(alike > 0, "DeepSeek R1 and V3 have the same shape");
}
