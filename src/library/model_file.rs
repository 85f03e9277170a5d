//! Opening whatever a model comes as: GGUF, safetensors, a `config.json`, an index, or a folder of them.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::open::{LibraryError, open_gguf, refused, regular};
use crate::formats::gguf_model::GgufModel;
use crate::formats::hf_config::{self, HfConfig};
use crate::formats::safetensors::{self, Header, Index, MOST_INDEX, SafetensorsModel};
use crate::formats::text::quoted;
use crate::hardware::Finding;
use crate::units::{Bytes, grouped};

/// A model as it was found.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelFile {
    /// GGUF files.
    Gguf(Box<GgufModel>),
    /// Safetensors files, with the shape their `config.json` tells.
    Safetensors(Box<SafetensorsModel>),
    /// A `config.json` without its weights; an index beside it may say how large they are.
    Config(Box<HfConfig>, Option<Bytes>),
}

const CONFIG: &str = "config.json";
const QUANT: &str = "hf_quant_config.json";
const INDEX: &str = "model.safetensors.index.json";
const WHOLE: &str = "model.safetensors";
/// The most tensors in all files of a model.
const MOST_TENSORS: usize = 2_000_000;

/// Opens a model: a `.gguf`, a `.safetensors`, a `config.json`, an index, or the folder that holds them. What it
/// is follows from what is in it.
///
/// # Errors
/// The file and the reason: not there, no regular file, cut short, of no known kind.
pub fn open_model(path: &Path) -> Result<ModelFile, LibraryError> {
    let about = fs::metadata(path).map_err(|error| refused(path, format!("it cannot be opened: {error}")))?;
    if about.is_dir() {
        return open_folder(path);
    }
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gguf")) {
        return open_gguf(path).map(|model| ModelFile::Gguf(Box::new(model)));
    }
    let (mut file, length) = regular(path)?;
    let mut first = Vec::new();
    (&mut file).take(9).read_to_end(&mut first).map_err(|error| unread(path, &error))?;
    match (first.as_slice(), first.first_chunk::<8>()) {
        ([b'G', b'G', b'U', b'F', ..], _) => open_gguf(path).map(|model| ModelFile::Gguf(Box::new(model))),
        ([b'{' | b' ' | b'\n' | b'\r' | b'\t' | 0xef, ..], _) if is_json(path, &first) => open_json(path),
        ([.., b'{'], Some(_)) => open_safetensors(path),
        (_, Some(start)) if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("safetensors")) => {
            Err(match safetensors::header_end(*start, length) {
                Err(why) => refused(path, why.to_string()),
                Ok(_) => refused(path, "its header is no JSON: this is no safetensors file".to_owned()),
            })
        }
        _ => Err(refused(
            path,
            "it is no model file of a kind known here: .gguf, .safetensors, config.json or .ron".to_owned(),
        )),
    }
}

/// Whether a file that begins like JSON is one: a safetensors header may be as long as a space is in numbers.
fn is_json(path: &Path, first: &[u8]) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) || !matches!(first, [.., 0, 0, 0, _])
}

/// A folder: its index, its one file, or its `config.json` alone.
fn open_folder(folder: &Path) -> Result<ModelFile, LibraryError> {
    for (name, open) in [(INDEX, open_json as fn(&Path) -> _), (WHOLE, open_safetensors), (CONFIG, open_json)] {
        let path = folder.join(name);
        if fs::symlink_metadata(&path).is_ok() {
            return open(&path);
        }
    }
    Err(refused(folder, format!("the folder holds no {CONFIG}, {WHOLE} or {INDEX}: name a .gguf file itself")))
}

/// A JSON file: an index by its `weight_map`, else a `config.json`.
fn open_json(path: &Path) -> Result<ModelFile, LibraryError> {
    let text = text(path, MOST_INDEX)?;
    if text.contains("\"weight_map\"") {
        let index = safetensors::parse_index(&text).map_err(|why| refused(path, why.to_string()))?;
        return open_parts(path, &index);
    }
    let config = hf_config::parse(&text).map_err(|why| refused(path, why.to_string()))?;
    let config = with_quant(config, path);
    Ok(ModelFile::Config(Box::new(config.named(&name_of(path))), None))
}

/// One safetensors file: through the index that lists it, if there is one.
fn open_safetensors(path: &Path) -> Result<ModelFile, LibraryError> {
    let index = path.with_file_name(INDEX);
    if fs::symlink_metadata(&index).is_ok() {
        let read =
            safetensors::parse_index(&text(&index, MOST_INDEX)?).map_err(|why| refused(&index, why.to_string()))?;
        if path.file_name().and_then(|name| name.to_str()).is_some_and(|own| read.parts.iter().any(|part| part == own))
        {
            return open_parts(&index, &read);
        }
    }
    if let Some(count) = path.file_stem().and_then(|stem| stem.to_str()).and_then(parts_in) {
        let why = format!("it is one of {count} files, and {INDEX}, which lists them, is not beside it");
        return Err(refused(path, why));
    }
    let model = SafetensorsModel::new(vec![header(path)?], config_beside(path)).map_err(|why| refused(path, why))?;
    Ok(ModelFile::Safetensors(Box::new(model)))
}

