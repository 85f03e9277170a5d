//! What a machine is called where others read it, and what is in it in a few words.

use super::{Machine, PoolKind};

impl Machine {
    /// Its name for others. The machine at hand has none that says anything elsewhere: it is named by what is in it.
    #[must_use]
    pub fn title(&self) -> String {
        if !self.is_this() {
            return self.name.clone();
        }
        let host = self.host().map_or_else(String::new, |host| host.capacity.value.in_gib());
        let gpu = self.pools.iter().find(|pool| pool.kind == PoolKind::Vram).map(|pool| pool.name.clone());
        let parts: Vec<String> = [Some(self.cpu.name.clone()), Some(host), gpu]
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(", ")
    }

    /// The machine as others may have it: the one at hand gets a name and an id of its own, so that it can be told from
    /// the next one.
    #[must_use]
    pub fn for_others(&self) -> Self {
        let mut machine = self.clone();
        if self.is_this() {
            machine.name = self.title();
            machine.id = id_of(&machine.name);
        }
        machine
    }

    /// Its processor and the sizes of its memories: `AMD EPYC 9654, RAM 768.0 GiB, 2 × NVIDIA L40S 48.0 GiB`.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut parts = vec![self.cpu.name.clone()];
        let gpus = self.pools.iter().filter(|pool| pool.kind == PoolKind::Vram).count();
        for pool in &self.pools {
            match pool.kind {
                PoolKind::Disk => {}
                PoolKind::Vram if gpus > 1 && pool.id != "gpu0" => {}
                PoolKind::Vram if gpus > 1 => {
                    parts.push(format!("{gpus} × {} {}", pool.name, pool.capacity.value.in_gib()));
                }
                PoolKind::Vram => parts.push(format!("{} {}", pool.name, pool.capacity.value.in_gib())),
                PoolKind::Ram => parts.push(format!("RAM {}", pool.capacity.value.in_gib())),
                PoolKind::Unified => parts.push(format!("memory {}", pool.capacity.value.in_gib())),
            }
        }
        parts.retain(|part| !part.is_empty());
        parts.join(", ")
    }
}

/// An id made from a name.
fn id_of(name: &str) -> String {
    let mut id: String = name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    while id.contains("--") {
        id = id.replace("--", "-");
    }
    let id: String = id.trim_matches('-').chars().take(60).collect();
    if id.is_empty() { "machine".to_owned() } else { id }
}

#[cfg(test)]
mod tests {
    use super::{Machine, PoolKind, id_of};
    use crate::hardware::{Figure, Pool};
    use crate::units::Bytes;

    #[test]
    fn names_become_ids() {
        assert_eq!(id_of("AMD EPYC 9654, 384.0 GiB"), "amd-epyc-9654-384-0-gib");
        assert_eq!(id_of("…"), "machine");
    }

    #[test]
    fn the_machine_at_hand_is_named_by_what_is_in_it() {
        let mut machine = Machine::new("this", "alices-laptop");
        "AMD Ryzen 7 7840HS".clone_into(&mut machine.cpu.name);
        machine.pools.push(Pool::new("ram", PoolKind::Ram, Figure::typed(Bytes::gib(16))));
        let other = machine.for_others();
        assert_eq!(
            (other.id.as_str(), other.name.as_str()),
            ("amd-ryzen-7-7840hs-16-0-gib", "AMD Ryzen 7 7840HS, 16.0 GiB")
        );
        "mine".clone_into(&mut machine.id);
        assert_eq!(machine.for_others(), machine, "another keeps the name it was given");
        assert_eq!(machine.summary(), "AMD Ryzen 7 7840HS, RAM 16.0 GiB");
    }
}
