//! Comma-separated values after RFC 4180, safe to open in a spreadsheet.

use super::text::clean;

/// The longest text of a cell.
const CELL: usize = 300;

/// A line of cells.
pub(super) fn line(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell that begins as a formula does, with `=`, `+`, `-` or `@`, gets an apostrophe and quotes: a spreadsheet shows
/// it and does not carry it out.
fn quoted(cell: &str) -> String {
    let cell = clean(cell, CELL);
    let formula = cell.starts_with(['=', '+', '-', '@']);
    if formula || cell.contains([',', '"']) {
        let mark = if formula { "'" } else { "" };
        format!("\"{mark}{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_text() {
        for (cell, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("a, b", "\"a, b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            (" =1+1", "\"'=1+1\""),
            ("\t=1+1", "\"'=1+1\""),
            ("two\nlines", "twolines"),
        ] {
            assert_eq!(quoted(cell), expected, "{cell:?}");
        }
    }
}
