//! Who an adapter is taken for: names that hold others' names, names that several products share, and the PCI ids,
//! revisions, sizes and core counts that tell these apart. Each with the bandwidth of its own data sheet, in GB/s.

use willitrun::catalog::{AdapterFacts, Catalog};
use willitrun::units::Bytes;

/// What an adapter reports.
#[derive(Clone, Copy, Default)]
struct Told {
    name: &'static str,
    id: &'static str,
    revision: &'static str,
    mib: u64,
    cores: u32,
}

const fn name(name: &'static str) -> Told {
    Told { name, id: "", revision: "", mib: 0, cores: 0 }
}

impl Told {
    const fn id(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    const fn revision(self, revision: &'static str) -> Self {
        Self { revision, ..self }
    }

    const fn mib(self, mib: u64) -> Self {
        Self { mib, ..self }
    }

    const fn cores(self, cores: u32) -> Self {
        Self { cores, ..self }
    }

    fn found(self) -> Option<(String, Option<f64>)> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let facts = AdapterFacts {
            names: Vec::from_iter((!self.name.is_empty()).then_some(self.name)),
            pci_id: some(self.id),
            pci_revision: some(self.revision),
            memory: (self.mib > 0).then(|| Bytes::new(self.mib << 20)),
            cores: (self.cores > 0).then_some(self.cores),
        };
        let device = Catalog::builtin().identify(&facts)?;
        let rate = device.bandwidth.map(|rate| rate.get() / 1e9);
        Some((device.id, rate))
    }
}

#[track_caller]
fn is(told: Told, id: &str, gb: f64) {
    let Told { name, id: pci, revision, mib, cores } = told;
    let found = told.found();
    assert_eq!(found, Some((id.to_owned(), Some(gb))), "{name} {pci} revision {revision}, {mib} MiB, {cores} cores");
}

/// The product is known and its speed is not: it was made with memories that read at different speeds.
#[track_caller]
fn is_of_unknown_speed(told: Told) {
    let found = told.found();
    assert!(matches!(found, Some((_, None))), "{} {}: {found:?}", told.name, told.id);
}

#[track_caller]
fn is_nobody(told: Told) {
    let found = told.found();
    assert_eq!(found, None, "{} {} {} MiB", told.name, told.id, told.mib);
}

#[test]
fn a_name_that_holds_another_is_not_taken_for_it() {
    for (reported, id, gb) in [
        ("NVIDIA RTX A1000", "nvidia-rtx-a1000", 192.0),
        ("NVIDIA RTX A400", "nvidia-rtx-a400", 96.0),
        ("NVIDIA T400 4GB", "nvidia-t400-4gb", 80.0),
        ("NVIDIA T1000 8GB", "nvidia-t1000-8gb", 160.0),
        ("Tesla T4", "tesla-t4", 320.0),
        ("Tesla M40 24GB", "tesla-m40-24gb", 288.4),
        ("Tesla P4", "tesla-p4", 192.3),
        ("Tesla P40", "tesla-p40", 347.1),
        ("NVIDIA A10", "nvidia-a10", 600.2),
        ("NVIDIA A10G", "nvidia-a10g", 600.0),
        ("NVIDIA A100-PCIE-40GB", "nvidia-a100-pcie-40gb", 1555.0),
        ("NVIDIA A100 80GB PCIe", "nvidia-a100-80gb-pcie", 1935.0),
        ("NVIDIA A100-SXM4-40GB", "nvidia-a100-sxm4-40gb", 1555.0),
        ("NVIDIA A100-SXM4-80GB", "nvidia-a100-sxm4-80gb", 2039.0),
        ("NVIDIA A800-SXM4-80GB", "nvidia-a800-sxm4-80gb", 2039.0),
        ("NVIDIA H100 PCIe", "nvidia-h100-pcie", 2039.0),
        ("NVIDIA H100 NVL", "nvidia-h100-nvl", 3938.0),
        ("NVIDIA H100 80GB HBM3", "nvidia-h100-80gb-hbm3", 3352.0),
        ("NVIDIA H200", "nvidia-h200", 4800.0),
        ("NVIDIA L4", "nvidia-l4", 300.0),
        ("NVIDIA L40", "nvidia-l40", 864.0),
        ("NVIDIA GeForce RTX 5060", "nvidia-geforce-rtx-5060", 448.0),
        ("NVIDIA GeForce RTX 4090 D", "nvidia-geforce-rtx-4090-d", 1008.0),
        ("NVIDIA GeForce RTX 5090 D v2", "nvidia-geforce-rtx-5090-d-v2", 1344.0),
        ("NVIDIA GeForce RTX 4070 Ti SUPER", "nvidia-geforce-rtx-4070-ti-super", 672.3),
        ("NVIDIA GeForce RTX 4070 SUPER", "nvidia-geforce-rtx-4070-super", 504.2),
        ("AMD Radeon RX 7900 XT", "amd-radeon-rx-7900-xt", 800.0),
        ("AMD Radeon RX 6700 XT", "amd-radeon-rx-6700-xt", 384.0),
    ] {
        is(name(reported), id, gb);
    }
}

