//! Where the disk is read when it is measured: what the library found, chosen or not, and what was left behind there.

use std::path::{Path, PathBuf};

use crate::library::{self, Limits, Listing, Place, Program, Spot};
use crate::measure::{Cancel, Places, disk};
use crate::store::Store;
use crate::ui::measure::{Large, ReadAt};

use super::job::Outbox;
use super::{Event, Jobs, settings};

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

impl Jobs {
    /// Removes what measurements of the disk left behind that were killed, wherever one may have been taken.
    pub(super) fn tidy(&self, store: Option<Store>, places: Vec<Place>) {
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, SystemTime};

    use super::*;

    #[test]
    fn what_was_left_behind_is_removed_at_the_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path().join("data"));
        let named = folder.path().join("models of mine");
        let mut kept = crate::formats::settings_doc::Settings::default();
        kept.folders.push(named.display().to_string());
        store.save_settings(&kept.write()).expect("saved");
        let other = Place { program: Program::LmStudio, folder: folder.path().join("lms") };
        let left: Vec<PathBuf> = [&store.cache_folder(), &named, &other.folder]
            .map(|folder| {
                std::fs::create_dir_all(folder).expect("a folder");
                let path = folder.join("willitrun-disk-1.tmp");
                let file = std::fs::File::create(&path).expect("a file");
                file.set_modified(SystemTime::now() - Duration::from_hours(1)).expect("an age");
                path
            })
            .to_vec();
        let mut jobs = Jobs::new(egui::Context::default());
        jobs.tidy(Some(store), vec![other]);
        let patience = Instant::now() + Duration::from_secs(30);
        while !matches!(jobs.take(), Some(Event::Tidied)) {
            assert!(Instant::now() < patience, "the job never ended");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(left.iter().all(|path| !path.exists()), "{left:?}");
    }
}
