//! How a command names the weights: the file that is there, the repository that is known, else a name to fill in.

use crate::placement::Setting;
use crate::scenario::{Scenario, Subject};

use super::shell::Unwritable;

/// The weights of a GGUF file, for an option that takes a file and one that takes a repository.
pub(super) enum Gguf {
    /// A file, or the name a converter would give it.
    File(String),
    /// A repository and what the file is called there.
    Published(String),
}

/// A GGUF file: where it lies, else where it is published and the engine fetches it, else a name such as a converter
/// would give.
pub(super) fn gguf(scenario: &Scenario) -> Result<Gguf, Unwritable> {
    if let Some(path) = local(&scenario.subject)? {
        return Ok(Gguf::File(path));
    }
    Ok(match published(&scenario.subject) {
        Some(published) => Gguf::Published(published),
        None => Gguf::File(file_name(&scenario.subject)),
    })
}

/// A GGUF file for an engine that fetches nothing.
pub(super) fn gguf_file(scenario: &Scenario) -> Result<String, Unwritable> {
    Ok(local(&scenario.subject)?.unwrap_or_else(|| file_name(&scenario.subject)))
}

/// A plain file name marked as a path.
pub(super) fn as_path(file: &str) -> String {
    if file.contains(['/', '\\']) { file.to_owned() } else { format!("./{file}") }
}

/// The folder of weights that are no GGUF: where it lies, the repository it was published in, or a name to fill in.
pub(super) fn folder(scenario: &Scenario) -> Result<Option<String>, Unwritable> {
    let subject = &scenario.subject;
    if let Some(path) = local(subject)? {
        let is_file = [".safetensors", ".json"].iter().any(|end| path.to_ascii_lowercase().ends_with(end));
        return Ok(Some(if is_file { parent(&path) } else { path }));
    }
    let native = subject.quant.as_layout().is_some_and(|layout| layout.is_native_of(&subject.model.id));
    Ok(repository(scenario).filter(|_| native))
}

/// The folder a path lies in.
pub(super) fn parent(path: &str) -> String {
    match path.rfind(['/', '\\']) {
        Some(0) => "/".to_owned(),
        Some(end) => path[..end].to_owned(),
        None => ".".to_owned(),
    }
}

/// What stands where a name has to be filled in.
pub(super) fn to_fill_in(what: &str) -> String {
    format!("<{what}>")
}

/// The name of such a folder, to fill in.
pub(super) fn unknown_folder(subject: &Subject) -> String {
    to_fill_in(&format!("folder of {} {}", subject.model.name, subject.quant.id))
}

/// The repository of the model, where it is known.
pub(super) fn repository(scenario: &Scenario) -> Option<String> {
    let repository = &scenario.subject.model.facts.repo;
    (!repository.is_empty()).then(|| repository.clone())
}

/// One word from the model and its quant.
pub(super) fn name(subject: &Subject) -> String {
    let word = |text: &str| text.split_whitespace().collect::<Vec<_>>().join("-");
    format!("{}-{}", word(&subject.model.name), word(&subject.quant.id))
}

/// Tokens of context one sequence has.
pub(super) fn each_sequence(scenario: &Scenario) -> u64 {
    (scenario.run.context.get() / scenario.run.streams()).max(1)
}

fn file_name(subject: &Subject) -> String {
    // What stands behind an @ tells two files of one label apart.
    let name = name(subject);
    format!("{}.gguf", name.split('@').next().unwrap_or(&name))
}

/// `owner/name:label`, where the file is one the catalogue knows.
fn published(subject: &Subject) -> Option<String> {
    let release = subject.release.as_ref().filter(|release| !release.repo.is_empty())?;
    Some(format!("{}:{}", release.repo, release.label))
}

/// Where the model lies on this disk. A name that begins like an option is marked as a path.
fn local(subject: &Subject) -> Result<Option<String>, Unwritable> {
    let Some(file) = &subject.file else { return Ok(None) };
    let path = file.exact.as_ref().ok_or_else(|| Unwritable::NotText(file.path.clone()))?;
    Ok(Some(if path.starts_with('-') { format!("./{path}") } else { path.clone() }))
}

/// Whether the engine fetches a file by its repository.
pub(super) fn fetches(scenario: &Scenario) -> bool {
    scenario.engine.flag(Setting::Repository).is_some()
}