#[test]
fn a_laptop_has_the_laptop_s_figure() {
    for (reported, id, gb) in [
        ("NVIDIA GeForce RTX 3050 Laptop GPU", "nvidia-geforce-rtx-3050-laptop-gpu", 192.0),
        ("NVIDIA GeForce RTX 3060 Laptop GPU", "nvidia-geforce-rtx-3060-laptop-gpu", 336.0),
        ("NVIDIA GeForce RTX 3070 Laptop GPU", "nvidia-geforce-rtx-3070-laptop-gpu", 448.0),
        ("NVIDIA GeForce RTX 3080 Laptop GPU", "nvidia-geforce-rtx-3080-laptop-gpu", 448.0),
        ("NVIDIA GeForce RTX 3080 Ti Laptop GPU", "nvidia-geforce-rtx-3080-ti-laptop-gpu", 512.0),
        ("NVIDIA GeForce RTX 4050 Laptop GPU", "nvidia-geforce-rtx-4050-laptop-gpu", 192.0),
        ("NVIDIA GeForce RTX 4060 Laptop GPU", "nvidia-geforce-rtx-4060-laptop-gpu", 256.0),
        ("NVIDIA GeForce RTX 4070 Laptop GPU", "nvidia-geforce-rtx-4070-laptop-gpu", 256.0),
        ("NVIDIA GeForce RTX 4080 Laptop GPU", "nvidia-geforce-rtx-4080-laptop-gpu", 432.0),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", "nvidia-geforce-rtx-4090-laptop-gpu", 576.0),
        ("NVIDIA GeForce RTX 5060 Laptop GPU", "nvidia-geforce-rtx-5060-laptop-gpu", 384.0),
        ("NVIDIA GeForce RTX 5070 Ti Laptop GPU", "nvidia-geforce-rtx-5070-ti-laptop-gpu", 672.0),
        ("NVIDIA GeForce RTX 5080 Laptop GPU", "nvidia-geforce-rtx-5080-laptop-gpu", 896.0),
        ("NVIDIA GeForce RTX 5090 Laptop GPU", "nvidia-geforce-rtx-5090-laptop-gpu", 896.0),
        ("AMD Radeon RX 7900M", "amd-radeon-rx-7900m", 576.0),
        ("Intel(R) Arc(TM) A770M Graphics", "intel-arc-a770m-graphics", 512.0),
    ] {
        is(name(reported), id, gb);
    }
    // Turing's laptops report the desktop's name; the PCI id tells.
    is(name("NVIDIA GeForce GTX 1650").id("10DE:1F99"), "nvidia-geforce-gtx-1650-with-max-q-design", 160.0);
    is(
        name("NVIDIA GeForce RTX 2070 with Max-Q Design").id("10DE:1F10"),
        "nvidia-geforce-rtx-2070-with-max-q-design",
        384.0,
    );
    is(name("NVIDIA GeForce RTX 2070").id("10DE:1F10"), "nvidia-geforce-rtx-2070", 448.0);
    is_nobody(name("").id("10DE:1F10"));
}

