//! What this machine's GPUs reach: reading their memory, arithmetic, and the link to the system's memory.
//!
//! Drivers crash and hang, so cards are measured in a child process ([`measure`]), which tells what it found line by
//! line. The device is one of our own: the window's has small limits. Rates are bytes per second, 10^9 to the GB.

mod arithmetic;
mod card;
mod line;
mod link;
mod read;
mod timing;

use std::path::Path;
use std::time::Duration;

use self::arithmetic::Number;
use self::card::Card;
use self::read::Reader;
use super::apart::apart;
use super::{Cancel, MeasureError, Progress};
use crate::detect::child::{self, Ended};
use crate::detect::gpu::{GpuKind, GpuReport, describe, is_software};
use crate::hardware::{Meter, Sample, Series, Slot};

pub use line::Line;
pub use link::Carried;
pub use timing::Clock;

/// The hidden subcommand: `main` hands over to [`measure_gpus_main`] when it is the first argument.
pub const MEASURE_ARGUMENT: &str = "__measure-gpus";
/// Time for one card to be opened and its kernels to be compiled for the first time.
const OPENING: Duration = Duration::from_secs(20);
/// A machine has no more.
const MOST_CARDS: usize = 16;

/// How fast a memory is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// The best window, bytes per second.
    pub best: f64,
    /// The middle of the windows.
    pub median: f64,
    /// (best - worst) / best of the windows.
    pub spread: f64,
    /// All windows, in the order taken.
    pub windows: Vec<f64>,
    /// The clock they were taken by.
    pub clock: Clock,
    /// Bytes read in turn.
    pub bytes: u64,
    /// Smaller sizes, in bytes, with their rates: they show where the cache ends.
    pub sweep: Vec<(u64, f64)>,
}

/// What was measured on one card.
#[derive(Clone, Debug, PartialEq)]
pub struct CardFigures {
    /// Its name by its driver.
    pub name: String,
    /// Its PCI address, where the driver tells.
    pub pci: Option<String>,
    /// Its driver.
    pub driver: String,
    /// PCI vendor id.
    pub vendor: u32,
    /// PCI device id.
    pub device: u32,
    /// Reading its memory.
    pub read: Option<Figures>,
    /// Operations per second on 32-bit numbers, in shaders.
    pub f32_flops: Option<f64>,
    /// The same on 16-bit numbers; none where the driver has none.
    pub f16_flops: Option<f64>,
    /// The link; none on memory it shares with the CPU.
    pub link: Option<Carried>,
}

impl CardFigures {
    /// Where it is plugged in.
    #[must_use]
    pub fn slot(&self) -> Option<Slot> {
        self.pci.as_deref().and_then(Slot::parse)
    }
}

/// What cards, and how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GpuOptions {
    /// Seconds for each card, 0.2 to 30.
    pub seconds: f64,
    /// What is measured of it.
    pub figures: Wanted,
    /// Which adapters count.
    pub adapters: Adapters,
}

impl GpuOptions {
    /// Seconds that give a repeatable figure.
    pub const DEFAULT_SECONDS: f64 = 3.0;

    /// Every figure of every real card.
    #[must_use]
    pub const fn all(seconds: f64) -> Self {
        Self { seconds, figures: Wanted::All, adapters: Adapters::Hardware }
    }
}

/// What is measured of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Memory, arithmetic and link.
    All,
    /// The link alone.
    Link,
}

/// Which adapters count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapters {
    /// Real ones.
    Hardware,
    /// Renderers on the CPU too: for tests, which they prove to run.
    SoftwareToo,
}

/// What the measuring process found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cards {
    /// The cards that were measured.
    pub cards: Vec<CardFigures>,
    /// Names of those that could not be, and why.
    pub failed: Vec<(String, String)>,
    /// Renderers on the CPU, which are not measured.
    pub software: Vec<String>,
    /// How the process broke off, if it did.
    pub broken: Option<Ended>,
}

/// Where windows are told.
pub(super) struct Tell<'a> {
    card: u32,
    send: &'a mut dyn FnMut(Line),
}

impl Tell<'_> {
    fn window(&mut self, series: Series, rate: f64) {
        (self.send)(Line::Window { series, card: self.card, rate });
    }

    fn progress(&mut self, done: f64, step: String) {
        (self.send)(Line::Progress { done: done as f32, step });
    }
}

