//! A model document under the hand of its user: every field as text, by path, until it is a model again.
//!
//! Invariant: a text that is no value of its field is refused and changes nothing; a draft that contradicts
//! itself builds no model and says which field is to blame.

mod text;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use self::text::{MOST_NUMBERS, parsed, written};
use super::fields::{self, Group, Kind, Scope, Spec};
use super::schema::Model;
use super::{read, write};
use crate::formats::document::Refused;
use crate::model::{Architecture, Confidence, Invalid};

const TYPED: &str = "typed by you";
const TYPED_ELSEWHERE: &str = "typed by its author";

/// A model document being edited.
///
/// ```
/// use willitrun::catalog::Catalog;
/// use willitrun::formats::model_doc::Draft;
/// let model = Catalog::builtin().model("llama-3.1-8b").expect("a preset");
/// let mut draft = Draft::of(model);
/// draft.set("attention/kv_heads", "5").expect("a number");
/// let fault = draft.build().expect_err("5 does not divide 32");
/// assert_eq!(fault.path, "attention/kv_heads");
/// draft.set("attention/kv_heads", "4").expect("a number");
/// assert!(draft.build().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    entry: Value,
}

/// A part of the document: a card of the editor.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its path: empty, `attention`, `stack/3/moe`.
    pub path: String,
    /// For people.
    pub title: String,
    /// Whether it can be taken out.
    pub optional: bool,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A field of a draft.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Where it stands: `layers`, `attention/kv_heads`, `stack/3/dense`.
    pub path: String,
    /// For people.
    pub label: &'static str,
    /// What it means, in a sentence.
    pub help: &'static str,
    /// How its text is read.
    pub kind: Kind,
    /// Its value as text; empty where nothing is written.
    pub value: String,
}

/// A part that could be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// Where it would stand.
    pub path: String,
    /// For people.
    pub title: &'static str,
}

/// Why a text was not taken, or a draft is no model: the field and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The path of the field.
    pub path: String,
    /// What is wrong with it.
    pub why: String,
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.replace('/', "."), self.why)
    }
}

impl std::error::Error for Unfit {}

impl Draft {
    /// The document of a model.
    #[must_use]
    pub fn of(model: &Architecture) -> Self {
        Self::from_entry(&write::entry(model))
    }

    /// The document of a copy with a name of its own, marked as typed. `taken` says which ids are not free.
    #[must_use]
    pub fn copy_of(model: &Architecture, taken: impl Fn(&str) -> bool) -> Self {
        let stem: String = model.id.chars().take(100).collect();
        let id = (1..=u32::MAX)
            .map(|number| if number < 2 { format!("{stem}-copy") } else { format!("{stem}-copy-{number}") })
            .find(|id| !taken(id))
            .unwrap_or_default();
        let mut copy = model.clone();
        copy.name = format!("{} (copy)", model.name);
        copy.facts.source = match model.facts.source.as_str() {
            "" => format!("{TYPED}, from {}", model.id),
            source => format!("{TYPED}, from {}: {source}", model.id),
        };
        copy.facts.confidence = Confidence::Typed;
        copy.id = id;
        Self::of(&copy)
    }

    /// The same document with its layers written run by run, for a stack that fits no pattern.
    #[must_use]
    pub fn run_by_run(model: &Architecture) -> Self {
        Self::from_entry(&write::run_by_run(model))
    }

    fn from_entry(entry: &Model) -> Self {
        // The schema has nothing JSON cannot hold.
        Self { entry: serde_json::to_value(entry).unwrap_or_default() }
    }

    /// Whether the layers are written run by run.
    #[must_use]
    pub fn has_runs(&self) -> bool {
        self.entry.get("stack").is_some()
    }

    /// The number of runs.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.entry.get("stack").and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// The model, if the document is one.
    ///
    /// # Errors
    /// The first field that contradicts another or is out of range.
    pub fn build(&self) -> Result<Architecture, Unfit> {
        let entry: Model = serde_json::from_value(self.entry.clone())
            .map_err(|error| Unfit { path: String::new(), why: error.to_string() })?;
        read::architecture(&entry).map_err(|refused| blame(&entry, refused))
    }

