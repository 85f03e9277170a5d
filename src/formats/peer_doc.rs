//! `assets/peers.ron`: the constants of other calculators' formulas, each with the commit it was read at.

use serde::Deserialize;

use crate::advice::peers::{About, ByName, Canirun, Llmfit, Peer, Peers, Whichllm};
use crate::hardware::Backend;

use super::document::{Refused, check_header, options};
use super::quant_doc::refused;

const FORMAT: &str = "willitrun.peers";

/// Reads the document.
///
/// # Errors
/// The place and the reason.
pub fn read(text: &str) -> Result<Peers, Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, 1)?;
    let about = document.peers.into_iter().map(AboutRow::into_about).collect::<Result<Vec<_>, _>>()?;
    if let Some(peer) = Peer::ALL.into_iter().find(|peer| !about.iter().any(|row| row.peer == *peer)) {
        return Err(refused(peer.id(), "peers", "it is missing"));
    }
    Ok(Peers {
        about,
        llmfit: document.llmfit.into_constants()?,
        whichllm: document.whichllm.into_constants(),
        canirun: document.canirun.into_constants(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    peers: Vec<AboutRow>,
    llmfit: LlmfitRow,
    whichllm: WhichllmRow,
    canirun: CanirunRow,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AboutRow {
    peer: String,
    name: String,
    commit: String,
    read: String,
    source: String,
    note: String,
}

impl AboutRow {
    fn into_about(self) -> Result<About, Refused> {
        let peer = Peer::ALL.into_iter().find(|peer| peer.id() == self.peer);
        let peer = peer.ok_or_else(|| refused(&self.peer, "peer", "no formula of this name"))?;
        let Self { name, commit, read, source, note, .. } = self;
        Ok(About { peer, name, commit, read, source, note })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    rows: Vec<(Vec<String>, f64)>,
    other: f64,
}

impl From<Table> for ByName {
    fn from(table: Table) -> Self {
        Self { rows: table.rows, other: table.other }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LlmfitRow {
    bytes: Table,
    speed_bytes: Table,
    speed_factor: Table,
    efficiency: f64,
    experts_in_ram: f64,
    partial: f64,
    cpu: f64,
    ram_gbs: f64,
    fixed_bytes: f64,
    pressure_above: f64,
    pressure_floor: f64,
    backends: Vec<(String, f64)>,
    cpu_x86: f64,
    cpu_arm: f64,
    many_cores: u32,
    many_cores_factor: f64,
}

impl LlmfitRow {
    fn into_constants(self) -> Result<Llmfit, Refused> {
        let backend = |(word, constant): (String, f64)| match Backend::parse(&word) {
            Some(backend) => Ok((backend, constant)),
            None => Err(refused(&word, "backends", "not a backend")),
        };
        Ok(Llmfit {
            bytes: self.bytes.into(),
            speed_bytes: self.speed_bytes.into(),
            speed_factor: self.speed_factor.into(),
            efficiency: self.efficiency,
            experts_in_ram: self.experts_in_ram,
            partial: self.partial,
            cpu: self.cpu,
            ram_gbs: self.ram_gbs,
            fixed_bytes: self.fixed_bytes,
            pressure_above: self.pressure_above,
            pressure_floor: self.pressure_floor,
            backends: self.backends.into_iter().map(backend).collect::<Result<_, _>>()?,
            cpu_x86: self.cpu_x86,
            cpu_arm: self.cpu_arm,
            many_cores: self.many_cores,
            many_cores_factor: self.many_cores_factor,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhichllmRow {
    efficiency: Table,
    vendors: Table,
    partial: f64,
    partial_unified: f64,
    several: f64,
    least_share: f64,
    least_share_gbs: f64,
    most_least_share: f64,
    cpu: f64,
    cpu_least: f64,
    cpu_smallest: f64,
}

impl WhichllmRow {
    fn into_constants(self) -> Whichllm {
        Whichllm {
            efficiency: self.efficiency.into(),
            vendors: self.vendors.into(),
            partial: self.partial,
            partial_unified: self.partial_unified,
            several: self.several,
            least_share: self.least_share,
            least_share_gbs: self.least_share_gbs,
            most_least_share: self.most_least_share,
            cpu: self.cpu,
            cpu_least: self.cpu_least,
            cpu_smallest: self.cpu_smallest,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CanirunRow {
    quants: Vec<(String, u32, f64)>,
    growth: f64,
    overhead_gib: f64,
    least_gib: f64,
    efficiency: f64,
    apple: f64,
    ram_gbs: f64,
    offload: f64,
}

impl CanirunRow {
    fn into_constants(self) -> Canirun {
        Canirun {
            quants: self.quants,
            growth: self.growth,
            overhead_gib: self.overhead_gib,
            least_gib: self.least_gib,
            efficiency: self.efficiency,
            apple: self.apple,
            ram_gbs: self.ram_gbs,
            offload: self.offload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../../assets/peers.ron");

    fn check(from: &str, to: &str, message: &str) {
        let text = TEXT.replacen(from, to, 1);
        assert_ne!(text, TEXT, "{from}");
        let error = read(&text).expect_err(message).to_string();
        assert!(error.contains(message), "'{error}' does not say '{message}'");
    }

    #[test]
    fn every_formula_says_where_it_was_read() {
        let peers = read(TEXT).expect("built in");
        for about in &peers.about {
            assert!(!about.read.is_empty() && !about.note.is_empty(), "{}", about.name);
            assert_eq!(about.commit.len() == 40, about.source.starts_with("https://"), "{}", about.name);
        }
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_name() {
        check("peer: \"active\"", "peer: \"actve\"", "actve: peer: no formula of this name");
        check("peer: \"active\"", "peer: \"whole\"", "active: peers: it is missing");
        check("(\"cuda\", 220.0)", "(\"cudda\", 220.0)", "cudda: backends: not a backend");
        check("growth: 1.1,", "", "growth");
    }
}
