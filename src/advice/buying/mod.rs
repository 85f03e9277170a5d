//! What to buy: the machine with one thing more, and what that does for a model.
//!
//! There are no prices of today here. Steps come in the order of what such things usually cost, an assumption that is
//! said: filling channels, more RAM, a better slot, a drive, a card, another board; cards by what they were launched at.
//! Nothing is offered that the machine cannot take, and what that leaves out is told.

mod left_out;
mod named;
mod sizes;

use std::sync::Arc;

use crate::hardware::{
    Accelerator, Figure, Finding, Form, Link, LinkKind, Machine, MemoryPlatform, Pool, PoolKind, Source,
};
use crate::placement::{Mode, Policy};
use crate::scenario::{Answer, Scenario, evaluate_here};
use crate::units::{Bytes, BytesPerSecond, GIB, TokensPerSecond};
use crate::verdict::Level;

use super::kits::{self, Build};
use super::memories::Memory;

use sizes::{read_by, with_ram};

pub use left_out::left_out;
pub use named::{board, with_modules};
pub use sizes::{Row, ram};

/// Less than this is no gain: published measurements of one setup differ by 3 % (median).
const NOTHING: f64 = 0.03;
/// Lanes of a full slot, and the generation cards of today are made for.
const FULL_SLOT: (u32, u32) = (16, 4);
/// A board has to read so much faster than the one there is.
const BETTER_BOARD: f64 = 1.1;

/// What a step buys, in the order of what such things usually cost (assumed).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Modules for empty channels.
    Channels,
    /// A larger kit of RAM.
    Ram,
    /// A slot with more lanes.
    Slot,
    /// A faster drive.
    Drive,
    /// A graphics card.
    Card,
    /// A board with more channels, its processor and RAM.
    Board,
}

/// A drive by the way it is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Drive {
    /// `NVMe drive, PCIe 4.0`.
    pub name: String,
    /// What it reads.
    pub read: Figure<BytesPerSecond>,
}

/// What can be bought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shop {
    /// Cards.
    pub cards: Vec<Accelerator>,
    /// Boards, by their memory.
    pub boards: Vec<Memory>,
    /// Drives.
    pub drives: Vec<Drive>,
    /// Sizes of one module of RAM.
    pub modules: ModuleSizes,
    /// Processors with the most RAM they take.
    pub platforms: Vec<MemoryPlatform>,
}

/// Sizes of one module of RAM, ascending.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModuleSizes {
    /// Plain ones, for boards of two channels.
    pub plain: Vec<Bytes>,
    /// Registered ones, for boards of more.
    pub registered: Vec<Bytes>,
}

impl ModuleSizes {
    fn of(&self, build: Build) -> &[Bytes] {
        match build {
            Build::Unbuffered => &self.plain,
            Build::Registered | Build::LoadReduced => &self.registered,
        }
    }
}

/// A step: what is bought, and what the model does then.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it buys.
    pub kind: Kind,
    /// In words: `RAM 384 GiB`.
    pub what: String,
    /// What is worth saying of it, such as modules and channels.
    pub note: String,
    /// The verdict with it.
    pub level: Level,
    /// Tokens per second with it.
    pub rate: Option<f64>,
    /// Tokens per second more than without; all of them where there were none.
    pub gain: f64,
    /// What a card was launched at, in US dollars, where that is known.
    pub launch_usd: Option<f64>,
    /// What does not go together.
    pub findings: Vec<Finding>,
    /// The question with it bought.
    pub scenario: Scenario,
}

/// Steps that help, in the order they come to mind; [`by_wish`] sorts them.
#[must_use]
pub fn steps(scenario: &Scenario, answer: &Answer, shop: &Shop) -> Vec<Step> {
    let before = Before { level: answer.verdict.level, rate: rate_of(answer) };
    let asked = Scenario { policy: Policy::default(), ..scenario.clone() };
    let mut found: Vec<Step> = Vec::new();
    found.extend(filled(&asked).and_then(|offer| before.judge(&asked, offer)));
    found.extend(more_ram(&asked, &before, shop));
    found.extend(better_slots(&asked).and_then(|offer| before.judge(&asked, offer)));
    if answer.plan.mode == Mode::Disk || answer.plan.mode == Mode::None {
        found.extend(drives(&asked, shop).filter_map(|offer| before.judge(&asked, offer)));
    }
    found.extend(cards(&asked, shop).filter_map(|offer| before.judge(&asked, offer)));
    found.extend(boards(&asked, answer, shop).filter_map(|offer| before.judge(&asked, offer)));
    found
}