    /// Every part that is there, with its fields.
    #[must_use]
    pub fn sections(&self) -> Vec<Section> {
        let mut all = vec![self.section(&fields::IDENTITY, String::new()), self.section(&fields::SHAPE, String::new())];
        for part in fields::PARTS.iter().filter(|part| self.entry.get(part.key).is_some()) {
            let mut section = self.section(part, part.key.to_owned());
            section.optional = !self.has_runs() || matches!(part.key, "indexer" | "rope_table");
            if !section.fields.is_empty() {
                all.push(section);
            }
        }
        all.push(self.section(&fields::OTHERS, String::new()));
        let mut first = 1;
        for number in 0..self.runs() {
            let path = format!("stack/{number}");
            let layers = self.at(&path).and_then(|run| run.get("layers")).and_then(Value::as_u64).unwrap_or(0);
            let last = (first + layers).saturating_sub(1);
            let title = if layers == 1 { format!("Layer {first}") } else { format!("Layers {first} to {last}") };
            first += layers;
            all.push(Section { title, optional: true, ..self.section(&fields::RUN, path.clone()) });
            for part in &fields::RUN_PARTS {
                let inner = format!("{path}/{}", part.key);
                if self.at(&inner).is_some() {
                    all.push(Section { optional: true, ..self.section(part, inner) });
                }
            }
        }
        all
    }

    fn section(&self, group: &Group, path: String) -> Section {
        let in_run = path.starts_with("stack/");
        let kind = self.at(&path).and_then(|part| part.get("kind")).and_then(Value::as_str).unwrap_or_default();
        let is_part = !path.is_empty() && group.key != "stack";
        let here = |spec: &&Spec| match spec.scope {
            _ if !is_part || (!in_run && !self.has_runs()) => true,
            Scope::Run => in_run,
            Scope::Whole => !in_run,
            Scope::Pattern => false,
        };
        let of_kind = |spec: &&Spec| spec.of.is_empty() || spec.of.contains(&kind);
        let fields = group.fields.iter().filter(here).filter(of_kind).map(|spec| self.field(spec, &path)).collect();
        Section { path, title: group.title.to_owned(), optional: false, fields }
    }

    fn field(&self, spec: &Spec, parent: &str) -> Field {
        let path = join(parent, spec.key);
        let value = written(spec, self.at(&path));
        Field { path, label: spec.label, help: spec.help, kind: spec.kind, value }
    }

    /// The text of a field; empty where nothing is written or there is no such field.
    #[must_use]
    pub fn text(&self, path: &str) -> String {
        spec_of(path).map(|spec| written(spec, self.at(path))).unwrap_or_default()
    }

    /// Writes a field.
    ///
    /// # Errors
    /// A text that is no value of the field, or a path that is no field of this document.
    pub fn set(&mut self, path: &str, text: &str) -> Result<(), Unfit> {
        let unfit = |why: String| Unfit { path: path.to_owned(), why };
        let spec = spec_of(path).ok_or_else(|| unfit("there is no such field".to_owned()))?;
        let value = parsed(spec, text).map_err(unfit)?;
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let group = self.at_mut(parent).ok_or_else(|| unfit("its part is not there".to_owned()))?;
        match value {
            Some(value) => drop(group.insert(spec.key.to_owned(), value)),
            None => drop(group.shift_remove(spec.key)),
        }
        if path.starts_with("stack/") && path.ends_with("/layers") {
            self.count_layers();
        }
        Ok(())
    }

    /// Parts that could be added: to the document, or to a run where its path is given.
    #[must_use]
    pub fn absent(&self, run: Option<&str>) -> Vec<Absent> {
        let parts: &[Group] = match run {
            Some(_) => &fields::RUN_PARTS,
            None if self.has_runs() => &[fields::INDEXER, fields::ROPE],
            None => &fields::PARTS,
        };
        let place = |part: &Group| join(run.unwrap_or_default(), part.key);
        parts
            .iter()
            .filter(|part| self.at(&place(part)).is_none())
            .map(|part| Absent { path: place(part), title: part.title })
            .collect()
    }

    /// Adds a part with nothing in it but its kind: what it needs is then asked for, field by field.
    pub fn add(&mut self, path: &str) {
        let (parent, key) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(part) = fields::PARTS.iter().chain(&fields::RUN_PARTS).find(|part| part.key == key) else { return };
        let mut fresh = Map::new();
        for spec in part.fields.iter().filter(|spec| spec.required) {
            let value = match spec.kind {
                Kind::Choice(words) => Value::from(words.first().copied().unwrap_or_default()),
                _ => Value::from(0),
            };
            fresh.insert(spec.key.to_owned(), value);
        }
        if path == fields::HYBRID.key {
            // Without a pattern no layer would be one of them.
            fresh.insert("pattern".to_owned(), Value::from("1:1"));
        }
        if let Some(group) = self.at_mut(parent) {
            group.entry(key).or_insert(Value::Object(fresh));
        }
    }

