//! A group of the tree, taken apart key by key; what nobody takes is what this version does not know.

use super::{Fault, Field, NAME_CHARS, Node, Value, check_id};
use crate::formats::text::{clean, quoted};
use crate::formats::tree::Number;
use crate::units::grouped;

/// The fields of one group, and how sentences speak of it.
pub(super) struct Group {
    at: usize,
    fields: Vec<Field>,
    /// `" of pool 'ram'"`; empty where the key says enough.
    pub of: String,
    /// The key of the figure this group is; its `value` is called by that.
    figure: Option<String>,
}

impl Group {
    /// The fields of a node.
    pub fn open(node: Node, what: &str) -> Result<Self, Fault> {
        let at = node.at;
        match node.value {
            Value::Group(fields) => Ok(Self { at, fields, of: String::new(), figure: None }),
            other => Err(wrong(at, what, &other, "a group in parentheses")),
        }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    pub fn has(&self, key: &str) -> bool {
        self.field(key).is_some()
    }

    pub fn peek(&self, key: &str) -> Option<&Value> {
        self.field(key).map(|field| &field.node.value)
    }

    /// Where a key's value begins; where the group does when it has none.
    pub fn at_of(&self, key: &str) -> usize {
        self.field(key).map_or(self.at, |field| field.node.at)
    }

    /// All fields, for a migration.
    pub fn fields_mut(&mut self) -> &mut Vec<Field> {
        &mut self.fields
    }

    /// The fields nobody took.
    pub fn rest(self) -> Vec<Field> {
        self.fields
    }

    /// `key of pool 'ram'`.
    pub fn label(&self, key: &str) -> String {
        let key = match &self.figure {
            Some(figure) if key == "value" => figure,
            _ => key,
        };
        format!("{key}{}", self.of)
    }

    /// Takes a field; `Some(x)` is `x`, and `None` is as if it were not there.
    pub fn take(&mut self, key: &str) -> Option<Node> {
        let index = self.fields.iter().position(|field| field.key == key)?;
        let mut node = self.fields.remove(index).node;
        loop {
            match node.value {
                Value::Just(inner) => node = *inner,
                Value::Nothing => return None,
                _ => return Some(node),
            }
        }
    }

    pub fn missing(&self, key: &str, expected: &str) -> Fault {
        let label = self.label(key);
        Fault::new(self.at, format!("{label} is missing; expected {expected}"))
    }

    /// Text as it stands, with its place.
    fn raw_text(&mut self, key: &str) -> Result<Option<(String, usize)>, Fault> {
        let Some(node) = self.take(key) else {
            return Ok(None);
        };
        match node.value {
            Value::Text(text) => Ok(Some((text, node.at))),
            other => Err(wrong(node.at, &self.label(key), &other, "text in double quotes")),
        }
    }

    /// Cleaned text cut at `most` characters; empty where there is none.
    pub fn text(&mut self, key: &str, most: usize) -> Result<String, Fault> {
        let text = self.raw_text(key)?;
        Ok(text.map_or_else(String::new, |(text, _)| clean(&text, most)))
    }

    /// A name for people.
    pub fn name(&mut self, key: &str) -> Result<String, Fault> {
        self.text(key, NAME_CHARS)
    }

    pub fn id(&mut self, key: &str) -> Result<Option<(String, usize)>, Fault> {
        let found = self.raw_text(key)?;
        if let Some((id, at)) = &found {
            check_id(id).map_err(|why| Fault::new(*at, format!("{} is {why}", self.label(key))))?;
        }
        Ok(found)
    }

    pub fn need_id(&mut self, key: &str) -> Result<(String, usize), Fault> {
        self.id(key)?.ok_or_else(|| self.missing(key, "1 to 64 of a-z, 0-9 and -"))
    }

    /// The text of a key with its place, neither cut nor cleaned.
    pub fn exact(&mut self, key: &str, expected: &str) -> Result<(String, usize), Fault> {
        self.raw_text(key)?.ok_or_else(|| self.missing(key, expected))
    }

    /// One of a closed set of words.
    pub fn word<T: Copy>(&mut self, key: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, Fault> {
        self.word_if_any(key, all, name)?.ok_or_else(|| self.missing(key, &one_of(all, name)))
    }

    /// One of a closed set of words, where there is one.
    pub fn word_if_any<T: Copy>(
        &mut self,
        key: &str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Result<Option<T>, Fault> {
        let Some((word, at)) = self.raw_text(key)? else { return Ok(None) };
        let found = all.iter().copied().find(|item| name(*item) == word);
        let wrong = || Fault::new(at, format!("{key} is {}; expected {}", quoted(&word), one_of(all, name)));
        found.ok_or_else(wrong).map(Some)
    }

    pub fn truth(&mut self, key: &str) -> Result<Option<bool>, Fault> {
        let Some(node) = self.take(key) else {
            return Ok(None);
        };
        match node.value {
            Value::Truth(truth) => Ok(Some(truth)),
            other => Err(wrong(node.at, &self.label(key), &other, "true or false")),
        }
    }

    fn numeral(&mut self, key: &str) -> Result<Option<(Number, usize)>, Fault> {
        let Some(node) = self.take(key) else {
            return Ok(None);
        };
        match node.value {
            Value::Number(number) => Ok(Some((number, node.at))),
            other => Err(wrong(node.at, &self.label(key), &other, "a number")),
        }
    }

    /// A whole number in a range, both ends included.
    pub fn whole(&mut self, key: &str, (least, most): (u64, u64)) -> Result<Option<u64>, Fault> {
        let Some((number, at)) = self.numeral(key)? else {
            return Ok(None);
        };
        match number.as_u64() {
            Some(whole) if (least..=most).contains(&whole) => Ok(Some(whole)),
            _ => {
                let (label, shown) = (self.label(key), shown(&number));
                let (least, most) = (grouped(least), grouped(most));
                Err(Fault::new(at, format!("{label} is {shown}; expected a whole number from {least} to {most}")))
            }
        }
    }

    /// A whole number of at most 32 bits.
    pub fn count(&mut self, key: &str, range: (u32, u32)) -> Result<Option<u32>, Fault> {
        let range = (u64::from(range.0), u64::from(range.1));
        let whole = self.whole(key, range)?;
        Ok(whole.and_then(|whole| u32::try_from(whole).ok()))
    }

    /// A number in a range, both ends included.
    pub fn number(&mut self, key: &str, (least, most): (f64, f64)) -> Result<Option<f64>, Fault> {
        let Some((number, at)) = self.numeral(key)? else {
            return Ok(None);
        };
        let value = number.as_f64();
        if (least..=most).contains(&value) {
            return Ok(Some(value));
        }
        let (label, shown) = (self.label(key), shown(&number));
        Err(Fault::new(at, format!("{label} is {shown}; expected a number from {} to {}", plain(least), plain(most))))
    }

    pub fn list(&mut self, key: &str, most: usize) -> Result<Vec<Node>, Fault> {
        let Some(node) = self.take(key) else {
            return Ok(Vec::new());
        };
        match node.value {
            Value::List(items) if items.len() <= most => Ok(items),
            Value::List(items) => {
                Err(Fault::new(node.at, format!("{key} has {} items; the most is {most}", items.len())))
            }
            other => Err(wrong(node.at, key, &other, "a list in brackets")),
        }
    }

    /// The group under a key; sentences about it speak of this one.
    pub fn group(&mut self, key: &str) -> Result<Option<Self>, Fault> {
        let Some(node) = self.take(key) else {
            return Ok(None);
        };
        let mut group = Self::open(node, &self.label(key))?;
        group.of.clone_from(&self.of);
        Ok(Some(group))
    }

    /// The group of a figure: its `value` is called by its key.
    pub fn figure(&mut self, key: &str) -> Result<Option<Self>, Fault> {
        let mut group = self.group(key)?;
        if let Some(group) = &mut group {
            group.figure = Some(key.to_owned());
        }
        Ok(group)
    }
}

fn one_of<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> String {
    let names: Vec<_> = all.iter().map(|item| name(*item)).collect();
    format!("one of {}", names.join(", "))
}

fn wrong(at: usize, label: &str, found: &Value, expected: &str) -> Fault {
    let found = found.sort();
    Fault::new(at, format!("{label} is {found}; expected {expected}"))
}

/// A number as written, short enough for a sentence.
fn shown(number: &Number) -> String {
    clean(number.as_str(), 30)
}

/// `1000000` rather than `1e6` up to six digits, `1e15` above.
fn plain(number: f64) -> String {
    if number.abs() >= 1e6 || (number != 0.0 && number.abs() < 1e-3) {
        format!("{number:e}")
    } else {
        number.to_string()
    }
}
