//! The table of published speeds, as CSV: one measurement a line, `#` before a remark, no quoted cells.
//!
//! Words are read into the house's own here; names of models, devices, engines and platforms are for the catalogue.

use std::str::FromStr;

use crate::advice::accuracy::Class;
use crate::hardware::Backend;
use crate::memory::FlashAttention;
use crate::model::Invalid;
use crate::placement::{CpuExperts, GpuLayers, Policy, Split};
use crate::quant::Format;
use crate::units::{Bytes, BytesPerSecond, GIB, Tokens};

use super::document::{Refused, shown};

/// The columns, in their order.
const COLUMNS: [&str; 28] = [
    "id",
    "source",
    "built",
    "engine",
    "backend",
    "kind",
    "device",
    "count",
    "ram_gbs",
    "sockets",
    "cpu",
    "cores",
    "simd",
    "model",
    "quant",
    "file_gib",
    "placement",
    "split",
    "kv",
    "flash",
    "depth",
    "prompt",
    "ubatch",
    "start",
    "decode_tps",
    "prefill_tps",
    "quality",
    "group",
];
/// Stands for all layers, whatever their number.
const ALL_LAYERS: GpuLayers = GpuLayers::Count(9999);
/// More devices than any row has.
const MOST_DEVICES: usize = 64;

/// One measurement as it is written down.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// Handle, such as `m0005`.
    pub id: &'a str,
    /// Where it was read.
    pub source: &'a str,
    /// When the engine was built, `YYYY-MM`, where the source says.
    pub built: Option<&'a str>,
    /// Id of the engine.
    pub engine: &'a str,
    /// How it drives the device, where the row says.
    pub backend: Option<Backend>,
    /// Id of the accelerators; empty for none.
    pub device: &'a str,
    /// How many of them.
    pub count: usize,
    /// Bandwidth of the RAM, where it is known.
    pub ram: Option<BytesPerSecond>,
    /// Sockets.
    pub sockets: u32,
    /// Id or name of the CPU with its memory; empty where unknown.
    pub cpu: &'a str,
    /// Cores that took part, where the source names another CPU than `cpu` or none is.
    pub cores: Option<u32>,
    /// Their SIMD; empty where `cpu` tells.
    pub simd: &'a str,
    /// Id of the model.
    pub model: &'a str,
    /// The quant by its name.
    pub quant: &'a str,
    /// Size of the file, for a quant that is no rule.
    pub file: Option<Bytes>,
    /// Where the layers were.
    pub policy: Policy,
    /// Where it belongs.
    pub class: Class,
    /// The format of keys and values.
    pub kv: Format,
    /// Whether attention was fused.
    pub flash: FlashAttention,
    /// Tokens cached while it was measured, in the mean.
    pub depth: Tokens,
    /// Length of the prompt whose rate was measured.
    pub prompt: Option<Tokens>,
    /// Tokens computed at once, where the source tells another number than the engine's own.
    pub ubatch: Option<u64>,
    /// Tokens cached before it.
    pub start: Tokens,
    /// Tokens per second.
    pub decode: Option<f64>,
    /// Prompt tokens per second.
    pub prefill: Option<f64>,
    /// Whether hardware and build are stated.
    pub sound: bool,
    /// Device and model: rows of one group are not independent.
    pub group: &'a str,
}

/// Reads the table.
///
/// # Errors
/// The line and the column that cannot be read.
pub fn read(text: &str) -> Result<Vec<Row<'_>>, Refused> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
    let (at, header) = lines.next().unwrap_or((0, ""));
    if !header.split(',').eq(COLUMNS) {
        let why = format!("the columns have to be {}", COLUMNS.join(","));
        return Err(Refused::Syntax { line: at + 1, column: 1, why });
    }
    lines.map(|(at, line)| Cells::of(at + 1, line)?.row()).collect()
}

/// The cells of one line.
struct Cells<'a> {
    line: usize,
    cells: [&'a str; COLUMNS.len()],
}

impl<'a> Cells<'a> {
    fn of(line: usize, text: &'a str) -> Result<Self, Refused> {
        let cells: Vec<&str> = text.split(',').collect();
        let found = cells.len();
        let cells = cells.try_into().map_err(|_| Refused::Syntax {
            line,
            column: 1,
            why: format!("{found} cells, expected {}", COLUMNS.len()),
        })?;
        Ok(Self { line, cells })
    }

