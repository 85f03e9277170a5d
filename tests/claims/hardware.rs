//! F6, F8, F9, F11, F13 to F15, F25, F30: what to buy, what binds, what a machine is.

use willitrun::advice::kits::{self, Build, Modules, RESERVE};
use willitrun::advice::parallel::{Cached, degrees};
use willitrun::advice::{Candidate, Field, alternatives, baseline, binding, first_check, least, rank, tier, transfer};
use willitrun::hardware::{Figure, Machine, MemoryPlatform, PoolKind};
use willitrun::memory::KvLayout;
use willitrun::quant::Mix;
use willitrun::scenario::{evaluate, evaluate_here};
use willitrun::units::{Bytes, GIB};

use crate::Asked;
use crate::ask::{
    ask as question, catalog, gb, gib, gpu, machine, mib, model, pool, r1, r1_latent, ram, subject, with_context,
};

pub fn ask(asked: &mut Asked) {
    ram_kits(asked);
    bound(asked);
    tiers(asked);
    lights(asked);
    shared(asked);
    quantise(asked);
    others(asked);
    table(asked);
    files(asked);
}

fn whole_gib(bytes: Option<Bytes>) -> f64 {
    bytes.map_or(0.0, gib)
}

fn ram_kits(asked: &mut Asked) {
    let need = |quant: &str| {
        let scenario = question("llama.cpp", &r1(quant), machine(vec![ram(64, 96.0)]));
        scenario.subject.weights.loaded() + scenario.cache().kv()
    };
    let fit = |quant: &str, size: u64| {
        let all = kits::kits(need(quant), RESERVE);
        *all.iter().find(|kit| kit.size == Bytes::gib(size)).expect("a kit")
    };
    let enough = |quant: &str| kits::enough(need(quant), RESERVE).map(|kit| kit.size);
    asked.number("F6", "q4ks-kit", whole_gib(enough("Q4_K_S")));
    asked.text("F6", "q4ks-384", fit("Q4_K_S", 384).fit.name());
    asked.text("F6", "q4km-384", fit("Q4_K_M", 384).fit.name());
    asked.number("F6", "q4km-left", fit("Q4_K_M", 384).left.get() as f64 / GIB as f64);
    asked.number("F6", "q4km-kit", whole_gib(enough("Q4_K_M")));
    asked.number("F6", "q8-kit", whole_gib(enough("Q8_0")));
    asked.number("F6", "bf16-kit", whole_gib(enough("BF16")));
    let modules = |count, each, mega_transfers, build| Modules { count, each: Bytes::gib(each), mega_transfers, build };
    let slow = modules(8, 64, 8000.0 / 3.0, Build::Registered);
    let few = modules(4, 128, 3200.0, Build::LoadReduced);
    let fast = modules(8, 64, 5600.0, Build::Registered);
    for (key, kit) in [("ddr4-2666", slow), ("ddr4-3200", few), ("ddr5-5600", fast)] {
        asked.number("F6", key, kit.bandwidth(8.0).get() / 1e9);
    }
    let board = |channels: f64| MemoryPlatform {
        id: "board".to_owned(),
        name: "the board".to_owned(),
        cpu: String::new(),
        cores: None,
        simd: String::new(),
        memory: String::new(),
        mega_transfers: None,
        channels: Some(channels),
        bandwidth: None,
        typical: None,
        typical_source: String::new(),
        max_ram: None,
        sockets: 1,
        note: String::new(),
    };
    let said = |modules: &[Modules], channels: f64| {
        let found = kits::warnings(modules, &board(channels));
        found.into_iter().map(|finding| finding.what).collect::<Vec<_>>().join(" ")
    };
    asked.text("F6", "mixed", said(&[slow, few], 8.0));
    asked.text("F6", "channels", said(&[few], 8.0));
    asked.text("F6", "two-channels", said(&[fast], 2.0));
}

/// 96 GiB of RAM, 24 GiB of a card, and a disk of 7 GB/s.
fn desktop() -> Machine {
    machine(vec![ram(96, 96.0), gpu(24, 1008.0), pool("disk", PoolKind::Disk, 2000, 7.0)])
}

