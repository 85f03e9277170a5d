//! How much RAM there is and how much of it a program may have.
//!
//! Invariant: a container's limit counts before the machine's total, and page cache the kernel would
//! drop is not called used. The rules come from ollama #15474 (page cache), #15961 ("max") and
//! seastar #413 (9223372036854771712 is v1's "unlimited").

use crate::units::Bytes;

use super::dimms::Modules;
use super::files::Files;

/// RAM as a program sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ram {
    /// What the system sees.
    pub total: Bytes,
    /// What a program could have now without swapping, any container limit counted.
    pub available: Bytes,
    /// A container's limit, when it is below the total.
    pub limit: Option<Bytes>,
    /// What kind of system this is, where that decides the total.
    pub host: Host,
    /// Who says so.
    pub origin: &'static str,
}

/// Systems that hand on only a part of the RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Nothing known to stand between.
    Plain,
    /// Windows Subsystem for Linux: half of the RAM unless told otherwise.
    Wsl,
    /// A virtual machine: what memory its host has, and how fast, it is not told.
    Virtual,
}

impl Ram {
    /// What a program may have at most.
    #[must_use]
    pub fn capacity(&self) -> Bytes {
        self.limit.unwrap_or(self.total)
    }
}

/// Reads this machine.
#[must_use]
pub fn read() -> Option<Ram> {
    if let Some(ram) = parse(&super::files::Live) {
        return Some(ram);
    }
    // Not Linux.
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    let total = Bytes::new(system.total_memory());
    (total > Bytes::ZERO).then(|| Ram {
        total,
        available: Bytes::new(system.available_memory()).min(total),
        limit: None,
        host: Host::Plain,
        origin: "the operating system's memory status",
    })
}

/// All that is plugged in, also what firmware keeps from the system for itself or for graphics.
#[cfg(windows)]
#[must_use]
pub fn installed(_modules: &Modules) -> Option<Bytes> {
    use windows::Win32::System::SystemInformation::GetPhysicallyInstalledSystemMemory;
    let mut kibibytes = 0;
    // SAFETY: the call fills the number it is lent.
    unsafe { GetPhysicallyInstalledSystemMemory(&raw mut kibibytes) }.ok()?;
    Some(Bytes::new(kibibytes) * 1024).filter(|size| *size > Bytes::ZERO)
}

/// All that is plugged in, also what firmware keeps from the system for itself or for graphics: the modules together.
#[cfg(not(windows))]
#[must_use]
pub fn installed(modules: &Modules) -> Option<Bytes> {
    Some(modules.list.iter().map(|module| module.size).sum::<Bytes>()).filter(|size| *size > Bytes::ZERO)
}

/// The word for it in a figure's origin.
const MEMINFO: &str = "/proc/meminfo";

/// From `/proc/meminfo` and the control groups above this process.
#[must_use]
pub fn parse(files: &dyn Files) -> Option<Ram> {
    let meminfo = files.text(MEMINFO)?;
    let field = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(Bytes::new(kib) * 1024)
    };
    let total = field("MemTotal").filter(|total| *total > Bytes::ZERO)?;
    // Before Linux 3.14 there is no MemAvailable.
    let mut available =
        field("MemAvailable").or_else(|| Some(field("MemFree")? + field("Cached")?)).unwrap_or(total).min(total);
    let mut limit = None;
    for group in groups(files) {
        if group.limit >= total {
            continue;
        }
        limit = Some(limit.map_or(group.limit, |least: Bytes| least.min(group.limit)));
        available = available.min(group.limit - (group.current - group.inactive_file));
    }
    let release = files.text("/proc/sys/kernel/osrelease").unwrap_or_default();
    let host = if release.to_ascii_lowercase().contains("microsoft") {
        Host::Wsl
    } else if is_virtual(files) {
        Host::Virtual
    } else {
        Host::Plain
    };
    Some(Ram { total, available, limit, host, origin: MEMINFO })
}

/// Whether the processor says that a hypervisor stands below (x86 only; CPUID leaf 1, bit 31 of ECX). Windows shows that
/// bit on machines of its own too, so only Linux is asked.
fn is_virtual(files: &dyn Files) -> bool {
    let cpuinfo = files.text("/proc/cpuinfo").unwrap_or_default();
    let flags = cpuinfo.lines().find_map(|line| line.strip_prefix("flags")?.trim_start().strip_prefix(':'));
    flags.is_some_and(|flags| flags.split_whitespace().any(|flag| flag == "hypervisor"))
}

/// One control group with a memory limit.
struct Group {
    limit: Bytes,
    current: Bytes,
    /// Page cache that goes first when memory is short.
    inactive_file: Bytes,
}

/// File names of one version of control groups.
struct Version {
    limit: &'static str,
    current: &'static str,
    inactive: &'static str,
}

const V1: Version =
    Version { limit: "memory.limit_in_bytes", current: "memory.usage_in_bytes", inactive: "total_inactive_file" };
const V2: Version = Version { limit: "memory.max", current: "memory.current", inactive: "inactive_file" };

