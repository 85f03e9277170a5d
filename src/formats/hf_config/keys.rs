//! Keys of a `config.json`: the text part of a model of several parts, and numbers read with their names.

use crate::formats::document::shown;
use crate::formats::json::Json;
use crate::model::Invalid;

/// Where a model of several parts (text, images, sound) keeps its text part.
const TEXT_PARTS: [&str; 4] = ["text_config", "language_config", "llm_config", "thinker_config"];
/// How deep text parts lie inside one another.
const MOST_PARTS: usize = 3;
/// Above every size there is.
const MOST: u64 = 1 << 40;
/// No model has more layers.
pub(super) const MOST_LAYERS: u64 = 1024;

/// A number and the key it stood behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub value: u64,
    pub key: &'static str,
}

/// A configuration: its text part, what stands around it, and what a missing key means in its family.
#[derive(Clone, Copy)]
pub(super) struct Config<'a> {
    pub whole: &'a Json,
    pub text: &'a Json,
    pub defaults: &'static [(&'static str, u64)],
}

impl<'a> Config<'a> {
    /// Looks for the text part.
    pub fn new(whole: &'a Json) -> Self {
        let mut text = whole;
        for _ in 0..MOST_PARTS {
            let inner = TEXT_PARTS.iter().find_map(|key| text.get(key));
            match inner {
                Some(inner @ Json::Table(_)) => text = inner,
                _ => break,
            }
        }
        Self { whole, text, defaults: &[] }
    }

    /// The first of these keys that is there, in the text part.
    pub fn find(&self, keys: &[&'static str]) -> Option<(&'static str, &'a Json)> {
        keys.iter().find_map(|key| self.text.get(key).map(|value| (*key, value)))
    }

    /// A key of the text part, else of the whole.
    pub fn anywhere(&self, key: &str) -> Option<&'a Json> {
        self.text.get(key).or_else(|| self.whole.get(key))
    }

    /// Whether a key is there and true.
    pub fn is_true(&self, key: &str) -> bool {
        self.text.get(key).is_some_and(Json::is_true)
    }

    /// The number behind the first of these keys that is there, else what the family means without it.
    pub fn named(&self, keys: &[&'static str]) -> Result<Option<Named>, Invalid> {
        if let Some((key, value)) = self.find(keys) {
            return number(key, value).map(|value| Some(Named { value, key }));
        }
        let meant = keys.iter().find_map(|key| self.defaults.iter().find(|(name, _)| name == key));
        Ok(meant.map(|(key, value)| Named { value: *value, key }))
    }

    /// The same without its key.
    pub fn number(&self, keys: &[&'static str]) -> Result<Option<u64>, Invalid> {
        Ok(self.named(keys)?.map(|named| named.value))
    }

    /// A number that has to be there and above zero.
    pub fn needed(&self, keys: &[&'static str]) -> Result<u64, Invalid> {
        match self.named(keys)? {
            Some(Named { value: 0, key }) => Err(invalid(key, "it is 0")),
            Some(named) => Ok(named.value),
            None => Err(invalid(keys.first().copied().unwrap_or_default(), "it is missing")),
        }
    }

    /// A number for each layer: a list of as many, or one number for all.
    pub fn per_layer(&self, keys: &[&'static str], layers: usize) -> Result<Option<Vec<u64>>, Invalid> {
        let Some((key, Json::List(list))) = self.find(keys) else {
            return Ok(self.number(keys)?.map(|number| vec![number; layers]));
        };
        if list.len() < layers {
            return Err(Invalid { field: key, why: format!("{} values for {layers} layers", list.len()) });
        }
        list.iter().take(layers).map(|value| number(key, value)).collect::<Result<_, _>>().map(Some)
    }

    /// A list of words, one for each layer.
    pub fn words(&self, keys: &[&'static str], layers: usize) -> Result<Option<(&'static str, Vec<&'a str>)>, Invalid> {
        let Some((key, value)) = self.find(keys) else { return Ok(None) };
        let words = value.list().map(|list| list.iter().map(Json::text).collect::<Option<Vec<_>>>());
        match words {
            Some(Some(words)) if words.len() >= layers => Ok(Some((key, words.into_iter().take(layers).collect()))),
            Some(Some(words)) => Err(Invalid { field: key, why: format!("{} words for {layers} layers", words.len()) }),
            _ => Err(Invalid { field: key, why: format!("it has to be a list of words, not {}", short(value)) }),
        }
    }
}

/// A whole number within reason; false and true count as 0 and 1 in lists that say which layers are special.
pub(super) fn number(key: &'static str, value: &Json) -> Result<u64, Invalid> {
    let count = match value {
        Json::Bool(flag) => Some(u64::from(*flag)),
        value => value.count(),
    };
    match count {
        Some(number) if number <= MOST => Ok(number),
        Some(number) => Err(Invalid { field: key, why: format!("{number} is too large") }),
        None => Err(Invalid { field: key, why: format!("it has to be a whole number, not {}", short(value)) }),
    }
}

/// A value for a sentence.
pub(super) fn short(value: &Json) -> String {
    shown(&value.to_string(), 60)
}

/// A refusal of one key.
pub(super) fn invalid(field: &'static str, why: &str) -> Invalid {
    Invalid { field, why: why.to_owned() }
}
