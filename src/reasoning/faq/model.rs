//! What the model is, and what its quants lose.

use crate::advice::baseline;
use crate::model::Architecture;

use super::{Asked, Entry};

/// What the families of distilled models are called in the catalogue.
const DISTILL: &str = "distill";

pub(super) fn experts(asked: &Asked<'_>) -> Entry {
    let subject = &asked.scenario.subject;
    let model = &subject.model;
    let (all, used) = (model.params(), model.active_params(subject.experts_used));
    let read = subject.weights.read_per_token();
    let answer = if model.experts() == 0 {
        format!("No, it is dense: every token reads all weights, {} under {}.", read.in_gb(), subject.quant.id)
    } else {
        format!(
            "Yes: {} experts, of which a token uses few. Of {:.2} B parameters {:.2} B are used, {:.1} %, so a token reads {} of the {} under {}. All of them have to be in memory all the same.",
            model.experts(),
            all.as_f64() / 1e9,
            used.as_f64() / 1e9,
            100.0 * used.as_f64() / all.as_f64().max(1.0),
            read.in_gb(),
            subject.weights.file.in_gb(),
            subject.quant.id
        )
    };
    Entry {
        id: "experts",
        question: format!("Is {} a mixture of experts?", model.name),
        answer,
        how: format!("Its layers, from {}; the head counted, of the embedding one row.", model.facts.source),
    }
}

pub(super) fn distills(asked: &Asked<'_>) -> Option<Entry> {
    let model = &asked.scenario.subject.model;
    let is_distill = |model: &Architecture| model.facts.family.to_lowercase().contains(DISTILL);
    let size = |model: &Architecture| format!("{:.1} B", model.params().as_f64() / 1e9);
    let answer = if is_distill(model) {
        format!(
            "No. {} has {} parameters, {}; it was trained on answers of the large model and is another, smaller one.",
            model.name,
            size(model),
            if model.experts() == 0 { "all of them dense" } else { "with experts" }
        )
    } else {
        // R1 distil: models of the family named after this one.
        let name = model.name.to_lowercase();
        let of_it = asked.shelf.models.iter().filter(|other| is_distill(other));
        let of_it: Vec<_> = of_it.filter(|other| other.name.to_lowercase().starts_with(&name)).collect();
        if of_it.is_empty() {
            return None;
        }
        let dense = of_it.iter().filter(|other| other.experts() == 0).count();
        let (Some(least), Some(most)) =
            (of_it.iter().min_by_key(|other| other.params()), of_it.iter().max_by_key(|other| other.params()))
        else {
            return None;
        };
        format!(
            "No. The {} models distilled from it that are known here have {} to {} parameters, {dense} of them dense; {} has {} and {} experts. What runs on a phone or one GPU under its name is one of those.",
            of_it.len(),
            size(least),
            size(most),
            model.name,
            size(model),
            model.experts()
        )
    };
    Some(Entry {
        id: "distills",
        question: "Are distilled models the same model?".to_owned(),
        answer,
        how: "The layers of each model in the catalogue.".to_owned(),
    })
}

pub(super) fn quants(asked: &Asked<'_>) -> Entry {
    let subject = &asked.scenario.subject;
    let rows: Vec<_> = asked.shelf.quality.of(&subject.quant.id).collect();
    let own: Vec<_> = rows.iter().filter(|row| row.is_of(&subject.model.name)).collect();
    let other = asked.shelf.quality.headline(&subject.quant.id);
    let answer = match (own.first(), other) {
        (None, None) => format!("No figure for {} is cited here, so none is shown.", subject.quant.id),
        (None, Some(row)) => format!("Measured on another model only: {} ({}).", row.line(), row.source),
        (Some(first), _) => {
            // Rows of one study stand together, with their source once.
            let rows = own.iter().filter(|row| row.source == first.source);
            let figures: Vec<String> = rows.map(|row| format!("{} {}", row.test_name, row.figure())).collect();
            format!("As measured on it: {} ({}).", figures.join("; "), first.source)
        }
    };
    Entry {
        id: "quality",
        question: format!("What does {} lose under {}?", subject.model.name, subject.quant.id),
        answer,
        how: "Published measurements, each with its test and model; nothing is estimated.".to_owned(),
    }
}

pub(super) fn quantise(asked: &Asked<'_>) -> Option<Entry> {
    let native = asked.shelf.native.as_ref()?;
    let eight = asked.shelf.forms.iter().find(|form| form.quant.id == "Q8_0")?;
    let steps = baseline::steps(asked.scenario, native, eight, asked.shelf.quality);
    let steps: Vec<String> =
        steps.iter().enumerate().map(|(place, step)| format!("{}. {}: {}", place + 1, step.what, step.why)).collect();
    Some(Entry {
        id: "when-to-quantise",
        question: "When should it be quantised, and against what compared?".to_owned(),
        answer: steps.join(" "),
        how: "Sizes tensor by tensor, against what may be used of this machine.".to_owned(),
    })
}
