//! Every accelerator and platform of the device catalogue, row by row against the table it was made from.

use std::collections::HashMap;

use willitrun::catalog::Catalog;
use willitrun::hardware::Accelerator;
use willitrun::units::{BytesPerSecond, FlopsPerSecond};

const ACCELERATORS: &str = include_str!("../golden/accelerators.csv");
const PLATFORMS: &str = include_str!("../golden/platforms.csv");

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

/// Rows of the catalogue that are none of the table.
const MORE: [&str; 4] = [
    "nvidia-geforce-gtx-1650-gddr6",
    "nvidia-geforce-rtx-4070-gddr6",
    "amd-radeon-rx-vega-56",
    "intel-arc-a770-graphics-8gb",
];

/// What the catalogue looks a device up by. Two rows of the table are of two products each; the other has a row of
/// its own here, with the ids and the revision that are its alone.
fn key_is_as_told(device: &Accelerator, row: &HashMap<&str, String>) {
    let name = &row["adapter_name"];
    let ids = match device.id.as_str() {
        "nvidia-geforce-gtx-1650" => row["pci_ids"].replace(" 10DE:1F0A 10DE:2188", ""),
        _ => row["pci_ids"].clone(),
    };
    assert_eq!(device.pci_ids.join(" "), ids, "{name}");
    let revisions = match device.id.as_str() {
        "amd-radeon-rx-vega" => row["pci_revs"].replace(" (64) C3 (56)", ""),
        _ => row["pci_revs"].clone(),
    };
    assert_eq!(device.pci_revisions.join(" "), revisions, "{name}");
    let other = &row["adapter_name_alt"];
    let cores = if other.ends_with("-core GPU") { other.as_str() } else { "" };
    assert_eq!(device.variant, cores, "{name}");
    // Names with what Mesa adds: one row of the table may hold several of them, cut at bars.
    let first = other.split([' ', '(']).next().unwrap_or_default();
    let known = |alias: &String| alias.starts_with(first);
    assert!(first.is_empty() || !cores.is_empty() || device.aliases.iter().any(known), "{name}: {other}");
}

#[test]
fn each_accelerator_is_as_its_row_says() {
    let catalog = Catalog::builtin();
    let table = rows(ACCELERATORS);
    assert_eq!(table.len(), 294);
    // Behind the table stand memories of its products that it tells of in words alone.
    let more: Vec<&str> = catalog.accelerators[294..].iter().map(|device| device.id.as_str()).collect();
    assert_eq!(more, MORE);
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
        assert_eq!(device.memory, row["mem_type"], "{name}");
        key_is_as_told(device, row);
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