#[test]
fn memory_tells_products_of_one_name_apart() {
    for (reported, id, mib, device, gb) in [
        ("NVIDIA GeForce RTX 3060", "10DE:2504", 12_288, "nvidia-geforce-rtx-3060-12gb", 360.0),
        ("NVIDIA GeForce RTX 3060", "10DE:24C7", 8_192, "nvidia-geforce-rtx-3060-8gb", 240.0),
        ("NVIDIA GeForce RTX 3060", "", 12_044, "nvidia-geforce-rtx-3060-12gb", 360.0),
        ("NVIDIA GeForce RTX 3060", "", 8_188, "nvidia-geforce-rtx-3060-8gb", 240.0),
        ("NVIDIA GeForce RTX 3050", "", 8_192, "nvidia-geforce-rtx-3050-8gb", 224.0),
        ("NVIDIA GeForce RTX 3050", "", 6_144, "nvidia-geforce-rtx-3050-6gb", 168.0),
        ("NVIDIA GeForce RTX 3080", "10DE:2206", 10_240, "nvidia-geforce-rtx-3080-10gb", 760.3),
        ("NVIDIA GeForce RTX 3080", "10DE:220A", 12_288, "nvidia-geforce-rtx-3080-12gb", 912.4),
        ("NVIDIA GeForce RTX 3080", "", 10_018, "nvidia-geforce-rtx-3080-10gb", 760.3),
        ("NVIDIA GeForce RTX 3080", "", 12_045, "nvidia-geforce-rtx-3080-12gb", 912.4),
        ("NVIDIA GeForce RTX 2060", "10DE:1F03", 6_144, "nvidia-geforce-rtx-2060-6gb", 336.0),
        ("NVIDIA GeForce RTX 2060", "10DE:1F03", 12_288, "nvidia-geforce-rtx-2060-12gb", 336.0),
        ("NVIDIA GeForce RTX 5060 Ti", "10DE:2D04", 8_151, "nvidia-geforce-rtx-5060-ti-8gb", 448.0),
        ("NVIDIA GeForce RTX 5060 Ti", "10DE:2D04", 16_311, "nvidia-geforce-rtx-5060-ti-16gb", 448.0),
        ("Intel(R) Arc(TM) A770 Graphics", "8086:56A0", 16_256, "intel-arc-a770-graphics", 560.0),
        ("Intel(R) Arc(TM) A770 Graphics", "8086:56A0", 8_128, "intel-arc-a770-graphics-8gb", 512.0),
        ("Quadro RTX 6000", "10DE:1E30", 24_576, "quadro-rtx-6000", 672.0),
        ("Tesla M40", "10DE:17FD", 11_448, "tesla-m40", 288.4),
        // ECC keeps a part of it.
        ("Tesla T4", "10DE:1EB8", 15_109, "tesla-t4", 320.0),
        ("NVIDIA L4", "10DE:27B8", 23_034, "nvidia-l4", 300.0),
        ("NVIDIA L40S", "10DE:26B9", 46_068, "nvidia-l40s", 864.0),
        ("AMD Radeon RX 9060 XT (RADV GFX1200)", "1002:7590", 16_304, "amd-radeon-rx-9060-xt-16gb", 322.3),
        ("NVIDIA RTX PRO 5000 72GB Blackwell", "10DE:2BB3", 73_400, "nvidia-rtx-pro-5000-72gb-blackwell", 1344.0),
    ] {
        is(name(reported).id(id).mib(mib), device, gb);
    }
    // One name, one size and two memories: the speed is known only where the id is of one of them.
    is(name("NVIDIA GeForce GTX 1650").id("10DE:2188").mib(4_096), "nvidia-geforce-gtx-1650-gddr6", 192.0);
    is(name("NVIDIA GeForce RTX 3060 Ti").id("10DE:2486").mib(8_192), "nvidia-geforce-rtx-3060-ti-8gb-gddr6", 448.0);
    is(name("NVIDIA GeForce RTX 4070").id("10DE:2709").mib(12_282), "nvidia-geforce-rtx-4070", 504.2);
    is_of_unknown_speed(name("NVIDIA GeForce GTX 1650").id("10DE:1F82").mib(4_096));
    is_of_unknown_speed(name("NVIDIA GeForce RTX 3060 Ti").id("10DE:24C9").mib(8_192));
    is_of_unknown_speed(name("NVIDIA GeForce RTX 4070").id("10DE:2786").mib(12_282));
    is_of_unknown_speed(name("NVIDIA GeForce RTX 3060"));
    // A size none of them has is none of them, as are cards with other memory soldered on.
    is_nobody(name("NVIDIA GeForce RTX 3060").mib(10_240));
    is_nobody(name("NVIDIA GeForce RTX 2080 Ti").id("10DE:1E07").mib(22_528));
    is_nobody(name("NVIDIA GeForce RTX 4090").id("10DE:2684").mib(49_140));
    is_nobody(name("AMD Instinct MI50").id("1002:66A1").revision("02").mib(32_752));
}

