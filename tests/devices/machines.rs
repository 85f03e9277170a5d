//! The ready-made machines: every class of machine is there, and every figure is what its source says.

use willitrun::catalog::Catalog;
use willitrun::hardware::{Machine, Pool, PoolKind, Source};

/// Machines people ask about, class by class.
const CLASSES: [(&str, &[&str]); 29] = [
    ("Raspberry Pi", &["raspberry-pi-4-8gb", "raspberry-pi-5-8gb", "raspberry-pi-5-16gb"]),
    ("other single-board computers", &["jetson-orin-nano-super-8gb", "jetson-agx-orin-64gb"]),
    ("mini PC", &["n100-mini-pc-16gb"]),
    ("handheld console", &["steam-deck"]),
    ("laptops of 8 to 64 GB", &["laptop-8gb-ddr4", "laptop-16gb", "laptop-32gb-rtx-4060", "laptop-64gb-rtx-4090"]),
    ("laptops with soldered memory", &["laptop-32gb-lunar-lake", "laptop-32gb-ryzen-ai-9"]),
    ("desktop without a card", &["desktop-32gb-ddr4"]),
    ("RTX 20", &["desktop-rtx-2060", "desktop-rtx-2080-ti"]),
    ("RTX 30", &["desktop-rtx-3060-12gb", "desktop-rtx-3080", "desktop-rtx-3090", "desktop-2x-rtx-3090"]),
    (
        "RTX 40",
        &["desktop-rtx-4060-ti-16gb", "desktop-rtx-4070-ti-super", "desktop-rtx-4090-64gb", "desktop-rtx-4090-96gb"],
    ),
    ("RTX 50", &["desktop-rtx-5060-ti-16gb", "desktop-rtx-5080", "desktop-rtx-5090", "workstation-rtx-pro-6000"]),
    ("AMD GPUs", &["desktop-rx-7900-xtx", "desktop-rx-9070-xt", "desktop-radeon-ai-pro-r9700"]),
    ("Intel GPUs", &["desktop-arc-a770", "desktop-arc-b580"]),
    ("Strix Halo", &["strix-halo-128gb"]),
    ("DGX Spark", &["dgx-spark"]),
    (
        "M1",
        &[
            "macbook-air-m1-8gb",
            "mac-mini-m1-16gb",
            "macbook-pro-m1-pro-32gb",
            "macbook-pro-m1-max-64gb",
            "mac-studio-m1-ultra-128gb",
        ],
    ),
    ("M2", &["macbook-air-m2-16gb", "mac-mini-m2-pro-32gb", "macbook-pro-m2-max-96gb", "mac-studio-m2-ultra-192gb"]),
    ("M3", &["macbook-air-m3-24gb", "macbook-pro-m3-pro-36gb", "macbook-pro-m3-max-36gb", "macbook-pro-m3-max-128gb"]),
    ("M3 Ultra", &["mac-studio-m3-ultra-96gb", "mac-studio-m3-ultra-256gb", "mac-studio-m3-ultra-512gb"]),
    ("M4", &["mac-mini-m4-16gb", "macbook-pro-m4-pro-48gb", "macbook-pro-m4-max-36gb", "macbook-pro-m4-max-128gb"]),
    ("M5", &["macbook-pro-m5-24gb", "macbook-pro-m5-pro-48gb", "macbook-pro-m5-max-36gb", "macbook-pro-m5-max-128gb"]),
    ("Threadripper", &["threadripper-7980x-256gb-4090", "threadripper-pro-7965wx-8ch-512gb"]),
    ("EPYC Rome", &["epyc-rome-8ch-512gb", "2x-epyc-rome-7452-16ch-512gb"]),
    ("EPYC Milan", &["epyc-milan-8ch-512gb", "2x-epyc-milan-16ch-1024gb"]),
    ("EPYC Genoa", &["epyc-9654-12ch-768gb", "epyc-9654-12ch-4090", "2x-epyc-9654-24ch-1536gb"]),
    ("EPYC Turin", &["epyc-turin-12ch-768gb", "2x-epyc-turin-24ch-1536gb"]),
    ("Xeon", &["2x-xeon-e5-v4-256gb", "2x-xeon-8380-16ch-1024gb", "xeon-8480-plus-8ch-512gb", "xeon-6980p-12ch-768gb"]),
    ("many GPUs", &["4x-rtx-3090", "16x-rtx-3090", "8x-a100-80gb", "8x-h100-80gb", "8x-h200-141gb", "8x-b200-180gb"]),
    ("clusters of two and four", &["2x-dgx-spark", "2x-mac-studio-m3-ultra-512gb", "4x-mac-studio-m3-ultra-512gb"]),
];