fn bound(asked: &mut Asked) {
    let scenario = question("llama.cpp", &r1("Q4_K_M"), desktop());
    let found = binding::find(&scenario, &evaluate(&scenario));
    for key in ["needs", "has", "short"] {
        asked.text("F8", key, found.memory.sentence.as_str());
    }
    asked.text("F8", "limit", found.memory.limit.name());
    let mut memory = ram(96, 96.0);
    memory.reserve = Some(Figure::typed(Bytes::gib(8)));
    let plain = machine(vec![memory, pool("disk", PoolKind::Disk, 2000, 7.0)]);
    let ceiling = with_context(&question("ideal", &r1("Q4_K_M"), plain), 2048);
    let forms = [r1("Q4_K_M"), r1_latent("UD-Q2_K_XL"), r1_latent("UD-IQ1_S")];
    let rates = binding::from_disk(&ceiling, &forms);
    for (key, (_, rate)) in ["disk-own", "disk-q2", "disk-iq1"].iter().zip(rates) {
        asked.number("F8", key, rate.expect("a speed"));
    }
    let mut expanded = with_context(&scenario, 163_840);
    expanded.run.layout = KvLayout::Expanded;
    let found = binding::find(&expanded, &evaluate(&expanded));
    asked.text("F8", "expanded", found.memory.sentence.as_str());
    asked.text("F8", "expanded-limit", found.memory.limit.name());
    asked.text("F8", "expanded-change", found.memory.change.map_or_else(String::new, |change| change.what));
    let server = catalog().profile("epyc-9654-12ch-4090").expect("a profile").machine.clone();
    let server = question("llama.cpp", &r1("Q4_K_M"), server);
    let found = binding::find(&server, &evaluate(&server)).speed.expect("a speed");
    asked.text("F8", "speed", found.limit.name());
}

fn tiers(asked: &mut Asked) {
    let classify = |machine: Machine| {
        let scenario = question("llama.cpp", &r1("Q4_K_M"), machine);
        let forms = catalog().forms(model("deepseek-r1"), &scenario.engine);
        tier::classify(&scenario, &forms, &r1("native").quant.id)
    };
    asked.text("F9", "desktop", classify(machine(vec![ram(64, 96.0), gpu(24, 1008.0)])).words);
    let mut mac = catalog().profile("mac-studio-m3-ultra-512gb").expect("a profile").machine.clone();
    let unified = mac.pools.iter_mut().find(|pool| pool.kind == PoolKind::Unified).expect("its memory");
    (unified.capacity, unified.gpu_limit) = (Figure::typed(Bytes::gib(192)), None);
    let words = classify(mac).words;
    for key in ["mac-fits", "mac-edge", "mac-raised"] {
        asked.text("F9", key, words.as_str());
    }
    let server = classify(catalog().profile("server-8ch-ddr5-512gb").expect("a profile").machine.clone());
    asked.text("F9", "server", server.words.as_str());
    let (_, answer) = server.best.expect("it runs");
    let rate = answer.bill.expect("a speed").rate;
    asked.holds("F9", "server-overlap", rate.low <= 6.0 && rate.high >= 4.0);
    let mut cards: Vec<_> = (0..8).map(|place| pool(&format!("gpu{place}"), PoolKind::Vram, 80, 3350.0)).collect();
    cards.push(ram(64, 307.2));
    let words = classify(machine(cards)).words;
    asked.text("F9", "node", words.as_str());
    asked.text("F9", "node-context", words.as_str());
}

fn lights(asked: &mut Asked) {
    let rows = catalog().first_check(&question("llama.cpp", &r1("Q4_K_M"), desktop()));
    for (key, row) in ["native-short", "q8-short", "q4-short"].iter().zip(&rows) {
        asked.number("F11", key, -row.both.left.get() as f64 / GIB as f64);
    }
    let cells = rows.iter().flat_map(|row| [row.vram, row.ram, row.both]);
    asked.count("F11", "red", cells.filter(|cell| cell.light == first_check::Light::Red).count() as u64);
}

