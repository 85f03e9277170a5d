//! What no table has: odd options, unusual mixers, absurd sizes. Nothing may panic.

use super::golden::models;
use willitrun::memory::{
    FlashAttention, HostWeights, Known, KvLayout, KvPlace, KvStreams, LayerPlace, Outputs, Places, RunOptions,
    SwaCache, cache, compute,
};
use willitrun::model::{Architecture, Compressed, Indexer, Mixer, Recurrent};
use willitrun::quant::Format;
use willitrun::units::{Bytes, Tokens};

#[test]
fn odd_options_are_answered() {
    let plain = RunOptions::default();
    let mut odd = vec![plain];
    for (context, sequences, ubatch) in
        [(1, 1, 1), (300, 3, 7), (5, 4, 512), (8192, 256, 31), (0, 0, 0), (u64::MAX, u64::MAX, u64::MAX)]
    {
        odd.push(RunOptions { context: Tokens::new(context), sequences, ubatch, batch: u64::MAX, ..plain });
    }
    odd.push(RunOptions { flash_attention: FlashAttention::Off, swa: SwaCache::Full, ..plain });
    odd.push(RunOptions { layout: KvLayout::Expanded, outputs: Outputs::All, ..plain });
    odd.push(RunOptions { layout: KvLayout::Split, kv_k: Format::Q8_0, ..plain });
    odd.push(RunOptions { kv_place: KvPlace::Host, kv_k: Format::F32, kv_v: Format::F32, ..plain });
    odd.push(RunOptions { streams: KvStreams::Unified, sequences: 5, ..plain });
    for (name, model) in models() {
        for options in &odd {
            let cache = cache(&model, options);
            assert!(cache.is_ok() || model.gguf == "deepseek2", "{name} {options:?} {cache:?}");
            for places in some_places(&model) {
                let got = compute(&model, options, &places);
                assert_eq!(got.devices.len(), usize::from(places.devices));
                assert!(got.host > Bytes::ZERO, "{name} {options:?}");
                assert_eq!(Known::default().of(&model, options).compute(places.devices, &[], || places.clone()), got);
            }
        }
    }
}

fn some_places(model: &Architecture) -> Vec<Places> {
    let half = (0..model.layers.len()).map(|layer| {
        let device = (layer % 2 == 0).then_some((layer % 3) as u8);
        LayerPlace { device, experts: None }
    });
    let half = Places { devices: 2, layers: half.collect(), head: None, host_weights: HostWeights::Stay };
    let empty = Places { layers: Vec::new(), ..half.clone() };
    vec![Places::on_host(model), Places::on_device(model), half, empty]
}

#[test]
fn every_mixer_has_a_cache_and_a_graph() {
    let mut model = models().remove("Codestral-Mamba-7B").expect("in the table");
    let mixers = [
        Recurrent::Mamba1 { inner: 8192, state: 16, conv: 4, time_rank: 256 },
        Recurrent::ShortConv { conv: 3 },
        Recurrent::Lightning { heads: 64, key: 128 },
        Recurrent::Kda { heads: 32, key: 128, conv: 4 },
        Recurrent::DeltaNet { key_heads: 0, value_heads: 0, key: 0, value: 0, conv: 0 },
    ];
    for mixer in mixers {
        for layer in &mut model.layers {
            layer.mixer = Mixer::Recurrent(mixer);
        }
        let options = RunOptions::default();
        let cache = cache(&model, &options).expect("no cache to refuse");
        assert_eq!(cache.kv(), Bytes::ZERO);
        assert_eq!(cache.bytes_per_token(), Bytes::ZERO);
        assert!(compute(&model, &options, &Places::on_device(&model)).devices[0] > Bytes::ZERO);
    }
}

