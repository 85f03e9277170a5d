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
