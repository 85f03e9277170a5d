//! Which model and quant a test ran.

use std::sync::Arc;

use crate::formats::llama_bench::{Test, mix_of};
use crate::formats::text::quoted;
use crate::hardware::{Backend, BenchRun, Machine, Setup, Source, Work};
use crate::model::Architecture;
use crate::scenario::Subject;
use crate::units::{Bytes, Params};

use super::alike::{gpus, plain};
use super::{Catalog, Known, by_rule, is_near};

/// Two counts of one model's weights differ by no more: engines count small tensors differently.
const SAME_MODEL: f64 = 0.003;
/// The most names listed.
const MOST_NAMES: usize = 5;

/// A model and a quant.
pub(super) struct Match {
    key: (String, String, Bytes, Params),
    subject: Arc<Subject>,
    model: String,
    quant: String,
    /// What was decided, where it could have been otherwise.
    pub note: Option<String>,
}

fn key(test: &Test) -> (String, String, Bytes, Params) {
    (test.model_type.clone(), test.file_name.clone(), test.bytes, test.params)
}

impl Match {
    /// Whether it was found for a test of the same file.
    pub fn is_for(&self, test: &Test) -> bool {
        self.key == key(test)
    }

    /// What ran.
    pub fn subject(&self) -> Arc<Subject> {
        self.subject.clone()
    }

    /// Looks a test's model up.
    ///
    /// # Errors
    /// Why it is none, or could be several.
    pub fn find(catalog: &Catalog, test: &Test, known: Known<'_>) -> Result<Self, String> {
        let fits = |model: &&Arc<Architecture>| {
            let (own, seen) = (model.params().as_f64(), test.params.as_f64());
            model.gguf == test.architecture && (own - seen).abs() <= SAME_MODEL * own.max(seen)
        };
        let all: Vec<&Arc<Architecture>> = known.models.iter().chain(&catalog.models).filter(fits).collect();
        if all.is_empty() {
            return Self::of_file(test, known);
        }
        let (model, note) = one_of(&all, test)?;
        let (quant, subject) = quant(catalog, model, test);
        Ok(Self { key: key(test), subject: Arc::new(subject), model: model.id.clone(), quant, note })
    }

    /// The file itself, where it was found on this disk.
    fn of_file(test: &Test, known: Known<'_>) -> Result<Self, String> {
        let is_it = |subject: &&Arc<Subject>| {
            let path = subject.file.as_ref().map(|file| file.path.as_str()).unwrap_or_default();
            let name = path.rsplit(['/', '\\']).next();
            name == Some(test.file_name.as_str()) && is_near(subject.weights.file, test.bytes)
        };
        let subject = known.files.iter().find(is_it).filter(|_| !test.file_name.is_empty()).ok_or_else(|| {
            format!(
                "no model of architecture {} with {} weights is known: open its file, or keep its shape among yours",
                quoted(&test.architecture),
                test.params
            )
        })?;
        let note = format!("{} is known by its file alone.", subject.model.name);
        Ok(Self {
            key: key(test),
            subject: subject.clone(),
            model: subject.model.id.clone(),
            quant: subject.quant.id.clone(),
            note: Some(note),
        })
    }

    /// The test as a measurement of a machine.
    ///
    /// # Errors
    /// Why it is none.
    pub fn run(&self, test: &Test, machine: &Machine) -> Result<BenchRun, String> {
        let work = test.work.ok_or("it times a prompt and its answer in one, or an embedding")?;
        let built = test.backend.clone()?;
        if !test.odd.is_empty() {
            return Err(test.odd.clone());
        }
        let backend = if test.setup.gpu_layers == Some(0) { Backend::Cpu } else { built };
        let setup = setup(test, work, (built, backend), machine)?;
        let mut conditions = Vec::new();
        if test.threads > 0 {
            conditions.push(format!("{} threads", test.threads));
        }
        conditions.extend(test.gpus.iter().filter(|_| backend != Backend::Cpu).cloned());
        Ok(BenchRun {
            source: Source::Measured,
            engine: test.fork.engine().to_owned(),
            backend,
            model: self.model.clone(),
            quant: self.quant.clone(),
            params: test.params,
            file: test.bytes,
            work,
            tokens: test.tokens,
            depth: test.depth,
            rate: test.rate,
            spread: test.spread,
            repeats: test.repeats,
            predicted: None,
            setup,
            build: test.build.clone(),
            date: test.date.clone(),
            conditions: conditions.join(", "),
            compared: None,
        })
    }
}

