//! What all documents of this app share: a format name and a version in front, and how they are refused.

use std::fmt;

use crate::model::Invalid;

/// Why a document was refused, as one sentence that names the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The text is not the document's syntax, or a field is missing, unknown or of the wrong kind.
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        why: String,
    },
    /// It is a document of another kind.
    Format {
        /// What it calls itself.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// It was written by a newer version of this app.
    Version {
        /// The version it has.
        found: u32,
        /// The newest one known here.
        newest: u32,
    },
    /// The values contradict each other or are out of range.
    Invalid {
        /// The id of the entry, empty if it has none.
        id: String,
        /// The field and the reason.
        invalid: Invalid,
    },
}

/// The longest reason shown of a syntax error, in characters.
pub(super) const MOST_REASON: usize = 300;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { line, column, why } => write!(f, "line {line}, column {column}: {why}"),
            Self::Format { found, expected } => write!(f, "this is '{found}', expected '{expected}'"),
            Self::Version { found, newest } => {
                write!(f, "version {found} needs a newer app, this one reads up to version {newest}")
            }
            Self::Invalid { id, invalid } if id.is_empty() => write!(f, "{invalid}"),
            Self::Invalid { id, invalid } => write!(f, "{id}: {invalid}"),
        }
    }
}

impl std::error::Error for Refused {}

impl From<ron::error::SpannedError> for Refused {
    fn from(error: ron::error::SpannedError) -> Self {
        // The reason may quote a word of the document, however long that is.
        let why = shown(&error.code.to_string(), MOST_REASON);
        Self::Syntax { line: error.span.start.line, column: error.span.start.col, why }
    }
}

/// Text from a file as it may be shown: one line, no control or bidirectional characters, at most so many
/// characters.
#[must_use]
pub fn shown(text: &str, most: usize) -> String {
    let hidden = |c: &char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}' | '\u{feff}')
    };
    text.chars().filter(|c| !hidden(c)).take(most).collect()
}

/// How documents are read: what is optional stands without `Some`.
pub(super) fn options() -> ron::Options {
    ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME)
}

/// Refuses a document of another kind or of a newer version.
pub(super) fn check_header(format: &str, version: u32, expected: &'static str, newest: u32) -> Result<(), Refused> {
    if format != expected {
        return Err(Refused::Format { found: shown(format, 60), expected });
    }
    if version == 0 || version > newest {
        return Err(Refused::Version { found: version, newest });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_dropped() {
        assert_eq!(shown("a\u{202e}b\nc\u{1b}[31m", 120), "abc[31m");
        assert_eq!(shown("abcdef", 3), "abc");
    }

    #[test]
    fn a_newer_version_is_refused_with_the_one_it_needs() {
        let error = check_header("willitrun.model", 2, "willitrun.model", 1).expect_err("newer").to_string();
        assert_eq!(error, "version 2 needs a newer app, this one reads up to version 1");
    }
}