/// Those that reach so many tokens per second first, the usually cheapest of them first and of one kind the least that
/// does; then the others by what they come to.
pub fn by_wish(steps: &mut [Step], wish: TokensPerSecond) {
    steps.sort_by(|a, b| {
        let reach = b.reaches(wish).cmp(&a.reaches(wish));
        let enough = a.reaches(wish);
        let by_kind = if enough { a.kind.cmp(&b.kind) } else { std::cmp::Ordering::Equal };
        let launch = |step: &Step| step.launch_usd.filter(|_| enough).unwrap_or(f64::INFINITY);
        let by_price = launch(a).total_cmp(&launch(b));
        let by_gain = if enough { a.gain.total_cmp(&b.gain) } else { b.gain.total_cmp(&a.gain) };
        reach.then(by_kind).then(by_price).then(a.level.cmp(&b.level)).then(by_gain)
    });
}

/// Whether an answer is in memory and so fast.
#[must_use]
pub fn reaches(level: Level, rate: Option<f64>, wish: TokensPerSecond) -> bool {
    level < Level::Disk && rate.is_some_and(|rate| rate >= wish.get())
}

impl Step {
    /// Whether it reaches so many tokens per second, in memory.
    #[must_use]
    pub fn reaches(&self, wish: TokensPerSecond) -> bool {
        reaches(self.level, self.rate, wish)
    }
}

fn rate_of(answer: &Answer) -> Option<f64> {
    answer.bill.as_ref().map(|bill| bill.rate.expected)
}

/// The machine with something bought, before it is asked.
struct Offer {
    kind: Kind,
    what: String,
    note: String,
    launch_usd: Option<f64>,
    machine: Machine,
    findings: Vec<Finding>,
}

struct Before {
    level: Level,
    rate: Option<f64>,
}

impl Before {
    /// What an offer does, where it does anything.
    fn judge(&self, scenario: &Scenario, offer: Offer) -> Option<Step> {
        let Offer { kind, what, note, launch_usd, mut machine, findings } = offer;
        // What is free right now belongs to the machine as it is.
        for pool in machine.pools.iter_mut().filter(|pool| pool.kind != PoolKind::Disk) {
            pool.free_now = None;
        }
        let scenario = Scenario { machine: Arc::new(machine), ..scenario.clone() };
        let after = evaluate_here(&scenario);
        let (level, rate) = (after.verdict.level, rate_of(&after));
        let gain = rate.unwrap_or(0.0) - self.rate.unwrap_or(0.0);
        let least = NOTHING * self.rate.unwrap_or(0.0);
        // A verdict that gets better by getting slower is no help.
        let helps = level < self.level && gain >= -least || gain > least;
        let step = Step { kind, what, note, level, rate, gain, launch_usd, findings, scenario };
        (helps && level != Level::No).then_some(step)
    }
}

/// One module of the same for each empty channel.
fn filled(scenario: &Scenario) -> Option<Offer> {
    let mut machine = Machine::clone(&scenario.machine);
    let at = host(&machine)?;
    let pool = &mut machine.pools[at];
    let dimms = pool.dimms.as_mut()?;
    let (present, channels) = (dimms.populated.filter(|count| *count > 0)?, dimms.channels?);
    if f64::from(present) >= channels {
        return None;
    }
    let all = channels as u32;
    dimms.populated = Some(all);
    let size = Bytes::new(pool.capacity.value.get() / u64::from(present) * u64::from(all));
    pool.capacity = Figure::new(size, Source::Assumed, "every channel filled");
    let grows = channels / f64::from(present);
    if let Some(measured) = pool.read_measured.take() {
        // What was measured with empty channels grows with those filled.
        pool.read_measured = Some(Figure::new(measured.value * grows, Source::Assumed, "measured, by the channels"));
    }
    let each = size.get() / u64::from(all) / GIB;
    Some(Offer {
        kind: Kind::Channels,
        what: format!("{} modules of {each} GiB more", all - present),
        note: format!("{all} of {channels} channels filled, {} in all", kits::name(size)),
        launch_usd: None,
        machine,
        findings: Vec::new(),
    })
}

/// The place of the RAM that can be added to: memory that is soldered beside the processor cannot, and some machines have
/// no slot for it.
fn host(machine: &Machine) -> Option<usize> {
    let takes = machine.built().is_none_or(Form::takes_modules);
    let own = |pool: &Pool| pool.kind == PoolKind::Ram && pool.node.is_none() && !is_soldered(pool);
    machine.pools.iter().position(own).filter(|_| takes)
}

/// Memory of low power is soldered.
pub(super) fn is_soldered(pool: &Pool) -> bool {
    pool.dimms.as_ref().is_some_and(|dimms| dimms.kind.starts_with("LPDDR"))
}

/// Whether another drive can be put into it: where no form is known, not beside soldered memory, since the drive mostly is
/// soldered, too.
fn takes_drives(machine: &Machine) -> bool {
    machine.built().map_or_else(|| host(machine).is_some(), Form::takes_drives)
}