#[test]
fn every_class_of_machine_is_there() {
    let catalog = Catalog::builtin();
    for (class, ids) in CLASSES {
        for id in ids {
            assert!(catalog.profile(id).is_some(), "{class}: {id}");
        }
    }
    // What is there twice is one machine too many in somebody's list.
    let mut names: Vec<&str> = catalog.profiles.iter().map(|doc| doc.machine.name.as_str()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "two machines of one name");
}

#[test]
fn machines_of_two_and_four_nodes_have_them() {
    let nodes = |id| Catalog::builtin().profile(id).map(|doc| doc.machine.nodes.len());
    assert_eq!(nodes("2x-dgx-spark"), Some(1));
    assert_eq!(nodes("4x-mac-studio-m3-ultra-512gb"), Some(3));
    let cards = |id| Catalog::builtin().profile(id).map(|doc| doc.machine.gpus().count());
    assert_eq!((cards("4x-rtx-3090"), cards("16x-rtx-3090"), cards("8x-h200-141gb")), (Some(4), Some(16), Some(8)));
}

/// Pools of a machine and of its nodes.
fn pools(machine: &Machine) -> impl Iterator<Item = &Pool> {
    machine.pools.iter().chain(machine.nodes.iter().flat_map(|node| &node.pools))
}

#[test]
fn every_figure_is_what_its_source_says() {
    let catalog = Catalog::builtin();
    let (mut devices, mut sums) = (0, 0);
    for doc in &catalog.profiles {
        let machine = &doc.machine;
        for pool in pools(machine) {
            let of = format!("{} {}", machine.id, pool.id);
            let read = pool.read.as_ref().unwrap_or_else(|| panic!("{of} has a bandwidth"));
            assert!(!read.origin.is_empty(), "{of}: where is its bandwidth from?");
            let gb = read.value.get() / 1e9;
            if let Some(device) = &pool.device {
                let row = catalog.accelerators.iter().find(|row| row.id == device.id);
                let row = row.unwrap_or_else(|| panic!("{of}: {} is no device", device.id));
                if read.origin == "devices" {
                    assert_eq!(row.bandwidth, Some(read.value), "{of}: {gb} GB/s");
                    devices += 1;
                }
                if pool.kind == PoolKind::Vram && pool.capacity.source == Source::DataSheet {
                    assert_eq!(row.vram, Some(pool.capacity.value), "{of}");
                }
            } else {
                assert_ne!(pool.kind, PoolKind::Vram, "{of} has a device");
            }
            // `12 x 4800 MT/s x 8 B`, and `4267 MT/s x 4 B` where half a channel is there.
            if let Some((channels, speed, width)) = product(&read.origin) {
                assert!((gb / (channels * speed * width / 1e3) - 1.0).abs() < 1e-3, "{of}: {gb} GB/s, {}", read.origin);
                if let Some(dimms) = pool.dimms.as_ref().filter(|dimms| dimms.channels.is_some()) {
                    assert_eq!(
                        (dimms.channels, dimms.mega_transfers.map(f64::from)),
                        (Some(channels), Some(speed)),
                        "{of}"
                    );
                }
                sums += 1;
            } else {
                let told = read.source == Source::Assumed || read.origin == "devices";
                assert!(told, "{of}: {} is neither a device's nor a product", read.origin);
            }
        }
    }
    assert!(devices > 80 && sums > 40, "{devices} of devices, {sums} of modules");
}

fn product(origin: &str) -> Option<(f64, f64, f64)> {
    let (left, width) = origin.split_once(" MT/s x ")?;
    let width = width.split_once(" B")?.0.parse().ok()?;
    let (channels, speed) = left.split_once(" x ").unwrap_or(("1", left));
    Some((channels.parse().ok()?, speed.parse().ok()?, width))
}
