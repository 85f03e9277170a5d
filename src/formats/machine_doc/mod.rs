//! The profile of a machine as one RON document, the same in `profiles/`, in the user's folder and in
//! a share code.
//!
//! Invariant: what [`read`] returns is consistent (unique ids, links that exist, capacities above zero,
//! finite numbers in range, names safe to show), and `read(write(doc))` is `doc` again: keys this version
//! does not know are kept and written behind the known ones. Comments are not kept.

mod bench_run;
mod figure;
mod group;
mod ladder;
mod read;
mod read_pool;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use crate::formats::text::{NAME_CHARS, clean_name};
use crate::formats::tree::{self, Fault, Field, Node, Value};
use crate::hardware::{Figure, Machine, Measurement, PoolKind};
use crate::units::BytesPerSecond;

/// The value of `format`.
pub const FORMAT: &str = "willitrun.machine";
/// The version written, and the newest one read.
pub const VERSION: u32 = 1;

const MOST_POOLS: usize = 256;
const MOST_LINKS: usize = 1024;
const MOST_NODES: usize = 64;
const MOST_MEASUREMENTS: usize = 1000;
const MOST_BYTES: u64 = 1 << 60;
const BANDWIDTHS: (f64, f64) = (1e6, 1e15);
/// Remarks on where a figure was found may hold a link, so they may be longer than a name.
const REMARK_CHARS: usize = 400;
/// What `from` says in a profile that somebody else wrote.
const ELSEWHERE: &str = "elsewhere";
const NEWER: &str = "needs a newer willitrun";
const TYPED_BY_YOU: &str = "typed by you";
const TYPED_BY_AUTHOR: &str = "typed by the profile's author";
const MEASURED_BY_AUTHOR: &str = "measured by the profile's author";

/// Whose words a document holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Written by this user on this machine: its measurements are ours.
    Own,
    /// From anybody else, ready-made profiles included: "measured" there is reported by its author.
    Foreign,
}

/// A machine and what else stood in its document.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineDoc {
    /// The machine.
    pub machine: Machine,
    /// Whose it is. A foreign document says so when written, and stays foreign in the user's own folder.
    pub origin: Origin,
    /// Keys this version does not know, by the place they stood in.
    unknown: Unknown,
}

type Unknown = BTreeMap<String, Vec<Field>>;

/// Why a document was refused: one sentence, with the place where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocError {
    /// Line and column, both from 1; `None` where the whole document is meant.
    pub place: Option<(usize, usize)>,
    /// What is wrong, and what was expected instead.
    pub what: String,
}

impl fmt::Display for DocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "line {line}, column {column}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for DocError {}

impl DocError {
    /// A refusal of a document for being of a later version.
    pub(in crate::formats) fn newer(what: &str) -> Self {
        Self { place: None, what: format!("it {NEWER}: {what}") }
    }

    /// Whether nothing is wrong with the document but that it is of a later version.
    #[must_use]
    pub fn needs_newer_app(&self) -> bool {
        self.what.contains(NEWER)
    }
}

impl MachineDoc {
    /// A document of the user's own for a machine, with nothing unknown in it.
    #[must_use]
    pub fn new(machine: Machine) -> Self {
        Self { machine, origin: Origin::Own, unknown: Unknown::new() }
    }

    /// Adds a measurement and lets predictions use it: the pool's measured bandwidth becomes the newest that
    /// predictions of its kind of pool use.
    pub fn add_measurement(&mut self, measurement: Measurement) {
        let what = measurement.what.clone();
        self.machine.measurements.push(measurement);
        for pool in self.machine.pools.iter_mut().filter(|pool| pool.id == what) {
            let newest = newest_measured(&self.machine.measurements, &what, pool.kind, self.origin);
            if newest.is_some() {
                pool.read_measured = newest;
            }
        }
    }
}

/// Whether figures that are only true at this moment go into the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// With what is free right now, for `detect --json`.
    Shown,
    /// Without, for a file.
    Left,
}

