//! What the bandwidth test has to know: cores, caches and free memory.

use std::collections::BTreeMap;

use crate::units::Bytes;

use super::cpu::{self, CPUS, is_numbered, parse_list};
use super::files::Files;
use super::ram;

/// Cores, caches and free memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topology {
    /// All last-level caches together; `None` where the system does not say.
    pub last_level_cache: Option<Bytes>,
    /// Physical cores this process may run on; at least 1.
    pub physical_cores: u32,
    /// Hardware threads this process may run on, affinity and container quota counted; at least 1.
    pub logical_cores: u32,
    /// Memory that may be taken now.
    pub available: Bytes,
}

/// Reads this machine.
#[must_use]
pub fn topology() -> Topology {
    let cpu = cpu::read();
    let allowed =
        std::thread::available_parallelism().map_or(cpu.threads, |n| u32::try_from(n.get()).unwrap_or(u32::MAX));
    let logical_cores = cpu.threads.min(allowed).max(1);
    Topology {
        last_level_cache: last_level_cache(),
        physical_cores: cpu.cores.clamp(1, logical_cores),
        logical_cores,
        available: ram::read().map_or(Bytes::ZERO, |ram| ram.available),
    }
}

/// A NUMA node: processors and the memory nearest to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumaNode {
    /// Its number.
    pub id: u32,
    /// Its processors.
    pub cpus: Vec<u32>,
}

/// The nodes of this machine that have processors and memory; none where the system does not say (only Linux is asked).
#[must_use]
pub fn numa() -> Vec<NumaNode> {
    parse_numa(&super::files::Live)
}

/// From sysfs (Documentation/ABI/stable/sysfs-devices-node). A node without processors, such as CXL memory, is none.
#[must_use]
pub fn parse_numa(files: &dyn Files) -> Vec<NumaNode> {
    const NODES: &str = "/sys/devices/system/node";
    let Some(with_memory) = files.text(&format!("{NODES}/has_memory")) else { return Vec::new() };
    let node = |id: u32| {
        let cpus: Vec<u32> = parse_list(&files.text(&format!("{NODES}/node{id}/cpulist"))?).into_iter().collect();
        (!cpus.is_empty()).then_some(NumaNode { id, cpus })
    };
    parse_list(&with_memory).into_iter().filter_map(node).collect()
}

/// Linux: sysfs, which a virtual machine fills with what it was given; CPUID tells the host's (here 384
/// MiB against 32). macOS: sysctl. Windows: what it tells of its processors.
pub(super) fn last_level_cache() -> Option<Bytes> {
    let found = parse(&super::files::Live);
    #[cfg(target_vendor = "apple")]
    let found = found.or_else(apple);
    #[cfg(windows)]
    let found = found.or_else(|| super::processors::read().last_level_cache);
    found
}

/// The distinct caches of the highest level, summed: a chip of several dies has one per die.
#[must_use]
pub fn parse(files: &dyn Files) -> Option<Bytes> {
    let mut caches: BTreeMap<(u64, String), Bytes> = BTreeMap::new();
    for cpu in files.names(CPUS).iter().filter(|name| is_numbered(name, "cpu")) {
        let folder = format!("{CPUS}/{cpu}/cache");
        for index in files.names(&folder).iter().filter(|name| is_numbered(name, "index")) {
            let text = |file: &str| files.text(&format!("{folder}/{index}/{file}"));
            let (Some(level), Some(size), Some(shared)) = (
                files.number(&format!("{folder}/{index}/level")),
                text("size").and_then(|size| parse_size(&size)),
                text("shared_cpu_list"),
            ) else {
                continue;
            };
            if text("type").is_some_and(|kind| kind == "Instruction") {
                continue;
            }
            caches.insert((level, shared), size);
        }
    }
    let highest = caches.keys().map(|(level, _)| *level).max()?;
    let sum: Bytes = caches.iter().filter(|((level, _), _)| *level == highest).map(|(_, size)| *size).sum();
    (sum > Bytes::ZERO).then_some(sum)
}

/// `32768K`, `36M` or bytes.
fn parse_size(size: &str) -> Option<Bytes> {
    let (number, times) = match size.trim() {
        s if s.ends_with('K') => (&s[..s.len() - 1], 1 << 10),
        s if s.ends_with('M') => (&s[..s.len() - 1], 1 << 20),
        s => (s, 1),
    };
    Some(Bytes::new(number.parse().ok()?) * times)
}

/// The level 2 caches of the performance cores, one per `cpusperl2` of them; Intel Macs have a level 3.
/// The system-level cache behind them is not told.
#[cfg(target_vendor = "apple")]
fn apple() -> Option<Bytes> {
    use super::sysctl::number;
    if let Some(l3) = number("hw.l3cachesize").filter(|size| *size > 0) {
        return Some(Bytes::new(l3) * number("hw.packages").unwrap_or(1).max(1));
    }
    let size = number("hw.perflevel0.l2cachesize").or_else(|| number("hw.l2cachesize"))?;
    let cores = number("hw.perflevel0.physicalcpu").unwrap_or(1);
    let sharing = number("hw.perflevel0.cpusperl2").unwrap_or(cores).max(1);
    (size > 0).then(|| Bytes::new(size) * cores.div_ceil(sharing).max(1))
}

#[cfg(test)]
mod tests {
    use super::super::files::Capture;
    use super::*;

    fn check(capture: &str, mib: Option<u64>) {
        assert_eq!(parse(&Capture::parse(capture)), mib.map(|mib| Bytes::new(mib << 20)));
    }

    #[test]
    fn distinct_last_level_caches_are_summed() {
        check(include_str!("../../tests/captures/vm-epyc-cgroup1.txt"), Some(32));
        // Two of the dies of a 7950X are in the capture: 32 MiB each.
        check(include_str!("../../tests/captures/desktop-7950x-7900xtx.txt"), Some(64));
        check(include_str!("../../tests/captures/raspberry-pi-5.txt"), Some(2));
        check("", None);
    }

    #[test]
    fn nodes_have_processors_and_memory() {
        let nodes = |capture: &str| -> Vec<(u32, Vec<u32>)> {
            parse_numa(&Capture::parse(capture)).into_iter().map(|node| (node.id, node.cpus)).collect()
        };
        let server = include_str!("../../tests/captures/server-2p-epyc-9654.txt");
        assert_eq!(nodes(server), [(0, vec![0, 1]), (1, vec![2, 3])], "CXL memory is no node of its own");
        assert_eq!(nodes(""), []);
        let damaged = "\n=== /sys/devices/system/node/has_memory\n0-9999999\n=== /sys/devices/system/node/node7/cpulist\nx,4-3,2\n";
        assert_eq!(nodes(damaged), [(7, vec![2])]);
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("36M"), Some(Bytes::new(36 << 20)));
        assert_eq!(parse_size("512K"), Some(Bytes::new(512 << 10)));
        assert_eq!(parse_size("K"), None);
        assert_eq!(parse_size(""), None);
    }

    #[test]
    fn this_machine_has_cores_and_memory() {
        let topology = topology();
        assert!(topology.physical_cores >= 1 && topology.logical_cores >= topology.physical_cores);
        assert!(topology.available > Bytes::ZERO);
    }
}
