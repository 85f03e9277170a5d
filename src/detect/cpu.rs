//! The processor: its name, cores, SIMD and NUMA nodes.

use std::collections::BTreeSet;

use super::files::Files;
use super::text::clean_name;

/// A processor as the system describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuReading {
    /// Its name; empty when the system gives none.
    pub name: String,
    /// Sockets; at least 1.
    pub sockets: u32,
    /// Physical cores over all sockets; at least 1.
    pub cores: u32,
    /// Hardware threads; at least as many as cores.
    pub threads: u32,
    /// NUMA nodes with both processors and memory; at least 1.
    pub numa_nodes: u32,
}

/// Reads this machine.
#[must_use]
pub fn read() -> CpuReading {
    // Where there is no such tree, everything in it is absent and the rest fills in.
    let mut cpu = parse(&super::files::Live);
    #[cfg(target_vendor = "apple")]
    apple(&mut cpu);
    #[cfg(windows)]
    windows(&mut cpu);
    if cpu.name.is_empty() {
        cpu.name = sysinfo_name();
    }
    if cpu.threads == 0 {
        cpu.threads = std::thread::available_parallelism().map_or(1, |n| count(n.get()));
    }
    if cpu.cores == 0 {
        cpu.cores = sysinfo::System::physical_core_count().map_or(cpu.threads, count);
    }
    cpu.cores = cpu.cores.clamp(1, cpu.threads.max(1));
    cpu
}

/// The widest SIMD that engines use, of this very processor: `avx512`, `avx2`, `avx`, `sse2`, `neon`;
/// empty on others. AVX-512 means F, BW, CD, DQ and VL together, as llama.cpp asks for.
#[must_use]
pub fn simd() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512bw") && has!("avx512cd") && has!("avx512dq") && has!("avx512vl") {
            "avx512"
        } else if has!("avx2") && has!("fma") {
            "avx2"
        } else if has!("avx") {
            "avx"
        } else {
            "sse2"
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        "neon"
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        ""
    }
}

/// One folder per hardware thread in here.
pub(super) const CPUS: &str = "/sys/devices/system/cpu";

/// From `/proc/cpuinfo`, `/sys/devices/system` and, on Arm boards, the device tree. A count that is not
/// told is 0.
#[must_use]
pub fn parse(files: &dyn Files) -> CpuReading {
    let cpuinfo = files.text("/proc/cpuinfo").unwrap_or_default();
    let mut packages = BTreeSet::new();
    let mut cores = BTreeSet::new();
    let mut threads = 0;
    for cpu in files.names(CPUS).iter().filter(|name| is_numbered(name, "cpu")) {
        let topology = |file: &str| files.text(&format!("{CPUS}/{cpu}/topology/{file}"));
        // An offline processor has no topology folder.
        let Some(siblings) = topology("core_cpus_list").or_else(|| topology("thread_siblings_list")) else {
            continue;
        };
        threads += 1;
        cores.insert(siblings);
        packages.extend(topology("physical_package_id"));
    }
    if threads == 0 {
        // No sysfs: the same from cpuinfo, where "physical id" comes before "core id".
        let mut package = "";
        for line in cpuinfo.lines() {
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            match key.trim() {
                "processor" => threads += 1,
                "physical id" => {
                    package = value.trim();
                    packages.insert(package.to_owned());
                }
                "core id" => {
                    cores.insert(format!("{package}/{}", value.trim()));
                }
                _ => {}
            }
        }
    }
    CpuReading {
        name: name(files, &cpuinfo),
        sockets: count(packages.len()).max(1),
        cores: count(cores.len()),
        threads,
        numa_nodes: numa_nodes(files),
    }
}

fn name(files: &dyn Files, cpuinfo: &str) -> String {
    let field = |wanted: &str| {
        cpuinfo.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == wanted && !value.trim().is_empty()).then(|| clean_name(value))
        })
    };
    // Arm has no model name; the board's is the next best: "Raspberry Pi 5 Model B Rev 1.0".
    field("model name")
        .or_else(|| files.text("/proc/device-tree/model").map(|board| clean_name(&board)))
        .or_else(|| field("Model"))
        .unwrap_or_default()
}

