//! What a search finds.

use std::path::PathBuf;
use std::sync::Arc;

use crate::hardware::Finding;
use crate::scenario::Subject;
use crate::units::Bytes;

use super::{Askable, Place, Program};

/// A model on this disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its name for people: the tag in Ollama, the repository of a folder, else the name of the file.
    pub name: String,
    /// What to open: a file, the first of several, or a folder.
    pub path: PathBuf,
    /// Files it lies in.
    pub files: usize,
    /// What they take on the disk.
    pub bytes: Bytes,
    /// Whose folder it was found in.
    pub program: Program,
    /// What it is.
    pub content: Content,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A model, whose shape may be known or not.
    Model(Box<Askable>),
    /// The vision part of another model.
    Vision,
    /// A download that has not finished, or a model with parts missing; why.
    Incomplete(String),
    /// A file that cannot be read, or is not what its name says; why.
    Unread(String),
}

impl Found {
    /// What can be asked about; none for what is no whole model of a known shape.
    #[must_use]
    pub fn subject(&self) -> Option<&Arc<Subject>> {
        match &self.content {
            Content::Model(file) => file.subject.as_ref().ok(),
            _ => None,
        }
    }

    /// The quant, where it is known.
    #[must_use]
    pub fn quant(&self) -> Option<&str> {
        match &self.content {
            Content::Model(file) => file.quant.as_deref(),
            _ => None,
        }
    }

    /// What the file calls its architecture.
    #[must_use]
    pub fn architecture(&self) -> Option<&str> {
        match &self.content {
            Content::Model(file) => Some(&file.architecture).filter(|name| !name.is_empty()).map(String::as_str),
            _ => None,
        }
    }

    /// Why nothing can be asked about it, in a sentence.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        match &self.content {
            Content::Model(file) => file.unknown(),
            Content::Vision => Some(format!("{}: the vision part of a model, which loads beside it.", self.name)),
            Content::Incomplete(why) | Content::Unread(why) => Some(format!("{}: {why}", self.name)),
        }
    }

    /// What it is, for people.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match &self.content {
            Content::Model(file) if file.subject.is_err() => "shape not known",
            _ => self.kind(),
        }
    }

    /// One word for what it is, as in JSON.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match &self.content {
            Content::Model(file) => file.kind,
            Content::Vision => "vision part",
            Content::Incomplete(_) => "incomplete",
            Content::Unread(_) => "unreadable",
        }
    }
}

/// Everything a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// Each model once, those that can be asked about first, then by name.
    pub models: Vec<Found>,
    /// Where it looked, in order.
    pub looked: Vec<Looked>,
    /// What is worth saying: folders that could not be read, limits that were met.
    pub findings: Vec<Finding>,
}

/// A folder that was looked in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Which.
    pub place: Place,
    /// What came of it.
    pub reached: Reached,
}

/// What came of looking in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It was read; so many entries were new.
    Read(usize),
    /// It is not there.
    Absent,
    /// It cannot be read.
    Refused,
}
