//! F5, F7, F19, F23, F26 to F29: what a token and a prompt take, and from where.

use std::sync::Arc;

use willitrun::advice::memories::{self, Memory};
use willitrun::advice::nodes;
use willitrun::hardware::{Figure, Machine, Pool, PoolKind};
use willitrun::placement::{CpuExperts, GpuLayers};
use willitrun::scenario::{Answer, Scenario, Subject, evaluate_here};
use willitrun::speed::{Bill, Item, textbook_prompt, time_of_tokens};
use willitrun::units::{Bytes, BytesPerSecond, FlopsPerSecond, Seconds, Tokens, TokensPerSecond};

use crate::Asked;
use crate::ask::{ROOM, ask as question, catalog, ceiling, gb, gpu, machine, pool, r1, r1_latent, ram, rate, subject};

pub fn ask(asked: &mut Asked) {
    placement(asked);
    matrix(asked);
    answers(asked);
    disk(asked);
    channels(asked);
    experts(asked);
    prompts(asked);
    nodes(asked);
}

/// R1 under a quant on a card and RAM with room for anything.
fn split(engine: &str, quant: &str, gpu_gbs: f64, ram_gbs: f64, experts: CpuExperts) -> Scenario {
    let mut scenario = question(engine, &r1(quant), machine(vec![ram(ROOM, ram_gbs), gpu(ROOM, gpu_gbs)]));
    scenario.policy.gpu_layers = GpuLayers::Count(999);
    scenario.policy.cpu_experts = experts;
    scenario
}

/// What the plan keeps on the card.
fn on_card(scenario: &Scenario) -> (Bytes, usize) {
    let plan = evaluate_here(scenario).plan;
    let place = scenario.machine.pools.iter().position(|pool| pool.kind == PoolKind::Vram).expect("a card");
    let used = plan.pools.iter().find(|used| used.pool == place).expect("it is used");
    (used.weights, plan.layers.iter().filter(|home| home.gpu.is_some()).count())
}

fn placement(asked: &mut Asked) {
    let weights = r1("Q4_K_M").weights.clone();
    let routed: Bytes = weights.layers.iter().map(willitrun::memory::LayerWeights::experts_read).sum();
    asked.number("F5", "routed-gb", gb(routed));
    asked.number("F5", "rest-gb", gb(weights.read_per_token() - routed));
    asked.count("F5", "embedding", weights.embedding.get());
    let (bytes, _) = on_card(&split("llama.cpp", "Q4_K_M", 1008.0, 96.0, CpuExperts::All));
    asked.count("F5", "device-bytes", bytes.get());
    let mut thirty = split("llama.cpp", "Q4_K_M", 1008.0, 96.0, CpuExperts::First(0));
    thirty.policy.gpu_layers = GpuLayers::Count(30);
    let (bytes, layers) = on_card(&thirty);
    asked.count("F5", "ngl-30-bytes", bytes.get());
    asked.count("F5", "ngl-30-layers", layers as u64);
    let both = rate(&split("ideal", "Q4_K_M", 1008.0, 96.0, CpuExperts::All));
    let whole = rate(&split("ideal", "Q4_K_M", 1008.0, 96.0, CpuExperts::First(0)));
    let none = ceiling(&r1("Q4_K_M"), 96.0);
    asked.number("F5", "gpu-and-ram", both);
    asked.number("F5", "all-gpu", whole);
    asked.number("F5", "all-ram", none);
    asked.number("F5", "slower", whole / both);
    asked.number("F5", "faster", both / none);
    asked.number("F5", "server-ram", rate(&split("ideal", "Q4_K_M", 1008.0, 460.8, CpuExperts::All)));
}

fn matrix(asked: &mut Asked) {
    let scenario = question("llama.cpp", &r1("4.5bpw"), machine(vec![ram(64, 96.0)]));
    asked.number("F7", "moe-bytes", gb(scenario.subject.weights.read_per_token()));
    asked.number("F7", "dense-bytes", gb(scenario.subject.weights.file));
    let memory = |gbs: f64| Memory {
        name: format!("{gbs}"),
        bandwidth: Figure::typed(BytesPerSecond::from_gb(gbs).expect("a bandwidth")),
        most: Some(Bytes::gib(24)),
        cpu: None,
        sockets: 1,
        cited: None,
    };
    let memories = [45.0, 96.0, 300.0, 1008.0].map(memory);
    let ideal = catalog().engine("ideal").expect("an engine");
    for row in memories::rows(&scenario, ideal, &memories) {
        asked.number("F7", &format!("moe-{}", row.memory.name), row.ceiling.expect("a ceiling").get());
        asked.number("F7", &format!("dense-{}", row.memory.name), row.dense.expect("a ceiling").get());
        if row.memory.name == "1008" {
            asked.text("F7", "does-not-fit", row.fit.expect("it is known").name());
        }
    }
}