#[test]
fn amd_s_revision_tells_products_of_one_id_apart() {
    for (revision, device, gb) in [
        ("C8", "amd-radeon-rx-7900-xtx", 960.0),
        ("CC", "amd-radeon-rx-7900-xt", 800.0),
        ("CE", "amd-radeon-rx-7900-gre", 576.0),
        ("CF", "amd-radeon-rx-7900m", 576.0),
    ] {
        is(name("").id("1002:744C").revision(revision), device, gb);
    }
    is(name("AMD Radeon RX 7900 XTX (RADV NAVI31)"), "amd-radeon-rx-7900-xtx", 960.0);
    is_nobody(name("").id("1002:744C").revision("AA"));
    is_nobody(name("").id("1002:744C"));
    is_nobody(name("").id("1002:744C").mib(16_368));
    for (id, revision, device, gb) in [
        ("1002:7480", "CF", "amd-radeon-rx-7600", 288.0),
        ("1002:7480", "C0", "amd-radeon-rx-7600-xt", 288.0),
        ("1002:73DF", "C1", "amd-radeon-rx-6700-xt", 384.0),
        ("1002:73DF", "C0", "amd-radeon-rx-6750-xt", 432.0),
        ("1002:73DF", "DF", "amd-radeon-rx-6700", 320.0),
        ("1002:731F", "CA", "amd-radeon-rx-5600-xt", 288.0),
        ("1002:747E", "FF", "amd-radeon-rx-7700-xt", 432.0),
        ("1002:7550", "C0", "amd-radeon-rx-9070-xt", 644.6),
        ("1002:7550", "C2", "amd-radeon-rx-9070-gre", 432.0),
        ("1002:7551", "C0", "amd-radeon-ai-pro-r9700", 644.6),
        ("1002:1586", "C1", "amd-radeon-8060s-graphics", 256.0),
        ("1002:1586", "C2", "amd-radeon-8050s-graphics", 256.0),
        ("1002:150E", "C4", "amd-radeon-880m-graphics", 120.0),
    ] {
        is(name("").id(id).revision(revision), device, gb);
    }
    // Both are called RX Vega.
    is(name("AMD Radeon RX Vega").id("1002:687F").revision("C1"), "amd-radeon-rx-vega", 483.8);
    is(name("AMD Radeon RX Vega").id("1002:687F").revision("C3"), "amd-radeon-rx-vega-56", 409.6);
    is_of_unknown_speed(name("AMD Radeon RX Vega").id("1002:687F"));
}

