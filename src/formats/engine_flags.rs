//! The options of an engine in `assets/engines.ron`, each with the document it was read in.

use super::document::Refused;
use super::engine_doc::invalid;
use crate::placement::{Flag, Setting, Way};

/// What an engine can be told. A row is (what it sets, how it is written, the document by its short name).
pub(super) struct Options {
    /// (short name, where it is, the day it was read).
    pub documents: Vec<(String, String, String)>,
    /// Behind the program.
    pub flags: Vec<(String, String, String)>,
    /// In its environment.
    pub environment: Vec<(String, String, String)>,
    /// In a file of settings.
    pub settings: Vec<(String, String, String)>,
}

impl Options {
    /// The options, each with where and when it was read.
    ///
    /// # Errors
    /// A setting or a document of no list, and a setting that stands twice.
    pub(super) fn read(&self) -> Result<Vec<Flag>, Refused> {
        let ways = [(Way::Argument, &self.flags), (Way::Environment, &self.environment), (Way::File, &self.settings)];
        let mut flags: Vec<Flag> = Vec::new();
        for (way, (sets, word, document)) in ways.iter().flat_map(|(way, rows)| rows.iter().map(move |row| (*way, row)))
        {
            let Some((_, sets)) = Setting::WORDS.iter().find(|(own, _)| own == sets) else {
                return Err(invalid("flags", format!("'{}' is not known", super::shown(sets, 40))));
            };
            let Some((_, place, read)) = self.documents.iter().find(|(own, ..)| own == document) else {
                return Err(invalid("documents", format!("'{}' is not listed", super::shown(document, 40))));
            };
            if word.trim().is_empty() || flags.iter().any(|flag| flag.sets == *sets) {
                return Err(invalid("flags", format!("'{}' has no word, or two", sets.words())));
            }
            flags.push(Flag { sets: *sets, word: word.clone(), way, source: format!("{place}, read {read}") });
        }
        Ok(flags)
    }
}
