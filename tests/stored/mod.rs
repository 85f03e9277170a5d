//! Writes safetensors headers.

use serde_json::{Map, Value, json};

/// The table of a header and the bytes of its data.
pub fn table<S: AsRef<str>>(rows: &[(S, &str, u64, Vec<u64>)]) -> (Map<String, Value>, u64) {
    let (mut table, mut end) = (Map::new(), 0);
    table.insert("__metadata__".to_owned(), json!({"format": "pt"}));
    for (name, dtype, bits, shape) in rows {
        let size = shape.iter().product::<u64>() * bits / 8;
        table.insert(
            name.as_ref().to_owned(),
            json!({"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}),
        );
        end += size;
    }
    (table, end)
}

/// A header before so much text.
pub fn header(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}
