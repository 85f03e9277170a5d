//! Whole machines from captures.

use super::*;
use crate::detect::files::{Capture, Files};
use crate::detect::gpu::{Probe, parse_lines, parse_pci};
use crate::detect::{Disk, GpuIdentity, cpu, dimms, disk, form, host, known_gpu, known_platform, power, ram, topology};
use crate::hardware::Level;

const GIB: u64 = 1 << 30;

/// A machine from a capture of its files and the lines of its probing process.
fn readings(files: &str, lines: &str) -> Readings {
    let capture = Capture::parse(files);
    let files: &dyn Files = &capture;
    let (found, _) = parse_lines(lines);
    let modules = dimms::parse(files);
    Readings {
        form: form::parse(files),
        ram: ram::parse(files),
        installed: Some(modules.list.iter().map(|module| module.size).sum()).filter(|size| *size > Bytes::ZERO),
        cpu: cpu::parse(files),
        simd: "avx2",
        last_level_cache: topology::parse(files),
        power: power::parse(files),
        modules,
        disk: Some(Disk { total: Bytes::gib(900), free: Bytes::gib(400), kind: DiskKind::Nvme }),
        disks: Vec::new(),
        probe: Probe { reports: parse_pci(files).into_iter().chain(found.reports).collect(), troubles: found.troubles },
        broken: None,
    }
}

/// A small catalogue: what these tests need of the real one.
fn catalog(identity: &GpuIdentity) -> Option<Accelerator> {
    let device = |id: &str, unified: bool, gb: f64| Accelerator {
        id: id.into(),
        name: identity.name.clone(),
        unified,
        bandwidth: BytesPerSecond::new(gb * 1e9),
        fp16: crate::units::FlopsPerSecond::new(1e14),
        ..Accelerator::default()
    };
    match (identity.pci_id().as_deref(), identity.pci_revision().as_deref(), identity.cores) {
        (Some("10DE:2684"), ..) => Some(device("rtx-4090", false, 1008.0)),
        (Some("1002:744C"), Some("C8"), _) => Some(device("rx-7900-xtx", false, 960.0)),
        (Some("10DE:1F82"), ..) => Some(Accelerator { bandwidth: None, ..device("gtx-1650", false, 1.0) }),
        (Some("1002:1586"), ..) => Some(device("8060s", true, 256.0)),
        (Some("10DE:2E12"), ..) => Some(device("gb10", true, 273.0)),
        (Some("10DE:2335"), ..) if identity.memory > Some(Bytes::gib(100)) => Some(device("h200", false, 4800.0)),
        (None, _, Some(40)) if identity.name == "Apple M3 Max" => Some(device("m3-max-40", true, 409.6)),
        _ => None,
    }
}

fn check(readings: &Readings, pools: &[&str], findings: &[(Level, &str)]) -> Machine {
    let (machine, found) = assemble(readings, &catalog, &|_| None);
    let shown: Vec<String> = machine
        .pools
        .iter()
        .map(|pool| {
            let rate = pool.read.as_ref().map_or("?".to_owned(), |read| format!("{} {}", read.value, read.source));
            format!("{} {}, {rate}", pool.id, pool.capacity.value.in_gib())
        })
        .collect();
    assert_eq!(shown, pools);
    for (level, words) in findings {
        let there = found.iter().any(|finding| finding.level == *level && finding.what.contains(words));
        assert!(there, "{words} is not among {found:#?}");
    }
    let text = format!("{machine:?} {found:?}");
    for private in ["/home", "/mnt", "nas:", "user-1000", "docker/abc", "0000:"] {
        assert!(!text.contains(private), "{private} is in {text}");
    }
    machine
}

const DISK: &str = "disk 900.0 GiB, 3.5 GB/s assumed";

#[test]
fn a_machine_without_a_gpu_is_an_ordinary_machine() {
    let readings = readings(
        include_str!("../../../tests/captures/vm-epyc-cgroup1.txt"),
        include_str!("../../../tests/captures/gpus-lavapipe.txt"),
    );
    let machine = check(
        &readings,
        &["ram 23.5 GiB, 89.6 GB/s assumed", DISK],
        &[
            (Level::Good, "No GPU here"),
            (Level::Note, "RAM speed is not reported"),
            (Level::Note, "disk's speed is not reported"),
        ],
    );
    assert_eq!(machine.cpu.name, "AMD EPYC");
}

