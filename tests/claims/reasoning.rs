//! F12, F16 to F18, F31, F32: the study of memory and answers, published answers, questions and costs.

use willitrun::reasoning::cost::{Billed, Own};
use willitrun::reasoning::equation::{Equation, Studied, studied};
use willitrun::reasoning::strategy::{self, Task, Trade, advise};
use willitrun::scenario::evaluate;
use willitrun::units::{Bytes, GIB, Tokens, TokensPerSecond};

use crate::Asked;
use crate::ask::{ask as question, catalog, gib, gpu, machine, model, pool, r1, ram};

pub fn ask(asked: &mut Asked) {
    published(asked);
    study(asked);
    spend(asked);
    samples(asked);
    questions(asked);
    costs(asked);
}

fn published(asked: &mut Asked) {
    let (told, settled) = catalog().told();
    for id in [
        "ram-kv-8192",
        "ram-q4km",
        "guide-fp16",
        "course-kv-code",
        "faq-kv",
        "ram-t45",
        "ram-t96",
        "ram-t300",
        "ram-t1008",
        "course-fp16",
        "guide-int8",
        "guide-int4",
        "v2-93",
        "eval-568",
    ] {
        let told = told.iter().find(|told| told.claim.id == id).unwrap_or_else(|| panic!("{id}"));
        asked.number("F12", id, told.recomputed.expect("a formula"));
    }
    asked.count("F12", "contradictions", settled.len() as u64);
    let empty = settled.iter().filter(|settled| settled.answer.is_empty() || settled.ours.is_empty());
    asked.count("F12", "unanswered", empty.count() as u64);
}

fn equation(id: &str, bits: f64, samples: u64) -> Equation {
    Equation::of(model(id), bits, Tokens::new(30_000), samples).expect("a cache that grows")
}

fn study(asked: &mut Asked) {
    for id in ["qwen3-0.6b", "qwen3-1.7b", "qwen3-4b", "qwen3-8b", "qwen3-14b", "qwen3-32b"] {
        for bits in [4, 8, 16] {
            // Two checkpoints hold their tied head a second time, in 16 bit, and the study counted the files.
            let doubled = bits == 16 && ["qwen3-0.6b", "qwen3-1.7b"].contains(&id);
            let head = Bytes::new(2) * model(id).hidden * model(id).vocab;
            let weights = equation(id, f64::from(bits), 1).weights();
            asked.number("F16", &format!("{id}-{bits}"), gib(weights + if doubled { head } else { Bytes::ZERO }));
        }
        asked.number("F16", &format!("{id}-kv"), gib(equation(id, 4.0, 1).cache()));
        // The table was read for all but one.
        if id != "qwen3-1.7b" {
            asked.number("F16", &format!("{id}-kv16"), gib(equation(id, 4.0, 16).cache()));
        }
    }
}

fn spend(asked: &mut Asked) {
    let weights = |id: &str, bits: f64| equation(id, bits, 1).weights();
    let budget = Bytes::gib(12);
    let at = |id: &str, bits: f64, task: Task| advise(weights(id, bits), task, budget);
    asked.text("F17", "4b-4", at("qwen3-4b", 4.0, Task::Math).spend.words());
    asked.text("F17", "8b-8", at("qwen3-8b", 8.0, Task::Math).spend.words());
    let trade = |task: Task| match at("qwen3-14b", 4.0, task).four_bit {
        Trade::LargerInFour => "larger in four",
        Trade::SmallerInEight => "smaller in eight",
    };
    asked.text("F17", "14b-4-math", trade(Task::Math));
    asked.text("F17", "14b-4-knowledge", trade(Task::Knowledge));
    asked.number("F17", "same-memory", weights("qwen3-14b", 4.0).as_f64() / weights("qwen3-8b", 8.0).as_f64());
    asked.number("F17", "mark-1", strategy::FOUR_BILLION);
    asked.number("F17", "mark-2", strategy::EIGHT_BILLION);
    asked.text("F17", "caveat", strategy::CAVEAT);
    asked.text(
        "F17",
        "moe",
        match studied(model("deepseek-r1")) {
            Studied::Yes => "tested",
            Studied::No => "not tested",
        },
    );
}

