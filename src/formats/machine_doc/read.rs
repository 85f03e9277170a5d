//! Tree to machine.

use std::collections::{BTreeMap, HashSet};

use super::bench_run;
use super::group::Group;
use super::ladder::Ladder;
use super::{
    BANDWIDTHS, ELSEWHERE, FORMAT, Fault, MOST_LINKS, MOST_MEASUREMENTS, MOST_NODES, MOST_POOLS, MachineDoc, NEWER,
    Node as Tree, Origin, REMARK_CHARS, Unknown, VERSION, Value, check_id, full_id, measurement_path, newest_measured,
};
use crate::formats::text::quoted;
use crate::hardware::{Besides, Cpu, Form, Link, LinkKind, Machine, Measurement, Node, Pool};
use crate::units::{BytesPerSecond, FlopsPerSecond, Seconds};

pub(super) const FLOPS: (f64, f64) = (1e6, 1e18);
const LATENCIES: (f64, f64) = (0.0, 60.0);

/// Reads the whole document from its tree.
pub(super) fn document(root: Tree, origin: Origin, ladder: &Ladder) -> Result<MachineDoc, Fault> {
    let mut group = Group::open(root, "the document")?;
    heading(&mut group, ladder)?;
    let origin = whose(&mut group, origin)?;
    let mut reader = Reader { origin, unknown: Unknown::new(), pools: 0 };
    let machine = reader.machine(group)?;
    Ok(MachineDoc { machine, origin, unknown: reader.unknown })
}

/// Format and version, and what an older version needs.
fn heading(group: &mut Group, ladder: &Ladder) -> Result<(), Fault> {
    let expected = format!("{FORMAT:?}");
    let (format, at) = group.exact("format", &expected)?;
    if format != FORMAT {
        let format = quoted(&format);
        let what = format!("format is {format}; expected {expected}, a machine profile");
        return Err(Fault::new(at, what));
    }
    let version_at = group.at_of("version");
    let version = group
        .count("version", (ladder.oldest, u32::MAX))?
        .ok_or_else(|| group.missing("version", &VERSION.to_string()))?;
    let newest = ladder.newest();
    if version > newest {
        let what = format!("version {version} {NEWER} (this one reads version {newest})");
        return Err(Fault::new(version_at, what));
    }
    ladder.climb(group.fields_mut(), version);
    Ok(())
}

/// A document that says it is from elsewhere stays so, wherever it lies.
fn whose(group: &mut Group, origin: Origin) -> Result<Origin, Fault> {
    if !group.has("from") {
        return Ok(origin);
    }
    group.word("from", &[ELSEWHERE], |word| word)?;
    Ok(Origin::Foreign)
}

pub(super) struct Reader {
    pub(super) origin: Origin,
    unknown: Unknown,
    /// Pools so far, over all nodes.
    pub(super) pools: usize,
}

impl Reader {
    /// Keeps what this version does not know of a group.
    pub(super) fn keep(&mut self, path: String, group: Group) {
        let rest = group.rest();
        if !rest.is_empty() {
            self.unknown.insert(path, rest);
        }
    }

    fn machine(&mut self, mut group: Group) -> Result<Machine, Fault> {
        let (id, _) = group.need_id("id")?;
        let name = group.name("name")?;
        let form = group.word_if_any("form", &Form::ALL, Form::name)?;
        let cpu = self.cpu(&mut group)?;
        let mut links: Vec<Link> = Vec::new();
        for node in group.list("links", MOST_LINKS)? {
            let at = node.at;
            let link = self.link(node)?;
            unique("link", &link.id, at, links.iter().map(|link| &link.id))?;
            links.push(link);
        }
        let known: HashSet<&str> = links.iter().map(|link| link.id.as_str()).collect();
        if !group.has("pools") {
            return Err(group.missing("pools", "a list with at least one pool"));
        }
        let mut pools = self.pools(&mut group, None, &known)?;
        let mut nodes: Vec<Node> = Vec::new();
        for node in group.list("nodes", MOST_NODES)? {
            let at = node.at;
            let node = self.node(node, &known)?;
            unique("node", &node.id, at, nodes.iter().map(|node| &node.id))?;
            nodes.push(node);
        }
        let (mut measurements, mut runs) = (Vec::new(), Vec::new());
        let mut seen = BTreeMap::new();
        for node in group.list("measurements", MOST_MEASUREMENTS)? {
            let item = Group::open(node, "a measurement")?;
            if bench_run::is_one(&item) {
                runs.push(self.bench_run(item, &mut seen)?);
            } else {
                measurements.push(self.measurement(item, &mut seen)?);
            }
        }
        let fill = |pool: &mut Pool, node: Option<&str>| {
            if pool.read_measured.is_none() {
                let what = full_id(node, &pool.id);
                pool.read_measured = newest_measured(&measurements, &what, pool.kind, self.origin);
            }
        };
        for pool in &mut pools {
            fill(pool, None);
        }
        for node in &mut nodes {
            let id = Some(node.id.as_str());
            for pool in &mut node.pools {
                fill(pool, id);
            }
        }
        self.keep(String::new(), group);
        Ok(Machine {
            name: if name.is_empty() { id.clone() } else { name },
            id,
            form,
            cpu,
            pools,
            links,
            nodes,
            measurements,
            runs,
        })
    }