#[test]
fn a_virtual_machine_with_an_h100_is_told_as_it_is() {
    let readings = readings(
        include_str!("../../../tests/captures/h100-vm.txt"),
        include_str!("../../../tests/captures/gpus-h100.txt"),
    );
    // Node 0 counts 6.2 GB there; the machine's own total holds.
    assert_eq!(readings.ram.map(|ram| (ram.total, ram.host)), Some((Bytes::new(131_981_020 * 1024), Host::Virtual)));
    assert_eq!((readings.cpu.name.as_str(), readings.cpu.sockets), ("Intel(R) Xeon(R) Processor", 1));
    assert_eq!((readings.cpu.cores, readings.cpu.threads, readings.cpu.numa_nodes), (16, 16, 1));
    assert_eq!(readings.last_level_cache, Some(Bytes::new(300 << 20)));
    assert_eq!((readings.power, readings.modules.list.len()), (None, 0));
    let files = Capture::parse(include_str!("../../../tests/captures/h100-vm.txt"));
    assert_eq!(disk::parse(&files, std::path::Path::new("/root")), DiskKind::Virtual);

    // sysfs, NVML and Vulkan speak of one card; the revision is told by sysfs alone.
    let gpus = merge(readings.probe.reports.clone());
    let [card] = &gpus[..] else { panic!("{gpus:?}") };
    assert_eq!(
        (card.identity.pci_id().as_deref(), card.identity.pci_revision().as_deref()),
        (Some("10DE:2330"), Some("A1"))
    );
    assert_eq!(card.driver, "NVIDIA 580.159.04");
    assert_eq!((card.pcie_generation, card.pcie_lanes, card.pcie_lanes_most), (Some(5), Some(16), Some(16)));

    let (machine, findings) = assemble(&readings, &known_gpu, &known_platform);
    let card = &machine.pools[1];
    assert_eq!(card.device.as_ref().map(|device| device.id.as_str()), Some("nvidia-h100-80gb-hbm3"));
    assert_eq!(card.capacity.value.in_gib(), "79.6 GiB");
    // The data sheet and what NVML computes from width and clock agree.
    assert_eq!(card.read.as_ref().map(Figure::said), Some("data sheet: device catalogue".into()));
    let sheet = card.read.as_ref().map_or(0.0, |read| read.value.get());
    assert!((sheet / 3_352_320_000_000.0 - 1.0).abs() < 0.001, "{sheet}");
    let link = machine.link_of(card).expect("a link");
    assert_eq!((link.generation, link.lanes), (Some(5), Some(16)));
    let facts = host(&readings, &machine, &known_platform);
    assert_eq!((facts.system, facts.threads), (Host::Virtual, 16));
    let [link] = &facts.links[..] else { panic!("{facts:?}") };
    assert_eq!((link.id.as_str(), link.generation_now, link.lanes_now), ("pcie0", Some(5), Some(16)));
    let said: Vec<&str> = findings.iter().map(|finding| finding.what.as_str()).collect();
    assert!(
        said.iter().any(|what| what.starts_with("A virtual machine is not told what RAM its host has.")),
        "{said:?}"
    );
    assert!(!said.iter().any(|what| what.contains("lanes") || what.contains("not in the catalogue")), "{said:?}");
}

#[test]
fn ram_nobody_tells_of_is_what_the_processor_usually_has() {
    let of = |cpuinfo: &str| {
        let capture = format!("\n=== /proc/meminfo\nMemTotal: 67108864 kB\n=== /proc/cpuinfo\n{cpuinfo}\n");
        let (machine, findings) = assemble(&readings(&capture, ""), &known_gpu, &known_platform);
        let read = machine.pools[0].read.clone().expect("a figure");
        assert_eq!(read.source, Source::Assumed);
        let said =
            findings.iter().any(|finding| finding.what.contains("assumed") && finding.what.contains(&read.origin));
        (read.value.to_string(), read.origin, said)
    };
    let genoa = "processor: 0\nmodel name: AMD EPYC 9654 96-Core Processor\nphysical id: 0\ncore id: 0\n";
    assert_eq!(of(genoa), ("461 GB/s".into(), "DDR5-4800 in all channels of EPYC 9654".into(), true));
    let second = genoa.replace("processor: 0", "processor: 1").replace("physical id: 0", "physical id: 1");
    assert_eq!(of(&format!("{genoa}\n{second}")).0, "922 GB/s");
    // A virtual machine is lent a part of that, and nobody says which.
    let (rate, origin, _) = of(&format!("{genoa}flags: fpu hypervisor lahf_lm\n"));
    assert_eq!((rate.as_str(), origin.as_str()), ("89.6 GB/s", "dual-channel DDR5-5600"));
    assert_eq!(of("model name: Some Processor").1, "dual-channel DDR5-5600");
}

