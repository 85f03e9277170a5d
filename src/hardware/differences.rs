//! Machines side by side, figure by figure.
//!
//! Pools of a kind that are alike in every machine stand in one row for each figure, with their number; where they
//! differ within a machine, each stands for itself under its id. What a machine does not have or does not know is none.

use crate::units::{Bytes, BytesPerSecond};

use super::{Figure, Link, LinkKind, Machine, Pool, PoolKind, Source};

/// One figure of several machines.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is: `RAM capacity`.
    pub what: String,
    /// What its numbers count.
    pub unit: Unit,
    /// For each machine; none where it has none or none is known.
    pub values: Vec<Option<Told>>,
}

/// What numbers of a row count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// No number: a name.
    Name,
    /// Pieces of it.
    Count,
    /// Bytes of memory.
    Bytes,
    /// Bytes in a second.
    BytesPerSecond,
    /// Seconds.
    Seconds,
    /// Floating point operations in a second.
    FlopsPerSecond,
}

impl Unit {
    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Count => "count",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes_per_second",
            Self::Seconds => "seconds",
            Self::FlopsPerSecond => "flops_per_second",
        }
    }
}

/// A value as people read it, and as programs do.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// With its unit.
    pub text: String,
    /// In SI units; none of a name.
    pub number: Option<f64>,
    /// Where it comes from, of a figure.
    pub source: Option<Source>,
}

impl Row {
    /// Whether not all machines say the same. A source alone is no difference.
    #[must_use]
    pub fn differs(&self) -> bool {
        let said = |told: &Option<Told>| told.as_ref().map(|told| (told.text.clone(), told.number));
        self.values.windows(2).any(|two| said(&two[0]) != said(&two[1]))
    }
}

/// Every figure that at least one of the machines has.
#[must_use]
pub fn differences(machines: &[&Machine]) -> Vec<Row> {
    let mut rows = Gathered { count: machines.len(), each: "", rows: Vec::new() };
    rows.processor(machines);
    for (kind, one) in
        [(PoolKind::Ram, "RAM"), (PoolKind::Unified, "Memory"), (PoolKind::Vram, "VRAM"), (PoolKind::Disk, "Disk")]
    {
        let all: Vec<Vec<&Pool>> =
            machines.iter().map(|machine| machine.pools.iter().filter(|pool| pool.kind == kind).collect()).collect();
        let several = all.iter().any(|pools| pools.len() > 1);
        if several {
            let word = match kind {
                PoolKind::Vram => "GPUs",
                PoolKind::Disk => "Disks",
                PoolKind::Ram | PoolKind::Unified => "Machines",
            };
            rows.counts(word, all.iter().map(Vec::len));
        }
        for (id, pools) in grouped(&all, alike, |pool| &pool.id) {
            rows.each = if several && id.is_empty() { ", each" } else { "" };
            let name = if id.is_empty() { one.to_owned() } else { format!("{one} {id}") };
            rows.pool(&name, kind, machines, &pools);
        }
    }
    for (kind, one) in [(LinkKind::Pcie, "PCIe"), (LinkKind::Nvlink, "NVLink"), (LinkKind::Network, "Network")] {
        let all: Vec<Vec<&Link>> =
            machines.iter().map(|machine| machine.links.iter().filter(|link| link.kind == kind).collect()).collect();
        let bare = |link: &Link| Link { id: String::new(), joins: Vec::new(), ..link.clone() };
        for (id, links) in grouped(&all, |a, b| bare(a) == bare(b), |link| &link.id) {
            let name = if id.is_empty() { one.to_owned() } else { format!("{one} {id}") };
            rows.link(&name, &links);
        }
    }
    rows.rows
}

/// The first of each machine where all of every machine are alike, under no id; else each id with what has it.
fn grouped<'m, T>(
    all: &[Vec<&'m T>],
    alike: impl Fn(&T, &T) -> bool,
    id: impl Fn(&T) -> &String,
) -> Vec<(String, Vec<Option<&'m T>>)> {
    if all.iter().all(Vec::is_empty) {
        return Vec::new();
    }
    if all.iter().all(|items| items.windows(2).all(|two| alike(two[0], two[1]))) {
        return vec![(String::new(), all.iter().map(|items| items.first().copied()).collect())];
    }
    let mut ids: Vec<String> = Vec::new();
    for item in all.iter().flatten() {
        if !ids.contains(id(item)) {
            ids.push(id(item).clone());
        }
    }
    let of = |own: &String| all.iter().map(|items| items.iter().copied().find(|item| id(item) == own)).collect();
    ids.into_iter().map(|own| (own.clone(), of(&own))).collect()
}

