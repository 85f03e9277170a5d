//! What stands on each dial, before it is drawn.

use crate::hardware::{
    Besides, Fate, Machine, MeasuredRun, Measurement, Meter, Pool, PoolKind, Reading, Series, Source,
};
use crate::ui::MachineChoice;
use crate::ui::bench::{Workbench, mark_of, pool_title};
use crate::ui::paint::mark::Mark;

use crate::units::BytesPerSecond;

use super::state::Measuring;
use super::words;

/// Where a dial is in the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing runs.
    Rests,
    /// Its turn comes.
    Waits,
    /// It is measured now.
    Runs,
    /// It was measured in this run.
    Done,
}

/// What stands on a dial.
pub(super) struct Gauge {
    pub meter: Meter,
    /// Pool or link.
    pub what: String,
    pub title: String,
    pub about: String,
    /// Bytes per second.
    pub rate: Option<f64>,
    /// Whether it is a figure of before, while a new one is taken or awaited.
    pub old: bool,
    pub at_least: bool,
    pub mark: Option<Mark>,
    /// What the tick stands for, and where.
    pub sheet: Option<(&'static str, f64)>,
    pub stage: Stage,
    pub rows: Vec<(String, String)>,
    /// Why there is nothing, in a sentence.
    pub why: Option<String>,
}

/// The dials of the machine on screen, in the order they are measured.
pub(super) fn gauges(bench: &Workbench) -> Vec<Gauge> {
    let machine = &bench.base;
    let look = Look { bench, machine, measuring: bench.measuring.as_ref().filter(|_| is_this(bench)) };
    let mut all = Vec::new();
    if let Some(host) = machine.host() {
        all.push(look.ram(host));
        all.push(look.kernel(host));
    }
    let gpus: Vec<&Pool> = machine.gpus().filter(|pool| pool.kind != PoolKind::Ram && pool.node.is_none()).collect();
    for (card, pool) in gpus.iter().enumerate() {
        all.push(look.gpu(pool, card as u32, gpus.len()));
    }
    if gpus.is_empty() {
        all.push(look.empty(Meter::Gpu, "There is no GPU here to measure."));
    }
    all.push(look.link(&gpus));
    match machine.disk() {
        Some(disk) => all.push(look.disk(disk)),
        None => all.push(look.empty(Meter::Disk, "No disk of this machine is known.")),
    }
    all
}

/// Whether the machine on screen is the one that can be measured.
pub(super) fn is_this(bench: &Workbench) -> bool {
    bench.choice == MachineChoice::This
}

/// The run looked at, where it is of the machine on screen.
pub(super) fn run_here(bench: &Workbench) -> Option<&MeasuredRun> {
    bench.measure.run().filter(|run| is_this(bench) && run.on == bench.base.cpu.name)
}

struct Look<'a> {
    bench: &'a Workbench,
    machine: &'a Machine,
    measuring: Option<&'a Measuring>,
}

