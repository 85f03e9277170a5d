//! How the disk of a Windows drive is attached: `IOCTL_STORAGE_QUERY_PROPERTY`, which needs no rights on the drive.
//!
//! [`read`] asks, [`kind`] judges what was answered.

use super::disk::DiskKind;

/// Where `STORAGE_ADAPTER_DESCRIPTOR` holds its bus, in one byte.
const BUS: usize = 24;

/// What the answer makes of a disk of which only this was known: flash or platters. `STORAGE_BUS_TYPE` of `winioctl.h`.
#[must_use]
pub fn kind(answer: &[u8], known: DiskKind) -> DiskKind {
    const USB: u8 = 7;
    const SAS: u8 = 10;
    const SATA: u8 = 11;
    const SD: u8 = 12;
    const MMC: u8 = 13;
    const VIRTUAL: u8 = 14;
    const FILE: u8 = 15;
    const NVME: u8 = 17;
    match (answer.get(BUS).copied(), known) {
        (Some(NVME), _) => DiskKind::Nvme,
        (Some(SD | MMC), _) => DiskKind::Card,
        (Some(VIRTUAL | FILE), _) => DiskKind::Virtual,
        (Some(SATA | SAS), DiskKind::Ssd) => DiskKind::SataSsd,
        // A USB bridge often hides what is behind it.
        (Some(USB), _) => DiskKind::Unknown,
        _ => known,
    }
}

/// What Windows answers for the drive a path begins with, `C:\`; nothing for a share.
#[cfg(windows)]
#[must_use]
pub fn read(path: &std::path::Path) -> Vec<u8> {
    use std::os::windows::fs::OpenOptionsExt as _;
    use std::os::windows::io::AsRawHandle as _;
    use std::path::{Component, Prefix};

    use windows::Win32::Foundation::HANDLE;
    use windows::Win32::System::IO::DeviceIoControl;

    const IOCTL_STORAGE_QUERY_PROPERTY: u32 = 0x002d_1400;
    /// `STORAGE_PROPERTY_QUERY`: the property is that of the adapter (1), the query the standard one (0), and no more.
    const QUERY: [u32; 3] = [1, 0, 0];
    /// Reading and writing by others is none of our business.
    const SHARED: u32 = 3;

    let Some(Component::Prefix(prefix)) = path.components().next() else { return Vec::new() };
    let (Prefix::Disk(letter) | Prefix::VerbatimDisk(letter)) = prefix.kind() else { return Vec::new() };
    let drive = format!(r"\\.\{}:", char::from(letter));
    let Ok(drive) = std::fs::OpenOptions::new().access_mode(0).share_mode(SHARED).open(drive) else {
        return Vec::new();
    };
    let mut answer = vec![0_u8; 256];
    let mut written = 0;
    // SAFETY: the drive is open; both buffers are as long as is said, and the answer is writable.
    let asked = unsafe {
        DeviceIoControl(
            HANDLE(drive.as_raw_handle()),
            IOCTL_STORAGE_QUERY_PROPERTY,
            Some(QUERY.as_ptr().cast()),
            size_of_val(&QUERY) as u32,
            Some(answer.as_mut_ptr().cast()),
            answer.len() as u32,
            Some(&raw mut written),
            None,
        )
    };
    answer.truncate(if asked.is_ok() { written as usize } else { 0 });
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bus_tells_what_flash_alone_does_not() {
        let answer = |bus: u8| {
            // Version and size, three more words, four flags, then the bus.
            let words = [40_u32, 40, 131_072, 33, 3];
            let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).chain([0, 0, 1, 1]).collect();
            bytes.extend([bus, 0, 2, 0]);
            bytes
        };
        for (bus, known, expected) in [
            (17, DiskKind::Ssd, DiskKind::Nvme),
            (17, DiskKind::Unknown, DiskKind::Nvme),
            (11, DiskKind::Ssd, DiskKind::SataSsd),
            (11, DiskKind::Rotational, DiskKind::Rotational),
            (11, DiskKind::Unknown, DiskKind::Unknown),
            (7, DiskKind::Ssd, DiskKind::Unknown),
            (12, DiskKind::Unknown, DiskKind::Card),
            (14, DiskKind::Ssd, DiskKind::Virtual),
            // Behind a RAID controller or unheard of: what was known stays.
            (8, DiskKind::Ssd, DiskKind::Ssd),
            (99, DiskKind::Rotational, DiskKind::Rotational),
        ] {
            assert_eq!(kind(&answer(bus), known), expected, "bus {bus}");
        }
        assert_eq!(kind(&[], DiskKind::Ssd), DiskKind::Ssd);
        assert_eq!(kind(&[17; 24], DiskKind::Ssd), DiskKind::Ssd, "an answer cut before its bus");
    }
}