/// Whether two pools of one machine say the same of themselves.
fn alike(a: &Pool, b: &Pool) -> bool {
    let bare =
        |pool: &Pool| Pool { id: String::new(), link: None, slot: None, node: None, free_now: None, ..pool.clone() };
    bare(a) == bare(b)
}

struct Gathered {
    count: usize,
    /// What is said of figures that hold for each of several.
    each: &'static str,
    rows: Vec<Row>,
}

impl Gathered {
    /// Adds a row, unless nothing is known of it.
    fn add(&mut self, what: String, unit: Unit, values: Vec<Option<Told>>) {
        debug_assert_eq!(values.len(), self.count);
        if values.iter().any(Option::is_some) {
            self.rows.push(Row { what, unit, values });
        }
    }

    fn counts(&mut self, what: &str, counts: impl Iterator<Item = usize>) {
        let told = |count: usize| Told { text: count.to_string(), number: Some(count as f64), source: None };
        let values = counts.map(|count| (count > 0).then(|| told(count))).collect();
        self.add(what.to_owned(), Unit::Count, values);
    }

    fn names<'n>(&mut self, what: &str, names: impl Iterator<Item = &'n str>) {
        let told = |name: &str| Told { text: name.to_owned(), number: None, source: None };
        let values = names.map(|name| (!name.is_empty()).then(|| told(name))).collect();
        self.add(what.to_owned(), Unit::Name, values);
    }

    fn processor(&mut self, machines: &[&Machine]) {
        self.names("Built as", machines.iter().map(|machine| machine.built().map_or("", super::Form::name)));
        self.names("Processor", machines.iter().map(|machine| machine.cpu.name.as_str()));
        if machines.iter().any(|machine| machine.cpu.sockets > 1) {
            self.counts("Sockets", machines.iter().map(|machine| machine.cpu.sockets as usize));
        }
        self.counts("Cores", machines.iter().map(|machine| machine.cpu.cores as usize));
        self.names("SIMD", machines.iter().map(|machine| machine.cpu.simd.as_str()));
        let flops = machines.iter().map(|machine| {
            let flops = machine.cpu.flops.as_ref()?;
            let text = format!("{:.1} TFLOP/s", flops.value.get() / 1e12);
            Some(Told { text, number: Some(flops.value.get()), source: Some(flops.source) })
        });
        self.add("Processor arithmetic".to_owned(), Unit::FlopsPerSecond, flops.collect());
    }

    fn pool(&mut self, name: &str, kind: PoolKind, machines: &[&Machine], pools: &[Option<&Pool>]) {
        let own = self.each;
        let each = |of: &dyn Fn(&Pool) -> Option<Told>| pools.iter().map(|pool| of((*pool)?)).collect::<Vec<_>>();
        let size = |bytes: Bytes| if kind == PoolKind::Disk { bytes.in_gb() } else { bytes.in_gib() };
        let bytes = |figure: &Figure<Bytes>| Told {
            text: size(figure.value),
            number: Some(figure.value.as_f64()),
            source: Some(figure.source),
        };
        let devices: Vec<String> = pools.iter().map(|pool| pool.map_or_else(String::new, device)).collect();
        self.names(&format!("{name} device{own}"), devices.iter().map(String::as_str));
        self.add(format!("{name} capacity{own}"), Unit::Bytes, each(&|pool| Some(bytes(&pool.capacity))));
        self.add(format!("{name} kept free{own}"), Unit::Bytes, each(&|pool| pool.reserve.as_ref().map(bytes)));
        self.add(format!("{name} GPU limit{own}"), Unit::Bytes, each(&|pool| pool.gpu_limit.as_ref().map(bytes)));
        let reads = each(&|pool| pool.read.as_ref().map(rate));
        self.add(format!("{name} read bandwidth{own}"), Unit::BytesPerSecond, reads);
        let measured = each(&|pool| pool.read_measured.as_ref().map(rate));
        self.add(format!("{name} read bandwidth, measured{own}"), Unit::BytesPerSecond, measured);
        let dimms = each(&|pool| {
            let dimms = pool.dimms.as_ref()?;
            let parts = [
                dimms.populated.map(|count| format!("{count} modules")),
                dimms.channels.map(|count| format!("{count} channels")),
                (!dimms.kind.is_empty()).then(|| dimms.kind.clone()),
                dimms.mega_transfers.map(|speed| format!("{speed} MT/s")),
            ];
            let text = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
            (!text.is_empty()).then_some(Told { text, number: None, source: None })
        });
        self.add(format!("{name} modules{own}"), Unit::Name, dimms);
        if machines.len() == pools.len() && pools.iter().flatten().any(|pool| pool.numa_nodes > 1) {
            self.counts(
                &format!("{name} NUMA nodes{own}"),
                pools.iter().map(|pool| pool.map_or(0, |p| p.numa_nodes as usize)),
            );
        }
    }

    fn link(&mut self, name: &str, links: &[Option<&Link>]) {
        let each = |of: &dyn Fn(&Link) -> Option<Told>| links.iter().map(|link| of((*link)?)).collect::<Vec<_>>();
        let width = each(&|link| {
            let text = match (link.generation, link.lanes) {
                (Some(generation), Some(lanes)) => format!("{generation}.0 x{lanes}"),
                (Some(generation), None) => format!("{generation}.0"),
                (None, Some(lanes)) => format!("x{lanes}"),
                (None, None) => return None,
            };
            Some(Told { text, number: None, source: None })
        });
        self.add(name.to_owned(), Unit::Name, width);
        let rates = each(&|link| link.bandwidth.as_ref().map(rate));
        self.add(format!("{name} bandwidth"), Unit::BytesPerSecond, rates);
        let latency = each(&|link| {
            let figure = link.latency.as_ref()?;
            let text = format!("{:.1} µs", figure.value.get() * 1e6);
            Some(Told { text, number: Some(figure.value.get()), source: Some(figure.source) })
        });
        self.add(format!("{name} latency"), Unit::Seconds, latency);
    }
}

