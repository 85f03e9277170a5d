//! Memory modules from the firmware's table, SMBIOS (DMTF DSP0134, 3.7): its structures of type 17, Memory Device.
//!
//! Windows hands the table to every user; on Linux root alone reads it, and there udev's word on it comes first.
//! Invariant: no table makes this panic, loop or take memory beyond the table's own size; what is cut off or
//! contradicts itself leaves what could be read before it and a sentence. Serial, asset and part numbers are not read.

use crate::units::Bytes;

use super::dimms::{Module, slot_name};

/// Types of structures.
const PHYSICAL_MEMORY_ARRAY: u8 = 16;
const MEMORY_DEVICE: u8 = 17;
const END_OF_TABLE: u8 = 127;

/// What an array of memory devices is for: 3 is system memory (7.17.2).
const SYSTEM_MEMORY: u8 = 3;
/// More than any machine has slots.
const MOST_MODULES: usize = 1024;

/// What a table tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The memory modules present.
    pub modules: Vec<Module>,
    /// Why there may be more, in words.
    pub trouble: Option<&'static str>,
}

const CUT: &str = "The firmware's table of memory modules is cut off; those before the cut are counted.";
const CONTRADICTS: &str = "The firmware's table of memory modules contradicts itself; those before that are counted.";
const FULL: &str = "The firmware lists more memory modules than any machine has; the rest is left out.";

/// What `GetSystemFirmwareTable` fills in for the provider `RSMB`: one byte for the calling method, three of versions,
/// and four of the length of the table that follows (`RawSMBIOSData`).
#[cfg(any(windows, test))]
#[must_use]
pub fn parse_raw(bytes: &[u8]) -> Table {
    let Some(length) = dword(bytes, 4) else { return Table { trouble: Some(CUT), ..Table::default() } };
    let table = &bytes[8..];
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let mut told = parse(&table[..length.min(table.len())]);
    if length > table.len() {
        told.trouble = told.trouble.or(Some(CUT));
    }
    told
}

/// The structures of a table, one behind the other: `/sys/firmware/dmi/tables/DMI` on Linux.
#[must_use]
pub fn parse(table: &[u8]) -> Table {
    let mut told = Table::default();
    // What the arrays are for, by their handle.
    let mut others: Vec<u16> = Vec::new();
    let mut devices: Vec<(u16, Module)> = Vec::new();
    let mut rest = table;
    while !rest.is_empty() {
        let (structure, after) = match Structure::split(rest) {
            Ok(split) => split,
            Err(trouble) => {
                told.trouble = Some(trouble);
                break;
            }
        };
        match structure.kind() {
            END_OF_TABLE => break,
            PHYSICAL_MEMORY_ARRAY => {
                let is_other = structure.byte(0x05).is_some_and(|used| used != SYSTEM_MEMORY);
                others.extend(structure.word(0x02).filter(|_| is_other && others.len() < MOST_MODULES));
            }
            MEMORY_DEVICE if devices.len() >= MOST_MODULES => {
                told.trouble = Some(FULL);
                break;
            }
            MEMORY_DEVICE => devices.extend(module(&structure)),
            _ => {}
        }
        rest = after;
    }
    // A flash chip or a card's memory is no RAM; its array may stand behind it.
    devices.retain(|(array, _)| !others.contains(array));
    told.modules = devices.into_iter().map(|(_, module)| module).collect();
    told
}

/// A module from its structure, and the handle of its array; none for an empty slot.
fn module(structure: &Structure<'_>) -> Option<(u16, Module)> {
    let size = size(structure)?;
    // Absent in versions before 2.3 and 2.7; 0 is unknown and FFFFh means a field further down.
    let speed = |at: usize, extended: usize| match structure.word(at)? {
        0 => None,
        0xffff => structure.dword(extended).map(|speed| speed & 0x7fff_ffff).filter(|speed| *speed > 0),
        speed => Some(u32::from(speed)),
    };
    let module = Module {
        kind: structure.byte(0x12).map(kind).unwrap_or_default().to_owned(),
        size,
        configured: speed(0x20, 0x58),
        rated: speed(0x15, 0x54),
        width: structure.word(0x0a).filter(|bits| !matches!(bits, 0 | 0xffff)).map(u32::from),
        slot: [0x11, 0x10].map(|at| slot_name(&structure.string(at))),
    };
    Some((structure.word(0x04).unwrap_or(0xffff), module))
}

/// The field Size: MiB, or KiB with the highest bit set; 0 is an empty slot, `FFFFh` unknown, `7FFFh` too large for this field
/// (Extended Size has it then, in MiB).
fn size(structure: &Structure<'_>) -> Option<Bytes> {
    let size = match structure.word(0x0c)? {
        0 | 0xffff => return None,
        0x7fff => Bytes::new(u64::from(structure.dword(0x1c)? & 0x7fff_ffff)) * (1 << 20),
        kib if kib & 0x8000 != 0 => Bytes::new(u64::from(kib & 0x7fff)) * (1 << 10),
        mib => Bytes::new(u64::from(mib)) * (1 << 20),
    };
    (size > Bytes::ZERO).then_some(size)
}

/// 7.18.2: the kinds that memory of today has. The others (`DRAM`, `RAM`, `Flash`) tell no speed.
const fn kind(code: u8) -> &'static str {
    match code {
        0x12 => "DDR",
        0x13 => "DDR2",
        0x14 => "DDR2 FB-DIMM",
        0x18 => "DDR3",
        0x1a => "DDR4",
        0x1b => "LPDDR",
        0x1c => "LPDDR2",
        0x1d => "LPDDR3",
        0x1e => "LPDDR4",
        0x20 => "HBM",
        0x21 => "HBM2",
        0x22 => "DDR5",
        0x23 => "LPDDR5",
        0x24 => "HBM3",
        _ => "",
    }
}

/// One structure: its formatted part, which states its own length, and the text behind it.
struct Structure<'a> {
    formatted: &'a [u8],
    text: &'a [u8],
}

impl<'a> Structure<'a> {
    /// The first structure of a table, and the rest of the table.
    fn split(table: &'a [u8]) -> Result<(Self, &'a [u8]), &'static str> {
        let length = usize::from(*table.get(1).ok_or(CUT)?);
        // Type, length and handle are always there.
        if length < 4 {
            return Err(CONTRADICTS);
        }
        let (formatted, behind) = table.split_at_checked(length).ok_or(CUT)?;
        // Two zeros end the text, also where there is none.
        let end = behind.windows(2).position(|two| two == [0, 0]).ok_or(CUT)?;
        Ok((Self { formatted, text: &behind[..end] }, &behind[end + 2..]))
    }

    fn kind(&self) -> u8 {
        self.formatted[0]
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.formatted.get(at).copied()
    }

    fn word(&self, at: usize) -> Option<u16> {
        let bytes = self.formatted.get(at..at.checked_add(2)?)?;
        Some(u16::from_le_bytes(bytes.try_into().ok()?))
    }

    fn dword(&self, at: usize) -> Option<u32> {
        dword(self.formatted, at)
    }

    /// The text whose number stands here, counted from 1; empty where there is none.
    fn string(&self, at: usize) -> String {
        let number = usize::from(self.byte(at).unwrap_or(0));
        let text = number.checked_sub(1).and_then(|skipped| self.text.split(|byte| *byte == 0).nth(skipped));
        String::from_utf8_lossy(text.unwrap_or_default()).into_owned()
    }
}

fn dword(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests;
