//! How fast, and what changes it.

use crate::advice::binding::{first_lower, first_upper};
use crate::advice::{binding, memories, nodes};
use crate::memory::KvStreams;
use crate::placement::LayerHome;
use crate::quant::Format;
use crate::speed::{Range, textbook_prompt};
use crate::units::{Seconds, Tokens, TokensPerSecond};

use super::{Asked, Entry};

/// Users asked about beside one.
const SEVERAL: u64 = 4;

pub(super) fn answer_time(asked: &Asked<'_>) -> Option<Entry> {
    let (scenario, answer) = (asked.scenario, asked.answer);
    let bill = answer.bill.as_ref()?;
    let least = bill.rate.time_word();
    let own = answer.whole_answer.map_or_else(String::new, |time| {
        format!(" A prompt of {} and an answer of {} tokens take {least}{time}.", scenario.prompt, scenario.answer)
    });
    let thinks = scenario.subject.model.facts.reasoning;
    let lengths =
        asked.shelf.thinking.lengths.iter().filter(|length| thinks && length.tokens > scenario.answer).take(2);
    let longer: Vec<String> = lengths
        .filter_map(|length| {
            let time = asked.if_it_were(|scenario| scenario.answer = length.tokens).whole_answer?;
            Some(format!("{} tokens ({}) {least}{time}", length.tokens, length.task))
        })
        .collect();
    let longer =
        if longer.is_empty() { String::new() } else { format!(" Thinking takes longer: {}.", longer.join(", ")) };
    Some(Entry {
        id: "answer-time",
        question: "How long does an answer take?".to_owned(),
        answer: format!("{}.{own}{longer}", first_upper(&bill.rate.in_words())),
        how: "Every token billed at its own depth, the prompt before; lengths as published for the tasks named."
            .to_owned(),
    })
}

pub(super) fn faster(asked: &Asked<'_>) -> Option<Entry> {
    asked.answer.bill.as_ref()?;
    let found = binding::find(asked.scenario, asked.answer);
    Some(Entry {
        id: "faster",
        question: "What limits it, and what would help most?".to_owned(),
        answer: found.lines().join(" "),
        how:
            "The largest part of the memory and the longest line of the bill; every change is asked like any question."
                .to_owned(),
    })
}

pub(super) fn prompt(asked: &Asked<'_>) -> Option<Entry> {
    let scenario = asked.scenario;
    let active = scenario.subject.model.active_params(scenario.subject.experts_used);
    let work = 2.0 * active.as_f64();
    let rated = asked.answer.prefill.as_ref()?;
    let long = Tokens::new(8192);
    let time = Seconds::saturating(long.as_f64() / rated.expected);
    let (about, least) = (about(rated), rated.time_word());
    // Where the CPU has a part the textbook's figure is its own.
    let on_cpu = asked.answer.plan.layers.iter().any(LayerHome::on_cpu);
    let arithmetic = scenario.machine.cpu.flops.as_ref().filter(|_| on_cpu).map(|figure| figure.value);
    let most = arithmetic.and_then(|arithmetic| Some((arithmetic, textbook_prompt(active, arithmetic)?)));
    let most = most.map_or_else(String::new, |(arithmetic, most)| {
        let time = Seconds::saturating(long.as_f64() / most.get());
        format!(" Of {:.2} TFLOP/s that is at most {} tokens/s, {long} tokens in {time}; attention and reading the weights come on top.", arithmetic.get() / 1e12, rate(most.get()))
    });
    Some(Entry {
        id: "prompt",
        question: "Why is the prompt slow to be read?".to_owned(),
        answer: format!(
            "Reading a prompt is arithmetic: about {:.1} GFLOP a token.{most} Here {about} {} tokens/s, so {long} tokens take {least}{time}. A GPU or more cores help, not faster RAM.",
            work / 1e9,
            rate(rated.expected)
        ),
        how: "Two operations for each parameter a token uses, the head counted and attention's scores not; the rate by what published prompts reached.".to_owned(),
    })
}

