//! Runs of DeepSeek-R1 that people keep citing, each asked as it was run.

use std::sync::Arc;

use willitrun::catalog::Catalog;
use willitrun::hardware::{Figure, Machine, Pool, PoolKind, Source};
use willitrun::placement::{CpuExperts, GpuLayers, Split};
use willitrun::quant::{Imatrix, Quant};
use willitrun::scenario::{Scenario, Subject, evaluate_here};
use willitrun::units::{Bytes, BytesPerSecond, Tokens};

/// A run and what it reached.
struct Run {
    what: &'static str,
    source: &'static str,
    engine: &'static str,
    date: &'static str,
    quant: &'static str,
    /// Device and how many.
    gpus: (&'static str, usize),
    /// GB/s by data sheet, cores, SIMD.
    host: (f64, u32, &'static str),
    /// Layers whose experts the CPU keeps; none is a model on GPUs whole or on the CPU alone.
    experts: CpuExperts,
    split: Split,
    depth: u64,
    measured: (f64, f64),
    /// Why it lies outside the band, where it does.
    outside: &'static str,
}

const GPU: CpuExperts = CpuExperts::First(0);

const RUNS: [Run; 12] = [
    Run {
        what: "M3 Ultra, 4 bit",
        source: "wccftech.com and gpu.name, March 2025",
        engine: "mlx",
        date: "2025-03",
        quant: "mlx-4bit-g64",
        gpus: ("apple-m3-ultra-80-core-gpu", 1),
        host: (819.0, 32, "neon"),
        experts: GPU,
        split: Split::Layer,
        depth: 500,
        measured: (17.0, 18.0),
        outside: "MLX was fitted to builds of 2025 and 2026; in those weeks its latent attention was new, and nobody told the build",
    },
    Run {
        what: "EPYC 9654 and RTX 4090, KTransformers, 1,000 tokens",
        source: "kvcache-ai/ktransformers #314",
        engine: "ktransformers",
        date: "2025-02",
        quant: "Q4_K_M",
        gpus: ("nvidia-geforce-rtx-4090", 1),
        host: (460.8, 96, "avx512"),
        experts: CpuExperts::All,
        split: Split::Layer,
        depth: 1000,
        measured: (14.0, 14.0),
        outside: "",
    },
    Run {
        what: "EPYC 9654 and RTX 4090, KTransformers, 10,000 tokens",
        source: "kvcache-ai/ktransformers #314",
        engine: "ktransformers",
        date: "2025-02",
        quant: "Q4_K_M",
        gpus: ("nvidia-geforce-rtx-4090", 1),
        host: (460.8, 96, "avx512"),
        experts: CpuExperts::All,
        split: Split::Layer,
        depth: 10_000,
        measured: (10.0, 10.0),
        outside: "",
    },
    Run {
        what: "Xeon Gold 6454S and RTX 4090 D, KTransformers, one socket",
        source: "kvcache-ai/ktransformers doc/en/DeepseekR1_V3_tutorial.md",
        engine: "ktransformers",
        date: "2025-02",
        quant: "Q4_K_M",
        gpus: ("nvidia-geforce-rtx-4090-d", 1),
        host: (307.2, 32, "amx"),
        experts: CpuExperts::All,
        split: Split::Layer,
        depth: 500,
        measured: (8.73, 8.73),
        outside: "",
    },
    Run {
        what: "i7-14700 and RTX 4090, ik_llama.cpp",
        source: "claims about an IQ1_S_R4 of 130 GiB on DDR5-4800, 2025",
        engine: "ik_llama.cpp",
        date: "2025-06",
        quant: "UD-IQ1_S",
        gpus: ("nvidia-geforce-rtx-4090", 1),
        host: (76.8, 20, "avx2"),
        experts: CpuExperts::All,
        split: Split::Layer,
        depth: 0,
        measured: (7.0, 7.0),
        outside: "",
    },
    Run {
        what: "2 x H100, UD-IQ1_S",
        source: "ggml-org/llama.cpp reports of early 2025",
        engine: "llama.cpp",
        date: "2025-02",
        quant: "UD-IQ1_S",
        gpus: ("nvidia-h100-80gb-hbm3", 2),
        host: (307.2, 32, "avx512"),
        experts: GPU,
        split: Split::Layer,
        depth: 64,
        measured: (11.89, 11.89),
        outside: "a twentieth of what the memory feeds: builds of those weeks had young kernels for 256 experts and 1-bit formats, and no other run tells what they cost",
    },
    Run {
        what: "16 x RTX 3090, ik_llama.cpp, 307 GiB",
        source: "ikawrakow/ik_llama.cpp #266",
        engine: "ik_llama.cpp",
        date: "2025-03",
        quant: "3.93bpw",
        gpus: ("nvidia-geforce-rtx-3090", 16),
        host: (204.8, 64, "avx2"),
        experts: GPU,
        split: Split::Layer,
        depth: 64,
        measured: (17.0, 18.0),
        outside: "",
    },
    Run {
        what: "8 channels of DDR5-4800, Q4_K_M",
        source: "the FAQ's own range, early 2025",
        engine: "llama.cpp",
        date: "2025-02",
        quant: "Q4_K_M",
        gpus: ("", 0),
        host: (307.2, 32, "avx512"),
        experts: CpuExperts::Auto,
        split: Split::Layer,
        depth: 0,
        measured: (4.0, 6.0),
        outside: "",
    },
    Run {
        what: "8 channels of DDR4-3200, Q4_K_M",
        source: "the FAQ's own range, early 2025",
        engine: "llama.cpp",
        date: "2025-02",
        quant: "Q4_K_M",
        gpus: ("", 0),
        host: (204.8, 64, "avx2"),
        experts: CpuExperts::Auto,
        split: Split::Layer,
        depth: 0,
        measured: (3.0, 4.0),
        outside: "",
    },
    Run {
        what: "12 channels of DDR5-4800, Q4_K_S",
        source: "the FAQ: at least 8, early 2025",
        engine: "llama.cpp",
        date: "2025-02",
        quant: "Q4_K_S",
        gpus: ("", 0),
        host: (460.8, 96, "avx512"),
        experts: CpuExperts::Auto,
        split: Split::Layer,
        depth: 0,
        measured: (8.0, 9.0),
        outside: "",
    },
    Run {
        what: "8 x H100, Q4_K_M, layers split",
        source: "the FAQ's own range, early 2025",
        engine: "llama.cpp",
        date: "2025-02",
        quant: "Q4_K_M",
        gpus: ("nvidia-h100-80gb-hbm3", 8),
        host: (307.2, 32, "avx512"),
        experts: GPU,
        split: Split::Layer,
        depth: 0,
        measured: (30.0, 40.0),
        outside: "a range someone expected with builds of early 2025, of the same young kernels",
    },
    Run {
        what: "16 x H100, FP8, one user",
        source: "public SGLang reports (43 tokens per second)",
        engine: "vllm",
        date: "2025-02",
        quant: "fp8-block-128",
        gpus: ("nvidia-h100-80gb-hbm3", 16),
        host: (614.4, 64, "amx"),
        experts: GPU,
        split: Split::Tensor,
        depth: 1000,
        measured: (43.0, 43.0),
        outside: "two machines joined by a network, counted here as one: its joins are those inside a machine",
    },
];

impl Run {
    fn machine(&self) -> Machine {
        let catalog = Catalog::builtin();
        let mut machine = Machine::new("known", self.what);
        let (gbs, cores, simd) = self.host;
        machine.cpu.cores = cores;
        simd.clone_into(&mut machine.cpu.simd);
        let room = || Figure::new(Bytes::new(1 << 50), Source::Assumed, "it did fit");
        let (name, count) = self.gpus;
        let mut unified = false;
        for place in 0..count {
            let device = catalog.accelerators_named(name).first().copied().unwrap_or_else(|| panic!("{name}")).clone();
            unified = device.unified;
            let kind = if unified { PoolKind::Unified } else { PoolKind::Vram };
            let mut pool = Pool::new(&format!("gpu{place}"), kind, room());
            pool.read = device.bandwidth.map(|rate| Figure::new(rate, Source::DataSheet, "devices"));
            pool.device = Some(device);
            machine.pools.push(pool);
        }
        if !unified {
            let mut ram = Pool::new("ram", PoolKind::Ram, room());
            ram.read = BytesPerSecond::from_gb(gbs).map(|rate| Figure::new(rate, Source::DataSheet, "its modules"));
            machine.pools.push(ram);
        }
        machine
    }

    fn ask(&self) -> willitrun::speed::Range {
        let catalog = Catalog::builtin();
        let model = catalog.model("deepseek-r1").expect("built in");
        let quant = match (catalog.published("deepseek-r1", self.quant), catalog.runtime(self.quant)) {
            (Some(file), _) => file.quant(),
            (None, Some(format)) => format.quant(),
            (None, None) => Quant::parse(self.quant, Imatrix::With, None).expect("a quant"),
        };
        let subject = Arc::new(Subject::new(model.as_ref().clone(), quant, None));
        let engine = catalog.engine(self.engine).expect("an engine").clone();
        let usual = Scenario::new(subject, Arc::new(self.machine()), engine, catalog.parameters.clone());
        let mut scenario =
            Scenario { depth: Tokens::new(self.depth), engine_date: Some(self.date.to_owned()), ..usual };
        scenario.run.context = Tokens::new(16_384);
        scenario.policy.split = Some(self.split);
        scenario.policy.cpu_experts = self.experts;
        scenario.policy.gpu_layers = GpuLayers::Count(if self.gpus.1 > 0 { 9999 } else { 0 });
        evaluate_here(&scenario).bill.unwrap_or_else(|| panic!("{} has no speed", self.what)).rate
    }
}

/// Runs people cite lie inside the band, or it is said why not. A run that comes to lie inside has lost its reason.
#[test]
fn cited_runs_lie_in_the_band_or_it_is_said_why_not() {
    let mut wrong = Vec::new();
    for run in RUNS {
        let band = run.ask();
        let (low, high) = run.measured;
        let inside = low <= band.high && high >= band.low;
        println!(
            "{:58} {:5.1} [{:5.1} to {:5.1}]   {low} to {high}   {}{}",
            run.what,
            band.expected,
            band.low,
            band.high,
            if inside { "" } else { "outside: " },
            run.outside
        );
        if inside != run.outside.is_empty() {
            wrong.push(format!("{} ({}): {band:?} against {low} to {high}", run.what, run.source));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