    /// Takes a part out; of several runs, one.
    pub fn remove(&mut self, path: &str) {
        let (parent, key) = path.rsplit_once('/').unwrap_or(("", path));
        if let ("stack", Ok(number)) = (parent, key.parse::<usize>()) {
            if let Some(runs) = self.entry.get_mut("stack").and_then(Value::as_array_mut)
                && number < runs.len()
                && runs.len() > 1
            {
                runs.remove(number);
                self.count_layers();
            }
            return;
        }
        let is_part = fields::PARTS.iter().chain(&fields::RUN_PARTS).any(|part| part.key == key);
        if is_part && let Some(group) = self.at_mut(parent) {
            group.shift_remove(key);
        }
    }

    /// Puts the same run once more behind it.
    pub fn repeat_run(&mut self, number: usize) {
        if let Some(runs) = self.entry.get_mut("stack").and_then(Value::as_array_mut)
            && runs.len() < MOST_NUMBERS
            && let Some(run) = runs.get(number).cloned()
        {
            runs.insert(number + 1, run);
            self.count_layers();
        }
    }

    /// The layers of the model are those of its runs.
    fn count_layers(&mut self) {
        let runs = self.entry.get("stack").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let layers = |run: &Value| run.get("layers").and_then(Value::as_u64).unwrap_or(0);
        let all = runs.iter().map(layers).fold(0, u64::saturating_add).min(u64::from(u32::MAX));
        self.entry["layers"] = Value::from(all);
    }

    fn at(&self, path: &str) -> Option<&Value> {
        if path.is_empty() { Some(&self.entry) } else { self.entry.pointer(&format!("/{path}")) }
    }

    fn at_mut(&mut self, path: &str) -> Option<&mut Map<String, Value>> {
        let place = if path.is_empty() { String::new() } else { format!("/{path}") };
        self.entry.pointer_mut(&place).and_then(Value::as_object_mut)
    }
}

/// A model that came from elsewhere: what its author typed was not typed here.
#[must_use]
pub fn from_elsewhere(mut model: Architecture) -> Architecture {
    if model.facts.confidence == Confidence::Typed
        && let Some(rest) = model.facts.source.strip_prefix(TYPED)
    {
        model.facts.source = format!("{TYPED_ELSEWHERE}{rest}");
    }
    model
}

/// The path of a refusal. In a stack the first run refused alone for the same reason is to blame.
fn blame(entry: &Model, refused: Refused) -> Unfit {
    let Refused::Invalid { invalid: Invalid { field, why }, .. } = refused else {
        return Unfit { path: String::new(), why: refused.to_string() };
    };
    let path = field.replace('.', "/");
    let runs = entry.stack.as_deref().unwrap_or_default();
    let guilty = runs.iter().position(|run| {
        let alone = Model { layers: run.layers.max(1), stack: Some(vec![run.clone()]), ..entry.clone() };
        let refused = read::architecture(&alone);
        matches!(refused, Err(Refused::Invalid { invalid, .. }) if invalid.field == field && invalid.why == why)
    });
    let inside = |number: usize| match path.as_str() {
        "stack/dense" => format!("stack/{number}/dense"),
        other => format!("stack/{number}/{}", other.replacen("hybrid/", "recurrent/", 1)),
    };
    let whole = !path.contains('/') || path.starts_with("rope_table") || path.starts_with("indexer");
    match guilty {
        Some(number) if !whole => Unfit { path: inside(number), why },
        _ => Unfit { path, why },
    }
}

fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() { key.to_owned() } else { format!("{parent}/{key}") }
}

/// The field of a path, if the document can have it.
fn spec_of(path: &str) -> Option<&'static Spec> {
    let (parent, key) = path.rsplit_once('/').unwrap_or(("", path));
    let find = |group: &'static Group| group.fields.iter().find(|spec| spec.key == key);
    if parent.is_empty() {
        return [&fields::IDENTITY, &fields::SHAPE, &fields::OTHERS].into_iter().find_map(find);
    }
    let Some(run) = parent.strip_prefix("stack/") else {
        return fields::PARTS.iter().find(|part| part.key == parent).and_then(find);
    };
    match run.split_once('/') {
        None => find(&fields::RUN),
        Some((_, part)) => fields::RUN_PARTS.iter().find(|group| group.key == part).and_then(find),
    }
}