/// How it was run, as far as this machine is concerned.
fn setup(test: &Test, work: Work, (built, backend): (Backend, Backend), machine: &Machine) -> Result<Setup, String> {
    let setup = test.setup.clone();
    let places = gpus(test, backend, machine)?;
    if backend == Backend::Cpu {
        if work == Work::Prompt && built != Backend::Cpu {
            return Err(format!("a build for {} hands parts of a prompt to the GPU all the same", built.title()));
        }
        let cores = u64::from(machine.cpu.cores);
        if test.threads > 0 && test.threads * 2 < cores {
            return Err(format!("it ran on {} threads of {cores} cores", test.threads));
        }
        return Ok(Setup { gpu_layers: None, cpu_expert_layers: 0, tensor_split: Vec::new(), ..setup });
    }
    let own = machine.gpus().count();
    if setup.tensor_split.len() > own {
        return Err(format!("it was shared among {} GPUs, and this machine has {own}", setup.tensor_split.len()));
    }
    if !places.is_empty() && places.len() < own && setup.tensor_split.is_empty() {
        let tensor_split = (0..own).map(|place| if places.contains(&place) { 1.0 } else { 0.0 }).collect();
        return Ok(Setup { tensor_split, ..setup });
    }
    Ok(setup)
}

/// The one model of several that the name of the file tells; where it tells none, any of one shape, and that is said.
fn one_of<'a>(all: &[&'a Arc<Architecture>], test: &Test) -> Result<(&'a Arc<Architecture>, Option<String>), String> {
    let [first, rest @ ..] = all else { return Err("no model fits".to_owned()) };
    if rest.is_empty() {
        return Ok((first, None));
    }
    let file = plain(&test.file_name);
    let named = |model: &Architecture| {
        let names = [plain(&model.id), plain(&model.name)];
        names.iter().filter(|name| file.contains(name.as_str())).map(String::len).max().unwrap_or(0)
    };
    let most = all.iter().map(|model| named(model)).max().unwrap_or(0);
    let best: Vec<&&Arc<Architecture>> = all.iter().filter(|model| most > 0 && named(model) == most).collect();
    if let [one] = best.as_slice() {
        return Ok((one, None));
    }
    let list = |models: &[&Arc<Architecture>]| {
        let mut ids: Vec<&str> = models.iter().take(MOST_NAMES).map(|model| model.id.as_str()).collect();
        if models.len() > MOST_NAMES {
            ids.push("others");
        }
        ids.join(", ")
    };
    let shape = |model: &Architecture| (model.hidden, model.vocab, model.layers.clone());
    if rest.iter().all(|model| shape(model) == shape(first)) {
        let note = format!("Its name tells no model; taken as {}, of the same shape as {}.", first.id, list(rest));
        return Ok((first, Some(note)));
    }
    Err(format!("it could be {}: name the file after its model", list(all)))
}

/// The quant by the type the engine names and the size of the file.
fn quant(catalog: &Catalog, model: &Architecture, test: &Test) -> (String, Subject) {
    let mix = mix_of(&test.model_type);
    if let Some((mix, subject)) = mix.and_then(|mix| Some((mix, by_rule(model, mix, test.bytes)?))) {
        return (mix.name().to_owned(), subject);
    }
    let named = in_name(&test.file_name);
    let off = |bytes: Bytes| (bytes.as_f64() - test.bytes.as_f64()).abs();
    let published = catalog
        .published_of(&model.id)
        .filter(|row| is_near(row.bytes, test.bytes))
        .filter(|row| named.as_ref().is_none_or(|named| row.label.eq_ignore_ascii_case(named)))
        .min_by(|a, b| off(a.bytes).total_cmp(&off(b.bytes)));
    if let Some(published) = published {
        return (published.id.clone(), published.subject(model, None));
    }
    let label = || test.model_type.split(' ').nth(2).unwrap_or("unknown").to_owned();
    let name = named.or_else(|| mix.map(|mix| mix.name().to_owned())).unwrap_or_else(label);
    let subject = catalog.subject_of(model, &name, test.bytes);
    (name, subject)
}

/// The quant in the name of a file: `Qwen3-8B-UD-Q4_K_XL.gguf`, also of several parts.
fn in_name(file: &str) -> Option<String> {
    let stem = file.strip_suffix(".gguf").unwrap_or(file);
    let stem = stem.split("-00001-of-").next().unwrap_or(stem);
    let parts: Vec<&str> = stem.split(['-', '.']).collect();
    let is_quant = |part: &str| {
        let rest = part.trim_start_matches(['I', 'i', 'T', 't']);
        rest.strip_prefix(['Q', 'q'])
            .is_some_and(|rest| rest.len() > 1 && rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let at = parts.iter().rposition(|part| is_quant(part))?;
    let dynamic = at > 0 && parts[at - 1].eq_ignore_ascii_case("UD");
    Some(format!("{}{}", if dynamic { "UD-" } else { "" }, parts[at].to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::in_name;

    #[test]
    fn the_name_of_a_file_ends_in_its_quant() {
        for (file, quant) in [
            ("Qwen3-8B-UD-Q4_K_XL.gguf", Some("UD-Q4_K_XL")),
            ("DeepSeek-R1-Q4_K_M-00001-of-00011.gguf", Some("Q4_K_M")),
            ("Qwen3.6-35B-A3B-Q4_K_M.gguf", Some("Q4_K_M")),
            ("model.iq4_xs.gguf", Some("IQ4_XS")),
            ("Qwen3-8B.gguf", None),
            ("", None),
        ] {
            assert_eq!(in_name(file).as_deref(), quant, "{file}");
        }
    }
}
