//! The document of quants: block formats, file types and the formats of other runtimes, with their sources.
//!
//! Geometry and rules are code; where the document repeats them they have to agree. The formats of other runtimes
//! are told in the words of [`Layout`].

use std::sync::Arc;

use serde::Deserialize;

use super::document::{Refused, check_header, options, shown};
use crate::model::Invalid;
use crate::quant::{
    BlockFact, Class, Coding, Confidence, Facts, Format, Layout, Mix, MixFact, MtpLayers, Native, RuntimeFormat,
    Second, Shared,
};

/// The newest version of this document.
pub const VERSION: u32 = 1;
const FORMAT: &str = "willitrun.quants";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    blocks: Vec<Block>,
    mixes: Vec<MixRow>,
    runtimes: Vec<Runtime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    name: String,
    ggml_type: u32,
    weights: u64,
    bytes: u64,
    #[serde(default)]
    layout: String,
    source: String,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MixRow {
    name: String,
    file_type: u32,
    source: String,
    confidence: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Runtime {
    id: String,
    name: String,
    family: String,
    #[serde(default)]
    aliases: Vec<String>,
    /// Engines that read it.
    #[serde(default)]
    engines: Vec<String>,
    /// Ids of models that were published in it.
    #[serde(default)]
    native: Vec<String>,
    /// Whether it is the usual form: that of every model no other row is native of.
    #[serde(default)]
    usual: bool,
    /// Whether its files hold the multi-token-prediction layers.
    #[serde(default)]
    mtp: bool,
    linear: Code,
    /// Classes of tensors kept in another way.
    #[serde(default)]
    others: Vec<(String, Code)>,
    /// Classes that stay in 16 bit.
    #[serde(default)]
    kept: Vec<String>,
    source: String,
    confidence: String,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    bits: f64,
    #[serde(default = "byte")]
    word: u64,
    /// `nothing`, `group`, `run`, `block`, `row` or `matrix`.
    #[serde(default)]
    shared: Option<String>,
    /// Size of the group, run or block.
    #[serde(default)]
    of: Option<u64>,
    #[serde(default)]
    scale_bits: u64,
    #[serde(default)]
    zero_bits: u64,
    /// (scales that share one, its bits).
    #[serde(default)]
    second: Option<(u64, u64)>,
    #[serde(default)]
    column_bits: u64,
    #[serde(default)]
    tensor_bytes: u64,
    #[serde(default = "one")]
    whole: u64,
}

const fn byte() -> u64 {
    8
}

const fn one() -> u64 {
    1
}

/// Reads the document.
///
/// # Errors
/// Refuses unknown names and fields, numbers out of range, names that stand twice, and geometry that is not the
/// one the format has.
pub fn parse_quants(text: &str) -> Result<Facts, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, VERSION)?;
    let own_forms: Vec<String> = document.runtimes.iter().flat_map(|row| row.native.clone()).collect();
    let facts = Facts {
        blocks: document.blocks.iter().map(block).collect::<Result<_, _>>()?,
        mixes: document.mixes.iter().map(mix).collect::<Result<_, _>>()?,
        runtimes: document.runtimes.iter().map(|row| runtime(row, &own_forms)).collect::<Result<_, _>>()?,
    };
    once(facts.blocks.iter().map(|row| row.format.name()))?;
    once(facts.mixes.iter().map(|row| row.mix.name()))?;
    let names = |row: &RuntimeFormat| {
        let all = [&row.id, &row.name].into_iter().chain(&row.aliases).map(|name| name.to_lowercase());
        all.collect::<std::collections::BTreeSet<_>>()
    };
    let runtimes: Vec<String> = facts.runtimes.iter().flat_map(names).collect();
    let mixes = Mix::ALL.iter().map(|mix| mix.name().to_lowercase());
    once(mixes.chain(runtimes).collect::<Vec<_>>().iter().map(String::as_str))?;
    Ok(facts)
}