fn answers(asked: &mut Asked) {
    let minutes = |tokens: u64, rate: f64| {
        let flat = |_| Seconds::new(1.0 / rate);
        time_of_tokens(flat, Tokens::ZERO, Tokens::new(tokens), &[]).expect("a time").all
    };
    asked.number("F19", "at-5", minutes(12_000, 5.0).get() / 60.0);
    asked.number("F19", "at-17.5", minutes(23_000, 17.5).get() / 60.0);
    asked.text("F19", "words", minutes(12_000, 5.0).to_string());
    let profile = catalog().profile("epyc-9654-12ch-4090").expect("a profile").machine.clone();
    let mut scenario = question("llama.cpp", &r1("Q4_K_M"), profile);
    (scenario.prompt, scenario.answer) = (Tokens::new(2000), Tokens::new(12_000));
    scenario.run.context = Tokens::new(16_384);
    let answer = evaluate_here(&scenario);
    let first = answer.first_token.expect("a time").get();
    let prompt = scenario.prompt.as_f64() / answer.prefill.expect("a rate").expected;
    asked.holds("F19", "first-token", first > prompt && prompt > 1.0);
    let start = answer.bill.as_ref().expect("a speed").rate.expected;
    asked.holds("F19", "slows", answer.last_rate.expect("a rate") < start);
}

/// R1 in RAM and from disk; what the system, the cache and buffers need is 8 GiB.
fn from_disk(quant: &str, ram_gib: u64, disk_gbs: f64) -> (Answer, Arc<Subject>) {
    let subject = r1_latent(quant);
    let mut memory = ram(ram_gib, 96.0);
    memory.reserve = Some(Figure::typed(Bytes::gib(8)));
    let disk = pool("disk", PoolKind::Disk, 2000, disk_gbs);
    let mut scenario = question("ideal", &subject, machine(vec![memory, disk]));
    scenario.run.context = Tokens::new(2048);
    (evaluate_here(&scenario), subject)
}

fn disk(asked: &mut Asked) {
    let speed = |answer: &Answer| answer.bill.as_ref().expect("a speed").rate.expected;
    for (key, quant) in [("q2", "UD-Q2_K_XL"), ("iq1", "UD-IQ1_S"), ("q4", "Q4_K_M")] {
        let (slow, subject) = from_disk(quant, 96, 7.0);
        asked.number("F23", &format!("{key}-7"), speed(&slow));
        asked.number("F23", &format!("{key}-12"), speed(&from_disk(quant, 96, 12.0).0));
        let missing = slow.plan.on_disk.as_f64() / subject.weights.experts().as_f64();
        asked.number("F23", &format!("{key}-miss"), missing);
        if key == "q4" {
            let said: Vec<String> = slow.findings.iter().map(|finding| finding.what.clone()).collect();
            asked.text("F23", "label", said.join(" "));
        }
    }
    asked.number("F23", "iq1-192", speed(&from_disk("UD-IQ1_S", 192, 7.0).0));
}

fn channels(asked: &mut Asked) {
    let ideal = catalog().engine("ideal").expect("an engine");
    for (quant, key, name) in [
        ("Q4_K_M", "8ch-ddr5", "8 channels of DDR5-4800"),
        ("Q4_K_M", "8ch-ddr4", "8 channels of DDR4-3200"),
        ("Q4_K_M", "12ch", "12 channels of DDR5-4800"),
        ("Q4_K_S", "12ch-q4ks", "12 channels of DDR5-4800"),
    ] {
        let scenario = question("llama.cpp", &r1(quant), machine(vec![ram(64, 96.0)]));
        let rows = memories::rows(&scenario, ideal, &catalog().memories);
        let row = rows.iter().find(|row| row.memory.name == name).expect("a memory");
        asked.number("F26", key, row.ceiling.expect("a ceiling").get());
        match row.cited {
            Some((cited, ..)) if key == "12ch-q4ks" => asked.number("F26", "12ch-cited", cited.low),
            Some((_, low, high)) => {
                asked.number("F26", &format!("{key}-low"), 100.0 * low);
                asked.number("F26", &format!("{key}-high"), 100.0 * high);
            }
            None => {}
        }
    }
}

