//! Every accelerator and platform of the device catalogue, row by row against the table it was made from; and names that
//! are easily taken for others.

use std::collections::HashMap;

use willitrun::catalog::Catalog;
use willitrun::hardware::Accelerator;
use willitrun::units::{BytesPerSecond, FlopsPerSecond};

const ACCELERATORS: &str = include_str!("golden/accelerators.csv");
const PLATFORMS: &str = include_str!("golden/platforms.csv");

/// The rows of a table, each by the names of its columns. Fields in quotes may hold commas.
fn rows(text: &str) -> Vec<HashMap<&str, String>> {
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().expect("a head").split(',').collect();
    let row = |line: &str| -> Vec<String> {
        let (mut fields, mut quoted) = (vec![String::new()], false);
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(String::new()),
                _ => fields.last_mut().expect("a field").push(c),
            }
        }
        fields
    };
    lines.map(|line| head.iter().copied().zip(row(line)).collect()).collect()
}

/// A figure of a row: none where the table has none.
fn figure(row: &HashMap<&str, String>, column: &str) -> Option<f64> {
    let text = &row[column];
    (!text.is_empty()).then(|| text.parse().unwrap_or_else(|_| panic!("{column} of {row:?}")))
}

#[track_caller]
fn alike(what: &str, found: Option<f64>, told: Option<f64>) {
    let same = match (found, told) {
        (None, None) => true,
        (Some(found), Some(told)) => (found / told - 1.0).abs() < 1e-9,
        _ => false,
    };
    assert!(same, "{what}: {found:?} in the catalogue, {told:?} in the table");
}

#[test]
fn each_accelerator_is_as_its_row_says() {
    let catalog = Catalog::builtin();
    let table = rows(ACCELERATORS);
    assert_eq!((table.len(), catalog.accelerators.len()), (294, 294));
    for (row, device) in table.iter().zip(&catalog.accelerators) {
        let name = &row["adapter_name"];
        assert!(device.full_name() == *name || *name == device.name, "{} stands where {name} should", device.name);
        let gib = |device: &Accelerator| device.vram.map(|bytes| bytes.as_f64() / f64::powi(2.0, 30));
        alike(&format!("{name}, memory"), gib(device), figure(row, "vram_gib"));
        let giga = |rate: BytesPerSecond| rate.get() / 1e9;
        alike(&format!("{name}, bandwidth"), device.bandwidth.map(giga), figure(row, "bandwidth_gbs"));
        let tera = |rate: FlopsPerSecond| rate.get() / 1e12;
        alike(&format!("{name}, fp16"), device.fp16.map(tera), figure(row, "fp16_dense_tflops"));
        alike(&format!("{name}, power"), device.watts, figure(row, "tdp_w"));
        alike(&format!("{name}, launched at"), device.launch_usd, figure(row, "launch_usd"));
        assert_eq!(device.unified, row["unified_memory"] == "yes", "{name}");
        assert_eq!(device.vendor, row["vendor"], "{name}");
        assert_eq!(device.segment, row["segment"], "{name}");
        assert_eq!(device.pci_ids.join(" "), row["pci_ids"], "{name}");
        assert!(!device.source.is_empty(), "{name} says where its figures were found");
    }
}

#[test]
fn each_platform_is_as_its_row_says() {
    let catalog = Catalog::builtin();
    let table = rows(PLATFORMS);
    assert_eq!((table.len(), catalog.platforms.len()), (81, 81));
    for (row, platform) in table.iter().zip(&catalog.platforms) {
        let name = &row["name"];
        assert_eq!(platform.name, *name);
        alike(&format!("{name}, channels"), platform.channels, figure(row, "channels_64bit"));
        alike(&format!("{name}, MT/s"), platform.mega_transfers.map(f64::from), figure(row, "mts"));
        let giga = |rate: BytesPerSecond| rate.get() / 1e9;
        alike(&format!("{name}, bandwidth"), platform.bandwidth.map(giga), figure(row, "theoretical_gbs"));
        alike(&format!("{name}, typical"), platform.typical.map(giga), figure(row, "typical_stream_gbs"));
        let most = platform.max_ram.map(|bytes| bytes.as_f64() / f64::powi(2.0, 30));
        alike(&format!("{name}, most RAM"), most, figure(row, "max_ram_gib"));
    }
}

/// Names that substring rules take for another card, with the bandwidth of their own data sheet in GB/s.
#[test]
fn a_name_that_holds_another_is_not_taken_for_it() {
    let catalog = Catalog::builtin();
    for (name, gb) in [
        ("NVIDIA RTX A1000", 192.0),
        ("NVIDIA T400 4GB", 80.0),
        ("Tesla M40", 288.4),
        ("NVIDIA A800-SXM4-80GB", 2039.0),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", 576.0),
        ("NVIDIA GeForce RTX 5090 Laptop GPU", 896.0),
        ("NVIDIA GeForce RTX 5060", 448.0),
        ("NVIDIA H100 80GB HBM3", 3352.0),
        ("NVIDIA A100-SXM4-80GB", 2039.0),
        ("NVIDIA GeForce RTX 4090", 1008.0),
    ] {
        let found = catalog.accelerators_named(name);
        assert!(!found.is_empty(), "{name} is in the catalogue");
        for device in found {
            let rate = device.bandwidth.expect("a data sheet").get() / 1e9;
            assert!((rate / gb - 1.0).abs() < 0.01, "{name}: {rate} GB/s, its data sheet says {gb}");
        }
    }
}