fn block(row: &Block) -> Result<BlockFact, Refused> {
    let format = Format::parse(&row.name).ok_or_else(|| refused(&row.name, "name", "not a block format"))?;
    if (row.weights, row.bytes) != (format.weights_per_block(), format.bytes_per_block()) {
        return Err(refused(&row.name, "bytes", "the geometry is another"));
    }
    Ok(BlockFact {
        format,
        ggml_type: row.ggml_type,
        layout: shown(&row.layout, 200),
        source: shown(&row.source, 400),
        confidence: confidence(&row.name, &row.confidence)?,
    })
}

fn mix(row: &MixRow) -> Result<MixFact, Refused> {
    Ok(MixFact {
        mix: Mix::parse(&row.name).ok_or_else(|| refused(&row.name, "name", "not a file type"))?,
        file_type: row.file_type,
        source: shown(&row.source, 400),
        confidence: confidence(&row.name, &row.confidence)?,
    })
}

fn runtime(row: &Runtime, own_forms: &[String]) -> Result<RuntimeFormat, Refused> {
    let names = |list: &[String]| list.iter().map(|name| shown(name, 120)).collect::<Vec<_>>();
    let layout = Layout {
        family: shown(&row.family, 120),
        engines: names(&row.engines),
        coding: coding(&row.id, &row.linear)?,
        others: row
            .others
            .iter()
            .map(|(word, code)| Ok((class(&row.id, "others", word)?, coding(&row.id, code)?)))
            .collect::<Result<_, Refused>>()?,
        kept: row.kept.iter().map(|word| class(&row.id, "kept", word)).collect::<Result<_, _>>()?,
        mtp: if row.mtp { MtpLayers::InFile } else { MtpLayers::Left },
        native: if row.usual { Native::OfOthersThan(names(own_forms)) } else { Native::Of(names(&row.native)) },
    };
    Ok(RuntimeFormat {
        id: shown(&row.id, 120),
        name: shown(&row.name, 120),
        aliases: names(&row.aliases),
        layout: Arc::new(layout),
        native: names(&row.native),
        source: shown(&row.source, 400),
        confidence: confidence(&row.id, &row.confidence)?,
        note: shown(&row.note, 400),
    })
}

fn coding(id: &str, code: &Code) -> Result<Coding, Refused> {
    if !(0.1..=32.0).contains(&code.bits) {
        return Err(refused(id, "bits", "between 0.1 and 32"));
    }
    for (field, value, range) in [
        ("word", code.word, 8..=64),
        ("of", code.of.unwrap_or(1), 1..=1 << 20),
        ("scale_bits", code.scale_bits, 0..=64),
        ("zero_bits", code.zero_bits, 0..=64),
        ("column_bits", code.column_bits, 0..=64),
        ("tensor_bytes", code.tensor_bytes, 0..=1 << 16),
        ("whole", code.whole, 1..=1 << 20),
        ("second", code.second.map_or(1, |(each, _)| each), 1..=1 << 20),
        ("second", code.second.map_or(1, |(_, bits)| bits), 1..=64),
    ] {
        if !range.contains(&value) {
            return Err(refused(id, field, "out of range"));
        }
    }
    if !code.word.is_multiple_of(8) {
        return Err(refused(id, "word", "a word is whole bytes"));
    }
    let shared = match (code.shared.as_deref(), code.of) {
        (None | Some("nothing"), None) => Shared::Nothing,
        (Some("group"), Some(of)) => Shared::Group(of),
        (Some("run"), Some(of)) => Shared::Run(of),
        (Some("block"), Some(of)) => Shared::Block(of),
        (Some("row"), None) => Shared::Row,
        (Some("matrix"), None) => Shared::Matrix,
        _ => return Err(refused(id, "shared", "group, run or block with 'of'; row, matrix or nothing without")),
    };
    Ok(Coding {
        bits: code.bits,
        word: code.word,
        shared,
        scale_bits: code.scale_bits,
        zero_bits: code.zero_bits,
        second: code.second.map(|(each, bits)| Second { each, bits }),
        column_bits: code.column_bits,
        tensor_bytes: code.tensor_bytes,
        whole: code.whole,
    })
}

