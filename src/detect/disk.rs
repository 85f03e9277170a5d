//! The disk that holds the models: its size, what is free, and what it is built as.
//!
//! Its speed is never reported by anything, so it is assumed from the kind and marked so. What a virtual
//! disk says of itself (`rotational`) means nothing.

use std::path::{Path, PathBuf};

use crate::hardware::{Figure, Source};
use crate::units::{Bytes, BytesPerSecond};

use super::files::Files;

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Size of the file system.
    pub total: Bytes,
    /// What a user may still write.
    pub free: Bytes,
    /// What it is built as.
    pub kind: DiskKind,
}

/// What a disk is built as, as far as its speed goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskKind {
    /// Flash on PCI Express.
    Nvme,
    /// Flash on a SATA or SAS port.
    SataSsd,
    /// Some flash; how it is attached is not told.
    Ssd,
    /// Spinning platters.
    Rotational,
    /// A memory card or soldered eMMC.
    Card,
    /// A disk that a virtual machine was given.
    Virtual,
    /// A folder of another machine.
    Network,
    /// No word on it.
    Unknown,
    /// No disk: files in it take RAM.
    Memory,
}

impl DiskKind {
    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nvme => "nvme",
            Self::SataSsd => "sata-ssd",
            Self::Ssd => "ssd",
            Self::Rotational => "hard-disk",
            Self::Card => "memory-card",
            Self::Virtual => "virtual",
            Self::Network => "network",
            Self::Unknown => "unknown",
            Self::Memory => "memory",
        }
    }

    /// What it is, for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Nvme => "NVMe SSD",
            Self::SataSsd => "SATA SSD",
            Self::Ssd => "SSD",
            Self::Rotational => "hard disk",
            Self::Card => "memory card",
            Self::Virtual => "virtual disk",
            Self::Network => "network folder",
            Self::Unknown => "disk of unknown kind",
            Self::Memory => "RAM",
        }
    }

    /// What it is taken for.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Nvme => "an NVMe SSD",
            Self::SataSsd => "a SATA SSD",
            Self::Ssd => "an SSD",
            Self::Rotational => "a hard disk",
            Self::Card => "a memory card",
            Self::Virtual => "an SSD under the virtual disk",
            Self::Network => "a network folder over gigabit Ethernet",
            Self::Unknown | Self::Memory => "an SSD, its kind being unknown",
        }
    }

    /// The sequential read rate assumed of it.
    #[must_use]
    pub fn assumed_read(self) -> Figure<BytesPerSecond> {
        // 3.5 GB/s is what PCIe 3.0 x4 carries and the contract's default; 0.55 is SATA's most;
        // 0.15 an ordinary 7200/min disk; 0.09 an SD card at SDR104; 0.117 gigabit Ethernet.
        let rate = match self {
            Self::Nvme | Self::Ssd | Self::Virtual | Self::Unknown | Self::Memory => 3.5e9,
            Self::SataSsd => 0.55e9,
            Self::Rotational => 0.15e9,
            Self::Card => 0.09e9,
            Self::Network => 0.117e9,
        };
        let origin = self.words();
        Figure::new(BytesPerSecond::saturating(rate), Source::Assumed, origin)
    }
}

/// Bytes free on the disk a folder lies on, or will: the nearest folder above it that exists is asked.
#[must_use]
pub fn free_at(folder: &Path) -> Option<Bytes> {
    folder.ancestors().find_map(|above| space(&std::fs::canonicalize(above).ok()?)).map(|space| space.free)
}

/// Whether a file or a folder lies in RAM, however much it looks like a disk. What is not there yet lies where the
/// nearest folder above it does.
#[must_use]
pub fn lies_in_memory(path: &Path) -> bool {
    let there = path.ancestors().find_map(|above| std::fs::canonicalize(above).ok());
    there.is_some_and(|there| parse(&super::files::Live, &there) == DiskKind::Memory)
}

/// The disk of the first of these folders that lies on one.
#[must_use]
pub fn read(folders: &[PathBuf]) -> Option<Disk> {
    folders.iter().filter_map(|folder| read_one(folder)).find(|disk| disk.kind != DiskKind::Memory)
}

pub(super) fn read_one(folder: &Path) -> Option<Disk> {
    let folder = std::fs::canonicalize(folder).ok()?;
    let Space { total, free, told } = space(&folder)?;
    let kind = match parse(&super::files::Live, &folder) {
        DiskKind::Unknown => told,
        kind => kind,
    };
    Some(Disk { total, free, kind })
}