impl Look<'_> {
    fn stage(&self, meter: Meter) -> Stage {
        let place = |meter: Meter| Meter::ALL.iter().position(|other| *other == meter);
        match self.measuring.map(Measuring::meter) {
            None => Stage::Rests,
            Some(now) if now == meter => Stage::Runs,
            Some(now) if place(now) > place(meter) => Stage::Done,
            Some(_) => Stage::Waits,
        }
    }

    fn live(&self, meter: Meter, card: Option<u32>) -> Option<f64> {
        self.measuring.and_then(|measuring| measuring.headline(meter, card))
    }

    /// Whether nothing new of a dial is there yet: what was told of it before still holds.
    fn settled(&self, meter: Meter) -> bool {
        !matches!(self.stage(meter), Stage::Runs | Stage::Done)
    }

    fn reading(&self, meter: Meter, what: &str) -> Option<&Reading> {
        let run = run_here(self.bench).filter(|_| self.settled(meter));
        run.and_then(|run| run.reading(meter, what))
    }

    /// A dial before anything of it is known.
    fn blank(&self, meter: Meter, what: &str) -> Gauge {
        let run = run_here(self.bench);
        let why = run.and_then(|run| run.why_skipped(meter)).map(str::to_owned);
        Gauge {
            meter,
            what: what.to_owned(),
            title: words::meter(meter).to_owned(),
            about: String::new(),
            rate: None,
            old: false,
            at_least: false,
            mark: None,
            sheet: None,
            stage: self.stage(meter),
            rows: Vec::new(),
            why,
        }
    }

    fn empty(&self, meter: Meter, why: &str) -> Gauge {
        let mut gauge = self.blank(meter, "");
        gauge.why.get_or_insert_with(|| why.to_owned());
        gauge
    }

    /// Puts the figure in: the one being taken, else that of the run looked at, else what the profile has.
    fn fill(&self, gauge: &mut Gauge, card: Option<u32>, kept: Option<f64>) {
        let live = self.live(gauge.meter, card);
        let reading = self.reading(gauge.meter, &gauge.what);
        let taken = live.filter(|_| matches!(gauge.stage, Stage::Runs | Stage::Done));
        let read = reading.map(|reading| shown(&reading.figure));
        gauge.rate = taken.or(read).or(kept);
        gauge.old = taken.is_none() && matches!(gauge.stage, Stage::Runs | Stage::Waits);
        gauge.at_least = taken.is_none() && reading.is_some_and(|reading| reading.fate == Fate::LowerBound);
        let spread = self.measuring.filter(|_| taken.is_some()).and_then(|now| now.spread(gauge.meter, card));
        if let Some((median, spread, count)) = spread {
            gauge.rows.push(("Median, spread".into(), format!("{}, {}", words::gb(median), words::spread(spread))));
            gauge.rows.push(("Windows".into(), count.to_string()));
        }
        let measured = if is_this(self.bench) { Source::Measured } else { Source::Reported };
        gauge.mark = gauge.rate.map(|_| mark_of(measured));
        if let Some(Fate::Refused(why)) = reading.map(|reading| &reading.fate) {
            gauge.why = Some(why.clone());
        } else if gauge.rate.is_some() {
            gauge.why = None;
        }
    }

    /// The last measurement of a pool or link that the profile has.
    fn kept(&self, what: &str, counts: impl Fn(&Measurement) -> bool) -> Option<&Measurement> {
        self.machine.measurements.iter().rev().find(|old| old.what == what && counts(old))
    }

    fn ram(&self, host: &Pool) -> Gauge {
        let mut gauge = self.blank(Meter::Ram, &host.id);
        gauge.title = pool_title(self.machine, host);
        let kept = self.kept(&host.id, |old| old.method.starts_with("read/"));
        self.fill(&mut gauge, None, kept.map(|kept| kept.best.get()));
        gauge.sheet = sheet(host);
        let reading = self.reading(Meter::Ram, &host.id);
        let kept = kept.filter(|_| self.settled(Meter::Ram));
        if let Some(figure) = reading.map(|reading| &reading.figure).or(kept) {
            gauge.about = format!("read, {}", threads(figure.threads));
            let ordinary = figure.ordinary_pages.map_or_else(|| "—".to_owned(), |rate| words::gb(rate.get()));
            let used = if gauge.at_least { "" } else { ", used" };
            gauge.rows.push(("Ordinary pages".into(), format!("{ordinary}{used}")));
            gauge.rows.push(median(figure));
        }
        if let Some(on_core) = reading.and_then(|reading| reading.on_core) {
            let busy = (1.0 - on_core).clamp(0.0, 1.0);
            gauge.rows.push(("Other work".into(), words::percent(busy)));
        }
        gauge
    }

    fn kernel(&self, host: &Pool) -> Gauge {
        let mut gauge = self.blank(Meter::Kernel, &host.id);
        gauge.about = "rows in Q4_K".into();
        let ram = self.kept(&host.id, |old| old.besides(Besides::KernelQ4K).is_some());
        self.fill(&mut gauge, None, ram.and_then(|ram| ram.besides(Besides::KernelQ4K)));
        let live = self.measuring.and_then(|measuring| measuring.best(Series::OrdinaryPages, None));
        let reads = self.reading(Meter::Ram, &host.id).and_then(|reading| reading.figure.ordinary_pages);
        let reads = reads.or_else(|| ram.and_then(|ram| ram.ordinary_pages)).map(BytesPerSecond::get);
        gauge.sheet = live.or(reads).map(|rate| ("RAM reads", rate));
        let reading = self.reading(Meter::Kernel, &host.id);
        let ram = ram.filter(|_| self.settled(Meter::Kernel));
        let q8 = reading.map(|reading| &reading.figure).or(ram).and_then(|figure| figure.besides(Besides::KernelQ8));
        gauge.rows.extend(q8.map(|rate| ("Rows in Q8_0".into(), words::gb(rate))));
        if let Some(figure) = reading.map(|reading| &reading.figure) {
            gauge.rows.push(("Spread".into(), words::spread(figure.spread)));
            gauge.rows.push(("Threads".into(), figure.threads.to_string()));
        }
        gauge
    }

    fn gpu(&self, pool: &Pool, card: u32, count: usize) -> Gauge {
        let mut gauge = self.blank(Meter::Gpu, &pool.id);
        gauge.title = if count > 1 { format!("GPU {card}") } else { "GPU".into() };
        gauge.about = match &pool.device {
            Some(device) if !device.name.is_empty() => device.short_name().to_owned(),
            _ => pool.name.clone(),
        };
        let kept = self.kept(&pool.id, |old| old.method.starts_with(crate::hardware::GPU_METHOD));
        self.fill(&mut gauge, Some(card), kept.map(|kept| kept.best.get()));
        gauge.sheet = sheet(pool);
        let reading = self.reading(Meter::Gpu, &pool.id).map(|reading| &reading.figure);
        if let Some(figure) = reading.or(kept.filter(|_| self.settled(Meter::Gpu))) {
            gauge.rows.push(median(figure));
            for (name, which) in [("f32 in shaders", Besides::F32), ("f16 in shaders", Besides::F16)] {
                gauge.rows.extend(figure.besides(which).map(|rate| (name.into(), words::flops(rate))));
            }
        }
        gauge
    }

    /// The link; of several the slowest that was measured.
    fn link(&self, gpus: &[&Pool]) -> Gauge {
        let run = run_here(self.bench);
        let slowest = run.and_then(|run| run.slowest(Meter::Link)).map(|reading| reading.figure.what.clone());
        let mut links = gpus.iter().filter_map(|pool| self.machine.link_of(pool));
        let first = match &slowest {
            Some(id) => self.machine.link(id),
            None => links.next(),
        };
        let Some(link) = first else {
            let shared = gpus.iter().any(|pool| pool.kind == PoolKind::Unified);
            let why = if shared {
                "CPU and GPU share one memory: nothing is carried."
            } else {
                "Without a GPU there is no link to measure."
            };
            return self.empty(Meter::Link, why);
        };
        let mut gauge = self.blank(Meter::Link, &link.id);
        if let (Some(generation), Some(lanes)) = (link.generation, link.lanes) {
            gauge.about = format!("PCIe {generation}.0 ×{lanes}");
        }
        let kept = self.kept(&link.id, |_| true);
        self.fill(&mut gauge, None, kept.map(|kept| kept.best.get()));
        gauge.sheet = link.line_rate().map(|rate| ("Line rate", rate.get()));
        let reading = self.reading(Meter::Link, &link.id).map(|reading| &reading.figure);
        let back = self.measuring.and_then(|measuring| measuring.best(Series::FromDevice, None));
        let back = back.filter(|_| matches!(gauge.stage, Stage::Runs | Stage::Done));
        let back = back.or_else(|| {
            reading
                .or(kept.filter(|_| self.settled(Meter::Link)))
                .and_then(|figure| figure.besides(Besides::FromDevice))
        });
        gauge.rows.extend(back.map(|rate| ("From the GPU".into(), words::gb(rate))));
        if gpus.len() > 1 {
            gauge.rows.push(("Of the links".into(), format!("slowest of {}", gpus.len())));
        }
        gauge
    }

    fn disk(&self, disk: &Pool) -> Gauge {
        let mut gauge = self.blank(Meter::Disk, &disk.id);
        gauge.about = "random, 4 MiB".into();
        let kept = self.kept(&disk.id, |_| true);
        self.fill(&mut gauge, None, kept.map(shown));
        gauge.sheet = sheet(disk);
        let reading = self.reading(Meter::Disk, &disk.id);
        if let Some(figure) = reading.map(|reading| &reading.figure).or(kept.filter(|_| self.settled(Meter::Disk))) {
            gauge.rows.push(("In order".into(), words::gb(figure.best.get())));
            let warm = figure.besides(Besides::Warm);
            gauge.rows.extend(warm.map(|rate| ("From the cache".into(), format!("{}, RAM", words::gb(rate)))));
            gauge.rows.push(("Spread".into(), words::spread(figure.spread)));
        }
        gauge
    }
}

/// The figure on the dial: of a disk what predictions use, else the best.
fn shown(figure: &Measurement) -> f64 {
    figure.besides(Besides::Random).unwrap_or(figure.best.get())
}

fn median(figure: &Measurement) -> (String, String) {
    let median = figure.besides(Besides::Median).map_or_else(|| "—".to_owned(), words::gb);
    ("Median, spread".into(), format!("{median}, {}", words::spread(figure.spread)))
}

fn sheet(pool: &Pool) -> Option<(&'static str, f64)> {
    let read = pool.read.as_ref()?;
    let of = match read.source {
        Source::DataSheet => "Data sheet",
        Source::Assumed => "Assumed",
        Source::Typed => "Typed",
        Source::Reported | Source::Measured => "Reported",
    };
    Some((of, read.value.get())).filter(|(_, rate)| *rate > 0.0)
}

fn threads(count: u32) -> String {
    if count == 1 { "1 thread".to_owned() } else { format!("{count} threads") }
}