/// What computes on a pool.
fn device(pool: &Pool) -> String {
    match &pool.device {
        Some(device) if !device.name.is_empty() => device.full_name(),
        _ => pool.name.clone(),
    }
}

fn rate(figure: &Figure<BytesPerSecond>) -> Told {
    Told { text: figure.value.to_string(), number: Some(figure.value.get()), source: Some(figure.source) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(id: &str, gib: u64) -> Pool {
        let mut pool = Pool::new(id, PoolKind::Vram, Figure::new(Bytes::gib(gib), Source::Reported, ""));
        pool.name = "Some card".to_owned();
        pool
    }

    fn machine(gpus: &[u64]) -> Machine {
        let mut machine = Machine::new("m", "M");
        machine.pools.push(Pool::new("ram", PoolKind::Ram, Figure::typed(Bytes::gib(64))));
        machine.pools.extend(gpus.iter().enumerate().map(|(at, gib)| gpu(&format!("gpu{at}"), *gib)));
        machine
    }

    fn said(rows: &[Row], what: &str) -> Vec<Option<String>> {
        let row = rows.iter().find(|row| row.what == what);
        row.map_or_else(Vec::new, |row| row.values.iter().map(|told| told.as_ref().map(|t| t.text.clone())).collect())
    }

    #[test]
    fn like_cards_are_one_row_with_their_number() {
        let (one, four, none) = (machine(&[24]), machine(&[24; 4]), machine(&[]));
        let rows = differences(&[&one, &four, &none]);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(said(&rows, "GPUs"), [some("1"), some("4"), None]);
        assert_eq!(said(&rows, "VRAM capacity, each"), [some("24.0 GiB"), some("24.0 GiB"), None]);
        let capacity = rows.iter().find(|row| row.what == "RAM capacity").expect("a row");
        assert!(!capacity.differs());
        assert_eq!(capacity.values[0].as_ref().and_then(|told| told.source), Some(Source::Typed));
    }

    #[test]
    fn unlike_cards_stand_under_their_ids() {
        let (even, odd) = (machine(&[24, 24]), machine(&[24, 12]));
        let rows = differences(&[&even, &odd]);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(said(&rows, "VRAM gpu1 capacity"), [some("24.0 GiB"), some("12.0 GiB")]);
        let differ: Vec<&str> = rows.iter().filter(|row| row.differs()).map(|row| row.what.as_str()).collect();
        assert_eq!(differ, ["VRAM gpu1 capacity"]);
    }

    #[test]
    fn a_machine_does_not_differ_from_itself() {
        let one = machine(&[24, 12]);
        assert!(differences(&[&one, &one.clone()]).iter().all(|row| !row.differs()));
        assert!(differences(&[]).is_empty());
    }
}
