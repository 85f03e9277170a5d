//! `assets/purchases.ron`: drives, and the sizes modules of RAM come in.

use serde::Deserialize;

use crate::advice::buying::{Drive, ModuleSizes};
use crate::hardware::{Figure, Source};
use crate::units::{Bytes, BytesPerSecond};

use super::document::{Refused, check_header, options};
use super::quant_doc::{once, refused};

const FORMAT: &str = "willitrun.purchases";

/// Reads the document: drives, and sizes of modules.
///
/// # Errors
/// Refuses rates out of range, sizes that do not ascend and names that stand twice.
pub fn read(text: &str) -> Result<(Vec<Drive>, ModuleSizes), Refused> {
    let Document { format, version, drives, plain_modules_gib, registered_modules_gib } = options().from_str(text)?;
    check_header(&format, version, FORMAT, 1)?;
    once(drives.iter().map(|row| row.name.as_str()))?;
    let drive = |row: Row| {
        if !(0.01..=1000.0).contains(&row.gb_s) {
            return Err(refused(&row.name, "gb_s", "expected 0.01 to 1,000 GB/s"));
        }
        let read = Figure::new(BytesPerSecond::saturating(row.gb_s * 1e9), Source::Assumed, row.source);
        Ok(Drive { name: row.name, read })
    };
    let sizes = |name: &str, gib: Vec<u64>| {
        if gib.is_empty() || gib.contains(&0) || !gib.is_sorted() {
            return Err(refused(name, "sizes", "expected sizes in GiB, ascending"));
        }
        Ok(gib.into_iter().map(Bytes::gib).collect())
    };
    let modules = ModuleSizes {
        plain: sizes("plain_modules_gib", plain_modules_gib)?,
        registered: sizes("registered_modules_gib", registered_modules_gib)?,
    };
    Ok((drives.into_iter().map(drive).collect::<Result<_, _>>()?, modules))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    drives: Vec<Row>,
    plain_modules_gib: Vec<u64>,
    registered_modules_gib: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    gb_s: f64,
    source: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../assets/purchases.ron");

    #[test]
    fn the_built_in_rows_are_read() {
        let (drives, modules) = read(GOOD).expect("built in");
        assert!(drives.iter().all(|drive| !drive.read.origin.is_empty()), "each says where it was found");
        assert!(modules.plain.contains(&Bytes::gib(32)) && modules.registered.contains(&Bytes::gib(128)));
    }

    #[test]
    fn mistakes_are_refused_by_name() {
        for (from, to, says) in [
            ("gb_s: 7.0", "gb_s: 0.0", "NVMe drive, PCIe 4.0"),
            ("plain_modules_gib: [4, 8", "plain_modules_gib: [8, 4", "plain_modules_gib"),
            ("version: 1", "version: 9", "9"),
            ("NVMe drive, PCIe 3.0", "NVMe drive, PCIe 4.0", "NVMe drive, PCIe 4.0"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            let error = read(&text).expect_err(to).to_string();
            assert!(error.contains(says), "{to}: {error}");
        }
    }
}
