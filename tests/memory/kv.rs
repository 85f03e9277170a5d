//! KV cache and recurrent state against the engine's own byte counts, exact in every row.

use super::golden::{models, rows};
use super::report::Tally;
use willitrun::memory::{FlashAttention, KvLayout, KvStreams, RunOptions, SwaCache, Unsupported, cache};
use willitrun::quant::Format;
use willitrun::units::{Bytes, Tokens};

pub fn on_host() -> Tally {
    let (models, mut tally) = (models(), Tally::default());
    for row in rows("memory_cpu.csv") {
        let cache = cache(&models[&row.model], &row.options).expect("the engine took these options");
        tally.add((cache.kv() + cache.state()).get(), row.number("context_bytes"), &row.text);
    }
    tally
}

/// A row is exact when the host and every device hold what the engine says.
pub fn on_devices() -> Tally {
    let (models, mut tally) = (models(), Tally::default());
    for row in rows("memory_offload_rpc.csv") {
        let model = &models[&row.model];
        let cache = cache(model, &row.options).expect("the engine took these options");
        let place = row.place(model);
        let mut got = vec![Bytes::ZERO; place.devices + 1];
        for (layer, device) in cache.layers.iter().zip(&place.layers) {
            let device = device.filter(|_| !place.kv_on_host);
            got[device.map_or(0, |device| device + 1)] += layer.bytes + layer.state;
        }
        let got: Vec<u64> = got.iter().map(|bytes| bytes.get()).collect();
        tally.add_all(&got, &row.context(), &row.text);
    }
    tally
}

#[test]
fn known_figures_hold() {
    let models = models();
    let kv = |model: &str, context: u64, options: RunOptions| {
        let options = RunOptions { context: Tokens::new(context), ..options };
        cache(&models[model], &options).expect("supported").kv().get()
    };
    let plain = RunOptions::default();
    let layout = |layout| RunOptions { layout, ..plain };
    let mib = |mib: u64| mib << 20;
    assert_eq!(kv("DeepSeek-R1", 8192, plain), mib(549));
    assert_eq!(kv("DeepSeek-R1", 163_840, plain), 11_513_364_480);
    assert_eq!(kv("DeepSeek-R1", 2048, layout(KvLayout::Expanded)), mib(9760));
    assert_eq!(kv("DeepSeek-R1", 8192, layout(KvLayout::Expanded)), mib(39_040));
    assert_eq!(kv("DeepSeek-R1", 163_840, layout(KvLayout::Split)), mib(20_740));
    // Pages that quote 49.125 GiB count the 8,192 of a chunk; the engine adds a batch of 512.
    assert_eq!(kv("Llama-4-Scout", 1 << 20, plain), 49 * (1 << 30) + (1 << 27) + 36 * 512 * 4096);
    // An old log prints 2299.50 MiB for 16,352 cells; padded to 16,384 it is 2304 MiB.
    assert_eq!(kv("Qwen3-4B", 16_352, plain), mib(2304));
    let per_token = |model: &str, options| cache(&models[model], &options).expect("supported").bytes_per_token();
    assert_eq!(per_token("DeepSeek-R1", plain), Bytes::new(70_272));
    assert_eq!(per_token("DeepSeek-R1", layout(KvLayout::Split)), Bytes::new(132_736));
    assert_eq!(per_token("DeepSeek-R1", layout(KvLayout::Expanded)), Bytes::new(4_997_120));
    let q8 = RunOptions { kv_k: Format::Q8_0, kv_v: Format::Q8_0, ..plain };
    assert_eq!(per_token("DeepSeek-R1", q8), Bytes::new(37_332));
}

#[test]
fn windows_bound_what_is_read() {
    let models = models();
    let options = RunOptions { context: Tokens::new(131_072), ..RunOptions::default() };
    let gemma = cache(&models["gemma-3-27b"], &options).expect("supported");
    let per_layer = 16 * 128 * 2 * 2;
    assert_eq!(gemma.read_bytes_at(Tokens::new(100)), Bytes::new(62 * per_layer * 100));
    let deep = (10 * 100_000 + 52 * 1536) * per_layer;
    assert_eq!(gemma.read_bytes_at(Tokens::new(100_000)), Bytes::new(deep));
    let full = RunOptions { swa: SwaCache::Full, ..options };
    let full = cache(&models["gemma-3-27b"], &full).expect("supported");
    assert_eq!(full.bytes_per_token(), Bytes::new(62 * per_layer));
    assert_eq!(gemma.bytes_per_token(), Bytes::new(10 * per_layer));
}

#[test]
fn what_the_engine_refuses_is_refused_in_words() {
    let models = models();
    let check = |model: &str, options: RunOptions, expected: Unsupported, words: &str| {
        let error = cache(&models[model], &options).expect_err(words);
        assert_eq!(error, expected);
        assert!(error.to_string().contains(words), "{error}");
    };
    let plain = RunOptions::default();
    check(
        "DeepSeek-R1",
        RunOptions { kv_k: Format::Q8_0, ..plain },
        Unsupported::FormatsDiffer(Format::Q8_0, Format::F16),
        "choose one format for both",
    );
    check(
        "Qwen3-8B",
        RunOptions { kv_v: Format::Q8_0, flash_attention: FlashAttention::Off, ..plain },
        Unsupported::ValuesNeedFlashAttention(Format::Q8_0),
        "need flash attention",
    );
    check("Qwen3-8B", RunOptions { kv_k: Format::Q4_K, ..plain }, Unsupported::NotACacheFormat(Format::Q4_K), "Q8_0");
}

#[test]
fn sequences_share_or_divide_the_context() {
    let models = models();
    let four = RunOptions { sequences: 4, ..RunOptions::default() };
    let shared = RunOptions { streams: KvStreams::Unified, ..four };
    assert_eq!((four.cells(), four.streams()), (2048, 4));
    assert_eq!((shared.cells(), shared.streams()), (8192, 1));
    let kv = |options| cache(&models["Qwen3-8B"], &options).expect("supported").kv();
    assert_eq!(kv(four), kv(shared));
}

#[test]
fn a_cache_is_a_matter_of_microseconds() {
    let models = models();
    let (r1, options) = (&models["DeepSeek-R1"], RunOptions::default());
    let start = std::time::Instant::now();
    for _ in 0..1000 {
        std::hint::black_box(cache(std::hint::black_box(r1), &options)).expect("supported");
    }
    println!("cache of DeepSeek-R1: {:?}", start.elapsed() / 1000);
}
