//! Memory modules and the bandwidth they can give, from systemd's udev database or the firmware's own table.
//!
//! `/run/udev/data/+dmi:id` is written by `dmi_memory_id` (systemd 248 and later, pull request 17837) and
//! is readable without root; the firmware table itself is not. The table has no channel count: it is
//! read off the slot names, and where they say nothing it is assumed. Serial and part numbers, which the
//! file also holds, are never read.

use std::collections::{BTreeMap, BTreeSet};

use crate::hardware::{Dimms, Figure, Source};
use crate::units::{Bytes, BytesPerSecond};

use super::files::Files;
use super::smbios;
use super::text::clean_name;

/// The file.
const UDEV_DMI: &str = "/run/udev/data/+dmi:id";
/// The word for it in a figure's origin.
const UDEV: &str = "udev +dmi:id";

/// The modules of a machine, and who told of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modules {
    /// Those present; none when nobody tells.
    pub list: Vec<Module>,
    /// Who tells; empty when nobody does.
    pub origin: &'static str,
    /// Why there may be more, in words.
    pub trouble: Option<&'static str>,
}

/// One memory module, or one soldered memory device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Module {
    /// `DDR5`, `LPDDR5`.
    pub kind: String,
    /// How much it holds.
    pub size: Bytes,
    /// The speed it runs at in MT/s.
    pub configured: Option<u32>,
    /// The speed it is sold for in MT/s.
    pub rated: Option<u32>,
    /// Bits of data it moves at once.
    pub width: Option<u32>,
    /// The two names of its slot.
    pub slot: [String; 2],
}

/// Reads this machine; none on Apple silicon, whose memory is told by its chip, and in most virtual machines.
#[must_use]
pub fn read() -> Modules {
    let told = parse(&super::files::Live);
    if !told.list.is_empty() {
        return told;
    }
    let smbios::Table { modules, trouble } = firmware();
    Modules { trouble, ..Modules::told(modules.into_iter(), SMBIOS) }
}

/// The word for the firmware's table in a figure's origin.
const SMBIOS: &str = "SMBIOS";

/// Root reads it where there is no udev.
#[cfg(target_os = "linux")]
fn firmware() -> smbios::Table {
    use std::io::Read as _;
    /// More than any table: the largest known have some ten KiB.
    const MOST: u64 = 1 << 20;
    let mut table = Vec::new();
    let read =
        std::fs::File::open("/sys/firmware/dmi/tables/DMI").and_then(|file| file.take(MOST).read_to_end(&mut table));
    read.map(|_| smbios::parse(&table)).unwrap_or_default()
}

/// Windows hands it to everybody.
#[cfg(windows)]
fn firmware() -> smbios::Table {
    use windows::Win32::System::SystemInformation::{GetSystemFirmwareTable, RSMB};
    /// More than any table: the largest known have some ten KiB.
    const MOST: u32 = 1 << 20;
    // SAFETY: without a buffer the call only tells the size.
    let size = unsafe { GetSystemFirmwareTable(RSMB, 0, None) }.min(MOST);
    let mut table = vec![0; size as usize];
    // SAFETY: the call writes at most as many bytes as the buffer holds.
    let written = unsafe { GetSystemFirmwareTable(RSMB, 0, Some(&mut table)) };
    // More than the buffer: it grew meanwhile, and nothing was written.
    if written == 0 || written > size {
        return smbios::Table::default();
    }
    smbios::parse_raw(&table[..written as usize])
}

#[cfg(not(any(target_os = "linux", windows)))]
fn firmware() -> smbios::Table {
    smbios::Table::default()
}

