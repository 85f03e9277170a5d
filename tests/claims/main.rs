//! Every figure the features of the source documents have to come to, feature by feature: `golden/claims.csv` has what
//! is expected, the files beside this one ask the app. Nothing expected is known to what is asked.

mod ask;
mod cache;
mod ground;
mod hardware;
mod reasoning;
mod speed;
mod weights;

use std::collections::{BTreeMap, HashMap};

const TABLE: &str = include_str!("../golden/claims.csv");
/// Figures the source documents err in.
const WRONG: &str = include_str!("../golden/claims_wrong.csv");
/// The features, in order.
const FEATURES: u32 = 34;

/// What the app said.
#[derive(Clone, Debug)]
pub enum Found {
    /// A number, in the unit of its row.
    Number(f64),
    /// A text.
    Text(String),
}

/// What was asked, by feature and key.
#[derive(Default)]
pub struct Asked {
    found: HashMap<(String, String), Found>,
}

impl Asked {
    fn put(&mut self, feature: &str, key: &str, found: Found) {
        let before = self.found.insert((feature.to_owned(), key.to_owned()), found);
        assert!(before.is_none(), "{feature} {key} is asked twice");
    }

    /// A number.
    pub fn number(&mut self, feature: &str, key: &str, value: f64) {
        self.put(feature, key, Found::Number(value));
    }

    /// A count.
    pub fn count(&mut self, feature: &str, key: &str, value: u64) {
        self.number(feature, key, value as f64);
    }

    /// Whether something is so: 1 or 0.
    pub fn holds(&mut self, feature: &str, key: &str, so: bool) {
        self.count(feature, key, u64::from(so));
    }

    /// A text.
    pub fn text(&mut self, feature: &str, key: &str, text: impl Into<String>) {
        self.put(feature, key, Found::Text(text.into()));
    }
}

/// A row of the table.
#[derive(Clone, Copy)]
struct Row {
    feature: &'static str,
    key: &'static str,
    expected: &'static str,
    tolerance: &'static str,
    asked: &'static str,
}

fn rows(table: &'static str) -> Vec<Row> {
    let lines = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let row = |line: &'static str| {
        let cells: Vec<&str> = line.splitn(5, ';').collect();
        let [feature, key, expected, tolerance, asked] = cells[..] else { panic!("five cells: {line}") };
        Row { feature, key, expected, tolerance, asked }
    };
    lines.map(row).collect()
}

impl Row {
    fn value(&self) -> f64 {
        self.expected.parse().unwrap_or_else(|_| panic!("{} {}: {}", self.feature, self.key, self.expected))
    }

    /// Half of the last digit given: what was rounded to it may lie that far off.
    fn half_a_digit(&self) -> f64 {
        let after = self.expected.split_once('.').map_or(0, |(_, after)| after.len());
        0.5 * 10_f64.powi(-i32::try_from(after).expect("few digits")) * (1.0 + 1e-9)
    }

    /// Whether what was found is what is expected.
    fn is_met(&self, found: &Found) -> bool {
        match (found, self.tolerance) {
            (Found::Text(text), "says") => text.contains(self.expected),
            (Found::Number(found), "exact") => (found - self.value()).abs() <= 1e-9 * self.value().abs(),
            (Found::Number(found), "printed") => (found - self.value()).abs() <= self.half_a_digit(),
            (Found::Number(found), tolerance) => {
                let off = (found - self.value()).abs();
                match (tolerance.strip_suffix('%'), tolerance.strip_prefix("+-")) {
                    (Some(share), _) => {
                        let share: f64 = share.parse().expect("a share");
                        off <= (share / 100.0 * self.value().abs()).max(self.half_a_digit())
                    }
                    (_, Some(amount)) => off <= amount.parse::<f64>().expect("an amount") * (1.0 + 1e-9),
                    _ => panic!("{} {}: tolerance {tolerance}", self.feature, self.key),
                }
            }
            (Found::Text(_), _) => false,
        }
    }
}

fn asked() -> Asked {
    let mut asked = Asked::default();
    ground::ask(&mut asked);
    weights::ask(&mut asked);
    cache::ask(&mut asked);
    speed::ask(&mut asked);
    hardware::ask(&mut asked);
    reasoning::ask(&mut asked);
    asked
}

