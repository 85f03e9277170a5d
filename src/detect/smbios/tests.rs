//! Tables built after DSP0134 3.7, sections 7.17 (type 16), 7.18 (type 17) and 7.45 (type 127).

use super::*;

/// A structure of this type and handle: `fields` are bytes by their offset, `length` that of its formatted part.
fn structure(kind: u8, handle: u16, length: u8, fields: &[(usize, &[u8])], texts: &[&str]) -> Vec<u8> {
    let mut bytes = vec![0; usize::from(length)];
    bytes[0] = kind;
    bytes[1] = length;
    bytes[2..4].copy_from_slice(&handle.to_le_bytes());
    for (at, field) in fields {
        bytes[*at..at + field.len()].copy_from_slice(field);
    }
    for text in texts {
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0);
    }
    if texts.is_empty() {
        bytes.push(0);
    }
    bytes.push(0);
    bytes
}

/// A DDR5 module of 32 GiB in the array 1000h: sold for 5600 MT/s, running at 3600.
fn ddr5(locator: &str, bank: &str) -> Vec<u8> {
    let fields: [(usize, &[u8]); 10] = [
        (0x04, &[0x00, 0x10]),
        (0x08, &[80, 0]),
        (0x0a, &[64, 0]),
        // Too large for the field: 32768 MiB stand in the extended one.
        (0x0c, &[0xff, 0x7f]),
        (0x10, &[1]),
        (0x11, &[2]),
        (0x12, &[0x22]),
        (0x15, &5600_u16.to_le_bytes()),
        (0x1c, &32_768_u32.to_le_bytes()),
        (0x20, &3600_u16.to_le_bytes()),
    ];
    structure(MEMORY_DEVICE, 0x1100, 0x64, &fields, &[locator, bank, "Vendor", "SERIAL123"])
}

/// An array of memory devices for this use.
fn array(handle: u16, used_for: u8) -> Vec<u8> {
    structure(PHYSICAL_MEMORY_ARRAY, handle, 0x17, &[(0x04, &[3]), (0x05, &[used_for])], &[])
}

fn end() -> Vec<u8> {
    structure(END_OF_TABLE, 0xfeff, 4, &[], &[])
}

fn desktop() -> Vec<u8> {
    let bios = structure(0, 0, 0x1a, &[], &["Vendor", "1.0", "01/01/2025"]);
    [bios, array(0x1000, 3), ddr5("DIMM 0", "P0 CHANNEL A"), ddr5("DIMM 1", "P0 CHANNEL B"), end()].concat()
}

#[test]
fn modules_are_read_with_the_speed_they_run_at() {
    let told = parse(&desktop());
    assert_eq!((told.modules.len(), told.trouble), (2, None));
    let module = Module {
        kind: "DDR5".into(),
        size: Bytes::gib(32),
        configured: Some(3600),
        rated: Some(5600),
        width: Some(64),
        slot: ["P0 CHANNEL A".into(), "DIMM 0".into()],
    };
    assert_eq!(told.modules[0], module);
    assert!(!format!("{told:?}").contains("SERIAL"));
}

#[test]
fn windows_puts_eight_bytes_before_the_table() {
    let table = desktop();
    let raw = |length: u32| [&[0, 3, 7, 0][..], &length.to_le_bytes()[..], &table[..]].concat();
    assert_eq!(parse_raw(&raw(u32::try_from(table.len()).expect("small"))), parse(&table));
    // It states more than it handed over, and less.
    let more = parse_raw(&raw(u32::MAX));
    assert_eq!((more.modules.len(), more.trouble), (2, Some(CUT)));
    assert_eq!(parse_raw(&raw(3)).trouble, Some(CUT));
    assert_eq!(parse_raw(&[0; 7]), Table { modules: Vec::new(), trouble: Some(CUT) });
    assert_eq!(parse_raw(&[0; 8]), Table::default());
}

