use super::*;
use crate::hardware::{
    Accelerator, Backend, BenchRun, Besides, Cpu, Dimms, Form, Link, LinkKind, Pool, Setup, Source, Work,
};
use crate::quant::Format;
use crate::units::{Bytes, FlopsPerSecond, Params, Seconds, Tokens, TokensPerSecond};

/// The example of the contract, word for word.
const EXAMPLE: &str = r#"(
    format: "willitrun.machine", version: 1,
    id: "epyc-9654-12ch-4090", name: "EPYC 9654, 12 x DDR5-4800, RTX 4090",
    cpu: (name: "AMD EPYC 9654", sockets: 1, cores: 96, simd: "avx512"),
    pools: [
        (id: "ram", kind: "ram", capacity_bytes: (value: 824633720832, source: "typed"),
         read_bytes_per_second: (value: 460.8e9, basis: "data sheet", source: "12 x 4800 MT/s x 8 B"),
         dimms: (populated: 12, channels: 12, mega_transfers: 4800, kind: "DDR5"), numa_nodes: 1),
        (id: "gpu0", kind: "vram", device: "nvidia-geforce-rtx-4090", capacity_bytes: (value: 25757220864, source: "reported"),
         read_bytes_per_second: (value: 1008e9, basis: "data sheet", source: "devices"), link: "pcie0"),
        (id: "disk", kind: "disk", capacity_bytes: (value: 2000000000000, source: "typed"), read_bytes_per_second: (value: 7e9, basis: "data sheet", source: "typed")),
    ],
    links: [(id: "pcie0", kind: "pcie", generation: 4, lanes: 16, bytes_per_second: (value: 25e9, basis: "assumed", source: "pcie 4.0 x16"))],
    nodes: [],
    measurements: [(what: "ram", best_bytes_per_second: 391e9, ordinary_pages_bytes_per_second: 372e9, spread: 0.02, threads: 48, date: "2026-11-22", method: "read/1", conditions: "idle, mains")],
)
"#;

