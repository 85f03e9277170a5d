//! The runs of the measurements, in a file of their own.

use std::path::PathBuf;

use super::{Store, StoreError, atomic_write, bounded, write};
use crate::formats::history_doc;
use crate::hardware::MeasuredRun;

const HISTORY: &str = "history.ron";

impl Store {
    /// The file the runs lie in.
    #[must_use]
    pub fn history_file(&self) -> PathBuf {
        self.folder.join(HISTORY)
    }

    /// The runs kept, oldest first; none when nothing was kept yet.
    ///
    /// # Errors
    /// Refuses a file that cannot be read, is longer than 1 MiB, or is damaged, the last with its place.
    pub fn history(&self) -> Result<Vec<MeasuredRun>, StoreError> {
        let path = self.history_file();
        match bounded::read_text(&path) {
            Ok(text) => history_doc::read(&text).map_err(|error| StoreError::Refused { path, error: error.into() }),
            Err(StoreError::Missing { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Adds a run to those kept, and returns them; the oldest beyond 50 goes.
    ///
    /// # Errors
    /// As [`history`](Self::history): what cannot be read is not written over. And when it cannot be written; the old
    /// runs are then still there.
    pub fn add_to_history(&self, run: MeasuredRun) -> Result<Vec<MeasuredRun>, StoreError> {
        let mut runs = self.history()?;
        history_doc::add(&mut runs, run);
        write::make_folder(&self.folder)?;
        atomic_write(&self.history_file(), history_doc::write(&runs).as_bytes())?;
        Ok(runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(at: &str) -> MeasuredRun {
        MeasuredRun { at: at.to_owned(), ..MeasuredRun::default() }
    }

    #[test]
    fn runs_are_kept_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path().join("data"));
        assert_eq!(store.history().expect("none yet"), []);
        assert!(!store.history_file().exists(), "nothing is made by asking");
        store.add_to_history(run("1")).expect("kept");
        assert_eq!(store.add_to_history(run("2")).expect("kept"), [run("1"), run("2")]);
        assert_eq!(Store::at(folder.path().join("data")).history().expect("kept"), [run("1"), run("2")]);
    }

    #[test]
    fn a_damaged_file_is_said_and_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path());
        std::fs::write(store.history_file(), "(format: \"willitrun.history\", version: 1, runs: [(").expect("a file");
        for error in [store.history().expect_err("damaged"), store.add_to_history(run("1")).expect_err("damaged")] {
            let said = error.to_string();
            assert!(said.contains("history.ron, line 1") && said.contains("move the file away"), "{said}");
        }
        let left = std::fs::read_to_string(store.history_file()).expect("still there");
        assert!(left.ends_with("[("), "{left}");
        // Nothing else is lost with it.
        store.save_settings("()").expect("saved");
        assert!(store.profiles().1.is_empty());
    }
}