/// The file system under a folder.
struct Space {
    total: Bytes,
    free: Bytes,
    /// What the system's own list of disks says it is.
    told: DiskKind,
}

/// By statvfs(3), which sees through overlays.
#[cfg(target_os = "linux")]
fn space(folder: &Path) -> Option<Space> {
    use std::os::unix::ffi::OsStrExt as _;
    let path = std::ffi::CString::new(folder.as_os_str().as_bytes()).ok()?;
    let mut stat = std::mem::MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: `path` is a C string; `stat` is plain integers, zeroed, and read only when filled.
    let stat = unsafe {
        if libc::statvfs(path.as_ptr(), stat.as_mut_ptr()) != 0 {
            return None;
        }
        stat.assume_init()
    };
    #[allow(clippy::unnecessary_cast, reason = "these are 32 bit on some targets")]
    let (block, blocks, free) = (stat.f_frsize as u64, stat.f_blocks as u64, stat.f_bavail as u64);
    let total = Bytes::new(block) * blocks;
    let free = (Bytes::new(block) * free).min(total);
    (total > Bytes::ZERO).then_some(Space { total, free, told: DiskKind::Unknown })
}

/// By `GetDiskFreeSpaceEx`, which takes folders of drives and of shares alike.
#[cfg(windows)]
fn space(folder: &Path) -> Option<Space> {
    use windows::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;
    let (mut free, mut total) = (0, 0);
    // SAFETY: the string lives through the call and both counts are writable.
    unsafe {
        GetDiskFreeSpaceExW(&windows::core::HSTRING::from(folder), Some(&raw mut free), Some(&raw mut total), None)
    }
    .ok()?;
    // A canonical path is written \\?\C:\...; a share has no entry in the list of disks.
    let text = folder.to_string_lossy();
    let listed = listed(Path::new(text.strip_prefix(r"\\?\").unwrap_or(&text)));
    let total = Bytes::new(total);
    (total > Bytes::ZERO).then(|| Space {
        total,
        free: Bytes::new(free).min(total),
        told: super::volume::kind(&super::volume::read(folder), listed.map_or(DiskKind::Unknown, |listed| listed.told)),
    })
}

/// By the list of disks.
#[cfg(not(any(target_os = "linux", windows)))]
fn space(folder: &Path) -> Option<Space> {
    listed(folder)
}

/// The entry in sysinfo's list with the longest mount point above a folder.
#[cfg(not(target_os = "linux"))]
fn listed(folder: &Path) -> Option<Space> {
    let disks = sysinfo::Disks::new_with_refreshed_list().ok()?;
    let disk = disks
        .iter()
        .filter(|disk| folder.starts_with(disk.mount_point()) && disk.total_space() > 0)
        .max_by_key(|disk| disk.mount_point().as_os_str().len())?;
    let total = Bytes::new(disk.total_space());
    Some(Space {
        total,
        free: Bytes::new(disk.available_space()).min(total),
        told: match disk.kind() {
            sysinfo::DiskKind::SSD => DiskKind::Ssd,
            sysinfo::DiskKind::HDD => DiskKind::Rotational,
            sysinfo::DiskKind::Unknown(_) => DiskKind::Unknown,
        },
    })
}

/// What the disk under a folder is, from the mounts of this process and sysfs.
#[must_use]
pub fn parse(files: &dyn Files, folder: &Path) -> DiskKind {
    let mounts = files.text("/proc/self/mountinfo").unwrap_or_default();
    // Of mounts over the same place the last is on top.
    let Some(mount) = mounts
        .lines()
        .filter_map(Mount::parse)
        .filter(|mount| folder.starts_with(&mount.point))
        .max_by_key(|mount| mount.point.as_os_str().len())
    else {
        return DiskKind::Unknown;
    };
    match mount.kind {
        "tmpfs" | "ramfs" => return DiskKind::Memory,
        "nfs" | "nfs4" | "cifs" | "smb3" | "ceph" | "fuse.sshfs" | "afs" | "glusterfs" => {
            return DiskKind::Network;
        }
        // Folders of the host of a virtual machine: WSL's /mnt/c is 9p.
        "9p" | "virtiofs" | "vboxsf" | "prl_fs" => return DiskKind::Virtual,
        _ => {}
    }
    device(files, &mount).map_or(DiskKind::Unknown, |device| kind_of(files, &device, 0))
}

/// One line of `/proc/self/mountinfo`, see `proc_pid_mountinfo(5)`.
pub(super) struct Mount<'a> {
    /// Major and minor number of the device; 0 and some number where there is no block device.
    pub(super) number: &'a str,
    pub(super) point: PathBuf,
    options: &'a str,
    pub(super) kind: &'a str,
    pub(super) source: &'a str,
}

impl<'a> Mount<'a> {
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(2);
        let number = before.next()?;
        // A blank in a mount point is written \040.
        let point = PathBuf::from(before.nth(1)?.replace("\\040", " "));
        let options = before.next().unwrap_or_default();
        let mut after = after.split(' ');
        Some(Self { number, point, options, kind: after.next()?, source: after.next()? })
    }

    /// Whether nothing can be written here.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "Linux's, tested everywhere"))]
    pub(super) fn is_read_only(&self) -> bool {
        self.options.split(',').any(|option| option == "ro")
    }
}

/// The sysfs folder of the device; btrfs has no device number of its own (0:N) but names its source.
fn device(files: &dyn Files, mount: &Mount<'_>) -> Option<String> {
    if !mount.number.starts_with("0:") {
        return files.link(&format!("/sys/dev/block/{}", mount.number));
    }
    let name = mount.source.strip_prefix("/dev/")?;
    files.link(&format!("/sys/class/block/{name}"))
}

fn kind_of(files: &dyn Files, device: &str, depth: u8) -> DiskKind {
    // An encrypted or logical volume is what lies below it.
    if let Some(below) = files.names(&format!("{device}/slaves")).first()
        && depth < 8
        && let Some(below) = files.link(&format!("/sys/class/block/{below}"))
    {
        return kind_of(files, &below, depth + 1);
    }
    let on = |bus: &str| device.contains(bus);
    if on("/virtio") || on("/xen") || on("/vbd-") || on("vmbus") || on("/VMBUS") {
        return DiskKind::Virtual;
    }
    let whole = device.rsplit_once('/').map_or(device, |(parent, _)| parent);
    let vendor = [device, whole].into_iter().find_map(|disk| files.text(&format!("{disk}/device/vendor")));
    if vendor.is_some_and(|name| {
        ["QEMU", "VMware", "Msft", "VBOX", "Google", "Xen"].iter().any(|virt| name.starts_with(virt))
    }) {
        return DiskKind::Virtual;
    }
    let rotational = [device, whole].into_iter().find_map(|disk| files.number(&format!("{disk}/queue/rotational")));
    match rotational {
        _ if on("/nvme") => DiskKind::Nvme,
        _ if on("/mmc") => DiskKind::Card,
        Some(0) if on("/ata") => DiskKind::SataSsd,
        // A USB bridge often hides what is behind it.
        Some(_) if on("/usb") => DiskKind::Unknown,
        Some(0) => DiskKind::Ssd,
        Some(_) => DiskKind::Rotational,
        None => DiskKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::Capture;
    use super::*;

    fn check(capture: &str, folder: &str, expected: DiskKind) {
        assert_eq!(parse(&Capture::parse(capture), Path::new(folder)), expected, "{folder}");
    }

    #[test]
    fn a_virtual_disk_calls_itself_rotational_in_vain() {
        let capture = include_str!("../../tests/captures/vm-epyc-cgroup1.txt");
        check(capture, "/root", DiskKind::Virtual);
        check(capture, "/dev/shm/x", DiskKind::Memory);
    }

    #[test]
    fn partitions_and_encrypted_volumes_are_followed_to_the_disk() {
        let capture = include_str!("../../tests/captures/desktop-7950x-7900xtx.txt");
        check(capture, "/home/x", DiskKind::Nvme);
        check(capture, "/mnt/models", DiskKind::Rotational);
        check(capture, "/mnt/my disk/x", DiskKind::SataSsd);
        check(capture, "/mnt/nas", DiskKind::Network);
        check(capture, "/tmp", DiskKind::Memory);
        check(include_str!("../../tests/captures/raspberry-pi-5.txt"), "/", DiskKind::Card);
        check("", "/", DiskKind::Unknown);
    }

    #[test]
    fn a_container_root_is_unknown_and_assumed() {
        let capture = include_str!("../../tests/captures/container-cgroup1-docker.txt");
        check(capture, "/", DiskKind::Unknown);
        let read = DiskKind::Unknown.assumed_read();
        assert_eq!((read.value.get(), read.source), (3.5e9, Source::Assumed));
    }

    #[test]
    fn this_machine_has_a_disk_here() {
        let disk = read(&[PathBuf::from(".")]).expect("a disk");
        assert!(disk.free <= disk.total && disk.total > Bytes::ZERO);
        assert_eq!(read(&[PathBuf::from("/nonexistent")]), None);
    }
}
