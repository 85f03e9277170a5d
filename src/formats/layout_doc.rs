//! `assets/cache_layouts.ron`: how engines other than llama.cpp keep a latent cache.

use serde::Deserialize;

use crate::reasoning::layouts::Special;

use super::document::{Refused, check_header, options};
use super::quant_doc::{confidence, once, refused};

const FORMAT: &str = "willitrun.cache-layouts";

/// Reads the document.
///
/// # Errors
/// Refuses numbers out of range, unknown words, and ids that stand twice.
pub fn read(text: &str) -> Result<Vec<Special>, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, 1)?;
    once(document.layouts.iter().map(|row| row.id.as_str()))?;
    document.layouts.into_iter().map(Row::into_special).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    layouts: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    name: String,
    latent_bits: u64,
    rope_bits: u64,
    scale_bytes: u64,
    source: String,
    confidence: String,
}

impl Row {
    fn into_special(self) -> Result<Special, Refused> {
        let Self { id, name, latent_bits, rope_bits, scale_bytes, source, confidence: word } = self;
        if ![latent_bits, rope_bits].iter().all(|bits| (1..=32).contains(bits)) || scale_bytes > 4096 {
            return Err(refused(&id, "latent_bits", "expected 1 to 32 bits and at most 4,096 bytes of scales"));
        }
        let confidence = confidence(&id, &word)?;
        Ok(Special { id, name, latent_bits, rope_bits, scale_bytes, source, confidence })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../assets/cache_layouts.ron");

    #[test]
    fn what_is_out_of_range_is_refused_by_its_row() {
        assert_eq!(read(GOOD).expect("built in").len(), 3);
        for (good, bad, said) in [
            ("latent_bits: 8", "latent_bits: 0", "fp8_ds_mla: latent_bits: expected 1 to 32"),
            ("scale_bytes: 16", "scale_bytes: 99999", "fp8_ds_mla: latent_bits: expected"),
            ("id: \"nvfp4\"", "id: \"fp8-flat\"", "it stands twice"),
            ("version: 1", "version: 2", "version 2 needs a newer app"),
        ] {
            assert!(GOOD.contains(good), "{good}");
            let error = read(&GOOD.replacen(good, bad, 1)).expect_err(bad).to_string();
            assert!(error.contains(said), "{bad}: {error}");
        }
    }
}