#[test]
fn a_desktop_with_a_card_and_processor_graphics() {
    let readings = readings(include_str!("../../../tests/captures/desktop-7950x-7900xtx.txt"), "");
    let machine = check(
        &readings,
        &["ram 126.0 GiB, 57.6 GB/s reported", "gpu0 24.0 GiB, 960 GB/s data sheet", DISK],
        &[
            (Level::Note, "Resizable BAR is off"),
            (Level::Note, "runs on 8 of its 16 PCIe lanes"),
            // Without Vulkan nothing tells processor graphics from a card, and it is not guessed.
            (Level::Note, "GPU 1002:164E is here, but nothing tells"),
        ],
    );
    let link = machine.link_of(&machine.pools[1]).expect("a link");
    assert_eq!((link.generation, link.lanes), (Some(4), Some(8)));
    assert_eq!(link.bandwidth.as_ref().map(|rate| rate.value.get()), Some(12.5e9));
}

#[test]
fn processor_graphics_share_the_ram_and_add_nothing() {
    let lines = include_str!("../../../tests/captures/gpus-linux-4090-and-igpu.txt");
    let readings = readings("\n=== /proc/meminfo\nMemTotal: 65011712 kB\nMemAvailable: 60000000 kB", lines);
    check(
        &readings,
        &["ram 62.0 GiB, 89.6 GB/s assumed", "gpu0 24.0 GiB, 1,008 GB/s data sheet", DISK],
        &[
            (Level::Note, "AMD Ryzen 9 7950X 16-Core Processor is part of the processor"),
            (Level::Note, "is held by python3 1.2 GiB, Xorg."),
        ],
    );
}

