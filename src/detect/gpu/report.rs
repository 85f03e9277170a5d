//! What one interface says about one GPU, and the line it travels on between processes.

use serde_json::{Value, json};

use crate::detect::text::clean_name;

/// What one interface says about one GPU. Absent means it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GpuReport {
    /// Who says it.
    pub api: Api,
    /// The name it gives; may be empty.
    pub name: String,
    /// The driver behind it; may be empty.
    pub driver: String,
    /// What it is.
    pub kind: GpuKind,
    /// PCI vendor id; 0 when unknown.
    pub vendor: u32,
    /// PCI device id; 0 when unknown.
    pub device: u32,
    /// PCI revision.
    pub revision: Option<u32>,
    /// PCI address, `0000:01:00.0`.
    pub pci: Option<String>,
    /// Windows' locally unique id of the adapter.
    pub luid: Option<u64>,
    /// Bytes of its own: VRAM, or the carve-out of an integrated GPU.
    pub memory: Option<u64>,
    /// Bytes of those free now.
    pub free: Option<u64>,
    /// Bytes of system memory it may use too (GTT, shared memory).
    pub shared: Option<u64>,
    /// On unified memory, the bytes it may use in all.
    pub limit: Option<u64>,
    /// Bytes of its memory the CPU sees at once; all of them with resizable BAR.
    pub window: Option<u64>,
    /// Theoretical memory bandwidth in bytes per second, from bus width and clock.
    pub bandwidth: Option<u64>,
    /// The best `PCIe` generation that card and slot both do.
    pub pcie_generation: Option<u32>,
    /// The one in use: a card with nothing to do goes down to the first.
    pub pcie_generation_now: Option<u32>,
    /// `PCIe` lanes in use.
    pub pcie_lanes: Option<u32>,
    /// `PCIe` lanes the card has.
    pub pcie_lanes_most: Option<u32>,
    /// Other programs that hold memory of it, as far as the driver says, most first.
    pub users: Vec<User>,
    /// GPU cores, where the name is shared by several bins (Apple).
    pub cores: Option<u32>,
    /// This is a slice (MIG) of a card with so many bytes.
    pub slice_of: Option<u64>,
    /// Whether a program could open it: listed on the bus is not yet usable.
    pub reach: Reach,
}

/// A program that holds memory of a GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The name of its file, without the folder.
    pub name: String,
    /// Bytes it holds, where the driver says.
    pub bytes: Option<u64>,
}

/// An interface that lists GPUs, the most trusted for sizes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Api {
    /// NVIDIA's management library.
    Nvml,
    /// Linux sysfs.
    Sysfs,
    /// Windows' DXGI.
    Dxgi,
    /// Apple's Metal.
    Metal,
    /// Vulkan.
    #[default]
    Vulkan,
    /// OpenGL: a name and no more.
    Gl,
}

/// What a GPU is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GpuKind {
    /// A card with memory of its own.
    Discrete,
    /// Part of the processor, on its memory.
    Integrated,
    /// What a virtual machine was given of one.
    Virtual,
    /// A renderer on the CPU.
    Software,
    /// Not told.
    #[default]
    Unknown,
}

/// Whether a program could compute on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Its driver answered, or its device file is there.
    #[default]
    Open,
    /// Only seen on the bus.
    Listed,
}

impl Api {
    /// Every interface, most trusted first.
    pub const ALL: [Self; 6] = [Self::Nvml, Self::Sysfs, Self::Dxgi, Self::Metal, Self::Vulkan, Self::Gl];

    /// Its name in origins and on the line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nvml => "NVML",
            Self::Sysfs => "sysfs",
            Self::Dxgi => "DXGI",
            Self::Metal => "Metal",
            Self::Vulkan => "Vulkan",
            Self::Gl => "OpenGL",
        }
    }
}

const KINDS: [(GpuKind, &str); 5] = [
    (GpuKind::Discrete, "discrete"),
    (GpuKind::Integrated, "integrated"),
    (GpuKind::Virtual, "virtual"),
    (GpuKind::Software, "software"),
    (GpuKind::Unknown, "unknown"),
];

/// An interface that is there but does not answer, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Who.
    pub api: Api,
    /// Its words.
    pub what: String,
}

/// What was found: reports, and interfaces that would not answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// One per GPU and interface.
    pub reports: Vec<GpuReport>,
    /// Interfaces that would not answer.
    pub troubles: Vec<Trouble>,
}

/// One line from the probing process.
#[allow(clippy::large_enum_variant, reason = "one lives at a time")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A report.
    Gpu(GpuReport),
    /// An interface that would not answer.
    Trouble(Trouble),
    /// All was asked.
    End,
}

impl Line {
    /// As one line of JSON.
    #[must_use]
    pub fn write(&self) -> String {
        match self {
            Self::Gpu(r) => json!({ "gpu": {
                "api": r.api.name(), "name": r.name, "driver": r.driver,
                "kind": KINDS.iter().find(|(kind, _)| *kind == r.kind).map(|(_, word)| *word),
                "vendor": r.vendor, "device": r.device, "revision": r.revision,
                "pci": r.pci, "luid": r.luid, "memory": r.memory, "free": r.free, "shared": r.shared,
                "limit": r.limit, "window": r.window, "bandwidth": r.bandwidth,
                "pcie_generation": r.pcie_generation, "pcie_generation_now": r.pcie_generation_now,
                "pcie_lanes": r.pcie_lanes, "pcie_lanes_most": r.pcie_lanes_most,
                "users": r.users.iter().map(|user| json!([user.name, user.bytes])).collect::<Vec<_>>(),
                "cores": r.cores, "slice_of": r.slice_of, "open": r.reach == Reach::Open,
            }})
            .to_string(),
            Self::Trouble(t) => json!({ "trouble": t.what, "api": t.api.name() }).to_string(),
            Self::End => json!({ "end": true }).to_string(),
        }
    }

