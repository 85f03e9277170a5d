//! How a machine is built, as far as that decides what can be added to it.

use super::{Machine, PoolKind};

/// What a machine is built as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A desktop or workstation on a board with slots.
    Desktop,
    /// A server.
    Server,
    /// A laptop.
    Laptop,
    /// A mini PC.
    Mini,
    /// A Mac.
    Mac,
    /// A handheld or a console.
    Console,
    /// A single-board computer.
    SingleBoard,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 7] =
        [Self::Desktop, Self::Server, Self::Laptop, Self::Mini, Self::Mac, Self::Console, Self::SingleBoard];

    /// The word in a profile.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Server => "server",
            Self::Laptop => "laptop",
            Self::Mini => "mini",
            Self::Mac => "mac",
            Self::Console => "console",
            Self::SingleBoard => "sbc",
        }
    }

    /// With its article, inside a sentence.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Desktop => "a desktop",
            Self::Server => "a server",
            Self::Laptop => "a laptop",
            Self::Mini => "a mini PC",
            Self::Mac => "a Mac",
            Self::Console => "a console",
            Self::SingleBoard => "a single-board computer",
        }
    }

    /// Whether it has slots for cards, and a board that another could replace.
    #[must_use]
    pub const fn takes_cards(self) -> bool {
        matches!(self, Self::Desktop | Self::Server)
    }

    /// Whether it has slots for modules of RAM, if its memory is not soldered all the same.
    #[must_use]
    pub const fn takes_modules(self) -> bool {
        matches!(self, Self::Desktop | Self::Server | Self::Laptop | Self::Mini)
    }

    /// Whether another drive can be put into it.
    #[must_use]
    pub const fn takes_drives(self) -> bool {
        !matches!(self, Self::Mac | Self::SingleBoard)
    }

    /// Slots for modules in each channel, at most: small boards have one (from memory).
    #[must_use]
    pub const fn modules_a_channel(self) -> u32 {
        match self {
            Self::Laptop | Self::Mini => 1,
            _ => 2,
        }
    }
}

impl Machine {
    /// What it is built as: as it says, else as its parts tell; none where nothing does.
    ///
    /// Apple's processors are in Macs alone, and cards sold for laptops in laptops.
    #[must_use]
    pub fn built(&self) -> Option<Form> {
        let has = |kind: PoolKind, told: &dyn Fn(&super::Accelerator) -> bool| {
            self.pools.iter().any(|pool| pool.kind == kind && pool.device.as_ref().is_some_and(told))
        };
        let told = || {
            if has(PoolKind::Unified, &|device| device.vendor == "Apple") {
                Some(Form::Mac)
            } else if has(PoolKind::Vram, &|device| device.segment == "laptop") {
                Some(Form::Laptop)
            } else {
                None
            }
        };
        self.form.or_else(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::{Accelerator, Figure, Pool};
    use crate::units::Bytes;

    #[test]
    fn parts_tell_what_a_machine_does_not_say() {
        let built = |kind: PoolKind, vendor: &str, segment: &str, form: Option<Form>| {
            let mut pool = Pool::new("p", kind, Figure::typed(Bytes::gib(16)));
            let (vendor, segment) = (vendor.to_owned(), segment.to_owned());
            pool.device = Some(Accelerator { vendor, segment, ..Accelerator::default() });
            Machine { pools: vec![pool], form, ..Machine::new("m", "M") }.built()
        };
        assert_eq!(built(PoolKind::Unified, "Apple", "soc", None), Some(Form::Mac));
        assert_eq!(built(PoolKind::Vram, "NVIDIA", "laptop", None), Some(Form::Laptop));
        assert_eq!(built(PoolKind::Vram, "NVIDIA", "desktop", None), None);
        assert_eq!(built(PoolKind::Unified, "AMD", "igpu", None), None);
        assert_eq!(built(PoolKind::Unified, "AMD", "igpu", Some(Form::Console)), Some(Form::Console));
        assert_eq!(Machine::new("m", "M").built(), None);
    }

    #[test]
    fn what_takes_cards_takes_modules() {
        for form in Form::ALL {
            assert!(form.takes_modules() || !form.takes_cards(), "{}", form.name());
            assert!(form.phrase().starts_with("a "), "{}", form.name());
        }
        assert_eq!(Form::ALL.iter().filter(|form| form.takes_cards()).count(), 2);
    }
}
