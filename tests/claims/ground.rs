//! The numbers everything else stands on: the shape of R1, what a token reads, and what follows for pools and cards.

use willitrun::advice::parallel::degrees;
use willitrun::memory::{self, KvLayout, LayerWeights, RunOptions};
use willitrun::quant::{Part, Tensor};
use willitrun::reasoning::blocks::BlockPool;
use willitrun::units::{Bytes, Tokens};

use crate::Asked;
use crate::ask::{ask as question, gb, gib, machine, mib, model, r1, ram, with_context};

pub fn ask(asked: &mut Asked) {
    shape(asked);
    reads(asked);
    caches(asked);
}

fn shape(asked: &mut Asked) {
    let model = model("deepseek-r1");
    let weights = &r1("Q4_K_M").weights;
    let experts: u64 = weights.layers.iter().map(|layer| layer.experts_count).sum();
    let embedding = (model.vocab * model.hidden) as f64;
    asked.count("G0", "params", model.params().get());
    asked.number("G0", "active", model.active_params(None).as_f64() / 1e9);
    asked.number("G0", "active-embedding", (model.active_params(None).as_f64() + embedding) / 1e9);
    asked.number("G0", "expert-slot", experts as f64 / model.experts() as f64 / 1e9);
    asked.number("G0", "routed-share", 100.0 * experts as f64 / model.params().as_f64());
    let native = r1("native");
    let tensors = model.tensors_under(&native.quant);
    let all: u64 = tensors.iter().map(Tensor::weights).sum();
    asked.number("G0", "checkpoint", all as f64 / 1e9);
    let mtp: u64 = tensors.iter().filter(|tensor| tensor.role.part == Part::Mtp).map(Tensor::weights).sum();
    asked.number("G0", "mtp", (mtp as f64 - 2.0 * embedding) / 1e9);
}

fn reads(asked: &mut Asked) {
    for (key, quant) in
        [("q4km", "Q4_K_M"), ("q4ks", "Q4_K_S"), ("q8", "Q8_0"), ("iq1", "UD-IQ1_S"), ("q2", "UD-Q2_K_XL")]
    {
        let weights = &r1(quant).weights;
        let routed: Bytes = weights.layers.iter().map(LayerWeights::experts_read).sum();
        asked.number("G0", &format!("{key}-read"), gb(weights.read_per_token()));
        asked.number("G0", &format!("{key}-routed"), gb(routed));
        asked.number("G0", &format!("{key}-rest"), gb(weights.read_per_token() - routed));
    }
}

fn caches(asked: &mut Asked) {
    let token = |layout: KvLayout| {
        let options = RunOptions { layout, ..RunOptions::default() };
        memory::cache(model("deepseek-r1"), &options).expect("supported").bytes_per_token()
    };
    let (latent, expanded) = (token(KvLayout::Latent), token(KvLayout::Expanded));
    let read = r1("Q4_K_M").weights.read_per_token().as_f64();
    asked.number("G0", "depth-as-weights", read / latent.as_f64());
    let pool = Bytes::gib(40);
    asked.count("G0", "pool-latent", pool.get() / latent.get());
    asked.number("G0", "pool-contexts", pool.as_f64() / (latent * 163_840).as_f64());
    asked.count("G0", "pool-expanded", pool.get() / expanded.get());
    asked.count("G0", "pool-slip", pool.get() / (61 * 1024 * 1024 / 2));
    let block = BlockPool { size: 16, most: 1, blocks: 1 };
    asked.count("G0", "block", block.bytes(latent).get());
    asked.number("G0", "block-expanded", mib(block.bytes(expanded)));
    for (key, tokens) in [("kv-12k", 12_000), ("kv-23k", 23_000), ("kv-64k", 64_000)] {
        asked.number("G0", key, gib(latent * tokens));
    }
    let scenario = with_context(&question("vllm", &r1("Q4_K_M"), machine(vec![ram(768, 307.2)])), 163_840);
    let eight = degrees(&scenario).into_iter().find(|degree| degree.gpus == 8).expect("eight");
    asked.number("G0", "eight-ranks", gib(eight.cache * eight.gpus));
    // Cards of 80 GB as they are labelled, with the file of early 2025.
    let left = |cards: u64| Bytes::new(80_000_000_000) * cards - r1("Q4_K_M@2025-01").weights.file;
    let tokens = |cards: u64, each: Bytes| Tokens::new(left(cards).get() / each.get()).as_f64();
    asked.number("G0", "six-cards-expanded", tokens(6, expanded) / 1e3);
    asked.number("G0", "six-cards-latent", tokens(6, latent) / 1e6);
    asked.number("G0", "eight-cards-expanded", tokens(8, expanded) / 1e3);
}