/// The limited groups this process is in, innermost first: every level applies.
fn groups(files: &dyn Files) -> Vec<Group> {
    let memberships = files.text("/proc/self/cgroup").unwrap_or_default();
    let mounts = files.text("/proc/self/mountinfo").unwrap_or_default();
    let mut groups = Vec::new();
    for membership in memberships.lines() {
        let mut parts = membership.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let version = if controllers.is_empty() {
            V2
        } else if controllers.split(',').any(|name| name == "memory") {
            V1
        } else {
            continue;
        };
        let Some(mount) = mounts.lines().filter_map(Mount::parse).find(|mount| {
            if controllers.is_empty() {
                mount.kind == "cgroup2"
            } else {
                mount.kind == "cgroup" && mount.options.split(',').any(|name| name == "memory")
            }
        }) else {
            continue;
        };
        for folder in levels(&mount, path) {
            groups.extend(group(files, &folder, &version));
        }
    }
    groups
}

fn group(files: &dyn Files, folder: &str, version: &Version) -> Option<Group> {
    // "max" is no number: no limit at this level.
    let limit = files.number(&format!("{folder}/{}", version.limit))?;
    let stat = files.text(&format!("{folder}/memory.stat")).unwrap_or_default();
    let inactive = stat.lines().find_map(|line| line.strip_prefix(version.inactive)?.trim().parse().ok());
    Some(Group {
        limit: Bytes::new(limit),
        current: Bytes::new(files.number(&format!("{folder}/{}", version.current)).unwrap_or(0)),
        inactive_file: Bytes::new(inactive.unwrap_or(0)),
    })
}

/// One line of `/proc/self/mountinfo`, see `proc_pid_mountinfo(5)`.
struct Mount<'a> {
    root: &'a str,
    point: &'a str,
    kind: &'a str,
    options: &'a str,
}

impl<'a> Mount<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let mut after = after.split(' ');
        Some(Self { root: before.next()?, point: before.next()?, kind: after.next()?, options: after.nth(1)? })
    }
}

/// The folders of a group and of all above it, as far as this mount shows them. A container often sees
/// its own group as the root of the mount, or none of the path that the host knows it by.
fn levels(mount: &Mount<'_>, path: &str) -> Vec<String> {
    let inside = match path.strip_prefix(mount.root.trim_end_matches('/')) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
        _ => "",
    };
    let mut folder = format!("{}{}", mount.point, inside.trim_end_matches('/'));
    let mut levels = vec![folder.clone()];
    while folder.len() > mount.point.len() {
        let Some(slash) = folder.rfind('/') else {
            break;
        };
        folder.truncate(slash);
        levels.push(folder.clone());
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::super::files::Capture;
    use super::*;

    fn check(capture: &str, expected: Ram) {
        assert_eq!(parse(&Capture::parse(capture)), Some(expected));
    }

    #[test]
    fn a_virtual_machine_with_unlimited_v1_groups() {
        check(
            include_str!("../../tests/captures/vm-epyc-cgroup1.txt"),
            Ram {
                total: Bytes::new(24_684_084 * 1024),
                available: Bytes::new(24_362_356 * 1024),
                limit: None,
                host: Host::Plain,
                origin: MEMINFO,
            },
        );
    }

    #[test]
    fn every_level_of_nested_v2_groups_limits() {
        // The pod holds 12 GiB, the container in it 16: the smaller counts; cache does not.
        check(
            include_str!("../../tests/captures/container-cgroup2-nested.txt"),
            Ram {
                total: Bytes::gib(64),
                available: Bytes::gib(12) - (Bytes::gib(9) - Bytes::gib(5)),
                limit: Some(Bytes::gib(12)),
                host: Host::Plain,
                origin: MEMINFO,
            },
        );
    }

    #[test]
    fn a_docker_container_on_v1_sees_its_group_as_the_root() {
        check(
            include_str!("../../tests/captures/container-cgroup1-docker.txt"),
            Ram {
                total: Bytes::gib(32),
                available: Bytes::gib(8) - (Bytes::gib(3) - Bytes::gib(2)),
                limit: Some(Bytes::gib(8)),
                host: Host::Plain,
                origin: MEMINFO,
            },
        );
    }

    #[test]
    fn wsl_is_told_apart() {
        let ram = parse(&Capture::parse(include_str!("../../tests/captures/wsl2.txt")));
        assert_eq!(ram.map(|ram| (ram.host, ram.limit)), Some((Host::Wsl, None)));
    }

    #[test]
    fn a_group_using_more_than_its_limit_leaves_nothing_and_never_wraps() {
        let capture = Capture::parse(
            "\n=== /proc/meminfo\nMemTotal: 1000 kB\nMemFree: 400 kB\nCached: 100 kB\n=== /proc/self/cgroup\n0::/a\n\
             === /proc/self/mountinfo\n1 1 0:1 / /cg rw - cgroup2 cgroup2 rw\n=== /cg/a/memory.max\n1000\n\
             === /cg/a/memory.current\n5000\n",
        );
        assert_eq!(
            parse(&capture),
            Some(Ram {
                total: Bytes::new(1000 * 1024),
                available: Bytes::ZERO,
                limit: Some(Bytes::new(1000)),
                host: Host::Plain,
                origin: MEMINFO,
            })
        );
    }

    #[test]
    fn nothing_readable_is_nothing_known() {
        assert_eq!(parse(&Capture::default()), None);
        assert_eq!(parse(&Capture::parse("\n=== /proc/meminfo\nMemTotal: 0 kB\n")), None);
    }

    #[test]
    fn this_machine_has_ram() {
        let ram = read().expect("RAM");
        assert!(ram.available <= ram.total && ram.capacity() <= ram.total);
    }
}