/// Whether cards can be put into it, into wider slots, and another board in place of its own.
fn takes_cards(machine: &Machine) -> bool {
    host(machine).is_some() && machine.built().is_none_or(Form::takes_cards)
}

/// Larger kits: the first that helps, and each that helps more.
fn more_ram(scenario: &Scenario, before: &Before, shop: &Shop) -> Vec<Step> {
    let Some(at) = host(&scenario.machine) else { return Vec::new() };
    let present = scenario.machine.pools[at].capacity.value;
    let sizes = kits::SIZES.iter().map(|gib| Bytes::gib(*gib)).filter(|size| *size > present);
    let read = |machine: &Machine| machine.host().and_then(read_by).map_or(0.0, BytesPerSecond::get);
    let now = read(&scenario.machine);
    let steps = sizes.filter_map(|size| {
        let (machine, modules, findings) = with_ram(&scenario.machine, size, shop)?;
        // What no modules make, or leaves channels empty that were filled, is no step up.
        if modules.is_none() && !findings.is_empty() || read(&machine) < now {
            return None;
        }
        let note =
            modules.map_or_else(String::new, |modules| format!("{} × {} GiB", modules.count, modules.each.get() / GIB));
        before.judge(
            scenario,
            Offer {
                kind: Kind::Ram,
                what: format!("RAM {}", kits::name(size)),
                note,
                launch_usd: None,
                machine,
                findings,
            },
        )
    });
    let mut kept: Vec<Step> = Vec::new();
    for step in steps {
        let better = |last: &Step| step.level < last.level || step.gain > last.gain * (1.0 + NOTHING);
        if kept.last().is_none_or(better) {
            // From disk each size is a little faster: of those the largest is enough.
            kept.retain(|other| other.level < Level::Disk || step.level < Level::Disk);
            kept.push(step);
        }
    }
    kept
}

/// Every card in a full slot.
fn better_slots(scenario: &Scenario) -> Option<Offer> {
    if !takes_cards(&scenario.machine) {
        return None;
    }
    let mut machine = Machine::clone(&scenario.machine);
    let (lanes, generation) = FULL_SLOT;
    let mut changed = Vec::new();
    for link in machine.links.iter_mut().filter(|link| link.kind == LinkKind::Pcie) {
        let Some(present) = link.lanes.filter(|present| *present < lanes) else { continue };
        let generation = link.generation.unwrap_or(generation);
        if let Some(figure) = &link.bandwidth {
            let wider = figure.value * (f64::from(lanes) / f64::from(present));
            link.bandwidth = Some(Figure::new(wider, Source::Assumed, "by the lanes of the slot"));
        }
        link.lanes = Some(lanes);
        changed.push(format!("{generation}.0 x{present}"));
    }
    changed.dedup();
    (!changed.is_empty()).then(|| Offer {
        kind: Kind::Slot,
        what: format!("Slots of {lanes} lanes"),
        note: format!("now PCIe {}", changed.join(", ")),
        launch_usd: None,
        machine,
        findings: Vec::new(),
    })
}

fn drives<'a>(scenario: &'a Scenario, shop: &'a Shop) -> impl Iterator<Item = Offer> + 'a {
    let present = scenario.machine.disk().and_then(Pool::bandwidth).map_or(0.0, |(rate, _)| rate.get());
    let takes = takes_drives(&scenario.machine);
    let faster = shop.drives.iter().filter(move |drive| takes && drive.read.value.get() > present);
    faster.map(|drive| {
        let mut machine = Machine::clone(&scenario.machine);
        let file = scenario.subject.weights.file;
        let at = machine.pools.iter().position(|pool| pool.kind == PoolKind::Disk).unwrap_or_else(|| {
            machine.pools.push(Pool::new("disk", PoolKind::Disk, Figure::new(file, Source::Assumed, "large enough")));
            machine.pools.len() - 1
        });
        let pool = &mut machine.pools[at];
        if pool.usable() < file {
            pool.capacity = Figure::new(file, Source::Assumed, "large enough");
            (pool.free_now, pool.reserve) = (None, None);
        }
        pool.read_measured = None;
        pool.read = Some(drive.read.clone());
        let note = format!("reads {}", drive.read.value);
        Offer { kind: Kind::Drive, what: drive.name.clone(), note, launch_usd: None, machine, findings: Vec::new() }
    })
}

