//! `assets/engines.ron`: what each engine can do, with its source.

use serde::Deserialize;

use crate::hardware::{Backend, Figure, Source};
use crate::memory::{Buffers, CacheRules, EightBit, KvLayout, Rounding, Rules, WindowRule};
use crate::model::Invalid;
use crate::placement::{Engine, KvEra, Launcher, MapsFromDisk, Offload, OverNetwork, Overhead, TensorSplit};
use crate::quant::Format;
use crate::units::Bytes;

use super::document::{Refused, check_header, options};
use super::engine_flags::Options;

const FORMAT: &str = "willitrun.engines";

/// Reads the document.
///
/// # Errors
/// The place and the reason.
pub fn read(text: &str) -> Result<Vec<Engine>, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, 1)?;
    let overheads = document
        .overheads
        .iter()
        .map(|row| {
            let backend = named(&row.backend, "overheads", Backend::parse)?;
            let basis = named(&row.basis, "basis", Source::parse)?;
            Ok(Overhead { backend, bytes: Figure::new(Bytes::new(row.bytes), basis, row.source.clone()) })
        })
        .collect::<Result<Vec<_>, Refused>>()?;
    document.engines.into_iter().map(|row| row.into_engine(&overheads)).collect()
}

/// The words for a layout of latent attention, as on the command line.
pub const LAYOUTS: [(&str, KvLayout); 4] = [
    ("auto", KvLayout::Auto),
    ("latent", KvLayout::Latent),
    ("split", KvLayout::Split),
    ("expanded", KvLayout::Expanded),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    overheads: Vec<OverheadRow>,
    engines: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OverheadRow {
    backend: String,
    bytes: u64,
    basis: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    name: String,
    /// Whether weights may stay on disk.
    maps_from_disk: bool,
    #[serde(default)]
    ideal: bool,
    /// (first month, layout), oldest first.
    mla: Vec<(String, String)>,
    cache: CacheRow,
    /// Working memory on each device; none is llama.cpp's graph.
    #[serde(default)]
    buffer_bytes: Option<u64>,
    kv_formats: Vec<String>,
    offload: String,
    /// When it gives each GPU a share of every layer: `of itself` or `when asked`.
    #[serde(default = "when_asked")]
    tensor_split: String,
    #[serde(default)]
    takes: Option<f64>,
    /// How it takes in further nodes.
    #[serde(default)]
    network: Option<String>,
    backends: Vec<String>,
    #[serde(default)]
    elsewhere: String,
    command: String,
    #[serde(default)]
    documents: Vec<(String, String, String)>,
    #[serde(default)]
    flags: Vec<(String, String, String)>,
    #[serde(default)]
    environment: Vec<(String, String, String)>,
    #[serde(default)]
    settings: Vec<(String, String, String)>,
    #[serde(default)]
    weight_forms: Vec<(String, String)>,
    #[serde(default)]
    note: String,
    /// What else to know where the weights are those of a GGUF file.
    #[serde(default)]
    gguf_note: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CacheRow {
    step: u64,
    latent_step: u64,
    rounding: String,
    window: String,
    /// For the window rule `batch`: tokens in a block, and further blocks.
    #[serde(default)]
    window_blocks: (u64, u64),
    #[serde(default)]
    fp8: bool,
}

fn when_asked() -> String {
    "when asked".to_owned()
}

/// A word of a closed list.
fn named<T>(word: &str, field: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Refused> {
    parse(word).ok_or_else(|| invalid(field, format!("'{}' is not known", super::shown(word, 40))))
}

pub(super) fn invalid(field: &'static str, why: String) -> Refused {
    Refused::Invalid { id: String::new(), invalid: Invalid { field, why } }
}

fn choice<T: Copy>(word: &str, place: &'static str, choices: &[(&str, T)]) -> Result<T, Refused> {
    named(word, place, |word| choices.iter().find(|(name, _)| *name == word).map(|(_, value)| *value))
}

impl CacheRow {
    fn into_rules(self) -> Result<CacheRules, Refused> {
        let (step, spare) = self.window_blocks;
        let window = [
            ("padded", WindowRule::Padded),
            ("batch", WindowRule::Batch { step: step.max(1), spare }),
            ("exact", WindowRule::Exact),
            ("full", WindowRule::Full),
        ];
        let rounding = [("whole then parts", Rounding::WholeThenParts), ("parts", Rounding::Parts)];
        Ok(CacheRules {
            step: self.step.max(1),
            latent_step: self.latent_step.max(1),
            rounding: choice(&self.rounding, "rounding", &rounding)?,
            window: choice(&self.window, "window", &window)?,
            eight_bit: if self.fp8 { EightBit::Fp8 } else { EightBit::Blocks },
        })
    }
}

impl Row {
    fn into_engine(self, overheads: &[Overhead]) -> Result<Engine, Refused> {
        let offload = [("layers", Offload::Layers), ("experts", Offload::Experts), ("nothing", Offload::Nothing)];
        let network = [("rpc", OverNetwork::Rpc), ("peers", OverNetwork::Peers)];
        let network = self.network.as_deref().map(|word| choice(word, "network", &network)).transpose()?;
        let tensor_split = [("of itself", TensorSplit::OfItself), ("when asked", TensorSplit::WhenAsked)];
        let commands = [
            ("llama-server", Launcher::LlamaServer),
            ("ik llama-server", Launcher::IkLlamaServer),
            ("ollama", Launcher::Ollama),
            ("vllm", Launcher::Vllm),
            ("mlx_lm", Launcher::Mlx),
            ("sglang", Launcher::KTransformers),
        ];
        let mla = self
            .mla
            .iter()
            .map(|(from, word)| Ok(KvEra { from: from.clone(), layout: choice(word, "mla", &LAYOUTS)? }));
        let formats = self.kv_formats.iter().map(|word| named(word, "kv_formats", Format::parse));
        let backends = self.backends.iter().map(|word| named(word, "backends", Backend::parse));
        if let Some(share) = self.takes
            && !(share > 0.0 && share <= 1.0)
        {
            return Err(invalid("takes", format!("{share} is not above 0 and at most 1")));
        }
        let options = Options {
            documents: self.documents,
            flags: self.flags,
            environment: self.environment,
            settings: self.settings,
        };
        Ok(Engine {
            flags: options.read()?,
            weight_forms: self.weight_forms,
            mla: mla.collect::<Result<_, Refused>>()?,
            kv_formats: formats.collect::<Result<_, _>>()?,
            backends: backends.collect::<Result<_, _>>()?,
            disk: if self.maps_from_disk { MapsFromDisk::Yes } else { MapsFromDisk::Never },
            offload: choice(&self.offload, "offload", &offload)?,
            network: network.unwrap_or(OverNetwork::Alone),
            tensor_split: choice(&self.tensor_split, "tensor_split", &tensor_split)?,
            command: choice(&self.command, "command", &commands)?,
            rules: Rules {
                cache: self.cache.into_rules()?,
                buffers: self.buffer_bytes.map_or(Buffers::Graph, |each| Buffers::PerDevice(Bytes::new(each))),
            },
            overheads: if self.ideal { Vec::new() } else { overheads.to_vec() },
            id: self.id,
            name: self.name,
            ideal: self.ideal,
            takes: self.takes,
            elsewhere: self.elsewhere,
            note: self.note,
            gguf_note: self.gguf_note,
            source: self.source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::Setting;

    const GOOD: &str = r#"(
        format: "willitrun.engines", version: 1,
        overheads: [(backend: "cuda", bytes: 1024, basis: "assumed", source: "a guess")],
        engines: [(
            id: "e", name: "E", maps_from_disk: false, mla: [("", "latent")],
            cache: (step: 16, latent_step: 64, rounding: "parts", window: "batch", window_blocks: (16, 1)),
            kv_formats: ["F16"], offload: "nothing", takes: 0.9, network: "peers", backends: ["cuda"], command: "vllm", source: "s",
            documents: [("page", "a page", "2026-11-25")], flags: [("sequences", "--max-num-seqs", "page")],
        )],
    )"#;

    #[test]
    fn a_row_becomes_an_engine() {
        let engine = read(GOOD).expect("good").remove(0);
        assert_eq!(engine.rules.cache.window, WindowRule::Batch { step: 16, spare: 1 });
        assert_eq!((engine.rules.buffers, engine.takes), (Buffers::Graph, Some(0.9)));
        assert_eq!(engine.overhead_on(Backend::Cuda).map(|row| row.bytes.value), Some(Bytes::new(1024)));
        assert_eq!(engine.overhead_on(Backend::Rocm), None);
        let flag = engine.flag(Setting::Sequences).expect("a flag");
        assert_eq!((flag.word.as_str(), flag.source.as_str()), ("--max-num-seqs", "a page, read 2026-11-25"));
    }

    #[test]
    fn a_word_of_no_list_is_refused_with_its_field() {
        for (good, bad, said) in [
            ("\"parts\"", "\"halves\"", "rounding: 'halves' is not known"),
            ("\"batch\"", "\"bay\"", "window: 'bay' is not known"),
            ("[\"F16\"]", "[\"F17\"]", "kv_formats: 'F17' is not known"),
            ("[\"cuda\"]", "[\"cud\"]", "backends: 'cud' is not known"),
            ("\"nothing\"", "\"something\"", "offload: 'something' is not known"),
            ("command: \"vllm\"", "command: \"vlm\"", "command: 'vlm' is not known"),
            ("\"assumed\"", "\"dreamt\"", "basis: 'dreamt' is not known"),
            ("\"latent\"", "\"late\"", "mla: 'late' is not known"),
            ("0.9", "1.1", "takes: 1.1 is not above 0"),
            ("\"peers\"", "\"pears\"", "network: 'pears' is not known"),
            ("version: 1", "version: 2", "version 2 needs a newer app"),
            ("step: 16,", "step: 16, stride: 1,", "stride"),
            ("(\"sequences\"", "(\"seats\"", "flags: 'seats' is not known"),
            ("\"--max-num-seqs\", \"page\"", "\"--max-num-seqs\", \"pages\"", "documents: 'pages' is not listed"),
            ("flags: [", "flags: [(\"sequences\", \"-n\", \"page\"), ", "'sequences' has no word, or two"),
        ] {
            let error = read(&GOOD.replacen(good, bad, 1)).expect_err(bad).to_string();
            assert!(error.contains(said), "{bad}: {error}");
        }
    }
}
