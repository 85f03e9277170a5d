//! `willitrun import`: a GGUF header, a `config.json` or safetensors become a model preset.

use std::io::Write;
use std::path::Path;

use serde_json::json;

use crate::formats::{answer_json, model_doc};
use crate::hardware::Finding;
use crate::library::{self, ModelFile};
use crate::model::Architecture;
use crate::store::atomic_write;
use crate::units::{Bytes, Params};

use super::bench_file::{self, Wanted};
use super::{Failure, Words};

/// What is told of any of them.
struct Imported {
    name: String,
    gguf: String,
    shape: Result<Architecture, String>,
    quant: Option<String>,
    /// None for a configuration without its weights.
    tensor_bytes: Option<Bytes>,
    bits_per_weight: Option<f64>,
    params: Params,
    findings: Vec<Finding>,
}

pub(super) fn run(mut words: Words, out: &mut dyn Write) -> Result<(), Failure> {
    let (json, save) = (words.flag("json"), words.flag("save"));
    let target = words.take("out");
    let Some(name) = words.next() else {
        return Err(Failure::Request(
            "write willitrun import FILE [--out model.ron]: a .gguf, a .safetensors, a config.json or their folder"
                .to_owned(),
        ));
    };
    let (machine, model) = (words.take("machine"), words.take("model"));
    let given = save || machine.is_some() || model.is_some();
    words.done()?;
    let path = Path::new(&name);
    if let Some(bench) = library::open_bench(path) {
        let bench = bench.map_err(|error| error.to_string())?;
        if target.is_some() {
            return Err(Failure::Request(format!("{name} is an output of llama-bench and no model: leave out --out")));
        }
        return bench_file::take(&bench, &Wanted { json, save, machine, model }, out);
    }
    if given {
        return Err(Failure::Request(format!(
            "{name} is no output of llama-bench, to which alone --save, --machine and --model belong"
        )));
    }
    let file = library::open_model(path).map_err(|error| error.to_string())?;
    let imported = Imported::of(file);
    let architecture = imported.shape.as_ref().map_err(|why| match imported.tensor_bytes {
        Some(bytes) => format!("{name}: its weights take {} bytes, but the rest cannot be told: {why}", bytes.get()),
        None => format!("{name}: {why}"),
    })?;
    let preset = model_doc::write_model(architecture);
    if let Some(target) = &target {
        atomic_write(Path::new(target), preset.as_bytes()).map_err(|error| Failure::Machine(error.to_string()))?;
    }
    let text = if json {
        let value = json!({
            "schema": "willitrun.import/1",
            "name": imported.name,
            "architecture": imported.gguf,
            "quant": imported.quant,
            "tensor_bytes": imported.tensor_bytes.map(Bytes::get),
            "params": imported.params.get(),
            "bits_per_weight": imported.bits_per_weight,
            "model": preset,
            "findings": imported.findings.iter().map(answer_json::finding).collect::<Vec<_>>(),
        });
        format!("{value:#}\n")
    } else if target.is_some() {
        imported.line()
    } else {
        preset
    };
    out.write_all(text.as_bytes()).map_err(|error| Failure::Machine(format!("nothing can be written: {error}")))
}

impl Imported {
    fn of(file: ModelFile) -> Self {
        match file {
            ModelFile::Gguf(file) => Self {
                name: file.name,
                gguf: file.gguf,
                shape: file.architecture,
                quant: Some(file.quant),
                tensor_bytes: Some(file.tensor_bytes),
                bits_per_weight: Some(file.bits_per_weight),
                params: file.params,
                findings: file.findings,
            },
            ModelFile::Safetensors(file) => {
                let shape = file.config.map(|config| config.architecture);
                Self {
                    name: shape.as_ref().map(|shape| shape.name.clone()).unwrap_or_default(),
                    gguf: shape.as_ref().map(|shape| shape.gguf.clone()).unwrap_or_default(),
                    shape,
                    quant: Some(file.quant),
                    tensor_bytes: Some(file.tensor_bytes),
                    bits_per_weight: Some(file.bits_per_weight),
                    params: file.params,
                    findings: file.findings,
                }
            }
            ModelFile::Config(config, size) => Self {
                name: config.architecture.name.clone(),
                gguf: config.architecture.gguf.clone(),
                quant: config.quant_name(),
                tensor_bytes: size,
                bits_per_weight: None,
                params: config.architecture.params(),
                findings: config.findings,
                shape: Ok(config.architecture),
            },
        }
    }

    /// One line for people.
    fn line(&self) -> String {
        let quant = self.quant.as_deref().unwrap_or("weights of no known format");
        match (self.tensor_bytes, self.bits_per_weight) {
            (Some(bytes), Some(bits)) => {
                format!("{}: {quant} in {}, {bits:.3} bits per weight\n", self.name, bytes.in_gb())
            }
            (Some(bytes), None) => format!("{}: {quant} in {}\n", self.name, bytes.in_gb()),
            (None, _) => format!("{}: {} parameters, {quant}\n", self.name, self.params),
        }
    }
}
