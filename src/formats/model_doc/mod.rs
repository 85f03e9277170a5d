//! Model presets in RON: one model per document, or a family of them.
//!
//! Kinds and sources are strings. An unknown field is refused by name; so are shapes that contradict themselves
//! or are too large to be one. Layers are described by what they have in common and by a pattern (see
//! [`pattern`]); a stack that fits no pattern is written run by run.

mod draft;
mod fields;
mod pattern;
mod read;
mod schema;
mod write;

pub use draft::{Absent, Draft, Field, Section, Unfit, from_elsewhere};
pub use fields::Kind;

use super::document::{Refused, check_header, options};
use crate::model::Architecture;

/// The newest version of these documents.
pub const VERSION: u32 = 1;
/// What the document of one model calls itself.
pub const FORMAT: &str = "willitrun.model";
const FAMILY: &str = "willitrun.models";

/// Reads a document of one model.
///
/// ```
/// use willitrun::formats::model_doc::parse_model;
/// let model = parse_model(r#"(
///     format: "willitrun.model", version: 1,
///     id: "llama-3.1-8b", name: "Llama 3.1 8B", arch: "llama",
///     layers: 32, hidden: 4096, vocab: 128256, max_context: 131072,
///     attention: (kind: "gqa", heads: 32, kv_heads: 8),
///     ffn: (width: 14336),
///     rope_table: (kind: "freqs", factors: 64),
/// )"#)?;
/// assert_eq!(model.params().get(), 8_030_261_312);
/// # Ok::<(), willitrun::formats::Refused>(())
/// ```
///
/// # Errors
/// Refuses unknown fields, shapes that contradict themselves and documents of a newer version.
pub fn parse_model(text: &str) -> Result<Architecture, Refused> {
    let entry: schema::Model = options().from_str(text)?;
    check_header(&entry.format, entry.version, FORMAT, VERSION)?;
    read::architecture(&entry)
}

/// Reads a document of several models.
///
/// # Errors
/// Refuses what [`parse_model`] refuses, and two models of the same id.
pub fn parse_models(text: &str) -> Result<Vec<Architecture>, Refused> {
    let family: schema::Family = options().from_str(text)?;
    check_header(&family.format, family.version, FAMILY, VERSION)?;
    let models = family.models.iter().map(read::architecture).collect::<Result<Vec<_>, _>>()?;
    for (i, model) in models.iter().enumerate() {
        if models[..i].iter().any(|other| other.id == model.id) {
            return Err(read::refused(&model.id, "id", "another model has the same"));
        }
    }
    Ok(models)
}

/// Checks a model that came from elsewhere, such as a file header, as if it had been written in a document: what
/// no document could say of it, such as a router's bias where nothing is routed, is left out.
///
/// # Errors
/// Refuses what [`parse_model`] refuses.
pub fn checked(model: Architecture) -> Result<Architecture, Refused> {
    let read = read::architecture(&write::entry(&model))?;
    Ok(Architecture { facts: model.facts, ..read })
}

/// Writes a model as a document that [`parse_model`] reads back as the same model.
#[must_use]
pub fn write_model(model: &Architecture) -> String {
    let mut entry = write::entry(model);
    FORMAT.clone_into(&mut entry.format);
    entry.version = VERSION;
    let pretty = ron::ser::PrettyConfig::new().depth_limit(1).struct_names(false);
    options().to_string_pretty(&entry, pretty).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"(format: "willitrun.model", version: 1, id: "a", name: "A", arch: "llama", layers: 4,
        hidden: 512, vocab: 1000, max_context: 4096, attention: (kind: "gqa", heads: 8, kv_heads: 2),
        ffn: (width: 1024))"#;

    fn check(from: &str, to: &str, message: &str) {
        let text = SMALL.replace(from, to);
        assert_ne!(text, SMALL, "{from}");
        let error = parse_model(&text).expect_err(message).to_string();
        assert!(error.contains(message), "'{error}' does not say '{message}'");
    }

    #[test]
    fn what_contradicts_itself_is_refused_by_name() {
        check("kv_heads: 2", "kv_heads: 3", "a: attention.kv_heads: 3 does not divide 8 heads");
        check("kv_heads: 2", "kv_heads: 0", "attention.kv_heads: it has to be between 1 and");
        check("heads: 8", "heads: 0", "attention.heads: it has to be between 1 and");
        check("hidden: 512", "hidden: 0", "hidden: it has to be between 1 and");
        check("hidden: 512", "hidden: 99999999999", "hidden: it has to be between 1 and");
        check("layers: 4", "layers: 0", "layers: it has to be between 1 and");
        check("layers: 4", "layers: 4000000000", "layers: it has to be between 1 and");
        check("ffn: (width: 1024)", "ffn: ()", "ffn.width");
        check("ffn: (width: 1024)", "moe: (experts: 8, used: 9, width: 64)", "moe.used: it has to be between 1 and 8");
        check("kind: \"gqa\"", "kind: \"magic\"", "attention.kind: 'magic' is not known");
        check("kind: \"gqa\"", "kind: \"mla\"", "attention.kv_rank: it is missing");
        check("id: \"a\"", "id: \"../x\"", "id: only letters, digits");
        check("id: \"a\"", "id: \"a\", size: 3", "size");
        check("version: 1", "version: 7", "version 7 needs a newer app");
        check("willitrun.model", "willitrun.machine", "this is 'willitrun.machine'");
        check("ffn: (width: 1024)", "ffn: (width: 1024), window: (tokens: 64, pattern: \"0:0\")", "window.pattern");
    }

    #[test]
    fn a_syntax_error_names_line_and_column() {
        let error = parse_model("(\n  format: \"willitrun.model\",\n  version: ,\n)").expect_err("syntax").to_string();
        assert!(error.starts_with("line 3, column "), "{error}");
    }

    #[test]
    fn a_model_is_written_and_read_back() {
        let model = parse_model(SMALL).expect("small");
        let text = write_model(&model);
        assert_eq!(parse_model(&text).as_ref(), Ok(&model), "{text}");
    }

    #[test]
    fn a_model_from_elsewhere_is_checked_the_same() {
        let model = parse_model(SMALL).expect("small");
        assert_eq!(checked(model.clone()).as_ref(), Ok(&model));
        let huge = Architecture { vocab: u64::MAX, ..model.clone() };
        let empty = Architecture { layers: Vec::new(), ..model };
        assert!(checked(huge).expect_err("huge").to_string().contains("vocab"));
        assert!(checked(empty).expect_err("empty").to_string().contains("layers"));
    }

    #[test]
    fn a_stack_without_a_pattern_is_written_run_by_run() {
        let mut model = parse_model(SMALL).expect("small");
        model.layers[1].mixer = crate::model::Mixer::None;
        model.layers[2].ffn = crate::model::FeedForward::Dense { width: 32 };
        model.layers[3].ffn = crate::model::FeedForward::None;
        let text = write_model(&model);
        assert!(text.contains("stack"), "{text}");
        assert_eq!(parse_model(&text).as_ref(), Ok(&model), "{text}");
    }
}