#[test]
fn old_and_small_fields_are_understood() {
    let read = |length: u8, fields: &[(usize, &[u8])]| {
        parse(&structure(MEMORY_DEVICE, 1, length, fields, &[])).modules.into_iter().next()
    };
    // 2.1: no speed yet. 16 MiB.
    let old = read(0x15, &[(0x0c, &[16, 0]), (0x12, &[0x18])]).expect("a module");
    assert_eq!((old.size, old.rated, old.configured), (Bytes::new(16 << 20), None, None));
    // In KiB.
    assert_eq!(read(0x15, &[(0x0c, &[0x00, 0x82])]).map(|module| module.size), Some(Bytes::new(512 << 10)));
    // Empty, unknown, and too large for a version that has no room for it.
    for size in [[0, 0], [0xff, 0xff], [0xff, 0x7f]] {
        assert_eq!(read(0x15, &[(0x0c, &size)]), None);
    }
    // 3.3: speeds of 65,535 MT/s and more stand further down; the highest bit there is reserved.
    let speeds: [(usize, &[u8]); 5] = [
        (0x0c, &[1, 0]),
        (0x15, &[0xff, 0xff]),
        (0x20, &[0xff, 0xff]),
        (0x54, &70_000_u32.to_le_bytes()),
        (0x58, &(66_000_u32 + (1 << 31)).to_le_bytes()),
    ];
    let fast = read(0x5c, &speeds).expect("a module");
    assert_eq!((fast.rated, fast.configured), (Some(70_000), Some(66_000)));
    let unknown = read(0x54, &speeds[..3]).expect("a module");
    assert_eq!((unknown.rated, unknown.configured, unknown.width), (None, None, None));
}

#[test]
fn memory_that_is_no_ram_is_left_out() {
    let flash = structure(MEMORY_DEVICE, 0x1101, 0x54, &[(0x04, &[0x01, 0x10]), (0x0c, &[16, 0])], &[]);
    let table = [ddr5("A1", ""), flash, array(0x1001, 5), array(0x1000, 3), end()].concat();
    assert_eq!(parse(&table).modules.len(), 1);
}

#[test]
fn text_that_is_not_there_is_empty() {
    for number in [0, 1, 9, 255] {
        let device = structure(MEMORY_DEVICE, 1, 0x15, &[(0x0c, &[1, 0]), (0x10, &[number])], &[]);
        assert_eq!(parse(&device).modules[0].slot, [String::new(), String::new()], "{number}");
    }
    let odd = structure(MEMORY_DEVICE, 1, 0x15, &[(0x0c, &[1, 0]), (0x10, &[1]), (0x11, &[2])], &["\u{202e}é\n", ""]);
    assert_eq!(parse(&odd).modules[0].slot, [String::new(), "?".to_owned()]);
}

#[test]
fn a_length_below_its_own_head_ends_the_reading() {
    for length in 0..4 {
        let table = [ddr5("A", "B"), vec![17, length, 0, 0, 0, 0], ddr5("C", "D")].concat();
        let told = parse(&table);
        assert_eq!((told.modules.len(), told.trouble), (1, Some(CONTRADICTS)), "{length}");
    }
}

#[test]
fn every_cut_leaves_what_stands_before_it() {
    let table = desktop();
    let whole = parse(&table).modules;
    let first_ends = table.len() - end().len() - ddr5("DIMM 1", "P0 CHANNEL B").len();
    for length in 0..=table.len() {
        let told = parse(&table[..length]);
        assert!(whole.starts_with(&told.modules), "{length}");
        assert_eq!(told.modules.is_empty(), length < first_ends, "{length}");
        let raw = [&[0, 3, 7, 0, 255, 255, 0, 0][..], &table[..length]].concat();
        assert_eq!(parse_raw(&raw).modules, told.modules);
    }
}

#[test]
fn no_table_makes_it_panic_or_grow() {
    // A generator of Marsaglia's, so that each run tries the same.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let table = desktop();
    for _ in 0..4000 {
        let mut broken = table.clone();
        for _ in 0..=next() % 8 {
            let at = usize::try_from(next()).unwrap_or(0) % broken.len();
            broken[at] = next().to_le_bytes()[0];
        }
        let told = parse(&broken);
        assert!(told.modules.len() <= 2 + broken.len() / 6);
        let noise: Vec<u8> = (0..next() % 300).map(|_| next().to_le_bytes()[3] & 0x1f).collect();
        let _ = (parse(&noise), parse_raw(&noise));
    }
    // One structure without end, and many of the least size.
    assert_eq!(parse(&vec![17; 1 << 20]).trouble, Some(CUT));
    let slots = structure(MEMORY_DEVICE, 1, 0x15, &[(0x0c, &[1, 0])], &[]).repeat(3000);
    let told = parse(&slots);
    assert_eq!((told.modules.len(), told.trouble), (MOST_MODULES, Some(FULL)));
}
