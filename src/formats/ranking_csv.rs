//! A ranking as a table for other programs: comma-separated values after RFC 4180, units in the header.

use crate::advice::{Loss, Ranked};
use crate::units::Tokens;

use super::csv::line;

/// Rows with the machine and the context they were asked for, under a header. `test` says what the cited figures are.
#[must_use]
pub fn write(rows: &[Ranked], machine: &str, context: Tokens, test: &str) -> String {
    let quality = if test.is_empty() { "cited quality".to_owned() } else { format!("cited quality ({test})") };
    let head = [
        "machine",
        "context (tokens)",
        "model",
        "id",
        "quant",
        "verdict",
        "speed (tokens per second)",
        "memory (bytes)",
        "largest context (tokens)",
        "parameters",
        "file (bytes)",
        &quality,
        "family",
        "reasoning",
        "licence",
    ];
    let mut lines = line(&head);
    for row in rows {
        let model = &row.subject.model;
        let loss = match row.loss {
            Loss::AsReleased => "as released".to_owned(),
            Loss::Cited(figure) => figure.to_string(),
            Loss::Unknown => String::new(),
        };
        lines.push_str(&line(&[
            machine,
            &context.get().to_string(),
            &model.name,
            &model.id,
            row.quant(),
            row.level.words(),
            &row.rate.map_or_else(String::new, |rate| format!("{rate:.3}")),
            &row.memory.get().to_string(),
            &row.context_max.map_or_else(String::new, |tokens| tokens.get().to_string()),
            &row.params.get().to_string(),
            &row.subject.weights.file.get().to_string(),
            &loss,
            &model.facts.family,
            if model.facts.reasoning { "yes" } else { "no" },
            &model.facts.licence,
        ]));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::formats::model_doc::parse_models;
    use crate::model::Architecture;
    use crate::quant::{Imatrix, Mix, Quant};
    use crate::scenario::Subject;
    use crate::units::{Bytes, Params};
    use crate::verdict::Level;

    #[test]
    fn a_row_has_a_cell_for_each_column() {
        let models = parse_models(include_str!("../../assets/models/llama.ron")).expect("built in");
        let model = Architecture { name: "=cmd|'/c calc'!A0".to_owned(), ..models[0].clone() };
        let row = Ranked {
            subject: Arc::new(Subject::new(model, Quant::mix(Mix::Q4_K_M, Imatrix::Without), None)),
            params: Params::new(7),
            level: Level::RunsWell,
            rate: Some(12.5),
            memory: Bytes::new(4096),
            context_max: None,
            loss: Loss::Cited(0.0291),
        };
        let text = write(&[row], "mine", Tokens::new(8192), "a test");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].starts_with("mine,8192,\"'=cmd|'/c calc'!A0\","), "{}", lines[1]);
        assert!(lines[1].contains(",Q4_K_M,Runs well,12.500,4096,,7,"), "{}", lines[1]);
        assert_eq!(lines[0].split(',').count(), lines[1].split(',').count());
    }
}