pub(super) fn cache_quant(asked: &Asked<'_>) -> Option<Entry> {
    let scenario = asked.scenario;
    if scenario.run.kv_k != Format::F16 || scenario.run.kv_v != Format::F16 {
        return None;
    }
    let mut run = scenario.run;
    (run.kv_k, run.kv_v) = (Format::Q8_0, Format::Q8_0);
    run.check(&scenario.subject.model).ok()?;
    scenario.engine.takes_formats(&run).ok()?;
    let after = asked.if_it_were(|scenario| scenario.run = run);
    let speeds = asked.answer.bill.as_ref().zip(after.bill.as_ref()).map_or_else(String::new, |(before, after)| {
        format!(" Tokens/s go from {} to {}.", rate(before.rate.expected), rate(after.rate.expected))
    });
    Some(Entry {
        id: "cache-quant",
        question: "Does a quantised KV cache make it faster?".to_owned(),
        answer: format!(
            "It is a tool for memory: {} instead of {} at this context.{speeds} Where it frees VRAM for weights it helps speed, too; below 8 bits quality drops.",
            asked.scenario.unit.of(after.plan.kv()),
            asked.scenario.unit.of(asked.answer.plan.kv())
        ),
        how: "The same question with a q8_0 cache.".to_owned(),
    })
}

pub(super) fn fewer_experts(asked: &Asked<'_>) -> Option<Entry> {
    let scenario = asked.scenario;
    let model = &scenario.subject.model;
    let used = model.layers.iter().find_map(|layer| match layer.ffn {
        crate::model::FeedForward::Moe(moe) => Some(scenario.subject.experts_used.unwrap_or(moe.used)),
        _ => None,
    })?;
    let half = (used / 2).max(1);
    let after = asked.if_it_were(|scenario| {
        scenario.subject = std::sync::Arc::new(scenario.subject.with_experts(Some(half)));
    });
    let speeds = asked.answer.bill.as_ref().zip(after.bill.as_ref()).map_or_else(String::new, |(before, after)| {
        let (before, after) = (before.rate.expected, after.rate.expected);
        format!(" Tokens/s go from {} to {}, {:.2} times.", rate(before), rate(after), after / before)
    });
    (half < used).then(|| Entry {
        id: "fewer-experts",
        question: "Does using fewer experts help?".to_owned(),
        answer: format!(
            "With {half} of them for each token instead of {used}:{speeds} It takes the same memory, and answers get worse; by how much nobody has published here."
        ),
        how: "The same question with another number of experts used.".to_owned(),
    })
}

pub(super) fn channels(asked: &Asked<'_>) -> Option<Entry> {
    let rows = memories::rows(asked.scenario, asked.shelf.ceiling, asked.shelf.memories);
    let said: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let (most, expected) = row.ceiling.zip(row.expected.as_ref())?;
            let cited = row.cited.as_ref().map_or_else(String::new, |(cited, ..)| {
                let to = if cited.low < cited.high { format!(" to {}", cited.high) } else { String::new() };
                format!("; {}{to} tokens/s by {}", cited.low, cited.source)
            });
            let fits = if row.fit == Some(crate::advice::kits::Fit::Short) { ", which cannot hold it" } else { "" };
            if expected.is_exact() {
                return Some(format!("{}{fits}: at most {most} tokens/s{cited}", row.memory.name));
            }
            Some(format!(
                "{}{fits}: {} to {} tokens/s (at most {most} tokens/s{cited})",
                row.memory.name,
                rate(expected.low),
                rate(expected.high)
            ))
        })
        .collect();
    (!said.is_empty()).then(|| Entry {
        id: "channels",
        question: "How fast is it from RAM alone, by channels?".to_owned(),
        answer: format!("{}.", said.join(". ")),
        how: "Each asked as a machine of that memory with the processor that usually stands beside it; at most: bytes a token reads over bandwidth."
            .to_owned(),
    })
}

