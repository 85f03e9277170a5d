//! What `detect` tells of this machine beside its pools: threads, caches, modules, power, every disk.

use serde_json::{Value, json};

use crate::detect::{FoundDisk, Host, HostFacts, LinkFacts, Module, Power};
use crate::units::Bytes;

/// Whether a machine is asked here if it is a virtual one.
const ASKED: bool = cfg!(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "x86")));

/// For people, a line for each.
pub(super) fn lines(host: &HostFacts) -> Vec<String> {
    let cache = host
        .last_level_cache
        .map_or("last-level cache not reported".to_owned(), |size| format!("{} of last-level cache", size.in_gib()));
    let nodes = counted(host.numa_nodes, "NUMA node", "NUMA nodes");
    let threads = counted(host.threads, "thread", "threads");
    let mut lines = vec![
        format!("  {:<10} {}{threads}, {cache}, {nodes}", "host", system(host.system)),
        format!("  {:<10} {}", "modules", modules(host)),
        format!("  {:<10} {}", "power", host.power.map_or("not reported", Power::name)),
    ];
    lines.extend(host.links.iter().map(|link| format!("  {:<10} {}", link.id, pcie(link))));
    let heads = std::iter::once("disks").chain(std::iter::repeat(""));
    lines.extend(host.disks.iter().zip(heads).map(|(found, head)| format!("  {head:<10} {}", disk(found))));
    if host.disks.is_empty() {
        lines.push(format!("  {:<10} none found", "disks"));
    }
    lines
}

/// For programs: the host, and its disks. Plain SI; unknown is null.
pub(super) fn json(host: &HostFacts) -> (Value, Value) {
    let summary = host.summary.as_ref();
    let modules = summary.map(|told| {
        json!({
            "list": host.modules.list.iter().map(module).collect::<Vec<_>>(),
            "kind": told.dimms.kind,
            "mega_transfers": told.dimms.mega_transfers,
            "channels": told.dimms.channels,
            "channels_counted": told.counted.words(),
            "source": host.modules.origin,
        })
    });
    let link = |link: &LinkFacts| {
        json!({
            "id": link.id,
            "generation_most": link.generation_most,
            "generation_now": link.generation_now,
            "lanes_most": link.lanes_most,
            "lanes_now": link.lanes_now,
        })
    };
    let facts = json!({
        // Only x86 Linux is asked.
        "virtual": (host.system != Host::Plain).then_some(true).or(ASKED.then_some(false)),
        "threads": host.threads,
        "ram_installed_bytes": host.installed.map(Bytes::get),
        "last_level_cache_bytes": host.last_level_cache.map(Bytes::get),
        "numa_nodes": host.numa_nodes,
        "power": host.power.map(Power::name),
        "modules": modules,
        "links": host.links.iter().map(link).collect::<Vec<_>>(),
    });
    let disk = |found: &FoundDisk| {
        json!({
            "place": found.place,
            "kind": found.disk.kind.name(),
            "total_bytes": found.disk.total.get(),
            "free_bytes": found.disk.free.get(),
        })
    };
    (facts, host.disks.iter().map(disk).collect())
}

fn module(module: &Module) -> Value {
    json!({
        "kind": module.kind,
        "size_bytes": module.size.get(),
        "mega_transfers": module.configured,
        "rated_mega_transfers": module.rated,
        "width_bits": module.width,
    })
}

/// `4 x 32.0 GiB DDR5, 128 GiB in all, at 3600 MT/s (sold for 5600 MT/s), 2 channels of 64 bit, from the slot names`.
fn modules(host: &HostFacts) -> String {
    let Some(told) = &host.summary else { return "not reported".to_owned() };
    let mut sizes: Vec<(Bytes, u32)> = Vec::new();
    for module in &host.modules.list {
        match sizes.iter_mut().find(|(size, _)| *size == module.size) {
            Some((_, count)) => *count += 1,
            None => sizes.push((module.size, 1)),
        }
    }
    let sizes: Vec<String> = sizes.iter().map(|(size, count)| format!("{count} x {}", size.in_gib())).collect();
    let all = host.installed.filter(|_| sizes.len() > 1 || host.modules.list.len() > 1);
    let all = all.map_or(String::new(), |size| format!(", {} in all", size.in_gib()));
    let speed = told.dimms.mega_transfers.map_or("speed not reported".to_owned(), |speed| {
        let rated = host.modules.list.iter().filter_map(|module| module.rated).min().filter(|rated| *rated > speed);
        let sold = rated.map_or(String::new(), |rated| format!(" (sold for {rated} MT/s)"));
        format!("at {speed} MT/s{sold}")
    });
    let channels = told.dimms.channels.map_or(String::new(), |channels| {
        let noun = if (channels - 1.0).abs() < f64::EPSILON { "channel" } else { "channels" };
        format!(", {channels} {noun} of 64 bit, {}", told.counted.words())
    });
    format!("{} {}{all}, {speed}{channels} ({})", sizes.join(" + "), told.dimms.kind, host.modules.origin)
}

