//! Which files belong together: a model in one file, in several, a folder of safetensors, a download under way.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::formats::gguf::SplitName;

use super::walk::Entry;

/// Files that are one model.
#[derive(Debug)]
pub(super) enum Unit {
    /// A GGUF file, or the parts of one in order, all of them there.
    Gguf(Vec<Entry>),
    /// Some parts of a model: those that are there, and the sentence about the others.
    Parts(Vec<Entry>, String),
    /// A folder of safetensors.
    Folder(PathBuf, Vec<Entry>),
    /// A download that has not finished.
    Download(Entry),
}

/// Endings of downloads under way: LM Studio `.part`, the Hugging Face hub `.incomplete`, llama.cpp
/// `.downloadInProgress`, browsers `.part` and `.crdownload`, others `.partial`.
const UNFINISHED: [&str; 5] = [".part", ".partial", ".incomplete", ".downloadinprogress", ".crdownload"];
/// How `GPT4All` begins the name of a download under way (gpt4all-chat/src/modellist.cpp, `incompleteDownloadPath`).
const BEGUN: &str = "incomplete-";

/// Whether a name is that of a file a search wants.
pub(super) fn is_wanted(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_model(&name) || name == "config.json" || is_unfinished(&name)
}

/// Whether a name in lower case is that of a file with tensors.
fn is_model(name: &str) -> bool {
    [".gguf", ".safetensors"].iter().any(|end| name.ends_with(end))
}

/// Whether a name in lower case is that of a download under way.
fn is_unfinished(name: &str) -> bool {
    let end = UNFINISHED.iter().find_map(|end| name.strip_suffix(end));
    // The hub names a blob by its hash alone.
    let hash = |stem: &str| stem.len() >= 40 && stem.bytes().all(|b| b.is_ascii_hexdigit() || b == b'.');
    end.is_some_and(|stem| is_model(stem) || hash(stem)) || name.starts_with(BEGUN) && is_model(name)
}

/// Puts files together. `entries` are sorted by path.
pub(super) fn units(entries: Vec<Entry>) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut split: BTreeMap<(PathBuf, String, u32), Vec<Entry>> = BTreeMap::new();
    let mut folders: BTreeMap<PathBuf, (bool, Vec<Entry>)> = BTreeMap::new();
    for entry in entries {
        let name = entry.name.to_ascii_lowercase();
        let folder = entry.path.parent().map(PathBuf::from).unwrap_or_default();
        if is_unfinished(&name) {
            units.push(Unit::Download(entry));
        } else if name == "config.json" {
            folders.entry(folder).or_default().0 = true;
        } else if name.ends_with(".safetensors") {
            folders.entry(folder).or_default().1.push(entry);
        } else if let Some(part) = SplitName::parse(&entry.name) {
            split.entry((folder, part.stem().to_owned(), part.count())).or_default().push(entry);
        } else {
            units.push(Unit::Gguf(vec![entry]));
        }
    }
    for ((_, _, count), parts) in split {
        let there = parts.iter().filter_map(|entry| SplitName::parse(&entry.name)).map(|name| name.part());
        units.push(match missing(there, count) {
            None => Unit::Gguf(parts),
            Some(said) => Unit::Parts(parts, said),
        });
    }
    for (folder, (described, files)) in folders {
        if !described || files.is_empty() {
            continue;
        }
        let parts = files.iter().filter_map(|entry| {
            let stem = entry.name.strip_suffix(".safetensors")?;
            SplitName::parse(&format!("{stem}.gguf"))
        });
        let parts: Vec<SplitName> = parts.collect();
        let lacking = parts.first().and_then(|first| {
            let own = parts.iter().filter(|part| part.stem() == first.stem() && part.count() == first.count());
            missing(own.map(SplitName::part), first.count())
        });
        units.push(match lacking {
            Some(said) => Unit::Parts(files, said),
            None => Unit::Folder(folder, files),
        });
    }
    units
}

/// Which parts are not there, in a sentence.
fn missing(there: impl Iterator<Item = u32>, count: u32) -> Option<String> {
    let there: std::collections::BTreeSet<u32> = there.collect();
    let missing: Vec<String> = (1..=count).filter(|part| !there.contains(part)).map(|part| part.to_string()).collect();
    let which = match &missing[..] {
        [] => return None,
        [one] => format!("Part {one} of {count} is not there"),
        [first @ .., last] if first.len() < 5 => {
            format!("Parts {} and {last} of {count} are not there", first.join(", "))
        }
        many => format!("{} of {count} parts are not there, the first is {}", many.len(), many[0]),
    };
    Some(format!("{which}: download the rest, or delete the files."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_parts_are_named() {
        let check = |there: &[u32], count, expected: Option<&str>| {
            let said = missing(there.iter().copied(), count);
            assert_eq!(said.as_deref().map(|said| said.split(':').next().unwrap_or_default()), expected);
        };
        check(&[1, 2, 3], 3, None);
        check(&[1, 3], 3, Some("Part 2 of 3 is not there"));
        check(&[2], 4, Some("Parts 1, 3 and 4 of 4 are not there"));
        check(&[2], 1000, Some("999 of 1000 parts are not there, the first is 1"));
    }

    #[test]
    fn downloads_are_told_by_their_names() {
        for name in [
            "m.gguf.part",
            "downloading_m.gguf.part",
            "m.gguf.downloadInProgress",
            "model-00001-of-00004.safetensors.part",
            "incomplete-m.gguf",
            "0123456789abcdef0123456789abcdef01234567.incomplete",
        ] {
            assert!(is_unfinished(&name.to_ascii_lowercase()) && is_wanted(name), "{name}");
        }
        for name in ["m.gguf", "film.mkv.part", "notes.incomplete", "m.gguf.txt", "incomplete-notes.txt", ""] {
            assert!(!is_unfinished(name), "{name}");
        }
    }
}