/// A product of two memories: the driver's bus and clock tell which, and without them nothing is guessed.
#[test]
fn a_card_of_two_memories_has_the_speed_its_driver_tells() {
    let meminfo = "\n=== /proc/meminfo\nMemTotal: 65011712 kB\nMemAvailable: 60000000 kB";
    let gpu = |bandwidth: &str| {
        format!(
            r#"{{"gpu": {{"driver": "NVIDIA 580.95", "open": true, "api": "NVML", "name": "NVIDIA GeForce GTX 1650",
            "kind": "discrete", "vendor": 4318, "device": 8066, "pci": "00000000:01:00.0", "memory": 4294967296{bandwidth}}}}}"#
        )
        .replace('\n', " ")
            + "\n{\"end\":true}"
    };
    let told = readings(meminfo, &gpu(r#", "bandwidth": 192032000000"#));
    check(&told, &["ram 62.0 GiB, 89.6 GB/s assumed", "gpu0 4.0 GiB, 192 GB/s reported", DISK], &[]);
    let untold = readings(meminfo, &gpu(""));
    let different = [(Level::Note, "is made with memories of different speeds")];
    check(&untold, &["ram 62.0 GiB, 89.6 GB/s assumed", "gpu0 4.0 GiB, ?", DISK], &different);
}

#[test]
fn a_small_carve_out_is_no_small_gpu() {
    let readings = readings(include_str!("../../../tests/captures/strix-halo-linux.txt"), "");
    let machine = check(&readings, &["unified 124.5 GiB, 256 GB/s data sheet", DISK], &[]);
    let pool = &machine.pools[0];
    assert_eq!(pool.usable(), Bytes::new(116 * GIB + (512 << 20)));
    assert!(pool.free_now.as_ref().is_some_and(|free| free.value < pool.capacity.value));
}

#[test]
fn a_large_carve_out_belongs_to_the_memory_again() {
    let mut readings = readings(include_str!("../../../tests/captures/strix-halo-linux.txt"), "");
    readings.ram = readings.ram.map(|ram| ram::Ram { total: Bytes::gib(31), available: Bytes::gib(28), ..ram });
    readings.probe.reports[0].memory = Some(96 * GIB);
    readings.probe.reports[0].shared = Some(124 * GIB);
    let machine = check(&readings, &["unified 127.0 GiB, 256 GB/s data sheet", DISK], &[]);
    // More than there is was reported: the reserve of the RAM the system sees stays.
    assert!(machine.pools[0].usable() < Bytes::gib(125));
}

#[test]
fn no_more_is_set_aside_than_is_plugged_in() {
    let mut readings = readings(include_str!("../../../tests/captures/strix-halo-linux.txt"), "");
    assert_eq!(readings.installed, Some(Bytes::gib(128)));
    readings.ram = readings.ram.map(|ram| ram::Ram { total: Bytes::gib(96), available: Bytes::gib(90), ..ram });
    // The driver tells the shared memory once more, as its own.
    readings.probe.reports[0].memory = Some(96 * GIB);
    check(&readings, &["unified 128.0 GiB, 256 GB/s data sheet", DISK], &[]);
}

#[test]
fn ram_the_system_is_not_handed_is_told() {
    let mut readings = readings(include_str!("../../../tests/captures/desktop-7950x-7900xtx.txt"), "");
    let said = |readings: &Readings, words: &str| {
        let (_, findings) = assemble(readings, &catalog, &|_| None);
        findings.iter().any(|finding| finding.what.contains(words))
    };
    assert!(!said(&readings, "plugged in"), "2 of 128 GiB are missing, as always");
    readings.ram = readings.ram.map(|ram| ram::Ram { total: Bytes::gib(96), ..ram });
    assert!(said(&readings, "32.0 GiB of the 128.0 GiB plugged in are not handed to the system."));
    readings.ram = readings.ram.map(|ram| ram::Ram { host: Host::Virtual, ..ram });
    assert!(!said(&readings, "plugged in"), "a virtual machine is lent what it is lent");
    readings.modules.trouble = Some("The firmware's table is cut off.");
    assert!(said(&readings, "The firmware's table is cut off."));
}

#[test]
fn unified_machines_of_nvidia_and_apple() {
    let meminfo = "\n=== /proc/meminfo\nMemTotal: 127611699 kB\nMemAvailable: 120000000 kB";
    let spark = readings(meminfo, include_str!("../../../tests/captures/gpus-gb10.txt"));
    let machine = check(&spark, &["unified 121.7 GiB, 273 GB/s data sheet", DISK], &[]);
    assert!(machine.pools[0].usable() < Bytes::gib(118), "a reserve stays for the system");

    let meminfo = "\n=== /proc/meminfo\nMemTotal: 134217728 kB\nMemAvailable: 100000000 kB";
    let mac = readings(meminfo, include_str!("../../../tests/captures/gpus-m3-max.txt"));
    let machine = check(&mac, &["unified 128.0 GiB, 410 GB/s data sheet", DISK], &[]);
    assert_eq!(machine.pools[0].usable().in_gib(), "107.5 GiB");
}

#[test]
fn an_idle_card_is_predicted_by_what_its_link_can_do() {
    let lines = include_str!("../../../tests/captures/gpus-linux-4090-and-igpu.txt")
        .replace("\"pcie_generation\": 4", "\"pcie_generation\": 4, \"pcie_generation_now\": 1");
    let meminfo = "\n=== /proc/meminfo\nMemTotal: 65011712 kB";
    let idle = readings(meminfo, &lines);
    let (machine, findings) = assemble(&idle, &catalog, &|_| None);
    let link = host(&idle, &machine, &|_| None).links.remove(0);
    assert_eq!((link.generation_most, link.generation_now, link.lanes_now), (Some(4), Some(1), Some(16)));
    assert_eq!(machine.links[0].bandwidth.as_ref().map(|rate| rate.value.get()), Some(25e9));
    assert!(!findings.iter().any(|finding| finding.what.contains("PCIe lanes")), "idle is not narrow: {findings:?}");
}

#[test]
fn intel_cards_have_their_memory_and_the_slot_they_stand_in() {
    let pool = |files: &str, lines: &str| {
        let (machine, findings) = assemble(&readings(files, lines), &known_gpu, &known_platform);
        let pool = machine.pools[1].clone();
        let link = machine.link_of(&pool).and_then(|link| link.bandwidth.clone()).expect("a link");
        let off = findings.iter().any(|finding| finding.what.contains("Resizable BAR is off"));
        let device = pool.device.map_or(String::new(), |device| device.id);
        (device, pool.capacity.value.in_gib(), pool.capacity.said(), link.value.to_string(), off)
    };
    let b580 = include_str!("../../../tests/captures/desktop-arc-b580-xe.txt");
    let told = ("reported: sysfs memory size", "12.5 GB/s");
    assert_eq!(
        pool(b580, ""),
        ("intel-arc-b580-graphics".into(), "12.0 GiB".into(), told.0.into(), told.1.into(), true)
    );
    let a770 = include_str!("../../../tests/captures/desktop-arc-a770-i915.txt");
    let id = "intel-arc-a770-graphics";
    assert_eq!(pool(a770, ""), (id.into(), "16.0 GiB".into(), told.0.into(), "25.0 GB/s".into(), false));
    // Under the kernel's own i915 Vulkan has to tell.
    let silent = a770.replace("lmem_total_bytes", "gt_cur_freq_mhz");
    let vulkan = r#"{"gpu": {"api": "Vulkan", "name": "Intel(R) Arc(tm) A770 Graphics (DG2)", "driver": "Intel open-source Mesa driver", "kind": "discrete", "vendor": 32902, "device": 22176, "pci": "0000:03:00.0", "memory": 17179869184}}"#;
    assert_eq!(pool(&silent, vulkan).2, "reported: Vulkan memory size");
}

#[test]
fn slices_have_their_share_of_the_card() {
    let meminfo = "\n=== /proc/meminfo\nMemTotal: 134217728 kB";
    let readings = readings(meminfo, include_str!("../../../tests/captures/gpus-h200-mig.txt"));
    let slice = "16.0 GiB, 547 GB/s assumed";
    let machine = check(
        &readings,
        &["ram 128.0 GiB, 89.6 GB/s assumed", &format!("gpu0 {slice}"), &format!("gpu1 {slice}"), DISK],
        &[],
    );
    assert_eq!(machine.links.len(), 2);
}

#[test]
fn a_card_whose_driver_does_not_answer_is_named_and_not_counted() {
    let mut readings = readings(include_str!("../../../tests/captures/laptop-intel-nvidia-suspended.txt"), "");
    readings.probe.troubles.push(crate::detect::gpu::Trouble { api: Api::Nvml, what: "version mismatch".into() });
    readings.broken = Some(crate::detect::child::Ended::Crashed("signal 11, segmentation fault".into()));
    check(
        &readings,
        &["ram 31.0 GiB, 89.6 GB/s assumed", DISK],
        &[
            (Level::Note, "GPU 10DE:2860 is on the bus, but no driver"),
            (Level::Warning, "NVML does not answer: version mismatch"),
            (Level::Warning, "broke off: it crashed (signal 11, segmentation fault)"),
        ],
    );
}

#[test]
fn limits_of_containers_and_of_wsl_are_said() {
    let container = readings(include_str!("../../../tests/captures/container-cgroup2-nested.txt"), "");
    check(
        &container,
        &["ram 12.0 GiB, 89.6 GB/s assumed", DISK],
        &[(Level::Note, "A container limit of 12.0 GiB stands below the machine's 64.0 GiB")],
    );
    let wsl = readings(include_str!("../../../tests/captures/wsl2.txt"), "");
    check(
        &wsl,
        &["ram 16.0 GiB, 89.6 GB/s assumed", DISK],
        &[(Level::Note, "WSL hands Linux 16.0 GiB"), (Level::Note, "No GPU is seen from inside WSL")],
    );
}

#[test]
fn nothing_known_is_findings_and_no_panic() {
    let mut readings = readings("", "");
    readings.disk = None;
    check(&readings, &[], &[(Level::Warning, "how much RAM"), (Level::Note, "No disk"), (Level::Good, "No GPU")]);
}

#[test]
fn this_machine_assembles() {
    let readings = crate::detect::read(&crate::detect::Probing::Here, &[".".into()]);
    let (machine, findings) = assemble(&readings, &|_| None, &|_| None);
    assert!(machine.host().is_some() && machine.disk().is_some());
    assert!(!findings.is_empty());
    for pool in &machine.pools {
        assert!(pool.capacity.value > Bytes::ZERO && !pool.capacity.origin.is_empty());
    }
}

#[test]
fn damaged_captures_never_panic() {
    let files = [
        include_str!("../../../tests/captures/desktop-7950x-7900xtx.txt"),
        include_str!("../../../tests/captures/container-cgroup2-nested.txt"),
        include_str!("../../../tests/captures/server-2p-epyc-9654.txt"),
    ];
    let lines = include_str!("../../../tests/captures/gpus-windows-laptop.txt");
    for text in files {
        for step in 0..60 {
            // Cut off, with a bite taken out, and with every digit a nine.
            let cut = text.len() * step / 60;
            let bitten = format!("{}{}", &text[..cut], &text[(cut + 500).min(text.len())..]);
            let _ = assemble(&readings(&text[..cut], &lines[..lines.len() * step / 60]), &catalog, &|_| None);
            let _ = assemble(&readings(&bitten, lines), &catalog, &|_| None);
        }
        let nines: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
        let _ =
            assemble(&readings(&nines, &lines.replace("memory\": 8", "memory\": 99999999999")), &catalog, &|_| None);
    }
}
