//! `willitrun quants [NAME] [--model M]`: the quants with their cited quality, every figure of one, or every
//! file of one model.

use std::io::Write;

use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::model::Architecture;
use crate::quant::{Format, Imatrix, Measured, Mix, Quality, Quant, RuntimeFormat, label_bits};
use crate::scenario::Subject;
use crate::units::Bytes;

use super::{Failure, Words};

/// Prints what was asked for.
///
/// # Errors
/// When the quant or the model is not known, or nothing can be written.
pub(super) fn run(mut words: Words, out: &mut dyn Write) -> Result<(), Failure> {
    let json = words.flag("json");
    let (model, name) = (words.take("model"), words.next());
    words.done()?;
    let catalog = Catalog::builtin();
    let (key, rows) = match (name, model) {
        (Some(name), None) => ("figures", figures(&name, catalog)?),
        (None, Some(id)) => ("files", files(&id, catalog)?),
        (None, None) => ("quants", all(catalog)),
        (Some(_), Some(_)) => {
            return Err(Failure::Request("give a quant or --model, not both: see willitrun --help".to_owned()));
        }
    };
    let written = if json {
        let rows: Vec<Value> = rows.into_iter().map(|(value, _)| value).filter(|value| !value.is_null()).collect();
        writeln!(out, "{:#}", json!({ "schema": "willitrun.quants/1", key: rows }))
    } else {
        rows.iter().try_for_each(|(_, text)| writeln!(out, "{text}"))
    };
    written.map_err(|error| Failure::Machine(format!("nothing can be written: {error}")))
}

type Row = (Value, String);

/// A figure as JSON.
fn cited(row: &Measured) -> Value {
    json!({
        "quant": row.quant, "test": row.test_name, "model": row.model, "value": row.value, "unit": row.unit,
        "spread": row.spread, "unquantised": row.baseline, "imatrix": row.imatrix.map(|imatrix| imatrix == Imatrix::With),
        "source": row.source, "confidence": row.confidence.word(), "note": row.note,
    })
}

/// Every mix, tensor format and format of other runtimes; a mix with its cited figure.
fn all(catalog: &Catalog) -> Vec<Row> {
    let quality: &Quality = &catalog.quality;
    let mixes = Mix::ALL.iter().map(|mix| {
        let bits = mix.base().bits_per_weight();
        let figure = quality.headline(mix.name());
        let said = figure.map_or_else(String::new, |row| format!("; {} [{}]", row.line(), row.source));
        (
            json!({
                "id": mix.name(), "kind": "file mix", "base": mix.base().name(), "base_bits_per_weight": bits,
                "label_bits": label_bits(mix.name()), "quality": figure.map(cited),
            }),
            format!("{:<12} file mix, most tensors {} ({bits} bits per weight){said}", mix.name(), mix.base().name()),
        )
    });
    let formats = Format::ALL.iter().map(|format| {
        (
            json!({
                "id": format.name(), "kind": "tensor format", "weights_per_block": format.weights_per_block(),
                "bytes_per_block": format.bytes_per_block(), "bits_per_weight": format.bits_per_weight(),
            }),
            format!(
                "{:<12} tensor format, {} weights in {} bytes ({} bits per weight)",
                format.name(),
                format.weights_per_block(),
                format.bytes_per_block(),
                format.bits_per_weight()
            ),
        )
    });
    mixes.chain(formats).chain(catalog.quants.runtimes.iter().map(runtime)).collect()
}

fn runtime(row: &RuntimeFormat) -> Row {
    let (layout, coding) = (&row.layout, &row.layout.coding);
    let confidence = row.confidence.word();
    let read_by = if layout.engines.is_empty() { "no engine named".to_owned() } else { layout.engines.join(", ") };
    (
        json!({
            "id": row.id, "kind": "runtime format", "name": row.name, "family": layout.family, "aliases": row.aliases,
            "bits": coding.bits, "linear_bits_per_weight": coding.bits_per_weight(), "engines": layout.engines,
            "native": row.native, "source": row.source, "confidence": confidence, "note": row.note,
        }),
        format!(
            "{:<36} {}, linear layers {:.3} bits per weight, read by {read_by}",
            row.id,
            layout.family,
            coding.bits_per_weight()
        ),
    )
}