#[test]
fn streamed_experts_need_room_for_one_matrix() {
    let model = &models()["DeepSeek-R1"];
    let layers = vec![LayerPlace { device: Some(0), experts: None }; model.layers.len()];
    let stay = Places { layers, ..Places::on_device(model) };
    let largest = Bytes::new(256 * 7168 * 2048 / 256 * 144);
    let stream = Places { host_weights: HostWeights::Stream { largest }, ..stay.clone() };
    let options = RunOptions { outputs: Outputs::Last, ..RunOptions::default() };
    let (stay, stream) = (compute(model, &options, &stay), compute(model, &options, &stream));
    assert!(stream.devices[0] > stay.devices[0] + largest * 9 / 10);
    assert!(stream.host < stay.host, "experts are no longer computed on the host");
    let single = RunOptions { ubatch: 1, ..options };
    let alone = Places { host_weights: HostWeights::Stream { largest }, ..Places::on_device(model) };
    assert!(compute(model, &single, &alone).devices[0] < largest, "one token is not worth the way");
}

/// Read from the engine's source, not from its allocation: held so that it changes knowingly.
#[test]
fn sparse_attention_keeps_keys_of_its_indexer() {
    let mut model = models().remove("DeepSeek-R1").expect("in the table");
    let options = RunOptions { context: Tokens::new(131_072), ..RunOptions::default() };
    let plain = compute(&model, &options, &Places::on_device(&model)).devices[0];
    model.details.indexer = Some(Indexer { heads: 64, key: 128, top: 2048 });
    for layer in &mut model.layers {
        if let Mixer::Mla(mla) = &mut layer.mixer {
            mla.indexer = Some(128);
        }
    }
    let cache = cache(&model, &options).expect("supported");
    assert_eq!(cache.bytes_per_token(), Bytes::new(61 * (576 + 128) * 2));
    let sparse = compute(&model, &options, &Places::on_device(&model)).devices[0];
    // Two more masks, or the scores of the indexer: each a number for every token and cell.
    assert!(sparse >= plain + Bytes::new(512 * 131_072 * 4), "{sparse:?} {plain:?}");
}

#[test]
fn merged_tokens_take_little_room() {
    let mut model = models().remove("DeepSeek-R1").expect("in the table");
    model.gguf = "deepseek4".into();
    model.details.indexer = Some(Indexer { heads: 64, key: 128, top: 512 });
    model.details.residual_streams = 4;
    let layer = |ratio| {
        let window = Tokens::new(128);
        Mixer::Compressed(Compressed {
            heads: 64,
            width: 512,
            q_rank: 1024,
            ratio,
            window,
            out_groups: 8,
            out_rank: 1024,
        })
    };
    for (at, layer_at) in model.layers.iter_mut().enumerate() {
        layer_at.mixer = layer([0, 4, 128][at % 3]);
    }
    let options = RunOptions { context: Tokens::new(1 << 20), ..RunOptions::default() };
    let cache = cache(&model, &options).expect("supported");
    let bytes: Vec<u64> = cache.layers[..3].iter().map(|layer| layer.bytes.get()).collect();
    // 128 + 512 latest tokens, padded to 768; a quarter and a 128th of a million merged ones.
    assert_eq!(bytes, [768 * 1024, 768 * 1024 + (1 << 18) * 1280, 768 * 1024 + (1 << 13) * 1024]);
    let state: Vec<u64> = cache.layers[..3].iter().map(|layer| layer.state.get()).collect();
    assert_eq!(state, [0, 2 * 4 * 8 * 2 * 640, 2 * 4 * 128 * 512]);
    let mixed = RunOptions { kv_k: Format::Q8_0, ..options };
    assert!(willitrun::memory::cache(&model, &mixed).is_err());
    for places in some_places(&model) {
        assert!(compute(&model, &options, &places).host > Bytes::ZERO);
    }
}

#[test]
fn embeddings_of_every_layer_need_room_for_a_batch() {
    let mut model = models().remove("gemma-4-31b").expect("in the table");
    let options = RunOptions::default();
    let plain = compute(&model, &options, &Places::on_host(&model)).host;
    model.details.per_layer_embedding = Some(256);
    let own = compute(&model, &options, &Places::on_host(&model)).host;
    assert!(own >= plain + Bytes::new(256 * 60 * 512 * 4), "{own:?} {plain:?}");
}
