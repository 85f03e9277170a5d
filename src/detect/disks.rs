//! Every disk of this machine that a user could keep models on, with what is free on each.
//!
//! Network folders are not asked how full they are: one whose server is gone would never answer. No device name,
//! label or serial number is told, and no user's name where the place would hold one.

use std::path::{Path, PathBuf};

use crate::units::Bytes;

use super::disk::{self, Disk, DiskKind};
use super::files::Files;

/// Smaller than any model: boot and firmware partitions.
const SMALLEST: Bytes = Bytes::gib(2);
/// More than are worth a list.
const MOST_DISKS: usize = 32;

/// A file system, and where it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDisk {
    /// Its mount point or drive, `/mnt/models`, `D:\`, without a user's name.
    pub place: String,
    /// Its size, what is free on it, and what it is.
    pub disk: Disk,
}

/// Reads this machine; in the order the system lists them.
#[must_use]
pub fn read() -> Vec<FoundDisk> {
    let home = std::env::home_dir();
    let found = list().into_iter().filter_map(|place| {
        let disk = disk::read_one(&place)?;
        let fit = disk.total >= SMALLEST && disk.kind != DiskKind::Memory;
        fit.then(|| FoundDisk { place: shown(&place, home.as_deref()), disk })
    });
    found.take(MOST_DISKS).collect()
}

#[cfg(target_os = "linux")]
fn list() -> Vec<PathBuf> {
    parse(&super::files::Live)
}

/// Drives and volumes; macOS shows its own one several times below `/System/Volumes`.
#[cfg(not(target_os = "linux"))]
fn list() -> Vec<PathBuf> {
    let Ok(disks) = sysinfo::Disks::new_with_refreshed_list() else { return Vec::new() };
    let places = disks.iter().filter(|disk| !disk.is_read_only()).map(|disk| disk.mount_point().to_owned());
    places.filter(|place| !place.starts_with("/System/Volumes")).collect()
}

/// Where the file systems of disks are mounted, each once, from the mounts of this process. What is read-only, of the
/// system itself, or a single file handed into a container is left out.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "Linux's, tested everywhere"))]
#[must_use]
pub fn parse(files: &dyn Files) -> Vec<PathBuf> {
    const ON_DISKS: [&str; 14] = [
        "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "jfs", "exfat", "ntfs", "ntfs3", "fuseblk",
        "vfat",
    ];
    const OF_THE_SYSTEM: [&str; 9] =
        ["/boot", "/efi", "/etc", "/proc", "/sys", "/dev", "/snap", "/var/lib/docker", "/var/lib/containers"];
    let mounts = files.text("/proc/self/mountinfo").unwrap_or_default();
    let mut found: Vec<(&str, PathBuf)> = Vec::new();
    for line in mounts.lines() {
        let Some(mount) = disk::Mount::parse(line) else { continue };
        let of_the_system = OF_THE_SYSTEM.iter().any(|folder| mount.point.starts_with(folder));
        let of_the_run = mount.point.starts_with("/run") && !mount.point.starts_with("/run/media");
        // A container's root is laid over some disk, which is not told.
        let on_a_disk = ON_DISKS.contains(&mount.kind) || mount.kind == "overlay" && mount.point.as_os_str() == "/";
        if !on_a_disk || of_the_system || of_the_run || mount.is_read_only() {
            continue;
        }
        // Subvolumes and data sets of one file system share its space.
        let whole = match mount.kind {
            "zfs" => mount.source.split('/').next().unwrap_or(mount.source),
            "btrfs" => mount.source,
            _ => mount.number,
        };
        match found.iter_mut().find(|(other, _)| *other == whole) {
            Some((_, place)) if place.components().count() > mount.point.components().count() => *place = mount.point,
            Some(_) => {}
            None => found.push((whole, mount.point)),
        }
    }
    found.into_iter().map(|(_, place)| place).collect()
}

/// A place as it is told: the home folder is `~`, and of a removable disk's place, which holds the user's name, only the
/// last part is kept.
fn shown(place: &Path, home: Option<&Path>) -> String {
    let text = |path: &Path| super::clean_name(&path.to_string_lossy());
    let below_home = |rest: &Path| {
        if rest.as_os_str().is_empty() { "~".to_owned() } else { text(&Path::new("~").join(rest)) }
    };
    if let Some(rest) = home.and_then(|home| place.strip_prefix(home).ok()) {
        return below_home(rest);
    }
    let parts: Vec<_> = place.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    match &parts[..] {
        // A disk without a label goes by its serial number there.
        ["/", "media", _, .., last] | ["/", "run", "media", _, .., last] if is_serial(last) => "/media/…".to_owned(),
        ["/", "media", _, .., last] | ["/", "run", "media", _, .., last] => text(&Path::new("/media/…").join(last)),
        ["/", "home" | "Users", _, rest @ ..] => below_home(&rest.iter().collect::<PathBuf>()),
        _ => text(place),
    }
}

/// `4E1A-8C2D` or the long form of a file system's own number.
fn is_serial(name: &str) -> bool {
    name.len() >= 8 && name.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_holds_a_users_name() {
        let home = Some(Path::new("/data/homes/alice"));
        for (place, told) in [
            ("/", "/"),
            ("/mnt/my disk", "/mnt/my disk"),
            ("/data/homes/alice", "~"),
            ("/data/homes/alice/models", "~/models"),
            ("/media/alice/Models", "/media/…/Models"),
            ("/run/media/alice/Models", "/media/…/Models"),
            ("/media/alice/4E1A-8C2D", "/media/…"),
            ("/media/cdrom", "/media/cdrom"),
            ("/home/bob", "~"),
            ("/home/bob/models", "~/models"),
            ("/home", "/home"),
        ] {
            assert_eq!(shown(Path::new(place), home), told);
        }
    }

    #[test]
    fn each_file_system_is_told_once() {
        use super::super::files::Capture;
        let check = |capture: &str, places: &[&str]| {
            let found = parse(&Capture::parse(capture));
            assert_eq!(found, places.iter().map(PathBuf::from).collect::<Vec<_>>());
        };
        // Two subvolumes are one; the folder of another machine and RAM are none.
        check(include_str!("../../tests/captures/desktop-7950x-7900xtx.txt"), &["/", "/mnt/models", "/mnt/my disk"]);
        // What a container is handed as single files is no disk of its own.
        check(
            "\n=== /proc/self/mountinfo\n\
             1 0 0:30 / / rw - overlay overlay rw\n\
             2 1 8:1 /var/lib/docker/containers/x/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n\
             3 1 8:2 / /models ro - ext4 /dev/sda2 rw\n\
             4 1 8:3 / /boot/efi rw - vfat /dev/sda3 rw\n\
             5 1 0:40 / /srv rw - zfs tank/srv rw\n\
             6 1 0:41 / /srv/a rw - zfs tank/srv/a rw\n\
             7 1 8:4 / /run/media/x/Y rw - exfat /dev/sdb1 rw\n\
             8 1 0:9 / /run rw - tmpfs tmpfs rw\n\
             9 1 7:0 / /snap/core/1 ro - squashfs /dev/loop0 ro\n\
             garbage\n",
            &["/", "/srv", "/run/media/x/Y"],
        );
        check("", &[]);
    }

    #[test]
    fn this_machine_has_a_disk_with_room_told() {
        for found in read() {
            assert!(found.disk.free <= found.disk.total && found.disk.total >= SMALLEST, "{found:?}");
            assert!(!found.place.is_empty());
        }
    }
}
