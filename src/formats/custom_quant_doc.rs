//! A quant of the user's own as a RON document: a mix, and other formats for some kinds of tensors.
//!
//! ```ron
//! (
//!     format: "willitrun.quant", version: 1,
//!     id: "Q4_K_M-small-experts", name: "Q4_K_M, experts at Q2_K", base: "Q4_K_M",
//!     formats: [(tensors: "experts-down", format: "Q2_K")],
//! )
//! ```

use serde::{Deserialize, Serialize};

use super::Refused;
use super::document::{check_header, options, shown};
use super::text::quoted;
use crate::model::Invalid;
use crate::quant::{CustomMix, Format, Imatrix, Mix, Tensors};

/// The value of `format`.
pub const FORMAT: &str = "willitrun.quant";
/// The version written, and the newest one read.
pub const VERSION: u32 = 1;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    id: String,
    name: String,
    base: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    imatrix: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    formats: Vec<Row>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Row {
    tensors: String,
    format: String,
}

/// Reads a document.
///
/// # Errors
/// Refuses unknown fields, mixes, tensors and formats, tensors that stand twice, and formats over a base that
/// takes none.
pub fn parse(text: &str) -> Result<CustomMix, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, VERSION)?;
    let refused =
        |field, why: String| Refused::Invalid { id: shown(&document.id, 120), invalid: Invalid { field, why } };
    let id_ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if document.id.is_empty()
        || document.id.len() > 120
        || document.id.starts_with('.')
        || !document.id.chars().all(id_ok)
    {
        return Err(refused("id", "only letters, digits, '-', '.' and '_', at most 120 of them".to_owned()));
    }
    if Mix::parse(&document.id).is_some() {
        return Err(refused("id", format!("{} is a file type of llama.cpp; take another", document.id)));
    }
    let base = Mix::parse(&document.base).ok_or_else(|| {
        refused("base", format!("{} is not a file type: see willitrun quants", quoted(&document.base)))
    })?;
    let usual = base.usual_imatrix();
    let mut mix = CustomMix {
        id: document.id.clone(),
        name: shown(&document.name, 120),
        base,
        imatrix: document.imatrix.map_or(usual, |given| if given { Imatrix::With } else { Imatrix::Without }),
        formats: Vec::new(),
        note: shown(&document.note, 600),
    };
    if !document.formats.is_empty() && !CustomMix::takes_formats(base) {
        return Err(refused("base", format!("a file of {} has one format throughout; take Q8_0", base.name())));
    }
    for row in &document.formats {
        let kind = Tensors::parse(&row.tensors).ok_or_else(|| {
            let known: Vec<&str> = Tensors::ALL.iter().map(|kind| kind.id()).collect();
            refused("formats.tensors", format!("{} is not known: {}", quoted(&row.tensors), known.join(", ")))
        })?;
        let format = Format::parse(&row.format)
            .ok_or_else(|| refused("formats.format", format!("{} is not a block format", quoted(&row.format))))?;
        if mix.format(kind).is_some() {
            return Err(refused("formats.tensors", format!("'{}' stands twice", kind.id())));
        }
        mix.set(kind, Some(format));
    }
    Ok(mix)
}

/// Writes a document that [`parse`] reads back as the same quant.
#[must_use]
pub fn write(mix: &CustomMix) -> String {
    let imatrix = mix.imatrix == Imatrix::With;
    let document = Document {
        format: FORMAT.to_owned(),
        version: VERSION,
        id: mix.id.clone(),
        name: mix.name.clone(),
        base: mix.base.name().to_owned(),
        imatrix: (mix.imatrix != mix.base.usual_imatrix()).then_some(imatrix),
        formats: mix
            .formats
            .iter()
            .map(|(kind, format)| Row { tensors: kind.id().to_owned(), format: format.name().to_owned() })
            .collect(),
        note: mix.note.clone(),
    };
    let pretty = ron::ser::PrettyConfig::new().depth_limit(2).struct_names(false);
    options().to_string_pretty(&document, pretty).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"(format: "willitrun.quant", version: 1, id: "mine", name: "Mine", base: "Q4_K_M",
        formats: [(tensors: "experts-down", format: "Q2_K"), (tensors: "head", format: "Q8_0")])"#;

    fn check(from: &str, to: &str, message: &str) {
        let text = SMALL.replacen(from, to, 1);
        assert_ne!(text, SMALL, "{from}");
        let error = parse(&text).expect_err(message).to_string();
        assert!(error.contains(message), "'{error}' does not say '{message}'");
    }

    #[test]
    fn a_quant_is_written_and_read_back() {
        let mut mix = parse(SMALL).expect("small");
        assert_eq!(mix.format(Tensors::ExpertsDown), Some(Format::Q2_K));
        assert_eq!(parse(&write(&mix)), Ok(mix.clone()));
        mix.imatrix = Imatrix::With;
        mix.note = "as told".to_owned();
        assert_eq!(parse(&write(&mix)), Ok(mix));
    }

    #[test]
    fn what_contradicts_itself_is_refused_by_name() {
        check("base: \"Q4_K_M\"", "base: \"Q4\"", "mine: base: 'Q4' is not a file type");
        check("base: \"Q4_K_M\"", "base: \"F16\"", "mine: base: a file of F16 has one format throughout");
        check("experts-down", "feet", "mine: formats.tensors: 'feet' is not known");
        check("experts-down", "head", "mine: formats.tensors: 'head' stands twice");
        check("Q2_K", "about 2 bits", "mine: formats.format: 'about 2 bits' is not a block format");
        check("id: \"mine\"", "id: \"../x\"", "id: only letters");
        check("id: \"mine\"", "id: \"q4_k_m\"", "is a file type of llama.cpp");
        check("name: \"Mine\"", "name: \"Mine\", size: 3", "size");
        check("version: 1", "version: 2", "needs a newer app");
        check("willitrun.quant", "willitrun.model", "this is 'willitrun.model'");
    }
}
