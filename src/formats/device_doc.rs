//! `assets/devices.ron`: accelerators and memory platforms. An absent field is unknown, never zero.

use serde::Deserialize;

use crate::hardware::{Accelerator, MemoryPlatform};
use crate::units::{Bytes, BytesPerSecond, FlopsPerSecond, GIB};

use super::Refused;
use super::document::{check_header, options};

const FORMAT: &str = "willitrun.devices";

/// Reads the document.
///
/// # Errors
/// The place and the reason.
pub fn read(text: &str) -> Result<(Vec<Accelerator>, Vec<MemoryPlatform>), Refused> {
    let document: Document = options().from_str(text)?;
    check_header(&document.format, document.version, FORMAT, 1)?;
    Ok((
        document.accelerators.into_iter().map(AcceleratorRow::into_device).collect(),
        document.platforms.into_iter().map(PlatformRow::into_platform).collect(),
    ))
}

#[derive(Deserialize)]
struct Document {
    format: String,
    version: u32,
    accelerators: Vec<AcceleratorRow>,
    platforms: Vec<PlatformRow>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AcceleratorRow {
    id: String,
    name: String,
    variant: String,
    aliases: Vec<String>,
    vendor: String,
    segment: String,
    arch: String,
    memory: String,
    pci_ids: Vec<String>,
    pci_revisions: Vec<String>,
    vram_gib: f64,
    unified: bool,
    bandwidth_gbs: f64,
    fp16_tflops: f64,
    fp32_tflops: f64,
    tdp_w: f64,
    launch_usd: f64,
    source: String,
    confidence: String,
    note: String,
}

impl AcceleratorRow {
    fn into_device(self) -> Accelerator {
        Accelerator {
            vram: gib(self.vram_gib),
            bandwidth: BytesPerSecond::from_gb(self.bandwidth_gbs).filter(|rate| rate.get() > 0.0),
            fp16: FlopsPerSecond::from_tera(self.fp16_tflops).filter(|rate| rate.get() > 0.0),
            fp32: FlopsPerSecond::from_tera(self.fp32_tflops).filter(|rate| rate.get() > 0.0),
            watts: (self.tdp_w > 0.0).then_some(self.tdp_w),
            launch_usd: (self.launch_usd > 0.0).then_some(self.launch_usd),
            from_memory: self.confidence != "published",
            id: self.id,
            name: self.name,
            variant: self.variant,
            aliases: self.aliases,
            vendor: self.vendor,
            segment: self.segment,
            arch: self.arch,
            memory: self.memory,
            pci_ids: self.pci_ids,
            pci_revisions: self.pci_revisions,
            unified: self.unified,
            source: self.source,
            note: self.note,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PlatformRow {
    id: String,
    name: String,
    cpu: String,
    cores: Option<u32>,
    simd: String,
    memory: String,
    mega_transfers: Option<u32>,
    channels: Option<f64>,
    bandwidth_gbs: f64,
    stream_gbs: f64,
    stream_source: String,
    max_ram_gib: f64,
    sockets: u32,
    note: String,
}

impl PlatformRow {
    fn into_platform(self) -> MemoryPlatform {
        MemoryPlatform {
            bandwidth: BytesPerSecond::from_gb(self.bandwidth_gbs).filter(|rate| rate.get() > 0.0),
            typical: BytesPerSecond::from_gb(self.stream_gbs).filter(|rate| rate.get() > 0.0),
            max_ram: gib(self.max_ram_gib),
            id: self.id,
            name: self.name,
            cpu: self.cpu,
            cores: self.cores,
            simd: self.simd,
            memory: self.memory,
            mega_transfers: self.mega_transfers,
            channels: self.channels,
            typical_source: self.stream_source,
            sockets: self.sockets.max(1),
            note: self.note,
        }
    }
}

fn gib(count: f64) -> Option<Bytes> {
    Bytes::from_f64(count * GIB as f64).filter(|bytes| bytes.get() > 0)
}
