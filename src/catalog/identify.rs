//! Which accelerator an adapter is, by what its drivers report of it.
//!
//! Invariant: never a neighbour. What several rows would answer is answered only as far as they agree.

use crate::hardware::Accelerator;
use crate::units::{Bytes, FlopsPerSecond};

use super::Catalog;

/// What an adapter says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdapterFacts<'a> {
    /// Names it reports.
    pub names: Vec<&'a str>,
    /// `10DE:2684`.
    pub pci_id: Option<String>,
    /// `C8`.
    pub pci_revision: Option<String>,
    /// Memory of its own.
    pub memory: Option<Bytes>,
    /// GPU cores (Apple).
    pub cores: Option<u32>,
}

/// What a driver reports may lie this share below the nominal size: ECC keeps a sixteenth of GDDR memory, and drivers
/// keep something (`Tesla T4` 15,109 of 16,384 MiB, `NVIDIA L4` 23,034 of 24,576 MiB; from memory).
const MEMORY_BELOW: f64 = 0.08;
/// And this share above it.
const MEMORY_ABOVE: f64 = 0.06;

impl Catalog {
    /// The accelerator an adapter is: by PCI id and name together, else by PCI id, else by its whole name; then by
    /// revision, memory and cores. None where several products remain. Of one product with several memories, the
    /// row with the figures these agree on: without a bandwidth where they read at different speeds.
    #[must_use]
    pub fn identify(&self, facts: &AdapterFacts<'_>) -> Option<Accelerator> {
        let has_id = |row: &Accelerator| {
            facts.pci_id.as_ref().is_some_and(|id| row.pci_ids.iter().any(|own| own.eq_ignore_ascii_case(id)))
        };
        // A row with this id and other revisions is another product, whatever it is called.
        let other_revision = |row: &Accelerator| {
            facts.pci_revision.as_ref().is_some_and(|revision| {
                let own = &row.pci_revisions;
                has_id(row) && !own.is_empty() && own.iter().all(|own| !own.eq_ignore_ascii_case(revision))
            })
        };
        let rows = || self.accelerators.iter().filter(|row| !other_revision(row));
        let called = |row: &Accelerator| facts.names.iter().any(|name| is_called(row, name));
        let (by_id, by_name): (Vec<&Accelerator>, Vec<&Accelerator>) =
            (rows().filter(|row| has_id(row)).collect(), rows().filter(|row| called(row)).collect());
        // An id may cover several products; a name that is among them decides.
        let both: Vec<&Accelerator> = by_id.iter().copied().filter(|row| called(row)).collect();
        let nearest = [both, by_id, by_name].into_iter().find(|rows| !rows.is_empty())?;
        agreed(&nearest, facts)
    }
}

/// What the rows that fit memory and cores agree on.
fn agreed(rows: &[&Accelerator], facts: &AdapterFacts<'_>) -> Option<Accelerator> {
    let memory_fits = |row: &Accelerator| match (row.vram, facts.memory) {
        (Some(nominal), Some(reported)) if !row.unified => {
            (1.0 - MEMORY_BELOW..=1.0 + MEMORY_ABOVE).contains(&(reported.as_f64() / nominal.as_f64()))
        }
        _ => true,
    };
    let cores_fit = |row: &Accelerator| match facts.cores {
        Some(cores) if !row.variant.is_empty() => row.variant.starts_with(&format!("{cores}-core")),
        _ => true,
    };
    let left: Vec<&Accelerator> = rows.iter().copied().filter(|row| memory_fits(row) && cores_fit(row)).collect();
    let slowest = |row: &&&Accelerator| row.fp16.map_or(0.0, FlopsPerSecond::get);
    let least = *left.iter().min_by(|a, b| slowest(a).total_cmp(&slowest(b)))?;
    let alike = |same: fn(&Accelerator, &Accelerator) -> bool| left.iter().all(|row| same(row, least));
    let bandwidth = alike(|a, b| a.bandwidth == b.bandwidth);
    if !alike(|a, b| a.name == b.name) {
        // Parts of one processor on the same memory: the least of them is what there surely is.
        return (bandwidth && alike(|a, b| a.unified && b.unified)).then(|| least.clone());
    }
    let mut found = least.clone();
    if !bandwidth {
        found.bandwidth = None;
    }
    if !alike(|a, b| a.vram == b.vram) {
        found.vram = None;
    }
    if !alike(|a, b| a.variant == b.variant) {
        found.variant.clear();
    }
    Some(found)
}

/// Whether a reported name is this row's, after dropping what drivers add.
fn is_called(row: &Accelerator, reported: &str) -> bool {
    let reported = plain(reported);
    !reported.is_empty() && (plain(&row.name) == reported || row.aliases.iter().any(|alias| plain(alias) == reported))
}

/// A name without trade marks, the code name Mesa adds, what OpenGL adds, and NVIDIA's name in front, which some of its
/// drivers leave out.
fn plain(name: &str) -> String {
    let name = name.replace("(TM)", "").replace("(tm)", "").replace("(R)", "");
    let name = name.split(" (RADV").next().unwrap_or(&name).split("/PCIe").next().unwrap_or(&name).to_owned();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    name.strip_prefix("nvidia ").unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::BytesPerSecond;

    #[test]
    fn part_of_a_name_is_nobody() {
        let catalog = Catalog::builtin();
        assert!(catalog.accelerators_named("A1000").is_empty());
        assert_eq!(catalog.accelerators_named("nvidia geforce rtx 4090").len(), 1);
        let facts = AdapterFacts { names: vec!["NVIDIA RTX A1000"], ..AdapterFacts::default() };
        let found = catalog.identify(&facts).and_then(|row| row.bandwidth).map(BytesPerSecond::get);
        assert_eq!(found, Some(192e9));
    }

    #[test]
    fn memory_tells_cards_of_one_name_apart() {
        let catalog = Catalog::builtin();
        let bandwidth = |gib: u64| {
            let facts = AdapterFacts {
                names: vec!["NVIDIA GeForce RTX 3060"],
                memory: Some(Bytes::gib(gib)),
                ..AdapterFacts::default()
            };
            catalog.identify(&facts).and_then(|row| row.bandwidth).map(|rate| rate.get() / 1e9)
        };
        assert_eq!(bandwidth(12), Some(360.0));
        assert_eq!(bandwidth(8), Some(240.0));
        assert_eq!(bandwidth(5), None);
    }
}
