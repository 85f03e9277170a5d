//! Questions people ask about running a model, answered for the model and the machine at hand.
//!
//! Every number is computed when it is asked, by the one estimator or a room above, and each answer says by which; so
//! answers change with what is asked about. What was published by somebody is cited.

mod around;
mod memory;
mod model;
mod speed;

use std::sync::Arc;

use crate::advice::memories::Memory;
use crate::hardware::Machine;
use crate::model::Architecture;
use crate::placement::Engine;
use crate::quant::Quality;
use crate::scenario::{Answer, Scenario, Subject, evaluate_here};

use super::cost::Costs;
use super::terms::Terms;
use super::thinking::Thinking;

/// A question with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id, such as `how-much-memory`.
    pub id: &'static str,
    /// The question.
    pub question: String,
    /// The answer, for this model and this machine.
    pub answer: String,
    /// How it was computed, or where it was read.
    pub how: String,
}

/// What answers are looked up in.
pub struct Shelf<'a> {
    /// The models there are.
    pub models: &'a [Arc<Architecture>],
    /// Other forms of the model, widest first.
    pub forms: Vec<Arc<Subject>>,
    /// The form the model was released in, where that is known.
    pub native: Option<Arc<Subject>>,
    /// The engine without overhead.
    pub ceiling: &'a Arc<Engine>,
    /// What is cited of quants.
    pub quality: &'a Quality,
    /// Kinds of memory.
    pub memories: &'a [Memory],
    /// Clusters that are ready-made.
    pub clusters: Vec<&'a Machine>,
    /// Prices and power.
    pub costs: &'a Costs,
    /// What was said of prices and power.
    pub terms: &'a Terms,
    /// Lengths of answers, and sampling.
    pub thinking: &'a Thinking,
}

/// A question as it is answered.
struct Asked<'a> {
    scenario: &'a Scenario,
    answer: &'a Answer,
    shelf: &'a Shelf<'a>,
}

impl Asked<'_> {
    /// What is asked about: `DeepSeek-R1 Q4_K_M`.
    fn subject(&self) -> String {
        let subject = &self.scenario.subject;
        format!("{} {}", subject.model.name, subject.quant.id)
    }

    /// The same question, changed.
    fn if_it_were(&self, change: impl FnOnce(&mut Scenario)) -> Answer {
        let mut scenario = self.scenario.clone();
        change(&mut scenario);
        evaluate_here(&scenario)
    }

    fn engine(&self) -> &str {
        &self.scenario.engine.name
    }
}

/// Every question that makes sense for the model, with its answer.
#[must_use]
pub fn entries(scenario: &Scenario, answer: &Answer, shelf: &Shelf<'_>) -> Vec<Entry> {
    let asked = Asked { scenario, answer, shelf };
    let all = [
        Some(memory::will_it_run(&asked)),
        Some(memory::how_much(&asked)),
        Some(memory::this_machine(&asked)),
        Some(memory::context(&asked)),
        memory::cache(&asked),
        memory::least(&asked),
        memory::gpus(&asked),
        Some(model::experts(&asked)),
        model::distills(&asked),
        Some(model::quants(&asked)),
        model::quantise(&asked),
        speed::answer_time(&asked),
        speed::faster(&asked),
        speed::prompt(&asked),
        speed::cache_quant(&asked),
        speed::fewer_experts(&asked),
        speed::channels(&asked),
        speed::several(&asked),
        speed::machines(&asked),
        Some(around::disk(&asked)),
        around::cost(&asked),
        around::sampling(&asked),
        Some(around::units(&asked)),
    ];
    all.into_iter().flatten().collect()
}

/// The entries in which every word of a text is found, in any case; all of them for an empty one.
#[must_use]
pub fn search<'a>(entries: &'a [Entry], text: &str) -> Vec<&'a Entry> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let holds = |entry: &&Entry| {
        let whole = format!("{}\n{}\n{}", entry.question, entry.answer, entry.how).to_lowercase();
        words.iter().all(|word| whole.contains(word))
    };
    entries.iter().filter(holds).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(question: &str, answer: &str) -> Entry {
        Entry { id: "x", question: question.to_owned(), answer: answer.to_owned(), how: "computed".to_owned() }
    }

    #[test]
    fn every_word_has_to_be_found() {
        let all = [entry("How much RAM?", "377.2 GiB"), entry("Is it fast?", "4.4 tokens/s from RAM")];
        let found = |text| search(&all, text).len();
        assert_eq!([found(""), found("ram"), found("RAM fast"), found("ram disk"), found("377.2")], [2, 2, 1, 0, 1]);
    }
}
