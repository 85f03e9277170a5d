//! Kits of RAM: which size holds a model, what its modules read, and what does not go together.
//!
//! Bandwidth = channels with a module x 8 bytes x transfers per second: a channel is 64 bits wide, and one without a
//! module reads nothing.

use crate::hardware::{Finding, MemoryPlatform};
use crate::units::{Bytes, BytesPerSecond, GIB, Shortfall};

/// Sizes RAM is sold in, GiB: modules of 4 to 256 GiB, two, four, eight or twelve of them.
pub const SIZES: [u64; 16] = [8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048];
/// What a system, its buffers and a cache need beside the weights, GiB, where nobody typed it: assumed.
pub const RESERVE: Bytes = Bytes::gib(8);
/// Bytes a channel moves at once.
const CHANNEL_BYTES: f64 = 8.0;
/// Boards with fewer channels are made for plain modules only (from memory).
pub const REGISTERED_FROM: f64 = 4.0;

/// How modules are built; one board takes one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Build {
    /// Plain, for desktops.
    Unbuffered,
    /// Registered, for servers and workstations.
    Registered,
    /// Load-reduced, for servers.
    LoadReduced,
}

impl Build {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unbuffered => "UDIMM",
            Self::Registered => "RDIMM",
            Self::LoadReduced => "LRDIMM",
        }
    }
}

/// Equal modules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Modules {
    /// How many.
    pub count: u32,
    /// The size of one.
    pub each: Bytes,
    /// Transfers per second, in millions.
    pub mega_transfers: f64,
    /// How they are built.
    pub build: Build,
}

/// How a model fits into so much RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fit {
    /// With what must stay free.
    Fits,
    /// Only into what must stay free.
    Tight,
    /// Not at all.
    Short,
}

/// A size of RAM with what a model leaves of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kit {
    /// The size.
    pub size: Bytes,
    /// What is left, nothing kept free.
    pub left: Shortfall,
    /// How it fits.
    pub fit: Fit,
}

impl Fit {
    /// For what is needed, what there is, and what must stay free of it.
    #[must_use]
    pub fn of(need: Bytes, size: Bytes, reserve: Bytes) -> Self {
        if need > size {
            Self::Short
        } else if need + reserve > size {
            Self::Tight
        } else {
            Self::Fits
        }
    }

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::Tight => "tight",
            Self::Short => "too small",
        }
    }
}

/// The smallest kit that holds so much, nothing kept free; none where no kit does.
#[must_use]
pub fn smallest(need: Bytes) -> Option<Bytes> {
    SIZES.iter().map(|gib| Bytes::gib(*gib)).find(|size| need <= *size)
}

/// The kit above another.
#[must_use]
pub fn next(size: Bytes) -> Option<Bytes> {
    SIZES.iter().map(|gib| Bytes::gib(*gib)).find(|larger| *larger > size)
}

/// Every size from the smallest that holds so much at all, with what is left of it.
#[must_use]
pub fn kits(need: Bytes, reserve: Bytes) -> Vec<Kit> {
    let sizes = SIZES.iter().map(|gib| Bytes::gib(*gib));
    let kit = |size: Bytes| Kit { size, left: size.less(need), fit: Fit::of(need, size, reserve) };
    sizes.map(kit).filter(|kit| kit.fit != Fit::Short).collect()
}

/// The kit to buy: the smallest that leaves what must stay free.
#[must_use]
pub fn enough(need: Bytes, reserve: Bytes) -> Option<Kit> {
    kits(need, reserve).into_iter().find(|kit| kit.fit == Fit::Fits)
}

impl Modules {
    /// All of them together.
    #[must_use]
    pub fn capacity(&self) -> Bytes {
        self.each * u64::from(self.count)
    }

    /// What they read in a board with so many channels: a channel without a module reads nothing.
    #[must_use]
    pub fn bandwidth(&self, channels: f64) -> BytesPerSecond {
        let filled = f64::from(self.count).min(channels);
        bandwidth(filled, self.mega_transfers)
    }
}

/// What so many channels read at so many million transfers per second.
///
/// ```
/// use willitrun::advice::kits::bandwidth;
/// assert_eq!(bandwidth(8.0, 5600.0).get(), 358.4e9);
/// ```
#[must_use]
pub fn bandwidth(channels: f64, mega_transfers: f64) -> BytesPerSecond {
    BytesPerSecond::saturating(channels * CHANNEL_BYTES * mega_transfers * 1e6)
}

/// Whether a board runs with such modules at all.
#[must_use]
pub fn goes_together(modules: &[Modules], board: &MemoryPlatform) -> bool {
    let one_build = modules.windows(2).all(|two| two[0].build == two[1].build);
    let registered = modules.iter().any(|kind| kind.build != Build::Unbuffered);
    let small = board.channels.is_some_and(|channels| channels < REGISTERED_FROM);
    let size: Bytes = modules.iter().map(Modules::capacity).sum();
    one_build && !(registered && small) && board.max_ram.is_none_or(|most| size <= most)
}

