//! The folder of Ollama: manifests by name, and the blobs they name.

use std::fs;
use std::io::Read;
use std::path::Path;

use crate::formats::ollama_manifest::{self, Digest, Layer, MOST_BYTES, Weights};
use crate::formats::text::{clean_name, quoted};
use crate::hardware::Finding;
use crate::units::Bytes;

use super::open::regular;
use super::scan::Gathered;
use super::walk::{Cancelled, Entry, Id, Scope, Walk, shown};
use super::{Content, Found, Program};

/// The registry and the owner that are not written in a name.
const USUAL: [&str; 2] = ["registry.ollama.ai", "library"];

/// Adds the models of the folder.
pub(super) fn gather(folder: &Path, walk: &mut Walk<'_>, all: &mut Gathered) -> Result<(), Cancelled> {
    let (manifests, blobs) = (folder.join("manifests"), folder.join("blobs"));
    let every = Scope { enter: &|_, _| true, wanted: &|name| !name.starts_with('.'), within: None };
    for entry in walk.files(&manifests, &every)? {
        walk.pause(folder)?;
        let name = name(&manifests, &entry.path);
        let manifest = match text(&entry).and_then(|text| ollama_manifest::read(&text)) {
            Ok(manifest) => manifest,
            Err(why) => {
                let what = format!("The manifest {} was passed over: {why}.", shown(&entry.path));
                walk.findings.push(Finding::warning(what, format!("Pull {} again.", quoted(&name))));
                continue;
            }
        };
        match &manifest.weights {
            Weights::Gguf(layer) => add(&blobs, layer, &name, None, walk, all),
            Weights::Tensors(bytes) => {
                let why = "Ollama keeps this model tensor by tensor, in files that are not read here.".to_owned();
                all.list(walk, found(&entry.path, name.clone(), *bytes, Content::Unread(why)));
            }
            Weights::Elsewhere => {}
        }
        for layer in &manifest.projectors {
            add(&blobs, layer, &format!("{name} (vision)"), Some(Content::Vision), walk, all);
        }
    }
    let partial = |name: &str| download(name).is_some();
    for entry in walk.files(&blobs, &Scope { enter: &|_, _| false, wanted: &partial, within: None })? {
        let why = "This download has not finished: pull the model again, or let Ollama clean it up.".to_owned();
        let name = format!("download {}…", entry.name.chars().skip("sha256-".len()).take(12).collect::<String>());
        all.list(walk, found(&entry.path, name, Bytes::new(entry.bytes), Content::Incomplete(why)));
    }
    Ok(())
}

/// Adds the file of a layer, once.
fn add(blobs: &Path, layer: &Layer, name: &str, known: Option<Content>, walk: &mut Walk<'_>, all: &mut Gathered) {
    let path = blobs.join(layer.digest.file_name());
    let metadata = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => metadata,
        _ => {
            let why = format!("Its weights are not there: pull {} again.", quoted(name));
            all.list(walk, found(&path, name.to_owned(), Bytes::ZERO, Content::Incomplete(why)));
            return;
        }
    };
    if !all.is_new(Id::of(&path, &metadata)) {
        return;
    }
    let bytes = Bytes::new(metadata.len());
    let content = if bytes == layer.size {
        known.unwrap_or_else(|| super::scan::content(&path, name))
    } else {
        Content::Incomplete(format!(
            "The file is {} and should be {}: pull {} again.",
            bytes.in_gb(),
            layer.size.in_gb(),
            quoted(name)
        ))
    };
    all.list(walk, found(&path, name.to_owned(), bytes, content));
}

fn found(path: &Path, name: String, bytes: Bytes, content: Content) -> Found {
    Found { name, path: path.to_owned(), files: 1, bytes, program: Program::Ollama, content }
}

/// The digest of a blob that is still being fetched: `sha256-HEX-partial`. Its numbered pieces are not counted.
fn download(name: &str) -> Option<Digest> {
    let digest = name.strip_suffix("-partial")?.strip_prefix("sha256-")?;
    Digest::parse(&format!("sha256:{digest}"))
}

/// `model:tag`, with owner and registry before it where they are not the usual ones.
fn name(manifests: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(manifests).unwrap_or(path);
    let parts: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let plain = match &parts[..] {
        [host, owner, model, tag] if [host, owner] == USUAL => format!("{model}:{tag}"),
        [host, owner, model, tag] if host == USUAL[0] => format!("{owner}/{model}:{tag}"),
        [front @ .., tag] => format!("{}:{tag}", front.join("/")),
        [] => String::new(),
    };
    clean_name(&plain)
}

fn text(entry: &Entry) -> Result<String, String> {
    let (file, _) = regular(&entry.path).map_err(|error| error.why)?;
    let mut text = String::new();
    let most = MOST_BYTES as u64 + 1;
    file.take(most).read_to_string(&mut text).map_err(|error| format!("it cannot be read as text: {error}"))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_people_pull() {
        let check = |path: &str, expected: &str| assert_eq!(name(Path::new("/m"), Path::new(path)), expected);
        check("/m/registry.ollama.ai/library/llama3.1/8b", "llama3.1:8b");
        check("/m/registry.ollama.ai/eva/mistral/latest", "eva/mistral:latest");
        check("/m/hf.co/bartowski/Qwen3-GGUF/Q4_K_M", "hf.co/bartowski/Qwen3-GGUF:Q4_K_M");
        check("/m/stray", ":stray");
    }
}