/// Reads a document.
///
/// A device stays a reference: [`Accelerator::id`](crate::hardware::Accelerator) alone is filled, and
/// the catalogue resolves it.
///
/// ```
/// use willitrun::formats::machine_doc::{Origin, read, write};
/// let text = r#"(
///     format: "willitrun.machine", version: 1, id: "laptop", name: "Laptop",
///     pools: [(id: "ram", kind: "ram", capacity_bytes: (value: 17179869184, source: "typed"))],
///     colour: "grey",
/// )"#;
/// let doc = read(text, Origin::Own)?;
/// assert_eq!(doc.machine.pools[0].capacity.value.get(), 17_179_869_184);
/// assert!(write(&doc).contains(r#"colour: "grey""#));
///
/// let wrong = read(&text.replace("\"ram\", cap", "\"rom\", cap"), Origin::Own).unwrap_err();
/// assert_eq!(
///     wrong.to_string(),
///     "line 3, column 31: kind is 'rom'; expected one of ram, vram, unified, disk"
/// );
/// # Ok::<(), willitrun::formats::machine_doc::DocError>(())
/// ```
///
/// # Errors
/// Refuses, with line and column: text that is not of the RON subset of [`tree`], another format, a newer
/// version, a missing or repeated id, an id that is not 1 to 64 of `a-z 0-9 -`, an unknown kind, source or
/// basis, an unknown link, a capacity of zero, a number out of range, and too many of anything.
pub fn read(text: &str, origin: Origin) -> Result<MachineDoc, DocError> {
    read_by(&ladder::LADDER, text, origin)
}

/// Reads a document of any version a ladder reaches down to.
fn read_by(ladder: &ladder::Ladder, text: &str, origin: Origin) -> Result<MachineDoc, DocError> {
    tree::parse(text)
        .and_then(|root| read::document(root, origin, ladder))
        .map_err(|fault| DocError { place: Some(fault.place(text)), what: fault.what })
}

/// Writes a document: known keys in the order of the contract's example, then the unknown ones.
///
/// What is free right now is left out where the system reported it. Of an [`Accelerator`] with an id only
/// the id is written; one without, which no catalogue knows, is written out.
///
/// [`Accelerator`]: crate::hardware::Accelerator
#[must_use]
pub fn write(doc: &MachineDoc) -> String {
    tree::print(&tree(doc, Live::Left).value)
}

/// The document as a tree, which serializes to JSON of the same shape.
#[must_use]
pub fn tree(doc: &MachineDoc, live: Live) -> Node {
    write::document(doc, live)
}

/// What is wrong with an id, if anything.
///
/// # Errors
/// Refuses anything but 1 to 64 of `a-z 0-9 -`.
pub fn check_id(id: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=64).contains(&id.len()) && id.bytes().all(plain) {
        Ok(())
    } else {
        Err(format!("'{}'; expected 1 to 64 of a-z, 0-9 and -", clean_name(id)))
    }
}

/// The newest measurement of a pool that predictions use; of several of one day the last.
fn newest_measured(
    measurements: &[Measurement],
    what: &str,
    kind: PoolKind,
    origin: Origin,
) -> Option<Figure<BytesPerSecond>> {
    let newest =
        measurements.iter().filter(|m| m.what == what && m.used(kind).is_some()).max_by(|a, b| a.date.cmp(&b.date))?;
    let (source, origin) = figure::measured(newest, origin);
    Some(Figure::new(newest.used(kind)?, source, origin))
}

/// `node1.gpu0`, or just `gpu0` in the first machine: how measurements name a pool.
fn full_id(node: Option<&str>, pool: &str) -> String {
    node.map_or_else(|| pool.to_owned(), |node| format!("{node}.{pool}"))
}

/// Where the unknown keys of a measurement are kept: by what it says, so that they survive others' removal.
fn measurement_path(measurement: &Measurement, seen: &mut BTreeMap<String, usize>) -> String {
    let name = format!("measurement {} {} {}", measurement.what, measurement.date, measurement.method);
    let count = seen.entry(name.clone()).or_default();
    *count += 1;
    format!("{name} {count}")
}