pub(super) fn several(asked: &Asked<'_>) -> Option<Entry> {
    let before = asked.answer.bill.as_ref().filter(|bill| bill.sequences == 1)?;
    let own = asked.scenario.run.context;
    let after = asked.if_it_were(|scenario| {
        scenario.run.sequences = SEVERAL;
        scenario.run.streams = KvStreams::PerSequence;
        scenario.run.context = own * SEVERAL;
    });
    let answer = match &after.bill {
        Some(bill) => format!(
            "{SEVERAL} at once with {own} tokens each get {} {} tokens/s each, {} together, against {} for one. The cache grows to {}. {}.",
            about(&bill.rate),
            rate(bill.rate.expected),
            rate(bill.throughput().expected),
            rate(before.rate.expected),
            asked.scenario.unit.of(after.plan.kv()),
            after.verdict.level.words()
        ),
        None => format!("Not {SEVERAL} at once with {own} tokens each: {}.", after.verdict.rest),
    };
    Some(Entry {
        id: "several-users",
        question: "Can several people use it at once?".to_owned(),
        answer,
        how: "The same question with as many sequences: weights are read once for all, cache and arithmetic count for each."
            .to_owned(),
    })
}

pub(super) fn machines(asked: &Asked<'_>) -> Option<Entry> {
    let groups = nodes::groups(asked.scenario, asked.shelf.ceiling, &asked.shelf.clusters);
    let (own, others) = groups.split_at_checked(2)?;
    let [alone, together] = own else { return None };
    let serving = &asked.scenario.parameters.serving;
    let most = |group: &nodes::Group| {
        group.ceiling.map_or_else(|| "no speed".to_owned(), |most| format!("at most {most} tokens/s"))
    };
    let shared = together.shared.map_or_else(String::new, |shared| {
        let passing = micro(shared.passing);
        format!(" With layers on each: at most {} tokens/s, {passing} of a token on the network.", shared.ceiling)
    });
    let as_one = together.as_one.map_or_else(String::new, |one| {
        format!(" One of them with all that memory would reach at most {one} tokens/s: layers take turns, so a single answer gets no faster.")
    });
    let alone_only = if nodes::takes_several(&asked.scenario.engine) {
        String::new()
    } else {
        format!(" {} itself runs on one machine.", asked.engine())
    };
    let told: Vec<String> = others
        .iter()
        .map(|group| {
            format!("{} ({}): {}", group.machine.name, asked.scenario.unit.of(group.memory), group.level.words())
        })
        .collect();
    let told = if told.is_empty() { String::new() } else { format!(" Ready-made: {}.", told.join("; ")) };
    Some(Entry {
        id: "several-machines",
        question: "Do several machines help (distributed inference)?".to_owned(),
        answer: format!(
            "{} of these hold {} instead of {}: {}, {}, against {}, {} on one.{shared}{as_one}{alone_only}{told}",
            first_upper(if together.count == 2 { "two" } else { "all" }),
            asked.scenario.unit.of(together.memory),
            asked.scenario.unit.of(alone.memory),
            first_lower(together.level.words()),
            most(together),
            first_lower(alone.level.words()),
            most(alone)
        ),
        how: format!(
            "Each asked as any machine; at most: bytes over bandwidth, layers one after the other, and what passes over the network. A network of which nothing is known is assumed at {} and {} a message.",
            serving.network,
            micro(serving.network_latency)
        ),
    })
}

/// What is shorter than a millisecond, too: `50 µs`.
fn micro(time: Seconds) -> String {
    if time.get() < 1e-3 { format!("{:.0} µs", time.get() * 1e6) } else { time.to_string() }
}

fn rate(value: f64) -> TokensPerSecond {
    TokensPerSecond::saturating(value)
}

fn about(range: &Range) -> &'static str {
    if range.is_exact() { "at most" } else { "about" }
}