#[test]
fn apple_s_chips_are_told_apart_by_their_gpu_cores() {
    for (reported, cores, device, gb) in [
        ("Apple M1", 7, "apple-m1-7-core-gpu", 68.3),
        ("Apple M1", 8, "apple-m1-8-core-gpu", 68.3),
        ("Apple M1 Ultra", 48, "apple-m1-ultra-48-core-gpu", 819.2),
        ("Apple M2 Max", 30, "apple-m2-max-30-core-gpu", 409.6),
        ("Apple M2 Max", 38, "apple-m2-max-38-core-gpu", 409.6),
        ("Apple M3 Pro", 18, "apple-m3-pro-18-core-gpu", 153.6),
        ("Apple M3 Max", 30, "apple-m3-max-30-core-gpu", 307.2),
        ("Apple M3 Max", 40, "apple-m3-max-40-core-gpu", 409.6),
        ("Apple M4 Max", 32, "apple-m4-max-32-core-gpu", 410.0),
        ("Apple M4 Max", 40, "apple-m4-max-40-core-gpu", 546.0),
        ("Apple M5 Max", 32, "apple-m5-max-32-core-gpu", 460.0),
        ("Apple M5 Max", 40, "apple-m5-max-40-core-gpu", 614.0),
    ] {
        is(name(reported).cores(cores), device, gb);
    }
    for chip in ["Apple M3 Max", "Apple M4 Max", "Apple M5 Max"] {
        is_of_unknown_speed(name(chip));
        is_nobody(name(chip).cores(36));
    }
    // Bins on one bus: the least of them.
    is(name("Apple M2 Max"), "apple-m2-max-30-core-gpu", 409.6);
}

#[test]
fn cards_other_tools_do_not_know_are_known() {
    for (reported, device, gb) in [
        ("NVIDIA GeForce GTX 1050 Ti", "nvidia-geforce-gtx-1050-ti", 112.1),
        ("NVIDIA GeForce GTX 1060 3GB", "nvidia-geforce-gtx-1060-3gb", 192.2),
        ("NVIDIA GeForce GTX 1060 6GB", "nvidia-geforce-gtx-1060-6gb", 192.2),
        ("NVIDIA GeForce GTX 1070", "nvidia-geforce-gtx-1070", 256.3),
        ("NVIDIA GeForce GTX 1070 Ti", "nvidia-geforce-gtx-1070-ti", 256.3),
        ("NVIDIA GeForce GTX 1080", "nvidia-geforce-gtx-1080", 320.3),
        ("NVIDIA GeForce GTX 1080 Ti", "nvidia-geforce-gtx-1080-ti", 484.4),
        ("NVIDIA TITAN Xp", "nvidia-titan-xp", 547.6),
        ("Tesla P100-PCIE-12GB", "tesla-p100-pcie-12gb", 549.1),
        ("Tesla P100-PCIE-16GB", "tesla-p100-pcie-16gb", 732.2),
        ("Quadro P6000", "quadro-p6000", 432.8),
        ("Intel(R) Arc(TM) A750 Graphics", "intel-arc-a750-graphics", 512.0),
        ("Intel(R) Arc(tm) A750 Graphics (DG2)", "intel-arc-a750-graphics", 512.0),
        ("Intel(R) Arc(TM) A380 Graphics", "intel-arc-a380-graphics", 186.0),
        ("Intel(R) Arc(TM) B570 Graphics", "intel-arc-b570-graphics", 380.0),
        ("Intel(R) Arc(TM) B580 Graphics", "intel-arc-b580-graphics", 456.0),
        ("Intel(R) Arc(TM) Pro B60 Graphics", "intel-arc-pro-b60-graphics", 456.0),
        ("NVIDIA RTX PRO 2000 Blackwell", "nvidia-rtx-pro-2000-blackwell", 288.0),
        ("NVIDIA RTX PRO 4000 Blackwell", "nvidia-rtx-pro-4000-blackwell", 672.0),
        ("NVIDIA RTX PRO 4000 Blackwell SFF Edition", "nvidia-rtx-pro-4000-blackwell-sff-edition", 432.0),
        ("NVIDIA RTX PRO 4500 Blackwell", "nvidia-rtx-pro-4500-blackwell", 896.0),
        ("NVIDIA RTX PRO 5000 Blackwell", "nvidia-rtx-pro-5000-blackwell", 1344.0),
        (
            "NVIDIA RTX PRO 6000 Blackwell Workstation Edition",
            "nvidia-rtx-pro-6000-blackwell-workstation-edition",
            1792.0,
        ),
        (
            "NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition",
            "nvidia-rtx-pro-6000-blackwell-max-q-workstation-edition",
            1792.0,
        ),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "nvidia-rtx-pro-6000-blackwell-server-edition", 1597.0),
        ("NVIDIA RTX 2000 Ada Generation", "nvidia-rtx-2000-ada-generation", 256.0),
        ("NVIDIA RTX 4000 SFF Ada Generation", "nvidia-rtx-4000-sff-ada-generation", 280.0),
        ("NVIDIA RTX 4000 Ada Generation", "nvidia-rtx-4000-ada-generation", 360.0),
        ("NVIDIA RTX 4500 Ada Generation", "nvidia-rtx-4500-ada-generation", 432.0),
        ("NVIDIA RTX 5000 Ada Generation", "nvidia-rtx-5000-ada-generation", 576.0),
        ("NVIDIA RTX 5880 Ada Generation", "nvidia-rtx-5880-ada-generation", 864.0),
        ("NVIDIA RTX 6000 Ada Generation", "nvidia-rtx-6000-ada-generation", 960.0),
    ] {
        is(name(reported), device, gb);
    }
}