/// One more of the card there is, and one of each other.
fn cards<'a>(scenario: &'a Scenario, shop: &'a Shop) -> impl Iterator<Item = Offer> + 'a {
    let machine = &scenario.machine;
    let own = machine.pools.iter().rfind(|pool| pool.kind == PoolKind::Vram && pool.node.is_none());
    let same = own.filter(|pool| !is_on_a_full_board(machine, pool)).map(|pool| {
        let name = pool.device.as_ref().map_or(pool.name.as_str(), |device| device.short_name());
        let count = machine.gpus().filter(|other| other.kind == PoolKind::Vram && other.device == pool.device).count();
        let what = if count == 1 { format!("Second {name}") } else { format!("One more {name}") };
        (what, pool.clone(), machine.link_of(pool).cloned())
    });
    let known = own.and_then(|pool| pool.device.as_ref());
    let others =
        shop.cards.iter().filter(move |card| known.is_none_or(|known| known.id != card.id)).filter_map(|card| {
            let size = Figure::new(card.vram?, Source::DataSheet, "device catalogue");
            let mut pool = Pool::new("gpu", PoolKind::Vram, size);
            pool.name.clone_from(&card.name);
            pool.read = card.bandwidth.map(|rate| Figure::new(rate, Source::DataSheet, "device catalogue"));
            pool.device = Some(card.clone());
            Some((card.short_name().to_owned(), pool, None))
        });
    let takes = takes_cards(machine);
    same.into_iter().chain(others).filter(move |_| takes).map(|(what, pool, link)| {
        let launch_usd = pool.device.as_ref().and_then(|device| device.launch_usd);
        let mut note = pool.capacity.value.in_gib();
        if let Some((rate, _)) = pool.bandwidth() {
            note = format!("{note} at {rate}");
        }
        if let Some(dollars) = launch_usd {
            note = format!("{note}, launched at ${}", crate::units::grouped(dollars as u64));
        }
        let machine = with_card(&scenario.machine, pool, link);
        Offer { kind: Kind::Card, what, note, launch_usd, machine, findings: Vec::new() }
    })
}

/// Whether a GPU is one of several on a board of their own, all of whose places are taken: a bridge of `NVLink` joins two
/// cards in slots, and whatever joins more is such a board.
pub(super) fn is_on_a_full_board(machine: &Machine, pool: &Pool) -> bool {
    let joins = |link: &Link| link.kind == LinkKind::Nvlink && link.joins.len() > 2 && link.joins.contains(&pool.id);
    machine.links.iter().any(joins)
}

fn with_card(machine: &Machine, mut pool: Pool, link: Option<Link>) -> Machine {
    let mut machine = machine.clone();
    // One name more than there are pools and links is free.
    let names = machine.pools.len() + machine.links.len();
    let free = |taken: &dyn Fn(&str) -> bool, stem: &str| {
        (0..=names).map(|number| format!("{stem}{number}")).find(|id| !taken(id)).unwrap_or_default()
    };
    pool.id = free(&|id| machine.pools.iter().any(|pool| pool.id == id), "gpu");
    (pool.slot, pool.free_now) = (None, None);
    pool.link = link.map(|link| {
        let id = free(&|id| machine.links.iter().any(|link| link.id == id), "pcie");
        machine.links.push(Link { id: id.clone(), ..link });
        id
    });
    let after = machine.pools.iter().rposition(|pool| pool.kind == PoolKind::Vram).or_else(|| host(&machine));
    machine.pools.insert(after.map_or(0, |at| at + 1), pool);
    machine
}

/// Boards that read clearly faster, with the kit of RAM it takes, at least as much as there is.
fn boards<'a>(scenario: &'a Scenario, answer: &Answer, shop: &'a Shop) -> impl Iterator<Item = Offer> + 'a {
    let machine = &scenario.machine;
    let at = host(machine).filter(|_| takes_cards(machine));
    let present = at.and_then(|at| read_by(&machine.pools[at])).map_or(0.0, BytesPerSecond::get);
    let least = at.map_or(Bytes::ZERO, |at| machine.pools[at].capacity.value);
    let need = answer.plan.total();
    let size = kits::enough(need, kits::RESERVE).map(|kit| kit.size.max(least));
    let faster = shop.boards.iter().filter(move |board| board.bandwidth.value.get() > present * BETTER_BOARD);
    faster.filter_map(move |board| {
        let (at, size) = (at?, size?);
        if board.most.is_some_and(|most| size > most) {
            return None;
        }
        let mut machine = Machine::clone(machine);
        if let Some((cores, simd)) = &board.cpu {
            machine.cpu.cores = *cores;
            machine.cpu.simd.clone_from(simd);
        }
        (machine.cpu.flops, machine.cpu.sockets) = (None, board.sockets);
        let pool = &mut machine.pools[at];
        pool.capacity = Figure::new(size, Source::Assumed, "what if");
        (pool.read, pool.read_measured, pool.dimms) = (Some(board.bandwidth.clone()), None, None);
        (pool.numa_nodes, pool.free_now) = (board.sockets, None);
        Some(Offer {
            kind: Kind::Board,
            what: board.name.clone(),
            note: format!("{} with {} of RAM", board.bandwidth.value, kits::name(size)),
            launch_usd: None,
            machine,
            findings: Vec::new(),
        })
    })
}
