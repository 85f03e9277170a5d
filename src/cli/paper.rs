//! `willitrun check --report`: the answer on paper, to standard output or into a file.

use std::io::Write;
use std::path::Path;

use crate::formats::commands::Shell;
use crate::formats::sheet::card::{self, Ground, SCALE};
use crate::formats::sheet::{self, Sheet};
use crate::store::atomic_write;
use crate::ui::inks;

use super::question::Question;
use super::{Failure, Words};

/// What an answer is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Csv,
    Svg,
    Png,
}

impl Kind {
    const ALL: [(&'static str, Self); 4] =
        [("text", Self::Text), ("csv", Self::Csv), ("svg", Self::Svg), ("png", Self::Png)];
}

/// What was asked to be written, and where to.
pub(super) struct Paper {
    kind: Kind,
    ground: Ground,
    out: Option<String>,
}

/// Takes what is asked for out of the options; none where the plain answer is wanted.
///
/// # Errors
/// A kind or a theme that is not known; pixels that would be written on a terminal.
pub(super) fn wanted(words: &mut Words) -> Result<Option<Paper>, Failure> {
    let (kind, theme, out) = (words.take("report"), words.take("theme"), words.take("out"));
    let Some(kind) = kind else {
        let stray = [("theme", &theme), ("out", &out)].into_iter().find(|(_, given)| given.is_some());
        return match stray {
            Some((key, _)) => Err(Failure::Request(format!("--{key} belongs to --report text, csv, svg or png"))),
            None => Ok(None),
        };
    };
    let shown = |word: &str| crate::formats::shown(word, 40);
    let found = Kind::ALL.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(&kind));
    let (_, kind) =
        found.ok_or_else(|| format!("--report cannot be '{}': expected text, csv, svg or png", shown(&kind)))?;
    let ground = match &theme {
        None => Ground::default(),
        Some(word) => Ground::ALL
            .into_iter()
            .find(|ground| ground.name().eq_ignore_ascii_case(word))
            .ok_or_else(|| format!("--theme cannot be '{}': expected dark or light", shown(word)))?,
    };
    if kind == Kind::Png && out.is_none() {
        return Err(Failure::Request("--report png is no text: name a file with --out FILE.png".to_owned()));
    }
    Ok(Some(Paper { kind, ground, out }))
}

/// Writes an answer as it was asked for.
///
/// # Errors
/// A file that cannot be written, named.
pub(super) fn write(paper: &Paper, question: &Question, to: &mut dyn Write) -> Result<(), Failure> {
    let sheet = Sheet::new(&question.scenario);
    let bytes = page(&sheet, paper, question.shell).map_err(Failure::Machine)?;
    match &paper.out {
        Some(path) => {
            atomic_write(Path::new(path), &bytes).map_err(|error| Failure::Machine(error.to_string()))?;
            let told = crate::formats::shown(path, 300);
            writeln!(to, "Written to {told}.")
        }
        None => to.write_all(&bytes),
    }
    .map_err(|error| Failure::Machine(format!("nothing can be written: {error}")))
}

fn page(sheet: &Sheet, paper: &Paper, shell: Shell) -> Result<Vec<u8>, String> {
    let picture = || card::draw(sheet, &inks::of(paper.ground));
    match paper.kind {
        Kind::Text => Ok(sheet::report(sheet, shell).into_bytes()),
        Kind::Csv => Ok(sheet::curves(std::slice::from_ref(sheet)).into_bytes()),
        Kind::Svg => Ok(card::svg(&picture()).into_bytes()),
        Kind::Png => card::png(&card::pixels(&picture(), SCALE)),
    }
}