/// How many parts a name such as `model-00001-of-00004` speaks of, if more than one.
fn parts_in(stem: &str) -> Option<u32> {
    let (before, count) = stem.rsplit_once("-of-")?;
    let (_, number) = before.rsplit_once('-')?;
    number.parse::<u32>().ok()?;
    count.parse().ok().filter(|count| *count > 1)
}

/// All files of an index. With none of them there, the index still says how large they are together.
fn open_parts(index_path: &Path, index: &Index) -> Result<ModelFile, LibraryError> {
    let config = config_beside(index_path);
    let paths: Vec<PathBuf> = index.parts.iter().map(|part| index_path.with_file_name(part)).collect();
    if paths.iter().all(|path| fs::symlink_metadata(path).is_err()) {
        return match (config, index.total) {
            (Ok(mut config), Some(total)) => {
                config.findings.push(Finding::note(
                    format!("The files of this model are not here; its index says they take {}.", total.in_gb()),
                    "These bytes are spread over its tensors as in the nearest GGUF file.",
                ));
                Ok(ModelFile::Config(Box::new(config), Some(total)))
            }
            (Err(why), _) => Err(refused(index_path, format!("none of its files are here, and {why}"))),
            (Ok(_), None) => {
                Err(refused(index_path, "none of its files are here, and it has no total_size".to_owned()))
            }
        };
    }
    let count = paths.len();
    let (mut headers, mut held) = (Vec::with_capacity(count), 0);
    for (at, path) in paths.iter().enumerate() {
        let read = header(path)
            .map_err(|error| LibraryError { why: format!("file {} of {count}: {}", at + 1, error.why), ..error })?;
        held += read.tensors.len();
        if held > MOST_TENSORS {
            return Err(refused(path, format!("more than {} tensors", grouped(MOST_TENSORS as u64))));
        }
        headers.push(read);
    }
    let model = SafetensorsModel::new(headers, config).map_err(|why| refused(index_path, why))?;
    Ok(ModelFile::Safetensors(Box::new(model.checked_by(index, held))))
}

/// What the `config.json` beside a file says, or why that cannot be told.
fn config_beside(path: &Path) -> Result<HfConfig, String> {
    let beside = path.with_file_name(CONFIG);
    if fs::symlink_metadata(&beside).is_err() {
        return Err(format!("there is no {CONFIG} beside it"));
    }
    let text = text(&beside, hf_config::MOST_BYTES).map_err(|error| error.to_string())?;
    let config = hf_config::parse(&text).map_err(|why| format!("{CONFIG}, {why}"))?;
    Ok(with_quant(config, &beside).named(&name_of(path)))
}

/// `ModelOpt` may write its quantization into a file of its own.
fn with_quant(mut config: HfConfig, path: &Path) -> HfConfig {
    let beside = path.with_file_name(QUANT);
    if config.quant.is_some() || path.file_name().is_none_or(|name| name != CONFIG) || !beside.is_file() {
        return config;
    }
    let read = text(&beside, hf_config::MOST_BYTES).map_err(|error| error.why);
    match read.and_then(|text| hf_config::parse_quant(&text).map_err(|why| why.to_string())) {
        Ok(quant) => config.quant = Some(quant),
        Err(why) => config.findings.push(Finding::warning(format!("{QUANT} cannot be read: {why}."), "")),
    }
    config
}

/// What to call the model of a file: its folder where the file has a name that many have.
fn name_of(path: &Path) -> String {
    let name = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let usual = path.file_name().is_some_and(|name| name == CONFIG || name == WHOLE || name == INDEX);
    if !usual {
        return name(path);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(folder) = fs::canonicalize(folder) else { return String::new() };
    // The cache of the hub keeps a model under `models--OWNER--NAME/snapshots/REVISION`.
    match folder.parent().filter(|above| above.file_name().is_some_and(|name| name == "snapshots")) {
        Some(above) => above.parent().map(name).and_then(|whole| Some(whole.rsplit_once("--")?.1.to_owned())),
        None => folder.file_name().map(|name| name.to_string_lossy().into_owned()),
    }
    .unwrap_or_default()
}

/// The header of one safetensors file; its data are left unread.
fn header(path: &Path) -> Result<Header, LibraryError> {
    let (mut file, length) = regular(path)?;
    let mut bytes = Vec::new();
    (&mut file).take(8).read_to_end(&mut bytes).map_err(|error| unread(path, &error))?;
    if let Some(first) = bytes.first_chunk::<8>() {
        let end = safetensors::header_end(*first, length).map_err(|why| refused(path, why.to_string()))?;
        (&mut file).take(end - 8).read_to_end(&mut bytes).map_err(|error| unread(path, &error))?;
    }
    safetensors::parse_header(&bytes, length).map_err(|why| refused(path, why.to_string()))
}

/// The text of a regular file of at most so many bytes.
fn text(path: &Path, most: usize) -> Result<String, LibraryError> {
    let (file, length) = regular(path)?;
    if length > most as u64 {
        return Err(refused(path, format!("it is larger than {} MiB: it is no file of this kind", most >> 20)));
    }
    let mut bytes = Vec::new();
    file.take(most as u64).read_to_end(&mut bytes).map_err(|error| unread(path, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[at.saturating_sub(20)..at]).into_owned();
        refused(path, format!("it is no text at byte {}, after {}", grouped(at as u64), quoted(&before)))
    })
}

fn unread(path: &Path, error: &std::io::Error) -> LibraryError {
    refused(path, format!("it cannot be read: {error}"))
}
