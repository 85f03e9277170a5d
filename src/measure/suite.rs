//! All that one click measures: RAM, what multiplying gets out of it, GPUs with their links, and the disk, one after the
//! other so that none slows another.

use std::path::PathBuf;
use std::time::Instant;

use super::disk::{self, DiskOptions, DiskResult};
use super::gpu::{self, Cards, GpuOptions};
use super::matvec::{self, KernelResult};
use super::numa::{self, NumaResult};
use super::ram::{self, RamResult};
use super::{Cancel, MeasureError, Progress, ram_options};
use crate::hardware::Sample;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// RAM, and multiplying out of it.
    pub ram: Part,
    /// GPUs and their links.
    pub gpus: Option<gpu::Wanted>,
    /// The disk.
    pub disk: Part,
}

/// Whether a part is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It is.
    Measured,
    /// It is left out.
    Left,
}

impl Wanted {
    /// Seconds for everything on a machine with one GPU.
    pub const SECONDS: f64 = 10.0;
    /// Everything.
    pub const ALL: Self = Self { ram: Part::Measured, gpus: Some(gpu::Wanted::All), disk: Part::Measured };
    /// RAM alone.
    pub const RAM: Self = Self { ram: Part::Measured, gpus: None, disk: Part::Left };
}

/// Where things are that a measurement needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    /// This very program, which measures GPUs in a process of its own.
    pub program: PathBuf,
    /// Where a temporary file may be made.
    pub folder: PathBuf,
    /// Bytes free on the disk of that folder.
    pub free_bytes: u64,
    /// A large file to read instead.
    pub file: Option<PathBuf>,
}

impl Places {
    /// This program, and a folder for a temporary file; what killed measurements left there is removed.
    #[must_use]
    pub fn new(folder: PathBuf, file: Option<PathBuf>) -> Self {
        disk::remove_leftovers(&folder);
        let free_bytes = crate::detect::free_at(&folder).map_or(0, crate::units::Bytes::get);
        Self { program: std::env::current_exe().unwrap_or_default(), folder, free_bytes, file }
    }
}

/// How one part ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<T> {
    /// With a result.
    Done(T),
    /// Without; a sentence.
    Failed(String),
}

/// What came out; absent parts were not asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Suite {
    /// RAM.
    pub ram: Option<Outcome<RamResult>>,
    /// Multiplying out of it.
    pub kernel: Option<Outcome<KernelResult>>,
    /// Each NUMA node on its own memory and on another's; absent with one node.
    pub numa: Option<Outcome<NumaResult>>,
    /// GPUs and links.
    pub gpus: Option<Cards>,
    /// The disk.
    pub disk: Option<Outcome<DiskResult>>,
}

/// Measures what is wanted, in about `seconds` for a machine with one GPU. A part that fails leaves the others.
///
/// # Errors
/// [`MeasureError::Cancelled`] alone: then there is no result of any part.
pub fn suite(
    wanted: &Wanted,
    seconds: f64,
    places: &Places,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Suite, MeasureError> {
    let mut found = Suite::default();
    let began = Instant::now();
    let nodes = if wanted.ram == Part::Measured { crate::detect::numa() } else { Vec::new() };
    // How the time is shared out: RAM, its nodes, multiplying, GPUs, disk.
    let weights = [
        if wanted.ram == Part::Measured { 4.0 } else { 0.0 },
        if nodes.len() > 1 { 1.5 } else { 0.0 },
        if wanted.ram == Part::Measured { 1.0 } else { 0.0 },
        if wanted.gpus.is_some() { 3.0 } else { 0.0 },
        if wanted.disk == Part::Measured { 3.0 } else { 0.0 },
    ];
    let all: f64 = weights.iter().sum::<f64>().max(1.0);
    let share = |part: usize| seconds * weights[part] / all;
    let within = |part: usize| {
        let start: f64 = weights[..part].iter().sum::<f64>() / all;
        let width = weights[part] / all;
        move |inner: Progress| Progress {
            done: (start + width * f64::from(inner.done)) as f32,
            sample: inner.sample.map(|sample| Sample { seconds: began.elapsed().as_secs_f64(), ..sample }),
            ..inner
        }
    };
    if wanted.ram == Part::Measured {
        let place = within(0);
        let options = ram_options(share(0));
        found.ram = Some(settled(ram::measure(&options, cancel, &mut |inner| progress(place(inner))))?);
        if nodes.len() > 1 {
            let place = within(1);
            let options = ram_options(share(1));
            let result = numa::measure(&nodes, &options, cancel, &mut |inner| progress(place(inner)));
            found.numa = match settled(result)? {
                Outcome::Done(result) => result.map(Outcome::Done),
                Outcome::Failed(why) => Some(Outcome::Failed(why)),
            };
        }
        let place = within(2);
        let options = ram_options(share(2));
        found.kernel = Some(settled(matvec::measure(&options, cancel, &mut |inner| progress(place(inner))))?);
    }
    if let Some(figures) = wanted.gpus {
        let place = within(3);
        let options = GpuOptions { figures, ..GpuOptions::all(share(3)) };
        found.gpus = Some(gpu::measure(&places.program, &options, cancel, &mut |inner| progress(place(inner)))?);
    }
    if wanted.disk == Part::Measured {
        let place = within(4);
        let options = DiskOptions {
            file: places.file.clone(),
            folder: places.folder.clone(),
            free_bytes: places.free_bytes,
            seconds: share(4),
        };
        found.disk = Some(settled(disk::measure(&options, cancel, &mut |inner| progress(place(inner))))?);
    }
    Ok(found)
}

/// A cancel ends everything; any other fault only its part.
fn settled<T>(result: Result<T, MeasureError>) -> Result<Outcome<T>, MeasureError> {
    match result {
        Ok(done) => Ok(Outcome::Done(done)),
        Err(MeasureError::Cancelled) => Err(MeasureError::Cancelled),
        Err(error) => Ok(Outcome::Failed(error.to_string())),
    }
}