fn experts(asked: &mut Asked) {
    let used = |quant: &str, count: u64| Arc::new(r1(quant).with_experts(Some(count)));
    for count in 1..=8 {
        let own = used("Q4_K_M", count);
        asked.number("F27", &format!("active-{count}"), own.weights.active_count() / 1e9);
        if count < 8 {
            let faster = |quant: &str| ceiling(&used(quant, count), 100.0) / ceiling(&used(quant, 8), 100.0);
            asked.number("F27", &format!("even-{count}"), faster("4.5bpw"));
            asked.number("F27", &format!("q4km-{count}"), faster("Q4_K_M"));
        }
    }
    let ask = |count: u64| question("llama.cpp", &used("Q4_K_M", count), machine(vec![ram(768, 307.2)]));
    let total = |count: u64| evaluate_here(&ask(count)).plan.total().get();
    asked.count("F27", "memory", total(8).abs_diff(total(4)));
    let scenario = ask(8);
    let answer = evaluate_here(&scenario);
    let entries = catalog().faq(&scenario, &answer);
    let warned = entries.iter().find(|entry| entry.id == "fewer-experts").expect("an entry");
    asked.text("F27", "warning", warned.answer.as_str());
}

/// With one token in the prompt next to no scores are counted, and memory is fast enough not to matter.
fn prompts(asked: &mut Asked) {
    let scenario = question("ideal", &r1("Q4_K_M"), machine(vec![ram(ROOM, 96.0)]));
    let active = scenario.subject.model.active_params(None);
    let rate = textbook_prompt(active, FlopsPerSecond::from_tera(2.0).expect("a rate")).expect("a rate").get();
    asked.number("F28", "gflop", 2.0 * scenario.subject.weights.active_count() / 1e9);
    let profile = catalog().profile("epyc-9654-12ch-4090").expect("a profile").machine.clone();
    let own = question("llama.cpp", &r1("Q4_K_M"), profile);
    let entries = catalog().faq(&own, &evaluate_here(&own));
    let told = entries.iter().find(|entry| entry.id == "prompt").expect("an entry");
    asked.text("F28", "faq", told.answer.as_str());
    asked.number("F28", "rate", rate);
    asked.number("F28", "seconds", 8192.0 / rate);
}

/// One machine against two of its kind.
fn nodes(asked: &mut Asked) {
    let profile = |id: &str| catalog().profile(id).expect("a profile").machine.clone();
    let (one, two) = (profile("dgx-spark"), profile("2x-dgx-spark"));
    let ask = |machine: &Machine, shares: &[f64]| {
        let mut scenario = question("ideal", &subject("qwen3-4b", "Q4_K_M"), machine.clone());
        scenario.policy.tensor_split = shares.to_vec();
        scenario
    };
    let bill = |scenario: &Scenario| -> Bill { evaluate_here(scenario).bill.expect("a speed") };
    let (alone, both) = (ask(&one, &[]), ask(&two, &[1.0, 1.0]));
    let room = |scenario: &Scenario| -> f64 {
        let pools = scenario.seen();
        pools.pools.iter().filter(|pool| pool.kind != PoolKind::Disk).map(Pool::usable).sum::<Bytes>().as_f64()
    };
    asked.number("F29", "capacity", room(&both) / room(&alone));
    let (alone, both) = (bill(&alone), bill(&both));
    let network: f64 = both.lines.iter().filter(|line| line.item == Item::Network).map(|line| line.time.get()).sum();
    let slower = both.total.get() / alone.total.get();
    asked.holds("F29", "below-one", slower >= 1.0);
    asked.number("F29", "speed", alone.total.get() / (both.total.get() - network));
    let lost = both.total.get() - alone.total.get();
    asked.holds("F29", "hop", network > 0.0 && (lost - network).abs() <= 1e-6 * alone.total.get());
    // The same as it is told: a machine beside another of its kind, which nobody described.
    let scenario = question("llama.cpp", &subject("qwen3-4b", "Q4_K_M"), one);
    let ideal = catalog().engine("ideal").expect("built in");
    let groups = nodes::groups(&scenario, ideal, &catalog().clusters());
    let (first, pair) = (&groups[0], &groups[1]);
    asked.number("F29", "told-capacity", pair.memory.as_f64() / first.memory.as_f64());
    let shared = pair.shared.expect("it fits");
    let most = |rate: Option<TokensPerSecond>| 1.0 / rate.expect("a ceiling").get();
    let (alone, as_one) = (most(first.ceiling), most(pair.as_one));
    asked.number("F29", "told-speed", alone / as_one);
    asked.number("F29", "told-hop", (1.0 / shared.ceiling.get() - shared.passing.get()) / alone);
    asked.count("F29", "clusters", groups.iter().skip(2).filter(|group| group.count > 1).count() as u64);
    let entries = catalog().faq(&scenario, &evaluate_here(&scenario));
    let told = entries.iter().find(|entry| entry.id == "several-machines").expect("it is asked");
    asked.text("F29", "faq", told.answer.as_str());
}