/// The modules present. Those of a virtual machine (`RAM`, `DRAM`) tell nothing and are left out.
#[must_use]
pub fn parse(files: &dyn Files) -> Modules {
    let text = files.text(UDEV_DMI).unwrap_or_default();
    let mut modules: BTreeMap<u32, Module> = BTreeMap::new();
    for line in text.lines() {
        let Some((number, key, value)) = split(line) else {
            continue;
        };
        let module = modules.entry(number).or_default();
        let count = || value.parse().ok().filter(|n| *n > 0);
        match key {
            "SIZE" => module.size = Bytes::new(value.parse().unwrap_or(0)),
            "TYPE" => module.kind = clean_name(value),
            "CONFIGURED_SPEED_MTS" => module.configured = count(),
            "SPEED_MTS" => module.rated = count(),
            "DATA_WIDTH" => module.width = count(),
            "BANK_LOCATOR" => module.slot[0] = slot_name(value),
            "LOCATOR" => module.slot[1] = slot_name(value),
            _ => {}
        }
    }
    Modules::told(modules.into_values(), UDEV)
}

impl Modules {
    /// Those of these that hold memory of a kind that tells a speed.
    fn told(modules: impl Iterator<Item = Module>, origin: &'static str) -> Self {
        let real = |kind: &str| ["DDR", "LPDDR", "HBM"].iter().any(|word| kind.starts_with(word));
        let list: Vec<Module> = modules.filter(|module| module.size > Bytes::ZERO && real(&module.kind)).collect();
        let origin = if list.is_empty() { "" } else { origin };
        Self { list, origin, trouble: None }
    }
}

/// Upper case and ASCII, so that it can be cut anywhere.
pub(super) fn slot_name(value: &str) -> String {
    clean_name(value).chars().map(|c| if c.is_ascii() { c.to_ascii_uppercase() } else { '?' }).collect()
}

/// `E:MEMORY_DEVICE_3_SIZE=34359738368` as (3, `SIZE`, `34359738368`).
fn split(line: &str) -> Option<(u32, &str, &str)> {
    let (key, value) = line.strip_prefix("E:")?.trim_start().split_once('=')?;
    let (number, key) = key.strip_prefix("MEMORY_DEVICE_")?.split_once('_')?;
    Some((number.parse().ok().filter(|n| *n < 1024)?, key, value.trim()))
}

/// What the modules amount to.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// In short.
    pub dimms: Dimms,
    /// How the channels were counted.
    pub counted: Channels,
    /// Their theoretical bandwidth, when their speed is told.
    pub read: Option<Figure<BytesPerSecond>>,
}

/// What the modules amount to. `platform_channels` is what the catalogue says of this processor, used only when the
/// slots say nothing.
#[must_use]
pub fn summarize(told: &Modules, platform_channels: Option<f64>) -> Option<Summary> {
    let modules = &told.list[..];
    let first = modules.first()?;
    let slowest = |speed: fn(&Module) -> Option<u32>| modules.iter().filter_map(speed).min();
    let configured = slowest(|module| module.configured);
    let speed = configured.or_else(|| slowest(|module| module.rated)).filter(|mts| (200..=20_000).contains(mts));
    let (channels, counted) = channels(modules, platform_channels);
    let dimms = Dimms {
        populated: u32::try_from(modules.len()).ok(),
        channels: Some(channels),
        mega_transfers: speed,
        kind: first.kind.clone(),
    };
    let read = speed.map(|mts| {
        let sure = configured.is_some() && counted != Channels::Assumed;
        let source = if sure { Source::Reported } else { Source::Assumed };
        let origin = format!(
            "{}: {channels} x {mts} MT/s x 8 B, channels {}{}",
            told.origin,
            counted.words(),
            if configured.is_some() { "" } else { ", rated speed" },
        );
        // 64 bit a channel at every transfer.
        Figure::new(BytesPerSecond::saturating(channels * f64::from(mts) * 8e6), source, origin)
    });
    Some(Summary { dimms, counted, read })
}

/// How the channels were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// By adding up what each device moves at once.
    Widths,
    /// By the names of the slots.
    Slots,
    /// There is but one module.
    OneModule,
    /// Nothing tells.
    Assumed,
}

