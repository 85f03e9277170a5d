//! Compute buffers against the engine's own byte counts.

use super::golden::{Row, models, rows};
use super::report::Tally;
use willitrun::memory::{ComputeBytes, HostWeights, LayerPlace, Places, RunOptions};
use willitrun::model::Architecture;

type Compute = fn(&Architecture, &RunOptions, &Places) -> ComputeBytes;

pub fn on_host(compute: Compute) -> Tally {
    let (models, mut tally) = (models(), Tally::default());
    for row in rows("memory_cpu.csv") {
        let model = &models[&row.model];
        let got = compute(model, &row.options, &Places::on_host(model));
        tally.add(got.host.get(), row.number("compute_bytes_cpu"), &row.text);
    }
    tally
}

/// Each buffer counts for itself: the host's and every device's.
pub fn on_devices(compute: Compute) -> Tally {
    let (models, mut tally) = (models(), Tally::default());
    for row in rows("memory_offload_rpc.csv") {
        let model = &models[&row.model];
        let got = compute(model, &row.options, &places(&row, model));
        tally.add(got.host.get(), row.number("compute_bytes_cpu"), &row.text);
        for (got, truth) in got.devices.iter().zip(row.numbers("compute_bytes_dev")) {
            tally.add(got.get(), truth, &row.text);
        }
    }
    tally
}

fn places(row: &Row, model: &Architecture) -> Places {
    let place = row.place(model);
    let on_host = row.number("n_cpu_moe");
    let layers = place.layers.iter().enumerate().map(|(layer, device)| {
        let device = device.map(|device| device as u8);
        LayerPlace { device, experts: device.filter(|_| layer as u64 >= on_host) }
    });
    Places {
        devices: place.devices as u8,
        layers: layers.collect(),
        head: place.head.map(|device| device as u8),
        host_weights: HostWeights::Stay,
    }
}
