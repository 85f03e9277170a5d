//! F3, F4, F10, F20, F24: what a cache takes, who gets room in it, and how it is made smaller.

use willitrun::memory::{self, RunOptions};
use willitrun::reasoning::blocks::BlockPool;
use willitrun::reasoning::compression::{Bits, Compression};
use willitrun::reasoning::layouts;
use willitrun::reasoning::requests::{Policy, Preemption, Request, Reserve, Setup, What, simulate};
use willitrun::units::{Bytes, MIB, Tokens};

use crate::Asked;
use crate::ask::{catalog, gib, mib, model};

pub fn ask(asked: &mut Asked) {
    requests(asked);
    blocks(asked);
    kept(asked);
    smaller(asked);
    words(asked);
}

fn r1_token() -> Bytes {
    memory::cache(model("deepseek-r1"), &RunOptions::default()).expect("supported").bytes_per_token()
}

fn requests(asked: &mut Asked) {
    let setup = |per_token| Setup {
        pool: Bytes::new(MIB) * 40_960,
        per_token,
        reserve: Reserve::Whole { percent: 150 },
        policy: Policy::LeastRecent,
        preemption: Preemption::Recompute,
    };
    let request = |answer: u64| Request { arrives: 0, prompt: Tokens::new(1), answer: Tokens::new(answer) };
    let own = setup(r1_token());
    let thirteen = vec![request(32_767); 13];
    let outcome = simulate(&own, &thirteen);
    asked.number("F3", "each-mib", mib(r1_token() * (32_768 * 3 / 2)));
    asked.count("F3", "fit", own.at_once(Tokens::new(32_768)));
    asked.number("F3", "resident-mib", mib(outcome.most_bytes));
    let out = outcome.events.iter().position(|event| event.what == What::PutOut).expect("one is put out");
    asked.count("F3", "evicted", outcome.events[out].request as u64 + 1);
    let next = outcome.events[out..].iter().find(|event| event.what == What::LetIn).expect("another is let in");
    asked.count("F3", "evicted-at", next.request as u64 + 1);
    let large = simulate(&own, &[request(1_000_000)]);
    asked.count("F3", "too-large", large.counts.refused);
    asked.count("F3", "too-large-steps", large.generated.get());
    let slip = setup(Bytes::new(61 * 1024 * 1024 / 2));
    asked.count("F3", "slip-refused", simulate(&slip, &thirteen[..1]).counts.refused);
}

fn blocks(asked: &mut Asked) {
    let pool = BlockPool { size: 16, most: 4096, blocks: 10_240 };
    let answer = Tokens::new(23_000);
    asked.count("F4", "longest", pool.longest().get());
    asked.count("F4", "pool-tokens", pool.tokens().get());
    asked.number("F4", "pool-gib", gib(pool.bytes(r1_token())));
    let filling = pool.fill(answer).expect("it fits");
    asked.count("F4", "blocks-each", filling.each);
    asked.count("F4", "waste", filling.waste.get());
    asked.count("F4", "concurrent", filling.at_once);
    asked.count("F4", "left", filling.left);
    let whole = pool.reserved(answer).expect("it fits");
    asked.count("F4", "reserved", whole.at_once);
    asked.number("F4", "reserved-waste", 100.0 * whole.waste.as_f64() / pool.longest().as_f64());
    let coarse = BlockPool { size: 64, most: 1024, blocks: 2560 }.fill(answer).expect("it fits");
    asked.count("F4", "coarse-blocks", coarse.each);
    asked.count("F4", "coarse-waste", coarse.waste.get());
    asked.count("F4", "coarse-concurrent", coarse.at_once);
}

fn kept(asked: &mut Asked) {
    let contexts = [2048, 8192, 32_768, 163_840];
    let rows = layouts::rows(model("deepseek-r1"), &catalog().cache_layouts, &contexts.map(Tokens::new));
    // In MiB up to the context named, in GiB from there on, as the figures are given.
    for (key, name, in_mib) in [
        ("expanded", "every head, f16", 8192),
        ("split", "latent twice, f16", 8192),
        ("latent", "latent, f16", 8192),
        ("q8", "latent, q8_0", 32_768),
        ("q4", "latent, q4_0", 32_768),
        ("fp8-ds", "FP8 with scales (fp8_ds_mla)", 8192),
        ("fp8-flat", "Flat FP8", 8192),
        ("nvfp4", "NVFP4", 8192),
    ] {
        let row = rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("{name}"));
        asked.count("F10", &format!("{key}-token"), row.per_token.get());
        for (context, bytes) in contexts.iter().zip(&row.at) {
            let value = if *context <= in_mib { mib(*bytes) } else { gib(*bytes) };
            asked.number("F10", &format!("{key}-{context}"), value);
        }
    }
    let latent = rows.iter().find(|row| row.name == "latent, f16").expect("a row");
    asked.number("F10", "saved-own", 100.0 * (1.0 - latent.share));
    let (told, _) = catalog().told();
    let formula = |id: &str| told.iter().find(|told| told.claim.id == id).and_then(|told| told.recomputed);
    asked.number("F10", "saved-v2", formula("v2-93").expect("a formula"));
    asked.number("F10", "saved-course", formula("course-60").expect("a formula"));
}

fn smaller(asked: &mut Asked) {
    let four = Bits::symmetric(4.0);
    let share = |how: Compression, tokens| how.share(Tokens::new(tokens));
    asked.number("F20", "four-bit", share(Compression::Quantized(four), 30_000));
    asked.number("F20", "four-bit-zero", share(Compression::Quantized(Bits { zero: 16, ..four }), 30_000));
    let rkv = |buffer| Compression::Evicted { budget: Tokens::new(1024), buffer: Tokens::new(buffer) };
    asked.number("F20", "rkv", share(rkv(128), 16_384));
    asked.number("F20", "rkv-budget", 100.0 * (1.0 - share(rkv(0), 16_384)));
    let bytes = |tokens| rkv(128).bytes(Tokens::new(tokens), r1_token()).get();
    asked.count("F20", "flat", bytes(163_840) - bytes(16_384));
    let streaming = Compression::Window { sinks: Tokens::new(4), window: Tokens::new(2044) };
    asked.number("F20", "streaming", share(streaming, 20_480));
}

/// Three things that are often mixed up have words of their own.
fn words(asked: &mut Asked) {
    let quantized = Compression::Quantized(Bits::symmetric(4.0)).name();
    let tokens = Compression::Evicted { budget: Tokens::new(1), buffer: Tokens::new(1) }.name();
    let requests = "put out";
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_willitrun"));
    let mut run = run;
    let out = run.args(["simulate", "kv"]).output().expect("it starts");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    asked.text("F24", "quantized", quantized);
    asked.text("F24", "tokens", tokens);
    asked.text("F24", "requests", said.as_str());
    let own = |text: &str| {
        let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() > 3);
        words.map(str::to_lowercase).collect::<Vec<_>>()
    };
    let texts = [own(quantized), own(tokens), own(requests)];
    let shared = |a: &[String], b: &[String]| a.iter().filter(|word| b.contains(word)).count() as u64;
    let pairs = shared(&texts[0], &texts[1]) + shared(&texts[0], &texts[2]) + shared(&texts[1], &texts[2]);
    // Nor does what is said of requests speak of the other two.
    let foreign = ["quantized", "evict"].iter().filter(|word| said.to_lowercase().contains(**word)).count() as u64;
    asked.count("F24", "shared", pairs + foreign);
}