impl Channels {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Widths => "from the width of the devices",
            Self::Slots => "from the slot names",
            Self::OneModule => "of the one module",
            Self::Assumed => "assumed",
        }
    }
}

/// Channels of 64 bit. Soldered memory appears as many narrow devices: their widths add up.
/// A DDR5 module is one channel of 64 bit, though it is two of 32 inside.
fn channels(modules: &[Module], platform: Option<f64>) -> (f64, Channels) {
    let widths: Option<Vec<u32>> = modules.iter().map(|module| module.width).collect();
    let soldered = modules.iter().any(|module| module.kind.starts_with("LPDDR"));
    if let Some(widths) = widths
        && (soldered || widths.iter().all(|bits| *bits < 64))
    {
        let bits: u32 = widths.iter().map(|bits| (*bits).min(1024)).sum();
        return (f64::from(bits) / 64.0, Channels::Widths);
    }
    let populated = modules.len() as f64;
    let named = [0, 1]
        .into_iter()
        .filter_map(|field| {
            let keys: Option<BTreeSet<String>> =
                modules.iter().map(|module| channel_key(&module.slot[field])).collect();
            keys.map(|keys| keys.len())
        })
        .max();
    match (named, platform) {
        (Some(count), _) => (count as f64, Channels::Slots),
        (None, _) if modules.len() == 1 => (1.0, Channels::OneModule),
        (None, Some(channels)) if channels > 0.0 => (channels.min(populated), Channels::Assumed),
        (None, _) => (populated.min(2.0), Channels::Assumed),
    }
}