fn own(text: &str) -> MachineDoc {
    read(text, Origin::Own).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn rate(gb: f64) -> BytesPerSecond {
    BytesPerSecond::from_gb(gb).expect("finite")
}

#[test]
fn the_contract_s_example_is_read_whole() {
    let machine = own(EXAMPLE).machine;
    assert_eq!(machine.id, "epyc-9654-12ch-4090");
    assert_eq!((machine.cpu.cores, machine.cpu.simd.as_str()), (96, "avx512"));
    let [ram, gpu, disk] = machine.pools.as_slice() else {
        panic!("{:?}", machine.pools);
    };
    assert_eq!(ram.capacity, Figure::typed(Bytes::gib(768)));
    assert_eq!(ram.read, Some(Figure::new(rate(460.8), Source::DataSheet, "12 x 4800 MT/s x 8 B")));
    assert_eq!(ram.read_measured, Some(Figure::new(rate(372.0), Source::Measured, "read/1, 2026-11-22")));
    assert_eq!(ram.dimms.as_ref().and_then(|d| d.channels), Some(12.0));
    assert_eq!(gpu.device.as_ref().map(|d| d.id.as_str()), Some("nvidia-geforce-rtx-4090"));
    assert_eq!(gpu.capacity.source, Source::Reported);
    assert_eq!(machine.link_of(gpu).and_then(|link| link.lanes), Some(16));
    assert_eq!(disk.read, Some(Figure::typed(rate(7.0))));
    assert_eq!(machine.measurements.len(), 1);
}

/// Reads back as the same document, twice the same text, and is RON for the `ron` crate too.
fn round_trip(doc: &MachineDoc) -> String {
    let text = write(doc);
    let again = own(&text);
    assert_eq!(&again, doc, "{text}");
    assert_eq!(write(&again), text);
    if let Err(error) = ron::from_str::<ron::Value>(&text) {
        panic!("{error}\n{text}");
    }
    text
}

#[test]
fn the_contract_s_example_survives_a_round_trip() {
    let text = round_trip(&own(EXAMPLE));
    for kept in [
        "capacity_bytes: (value: 824633720832, source: \"typed\")",
        "(value: 460.8e9, basis: \"data sheet\", source: \"12 x 4800 MT/s x 8 B\")",
        "(value: 7e9, basis: \"data sheet\", source: \"typed\")",
        "(value: 25e9, basis: \"assumed\", source: \"pcie 4.0 x16\")",
        "best_bytes_per_second: 391e9",
        "nodes: []",
    ] {
        assert!(text.contains(kept), "{kept}\n{text}");
    }
    let without = |text: &str| text.replace([' ', '\n', ','], "");
    assert_eq!(without(&text), without(EXAMPLE), "only the layout differs");
}

#[test]
fn everything_a_machine_can_hold_survives_a_round_trip() {
    let typed = |bytes| Some(Figure::typed(Bytes::new(bytes)));
    let mut machine = Machine::new("all", "All \"of\" it \\ é");
    machine.form = Some(Form::SingleBoard);
    machine.cpu = Cpu {
        name: "CPU".into(),
        sockets: 2,
        cores: 64,
        simd: "avx2".into(),
        flops: Some(Figure::new(FlopsPerSecond::saturating(2.5e12), Source::Assumed, "typed")),
    };
    let mut ram =
        Pool::new("ram", PoolKind::Ram, Figure::new(Bytes::new(u64::from(u32::MAX)), Source::Reported, "meminfo"));
    ram.reserve = typed(0);
    ram.free_now = typed(12);
    ram.gpu_limit = Some(Figure::new(Bytes::new(9), Source::DataSheet, ""));
    ram.read = Some(Figure::new(rate(0.1 + 0.2), Source::Reported, "dmi"));
    ram.read_measured = Some(Figure::new(rate(70.25), Source::Typed, "typed by you"));
    ram.dimms = Some(Dimms { populated: None, channels: Some(2.5), mega_transfers: None, kind: String::new() });
    ram.numa_nodes = 8;
    let mut gpu = Pool::new("gpu0", PoolKind::Vram, Figure::typed(Bytes::gib(24)));
    gpu.name = "Some card".into();
    gpu.device = Some(Accelerator {
        name: "Some card".into(),
        vendor: "AMD".into(),
        unified: true,
        fp16: Some(FlopsPerSecond::saturating(123.4e12)),
        ..Accelerator::default()
    });
    gpu.read = Some(Figure::new(rate(900.0), Source::Assumed, "measured"));
    gpu.read_measured = Some(Figure::new(rate(800.0), Source::Reported, MEASURED_BY_AUTHOR));
    gpu.link = Some("net".into());
    let mut far = gpu.clone();
    far.read_measured = Some(Figure::new(rate(1.5), Source::Measured, "gpu-read/1, 2026-01-02"));
    machine.pools = vec![ram, gpu];
    machine.links = vec![Link {
        id: "net".into(),
        kind: LinkKind::Network,
        generation: None,
        lanes: None,
        joins: vec!["gpu0".into(), "n2.gpu0".into()],
        bandwidth: Some(Figure::new(rate(3.0), Source::Measured, "link/1")),
        latency: Some(Figure::new(Seconds::saturating(1.5e-5), Source::Assumed, "")),
    }];
    machine.nodes =
        vec![crate::hardware::Node { id: "n2".into(), name: "Two".into(), link: Some("net".into()), pools: vec![far] }];
    machine.measurements = vec![Measurement {
        what: "n2.gpu0".into(),
        best: rate(1.5),
        ordinary_pages: None,
        spread: 0.1,
        threads: 0,
        date: "2026-01-02".into(),
        method: "gpu-read/1".into(),
        conditions: String::new(),
        besides: vec![(Besides::F32, 8e13)],
    }];
    machine.runs = vec![a_run()];
    let mut doc = MachineDoc::new(machine);
    let text = round_trip(&doc);
    assert!(!text.contains("value: 1.5e9"), "derived from the measurement\n{text}");
    doc.origin = Origin::Foreign;
    doc.machine.runs[0].source = Source::Reported;
    let foreign = own(&write(&doc));
    assert_eq!(foreign.origin, Origin::Foreign, "what is foreign stays so");
    assert_eq!(own(&write(&foreign)), foreign);
}

/// A measured speed in which nothing is as usual.
fn a_run() -> BenchRun {
    BenchRun {
        source: Source::Measured,
        engine: "ik_llama.cpp".into(),
        backend: Backend::Rocm,
        model: "a".into(),
        quant: "UD-Q2_K_XL".into(),
        params: Params::new(7),
        file: Bytes::new(5),
        work: Work::Prompt,
        tokens: Tokens::new(512),
        depth: Tokens::new(4096),
        rate: TokensPerSecond::saturating(0.1 + 0.2),
        spread: 0.25,
        repeats: 3,
        predicted: Some(TokensPerSecond::saturating(1e-3)),
        setup: Setup {
            gpu_layers: Some(0),
            cpu_expert_layers: 2,
            tensor_split: vec![3.0, 0.5],
            kv_k: Format::Q8_0,
            kv_v: Format::Q4_0,
            kv_on_host: true,
            fused_attention: false,
            batch: 1,
            ubatch: 2,
        },
        build: "b1 (c)".into(),
        date: "2026-01-02".into(),
        conditions: "2 threads".into(),
        compared: None,
    }
}

#[test]
fn keys_of_a_later_version_survive_at_every_level() {
    let text = EXAMPLE
        .replace("id: \"epyc", "shade: Some({\"a\": [1.50, 0x10]}), id: \"epyc")
        .replace("cores: 96,", "cores: 96, cache: (l3: 402653184),")
        .replace("kind: \"ram\",", "kind: \"ram\", note: \"tight\\u{202e}\",")
        .replace("source: \"typed\")", "source: \"typed\", seen: true)")
        .replace("populated: 12,", "populated: 12, rank: 2,")
        .replace("source: \"devices\")", "source: \"devices\", peak: None)")
        .replace("lanes: 16,", "lanes: 16, pools: [\"ram\"],")
        .replace("spread: 0.02,", "spread: 0.02, runs: 7,")
        .replace("nodes: []", "nodes: [(id: \"n\", rack: 3, pools: [(id: \"ram\", kind: \"ram\", bay: 4, capacity_bytes: (value: 1, source: \"typed\"))])]");
    let doc = own(&text);
    let written = round_trip(&doc);
    for kept in [
        "shade: Some({\"a\": [1.50, 16]})",
        "cache: (l3: 402653184)",
        "note: \"tight\\u{202e}\"",
        "seen: true",
        "rank: 2",
        "peak: None",
        "pools: [\"ram\"]",
        "runs: 7",
        "rack: 3",
        "bay: 4",
    ] {
        assert!(written.contains(kept), "{kept}\n{written}");
    }
    // They stay with their pool when another goes, and go with it.
    let mut fewer = doc;
    fewer.machine.pools.remove(0);
    let written = write(&fewer);
    assert!(!written.contains("tight") && written.contains("peak: None"), "{written}");
}

#[test]
fn measured_elsewhere_is_reported_here() {
    let text = EXAMPLE
        .replace("source: \"reported\"", "source: \"measured\"")
        .replace("basis: \"assumed\", source: \"pcie 4.0 x16\"", "basis: \"measured\", source: \"link/1\"");
    let own_doc = own(&text);
    assert_eq!(own_doc.machine.pools[1].capacity.source, Source::Measured);
    let doc = read(&text, Origin::Foreign).expect("a good document");
    let reported = |source: Source, origin: &str| {
        assert_eq!((source, origin), (Source::Reported, "measured by the profile's author"));
    };
    let ram = doc.machine.pools[0].read_measured.as_ref().expect("measured");
    reported(ram.source, &ram.origin);
    let capacity = &doc.machine.pools[1].capacity;
    reported(capacity.source, &capacity.origin);
    let link = doc.machine.links[0].bandwidth.as_ref().expect("given");
    reported(link.source, &link.origin);
    assert_eq!(doc.machine.pools[0].capacity.origin, "typed by the profile's author");
    assert_eq!(doc.machine.pools[0].bandwidth().map(|(_, basis)| basis), Some(crate::hardware::Basis::Measured));
    // Saved in the user's own folder and read as their own, nothing becomes a measurement of this machine.
    let kept = own(&write(&doc));
    assert_eq!(kept, doc);
    assert!(write(&kept).contains("from: \"elsewhere\""));
}

#[test]
fn the_newest_measurement_with_ordinary_pages_counts() {
    let one = |date: &str, rate: &str| format!("(what: \"ram\", best_bytes_per_second: 9e11, {rate} date: \"{date}\")");
    let list = [
        one("2026-11-22", "ordinary_pages_bytes_per_second: 1e9,"),
        one("2026-11-23", "ordinary_pages_bytes_per_second: 3e9,"),
        one("2026-11-24", ""),
        one("2026-11-20", "ordinary_pages_bytes_per_second: 2e9,"),
    ]
    .join(",");
    let start = EXAMPLE.find("[(what").expect("there");
    let text = format!("{}[{list}])", &EXAMPLE[..start]);
    let mut doc = own(&text);
    let measured = |doc: &MachineDoc| doc.machine.pools[0].read_measured.as_ref().map(|m| m.value);
    assert_eq!(measured(&doc), Some(rate(3.0)));
    doc.add_measurement(Measurement {
        what: "ram".into(),
        ordinary_pages: Some(rate(4.0)),
        date: "2026-11-25".into(),
        ..doc.machine.measurements[0].clone()
    });
    assert_eq!(measured(&doc), Some(rate(4.0)));
    assert_eq!(measured(&own(&write(&doc))), Some(rate(4.0)));
    let explicit =
        text.replace("numa_nodes", "measured_bytes_per_second: (value: 5e9, basis: \"measured\"), numa_nodes");
    assert_eq!(measured(&own(&explicit)), Some(rate(5.0)));
}

#[test]
fn what_is_free_right_now_is_shown_but_not_saved() {
    let mut doc = own(EXAMPLE);
    doc.machine.pools[0].free_now = Some(Figure::new(Bytes::new(77), Source::Reported, "meminfo"));
    assert!(!write(&doc).contains("free_bytes"));
    let json = serde_json::to_value(tree(&doc, Live::Shown)).expect("it serializes");
    assert_eq!(json["pools"][0]["free_bytes"]["value"], 77);
    assert_eq!(json["pools"][0]["capacity_bytes"]["value"], 824_633_720_832_u64);
    assert_eq!(json["links"][0]["bytes_per_second"]["value"], 25_000_000_000_u64);
    doc.machine.pools[2].free_now = Some(Figure::typed(Bytes::new(5)));
    assert!(write(&doc).contains("free_bytes: (value: 5, source: \"typed\")"));
}

#[test]
fn names_lose_what_could_fool_a_reader() {
    let text = EXAMPLE
        .replace(
            "EPYC 9654, 12 x DDR5-4800, RTX 4090",
            &format!("A\\u{{202e}}B\u{2066}\\n\\x1b[31m{}", "x".repeat(300)),
        )
        .replace("12 x 4800 MT/s", "12\u{202d} x\\r\\n 4800 MT/s");
    let machine = own(&text).machine;
    assert!(machine.name.starts_with("AB[31mxxx"), "{}", machine.name);
    assert_eq!(machine.name.chars().count(), 120);
    let read = machine.pools[0].read.as_ref().expect("given");
    assert_eq!(read.origin, "12 x 4800 MT/s x 8 B");
}

mod ladder;
mod limits;
mod refused;

/// What plain loops reached is no bound of an engine; it stays in the file, where somebody may look for it.
#[test]
fn rows_of_earlier_versions_are_not_read() {
    let with = |key: &str| EXAMPLE.replace("method: \"read/1\"", &format!("method: \"read/1\", {key}: 27.9e9"));
    let rows = |text: &str| own(text).machine.measurements[0].besides(Besides::KernelQ4K);
    assert_eq!(rows(&with("rows_q4_k_bytes_per_second")), Some(27.9e9));
    let earlier = own(&with("q4_k_bytes_per_second"));
    assert_eq!(earlier.machine.measurements[0].besides(Besides::KernelQ4K), None);
    assert!(write(&earlier).contains("q4_k_bytes_per_second"));
}
