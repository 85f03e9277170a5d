//! `assets/files.ron`: files somebody published, by their measured size: dynamic mixes whose recipe is no rule,
//! and files made by another recipe than today's.

use serde::Deserialize;

use super::document::{Refused, check_header, options, shown};
use super::quant_doc::{confidence, refused};
use crate::memory::KvLayout;
use crate::model::Architecture;
use crate::quant::{Confidence, Format, Mix, Quant, Rule, label_bits};
use crate::scenario::{Release, Subject};
use crate::units::{Bytes, parse_bytes};

/// The newest version of this document.
pub const VERSION: u32 = 1;
const FORMAT: &str = "willitrun.files";

/// A published file of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// Catalogue id of the model.
    pub model: String,
    /// Its name among the files of that model: the label, with `@` and where or when where the label is a rule.
    pub id: String,
    /// What its publisher calls it.
    pub label: String,
    /// Its size.
    pub bytes: Bytes,
    /// The size as it was printed: `211.03 GiB`.
    pub printed: String,
    /// Its routed experts, where a log of their tensors was read.
    pub experts: Option<Bytes>,
    /// The format of its embedding, where that is known.
    pub embedding: Option<Format>,
    /// The cache layout it forces: a file with `kv_b` unsplit keeps the expanded one.
    pub layout: Option<KvLayout>,
    /// Who published it.
    pub publisher: String,
    /// When, ISO 8601, possibly only the month or the year; empty where unknown.
    pub date: String,
    /// The repository it is published in; empty where unknown.
    pub repo: String,
    /// The engines that read it, by id; empty where every engine that reads such files does.
    pub engines: Vec<String>,
    /// Where the size was read.
    pub source: String,
    /// How far to trust it.
    pub confidence: Confidence,
    /// What else to know.
    pub note: String,
}

impl Published {
    /// Who, when, how large and where that was read, in one line.
    #[must_use]
    pub fn said(&self) -> String {
        let date = if self.date.is_empty() { String::new() } else { format!(", {}", self.date) };
        let mark = match self.confidence {
            Confidence::Read => String::new(),
            doubt => format!(" ({})", doubt.word()),
        };
        format!("published by {}{date}, {}: {}{mark}", self.publisher, self.printed, self.source)
    }

    /// It as a quant.
    #[must_use]
    pub fn quant(&self) -> Quant {
        let rule = match self.experts {
            Some(experts) => Rule::Parts { file: self.bytes, experts, embedding: self.embedding },
            None => Rule::Sized(self.bytes),
        };
        Quant { id: self.id.clone(), rule, source: self.said() }
    }

    /// The model in this file, with the cache layout the file forces.
    #[must_use]
    pub fn subject(&self, model: &Architecture, experts_used: Option<u64>) -> Subject {
        let subject = Subject::new(model.clone(), self.quant(), experts_used);
        Subject { layout: self.layout, release: Some(self.release()), ..subject }
    }

    /// Where it is published.
    #[must_use]
    pub fn release(&self) -> Release {
        Release { repo: self.repo.clone(), label: self.label.clone(), engines: self.engines.clone() }
    }

    /// Whether it is made for an engine.
    #[must_use]
    pub fn is_for(&self, engine: &str) -> bool {
        self.engines.is_empty() || self.engines.iter().any(|id| id.eq_ignore_ascii_case(engine))
    }

    /// The bits its label promises.
    #[must_use]
    pub fn label_bits(&self) -> Option<u32> {
        label_bits(&self.label)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    files: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    model: String,
    label: String,
    #[serde(default)]
    id: Option<String>,
    size: String,
    publisher: String,
    #[serde(default)]
    date: String,
    #[serde(default)]
    kv_b: Option<String>,
    #[serde(default)]
    experts: Option<String>,
    #[serde(default)]
    embedding: Option<String>,
    #[serde(default)]
    repo: String,
    #[serde(default)]
    engines: Vec<String>,
    source: String,
    confidence: String,
    #[serde(default)]
    note: String,
}

/// Reads the document.
///
/// # Errors
/// Refuses a file without source or publisher, a size that is none, experts larger than the file, a name that is
/// a rule, and one that stands twice for a model.
pub fn read(text: &str) -> Result<Vec<Published>, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, VERSION)?;
    let mut files: Vec<Published> = Vec::with_capacity(document.files.len());
    for row in &document.files {
        let file = published(row)?;
        if files.iter().any(|other| other.model == file.model && other.id.eq_ignore_ascii_case(&file.id)) {
            return Err(refused(&name(row), "id", "it stands twice"));
        }
        files.push(file);
    }
    Ok(files)
}

fn name(row: &Row) -> String {
    format!("{} {}", row.model, row.id.as_ref().unwrap_or(&row.label))
}