#[test]
fn drivers_add_to_names_and_leave_out() {
    is(name("GeForce GTX 1080 Ti/PCIe/SSE2"), "nvidia-geforce-gtx-1080-ti", 484.4);
    is(name("NVIDIA Tesla V100-SXM2-32GB"), "tesla-v100-sxm2-32gb", 898.0);
    is(name("AMD Radeon RX 9070 XT (RADV GFX1201)"), "amd-radeon-rx-9070-xt", 644.6);
    is(name("Intel(R) Arc(TM) 140V GPU (8GB)").id("8086:64A0"), "intel-arc-140v-gpu-16gb", 136.5);
    is(name("NVIDIA A16").id("10DE:25B6").mib(15_356), "nvidia-a16", 200.1);
}

#[test]
fn an_unknown_name_is_nobody() {
    for reported in [
        "",
        " ",
        "NVIDIA",
        "NVIDIA GeForce RTX",
        "NVIDIA GeForce RTX 6090",
        "NVIDIA GeForce RTX 3090 X",
        "RTX 4090",
        "4090",
        "A100",
        "NVIDIA A100",
        "NVIDIA H100",
        "NVIDIA T4000",
        "AMD Radeon",
        "AMD Radeon RX 7900",
        "AMD Radeon RX 7900 XTXX",
        "Radeon",
        "Intel(R) Graphics",
        "Intel(R) Arc(TM) A770X Graphics",
        "Apple",
        "Apple M9 Max",
        "Orin (nvgpu)",
        "llvmpipe (LLVM 17.0.6, 256 bits)",
    ] {
        is_nobody(name(reported));
        is_nobody(name(reported).id("10DE:FFFF").mib(24_576));
    }
}

/// Every row is found by all that its card reports, and by nothing less than its own name.
#[test]
fn each_row_is_found_by_what_it_reports() {
    let catalog = Catalog::builtin();
    for row in &catalog.accelerators {
        let facts = AdapterFacts {
            names: vec![&row.name],
            pci_id: row.pci_ids.last().cloned(),
            pci_revision: row.pci_revisions.first().cloned(),
            memory: row.vram.filter(|_| !row.unified),
            cores: row.variant.strip_suffix("-core GPU").and_then(|cores| cores.parse().ok()),
        };
        let found = catalog.identify(&facts).unwrap_or_else(|| panic!("{} is not found", row.id));
        assert_eq!(found.name, row.name, "{}", row.id);
        if let Some(rate) = found.bandwidth {
            assert_eq!(Some(rate), row.bandwidth, "{}", row.id);
        }
        // A letter more or less is another name.
        for other in [format!("{}x", row.name), row.name[..row.name.len() - 1].to_owned()] {
            let facts = AdapterFacts { names: vec![&other], ..facts.clone() };
            let facts = AdapterFacts { pci_id: None, ..facts };
            let found = catalog.identify(&facts);
            assert!(found.as_ref().is_none_or(|found| found.name != row.name), "{other} is taken for {}", row.name);
        }
    }
}
