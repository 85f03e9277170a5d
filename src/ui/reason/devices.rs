//! What a placement of tensors needs to know of a machine: one GPU's memory and the CPU's.

use egui::Ui;

use crate::hardware::{Basis, Machine, Pool, PoolKind, Source};
use crate::reasoning::offload::Laid;
use crate::units::{Bytes, BytesPerSecond, Seconds};

use super::remark;

/// What the table needs of the machine.
pub(super) struct Devices {
    pub gpu: Option<(BytesPerSecond, Source)>,
    pub ram: Option<(BytesPerSecond, Source)>,
    /// What GPUs may hold.
    pub room: Bytes,
    pub host: Bytes,
}

/// What a pool reads, and where that is known from.
fn bandwidth(pool: &Pool) -> Option<(BytesPerSecond, Source)> {
    let (rate, basis) = pool.bandwidth()?;
    let figure = if basis == Basis::Measured { pool.read_measured.as_ref() } else { pool.read.as_ref() };
    Some((rate, figure.map_or(Source::Assumed, |figure| figure.source)))
}

impl Devices {
    pub fn of(machine: &Machine) -> Self {
        let vram = || machine.gpus().filter(|pool| pool.kind == PoolKind::Vram && pool.node.is_none());
        let host = machine.host();
        Self {
            gpu: vram().filter_map(bandwidth).max_by(|a, b| a.0.get().total_cmp(&b.0.get())),
            ram: host.and_then(bandwidth),
            room: vram().map(Pool::usable).sum(),
            host: host.map_or(Bytes::ZERO, Pool::host_usable),
        }
    }

    pub fn time(&self, laid: &Laid) -> Option<Seconds> {
        laid.time(self.gpu.map(|found| found.0), self.ram.map(|found| found.0))
    }
}

/// Both bandwidths with their sources.
pub(super) fn bandwidths(ui: &mut Ui, devices: &Devices) {
    let say = |name: &str, found: Option<(BytesPerSecond, Source)>| match found {
        Some((rate, source)) => format!("{name} {rate}, {}", source.name()),
        None => format!("{name} unknown"),
    };
    let ram = say("Memory of the CPU", devices.ram);
    match devices.gpu {
        None => remark(ui, &format!("{ram}.")),
        gpu => remark(ui, &format!("{}; {ram}.", say("GPU, the fastest", gpu))),
    };
}
