//! How machines differ, as text and as JSON: `willitrun.diff/1`.

use serde_json::{Value, json};

use super::text::{clean, is_unsafe};
use crate::hardware::{Machine, Row, Told, differences};

/// The widest a column is.
const COLUMN: usize = 44;

/// The figures that differ, for people.
#[must_use]
pub fn text(machines: &[&Machine]) -> String {
    let rows = differences(machines);
    let differ: Vec<&Row> = rows.iter().filter(|row| row.differs()).collect();
    let mut lines: Vec<String> = machines
        .iter()
        .zip(1..)
        .map(|(machine, place)| format!("{place}  {} ({})", machine.title(), machine.id))
        .collect();
    lines.push(String::new());
    if differ.is_empty() {
        lines.push(format!("They do not differ in any of {} figures.", rows.len()));
    } else {
        let head: Vec<String> = (1..=machines.len()).map(|place| place.to_string()).collect();
        let mut table = vec![(String::new(), head)];
        table.extend(
            differ.iter().map(|row| (row.what.clone(), row.values.iter().map(|told| cell(told.as_ref())).collect())),
        );
        lines.extend(aligned(&table));
        lines.push(String::new());
        lines.push(format!("{} of {} figures differ.", differ.len(), rows.len()));
    }
    let text: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    format!("{}\n", text.join("\n")).chars().filter(|c| *c == '\n' || !is_unsafe(*c)).collect()
}

fn cell(told: Option<&Told>) -> String {
    let Some(told) = told else { return "-".to_owned() };
    let source = told.source.map_or_else(String::new, |source| format!(" ({source})"));
    let text = format!("{}{source}", told.text);
    if text.chars().count() > COLUMN { format!("{}…", clean(&text, COLUMN - 1)) } else { text }
}

fn aligned(table: &[(String, Vec<String>)]) -> Vec<String> {
    let wide = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let columns = table.first().map_or(0, |(_, cells)| cells.len());
    let first = wide(&mut table.iter().map(|(what, _)| what));
    let widths: Vec<usize> =
        (0..columns).map(|at| wide(&mut table.iter().filter_map(|(_, cells)| cells.get(at)))).collect();
    table
        .iter()
        .map(|(what, cells)| {
            let cells: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            format!("{what:<first$}  {}", cells.join("  "))
        })
        .collect()
}

/// The figures that differ, for programs. Values are plain SI; what is not known is null.
#[must_use]
pub fn json(machines: &[&Machine]) -> Value {
    let rows = differences(machines);
    let differ: Vec<Value> = rows.iter().filter(|row| row.differs()).map(row).collect();
    json!({
        "schema": "willitrun.diff/1",
        "machines": machines
            .iter()
            .map(|machine| json!({ "id": machine.id, "name": machine.title() }))
            .collect::<Vec<_>>(),
        "compared": rows.len(),
        "differences": differ,
    })
}

fn row(row: &Row) -> Value {
    let value = |told: &Option<Told>| match told {
        None => Value::Null,
        Some(told) => json!({
            "value": told.number.map_or_else(|| json!(told.text), number),
            "source": told.source.map(crate::hardware::Source::name),
        }),
    };
    json!({ "figure": row.what, "unit": row.unit.name(), "values": row.values.iter().map(value).collect::<Vec<_>>() })
}

/// Whole where it is.
fn number(number: f64) -> Value {
    let whole = number as u64;
    if (whole as f64).to_bits() == number.to_bits() { json!(whole) } else { json!(number) }
}