    fn cpu(&mut self, machine: &mut Group) -> Result<Cpu, Fault> {
        let mut cpu = Cpu { sockets: 1, cores: 1, ..Cpu::default() };
        let Some(mut group) = machine.group("cpu")? else {
            return Ok(cpu);
        };
        cpu.name = group.name("name")?;
        cpu.sockets = group.count("sockets", (1, 1024))?.unwrap_or(1);
        cpu.cores = group.count("cores", (1, 1 << 20))?.unwrap_or(1);
        cpu.simd = group.name("simd")?;
        cpu.flops = self.number(&mut group, "cpu", "flops_per_second", FLOPS, FlopsPerSecond::saturating)?;
        self.keep("cpu".to_owned(), group);
        Ok(cpu)
    }

    fn link(&mut self, item: Tree) -> Result<Link, Fault> {
        let mut group = Group::open(item, "a link")?;
        let (id, _) = group.need_id("id")?;
        let path = format!("link {id}");
        group.of = format!(" of link '{id}'");
        let link = Link {
            kind: group.word("kind", &LinkKind::ALL, LinkKind::name)?,
            generation: group.count("generation", (1, 100))?,
            lanes: group.count("lanes", (1, 1024))?,
            joins: joined(&mut group)?,
            bandwidth: self.bandwidth(&mut group, &path, "bytes_per_second")?.map(|(_, figure, _)| figure),
            latency: self.number(&mut group, &path, "latency_seconds", LATENCIES, Seconds::saturating)?,
            id,
        };
        self.keep(path, group);
        Ok(link)
    }

    fn node(&mut self, item: Tree, links: &HashSet<&str>) -> Result<Node, Fault> {
        let mut group = Group::open(item, "a node")?;
        let (id, _) = group.need_id("id")?;
        group.of = format!(" of node '{id}'");
        let name = group.name("name")?;
        let link = known_link(&mut group, links)?;
        let pools = self.pools(&mut group, Some(&id), links)?;
        self.keep(format!("node {id}"), group);
        Ok(Node { id, name, link, pools })
    }

    fn measurement(&mut self, mut group: Group, seen: &mut BTreeMap<String, usize>) -> Result<Measurement, Fault> {
        let (what, what_at) = group.exact("what", "a pool or link id")?;
        if what.len() > 129 || what.split('.').any(|id| check_id(id).is_err()) {
            let what = format!("what is {}; expected a pool or link id", quoted(&what));
            return Err(Fault::new(what_at, what));
        }
        group.of = format!(" of the measurement of '{what}'");
        let rate = BytesPerSecond::saturating;
        let expected = "bytes per second";
        let best = group.number("best_bytes_per_second", BANDWIDTHS)?;
        let measurement = Measurement {
            best: best.map(rate).ok_or_else(|| group.missing("best_bytes_per_second", expected))?,
            ordinary_pages: group.number("ordinary_pages_bytes_per_second", BANDWIDTHS)?.map(rate),
            spread: group.number("spread", (0.0, 1.0))?.unwrap_or(0.0),
            threads: group.count("threads", (0, 1 << 20))?.unwrap_or(0),
            date: date(&mut group)?,
            method: group.name("method")?,
            conditions: group.text("conditions", REMARK_CHARS)?,
            besides: besides(&mut group)?,
            what,
        };
        let path = measurement_path(&measurement, seen);
        self.keep(path, group);
        Ok(measurement)
    }
}

/// Further figures of a measurement, in the order of their list.
fn besides(group: &mut Group) -> Result<Vec<(Besides, f64)>, Fault> {
    let mut found = Vec::new();
    for which in Besides::ALL {
        let range = if matches!(which, Besides::F32 | Besides::F16) { FLOPS } else { BANDWIDTHS };
        found.extend(group.number(which.name(), range)?.map(|value| (which, value)));
    }
    Ok(found)
}

/// An ISO 8601 day, with or without a time after it; empty when unknown.
pub(super) fn date(group: &mut Group) -> Result<String, Fault> {
    if !group.has("date") {
        return Ok(String::new());
    }
    let (date, at) = group.exact("date", "a date such as 2026-11-22")?;
    let day = date.as_bytes().get(..10).is_some_and(|day| {
        day.iter().enumerate().all(|(i, b)| match i {
            4 | 7 => *b == b'-',
            _ => b.is_ascii_digit(),
        })
    });
    let time = |c: char| c.is_ascii_digit() || "-+:.TZ ".contains(c);
    if day && date.len() <= 40 && date.chars().all(time) {
        Ok(date)
    } else {
        let what = format!("date is {}; expected a date such as 2026-11-22", quoted(&date));
        Err(Fault::new(at, what))
    }
}

/// The pools a link names. One that is not there is kept: it may have been taken out by hand.
fn joined(group: &mut Group) -> Result<Vec<String>, Fault> {
    let mut joins = Vec::new();
    for node in group.list("pools", MOST_POOLS)? {
        match node.value {
            Value::Text(id) if id.len() <= 129 && id.split('.').all(|id| check_id(id).is_ok()) => joins.push(id),
            _ => {
                let what =
                    format!("{} holds what is no id; expected ids of pools in double quotes", group.label("pools"));
                return Err(Fault::new(node.at, what));
            }
        }
    }
    Ok(joins)
}

pub(super) fn known_link(group: &mut Group, links: &HashSet<&str>) -> Result<Option<String>, Fault> {
    let label = group.label("link");
    match group.id("link")? {
        Some((id, at)) if !links.contains(id.as_str()) => {
            Err(Fault::new(at, format!("{label} is '{id}'; expected an id from links")))
        }
        found => Ok(found.map(|(id, _)| id)),
    }
}

pub(super) fn unique<'a>(
    what: &str,
    id: &str,
    at: usize,
    mut others: impl Iterator<Item = &'a String>,
) -> Result<(), Fault> {
    if others.any(|other| other == id) {
        return Err(Fault::new(at, format!("the {what} id '{id}' is given twice")));
    }
    Ok(())
}