#[test]
fn every_figure_is_met() {
    let mut asked = asked();
    let (mut met, mut missed) = (BTreeMap::<u32, usize>::new(), Vec::new());
    for row in rows(TABLE) {
        let Some(found) = asked.found.remove(&(row.feature.to_owned(), row.key.to_owned())) else {
            missed.push(format!("{} {}: nobody asked", row.feature, row.key));
            continue;
        };
        let shown = match &found {
            Found::Number(number) => format!("{number}"),
            Found::Text(text) => text.chars().take(60).collect(),
        };
        let ok = row.is_met(&found);
        println!(
            "{:4} {:5} {:18} {:>16} {:7} found {shown:22} {}",
            if ok { "ok" } else { "MISS" },
            row.feature,
            row.key,
            row.expected,
            row.tolerance,
            row.asked
        );
        let feature: u32 = row.feature[1..].parse().expect("a letter and a number");
        *met.entry(feature).or_default() += usize::from(ok);
        if !ok {
            missed.push(format!("{} {} ({}): {} against {found:?}", row.feature, row.key, row.asked, row.expected));
        }
    }
    for row in rows(WRONG) {
        let found = asked.found.remove(&(row.feature.to_owned(), row.key.to_owned())).expect("it is asked");
        let (right, reason) = row.asked.split_once(';').expect("what is right, and why");
        println!("{:4} {:5} {:18} {:>16}         right {right}: {reason}", "err", row.feature, row.key, row.expected);
        let is_right = Row { expected: right, ..row };
        if !is_right.is_met(&found) {
            missed.push(format!("{} {}: {right} is said to be right, found {found:?}", row.feature, row.key));
        }
        if row.is_met(&found) {
            missed.push(format!("{} {}: the source is right after all", row.feature, row.key));
        }
    }
    println!();
    for feature in 1..=FEATURES {
        match met.get(&feature) {
            Some(count) => println!("F{feature}: {count} rows met"),
            None => println!("F{feature}: NO ROW"),
        }
    }
    println!("the numbers all of it stands on: {} rows met", met[&0]);
    println!("{} rows met in all", met.values().sum::<usize>());
    for (feature, key) in asked.found.keys() {
        missed.push(format!("{feature} {key}: asked, and no row expects it"));
    }
    assert!(missed.is_empty(), "{missed:#?}");
    assert!((1..=FEATURES).all(|feature| met.contains_key(&feature)), "a feature has no row");
}

/// The table can fail: what lies outside a tolerance is not met.
#[test]
fn tolerances_are_no_wider_than_they_say() {
    let row = |expected, tolerance| Row { feature: "F1", key: "k", expected, tolerance, asked: "" };
    for (expected, tolerance, good, bad) in [
        ("404.49", "0.1%", 404.8, 404.9),
        ("2.18", "0.1%", 2.1845, 2.1851),
        ("12", "exact", 12.0, 12.001),
        ("0.50", "+-0.02", 0.52, 0.5201),
        ("1.38", "5%", 1.4489, 1.4491),
        ("1643", "printed", 1643.4, 1643.51),
    ] {
        assert!(row(expected, tolerance).is_met(&Found::Number(good)), "{expected} {tolerance} {good}");
        assert!(!row(expected, tolerance).is_met(&Found::Number(bad)), "{expected} {tolerance} {bad}");
        assert!(!row(expected, tolerance).is_met(&Found::Text(expected.to_owned())));
    }
    assert!(row("fits", "says").is_met(&Found::Text("it fits".to_owned())));
    assert!(!row("fits", "says").is_met(&Found::Text("too small".to_owned())));
}

/// Whatever the machine and the model, every room answers in words and none of them says nonsense.
#[test]
fn rooms_answer_for_any_machine() {
    use willitrun::advice::{baseline, binding, memories, parallel, tier, transfer};
    use willitrun::hardware::Machine;
    use willitrun::scenario::evaluate;
    let profile = |id: &str| ask::catalog().profile(id).expect("a profile").machine.clone();
    let machines = [
        Machine::new("empty", "Nothing known"),
        profile("raspberry-pi-4-8gb"),
        profile("mac-studio-m2-ultra-192gb"),
        profile("4x-rtx-3090"),
        profile("2x-dgx-spark"),
    ];
    for machine in machines {
        for (model, quant) in [("deepseek-r1", "UD-IQ1_S"), ("gemma-3-27b", "Q8_0"), ("gpt-oss-20b", "native")] {
            let Some(subject) = ask::catalog().subject(ask::model(model), quant) else { continue };
            let scenario = ask::ask("llama.cpp", &std::sync::Arc::new(subject), machine.clone());
            let answer = evaluate(&scenario);
            let place = format!("{model} {quant} on {}", machine.name);
            let entries = ask::catalog().faq(&scenario, &answer);
            assert!(entries.len() >= 10, "{place}: {} entries", entries.len());
            let mut said: Vec<String> = entries.iter().map(|entry| entry.answer.clone()).collect();
            said.extend(binding::find(&scenario, &answer).lines());
            let forms = ask::catalog().forms(&scenario.subject.model, &scenario.engine);
            said.push(tier::classify(&scenario, &forms, "").words);
            let steps = baseline::steps(&scenario, &forms[0], &forms[0], &ask::catalog().quality);
            said.extend(steps.into_iter().map(|step| step.why));
            for text in said {
                assert!(
                    !text.is_empty() && !["NaN", "inf ", "  "].iter().any(|odd| text.contains(odd)),
                    "{place}: {text}"
                );
            }
            assert_eq!(parallel::degrees(&scenario).len(), parallel::DEGREES.len());
            assert!(!transfer::transfer(scenario.subject.weights.file, &machine).times.is_empty());
            let ideal = ask::catalog().engine("ideal").expect("an engine");
            let rows = memories::rows(&scenario, ideal, &ask::catalog().memories);
            assert!(rows.iter().all(|row| row.ceiling.is_some_and(|rate| rate.get() > 0.0)), "{place}");
            assert!(memories::of_machine(&machine).len() <= machine.pools.len());
            assert!(!ask::catalog().first_check(&scenario).is_empty());
        }
    }
}
