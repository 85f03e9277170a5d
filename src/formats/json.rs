//! JSON from elsewhere as a plain tree: bounded in length, depth and number of values.
//!
//! Python writes `NaN` and `Infinity` as bare words, which JSON does not have; they are read as texts, so a
//! number that is one of them is refused by the name of its key.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::document::Refused;

/// One value. A table keeps its order and its doubles.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// A table.
    Table(Table),
}

/// Keys and their values, in order.
pub(super) type Table = Vec<(String, Json)>;

impl Json {
    /// The value behind a key of a table; of doubles the last, as Python reads them; `null` is none.
    pub fn get(&self, key: &str) -> Option<&Json> {
        let Self::Table(table) = self else { return None };
        let value = table.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value);
        value.filter(|value| **value != Self::Null)
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn list(&self) -> Option<&[Json]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// The whole number that is not negative, if it is one and written as one.
    pub fn count(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// The number, whole or not.
    pub fn float(&self) -> Option<f64> {
        match self {
            Self::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    /// Whether it is `true`.
    pub fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(&super::text::quoted(text)),
            Self::List(list) => write!(f, "a list of {}", list.len()),
            Self::Table(_) => f.write_str("a table"),
        }
    }
}

/// Reads a document of at most so many bytes and values.
///
/// # Errors
/// The place and what is wrong there.
pub(super) fn read(text: &str, most_bytes: usize, most_values: usize) -> Result<Json, Refused> {
    if text.len() > most_bytes {
        let why = format!("it is larger than {} MiB: it is not a file of this kind", most_bytes >> 20);
        return Err(Refused::Syntax { line: 1, column: 1, why });
    }
    let plain = without_bare_words(text);
    let mut reader = serde_json::Deserializer::from_str(plain.as_deref().unwrap_or(text));
    let left = Cell::new(most_values);
    let value = Seed(&left).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| {
        let whole = error.to_string();
        let why = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(why, _)| why).to_owned();
        Refused::Syntax { line: error.line(), column: error.column(), why }
    })
}

/// The same document with the bare words of Python between quotes; none where there are none.
fn without_bare_words(text: &str) -> Option<String> {
    const WORDS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];
    if !WORDS.iter().any(|word| text.contains(word)) {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 64);
    let (mut rest, mut inside) = (text, false);
    while let Some(c) = rest.chars().next() {
        let word = if inside { None } else { WORDS.iter().find(|word| rest.starts_with(**word)) };
        let taken = match word {
            Some(word) => {
                out.extend(["\"", word, "\""]);
                word.len()
            }
            None if inside && c == '\\' => {
                let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                out.push_str(&rest[..length]);
                length
            }
            None => {
                inside ^= c == '"';
                out.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    Some(out)
}

/// Reads one value, as long as there are values left.
struct Seed<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        match self.0.get().checked_sub(1) {
            Some(left) => self.0.set(left),
            None => return Err(D::Error::custom("it holds too many values: it is not a file of this kind")),
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element_seed(Seed(self.0))? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut table = Table::new();
        while let Some(key) = entries.next_key::<String>()? {
            table.push((key, entries.next_value_seed(Seed(self.0))?));
        }
        Ok(Json::Table(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_words_are_read_as_texts() {
        let json = read(r#"{"a": [0.0, Infinity], "b": -Infinity, "c\"NaN": "NaN Infinity", "d": NaN}"#, 1000, 100);
        let json = json.expect("as Python writes it");
        assert_eq!(json.get("b").and_then(Json::text), Some("-Infinity"));
        assert_eq!(json.get("c\"NaN").and_then(Json::text), Some("NaN Infinity"));
        assert_eq!(json.get("d").and_then(Json::count), None);
    }

    #[test]
    fn a_document_is_bounded() {
        let check = |text: &str, words: &str| {
            let error = read(text, 1000, 8).expect_err(words).to_string();
            assert!(error.contains(words), "{error}");
        };
        check(&" ".repeat(1001), "larger than");
        check("[0,0,0,0,0,0,0,0]", "line 1, column 16: it holds too many values");
        check(&"[".repeat(200), "it holds too many values");
        check("{\"a\": 1", "line 1, column 7: EOF");
        check("{} x", "trailing characters");
        assert!(read(&"[".repeat(200), 1000, 1000).is_err_and(|error| error.to_string().contains("recursion")));
        assert!(read("1e999", 1000, 8).is_err());
    }

    #[test]
    fn of_doubles_the_last_counts() {
        let json = read(r#"{"a": 1, "a": 2, "b": null}"#, 1000, 8).expect("plain");
        assert_eq!((json.get("a").and_then(Json::count), json.get("b")), (Some(2), None));
        assert_eq!(read("-1", 9, 9).map(|json| json.count()), Ok(None));
        assert_eq!(read("1.0", 9, 9).map(|json| (json.count(), json.float())), Ok((None, Some(1.0))));
    }
}