fn shared(asked: &mut Asked) {
    let over_eight = |id: &str, tokens: u64| {
        let scenario = with_context(&question("vllm", &subject(id, "Q4_K_M"), desktop()), tokens);
        let whole = scenario.cache().kv();
        (degrees(&scenario).into_iter().find(|degree| degree.gpus == 8).expect("eight"), whole)
    };
    let scenario = with_context(&question("llama.cpp", &r1("Q4_K_M"), desktop()), 163_840);
    let own = degrees(&scenario).into_iter().find(|degree| degree.gpus == 8).expect("eight");
    asked.number("F13", "weights-each", gb(own.weights));
    asked.number("F13", "cache-each", gib(own.cache));
    asked.holds("F13", "whole", own.cached == Cached::Whole && own.refused.is_empty());
    let (grouped, whole) = over_eight("llama-3.1-70b", 8192);
    asked.number("F13", "divided", whole.as_f64() / grouped.cache.as_f64());
    asked.text("F13", "refused", over_eight("qwen2.5-7b", 8192).0.refused);
}

fn quantise(asked: &mut Asked) {
    let scenario = question("llama.cpp", &r1("Q4_K_M"), desktop());
    let steps = baseline::steps(&scenario, &r1("native"), &r1("Q8_0"), &catalog().quality);
    asked.text("F14", "baseline", steps[0].why.as_str());
    asked.text("F14", "api", steps[1].what.as_str());
}

fn others(asked: &mut Asked) {
    const OTHERS: [&str; 6] = [
        "deepseek-r1-distill-qwen-32b",
        "deepseek-r1-distill-qwen-14b",
        "qwen3-32b",
        "gemma-3-27b",
        "gpt-oss-20b",
        "deepseek-r1",
    ];
    let quality = &catalog().quality;
    let candidates = |id: &str| vec![Candidate::mix(model(id), Mix::Q4_K_M, quality)];
    let field = Field::new(OTHERS.map(|id| (model(id).clone(), candidates(id))));
    let mut itself = 0;
    for own in ["deepseek-r1", "qwen3-32b"] {
        let profile = catalog().profile("desktop-rtx-4090-96gb").expect("a profile").machine.clone();
        let scenario = question("llama.cpp", &subject(own, "Q4_K_M"), profile);
        let found = alternatives(&scenario, &rank(&scenario, &field), 10);
        itself += found.iter().filter(|other| other.row.model() == own).count() as u64;
        if own == "deepseek-r1" {
            asked.holds("F15", "distills", found.iter().any(|other| other.row.model().contains("distill")));
            asked.holds("F15", "timed", found.iter().all(|other| other.answer.is_some()));
        }
    }
    asked.count("F15", "itself", itself);
}

fn table(asked: &mut Asked) {
    let at = |quant: &str| {
        let scenario = question("llama.cpp", &r1(quant), machine(vec![ram(1024, 307.2)]));
        let plan = evaluate_here(&with_context(&scenario, 2048)).plan;
        (plan.weights(), plan.kv())
    };
    let (weights, cache) = at("Q4_K_M@2025-01");
    let told = least::least(weights, cache, least::LABELLED_80);
    asked.number("F25", "total", gb(told.need));
    asked.number("F25", "kv-mib", mib(cache));
    asked.number("F25", "cards", gb(least::LABELLED_80 * told.cards.unwrap_or(0)));
    asked.number("F25", "node", gb(least::LABELLED_80 * told.node.unwrap_or(0)));
    asked.number("F25", "need-gib", gib(told.need));
    asked.number("F25", "ram", whole_gib(told.ram));
    asked.number("F25", "more-ram", whole_gib(told.more_ram));
    asked.count("F25", "real-cards", least::least(weights, cache, least::REAL_80).cards.unwrap_or(0));
    let (weights, cache) = at("Q4_K_M");
    asked.number("F25", "latent-ram", whole_gib(least::least(weights, cache, least::LABELLED_80).ram));
}

fn files(asked: &mut Asked) {
    let file = r1("Q4_K_M").weights.file;
    let seconds = |bits: f64| transfer::time(file, bits).expect("a time").get();
    asked.number("F30", "at-100m", seconds(100e6) / 3600.0);
    asked.number("F30", "at-1g", seconds(1e9) / 60.0);
    asked.number("F30", "at-10g", seconds(10e9) / 60.0);
    asked.number("F30", "shared-memory", gib(transfer::shared_memory(file)));
}