/// What does not go together: modules with one another, and modules with a board.
#[must_use]
pub fn warnings(modules: &[Modules], board: &MemoryPlatform) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut builds: Vec<Build> = modules.iter().map(|kind| kind.build).collect();
    builds.dedup();
    if let [one, other, ..] = builds[..] {
        let what = format!("{} and {} do not work in one board.", one.name(), other.name());
        found.push(Finding::warning(what, "Take modules of one kind."));
    }
    let count: u32 = modules.iter().map(|kind| kind.count).sum();
    let size: Bytes = modules.iter().map(Modules::capacity).sum();
    if let Some(channels) = board.channels {
        if f64::from(count) < channels {
            let share = f64::from(count) / channels * 100.0;
            let what = match count {
                1 => format!("One module fills 1 of the {channels} channels: {share:.0} % of the bandwidth."),
                _ => format!("{count} modules fill {count} of the {channels} channels: {share:.0} % of the bandwidth."),
            };
            found.push(Finding::warning(what, format!("Take {channels} smaller modules.")));
        }
        let registered = modules.iter().find(|kind| kind.build != Build::Unbuffered);
        if let Some(kind) = registered.filter(|_| channels < REGISTERED_FROM) {
            let what = format!("A board with {channels} channels takes no {}.", kind.build.name());
            found.push(Finding::warning(what, "Such kits are for servers and workstations with 4 channels and more."));
        }
    }
    if let Some(most) = board.max_ram.filter(|most| size > *most) {
        let what = format!("{} is more than the {} of {}.", size.in_gib(), most.in_gib(), board.name);
        found.push(Finding::warning(what, "Take a board with more channels."));
    }
    if let (Some(speed), Some(kind)) = (board.mega_transfers, modules.first()) {
        let (own, speed) = (kind.mega_transfers, f64::from(speed));
        if own > speed + 1.0 {
            let what = format!("The board runs modules of {own:.0} MT/s at {speed:.0}.");
            found.push(Finding::note(what, ""));
        }
    }
    found
}

/// What a kit is called: `384 GiB`.
#[must_use]
pub fn name(size: Bytes) -> String {
    format!("{} GiB", crate::units::grouped(size.get() / GIB))
}

/// `512 GB of modules = 549.8 GB of a file`: modules are counted in GiB and labelled GB.
#[must_use]
pub fn label_against_file(modules: Bytes) -> String {
    format!("{} GB of modules are {} of a file", modules.get() / GIB, modules.in_gb())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Level;

    fn modules(count: u32, gib: u64, mega_transfers: f64, build: Build) -> Modules {
        Modules { count, each: Bytes::gib(gib), mega_transfers, build }
    }

    #[test]
    fn channels_without_a_module_read_nothing() {
        let gbs = |kit: Modules, channels| kit.bandwidth(channels).get() / 1e9;
        let eight = modules(8, 64, 8000.0 / 3.0, Build::Registered);
        assert!((gbs(eight, 8.0) - 170.67).abs() < 0.01);
        let four = modules(4, 128, 3200.0, Build::LoadReduced);
        assert!((gbs(four, 8.0) - 102.4).abs() < 0.001);
        assert!((gbs(eight, 8.0) / gbs(four, 8.0) - 1.67).abs() < 0.005, "the slower kit is faster");
        assert!((gbs(modules(8, 64, 5600.0, Build::Registered), 8.0) - 358.4).abs() < 0.001);
    }

    #[test]
    fn a_kit_is_tight_where_nothing_stays_free() {
        let need = Bytes::saturating(377.25 * GIB as f64);
        assert_eq!(smallest(need), Some(Bytes::gib(384)));
        let kits = kits(need, RESERVE);
        assert_eq!((kits[0].size, kits[0].fit), (Bytes::gib(384), Fit::Tight));
        assert!((kits[0].left.get() as f64 / GIB as f64 - 6.75).abs() < 0.01);
        assert_eq!(enough(need, RESERVE).map(|kit| kit.size), Some(Bytes::gib(512)));
        assert_eq!(smallest(Bytes::gib(4096)), None);
        assert_eq!(next(Bytes::gib(512)), Some(Bytes::gib(768)));
        assert_eq!(label_against_file(Bytes::gib(512)), "512 GB of modules are 549.8 GB of a file");
    }

    #[test]
    fn what_does_not_go_together_is_said() {
        let board = MemoryPlatform {
            id: "board".to_owned(),
            name: "Desktop".to_owned(),
            cpu: String::new(),
            cores: None,
            simd: String::new(),
            memory: "DDR5".to_owned(),
            mega_transfers: Some(5600),
            channels: Some(2.0),
            bandwidth: None,
            typical: None,
            typical_source: String::new(),
            max_ram: Some(Bytes::gib(256)),
            sockets: 1,
            note: String::new(),
        };
        let kit = [modules(4, 64, 5600.0, Build::Registered), modules(4, 64, 5600.0, Build::LoadReduced)];
        let said: Vec<String> = warnings(&kit, &board).into_iter().map(|finding| finding.what).collect();
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].contains("RDIMM and LRDIMM"), "{said:?}");
        assert!(said[1].contains("takes no RDIMM") && said[2].contains("512.0 GiB is more than the 256.0 GiB"));
        let server = MemoryPlatform { channels: Some(8.0), max_ram: Some(Bytes::gib(1024)), ..board.clone() };
        let said = warnings(&[modules(4, 128, 6400.0, Build::Registered)], &server);
        assert!(said[0].what.contains("4 of the 8 channels: 50 %") && said[1].level == Level::Note, "{said:?}");
        assert!(warnings(&[modules(2, 16, 5600.0, Build::Unbuffered)], &board).is_empty());
    }
}