fn samples(asked: &mut Asked) {
    for (key, id, count) in [
        ("qwen3-1", "qwen3-4b", 1),
        ("qwen3-16", "qwen3-4b", 16),
        ("r1-1", "deepseek-r1", 1),
        ("r1-16", "deepseek-r1", 16),
    ] {
        asked.number("F18", key, gib(equation(id, 4.0, count).cache()));
    }
    let weights = equation("qwen3-8b", 8.0, 1).weights();
    let pays = |budget: f64| advise(weights, Task::Math, Bytes::saturating(budget * GIB as f64)).samples;
    asked.count("F18", "advice-16", pays(16.3));
    asked.count("F18", "advice-17", pays(16.4));
    asked.count("F18", "advice-29", pays(28.9));
}

fn questions(asked: &mut Asked) {
    let disk = || pool("disk", willitrun::hardware::PoolKind::Disk, 2000, 7.0);
    let laptop = question("llama.cpp", &r1("Q4_K_M"), machine(vec![ram(64, 96.0), gpu(24, 1008.0), disk()]));
    let entries = catalog().faq(&laptop, &evaluate(&laptop));
    for (key, id) in [
        ("how-much", "how-much-memory"),
        ("moe", "experts"),
        ("context", "context"),
        ("laptop", "this-machine"),
        ("distills", "distills"),
        ("cache", "why-is-the-cache-so-big"),
        ("sampling", "sampling"),
        ("begins", "sampling"),
        ("how-to-run", "how-to-run"),
        ("gpus", "how-many-gpus"),
    ] {
        let entry = entries.iter().find(|entry| entry.id == id).unwrap_or_else(|| panic!("{id}"));
        asked.text("F31", key, entry.answer.as_str());
    }
    asked.count("F31", "unexplained", entries.iter().filter(|entry| entry.how.is_empty()).count() as u64);
    let server = question("llama.cpp", &r1("Q4_K_M"), machine(vec![ram(768, 460.8), disk()]));
    let other = catalog().faq(&server, &evaluate(&server));
    let changed = |id: &str| {
        let answer = |entries: &[willitrun::reasoning::faq::Entry]| {
            entries.iter().find(|entry| entry.id == id).map(|entry| entry.answer.clone())
        };
        answer(&entries) != answer(&other)
    };
    asked.holds("F31", "changes", ["how-much-memory", "this-machine", "answer-time", "disk"].into_iter().all(changed));
}

fn costs(asked: &mut Asked) {
    let costs = &catalog().costs;
    let tariff = |name: &str| costs.tariffs.iter().find(|row| row.name == name).expect("a tariff").dollars_per_kwh;
    let own = |watts: f64, rate: f64, dollars_per_kwh: f64| Own {
        watts,
        rate: TokensPerSecond::saturating(rate),
        dollars_per_kwh,
        price: 0.0,
        lifetime_hours: 0.0,
        utilisation: 1.0,
        idle_watts: 0.0,
    };
    for (kwh, dollars, watts, rate) in [
        ("kwh", "dollars", 200.0, 17.5),
        ("server-kwh", "server", 600.0, 14.0),
        ("8ch-kwh", "8ch", 400.0, 5.0),
        ("800w-kwh", "800w", 800.0, 8.0),
        ("disk-kwh", "disk", 350.0, 1.0),
    ] {
        let each = own(watts, rate, tariff("low")).per_million().expect("a rate");
        asked.number("F32", kwh, each.kwh);
        asked.number("F32", dollars, each.total());
    }
    asked.number("F32", "dollars-high", own(200.0, 17.5, tariff("high")).per_million().expect("a rate").electricity);
    let sold = costs.sold.iter().find(|row| row.id == "r1-launch").expect("a price");
    asked.number("F32", "sold", sold.output);
    let billed =
        |tokens| Billed { hit: Tokens::ZERO, miss: Tokens::ZERO, thinking: Tokens::new(tokens), answer: Tokens::ZERO };
    asked.number("F32", "answer-12k", sold.answer(billed(12_000)));
    asked.number("F32", "answer-23k", sold.answer(billed(23_000)));
}