    fn row(&self) -> Result<Row<'a>, Refused> {
        let text = |name| self.text(name);
        let (policy, class) = self.placement()?;
        let word = |name: &'static str, known: Option<Format>| known.ok_or_else(|| self.refused(name, "not known"));
        Ok(Row {
            id: text("id"),
            source: text("source"),
            built: Some(text("built")).filter(|built| !built.is_empty()),
            engine: text("engine"),
            backend: Backend::parse(text("backend")),
            device: text("device"),
            count: self.required("count", |count: &usize| *count <= MOST_DEVICES)?,
            ram: self.number("ram_gbs")?.and_then(BytesPerSecond::from_gb),
            sockets: self.required("sockets", |sockets: &u32| (1..=64).contains(sockets))?,
            cpu: text("cpu"),
            cores: self.parsed("cores")?.filter(|cores| (1..=4096).contains(cores)),
            simd: text("simd"),
            model: text("model"),
            quant: text("quant"),
            file: self.number("file_gib")?.map(|gib| Bytes::saturating(gib * GIB as f64)),
            policy,
            class,
            kv: word("kv", Format::parse(text("kv")))?,
            flash: if text("flash") == "off" { FlashAttention::Off } else { FlashAttention::On },
            depth: self.tokens("depth")?.unwrap_or_default(),
            prompt: self.tokens("prompt")?,
            ubatch: self.tokens("ubatch")?.map(Tokens::get),
            start: self.tokens("start")?.unwrap_or_default(),
            decode: self.number("decode_tps")?,
            prefill: self.number("prefill_tps")?,
            sound: text("quality") != "C",
            group: text("group"),
        })
    }

    fn placement(&self) -> Result<(Policy, Class), Refused> {
        let several = self.required("count", |_: &usize| true)? > 1;
        let placement = self.text("placement");
        let layers = |text: &str| text.parse::<u32>().map_err(|_| self.refused("placement", "not a number of layers"));
        let (gpu_layers, cpu_experts, class) = match placement.split_once('=').unwrap_or((placement, "")) {
            ("gpu", "") if self.text("kind") == "apple" => (ALL_LAYERS, CpuExperts::First(0), Class::Apple),
            ("gpu", "") if several => (ALL_LAYERS, CpuExperts::First(0), Class::SeveralGpus),
            ("gpu", "") => (ALL_LAYERS, CpuExperts::First(0), Class::OneGpu),
            ("cpu", "") => (GpuLayers::Count(0), CpuExperts::Auto, Class::Cpu),
            ("experts-on-cpu", "") => (ALL_LAYERS, CpuExperts::All, Class::ExpertsInRam),
            ("experts-on-cpu", first) => (ALL_LAYERS, CpuExperts::First(layers(first)?), Class::ExpertsInRam),
            ("ngl", count) => (GpuLayers::Count(layers(count)?), CpuExperts::Auto, Class::Partial),
            _ => return Err(self.refused("placement", "gpu, cpu, experts-on-cpu, experts-on-cpu=N or ngl=N")),
        };
        let split = Some(if self.text("split") == "tensor" { Split::Tensor } else { Split::Layer });
        Ok((Policy { gpu_layers, cpu_experts, split, tensor_split: Vec::new() }, class))
    }

    fn text(&self, name: &str) -> &'a str {
        COLUMNS.iter().position(|column| *column == name).map_or("", |at| self.cells[at])
    }

    fn parsed<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, Refused> {
        match self.text(name) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| self.refused(name, "not a number")),
        }
    }

    fn required<T: FromStr>(&self, name: &'static str, holds: impl Fn(&T) -> bool) -> Result<T, Refused> {
        self.parsed(name)?.filter(holds).ok_or_else(|| self.refused(name, "missing or out of range"))
    }

    fn number(&self, name: &'static str) -> Result<Option<f64>, Refused> {
        match self.parsed::<f64>(name)? {
            Some(number) if !(number.is_finite() && number > 0.0) => Err(self.refused(name, "not above zero")),
            number => Ok(number),
        }
    }

    fn tokens(&self, name: &'static str) -> Result<Option<Tokens>, Refused> {
        Ok(self.parsed::<f64>(name)?.map(|tokens| Tokens::new(tokens as u64)))
    }

    fn refused(&self, field: &'static str, why: &str) -> Refused {
        let why = format!("line {}: '{}' is {why}", self.line, shown(self.text(field), 40));
        Refused::Invalid { id: shown(self.text("id"), 40), invalid: Invalid { field, why } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "m1,somewhere,2024-05,llama.cpp,cuda,gpu,a-card,2,,1,,,,a-model,Q4_K_M,,gpu,,f16,,256,512,,0,109.57,3728.86,A,a|b";

    fn table(line: &str) -> String {
        format!("# a remark\n{}\n{line}\n", COLUMNS.join(","))
    }

    fn check(from: &str, to: &str, message: &str) {
        let text = table(&LINE.replacen(from, to, 1));
        let error = read(&text).expect_err(message).to_string();
        assert!(error.contains(message), "'{error}' does not say '{message}'");
    }

    #[test]
    fn a_line_is_a_measurement() {
        let text = table(LINE);
        let rows = read(&text).expect("one line");
        let row = &rows[0];
        assert_eq!((row.id, row.built, row.count, row.class), ("m1", Some("2024-05"), 2, Class::SeveralGpus));
        assert_eq!((row.decode, row.prompt, row.depth), (Some(109.57), Some(Tokens::new(512)), Tokens::new(256)));
        assert!(row.sound && row.file.is_none() && row.ram.is_none());
        let text = table(&LINE.replace(",gpu,,f16", ",experts-on-cpu=35,,q8_0").replace(",A,", ",C,"));
        let rows = read(&text).expect("one line");
        assert_eq!(rows[0].policy.cpu_experts, CpuExperts::First(35));
        assert_eq!((rows[0].class, rows[0].kv, rows[0].sound), (Class::ExpertsInRam, Format::Q8_0, false));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_line() {
        check("109.57", "fast", "m1: decode_tps: line 3: 'fast' is not a number");
        check("109.57", "-1", "decode_tps: line 3: '-1' is not above zero");
        check(",2,,1,", ",100,,1,", "count: line 3: '100' is missing or out of range");
        check("gpu,,f16", "moon,,f16", "placement: line 3: 'moon' is gpu, cpu");
        check("f16", "f17", "kv: line 3: 'f17' is not known");
        check(",a|b", "", "line 3, column 1: 27 cells, expected 28");
        assert!(
            read("id,source\n").expect_err("columns").to_string().contains("the columns have to be id,source,built")
        );
    }
}