/// The part of an upper-case slot name up to its channel: `CONTROLLER0-CHANNELA`, `P0 CHANNEL B`,
/// `CPU1_DIMM_C`, `CPU0_C3`; `None` where the name only numbers slots (`DIMM 1`, `BANK 2`).
fn channel_key(slot: &str) -> Option<String> {
    if let Some(at) = slot.find("CHANNEL") {
        let from = at + "CHANNEL".len();
        let name = slot[from..].find(|c: char| c.is_ascii_alphanumeric())? + from;
        let end = slot[name..].find(|c: char| !c.is_ascii_digit()).unwrap_or(slot.len() - name);
        return Some(slot[..name + end.max(1)].to_owned());
    }
    // "DIMMA1" is the token A1, in the place where it stood.
    let spaced = slot.replace("SODIMM", "      ").replace("DIMM", "    ");
    let mut start = 0;
    for token in spaced.split(|c: char| !c.is_ascii_alphanumeric()) {
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let mut rest = token.chars();
        if let Some('A'..='L') = rest.next() {
            let rest = rest.as_str();
            if digits(rest) && rest.len() <= 2 {
                return Some(spaced[..=start].to_owned());
            }
            // "C3D0": channel 3, module 0.
            if let Some((channel, module)) = rest.split_once('D')
                && token.starts_with('C')
                && !channel.is_empty()
                && digits(channel)
                && digits(module)
            {
                return Some(spaced[..=start + channel.len()].to_owned());
            }
        }
        start += token.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::files::Capture;
    use super::*;

    fn check(capture: &str, platform: Option<f64>, populated: u32, gb_per_s: f64, source: Source) {
        let modules = parse(&Capture::parse(capture));
        let told = summarize(&modules, platform).expect("modules");
        let read = told.read.expect("a speed");
        assert_eq!(told.dimms.populated, Some(populated));
        assert!((read.value.get() / 1e9 - gb_per_s).abs() < 0.05, "{read:?}");
        assert_eq!(read.source, source, "{read:?}");
    }

    #[test]
    fn the_configured_speed_counts_not_the_one_on_the_box() {
        // 4 x 32 GB DDR5-5600 modules running at 3600 MT/s on two channels: llama.cpp #4716.
        check(include_str!("../../tests/captures/desktop-7950x-7900xtx.txt"), None, 4, 57.6, Source::Reported);
    }

    #[test]
    fn sockets_multiply_channels() {
        check(include_str!("../../tests/captures/server-2p-epyc-9654.txt"), None, 4, 153.6, Source::Reported);
    }

    #[test]
    fn soldered_memory_adds_its_widths() {
        check(include_str!("../../tests/captures/strix-halo-linux.txt"), None, 8, 256.0, Source::Reported);
    }

    fn pair(slots: [&str; 2]) -> Modules {
        let list = slots.map(|slot| Module {
            kind: "DDR4".into(),
            size: Bytes::gib(16),
            configured: Some(3200),
            slot: [String::new(), slot.into()],
            ..Module::default()
        });
        Modules { list: list.into(), origin: UDEV, trouble: None }
    }

    #[test]
    fn slots_that_say_nothing_leave_an_assumption() {
        let two = pair(["DIMM 0", "DIMM 1"]);
        let one = Modules { list: two.list[..1].to_vec(), ..two.clone() };
        for (modules, platform, channels, source) in [
            (&two, None, 2.0, Source::Assumed),
            (&one, None, 1.0, Source::Reported),
            (&two, Some(8.0), 2.0, Source::Assumed),
            (&two, Some(1.0), 1.0, Source::Assumed),
        ] {
            let told = summarize(modules, platform).expect("modules");
            assert_eq!(told.dimms.channels, Some(channels));
            assert_eq!(told.read.map(|read| read.source), Some(source));
        }
    }

    #[test]
    fn a_rated_speed_alone_is_an_assumption_and_no_speed_is_no_figure() {
        let mut modules = pair(["CHANNELA-DIMM0", "CHANNELB-DIMM0"]);
        for module in &mut modules.list {
            (module.configured, module.rated) = (None, Some(3600));
        }
        let read = |modules: &Modules| summarize(modules, None).and_then(|told| told.read);
        assert_eq!(read(&modules).map(|read| read.source), Some(Source::Assumed));
        for module in &mut modules.list {
            module.rated = None;
        }
        assert_eq!(read(&modules), None);
    }

    #[test]
    fn channels_are_read_off_slot_names() {
        for (slot, key) in [
            ("P0 CHANNEL A", Some("P0 CHANNEL A")),
            ("CONTROLLER0-CHANNELA-DIMM1", Some("CONTROLLER0-CHANNELA")),
            ("P0_NODE0_CHANNEL11_DIMM0", Some("P0_NODE0_CHANNEL11")),
            ("DIMM_A1", Some("    _A")),
            ("DIMMB2", Some("    B")),
            ("DDR4-A1", Some("DDR4-A")),
            ("CPU1_DIMM_C1", Some("CPU1_    _C")),
            ("CPU0_C3D0", Some("CPU0_C3")),
            ("BANK 0", None),
            ("DIMM 12", None),
            ("PROC 2 DIMM 12", None),
            ("NODE 0", None),
            ("SODIMM 1", None),
            ("CHANNEL", None),
            ("", None),
        ] {
            assert_eq!(channel_key(slot).as_deref(), key, "{slot}");
        }
    }

    #[test]
    fn virtual_machines_and_damaged_lines_tell_nothing() {
        for lines in [
            "E:MEMORY_DEVICE_0_SIZE=17179869184\nE:MEMORY_DEVICE_0_TYPE=RAM",
            "E:MEMORY_DEVICE_0_PRESENT=0\nE:MEMORY_DEVICE_0_TYPE=DDR5",
            "E:MEMORY_DEVICE_0_SIZE=-5\nE:MEMORY_DEVICE_x_SIZE=1\nE:MEMORY_DEVICE_\nE:=\ngarbage",
            "",
        ] {
            let capture = Capture::parse(&format!("\n=== {UDEV_DMI}\n{lines}\n"));
            assert_eq!(parse(&capture), Modules::default(), "{lines}");
        }
        assert_eq!(summarize(&Modules::default(), None), None);
    }
}