/// Measures in a child process, `program` with [`MEASURE_ARGUMENT`]. What was found before it broke off is kept.
///
/// # Errors
/// [`MeasureError::Cancelled`] within 100 ms of the cancel.
pub fn measure(
    program: &Path,
    options: &GpuOptions,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Cards, MeasureError> {
    let seconds = options.seconds.clamp(0.2, 30.0);
    let arguments = [
        MEASURE_ARGUMENT.to_owned(),
        seconds.to_string(),
        if options.figures == Wanted::Link { "link" } else { "all" }.to_owned(),
        if options.adapters == Adapters::SoftwareToo { "software" } else { "hardware" }.to_owned(),
    ];
    let mut found = Cards::default();
    let (mut best, mut said, mut ended) = (None::<(Series, u32, f64)>, (0.0, String::new()), false);
    let mut take = |text: &str| {
        let mut sample = None;
        match Line::parse(text) {
            Some(Line::Progress { done, step }) => said = (done, step),
            Some(Line::Window { series, card, rate }) => {
                // Each curve of each card has a best of its own.
                let same = best.filter(|(other, of, _)| (*other, *of) == (series, card));
                best = Some((series, card, same.map_or(rate, |(.., best)| best.max(rate))));
                sample = Some(Sample { card, ..super::sample(series, rate) });
            }
            Some(Line::Software { name }) if found.software.len() < MOST_CARDS => found.software.push(name),
            Some(Line::Card(card)) if found.cards.len() < MOST_CARDS => found.cards.push(*card),
            Some(Line::Failed { name, what }) if found.failed.len() < MOST_CARDS => found.failed.push((name, what)),
            Some(Line::End) => return ended = true,
            Some(Line::Card(_) | Line::Failed { .. } | Line::Software { .. }) | None => return,
        }
        progress(Progress {
            done: said.0,
            step: said.1.clone(),
            meter: best.map_or(Meter::Gpu, |(series, ..)| series.meter()),
            bytes_per_second: best.map(|(.., rate)| rate),
            sample,
        });
    };
    let limit = OPENING + Duration::from_secs_f64(seconds * MOST_CARDS as f64);
    // A driver may hold even a process that was killed: after a cancel nobody waits for it here.
    let (program, flag) = (program.to_owned(), cancel.clone());
    let run = move |tell: &mut dyn FnMut(String)| {
        child::lines_of(&program, &arguments, limit, &|| flag.is_cancelled(), &mut |line| tell(line.to_owned()))
    };
    let outcome = apart(cancel, run, &mut |line| take(&line))?;
    match outcome {
        _ if cancel.is_cancelled() => return Err(MeasureError::Cancelled),
        // Drivers crash on their way out too, when all has been said.
        _ if ended => {}
        Ok(()) => found.broken = Some(Ended::Unfinished),
        Err(how) => found.broken = Some(how),
    }
    Ok(found)
}

/// What the hidden subcommand runs: its words are seconds, `all` or `link`, and `hardware` or `software`. Returns the
/// exit code.
#[must_use]
pub fn measure_gpus_main(words: &[String]) -> i32 {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let Some(seconds) = word(0).parse::<f64>().ok().filter(|seconds| (0.2..=30.0).contains(seconds)) else { return 2 };
    let options = GpuOptions {
        seconds,
        figures: if word(1) == "link" { Wanted::Link } else { Wanted::All },
        adapters: if word(2) == "software" { Adapters::SoftwareToo } else { Adapters::Hardware },
    };
    child::serve_lines(|print| {
        measure_here(&options, &mut |line| print(&line.write()));
        print(&Line::End.write());
    })
}

/// Measures in this process, card after card.
pub fn measure_here(options: &GpuOptions, tell: &mut dyn FnMut(Line)) {
    let backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = backends;
    // Debug builds would load validation layers.
    descriptor.flags = wgpu::InstanceFlags::empty();
    let instance = wgpu::Instance::new(descriptor);
    let adapters = pollster::block_on(instance.enumerate_adapters(backends));
    let all: Vec<_> = adapters.into_iter().map(|adapter| (describe(&adapter), adapter)).collect();
    if options.adapters == Adapters::Hardware {
        for (report, _) in all.iter().filter(|(report, _)| is_software(report)) {
            tell(Line::Software { name: report.name.clone() });
        }
    }
    let cards = once_each(all, options.adapters);
    let count = cards.len().max(1) as f64;
    for (place, (report, adapter)) in cards.into_iter().enumerate() {
        let mut tell_card = Tell { card: place as u32, send: tell };
        let share = |part: f64| (place as f64 + part) / count;
        match one(&report, &adapter, options, &share, &mut tell_card) {
            Ok(card) => tell(Line::Card(Box::new(card))),
            Err(what) => tell(Line::Failed { name: report.name, what }),
        }
    }
}

/// Each card once: an address, else the n-th of its ids within one interface; the first interface that lists it counts.
fn once_each<T>(all: Vec<(GpuReport, T)>, adapters: Adapters) -> Vec<(GpuReport, T)> {
    let mut kept: Vec<(GpuReport, T)> = Vec::new();
    for (report, adapter) in all {
        if is_software(&report) && adapters == Adapters::Hardware {
            continue;
        }
        let known = kept.iter().any(|(other, _)| match (&other.pci, &report.pci) {
            (Some(one), Some(two)) => one == two,
            _ => other.api != report.api && (other.vendor, other.device) == (report.vendor, report.device),
        });
        if !known && kept.len() < MOST_CARDS {
            kept.push((report, adapter));
        }
    }
    kept
}

/// One card, all that is wanted of it.
fn one(
    report: &GpuReport,
    adapter: &wgpu::Adapter,
    options: &GpuOptions,
    share: &dyn Fn(f64) -> f64,
    tell: &mut Tell<'_>,
) -> Result<CardFigures, String> {
    tell.progress(share(0.0), format!("{}, opening", report.name));
    let card = Card::open(adapter)?;
    let mut found = CardFigures {
        name: report.name.clone(),
        pci: report.pci.clone(),
        driver: report.driver.clone(),
        vendor: report.vendor,
        device: report.device,
        read: None,
        f32_flops: None,
        f16_flops: None,
        link: None,
    };
    if options.figures == Wanted::All {
        tell.progress(share(0.1), format!("{}, reading its memory", report.name));
        // Half of what is free: others use the card too.
        let half = report.free.map(|free| (free / 2).max(read::LEAST));
        // A renderer on the CPU proves that it runs; that takes no long reading.
        let room = if is_software(report) { Some(2 * read::LEAST) } else { half };
        let reader = Reader::new(&card, room)?;
        let mut figures = reader.measure(options.seconds * 0.5, tell)?;
        tell.progress(share(0.6), format!("{}, smaller sizes", report.name));
        figures.sweep = reader.sweep(figures.clock)?;
        found.read = Some(figures);
        drop(reader);
        tell.progress(share(0.75), format!("{}, arithmetic", report.name));
        found.f32_flops = arithmetic::measure(&card, Number::F32, options.seconds * 0.1)?;
        // Some drivers promise 16-bit numbers and then do not compile them.
        found.f16_flops = arithmetic::measure(&card, Number::F16, options.seconds * 0.1).ok().flatten();
    }
    if report.kind != GpuKind::Integrated {
        tell.progress(share(0.9), format!("{}, the link", report.name));
        found.link = link::measure(&card, options.seconds * 0.2, tell)?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::gpu::Api;

    fn report(api: Api, pci: Option<&str>, ids: (u32, u32)) -> (GpuReport, u32) {
        (GpuReport { api, pci: pci.map(str::to_owned), vendor: ids.0, device: ids.1, ..GpuReport::default() }, 0)
    }

    #[test]
    fn a_card_is_measured_once() {
        let two_interfaces = vec![
            report(Api::Vulkan, Some("0000:01:00.0"), (0x10de, 1)),
            report(Api::Dxgi, Some("0000:01:00.0"), (0x10de, 1)),
        ];
        assert_eq!(once_each(two_interfaces, Adapters::Hardware).len(), 1);
        let twins = vec![
            report(Api::Vulkan, Some("0000:01:00.0"), (0x10de, 1)),
            report(Api::Vulkan, Some("0000:02:00.0"), (0x10de, 1)),
        ];
        assert_eq!(once_each(twins, Adapters::Hardware).len(), 2);
        let no_address = vec![report(Api::Vulkan, None, (0x1002, 7)), report(Api::Dxgi, None, (0x1002, 7))];
        assert_eq!(once_each(no_address, Adapters::Hardware).len(), 1);
        let software = || vec![report(Api::Vulkan, None, (0x10005, 0))];
        assert_eq!(once_each(software(), Adapters::Hardware).len(), 0);
        assert_eq!(once_each(software(), Adapters::SoftwareToo).len(), 1);
    }

    /// A process that measures and never ends: only the cancel ends it, both for all figures and for the link.
    #[cfg(unix)]
    #[test]
    fn a_cancel_waits_for_no_driver() {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/children/measures-and-hangs.sh");
        for figures in [Wanted::All, Wanted::Link] {
            let cancel = Cancel::new();
            let options = GpuOptions { figures, ..GpuOptions::all(30.0) };
            let mut windows = 0;
            let result = measure(Path::new(program), &options, &cancel, &mut |progress| {
                windows += usize::from(progress.sample.is_some());
                cancel.cancel();
            });
            assert!(matches!(result, Err(MeasureError::Cancelled)), "{result:?}");
            assert_eq!(windows, 1, "it ran until then");
        }
    }
}
