//! `KTransformers`: `SGLang` with experts on the CPU.

use crate::placement::{Plan, Setting};
use crate::quant::Format;
use crate::scenario::Scenario;

use super::line::Step;
use super::shell::Unwritable;
use super::{Words, weights};

/// The form of GGUF files among an engine's forms.
const GGUF: &str = "GGUF";

/// The CPU's weights have to lie in a folder here; the GPU's may be fetched.
pub(super) fn steps(scenario: &Scenario, plan: &Plan) -> Result<Vec<Step>, Unwritable> {
    let (engine, run, machine) = (&scenario.engine, &scenario.run, &scenario.machine);
    let (download, model, folder) = homes(scenario)?;
    let mut words = Words::new(engine, "python -m sglang.launch_server");
    words.set(Setting::Model, &model);
    let form = if scenario.subject.is_gguf() { GGUF } else { &scenario.subject.quant.id };
    if let Some((_, form)) = engine.weight_forms.iter().find(|(id, _)| id == form) {
        words.set(Setting::WeightForm, &form);
    }
    words.set(Setting::WeightFolder, &folder);
    words.set(Setting::Threads, &machine.cpu.cores.max(1));
    let nodes = machine.host().map_or(1, |pool| pool.numa_nodes);
    words.set(Setting::ThreadPools, &nodes.max(machine.cpu.sockets).max(1));
    words.set(Setting::GpuExperts, &0);
    words.set(Setting::Context, &run.context.get());
    words.set(Setting::OneContext, &weights::each_sequence(scenario));
    words.set(Setting::Sequences, &run.sequences);
    let gpus = plan.layers.iter().filter_map(|home| home.gpu).max().map_or(1, |last| last + 1);
    if gpus > 1 {
        words.set(Setting::TensorParallel, &gpus);
    }
    match run.kv_k {
        Format::Q8_0 => words.set(Setting::Kv, &"fp8_e4m3"),
        Format::BF16 => words.set(Setting::Kv, &"bf16"),
        _ => {}
    }
    Ok(download.into_iter().chain([words.run()]).collect())
}

/// What has to be fetched first, the weights of the GPU and the folder of those of the CPU.
fn homes(scenario: &Scenario) -> Result<(Option<Step>, String, String), Unwritable> {
    let subject = &scenario.subject;
    let repository = weights::repository(scenario);
    if subject.is_gguf() {
        let original = || weights::to_fill_in(&format!("folder of {} as published", subject.model.name));
        let file = weights::gguf_file(scenario)?;
        let folder = match &subject.file {
            Some(_) => weights::parent(&file),
            None => weights::to_fill_in(&format!("folder of {file}")),
        };
        return Ok((None, repository.unwrap_or_else(original), folder));
    }
    match (weights::folder(scenario)?, repository) {
        // Published so: one folder serves both.
        (Some(folder), Some(repository)) if subject.file.is_none() => {
            let own = folder.rsplit('/').next().unwrap_or(&folder).to_owned();
            let mut words = Words::new(&scenario.engine, "huggingface-cli download");
            words.word(repository);
            words.set(Setting::DownloadTo, &format!("./{own}"));
            Ok((Some(words.run()), format!("./{own}"), format!("./{own}")))
        }
        (Some(folder), _) => Ok((None, folder.clone(), folder)),
        (None, _) => {
            let folder = weights::unknown_folder(subject);
            Ok((None, folder.clone(), folder))
        }
    }
}
