//! `assets/memories.ron`: kinds of memory to compare a model on.

use serde::Deserialize;

use crate::advice::kits;
use crate::advice::memories::{Cited, Memory};
use crate::hardware::{Figure, Source};
use crate::units::Bytes;

use super::document::{Refused, check_header, options};
use super::quant_doc::{once, refused};

const FORMAT: &str = "willitrun.memories";

/// Reads the document.
///
/// # Errors
/// Refuses numbers out of range and names that stand twice.
pub fn read(text: &str) -> Result<Vec<Memory>, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, 1)?;
    once(document.memories.iter().map(|row| row.name.as_str()))?;
    document.memories.into_iter().map(Row::into_memory).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    memories: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    channels: f64,
    mega_transfers: f64,
    most_gib: u64,
    cores: u32,
    simd: String,
    #[serde(default = "one")]
    sockets: u32,
    #[serde(default)]
    cited: Option<CitedRow>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CitedRow {
    model: String,
    quant: String,
    low: f64,
    high: f64,
    source: String,
}

const fn one() -> u32 {
    1
}

impl Row {
    fn into_memory(self) -> Result<Memory, Refused> {
        let Self { name, channels, mega_transfers, most_gib, cores, simd, sockets, cited, source } = self;
        if !(1.0..=64.0).contains(&channels) || !(100.0..=100_000.0).contains(&mega_transfers) {
            return Err(refused(&name, "channels", "expected 1 to 64 of them, at 100 to 100,000 MT/s"));
        }
        if !(1..=1 << 20).contains(&most_gib) || cores == 0 {
            return Err(refused(&name, "most_gib", "expected 1 to 1,048,576 GiB beside at least one core"));
        }
        if !(1..=8).contains(&sockets) {
            return Err(refused(&name, "sockets", "expected 1 to 8"));
        }
        let cited = cited.map(|row| row.into_cited(&name)).transpose()?;
        let origin = format!("{channels} x {mega_transfers} MT/s x 8 B: {source}");
        let bandwidth = Figure::new(kits::bandwidth(channels, mega_transfers), Source::DataSheet, origin);
        Ok(Memory { name, bandwidth, most: Some(Bytes::gib(most_gib)), cpu: Some((cores, simd)), sockets, cited })
    }
}

impl CitedRow {
    fn into_cited(self, name: &str) -> Result<Cited, Refused> {
        let Self { model, quant, low, high, source } = self;
        if !(low > 0.0 && high >= low && high < 1e6) {
            return Err(refused(name, "cited", "expected tokens per second from low to high"));
        }
        Ok(Cited { model, quant, low, high, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../assets/memories.ron");

    #[test]
    fn what_is_out_of_range_is_refused_by_its_row() {
        let memories = read(GOOD).expect("built in");
        assert!(memories.iter().any(|row| (row.bandwidth.value.get() - 460.8e9).abs() < 1.0));
        for (good, bad, said) in [
            ("channels: 2,", "channels: 0,", "2 channels of DDR4-3200: channels: expected 1 to 64"),
            ("most_gib: 128", "most_gib: 0", "most_gib: expected 1"),
            ("low: 3.0, high: 4.0", "low: 4.0, high: 3.0", "cited: expected tokens per second"),
            ("version: 1", "version: 2", "version 2 needs a newer app"),
        ] {
            assert!(GOOD.contains(good), "{good}");
            let error = read(&GOOD.replacen(good, bad, 1)).expect_err(bad).to_string();
            assert!(error.contains(said), "{bad}: {error}");
        }
    }
}
