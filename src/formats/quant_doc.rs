//! The document of quants: block formats, file types and the formats of other runtimes, with their sources.
//!
//! Geometry and rules are code; where the document repeats them they have to agree.

use serde::Deserialize;

use super::document::{Refused, check_header, options, shown};
use crate::model::Invalid;
use crate::quant::{BlockFact, Confidence, Facts, Format, Mix, MixFact, Part, RuntimeFormat};

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
    bits: f64,
    #[serde(default)]
    group: Option<u64>,
    #[serde(default)]
    scale_bits: f64,
    #[serde(default)]
    zero_bits: f64,
    #[serde(default)]
    kept: Vec<String>,
    source: String,
    confidence: String,
    #[serde(default)]
    note: String,
}

/// Reads the document.
///
/// # Errors
/// Refuses unknown names and fields, numbers out of range, names that stand twice, and geometry that is not the
/// one the format has.
pub fn parse_quants(text: &str) -> Result<Facts, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, VERSION)?;
    let facts = Facts {
        blocks: document.blocks.iter().map(block).collect::<Result<_, _>>()?,
        mixes: document.mixes.iter().map(mix).collect::<Result<_, _>>()?,
        runtimes: document.runtimes.iter().map(runtime).collect::<Result<_, _>>()?,
    };
    once(facts.blocks.iter().map(|row| row.format.name()))?;
    once(facts.mixes.iter().map(|row| row.mix.name()))?;
    once(facts.runtimes.iter().map(|row| row.id.as_str()))?;
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

fn runtime(row: &Runtime) -> Result<RuntimeFormat, Refused> {
    for (field, value, most) in
        [("bits", row.bits, 32.0), ("scale_bits", row.scale_bits, 64.0), ("zero_bits", row.zero_bits, 64.0)]
    {
        if !(0.0..=most).contains(&value) {
            return Err(refused(&row.id, field, "out of range"));
        }
    }
    if row.bits <= 0.0 || row.group == Some(0) {
        return Err(refused(&row.id, "bits", "bits and group have to be above zero"));
    }
    Ok(RuntimeFormat {
        id: shown(&row.id, 120),
        name: shown(&row.name, 120),
        family: shown(&row.family, 120),
        bits: row.bits,
        group: row.group,
        scale_bits: row.scale_bits,
        zero_bits: row.zero_bits,
        kept: row.kept.iter().map(|part| kept(&row.id, part)).collect::<Result<_, _>>()?,
        source: shown(&row.source, 400),
        confidence: confidence(&row.id, &row.confidence)?,
        note: shown(&row.note, 400),
    })
}

fn kept(id: &str, part: &str) -> Result<Part, Refused> {
    match part {
        "embedding" => Ok(Part::Embedding),
        "head" => Ok(Part::Head),
        "attention" => Ok(Part::Attention),
        "feed-forward" => Ok(Part::FeedForward),
        "experts" => Ok(Part::Experts),
        _ => Err(refused(id, "kept", "embedding, head, attention, feed-forward or experts")),
    }
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
        runtimes: [(id: "gptq", name: "GPTQ", family: "GPTQ", bits: 4, group: 128, scale_bits: 16, zero_bits: 4,
            kept: ["embedding", "head"], source: "x", confidence: "memory")])"#;

    fn check(from: &str, to: &str, message: &str) {
        let text = SMALL.replacen(from, to, 1);
        assert_ne!(text, SMALL, "{from}");
        let error = parse_quants(&text).expect_err(message).to_string();
        assert!(error.contains(message), "'{error}' does not say '{message}'");
    }

    #[test]
    fn a_small_document_is_read() {
        let facts = parse_quants(SMALL).expect("small");
        assert!((facts.runtimes[0].bits_per_weight() - 4.15625).abs() < 1e-12);
        assert_eq!(facts.mixes[0].file_type, 2);
    }

    #[test]
    fn what_contradicts_the_code_is_refused() {
        check("bytes: 18", "bytes: 20", "Q4_0: bytes: the geometry is another");
        check("name: \"Q4_0\"", "name: \"Q4_9\"", "Q4_9: name: not a block format");
        check("scale_bits: 16", "scale_bits: inf", "gptq: scale_bits: out of range");
        check("\"head\"", "\"feet\"", "gptq: kept:");
        check("group: 128", "group: 0", "above zero");
        check("confidence: \"memory\"", "confidence: \"sure\"", "gptq: confidence:");
        check("version: 1", "version: 2", "needs a newer app");
    }
}
