//! The machines in the user's folder.

use std::path::Path;

use super::shelf::{Entry, Kept, SaveMode, Saved};
use super::{Store, StoreError, open_profile};
use crate::formats::machine_doc::{self, DocError, MachineDoc, Origin};
use crate::hardware::Finding;

/// The machine at hand goes by this id on the command line; nothing from elsewhere may take it.
const THIS: &str = "this";

/// A profile in the user's folder.
pub type ProfileEntry = Entry<MachineDoc>;

impl Kept for MachineDoc {
    const FOLDER: &'static str = "profiles";
    const KIND: &'static str = "profile";

    fn id(&self) -> &str {
        &self.machine.id
    }

    fn set_id(&mut self, id: String) {
        self.machine.id = id;
    }

    fn read(text: &str) -> Result<Self, DocError> {
        machine_doc::read(text, Origin::Own)
    }

    fn write(&self) -> String {
        machine_doc::write(self)
    }

    fn is_taken(&self, id: &str) -> bool {
        self.origin == Origin::Foreign && id == THIS
    }

    fn differs(&self, other: &Self) -> Option<&'static str> {
        (self.origin != other.origin).then_some(match self.origin {
            Origin::Own => "a profile from elsewhere has that id",
            Origin::Foreign => "a profile of your own has that id",
        })
    }
}

impl Store {
    /// Every good profile, by id, and a finding for every file that is none. No file is changed or moved.
    #[must_use]
    pub fn profiles(&self) -> (Vec<ProfileEntry>, Vec<Finding>) {
        self.list()
    }

    /// Saves a profile under its id, or under the next free one.
    ///
    /// # Errors
    /// Refuses a document that could not be read again, and, with [`SaveMode::ReplaceOwn`], to replace a
    /// profile of another origin or a file that cannot be read. When the file cannot be written the old one is
    /// still there.
    pub fn save_profile(&self, doc: &MachineDoc, mode: SaveMode) -> Result<Saved, StoreError> {
        self.save(doc, mode)
    }

    /// Copies a profile from elsewhere into the user's folder; where its id is taken, under the next free one.
    ///
    /// # Errors
    /// What [`open_profile`] and [`save_profile`](Self::save_profile) refuse.
    pub fn import(&self, path: &Path) -> Result<Saved, StoreError> {
        let doc = open_profile(path, Origin::Foreign)?;
        self.save_profile(&doc, SaveMode::NewName)
    }
}
