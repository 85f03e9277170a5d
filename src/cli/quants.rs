//! `willitrun quants`: mixes, tensor formats and the formats of other runtimes; with a model, the size of each.

use serde_json::{Value, json};

use crate::catalog::Catalog;
use crate::memory::Weights;
use crate::model::{Architecture, Confidence};
use crate::quant::{Format, Mix, Quant, RuntimeFormat};

/// A row as JSON and as text.
pub(super) type Row = (Value, String);

/// All rows.
pub(super) fn rows(model: Option<&Architecture>) -> Vec<Row> {
    let mixes = Mix::ALL.iter().map(|mix| {
        let quant = Quant::mix(*mix, mix.usual_imatrix());
        sized(self::mix(*mix), &quant, model)
    });
    // A tensor format is no file: it has no size for a model.
    let formats = Format::ALL.iter().map(|format| self::format(*format)).filter(|_| model.is_none());
    let runtimes = Catalog::builtin().quants.runtimes.iter().map(|row| sized(runtime(row), &row.quant(), model));
    mixes.chain(formats).chain(runtimes).collect()
}

/// Adds the size of a model's file and its real bits per weight.
fn sized((mut value, text): Row, quant: &Quant, model: Option<&Architecture>) -> Row {
    let Some(model) = model else { return (value, text) };
    let weights = Weights::new(model, quant, None);
    value["file_bytes"] = json!(weights.file.get());
    value["loaded_bytes"] = json!(weights.loaded().get());
    value["file_bits_per_weight"] = json!(weights.bits_per_weight);
    (value, format!("{:>10} {:>7.3} bit  {text}", weights.file.in_gb(), weights.bits_per_weight))
}

fn mix(mix: Mix) -> Row {
    let bits = mix.base().bits_per_weight();
    (
        json!({ "id": mix.name(), "kind": "file mix", "base": mix.base().name(), "base_bits_per_weight": bits }),
        format!("{:<12} file mix, most tensors {} ({bits} bits per weight)", mix.name(), mix.base().name()),
    )
}

fn format(format: Format) -> Row {
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
}

fn runtime(row: &RuntimeFormat) -> Row {
    let (layout, coding) = (&row.layout, &row.layout.coding);
    let confidence = match row.confidence {
        Confidence::Read => "read",
        Confidence::Inferred => "inferred",
        Confidence::Memory => "from memory",
        Confidence::Typed => "typed",
    };
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