fn class(id: &str, field: &'static str, word: &str) -> Result<Class, Refused> {
    Class::WORDS.iter().find(|(name, _)| *name == word).map(|(_, class)| *class).ok_or_else(|| {
        let words: Vec<&str> = Class::WORDS.iter().map(|(name, _)| *name).collect();
        refused(id, field, &format!("one of {}", words.join(", ")))
    })
}

pub(super) fn confidence(id: &str, text: &str) -> Result<Confidence, Refused> {
    match text {
        "read" => Ok(Confidence::Read),
        "inferred" => Ok(Confidence::Inferred),
        "memory" => Ok(Confidence::Memory),
        _ => Err(refused(id, "confidence", "read, inferred or memory")),
    }
}

pub(super) fn once<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), Refused> {
    let mut seen = Vec::new();
    for name in names {
        if seen.contains(&name) {
            return Err(refused(name, "name", "it stands twice"));
        }
        seen.push(name);
    }
    Ok(())
}

pub(super) fn refused(id: &str, field: &'static str, why: &str) -> Refused {
    Refused::Invalid { id: shown(id, 120), invalid: Invalid { field, why: why.to_owned() } }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"(format: "willitrun.quants", version: 1,
        blocks: [(name: "Q4_0", ggml_type: 2, weights: 32, bytes: 18, source: "x", confidence: "read")],
        mixes: [(name: "Q4_0", file_type: 2, source: "x", confidence: "read")],
        runtimes: [(id: "gptq", name: "GPTQ", family: "GPTQ", aliases: ["g"], engines: ["vLLM"],
            linear: (bits: 4, word: 32, shared: "group", of: 128, scale_bits: 16, zero_bits: 4, whole: 32),
            others: [("head", (bits: 6))], kept: ["embedding", "router"], source: "x", confidence: "memory")])"#;

    fn check(from: &str, to: &str, message: &str) {
        let text = SMALL.replacen(from, to, 1);
        assert_ne!(text, SMALL, "{from}");
        let error = parse_quants(&text).expect_err(message).to_string();
        assert!(error.contains(message), "'{error}' does not say '{message}'");
    }

    #[test]
    fn a_small_document_is_read() {
        let facts = parse_quants(SMALL).expect("small");
        let layout = &facts.runtimes[0].layout;
        assert!((layout.coding.bits_per_weight() - 4.15625).abs() < 1e-12);
        assert_eq!(layout.others, [(Class::Head, Coding::plain(6.0))]);
        assert_eq!(layout.kept, [Class::Embedding, Class::Router]);
        assert!(facts.runtimes[0].is_called("G"));
        assert_eq!(facts.mixes[0].file_type, 2);
    }

    #[test]
    fn what_contradicts_the_code_is_refused() {
        check("bytes: 18", "bytes: 20", "Q4_0: bytes: the geometry is another");
        check("name: \"Q4_0\"", "name: \"Q4_9\"", "Q4_9: name: not a block format");
        check("\"router\"", "\"feet\"", "gptq: kept: one of embedding");
        check("(\"head\"", "(\"feet\"", "gptq: others:");
        check("of: 128", "of: 0", "gptq: of: out of range");
        check(", of: 128", "", "gptq: shared:");
        check("word: 32", "word: 12", "gptq: word: a word is whole bytes");
        check("bits: 6", "bits: inf", "gptq: bits:");
        check("aliases: [\"g\"]", "aliases: [\"q4_k_m\"]", "q4_k_m: name: it stands twice");
        check("confidence: \"memory\"", "confidence: \"sure\"", "gptq: confidence:");
        check("version: 1", "version: 2", "needs a newer app");
    }
}
