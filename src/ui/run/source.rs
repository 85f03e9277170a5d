//! Where the model and the quant on screen come from, in words for a hover.

use crate::catalog::Catalog;
use crate::model::Architecture;
use crate::quant::{Confidence, Quant, Rule};

/// Figures shown of a quant that has no headline.
const MOST: usize = 4;

/// Where the shape of a model was read.
pub(super) fn model(model: &Architecture) -> String {
    let facts = &model.facts;
    let said = facts.doubt().unwrap_or("as read");
    let note = if facts.note.is_empty() { String::new() } else { format!("\n{}", facts.note) };
    format!("Shape {said}: {}{note}", facts.source)
}

/// Where the size of a quant comes from, and its measured quality.
pub(super) fn quant(quant: &Quant, from_file: bool, catalog: &Catalog) -> String {
    let size = match quant.rule {
        _ if from_file => "size read from the headers of its files",
        _ if !quant.source.is_empty() => quant.source.as_str(),
        Rule::Mix(..) => "size by llama.cpp's rules, tensor by tensor",
        Rule::Custom(_) => "size by llama.cpp's rules with formats of your own",
        Rule::Layout(_) => "size by the layout of its files, tensor by tensor",
        Rule::Uniform(_) => "every tensor at this width: arithmetic, no real file",
        Rule::Sized(_) | Rule::Parts { .. } => "size of the file",
    };
    format!("{size}\n{}", quality(&quant.id, catalog))
}

/// The figure shown beside a quant with its source; where there is none, a few of the others.
pub(super) fn quality(quant: &str, catalog: &Catalog) -> String {
    if let Some(row) = catalog.quality.headline(quant) {
        return format!("{} [{}]", row.line(), row.source);
    }
    let rows: Vec<String> = catalog
        .quality(quant)
        .take(MOST)
        .map(|row| match row.confidence {
            Confidence::Read => format!("{} [{}]", row.line(), row.source),
            doubt => format!("{} [{}, {}]", row.line(), row.source, doubt.word()),
        })
        .collect();
    if rows.is_empty() { "no published figure".to_owned() } else { rows.join("\n") }
}
