//! Where the disk is read when it is measured: what the library found, chosen or not, and what was left behind there.

use std::path::{Path, PathBuf};

use crate::library::{self, Limits, Listing, Place, Program, Spot};
use crate::measure::{Cancel, Places, disk};
use crate::store::Store;
use crate::ui::measure::{Large, ReadAt};

use super::job::Outbox;
use super::{App, Event, Jobs, settings};

/// Where a measurement reads the disk.
pub(super) enum At {
    /// Here.
    Known(ReadAt),
    /// Nobody has looked for models yet: at the largest in these folders.
    Find(Vec<Place>),
}

/// The folder this app was given for files of a moment.
pub(super) fn own_folder(store: Option<&Store>) -> PathBuf {
    store.map_or_else(std::env::temp_dir, Store::cache_folder)
}

/// Every place of a listing, to draw.
pub(super) fn of(listing: &Listing, own: &Path) -> Vec<ReadAt> {
    library::spots(listing, own).into_iter().map(shown).collect()
}

fn shown(spot: Spot) -> ReadAt {
    ReadAt {
        whose: spot.program.map_or("this app", Program::name),
        folder: spot.folder,
        file: spot.file.map(|file| Large { name: file.name, path: file.path, bytes: file.bytes }),
        free: spot.free,
    }
}

/// Where to read, looked for first where that is not known.
pub(super) fn places(at: At, own: &Path, outbox: &Outbox, cancel: &Cancel) -> Places {
    let at = match at {
        At::Known(at) => Some(at),
        At::Find(folders) => {
            let listing = library::scan(&folders, Limits::default(), cancel, &mut |_| ());
            let all = listing.map_or_else(Vec::new, |listing| of(&listing, own));
            let first = all.first().cloned();
            outbox.send(Event::Spots(all));
            first
        }
    };
    match at {
        Some(ReadAt { file: Some(file), .. }) => Places::new(own.to_owned(), Some(file.path)),
        Some(ReadAt { folder, .. }) => Places::new(folder, None),
        None => Places::new(own.to_owned(), None),
    }
}

impl App {
    /// Removes what measurements of the disk left behind that were killed.
    pub fn tidy(&self) {
        self.jobs.tidy(self.store.clone(), self.places(&[]));
    }
}

impl Jobs {
    /// Removes what measurements of the disk left behind that were killed, wherever one may have been taken.
    fn tidy(&self, store: Option<Store>, places: Vec<Place>) {
        self.spawn("tidy", move |_| {
            disk::remove_leftovers(&own_folder(store.as_ref()));
            let kept = store.as_ref().and_then(settings::load).map(|kept| kept.folders).unwrap_or_default();
            let named = kept.iter().map(PathBuf::from);
            for folder in places.into_iter().map(|place| place.folder).chain(named) {
                disk::remove_leftovers(&folder);
            }
            Event::Tidied
        });
    }
}