/// Every published figure of one quant.
fn figures(name: &str, catalog: &Catalog) -> Result<Vec<Row>, Failure> {
    let rows: Vec<Row> = catalog.quality(name).map(|row| (cited(row), figure(row))).collect();
    let known = Mix::parse(name).is_some() || catalog.files.iter().any(|file| file.label.eq_ignore_ascii_case(name));
    match rows.is_empty() {
        false => Ok(rows),
        true if known => Ok(vec![(Value::Null, format!("no published figure for {name}"))]),
        true => Err(Failure::Request(format!(
            "the quant '{}' is not known: see willitrun quants",
            crate::formats::shown(name, 60)
        ))),
    }
}

fn figure(row: &Measured) -> String {
    let note = if row.note.is_empty() { String::new() } else { format!("; {}", row.note) };
    let mark = match row.confidence {
        crate::quant::Confidence::Read => String::new(),
        doubt => format!(", {}", doubt.word()),
    };
    format!("{}  [{}{mark}{note}]", row.line(), row.source)
}

/// Every file of one model: by each rule and layout, then as published.
fn files(id: &str, catalog: &Catalog) -> Result<Vec<Row>, Failure> {
    let model = catalog.model(id).ok_or_else(|| {
        Failure::Request(format!("the model '{}' is not known: see willitrun models", crate::formats::shown(id, 60)))
    })?;
    let under = |quant: Quant| Subject::new(Architecture::clone(model), quant, None);
    let rules = Mix::ALL.iter().map(|mix| under(Quant::mix(*mix, mix.usual_imatrix())));
    let published = catalog.published_of(&model.id).map(|file| file.subject(model, None));
    let layouts = catalog.quants.runtimes.iter().map(|row| under(row.quant()));
    let all: Vec<Subject> = rules.chain(layouts).chain(published).collect();
    let size = |quant: &str| {
        let subject = all.iter().find(|subject| subject.quant.id == quant);
        subject.map(|subject| subject.weights.file.as_f64())
    };
    let native = catalog.native(model).map(|row| row.id.as_str());
    let against = [native.and_then(size), size(SIXTEEN)];
    let head = (Value::Null, heading(&model.name, native, against[0]));
    Ok(std::iter::once(head).chain(all.iter().map(|subject| file(subject, against, catalog))).collect())
}

/// The quant that is 16 bit.
const SIXTEEN: &str = "BF16";

/// What the columns of the text are.
fn heading(model: &str, native: Option<&str>, size: Option<f64>) -> String {
    let native = native.zip(size).map_or_else(
        || "not known".to_owned(),
        |(native, size)| format!("{native}, {}", Bytes::saturating(size).in_gb()),
    );
    format!(
        "{model}, native form: {native}\n{:<24} {:>9} {:>10} {:>6} {:>5} {:>6} {:>7} {:>7}  read by; measured quality [source]; size by",
        "quant", "size", "", "bits", "label", "scales", "native", "BF16"
    )
}

/// One file beside the native form and BF16.
fn file(subject: &Subject, against: [Option<f64>; 2], catalog: &Catalog) -> Row {
    let Subject { model, quant, weights, .. } = subject;
    let source = if quant.source.is_empty() { "by rule" } else { &quant.source };
    let [native, sixteen] = against.map(|whole| Some(weights.file.as_f64() / whole?));
    let (stated, overhead) = (quant.stated_bits(), quant.overhead_bits());
    let (engines, quality) = (catalog.readers(model, quant), catalog.cited(&quant.id, model));
    let text =
        |value: Option<f64>, places: usize| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.places$}"));
    let readers = if engines.is_empty() { "no engine named".to_owned() } else { engines.join(", ") };
    let figure = quality.map_or_else(|| "no figure".to_owned(), |row| format!("{} [{}]", row.line(), row.source));
    let label = stated.map_or_else(|| "-".to_owned(), |bits| bits.to_string());
    (
        json!({
            "id": quant.id, "bytes": weights.file.get(), "loaded_bytes": weights.loaded().get(),
            "bits_per_weight": weights.bits_per_weight, "label_bits": stated, "scale_bits_per_weight": overhead,
            "of_native": native, "of_bf16": sixteen, "engines": engines, "quality": quality.map(cited),
            "published": !quant.source.is_empty(), "source": source,
        }),
        format!(
            "{:<24} {:>9} {:>10} {:>6.3} {label:>5} {:>6} {:>7} {:>7}  {readers}; {figure}; {source}",
            quant.id,
            weights.file.in_gb(),
            weights.file.in_gib(),
            weights.bits_per_weight,
            text(overhead, 3),
            text(native, 3),
            text(sixteen, 3),
        ),
    )
}