fn published(row: &Row) -> Result<Published, Refused> {
    let refuse = |field, why: &str| refused(&name(row), field, why);
    let size = |field, text: &str| parse_bytes(text).map_err(|error| refuse(field, &error.to_string()));
    let id = shown(row.id.as_ref().unwrap_or(&row.label), 60);
    if Mix::parse(&id).is_some() {
        return Err(refuse("id", "this name is a rule: write where or when it comes from after an @"));
    }
    if id.is_empty() || id.contains(char::is_whitespace) {
        return Err(refuse("id", "one word that can be typed"));
    }
    if row.source.is_empty() || row.publisher.is_empty() {
        return Err(refuse("source", "who published it and where that was read"));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_repo =
        |(owner, name): (&str, &str)| [owner, name].iter().all(|part| !part.is_empty() && part.chars().all(plain));
    if !row.repo.is_empty() && !row.repo.split_once('/').is_some_and(is_repo) {
        return Err(refuse("repo", "owner/name, as its publisher spells it"));
    }
    let bytes = size("size", &row.size)?;
    let experts = row.experts.as_deref().map(|text| size("experts", text)).transpose()?;
    if experts.is_some_and(|experts| experts >= bytes) {
        return Err(refuse("experts", "they are larger than the file"));
    }
    let format = |word: &str| Format::parse(word).ok_or_else(|| refuse("embedding", "not a format of llama.cpp"));
    let embedding = row.embedding.as_deref().map(format).transpose()?;
    if embedding.is_some() && experts.is_none() {
        return Err(refuse("embedding", "only beside experts of a known size"));
    }
    let layout = match row.kv_b.as_deref() {
        None => None,
        Some("joined") => Some(KvLayout::Expanded),
        Some(_) => return Err(refuse("kv_b", "joined, or nothing")),
    };
    Ok(Published {
        model: shown(&row.model, 120),
        id,
        label: shown(&row.label, 60),
        bytes,
        printed: shown(&row.size, 40),
        experts,
        embedding,
        layout,
        publisher: shown(&row.publisher, 120),
        date: shown(&row.date, 20),
        repo: shown(&row.repo, 120),
        engines: row.engines.iter().map(|engine| shown(engine, 60)).collect(),
        source: shown(&row.source, 400),
        confidence: confidence(&name(row), &row.confidence)?,
        note: shown(&row.note, 400),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"(format: "willitrun.files", version: 1, files: [
        (model: "m", label: "UD-Q2_K_XL", size: "211.03 GiB", publisher: "p", date: "2025-01", kv_b: "joined",
            experts: "215.7 GB", repo: "p/m-GGUF", engines: ["e"], source: "a log", confidence: "read"),
        (model: "m", label: "Q4_K_M", id: "Q4_K_M@2025-01", size: "404.43 GB", publisher: "p", source: "a list", confidence: "memory"),
    ])"#;

    fn check(from: &str, to: &str, message: &str) {
        let text = SMALL.replacen(from, to, 1);
        assert_ne!(text, SMALL, "{from}");
        let error = read(&text).expect_err(message).to_string();
        assert!(error.contains(message), "'{error}' does not say '{message}'");
    }

    #[test]
    fn a_size_keeps_its_unit() {
        let files = read(SMALL).expect("small");
        assert_eq!(files[0].bytes.in_gb(), "226.6 GB");
        assert_eq!(files[1].bytes.get(), 404_430_000_000);
        assert_eq!(files[0].said(), "published by p, 2025-01, 211.03 GiB: a log");
        assert_eq!(files[1].said(), "published by p, 404.43 GB: a list (from memory)");
        assert_eq!((files[0].label_bits(), files[1].label_bits()), (Some(2), Some(4)));
        assert_eq!(files[0].layout, Some(KvLayout::Expanded));
        assert_eq!((files[0].repo.as_str(), files[0].engines.as_slice()), ("p/m-GGUF", &["e".to_owned()][..]));
        assert!(files[1].repo.is_empty() && files[1].engines.is_empty());
    }

    #[test]
    fn what_is_no_published_file_is_refused() {
        check("id: \"Q4_K_M@2025-01\"", "id: \"q4_k_m\"", "m q4_k_m: id: this name is a rule");
        check("id: \"Q4_K_M@2025-01\"", "id: \"ud-q2_k_xl\"", "it stands twice");
        check("id: \"Q4_K_M@2025-01\"", "id: \"Q4 old\"", "one word");
        check("211.03 GiB", "211.03 GiBit", "m UD-Q2_K_XL: size:");
        check("215.7 GB", "240 GB", "larger than the file");
        check("experts: \"215.7 GB\"", "embedding: \"Q4_K\"", "only beside experts");
        check("experts: \"215.7 GB\"", "experts: \"215.7 GB\", embedding: \"Q4\"", "embedding: not a format");
        check("a log", "", "where that was read");
        check("p/m-GGUF", "p/m GGUF", "repo: owner/name");
        check("joined", "split", "kv_b: joined, or nothing");
        check("\"memory\"", "\"sure\"", "confidence: read, inferred or memory");
        check("version: 1", "version: 2", "needs a newer app");
    }
}