    /// Back from a line; `None` for anything else a driver may have printed.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line.trim()).ok()?;
        let api = |of: &Value| Api::ALL.into_iter().find(|api| of["api"].as_str() == Some(api.name()));
        if value["end"].as_bool() == Some(true) {
            return Some(Self::End);
        }
        if let Some(what) = value["trouble"].as_str() {
            return Some(Self::Trouble(Trouble { api: api(&value)?, what: clean_name(what) }));
        }
        let gpu = value.get("gpu")?;
        let text = |key: &str| clean_name(gpu[key].as_str().unwrap_or_default());
        let wide = |key: &str| gpu[key].as_u64();
        let narrow = |key: &str| wide(key).and_then(|n| u32::try_from(n).ok());
        Some(Self::Gpu(GpuReport {
            api: api(gpu)?,
            name: text("name"),
            driver: text("driver"),
            kind: KINDS.iter().find(|(_, word)| gpu["kind"].as_str() == Some(word))?.0,
            vendor: narrow("vendor")?,
            device: narrow("device")?,
            revision: narrow("revision"),
            pci: gpu["pci"].as_str().and_then(pci_address),
            luid: wide("luid"),
            memory: wide("memory"),
            free: wide("free"),
            shared: wide("shared"),
            limit: wide("limit"),
            window: wide("window"),
            bandwidth: wide("bandwidth"),
            pcie_generation: narrow("pcie_generation"),
            pcie_generation_now: narrow("pcie_generation_now"),
            pcie_lanes: narrow("pcie_lanes"),
            pcie_lanes_most: narrow("pcie_lanes_most"),
            users: gpu["users"]
                .as_array()
                .map_or_else(Vec::new, |users| users.iter().filter_map(user).take(MOST_USERS).collect()),
            cores: narrow("cores"),
            slice_of: wide("slice_of"),
            reach: if gpu["open"].as_bool() == Some(false) { Reach::Listed } else { Reach::Open },
        }))
    }
}

/// A program from its place in the line.
fn user(of: &Value) -> Option<User> {
    let name = clean_name(of[0].as_str()?);
    (!name.is_empty()).then(|| User { name, bytes: of[1].as_u64() })
}

/// The most programs told of one GPU.
pub(super) const MOST_USERS: usize = 8;

/// Lines of output; what is no line of ours is skipped. The flag says whether the end was reached.
#[must_use]
pub fn parse_lines(output: &str) -> (Probe, bool) {
    let mut probe = Probe::default();
    let mut ended = false;
    for line in output.lines().filter_map(Line::parse) {
        match line {
            Line::Gpu(report) if probe.reports.len() < MOST_REPORTS => probe.reports.push(report),
            Line::Trouble(trouble) if probe.troubles.len() < MOST_REPORTS => {
                probe.troubles.push(trouble);
            }
            Line::Gpu(_) | Line::Trouble(_) => {}
            Line::End => ended = true,
        }
    }
    (probe, ended)
}

/// More than any machine has.
const MOST_REPORTS: usize = 256;

/// One spelling of a PCI address: NVML writes an eight-digit domain and upper case.
#[must_use]
pub fn pci_address(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    let (domain, rest) = lower.split_once(':')?;
    let (bus, rest) = rest.split_once(':')?;
    let (device, function) = rest.split_once('.')?;
    let hex = |digits: &str| u32::from_str_radix(digits, 16).ok();
    Some(format!("{:04x}:{:02x}:{:02x}.{:x}", hex(domain)?, hex(bus)?, hex(device)?, hex(function)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_its_line() {
        let report = GpuReport {
            api: Api::Nvml,
            name: "NVIDIA GeForce RTX 4090".into(),
            driver: "NVIDIA 580.95".into(),
            kind: GpuKind::Discrete,
            vendor: 0x10de,
            device: 0x2684,
            revision: Some(0xa1),
            pci: Some("0000:01:00.0".into()),
            luid: Some(u64::MAX),
            memory: Some(25_757_220_864),
            bandwidth: Some(1_008_096_000_000),
            pcie_generation: Some(4),
            pcie_generation_now: Some(1),
            pcie_lanes: Some(16),
            pcie_lanes_most: Some(16),
            users: vec![
                User { name: "python3".into(), bytes: Some(8_589_934_592) },
                User { name: "Xorg".into(), bytes: None },
            ],
            reach: Reach::Listed,
            ..GpuReport::default()
        };
        let line = Line::Gpu(report.clone()).write();
        assert_eq!(line.lines().count(), 1);
        assert_eq!(Line::parse(&line), Some(Line::Gpu(report)));
        for line in [Line::End, Line::Trouble(Trouble { api: Api::Vulkan, what: "no".into() })] {
            assert_eq!(Line::parse(&line.write()), Some(line));
        }
    }

    #[test]
    fn what_drivers_print_between_is_skipped() {
        let end = Line::End.write();
        let (probe, ended) = parse_lines(&format!("MESA: warning\n{{}}\n{{\"gpu\":1}}\n[]\n\"x\"\n{end}\n"));
        assert_eq!((probe, ended), (Probe::default(), true));
        assert!(!parse_lines("").1);
    }

    #[test]
    fn addresses_have_one_spelling() {
        for (text, address) in [
            ("00000000:01:00.0", Some("0000:01:00.0")),
            ("0000:C1:00.0", Some("0000:c1:00.0")),
            ("10000:E1:00.0", Some("10000:e1:00.0")),
            ("01:00.0", None),
            ("", None),
            ("x:y:z.w", None),
        ] {
            assert_eq!(pci_address(text).as_deref(), address, "{text}");
        }
    }
}