/// `PCIe 4.0 x8 of x16 (now 1.0, it rises under load)`.
fn pcie(link: &LinkFacts) -> String {
    let Some(most) = link.generation_most else { return "PCIe, its generation is not reported".to_owned() };
    let lanes = match (link.lanes_now, link.lanes_most) {
        (Some(now), Some(most)) if now < most => format!(" x{now} of x{most}"),
        (Some(lanes), _) | (None, Some(lanes)) => format!(" x{lanes}"),
        (None, None) => String::new(),
    };
    let now = link.generation_now.filter(|now| *now < most);
    let now = now.map_or(String::new(), |now| format!(" (now {now}.0, it rises under load)"));
    format!("PCIe {most}.0{lanes}{now}")
}

/// `NVMe SSD at /mnt/models, 900.0 GB, 400.0 GB free`.
fn disk(found: &FoundDisk) -> String {
    let disk = &found.disk;
    format!("{} at {}, {}, {} free", disk.kind.title(), found.place, disk.total.in_gb(), disk.free.in_gb())
}

/// What stands between, before a comma.
const fn system(system: Host) -> &'static str {
    match system {
        Host::Plain => "",
        Host::Wsl => "Linux inside Windows (WSL), ",
        Host::Virtual => "virtual machine, ",
    }
}

fn counted(count: u32, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use crate::detect::{Channels, Disk, DiskKind, Modules, Summary};
    use crate::hardware::Dimms;

    use super::*;

    #[test]
    fn a_desktop_is_told_line_by_line() {
        let module = |gib| Module {
            kind: "DDR5".into(),
            size: Bytes::gib(gib),
            configured: Some(3600),
            rated: Some(5600),
            ..Module::default()
        };
        let dimms = Dimms { populated: Some(3), channels: Some(2.0), mega_transfers: Some(3600), kind: "DDR5".into() };
        let disk =
            Disk { total: Bytes::new(4_000_000_000_000), free: Bytes::new(900_000_000), kind: DiskKind::Rotational };
        let mut host = HostFacts {
            system: Host::Plain,
            installed: Some(Bytes::gib(80)),
            threads: 1,
            last_level_cache: Some(Bytes::new(64 << 20)),
            numa_nodes: 2,
            power: Some(Power::Battery),
            modules: Modules { list: vec![module(32), module(32), module(16)], origin: "SMBIOS", trouble: None },
            summary: Some(Summary { dimms, counted: Channels::Slots, read: None }),
            links: Vec::new(),
            disks: vec![FoundDisk { place: "/mnt/models".into(), disk }],
        };
        assert_eq!(
            lines(&host),
            [
                "  host       1 thread, 64 MiB of last-level cache, 2 NUMA nodes",
                "  modules    2 x 32.0 GiB + 1 x 16.0 GiB DDR5, 80.0 GiB in all, at 3600 MT/s (sold for 5600 MT/s), 2 channels of 64 bit, \
                 from the slot names (SMBIOS)",
                "  power      battery",
                "  disks      hard disk at /mnt/models, 4,000 GB, 900 MB free",
            ]
        );
        let (facts, disks) = json(&host);
        assert_eq!(facts["modules"]["list"][2]["size_bytes"], 16_u64 << 30);
        assert_eq!(disks[0]["kind"], "hard-disk");
        host.last_level_cache = None;
        host.system = Host::Virtual;
        assert!(lines(&host)[0].contains("virtual machine, 1 thread"));
        assert_eq!(json(&host).0["last_level_cache_bytes"], Value::Null);
        assert!(lines(&host)[0].contains("last-level cache not reported"));
    }

    #[test]
    fn a_link_is_told_as_it_could_be_and_as_it_is() {
        let link = |generation: [Option<u32>; 2], lanes: [Option<u32>; 2]| {
            pcie(&LinkFacts {
                id: "pcie0".into(),
                generation_most: generation[0],
                generation_now: generation[1],
                lanes_most: lanes[0],
                lanes_now: lanes[1],
            })
        };
        let full = [Some(16), Some(16)];
        assert_eq!(link([Some(4), Some(1)], full), "PCIe 4.0 x16 (now 1.0, it rises under load)");
        assert_eq!(link([Some(5), Some(5)], full), "PCIe 5.0 x16");
        assert_eq!(link([Some(4), None], [Some(16), Some(8)]), "PCIe 4.0 x8 of x16");
        assert_eq!(link([Some(3), None], [None, None]), "PCIe 3.0");
        assert_eq!(link([None, Some(1)], full), "PCIe, its generation is not reported");
    }
}
