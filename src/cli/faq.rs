//! `willitrun faq`: questions people ask, answered for a model and a machine.

use std::io::Write;

use serde_json::json;

use crate::catalog::Catalog;
use crate::reasoning::faq::{Entry, search};
use crate::scenario::{Scenario, evaluate};

use super::question::{Expanded, question};
use super::{Failure, ThisMachine, Words, model_file, print, terms};

/// The model that is asked about where nobody says.
const MODEL: &str = "deepseek-r1";
/// The quant of a model where nobody says: what [`Catalog::first_check`] takes for four bits.
const QUANT: &str = "Q4_K_M";
/// No command is shown.
const FOREIGN: [&str; 1] = ["shell"];

pub(super) fn run(mut words: Words, out: &mut dyn Write) -> Result<(), Failure> {
    let json = words.flag("json");
    let text = words.take("search").unwrap_or_default();
    let model = words.options.iter().find(|(key, _)| key == "model").and_then(|(_, value)| value.clone());
    let terms = terms::take(&mut words, model.as_deref().unwrap_or(MODEL))?;
    let mut request = words.request(&FOREIGN)?;
    let model = request.model.get_or_insert_with(|| MODEL.to_owned());
    // A file says itself how its weights are kept, and a size alone does not.
    let file = Catalog::builtin().model(model).is_none() && model_file::is_path(model.as_ref());
    if !file && request.file_gib.is_none() {
        request.quant.get_or_insert_with(|| QUANT.to_owned());
    }
    let asked = question(&request, &ThisMachine::default(), &mut Expanded::default())?;
    let answer = evaluate(&asked.scenario);
    let entries = Catalog::builtin().faq_at(&asked.scenario, &answer, &terms);
    let found = search(&entries, &text);
    let text = if json { as_json(&asked.scenario, &found) } else { as_text(&asked.scenario, &found) };
    print(out, &text)
}

fn as_json(scenario: &Scenario, entries: &[&Entry]) -> String {
    let entries = entries
        .iter()
        .map(|entry| json!({ "id": entry.id, "question": entry.question, "answer": entry.answer, "how": entry.how }));
    let value = json!({
        "schema": "willitrun.faq/1", "model": scenario.subject.model.id, "quant": scenario.subject.quant.id,
        "machine": scenario.machine.id, "context": scenario.run.context.get(), "entries": entries.collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

fn as_text(scenario: &Scenario, entries: &[&Entry]) -> String {
    let subject = &scenario.subject;
    let mut lines = vec![
        format!(
            "{} {} on {}, context {}",
            subject.model.name, subject.quant.id, scenario.machine.name, scenario.run.context
        ),
        String::new(),
    ];
    if entries.is_empty() {
        lines.push("Nothing here answers that: leave out --search to see every question.".to_owned());
        lines.push(String::new());
    }
    for entry in entries {
        lines.extend([
            entry.question.clone(),
            format!("  {}", entry.answer),
            format!("  ({})", entry.how),
            String::new(),
        ]);
    }
    lines.join("\n")
}