/// Nodes with processors and memory: the memory of a GPU (Grace Hopper) or of CXL is a node of its own
/// without processors.
fn numa_nodes(files: &dyn Files) -> u32 {
    let nodes = |file: &str| {
        let list = files.text(&format!("/sys/devices/system/node/{file}"))?;
        Some(parse_list(&list))
    };
    let (Some(with_cpu), Some(with_memory)) = (nodes("has_cpu"), nodes("has_memory")) else {
        return 1;
    };
    count(with_cpu.intersection(&with_memory).count()).max(1)
}

/// A kernel list such as `0-3,8,10-11`; at most 4096 numbers.
pub(super) fn parse_list(list: &str) -> BTreeSet<u32> {
    let mut numbers = BTreeSet::new();
    for part in list.trim().split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(from), Ok(to)) = (from.trim().parse::<u32>(), to.trim().parse::<u32>()) {
            numbers.extend((from..=to).take(4096));
        }
    }
    numbers
}

/// Whether a name is this word and a number.
pub(super) fn is_numbered(name: &str, word: &str) -> bool {
    name.strip_prefix(word).is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn sysinfo_name() -> String {
    let Ok(mut system) = sysinfo::System::new() else {
        return String::new();
    };
    system.refresh_cpu_list(sysinfo::CpuRefreshKind::nothing());
    system.cpus().first().map(|cpu| clean_name(cpu.brand())).unwrap_or_default()
}

#[cfg(windows)]
fn windows(cpu: &mut CpuReading) {
    let told = super::processors::read();
    (cpu.sockets, cpu.numa_nodes) = (told.packages.max(1), told.numa_nodes.max(1));
    (cpu.cores, cpu.threads) = (told.cores, told.threads);
}

#[cfg(target_vendor = "apple")]
fn apple(cpu: &mut CpuReading) {
    use super::sysctl;
    let number = |name: &str| sysctl::number(name).and_then(|n| u32::try_from(n).ok());
    cpu.name = sysctl::text("machdep.cpu.brand_string").map(|name| clean_name(&name)).unwrap_or_default();
    cpu.sockets = number("hw.packages").unwrap_or(1).max(1);
    cpu.cores = number("hw.physicalcpu").unwrap_or(0);
    cpu.threads = number("hw.logicalcpu").unwrap_or(0);
}

#[cfg(test)]
mod tests {
    use super::super::files::Capture;
    use super::*;

    fn check(capture: &str, name: &str, counts: [u32; 4]) {
        let cpu = parse(&Capture::parse(capture));
        assert_eq!(cpu.name, name);
        assert_eq!([cpu.sockets, cpu.cores, cpu.threads, cpu.numa_nodes], counts, "{name}");
    }

    #[test]
    fn sockets_cores_threads_and_nodes_are_counted() {
        check(include_str!("../../tests/captures/vm-epyc-cgroup1.txt"), "AMD EPYC", [1, 2, 2, 1]);
        check(
            include_str!("../../tests/captures/desktop-7950x-7900xtx.txt"),
            "AMD Ryzen 9 7950X 16-Core Processor",
            [1, 2, 4, 1],
        );
        check(
            include_str!("../../tests/captures/server-2p-epyc-9654.txt"),
            "AMD EPYC 9654 96-Core Processor",
            [2, 4, 4, 2],
        );
        check(include_str!("../../tests/captures/raspberry-pi-5.txt"), "Raspberry Pi 5 Model B Rev 1.0", [1, 4, 4, 1]);
    }

    #[test]
    fn without_sysfs_cpuinfo_is_counted() {
        let cpuinfo = "processor: 0\nphysical id: 0\ncore id: 0\n\nprocessor: 1\nphysical id: 1\ncore id: 0\n";
        check(&format!("\n=== /proc/cpuinfo\n{cpuinfo}"), "", [2, 2, 2, 1]);
        check("", "", [1, 0, 0, 1]);
    }

    #[test]
    fn lists_are_bounded() {
        assert_eq!(parse_list("0-2,8, 10-11").into_iter().collect::<Vec<_>>(), [0, 1, 2, 8, 10, 11]);
        assert_eq!(parse_list("0-4294967295").len(), 4096);
        assert!(parse_list("").is_empty() && parse_list("-").is_empty());
    }

    #[test]
    fn this_machine_has_a_processor() {
        let cpu = read();
        assert!(cpu.cores >= 1 && cpu.threads >= cpu.cores && cpu.sockets >= 1);
    }
}
